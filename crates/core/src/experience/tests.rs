use super::legality::{Class, Form, TreatmentKind, Verdict};
use super::never::Rule;
use super::occasions::{Occasion, OccasionPlan};
use super::policies::{self, ListPolicies, NewPolicy, NewVersion, PolicySeen, PolicyState, TwoBecause, two_because};
use super::policy_steps::{self, missing};
use super::treatments::{self, ListTreatments, NewTreatment, Treatment, TreatmentId};
use super::violations::{self, ListViolations};
use super::{ApprovePolicy, PolicyId, Stage};
use crate::{Ctx, Error, Id, Result, testing};
use serde_json::json;

pub(super) fn treatment(kind: TreatmentKind, name: &str, stages: &[Stage]) -> NewTreatment {
    NewTreatment {
        kind,
        class: None,
        is_special: true,
        name_fa: Some(name.to_owned()),
        name_ar: None,
        name_en: None,
        percent: (kind == TreatmentKind::Discount).then(|| "10".to_owned()),
        amount: (kind == TreatmentKind::Benefit).then(|| "500000".to_owned()),
        unit_cost: Some("120000".to_owned()),
        gift_item_id: None,
        stages: stages.to_vec(),
        rule: None,
        valid_days: None,
        party_cap: Some(1),
        total_cap: None,
    }
}

pub(super) async fn made(ctx: &Ctx, new: NewTreatment) -> Id<Treatment> {
    ctx.run(treatments::create, new).await.unwrap().id
}

pub(super) fn plan(occasion: Occasion) -> OccasionPlan {
    OccasionPlan { occasion, days_before: 0, name: None, on: None }
}

pub(super) fn policy(treatments: &[Id<Treatment>]) -> NewPolicy {
    NewPolicy {
        name: "یلدا".into(),
        treatment_ids: treatments.to_vec(),
        occasions: vec![OccasionPlan { occasion: Occasion::Yalda, days_before: 7, name: None, on: None }],
        budget: Some("1000000".into()),
        holdout: Some("12.5".into()),
        ..NewPolicy::default()
    }
}

pub(super) fn problem<T: std::fmt::Debug>(outcome: Result<T>) -> (String, String) {
    match outcome {
        Err(Error::Invalid(fields) | Error::Conflict(fields)) => (fields.0[0].field.to_string(), fields.0[0].key.to_string()),
        other => panic!("{other:?}"),
    }
}

pub(super) async fn yes(ctx: &Ctx, seen: &PolicySeen) -> Result<PolicySeen> {
    ctx.run(policy_steps::approve, ApprovePolicy { id: seen.policy.id, number: seen.items[0].number }).await
}

#[test]
fn large_discounts_benefits_and_price_tests_need_two() {
    let why = |form, share, is_price_test| two_because([(form, share)].into_iter(), is_price_test);
    assert_eq!(why(Form::SpecialDiscount, Some(2_000), false), []);
    assert_eq!(why(Form::SpecialDiscount, Some(2_001), false), [TwoBecause::LargeDiscount]);
    assert_eq!(why(Form::PublicDiscount, None, false), [TwoBecause::LargeDiscount], "of an amount nobody knows the share");
    assert_eq!(why(Form::Benefit, None, true), [TwoBecause::Benefit, TwoBecause::PriceTest]);
    assert_eq!(why(Form::MaterialGift, None, false), []);
    assert_eq!((missing(&[], 0), missing(&[], 1), missing(&[], 3)), (1, 0, 0));
    assert_eq!((missing(&[TwoBecause::Benefit], 1), missing(&[TwoBecause::Benefit], 2)), (1, 0));
}

