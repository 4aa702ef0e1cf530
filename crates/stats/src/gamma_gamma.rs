//! Gamma-Gamma (Fader & Hardie 2013, note 025): how much a customer spends per purchase occasion.
//!
//! Amounts of a customer are Gamma(p, ν), their scales ν Gamma(q, v) over customers, independent of how often they buy.
//! Amounts are divided by their mean before the fit, since searches fail on amounts in the millions, as prices in Rial are.

use rayon::prelude::*;
use statrs::function::gamma::{digamma, ln_gamma};

use crate::{
    Error, Reason, Result,
    error::enough,
    fit::{Fit, Model, model_of, no_optimum, search},
    newton::Curve,
    special::trigamma,
};

/// Fewer customers than this give parameters that say nothing of others.
pub const CUSTOMERS_NEEDED: usize = 50;

/// Above this correlation of number and mean of purchases the model's assumption, that they are independent, is doubtful.
pub const CORRELATION_LIMIT: f64 = 0.3;

/// What one customer spent: over x occasions the mean z̄, refunds netted, in any currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spender {
    /// x: number of occasions that the mean is of.
    pub occasions: u32,
    /// z̄: mean amount of an occasion; must be positive for a fit, and is not read where there are no occasions.
    pub mean: f64,
}

/// The model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    p: f64,
    q: f64,
    v: f64,
}

impl GammaGamma {
    /// The model of known parameters; v is an amount of money.
    ///
    /// # Errors
    /// `Invalid` unless all are positive and finite and q > 1, without which there is no mean.
    pub fn new(p: f64, q: f64, v: f64) -> Result<Self> {
        let model = Self::from_parameters(&[p, q, v])?;
        if q > 1.0 { Ok(model) } else { Err(Error::invalid("q that is not above 1: amounts without a mean")) }
    }

    /// Shape of a customer's amounts.
    #[must_use]
    pub fn p(&self) -> f64 {
        self.p
    }

    /// Shape of the scales over customers.
    #[must_use]
    pub fn q(&self) -> f64 {
        self.q
    }

    /// Rate of the scales over customers, an amount.
    #[must_use]
    pub fn v(&self) -> f64 {
        self.v
    }

    /// Maximum likelihood from four starts. Customers without occasions or with a mean that is not positive are left out:
    /// they have no amount to learn from.
    ///
    /// # Errors
    /// `Invalid` for an amount that is not finite, `TooFewCustomers` when fewer than [`CUSTOMERS_NEEDED`] are left,
    /// `DidNotConverge` when there is no optimum or the population has no finite mean (q ≤ 1).
    pub fn fit(spenders: &[Spender]) -> Result<Fit<Self>> {
        if let Some(row) = spenders.iter().position(|spender| !spender.mean.is_finite()) {
            return Err(Error::invalid_at("an amount that is not finite", row));
        }
        let used: Vec<Spender> = spenders.iter().copied().filter(|spender| spender.occasions > 0 && spender.mean > 0.0).collect();
        enough("customers with a repeat amount", used.len(), CUSTOMERS_NEEDED)?;
        let customers = used.len() as u64;
        let unit = used.iter().map(|spender| spender.mean).sum::<f64>() / customers as f64;
        let data = Data::new(&used, unit);
        // v = (q − 1)/p gives the scaled population its mean of 1.
        let starts = [(2.0, 3.0), (6.0, 4.0), (0.8, 2.0), (15.0, 10.0)].map(|(p, q): (f64, f64)| [p, q, (q - 1.0) / p]);
        let mut fit: Fit<Self> = search(&starts, None, &|[p, q, v]| data.curve(*p, *q, *v), [1.0, 1.0, unit], customers)?;
        fit.log_likelihood -= unit.ln() * customers as f64;
        if fit.model.q <= 1.0 {
            let Fit { model, log_likelihood, convergence, .. } = fit;
            return Err(no_optimum::<Self>(
                &model.parameters(),
                log_likelihood,
                convergence.gradient,
                convergence.steps,
                Reason::NoFiniteMean,
            ));
        }
        Ok(fit)
    }

