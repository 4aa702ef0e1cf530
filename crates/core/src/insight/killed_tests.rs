//! Jobs of the night that are killed at any moment, or told to stop, and go on: what they come to is what an undisturbed run
//! comes to.

use super::baskets::{self, ListBaskets};
use super::product_sales::{self, ListSales, Span};
use super::profits::{self, ListProfits};
use super::rates::{self, RateItem, SetRate, SetRates};
use super::shop::{Sale, shop};
use super::suggestions::{self, ListPairs, PairOrder};
use super::tests::{run, stored};
use super::tier_history::{self, MovesOf};
use super::{findings, fits, profit_refresh, refresh};
use crate::operation::Nothing;
use crate::parties::facts;
use crate::platform::jobs::Outcome;
use crate::{Ctx, Day, Result};
use peyvand_db::{Id, Value, sql};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::sync::watch;

/// Customers who come back at a pace of their own, each time for some of thirty products.
fn customers() -> Vec<Vec<Sale>> {
    let mut state = 11_u64;
    let mut chance = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let start: Day = "2024-11-21".parse().unwrap();
    let mut customer = |_| {
        let mut day = chance(500);
        let (pace, end, liked) = (20 + chance(120), day + chance(700), chance(30));
        let mut sales = Vec::new();
        while day <= end.min(729) {
            let mut products: Vec<(u32, i64)> = vec![(liked as u32, 1_000 + 100 * liked as i64)];
            for more in 0..chance(3) {
                let other = (liked + 1 + more + chance(4)) % 30;
                if products.iter().all(|one| one.0 != other as u32) {
                    products.push((other as u32, 700 + chance(900) as i64));
                }
            }
            products.sort_unstable();
            sales.push(Sale::priced(start.plus(day as i64), &products));
            day += 1 + chance(2 * pace);
        }
        sales
    };
    (0..520).map(&mut customer).collect()
}

/// All that the jobs come to, without the moments at which they did.
#[derive(Debug, PartialEq)]
struct Come {
    facts: Vec<(i64, String, String, i64, i64)>,
    scores: Vec<Vec<Value>>,
    fits: Vec<(Id<super::Fit>, Option<fits::Model>, Option<fits::Quality>, bool)>,
    findings: Vec<(String, serde_json::Value)>,
    pairs: Vec<suggestions::ProductPair>,
    sales: Vec<product_sales::ProductSale>,
    baskets: Vec<baskets::WorthRule>,
    profits: Vec<profits::ProfitRow>,
    whale: Option<super::whale::Whale>,
    tiers: Vec<(i64, Day, Day, i64)>,
    moves: tier_history::Moves,
}

async fn come(ctx: &Ctx) -> Come {
    let db = &ctx.app.db;
    let facts = sql("SELECT no, first_purchase_on, last_purchase_on, purchases, spent_minor FROM parties ORDER BY no");
    let (mut pairs, mut sales, mut rules, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for by in PairOrder::ALL {
        let input = ListPairs { by: Some(*by), limit: Some(200), ..ListPairs::default() };
        pairs.extend(ctx.run(suggestions::pairs, input).await.unwrap().items);
        let input = ListBaskets { by: Some(*by), limit: Some(200), ..ListBaskets::default() };
        rules.extend(ctx.run(baskets::baskets, input).await.unwrap().items);
    }
    for span in Span::ALL {
        let input = ListSales { span: Some(*span), limit: Some(200), ..ListSales::default() };
        sales.extend(ctx.run(product_sales::sales, input).await.unwrap().items);
    }
    let mut input = ListProfits { limit: Some(200), ..ListProfits::default() };
    loop {
        let page = ctx.run(profits::list, input.clone()).await.unwrap();
        rows.extend(page.items);
        input.after = page.next;
        if input.after.is_none() {
            break;
        }
    }
    let current = ctx.run(fits::current, Nothing {}).await.unwrap();
    let tiers =
        sql("SELECT p.no, t.from_on, t.until_on, t.tier FROM party_tiers t JOIN parties p ON p.id = t.party_id ORDER BY p.no, t.from_on");
    Come {
        facts: db.all(facts).await.unwrap(),
        scores: stored(ctx).await,
        fits: current.into_iter().map(|fit| (fit.id, fit.model, fit.quality, fit.finished_at.is_some())).collect(),
        findings: db.all(sql("SELECT name, found FROM findings ORDER BY name")).await.unwrap(),
        pairs,
        sales,
        baskets: rules,
        profits: rows,
        whale: ctx.run(profits::summary, Nothing {}).await.unwrap().whale,
        tiers: db.all(tiers).await.unwrap(),
        moves: ctx.run(tier_history::moves, MovesOf::default()).await.unwrap(),
    }
}

/// The jobs, in an order in which the night may take them.
const JOBS: usize = 4;

fn job<'a>(number: usize, ctx: &'a Ctx, stop: &'a watch::Receiver<bool>) -> Pin<Box<dyn Future<Output = Result<Outcome>> + Send + 'a>> {
    match number {
        0 => Box::pin(facts::rebuild(ctx, Id::FIRST, stop)),
        1 => Box::pin(refresh::refresh(ctx, Id::FIRST, stop)),
        2 => Box::pin(findings::find_out(ctx, Id::FIRST, stop)),
        _ => Box::pin(profit_refresh::refresh_by(ctx, Id::FIRST, stop, 100)),
    }
}

/// Runs something until it went on so often, and drops it then, as a program that dies; `None` when it was not over.
async fn killed_after<T>(steps: u64, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = steps;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(cx).map(Some)
    })
    .await
}

