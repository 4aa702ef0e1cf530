//! Ratios of two uncertain numbers: cost per extra purchase.

use crate::{
    Error, Interval, Result,
    error::enough,
    interval::{t_of, z_of},
};

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

/// What a ratio of two totals over the same customers needs of them: purchases over years, money over purchases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Customers.
    pub count: u64,
    /// Sum of what is above the line.
    pub top: f64,
    /// Sum of what is below.
    pub bottom: f64,
    top_squared: f64,
    bottom_squared: f64,
    product: f64,
}

impl Totals {
    /// Adds a customer, also one with nothing.
    pub fn add(&mut self, top: f64, bottom: f64) {
        self.count += 1;
        self.top += top;
        self.bottom += bottom;
        self.top_squared += top * top;
        self.bottom_squared += bottom * bottom;
        self.product += top * bottom;
    }

    /// Sum of the squares of what is above the line.
    #[must_use]
    pub fn top_squared(&self) -> f64 {
        self.top_squared
    }

    /// Σtop/Σbottom, its variance by the delta method: Σ(top − ratio·bottom)² / ((Σbottom)²·(n − 1)/n) (Cochran 1977, §6.4),
    /// with Student's t of n − 1.
    ///
    /// # Errors
    /// `TooFewCustomers` below two, `Invalid` when the lower total is not positive, a number is not finite or the level is
    /// outside 0 to 1.
    pub fn ratio(&self, level: f64) -> Result<Interval> {
        enough("customers", usize::try_from(self.count).unwrap_or(usize::MAX), 2)?;
        let ratio = self.top / self.bottom;
        if !(self.bottom > 0.0 && ratio.is_finite()) {
            return Err(Error::invalid("a ratio of totals of which the lower is not positive"));
        }
        let n = self.count as f64;
        let spread = (self.top_squared - 2.0 * ratio * self.product + ratio * ratio * self.bottom_squared).max(0.0);
        let variance = spread / (self.bottom * self.bottom * (n - 1.0) / n);
        Ok(Interval::around(ratio, t_of(level, n - 1.0)? * variance.sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_of_totals_is_that_of_the_textbook() {
        // 3 of 1 year, 1 of 1, 2 of 2: 6/4 = 1.5; squares off it 1.5², 0.5², 1²; variance 3.5 / (16 · 2/3).
        let mut totals = Totals::default();
        for (top, bottom) in [(3.0, 1.0), (1.0, 1.0), (2.0, 2.0)] {
            totals.add(top, bottom);
        }
        let found = totals.ratio(0.95).unwrap();
        assert_eq!(found.value, 1.5);
        let half = 4.302_652_73 * (3.5_f64 / (16.0 * 2.0 / 3.0)).sqrt();
        assert!((found.high - 1.5 - half).abs() < 1e-7 && (1.5 - found.low - half).abs() < 1e-7, "{found:?}");
        assert!(Totals::default().ratio(0.95).is_err());
        let mut none = Totals::default();
        none.add(0.0, 0.0);
        none.add(0.0, 0.0);
        assert!(none.ratio(0.95).is_err(), "nothing over nothing");
    }

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
