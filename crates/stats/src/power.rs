//! How many customers an answer needs, and how small a difference so many can show.

use crate::{Error, Result, interval::normal_quantile};

/// What is asked of a comparison of two arms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Chance of seeing a difference where there is none, two-sided: 0.05.
    pub alpha: f64,
    /// Chance of seeing the difference where there is one: 0.8.
    pub power: f64,
}

impl Demand {
    /// z₁₋α/₂ + z_power: 2.8016 for 0.05 and 0.8.
    fn deviate(&self) -> Result<f64> {
        let inside = |p: f64| p > 0.0 && p < 1.0;
        if inside(self.alpha) && inside(self.power) {
            Ok(normal_quantile(1.0 - self.alpha / 2.0) + normal_quantile(self.power))
        } else {
            Err(Error::invalid("a level or power that is not between 0 and 1"))
        }
    }
}

/// Smallest difference of two shares that arms of `one` and `other` customers show, around a base share; the variance of
/// the base is taken for both.
///
/// # Errors
/// `Invalid` for a share outside 0 to 1 or an empty arm.
pub fn detectable_share(base: f64, one: u64, other: u64, demand: Demand) -> Result<f64> {
    if !(0.0..=1.0).contains(&base) {
        return Err(Error::invalid("a share that is not between 0 and 1"));
    }
    detectable_mean((base * (1.0 - base)).sqrt(), one, other, demand)
}

/// Smallest difference of two means that arms of `one` and `other` customers show, at a standard deviation; with a
/// coefficient of variation for it, the difference is relative to the mean.
///
/// # Errors
/// `Invalid` for a negative deviation or an empty arm.
pub fn detectable_mean(deviation: f64, one: u64, other: u64, demand: Demand) -> Result<f64> {
    if !(deviation >= 0.0 && deviation.is_finite()) || one == 0 || other == 0 {
        return Err(Error::invalid("an empty arm or a negative deviation"));
    }
    Ok(demand.deviate()? * deviation * (1.0 / one as f64 + 1.0 / other as f64).sqrt())
}

/// Customers per arm, equally many in both, that show a difference of two means.
///
/// # Errors
/// `Invalid` unless difference and deviation are positive.
pub fn sample_size_mean(deviation: f64, difference: f64, demand: Demand) -> Result<u64> {
    if !(deviation > 0.0 && difference.abs() > 0.0 && deviation.is_finite() && difference.is_finite()) {
        return Err(Error::invalid("a difference or deviation of nothing"));
    }
    Ok((2.0 * (demand.deviate()? * deviation / difference).powi(2)).ceil() as u64)
}

/// Customers per arm that show a difference of two shares, each with its own variance (Fleiss, without continuity
/// correction).
///
/// # Errors
/// `Invalid` for shares outside 0 to 1 or equal ones.
pub fn sample_size_share(base: f64, other: f64, demand: Demand) -> Result<u64> {
    let inside = |p: f64| (0.0..=1.0).contains(&p);
    if !(inside(base) && inside(other)) || base == other {
        return Err(Error::invalid("shares that are equal or not between 0 and 1"));
    }
    demand.deviate()?;
    let middle = (base + other) / 2.0;
    let (za, zb) = (normal_quantile(1.0 - demand.alpha / 2.0), normal_quantile(demand.power));
    let spread = za * (2.0 * middle * (1.0 - middle)).sqrt() + zb * (base * (1.0 - base) + other * (1.0 - other)).sqrt();
    Ok((spread / (base - other)).powi(2).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Demand = Demand { alpha: 0.05, power: 0.8 };

    #[test]
    fn the_table_of_reality_comes_out() {
        for (n, share, calm, wild) in [
            (50, 25.7, 112.0, 560.0),
            (100, 18.2, 79.0, 396.0),
            (250, 11.5, 50.0, 251.0),
            (500, 8.1, 35.0, 177.0),
            (1000, 5.7, 25.0, 125.0),
        ] {
            assert!((detectable_share(0.3, n, n, USUAL).unwrap() * 100.0 - share).abs() < 0.05);
            assert!((detectable_mean(2.0, n, n, USUAL).unwrap() * 100.0 - calm).abs() <= 0.5);
            assert!((detectable_mean(10.0, n, n, USUAL).unwrap() * 100.0 - wild).abs() <= 0.6);
        }
        for (all, part, expected) in
            [(2000, 0.05, 13.2), (2000, 0.1, 9.6), (2000, 0.2, 7.2), (10_000, 0.05, 5.9), (10_000, 0.1, 4.3), (10_000, 0.2, 3.2)]
        {
            let held = (f64::from(all) * part).round() as u64;
            let got = detectable_share(0.3, held, all as u64 - held, USUAL).unwrap() * 100.0;
            assert!((got - expected).abs() < 0.06, "{got} {expected}");
        }
    }

    #[test]
    fn so_many_show_what_they_are_asked_for() {
        let n = sample_size_mean(2.0, 0.25, USUAL).unwrap();
        assert!(detectable_mean(2.0, n, n, USUAL).unwrap() <= 0.25 && detectable_mean(2.0, n - 1, n - 1, USUAL).unwrap() > 0.25);
        // Fleiss, Levin & Paik: 10 % against 15 %, 686 per arm.
        assert_eq!(sample_size_share(0.10, 0.15, USUAL).unwrap(), 686);
        assert!(sample_size_share(0.1, 0.1, USUAL).is_err() && sample_size_mean(0.0, 1.0, USUAL).is_err());
        assert!(detectable_share(0.3, 0, 5, USUAL).is_err() && detectable_share(0.3, 5, 5, Demand { alpha: 0.0, power: 0.8 }).is_err());
    }
}
