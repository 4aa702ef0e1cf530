//! Calendars: a day is stored as a Gregorian civil date; Jalali and Hijri (Umm al-Qura) are ways
//! to show it and to type it. Here are conversion, names, spelling out, reading, and the edges of
//! weeks, months and years that filters and charts need.
//!
//! The arithmetic is ICU4X's. For the Hijri calendar it is the published Umm al-Qura table, and
//! outside the table (before 1300 AH, after 1600 AH) an approximation.

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_calendar::cal::{Hijri, Persian, hijri::UmmAlQura};
use icu_calendar::{AsCalendar, Date as IcuDate, Iso};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use jiff_icu::{ConvertFrom, ConvertTryFrom};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::text::{Digits, Lang, digit_value, search_key, to_digits};

const UMM_AL_QURA: Hijri<UmmAlQura> = Hijri::new_umm_al_qura();

/// From this year on a year can only be Gregorian: Jalali reaches it in 2421, Hijri in 2367.
const FIRST_SURELY_GREGORIAN_YEAR: i32 = 1800;

/// Years below this, written with three or four digits, belong to no living calendar.
const FIRST_PLAUSIBLE_YEAR: i32 = 1200;

/// How many years ahead of today a two-digit year may lie; further ahead it is the century before.
const TWO_DIGIT_YEARS_AHEAD: i32 = 10;

/// In a column of dates without other signs, a highest year above this is Hijri: the Jalali year
/// lies decades in the future, the Hijri one in living memory.
const LAST_LIKELY_JALALI_YEAR: i32 = 1420;

/// Days on either side of today that are named in words.
const NEAR_DAYS: i32 = 6;

/// The longest text that is read as a date. Longer ones are not dates.
const MAX_DATE_CHARS: usize = 100;

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

// Names

const JALALI_FA: [&str; 12] = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"];
const JALALI_AR: [&str; 12] = ["فروردين", "أرديبهشت", "خرداد", "تير", "مرداد", "شهريور", "مهر", "آبان", "آذر", "دي", "بهمن", "إسفند"];
const JALALI_EN: [&str; 12] =
    ["Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar", "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand"];
const HIJRI_FA: [&str; 12] =
    ["محرم", "صفر", "ربیع‌الاول", "ربیع‌الثانی", "جمادی‌الاول", "جمادی‌الثانی", "رجب", "شعبان", "رمضان", "شوال", "ذی‌القعده", "ذی‌الحجه"];
const HIJRI_AR: [&str; 12] =
    ["محرم", "صفر", "ربيع الأول", "ربيع الآخر", "جمادى الأولى", "جمادى الآخرة", "رجب", "شعبان", "رمضان", "شوال", "ذو القعدة", "ذو الحجة"];
const HIJRI_EN: [&str; 12] = [
    "Muharram", "Safar", "Rabi I", "Rabi II", "Jumada I", "Jumada II", "Rajab", "Shaban", "Ramadan", "Shawwal", "Dhu al-Qadah",
    "Dhu al-Hijjah",
];
const GREGORIAN_FA: [&str; 12] = ["ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"];
const GREGORIAN_AR: [&str; 12] =
    ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"];
const GREGORIAN_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Spellings that people type besides the names above: (name, calendar, month).
const OTHER_MONTHS: &[(&str, Calendar, u8)] = &[
    ("january", Calendar::Gregorian, 1),
    ("february", Calendar::Gregorian, 2),
    ("march", Calendar::Gregorian, 3),
    ("april", Calendar::Gregorian, 4),
    ("june", Calendar::Gregorian, 6),
    ("july", Calendar::Gregorian, 7),
    ("august", Calendar::Gregorian, 8),
    ("sept", Calendar::Gregorian, 9),
    ("september", Calendar::Gregorian, 9),
    ("october", Calendar::Gregorian, 10),
    ("november", Calendar::Gregorian, 11),
    ("december", Calendar::Gregorian, 12),
    ("آپریل", Calendar::Gregorian, 4),
    ("می", Calendar::Gregorian, 5),
    ("جون", Calendar::Gregorian, 6),
    ("جولای", Calendar::Gregorian, 7),
    ("آگوست", Calendar::Gregorian, 8),
    ("إبريل", Calendar::Gregorian, 4),
    ("كانون الثاني", Calendar::Gregorian, 1),
    ("شباط", Calendar::Gregorian, 2),
    ("آذار", Calendar::Gregorian, 3),
    ("نيسان", Calendar::Gregorian, 4),
    ("أيار", Calendar::Gregorian, 5),
    ("حزيران", Calendar::Gregorian, 6),
    ("تموز", Calendar::Gregorian, 7),
    ("آب", Calendar::Gregorian, 8),
    ("أيلول", Calendar::Gregorian, 9),
    ("تشرين الأول", Calendar::Gregorian, 10),
    ("تشرين الثاني", Calendar::Gregorian, 11),
    ("كانون الأول", Calendar::Gregorian, 12),
    ("امرداد", Calendar::Jalali, 5),
    ("ربیع الاخر", Calendar::Hijri, 4),
    ("ربیع‌الثانیه", Calendar::Hijri, 4),
    ("جمادی‌الاولی", Calendar::Hijri, 5),
    ("جمادی‌الاخری", Calendar::Hijri, 6),
    ("جمادی‌الثانیه", Calendar::Hijri, 6),
    ("ذیقعده", Calendar::Hijri, 11),
    ("ذوالقعده", Calendar::Hijri, 11),
    ("ذی قعده", Calendar::Hijri, 11),
    ("ذیحجه", Calendar::Hijri, 12),
    ("ذی حجه", Calendar::Hijri, 12),
    ("rabi al-awwal", Calendar::Hijri, 3),
    ("rabi al-thani", Calendar::Hijri, 4),
    ("rabi al-akhir", Calendar::Hijri, 4),
    ("jumada al-awwal", Calendar::Hijri, 5),
    ("jumada al-ula", Calendar::Hijri, 5),
    ("jumada al-thani", Calendar::Hijri, 6),
    ("jumada al-akhirah", Calendar::Hijri, 6),
    ("dhul qadah", Calendar::Hijri, 11),
    ("dhul hijjah", Calendar::Hijri, 12),
];

/// The name of a month (1 to 12) in a language; English Gregorian names in their three letters.
pub fn month_name(calendar: Calendar, month: u8, lang: Lang) -> &'static str {
    let names = match (calendar, lang) {
        (Calendar::Jalali, Lang::Fa) => &JALALI_FA,
        (Calendar::Jalali, Lang::Ar) => &JALALI_AR,
        (Calendar::Jalali, Lang::En) => &JALALI_EN,
        (Calendar::Hijri, Lang::Fa) => &HIJRI_FA,
        (Calendar::Hijri, Lang::Ar) => &HIJRI_AR,
        (Calendar::Hijri, Lang::En) => &HIJRI_EN,
        (Calendar::Gregorian, Lang::Fa) => &GREGORIAN_FA,
        (Calendar::Gregorian, Lang::Ar) => &GREGORIAN_AR,
        (Calendar::Gregorian, Lang::En) => &GREGORIAN_EN,
    };
    names.get(usize::from(month).saturating_sub(1)).copied().unwrap_or("")
}

