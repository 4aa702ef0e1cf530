//! RFM: recency, frequency and mean value in bands (Hughes 1994; Fader, Hardie & Lee 2005 on what the three tell).
//!
//! Bands come from value cut-points, never from ranks: customers with equal values have equal scores, and a band may be
//! empty. In a shop where half of the customers bought once, a rank would call some of them frequent.

use crate::{
    Error, Result,
    error::enough,
    quantile::{finite, quantile_sorted, sorted},
};

/// Fewer customers than this are no base for bands.
pub const CUSTOMERS_NEEDED: usize = 5;

/// What one customer did until the as-of date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    /// R: days from the last occasion to the as-of date; fewer are better.
    pub recency: f64,
    /// F: number of occasions.
    pub frequency: f64,
    /// M: net value in any currency: of the mean occasion, or of all; the caller decides and says so.
    pub value: f64,
}

/// Values from which on the next higher band begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Cuts {
    points: Vec<f64>,
    fewer_is_better: bool,
}

impl Cuts {
    /// Cut-points that split values into `bands` of equal size as far as ties allow: quantiles, interpolated linearly.
    ///
    /// # Errors
    /// `Invalid` for fewer than two or more than 255 bands or a value that is not finite, `TooFewCustomers` for fewer
    /// values than [`CUSTOMERS_NEEDED`].
    pub fn of(values: &[f64], bands: usize, fewer_is_better: bool) -> Result<Self> {
        if !(2..=255).contains(&bands) {
            return Err(Error::invalid("a number of bands that is not between 2 and 255"));
        }
        let sorted = sorted(values)?;
        enough("customers", sorted.len(), CUSTOMERS_NEEDED)?;
        let points = (1..bands).map(|band| quantile_sorted(&sorted, band as f64 / bands as f64)).collect();
        Ok(Self { points, fewer_is_better })
    }

    /// Cut-points that were kept from an earlier date, so that scores can be compared over time.
    ///
    /// # Errors
    /// `Invalid` unless they ascend and are finite.
    pub fn frozen(points: &[f64], fewer_is_better: bool) -> Result<Self> {
        finite(points)?;
        if points.is_empty() || points.len() > 254 || points.windows(2).any(|pair| pair[0] > pair[1]) {
            return Err(Error::invalid("cut-points that do not ascend"));
        }
        Ok(Self { points: points.to_vec(), fewer_is_better })
    }

    /// The cut-points, ascending.
    #[must_use]
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// The band of a value, 1 the worst: one more than the number of cut-points strictly below it, turned around where
    /// fewer is better.
    #[must_use]
    pub fn score(&self, value: f64) -> u8 {
        let below = self.points.iter().filter(|point| **point < value).count();
        (if self.fewer_is_better { self.points.len() - below } else { below }) as u8 + 1
    }
}

/// The bands of all three.
#[derive(Clone, Debug, PartialEq)]
pub struct Bands {
    /// Number of the day that recency was counted to: without it the scores mean nothing.
    pub as_of: i64,
    /// Of recency.
    pub recency: Cuts,
    /// Of frequency.
    pub frequency: Cuts,
    /// Of value.
    pub value: Cuts,
}

/// Customers from which on bands tell something about a shop (as Klaviyo asks for).
pub const CUSTOMERS_GUARD: usize = 500;

/// Days of history that it takes.
pub const HISTORY_GUARD: i64 = 180;

/// Days within which somebody has to have bought.
pub const RECENT_GUARD: f64 = 30.0;

/// Occasions that somebody has to have.
pub const OCCASIONS_GUARD: f64 = 3.0;

/// What keeps bands from being of use yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// So many customers more.
    Customers(usize),
    /// So many days more.
    History(i64),
    /// Nobody bought within [`RECENT_GUARD`] days: the data are old.
    Recent,
    /// Nobody bought [`OCCASIONS_GUARD`] times.
    Repeats,
}

/// What is missing before bands are of use; empty when nothing is. `history`: days from the first purchase to the as-of
/// date.
#[must_use]
pub fn missing(customers: &[Habits], history: i64) -> Vec<Missing> {
    let mut out = Vec::new();
    if customers.len() < CUSTOMERS_GUARD {
        out.push(Missing::Customers(CUSTOMERS_GUARD - customers.len()));
    }
    if history < HISTORY_GUARD {
        out.push(Missing::History(HISTORY_GUARD - history));
    }
    if !customers.iter().any(|habits| habits.recency <= RECENT_GUARD) {
        out.push(Missing::Recent);
    }
    if !customers.iter().any(|habits| habits.frequency >= OCCASIONS_GUARD) {
        out.push(Missing::Repeats);
    }
    out
}

/// Scores of a customer, 1 the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score {
    /// Of recency.
    pub recency: u8,
    /// Of frequency.
    pub frequency: u8,
    /// Of value.
    pub value: u8,
}

impl Bands {
    /// Cuts all three into `bands`, as of a day.
    ///
    /// # Errors
    /// As [`Cuts::of`].
    pub fn of(customers: &[Habits], bands: usize, as_of: i64) -> Result<Self> {
        let column = |value: fn(&Habits) -> f64| customers.iter().map(value).collect::<Vec<_>>();
        Ok(Self {
            as_of,
            recency: Cuts::of(&column(|habits| habits.recency), bands, true)?,
            frequency: Cuts::of(&column(|habits| habits.frequency), bands, false)?,
            value: Cuts::of(&column(|habits| habits.value), bands, false)?,
        })
    }

