//! The way of one customer, from all that is known of them: the same past gives the same way, whenever it is asked.
//! Plain values; nothing here reads or writes.

use super::gates::{Asked, Criterion, Gate, Inputs, Rules, Threshold, Timeline, judge, passes};
use super::{Decision, Stage, Standing};
use crate::platform::access::User;
use crate::{Day, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Days after which silence of somebody who was offended counts as gone, at most.
const LOST_AFTER_MOST: i64 = 180;
/// Severity from which an incident stops the way.
pub const GRAVE: i64 = 2;
/// An answer of 10 up to this one, after an offence, is that of a detractor.
const DETRACTS: i64 = 6;

/// A day on which a customer bought: all purchases of the day together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// The day.
    pub on: Day,
    /// One of the purchases.
    pub purchase: Id<crate::sales::Purchase>,
    /// What was bought, in minor units.
    pub gross_minor: i64,
    /// What was given back of it, be it later.
    pub refunded_minor: i64,
    /// Whether something of it was discounted, or bought with a grant.
    pub is_discounted: bool,
}

impl Occasion {
    /// Whether something of it remained.
    fn counts(&self) -> bool {
        self.gross_minor > self.refunded_minor
    }
}

/// What a customer said when they were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When.
    pub on: Day,
    /// To what.
    pub asked: Asked,
    /// How much.
    pub score: i64,
    /// The answer.
    pub id: Uuid,
}

/// A complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// When.
    pub on: Day,
    /// By when it is to be settled.
    pub due_on: Day,
    /// When it was.
    pub closed_on: Option<Day>,
}

/// A breach of respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Which.
    pub id: Uuid,
    /// 1 to 3.
    pub severity: i64,
    /// Whether the customer turned against us in public or to an authority.
    pub is_hostile: bool,
    /// When.
    pub on: Day,
    /// When it was closed.
    pub closed_on: Option<Day>,
    /// Whether a person spoke with them and they are content with what was done.
    pub is_recovered: bool,
}

/// A confirmed introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduced {
    /// Which.
    pub id: Uuid,
    /// When it was confirmed.
    pub on: Day,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Which.
    pub id: Uuid,
    /// When.
    pub on: Day,
    /// What.
    pub decision: Decision,
    /// Who.
    pub by: Option<Id<User>>,
}

/// All that is known of a customer. Each list is in the order of its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Since when we know them.
    pub known_on: Day,
    /// When they were archived, if they are.
    pub archived_on: Option<Day>,
    /// Whether they turned out to be somebody else, whose way it is then.
    pub is_merged: bool,
    /// When they said that they do not want to hear from us, if that holds.
    pub withdrawn_on: Option<Day>,
    /// Days with a contact.
    pub contacts: Vec<Day>,
    /// Their purchases.
    pub occasions: Vec<Occasion>,
    /// Days on which they got a discount or a gift.
    pub exposed_on: Vec<Day>,
    /// What they answered.
    pub answers: Vec<Answer>,
    /// What they complained of.
    pub complaints: Vec<Complaint>,
    /// Breaches of respect.
    pub incidents: Vec<Incident>,
    /// Whom they introduced without being asked, soundly.
    pub introduced: Vec<Introduced>,
    /// What people decided about them.
    pub decided: Vec<Decided>,
}

impl History {
    /// Of somebody of whom nothing else is known.
    #[must_use]
    pub fn since(known_on: Day) -> History {
        History {
            known_on,
            archived_on: None,
            is_merged: false,
            withdrawn_on: None,
            contacts: Vec::new(),
            occasions: Vec::new(),
            exposed_on: Vec::new(),
            answers: Vec::new(),
            complaints: Vec::new(),
            incidents: Vec::new(),
            introduced: Vec::new(),
            decided: Vec::new(),
        }
    }

