//! What came after a treatment («پس از»), and what came of it («در اثر»): functions on plain values. The first is counted
//! for everybody; the second is said only where chance decided who got the treatment.

use crate::Day;
use crate::experience::experiments::Range;
use crate::insight::guard::{FEW, LEVEL};
use peyvand_stats::cuped::{Pair, cuped};
use peyvand_stats::mean::{Difference, Moments, stratified, welch};
use peyvand_stats::power::{Demand, sample_size_mean};
use peyvand_stats::ratio::{Quotient, fieller};
use peyvand_stats::sample_ratio::{BROKEN_BELOW, sample_ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Days without any treatment that a customer needs, so that one can say how often they come without it.
const UNTREATED: i64 = 30;
/// The part of a mean whose change is worth knowing, where nobody said which is.
const WORTH: f64 = 0.1;

/// The days of one customer that are looked at: `from` is the first, `until` the day after the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The first day.
    pub from: Day,
    /// The day after the last.
    pub until: Day,
}

impl Span {
    /// Whether a day lies in it.
    #[must_use]
    pub fn holds(&self, day: Day) -> bool {
        self.from <= day && day < self.until
    }

    /// How many days it has.
    #[must_use]
    pub fn days(&self) -> i64 {
        self.until.since(self.from).max(0)
    }
}

/// A treatment that reached a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Which, as a place in the tallies.
    pub cause: usize,
    /// When.
    pub on: Day,
    /// Days after it in which something counts as having come after it.
    pub days: i64,
    /// The day on which they used its code, if they did.
    pub used_on: Option<Day>,
}

/// Something a customer did, that may have come after a treatment: a purchase, or an introduction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Did {
    /// When.
    pub on: Day,
    /// What it came to, in minor units.
    pub minor: i64,
}

/// What came after a treatment, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// How often it reached somebody.
    pub reached: i64,
    /// How often it did so too late to see what comes after.
    pub cut: i64,
    /// What came after it.
    pub events: i64,
    /// What that came to.
    pub minor: i64,
    /// Of the events, those of customers of whom it is known how often they come without it.
    compared: i64,
    /// How many of these there would have been without it.
    expected: f64,
    variance: f64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.reached += other.reached;
        self.cut += other.cut;
        self.events += other.events;
        self.minor = self.minor.saturating_add(other.minor);
        self.compared += other.compared;
        self.expected += other.expected;
        self.variance += other.variance;
    }
}

/// Gives each event of one customer to at most one treatment: to that whose code was used, else to the latest one in whose
/// days it lies. Days of two treatments belong to the later one in the same way, so that what is expected in them is counted
/// once. A treatment whose days go beyond the span is left out and counted.
///
/// Returns for each event the place of its treatment.
pub fn attribute(span: Span, did: &[Did], reached: &[Reached], tallies: &mut [Tally]) -> Vec<Option<usize>> {
    let mut whole: Vec<&Reached> = Vec::with_capacity(reached.len());
    for one in reached.iter().filter(|one| span.holds(one.on)) {
        tallies[one.cause].reached += 1;
        if one.on.plus(one.days) < span.until {
            whole.push(one);
        } else {
            tallies[one.cause].cut += 1;
        }
    }
    if whole.is_empty() {
        return vec![None; did.len()];
    }
    whole.sort_unstable_by_key(|one| one.on);
    // Days are numbers from here on: every one of the span is asked about.
    let number = |day: Day| day.since(span.from);
    let ways: Vec<(i64, i64, usize)> = whole.iter().map(|one| (number(one.on), number(one.on) + one.days, one.cause)).collect();
    let latest = |day: i64| ways.iter().rev().find(|(on, last, _)| *on < day && day <= *last).map(|(.., cause)| *cause);
    let owners: Vec<Option<usize>> = did
        .iter()
        .map(|did| whole.iter().find(|one| one.used_on == Some(did.on)).map(|one| one.cause).or_else(|| latest(number(did.on))))
        .collect();
    let mut days = vec![0_i64; tallies.len()];
    let mut free = 0;
    for day in 0..span.days() {
        match latest(day) {
            Some(cause) => days[cause] += 1,
            None => free += 1,
        }
    }
    let without = owners.iter().filter(|owner| owner.is_none()).count() as f64;
    for (did, owner) in did.iter().zip(&owners) {
        let Some(cause) = *owner else { continue };
        let tally = &mut tallies[cause];
        tally.events += 1;
        tally.minor = tally.minor.saturating_add(did.minor);
        tally.compared += i64::from(free >= UNTREATED);
    }
    if free >= UNTREATED {
        for (tally, days) in tallies.iter_mut().zip(days) {
            let part = days as f64 / free as f64;
            tally.expected += part * without;
            tally.variance += part * part * without;
        }
    }
    owners
}

