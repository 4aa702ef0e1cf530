//! The gates between the stages: what has to be known of a customer before they pass. Plain values in, a verdict out;
//! the thresholds are data that the organisation changes within bounds.

use crate::{Day, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

peyvand_db::words! {
    /// A set of thresholds that are changed together.
    pub enum Gate {
        /// From potential to actual.
        First = "g01",
        /// From actual to loyal.
        Loyal = "g12",
        /// From loyal to advocate.
        Advocate = "g23",
        /// When silence counts as leaving.
        Leaving = "leaving",
    }
}

peyvand_db::words! {
    /// A number that the organisation sets.
    pub enum Threshold {
        /// Days within which the first purchase can be given back.
        ReturnDays = "return_days",
        /// Repeat occasions that make loyal.
        Repeats = "repeats",
        /// How many of them without discount or gift.
        PlainRepeats = "plain_repeats",
        /// Days before a purchase in which a discount or gift counts as its reason.
        ExposureDays = "exposure_days",
        /// The least satisfaction of 5.
        CsatMin = "csat_min",
        /// The least recommendation of 10.
        NpsMin = "nps_min",
        /// Days without complaint that stand for satisfaction where nobody asked.
        QuietDays = "quiet_days",
        /// Days since the first purchase.
        DwellDays = "dwell_days",
        /// The most of what was bought that was given back, in percent.
        RefundedPercent = "refunded_percent",
        /// Confirmed introductions that nobody asked for.
        Referrals = "referrals",
        /// Days since the first purchase.
        TenureDays = "tenure_days",
        /// Days as a loyal customer.
        LoyalDays = "loyal_days",
        /// Usual gaps within which the last purchase lies.
        RecentGaps = "recent_gaps",
        /// Whether a person confirms: 1, or 0.
        NeedsPerson = "needs_person",
        /// Usual gaps of silence after which a customer has left.
        Gaps = "gaps",
        /// The usual gap of who has not bought often enough to have their own, in days.
        GapDays = "gap_days",
        /// Nobody has left before so many days.
        LeastDays = "least_days",
        /// Days without contact after which a potential customer is given up.
        GiveUpDays = "give_up_days",
    }
}

/// A threshold of a gate: what it is unless somebody says otherwise, and between which bounds.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Of this gate.
    pub gate: Gate,
    /// This number.
    pub threshold: Threshold,
    /// Unless somebody says otherwise.
    pub usual: i64,
    /// At least.
    pub min: i64,
    /// At most.
    pub max: i64,
}

const fn bound(gate: Gate, threshold: Threshold, usual: i64, min: i64, max: i64) -> Bound {
    Bound { gate, threshold, usual, min, max }
}

/// All thresholds, gate by gate, as the editor shows them.
pub const BOUNDS: &[Bound] = &[
    bound(Gate::First, Threshold::ReturnDays, 7, 0, 90),
    bound(Gate::First, Threshold::NeedsPerson, 0, 0, 1),
    bound(Gate::Loyal, Threshold::Repeats, 2, 1, 12),
    bound(Gate::Loyal, Threshold::PlainRepeats, 1, 0, 12),
    bound(Gate::Loyal, Threshold::ExposureDays, 30, 0, 180),
    bound(Gate::Loyal, Threshold::CsatMin, 4, 3, 5),
    bound(Gate::Loyal, Threshold::NpsMin, 7, 5, 10),
    bound(Gate::Loyal, Threshold::QuietDays, 180, 30, 730),
    bound(Gate::Loyal, Threshold::DwellDays, 30, 0, 730),
    bound(Gate::Loyal, Threshold::RefundedPercent, 50, 5, 100),
    bound(Gate::Loyal, Threshold::NeedsPerson, 0, 0, 1),
    bound(Gate::Advocate, Threshold::Referrals, 1, 1, 10),
    bound(Gate::Advocate, Threshold::TenureDays, 180, 30, 1_460),
    bound(Gate::Advocate, Threshold::LoyalDays, 60, 0, 730),
    bound(Gate::Advocate, Threshold::RecentGaps, 2, 1, 6),
    bound(Gate::Advocate, Threshold::NeedsPerson, 1, 0, 1),
    bound(Gate::Leaving, Threshold::Gaps, 2, 1, 6),
    bound(Gate::Leaving, Threshold::GapDays, 60, 3, 730),
    bound(Gate::Leaving, Threshold::LeastDays, 30, 7, 365),
    bound(Gate::Leaving, Threshold::GiveUpDays, 365, 30, 1_825),
];

