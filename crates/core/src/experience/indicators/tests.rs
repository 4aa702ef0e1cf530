use super::effects::{Because, Claim, Tally, Usual, silent};
use super::read::Cause;
use super::{Behind, Cell, IndicatorsOf, adjust, behind, cem};
use crate::advocacy::indicators::cam;
use crate::advocacy::rules::{ReferralForm, ReferralKind};
use crate::advocacy::value::{Assume, assume};
use crate::experience::experiments::Range;
use crate::experience::legality::TreatmentKind;
use crate::experience::occasions::Occasion;
use crate::experience::policies::{self, NewPolicy};
use crate::experience::protocols::{self, NewProtocol};
use crate::experience::tests::{made, plan, policy, treatment};
use crate::insight::rates::{self, RateItem, SetRate, SetRates};
use crate::insight::shop::{Sale, party, product, shop};
use crate::lifecycle::Stage;
use crate::platform::time::DAY;
use crate::{Ctx, Day, Error, Id, Instant, testing};
use peyvand_db::{Sql, ToValue, Value, sql};
use peyvand_stats::proportion::{Share, newcombe};
use uuid::Uuid;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn at(text: &str) -> Instant {
    Instant::start_of(day(text), &jiff::tz::TimeZone::UTC).plus(DAY / 2)
}

async fn put(ctx: &Ctx, head: &'static str, rows: Vec<Vec<Value>>) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// All of them have been in the stage since the first of January 2024, but for the last one, who is in another since July 2025.
async fn in_stage(ctx: &Ctx, stage: Stage, count: usize) {
    let row = |who: usize, place: i64, stage: &str, from: &str, until: Option<&str>| {
        vec![
            party(who).to_value(),
            place.to_value(),
            "promote".to_value(),
            stage.to_value(),
            "active".to_value(),
            day(from).to_value(),
            until.map(day).to_value(),
            ctx.id::<()>().to_value(),
        ]
    };
    let mut rows = Vec::new();
    for who in 0..count {
        let until = (who == count - 1).then_some("2025-07-01");
        rows.push(row(who, 1, stage.as_str(), "2024-01-01", until));
        if until.is_some() {
            rows.push(row(who, 2, "potential", "2025-07-01", None));
        }
    }
    put(ctx, "INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, left_on, transition_id) VALUES ", rows)
        .await;
}

/// A policy gives them a treatment on the first of February and leaves the second half without it. Returns the treatment.
async fn half_of(ctx: &Ctx, kind: TreatmentKind, stage: Stage, count: usize) -> Uuid {
    let id = made(ctx, treatment(kind, "ده درصد", &[stage])).await;
    let mut terms: NewPolicy = policy(&[id]);
    terms.occasions = vec![plan(Occasion::Once)];
    terms.holdout = Some("50".into());
    let seen = ctx.run(policies::create, terms).await.unwrap();
    let version = seen.items[0].id;
    let (mut exposures, mut grants) = (Vec::new(), Vec::new());
    for who in 0..count {
        let is_ghost = who >= count / 2;
        let exposure: Id<()> = ctx.id();
        exposures.push(vec![
            exposure.to_value(),
            party(who).to_value(),
            version.to_value(),
            id.to_value(),
            kind.to_value(),
            "once".to_value(),
            if is_ghost { "holdout" } else { "treated" }.to_value(),
            is_ghost.to_value(),
            stage.to_value(),
            at("2025-02-01").to_value(),
            at("2025-02-01").to_value(),
            (!is_ghost).then(|| at("2025-02-02")).to_value(),
        ]);
        if !is_ghost {
            grants.push(vec![
                ctx.id::<()>().to_value(),
                exposure.to_value(),
                party(who).to_value(),
                version.to_value(),
                id.to_value(),
                kind.to_value(),
                "offered".to_value(),
                day("2025-02-01").to_value(),
                day("2025-03-01").to_value(),
                ctx.now().to_value(),
            ]);
        }
    }
    put(
        ctx,
        "INSERT INTO exposures (id, party_id, policy_version_id, treatment_id, kind, occasion, arm, is_ghost, stage, assigned_at, due_at,
           delivered_at) VALUES ",
        exposures,
    )
    .await;
    put(
        ctx,
        "INSERT INTO grants (id, exposure_id, party_id, policy_version_id, treatment_id, kind, state, valid_from_on, valid_to_on, created_at)
         VALUES ",
        grants,
    )
    .await;
    id.0
}