/// What came after a treatment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct After {
    /// How often it reached somebody.
    pub reached: i64,
    /// How often it did so too late to see what comes after; they are left out.
    pub cut: i64,
    /// What came after it: repeat purchases, introductions.
    pub events: i64,
    /// What these purchases came to, in minor units.
    pub minor: i64,
    /// How many would have come in as many days without any treatment, told from the same customers' other days; absent
    /// where there are none.
    pub expected: Option<f64>,
    /// How many times as many came, with the range in which it lies with 95 per cent. It is no effect: whoever comes more often
    /// is reached more often, too.
    pub times: Option<Range>,
}

impl From<Tally> for After {
    fn from(of: Tally) -> After {
        let known = of.expected > 0.0 && of.compared >= FEW;
        let times = known.then(|| {
            let events = of.compared as f64;
            let value = events / of.expected;
            // Both counts are of events that come by themselves: 1/n each, in logarithms.
            let factor = (Z95 * (1.0 / events + of.variance / (of.expected * of.expected)).sqrt()).exp();
            Range { value, low: value / factor, high: value * factor }
        });
        let expected = (of.expected > 0.0).then_some(of.expected);
        After { reached: of.reached, cut: of.cut, events: of.events, minor: of.minor, expected, times }
    }
}

/// The normal deviate of [`LEVEL`].
const Z95: f64 = 1.959_963_984_540_054;

/// What customers of one arm did after they were assigned, in sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Arm {
    /// Customers.
    pub count: i64,
    /// Of them, whom the treatment reached.
    pub delivered: i64,
    /// Events of each: sum, squares.
    pub events: (f64, f64),
    /// Minor units of each: sum, squares.
    pub minor: (f64, f64),
    /// Events of as many days before: sum, squares, with the events after.
    pub events_before: (f64, f64, f64),
    /// Minor units of as many days before: sum, squares, with the minor units after.
    pub minor_before: (f64, f64, f64),
    /// Minor units that the treatment cost: sum, squares, with the events, with the minor units.
    pub cost: (f64, f64, f64, f64),
}

impl AddAssign for Arm {
    fn add_assign(&mut self, other: Arm) {
        self.count += other.count;
        self.delivered += other.delivered;
        let pairs = [(&mut self.events, other.events), (&mut self.minor, other.minor)];
        pairs.into_iter().for_each(|(sum, more)| *sum = (sum.0 + more.0, sum.1 + more.1));
        let threes = [(&mut self.events_before, other.events_before), (&mut self.minor_before, other.minor_before)];
        threes.into_iter().for_each(|(sum, more)| *sum = (sum.0 + more.0, sum.1 + more.1, sum.2 + more.2));
        let (sum, more) = (self.cost, other.cost);
        self.cost = (sum.0 + more.0, sum.1 + more.1, sum.2 + more.2, sum.3 + more.3);
    }
}

impl Arm {
    fn moments(&self, (sum, squares): (f64, f64)) -> Moments {
        let n = self.count as f64;
        let mean = sum / n;
        Moments { count: self.count.unsigned_abs(), mean, variance: ((squares - sum * mean) / (n - 1.0)).max(0.0) }
    }

    fn covariance(&self, one: f64, other: f64, product: f64) -> f64 {
        let n = self.count as f64;
        (product - one * other / n) / (n - 1.0)
    }

