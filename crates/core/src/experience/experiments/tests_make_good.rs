//! Making good after a test of prices, through the database.

use super::make_good::run_by;
use super::tests::{arm, asked, buy, later, planned, seen, shop, work};
use super::{
    DecideExperiment, Decision, Experiment, ExperimentId, ExperimentSeen, ExperimentState, LeftOut, MadeGood, MakeGood, MakeGoodState,
    NewExperiment, analyse, create, decide, plan, start,
};
use crate::experience::fairness::why;
use crate::experience::grants::{self, Grant, GrantId, ListGrants};
use crate::experience::legality::TreatmentKind;
use crate::experience::redeem::{self, RedeemGrant};
use crate::experience::tests::{made, problem, treatment};
use crate::experience::treatments::{NewTreatment, Treatment};
use crate::lifecycle::Stage;
use crate::parties::Party;
use crate::platform::jobs::{Outcome as Done, drain};
use crate::testing::other_process;
use crate::{Ctx, Id, testing};
use peyvand_db::sql;
use std::collections::HashSet;
use tokio::sync::watch;

fn off(percent: &str) -> NewTreatment {
    NewTreatment { percent: Some(percent.into()), party_cap: None, ..treatment(TreatmentKind::Discount, percent, &[Stage::Loyal]) }
}

