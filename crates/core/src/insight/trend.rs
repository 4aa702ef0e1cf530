//! The relation with customers month by month: what was sold, how many bought, how often we were in touch, each beside the same
//! month of the year before.

use super::cohorts::{self, CohortsOf, Months};
use super::findings;
use crate::platform::calendar::Calendar;
use crate::platform::money::Currency;
use crate::platform::time::MINUTE;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::sql;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Months shown unless the caller says how many.
const MONTHS: i64 = 12;
/// Most months shown.
const MONTHS_MAX: i64 = 24;
/// Months of a year.
const YEAR: i32 = 12;
/// Days of contacts that are kept: most months shown, and a year before them.
const DAYS: i64 = 37 * 31;
/// Moments are put together by the quarter of an hour: no time zone cuts one in two.
const SLOT: i64 = 15 * MINUTE;
/// Name of the finding.
const NAME: &str = "contact_days";

/// Part of the job: counts contacts by day.
pub(super) async fn find_out(ctx: &Ctx) -> Result<()> {
    let zone = ctx.app.organisation().await?.zone();
    let since = Instant::start_of(ctx.now().day(&zone).plus(-DAYS), &zone);
    let query = sql("SELECT at / $1, COUNT(*) FROM interactions WHERE channel <> 'note' AND at >= $2 GROUP BY 1");
    let slots: Vec<(i64, i64)> = ctx.app.db.all(query.bind(SLOT).bind(since)).await?;
    let mut days: BTreeMap<Day, i64> = BTreeMap::new();
    for (slot, contacts) in slots {
        *days.entry(Instant(slot * SLOT).day(&zone)).or_default() += contacts;
    }
    let days: Vec<(Day, i64)> = days.into_iter().collect();
    findings::put(ctx, NAME, "", 0, &days).await
}

/// Which months.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrendOf {
    /// Whose months: of the caller's calendar unless given.
    pub calendar: Option<Calendar>,
    /// How many of the newest whole months, 12 unless given, at most 24.
    pub months: Option<i64>,
}

/// What happened in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MonthFigures {
    /// What was sold less what was given back, in minor units, also to unknown customers.
    pub net_minor: i64,
    /// Known customers who bought.
    pub customers: i64,
    /// Contacts with customers, ours and theirs.
    pub contacts: i64,
}

/// A month beside the same one of the year before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrendMonth {
    /// Year of the calendar.
    pub year: i32,
    /// Month of the year, from 1.
    pub month: u8,
    /// Its first day.
    pub first_on: Day,
    /// Its last day.
    pub last_on: Day,
    /// What happened in it.
    #[serde(flatten)]
    pub figures: MonthFigures,
    /// What happened in the same month of the year before; absent where the purchases do not reach back to its beginning.
    pub before: Option<MonthFigures>,
}

/// The relation with customers month by month.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Trend {
    /// Whether it is shown: it tells of the shop as a whole, so it is for who sees all customers.
    pub is_shown: bool,
    /// Whose months they are.
    pub calendar: Calendar,
    /// Currency of the amounts.
    pub currency: Currency,
    /// When contacts were counted last; absent before the first night.
    pub made_at: Option<Instant>,
    /// Whole months, oldest first.
    pub months: Vec<TrendMonth>,
}

/// What was sold, how many bought and how often we were in touch, month by month, beside the year before.
///
/// # Errors
/// Without the right, for a number of months out of range.
pub async fn trend(ctx: &Ctx, input: TrendOf) -> Result<Trend> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let shown = match input.months.unwrap_or(MONTHS) {
        months @ 1..=MONTHS_MAX => months as i32,
        _ => return Err(Problem::new("months", "input-range").with("min", 1).with("max", MONTHS_MAX).into()),
    };
    let calendar = input.calendar.unwrap_or(ctx.prefs.calendar);
    let currency = ctx.app.organisation().await?.currency;
    let mut told = Trend { is_shown: reader.sight == Sight::All, calendar, currency, made_at: None, months: Vec::new() };
    if !told.is_shown {
        return Ok(told);
    }
    let found = cohorts::cohorts(ctx, CohortsOf { calendar: Some(calendar), ..CohortsOf::default() }).await?;
    let Some(until) = found.until else { return Ok(told) };
    let months = Months::of_calendar(calendar, ctx.prefs.hijri_shift);
    let last = months.whole_by(until);
    let first = last - shown + 1 - YEAR;
    let ((since, _), (_, end)) = (months.edges(first)?, months.edges(last)?);
    let query = sql("SELECT day, CAST(SUM(up_minor - down_minor) AS BIGINT) FROM purchase_days
         WHERE currency = $1 AND day >= $2 AND day <= $3 GROUP BY day ORDER BY day");
    let sold: Vec<(Day, i64)> = reader.db.all(query.bind(currency).bind(since).bind(end)).await?;
    let contacts = findings::last::<Vec<(Day, i64)>>(reader.db, NAME).await?;
    told.made_at = contacts.as_ref().map(|last| last.made_at);
    let (begin,): (Option<Day>,) = reader.db.one(sql("SELECT MIN(day) FROM purchase_days WHERE lines_up > 0")).await?;
    let mut figures: BTreeMap<i32, MonthFigures> = BTreeMap::new();
    for (day, net_minor) in sold {
        figures.entry(months.of(day)).or_default().net_minor += net_minor;
    }
    for one in &found.buyers {
        figures.entry(months.of(one.first_on)).or_default().customers += one.customers;
    }
    for (day, count) in contacts.map(|last| last.found).unwrap_or_default() {
        figures.entry(months.of(day)).or_default().contacts += count;
    }
    let of = |number: i32| figures.get(&number).copied().unwrap_or_default();
    for number in last - shown + 1..=last {
        let ((year, month), (first_on, last_on)) = (Months::year_and_month(number), months.edges(number)?);
        let (before_on, _) = months.edges(number - YEAR)?;
        if begin.is_some_and(|begin| begin <= last_on) {
            let before = begin.is_some_and(|begin| begin <= before_on).then(|| of(number - YEAR));
            told.months.push(TrendMonth { year, month, first_on, last_on, figures: of(number), before });
        }
    }
    Ok(told)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "insight.trend",
        "GET /insight/trend",
        Some(Perm(Room::Insight, Act::See)),
        "What was sold, how many bought and how often we were in touch, month by month, beside the year before.",
        trend,
    )
    .example(|| json!({"months": 12, "calendar": "jalali"}));
}
