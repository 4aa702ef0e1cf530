//! Means and their differences.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::collections::HashMap;

use crate::{
    Error, Interval, Result,
    error::enough,
    interval::{t_of, two_sided},
    proportion::Test,
    quantile::{finite, quantile_sorted},
};

/// What a mean's error needs of a sample, without the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Number of observations.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Variance of the sample, divided by n − 1.
    pub variance: f64,
}

impl Moments {
    /// Of a sample.
    ///
    /// # Errors
    /// `TooFewCustomers` below two, `Invalid` for a value that is not finite.
    pub fn of(values: &[f64]) -> Result<Self> {
        enough("observations", values.len(), 2)?;
        finite(values)?;
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Ok(Self { count: values.len() as u64, mean, variance })
    }

    /// Of a sample in which those with the same `cluster` are no independent observations (a household, say): its mean, with
    /// the variance and count of as many independent observations as there are clusters, so that [`Self::error_squared`] is
    /// that of the mean (linearised ratio of totals over clusters, G/(G − 1)·Σ(y_g − ȳ·m_g)²/n²: Cochran 1977 §6.3; Liang &
    /// Zeger 1986). Where each is alone, the same as [`Self::of`].
    ///
    /// # Errors
    /// `TooFewCustomers` below two clusters, `Invalid` for a value that is not finite or lists of different lengths.
    pub fn clustered(values: &[f64], clusters: &[u64]) -> Result<Self> {
        finite(values)?;
        if values.len() != clusters.len() {
            return Err(Error::invalid("not one cluster for each value"));
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let mut residuals: HashMap<u64, f64> = HashMap::new();
        for (value, cluster) in values.iter().zip(clusters) {
            *residuals.entry(*cluster).or_default() += value - mean;
        }
        enough("clusters", residuals.len(), 2)?;
        let count = residuals.len() as f64;
        let squares: f64 = residuals.values().map(|residual| residual * residual).sum();
        Ok(Self { count: residuals.len() as u64, mean, variance: squares * count * count / ((count - 1.0) * n * n) })
    }

    /// Squared standard error of the mean.
    #[must_use]
    pub fn error_squared(&self) -> f64 {
        self.variance / self.count as f64
    }

    fn check(&self) -> Result<()> {
        enough("observations", self.count as usize, 2)?;
        if self.mean.is_finite() && self.variance.is_finite() && self.variance >= 0.0 {
            Ok(())
        } else {
            Err(Error::invalid("moments that are not finite"))
        }
    }
}

/// A difference of two means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The difference with its interval.
    pub interval: Interval,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom after Welch and Satterthwaite.
    pub freedom: f64,
    /// t test of no difference.
    pub test: Test,
}

/// Mean with the interval of Student's t.
///
/// # Errors
/// As [`Moments::of`]; `Invalid` for a level outside 0 to 1.
pub fn mean(sample: &Moments, level: f64) -> Result<Interval> {
    sample.check()?;
    Ok(Interval::around(sample.mean, t_of(level, (sample.count - 1) as f64)? * sample.error_squared().sqrt()))
}

/// Difference one − other of two independent means without assuming equal variances (Welch 1947).
///
/// # Errors
/// As [`mean`]; `Invalid` when neither sample varies.
pub fn welch(one: &Moments, other: &Moments, level: f64) -> Result<Difference> {
    one.check()?;
    other.check()?;
    let (a, b) = (one.error_squared(), other.error_squared());
    if a + b == 0.0 {
        return Err(Error::invalid("means without variance"));
    }
    let standard_error = (a + b).sqrt();
    let freedom = (a + b).powi(2) / (a * a / (one.count - 1) as f64 + b * b / (other.count - 1) as f64);
    let value = one.mean - other.mean;
    let statistic = value / standard_error;
    let students = StudentsT::new(0.0, 1.0, freedom).map_err(|_| Error::invalid("degrees of freedom that are not positive"))?;
    Ok(Difference {
        interval: Interval::around(value, t_of(level, freedom)? * standard_error),
        standard_error,
        freedom,
        test: Test { statistic, p: (2.0 * students.cdf(-statistic.abs())).min(1.0) },
    })
}

/// Whether two differences, measured of different customers, differ (z test of their interaction).
///
/// # Errors
/// `Invalid` when neither varies.
pub fn interaction(one: &Difference, other: &Difference) -> Result<Test> {
    let error = one.standard_error.hypot(other.standard_error);
    if error == 0.0 {
        return Err(Error::invalid("differences without variance"));
    }
    let statistic = (one.interval.value - other.interval.value) / error;
    Ok(Test { statistic, p: two_sided(statistic) })
}

