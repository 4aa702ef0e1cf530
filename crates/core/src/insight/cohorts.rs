//! Cohorts: of those who first bought in a month, how many bought again in each of the months after; and how long it takes
//! until the second purchase, also with those who have not come back yet.
//!
//! Purchases are read one after the other in the order of their customers, and nothing is kept of a customer but the time to
//! the second purchase: 16 bytes each, 48 MB for a million in three calendars. For who sees all, what was counted in the
//! night is told where it is still true, or where counting anew would take long.

use super::findings::{self, RENEW_ROWS};
use super::guard::{FEW, LEVEL, ShortOf, Shortage};
use crate::parties::Party;
use crate::platform::calendar::{Calendar, month_edges, ymd};
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::{Act, Ctx, Day, Error, Operations, Perm, Problem, Result, Room, Sight};
use futures_util::StreamExt;
use peyvand_db::{Db, Id, Sql, row, sql};
use peyvand_stats::cohort::Counting;
use peyvand_stats::proportion::wilson;
use peyvand_stats::survival::{Curve, Spell};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use tokio::sync::watch;

/// Months shown unless the caller says how many.
pub const MONTHS: i64 = 12;
/// Most months shown.
const MONTHS_MAX: i64 = 36;
/// After so many days without any purchase, what is known ends with the last one: the file ended, not the business.
const SILENCE: i64 = 31;
/// Whole months without which there is nothing to compare.
const MONTHS_MIN: i64 = 2;
/// The curve has a point for each of so many weeks.
const WEEKS: i64 = 52;
/// Above so many lines of purchases, counting anew would keep the reader waiting.
const LIVE: i64 = 300_000;
/// Of the way from purchases to cohorts; another number counts anew though no purchase changed.
const VERSION: &str = "cohorts 2";

/// Which cohorts.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CohortsOf {
    /// Whose months: of the caller's calendar unless given.
    pub calendar: Option<Calendar>,
    /// How many of the newest whole months, 12 unless given, at most 36.
    pub months: Option<i64>,
    /// The last day whose purchases are all known. Unless given it is yesterday, or the day of the last purchase where there
    /// was none for more than a month.
    pub until: Option<Day>,
}

/// How many of a cohort bought in one month.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retained {
    /// How many bought.
    pub active: i64,
    /// Of how many.
    pub of: i64,
    /// Their share.
    pub share: f64,
    /// Lower end of the range in which the share lies with 95 per cent (Wilson).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Those who first bought in one month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cohort {
    /// Year of the calendar.
    pub year: i32,
    /// Month of the year, from 1.
    pub month: u8,
    /// First day of the month.
    pub first_on: Day,
    /// Last day of the month.
    pub last_on: Day,
    /// How many they are.
    pub customers: i64,
    /// Whether this is the month with which the data begin: some of them may have bought before.
    pub may_be_older: bool,
    /// The month itself and those after it; `null` for a month that is not over. All cohorts have equally many.
    pub cells: Vec<Option<Retained>>,
}

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Month {
    /// Its first day.
    pub first_on: Day,
    /// Its last day.
    pub last_on: Day,
}

/// How many bought in a month, whenever they bought first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Buyers {
    /// Its first day.
    pub first_on: Day,
    /// How many customers.
    pub customers: i64,
}

/// How many had bought again by some day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Returned {
    /// Days after the first purchase.
    pub days: i64,
    /// How many were known for so long without having bought again before.
    pub at_risk: i64,
    /// Share of all who had bought again by then.
    pub share: f64,
    /// Lower end of the range in which the share lies with 95 per cent (Greenwood, log-log).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How long it takes until the second purchase (Kaplan-Meier).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Repeat {
    /// Customers whose first purchase lies in the last 36 months, or in the month that is not over.
    pub customers: i64,
    /// How many of them have bought again.
    pub returned: i64,
    /// A point for each week, as long as at least 30 customers are still watched.
    pub weeks: Vec<Returned>,
    /// Days after which half had bought again; absent where that is not reached.
    pub median_days: Option<f64>,
    /// Lower end of its range.
    pub median_low: Option<f64>,
    /// Upper end of its range; absent where it is open.
    pub median_high: Option<f64>,
}

