//! What was seen of an experiment: from what was measured of each customer to a verdict. Functions on plain values.

use super::planning::{Base, detectable, needed_per_arm};
use super::verdict::{self, Contrast, Judged, Verdict, contrast, judge};
use crate::insight::guard::LEVEL;
use crate::{Day, Instant};
use peyvand_stats::Interval;
use peyvand_stats::cuped::{Pair, cuped};
use peyvand_stats::mean::{Difference, Moments, bootstrap_t, interaction, mean, observations_for_skewness, skewness, welch};
use peyvand_stats::multiple::benjamini_hochberg;
use peyvand_stats::proportion::{Share, newcombe, wilson};
use peyvand_stats::sample_ratio::{BROKEN_BELOW, sample_ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What differs by less than this share of the control's mean does not matter.
pub const SAME_WITHIN: f64 = 0.01;
/// The share of those in treated arms who must have got what the arm gets.
pub(super) const DELIVERED: f64 = 0.8;
/// The share of those who were planned who must have been watched to the end.
pub const COMPLETE: f64 = 0.95;
/// Arms whose means before the start differ by more of a standard deviation than this are looked at.
const UNLIKE: f64 = 0.1;
/// Of subgroups that are said to answer otherwise than the rest, so large a share may be false.
pub const SUBGROUPS_FALSE: f64 = 0.1;
/// Customers of each arm, within a subgroup and outside of it, below which nothing is said of it.
pub const SUBGROUP_MIN: usize = 30;
/// Draws of a bootstrap, at most; of so large samples that fewer than 200 resamples remain, none is made.
const DRAWS: usize = 20_000_000;

/// A number with the interval that it may lie in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// The number.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl From<Interval> for Range {
    fn from(of: Interval) -> Range {
        Range { value: of.value, low: of.low, high: of.high }
    }
}

impl From<Range> for Interval {
    fn from(of: Range) -> Interval {
        Interval { value: of.value, low: of.low, high: of.high }
    }
}

/// What was seen of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArmLook {
    /// Which.
    pub place: i64,
    /// Customers who are in it.
    pub assigned: i64,
    /// Of them, those who have been watched to the end.
    pub complete: i64,
    /// Of all who are in it, who got what the arm gets.
    pub delivered: i64,
    /// Of those who have been watched to the end, who bought.
    pub buyers: i64,
    /// Of those, who introduced somebody.
    #[serde(default)]
    pub introducers: i64,
    /// The mean of what is measured, with its 95 % interval; absent of too few.
    pub mean: Option<Range>,
}

/// An arm beside the control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContrastLook {
    /// Which arm.
    pub arm: i64,
    /// The difference, with the 95 % interval of a single look.
    pub difference: Range,
    /// The interval that holds however often one looks.
    pub always: Range,
    /// How likely a difference this large is where there is none.
    pub p: f64,
    /// The difference once what customers did before is taken out of it.
    pub adjusted: Option<Range>,
    /// The share of the variance which that took away.
    pub reduction: Option<f64>,
    /// The interval of the difference by resampling, where amounts are too skew for so few customers to trust the other.
    pub resampled: Option<Range>,
    /// What each of the arm leaves us more, goods and what they got taken off, in minor units; absent where the share of the
    /// goods is not set, and for what was tried elsewhere.
    #[serde(default)]
    pub net: Option<Range>,
    /// What they got cost for each of the arm, in minor units.
    #[serde(default)]
    pub cost: Option<f64>,
}

peyvand_db::words! {
    /// What must hold, so that an experiment says anything.
    pub enum CheckKind {
        /// As many are in each arm as were to be.
        SampleRatio = "sample_ratio",
        /// The arms were alike before it began.
        Balance = "balance",
        /// Those of treated arms got what the arm gets.
        Delivered = "delivered",
    }
}

/// A check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Of what.
    pub kind: CheckKind,
    /// What was found: a probability, standard deviations, a share.
    pub value: f64,
    /// Whether it holds.
    pub is_ok: bool,
}

peyvand_db::words! {
    /// What must not get worse.
    pub enum Guard {
        /// Complaints.
        Complaints = "complaints",
        /// Those who do not want to hear from us any more.
        Withdrawals = "withdrawals",
        /// What customers spend.
        Spend = "spend",
    }
}