/// A test of prices that has begun, with its customers in their arms.
async fn begun(ctx: &Ctx, treatments: &[Id<Treatment>], smallest: &str) -> ExperimentSeen {
    let id = ctx.run(create, asked(treatments, smallest)).await.unwrap().experiment.id;
    let manager = testing::as_post(&ctx.app, "manager", "manager").await;
    manager.run(start, ExperimentId { id }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    seen(ctx, id).await
}

async fn granted(ctx: &Ctx) -> Vec<Grant> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.run(grants::list, ListGrants { limit: Some(200), after, ..ListGrants::default() }).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn made_good(ctx: &Ctx, id: Id<Experiment>) -> MakeGood {
    seen(ctx, id).await.make_good.unwrap()
}

/// One run that stops after so many customers.
async fn killed_after(ctx: &Ctx, batch: i64) {
    let (stop, stopped) = watch::channel(true);
    assert_eq!(run_by(ctx, None, &stopped, batch).await.unwrap(), Done::GoOn);
    drop(stop);
}

#[tokio::test]
async fn who_had_the_worse_price_gets_the_better_one_once_whenever_it_is_killed() {
    let ctx = testing::ctx().await;
    shop(&ctx, 220, 88).await;
    let ten = made(&ctx, off("10")).await;
    let told = ctx.run(plan, planned(&asked(&[ten], "22"))).await.unwrap();
    let needed = told.needed.unwrap();
    let promised = told.make_good.unwrap();
    assert_eq!((promised.treatment_id, promised.customers, promised.each_minor), (ten, needed / 2, 1_000), "a tenth of what they pay");
    assert_eq!(promised.most_minor, needed / 2 * 1_000);

    let running = begun(&ctx, &[ten], "22").await;
    let id = running.experiment.id;
    let before = running.make_good.unwrap();
    assert_eq!((before.state, before.plan, before.given, before.cost_minor), (MakeGoodState::Promised, promised, 0, 0));
    let (control, treated) = (arm(&ctx, id, 0).await, arm(&ctx, id, 1).await);
    work(&ctx).await;
    assert_eq!(granted(&ctx).await.len(), 0, "not before it is over");

    // Some have left, some wait for an apology, some are no more at a stage that has it.
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE parties SET archived_at = $1 WHERE id = $2").bind(ctx.now()).bind(control[0])).await.unwrap();
    tx.run(sql("UPDATE stage_memberships SET stage = 'actual' WHERE party_id = $1").bind(control[1])).await.unwrap();
    tx.run(
        sql("INSERT INTO respect_incidents (id, party_id, severity, source, is_hostile, words, stage, opened_at, due_at)
             VALUES ($1, $2, 2, 'staff', FALSE, 'x', 'loyal', $3, $3)")
        .bind(ctx.id::<()>())
        .bind(control[2])
        .bind(ctx.now()),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let stop = DecideExperiment { id, decision: Decision::Stop, arm: None, reason: Some("کافی است".into()) };
    assert_eq!(ctx.run(decide, stop).await.unwrap().experiment.state, ExperimentState::Decided);
    killed_after(&ctx, 7).await;
    let some = made_good(&ctx, id).await;
    assert_eq!((some.state, some.given), (MakeGoodState::Promised, 4), "seven were looked at, three of them left out");
    killed_after(&ctx, 7).await;
    // Two at once go on from there.
    let other = other_process(&ctx).await;
    let (_keep, go) = watch::channel(false);
    let (one, two) = tokio::join!(run_by(&ctx, None, &go, 5), run_by(&other, None, &go, 5));
    assert_eq!((one.unwrap(), two.unwrap()), (Done::Done, Done::Done));
    work(&ctx).await;
    drain(&ctx.app).await.unwrap();

    let given = granted(&ctx).await;
    let got: HashSet<Id<Party>> = given.iter().map(|grant| grant.party_id).collect();
    assert_eq!(given.len(), control.len() - 3, "each once");
    assert!(control[3..].iter().all(|party| got.contains(party)) && treated.iter().all(|party| !got.contains(party)));
    let first = &given[0];
    assert_eq!((first.treatment_id, first.share, first.valid_to_on.since(first.valid_from_on)), (ten, Some(1_000), 30));
    assert!(first.policy.contains("تماس"), "{}", first.policy);
    let over = made_good(&ctx, id).await;
    assert_eq!((over.state, over.done_at), (MakeGoodState::Done, Some(ctx.now())));
    let left = |why| LeftOut { why, customers: 1 };
    assert_eq!(over.left_out, [left(MadeGood::Gone), left(MadeGood::Held), left(MadeGood::NotLawful)]);
    assert_eq!((over.given, over.plan.customers), (i64::try_from(given.len()).unwrap(), i64::try_from(control.len()).unwrap()));
    assert_eq!((over.used, over.cost_minor, over.open_minor), (0, 0, over.given * 1_000));
    let (events,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM events WHERE kind = 'experiment.made_good'")).await.unwrap();
    assert_eq!(events, 1);

    let why = ctx.run(why::why, GrantId { id: first.id }).await.unwrap();
    assert!(why.reasons[0].contains("قیمت"), "{:?}", why.reasons);
    let used = RedeemGrant { code: first.code.clone().unwrap(), total: Some("300".into()), ..RedeemGrant::default() };
    assert_eq!(ctx.run(redeem::redeem, used).await.unwrap().off_minor, Some(3_000));
    let spent = made_good(&ctx, id).await;
    assert_eq!((spent.used, spent.cost_minor, spent.open_minor), (1, 3_000, (over.given - 1) * 1_000));

    // Who waited for an apology gets it once that is over, and nobody else is looked at again.
    work(&ctx).await;
    assert_eq!(made_good(&ctx, id).await.left_out, over.left_out);
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE respect_incidents SET closed_at = $1 WHERE party_id = $2").bind(ctx.now()).bind(control[2])).await.unwrap();
    tx.run(sql("UPDATE parties SET archived_at = NULL WHERE id = $1").bind(control[0])).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..2 {
        work(&ctx).await;
    }
    let last = made_good(&ctx, id).await;
    assert_eq!(
        (last.state, last.given, last.left_out),
        (MakeGoodState::Done, over.given + 1, vec![left(MadeGood::Gone), left(MadeGood::NotLawful)])
    );
    assert!(granted(&ctx).await.iter().any(|grant| grant.party_id == control[2]));
    let (events,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM events WHERE kind = 'experiment.made_good'")).await.unwrap();
    assert_eq!(events, 1);
}

#[tokio::test]
async fn of_several_discounts_all_but_the_best_are_made_good_and_its_cost_is_no_part_of_the_answer() {
    let ctx = testing::ctx().await;
    shop(&ctx, 220, 88).await;
    // Ten thousand is paid for a purchase: three thousand off is more than a fifth.
    let treatments = [
        made(&ctx, off("20")).await,
        made(&ctx, NewTreatment { percent: None, amount: Some("30".into()), total_cap: Some(40), party_cap: Some(1), ..off("30") }).await,
    ];
    let running = begun(&ctx, &treatments, "40").await;
    let id = running.experiment.id;
    assert_eq!(running.make_good.unwrap().plan.treatment_id, treatments[1]);
    let arms = [arm(&ctx, id, 0).await, arm(&ctx, id, 1).await, arm(&ctx, id, 2).await];
    let best = usize::try_from(running.arms.iter().find(|one| one.treatment_id == Some(treatments[1])).unwrap().place).unwrap();
    buy(&ctx, &arms[best][..10], 5).await;
    let end = later(&ctx, 31);
    work(&end).await;
    let over = seen(&end, id).await;
    assert_eq!(over.experiment.state, ExperimentState::Ended);
    let owed: usize = (0..3).filter(|place| *place != best).map(|place| arms[place].len()).sum();
    let made_good = over.make_good.unwrap();
    let count = i64::try_from(owed).unwrap();
    assert_eq!((made_good.state, made_good.plan.customers, made_good.plan.each_minor), (MakeGoodState::Done, count, 3_000));
    assert_eq!(made_good.given, count.min(40), "no more than there are");
    assert_eq!(made_good.left_out, if count > 40 { vec![LeftOut { why: MadeGood::UsedUp, customers: count - 40 }] } else { vec![] });
    let given = granted(&end).await;
    assert!(given.iter().all(|grant| !arms[best].contains(&grant.party_id)));
    let used = RedeemGrant { code: given[0].code.clone().unwrap(), total: Some("300".into()), ..RedeemGrant::default() };
    assert_eq!(end.run(redeem::redeem, used).await.unwrap().off_minor, Some(3_000));
    let again = end.run(analyse, ExperimentId { id }).await.unwrap();
    let told = over.look.unwrap().contrasts;
    assert!(!told.is_empty() && told.iter().all(|one| one.cost == Some(0.0)), "nobody was noted to have got it: {told:?}");
    assert_eq!((again.look.unwrap().contrasts, again.make_good.unwrap().cost_minor), (told, 3_000));
}

#[tokio::test]
async fn only_a_test_of_prices_is_made_good() {
    let ctx = testing::ctx().await;
    shop(&ctx, 60, 24).await;
    let call = made(&ctx, treatment(TreatmentKind::Respect, "تماس", &[Stage::Loyal])).await;
    assert_eq!(ctx.run(plan, planned(&asked(&[call], "40"))).await.unwrap().make_good, None);
    let draft = ctx.run(create, asked(&[call], "40")).await.unwrap();
    assert_eq!(draft.make_good, None);
    let small = NewExperiment { smallest: "0".into(), ..asked(&[call], "") };
    assert_eq!(problem(ctx.run(create, small).await).0, "smallest");
}
