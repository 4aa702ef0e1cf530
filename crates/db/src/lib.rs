//! The seam to the database: the only crate that knows that there are two engines.
//!
//! Statements are plain SQL with `$1 … $n`, written once in the dialect that SQLite and PostgreSQL share
//! (`docs/sql-style.md`). [`Db`] reads, [`Tx`] writes, [`Sql`] carries text and bound values, [`row!`] spells a
//! row type and its column list once.

mod error;
mod migrate;
mod presence;
mod row;
mod sql;
mod tables;
pub mod testing;
mod tx;
mod value;

pub use error::{Error, Result};
pub use migrate::{Migrated, Migration, migrate, schema_version};
pub use row::{Cell, FromCell, FromRow, Row};
pub use sql::{Ready, Sql, sql};
pub use tables::{Column, Table, tables};
pub use tx::Tx;
pub use value::{Id, Kind, ToValue, Value};

#[doc(hidden)]
pub use {schemars, serde, serde_json};

use futures_util::{Stream, StreamExt, TryStreamExt};
use sql::ReadyFor;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A caller that waits longer than this for a connection is better told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// The writer pool already queues our own writes; this covers another process on the same file (a backup, a shell).
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A page that needs longer is broken; PostgreSQL ends it instead of piling work up.
const STATEMENT_TIMEOUT: &str = "120s";

/// Which engine stands behind a [`Db`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections for reading (SQLite) or in all (PostgreSQL).
    pub connections: u32,
    /// Off behind a pooler in transaction mode, which loses named statements.
    pub named_statements: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { connections: 8, named_statements: true }
    }
}

/// A connection to a server that was silent for longer is asked whether it is still there before it is used.
const PING_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone)]
enum Pools {
    /// One writer: waiting happens in the pool's fair queue instead of `SQLITE_BUSY`.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
    named_statements: bool,
    /// Keeps a test database alive as long as a handle on it.
    guard: Option<Arc<dyn Send + Sync>>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({:?})", self.engine())
    }
}