/// Cohorts of the first purchase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cohorts {
    /// Whose months they are.
    pub calendar: Calendar,
    /// The last day whose purchases are all known; absent without any purchase.
    pub until: Option<Day>,
    /// One for each month with a first purchase, oldest first; none where there is too little.
    pub cohorts: Vec<Cohort>,
    /// The months from that of the first cohort on: of the cells of a cohort the first is its own month.
    #[serde(default)]
    pub months: Vec<Month>,
    /// How many bought in each month, oldest first, that which is not over among them.
    #[serde(default)]
    pub buyers: Vec<Buyers>,
    /// All cohorts together, as far as each is known.
    pub all: Vec<Option<Retained>>,
    /// Customers in the cohorts.
    pub customers: i64,
    /// Customers who first bought in the month that is not over; they come in when it is.
    pub waiting: i64,
    /// The time until the second purchase; absent where there is too little.
    pub repeat: Option<Repeat>,
    /// What there is too little of; nothing is shown until it is enough.
    pub missing: Vec<Shortage>,
}

/// The months of a calendar as numbers that follow each other, counted as they are seen here: the moon may be a day off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Months {
    calendar: Calendar,
    shift: i64,
}

impl Months {
    pub(super) fn of_calendar(calendar: Calendar, hijri_shift: i64) -> Months {
        Months { calendar, shift: if calendar == Calendar::Hijri { hijri_shift } else { 0 } }
    }

    /// The row of `findings`.
    fn name(self) -> &'static str {
        match self.calendar {
            Calendar::Jalali => "cohorts_jalali",
            Calendar::Hijri => "cohorts_hijri",
            Calendar::Gregorian => "cohorts_gregorian",
        }
    }

    /// What a count in these months depends on beside the purchases.
    fn way(self, until: Day) -> String {
        format!("{VERSION} {} {} {until}", self.name(), self.shift)
    }

    pub(super) fn of(self, day: Day) -> i32 {
        let (year, month, _) = ymd(day.plus(self.shift).0, self.calendar);
        year * 12 + i32::from(month) - 1
    }

    pub(super) fn year_and_month(number: i32) -> (i32, u8) {
        (number.div_euclid(12), u8::try_from(number.rem_euclid(12) + 1).unwrap_or(1))
    }

    pub(super) fn edges(self, number: i32) -> Result<(Day, Day)> {
        let (year, month) = Self::year_and_month(number);
        let (first, last) = month_edges(self.calendar, year, month).map_err(|problem| Problem::new("calendar", problem.key()))?;
        Ok((Day(first).plus(-self.shift), Day(last).plus(-self.shift)))
    }

    /// The last month that was over by the end of a day.
    pub(super) fn whole_by(self, day: Day) -> i32 {
        self.of(day.plus(1)) - 1
    }
}

row! {
    struct Bought {
        party_id: Id<Party> = "q.party_id",
        day: Day = "q.day",
    }
}

/// Puts days of purchases, in the order of their customers, together.
struct Gathering {
    months: Months,
    until: Day,
    /// The last month that is over.
    complete: i32,
    /// The month from which on newcomers count.
    from: i32,
    known: HashMap<Day, i32>,
    counting: Counting,
    buyers: BTreeMap<i32, i64>,
    spells: Vec<Spell>,
    waiting: i64,
    now: Option<Id<Party>>,
    days: Vec<Day>,
}

impl Gathering {
    fn new(months: Months, until: Day) -> Gathering {
        let complete = months.whole_by(until);
        Gathering {
            months,
            until,
            complete,
            from: complete - MONTHS_MAX as i32 + 1,
            known: HashMap::new(),
            counting: Counting::new(complete),
            buyers: BTreeMap::new(),
            spells: Vec::new(),
            waiting: 0,
            now: None,
            days: Vec::new(),
        }
    }

    fn add(&mut self, bought: &Bought) {
        if self.now != Some(bought.party_id) {
            self.close();
            self.now = Some(bought.party_id);
        }
        if self.days.last() != Some(&bought.day) {
            self.days.push(bought.day);
        }
    }

