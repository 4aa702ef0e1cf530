//! What is to be done next, by whom and until when. Every act keeps `parties.next_follow_up_at` right in its own
//! transaction: the earliest due time of what is open, or [`Instant::NOT_PLANNED`].

mod act;
pub(crate) mod causes;
mod list;
mod plan;
pub mod reminders;

pub use self::act::{
    Acted, CancelFollowUp, CompleteFollowUp, FollowUpChange, HandOverFollowUp, NextStep, Snapshot, SnoozeFollowUp, cancel, change,
    complete, drop_made, hand_over, restore, snooze,
};
pub use self::list::{Due, FollowUpId, ListFollowUps, due_range, get, list};
pub use self::plan::{NewFollowUp, create, due_moment, plan, plan_many};

use crate::interactions::Channel;
use crate::parties::Party;
use crate::platform::access::User;
use crate::{Act, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Tx, row, sql};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// A step without an hour is due when its day ends: at this minute of it.
pub const DAY_ENDS: (i8, i8) = (23, 59);

/// Parties of one statement.
const CHUNK: usize = 512;

peyvand_db::words! {
    /// Where a follow-up stands.
    pub enum State {
        /// To be done.
        Open = "open",
        /// Done.
        Done = "done",
        /// No longer wanted.
        Cancelled = "cancelled",
    }
}

peyvand_db::words! {
    /// How much depends on it.
    pub enum Importance {
        /// Can wait.
        Low = "low",
        /// As most.
        Normal = "normal",
        /// Before others.
        High = "high",
    }
}

row! {
    /// A follow-up as it is read.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct FollowUp {
        /// Its id.
        pub id: Id<FollowUp> = "f.id",
        /// Whom it concerns.
        pub party_id: Id<Party> = "f.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// Their number to call, E.164.
        pub party_phone: Option<String> = "p.phone",
        /// Who is to do it.
        pub owner_id: Id<User> = "f.owner_id",
        /// Their name.
        pub owner: String = "o.name",
        /// What is to be done.
        pub what: String = "f.what",
        /// How.
        pub channel: Option<Channel> = "f.channel",
        /// How much depends on it.
        pub importance: Importance = "f.importance",
        /// When it was first promised for.
        pub planned_at: Instant = "f.planned_at",
        /// When it is due now.
        pub due_at: Instant = "f.due_at",
        /// When its owner wants to be reminded.
        pub remind_at: Option<Instant> = "f.remind_at",
        /// Where it stands.
        pub state: State = "f.state",
        /// When it was done.
        pub done_at: Option<Instant> = "f.done_at",
        /// Who did it.
        pub done_by: Option<Id<User>> = "f.done_by",
        /// What came of it: a word of list `result`.
        pub result: Option<String> = "f.result",
        /// The same in own words.
        pub result_text: Option<String> = "f.result_text",
        /// Who was told that it is overdue: 0 nobody, 1 its owner, 2 the head of the unit.
        pub escalation: i64 = "f.escalation",
        /// Counts up with each change; a change must name it.
        pub version: i64 = "f.version",
        /// When it was planned.
        pub created_at: Instant = "f.created_at",
    }
}

/// The tables behind [`FollowUp`].
pub const FOLLOW_UP_FROM: &str = "FROM follow_ups f JOIN users o ON o.id = f.owner_id JOIN parties p ON p.id = f.party_id WHERE 1 = 1";

/// Sets `next_follow_up_at` of parties to the earliest due time of what is open. Their rows are locked by the caller,
/// so that two acts on one party do not each miss the other's.
pub(crate) async fn refresh(tx: &mut Tx, parties: &[Id<Party>]) -> Result<()> {
    for chunk in parties.chunks(CHUNK) {
        let mut update = sql("UPDATE parties SET next_follow_up_at = COALESCE((SELECT min(f.due_at) FROM follow_ups f
             WHERE f.party_id = parties.id AND f.state = 'open'), ");
        update.arg(Instant::NOT_PLANNED).push(") WHERE id IN ").list_padded(chunk);
        tx.run(update).await?;
    }
    Ok(())
}

