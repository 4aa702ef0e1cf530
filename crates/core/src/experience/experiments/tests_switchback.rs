//! Customers who are compared with themselves, through the database.

use super::tests::{asked, buy, later, planned, seen, shop, work};
use super::{
    DecideExperiment, Decision, Deliver, Design, Experiment, ExperimentId, ExperimentState, ExperimentUnit, ListUnits, NewExperiment,
    Outcome, Way, create, decide, deliver, plan, start, units,
};
use crate::experience::experiments::verdict::Verdict;
use crate::experience::legality::TreatmentKind;
use crate::experience::tests::{made, problem, treatment};
use crate::experience::treatments::{NewTreatment, Treatment};
use crate::lifecycle::Stage;
use crate::platform::jobs::drain;
use crate::{Ctx, Id, testing};

fn card() -> NewTreatment {
    treatment(TreatmentKind::Gift, "کارت دست‌نویس", &[Stage::Loyal])
}

fn turned(treatments: &[Id<Treatment>], smallest: &str) -> NewExperiment {
    NewExperiment { design: Design::Switchback, outcome: Outcome::Occasions, horizon_days: 60, ..asked(treatments, smallest) }
}

async fn all(ctx: &Ctx, id: Id<Experiment>, waiting: bool) -> Vec<ExperimentUnit> {
    let page = ctx.run(units, ListUnits { id, arm: None, waiting, after: None, limit: Some(200) }).await.unwrap();
    assert_eq!(page.next, None);
    page.items
}

#[tokio::test]
async fn each_has_a_period_with_it_and_one_without_and_the_verdict_follows() {
    let ctx = testing::ctx().await;
    let shop = shop(&ctx, 70, 40).await;
    buy(&ctx, &shop[20..60], -100).await;
    let gift = made(&ctx, card()).await;
    let ask = turned(&[gift], "0.3");
    let told = ctx.run(plan, planned(&ask)).await.unwrap();
    assert_eq!((told.customers, told.can, told.days), (70, true, Some(150)), "{told:?}");
    let id = ctx.run(create, ask).await.unwrap().experiment.id;
    let running = ctx.run(start, ExperimentId { id }).await.unwrap();
    assert_eq!((running.experiment.design, running.experiment.min_days), (Design::Switchback, 150));
    assert_eq!(running.registration.unwrap()["washout_days"], 30);
    drain(&ctx.app).await.unwrap();

    let both = all(&ctx, id, false).await;
    assert_eq!(i64::try_from(both.len()).unwrap(), told.needed.unwrap());
    let first: Vec<_> = both.iter().filter(|one| one.arm == 1).map(|one| one.party_id).collect();
    let second: Vec<_> = both.iter().filter(|one| one.arm == 0).map(|one| one.party_id).collect();
    assert!(first.len().abs_diff(second.len()) <= 1, "of every two one begins with it");
    let today = ctx.today();
    let [with, without] = both.iter().find(|one| one.arm == 1).unwrap().periods().unwrap();
    assert_eq!((with, without), ((today.plus(1), today.plus(60)), (today.plus(91), today.plus(150))));

    // Each gets it in their own turn.
    let everybody: Vec<_> = both.iter().map(|one| one.party_id).collect();
    assert_eq!(all(&ctx, id, true).await.len(), first.len());
    let given = ctx.run(deliver, Deliver { id, party_ids: everybody.clone() }).await.unwrap().delivered;
    assert_eq!(given, i64::try_from(first.len()).unwrap());
    let washout = later(&ctx, 75);
    assert_eq!(all(&washout, id, true).await.len(), 0, "between the periods nobody");
    let turn = later(&ctx, 95);
    let due = all(&turn, id, true).await;
    assert!(due.iter().all(|one| second.contains(&one.party_id) && one.is_due(turn.today())) && due.len() == second.len());
    let given = turn.run(deliver, Deliver { id, party_ids: everybody }).await.unwrap().delivered;
    assert_eq!(given, i64::try_from(second.len()).unwrap());

    // With it everybody buys twice; in the second period everybody once more; between them what they buy does not count.
    for days in [5, 6] {
        buy(&ctx, &first, days).await;
    }
    for days in [96, 97] {
        buy(&ctx, &second, days).await;
    }
    for days in [70, 80, 90] {
        buy(&ctx, &first, days).await;
    }
    buy(&ctx, &first, 120).await;
    buy(&ctx, &second[..10], 30).await;
    buy(&ctx, &second, 121).await;
    let early = later(&ctx, 120);
    work(&early).await;
    assert_eq!(seen(&early, id).await.look.unwrap().verdict, Verdict::NotEnoughData, "nobody has had both");
    let end = later(&ctx, 151);
    work(&end).await;
    let over = seen(&end, id).await;
    let look = over.look.unwrap();
    assert_eq!((over.experiment.state, look.verdict, look.arm), (ExperimentState::Ended, Verdict::Recommend, Some(1)), "{look:?}");
    assert_eq!((look.complete(), over.experiment.complete), (told.needed.unwrap(), told.needed.unwrap()));
    // First with it: 2 less 1. First without: 3 less 0, or 1. Their mean is the effect, whatever the second period adds.
    let later_ones = (3.0 * (second.len() - 10) as f64 + 2.0 * 10.0) / second.len() as f64;
    let found = &look.contrasts[0];
    assert!((found.difference.value - f64::midpoint(1.0, later_ones)).abs() < 1e-9, "{found:?}");
    let told: Vec<_> = look.orders.iter().map(|one| (one.place, one.difference.map(|of| of.value))).collect();
    assert_eq!(told[1], (1, Some(1.0)));
    assert_eq!(look.arms[0].buyers, i64::try_from(first.len() + 10).unwrap());
    assert!(look.usual.is_some());
    let one = all(&end, id, false).await.into_iter().find(|one| one.arm == 1).unwrap();
    assert_eq!((one.occasions_with, one.occasions_without), (Some(2), Some(1)));
}

