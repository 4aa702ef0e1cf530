//! Whether a group gets less than others: functions on plain values, from counts to a verdict.
//!
//! Each group is held beside the one that fares best, twice: as it is, which is what customers see, and within customers of the
//! same stage and value tier (Mantel–Haenszel), which is what is left when the rules have explained what they can.

use crate::experience::experiments::Range;
use crate::insight::guard::{FEW, LEVEL};
use crate::{Error, Result};
use peyvand_stats::Interval;
use peyvand_stats::multiple::holm;
use peyvand_stats::proportion::{Share, mantel_haenszel, newcombe, ratio_below, share_ratio, share_ratio_with_halves, wilson};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who has less than this part of what the best group has is looked at: the custom of four fifths. It is where looking begins,
/// not a finding of law.
pub const FOUR_FIFTHS: f64 = 0.8;
/// A group is not judged where fewer of it would have it if it were like all.
const EXPECTED: f64 = 5.0;

peyvand_db::words! {
    /// What is said of a group, the worst first.
    pub enum FairnessVerdict {
        /// It surely has less than four fifths of what the best has, alike customers beside alike.
        Unequal = "unequal",
        /// It seems to have less than four fifths; chance may explain it.
        Look = "look",
        /// Nothing speaks for a difference.
        Ok = "ok",
        /// It cannot be told.
        Insufficient = "insufficient",
    }
}

impl FairnessVerdict {
    /// Whether somebody has to say what explains it.
    #[must_use]
    pub const fn needs_answer(self) -> bool {
        matches!(self, FairnessVerdict::Unequal | FairnessVerdict::Look)
    }
}

peyvand_db::words! {
    /// Why it cannot be told.
    pub enum Lack {
        /// Fewer than 30 are in the group.
        Few = "few",
        /// Of a group like all, fewer than 5 would have it.
        Rare = "rare",
        /// It is not written down what they are.
        Unknown = "unknown",
        /// There is no other group to hold it beside.
        Alone = "alone",
    }
}

/// Customers of one stage and value tier in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub all: u64,
    pub given: u64,
}

/// A group as it was counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counted {
    /// What they have in common; empty where it is not known.
    pub value: String,
    pub name: Option<String>,
    /// By stratum: those of one are alike.
    pub cells: BTreeMap<String, Cell>,
    pub worth: Option<i64>,
}

impl Counted {
    fn share(&self) -> Share {
        let sum = |of: fn(&Cell) -> u64| self.cells.values().map(of).sum();
        Share { yes: sum(|cell| cell.given), all: sum(|cell| cell.all) }
    }
}

/// What was found of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// Who could have it.
    pub customers: i64,
    /// Who has it.
    pub given: i64,
    /// Their share, with its 95 % interval (Wilson).
    pub share: Option<Range>,
    /// Whether this is the group that fares best, beside which the others are held.
    pub is_best: bool,
    /// The share less that of the best (Newcombe).
    pub difference: Option<Range>,
    /// The share as a part of that of the best, as it is.
    pub raw: Option<Range>,
    /// The same among customers of the same stage and value tier (Mantel–Haenszel).
    pub stratified: Option<Range>,
    /// How likely a ratio this small is where the true one is four fifths, on that side alone, with all groups taken into
    /// account (Holm).
    pub p: Option<f64>,
    /// The mean of what it comes to for each who could have it: minor units, ten-thousandths of what was promised, or
    /// milliseconds of the median wait.
    pub worth: Option<i64>,
    /// What is said of it.
    pub verdict: FairnessVerdict,
    /// Why it cannot be told.
    pub lack: Option<Lack>,
}

fn range(of: peyvand_stats::Result<Interval>) -> Option<Range> {
    of.ok().map(Range::from)
}

/// The ratio of a group beside the best, as it is.
fn raw(one: Share, best: Share) -> peyvand_stats::Result<Interval> {
    if one.yes > 0 {
        return share_ratio(one, best, LEVEL);
    }
    share_ratio_with_halves(one, best, LEVEL).map(|found| Interval { value: 0.0, ..found })
}

/// The ratio within strata; nothing when no stratum has both. Of a group in which nobody has it there is only an upper end, from
/// the strata together.
fn stratified(one: &Counted, best: &Counted) -> peyvand_stats::Result<Interval> {
    let share = |cell: &Cell| Share { yes: cell.given, all: cell.all };
    let both: Vec<(Share, Share)> =
        one.cells.iter().filter_map(|(stratum, cell)| Some((share(cell), share(best.cells.get(stratum)?)))).collect();
    let sum = |of: fn(&(Share, Share)) -> Share| {
        both.iter().map(of).fold(Share { yes: 0, all: 0 }, |sum, one| Share { yes: sum.yes + one.yes, all: sum.all + one.all })
    };
    if sum(|pair| pair.0).yes == 0 { raw(sum(|pair| pair.0), sum(|pair| pair.1)) } else { mantel_haenszel(&both, LEVEL) }
}

