//! Quantiles and median of plain values.

use crate::{Error, Result, error::enough};

/// Quantile of values in ascending order by linear interpolation between neighbours (Hyndman & Fan 1996, type 7, as
/// spreadsheets and numpy do): position (n − 1)·p.
///
/// # Panics
/// When the slice is empty.
#[must_use]
pub fn quantile_sorted(sorted: &[f64], p: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * p.clamp(0.0, 1.0);
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    // Written as numpy does, from the nearer end, so that cut-points agree to the last digit.
    let (low, high, part) = (sorted[below], sorted[above], place - below as f64);
    if part >= 0.5 { high - (high - low) * (1.0 - part) } else { low + (high - low) * part }
}

/// Quantiles of values in any order; `parts` between 0 and 1.
///
/// # Errors
/// `TooFewCustomers` for no values, `Invalid` for a value that is not finite.
pub fn quantiles(values: &[f64], parts: &[f64]) -> Result<Vec<f64>> {
    let sorted = sorted(values)?;
    enough("values", sorted.len(), 1)?;
    Ok(parts.iter().map(|&p| quantile_sorted(&sorted, p)).collect())
}

/// Middle value; the mean of the two middle ones of an even number.
///
/// # Errors
/// As [`quantiles`].
pub fn median(values: &[f64]) -> Result<f64> {
    Ok(quantiles(values, &[0.5])?[0])
}

/// The values in ascending order, refused when one is not finite.
pub(crate) fn sorted(values: &[f64]) -> Result<Vec<f64>> {
    finite(values)?;
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    Ok(values)
}

/// Refuses infinite values and those that are no number.
pub(crate) fn finite(values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(Error::invalid_at("a value that is not finite", row)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let got = quantiles(&[4.0, 1.0, 3.0, 2.0], &[0.0, 0.2, 0.5, 1.0]).unwrap();
        assert!(got.iter().zip([1.0, 1.6, 2.5, 4.0]).all(|(got, expected)| (got - expected).abs() < 1e-12), "{got:?}");
        assert_eq!(median(&[7.0]).unwrap(), 7.0);
        assert!(median(&[]).is_err());
        assert_eq!(median(&[1.0, f64::NAN]), Err(Error::invalid_at("a value that is not finite", 1)));
    }
}