/// A hundred and twenty loyal customers on the first of January 2026. Of those who got the discount, half bought on the twentieth of
/// February; of the others, each sixth. The first of them came in May once more.
async fn loyal() -> (Ctx, Uuid) {
    let first = Sale::priced(day("2024-01-10"), &[(1, 500)]);
    let customers: Vec<Vec<Sale>> = (0..120)
        .map(|who| {
            let mut sales = vec![first.clone()];
            let bought = if who < 60 { who % 2 == 0 } else { who % 6 == 0 };
            if bought {
                sales.push(Sale::priced(day("2025-02-20"), &[(1, 1_000), (2, 500)]));
            }
            if who == 0 {
                sales.push(Sale::priced(day("2025-05-20"), &[(3, 700)]));
            }
            sales
        })
        .collect();
    let ctx = shop(&customers, day("2026-01-01")).await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE parties SET first_purchase_on = '2024-01-10'")).await.unwrap();
    for (number, category) in [(1, "قهوه"), (2, "ابزار")] {
        tx.run(sql("UPDATE products SET category = $1 WHERE id = $2").bind(category).bind(product(number))).await.unwrap();
    }
    tx.commit().await.unwrap();
    in_stage(&ctx, Stage::Loyal, 120).await;
    let treatment = half_of(&ctx, TreatmentKind::Discount, Stage::Loyal, 120).await;
    (ctx, treatment)
}

#[tokio::test]
async fn what_came_after_a_treatment_stands_beside_what_came_of_it() {
    let (ctx, treatment) = loyal().await;
    let found = ctx.run(cem, IndicatorsOf::default()).await.unwrap();
    assert_eq!((found.from, found.until, found.customers, found.left), (day("2025-01-01"), day("2025-12-31"), 120, 1));
    assert_eq!((found.repeats.repeated, found.repeats.repeats, found.amounts.minor), (40, 41, 40 * 1_500 + 700));
    assert_eq!((found.repeats.weekdays[3], found.hours), (40, None), "a Thursday; files without times say nothing of hours");
    assert_eq!(found.amounts.before_minor, Some(0), "as many days before, nobody came");

    let of = &found.treatments[0];
    assert_eq!((found.treatments.len(), of.id, of.name.as_str(), of.is_protocol), (1, treatment, "ده درصد", false));
    assert_eq!((of.after.reached, of.after.events, of.after.minor, of.after.cut), (60, 30, 45_000, 0));
    let because = &of.because;
    assert_eq!((because.claim, because.treated, because.control, because.days), (Claim::More, 60, 60, 90));
    assert!((because.added.unwrap().value - (0.5 - 1.0 / 6.0)).abs() < 1e-9, "{because:?}");
    assert!((because.amount.unwrap().value - 500.0).abs() < 1e-6);
    assert_eq!((because.delivered, because.benefit), (Some(1.0), None), "nobody said what part of a price the goods are");
    // The treatment costs 12,000,000 minor units to each of 60, of whom a third came because of it.
    assert!((because.cost_each.unwrap().value - 36_000_000.0).abs() < 1.0);

    let kinds = &found.kinds;
    assert_eq!(kinds.repeats, [40, 1, 0, 0, 0]);
    let row = |name: Option<&str>| kinds.rows.iter().find(|row| row.category.as_deref() == name).unwrap();
    assert_eq!((row(Some("قهوه")).with[0], row(Some("ابزار")).value[0], row(None).with[1]), (40, Some(1.0 / 3.0), 1));
    assert!((kinds.same.unwrap().value - 40.0 / 41.0).abs() < 1e-12, "coffee again, but for one");
}

