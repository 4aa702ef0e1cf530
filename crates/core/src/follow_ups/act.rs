//! What is done with a follow-up, and the way back from it.

use super::plan::{checked_what, reachable_owner, reminder, tell_new_owner};
use super::{CHUNK, FOLLOW_UP_FROM, FollowUp, Importance, NewFollowUp, State, changed_meanwhile, due_moment, lock, plan, refresh};
use crate::interactions::{self, Channel, Direction, Interaction};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::notifications;
use crate::platform::text::clean_text;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Fields, Instant, Patch, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// A result in own words.
const TEXT_MAX: usize = 4000;

row! {
    /// What of a follow-up can change: as it was before an act, so that the act can be taken back.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Snapshot {
        /// Its id.
        pub id: Id<FollowUp> = "f.id",
        /// Whom it concerns.
        pub party_id: Id<Party> = "f.party_id",
        /// Who is to do it.
        pub owner_id: Id<User> = "f.owner_id",
        /// What is to be done.
        pub what: String = "f.what",
        /// How.
        pub channel: Option<Channel> = "f.channel",
        /// How much depends on it.
        pub importance: Importance = "f.importance",
        /// When it is due.
        pub due_at: Instant = "f.due_at",
        /// When its owner wants to be reminded.
        pub remind_at: Option<Instant> = "f.remind_at",
        /// When they were.
        pub reminded_at: Option<Instant> = "f.reminded_at",
        /// Where it stands.
        pub state: State = "f.state",
        /// When it was done.
        pub done_at: Option<Instant> = "f.done_at",
        /// Who did it.
        pub done_by: Option<Id<User>> = "f.done_by",
        /// What came of it.
        pub result: Option<String> = "f.result",
        /// The same in own words.
        pub result_text: Option<String> = "f.result_text",
        /// The interaction in which it was done.
        pub interaction_id: Option<Id<Interaction>> = "f.interaction_id",
        /// Who was told that it is overdue.
        pub escalation: i64 = "f.escalation",
        /// The version that had this form.
        pub version: i64 = "f.version",
    }
}

/// What an act on a follow-up answers with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Acted {
    /// The follow-up as it is now.
    #[serde(flatten)]
    pub follow_up: FollowUp,
    /// Takes the act back: see `undo.run`.
    pub undo: Id<Undo>,
    /// The next step that was planned along with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id<FollowUp>>,
}