/// Differences that were each measured within a stratum (a policy, say), as one: Σ share·difference, the shares adding up
/// to 1; degrees of freedom after Satterthwaite (1946).
///
/// # Errors
/// `TooFewCustomers` without any, `Invalid` for shares that do not add up to 1 or a level outside 0 to 1.
pub fn stratified(parts: &[(f64, Difference)], level: f64) -> Result<Difference> {
    enough("strata", parts.len(), 1)?;
    if (parts.iter().map(|(share, _)| share).sum::<f64>() - 1.0).abs() > 1e-9 {
        return Err(Error::invalid("shares that do not add up to 1"));
    }
    let value: f64 = parts.iter().map(|(share, part)| share * part.interval.value).sum();
    let squares = || parts.iter().map(|(share, part)| ((share * part.standard_error).powi(2), part.freedom));
    let variance: f64 = squares().map(|(square, _)| square).sum();
    let freedom = variance * variance / squares().map(|(square, freedom)| square * square / freedom).sum::<f64>();
    let standard_error = variance.sqrt();
    let statistic = value / standard_error;
    let students = StudentsT::new(0.0, 1.0, freedom).map_err(|_| Error::invalid("degrees of freedom that are not positive"))?;
    Ok(Difference {
        interval: Interval::around(value, t_of(level, freedom)? * standard_error),
        standard_error,
        freedom,
        test: Test { statistic, p: (2.0 * students.cdf(-statistic.abs())).min(1.0) },
    })
}

/// How likely two samples of so few events have means so far apart, when chance alone decided who is in which: the share of
/// shuffles that are as far apart (Monte Carlo permutation test, two-sided, counting the sample itself). The same `seed`
/// gives the same answer.
///
/// # Errors
/// As [`Moments::of`]; `Invalid` without any shuffle.
pub fn permutation(one: &[f64], other: &[f64], shuffles: u32, seed: u64) -> Result<f64> {
    let (here, there) = (Moments::of(one)?, Moments::of(other)?);
    if shuffles == 0 {
        return Err(Error::invalid("no shuffles"));
    }
    let apart = (here.mean - there.mean).abs();
    let mut all: Vec<f64> = one.iter().chain(other).copied().collect();
    let total: f64 = all.iter().sum();
    let (n, m) = (one.len(), other.len());
    let mut rng = StdRng::seed_from_u64(seed);
    let as_far = (0..shuffles).filter(|_| {
        // The first n of a shuffle are all that is needed of it.
        for place in 0..n {
            let with = rng.random_range(place..n + m);
            all.swap(place, with);
        }
        let sum: f64 = all[..n].iter().sum();
        (sum / n as f64 - (total - sum) / m as f64).abs() >= apart - 1e-12 * apart.max(1.0)
    });
    Ok((as_far.count() as f64 + 1.0) / (f64::from(shuffles) + 1.0))
}

/// Skewness of a sample: third central moment over the cube of the deviation (n in both). `None` without variance.
#[must_use]
pub fn skewness(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (second, third) = values.iter().fold((0.0, 0.0), |(second, third), value| {
        let off = value - mean;
        (second + off * off / n, third + off * off * off / n)
    });
    (second > 0.0).then(|| third / second.powf(1.5))
}

/// Observations per arm from which a z or t interval holds for so skew an outcome: 355 · skewness² (Kohavi et al. 2014).
/// Below, show [`bootstrap_t`] beside it and say so; it is no ground for refusal.
#[must_use]
pub fn observations_for_skewness(skewness: f64) -> u64 {
    (355.0 * skewness * skewness).ceil() as u64
}

