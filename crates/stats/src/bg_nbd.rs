//! BG/NBD (Fader, Hardie & Lee 2005, "Counting your customers the easy way") and MBG/NBD (Batislam, Denizel & Filiztekin
//! 2007): purchases come at random at a rate of the customer's own, and after each purchase the customer may be gone.
//!
//! In BG/NBD nobody leaves right after the *first* purchase, so that everybody who bought once is alive with certainty
//! however long ago; MBG/NBD lets them leave. [`MbgNbd`] is the one to ask who is slipping away.
//!
//! Rates are Gamma(r, α) over customers, chances to leave Beta(a, b). All is computed with logarithms.

use crate::{
    Result,
    buyers::{Buyer, Buyers, Group, PurchaseModel, rising},
    fit::{Fit, Model, positive, search},
    newton::Curve,
    special::{decay_bracket, softplus},
};

/// BG/NBD: nobody leaves after the first purchase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgNbd {
    core: Core,
}

/// MBG/NBD: customers may leave after any purchase, the first included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MbgNbd {
    core: Core,
}

/// The two differ in how many purchases somebody has survived: x, or x + 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Core {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    /// 0 in BG/NBD, 1 in MBG/NBD.
    more: f64,
}

macro_rules! variant {
    ($name:ident, $more:literal) => {
        impl $name {
            /// The model of known parameters: shape and rate of purchase rates, both shapes of the chance to leave. α has
            /// the unit of the customers' times.
            ///
            /// # Errors
            /// `Invalid` unless all are positive and finite.
            pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self> {
                let [r, alpha, a, b] = positive(&[r, alpha, a, b])?;
                Ok(Self { core: Core { r, alpha, a, b, more: $more } })
            }

            /// Shape of the purchase rates.
            #[must_use]
            pub fn r(&self) -> f64 {
                self.core.r
            }

            /// Rate parameter of the purchase rates, a time.
            #[must_use]
            pub fn alpha(&self) -> f64 {
                self.core.alpha
            }

            /// First shape of the chance to leave.
            #[must_use]
            pub fn a(&self) -> f64 {
                self.core.a
            }

            /// Second shape of the chance to leave.
            #[must_use]
            pub fn b(&self) -> f64 {
                self.core.b
            }

            /// Maximum likelihood from four starts.
            ///
            /// # Errors
            /// `TooFewCustomers` below [`CUSTOMERS_NEEDED`](crate::buyers::CUSTOMERS_NEEDED) customers or
            /// [`REPEATERS_NEEDED`](crate::buyers::REPEATERS_NEEDED) repeaters; `DidNotConverge` when there is no optimum.
            pub fn fit(buyers: &Buyers) -> Result<Fit<Self>> {
                fit(buyers, $more)
            }

            /// Log-likelihood of customers.
            #[must_use]
            pub fn log_likelihood(&self, buyers: &Buyers) -> f64 {
                self.core.curve(buyers).value
            }
        }

        impl Model for $name {
            const NAMES: &'static [&'static str] = &["r", "alpha", "a", "b"];

            fn parameters(&self) -> Vec<f64> {
                vec![self.core.r, self.core.alpha, self.core.a, self.core.b]
            }

            fn from_parameters(parameters: &[f64]) -> Result<Self> {
                let [r, alpha, a, b] = positive(parameters)?;
                Self::new(r, alpha, a, b)
            }
        }

        impl PurchaseModel for $name {
            fn probability_alive(&self, buyer: &Buyer) -> f64 {
                self.core.log_alive(buyer).exp()
            }

            fn expected_purchases(&self, buyer: &Buyer, horizon: f64) -> f64 {
                self.core.expected_purchases(buyer, horizon)
            }

            fn probability_of_purchase(&self, buyer: &Buyer, horizon: f64) -> f64 {
                self.core.probability_of_purchase(buyer, horizon)
            }

            fn expected_repeats(&self, age: f64) -> f64 {
                self.core.expected_purchases(&Buyer { repeats: 0, last: 0.0, age: 0.0 }, age)
            }
        }
    };
}

