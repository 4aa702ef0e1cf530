//! A date as a person reads it.

use jiff::civil::Date;

use super::{Calendar, days_between, month_name, weekday_name, ymd};
use crate::platform::text::{Digits, Lang, to_digits};

/// Days on either side of today that are named in words.
const NEAR_DAYS: i32 = 6;

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
