//! Relations in the order of what they are worth, and what customers said that they spend.

use super::profit_refresh::refresh_by;
use super::ranking::{ListRanked, RankBy, RankedRelation, list, page_of, summary};
use super::rates::{self, RateItem, SetRate, SetRates};
use super::spendings::{self, SpendingStated, StateSpending};
use crate::insight::costs::{self, CostKind, NewCost};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::jobs::Outcome;
use crate::platform::undo::{self, RunUndo};
use crate::sales::purchases::{self, NewPurchase};
use crate::{Ctx, Error, Fields, Result, Sight, testing};
use peyvand_db::{Id, Sql, sql};
use tokio::sync::watch;

async fn run(ctx: &Ctx, statement: Sql) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(statement).await.unwrap();
    tx.commit().await.unwrap();
}

async fn set_rates(ctx: &Ctx) {
    let rate = |item, amount: &str| SetRate { item, amount: Some(amount.into()) };
    ctx.run(rates::set, SetRates { rates: vec![rate(RateItem::Goods, "60"), rate(RateItem::StaffHour, "120")] }).await.unwrap();
}

/// Four customers who bought for 100, 200, 300 and 400 this year; of the last one nothing is to be expected. An hour went to the
/// second, a present of 50 to the third.
async fn shop() -> (Ctx, Vec<Id<Party>>) {
    let ctx = testing::ctx().await;
    let mut parties = Vec::new();
    for (number, value) in [Some(100_000.0), Some(60_000.0), Some(20_000.0), None].into_iter().enumerate() {
        let party = testing::party(&ctx, &format!("نام {number}")).await;
        let amount = Some((100 * (number + 1)).to_string());
        let new = NewPurchase { party_id: Some(party), amount, date: Some("2026-06-01".into()), ..NewPurchase::default() };
        ctx.run(purchases::create, new).await.unwrap();
        run(
            &ctx,
            sql("INSERT INTO party_scores (party_id, recency_days, age_days, occasions, net_minor, repeat_mean_minor, p_active, value_12m_minor,
                   habit, silence, rfm_fit_id, activity_fit_id, spending_fit_id)
                 VALUES ($1, 9, 900, 9, 900, 90, 0.5, $2, 'regular', 0, $1, $1, $1)")
            .bind(party)
            .bind(value),
        )
        .await;
        parties.push(party);
    }
    let cost = |party: usize, kind, amount: Option<&str>, minutes| NewCost {
        party_id: Some(parties[party]),
        kind: Some(kind),
        amount: amount.map(Into::into),
        minutes,
        ..NewCost::default()
    };
    ctx.run(costs::add, cost(1, CostKind::Staff, None, Some(60))).await.unwrap();
    ctx.run(costs::add, cost(2, CostKind::Gift, Some("50"), None)).await.unwrap();
    set_rates(&ctx).await;
    (ctx, parties)
}

async fn refreshed(ctx: &Ctx) {
    let (_keep, stop) = watch::channel(false);
    assert_eq!(refresh_by(ctx, Id::FIRST, &stop, 3).await.unwrap(), Outcome::Done);
}

async fn ranked(ctx: &Ctx, by: RankBy, least_first: bool) -> Vec<RankedRelation> {
    let input = ListRanked { by: Some(by), least_first: Some(least_first), ..ListRanked::default() };
    ctx.run(list, input).await.unwrap().items
}

fn ids(found: &[RankedRelation]) -> Vec<Id<Party>> {
    found.iter().map(|one| one.row.party_id).collect()
}

