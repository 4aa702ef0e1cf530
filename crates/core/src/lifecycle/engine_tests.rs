//! Ways that are known, and what holds of the way of anybody.

use super::engine::*;
use super::gates::{Asked, Gate, Need, Rules, Threshold, Thresholds, Timeline, judge, passes};
use super::{Decision, Stage, Standing};
use crate::{Day, Id};
use proptest::prelude::*;
use uuid::Uuid;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn usual() -> Timeline {
    Timeline::always(Rules::usual())
}

fn bought(on: Day) -> Occasion {
    Occasion { on, purchase: Id::new(Uuid::from_u128(1)), gross_minor: 100, refunded_minor: 0, is_discounted: false }
}

/// Somebody who bought on these days of a year.
fn buyer(days: &[&str]) -> History {
    let mut history = History::since(day(days[0]));
    history.occasions = days.iter().map(|on| bought(day(on))).collect();
    history
}

/// Kind, stage, standing and day of each step.
fn told(way: &Way) -> Vec<String> {
    way.steps.iter().map(|step| format!("{} {} {} {}", step.on, step.kind, step.stage, step.standing)).collect()
}

fn decide(on: &str, decision: Decision) -> Decided {
    Decided { id: Uuid::from_u128(9), on: day(on), decision, by: None }
}

#[test]
fn a_stranger_becomes_an_advocate_is_offended_and_comes_back() {
    let mut history = buyer(&[
        "2025-01-10", "2025-02-09", "2025-03-11", "2025-04-10", "2025-05-10", "2025-06-09", "2025-07-09", "2025-08-08", "2025-09-07",
    ]);
    history.known_on = day("2024-12-20");
    history.answers = vec![Answer { on: day("2025-03-20"), asked: Asked::Csat, score: 5, id: Uuid::from_u128(2) }];
    history.introduced = vec![Introduced { id: Uuid::from_u128(3), on: day("2025-05-20") }];
    history.decided = vec![decide("2025-07-12", Decision::Confirm(Gate::Advocate))];
    history.incidents = vec![Incident {
        id: Uuid::from_u128(4),
        severity: 2,
        is_hostile: false,
        on: day("2025-08-20"),
        closed_on: Some(day("2025-08-22")),
        is_recovered: true,
    }];
    let way = walk(&history, &usual(), day("2025-09-20"));
    assert_eq!(
        told(&way),
        [
            "2024-12-20 enter potential active",
            "2025-01-10 promote actual active",
            // The second repeat and thirty days, and nobody complained.
            "2025-03-11 promote loyal active",
            // Ripe on 2025-07-09, half a year after the first purchase; a person confirmed it three days later.
            "2025-07-12 promote advocate active",
            "2025-08-20 break advocate at_risk",
            "2025-08-22 recover advocate active",
        ]
    );
    let loyal = &way.steps[2];
    assert_eq!(loyal.gate, Some(Gate::Loyal));
    assert_eq!(
        loyal.evidence.iter().map(|one| (one.proof, one.on)).collect::<Vec<_>>(),
        [(Proof::Purchase, day("2025-02-09")), (Proof::Purchase, day("2025-03-11"))]
    );
    assert!(way.steps[3].evidence.iter().any(|one| one.proof == Proof::Decision));
    assert_eq!(way.outlook.gate, None, "nothing is above an advocate");
}