/// The name of a weekday in a language; in English its three letters.
pub fn weekday_name(weekday: Weekday, lang: Lang) -> &'static str {
    match (weekday, lang) {
        (Weekday::Saturday, Lang::Fa) => "شنبه",
        (Weekday::Sunday, Lang::Fa) => "یکشنبه",
        (Weekday::Monday, Lang::Fa) => "دوشنبه",
        (Weekday::Tuesday, Lang::Fa) => "سه‌شنبه",
        (Weekday::Wednesday, Lang::Fa) => "چهارشنبه",
        (Weekday::Thursday, Lang::Fa) => "پنجشنبه",
        (Weekday::Friday, Lang::Fa) => "جمعه",
        (Weekday::Saturday, Lang::Ar) => "السبت",
        (Weekday::Sunday, Lang::Ar) => "الأحد",
        (Weekday::Monday, Lang::Ar) => "الاثنين",
        (Weekday::Tuesday, Lang::Ar) => "الثلاثاء",
        (Weekday::Wednesday, Lang::Ar) => "الأربعاء",
        (Weekday::Thursday, Lang::Ar) => "الخميس",
        (Weekday::Friday, Lang::Ar) => "الجمعة",
        (Weekday::Saturday, Lang::En) => "Sat",
        (Weekday::Sunday, Lang::En) => "Sun",
        (Weekday::Monday, Lang::En) => "Mon",
        (Weekday::Tuesday, Lang::En) => "Tue",
        (Weekday::Wednesday, Lang::En) => "Wed",
        (Weekday::Thursday, Lang::En) => "Thu",
        (Weekday::Friday, Lang::En) => "Fri",
    }
}

const OTHER_WEEKDAYS: &[(&str, Weekday)] = &[
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("آدینه", Weekday::Friday),
    ("الإثنين", Weekday::Monday),
];

// Showing

/// How much of a date is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateForm {
    /// 1405/08/30; in English and Gregorian 2026-11-21.
    Short,
    /// 30 Aban
    DayMonth,
    /// 30 Aban 1405
    Medium,
    /// Sat 30 Aban 1405
    Long,
}

/// In whose words and signs a date is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateStyle {
    /// Which calendar counts the day.
    pub calendar: Calendar,
    /// The language of month and weekday.
    pub lang: Lang,
    /// The digits.
    pub digits: Digits,
    /// How much is shown.
    pub form: DateForm,
}

/// A date as a person reads it: «شنبه ۳۰ آبان ۱۴۰۵», «السبت ١١ جمادى الآخرة ١٤٤٨ هـ»,
/// "Sat 21 Nov 2026".
pub fn format_date(date: Date, style: &DateStyle) -> String {
    let (year, month, day) = ymd(date, style.calendar);
    let name = month_name(style.calendar, month, style.lang);
    let weekday = weekday_name(date.weekday(), style.lang);
    let era = era(style.calendar, style.lang);
    let plain = match style.form {
        DateForm::Short if style.lang == Lang::En && style.calendar == Calendar::Gregorian => {
            format!("{year:04}-{month:02}-{day:02}")
        }
        DateForm::Short => format!("{year:04}/{month:02}/{day:02}"),
        DateForm::DayMonth => format!("{day} {name}"),
        DateForm::Medium => format!("{day} {name} {year}{era}"),
        DateForm::Long => format!("{weekday} {day} {name} {year}{era}"),
    };
    to_digits(&plain, style.digits)
}

/// The era, where a reader of that language would not know the calendar from the month alone.
fn era(calendar: Calendar, lang: Lang) -> &'static str {
    match (calendar, lang) {
        (Calendar::Hijri, Lang::Fa) => " ق",
        (Calendar::Hijri, Lang::Ar) => " هـ",
        (Calendar::Hijri, Lang::En) => " AH",
        (Calendar::Jalali, Lang::Ar) => " هـ.ش",
        _ => "",
    }
}

/// A near date in words (امروز, أمس, "in 3 days"), up to six days away; `None` further away.
pub fn relative_day(date: Date, today: Date, lang: Lang, digits: Digits) -> Option<String> {
    let days = days_between(today, date);
    let away = days.unsigned_abs();
    if away > NEAR_DAYS.unsigned_abs() {
        return None;
    }
    let words = match (lang, days) {
        (Lang::Fa, 0) => "امروز".into(),
        (Lang::Fa, -1) => "دیروز".into(),
        (Lang::Fa, 1) => "فردا".into(),
        (Lang::Fa, -2) => "پریروز".into(),
        (Lang::Fa, 2) => "پس‌فردا".into(),
        (Lang::Fa, ..0) => format!("{away} روز پیش"),
        (Lang::Fa, _) => format!("{away} روز دیگر"),
        (Lang::Ar, 0) => "اليوم".into(),
        (Lang::Ar, -1) => "أمس".into(),
        (Lang::Ar, 1) => "غدًا".into(),
        (Lang::Ar, -2) => "أول أمس".into(),
        (Lang::Ar, 2) => "بعد غد".into(),
        (Lang::Ar, ..0) => format!("قبل {away} أيام"),
        (Lang::Ar, _) => format!("بعد {away} أيام"),
        (Lang::En, 0) => "today".into(),
        (Lang::En, -1) => "yesterday".into(),
        (Lang::En, 1) => "tomorrow".into(),
        (Lang::En, ..0) => format!("{away} days ago"),
        (Lang::En, _) => format!("in {away} days"),
    };
    Some(to_digits(&words, digits))
}

/// A date as lists show it: in words when near, else day and month, with the year only if it is
/// not this year's.
pub fn near_date(date: Date, today: Date, style: &DateStyle) -> String {
    relative_day(date, today, style.lang, style.digits).unwrap_or_else(|| {
        let same_year = ymd(date, style.calendar).0 == ymd(today, style.calendar).0;
        let form = if same_year { DateForm::DayMonth } else { DateForm::Medium };
        format_date(date, &DateStyle { form, ..*style })
    })
}

/// Days from one date to another, negative when it lies before.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

// Reading

/// A date as people type it, in any of the three digit sets and languages: `1405/8/30`,
/// «۳۰ آبان», "Sat 21 Nov 2026", `2026-11-21`, `21.11.2026`, «فردا», «۲ سال پیش», "next week".
///
/// `calendar` decides where the text leaves it open. It is overruled by a month name, an era or a
/// year from 1800 on, which can only be Gregorian. A two-digit year is the one nearest before
/// ten years from `today`. A date without year is in this year of the calendar.
///
/// # Errors
/// See [`DateProblem`].
pub fn parse_date(text: &str, calendar: Calendar, today: Date) -> Result<Date, DateProblem> {
    parse_moment(text, calendar, None, today).map(|(date, _)| date)
}