#[tokio::test]
async fn a_treatment_that_the_stage_does_not_have_is_refused_and_the_attempt_is_listed() {
    let ctx = testing::ctx().await;
    let mut gift = treatment(TreatmentKind::Gift, "ست قهوه", &[Stage::Loyal, Stage::Advocate]);
    gift.class = Some(Class::Material);
    assert_eq!(problem(ctx.run(treatments::create, gift.clone()).await), ("stages".into(), "experience-refused-material-gift".into()));
    let benefit = treatment(TreatmentKind::Benefit, "پاداش", &[Stage::Actual]);
    assert_eq!(problem(ctx.run(treatments::create, benefit).await).1, "experience-refused-benefit");
    let pitch = treatment(TreatmentKind::Discount, "دوستان خود را معرفی کنید و تخفیف بگیرید", &[Stage::Loyal]);
    assert_eq!(problem(ctx.run(treatments::create, pitch).await), ("name_fa".into(), "experience-never-no-pitch".into()));
    let job = treatment(TreatmentKind::Discount, "سهمیه معرفی", &[Stage::Advocate]);
    assert_eq!(problem(ctx.run(treatments::create, job).await).1, "experience-never-no-job");
    gift.stages = vec![Stage::Advocate];
    made(&ctx, gift).await;

    let first = ctx.run(violations::list, ListViolations { limit: Some(3), after: None }).await.unwrap();
    let rest = ctx.run(violations::list, ListViolations { limit: Some(3), after: first.next.clone() }).await.unwrap();
    let tried: Vec<_> = first.items.iter().chain(&rest.items).map(|one| (one.rule, one.stage)).collect();
    assert_eq!(
        tried,
        [
            (Rule::NoJob, None),
            (Rule::NoPitch, Some(Stage::Loyal)),
            (Rule::NotAtThisStage, Some(Stage::Actual)),
            (Rule::NotAtThisStage, Some(Stage::Loyal)),
        ]
    );
    assert_eq!((first.items[2].form, first.items[2].actor.as_deref()), (Some(Form::Benefit), Some("owner")));
    assert!(rest.next.is_none());
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert!(agent.run(violations::list, ListViolations::default()).await.unwrap().items.is_empty(), "others' attempts are for who leads");
    let manager = testing::as_post(&ctx.app, "manager", "manager").await;
    assert_eq!(manager.run(violations::list, ListViolations::default()).await.unwrap().items.len(), 4);
}

#[tokio::test]
async fn what_cannot_be_a_treatment_is_refused_at_its_field() {
    let ctx = testing::ctx().await;
    let discount = || treatment(TreatmentKind::Discount, "تخفیف", &[Stage::Loyal]);
    let cases: [(NewTreatment, &str); 7] = [
        (NewTreatment { name_fa: None, ..discount() }, "name_fa"),
        (NewTreatment { percent: Some("120".into()), ..discount() }, "percent"),
        (NewTreatment { amount: Some("10".into()), ..discount() }, "percent"),
        (NewTreatment { percent: None, ..discount() }, "percent"),
        (NewTreatment { unit_cost: Some("-1".into()), ..discount() }, "unit_cost"),
        (NewTreatment { stages: vec![], ..discount() }, "stages"),
        (NewTreatment { valid_days: Some(0), ..discount() }, "valid_days"),
    ];
    for (new, field) in cases {
        assert_eq!(problem(ctx.run(treatments::create, new).await).0, field);
    }
    let rule = NewTreatment { rule: Some(json!({"wrong": 1})), ..discount() };
    assert!(problem(ctx.run(treatments::create, rule).await).0.starts_with("rule"));
    let told = ctx.run(treatments::create, NewTreatment { rule: Some(json!({"tag": "vip"})), ..discount() }).await.unwrap();
    assert_eq!((told.share, told.unit_cost_minor, told.form), (Some(1_000), 12_000_000, Form::SpecialDiscount));
    assert_eq!((told.name_en.as_str(), told.valid_days), ("تخفیف", 30), "one name stands for all");
    assert!(told.sentence.is_some_and(|sentence| sentence.contains("vip")));
}

