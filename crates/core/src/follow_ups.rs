//! What is to be done next, by whom and until when. Every act keeps `parties.next_follow_up_at` right in its own
//! transaction: the earliest due time of what is open, or [`Instant::NOT_PLANNED`].

pub mod reminders;

use crate::interactions::{self, Channel, Direction, Interaction};
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::calendar::{self, DateProblem};
use crate::platform::events::{self, Event};
use crate::platform::notifications::{self, Kind, News};
use crate::platform::text::{clean_line, clean_text};
use crate::platform::time::MINUTE;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be done fits on a line of a list.
const WHAT_MAX: usize = 200;
/// A result in own words.
const TEXT_MAX: usize = 4000;
/// A reminder comes at most four weeks ahead.
const REMIND_MAX: i64 = 28 * 24 * 60;
/// A step without an hour is due when its day ends: at this minute of it.
pub const DAY_ENDS: (i8, i8) = (23, 59);

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

/// A follow-up to plan.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFollowUp {
    /// Whom it concerns.
    pub party_id: Option<Id<Party>>,
    /// Whom it concerns, by any identity key, phone or code.
    pub customer: Option<String>,
    /// What is to be done, in a line.
    #[serde(default)]
    pub what: String,
    /// Until when: a moment in RFC 3339, or a day with or without an hour as people write it, in the caller's calendar
    /// and time zone (`1405/9/3 10:30`, `tomorrow`). Without an hour it is due when the day ends.
    #[serde(default)]
    pub due: String,
    /// Who is to do it; the caller unless given.
    pub owner_id: Option<Id<User>>,
    /// How much depends on it; normal unless given.
    pub importance: Option<Importance>,
    /// How it is to be done.
    pub channel: Option<Channel>,
    /// Reminds its owner so many minutes before.
    pub remind_minutes: Option<i64>,
}

/// What a caller may plan, checked.
struct Planned {
    owner: Id<User>,
    what: String,
    due: Instant,
    remind_at: Option<Instant>,
    importance: Importance,
    channel: Option<Channel>,
}

/// The moment that a due time means.
///
/// # Errors
/// A problem at `field`: not read as a date, or before today.
pub fn due_moment(ctx: &Ctx, field: &'static str, text: &str) -> Result<Instant, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::new(field, "input-needed"));
    }
    let today = ctx.today();
    let zone = &ctx.prefs.time_zone;
    let unread = |problem: DateProblem| Problem::new(field, problem.key());
    let due = if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        Instant(moment.as_millisecond())
    } else {
        let (date, time) = calendar::parse_moment(text, ctx.prefs.calendar, None, today.0).map_err(unread)?;
        let time = time.unwrap_or(jiff::civil::Time::constant(DAY_ENDS.0, DAY_ENDS.1, 0, 0));
        let moment = zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().map_err(|_| unread(DateProblem::OutOfRange))?;
        Instant(moment.as_millisecond())
    };
    if due < Instant::start_of(today, zone) {
        return Err(Problem::new(field, "follow-ups-due-past"));
    }
    if due >= Instant::NOT_PLANNED {
        return Err(unread(DateProblem::OutOfRange));
    }
    Ok(due)
}

fn checked_what(what: &str) -> Result<String, Problem> {
    let what = clean_line(what, WHAT_MAX).map_err(|problem| Problem::new("what", problem.key()).with("max", WHAT_MAX))?;
    if what.is_empty() { Err(Problem::new("what", "input-needed")) } else { Ok(what) }
}

fn reminder(due: Instant, minutes: Option<i64>) -> Result<Option<Instant>, Problem> {
    match minutes {
        None => Ok(None),
        Some(minutes @ 0..=REMIND_MAX) => Ok(Some(due.plus(-minutes * MINUTE))),
        Some(_) => Err(Problem::new("remind_minutes", "input-range").with("min", 0).with("max", REMIND_MAX)),
    }
}

