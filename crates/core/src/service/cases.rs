//! Cases: complaints, praise and questions of customers, with an owner and a clock for each stage. Who complained gets an
//! answer, and no complaint is closed before it is known what went wrong and what was done about it.

use super::clock::Clock;
use super::invitations;
use super::sheets::Sheet;
use crate::interactions::{Channel, check_terms};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::parties::whom::{self, Whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::text::clean_text;
use crate::platform::time::HOUR;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of what a customer said, of an answer, of what was done.
const TEXT_MAX: usize = 4_000;
/// How severe a case is unless somebody says so.
const USUAL_SEVERITY: i64 = 2;

peyvand_db::words! {
    /// What a case is.
    pub enum CaseKind {
        /// Something was wrong.
        Complaint = "complaint",
        /// Something was good.
        Praise = "praise",
        /// They want to know something.
        Question = "question",
    }
}

peyvand_db::words! {
    /// How far a case is.
    pub enum CaseStage {
        /// Nobody has taken it up.
        Received = "received",
        /// Somebody works on it.
        InWork = "in_work",
        /// The customer was answered.
        Answered = "answered",
        /// It is closed.
        Closed = "closed",
    }
}

peyvand_db::words! {
    /// Which cases are listed, by how far they are.
    pub enum CaseView {
        /// Those that are not closed.
        Open = "open",
        /// Those of them whose time has passed.
        Late = "late",
        /// Those that nobody has taken up.
        Received = "received",
        /// Those that somebody works on.
        InWork = "in_work",
        /// Those that were answered and are not closed.
        Answered = "answered",
        /// Those that are closed.
        Closed = "closed",
        /// All.
        All = "all",
    }
}

row! {
    /// A case.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct Case {
        /// Its id.
        pub id: Id<Case> = "c.id",
        /// Whose.
        pub party_id: Id<Party> = "c.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// What it is.
        pub kind: CaseKind = "c.kind",
        /// What it is about, a word of list `case_reason`.
        pub reason: String = "c.reason",
        /// The organisation's own label of that word.
        pub reason_label: Option<String> = "r.label",
        /// 1 slight, 2 usual, 3 severe.
        pub severity: i64 = "c.severity",
        /// By which way it came.
        pub channel: Option<Channel> = "c.channel",
        /// What the customer said.
        pub text: String = "c.text",
        /// How far it is.
        pub stage: CaseStage = "c.stage",
        /// Who looks after it.
        pub owner_id: Option<Id<User>> = "c.owner_id",
        /// Their name.
        pub owner: Option<String> = "u.name",
        /// The answer to a survey that opened it.
        pub sheet_id: Option<Id<Sheet>> = "c.sheet_id",
        /// On which day it came.
        pub opened_on: Day = "c.opened_on",
        /// When it came.
        pub opened_at: Instant = "c.opened_at",
        /// When the stage it is in has to end.
        pub due_at: Option<Instant> = "NULLIF(c.due_at, 253402300799000)",
        /// When somebody took it up.
        pub taken_at: Option<Instant> = "c.taken_at",
        /// When the customer was answered.
        pub answered_at: Option<Instant> = "c.answered_at",
        /// What they were answered.
        pub answer: Option<String> = "c.answer",
        /// When it was closed.
        pub closed_at: Option<Instant> = "c.closed_at",
        /// What went wrong, a word of list `root_cause`.
        pub root_cause: Option<String> = "c.root_cause",
        /// The organisation's own label of that word.
        pub root_cause_label: Option<String> = "w.label",
        /// What was done so that it does not happen again.
        pub action: Option<String> = "c.action",
        /// How often it was opened again.
        pub reopened: i64 = "c.reopened",
        /// From when the hours of its stages are counted.
        pub clock_at: Instant = "c.clock_at",
        /// How satisfied they were with what was done, 1 to 5.
        pub recovery_score: Option<i64> = "c.recovery_score",
    }
}

pub(super) const FROM: &str = "FROM cases c JOIN parties p ON p.id = c.party_id LEFT JOIN users u ON u.id = c.owner_id
    LEFT JOIN terms r ON r.list = 'case_reason' AND r.word = c.reason
    LEFT JOIN terms w ON w.list = 'root_cause' AND w.word = c.root_cause WHERE 1 = 1";

impl Case {
    /// Whether its stage has taken longer than it may.
    #[must_use]
    pub fn is_late(&self, now: Instant) -> bool {
        self.stage != CaseStage::Closed && self.due_at.is_some_and(|due| due < now)
    }
}

/// What a case is made of.
pub(super) struct Fresh<'a> {
    pub kind: CaseKind,
    pub reason: &'a str,
    pub severity: i64,
    pub channel: Option<Channel>,
    pub text: &'a str,
    pub owner: Option<Id<User>>,
    pub sheet: Option<Id<Sheet>>,
}