/// The bounds of one threshold of a gate.
#[must_use]
pub fn bound_of(gate: Gate, threshold: Threshold) -> Option<&'static Bound> {
    BOUNDS.iter().find(|bound| bound.gate == gate && bound.threshold == threshold)
}

/// The thresholds of one gate that somebody set; those that are absent have their usual value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Thresholds(pub BTreeMap<Threshold, i64>);

/// A version of a gate.
#[derive(Debug)]
pub enum GateVersion {}

/// The thresholds of all gates that hold on a day, and the versions they are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    // By gate and threshold: asked some fifty times for each customer.
    values: [[i64; Threshold::ALL.len()]; Gate::ALL.len()],
    versions: [Option<Id<GateVersion>>; Gate::ALL.len()],
}

impl Rules {
    /// Usual thresholds, of no version.
    #[must_use]
    pub fn usual() -> Rules {
        let mut rules = Rules { values: Default::default(), versions: Default::default() };
        for bound in BOUNDS {
            rules.values[bound.gate as usize][bound.threshold as usize] = bound.usual;
        }
        rules
    }

    /// With the thresholds of a version of one gate.
    #[must_use]
    pub fn with(mut self, gate: Gate, version: Option<Id<GateVersion>>, thresholds: &Thresholds) -> Rules {
        for bound in BOUNDS.iter().filter(|bound| bound.gate == gate) {
            let value = thresholds.0.get(&bound.threshold).copied().unwrap_or(bound.usual);
            self.values[gate as usize][bound.threshold as usize] = value.clamp(bound.min, bound.max);
        }
        self.versions[gate as usize] = version;
        self
    }

    /// A threshold; 0 for one that the gate does not have.
    #[must_use]
    pub fn get(&self, gate: Gate, threshold: Threshold) -> i64 {
        self.values[gate as usize][threshold as usize]
    }

    /// The version of a gate.
    #[must_use]
    pub fn version(&self, gate: Gate) -> Option<Id<GateVersion>> {
        self.versions[gate as usize]
    }

    /// Whether a person confirms who passes.
    #[must_use]
    pub fn needs_person(&self, gate: Gate) -> bool {
        self.get(gate, Threshold::NeedsPerson) == 1
    }
}

/// Which rules hold from which day on; the first ones also hold for all days before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline(Vec<(Day, Rules)>);

impl Timeline {
    /// Of rules that always held.
    #[must_use]
    pub fn always(rules: Rules) -> Timeline {
        Timeline(vec![(Day(jiff::civil::Date::MIN), rules)])
    }

    /// Adds rules that hold from a day on, which is not before that of the last ones.
    pub fn push(&mut self, from: Day, rules: Rules) {
        match self.0.last_mut() {
            Some(last) if last.0 == from => last.1 = rules,
            _ => self.0.push((from, rules)),
        }
    }

    /// The rules of a day.
    ///
    /// # Panics
    /// Never: there are always the first ones.
    #[must_use]
    pub fn on(&self, day: Day) -> &Rules {
        let at = self.0.partition_point(|(from, _)| *from <= day);
        &self.0[at.saturating_sub(1)].1
    }

    /// The first day after this one on which other rules hold.
    #[must_use]
    pub fn next_change(&self, day: Day) -> Option<Day> {
        self.0.iter().map(|(from, _)| *from).find(|from| *from > day)
    }

    /// The rules that hold last.
    ///
    /// # Panics
    /// Never: there are always the first ones.
    #[must_use]
    pub fn last(&self) -> &Rules {
        &self.0[self.0.len() - 1].1
    }
}

peyvand_db::words! {
    /// What a customer said when they were asked.
    pub enum Asked {
        /// How satisfied, of 5.
        Csat = "csat",
        /// How likely to recommend, of 10.
        Nps = "nps",
    }
}

