//! The occasions on which a policy does something: days of a customer, days that all share, own days.

use crate::operation::maybe_object;
use crate::platform::calendar::{Calendar, from_ymd, month_edges, ymd};
use crate::{Day, Fields, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Days by which something may come before its occasion.
pub const BEFORE_MAX: i64 = 30;
/// Occasions of one policy.
pub const OCCASIONS_MAX: usize = 12;
/// An occasion that nobody looked at on its day still counts for so many days.
const GRACE: i64 = 2;
/// Characters of the name of an own day.
const NAME_MAX: usize = 80;

peyvand_db::words! {
    /// When a policy does something.
    pub enum Occasion {
        /// As soon as somebody is meant, once.
        Once = "once",
        /// Their birthday, in the organisation's calendar.
        Birthday = "birthday",
        /// The day of their first purchase.
        Anniversary = "anniversary",
        /// The first day of spring.
        Nowruz = "nowruz",
        /// The longest night.
        Yalda = "yalda",
        /// The first day of the month of fasting.
        Ramadan = "ramadan",
        /// The feast at its end.
        EidAlFitr = "eid_al_fitr",
        /// A day of the organisation's own.
        OwnDay = "own_day",
    }
}

impl Occasion {
    /// Calendar, month and day of what is the same for all.
    const fn shared(self) -> Option<(Calendar, u8, u8)> {
        match self {
            Occasion::Nowruz => Some((Calendar::Jalali, 1, 1)),
            Occasion::Yalda => Some((Calendar::Jalali, 9, 30)),
            Occasion::Ramadan => Some((Calendar::Hijri, 9, 1)),
            Occasion::EidAlFitr => Some((Calendar::Hijri, 10, 1)),
            Occasion::Once | Occasion::Birthday | Occasion::Anniversary | Occasion::OwnDay => None,
        }
    }
}

/// An occasion of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OccasionPlan {
    /// Which.
    pub occasion: Occasion,
    /// So many days before it, at most 30; on the day unless given.
    #[serde(default)]
    pub days_before: i64,
    /// Of an own day: what it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of an own day: when it is, every year.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "maybe_object")]
    pub on: Option<YearDay>,
}

/// A day that comes every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct YearDay {
    /// Of which calendar.
    pub calendar: Calendar,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month; in years that lack it, the last one.
    pub day: u8,
}

/// What an occasion needs to know of a customer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person {
    /// Day of birth.
    pub birth_on: Option<Day>,
    /// Day of the first purchase.
    pub first_purchase_on: Option<Day>,
}

/// How the organisation counts its days.
#[derive(Clone, Copy, Debug)]
pub struct Almanac {
    /// Its calendar.
    pub calendar: Calendar,
    /// Days by which the lunar date seen here differs from Umm al-Qura.
    pub hijri_shift: i64,
}

/// An occasion that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Come {
    /// The same for this occasion of this year, whenever it is asked: what was done for it is done once.
    pub key: String,
    /// Its day.
    pub on: Day,
}

/// Checks the occasions of a policy; those that are the same are one.
pub fn check(plans: &[OccasionPlan], fields: &mut Fields) -> Vec<OccasionPlan> {
    let mut checked: Vec<OccasionPlan> = Vec::new();
    if plans.is_empty() || plans.len() > OCCASIONS_MAX {
        fields.0.push(Problem::new("occasions", "experience-occasions-count").with("max", OCCASIONS_MAX));
    }
    for plan in plans {
        let mut plan = plan.clone();
        if !(0..=BEFORE_MAX).contains(&plan.days_before) || plan.occasion == Occasion::Once && plan.days_before != 0 {
            fields.0.push(Problem::new("occasions", "experience-days-before").with("max", BEFORE_MAX));
        }
        let is_own = plan.occasion == Occasion::OwnDay;
        plan.name = plan.name.map(|name| name.trim().chars().take(NAME_MAX).collect::<String>()).filter(|name| is_own && !name.is_empty());
        if is_own && (plan.name.is_none() || plan.on.is_none_or(|on| day_of(on, 0, 1405, 1448, 2026).is_none())) {
            fields.add("occasions", "experience-own-day");
        }
        if !is_own {
            plan.on = None;
        }
        if !checked.contains(&plan) {
            checked.push(plan);
        }
    }
    checked
}