/// How likely so small a ratio is where the true one is four fifths.
fn below(ratio: Range) -> Option<f64> {
    // Of nobody, only the interval knows where the middle is.
    let middle = if ratio.value > 0.0 { ratio.value } else { (ratio.low * ratio.high).sqrt() };
    ratio_below(Interval { value: middle, low: ratio.low, high: ratio.high }, LEVEL, FOUR_FIFTHS).ok()
}

fn lack(one: &Counted, rate: f64) -> Option<Lack> {
    let all = one.share().all;
    if one.value.is_empty() {
        Some(Lack::Unknown)
    } else if i64::try_from(all).unwrap_or(i64::MAX) < FEW {
        Some(Lack::Few)
    } else {
        // What the interval of a ratio rests on is how many have it; that almost nobody is without it takes nothing from it.
        (all as f64 * rate < EXPECTED).then_some(Lack::Rare)
    }
}

/// What is found of each group, in the order given.
///
/// Per group the first that applies: *insufficient* (not known, fewer than 30, fewer than 5 expected, nothing to compare with);
/// *unequal* (the upper end of the stratified ratio lies below four fifths, Holm over the groups); *look* (the raw or the
/// stratified ratio lies below four fifths); *ok*.
///
/// # Errors
/// For counts that contradict themselves.
pub(super) fn judge(groups: &[Counted]) -> Result<Vec<Found>> {
    let (yes, all) = groups.iter().map(Counted::share).fold((0, 0), |sum, one| (sum.0 + one.yes, sum.1 + one.all));
    let rate = yes as f64 / (all.max(1)) as f64;
    let lacks: Vec<Option<Lack>> = groups.iter().map(|one| lack(one, rate)).collect();
    let judged: Vec<usize> = (0..groups.len()).filter(|place| lacks[*place].is_none()).collect();
    let by_share = |one: &usize, other: &usize| {
        let of = |place: &usize| groups[*place].share();
        of(one).value().total_cmp(&of(other).value()).then(of(one).all.cmp(&of(other).all)).then(other.cmp(one))
    };
    let best = judged.iter().copied().max_by(by_share).filter(|_| judged.len() > 1);
    let mut found = Vec::with_capacity(groups.len());
    for (place, one) in groups.iter().enumerate() {
        let share = one.share();
        let beside = best.filter(|best| *best != place && lacks[place].is_none()).map(|best| &groups[best]);
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        found.push(Found {
            customers: count(share.all),
            given: count(share.yes),
            share: if share.all == 0 { None } else { Some(wilson(share.yes, share.all, LEVEL).map_err(Error::fault)?.into()) },
            is_best: best == Some(place),
            difference: beside.and_then(|best| range(newcombe(share, best.share(), LEVEL))),
            raw: beside.and_then(|best| range(raw(share, best.share()))),
            stratified: beside.and_then(|best| range(stratified(one, best))),
            p: None,
            worth: one.worth,
            verdict: FairnessVerdict::Insufficient,
            lack: lacks[place].or_else(|| best.is_none().then_some(Lack::Alone)),
        });
    }
    let tested: Vec<(usize, f64)> = found.iter().enumerate().filter_map(|(place, one)| Some((place, below(one.stratified?)?))).collect();
    let adjusted = holm(&tested.iter().map(|(_, p)| *p).collect::<Vec<_>>()).map_err(Error::fault)?;
    for ((place, _), p) in tested.iter().zip(adjusted) {
        found[*place].p = Some(p);
    }
    for one in found.iter_mut().filter(|one| one.lack.is_none()) {
        one.verdict = verdict(one);
    }
    Ok(found)
}

fn verdict(one: &Found) -> FairnessVerdict {
    let is_below = |ratio: Option<Range>| ratio.is_some_and(|ratio| ratio.value < FOUR_FIFTHS);
    if one.p.is_some_and(|p| p < (1.0 - LEVEL) / 2.0) {
        FairnessVerdict::Unequal
    } else if is_below(one.raw) || is_below(one.stratified) {
        FairnessVerdict::Look
    } else {
        FairnessVerdict::Ok
    }
}