/// What is known of a customer on a day, as far as gates ask for it. Kept with each promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inputs {
    /// The day.
    pub on: Day,
    /// The first day with a purchase.
    pub first_on: Option<Day>,
    /// The last one.
    pub last_on: Option<Day>,
    /// Days with a purchase of which something remained.
    pub occasions: i64,
    /// Of those after the first, how many without discount or gift.
    pub plain_repeats: i64,
    /// The usual gap between two of them, in days.
    pub gap_days: i64,
    /// What was bought, in minor units.
    pub bought_minor: i64,
    /// What was given back of it.
    pub refunded_minor: i64,
    /// The last answer to how satisfied or how likely to recommend.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<(Asked, i64)>,
    /// The day of the last complaint.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub complained_on: Option<Day>,
    /// Complaints that are open and late.
    #[serde(default)]
    pub late_complaints: i64,
    /// Open incidents of severity 2 or 3.
    #[serde(default)]
    pub open_incidents: i64,
    /// Whether the customer does not want to hear from us.
    #[serde(default)]
    pub has_withdrawn: bool,
    /// Confirmed introductions that nobody asked for and that are sound.
    #[serde(default)]
    pub referrals: i64,
    /// Since when they are in their stage.
    pub since_on: Day,
}

peyvand_db::words! {
    /// What a gate asks for.
    pub enum Need {
        /// A paid purchase.
        Purchase = "purchase",
        /// Repeat occasions.
        Repeats = "repeats",
        /// Repeat occasions without discount or gift.
        PlainRepeats = "plain_repeats",
        /// A good answer.
        Satisfied = "satisfied",
        /// No complaint for long, where nobody asked.
        Quiet = "quiet",
        /// Not silent for too long.
        NotLapsed = "not_lapsed",
        /// Time since the first purchase and since becoming actual.
        Dwell = "dwell",
        /// Not too much given back.
        Kept = "kept",
        /// No open incident.
        NoIncident = "no_incident",
        /// No open complaint that is late.
        NoLateComplaint = "no_late_complaint",
        /// Wants to hear from us.
        Consent = "consent",
        /// Confirmed introductions that nobody asked for.
        Referrals = "referrals",
        /// Time since the first purchase.
        Tenure = "tenure",
        /// Time as a loyal customer.
        LoyalTime = "loyal_time",
    }
}

/// What a gate asks for, and what there is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Criterion {
    /// What.
    pub need: Need,
    /// Whether it is there.
    pub is_met: bool,
    /// How much there is: a count, days, percent or a score, as the need says.
    pub has: i64,
    /// How much is asked for; for what must not be there, how much is allowed.
    pub needs: i64,
    /// The day on which time alone turns it, be it met or lost.
    pub turns_on: Option<Day>,
}

impl Criterion {
    fn at_least(need: Need, has: i64, needs: i64) -> Criterion {
        Criterion { need, is_met: has >= needs, has, needs, turns_on: None }
    }

    fn at_most(need: Need, has: i64, needs: i64) -> Criterion {
        Criterion { need, is_met: has <= needs, has, needs, turns_on: None }
    }

    /// So many days since a day; unmet while there is no such day.
    fn days(need: Need, on: Day, since: Option<Day>, needs: i64) -> Criterion {
        let Some(since) = since else { return Criterion { need, is_met: needs == 0, has: 0, needs, turns_on: None } };
        let has = on.since(since);
        Criterion { need, is_met: has >= needs, has, needs, turns_on: (has < needs).then(|| since.plus(needs)) }
    }
}

/// Percent of what was bought that was given back.
fn refunded_percent(inputs: &Inputs) -> i64 {
    if inputs.bought_minor <= 0 {
        return 0;
    }
    let percent = i128::from(inputs.refunded_minor) * 100 / i128::from(inputs.bought_minor);
    i64::try_from(percent).unwrap_or(i64::MAX)
}

/// A good answer; where nobody asked, no complaint for so many days.
fn satisfied(inputs: &Inputs, rules: &Rules) -> Criterion {
    let of = |threshold| rules.get(Gate::Loyal, threshold);
    match (inputs.answer, inputs.complained_on) {
        (Some((Asked::Csat, score)), _) => Criterion::at_least(Need::Satisfied, score, of(Threshold::CsatMin)),
        (Some((Asked::Nps, score)), _) => Criterion::at_least(Need::Satisfied, score, of(Threshold::NpsMin)),
        (None, None) => Criterion::at_least(Need::Quiet, 0, 0),
        (None, Some(complained)) => Criterion::days(Need::Quiet, inputs.on, Some(complained), of(Threshold::QuietDays)),
    }
}

