//! Fairness: whether some customers get less than others, what explains it, and why somebody got what they got.
//!
//! Each month, and when somebody asks, what customers get is held beside who they are ([`judge`]). What differs without a reason
//! that somebody has given waits for one.

mod answers;
mod audit;
mod count;
mod judge;
pub mod why;

pub use answers::{Answer, AnswerDifference, Cause, answer};
pub(crate) use audit::run;
pub use audit::{AuditFairness, Audited, audit};
pub use judge::{FOUR_FIFTHS, FairnessVerdict, Found, Lack};

use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::events::{cursor, cursor_at};
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Db, Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

peyvand_db::words! {
    /// What is given, or done.
    pub enum Measure {
        /// That all that was promised of respect was done in time.
        Respect = "respect",
        /// That somebody was given a discount.
        Discount = "discount",
        /// That somebody was given a gift.
        Gift = "gift",
        /// That somebody was given a financial benefit.
        Benefit = "benefit",
        /// That somebody who bought paid less than the price.
        Price = "price",
        /// That a complaint was answered within the time in which half of all are.
        Wait = "wait",
    }
}

impl Measure {
    /// Whether what it comes to is an amount of money.
    #[must_use]
    pub const fn is_money(self) -> bool {
        matches!(self, Measure::Discount | Measure::Gift | Measure::Benefit | Measure::Price)
    }
}

peyvand_db::words! {
    /// What customers have in common.
    pub enum Attribute {
        /// Their gender.
        Gender = "gender",
        /// How old they are.
        Age = "age",
        /// Where they live.
        City = "city",
        /// The language in which they last answered us.
        Language = "language",
        /// How they came to know us.
        Source = "source",
        /// Who looks after them, sold to them, or deals with their complaint.
        Staff = "staff",
    }
}

row! {
    /// One thing, looked at by one trait of customers over some days. It does not change.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct FairnessAudit {
        /// Its id.
        pub id: Id<FairnessAudit> = "a.id",
        /// What is given, or done.
        pub measure: Measure = "a.measure",
        /// What customers have in common.
        pub attribute: Attribute = "a.attribute",
        /// The first day.
        pub from_on: Day = "a.from_on",
        /// The last day.
        pub until_on: Day = "a.until_on",
        /// Who could have it; of complaints, how many there were.
        pub customers: i64 = "a.customers",
        /// Who has it.
        pub given: i64 = "a.given",
        /// How many are in groups beyond the forty largest, which are not told apart.
        pub left_out: i64 = "a.left_out",
        /// The currency of amounts.
        pub currency: Currency = "a.currency",
        /// The worst that is said of a group.
        pub verdict: FairnessVerdict = "a.verdict",
        /// Whether somebody asked for it; those of each month come by themselves.
        pub is_asked: bool = "a.is_asked",
        /// Who asked.
        pub created_by: Option<Id<User>> = "a.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
        /// When it was made.
        pub created_at: Instant = "a.created_at",
    }
}

const FROM: &str = "FROM fairness_audits a LEFT JOIN users u ON u.id = a.created_by WHERE 1 = 1";

row! {
    struct StoredGroup {
        id: Id<FairnessGroup> = "g.id",
        value: String = "g.value",
        name: Option<String> = "g.name",
        found: serde_json::Value = "g.found",
    }
}

/// A group of an audit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FairnessGroup {
    /// Its id.
    pub id: Id<FairnessGroup>,
    /// What they have in common: a word, a city, the id of a colleague; empty where it is not written down.
    pub value: String,
    /// What that was called then, where the value does not say it.
    pub name: Option<String>,
    /// The numbers.
    #[serde(flatten)]
    pub found: Found,
    /// What was said of it last, in whatever audit.
    pub answer: Option<Answer>,
}

/// An audit with its groups.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AuditSeen {
    /// The audit.
    #[serde(flatten)]
    pub audit: FairnessAudit,
    /// The groups, the largest first, those of whom it is not known last.
    pub groups: Vec<FairnessGroup>,
}

/// Which audit.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditId {
    /// Its id.
    pub id: Id<FairnessAudit>,
}

/// Adds the condition on audits that somebody may see: what is said of colleagues is for who sees all of the shop.
fn seen(sight: &Sight, query: &mut Sql) {
    if *sight != Sight::All {
        query.push(" AND a.attribute <> 'staff'");
    }
}

/// One audit with its groups and what was said of them.
///
/// # Errors
/// [`Error::NotFound`], also for who may not see it.
pub async fn get(ctx: &Ctx, input: AuditId) -> Result<AuditSeen> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let mut query = Sql::select::<FairnessAudit>(FROM);
    seen(&reader.sight, &mut query);
    query.push(" AND a.id = ").arg(input.id);
    let audit: FairnessAudit = reader.db.maybe(query).await?.ok_or(Error::NotFound("fairness audit"))?;
    let groups = groups(reader.db, &audit).await?;
    Ok(AuditSeen { audit, groups })
}

async fn groups(db: &Db, audit: &FairnessAudit) -> Result<Vec<FairnessGroup>> {
    let mut query = Sql::select::<StoredGroup>("FROM fairness_groups g WHERE g.audit_id = ");
    query.arg(audit.id).push(" ORDER BY g.place");
    let stored: Vec<StoredGroup> = db.all(query).await?;
    let values: Vec<String> = stored.iter().map(|one| one.value.clone()).collect();
    let mut answers: HashMap<String, Answer> = answers::last(db, audit.measure, audit.attribute, &values).await?;
    stored
        .into_iter()
        .map(|one| {
            Ok(FairnessGroup {
                id: one.id,
                answer: answers.remove(&one.value),
                value: one.value,
                name: one.name,
                found: serde_json::from_value(one.found).map_err(Error::fault)?,
            })
        })
        .collect()
}

