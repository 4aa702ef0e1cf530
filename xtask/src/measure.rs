//! The early measurements behind docs/adr/0007: can the seam carry what is planned for it? On invented rows, on SQLite
//! in a temporary folder or on the PostgreSQL server that PEYVAND_TEST_DB names.

use crate::{Findings, Outcome};
use futures_util::StreamExt;
use peyvand_core::platform::schema::MIGRATIONS;
use peyvand_db::{Db, Engine, Id, Options, Result, Sql, ToValue, Value, migrate, sql, testing};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Lines of the scan.
const LINES: u64 = 1_000_000;
/// Customers of the segment.
const PARTIES: u64 = 200_000;
/// Writers and seconds of the contest.
const WRITERS: u64 = 8;
const CONTEST: Duration = Duration::from_secs(60);
/// Rows of one transaction while filling.
const BATCH: u64 = 10_000;
/// 2023-01-01, in days and in milliseconds.
const FIRST_DAY: i64 = 19_358;
const DAY_MS: i64 = 86_400_000;

/// Runs one of them: `scan`, `contest`, `segment`. With the name of a file SQLite's database is made there and stays.
pub async fn run(which: &str, keep: Option<&str>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let db = if std::env::var_os("PEYVAND_TEST_DB").is_some() {
        testing::fresh(MIGRATIONS).await?
    } else {
        let file = keep.map_or_else(|| folder.path().join("measure.db"), PathBuf::from);
        let db = Db::open(&format!("sqlite:{}", file.display()), &Options::default()).await?;
        migrate(&db, MIGRATIONS).await?;
        db
    };
    let mut findings = Findings::default();
    match which {
        "scan" => scan(&db, &mut findings).await?,
        "contest" => contest(&db, &mut findings).await?,
        "segment" => segment(&db, &mut findings).await?,
        _ => return Err("scan, contest or segment".into()),
    }
    db.close().await;
    Ok(findings)
}

