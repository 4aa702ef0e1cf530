//! Words in dates: names of months, eras, days that are near, and steps from today.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Span;
use jiff::civil::{Date, Weekday};

use super::names::{OTHER_MONTHS, OTHER_WEEKDAYS};
use super::parse::{Token, full_year, numeric, signed, small};
use super::{
    Calendar, DateOrder, DateProblem, FIRST_PLAUSIBLE_YEAR, FIRST_SURELY_GREGORIAN_YEAR, add_days, add_months, from_ymd, month_name,
    weekday_name, ymd,
};
use crate::platform::text::{Lang, search_key};

/// Words that stand beside a date and say nothing about it.
const FILLERS: &[&str] = &["ساعت", "الساعة", "at", "of", "the", "on", "مورخ", "تاریخ", "به تاریخ", "t", "ام", "st", "nd", "rd", "th", "و"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// What a word, or up to three words together, can mean in a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
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
pub(super) fn worded(tokens: &[Token], calendar: Calendar, order: Option<DateOrder>, today: Date) -> Result<Date, DateProblem> {
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
pub(super) fn meaning_at(tokens: &[Token]) -> Option<(Meaning, usize)> {
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