/// Begins a transaction. A caller that went away while the server answers would leave the connection inside a transaction of
/// which the driver knows nothing (sqlx 0.9), and whoever gets it next would work in that; so it is begun in a task of its own,
/// where it is rolled back when nobody waits for it any more.
async fn begun(pool: &PgPool, statement: &'static str) -> Result<sqlx::Transaction<'static, sqlx::Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    Ok(begun.await.map_err(|error| Error::Other(error.into()))??)
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`. A SQLite file is created when it is missing.
    ///
    /// # Errors
    /// [`Error::Other`] for an address that is neither, and for a database that cannot be reached.
    pub async fn open(url: &str, options: &Options) -> Result<Db> {
        let pools = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let mut connect = PgConnectOptions::from_str(url)?
                .application_name("peyvand")
                .options([("statement_timeout", STATEMENT_TIMEOUT), ("jit", "off")]);
            if !options.named_statements {
                connect = connect.statement_cache_capacity(0);
            }
            let pool = PgPoolOptions::new()
                .max_connections(options.connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
                // A server may have gone away meanwhile; a connection that has just answered is there.
                .before_acquire(|connection, meta| {
                    Box::pin(async move {
                        if meta.idle_for > PING_AFTER {
                            sqlx::Connection::ping(connection).await?;
                        }
                        Ok(true)
                    })
                })
                .connect_with(connect)
                .await?;
            Pools::Postgres(pool)
        } else if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let connect = SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(SQLITE_BUSY_TIMEOUT)
                .foreign_keys(true)
                // A batch of an import fits, so that no page is written twice.
                .pragma("cache_size", "-40000")
                // 64 MB: a page that many rows touch is written back once, and the disk is waited for seldom.
                .pragma("wal_autocheckpoint", "16000")
                .pragma("temp_store", "MEMORY")
                .pragma("mmap_size", "0")
                // Every join has an index of the schema. With an index made for one statement the planner reads a whole table
                // past a list of 256 values instead of looking them up.
                .pragma("automatic_index", "OFF")
                .statement_cache_capacity(200);
            // A file does not go away: a test of each connection before each use would double the trips to its thread.
            let pool = || SqlitePoolOptions::new().test_before_acquire(false).acquire_timeout(ACQUIRE_TIMEOUT);
            let writer = pool().max_connections(1).connect_with(connect.clone()).await?;
            let readers = pool()
                .max_connections(options.connections)
                .min_connections(1)
                .connect_with(connect.pragma("cache_size", "-4000").pragma("query_only", "ON"))
                .await?;
            Pools::Sqlite { writer, readers }
        } else {
            return Err(Error::Other(format!("not a database address: {}", scheme(url)).into()));
        };
        Ok(Db { pools, named_statements: options.named_statements, guard: None })
    }

    fn with_guard(mut self, guard: Arc<dyn Send + Sync>) -> Db {
        self.guard = Some(guard);
        self
    }

    /// Which engine this is; for the few words that differ and for reports, never for a branch in a feature.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Whether the database is a file that one program has for itself; a server may have several.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.pools, Pools::Sqlite { .. })
    }

    /// All rows of a read.
    ///
    /// # Errors
    /// What the engine reports, as [`Error`].
    pub async fn all<T: FromRow>(&self, sql: Sql) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let query = sql.sqlite();
                let mut stream = query.fetch(readers);
                while let Some(row) = stream.try_next().await? {
                    rows.push(T::from_row(&Row::Sqlite(row))?);
                }
            }
            Pools::Postgres(pool) => {
                let query = sql.postgres(self.named_statements);
                let mut stream = query.fetch(pool);
                while let Some(row) = stream.try_next().await? {
                    rows.push(T::from_row(&Row::Postgres(row))?);
                }
            }
        }
        Ok(rows)
    }

    /// Hands rows over one at a time, for results that must not be held in memory.
    pub fn each<T: FromRow + Send + 'static>(&self, sql: Sql) -> impl Stream<Item = Result<T>> + Send + use<T> {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<T>>(64);
        let db = self.clone();
        tokio::spawn(async move {
            let outcome: Result<()> = async {
                match &db.pools {
                    Pools::Sqlite { readers, .. } => {
                        let mut stream = sql.sqlite().fetch(readers);
                        while let Some(row) = stream.try_next().await? {
                            if sender.send(T::from_row(&Row::Sqlite(row))).await.is_err() {
                                break;
                            }
                        }
                    }
                    Pools::Postgres(pool) => {
                        let mut stream = sql.postgres(db.named_statements).fetch(pool);
                        while let Some(row) = stream.try_next().await? {
                            if sender.send(T::from_row(&Row::Postgres(row))).await.is_err() {
                                break;
                            }
                        }
                    }
                }
                Ok(())
            }
            .await;
            if let Err(error) = outcome {
                // The receiver may be gone; then nobody is left to tell.
                let _ = sender.send(Err(error)).await;
            }
        });
        // Whoever compresses the stream asks again after its end.
        futures_util::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) }).fuse()
    }

    /// The first row, if any.
    ///
    /// # Errors
    /// As [`Db::all`].
    pub async fn maybe<T: FromRow>(&self, sql: Sql) -> Result<Option<T>> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let row = sql.sqlite().fetch_optional(readers).await?;
                row.map(|row| T::from_row(&Row::Sqlite(row))).transpose()
            }
            Pools::Postgres(pool) => {
                let row = sql.postgres(self.named_statements).fetch_optional(pool).await?;
                row.map(|row| T::from_row(&Row::Postgres(row))).transpose()
            }
        }
    }

    /// The one row that must be there.
    ///
    /// # Errors
    /// [`Error::NoRow`] when there is none; else as [`Db::all`].
    pub async fn one<T: FromRow>(&self, sql: Sql) -> Result<T> {
        self.maybe(sql).await?.ok_or(Error::NoRow)
    }

    /// Makes a statement ready to be run by [`Tx::run_ready`] of this database.
    #[must_use]
    pub fn ready(&self, sql: Sql) -> Ready {
        Ready(match &self.pools {
            Pools::Sqlite { .. } => ReadyFor::Sqlite(sql.sqlite()),
            Pools::Postgres(_) => ReadyFor::Postgres(sql.postgres(self.named_statements)),
        })
    }

    /// Opens a write transaction. On SQLite it holds the write lock from the start, so that a rule checked inside
    /// cannot be overtaken.
    ///
    /// # Errors
    /// [`Error::Busy`] when the lock or a connection is not to be had in time.
    pub async fn begin(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => Ok(Tx::sqlite(writer.begin_with("BEGIN IMMEDIATE").await?, self.guard.clone())),
            Pools::Postgres(pool) => Ok(Tx::postgres(begun(pool, "BEGIN").await?, self.named_statements, self.guard.clone())),
        }
    }

    /// Opens a transaction that sees one unchanging state of the whole database and writes nothing.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn snapshot(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => Ok(Tx::sqlite(readers.begin().await?, self.guard.clone())),
            Pools::Postgres(pool) => Ok(Tx::postgres(
                begun(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
                self.named_statements,
                self.guard.clone(),
            )),
        }
    }

    /// Refreshes the planner's statistics of all tables; called nightly and after a restore.
    ///
    /// # Errors
    /// As [`Db::all`].
    pub async fn analyze(&self) -> Result<()> {
        match &self.pools {
            // Sampling keeps it in seconds on millions of rows; table by table, so that nobody's writing waits for all of them.
            Pools::Sqlite { writer, readers } => {
                let tables: Vec<String> =
                    sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(readers).await?;
                for table in tables {
                    let analyze = format!("PRAGMA analysis_limit = 2000; ANALYZE \"{table}\"");
                    sqlx::raw_sql(sqlx::AssertSqlSafe(analyze)).execute(writer).await?;
                }
                count_rows_of_values(writer, &[]).await?;
            }
            Pools::Postgres(pool) => {
                sqlx::raw_sql("ANALYZE").execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Refreshes the planner's statistics of those tables that have outgrown them; called after bulk work.
    ///
    /// # Errors
    /// As [`Db::all`].
    pub async fn analyze_grown(&self) -> Result<()> {
        match &self.pools {
            // Tables without statistics and those with ten times or a tenth of the rows, sampled. 2: analyse; 0x10000: also
            // tables that this connection has not asked.
            Pools::Sqlite { writer, .. } => {
                let before = index_statistics(writer).await?;
                sqlx::raw_sql("PRAGMA optimize = 0x10002").execute(writer).await?;
                count_rows_of_values(writer, &before).await?;
            }
            Pools::Postgres(pool) => {
                let grown = "SELECT format('%I', relname) FROM pg_stat_user_tables WHERE n_mod_since_analyze > n_live_tup / 2";
                let tables: Vec<String> = sqlx::query_scalar(grown).fetch_all(pool).await?;
                if !tables.is_empty() {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("ANALYZE {}", tables.join(", ")))).execute(pool).await?;
                }
            }
        }
        Ok(())
    }

    /// Bytes the database takes on disk.
    ///
    /// # Errors
    /// As [`Db::all`].
    pub async fn size(&self) -> Result<i64> {
        let text = match self.engine() {
            Engine::Sqlite => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Engine::Postgres => "SELECT pg_database_size(current_database())",
        };
        let (size,): (i64,) = self.one(sql(text)).await?;
        Ok(size)
    }

    /// Waits for running statements and closes the connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or_default()
}

/// What SQLite's planner knows of each index: its name, and how many rows it has and how many a value of its first column
/// has, and so on.
async fn index_statistics(writer: &sqlx::SqlitePool) -> Result<Vec<(String, String)>> {
    let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetch_optional(writer).await?;
    if known.is_none() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as("SELECT idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL").fetch_all(writer).await?)
}

/// Where few values fill the sample, it ended before it had met enough of them to tell how many rows one has: a role that
/// half of all customers have looked like a thousand of them. Such indexes, of those whose statistics are other than
/// `before`, are counted whole.
async fn count_rows_of_values(writer: &sqlx::SqlitePool, before: &[(String, String)]) -> Result<()> {
    /// Rows of a value in the sample from which on its size is in doubt.
    const MANY: i64 = 200;
    for one in index_statistics(writer).await? {
        let rows_of_value = one.1.split(' ').nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(0_i64);
        if rows_of_value >= MANY && !before.contains(&one) {
            let analyze = format!("PRAGMA analysis_limit = 0; ANALYZE \"{}\"", one.0);
            sqlx::raw_sql(sqlx::AssertSqlSafe(analyze)).execute(writer).await?;
        }
    }
    Ok(())
}
