//! BG/BB (Fader, Hardie & Shang 2010, "Customer-base analysis in a discrete-time noncontractual setting"): in every
//! period (a season, a fair, a yearly donation) a customer who has not left buys or does not, and may leave before it.
//!
//! Chances to buy are Beta(α, β) over customers, chances to leave Beta(γ, δ). All terms are products of rising factorials,
//! added as logarithms, so that no normalising constant over- or underflows.

use crate::{
    Error, Result,
    error::enough,
    fit::{Fit, Model, model_of, search},
    newton::Curve,
    special::log_sum_exp,
};

/// Fewer customers than this give parameters that say nothing of others.
pub const CUSTOMERS_NEEDED: usize = 100;

/// One customer, or several alike: purchases counted in whole periods after the first purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regular {
    /// x: periods with a purchase.
    pub purchases: u32,
    /// t_x: the last period with a purchase, counted from 1; 0 without one.
    pub last: u32,
    /// n: periods observed.
    pub periods: u32,
}

impl Regular {
    fn check(&self, row: usize) -> Result<()> {
        let Self { purchases, last, periods } = *self;
        if last > periods || purchases > last || (purchases == 0) != (last == 0) {
            return Err(Error::invalid_at("more purchases than periods up to the last one, or a last one without purchases", row));
        }
        Ok(())
    }
}

/// The model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgBb {
    alpha: f64,
    beta: f64,
    gamma: f64,
    delta: f64,
}

impl BgBb {
    /// The model of known parameters: shapes of the chances to buy (α, β) and to leave (γ, δ), per period.
    ///
    /// # Errors
    /// `Invalid` unless all are positive and finite.
    pub fn new(alpha: f64, beta: f64, gamma: f64, delta: f64) -> Result<Self> {
        Self::from_parameters(&[alpha, beta, gamma, delta])
    }

    /// Maximum likelihood from four starts; customers with how many there are of each kind.
    ///
    /// # Errors
    /// `Invalid` for an impossible customer, `TooFewCustomers` below [`CUSTOMERS_NEEDED`], `DidNotConverge`.
    pub fn fit(customers: &[(Regular, u64)]) -> Result<Fit<Self>> {
        for (row, (customer, _)) in customers.iter().enumerate() {
            customer.check(row)?;
        }
        let count: u64 = customers.iter().map(|(_, count)| count).sum();
        enough("customers", count as usize, CUSTOMERS_NEEDED)?;
        let buying: u64 = customers.iter().filter(|(customer, _)| customer.purchases > 0).map(|(_, count)| count).sum();
        enough("customers with a repeat purchase", buying as usize, crate::buyers::REPEATERS_NEEDED)?;
        let starts = [[1.0, 1.0, 0.5, 3.0], [0.5, 1.5, 1.0, 5.0], [2.0, 2.0, 1.0, 10.0], [1.0, 3.0, 0.5, 1.0]];
        let curve =
            |[alpha, beta, gamma, delta]: &[f64; 4]| Self { alpha: *alpha, beta: *beta, gamma: *gamma, delta: *delta }.curve(customers);
        search(&starts, None, &curve, [1.0; 4], count)
    }

    /// Log-likelihood of customers.
    #[must_use]
    pub fn log_likelihood(&self, customers: &[(Regular, u64)]) -> f64 {
        self.curve(customers).value
    }

    /// P(alive) at the end of the observed periods: not left before the next one, given the history.
    ///
    /// # Panics
    /// For an impossible customer: more purchases than periods up to the last one.
    #[must_use]
    pub fn probability_alive(&self, customer: &Regular) -> f64 {
        let tables = self.tables(customer.periods + 1);
        // To be there in the next period: one more leaving avoided.
        let alive = tables.buying(customer.purchases, customer.periods) + tables.staying(customer.periods + 1);
        (alive - tables.history(customer, customer.periods)).exp().min(1.0)
    }

    /// Expected number of periods with a purchase among the next `periods`.
    ///
    /// # Panics
    /// For an impossible customer: more purchases than periods up to the last one.
    #[must_use]
    pub fn expected_purchases(&self, customer: &Regular, periods: u32) -> f64 {
        let tables = self.tables(customer.periods + periods + 1);
        let one_more = tables.buying(customer.purchases + 1, customer.periods + 1);
        let history = tables.history(customer, customer.periods);
        (1..=periods).map(|ahead| (one_more + tables.staying(customer.periods + ahead) - history).exp()).sum()
    }

    /// Probability of a purchase in at least one of the next `periods`.
    ///
    /// # Panics
    /// For an impossible customer: more purchases than periods up to the last one.
    #[must_use]
    pub fn probability_of_purchase(&self, customer: &Regular, periods: u32) -> f64 {
        let tables = self.tables(customer.periods + periods);
        let silent = tables.history(customer, customer.periods + periods) - tables.history(customer, customer.periods);
        (-silent.exp_m1()).clamp(0.0, 1.0)
    }