variant!(BgNbd, 0.0);
variant!(MbgNbd, 1.0);

fn fit<M: Model>(buyers: &Buyers, more: f64) -> Result<Fit<M>> {
    buyers.enough()?;
    let unit = buyers.unit();
    let scaled = buyers.scaled(unit);
    let rate = scaled.rate();
    // Alike and very different customers, loyal and fleeting ones.
    let starts = [(0.3, 0.8, 2.5), (1.0, 1.0, 3.0), (3.0, 0.5, 1.0), (0.6, 2.0, 2.0)].map(|(r, a, b)| [r, r / rate, a, b]);
    let thin = scaled.thinned();
    let curve = |buyers: &Buyers, [r, alpha, a, b]: &[f64; 4]| Core { r: *r, alpha: *alpha, a: *a, b: *b, more }.curve(buyers);
    let part = thin.as_ref().map(|thin| move |parameters: &[f64; 4]| curve(thin, parameters));
    let part = part.as_ref().map(|part| part as &(dyn Fn(&[f64; 4]) -> Curve<4> + Sync));
    let mut fit: Fit<M> = search(&starts, part, &|parameters| curve(&scaled, parameters), [1.0, unit, 1.0, 1.0], buyers.customers())?;
    // A density by time: in a unit as many times as long it is as many times higher, once per purchase.
    fit.log_likelihood -= unit.ln() * buyers.tails.iter().sum::<f64>();
    Ok(fit)
}

impl Core {
    /// Log-likelihood with slope and curvature by (r, α, a, b):
    ///
    /// ln L = ln Γ(r+x)/Γ(r) + r ln α + ln B(a, b+n)/B(a, b) + ln( (α+T)^−(r+x) + a/(b+n−1) · (α+t_x)^−(r+x) ), where n is
    /// the number of purchases survived: x, and the second term only for x > 0, or x + 1 in MBG/NBD.
    fn curve(&self, buyers: &Buyers) -> Curve<4> {
        let Self { r, alpha, a, b, more } = *self;
        let logs: Vec<(f64, f64)> = buyers.times.iter().map(|time| ((alpha + time).ln(), 1.0 / (alpha + time))).collect();
        let mut out = buyers.sum(|groups| self.mixture(groups, &logs), |sum, part| sum.add(&part)).unwrap_or_else(Curve::zero);
        let customers = buyers.customers() as f64;
        let mut survived = |p: f64, sign: f64, at: &[usize]| {
            let (mut value, mut slope, mut bend) = rising(p + more, &buyers.tails);
            if more > 0.0 {
                value += customers * p.ln();
                slope += customers / p;
                bend -= customers / (p * p);
            }
            out.value += sign * value;
            for &i in at {
                out.slope[i] += sign * slope;
                for &j in at.iter().filter(|j| **j <= i) {
                    out.bend[i][j] += sign * bend;
                }
            }
        };
        survived(b, 1.0, &[3]);
        survived(a + b, -1.0, &[2, 3]);
        let (value, slope, bend) = rising(r, &buyers.tails);
        out.value += value + customers * r * alpha.ln();
        out.slope[0] += slope + customers * alpha.ln();
        out.slope[1] += customers * r / alpha;
        out.bend[0][0] += bend;
        out.bend[1][0] += customers / alpha;
        out.bend[1][1] -= customers * r / (alpha * alpha);
        out
    }