#[tokio::test]
async fn treatments_are_listed_newest_first_and_put_away_when_no_policy_uses_them() {
    let ctx = testing::ctx().await;
    let respect = made(&ctx, NewTreatment { is_special: false, ..treatment(TreatmentKind::Respect, "پاسخ با نام", Stage::ALL) }).await;
    let used = made(&ctx, treatment(TreatmentKind::Discount, "تخفیف", &[Stage::Loyal])).await;
    let free = made(&ctx, treatment(TreatmentKind::Gift, "کارت تبریک", &[Stage::Loyal])).await;
    let first = ctx.run(treatments::list, ListTreatments { limit: Some(2), ..ListTreatments::default() }).await.unwrap();
    let rest = ctx.run(treatments::list, ListTreatments { after: first.next.clone(), ..ListTreatments::default() }).await.unwrap();
    let ids: Vec<_> = first.items.iter().chain(&rest.items).map(|one| one.id).collect();
    assert_eq!(ids, [free, used, respect]);
    ctx.run(policies::create, policy(&[used])).await.unwrap();
    assert_eq!(problem(ctx.run(treatments::archive, TreatmentId { id: used }).await).1, "experience-treatment-in-use");
    assert!(ctx.run(treatments::archive, TreatmentId { id: free }).await.unwrap().archived_at.is_some());
    let gifts = ListTreatments { kind: Some(TreatmentKind::Gift), ..ListTreatments::default() };
    assert!(ctx.run(treatments::list, gifts.clone()).await.unwrap().items.is_empty());
    assert_eq!(ctx.run(treatments::list, ListTreatments { archived: Some(true), ..gifts }).await.unwrap().items.len(), 1);
    assert_eq!(problem(ctx.run(policies::create, policy(&[free])).await), ("treatment_ids".into(), "experience-treatment-unknown".into()));
}

#[tokio::test]
async fn a_costly_policy_begins_with_the_yes_of_two_and_nobody_is_two() {
    let author = testing::ctx().await;
    let other = testing::as_post(&author.app, "manager", "manager").await;
    let benefit = made(&author, treatment(TreatmentKind::Benefit, "پاداش", &[Stage::Advocate])).await;
    let seen = author.run(policies::create, policy(&[benefit])).await.unwrap();
    assert_eq!((seen.items[0].missing, seen.items[0].two_because.as_slice()), (2, [TwoBecause::Benefit].as_slice()));
    let begin = PolicyId { id: seen.policy.id };
    assert_eq!(problem(author.run(policy_steps::start, begin).await).1, "experience-not-approved");
    let once = yes(&author, &seen).await.unwrap();
    assert_eq!((once.items[0].missing, once.items[0].state), (1, PolicyState::Draft));
    assert_eq!(problem(yes(&author, &seen).await).1, "experience-approved-already");
    assert_eq!(problem(author.run(policy_steps::start, begin).await).1, "experience-not-approved");
    let twice = yes(&other, &seen).await.unwrap();
    assert_eq!((twice.items[0].missing, twice.policy.state), (0, PolicyState::Approved));
    assert_eq!(twice.items[0].approvals.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["owner", "manager"]);
    assert_eq!(author.run(policy_steps::start, begin).await.unwrap().policy.state, PolicyState::Live);
    let agent = testing::as_post(&author.app, "agent", "agent").await;
    assert!(matches!(yes(&agent, &seen).await, Err(Error::Forbidden(_))));
    let system = author.app.system(crate::Door::Cli);
    assert!(matches!(yes(&system, &seen).await, Err(Error::SignedOut)), "a program is nobody's yes");
}

