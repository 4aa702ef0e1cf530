//! One file that holds everything, read from one unchanging state while the program works on, and not bound to an
//! engine: a backup of SQLite fills PostgreSQL and the reverse.
//!
//! The file is a zstd stream of lines. The first is the [`Header`]. Then, for each table, a line with its name and
//! columns and a line for each row: an array of values in the order of the columns (bytes in base 64, ids and reals as
//! text, a JSON document inside an array of one, so that it differs from an absent value). The last line has the
//! number of rows of each table and the SHA-256 of all lines before it.

use super::import::record::Import;
use super::keys::Keys;
use super::schema::MIGRATIONS;
use crate::{Error, Instant, Problem, Result};
use data_encoding::{BASE64, HEXLOWER};
use peyvand_db::{Db, Id, Kind, Sql, Table, Tx, Value, migrate, schema_version, sql, tables};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Version of the form described above.
const FORMAT: u32 = 1;
/// Rows read or written by one statement.
const BATCH: usize = 1000;
/// A longer line is no line of ours: a note holds at most some hundred kilobytes.
const LINE_MAX: u64 = 64 * 1024 * 1024;
/// Level 3 packs as fast as a database is read.
const PACKING: i32 = 3;
/// Name of the key file in the data folder.
const KEYS: &str = "keys.toml";
/// Tables that hold nothing before somebody has worked with the database.
const WORKED_WITH: &[&str] = &["users", "parties", "purchases", "interactions", "imports"];

