//! Fairness through the database.

use super::judge::FairnessVerdict::{Insufficient, Ok as Fine, Unequal};
use super::{
    AnswerDifference, Attribute, AuditFairness, AuditId, AuditSeen, Cause, FairnessAudit, FairnessGroup, FairnessVerdict, Lack, ListAudits,
    ListDifferences, Measure, answer, audit, get, list, open, run, why,
};
use crate::experience::grants::{self, GrantId, GrantState, ListGrants};
use crate::experience::legality::TreatmentKind;
use crate::experience::occasions::Occasion;
use crate::experience::policies::{self, NewPolicy};
use crate::experience::tests::{made, plan, policy, problem, treatment, yes};
use crate::experience::treatments::NewTreatment;
use crate::experience::{PolicyId, start};
use crate::lifecycle::Stage;
use crate::parties::Party;
use crate::platform::events::{self, ListEvents};
use crate::platform::jobs::{self, Outcome};
use crate::platform::time::{DAY, HOUR};
use crate::{Ctx, Error, Id, testing};
use peyvand_db::{Sql, ToValue, sql};
use tokio::sync::watch;

async fn put(ctx: &Ctx, head: &'static str, rows: Vec<Vec<peyvand_db::Value>>) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Customers of a gender who bought ten days ago, the first of them at a discount.
async fn buyers(ctx: &Ctx, gender: Option<&str>, count: usize, cheaper: usize) -> Vec<Id<Party>> {
    let mut ids = Vec::new();
    let (at, day) = (ctx.now().plus(-10 * DAY), ctx.today().plus(-10));
    let (mut purchases, mut lines) = (Vec::new(), Vec::new());
    for number in 0..count {
        let id = testing::party(ctx, &format!("مشتری {number}")).await;
        let purchase: Id<()> = ctx.id();
        purchases.push(vec![
            purchase.to_value(),
            id.to_value(),
            at.to_value(),
            day.to_value(),
            "IRR".to_value(),
            90_000_i64.to_value(),
            0_i64.to_value(),
            1_i64.to_value(),
            at.to_value(),
        ]);
        let off = if number < cheaper { 10_000_i64 } else { 0 };
        lines.push(vec![
            ctx.id::<()>().to_value(),
            purchase.to_value(),
            id.to_value(),
            day.to_value(),
            1.0.to_value(),
            100_000_i64.to_value(),
            off.to_value(),
            (100_000 - off).to_value(),
            1_i64.to_value(),
            "IRR".to_value(),
        ]);
        ids.push(id);
    }
    put(ctx, "INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at) VALUES ", purchases)
        .await;
    let head = "INSERT INTO purchase_lines (id, purchase_id, party_id, day, quantity, unit_price_minor, discount_minor, amount_minor, sign,
                  currency) VALUES ";
    put(ctx, head, lines).await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    for id in &ids {
        tx.run(sql("UPDATE parties SET gender = $1, birth_on = '1990-05-01', city = 'تهران', city_key = 'تهران', role = 'customer' WHERE id = $2").bind(gender).bind(*id)).await.unwrap();
    }
    tx.commit().await.unwrap();
    ids
}

fn asked(measure: Measure, attribute: Attribute) -> AuditFairness {
    AuditFairness { measure: Some(measure), attribute: Some(attribute), days: None }
}

async fn seen(ctx: &Ctx, measure: Measure, attribute: Attribute) -> AuditSeen {
    let made = ctx.run(audit, asked(measure, attribute)).await.unwrap();
    ctx.run(get, AuditId { id: made.items[0] }).await.unwrap()
}

fn told(seen: &AuditSeen) -> Vec<(&str, i64, i64, FairnessVerdict)> {
    seen.groups.iter().map(|one| (one.value.as_str(), one.found.customers, one.found.given, one.found.verdict)).collect()
}

