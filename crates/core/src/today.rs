//! What needs somebody today, and how their own work goes. Each part reads an index range of bounded length, so that
//! the page opens as fast with a million customers as with ten.

use crate::follow_ups::{self, Due, FOLLOW_UP_FROM, FollowUp, State};
use crate::parties::Party;
use crate::parties::check::Role;
use crate::parties::list::{Next, PartyFilters};
use crate::platform::access::{User, UserActor};
use crate::platform::calendar::week_around;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Db, FromRow, Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows of a part.
const SHOWN: i64 = 20;
/// Rows of a part are counted up to here.
pub const COUNTED: i64 = 500;
/// Of what came lately at most this many rows are looked at: an import brings more than anybody greets by hand.
const LOOKED_AT: i64 = 2000;
const BY_DUE: &str = " ORDER BY f.due_at, f.id";
/// The badge in the menu counts up to here.
const BADGE: i64 = 100;

peyvand_db::words! {
    /// Whose day it is.
    pub enum Scope {
        /// The caller's own.
        Own = "own",
        /// All that the caller may see.
        Unit = "unit",
    }
}

/// Whose day.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetToday {
    /// Their own unless given.
    pub scope: Option<Scope>,
}

/// A part of the day.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Part<T> {
    /// The first rows.
    pub items: Vec<T>,
    /// How many there are, counted up to 500.
    pub count: i64,
    /// Whether there are more than were counted.
    pub more: bool,
}

impl<T> Part<T> {
    const NOTHING: Part<T> = Part { items: Vec::new(), count: 0, more: false };
}

row! {
    /// A customer who needs somebody.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Waiting {
        /// The id.
        pub id: Id<Party> = "p.id",
        /// The name.
        pub name: String = "p.name",
        /// What they are to us.
        pub role: Role = "p.role",
        /// Their number to call, E.164.
        pub phone: Option<String> = "p.phone",
        /// Who looks after them.
        pub owner: Option<String> = "(SELECT u.name FROM users u WHERE u.id = p.owner_id)",
        /// When we last had contact; absent for never.
        pub last_contact_at: Option<Instant> = "NULLIF(p.last_contact_at, 0)",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// The day from which they count as silent.
        pub silent_from: Option<Day> = "NULLIF(p.silent_from, '')",
        /// When they were added.
        pub created_at: Instant = "p.created_at",
    }
}

/// How somebody's own work goes.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct MyNumbers {
    /// Follow-ups done today.
    pub done_today: i64,
    /// Follow-ups done since the week began.
    pub done_week: i64,
    /// Of those, done by the time that was first promised.
    pub kept_week: i64,
    /// Contacts written down today.
    pub logged_today: i64,
}

/// The day.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Today {
    /// Which day it is for the caller.
    pub day: Day,
    /// Whose day it is.
    pub scope: Scope,
    /// Whether the caller may see more than their own.
    pub sees_unit: bool,
    /// Follow-ups whose time has passed, the oldest first.
    pub overdue: Part<FollowUp>,
    /// Follow-ups still due today.
    pub due_today: Part<FollowUp>,
    /// Customers who have been silent for longer than they used to be, with nothing planned, the latest first.
    pub silent: Part<Waiting>,
    /// Other customers with nothing planned, the newest first.
    pub no_next_step: Part<Waiting>,
    /// Customers added since yesterday, the newest first.
    pub new: Part<Waiting>,
    /// Whether there is any customer that the caller may see.
    pub has_customers: bool,
    /// The caller's own numbers; absent for the program itself.
    pub numbers: Option<MyNumbers>,
}

