//! Looking at a comparison while it runs. A fixed 5 % test looked at fifty times is wrong in 31 % of all cases without any
//! difference; these stay at 5 % however often one looks.
//!
//! They hold for numbers large enough that means are about normal, and for outcomes that are complete: a customer counts
//! from the day on which their whole horizon has passed.

use crate::{Error, Interval, Result};

/// Asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas): an interval that covers the truth at all
/// looks together with probability 1 − α. Narrowest near the planned number of customers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceSequence {
    alpha: f64,
    rho: f64,
}

impl ConfidenceSequence {
    /// For α and the number of customers N* (both arms) at which the decision is planned: ρ = √((−2 ln α + ln(1 − 2 ln α))/N*).
    /// Both are fixed before the start.
    ///
    /// # Errors
    /// `Invalid` for an α outside 0 to 1 or no planned customers.
    pub fn new(alpha: f64, planned: u64) -> Result<Self> {
        if !(alpha > 0.0 && alpha < 1.0) || planned == 0 {
            return Err(Error::invalid("a level that is not between 0 and 1, or no planned customers"));
        }
        let log = -2.0 * alpha.ln();
        Ok(Self { alpha, rho: ((log + (1.0 + log).ln()) / planned as f64).sqrt() })
    }

    /// ρ.
    #[must_use]
    pub fn rho(&self) -> f64 {
        self.rho
    }

    /// The interval around a difference with its standard error, seen at `customers` of both arms together:
    /// s·√(2(nρ²+1)·ln(√(nρ²+1)/α))/(nρ) with s² = n·se².
    ///
    /// # Errors
    /// `Invalid` without customers or for an error that is negative or not finite.
    pub fn interval(&self, difference: f64, standard_error: f64, customers: u64) -> Result<Interval> {
        if customers == 0 || !(standard_error >= 0.0 && standard_error.is_finite() && difference.is_finite()) {
            return Err(Error::invalid("no customers, or an error that is negative or not finite"));
        }
        let n = customers as f64;
        let grown = n * self.rho * self.rho + 1.0;
        let half = standard_error * n.sqrt() * (2.0 * grown * (grown.sqrt() / self.alpha).ln()).sqrt() / (n * self.rho);
        Ok(Interval::around(difference, half))
    }
}

/// Mixture sequential probability ratio test (Johari, Pekelis & Walsh): ln Λ of one look, with
/// Λ = √(V/(V+τ²))·exp(τ²d²/(2V(V+τ²))) for a difference d with squared standard error V; τ, the size of difference that is
/// thought likely, is fixed before the start.
///
/// # Errors
/// `Invalid` unless V and τ are positive.
pub fn msprt_log_ratio(difference: f64, error_squared: f64, tau: f64) -> Result<f64> {
    if !(error_squared > 0.0 && tau > 0.0 && difference.is_finite() && error_squared.is_finite() && tau.is_finite()) {
        return Err(Error::invalid("a variance or τ that is not positive"));
    }
    let (v, t) = (error_squared, tau * tau);
    Ok(0.5 * (v / (v + t)).ln() + t * difference * difference / (2.0 * v * (v + t)))
}

