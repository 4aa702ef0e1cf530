//! Dates, times and moments as people and programs write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::words::worded;
use super::{Calendar, DateOrder, DateProblem, FIRST_PLAUSIBLE_YEAR, FIRST_SURELY_GREGORIAN_YEAR, from_ymd, ymd};
use crate::platform::text::{digit_value, search_key};

/// How many years ahead of today a two-digit year may lie; further ahead it is the century before.
const TWO_DIGIT_YEARS_AHEAD: i32 = 10;

/// The longest text that is read as a date. Longer ones are not dates.
const MAX_DATE_CHARS: usize = 100;

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
pub(super) enum Token {
    /// Value and number of digits.
    Number(u32, usize),
    /// A word as its search key.
    Word(String),
}

/// Splits a text into numbers and words and takes the time of day out of it.
pub(super) fn tokens(text: &str) -> Result<(Vec<Token>, Option<Time>), DateProblem> {
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
pub(super) fn numeric(tokens: &[Token], calendar: Calendar, order: Option<DateOrder>, today: Date) -> Result<Date, DateProblem> {
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
pub(super) fn full_year((value, length): (u32, usize), calendar: Calendar, today: Date) -> Result<(i32, Calendar), DateProblem> {
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

pub(super) fn small(value: u32) -> Result<u8, DateProblem> {
    u8::try_from(value).map_err(|_| DateProblem::NoSuchDay)
}

pub(super) fn signed(value: u32) -> Result<i32, DateProblem> {
    i32::try_from(value).map_err(|_| DateProblem::OutOfRange)
}