    /// The days of one customer are all there.
    fn close(&mut self) {
        // The time zone may have been another when some were written.
        self.days.sort_unstable();
        self.days.dedup();
        let Some(first) = self.days.first().copied() else { return };
        let months = self.months;
        let known = &mut self.known;
        let mut month = |day: &Day| *known.entry(*day).or_insert_with(|| months.of(*day));
        let active: Vec<(i32, i64)> = self.days.iter().map(|day| (month(day), 0)).collect();
        let began = active[0].0;
        for (at, (month, _)) in active.iter().enumerate() {
            // They ascend, so a month that is there already stands before.
            if at == 0 || active[at - 1].0 != *month {
                *self.buyers.entry(*month).or_default() += 1;
            }
        }
        if began > self.complete {
            self.waiting += 1;
        }
        self.counting.add(&active);
        if began >= self.from {
            let again = self.days.get(1).copied();
            let time = again.unwrap_or(self.until).since(first) as f64;
            self.spells.push(Spell { time, happened: again.is_some() });
        }
        self.days.clear();
    }

    /// All cohorts of the last three years.
    fn finish(mut self) -> Result<Cohorts> {
        self.close();
        let (months, complete) = (self.months, self.complete);
        let counted = self.counting.finish(LEVEL).map_err(Error::fault)?;
        let oldest = counted.first().map_or(complete + 1, |cohort| cohort.period);
        let buyers: u64 = counted.iter().map(|cohort| cohort.size).sum();
        let mut missing: Vec<Shortage> = Shortage::unless(ShortOf::Buyers, buyers as i64 + self.waiting, FEW).into_iter().collect();
        if let Some(mut shortage) = Shortage::unless(ShortOf::Months, i64::from(complete - oldest + 1), MONTHS_MIN) {
            shortage.enough_on = Some(months.edges(oldest + MONTHS_MIN as i32 - 1)?.1.plus(1));
            missing.push(shortage);
        }
        let enough = missing.is_empty();
        let cohorts = counted.iter().filter(|cohort| enough && cohort.period >= self.from).map(|cohort| {
            let (year, month) = Months::year_and_month(cohort.period);
            let (first_on, last_on) = months.edges(cohort.period)?;
            let cells = cohort.cells.iter().map(|cell| cell.map(|cell| retained(cell.active, cohort.size)).transpose());
            let cells = cells.collect::<Result<_>>()?;
            Ok(Cohort { year, month, first_on, last_on, customers: cohort.size as i64, may_be_older: cohort.period == oldest, cells })
        });
        let buyers = self.buyers.iter().map(|(month, customers)| Ok(Buyers { first_on: months.edges(*month)?.0, customers: *customers }));
        Ok(Cohorts {
            buyers: buyers.collect::<Result<_>>()?,
            calendar: months.calendar,
            until: Some(self.until),
            cohorts: cohorts.collect::<Result<_>>()?,
            months: Vec::new(),
            all: Vec::new(),
            customers: 0,
            waiting: self.waiting,
            repeat: if enough { repeat(&self.spells)? } else { None },
            missing,
        })
    }
}