/// A date with an optional time of day, as [`parse_date`] reads it, also `12/1/2010 8:26`,
/// `2010-12-01T08:26:00`, «۱۴۰۵/۸/۳۰ ساعت ۱۷:۳۰».
///
/// With `order` a numeric date that contradicts it is refused, as the values of one column must
/// all be read alike; without it day comes before month unless only the other way makes a date.
///
/// # Errors
/// See [`DateProblem`].
pub fn parse_moment(text: &str, calendar: Calendar, order: Option<DateOrder>, today: Date) -> Result<(Date, Option<Time>), DateProblem> {
    let (tokens, time) = tokens(text)?;
    if tokens.is_empty() {
        return Err(DateProblem::NotRead);
    }
    let date = if tokens.iter().all(|token| matches!(token, Token::Number(..))) {
        numeric(&tokens, calendar, order, today)?
    } else {
        worded(&tokens, calendar, order, today)?
    };
    Ok((date, time))
}

/// An instant: what [`parse_moment`] reads, at the start of the day where no time is given, in a
/// time zone; also ISO 8601 with `Z` or an offset, and a day number of a spreadsheet.
///
/// # Errors
/// See [`DateProblem`].
pub fn parse_instant(
    text: &str,
    calendar: Calendar,
    order: Option<DateOrder>,
    zone: &TimeZone,
    today: Date,
) -> Result<Timestamp, DateProblem> {
    let text = text.trim();
    // Only Z or an offset after the day makes a text an instant of its own.
    let offset = text.len() >= 17 && text.is_ascii() && text[10..].contains(['Z', 'z', '+', '-']);
    if offset
        && let Ok(instant) = text.parse::<Timestamp>()
        && i32::from(instant.to_zoned(TimeZone::UTC).year()) >= FIRST_SURELY_GREGORIAN_YEAR
    {
        return Ok(instant);
    }
    let local = match spreadsheet_serial(text) {
        Some(serial) => from_spreadsheet(serial)?,
        None => {
            let (date, time) = parse_moment(text, calendar, order, today)?;
            date.to_datetime(time.unwrap_or(Time::midnight()))
        }
    };
    zone.to_ambiguous_timestamp(local).compatible().map_err(|_| DateProblem::OutOfRange)
}

/// The date and time of a spreadsheet's day number (1 = 1900-01-01, with the 29 February 1900
/// that never was; fractions are the time of day, to the second).
///
/// # Errors
/// [`DateProblem::OutOfRange`] for numbers below 1 or after the year 9999.
pub fn from_spreadsheet(serial: f64) -> Result<DateTime, DateProblem> {
    const DAYS: std::ops::Range<f64> = 1.0..2_958_466.0;
    const SECONDS_PER_DAY: f64 = 86_400.0;
    if !DAYS.contains(&serial) {
        return Err(DateProblem::OutOfRange);
    }
    // Before 1 March 1900 the count lacks the day that never was.
    let epoch = if serial < 60.0 { Date::constant(1899, 12, 31) } else { Date::constant(1899, 12, 30) };
    // In range as checked above: at most 2.6e11.
    let seconds = (serial * SECONDS_PER_DAY).round() as i64;
    epoch.to_datetime(Time::midnight()).checked_add(jiff::SignedDuration::from_secs(seconds)).map_err(|_| DateProblem::OutOfRange)
}

/// A text that can only be a day number: five digits (1927 to 2173) with or without fraction.
fn spreadsheet_serial(text: &str) -> Option<f64> {
    let whole = text.split('.').next()?;
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain && whole.len() == 5 { text.parse().ok() } else { None }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// Value and number of digits.
    Number(u32, usize),
    /// A word as its search key.
    Word(String),
}

/// Words that stand beside a date and say nothing about it.
const FILLERS: &[&str] = &["ساعت", "الساعة", "at", "of", "the", "on", "مورخ", "تاریخ", "به تاریخ", "t", "ام", "st", "nd", "rd", "th", "و"];

/// Splits a text into numbers and words and takes the time of day out of it.
fn tokens(text: &str) -> Result<(Vec<Token>, Option<Time>), DateProblem> {
    if text.len() > MAX_DATE_CHARS * 4 || text.chars().count() > MAX_DATE_CHARS {
        return Err(DateProblem::NotRead);
    }
    let mut tokens = Vec::with_capacity(6);
    let mut time = None;
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if let Some(first) = digit_value(c) {
            let mut value = u32::from(first);
            let mut length = 1;
            while let Some(digit) = chars.peek().and_then(|&(_, c)| digit_value(c)) {
                chars.next();
                length += 1;
                value = value.checked_mul(10).and_then(|value| value.checked_add(u32::from(digit))).ok_or(DateProblem::NotRead)?;
            }
            if chars.peek().is_some_and(|&(_, c)| c == ':') {
                if time.is_some() {
                    return Err(DateProblem::NoSuchTime);
                }
                let (read, used) = clock(&text[start..])?;
                time = Some(read);
                while chars.peek().is_some_and(|&(at, _)| at < start + used) {
                    chars.next();
                }
            } else {
                tokens.push(Token::Number(value, length));
            }
        } else if in_word(c) {
            let mut end = start + c.len_utf8();
            while let Some(&(at, c)) = chars.peek() {
                if digit_value(c).is_some() || !(in_word(c) || in_word_only_inside(c)) {
                    break;
                }
                end = at + c.len_utf8();
                chars.next();
            }
            let word = search_key(&text[start..end]);
            if !word.is_empty() {
                tokens.push(Token::Word(word));
            }
        } else if !(c.is_whitespace()
            || matches!(
                c,
                '/' | '-' | '.' | ',' | '،' | '_' | '\\' | '–' | '−' | '‑' | '(' | ')'
                    | '\u{200B}'..='\u{200F}' | '\u{061C}'
                    | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            ))
        {
            return Err(DateProblem::NotRead);
        }
    }
    Ok((tokens, time))
}

fn in_word(c: char) -> bool {
    c.is_alphabetic()
}

fn in_word_only_inside(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\'' | '’' | 'ʼ' | '‘' | '\u{0640}')
        || unicode_normalization::char::canonical_combining_class(c) != 0
}

/// The half of a day a word names: true after noon.
fn half_of_day(word: &str) -> Option<bool> {
    match word {
        "am" | "صبح" | "صباحا" | "قظ" | "بامداد" => Some(false),
        "pm" | "عصر" | "مساء" | "مسا" | "بعدازظهر" | "بظ" | "شب" | "ظهر" | "ظهرا" => Some(true),
        _ => None,
    }
}