    fn pair(&self, after: (f64, f64), (sum, squares, product): (f64, f64, f64)) -> Pair {
        Pair { outcome: self.moments(after), before: self.moments((sum, squares)), covariance: self.covariance(after.0, sum, product) }
    }

    /// What they leave us, less what the treatment cost: `kept` is the part of a price that is not the goods.
    fn benefit(&self, kept: f64) -> Moments {
        let (y, c) = (self.minor, self.cost);
        self.moments((kept * y.0 - c.0, kept * kept * y.1 - 2.0 * kept * c.3 + c.1))
    }
}

/// One policy that a treatment was given by: who got it beside who, by lot, did not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stratum {
    /// Who was to get it.
    pub treated: Arm,
    /// Who was left without it.
    pub control: Arm,
    /// The share of them who were to be left without it.
    pub held_back: f64,
}

impl Stratum {
    /// Whether so many in each arm come of the shares by chance.
    fn is_sound(&self) -> bool {
        let counts = [self.treated.count.unsigned_abs(), self.control.count.unsigned_abs()];
        sample_ratio(&counts, &[1.0 - self.held_back, self.held_back]).is_ok_and(|found| found.p >= BROKEN_BELOW)
    }
}

peyvand_db::words! {
    /// What may be said of what a treatment does.
    pub enum Claim {
        /// More comes of it.
        More = "more",
        /// Less comes of it.
        Less = "less",
        /// It cannot be told on which side of nothing the effect lies.
        Unknown = "unknown",
        /// Too few customers.
        TooFew = "too_few",
        /// Nobody was left without it, so that nothing may be claimed.
        NoControl = "no_control",
        /// More or fewer than there were to be are in an arm: something went wrong, and nothing may be claimed.
        Broken = "broken",
    }
}

/// What came of a treatment: those who were to get it beside those who, by lot, were not. Everybody counts as they were
/// assigned, whatever they got in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// What may be said.
    pub claim: Claim,
    /// Who were to get it.
    pub treated: i64,
    /// Who were left without it.
    pub control: i64,
    /// The share of the former whom it reached.
    pub delivered: Option<f64>,
    /// Days after the assignment that are looked at.
    pub days: i64,
    /// Events that were added for each customer, with the range in which it lies with 95 per cent.
    pub added: Option<Range>,
    /// The same of all who were to get it.
    pub added_in_all: Option<Range>,
    /// The same for each whom it reached.
    pub added_each_reached: Option<f64>,
    /// Share of the variance that what customers did before took away.
    pub reduction: Option<f64>,
    /// Minor units that were added for each customer.
    pub amount: Option<Range>,
    /// By how much of what the others spent that is.
    pub amount_change: Option<Range>,
    /// What an added event cost, in minor units; absent where it may be none that was added.
    pub cost_each: Option<Range>,
    /// What it left us for each customer after the goods and what it cost, in minor units; absent as long as nobody has said
    /// what part of a price the goods are.
    pub benefit: Option<Range>,
    /// How likely so large a difference is without any effect.
    pub p: Option<f64>,
    /// The same when as many treatments of the kind were asked (Holm).
    pub p_adjusted: Option<f64>,
    /// Customers that each arm needs to see a change of a tenth.
    pub needed: Option<i64>,
    /// How likely it adds the most of those of its kind of which that can be told; absent where there is no other one.
    pub best: Option<f64>,
}

/// What customers do who are in no arm, so that it can be said how many an answer needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usual {
    /// Mean of their events.
    pub mean: f64,
    /// Deviation.
    pub deviation: f64,
}

impl Usual {
    fn needed(self) -> Option<i64> {
        let demand = Demand { alpha: 1.0 - LEVEL, power: 0.8 };
        sample_size_mean(self.deviation, self.mean * WORTH, demand).ok().and_then(|count| i64::try_from(count).ok())
    }
}

