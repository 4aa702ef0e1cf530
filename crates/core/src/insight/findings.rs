//! What is found out from the purchases of everybody, as a whole, by a job in the night and after many purchases came or
//! went. A finding knows from which purchases it comes, and is found anew only when they have changed.

use super::{cohorts, first_purchases, learning, needs, sources, trend};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::{Ctx, Day, Error, Instant, Result};
use data_encoding::HEXLOWER;
use peyvand_db::{Db, Id, Sql, Tx, row, sql};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// Rows read after which it says so.
pub(super) const RENEW_ROWS: usize = 40_000;
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
pub(super) struct Found<T> {
    pub input_hash: String,
    pub edition: i64,
    pub found: T,
    pub made_at: Instant,
}

/// What was found last under a name, if anything.
pub(super) async fn last<T: DeserializeOwned>(db: &Db, name: &str) -> Result<Option<Found<T>>> {
    let stored: Option<(String, i64, serde_json::Value, Instant)> =
        db.maybe(sql("SELECT input_hash, edition, found, made_at FROM findings WHERE name = $1").bind(name)).await?;
    let Some((input_hash, edition, found, made_at)) = stored else { return Ok(None) };
    Ok(Some(Found { input_hash, edition, found: serde_json::from_value(found).map_err(Error::fault)?, made_at }))
}

/// Puts a finding in the place of the last one.
pub(super) async fn put<T: Serialize>(ctx: &Ctx, name: &str, input_hash: &str, edition: i64, found: &T) -> Result<()> {
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
pub(super) async fn fingerprint(db: &Db, way: &str, until: Day) -> Result<String> {
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