#[test]
fn an_offended_advocate_is_lost_by_silence_turns_by_an_answer_and_begins_again_as_actual() {
    let mut history = buyer(&["2025-01-10", "2025-02-09", "2025-03-11", "2025-06-09", "2025-07-09"]);
    history.introduced = vec![Introduced { id: Uuid::from_u128(3), on: day("2025-05-20") }];
    history.decided = vec![decide("2025-07-12", Decision::Confirm(Gate::Advocate))];
    let breach =
        Incident { id: Uuid::from_u128(4), severity: 3, is_hostile: false, on: day("2025-07-20"), closed_on: None, is_recovered: false };
    history.incidents = vec![breach];
    let last = |history: &History, today: &str| told(&walk(history, &usual(), day(today))).pop().unwrap();
    // The usual gap is 30 days: lost after two of them.
    assert_eq!(last(&history, "2025-09-19"), "2025-09-19 break advocate lost");
    assert_eq!(last(&history, "2025-09-18"), "2025-07-20 break advocate at_risk");
    let mut angry = history.clone();
    angry.answers = vec![Answer { on: day("2025-08-01"), asked: Asked::Nps, score: 6, id: Uuid::from_u128(5) }];
    assert_eq!(last(&angry, "2025-09-19"), "2025-08-01 break advocate detractor");
    // A purchase alone is not enough.
    angry.occasions.push(bought(day("2025-10-01")));
    assert_eq!(last(&angry, "2025-10-20"), "2025-08-01 break advocate detractor");
    angry.incidents[0].closed_on = Some(day("2025-10-05"));
    angry.incidents[0].is_recovered = true;
    assert_eq!(last(&angry, "2025-10-20"), "2025-10-05 recover actual active");
}

#[test]
fn what_is_missing_is_said_with_the_day_on_which_time_alone_brings_it() {
    let mut history = buyer(&["2026-10-20", "2026-11-10"]);
    history.occasions[1].is_discounted = true;
    let way = walk(&history, &usual(), day("2026-11-21"));
    let missing: Vec<_> =
        way.outlook.criteria.iter().filter(|one| !one.is_met).map(|one| (one.need, one.has, one.needs, one.turns_on)).collect();
    assert_eq!(
        missing,
        [
            (Need::Repeats, 1, 2, None),
            (Need::PlainRepeats, 0, 1, None),
            // One gap is no habit: the sixty days of the rules.
            (Need::Dwell, 32, 60, Some(day("2026-12-19"))),
        ]
    );
    assert!(!way.outlook.is_ready);
    assert_eq!(way.outlook.due_on, Some(day("2026-12-19")));
    assert_eq!(way.outlook.lapses_on, Some(day("2027-03-11")), "two gaps of sixty days after the last purchase");
}

#[test]
fn only_purchases_of_which_something_remains_count_and_gifts_are_no_plain_reason() {
    let mut history = buyer(&["2025-01-10", "2025-02-09", "2025-03-11"]);
    let stages = |history: &History| walk(history, &usual(), day("2025-03-12")).steps.last().map(|step| step.stage).unwrap();
    assert_eq!(stages(&history), Stage::Loyal);
    // A gift three weeks before the second, and one before the third: none was plain.
    history.exposed_on = vec![day("2025-01-20"), day("2025-02-10")];
    assert_eq!(stages(&history), Stage::Actual);
    history.exposed_on.pop();
    assert_eq!(stages(&history), Stage::Loyal);
    history.occasions[1].refunded_minor = 100;
    assert_eq!(stages(&history), Stage::Actual, "given back whole: one repeat is left");
    history.occasions[0].refunded_minor = 100;
    history.occasions[2].refunded_minor = 100;
    assert_eq!(stages(&history), Stage::Potential, "nothing is left");
}

#[test]
fn silence_makes_dormant_and_a_purchase_wakes() {
    let history = buyer(&["2025-01-10", "2025-06-30"]);
    let way = walk(&history, &usual(), day("2026-01-01"));
    assert_eq!(
        told(&way),
        [
            "2025-01-10 enter potential active",
            "2025-01-10 promote actual active",
            "2025-05-11 attrite actual dormant",
            "2025-06-30 recover actual active",
            "2025-10-29 attrite actual dormant",
        ]
    );
    assert_eq!(way.outlook.due_on, None, "time alone changes nothing any more");
}