/// Writes all that can change, over the given version.
async fn store(tx: &mut Tx, one: &Snapshot, over: i64) -> Result<()> {
    let stored = tx
        .run(
            sql("UPDATE follow_ups SET owner_id = $1, what = $2, channel = $3, importance = $4, due_at = $5, remind_at = $6,
                   reminded_at = $7, state = $8, done_at = $9, done_by = $10, result = $11, result_text = $12, interaction_id = $13,
                   escalation = $14, version = $15 WHERE id = $16 AND version = $17")
            .bind(one.owner_id)
            .bind(&one.what)
            .bind(one.channel)
            .bind(one.importance)
            .bind(one.due_at)
            .bind(one.remind_at)
            .bind(one.reminded_at)
            .bind(one.state)
            .bind(one.done_at)
            .bind(one.done_by)
            .bind(&one.result)
            .bind(&one.result_text)
            .bind(one.interaction_id)
            .bind(one.escalation)
            .bind(over + 1)
            .bind(one.id)
            .bind(over),
        )
        .await?;
    if stored == 0 { Err(changed_meanwhile()) } else { Ok(()) }
}

async fn seen(tx: &mut Tx, sight: &Sight, id: Id<FollowUp>) -> Result<Snapshot> {
    let mut query = Sql::select::<Snapshot>("FROM follow_ups f JOIN users o ON o.id = f.owner_id WHERE f.id = ");
    query.arg(id);
    sight.follow_ups(&mut query);
    tx.maybe(query).await?.ok_or(Error::NotFound("follow_up"))
}

/// The follow-up as it reads, whoever may see it: for the answer to an act that has just been allowed.
pub(super) async fn as_read(tx: &mut Tx, id: Id<FollowUp>) -> Result<FollowUp> {
    let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
    query.push(" AND f.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// An open follow-up within sight, its party locked.
async fn take(tx: &mut Tx, sight: &Sight, id: Id<FollowUp>, version: Option<i64>) -> Result<Snapshot> {
    let found = seen(tx, sight, id).await?;
    lock(tx, &[found.party_id]).await?;
    if version.is_some_and(|version| version != found.version) {
        return Err(changed_meanwhile());
    }
    if found.state != State::Open {
        return Err(Error::Conflict(Fields(vec![Problem::new("state", "follow-ups-not-open")])));
    }
    Ok(found)
}

/// Stores a changed follow-up with its event and its inverse.
async fn put(
    mut tx: Tx,
    ctx: &Ctx,
    before: Snapshot,
    after: &Snapshot,
    kind: &'static str,
    data: serde_json::Value,
    next: Option<NewFollowUp>,
) -> Result<Acted> {
    store(&mut tx, after, before.version).await?;
    refresh(&mut tx, &[after.party_id]).await?;
    events::record(&mut tx, ctx, Event::of_party(kind, after.party_id, data).about(after.id)).await?;
    let next = match next {
        Some(next) => Some(plan(&mut tx, ctx, next).await?),
        None => None,
    };
    let owners = [before.owner_id, after.owner_id];
    if after.owner_id != before.owner_id && Some(after.owner_id) != ctx.actor.user() {
        tell_new_owner(&mut tx, ctx, after.owner_id, after.party_id, Some(after.id), &after.what, after.due_at).await?;
    }
    let logged = after.interaction_id.filter(|id| Some(*id) != before.interaction_id);
    let undo = undo::remember(&mut tx, ctx, &Inverse::FollowUps { before: vec![before], made: next.into_iter().collect(), logged }).await?;
    let follow_up = as_read(&mut tx, after.id).await?;
    tx.commit().await?;
    for owner in owners {
        notifications::tell(ctx, owner);
    }
    Ok(Acted { follow_up, undo, next })
}

/// The next step that is planned when one is done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextStep {
    /// What is to be done.
    pub what: String,
    /// Until when, as in `follow_ups.create`.
    pub due: String,
    /// Who is to do it; the owner of the one before unless given.
    pub owner_id: Option<Id<User>>,
    /// How much depends on it.
    pub importance: Option<Importance>,
    /// How it is to be done.
    pub channel: Option<Channel>,
    /// Reminds its owner so many minutes before.
    pub remind_minutes: Option<i64>,
}

/// A follow-up that was done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteFollowUp {
    /// Which.
    pub id: Id<FollowUp>,
    /// The version that was seen; without it whatever stands is completed.
    pub version: Option<i64>,
    /// What came of it: a word of list `result`.
    pub result: Option<String>,
    /// The same in own words.
    pub text: Option<String>,
    /// The way it was done: also writes it down as a contact of ours with them.
    pub contact: Option<Channel>,
    /// What is to be done next.
    pub next: Option<NextStep>,
}

/// Notes that a follow-up was done, with what came of it, and plans the next step: one move.
///
/// # Errors
/// [`Error::NotFound`] out of sight, [`Error::Conflict`] when it is not open or has changed meanwhile, problems at
/// `result`, `text` and the fields of `next`.
pub async fn complete(ctx: &Ctx, input: CompleteFollowUp) -> Result<Acted> {
    let writer = ctx.write(Perm(Room::FollowUps, Act::Change))?;
    let text = match &input.text {
        Some(text) => Some(clean_text(text, TEXT_MAX).map_err(|problem| Problem::new("text", problem.key()).with("max", TEXT_MAX))?),
        None => None,
    };
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, &writer.sight, input.id, input.version).await?;
    interactions::check_terms(&mut tx, &[("result", "result", input.result.as_deref())]).await?;
    let mut after = before.clone();
    after.state = State::Done;
    after.done_at = Some(ctx.now());
    after.done_by = ctx.actor.user();
    after.result.clone_from(&input.result);
    after.result_text = text.filter(|text| !text.is_empty());
    if let Some(channel) = input.contact {
        ctx.write(Perm(Room::Interactions, Act::Create))?;
        let text = match &after.result_text {
            Some(text) => format!("{}\n{text}", after.what),
            None => after.what.clone(),
        };
        let entry = interactions::Entry {
            party: before.party_id,
            at: ctx.now(),
            channel,
            direction: Direction::Outbound,
            reason: Some("follow_up".to_owned()),
            origin: None,
            result: input.result.clone(),
            duration_s: None,
            text: Some(text),
        };
        after.interaction_id = Some(interactions::put(&mut tx, ctx, entry).await?);
    }
    let next = input.next.map(|next| NewFollowUp {
        party_id: Some(before.party_id),
        customer: None,
        what: next.what,
        due: next.due,
        owner_id: next.owner_id.or(Some(before.owner_id)),
        importance: next.importance,
        channel: next.channel,
        remind_minutes: next.remind_minutes,
    });
    let data = json!({"what": after.what, "result": after.result, "due_at": after.due_at});
    put(tx, ctx, before, &after, "follow_up.done", data, next).await
}