/// A time of day at the start of a text, and the bytes it takes: 8:26, 08:26:00.5, 5:30 pm,
/// ۵:۳۰ عصر.
fn clock(text: &str) -> Result<(Time, usize), DateProblem> {
    let mut fields = [0u32; 3];
    let mut field = 0;
    let mut digits = 0;
    let mut used = 0;
    let mut fraction = false;
    for (at, c) in text.char_indices() {
        match (digit_value(c), c) {
            (Some(_), _) if fraction => {}
            (Some(digit), _) => {
                digits += 1;
                if digits > 2 {
                    return Err(DateProblem::NoSuchTime);
                }
                fields[field] = fields[field] * 10 + u32::from(digit);
            }
            (None, ':') if field < 2 && digits > 0 => {
                field += 1;
                digits = 0;
            }
            (None, '.' | ',' | '٫') if field == 2 && digits > 0 => fraction = true,
            _ => break,
        }
        used = at + c.len_utf8();
    }
    if digits == 0 {
        return Err(DateProblem::NoSuchTime);
    }
    let [mut hour, minute, second] = fields;
    let rest = &text[used..];
    let words: String = rest.chars().take_while(|&c| c == ' ' || c == '.' || in_word(c) || in_word_only_inside(c)).collect();
    // The longest run of words that names half a day: "pm", "p.m.", «بعد از ظهر», «ب.ظ».
    let ends = words.char_indices().map(|(at, c)| at + c.len_utf8()).collect::<Vec<_>>();
    for end in ends.into_iter().rev() {
        let ends_word = words[end..].chars().next().is_none_or(|c| !in_word(c));
        let half = half_of_day(&search_key(&words[..end]));
        if let (true, Some(after_noon)) = (ends_word, half) {
            if !(1..=12).contains(&hour) {
                // «۱۷:۳۰ عصر» says the same thing twice.
                if !(after_noon && (13..24).contains(&hour)) {
                    return Err(DateProblem::NoSuchTime);
                }
            } else {
                hour = hour % 12 + if after_noon { 12 } else { 0 };
            }
            used += end;
            break;
        }
    }
    let part = |value: u32| i8::try_from(value).map_err(|_| DateProblem::NoSuchTime);
    let time = Time::new(part(hour)?, part(minute)?, part(second)?, 0).map_err(|_| DateProblem::NoSuchTime)?;
    Ok((time, used))
}

/// A date of numbers alone.
fn numeric(tokens: &[Token], calendar: Calendar, order: Option<DateOrder>, today: Date) -> Result<Date, DateProblem> {
    let mut numbers = [(0u32, 0usize); 3];
    match tokens {
        [Token::Number(value, 8)] => {
            numbers = [(value / 10_000, 4), (value / 100 % 100, 2), (value % 100, 2)];
        }
        [Token::Number(_, 1..=4)] | [_, _] => return Err(DateProblem::Incomplete),
        [_, _, _] => {
            for (slot, token) in numbers.iter_mut().zip(tokens) {
                if let Token::Number(value, length) = token {
                    *slot = (*value, *length);
                }
            }
        }
        _ => return Err(DateProblem::NotRead),
    }
    let [first, second, third] = numbers;
    let is_year = |(value, length): (u32, usize)| length >= 3 || value > 31;
    if is_year(second) || (is_year(first) && is_year(third)) {
        return Err(DateProblem::NotRead);
    }
    if is_year(first) {
        let (year, calendar) = full_year(first, calendar, today)?;
        return from_ymd(calendar, year, small(second.0)?, small(third.0)?);
    }
    let two_digit_jalali = calendar == Calendar::Jalali && !is_year(third);
    if order == Some(DateOrder::Ymd) || (order.is_none() && two_digit_jalali) {
        let (year, calendar) = full_year(first, calendar, today)?;
        return from_ymd(calendar, year, small(second.0)?, small(third.0)?);
    }
    let (year, calendar) = full_year(third, calendar, today)?;
    let day_first = from_ymd(calendar, year, small(second.0)?, small(first.0)?);
    let month_first = || from_ymd(calendar, year, small(first.0)?, small(second.0)?);
    match order {
        Some(DateOrder::Mdy) => month_first(),
        Some(_) => day_first,
        None if calendar == Calendar::Gregorian => day_first.or_else(|_| month_first()),
        None => day_first,
    }
}

/// The year that is meant and the calendar it belongs to.
fn full_year((value, length): (u32, usize), calendar: Calendar, today: Date) -> Result<(i32, Calendar), DateProblem> {
    let year = signed(value)?;
    if length <= 2 {
        let this_year = ymd(today, calendar).0;
        let latest = this_year + TWO_DIGIT_YEARS_AHEAD;
        let year = year + (latest - year).div_euclid(100) * 100;
        return Ok((year, calendar));
    }
    match year {
        FIRST_SURELY_GREGORIAN_YEAR..=9999 => Ok((year, Calendar::Gregorian)),
        FIRST_PLAUSIBLE_YEAR..FIRST_SURELY_GREGORIAN_YEAR => match calendar {
            Calendar::Gregorian => Err(DateProblem::WhichCalendar),
            Calendar::Jalali | Calendar::Hijri => Ok((year, calendar)),
        },
        _ => Err(DateProblem::OutOfRange),
    }
}

fn small(value: u32) -> Result<u8, DateProblem> {
    u8::try_from(value).map_err(|_| DateProblem::NoSuchDay)
}

fn signed(value: u32) -> Result<i32, DateProblem> {
    i32::try_from(value).map_err(|_| DateProblem::OutOfRange)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// What a word, or up to three words together, can mean in a date.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Month(Calendar, u8),
    Weekday(Weekday),
    Era(Calendar),
    /// Days from today.
    Day(i64),
    /// How many of a unit, when the word says it (أسبوعين, two weeks).
    Unit(Unit, Option<u32>),
    /// Before or after.
    Before,
    After,
    Count(u32),
    Filler,
}

/// The most words that make one name («أول أمس», "dhu al qadah", "day after tomorrow").
const MAX_NAME_WORDS: usize = 3;