/// Interval of the difference one − other by bootstrap-t (Efron & Tibshirani 1993, chapter 12): resamples both, divides by
/// each resample's own error, so that the interval follows the skew. The same `seed` gives the same interval.
///
/// # Errors
/// As [`Moments::of`]; `Invalid` for fewer than 200 resamples, a level outside 0 to 1, or samples that hardly vary.
pub fn bootstrap_t(one: &[f64], other: &[f64], level: f64, resamples: u32, seed: u64) -> Result<Interval> {
    if resamples < 200 {
        return Err(Error::invalid("fewer than 200 resamples"));
    }
    crate::interval::z_of(level)?;
    let (here, there) = (Moments::of(one)?, Moments::of(other)?);
    let value = here.mean - there.mean;
    let error = (here.error_squared() + there.error_squared()).sqrt();
    let mut deviates: Vec<f64> = (0..resamples)
        .into_par_iter()
        .filter_map(|round| {
            // A generator per round: the result does not depend on which processor does which.
            let mut rng = StdRng::seed_from_u64(seed ^ (u64::from(round) << 32 | u64::from(round)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let (a, b) = (resample(one, here.mean, &mut rng), resample(other, there.mean, &mut rng));
            let error = (a.1 + b.1).sqrt();
            (error > 0.0).then(|| (a.0 - b.0) / error)
        })
        .collect();
    if error == 0.0 || deviates.len() < resamples as usize / 2 {
        return Err(Error::invalid("samples that hardly vary"));
    }
    deviates.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Ok(Interval {
        value,
        low: value - quantile_sorted(&deviates, 1.0 - tail) * error,
        high: value - quantile_sorted(&deviates, tail) * error,
    })
}

/// Mean (less the sample's own) and squared error of one resample.
fn resample(values: &[f64], mean: f64, rng: &mut StdRng) -> (f64, f64) {
    let n = values.len() as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..values.len() {
        let off = values[rng.random_range(0..values.len())] - mean;
        sum += off;
        squares += off * off;
    }
    let mean = sum / n;
    (mean, (squares - n * mean * mean).max(0.0) / (n - 1.0) / n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_belongs_together_counts_as_one() {
        let values = [3.0, 5.0, 4.0, 8.0, 1.0];
        let alone = Moments::clustered(&values, &[1, 2, 3, 4, 5]).unwrap();
        let plain = Moments::of(&values).unwrap();
        assert!((alone.error_squared() - plain.error_squared()).abs() < 1e-12 && alone.count == 5);
        // Each one twice says no more than each one once.
        let twice: Vec<f64> = values.iter().chain(&values).copied().collect();
        let pairs = Moments::clustered(&twice, &[1, 2, 3, 4, 5, 1, 2, 3, 4, 5]).unwrap();
        assert!((pairs.error_squared() - plain.error_squared()).abs() < 1e-12 && pairs.mean == plain.mean);
        // By hand: mean 2.6, residuals of the clusters 1.8 and -1.8, so 2·2·3.24/25.
        let uneven = Moments::clustered(&[4.0, 3.0, 1.0, 2.0, 3.0], &[1, 1, 2, 2, 2]).unwrap();
        assert!((uneven.error_squared() - 0.518_4).abs() < 1e-12, "{}", uneven.error_squared());
        assert!(Moments::clustered(&[1.0, 2.0], &[1, 1]).is_err() && Moments::clustered(&[1.0, 2.0], &[1]).is_err());
    }

    #[test]
    fn strata_are_put_together_by_their_shares() {
        let welch = |one: &[f64], other: &[f64]| super::welch(&Moments::of(one).unwrap(), &Moments::of(other).unwrap(), 0.95).unwrap();
        let (a, b) = (welch(&[3.0, 5.0, 4.0], &[1.0, 2.0, 3.0]), welch(&[10.0, 12.0, 11.0, 9.0], &[9.0, 8.0, 10.0]));
        let alone = stratified(&[(1.0, a)], 0.95).unwrap();
        assert!((alone.interval.low - a.interval.low).abs() < 1e-12 && (alone.test.p - a.test.p).abs() < 1e-12);
        let both = stratified(&[(0.25, a), (0.75, b)], 0.95).unwrap();
        assert!((both.interval.value - (0.25 * 2.0 + 0.75 * 1.5)).abs() < 1e-12);
        let error = ((0.25 * a.standard_error).powi(2) + (0.75 * b.standard_error).powi(2)).sqrt();
        assert!((both.standard_error - error).abs() < 1e-12);
        assert!(stratified(&[(0.5, a)], 0.95).is_err());
    }

    #[test]
    fn shuffles_tell_what_chance_would_do() {
        // All 252 ways to choose five of ten: only the one seen and its mirror are as far apart.
        let p = permutation(&[5.0, 6.0, 7.0, 8.0, 9.0], &[0.0, 1.0, 2.0, 3.0, 4.0], 20_000, 7).unwrap();
        assert!((p - 2.0 / 252.0).abs() < 0.002, "{p}");
        assert_eq!(permutation(&[1.0, 1.0], &[1.0, 1.0], 100, 1).unwrap(), 1.0);
    }
    use crate::judge::near;
    use crate::testdata::{json, number};

    #[test]
    fn spending_in_hillstrom_differs_as_known() {
        let golden = json("golden.json");
        let arm = |arm: &str| {
            let at = |what: &str| number(&golden, &format!("/hillstrom/arms/{arm}/{what}"));
            Moments { count: at("n") as u64, mean: at("spend") / at("n"), variance: at("spend_var") }
        };
        for name in ["mens", "womens"] {
            let at = |what: &str| number(&golden, &format!("/hillstrom/{name}/spend/{what}"));
            let got = welch(&arm(name), &arm("none"), 0.95).unwrap();
            near(got.interval.value, at("diff"), 1e-8);
            near(got.standard_error, at("se"), 1e-8);
            near(got.test.statistic, at("t"), 1e-6);
            near(got.freedom, at("df"), 1e-2);
            // At 36,000 degrees of freedom t is z up to the fifth digit.
            near(got.interval.low, at("z_ci/0"), 2e-5);
            near(got.interval.high, at("z_ci/1"), 2e-5);
            assert!(got.interval.excludes_zero());
        }
    }

    #[test]
    fn welch_is_that_of_the_textbook() {
        // Two small samples; statistics from scipy.
        let one = Moments::of(&[27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]).unwrap();
        let other = Moments::of(&[27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.6]).unwrap();
        let got = welch(&one, &other, 0.95).unwrap();
        near(got.test.statistic, -2.8640583900340864, 1e-9);
        near(got.freedom, 27.89330579040263, 1e-6);
        near(got.test.p, 0.007856440783445797, 1e-9);
    }

    #[test]
    fn the_skew_rule_is_a_number() {
        for (skew, expected) in [(18.0, 115_020), (19.7, 137_772), (26.4, 247_421)] {
            assert_eq!(observations_for_skewness(skew), expected);
        }
        near(skewness(&[0.0, 0.0, 3.0]).unwrap(), std::f64::consts::FRAC_1_SQRT_2, 1e-12);
        assert_eq!(skewness(&[1.0, 1.0]), None);
    }

    #[test]
    fn the_bootstrap_leans_where_the_data_lean() {
        // Few large amounts among many zeros: the upper side is longer.
        let spend: Vec<f64> = (0..400).map(|at| if at % 40 == 0 { f64::from(at % 7 + 1).powi(3) } else { 0.0 }).collect();
        let none = vec![0.5; 200].into_iter().chain(vec![0.0; 200]).collect::<Vec<_>>();
        let got = bootstrap_t(&spend, &none, 0.95, 1000, 7).unwrap();
        assert_eq!(got, bootstrap_t(&spend, &none, 0.95, 1000, 7).unwrap());
        assert!(got.high - got.value > got.value - got.low, "{got:?}");
        let plain = welch(&Moments::of(&spend).unwrap(), &Moments::of(&none).unwrap(), 0.95).unwrap().interval;
        assert!(got.high > plain.high && got.low > plain.low);
        // Without skew both say the same.
        let even: Vec<f64> = (0..500).map(|at| f64::from(at % 10)).collect();
        let other: Vec<f64> = (0..500).map(|at| f64::from(at % 9)).collect();
        let (a, b) = (
            bootstrap_t(&even, &other, 0.95, 2000, 1).unwrap(),
            welch(&Moments::of(&even).unwrap(), &Moments::of(&other).unwrap(), 0.95).unwrap().interval,
        );
        near(a.low, b.low, 0.03);
        near(a.high, b.high, 0.03);
        assert!(bootstrap_t(&[1.0; 9], &[1.0; 9], 0.95, 1000, 1).is_err() && bootstrap_t(&even, &other, 0.95, 10, 1).is_err());
    }

    proptest! {
        #[test]
        fn a_difference_has_no_unit(values in prop::collection::vec(-1000.0..1000.0f64, 3..60), factor in 1e-3..1e7f64) {
            let moments = |factor: f64| -> (Moments, Moments) {
                let scaled: Vec<f64> = values.iter().map(|value| value * factor).collect();
                let half = scaled.len() / 2 + 1;
                (Moments::of(&scaled[..half.max(2)]).unwrap(), Moments::of(&scaled).unwrap())
            };
            let (one, other) = moments(1.0);
            let (big, bigger) = moments(factor);
            let (plain, scaled) = (welch(&one, &other, 0.9).unwrap(), welch(&big, &bigger, 0.9).unwrap());
            prop_assert!((plain.test.statistic - scaled.test.statistic).abs() < 1e-6 * (1.0 + plain.test.statistic.abs()));
            prop_assert!((plain.test.p - scaled.test.p).abs() < 1e-6);
        }
    }
}
