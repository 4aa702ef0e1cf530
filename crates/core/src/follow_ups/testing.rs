//! What the tests of follow-ups share.

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
