//! What needs somebody today, and how their own work goes. Each part reads an index range of bounded length, so that
//! the page opens as fast with a million customers as with ten.

use crate::follow_ups::{self, Due, FOLLOW_UP_FROM, FollowUp, State};
use crate::parties::Party;
use crate::parties::check::Role;
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
    let sees_unit = [Room::FollowUps, Room::Parties]
        .into_iter()
        .any(|room| !matches!(ctx.actor.check(Perm(room, Act::See)), Ok(Sight::Own(_)) | Err(_)));
    Ok(Today { day, scope, sees_unit, overdue, due_today, silent, no_next_step, new, numbers })
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
    // Ids begin with the moment of their making, so the newest rows are one end of the primary key.
    query.push("FROM (SELECT * FROM parties WHERE id >= ").arg(first_id(since)).push(" ORDER BY id DESC LIMIT ").arg(LOOKED_AT);
    query.push(") p WHERE p.archived_at IS NULL");
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
