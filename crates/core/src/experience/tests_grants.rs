use super::assign;
use super::assignment::Arm;
use super::gifts::{self, GiftReceived, ListGifts, NewGiftItem, Reaction, RestockGift, SendGift};
use super::grants::{self, Grant, GrantId, GrantState, ListGrants, RevokeGrant};
use super::incidents::{self, OpenIncident, ResolveIncident};
use super::legality::TreatmentKind;
use super::occasions::Occasion;
use super::policies::{self, NewPolicy};
use super::policy_steps;
use super::redeem::{self, RedeemGrant, Redeemed};
use super::tests::{made, plan, policy, problem, treatment, yes};
use super::treatments::{self, ListTreatments, NewTreatment};
use super::{PolicyId, Stage, codes};
use crate::parties::Party;
use crate::platform::jobs;
use crate::platform::time::DAY;
use crate::testing::other_process;
use crate::{Ctx, Error, Id, Result, testing};
use peyvand_db::sql;

/// A discount for everybody, as a live policy.
pub(super) async fn live(ctx: &Ctx, new: NewTreatment, holdout: &str) -> PolicyId {
    let treatment = made(ctx, new).await;
    let mut terms = policy(&[treatment]);
    terms.occasions = vec![plan(Occasion::Once)];
    terms.holdout = Some(holdout.into());
    let seen = ctx.run(policies::create, terms).await.unwrap();
    yes(ctx, &seen).await.unwrap();
    let id = PolicyId { id: seen.policy.id };
    ctx.run(policy_steps::start, id).await.unwrap();
    id
}

pub(super) fn public() -> NewTreatment {
    NewTreatment { is_special: false, party_cap: None, ..treatment(TreatmentKind::Discount, "ده درصد", Stage::ALL) }
}

async fn customers(ctx: &Ctx, count: usize) -> Vec<Id<Party>> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(testing::party(ctx, &format!("مشتری {number}")).await);
    }
    ids
}

pub(super) async fn all(ctx: &Ctx) -> Vec<Grant> {
    ctx.run(grants::list, ListGrants { limit: Some(200), ..ListGrants::default() }).await.unwrap().items
}

pub(super) fn code_of(grant: &Grant) -> String {
    grant.code.clone().unwrap()
}

pub(super) async fn redeem_code(ctx: &Ctx, code: &str, key: Option<&str>) -> Result<Redeemed> {
    let input = RedeemGrant { code: code.into(), key: key.map(str::to_owned), total: Some("1000".into()), ..RedeemGrant::default() };
    ctx.run(redeem::redeem, input).await
}

/// A later moment of the same program.
pub(super) fn later(ctx: &Ctx, days: i64) -> Ctx {
    Ctx { now: ctx.now().plus(days * DAY), ..ctx.clone() }
}

#[tokio::test]
async fn who_has_had_it_as_often_as_one_customer_may_is_not_meant_by_another_policy() {
    let ctx = testing::ctx().await;
    customers(&ctx, 3).await;
    live(&ctx, NewTreatment { party_cap: Some(1), ..public() }, "0").await;
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!(all(&ctx).await.len(), 3);
    let treatment = ctx.run(treatments::list, ListTreatments::default()).await.unwrap().items[0].id;
    let terms = NewPolicy { occasions: vec![plan(Occasion::Once)], holdout: None, ..policy(&[treatment]) };
    let seen = ctx.run(policies::create, terms).await.unwrap();
    yes(&ctx, &seen).await.unwrap();
    ctx.run(policy_steps::start, PolicyId { id: seen.policy.id }).await.unwrap();
    let late = testing::party(&ctx, "مشتری تازه").await;
    jobs::drain(&ctx.app).await.unwrap();
    let given = all(&ctx).await;
    assert_eq!(given.len(), 4, "only who came later");
    assert_eq!(given.iter().filter(|one| one.party_id == late).count(), 1, "once, though two policies mean them");
}

