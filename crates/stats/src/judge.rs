//! What tests of several models judge by.

use crate::newton::Curve;

/// Fails unless two numbers differ by at most `within`.
#[track_caller]
pub(crate) fn near(got: f64, expected: f64, within: f64) {
    assert!((got - expected).abs() <= within, "{got} instead of {expected}");
}

/// Fails unless slope and curvature of a likelihood are those of its values and slopes beside `middle`, by central
/// differences; the curvature up to a share `within`.
#[track_caller]
pub(crate) fn slope_and_curvature<const N: usize>(middle: [f64; N], within: f64, at: impl Fn([f64; N]) -> Curve<N>) {
    let here = at(middle);
    for i in 0..N {
        let h = 1e-5 * middle[i];
        let (mut up, mut down) = (middle, middle);
        up[i] += h;
        down[i] -= h;
        let (up, down) = (at(up), at(down));
        near((up.value - down.value) / (2.0 * h), here.slope[i], 1e-5 * (1.0 + here.slope[i].abs()));
        for j in 0..=i {
            near((up.slope[j] - down.slope[j]) / (2.0 * h), here.bend[i][j], within * (1.0 + here.bend[i][j].abs()));
        }
    }
}