/// Bought within so many usual gaps.
fn recent(inputs: &Inputs, gaps: i64) -> Criterion {
    let allowed = inputs.gap_days.saturating_mul(gaps);
    let Some(last) = inputs.last_on else {
        return Criterion { need: Need::NotLapsed, is_met: false, has: 0, needs: allowed, turns_on: None };
    };
    let has = inputs.on.since(last);
    let is_met = has <= allowed;
    Criterion { need: Need::NotLapsed, is_met, has, needs: allowed, turns_on: is_met.then(|| last.plus(allowed + 1)) }
}

/// What a gate asks for and what there is of it, in the order in which people are told. All of it met lets the customer
/// pass, or be proposed where a person confirms.
#[must_use]
pub fn judge(gate: Gate, rules: &Rules, inputs: &Inputs) -> Vec<Criterion> {
    let of = |threshold| rules.get(gate, threshold);
    let mut found = Vec::with_capacity(10);
    match gate {
        Gate::First => found.push(Criterion::at_least(Need::Purchase, inputs.occasions, 1)),
        Gate::Loyal => {
            found.push(Criterion::at_least(Need::Repeats, (inputs.occasions - 1).max(0), of(Threshold::Repeats)));
            found.push(Criterion::at_least(Need::PlainRepeats, inputs.plain_repeats, of(Threshold::PlainRepeats)));
            found.push(satisfied(inputs, rules));
            found.push(recent(inputs, rules.get(Gate::Leaving, Threshold::Gaps)));
            // Both since the first purchase and since they became actual, who may have come back.
            let since = inputs.first_on.map(|first| first.max(inputs.since_on));
            found.push(Criterion::days(Need::Dwell, inputs.on, since, of(Threshold::DwellDays).max(inputs.gap_days)));
            found.push(Criterion::at_most(Need::Kept, refunded_percent(inputs), of(Threshold::RefundedPercent)));
        }
        Gate::Advocate => {
            found.push(Criterion::at_least(Need::Referrals, inputs.referrals, of(Threshold::Referrals)));
            found.push(recent(inputs, of(Threshold::RecentGaps)));
            found.push(Criterion::days(Need::Tenure, inputs.on, inputs.first_on, of(Threshold::TenureDays)));
            found.push(Criterion::days(Need::LoyalTime, inputs.on, Some(inputs.since_on), of(Threshold::LoyalDays)));
        }
        Gate::Leaving => return found,
    }
    found.push(Criterion::at_most(Need::NoIncident, inputs.open_incidents, 0));
    found.push(Criterion::at_most(Need::NoLateComplaint, inputs.late_complaints, 0));
    // Who buys is a customer, whether or not they want our news.
    if gate != Gate::First {
        found.push(Criterion::at_most(Need::Consent, i64::from(inputs.has_withdrawn), 0));
    }
    found
}

/// Whether all that a gate asks for is there.
#[must_use]
pub fn passes(criteria: &[Criterion]) -> bool {
    criteria.iter().all(|criterion| criterion.is_met)
}

