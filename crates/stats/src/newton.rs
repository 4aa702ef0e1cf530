//! The search for the maximum of a log-likelihood.
//!
//! All models here have exact second derivatives that cost little more than the value, so the search is Newton's method
//! within a trust region (Nocedal & Wright 2006, chapter 4, the subproblem solved exactly through eigenvalues): five to
//! ten steps where simplex methods take hundreds, and the curvature at the end gives the standard errors. It works on
//! logarithms of the parameters, which are positive, so that units do not matter.
//! (argmin's trust region has no stopping rule of its own and its quasi-Newton methods give no curvature.)

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::Reason;

/// Parameters whose logarithm is farther from 0 than this, in scaled units, have run away: e¹² is 160,000.
const FAR: f64 = 12.0;

/// Steps allowed from one start.
const STEPS: u32 = 150;

/// Value, slope and curvature at a point of N parameters; only the lower triangle of the curvature is filled by models.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve<const N: usize> {
    pub value: f64,
    pub slope: [f64; N],
    pub bend: [[f64; N]; N],
}

impl<const N: usize> Curve<N> {
    pub fn zero() -> Self {
        Self { value: 0.0, slope: [0.0; N], bend: [[0.0; N]; N] }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.value += other.value;
        for i in 0..N {
            self.slope[i] += other.slope[i];
            for j in 0..=i {
                self.bend[i][j] += other.bend[i][j];
            }
        }
    }

    /// By the logarithms of the parameters instead of the parameters: dθ/du = θ.
    fn by_logarithms(&self, parameters: &[f64; N]) -> Self {
        let mut out = *self;
        for i in 0..N {
            out.slope[i] = self.slope[i] * parameters[i];
            for j in 0..=i {
                out.bend[i][j] = self.bend[i][j] * parameters[i] * parameters[j];
            }
            out.bend[i][i] += out.slope[i];
        }
        out
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite()
            && self.slope.iter().all(|slope| slope.is_finite())
            && (0..N).all(|i| (0..=i).all(|j| self.bend[i][j].is_finite()))
    }

    /// −curvature and slope.
    fn quadratic(&self) -> (DMatrix<f64>, DVector<f64>) {
        let matrix = DMatrix::from_fn(N, N, |i, j| -self.bend[i.max(j)][i.min(j)]);
        (matrix, DVector::from_fn(N, |i, _| self.slope[i]))
    }
}

/// Where a search ended.
#[derive(Clone, Debug)]
pub(crate) struct Summit<const N: usize> {
    pub logarithms: [f64; N],
    pub value: f64,
    /// Largest absolute slope by a logarithm.
    pub slope: f64,
    pub steps: u32,
    /// Why it is no summit, if it is none.
    pub trouble: Option<Reason>,
    /// Inverse of −curvature by logarithms: their covariance.
    pub covariance: Vec<Vec<f64>>,
    /// Largest over smallest eigenvalue of the curvature.
    pub condition: f64,
}

impl<const N: usize> Summit<N> {
    pub fn parameters(&self) -> [f64; N] {
        self.logarithms.map(f64::exp)
    }
}

