//! In which tier of profit customers were month by month, and who moved from one tier to another.
//!
//! The job that works out the profits notes the tiers of the month that it looks at, only of those whose tier has changed, and
//! counts the moves from each of the months before to this one. A view adds up a few rows.

use super::profit_refresh::Run;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::{Unit, User};
use crate::platform::calendar::{Calendar, add_months, month_around};
use crate::platform::jobs::{self, QueuedJob};
use crate::{Act, Ctx, Day, Operations, Perm, Problem, Result, Room, Sight};
use futures_util::TryStreamExt;
use peyvand_db::{Id, Sql, ToValue, Value, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Months that moves are told from.
pub const MONTHS: usize = 12;
/// Months that are worked out afterwards where nobody noted them: a shop that has just brought its purchases in sees moves.
const AFTERWARDS: usize = 6;
/// Months between which moves are told unless others are chosen.
const QUARTER: usize = 3;
/// The tier of who has none.
pub const NO_TIER: i64 = 0;
/// When a stretch ends that lasts.
const NEVER: &str = "9999-12-31";
/// Rows read after which the job says that it is still at work.
const RENEW_ROWS: usize = 40_000;
/// Parties noted in one transaction, and such transactions after which the job says that it is still at work.
const RENEW_AFTER: usize = 20;

/// The first day of the month that holds a day.
fn month_of(day: Day, calendar: Calendar) -> Day {
    Day(month_around(day.0, calendar).0)
}

/// The first day of a month so many months later.
fn later(month: Day, months: i32, calendar: Calendar) -> Result<Day> {
    Ok(Day(add_months(month.0, months, calendar).map_err(|problem| Problem::new("month", problem.key()))?))
}

/// The days that the profits are to be worked out for, the last one today: before it the ends of months that nobody noted, as
/// far as there were purchases.
pub(super) async fn due(ctx: &Ctx) -> Result<Vec<Day>> {
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let (first,): (Option<Day>,) = ctx.app.db.one(sql("SELECT MIN(day) FROM purchase_days WHERE day <= $1").bind(today)).await?;
    let (noted,): (Option<Day>,) =
        ctx.app.db.one(sql("SELECT MAX(as_of) FROM profit_runs WHERE finished_at IS NOT NULL AND as_of <= $1").bind(today)).await?;
    let this = month_of(today, organisation.calendar);
    let mut due = Vec::new();
    for back in (1..=AFTERWARDS as i32).rev() {
        let last = later(this, 1 - back, organisation.calendar)?.plus(-1);
        if first.is_some_and(|first| first <= last) && noted.is_none_or(|noted| noted < month_of(last, organisation.calendar)) {
            due.push(last);
        }
    }
    due.push(today);
    Ok(due)
}

/// Notes the tiers of the month that holds a day, of parties up to each of these and of all behind them.
pub(super) async fn note(ctx: &Ctx, job: Id<QueuedJob>, as_of: Day, ends: &[Id<Party>]) -> Result<()> {
    let month = month_of(as_of, ctx.app.organisation().await?.calendar);
    let end = Id::<Party>::new(uuid::Uuid::max());
    let mut after = Id::FIRST;
    for (ranges, until) in ends.iter().copied().chain([end]).enumerate() {
        let mut tx = ctx.app.db.begin().await?;
        // What this month said before is said anew; what an older month said ends with it.
        tx.run(
            sql("DELETE FROM party_tiers WHERE party_id > $1 AND party_id <= $2 AND from_on = $3 AND until_on = $4
                 AND NOT EXISTS (SELECT 1 FROM party_profits t WHERE t.party_id = party_tiers.party_id AND t.tier = party_tiers.tier)")
            .bind(after)
            .bind(until)
            .bind(month)
            .bind(NEVER),
        )
        .await?;
        tx.run(
            sql("UPDATE party_tiers SET until_on = $3 WHERE party_id > $1 AND party_id <= $2 AND until_on = $4
                 AND NOT EXISTS (SELECT 1 FROM party_profits t WHERE t.party_id = party_tiers.party_id AND t.tier = party_tiers.tier)")
            .bind(after)
            .bind(until)
            .bind(month)
            .bind(NEVER),
        )
        .await?;
        tx.run(
            sql("INSERT INTO party_tiers (party_id, from_on, until_on, tier)
                 SELECT t.party_id, CAST($3 AS TEXT), CAST($4 AS TEXT), t.tier FROM party_profits t
                 WHERE t.party_id > $1 AND t.party_id <= $2 AND t.tier IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM party_tiers s WHERE s.party_id = t.party_id AND s.until_on = $4)")
            .bind(after)
            .bind(until)
            .bind(month)
            .bind(NEVER),
        )
        .await?;
        tx.commit().await?;
        after = until;
        if (ranges + 1) % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    count(ctx, job, month).await
}

row! {
    struct Stretch {
        party_id: Id<Party> = "s.party_id",
        unit_id: Option<Id<Unit>> = "p.unit_id",
        owner_id: Option<Id<User>> = "p.owner_id",
        from_on: Day = "s.from_on",
        until_on: Day = "s.until_on",
        tier: i64 = "s.tier",
    }
}

/// Moves of one group of customers between two months: month, unit, owner, before, after.
type Key = (Day, Option<Id<Unit>>, Option<Id<User>>, i64, i64);

/// Counts the moves from each of the months before to this one.
async fn count(ctx: &Ctx, job: Id<QueuedJob>, month: Day) -> Result<()> {
    let calendar = ctx.app.organisation().await?.calendar;
    let mut months = Vec::new();
    for back in (1..=MONTHS as i32).rev() {
        months.push(later(month, -back, calendar)?);
    }
    let (oldest,): (Option<Day>,) = ctx.app.db.one(sql("SELECT MIN(from_on) FROM party_tiers")).await?;
    months.retain(|month| oldest.is_some_and(|oldest| oldest <= *month));
    let mut moves: BTreeMap<Key, i64> = BTreeMap::new();
    let mut add = |stretches: &[Stretch]| {
        let Some(one) = stretches.first() else { return };
        let tier = |month: Day| stretches.iter().find(|s| s.from_on <= month && month < s.until_on).map_or(NO_TIER, |s| s.tier);
        let became = tier(month);
        for from in &months {
            let was = tier(*from);
            if (was, became) != (NO_TIER, NO_TIER) {
                *moves.entry((*from, one.unit_id, one.owner_id, was, became)).or_default() += 1;
            }
        }
    };
    let since = months.first().copied().unwrap_or(month);
    let query = Sql::select::<Stretch>(
        "FROM party_tiers s JOIN parties p ON p.id = s.party_id WHERE s.until_on > $1 ORDER BY s.party_id, s.from_on",
    );
    let mut rows = std::pin::pin!(ctx.app.db.each::<Stretch>(query.bind(since)));
    let (mut stretches, mut read): (Vec<Stretch>, usize) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        if stretches.first().is_some_and(|first| first.party_id != row.party_id) {
            add(&stretches);
            stretches.clear();
        }
        stretches.push(row);
        read += 1;
        if read % RENEW_ROWS == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    add(&stretches);
    let rows = moves.into_iter().map(|((from, unit, owner, was, became), customers)| {
        let row: Vec<Value> = vec![
            ctx.id::<Run>().to_value(),
            month.to_value(),
            from.to_value(),
            unit.to_value(),
            owner.to_value(),
            was.to_value(),
            became.to_value(),
            customers.to_value(),
        ];
        row
    });
    let mut tx = ctx.app.db.begin().await?;
    tx.run(sql("DELETE FROM tier_moves WHERE until_on = $1 OR until_on < $2").bind(month).bind(later(month, -(MONTHS as i32), calendar)?))
        .await?;
    let head = "INSERT INTO tier_moves (id, until_on, from_on, unit_id, owner_id, was, became, customers) VALUES ";
    for statement in Sql::inserts(head, rows.collect(), "") {
        tx.run(statement).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Between which months.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MovesOf {
    /// A day of the first month; a quarter before the second unless given, or as far back as is known.
    pub from: Option<Day>,
    /// A day of the second month; that of the last refresh unless given.
    pub until: Option<Day>,
}

/// How many went from one tier to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Move {
    /// The tier before, 1 the best, 0 none.
    pub was: i64,
    /// The tier after.
    pub became: i64,
    /// How many.
    pub customers: i64,
}

/// Who moved between tiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moves {
    /// First days of the months that something is known of, oldest first.
    pub months: Vec<Day>,
    /// The first month; absent where fewer than two are known.
    pub from_on: Option<Day>,
    /// The second month.
    pub until_on: Option<Day>,
    /// The calendar whose months they are.
    pub calendar: Calendar,
    /// The moves, also of those who stayed where they were; none of those without a tier in both months.
    pub moves: Vec<Move>,
}

row! {
    struct Moved {
        was: i64,
        became: i64,
        customers: i64 = "CAST(SUM(customers) AS BIGINT)",
    }
}

/// The months that something is known of.
async fn months(ctx: &Ctx, db: &peyvand_db::Db) -> Result<Vec<Day>> {
    let organisation = ctx.app.organisation().await?;
    let this = month_of(ctx.now().day(&organisation.zone()), organisation.calendar);
    let since = later(this, -(MONTHS as i32), organisation.calendar)?;
    let days: Vec<(Day,)> =
        db.all(sql("SELECT as_of FROM profit_runs WHERE finished_at IS NOT NULL AND as_of >= $1 ORDER BY as_of").bind(since)).await?;
    let mut months: Vec<Day> = days.iter().map(|(day,)| month_of(*day, organisation.calendar)).collect();
    months.dedup();
    Ok(months)
}

/// How many customers within sight moved between tiers from one month to another.
///
/// # Errors
/// Without the right.
pub async fn moves(ctx: &Ctx, input: MovesOf) -> Result<Moves> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let calendar = ctx.app.organisation().await?.calendar;
    let months = months(ctx, reader.db).await?;
    let until = input.until.map(|day| month_of(day, calendar)).filter(|day| months.contains(day)).or(months.last().copied());
    let before = |day: &Day| until.is_some_and(|until| *day < until);
    let from = input.from.map(|day| month_of(day, calendar)).filter(|day| months.contains(day) && before(day));
    let from = from.or(months.iter().rev().filter(|day| before(day)).take(QUARTER).last().copied());
    let (Some(from), Some(until)) = (from, until) else {
        return Ok(Moves { months, from_on: None, until_on: None, calendar, moves: Vec::new() });
    };
    let mut query = Sql::select::<Moved>("FROM tier_moves m WHERE m.until_on = $1 AND m.from_on = $2").bind(until).bind(from);
    match &reader.sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            query.push(" AND (m.unit_id IN ").list(units.iter().copied()).push(" OR m.owner_id = ").arg(*user).push(")");
        }
        Sight::Own(user) => {
            query.push(" AND m.owner_id = ").arg(*user);
        }
    }
    query.push(" GROUP BY m.was, m.became ORDER BY m.was, m.became");
    let rows: Vec<Moved> = reader.db.all(query).await?;
    let moves = rows.into_iter().map(|Moved { was, became, customers }| Move { was, became, customers }).collect();
    Ok(Moves { months, from_on: Some(from), until_on: Some(until), calendar, moves })
}

/// Which of those who moved.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMoved {
    /// A day of the first month.
    pub from: Day,
    /// A day of the second month.
    pub until: Day,
    /// The tier before, 1 the best, 0 none.
    pub was: i64,
    /// The tier after.
    pub became: i64,
    /// Where the page starts: `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    #[serde(default)]
    pub limit: Option<i64>,
}