/// The day in one of three years, that of its calendar.
fn day_of(on: YearDay, shift: i64, jalali: i32, hijri: i32, gregorian: i32) -> Option<Day> {
    let year = match on.calendar {
        Calendar::Jalali => jalali,
        Calendar::Hijri => hijri,
        Calendar::Gregorian => gregorian,
    };
    in_year(on, year, shift)
}

fn in_year(on: YearDay, year: i32, shift: i64) -> Option<Day> {
    let (_, last) = month_edges(on.calendar, year, on.month).ok()?;
    if !(1..=31).contains(&on.day) {
        return None;
    }
    let day = from_ymd(on.calendar, year, on.month, on.day.min(ymd(last, on.calendar).2)).ok()?;
    Some(if on.calendar == Calendar::Hijri { Day(day).plus(-shift) } else { Day(day) })
}

/// The day of the year that a plan means for somebody.
fn year_day(plan: &OccasionPlan, person: Person, almanac: Almanac) -> Option<YearDay> {
    if let Some((calendar, month, day)) = plan.occasion.shared() {
        return Some(YearDay { calendar, month, day });
    }
    // Nobody keeps a birthday by the moon.
    let calendar = if almanac.calendar == Calendar::Hijri { Calendar::Gregorian } else { almanac.calendar };
    let of = |since: Day| {
        let (_, month, day) = ymd(since.0, calendar);
        YearDay { calendar, month, day }
    };
    match plan.occasion {
        Occasion::Birthday => person.birth_on.map(of),
        Occasion::Anniversary => person.first_purchase_on.map(of),
        Occasion::OwnDay => plan.on,
        _ => None,
    }
}

/// The next day of an occasion, today included; nothing for what has no day.
#[must_use]
pub fn next_on(plan: &OccasionPlan, person: Person, almanac: Almanac, today: Day) -> Option<Day> {
    let on = year_day(plan, person, almanac)?;
    let (year, ..) = ymd(today.0, on.calendar);
    (year - 1..=year + 1).filter_map(|year| in_year(on, year, almanac.hijri_shift)).find(|day| *day >= today)
}

