//! Experiments through the database.

use super::figures::CheckKind;
use super::verdict::Verdict;
use super::write::Way;
use super::{
    DecideExperiment, Decision, Deliver, Design, DrawUnit, Experiment, ExperimentId, ExperimentSeen, ExperimentState, Guard,
    ImportExperiment, ListExperiments, ListUnits, NewExperiment, Outcome, PlanExperiment, Subgroup, analyse, create, decide, deliver, get,
    import, list, pause, plan, resume, run, start, units,
};
use crate::experience::best::{self, Evidence};
use crate::experience::legality::TreatmentKind;
use crate::experience::policies;
use crate::experience::proposals::{self, DecideProposal, ListProposals, NewProposal, ProposalState};
use crate::experience::tests::{made, policy, problem, treatment, yes};
use crate::experience::treatments::{NewTreatment, Treatment};
use crate::experience::{PolicyId, start as begin_policy};
use crate::lifecycle::Stage;
use crate::operation::Nothing;
use crate::parties::Party;
use crate::parties::merge::{self, MergeParties};
use crate::parties::party::PartyId;
use crate::platform::jobs::{Outcome as Done, drain};
use crate::platform::time::DAY;
use crate::{Ctx, Error, Id, testing};
use peyvand_db::{Sql, ToValue, sql};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::sync::watch;

/// Loyal customers, of whom some buy each month of the last quarter.
pub(super) async fn shop(ctx: &Ctx, count: usize, buyers: usize) -> Vec<Id<Party>> {
    let mut ids = Vec::new();
    let mut memberships = Vec::new();
    for number in 0..count {
        let id = testing::party(ctx, &format!("مشتری {number}")).await;
        let day = ctx.today().plus(-400).to_value();
        memberships.push(vec![
            id.to_value(),
            1_i64.to_value(),
            "promote".to_value(),
            Stage::Loyal.to_value(),
            "active".to_value(),
            day,
            id.to_value(),
        ]);
        ids.push(id);
    }
    let mut tx = ctx.app.db.begin().await.unwrap();
    let head = "INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, transition_id) VALUES ";
    for statement in Sql::inserts(head, memberships, "") {
        tx.run(statement).await.unwrap();
    }
    tx.commit().await.unwrap();
    buy(ctx, &ids[..buyers], -20).await;
    ids
}