/// What an arm does for a subgroup that was named before it began, beside what it does for the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubgroupLook {
    /// Which subgroup, in the order in which they were named, from 0.
    pub subgroup: i64,
    /// Which arm.
    pub arm: i64,
    /// Customers of the subgroup in this arm and in the control who have been watched to the end.
    pub customers: i64,
    /// The difference among them, with its 95 % interval.
    pub inside: Range,
    /// The same among all others.
    pub outside: Range,
    /// How likely it is that the two are so far apart by chance (z test of the interaction), adjusted for all that were asked
    /// (Benjamini and Hochberg 1995).
    pub p: f64,
    /// Whether it does something else for them than for the rest, at a tenth.
    pub differs: bool,
}

/// Customers who had their two periods in one order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLook {
    /// 1 when they began with it, 0 when they began without it.
    pub place: i64,
    /// Customers.
    pub assigned: i64,
    /// Of them, those whose both periods are over.
    pub complete: i64,
    /// What they did more with it than without it, with its 95 % interval: what the periods themselves differ is still in it.
    pub difference: Option<Range>,
}

/// On how many days customers buy in a period, and how much of what one of them differs from that is more than chance
/// (Gamma–Poisson shrinkage).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usual {
    /// Their mean.
    pub mean: f64,
    /// What is kept of a customer's difference from it, 0 to 1.
    pub weight: f64,
}

impl Usual {
    /// What is to be expected of a customer who bought on so many days.
    #[must_use]
    pub fn expected(self, days: i64) -> f64 {
        self.mean + self.weight * (days as f64 - self.mean)
    }
}

/// What was seen at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Look {
    /// When.
    pub at: Instant,
    /// Days since it began.
    pub days: i64,
    /// The arms, the control first.
    pub arms: Vec<ArmLook>,
    /// The others beside the control; absent as long as there are too few.
    pub contrasts: Vec<ContrastLook>,
    /// What the arms do for the subgroups that were named before; told once everybody has been watched to the end, of those
    /// large enough.
    #[serde(default)]
    pub subgroups: Vec<SubgroupLook>,
    /// Introductions that are not counted, for the friend is in another arm.
    #[serde(default)]
    pub spilled: i64,
    /// Where customers are compared with themselves: who began without it, who began with it. Their arms are then their periods
    /// without and with it.
    #[serde(default)]
    pub orders: Vec<OrderLook>,
    /// The same: on how many days they buy in a period without it, and in one with it.
    #[serde(default)]
    pub usual: Option<[Usual; 2]>,
    /// What must hold.
    pub checks: Vec<Check>,
    /// What got worse.
    pub harm: Vec<Guard>,
    /// The smallest difference that as many customers as have been watched to the end show.
    pub detectable: Option<f64>,
    /// Customers who are still needed for the difference that is worth knowing.
    pub missing: Option<i64>,
    /// When that will be enough, where it can be told.
    pub enough_on: Option<Day>,
    /// What it says.
    pub verdict: Verdict,
    /// The arm that it recommends.
    pub arm: Option<i64>,
}

impl Look {
    /// Customers who have been watched to the end.
    #[must_use]
    pub fn complete(&self) -> i64 {
        if self.orders.is_empty() {
            self.arms.iter().map(|arm| arm.complete).sum()
        } else {
            self.orders.iter().map(|order| order.complete).sum()
        }
    }
}

/// What was measured in one arm.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// Of each customer who has been watched to the end.
    pub outcome: Vec<f64>,
    /// The same of as many days before; empty where it is not known.
    pub before: Vec<f64>,
    /// What each spent.
    pub spent: Vec<f64>,
    /// What that leaves us, less what they got; empty where the share of the goods is not set.
    pub net: Vec<f64>,
    /// Which household each belongs to; empty where each counts alone.
    pub households: Vec<u64>,
    /// To which subgroups each belongs: bits, the first the lowest.
    pub subgroups: Vec<i64>,
    /// What all of them got cost.
    pub cost: f64,
    pub buyers: u64,
    pub introducers: u64,
    /// Who did what is measured.
    pub doers: u64,
    /// Of all who are in it, how many were drawn: customers, or households.
    pub drawn: u64,
    /// Who got what the arm gets: of those watched to the end, of all.
    pub delivered: u64,
    pub given: u64,
    pub assigned: u64,
    /// Of those watched for two weeks: who complained, who withdrew their consent, all.
    pub complained: u64,
    pub withdrew: u64,
    pub guarded: u64,
}