static WORDS: LazyLock<HashMap<String, Meaning>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for filler in FILLERS {
        words.insert(search_key(filler), Meaning::Filler);
    }
    for calendar in Calendar::ALL {
        for lang in Lang::ALL {
            for month in 1..=12 {
                let name = month_name(calendar, month, lang);
                words.insert(search_key(name), Meaning::Month(calendar, month));
            }
        }
    }
    for &(name, calendar, month) in OTHER_MONTHS {
        words.insert(search_key(name), Meaning::Month(calendar, month));
    }
    let mut weekday = Weekday::Saturday;
    for _ in 0..7 {
        for lang in Lang::ALL {
            words.insert(search_key(weekday_name(weekday, lang)), Meaning::Weekday(weekday));
        }
        weekday = weekday.next();
    }
    for &(name, weekday) in OTHER_WEEKDAYS {
        words.insert(search_key(name), Meaning::Weekday(weekday));
    }
    let others: &[(&[&str], Meaning)] = &[
        (&["هـ.ش", "ش", "شمسی", "هجری شمسی", "هجری خورشیدی", "خورشیدی", "AP", "SH", "solar"], Meaning::Era(Calendar::Jalali)),
        (&["هـ", "ه", "هـ.ق", "ق", "قمری", "هجری قمری", "هجری", "AH", "hijri"], Meaning::Era(Calendar::Hijri)),
        (&["میلادی", "ميلادية", "AD", "CE", "م"], Meaning::Era(Calendar::Gregorian)),
        (&["امروز", "اليوم", "today", "now", "اکنون", "الآن", "الان"], Meaning::Day(0)),
        (&["دیروز", "أمس", "البارحة", "yesterday", "دیشب"], Meaning::Day(-1)),
        (&["فردا", "غدا", "غداً", "tomorrow", "بكرة"], Meaning::Day(1)),
        (&["پریروز", "أول أمس", "أول من أمس", "day before yesterday"], Meaning::Day(-2)),
        (&["پس‌فردا", "بعد غد", "بعد الغد", "day after tomorrow"], Meaning::Day(2)),
        (&["روز", "يوم", "أيام", "day", "days"], Meaning::Unit(Unit::Day, None)),
        (&["يومين", "يومان"], Meaning::Unit(Unit::Day, Some(2))),
        (&["هفته", "هفته‌ی", "أسبوع", "الأسبوع", "أسابيع", "week", "weeks"], Meaning::Unit(Unit::Week, None)),
        (&["أسبوعين", "أسبوعان", "fortnight"], Meaning::Unit(Unit::Week, Some(2))),
        (&["ماه", "شهر", "الشهر", "أشهر", "شهور", "month", "months"], Meaning::Unit(Unit::Month, None)),
        (&["شهرين", "شهران"], Meaning::Unit(Unit::Month, Some(2))),
        (&["سال", "سنة", "السنة", "عام", "العام", "سنوات", "أعوام", "year", "years"], Meaning::Unit(Unit::Year, None)),
        (&["سنتين", "سنتان", "عامين", "عامان"], Meaning::Unit(Unit::Year, Some(2))),
        (&["پیش", "قبل", "گذشته", "ago", "last", "past", "منذ", "الماضي", "الماضية", "الفائت", "السابق", "before"], Meaning::Before),
        (
            &[
                "بعد", "دیگر", "آینده", "next", "in", "later", "from now", "القادم", "القادمة", "المقبل", "المقبلة", "التالي", "after",
                "hence",
            ],
            Meaning::After,
        ),
        (&["یک", "واحد", "one", "a", "an", "واحدة"], Meaning::Count(1)),
        (&["دو", "two", "اثنان", "اثنين"], Meaning::Count(2)),
        (&["سه", "three", "ثلاثة", "ثلاث"], Meaning::Count(3)),
        (&["چهار", "four", "أربعة", "أربع"], Meaning::Count(4)),
        (&["پنج", "five", "خمسة", "خمس"], Meaning::Count(5)),
        (&["شش", "six", "ستة", "ست"], Meaning::Count(6)),
        (&["هفت", "seven", "سبعة", "سبع"], Meaning::Count(7)),
        (&["هشت", "eight", "ثمانية", "ثماني"], Meaning::Count(8)),
        (&["نه", "nine", "تسعة", "تسع"], Meaning::Count(9)),
        (&["ده", "ten", "عشرة", "عشر"], Meaning::Count(10)),
    ];
    for (spellings, meaning) in others {
        for spelling in *spellings {
            words.insert(search_key(spelling), *meaning);
        }
    }
    words
});

/// A date with words in it.
fn worded(tokens: &[Token], calendar: Calendar, order: Option<DateOrder>, today: Date) -> Result<Date, DateProblem> {
    let mut numbers: Vec<Token> = Vec::with_capacity(3);
    let mut meanings: Vec<Meaning> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if let Token::Number(..) = tokens[at] {
            numbers.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let (meaning, words) = meaning_at(&tokens[at..]).ok_or(DateProblem::NotRead)?;
        meanings.push(meaning);
        at += words;
    }
    let eras: Vec<Calendar> = meanings.iter().filter_map(|m| if let Meaning::Era(era) = m { Some(*era) } else { None }).collect();
    // «هجری شمسی» in two tokens: the more exact word is the last.
    let calendar = eras.last().copied().unwrap_or(calendar);
    let mut months = meanings.iter().filter_map(|m| match m {
        Meaning::Month(of, month) => Some((*of, *month)),
        _ => None,
    });
    if let Some((of, month)) = months.next() {
        if months.next().is_some() {
            return Err(DateProblem::NotRead);
        }
        return named_month(&numbers, of, month, today);
    }
    if !eras.is_empty() || (numbers.len() == 3 && only_beside_a_date(&meanings)) {
        return numeric(&numbers, calendar, order, today);
    }
    relative(&numbers, &meanings, calendar, today)
}

fn only_beside_a_date(meanings: &[Meaning]) -> bool {
    meanings.iter().all(|m| matches!(m, Meaning::Weekday(_) | Meaning::Filler | Meaning::Unit(_, None)))
}

/// The longest name that the words at the start make, and how many words it takes.
fn meaning_at(tokens: &[Token]) -> Option<(Meaning, usize)> {
    let words: Vec<&str> = tokens
        .iter()
        .take(MAX_NAME_WORDS)
        .map_while(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            Token::Number(..) => None,
        })
        .collect();
    (1..=words.len()).rev().find_map(|count| {
        let name = words[..count].concat();
        WORDS.get(&name).map(|meaning| (*meaning, count))
    })
}

/// «۳۰ آبان», «۳۰ آبان ۱۴۰۵», "Nov 21, 2026", "2026 Nov 21".
fn named_month(numbers: &[Token], calendar: Calendar, month: u8, today: Date) -> Result<Date, DateProblem> {
    let long = |length: usize, value: u32| length >= 3 || value > 31;
    let (day, year) = match *numbers {
        [Token::Number(day, length)] if !long(length, day) => (day, ymd(today, calendar).0),
        [Token::Number(..)] | [] => return Err(DateProblem::Incomplete),
        [Token::Number(first, first_length), Token::Number(second, second_length)] => {
            let (day, year) = if long(first_length, first) { (second, (first, first_length)) } else { (first, (second, second_length)) };
            (day, year_of_month(year, calendar, today)?)
        }
        _ => return Err(DateProblem::NotRead),
    };
    from_ymd(calendar, year, month, small(day)?)
}

/// The year beside a month's name, which has already fixed the calendar.
fn year_of_month((value, length): (u32, usize), calendar: Calendar, today: Date) -> Result<i32, DateProblem> {
    if length <= 2 {
        return full_year((value, length), calendar, today).map(|(year, _)| year);
    }
    let year = signed(value)?;
    let gregorian = calendar == Calendar::Gregorian;
    match year {
        FIRST_SURELY_GREGORIAN_YEAR..=9999 if gregorian => Ok(year),
        FIRST_PLAUSIBLE_YEAR..FIRST_SURELY_GREGORIAN_YEAR if !gregorian => Ok(year),
        _ => Err(DateProblem::OutOfRange),
    }
}

