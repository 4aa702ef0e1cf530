//! Which of several independent estimates is the highest, and how far they lie apart, where each was compared with a control of
//! its own.

use crate::bandit::highest;
use crate::interval::z_of;
use crate::{Error, Interval, Result};
use statrs::function::erf::erfc;
use std::f64::consts::{SQRT_2, TAU};

/// An estimate with its standard error, taken as normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

impl Estimate {
    /// From an interval that covers the truth with `level`: half its width over the normal deviate.
    ///
    /// # Errors
    /// `Invalid` for an interval without width or a level outside 0 to 1.
    pub fn of(interval: &Interval, level: f64) -> Result<Estimate> {
        let error = (interval.high - interval.low) / (2.0 * z_of(level)?);
        if error > 0.0 && error.is_finite() && interval.value.is_finite() {
            Ok(Estimate { value: interval.value, error })
        } else {
            Err(Error::invalid("an interval without width"))
        }
    }

    fn deviate(&self, point: f64) -> f64 {
        (point - self.value) / self.error
    }
}

/// Probability of each estimate to be that of the highest truth, from flat priors: ∫ φ_k ∏ Φ_j.
///
/// # Errors
/// `Invalid` without estimates.
pub fn best(estimates: &[Estimate]) -> Result<Vec<f64>> {
    if estimates.is_empty() {
        return Err(Error::invalid("no estimates"));
    }
    let steps = [-12.0, -9.0, -7.0, -5.0, -3.5, -2.0, -1.0, 0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0];
    let breaks = estimates.iter().flat_map(|one| steps.map(|step| one.value + step * one.error)).collect();
    let density = |at: usize, point| (-0.5 * estimates[at].deviate(point).powi(2)).exp() / (estimates[at].error * TAU.sqrt());
    let below = |at: usize, point| erfc(-estimates[at].deviate(point) / SQRT_2) / 2.0;
    Ok(highest(breaks, estimates.len(), density, below))
}

/// By how much one estimate is above another, with an interval that holds for all of so many such pairs at once with `level`
/// (Bonferroni).
///
/// # Errors
/// `Invalid` for a level outside 0 to 1 or without pairs.
pub fn apart(one: Estimate, other: Estimate, level: f64, pairs: usize) -> Result<Interval> {
    if pairs == 0 {
        return Err(Error::invalid("no pairs"));
    }
    let z = z_of(1.0 - (1.0 - level) / pairs as f64)?;
    Ok(Interval::around(one.value - other.value, z * one.error.hypot(other.error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimates(of: &[(f64, f64)]) -> Vec<Estimate> {
        of.iter().map(|&(value, error)| Estimate { value, error }).collect()
    }

    #[test]
    fn of_two_the_chance_is_that_of_their_difference() {
        // Φ(1/√2) and Φ(3/5).
        for (of, expected) in [([(1.0, 1.0), (0.0, 1.0)], 0.760_249_938_9), ([(10.0, 4.0), (7.0, 3.0)], 0.725_746_882_2)] {
            let found = best(&estimates(&of)).unwrap();
            assert!((found[0] - expected).abs() < 1e-9 && (found.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn equals_share_it_and_scale_does_not_matter() {
        let found = best(&estimates(&[(3.0, 2.0); 3])).unwrap();
        assert!(found.iter().all(|one| (one - 1.0 / 3.0).abs() < 1e-9), "{found:?}");
        let (small, large) =
            (best(&estimates(&[(1e-6, 1e-6), (0.0, 2e-6)])).unwrap(), best(&estimates(&[(1e9, 1e9), (0.0, 2e9)])).unwrap());
        assert!((small[0] - large[0]).abs() < 1e-9);
        let far = best(&estimates(&[(0.0, 1e-3), (1e4, 1.0)])).unwrap();
        assert!(far[0].abs() < 1e-9 && (far[1] - 1.0).abs() < 1e-9, "{far:?}");
        assert!(best(&[]).is_err());
    }

    #[test]
    fn a_pair_is_as_wide_as_both_and_wider_among_more_pairs() {
        let interval = Interval { value: 5.0, low: 5.0 - 1.959_963_984_540_054 * 3.0, high: 5.0 + 1.959_963_984_540_054 * 3.0 };
        let one = Estimate::of(&interval, 0.95).unwrap();
        assert!((one.error - 3.0).abs() < 1e-12);
        let other = Estimate { value: 1.0, error: 4.0 };
        let found = apart(one, other, 0.95, 1).unwrap();
        assert!((found.value - 4.0).abs() < 1e-12 && (found.high - found.value - 1.959_963_984_540_054 * 5.0).abs() < 1e-9);
        // Of three pairs each is held to 1 − 0.05/3.
        let found = apart(one, other, 0.95, 3).unwrap();
        assert!((found.high - found.value - 2.393_979_8 * 5.0).abs() < 1e-5, "{found:?}");
        assert!(apart(one, other, 0.95, 0).is_err());
        assert!(Estimate::of(&Interval { value: 1.0, low: 1.0, high: 1.0 }, 0.95).is_err());
    }
}