    /// The days on which something happened, in order.
    fn days(&self, until: Day) -> Vec<Day> {
        let mut days = vec![self.begins_on()];
        days.extend(self.archived_on);
        days.extend(self.withdrawn_on);
        // Contacts begin something as long as nothing was bought; later they are only looked up.
        let bought = self.occasions.first().map(|one| one.on);
        days.extend(self.contacts.iter().take_while(|day| bought.is_none_or(|bought| **day < bought)));
        days.extend(self.occasions.iter().map(|one| one.on));
        days.extend(self.answers.iter().map(|one| one.on));
        for one in &self.complaints {
            days.extend([Some(one.on), Some(one.due_on.plus(1)), one.closed_on].into_iter().flatten());
        }
        for one in &self.incidents {
            days.extend([Some(one.on), one.closed_on].into_iter().flatten());
        }
        days.extend(self.introduced.iter().map(|one| one.on));
        days.extend(self.decided.iter().map(|one| one.on));
        days.retain(|day| *day <= until);
        days.sort_unstable();
        days.dedup();
        days
    }

    /// The first day of all: what happened before we wrote somebody down was with a potential customer, too.
    fn begins_on(&self) -> Day {
        let firsts = [
            self.withdrawn_on,
            self.archived_on,
            self.contacts.first().copied(),
            self.occasions.first().map(|one| one.on),
            self.answers.first().map(|one| one.on),
            self.complaints.first().map(|one| one.on),
            self.incidents.first().map(|one| one.on),
            self.introduced.first().map(|one| one.on),
            self.decided.first().map(|one| one.on),
        ];
        firsts.into_iter().flatten().fold(self.known_on, Day::min)
    }
}

peyvand_db::words! {
    /// What kind of step it is.
    pub enum Kind {
        /// We know them from now on.
        Enter = "enter",
        /// To the next stage, on evidence.
        Promote = "promote",
        /// Fell silent.
        Attrite = "attrite",
        /// The relation broke: offended, turned against us, or lost after it.
        Break = "break",
        /// Came back.
        Recover = "recover",
        /// Was ended by us or by them.
        End = "end",
        /// Put right: what was believed is not true.
        Void = "void",
    }
}

peyvand_db::words! {
    /// What evidence is.
    pub enum Proof {
        /// A purchase.
        Purchase = "purchase",
        /// An answer of a survey.
        Answer = "answer",
        /// A confirmed introduction.
        Referral = "referral",
        /// A breach of respect.
        Incident = "incident",
        /// What a person decided.
        Decision = "decision",
    }
}

/// Something that a step rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// What it is.
    pub proof: Proof,
    /// Which one.
    pub id: Uuid,
    /// Its day.
    pub on: Day,
}

/// A step of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What kind.
    pub kind: Kind,
    /// The stage after it.
    pub stage: Stage,
    /// How they stand after it.
    pub standing: Standing,
    /// Its day.
    pub on: Day,
    /// The gate that was passed.
    pub gate: Option<Gate>,
    /// What was known when it was passed.
    pub inputs: Option<Inputs>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Who confirmed or decided it.
    pub by: Option<Id<User>>,
}

/// What lies ahead of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The gate before them.
    pub gate: Option<Gate>,
    /// What it asks for, and what there is of it.
    pub criteria: Vec<Criterion>,
    /// Whether only a person's word is missing.
    pub is_ready: bool,
    /// The day on which silence counts as leaving; for an advocate, as quiet.
    pub lapses_on: Option<Day>,
    /// The next day on which time alone changes something.
    pub due_on: Option<Day>,
}

/// The way of a customer until today, and what lies ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its steps; the first one enters.
    pub steps: Vec<Step>,
    /// What lies ahead.
    pub outlook: Outlook,
}

/// The gate out of a stage.
#[must_use]
pub fn gate_of(stage: Stage) -> Option<(Gate, Stage)> {
    match stage {
        Stage::Potential => Some((Gate::First, Stage::Actual)),
        Stage::Actual => Some((Gate::Loyal, Stage::Loyal)),
        Stage::Loyal => Some((Gate::Advocate, Stage::Advocate)),
        Stage::Advocate => None,
    }
}

