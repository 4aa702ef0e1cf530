//! Filled-in surveys: who answered what, one row a sheet.

use super::fill::SheetDoor;
use super::invitations::Invitation;
use super::questions::QuestionKind;
use super::surveys::Survey;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::events::{cursor, cursor_at};
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

row! {
    /// A filled-in survey.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Sheet {
        /// Its id.
        pub id: Id<Sheet> = "f.id",
        /// The survey.
        pub survey_id: Id<Survey> = "f.survey_id",
        /// Its name in Persian.
        pub name_fa: String = "v.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "v.name_ar",
        /// Its name in English.
        pub name_en: String = "v.name_en",
        /// The invitation that was answered.
        pub invitation_id: Option<Id<Invitation>> = "f.invitation_id",
        /// Who answered, where that is known.
        pub party_id: Option<Id<Party>> = "f.party_id",
        /// Their name.
        pub party: Option<String> = "p.name",
        /// How it came in.
        pub door: SheetDoor = "f.door",
        /// On which day.
        pub day: Day = "f.day",
        /// When.
        pub at: Instant = "f.at",
        /// Whether they would recommend us, 0 to 10.
        pub nps: Option<i64> = "f.nps",
        /// How satisfied they are, 1 to 5.
        pub csat: Option<i64> = "f.csat",
        /// Whether we made it easy, 1 to 7.
        pub ces: Option<i64> = "f.ces",
        /// Whether they were treated fairly, 1 to 7.
        pub fairness: Option<i64> = "f.fairness",
        /// Whether they felt respected: the sum of the items of 1 to 7 that they answered.
        pub respect_sum: Option<i64> = "f.respect_sum",
        /// How many items that were.
        pub respect_items: Option<i64> = "f.respect_items",
        /// What they said in words.
        pub words: Option<String> = "f.words",
        /// Who wrote it down.
        pub taken_by: Option<String> = "u.name",
    }
}

const FROM: &str = "FROM survey_sheets f JOIN surveys v ON v.id = f.survey_id LEFT JOIN parties p ON p.id = f.party_id
    LEFT JOIN users u ON u.id = f.taken_by WHERE 1 = 1";

impl Sheet {
    /// Perceived respect, the mean of its items.
    #[must_use]
    pub fn respect(&self) -> Option<f64> {
        let (sum, items) = self.respect_sum.zip(self.respect_items)?;
        (items > 0).then(|| sum as f64 / items as f64)
    }
}

pub(super) async fn read(tx: &mut Tx, id: Id<Sheet>) -> Result<Sheet> {
    let mut query = Sql::select::<Sheet>(FROM);
    query.push(" AND f.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// Which of them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListSheets {
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Only of this survey in all its versions, by the id of the first.
    pub family_id: Option<Id<Survey>>,
    /// Only where this was answered; of `open`, where something was said in words.
    pub kind: Option<QuestionKind>,
    /// With `kind`: only from this step of its scale; of respect the mean of the items.
    pub score_from: Option<i64>,
    /// With `kind`: only to this step of its scale; a mean counts for the step that it has reached.
    pub score_until: Option<i64>,
    /// On this day or later.
    pub from: Option<Day>,
    /// On this day or earlier.
    pub until: Option<Day>,
    /// With `kind`: only the last answer that each customer gave to it until then.
    pub last: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The column of a kind, and the one that divides it.
pub(super) const fn columns(kind: QuestionKind) -> (&'static str, &'static str) {
    match kind {
        QuestionKind::Nps => ("f.nps", "1"),
        QuestionKind::Csat => ("f.csat", "1"),
        QuestionKind::Ces => ("f.ces", "1"),
        QuestionKind::Fairness => ("f.fairness", "1"),
        QuestionKind::Respect => ("f.respect_sum", "f.respect_items"),
        QuestionKind::Open => ("f.words", "1"),
    }
}

/// The same column of a later sheet of the same customer.
const fn later(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Nps => " AND g.nps IS NOT NULL",
        QuestionKind::Csat => " AND g.csat IS NOT NULL",
        QuestionKind::Ces => " AND g.ces IS NOT NULL",
        QuestionKind::Fairness => " AND g.fairness IS NOT NULL",
        QuestionKind::Respect => " AND g.respect_sum IS NOT NULL",
        QuestionKind::Open => " AND g.words IS NOT NULL",
    }
}

/// Adds what a caller may see: those of their customers, and for who sees everybody also those of nobody known.
pub(super) fn within(sight: &Sight, query: &mut Sql) {
    if *sight != Sight::All {
        query.push(" AND f.party_id IS NOT NULL");
        sight.parties(query);
    }
}

/// Filled-in surveys, the newest first.
///
/// # Errors
/// Without the right, for a cursor that is none, or for steps without a kind.
pub async fn list(ctx: &Ctx, input: ListSheets) -> Result<Page<Sheet>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Sheet>(FROM);
    within(&reader.sight, &mut query);
    if let Some(party) = input.party_id {
        query.push(" AND f.party_id = ").arg(party);
    }
    if let Some(family) = input.family_id {
        query.push(" AND f.family_id = ").arg(family);
    }
    if let Some(from) = input.from {
        query.push(" AND f.day >= ").arg(from);
    }
    if let Some(until) = input.until {
        query.push(" AND f.day <= ").arg(until);
    }
    match input.kind {
        Some(kind) => of_kind(&mut query, kind, &input),
        None if input.score_from.is_some() || input.score_until.is_some() || input.last == Some(true) => {
            return Err(Problem::new("kind", "input-needed").into());
        }
        None => {}
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Sheet>(after)?;
        query.push(" AND (f.at, f.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY f.at DESC, f.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Sheet> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.at, last.id)))
}

fn of_kind(query: &mut Sql, kind: QuestionKind, input: &ListSheets) {
    let (score, items) = columns(kind);
    query.push(" AND ").push(score).push(" IS NOT NULL");
    if kind != QuestionKind::Open {
        if let Some(from) = input.score_from {
            query.push(" AND ").push(score).push(" >= ").arg(from).push(" * ").push(items);
        }
        if let Some(until) = input.score_until {
            query.push(" AND ").push(score).push(" < ").arg(until.saturating_add(1)).push(" * ").push(items);
        }
    }
    if input.last == Some(true) {
        query.push(" AND NOT EXISTS (SELECT 1 FROM survey_sheets g WHERE g.party_id = f.party_id AND (g.at, g.id) > (f.at, f.id)");
        query.push(later(kind));
        if let Some(family) = input.family_id {
            query.push(" AND g.family_id = ").arg(family);
        }
        if let Some(until) = input.until {
            query.push(" AND g.day <= ").arg(until);
        }
        query.push(")");
    }
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "surveys.answers",
        "GET /survey-answers",
        Some(Perm(Room::Service, Act::See)),
        "Filled-in surveys, the newest first: the customers behind each score.",
        list,
    )
    .example(|| json!({"kind": "nps", "score_until": 6, "last": true}));
}