#[test]
fn people_end_resume_give_up_and_decline() {
    let mut history = History::since(day("2025-01-01"));
    history.decided = vec![decide("2025-02-01", Decision::Disqualify), decide("2025-03-01", Decision::Resume)];
    assert_eq!(
        told(&walk(&history, &usual(), day("2025-04-01")))[1..],
        ["2025-02-01 attrite potential disqualified", "2025-03-01 recover potential active"]
    );
    history.decided.clear();
    assert_eq!(
        told(&walk(&history, &usual(), day("2026-04-01")))[1..],
        ["2026-01-01 attrite potential disqualified"],
        "a year without a word"
    );
    history.contacts = vec![day("2025-06-01"), day("2026-02-01")];
    assert_eq!(told(&walk(&history, &usual(), day("2026-03-01"))).len(), 1, "there were words");

    let mut history = buyer(&["2025-01-10", "2025-02-09", "2025-03-11", "2025-06-09", "2025-07-09"]);
    history.introduced = vec![Introduced { id: Uuid::from_u128(3), on: day("2025-05-20") }];
    let outlook = |history: &History, today: &str| walk(history, &usual(), day(today)).outlook;
    assert!(!outlook(&history, "2025-07-08").is_ready && outlook(&history, "2025-07-09").is_ready);
    history.decided = vec![decide("2025-07-10", Decision::Decline(Gate::Advocate))];
    assert!(!outlook(&history, "2025-07-11").is_ready, "not yet, somebody said");
    history.occasions.push(bought(day("2025-07-20")));
    assert!(outlook(&history, "2025-07-20").is_ready, "there is something new");
    history.decided.push(decide("2025-08-01", Decision::End));
    let way = walk(&history, &usual(), day("2025-08-20"));
    assert_eq!(told(&way).pop().unwrap(), "2025-08-01 end loyal terminated");
    assert_eq!(way.outlook, Outlook::default());
}

#[test]
fn each_day_has_the_rules_of_its_own() {
    let mut rules = usual();
    let strict = Thresholds([(Threshold::Repeats, 3)].into());
    rules.push(day("2025-06-01"), Rules::usual().with(Gate::Loyal, None, &strict));
    let early = buyer(&["2025-01-10", "2025-02-09", "2025-03-11"]);
    assert_eq!(walk(&early, &rules, day("2025-03-12")).steps.last().unwrap().stage, Stage::Loyal);
    let late = buyer(&["2025-05-10", "2025-06-09", "2025-07-09"]);
    assert_eq!(walk(&late, &rules, day("2025-07-10")).steps.last().unwrap().stage, Stage::Actual);
    // Easier rules let those pass at once who waited for them.
    let easy = Thresholds([(Threshold::Repeats, 1)].into());
    rules.push(day("2025-07-20"), Rules::usual().with(Gate::Loyal, None, &easy));
    assert_eq!(told(&walk(&late, &rules, day("2025-08-01"))).pop().unwrap(), "2025-07-20 promote loyal active");
}

/// Days from the first of 2023 on.
fn from_start(days: i64) -> Day {
    day("2023-01-01").plus(days)
}

