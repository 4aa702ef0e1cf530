//! One customer through all stages and back out, by what happens in the other rooms.

use super::customers::Tool;
use super::decisions::{self, EndReason, NewDecision};
use super::gates::Gate;
use super::tests::{buy, on, way};
use super::{DecisionKind, Stage, Standing};
use crate::experience::incidents::{self, Incident, IncidentId, OpenIncident, ResolveIncident};
use crate::parties::Party;
use crate::platform::jobs::drain;
use crate::{Ctx, Id, testing};
use peyvand_db::sql;

/// A friend of theirs came of their own accord, and has bought.
async fn introduced(ctx: &Ctx, referrer: Id<Party>, back: i64) {
    let referee = testing::party(ctx, "دوست").await;
    let day = ctx.today().plus(-back);
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(
        sql("INSERT INTO referrals (id, referrer_id, referee_id, kind, form, is_solicited, is_corroborated, source, state, register_days,
               buy_days, confirm_days, captured_at, captured_on, occurred_on, confirmed_on, fraud_score, signs, is_refused, created_at)
             VALUES ($1, $2, $3, 'brand', 'word_of_mouth', $4, $5, 'referee', 'confirmed', 30, 90, 8, $6, $7, $7, $7, 0, $8, $4, $6)")
        .bind(ctx.id::<()>())
        .bind(referrer)
        .bind(referee)
        .bind(false)
        .bind(true)
        .bind(ctx.now())
        .bind(day)
        .bind(serde_json::json!([])),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn offended(ctx: &Ctx, party: Id<Party>, is_hostile: bool) -> Incident {
    let words = "یک ساعت منتظر ماند و کسی پاسخ نداد".to_owned();
    let told = OpenIncident { party_id: Some(party), customer: None, severity: Some(2), source: None, is_hostile, words };
    let incident = ctx.run(incidents::open, told).await.unwrap();
    drain(&ctx.app).await.unwrap();
    incident
}

async fn decide(ctx: &Ctx, party_id: Id<Party>, decision: DecisionKind, reason: Option<EndReason>) {
    let said = NewDecision { party_id, decision, reason, note: None, until: None, back: None };
    ctx.run(decisions::decide, said).await.unwrap();
    drain(&ctx.app).await.unwrap();
}

#[tokio::test]
async fn a_customer_comes_all_the_way_is_offended_won_back_and_lost() {
    let ctx = testing::ctx().await;
    let manager = testing::as_post(&ctx.app, "manager", "manager").await;
    let party = testing::party(&ctx, "زهرا").await;
    let today = ctx.today();
    drain(&ctx.app).await.unwrap();
    for back in [300, 260, 220, 180, 140, 100, 60, 20] {
        buy(&ctx, party, today.plus(-back), "500000").await;
    }
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.standing, seen.tool), (Stage::Loyal, Standing::Active, Some(Tool::Cem)));
    assert!(!seen.next.passes, "nobody came because of them");

    introduced(&ctx, party, 30).await;
    buy(&ctx, party, today.plus(-6), "500000").await;
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.next.gate, seen.next.passes, seen.next.needs_person), (Stage::Loyal, Some(Gate::Advocate), true, true));
    decide(&on(&ctx, today.plus(-5)), party, DecisionKind::Confirm, None).await;
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.standing, seen.tool), (Stage::Advocate, Standing::Active, Some(Tool::Cam)));

    let incident = offended(&ctx, party, false).await;
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.standing), (Stage::Advocate, Standing::AtRisk));
    let made_good = ResolveIncident {
        id: incident.id,
        root_cause: "کمبود نیرو".into(),
        action: "مدیر زنگ زد و عذر خواست".into(),
        recovery_score: Some(5),
    };
    ctx.run(incidents::resolve, made_good).await.unwrap();
    drain(&ctx.app).await.unwrap();
    assert_eq!(way(&ctx, party).await.standing, Standing::AtRisk, "until somebody else has confirmed it");
    manager.run(incidents::confirm, IncidentId { id: incident.id }).await.unwrap();
    drain(&ctx.app).await.unwrap();
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.standing), (Stage::Advocate, Standing::Active));

    offended(&ctx, party, true).await;
    let seen = way(&ctx, party).await;
    assert_eq!((seen.stage, seen.standing), (Stage::Advocate, Standing::Detractor));
    decide(&ctx, party, DecisionKind::End, Some(EndReason::Moved)).await;
    let seen = way(&ctx, party).await;
    assert_eq!((seen.standing, seen.tool), (Standing::Terminated, None));
    let stages: Vec<Stage> = seen.steps.iter().map(|step| step.stage).collect();
    assert!(stages.is_sorted(), "nobody goes back: {stages:?}");
}
