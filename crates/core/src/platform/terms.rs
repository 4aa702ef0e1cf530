//! Word lists that an organisation may add to or retire: reasons, origins, results, sources, traits, needs …

use crate::platform::events::{self, Event};
use crate::platform::text::{clean_line, search_key};
use crate::{Act, Ctx, Error, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

row! {
    /// A word of a list.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Term {
        /// The list.
        pub list: String,
        /// The word stored with records.
        pub word: String,
        /// The organisation's own label; a ready-made word has its labels in the catalogues.
        pub label: Option<String>,
        /// Its place in the list.
        pub position: i64,
        /// Whether it is offered.
        pub is_active: bool,
    }
}

/// The ready-made words. Labels: `term-LIST-WORD` in `locales/`.
pub const READY_MADE: &[(&str, &[&str])] = &[
    ("reason", &["question", "purchase", "price", "support", "complaint", "praise", "visit", "payment", "follow_up", "courtesy", "other"]),
    (
        "origin",
        &["website", "instagram", "telegram", "advertisement", "recommendation", "exhibition", "walk_in", "our_call", "message", "other"],
    ),
    (
        "result",
        &[
            "answered", "no_answer", "interested", "bought", "will_decide", "not_interested", "solved", "needs_follow_up",
            "complaint_open", "wrong_number",
        ],
    ),
    ("source", &["recommendation", "instagram", "website", "search", "advertisement", "exhibition", "walk_in", "import", "other"]),
    (
        "trait",
        &[
            "quality_first", "price_first", "quick_decision", "careful_decision", "formal", "friendly", "prefers_writing", "prefers_calls",
            "dislikes_crowds", "detail_minded",
        ],
    ),
    ("taste", &["modern", "classic", "local_products", "imported_products", "gifts", "novelties"]),
    ("expectation", &["fast_delivery", "after_sales", "regular_news", "personal_contact", "warranty", "instalments"]),
    ("need", &["spare_parts", "training", "repair", "new_product", "lower_price", "delivery", "consultation"]),
    ("honorific", &["mr", "ms", "dr", "engineer", "professor", "haj_mr", "haj_ms", "sayyid"]),
    ("education", &["school", "diploma", "associate", "bachelor", "master", "doctor"]),
    ("income_band", &["low", "middle", "upper_middle", "high"]),
    (
        "relation",
        &[
            "spouse", "parent_of", "sibling", "relative", "friend", "employee_of", "manager_of", "buyer_for", "introduced_by", "partner",
            "supplier_of", "branch_of",
        ],
    ),
    ("lost_reason", &["price", "product_missing", "delivery", "competitor", "no_answer", "postponed", "other"]),
    ("competitor", &["online_shop", "local_shop", "manufacturer", "unknown"]),
    (
        "case_reason",
        &[
            "late_delivery", "wrong_order", "quality", "behaviour", "promise", "price", "after_sales", "reach", "bad_answer",
            "good_service", "information", "other",
        ],
    ),
    ("root_cause", &["process", "person", "training", "supplier", "carrier", "stock", "system", "expectation", "customer", "other"]),
];

/// Puts the ready-made words in; those that are there stay as they are.
///
/// # Errors
/// When the database refuses.
pub async fn seed(tx: &mut Tx) -> Result<()> {
    for (list, words) in READY_MADE {
        let mut insert = sql("INSERT INTO terms (list, word, label, position, is_active) VALUES ");
        insert.rows(words.iter().enumerate().map(|(position, word)| {
            use peyvand_db::{Kind, ToValue, Value};
            vec![list.to_value(), word.to_value(), Value::Null(Kind::Text), Value::Int(position as i64), Value::Bool(true)]
        }));
        insert.push(" ON CONFLICT (list, word) DO NOTHING");
        tx.run(insert).await?;
    }
    Ok(())
}

/// Which words.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTerms {
    /// Only this list.
    pub list: Option<String>,
}

/// The words of the lists; everybody signed in needs them.
///
/// # Errors
/// When nobody is signed in.
pub async fn list(ctx: &Ctx, input: ListTerms) -> Result<Vec<Term>> {
    if matches!(ctx.actor, crate::Actor::Nobody) {
        return Err(Error::SignedOut);
    }
    let mut query = Sql::select::<Term>("FROM terms WHERE 1 = 1");
    if let Some(list) = &input.list {
        query.push(" AND list = ").arg(list);
    }
    query.push(" ORDER BY list, position, word");
    Ok(ctx.app.db.all(query).await?)
}

/// A word to add, or a new label, place or state for one that is there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutTerm {
    /// The list.
    pub list: String,
    /// The word; made from the label when absent.
    pub word: Option<String>,
    /// The organisation's own label.
    pub label: Option<String>,
    /// Its place in the list.
    pub position: Option<i64>,
    /// Whether it is offered.
    pub is_active: Option<bool>,
}

/// Adds or changes a word.
///
/// # Errors
/// Without the right, for a list that does not exist, or without label and word.
pub async fn put(ctx: &Ctx, input: PutTerm) -> Result<Term> {
    let writer = ctx.write(Perm(Room::Settings, Act::Change))?;
    if !READY_MADE.iter().any(|(list, _)| *list == input.list) {
        return Err(Error::invalid("list", "terms-list-unknown"));
    }
    let label = match &input.label {
        Some(label) => Some(clean_line(label, 80).map_err(|problem| Problem::new("label", problem.key()).with("max", 80))?),
        None => None,
    };
    let word = match (&input.word, &label) {
        (Some(word), _) => word.clone(),
        (None, Some(label)) => search_key(label).replace(' ', "_"),
        (None, None) => String::new(),
    };
    if word.is_empty() {
        return Err(Error::invalid("label", "input-needed"));
    }
    let mut tx = writer.begin().await?;
    let term: Term = tx
        .one(
            sql("INSERT INTO terms (list, word, label, position, is_active) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (list, word) DO UPDATE SET label = COALESCE(excluded.label, terms.label),
                   position = excluded.position, is_active = excluded.is_active
                 RETURNING list, word, label, position, is_active")
            .bind(&input.list)
            .bind(&word)
            .bind(label)
            .bind(input.position.unwrap_or(100))
            .bind(input.is_active.unwrap_or(true)),
        )
        .await?;
    let data = serde_json::to_value(&term).map_err(Error::fault)?;
    events::record(&mut tx, ctx, Event { kind: "terms.changed", party: None, subject: None, data }).await?;
    tx.commit().await?;
    Ok(term)
}

/// The operations of the word lists.
pub fn operations(ops: &mut Operations) {
    ops.add("terms.list", "GET /terms", None, "The words of the organisation's lists.", list)
        .example(|| serde_json::json!({"list": "reason"}));
    ops.add("terms.put", "POST /terms", Some(Perm(Room::Settings, Act::Change)), "Adds or changes a word of a list.", put)
        .example(|| serde_json::json!({"list": "reason", "label": "تعویض کالا"}));
}