/// A follow-up to put off.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeFollowUp {
    /// Which.
    pub id: Id<FollowUp>,
    /// The version that was seen.
    pub version: Option<i64>,
    /// Until when, as in `follow_ups.create`.
    pub due: String,
}

/// Puts a follow-up off. What was first promised stays on record.
///
/// # Errors
/// As [`complete`]; problems at `due`.
pub async fn snooze(ctx: &Ctx, input: SnoozeFollowUp) -> Result<Acted> {
    let writer = ctx.write(Perm(Room::FollowUps, Act::Change))?;
    let due = due_moment(ctx, "due", &input.due)?;
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, &writer.sight, input.id, input.version).await?;
    let mut after = before.clone();
    put_off(&mut after, due);
    let data = json!({"what": after.what, "from": before.due_at, "due_at": after.due_at});
    put(tx, ctx, before, &after, "follow_up.snoozed", data, None).await
}

/// Moves the due time, the reminder with it, and starts the telling anew.
fn put_off(one: &mut Snapshot, due: Instant) {
    let by = due.0.saturating_sub(one.due_at.0);
    one.remind_at = one.remind_at.map(|remind| remind.plus(by));
    one.due_at = due;
    one.reminded_at = None;
    one.escalation = 0;
}

/// A follow-up for somebody else.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverFollowUp {
    /// Which.
    pub id: Id<FollowUp>,
    /// The version that was seen.
    pub version: Option<i64>,
    /// Who takes it.
    pub owner_id: Id<User>,
}

/// Hands a follow-up over to a colleague, who is told.
///
/// # Errors
/// As [`complete`]; a problem at `owner_id` for somebody who is not a colleague.
pub async fn hand_over(ctx: &Ctx, input: HandOverFollowUp) -> Result<Acted> {
    let writer = ctx.write(Perm(Room::FollowUps, Act::Change))?;
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, &writer.sight, input.id, input.version).await?;
    // Whoever sees only their own may still give to the people of their unit.
    let reach = match (&writer.sight, &ctx.actor) {
        (Sight::Own(user), crate::Actor::User(actor)) => Sight::Units { units: actor.units.clone(), user: *user },
        (sight, _) => sight.clone(),
    };
    reachable_owner(&mut tx, &reach, input.owner_id).await?;
    let mut after = before.clone();
    after.owner_id = input.owner_id;
    after.escalation = 0;
    let data = json!({"what": after.what, "from": before.owner_id, "owner_id": after.owner_id});
    put(tx, ctx, before, &after, "follow_up.handed_over", data, None).await
}

/// A follow-up that is no longer wanted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelFollowUp {
    /// Which.
    pub id: Id<FollowUp>,
    /// The version that was seen.
    pub version: Option<i64>,
}