    /// The last term of [`Self::curve`], a mixture of two exponentials A (alive) and B (gone): with w the share of B,
    /// slope = A' + w D and curvature = A'' + w (B'' − A'') + w (1 − w) D Dᵀ, where D = B' − A'.
    fn mixture(&self, groups: &[Group], logs: &[(f64, f64)]) -> Curve<4> {
        let Self { r, a, b, more, .. } = *self;
        let mut out = Curve::zero();
        let (log_a, by_a) = (a.ln(), 1.0 / a);
        let mut repeats = u32::MAX;
        let (mut k, mut log_rest, mut by_rest) = (0.0, 0.0, 0.0);
        for group in groups {
            if group.repeats != repeats {
                repeats = group.repeats;
                let x = f64::from(repeats);
                k = r + x;
                let rest = b + x - 1.0 + more;
                (log_rest, by_rest) = (rest.ln(), 1.0 / rest);
            }
            let (log_age, by_age) = logs[group.age as usize];
            let n = group.count;
            out.value -= n * k * log_age;
            out.slope[0] -= n * log_age;
            out.slope[1] -= n * k * by_age;
            out.bend[1][0] -= n * by_age;
            out.bend[1][1] += n * k * by_age * by_age;
            if repeats == 0 && more == 0.0 {
                continue;
            }
            let (log_last, by_last) = logs[group.last as usize];
            let apart = log_age - log_last;
            let (soft, w) = softplus(log_a - log_rest + k * apart);
            out.value += n * soft;
            let d = [apart, k * (by_age - by_last), by_a, -by_rest];
            let (once, both) = (n * w, n * w * (1.0 - w));
            for i in 0..4 {
                out.slope[i] += once * d[i];
                for j in 0..=i {
                    out.bend[i][j] += both * d[i] * d[j];
                }
            }
            out.bend[1][0] += once * (by_age - by_last);
            out.bend[1][1] += once * k * (by_last * by_last - by_age * by_age);
            out.bend[2][2] -= once * by_a * by_a;
            out.bend[3][3] += once * by_rest * by_rest;
        }
        out
    }

    /// ln P(alive | x, t_x, T) = −ln(1 + a/(b+n−1) · ((α+T)/(α+t_x))^(r+x)).
    fn log_alive(&self, buyer: &Buyer) -> f64 {
        if buyer.repeats == 0 && self.more == 0.0 {
            return 0.0;
        }
        let x = f64::from(buyer.repeats);
        let apart = ((buyer.age - buyer.last) / (self.alpha + buyer.last)).ln_1p();
        -softplus(self.a.ln() - (self.b + x - 1.0 + self.more).ln() + (self.r + x) * apart).0
    }

    /// E[Y(t) | x, t_x, T] = (a+b+n−1)/(a−1) · [1 − (1−z)^(a−1) ₂F₁(a+b+n−1−(r+x), a−1; a+b+n−1; z)] · P(alive) with
    /// z = t/(α+T+t): the published form after Euler's transformation of the hypergeometric function.
    fn expected_purchases(&self, buyer: &Buyer, horizon: f64) -> f64 {
        if horizon <= 0.0 {
            return 0.0;
        }
        let z = horizon / (self.alpha + buyer.age + horizon);
        let c = self.a + self.b + f64::from(buyer.repeats) - 1.0 + self.more;
        let first = self.a + self.b - 1.0 + self.more - self.r;
        decay_bracket(first, self.a - 1.0, c, z).max(0.0) * self.log_alive(buyer).exp()
    }

    /// Whoever is alive stays so until the next purchase: P(alive) · (1 − ((α+T)/(α+T+t))^(r+x)).
    fn probability_of_purchase(&self, buyer: &Buyer, horizon: f64) -> f64 {
        let wait = (horizon.max(0.0) / (self.alpha + buyer.age)).ln_1p();
        -(-(self.r + f64::from(buyer.repeats)) * wait).exp_m1() * self.log_alive(buyer).exp()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Error,
        buyers::expected_total,
        judge::{near, slope_and_curvature},
        testdata::{self, cdnow, json, number},
    };

    fn table() -> Vec<Buyer> {
        testdata::sample().iter().map(|customer| customer.published()).collect()
    }

    fn buyer(repeats: u32, last: f64, age: f64) -> Buyer {
        Buyer { repeats, last, age }
    }

    fn published() -> BgNbd {
        BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap()
    }

