//! From facts to fits and scores: plain values in and out, the statistics those of `peyvand-stats`.

use super::facts::{Customer, Facts};
use super::fits::{Concentration, Estimate, FitKind, Lack, Missing, Model, Parameter, Quality, Refusal, RefusedFor, SalesClass};
use super::trial;
use crate::{Day, Id};
use peyvand_stats::Error;
use peyvand_stats::bg_nbd::MbgNbd;
use peyvand_stats::buyers::{Buyer, Buyers, PurchaseModel, expected_total};
use peyvand_stats::concentration::{Abc, WhaleCurve, abc, gini};
use peyvand_stats::fit::Fit as Fitted;
use peyvand_stats::gamma_gamma::{CORRELATION_LIMIT, GammaGamma, Spender, correlation};
use peyvand_stats::lifetime_value::{Horizon, lifetime_value};
use peyvand_stats::rfm::{self, Bands, Habits, Score};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// Bands of each of recency, frequency and value.
pub const BANDS: usize = 5;
/// Days in the unit of time that the models work in.
pub const WEEK: f64 = 7.0;
/// How sure ranges are.
pub const LEVEL: f64 = 0.95;
/// Customers whose figures are added up in one piece: the pieces make sums the same on any number of processors.
const PIECE: usize = 4_096;
/// Days ahead for which purchases are expected.
pub const SOON: f64 = 90.0;
/// The value of a customer: twelve months, what is later counts one per cent less a month, all of the amount.
pub const YEAR: Horizon = Horizon { periods: 12, period: 365.25 / WEEK / 12.0, discount: 0.01, margin: 1.0 };
/// Nobody waits longer than this for a number.
const FAR: i64 = 3_650;

/// What a method came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// What it is for.
    pub kind: FitKind,
    /// Made of its kind and its input.
    pub id: Id<super::Fit>,
    /// What was fitted, and how good it is; or why not.
    pub outcome: Result<(Model, Quality), Refusal>,
}

/// The numbers of one customer; what its model refused is absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// What they are worked out from.
    pub facts: Customer,
    /// Mean amount of the days with a purchase after the first one.
    pub repeat_mean_minor: f64,
    /// Bands of recency, frequency and value.
    pub score: Option<Score>,
    /// Probability of still being active.
    pub p_active: Option<f64>,
    /// Expected days with a purchase in the next [`SOON`] days.
    pub purchases_90d: Option<f64>,
    /// Expected amount of such a day, in minor units.
    pub occasion_minor: Option<f64>,
    /// Expected value of the next twelve months, in minor units.
    pub value_12m_minor: Option<f64>,
}

/// The customer as the purchase models see them.
#[must_use]
pub fn buyer(recency_days: i64, age_days: i64, occasions: i64) -> Buyer {
    let repeats = u32::try_from(occasions - 1).unwrap_or_default();
    Buyer { repeats, last: (age_days - recency_days) as f64 / WEEK, age: age_days as f64 / WEEK }
}

/// The customer as the model of amounts sees them: days with a purchase after the first one, and their mean amount.
#[must_use]
pub fn spender(occasions: i64, repeat_mean_minor: f64) -> Spender {
    Spender { occasions: u32::try_from(occasions - 1).unwrap_or_default(), mean: repeat_mean_minor }
}

/// The mean of frequency and value, rounded up: the rows of the grid.
#[must_use]
pub fn frequency_value(score: &Score) -> i64 {
    (i64::from(score.frequency) + i64::from(score.value) + 1) / 2
}