#[tokio::test]
async fn what_may_not_be_switched_is_refused_and_who_is_too_few_is_told_of_it() {
    let ctx = testing::ctx().await;
    shop(&ctx, 40, 20).await;
    let gift = made(&ctx, card()).await;
    let call = made(&ctx, treatment(TreatmentKind::Respect, "تماس", &[Stage::Loyal])).await;
    let other = made(&ctx, treatment(TreatmentKind::Gift, "گل", &[Stage::Loyal])).await;
    let refused = async |new: NewExperiment| problem(ctx.run(create, new).await);
    assert_eq!(refused(turned(&[call], "1")).await.1, "experiments-never-switched", "respect is nothing for a time");
    assert_eq!(refused(turned(&[gift, other], "1")).await.1, "experiments-switch-one");
    let benefit = made(&ctx, treatment(TreatmentKind::Benefit, "پاداش", &[Stage::Advocate])).await;
    assert_ne!(refused(turned(&[benefit], "0")).await.1, "experiments-promised", "no policy promises it");
    assert_eq!(refused(NewExperiment { horizon_days: 30, ..turned(&[gift], "1") }).await.0, "horizon_days");
    let told = ctx.run(plan, planned(&asked(&[gift], "5"))).await.unwrap();
    let way = told.others.iter().find(|one| one.way == Way::Switchback).unwrap();
    assert!(!told.can && way.detectable.is_some_and(|shows| shows > 0.0), "{told:?}");
    let told = ctx.run(plan, planned(&asked(&[call], "5"))).await.unwrap();
    assert!(told.others.iter().all(|one| one.way != Way::Switchback));
}

#[tokio::test]
async fn who_waited_for_their_turn_when_it_was_stopped_gets_the_better_price() {
    let ctx = testing::ctx().await;
    shop(&ctx, 70, 40).await;
    let off = made(&ctx, NewTreatment { party_cap: None, ..treatment(TreatmentKind::Discount, "ده درصد", &[Stage::Loyal]) }).await;
    let id = ctx.run(create, turned(&[off], "0.6")).await.unwrap().experiment.id;
    let manager = testing::as_post(&ctx.app, "manager", "manager").await;
    manager.run(start, ExperimentId { id }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    let waited = all(&ctx, id, false).await.into_iter().filter(|one| one.arm == 0).count();
    let stop = DecideExperiment { id, decision: Decision::Stop, arm: None, reason: Some("کافی است".into()) };
    let soon = later(&ctx, 40);
    soon.run(decide, stop).await.unwrap();
    work(&soon).await;
    assert_eq!(seen(&soon, id).await.make_good.unwrap().given, i64::try_from(waited).unwrap());
}
