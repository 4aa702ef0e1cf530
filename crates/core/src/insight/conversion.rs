//! How many of the opportunities that ended were won: over time, by who looked after them, by how the customers came; and why
//! the others were lost.
//!
//! Counted at once: what ended in the window is read by the index of its day.

use super::cohorts::Months;
use super::guard::{LEVEL, ShortOf, Shortage};
use crate::platform::access::User;
use crate::platform::calendar::Calendar;
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Error, Operations, Perm, Problem, Reader, Result, Room};
use peyvand_db::{Id, Sql, row};
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Months shown unless the caller says how many.
pub const MONTHS: i64 = 12;
/// Most months shown.
const MONTHS_MAX: i64 = 36;
/// So many must have ended before anything is said of all.
pub const ENDED_MIN: i64 = 10;
/// So many must have ended before a share of them is told.
pub const RATE_MIN: i64 = 5;
/// People who are told apart; the others have few.
const OWNERS: i64 = 200;

/// Which months.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConversionOf {
    /// Whose months: of the caller's calendar unless given.
    pub calendar: Option<Calendar>,
    /// How many of the newest months, with the one that is not over; 12 unless given, at most 36.
    pub months: Option<i64>,
}

/// A share with its range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShareOf {
    /// The share.
    pub value: f64,
    /// Lower end of the range in which it lies with 95 per cent (Wilson).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl ShareOf {
    /// So many of so many; nothing where they are too few to say.
    pub(super) fn of(yes: i64, all: i64) -> Result<Option<ShareOf>> {
        if all < RATE_MIN {
            return Ok(None);
        }
        let share = wilson(yes.unsigned_abs(), all.unsigned_abs(), LEVEL).map_err(Error::fault)?;
        Ok(Some(ShareOf { value: share.value, low: share.low, high: share.high }))
    }
}

/// Opportunities that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Ended {
    /// How many were won.
    pub won: i64,
    /// How many were lost.
    pub lost: i64,
    /// What those brought that were won, in minor units, as far as it was written down.
    pub won_minor: i64,
    /// What those would have brought that were lost.
    pub lost_minor: i64,
    /// Of those that ended, the share that was won; absent of fewer than 5.
    pub rate: Option<ShareOf>,
}

impl Ended {
    pub(super) fn new(won: i64, lost: i64, won_minor: i64, lost_minor: i64) -> Result<Ended> {
        Ok(Ended { won, lost, won_minor, lost_minor, rate: ShareOf::of(won, won + lost)? })
    }
}

/// What ended in a month.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MonthEnded {
    /// Year of the calendar.
    pub year: i32,
    /// Month of the year, from 1.
    pub month: u8,
    /// First day of the month.
    pub first_on: Day,
    /// Last day of the month.
    pub last_on: Day,
    /// Whether it is over.
    pub is_over: bool,
    /// What ended in it.
    #[serde(flatten)]
    pub ended: Ended,
}

/// What ended of what somebody looked after.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OwnerEnded {
    /// Who; absent for what nobody looked after.
    pub owner_id: Option<Id<User>>,
    /// Their name.
    pub owner: Option<String>,
    /// What ended of it.
    #[serde(flatten)]
    pub ended: Ended,
}

/// What ended of customers who came one way.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SourceEnded {
    /// The word of the list `source`; absent where it is not known.
    pub source: Option<String>,
    /// The organisation's own label of it.
    pub label: Option<String>,
    /// What ended of it.
    #[serde(flatten)]
    pub ended: Ended,
}

/// What was lost for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReasonLost {
    /// The word of the list `lost_reason`.
    pub reason: String,
    /// The organisation's own label of it.
    pub label: Option<String>,
    /// How many were lost for it.
    pub lost: i64,
    /// What they would have brought, in minor units, as far as it was written down.
    pub lost_minor: i64,
    /// Their share among all that were lost; absent of fewer than 5 of these.
    pub share: Option<ShareOf>,
}