/// A history of anything that can happen within about three years.
fn any_history() -> impl Strategy<Value = History> {
    let days = |most| proptest::collection::vec(0_i64..1_000, 0..most);
    let occasions = proptest::collection::btree_map(
        0_i64..1_000,
        (1_i64..500, prop_oneof![3 => Just(0_i64), 1 => 0_i64..700], prop::bool::weighted(0.2)),
        0..14,
    );
    let answers = proptest::collection::btree_map(0_i64..1_000, (prop::bool::ANY, 0_i64..11), 0..5);
    let complaints = proptest::collection::btree_map(0_i64..1_000, proptest::option::of(0_i64..90), 0..3);
    let incidents = proptest::collection::btree_map(
        0_i64..1_000,
        (1_i64..4, prop::bool::weighted(0.1), proptest::option::of(0_i64..90), prop::bool::ANY),
        0..4,
    );
    let decided = proptest::collection::btree_map(0_i64..1_000, 0_usize..8, 0..8);
    (
        (-100_i64..900, proptest::option::weighted(0.1, 500_i64..1_000), proptest::option::weighted(0.1, 0_i64..1_000)),
        (days(6), occasions, days(4)),
        (answers, complaints, incidents, days(4), decided),
    )
        .prop_map(
            |(
                (known, archived, withdrawn),
                (mut contacts, occasions, mut exposed),
                (answers, complaints, incidents, mut introduced, decided),
            )| {
                for list in [&mut contacts, &mut exposed, &mut introduced] {
                    list.sort_unstable();
                }
                let decisions = [
                    Decision::Confirm(Gate::Advocate),
                    Decision::Confirm(Gate::Advocate),
                    Decision::Confirm(Gate::Advocate),
                    Decision::Decline(Gate::Advocate),
                    Decision::End,
                    Decision::Resume,
                    Decision::Hostile,
                    Decision::Disqualify,
                ];
                let id = Uuid::from_u128(7);
                History {
                    known_on: from_start(known),
                    archived_on: archived.map(from_start),
                    is_merged: false,
                    withdrawn_on: withdrawn.map(from_start),
                    contacts: contacts.into_iter().map(from_start).collect(),
                    occasions: occasions
                        .into_iter()
                        .map(|(on, (gross_minor, refunded_minor, is_discounted))| Occasion {
                            gross_minor,
                            refunded_minor,
                            is_discounted,
                            ..bought(from_start(on))
                        })
                        .collect(),
                    exposed_on: exposed.into_iter().map(from_start).collect(),
                    answers: answers
                        .into_iter()
                        .map(|(on, (is_nps, score))| {
                            let (asked, score) = if is_nps { (Asked::Nps, score) } else { (Asked::Csat, score % 5 + 1) };
                            Answer { on: from_start(on), asked, score, id }
                        })
                        .collect(),
                    complaints: complaints
                        .into_iter()
                        .map(|(on, closed)| Complaint {
                            on: from_start(on),
                            due_on: from_start(on + 3),
                            closed_on: closed.map(|after| from_start(on + after)),
                        })
                        .collect(),
                    incidents: incidents
                        .into_iter()
                        .map(|(on, (severity, is_hostile, closed, is_recovered))| Incident {
                            id,
                            severity,
                            is_hostile,
                            on: from_start(on),
                            closed_on: closed.map(|after| from_start(on + after)),
                            is_recovered,
                        })
                        .collect(),
                    introduced: introduced.into_iter().map(|on| Introduced { id, on: from_start(on) }).collect(),
                    decided: decided
                        .into_iter()
                        .map(|(on, which)| Decided { id, on: from_start(on), decision: decisions[which], by: None })
                        .collect(),
                }
            },
        )
}