    /// The scores of a customer, who need not be among those the bands were cut from.
    #[must_use]
    pub fn score(&self, habits: &Habits) -> Score {
        Score {
            recency: self.recency.score(habits.recency),
            frequency: self.frequency.score(habits.frequency),
            value: self.value.score(habits.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::{cdnow, text};

    fn near(got: &[f64], expected: &[f64], within: f64) {
        assert!(got.len() == expected.len() && got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() <= within), "{got:?}");
    }

    #[test]
    fn the_cuts_of_cdnow_are_the_known_ones() {
        // As of 1998-06-30, day 545.
        let habits: Vec<Habits> = cdnow()
            .iter()
            .map(|customer| {
                let cents: i64 = customer.days.iter().map(|day| day.1).sum();
                let (last, occasions) = (customer.days.last().unwrap().0, customer.days.len() as f64);
                Habits { recency: (545 - last) as f64, frequency: occasions, value: cents as f64 / 100.0 }
            })
            .collect();
        assert_eq!(habits.iter().filter(|habits| habits.frequency == 1.0).count(), 12_054);
        let bands = Bands::of(&habits, 5, 545).unwrap();
        near(bands.recency.points(), &[141.0, 432.0, 485.0, 512.0], 0.0);
        near(bands.frequency.points(), &[1.0, 1.0, 2.0, 4.0], 0.0);
        near(bands.value.points(), &[15.36, 31.35, 59.924, 133.95], 1e-9);
        // Nobody of those who bought once is more frequent than another: one score, and an empty second band.
        assert!(habits.iter().filter(|habits| habits.frequency == 1.0).all(|habits| bands.score(habits).frequency == 1));
        assert!(habits.iter().all(|habits| bands.score(habits).frequency != 2));
    }

    #[test]
    fn online_retail_is_scored_as_by_others() {
        let habits: Vec<Habits> = text("online_retail_customers.csv")
            .lines()
            .skip(1)
            .map(|line| {
                let numbers: Vec<f64> = line.split(',').map(|number| number.parse().unwrap()).collect();
                // As of 2011-12-10, day 374.
                Habits { recency: 374.0 - numbers[1], frequency: numbers[2], value: numbers[3] / 100.0 }
            })
            .collect();
        assert_eq!(habits.len(), 4338);
        let bands = Bands::of(&habits, 5, 374).unwrap();
        near(bands.recency.points(), &[13.8, 33.0, 72.0, 180.0], 1e-9);
        near(bands.frequency.points(), &[1.0, 2.0, 3.0, 6.0], 0.0);
        near(bands.value.points(), &[250.194, 490.096, 942.276, 2058.426], 1e-6);
        let scores: Vec<Score> = habits.iter().map(|habits| bands.score(habits)).collect();
        let count =
            |of: fn(&Score) -> u8| -> Vec<usize> { (1..=5).map(|score| scores.iter().filter(|one| of(one) == score).count()).collect() };
        assert_eq!(count(|score| score.recency), [861, 866, 863, 880, 868]);
        assert_eq!(count(|score| score.frequency), [1493, 835, 508, 802, 700]);
        assert_eq!(count(|score| score.value), [868, 867, 868, 867, 868]);
        let all = |n: u8| scores.iter().filter(|score| **score == Score { recency: n, frequency: n, value: n }).count();
        assert_eq!((all(5), all(1)), (324, 330));
    }

    #[test]
    fn a_young_shop_is_told_what_is_missing() {
        let habits = Habits { recency: 31.0, frequency: 2.0, value: 1.0 };
        assert_eq!(missing(&[habits; 480], 100), [Missing::Customers(20), Missing::History(80), Missing::Recent, Missing::Repeats]);
        assert_eq!(missing(&[Habits { recency: 30.0, frequency: 3.0, value: 1.0 }; 500], 180), []);
    }

    #[test]
    fn frozen_cuts_score_as_before() {
        let cuts = Cuts::of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, true).unwrap();
        let frozen = Cuts::frozen(cuts.points(), true).unwrap();
        for value in [0.0, 2.5, 4.5, 99.0] {
            assert_eq!(cuts.score(value), frozen.score(value));
        }
        assert_eq!((frozen.score(0.0), frozen.score(99.0)), (3, 1));
        assert!(Cuts::frozen(&[2.0, 1.0], false).is_err() && Cuts::frozen(&[], false).is_err());
        assert!(Cuts::of(&[1.0; 4], 5, false).is_err() && Cuts::of(&[1.0; 9], 1, false).is_err());
    }

    proptest! {
        #[test]
        fn scores_follow_values_in_any_order_and_unit(mut values in prop::collection::vec(0u32..50, 5..200), factor in 1e-3..1e9f64) {
            let plain: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            let cuts = Cuts::of(&plain, 5, false).unwrap();
            values.reverse();
            let scaled: Vec<f64> = values.iter().map(|value| f64::from(*value) * factor).collect();
            let other = Cuts::of(&scaled, 5, false).unwrap();
            for (one, two) in plain.iter().zip(plain.iter().skip(1)) {
                prop_assert_eq!(one == two, one == two && cuts.score(*one) == cuts.score(*two));
                prop_assert!(one >= two || cuts.score(*one) <= cuts.score(*two));
            }
            for (point, scaled) in cuts.points().iter().zip(other.points()) {
                prop_assert!((point * factor - scaled).abs() <= 1e-9 * scaled.abs());
            }
        }
    }
}