/// How opportunities ended.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Conversion {
    /// Whose months they are.
    pub calendar: Calendar,
    /// Currency of the amounts.
    pub currency: Currency,
    /// First day of the window.
    pub from_on: Day,
    /// Last day of the window: today.
    pub until_on: Day,
    /// All that ended in it.
    pub all: Ended,
    /// The months, oldest first.
    pub months: Vec<MonthEnded>,
    /// By who looked after them, the most first.
    pub owners: Vec<OwnerEnded>,
    /// By how the customers came, the most first.
    pub sources: Vec<SourceEnded>,
    /// Why the lost ones were lost, the most frequent first.
    pub reasons: Vec<ReasonLost>,
    /// What there is too little of; shares are told when it is enough.
    pub missing: Vec<Shortage>,
}

row! {
    struct OfDay {
        closed_on: Day = "t.closed_on",
        won: i64 = "count(*) FILTER (WHERE t.state = 'won')",
        lost: i64 = "count(*) FILTER (WHERE t.state = 'lost')",
        won_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'won'), 0) AS BIGINT)",
        lost_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'lost'), 0) AS BIGINT)",
    }
}

row! {
    struct OfOwner {
        owner_id: Option<Id<User>> = "t.owner_id",
        owner: Option<String> = "u.name",
        won: i64 = "count(*) FILTER (WHERE t.state = 'won')",
        lost: i64 = "count(*) FILTER (WHERE t.state = 'lost')",
        won_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'won'), 0) AS BIGINT)",
        lost_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'lost'), 0) AS BIGINT)",
    }
}

row! {
    struct OfSource {
        source: Option<String> = "p.source",
        label: Option<String> = "c.label",
        won: i64 = "count(*) FILTER (WHERE t.state = 'won')",
        lost: i64 = "count(*) FILTER (WHERE t.state = 'lost')",
        won_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'won'), 0) AS BIGINT)",
        lost_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor) FILTER (WHERE t.state = 'lost'), 0) AS BIGINT)",
    }
}

row! {
    struct OfReason {
        reason: String = "t.lost_reason",
        label: Option<String> = "r.label",
        lost: i64 = "count(*)",
        lost_minor: i64 = "CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT)",
    }
}

/// The months of a window, oldest first, and its days.
pub(super) struct Window {
    pub calendar: Calendar,
    pub from: Day,
    pub until: Day,
    /// Year, month, first and last day.
    pub months: Vec<(i32, u8, Day, Day)>,
}

impl Window {
    /// The newest months of the caller's calendar, up to today.
    pub async fn of(ctx: &Ctx, input: ConversionOf) -> Result<Window> {
        let shown = match input.months.unwrap_or(MONTHS) {
            months @ 1..=MONTHS_MAX => months as i32,
            _ => return Err(Problem::new("months", "input-range").with("min", 1).with("max", MONTHS_MAX).into()),
        };
        let until = ctx.now().day(&ctx.app.organisation().await?.zone());
        let calendar = input.calendar.unwrap_or(ctx.prefs.calendar);
        let months = Months::of_calendar(calendar, ctx.prefs.hijri_shift);
        let last = months.of(until);
        let mut all = Vec::new();
        for number in last - shown + 1..=last {
            let (year, month) = Months::year_and_month(number);
            let (first_on, last_on) = months.edges(number)?;
            all.push((year, month, first_on, last_on));
        }
        let from = all.first().map_or(until, |(_, _, first_on, _)| *first_on);
        Ok(Window { calendar, from, until, months: all })
    }

    /// The condition on opportunities, with the alias `t`, and on what the reader sees of their parties.
    pub fn ended(&self, reader: &Reader<'_>, query: &mut Sql) {
        query.push(" WHERE t.closed_on >= ").arg(self.from).push(" AND t.closed_on <= ").arg(self.until);
        reader.sight.parties(query);
    }
}