    /// Log-likelihood of the customers that [`Self::fit`] would use.
    #[must_use]
    pub fn log_likelihood(&self, spenders: &[Spender]) -> f64 {
        let used: Vec<Spender> = spenders.iter().copied().filter(|spender| spender.occasions > 0 && spender.mean > 0.0).collect();
        Data::new(&used, 1.0).curve(self.p, self.q, self.v).value
    }

    /// Mean amount over the population: p·v/(q−1).
    #[must_use]
    pub fn population_mean(&self) -> f64 {
        self.p * self.v / (self.q - 1.0)
    }

    /// E[M | x, z̄] = (q−1)/(px+q−1) · pv/(q−1) + px/(px+q−1) · z̄: the customer's own mean, drawn towards the population's
    /// the more, the fewer occasions there are.
    #[must_use]
    pub fn expected_mean(&self, spender: &Spender) -> f64 {
        if spender.occasions == 0 {
            return self.population_mean();
        }
        let own = self.p * f64::from(spender.occasions);
        let share = own / (own + self.q - 1.0);
        (1.0 - share) * self.population_mean() + share * spender.mean
    }
}

/// Pearson's correlation of number and mean of purchases among customers with a positive mean; the model assumes 0, see
/// [`CORRELATION_LIMIT`]. `None` when all are alike.
#[must_use]
pub fn correlation(spenders: &[Spender]) -> Option<f64> {
    let used: Vec<(f64, f64)> = spenders
        .iter()
        .filter(|spender| spender.occasions > 0 && spender.mean > 0.0)
        .map(|spender| (f64::from(spender.occasions), spender.mean))
        .collect();
    let n = used.len() as f64;
    let (mean_x, mean_z) = used.iter().fold((0.0, 0.0), |(x, z), pair| (x + pair.0 / n, z + pair.1 / n));
    let (mut xx, mut zz, mut xz) = (0.0, 0.0, 0.0);
    for (x, z) in used {
        xx += (x - mean_x).powi(2);
        zz += (z - mean_z).powi(2);
        xz += (x - mean_x) * (z - mean_z);
    }
    // Rounding of the mean is no spread.
    let spread = |squares: f64, mean: f64| squares > n * (1e-12 * mean).powi(2);
    (spread(xx, mean_x) && spread(zz, mean_z)).then(|| xz / (xx * zz).sqrt())
}

/// What the likelihood needs of the customers: how many have x occasions, their total amounts, and a constant.
struct Data {
    /// (x, total amount), ascending by x.
    totals: Vec<(u32, f64)>,
    /// (x, customers).
    counts: Vec<(f64, f64)>,
    /// Σ ln z̄, Σ x ln z̄ and Σ x ln x.
    logs: [f64; 3],
}

impl Data {
    fn new(spenders: &[Spender], unit: f64) -> Self {
        let mut totals: Vec<(u32, f64)> =
            spenders.iter().map(|spender| (spender.occasions, f64::from(spender.occasions) * (spender.mean / unit))).collect();
        totals.par_sort_unstable_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        let mut counts: Vec<(f64, f64)> = Vec::new();
        for (x, _) in &totals {
            let x = f64::from(*x);
            match counts.last_mut() {
                Some(last) if last.0 == x => last.1 += 1.0,
                _ => counts.push((x, 1.0)),
            }
        }
        let mut logs = [0.0; 3];
        for (x, total) in &totals {
            let x = f64::from(*x);
            let log = (total / x).ln();
            logs[0] += log;
            logs[1] += x * log;
            logs[2] += x * x.ln();
        }
        Self { totals, counts, logs }
    }

