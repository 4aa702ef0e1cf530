//! The numbers of all customers, worked out anew from everything that they are taken from.

use crate::Place;
use crate::client::{Connection, Request};
use crate::generate::{Outcome, api_token};
use crate::measure::measure;
use crate::server::Server;
use crate::shop::Shop;
use peyvand_db::{Db, sql};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// Between two looks at the queue.
const LOOK: Duration = Duration::from_millis(50);
/// Longest wait for the queue; a rebuild that takes longer is broken.
const WAIT: Duration = Duration::from_secs(1_800);

/// Starts the program and waits until it has worked off what a new database or an import leaves to be done, so that what
/// is measured next is not measured beside it.
///
/// # Errors
/// When the program does not start or does not come to rest.
pub async fn settle(binary: &Path, place: &Place) -> Outcome<()> {
    let server = Server::start(binary, place).await?;
    let db = place.open().await?;
    rest(&db).await?;
    db.close().await;
    server.stop().await
}

/// Facts, scores and models of everybody, worked out anew by the program that serves.
///
/// # Errors
/// When a job does not end.
pub async fn rebuild(binary: &Path, place: &Place, shop: &Shop, results: &mut Vec<Value>) -> Outcome<()> {
    let server = Server::start(binary, place).await?;
    let db = place.open().await?;
    rest(&db).await?;
    // Models are fitted only where purchases have changed since the last ones.
    empty(&db, &["DELETE FROM party_scores", "DELETE FROM fits"]).await?;
    let token = api_token(shop.seed, 0);
    let mut all = 0.0;
    for (what, path, job) in
        [("facts", "/api/v1/facts/rebuild", "rebuild_facts"), ("scores and models", "/api/v1/insight/refresh", "refresh_scores")]
    {
        // What follows from the one before is not part of this.
        rest(&db).await?;
        let took = work(&server, &db, &token, path, job).await?;
        eprintln!("rebuild of {what}: {took:.1} s");
        results.push(measure("rebuild", what, "s", took, None, false));
        all += took;
    }
    results.push(measure("rebuild", "facts, scores and models", "s", all, Some(120.0), false));
    let (_, most) = server.memory()?;
    results.push(measure("rebuild", "most memory, resident", "MB", most as f64 / 1e6, Some(1_000.0), false));
    eprintln!("rebuild: most {:.0} MB", most as f64 / 1e6);
    db.close().await;
    server.stop().await
}

async fn empty(db: &Db, tables: &[&'static str]) -> Outcome<()> {
    let mut tx = db.begin().await?;
    for table in tables {
        tx.run(sql(table)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The ways of all customers through the gates, from nothing stored, by the program that serves.
///
/// # Errors
/// When the job does not end.
pub async fn replay(binary: &Path, place: &Place, shop: &Shop, results: &mut Vec<Value>) -> Outcome<()> {
    let server = Server::start(binary, place).await?;
    let db = place.open().await?;
    rest(&db).await?;
    let ways = ["DELETE FROM stage_memberships", "DELETE FROM stage_outlooks", "DELETE FROM stage_flows", "DELETE FROM stage_transitions"];
    empty(&db, &ways).await?;
    let took = work(&server, &db, &api_token(shop.seed, 0), WAYS.0, WAYS.1).await?;
    eprintln!("ways of all customers: {took:.1} s");
    results.push(measure("lifecycle", "ways of all customers, from nothing", "s", took, Some(120.0), false));
    let (_, most) = server.memory()?;
    results.push(measure("lifecycle", "most memory, resident", "MB", most as f64 / 1e6, Some(1_000.0), false));
    db.close().await;
    server.stop().await
}

/// The walk of all customers through the gates: where it is asked for, and its job.
const WAYS: (&str, &str) = ("/api/v1/lifecycle/replay", "replay_lifecycle");

/// Walks the ways of all customers, where nobody has walked any.
///
/// # Errors
/// When the program does not start or the job does not end.
pub async fn ways(binary: &Path, place: &Place, shop: &Shop) -> Outcome<()> {
    let db = place.open().await?;
    let (walked,): (i64,) = db.one(sql("SELECT count(*) FROM (SELECT 1 FROM stage_memberships LIMIT 1) s")).await?;
    if walked == 0 {
        let server = Server::start(binary, place).await?;
        work(&server, &db, &api_token(shop.seed, 0), WAYS.0, WAYS.1).await?;
        server.stop().await?;
    }
    db.close().await;
    Ok(())
}

/// Asks for a job and waits until it is done; how many seconds it took.
async fn work(server: &Server, db: &Db, token: &str, path: &str, job: &str) -> Outcome<f64> {
    let begun = Instant::now();
    let answer = Connection::new(server.host).ask(&Request::api(path, token).json(&json!({}))).await?;
    if answer.status != 200 {
        return Err(format!("{path} answered {}", answer.status).into());
    }
    done(db, job).await?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Waits until nothing has been due for a while: the program looks every two seconds for what is.
///
/// # Errors
/// When it does not come to rest.
pub async fn rest(db: &Db) -> Outcome<()> {
    let (begun, mut quiet) = (Instant::now(), Instant::now());
    while quiet.elapsed() < Duration::from_secs(3) {
        pause(begun).await?;
        let now = jiff::Timestamp::now().as_millisecond();
        let due = "SELECT (SELECT count(*) FROM jobs WHERE state = 'running' OR state = 'ready' AND due_at <= $1), (SELECT count(*) FROM (SELECT 1 FROM parties WHERE rhythm_due LIMIT 1) s)";
        let (jobs, late): (i64, i64) = db.one(sql(due).bind(now)).await?;
        if jobs + late > 0 {
            quiet = Instant::now();
        }
    }
    Ok(())
}

/// Waits until no job of this name is left.
async fn done(db: &Db, name: &str) -> Outcome<()> {
    let begun = Instant::now();
    loop {
        pause(begun).await?;
        let left = "SELECT count(*) FROM jobs WHERE name = $1 AND state IN ('ready', 'running')";
        let (left,): (i64,) = db.one(sql(left).bind(name)).await?;
        if left == 0 {
            return Ok(());
        }
    }
}

async fn pause(begun: Instant) -> Outcome<()> {
    if begun.elapsed() > WAIT {
        return Err("the jobs do not end".into());
    }
    tokio::time::sleep(LOOK).await;
    Ok(())
}