/// Cancels a follow-up.
///
/// # Errors
/// As [`complete`].
pub async fn cancel(ctx: &Ctx, input: CancelFollowUp) -> Result<Acted> {
    let writer = ctx.write(Perm(Room::FollowUps, Act::Change))?;
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, &writer.sight, input.id, input.version).await?;
    let mut after = before.clone();
    after.state = State::Cancelled;
    let data = json!({"what": after.what, "due_at": after.due_at});
    put(tx, ctx, before, &after, "follow_up.cancelled", data, None).await
}

/// A change to a follow-up; what is absent stays, `null` takes away the channel or the reminder.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpChange {
    /// Which.
    pub id: Id<FollowUp>,
    /// The version that was seen.
    pub version: i64,
    /// What is to be done.
    pub what: Option<String>,
    /// Until when, as in `follow_ups.create`.
    pub due: Option<String>,
    /// Who is to do it.
    pub owner_id: Option<Id<User>>,
    /// How much depends on it.
    pub importance: Option<Importance>,
    /// How it is to be done; `null` for any way.
    #[serde(default)]
    pub channel: Patch<Channel>,
    /// Reminds its owner so many minutes before; `null` for no reminder.
    #[serde(default)]
    pub remind_minutes: Patch<i64>,
}

/// Changes an open follow-up.
///
/// # Errors
/// As [`complete`]; problems at their fields.
pub async fn change(ctx: &Ctx, input: FollowUpChange) -> Result<Acted> {
    let writer = ctx.write(Perm(Room::FollowUps, Act::Change))?;
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, &writer.sight, input.id, Some(input.version)).await?;
    let mut after = before.clone();
    let mut fields = Fields::default();
    if let Some(what) = &input.what {
        after.what = fields.take(checked_what(what)).unwrap_or_default();
    }
    if let Some(due) = &input.due
        && let Some(due) = fields.take(due_moment(ctx, "due", due))
        && due != before.due_at
    {
        put_off(&mut after, due);
    }
    let asked = fields.take(reminder(after.due_at, input.remind_minutes.new_value().copied())).flatten();
    let remind_at = input.remind_minutes.over(asked, after.remind_at);
    if remind_at != after.remind_at {
        after.remind_at = remind_at;
        after.reminded_at = None;
    }
    fields.check()?;
    if let Some(owner) = input.owner_id.filter(|owner| *owner != before.owner_id) {
        reachable_owner(&mut tx, &writer.sight, owner).await?;
        after.owner_id = owner;
        after.escalation = 0;
    }
    after.importance = input.importance.unwrap_or(after.importance);
    after.channel = input.channel.over(input.channel.new_value().copied(), after.channel);
    let data = json!({"what": after.what, "due_at": after.due_at, "owner_id": after.owner_id});
    put(tx, ctx, before, &after, "follow_up.changed", data, None).await
}

/// Puts follow-ups back as they were before an act.
///
/// # Errors
/// [`Error::Conflict`] at `version` when one of them has changed since; without the right.
pub async fn restore(tx: &mut Tx, ctx: &Ctx, before: Vec<Snapshot>) -> Result<()> {
    ctx.write(Perm(Room::FollowUps, Act::Change))?;
    let parties: Vec<Id<Party>> = before.iter().map(|one| one.party_id).collect::<BTreeSet<_>>().into_iter().collect();
    lock(tx, &parties).await?;
    let mut happened = Vec::with_capacity(before.len());
    for one in &before {
        store(tx, one, one.version + 1).await?;
        happened.push(Event::of_party("follow_up.restored", one.party_id, json!({"what": one.what})).about(one.id));
    }
    events::record_all(tx, ctx, happened).await?;
    refresh(tx, &parties).await
}