/// Which audits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListAudits {
    /// Only of this.
    pub measure: Option<Measure>,
    /// Only by this.
    pub attribute: Option<Attribute>,
    /// Only the last of each.
    pub latest: bool,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The condition on audits after which there is no other of the same.
const LATEST: &str =
    " AND NOT EXISTS (SELECT 1 FROM fairness_audits n WHERE n.measure = a.measure AND n.attribute = a.attribute AND n.id > a.id)";

/// Audits, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListAudits) -> Result<Page<FairnessAudit>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<FairnessAudit>(FROM);
    seen(&reader.sight, &mut query);
    if let Some(measure) = input.measure {
        query.push(" AND a.measure = ").arg(measure);
    }
    if let Some(attribute) = input.attribute {
        query.push(" AND a.attribute = ").arg(attribute);
    }
    if input.latest {
        query.push(LATEST);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<FairnessAudit>(after)?;
        query.push(" AND (a.created_at, a.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY a.created_at DESC, a.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<FairnessAudit> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.created_at, last.id)))
}

row! {
    struct OpenRow {
        id: Id<FairnessGroup> = "g.id",
        audit_id: Id<FairnessAudit> = "g.audit_id",
        measure: Measure = "a.measure",
        attribute: Attribute = "a.attribute",
        value: String = "g.value",
        name: Option<String> = "g.name",
        verdict: FairnessVerdict = "g.verdict",
        since: Instant = "a.created_at",
        found: serde_json::Value = "g.found",
    }
}

/// A difference that nobody has explained.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// The group.
    pub id: Id<FairnessGroup>,
    /// The audit that found it.
    pub audit_id: Id<FairnessAudit>,
    /// What they get less of.
    pub measure: Measure,
    /// What they have in common.
    pub attribute: Attribute,
    /// Which of these.
    pub value: String,
    /// What that is called, where the value does not say it.
    pub name: Option<String>,
    /// When it was found.
    pub since: Instant,
    /// The numbers.
    #[serde(flatten)]
    pub found: Found,
}

/// Which differences.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListDifferences {
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Differences of the last audits that need an answer, what is surely unequal first: nobody has said what explains them, or that does not hold any more.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn open(ctx: &Ctx, input: ListDifferences) -> Result<Page<Difference>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query =
        Sql::select::<OpenRow>("FROM fairness_groups g JOIN fairness_audits a ON a.id = g.audit_id WHERE g.verdict IN ('look', 'unequal')");
    seen(&reader.sight, &mut query);
    query.push(LATEST).push(
        " AND NOT EXISTS (SELECT 1 FROM fairness_answers w WHERE w.measure = a.measure AND w.attribute = a.attribute
            AND w.value = g.value AND w.until_on >= ",
    );
    query.arg(today(ctx).await?).push(")");
    if let Some(after) = &input.after {
        let read = |text: &str| {
            let (verdict, id) = text.split_once('.')?;
            Some((verdict.parse::<FairnessVerdict>().ok()?, id.parse::<Id<FairnessGroup>>().ok()?))
        };
        let (verdict, id) = read(after).ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(" AND (g.verdict, g.id) < (").arg(verdict).push(", ").arg(id).push(")");
    }
    // What is unequal comes before what only seems so, as the words do from the end of the alphabet.
    query.push(" ORDER BY g.verdict DESC, g.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<OpenRow> = reader.db.all(query).await?;
    let page = Page::cut(rows, limit, |last| format!("{}.{}", last.verdict, last.id));
    let told = |one: OpenRow| {
        Ok(Difference {
            id: one.id,
            audit_id: one.audit_id,
            measure: one.measure,
            attribute: one.attribute,
            value: one.value,
            name: one.name,
            since: one.since,
            found: serde_json::from_value(one.found).map_err(Error::fault)?,
        })
    };
    Ok(Page { items: page.items.into_iter().map(told).collect::<Result<_>>()?, next: page.next })
}

/// The organisation's day.
async fn today(ctx: &Ctx) -> Result<Day> {
    Ok(ctx.now().day(&ctx.app.organisation().await?.zone()))
}

/// The operations of fairness.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Experience, act));
    ops.add("fairness.audit", "POST /fairness/audits", perm(Act::Create), "Looks now whether some customers get less than others.", audit)
        .example(|| json!({"measure": "price", "attribute": "gender", "days": 90}));
    ops.add("fairness.list", "GET /fairness/audits", perm(Act::See), "Audits of fairness, newest first.", list)
        .example(|| json!({"latest": true, "limit": 50}));
    ops.add("fairness.get", "GET /fairness/audits/{id}", perm(Act::See), "One audit with its groups and what explains them.", get);
    ops.add("fairness.open", "GET /fairness/open", perm(Act::See), "Differences that nobody has explained.", open)
        .example(|| json!({"limit": 20}));
    ops.add(
        "fairness.answer",
        "POST /fairness/groups/{id}/answer",
        perm(Act::Change),
        "Says what explains that a group gets less, and until when that holds.",
        answer,
    )
    .example(
        || json!({"id": SOME, "cause": "circumstance", "words": "این شهر نمایندگی ندارد و ارسال هدیه ممکن نیست", "until": "2027-03-20"}),
    );
    why::operations(ops);
}

#[cfg(test)]
mod tests;