/// What is said of all groups together: the worst that can be told.
pub(super) fn worst(found: &[Found]) -> FairnessVerdict {
    found.iter().map(|one| one.verdict).min().unwrap_or(FairnessVerdict::Insufficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(value: &str, cells: &[(u64, u64)]) -> Counted {
        let cells = cells.iter().enumerate().map(|(place, (given, all))| (place.to_string(), Cell { all: *all, given: *given })).collect();
        Counted { value: value.into(), cells, ..Counted::default() }
    }

    fn verdicts(groups: &[Counted]) -> Vec<(FairnessVerdict, Option<Lack>)> {
        judge(groups).unwrap().into_iter().map(|one| (one.verdict, one.lack)).collect()
    }

    use FairnessVerdict::{Insufficient, Look, Ok as Fine, Unequal};

    #[test]
    fn the_first_that_applies_is_the_verdict() {
        // 40 of 100 is best. 20 of 100: ratio 0.5 [0.316, 0.792], its end below four fifths. 30 of 100: 0.75 [0.511, 1.100].
        // 36 of 100: 0.9.
        let groups = [group("a", &[(40, 100)]), group("b", &[(20, 100)]), group("c", &[(30, 100)]), group("d", &[(36, 100)])];
        assert_eq!(verdicts(&groups[..2]), [(Fine, None), (Unequal, None)]);
        assert_eq!(verdicts(&groups[..1]), [(Insufficient, Some(Lack::Alone))]);
        let found = judge(&groups[..2]).unwrap();
        let near = |range: Option<Range>, value: f64, low: f64, high: f64| {
            let range = range.unwrap();
            assert!(
                [(range.value, value), (range.low, low), (range.high, high)].iter().all(|(is, known)| (is - known).abs() < 5e-5),
                "{range:?}"
            );
        };
        near(found[1].raw, 0.5, 0.315_75, 0.791_76);
        near(found[1].stratified, 0.5, 0.315_75, 0.791_76);
        near(found[1].share, 0.2, 0.133_37, 0.288_83);
        near(found[1].difference, -0.2, -0.318_51, -0.073_12);
        assert!(found[0].is_best && found[0].raw.is_none() && (found[1].p.unwrap() - 0.022_53).abs() < 1e-5);
        // Among three others the same end is no surprise: Holm makes 0.0225 to 0.0676.
        let found = judge(&groups).unwrap();
        assert!((found[1].p.unwrap() - 3.0 * 0.022_53).abs() < 1e-4);
        assert_eq!(found.iter().map(|one| one.verdict).collect::<Vec<_>>(), [Fine, Look, Look, Fine]);
        assert_eq!((worst(&found), worst(&[])), (Look, Insufficient));
    }

    #[test]
    fn of_few_nothing_is_said() {
        let groups = [group("a", &[(40, 100)]), group("b", &[(2, 29)]), group("c", &[(38, 100)]), group("", &[(1, 80)])];
        assert_eq!(verdicts(&groups), [(Fine, None), (Insufficient, Some(Lack::Few)), (Fine, None), (Insufficient, Some(Lack::Unknown))]);
        // 3 % of 100 are three.
        let rare = [group("a", &[(6, 100)]), group("b", &[(0, 100)])];
        assert_eq!(verdicts(&rare), [(Insufficient, Some(Lack::Rare)); 2]);
        assert!(judge(&rare).unwrap()[0].share.is_some(), "the share itself is told");
        assert_eq!(judge(&[]).unwrap().len(), 0);
    }

    #[test]
    fn what_the_rules_explain_is_no_difference_and_what_they_hide_is_one() {
        // Loyal customers get it more often, alike in both groups; of b fewer are loyal. Raw 28/110 beside 91/110.
        let groups = [group("a", &[(90, 100), (1, 10)]), group("b", &[(9, 10), (10, 100)])];
        let found = judge(&groups).unwrap();
        assert!((found[1].stratified.unwrap().value - 1.0).abs() < 1e-9 && found[1].raw.unwrap().value < 0.3);
        assert_eq!(found[1].verdict, Look, "customers see it all the same");
        // As many of both have it, but b at each stage half as often: 0.488 [0.408, 0.583].
        let hidden = [group("a", &[(80, 100), (90, 400)]), group("b", &[(160, 400), (10, 100)])];
        let found = judge(&hidden).unwrap();
        assert_eq!((found[1].raw.unwrap().value, found[1].verdict), (1.0, Unequal));
        assert!((found[1].stratified.unwrap().high - 0.582_74).abs() < 1e-4);
    }

    #[test]
    fn a_group_in_which_nobody_has_it_is_unequal_and_one_in_which_all_have_it_is_not() {
        let none = judge(&[group("a", &[(50, 100)]), group("b", &[(0, 100)])]).unwrap();
        assert_eq!((none[1].verdict, none[1].raw.unwrap().value), (Unequal, 0.0));
        assert!((none[1].raw.unwrap().high - 0.158_28).abs() < 1e-4);
        assert_eq!(verdicts(&[group("a", &[(100, 100)]), group("b", &[(80, 80)])]), [(Fine, None); 2]);
    }
}
