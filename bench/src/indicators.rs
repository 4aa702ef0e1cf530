//! The indicators of experience and advocacy, counted cold and told warm, with a policy that reached everybody who is loyal or an
//! advocate.

use crate::Place;
use crate::client::{Connection, Request};
use crate::generate::{Outcome, api_token};
use crate::insight;
use crate::measure::measure;
use crate::server::Server;
use crate::shop::Shop;
use peyvand_db::{Db, Sql, ToValue, sql};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use uuid::Uuid;

/// A day, in milliseconds.
const DAY: i64 = 86_400_000;
/// How long ago they were assigned, in days.
const AGO: i64 = 200;
/// Rounds of what is told warm.
const ROUNDS: usize = 20;

/// Gives all who are loyal or advocates a discount and leaves each fifth without it, once.
async fn treat(db: &Db) -> Outcome<i64> {
    let (known,): (i64,) = db.one(sql("SELECT count(*) FROM exposures")).await?;
    if known > 0 {
        return Ok(known);
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let (treatment, policy, version) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let mut tx = db.begin().await?;
    tx.run(
        sql("INSERT INTO treatments (id, kind, class, is_special, name_fa, name_ar, name_en, share, unit_cost_minor, stages, valid_days, used,
               created_at) VALUES ($1, 'discount', 'moral', $2, 'ده درصد', 'عشرة بالمئة', 'Ten per cent', 1000, 100000, $3, 30, 0, $4)")
            .bind(treatment)
            .bind(true)
            .bind(json!(["loyal", "advocate"]))
            .bind(now),
    )
    .await?;
    tx.run(sql("INSERT INTO policies (id, name, created_at) VALUES ($1, 'سنجش', $2)").bind(policy).bind(now)).await?;
    tx.run(
        sql("INSERT INTO policy_versions (id, policy_id, number, state, occasions, spent_minor, holdout, salt, is_price_test, created_at)
             VALUES ($1, $2, 1, 'retired', $3, 0, 1579, 'x', $4, $5)")
        .bind(version)
        .bind(policy)
        .bind(json!([]))
        .bind(false)
        .bind(now),
    )
    .await?;
    tx.commit().await?;
    advocates(db).await?;
    let members: Vec<(Uuid, String)> =
        db.all(sql("SELECT party_id, stage FROM stage_memberships WHERE left_on IS NULL AND stage IN ('loyal', 'advocate')")).await?;
    let at = now - AGO * DAY;
    for (batch, members) in members.chunks(5_000).enumerate() {
        let row = |(place, (party, stage)): (usize, &(Uuid, String))| {
            let is_ghost = (batch + place) % 5 == 0;
            vec![
                Uuid::now_v7().to_value(),
                party.to_value(),
                version.to_value(),
                treatment.to_value(),
                "discount".to_value(),
                "once".to_value(),
                if is_ghost { "holdout" } else { "treated" }.to_value(),
                is_ghost.to_value(),
                stage.to_value(),
                at.to_value(),
                at.to_value(),
                (!is_ghost).then_some(at + DAY).to_value(),
            ]
        };
        let mut tx = db.begin().await?;
        for statement in Sql::inserts(
            "INSERT INTO exposures (id, party_id, policy_version_id, treatment_id, kind, occasion, arm, is_ghost, stage, assigned_at, due_at,
               delivered_at) VALUES ",
            members.iter().enumerate().map(row).collect(),
            "",
        ) {
            tx.run(statement).await?;
        }
        tx.commit().await?;
    }
    Ok(members.len() as i64)
}

/// Makes each fiftieth customer an advocate all along, who introduced the next one half a year ago.
async fn advocates(db: &Db) -> Outcome<()> {
    let mut tx = db.begin().await?;
    tx.run(sql(
        "UPDATE stage_memberships SET stage = 'advocate' WHERE stage = 'loyal' AND party_id IN (SELECT id FROM parties WHERE no % 50 = 0)",
    ))
    .await?;
    let pairs: Vec<(Uuid, Uuid)> =
        tx.all(sql("SELECT p.id, n.id FROM parties p JOIN parties n ON n.no = p.no + 1 WHERE p.no % 50 = 0")).await?;
    let at = jiff::Timestamp::now().as_millisecond() - AGO / 2 * DAY;
    let day = jiff::Timestamp::from_millisecond(at)?.strftime("%F").to_string();
    let row = |(referrer, referee): &(Uuid, Uuid)| {
        let text = |text: &str| text.to_value();
        vec![
            Uuid::now_v7().to_value(),
            referrer.to_value(),
            referee.to_value(),
            text("product"),
            text("word_of_mouth"),
            false.to_value(),
            true.to_value(),
            text("staff"),
            text("confirmed"),
            90_i64.to_value(),
            180_i64.to_value(),
            14_i64.to_value(),
            at.to_value(),
            day.to_value(),
            day.to_value(),
            day.to_value(),
            day.to_value(),
            0_i64.to_value(),
            json!([]).to_value(),
            false.to_value(),
            at.to_value(),
        ]
    };
    for statement in Sql::inserts(
        "INSERT INTO referrals (id, referrer_id, referee_id, kind, form, is_solicited, is_corroborated, source, state, register_days,
           buy_days, confirm_days, captured_at, captured_on, occurred_on, qualified_on, confirmed_on, fraud_score, signs, is_refused,
           created_at) VALUES ",
        pairs.iter().map(row).collect(),
        "",
    ) {
        tx.run(statement).await?;
    }
    Ok(tx.commit().await?)
}

/// All ten, one after the other, as one reader asks for them: cold, then warm.
///
/// # Errors
/// When the program does not start or does not answer.
pub async fn indicators(binary: &Path, place: &Place, shop: &Shop, results: &mut Vec<Value>) -> Outcome<()> {
    insight::ways(binary, place, shop).await?;
    let db = place.open().await?;
    let reached = treat(&db).await?;
    // As the program does each night: the planner of PostgreSQL takes what was just written for an empty table otherwise.
    db.analyze().await?;
    if reached == 0 {
        return Err("nobody is loyal or an advocate: there is nothing to count".into());
    }
    let server = Server::start(binary, place).await?;
    insight::rest(&db).await?;
    db.close().await;
    let token = api_token(shop.seed, 0);
    let ask = async |paths: [&str; 2]| -> Outcome<f64> {
        let begun = Instant::now();
        for path in paths {
            let answer = Connection::new(server.host).ask(&Request::api(path, &token)).await?;
            if answer.status != 200 {
                return Err(format!("{path} answered {}", answer.status).into());
            }
        }
        Ok(begun.elapsed().as_secs_f64())
    };
    let cold = ask(["/api/v1/indicators/cem?anew=true", "/api/v1/indicators/cam"]).await?;
    let mut warm = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        warm.push(ask(["/api/v1/indicators/cem", "/api/v1/indicators/cam"]).await? * 1_000.0);
    }
    warm.sort_unstable_by(f64::total_cmp);
    let p95 = warm[ROUNDS * 95 / 100 - 1];
    eprintln!("indicators of {reached} customers: cold {cold:.2} s, warm {p95:.0} ms p95");
    results.push(measure("indicators", "all ten, cold", "s", cold, Some(2.0), false));
    results.push(measure("indicators", "all ten, warm", "ms p95", p95, Some(200.0), false));
    server.stop().await
}
