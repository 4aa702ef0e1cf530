//! Planning a follow-up: what may be planned, for one party or for many.

use super::act::{Acted, as_read};
use super::{CHUNK, DAY_ENDS, FollowUp, Importance, State, refresh};
use crate::interactions::{Channel, reach};
use crate::parties::{Party, whom};
use crate::platform::access::User;
use crate::platform::calendar::{self, DateProblem};
use crate::platform::events::{self, Event};
use crate::platform::notifications::{self, Kind, News};
use crate::platform::text::clean_line;
use crate::platform::time::MINUTE;
use crate::platform::undo::{self, Inverse};
use crate::{Act, Ctx, Error, Fields, Instant, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, sql};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What is to be done fits on a line of a list.
const WHAT_MAX: usize = 200;
/// A reminder comes at most four weeks ahead.
const REMIND_MAX: i64 = 28 * 24 * 60;

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
    /// How it is to be done; by the way that the customer prefers, else by which they are best reached, unless given.
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

pub(super) fn checked_what(what: &str) -> Result<String, Problem> {
    let what = clean_line(what, WHAT_MAX).map_err(|problem| Problem::new("what", problem.key()).with("max", WHAT_MAX))?;
    if what.is_empty() { Err(Problem::new("what", "input-needed")) } else { Ok(what) }
}

pub(super) fn reminder(due: Instant, minutes: Option<i64>) -> Result<Option<Instant>, Problem> {
    match minutes {
        None => Ok(None),
        Some(minutes @ 0..=REMIND_MAX) => Ok(Some(due.plus(-minutes * MINUTE))),
        Some(_) => Err(Problem::new("remind_minutes", "input-range").with("min", 0).with("max", REMIND_MAX)),
    }
}

/// Refuses an owner who is not there, or whose follow-ups the caller would not see: nobody plans what they lose.
pub(super) async fn reachable_owner(tx: &mut Tx, sight: &Sight, owner: Id<User>) -> Result<(), Error> {
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
pub async fn plan(tx: &mut Tx, ctx: &Ctx, mut new: NewFollowUp) -> Result<Id<FollowUp>> {
    let sight = ctx.read(Perm(Room::Parties, Act::See))?.sight;
    let party = whom::need(tx, ctx, &sight, new.party_id, new.customer.as_deref()).await?;
    if new.channel.is_none() {
        new.channel = reach::default_channel(tx, ctx, party.id).await?;
    }
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

pub(super) async fn tell_new_owner(
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

#[cfg(test)]
mod tests {
    use super::super::testing::{next_of, party, step};
    use super::*;
    use crate::parties::check::NewParty;
    use crate::testing::ctx;

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
}