    #[test]
    fn the_fit_to_cdnow_is_the_published_one() {
        let golden = json("golden.json");
        let buyers = Buyers::group(&table()).unwrap();
        assert_eq!((buyers.customers(), buyers.repeaters()), (2357, 946));
        let fit = BgNbd::fit(&buyers).unwrap();
        for (parameter, pointer) in fit.parameters.iter().zip(["r", "alpha", "a", "b"]) {
            near(parameter.value, number(&golden, &format!("/bgnbd_cdnow/fit/{pointer}")), 2e-5);
            near(parameter.value, number(&golden, &format!("/bgnbd_cdnow/published/{pointer}")), 5e-4);
        }
        near(fit.log_likelihood, -9582.42556, 5e-6);
        near(fit.model.log_likelihood(&buyers), fit.log_likelihood, 1e-8);
        near(published().log_likelihood(&buyers), -9582.426832, 1e-6);
        near(BgNbd::new(1.0, 1.0, 1.0, 1.0).unwrap().log_likelihood(&buyers), -13887.694645, 1e-6);
        assert_eq!((fit.convergence.starts, fit.convergence.agreed), (4, 4));
        assert!(fit.convergence.gradient < 1e-4, "{:?}", fit.convergence);
        let reference = json("cdnow_reference.json");
        for name in ["r", "alpha", "a", "b"] {
            let expected = number(&reference, &format!("/sample_raw/bgnbd/standard_errors_lifetimes/{name}"));
            near(fit.standard_error(name).unwrap() / expected, 1.0, 2e-3);
        }
    }

    #[test]
    fn the_modified_fit_is_the_recomputed_one() {
        let buyers = Buyers::group(&table()).unwrap();
        let fit = MbgNbd::fit(&buyers).unwrap();
        for (parameter, expected) in fit.parameters.iter().zip([0.524838, 6.182992, 0.891356, 1.613999]) {
            near(parameter.value, expected, 2e-4);
        }
        near(fit.log_likelihood, -9582.132685, 2e-6);
        near(fit.model.probability_alive(&buyer(0, 0.0, 38.86)), 0.389716, 5e-5);
        near(fit.model.probability_alive(&buyer(2, 30.43, 38.86)), 0.706126, 5e-5);
    }

    #[test]
    fn expectations_are_those_of_the_published_sheet() {
        let golden = json("golden.json");
        let fit = BgNbd::fit(&Buyers::group(&table()).unwrap()).unwrap().model;
        for (age, expected) in
            [(0.1429, 0.0078), (1.0, 0.0532), (3.0, 0.1506), (31.8571, 1.0405), (32.0, 1.0437), (52.0, 1.4440), (78.0, 1.8576)]
        {
            near(fit.expected_repeats(age), expected, 5e-4);
            near(fit.expected_repeats(age), number(&golden, &format!("/bgnbd_cdnow/E_X_t/{age}")), 6e-5);
        }
        near(fit.expected_purchases(&buyer(2, 30.43, 38.86), 39.0), 1.225910, 2e-5);
        for (customer, expected) in
            [(buyer(2, 30.43, 38.86), 1.226028), (buyer(0, 0.0, 38.86), 0.195098), (buyer(26, 30.86, 31.0), 20.749726)]
        {
            near(published().expected_purchases(&customer, 39.0), expected, 1e-6);
        }
        for (horizon, customer, expected) in [
            (10.0, buyer(132, 200.0, 200.0), 6.311654),
            (52.0, buyer(500, 300.0, 310.0), 0.004_676_165_5),
            (520.0, buyer(3, 10.0, 39.0), 1.852788),
        ] {
            near(published().expected_purchases(&customer, horizon) / expected, 1.0, 2e-7);
        }
        near(published().expected_purchases(&buyer(2000, 300.0, 310.0), 52.0) / 6.56e-23, 1.0, 1e-3);
        for (customer, expected) in [
            (buyer(0, 0.0, 38.86), 1.0),
            (buyer(1, 1.71, 38.86), 0.212227),
            (buyer(2, 30.43, 38.86), 0.726609),
            (buyer(26, 30.86, 31.0), 0.968920),
            (buyer(5, 5.0, 38.86), 0.002719),
            (buyer(5, 35.0, 38.86), 0.832376),
        ] {
            near(fit.probability_alive(&customer), expected, 5e-6);
        }
    }

