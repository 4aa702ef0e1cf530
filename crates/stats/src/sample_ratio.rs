//! Sample-ratio test: whether the arms of an experiment got the customers that its design gave them.

use statrs::function::gamma::gamma_ur;

use crate::{Error, Result, error::enough};

/// Below this p the assignment is broken and no verdict may be given.
pub const BROKEN_BELOW: f64 = 0.001;

/// How the arms compare with the design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleRatio {
    /// Σ (observed − expected)²/expected.
    pub chi_squared: f64,
    /// Number of arms less one.
    pub freedom: u32,
    /// Probability of one as large if the design was kept.
    pub p: f64,
    /// Largest absolute difference of an arm's share from its designed share: with very many customers a harmless one is
    /// "significant", so this stands beside p.
    pub largest_gap: f64,
}

/// Counts of the arms against their designed weights, in any unit (95 and 5, or 1, 1, 1).
///
/// # Errors
/// `Invalid` for fewer than two arms, as many weights, all positive; `TooFewCustomers` when an arm expects fewer than 5.
pub fn sample_ratio(counts: &[u64], weights: &[f64]) -> Result<SampleRatio> {
    if counts.len() < 2 || counts.len() != weights.len() || weights.iter().any(|weight| !(*weight > 0.0 && weight.is_finite())) {
        return Err(Error::invalid("arms without a positive weight each"));
    }
    let all: u64 = counts.iter().sum();
    let weight: f64 = weights.iter().sum();
    let least = weights.iter().copied().fold(f64::INFINITY, f64::min) / weight;
    enough("customers", all as usize, (5.0 / least).ceil() as usize)?;
    let (mut chi_squared, mut largest_gap) = (0.0, 0.0_f64);
    for (count, share) in counts.iter().zip(weights.iter().map(|one| one / weight)) {
        let expected = share * all as f64;
        chi_squared += (*count as f64 - expected).powi(2) / expected;
        largest_gap = largest_gap.max((*count as f64 / all as f64 - share).abs());
    }
    let freedom = counts.len() as u32 - 1;
    let p = if chi_squared > 0.0 { gamma_ur(f64::from(freedom) / 2.0, chi_squared / 2.0) } else { 1.0 };
    Ok(SampleRatio { chi_squared, freedom, p, largest_gap })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hillstrom_was_split_as_designed() {
        let got = sample_ratio(&[21_307, 21_387, 21_306], &[1.0, 1.0, 1.0]).unwrap();
        assert!((got.chi_squared - 0.202531).abs() < 5e-7 && got.freedom == 2);
        assert!((got.p - (-0.202531_f64 / 2.0).exp()).abs() < 1e-6, "{got:?}");
    }

    #[test]
    fn an_unequal_design_is_no_alarm() {
        assert!(sample_ratio(&[9503, 497], &[95.0, 5.0]).unwrap().p > 0.5);
        let broken = sample_ratio(&[9503, 497], &[1.0, 1.0]).unwrap();
        assert!(broken.p < BROKEN_BELOW && (broken.largest_gap - 0.4503).abs() < 1e-12);
        // χ² of 6.635 with one degree of freedom is the one-percent point.
        let edge = sample_ratio(&[5129, 4871], &[1.0, 1.0]).unwrap();
        assert!((edge.p - 0.0099).abs() < 2e-4, "{edge:?}");
        assert!(
            sample_ratio(&[1], &[1.0]).is_err()
                && sample_ratio(&[3, 4], &[1.0, 1.0]).is_err()
                && sample_ratio(&[30, 40], &[1.0, 0.0]).is_err()
        );
    }
}