/// «فردا», «۲ سال پیش», "in 3 days", «الأسبوع القادم», "next Saturday", «شنبه».
fn relative(numbers: &[Token], meanings: &[Meaning], calendar: Calendar, today: Date) -> Result<Date, DateProblem> {
    let mut count = match *numbers {
        [] => None,
        [Token::Number(value, _)] => Some(value),
        _ => return Err(DateProblem::NotRead),
    };
    let mut unit = None;
    let mut days = None;
    let mut weekday = None;
    let mut sign = None;
    for meaning in meanings {
        match *meaning {
            Meaning::Day(offset) => days = Some(offset),
            Meaning::Weekday(named) => weekday = Some(named),
            Meaning::Unit(named, of) => {
                unit = Some(named);
                count = count.or(of);
            }
            Meaning::Before => sign = Some(-1),
            Meaning::After => sign = Some(1),
            Meaning::Count(value) => {
                if count.replace(value).is_some() {
                    return Err(DateProblem::NotRead);
                }
            }
            Meaning::Filler => {}
            Meaning::Month(..) | Meaning::Era(_) => return Err(DateProblem::NotRead),
        }
    }
    match (days, weekday, unit, sign, count) {
        // A weekday beside «امروز» or «فردا» only repeats it.
        (Some(days), _, None, None, None) => Ok(add_days(today, days)),
        (None, Some(weekday), None | Some(Unit::Day), None, None) => {
            let ahead = weekday.since(today.weekday());
            Ok(add_days(today, i64::from(ahead)))
        }
        (None, Some(weekday), None | Some(Unit::Day), Some(1), None) => {
            let ahead = i64::from(weekday.since(today.weekday()));
            Ok(add_days(today, if ahead == 0 { 7 } else { ahead }))
        }
        (None, Some(weekday), None | Some(Unit::Day), Some(_), None) => {
            let back = i64::from(today.weekday().since(weekday));
            Ok(add_days(today, -if back == 0 { 7 } else { back }))
        }
        (None, None, Some(unit), Some(sign), count) => {
            let steps = sign * i64::from(count.unwrap_or(1));
            let date = match unit {
                Unit::Day => today.checked_add(days_span(steps)?),
                Unit::Week => today.checked_add(days_span(steps * 7)?),
                Unit::Month => return add_months(today, months(steps)?, calendar),
                Unit::Year => return add_months(today, months(steps * 12)?, calendar),
            };
            date.map_err(|_| DateProblem::OutOfRange)
        }
        _ => Err(DateProblem::NotRead),
    }
}

fn days_span(days: i64) -> Result<Span, DateProblem> {
    Span::new().try_days(days).map_err(|_| DateProblem::OutOfRange)
}

fn months(steps: i64) -> Result<i32, DateProblem> {
    i32::try_from(steps).map_err(|_| DateProblem::OutOfRange)
}

// Guessing

/// The calendar of a column, from some of its values; `None` when nothing tells.
///
/// Month names, eras and years from 1800 on are certain. Among years 1200 to 1799, a 31st day is
/// Jalali and a year beyond [`LAST_LIKELY_JALALI_YEAR`] Hijri; without such a sign Jalali.
pub fn guess_calendar(samples: &[&str]) -> Option<Calendar> {
    let mut certain: HashMap<Calendar, usize> = HashMap::new();
    let mut open = 0;
    let mut highest = 0;
    let mut has_31 = false;
    for sample in samples {
        let Ok((tokens, _)) = tokens(sample) else {
            continue;
        };
        let named = (0..tokens.len()).find_map(|at| match meaning_at(&tokens[at..]) {
            Some((Meaning::Month(calendar, _) | Meaning::Era(calendar), _)) => Some(calendar),
            _ => None,
        });
        let numbers = tokens.iter().filter_map(|token| match *token {
            Token::Number(value, 8) => Some(value / 10_000),
            Token::Number(value, length) if length <= 4 => Some(value),
            _ => None,
        });
        let year = numbers.clone().max().and_then(|year| i32::try_from(year).ok());
        match (named, year) {
            (Some(calendar), _) => *certain.entry(calendar).or_default() += 1,
            (None, Some(FIRST_SURELY_GREGORIAN_YEAR..=9999)) => {
                *certain.entry(Calendar::Gregorian).or_default() += 1;
            }
            (None, Some(year @ FIRST_PLAUSIBLE_YEAR..FIRST_SURELY_GREGORIAN_YEAR)) => {
                open += 1;
                highest = highest.max(year);
                let compact_31 = matches!(tokens[..], [Token::Number(value, 8)] if value % 100 == 31);
                has_31 |= compact_31 || numbers.clone().any(|value| value == 31);
            }
            _ => {}
        }
    }
    if open > 0 {
        let of_open = if has_31 || highest <= LAST_LIKELY_JALALI_YEAR { Calendar::Jalali } else { Calendar::Hijri };
        *certain.entry(of_open).or_default() += open;
    }
    Calendar::ALL
        .into_iter()
        .filter_map(|calendar| certain.get(&calendar).map(|count| (*count, calendar)))
        .max_by_key(|(count, _)| *count)
        .map(|(_, calendar)| calendar)
}