    #[test]
    fn the_back_test_misses_as_far_as_it_is_known_to() {
        let sample = testdata::sample();
        let buyers = Buyers::group(&table()).unwrap();
        let fit = BgNbd::fit(&buyers).unwrap().model;
        near(expected_total(&fit, &buyers, 0.0), 2493.968, 0.05);
        near(expected_total(&fit, &buyers, 39.0), 4160.637, 0.05);
        let promised: f64 = table().iter().map(|customer| fit.expected_purchases(customer, 39.0)).sum();
        near(promised, 1653.42, 0.02);
        assert_eq!(sample.iter().map(|customer| customer.held_back()).sum::<u32>(), 1882);
    }

    #[test]
    fn all_of_cdnow_is_fitted_as_by_others() {
        let reference = json("cdnow_reference.json");
        let customers: Vec<Buyer> = cdnow().iter().map(|customer| customer.buyer()).collect();
        let fit = BgNbd::fit(&Buyers::group(&customers).unwrap()).unwrap();
        assert_eq!(fit.customers, 23_570);
        for parameter in &fit.parameters {
            near(parameter.value / number(&reference, &format!("/master_raw/bgnbd/{}", parameter.name)), 1.0, 2e-5);
            near(
                parameter.standard_error / number(&reference, &format!("/master_raw/bgnbd/standard_errors_lifetimes/{}", parameter.name)),
                1.0,
                2e-3,
            );
        }
        assert!(fit.log_likelihood >= number(&reference, "/master_raw/bgnbd/LL") - 1e-4, "{}", fit.log_likelihood);
        let modified = MbgNbd::fit(&Buyers::group(&customers).unwrap()).unwrap();
        for parameter in &modified.parameters {
            near(parameter.value / number(&reference, &format!("/master_raw/mbgnbd_lifetimes/{}", parameter.name)), 1.0, 1e-3);
        }
        let promised: f64 = customers.iter().map(|customer| fit.model.expected_purchases(customer, 39.0)).sum();
        near(promised / number(&reference, "/holdout_39w_master/bgnbd/total_expected"), 1.0, 1e-5);
    }

    #[test]
    fn the_twenty_named_customers_are_told_alike() {
        let reference = json("cdnow_reference.json");
        let buyers: Vec<Buyer> = testdata::sample().iter().map(|customer| customer.buyer()).collect();
        let fit = BgNbd::fit(&Buyers::group(&buyers).unwrap()).unwrap().model;
        let named = reference["named_customers"].as_array().unwrap();
        assert_eq!(named.len(), 20);
        for one in named {
            let index: usize = one["sample_id"].as_str().unwrap().parse().unwrap();
            let customer = buyers[index - 1];
            assert_eq!(f64::from(customer.repeats), number(one, "/frequency"));
            near(customer.last, number(one, "/recency"), 1e-9);
            near(customer.age, number(one, "/T"), 1e-9);
            near(published().probability_alive(&customer), number(one, "/at_published_params/bgnbd_p_alive"), 1e-9);
            near(published().expected_purchases(&customer, 39.0), number(one, "/at_published_params/bgnbd_e_39w"), 1e-9);
            near(fit.probability_alive(&customer), number(one, "/bgnbd/p_alive"), 1e-5);
            near(fit.expected_purchases(&customer, 39.0), number(one, "/bgnbd/e_39w"), 5e-5);
        }
    }

    #[test]
    fn an_interval_of_a_figure_holds_the_figure() {
        let fit = BgNbd::fit(&Buyers::group(&table()).unwrap()).unwrap();
        let customer = buyer(2, 30.43, 38.86);
        let interval = fit.interval(0.95, |model| model.expected_purchases(&customer, 39.0)).unwrap();
        near(interval.value, 1.22591, 2e-5);
        assert!(interval.low > 1.0 && interval.high < 1.5 && interval.low < interval.value, "{interval:?}");
        // The figure "r" has the interval of r.
        let r = fit.interval(0.95, BgNbd::r).unwrap();
        near((r.high - r.low) / 2.0 / 1.959964, fit.standard_error("r").unwrap(), 1e-6);
    }

