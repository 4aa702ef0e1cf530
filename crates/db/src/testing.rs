//! Fresh databases for tests, on the engine that `PEYVAND_TEST_DB` names (`postgres://…`; SQLite without it).

use crate::{Db, Engine, Migration, Options, Pools, Result, migrate, sql};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use tokio::sync::OnceCell;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static NEXT: AtomicU64 = AtomicU64::new(0);

/// An empty, migrated database of its own; it goes away with its last handle.
///
/// # Errors
/// When the server that `PEYVAND_TEST_DB` names cannot be reached: a missing engine is a failure, not a skip.
pub async fn fresh(migrations: &[Migration]) -> Result<Db> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let options = Options { connections: 4, named_statements: true };
    match std::env::var("PEYVAND_TEST_DB") {
        Ok(server) => {
            let template = TEMPLATE.get_or_try_init(|| postgres_template(&server, migrations)).await?;
            let name = format!("peyvand_test_{}_{number}", std::process::id());
            admin(&server, format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")).await?;
            let guard = Arc::new(DropDatabase { server: server.clone(), name: name.clone() });
            Ok(Db::open(&in_database(&server, &name), &options).await?.with_guard(guard))
        }
        Err(_) => {
            let template = TEMPLATE.get_or_try_init(|| sqlite_template(migrations)).await?;
            let path = scratch().join(format!("peyvand-test-{}-{number}.db", std::process::id()));
            std::fs::copy(template, &path).map_err(other)?;
            let guard = Arc::new(DropFile(path.clone()));
            Ok(Db::open(&format!("sqlite:{}", path.display()), &options).await?.with_guard(guard))
        }
    }
}

/// The same database with connections of its own, as another process has them.
///
/// # Errors
/// When it cannot be reached.
pub async fn again(db: &Db) -> Result<Db> {
    let pools = match &db.pools {
        Pools::Sqlite { writer, readers } => Pools::Sqlite {
            writer: SqlitePoolOptions::new().max_connections(1).connect_with((*writer.connect_options()).clone()).await?,
            readers: SqlitePoolOptions::new().max_connections(4).connect_with((*readers.connect_options()).clone()).await?,
        },
        Pools::Postgres(pool) => {
            Pools::Postgres(PgPoolOptions::new().max_connections(4).connect_with((*pool.connect_options()).clone()).await?)
        }
    };
    Ok(Db { pools, ..db.clone() })
}

/// The address of an empty database of its own, for tests that start the program; `None` on SQLite, where the data
/// folder is all that it takes.
///
/// # Errors
/// As [`fresh`].
pub async fn fresh_url() -> Result<Option<String>> {
    let Ok(server) = std::env::var("PEYVAND_TEST_DB") else { return Ok(None) };
    let name = format!("peyvand_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    admin(&server, format!("CREATE DATABASE {name}")).await?;
    Ok(Some(in_database(&server, &name)))
}

async fn sqlite_template(migrations: &[Migration]) -> Result<String> {
    let path = scratch().join(format!("peyvand-test-{}-template.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let db = Db::open(&format!("sqlite:{}", path.display()), &Options::default()).await?;
    migrate(&db, migrations).await?;
    // Folds the write-ahead log into the file, so that a copy of the file is the database.
    db.close().await;
    Ok(path.display().to_string())
}

async fn postgres_template(server: &str, migrations: &[Migration]) -> Result<String> {
    let name = format!("peyvand_template_{}", std::process::id());
    admin(server, format!("DROP DATABASE IF EXISTS {name}")).await?;
    admin(server, format!("CREATE DATABASE {name}")).await?;
    let db = Db::open(&in_database(server, &name), &Options { connections: 1, named_statements: true }).await?;
    migrate(&db, migrations).await?;
    db.close().await;
    Ok(name)
}

async fn admin(server: &str, text: String) -> Result<()> {
    use sqlx::{ConnectOptions, Connection};
    let options: sqlx::postgres::PgConnectOptions = server.parse()?;
    let mut connection = options.connect().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

fn in_database(server: &str, name: &str) -> String {
    let (head, query) = server.split_once('?').unwrap_or((server, ""));
    let base = match head.matches('/').count() {
        0..=2 => head,
        _ => head.rsplit_once('/').map_or(head, |(base, _)| base),
    };
    if query.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{query}") }
}

/// Memory, where the machine offers it as a folder.
fn scratch() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn other(error: std::io::Error) -> crate::Error {
    crate::Error::Other(error.into())
}

struct DropFile(PathBuf);

impl Drop for DropFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.0.clone().into_os_string();
            path.push(suffix);
            let _ = std::fs::remove_file(path);
        }
    }
}

struct DropDatabase {
    server: String,
    name: String,
}

impl Drop for DropDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // Its own thread and runtime: a guard may be dropped inside any runtime or outside all.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(admin(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).ok()
        });
        let _ = dropped.join();
    }
}

/// The lines written so far, and where to.
type Log = (Mutex<HashSet<String>>, Mutex<std::fs::File>);

static LOG: LazyLock<Option<Log>> = LazyLock::new(|| {
    let path = std::env::var_os("PEYVAND_SQL_LOG")?;
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path).ok()?;
    Some((Mutex::default(), Mutex::new(file)))
});

/// Notes each distinct statement in the file that `PEYVAND_SQL_LOG` names, for the audit that compares engines.
pub(crate) fn record(engine: Engine, text: &str) {
    let Some((seen, file)) = &*LOG else { return };
    // Lists and multi-row inserts differ in length only.
    let line = format!("{engine:?}\t{}\n", text.split_whitespace().collect::<Vec<_>>().join(" "));
    let (Ok(mut seen), Ok(mut file)) = (seen.lock(), file.lock()) else { return };
    if seen.insert(line.clone()) {
        // In one piece: several processes write to the file.
        let _ = file.write_all(line.as_bytes());
    }
}

/// Whether a database answers.
///
/// # Errors
/// When it does not.
pub async fn ping(db: &Db) -> Result<()> {
    let (_one,): (i64,) = db.one(sql("SELECT 1")).await?;
    Ok(())
}