    /// Log-likelihood with slope and curvature by (p, q, v):
    ///
    /// ln L = ln Γ(px+q) − ln Γ(px) − ln Γ(q) + q ln v + (px−1) ln z̄ + px ln x − (px+q) ln(x z̄ + v).
    fn curve(&self, p: f64, q: f64, v: f64) -> Curve<3> {
        let part = |totals: &[(u32, f64)]| {
            let mut out = Curve::<3>::zero();
            for (x, total) in totals {
                let x = f64::from(*x);
                let shape = p * x + q;
                let (log, by) = ((total + v).ln(), 1.0 / (total + v));
                out.value -= shape * log;
                out.slope[0] -= x * log;
                out.slope[1] -= log;
                out.slope[2] -= shape * by;
                out.bend[2][0] -= x * by;
                out.bend[2][1] -= by;
                out.bend[2][2] += shape * by * by;
            }
            out
        };
        const CHUNK: usize = 4096;
        let parts: Vec<Curve<3>> = if self.totals.len() <= 4 * CHUNK {
            self.totals.chunks(CHUNK).map(part).collect()
        } else {
            self.totals.par_chunks(CHUNK).map(part).collect()
        };
        let mut out = Curve::zero();
        parts.iter().for_each(|part| out.add(part));
        let n = self.totals.len() as f64;
        let [log_z, x_log_z, x_log_x] = self.logs;
        out.value += p * (x_log_z + x_log_x) - log_z + n * (q * v.ln() - ln_gamma(q));
        out.slope[0] += x_log_z + x_log_x;
        out.slope[1] += n * (v.ln() - digamma(q));
        out.slope[2] += n * q / v;
        out.bend[1][1] -= n * trigamma(q);
        out.bend[2][1] += n / v;
        out.bend[2][2] -= n * q / (v * v);
        for &(x, count) in &self.counts {
            let (own, shape) = (p * x, p * x + q);
            let (psi, tri) = (digamma(shape), trigamma(shape));
            out.value += count * (ln_gamma(shape) - ln_gamma(own));
            out.slope[0] += count * x * (psi - digamma(own));
            out.slope[1] += count * psi;
            out.bend[0][0] += count * x * x * (tri - trigamma(own));
            out.bend[1][0] += count * x * tri;
            out.bend[1][1] += count * tri;
        }
        out
    }
}