/// The first line of a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Version of the file's form.
    pub peyvand_backup: u32,
    /// Version of the schema that it was read from.
    pub schema: i64,
    /// When.
    pub created_at: Instant,
    /// Short name of the keys that its secret values are sealed with.
    pub keys_fingerprint: String,
    /// The key file itself, unless it was left out.
    pub keys: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct TableLine {
    table: String,
    columns: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct EndLine {
    rows: BTreeMap<String, u64>,
    sha256: String,
}

/// What was written or read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Where the keys that were there before went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys_kept: Option<PathBuf>,
    /// Imports under way whose files are not here: they cannot go on.
    #[serde(skip_serializing_if = "is_zero")]
    pub imports_left: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Writes a backup to `file`, which must not exist. Until it is whole it is called `file.part`. Only its owner can
/// read it. `progress` hears the number of rows so far.
///
/// # Errors
/// When the file exists or cannot be written, or the database cannot be read.
pub async fn backup(db: &Db, keys: &Keys, with_keys: bool, now: Instant, file: &Path, progress: impl Fn(u64)) -> Result<Report> {
    if file.exists() {
        return Err(Problem::new("", "backup-file-exists").with("file", file.display()).into());
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let outcome = write(db, keys, with_keys, now, &part, progress).await;
    match outcome {
        Ok(report) => {
            std::fs::rename(&part, file).map_err(|error| unwritable(file, &error))?;
            Ok(report)
        }
        Err(error) => {
            // What is not whole is no backup; the reason is what matters.
            let _ = std::fs::remove_file(&part);
            Err(error)
        }
    }
}

async fn write(db: &Db, keys: &Keys, with_keys: bool, now: Instant, part: &Path, progress: impl Fn(u64)) -> Result<Report> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(part).map_err(|error| unwritable(part, &error))?;
    let packed = zstd::Encoder::new(BufWriter::new(file), PACKING).map_err(Error::fault)?;
    let mut out = Lines { out: packed, sum: Sha256::new() };
    let mut tx = db.snapshot().await?;
    let (schema,): (i64,) = tx.one(sql("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM schema_history")).await?;
    out.line(&Header {
        peyvand_backup: FORMAT,
        schema,
        created_at: now,
        keys_fingerprint: keys.fingerprint(),
        keys: if with_keys { Some(keys.to_text()?) } else { None },
    })?;
    let mut counts = BTreeMap::new();
    let mut so_far = 0;
    for table in tables_at(schema) {
        out.line(&TableLine {
            table: table.name.to_owned(),
            columns: table.columns.iter().map(|column| column.name.to_owned()).collect(),
        })?;
        let kinds: Vec<Kind> = table.columns.iter().map(|column| column.kind).collect();
        let mut rows = 0;
        let mut after: Option<Vec<Value>> = None;
        loop {
            let page = tx.values(page(&table, after.as_deref()), &kinds).await?;
            for row in &page {
                out.line(&row.iter().map(to_json).collect::<Vec<_>>())?;
            }
            rows += page.len() as u64;
            progress(so_far + rows);
            let full = page.len() == BATCH;
            after = page.into_iter().next_back().map(|row| key_of(&table, row));
            if !full {
                break;
            }
        }
        so_far += rows;
        counts.insert(table.name.to_owned(), rows);
    }
    let sha256 = HEXLOWER.encode(&out.sum.clone().finalize());
    out.line(&EndLine { rows: counts.clone(), sha256 })?;
    let file = out.out.finish().map_err(Error::fault)?.into_inner().map_err(|error| unwritable(part, error.error()))?;
    file.sync_all().map_err(|error| unwritable(part, &error))?;
    Ok(Report { rows: counts, keys_kept: None, imports_left: 0 })
}

/// Rows of a table in the order of its key, after the one with key `after`.
fn page(table: &Table, after: Option<&[Value]>) -> Sql {
    let mut query = sql("SELECT ");
    push_names(&mut query, table.columns.iter().map(|column| column.name));
    query.push(" FROM ").push(table.name);
    if let Some(after) = after {
        query.push(" WHERE (");
        push_names(&mut query, table.key.iter().copied());
        query.push(") > (");
        for (position, value) in after.iter().enumerate() {
            if position > 0 {
                query.push(", ");
            }
            query.value(value.clone());
        }
        query.push(")");
    }
    query.push(" ORDER BY ");
    push_names(&mut query, table.key.iter().copied());
    query.push(" LIMIT ").arg(BATCH as i64);
    query
}

fn push_names(query: &mut Sql, names: impl Iterator<Item = &'static str>) {
    for (position, name) in names.enumerate() {
        if position > 0 {
            query.push(", ");
        }
        query.push(name);
    }
}

fn key_of(table: &Table, row: Vec<Value>) -> Vec<Value> {
    table.key.iter().filter_map(|key| row.get(table.position(key)?).cloned()).collect()
}

fn tables_at(schema: i64) -> Vec<Table> {
    let migrations: Vec<_> = MIGRATIONS.iter().filter(|migration| migration.version <= schema).copied().collect();
    tables(&migrations)
}

struct Lines<W: Write> {
    out: W,
    sum: Sha256,
}

impl<W: Write> Lines<W> {
    fn line(&mut self, value: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value).map_err(Error::fault)?;
        line.push(b'\n');
        self.sum.update(&line);
        self.out.write_all(&line).map_err(|error| Problem::new("", "backup-unwritable").with("file", "").with("detail", error).into())
    }
}

/// Fills an empty database from a backup, and puts its keys into the data folder. All or nothing.
///
/// # Errors
/// When the database is not empty, the file is not whole, of a newer program, or its keys are not to be had.
pub async fn restore(db: &Db, data: &Path, file: &Path, now: Instant, progress: impl Fn(u64)) -> Result<Report> {
    let opened = File::open(file)
        .map_err(|error| Error::from(Problem::new("", "backup-unreadable").with("file", file.display()).with("detail", error)))?;
    let unpacked = zstd::Decoder::new(opened).map_err(Error::fault)?;
    let mut lines = ReadLines { input: BufReader::new(unpacked), sum: Sha256::new(), line: Vec::new() };
    let header: Header = lines.next().map_err(|_| Problem::new("", "backup-not-one").with("file", file.display()))?;
    let newest = MIGRATIONS.last().map_or(0, |migration| migration.version);
    if header.peyvand_backup != FORMAT || header.schema > newest {
        return Err(Problem::new("", "backup-newer").with("schema", header.schema).into());
    }
    let keys = keys_for(&header, data)?;
    let there = schema_version(db).await?;
    if there > 0 {
        refuse_work(db).await?;
    }
    if there > header.schema {
        return Err(Problem::new("", "backup-older").with("schema", header.schema).into());
    }
    let migrations: Vec<_> = MIGRATIONS.iter().filter(|migration| migration.version <= header.schema).copied().collect();
    migrate(db, &migrations).await?;

    let mut tx = db.begin().await?;
    let known = tables(&migrations);
    for table in known.iter().rev() {
        let mut delete = sql("DELETE FROM ");
        delete.push(table.name);
        tx.run(delete).await?;
    }
    let rows = load(&mut tx, &known, &mut lines, progress).await?;
    let keys_kept = match keys {
        Some(keys) => place_keys(&keys, data, now)?,
        None => None,
    };
    tx.commit().await?;
    migrate(db, MIGRATIONS).await?;
    let imports_left = leave_imports(db, now).await?;
    db.analyze().await?;
    Ok(Report { rows, keys_kept, imports_left })
}