/// Cohorts of those within sight by the month of their first purchase. Archived customers count: who has left was there.
///
/// # Errors
/// Without the right, for a number of months out of range.
pub async fn cohorts(ctx: &Ctx, input: CohortsOf) -> Result<Cohorts> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let shown = match input.months.unwrap_or(MONTHS) {
        months @ MONTHS_MIN..=MONTHS_MAX => months,
        _ => return Err(Problem::new("months", "input-range").with("min", MONTHS_MIN).with("max", MONTHS_MAX).into()),
    };
    let calendar = input.calendar.unwrap_or(ctx.prefs.calendar);
    let months = Months::of_calendar(calendar, ctx.prefs.hijri_shift);
    let Some(until) = known_until(ctx, reader.db, input.until).await? else {
        let missing = Shortage::unless(ShortOf::Buyers, 0, FEW).into_iter().collect();
        return Ok(Cohorts {
            calendar,
            until: None,
            cohorts: Vec::new(),
            months: Vec::new(),
            buyers: Vec::new(),
            all: Vec::new(),
            customers: 0,
            waiting: 0,
            repeat: None,
            missing,
        });
    };
    let counted = if reader.sight == Sight::All { counted(reader.db, months, until, input.until.is_some()).await? } else { None };
    let found = match counted {
        Some(found) => found,
        None => {
            let mut gathering = Gathering::new(months, until);
            let mut rows = std::pin::pin!(reader.db.each::<Bought>(purchases_until(until, &reader.sight)));
            while let Some(bought) = rows.next().await {
                gathering.add(&bought?);
            }
            // Sorting a million times takes a moment that belongs to no thread that answers.
            tokio::task::spawn_blocking(move || gathering.finish()).await.map_err(Error::fault)??
        }
    };
    newest(found, months, shown)
}

/// What was counted in the night, where it is still true or counting anew would take long.
async fn counted(db: &Db, months: Months, until: Day, exactly: bool) -> Result<Option<Cohorts>> {
    let Some(last) = findings::last::<Cohorts>(db, months.name()).await? else { return Ok(None) };
    if last.input_hash == findings::fingerprint(db, &months.way(until), until).await? {
        return Ok(Some(last.found));
    }
    let (lines,): (i64,) = db.one(sql("SELECT CAST(COALESCE(SUM(lines_up), 0) AS BIGINT) FROM purchase_days WHERE is_known")).await?;
    Ok((lines > LIVE && !exactly).then_some(last.found))
}

/// Part of the job: counts in all calendars at once, where purchases have changed or a day has passed.
pub(super) async fn find_out(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let db = &ctx.app.db;
    let Some(until) = known_until(ctx, db, None).await? else { return Ok(Outcome::Done) };
    let shift = ctx.app.organisation().await?.hijri_shift;
    let mut due = Vec::new();
    for calendar in Calendar::ALL {
        let months = Months::of_calendar(calendar, shift);
        let hash = findings::fingerprint(db, &months.way(until), until).await?;
        let last = findings::last::<Cohorts>(db, months.name()).await?;
        if last.is_none_or(|last| last.input_hash != hash) {
            due.push((months, hash, Gathering::new(months, until)));
        }
    }
    if due.is_empty() {
        return Ok(Outcome::Done);
    }
    let mut rows = std::pin::pin!(db.each::<Bought>(purchases_until(until, &Sight::All)));
    let mut read = 0;
    while let Some(bought) = rows.next().await {
        let bought = bought?;
        due.iter_mut().for_each(|(.., gathering)| gathering.add(&bought));
        read += 1;
        if read % RENEW_ROWS == 0 {
            if *stop.borrow() {
                return Ok(Outcome::GoOn);
            }
            jobs::renew(&ctx.app, job).await?;
        }
    }
    for (months, hash, gathering) in due {
        let thinking = tokio::task::spawn_blocking(move || gathering.finish());
        let Some(found) = jobs::keep(&ctx.app, job, stop, thinking).await? else { return Ok(Outcome::GoOn) };
        let found = found.map_err(Error::fault)??;
        findings::put(ctx, months.name(), &hash, 0, &found).await?;
    }
    Ok(Outcome::Done)
}

/// The last day whose purchases are all known.
async fn known_until(ctx: &Ctx, db: &Db, given: Option<Day>) -> Result<Option<Day>> {
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let (last,): (Option<Day>,) =
        db.one(sql("SELECT MAX(day) FROM purchase_days WHERE is_known AND lines_up > 0 AND day <= $1").bind(today)).await?;
    let Some(last) = last else { return Ok(None) };
    let usual = if today.since(last) > SILENCE { last } else { today.plus(-1) };
    Ok(Some(given.map_or(usual, |given| given.min(today.plus(-1)))))
}