#[tokio::test]
async fn a_version_stays_what_it_was_and_the_next_takes_over_when_it_begins() {
    let ctx = testing::ctx().await;
    let gift = made(&ctx, treatment(TreatmentKind::Gift, "کارت تبریک", &[Stage::Loyal])).await;
    let discount = made(&ctx, treatment(TreatmentKind::Discount, "تخفیف", &[Stage::Loyal])).await;
    let seen = ctx.run(policies::create, policy(&[gift])).await.unwrap();
    let id = seen.policy.id;
    let first = &seen.items[0];
    assert_eq!((first.holdout, first.budget_minor, first.missing), (1_250, Some(100_000_000), 1));
    assert_eq!(first.occasions[0].next_on, Some("2026-12-21".parse().unwrap()));
    let at: Vec<_> = first.bundle[0].at.iter().map(|one| (one.verdict, one.is_meant)).collect();
    assert_eq!(at, [(Verdict::NotYet, false), (Verdict::NotYet, false), (Verdict::Allowed, true), (Verdict::Allowed, false)]);
    yes(&ctx, &seen).await.unwrap();
    ctx.run(policy_steps::start, PolicyId { id }).await.unwrap();

    let next = NewVersion {
        id,
        treatment_ids: vec![gift, discount],
        rule: Some(json!({"tag": "vip"})),
        occasions: vec![OccasionPlan { occasion: Occasion::Birthday, days_before: 0, name: None, on: None }],
        budget: None,
        holdout: None,
        is_price_test: false,
        note: Some("با تخفیف".into()),
    };
    let changed = ctx.run(policies::change, next.clone()).await.unwrap();
    assert_eq!((changed.policy.number, changed.policy.state, changed.items.len()), (1, PolicyState::Live, 2), "the live one counts");
    assert_eq!((changed.items[0].number, changed.items[0].bundle.len()), (2, 2));
    assert_eq!(changed.items[1].bundle.len(), 1, "the first says what it said");
    // What was never approved is given up for the next.
    let again = ctx.run(policies::change, next).await.unwrap();
    assert_eq!(again.items.iter().map(|one| one.state).collect::<Vec<_>>(), [PolicyState::Draft, PolicyState::Retired, PolicyState::Live]);
    assert_eq!(problem(ctx.run(policy_steps::approve, ApprovePolicy { id, number: 2 }).await).1, "experience-not-a-draft");
    yes(&ctx, &again).await.unwrap();
    let begun = ctx.run(policy_steps::start, PolicyId { id }).await.unwrap();
    assert_eq!((begun.policy.number, begun.items[2].state), (3, PolicyState::Retired));
    let over = ctx.run(policy_steps::retire, PolicyId { id }).await.unwrap();
    assert_eq!(over.policy.state, PolicyState::Retired);
    assert_eq!(problem(ctx.run(policy_steps::retire, PolicyId { id }).await).1, "experience-over-already");
    assert!(matches!(ctx.run(policies::get, PolicyId { id: ctx.id() }).await, Err(Error::NotFound("policy"))));
    assert_eq!(ctx.run(policies::get, PolicyId { id }).await.unwrap().items.len(), 3);
}

#[tokio::test]
async fn policies_are_listed_newest_first_by_how_far_they_have_come() {
    let ctx = testing::ctx().await;
    let gift = made(&ctx, treatment(TreatmentKind::Gift, "کارت تبریک", &[Stage::Loyal])).await;
    for name in ["یک", "دو", "سه"] {
        ctx.run(policies::create, NewPolicy { name: name.into(), ..policy(&[gift]) }).await.unwrap();
    }
    let first = ctx.run(policies::list, ListPolicies { limit: Some(2), ..ListPolicies::default() }).await.unwrap();
    let rest = ctx.run(policies::list, ListPolicies { after: first.next.clone(), ..ListPolicies::default() }).await.unwrap();
    let names: Vec<_> = first.items.iter().chain(&rest.items).map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["سه", "دو", "یک"]);
    let live = ListPolicies { state: Some(PolicyState::Live), ..ListPolicies::default() };
    assert!(ctx.run(policies::list, live).await.unwrap().items.is_empty());
    let wrong = [
        (NewPolicy { name: " ".into(), ..policy(&[gift]) }, "name"),
        (policy(&[]), "treatment_ids"),
        (NewPolicy { occasions: vec![], ..policy(&[gift]) }, "occasions"),
        (NewPolicy { budget: Some("0".into()), ..policy(&[gift]) }, "budget"),
        (NewPolicy { holdout: Some("51".into()), ..policy(&[gift]) }, "holdout"),
        (NewPolicy { rule: Some(json!({"in": "0193a1b2-0000-7000-8000-000000000000"})), ..policy(&[gift]) }, "rule"),
    ];
    for (new, field) in wrong {
        assert_eq!(problem(ctx.run(policies::create, new).await).0, field);
    }
}