#[tokio::test]
async fn everybody_who_is_meant_gets_it_once_or_is_written_down_as_left_without_it() {
    let ctx = testing::ctx().await;
    customers(&ctx, 40).await;
    live(&ctx, public(), "50").await;
    jobs::drain(&ctx.app).await.unwrap();
    let rows: Vec<(Arm, bool)> = ctx.app.db.all(sql("SELECT arm, is_ghost FROM exposures ORDER BY id")).await.unwrap();
    assert_eq!(rows.len(), 40);
    let ghosts = rows.iter().filter(|(_, is_ghost)| *is_ghost).count();
    assert!((8..=32).contains(&ghosts), "about half are held out: {ghosts}");
    assert!(rows.iter().all(|(arm, is_ghost)| (*arm == Arm::Treated) != *is_ghost));
    let granted = all(&ctx).await;
    assert_eq!(granted.len(), 40 - ghosts);
    assert!(granted.iter().all(|grant| codes::read(grant.code.as_deref().unwrap_or_default()).is_ok()));
    // Whoever runs it again, and whoever comes later, is dealt with once.
    customers(&ctx, 3).await;
    for _ in 0..2 {
        let mut tx = ctx.app.db.begin().await.unwrap();
        assign::enqueue(&mut tx, &ctx).await.unwrap();
        tx.commit().await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
    }
    let (count,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM exposures")).await.unwrap();
    assert_eq!(count, 43);
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_the_same_key_is_answered_the_same() {
    let ctx = testing::ctx().await;
    let ids = customers(&ctx, 2).await;
    live(&ctx, public(), "0").await;
    jobs::drain(&ctx.app).await.unwrap();
    let granted = all(&ctx).await;
    let (one, other) = (code_of(&granted[0]), code_of(&granted[1]));
    let done = redeem_code(&ctx, &codes::spoken(&one), Some("till-1")).await.unwrap();
    assert_eq!((done.off_minor, done.is_repeat, done.grant.state), (Some(10_000), false, GrantState::Redeemed));
    let again = redeem_code(&ctx, &one, Some("till-1")).await.unwrap();
    assert_eq!((again.off_minor, again.is_repeat), (Some(10_000), true));
    assert_eq!(problem(redeem_code(&ctx, &one, Some("till-2")).await).1, "experience-grant-used");
    assert_eq!(problem(redeem_code(&ctx, &other, Some("till-1")).await).1, "experience-key-used");
    assert_eq!(problem(redeem_code(&ctx, "123456789012", None).await).1, "experience-code-mistyped");
    let unknown = codes::make(&ctx.app.keys(), "nobody", 0);
    assert_eq!(problem(redeem_code(&ctx, &unknown, None).await).1, "experience-code-unknown");
    let whose = RedeemGrant { code: other.clone(), party_id: Some(granted[0].party_id), ..RedeemGrant::default() };
    assert_eq!(problem(ctx.run(redeem::redeem, whose).await).1, "experience-code-of-other");
    let purchase = RedeemGrant { code: other.clone(), purchase_id: Some(ctx.id()), ..RedeemGrant::default() };
    assert_eq!(problem(ctx.run(redeem::redeem, purchase).await).1, "experience-purchase-of-other");
    let (used,): (i64,) = ctx.app.db.one(sql("SELECT used FROM treatments")).await.unwrap();
    assert_eq!(used, 1);
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert_eq!(problem(redeem_code(&agent, &other, None).await).1, "experience-code-unknown", "of a customer out of sight");
    assert!(ids.contains(&granted[0].party_id));
}

#[tokio::test]
async fn of_sixty_four_who_redeem_a_cap_of_one_at_once_by_two_processes_one_does() {
    let ctx = testing::ctx().await;
    customers(&ctx, 64).await;
    live(&ctx, NewTreatment { total_cap: Some(1), ..public() }, "0").await;
    jobs::drain(&ctx.app).await.unwrap();
    let granted = all(&ctx).await;
    assert_eq!(granted.len(), 64);
    let other = other_process(&ctx).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, grant) in granted.into_iter().enumerate() {
        let ctx = if number % 2 == 0 { ctx.clone() } else { other.clone() };
        tasks.spawn(async move { redeem_code(&ctx, &code_of(&grant), Some(&format!("till-{number}"))).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        match outcome {
            Err(Error::Unavailable) => {}
            other => assert_eq!(problem(other).1, "experience-cap-reached"),
        }
    }
    let (used, redeemed): (i64, i64) =
        ctx.app.db.one(sql("SELECT (SELECT used FROM treatments), (SELECT COUNT(*) FROM grants WHERE state = 'redeemed')")).await.unwrap();
    assert_eq!((used, redeemed), (1, 1));
}

#[tokio::test]
async fn of_sixty_four_who_show_the_same_code_at_once_one_redeems_it() {
    let ctx = testing::ctx().await;
    customers(&ctx, 1).await;
    live(&ctx, public(), "0").await;
    jobs::drain(&ctx.app).await.unwrap();
    let code = code_of(&all(&ctx).await[0]);
    let other = other_process(&ctx).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (ctx, code) = (if number % 2 == 0 { ctx.clone() } else { other.clone() }, code.clone());
        tasks.spawn(async move { redeem_code(&ctx, &code, Some(&format!("till-{number}"))).await });
    }
    assert_eq!(tasks.join_all().await.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_budget_is_never_overspent() {
    let ctx = testing::ctx().await;
    customers(&ctx, 3).await;
    let treatment = made(&ctx, public()).await;
    let mut terms = policy(&[treatment]);
    terms.occasions = vec![plan(Occasion::Once)];
    terms.holdout = None;
    // Two discounts of 100 fit, a third does not; an offer costs nothing before it is used.
    terms.budget = Some("250".into());
    let new = NewTreatment { unit_cost: Some("0".into()), ..public() };
    terms.treatment_ids = vec![made(&ctx, new).await];
    let seen = ctx.run(policies::create, terms).await.unwrap();
    yes(&ctx, &seen).await.unwrap();
    ctx.run(policy_steps::start, PolicyId { id: seen.policy.id }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    let granted = all(&ctx).await;
    for grant in &granted[..2] {
        redeem_code(&ctx, &code_of(grant), None).await.unwrap();
    }
    assert_eq!(problem(redeem_code(&ctx, &code_of(&granted[2]), None).await).1, "experience-budget-spent");
    let seen = ctx.run(policies::get, PolicyId { id: seen.policy.id }).await.unwrap();
    assert_eq!(seen.policy.spent_minor, 20_000);
    let used = ctx.run(treatments::list, ListTreatments::default()).await.unwrap().items[0].used;
    assert_eq!(used, 2, "what was refused is not counted");
}

#[tokio::test]
async fn what_is_not_used_in_time_is_over_once_and_what_is_taken_back_says_why() {
    let ctx = testing::ctx().await;
    customers(&ctx, 3).await;
    live(&ctx, public(), "0").await;
    jobs::drain(&ctx.app).await.unwrap();
    let granted = all(&ctx).await;
    let accepted = ctx.run(grants::accept, GrantId { id: granted[0].id }).await.unwrap();
    assert_eq!(accepted.state, GrantState::Accepted);
    assert_eq!(ctx.run(grants::accept, GrantId { id: granted[0].id }).await.unwrap().state, GrantState::Accepted);
    let back = |reason: &str| RevokeGrant { id: granted[1].id, reason: reason.into() };
    assert_eq!(problem(ctx.run(grants::revoke, back(" ")).await).0, "reason");
    let revoked = ctx.run(grants::revoke, back("اشتباه")).await.unwrap();
    assert_eq!((revoked.state, revoked.ended_reason.as_deref()), (GrantState::Revoked, Some("اشتباه")));
    assert_eq!(problem(ctx.run(grants::revoke, back("باز")).await).1, "experience-grant-revoked");
    assert_eq!(problem(ctx.run(grants::accept, GrantId { id: granted[1].id }).await).1, "experience-grant-revoked");
    assert_eq!(problem(redeem_code(&ctx, &code_of(&granted[1]), None).await).1, "experience-grant-revoked");

    let after = later(&ctx, 31);
    assert_eq!(problem(redeem_code(&after, &code_of(&granted[0]), None).await).1, "experience-grant-expired");
    let today = after.now().day(&ctx.app.organisation().await.unwrap().zone());
    for _ in 0..2 {
        grants::expire(&after, today).await.unwrap();
    }
    let of = |state| ListGrants { state: Some(state), limit: Some(1), ..ListGrants::default() };
    let first = ctx.run(grants::list, of(GrantState::Expired)).await.unwrap();
    let rest = ctx.run(grants::list, ListGrants { after: first.next.clone(), ..of(GrantState::Expired) }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (1, 1, None));
    let (said,): (i64,) = ctx.app.db.one(sql("SELECT COUNT(*) FROM events WHERE kind = 'grant.expired'")).await.unwrap();
    assert_eq!(said, 2);
    let of_party = ListGrants { party_id: Some(granted[2].party_id), ..ListGrants::default() };
    assert_eq!(ctx.run(grants::list, of_party).await.unwrap().items.len(), 1);
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert!(agent.run(grants::list, ListGrants::default()).await.unwrap().items.is_empty());
    assert!(matches!(agent.run(grants::accept, GrantId { id: granted[2].id }).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn no_more_gifts_are_sent_than_lie_ready_and_what_became_of_one_is_known() {
    let ctx = testing::ctx().await;
    customers(&ctx, 64).await;
    let new = NewGiftItem { name_fa: Some("کارت".into()), unit_cost: Some("20".into()), stock: 1, ..NewGiftItem::default() };
    let item = ctx.run(gifts::create, new.clone()).await.unwrap();
    assert_eq!((item.name_en.as_str(), item.retail_minor, item.stock), ("کارت", 2_000, 1));
    assert_eq!(problem(ctx.run(gifts::create, NewGiftItem { stock: -1, ..new.clone() }).await).0, "stock");
    assert_eq!(problem(ctx.run(gifts::create, NewGiftItem { name_fa: None, ..new }).await).0, "name_fa");
    let unknown = NewTreatment { gift_item_id: Some(ctx.id()), ..treatment(TreatmentKind::Gift, "کارت", &[Stage::Loyal]) };
    assert_eq!(problem(ctx.run(treatments::create, unknown).await).0, "gift_item_id");
    // What the job offers to loyal customers stands here for everybody, so that the stock alone decides.
    let gift = NewTreatment { gift_item_id: Some(item.id), party_cap: None, ..treatment(TreatmentKind::Gift, "کارت", &[Stage::Loyal]) };
    let gift = made(&ctx, gift).await;
    live(&ctx, public(), "0").await;
    jobs::drain(&ctx.app).await.unwrap();
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE grants SET kind = 'gift', treatment_id = $1").bind(gift)).await.unwrap();
    tx.commit().await.unwrap();
    let granted = all(&ctx).await;
    assert_eq!(problem(redeem_code(&ctx, &code_of(&granted[0]), None).await).1, "experience-grant-gift");
    assert_eq!(
        problem(ctx.run(gifts::received, GiftReceived { id: granted[0].id, reaction: None, note: None }).await).1,
        "experience-not-sent"
    );
    let other = other_process(&ctx).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, grant) in granted.iter().enumerate() {
        let (ctx, id) = (if number % 2 == 0 { ctx.clone() } else { other.clone() }, grant.id);
        tasks.spawn(async move { ctx.run(gifts::send, SendGift { id, note: Some("با پیک".into()) }).await });
    }
    let sent: Vec<_> = tasks.join_all().await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(sent.len(), 1);
    let (stock, used): (i64, i64) =
        ctx.app.db.one(sql("SELECT (SELECT stock FROM gift_items), (SELECT used FROM treatments WHERE kind = 'gift')")).await.unwrap();
    assert_eq!((stock, used), (0, 1), "what was refused is not counted");
    let left = granted.iter().find(|grant| grant.id != sent[0].grant_id).unwrap();
    assert_eq!(problem(ctx.run(gifts::send, SendGift { id: left.id, note: None }).await).1, "experience-out-of-stock");

    let more = |by| RestockGift { id: item.id, by };
    assert_eq!(problem(ctx.run(gifts::restock, more(-1)).await).1, "experience-stock-below");
    assert_eq!(ctx.run(gifts::restock, more(3)).await.unwrap().stock, 3);
    let offended = OpenIncident { party_id: Some(left.party_id), words: "کسی جواب نداد".into(), ..OpenIncident::default() };
    let offended = ctx.run(incidents::open, offended).await.unwrap();
    assert_eq!(problem(ctx.run(gifts::send, SendGift { id: left.id, note: None }).await).1, "experience-held-gift");
    let good =
        ResolveIncident { id: offended.id, root_cause: "شلوغی".into(), action: "عذرخواهی".into(), recovery_score: None };
    ctx.run(incidents::resolve, good).await.unwrap();
    ctx.run(gifts::send, SendGift { id: left.id, note: None }).await.unwrap();
    let heard = |reaction| GiftReceived { id: sent[0].grant_id, reaction, note: None };
    let came = ctx.run(gifts::received, heard(None)).await.unwrap();
    assert_eq!((came.received_at, came.reaction, came.note.as_deref()), (Some(ctx.now()), None, Some("با پیک")));
    let liked = ctx.run(gifts::received, heard(Some(Reaction::Thanked))).await.unwrap();
    assert_eq!((liked.reaction, liked.reaction_at), (Some(Reaction::Thanked), Some(ctx.now())));
    let first = ctx.run(gifts::list, ListGifts::default()).await.unwrap().items.remove(0);
    assert_eq!((first.sent, first.liked, first.stock), (2, 1, 2));
    let next = ListGifts { after: Some(first.id.to_string()), limit: None };
    assert!(ctx.run(gifts::list, next).await.unwrap().items.is_empty());
}