/// Refuses an owner who is not there, or whose follow-ups the caller would not see: nobody plans what they lose.
async fn reachable_owner(tx: &mut Tx, sight: &Sight, owner: Id<User>) -> Result<(), Error> {
    let mut query = sql("SELECT is_active FROM users u WHERE u.id = ");
    query.arg(owner);
    crate::platform::users::sight(sight, &mut query);
    match tx.maybe::<(bool,)>(query).await? {
        Some((true,)) => Ok(()),
        _ => Err(Error::invalid("owner_id", "follow-ups-owner-unknown")),
    }
}

async fn checked(tx: &mut Tx, ctx: &Ctx, sight: &Sight, new: &NewFollowUp) -> Result<Planned> {
    let mut fields = Fields::default();
    let what = fields.take(checked_what(&new.what));
    let due = fields.take(due_moment(ctx, "due", &new.due));
    let remind_at = due.and_then(|due| fields.take(reminder(due, new.remind_minutes)));
    let owner = new.owner_id.or_else(|| ctx.actor.user());
    if owner.is_none() {
        fields.add("owner_id", "input-needed");
    }
    fields.check()?;
    let (Some(what), Some(due), Some(owner)) = (what, due, owner) else { return Err(Error::invalid("", "input-needed")) };
    reachable_owner(tx, sight, owner).await?;
    let importance = new.importance.unwrap_or(Importance::Normal);
    Ok(Planned { owner, what, due, remind_at: remind_at.flatten(), importance, channel: new.channel })
}

/// Plans a follow-up inside a transaction of the caller's: a next step after a contact, a step of a bulk act.
///
/// # Errors
/// Without the right, for a party out of sight, or with each problem at its field.
pub async fn plan(tx: &mut Tx, ctx: &Ctx, new: NewFollowUp) -> Result<Id<FollowUp>> {
    let sight = ctx.read(Perm(Room::Parties, Act::See))?.sight;
    let party = whom::need(tx, ctx, &sight, new.party_id, new.customer.as_deref()).await?;
    let made = plan_many(tx, ctx, &[party.id], new).await?;
    made.first().copied().ok_or(Error::NotFound("party"))
}

/// Plans the same follow-up for many parties; those out of sight are left out. `new` names none itself.
///
/// # Errors
/// Without the right, or with each problem at its field.
pub async fn plan_many(tx: &mut Tx, ctx: &Ctx, parties: &[Id<Party>], new: NewFollowUp) -> Result<Vec<Id<FollowUp>>> {
    let sight = ctx.write(Perm(Room::FollowUps, Act::Create))?.sight;
    let party_sight = ctx.read(Perm(Room::Parties, Act::See))?.sight;
    let planned = checked(tx, ctx, &sight, &new).await?;
    let mut made = Vec::with_capacity(parties.len());
    for chunk in parties.chunks(CHUNK) {
        let mut query = sql("SELECT p.id FROM parties p WHERE p.archived_at IS NULL AND p.id IN ");
        query.list_padded(chunk);
        party_sight.parties(&mut query);
        query.push(" ORDER BY p.id {for_update}");
        let seen: Vec<(Id<Party>,)> = tx.all(query).await?;
        let mut rows = Vec::with_capacity(seen.len());
        let mut happened = Vec::with_capacity(seen.len());
        for (party,) in &seen {
            let id: Id<FollowUp> = ctx.id();
            rows.push(vec![
                id.to_value(),
                party.to_value(),
                planned.owner.to_value(),
                planned.what.to_value(),
                planned.channel.to_value(),
                planned.importance.to_value(),
                planned.due.to_value(),
                planned.due.to_value(),
                planned.remind_at.to_value(),
                State::Open.to_value(),
                0_i64.to_value(),
                1_i64.to_value(),
                ctx.actor.user().to_value(),
                ctx.now().to_value(),
            ]);
            let data = json!({"what": planned.what, "due_at": planned.due, "owner_id": planned.owner});
            happened.push(Event::of_party("follow_up.planned", *party, data).about(id));
            made.push(id);
        }
        for statement in Sql::inserts(
            "INSERT INTO follow_ups (id, party_id, owner_id, what, channel, importance, planned_at, due_at, remind_at, state,
               escalation, version, created_by, created_at) VALUES ",
            rows,
            "",
        ) {
            tx.run(statement).await?;
        }
        events::record_all(tx, ctx, happened).await?;
        let seen: Vec<Id<Party>> = seen.into_iter().map(|(party,)| party).collect();
        refresh(tx, &seen).await?;
        // One follow-up for a colleague is news to them; the many of a bulk act would only bury the rest.
        if let [party] = *parties
            && seen.contains(&party)
            && Some(planned.owner) != ctx.actor.user()
        {
            tell_new_owner(tx, ctx, planned.owner, party, made.last().copied(), &planned.what, planned.due).await?;
        }
    }
    Ok(made)
}

