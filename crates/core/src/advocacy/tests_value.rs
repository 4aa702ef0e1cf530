use super::follow;
use super::network::{NetworkOf, network};
use super::record::{RecordReferral, SaidBy, record};
use super::rules::ReferralState;
use super::value::{Assume, ListValues, Reproduction, ReproductionOf, assume, reproduction, value};
use crate::insight::costs::{self, NewCost};
use crate::insight::rates::{self, RateItem, SetRate, SetRates};
use crate::lifecycle::{Stage, Standing};
use crate::parties::Party;
use crate::parties::check::NewParty;
use crate::parties::party as parties;
use crate::platform::time::DAY;
use crate::sales::purchases::{self, NewPurchase};
use crate::testing::{as_post, at_stage, ctx, party};
use crate::{Ctx, Error, Fields, Id, Result};
use tokio::sync::watch;

fn later(ctx: &Ctx, days: i64) -> Ctx {
    Ctx { now: ctx.now.plus(days * DAY), ..ctx.clone() }
}

fn key_of<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems))) => format!("{}: {}", problems[0].field, problems[0].key),
        other => panic!("{other:?}"),
    }
}

async fn buy(ctx: &Ctx, party: Id<Party>, amount: &str) {
    let new =
        NewPurchase { party_id: Some(party), date: Some(ctx.today().to_string()), amount: Some(amount.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
}

/// Somebody brings a friend today who pays so much.
async fn bring(ctx: &Ctx, by: Id<Party>, name: &str, amount: Option<&str>) -> Id<Party> {
    let friend = party(ctx, name).await;
    let new =
        RecordReferral { said_by: Some(SaidBy::Referee), referrer_id: Some(by), referee_id: Some(friend), ..RecordReferral::default() };
    ctx.run(record, new).await.unwrap();
    if let Some(amount) = amount {
        buy(ctx, friend, amount).await;
        follow::look(ctx, &[friend]).await.unwrap();
    }
    friend
}

async fn night(ctx: &Ctx) {
    let (_keep, stop) = watch::channel(false);
    follow::sweep(ctx, Id::FIRST, &stop).await.unwrap();
}

#[tokio::test]
async fn what_introductions_are_worth_is_told_once_somebody_stands_for_an_assumption() {
    let ctx = ctx().await;
    let (sara, reza) = (party(&ctx, "سارا").await, party(&ctx, "رضا").await);
    let mina = bring(&ctx, sara, "مینا", Some("1000")).await;
    bring(&later(&ctx, 2), sara, "نیما", Some("500")).await;
    bring(&ctx, reza, "پویا", Some("300")).await;
    bring(&ctx, reza, "تارا", None).await;
    night(&later(&ctx, 12)).await;
    // What they pay later in their first year counts as well, what they pay after it does not.
    buy(&later(&ctx, 100), mina, "200").await;
    buy(&later(&ctx, 366), mina, "7000").await;
    let late = later(&ctx, 366);
    let seen = late.run(value, ListValues::default()).await.unwrap();
    assert_eq!((seen.assumption.is_none(), seen.has_goods, seen.saved_minor), (true, false, None));
    let first = &seen.items[0];
    assert_eq!((first.party_id, first.friends, first.complete, first.sales_minor), (sara, 2, 1, 170_000));
    assert_eq!((first.margin_minor, first.worth_minor, first.least_minor), (None, None, None), "nobody said what goods cost");

    let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
    ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
    let told = Assume { percent: "50".into(), words: " پرسیدیم ".into() };
    assert_eq!(key_of(ctx.run(assume, Assume { words: " ".into(), ..told.clone() }).await), "words: referrals-say-why");
    assert_eq!(key_of(ctx.run(assume, Assume { percent: "101".into(), ..told.clone() }).await), "percent: input-range");
    assert_eq!(ctx.run(assume, told.clone()).await.unwrap().words, "پرسیدیم");
    assert_eq!(later(&ctx, 1).run(assume, Assume { percent: "25".into(), ..told }).await.unwrap().share, 2_500, "the newest counts");
    let seen = late.run(value, ListValues::default()).await.unwrap();
    let first = &seen.items[0];
    assert_eq!((first.margin_minor, first.worth_minor), (Some(68_000), Some(17_000)), "nothing is known of what was saved");
    assert_eq!((first.least_minor, first.most_minor), (Some(0), Some(68_000)));

    // Two came by an advertisement on which something was spent: winning one cost 100.
    for name in ["الف", "ب"] {
        let new = NewParty { name: Some(name.into()), source: Some("instagram".into()), ..NewParty::default() };
        let id = ctx.run(parties::create, new).await.unwrap().id;
        buy(&later(&ctx, 20), id, "10").await;
    }
    let spent = NewCost {
        amount: Some("200".into()),
        date: Some(later(&ctx, 20).today().to_string()),
        source: Some("instagram".into()),
        ..NewCost::default()
    };
    later(&ctx, 20).run(costs::add, spent).await.unwrap();
    let seen = late.run(value, ListValues { limit: Some(1), ..ListValues::default() }).await.unwrap();
    assert_eq!((seen.saved_minor, seen.saved_won), (Some(10_000), 2));
    assert_eq!(seen.items[0].worth_minor, Some(17_000 + 15_000));
    let rest = late.run(value, ListValues { after: seen.next, ..ListValues::default() }).await.unwrap();
    assert_eq!(rest.items.iter().map(|one| (one.party_id, one.friends)).collect::<Vec<_>>(), [(reza, 1)]);
    let one = late.run(value, ListValues { party_id: Some(reza), ..ListValues::default() }).await.unwrap();
    assert_eq!(one.items.len(), 1);
    assert_eq!(key_of(ctx.run(value, ListValues { after: Some("x".into()), ..ListValues::default() }).await), "after: input-cursor");
    let agent = as_post(&ctx.app, "agent", "agent").await;
    assert!(agent.run(value, ListValues::default()).await.unwrap().items.is_empty());
    assert!(matches!(agent.run(assume, Assume { percent: "1".into(), words: "x".into() }).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn how_many_friends_an_advocate_brings_in_a_year_is_told_with_its_range_or_not_at_all() {
    let ctx = ctx().await;
    let mut advocates = Vec::new();
    for number in 0..6 {
        let one = party(&ctx, &format!("بازاریاب {number}")).await;
        at_stage(&ctx, one, Stage::Advocate, Standing::Active, ctx.today().plus(-400)).await;
        advocates.push(one);
    }
    let loyal = party(&ctx, "وفادار").await;
    at_stage(&ctx, loyal, Stage::Loyal, Standing::Active, ctx.today().plus(-400)).await;
    for (by, name) in [(advocates[0], "الف"), (advocates[1], "ب"), (advocates[2], "پ"), (loyal, "ت")] {
        bring(&later(&ctx, -20), by, name, Some("1000")).await;
    }
    night(&ctx).await;
    let told = async |of: ReproductionOf| -> Reproduction { ctx.run(reproduction, of).await.unwrap() };
    let year = told(ReproductionOf::default()).await;
    assert_eq!((year.advocates, year.friends), (6, 3), "what others brought is not theirs");
    let (rate, low, high) = (year.rate.unwrap(), year.low.unwrap(), year.high.unwrap());
    assert!((rate - 0.5).abs() < 0.01 && low < rate && rate < high, "{year:?}");
    let until = ctx.today().plus(-30);
    let before = told(ReproductionOf { from: None, until: Some(until) }).await;
    assert_eq!((before.friends, before.rate, before.low), (0, Some(0.0), Some(0.0)));
    assert!(before.high.unwrap() > 0.3, "nobody brought is not nothing");
    let wrong = ReproductionOf { from: Some(ctx.today()), until: Some(until) };
    assert_eq!(key_of(ctx.run(reproduction, wrong).await), "from: advocacy-days-order");
    let agent = as_post(&ctx.app, "agent", "agent").await;
    let few = agent.run(reproduction, ReproductionOf::default()).await.unwrap();
    assert_eq!((few.advocates, few.rate), (0, None));
}

#[tokio::test]
async fn the_picture_shows_those_who_brought_most_and_some_whom_they_brought() {
    let ctx = ctx().await;
    let (sara, reza) = (party(&ctx, "سارا").await, party(&ctx, "رضا").await);
    for number in 0..9 {
        bring(&ctx, sara, &format!("دوست {number}"), (number < 2).then_some("1000")).await;
    }
    let leila = bring(&ctx, sara, "لیلا", Some("500")).await;
    bring(&ctx, leila, "مریم", Some("300")).await;
    bring(&ctx, reza, "پویا", None).await;
    night(&later(&ctx, 12)).await;
    let late = later(&ctx, 12);
    let seen = late.run(network, NetworkOf { hubs: Some(2), ..NetworkOf::default() }).await.unwrap();
    let hubs: Vec<_> = seen.nodes.iter().filter(|node| node.is_hub).map(|node| (node.party_id, node.confirmed, node.brought)).collect();
    assert_eq!(hubs, [(sara, 3, 10), (leila, 1, 1)]);
    assert!(seen.has_more);
    assert_eq!(seen.nodes[0].sales_minor, 250_000);
    let own: Vec<_> = seen.edges.iter().filter(|edge| edge.from == sara).collect();
    assert_eq!(own.len(), 8, "never all of it");
    assert!(own[..3].iter().all(|edge| edge.state == ReferralState::Confirmed), "what is confirmed first");
    assert!(own.iter().any(|edge| edge.to == Some(leila)));
    let all = late.run(network, NetworkOf::default()).await.unwrap();
    assert_eq!((all.has_more, all.edges.iter().filter(|edge| edge.from == reza).count()), (false, 1));
    let past = NetworkOf { until: Some(ctx.today().plus(-1)), ..NetworkOf::default() };
    assert!(late.run(network, past).await.unwrap().nodes.is_empty());
    assert_eq!(key_of(ctx.run(network, NetworkOf { hubs: Some(25), ..NetworkOf::default() }).await), "hubs: input-range");
    let wrong = NetworkOf { from: Some(ctx.today()), until: Some(ctx.today().plus(-1)), hubs: None };
    assert_eq!(key_of(ctx.run(network, wrong).await), "from: advocacy-days-order");
    let agent = as_post(&ctx.app, "agent", "agent").await;
    assert!(agent.run(network, NetworkOf::default()).await.unwrap().nodes.is_empty());
}
