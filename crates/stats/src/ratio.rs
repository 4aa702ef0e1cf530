//! Ratios of two uncertain numbers: cost per extra purchase.

use crate::{Error, Interval, Result, interval::z_of};

/// A ratio of two estimates and where it may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quotient {
    /// A bounded interval.
    Bounded(Interval),
    /// The denominator may be 0: the ratio may be anything. Print "undefined".
    Undefined,
}

/// Interval of a ratio of means by Fieller's theorem (1954): all ratios ρ with |top − ρ·bottom| ≤ z·se(top − ρ·bottom).
/// Estimates with their variances and covariance.
///
/// # Errors
/// `Invalid` for numbers that are not finite, negative variances, or a level outside 0 to 1.
pub fn fieller(top: (f64, f64), bottom: (f64, f64), covariance: f64, level: f64) -> Result<Quotient> {
    let z2 = z_of(level)?.powi(2);
    let (a, var_a, b, var_b) = (top.0, top.1, bottom.0, bottom.1);
    if ![a, var_a, b, var_b, covariance].iter().all(|number| number.is_finite()) || var_a < 0.0 || var_b < 0.0 {
        return Err(Error::invalid("a ratio of numbers that are not finite"));
    }
    let lead = b * b - z2 * var_b;
    if lead <= 0.0 {
        return Ok(Quotient::Undefined);
    }
    let half = a * b - z2 * covariance;
    let rest = a * a - z2 * var_a;
    let root = (half * half - lead * rest).max(0.0).sqrt();
    Ok(Quotient::Bounded(Interval { value: a / b, low: (half - root) / lead, high: (half + root) / lead }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denominator_that_may_be_zero_makes_it_undefined() {
        assert_eq!(fieller((10.0, 1.0), (1.0, 0.3), 0.0, 0.95).unwrap(), Quotient::Undefined);
        assert!(fieller((10.0, -1.0), (1.0, 0.3), 0.0, 0.95).is_err());
    }

    #[test]
    fn the_limits_solve_their_equation() {
        let (top, bottom, covariance) = ((120.0, 90.0), (8.0, 1.5), 2.0);
        let Quotient::Bounded(got) = fieller(top, bottom, covariance, 0.95).unwrap() else { panic!("unbounded") };
        assert_eq!(got.value, 15.0);
        for ratio in [got.low, got.high] {
            let off = top.0 - ratio * bottom.0;
            let error = (top.1 - 2.0 * ratio * covariance + ratio * ratio * bottom.1).sqrt();
            assert!((off.abs() / error - 1.959_963_984_54).abs() < 1e-9);
        }
        // An exact denominator only scales.
        let Quotient::Bounded(exact) = fieller((10.0, 4.0), (2.0, 0.0), 0.0, 0.95).unwrap() else { panic!("unbounded") };
        assert!((exact.low - (5.0 - 1.959_963_984_54)).abs() < 1e-9);
    }
}