impl Measured {
    /// Of a list of theirs, such as [`Self::outcome`]; nothing of too few.
    fn moments(&self, values: &[f64]) -> Option<Moments> {
        if self.households.len() == values.len() && !values.is_empty() {
            Moments::clustered(values, &self.households).ok()
        } else {
            Moments::of(values).ok()
        }
    }

    /// What is measured of those who are (not) in a subgroup.
    fn moments_of(&self, subgroup: usize, inside: bool) -> Option<Moments> {
        let is_meant = |bits: &i64| (bits >> subgroup & 1 == 1) == inside;
        let meant = |at: &usize| self.subgroups.get(*at).is_some_and(is_meant);
        let who: Vec<usize> = (0..self.outcome.len()).filter(meant).collect();
        if who.len() < SUBGROUP_MIN {
            return None;
        }
        let part = Measured {
            outcome: who.iter().map(|at| self.outcome[*at]).collect(),
            households: who.iter().filter_map(|at| self.households.get(*at).copied()).collect(),
            ..Measured::default()
        };
        part.moments(&part.outcome)
    }

    fn in_subgroup(&self, subgroup: usize) -> usize {
        self.subgroups.iter().filter(|bits| **bits >> subgroup & 1 == 1).count()
    }
}

/// What is fixed of an experiment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed<'a> {
    pub at: Instant,
    pub days: i64,
    pub min_days: i64,
    pub planned: u64,
    pub smallest: f64,
    pub is_share: bool,
    /// How many subgroups were named.
    pub subgroups: usize,
    pub spilled: i64,
    /// Whether customers are treated at all: not those of an experiment from elsewhere.
    pub is_ours: bool,
    /// Whether nobody is to come any more.
    pub is_over: bool,
    pub shares: &'a [i64],
}

/// Looks at what was measured, the control first.
pub(super) fn look(of: &Fixed<'_>, measured: &[Measured]) -> Look {
    let Some((control, treated)) = measured.split_first() else {
        return empty(of);
    };
    let complete: u64 = measured.iter().map(|one| one.outcome.len() as u64).sum();
    let mut contrasts = Vec::new();
    let mut seen: Vec<Contrast> = Vec::new();
    for (arm, one) in (1_i64..).zip(treated) {
        let (Some(moments), Some(base)) = (one.moments(&one.outcome), control.moments(&control.outcome)) else { continue };
        let Ok(found) = contrast(arm, &moments, &base, (control.doers, one.doers), of.planned, treated.len()) else { continue };
        let Ok(difference) = welch(&moments, &base, LEVEL) else { continue };
        seen.push(found);
        contrasts.push(beside(of, &found, difference, one, control));
    }
    let checks = checks(of, measured);
    let harm = harm(of, measured);
    let base_mean = Moments::of(&control.outcome).map_or(0.0, |base| base.mean.abs());
    let is_complete = complete as f64 >= COMPLETE * of.planned as f64 || of.is_over;
    let (verdict, arm) = judge(&Judged {
        is_valid: checks.iter().all(|check| check.is_ok),
        is_harmful: !harm.is_empty(),
        is_old_enough: of.days >= of.min_days,
        is_complete,
        same_within: SAME_WITHIN * base_mean,
        contrasts: &seen,
    });
    let base = base_of(of, measured);
    let needed = base.and_then(|base| needed_per_arm(&base, of.smallest, treated.len()).ok()).map(|each| each * measured.len() as u64);
    let missing = needed.map(|needed| i64::try_from(needed.saturating_sub(complete)).unwrap_or(i64::MAX));
    Look {
        at: of.at,
        days: of.days,
        arms: (0_i64..).zip(measured).map(|(place, one)| arm_look(place, one, of.is_share)).collect(),
        contrasts,
        subgroups: if is_complete { subgroups(of.subgroups, control, treated) } else { Vec::new() },
        spilled: of.spilled,
        orders: Vec::new(),
        usual: None,
        checks,
        harm,
        detectable: base.and_then(|base| detectable(&base, complete / measured.len() as u64, treated.len()).ok()).filter(|one| *one > 0.0),
        missing,
        enough_on: None,
        verdict,
        arm,
    }
}

