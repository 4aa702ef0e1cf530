//! Customers who move between tiers, from the purchases to who is behind each cell.

use super::profit_people::{ByTrait, Trait, people};
use super::profit_refresh::ask;
use super::profits::summary;
use super::rates::{self, RateItem, SetRate, SetRates};
use super::tier_history::{ListMoved, Move, MovesOf, NO_TIER, moved, moves};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::parties::check::{Kind, NewParty};
use crate::parties::party::{self, PartyId};
use crate::platform::jobs;
use crate::sales::purchases::{self, NewPurchase};
use crate::{Ctx, Error, testing};
use peyvand_db::{Id, sql};

async fn bought(ctx: &Ctx, party: Id<Party>, amount: i64, date: &str) {
    let new = NewPurchase { party_id: Some(party), amount: Some(amount.to_string()), date: Some(date.into()), ..NewPurchase::default() };
    ctx.run(purchases::create, new).await.unwrap();
}

async fn refreshed(ctx: &Ctx) {
    ctx.run(ask, Nothing {}).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
}

/// Twenty customers, each of whom bought for a hundred more than the one before; the profits were worked out.
async fn shop() -> (Ctx, Vec<Id<Party>>) {
    let ctx = testing::ctx().await;
    let mut parties = Vec::new();
    for number in 1..=20 {
        let party = testing::party(&ctx, &format!("نام {number:02}")).await;
        bought(&ctx, party, 100 * number, "2026-03-01").await;
        parties.push(party);
    }
    let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
    ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    (ctx, parties)
}

/// The moves of those who did not stay where they were, in a quarter of a year.
async fn gone(ctx: &Ctx) -> Vec<Move> {
    let told = ctx.run(moves, MovesOf::default()).await.unwrap();
    told.moves.into_iter().filter(|one| one.was != one.became).collect()
}

async fn stretches(ctx: &Ctx, party: Id<Party>) -> Vec<i64> {
    let query = sql("SELECT tier FROM party_tiers WHERE party_id = $1 ORDER BY from_on").bind(party);
    let rows: Vec<(i64,)> = ctx.app.db.all(query).await.unwrap();
    rows.into_iter().map(|(tier,)| tier).collect()
}

#[tokio::test]
async fn months_that_nobody_noted_are_worked_out_once_and_only_changes_are_kept() {
    let (ctx, parties) = shop().await;
    let told = ctx.run(moves, MovesOf::default()).await.unwrap();
    assert_eq!(told.months.len(), 7, "half a year and this month");
    assert!(gone(&ctx).await.is_empty());
    assert_eq!(told.moves.iter().map(|one| one.customers).collect::<Vec<_>>(), [1, 3, 8, 8]);
    let (rows, runs): (i64, i64) =
        ctx.app.db.one(sql("SELECT (SELECT count(*) FROM party_tiers), (SELECT count(*) FROM profit_runs)")).await.unwrap();
    assert_eq!((rows, runs), (20, 7), "a row for each customer, however many months");
    refreshed(&ctx).await;
    let (rows, runs): (i64, i64) =
        ctx.app.db.one(sql("SELECT (SELECT count(*) FROM party_tiers), (SELECT count(*) FROM profit_runs)")).await.unwrap();
    assert_eq!((rows, runs), (20, 8), "months that are known are not worked out again");
    assert_eq!(stretches(&ctx, parties[0]).await, [4]);
    let first = told.months[0];
    let long = ctx.run(moves, MovesOf { from: Some(first.plus(3)), until: None }).await.unwrap();
    assert_eq!((long.from_on, long.until_on), (Some(first), told.until_on), "any day names its month");
    let wrong_way = ctx.run(moves, MovesOf { from: told.until_on, until: Some(first) }).await.unwrap();
    assert_eq!((wrong_way.from_on, wrong_way.moves.len()), (None, 0), "nothing is known before the first");
}

