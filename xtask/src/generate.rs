//! Files that are made from the program: the description of the API, the settings with their
//! defaults, and the schema as each engine holds it.

use crate::{Findings, Outcome};
use peyvand_core::platform::schema::MIGRATIONS;
use peyvand_db::{Db, Engine, Options, migrate, sql, testing};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Makes the files, or tells which of them differ from what is there.
pub async fn run(root: &Path, check: bool) -> Outcome {
    let made = [
        ("docs/openapi.json", said(&["openapi"])?),
        ("peyvand.toml.example", said(&["config", "example"])?),
        ("schema/sqlite.sql", sqlite().await?),
        ("schema/postgres.sql", postgres().await?),
    ];
    let mut findings = Findings::default();
    for (name, text) in made {
        let path = root.join(name);
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        if there == text {
            continue;
        }
        if check {
            let line = there.lines().zip(text.lines()).take_while(|(old, new)| old == new).count() + 1;
            findings.wrong(format!("{name} differs from line {line}: run `make gen` and look at the difference"));
        } else {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&path, text)?;
            findings.note(format!("{name} written"));
        }
    }
    Ok(findings)
}

/// What the program prints.
fn said(arguments: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    let binary = std::env::var_os("PEYVAND_BIN").ok_or("PEYVAND_BIN names no binary; `make gen` sets it")?;
    let output = Command::new(binary).args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("peyvand {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(format!("{}\n", text.trim_end()))
}

async fn sqlite() -> Result<String, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let db = Db::open(&format!("sqlite:{}", folder.path().join("schema.db").display()), &Options::default()).await?;
    migrate(&db, MIGRATIONS).await?;
    // Tables behind a full-text index are the engine's own.
    let rows: Vec<(String,)> = db
        .all(sql("SELECT sql || ';' FROM sqlite_schema
                  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
                    AND tbl_name NOT IN (SELECT t.name || '_' || part.column1 FROM sqlite_schema t
                                         CROSS JOIN (VALUES ('data'), ('idx'), ('content'), ('docsize'), ('config')) part
                                         WHERE t.sql LIKE 'CREATE VIRTUAL TABLE%')
                  ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 ELSE 1 END, name"))
        .await?;
    db.close().await;
    Ok(text("SQLite", rows))
}

async fn postgres() -> Result<String, Box<dyn std::error::Error>> {
    if std::env::var_os("PEYVAND_TEST_DB").is_none() {
        return Err("PEYVAND_TEST_DB names no PostgreSQL server; `make gen` starts one".into());
    }
    let db = testing::fresh(MIGRATIONS).await?;
    if db.engine() != Engine::Postgres {
        return Err("PEYVAND_TEST_DB does not name a PostgreSQL server".into());
    }
    let rows: Vec<(String,)> = db
        .all(sql("SELECT line FROM (
              SELECT c.relname AS tbl, 0 AS part, '' AS name, 'CREATE TABLE ' || c.relname || ' (' || chr(10) || string_agg(
                  '  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                  || CASE WHEN co.collname = 'C' THEN ' COLLATE ' || chr(34) || 'C' || chr(34) ELSE '' END
                  || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                  || COALESCE(CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                                   ELSE ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END, ''),
                  ',' || chr(10) ORDER BY a.attnum) || chr(10) || ');' AS line
              FROM pg_class c
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
              LEFT JOIN pg_collation co ON co.oid = a.attcollation
              WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
              GROUP BY c.relname
              UNION ALL
              SELECT c.relname, 1, k.conname, 'ALTER TABLE ' || c.relname || ' ADD CONSTRAINT ' || k.conname || ' '
                  || pg_get_constraintdef(k.oid) || ';'
              FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
              WHERE c.relnamespace = current_schema()::regnamespace AND k.contype <> 'n'
              UNION ALL
              SELECT i.tablename, 2, i.indexname, replace(i.indexdef, ' ON ' || i.schemaname || '.', ' ON ') || ';'
              FROM pg_indexes i
              WHERE i.schemaname = current_schema()
                AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conname = i.indexname)) lines
            ORDER BY tbl COLLATE pg_catalog.\"C\", part, name COLLATE pg_catalog.\"C\""))
        .await?;
    Ok(text("PostgreSQL", rows))
}

fn text(engine: &str, rows: Vec<(String,)>) -> String {
    let mut out = format!("-- The schema as {engine} holds it after all migrations. Generated by `make gen`, read in reviews.\n");
    for (row,) in rows {
        // Blanks at the ends of lines come from words of the other engine.
        let row = row.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        let _ = writeln!(out, "{}{row}", if row.starts_with("CREATE TABLE") || row.starts_with("CREATE VIRTUAL") { "\n" } else { "" });
    }
    out
}