/// Numbers that look random and are the same every time (SplitMix64).
fn mixed(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn below(seed: u64, bound: u64) -> i64 {
    i64::try_from(mixed(seed) % bound).unwrap_or(0)
}

fn id<T>(kind: u8, number: u64) -> Id<T> {
    let mut bytes = [0_u8; 16];
    bytes[0] = kind;
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Id::new(uuid::Uuid::from_bytes(bytes))
}

fn day(number: i64) -> String {
    // 28 days a month are days enough for a measurement.
    let (year, rest) = (2023 + number / 336, number % 336);
    format!("{year}-{:02}-{:02}", rest / 28 + 1, rest % 28 + 1)
}

async fn fill(db: &Db, head: &'static str, rows: u64, row: impl Fn(u64) -> Vec<Value>) -> Result<()> {
    for start in (0..rows).step_by(BATCH as usize) {
        let mut tx = db.begin().await?;
        for statement in Sql::inserts(head, (start..rows.min(start + BATCH)).map(&row).collect(), "") {
            tx.run(statement).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn parties(db: &Db, rows: u64) -> Result<()> {
    const CITIES: [&str; 8] = ["تهران", "مشهد", "اصفهان", "شیراز", "تبریز", "کرج", "قم", "اهواز"];
    const SOURCES: [&str; 4] = ["instagram", "recommendation", "website", "walk_in"];
    const HEAD: &str = "INSERT INTO parties (id, no, kind, role, name, name_key, gender, city, city_key, source, last_contact_at,
        first_purchase_on, last_purchase_on, purchases, spent_minor, next_follow_up_at, silent_from, rhythm_due, version,
        created_at, updated_at) VALUES ";
    fill(db, HEAD, rows, |n| {
        let city = CITIES[below(n ^ 1, 8).unsigned_abs() as usize];
        let name = format!("مشتری {:06}", mixed(n) % 900_000);
        let (bought, last) = (below(n ^ 2, 40), below(n ^ 3, 1000));
        let at = (FIRST_DAY + below(n ^ 4, 1000)) * DAY_MS;
        vec![
            id::<()>(1, n).to_value(),
            i64::try_from(n).unwrap_or(0).to_value(),
            if n % 5 == 0 { "organisation" } else { "person" }.to_value(),
            if n % 3 == 0 { "prospect" } else { "customer" }.to_value(),
            name.clone().to_value(),
            name.to_value(),
            if n % 2 == 0 { "female" } else { "male" }.to_value(),
            city.to_value(),
            city.to_value(),
            SOURCES[below(n ^ 5, 4).unsigned_abs() as usize].to_value(),
            at.to_value(),
            day(last / 2).to_value(),
            day(last).to_value(),
            bought.to_value(),
            (bought * below(n ^ 6, 90_000_000)).to_value(),
            (at + 90 * DAY_MS).to_value(),
            "".to_value(),
            false.to_value(),
            1_i64.to_value(),
            at.to_value(),
            at.to_value(),
        ]
    })
    .await
}

async fn purchases(db: &Db, rows: u64, parties: u64) -> Result<()> {
    const HEAD: &str = "INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at) VALUES ";
    fill(db, HEAD, rows, |n| {
        let days = below(n ^ 7, 1000);
        vec![
            id::<()>(2, n).to_value(),
            id::<()>(1, mixed(n) % parties).to_value(),
            ((FIRST_DAY + days) * DAY_MS).to_value(),
            day(days).to_value(),
            "IRR".to_value(),
            below(n ^ 8, 900_000_000).to_value(),
            0_i64.to_value(),
            1_i64.to_value(),
            ((FIRST_DAY + days) * DAY_MS).to_value(),
        ]
    })
    .await
}

async fn lines(db: &Db, rows: u64, parties: u64, purchases: u64) -> Result<()> {
    const HEAD: &str = "INSERT INTO purchase_lines (id, purchase_id, party_id, product_id, day, quantity, unit_price_minor, discount_minor,
        amount_minor, currency) VALUES ";
    fill(db, HEAD, rows, |n| {
        let (quantity, price) = (1 + below(n ^ 9, 5), below(n ^ 10, 90_000_000));
        let purchase = n % purchases;
        vec![
            id::<()>(3, n).to_value(),
            id::<()>(2, purchase).to_value(),
            id::<()>(1, mixed(purchase) % parties).to_value(),
            id::<()>(4, mixed(n ^ 11) % 500).to_value(),
            day(below(purchase ^ 7, 1000)).to_value(),
            (quantity as f64).to_value(),
            price.to_value(),
            0_i64.to_value(),
            (quantity * price).to_value(),
            "IRR".to_value(),
        ]
    })
    .await
}

async fn interactions(db: &Db, rows: u64, parties: u64) -> Result<()> {
    const CHANNELS: [&str; 4] = ["phone", "visit", "email", "instagram"];
    const HEAD: &str = "INSERT INTO interactions (id, party_id, at, channel, direction, reason, result, created_at) VALUES ";
    fill(db, HEAD, rows, |n| {
        let at = (FIRST_DAY + below(n ^ 12, 1000)) * DAY_MS;
        vec![
            id::<()>(5, n).to_value(),
            id::<()>(1, mixed(n ^ 13) % parties).to_value(),
            at.to_value(),
            CHANNELS[below(n ^ 14, 4).unsigned_abs() as usize].to_value(),
            if n % 3 == 0 { "in" } else { "out" }.to_value(),
            if n % 7 == 0 { "complaint" } else { "question" }.to_value(),
            "answered".to_value(),
            at.to_value(),
        ]
    })
    .await
}

type Noted = std::result::Result<(), Box<dyn std::error::Error>>;

/// A million order lines read row by row, and their sums by customer.
async fn scan(db: &Db, findings: &mut Findings) -> Noted {
    let began = Instant::now();
    parties(db, 20_000).await?;
    purchases(db, 250_000, 20_000).await?;
    lines(db, LINES, 20_000, 250_000).await?;
    db.analyze().await?;
    findings.note(format!("{:?}: filled {LINES} lines in {:.1} s", db.engine(), began.elapsed().as_secs_f64()));
    let mut raw = Vec::new();
    let mut sums = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let mut total = 0_i64;
        let mut rows = std::pin::pin!(db.each::<(Id<()>, String, f64, i64)>(sql(
            "SELECT party_id, day, quantity, amount_minor FROM purchase_lines WHERE party_id IS NOT NULL"
        )));
        while let Some(row) = rows.next().await {
            total += row?.3;
        }
        raw.push(began.elapsed());
        assert!(total > 0, "the lines have amounts");
        let began = Instant::now();
        let sum: Vec<(Id<()>, i64, String, i64)> = db
            .all(sql("SELECT party_id, CAST(COUNT(*) AS BIGINT), MAX(day), CAST(SUM(amount_minor) AS BIGINT) FROM purchase_lines
                      WHERE party_id IS NOT NULL GROUP BY party_id"))
            .await?;
        sums.push(began.elapsed());
        assert!(!sum.is_empty(), "the lines have customers");
    }
    findings.note(format!("{:?}: {LINES} rows of four columns, one by one: {}", db.engine(), middle(&mut raw)));
    findings.note(format!("{:?}: count, last day and sum by customer: {}", db.engine(), middle(&mut sums)));
    Ok(())
}

/// Eight writers, each logging interactions as fast as it may, beside four readers of lists.
async fn contest(db: &Db, findings: &mut Findings) -> Noted {
    parties(db, 50_000).await?;
    interactions(db, 100_000, 50_000).await?;
    db.analyze().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let number = Arc::new(AtomicU64::new(1_000_000));
    let mut writers = tokio::task::JoinSet::new();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let (db, stop, number) = (db.clone(), stop.clone(), number.clone());
        writers.spawn(async move {
            let (mut took, mut failed) = (Vec::new(), 0_u64);
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                match log(&db, number.fetch_add(1, Ordering::Relaxed)).await {
                    Ok(()) => took.push(began.elapsed()),
                    Err(_) => failed += 1,
                }
                // Somebody types; without a pause the queue only measures its own length.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            (took, failed)
        });
    }
    for reader in 0..4_u64 {
        let (db, stop) = (db.clone(), stop.clone());
        readers.spawn(async move {
            let (mut took, mut failed, mut turn) = (Vec::new(), 0_u64, reader);
            while !stop.load(Ordering::Relaxed) {
                turn += 1;
                let began = Instant::now();
                let page: Result<Vec<(Id<()>, String)>> = db
                    .all(
                        sql("SELECT p.id, p.name FROM parties p WHERE p.name_key > $1 ORDER BY p.name_key, p.id LIMIT 50")
                            .bind(format!("مشتری {:06}", mixed(turn) % 900_000)),
                    )
                    .await;
                match page {
                    Ok(_) => took.push(began.elapsed()),
                    Err(_) => failed += 1,
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            (took, failed)
        });
    }
    tokio::time::sleep(CONTEST).await;
    stop.store(true, Ordering::Relaxed);
    for (what, mut tasks) in [("writes", writers), ("reads", readers)] {
        let (mut took, mut failed) = (Vec::new(), 0);
        while let Some(done) = tasks.join_next().await {
            let (durations, failures) = done?;
            took.extend(durations);
            failed += failures;
        }
        took.sort();
        let at = |part: f64| took.get(((took.len() as f64 - 1.0) * part) as usize).map_or(0.0, |took| took.as_secs_f64() * 1e3);
        findings.note(format!(
            "{:?}: {} {what} in {} s, {failed} failed; ms: median {:.1}, p95 {:.1}, p99 {:.1}, longest {:.1}",
            db.engine(),
            took.len(),
            CONTEST.as_secs(),
            at(0.5),
            at(0.95),
            at(0.99),
            at(1.0)
        ));
    }
    Ok(())
}

/// What logging an interaction writes: the row, the event, the customer's last contact.
async fn log(db: &Db, n: u64) -> Result<()> {
    let party = id::<()>(1, mixed(n) % 50_000);
    let at = (FIRST_DAY + 1000) * DAY_MS + i64::try_from(n).unwrap_or(0);
    let mut tx = db.begin().await?;
    tx.run(
        sql("INSERT INTO interactions (id, party_id, at, channel, direction, text, created_at) VALUES ($1, $2, $3, 'phone', 'in', $4, $3)")
            .bind(id::<()>(5, n))
            .bind(party)
            .bind(at)
            .bind("پرسید کی می‌رسد"),
    )
    .await?;
    tx.run(
        sql("INSERT INTO events (id, at, kind, door, party_id, data) VALUES ($1, $2, 'interaction.logged', 'web', $3, $4)")
            .bind(id::<()>(6, n))
            .bind(at)
            .bind(party)
            .bind(peyvand_db::serde_json::json!({})),
    )
    .await?;
    tx.run(sql("UPDATE parties SET last_contact_at = $1, version = version + 1 WHERE id = $2").bind(at).bind(party)).await?;
    tx.commit().await
}

/// A segment of twelve rules.
const SEGMENT: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM parties p
    WHERE p.kind = 'person' AND p.role = 'customer' AND p.gender = 'female'
      AND p.city_key IN ('تهران', 'کرج', 'قم') AND p.source <> 'website'
      AND p.purchases BETWEEN 3 AND 35 AND p.spent_minor > 100000000 AND p.last_purchase_on >= '2024-06-01'
      AND p.archived_at IS NULL
      AND EXISTS (SELECT 1 FROM purchases b WHERE b.party_id = p.id AND b.at >= $1)
      AND EXISTS (SELECT 1 FROM interactions i WHERE i.party_id = p.id AND i.at >= $2 AND i.channel = 'phone')
      AND NOT EXISTS (SELECT 1 FROM interactions c WHERE c.party_id = p.id AND c.at >= $2 AND c.reason = 'complaint')";

async fn segment(db: &Db, findings: &mut Findings) -> Noted {
    parties(db, PARTIES).await?;
    purchases(db, PARTIES * 4, PARTIES).await?;
    interactions(db, PARTIES * 4, PARTIES).await?;
    db.analyze().await?;
    let statement = || sql(SEGMENT).bind((FIRST_DAY + 500) * DAY_MS).bind((FIRST_DAY + 400) * DAY_MS);
    let mut took = Vec::new();
    let mut found = 0;
    for _ in 0..9 {
        let began = Instant::now();
        (found,) = db.one::<(i64,)>(statement()).await?;
        took.push(began.elapsed());
    }
    findings.note(format!("{:?}: twelve rules over {PARTIES} customers find {found}: {}", db.engine(), middle(&mut took)));
    let plan: Vec<String> = match db.engine() {
        Engine::Sqlite => {
            let rows: Vec<(i64, i64, i64, String)> = db.all(statement().explain(Engine::Sqlite)).await?;
            rows.into_iter().map(|(.., text)| text).collect()
        }
        Engine::Postgres => {
            let rows: Vec<(String,)> = db.all(statement().explain(Engine::Postgres)).await?;
            rows.into_iter().map(|(text,)| text).collect()
        }
    };
    plan.into_iter().for_each(|line| findings.note(line));
    Ok(())
}

fn middle(took: &mut [Duration]) -> String {
    took.sort();
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    format!("median {:.0} ms of {} (from {:.0} to {:.0})", ms(took[took.len() / 2]), took.len(), ms(took[0]), ms(took[took.len() - 1]))
}