/// Ends imports under way whose files are not on this machine. A backup holds the database and the keys: an uploaded
/// file may be far larger than all that is stored, and whoever brings it in again loses nothing, for rows that are here
/// already are recognised.
async fn leave_imports(db: &Db, now: Instant) -> Result<u64> {
    let problem = serde_json::to_value(Problem::new("file", "import-file-not-restored")).map_err(Error::fault)?;
    let mut tx = db.begin().await?;
    let under_way: Vec<(Id<Import>, String)> =
        tx.all(sql("SELECT id, file_path FROM imports WHERE state IN ('draft', 'ready', 'running', 'stopped')")).await?;
    let lost: Vec<Id<Import>> = under_way.into_iter().filter(|(_, path)| !Path::new(path).is_file()).map(|(id, _)| id).collect();
    let mut left = 0;
    for some in lost.chunks(BATCH) {
        let mut update =
            sql("UPDATE imports SET state = 'failed', problem = $1, finished_at = $2, worker = NULL, lease_until = 0 WHERE id IN ")
                .bind(&problem)
                .bind(now);
        update.list_padded(some);
        left += tx.run(update).await?;
    }
    tx.commit().await?;
    Ok(left)
}

/// Somebody's work is never overwritten.
async fn refuse_work(db: &Db) -> Result<()> {
    for table in WORKED_WITH {
        let mut query = sql("SELECT 1 FROM ");
        query.push(table).push(" LIMIT 1");
        let row: Option<(i64,)> = db.maybe(query).await?;
        if row.is_some() {
            return Err(Problem::new("", "backup-not-empty").into());
        }
    }
    Ok(())
}

/// The keys to put in place; `None` when those in the data folder are the right ones already.
fn keys_for(header: &Header, data: &Path) -> Result<Option<Keys>> {
    let path = data.join(KEYS);
    let there = match std::fs::read_to_string(&path) {
        Ok(text) => Some(Keys::parse(&text)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(Error::fault(error)),
    };
    match &header.keys {
        Some(text) => Keys::parse(text).map(Some),
        None if there.is_some_and(|keys| keys.fingerprint() == header.keys_fingerprint) => Ok(None),
        None => Err(Problem::new("", "backup-keys-needed").with("file", path.display()).into()),
    }
}

fn place_keys(keys: &Keys, data: &Path, now: Instant) -> Result<Option<PathBuf>> {
    let path = data.join(KEYS);
    let mut kept = None;
    if path.exists() {
        let aside = data.join(format!("{KEYS}.before-restore-{}", now.0));
        std::fs::rename(&path, &aside).map_err(Error::fault)?;
        kept = Some(aside);
    }
    keys.save(&path)?;
    Ok(kept)
}

async fn load<R: BufRead>(tx: &mut Tx, known: &[Table], lines: &mut ReadLines<R>, progress: impl Fn(u64)) -> Result<BTreeMap<String, u64>> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut so_far = 0;
    let mut current: Option<Loading<'_>> = None;
    loop {
        let sum = lines.sum.clone();
        match lines.next::<Json>()? {
            Json::Array(cells) => {
                let loading = current.as_mut().ok_or_else(damaged)?;
                loading.add(cells)?;
                so_far += 1;
                if loading.rows.len() >= loading.batch() {
                    loading.flush(tx).await?;
                    progress(so_far);
                }
            }
            Json::Object(line) => {
                if let Some(done) = current.take() {
                    counts.insert(done.table.name.to_owned(), done.count);
                    done.finish(tx).await?;
                }
                if line.contains_key("sha256") {
                    let end: EndLine = serde_json::from_value(Json::Object(line)).map_err(|_| damaged())?;
                    if end.sha256 != HEXLOWER.encode(&sum.finalize()) || end.rows != counts {
                        return Err(damaged());
                    }
                    return Ok(counts);
                }
                current = Some(Loading::of(line, known)?);
            }
            _ => return Err(damaged()),
        }
    }
}

