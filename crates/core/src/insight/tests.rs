//! The customers of CDNOW, from the database to their numbers.

use super::facts::Customer;
use super::fits::{self, Fit, FitKind, Foreseen, Lack, ListFits, Model};
use super::models::{self, buyer};
use super::refresh::{ask, refresh};
use super::scores::{activity, of_party, rfm};
use crate::operation::Nothing;
use crate::parties::list::{self, ListParties, PartyFilters, Sort};
use crate::parties::party::PartyId;
use crate::parties::{Party, bulk};
use crate::platform::access::{Reach, Right};
use crate::platform::jobs::Outcome;
use crate::{Ctx, Day, Error, Instant, Rights, Room, testing};
use peyvand_db::{Id, Kind, Sql, ToValue, Value, sql};
use peyvand_stats::bg_nbd::MbgNbd;
use peyvand_stats::buyers::{Buyer, Buyers, PurchaseModel};
use peyvand_stats::fit::Model as _;
use tokio::sync::watch;

/// Of each customer: days since 1997-01-01 with the cents spent on each.
fn cdnow(sample_only: bool) -> Vec<Vec<(i64, i64)>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../stats/testdata/cdnow.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter_map(|line| match line.split_once(':') {
        Some((_, line)) => Some(line),
        None => (!sample_only).then_some(line),
    });
    let customer = |line: &str| {
        let numbers: Vec<i64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let mut day = 0;
        let add = |pair: &[i64]| {
            day += pair[0];
            (day, pair[1])
        };
        numbers.chunks(2).map(add).collect()
    };
    lines.map(customer).collect()
}

fn first_day() -> Day {
    "1997-01-01".parse().unwrap()
}

fn noon(day: Day) -> Instant {
    Instant::start_of(day, &jiff::tz::TimeZone::UTC).plus(12 * 60 * 60 * 1000)
}

fn id(number: usize) -> Id<Party> {
    Id::new(uuid::Uuid::from_u128(number as u128 + 1))
}

async fn insert(ctx: &Ctx, head: &'static str, rows: Vec<Vec<Value>>) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await.unwrap();
    }
    tx.commit().await.unwrap();
}

pub(super) async fn run(ctx: &Ctx, statement: Sql) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(statement).await.unwrap();
    tx.commit().await.unwrap();
}

/// The owner of a shop with these customers, at noon of 1998-06-30.
async fn shop(customers: &[Vec<(i64, i64)>]) -> Ctx {
    let mut ctx = testing::ctx().await;
    ctx.now = noon(first_day().plus(545));
    let party = |number: usize| {
        vec![
            id(number).to_value(),
            (number as i64 + 1).to_value(),
            "person".to_value(),
            "customer".to_value(),
            format!("نام {number:05}").to_value(),
            ctx.actor.user().to_value(),
            ctx.actor.unit().to_value(),
            0_i64.to_value(),
            "".to_value(),
            Instant::NOT_PLANNED.to_value(),
            false.to_value(),
            ctx.now().to_value(),
        ]
    };
    for statement in Sql::inserts(
        "WITH v (id, no, kind, role, name, owner_id, unit_id, zero, none, never, due, at) AS (VALUES ",
        (0..customers.len()).map(party).collect(),
        ") INSERT INTO parties (id, no, kind, role, name, name_key, owner_id, unit_id, last_contact_at, first_purchase_on,
             last_purchase_on, purchases, spent_minor, next_follow_up_at, silent_from, rhythm_due, version, created_at, updated_at)
           SELECT id, no, kind, role, name, name, owner_id, unit_id, zero, none, none, zero, zero, never, none, due, zero + 1, at, at FROM v",
    ) {
        run(&ctx, statement).await;
    }
    let mut purchases = Vec::new();
    let mut lines = Vec::new();
    for (number, days) in customers.iter().enumerate() {
        for (day, cents) in days {
            let purchase = purchases.len() as u128 + 1;
            let day = first_day().plus(*day);
            purchases.push(vec![
                uuid::Uuid::from_u128(purchase).to_value(),
                id(number).to_value(),
                noon(day).to_value(),
                day.to_value(),
                "IRR".to_value(),
                (*cents).to_value(),
                0_i64.to_value(),
                1_i64.to_value(),
                ctx.now().to_value(),
            ]);
            // Without an amount only the line tells that something was bought.
            if *cents == 0 {
                lines.push(vec![
                    uuid::Uuid::from_u128(purchase).to_value(),
                    uuid::Uuid::from_u128(purchase).to_value(),
                    id(number).to_value(),
                    day.to_value(),
                    1.0.to_value(),
                    0_i64.to_value(),
                    0_i64.to_value(),
                    0_i64.to_value(),
                    1_i64.to_value(),
                    "IRR".to_value(),
                ]);
            }
        }
    }
    let head = "INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at) VALUES ";
    insert(&ctx, head, purchases).await;
    let head = "INSERT INTO purchase_lines (id, purchase_id, party_id, day, quantity, unit_price_minor, discount_minor, amount_minor,
       sign, currency) VALUES ";
    insert(&ctx, head, lines).await;
    ctx
}

