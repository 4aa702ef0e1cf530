//! Pareto/NBD (Schmittlein, Morrison & Colombo 1987): purchases come at random at a rate of the customer's own, and the
//! customer leaves unseen at a random time.
//!
//! Rates are Gamma(r, α) over customers, rates of leaving Gamma(s, β). The likelihood is usually written with two
//! hypergeometric functions whose difference cancels and overflows for busy customers. It is used here as what it is,
//! the chance to be alive plus the chance to have left at any moment y since the last purchase:
//!
//! L = Γ(r+x)/Γ(r) · α^r β^s · [ (α+T)^−(r+x) (β+T)^−s + ∫ s (α+y)^−(r+x) (β+y)^−(s+1) dy ],  y from t_x to T.
//!
//! Everything in the integral is positive and smooth, so that Gauss-Legendre in ln(min(α,β)+y) gives 11 digits with 8 to
//! 64 nodes, and slope and curvature come from the same nodes.

use crate::{
    Result,
    buyers::{Buyer, Buyers, Group, PurchaseModel, rising},
    fit::{Fit, model_of, positive, search},
    newton::Curve,
    special::{finest, rule},
};

/// Parts of the integral smaller than e⁻⁴⁰ of it are left out.
const NEGLIGIBLE: f64 = 40.0;

