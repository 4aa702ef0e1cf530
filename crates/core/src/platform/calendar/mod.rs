//! Calendars: a day is stored as a Gregorian civil date; Jalali and Hijri (Umm al-Qura) are ways
//! to show it and to type it. Here are conversion, names, spelling out, reading, and the edges of
//! weeks, months and years that filters and charts need.
//!
//! The arithmetic is ICU4X's. For the Hijri calendar it is the published Umm al-Qura table, and
//! outside the table (before 1300 AH, after 1600 AH) an approximation.

use icu_calendar::cal::{Hijri, Persian, hijri::UmmAlQura};
use icu_calendar::{AsCalendar, Date as IcuDate, Iso};
use jiff::Span;
use jiff::civil::{Date, Weekday};
use jiff_icu::{ConvertFrom, ConvertTryFrom};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::text::Lang;

mod guess;
mod names;
mod parse;
mod show;
mod words;

use parse::{Token, signed, small, tokens};

pub use guess::{Reading, guess_calendar, guess_order, readings};
pub use names::{month_name, weekday_name};
pub use parse::{from_spreadsheet, parse_date, parse_instant, parse_moment};
pub use show::{DateForm, DateStyle, format_date, near_date, relative_day};

const UMM_AL_QURA: Hijri<UmmAlQura> = Hijri::new_umm_al_qura();

/// From this year on a year can only be Gregorian: Jalali reaches it in 2421, Hijri in 2367.
const FIRST_SURELY_GREGORIAN_YEAR: i32 = 1800;

/// Years below this, written with three or four digits, belong to no living calendar.
const FIRST_PLAUSIBLE_YEAR: i32 = 1200;

/// A calendar to show and type dates in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// The solar Hijri calendar of Iran, as 1405/08/30.
    Jalali,
    /// The lunar Hijri calendar after the Umm al-Qura table.
    Hijri,
    /// The Gregorian calendar.
    Gregorian,
}

impl Calendar {
    /// Every calendar, in the order a chooser shows them.
    pub const ALL: [Calendar; 3] = [Calendar::Jalali, Calendar::Hijri, Calendar::Gregorian];
}

/// The order of day and month in a numeric Gregorian date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 2010-12-31
    Ymd,
    /// 31/12/2010
    Dmy,
    /// 12/31/2010
    Mdy,
}

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateProblem {
    /// Nothing in it reads as a date.
    NotRead,
    /// A part is missing: only a year, or a year and a month.
    Incomplete,
    /// The month has no such day, or the year no such month (31 Mehr, 30 Esfand of a common year).
    NoSuchDay,
    /// The day has no such time.
    NoSuchTime,
    /// The year is one that no customer, purchase or plan can have.
    OutOfRange,
    /// A year such as 1405 where the Gregorian calendar is chosen: Jalali or Hijri?
    WhichCalendar,
}

impl DateProblem {
    /// The message that tells the user what to do.
    pub fn key(self) -> &'static str {
        match self {
            DateProblem::NotRead => "platform-date-not-read",
            DateProblem::Incomplete => "platform-date-incomplete",
            DateProblem::NoSuchDay => "platform-date-no-such-day",
            DateProblem::NoSuchTime => "platform-date-no-such-time",
            DateProblem::OutOfRange => "platform-date-out-of-range",
            DateProblem::WhichCalendar => "platform-date-which-calendar",
        }
    }
}

// Conversion

/// Year, month and day of a date in a calendar.
pub fn ymd(date: Date, calendar: Calendar) -> (i32, u8, u8) {
    match calendar {
        Calendar::Gregorian => (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs()),
        Calendar::Jalali => parts(IcuDate::<Iso>::convert_from(date).to_calendar(Persian)),
        Calendar::Hijri => parts(IcuDate::<Iso>::convert_from(date).to_calendar(UMM_AL_QURA)),
    }
}

fn parts<A: AsCalendar>(date: IcuDate<A>) -> (i32, u8, u8) {
    (date.year().extended_year(), date.month().ordinal, date.day_of_month().0)
}

/// The date of a year, month and day in a calendar.
///
/// # Errors
/// [`DateProblem::NoSuchDay`] when the calendar lacks that day, [`DateProblem::OutOfRange`] for a
/// year outside 1 to 9999 or one that is no longer 1 to 9999 in the Gregorian calendar.
pub fn from_ymd(calendar: Calendar, year: i32, month: u8, day: u8) -> Result<Date, DateProblem> {
    if !(1..=9999).contains(&year) {
        return Err(DateProblem::OutOfRange);
    }
    match calendar {
        Calendar::Gregorian => {
            let year = i16::try_from(year).map_err(|_| DateProblem::OutOfRange)?;
            let month = i8::try_from(month).map_err(|_| DateProblem::NoSuchDay)?;
            let day = i8::try_from(day).map_err(|_| DateProblem::NoSuchDay)?;
            Date::new(year, month, day).map_err(|_| DateProblem::NoSuchDay)
        }
        Calendar::Jalali => {
            let date = IcuDate::try_new_persian(year, month, day).map_err(|_| DateProblem::NoSuchDay)?;
            Date::convert_try_from(date).map_err(|_| DateProblem::OutOfRange)
        }
        Calendar::Hijri => {
            let date = IcuDate::try_new_hijri_with_calendar(year, month, day, UMM_AL_QURA).map_err(|_| DateProblem::NoSuchDay)?;
            Date::convert_try_from(date).map_err(|_| DateProblem::OutOfRange)
        }
    }
}