pub(super) fn empty(of: &Fixed<'_>) -> Look {
    Look {
        at: of.at,
        days: of.days,
        arms: Vec::new(),
        contrasts: Vec::new(),
        subgroups: Vec::new(),
        spilled: 0,
        orders: Vec::new(),
        usual: None,
        checks: Vec::new(),
        harm: Vec::new(),
        detectable: None,
        missing: None,
        enough_on: None,
        verdict: Verdict::NotEnoughData,
        arm: None,
    }
}

/// What is now known of the customers, as a plan would ask it.
fn base_of(of: &Fixed<'_>, measured: &[Measured]) -> Option<Base> {
    let first = measured.first()?;
    let control = first.moments(&first.outcome)?;
    let customers = measured.iter().map(|one| one.outcome.len() as u64).sum();
    // Those of one household tell less than as many strangers: as if each varied more.
    let deviation = (control.error_squared() * first.outcome.len() as f64).sqrt();
    Some(Base { customers, mean: control.mean, deviation, per_day: 0.0, is_share: of.is_share && first.households.is_empty() })
}

fn arm_look(place: i64, one: &Measured, is_share: bool) -> ArmLook {
    let complete = one.outcome.len() as u64;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let found = if is_share && one.households.is_empty() {
        wilson(one.doers, complete, LEVEL).ok()
    } else {
        one.moments(&one.outcome).and_then(|moments| mean(&moments, LEVEL).ok())
    };
    ArmLook {
        place,
        assigned: count(one.assigned),
        complete: count(complete),
        delivered: count(one.given),
        buyers: count(one.buyers),
        introducers: count(one.introducers),
        mean: found.map(Range::from),
    }
}

pub(super) fn beside(of: &Fixed<'_>, found: &Contrast, welch: Difference, one: &Measured, control: &Measured) -> ContrastLook {
    let share = |of: &Measured| Share { yes: of.doers, all: of.outcome.len() as u64 };
    // What follows supposes that each customer was drawn alone.
    let is_alone = one.households.is_empty() && control.households.is_empty();
    let is_share = of.is_share && is_alone;
    let difference = if is_share { newcombe(share(one), share(control), LEVEL).unwrap_or(welch.interval) } else { welch.interval };
    let adjusted = (is_alone && one.before.len() == one.outcome.len() && control.before.len() == control.outcome.len())
        .then(|| Pair::of(&one.outcome, &one.before).and_then(|pair| cuped(&pair, &Pair::of(&control.outcome, &control.before)?, LEVEL)))
        .and_then(std::result::Result::ok);
    let is_skew = is_alone && !of.is_share && [one, control].into_iter().any(|arm| is_too_skew(&arm.outcome));
    let resamples = DRAWS / (one.outcome.len() + control.outcome.len()).max(1);
    let resampled = (is_skew && resamples >= 200)
        .then(|| bootstrap_t(&one.outcome, &control.outcome, LEVEL, u32::try_from(resamples.min(1_000)).unwrap_or(1_000), 1).ok())
        .flatten();
    ContrastLook {
        arm: found.arm,
        difference: difference.into(),
        always: found.always.into(),
        p: welch.test.p,
        reduction: adjusted.as_ref().map(|adjusted| adjusted.reduction),
        adjusted: adjusted.map(|adjusted| adjusted.difference.interval.into()),
        resampled: resampled.map(Range::from),
        net: net(one, control),
        cost: (of.is_ours && !one.outcome.is_empty()).then(|| one.cost / one.outcome.len() as f64),
    }
}

/// What each of an arm leaves us more than each of the control.
fn net(one: &Measured, control: &Measured) -> Option<Range> {
    let (arm, control) = (one.moments(&one.net)?, control.moments(&control.net)?);
    welch(&arm, &control, LEVEL).ok().map(|found| found.interval.into())
}