/// The occasion that has come for somebody: from so many days before it until shortly after. The day of the first purchase
/// itself is no anniversary.
#[must_use]
pub fn come(plan: &OccasionPlan, person: Person, almanac: Almanac, today: Day) -> Option<Come> {
    if plan.occasion == Occasion::Once {
        return Some(Come { key: Occasion::Once.to_string(), on: today });
    }
    let day = year_day(plan, person, almanac)?;
    let (this_year, ..) = ymd(today.0, day.calendar);
    let (year, on) = (this_year - 1..=this_year + 1)
        .filter_map(|year| Some((year, in_year(day, year, almanac.hijri_shift)?)))
        .find(|(_, on)| on.plus(-plan.days_before) <= today && today <= on.plus(GRACE))?;
    if plan.occasion == Occasion::Anniversary && person.first_purchase_on.is_some_and(|first| on.since(first) < 300) {
        return None;
    }
    let key = match plan.occasion {
        Occasion::OwnDay => format!("{}-{:02}-{:02}:{year}", plan.occasion, day.month, day.day),
        other => format!("{other}:{year}"),
    };
    Some(Come { key, on })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IRAN: Almanac = Almanac { calendar: Calendar::Jalali, hijri_shift: 0 };

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn plan(occasion: Occasion, days_before: i64) -> OccasionPlan {
        OccasionPlan { occasion, days_before, name: None, on: None }
    }

    fn comes(plan: &OccasionPlan, person: Person, today: &str) -> Option<String> {
        come(plan, person, IRAN, day(today)).map(|come| come.key)
    }

    #[test]
    fn shared_days_come_by_their_own_calendars() {
        let nobody = Person::default();
        let next = |occasion, today| next_on(&plan(occasion, 0), nobody, IRAN, day(today)).unwrap().to_string();
        assert_eq!(next(Occasion::Nowruz, "2026-11-21"), "2027-03-21");
        assert_eq!(next(Occasion::Yalda, "2026-11-21"), "2026-12-21");
        assert_eq!(next(Occasion::Ramadan, "2026-11-21"), "2027-02-08");
        assert_eq!(next(Occasion::EidAlFitr, "2026-11-21"), "2027-03-09");
        let later = Almanac { hijri_shift: -1, ..IRAN };
        assert_eq!(next_on(&plan(Occasion::Ramadan, 0), nobody, later, day("2026-11-21")).unwrap().to_string(), "2027-02-09");
    }

    #[test]
    fn an_occasion_comes_so_many_days_before_until_shortly_after_and_is_one_all_the_while() {
        let yalda = plan(Occasion::Yalda, 7);
        let at = |today| comes(&yalda, Person::default(), today);
        assert_eq!(at("2026-12-13"), None);
        assert_eq!(at("2026-12-14").as_deref(), Some("yalda:1405"));
        assert_eq!(at("2026-12-21"), at("2026-12-14"));
        assert_eq!(at("2026-12-23"), at("2026-12-14"));
        assert_eq!(at("2026-12-24"), None);
        // One that lies in the next year of its calendar is already of that year.
        assert_eq!(comes(&plan(Occasion::Nowruz, 10), Person::default(), "2027-03-12").as_deref(), Some("nowruz:1406"));
    }

    #[test]
    fn a_birthday_is_the_day_of_the_calendar_of_the_shop_and_of_a_leap_day_the_last_of_its_month() {
        let born = |text: &str| Person { birth_on: Some(day(text)), ..Person::default() };
        // 30 Esfand 1375, a leap year; 1405 has 29 days in it.
        let leap = born("1997-03-20");
        assert_eq!(comes(&plan(Occasion::Birthday, 0), leap, "2027-03-20").as_deref(), Some("birthday:1405"));
        assert_eq!(comes(&plan(Occasion::Birthday, 0), Person::default(), "2027-03-20"), None);
        let moon = Almanac { calendar: Calendar::Hijri, hijri_shift: 0 };
        assert_eq!(next_on(&plan(Occasion::Birthday, 0), born("1990-05-01"), moon, day("2026-11-21")), Some(day("2027-05-01")));
    }

    #[test]
    fn the_first_anniversary_is_a_year_after_the_first_purchase() {
        let bought = |text: &str| Person { first_purchase_on: Some(day(text)), ..Person::default() };
        let anniversary = plan(Occasion::Anniversary, 3);
        assert_eq!(comes(&anniversary, bought("2026-11-20"), "2026-11-21"), None);
        assert_eq!(comes(&anniversary, bought("2025-11-21"), "2026-11-21").as_deref(), Some("anniversary:1405"));
    }

    #[test]
    fn own_days_have_a_name_and_a_day_that_there_is() {
        let own = |month, day| OccasionPlan {
            occasion: Occasion::OwnDay,
            days_before: 0,
            name: Some("روز قهوه".into()),
            on: Some(YearDay { calendar: Calendar::Gregorian, month, day }),
        };
        let wrong = |plans: &[OccasionPlan]| {
            let mut fields = Fields::default();
            check(plans, &mut fields);
            fields.0.len()
        };
        assert_eq!(wrong(&[own(10, 1)]), 0);
        assert_eq!(wrong(&[own(13, 1)]), 1);
        assert_eq!(wrong(&[own(10, 0)]), 1);
        assert_eq!(wrong(&[OccasionPlan { name: None, ..own(10, 1) }]), 1);
        assert_eq!(wrong(&[plan(Occasion::Nowruz, 31)]), 1);
        assert_eq!(wrong(&[plan(Occasion::Once, 1)]), 1);
        assert_eq!(wrong(&[]), 1);
        let mut fields = Fields::default();
        assert_eq!(check(&[own(10, 1), own(10, 1)], &mut fields).len(), 1);
        assert_eq!(comes(&own(10, 1), Person::default(), "2026-10-01").as_deref(), Some("own_day-10-01:2026"));
    }
}