/// Opens a case for a party; of two from one answer the second changes nothing.
pub(super) async fn put(tx: &mut Tx, ctx: &Ctx, clock: &Clock, party: &Whom, fresh: Fresh<'_>) -> Result<Option<Id<Case>>> {
    let id: Id<Case> = ctx.id();
    let stage = CaseStage::Received;
    let made = tx
        .run(
            sql("INSERT INTO cases (id, party_id, kind, reason, severity, channel, text, stage, owner_id, sheet_id, opened_on, opened_at,
                   due_at, reopened, clock_at, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16) ON CONFLICT (sheet_id) DO NOTHING")
            .bind(id)
            .bind(party.id)
            .bind(fresh.kind)
            .bind(fresh.reason)
            .bind(fresh.severity)
            .bind(fresh.channel)
            .bind(fresh.text)
            .bind(stage)
            .bind(fresh.owner.or(party.owner_id))
            .bind(fresh.sheet)
            .bind(invitations::today(ctx).await?)
            .bind(ctx.now())
            .bind(clock.due(stage, ctx.now(), fresh.severity))
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(ctx.now()),
        )
        .await?;
    if made == 0 {
        return Ok(None);
    }
    let data = json!({"kind": fresh.kind, "reason": fresh.reason, "severity": fresh.severity, "text": fresh.text});
    events::record(tx, ctx, Event::of_party("case.opened", party.id, data).about(id)).await?;
    Ok(Some(id))
}

/// A case to be opened.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCase {
    /// Whose.
    pub party_id: Option<Id<Party>>,
    /// Whose, by any identity key, phone or code.
    pub customer: Option<String>,
    /// What it is.
    pub kind: CaseKind,
    /// What it is about, a word of list `case_reason`.
    pub reason: String,
    /// 1 slight, 2 usual, 3 severe; 2 unless given.
    pub severity: Option<i64>,
    /// By which way it came.
    pub channel: Option<Channel>,
    /// What the customer said.
    pub text: String,
    /// Who looks after it; who looks after the customer unless given.
    pub owner_id: Option<Id<User>>,
}

pub(super) fn checked_text(text: &str, field: &'static str) -> Result<String, Problem> {
    let text = clean_text(text, TEXT_MAX).map_err(|problem| Problem::new(field, problem.key()).with("max", TEXT_MAX))?;
    if text.is_empty() { Err(Problem::new(field, "input-needed")) } else { Ok(text) }
}

pub(super) fn checked_severity(severity: i64) -> Result<i64, Problem> {
    if (1..=3).contains(&severity) { Ok(severity) } else { Err(Problem::new("severity", "input-range").with("min", 1).with("max", 3)) }
}

pub(super) async fn check_owner(tx: &mut Tx, owner: Option<Id<User>>) -> Result<()> {
    let Some(owner) = owner else { return Ok(()) };
    let works_here: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM users WHERE id = $1 AND is_active").bind(owner)).await?;
    works_here.map(|_| ()).ok_or_else(|| Problem::new("owner_id", "input-choice").into())
}

/// Writes a complaint, a praise or a question down.
///
/// # Errors
/// For a reason that is none, without words, for a customer out of sight or an owner who does not work here.
pub async fn open(ctx: &Ctx, new: OpenCase) -> Result<Case> {
    let writer = ctx.write(Perm(Room::Service, Act::Create))?;
    let mut problems = Fields::default();
    let text = problems.take(checked_text(&new.text, "text"));
    let severity = problems.take(checked_severity(new.severity.unwrap_or(USUAL_SEVERITY)));
    problems.check()?;
    let mut tx = writer.begin().await?;
    check_terms(&mut tx, &[("reason", "case_reason", Some(new.reason.as_str()))]).await?;
    check_owner(&mut tx, new.owner_id).await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let clock = Clock::read(&mut tx, ctx).await?;
    let fresh = Fresh {
        kind: new.kind,
        reason: &new.reason,
        severity: severity.unwrap_or(USUAL_SEVERITY),
        channel: new.channel,
        text: text.as_deref().unwrap_or_default(),
        owner: new.owner_id,
        sheet: None,
    };
    let id = put(&mut tx, ctx, &clock, &party, fresh).await?.ok_or(Error::NotFound("case"))?;
    ended(tx, id).await
}

pub(super) async fn ended(mut tx: Tx, id: Id<Case>) -> Result<Case> {
    let mut query = Sql::select::<Case>(FROM);
    query.push(" AND c.id = ").arg(id);
    let case = tx.one(query).await?;
    tx.commit().await?;
    Ok(case)
}

/// Which case.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseId {
    /// Its id.
    pub id: Id<Case>,
}

/// One case.
///
/// # Errors
/// [`Error::NotFound`] outside of sight.
pub async fn get(ctx: &Ctx, input: CaseId) -> Result<Case> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let mut query = Sql::select::<Case>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND c.id = ").arg(input.id);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("case"))
}

