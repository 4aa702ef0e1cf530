//! How many of those who were written down as potential customers came to buy: by the month in which they were written down,
//! and whether they bought by the end of the second month after it.
//!
//! Counted at once where it is quick; of very many customers it is told as it was counted in the night.

use super::cohorts::Months;
use super::conversion::{ConversionOf, ShareOf, Window};
use super::findings;
use crate::platform::calendar::Calendar;
use crate::{Act, Ctx, Day, Instant, Operations, Perm, Result, Room, Sight};
use jiff::tz::TimeZone;
use peyvand_db::{Db, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Months that are counted in the night; a view shows the newest of them.
const COUNTED: i64 = 36;
/// Months after that of being written down in which a first purchase counts.
const AFTER: i32 = 2;
/// Above so many customers, counting would keep the reader waiting.
const LIVE: i64 = 100_000;

row! {
    struct Counted {
        place: i64 = "m.place",
        written: i64 = "count(*)",
        bought: i64 = "count(*) FILTER (WHERE p.first_purchase_on <> '')",
        in_time: i64 = "count(*) FILTER (WHERE p.first_purchase_on <> '' AND p.first_purchase_on <= m.until_on)",
    }
}

/// Those who were written down in one month before they had bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MonthWritten {
    /// Year of the calendar.
    pub year: i32,
    /// Month of the year, from 1.
    pub month: u8,
    /// First day of the month.
    pub first_on: Day,
    /// Last day of the month.
    pub last_on: Day,
    /// Last day of the second month after it: until then a purchase counts as in time.
    pub until_on: Day,
    /// How many they are.
    pub written: i64,
    /// How many of them have bought since.
    pub bought: i64,
    /// How many of them bought in time.
    pub in_time: i64,
    /// The share that bought in time; absent while there is time, and of fewer than 5.
    #[serde(default)]
    pub rate: Option<ShareOf>,
}

/// How many came to buy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FirstPurchases {
    /// Whose months they are.
    pub calendar: Calendar,
    /// The months, oldest first.
    pub months: Vec<MonthWritten>,
    /// When it was counted.
    pub made_at: Instant,
}

fn name(calendar: Calendar) -> &'static str {
    match calendar {
        Calendar::Jalali => "first_purchases_jalali",
        Calendar::Hijri => "first_purchases_hijri",
        Calendar::Gregorian => "first_purchases_gregorian",
    }
}

/// How many of those within sight who were written down in the newest months came to buy.
///
/// # Errors
/// Without the right, or for more months than are shown.
pub async fn first_purchases(ctx: &Ctx, input: ConversionOf) -> Result<FirstPurchases> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let window = Window::of(ctx, input).await?;
    let (shown, today) = (window.months.len(), window.until);
    let mut found = match stored(reader.db, &reader.sight, window.calendar).await? {
        Some(found) => found,
        None => count(ctx, reader.db, &reader.sight, window.calendar, ctx.prefs.hijri_shift, shown as i32).await?,
    };
    found.months.drain(..found.months.len().saturating_sub(shown));
    for month in &mut found.months {
        month.rate = if month.until_on < today { ShareOf::of(month.in_time, month.written)? } else { None };
    }
    Ok(found)
}

async fn stored(db: &Db, sight: &Sight, calendar: Calendar) -> Result<Option<FirstPurchases>> {
    if *sight != Sight::All {
        return Ok(None);
    }
    let (some,): (i64,) = db.one(sql("SELECT count(*) FROM (SELECT 1 FROM parties LIMIT $1) few").bind(LIVE + 1)).await?;
    if some <= LIVE {
        return Ok(None);
    }
    Ok(findings::last(db, name(calendar)).await?.map(|last| last.found))
}

/// Part of the job.
pub(super) async fn find_out(ctx: &Ctx) -> Result<()> {
    let shift = ctx.app.organisation().await?.hijri_shift;
    for calendar in Calendar::ALL {
        let found = count(ctx, &ctx.app.db, &Sight::All, calendar, shift, COUNTED as i32).await?;
        findings::put(ctx, name(calendar), "", 0, &found).await?;
    }
    Ok(())
}