/// The p value that holds at every look: the least of 1 and 1/Λ over the looks so far, given their ln Λ.
#[must_use]
pub fn always_valid_p(log_ratios: &[f64]) -> f64 {
    log_ratios.iter().fold(1.0, |p, log_ratio| p.min((-log_ratio).exp()))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;
    use crate::testdata::{json, number};

    #[test]
    fn widths_are_the_known_ones() {
        let sequence = ConfidenceSequence::new(0.05, 5000).unwrap();
        assert!((sequence.rho() - 0.039_840_066_77).abs() < 1e-10);
        for (n, half) in [(100_u32, 0.669439), (1000, 0.106375), (5000, 0.042924), (10_000, 0.030615), (50_000, 0.014497)] {
            let got = sequence.interval(0.0, 1.0 / f64::from(n).sqrt(), u64::from(n)).unwrap();
            assert!((got.high - half).abs() < 5e-7, "{n}: {}", got.high);
        }
        let golden = json("golden.json");
        for (arm, n) in [("mens", 21_307), ("womens", 21_387)] {
            let at = |what: &str| number(&golden, &format!("/hillstrom/{arm}/spend/{what}"));
            let got = sequence.interval(at("diff"), at("se"), n + 21_306).unwrap();
            assert!((got.high - got.value - number(&golden, &format!("/hillstrom/avci_nstar5000/{arm}_spend_hw"))).abs() < 5e-6, "{got:?}");
            assert!(got.excludes_zero());
        }
    }

    #[test]
    fn the_boundary_is_that_of_howard() {
        // √((V+ρ_H)·ln((V+ρ_H)/(ρ_H α²))) with ρ_H = 1/ρ² and V = n bounds the sum; divided by n it is the half-width.
        let sequence = ConfidenceSequence::new(0.05, 5000).unwrap();
        let rho = sequence.rho().powi(-2);
        for n in [10.0_f64, 1000.0, 77_777.0] {
            let howard = ((n + rho) * ((n + rho) / (rho * 0.0025)).ln()).sqrt() / n;
            let got = sequence.interval(0.0, 1.0 / n.sqrt(), n as u64).unwrap().high;
            assert!((howard / got - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_mixture_test_says_what_is_known() {
        // τ is a tenth of the deviation of spending over all three arms.
        let arms = [(21_307.0, 1.422617, 315.211799), (21_387.0, 1.077202, 228.496675), (21_306.0, 0.652789, 134.286372)];
        let n: f64 = arms.iter().map(|arm| arm.0).sum();
        let mean = arms.iter().map(|arm| arm.0 * arm.1).sum::<f64>() / n;
        let variance = arms.iter().map(|arm| (arm.0 - 1.0) * arm.2 + arm.0 * (arm.1 - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let tau = 0.1 * variance.sqrt();
        let mens = msprt_log_ratio(0.769827156, 0.14524656_f64.powi(2), tau).unwrap();
        let womens = msprt_log_ratio(0.424412216, 0.130332859_f64.powi(2), tau).unwrap();
        assert!((mens - 11.574).abs() < 6e-4 && (womens - 2.813).abs() < 6e-4, "{mens} {womens}");
        assert!((always_valid_p(&[mens]) - 9.4e-6).abs() < 5e-8 && (always_valid_p(&[0.0, womens, -1.0]) - 0.060).abs() < 5e-4);
        assert_eq!(always_valid_p(&[-3.0]), 1.0);
        assert!(msprt_log_ratio(1.0, 0.0, 1.0).is_err() && ConfidenceSequence::new(0.05, 0).is_err());
    }

    #[test]
    fn fifty_looks_do_not_find_what_is_not_there() {
        let mut rng = StdRng::seed_from_u64(11);
        let sequence = ConfidenceSequence::new(0.05, 5000).unwrap();
        let (mut fixed, mut always) = (0, 0);
        for _ in 0..400 {
            let mut sum = 0.0;
            let (mut found_fixed, mut found_always) = (false, false);
            for look in 1..=50_u32 {
                // A sum of 100 uniform numbers is normal enough, with variance 100/12.
                sum += (0..100).map(|_| rng.random::<f64>() - 0.5).sum::<f64>() * 12f64.sqrt();
                let n = f64::from(look * 100);
                let (mean, error) = (sum / n, 1.0 / n.sqrt());
                found_fixed |= mean.abs() > 1.96 * error;
                found_always |= sequence.interval(mean, error, u64::from(look * 100)).unwrap().excludes_zero();
            }
            fixed += usize::from(found_fixed);
            always += usize::from(found_always);
        }
        assert!(fixed > 80 && always < 20, "{fixed} {always}");
    }
}
