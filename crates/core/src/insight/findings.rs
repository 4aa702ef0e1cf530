//! What is found out from the purchases of everybody, as a whole, by a job in the night and after many purchases came or
//! went. A finding knows from which purchases it comes, and is found anew only when they have changed.

use super::{cohorts, first_purchases, learning, needs, sources, trend};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::{Ctx, Day, Error, Instant, Result};
use data_encoding::HEXLOWER;
use peyvand_db::{Db, Id, Sql, Tx, Value, row, sql};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// Rows read after which it says so.
pub(super) const RENEW_ROWS: usize = 40_000;
/// Rows written or removed in one transaction: none holds others up for long.
const BATCH: usize = 2_000;
/// Batches after which the job says that it is still at work.
const RENEW_AFTER: usize = 20;
/// One job waits at a time.
const SINGLE: &str = "find_out";

/// Has everything found out anew soon.
///
/// # Errors
/// When the database refuses.
pub(super) async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::FindOut, SINGLE).await
}

/// The job.
///
/// # Errors
/// When the database is out of reach.
pub async fn find_out(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    match cohorts::find_out(ctx, job, stop).await? {
        Outcome::Done => {
            if jobs::keep(&ctx.app, job, stop, sources::find_out(ctx)).await?.transpose()?.is_none() {
                return Ok(Outcome::GoOn);
            }
            needs::find_out(ctx).await?;
            trend::find_out(ctx).await?;
            first_purchases::find_out(ctx).await?;
            learning::learn(ctx, job, stop).await
        }
        Outcome::GoOn => Ok(Outcome::GoOn),
    }
}

/// A finding as it is stored.
pub(crate) struct Found<T> {
    pub input_hash: String,
    pub edition: i64,
    pub found: T,
    pub made_at: Instant,
}

/// What was found last under a name, if anything.
pub(crate) async fn last<T: DeserializeOwned>(db: &Db, name: &str) -> Result<Option<Found<T>>> {
    let stored: Option<(String, i64, serde_json::Value, Instant)> =
        db.maybe(sql("SELECT input_hash, edition, found, made_at FROM findings WHERE name = $1").bind(name)).await?;
    let Some((input_hash, edition, found, made_at)) = stored else { return Ok(None) };
    Ok(Some(Found { input_hash, edition, found: serde_json::from_value(found).map_err(Error::fault)?, made_at }))
}

/// Puts a finding in the place of the last one.
pub(crate) async fn put<T: Serialize>(ctx: &Ctx, name: &str, input_hash: &str, edition: i64, found: &T) -> Result<()> {
    let found = serde_json::to_value(found).map_err(Error::fault)?;
    let mut tx = ctx.app.db.begin().await?;
    tx.run(
        sql("INSERT INTO findings (name, input_hash, edition, found, made_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET input_hash = excluded.input_hash, edition = excluded.edition, found = excluded.found,
               made_at = excluded.made_at")
        .bind(name)
        .bind(input_hash)
        .bind(edition)
        .bind(found)
        .bind(ctx.now()),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// A table with the rows of a finding, each of the edition it belongs to: readers keep to the edition that the finding names,
/// so that the next one is written beside it.
pub(super) struct Editions {
    /// Inserts rows; ends with `VALUES `.
    pub insert: &'static str,
    /// Removes rows of all editions but `$1`, `$2` at most.
    pub forget: fn() -> Sql,
}

impl Editions {
    /// Writes rows of an edition that nobody reads yet. When the program stops meanwhile, [`Editions::forget`] removes them
    /// the next time.
    pub(super) async fn put(&self, ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>, rows: Vec<Vec<Value>>) -> Result<Outcome> {
        for (batches, batch) in rows.chunks(BATCH).enumerate() {
            if *stop.borrow() {
                return Ok(Outcome::GoOn);
            }
            let mut tx = ctx.app.db.begin().await?;
            for statement in Sql::inserts(self.insert, batch.to_vec(), "") {
                tx.run(statement).await?;
            }
            tx.commit().await?;
            if (batches + 1) % RENEW_AFTER == 0 {
                jobs::renew(&ctx.app, job).await?;
            }
        }
        Ok(Outcome::Done)
    }

    /// Removes the rows of all editions but one.
    pub(super) async fn forget(&self, ctx: &Ctx, job: Id<QueuedJob>, edition: i64) -> Result<()> {
        loop {
            let mut tx = ctx.app.db.begin().await?;
            let gone = tx.run((self.forget)().bind(edition).bind(BATCH as i64)).await?;
            tx.commit().await?;
            if gone < BATCH as u64 {
                return Ok(());
            }
            jobs::renew(&ctx.app, job).await?;
        }
    }
}

row! {
    /// Sums of a day, which every write of purchases keeps.
    struct DaySums {
        day: Day,
        currency: String,
        is_known: bool,
        lines_up: i64,
        lines_down: i64,
        lines_zero: i64,
        up_minor: i64,
        down_minor: i64,
    }
}

/// SHA-256 of the sums of all days until one, in hexadecimal: the same purchases have the same. `way` is what else the
/// finding depends on.
pub(crate) async fn fingerprint(db: &Db, way: &str, until: Day) -> Result<String> {
    let query = Sql::select::<DaySums>("FROM purchase_days WHERE day <= $1 ORDER BY day, currency, is_known").bind(until);
    let days: Vec<DaySums> = db.all(query).await?;
    let mut sum = Sha256::new();
    sum.update(way);
    for one in &days {
        let DaySums { day, currency, is_known, lines_up, lines_down, lines_zero, up_minor, down_minor } = one;
        sum.update(format!("|{day} {currency} {is_known} {lines_up} {lines_down} {lines_zero} {up_minor} {down_minor}"));
    }
    Ok(HEXLOWER.encode(&sum.finalize()))
}