/// A table that is being filled.
struct Loading<'a> {
    table: &'a Table,
    rows: Vec<Vec<Value>>,
    /// References to rows of the same table, set when all rows are there: key and column values.
    own: Vec<(Vec<Value>, usize, Value)>,
    count: u64,
}

impl<'a> Loading<'a> {
    fn of(line: Map<String, Json>, known: &'a [Table]) -> Result<Loading<'a>> {
        let line: TableLine = serde_json::from_value(Json::Object(line)).map_err(|_| damaged())?;
        let table = known.iter().find(|table| table.name == line.table).ok_or_else(damaged)?;
        if !table.columns.iter().map(|column| column.name).eq(line.columns.iter().map(String::as_str)) {
            return Err(damaged());
        }
        Ok(Loading { table, rows: Vec::new(), own: Vec::new(), count: 0 })
    }

    fn batch(&self) -> usize {
        BATCH.min(Sql::MAX_BINDS / self.table.columns.len().max(1))
    }

    fn add(&mut self, cells: Vec<Json>) -> Result<()> {
        if cells.len() != self.table.columns.len() {
            return Err(damaged());
        }
        let mut row = Vec::with_capacity(cells.len());
        for (cell, column) in cells.into_iter().zip(&self.table.columns) {
            row.push(from_json(cell, column.kind).ok_or_else(damaged)?);
        }
        for (position, column) in self.table.columns.iter().enumerate().filter(|(_, column)| column.refers_to == Some(self.table.name)) {
            let value = std::mem::replace(&mut row[position], Value::Null(column.kind));
            if !matches!(value, Value::Null(_)) {
                self.own.push((key_of(self.table, row.clone()), position, value));
            }
        }
        self.rows.push(row);
        self.count += 1;
        Ok(())
    }

    async fn flush(&mut self, tx: &mut Tx) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut insert = sql("/* restored */ INSERT INTO ");
        insert.push(self.table.name).push(" (");
        push_names(&mut insert, self.table.columns.iter().map(|column| column.name));
        insert.push(") VALUES ").rows(self.rows.drain(..));
        tx.run(insert).await?;
        Ok(())
    }

    async fn finish(mut self, tx: &mut Tx) -> Result<()> {
        self.flush(tx).await?;
        for (key, position, value) in self.own {
            let mut update = sql("UPDATE ");
            update.push(self.table.name).push(" SET ").push(self.table.columns[position].name).push(" = ").value(value);
            for (place, (name, value)) in self.table.key.iter().zip(key).enumerate() {
                update.push(if place == 0 { " WHERE " } else { " AND " }).push(name).push(" = ").value(value);
            }
            tx.run(update).await?;
        }
        Ok(())
    }
}

struct ReadLines<R: BufRead> {
    input: R,
    sum: Sha256,
    line: Vec<u8>,
}

impl<R: BufRead> ReadLines<R> {
    fn next<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        self.line.clear();
        (&mut self.input).take(LINE_MAX).read_until(b'\n', &mut self.line).map_err(|_| damaged())?;
        if self.line.last() != Some(&b'\n') {
            return Err(damaged());
        }
        self.sum.update(&self.line);
        serde_json::from_slice(&self.line).map_err(|_| damaged())
    }
}

fn damaged() -> Error {
    Error::invalid("", "backup-damaged")
}

fn unwritable(file: &Path, error: &std::io::Error) -> Error {
    Problem::new("", "backup-unwritable").with("file", file.display()).with("detail", error).into()
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null(_) => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => json!(value),
        // The shortest text that reads back as the same number.
        Value::Real(value) => Json::String(value.to_string()),
        Value::Text(value) => Json::String(value.clone()),
        Value::Bytes(value) => Json::String(BASE64.encode(value)),
        Value::Id(value) => Json::String(value.to_string()),
        Value::Json(value) => Json::Array(vec![value.clone()]),
    }
}

