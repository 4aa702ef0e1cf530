//! The model of purchases, tried: told only what was known one quarter before the last purchase, what did it expect of the
//! quarter, and what came? The page shows the promise beside this.

use super::facts::{Customer, Facts, day_number};
use super::fits::{Estimate, Foreseen, Lack, Missing, Model, Quality, Refusal, RefusedFor, Trial};
use super::models::{self, LEVEL, SOON, WEEK, buyer};
use crate::Day;
use jiff::civil::Date;
use peyvand_stats::bg_nbd::MbgNbd;
use peyvand_stats::buyers::{Buyer, Buyers, PurchaseModel};
use peyvand_stats::mean::{Moments, mean};

/// Days of purchases that the model has to be told of: twice as many as it has to foresee.
const PAST: i64 = 2 * SOON as i64;
/// Where nobody bought for so many days, nobody knows when there will be more to tell of.
const ALIVE: i64 = 31;
/// Groups that customers are put into by what was expected of them.
const GROUPS: usize = 10;
/// Upper end of what chance leaves of none: exp(−3.69) is 2.5 per cent, the tail of [`LEVEL`].
const NONE_AT_MOST: f64 = 3.69;

/// A customer who was known by the cut.
struct Known {
    buyer: Buyer,
    came: f64,
}

/// Fits the model to what was known, and compares.
pub(super) fn try_out(facts: &Facts) -> Result<(Model, Quality), Refusal> {
    let ends = facts.cut().zip(facts.last);
    let past = facts.from().zip(ends).map_or(0, |(from, (cut, _))| i64::from(cut - day_number(from)).max(0));
    let Some((cut, until)) = ends.filter(|_| past >= PAST) else {
        let is_alive = facts.last.is_some_and(|last| facts.as_of.since(last) < ALIVE);
        let enough_on = facts.from().filter(|_| is_alive).map(|from| from.plus(PAST + SOON as i64).max(facts.as_of.plus(1)));
        let missing = vec![Missing { of: Lack::Past, have: past, need: PAST, enough_on }];
        return Err(Refusal { reason: RefusedFor::TooLittle, missing, detail: None });
    };
    let known: Vec<Known> = facts.customers.iter().filter(|one| one.early > 0).map(|one| known(one, cut)).collect();
    let buyers: Vec<Buyer> = known.iter().map(|one| one.buyer).collect();
    let grouped = Buyers::group(&buyers).map_err(|error| models::refused(facts, error))?;
    let fit = MbgNbd::fit(&grouped).map_err(|error| models::refused(facts, error))?;
    let horizon = SOON / WEEK;
    let expected =
        models::estimate(&fit, f64::MAX, |model: &MbgNbd| models::sum(&buyers, |buyer| finite(model.expected_purchases(buyer, horizon))));
    let at_pace = models::sum(&buyers, |buyer| if buyer.age > 0.0 { f64::from(buyer.repeats) / buyer.age * horizon } else { 0.0 });
    let foreseen: Vec<f64> = buyers.iter().map(|buyer| finite(fit.model.expected_purchases(buyer, horizon))).collect();
    let came: Vec<f64> = known.iter().map(|one| one.came).collect();
    let mut order: Vec<usize> = (0..known.len()).collect();
    // Equal ones stay in the order of their ids, so that the same purchases give the same groups.
    order.sort_by(|one, other| foreseen[*other].total_cmp(&foreseen[*one]));
    let groups = (0..GROUPS).map(|group| {
        let place = |group: usize| group * order.len() / GROUPS;
        let those = &order[place(group)..place(group + 1)];
        let came: Vec<f64> = those.iter().map(|at| came[*at]).collect();
        Foreseen { customers: those.len() as i64, expected: those.iter().map(|at| foreseen[*at]).sum(), came: seen(&came) }
    });
    let groups = groups.collect();
    let tried = Trial {
        known_until: Day(Date::ZERO).plus(cut.into()),
        until,
        expected,
        came: seen(&came),
        at_pace,
        groups,
        fitted: models::list_of(&fit),
    };
    Ok((Model::Trial(tried), models::quality_of(&fit)))
}

fn known(customer: &Customer, cut: i32) -> Known {
    Known {
        buyer: buyer((cut - customer.last_early).into(), (cut - customer.first).into(), customer.early.into()),
        came: f64::from(customer.occasions - customer.early),
    }
}

fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { 0.0 }
}

/// A sum over customers with the range that chance leaves, from how much they differ.
fn seen(came: &[f64]) -> Estimate {
    let total: f64 = came.iter().sum();
    if total == 0.0 {
        return Estimate { value: 0.0, low: Some(0.0), high: Some(NONE_AT_MOST) };
    }
    let range = Moments::of(came).and_then(|moments| mean(&moments, LEVEL)).ok();
    let count = came.len() as f64;
    Estimate::of(total, range.map(|range| (range.low * count, range.high * count)), f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_has_the_range_of_its_mean() {
        // Mean 2, variance 12/7, t(7) = 2.3646.
        let found = seen(&[0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
        let half = 8.0 * 2.364_624 * (12.0_f64 / 7.0).sqrt() / 8.0_f64.sqrt();
        assert!(found.value == 16.0 && (found.low.unwrap() - (16.0 - half)).abs() < 1e-4, "{found:?} {half}");
        assert!((found.high.unwrap() - (16.0 + half)).abs() < 1e-4);
        let none = seen(&[0.0; 40]);
        assert_eq!((none.value, none.low, none.high), (0.0, Some(0.0), Some(NONE_AT_MOST)));
        assert_eq!(seen(&[3.0]).low, None, "one customer says nothing of others");
    }

    #[test]
    fn what_lies_within_chance_is_met() {
        let group = |expected, low, high| Foreseen { customers: 9, expected, came: Estimate { value: 5.0, low, high } };
        assert!(group(3.0, Some(2.0), Some(8.0)).is_met() && group(3.0, None, None).is_met());
        assert!(!group(9.0, Some(2.0), Some(8.0)).is_met() && !group(1.0, Some(2.0), Some(8.0)).is_met());
    }
}