row! {
    /// A customer who moved, or stayed.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct MovedRow {
        /// The customer.
        pub party_id: Id<Party> = "p.id",
        /// Their name.
        pub party: String = "p.name",
        /// Who looks after them.
        pub owner: Option<String> = "o.name",
        /// What they brought in the last year, in minor units; absent for who has neither bought nor cost anything.
        pub profit_minor: Option<i64> = "t.profit_minor",
        /// Minutes of ours.
        pub minutes: Option<i64> = "t.minutes",
    }
}

/// The customers within sight who went from one tier to another between two months.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn moved(ctx: &Ctx, input: ListMoved) -> Result<Page<MovedRow>> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let calendar = ctx.app.organisation().await?.calendar;
    let (from, until) = (month_of(input.from, calendar), month_of(input.until, calendar));
    // It goes through the tier that fewer are in, which is the better one; who has none is in no tier to go through.
    let by_first = input.became == NO_TIER || (input.was != NO_TIER && input.was < input.became);
    let (here, there) = if by_first { ((input.was, from), (input.became, until)) } else { ((input.became, until), (input.was, from)) };
    let mut query = Sql::select::<MovedRow>(
        "FROM party_tiers s JOIN parties p ON p.id = s.party_id LEFT JOIN users o ON o.id = p.owner_id
         LEFT JOIN party_profits t ON t.party_id = s.party_id WHERE s.tier = ",
    );
    query.arg(here.0).push(" AND s.from_on <= ").arg(here.1).push(" AND s.until_on > ").arg(here.1);
    reader.sight.parties(&mut query);
    if there.0 == NO_TIER {
        query.push(" AND NOT EXISTS (SELECT 1 FROM party_tiers x WHERE x.party_id = s.party_id AND x.from_on <= ");
    } else {
        query.push(" AND EXISTS (SELECT 1 FROM party_tiers x WHERE x.party_id = s.party_id AND x.tier = ").arg(there.0);
        query.push(" AND x.from_on <= ");
    }
    query.arg(there.1).push(" AND x.until_on > ").arg(there.1).push(")");
    if let Some(after) = &input.after {
        let after = after.parse::<Id<Party>>().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND s.party_id > ").arg(after);
    }
    query.push(" ORDER BY s.party_id LIMIT ").arg(limit + 1);
    let items: Vec<MovedRow> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.party_id.to_string()))
}

/// The operations of moves between tiers.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "profits.moves",
        "GET /profits/moves",
        see,
        "How many customers moved between tiers of profit from one month to another.",
        moves,
    )
    .example(|| json!({"from": "2026-08-01", "until": "2026-11-01"}));
    ops.add("profits.moved", "GET /profits/moved", see, "The customers who went from one tier of profit to another.", moved)
        .example(|| json!({"from": "2026-08-01", "until": "2026-11-01", "was": 1, "became": 3, "limit": 20}));
}