fn from_json(value: Json, kind: Kind) -> Option<Value> {
    Some(match (kind, value) {
        (kind, Json::Null) => Value::Null(kind),
        (Kind::Bool, Json::Bool(value)) => Value::Bool(value),
        (Kind::Int, Json::Number(value)) => Value::Int(value.as_i64()?),
        (Kind::Real, Json::String(value)) => Value::Real(value.parse().ok()?),
        (Kind::Text, Json::String(value)) => Value::Text(value),
        (Kind::Bytes, Json::String(value)) => Value::Bytes(BASE64.decode(value.as_bytes()).ok()?),
        (Kind::Id, Json::String(value)) => Value::Id(value.parse().ok()?),
        (Kind::Json, Json::Array(mut value)) if value.len() == 1 => Value::Json(value.remove(0)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW};
    use peyvand_db::{Options, ToValue};

    /// A database with something of every kind in it, and values that are easily lost on the way.
    async fn filled() -> crate::App {
        let ctx = testing::ctx().await;
        let db = &ctx.app.db;
        let mut tx = db.begin().await.unwrap();
        let sealed = ctx.app.keys().seal("ir_national_id", "0084575948").unwrap();
        let party = ctx.id::<crate::parties::Party>();
        for no in 1..=2500_i64 {
            let id = if no == 1 { party } else { ctx.id() };
            tx.run(
                sql("INSERT INTO parties (id, no, kind, role, name, name_key, note, last_contact_at, first_purchase_on, last_purchase_on, purchases,
                       spent_minor, next_follow_up_at, silent_from, rhythm_due, version, created_at, updated_at)
                     VALUES ($1, $2, 'person', 'customer', 'نگار', 'نگار', $3, 0, '', '', 0, $4, 1, '', FALSE, 1, 1, 1)")
                    .bind(id)
                    .bind(no)
                    .bind(if no == 1 { Some("دو سطر\n\"نشان\" \\ \t 🌿") } else { None })
                    .bind(i64::MAX - no),
            )
            .await
            .unwrap();
            tx.run(sql("INSERT INTO party_search (rowid, key) VALUES ($1, 'نگار')").bind(no)).await.unwrap();
        }
        tx.run(
            sql("INSERT INTO identity_keys (kind, value, party_id, sealed, masked, created_at) VALUES ('ir_national_id', 'x', $1, $2, '•', 1)")
                .bind(party)
                .bind(sealed),
        )
        .await
        .unwrap();
        tx.run(
            sql("INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at)
                 VALUES ($1, $1, 1, '2026-01-01', 'IRR', 1, 0, 1, 1)")
            .bind(party),
        )
        .await
        .unwrap();
        tx.run(
            sql("INSERT INTO purchase_lines (id, purchase_id, day, quantity, unit_price_minor, discount_minor, amount_minor, sign, currency)
                 VALUES ($1, $1, '2026-01-01', $2, 1, 0, 1, 1, 'IRR')")
                .bind(party)
                .bind(0.1_f64 + 0.2),
        )
        .await
        .unwrap();
        let (first,): (uuid::Uuid,) = tx.one(sql("SELECT id FROM units LIMIT 1")).await.unwrap();
        // A unit below another whose id comes later.
        tx.run(sql("INSERT INTO units (id, name, parent_id, created_at) VALUES ($1, 'below', $2, 1)").bind(uuid::Uuid::nil()).bind(first))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        // What the jobs keep.
        crate::platform::jobs::drain(&ctx.app).await.unwrap();
        ctx.app.clone()
    }

    fn lines(file: &Path) -> Vec<String> {
        let text = zstd::decode_all(File::open(file).unwrap()).unwrap();
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
    }

    async fn empty_sqlite(folder: &Path) -> Db {
        Db::open(&format!("sqlite:{}", folder.join("other.db").display()), &Options::default()).await.unwrap()
    }

    /// On PostgreSQL this goes from PostgreSQL to SQLite and back.
    #[tokio::test]
    async fn a_restored_database_is_the_same_on_either_engine() {
        let app = filled().await;
        let folder = tempfile::tempdir().unwrap();
        let (one, two, three) = (folder.path().join("one"), folder.path().join("two"), folder.path().join("three"));
        let report = backup(&app.db, &app.keys(), true, NOW, &one, |_| ()).await.unwrap();
        assert_eq!((report.rows["parties"], report.rows["party_search"]), (2500, 2500));

        let other = empty_sqlite(folder.path()).await;
        let restored = restore(&other, folder.path(), &one, NOW, |_| ()).await.unwrap();
        assert_eq!(restored.rows, report.rows);
        let keys = Keys::load_or_create(&folder.path().join(KEYS)).unwrap();
        let (sealed,): (Vec<u8>,) = other.one(sql("SELECT sealed FROM identity_keys")).await.unwrap();
        assert_eq!(keys.open("ir_national_id", &sealed).unwrap(), "0084575948");
        backup(&other, &keys, true, NOW, &two, |_| ()).await.unwrap();

        let back = testing::app().await;
        restore(&back.db, folder.path(), &two, NOW.plus(1), |_| ()).await.unwrap();
        backup(&back.db, &keys, true, NOW, &three, |_| ()).await.unwrap();
        let (one, three) = (lines(&one), lines(&three));
        assert_eq!(one.len(), three.len());
        for (before, after) in one.iter().zip(&three) {
            let (before, after): (Json, Json) = (serde_json::from_str(before).unwrap(), serde_json::from_str(after).unwrap());
            // The engines order the members of JSON documents differently, and the last line sums up texts.
            if before.get("sha256").is_none() {
                assert_eq!(before, after);
            }
        }
    }

    #[tokio::test]
    async fn an_import_whose_file_stayed_behind_says_so_and_the_others_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let (here, gone) = (folder.path().join("here.csv"), folder.path().join("gone.csv"));
        std::fs::write(&here, "name\nSara\n").unwrap();
        let ctx = testing::ctx().await;
        let mut tx = ctx.app.db.begin().await.unwrap();
        for (state, path) in [("stopped", &here), ("stopped", &gone), ("draft", &gone), ("done", &gone)] {
            tx.run(
                sql("INSERT INTO imports (id, kind, file_name, file_path, file_size, file_hash, options, state, mark_offset, row_number,
                       bytes_done, rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected, details, lease_until, created_at)
                     VALUES ($1, 'parties', 'x.csv', $2, 1, '', $3, $4, 0, 0, 0, 0, 0, 0, 0, 0, $3, 0, 1)")
                .bind(ctx.id::<Import>())
                .bind(path.display().to_string())
                .bind(json!({}))
                .bind(state),
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let file = folder.path().join("backup");
        backup(&ctx.app.db, &ctx.app.keys(), true, NOW, &file, |_| {}).await.unwrap();
        let there = testing::app().await;
        let db = &there.db;
        assert_eq!(restore(db, folder.path(), &file, NOW, |_| {}).await.unwrap().imports_left, 2);
        let states: Vec<(String, Option<Json>)> =
            db.all(sql("SELECT state, problem FROM imports ORDER BY state, file_path")).await.unwrap();
        assert_eq!(states.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), ["done", "failed", "failed", "stopped"]);
        assert!(states[1].1.as_ref().unwrap().to_string().contains("import-file-not-restored"));
    }

    #[tokio::test]
    async fn a_cut_or_changed_file_fills_nothing() {
        let app = filled().await;
        let folder = tempfile::tempdir().unwrap();
        let (file, cut, changed) = (folder.path().join("whole"), folder.path().join("cut"), folder.path().join("changed"));
        backup(&app.db, &app.keys(), true, NOW, &file, |_| ()).await.unwrap();
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
        let text = zstd::decode_all(&bytes[..]).unwrap();
        let text = String::from_utf8(text).unwrap().replacen("\"below\"", "\"above\"", 1);
        std::fs::write(&changed, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
        let db = empty_sqlite(folder.path()).await;
        for bad in [&cut, &changed] {
            let Err(Error::Invalid(problems)) = restore(&db, folder.path(), bad, NOW, |_| ()).await else { panic!("{bad:?} was taken") };
            assert_eq!(problems.0[0].key, "backup-damaged");
            let (parties,): (i64,) = db.one(sql("SELECT count(*) FROM parties")).await.unwrap();
            assert_eq!(parties, 0);
            assert!(!folder.path().join(KEYS).exists());
        }
        restore(&db, folder.path(), &file, NOW, |_| ()).await.unwrap();
    }

    #[tokio::test]
    async fn a_backup_of_an_older_schema_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let url = peyvand_db::testing::fresh_url().await.unwrap();
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("old.db").display()));
        let old = Db::open(&url, &Options::default()).await.unwrap();
        migrate(&old, &MIGRATIONS[..2]).await.unwrap();
        let mut tx = old.begin().await.unwrap();
        tx.run(sql("INSERT INTO units (id, name, created_at) VALUES ($1, 'shop', 1)").bind(uuid::Uuid::nil())).await.unwrap();
        tx.commit().await.unwrap();
        let file = folder.path().join("b");
        backup(&old, &Keys::generate(), true, NOW, &file, |_| ()).await.unwrap();

        let db = empty_sqlite(folder.path()).await;
        restore(&db, folder.path(), &file, NOW, |_| ()).await.unwrap();
        assert_eq!(schema_version(&db).await.unwrap(), MIGRATIONS.last().unwrap().version);
        let (units, parties): (i64, i64) =
            db.one(sql("SELECT (SELECT count(*) FROM units), (SELECT count(*) FROM parties)")).await.unwrap();
        assert_eq!((units, parties), (1, 0));
    }

    #[tokio::test]
    async fn nobodys_work_is_overwritten() {
        let app = filled().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b");
        backup(&app.db, &app.keys(), true, NOW, &file, |_| ()).await.unwrap();
        let Err(Error::Invalid(problems)) = restore(&app.db, folder.path(), &file, NOW, |_| ()).await else { panic!("taken") };
        assert_eq!(problems.0[0].key, "backup-not-empty");
        assert!(backup(&app.db, &app.keys(), true, NOW, &file, |_| ()).await.is_err(), "a backup was overwritten");
    }

    #[tokio::test]
    async fn without_its_keys_a_backup_asks_for_them() {
        use std::os::unix::fs::PermissionsExt;
        let app = filled().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b");
        backup(&app.db, &app.keys(), false, NOW, &file, |_| ()).await.unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let db = empty_sqlite(folder.path()).await;
        Keys::generate().save(&folder.path().join(KEYS)).unwrap();
        assert!(restore(&db, folder.path(), &file, NOW, |_| ()).await.is_err());
        app.keys().save(&folder.path().join(KEYS)).unwrap();
        let report = restore(&db, folder.path(), &file, NOW, |_| ()).await.unwrap();
        assert_eq!(report.keys_kept, None);
    }

    #[test]
    fn every_table_has_a_key_and_columns() {
        let tables = tables(MIGRATIONS);
        assert!(tables.len() > 30);
        for table in tables {
            assert!(!table.key.is_empty() && table.key.iter().all(|key| table.position(key).is_some()), "{}", table.name);
        }
    }

    #[test]
    fn every_kind_of_value_comes_back_as_it_was() {
        let values = [
            Value::Null(Kind::Json),
            true.to_value(),
            i64::MIN.to_value(),
            0.1_f64.to_value(),
            f64::MIN_POSITIVE.to_value(),
            "\u{200c}a\"".to_value(),
            vec![0_u8, 255].to_value(),
            uuid::Uuid::nil().to_value(),
            Value::Json(json!(null)),
            Value::Json(json!([1, {"a": []}])),
        ];
        let kinds = [Kind::Json, Kind::Bool, Kind::Int, Kind::Real, Kind::Real, Kind::Text, Kind::Bytes, Kind::Id, Kind::Json, Kind::Json];
        for (value, kind) in values.iter().zip(kinds) {
            assert_eq!(from_json(to_json(value), kind).as_ref(), Some(value));
        }
    }
}