#[tokio::test]
async fn relations_are_ranked_by_what_is_left_of_what_is_to_be_expected() {
    let (ctx, parties) = shop().await;
    assert!(ranked(&ctx, RankBy::Worth, false).await.is_empty() && !ctx.run(summary, Nothing {}).await.unwrap().has_model);
    refreshed(&ctx).await;
    let found = ranked(&ctx, RankBy::Worth, false).await;
    let worth: Vec<(Id<Party>, Option<i64>, Option<i64>)> =
        found.iter().map(|one| (one.row.party_id, one.row.next_minor, one.row.hour_minor)).collect();
    // 40 of each hundred are left; then an hour for 120, then a present for 50.
    let expected = [(parties[0], Some(40_000), None), (parties[1], Some(12_000), Some(24_000)), (parties[2], Some(3_000), None)];
    assert_eq!(worth, expected, "of whom nothing is to be expected no worth is told");
    assert_eq!((found[1].row.served_minor, found[1].row.minutes, found[1].row.sales_minor), (12_000, 60, 20_000));
    assert_eq!(ids(&ranked(&ctx, RankBy::Worth, true).await), [parties[2], parties[1], parties[0]]);
    for least_first in [false, true] {
        assert_eq!(ids(&ranked(&ctx, RankBy::Hour, least_first).await), [parties[1]]);
    }
    for (by, least_first) in [(RankBy::Worth, false), (RankBy::Worth, true), (RankBy::Hour, false), (RankBy::Hour, true)] {
        let (mut pieces, mut input) =
            (Vec::new(), ListRanked { by: Some(by), least_first: Some(least_first), limit: Some(1), ..ListRanked::default() });
        loop {
            let page = ctx.run(list, input.clone()).await.unwrap();
            pieces.extend(ids(&page.items));
            input.after = page.next;
            if input.after.is_none() {
                break;
            }
        }
        assert_eq!(pieces, ids(&ranked(&ctx, by, least_first).await));
    }
    // Without the cursor of the page before nothing was skipped; one that is none is refused.
    let wrong = ListRanked { after: Some("x".into()), ..ListRanked::default() };
    assert!(matches!(ctx.run(list, wrong).await, Err(Error::Invalid(_))));
    let over = ListRanked { by: Some(RankBy::Hour), after: Some(format!("24000_{}", parties[1])), ..ListRanked::default() };
    assert!(ctx.run(list, over.clone()).await.unwrap().items.is_empty());
    assert!(ctx.run(list, ListRanked { least_first: Some(true), ..over }).await.unwrap().items.is_empty());

    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    run(&ctx, sql("UPDATE parties SET owner_id = $1 WHERE id = $2").bind(agent.actor.user()).bind(parties[2])).await;
    assert_eq!(ids(&ranked(&agent, RankBy::Worth, false).await), [parties[2]], "their own only");
    ctx.app.db.analyze().await.unwrap();
    for (by, index) in [(RankBy::Worth, "party_profits_next_minor_party_id"), (RankBy::Hour, "party_profits_hour_minor_party_id")] {
        let plan = testing::plan(&ctx.app.db, page_of(&Sight::All, by, false, Some((9, Id::FIRST)), 20)).await;
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

async fn stated(ctx: &Ctx, party: Id<Party>, amount: &str, who: &str, date: &str) -> Result<SpendingStated> {
    let said = StateSpending { id: party, amount: Some(amount.into()), stated_by: Some(who.into()), date: Some(date.into()) };
    ctx.run(spendings::state, said).await
}

#[tokio::test]
async fn the_share_that_is_ours_is_told_where_somebody_said_what_they_spend() {
    let (ctx, parties) = shop().await;
    refreshed(&ctx).await;
    let none = ctx.run(summary, Nothing {}).await.unwrap();
    assert_eq!((none.stated, none.wallet_share, none.goods_share, none.has_model), (0, None, 6_000, true));
    stated(&ctx, parties[0], "400", "خودش", "2026-11-01").await.unwrap();
    stated(&ctx, parties[1], "1600", "حسابدار", "2026-11-01").await.unwrap();
    let found = ranked(&ctx, RankBy::Worth, false).await;
    let shares: Vec<Option<f64>> = found.iter().map(|one| one.wallet_share).collect();
    assert_eq!(shares, [Some(0.25), Some(0.125), None], "what nobody said is not guessed");
    assert_eq!((found[0].row.stated_by.as_deref(), found[0].row.yearly_minor), (Some("خودش"), Some(40_000)));
    let told = ctx.run(summary, Nothing {}).await.unwrap();
    assert_eq!((told.stated, told.yearly_minor, told.sales_minor, told.wallet_share), (2, 200_000, 30_000, Some(0.15)));
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    assert_eq!(agent.run(summary, Nothing {}).await.unwrap().stated, 0);
    assert!(matches!(stated(&agent, parties[0], "5", "x", "2026-11-01").await, Err(Error::NotFound(_))), "not theirs");
}

#[tokio::test]
async fn what_was_said_can_be_taken_back_and_is_refused_at_its_field() {
    let (ctx, parties) = shop().await;
    let refused = |outcome: Result<SpendingStated>| match outcome {
        Err(Error::Invalid(Fields(problems))) => problems.iter().map(|problem| problem.field.to_string()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(stated(&ctx, parties[0], "0", " ", "2026-12-01").await), ["amount", "stated_by", "date"]);
    assert_eq!(refused(stated(&ctx, parties[0], "x", "y", "2026-11-01").await), ["amount"]);
    let first = stated(&ctx, parties[0], "400", "خودش", "2026-11-01").await.unwrap();
    let second = stated(&ctx, parties[0], "500", "خودش", "2026-11-02").await.unwrap();
    assert!(matches!(ctx.run(undo::run, RunUndo { id: first.undo }).await, Err(Error::Conflict(_))), "it is not what stands");
    ctx.run(undo::run, RunUndo { id: second.undo }).await.unwrap();
    let gone = ctx.run(spendings::state, StateSpending { id: parties[0], amount: None, stated_by: None, date: None }).await.unwrap();
    assert_eq!(gone.spending, None);
    ctx.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
    let (yearly,): (i64,) =
        ctx.app.db.one(sql("SELECT yearly_minor FROM stated_spendings WHERE party_id = $1").bind(parties[0])).await.unwrap();
    assert_eq!(yearly, 40_000);
    let kinds: Vec<(String,)> =
        ctx.app.db.all(sql("SELECT kind FROM events WHERE kind >= 'spending.' AND kind < 'spending/' ORDER BY id")).await.unwrap();
    let kinds: Vec<&str> = kinds.iter().map(|(kind,)| kind.as_str()).collect();
    assert_eq!(kinds, ["spending.stated", "spending.stated", "spending.restored", "spending.stated", "spending.restored"]);
}