/// What the arms do for each subgroup and for the rest. Whether the two differ is tested, not whether it does something for the
/// one and not for the other: of many groups some show something by chance.
fn subgroups(count: usize, control: &Measured, treated: &[Measured]) -> Vec<SubgroupLook> {
    let mut found = Vec::new();
    for subgroup in 0..count {
        let apart = |one: &Measured, inside| {
            let (arm, control) = (one.moments_of(subgroup, inside)?, control.moments_of(subgroup, inside)?);
            welch(&arm, &control, LEVEL).ok()
        };
        for (arm, one) in (1_i64..).zip(treated) {
            let Some((inside, outside)) = apart(one, true).zip(apart(one, false)) else { continue };
            let Ok(test) = interaction(&inside, &outside) else { continue };
            found.push(SubgroupLook {
                subgroup: i64::try_from(subgroup).unwrap_or_default(),
                arm,
                customers: i64::try_from(one.in_subgroup(subgroup) + control.in_subgroup(subgroup)).unwrap_or(i64::MAX),
                inside: inside.interval.into(),
                outside: outside.interval.into(),
                p: test.p,
                differs: false,
            });
        }
    }
    let p: Vec<f64> = found.iter().map(|one| one.p).collect();
    for (one, p) in found.iter_mut().zip(benjamini_hochberg(&p).unwrap_or_default()) {
        one.p = p;
        one.differs = p < SUBGROUPS_FALSE;
    }
    found
}

fn is_too_skew(outcome: &[f64]) -> bool {
    skewness(outcome).is_some_and(|skewness| (outcome.len() as u64) < observations_for_skewness(skewness))
}

/// What must hold. Where there are too few to tell, it is not held against the experiment.
pub(super) fn checks(of: &Fixed<'_>, measured: &[Measured]) -> Vec<Check> {
    let mut checks = Vec::new();
    let counts: Vec<u64> = measured.iter().map(|one| one.drawn).collect();
    let weights: Vec<f64> = of.shares.iter().map(|share| *share as f64).collect();
    if let Ok(found) = sample_ratio(&counts, &weights) {
        checks.push(Check { kind: CheckKind::SampleRatio, value: found.p, is_ok: found.p >= BROKEN_BELOW });
    }
    let Some((control, treated)) = measured.split_first() else { return checks };
    let before = |one: &Measured| one.moments(&one.before);
    let apart: Vec<(f64, f64)> = treated.iter().filter_map(|one| apart(&before(one)?, &before(control)?)).collect();
    if let Some((distance, p)) = apart.into_iter().max_by(|one, other| one.0.total_cmp(&other.0)) {
        // Few customers differ by chance: that is no fault of the experiment unless chance cannot explain it.
        checks.push(Check { kind: CheckKind::Balance, value: distance, is_ok: distance < UNLIKE || p >= BROKEN_BELOW });
    }
    let (delivered, complete) = treated.iter().fold((0, 0), |sum, one| (sum.0 + one.delivered, sum.1 + one.outcome.len() as u64));
    if of.is_ours && complete >= verdict::EVENTS {
        let share = delivered as f64 / complete as f64;
        checks.push(Check { kind: CheckKind::Delivered, value: share, is_ok: share >= DELIVERED });
    }
    checks
}

/// How far the means of two samples are apart, in standard deviations, and how likely that is by chance.
fn apart(one: &Moments, other: &Moments) -> Option<(f64, f64)> {
    let deviation = f64::midpoint(one.variance, other.variance).sqrt();
    let found = welch(one, other, LEVEL).ok()?;
    (deviation > 0.0).then(|| ((found.interval.value / deviation).abs(), found.test.p))
}

