//! What happens to a case: it is taken up, answered, closed with what was learned, and opened again when it was not over.

use super::cases::{Case, CaseId, CaseKind, CaseStage, FROM, check_owner, checked_severity, checked_text, ended};
use super::clock::Clock;
use super::invitations::{self, Invitation};
use crate::interactions::check_terms;
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The case, for a write that has to decide about it.
async fn hold(tx: &mut Tx, sight: &Sight, id: Id<Case>) -> Result<Case> {
    tx.maybe::<(i64,)>(sql("SELECT 1 FROM cases WHERE id = $1 {for_update}").bind(id)).await?;
    let mut query = Sql::select::<Case>(FROM);
    sight.parties(&mut query);
    query.push(" AND c.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("case"))
}

async fn record(tx: &mut Tx, ctx: &Ctx, kind: &'static str, of: &Case, data: Value) -> Result<()> {
    events::record(tx, ctx, Event::of_party(kind, of.party_id, data).about(of.id)).await
}

/// What changes of a case; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCase {
    /// Which.
    pub id: Id<Case>,
    /// What it is about.
    pub reason: Option<String>,
    /// How severe it is.
    pub severity: Option<i64>,
    /// Who looks after it.
    pub owner_id: Option<Id<User>>,
}

/// Changes what a case is about, how severe it is, or who looks after it. Its clock follows.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; for a case that is closed, a reason that is none, an owner who does not work here.
pub async fn change(ctx: &Ctx, input: ChangeCase) -> Result<Case> {
    let writer = ctx.write(Perm(Room::Service, Act::Change))?;
    let mut problems = Fields::default();
    let severity = input.severity.and_then(|severity| problems.take(checked_severity(severity)));
    problems.check()?;
    let mut tx = writer.begin().await?;
    check_terms(&mut tx, &[("reason", "case_reason", input.reason.as_deref())]).await?;
    check_owner(&mut tx, input.owner_id).await?;
    let before = hold(&mut tx, &writer.sight, input.id).await?;
    not_closed(&before)?;
    let clock = Clock::read(&mut tx, ctx).await?;
    let severity = severity.unwrap_or(before.severity);
    tx.run(
        sql("UPDATE cases SET reason = COALESCE($1, reason), severity = $2, owner_id = COALESCE($3, owner_id), due_at = $4 WHERE id = $5")
            .bind(&input.reason)
            .bind(severity)
            .bind(input.owner_id)
            .bind(clock.due(before.stage, before.clock_at, severity))
            .bind(input.id),
    )
    .await?;
    record(&mut tx, ctx, "case.changed", &before, json!({"reason": input.reason, "severity": severity, "owner": input.owner_id})).await?;
    ended(tx, input.id).await
}

fn not_closed(case: &Case) -> Result<()> {
    if case.stage == CaseStage::Closed { Err(Problem::new("", "cases-closed").into()) } else { Ok(()) }
}

/// Takes a case up: the caller looks after it from now on, where nobody did.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; for a case that is in work already.
pub async fn take(ctx: &Ctx, input: CaseId) -> Result<Case> {
    let writer = ctx.write(Perm(Room::Service, Act::Change))?;
    let mut tx = writer.begin().await?;
    let before = hold(&mut tx, &writer.sight, input.id).await?;
    if before.stage != CaseStage::Received {
        return Err(Problem::new("", "cases-taken-already").into());
    }
    let clock = Clock::read(&mut tx, ctx).await?;
    tx.run(
        sql("UPDATE cases SET stage = 'in_work', taken_at = $1, owner_id = COALESCE(owner_id, $2), due_at = $3 WHERE id = $4")
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(clock.due(CaseStage::InWork, before.clock_at, before.severity))
            .bind(input.id),
    )
    .await?;
    record(&mut tx, ctx, "case.taken", &before, json!({"kind": before.kind, "reason": before.reason})).await?;
    ended(tx, input.id).await
}

/// What the customer was answered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerCase {
    /// Which case.
    pub id: Id<Case>,
    /// What they were told.
    pub answer: String,
}

/// Notes what the customer was answered; again, when more had to be said.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; without words, or for a case that is closed.
pub async fn answer(ctx: &Ctx, input: AnswerCase) -> Result<Case> {
    let writer = ctx.write(Perm(Room::Service, Act::Change))?;
    let answer = checked_text(&input.answer, "answer")?;
    let mut tx = writer.begin().await?;
    let before = hold(&mut tx, &writer.sight, input.id).await?;
    not_closed(&before)?;
    let clock = Clock::read(&mut tx, ctx).await?;
    tx.run(
        sql("UPDATE cases SET stage = 'answered', taken_at = COALESCE(taken_at, $1), answered_at = COALESCE(answered_at, $1), answer = $2,
               owner_id = COALESCE(owner_id, $3), due_at = $4 WHERE id = $5")
        .bind(ctx.now())
        .bind(&answer)
        .bind(ctx.actor.user())
        .bind(clock.due(CaseStage::Answered, before.clock_at, before.severity))
        .bind(input.id),
    )
    .await?;
    record(&mut tx, ctx, "case.answered", &before, json!({"kind": before.kind, "reason": before.reason, "text": answer})).await?;
    ended(tx, input.id).await
}

/// How a case ended.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseCase {
    /// Which.
    pub id: Id<Case>,
    /// What went wrong, a word of list `root_cause`; needed for a complaint.
    pub root_cause: Option<String>,
    /// What was done so that it does not happen again; needed for a complaint.
    pub action: Option<String>,
}