/// The day of the caller, or of all they may see. What their post does not open stays empty.
///
/// # Errors
/// When nobody is signed in.
pub async fn get(ctx: &Ctx, input: GetToday) -> Result<Today> {
    if matches!(ctx.actor, crate::Actor::Nobody) {
        return Err(crate::Error::SignedOut);
    }
    let scope = input.scope.unwrap_or(Scope::Own);
    let day = ctx.today();
    let tasks = sight(ctx, Room::FollowUps, scope);
    let customers = sight(ctx, Room::Parties, scope);
    let db = &ctx.app.db;
    let yesterday = Instant::start_of(day.plus(-1), &ctx.prefs.time_zone);
    let (overdue, due_today) = match &tasks {
        Some(sight) => (
            part(db, BY_DUE, |query| follow_ups_due(ctx, sight, Due::Overdue, query)).await?,
            part(db, BY_DUE, |query| follow_ups_due(ctx, sight, Due::Today, query)).await?,
        ),
        None => (Part::NOTHING, Part::NOTHING),
    };
    let (silent, no_next_step, new) = match &customers {
        Some(sight) => (
            part(db, " ORDER BY p.silent_from DESC, p.id DESC", |query| silent(sight, day, query)).await?,
            part(db, " ORDER BY p.id DESC", |query| no_next_step(sight, day, query)).await?,
            part(db, " ORDER BY p.id DESC", |query| added_since(sight, yesterday, query)).await?,
        ),
        None => (Part::NOTHING, Part::NOTHING, Part::NOTHING),
    };
    let numbers = match &ctx.actor {
        crate::Actor::User(user) => Some(numbers(ctx, user).await?),
        crate::Actor::Nobody | crate::Actor::System => None,
    };
    let has_customers = match ctx.actor.check(Perm(Room::Parties, Act::See)) {
        Ok(_) if silent.count + no_next_step.count + new.count > 0 => true,
        Ok(sight) => {
            let mut query = sql("SELECT 1 FROM parties p WHERE p.archived_at IS NULL");
            sight.parties(&mut query);
            query.push(" LIMIT 1");
            db.maybe::<(i64,)>(query).await?.is_some()
        }
        Err(_) => false,
    };
    let sees_unit = [Room::FollowUps, Room::Parties]
        .into_iter()
        .any(|room| !matches!(ctx.actor.check(Perm(room, Act::See)), Ok(Sight::Own(_)) | Err(_)));
    Ok(Today { day, scope, sees_unit, overdue, due_today, silent, no_next_step, new, has_customers, numbers })
}

/// A part of the day that shows customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Customers {
    /// Silent for longer than they used to be, with nothing planned.
    Silent,
    /// Others with nothing planned.
    NoNextStep,
    /// Added since yesterday.
    New,
}

/// The filters with which the list of customers shows all of a part, as many as the day counts.
#[must_use]
pub fn filters(ctx: &Ctx, part: Customers, scope: Scope) -> PartyFilters {
    let of = PartyFilters { owner_id: ctx.actor.user().filter(|_| scope == Scope::Own), ..PartyFilters::default() };
    match part {
        Customers::Silent => PartyFilters { silent: Some(true), next: Some(Next::None), ..of },
        Customers::NoNextStep => PartyFilters { waiting: Some(true), ..of },
        Customers::New => PartyFilters { created_from: Some(ctx.today().plus(-1)), ..of },
    }
}

/// How far the day looks in a room: to the caller's own, unless more was asked for and may be seen.
fn sight(ctx: &Ctx, room: Room, scope: Scope) -> Option<Sight> {
    let sight = ctx.actor.check(Perm(room, Act::See)).ok()?;
    Some(match (scope, ctx.actor.user()) {
        (Scope::Own, Some(user)) => Sight::Own(user),
        _ => sight,
    })
}

/// The first rows of a query, and how many rows it has. `rest` writes what follows `SELECT columns`, without order.
async fn part<T: FromRow>(db: &Db, order: &'static str, rest: impl Fn(&mut Sql)) -> Result<Part<T>> {
    let mut rows = Sql::select::<T>("");
    rest(&mut rows);
    rows.push(order).push(" LIMIT ").arg(SHOWN + 1);
    let mut items: Vec<T> = db.all(rows).await?;
    let found = items.len() as i64;
    if found <= SHOWN {
        return Ok(Part { items, count: found, more: false });
    }
    items.truncate(SHOWN as usize);
    let mut counted = sql("SELECT count(*) FROM (SELECT 1 AS one ");
    rest(&mut counted);
    counted.push(" LIMIT ").arg(COUNTED + 1).push(") AS counted");
    let (count,): (i64,) = db.one(counted).await?;
    Ok(Part { items, count: count.min(COUNTED), more: count > COUNTED })
}