/// Goes the way of a customer through the gates, each with the rules of its day, until `today`. Whoever turned out to be somebody else
/// has none.
#[must_use]
pub fn walk(history: &History, rules: &Timeline, today: Day) -> Way {
    if history.is_merged {
        return Way { steps: Vec::new(), outlook: Outlook::default() };
    }
    let mut walker = Walker::new(history, rules);
    let days = history.days(today);
    let mut next = 0;
    let mut on = days.first().copied().unwrap_or(today);
    loop {
        while days.get(next).is_some_and(|day| *day <= on) {
            next += 1;
        }
        walker.arrive(on);
        // Each step of a day changes stage or standing, and none comes twice on a day.
        while walker.step() {}
        let turn = walker.turns_on().filter(|turn| *turn <= today);
        on = match (days.get(next).copied(), turn) {
            (Some(event), Some(turn)) => event.min(turn),
            (Some(day), None) | (None, Some(day)) => day,
            (None, None) => break,
        };
    }
    walker.arrive(today);
    let outlook = walker.outlook();
    Way { steps: walker.steps, outlook }
}

struct Walker<'a> {
    history: &'a History,
    rules: &'a Timeline,
    on: Day,
    stage: Stage,
    standing: Standing,
    /// Since when in this stage.
    since_on: Day,
    /// Since when they stand so.
    stands_on: Day,
    steps: Vec<Step>,
    /// Occasions up to the day.
    met: usize,
    /// Of those, the ones of which something remained.
    counting: Vec<usize>,
    /// Gaps between them, in order of length.
    gaps: Vec<i64>,
    plain_repeats: Vec<usize>,
    bought_minor: i64,
    refunded_minor: i64,
}