/// Parties of one statement.
const CHUNK: usize = 512;

async fn tell_new_owner(
    tx: &mut Tx,
    ctx: &Ctx,
    owner: Id<User>,
    party: Id<Party>,
    follow_up: Option<Id<FollowUp>>,
    what: &str,
    due: Instant,
) -> Result<()> {
    let from = match &ctx.actor {
        crate::Actor::User(user) => Some(user.name.as_str()),
        crate::Actor::Nobody | crate::Actor::System => None,
    };
    let data = json!({"what": what, "due_at": due, "from": from});
    let subject = follow_up.map(|id| id.0);
    notifications::notify(tx, ctx, vec![News { user: owner, kind: Kind::HandedOver, party: Some(party), subject, data }]).await
}

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

fn changed_meanwhile() -> Error {
    Error::Conflict(Fields(vec![Problem::new("version", "follow-ups-changed-meanwhile")]))
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

async fn seen(tx: &mut Tx, sight: &Sight, id: Id<FollowUp>) -> Result<Snapshot> {
    let mut query = Sql::select::<Snapshot>("FROM follow_ups f JOIN users o ON o.id = f.owner_id WHERE f.id = ");
    query.arg(id);
    sight.follow_ups(&mut query);
    tx.maybe(query).await?.ok_or(Error::NotFound("follow_up"))
}

/// The follow-up as it reads, whoever may see it: for the answer to an act that has just been allowed.
async fn as_read(tx: &mut Tx, id: Id<FollowUp>) -> Result<FollowUp> {
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

/// Plans a follow-up.
///
/// # Errors
/// Without the right, for a party out of sight, or with each problem at its field.
pub async fn create(ctx: &Ctx, new: NewFollowUp) -> Result<Acted> {
    let writer = ctx.write(Perm(Room::FollowUps, Act::Create))?;
    let mut tx = writer.begin().await?;
    let id = plan(&mut tx, ctx, new).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::DropFollowUps { ids: vec![id] }).await?;
    let follow_up = as_read(&mut tx, id).await?;
    tx.commit().await?;
    notifications::tell(ctx, follow_up.owner_id);
    Ok(Acted { follow_up, undo, next: None })
}

/// Which follow-up.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpId {
    /// Its id.
    pub id: Id<FollowUp>,
}

/// One follow-up.
///
/// # Errors
/// [`Error::NotFound`] for one that does not exist or is out of sight.
pub async fn get(ctx: &Ctx, input: FollowUpId) -> Result<FollowUp> {
    let reader = ctx.read(Perm(Room::FollowUps, Act::See))?;
    let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
    query.push(" AND f.id = ").arg(input.id);
    reader.sight.follow_ups(&mut query);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("follow_up"))
}

peyvand_db::words! {
    /// When an open follow-up is due.
    pub enum Due {
        /// Before now.
        Overdue = "overdue",
        /// Later today.
        Today = "today",
        /// After today.
        Later = "later",
    }
}