pub(super) fn harm(of: &Fixed<'_>, measured: &[Measured]) -> Vec<Guard> {
    let Some((control, treated)) = measured.split_first() else { return Vec::new() };
    let worse = |count: fn(&Measured) -> u64| {
        treated.iter().any(|one| verdict::is_worse((count(one), one.guarded), (count(control), control.guarded), of.planned))
    };
    let mut harm = Vec::new();
    if worse(|one| one.complained) {
        harm.push(Guard::Complaints);
    }
    if worse(|one| one.withdrew) {
        harm.push(Guard::Withdrawals);
    }
    let poorer = treated.iter().any(|one| {
        let (Some(one), Some(control)) = (one.moments(&one.spent), control.moments(&control.spent)) else { return false };
        one.count.min(control.count) >= verdict::EVENTS && verdict::is_less(&one, &control, of.planned)
    });
    if poorer {
        harm.push(Guard::Spend);
    }
    harm
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(shares: &[i64], is_share: bool, planned: u64) -> Fixed<'_> {
        Fixed {
            at: Instant::NEVER,
            days: 60,
            min_days: 28,
            planned,
            smallest: if is_share { 0.05 } else { 1.0 },
            is_share,
            subgroups: 0,
            spilled: 0,
            is_ours: false,
            is_over: true,
            shares,
        }
    }

    fn shop(all: u64, buyers: u64) -> Measured {
        let outcome: Vec<f64> = (0..all).map(|who| if who < buyers { 1.0 } else { 0.0 }).collect();
        Measured { spent: outcome.clone(), buyers, doers: buyers, assigned: all, drawn: all, outcome, ..Measured::default() }
    }

    #[test]
    fn the_published_e_mail_test_comes_out_as_published() {
        // Counts of Hillstrom's test: methods.md §7.
        let visits = [shop(21_306, 2_262), shop(21_307, 3_894), shop(21_387, 3_238)];
        let shares = [3_334, 3_333, 3_333];
        let found = look(&fixed(&shares, true, 64_000), &visits);
        let told: Vec<_> = found.contrasts.iter().map(|one| [one.difference.value, one.difference.low, one.difference.high]).collect();
        let published = [[0.076_59, 0.069_95, 0.083_23], [0.045_23, 0.038_89, 0.051_57]];
        for (told, published) in told.iter().flatten().zip(published.iter().flatten()) {
            assert!((told - published).abs() < 5e-6, "{told} is not {published}");
        }
        assert_eq!((found.verdict, found.arm), (Verdict::Recommend, Some(1)));
        assert!(found.checks[0].is_ok && found.harm.is_empty());
        let bought = [shop(21_306, 122), shop(21_307, 267), shop(21_387, 189)];
        let found = look(&fixed(&shares, true, 64_000), &bought);
        let told: Vec<_> = found.contrasts.iter().map(|one| [one.difference.value, one.difference.low, one.difference.high]).collect();
        let published = [[0.006_805, 0.005_014, 0.008_641], [0.003_111, 0.001_502, 0.004_745]];
        for (told, published) in told.iter().flatten().zip(published.iter().flatten()) {
            assert!((told - published).abs() < 1e-6, "{told} is not {published}");
        }
    }

    #[test]
    fn arms_of_the_wrong_size_say_nothing() {
        let found = look(&fixed(&[5_000, 5_000], true, 4_000), &[shop(2_300, 400), shop(1_700, 500)]);
        assert_eq!((found.verdict, found.checks[0].kind, found.checks[0].is_ok), (Verdict::Invalid, CheckKind::SampleRatio, false));
    }

    #[test]
    fn who_was_promised_something_and_did_not_get_it_makes_it_invalid() {
        let mut arms = [shop(500, 100), shop(500, 200)];
        let ours = |arms: &[Measured]| look(&Fixed { is_ours: true, ..fixed(&[5_000, 5_000], true, 1_000) }, arms).verdict;
        arms[1].delivered = 300;
        assert_eq!(ours(&arms), Verdict::Invalid);
        arms[1].delivered = 450;
        assert_eq!(ours(&arms), Verdict::Recommend);
    }

    #[test]
    fn harm_stops_it_before_its_time() {
        let mut arms = [shop(500, 100), shop(500, 100)];
        for (arm, complained) in arms.iter_mut().zip([5, 60]) {
            arm.guarded = 500;
            arm.complained = complained;
        }
        let found = look(&Fixed { days: 3, ..fixed(&[5_000, 5_000], true, 1_000) }, &arms);
        assert_eq!((found.verdict, found.harm), (Verdict::StopHarm, vec![Guard::Complaints]));
    }

    #[test]
    fn too_few_get_a_number_of_how_many_are_missing_instead_of_a_verdict() {
        let found = look(&Fixed { is_over: false, ..fixed(&[5_000, 5_000], true, 3_000) }, &[shop(40, 12), shop(40, 14)]);
        assert_eq!(found.verdict, Verdict::NotEnoughData);
        assert!(found.missing.unwrap() > 2_500, "{found:?}");
        assert!(found.detectable.unwrap() > 0.25, "{found:?}");
        let none = look(&fixed(&[5_000, 5_000], true, 3_000), &[shop(0, 0), shop(0, 0)]);
        assert_eq!((none.verdict, none.contrasts.len(), none.missing), (Verdict::NotEnoughData, 0, None));
    }

    #[test]
    fn what_customers_did_before_is_taken_out() {
        let spread = |add: f64| -> Measured {
            let before: Vec<f64> = (0..200).map(|who| f64::from(who % 20)).collect();
            let outcome: Vec<f64> = (0..200).map(|who| f64::from(who % 20) + add + if who % 3 == 0 { 0.3 } else { -0.15 }).collect();
            Measured { spent: outcome.clone(), before, outcome, doers: 100, drawn: 200, ..Measured::default() }
        };
        let found = look(&fixed(&[5_000, 5_000], false, 400), &[spread(0.0), spread(0.5)]);
        let one = &found.contrasts[0];
        assert!(one.reduction.unwrap() > 0.99);
        let width = |range: Range| range.high - range.low;
        assert!(width(one.adjusted.unwrap()) < width(one.difference) / 5.0);
    }

    #[test]
    fn a_household_says_no_more_than_one_customer_who_does_the_same() {
        let alone = [shop(300, 60), shop(300, 90)];
        let of = |one: &Measured| Measured {
            outcome: one.outcome.iter().chain(&one.outcome).copied().collect(),
            spent: one.spent.iter().chain(&one.spent).copied().collect(),
            households: (0..300).chain(0..300).collect(),
            doers: one.doers * 2,
            assigned: 600,
            drawn: 300,
            ..Measured::default()
        };
        let together = [of(&alone[0]), of(&alone[1])];
        let shares = [5_000, 5_000];
        let one = look(&fixed(&shares, false, 600), &alone);
        let two = look(&fixed(&shares, false, 1_200), &together);
        let width = |look: &Look| look.contrasts[0].difference.high - look.contrasts[0].difference.low;
        assert!((width(&one) - width(&two)).abs() < 1e-9, "{} and {}", width(&one), width(&two));
        assert_eq!(two.arms[1].complete, 600);
        assert!(two.checks[0].is_ok);
        let strangers = Measured { households: Vec::new(), ..together[1].clone() };
        let wrong = look(&fixed(&shares, false, 1_200), &[Measured { households: Vec::new(), ..together[0].clone() }, strangers]);
        assert!(width(&wrong) < width(&two) * 0.75, "as strangers they would say more than they know");
    }

    #[test]
    fn a_subgroup_is_told_apart_only_where_it_answers_otherwise_than_the_rest() {
        // Of the first 200 of each arm half are in subgroup 0; it alone answers to the treatment. Subgroup 1 is drawn across.
        let arm = |of_group: u64, of_rest: u64| {
            let outcome: Vec<f64> =
                (0..400_u64).map(|who| f64::from(u8::from(if who < 200 { who < of_group } else { who - 200 < of_rest }))).collect();
            let subgroups =
                (0..400_i64).map(|who| i64::from(who < 200) | i64::from(who % 2 == 0) << 1 | i64::from(who < 20) << 2).collect();
            let doers = of_group + of_rest;
            Measured { spent: outcome.clone(), outcome, subgroups, doers, assigned: 400, drawn: 400, ..Measured::default() }
        };
        let arms = [arm(60, 60), arm(120, 64)];
        let shares = [5_000, 5_000];
        let found = look(&Fixed { subgroups: 3, ..fixed(&shares, true, 800) }, &arms);
        let told: Vec<_> = found.subgroups.iter().map(|one| (one.subgroup, one.customers, one.differs)).collect();
        assert_eq!(told, [(0, 400, true), (1, 400, false)], "of twenty nothing is said");
        assert!((found.subgroups[0].inside.value - 0.3).abs() < 1e-12 && found.subgroups[0].outside.low < 0.0);
        let early = Fixed { subgroups: 3, is_over: false, planned: 8_000, ..fixed(&shares, true, 800) };
        assert!(look(&early, &arms).subgroups.is_empty(), "nor before the end");
    }
}