/// What may be said without any number.
pub(super) fn silent(claim: Claim, strata: &[Stratum], days: i64, usual: Usual) -> Because {
    let count = |of: fn(&Stratum) -> i64| strata.iter().map(of).sum::<i64>();
    Because {
        claim,
        treated: count(|one| one.treated.count),
        control: count(|one| one.control.count),
        delivered: None,
        days,
        added: None,
        added_in_all: None,
        added_each_reached: None,
        reduction: None,
        amount: None,
        amount_change: None,
        cost_each: None,
        benefit: None,
        p: None,
        p_adjusted: None,
        needed: usual.needed(),
        best: None,
    }
}

/// Puts the policies together, each with the share of its treated customers. `kept` is the part of a price that is not the
/// goods, where it is known.
pub fn because(strata: &[Stratum], days: i64, kept: Option<f64>, usual: Usual) -> Because {
    let asked: Vec<Stratum> = strata.iter().copied().filter(|one| one.treated.count > 1 && one.control.count > 1).collect();
    let small = silent(Claim::TooFew, strata, days, usual);
    if small.control == 0 {
        return Because { claim: Claim::NoControl, ..small };
    }
    let treated: i64 = asked.iter().map(|one| one.treated.count).sum();
    let control: i64 = asked.iter().map(|one| one.control.count).sum();
    if treated < FEW || control < FEW {
        return small;
    }
    if !asked.iter().all(Stratum::is_sound) {
        return Because { claim: Claim::Broken, ..small };
    }
    let n = treated as f64;
    let together = |of: &dyn Fn(&Stratum) -> Option<Difference>| {
        let parts: Option<Vec<(f64, Difference)>> = asked.iter().map(|one| Some((one.treated.count as f64 / n, of(one)?))).collect();
        stratified(&parts?, LEVEL).ok()
    };
    // What customers did before is taken out where it varies; otherwise they are compared as they are.
    let adjusted = |one: &Stratum, after: fn(&Arm) -> (f64, f64), before: fn(&Arm) -> (f64, f64, f64)| {
        let pair = |arm: &Arm| arm.pair(after(arm), before(arm));
        match cuped(&pair(&one.treated), &pair(&one.control), LEVEL) {
            Ok(found) => Some((found.difference, found.reduction)),
            Err(_) => welch(&pair(&one.treated).outcome, &pair(&one.control).outcome, LEVEL).ok().map(|found| (found, 0.0)),
        }
    };
    let Some(events) = together(&|one| adjusted(one, |arm| arm.events, |arm| arm.events_before).map(|found| found.0)) else {
        // Nobody did anything, in either arm.
        return Because { claim: Claim::Unknown, ..small };
    };
    let amount = together(&|one| adjusted(one, |arm| arm.minor, |arm| arm.minor_before).map(|found| found.0));
    let benefit = kept.and_then(|kept| together(&|one| welch(&one.treated.benefit(kept), &one.control.benefit(kept), LEVEL).ok()));
    let mean_of_control =
        asked.iter().map(|one| one.treated.count as f64 / n * one.control.minor.0 / one.control.count as f64).sum::<f64>();
    let delivered = asked.iter().map(|one| one.treated.delivered).sum::<i64>() as f64 / n;
    let range: Range = events.interval.into();
    let reductions = asked.iter().filter_map(|one| adjusted(one, |arm| arm.events, |arm| arm.events_before).map(|found| found.1));
    let reduction = reductions.fold(f64::INFINITY, f64::min);
    Because {
        claim: if range.low > 0.0 {
            Claim::More
        } else if range.high < 0.0 {
            Claim::Less
        } else {
            Claim::Unknown
        },
        delivered: Some(delivered),
        added: Some(range),
        added_in_all: Some(events.interval.scaled(n).into()),
        added_each_reached: (delivered > 0.0).then(|| range.value / delivered),
        reduction: reduction.is_finite().then_some(reduction),
        amount: amount.map(|found| found.interval.into()),
        amount_change: amount.filter(|_| mean_of_control > 0.0).map(|found| found.interval.scaled(1.0 / mean_of_control).into()),
        cost_each: cost_each(&asked, &events, n),
        benefit: benefit.map(|found| found.interval.into()),
        p: Some(events.test.p),
        ..small
    }
}