/// The past of a customer as far as it was known on a day.
fn until(history: &History, today: Day) -> History {
    let mut known = history.clone();
    known.archived_on = known.archived_on.filter(|day| *day <= today);
    known.contacts.retain(|on| *on <= today);
    known.occasions.retain(|one| one.on <= today);
    known.answers.retain(|one| one.on <= today);
    known.complaints.retain(|one| one.on <= today);
    known.complaints.iter_mut().for_each(|one| one.closed_on = one.closed_on.filter(|day| *day <= today));
    known.incidents.retain(|one| one.on <= today);
    known.incidents.iter_mut().for_each(|one| one.closed_on = one.closed_on.filter(|day| *day <= today));
    known.introduced.retain(|one| one.on <= today);
    known.decided.retain(|one| one.on <= today);
    known
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Invariants 1, 2, 3 and 6 of the model.
    #[test]
    fn the_way_of_anybody_keeps_to_the_gates(history in any_history()) {
        let way = walk(&history, &usual(), from_start(1_100));
        let mut promoted: Option<(Day, Stage)> = None;
        for pair in way.steps.windows(2) {
            let (before, step) = (&pair[0], &pair[1]);
            prop_assert!(before.on <= step.on);
            prop_assert!((before.stage, before.standing) != (step.stage, step.standing), "each step changes something");
            let begins_again = matches!(before.standing, Standing::Lost | Standing::Detractor) && step.standing == Standing::Active;
            prop_assert!(step.stage >= before.stage || begins_again, "{:?} to {:?}", before, step);
            if before.stage == Stage::Advocate && !matches!(before.standing, Standing::Lost | Standing::Detractor) {
                prop_assert_eq!(step.stage, Stage::Advocate, "an advocate is not demoted");
            }
            if begins_again {
                prop_assert_eq!((step.kind, step.stage), (Kind::Recover, Stage::Actual));
                prop_assert!(step.evidence.iter().any(|one| one.proof == Proof::Purchase && one.on > before.on));
                let settled = history.incidents.iter().any(|one| one.is_recovered && one.closed_on.is_some_and(|day| day > before.on && day <= step.on))
                    || history.complaints.iter().any(|one| one.closed_on.is_some_and(|day| day > before.on && day <= step.on));
                prop_assert!(settled);
            }
            if step.kind == Kind::Promote {
                prop_assert_eq!(step.stage as usize, before.stage as usize + 1, "no stage is skipped");
                prop_assert_eq!((before.standing, step.standing), (Standing::Active, Standing::Active));
                let inputs = step.inputs.as_ref().unwrap();
                prop_assert_eq!((inputs.open_incidents, inputs.late_complaints), (0, 0));
                prop_assert!(step.stage == Stage::Actual || !inputs.has_withdrawn);
                let open = history.incidents.iter().any(|one| one.severity >= 2 && one.on <= step.on && one.closed_on.is_none_or(|day| day > step.on));
                prop_assert!(!open);
                if let Some((on, stage)) = promoted {
                    let least = match step.stage { Stage::Loyal => 30, Stage::Advocate => 60, _ => 0 };
                    prop_assert!(stage >= step.stage || step.on.since(on) >= least);
                }
                promoted = Some((step.on, step.stage));
            } else if step.stage != before.stage {
                promoted = Some((step.on, step.stage));
            }
        }
    }

    /// Invariant 4: what was kept with a promotion gives it again.
    #[test]
    fn what_was_known_then_gives_the_same_verdict_again(history in any_history()) {
        for step in walk(&history, &usual(), from_start(1_100)).steps {
            if let (Some(gate), Some(inputs)) = (step.gate, &step.inputs) {
                let stored = serde_json::to_value(inputs).unwrap();
                let inputs = serde_json::from_value(stored).unwrap();
                prop_assert!(passes(&judge(gate, &Rules::usual(), &inputs)));
            }
        }
    }

    /// Whoever is looked at day by day goes the way of whoever is looked at once, and nobody need be looked at before the
    /// day that was told.
    #[test]
    fn day_by_day_gives_the_same_way_as_at_once(history in any_history(), stop in 0_i64..1_100) {
        let (today, end) = (from_start(stop), from_start(1_100));
        // Refunds that come later put older steps right; without them the past does not change.
        let mut history = history;
        history.occasions.iter_mut().for_each(|one| one.refunded_minor = 0);
        history.incidents.iter_mut().for_each(|one| one.is_recovered &= one.closed_on.is_some());
        if history.known_on > today {
            return Ok(());
        }
        let at_once = walk(&history, &usual(), end);
        let so_far = walk(&until(&history, today), &usual(), today);
        let expected: Vec<_> = at_once.steps.iter().filter(|step| step.on <= today).cloned().collect();
        prop_assert_eq!(&so_far.steps, &expected);
        let quiet = walk(&until(&history, today), &usual(), end);
        if let Some(next) = quiet.steps.iter().map(|step| step.on).find(|on| *on > today) {
            prop_assert!(so_far.outlook.due_on.is_some_and(|due| due <= next), "{:?} before {}", so_far.outlook.due_on, next);
        }
    }
}