/// The model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParetoNbd {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl ParetoNbd {
    /// The model of known parameters: shape and rate of purchase rates, shape and rate of the rates of leaving. α and β
    /// have the unit of the customers' times.
    ///
    /// # Errors
    /// `Invalid` unless all are positive and finite.
    pub fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Result<Self> {
        let [r, alpha, s, beta] = positive(&[r, alpha, s, beta])?;
        Ok(Self { r, alpha, s, beta })
    }

    /// Shape of the purchase rates.
    #[must_use]
    pub fn r(&self) -> f64 {
        self.r
    }

    /// Rate parameter of the purchase rates, a time.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// Shape of the rates of leaving.
    #[must_use]
    pub fn s(&self) -> f64 {
        self.s
    }

    /// Rate parameter of the rates of leaving, a time.
    #[must_use]
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// Maximum likelihood from four starts.
    ///
    /// # Errors
    /// `TooFewCustomers` below [`CUSTOMERS_NEEDED`](crate::buyers::CUSTOMERS_NEEDED) customers or
    /// [`REPEATERS_NEEDED`](crate::buyers::REPEATERS_NEEDED) repeaters; `DidNotConverge` when there is no optimum.
    pub fn fit(buyers: &Buyers) -> Result<Fit<Self>> {
        buyers.enough()?;
        let unit = buyers.unit();
        let scaled = buyers.scaled(unit);
        let rate = scaled.rate();
        let starts = [(0.5, 0.6, 0.3), (1.0, 1.0, 1.0), (2.0, 0.5, 0.2), (0.8, 2.0, 3.0)].map(|(r, s, beta)| [r, 0.7 * r / rate, s, beta]);
        let thin = scaled.thinned();
        let curve = |buyers: &Buyers, [r, alpha, s, beta]: &[f64; 4]| Self { r: *r, alpha: *alpha, s: *s, beta: *beta }.curve(buyers);
        let part = thin.as_ref().map(|thin| move |parameters: &[f64; 4]| curve(thin, parameters));
        let part = part.as_ref().map(|part| part as &(dyn Fn(&[f64; 4]) -> Curve<4> + Sync));
        let mut fit: Fit<Self> =
            search(&starts, part, &|parameters| curve(&scaled, parameters), [1.0, unit, 1.0, unit], buyers.customers())?;
        fit.log_likelihood -= unit.ln() * buyers.tails.iter().sum::<f64>();
        Ok(fit)
    }

    /// Log-likelihood of customers.
    #[must_use]
    pub fn log_likelihood(&self, buyers: &Buyers) -> f64 {
        self.curve(buyers).value
    }

    /// Log-likelihood with slope and curvature by (r, α, s, β).
    fn curve(&self, buyers: &Buyers) -> Curve<4> {
        let Self { r, alpha, s, beta } = *self;
        let logs: Vec<(f64, f64)> = buyers.times.iter().map(|time| ((alpha + time).ln(), (beta + time).ln())).collect();
        let mut out =
            buyers.sum(|groups| self.mixture(groups, &buyers.times, &logs), |sum, part| sum.add(&part)).unwrap_or_else(Curve::zero);
        let customers = buyers.customers() as f64;
        let (value, slope, bend) = rising(r, &buyers.tails);
        out.value += value + customers * (r * alpha.ln() + s * beta.ln());
        out.slope[0] += slope + customers * alpha.ln();
        out.slope[1] += customers * r / alpha;
        out.slope[2] += customers * beta.ln();
        out.slope[3] += customers * s / beta;
        out.bend[0][0] += bend;
        out.bend[1][0] += customers / alpha;
        out.bend[1][1] -= customers * r / (alpha * alpha);
        out.bend[3][2] += customers / beta;
        out.bend[3][3] -= customers * s / (beta * beta);
        out
    }

    /// The bracket of the likelihood: a mixture of exponentials, one for "alive" and one per node of the integral. With
    /// ℓ the logarithms of the components and E the mean by their shares, slope = E ℓ' and curvature = E(ℓ'' + ℓ'ℓ'ᵀ) −
    /// E ℓ' E ℓ'ᵀ.
    fn mixture(&self, groups: &[Group], times: &[f64], logs: &[(f64, f64)]) -> Curve<4> {
        let mut out = Curve::zero();
        for group in groups {
            let k = self.r + f64::from(group.repeats);
            let (last, age) = (times[group.last as usize], times[group.age as usize]);
            let (age_logs, last_logs) = (logs[group.age as usize], logs[group.last as usize]);
            let mut sums = Sums::default();
            let (alpha, beta, s) = (self.alpha, self.beta, self.s);
            let base = self.gone(k, last, age, last_logs, age_logs, |part, y, log_alpha, log_beta| {
                let (by_alpha, by_beta) = (1.0 / (alpha + y), 1.0 / (beta + y));
                let slope = [-log_alpha, -k * by_alpha, 1.0 / s - log_beta, -(s + 1.0) * by_beta];
                sums.add(part, slope, [-by_alpha, k * by_alpha * by_alpha, -1.0 / (s * s), -by_beta, (s + 1.0) * by_beta * by_beta]);
            });
            let (by_alpha, by_beta) = (1.0 / (alpha + age), 1.0 / (beta + age));
            let slope = [-age_logs.0, -k * by_alpha, -age_logs.1, -s * by_beta];
            sums.add((-base).exp(), slope, [-by_alpha, k * by_alpha * by_alpha, 0.0, -by_beta, s * by_beta * by_beta]);
            sums.finish(group.count, base - k * age_logs.0 - s * age_logs.1, &mut out);
        }
        out
    }

    /// Goes through the integral over the moment of leaving, in parts of the chance to be alive at `age`. `each` gets a
    /// part times e⁻ᵇᵃˢᵉ, the moment y, ln(α+y) and ln(β+y); the base is returned. Logarithms of α+t and β+t come from
    /// the caller, who has them.
    fn gone(
        &self,
        k: f64,
        last: f64,
        age: f64,
        (last_alpha, last_beta): (f64, f64),
        (age_alpha, age_beta): (f64, f64),
        mut each: impl FnMut(f64, f64, f64, f64),
    ) -> f64 {
        let Self { alpha, s, beta, .. } = *self;
        if age <= last {
            return 0.0;
        }
        let alive = -k * age_alpha - s * age_beta;
        // In v = ln(m + y) the integrand has no singularity nearer than π·i.
        let least = alpha.min(beta);
        let start = if alpha <= beta { last_alpha } else { last_beta };
        let mut width = if alpha <= beta { age_alpha - last_alpha } else { age_beta - last_beta };
        // ln of the integrand by v, relative to alive; it falls (or hardly rises) all the way.
        let log_s = s.ln();
        let height = |log_alpha: f64, log_beta: f64, v: f64| log_s - k * log_alpha - (s + 1.0) * log_beta + v - alive;
        let top = height(last_alpha, last_beta, start);
        let mut decay = top - height(age_alpha, age_beta, start + width);
        let at = |v: f64| {
            let other = v.exp() + (alpha - beta).abs();
            if alpha <= beta { (v, other.ln()) } else { (other.ln(), v) }
        };
        if decay > 1.1 * NEGLIGIBLE {
            // Only the beginning counts: halve until the end is where the integrand has become negligible.
            let (mut low, mut high) = (0.0, width);
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                let (log_alpha, log_beta) = at(start + middle);
                let fallen = top - height(log_alpha, log_beta, start + middle);
                if fallen < NEGLIGIBLE {
                    low = middle;
                } else {
                    high = middle;
                    decay = fallen;
                }
                if (NEGLIGIBLE..1.1 * NEGLIGIBLE).contains(&fallen) {
                    break;
                }
            }
            width = high;
        }
        let base = top.max(0.0);
        let rule = if decay > NEGLIGIBLE / 2.0 { finest() } else { rule(decay.abs(), width) };
        let floor = start.exp();
        for (node, weight) in rule.nodes.iter().zip(&rule.weights) {
            let v = node * width;
            let near = floor * v.exp();
            let far = (near + (alpha - beta).abs()).ln();
            let (log_alpha, log_beta) = if alpha <= beta { (start + v, far) } else { (far, start + v) };
            let part = weight * width * (height(log_alpha, log_beta, start + v) - base).exp();
            each(part, near - least, log_alpha, log_beta);
        }
        base
    }

    /// ln of (1 + chance to have left / chance to be alive), the bracket relative to its first term.
    fn log_bracket(&self, buyer: &Buyer, age: f64) -> f64 {
        let k = self.r + f64::from(buyer.repeats);
        let logs = |time: f64| ((self.alpha + time).ln(), (self.beta + time).ln());
        let mut left: f64 = 0.0;
        let base = self.gone(k, buyer.last, age, logs(buyer.last), logs(age), |part, _, _, _| left += part);
        // base is 0 unless the integral outweighs the first term.
        if base == 0.0 { left.ln_1p() } else { base + (left + (-base).exp()).ln() }
    }
}