/// How ripe somebody is for the next stage, in percent: each need counts alike, in part where it is met in part.
#[must_use]
pub fn maturity(criteria: &[Criterion]) -> i64 {
    if criteria.is_empty() {
        return 0;
    }
    let parts: i64 = criteria
        .iter()
        .map(|one| match (one.is_met, one.has < one.needs) {
            (true, _) => 100,
            (false, true) => one.has.max(0) * 100 / one.needs,
            (false, false) => 0,
        })
        .sum();
    (parts / criteria.len() as i64).min(if passes(criteria) { 100 } else { 99 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Somebody who passes the gate to loyal, and that to advocate.
    fn ripe() -> Inputs {
        Inputs {
            on: day("2026-11-01"),
            first_on: Some(day("2026-02-01")),
            last_on: Some(day("2026-10-20")),
            occasions: 5,
            plain_repeats: 2,
            gap_days: 40,
            bought_minor: 1_000,
            refunded_minor: 100,
            answer: Some((Asked::Csat, 5)),
            complained_on: None,
            late_complaints: 0,
            open_incidents: 0,
            has_withdrawn: false,
            referrals: 1,
            since_on: day("2026-02-01"),
        }
    }

    fn missing(gate: Gate, inputs: &Inputs) -> Vec<Need> {
        judge(gate, &Rules::usual(), inputs).into_iter().filter(|one| !one.is_met).map(|one| one.need).collect()
    }

    #[test]
    fn each_need_of_loyalty_stops_alone() {
        assert_eq!(missing(Gate::Loyal, &ripe()), []);
        let cases: [(Need, fn(&mut Inputs)); 9] = [
            (Need::Repeats, |one| one.occasions = 2),
            (Need::PlainRepeats, |one| one.plain_repeats = 0),
            (Need::Satisfied, |one| one.answer = Some((Asked::Nps, 6))),
            (Need::NotLapsed, |one| one.gap_days = 5),
            (Need::Dwell, |one| one.since_on = one.on.plus(-39)),
            (Need::Kept, |one| one.refunded_minor = 510),
            (Need::NoIncident, |one| one.open_incidents = 1),
            (Need::NoLateComplaint, |one| one.late_complaints = 1),
            (Need::Consent, |one| one.has_withdrawn = true),
        ];
        for (need, spoil) in cases {
            let mut inputs = ripe();
            spoil(&mut inputs);
            assert_eq!(missing(Gate::Loyal, &inputs), [need]);
        }
    }

    #[test]
    fn each_need_of_advocacy_stops_alone() {
        assert_eq!(missing(Gate::Advocate, &ripe()), []);
        let cases: [(Need, fn(&mut Inputs)); 4] = [
            (Need::Referrals, |one| one.referrals = 0),
            (Need::NotLapsed, |one| one.gap_days = 5),
            (Need::Tenure, |one| one.first_on = Some(one.on.plus(-179))),
            (Need::LoyalTime, |one| one.since_on = one.on.plus(-59)),
        ];
        for (need, spoil) in cases {
            let mut inputs = ripe();
            spoil(&mut inputs);
            assert_eq!(missing(Gate::Advocate, &inputs), [need]);
        }
    }

    #[test]
    fn whoever_pays_is_actual_though_they_want_no_news() {
        let mut inputs = Inputs { occasions: 1, has_withdrawn: true, ..ripe() };
        assert_eq!(missing(Gate::First, &inputs), []);
        inputs.occasions = 0;
        assert_eq!(missing(Gate::First, &inputs), [Need::Purchase]);
    }

    #[test]
    fn a_quiet_half_year_stands_for_an_answer_that_nobody_asked_for() {
        let mut inputs = Inputs { answer: None, ..ripe() };
        assert_eq!(missing(Gate::Loyal, &inputs), []);
        inputs.complained_on = Some(inputs.on.plus(-170));
        let told = judge(Gate::Loyal, &Rules::usual(), &inputs);
        let one = told.iter().find(|one| one.need == Need::Quiet).unwrap();
        assert_eq!((one.is_met, one.has, one.needs, one.turns_on), (false, 170, 180, Some(inputs.on.plus(10))));
        inputs.complained_on = Some(inputs.on.plus(-180));
        assert_eq!(missing(Gate::Loyal, &inputs), []);
    }

    #[test]
    fn ripeness_counts_what_is_there_in_part() {
        let rules = Rules::usual();
        assert_eq!(maturity(&judge(Gate::Loyal, &rules, &ripe())), 100);
        // One of two repeats, and everything else.
        assert_eq!(maturity(&judge(Gate::Loyal, &rules, &Inputs { occasions: 2, ..ripe() })), (8 * 100 + 50) / 9);
        let almost = Inputs { since_on: day("2026-02-01"), first_on: Some(ripe().on.plus(-179)), ..ripe() };
        assert_eq!(maturity(&judge(Gate::Advocate, &rules, &almost)), 99);
    }

    #[test]
    fn rules_hold_from_their_day_and_within_their_bounds() {
        let strict = Thresholds([(Threshold::Repeats, 99), (Threshold::ReturnDays, 3)].into());
        let mut timeline = Timeline::always(Rules::usual());
        timeline.push(day("2026-03-01"), Rules::usual().with(Gate::Loyal, None, &strict));
        let repeats = |on: &str| timeline.on(day(on)).get(Gate::Loyal, Threshold::Repeats);
        assert_eq!([repeats("1990-01-01"), repeats("2026-02-28"), repeats("2026-03-01"), repeats("2030-01-01")], [2, 2, 12, 12]);
        assert_eq!(timeline.last().get(Gate::First, Threshold::ReturnDays), 7, "of another gate");
        assert_eq!(timeline.next_change(day("2026-02-28")), Some(day("2026-03-01")));
        assert_eq!(timeline.next_change(day("2026-03-01")), None);
    }
}