async fn differences(ctx: &Ctx) -> Vec<Id<FairnessGroup>> {
    ctx.run(open, ListDifferences::default()).await.unwrap().items.into_iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn who_pays_the_price_where_others_get_a_discount_is_seen_and_waits_for_a_reason() {
    let ctx = testing::ctx().await;
    buyers(&ctx, Some("male"), 60, 30).await;
    buyers(&ctx, Some("female"), 40, 5).await;
    buyers(&ctx, Some("other"), 3, 0).await;
    buyers(&ctx, None, 10, 1).await;
    let found = seen(&ctx, Measure::Price, Attribute::Gender).await;
    assert_eq!(
        told(&found),
        [("male", 60, 30, Fine), ("female", 40, 5, Unequal), ("other", 3, 0, Insufficient), ("", 10, 1, Insufficient)]
    );
    // 0.125 beside 0.5, worked by hand: se of the logarithm √(0.875/5 + 0.5/30) = 0.4378.
    let one = &found.groups[1].found;
    let ratio = one.stratified.unwrap();
    assert!((ratio.value - 0.25).abs() < 1e-9 && (ratio.high - 0.589_68).abs() < 1e-4 && one.p.unwrap() < 0.01, "{ratio:?}");
    assert_eq!((found.groups[0].found.is_best, found.groups[0].found.worth, one.worth), (true, Some(5_000), Some(1_250)));
    assert_eq!(found.groups[2].found.lack, Some(Lack::Few));
    assert_eq!((found.audit.customers, found.audit.given, found.audit.verdict, found.audit.is_asked), (113, 36, Unequal, true));

    let group = found.groups[1].id;
    assert_eq!(differences(&ctx).await, [group]);
    let today = ctx.today();
    let says = |words: &str, days| AnswerDifference { id: group, cause: Cause::Circumstance, words: words.into(), until: today.plus(days) };
    assert_eq!(problem(ctx.run(answer, says(" ", 30)).await).0, "words");
    assert_eq!(problem(ctx.run(answer, says("روز زن", 0)).await), ("until".into(), "fairness-until-over".into()));
    assert_eq!(problem(ctx.run(answer, says("روز زن", 400)).await), ("until".into(), "fairness-until-far".into()));
    let fine = AnswerDifference { id: found.groups[0].id, ..says("روز مرد", 30) };
    assert_eq!(problem(ctx.run(answer, fine).await).1, "fairness-nothing-to-answer");
    ctx.run(answer, says("روز مرد، تخفیف هدیه بود", 30)).await.unwrap();
    assert!(differences(&ctx).await.is_empty());
    // What was said holds for the same group of a later audit, and is shown there.
    let again = seen(&ctx, Measure::Price, Attribute::Gender).await;
    assert!(differences(&ctx).await.is_empty());
    assert_eq!(again.groups[1].answer.as_ref().map(|answer| answer.words.as_str()), Some("روز مرد، تخفیف هدیه بود"));
    let later = Ctx { now: ctx.now().plus(31 * DAY), ..ctx.clone() };
    assert_eq!(problem(ctx.run(open, ListDifferences { after: Some("x".into()), limit: None }).await).0, "after");
    let rest = format!("unequal.{}", again.groups[1].id);
    assert!(later.run(open, ListDifferences { after: Some(rest), limit: None }).await.unwrap().items.is_empty());
    assert_eq!(differences(&later).await, [again.groups[1].id], "it does not hold for ever, and only the last audit counts");

    let latest = ctx.run(list, ListAudits { latest: true, measure: Some(Measure::Price), ..ListAudits::default() }).await.unwrap();
    assert_eq!(latest.items.iter().map(|one| one.id).collect::<Vec<_>>(), [again.audit.id]);
    let page = |after| ListAudits { attribute: Some(Attribute::Gender), limit: Some(1), after, ..ListAudits::default() };
    let first = ctx.run(list, page(None)).await.unwrap();
    let second = ctx.run(list, page(first.next)).await.unwrap();
    assert_eq!((first.items[0].id, second.items[0].id, second.next), (again.audit.id, found.audit.id, None));
    let kinds = ctx.run(events::list, ListEvents { kind: Some("fairness.".into()), ..ListEvents::default() }).await.unwrap();
    assert_eq!(kinds.items.len(), 3);
    assert!(matches!(ctx.run(get, AuditId { id: ctx.id() }).await, Err(Error::NotFound(_))));
    let wide = AuditFairness { days: Some(5), ..AuditFairness::default() };
    assert_eq!(problem(ctx.run(audit, wide).await).0, "days");
}

#[tokio::test]
async fn each_month_everything_is_looked_at_once() {
    let ctx = testing::ctx().await;
    let (_keep, stop) = watch::channel(false);
    assert_eq!(run(&ctx, None, &stop).await.unwrap(), Outcome::Done);
    let count = async |ctx: &Ctx| ctx.run(list, ListAudits { limit: Some(200), ..ListAudits::default() }).await.unwrap().items.len();
    assert_eq!(count(&ctx).await, 0, "of nobody nothing is written");
    buyers(&ctx, Some("male"), 3, 1).await;
    let (_stopped, at_once) = watch::channel(true);
    assert_eq!(run(&ctx, None, &at_once).await.unwrap(), Outcome::GoOn);
    run(&ctx, None, &stop).await.unwrap();
    // Discounts that everybody may have, and prices; by gender, age, city, and who looks after them. No language and no source is
    // known, and nobody is at a later stage.
    assert_eq!(count(&ctx).await, 8);
    run(&ctx, None, &stop).await.unwrap();
    assert_eq!(count(&ctx).await, 8, "once a month");
    let next = Ctx { now: ctx.now().plus(31 * DAY), ..ctx.clone() };
    run(&next, None, &stop).await.unwrap();
    assert_eq!(count(&ctx).await, 16);
}

#[tokio::test]
async fn what_is_said_of_colleagues_is_for_who_sees_all() {
    let ctx = testing::ctx().await;
    buyers(&ctx, Some("male"), 40, 10).await;
    let of_staff = seen(&ctx, Measure::Price, Attribute::Staff).await;
    assert_eq!(told(&of_staff), [(ctx.actor.user().unwrap().to_string().as_str(), 40, 10, Insufficient)]);
    assert_eq!((of_staff.groups[0].name.as_deref(), of_staff.groups[0].found.lack), (Some("owner"), Some(Lack::Alone)));
    let manager = testing::as_post(&ctx.app, "manager", "manager").await;
    assert!(matches!(manager.run(get, AuditId { id: of_staff.audit.id }).await, Err(Error::NotFound(_))));
    assert_eq!(manager.run(list, ListAudits::default()).await.unwrap().items.len(), 0);
    assert!(matches!(manager.run(audit, asked(Measure::Price, Attribute::Staff)).await, Err(Error::Forbidden(_))));
    let all = manager.run(audit, AuditFairness { measure: Some(Measure::Price), ..AuditFairness::default() }).await.unwrap();
    assert_eq!(all.items.len(), 3, "gender, age and city");
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert!(matches!(agent.run(audit, AuditFairness::default()).await, Err(Error::Forbidden(_))));
    assert_eq!(agent.run(list, ListAudits::default()).await.unwrap().items.len(), 3);
}

#[tokio::test]
async fn promises_kept_and_complaints_answered_are_held_beside_each_other() {
    let ctx = testing::ctx().await;
    let men = buyers(&ctx, Some("male"), 40, 0).await;
    let women = buyers(&ctx, Some("female"), 40, 0).await;
    let at = ctx.now().plus(-20 * DAY);
    let (mut acts, mut cases, mut sheets) = (Vec::new(), Vec::new(), Vec::new());
    let protocol: Id<()> = ctx.id();
    let step: Id<()> = ctx.id();
    put(
        &ctx,
        "INSERT INTO protocols (id, name, begins, stages, created_at) VALUES ",
        vec![vec![protocol.to_value(), "ص".to_value(), "by_hand".to_value(), serde_json::json!([]).to_value(), at.to_value()]],
    )
    .await;
    put(
        &ctx,
        "INSERT INTO protocol_steps (id, protocol_id, place, act, due_hours) VALUES ",
        vec![vec![step.to_value(), protocol.to_value(), 0_i64.to_value(), "by_name".to_value(), 1_i64.to_value()]],
    )
    .await;
    for (place, party) in men.iter().chain(&women).enumerate() {
        // Of men two acts are in time, of half of the women one.
        let is_short = place >= 40 && place % 2 == 0;
        for number in 0..2 {
            let done = if is_short && number == 1 { at.plus(2 * HOUR) } else { at };
            acts.push(vec![
                ctx.id::<()>().to_value(),
                party.to_value(),
                step.to_value(),
                number.to_string().to_value(),
                "by_name".to_value(),
                at.to_value(),
                at.plus(HOUR).to_value(),
                done.to_value(),
            ]);
        }
        // Men wait for an hour, women for a day.
        let wait = if place < 40 { HOUR } else { DAY };
        cases.push(vec![
            ctx.id::<()>().to_value(),
            party.to_value(),
            "complaint".to_value(),
            "price".to_value(),
            1_i64.to_value(),
            "گران بود".to_value(),
            "answered".to_value(),
            ctx.today().plus(-20).to_value(),
            at.to_value(),
            at.plus(DAY).to_value(),
            at.plus(wait).to_value(),
            0_i64.to_value(),
            at.to_value(),
            at.to_value(),
        ]);
        let survey: Id<()> = ctx.id();
        sheets.push(vec![
            ctx.id::<()>().to_value(),
            survey.to_value(),
            survey.to_value(),
            party.to_value(),
            "link".to_value(),
            (if place % 2 == 0 { "fa" } else { "ar" }).to_value(),
            ctx.today().to_value(),
            at.to_value(),
            at.to_value(),
        ]);
    }
    put(&ctx, "INSERT INTO protocol_acts (id, party_id, step_id, occasion, act, started_at, due_at, done_at) VALUES ", acts).await;
    put(
        &ctx,
        "INSERT INTO cases (id, party_id, kind, reason, severity, text, stage, opened_on, opened_at, due_at, answered_at, reopened, clock_at,
           created_at) VALUES ",
        cases,
    )
    .await;
    let found = seen(&ctx, Measure::Respect, Attribute::Gender).await;
    assert_eq!(told(&found), [("female", 40, 20, Unequal), ("male", 40, 40, Fine)]);
    assert_eq!((found.groups[0].found.worth, found.groups[1].found.worth), (Some(7_500), Some(10_000)));
    let found = seen(&ctx, Measure::Wait, Attribute::Gender).await;
    assert_eq!(told(&found), [("female", 40, 0, Unequal), ("male", 40, 40, Fine)]);
    assert_eq!((found.groups[0].found.worth, found.groups[1].found.worth), (Some(DAY), Some(HOUR)));
    assert!(matches!(ctx.run(audit, asked(Measure::Wait, Attribute::Language)).await, Ok(found) if found.items.is_empty()));
    let mut tx = ctx.app.db.begin().await.unwrap();
    let survey: Id<()> = ctx.id();
    tx.run(
        sql("INSERT INTO surveys (id, family_id, version, state, name_fa, name_ar, name_en, open_token, created_at)
             VALUES ($1, $1, 1, 'live', 'ن', 'ن', 'n', 't', $2)")
        .bind(survey)
        .bind(at),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    for row in &mut sheets {
        row[1] = survey.to_value();
    }
    put(&ctx, "INSERT INTO survey_sheets (id, survey_id, family_id, party_id, door, lang, day, at, created_at) VALUES ", sheets).await;
    let found = seen(&ctx, Measure::Wait, Attribute::Language).await;
    assert_eq!(told(&found), [("ar", 40, 20, Fine), ("fa", 40, 20, Fine)]);
    let found = seen(&ctx, Measure::Wait, Attribute::Staff).await;
    assert_eq!(found.groups.len(), 1, "who looks after the customer answers for what nobody took");
}

#[tokio::test]
async fn everything_can_be_looked_at_by_everything() {
    let ctx = testing::ctx().await;
    let who = buyers(&ctx, Some("male"), 5, 1).await;
    let rows = who.iter().zip([Stage::Actual, Stage::Loyal, Stage::Advocate, Stage::Advocate, Stage::Loyal]).map(|(party, stage)| {
        vec![
            party.to_value(),
            1_i64.to_value(),
            "promote".to_value(),
            stage.to_value(),
            "active".to_value(),
            ctx.today().plus(-50).to_value(),
            party.to_value(),
        ]
    });
    let head = "INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, transition_id) VALUES ";
    put(&ctx, head, rows.collect()).await;
    let count = async |measure, attribute| {
        let made = ctx.run(audit, asked(measure, attribute)).await.unwrap();
        let id: Id<FairnessAudit> = *made.items.first()?;
        Some(ctx.run(get, AuditId { id }).await.unwrap().audit.customers)
    };
    assert_eq!(count(Measure::Discount, Attribute::City).await, Some(5));
    assert_eq!(count(Measure::Gift, Attribute::City).await, Some(4), "loyal ones and advocates may have gifts");
    assert_eq!(count(Measure::Benefit, Attribute::Age).await, Some(2), "only advocates a benefit");
    assert_eq!(count(Measure::Benefit, Attribute::Source).await, None, "nobody knows whence they came");
    for measure in Measure::ALL {
        for attribute in Attribute::ALL {
            count(*measure, *attribute).await;
        }
    }
}

#[tokio::test]
async fn whoever_asks_why_they_got_something_is_told_the_rule() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "مشتری").await;
    let rule = serde_json::json!({"not": {"tag": "نقره‌ای"}});
    let new = NewTreatment { is_special: false, rule: None, ..treatment(TreatmentKind::Discount, "ده درصد", Stage::ALL) };
    let treatment = made(&ctx, new).await;
    let terms = NewPolicy { occasions: vec![plan(Occasion::Once)], holdout: None, rule: Some(rule), ..policy(&[treatment]) };
    let seen = ctx.run(policies::create, terms).await.unwrap();
    yes(&ctx, &seen).await.unwrap();
    ctx.run(start, PolicyId { id: seen.policy.id }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    let grant = ctx.run(grants::list, ListGrants { party_id: Some(party), ..ListGrants::default() }).await.unwrap().items.remove(0);
    let told = ctx.run(why::why, GrantId { id: grant.id }).await.unwrap();
    assert_eq!((told.name.as_str(), told.state, told.code.is_some()), ("ده درصد", GrantState::Offered, true));
    assert_eq!(told.reasons.len(), 5, "occasion, stages, rule, cap, nothing else: {:?}", told.reasons);
    assert!(told.reasons[2].contains("نقره‌ای"), "{:?}", told.reasons);
    let nobody = ctx.app.context(crate::Actor::Nobody, ctx.door(), ctx.prefs.clone());
    let by_code = why::of_code(&nobody, grant.code.as_deref().unwrap()).await.unwrap();
    assert_eq!(by_code.reasons, told.reasons);
    assert!(matches!(why::of_code(&nobody, "123456789012").await, Err(Error::NotFound(_))));
    assert!(matches!(why::of_code(&nobody, "<script>").await, Err(Error::NotFound(_))));
    assert!(nobody.run(why::why, GrantId { id: grant.id }).await.is_err());
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert!(matches!(agent.run(why::why, GrantId { id: grant.id }).await, Err(Error::NotFound(_))), "a customer of somebody else");
}
