//! Reads what lies in `testdata/`; its README names the origins.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{buyers::Buyer, gamma_gamma::Spender};

/// Text of a file.
pub(crate) fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON file.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// A number in it, by pointer.
pub(crate) fn number(value: &Value, pointer: &str) -> f64 {
    value.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {pointer}"))
}

/// A customer of CDNOW: days since 1997-01-01 with the cents spent on each.
pub(crate) struct Customer {
    /// Number in the 1/10 sample.
    pub sampled: Option<usize>,
    pub days: Vec<(i64, i64)>,
}

/// Last day of the calibration period, 1997-09-30.
pub(crate) const CALIBRATION: i64 = 272;

/// All customers of CDNOW.
pub(crate) fn cdnow() -> Vec<Customer> {
    text("cdnow.txt")
        .lines()
        .map(|line| {
            let (sampled, line) = line.split_once(':').map_or((None, line), |(number, line)| (Some(number.parse().unwrap()), line));
            let numbers: Vec<i64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
            let mut day = 0;
            let days = numbers
                .chunks(2)
                .map(|pair| {
                    day += pair[0];
                    (day, pair[1])
                })
                .collect();
            Customer { sampled, days }
        })
        .collect()
}

/// The 1/10 sample of CDNOW in its own order.
pub(crate) fn sample() -> Vec<Customer> {
    let mut sample: Vec<Customer> = cdnow().into_iter().filter(|customer| customer.sampled.is_some()).collect();
    sample.sort_unstable_by_key(|customer| customer.sampled);
    sample
}

impl Customer {
    /// As of the end of calibration, in weeks.
    pub fn buyer(&self) -> Buyer {
        let days: Vec<i64> = self.days.iter().map(|day| day.0).collect();
        Buyer::from_days(&days, CALIBRATION, 7.0).unwrap()
    }

    /// Weeks rounded to two digits, as the published table has them.
    pub fn published(&self) -> Buyer {
        let buyer = self.buyer();
        Buyer { last: round(buyer.last), age: round(buyer.age), ..buyer }
    }

    /// Mean of the repeat occasions in calibration.
    pub fn spender(&self) -> Spender {
        let cents: Vec<i64> = self.days.iter().filter(|day| day.0 <= CALIBRATION).skip(1).map(|day| day.1).collect();
        let mean = if cents.is_empty() { 0.0 } else { cents.iter().sum::<i64>() as f64 / 100.0 / cents.len() as f64 };
        Spender { occasions: cents.len() as u32, mean }
    }

    /// Occasions after calibration.
    pub fn held_back(&self) -> u32 {
        self.days.iter().filter(|day| day.0 > CALIBRATION).count() as u32
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Names of items, and baskets of their numbers.
pub(crate) fn groceries() -> (Vec<String>, Vec<Vec<u32>>) {
    let text = text("groceries.txt");
    let mut lines = text.lines();
    let names = lines.next().unwrap().split('|').map(String::from).collect();
    (names, lines.map(|line| line.split(' ').map(|item| item.parse().unwrap()).collect()).collect())
}

/// Number of products, and per customer of Online Retail what was bought before the last day and on it.
pub(crate) fn online_retail() -> (usize, Vec<(Vec<u32>, Vec<u32>)>) {
    let add = |list: &str| -> Vec<u32> {
        let mut at = 0;
        list.split(' ')
            .map(|step| {
                at += step.parse::<u32>().unwrap();
                at
            })
            .collect()
    };
    let customers = text("online_retail_items.txt")
        .lines()
        .map(|line| {
            let (before, last) = line.split_once(';').unwrap();
            (add(before), add(last))
        })
        .collect();
    (text("online_retail_products.txt").lines().count(), customers)
}
