use crate::{Db, Engine, Error, Result, sql};
use sha2::{Digest, Sha256};

/// One step of the schema's history.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Position in the history, from 1 without gaps.
    pub version: i64,
    /// What it brings.
    pub name: &'static str,
    /// SQL text with type words; see [`expand`].
    pub text: &'static str,
}

/// What [`migrate`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Version before.
    pub from: i64,
    /// Version after.
    pub to: i64,
}

/// Brings the database to the newest version, in one transaction, one process at a time.
///
/// # Errors
/// Refuses a database that a newer program has migrated, and one whose history differs from ours.
pub async fn migrate(db: &Db, migrations: &[Migration]) -> Result<Migrated> {
    let mut tx = db.begin().await?;
    tx.script(
        "CREATE TABLE IF NOT EXISTS schema_history (version bigint NOT NULL PRIMARY KEY, name text NOT NULL, checksum text NOT NULL);
         CREATE TABLE IF NOT EXISTS schema_lock (id bigint NOT NULL PRIMARY KEY, holder bigint NOT NULL);"
            .to_owned(),
    )
    .await?;
    // A row, not an advisory lock: some PostgreSQL-compatible engines have none.
    tx.run(sql("INSERT INTO schema_lock (id, holder) VALUES (1, 0) ON CONFLICT (id) DO NOTHING")).await?;
    tx.run(sql("UPDATE schema_lock SET holder = holder + 1 WHERE id = 1")).await?;
    let done: Vec<(i64, String, String)> = tx.all(sql("SELECT version, name, checksum FROM schema_history ORDER BY version")).await?;
    for (version, name, sum) in &done {
        let known = migrations.iter().find(|migration| migration.version == *version);
        match known {
            None => {
                return Err(Error::Other(
                    format!("the database is at version {version} ({name}), which this program does not know; run the newer program")
                        .into(),
                ));
            }
            Some(known) if checksum(known.text) != *sum => {
                return Err(Error::Other(format!("migration {version} ({name}) differs from the one that was run").into()));
            }
            Some(_) => {}
        }
    }
    let from = done.last().map_or(0, |(version, ..)| *version);
    for migration in migrations.iter().filter(|migration| migration.version > from) {
        tx.script(expand(migration.text, tx.engine())).await?;
        tx.run(
            sql("INSERT INTO schema_history (version, name, checksum) VALUES ($1, $2, $3)")
                .bind(migration.version)
                .bind(migration.name)
                .bind(checksum(migration.text)),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Migrated { from, to: migrations.last().map_or(from, |migration| migration.version.max(from)) })
}

/// The version that the database is at; 0 for an empty one.
///
/// # Errors
/// When the database cannot be read.
pub async fn schema_version(db: &Db) -> Result<i64> {
    let table = match db.engine() {
        Engine::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_history'",
        Engine::Postgres => {
            "SELECT count(*) FROM information_schema.tables WHERE table_name = 'schema_history' AND table_schema = current_schema()"
        }
    };
    let (tables,): (i64,) = db.one(sql(table)).await?;
    if tables == 0 {
        return Ok(0);
    }
    let (version,): (i64,) = db.one(sql("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM schema_history")).await?;
    Ok(version)
}

fn checksum(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// Replaces the type words and keeps the blocks of one engine.
///
/// Words: `ID INSTANT DAY BOOL MONEY INT REAL JSON BYTES SORTKEY` and `STRICT`, which PostgreSQL does not have.
/// Blocks: from a line `-- sqlite:` or `-- postgres:` to a line `-- end`.
#[must_use]
pub fn expand(text: &str, engine: Engine) -> String {
    let mut out = String::with_capacity(text.len());
    let mut keep = true;
    for line in text.lines() {
        match line.trim() {
            "-- sqlite:" => keep = engine == Engine::Sqlite,
            "-- postgres:" => keep = engine == Engine::Postgres,
            "-- end" => keep = true,
            _ if keep && !line.trim_start().starts_with("--") => {
                expand_line(line, engine, &mut out);
                out.push('\n');
            }
            _ => {}
        }
    }
    out
}

fn expand_line(line: &str, engine: Engine, out: &mut String) {
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        out.push_str(type_word(word, engine));
        let separator = tail.chars().next().map_or(0, char::len_utf8);
        out.push_str(&tail[..separator]);
        rest = &tail[separator..];
    }
}

fn type_word(word: &str, engine: Engine) -> &str {
    match (word, engine) {
        ("ID", Engine::Sqlite) | ("BYTES", Engine::Sqlite) => "BLOB",
        ("ID", Engine::Postgres) => "uuid",
        ("BYTES", Engine::Postgres) => "bytea",
        ("INSTANT" | "MONEY" | "INT" | "BOOL", Engine::Sqlite) => "INTEGER",
        ("INSTANT" | "MONEY" | "INT", Engine::Postgres) => "bigint",
        ("BOOL", Engine::Postgres) => "boolean",
        ("DAY" | "SORTKEY" | "JSON", Engine::Sqlite) => "TEXT",
        ("DAY" | "SORTKEY", Engine::Postgres) => "text COLLATE \"C\"",
        ("JSON", Engine::Postgres) => "jsonb",
        ("REAL", Engine::Postgres) => "double precision",
        ("STRICT", Engine::Postgres) => "",
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_words_become_the_types_of_each_engine() {
        let text = "CREATE TABLE t (id ID NOT NULL, is_on BOOL, at INSTANT, PAID TEXT) STRICT;";
        assert_eq!(expand(text, Engine::Sqlite), "CREATE TABLE t (id BLOB NOT NULL, is_on INTEGER, at INTEGER, PAID TEXT) STRICT;\n");
        assert_eq!(expand(text, Engine::Postgres), "CREATE TABLE t (id uuid NOT NULL, is_on boolean, at bigint, PAID TEXT) ;\n");
    }

    #[test]
    fn a_block_is_for_one_engine_only() {
        let text = "a;\n-- sqlite:\nb;\n-- end\n-- postgres:\nc;\n-- end\nd;";
        assert_eq!(expand(text, Engine::Sqlite), "a;\nb;\nd;\n");
        assert_eq!(expand(text, Engine::Postgres), "a;\nc;\nd;\n");
    }
}