/// Runs something and tells it to stop after it went on so often.
async fn stopped_after<T>(steps: u64, stopping: &watch::Sender<bool>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut left = steps;
    poll_fn(|cx| {
        if left == 0 {
            stopping.send_replace(true);
        }
        left = left.saturating_sub(1);
        work.as_mut().poll(cx)
    })
    .await
}

/// As before the first night.
async fn forget(ctx: &Ctx) {
    for table in [
        sql("DELETE FROM party_scores"),
        sql("DELETE FROM fits"),
        sql("DELETE FROM findings"),
        sql("DELETE FROM next_products"),
        sql("DELETE FROM product_sales"),
        sql("DELETE FROM basket_rules"),
        sql("DELETE FROM party_profits"),
        sql("DELETE FROM profit_runs"),
        sql("DELETE FROM profit_groups"),
        sql("DELETE FROM profit_traits"),
        sql("DELETE FROM party_tiers"),
        sql("DELETE FROM tier_moves"),
        sql("UPDATE parties SET first_purchase_on = '', last_purchase_on = '', purchases = 0, spent_minor = 0"),
    ] {
        run(ctx, table).await;
    }
}

#[tokio::test]
async fn jobs_of_the_night_that_die_or_stop_at_any_moment_come_to_the_same() {
    let ctx = shop(&customers(), "2026-11-21".parse().unwrap()).await;
    let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
    ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
    let (stopping, stop) = watch::channel(false);
    for number in 0..JOBS {
        assert_eq!(job(number, &ctx, &stop).await.unwrap(), Outcome::Done);
    }
    let known = come(&ctx).await;
    assert!(known.scores.len() > 500 && known.fits.iter().all(|fit| fit.1.is_some() && fit.3), "{:?}", known.fits);
    let counts = [known.pairs.len(), known.sales.len(), known.baskets.len(), known.profits.len()];
    assert!(counts.iter().zip([20, 55, 20, 200]).all(|(count, least)| *count > least), "{counts:?}");
    assert!(known.moves.months.len() > 3 && known.findings.len() > 5, "{:?}", known.moves);

    // Killed again and again, each time a little later.
    forget(&ctx).await;
    let mut deaths = [0; JOBS];
    for (number, deaths) in deaths.iter_mut().enumerate() {
        let (mut steps, mut failures) = (1, 0);
        loop {
            match killed_after(steps, job(number, &ctx, &stop)).await {
                Some(Ok(outcome)) => break assert_eq!(outcome, Outcome::Done),
                // What a dead one had sent may reach the server late and get in the way of the next: the queue tries again.
                Some(Err(error)) => {
                    failures += 1;
                    assert!(failures < 8, "{error:?}");
                }
                None => *deaths += 1,
            }
            steps += 1 + steps / 3;
        }
    }
    assert!(deaths.iter().all(|deaths| *deaths > 3), "{deaths:?}");
    assert!(come(&ctx).await == known, "after {deaths:?} deaths");

    // Told to stop again and again.
    forget(&ctx).await;
    let mut stops = 0;
    for number in 0..JOBS {
        let mut steps = 1;
        while stopped_after(steps, &stopping, job(number, &ctx, &stop)).await.unwrap() == Outcome::GoOn {
            stopping.send_replace(false);
            stops += 1;
            steps += 1 + steps * 2 / 3;
        }
        stopping.send_replace(false);
    }
    assert!(stops > 8, "{stops}");
    assert!(come(&ctx).await == known, "after {stops} stops");
}
