//! Days of the year: a birthday is the day and month of a calendar, whatever the year. Days are kept as Gregorian dates, so a
//! stretch of a calendar's year lies elsewhere in each of their years; those that have it in common are asked together.

use super::{Days, World};
use crate::Day;
use crate::platform::calendar::{Calendar, add_days, days_between, from_ymd, month_edges, ymd};
use peyvand_db::Sql;
use std::collections::BTreeMap;

/// Nobody who was born longer ago has a birthday.
const YEARS: i16 = 130;
/// No month is longer.
const LAST: u8 = 31;

/// Month and day.
type Place = (u8, u8);

/// Stretches of a calendar's year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearDays {
    /// The first and the last day of each, over the end of the year where the last stands before the first.
    stretches: Vec<(Calendar, Place, Place)>,
}

/// The calendar and the month that a word names: `jalali-8`.
#[must_use]
pub fn month(word: &str) -> Option<(Calendar, u8)> {
    let (name, month) = word.split_once('-')?;
    let calendar = match name {
        "jalali" => Calendar::Jalali,
        "hijri" => Calendar::Hijri,
        "gregorian" => Calendar::Gregorian,
        _ => return None,
    };
    month.parse().ok().filter(|month| (1..=12).contains(month)).map(|month| (calendar, month))
}

/// The word of a month of a calendar.
#[must_use]
pub fn month_word(calendar: Calendar, month: u8) -> String {
    let name = match calendar {
        Calendar::Jalali => "jalali",
        Calendar::Hijri => "hijri",
        Calendar::Gregorian => "gregorian",
    };
    format!("{name}-{month}")
}

/// The days of some months.
#[must_use]
pub fn of_months(words: &[String]) -> YearDays {
    let months = words.iter().filter_map(|word| month(word));
    YearDays { stretches: months.map(|(calendar, month)| (calendar, (month, 1), (month, LAST))).collect() }
}

/// The days of the year that lie in a window; nothing where it has no two ends.
#[must_use]
pub fn of_window(days: Days, world: &World) -> Option<YearDays> {
    let (Some(from), Some(until)) = days.window(world.today) else { return None };
    let calendar = world.calendar;
    let whole_year = if calendar == Calendar::Hijri { 354 } else { 365 };
    if days_between(from.0, until.0) + 1 >= whole_year {
        return Some(YearDays { stretches: vec![(calendar, (1, 1), (12, LAST))] });
    }
    let ((_, month, day), (year, last_month, last_day)) = (ymd(from.0, calendar), ymd(until.0, calendar));
    // Who was born on a day that this year lacks celebrates on the last one of its month.
    let is_last = month_edges(calendar, year, last_month).is_ok_and(|(_, last)| last == until.0);
    Some(YearDays { stretches: vec![(calendar, (month, day), (last_month, if is_last { LAST } else { last_day }))] })
}

impl YearDays {
    /// Whether the birthday of who was born on that day is among them.
    #[must_use]
    pub fn holds(&self, birth: Day) -> bool {
        self.stretches.iter().any(|(calendar, from, until)| {
            let (_, month, day) = ymd(birth.0, *calendar);
            let place = (month, day);
            if from <= until { (*from..=*until).contains(&place) } else { place >= *from || place <= *until }
        })
    }

    /// Adds the same as a condition on a column with a day.
    pub(in crate::marketing::segments) fn condition(&self, column: &'static str, today: Day, query: &mut Sql) {
        let mut alike: BTreeMap<Vec<(String, String)>, Vec<String>> = BTreeMap::new();
        for (year, stretches) in self.by_year(today) {
            alike.entry(stretches).or_default().push(format!("{year:04}"));
        }
        query.push("(1 = 0");
        for (stretches, years) in alike {
            query.push(" OR (substr(").push(column).push(", 1, 4) IN ").list(years).push(" AND (1 = 0");
            for (from, until) in stretches {
                query.push(" OR substr(").push(column).push(", 6) BETWEEN ").arg(from).push(" AND ").arg(until);
            }
            query.push("))");
        }
        query.push(")");
    }