#[tokio::test]
async fn behind_each_number_are_as_many_customers_as_it_counts() {
    let (ctx, treatment) = loyal().await;
    let list = async |cell: Cell, category: Option<&str>| {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let input = Behind {
                cell,
                id: Some(treatment),
                category: category.map(str::to_owned),
                from: None,
                until: None,
                days: None,
                after,
                limit: Some(25),
            };
            let page = ctx.run(behind, input).await.unwrap();
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    };
    for (cell, count) in [
        (Cell::All, 120),
        (Cell::Repeated, 40),
        (Cell::Missing, 80),
        (Cell::Reached, 60),
        (Cell::After, 30),
        (Cell::Treated, 60),
        (Cell::Control, 60),
    ] {
        let found = list(cell, None).await;
        assert_eq!(found.len(), count, "{cell:?}");
        let mut ids: Vec<_> = found.iter().map(|one| one.party_id).collect();
        ids.dedup();
        assert_eq!(ids.len(), count, "{cell:?}: each once");
    }
    let coffee = list(Cell::Category, Some("قهوه")).await;
    assert_eq!((coffee.len(), coffee[0].repeats, coffee[0].minor), (40, Some(1), Some(1_000)));
    let first = &list(Cell::Repeated, None).await[0];
    assert_eq!((first.no, first.repeats, first.minor), (1, Some(2), Some(2_200)));
    let without = Behind { cell: Cell::After, id: None, category: None, from: None, until: None, days: None, after: None, limit: None };
    assert!(matches!(ctx.run(behind, without).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn what_was_counted_is_told_for_an_hour_and_only_of_these_purchases() {
    let (ctx, _) = loyal().await;
    let later = |minutes: i64| Ctx { now: ctx.now().plus(minutes * 60_000), ..ctx.clone() };
    let one = ctx.run(cem, IndicatorsOf::default()).await.unwrap();
    let again = later(30).run(cem, IndicatorsOf::default()).await.unwrap();
    assert_eq!((again.made_at, &again.treatments[0].name), (one.made_at, &one.treatments[0].name));
    let anew = later(30).run(cem, IndicatorsOf { anew: true, ..IndicatorsOf::default() }).await.unwrap();
    assert_ne!(anew.made_at, one.made_at);
    assert_eq!(later(95).run(cem, IndicatorsOf::default()).await.unwrap().made_at, later(95).now(), "an hour later it is counted anew");
    crate::insight::shop::sell(&ctx, &[vec![Sale::on(day("2025-06-01"))]]).await;
    let more = later(96).run(cem, IndicatorsOf::default()).await.unwrap();
    assert_eq!((more.made_at, more.repeats.repeats), (later(96).now(), 42), "a purchase of these days was written down since");
    for (from, until) in [("2025-12-30", "2025-12-31"), ("2020-01-01", "2025-12-31")] {
        let input = IndicatorsOf { from: Some(day(from)), until: Some(day(until)), anew: false };
        assert!(ctx.run(cem, input).await.is_err(), "{from}");
    }
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    let agent = Ctx { now: ctx.now(), ..agent };
    assert_eq!(agent.run(cem, IndicatorsOf::default()).await.unwrap().customers, 0, "none of them is theirs");
}

#[tokio::test]
async fn what_was_given_back_is_no_purchase_and_respect_that_was_kept_reached_them() {
    let (ctx, _) = loyal().await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    let lines: Vec<(Id<()>, Id<()>, i64)> = tx
        .all(
            sql("SELECT id, purchase_id, amount_minor FROM purchase_lines WHERE party_id = $1 AND day = '2025-02-20' ORDER BY id")
                .bind(party(0)),
        )
        .await
        .unwrap();
    for (line, purchase, minor) in &lines {
        tx.run(
            sql("INSERT INTO purchase_lines (id, purchase_id, party_id, day, quantity, unit_price_minor, discount_minor, amount_minor, sign,
                   currency, refund_of) VALUES ($1, $2, $3, '2025-03-01', -1.0, 0, 0, $4, -1, 'IRR', $5)")
            .bind(ctx.id::<()>())
            .bind(*purchase)
            .bind(party(0))
            .bind(-minor)
            .bind(*line),
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let protocol: NewProtocol = serde_json::from_value(serde_json::json!({
        "name": "تماس پس از خرید", "begins": "by_hand", "stages": ["loyal"], "steps": [{"act": "follow_up_call", "due_hours": 10}]
    }))
    .unwrap();
    let protocol = ctx.run(protocols::create, protocol).await.unwrap();
    let mut tx = ctx.app.db.begin().await.unwrap();
    let (step,): (Id<()>,) = tx.one(sql("SELECT id FROM protocol_steps")).await.unwrap();
    // The first was called in time, the second a day too late.
    for (who, done) in [(0, "2025-05-10"), (1, "2025-05-12")] {
        tx.run(
            sql("INSERT INTO protocol_acts (id, party_id, step_id, occasion, act, started_at, due_at, done_at) VALUES ($1, $2, $3, 'x', 'follow_up_call', $4, $5, $6)")
                .bind(ctx.id::<()>())
                .bind(party(who))
                .bind(step)
                .bind(at("2025-05-09"))
                .bind(at("2025-05-11"))
                .bind(at(done)),
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let found = ctx.run(cem, IndicatorsOf::default()).await.unwrap();
    assert_eq!((found.repeats.repeats, found.amounts.minor), (40, 39 * 1_500 + 700), "one day was given back whole");
    let respect = found.treatments.iter().find(|one| one.is_protocol).unwrap();
    assert_eq!((respect.id, respect.name.as_str(), respect.kind), (protocol.id.0, "تماس پس از خرید", TreatmentKind::Respect));
    assert_eq!((respect.after.reached, respect.after.events, respect.after.minor), (1, 1, 700));
    assert_eq!((respect.because.claim, respect.because.added), (Claim::NoControl, None), "nobody was left without it");
}

#[tokio::test]
async fn introductions_are_counted_for_an_advocates_year_and_compared_where_chance_decided() {
    let mut customers: Vec<Vec<Sale>> = vec![vec![Sale::on(day("2024-01-10"))]; 160];
    // The friends buy in the year that counts.
    customers[80..].iter_mut().for_each(|friend| friend.push(Sale::priced(day("2025-03-10"), &[(1, 700)])));
    let ctx = shop(&customers, day("2026-01-01")).await;
    in_stage(&ctx, Stage::Advocate, 80).await;
    let treatment = half_of(&ctx, TreatmentKind::Gift, Stage::Advocate, 80).await;
    // Each second of those who got the gift brought somebody, of the others each tenth; the first one's friend is on the other side.
    let mut rows = Vec::new();
    for who in 0..80 {
        let brought = if who < 40 { who % 2 == 0 } else { who % 10 == 0 };
        if !brought {
            continue;
        }
        let friend = if who == 0 { party(45) } else { party(80 + who) };
        let confirmed = (who != 2).then(|| day("2025-04-10"));
        rows.push(vec![
            ctx.id::<()>().to_value(),
            party(who).to_value(),
            friend.to_value(),
            ReferralKind::Brand.to_value(),
            ReferralForm::WordOfMouth.to_value(),
            false.to_value(),
            true.to_value(),
            "referee".to_value(),
            if confirmed.is_some() { "confirmed" } else { "qualified" }.to_value(),
            30_i64.to_value(),
            90_i64.to_value(),
            8_i64.to_value(),
            at("2025-03-01").to_value(),
            day("2025-03-01").to_value(),
            day("2025-03-01").to_value(),
            Some(day("2025-03-05")).to_value(),
            confirmed.map(|_| day("2025-03-10")).to_value(),
            confirmed.to_value(),
            0_i64.to_value(),
            serde_json::json!([]).to_value(),
            false.to_value(),
            ctx.now().to_value(),
        ]);
    }
    put(
        &ctx,
        "INSERT INTO referrals (id, referrer_id, referee_id, kind, form, is_solicited, is_corroborated, source, state, register_days,
           buy_days, confirm_days, captured_at, captured_on, occurred_on, qualified_on, bought_on, confirmed_on, fraud_score, signs, is_refused,
           created_at) VALUES ",
        rows,
    )
    .await;
    let found = ctx.run(cam, IndicatorsOf::default()).await.unwrap();
    assert_eq!((found.customers, found.left), (80, 1));
    assert!((found.years - (79.0 * 365.0 + 181.0) / 365.25).abs() < 1e-9);
    assert!((found.per_year.unwrap().value - 24.0 / found.years).abs() < 1e-9);
    let kind = found.kinds[0];
    assert_eq!((found.kinds.len(), kind.captured, kind.qualified, kind.confirmed), (1, 24, 24, 23));
    let of = &found.treatments[0];
    assert_eq!((of.effect.id, of.effect.after.reached, of.effect.after.events, of.qualified, of.confirmed), (treatment, 40, 20, 20, 19));
    let because = &of.effect.because;
    assert_eq!((because.claim, because.treated, because.control, of.spilled), (Claim::More, 40, 40, 1));
    assert!((because.added.unwrap().value - (18.0 - 4.0) / 40.0).abs() < 1e-9, "without the one whose friend is on the other side");
    assert!(because.p.unwrap() < 0.01 && because.p_adjusted == because.p, "{because:?}");
    assert_eq!((because.best, found.pairs.len()), (None, 0), "there is no other one");
    let more = newcombe(Share { yes: 18, all: 40 }, Share { yes: 4, all: 40 }, 0.95).unwrap();
    assert_eq!(of.introducers, Some(more.into()));
    assert_eq!((of.worth, found.worth_per_year, found.worth_minor), (None, None, None), "nobody said what goods cost");

    // Of a friend's sale of 700 a fifth is left: half of what goods leave, for half of them would not have come anyway.
    let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
    ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
    ctx.run(assume, Assume { percent: "50".into(), words: "پرسیدیم".into() }).await.unwrap();
    let told = ctx.run(cam, IndicatorsOf::default()).await.unwrap();
    assert_eq!(told.worth_minor, None, "what was counted is told for an hour");
    let told = ctx.run(cam, IndicatorsOf { anew: true, ..IndicatorsOf::default() }).await.unwrap();
    assert_eq!(told.worth_minor, Some(22 * 140), "the friend on the other side bought before");
    assert!((told.worth_per_year.unwrap().value - 22.0 * 140.0 / told.years).abs() < 1e-6);
    assert!((told.treatments[0].worth.unwrap().value - 14.0 * 140.0 / 40.0).abs() < 1e-9);
}

#[test]
fn of_several_it_is_said_which_adds_the_most_and_by_how_much() {
    let effect = |id: u128, added: Option<(f64, f64)>, benefit: Option<(f64, f64)>| {
        let range = |(value, half): (f64, f64)| Range { value, low: value - half, high: value + half };
        let because = Because { added: added.map(range), benefit: benefit.map(range), ..silent(Claim::Unknown, &[], 90, Usual::default()) };
        super::effect(Cause::Treatment(Id::new(Uuid::from_u128(id))), TreatmentKind::Gift, Tally::default(), because)
    };
    let z = 1.959_963_984_540_054;
    let mut found = [effect(1, Some((0.0, z)), Some((5.0, z))), effect(2, Some((1.0, z)), Some((2.0, z))), effect(3, None, None)];
    let pairs = adjust(&mut found);
    let best = |id: u128| found.iter().find(|one| one.id == Uuid::from_u128(id)).unwrap().because.best;
    assert!((best(2).unwrap() - 0.760_249_938_9).abs() < 1e-9 && (best(1).unwrap() + best(2).unwrap() - 1.0).abs() < 1e-9);
    assert_eq!((best(3), pairs.len()), (None, 1), "of the third nothing may be said");
    let pair = pairs[0];
    assert_eq!((pair.one, pair.other), (Uuid::from_u128(2), Uuid::from_u128(1)));
    assert!((pair.added.value - 1.0).abs() < 1e-12 && (pair.added.high - 1.0 - z * 2.0_f64.sqrt()).abs() < 1e-9);
    assert!((pair.benefit.unwrap().value + 3.0).abs() < 1e-12, "what adds most does not leave most");
    assert!(adjust(&mut found[..1]).is_empty());
}
