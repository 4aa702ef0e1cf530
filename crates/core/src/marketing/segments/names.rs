//! The names of what rules name by id or by a word of a list.

use super::Segment;
use super::describe::Names;
use super::rule::{Field, FieldIs, Rule, Test};
use crate::Result;
use crate::platform::access::{Unit, User};
use crate::sales::Product;
use peyvand_db::{Db, Id, sql};
use uuid::Uuid;

/// Looks the names up, in one statement for each kind of thing.
pub(super) async fn names(db: &Db, rules: &[Rule]) -> Result<Names> {
    let mut segments: Vec<Id<Segment>> = Vec::new();
    let mut products: Vec<Id<Product>> = Vec::new();
    let mut users: Vec<Id<User>> = Vec::new();
    let mut units: Vec<Id<Unit>> = Vec::new();
    let mut has_words = false;
    for rule in rules {
        rule.each(&mut |part| match part {
            Rule::In(segment) => segments.push(*segment),
            Rule::Did(did) => {
                products.extend(did.product_id);
                has_words |= did.reason.is_some() || did.origin.is_some() || did.result.is_some();
            }
            Rule::Preference(knows) => has_words |= knows.text.is_some(),
            Rule::Field(FieldIs { field, is: Test::OneOf(values) }) => match field {
                Field::Owner => users.extend(values.iter().filter_map(|id| id.parse::<Id<User>>().ok())),
                Field::Unit => units.extend(values.iter().filter_map(|id| id.parse::<Id<Unit>>().ok())),
                Field::Source | Field::Education | Field::Income => has_words = true,
                _ => {}
            },
            _ => {}
        });
    }
    let mut names = Names::default();
    add(db, "SELECT id, name FROM segments WHERE id IN ", segments, &mut names).await?;
    add(db, "SELECT id, name FROM products WHERE id IN ", products, &mut names).await?;
    add(db, "SELECT id, name FROM users WHERE id IN ", users, &mut names).await?;
    add(db, "SELECT id, name FROM units WHERE id IN ", units, &mut names).await?;
    if has_words {
        let own: Vec<(String, String, String)> = db.all(sql("SELECT list, word, label FROM terms WHERE label IS NOT NULL")).await?;
        names.labels.extend(own.into_iter().map(|(list, word, label)| ((list, word), label)));
    }
    Ok(names)
}

async fn add<T>(db: &Db, question: &'static str, mut ids: Vec<Id<T>>, names: &mut Names) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    ids.dedup();
    let mut query = sql(question);
    query.list_padded(&ids);
    names.of.extend(db.all::<(Uuid, String)>(query).await?);
    Ok(())
}