/// The order of day and month in a column, from some of its values: a part above 12 can only be a
/// day. `None` when nothing tells or the values contradict each other.
pub fn guess_order(samples: &[&str]) -> Option<DateOrder> {
    let mut year_first = 0;
    let mut day_first = 0;
    let mut month_first = 0;
    for sample in samples {
        let Ok((tokens, _)) = tokens(sample) else {
            continue;
        };
        let [Token::Number(first, length), Token::Number(second, _), Token::Number(..)] = tokens[..] else {
            continue;
        };
        match (first, second) {
            _ if length >= 3 || first > 31 => year_first += 1,
            (13.., ..=12) => day_first += 1,
            (..=12, 13..) => month_first += 1,
            _ => {}
        }
    }
    match (year_first, day_first, month_first) {
        (1.., 0, 0) => Some(DateOrder::Ymd),
        (0, 1.., 0) => Some(DateOrder::Dmy),
        (0, 0, 1..) => Some(DateOrder::Mdy),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    const TODAY: Date = date(2026, 11, 21);

    fn read(text: &str, calendar: Calendar) -> Result<Date, DateProblem> {
        parse_date(text, calendar, TODAY)
    }

    fn jalali(text: &str) -> Result<(i32, u8, u8), DateProblem> {
        read(text, Calendar::Jalali).map(|date| ymd(date, Calendar::Jalali))
    }

    fn judge(table: &str) -> usize {
        let mut rows = 0;
        for line in table.lines().skip(1) {
            let [gregorian, in_jalali, hijri, weekday] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let (from, to) = (Calendar::Gregorian, Calendar::Jalali);
            assert_eq!(convert(gregorian, from, to).as_deref(), Ok(in_jalali));
            assert_eq!(convert(in_jalali, to, from).as_deref(), Ok(gregorian));
            if !hijri.is_empty() {
                assert_eq!(convert(gregorian, from, Calendar::Hijri).as_deref(), Ok(hijri));
                assert_eq!(convert(hijri, Calendar::Hijri, from).as_deref(), Ok(gregorian));
            }
            let day: Date = gregorian.parse().expect("the table holds ISO dates");
            assert_eq!(weekday_name(day.weekday(), Lang::En), &weekday[..3]);
            rows += 1;
        }
        rows
    }

    #[test]
    fn the_three_calendars_agree_with_five_libraries() {
        assert!(judge(include_str!("../../testdata/calendar/triples.csv")) > 300);
    }

    #[test]
    fn a_date_is_shown_as_each_language_writes_it() {
        let shown = |calendar, lang: Lang, form| {
            let style = DateStyle { calendar, lang, digits: lang.default_digits(), form };
            format_date(TODAY, &style)
        };
        use Calendar::{Gregorian, Hijri, Jalali};
        assert_eq!(shown(Jalali, Lang::Fa, DateForm::Long), "شنبه ۳۰ آبان ۱۴۰۵");
        assert_eq!(shown(Hijri, Lang::Ar, DateForm::Long), "السبت ١١ جمادى الآخرة ١٤٤٨ هـ");
        assert_eq!(shown(Gregorian, Lang::En, DateForm::Long), "Sat 21 Nov 2026");
        assert_eq!(shown(Jalali, Lang::Fa, DateForm::Short), "۱۴۰۵/۰۸/۳۰");
        assert_eq!(shown(Gregorian, Lang::En, DateForm::Short), "2026-11-21");
        assert_eq!(shown(Jalali, Lang::Fa, DateForm::DayMonth), "۳۰ آبان");
        assert_eq!(shown(Gregorian, Lang::Fa, DateForm::Medium), "۲۱ نوامبر ۲۰۲۶");
        assert_eq!(shown(Gregorian, Lang::Ar, DateForm::Medium), "٢١ نوفمبر ٢٠٢٦");
        assert_eq!(shown(Jalali, Lang::En, DateForm::Medium), "30 Aban 1405");
    }

    #[test]
    fn a_near_date_is_shown_in_words() {
        let near = |days: i64, lang: Lang| {
            let style = DateStyle { calendar: Calendar::Jalali, lang, digits: lang.default_digits(), form: DateForm::Long };
            near_date(add_days(TODAY, days), TODAY, &style)
        };
        assert_eq!(near(0, Lang::Fa), "امروز");
        assert_eq!(near(-1, Lang::Fa), "دیروز");
        assert_eq!(near(-6, Lang::Fa), "۶ روز پیش");
        assert_eq!(near(3, Lang::Fa), "۳ روز دیگر");
        assert_eq!(near(-7, Lang::Fa), "۲۳ آبان");
        assert_eq!(near(-365, Lang::Fa), "۳۰ آبان ۱۴۰۴");
        assert_eq!(near(-1, Lang::Ar), "أمس");
        assert_eq!(near(4, Lang::Ar), "بعد ٤ أيام");
        assert_eq!(near(-2, Lang::En), "2 days ago");
        assert_eq!(near(2, Lang::En), "in 2 days");
    }

    #[test]
    fn a_numeric_date_is_read_in_any_digits_and_order() {
        for text in [
            "1405/8/30",
            "۱۴۰۵/۰۸/۳۰",
            "١٤٠٥-٨-٣٠",
            "1405.08.30",
            " 1405 8 30 ",
            "14050830",
            "30/8/1405",
            "05/08/30",
            "2026-11-21",
            "2026/11/21",
            "21.11.2026",
            "11/21/2026",
            "\u{200E}1405/08/30\u{202C}",
            "شنبه ۱۴۰۵/۸/۳۰",
            "1405-08-30T00:00:00",
        ] {
            assert_eq!(jalali(text), Ok((1405, 8, 30)), "{text}");
        }
        assert_eq!(jalali("98/1/5"), Ok((1398, 1, 5)));
        assert_eq!(jalali("16/1/5"), Ok((1316, 1, 5)));
        assert_eq!(jalali("15/1/5"), Ok((1415, 1, 5)));
        assert_eq!(read("1/2/24", Calendar::Gregorian), Ok(date(2024, 2, 1)));
        assert_eq!(read("1448/6/11", Calendar::Hijri), Ok(TODAY));
        assert_eq!(read("1448/6/11 ق", Calendar::Jalali), Ok(TODAY));
        assert_eq!(read("1405/8/30 ه‍.ش", Calendar::Gregorian), Ok(TODAY));
    }

    #[test]
    fn a_month_name_decides_the_calendar() {
        for text in [
            "۳۰ آبان",
            "۳۰ آبان ماه ۱۴۰۵",
            "شنبه ۳۰ آبان ۱۴۰۵",
            "30 Aban 1405",
            "1405 آبان 30",
            "Sat 21 Nov 2026",
            "Nov 21, 2026",
            "21st November 2026",
            "۲۱ نوامبر ۲۰۲۶",
            "٢١ نوفمبر ٢٠٢٦",
            "21 تشرين الثاني 2026",
            "السبت ١١ جمادى الآخرة ١٤٤٨ هـ",
            "۱۱ جمادی الثانی ۱۴۴۸",
            "11 Jumada al-Akhirah 1448 AH",
            "11 Jumada II 1448",
            "سه شنبه ۳۰ آبان ۰۵",
        ] {
            for calendar in Calendar::ALL {
                assert_eq!(read(text, calendar), Ok(TODAY), "{text}");
            }
        }
    }

    #[test]
    fn every_month_name_that_is_shown_is_read() {
        for calendar in Calendar::ALL {
            for lang in Lang::ALL {
                for month in 1..=12 {
                    let year = ymd(TODAY, calendar).0;
                    let day = from_ymd(calendar, year, month, 15).expect("every month has a 15th");
                    let style = DateStyle { calendar, lang, digits: lang.default_digits(), form: DateForm::Long };
                    let shown = format_date(day, &style);
                    assert_eq!(read(&shown, Calendar::Gregorian), Ok(day), "{shown}");
                }
            }
        }
    }

    #[test]
    fn words_for_near_days_are_read() {
        let cases = [
            ("امروز", 0),
            ("دیروز", -1),
            ("فردا", 1),
            ("پس فردا", 2),
            ("پس‌فردا", 2),
            ("پریروز", -2),
            ("۳ روز پیش", -3),
            ("سه روز قبل", -3),
            ("۲ هفته دیگر", 14),
            ("هفته‌ی بعد", 7),
            ("هفته گذشته", -7),
            ("today", 0),
            ("Yesterday", -1),
            ("day after tomorrow", 2),
            ("3 days ago", -3),
            ("in 3 days", 3),
            ("next week", 7),
            ("two weeks later", 14),
            ("اليوم", 0),
            ("أمس", -1),
            ("غدًا", 1),
            ("بعد غد", 2),
            ("أول أمس", -2),
            ("قبل ٣ أيام", -3),
            ("بعد يومين", 2),
            ("الأسبوع القادم", 7),
            ("قبل أسبوعين", -14),
            ("next Saturday", 7),
            ("last Saturday", -7),
            ("دوشنبه", 2),
            ("شنبه", 0),
            ("جمعه گذشته", -1),
        ];
        for (text, days) in cases {
            assert_eq!(read(text, Calendar::Jalali), Ok(add_days(TODAY, days)), "{text}");
        }
        assert_eq!(jalali("۲ سال پیش"), Ok((1403, 8, 30)));
        assert_eq!(jalali("۴ ماه دیگر"), Ok((1405, 12, 29)));
        assert_eq!(jalali("الشهر الماضي"), Ok((1405, 7, 30)));
        assert_eq!(read("last year", Calendar::Gregorian), Ok(date(2025, 11, 21)));
    }

    #[test]
    fn what_is_no_date_says_why() {
        use DateProblem::*;
        let cases = [
            ("", NotRead),
            ("سلام", NotRead),
            ("۵ سلام", NotRead),
            ("1405/7/31", NoSuchDay),
            ("1405/13/1", NoSuchDay),
            ("1405/12/30", NoSuchDay),
            ("2026-02-29", NoSuchDay),
            ("1405/08", Incomplete),
            ("1405", Incomplete),
            ("آبان", Incomplete),
            ("آبان ۱۴۰۵", Incomplete),
            ("305/1/1", OutOfRange),
            ("99999/1/1", OutOfRange),
            ("1/2/3/4", NotRead),
            ("99999999999999", NotRead),
            ("1405/8/30 25:00", NoSuchTime),
            ("1405/8/30 8:", NoSuchTime),
            ("۳۰ آبان ۲۰۲۶", OutOfRange),
            ("1405;8;30", NotRead),
            ("2026 آبان آذر", NotRead),
            ("99999999 سال پیش", OutOfRange),
            ("1/1405/1", NotRead),
        ];
        for (text, problem) in cases {
            assert_eq!(jalali(text), Err(problem), "{text}");
        }
        assert_eq!(read("1405/8/30", Calendar::Gregorian), Err(WhichCalendar));
        assert_eq!(jalali(&"1405/8/30 ".repeat(1_000_000)), Err(NotRead));
    }

    #[test]
    fn a_time_of_day_is_read_beside_the_date() {
        let cases = [
            ("2010-12-01 08:26:00", time(8, 26, 0, 0)),
            ("2010-12-01T08:26", time(8, 26, 0, 0)),
            ("1/12/2010 8:26 PM", time(20, 26, 0, 0)),
            ("1/12/2010 12:05 a.m.", time(0, 5, 0, 0)),
            ("۱۳۸۹/۹/۱۰ ساعت ۸:۲۶", time(8, 26, 0, 0)),
            ("۱۰ آذر ۱۳۸۹ ۵:۳۰ بعد از ظهر", time(17, 30, 0, 0)),
            ("۱۷:۳۰ عصر ۱۰ آذر ۱۳۸۹", time(17, 30, 0, 0)),
            ("2010-12-01 08:26:07.250", time(8, 26, 7, 0)),
        ];
        for (text, time) in cases {
            assert_eq!(parse_moment(text, Calendar::Jalali, None, TODAY), Ok((date(2010, 12, 1), Some(time))), "{text}");
        }
    }

    #[test]
    fn an_instant_is_read_in_the_given_zone() {
        let tehran = TimeZone::get("Asia/Tehran").expect("a well-known zone");
        let instant =
            |text: &str, order| parse_instant(text, Calendar::Gregorian, order, &tehran, TODAY).map(|instant| instant.to_string());
        let at = Ok("2010-12-01T04:56:00Z".to_owned());
        assert_eq!(instant("12/1/2010 8:26", Some(DateOrder::Mdy)), at);
        assert_eq!(instant("2010-12-01 08:26:00", None), at);
        assert_eq!(instant("40513.351388888885", None), at);
        assert_eq!(instant("2010-12-01T04:56:00Z", None), at);
        assert_eq!(instant("2010-12-01T08:26:00+03:30", None), at);
        assert_eq!(instant("40513", None), Ok("2010-11-30T20:30:00Z".into()));
        assert_eq!(instant("25/12/2010", Some(DateOrder::Mdy)), Err(DateProblem::NoSuchDay));
    }

    #[test]
    fn a_spreadsheet_day_number_is_a_moment() {
        assert_eq!(from_spreadsheet(1.0), Ok(date(1900, 1, 1).at(0, 0, 0, 0)));
        assert_eq!(from_spreadsheet(61.0), Ok(date(1900, 3, 1).at(0, 0, 0, 0)));
        assert_eq!(from_spreadsheet(46347.75), Ok(TODAY.at(18, 0, 0, 0)));
        for number in [0.5, -1.0, f64::NAN, f64::INFINITY, 3e9] {
            assert_eq!(from_spreadsheet(number), Err(DateProblem::OutOfRange));
        }
    }

    #[test]
    fn a_column_shows_its_calendar_and_order() {
        let calendar = |samples: &[&str]| guess_calendar(samples);
        assert_eq!(calendar(&["1405/08/30", "", "1399/1/31"]), Some(Calendar::Jalali));
        assert_eq!(calendar(&["1448/6/11", "1447/1/1"]), Some(Calendar::Hijri));
        assert_eq!(calendar(&["12/1/2010 8:26"]), Some(Calendar::Gregorian));
        assert_eq!(calendar(&["۳ آبان", "x"]), Some(Calendar::Jalali));
        assert_eq!(calendar(&["14050831"]), Some(Calendar::Jalali));
        assert_eq!(calendar(&["x", "", "5"]), None);
        let order = |samples: &[&str]| guess_order(samples);
        assert_eq!(order(&["12/1/2010 8:26", "12/13/2010"]), Some(DateOrder::Mdy));
        assert_eq!(order(&["1/12/2010", "13/12/2010"]), Some(DateOrder::Dmy));
        assert_eq!(order(&["1405/1/2"]), Some(DateOrder::Ymd));
        assert_eq!(order(&["1/12/2010"]), None);
        assert_eq!(order(&["13/12/2010", "12/13/2010"]), None);
    }

    #[test]
    fn weeks_months_and_years_have_their_edges() {
        assert_eq!(week_around(TODAY, Lang::Fa), (TODAY, date(2026, 11, 27)));
        assert_eq!(week_around(TODAY, Lang::En), (date(2026, 11, 16), date(2026, 11, 22)));
        assert_eq!(month_around(TODAY, Calendar::Jalali), (date(2026, 10, 23), TODAY));
        assert_eq!(year_around(TODAY, Calendar::Jalali), (date(2026, 3, 21), date(2027, 3, 20)));
        assert_eq!(days_in_month(Calendar::Jalali, 1403, 12), Ok(30));
        assert_eq!(days_in_month(Calendar::Jalali, 1404, 12), Ok(29));
        assert_eq!(days_in_month(Calendar::Gregorian, 2024, 2), Ok(29));
        assert_eq!(add_months(date(2024, 1, 31), 1, Calendar::Gregorian), Ok(date(2024, 2, 29)));
    }

    proptest! {
        #[test]
        fn a_day_comes_back_from_every_calendar(days in -60_000i64..120_000) {
            let day = add_days(date(1970, 1, 1), days);
            for calendar in Calendar::ALL {
                let (year, month, of_month) = ymd(day, calendar);
                prop_assert_eq!(from_ymd(calendar, year, month, of_month), Ok(day));
            }
        }

        #[test]
        fn what_is_shown_is_read(days in -40_000i64..60_000, form in 0..3) {
            let day = add_days(date(1970, 1, 1), days);
            let form = [DateForm::Short, DateForm::Medium, DateForm::Long][form as usize];
            for calendar in Calendar::ALL {
                for lang in Lang::ALL {
                    let style = DateStyle { calendar, lang, digits: lang.default_digits(), form };
                    let shown = format_date(day, &style);
                    prop_assert_eq!(parse_date(&shown, calendar, TODAY), Ok(day), "{}", shown);
                }
            }
        }

        #[test]
        fn no_text_breaks_reading(text in any::<String>(), near in "[0-9۰-۹/:. a-zآ-ی]{0,30}") {
            let utc = TimeZone::UTC;
            let _ = parse_instant(&text, Calendar::Jalali, None, &utc, TODAY);
            let _ = parse_instant(&near, Calendar::Jalali, None, &utc, TODAY);
            let _ = guess_calendar(&[&text, &near]);
        }
    }
}