    fn tables(&self, periods: u32) -> Tables {
        let log_rising = |p: f64| -> Vec<f64> {
            let mut sum = 0.0;
            let mut out = vec![0.0];
            out.extend((0..=periods).map(|i| {
                sum += (p + f64::from(i)).ln();
                sum
            }));
            out
        };
        let Self { alpha, beta, gamma, delta } = *self;
        Tables {
            logs: [log_rising(alpha), log_rising(beta), log_rising(alpha + beta), log_rising(delta), log_rising(gamma + delta)],
            gamma,
        }
    }

    /// Log-likelihood with slope and curvature by (α, β, γ, δ):
    ///
    /// L = B(α+x, β+n−x)/B(α, β) · B(γ, δ+n)/B(γ, δ) + Σᵢ B(α+x, β+t_x−x+i)/B(α, β) · B(γ+1, δ+t_x+i)/B(γ, δ), i from 0 to
    /// n−t_x−1: alive to the end, or left after one of the silent periods.
    fn curve(&self, customers: &[(Regular, u64)]) -> Curve<4> {
        let most = customers.iter().map(|(customer, _)| customer.periods).max().unwrap_or(0);
        let tables = self.tables(most + 1);
        let Self { alpha, beta, gamma, delta } = *self;
        // Σ 1/(p+i) and −Σ 1/(p+i)², the derivatives of ln (p)ₙ.
        let derivatives = |p: f64| -> Vec<[f64; 2]> {
            let mut sums = [0.0, 0.0];
            let mut out = vec![sums];
            out.extend((0..=most + 1).map(|i| {
                let by = 1.0 / (p + f64::from(i));
                sums = [sums[0] + by, sums[1] - by * by];
                sums
            }));
            out
        };
        let [of_alpha, of_beta, of_both, of_delta, of_leaving] = [alpha, beta, alpha + beta, delta, gamma + delta].map(derivatives);
        let mut out = Curve::zero();
        for (customer, count) in customers {
            let count = *count as f64;
            let Regular { purchases: x, last, periods: n } = *customer;
            // Components: (periods of buying or not, survived, left in the end).
            let components: Vec<(u32, bool)> = (last..n).map(|to| (to, true)).chain([(n, false)]).collect();
            let heights: Vec<f64> = components.iter().map(|&(to, left)| tables.component(x, to, left)).collect();
            let all = log_sum_exp(&heights);
            out.value += count * all;
            let mut mean = [0.0; 4];
            for (&(to, left), height) in components.iter().zip(&heights) {
                let share = (height - all).exp();
                let (x, silent, to) = (x as usize, (to - x) as usize, to as usize);
                let leaving = of_leaving[to + usize::from(left)];
                let both = of_both[to];
                let slope = [
                    of_alpha[x][0] - both[0],
                    of_beta[silent][0] - both[0],
                    if left { 1.0 / gamma } else { 0.0 } - leaving[0],
                    of_delta[to][0] - leaving[0],
                ];
                for i in 0..4 {
                    mean[i] += share * slope[i];
                    for j in 0..=i {
                        out.bend[i][j] += count * share * slope[i] * slope[j];
                    }
                }
                let weight = count * share;
                out.bend[0][0] += weight * (of_alpha[x][1] - both[1]);
                out.bend[1][0] -= weight * both[1];
                out.bend[1][1] += weight * (of_beta[silent][1] - both[1]);
                out.bend[2][2] -= weight * (leaving[1] + if left { 1.0 / (gamma * gamma) } else { 0.0 });
                out.bend[3][2] -= weight * leaving[1];
                out.bend[3][3] += weight * (of_delta[to][1] - leaving[1]);
            }
            for i in 0..4 {
                out.slope[i] += count * mean[i];
                for j in 0..=i {
                    out.bend[i][j] -= count * mean[i] * mean[j];
                }
            }
        }
        out
    }
}

/// ln (p)ₙ for p = α, β, α+β, δ, γ+δ.
struct Tables {
    logs: [Vec<f64>; 5],
    gamma: f64,
}

impl Tables {
    /// ln B(α+x, β+n−x)/B(α, β).
    fn buying(&self, x: u32, n: u32) -> f64 {
        self.logs[0][x as usize] + self.logs[1][(n - x) as usize] - self.logs[2][n as usize]
    }

    /// ln B(γ, δ+n)/B(γ, δ).
    fn staying(&self, n: u32) -> f64 {
        self.logs[3][n as usize] - self.logs[4][n as usize]
    }

