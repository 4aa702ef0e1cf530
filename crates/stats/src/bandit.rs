//! Which arm is best: probabilities, and shares of the next customers that follow them (Thompson 1933).
//!
//! Means of arms that were filled adaptively are biased: infer only from the customers of the uniform floor.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use statrs::function::beta::{beta_reg, inv_beta_reg, ln_beta};

use crate::{Error, Result, special::finest};

/// What is believed of an arm's share: Beta(a, b).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// Successes and one, from a uniform prior.
    pub a: f64,
    /// Failures and one.
    pub b: f64,
}

impl Belief {
    /// After `yes` of `all`, from a uniform prior.
    ///
    /// # Errors
    /// `Invalid` for more successes than trials.
    pub fn after(yes: u64, all: u64) -> Result<Self> {
        if yes > all {
            Err(Error::invalid("more successes than trials"))
        } else {
            Ok(Self { a: 1.0 + yes as f64, b: 1.0 + (all - yes) as f64 })
        }
    }

    fn log_density(&self, p: f64) -> f64 {
        (self.a - 1.0) * p.ln() + (self.b - 1.0) * (-p).ln_1p() - ln_beta(self.a, self.b)
    }

    fn mean(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    fn deviation(&self) -> f64 {
        let all = self.a + self.b;
        (self.a * self.b / (all * all * (all + 1.0))).sqrt()
    }
}

/// Probability of each arm to be the best.
///
/// # Errors
/// `Invalid` without arms or for a belief that is not positive.
pub fn best_arm(arms: &[Belief]) -> Result<Vec<f64>> {
    check(arms)?;
    let mut breaks = vec![0.0, 1.0];
    for arm in arms {
        for off in [-12.0, -9.0, -7.0, -5.0, -3.5, -2.0, -1.0, 0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0] {
            breaks.push((arm.mean() + off * arm.deviation()).clamp(0.0, 1.0));
        }
    }
    Ok(highest(breaks, arms.len(), |at, p| arms[at].log_density(p).exp(), |at, p| beta_reg(arms[at].a, arms[at].b, p)))
}

/// Probability of each of so many values to be the highest, from their densities and distribution functions: ∫ f_k ∏ F_j by
/// Gauss-Legendre between breakpoints that follow all of them.
pub(crate) fn highest(
    mut breaks: Vec<f64>,
    count: usize,
    density: impl Fn(usize, f64) -> f64,
    below: impl Fn(usize, f64) -> f64,
) -> Vec<f64> {
    breaks.sort_unstable_by(f64::total_cmp);
    breaks.dedup();
    let rule = finest();
    let mut out = vec![0.0; count];
    for pair in breaks.windows(2) {
        let width = pair[1] - pair[0];
        for (node, weight) in rule.nodes.iter().zip(&rule.weights) {
            let point = pair[0] + node * width;
            let below: Vec<f64> = (0..count).map(|at| below(at, point)).collect();
            for (at, out) in out.iter_mut().enumerate() {
                let others: f64 = below.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, below)| below).product();
                if others > 0.0 {
                    *out += weight * width * density(at, point) * others;
                }
            }
        }
    }
    out
}

/// Shares in which the next customers are to be split: probabilities to be best, mixed with a uniform `floor` (0.1 of all
/// customers over all arms) that keeps every arm measurable.
///
/// # Errors
/// As [`best_arm`]; `Invalid` for a floor outside 0 to 1.
pub fn allocation(arms: &[Belief], floor: f64) -> Result<Vec<f64>> {
    if !(0.0..=1.0).contains(&floor) {
        return Err(Error::invalid("a floor that is not between 0 and 1"));
    }
    let best = best_arm(arms)?;
    let all: f64 = best.iter().sum();
    Ok(best.iter().map(|best| floor / arms.len() as f64 + (1.0 - floor) * best / all).collect())
}

/// The arm for one customer: a draw from every belief, the highest wins. The same `seed` (of the customer) gives the same
/// arm, so that an assignment can be repeated.
///
/// # Errors
/// As [`best_arm`].
pub fn thompson(arms: &[Belief], seed: u64) -> Result<usize> {
    check(arms)?;
    let mut rng = StdRng::seed_from_u64(seed);
    let draws = arms.iter().map(|arm| inv_beta_reg(arm.a, arm.b, rng.random::<f64>()));
    Ok(draws.enumerate().max_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(at, _)| at))
}

fn check(arms: &[Belief]) -> Result<()> {
    if arms.is_empty() {
        return Err(Error::invalid("no arms"));
    }
    let positive = |number: f64| number > 0.0 && number.is_finite();
    match arms.iter().position(|arm| !(positive(arm.a) && positive(arm.b))) {
        Some(row) => Err(Error::invalid_at("a belief that is not positive", row)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(counts: &[(u64, u64)]) -> Vec<Belief> {
        counts.iter().map(|&(yes, all)| Belief::after(yes, all).unwrap()).collect()
    }

    #[test]
    fn the_best_of_three_is_known() {
        let got = best_arm(&arms(&[(20, 100), (25, 100), (30, 100)])).unwrap();
        for (got, expected) in got.iter().zip([0.031282, 0.206258, 0.762460]) {
            assert!((got - expected).abs() < 5e-7, "{got}");
        }
        assert!((got.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let two = best_arm(&[Belief { a: 26.0, b: 76.0 }, Belief { a: 21.0, b: 81.0 }]).unwrap();
        assert!((two[0] - 0.799_145_122_4).abs() < 1e-9, "{two:?}");
    }

    #[test]
    fn hillstrom_has_a_best_arm() {
        let got = best_arm(&arms(&[(122, 21_306), (189, 21_387), (267, 21_307)])).unwrap();
        assert!(
            (got[0] / 2.85e-14 - 1.0).abs() < 0.01 && (got[1] - 0.00010088).abs() < 5e-9 && (got[2] - 0.99989912).abs() < 5e-9,
            "{got:?}"
        );
    }

    #[test]
    fn draws_follow_the_probabilities() {
        let arms = arms(&[(20, 100), (25, 100), (30, 100)]);
        let mut drawn = [0_u32; 3];
        for seed in 0..3000 {
            drawn[thompson(&arms, seed).unwrap()] += 1;
        }
        for (drawn, expected) in drawn.iter().zip([0.031, 0.206, 0.762]) {
            assert!((f64::from(*drawn) / 3000.0 - expected).abs() < 0.03, "{drawn}");
        }
        assert_eq!(thompson(&arms, 5).unwrap(), thompson(&arms, 5).unwrap());
        let shares = allocation(&arms, 0.3).unwrap();
        assert!(shares.iter().all(|share| *share >= 0.1) && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(best_arm(&[]).is_err() && allocation(&arms, 2.0).is_err() && Belief::after(2, 1).is_err());
        assert!(thompson(&[Belief { a: 0.0, b: 1.0 }], 1).is_err());
    }
}