async fn count(ctx: &Ctx, db: &Db, sight: &Sight, calendar: Calendar, shift: i64, shown: i32) -> Result<FirstPurchases> {
    let zone: TimeZone = ctx.app.organisation().await?.zone();
    let numbers = Months::of_calendar(calendar, shift);
    let last = numbers.of(ctx.now().day(&zone));
    let mut months = Vec::new();
    for number in last - shown + 1..=last {
        let (year, month) = Months::year_and_month(number);
        let ((first_on, last_on), (_, until_on)) = (numbers.edges(number)?, numbers.edges(number + AFTER)?);
        months.push(MonthWritten { year, month, first_on, last_on, until_on, written: 0, bought: 0, in_time: 0, rate: None });
    }
    let mut query = Sql::select::<Counted>("FROM (");
    for (place, month) in months.iter().enumerate() {
        query.push(if place > 0 { " UNION ALL SELECT CAST(" } else { "SELECT CAST(" });
        let (starts, ends) = (Instant::start_of(month.first_on, &zone), Instant::start_of(month.last_on.plus(1), &zone));
        query.arg(place as i64).push(" AS BIGINT) AS place, CAST(").arg(starts).push(" AS BIGINT) AS starts, CAST(").arg(ends);
        query.push(" AS BIGINT) AS ends, CAST(").arg(month.first_on).push(" AS TEXT) AS first_on, CAST(").arg(month.until_on);
        query.push(" AS TEXT) AS until_on");
    }
    // Who had bought before that month was no potential customer any more when somebody wrote them down.
    query.push(
        ") m JOIN parties p ON p.created_at >= m.starts AND p.created_at < m.ends
         WHERE p.archived_at IS NULL AND p.role NOT IN ('supplier', 'partner')
           AND (p.first_purchase_on = '' OR p.first_purchase_on >= m.first_on)",
    );
    sight.parties(&mut query);
    query.push(" GROUP BY m.place");
    for counted in db.all::<Counted>(query).await? {
        if let Some(month) = usize::try_from(counted.place).ok().and_then(|place| months.get_mut(place)) {
            (month.written, month.bought, month.in_time) = (counted.written, counted.bought, counted.in_time);
        }
    }
    Ok(FirstPurchases { calendar, months, made_at: ctx.now() })
}

/// The operations of first purchases.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.first_purchases",
        "GET /insight/first-purchases",
        see,
        "How many of those who were written down as potential customers came to buy, by the month of being written down.",
        first_purchases,
    )
    .example(|| serde_json::json!({"months": 12}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn who_was_written_down_before_buying_is_counted_by_month_and_by_whether_they_bought_in_time() {
        let ctx = testing::ctx().await;
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        // Of Mordad 1405, 2026-07-23 to 2026-08-22; in time is until the end of Mehr, 2026-10-22.
        let written = [
            (&ctx, "2026-07-22T21:00:00Z", ""),
            (&ctx, "2026-07-25T08:00:00Z", "2026-07-26"),
            (&ctx, "2026-07-25T08:00:00Z", "2026-10-22"),
            (&ctx, "2026-08-22T08:00:00Z", "2026-10-23"),
            (&ctx, "2026-08-01T08:00:00Z", "2025-01-01"),
            (&agent, "2026-08-22T20:00:00Z", ""),
            (&ctx, "2026-08-22T21:00:00Z", ""),
        ];
        for (number, (by, at, bought)) in written.into_iter().enumerate() {
            let party = testing::party(by, &format!("مشتری {number}")).await;
            let at = Instant(at.parse::<jiff::Timestamp>().unwrap().as_millisecond());
            let mut tx = ctx.app.db.begin().await.unwrap();
            let query = sql("UPDATE parties SET created_at = $1, first_purchase_on = $2 WHERE id = $3");
            tx.run(query.bind(at).bind(bought).bind(party)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let found = ctx.run(first_purchases, ConversionOf::default()).await.unwrap();
        assert_eq!(found.months.len(), 12);
        let mordad = found.months.iter().find(|one| one.month == 5).unwrap();
        assert_eq!((mordad.first_on.to_string(), mordad.until_on.to_string()), ("2026-07-23".into(), "2026-10-22".into()));
        assert_eq!((mordad.written, mordad.bought, mordad.in_time), (5, 3, 2), "one had bought before, one is of the next month");
        assert_eq!(mordad.rate.unwrap().value, 0.4);
        assert!(found.months.iter().filter(|one| one.month != 5).all(|one| one.rate.is_none()), "too few, or too early");
        let own = agent.run(first_purchases, ConversionOf { months: Some(5), ..ConversionOf::default() }).await.unwrap();
        assert_eq!(own.months.iter().map(|one| one.written).collect::<Vec<_>>(), [0, 1, 0, 0, 0]);

        find_out(&ctx).await.unwrap();
        let kept: FirstPurchases = findings::last(&ctx.app.db, name(Calendar::Jalali)).await.unwrap().unwrap().found;
        assert_eq!(kept.months.len(), 36);
        let kept = kept.months.iter().find(|one| one.first_on == mordad.first_on).unwrap();
        assert_eq!((kept.written, kept.in_time, kept.rate), (5, 2, None));
    }
}
