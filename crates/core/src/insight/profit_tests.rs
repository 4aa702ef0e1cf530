//! Customers of all kinds, from what they bought and cost to their place among all.

use super::costs::{self, CostKind, NewCost};
use super::profit_refresh::{ask, refresh_by};
use super::profits::{Decide, Decision, GetProfit, ListDecisions, ListProfits, ProfitRow, decide, decisions, get, list, summary};
use super::rates::{self, RateItem, SetRate, SetRates};
use crate::interactions::{self, Channel, LogInteraction};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::parties::party::{self, PartyId};
use crate::platform::jobs::{self, Outcome};
use crate::sales::purchases::{self, NewPurchase};
use crate::{Ctx, Day, Error, Result, testing};
use peyvand_db::{Id, Sql, sql};
use tokio::sync::watch;

async fn set_rates(ctx: &Ctx, pairs: &[(RateItem, &str)]) {
    let rates = pairs.iter().map(|(item, amount)| SetRate { item: *item, amount: Some((*amount).to_owned()) }).collect();
    ctx.run(rates::set, SetRates { rates }).await.unwrap();
}

async fn bought(ctx: &Ctx, party: Id<Party>, amount: &str, date: &str) {
    let new = NewPurchase { party_id: Some(party), amount: Some(amount.into()), date: Some(date.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
}

async fn run(ctx: &Ctx, statement: Sql) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(statement).await.unwrap();
    tx.commit().await.unwrap();
}

async fn all(ctx: &Ctx) -> Vec<ProfitRow> {
    ctx.run(list, ListProfits { limit: Some(200), ..ListProfits::default() }).await.unwrap().items
}

async fn of(ctx: &Ctx, id: Id<Party>) -> super::profits::Profit {
    ctx.run(get, GetProfit { id, from: None, until: None }).await.unwrap()
}

/// Ten customers: number n bought for 100 n. The first was visited and given a present, the second has talked for an hour,
/// the last but one only asked, the last one bought long ago and still calls.
async fn shop() -> (Ctx, Vec<Id<Party>>) {
    let ctx = testing::ctx().await;
    let mut parties = Vec::new();
    for number in 1..=12 {
        let party = testing::party(&ctx, &format!("نام {number:02}")).await;
        parties.push(party);
        if number <= 10 {
            bought(&ctx, party, &(100 * number).to_string(), "2026-06-01").await;
        }
    }
    bought(&ctx, parties[0], "5000", "2025-11-21").await;
    bought(&ctx, parties[11], "700", "2024-01-01").await;
    bought(&ctx, parties[9], "-200", "2026-07-01").await;
    for (party, channel, seconds) in [
        (0, Channel::Visit, None),
        (1, Channel::Phone, Some(3_600)),
        (10, Channel::Phone, None),
        (11, Channel::Phone, Some(60)),
        (3, Channel::Note, None),
    ] {
        let talk =
            LogInteraction { party_id: Some(parties[party]), channel: Some(channel), text: Some("x".into()), ..LogInteraction::default() };
        let logged = ctx.run(interactions::log, talk).await.unwrap();
        run(&ctx, sql("UPDATE interactions SET duration_s = $1 WHERE id = $2").bind(seconds).bind(logged.interaction.id)).await;
    }
    let gift = NewCost { party_id: Some(parties[0]), kind: Some(CostKind::Gift), amount: Some("30".into()), ..NewCost::default() };
    ctx.run(costs::add, gift).await.unwrap();
    ctx.run(costs::add, NewCost { amount: Some("9".into()), ..NewCost::default() }).await.unwrap();
    (ctx, parties)
}

const RATES: &[(RateItem, &str)] =
    &[(RateItem::Goods, "60"), (RateItem::StaffHour, "120"), (RateItem::Phone, "1"), (RateItem::Visit, "50"), (RateItem::Time1, "40")];

#[tokio::test]
async fn profits_are_ranked_from_ideal_to_loss_making_and_add_up() {
    let (ctx, parties) = shop().await;
    set_rates(&ctx, RATES).await;
    jobs::drain(&ctx.app).await.unwrap();
    let rows = all(&ctx).await;
    let told: Vec<(&str, i64)> = rows.iter().map(|row| (row.party.as_str(), row.profit_minor)).collect();
    // The best bought for 1000 and gave goods for 200 back; the purchase of 366 days ago is not of this year.
    let expected = [
        ("نام 09", 36_000),
        ("نام 10", 32_000),
        ("نام 08", 32_000),
        ("نام 07", 28_000),
        ("نام 06", 24_000),
        ("نام 05", 20_000),
        ("نام 04", 16_000),
        ("نام 03", 12_000),
        ("نام 12", -300),
        ("نام 01", -4_000),
        ("نام 02", -4_100),
    ];
    assert_eq!(told, expected, "who only asked is no customer");
    for row in &rows {
        let one = of(&ctx, row.party_id).await;
        let parts = one.parts;
        assert_eq!(
            (row.sales_minor, row.goods_minor, row.staff_minor, row.channels_minor, row.entered_minor, row.profit_minor, row.minutes),
            (
                parts.sales_minor, parts.goods_minor, parts.staff_minor, parts.channels_minor, parts.entered_minor, parts.profit_minor,
                parts.minutes
            )
        );
        assert_eq!(row.profit_minor, row.sales_minor - row.goods_minor - row.staff_minor - row.channels_minor - row.entered_minor);
        assert_eq!(row.tier, one.tier);
    }
    let told = ctx.run(summary, Nothing {}).await.unwrap();
    let whale = told.whale.unwrap();
    assert_eq!((whale.customers, whale.sums.profit_minor), (11, expected.iter().map(|one| one.1).sum()));
    assert_eq!((whale.peak.customers, whale.peak.profit_minor), (8, 200_000));
    assert_eq!((whale.losing.customers, whale.losing.profit_minor), (3, -8_400));
    assert_eq!(whale.curve.first().unwrap().profit_minor, 0);
    assert_eq!(whale.curve.last().unwrap(), &super::whale::CurvePoint { customers: 11, profit_minor: 191_600 });
    assert!((whale.best_fifth.unwrap() - 68_000.0 / 191_600.0).abs() < 1e-12);
    assert_eq!(told.of_nobody_minor, Some(900));
    assert_eq!(told.tiers.iter().map(|one| one.tier.customers).sum::<i64>(), 11);
    assert_eq!(told.tiers.iter().map(|one| one.tier.minutes).sum::<i64>(), 61);
    assert_eq!(told.tiers.iter().map(|one| one.tier.contacts).sum::<i64>(), 3, "a note is no contact");
    assert_eq!((told.tiers[0].target_share, told.tiers[1].target_share), (Some(4_000), None));
    assert_eq!(told.tiers.iter().filter_map(|one| one.time_share).sum::<i64>(), 10_000);
    let run = told.run.unwrap();
    assert_eq!((run.from_on, run.as_of), ("2025-11-22".parse::<Day>().unwrap(), "2026-11-21".parse::<Day>().unwrap()));
    assert!(run.unpriced.0.is_empty());
    for tier in &told.tiers {
        let of_tier = ctx.run(list, ListProfits { tier: Some(tier.tier.tier), ..ListProfits::default() }).await.unwrap().items;
        assert_eq!(of_tier.len() as i64, tier.tier.customers);
        assert_eq!(of_tier.iter().map(|row| row.profit_minor).sum::<i64>(), tier.tier.profit_minor);
    }
    let first = of(&ctx, parties[0]).await;
    assert_eq!(
        (first.channels[0].channel, first.channels[0].cost_minor, first.entered[0].kind),
        (Channel::Visit, Some(5_000), CostKind::Gift)
    );
    let long_ago = GetProfit { id: parties[0], from: Some("2025-11-21".parse().unwrap()), until: Some("2025-11-21".parse().unwrap()) };
    let long_ago = ctx.run(get, long_ago).await.unwrap();
    assert_eq!((long_ago.parts.sales_minor, long_ago.profit.as_str()), (500_000, "2000.00"));
}

#[tokio::test]
async fn the_list_is_paged_both_ways_and_filtered_by_loss() {
    let (ctx, _) = shop().await;
    set_rates(&ctx, RATES).await;
    jobs::drain(&ctx.app).await.unwrap();
    let best: Vec<Id<Party>> = all(&ctx).await.iter().map(|row| row.party_id).collect();
    for worst_first in [false, true] {
        let mut input = ListProfits { worst_first: Some(worst_first), limit: Some(3), ..ListProfits::default() };
        let mut seen = Vec::new();
        loop {
            let page = ctx.run(list, input.clone()).await.unwrap();
            seen.extend(page.items.iter().map(|row| row.party_id));
            input.after = page.next;
            if input.after.is_none() {
                break;
            }
        }
        if worst_first {
            seen.reverse();
        }
        assert_eq!(seen, best);
    }
    for (losing, count) in [(true, 3), (false, 8)] {
        let rows = ctx.run(list, ListProfits { losing: Some(losing), ..ListProfits::default() }).await.unwrap().items;
        assert!(rows.len() == count && rows.iter().all(|row| (row.profit_minor < 0) == losing));
    }
    assert!(matches!(ctx.run(list, ListProfits { after: Some("x".into()), ..ListProfits::default() }).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn without_the_share_of_the_goods_nothing_is_said() {
    let (ctx, parties) = shop().await;
    set_rates(&ctx, &[(RateItem::StaffHour, "120")]).await;
    jobs::drain(&ctx.app).await.unwrap();
    let refused = |outcome: Result<()>| match outcome {
        Err(Error::Invalid(problems)) => assert_eq!(problems.0[0].key, "profits-goods-unknown"),
        other => panic!("{other:?}"),
    };
    refused(ctx.run(get, GetProfit { id: parties[0], from: None, until: None }).await.map(drop));
    refused(ctx.run(list, ListProfits::default()).await.map(drop));
    refused(ctx.run(summary, Nothing {}).await.map(drop));
    refused(ctx.run(ask, Nothing {}).await.map(drop));
    let (runs,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM profit_runs")).await.unwrap();
    assert_eq!(runs, 0);
    // The rate that is missing is named as soon as there are profits at all.
    set_rates(&ctx, &[(RateItem::Goods, "60"), (RateItem::StaffHour, "")]).await;
    assert!(ctx.run(summary, Nothing {}).await.unwrap().run.is_none());
    jobs::drain(&ctx.app).await.unwrap();
    let unpriced = ctx.run(summary, Nothing {}).await.unwrap().run.unwrap().unpriced.0;
    assert_eq!(unpriced, [RateItem::StaffHour, RateItem::Phone, RateItem::Visit]);
}

#[tokio::test]
async fn a_run_that_was_killed_between_batches_goes_on_behind_the_last_one() {
    let (ctx, parties) = shop().await;
    set_rates(&ctx, RATES).await;
    jobs::drain(&ctx.app).await.unwrap();
    let (whole, before) = (all(&ctx).await, ctx.run(summary, Nothing {}).await.unwrap());
    let mut later = ctx.clone();
    later.now = later.now.plus(1_000);
    let (stopping, stop) = watch::channel(true);
    run(&ctx, sql("DELETE FROM party_profits")).await;
    assert_eq!(refresh_by(&later, Id::FIRST, &stop, 4).await.unwrap(), Outcome::GoOn);
    let (done,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM party_profits")).await.unwrap();
    assert_eq!(done, 4, "one batch");
    assert_eq!(ctx.run(summary, Nothing {}).await.unwrap(), before, "nothing half done is shown as done");
    // What the first batch wrote is left alone by what follows.
    run(&ctx, sql("UPDATE party_profits SET minutes = 777 WHERE party_id = $1").bind(parties[2])).await;
    drop(stopping);
    let (_keep, stop) = watch::channel(false);
    assert_eq!(refresh_by(&later, Id::FIRST, &stop, 4).await.unwrap(), Outcome::Done);
    let query = sql("SELECT count(*) FROM profit_runs WHERE as_of = $1").bind(ctx.today());
    let (runs,): (i64,) = ctx.app.db.one(query).await.unwrap();
    assert_eq!(runs, 2, "the one that was killed went on");
    let mut rows = all(&ctx).await;
    let touched = rows.iter_mut().find(|row| row.party_id == parties[2]).unwrap();
    assert_eq!(std::mem::take(&mut touched.minutes), 777);
    assert_eq!(rows, whole);
    // Another rate is another run, from the beginning.
    set_rates(&ctx, &[(RateItem::Goods, "100")]).await;
    later.now = later.now.plus(1_000);
    assert_eq!(refresh_by(&later, Id::FIRST, &stop, 4).await.unwrap(), Outcome::Done);
    assert!(all(&ctx).await.iter().all(|row| row.profit_minor <= 0 && row.minutes < 777));
}

#[tokio::test]
async fn who_is_archived_is_ranked_no_more() {
    let (ctx, parties) = shop().await;
    set_rates(&ctx, RATES).await;
    jobs::drain(&ctx.app).await.unwrap();
    ctx.run(party::archive, PartyId { id: parties[8] }).await.unwrap();
    assert_eq!(all(&ctx).await.len(), 10);
    ctx.run(ask, Nothing {}).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    assert_eq!(ctx.run(summary, Nothing {}).await.unwrap().whale.unwrap().customers, 10);
    let (rows,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM party_profits")).await.unwrap();
    assert_eq!(rows, 10);
}

#[tokio::test]
async fn everybody_sees_the_profits_of_their_own_customers() {
    let (ctx, parties) = shop().await;
    set_rates(&ctx, RATES).await;
    jobs::drain(&ctx.app).await.unwrap();
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    assert!(agent.run(list, ListProfits::default()).await.unwrap().items.is_empty());
    assert!(agent.run(summary, Nothing {}).await.unwrap().whale.is_none());
    run(&ctx, sql("UPDATE parties SET owner_id = $1, unit_id = NULL WHERE id = $2").bind(agent.actor.user()).bind(parties[1])).await;
    let rows = agent.run(list, ListProfits::default()).await.unwrap().items;
    assert_eq!(rows.iter().map(|row| row.party_id).collect::<Vec<_>>(), [parties[1]]);
    assert!(agent.run(summary, Nothing {}).await.unwrap().whale.is_none(), "sums are those of the last refresh");
    ctx.run(ask, Nothing {}).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    let told = agent.run(summary, Nothing {}).await.unwrap();
    assert_eq!((told.whale.as_ref().unwrap().customers, told.of_nobody_minor), (1, None));
    assert_eq!(told.whale.unwrap().tiers.len(), ctx.run(summary, Nothing {}).await.unwrap().tiers.len(), "by the borders of all");
    assert!(matches!(agent.run(get, GetProfit { id: parties[0], from: None, until: None }).await, Err(Error::NotFound("party"))));
    let end = Decide { id: parties[1], decision: Decision::End, reason: "x".into(), approver_id: None, expires_on: ctx.today() };
    assert!(matches!(agent.run(decide, end).await, Err(Error::Forbidden(_))));
    let manager = testing::as_post(&ctx.app, "manager", "mina").await;
    let (all, seen) =
        (ctx.run(summary, Nothing {}).await.unwrap().whale.unwrap(), manager.run(summary, Nothing {}).await.unwrap().whale.unwrap());
    let own = agent.run(summary, Nothing {}).await.unwrap().whale.unwrap();
    assert_eq!((seen.customers, seen.losing.customers + own.losing.customers), (10, all.losing.customers));
    let mut sums = own.sums;
    sums += seen.sums;
    assert_eq!(sums, all.sums);
    for ((all, seen), own) in all.tiers.iter().zip(&seen.tiers).zip(&own.tiers) {
        assert_eq!((all.customers, all.contacts), (seen.customers + own.customers, seen.contacts + own.contacts));
    }
    let (kept,): (i64,) = ctx.app.db.one(sql("SELECT count(DISTINCT run_id) FROM profit_groups")).await.unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_decision_has_a_reason_an_approver_and_an_end() {
    let (ctx, parties) = shop().await;
    set_rates(&ctx, RATES).await;
    jobs::drain(&ctx.app).await.unwrap();
    let new = |party: usize, decision, days: i64| Decide {
        id: parties[party],
        decision,
        reason: "سفارش‌ها تلفنی هم می‌رسند".into(),
        approver_id: None,
        expires_on: ctx.today().plus(days),
    };
    for wrong in [
        new(0, Decision::Keep, -1),
        new(0, Decision::Keep, 367),
        Decide { reason: " ".into(), ..new(0, Decision::Keep, 9) },
        Decide { approver_id: Some(Id::FIRST), ..new(0, Decision::Keep, 9) },
    ] {
        assert!(matches!(ctx.run(decide, wrong).await, Err(Error::Invalid(_))));
    }
    ctx.run(decide, new(0, Decision::FewerVisits, 90)).await.unwrap();
    ctx.run(decide, new(1, Decision::RaisePrice, 30)).await.unwrap();
    let again = ctx.run(decide, new(0, Decision::Keep, 60)).await.unwrap();
    assert_eq!((again.decision, again.approver.as_str()), (Decision::Keep, "owner"));
    let page = ctx.run(decisions, ListDecisions { limit: Some(1), ..ListDecisions::default() }).await.unwrap();
    let rest = ctx.run(decisions, ListDecisions { after: page.next.clone(), ..ListDecisions::default() }).await.unwrap();
    let told: Vec<Decision> = page.items.iter().chain(&rest.items).map(|one| one.decision).collect();
    assert_eq!(told, [Decision::RaisePrice, Decision::Keep], "what ends first, and one of each customer");
    let soon = ListDecisions { until: Some(ctx.today().plus(31)), ..ListDecisions::default() };
    assert_eq!(ctx.run(decisions, soon).await.unwrap().items.len(), 1);
    assert_eq!(of(&ctx, parties[0]).await.decision, Some(again));
    let row = all(&ctx).await.into_iter().find(|row| row.party_id == parties[1]).unwrap();
    assert_eq!((row.decision, row.expires_on), (Some(Decision::RaisePrice), Some(ctx.today().plus(30))));
    let (noted,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM events WHERE kind = 'profit.decided'")).await.unwrap();
    assert_eq!(noted, 3);
}
