//! Many questions at once: p values that stay honest.

use crate::{Error, Result};

/// Holm's adjusted p values (1979): reject where ≤ α, and the chance of any false one stays below α.
///
/// # Errors
/// `Invalid` for a p value outside 0 to 1.
pub fn holm(p: &[f64]) -> Result<Vec<f64>> {
    let order = ascending(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut highest: f64 = 0.0;
    for (rank, at) in order.iter().enumerate() {
        highest = highest.max((p.len() - rank) as f64 * p[*at]).min(1.0);
        adjusted[*at] = highest;
    }
    Ok(adjusted)
}

/// Adjusted p values of Benjamini & Hochberg (1995): reject where ≤ q, and of what is rejected a share of about q is false.
///
/// # Errors
/// `Invalid` for a p value outside 0 to 1.
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>> {
    let order = ascending(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut lowest: f64 = 1.0;
    for (rank, at) in order.iter().enumerate().rev() {
        lowest = lowest.min(p.len() as f64 / (rank + 1) as f64 * p[*at]);
        adjusted[*at] = lowest;
    }
    Ok(adjusted)
}

fn ascending(p: &[f64]) -> Result<Vec<usize>> {
    if let Some(row) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Error::invalid_at("a p value that is not between 0 and 1", row));
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|one, other| p[*one].total_cmp(&p[*other]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: &[f64], expected: &[f64]) {
        assert!(got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-12), "{got:?}");
    }

    #[test]
    fn adjusted_values_are_those_of_r() {
        let p = [0.01, 0.04, 0.03, 0.005];
        near(&holm(&p).unwrap(), &[0.03, 0.06, 0.06, 0.02]);
        near(&benjamini_hochberg(&p).unwrap(), &[0.02, 0.04, 0.04, 0.02]);
        near(&holm(&[0.9, 0.8]).unwrap(), &[1.0, 1.0]);
        assert!(holm(&[f64::NAN]).is_err() && benjamini_hochberg(&[1.5]).is_err());
        assert!(holm(&[]).unwrap().is_empty());
    }
}