/// Removes follow-ups that were just made. Those that somebody has worked on since stay.
///
/// # Errors
/// [`Error::Conflict`] at `version` when all of them have changed since.
pub async fn drop_made(tx: &mut Tx, ctx: &Ctx, ids: &[Id<FollowUp>]) -> Result<()> {
    let mut parties: BTreeMap<Id<FollowUp>, Id<Party>> = BTreeMap::new();
    for chunk in ids.chunks(CHUNK) {
        let mut query = sql("SELECT id, party_id FROM follow_ups WHERE version = 1 AND id IN ");
        query.list_padded(chunk);
        parties.extend(tx.all::<(Id<FollowUp>, Id<Party>)>(query).await?);
    }
    let locked: Vec<Id<Party>> = parties.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
    lock(tx, &locked).await?;
    let mut happened = Vec::with_capacity(parties.len());
    for chunk in ids.chunks(CHUNK) {
        let mut delete = sql("DELETE FROM follow_ups WHERE version = 1 AND id IN ");
        delete.list_padded(chunk).push(" RETURNING id, party_id, what");
        for (id, party, what) in tx.all::<(Id<FollowUp>, Id<Party>, String)>(delete).await? {
            happened.push(Event::of_party("follow_up.taken_back", party, json!({"what": what})).about(id));
        }
    }
    if happened.is_empty() {
        return Err(changed_meanwhile());
    }
    events::record_all(tx, ctx, happened).await?;
    refresh(tx, &locked).await
}

#[cfg(test)]
mod tests {
    use super::super::testing::{complete_input, next_of, notes, party, step, stored};
    use super::super::{FollowUpId, ListFollowUps, create, get, list, plan_many};
    use super::*;
    use crate::platform::notifications::Kind;
    use crate::platform::time::MINUTE;
    use crate::platform::undo::RunUndo;
    use crate::testing::{as_post, ctx};

    #[tokio::test]
    async fn every_act_keeps_the_next_follow_up_of_the_party_and_can_be_taken_back() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        let colleague = as_post(&ctx.app, "agent", "colleague").await;
        let far = ctx.run(create, step(sara, "دور", "2026-12-20T08:00:00Z")).await.unwrap().follow_up;
        let near = ctx.run(create, NewFollowUp { remind_minutes: Some(30), ..step(sara, "نزدیک", "2026-11-25T08:00:00Z") }).await.unwrap();
        let undo_create = near.undo;
        let near = near.follow_up;
        assert_eq!(near.remind_at, Some(near.due_at.plus(-30 * MINUTE)));
        assert_eq!(next_of(&ctx, sara).await, near.due_at);
        let before = stored(&ctx, near.id).await;

        let done = CompleteFollowUp {
            result: Some("answered".into()),
            text: Some("خوش‌حال بود".into()),
            contact: Some(Channel::Phone),
            next: Some(NextStep {
                what: "فرستادن نمونه".into(),
                due: "2026-11-24T08:00:00Z".into(),
                owner_id: None,
                importance: None,
                channel: None,
                remind_minutes: None,
            }),
            ..complete_input(near.id)
        };
        let acted = ctx.run(complete, done).await.unwrap();
        assert_eq!(acted.follow_up.state, State::Done);
        assert_eq!(acted.follow_up.done_at, Some(ctx.now()));
        assert_eq!(acted.follow_up.planned_at, near.planned_at);
        assert_eq!(next_of(&ctx, sara).await.to_string(), "2026-11-24T08:00:00Z");
        let contacts = "SELECT count(*) FROM interactions WHERE party_id = $1";
        assert_eq!(ctx.app.db.one::<(i64,)>(sql(contacts).bind(sara)).await.unwrap(), (1,));
        ctx.run(undo::run, RunUndo { id: acted.undo }).await.unwrap();
        assert_eq!(stored(&ctx, near.id).await, before);
        assert_eq!(next_of(&ctx, sara).await, near.due_at);
        assert_eq!(ctx.app.db.one::<(i64,)>(sql(contacts).bind(sara)).await.unwrap(), (0,));
        assert!(acted.next.is_some());
        assert_eq!(ctx.run(list, ListFollowUps { party_id: Some(sara), ..Default::default() }).await.unwrap().items.len(), 2);