/// Each of them buys for ten thousand, so many days from the context's.
pub(super) async fn buy(ctx: &Ctx, who: &[Id<Party>], days: i64) {
    let at = ctx.now().plus(days * DAY);
    let day = ctx.today().plus(days);
    let row = |party: &Id<Party>| {
        let id: Id<()> = ctx.id();
        vec![
            id.to_value(),
            party.to_value(),
            at.to_value(),
            day.to_value(),
            "IRR".to_value(),
            10_000_i64.to_value(),
            0_i64.to_value(),
            1_i64.to_value(),
            at.to_value(),
        ]
    };
    let mut tx = ctx.app.db.begin().await.unwrap();
    let head = "INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at) VALUES ";
    for statement in Sql::inserts(head, who.iter().map(row).collect(), "") {
        tx.run(statement).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn call() -> NewTreatment {
    treatment(TreatmentKind::Respect, "تماس پس از خرید", &[Stage::Loyal])
}

pub(super) fn asked(treatments: &[Id<Treatment>], smallest: &str) -> NewExperiment {
    NewExperiment {
        name: "تماس".into(),
        question: Some("آیا تماس، خرید دوباره می‌آورد؟".into()),
        treatment_ids: treatments.to_vec(),
        rule: None,
        outcome: Outcome::Bought,
        horizon_days: 30,
        smallest: smallest.into(),
        design: Design::Parallel,
        unit: None,
        subgroups: Vec::new(),
    }
}

pub(super) fn planned(of: &NewExperiment) -> PlanExperiment {
    let NewExperiment { treatment_ids, rule, outcome, horizon_days, smallest, design, .. } = of.clone();
    PlanExperiment { treatment_ids, rule, outcome, horizon_days, smallest, design }
}

pub(super) fn later(ctx: &Ctx, days: i64) -> Ctx {
    Ctx { now: ctx.now().plus(days * DAY), ..ctx.clone() }
}

pub(super) async fn work(ctx: &Ctx) {
    let (_keep, stop) = watch::channel(false);
    assert_eq!(run(ctx, None, &stop).await.unwrap(), Done::Done);
}

pub(super) async fn seen(ctx: &Ctx, id: Id<Experiment>) -> ExperimentSeen {
    ctx.run(get, ExperimentId { id }).await.unwrap()
}

pub(super) async fn arm(ctx: &Ctx, id: Id<Experiment>, arm: i64) -> Vec<Id<Party>> {
    let of = |after| ListUnits { id, arm: Some(arm), waiting: false, after, limit: Some(50) };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.run(units, of(after)).await.unwrap();
        found.extend(page.items.into_iter().map(|one| one.party_id));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Begins an experiment with one treatment, and brings those in whom it means.
async fn begun(ctx: &Ctx, smallest: &str) -> Id<Experiment> {
    let call = made(ctx, call()).await;
    let id = ctx.run(create, asked(&[call], smallest)).await.unwrap().experiment.id;
    ctx.run(start, ExperimentId { id }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    id
}

#[tokio::test]
async fn an_experiment_goes_from_its_plan_to_a_decision() {
    let ctx = testing::ctx().await;
    shop(&ctx, 220, 88).await;
    let treatments = [made(&ctx, call()).await];
    let ask = asked(&treatments, "22");
    let plan = ctx.run(plan, planned(&ask)).await.unwrap();
    assert_eq!((plan.customers, plan.mean, plan.can, plan.days), (220, 0.4, true, Some(30)));
    let needed = plan.needed.unwrap();
    assert!((150..200).contains(&needed), "{needed}");

    let draft = ctx.run(create, ask).await.unwrap();
    let id = draft.experiment.id;
    assert_eq!(
        (draft.experiment.state, draft.experiment.planned, draft.arms.len(), draft.needs_other),
        (ExperimentState::Draft, needed, 2, false)
    );
    assert_eq!(problem(ctx.run(analyse, ExperimentId { id }).await).1, "experiments-nothing-to-see");
    let running = ctx.run(start, ExperimentId { id }).await.unwrap();
    assert_eq!(running.experiment.hash.as_ref().map(String::len), Some(64));
    assert_eq!(running.registration.as_ref().unwrap()["smallest"], 0.22);
    assert_eq!(problem(ctx.run(start, ExperimentId { id }).await).1, "experiments-not-a-draft");
    drain(&ctx.app).await.unwrap();
    let (control, treated) = (arm(&ctx, id, 0).await, arm(&ctx, id, 1).await);
    assert_eq!(i64::try_from(control.len() + treated.len()).unwrap(), needed);
    assert!(control.len().abs_diff(treated.len()) <= 1, "few are dealt evenly");
    work(&ctx).await;
    assert_eq!(seen(&ctx, id).await.experiment.assigned, needed, "nobody comes twice");

    // Nobody is in two of a kind at once.
    let second = asked(&treatments, "22");
    assert_eq!(ctx.run(super::plan, planned(&second)).await.unwrap().customers, 220 - needed);

    let given = ctx.run(deliver, Deliver { id, party_ids: [&treated[..], &control[..5]].concat() }).await.unwrap();
    assert_eq!(given.delivered, i64::try_from(treated.len()).unwrap(), "the control gets nothing");
    buy(&ctx, &treated, 10).await;
    buy(&ctx, &control[..35], 30).await;
    // What they buy on the day itself, or when they are watched no more, does not count.
    buy(&ctx, &control[35..], 0).await;
    buy(&ctx, &control[35..], 31).await;
    let early = later(&ctx, 20);
    work(&early).await;
    let look = seen(&early, id).await.look.unwrap();
    assert_eq!((look.verdict, look.days, look.contrasts.len()), (Verdict::NotEnoughData, 20, 0), "nobody has been watched to the end");
    assert_eq!(look.arms.iter().map(|arm| arm.assigned).sum::<i64>(), needed);

    let end = later(&ctx, 31);
    work(&end).await;
    let over = seen(&end, id).await;
    assert_eq!(
        (over.experiment.state, over.experiment.verdict, over.experiment.verdict_arm),
        (ExperimentState::Ended, Some(Verdict::Recommend), Some(1))
    );
    let look = over.look.unwrap();
    assert_eq!((look.arms[0].buyers, look.arms[1].buyers), (35, i64::try_from(treated.len()).unwrap()));
    let share = 1.0 - 35.0 / control.len() as f64;
    assert!((look.contrasts[0].difference.value - share).abs() < 1e-12);
    assert!(look.checks.iter().any(|check| check.kind == CheckKind::Delivered && check.is_ok));
    assert!(over.history.len() >= 3);

    let adopt = DecideExperiment { id, decision: Decision::Adopt, arm: Some(1), reason: None };
    let other = DecideExperiment { decision: Decision::Keep, ..adopt.clone() };
    assert_eq!(problem(end.run(decide, other).await), ("reason".into(), "experiments-reason-needed".into()));
    assert_eq!(problem(end.run(decide, DecideExperiment { arm: Some(7), ..adopt.clone() }).await).0, "arm");
    let decided = end.run(decide, adopt.clone()).await.unwrap();
    assert_eq!(
        (decided.experiment.decision, decided.experiment.decision_arm, decided.experiment.decider.as_deref()),
        (Some(Decision::Adopt), Some(1), Some("owner"))
    );
    assert_eq!(problem(end.run(decide, adopt).await).1, "experiments-nothing-to-decide");
    let listed = ctx.run(list, ListExperiments { state: Some(ExperimentState::Decided), ..ListExperiments::default() }).await.unwrap();
    assert_eq!(listed.items.len(), 1);
}

#[tokio::test]
async fn many_come_by_chance_alone_and_who_comes_later_comes_into_it_too() {
    let ctx = testing::ctx().await;
    shop(&ctx, 60, 20).await;
    let id = begun(&ctx, "8").await;
    let first = seen(&ctx, id).await.experiment;
    assert!(first.planned > 400 && first.assigned == 60, "{first:?}");
    let before = arm(&ctx, id, 1).await;
    assert!((15..=45).contains(&before.len()));
    ctx.run(pause, ExperimentId { id }).await.unwrap();
    shop(&ctx, 10, 0).await;
    work(&ctx).await;
    assert_eq!(seen(&ctx, id).await.experiment.assigned, 60, "while it is paused nobody comes");
    ctx.run(resume, ExperimentId { id }).await.unwrap();
    assert_eq!(problem(ctx.run(resume, ExperimentId { id }).await).1, "experiments-not-paused");
    drain(&ctx.app).await.unwrap();
    assert_eq!(seen(&ctx, id).await.experiment.assigned, 70);
    let after = arm(&ctx, id, 1).await;
    assert!(before.iter().all(|one| after.contains(one)), "who is in an arm stays there");
    let page = ctx.run(list, ListExperiments { limit: Some(1), ..ListExperiments::default() }).await.unwrap();
    let rest = ListExperiments { limit: Some(1), after: page.next, ..ListExperiments::default() };
    assert_eq!((page.items.len(), ctx.run(list, rest).await.unwrap().items.len()), (1, 1), "nothing is left after one");
}

#[tokio::test]
async fn who_is_in_it_twice_counts_as_of_the_first_time() {
    let ctx = testing::ctx().await;
    shop(&ctx, 60, 20).await;
    let id = begun(&ctx, "8").await;
    let soon = later(&ctx, 2);
    let late = shop(&soon, 10, 0).await[0];
    work(&soon).await;
    let early = arm(&soon, id, 0).await[0];
    let arms = async |ctx: &Ctx| [arm(ctx, id, 0).await, arm(ctx, id, 1).await];
    let before = arms(&soon).await;
    assert_eq!(before[0].len() + before[1].len(), 70);
    let one: MergeParties = serde_json::from_value(json!({"id": late, "other_id": early})).unwrap();
    soon.run(merge::merge, one).await.unwrap();
    let after = arms(&soon).await;
    assert!(after[0].contains(&late) && !after.concat().contains(&early), "the first time is that of the one who is kept");
    assert_eq!(after[0].len() + after[1].len(), 69);
    // What both bought counts, once, in the arm of the first time.
    buy(&soon, &[late], 5).await;
    let end = later(&ctx, 40);
    work(&end).await;
    let look = seen(&end, id).await.look.unwrap();
    assert_eq!(look.arms.iter().map(|arm| arm.assigned).sum::<i64>(), 69);
    assert_eq!((look.arms[0].buyers, look.arms[1].buyers), (1, 0));
    soon.run(merge::unmerge, PartyId { id: early }).await.unwrap();
    assert_eq!(arms(&end).await, before);

    // The other way round the one who is kept keeps their place.
    let one: MergeParties = serde_json::from_value(json!({"id": early, "other_id": late})).unwrap();
    end.run(merge::merge, one).await.unwrap();
    let after = arms(&end).await;
    assert!(after[0].contains(&early) && after[0].len() + after[1].len() == 69);
    end.run(merge::unmerge, PartyId { id: late }).await.unwrap();
    assert_eq!(arms(&end).await, before);
}

#[tokio::test]
async fn harm_stops_it_by_itself() {
    let ctx = testing::ctx().await;
    shop(&ctx, 200, 60).await;
    let id = begun(&ctx, "25").await;
    let treated = arm(&ctx, id, 1).await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    for party in &treated[..40] {
        tx.run(
            sql("INSERT INTO interactions (id, party_id, channel, direction, at, text, reason, created_at) VALUES ($1, $2, 'phone', 'in', $3, 'x', 'complaint', $3)")
                .bind(ctx.id::<()>())
                .bind(*party)
                .bind(ctx.now().plus(DAY)),
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let soon = later(&ctx, 15);
    work(&soon).await;
    let stopped = seen(&soon, id).await;
    assert_eq!((stopped.experiment.state, stopped.experiment.verdict), (ExperimentState::Paused, Some(Verdict::StopHarm)));
    assert_eq!(stopped.look.unwrap().harm, [Guard::Complaints]);
    let (told,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM events WHERE kind = 'experiment.paused'")).await.unwrap();
    assert_eq!(told, 1);
    let stop = DecideExperiment { id, decision: Decision::Stop, arm: None, reason: Some("شکایت زیاد شد".into()) };
    assert_eq!(soon.run(decide, stop).await.unwrap().experiment.state, ExperimentState::Decided);
}

#[tokio::test]
async fn a_small_shop_is_told_what_it_can_learn_instead() {
    let ctx = testing::ctx().await;
    shop(&ctx, 60, 20).await;
    let treatments = [made(&ctx, call()).await, made(&ctx, treatment(TreatmentKind::Respect, "پیک اختصاصی", &[Stage::Loyal])).await];
    let told = ctx.run(plan, planned(&asked(&treatments, "5"))).await.unwrap();
    assert_eq!((told.can, told.days), (false, None));
    let ways: Vec<Way> = told.others.iter().map(|one| one.way).collect();
    assert_eq!(ways, [Way::Larger, Way::OneArm, Way::Interviews]);
    assert!(told.others[1].detectable.unwrap() < told.detectable.unwrap());
    let amounts = NewExperiment { outcome: Outcome::Spend, smallest: "1".into(), ..asked(&treatments[..1], "") };
    let told = ctx.run(plan, planned(&amounts)).await.unwrap();
    assert_eq!(told.others[1].way, Way::Longer);
    assert!(told.deviation > 0.0 && told.mean > 0.0);
}

#[tokio::test]
async fn what_cannot_be_tried_is_refused_at_its_field() {
    let ctx = testing::ctx().await;
    shop(&ctx, 30, 10).await;
    let respect = made(&ctx, call()).await;
    let discount = made(&ctx, treatment(TreatmentKind::Discount, "ده درصد", &[Stage::Loyal])).await;
    let floor = NewTreatment { is_special: false, ..treatment(TreatmentKind::Respect, "پاسخ با نام", Stage::ALL) };
    let floor = made(&ctx, floor).await;
    let refused = async |new: NewExperiment| problem(ctx.run(create, new).await);
    assert_eq!(refused(NewExperiment { name: " ".into(), ..asked(&[respect], "30") }).await, ("name".into(), "input-needed".into()));
    assert_eq!(refused(asked(&[], "30")).await.1, "experiments-arms-count");
    assert_eq!(refused(asked(&[respect, discount], "30")).await.1, "experiments-one-kind");
    assert_eq!(refused(asked(&[floor], "30")).await.1, "experiments-never-withheld", "how everybody is treated is withheld from nobody");
    assert_eq!(refused(asked(&[respect], "0")).await, ("smallest".into(), "experiments-smallest-range".into()));
    assert_eq!(refused(asked(&[respect], "90")).await, ("smallest".into(), "experiments-not-to-be-seen".into()));
    assert_eq!(refused(NewExperiment { horizon_days: 3, ..asked(&[respect], "30") }).await.0, "horizon_days");
    let benefit = NewExperiment { outcome: Outcome::Benefit, smallest: "1000".into(), ..asked(&[respect], "") };
    assert_eq!(refused(benefit).await, ("outcome".into(), "profits-goods-unknown".into()));

    // A test of prices is begun by somebody else than who wrote it down.
    let priced = ctx.run(create, asked(&[discount], "45")).await.unwrap();
    assert!(priced.needs_other);
    let id = ExperimentId { id: priced.experiment.id };
    assert_eq!(problem(ctx.run(start, id).await).1, "experiments-needs-other");
    let manager = testing::as_post(&ctx.app, "manager", "manager").await;
    assert_eq!(manager.run(start, id).await.unwrap().experiment.state, ExperimentState::Running);
    assert_eq!(problem(ctx.run(deliver, Deliver { id: id.id, party_ids: vec![] }).await).0, "party_ids");
}

#[tokio::test]
async fn the_published_test_of_an_e_mail_is_brought_in_and_says_what_was_published() {
    let ctx = testing::ctx().await;
    // The counts of Hillstrom's test, visits: methods.md §7.
    let rows = "arm,bought,spent,times
mens,1,,3894\nmens,0,,17413\nnone,1,,2262\nnone,0,,19044\nwomens,1,,3238\nwomens,0,,18149";
    let input = ImportExperiment {
        name: "MineThatData".into(),
        question: None,
        kind: TreatmentKind::Discount,
        outcome: Outcome::Bought,
        currency: None,
        smallest: None,
        control: "none".into(),
        rows: rows.into(),
    };
    let wrong = ImportExperiment { control: "nobody".into(), ..input.clone() };
    assert_eq!(problem(ctx.run(import, wrong).await).0, "control");
    let seen = ctx.run(import, input).await.unwrap();
    let names: Vec<&str> = seen.arms.iter().map(|arm| arm.name.as_str()).collect();
    assert_eq!(names, ["none", "mens", "womens"]);
    let look = seen.look.unwrap();
    let buyers: Vec<_> = look.arms.iter().map(|arm| (arm.complete, arm.buyers)).collect();
    assert_eq!(buyers, [(21_306, 2_262), (21_307, 3_894), (21_387, 3_238)]);
    let told: Vec<f64> = look.contrasts.iter().flat_map(|one| [one.difference.value, one.difference.low, one.difference.high]).collect();
    for (told, published) in told.iter().zip([0.076_59, 0.069_95, 0.083_23, 0.045_23, 0.038_89, 0.051_57]) {
        assert!((told - published).abs() < 5e-6, "{told} is not {published}");
    }
    assert_eq!((seen.experiment.state, look.verdict, look.arm), (ExperimentState::Ended, Verdict::Recommend, Some(1)));
    let again = ctx.run(analyse, ExperimentId { id: seen.experiment.id }).await.unwrap();
    assert_eq!(again.look.map(|look| (look.verdict, look.contrasts)), Some((Verdict::Recommend, look.contrasts)));
    assert_eq!(again.experiment.looked_at, Some(ctx.now()));
}

#[tokio::test]
async fn what_worked_is_told_with_its_cost_and_money_for_it_is_put_before_the_council() {
    let ctx = testing::ctx().await;
    let found = ctx.run(best::best, Nothing {}).await.unwrap();
    assert!(found.kinds.iter().all(|kind| kind.tried.is_empty()) && found.shifts.is_empty());
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("INSERT INTO cost_rates (item, value, changed_at) VALUES ('goods', 6000, $1)").bind(ctx.now())).await.unwrap();
    tx.commit().await.unwrap();
    shop(&ctx, 220, 88).await;
    let cheap = made(&ctx, NewTreatment { unit_cost: Some("10".into()), ..call() }).await;
    let id = ctx.run(create, asked(&[cheap], "22")).await.unwrap().experiment.id;
    ctx.run(start, ExperimentId { id }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    let (control, treated) = (arm(&ctx, id, 0).await, arm(&ctx, id, 1).await);
    ctx.run(deliver, Deliver { id, party_ids: treated.clone() }).await.unwrap();
    buy(&ctx, &treated, 10).await;
    buy(&ctx, &control[..35], 30).await;
    let end = later(&ctx, 31);
    work(&end).await;
    // A live policy with money for something that nobody has tried.
    let untried = made(&ctx, treatment(TreatmentKind::Discount, "ده درصد", &[Stage::Loyal])).await;
    let terms = ctx.run(policies::create, policy(&[untried])).await.unwrap();
    yes(&ctx, &terms).await.unwrap();
    ctx.run(begin_policy, PolicyId { id: terms.policy.id }).await.unwrap();

    let found = end.run(best::best, Nothing {}).await.unwrap();
    let one = &found.kinds[0].tried[0];
    assert_eq!((found.kinds[0].kind, one.evidence, one.treatment_id), (TreatmentKind::Respect, Evidence::Works, Some(cheap)));
    let added = 1.0 - 35.0 / control.len() as f64;
    assert!((one.added.unwrap().value - added).abs() < 1e-9 && one.cost == Some(1_000.0), "{one:?}");
    assert!((one.per_added.unwrap().value - 1_000.0 / added).abs() < 1e-6);
    let net = one.net.unwrap();
    assert!((net.value - (added * 4_000.0 - 1_000.0)).abs() < 1e-6 && net.low > 0.0, "{net:?}");
    let shift = &found.shifts[0];
    assert_eq!((shift.evidence, shift.amount_minor, shift.customers), (Evidence::Unknown, 10_000_000, 10_000));
    assert!((shift.gain.value - 10_000.0 * net.value).abs() < 1e-3);

    let new = |amount: Option<&str>| NewProposal {
        from_policy_id: terms.policy.id,
        to_treatment_id: cheap,
        amount: amount.map(str::to_owned),
        words: Some("در آزمایش بهتر بود".into()),
    };
    assert_eq!(problem(end.run(proposals::propose, new(Some("0"))).await).0, "amount");
    let other = NewProposal { to_treatment_id: untried, ..new(None) };
    assert_eq!(problem(end.run(proposals::propose, other.clone()).await), ("amount".into(), "input-needed".into()));
    let lost = NewProposal { to_treatment_id: ctx.id(), ..new(Some("5")) };
    assert!(matches!(end.run(proposals::propose, lost).await, Err(Error::NotFound("treatment"))));
    let made = end.run(proposals::propose, new(Some("50000"))).await.unwrap();
    assert_eq!((made.state, made.amount_minor, made.customers), (ProposalState::Open, 5_000_000, Some(5_000)));
    assert_eq!(problem(end.run(proposals::propose, new(None)).await).1, "best-proposed-already");
    let decide = |state, reason: Option<&str>| DecideProposal { id: made.id, state, reason: reason.map(str::to_owned) };
    assert_eq!(problem(end.run(proposals::decide, decide(ProposalState::Accepted, None)).await).1, "best-own-proposal");
    assert_eq!(problem(end.run(proposals::decide, decide(ProposalState::Open, None)).await).0, "state");
    assert_eq!(problem(end.run(proposals::decide, decide(ProposalState::Declined, None)).await).0, "reason");
    let manager = testing::as_post(&ctx.app, "manager", "manager").await;
    let accepted = manager.run(proposals::decide, decide(ProposalState::Accepted, None)).await.unwrap();
    assert_eq!((accepted.state, accepted.decider.as_deref()), (ProposalState::Accepted, Some("manager")));
    assert_eq!(problem(end.run(proposals::decide, decide(ProposalState::Declined, Some("نه"))).await).1, "best-decided-already");
    let second = end.run(proposals::propose, new(None)).await.unwrap();
    let page = |state, after| ListProposals { state, after, limit: Some(1) };
    let first = ctx.run(proposals::list, page(None, None)).await.unwrap();
    assert_eq!(first.items[0].id, second.id);
    assert_eq!(ctx.run(proposals::list, page(None, first.next)).await.unwrap().items[0].id, made.id);
    assert_eq!(ctx.run(proposals::list, page(Some(ProposalState::Accepted), None)).await.unwrap().items.len(), 1);
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert!(matches!(agent.run(proposals::propose, new(None)).await, Err(Error::Forbidden(_))));
}

/// Gives customers a number in common.
async fn share_number(ctx: &Ctx, who: &[Id<Party>], number: &str) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    for party in who {
        let query = sql("INSERT INTO contact_points (id, party_id, channel, value, is_main, consent, created_at)
                         VALUES ($1, $2, 'mobile', $3, $4, 'unknown', $5)");
        let query = query.bind(ctx.id::<()>()).bind(*party).bind(number).bind(false).bind(ctx.now());
        tx.run(query).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Each introduced the other of a pair, so many days from the context's.
async fn introduce(ctx: &Ctx, pairs: &[(Id<Party>, Id<Party>)], days: i64) {
    let (at, day) = (ctx.now().plus(days * DAY), ctx.today().plus(days));
    let mut tx = ctx.app.db.begin().await.unwrap();
    for (referrer, referee) in pairs {
        let query = sql("INSERT INTO referrals (id, referrer_id, referee_id, kind, form, is_solicited, is_corroborated, source, state,
              register_days, buy_days, confirm_days, captured_at, captured_on, occurred_on, fraud_score, signs, is_refused, created_at)
            VALUES ($1, $2, $3, 'product', 'word_of_mouth', $4, $4, 'staff', 'qualified', 90, 180, 14, $5, $6, $6, 0, $7, $4, $5)");
        let query = query.bind(ctx.id::<()>()).bind(*referrer).bind(*referee).bind(false).bind(at).bind(day).bind(json!([]));
        tx.run(query).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn households_come_into_one_arm_whenever_they_come() {
    let ctx = testing::ctx().await;
    let who = shop(&ctx, 60, 20).await;
    for pair in who[..40].chunks(2) {
        share_number(&ctx, pair, &format!("+98912{}", pair[0].to_string().replace('-', ""))).await;
    }
    // A number that so many have is a shop's.
    share_number(&ctx, &who[40..52], "+982112345678").await;
    introduce(&ctx, &[(who[52], who[53])], -200).await;
    let call = made(&ctx, call()).await;
    let drawn = NewExperiment { unit: Some(DrawUnit::Household), ..asked(&[call], "8") };
    let id = ctx.run(create, drawn).await.unwrap().experiment.id;
    ctx.run(start, ExperimentId { id }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    let arms = async || -> HashMap<Id<Party>, (i64, Id<Party>)> {
        let query = sql("SELECT party_id, arm, household_id FROM experiment_units WHERE experiment_id = $1").bind(id);
        let rows: Vec<(Id<Party>, i64, Id<Party>)> = ctx.app.db.all(query).await.unwrap();
        rows.into_iter().map(|(party, arm, household)| (party, (arm, household))).collect()
    };
    let found = arms().await;
    assert_eq!(found.len(), 60);
    assert!(who[..40].chunks(2).all(|pair| found[&pair[0]] == found[&pair[1]]));
    assert_eq!(found[&who[52]], found[&who[53]]);
    let households: HashSet<Id<Party>> = who[40..52].iter().map(|one| found[one].1).collect();
    assert_eq!(households.len(), 12, "who shares a number with very many is no family of theirs");
    assert!((1..60).contains(&found.values().filter(|(arm, _)| *arm == 1).count()));

    let late = shop(&ctx, 2, 0).await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    let query = sql("INSERT INTO relations (id, party_id, other_id, kind, created_at) VALUES ($1, $2, $3, 'spouse', $4)");
    tx.run(query.bind(ctx.id::<()>()).bind(late[0]).bind(who[3]).bind(ctx.now())).await.unwrap();
    tx.commit().await.unwrap();
    work(&ctx).await;
    let found = arms().await;
    assert_eq!(found[&late[0]], found[&who[2]], "with the household of whom they are related to");
    assert_eq!(found[&late[1]].1, late[1]);
    let look = seen(&ctx, id).await.look.unwrap();
    assert_eq!(look.arms.iter().map(|arm| arm.assigned).sum::<i64>(), 62);

    // Whoever a household is known by turns out to be somebody else: the others go along, and come back.
    let head = found[&who[0]].1;
    let same = testing::party(&ctx, "همان").await;
    let both = MergeParties { id: same, other_id: head, keep: BTreeMap::new(), dry_run: false, version: None, other_version: None };
    ctx.run(merge::merge, both).await.unwrap();
    let merged = arms().await;
    let rest = if head == who[0] { who[1] } else { who[0] };
    assert_eq!((merged[&same], merged[&rest]), ((found[&head].0, same), (found[&head].0, same)));
    ctx.run(merge::unmerge, PartyId { id: head }).await.unwrap();
    assert_eq!(arms().await, found);
}

#[tokio::test]
async fn introductions_are_measured_and_subgroups_named_before() {
    let ctx = testing::ctx().await;
    let who = shop(&ctx, 120, 40).await;
    let mut friends = Vec::new();
    for number in 0..130 {
        friends.push(testing::party(&ctx, &format!("دوست {number}")).await);
    }
    let mut tx = ctx.app.db.begin().await.unwrap();
    let mut query = sql("UPDATE parties SET gender = 'female' WHERE id IN ");
    query.list(who[..60].iter().copied());
    tx.run(query).await.unwrap();
    tx.commit().await.unwrap();
    let pairs: Vec<_> = who.iter().copied().zip(friends.iter().copied()).take(40).collect();
    introduce(&ctx, &pairs, -10).await;
    let rule = json!({"field": {"field": "gender", "is": {"one_of": ["female"]}}});
    let group = |name: &str| Subgroup { name: name.into(), rule: rule.clone() };
    let call = made(&ctx, call()).await;
    let asked = NewExperiment { outcome: Outcome::Introduced, subgroups: vec![group("خانم‌ها")], ..asked(&[call], "30") };
    let refused = async |subgroups: Vec<Subgroup>| problem(ctx.run(create, NewExperiment { subgroups, ..asked.clone() }).await);
    let five: Vec<Subgroup> = ["الف", "ب", "پ", "ت", "ث"].map(group).to_vec();
    assert_eq!(refused(five).await, ("subgroups".into(), "experiments-subgroups-many".into()));
    assert_eq!(refused(vec![group("الف"), group("الف")]).await.1, "experiments-subgroup-name");
    let broken = Subgroup { name: "الف".into(), rule: json!({"in": "nothing"}) };
    assert_eq!(refused(vec![broken]).await.1, "experiments-subgroup-rule");

    let draft = ctx.run(create, asked).await.unwrap();
    assert_eq!(draft.experiment.unit, DrawUnit::Household, "what is said to one of a family the others hear");
    let id = draft.experiment.id;
    let running = ctx.run(start, ExperimentId { id }).await.unwrap();
    assert_eq!(running.registration.unwrap()["subgroups"][0]["name"], "خانم‌ها");
    drain(&ctx.app).await.unwrap();
    let query = sql("SELECT party_id FROM experiment_units WHERE experiment_id = $1 AND subgroups = 1").bind(id);
    let women: Vec<(Id<Party>,)> = ctx.app.db.all(query).await.unwrap();
    assert!(!women.is_empty() && women.iter().all(|(party,)| who[..60].contains(party)));
    let (control, treated) = (arm(&ctx, id, 0).await, arm(&ctx, id, 1).await);
    ctx.run(deliver, Deliver { id, party_ids: treated.clone() }).await.unwrap();
    let pairs: Vec<_> = treated[1..].iter().copied().zip(friends[40..].iter().copied()).collect();
    introduce(&ctx, &pairs, 5).await;
    introduce(&ctx, &[(treated[0], control[0])], 5).await;
    let end = later(&ctx, 31);
    work(&end).await;
    let look = seen(&end, id).await.look.unwrap();
    assert_eq!((look.arms[0].introducers, look.arms[1].introducers, look.spilled), (0, i64::try_from(treated.len() - 1).unwrap(), 1));
    let share = (treated.len() - 1) as f64 / treated.len() as f64;
    assert!((look.contrasts[0].difference.value - share).abs() < 1e-9, "{look:?}");
    assert!(look.subgroups.is_empty(), "of fewer than thirty in each arm nothing is said");
    let found = end.run(best::best, Nothing {}).await.unwrap();
    let one = &found.kinds[0].tried[0];
    assert!((one.added_introducers.unwrap().value - share).abs() < 1e-9);
}