/// Fits all models and scores every customer with them, on all processors. The same facts give the same numbers to the
/// last bit.
#[must_use]
pub fn work_out(facts: &Facts) -> (Vec<Made>, Vec<Scored>) {
    let until = facts.until();
    let habits: Vec<Habits> = facts
        .customers
        .iter()
        .map(|one| Habits { recency: f64::from(until - one.last), frequency: one.occasions.into(), value: one.net_minor as f64 })
        .collect();
    let buyers: Vec<Buyer> = facts.customers.iter().map(|one| buyer_of(one, until)).collect();
    let spenders: Vec<Spender> = facts.customers.iter().map(spender_of).collect();
    let bands = fit_bands(facts, &habits);
    let activity = fit_activity(facts, &buyers);
    let spending = fit_spending(facts, &spenders);
    let (by_bands, by_activity, by_spending) = (bands.as_ref().ok(), activity.as_ref().ok(), spending.as_ref().ok());
    let scored: Vec<Scored> = (0..facts.customers.len())
        .into_par_iter()
        .map(|at| {
            let finite = |number: f64| Some(number).filter(|number| number.is_finite());
            let occasion_minor = by_spending.and_then(|(fit, _)| finite(fit.model.expected_mean(&spenders[at])));
            Scored {
                facts: facts.customers[at],
                repeat_mean_minor: spenders[at].mean,
                score: by_bands.map(|(bands, _)| bands.score(&habits[at])),
                p_active: by_activity.and_then(|(fit, _)| finite(fit.model.probability_alive(&buyers[at]))),
                purchases_90d: by_activity.and_then(|(fit, _)| finite(fit.model.expected_purchases(&buyers[at], SOON / WEEK))),
                occasion_minor,
                value_12m_minor: by_activity
                    .zip(occasion_minor)
                    .and_then(|((fit, _), amount)| finite(lifetime_value(&fit.model, &buyers[at], amount, &YEAR))),
            }
        })
        .collect();
    let value_12m_minor = by_activity.zip(by_spending).map(|_| sum(&scored, |one| one.value_12m_minor.unwrap_or_default()));
    let spending = spending.map(|(fit, quality)| (fit, Quality { value_12m_minor, ..quality }));
    let made = |kind, outcome| Made { kind, id: id_of(kind, facts), outcome };
    let fits = vec![
        made(FitKind::Rfm, bands.map(|(bands, quality)| (cuts_of(&bands), quality))),
        made(FitKind::Activity, activity.map(|(fit, quality)| (parameters_of(&fit), quality))),
        made(FitKind::Spending, spending.map(|(fit, quality)| (parameters_of(&fit), quality))),
        made(FitKind::Concentration, concentration(facts)),
        made(FitKind::Trial, trial::try_out(facts)),
    ];
    (fits, scored)
}

fn buyer_of(customer: &Customer, until: i32) -> Buyer {
    buyer((until - customer.last).into(), (until - customer.first).into(), customer.occasions.into())
}

/// The mean of the occasions after the first, as the literature takes it; refunds may have left nothing of them.
fn spender_of(customer: &Customer) -> Spender {
    let occasions = customer.occasions - 1;
    let mean = if occasions == 0 { 0.0 } else { (customer.net_minor - customer.first_minor) as f64 / f64::from(occasions) };
    Spender { occasions, mean: mean.max(0.0) }
}

