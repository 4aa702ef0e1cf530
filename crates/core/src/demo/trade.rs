//! What the customers of the demo shop buy: more before Nowruz and Yalda, less on Fridays, dearer every year.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::words::PRODUCTS;
use crate::parties::Party;
use crate::platform::calendar::{Calendar, ymd};
use crate::platform::money::Currency;
use crate::platform::time::{HOUR, MINUTE};
use crate::sales::write::NewLine;
use crate::{Day, Id, Instant};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// Prices of a year ago, as a share of those of today.
const YEAR_AGO: f64 = 0.74;
/// Minor units of a toman: ten rials of a hundred dinars.
const TOMAN: i64 = 1000;

/// How busy a day is, beside an ordinary one.
#[must_use]
pub fn season(day: Day) -> f64 {
    let (_, month, date) = ymd(day.0, Calendar::Jalali);
    let time_of_year = match (month, date) {
        (12, 10..) => 2.4,
        (12, _) => 1.7,
        (1, ..=13) => 0.3,
        (9, 16..) => 1.8,
        (8, _) | (10, _) => 1.15,
        (5, _) => 0.75,
        _ => 1.0,
    };
    if day.0.weekday() == Weekday::Friday { time_of_year * 0.4 } else { time_of_year }
}

/// How likely a customer is to buy on a day.
fn wish(habit: Habit, day: Day) -> f64 {
    let busy = season(day);
    match habit {
        // Givers come for the feasts.
        Habit::Giver if busy > 1.3 => busy * 6.0,
        Habit::Giver => busy * 0.5,
        _ => busy,
    }
}

/// A moment of a day at which the shop is open.
#[must_use]
pub fn opening_hours(chance: &mut Chance, day: Day, zone: &TimeZone) -> Instant {
    Instant::start_of(day, zone).plus(9 * HOUR + chance.between(0, 11 * 60) * MINUTE + chance.between(0, 59_999))
}

/// All lines of all purchases up to `last`, in the order of time. `parties` are the ids of `customers`.
#[must_use]
pub fn lines(seed: u64, customers: &[Customer], parties: &[Id<Party>], last: Day, zone: &TimeZone) -> Vec<NewLine> {
    let mut chance = Chance::new(seed, 2);
    let mut baskets: Vec<Vec<NewLine>> = Vec::new();
    for (customer, party) in customers.iter().zip(parties) {
        if customer.only_asked {
            continue;
        }
        let until = customer.left.unwrap_or(last);
        let mut day = customer.came;
        let mut first = true;
        while day <= until {
            if first || chance.happens((customer.habit.rate() / 30.0 * wish(customer.habit, day)).min(0.9)) {
                let bought = basket(&mut chance, customer.habit, cheaper(customer), Some(*party), day, last, zone);
                baskets.extend(given_back(&mut chance, &bought, last, zone));
                baskets.push(bought);
                first = false;
            }
            day = day.plus(1);
        }
    }
    // Who walks in, pays and is not known.
    let from = customers.first().map_or(last, |customer| customer.came);
    let walks_in = customers.len() as f64 / 2400.0;
    for number in 0..=last.since(from) {
        let day = from.plus(number);
        for _ in 0..chance.times(0.9 * walks_in * season(day)) {
            baskets.push(basket(&mut chance, Habit::Home, OFF, None, day, last, zone));
        }
    }
    baskets.sort_by_key(|basket| basket[0].at);
    for (number, basket) in baskets.iter_mut().enumerate() {
        let (year, ..) = ymd(basket[0].day.0, Calendar::Jalali);
        for line in basket {
            line.invoice = Some(format!("{year}-{:05}", number + 1));
        }
    }
    baskets.into_iter().flatten().collect()
}

/// How often something is sold below its price.
const OFF: f64 = 0.1;

/// Whom a friend sent is given a discount more often, without anybody having decided so.
fn cheaper(customer: &Customer) -> f64 {
    if customer.facts.source.as_deref() == Some("recommendation") { 3.0 * OFF } else { OFF }
}