/// Purchases with something bought, in the order of their customers.
fn purchases_until(until: Day, sight: &Sight) -> Sql {
    // What was bought for nothing, after a discount, was bought all the same.
    let mut query = match sight {
        Sight::All => Sql::select::<Bought>("FROM purchases q WHERE q.party_id IS NOT NULL"),
        Sight::Units { .. } | Sight::Own(_) => {
            let mut query = Sql::select::<Bought>("FROM parties p JOIN purchases q ON q.party_id = p.id WHERE 1 = 1");
            sight.parties(&mut query);
            query
        }
    };
    query.push(" AND q.day <= ").arg(until).push(
        " AND (q.gross_minor > 0 OR EXISTS (SELECT 1 FROM purchase_lines l WHERE l.purchase_id = q.id AND l.sign > 0))
          ORDER BY q.party_id, q.at, q.id",
    );
    query
}

fn retained(active: u64, of: u64) -> Result<Retained> {
    let share = wilson(active, of, LEVEL).map_err(Error::fault)?;
    Ok(Retained { active: active as i64, of: of as i64, share: share.value, low: share.low, high: share.high })
}

/// The newest of many months.
fn newest(mut found: Cohorts, months: Months, shown: i64) -> Result<Cohorts> {
    let Some(until) = found.until else { return Ok(found) };
    let complete = months.whole_by(until);
    let number = |cohort: &Cohort| cohort.year * 12 + i32::from(cohort.month) - 1;
    found.cohorts.retain(|cohort| i64::from(complete - number(cohort)) < shown);
    let width = found.cohorts.first().map_or(0, |first| usize::try_from(complete - number(first) + 1).unwrap_or(0));
    found.cohorts.iter_mut().for_each(|cohort| cohort.cells.truncate(width));
    found.customers = found.cohorts.iter().map(|cohort| cohort.customers).sum();
    let shown_months = found.cohorts.first().map(number).into_iter().flat_map(|first| first..=complete);
    let month = |number: i32| months.edges(number).map(|(first_on, last_on)| Month { first_on, last_on });
    found.months = shown_months.map(month).collect::<Result<_>>()?;
    found.all = (0..width)
        .map(|k| {
            let known = found.cohorts.iter().filter_map(|cohort| cohort.cells.get(k).copied().flatten());
            let (active, of) = known.fold((0, 0), |sum, cell| (sum.0 + cell.active, sum.1 + cell.of));
            (of > 0).then(|| retained(active as u64, of as u64)).transpose()
        })
        .collect::<Result<_>>()?;
    Ok(found)
}

/// The curve, with a point for each week as long as enough are still watched.
fn repeat(spells: &[Spell]) -> Result<Option<Repeat>> {
    if (spells.len() as i64) < FEW {
        return Ok(None);
    }
    let curve = Curve::of(spells, LEVEL).map_err(Error::fault)?;
    let mut times: Vec<f64> = spells.iter().map(|spell| spell.time).collect();
    times.sort_unstable_by(f64::total_cmp);
    let weeks = (1..=WEEKS).map_while(|week| {
        let days = week * 7;
        let at_risk = (times.len() - times.partition_point(|time| *time < days as f64)) as i64;
        (at_risk >= FEW).then(|| {
            // Before the first return the curve has no step yet.
            let (share, low, high) =
                curve.at(days as f64).map_or((0.0, 0.0, 0.0), |step| (1.0 - step.share, 1.0 - step.high, 1.0 - step.low));
            Returned { days, at_risk, share, low, high }
        })
    });
    let weeks = weeks.collect();
    let median = curve.median();
    Ok(Some(Repeat {
        customers: curve.customers as i64,
        returned: curve.steps.iter().map(|step| step.events as i64).sum(),
        weeks,
        median_days: median.value,
        median_low: median.low,
        median_high: median.high,
    }))
}

