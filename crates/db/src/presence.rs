//! Who works with a PostgreSQL database right now. A SQLite file has one program, which locks its data folder.

use crate::{Db, Pools, Result};
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// Number of the lock, one for each database: "peyvand" in ASCII.
const LOCK: i64 = 0x0070_6579_7661_6e64;
/// How often the connection that holds the lock is looked after. A server that was restarted has forgotten the lock.
const CARE: Duration = Duration::from_secs(10);

/// Ends the task that holds the lock, and with it the connection.
struct Keeper(AbortHandle);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Db {
    /// Takes part in the work on this database, together with others or `alone`, for as long as a handle on it lives.
    /// `None` when that cannot be: somebody is at work for who wants to be alone, somebody is alone for everybody else.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn join(self, alone: bool) -> Result<Option<Db>> {
        let Pools::Postgres(pool) = &self.pools else { return Ok(Some(self)) };
        let options = PgConnectOptions::clone(&pool.connect_options());
        let Some(connection) = take(&options, alone).await? else { return Ok(None) };
        let keeper = Keeper(tokio::spawn(keep(options, connection, alone)).abort_handle());
        let guard = Arc::new((keeper, self.guard.clone()));
        Ok(Some(self.with_guard(guard)))
    }
}

/// A connection of its own that holds the lock. In a transaction, so that a pooler in between leaves it to us alone; an
/// idle one without a snapshot holds up nothing.
async fn take(options: &PgConnectOptions, alone: bool) -> Result<Option<PgConnection>> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::raw_sql("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut connection).await?;
    let lock = if alone { "SELECT pg_try_advisory_xact_lock($1)" } else { "SELECT pg_try_advisory_xact_lock_shared($1)" };
    let taken: bool = sqlx::query_scalar(lock).persistent(false).bind(LOCK).fetch_one(&mut connection).await?;
    Ok(taken.then_some(connection))
}

async fn keep(options: PgConnectOptions, mut connection: PgConnection, alone: bool) {
    loop {
        tokio::time::sleep(CARE).await;
        if connection.ping().await.is_ok() {
            continue;
        }
        match take(&options, alone).await {
            Ok(Some(fresh)) => connection = fresh,
            Ok(None) => tracing::error!("the connection was lost, and meanwhile another process has the database for itself"),
            // The requests that fail say it too.
            Err(error) => tracing::warn!(%error, "the connection was lost"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Db, Options, testing};

    #[tokio::test]
    async fn who_wants_to_be_alone_waits_for_the_others_and_the_reverse() {
        let Some(url) = testing::fresh_url().await.unwrap() else { return };
        let open = async || Db::open(&url, &Options::default()).await.unwrap();
        let one = open().await.join(false).await.unwrap().unwrap();
        let other = open().await.join(false).await.unwrap().unwrap();
        assert!(open().await.join(true).await.unwrap().is_none());
        drop(one);
        assert!(open().await.join(true).await.unwrap().is_none());
        other.close().await;
        drop(other);
        let mut tries = 0;
        // The server notices within milliseconds that a connection is gone.
        let alone = loop {
            if let Some(alone) = open().await.join(true).await.unwrap() {
                break alone;
            }
            tries += 1;
            assert!(tries < 100);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        assert!(open().await.join(false).await.unwrap().is_none());
        drop(alone);
    }
}