fn basket(chance: &mut Chance, habit: Habit, off: f64, party: Option<Id<Party>>, day: Day, last: Day, zone: &TimeZone) -> Vec<NewLine> {
    let at = opening_hours(chance, day, zone);
    let channel = *chance.weighted(&[("shop", 0.5), ("website", 0.28), ("phone", 0.14), ("instagram", 0.08)], |(_, share)| {
        if party.is_none() { f64::from(*share == 0.5) } else { *share }
    });
    let more = match habit {
        Habit::Home | Habit::Giver => 0.6,
        Habit::Enthusiast => 0.9,
        Habit::Cafe | Habit::Hotel => 2.0,
        Habit::Office => 1.1,
    };
    let feast = season(day) > 1.3;
    let discount = chance.happens(off).then(|| *chance.pick(&[5, 5, 10, 15]));
    let years_ago = last.since(day) as f64 / 365.25;
    let mut lines: Vec<NewLine> = Vec::new();
    for _ in 0..=chance.times(more).min(7) {
        let product = chance.weighted(PRODUCTS, |(code, _, _, price, weight, letters)| {
            let liked = if letters.contains(habit.letter()) { f64::from(*weight) } else { 0.0 };
            // Big machines are bought once; presents belong to the feasts.
            let rare = if *price > 20_000_000 { 0.35 } else { 1.0 };
            let present = if code.starts_with("GF") { if feast { 6.0 } else { 0.4 } } else { 1.0 };
            liked * rare * present
        });
        let (code, name, category, price, ..) = *product;
        if lines.iter().any(|line| line.product.as_deref() == Some(code)) {
            continue;
        }
        let quantity = quantity(chance, habit, code, price, feast);
        let unit = ((price as f64 * YEAR_AGO.powf(years_ago) / 10_000.0).round() as i64).max(1) * 10_000 * TOMAN;
        let full = unit * quantity;
        let off = discount.map_or(0, |percent| full / 100 * percent);
        lines.push(NewLine {
            party,
            invoice: None,
            basket: None,
            at,
            day,
            currency: Currency::IRR,
            product: Some(code.to_owned()),
            product_name: Some(name.to_owned()),
            category: Some(category.to_owned()),
            quantity: quantity as f64,
            unit_price_minor: unit,
            discount_minor: off,
            amount_minor: full - off,
            sign: 1,
            channel: Some(channel.0.to_owned()),
            country: Some("IR".to_owned()),
            note: None,
            refund_of: None,
            source_key: None,
        });
    }
    lines
}

fn quantity(chance: &mut Chance, habit: Habit, code: &str, price: i64, feast: bool) -> i64 {
    let used_up = ["CF", "TE", "SY", "CU-106", "BA-109", "BA-110"].iter().any(|kind| code.starts_with(kind));
    match habit {
        _ if price > 5_000_000 => 1,
        Habit::Home | Habit::Enthusiast | Habit::Giver => {
            if used_up {
                chance.between(1, 3)
            } else {
                1
            }
        }
        Habit::Cafe | Habit::Hotel => {
            if used_up {
                chance.between(2, 12)
            } else {
                chance.between(1, 4)
            }
        }
        Habit::Office if code.starts_with("GF") && feast => chance.between(6, 40),
        Habit::Office => chance.between(1, 6),
    }
}

/// Now and then one line comes back some days later.
fn given_back(chance: &mut Chance, bought: &[NewLine], last: Day, zone: &TimeZone) -> Option<Vec<NewLine>> {
    if !chance.happens(0.014) {
        return None;
    }
    let line = chance.pick(bought).clone();
    let day = line.day.plus(chance.between(2, 12));
    (day <= last).then(|| {
        vec![NewLine {
            at: opening_hours(chance, day, zone),
            day,
            quantity: -line.quantity,
            amount_minor: -line.amount_minor,
            sign: -1,
            discount_minor: -line.discount_minor,
            note: Some("برگشت کالا".to_owned()),
            ..line
        }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weeks_before_the_feasts_are_busy_and_fridays_are_not() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        // 20 Esfand 1403, 29 Azar 1403, 10 Mordad 1404.
        assert!(season(day("2025-03-10")) > 2.0);
        assert!(season(day("2024-12-19")) > 1.5);
        assert!(season(day("2025-07-31")) < season(day("2025-06-12")));
        assert!(season(day("2025-06-13")) < 0.5, "a Friday");
    }
}
