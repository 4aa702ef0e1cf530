//! What moved a total: its change split exactly over the factors it is a product of.

use crate::{Error, Result, quantile::finite};

/// Logarithmic mean Divisia index (Ang 2004): for a total T = ∏ k, each factor's part of T₁ − T₀ is L(T₁, T₀)·ln(k₁/k₀) with
/// L(a, b) = (a − b)/ln(a/b). The parts add up to the change. Customers × share who repeat × repeats × value is one such
/// product.
///
/// `None` when a factor is 0 or negative in either period: then no split exists, say "not decomposable".
///
/// # Errors
/// `Invalid` for lists of different length or numbers that are not finite.
pub fn lmdi(before: &[f64], after: &[f64]) -> Result<Option<Vec<f64>>> {
    if before.len() != after.len() {
        return Err(Error::invalid("lists of different length"));
    }
    finite(before)?;
    finite(after)?;
    if before.iter().chain(after).any(|factor| *factor <= 0.0) {
        return Ok(None);
    }
    let (then, now): (f64, f64) = (before.iter().product(), after.iter().product());
    let weight = log_mean(now, then);
    Ok(Some(before.iter().zip(after).map(|(then, now)| weight * (now / then).ln()).collect()))
}

/// L(a, b), a itself where both are equal.
fn log_mean(a: f64, b: f64) -> f64 {
    let log = (a / b).ln();
    // The series beside 0: (a − b)/ln(a/b) loses its digits there.
    if log.abs() < 1e-6 { b * (1.0 + log / 2.0 + log * log / 6.0) } else { (a - b) / log }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_factor_that_did_not_move_has_no_part() {
        let parts = lmdi(&[100.0, 0.5, 3.0], &[100.0, 0.6, 3.3]).unwrap().unwrap();
        assert_eq!(parts[0], 0.0);
        assert!((parts.iter().sum::<f64>() - 48.0).abs() < 1e-10 && parts[1] > parts[2]);
        assert_eq!(lmdi(&[0.0, 1.0], &[1.0, 1.0]).unwrap(), None);
        assert_eq!(lmdi(&[2.0, 3.0], &[2.0, 3.0]).unwrap(), Some(vec![0.0, 0.0]));
        assert!(lmdi(&[1.0], &[]).is_err());
    }

    proptest! {
        #[test]
        fn parts_add_up(pairs in prop::collection::vec((0.01..1000.0f64, 0.01..1000.0f64), 1..6)) {
            let (before, after): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let (then, now): (f64, f64) = (before.iter().product(), after.iter().product());
            let parts = lmdi(&before, &after).unwrap().unwrap();
            prop_assert!((parts.iter().sum::<f64>() - (now - then)).abs() <= 1e-8 * (now + then));
        }
    }
}