        let input = SnoozeFollowUp { id: near.id, version: None, due: "2026-12-25T08:00:00Z".into() };
        let acted = ctx.run(snooze, input).await.unwrap();
        assert_eq!(acted.follow_up.planned_at, near.planned_at);
        assert_eq!(acted.follow_up.remind_at, Some(acted.follow_up.due_at.plus(-30 * MINUTE)));
        assert_eq!(next_of(&ctx, sara).await, far.due_at);
        ctx.run(undo::run, RunUndo { id: acted.undo }).await.unwrap();
        assert_eq!(stored(&ctx, near.id).await, before);
        assert_eq!(next_of(&ctx, sara).await, near.due_at);

        let acted = ctx.run(cancel, CancelFollowUp { id: near.id, version: None }).await.unwrap();
        assert_eq!(next_of(&ctx, sara).await, far.due_at);
        ctx.run(undo::run, RunUndo { id: acted.undo }).await.unwrap();
        assert_eq!(stored(&ctx, near.id).await, before);

        let owner_id = colleague.actor.user().unwrap();
        let acted = ctx.run(hand_over, HandOverFollowUp { id: near.id, version: None, owner_id }).await.unwrap();
        assert_eq!(acted.follow_up.owner, "colleague");
        assert_eq!(notes(&colleague).await.iter().map(|note| note.kind).collect::<Vec<_>>(), [Kind::HandedOver]);
        ctx.run(undo::run, RunUndo { id: acted.undo }).await.unwrap();
        assert_eq!(stored(&ctx, near.id).await, before);

        let version = ctx.run(get, FollowUpId { id: near.id }).await.unwrap().version;
        let input = FollowUpChange {
            id: near.id,
            version,
            what: Some("کار دیگر".into()),
            due: Some("2026-11-23T08:00:00Z".into()),
            owner_id: None,
            importance: Some(Importance::High),
            channel: Patch::Set(Channel::Visit),
            remind_minutes: Patch::Set(10),
        };
        let acted = ctx.run(change, input.clone()).await.unwrap();
        assert_eq!((acted.follow_up.what.as_str(), acted.follow_up.importance), ("کار دیگر", Importance::High));
        assert_eq!(next_of(&ctx, sara).await.to_string(), "2026-11-23T08:00:00Z");
        let stale = ctx.run(change, input).await.unwrap_err();
        assert_eq!(stale.code(), "conflict");
        ctx.run(undo::run, RunUndo { id: acted.undo }).await.unwrap();
        assert_eq!(stored(&ctx, near.id).await, before);
        assert_eq!(next_of(&ctx, sara).await, near.due_at);

