//! Follow-ups that the program planned for something, and that end with what they were for.

use super::{FollowUp, NewFollowUp, State, plan, refresh};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::{Ctx, Instant, Result};
use peyvand_db::{Id, Tx, row, sql};
use serde_json::json;
use uuid::Uuid;

peyvand_db::words! {
    /// What the program planned a follow-up for.
    pub enum Cause {
        /// An incident that is to be made good.
        Incident = "incident",
        /// An introduction that is to be thanked for.
        Referral = "referral",
    }
}

/// Plans a follow-up for something.
///
/// # Errors
/// As [`plan`].
pub(crate) async fn plan_for(tx: &mut Tx, ctx: &Ctx, cause: Cause, of: Uuid, new: NewFollowUp) -> Result<Id<FollowUp>> {
    let id = plan(tx, ctx, new).await?;
    let insert = sql("INSERT INTO follow_up_causes (follow_up_id, cause, cause_id) VALUES ($1, $2, $3)");
    tx.run(insert.bind(id).bind(cause).bind(of)).await?;
    Ok(id)
}

row! {
    struct Ended {
        id: Id<FollowUp> = "id",
        party_id: Id<Party> = "party_id",
        what: String = "what",
        due_at: Instant = "due_at",
    }
}

/// Ends what was planned for something and is still open, done by whoever acts or no longer wanted; how many there were.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn end_with(tx: &mut Tx, ctx: &Ctx, cause: Cause, of: Uuid, end: State) -> Result<usize> {
    let ended: Vec<Ended> = tx
        .all(
            sql("UPDATE follow_ups SET state = $5, done_at = CASE WHEN $5 = 'done' THEN $1 END, done_by = CASE WHEN $5 = 'done' THEN $2 END,
                   version = version + 1
                 WHERE state = 'open' AND id IN (SELECT c.follow_up_id FROM follow_up_causes c WHERE c.cause = $3 AND c.cause_id = $4)
                 RETURNING id, party_id, what, due_at")
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(cause)
            .bind(of)
            .bind(end),
        )
        .await?;
    let parties: Vec<Id<Party>> = ended.iter().map(|one| one.party_id).collect();
    refresh(tx, &parties).await?;
    let kind = if end == State::Done { "follow_up.done" } else { "follow_up.cancelled" };
    let of_one = |one: Ended| {
        let data = json!({"what": one.what, "result": null, "due_at": one.due_at});
        Event::of_party(kind, one.party_id, data).about(one.id)
    };
    events::record_all(tx, ctx, ended.into_iter().map(of_one).collect()).await?;
    Ok(parties.len())
}