/// Which cases.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListCases {
    /// How far they are; open ones unless given.
    pub view: Option<CaseView>,
    /// Only of this kind.
    pub kind: Option<CaseKind>,
    /// Only about this, a word of list `case_reason`.
    pub reason: Option<String>,
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Only those that this user looks after.
    pub owner_id: Option<Id<User>>,
    /// Only those that came on this day or later.
    pub from: Option<Day>,
    /// Only those that came on this day or earlier.
    pub until: Option<Day>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Cases: open ones by what is due first; closed ones, and all, the newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListCases) -> Result<Page<Case>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let limit = page_size(input.limit)?;
    let view = input.view.unwrap_or(CaseView::Open);
    let by_due = !matches!(view, CaseView::Closed | CaseView::All);
    let mut query = Sql::select::<Case>(FROM);
    reader.sight.parties(&mut query);
    match view {
        CaseView::Open => query.push(" AND c.stage <> 'closed'"),
        CaseView::Late => query.push(" AND c.stage <> 'closed' AND c.due_at < ").arg(ctx.now()),
        CaseView::Received => query.push(" AND c.stage = 'received'"),
        CaseView::InWork => query.push(" AND c.stage = 'in_work'"),
        CaseView::Answered => query.push(" AND c.stage = 'answered'"),
        CaseView::Closed => query.push(" AND c.stage = 'closed'"),
        CaseView::All => &mut query,
    };
    if let Some(kind) = input.kind {
        query.push(" AND c.kind = ").arg(kind);
    }
    if let Some(reason) = &input.reason {
        query.push(" AND c.reason = ").arg(reason);
    }
    if let Some(party) = input.party_id {
        query.push(" AND c.party_id = ").arg(party);
    }
    if let Some(owner) = input.owner_id {
        query.push(" AND c.owner_id = ").arg(owner);
    }
    if let Some(from) = input.from {
        query.push(" AND c.opened_on >= ").arg(from);
    }
    if let Some(until) = input.until {
        query.push(" AND c.opened_on <= ").arg(until);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Case>(after)?;
        query.push(if by_due { " AND (c.due_at, c.id) > (" } else { " AND (c.opened_at, c.id) < (" });
        query.arg(at).push(", ").arg(id).push(")");
    }
    query.push(if by_due { " ORDER BY c.due_at, c.id LIMIT " } else { " ORDER BY c.opened_at DESC, c.id DESC LIMIT " }).arg(limit + 1);
    let rows: Vec<Case> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| {
        let at = if by_due { last.due_at.unwrap_or(Instant::NOT_PLANNED) } else { last.opened_at };
        cursor_at(at, last.id)
    }))
}

row! {
    /// How many cases of a reason came.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct CasesOfReason {
        /// What they are.
        pub kind: CaseKind = "c.kind",
        /// What they are about.
        pub reason: String = "c.reason",
        /// The organisation's own label of that word.
        pub reason_label: Option<String> = "r.label",
        /// How many came.
        pub cases: i64 = "COUNT(*)",
        /// Of how many customers: more cases than customers are repeated.
        pub customers: i64 = "COUNT(DISTINCT c.party_id)",
        /// How many of them are closed.
        pub closed: i64 = "COUNT(*) FILTER (WHERE c.stage = 'closed')",
    }
}

/// Of how many days.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GetCaseReasons {
    /// Those that came in so many days; 90 unless given.
    pub days: Option<i64>,
}

/// What complaints, praise and questions are about, the most frequent first.
///
/// # Errors
/// Without the right, or for days out of bounds.
pub async fn reasons(ctx: &Ctx, input: GetCaseReasons) -> Result<Page<CasesOfReason>> {
    let reader = ctx.read(Perm(Room::Service, Act::See))?;
    let days = input.days.unwrap_or(super::scores::DAYS);
    if !(1..=1_100).contains(&days) {
        return Err(Problem::new("days", "input-range").with("min", 1).with("max", 1_100).into());
    }
    let mut query = Sql::select::<CasesOfReason>(
        "FROM cases c JOIN parties p ON p.id = c.party_id LEFT JOIN terms r ON r.list = 'case_reason' AND r.word = c.reason
         WHERE c.opened_at > ",
    );
    query.arg(ctx.now().plus(-days * 24 * HOUR));
    reader.sight.parties(&mut query);
    query.push(" GROUP BY c.kind, c.reason, r.label ORDER BY COUNT(*) DESC, c.kind, c.reason");
    Ok(Page { items: reader.db.all(query).await?, next: None })
}

/// The operations of cases.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Service, Act::See));
    ops.add("cases.open", "POST /cases", Some(Perm(Room::Service, Act::Create)), "Writes a complaint, a praise or a question down.", open)
        .example(|| json!({"customer": "09121234567", "kind": "complaint", "reason": "late_delivery", "text": "سه روز دیر رسید."}));
    ops.add("cases.list", "GET /cases", see, "Cases: open ones by what is due first, closed ones the newest first.", list)
        .example(|| json!({"view": "late"}));
    ops.add("cases.reasons", "GET /cases/reasons", see, "What cases are about, the most frequent first.", reasons)
        .example(|| json!({"days": 90}));
    ops.add("cases.get", "GET /cases/{id}", see, "One case.", get);
}