fn follow_ups_due(ctx: &Ctx, sight: &Sight, due: Due, query: &mut Sql) {
    query.push(FOLLOW_UP_FROM).push(" AND f.state = ").arg(State::Open);
    sight.follow_ups(query);
    follow_ups::due_range(ctx, due, query);
}

fn silent(sight: &Sight, day: Day, query: &mut Sql) {
    query.push("FROM parties p WHERE p.silent_from <> '' AND p.silent_from <= ").arg(day);
    query.push(" AND p.next_follow_up_at = ").arg(Instant::NOT_PLANNED).push(" AND p.archived_at IS NULL");
    sight.parties(query);
}

fn no_next_step(sight: &Sight, day: Day, query: &mut Sql) {
    query.push("FROM parties p WHERE p.next_follow_up_at = ").arg(Instant::NOT_PLANNED);
    query.push(" AND p.role IN ('customer', 'prospect') AND p.archived_at IS NULL AND (p.silent_from = '' OR p.silent_from > ");
    query.arg(day).push(")");
    sight.parties(query);
}

fn added_since(sight: &Sight, since: Instant, query: &mut Sql) {
    // Ids begin with the moment of their making or, in a busy one, a later: the newest rows are one end of the key.
    query.push("FROM (SELECT * FROM parties WHERE id >= ").arg(first_id(since)).push(" ORDER BY id DESC LIMIT ").arg(LOOKED_AT);
    query.push(") p WHERE p.archived_at IS NULL AND p.created_at >= ").arg(since);
    sight.parties(query);
}

/// The lowest id that can be made at a moment.
fn first_id(at: Instant) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(at.0.unsigned_abs()) << 80)
}

