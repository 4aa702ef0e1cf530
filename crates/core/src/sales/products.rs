//! What is sold: a list that purchases fill.

use crate::operation::{Page, page_size};
use crate::platform::text::search_key;
use crate::{Act, Ctx, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

row! {
    /// A product.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Product {
        /// Its id.
        pub id: Id<Product>,
        /// Its code.
        pub code: String,
        /// Its name.
        pub name: String,
        /// Its category.
        pub category: Option<String>,
    }
}

/// Which products.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListProducts {
    /// Only those whose code begins so.
    pub code: Option<String>,
    /// Only these: ids with commas between.
    pub ids: Option<String>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Products by code.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, input: ListProducts) -> Result<Page<Product>> {
    let reader = ctx.read(Perm(Room::Sales, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Product>("FROM products WHERE 1 = 1");
    if let Some(code) = input.code.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        // A code made from a name is a search key; one that was given is as it was given.
        query.push(" AND ((code >= ").arg(code).push(" AND code < ").arg(format!("{code}\u{10FFFF}"));
        let key = search_key(code);
        query.push(") OR (code >= ").arg(&key).push(" AND code < ").arg(format!("{key}\u{10FFFF}")).push("))");
    }
    if let Some(ids) = &input.ids {
        let ids: Option<Vec<Id<Product>>> = ids.split(',').map(|id| id.trim().parse().ok()).collect();
        query.push(" AND id IN ").list_padded(&ids.ok_or_else(|| Problem::new("ids", "input-choice"))?);
    }
    if let Some(after) = &input.after {
        query.push(" AND code > ").arg(after);
    }
    query.push(" ORDER BY code LIMIT ").arg(limit + 1);
    let items: Vec<Product> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.code.clone()))
}

/// The operations of products.
pub fn operations(ops: &mut Operations) {
    ops.add("products.list", "GET /products", Some(Perm(Room::Sales, Act::See)), "Products by code.", list)
        .example(|| serde_json::json!({"limit": 20}));
}