/// How the opportunities of those within sight ended.
///
/// # Errors
/// Without the right, or for more months than are shown.
pub async fn conversion(ctx: &Ctx, input: ConversionOf) -> Result<Conversion> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let window = Window::of(ctx, input).await?;
    let currency = ctx.app.organisation().await?.currency;

    let mut query = Sql::select::<OfDay>("FROM opportunities t JOIN parties p ON p.id = t.party_id");
    window.ended(&reader, &mut query);
    query.push(" GROUP BY t.closed_on");
    let days: Vec<OfDay> = reader.db.all(query).await?;

    let mut query =
        Sql::select::<OfOwner>("FROM opportunities t JOIN parties p ON p.id = t.party_id LEFT JOIN users u ON u.id = t.owner_id");
    window.ended(&reader, &mut query);
    query.push(" GROUP BY t.owner_id, u.name ORDER BY count(*) DESC, u.name, t.owner_id LIMIT ").arg(OWNERS);
    let owners: Vec<OfOwner> = reader.db.all(query).await?;

    let mut query = Sql::select::<OfSource>(
        "FROM opportunities t JOIN parties p ON p.id = t.party_id LEFT JOIN terms c ON c.list = 'source' AND c.word = p.source",
    );
    window.ended(&reader, &mut query);
    query.push(" GROUP BY p.source, c.label ORDER BY count(*) DESC, p.source");
    let sources: Vec<OfSource> = reader.db.all(query).await?;

    let mut query = Sql::select::<OfReason>(
        "FROM opportunities t JOIN parties p ON p.id = t.party_id
         LEFT JOIN terms r ON r.list = 'lost_reason' AND r.word = t.lost_reason",
    );
    window.ended(&reader, &mut query);
    query.push(" AND t.state = 'lost' GROUP BY t.lost_reason, r.label ORDER BY count(*) DESC, t.lost_reason");
    let reasons: Vec<OfReason> = reader.db.all(query).await?;

    let sum = |of: fn(&OfDay) -> i64, from: Day, until: Day| -> i64 {
        days.iter().filter(|day| day.closed_on >= from && day.closed_on <= until).map(of).sum()
    };
    let ended = |from: Day, until: Day| {
        let sum = |of: fn(&OfDay) -> i64| sum(of, from, until);
        Ended::new(sum(|day| day.won), sum(|day| day.lost), sum(|day| day.won_minor), sum(|day| day.lost_minor))
    };
    let all = ended(window.from, window.until)?;
    let months = window.months.iter().map(|(year, month, first_on, last_on)| {
        Ok(MonthEnded {
            year: *year,
            month: *month,
            first_on: *first_on,
            last_on: *last_on,
            is_over: *last_on < window.until,
            ended: ended(*first_on, *last_on)?,
        })
    });
    let owners = owners.into_iter().map(|of| {
        let ended = Ended::new(of.won, of.lost, of.won_minor, of.lost_minor)?;
        Ok(OwnerEnded { owner_id: of.owner_id, owner: of.owner, ended })
    });
    let sources = sources.into_iter().map(|of| {
        let ended = Ended::new(of.won, of.lost, of.won_minor, of.lost_minor)?;
        Ok(SourceEnded { source: of.source, label: of.label, ended })
    });
    let reasons = reasons.into_iter().map(|of| {
        let OfReason { reason, label, lost, lost_minor } = of;
        Ok(ReasonLost { reason, label, lost, lost_minor, share: ShareOf::of(lost, all.lost)? })
    });
    Ok(Conversion {
        calendar: window.calendar,
        currency,
        from_on: window.from,
        until_on: window.until,
        months: months.collect::<Result<_>>()?,
        owners: owners.collect::<Result<_>>()?,
        sources: sources.collect::<Result<_>>()?,
        reasons: reasons.collect::<Result<_>>()?,
        missing: Shortage::unless(ShortOf::Ended, all.won + all.lost, ENDED_MIN).into_iter().collect(),
        all,
    })
}

/// The operations of conversion.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.conversion",
        "GET /insight/conversion",
        see,
        "How many of the opportunities that ended were won: by month, by who looked after them, by source; and why others were lost.",
        conversion,
    )
    .example(|| serde_json::json!({"months": 12}));
}

#[cfg(test)]
#[path = "deals_tests.rs"]
mod tests;
