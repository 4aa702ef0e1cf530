//! How soon what happens to customers is seen in their facts, in the segments and in their stage, while much happens.

use crate::Place;
use crate::client::{Connection, Request};
use crate::generate::{Outcome, api_token};
use crate::load::Round;
use crate::measure::measure;
use crate::shop::{Draw, Shop, stream};
use peyvand_db::{Db, sql};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What happens in a second, in all.
const EVENTS: u64 = 200;
/// Clients who make it happen; each keeps its own time, so that a slow answer makes nobody else late.
const CLIENTS: u64 = 20;
/// Customers in a second who are looked after until it is seen.
const WATCHED: u64 = 2;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(25);
/// Longer is never.
const NEVER: Duration = Duration::from_secs(120);
/// Segments that follow.
const SEGMENTS: usize = 20;

/// Two hundred purchases and contacts a second, and how long after it was sent a purchase stands in the facts of its
/// customer, has brought them into a segment and, of somebody new, to the next stage.
///
/// # Errors
/// When the program does not do what it is asked for.
pub async fn follow(host: SocketAddr, place: &Place, shop: Shop, time: Duration, results: &mut Vec<Value>) -> Outcome<()> {
    let db = place.open().await?;
    let token = api_token(shop.seed, 0);
    let mut connection = Connection::new(host);
    let mut segments = Vec::new();
    for (at, rule) in rules().into_iter().enumerate() {
        let body = json!({"name": format!("bench {at}"), "rule": rule, "is_shared": true});
        let answer = connection.ask(&Request::api("/api/v1/segments", &token).json(&body)).await?;
        let id = answer.json()?["id"]
            .as_str()
            .map(str::parse::<Uuid>)
            .ok_or_else(|| format!("a segment was refused: {} {}", answer.status, String::from_utf8_lossy(&answer.body)))??;
        segments.push(id);
    }
    built(&db).await?;
    let begun = Instant::now();
    let until = begun + time;
    let mut others = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        others.spawn(keep_going(host, shop, client, begun, until));
    }
    let mut watched = tokio::task::JoinSet::new();
    let mut new = tokio::task::JoinSet::new();
    let mut draw =
        Draw::new(shop.seed, stream::LOAD + 200, begun.elapsed().as_nanos() as u64 + jiff::Timestamp::now().as_millisecond() as u64);
    for tick in 0..time.as_secs() * WATCHED {
        tokio::time::sleep_until((begun + Duration::from_millis(tick * 1_000 / WATCHED)).into()).await;
        let party = shop.party(1 + draw.below(shop.size.parties));
        watched.spawn(watch(host, db.clone(), token.clone(), party, segments[0]));
        new.spawn(watch_stage(host, db.clone(), token.clone(), format!("bench {tick} {}", draw.below(1_000_000))));
    }
    let mut seen = Round { took: time, ..Round::default() };
    let mut facts = seen.clone();
    while let Some(outcome) = watched.join_next().await {
        match outcome? {
            Ok(Some((in_facts, in_segment))) => {
                facts.times.push(in_facts);
                seen.times.push(in_segment);
            }
            Ok(None) => {}
            Err(error) => {
                seen.errors += 1;
                seen.error.get_or_insert(error);
            }
        }
    }
    let mut stages = Round { took: time, ..Round::default() };
    while let Some(outcome) = new.join_next().await {
        match outcome? {
            Ok(took) => stages.times.push(took),
            Err(error) => {
                stages.errors += 1;
                stages.error.get_or_insert(error);
            }
        }
    }
    for round in [&mut seen, &mut facts, &mut stages] {
        round.times.sort_unstable();
    }
    let mut happened = 0;
    for (count, error) in others.join_all().await {
        happened += count;
        if let Some(error) = error {
            seen.errors += 1;
            seen.error.get_or_insert(error);
        }
    }
    let pace = happened as f64 / begun.elapsed().min(time).as_secs_f64();
    let rounds = [
        ("a purchase in the facts of its customer", &facts),
        ("a purchase in a segment", &seen),
        ("a first purchase in the stage", &stages),
    ];
    for (name, round) in rounds {
        let name = format!("{name}, beside {EVENTS} events/s and {SEGMENTS} segments");
        let mut result = measure("follow", &name, "s p95", round.percentile(95.0) / 1_000.0, Some(5.0), false);
        result["watched"] = round.json();
        result["events_per_second"] = json!(pace);
        if round.errors > 0 || pace < EVENTS as f64 * 0.95 {
            result["met"] = json!(false);
        }
        results.push(result);
        eprintln!(
            "follow: {name}: p50 {:.3} p95 {:.3} max {:.3} s, {} watched, {pace:.0} events/s, {} errors{}",
            round.percentile(50.0) / 1_000.0,
            round.percentile(95.0) / 1_000.0,
            round.percentile(100.0) / 1_000.0,
            round.times.len(),
            round.errors,
            round.error.as_ref().map_or_else(String::new, |error| format!(": {error}")),
        );
    }
    for segment in segments {
        let archive = Request { method: Some("DELETE"), ..Request::api(format!("/api/v1/segments/{segment}"), &token) };
        connection.ask(&archive).await?;
    }
    db.close().await;
    Ok(())
}