#[tokio::test]
async fn who_rises_falls_or_leaves_is_behind_the_cell_that_counts_them() {
    let (ctx, parties) = shop().await;
    bought(&ctx, parties[0], 9_000, "2026-11-21").await;
    ctx.run(party::archive, PartyId { id: parties[10] }).await.unwrap();
    let newcomer = testing::party(&ctx, "تازه").await;
    bought(&ctx, newcomer, 50, "2026-11-21").await;
    refreshed(&ctx).await;
    let told = ctx.run(moves, MovesOf::default()).await.unwrap();
    assert!(told.moves.contains(&Move { was: 4, became: 1, customers: 1 }), "{:?}", told.moves);
    assert!(told.moves.contains(&Move { was: NO_TIER, became: 4, customers: 1 }));
    let (from, until) = (told.from_on.unwrap(), told.until_on.unwrap());
    let of = |was, became| ListMoved { from, until, was, became, after: None, limit: None };
    for one in &told.moves {
        let behind = ctx.run(moved, of(one.was, one.became)).await.unwrap().items;
        assert_eq!(behind.len() as i64, one.customers, "{one:?}");
    }
    let ids = |rows: Vec<super::tier_history::MovedRow>| rows.into_iter().map(|row| row.party_id).collect::<Vec<_>>();
    let risen = ctx.run(moved, of(4, 1)).await.unwrap().items;
    assert_eq!((risen[0].party.as_str(), risen[0].profit_minor), ("نام 01", Some(364_000)));
    assert_eq!(ids(ctx.run(moved, of(NO_TIER, 4)).await.unwrap().items), [newcomer]);
    let left = told.moves.iter().find(|one| one.became == NO_TIER).unwrap();
    assert_eq!(ids(ctx.run(moved, of(left.was, NO_TIER)).await.unwrap().items), [parties[10]]);
    assert_eq!(told.moves.iter().map(|one| one.customers).sum::<i64>(), 21);
    // Page by page, everybody once.
    let mut input = ListMoved { limit: Some(2), ..of(4, 4) };
    let mut seen = Vec::new();
    loop {
        let page = ctx.run(moved, input.clone()).await.unwrap();
        seen.extend(ids(page.items));
        input.after = page.next;
        if input.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids(ctx.run(moved, of(4, 4)).await.unwrap().items));
    assert!(matches!(ctx.run(moved, ListMoved { after: Some("x".into()), ..of(4, 4) }).await, Err(Error::Invalid(_))));

    // What comes back within the month has not moved.
    assert_eq!(stretches(&ctx, parties[0]).await, [4, 1]);
    bought(&ctx, parties[0], -9_000, "2026-11-21").await;
    ctx.run(party::restore, PartyId { id: parties[10] }).await.unwrap();
    refreshed(&ctx).await;
    assert_eq!(stretches(&ctx, parties[0]).await.len(), 2, "closed and opened again in the same tier");
    let back: Vec<Move> = gone(&ctx).await.into_iter().filter(|one| one.was != NO_TIER).collect();
    assert!(back.iter().all(|one| (one.was - one.became).abs() == 1 && one.became != NO_TIER), "only borders moved: {back:?}");
}

#[tokio::test]
async fn moves_are_told_of_those_within_sight() {
    let (ctx, parties) = shop().await;
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    assert!(agent.run(moves, MovesOf::default()).await.unwrap().moves.is_empty());
    let mut tx = ctx.app.db.begin().await.unwrap();
    let give = sql("UPDATE parties SET owner_id = $1, unit_id = NULL WHERE id = $2").bind(agent.actor.user()).bind(parties[0]);
    tx.run(give).await.unwrap();
    tx.commit().await.unwrap();
    refreshed(&ctx).await;
    let own = agent.run(moves, MovesOf::default()).await.unwrap();
    assert_eq!(own.moves, [Move { was: 4, became: 4, customers: 1 }]);
    let (from, until) = (own.from_on.unwrap(), own.until_on.unwrap());
    let of = |was, became| ListMoved { from, until, was, became, after: None, limit: None };
    let behind = agent.run(moved, of(4, 4)).await.unwrap().items;
    assert_eq!(behind.iter().map(|row| row.party_id).collect::<Vec<_>>(), [parties[0]]);
    assert!(agent.run(moved, of(1, 1)).await.unwrap().items.is_empty());
    let manager = testing::as_post(&ctx.app, "manager", "mina").await;
    assert_eq!(manager.run(moves, MovesOf::default()).await.unwrap().moves.iter().map(|one| one.customers).sum::<i64>(), 19);
}