/// A number that only this kind and this input have, in the form of a UUID.
fn id_of(kind: FitKind, facts: &Facts) -> Id<super::Fit> {
    let sum = Sha256::digest(format!("{kind} {}", facts.hash));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sum[..16]);
    Id::new(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn fit_bands(facts: &Facts, habits: &[Habits]) -> Result<(Bands, Quality), Refusal> {
    let missing: Vec<Missing> = rfm::missing(habits, history(facts))
        .into_iter()
        .map(|missing| match missing {
            rfm::Missing::Customers(_) => too_few(facts, Lack::Customers, habits.len(), rfm::CUSTOMERS_GUARD),
            rfm::Missing::History(more) => Missing {
                of: Lack::History,
                have: history(facts),
                need: rfm::HISTORY_GUARD,
                enough_on: (!habits.is_empty()).then(|| facts.as_of.plus(more)),
            },
            rfm::Missing::Recent => Missing {
                of: Lack::Recent,
                have: habits.iter().map(|one| one.recency as i64).min().unwrap_or_default(),
                need: rfm::RECENT_GUARD as i64,
                enough_on: None,
            },
            rfm::Missing::Repeats => Missing {
                of: Lack::Occasions,
                have: habits.iter().map(|one| one.frequency as i64).max().unwrap_or_default(),
                need: rfm::OCCASIONS_GUARD as i64,
                enough_on: None,
            },
        })
        .collect();
    if !missing.is_empty() {
        return Err(Refusal { reason: RefusedFor::TooLittle, missing, detail: None });
    }
    let bands = Bands::of(habits, BANDS, facts.until().into()).map_err(|error| refused(facts, error))?;
    Ok((bands, Quality { customers: habits.len() as i64, ..Quality::default() }))
}

fn fit_activity(facts: &Facts, buyers: &[Buyer]) -> Result<(Fitted<MbgNbd>, Quality), Refusal> {
    let grouped = Buyers::group(buyers).map_err(|error| refused(facts, error))?;
    let fit = MbgNbd::fit(&grouped).map_err(|error| refused(facts, error))?;
    let expected = expected_total(&fit.model, &grouped, 0.0);
    let most = buyers.len() as f64;
    let active = |model: &MbgNbd| sum(buyers, |buyer| model.probability_alive(buyer));
    let soon = |model: &MbgNbd| sum(buyers, |buyer| model.expected_purchases(buyer, SOON / WEEK));
    let quality = Quality {
        active: Some(estimate(&fit, most, active)),
        purchases_90d: Some(estimate(&fit, f64::MAX, soon)),
        repeats: Some(buyers.iter().map(|buyer| i64::from(buyer.repeats)).sum()),
        repeats_expected: Some(expected).filter(|expected| expected.is_finite()),
        ..quality_of(&fit)
    };
    Ok((fit, quality))
}

fn fit_spending(facts: &Facts, spenders: &[Spender]) -> Result<(Fitted<GammaGamma>, Quality), Refusal> {
    let fit = GammaGamma::fit(spenders).map_err(|error| refused(facts, error))?;
    let correlation = correlation(spenders);
    let quality = Quality { correlation, is_independent: correlation.map(|found| found.abs() <= CORRELATION_LIMIT), ..quality_of(&fit) };
    Ok((fit, quality))
}

/// The sum of a figure of all, the same to the last bit however many processors there are.
pub(super) fn sum<T: Sync>(all: &[T], figure: impl Fn(&T) -> f64 + Sync) -> f64 {
    let pieces: Vec<f64> = all.par_chunks(PIECE).map(|piece| piece.iter().map(&figure).sum()).collect();
    pieces.iter().sum()
}

/// A figure of a model with its range.
pub(super) fn estimate<M: peyvand_stats::fit::Model>(fit: &Fitted<M>, most: f64, figure: impl Fn(&M) -> f64) -> Estimate {
    let value = figure(&fit.model);
    let range = fit.interval(LEVEL, figure).ok().map(|range| (range.low, range.high));
    Estimate::of(value, range, most)
}

/// Shares of the sales up to which customers are of class A and B.
const CLASSES: (f64, f64) = (0.8, 0.95);

/// Who gave back more than they bought counts as nothing: shares of a loss mean nothing.
fn concentration(facts: &Facts) -> Result<(Model, Quality), Refusal> {
    let refused = |error| refused(facts, error);
    let net: Vec<f64> = facts.customers.iter().map(|one| one.net_minor.max(0) as f64).collect();
    let curve = WhaleCurve::of(&net).map_err(refused)?;
    let classes = abc(&net, CLASSES.0, CLASSES.1).map_err(refused)?;
    let class = |which: Abc, name: &str| {
        let of = || net.iter().zip(&classes).filter(|(_, class)| **class == which).map(|(net, _)| *net as i64);
        SalesClass {
            name: name.to_owned(),
            customers: of().count() as i64,
            net_minor: of().sum(),
            least_minor: of().min().unwrap_or_default(),
        }
    };
    let measured = Concentration {
        curve: (0..=100).map(|percent| curve.share_of_best(f64::from(percent) / 100.0).unwrap_or_default()).collect(),
        gini: gini(&net).map_err(refused)?,
        classes: vec![class(Abc::A, "A"), class(Abc::B, "B"), class(Abc::C, "C")],
        without: net.iter().filter(|net| **net == 0.0).count() as i64,
    };
    Ok((Model::Concentration(measured), Quality { customers: net.len() as i64, ..Quality::default() }))
}

pub(super) fn quality_of<M>(fit: &Fitted<M>) -> Quality {
    Quality {
        customers: fit.customers as i64,
        log_likelihood: Some(fit.log_likelihood).filter(|found| found.is_finite()),
        gradient: Some(fit.convergence.gradient).filter(|found| found.is_finite()),
        starts: fit.convergence.starts.into(),
        agreed: fit.convergence.agreed.into(),
        ..Quality::default()
    }
}

fn cuts_of(bands: &Bands) -> Model {
    let points = |cuts: &rfm::Cuts| cuts.points().to_vec();
    Model::Cuts { recency: points(&bands.recency), frequency: points(&bands.frequency), value: points(&bands.value) }
}

pub(super) fn list_of<M>(fit: &Fitted<M>) -> Vec<Parameter> {
    let parameter = |one: &peyvand_stats::fit::Parameter| Parameter {
        name: one.name.to_owned(),
        value: one.value,
        standard_error: Some(one.standard_error).filter(|error| error.is_finite()),
    };
    fit.parameters.iter().map(parameter).collect()
}

fn parameters_of<M>(fit: &Fitted<M>) -> Model {
    Model::Parameters { parameters: list_of(fit), covariance: fit.covariance.clone() }
}

pub(super) fn refused(facts: &Facts, error: Error) -> Refusal {
    let (reason, missing) = match &error {
        Error::TooFewCustomers { of, have, need } => {
            let lack = match *of {
                "customers with a repeat purchase" => Lack::Repeaters,
                "customers with a repeat amount" => Lack::Amounts,
                _ => Lack::Customers,
            };
            (RefusedFor::TooLittle, vec![too_few(facts, lack, *have, *need)])
        }
        Error::DidNotConverge { .. } => (RefusedFor::NoOptimum, Vec::new()),
        _ => (RefusedFor::Invalid, Vec::new()),
    };
    Refusal { reason, missing, detail: Some(error.to_string()) }
}

/// Days from the first purchase of all to the as-of day.
pub(super) fn history(facts: &Facts) -> i64 {
    facts.from().map_or(0, |from| facts.as_of.since(from))
}

/// When there will be enough of them if they come as fast as they did.
fn too_few(facts: &Facts, of: Lack, have: usize, need: usize) -> Missing {
    let (have, need) = (have as i64, need as i64);
    Missing { of, have, need, enough_on: enough_on(facts.as_of, history(facts), have, need) }
}

fn enough_on(as_of: Day, history: i64, have: i64, need: i64) -> Option<Day> {
    if have == 0 || history == 0 {
        return None;
    }
    let days = ((need - have) * history + have - 1) / have;
    (days <= FAR).then(|| as_of.plus(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::facts::day_number;
    use crate::insight::rhythm::Rhythm;
    use crate::platform::money::Currency;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn facts(customers: Vec<(i32, i32, u32, i64)>) -> Facts {
        let until = day_number(day("2026-11-21"));
        let customers = customers
            .into_iter()
            .enumerate()
            .map(|(n, (first, last, occasions, net_minor))| Customer {
                party: Id::new(uuid::Uuid::from_u128(n as u128)),
                first: until - first,
                last: until - last,
                occasions,
                net_minor,
                first_minor: net_minor / i64::from(occasions),
                early: 1,
                last_early: until - first,
                rhythm: Rhythm::NONE,
            })
            .collect();
        Facts::new(day("2026-11-21"), Some(day("2026-11-20")), Currency::IRR, customers)
    }

    #[test]
    fn a_young_shop_has_no_scores_and_is_told_when_it_will() {
        let (fits, scored) = work_out(&facts(vec![(50, 40, 2, 900); 25]));
        let refusal = |at: usize| fits[at].outcome.as_ref().unwrap_err();
        let missing = |of, have, need, on: Option<&str>| Missing { of, have, need, enough_on: on.map(day) };
        assert_eq!(
            refusal(0).missing,
            [
                missing(Lack::Customers, 25, 500, Some("2029-06-28")),
                missing(Lack::History, 50, 180, Some("2027-03-31")),
                missing(Lack::Recent, 40, 30, None),
                missing(Lack::Occasions, 2, 3, None),
            ]
        );
        assert_eq!(refusal(1).missing, [missing(Lack::Customers, 25, 100, Some("2027-04-20"))]);
        assert_eq!((refusal(2).reason, refusal(2).missing[0].of), (RefusedFor::TooLittle, Lack::Amounts));
        assert_eq!(scored.len(), 25);
        let one = scored[7];
        assert!(one.score.is_none() && one.p_active.is_none() && one.occasion_minor.is_none() && one.value_12m_minor.is_none());
    }

    #[test]
    fn without_customers_nothing_is_promised() {
        let (fits, scored) = work_out(&facts(Vec::new()));
        assert!(scored.is_empty());
        assert!(fits.iter().all(|fit| fit.outcome.as_ref().is_err_and(|no| no.missing.iter().all(|one| one.enough_on.is_none()))));
    }

    #[test]
    fn a_customer_is_seen_from_the_first_purchase_on() {
        assert_eq!(buyer(10, 80, 3), Buyer { repeats: 2, last: 10.0, age: 80.0 / 7.0 });
        let spent = |occasions, net_minor, first_minor| {
            let (first, last) = (0, 9);
            let (early, last_early, rhythm) = (1, 0, Rhythm::NONE);
            spender_of(&Customer { party: Id::FIRST, first, last, occasions, net_minor, first_minor, early, last_early, rhythm })
        };
        assert_eq!(spent(3, 500, 100), Spender { occasions: 2, mean: 200.0 });
        assert_eq!(spent(1, 500, 500).occasions, 0);
        assert_eq!(spent(2, 80, 100).mean, 0.0, "more was given back than bought");
    }

    #[test]
    fn rows_of_the_grid_are_rounded_up() {
        let row = |frequency, value| frequency_value(&Score { recency: 1, frequency, value });
        assert_eq!((row(1, 1), row(1, 2), row(1, 3), row(4, 5), row(5, 5)), (1, 2, 2, 5, 5));
    }
}
