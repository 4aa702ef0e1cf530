//! What came of each occasion to ask: asked, or why not.

use super::ask_rules::{AskAfter, AskRule};
use super::asking::Occasion;
use super::invitations::Invitation;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::events::{cursor, cursor_at};
use crate::platform::time::DAY;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Days of the counts unless something else is said.
pub const DAYS: i64 = 30;

peyvand_db::words! {
    /// What came of an occasion to ask.
    pub enum AskOutcome {
        /// They were asked.
        Asked = "asked",
        /// The survey is not open.
        NoSurvey = "no_survey",
        /// The customer is archived.
        Archived = "archived",
        /// They allowed no way to write to them.
        NoConsent = "no_consent",
        /// They were offended, and it is not settled.
        OpenIncident = "open_incident",
        /// They complained, and it is not settled.
        OpenComplaint = "open_complaint",
        /// They were asked or answered lately, by whichever way.
        AskedLately = "asked_lately",
        /// Respect is asked after one of five contacts at most.
        OneOfFive = "one_of_five",
    }
}

row! {
    /// An occasion to ask, and what came of it.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Ask {
        /// Its id.
        pub id: Id<Ask> = "d.id",
        /// By which rule.
        pub rule_id: Id<AskRule> = "d.rule_id",
        /// After what.
        pub occasion: AskAfter = "a.occasion",
        /// The survey's name in Persian.
        pub name_fa: String = "v.name_fa",
        /// The survey's name in Arabic.
        pub name_ar: String = "v.name_ar",
        /// The survey's name in English.
        pub name_en: String = "v.name_en",
        /// Whom.
        pub party_id: Id<Party> = "d.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// The purchase, the case or the interaction.
        pub occasion_id: Id<Occasion> = "d.occasion_id",
        /// When it was.
        pub occasion_at: Instant = "d.occasion_at",
        /// Asked, or why not.
        pub outcome: AskOutcome = "d.outcome",
        /// The invitation; absent for who was not asked.
        pub invitation_id: Option<Id<Invitation>> = "d.invitation_id",
        /// The token of their link, `/s/TOKEN`, while it waits for an answer.
        pub token: Option<String> = "CASE WHEN n.answered_at IS NULL THEN n.token END",
        /// Until when it may be answered.
        pub expires_at: Option<Instant> = "n.expires_at",
        /// When it was answered.
        pub answered_at: Option<Instant> = "n.answered_at",
        /// On which day this was decided.
        pub day: Day = "d.day",
        /// When this was decided.
        pub at: Instant = "d.at",
    }
}

const FROM: &str = "FROM asks d JOIN ask_rules a ON a.id = d.rule_id JOIN parties p ON p.id = d.party_id
    JOIN surveys v ON v.id = a.family_id LEFT JOIN survey_invitations n ON n.id = d.invitation_id WHERE 1 = 1";

/// Which occasions.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListAsks {
    /// Only of this rule.
    pub rule_id: Option<Id<AskRule>>,
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Only with this outcome.
    pub outcome: Option<AskOutcome>,
    /// Only those whose link still waits for an answer.
    pub waiting: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Occasions to ask and what came of them, the newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListAsks) -> Result<Page<Ask>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Ask>(FROM);
    reader.sight.parties(&mut query);
    if let Some(rule) = input.rule_id {
        query.push(" AND d.rule_id = ").arg(rule);
    }
    if let Some(party) = input.party_id {
        query.push(" AND d.party_id = ").arg(party);
    }
    if let Some(outcome) = input.outcome {
        query.push(" AND d.outcome = ").arg(outcome);
    }
    if input.waiting == Some(true) {
        query.push(" AND d.outcome = 'asked' AND n.answered_at IS NULL AND n.expires_at > ").arg(ctx.now());
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Ask>(after)?;
        query.push(" AND (d.at, d.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY d.at DESC, d.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Ask> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.at, last.id)))
}

row! {
    /// How often something came of occasions to ask.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct AsksOfOutcome {
        /// What came of them.
        pub outcome: AskOutcome = "d.outcome",
        /// How often.
        pub occasions: i64 = "COUNT(*)",
    }
}

/// Of how many days.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetAskOutcomes {
    /// Those of so many days; 30 unless given.
    pub days: Option<i64>,
}

/// How often customers were asked, and why not, the most frequent first.
///
/// # Errors
/// Without the right, or for days out of bounds.
pub async fn outcomes(ctx: &Ctx, input: GetAskOutcomes) -> Result<Page<AsksOfOutcome>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let days = input.days.unwrap_or(DAYS);
    if !(1..=400).contains(&days) {
        return Err(Problem::new("days", "input-range").with("min", 1).with("max", 400).into());
    }
    // An outer join: who sees all customers counts without looking them up.
    let mut query = Sql::select::<AsksOfOutcome>("FROM asks d LEFT JOIN parties p ON p.id = d.party_id WHERE d.at > ");
    query.arg(ctx.now().plus(-days * DAY));
    reader.sight.parties(&mut query);
    query.push(" GROUP BY d.outcome ORDER BY COUNT(*) DESC, d.outcome");
    Ok(Page { items: reader.db.all(query).await?, next: None })
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Service, Act::See));
    ops.add("asks.list", "GET /asks", see, "Who was asked by rule, and who was not, with the reason.", list)
        .example(|| json!({"outcome": "no_consent"}));
    ops.add("asks.outcomes", "GET /asks/outcomes", see, "How often customers were asked by rule, and why not.", outcomes)
        .example(|| json!({"days": 30}));
}