#[tokio::test]
async fn groups_are_compared_by_what_their_customers_bring() {
    let ctx = testing::ctx().await;
    for number in 1..=70_i64 {
        let is_first = number <= 35;
        let new = NewParty {
            name: Some(format!("نام {number:02}")),
            gender: Some(if is_first { "female" } else { "male" }.into()),
            birth_date: Some(if number % 9 < 5 { "2001-11-21" } else { "2001-11-22" }.into()),
            province: (number <= 5).then(|| "تهران".to_owned()),
            ..NewParty::default()
        };
        let party = ctx.run(party::create, new).await.unwrap().id;
        bought(&ctx, party, 100 * (number % 7 + if is_first { 20 } else { 5 }), "2026-11-01").await;
    }
    let firm = NewParty { name: Some("شرکت".into()), kind: Some(Kind::Organisation), ..NewParty::default() };
    let firm = ctx.run(party::create, firm).await.unwrap().id;
    bought(&ctx, firm, 700, "2026-11-01").await;
    let before = ctx.run(people, ByTrait { by: Trait::Gender }).await.unwrap();
    assert_eq!((before.as_of, before.groups.len()), (None, 0));
    let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
    ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();

    let told = ctx.run(people, ByTrait { by: Trait::Gender }).await.unwrap();
    assert_eq!((told.customers, told.known, told.groups.len()), (70, 70, 2), "a firm has no gender");
    let women = told.groups.iter().find(|group| group.word.as_deref() == Some("female")).unwrap();
    let mean = women.mean.unwrap();
    assert_eq!((women.customers, mean.value_minor, women.profit_minor), (35, 92_000, 35 * 92_000));
    // Five times each of 20 to 26 hundreds: a deviation of 2.0292 hundreds, 40 of each hundred are profit.
    let half = 2.032_244_5 * 202.919_862 * 40.0 / 35_f64.sqrt();
    assert!((mean.high_minor as f64 - 92_000.0 - half).abs() < 2.0, "{mean:?} {half}");
    assert!(women.difference.unwrap().low_minor > 0 && women.p.unwrap() < 1e-6);
    let ages = ctx.run(people, ByTrait { by: Trait::Age }).await.unwrap();
    assert_eq!(
        ages.groups.iter().map(|group| group.word.as_deref()).collect::<Vec<_>>(),
        [Some("0"), Some("25")],
        "a year is over on the day; the older are more and come after the younger all the same"
    );
    assert!(ages.groups.iter().all(|group| group.p.unwrap() > 0.05));
    let places = ctx.run(people, ByTrait { by: Trait::Residence }).await.unwrap();
    assert_eq!((places.customers, places.known), (71, 5));
    let tehran = &places.groups[0];
    assert_eq!((tehran.missing, tehran.mean, tehran.difference), (25, None, None), "five are too few");

    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    assert_eq!(agent.run(people, ByTrait { by: Trait::Gender }).await.unwrap().customers, 0);
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE parties SET owner_id = $1, unit_id = NULL WHERE gender = 'male'").bind(agent.actor.user())).await.unwrap();
    tx.commit().await.unwrap();
    refreshed(&ctx).await;
    let own = agent.run(people, ByTrait { by: Trait::Gender }).await.unwrap();
    assert_eq!((own.customers, own.groups.len(), own.groups[0].difference), (35, 1, None), "there are no others to differ from");
    let manager = testing::as_post(&ctx.app, "manager", "mina").await;
    assert_eq!(manager.run(people, ByTrait { by: Trait::Gender }).await.unwrap().groups[0].word.as_deref(), Some("female"));
    let again = ctx.run(people, ByTrait { by: Trait::Gender }).await.unwrap();
    let known = |told: &super::profit_people::TraitProfits| {
        told.groups.iter().map(|one| (one.word.clone(), one.mean, one.difference)).collect::<Vec<_>>()
    };
    assert_eq!(known(&again), known(&told), "whoever looks after them");
}

#[tokio::test]
async fn tiers_begin_where_somebody_said_until_it_is_taken_back() {
    let (ctx, parties) = shop().await;
    let told = ctx.run(summary, Nothing {}).await.unwrap();
    assert!(!told.borders.by_hand && told.borders.since.is_some() && !told.borders.are_changing);
    let [one, two, three] = rates::BORDERS;
    let border = |item: RateItem, amount: &str| SetRate { item, amount: Some(amount.into()) };
    let rates = vec![border(one, "780"), border(two, "400"), border(three, "-10")];
    ctx.run(rates::set, SetRates { rates }).await.unwrap();
    let told = ctx.run(summary, Nothing {}).await.unwrap();
    assert!(!told.borders.by_hand && told.borders.are_changing, "the numbers are still those of before");
    jobs::drain(&ctx.app).await.unwrap();
    let told = ctx.run(summary, Nothing {}).await.unwrap();
    assert_eq!((told.borders.by_hand, told.borders.since, told.borders.are_changing), (true, Some(ctx.now()), false));
    // The profit is four tenths of what they bought: from 40 to 800.
    assert_eq!(told.tiers.iter().map(|tier| tier.tier.customers).collect::<Vec<_>>(), [1, 10, 9, 0]);
    assert_eq!(told.tiers.iter().map(|tier| tier.tier.from_minor).collect::<Vec<_>>(), [Some(78_000), Some(40_000), Some(-1_000), None]);
    assert_eq!(stretches(&ctx, parties[9]).await.last(), Some(&2));

    let none = rates::BORDERS.map(|item| border(item, "")).to_vec();
    let agent = testing::as_post(&ctx.app, "agent", "sara").await;
    assert!(matches!(agent.run(rates::set, SetRates { rates: none.clone() }).await, Err(Error::Forbidden(_))));
    ctx.run(rates::set, SetRates { rates: none }).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    let told = ctx.run(summary, Nothing {}).await.unwrap();
    assert!(!told.borders.by_hand);
    assert_eq!(told.tiers.iter().map(|tier| tier.tier.customers).collect::<Vec<_>>(), [1, 3, 8, 8]);
}