    #[test]
    fn too_few_and_too_equal_customers_are_refused() {
        let few = Buyers::group(&table()[..99]).unwrap();
        assert_eq!(BgNbd::fit(&few).unwrap_err(), Error::TooFewCustomers { of: "customers", have: 99, need: 100 });
        let once = Buyers::group(&vec![buyer(0, 0.0, 10.0); 500]).unwrap();
        assert_eq!(BgNbd::fit(&once).unwrap_err(), Error::TooFewCustomers { of: "customers with a repeat purchase", have: 0, need: 20 });
        // As regular as clockwork: the rate has no spread, so that r and α run to infinity.
        let clockwork = Buyers::group(&vec![buyer(10, 10.0, 10.0); 500]).unwrap();
        let error = BgNbd::fit(&clockwork).unwrap_err();
        assert!(matches!(&error, Error::DidNotConverge { best, .. } if best.parameters.len() == 4), "{error}");
        assert!(BgNbd::new(1.0, 0.0, 1.0, 1.0).is_err());
    }

    #[test]
    fn a_fit_is_the_same_in_days_and_in_weeks() {
        let days: Vec<Buyer> =
            table().iter().map(|customer| Buyer { last: customer.last * 7.0, age: customer.age * 7.0, ..*customer }).collect();
        let weeks = BgNbd::fit(&Buyers::group(&table()).unwrap()).unwrap().model;
        let days = BgNbd::fit(&Buyers::group(&days).unwrap()).unwrap().model;
        for (one, other, factor) in
            [(weeks.r(), days.r(), 1.0), (weeks.alpha(), days.alpha(), 7.0), (weeks.a(), days.a(), 1.0), (weeks.b(), days.b(), 1.0)]
        {
            near(one * factor / other, 1.0, 1e-7);
        }
    }

    #[test]
    fn slope_and_curvature_are_those_of_the_likelihood() {
        let buyers = Buyers::group(&table()[..400]).unwrap();
        for more in [0.0, 1.0] {
            slope_and_curvature([0.4, 5.0, 0.7, 1.9], 1e-5, |p| Core { r: p[0], alpha: p[1], a: p[2], b: p[3], more }.curve(&buyers));
        }
    }

    proptest! {
        #[test]
        fn figures_stay_within_reason(r in 0.01..50.0f64, alpha in 0.01..500.0f64, a in 0.05..20.0f64, b in 0.05..50.0f64, x in 0u32..2000, part in 0.001..1.0f64, age in 1.0..3000.0f64, horizon in 0.1..520.0f64) {
            let customer = if x == 0 { buyer(0, 0.0, age) } else { buyer(x, part * age, age) };
            let models: [Box<dyn PurchaseModel>; 2] = [Box::new(BgNbd::new(r, alpha, a, b).unwrap()), Box::new(MbgNbd::new(r, alpha, a, b).unwrap())];
            for model in models {
                let alive = model.probability_alive(&customer);
                let buys = model.probability_of_purchase(&customer, horizon);
                let expected = model.expected_purchases(&customer, horizon);
                prop_assert!((0.0..=1.0).contains(&alive));
                prop_assert!(buys >= 0.0 && buys <= alive);
                prop_assert!(expected.is_finite() && expected >= buys * (1.0 - 1e-6) - 1e-9, "{expected} {buys}");
                // Nobody is expected to buy more than somebody who never leaves.
                prop_assert!(expected <= (r + f64::from(x)) / (alpha + age) * horizon * alive * (1.0 + 1e-6) + 1e-9);
                prop_assert!(model.expected_purchases(&customer, 2.0 * horizon) >= expected * (1.0 - 1e-6) - 1e-9);
            }
        }

        #[test]
        fn the_order_of_customers_does_not_matter(seed in 0u64..1000) {
            let mut customers = table();
            let ordered = published().log_likelihood(&Buyers::group(&customers).unwrap());
            let by = seed as usize % customers.len();
            customers.rotate_left(by);
            let rotated = published().log_likelihood(&Buyers::group(&customers).unwrap());
            prop_assert!((ordered - rotated).abs() < 1e-8);
        }
    }
}