/// A case that was closed, with the link by which the customer says how satisfied they are with what was done.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CaseClosed {
    /// The case.
    #[serde(flatten)]
    pub case: Case,
    /// The invitation to the open survey that asks for satisfaction; absent where none is open, and for praise.
    pub invitation_id: Option<Id<Invitation>>,
}

/// Closes a case: the customer was answered, and of a complaint it is known what went wrong and what was done.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; before the customer was answered (praise aside), and for a complaint without root
/// cause or action.
pub async fn close(ctx: &Ctx, input: CloseCase) -> Result<CaseClosed> {
    let writer = ctx.write(Perm(Room::Service, Act::Change))?;
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut problems = Fields::default();
    let action = given(&input.action).and_then(|action| problems.take(checked_text(&action, "action")));
    problems.check()?;
    let cause = given(&input.root_cause);
    let mut tx = writer.begin().await?;
    let before = hold(&mut tx, &writer.sight, input.id).await?;
    not_closed(&before)?;
    closable(&before, cause.is_some(), action.is_some())?;
    check_terms(&mut tx, &[("root_cause", "root_cause", cause.as_deref())]).await?;
    tx.run(
        sql("UPDATE cases SET stage = 'closed', closed_at = $1, root_cause = $2, action = $3, due_at = $4, taken_at = COALESCE(taken_at, $1)
             WHERE id = $5")
        .bind(ctx.now())
        .bind(&cause)
        .bind(&action)
        .bind(Instant::NOT_PLANNED)
        .bind(input.id),
    )
    .await?;
    let data = json!({"kind": before.kind, "reason": before.reason, "root_cause": cause, "action": action});
    record(&mut tx, ctx, "case.closed", &before, data).await?;
    let asks = before.kind != CaseKind::Praise;
    let invitation_id = if asks { invitations::for_case(&mut tx, ctx, &writer.sight, input.id, before.party_id).await? } else { None };
    Ok(CaseClosed { case: ended(tx, input.id).await?, invitation_id })
}

/// Whether a case may be closed with what is known.
fn closable(case: &Case, has_cause: bool, has_action: bool) -> Result<()> {
    let mut problems = Fields::default();
    if case.answered_at.is_none() && case.kind != CaseKind::Praise {
        problems.add("", "cases-answer-first");
    }
    if case.kind == CaseKind::Complaint {
        if !has_cause {
            problems.add("root_cause", "cases-cause-needed");
        }
        if !has_action {
            problems.add("action", "cases-action-needed");
        }
    }
    problems.check()
}

/// Why a case is opened again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenCase {
    /// Which.
    pub id: Id<Case>,
    /// Why.
    pub why: String,
}

/// Opens a closed case again; its clock begins anew.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; without a reason, or for a case that is open.
pub async fn reopen(ctx: &Ctx, input: ReopenCase) -> Result<Case> {
    let writer = ctx.write(Perm(Room::Service, Act::Change))?;
    let why = checked_text(&input.why, "why")?;
    let mut tx = writer.begin().await?;
    let before = hold(&mut tx, &writer.sight, input.id).await?;
    if before.stage != CaseStage::Closed {
        return Err(Problem::new("", "cases-open-already").into());
    }
    let clock = Clock::read(&mut tx, ctx).await?;
    tx.run(
        sql("UPDATE cases SET stage = 'in_work', closed_at = NULL, answered_at = NULL, reopened = reopened + 1, clock_at = $1, due_at = $2
             WHERE id = $3")
        .bind(ctx.now())
        .bind(clock.due(CaseStage::InWork, ctx.now(), before.severity))
        .bind(input.id),
    )
    .await?;
    record(&mut tx, ctx, "case.reopened", &before, json!({"kind": before.kind, "reason": before.reason, "text": why})).await?;
    ended(tx, input.id).await
}

/// The operations of the steps of cases.
pub fn operations(ops: &mut Operations) {
    let perm = Some(Perm(Room::Service, Act::Change));
    ops.add("cases.change", "PUT /cases/{id}", perm, "Changes reason, severity or owner of a case.", change)
        .example(|| json!({"severity": 3}));
    ops.add("cases.take", "POST /cases/{id}/take", perm, "Takes a case up.", take);
    ops.add("cases.answer", "POST /cases/{id}/answer", perm, "Notes what the customer was answered.", answer)
        .example(|| json!({"answer": "عذر خواستیم و کالای تازه را امروز فرستادیم."}));
    ops.add("cases.close", "POST /cases/{id}/close", perm, "Closes a case; of a complaint with root cause and what was done.", close)
        .example(|| json!({"root_cause": "carrier", "action": "با پیک دیگری قرارداد بستیم."}));
    ops.add("cases.reopen", "POST /cases/{id}/reopen", perm, "Opens a closed case again.", reopen)
        .example(|| json!({"why": "دوباره دیر رسید."}));
}
