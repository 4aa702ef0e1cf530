//! What it cost to win customers beside what it costs to keep them, by the month in which they first bought. The job adds up
//! by the day of the first purchase, so that each reader's calendar has its own months.

use super::cohorts::Months;
use super::findings;
use super::profit::{WINDOW, part_of};
use super::rates::Rates;
use crate::operation::Nothing;
use crate::platform::calendar::Calendar;
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Months that are shown, that of the last run included.
const MONTHS: i32 = 24;
/// Name of the finding.
const NAME: &str = "keeping";

row! {
    /// Customers whose first purchase was on a day: what they brought and cost in the last twelve months.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct OfDay {
        first_on: Day = "p.first_purchase_on",
        active: i64 = "COUNT(*) FILTER (WHERE t.sales_minor > 0)",
        sales_minor: i64 = "CAST(SUM(t.sales_minor) AS BIGINT)",
        discount_minor: i64 = "CAST(SUM(t.discount_minor) AS BIGINT)",
        staff_minor: i64 = "CAST(SUM(t.staff_minor) AS BIGINT)",
        channels_minor: i64 = "CAST(SUM(t.channels_minor) AS BIGINT)",
        entered_minor: i64 = "CAST(SUM(t.entered_minor) AS BIGINT)",
        minutes: i64 = "CAST(SUM(t.minutes) AS BIGINT)",
    }
}

/// What was added up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Found {
    as_of: Day,
    currency: Currency,
    days: Vec<OfDay>,
    /// How many first bought on each day.
    won: Vec<(Day, i64)>,
}

/// Part of the job of profits, once a run that looks at today is whole.
pub(super) async fn find_out(ctx: &Ctx, as_of: Day, currency: Currency) -> Result<()> {
    let db = &ctx.app.db;
    let query = Sql::select::<OfDay>(
        "FROM party_profits t JOIN parties p ON p.id = t.party_id WHERE p.first_purchase_on <> '' GROUP BY p.first_purchase_on
         ORDER BY p.first_purchase_on",
    );
    let days: Vec<OfDay> = db.all(query).await?;
    let won: Vec<(Day, i64)> = db
        .all(sql("SELECT first_purchase_on, COUNT(*) FROM parties WHERE first_purchase_on <> '' GROUP BY first_purchase_on ORDER BY first_purchase_on"))
        .await?;
    findings::put(ctx, NAME, "", 0, &Found { as_of, currency, days, won }).await
}

/// Those who first bought in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeptCohort {
    /// Year of the calendar.
    pub year: i32,
    /// Month of the year, from 1.
    pub month: u8,
    /// First day of the month.
    pub first_on: Day,
    /// Last day of the month.
    pub last_on: Day,
    /// How many first bought in it.
    pub won: i64,
    /// What was spent in it to win customers of some source, in minor units.
    pub spent_minor: i64,
    /// What each of those who were won cost; absent where nothing was spent or nobody was won.
    pub win_each_minor: Option<i64>,
    /// How many of them bought in the last twelve months.
    pub active: i64,
    /// What they bought for in these, in minor units.
    pub sales_minor: i64,
    /// Discounts for them.
    pub discount_minor: i64,
    /// Our time for them.
    pub staff_minor: i64,
    /// What the contacts with them cost.
    pub channels_minor: i64,
    /// Presents and other costs of theirs.
    pub entered_minor: i64,
    /// What keeping each of those who bought cost in these; absent where nobody did.
    pub keep_each_minor: Option<i64>,
}

/// What it cost to win customers beside what it costs to keep them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Keeping {
    /// Whether it is shown: costs of no customer in particular are for who sees all customers.
    pub is_shown: bool,
    /// Whether it cannot be worked out because nobody has said what the goods cost.
    pub needs_goods: bool,
    /// Whose months they are.
    pub calendar: Calendar,
    /// First day of the twelve months that keeping is told of; absent before the first refresh of profits.
    pub from_on: Option<Day>,
    /// Their last day.
    pub as_of: Option<Day>,
    /// Currency of the amounts.
    pub currency: Option<Currency>,
    /// When it was worked out.
    pub made_at: Option<Instant>,
    /// The months, the newest first, those without anything left out.
    pub cohorts: Vec<KeptCohort>,
    /// What each of those who were won in these months cost.
    pub win_each_minor: Option<i64>,
    /// What keeping each customer of any month cost who bought in the last twelve months.
    pub keep_each_minor: Option<i64>,
}