model_of!(GammaGamma: p, q, v);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judge::near;
    use crate::testdata::{self, cdnow, json, number};

    fn sample() -> Vec<Spender> {
        testdata::sample().iter().map(|customer| customer.spender()).collect()
    }

    #[test]
    fn the_fit_to_cdnow_is_the_published_one() {
        let spenders = sample();
        let fit = GammaGamma::fit(&spenders).unwrap();
        assert_eq!(fit.customers, 946);
        for ((parameter, published), exact) in
            fit.parameters.iter().zip([6.25, 3.74, 15.44]).zip([6.249_572_093_127_41, 3.744_224_638_676_827_4, 15.443_521_705_745_024])
        {
            near(parameter.value, published, 5.1e-3);
            near(parameter.value, exact, 2e-5);
        }
        near(fit.log_likelihood, -4_055.917_694_8, 1e-6);
        near(fit.model.log_likelihood(&spenders), fit.log_likelihood, 1e-7);
        near(fit.model.population_mean(), 35.17, 0.005);
        near(correlation(&spenders).unwrap(), 0.1139, 5e-5);
        assert_eq!(fit.convergence.agreed, 4, "{:?}", fit.convergence);
    }

    #[test]
    fn the_rounded_table_is_fitted_as_recomputed() {
        // The published table has means of two digits, halves up.
        let rounded: Vec<Spender> =
            sample().iter().map(|spender| Spender { mean: (spender.mean * 100.0 + 1e-7).round() / 100.0, ..*spender }).collect();
        let fit = GammaGamma::fit(&rounded).unwrap();
        for (parameter, golden) in fit.parameters.iter().zip([6.248803, 3.744588, 15.447746]) {
            near(parameter.value, golden, 2e-4);
        }
        near(fit.log_likelihood, -4055.923244, 2e-4);
        near(correlation(&rounded).unwrap(), 0.113884, 1e-6);
        let mean = rounded.iter().filter(|spender| spender.occasions > 0).map(|spender| spender.mean).sum::<f64>() / 946.0;
        near(mean, 35.07855, 1e-5);
        let published = GammaGamma::new(6.25, 3.74, 15.44).unwrap();
        for ((spender, golden), sheet) in rounded
            .iter()
            .zip([24.66, 18.92, 35.22, 35.22, 35.22, 71.47, 18.92, 35.22, 27.29, 35.22])
            .zip([24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17])
        {
            near(published.expected_mean(spender), golden, 0.0051);
            near(published.expected_mean(spender), sheet, 0.1);
            near(fit.model.expected_mean(spender), sheet, 0.01);
        }
    }

    #[test]
    fn all_of_cdnow_is_fitted_as_by_others() {
        let reference = json("cdnow_reference.json");
        let spenders: Vec<Spender> = cdnow().iter().map(|customer| customer.spender()).collect();
        let fit = GammaGamma::fit(&spenders).unwrap();
        assert_eq!(fit.customers, 9450);
        for parameter in &fit.parameters {
            near(parameter.value / number(&reference, &format!("/master_raw/gammagamma/{}", parameter.name)), 1.0, 2e-5);
        }
        near(fit.log_likelihood, number(&reference, "/master_raw/gammagamma/LL"), 1e-4);
        near(correlation(&spenders).unwrap(), number(&reference, "/master_raw/gammagamma/freq_monetary_pearson"), 1e-6);
    }

    #[test]
    fn the_twenty_named_customers_are_told_alike() {
        let reference = json("cdnow_reference.json");
        let spenders = sample();
        let fit = GammaGamma::fit(&spenders).unwrap().model;
        let published = GammaGamma::new(6.25, 3.74, 15.44).unwrap();
        for one in reference["named_customers"].as_array().unwrap() {
            let index: usize = one["sample_id"].as_str().unwrap().parse().unwrap();
            let spender = spenders[index - 1];
            near(spender.mean, number(one, "/monetary_value"), 1e-9);
            near(published.expected_mean(&spender), number(one, "/at_published_params/gammagamma_mean_spend"), 1e-9);
            near(fit.expected_mean(&spender), number(one, "/gammagamma_expected_mean_spend"), 1e-4);
        }
    }

    #[test]
    fn prices_in_the_millions_are_no_trap() {
        let spenders = sample();
        let plain = GammaGamma::fit(&spenders).unwrap();
        for factor in [1e-3, 1e3, 1e6, 1e7] {
            let scaled: Vec<Spender> = spenders.iter().map(|spender| Spender { mean: spender.mean * factor, ..*spender }).collect();
            let fit = GammaGamma::fit(&scaled).unwrap();
            near(fit.model.p, plain.model.p, 1e-4);
            near(fit.model.q, plain.model.q, 1e-4);
            near(fit.model.v / factor / plain.model.v, 1.0, 1e-6);
            near(fit.log_likelihood, plain.log_likelihood - 946.0 * factor.ln(), 1e-4);
            near(fit.standard_error("v").unwrap() / factor / plain.standard_error("v").unwrap(), 1.0, 1e-4);
        }
    }

    #[test]
    fn what_has_no_mean_is_refused() {
        // Scales so different that the population's mean is infinite: 2^k for every k.
        let wild: Vec<Spender> = (0..400).map(|k| Spender { occasions: 2 + k % 3, mean: (f64::from(k % 40) * 1.5).exp() }).collect();
        let error = GammaGamma::fit(&wild).unwrap_err();
        assert!(matches!(error, Error::DidNotConverge { reason: Reason::NoFiniteMean | Reason::RunsAway, .. }), "{error}");
        assert!(GammaGamma::new(2.0, 0.9, 1.0).is_err());
        let alike = vec![Spender { occasions: 3, mean: 10.0 }; 200];
        assert!(matches!(GammaGamma::fit(&alike), Err(Error::DidNotConverge { .. })));
        assert!(matches!(GammaGamma::fit(&[Spender { occasions: 1, mean: f64::NAN }]), Err(Error::Invalid { row: Some(0), .. })));
        // Refunded to nothing and never repeated: no amount to learn from.
        let nothing = vec![Spender { occasions: 2, mean: 0.0 }; 500];
        assert_eq!(
            GammaGamma::fit(&nothing).unwrap_err(),
            Error::TooFewCustomers { of: "customers with a repeat amount", have: 0, need: 50 }
        );
        assert_eq!(correlation(&alike), None);
    }

    proptest! {
        #[test]
        fn an_expected_mean_lies_between_own_and_population(p in 0.1..50.0f64, q in 1.01..50.0f64, v in 0.1..1e9f64, occasions in 1u32..3000, mean in 1.0..1e9f64) {
            let model = GammaGamma::new(p, q, v).unwrap();
            let expected = model.expected_mean(&Spender { occasions, mean });
            let population = model.population_mean();
            prop_assert!(expected >= mean.min(population) * (1.0 - 1e-12) && expected <= mean.max(population) * (1.0 + 1e-12));
        }
    }
}