/// Moments of the components of a mixture.
#[derive(Default)]
struct Sums {
    share: f64,
    slope: [f64; 4],
    bend: [[f64; 4]; 4],
}

impl Sums {
    /// `second`: second derivatives by rα, αα, ss, sβ, ββ; the others are 0.
    #[inline]
    fn add(&mut self, share: f64, slope: [f64; 4], second: [f64; 5]) {
        self.share += share;
        for i in 0..4 {
            let once = share * slope[i];
            self.slope[i] += once;
            for (bend, slope) in self.bend[i][..=i].iter_mut().zip(slope) {
                *bend += once * slope;
            }
        }
        self.bend[1][0] += share * second[0];
        self.bend[1][1] += share * second[1];
        self.bend[2][2] += share * second[2];
        self.bend[3][2] += share * second[3];
        self.bend[3][3] += share * second[4];
    }

    fn finish(&self, count: f64, base: f64, out: &mut Curve<4>) {
        let all = 1.0 / self.share;
        out.value += count * (base + self.share.ln());
        for i in 0..4 {
            let mean = self.slope[i] * all;
            out.slope[i] += count * mean;
            for j in 0..=i {
                out.bend[i][j] += count * (self.bend[i][j] * all - mean * self.slope[j] * all);
            }
        }
    }
}

model_of!(ParetoNbd: r, alpha, s, beta);

impl PurchaseModel for ParetoNbd {
    fn probability_alive(&self, buyer: &Buyer) -> f64 {
        (-self.log_bracket(buyer, buyer.age)).exp()
    }

    /// (r+x)(β+T)/((α+T)(s−1)) · [1 − ((β+T)/(β+T+t))^(s−1)] · P(alive), the limit where s = 1.
    fn expected_purchases(&self, buyer: &Buyer, horizon: f64) -> f64 {
        let rate = (self.r + f64::from(buyer.repeats)) / (self.alpha + buyer.age);
        rate * stay(self.s, self.beta + buyer.age, horizon) * self.probability_alive(buyer)
    }