/// Which follow-ups.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFollowUps {
    /// Where they stand; open ones unless given.
    pub state: Option<State>,
    /// Only those due then.
    pub due: Option<Due>,
    /// Only this person's.
    pub owner_id: Option<Id<User>>,
    /// Only the caller's own.
    #[serde(default)]
    pub mine: bool,
    /// Only those of this party.
    pub party_id: Option<Id<Party>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Follow-ups within sight: open ones by their due time, others with the latest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListFollowUps) -> Result<Page<FollowUp>> {
    let reader = ctx.read(Perm(Room::FollowUps, Act::See))?;
    let limit = page_size(input.limit)?;
    let state = input.state.unwrap_or(State::Open);
    let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
    query.push(" AND f.state = ").arg(state);
    reader.sight.follow_ups(&mut query);
    let owner = if input.mine { ctx.actor.user() } else { input.owner_id };
    if let Some(owner) = owner {
        query.push(" AND f.owner_id = ").arg(owner);
    }
    if let Some(party) = input.party_id {
        query.push(" AND f.party_id = ").arg(party);
    }
    if let Some(due) = input.due {
        due_range(ctx, due, &mut query);
    }
    let newest_first = state != State::Open;
    if let Some(after) = &input.after {
        let (at, id) = events::cursor::<FollowUp>(after)?;
        query.push(if newest_first { " AND (f.due_at, f.id) < (" } else { " AND (f.due_at, f.id) > (" });
        query.arg(at).push(", ").arg(id).push(")");
    }
    query.push(if newest_first { " ORDER BY f.due_at DESC, f.id DESC LIMIT " } else { " ORDER BY f.due_at, f.id LIMIT " });
    query.arg(limit + 1);
    let mut items: Vec<FollowUp> = reader.db.all(query).await?;
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|last| format!("{}_{}", last.due_at.0, last.id));
    Ok(Page { items, next })
}