/// The first one takes in whoever buys today; the others are of the kind that shops have.
fn rules() -> Vec<Value> {
    let mut rules = vec![json!({"did": {"what": "purchase", "days": {"last": 1}}})];
    let cities = ["تهران", "مشهد", "اصفهان", "شیراز", "یزد", "تبریز"];
    for at in 1..SEGMENTS {
        let city = json!({"field": {"field": "city", "is": {"one_of": [cities[at % cities.len()]]}}});
        let more = match at % 4 {
            0 => json!({"did": {"what": "purchase", "at_least": 2 + at / 4, "days": {"last": 180}}}),
            1 => json!({"not": {"did": {"what": "interaction", "days": {"last": 30 + 10 * at}}}}),
            2 => json!({"field": {"field": "spent", "is": {"money": {"at_least": format!("{}0000000", at)}}}}),
            _ => json!({"field": {"field": "last_purchase", "is": {"days": {"earlier": 60 + 20 * at}}}}),
        };
        rules.push(json!({"all": [city, more]}));
    }
    rules
}

/// Waits until no segment waits to be built.
async fn built(db: &Db) -> Outcome<()> {
    let begun = Instant::now();
    loop {
        let left = "SELECT count(*) FROM segments WHERE archived_at IS NULL AND (due > 0 OR built_at = 0)";
        let (left,): (i64,) = db.one(sql(left)).await?;
        if left == 0 {
            return Ok(());
        }
        if begun.elapsed() > 5 * NEVER {
            return Err("segments are not built".into());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Purchases and contacts of one client in turn, each at its time; how many there were, and what went wrong.
async fn keep_going(host: SocketAddr, shop: Shop, client: u64, begun: Instant, until: Instant) -> (u64, Option<String>) {
    let token = api_token(shop.seed, 0);
    let mut draw = Draw::new(shop.seed, stream::LOAD + 300, client);
    let mut connection = Connection::new(host);
    let between = Duration::from_micros(1_000_000 * CLIENTS / EVENTS);
    let mut due = begun + between / CLIENTS as u32 * client as u32;
    let (mut happened, mut error) = (0, None);
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        let party = shop.party(1 + draw.below(shop.size.parties));
        let request = if draw.percent(50) {
            purchase(&token, party)
        } else {
            let body = json!({"party_id": party, "channel": "phone", "direction": "inbound", "result": "answered", "text": "پرسید."});
            Request::api("/api/v1/interactions", &token).json(&body)
        };
        match connection.ask(&request).await {
            Ok(answer) if answer.status == 200 => happened += 1,
            Ok(answer) => error = Some(format!("{}: {} {}", request.path, answer.status, String::from_utf8_lossy(&answer.body))),
            Err(problem) => error = Some(problem.to_string()),
        }
        due += between;
    }
    (happened, error)
}

fn purchase(token: &str, party: Uuid) -> Request {
    let body = json!({"party_id": party, "lines": [{"product": "K00001", "quantity": "1", "unit_price": "850000"}]});
    Request::api("/api/v1/purchases", token).json(&body)
}

/// A purchase of somebody who is not in the segment: when their facts show it, and when the segment does. `None` when
/// they had bought today already.
async fn watch(host: SocketAddr, db: Db, token: String, party: Uuid, segment: Uuid) -> Result<Option<(Duration, Duration)>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let look = async || -> Result<(i64, i64), String> {
        let text = "SELECT p.purchases, (SELECT count(*) FROM segment_members m WHERE m.party_id = p.id AND m.segment_id = $2) FROM parties p WHERE p.id = $1";
        db.one(sql(text).bind(party).bind(segment)).await.map_err(|error| told(&error))
    };
    let (before, is_in) = look().await?;
    if is_in > 0 {
        return Ok(None);
    }
    let sent = Instant::now();
    let answer = Connection::new(host).ask(&purchase(&token, party)).await.map_err(|error| told(&error))?;
    if answer.status != 200 {
        return Err(format!("a purchase was refused: {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
    }
    let mut in_facts = None;
    while sent.elapsed() < NEVER {
        let (purchases, is_in) = look().await?;
        if purchases > before {
            in_facts.get_or_insert(sent.elapsed());
        }
        if let (Some(in_facts), true) = (in_facts, is_in > 0) {
            return Ok(Some((in_facts, sent.elapsed())));
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(format!("a purchase was not seen in {} s", NEVER.as_secs()))
}

/// The first purchase of somebody new: when their stage shows it.
async fn watch_stage(host: SocketAddr, db: Db, token: String, name: String) -> Result<Duration, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let mut connection = Connection::new(host);
    let body = json!({"kind": "person", "name": name});
    let answer = connection.ask(&Request::api("/api/v1/parties", &token).json(&body)).await.map_err(|error| told(&error))?;
    let said = answer.json().map_err(|error| told(&error))?;
    let party = said["id"].as_str().and_then(|id| id.parse::<Uuid>().ok()).ok_or_else(|| format!("nobody was added: {said}"))?;
    let reach = async |stage: &'static str| -> Result<Duration, String> {
        let begun = Instant::now();
        while begun.elapsed() < NEVER {
            let text = "SELECT count(*) FROM stage_memberships WHERE party_id = $1 AND stage = $2 AND left_on IS NULL";
            let (is_there,): (i64,) = db.one(sql(text).bind(party).bind(stage)).await.map_err(|error| told(&error))?;
            if is_there > 0 {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("nobody became {stage} in {} s", NEVER.as_secs()))
    };
    reach("potential").await?;
    let sent = Instant::now();
    let answer = connection.ask(&purchase(&token, party)).await.map_err(|error| told(&error))?;
    if answer.status != 200 {
        return Err(format!("a purchase was refused: {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
    }
    reach("actual").await?;
    Ok(sent.elapsed())
}
