//! Rates: how often something happens in so much time.

use crate::interval::z_of;
use crate::{Error, Interval, Result};
use statrs::function::gamma::gamma_lr;

/// Who was watched, for how long, and how often it happened with them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watched {
    /// How often.
    pub events: u64,
    /// For how long, above 0, in any one unit.
    pub time: f64,
}

/// Interval of a rate of independent events (Garwood 1936): from the rate at which so many or more would still be so rare to the one at
/// which so few or fewer would be. By quantiles of the gamma distribution: with k events in t, G⁻¹(α/2; k)/t to G⁻¹(1 − α/2; k + 1)/t.
///
/// # Errors
/// `Invalid` for a time that is not above 0 or a level outside 0 to 1.
pub fn rate(events: f64, time: f64, level: f64) -> Result<Interval> {
    if !(events >= 0.0 && events.is_finite() && time > 0.0 && time.is_finite()) {
        return Err(Error::invalid("a rate needs events and time"));
    }
    // Refuses a level that is none.
    z_of(level)?;
    let tail = 0.5 * (1.0 - level);
    Ok(Interval {
        value: events / time,
        low: if events > 0.0 { gamma_quantile(tail, events) / time } else { 0.0 },
        high: gamma_quantile(1.0 - tail, events + 1.0) / time,
    })
}

/// The rate of events that happen with several who are watched, together. Where a few bring most of the events, they vary more than
/// independent events would: their variance over its expectation, φ̂ = Σ(xᵢ − r·tᵢ)²/(r·tᵢ)/(n − 1) when above 1, makes the
/// interval as wide as that of 1/φ̂ as many events in 1/φ̂ of the time.
///
/// # Errors
/// `TooFewCustomers` below two who are watched; as [`rate`].
pub fn rate_of_all(watched: &[Watched], level: f64) -> Result<Interval> {
    if watched.len() < 2 {
        return Err(Error::TooFewCustomers { of: "customers watched", have: watched.len(), need: 2 });
    }
    if watched.iter().any(|one| !(one.time > 0.0 && one.time.is_finite())) {
        return Err(Error::invalid("a rate needs events and time"));
    }
    let events: f64 = watched.iter().map(|one| one.events as f64).sum();
    let time: f64 = watched.iter().map(|one| one.time).sum();
    let expected = |one: &Watched| events / time * one.time;
    let spread: f64 = if events > 0.0 {
        watched.iter().map(|one| (one.events as f64 - expected(one)).powi(2) / expected(one)).sum::<f64>() / (watched.len() as f64 - 1.0)
    } else {
        1.0
    };
    let spread = spread.max(1.0);
    rate(events / spread, time / spread, level)
}

/// x with P(shape, x) = p, by halving: between 0 and a bound that is doubled until it is beyond.
fn gamma_quantile(p: f64, shape: f64) -> f64 {
    let mut high = shape.max(1.0);
    while gamma_lr(shape, high) < p {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if gamma_lr(shape, middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// How often something happens to customers in a period, and how much of what one of them differs from that is more than chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrinkage {
    /// Mean of the counts.
    pub mean: f64,
    /// What is kept of a customer's difference from it, 0 to 1.
    pub weight: f64,
}

impl Shrinkage {
    /// How often it is to be expected of a customer to whom it happened so often.
    #[must_use]
    pub fn expected(&self, count: u64) -> f64 {
        self.mean + self.weight * (count as f64 - self.mean)
    }
}

/// Gamma–Poisson shrinkage by moments (Clayton & Kaldor 1987, Biometrics 43, 671–681): customers have rates of their own, which
/// follow a gamma distribution, and what happens to each is Poisson. Of the variance s² of the counts, the mean m is chance, so
/// that the mean of a customer's rate, given their count x, is m + (s² − m)/s²·(x − m); where s² is not above m, all are alike.
///
/// # Errors
/// `TooFewCustomers` below two.
pub fn shrinkage(counts: &[u64]) -> Result<Shrinkage> {
    let found = crate::mean::Moments::of(&counts.iter().map(|count| *count as f64).collect::<Vec<_>>())?;
    let more = (found.variance - found.mean).max(0.0);
    Ok(Shrinkage { mean: found.mean, weight: if more > 0.0 { more / found.variance } else { 0.0 } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_interval_of_a_count_is_that_of_the_tables() {
        // Exact 95 % limits of Poisson counts, as printed since Garwood 1936.
        for (events, low, high) in
            [(0.0, 0.0, 3.689), (1.0, 0.0253, 5.572), (5.0, 1.623, 11.668), (10.0, 4.795, 18.390), (100.0, 81.364, 121.627)]
        {
            let found = rate(events, 1.0, 0.95).unwrap();
            assert!((found.low - low).abs() < 6e-4 && (found.high - high).abs() < 6e-4, "{events}: {found:?}");
        }
        let per_year = rate(10.0, 4.0, 0.95).unwrap();
        assert!((per_year.value - 2.5).abs() < 1e-12 && (per_year.low - 4.795 / 4.0).abs() < 1e-3);
        assert!(rate(1.0, 0.0, 0.95).is_err() && rate(1.0, 1.0, 1.5).is_err());
    }

    #[test]
    fn where_a_few_bring_most_the_interval_is_wider() {
        let even: Vec<Watched> = (0..20).map(|_| Watched { events: 1, time: 1.0 }).collect();
        let mut few: Vec<Watched> = (0..20).map(|_| Watched { events: 0, time: 1.0 }).collect();
        few[0].events = 20;
        let (even, few) = (rate_of_all(&even, 0.95).unwrap(), rate_of_all(&few, 0.95).unwrap());
        assert!((even.value - 1.0).abs() < 1e-12 && (few.value - 1.0).abs() < 1e-12);
        assert!(few.low < even.low && few.high > even.high, "{even:?} {few:?}");
        let none = rate_of_all(&[Watched { events: 0, time: 2.0 }; 2], 0.95).unwrap();
        assert!(none.low == 0.0 && (none.high - 3.689 / 4.0).abs() < 1e-3);
        assert!(rate_of_all(&[Watched { events: 1, time: 1.0 }], 0.95).is_err());
    }

    #[test]
    fn a_customer_is_drawn_to_the_others_as_far_as_chance_explains_them() {
        // By hand: mean 4, variance 56/3; (56/3 − 4)/(56/3) = 11/14 is kept.
        let found = shrinkage(&[0, 2, 4, 10]).unwrap();
        assert!((found.mean - 4.0).abs() < 1e-12 && (found.weight - 11.0 / 14.0).abs() < 1e-12, "{found:?}");
        assert!((found.expected(10) - (4.0 + 66.0 / 14.0)).abs() < 1e-12);
        // The same by the gamma distribution: shape m²/(s² − m), rate m/(s² − m), of which (shape + x)/(rate + 1) is the mean.
        let (shape, rate) = (16.0 / (44.0 / 3.0), 4.0 / (44.0 / 3.0));
        assert!((found.expected(0) - shape / (rate + 1.0)).abs() < 1e-12);
        let alike = shrinkage(&[2, 2, 3, 1]).unwrap();
        assert_eq!((alike.weight, alike.expected(3)), (0.0, 2.0), "chance alone makes them differ more");
        assert!(shrinkage(&[1]).is_err());
    }

    proptest! {
        #[test]
        fn a_rate_lies_within_its_interval(events in 0_u32..2_000, time in 0.01_f64..1_000.0) {
            let found = rate(f64::from(events), time, 0.95).unwrap();
            prop_assert!(found.low <= found.value && found.value <= found.high && found.high.is_finite());
        }
    }
}