/// Adds the condition on the due time, for a query in which table `follow_ups` has the alias `f`.
pub fn due_range(ctx: &Ctx, due: Due, query: &mut Sql) {
    let tomorrow = Instant::start_of(ctx.today().plus(1), &ctx.prefs.time_zone);
    match due {
        Due::Overdue => query.push(" AND f.due_at < ").arg(ctx.now()),
        Due::Today => query.push(" AND f.due_at >= ").arg(ctx.now()).push(" AND f.due_at < ").arg(tomorrow),
        Due::Later => query.push(" AND f.due_at >= ").arg(tomorrow),
    };
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

/// A change to a follow-up; what is absent stays.
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
    /// How it is to be done.
    pub channel: Option<Channel>,
    /// Reminds its owner so many minutes before.
    pub remind_minutes: Option<i64>,
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
    if input.remind_minutes.is_some() {
        let remind_at = fields.take(reminder(after.due_at, input.remind_minutes)).flatten();
        if remind_at != after.remind_at {
            after.remind_at = remind_at;
            after.reminded_at = None;
        }
    }
    fields.check()?;
    if let Some(owner) = input.owner_id.filter(|owner| *owner != before.owner_id) {
        reachable_owner(&mut tx, &writer.sight, owner).await?;
        after.owner_id = owner;
        after.escalation = 0;
    }
    after.importance = input.importance.unwrap_or(after.importance);
    after.channel = input.channel.or(after.channel);
    let data = json!({"what": after.what, "due_at": after.due_at, "owner_id": after.owner_id});
    put(tx, ctx, before, &after, "follow_up.changed", data, None).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::platform::access::{Rights, Unit};
    use crate::platform::jobs;
    use crate::platform::notifications::{ListNotifications, Notification};
    use crate::platform::time::{DAY, HOUR};
    use crate::platform::undo::RunUndo;
    use crate::testing::{NOW, as_post, ctx, with_rights};
    use crate::{App, Door};

    async fn party(ctx: &Ctx, name: &str) -> Id<Party> {
        let new = NewParty { name: Some(name.into()), ..NewParty::default() };
        ctx.run(crate::parties::party::create, new).await.unwrap().id
    }

    fn step(party: Id<Party>, what: &str, due: &str) -> NewFollowUp {
        NewFollowUp { party_id: Some(party), what: what.into(), due: due.into(), ..NewFollowUp::default() }
    }

    async fn next_of(ctx: &Ctx, party: Id<Party>) -> Instant {
        let (at,): (Instant,) = ctx.app.db.one(sql("SELECT next_follow_up_at FROM parties WHERE id = $1").bind(party)).await.unwrap();
        at
    }

    /// All that can change of a follow-up, but for its version.
    async fn stored(ctx: &Ctx, id: Id<FollowUp>) -> serde_json::Value {
        let mut query = Sql::select::<Snapshot>("FROM follow_ups f WHERE f.id = ");
        query.arg(id);
        let snapshot: Snapshot = ctx.app.db.one(query).await.unwrap();
        let mut value = serde_json::to_value(snapshot).unwrap();
        value.as_object_mut().unwrap().remove("version");
        value
    }

    fn complete_input(id: Id<FollowUp>) -> CompleteFollowUp {
        CompleteFollowUp { id, version: None, result: None, text: None, contact: None, next: None }
    }

    /// Another moment on the same database: the later of two requests.
    fn later(ctx: &Ctx, milliseconds: i64) -> Ctx {
        Ctx { now: ctx.now().plus(milliseconds), ..ctx.clone() }
    }

    async fn notes(ctx: &Ctx) -> Vec<Notification> {
        ctx.run(notifications::list, ListNotifications::default()).await.unwrap().items
    }

    #[tokio::test]
    async fn a_day_without_an_hour_is_due_when_it_ends() {
        let ctx = ctx().await;
        let party = party(&ctx, "سارا محمدی").await;
        let made = ctx.run(create, step(party, "تماس", "۱۴۰۵/۹/۱")).await.unwrap();
        // 1 Azar 1405 is 22 November 2026; 23:59 in Tehran is 20:29 UTC.
        assert_eq!(made.follow_up.due_at.to_string(), "2026-11-22T20:29:00Z");
        assert_eq!(made.follow_up.planned_at, made.follow_up.due_at);
        let made = ctx.run(create, step(party, "تماس", "1405/9/1 10:30")).await.unwrap();
        assert_eq!(made.follow_up.due_at.to_string(), "2026-11-22T07:00:00Z");
        let made = ctx.run(create, step(party, "تماس", "2026-11-22T07:00:00Z")).await.unwrap();
        assert_eq!(made.follow_up.due_at.to_string(), "2026-11-22T07:00:00Z");
        let made = ctx.run(create, step(party, "تماس", "فردا")).await.unwrap();
        assert_eq!(made.follow_up.due_at.to_string(), "2026-11-22T20:29:00Z");
    }

    #[tokio::test]
    async fn what_cannot_be_planned_is_refused_at_its_field() {
        let ctx = ctx().await;
        let party = party(&ctx, "سارا").await;
        let error = ctx.run(create, NewFollowUp { remind_minutes: Some(-1), ..step(party, " ", "1405/8/29") }).await.unwrap_err();
        let Error::Invalid(fields) = error else { panic!("{error}") };
        let found: Vec<&str> = fields.0.iter().map(|problem| &*problem.key).collect();
        assert_eq!(found, ["input-needed", "follow-ups-due-past"]);
        assert_eq!(next_of(&ctx, party).await, Instant::NOT_PLANNED);
    }

    #[tokio::test]
    async fn a_customer_may_be_named_by_a_phone_number() {
        let ctx = ctx().await;
        let new = NewParty { name: Some("سارا".into()), mobile: Some("09125550142".into()), ..NewParty::default() };
        let sara = ctx.run(crate::parties::party::create, new).await.unwrap();
        let new = NewFollowUp {
            customer: Some("۰۹۱۲ ۵۵۵ ۰۱۴۲".into()), what: "تماس".into(), due: "فردا".into(), ..Default::default()
        };
        let made = ctx.run(create, new).await.unwrap();
        assert_eq!(made.follow_up.party_id, sara.id);
    }

    #[tokio::test]
    async fn a_customer_may_be_named_by_an_id_of_any_system_that_one_customer_alone_has() {
        use crate::parties::check::NewParty;
        let ctx = ctx().await;
        let add = async |name: &str, system: &str| {
            let keys =
                NewParty { name: Some(name.into()), external_id: Some("K-77".into()), system: Some(system.into()), ..NewParty::default() };
            ctx.run(crate::parties::party::create, keys).await.unwrap().id
        };
        let sara = add("سارا", "sepidar").await;
        let call =
            || NewFollowUp { customer: Some("k-۷۷".into()), what: "تماس".into(), due: "tomorrow".into(), ..NewFollowUp::default() };
        assert_eq!(ctx.run(create, call()).await.unwrap().follow_up.party_id, sara);
        add("رضا", "holoo").await;
        let Error::Invalid(fields) = ctx.run(create, call()).await.unwrap_err() else { panic!("neither is guessed") };
        assert_eq!(fields.0[0].key, "interactions-customer-several");
    }

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
            channel: Some(Channel::Visit),
            remind_minutes: Some(10),
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
    async fn an_agent_sees_their_own_and_a_manager_those_of_the_unit() {
        let ctx = ctx().await;
        let sara = as_post(&ctx.app, "agent", "sara").await;
        let reza = as_post(&ctx.app, "agent", "reza").await;
        let manager = as_post(&ctx.app, "manager", "manager").await;
        let customer = party(&sara, "مشتری").await;
        let made = sara.run(create, step(customer, "تماس", "فردا")).await.unwrap().follow_up;
        assert_eq!(reza.run(list, ListFollowUps::default()).await.unwrap().items.len(), 0);
        assert_eq!(reza.run(get, FollowUpId { id: made.id }).await.unwrap_err().code(), "not_found");
        assert_eq!(reza.run(complete, complete_input(made.id)).await.unwrap_err().code(), "not_found");
        assert_eq!(reza.run(create, step(customer, "تماس", "فردا")).await.unwrap_err().code(), "not_found");
        assert_eq!(manager.run(list, ListFollowUps::default()).await.unwrap().items[0].id, made.id);
        assert_eq!(manager.run(list, ListFollowUps { mine: true, ..Default::default() }).await.unwrap().items.len(), 0);
        // Whoever sees only their own plans for themselves, and hands over to a colleague.
        let reza_id = reza.actor.user();
        let for_reza = NewFollowUp { owner_id: reza_id, ..step(customer, "تماس", "فردا") };
        assert_eq!(sara.run(create, for_reza).await.unwrap_err().code(), "invalid");
        let input = HandOverFollowUp { id: made.id, version: Some(made.version), owner_id: reza_id.unwrap() };
        sara.run(hand_over, input).await.unwrap();
        assert_eq!(reza.run(list, ListFollowUps::default()).await.unwrap().items.len(), 1);
        assert_eq!(sara.run(list, ListFollowUps::default()).await.unwrap().items.len(), 0);
        let nobody = with_rights(&ctx.app, reza_id.unwrap(), "reza", Rights::default(), vec![]);
        assert_eq!(nobody.run(list, ListFollowUps::default()).await.unwrap_err().code(), "forbidden");
    }

    #[tokio::test]
    async fn a_list_goes_on_where_the_page_before_ended() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        for number in 0..5 {
            ctx.run(create, step(sara, &format!("کار {number}"), "1405/9/5 10:00")).await.unwrap();
        }
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = ctx.run(list, ListFollowUps { after, limit: Some(2), ..Default::default() }).await.unwrap();
            seen.extend(page.items.into_iter().map(|one| one.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 5);
        assert!(seen.is_sorted());
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

    /// The shop below the town below the country; the shop's head is `head`, the country's `top`.
    async fn tree(app: &App, head: Id<User>, top: Id<User>) {
        let mut tx = app.db.begin().await.unwrap();
        let (shop,): (Id<Unit>,) = tx.one(sql("SELECT id FROM units")).await.unwrap();
        let (town, country): (Id<Unit>, Id<Unit>) = (crate::context::new_id(NOW), crate::context::new_id(NOW));
        let add = "INSERT INTO units (id, name, parent_id, head_id, created_at) VALUES ($1, $2, $3, $4, $5)";
        tx.run(sql(add).bind(country).bind("country").bind(None::<Id<Unit>>).bind(top).bind(NOW)).await.unwrap();
        tx.run(sql(add).bind(town).bind("town").bind(country).bind(None::<Id<User>>).bind(NOW)).await.unwrap();
        tx.run(sql("UPDATE units SET parent_id = $1, head_id = $2 WHERE id = $3").bind(town).bind(head).bind(shop)).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn owner_and_head_are_told_exactly_once_by_two_workers() {
        let ctx = ctx().await;
        let head = as_post(&ctx.app, "manager", "head").await;
        let sara = as_post(&ctx.app, "agent", "sara").await;
        tree(&ctx.app, head.actor.user().unwrap(), ctx.actor.user().unwrap()).await;
        let customer = party(&sara, "مشتری").await;
        let soon = ctx.now().plus(2 * HOUR).to_string();
        sara.run(create, NewFollowUp { remind_minutes: Some(60), ..step(customer, "تماس", &soon) }).await.unwrap();
        let heads = party(&head, "مشتری سرپرست").await;
        head.run(create, step(heads, "کار سرپرست", &soon)).await.unwrap();

        let worker = ctx.app.system(Door::Job);
        let both = async |after: i64| {
            let at = later(&worker, after);
            let (one, other) = tokio::join!(reminders::remind(&at), reminders::remind(&at));
            one.unwrap();
            other.unwrap();
        };
        let kinds = async |ctx: &Ctx| notes(ctx).await.iter().map(|note| note.kind).collect::<Vec<_>>();
        both(0).await;
        assert_eq!(kinds(&sara).await, []);
        both(HOUR).await;
        both(HOUR + MINUTE).await;
        assert_eq!(kinds(&sara).await, [Kind::Reminder]);
        both(2 * HOUR + 1).await;
        both(3 * HOUR).await;
        assert_eq!(kinds(&sara).await, [Kind::Overdue, Kind::Reminder]);
        assert_eq!(kinds(&head).await, [Kind::Overdue]);
        both(2 * HOUR + DAY + 1).await;
        both(9 * DAY).await;
        assert_eq!(kinds(&sara).await, [Kind::Overdue, Kind::Reminder]);
        // Sara's goes to the head of her unit; the head's own goes over the town, which has none, to the country's.
        assert_eq!(kinds(&head).await, [Kind::Escalated, Kind::Overdue]);
        assert_eq!(kinds(&ctx).await, [Kind::Escalated]);
    }

    #[tokio::test]
    async fn what_was_put_off_is_told_of_anew_and_what_is_done_is_not() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        let soon = ctx.now().plus(HOUR).to_string();
        let one = ctx.run(create, step(sara, "یک", &soon)).await.unwrap().follow_up;
        let other = ctx.run(create, step(sara, "دو", &soon)).await.unwrap().follow_up;
        ctx.run(complete, complete_input(other.id)).await.unwrap();
        let worker = ctx.app.system(Door::Job);
        reminders::remind(&later(&worker, 2 * HOUR)).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 1);
        let due = ctx.now().plus(5 * HOUR).to_string();
        ctx.run(snooze, SnoozeFollowUp { id: one.id, version: None, due }).await.unwrap();
        reminders::remind(&later(&worker, 3 * HOUR)).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 1);
        reminders::remind(&later(&worker, 6 * HOUR)).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 2);
    }

    #[tokio::test]
    async fn the_worker_reminds_by_its_schedule() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        let soon = ctx.now().plus(HOUR).to_string();
        ctx.run(create, step(sara, "تماس", &soon)).await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 0);
        // As when the program was switched off for a while.
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE follow_ups SET due_at = $1").bind(NOW.plus(-MINUTE))).await.unwrap();
        tx.run(sql("UPDATE schedules SET next_at = 0")).await.unwrap();
        tx.commit().await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        assert_eq!(notes(&ctx).await.iter().map(|note| note.kind).collect::<Vec<_>>(), [Kind::Overdue]);
    }

    #[tokio::test]
    async fn lists_and_reminders_read_index_ranges() {
        let ctx = ctx().await;
        let sight = Sight::Own(ctx.actor.user().unwrap());
        let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
        query.push(" AND f.state = ").arg(State::Open);
        sight.follow_ups(&mut query);
        due_range(&ctx, Due::Overdue, &mut query);
        query.push(" ORDER BY f.due_at, f.id LIMIT ").arg(21_i64);
        if ctx.app.db.engine() == peyvand_db::Engine::Sqlite {
            let plan: Vec<(i64, i64, i64, String)> = ctx.app.db.all(query.explain(peyvand_db::Engine::Sqlite)).await.unwrap();
            let plan: Vec<String> = plan.into_iter().map(|row| row.3).collect();
            assert!(plan.iter().any(|line| line.contains("follow_ups_owner_id_state_due_at_id")), "{plan:?}");
            assert!(!plan.iter().any(|line| line.contains("SCAN") || line.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