    /// The stretches as they lie in each Gregorian year, as `MM-DD`.
    fn by_year(&self, today: Day) -> BTreeMap<i16, Vec<(String, String)>> {
        let (first, last) = (today.0.year() - YEARS, today.0.year());
        let mut years: BTreeMap<i16, Vec<(String, String)>> = BTreeMap::new();
        for (calendar, from, until) in &self.stretches {
            let Ok(begin) = jiff::civil::Date::new(first - 1, 1, 1) else { continue };
            let (begins, ends) = (ymd(begin, *calendar).0, ymd(today.0, *calendar).0);
            for year in begins..=ends {
                let until_year = if from <= until { year } else { year + 1 };
                // A month without that day has none to begin with, and its last one to end with.
                let start = from_ymd(*calendar, year, from.0, from.1)
                    .or_else(|_| month_edges(*calendar, year, from.0).map(|(_, last)| add_days(last, 1)));
                let end = from_ymd(*calendar, until_year, until.0, until.1)
                    .or_else(|_| month_edges(*calendar, until_year, until.0).map(|(_, last)| last));
                let (Ok(mut start), Ok(end)) = (start, end) else { continue };
                while start <= end {
                    let close = jiff::civil::Date::new(start.year(), 12, 31).map_or(end, |close| close.min(end));
                    if (first..=last).contains(&start.year()) {
                        let text = |date: jiff::civil::Date| format!("{:02}-{:02}", date.month(), date.day());
                        years.entry(start.year()).or_default().push((text(start), text(close)));
                    }
                    start = add_days(close, 1);
                }
            }
        }
        years
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::money::Currency;
    use jiff::tz::TimeZone;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn world(today: &str, calendar: Calendar) -> World {
        World { today: day(today), zone: TimeZone::UTC, currency: Currency::IRR, calendar }
    }

    #[test]
    fn a_window_finds_birthdays_of_any_year_over_the_turn_of_the_year_too() {
        // 28 Esfand 1405 to 4 Farvardin 1406.
        let days = of_window(Days::Next(6), &world("2027-03-19", Calendar::Jalali)).unwrap();
        for born in ["1990-03-21", "1987-03-19", "1991-03-24"] {
            assert!(days.holds(day(born)), "{born}");
        }
        assert!(!days.holds(day("1990-03-26")) && !days.holds(day("1990-03-17")));
        let december = of_window(Days::Next(7), &world("2026-12-29", Calendar::Gregorian)).unwrap();
        assert!(december.holds(day("1980-01-04")) && december.holds(day("1980-12-29")) && !december.holds(day("1980-01-05")));
    }

    #[test]
    fn who_was_born_on_a_leap_day_celebrates_on_the_last_of_the_month() {
        let last = of_window(Days::Last(1), &world("2027-02-28", Calendar::Gregorian)).unwrap();
        assert!(last.holds(day("1996-02-29")) && last.holds(day("1996-02-28")));
        let leap = of_window(Days::Last(1), &world("2028-02-28", Calendar::Gregorian)).unwrap();
        assert!(!leap.holds(day("1996-02-29")), "they have a day of their own this year");
    }

    #[test]
    fn a_whole_year_has_everybodys_birthday() {
        for calendar in Calendar::ALL {
            let days = of_window(Days::Next(365), &world("2026-11-22", calendar)).unwrap();
            assert!(["1990-03-20", "1990-03-21", "1996-02-29", "2000-12-31"].iter().all(|born| days.holds(day(born))));
        }
        assert!(of_window(Days::Earlier(3), &world("2026-11-22", Calendar::Jalali)).is_none());
    }

    #[test]
    fn a_month_has_the_days_that_its_calendar_gives_it() {
        let aban = of_months(&["jalali-8".to_owned()]);
        // 1 Aban 1369 and 30 Aban 1369.
        assert!(aban.holds(day("1990-10-23")) && aban.holds(day("1990-11-21")));
        assert!(!aban.holds(day("1990-10-22")) && !aban.holds(day("1990-11-22")));
        assert_eq!(month("jalali-8"), Some((Calendar::Jalali, 8)));
        assert_eq!(month_word(Calendar::Hijri, 9), "hijri-9");
    }

    #[test]
    fn each_day_lies_in_the_stretches_of_its_year_as_in_its_calendar() {
        let today = day("2026-11-22");
        let windows = Calendar::ALL.map(|calendar| of_window(Days::Next(20), &world("2027-03-10", calendar)).unwrap());
        let months = ["jalali-12", "jalali-10", "hijri-2", "gregorian-2"].map(|word| of_months(&[word.to_owned()]));
        for days in windows.iter().chain(&months) {
            let years = days.by_year(today);
            for number in 0..20_000 {
                let birth = day("1970-01-01").plus(number);
                let (year, place) =
                    birth.to_string().split_once('-').map(|(year, place)| (year.parse().unwrap(), place.to_owned())).unwrap();
                let lies = years
                    .get(&year)
                    .is_some_and(|all: &Vec<(String, String)>| all.iter().any(|(from, until)| *from <= place && place <= *until));
                assert_eq!(lies, days.holds(birth), "{birth} {days:?}");
            }
        }
    }
}