async fn refreshed(ctx: &Ctx) {
    let (_keep, stop) = watch::channel(false);
    assert_eq!(refresh(ctx, Id::FIRST, &stop).await.unwrap(), Outcome::Done);
}

async fn fits_of(ctx: &Ctx) -> Vec<Fit> {
    ctx.run(fits::list, ListFits::default()).await.unwrap().items
}

/// All scores, as they are stored.
pub(super) async fn stored(ctx: &Ctx) -> Vec<Vec<Value>> {
    // The columns of the table, in their order.
    let kinds = [
        [Kind::Id].as_slice(),
        &[Kind::Int; 4],
        &[Kind::Real],
        &[Kind::Int; 4],
        &[Kind::Real; 4],
        &[Kind::Text],
        &[Kind::Real; 3],
        &[Kind::Int],
        &[Kind::Id; 3],
    ]
    .concat();
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.values(sql("SELECT * FROM party_scores ORDER BY party_id"), &kinds).await.unwrap()
}

#[tokio::test]
async fn cdnow_from_the_database_gives_the_known_cuts_and_twice_the_same_scores() {
    let customers = cdnow(false);
    let ctx = shop(&customers).await;
    refreshed(&ctx).await;
    let grid = ctx.run(rfm, Nothing {}).await.unwrap();
    let fit = grid.fit.unwrap();
    let Some(Model::Cuts { recency, frequency, value }) = &fit.model else { panic!("{fit:?}") };
    assert_eq!((recency.as_slice(), frequency.as_slice()), ([141.0, 432.0, 485.0, 512.0].as_slice(), [1.0, 1.0, 2.0, 4.0].as_slice()));
    let known = [1536.0, 3135.0, 5992.4, 13395.0];
    assert!(value.iter().zip(known).all(|(cut, known)| (cut - known).abs() < 1e-6), "cents: {value:?}");
    assert_eq!((grid.customers, fit.customers, fit.as_of), (23_570, 23_570, first_day().plus(545)));
    assert_eq!(fit.from_on, Some(first_day()));
    // Nobody has a frequency of 2 (those who bought once are all in 1), so that a row may come from value alone.
    let (once,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM party_scores WHERE frequency = 1 AND occasions = 1")).await.unwrap();
    assert_eq!(once, 12_054);

    // The stored numbers are those of the stored model.
    let best = customers.iter().enumerate().max_by_key(|(_, days)| days.len()).unwrap().0;
    let told = ctx.run(of_party, PartyId { id: id(best) }).await.unwrap();
    let scores = told.scores.unwrap();
    assert_eq!(told.fits.iter().map(|fit| fit.kind).collect::<Vec<_>>(), [FitKind::Activity, FitKind::Rfm, FitKind::Spending]);
    let Some(Model::Parameters { parameters, .. }) = &told.fits[0].model else { panic!("{:?}", told.fits[0]) };
    let model = MbgNbd::from_parameters(&parameters.iter().map(|one| one.value).collect::<Vec<_>>()).unwrap();
    let days = &customers[best];
    let (first, last) = (days.first().unwrap().0, days.last().unwrap().0);
    assert_eq!((scores.occasions, scores.recency_days, scores.age_days), (days.len() as i64, 545 - last, 545 - first));
    assert_eq!((scores.frequency, scores.value), (Some(5), Some(5)));
    let p_active = scores.p_active.unwrap();
    let expected = model.probability_alive(&buyer(545 - last, 545 - first, days.len() as i64));
    assert!((p_active.value - expected).abs() < 1e-12, "{p_active:?} {expected}");
    assert!(p_active.low.unwrap() < p_active.value && p_active.value < p_active.high.unwrap());
    let worth = scores.value_12m_minor.unwrap();
    assert!(0.0 < worth.low.unwrap() && worth.low.unwrap() < worth.value && worth.value < worth.high.unwrap(), "{worth:?}");
    assert!(scores.purchases_90d.unwrap().value > 0.0);
    let quality = told.fits[0].quality.as_ref().unwrap();
    assert_eq!(quality.repeats, Some(customers.iter().map(|days| days.len() as i64 - 1).sum()));
    let off = quality.repeats_expected.unwrap() / quality.repeats.unwrap() as f64 - 1.0;
    assert!(off.abs() < 0.05, "the model's own past is {off} beside what happened");
    assert!(told.fits[2].quality.as_ref().unwrap().is_independent.unwrap());

    let shared = ctx.run(fits::current, Nothing {}).await.unwrap().into_iter().find(|fit| fit.kind == FitKind::Concentration).unwrap();
    let Some(Model::Concentration(shared)) = shared.model else { panic!("{shared:?}") };
    let near = |got: f64, known: f64| assert!((got - known).abs() < 1e-6, "{got} instead of {known}");
    near(shared.gini, 0.634571);
    near(shared.curve[10], 0.509427);
    near(shared.curve[20], 0.677774);
    assert_eq!((shared.classes[0].customers, shared.without), (7_695, 68));
    assert_eq!(shared.classes.iter().map(|class| class.customers).sum::<i64>(), 23_570);
    assert_eq!(shared.classes.iter().map(|class| class.net_minor).sum::<i64>(), 250_031_563);

    // The model is told the days until a quarter before the last purchase, and what it expects stands beside what came.
    let tried = ctx.run(fits::current, Nothing {}).await.unwrap().into_iter().find(|fit| fit.kind == FitKind::Trial).unwrap();
    let Some(Model::Trial(tried)) = tried.model else { panic!("{tried:?}") };
    assert_eq!((tried.known_until, tried.until), (first_day().plus(455), first_day().plus(545)));
    let days_of = |customer: &Vec<(i64, i64)>| customer.iter().map(|day| day.0).collect::<Vec<i64>>();
    let past: Vec<Buyer> = customers.iter().map(|customer| Buyer::from_days(&days_of(customer), 455, 7.0).unwrap()).collect();
    let model = MbgNbd::fit(&Buyers::group(&past).unwrap()).unwrap().model;
    let expected: f64 = past.iter().map(|buyer| model.expected_purchases(buyer, 90.0 / 7.0)).sum();
    let came = customers.iter().flatten().filter(|day| day.0 > 455).count() as f64;
    assert!((tried.expected.value / expected - 1.0).abs() < 1e-6, "{:?} {expected}", tried.expected);
    assert_eq!(tried.came.value, came);
    let of_groups = |of: &dyn Fn(&Foreseen) -> f64| tried.groups.iter().map(of).sum::<f64>();
    assert_eq!((tried.groups.len(), of_groups(&|group| group.customers as f64)), (10, 23_570.0));
    assert!((of_groups(&|group| group.expected) / expected - 1.0).abs() < 1e-6);
    assert_eq!(of_groups(&|group| group.came.value), came);
    assert!(tried.groups.is_sorted_by(|one, other| one.expected >= other.expected));
    assert!(tried.groups[0].came.value > 5.0 * tried.groups[9].came.value, "it tells those who come from those who do not");
    assert!((tried.expected.value / came - 1.0).abs() < (tried.at_pace / came - 1.0).abs(), "better than everybody's own pace");

    let (scores, fits) = (stored(&ctx).await, fits_of(&ctx).await);
    assert_eq!((scores.len(), fits.len()), (23_570, 5));
    let mut later = ctx.clone();
    later.now = later.now.plus(60_000);
    refreshed(&later).await;
    assert_eq!(fits_of(&ctx).await, fits, "nothing has changed, so nothing is fitted");
    run(&ctx, sql("DELETE FROM party_scores")).await;
    run(&ctx, sql("DELETE FROM fits")).await;
    refreshed(&later).await;
    assert!(stored(&ctx).await == scores, "from scratch, the same to the last bit");
    let known = |fits: &[Fit]| fits.iter().map(|fit| (fit.id, fit.model.clone(), fit.quality.clone())).collect::<Vec<_>>();
    let mut again = known(&fits_of(&ctx).await);
    again.sort_by_key(|fit| fit.0);
    let mut before = known(&fits);
    before.sort_by_key(|fit| fit.0);
    assert_eq!(again, before);
}

#[tokio::test]
async fn everybody_sees_the_numbers_of_their_own_customers() {
    let ctx = shop(&cdnow(true)).await;
    refreshed(&ctx).await;
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    run(&ctx, sql("UPDATE parties SET owner_id = $1 WHERE no <= 100").bind(agent.actor.user())).await;
    assert_eq!(ctx.run(rfm, Nothing {}).await.unwrap().customers, 2_357);
    let own = agent.run(rfm, Nothing {}).await.unwrap();
    assert_eq!((own.customers, own.fit.unwrap().customers), (100, 2_357));
    let manager = testing::as_post(&ctx.app, "manager", "mina").await;
    assert_eq!(manager.run(rfm, Nothing {}).await.unwrap().customers, 2_357, "all belong to the manager's unit");
    assert!(agent.run(of_party, PartyId { id: id(7) }).await.unwrap().scores.is_some());
    assert!(matches!(agent.run(of_party, PartyId { id: id(700) }).await, Err(Error::NotFound("party"))));
    assert!(matches!(agent.run(ask, Nothing {}).await, Err(Error::Forbidden(_))));
    for fits in [agent.run(fits::current, Nothing {}).await.unwrap(), agent.run(fits::list, ListFits::default()).await.unwrap().items] {
        assert!(fits.len() == 3 && fits.iter().all(|fit| !fit.kind.is_of_shop()), "the sales of the shop are not for everybody");
    }
}

#[tokio::test]
async fn a_new_day_an_archived_customer_and_a_refund_make_new_scores() {
    let mut ctx = shop(&cdnow(true)).await;
    refreshed(&ctx).await;
    let before = stored(&ctx).await;
    run(&ctx, sql("UPDATE parties SET archived_at = $1 WHERE id = $2").bind(ctx.now()).bind(id(0))).await;
    run(&ctx, sql("UPDATE purchases SET refund_minor = gross_minor WHERE party_id = $1").bind(id(1))).await;
    ctx.now = ctx.now.plus(24 * 60 * 60 * 1000);
    refreshed(&ctx).await;
    let after = stored(&ctx).await;
    assert_eq!((before.len(), after.len()), (2_357, 2_356));
    assert!(after.iter().all(|row| row[0] != id(0).to_value()));
    assert_eq!(after[0][4], Value::Int(0), "all was given back");
    assert_eq!(after[0][3], before[1][3], "but there were as many visits");
    let (Value::Int(day), Value::Int(day_before)) = (&after[5][1], &before[6][1]) else { panic!() };
    assert_eq!(day - day_before, 1);
    let (Value::Real(now), Value::Real(then)) = (&after[5][10], &before[6][10]) else { panic!() };
    assert!(now != then);
    assert_eq!(fits_of(&ctx).await.len(), 10);
    let current = ctx.run(fits::current, Nothing {}).await.unwrap();
    assert!(current.len() == 5 && current.iter().all(|fit| fit.as_of == first_day().plus(546) && fit.customers == 2_356));
    let first = ctx.run(fits::list, ListFits { limit: Some(4), ..ListFits::default() }).await.unwrap();
    let rest = ctx.run(fits::list, ListFits { after: first.next, ..ListFits::default() }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len()), (4, 6));
    let rfm_only = ListFits { kind: Some(FitKind::Rfm), ..ListFits::default() };
    assert_eq!(ctx.run(fits::list, rfm_only).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn what_is_missing_is_stored_with_its_day_and_a_stopped_refresh_goes_on() {
    let ctx = shop(&cdnow(true)[..80]).await;
    let (stopping, stop) = watch::channel(true);
    assert_eq!(refresh(&ctx, Id::FIRST, &stop).await.unwrap(), Outcome::GoOn);
    assert!(fits_of(&ctx).await.is_empty());
    drop(stopping);
    refreshed(&ctx).await;
    let grid = ctx.run(rfm, Nothing {}).await.unwrap();
    assert!(grid.cells.is_empty());
    let refusal = grid.fit.unwrap().refusal.unwrap();
    assert_eq!(refusal.missing.len(), 1, "{refusal:?}");
    let missing = &refusal.missing[0];
    assert_eq!((missing.of, missing.have, missing.need), (Lack::Customers, 80, 500));
    assert!(missing.enough_on.unwrap() > first_day().plus(545));
    let told = ctx.run(of_party, PartyId { id: id(3) }).await.unwrap();
    let scores = told.scores.unwrap();
    assert!(scores.recency.is_none() && scores.p_active.is_none() && scores.occasions > 0);
    assert!(told.fits.iter().all(|fit| fit.refusal.is_some() && fit.model.is_none()));
}

#[tokio::test]
async fn a_refresh_that_was_killed_on_its_way_is_made_whole() {
    let ctx = shop(&cdnow(true)).await;
    refreshed(&ctx).await;
    let (scores, fits) = (stored(&ctx).await, fits_of(&ctx).await);
    // As a program leaves it that dies between two batches: fits without an end, the first scores new, others old.
    run(&ctx, sql("UPDATE fits SET finished_at = NULL, is_current = FALSE")).await;
    run(&ctx, sql("DELETE FROM party_scores WHERE party_id > $1").bind(id(1_500))).await;
    run(&ctx, sql("UPDATE party_scores SET p_active = 0.5, rfm_fit_id = party_id WHERE party_id > $1").bind(id(900))).await;
    assert!(ctx.run(fits::current, Nothing {}).await.unwrap().is_empty(), "nothing half done is shown as done");
    refreshed(&ctx).await;
    assert!(stored(&ctx).await == scores);
    assert_eq!(fits_of(&ctx).await.iter().map(|fit| fit.id).collect::<Vec<_>>(), fits.iter().map(|fit| fit.id).collect::<Vec<_>>());
    assert_eq!(ctx.run(fits::current, Nothing {}).await.unwrap().len(), 5);
}

#[tokio::test]
async fn the_list_is_filtered_and_sorted_by_scores_and_leaves_nobody_out() {
    let mut customers = cdnow(true);
    customers.push(Vec::new());
    let (ctx, stranger) = (shop(&customers).await, id(2_357));
    refreshed(&ctx).await;
    let grid = ctx.run(rfm, Nothing {}).await.unwrap();
    for cell in &grid.cells {
        let filters = PartyFilters { recency: Some(cell.recency), frequency_value: Some(cell.frequency_value), ..PartyFilters::default() };
        assert_eq!(ctx.run(list::count, filters).await.unwrap().count, cell.customers, "{cell:?}");
    }
    let of = ctx.run(activity, Nothing {}).await.unwrap();
    assert_eq!((of.customers, of.bands.len()), (2_357, 10));
    let (active, soon) = (of.active.unwrap(), of.purchases_90d.unwrap());
    assert!(active.low.unwrap() < active.value && active.value < active.high.unwrap() && active.high.unwrap() < 2_357.0, "{active:?}");
    assert!(soon.value > 0.0 && of.value_12m_minor.unwrap() > 0.0);
    let band = of.bands[2];
    let filters = PartyFilters { active_from: Some(band.from), active_until: Some(band.until), ..PartyFilters::default() };
    assert_eq!(ctx.run(list::count, filters.clone()).await.unwrap().count, band.customers);
    let page = ctx.run(list::list, ListParties { limit: Some(5), sort: Some(Sort::Active), ..filters.into() }).await.unwrap();
    assert!(page.items.iter().all(|item| item.p_active.is_some_and(|p| (band.from..=band.until).contains(&p))));

    for (sort, desc) in [(Sort::Active, false), (Sort::Active, true), (Sort::Worth, true)] {
        let mut input = ListParties { sort: Some(sort), desc: Some(desc), limit: Some(190), ..ListParties::default() };
        let (mut seen, mut pages) = (Vec::new(), Vec::new());
        loop {
            let page = ctx.run(list::list, input.clone()).await.unwrap();
            seen.extend(page.items.iter().map(|item| (item.id, if sort == Sort::Active { item.p_active } else { item.value_12m_minor })));
            input.after = page.next.clone();
            pages.push(page);
            if input.after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 2_358);
        assert_eq!(seen.last().unwrap(), &(stranger, None), "who has no score comes last, in both directions");
        let values: Vec<f64> = seen.iter().filter_map(|(_, value)| *value).collect();
        assert_eq!(values.len(), 2_357);
        assert!(values.windows(2).all(|pair| if desc { pair[0] >= pair[1] } else { pair[0] <= pair[1] }));
        let mut ids: Vec<_> = seen.iter().map(|(id, _)| *id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 2_358);
        let last = pages.pop().unwrap();
        let back = ctx.run(list::list, ListParties { after: None, before: last.previous, ..input }).await.unwrap();
        let before = pages.pop().unwrap();
        assert_eq!(back.items.iter().map(|item| item.id).collect::<Vec<_>>(), before.items.iter().map(|item| item.id).collect::<Vec<_>>());
    }

    // What the grid shows, an act on all of the list reaches.
    let cell = grid.cells[0];
    let filter = PartyFilters { recency: Some(cell.recency), frequency_value: Some(cell.frequency_value), ..PartyFilters::default() };
    let done = ctx.run(bulk::archive, bulk::BulkArchive { ids: None, filter: Some(filter.clone()) }).await.unwrap();
    assert_eq!(done.changed, cell.customers);
    assert_eq!(ctx.run(list::count, filter).await.unwrap().count, 0);

    for wrong in
        [PartyFilters { recency: Some(6), ..PartyFilters::default() }, PartyFilters { active_from: Some(1.5), ..PartyFilters::default() }]
    {
        assert!(matches!(ctx.run(list::count, wrong).await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn without_the_right_scores_are_neither_shown_nor_asked_by() {
    let ctx = shop(&cdnow(true)).await;
    refreshed(&ctx).await;
    let (user, units) = (ctx.actor.user().unwrap(), vec![ctx.actor.unit().unwrap()]);
    let mut rights = Rights::full();
    rights.0.insert(Room::Insight, Right { see: Reach::Own, ..Right::NONE });
    run(&ctx, sql("UPDATE parties SET owner_id = NULL WHERE no > 10")).await;
    let some = testing::with_rights(&ctx.app, user, "some", rights.clone(), units.clone());
    let low = PartyFilters { active_from: Some(0.0), ..PartyFilters::default() };
    assert_eq!(some.run(list::count, low.clone()).await.unwrap().count, 10);
    let by_score = ListParties { sort: Some(Sort::Active), limit: Some(50), ..ListParties::default() };
    let page = some.run(list::list, by_score.clone()).await.unwrap();
    assert_eq!(page.items.len(), 50, "the others follow, without their scores");
    assert!(page.items.iter().enumerate().all(|(at, item)| item.p_active.is_some() == (at < 10)));
    let own = some.run(activity, Nothing {}).await.unwrap();
    let sum: f64 = page.items.iter().filter_map(|item| item.p_active).sum();
    assert_eq!(own.customers, 10);
    assert!((own.active.unwrap().value - sum).abs() < 1e-9);

    rights.0.remove(&Room::Insight);
    let none = testing::with_rights(&ctx.app, user, "none", rights, units);
    assert!(matches!(none.run(list::count, low).await, Err(Error::Forbidden(_))));
    assert!(matches!(none.run(list::list, by_score).await, Err(Error::Forbidden(_))));
    let page = none.run(list::list, ListParties::default()).await.unwrap();
    assert!(page.items.iter().all(|item| item.p_active.is_none() && item.recency.is_none()));
}

#[tokio::test]
async fn asking_enqueues_one_refresh_and_is_noted() {
    let ctx = testing::ctx().await;
    ctx.run(ask, Nothing {}).await.unwrap();
    ctx.run(ask, Nothing {}).await.unwrap();
    let (waiting,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM jobs WHERE name = 'refresh_scores'")).await.unwrap();
    assert_eq!(waiting, 1);
    let (noted,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM events WHERE kind = 'insight.refresh_asked'")).await.unwrap();
    assert_eq!(noted, 2);
    crate::platform::jobs::drain(&ctx.app).await.unwrap();
    let current = ctx.run(fits::current, Nothing {}).await.unwrap();
    assert!(current.len() == 5 && current.iter().all(|fit| fit.customers == 0 && fit.refusal.is_some()));
    let party = testing::party(&ctx, "تازه").await;
    let told = ctx.run(of_party, PartyId { id: party }).await.unwrap();
    assert!(told.scores.is_none() && told.fits.len() == 3);
}

#[test]
fn amounts_of_rial_size_are_scored_alike() {
    let scored = |factor: i64| {
        let customers = cdnow(true)
            .iter()
            .enumerate()
            .map(|(number, days)| Customer {
                party: id(number),
                first: days[0].0 as i32,
                last: days.last().unwrap().0 as i32,
                occasions: days.len() as u32,
                net_minor: days.iter().map(|day| day.1 * factor).sum(),
                first_minor: days[0].1 * factor,
                early: 0,
                last_early: days[0].0 as i32,
                rhythm: super::rhythm::Rhythm::NONE,
            })
            .collect();
        let facts =
            super::facts::Facts::new(Day(jiff::civil::Date::ZERO).plus(545), None, crate::platform::money::Currency::IRR, customers);
        models::work_out(&facts).1
    };
    let (small, large) = (scored(1), scored(1_000_000));
    for (small, large) in small.iter().zip(&large) {
        assert_eq!((small.score, small.p_active), (large.score, large.p_active));
        let (small, large) = (small.value_12m_minor.unwrap(), large.value_12m_minor.unwrap());
        assert!((large / small / 1e6 - 1.0).abs() < 1e-4, "{small} {large}");
    }
}

#[tokio::test]
async fn online_retail_from_the_database_has_the_known_classes_of_customers() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../stats/testdata/online_retail_customers.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let customer = |line: &str| {
        let fields: Vec<i64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        vec![(fields[1], fields[3])]
    };
    let ctx = shop(&text.lines().skip(1).map(customer).collect::<Vec<_>>()).await;
    refreshed(&ctx).await;
    let fits = ctx.run(fits::current, Nothing {}).await.unwrap();
    let of_kind = |kind| fits.iter().find(|fit| fit.kind == kind).unwrap();
    let Some(Model::Concentration(shared)) = &of_kind(FitKind::Concentration).model else { panic!("{fits:?}") };
    let classes: Vec<(&str, i64)> = shared.classes.iter().map(|class| (class.name.as_str(), class.customers)).collect();
    assert_eq!(classes, [("A", 1133), ("B", 1469), ("C", 1736)]);
    assert!((shared.gini - 0.71514).abs() < 1e-6 && (shared.curve[20] - 0.74594).abs() < 1e-4, "{}", shared.gini);
    // Nobody of them came twice, so that there is nothing to try the model of purchases with.
    let refusal = of_kind(FitKind::Trial).refusal.as_ref().unwrap();
    assert_eq!(refusal.missing.iter().map(|one| one.of).collect::<Vec<_>>(), [Lack::Repeaters]);
}