    /// ln of one way to the history: bought x times in `to` periods, then left, or not.
    fn component(&self, x: u32, to: u32, left: bool) -> f64 {
        let buying = self.buying(x, to);
        if left { buying + self.gamma.ln() + self.logs[3][to as usize] - self.logs[4][to as usize + 1] } else { buying + self.staying(to) }
    }

    /// ln L of a history that goes on silent to period n.
    fn history(&self, customer: &Regular, n: u32) -> f64 {
        let ways: Vec<f64> = (customer.last..n)
            .map(|to| self.component(customer.purchases, to, true))
            .chain([self.component(customer.purchases, n, false)])
            .collect();
        log_sum_exp(&ways)
    }
}

model_of!(BgBb: alpha, beta, gamma, delta);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{near, slope_and_curvature};
    use crate::testdata::text;

    fn donors() -> Vec<(Regular, u64)> {
        text("donations.csv")
            .lines()
            .skip(1)
            .map(|line| {
                let numbers: Vec<u32> = line.split(',').map(|number| number.trim().parse().unwrap()).collect();
                (Regular { purchases: numbers[0], last: numbers[1], periods: numbers[2] }, u64::from(numbers[3]))
            })
            .collect()
    }

    #[test]
    fn the_fit_to_the_donors_is_the_published_one() {
        let fit = BgBb::fit(&donors()).unwrap();
        assert_eq!(fit.customers, 11_104);
        for ((parameter, golden), published) in
            fit.parameters.iter().zip([1.203522, 0.749716, 0.656718, 2.783442]).zip([1.204, 0.750, 0.657, 2.783])
        {
            near(parameter.value, golden, 5e-5);
            near(parameter.value, published, 5.1e-4);
        }
        near(fit.log_likelihood, -33225.581274, 1e-5);
        assert_eq!(fit.convergence.agreed, 4);
    }

    #[test]
    fn histories_are_a_distribution() {
        // Over all histories of 6 periods the chances add up to 1: (6 choose …) orders of the same (x, t_x).
        let model = BgBb::new(1.2, 0.75, 0.66, 2.78).unwrap();
        let tables = model.tables(7);
        let mut all = 0.0;
        for bits in 0u32..64 {
            let customer = Regular { purchases: bits.count_ones(), last: 32 - bits.leading_zeros(), periods: 6 };
            all += tables.history(&customer, 6).exp();
        }
        near(all, 1.0, 1e-12);
    }

    #[test]
    fn who_gave_last_year_is_rather_alive() {
        let model = BgBb::fit(&donors()).unwrap().model;
        let customer = |purchases, last| Regular { purchases, last, periods: 6 };
        for ((purchases, last), expected) in
            [((0, 0), 0.108133), ((1, 1), 0.069462), ((4, 4), 0.200179), ((5, 6), 0.930434), ((6, 6), 0.930434)]
        {
            near(model.probability_alive(&customer(purchases, last)), expected, 1e-5);
        }
        // Fader, Hardie & Shang 2010: somebody who gave in all six years is expected to give 3.75 times in the next five.
        near(model.expected_purchases(&customer(6, 6), 5), 3.75, 0.01);
        near(model.expected_purchases(&customer(0, 0), 5), 0.07, 0.01);
        // One period ahead: the expectation is the probability.
        near(model.expected_purchases(&customer(5, 6), 1), model.probability_of_purchase(&customer(5, 6), 1), 1e-12);
        assert!(model.probability_of_purchase(&customer(5, 6), 3) < model.expected_purchases(&customer(5, 6), 3));
    }

    #[test]
    fn long_histories_stay_finite() {
        let model = BgBb::new(1.2, 0.75, 0.66, 2.78).unwrap();
        let customer = Regular { purchases: 2000, last: 2500, periods: 3000 };
        let alive = model.probability_alive(&customer);
        assert!((0.0..1e-100).contains(&alive), "{alive}");
        assert!(model.log_likelihood(&[(customer, 1)]).is_finite());
    }

    #[test]
    fn impossible_customers_are_refused() {
        for (purchases, last, periods) in [(3, 2, 6), (0, 1, 6), (1, 0, 6), (1, 7, 6)] {
            let customers = [(Regular { purchases, last, periods }, 500)];
            assert!(matches!(BgBb::fit(&customers), Err(Error::Invalid { row: Some(0), .. })));
        }
        assert!(matches!(BgBb::fit(&[(Regular { purchases: 0, last: 0, periods: 6 }, 500)]), Err(Error::TooFewCustomers { .. })));
    }

    #[test]
    fn slope_and_curvature_are_those_of_the_likelihood() {
        let donors = donors();
        slope_and_curvature([0.9, 1.4, 0.8, 3.3], 1e-4, |p| BgBb::from_parameters(&p).unwrap().curve(&donors));
    }
}