impl<'a> Walker<'a> {
    fn new(history: &'a History, rules: &'a Timeline) -> Walker<'a> {
        let on = history.begins_on();
        let enter = Step {
            kind: Kind::Enter,
            stage: Stage::Potential,
            standing: Standing::Active,
            on,
            gate: None,
            inputs: None,
            evidence: Vec::new(),
            by: None,
        };
        Walker {
            history,
            rules,
            on,
            stage: Stage::Potential,
            standing: Standing::Active,
            since_on: on,
            stands_on: on,
            steps: vec![enter],
            met: 0,
            counting: Vec::new(),
            gaps: Vec::new(),
            plain_repeats: Vec::new(),
            bought_minor: 0,
            refunded_minor: 0,
        }
    }

    fn rules(&self) -> &'a Rules {
        self.rules.on(self.on)
    }

    /// Takes in what was bought up to a day.
    fn arrive(&mut self, on: Day) {
        self.on = on;
        let window = self.rules().get(Gate::Loyal, Threshold::ExposureDays);
        while let Some(one) = self.history.occasions.get(self.met).filter(|one| one.on <= on) {
            self.bought_minor = self.bought_minor.saturating_add(one.gross_minor);
            self.refunded_minor = self.refunded_minor.saturating_add(one.refunded_minor);
            if one.counts() {
                if let Some(last) = self.last() {
                    let gap = one.on.since(last.on);
                    let at = self.gaps.partition_point(|other| *other < gap);
                    self.gaps.insert(at, gap);
                    let from = one.on.plus(-window);
                    let is_exposed = self.history.exposed_on.iter().any(|day| *day > from && *day <= one.on);
                    if !one.is_discounted && !is_exposed {
                        self.plain_repeats.push(self.met);
                    }
                }
                self.counting.push(self.met);
            }
            self.met += 1;
        }
    }

    /// The last occasion.
    fn last(&self) -> Option<&'a Occasion> {
        self.counting.last().map(|at| &self.history.occasions[*at])
    }

    /// The usual gap: the median of their own where there are two, else that of the rules.
    fn gap_days(&self) -> i64 {
        if self.gaps.len() < 2 {
            return self.rules().get(Gate::Leaving, Threshold::GapDays);
        }
        let middle = self.gaps.len() / 2;
        let median =
            if self.gaps.len().is_multiple_of(2) { (self.gaps[middle - 1] + self.gaps[middle] + 1) / 2 } else { self.gaps[middle] };
        median.max(1)
    }

    /// The last answer up to the day.
    fn answer(&self) -> Option<&'a Answer> {
        self.history.answers.iter().take_while(|one| one.on <= self.on).last()
    }

    /// Incidents that are grave and open on the day.
    fn open_incidents(&self) -> impl Iterator<Item = &'a Incident> {
        let on = self.on;
        let is_open = move |one: &&Incident| one.on <= on && one.closed_on.is_none_or(|closed| closed > on);
        self.history.incidents.iter().filter(|one| one.severity >= GRAVE).filter(is_open)
    }

    fn introduced(&self) -> &'a [Introduced] {
        let list = &self.history.introduced;
        &list[..list.partition_point(|one| one.on <= self.on)]
    }

    fn inputs(&self) -> Inputs {
        let on = self.on;
        let complained = self.history.complaints.iter().take_while(|one| one.on <= on);
        let is_late = |one: &&Complaint| one.due_on < on && one.closed_on.is_none_or(|closed| closed > on);
        Inputs {
            on,
            first_on: self.counting.first().map(|at| self.history.occasions[*at].on),
            last_on: self.last().map(|one| one.on),
            occasions: self.counting.len() as i64,
            plain_repeats: self.plain_repeats.len() as i64,
            gap_days: self.gap_days(),
            bought_minor: self.bought_minor,
            refunded_minor: self.refunded_minor,
            answer: self.answer().map(|one| (one.asked, one.score)),
            complained_on: complained.clone().last().map(|one| one.on),
            late_complaints: complained.filter(is_late).count() as i64,
            open_incidents: self.open_incidents().count() as i64,
            has_withdrawn: self.history.withdrawn_on.is_some_and(|day| day <= on),
            referrals: self.introduced().len() as i64,
            since_on: self.since_on,
        }
    }

    /// The last that was decided on the day about how they stand, if it is this.
    fn decided(&self, decision: Decision) -> Option<&'a Decided> {
        let of_the_day = self.history.decided.iter().rev().filter(|one| one.on == self.on);
        of_the_day.into_iter().find(|one| !one.decision.is_of_a_gate()).filter(|one| one.decision == decision)
    }

    /// The word of a person for a proposal, given on the day.
    fn confirmed(&self, gate: Gate) -> Option<&'a Decided> {
        self.history.decided.iter().find(|one| one.on == self.on && one.decision == Decision::Confirm(gate))
    }

    /// The last contact up to the day.
    fn contact_on(&self) -> Option<Day> {
        let contacts = &self.history.contacts;
        contacts[..contacts.partition_point(|day| *day <= self.on)].last().copied()
    }

    /// When silence of a customer in good standing counts as leaving.
    fn lapses_on(&self) -> Option<Day> {
        let last = self.last()?.on.max(self.returned_on());
        let rules = self.rules();
        let wait = self.gap_days().saturating_mul(rules.get(Gate::Leaving, Threshold::Gaps));
        Some(last.plus(wait.max(rules.get(Gate::Leaving, Threshold::LeastDays)) + 1))
    }

    /// Since when they stand well after having stood otherwise: silence counts anew from there.
    fn returned_on(&self) -> Day {
        match self.steps.last() {
            Some(step) if step.kind == Kind::Recover => step.on,
            _ => Day(jiff::civil::Date::MIN),
        }
    }

    /// When somebody whom nobody speaks with is given up.
    fn given_up_on(&self) -> Day {
        let last = self.contact_on().unwrap_or(self.stands_on).max(self.stands_on);
        last.plus(self.rules().get(Gate::Leaving, Threshold::GiveUpDays))
    }

    /// When somebody who was offended counts as lost.
    fn lost_on(&self) -> Day {
        let since = [self.last().map(|one| one.on), self.contact_on()].into_iter().flatten().max();
        let last = since.map_or(self.stands_on, |day| day.max(self.stands_on));
        last.plus(self.gap_days().saturating_mul(2).min(LOST_AFTER_MOST) + 1)
    }

    fn go(&mut self, kind: Kind, stage: Stage, standing: Standing, evidence: Vec<Evidence>, by: Option<Id<User>>) -> bool {
        self.since_on = if stage == self.stage { self.since_on } else { self.on };
        self.stands_on = self.on;
        (self.stage, self.standing) = (stage, standing);
        self.steps.push(Step { kind, stage, standing, on: self.on, gate: None, inputs: None, evidence, by });
        true
    }

    /// One step, if there is one to take on this day.
    fn step(&mut self) -> bool {
        let today = |one: &Decided| vec![Evidence { proof: Proof::Decision, id: one.id, on: one.on }];
        if self.standing != Standing::Archived && self.history.archived_on.is_some_and(|day| day <= self.on) {
            return self.go(Kind::End, self.stage, Standing::Archived, Vec::new(), None);
        }
        if self.standing == Standing::Archived {
            return false;
        }
        if self.standing == Standing::Terminated {
            let Some(one) = self.decided(Decision::Resume) else { return false };
            // Whoever spoke against us before the end still does.
            let before = self.steps.iter().rev().map(|step| step.standing).find(|standing| *standing != Standing::Terminated);
            return self.go(Kind::Recover, self.stage, before.unwrap_or(Standing::Active), today(one), one.by);
        }
        if let Some(one) = self.decided(Decision::End) {
            return self.go(Kind::End, self.stage, Standing::Terminated, today(one), one.by);
        }
        match self.standing {
            Standing::Detractor | Standing::Lost => return self.come_back(),
            Standing::Disqualified => {
                if let Some(one) = self.decided(Decision::Resume) {
                    return self.go(Kind::Recover, self.stage, Standing::Active, today(one), one.by);
                }
                let bought = self.last().filter(|one| one.on >= self.stands_on);
                let has_spoken = self.contact_on().is_some_and(|day| day > self.stands_on);
                return match (bought, has_spoken) {
                    (None, false) => false,
                    (bought, _) => {
                        let evidence = bought.into_iter().map(purchase).collect();
                        self.go(Kind::Recover, self.stage, Standing::Active, evidence, None)
                    }
                };
            }
            _ => {}
        }
        if self.turn_against() {
            return true;
        }
        match self.standing {
            Standing::AtRisk => self.settle(),
            Standing::Dormant => match self.last().filter(|one| one.on >= self.stands_on) {
                Some(one) => self.go(Kind::Recover, self.stage, Standing::Active, vec![purchase(one)], None),
                None => false,
            },
            _ => self.rise_or_leave(),
        }
    }

    /// Whoever turns against us, by what they did, by what they answered after an offence, or by what somebody saw.
    fn turn_against(&mut self) -> bool {
        if let Some(one) = self.decided(Decision::Hostile) {
            let evidence = vec![Evidence { proof: Proof::Decision, id: one.id, on: one.on }];
            return self.go(Kind::Break, self.stage, Standing::Detractor, evidence, one.by);
        }
        if let Some(one) = self.history.incidents.iter().find(|one| one.is_hostile && one.on == self.on) {
            return self.go(Kind::Break, self.stage, Standing::Detractor, vec![incident(one)], None);
        }
        if self.stage == Stage::Advocate && self.standing == Standing::Active {
            let opened = self.open_incidents().next().copied();
            if let Some(one) = opened {
                return self.go(Kind::Break, self.stage, Standing::AtRisk, vec![incident(&one)], None);
            }
        }
        if self.standing == Standing::AtRisk
            && let Some(one) = self.answer().filter(|one| one.on >= self.stands_on && one.asked == Asked::Nps && one.score <= DETRACTS)
        {
            let evidence = vec![Evidence { proof: Proof::Answer, id: one.id, on: one.on }];
            return self.go(Kind::Break, self.stage, Standing::Detractor, evidence, None);
        }
        false
    }

    /// An offended advocate who is content again, or silent for too long.
    fn settle(&mut self) -> bool {
        let grave: Vec<&Incident> =
            self.history.incidents.iter().filter(|one| one.severity >= GRAVE && one.on <= self.on && one.on >= self.stands_on).collect();
        let is_recovered = |one: &&Incident| one.is_recovered && one.closed_on.is_some_and(|closed| closed <= self.on);
        let open = self.open_incidents().count();
        if open == 0 && grave.iter().any(is_recovered) && grave.iter().all(is_recovered) {
            let evidence = grave.iter().map(|one| incident(one)).collect();
            return self.go(Kind::Recover, self.stage, Standing::Active, evidence, None);
        }
        if self.on >= self.lost_on() {
            return self.go(Kind::Break, self.stage, Standing::Lost, Vec::new(), None);
        }
        false
    }

    /// Detractors and lost ones begin again as actual, after a new purchase and a matter that was settled with them.
    fn come_back(&mut self) -> bool {
        let since = self.stands_on;
        let Some(bought) = self.last().filter(|one| one.on > since) else { return false };
        let settled =
            self.history.incidents.iter().find(|one| one.is_recovered && one.closed_on.is_some_and(|on| on > since && on <= self.on));
        let answered = self.history.complaints.iter().any(|one| one.closed_on.is_some_and(|on| on > since && on <= self.on));
        if settled.is_none() && !answered {
            return false;
        }
        let mut evidence = vec![purchase(bought)];
        evidence.extend(settled.map(incident));
        self.go(Kind::Recover, Stage::Actual, Standing::Active, evidence, None)
    }

    /// Whoever stands well passes a gate, or leaves by silence.
    fn rise_or_leave(&mut self) -> bool {
        if matches!(self.stage, Stage::Actual | Stage::Loyal) && self.lapses_on().is_some_and(|day| self.on >= day) {
            return self.go(Kind::Attrite, self.stage, Standing::Dormant, Vec::new(), None);
        }
        if self.stage == Stage::Potential && self.counting.is_empty() {
            if let Some(one) = self.decided(Decision::Disqualify) {
                let evidence = vec![Evidence { proof: Proof::Decision, id: one.id, on: one.on }];
                return self.go(Kind::Attrite, self.stage, Standing::Disqualified, evidence, one.by);
            }
            if self.on >= self.given_up_on() {
                return self.go(Kind::Attrite, self.stage, Standing::Disqualified, Vec::new(), None);
            }
        }
        let Some((gate, to)) = gate_of(self.stage) else { return false };
        let inputs = self.inputs();
        let rules = self.rules();
        if !passes(&judge(gate, rules, &inputs)) {
            return false;
        }
        let mut evidence = self.evidence(gate);
        let mut by = None;
        if rules.needs_person(gate) {
            let Some(one) = self.confirmed(gate) else { return false };
            evidence.push(Evidence { proof: Proof::Decision, id: one.id, on: one.on });
            by = one.by;
        }
        self.go(Kind::Promote, to, Standing::Active, evidence, by);
        if let Some(step) = self.steps.last_mut() {
            (step.gate, step.inputs) = (Some(gate), Some(inputs));
        }
        true
    }

    /// What a promotion rests on.
    fn evidence(&self, gate: Gate) -> Vec<Evidence> {
        let of = |list: &[usize]| list.iter().map(|at| purchase(&self.history.occasions[*at])).collect::<Vec<_>>();
        let mut found = match gate {
            Gate::First => of(&self.counting[..1]),
            Gate::Loyal => {
                // The first repeats that suffice, and the first ones without discount or gift.
                let enough = |threshold| usize::try_from(self.rules().get(gate, threshold)).unwrap_or_default();
                let repeats = &self.counting[1..];
                let mut found = of(&repeats[..enough(Threshold::Repeats).min(repeats.len())]);
                for one in of(&self.plain_repeats[..enough(Threshold::PlainRepeats).min(self.plain_repeats.len())]) {
                    if !found.contains(&one) {
                        found.push(one);
                    }
                }
                found
            }
            Gate::Advocate => {
                let mut found: Vec<Evidence> =
                    self.introduced().iter().map(|one| Evidence { proof: Proof::Referral, id: one.id, on: one.on }).collect();
                found.extend(self.last().map(purchase));
                found
            }
            Gate::Leaving => Vec::new(),
        };
        if gate == Gate::Loyal {
            found.extend(self.answer().map(|one| Evidence { proof: Proof::Answer, id: one.id, on: one.on }));
        }
        found
    }

    /// The next day on which time alone may take a step.
    fn turns_on(&self) -> Option<Day> {
        let rules_change = self.rules.next_change(self.on);
        let turn = match self.standing {
            Standing::Active => {
                let ahead = gate_of(self.stage).into_iter().flat_map(|(gate, _)| judge(gate, self.rules(), &self.inputs()));
                let turns = ahead.filter_map(|one| one.turns_on);
                let lapses = matches!(self.stage, Stage::Actual | Stage::Loyal).then(|| self.lapses_on()).flatten();
                let given_up = (self.stage == Stage::Potential && self.counting.is_empty()).then(|| self.given_up_on());
                turns.chain(lapses).chain(given_up).filter(|day| *day > self.on).min()
            }
            Standing::AtRisk => Some(self.lost_on()).filter(|day| *day > self.on),
            _ => None,
        };
        [turn, rules_change].into_iter().flatten().min()
    }

    fn outlook(&self) -> Outlook {
        let mut outlook = Outlook { due_on: self.turns_on(), ..Outlook::default() };
        if self.standing == Standing::Active {
            outlook.lapses_on = if self.stage == Stage::Potential { None } else { self.lapses_on() };
            if let Some((gate, _)) = gate_of(self.stage) {
                outlook.criteria = judge(gate, self.rules(), &self.inputs());
                outlook.gate = Some(gate);
                outlook.is_ready = passes(&outlook.criteria) && !self.is_declined(gate);
            }
        }
        outlook
    }

    /// Whether somebody said "not yet" since what the proposal rests on last changed.
    fn is_declined(&self, gate: Gate) -> bool {
        let declined = self.history.decided.iter().rev().find(|one| one.decision == Decision::Decline(gate) && one.on >= self.since_on);
        let news = [self.last().map(|one| one.on), self.introduced().last().map(|one| one.on)].into_iter().flatten().max();
        declined.is_some_and(|one| news.is_none_or(|news| news <= one.on))
    }
}

fn purchase(one: &Occasion) -> Evidence {
    Evidence { proof: Proof::Purchase, id: one.purchase.0, on: one.on }
}

fn incident(one: &Incident) -> Evidence {
    Evidence { proof: Proof::Incident, id: one.id, on: one.on }
}

/// What a gate asks for today and what there is of it: of the given gate, or of the one that is before the customer.
#[must_use]
pub fn ask(history: &History, rules: &Timeline, today: Day, gate: Option<Gate>) -> Option<(Gate, Vec<Criterion>)> {
    let way = walk(history, rules, today);
    let mut walker = Walker::new(history, rules);
    walker.arrive(today);
    let (stage, standing, on) = way.steps.last().map(|step| (step.stage, step.standing, step.on))?;
    let entered = way.steps.iter().rev().take_while(|step| step.stage == stage).last().map_or(on, |step| step.on);
    (walker.stage, walker.standing, walker.since_on, walker.steps) = (stage, standing, entered, way.steps);
    let gate = gate.or_else(|| gate_of(walker.stage).map(|(gate, _)| gate))?;
    Some((gate, judge(gate, walker.rules(), &walker.inputs())))
}