async fn numbers(ctx: &Ctx, user: &UserActor) -> Result<MyNumbers> {
    let zone = &ctx.prefs.time_zone;
    let today = Instant::start_of(ctx.today(), zone);
    let week = Instant::start_of(Day(week_around(ctx.today().0, ctx.prefs.lang).0), zone);
    let mut query = sql("SELECT count(*), COALESCE(sum(CASE WHEN done_at <= planned_at THEN 1 ELSE 0 END), 0),
           COALESCE(sum(CASE WHEN done_at >= ");
    query.arg(today).push(" THEN 1 ELSE 0 END), 0), (SELECT count(*) FROM interactions WHERE staff_id = ").arg(user.id);
    query.push(" AND at >= ").arg(today).push(") FROM follow_ups WHERE done_at IS NOT NULL AND done_by = ").arg(user.id);
    query.push(" AND done_at >= ").arg(week).push(" AND state = 'done'");
    let (done_week, kept_week, done_today, logged_today) = ctx.app.db.one(query).await?;
    Ok(MyNumbers { done_today, done_week, kept_week, logged_today })
}

/// What the badge of the day shows: the user's open follow-ups that are overdue or due by the end of today, counted up
/// to 100.
///
/// # Errors
/// When the database is out of reach.
pub async fn badge(ctx: &Ctx, user: Id<User>) -> Result<i64> {
    let tomorrow = Instant::start_of(ctx.today().plus(1), &ctx.prefs.time_zone);
    let query = sql("SELECT count(*) FROM (SELECT 1 AS one FROM follow_ups WHERE owner_id = $1 AND state = 'open' AND due_at < $2
                       LIMIT $3) AS counted");
    let (count,): (i64,) = ctx.app.db.one(query.bind(user).bind(tomorrow).bind(BADGE)).await?;
    Ok(count)
}

/// The operation of the day.
pub fn operations(ops: &mut Operations) {
    ops.add("today.get", "GET /today", None, "What needs the caller today, and how their own work goes.", get)
        .example(|| serde_json::json!({"scope": "own"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_ups::{CompleteFollowUp, NewFollowUp, complete, create};
    use crate::parties::check::NewParty;
    use crate::platform::time::{DAY, HOUR};
    use crate::testing::{NOW, as_post, ctx};
    use peyvand_db::Engine;

    async fn party(ctx: &Ctx, name: &str) -> Id<Party> {
        let new = NewParty { name: Some(name.into()), ..NewParty::default() };
        ctx.run(crate::parties::party::create, new).await.unwrap().id
    }

    fn at(ctx: &Ctx, now: Instant) -> Ctx {
        Ctx { now, ..ctx.clone() }
    }

    async fn plan(ctx: &Ctx, party: Id<Party>, due: Instant) -> Id<FollowUp> {
        let new = NewFollowUp { party_id: Some(party), what: "تماس".into(), due: due.to_string(), ..NewFollowUp::default() };
        ctx.run(create, new).await.unwrap().follow_up.id
    }

    fn names<T>(part: &Part<T>, name: impl Fn(&T) -> &String) -> Vec<String> {
        part.items.iter().map(|row| name(row).clone()).collect()
    }

    #[tokio::test]
    async fn the_day_has_what_needs_somebody_and_nothing_twice() {
        let early = at(&ctx().await, NOW.plus(-5 * DAY));
        let late = party(&early, "عقب‌افتاده").await;
        let today = party(&early, "امروز").await;
        let tomorrow = party(&early, "فردا").await;
        let quiet = party(&early, "خاموش").await;
        party(&early, "بی‌برنامه").await;
        let done = party(&early, "انجام‌شده").await;
        plan(&early, late, NOW.plus(-HOUR)).await;
        plan(&early, today, NOW.plus(HOUR)).await;
        plan(&early, tomorrow, NOW.plus(DAY)).await;
        let in_time = plan(&early, done, NOW.plus(HOUR)).await;
        let too_late = plan(&early, done, NOW.plus(-HOUR)).await;
        let me = at(&early, NOW);
        let mut tx = me.app.db.begin().await.unwrap();
        let silent_from = Day(me.today().0);
        tx.run(sql("UPDATE parties SET silent_from = $1 WHERE id = $2").bind(silent_from).bind(quiet)).await.unwrap();
        tx.run(sql("UPDATE parties SET silent_from = $1 WHERE id = $2").bind(silent_from.plus(1)).bind(tomorrow)).await.unwrap();
        tx.commit().await.unwrap();
        party(&at(&early, NOW.plus(-DAY)), "تازه").await;
        for id in [in_time, too_late] {
            me.run(complete, CompleteFollowUp { id, version: None, result: None, text: None, contact: None, next: None }).await.unwrap();
        }

        let day = me.run(get, GetToday::default()).await.unwrap();
        assert_eq!(names(&day.overdue, |row| &row.party), ["عقب‌افتاده"]);
        assert_eq!(names(&day.due_today, |row| &row.party), ["امروز"]);
        assert_eq!(names(&day.silent, |row| &row.name), ["خاموش"]);
        assert_eq!(names(&day.no_next_step, |row| &row.name), ["تازه", "انجام‌شده", "بی‌برنامه"]);
        assert_eq!(names(&day.new, |row| &row.name), ["تازه"]);
        let numbers = day.numbers.unwrap();
        assert_eq!((numbers.done_today, numbers.done_week, numbers.kept_week, numbers.logged_today), (2, 2, 1, 0));
        assert_eq!(badge(&me, me.actor.user().unwrap()).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn the_day_is_the_callers_own_unless_they_ask_for_more() {
        let owner = ctx().await;
        let manager = as_post(&owner.app, "manager", "manager").await;
        let agent = as_post(&owner.app, "agent", "agent").await;
        let customer = party(&agent, "مشتری").await;
        plan(&agent, customer, NOW.plus(HOUR)).await;
        let unit = GetToday { scope: Some(Scope::Unit) };
        let count = async |ctx: &Ctx, input: GetToday| ctx.run(get, input).await.unwrap().due_today.count;
        assert_eq!(count(&agent, GetToday::default()).await, 1);
        assert_eq!(count(&manager, GetToday::default()).await, 0);
        assert_eq!(count(&manager, unit).await, 1);
        let other = as_post(&owner.app, "agent", "other").await;
        assert_eq!(count(&other, unit).await, 0);
        assert!(manager.run(get, unit).await.unwrap().sees_unit);
        assert!(!other.run(get, unit).await.unwrap().sees_unit);
    }

    #[tokio::test]
    async fn the_list_behind_a_part_has_as_many_as_the_part_counts() {
        use crate::parties::list::{ListParties, list};
        let owner = ctx().await;
        let (manager, agent) = (as_post(&owner.app, "manager", "manager").await, as_post(&owner.app, "agent", "agent").await);
        for ctx in [&manager, &agent] {
            let early = at(ctx, NOW.plus(-5 * DAY));
            for name in ["خاموش", "خاموش با برنامه", "هنوز نه", "فروشنده", "بایگانی"] {
                let id = party(&early, name).await;
                let (silent_from, role) = match name {
                    "هنوز نه" => (early.today().plus(6).to_string(), "customer"),
                    "فروشنده" => (String::new(), "supplier"),
                    _ => (early.today().plus(5).to_string(), "customer"),
                };
                let archived = (name == "بایگانی").then_some(NOW);
                let mut tx = owner.app.db.begin().await.unwrap();
                let change = sql("UPDATE parties SET silent_from = $1, role = $2, archived_at = $3 WHERE id = $4");
                tx.run(change.bind(silent_from).bind(role).bind(archived).bind(id)).await.unwrap();
                tx.commit().await.unwrap();
                if name == "خاموش با برنامه" {
                    plan(&early, id, NOW.plus(DAY)).await;
                }
            }
            party(&at(ctx, NOW.plus(-DAY)), "تازه").await;
        }
        for (scope, counts) in [(Scope::Own, [1, 2, 1]), (Scope::Unit, [2, 4, 2])] {
            let day = manager.run(get, GetToday { scope: Some(scope) }).await.unwrap();
            let parts = [(Customers::Silent, day.silent), (Customers::NoNextStep, day.no_next_step), (Customers::New, day.new)];
            for ((name, part), count) in parts.into_iter().zip(counts) {
                let listed = manager.run(list, ListParties::from(filters(&manager, name, scope))).await.unwrap().items;
                let mut listed: Vec<_> = listed.into_iter().map(|one| one.id).collect();
                let mut shown: Vec<_> = part.items.iter().map(|one| one.id).collect();
                listed.sort();
                shown.sort();
                assert_eq!(listed, shown, "{name:?} {scope}");
                assert_eq!(part.count, count, "{name:?} {scope}");
            }
        }
    }

    #[tokio::test]
    async fn a_part_counts_beyond_its_rows_up_to_its_bound() {
        let ctx = ctx().await;
        let customer = party(&ctx, "مشتری").await;
        for _ in 0..23 {
            plan(&ctx, customer, NOW.plus(HOUR)).await;
        }
        let day = ctx.run(get, GetToday::default()).await.unwrap();
        assert_eq!((day.due_today.items.len(), day.due_today.count, day.due_today.more), (20, 23, false));
    }

    #[tokio::test]
    async fn the_parts_of_the_day_read_index_ranges() {
        let ctx = ctx().await;
        let sight = Sight::Own(ctx.actor.user().unwrap());
        let day = ctx.today();
        let parts: [(&str, &dyn Fn(&mut Sql)); 3] = [
            ("parties_owner_id_silent_from", &|query| {
                silent(&sight, day, query);
                query.push(" ORDER BY p.silent_from DESC, p.id DESC");
            }),
            ("parties_owner_id_next_follow_up_at_id", &|query| {
                no_next_step(&sight, day, query);
                query.push(" ORDER BY p.id DESC");
            }),
            ("id>?", &|query| added_since(&sight, NOW, query)),
        ];
        if ctx.app.db.engine() == Engine::Sqlite {
            for (index, rest) in parts {
                let mut query = Sql::select::<Waiting>("");
                rest(&mut query);
                query.push(" LIMIT ").arg(21_i64);
                let plan: Vec<(i64, i64, i64, String)> = ctx.app.db.all(query.explain(Engine::Sqlite)).await.unwrap();
                let plan: Vec<String> = plan.into_iter().map(|row| row.3).collect();
                assert!(plan.iter().any(|line| line.contains(index)), "{plan:?}");
                assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:?}");
            }
        }
    }
}