        // Somebody has worked on it since it was made, so the making of it is no longer taken back.
        assert_eq!(ctx.run(undo::run, RunUndo { id: undo_create }).await.unwrap_err().code(), "conflict");
        let made = ctx.run(create, step(sara, "تازه", "2026-11-22T08:00:00Z")).await.unwrap();
        ctx.run(undo::run, RunUndo { id: made.undo }).await.unwrap();
        assert_eq!(ctx.run(get, FollowUpId { id: made.follow_up.id }).await.unwrap_err().code(), "not_found");
        assert_eq!(next_of(&ctx, sara).await, near.due_at);
    }

    #[tokio::test]
    async fn a_change_keeps_what_it_does_not_name_and_takes_away_what_it_calls_null() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        let new = NewFollowUp { channel: Some(Channel::Phone), remind_minutes: Some(30), ..step(sara, "تماس", "فردا") };
        let made = ctx.run(create, new).await.unwrap().follow_up;
        let changed = async |fields: serde_json::Value| {
            let version = ctx.run(get, FollowUpId { id: made.id }).await.unwrap().version;
            let mut input = json!({"id": made.id, "version": version});
            input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let bytes = crate::operations().get("follow_ups.change").unwrap().run(&ctx, input.as_object().unwrap().clone()).await.unwrap();
            let after: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            (after["channel"].clone(), after["remind_at"].clone())
        };
        let reminder = json!(made.due_at.plus(-30 * MINUTE));
        assert_eq!(changed(json!({"importance": "high"})).await, (json!("phone"), reminder.clone()));
        assert_eq!(changed(json!({"channel": null})).await, (json!(null), reminder));
        assert_eq!(changed(json!({"remind_minutes": null, "channel": "visit"})).await, (json!("visit"), json!(null)));
        let worker = ctx.app.system(crate::Door::Job);
        super::super::reminders::remind(&Ctx { now: made.due_at.plus(-MINUTE), ..worker }).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 0, "nobody is reminded of what they took the reminder from");
    }

    #[tokio::test]
    async fn an_act_is_taken_back_once_by_its_doer_and_only_while_nobody_went_on() {
        let ctx = ctx().await;
        let other = as_post(&ctx.app, "owner", "other").await;
        let sara = party(&ctx, "سارا").await;
        let made = ctx.run(create, step(sara, "تماس", "فردا")).await.unwrap();
        let first = ctx.run(snooze, SnoozeFollowUp { id: made.follow_up.id, version: None, due: "1405/9/10".into() }).await.unwrap();
        assert_eq!(other.run(undo::run, RunUndo { id: first.undo }).await.unwrap_err().code(), "not_found");
        let second = ctx.run(snooze, SnoozeFollowUp { id: made.follow_up.id, version: None, due: "1405/9/20".into() }).await.unwrap();
        assert_eq!(ctx.run(undo::run, RunUndo { id: first.undo }).await.unwrap_err().code(), "conflict");
        ctx.run(undo::run, RunUndo { id: second.undo }).await.unwrap();
        assert_eq!(ctx.run(undo::run, RunUndo { id: second.undo }).await.unwrap_err().code(), "not_found");
        assert_eq!(ctx.run(get, FollowUpId { id: made.follow_up.id }).await.unwrap().due_at, first.follow_up.due_at);
    }

    #[tokio::test]
    async fn what_is_done_is_not_done_again() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        let made = ctx.run(create, step(sara, "تماس", "فردا")).await.unwrap().follow_up;
        let unknown = CompleteFollowUp { result: Some("no such word".into()), ..complete_input(made.id) };
        assert_eq!(ctx.run(complete, unknown).await.unwrap_err().code(), "invalid");
        ctx.run(complete, complete_input(made.id)).await.unwrap();
        assert_eq!(ctx.run(complete, complete_input(made.id)).await.unwrap_err().code(), "conflict");
        assert_eq!(ctx.run(cancel, CancelFollowUp { id: made.id, version: None }).await.unwrap_err().code(), "conflict");
        assert_eq!(next_of(&ctx, sara).await, Instant::NOT_PLANNED);
    }

    #[tokio::test]
    async fn one_plan_for_many_is_taken_back_as_one() {
        let ctx = ctx().await;
        let agent = as_post(&ctx.app, "agent", "agent").await;
        let mut parties = Vec::new();
        for name in ["یک", "دو", "سه"] {
            parties.push(party(&agent, name).await);
        }
        parties.push(party(&ctx, "از دیگری").await);
        let mut tx = ctx.app.db.begin().await.unwrap();
        let new = NewFollowUp { what: "تبریک نوروز".into(), due: "1406/1/1".into(), ..NewFollowUp::default() };
        let ids = plan_many(&mut tx, &agent, &parties, new).await.unwrap();
        let undo = undo::remember(&mut tx, &agent, &Inverse::DropFollowUps { ids: ids.clone() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids.len(), 3);
        assert_eq!(next_of(&ctx, parties[3]).await, Instant::NOT_PLANNED);
        agent.run(complete, complete_input(ids[0])).await.unwrap();
        agent.run(undo::run, RunUndo { id: undo }).await.unwrap();
        let left: Vec<(Id<FollowUp>,)> = ctx.app.db.all(sql("SELECT id FROM follow_ups")).await.unwrap();
        assert_eq!(left, [(ids[0],)]);
        assert_eq!(next_of(&ctx, parties[1]).await, Instant::NOT_PLANNED);
    }
}