    /// 1 − L(x, t_x, T+t)/L(x, t_x, T): the chance of the same history with silence to its end.
    fn probability_of_purchase(&self, buyer: &Buyer, horizon: f64) -> f64 {
        if horizon <= 0.0 {
            return 0.0;
        }
        let later = buyer.age + horizon;
        let k = self.r + f64::from(buyer.repeats);
        let first = -k * (horizon / (self.alpha + buyer.age)).ln_1p() - self.s * (horizon / (self.beta + buyer.age)).ln_1p();
        let silent = first + self.log_bracket(buyer, later) - self.log_bracket(buyer, buyer.age);
        (-silent.exp_m1()).clamp(0.0, 1.0)
    }

    fn expected_repeats(&self, age: f64) -> f64 {
        self.r / self.alpha * stay(self.s, self.beta, age)
    }
}

/// Expected time that somebody alive now stays within `horizon`: β/(s−1) · [1 − (β/(β+t))^(s−1)].
fn stay(s: f64, beta: f64, horizon: f64) -> f64 {
    let log = (horizon.max(0.0) / beta).ln_1p();
    let power = (s - 1.0) * log;
    beta * log * if power.abs() < 1e-12 { 1.0 } else { -(-power).exp_m1() / power }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fit::Model;
    use crate::judge::{near, slope_and_curvature};
    use crate::testdata::{self, cdnow, json, number};

    fn buyer(repeats: u32, last: f64, age: f64) -> Buyer {
        Buyer { repeats, last, age }
    }

    fn sample() -> Vec<Buyer> {
        testdata::sample().iter().map(|customer| customer.buyer()).collect()
    }

    /// Parameters, x, t_x, T, t; ln L, P(alive), E[Y(t)], P(purchase within t) by the published closed forms in 40 digits.
    const EXACT: [([f64; 4], u32, f64, f64, f64, f64, f64, f64, f64); 18] = [
        ([0.553, 10.578, 0.606, 11.669], 2, 30.43, 38.86, 39.0, -9.554283245150406, 0.86916755915301, 1.4551231932576, 0.5919372763935),
        ([0.553, 10.578, 0.606, 11.669], 26, 30.86, 31.0, 52.0, -39.13167154030277, 0.99791873105516, 25.458472951429, 0.976189744574),
        ([0.553, 10.578, 0.606, 11.669], 0, 0.0, 38.86, 39.0, -0.5210462940808903, 0.29528660461689, 0.10708146821531, 0.06928518405432),
        (
            [0.5143, 2.8845, 0.2856, 14.1087],
            221,
            103.42857,
            103.57143,
            10.0,
            -61.58464856172921,
            0.99959605231794,
            20.556042642205,
            0.9984310464037,
        ),
        (
            [0.5143, 2.8845, 0.2856, 14.1087],
            254,
            97.14286,
            97.28571,
            10.0,
            -19.62329221751177,
            0.99955822612301,
            25.083304338603,
            0.9985502219796,
        ),
        (
            [0.5143, 2.8845, 0.2856, 14.1087],
            161,
            94.71429,
            98.0,
            10.0,
            -87.42925486330853,
            0.74948775225811,
            11.851886264149,
            0.7482961377406,
        ),
        (
            [0.5143, 2.8845, 0.2856, 14.1087],
            204,
            98.57143,
            99.42857,
            10.0,
            -65.19834218926038,
            0.9942550796379,
            19.633253398035,
            0.9930048519317,
        ),
        ([0.553, 10.578, 0.606, 11.669], 132, 200.0, 200.0, 52.0, -196.3588835874626, 1.0, 30.57284443284, 0.9954722270976),
        ([0.553, 10.578, 0.606, 11.669], 133, 200.0, 200.0, 52.0, -196.8217571528204, 1.0, 30.803490622914, 0.9955059784536),
        (
            [0.553, 10.578, 0.606, 11.669],
            2000,
            2990.0,
            3000.0,
            52.0,
            -2823.401747911092,
            0.80935876440551,
            27.821941353261,
            0.8091137594475,
        ),
        ([0.553, 10.578, 0.606, 11.669], 2000, 1500.0, 3000.0, 52.0, -1451.637809172037, 0.0, 0.0, 0.0),
        (
            [0.553, 10.578, 0.606, 11.669],
            0,
            0.0,
            3000.0,
            52.0,
            -0.6724919509330162,
            0.0029739011376068,
            2.8258425075188e-5,
            2.788554975655e-5,
        ),
        ([0.8, 10.0, 0.5, 0.05], 0, 0.0, 100.0, 10.0, -0.09125954103961167, 0.0035966304983702, 0.00025534463029179, 0.0002362314245128),
        ([0.8, 10.0, 0.5, 0.05], 3, 5.0, 100.0, 10.0, -10.81902659955747, 0.00049687635148912, 0.00016756096145094, 0.0001367850153301),
        ([0.8, 0.05, 0.5, 20.0], 3, 5.0, 100.0, 10.0, -10.71969807506315, 0.00016994236980448, 6.325439427953e-5, 5.065952724493e-5),
        ([0.8, 0.05, 0.5, 20.0], 0, 0.0, 100.0, 10.0, -4.293914124959263, 0.068351793424349, 0.0053560587948926, 0.004918117505132),
        ([5.0, 200.0, 3.0, 0.5], 40, 3.0, 500.0, 10.0, -96.58956245007874, 2.9318249229584e-31, 1.829726824483e-31, 0.0),
        ([5.0, 0.5, 3.0, 300.0], 1, 3.0, 500.0, 10.0, -14.38592297012031, 9.2729154797012e-13, 1.0911370420028e-13, 1.019161548146e-13),
    ];

    #[test]
    fn the_integral_equals_the_published_closed_form() {
        for (parameters, x, last, age, horizon, log_likelihood, alive, expected, buys) in EXACT {
            let model = ParetoNbd::from_parameters(&parameters).unwrap();
            let customer = buyer(x, last, age);
            let got = model.log_likelihood(&Buyers::group(&[customer]).unwrap());
            near(got, log_likelihood, 1e-10 * (1.0 + log_likelihood.abs()));
            near(model.probability_alive(&customer), alive, 1e-9 * alive);
            near(model.expected_purchases(&customer, horizon), expected, 1e-9 * expected);
            near(model.probability_of_purchase(&customer, horizon), buys, 1e-10);
        }
    }

    #[test]
    fn the_fit_to_cdnow_is_the_published_one() {
        let reference = json("cdnow_reference.json");
        let buyers = Buyers::group(&sample()).unwrap();
        let fit = ParetoNbd::fit(&buyers).unwrap();
        for (parameter, published) in fit.parameters.iter().zip([0.553, 10.578, 0.606, 11.669]) {
            near(parameter.value, published, 5.1e-4);
            near(parameter.value / number(&reference, &format!("/sample_raw/paretonbd/{}", parameter.name)), 1.0, 1e-4);
        }
        near(fit.log_likelihood, -9_594.976_178_94, 1e-6);
        assert_eq!(fit.convergence.agreed, 4, "{:?}", fit.convergence);
        let table: Vec<Buyer> = testdata::sample().iter().map(|customer| customer.published()).collect();
        let rounded = ParetoNbd::fit(&Buyers::group(&table).unwrap()).unwrap();
        for (parameter, golden) in rounded.parameters.iter().zip([0.553275, 10.577611, 0.606214, 11.667912]) {
            near(parameter.value, golden, 2e-4);
        }
        near(rounded.log_likelihood, -9594.973930, 1e-6);
    }

    #[test]
    fn all_of_cdnow_is_fitted_as_by_others() {
        let reference = json("cdnow_reference.json");
        let customers: Vec<Buyer> = cdnow().iter().map(|customer| customer.buyer()).collect();
        let fit = ParetoNbd::fit(&Buyers::group(&customers).unwrap()).unwrap();
        for parameter in &fit.parameters {
            near(parameter.value / number(&reference, &format!("/master_raw/paretonbd/{}", parameter.name)), 1.0, 1e-3);
        }
        assert!(fit.log_likelihood >= number(&reference, "/master_raw/paretonbd/LL") - 1e-4, "{}", fit.log_likelihood);
        let promised: f64 = customers.iter().map(|customer| fit.model.expected_purchases(customer, 39.0)).sum();
        near(promised / number(&reference, "/holdout_39w_master/paretonbd/total_expected"), 1.0, 1e-4);
    }

    #[test]
    fn the_twenty_named_customers_are_told_alike() {
        let reference = json("cdnow_reference.json");
        let buyers = sample();
        let fit = ParetoNbd::fit(&Buyers::group(&buyers).unwrap()).unwrap().model;
        let published = ParetoNbd::new(0.553, 10.578, 0.606, 11.669).unwrap();
        for one in reference["named_customers"].as_array().unwrap() {
            let index: usize = one["sample_id"].as_str().unwrap().parse().unwrap();
            let customer = buyers[index - 1];
            near(published.probability_alive(&customer), number(one, "/at_published_params/paretonbd_p_alive"), 1e-9);
            near(published.expected_purchases(&customer, 39.0), number(one, "/at_published_params/paretonbd_e_39w"), 1e-9);
            near(fit.probability_alive(&customer), number(one, "/paretonbd/p_alive"), 5e-5);
            near(fit.expected_purchases(&customer, 39.0), number(one, "/paretonbd/e_39w"), 2e-4);
        }
    }

    #[test]
    fn busy_customers_do_not_jump() {
        let model = ParetoNbd::new(0.553, 10.578, 0.606, 11.669).unwrap();
        let at = |x: u32| model.probability_alive(&buyer(x, 199.0, 200.0));
        assert!((at(132) - at(133)).abs() < 0.05);
        assert!(
            (model.expected_purchases(&buyer(133, 200.0, 200.0), 10.0) - model.expected_purchases(&buyer(132, 200.0, 200.0), 10.0)).abs()
                < 0.05
        );
    }

    #[test]
    fn slope_and_curvature_are_those_of_the_likelihood() {
        let buyers = Buyers::group(&sample()[..300]).unwrap();
        for middle in [[0.4, 5.0, 0.7, 9.0], [1.2, 14.0, 0.5, 3.0]] {
            slope_and_curvature(middle, 1e-5, |p| ParetoNbd::from_parameters(&p).unwrap().curve(&buyers));
        }
    }

    #[test]
    fn the_mean_stay_has_no_gap_at_one() {
        let at = |s: f64| stay(s, 10.0, 40.0);
        near(at(1.0), (at(1.0 + 1e-6) + at(1.0 - 1e-6)) / 2.0, 1e-9);
        near(at(1.0), 10.0 * 5f64.ln(), 1e-12);
    }

    proptest! {
        #[test]
        fn figures_stay_within_reason(r in 0.05..20.0f64, alpha in 0.05..300.0f64, s in 0.05..10.0f64, beta in 0.05..300.0f64, x in 0u32..2000, part in 0.001..1.0f64, age in 1.0..3000.0f64, horizon in 0.1..520.0f64) {
            let customer = if x == 0 { buyer(0, 0.0, age) } else { buyer(x, part * age, age) };
            let model = ParetoNbd::new(r, alpha, s, beta).unwrap();
            let alive = model.probability_alive(&customer);
            let buys = model.probability_of_purchase(&customer, horizon);
            let expected = model.expected_purchases(&customer, horizon);
            prop_assert!((0.0..=1.0).contains(&alive));
            prop_assert!((0.0..=alive + 1e-9).contains(&buys), "{buys} {alive}");
            prop_assert!(expected.is_finite() && expected >= buys - 1e-9);
            let curve = model.curve(&Buyers::group(&[customer]).unwrap());
            prop_assert!(curve.value.is_finite() && curve.slope.iter().all(|slope| slope.is_finite()));
        }
    }
}
