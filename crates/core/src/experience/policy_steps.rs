//! How a version of a policy comes to work: approved by one, or by two where it is costly; begun; over.

use super::policies::{self, PolicyRow, PolicySeen, PolicyState, TwoBecause, Version, two_because};
use super::{assign, treatments};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Error, Fields, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// How many have still to say yes: one is enough unless there is a reason for two, and nobody counts twice. The yes of who wrote
/// it down is one like any other, so that of two the other is somebody else's.
#[must_use]
pub fn missing(two: &[TwoBecause], said_yes: usize) -> i64 {
    let needed = if two.is_empty() { 1 } else { 2 };
    i64::try_from(said_yes).map_or(0, |said_yes| (needed - said_yes).max(0))
}

/// Takes a policy for a change: its row is the caller's until the transaction ends.
pub(super) async fn take(tx: &mut Tx, id: Id<PolicyRow>) -> Result<String> {
    let found: Option<(String,)> = tx.maybe(sql("SELECT name FROM policies WHERE id = $1 {for_update}").bind(id)).await?;
    found.map(|(name,)| name).ok_or(Error::NotFound("policy"))
}

row! {
    struct Step {
        id: Id<Version> = "v.id",
        number: i64 = "v.number",
        is_price_test: bool = "v.is_price_test",
    }
}

/// The newest version in a state; there is one at most.
async fn version_in(tx: &mut Tx, policy: Id<PolicyRow>, state: PolicyState) -> Result<Option<Step>> {
    let mut query = Sql::select::<Step>("FROM policy_versions v WHERE v.policy_id = ");
    query.arg(policy).push(" AND v.state = ").arg(state).push(" ORDER BY v.number DESC LIMIT 1");
    Ok(tx.maybe(query).await?)
}

async fn bundle(tx: &mut Tx, version: Id<Version>) -> Result<Vec<treatments::Stored>> {
    let mut query =
        Sql::select::<treatments::Stored>("FROM policy_treatments b JOIN treatments t ON t.id = b.treatment_id WHERE b.version_id = ");
    query.arg(version).push(" ORDER BY b.place");
    Ok(tx.all(query).await?)
}

/// Whose version is approved.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovePolicy {
    /// Which policy.
    pub id: Id<PolicyRow>,
    /// Which version was read, so that nobody approves another one than they saw.
    pub number: i64,
}

/// Which policy.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyId {
    /// Its id.
    pub id: Id<PolicyRow>,
}

fn conflict(field: &'static str, key: &'static str) -> Error {
    Error::Conflict(Fields(vec![Problem::new(field, key)]))
}

/// Says yes to the draft of a policy. Large discounts, benefits and tests of prices need the yes of two people.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when there is no such draft, or the caller has approved it before.
pub async fn approve(ctx: &Ctx, input: ApprovePolicy) -> Result<PolicySeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let user: Id<User> = ctx.actor.person()?.id;
    let mut tx = writer.begin().await?;
    let name = take(&mut tx, input.id).await?;
    let draft = version_in(&mut tx, input.id, PolicyState::Draft).await?.filter(|draft| draft.number == input.number);
    let draft = draft.ok_or_else(|| conflict("number", "experience-not-a-draft"))?;
    let said = tx
        .run(
            sql("INSERT INTO policy_approvals (version_id, user_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(draft.id)
                .bind(user)
                .bind(ctx.now()),
        )
        .await?;
    if said == 0 {
        return Err(conflict("number", "experience-approved-already"));
    }
    let (yes,): (i64,) = tx.one(sql("SELECT COUNT(*) FROM policy_approvals WHERE version_id = $1").bind(draft.id)).await?;
    let bundle = bundle(&mut tx, draft.id).await?;
    let two = two_because(bundle.iter().map(|one| (one.form(), one.share)), draft.is_price_test);
    let missing = missing(&two, usize::try_from(yes).unwrap_or_default());
    if missing == 0 {
        tx.run(sql("UPDATE policy_versions SET state = 'approved', approved_at = $1 WHERE id = $2").bind(ctx.now()).bind(draft.id)).await?;
    }
    let data = json!({"name": name, "number": draft.number, "missing": missing});
    events::record(&mut tx, ctx, Event::of("policy.approved", input.id, data)).await?;
    tx.commit().await?;
    policies::read(ctx, input.id).await
}

/// Has the approved version of a policy begin; the one that was live until then is over.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] without an approved version, or when a treatment of it was put away.
pub async fn start(ctx: &Ctx, input: PolicyId) -> Result<PolicySeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let mut tx = writer.begin().await?;
    let name = take(&mut tx, input.id).await?;
    let approved = version_in(&mut tx, input.id, PolicyState::Approved).await?;
    let approved = approved.ok_or_else(|| conflict("id", "experience-not-approved"))?;
    if bundle(&mut tx, approved.id).await?.iter().any(|treatment| treatment.archived_at.is_some()) {
        return Err(conflict("id", "experience-treatment-unknown"));
    }
    tx.run(
        sql("UPDATE policy_versions SET state = 'retired', retired_at = $1 WHERE policy_id = $2 AND state = 'live'")
            .bind(ctx.now())
            .bind(input.id),
    )
    .await?;
    tx.run(sql("UPDATE policy_versions SET state = 'live', started_at = $1 WHERE id = $2").bind(ctx.now()).bind(approved.id)).await?;
    events::record(&mut tx, ctx, Event::of("policy.started", input.id, json!({"name": name, "number": approved.number}))).await?;
    assign::enqueue(&mut tx, ctx).await?;
    tx.commit().await?;
    policies::read(ctx, input.id).await
}

/// Ends a policy: nobody is given anything by it any more. What was given stays good.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when it is over.
pub async fn retire(ctx: &Ctx, input: PolicyId) -> Result<PolicySeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let mut tx = writer.begin().await?;
    let name = take(&mut tx, input.id).await?;
    let ended = tx
        .run(
            sql("UPDATE policy_versions SET state = 'retired', retired_at = $1 WHERE policy_id = $2 AND state <> 'retired'")
                .bind(ctx.now())
                .bind(input.id),
        )
        .await?;
    if ended == 0 {
        return Err(conflict("id", "experience-over-already"));
    }
    events::record(&mut tx, ctx, Event::of("policy.retired", input.id, json!({"name": name}))).await?;
    tx.commit().await?;
    policies::read(ctx, input.id).await
}

/// The operations of steps.
pub fn operations(ops: &mut Operations) {
    let perm = Some(Perm(Room::Experience, Act::Change));
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add(
        "policies.approve",
        "POST /policies/{id}/approve",
        perm,
        "Says yes to the draft of a policy; what is costly needs the yes of two people.",
        approve,
    )
    .example(|| json!({"id": SOME, "number": 1}));
    ops.add("policies.start", "POST /policies/{id}/start", perm, "Has the approved version of a policy begin.", start)
        .example(|| json!({"id": SOME}));
    ops.add("policies.retire", "POST /policies/{id}/retire", perm, "Ends a policy.", retire).example(|| json!({"id": SOME}));
}
