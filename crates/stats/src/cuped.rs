//! CUPED (Deng, Xu, Kohavi & Walker 2013): what customers did before tells part of what they do after, and taking that
//! part out makes a comparison sharper. How much sharper is measured, not promised.

use nalgebra::{DMatrix, DVector};

use crate::{
    Error, Result,
    error::enough,
    mean::{Difference, Moments, welch},
};

/// Moments of an outcome Y with one covariate X from before the assignment, of one arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Of the outcome.
    pub outcome: Moments,
    /// Of the covariate, with the same count.
    pub before: Moments,
    /// Covariance of both, divided by n − 1.
    pub covariance: f64,
}

/// A comparison with the past taken out.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjusted {
    /// The difference of the adjusted means.
    pub difference: Difference,
    /// What each covariate is weighted with.
    pub theta: Vec<f64>,
    /// Share of the variance of the difference that the adjustment took away; may be about 0, or slightly negative.
    pub reduction: f64,
}

impl Pair {
    /// Of two columns of one arm.
    ///
    /// # Errors
    /// As [`Moments::of`]; `Invalid` for columns of different length.
    pub fn of(outcome: &[f64], before: &[f64]) -> Result<Self> {
        if outcome.len() != before.len() {
            return Err(Error::invalid("columns of different length"));
        }
        let (y, x) = (Moments::of(outcome)?, Moments::of(before)?);
        let sum: f64 = outcome.iter().zip(before).map(|(one, other)| (one - y.mean) * (other - x.mean)).sum();
        Ok(Self { outcome: y, before: x, covariance: sum / (y.count - 1) as f64 })
    }
}

/// Y' = Y − θ(X − X̄) with θ = cov(X, Y)/var(X) over both arms taken together, then Welch. X must be from before the
/// assignment: a covariate that the treatment can change biases the result.
///
/// # Errors
/// As [`welch`]; `Invalid` when X does not vary.
pub fn cuped(one: &Pair, other: &Pair, level: f64) -> Result<Adjusted> {
    let arms = [one, other];
    let all: f64 = arms.iter().map(|arm| arm.outcome.count as f64).sum();
    let mean = |of: fn(&Pair) -> f64| arms.iter().map(|arm| arm.outcome.count as f64 * of(arm)).sum::<f64>() / all;
    let (mean_y, mean_x) = (mean(|arm| arm.outcome.mean), mean(|arm| arm.before.mean));
    let (mut xx, mut xy) = (0.0, 0.0);
    for arm in arms {
        let n = arm.outcome.count as f64;
        let (off_x, off_y) = (arm.before.mean - mean_x, arm.outcome.mean - mean_y);
        xx += (n - 1.0) * arm.before.variance + n * off_x * off_x;
        xy += (n - 1.0) * arm.covariance + n * off_x * off_y;
    }
    if !(xx > 0.0 && xx.is_finite() && xy.is_finite()) {
        return Err(Error::invalid("a covariate that does not vary"));
    }
    let theta = xy / xx;
    let adjust = |arm: &Pair| Moments {
        count: arm.outcome.count,
        mean: arm.outcome.mean - theta * (arm.before.mean - mean_x),
        variance: (arm.outcome.variance - 2.0 * theta * arm.covariance + theta * theta * arm.before.variance).max(0.0),
    };
    finish(&[one.outcome, other.outcome], [adjust(one), adjust(other)], vec![theta], level)
}