fn kept(one: &OfDay) -> i64 {
    one.discount_minor + one.staff_minor + one.channels_minor + one.entered_minor
}

fn each(sum: i64, of: i64) -> Option<i64> {
    (of > 0).then(|| part_of(sum, 1, of))
}

/// What it cost to win customers beside what it costs to keep them, by month of the first purchase.
///
/// # Errors
/// Without the right.
pub async fn keeping(ctx: &Ctx, _: Nothing) -> Result<Keeping> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let calendar = ctx.prefs.calendar;
    let mut told = Keeping {
        is_shown: reader.sight == Sight::All,
        needs_goods: false,
        calendar,
        from_on: None,
        as_of: None,
        currency: None,
        made_at: None,
        cohorts: Vec::new(),
        win_each_minor: None,
        keep_each_minor: None,
    };
    if !told.is_shown {
        return Ok(told);
    }
    let Some(last) = findings::last::<Found>(reader.db, NAME).await? else {
        let mut tx = reader.db.snapshot().await?;
        told.needs_goods = Rates::read(&mut tx).await?.goods().is_err();
        tx.commit().await?;
        return Ok(told);
    };
    let Found { as_of, currency, days, won } = last.found;
    let months = Months::of_calendar(calendar, ctx.prefs.hijri_shift);
    let until = months.of(as_of);
    let since = until - MONTHS + 1;
    let (first_on, _) = months.edges(since)?;
    let mut cohorts: BTreeMap<i32, KeptCohort> = BTreeMap::new();
    for number in since..=until {
        let ((year, month), (first_on, last_on)) = (Months::year_and_month(number), months.edges(number)?);
        cohorts.insert(
            number,
            KeptCohort {
                year,
                month,
                first_on,
                last_on,
                won: 0,
                spent_minor: 0,
                win_each_minor: None,
                active: 0,
                sales_minor: 0,
                discount_minor: 0,
                staff_minor: 0,
                channels_minor: 0,
                entered_minor: 0,
                keep_each_minor: None,
            },
        );
    }
    for one in &days {
        if let Some(cohort) = cohorts.get_mut(&months.of(one.first_on)) {
            cohort.active += one.active;
            cohort.sales_minor += one.sales_minor;
            cohort.discount_minor += one.discount_minor;
            cohort.staff_minor += one.staff_minor;
            cohort.channels_minor += one.channels_minor;
            cohort.entered_minor += one.entered_minor;
        }
    }
    for (day, customers) in &won {
        if let Some(cohort) = cohorts.get_mut(&months.of(*day)) {
            cohort.won += customers;
        }
    }
    let query = sql("SELECT day, CAST(SUM(amount_minor) AS BIGINT) FROM costs
         WHERE party_id IS NULL AND source IS NOT NULL AND day >= $1 AND day <= $2 GROUP BY day");
    let spent: Vec<(Day, i64)> = reader.db.all(query.bind(first_on).bind(as_of)).await?;
    for (day, minor) in &spent {
        if let Some(cohort) = cohorts.get_mut(&months.of(*day)) {
            cohort.spent_minor += minor;
        }
    }
    for cohort in cohorts.values_mut() {
        cohort.win_each_minor = each(cohort.spent_minor, cohort.won).filter(|_| cohort.spent_minor > 0);
        let kept = cohort.discount_minor + cohort.staff_minor + cohort.channels_minor + cohort.entered_minor;
        cohort.keep_each_minor = each(kept, cohort.active);
    }
    // Months without an entry were not free of charge; nobody wrote anything down.
    let noted = cohorts.values().filter(|one| one.spent_minor > 0);
    let (won, spent) = noted.fold((0, 0), |sum, one| (sum.0 + one.won, sum.1 + one.spent_minor));
    told.win_each_minor = each(spent, won);
    told.keep_each_minor = each(days.iter().map(kept).sum(), days.iter().map(|one| one.active).sum());
    told.cohorts = cohorts.into_values().rev().filter(|one| one.won > 0 || one.spent_minor > 0).collect();
    (told.from_on, told.as_of, told.currency, told.made_at) =
        (Some(as_of.plus(1 - WINDOW)), Some(as_of), Some(currency), Some(last.made_at));
    Ok(told)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "insight.keeping",
        "GET /insight/keeping",
        Some(Perm(Room::Insight, Act::See)),
        "What it cost to win customers beside what it costs to keep them, by the month of their first purchase.",
        keeping,
    );
}
