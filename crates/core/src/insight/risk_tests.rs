//! Who may leave, from scores and purchases to the page of them, and what was done about it.

use super::fits::FitKind;
use super::risk::{Evidence, ListRisks, RiskCustomer, RiskReason, ValueBand, customers, page_of, risk};
use super::risk_refresh::refresh_by;
use super::saves::{self, ListSaves, NewSave, RemoveSave, SaveKind, SaveOutcome, SaveSeen};
use crate::follow_ups::{self, ListFollowUps};
use crate::interactions::{self, LogInteraction};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::access::{Reach, Right};
use crate::platform::jobs::Outcome;
use crate::platform::undo::{self, RunUndo};
use crate::sales::purchases::{self, NewPurchase};
use crate::testing::{self, with_rights};
use crate::{Ctx, Error, Fields, Result, Rights, Room, Sight};
use peyvand_db::{Id, Sql, sql};
use serde_json::json;
use tokio::sync::watch;

async fn run(ctx: &Ctx, statement: Sql) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(statement).await.unwrap();
    tx.commit().await.unwrap();
}

async fn bought(ctx: &Ctx, party: Id<Party>, amount: &str, date: &str) {
    let new = NewPurchase { party_id: Some(party), amount: Some(amount.into()), date: Some(date.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
}

/// The fits of a refresh in which a hundred customers are worth 1,000 each.
async fn fitted(ctx: &Ctx) -> [Id<super::Fit>; 2] {
    let ids = [ctx.id(), ctx.id()];
    let quality = json!({"customers": 100, "value_12m_minor": 100_000.0, "starts": 1, "agreed": 1});
    for (id, kind) in ids.into_iter().zip([FitKind::Activity, FitKind::Spending]) {
        run(
            ctx,
            sql("INSERT INTO fits (id, kind, as_of, currency, customers, input_hash, model, quality, made_at, finished_at, is_current)
                 VALUES ($1, $2, '2026-11-21', 'IRR', 100, 'x', $3, $4, $5, $5, TRUE)")
            .bind(id)
            .bind(kind)
            .bind(json!({"parameters": [], "covariance": []}))
            .bind(quality.clone())
            .bind(ctx.now()),
        )
        .await;
    }
    ids
}

/// Scores of a customer: probability of being active, value, habit, days of silence.
async fn scored(ctx: &Ctx, party: Id<Party>, p_active: f64, value: f64, habit: &str, recency: i64) {
    let fits: Vec<(Id<super::Fit>,)> = ctx.app.db.all(sql("SELECT id FROM fits ORDER BY kind")).await.unwrap();
    run(
        ctx,
        sql("INSERT INTO party_scores (party_id, recency_days, age_days, occasions, net_minor, repeat_mean_minor, p_active, value_12m_minor,
               habit, gap_days, silence, rfm_fit_id, activity_fit_id, spending_fit_id)
             VALUES ($1, $2, 900, 9, 900, 90, $3, $4, $5, 30, 0, $6, $6, $7)")
        .bind(party)
        .bind(recency)
        .bind(p_active)
        .bind(value)
        .bind(habit)
        .bind(fits[0].0)
        .bind(fits[1].0),
    )
    .await;
}

/// Seven customers: three of value who may leave, one who will hardly, one of little value, one who is gone for long and one who
/// stays.
async fn shop() -> (Ctx, Vec<Id<Party>>) {
    let ctx = testing::ctx().await;
    fitted(&ctx).await;
    let mut parties = Vec::new();
    for (p_active, value, habit, recency) in [
        (0.25, 1_000.0, "silent", 130),
        (0.5, 4_000.0, "lapsing", 70),
        (0.4, 2_000.0, "regular", 40),
        (0.9, 9_000.0, "slowing", 20),
        (0.25, 200.0, "silent", 130),
        (0.01, 900.0, "silent", 366),
        (0.9, 9_000.0, "regular", 5),
    ] {
        let party = testing::party(&ctx, &format!("نام {}", parties.len())).await;
        scored(&ctx, party, p_active, value, habit, recency).await;
        parties.push(party);
    }
    // The first bought for 300 in the half year before the last and for 100 since, gave 20 of it back, and complained.
    for (amount, date) in [("200", "2026-01-10"), ("100", "2026-02-10"), ("100", "2026-06-10"), ("-20", "2026-06-15")] {
        bought(&ctx, parties[0], amount, date).await;
    }
    let talk = LogInteraction {
        party_id: Some(parties[0]),
        at: Some("2026-11-11".into()),
        reason: Some("complaint".into()),
        text: Some("x".into()),
        ..LogInteraction::default()
    };
    ctx.run(interactions::log, talk).await.unwrap();
    (ctx, parties)
}

async fn refreshed(ctx: &Ctx, size: i64) {
    let (_keep, stop) = watch::channel(false);
    assert_eq!(refresh_by(ctx, Id::FIRST, &stop, size).await.unwrap(), Outcome::Done);
}

async fn all(ctx: &Ctx, input: ListRisks) -> Vec<RiskCustomer> {
    ctx.run(customers, input).await.unwrap().items
}

fn ids(found: &[RiskCustomer]) -> Vec<Id<Party>> {
    found.iter().map(|one| one.row.party_id).collect()
}

#[tokio::test]
async fn customers_of_value_who_may_leave_are_listed_by_what_is_at_stake_with_what_speaks_for_it() {
    let (ctx, parties) = shop().await;
    let empty = ctx.run(risk, Nothing {}).await.unwrap();
    assert_eq!((empty.as_of, empty.customers, empty.fit.map(|fit| fit.kind)), (None, 0, Some(FitKind::Activity)));
    refreshed(&ctx, 2).await;

    let found = all(&ctx, ListRisks::default()).await;
    // Of 8,000 a half, of 5,000 six tenths, of 4,000 three quarters, of 10,000 a tenth.
    let stakes: Vec<(Id<Party>, i64)> = found.iter().map(|one| (one.row.party_id, one.row.stake_minor)).collect();
    assert_eq!(stakes, [(parties[1], 4_000), (parties[2], 3_000), (parties[0], 3_000), (parties[3], 1_000)]);
    let first = found.iter().find(|one| one.row.party_id == parties[0]).unwrap();
    let evidence = |reason, one, other| Evidence { reason, one, other };
    assert_eq!(
        first.reasons,
        [
            evidence(RiskReason::Overdue, Some(130), Some(30)),
            evidence(RiskReason::Less, Some(8_000), Some(30_000)),
            evidence(RiskReason::Complained, Some(1), Some(10)),
            evidence(RiskReason::Returned, Some(2_000), Some(159)),
        ]
    );
    assert_eq!((first.row.p_active, first.row.recency_days, first.row.gap_days), (Some(0.25), Some(130), Some(30.0)));
    assert!(first.row.activity_fit_id.is_some() && first.last_save.is_none());
    assert_eq!(found[1].reasons, [evidence(RiskReason::Unspoken, None, None)], "nobody ever spoke with them");

    let told = ctx.run(risk, Nothing {}).await.unwrap();
    assert_eq!((told.customers, told.stake_minor, told.mean_minor, told.without_reason), (4, 11_000, 1_000, 0));
    assert_eq!(told.as_of, Some("2026-11-21".parse().unwrap()));
    for figures in &told.reasons {
        let of_reason = all(&ctx, ListRisks { reason: Some(figures.reason), ..ListRisks::default() }).await;
        let stake: i64 = of_reason.iter().map(|one| one.row.stake_minor).sum();
        assert_eq!((of_reason.len() as i64, stake), (figures.customers, figures.stake_minor), "{figures:?}");
        assert!(of_reason.iter().all(|one| one.reasons.iter().any(|one| one.reason == figures.reason)));
    }
    assert_eq!(told.reasons.len(), 6);
    let band = |from: i64| *told.bands.iter().find(|band| band.from_minor == from).unwrap();
    assert_eq!(told.bands.iter().map(|band| band.customers).sum::<i64>(), 7);
    assert_eq!(band(5_000), ValueBand { from_minor: 5_000, until_minor: None, customers: 2, value_minor: 18_000 });
    assert_eq!(band(2_000), ValueBand { from_minor: 2_000, until_minor: Some(5_000), customers: 2, value_minor: 6_000 });
}

#[tokio::test]
async fn pages_follow_each_other_and_filters_hold() {
    let (ctx, parties) = shop().await;
    refreshed(&ctx, 1_000).await;
    run(
        &ctx,
        sql("INSERT INTO party_profits (party_id, run_id, sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor,
               profit_minor, minutes, contacts, tier) VALUES ($1, $1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)")
        .bind(parties[3]),
    )
    .await;
    for reason in [None, Some(RiskReason::Unspoken)] {
        let whole = ids(&all(&ctx, ListRisks { reason, ..ListRisks::default() }).await);
        let mut pieces = Vec::new();
        let mut input = ListRisks { reason, limit: Some(2), ..ListRisks::default() };
        loop {
            let page = ctx.run(customers, input.clone()).await.unwrap();
            pieces.extend(ids(&page.items));
            input.after = page.next;
            if input.after.is_none() {
                break;
            }
        }
        assert_eq!(pieces, whole);
    }
    let of_tier = all(&ctx, ListRisks { tier: Some(2), ..ListRisks::default() }).await;
    assert_eq!((ids(&of_tier), of_tier[0].row.tier), (vec![parties[3]], Some(2)));
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    run(&ctx, sql("UPDATE parties SET owner_id = $1 WHERE id = $2").bind(agent.actor.user()).bind(parties[1])).await;
    for reason in [None, Some(RiskReason::Overdue)] {
        let of_owner = ListRisks { owner_id: agent.actor.user(), reason, ..ListRisks::default() };
        assert_eq!(ids(&all(&ctx, of_owner).await), [parties[1]]);
        assert_eq!(ids(&all(&agent, ListRisks { reason, ..ListRisks::default() }).await), [parties[1]], "their own only");
    }
    refreshed(&ctx, 1_000).await;
    let own = agent.run(risk, Nothing {}).await.unwrap();
    assert_eq!((own.customers, own.stake_minor, own.bands.len()), (1, 4_000, 0));
    let wrong = ListRisks { after: Some("x".into()), ..ListRisks::default() };
    assert!(matches!(ctx.run(customers, wrong).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn who_does_not_see_talks_is_not_told_what_comes_from_them() {
    let (ctx, parties) = shop().await;
    refreshed(&ctx, 1_000).await;
    let insight = Rights([(Room::Insight, Right { see: Reach::All, ..Right::NONE })].into_iter().collect());
    let analyst = with_rights(&ctx.app, ctx.actor.user().unwrap(), "analyst", insight, Vec::new());
    let first = all(&analyst, ListRisks::default()).await.into_iter().find(|one| one.row.party_id == parties[0]).unwrap();
    let reasons: Vec<RiskReason> = first.reasons.iter().map(|one| one.reason).collect();
    assert_eq!(reasons, [RiskReason::Overdue, RiskReason::Less, RiskReason::Returned]);
    let told = analyst.run(risk, Nothing {}).await.unwrap();
    assert!(told.reasons.iter().all(|one| !matches!(one.reason, RiskReason::Complained | RiskReason::Unspoken)));
    let hidden = ListRisks { reason: Some(RiskReason::Complained), ..ListRisks::default() };
    assert!(matches!(analyst.run(customers, hidden).await, Err(Error::Forbidden(_))));
    assert!(matches!(analyst.run(saves::summary, Nothing {}).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn a_run_takes_away_who_stays_after_all_and_without_a_model_everybody() {
    let (ctx, parties) = shop().await;
    refreshed(&ctx, 2).await;
    run(&ctx, sql("UPDATE party_scores SET p_active = 0.95, habit = 'regular' WHERE party_id = $1").bind(parties[1])).await;
    run(&ctx, sql("UPDATE parties SET archived_at = 1 WHERE id = $1").bind(parties[2])).await;
    let (_keep, stop) = watch::channel(true);
    assert_eq!(refresh_by(&ctx, Id::FIRST, &stop, 1).await.unwrap(), Outcome::GoOn, "it stops between two parts");
    refreshed(&ctx, 1).await;
    let left = ids(&all(&ctx, ListRisks::default()).await);
    assert_eq!(left, [parties[0], parties[3]]);
    let (rest,): (i64,) =
        ctx.app.db.one(sql("SELECT count(*) FROM party_risk_reasons WHERE party_id = $1").bind(parties[2])).await.unwrap();
    assert_eq!(rest, 0);
    run(&ctx, sql("UPDATE fits SET model = NULL")).await;
    refreshed(&ctx, 2).await;
    let told = ctx.run(risk, Nothing {}).await.unwrap();
    assert_eq!((told.customers, told.bands.len(), all(&ctx, ListRisks::default()).await.len()), (0, 0, 0));
}

#[tokio::test]
async fn a_page_walks_an_index() {
    let (ctx, _) = shop().await;
    refreshed(&ctx, 1_000).await;
    ctx.app.db.analyze().await.unwrap();
    for (reason, index) in
        [(None, "party_risks_stake_minor_party_id"), (Some(RiskReason::Overdue), "party_risk_reasons_reason_stake_minor_party_id")]
    {
        let input = ListRisks { reason, ..ListRisks::default() };
        let plan = testing::plan(&ctx.app.db, page_of(&Sight::All, &input, Some((9_000, Id::FIRST)), 20)).await;
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}

async fn saved(ctx: &Ctx, party: Id<Party>, kind: SaveKind, date: &str) -> Result<saves::SaveActed> {
    ctx.run(saves::add, NewSave { party_id: Some(party), kind: Some(kind), date: Some(date.into()), ..NewSave::default() }).await
}

async fn noted(ctx: &Ctx) -> Vec<SaveSeen> {
    ctx.run(saves::list, ListSaves::default()).await.unwrap().items
}

#[tokio::test]
async fn what_came_of_an_act_is_found_in_the_purchases() {
    let ctx = testing::ctx().await;
    let mut parties = Vec::new();
    for number in 0..5 {
        parties.push(testing::party(&ctx, &format!("نام {number}")).await);
    }
    // Today is 21 November 2026: what was done by 22 August is over.
    for (party, kind, date) in [
        (0, SaveKind::Call, "2026-06-01"),
        (0, SaveKind::Offer, "2026-06-20"),
        (1, SaveKind::Call, "2026-06-01"),
        (2, SaveKind::Call, "2026-11-01"),
        (3, SaveKind::Gift, "2026-06-01"),
        (4, SaveKind::Call, "2025-10-01"),
    ] {
        saved(&ctx, parties[party], kind, date).await.unwrap();
    }
    for (party, amount, date) in
        [(0, "100", "2026-07-01"), (1, "100", "2026-06-01"), (1, "100", "2026-08-31"), (2, "100", "2026-11-02"), (3, "100", "2026-08-30")]
    {
        bought(&ctx, parties[party], amount, date).await;
    }
    let outcomes: Vec<(Id<Party>, SaveOutcome)> = noted(&ctx).await.iter().map(|one| (one.save.party_id, one.outcome)).collect();
    let expected = [
        (parties[2], SaveOutcome::Back),
        (parties[0], SaveOutcome::Back),
        (parties[3], SaveOutcome::Back),
        (parties[1], SaveOutcome::NotBack),
        (parties[0], SaveOutcome::Back),
        (parties[4], SaveOutcome::NotBack),
    ];
    for one in expected {
        assert!(outcomes.contains(&one), "{one:?} of {outcomes:?}");
    }
    let told = ctx.run(saves::summary, Nothing {}).await.unwrap();
    let all = told.all;
    // The offer fell in the days of the call; what was done in November is not judged yet; 2025 is too long ago.
    assert_eq!((all.acts, all.waiting, all.again, all.judged, all.back), (5, 1, 1, 3, 2));
    let range = (all.low.unwrap(), all.high.unwrap());
    assert!((range.0 - 0.2077).abs() < 1e-4 && (range.1 - 0.9385).abs() < 1e-4, "{range:?}");
    let calls = told.kinds[0];
    assert_eq!((calls.kind, calls.figures.acts, calls.figures.judged, calls.figures.back), (SaveKind::Call, 3, 2, 1));
    let offer = told.kinds.iter().find(|one| one.kind == SaveKind::Offer).unwrap();
    assert_eq!((offer.figures.judged, offer.figures.share), (0, None));
    refreshed(&ctx, 10).await;
    let found = super::findings::last::<saves::SaveSummary>(&ctx.app.db, "saves").await.unwrap().unwrap();
    assert_eq!((found.found.all.acts, found.found.all.back, found.found.kinds.len()), (5, 2, told.kinds.len()));
    // A page at a time, and for one customer.
    let first = ctx.run(saves::list, ListSaves { limit: Some(4), ..ListSaves::default() }).await.unwrap();
    let rest = ctx.run(saves::list, ListSaves { after: first.next.clone(), ..ListSaves::default() }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), first.items[0].save.party_id), (4, 2, parties[2]));
    let of_one = ListSaves { party_id: Some(parties[0]), ..ListSaves::default() };
    assert_eq!(ctx.run(saves::list, of_one).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn what_was_done_is_in_the_history_and_can_be_taken_back() {
    let (ctx, parties) = shop().await;
    refreshed(&ctx, 1_000).await;
    let new = NewSave {
        party_id: Some(parties[1]),
        kind: Some(SaveKind::Call),
        note: Some(" از قیمت گله داشت ".into()),
        follow_up: Some("2026-12-01".into()),
        follow_up_what: Some("ببینم برگشته یا نه".into()),
        ..NewSave::default()
    };
    let done = ctx.run(saves::add, new.clone()).await.unwrap();
    let save = &done.save.save;
    assert_eq!((save.note.as_deref(), save.doer.as_str(), done.save.outcome), (Some("از قیمت گله داشت"), "owner", SaveOutcome::Waiting));
    assert_eq!(save.until_on.since(save.day), saves::BACK_WITHIN);
    let planned = async || ctx.run(follow_ups::list, ListFollowUps::default()).await.unwrap().items.len();
    assert_eq!(planned().await, 1);
    let listed = all(&ctx, ListRisks::default()).await;
    assert_eq!(listed[0].last_save.map(|last| (last.kind, last.day)), Some((SaveKind::Call, save.day)));
    ctx.run(undo::run, RunUndo { id: done.undo }).await.unwrap();
    assert_eq!((noted(&ctx).await.len(), planned().await), (0, 0));

    let kept = saved(&ctx, parties[1], SaveKind::Gift, "2026-11-20").await.unwrap();
    let before = noted(&ctx).await;
    let gone = ctx.run(saves::remove, RemoveSave { id: kept.save.save.id }).await.unwrap();
    assert!(noted(&ctx).await.is_empty());
    assert!(matches!(ctx.run(undo::run, RunUndo { id: kept.undo }).await, Err(Error::NotFound(_))), "it is gone already");
    ctx.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
    assert_eq!(noted(&ctx).await, before);
    let kinds: Vec<(String,)> =
        ctx.app.db.all(sql("SELECT kind FROM events WHERE kind >= 'save.' AND kind < 'save/' ORDER BY id")).await.unwrap();
    let kinds: Vec<&str> = kinds.iter().map(|(kind,)| kind.as_str()).collect();
    assert_eq!(kinds, ["save.added", "save.removed", "save.added", "save.removed", "save.restored"]);
}

#[tokio::test]
async fn what_cannot_have_been_done_is_refused_at_its_field_and_within_sight_only() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let refused = |outcome: Result<saves::SaveActed>| match outcome {
        Err(Error::Invalid(Fields(problems))) => problems.iter().map(|problem| problem.field.to_string()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(saved(&ctx, party, SaveKind::Call, "2026-12-01").await), ["date"]);
    assert_eq!(refused(saved(&ctx, party, SaveKind::Other, "2026-11-01").await), ["note"]);
    let nobody = NewSave { party_id: Some(party), done_by: Some(ctx.id()), ..NewSave::default() };
    assert_eq!(refused(ctx.run(saves::add, nobody).await), ["kind", "done_by"]);
    let late = NewSave { party_id: Some(party), kind: Some(SaveKind::Call), follow_up: Some("2020-01-01".into()), ..NewSave::default() };
    assert_eq!(refused(ctx.run(saves::add, late).await), ["follow_up_what", "follow_up"]);

    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    assert!(matches!(saved(&agent, party, SaveKind::Call, "2026-11-01").await, Err(Error::NotFound(_))), "not theirs");
    let by_owner = saved(&ctx, party, SaveKind::Call, "2026-11-01").await.unwrap().save.save.id;
    run(&ctx, sql("UPDATE parties SET owner_id = $1 WHERE id = $2").bind(agent.actor.user()).bind(party)).await;
    let own = saved(&agent, party, SaveKind::Visit, "2026-11-02").await.unwrap().save.save;
    assert_eq!((noted(&agent).await.len(), own.done_by), (2, agent.actor.user().unwrap()));
    assert!(matches!(agent.run(saves::remove, RemoveSave { id: by_owner }).await, Err(Error::NotFound("save"))), "a colleague's");
    agent.run(saves::remove, RemoveSave { id: own.id }).await.unwrap();
    assert_eq!(agent.run(saves::summary, Nothing {}).await.unwrap().all.acts, 1);
}