/// A date written as year, month, day in `from`, written as `YYYY-MM-DD` in `to`. The year is
/// taken at its word: no calendar is guessed.
///
/// # Errors
/// The value is not three numbers with the year first, or not a day of that calendar.
pub fn convert(value: &str, from: Calendar, to: Calendar) -> Result<String, DateProblem> {
    let (tokens, time) = tokens(value)?;
    if time.is_some() {
        return Err(DateProblem::NotRead);
    }
    let [Token::Number(year, _), Token::Number(month, _), Token::Number(day, _)] = tokens[..] else {
        return Err(if tokens.is_empty() || tokens.iter().any(|t| matches!(t, Token::Word(_))) {
            DateProblem::NotRead
        } else {
            DateProblem::Incomplete
        });
    };
    let date = from_ymd(from, signed(year)?, small(month)?, small(day)?)?;
    let (year, month, day) = ymd(date, to);
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

// Edges and steps

/// The number of days of a month.
///
/// # Errors
/// The calendar has no such month.
pub fn days_in_month(calendar: Calendar, year: i32, month: u8) -> Result<u8, DateProblem> {
    let (_, last) = month_edges(calendar, year, month)?;
    Ok(ymd(last, calendar).2)
}

/// The first and the last day of a month.
///
/// # Errors
/// The calendar has no such month.
pub fn month_edges(calendar: Calendar, year: i32, month: u8) -> Result<(Date, Date), DateProblem> {
    let first = from_ymd(calendar, year, month, 1)?;
    // A month has 28 to 31 days; the first length that exists is its own.
    let longest = match calendar {
        Calendar::Hijri => 30,
        Calendar::Jalali | Calendar::Gregorian => 31,
    };
    (28..=longest).rev().find_map(|day| from_ymd(calendar, year, month, day).ok()).map(|last| (first, last)).ok_or(DateProblem::NoSuchDay)
}

/// The first and the last day of the month that holds `date`.
pub fn month_around(date: Date, calendar: Calendar) -> (Date, Date) {
    let (year, month, _) = ymd(date, calendar);
    month_edges(calendar, year, month).unwrap_or((date, date))
}

/// The first and the last day of a year.
///
/// # Errors
/// The year is outside 1 to 9999.
pub fn year_edges(calendar: Calendar, year: i32) -> Result<(Date, Date), DateProblem> {
    let (first, _) = month_edges(calendar, year, 1)?;
    let (_, last) = month_edges(calendar, year, 12)?;
    Ok((first, last))
}

/// The first and the last day of the year that holds `date`.
pub fn year_around(date: Date, calendar: Calendar) -> (Date, Date) {
    year_edges(calendar, ymd(date, calendar).0).unwrap_or((date, date))
}

/// The day a week begins with: Saturday in Persian and Arabic, Monday in English.
pub fn week_start(lang: Lang) -> Weekday {
    match lang {
        Lang::Fa | Lang::Ar => Weekday::Saturday,
        Lang::En => Weekday::Monday,
    }
}

/// The first and the last day of the week that holds `date`.
pub fn week_around(date: Date, lang: Lang) -> (Date, Date) {
    let into = i64::from(date.weekday().since(week_start(lang)));
    let first = add_days(date, -into);
    (first, add_days(first, 6))
}

/// The day a week of work begins with: Saturday in Iran, Sunday where Friday and Saturday are free, else Monday.
pub fn work_week_start(lang: Lang) -> Weekday {
    match lang {
        Lang::Fa => Weekday::Saturday,
        Lang::Ar => Weekday::Sunday,
        Lang::En => Weekday::Monday,
    }
}

/// Fewer days from now are not "next week" to anybody, even when a new week begins meanwhile.
const NEXT_WEEK_AFTER: i64 = 3;

/// The day that is meant by "next week" when somebody puts something off: the first working day of the week after this
/// one, where weeks of work begin with `start`, but never one of the next two days.
pub fn next_week(today: Date, start: Weekday) -> Date {
    let to_start = 7 - i64::from(today.weekday().since(start));
    add_days(today, to_start.max(NEXT_WEEK_AFTER))
}

/// The date some days later, or earlier for a negative number; it stops at the ends of time.
pub fn add_days(date: Date, days: i64) -> Date {
    Span::new().try_days(days).map_or(date, |span| date.saturating_add(span))
}

/// The same day of the month some months later in a calendar, or that month's last day when it
/// has no such day.
///
/// # Errors
/// The year leaves 1 to 9999.
pub fn add_months(date: Date, months: i32, calendar: Calendar) -> Result<Date, DateProblem> {
    let (year, month, day) = ymd(date, calendar);
    let index = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
    let year = i32::try_from(index.div_euclid(12)).map_err(|_| DateProblem::OutOfRange)?;
    let month = u8::try_from(index.rem_euclid(12) + 1).map_err(|_| DateProblem::OutOfRange)?;
    let (_, last) = month_edges(calendar, year, month)?;
    from_ymd(calendar, year, month, day.min(ymd(last, calendar).2))
}

/// Days from one date to another, negative when it lies before.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests;