/// What an added event cost (Fieller): mean cost of the treated over what was added for each.
fn cost_each(asked: &[Stratum], events: &Difference, n: f64) -> Option<Range> {
    let sum = |of: &dyn Fn(&Stratum, f64) -> f64| asked.iter().map(|one| of(one, one.treated.count as f64 / n)).sum::<f64>();
    let cost = sum(&|one, share| share * one.treated.cost.0 / one.treated.count as f64);
    let variance = sum(&|one, share| share * share * one.treated.moments((one.treated.cost.0, one.treated.cost.1)).error_squared());
    let covariance = sum(&|one, share| {
        let Arm { events, cost, .. } = one.treated;
        share * share * one.treated.covariance(cost.0, events.0, cost.2) / one.treated.count as f64
    });
    let added = (events.interval.value, events.standard_error * events.standard_error);
    match fieller((cost, variance), added, covariance, LEVEL) {
        Ok(Quotient::Bounded(found)) if found.value >= 0.0 && cost > 0.0 && events.interval.excludes_zero() => Some(found.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn year() -> Span {
        Span { from: day("2025-01-01"), until: day("2026-01-01") }
    }

    fn did(on: &str) -> Did {
        Did { on: day(on), minor: 10 }
    }

    fn reached(cause: usize, on: &str, days: i64) -> Reached {
        Reached { cause, on: day(on), days, used_on: None }
    }

    #[test]
    fn the_latest_treatment_takes_what_comes_after_unless_a_code_was_used() {
        let mut tallies = [Tally::default(); 2];
        let used = Reached { used_on: Some(day("2025-04-20")), ..reached(0, "2025-04-01", 30) };
        let given = [used, reached(1, "2025-04-10", 60), reached(1, "2025-12-01", 60)];
        let done = [did("2025-04-01"), did("2025-04-05"), did("2025-04-10"), did("2025-04-15"), did("2025-04-20"), did("2025-07-01")];
        let owners = attribute(year(), &done, &given, &mut tallies);
        assert_eq!(owners, [None, Some(0), Some(0), Some(1), Some(0), None], "on the day itself it had not come before");
        assert_eq!((tallies[0].reached, tallies[0].events, tallies[0].minor, tallies[0].cut), (1, 3, 30, 0));
        assert_eq!((tallies[1].reached, tallies[1].events, tallies[1].cut), (2, 1, 1), "what ends after the year is left out");
        // Of 365 days 9 belong to the first treatment and 60 to the second; 296 are free, with two purchases.
        assert!((tallies[0].expected - 2.0 * 9.0 / 296.0).abs() < 1e-12);
        assert!((tallies[1].expected - 2.0 * 60.0 / 296.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_expected_of_who_was_never_without_a_treatment() {
        let mut tallies = [Tally::default()];
        let span = Span { from: day("2025-01-01"), until: day("2025-03-01") };
        attribute(span, &[did("2025-01-20")], &[reached(0, "2025-01-10", 40)], &mut tallies);
        assert_eq!((tallies[0].events, tallies[0].compared, tallies[0].expected), (1, 0, 0.0));
        let after = After::from(tallies[0]);
        assert_eq!((after.expected, after.times), (None, None));
    }

    #[test]
    fn times_as_many_has_the_range_of_two_counts() {
        let tally = Tally { compared: 100, expected: 50.0, variance: 50.0, events: 100, ..Tally::default() };
        let times = After::from(tally).times.unwrap();
        // exp(1.96 · √(1/100 + 1/50)) = 1.4042
        assert!((times.value - 2.0).abs() < 1e-12 && (times.high / 2.0 - 1.404_2).abs() < 1e-3, "{times:?}");
        assert_eq!(After::from(Tally { compared: 29, ..tally }).times, None, "of few nothing is said");
    }

    /// Customers of whom each bought so often, for 100 each, and cost that much.
    fn arm(counts: &[i64], cost: f64) -> Arm {
        let mut arm = Arm { count: counts.len() as i64, delivered: if cost > 0.0 { counts.len() as i64 } else { 0 }, ..Arm::default() };
        for count in counts {
            let x = *count as f64;
            let y = 100.0 * x;
            arm.events = (arm.events.0 + x, arm.events.1 + x * x);
            arm.minor = (arm.minor.0 + y, arm.minor.1 + y * y);
            arm.cost = (arm.cost.0 + cost, arm.cost.1 + cost * cost, arm.cost.2 + cost * x, arm.cost.3 + cost * y);
        }
        arm
    }

    fn repeated(pattern: &[i64], times: usize) -> Vec<i64> {
        pattern.iter().copied().cycle().take(pattern.len() * times).collect()
    }

    #[test]
    fn an_effect_is_the_difference_of_who_was_to_get_it_and_who_was_not() {
        let (one, other) = (repeated(&[0, 1, 2, 3], 25), repeated(&[0, 1, 1, 2], 25));
        let stratum = Stratum { treated: arm(&one, 20.0), control: arm(&other, 0.0), held_back: 0.5 };
        let found = because(&[stratum], 90, Some(0.4), Usual { mean: 1.0, deviation: 1.0 });
        let moments = |counts: &[i64]| Moments::of(&counts.iter().map(|count| *count as f64).collect::<Vec<_>>()).unwrap();
        let known = welch(&moments(&one), &moments(&other), 0.95).unwrap();
        let added = found.added.unwrap();
        assert!((added.value - 0.5).abs() < 1e-12 && (added.low - known.interval.low).abs() < 1e-9, "{added:?}");
        assert_eq!((found.claim, found.treated, found.control, found.delivered), (Claim::More, 100, 100, Some(1.0)));
        assert!((found.added_in_all.unwrap().value - 50.0).abs() < 1e-9);
        assert!((found.amount.unwrap().value - 50.0).abs() < 1e-9 && (found.amount_change.unwrap().value - 0.5).abs() < 1e-9);
        assert!((found.cost_each.unwrap().value - 40.0).abs() < 1e-9, "20 each, half a purchase each");
        assert!((found.benefit.unwrap().value - (0.4 * 50.0 - 20.0)).abs() < 1e-9);
    }

    #[test]
    fn policies_with_other_shares_are_not_mixed() {
        // In both policies the treatment does nothing; mixed, it would look like harm, for the second one treats fewer of better ones.
        let (low, high) = (repeated(&[0, 1], 100), repeated(&[3, 4], 100));
        let strata = [
            Stratum { treated: arm(&low, 0.0), control: arm(&low[..50], 0.0), held_back: 0.2 },
            Stratum { treated: arm(&high[..50], 0.0), control: arm(&high, 0.0), held_back: 0.8 },
        ];
        let found = because(&strata, 90, None, Usual::default());
        assert_eq!((found.claim, found.benefit, found.cost_each), (Claim::Unknown, None, None));
        assert!(found.added.unwrap().value.abs() < 1e-12);
    }

    #[test]
    fn nothing_is_claimed_without_a_control_of_few_or_of_broken_arms() {
        let many = repeated(&[0, 1, 2], 40);
        let alone = Stratum { treated: arm(&many, 0.0), control: Arm::default(), held_back: 0.0 };
        let usual = Usual { mean: 1.0, deviation: 1.0 };
        let found = because(&[alone], 60, None, usual);
        assert_eq!((found.claim, found.added, found.needed), (Claim::NoControl, None, Some(1_570)));
        let few = Stratum { treated: arm(&many, 0.0), control: arm(&many[..20], 0.0), held_back: 0.15 };
        assert_eq!(because(&[few], 60, None, usual).claim, Claim::TooFew);
        let broken = Stratum { treated: arm(&many, 0.0), control: arm(&many[..60], 0.0), held_back: 0.1 };
        assert_eq!(because(&[broken], 60, None, usual).claim, Claim::Broken);
        assert_eq!(because(&[], 60, None, usual).claim, Claim::NoControl);
    }
}
