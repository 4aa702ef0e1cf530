//! From where to where a value may lie.

use statrs::{
    distribution::{ContinuousCDF, StudentsT},
    function::erf::{erfc, erfc_inv},
};

use crate::{Error, Result};

/// A value with the interval that covers the truth with the probability it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The value itself.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Value ± half.
    pub(crate) fn around(value: f64, half: f64) -> Self {
        Self { value, low: value - half, high: value + half }
    }

    /// Whether the interval leaves 0 out, so that the sign of the value is known.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// The same in another unit.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let (one, other) = (self.low * factor, self.high * factor);
        Self { value: self.value * factor, low: one.min(other), high: one.max(other) }
    }
}

/// The normal deviate that leaves (1 − level)/2 on either side: 1.95996 for 0.95.
pub fn z_of(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 {
        Ok(-normal_quantile((1.0 - level) / 2.0))
    } else {
        Err(Error::invalid("a level that is not between 0 and 1"))
    }
}

/// The deviate of Student's t that leaves (1 − level)/2 on either side.
pub(crate) fn t_of(level: f64, freedom: f64) -> Result<f64> {
    let z = z_of(level)?;
    // The general quantile loses digits for many degrees of freedom, where the distribution is the normal one.
    if freedom > 1e6 {
        return Ok(z);
    }
    let students = StudentsT::new(0.0, 1.0, freedom).map_err(|_| Error::invalid("degrees of freedom that are not positive"))?;
    // A few steps of Newton on the distribution function make the quantile as exact as the function.
    let target = (1.0 + level) / 2.0;
    let mut t = z;
    for _ in 0..60 {
        let density = statrs::distribution::Continuous::pdf(&students, t);
        let step = (students.cdf(t) - target) / density;
        // The tails are flat: a step is kept within what a quantile can be off by.
        let step = step.clamp(-1.0 - t.abs(), 1.0 + t.abs());
        t -= step;
        if step.abs() < 1e-13 * t.abs() {
            break;
        }
    }
    Ok(t)
}

/// Quantile of the standard normal.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * probability)
}

/// P(|Z| ≥ |z|) of the standard normal.
pub(crate) fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// P(Z ≤ z) of the standard normal.
pub(crate) fn below(z: f64) -> f64 {
    erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_are_those_of_the_tables() {
        assert!((z_of(0.95).unwrap() - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((z_of(0.9).unwrap() - 1.644_853_626_951_472_7).abs() < 1e-12);
        for (freedom, expected) in
            [(1.0, 12.706_204_736), (2.0, 4.302_652_729_7), (10.0, 2.228_138_851_96), (30.0, 2.042_272_456_3), (36_671.158, 1.960_028_68)]
        {
            let got = t_of(0.95, freedom).unwrap();
            assert!((got - expected).abs() < 1e-7, "{freedom}: {got}");
        }
        let p = two_sided(1.959_963_984_540_054);
        assert!((p / 0.05 - 1.0).abs() < 1e-9, "{p:e}");
        let p = two_sided(10.0);
        assert!((p / 1.523_970_604_832_105e-23 - 1.0).abs() < 1e-8, "{p:e}");
        assert!(z_of(1.0).is_err() && z_of(f64::NAN).is_err() && t_of(0.95, 0.0).is_err());
    }
}