/// The same with several covariates: `rows` of an arm are the outcome and its covariates; θ by least squares on the
/// centred columns of both arms.
///
/// # Errors
/// `Invalid` for rows of different length or covariates that determine each other; `TooFewCustomers`; as [`welch`].
pub fn cuped_many(one: &[(f64, Vec<f64>)], other: &[(f64, Vec<f64>)], level: f64) -> Result<Adjusted> {
    let all: Vec<&(f64, Vec<f64>)> = one.iter().chain(other).collect();
    let width = all.first().map_or(0, |row| row.1.len());
    enough("observations", one.len().min(other.len()), 2)?;
    enough("observations", all.len(), width + 2)?;
    if width == 0 || all.iter().any(|row| row.1.len() != width) {
        return Err(Error::invalid("rows of different length"));
    }
    let n = all.len() as f64;
    let means: Vec<f64> = (0..width).map(|at| all.iter().map(|row| row.1[at]).sum::<f64>() / n).collect();
    let mean_y = all.iter().map(|row| row.0).sum::<f64>() / n;
    // Columns are scaled to unit variance, so that units cannot spoil the decomposition.
    let scales: Vec<f64> = (0..width).map(|at| (all.iter().map(|row| (row.1[at] - means[at]).powi(2)).sum::<f64>() / n).sqrt()).collect();
    if scales.iter().any(|scale| !(*scale > 0.0 && scale.is_finite())) {
        return Err(Error::invalid("a covariate that does not vary"));
    }
    let centred = |row: &(f64, Vec<f64>), at: usize| (row.1[at] - means[at]) / scales[at];
    let matrix = DMatrix::from_fn(width, width, |i, j| all.iter().map(|row| centred(row, i) * centred(row, j)).sum::<f64>() / n);
    let right = DVector::from_fn(width, |i, _| all.iter().map(|row| centred(row, i) * (row.0 - mean_y)).sum::<f64>() / n);
    let eigen = matrix.clone().symmetric_eigenvalues();
    if eigen.min() < 1e-10 * eigen.max() {
        return Err(Error::invalid("covariates that determine each other"));
    }
    let solved = matrix.cholesky().ok_or(Error::invalid("covariates that determine each other"))?.solve(&right);
    let adjust = |rows: &[(f64, Vec<f64>)]| -> Result<Moments> {
        let values: Vec<f64> = rows.iter().map(|row| row.0 - (0..width).map(|at| solved[at] * centred(row, at)).sum::<f64>()).collect();
        Moments::of(&values)
    };
    let plain = |rows: &[(f64, Vec<f64>)]| Moments::of(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
    let theta = (0..width).map(|at| solved[at] / scales[at]).collect();
    finish(&[plain(one)?, plain(other)?], [adjust(one)?, adjust(other)?], theta, level)
}

fn finish(plain: &[Moments; 2], adjusted: [Moments; 2], theta: Vec<f64>, level: f64) -> Result<Adjusted> {
    let before = plain[0].error_squared() + plain[1].error_squared();
    let difference = welch(&adjusted[0], &adjusted[1], level)?;
    Ok(Adjusted { reduction: 1.0 - difference.standard_error.powi(2) / before, difference, theta })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twin arms in which the past tells nearly all.
    fn arm(shift: f64, offset: usize) -> (Vec<f64>, Vec<f64>) {
        let before: Vec<f64> = (0..300).map(|at| ((at * 7919 + offset) % 101) as f64).collect();
        let outcome = before.iter().enumerate().map(|(at, x)| 3.0 * x + ((at * 31 + offset) % 17) as f64 + shift).collect();
        (outcome, before)
    }

    #[test]
    fn the_past_sharpens_the_comparison() {
        let ((y1, x1), (y0, x0)) = (arm(2.0, 5), arm(0.0, 11));
        let got = cuped(&Pair::of(&y1, &x1).unwrap(), &Pair::of(&y0, &x0).unwrap(), 0.95).unwrap();
        assert!((got.theta[0] - 3.0).abs() < 0.05, "{got:?}");
        assert!(got.reduction > 0.99 && got.difference.interval.low < 2.0 && got.difference.interval.high > 2.0, "{got:?}");
        let rows = |y: &[f64], x: &[f64]| -> Vec<(f64, Vec<f64>)> { y.iter().zip(x).map(|(y, x)| (*y, vec![*x])).collect() };
        let many = cuped_many(&rows(&y1, &x1), &rows(&y0, &x0), 0.95).unwrap();
        assert!(
            (many.theta[0] - got.theta[0]).abs() < 1e-9 && (many.difference.standard_error - got.difference.standard_error).abs() < 1e-9
        );
    }

    #[test]
    fn several_covariates_take_more() {
        let row = |at: usize, shift: f64| {
            let (a, b) = (((at * 37) % 23) as f64, ((at * 53) % 29) as f64 * 1e6);
            (shift + 2.0 * a - 1e-6 * b + ((at * 11) % 3) as f64, vec![a, b])
        };
        let (one, other): (Vec<_>, Vec<_>) = ((0..200).map(|at| row(at, 1.0)).collect(), (200..400).map(|at| row(at, 0.0)).collect());
        let got = cuped_many(&one, &other, 0.95).unwrap();
        assert!((got.theta[0] - 2.0).abs() < 0.02 && (got.theta[1] * 1e6 + 1.0).abs() < 0.02, "{got:?}");
        let twice: Vec<_> = one.iter().map(|(y, x)| (*y, vec![x[0], 2.0 * x[0]])).collect();
        assert!(cuped_many(&twice, &twice, 0.95).is_err());
    }

    #[test]
    fn a_past_that_tells_nothing_changes_nothing() {
        // Moments that give the published θ of Hillstrom's spend on history reproduce how little it did.
        let moments = |count, mean, variance| Moments { count, mean, variance };
        let one = Pair {
            outcome: moments(21_307, 1.422617, 315.211799),
            before: moments(21_307, 242.8, 65_500.0),
            covariance: 0.0012229 * 65_500.0,
        };
        let other = Pair {
            outcome: moments(21_306, 0.652789, 134.286372),
            before: moments(21_306, 240.9, 65_500.0),
            covariance: 0.0012229 * 65_500.0,
        };
        let got = cuped(&one, &other, 0.95).unwrap();
        assert!((got.theta[0] - 0.0012229).abs() < 1e-5, "{got:?}");
        assert!((got.reduction - 0.00043).abs() < 1e-4, "{got:?}");
        let flat = Pair { before: moments(21_306, 1.0, 0.0), covariance: 0.0, ..other };
        assert!(cuped(&flat, &flat, 0.95).is_err());
        assert!(Pair::of(&[1.0, 2.0], &[1.0]).is_err());
    }
}
