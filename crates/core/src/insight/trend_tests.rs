//! Months beside those of the year before, and what winning and keeping customers costs.

use super::costs::{self, CostKind, NewCost};
use super::findings;
use super::keeping::keeping;
use super::profit_refresh::refresh_by;
use super::rates::{self, RateItem, SetRate, SetRates};
use super::shop::{Sale, party, shop};
use super::trend::{self, MonthFigures, TrendOf};
use crate::interactions::{self, Channel, LogInteraction};
use crate::operation::Nothing;
use crate::platform::calendar::Calendar;
use crate::platform::jobs::Outcome;
use crate::sales::purchases::{self, NewPurchase};
use crate::{Day, Error, testing};
use peyvand_db::Id;
use tokio::sync::watch;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_month_stands_beside_the_same_one_of_the_year_before() {
    let on = |days: &[&str]| days.iter().map(|text| Sale::on(day(text))).collect::<Vec<_>>();
    let customers = [on(&["2023-01-01", "2023-05-10", "2024-05-10", "2024-05-20"]), on(&["2024-05-11", "2024-06-28"])];
    let ctx = shop(&customers, day("2024-06-30")).await;
    for (channel, at) in [(Channel::Phone, "2024-05-15"), (Channel::Note, "2024-05-15"), (Channel::Phone, "2023-05-31")] {
        let talk = LogInteraction {
            party_id: Some(party(0)),
            channel: Some(channel),
            at: Some(at.into()),
            text: Some("x".into()),
            ..LogInteraction::default()
        };
        ctx.run(interactions::log, talk).await.unwrap();
    }
    let of = TrendOf { calendar: Some(Calendar::Gregorian), months: Some(6) };
    assert_eq!(ctx.run(trend::trend, of).await.unwrap().made_at, None);
    trend::find_out(&ctx).await.unwrap();
    let told = ctx.run(trend::trend, of).await.unwrap();
    assert!(told.is_shown && told.made_at.is_some());
    assert_eq!(
        told.months.iter().map(|one| (one.year, one.month)).collect::<Vec<_>>(),
        [(2023, 12), (2024, 1), (2024, 2), (2024, 3), (2024, 4), (2024, 5)]
    );
    let may = told.months[5];
    assert_eq!(may.figures, MonthFigures { net_minor: 300, customers: 2, contacts: 1 });
    assert_eq!(may.before, Some(MonthFigures { net_minor: 100, customers: 1, contacts: 1 }));
    assert_eq!(told.months[1].before, Some(MonthFigures { net_minor: 100, customers: 1, contacts: 0 }), "the data begin with that month");
    assert_eq!(told.months[0].before, None, "before them nothing is known, which is not the same as nothing");
    let wrong = TrendOf { months: Some(25), ..of };
    assert!(matches!(ctx.run(trend::trend, wrong).await, Err(Error::Invalid(_))));
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    let hidden = agent.run(trend::trend, of).await.unwrap();
    assert!(!hidden.is_shown && hidden.months.is_empty());
}

#[tokio::test]
async fn what_winning_a_customer_cost_stands_beside_what_keeping_one_costs() {
    let ctx = testing::ctx().await;
    let before = ctx.run(keeping, Nothing {}).await.unwrap();
    assert!(before.as_of.is_none() && before.needs_goods, "it says what it waits for");
    let mut parties = Vec::new();
    for (number, date) in ["2026-11-01", "2026-11-10", "2026-06-01"].into_iter().enumerate() {
        let party = testing::party(&ctx, &format!("نام {number}")).await;
        let new = NewPurchase { party_id: Some(party), amount: Some("100".into()), date: Some(date.into()), ..NewPurchase::default() };
        ctx.run(purchases::create, new).await.unwrap();
        parties.push(party);
    }
    let cost = |party, source: Option<&str>, amount: &str| NewCost {
        party_id: party,
        kind: Some(CostKind::Gift),
        source: source.map(Into::into),
        amount: Some(amount.into()),
        date: Some("2026-11-05".into()),
        ..NewCost::default()
    };
    for new in [cost(None, Some("instagram"), "900"), cost(None, None, "70"), cost(Some(parties[0]), None, "30")] {
        ctx.run(costs::add, new).await.unwrap();
    }
    let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
    ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
    assert!(!ctx.run(keeping, Nothing {}).await.unwrap().needs_goods);
    let (_keep, stop) = watch::channel(false);
    assert_eq!(refresh_by(&ctx, Id::FIRST, &stop, 10).await.unwrap(), Outcome::Done);
    let told = ctx.run(keeping, Nothing {}).await.unwrap();
    // Aban and Khordad 1405.
    let months: Vec<(i32, u8, i64, i64)> = told.cohorts.iter().map(|one| (one.year, one.month, one.won, one.active)).collect();
    assert_eq!(months, [(1405, 8, 2, 2), (1405, 3, 1, 1)]);
    let aban = told.cohorts[0];
    assert_eq!(
        (aban.spent_minor, aban.win_each_minor, aban.entered_minor, aban.keep_each_minor),
        (90_000, Some(45_000), 3_000, Some(1_500))
    );
    assert_eq!((told.cohorts[1].win_each_minor, told.cohorts[1].keep_each_minor), (None, Some(0)), "nothing was spent to win them");
    assert_eq!((told.win_each_minor, told.keep_each_minor), (Some(45_000), Some(1_000)));
    let manager = testing::as_post(&ctx.app, "manager", "mina").await;
    let hidden = manager.run(keeping, Nothing {}).await.unwrap();
    assert!(!hidden.is_shown && hidden.cohorts.is_empty());
    assert!(findings::last::<serde_json::Value>(&ctx.app.db, "keeping").await.unwrap().is_some());
}