/// Locks the rows of parties, in the order of their ids so that no two acts wait for each other.
async fn lock(tx: &mut Tx, parties: &[Id<Party>]) -> Result<()> {
    for chunk in parties.chunks(CHUNK) {
        let mut query = sql("SELECT id FROM parties WHERE id IN ");
        query.list_padded(chunk).push(" ORDER BY id {for_update}");
        let _: Vec<(Id<Party>,)> = tx.all(query).await?;
    }
    Ok(())
}

fn changed_meanwhile() -> Error {
    Error::Conflict(Fields(vec![Problem::new("version", "follow-ups-changed-meanwhile")]))
}

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::FollowUps, Act::See));
    let add = Some(Perm(Room::FollowUps, Act::Create));
    let act = Some(Perm(Room::FollowUps, Act::Change));
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add("follow_ups.create", "POST /follow-ups", add, "Plans what is to be done next for a customer.", create)
        .example(|| json!({"party_id": SOME, "what": "تماس برای نتیجه‌ی پیشنهاد", "due": "1405/9/3 10:30"}));
    ops.add("follow_ups.list", "GET /follow-ups", see, "Follow-ups by their due time.", list).example(|| json!({"due": "overdue"}));
    ops.add("follow_ups.get", "GET /follow-ups/{id}", see, "One follow-up.", get).example(|| json!({"id": SOME}));
    ops.add("follow_ups.change", "PUT /follow-ups/{id}", act, "Changes an open follow-up.", change)
        .example(|| json!({"id": SOME, "version": 1, "importance": "high"}));
    ops.add("follow_ups.complete", "POST /follow-ups/{id}/complete", act, "Notes that it was done, and plans the next step.", complete)
        .example(|| json!({"id": SOME, "result": "answered", "next": {"what": "ارسال نمونه", "due": "2026-11-25T09:00:00Z"}}));
    ops.add("follow_ups.snooze", "POST /follow-ups/{id}/snooze", act, "Puts it off.", snooze)
        .example(|| json!({"id": SOME, "due": "2026-11-25T09:00:00Z"}));
    ops.add("follow_ups.hand_over", "POST /follow-ups/{id}/hand-over", act, "Hands it over to a colleague.", hand_over)
        .example(|| json!({"id": SOME, "owner_id": SOME}));
    ops.add("follow_ups.cancel", "POST /follow-ups/{id}/cancel", act, "Cancels it.", cancel).example(|| json!({"id": SOME}));
}

/// What the tests of follow-ups share.
#[cfg(test)]
mod testing {
    use super::{CompleteFollowUp, FollowUp, NewFollowUp, Snapshot};
    use crate::parties::Party;
    use crate::parties::check::NewParty;
    use crate::platform::notifications::{self, ListNotifications, Notification};
    use crate::{Ctx, Instant};
    use peyvand_db::{Id, Sql, sql};

    pub async fn party(ctx: &Ctx, name: &str) -> Id<Party> {
        let new = NewParty { name: Some(name.into()), ..NewParty::default() };
        ctx.run(crate::parties::party::create, new).await.unwrap().id
    }

    pub fn step(party: Id<Party>, what: &str, due: &str) -> NewFollowUp {
        NewFollowUp { party_id: Some(party), what: what.into(), due: due.into(), ..NewFollowUp::default() }
    }

    pub async fn next_of(ctx: &Ctx, party: Id<Party>) -> Instant {
        let (at,): (Instant,) = ctx.app.db.one(sql("SELECT next_follow_up_at FROM parties WHERE id = $1").bind(party)).await.unwrap();
        at
    }

    /// All that can change of a follow-up, but for its version.
    pub async fn stored(ctx: &Ctx, id: Id<FollowUp>) -> serde_json::Value {
        let mut query = Sql::select::<Snapshot>("FROM follow_ups f WHERE f.id = ");
        query.arg(id);
        let snapshot: Snapshot = ctx.app.db.one(query).await.unwrap();
        let mut value = serde_json::to_value(snapshot).unwrap();
        value.as_object_mut().unwrap().remove("version");
        value
    }

    pub fn complete_input(id: Id<FollowUp>) -> CompleteFollowUp {
        CompleteFollowUp { id, version: None, result: None, text: None, contact: None, next: None }
    }

    pub async fn notes(ctx: &Ctx) -> Vec<Notification> {
        ctx.run(notifications::list, ListNotifications::default()).await.unwrap().items
    }
}
