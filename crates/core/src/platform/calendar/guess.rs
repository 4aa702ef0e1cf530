//! What the values of a column tell of their calendar and of the order of their parts.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::parse::{Token, numeric, tokens};
use super::words::{Meaning, meaning_at};
use super::{Calendar, DateOrder, FIRST_PLAUSIBLE_YEAR, FIRST_SURELY_GREGORIAN_YEAR};

/// In a column of dates without other signs, a highest year above this is Hijri: the Jalali year
/// lies decades in the future, the Hijri one in living memory.
const LAST_LIKELY_JALALI_YEAR: i32 = 1420;

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

/// A way to read the numeric dates of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The order it takes the parts for.
    pub order: DateOrder,
    /// A value of the column on which the ways differ.
    pub sample: String,
    /// What it makes of that value; `None` when it can make nothing of it.
    pub date: Option<Date>,
}

/// The ways to read the numeric dates of a column, the usual one first, with a value that shows the difference. Empty
/// when the values themselves settle it: see [`guess_order`].
pub fn readings(samples: &[&str], calendar: Calendar, today: Date) -> Vec<Reading> {
    if guess_order(samples).is_some() {
        return Vec::new();
    }
    let mut open = Vec::new();
    let mut all_short = true;
    for sample in samples {
        if let Ok((tokens, _)) = tokens(sample)
            && let [Token::Number(first, ..=2), Token::Number(..), Token::Number(third, length)] = tokens[..]
            && first <= 31
        {
            all_short &= length <= 2 && third <= 31;
            open.push((*sample, tokens));
        }
    }
    let orders: &[DateOrder] = match (all_short, calendar) {
        (true, Calendar::Jalali) => &[DateOrder::Ymd, DateOrder::Dmy, DateOrder::Mdy],
        (true, _) => &[DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd],
        (false, _) => &[DateOrder::Dmy, DateOrder::Mdy],
    };
    let read = |tokens: &[Token]| -> Vec<Option<Date>> {
        orders.iter().map(|order| numeric(tokens, calendar, Some(*order), today).ok()).collect()
    };
    let different = |dates: &[Option<Date>]| dates.iter().flatten().collect::<HashSet<_>>().len();
    let mut telling: Option<(&str, Vec<Option<Date>>)> = None;
    for (sample, tokens) in &open {
        let dates = read(tokens);
        if different(&dates) > telling.as_ref().map_or(0, |(_, best)| different(best)) {
            telling = Some((*sample, dates));
        }
    }
    let Some((sample, dates)) = telling.filter(|(_, dates)| different(dates) > 1) else { return Vec::new() };
    let reading = |(order, date): (&DateOrder, Option<Date>)| Reading { order: *order, sample: sample.trim().to_owned(), date };
    orders.iter().zip(dates).map(reading).collect()
}