/// The operations of cohorts.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.cohorts",
        "GET /insight/cohorts",
        see,
        "Customers by the month of their first purchase: how many bought in each month after, and how long until the second purchase.",
        cohorts,
    )
    .example(|| serde_json::json!({"months": 12, "calendar": "jalali"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::shop::{Sale, shop};
    use crate::parties::list::{self, ListParties, PartyFilters};
    use crate::platform::calendar::from_ymd;
    use crate::testing;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Online Retail: a purchase on the fifth of each month in which the customer bought.
    fn online_retail() -> Vec<Vec<Sale>> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../stats/testdata/online_retail_customers.csv");
        let text = std::fs::read_to_string(file).unwrap();
        let customer = |line: &str| {
            let months: u32 = line.rsplit(',').next().unwrap().parse().unwrap();
            let bought = (0..13).filter(|month| months >> month & 1 == 1);
            bought
                .map(|month| {
                    Sale::on(Day(from_ymd(Calendar::Gregorian, 2010 + (11 + month) / 12, (11 + month) as u8 % 12 + 1, 5).unwrap()))
                })
                .collect()
        };
        text.lines().skip(1).map(customer).collect()
    }

    fn active(cohorts: &Cohorts) -> Vec<Vec<i64>> {
        cohorts.cohorts.iter().map(|cohort| cohort.cells.iter().flatten().map(|cell| cell.active).collect()).collect()
    }

    /// As JSON, with numbers to nine digits: stored ones may differ in the last.
    fn plain(cohorts: &Cohorts) -> String {
        fn round(value: &mut serde_json::Value) {
            match value {
                serde_json::Value::Number(number) => {
                    if let Some(float) = number.as_f64().filter(|_| number.is_f64()) {
                        *value = format!("{float:.9}").into();
                    }
                }
                serde_json::Value::Array(items) => items.iter_mut().for_each(round),
                serde_json::Value::Object(fields) => fields.values_mut().for_each(round),
                _ => {}
            }
        }
        let mut value = serde_json::to_value(cohorts).unwrap();
        round(&mut value);
        value.to_string()
    }

    #[tokio::test]
    async fn online_retail_from_the_database_has_the_known_matrix() {
        let ctx = shop(&online_retail(), day("2012-01-10")).await;
        let gregorian = CohortsOf { calendar: Some(Calendar::Gregorian), months: Some(13), until: Some(day("2011-12-31")) };
        let found = ctx.run(cohorts, gregorian).await.unwrap();
        let known: [&[i64]; 13] = [
            &[885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235],
            &[417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152, 49],
            &[380, 71, 71, 108, 103, 94, 96, 106, 94, 116, 26],
            &[452, 68, 114, 90, 101, 76, 121, 104, 126, 39],
            &[300, 64, 61, 63, 59, 68, 65, 78, 22],
            &[284, 54, 49, 49, 59, 66, 75, 27],
            &[242, 42, 38, 64, 56, 81, 23],
            &[188, 34, 39, 42, 51, 21],
            &[169, 35, 42, 41, 21],
            &[299, 70, 90, 34],
            &[358, 86, 41],
            &[323, 36],
            &[41],
        ];
        assert_eq!(active(&found), known);
        assert!(found.cohorts.iter().all(|cohort| cohort.cells.len() == 13));
        assert_eq!((found.customers, found.waiting, found.cohorts[1].year, found.cohorts[1].month), (4338, 0, 2011, 1));
        assert_eq!(found.cohorts.iter().map(|cohort| cohort.may_be_older).collect::<Vec<_>>()[..2], [true, false]);
        // All who were watched for a month: the last cohort was not.
        let next = found.all[1].unwrap();
        assert_eq!((next.active, next.of), (known.iter().filter_map(|row| row.get(1)).sum(), 4338 - 41));
        assert!(next.low < next.share && next.share < next.high);

        // The file ends on 5 December: that month is not over, and nothing is claimed about it.
        let ended = ctx.run(cohorts, CohortsOf { until: None, ..gregorian }).await.unwrap();
        assert_eq!(ended.until, Some(day("2011-12-05")));
        assert_eq!((ended.cohorts.len(), ended.waiting), (12, 41));
        assert_eq!(ended.cohorts[0].cells.last().unwrap().unwrap().active, 445);
        assert_eq!(ended.cohorts[11].cells, [vec![ended.cohorts[11].cells[0]], vec![None; 11]].concat());

        // Behind each cell are as many customers as it counts.
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET first_purchase_on = (SELECT MIN(q.day) FROM purchases q WHERE q.party_id = parties.id)"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        for (row, cell) in [(0, 0), (0, 12), (3, 2), (9, 3), (12, 0)] {
            let (cohort, then) = (&found.cohorts[row], found.months[row + cell]);
            assert_eq!((found.months[row].first_on, found.months[row].last_on), (cohort.first_on, cohort.last_on));
            let filters = PartyFilters {
                first_purchase_from: Some(cohort.first_on),
                first_purchase_until: Some(cohort.last_on),
                bought_from: Some(then.first_on),
                bought_until: Some(then.last_on),
                ..PartyFilters::default()
            };
            assert_eq!(ctx.run(list::count, filters.clone()).await.unwrap().count, known[row][cell], "{row} {cell}");
            for sort in [list::Sort::Name, list::Sort::LastPurchase, list::Sort::Active] {
                let page = ListParties { sort: Some(sort), limit: Some(200), ..filters.clone().into() };
                let page = ctx.run(list::list, page).await.unwrap();
                assert_eq!((page.items.len() as i64, page.next.is_some()), (known[row][cell].min(200), known[row][cell] > 200));
            }
        }

        // Four months show four of each; the fifth of a Gregorian month lies in the middle of a Jalali one.
        let four = ctx.run(cohorts, CohortsOf { months: Some(4), ..gregorian }).await.unwrap();
        assert_eq!(active(&four), [&[299, 70, 90, 34][..], &[358, 86, 41], &[323, 36], &[41]]);
        assert!(!four.cohorts[0].may_be_older);
        let jalali = ctx.run(cohorts, CohortsOf { calendar: Some(Calendar::Jalali), ..gregorian }).await.unwrap();
        assert_eq!((jalali.cohorts[0].year, jalali.cohorts[0].month, jalali.cohorts[0].customers), (1389, 9, 885));
        assert_eq!(jalali.cohorts.last().unwrap().last_on, day("2011-12-21"));
        assert_eq!(active(&jalali), known);

        // The same from what the job counts in the night, in every calendar, and anew when a purchase comes.
        let usual = |calendar| CohortsOf { calendar: Some(calendar), months: Some(13), until: None };
        let mut live = Vec::new();
        for calendar in Calendar::ALL {
            live.push(plain(&ctx.run(cohorts, usual(calendar)).await.unwrap()));
        }
        let (_keep, stop) = watch::channel(false);
        assert_eq!(find_out(&ctx, Id::FIRST, &stop).await.unwrap(), Outcome::Done);
        let stored: Vec<(String, i64)> = ctx.app.db.all(sql("SELECT name, made_at FROM findings ORDER BY name")).await.unwrap();
        assert_eq!(stored.len(), 3);
        for (calendar, live) in Calendar::ALL.into_iter().zip(&live) {
            assert!(plain(&ctx.run(cohorts, usual(calendar)).await.unwrap()) == *live, "{calendar:?}");
        }
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("DELETE FROM purchases WHERE day < '2011-06-01'")).await.unwrap();
        tx.commit().await.unwrap();
        assert!(plain(&ctx.run(cohorts, usual(Calendar::Jalali)).await.unwrap()) == live[0], "told from what was counted");
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("DELETE FROM purchase_days WHERE day < '2011-06-01'")).await.unwrap();
        tx.commit().await.unwrap();
        let fewer = ctx.run(cohorts, usual(Calendar::Jalali)).await.unwrap();
        assert_eq!(fewer.cohorts[0].month, 3, "counted anew, for what was counted is not true any more");
        assert_eq!(find_out(&ctx, Id::FIRST, &stop).await.unwrap(), Outcome::Done);
        assert!(plain(&ctx.run(cohorts, usual(Calendar::Jalali)).await.unwrap()) == plain(&fewer));
    }

    #[tokio::test]
    async fn everybody_has_the_cohorts_of_their_own_customers() {
        let ctx = shop(&online_retail()[..600], day("2012-01-10")).await;
        let gregorian = CohortsOf { calendar: Some(Calendar::Gregorian), months: Some(13), until: Some(day("2011-12-31")) };
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let none = agent.run(cohorts, gregorian).await.unwrap();
        assert_eq!((none.customers, none.cohorts.len(), none.missing[0].have), (0, 0, 0), "they have no customers");
        let all = ctx.run(cohorts, gregorian).await.unwrap();
        assert_eq!(all.customers, 600);
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE parties SET owner_id = $1 WHERE no <= 200").bind(agent.actor.user())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(agent.run(cohorts, gregorian).await.unwrap().customers, 200);
        let manager = testing::as_post(&ctx.app, "manager", "mina").await;
        assert_eq!(manager.run(cohorts, gregorian).await.unwrap(), all, "all are of the manager's unit");
        assert!(ctx.run(cohorts, CohortsOf { months: Some(1), ..gregorian }).await.is_err());
    }

    #[tokio::test]
    async fn time_to_the_second_purchase_is_that_of_the_textbook() {
        // The maintained group of Embury et al. 1977, thirty times, watched for 161 days.
        let until = day("2024-06-30");
        let spells = [
            (9, true),
            (13, true),
            (13, false),
            (18, true),
            (23, true),
            (28, false),
            (31, true),
            (34, true),
            (45, false),
            (48, true),
            (161, false),
        ];
        let customers: Vec<Vec<Sale>> = (0..30)
            .flat_map(|_| spells)
            .map(|(time, again)| {
                let first = until.plus(if again { -161 } else { -time });
                let second = again.then(|| Sale::on(first.plus(time)));
                // Twice on one day is once.
                [Sale::on(first), Sale::on(first)].into_iter().chain(second).collect()
            })
            .collect();
        let ctx = shop(&customers, until.plus(1)).await;
        let found = ctx.run(cohorts, CohortsOf { calendar: Some(Calendar::Gregorian), ..CohortsOf::default() }).await.unwrap();
        assert_eq!(found.until, Some(until));
        let repeat = found.repeat.unwrap();
        assert_eq!((repeat.customers, repeat.returned, repeat.median_days), (330, 210, Some(31.0)));
        let at = |days: i64| *repeat.weeks.iter().find(|point| point.days == days).unwrap();
        for (days, at_risk, remain) in [(7, 330, 1.0), (14, 240, 0.818), (21, 210, 0.716), (35, 90, 0.368), (49, 30, 0.184)] {
            let point = at(days);
            assert_eq!(point.at_risk, at_risk, "{days}");
            assert!((1.0 - point.share - remain).abs() < 5.1e-4, "{point:?}");
            assert!(point.low <= point.share && point.share <= point.high);
        }
        assert_eq!(repeat.weeks.last().unwrap().days, 161, "thirty are watched until the end");
    }

    #[tokio::test]
    async fn too_little_is_said_with_the_day_when_it_is_enough() {
        let sale = |text: &str| vec![Sale::on(day(text))];
        let none = shop(&[], day("2024-05-10")).await;
        let found = none.run(cohorts, CohortsOf::default()).await.unwrap();
        assert_eq!((found.until, found.missing[0].of, found.missing[0].need), (None, ShortOf::Buyers, FEW));
        let ctx = shop(&vec![sale("2024-04-25"); 40], day("2024-05-10")).await;
        let found = ctx.run(cohorts, CohortsOf { calendar: Some(Calendar::Gregorian), ..CohortsOf::default() }).await.unwrap();
        assert_eq!(found.missing, [Shortage { of: ShortOf::Months, have: 1, need: 2, enough_on: Some(day("2024-06-01")) }]);
        assert!(found.cohorts.is_empty() && found.repeat.is_none());
        let few = shop(&[sale("2024-01-25"), sale("2024-03-25")], day("2024-04-10")).await;
        let found = few.run(cohorts, CohortsOf { calendar: Some(Calendar::Gregorian), ..CohortsOf::default() }).await.unwrap();
        assert_eq!((found.missing.len(), found.missing[0].of, found.missing[0].have), (1, ShortOf::Buyers, 2));
    }
}