/// Climbs from a start to the maximum of `curve`, a function of the parameters (not of their logarithms).
pub(crate) fn climb<const N: usize>(start: [f64; N], curve: &(dyn Fn(&[f64; N]) -> Curve<N> + Sync)) -> Summit<N> {
    let at = |logarithms: &[f64; N]| {
        let parameters = logarithms.map(f64::exp);
        curve(&parameters).by_logarithms(&parameters)
    };
    let mut logarithms = start.map(f64::ln);
    let mut here = at(&logarithms);
    let mut steps = 0;
    let mut radius: f64 = 1.0;
    let mut trouble = Some(Reason::Steps);
    if !here.is_finite() {
        trouble = Some(Reason::NotFinite);
    }
    while steps < STEPS && trouble != Some(Reason::NotFinite) {
        steps += 1;
        let (matrix, slope) = here.quadratic();
        let eigen = SymmetricEigen::new(matrix.clone());
        let (step, inside) = within(&eigen, &slope, radius);
        let gain = slope.dot(&step) - 0.5 * step.dot(&(&matrix * &step));
        let mut there_at = logarithms;
        for (place, step) in there_at.iter_mut().zip(step.iter()) {
            *place += step;
        }
        let there = at(&there_at);
        // A gain below the rounding of the sum cannot be seen in it: the last step is taken on trust.
        let noise = 1e-12 * (1.0 + here.value.abs());
        if inside && gain <= 10.0 * noise {
            if there.is_finite() && there.value >= here.value - noise {
                (logarithms, here) = (there_at, there);
            }
            trouble = None;
            break;
        }
        let ratio = if there.is_finite() { (there.value - here.value) / gain } else { -1.0 };
        if ratio < 0.25 {
            radius = 0.25 * step.norm();
            if radius < 1e-10 {
                trouble = Some(Reason::Flat);
                break;
            }
        } else if ratio > 0.75 && !inside {
            radius = (2.0 * radius).min(4.0);
        }
        if ratio > 1e-4 {
            (logarithms, here) = (there_at, there);
            if logarithms.iter().any(|logarithm| logarithm.abs() > FAR) {
                trouble = Some(Reason::RunsAway);
                break;
            }
        }
    }
    let (matrix, _) = here.quadratic();
    let mut summit = Summit {
        logarithms,
        value: here.value,
        slope: here.slope.iter().fold(0.0, |top, slope| slope.abs().max(top)),
        steps,
        trouble,
        covariance: Vec::new(),
        condition: f64::INFINITY,
    };
    if !here.is_finite() {
        return summit;
    }
    let values = SymmetricEigen::new(matrix.clone()).eigenvalues;
    let (least, most) = values.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), &value| (least.min(value), most.max(value)));
    if least > 0.0 {
        summit.condition = most / least;
    }
    match matrix.cholesky() {
        // Beyond this the inverse is rounding, and so would be the standard errors.
        Some(root) if summit.condition < 1e12 => {
            let inverse = root.inverse();
            summit.covariance = (0..N).map(|i| (0..N).map(|j| inverse[(i, j)]).collect()).collect();
        }
        _ => summit.trouble = summit.trouble.or(Some(Reason::Flat)),
    }
    summit
}

/// The step that gains most in the quadratic picture, no longer than `radius`, and whether the length did not bind.
fn within(eigen: &SymmetricEigen<f64, nalgebra::Dyn>, slope: &DVector<f64>, radius: f64) -> (DVector<f64>, bool) {
    let along = eigen.eigenvectors.transpose() * slope;
    let least = eigen.eigenvalues.min();
    let step = |shift: f64| -> DVector<f64> {
        let parts = DVector::from_fn(along.len(), |i, _| along[i] / (eigen.eigenvalues[i] + shift));
        &eigen.eigenvectors * parts
    };
    if least > 0.0 {
        let free = step(0.0);
        if free.norm() <= radius {
            return (free, true);
        }
    }
    // The length falls as the shift grows: halve until it fits.
    let mut low = (-least).max(0.0);
    let mut high = low + slope.norm() / radius + 1e-12;
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if step(middle).norm() > radius {
            low = middle;
        } else {
            high = middle;
        }
    }
    (step(high), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_summit_of_a_bent_ridge() {
        // Rosenbrock's valley turned around, in parameters 1 + log.
        let curve = |p: &[f64; 2]| {
            let (x, y) = (p[0], p[1]);
            let mut out = Curve::zero();
            out.value = -(1.0 - x).powi(2) - 100.0 * (y - x * x).powi(2);
            out.slope = [2.0 * (1.0 - x) + 400.0 * x * (y - x * x), -200.0 * (y - x * x)];
            out.bend = [[-2.0 + 400.0 * (y - 3.0 * x * x), 0.0], [400.0 * x, -200.0]];
            out
        };
        for start in [[0.2, 3.0], [5.0, 0.01], [1.0, 1.0]] {
            let summit = climb(start, &curve);
            assert_eq!(summit.trouble, None);
            assert!(summit.parameters().iter().all(|p| (p - 1.0).abs() < 1e-6), "{summit:?}");
        }
    }

    #[test]
    fn a_summit_at_infinity_is_refused() {
        let curve = |p: &[f64; 1]| Curve { value: -1.0 / p[0], slope: [1.0 / p[0].powi(2)], bend: [[-2.0 / p[0].powi(3)]] };
        let summit = climb([1.0], &curve);
        assert!(summit.trouble.is_some(), "{summit:?}");
    }

    #[test]
    fn a_start_without_a_value_is_refused() {
        let curve = |_: &[f64; 1]| Curve { value: f64::NAN, slope: [0.0], bend: [[0.0]] };
        assert_eq!(climb([1.0], &curve).trouble, Some(Reason::NotFinite));
    }
}
