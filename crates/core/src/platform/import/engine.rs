//! Runs an import: rows are read and checked beside the database, and stored in batches. Each batch is one transaction
//! that also moves the place from which to go on, so that a program that dies at any moment leaves nothing half done
//! and nothing to do twice.

use super::columns::Kind;
use super::plan::{Item, Mode, Plan, currency_word, told};
use super::reader::{FileProblem, Mark, RawRow, ReadLimits, Rows, Source};
use super::record::{self, Details, FROM, Import, Options, Prepared, State, Stored, blocking, file_hash, unreadable};
use super::{customers, interactions, parties, purchases};
use crate::parties::Party;
use crate::parties::write::external_kinds;
use crate::platform::access::{Actor, Unit, User, UserActor};
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, QueuedJob};
use crate::platform::live::Message;
use crate::platform::money::MoneyUnit;
use crate::platform::text::search_key;
use crate::platform::{sessions, time::MINUTE};
use crate::{App, Ctx, Door, Error, Instant, Problem, Result, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, Value, sql};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// Rows of a transaction. In larger ones fewer pages are written twice, and others wait longer.
const BATCH_ROWS: usize = 2000;
/// Bytes of text after which a batch is closed with fewer rows, so that memory stays bounded.
const BATCH_BYTES: usize = 2 << 20;
/// Batches that wait while one is stored.
const AHEAD: usize = 2;
/// Rows after which statistics are looked at for the first time, and again at each doubling: a plan that was right for a
/// nearly empty table reads all of it for every batch when it has grown.
const ROWS_TO_STATISTICS: i64 = 8_000;
/// How long a silent import is left to the one who works on it.
const LEASE: i64 = MINUTE;
/// How often the lease of the job around it is renewed.
const RENEW: i64 = 15_000;
/// The rate is that of so many milliseconds.
const RATE_WINDOW: i64 = 10_000;
/// Open pages hear of an import this often, in milliseconds.
const TELL: i64 = 500;

/// How far an import came.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Rows dealt with.
    pub rows: i64,
    /// Rows that added something.
    pub created: i64,
    /// Rows that changed something.
    pub updated: i64,
    /// Rows that were there already.
    pub unchanged: i64,
    /// Rows that could not be taken.
    pub rejected: i64,
    /// How much of the file, from 0 to 1.
    pub done: f64,
    /// What it did beyond that.
    pub details: Details,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All rows are dealt with.
    Done,
    /// It goes on later from where it noted.
    Stopped,
    /// The file could not be read to its end.
    Failed,
}

/// A row as it was read, and what it is to become.
pub(super) struct Parsed {
    pub row: RawRow,
    pub item: Result<Item, Vec<Problem>>,
}

/// What became of a row.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    Created,
    Updated,
    Unchanged,
    Rejected(Vec<Problem>),
}

struct Batch {
    rows: Vec<Parsed>,
    end: Mark,
    done: f64,
}

/// What the batches of one run share.
pub(super) struct Run {
    pub id: Id<Import>,
    pub mode: Mode,
    pub plan: Arc<Plan>,
    pub sight: Sight,
    /// Unit of the one who brings the file, for customers that nobody is named for.
    pub unit: Option<Id<Unit>>,
    /// Customers by what the file calls them, as far as they are stored.
    pub customers: Mutex<customers::Cache>,
    /// Of lines that other imports brought as well: how often they came in this file so far.
    pub seen: Mutex<HashMap<i64, i64>>,
    /// Parties that a row of this file has spoken of: what a later row says of them only fills gaps. Else two rows of one
    /// customer that differ would take turns each time the file is brought in.
    pub spoken: Mutex<HashSet<Id<Party>>>,
    /// Kinds of keys of other systems.
    pub systems: Vec<String>,
}

/// What a batch did, applied to the run once it is committed.
#[derive(Default)]
pub(super) struct Gained {
    pub details: Details,
    /// What is wrong with rows that came in all the same, by their places in the batch.
    pub notes: Vec<(usize, Problem)>,
    pub customers: Vec<(String, customers::Customer)>,
    pub seen: Vec<i64>,
    pub spoken: Vec<Id<Party>>,
}

struct Work {
    run: Run,
    worker: String,
    batch: Mutex<Option<Arc<Batch>>>,
    /// Place, counts and details as they are stored.
    at: Mutex<(Mark, Progress)>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs an import, or goes on with it, until it is done, stopped or at the end of what can be read. `tick` hears how far
/// it came after each batch. `job` is the job around it, if there is one.
///
/// # Errors
/// [`Error::Conflict`] while another process works on it; else when the database refuses, and it can go on later.
pub async fn run(
    app: &App,
    door: Door,
    id: Id<Import>,
    stop: &watch::Receiver<bool>,
    job: Option<Id<QueuedJob>>,
    mut tick: impl FnMut(&Progress) + Send,
) -> Result<Ended> {
    let Some(claim) = Claim::take(app, id, &["ready", "running", "stopped"], "running").await? else { return already(app, id).await };
    let import = claim.import.clone();
    let options = import.options()?;
    let (actor, unit) = actor_of(app, import.created_by).await?;
    let organisation = app.organisation().await?;
    let context = || app.context(actor.clone(), door, organisation.prefs());
    let ctx = context();

    let path = PathBuf::from(&import.file_path);
    let hints = options.hints.clone();
    let expected = import.file_hash.clone();
    let opened = blocking(move || {
        let hash = file_hash(&path).map_err(|error| unreadable(&error))?;
        let problem = |problem: FileProblem| told("file", problem.key(), &problem.arguments());
        if hash != expected {
            return Err(problem(FileProblem::Changed));
        }
        Source::open_with(&path, &ReadLimits::default(), &hints).map_err(problem)
    })
    .await;
    let source = match opened {
        Ok(source) => Arc::new(source),
        Err(Error::Invalid(fields)) => return fail(app, &ctx, &claim, fields.0.into_iter().next()).await,
        Err(error) => return Err(error),
    };
    let plan = Arc::new(plan(app, &ctx, import.kind, &options).await?);
    let mark = Mark { offset: import.mark_offset.unsigned_abs(), row: import.row_number.unsigned_abs() };
    let is_begun = import.row_number > 0;
    let run = Run {
        id,
        mode: options.mode,
        plan: plan.clone(),
        sight: ctx.actor.check(crate::Perm(crate::Room::Parties, crate::Act::Change))?,
        unit,
        customers: Mutex::default(),
        seen: Mutex::default(),
        spoken: Mutex::default(),
        systems: systems(app).await?,
    };
    if is_begun && import.rows_unchanged > 0 && import.kind != Kind::Parties {
        recall(app, &run, &source, mark).await?;
    }
    let progress = Progress {
        rows: import.rows_read,
        created: import.rows_created,
        updated: import.rows_updated,
        unchanged: import.rows_unchanged,
        rejected: import.rows_rejected,
        done: 0.0,
        details: import.details(),
    };
    let work = Arc::new(Work { run, worker: claim.worker.clone(), batch: Mutex::default(), at: Mutex::new((mark, progress)) });

    let (sender, mut batches) = mpsc::channel::<Result<Batch, FileProblem>>(AHEAD);
    let reader = {
        let (source, plan) = (source.clone(), plan.clone());
        tokio::task::spawn_blocking(move || {
            let rows = if is_begun { source.rows_from(mark) } else { source.rows() };
            let outcome = rows.and_then(|rows| read(rows, &plan, BATCH_ROWS, &sender));
            if let Err(problem) = outcome {
                // Nobody listens after a stop.
                let _ = sender.blocking_send(Err(problem));
            }
        })
    };
    let mut pace = Pace::default();
    let mut renewed = app.clock.now();
    let mut told_at = Instant::NEVER;
    let mut statistics_at = import.rows_read + ROWS_TO_STATISTICS;
    let mut ended = Ended::Done;
    while let Some(batch) = batches.recv().await {
        let batch = match batch {
            Ok(batch) => Arc::new(batch),
            Err(problem) => {
                let problem = told("file", problem.key(), &problem.arguments());
                let outcome = fail(app, &ctx, &claim, Some(problem)).await;
                drop(batches);
                // The reader ends when nobody takes its batches.
                let _ = reader.await;
                return outcome;
            }
        };
        let now = app.clock.now();
        {
            let mut at = lock(&work.at);
            let (rate, left) = pace.rate(now, at.1.rows, batch.done);
            at.1.details.rows_per_second = rate;
            at.1.details.seconds_left = left;
        }
        *lock(&work.batch) = Some(batch);
        let ctx = context();
        match ctx.run(store, work.clone()).await {
            Ok(true) => {}
            Ok(false) => {
                ended = Ended::Stopped;
                break;
            }
            Err(error) => {
                lock(&work.run.customers).clear();
                release(app, &claim, State::Running).await?;
                return Err(error);
            }
        }
        let progress = lock(&work.at).1.clone();
        tick(&progress);
        if progress.rows >= statistics_at {
            statistics_at = progress.rows * 2;
            app.db.analyze_grown().await?;
        }
        if now.0 - told_at.0 >= TELL {
            told_at = now;
            app.live.tell(Message::Import(id));
        }
        if let Some(job) = job
            && now.0 - renewed.0 >= RENEW
        {
            renewed = now;
            jobs::renew(app, job).await?;
        }
        if *stop.borrow() {
            ended = Ended::Stopped;
            release(app, &claim, State::Running).await?;
            break;
        }
    }
    drop(batches);
    if ended == Ended::Done {
        reader.await.map_err(Error::fault)?;
        finish(&context(), &claim).await?;
        discard_upload(app, &import.file_path);
        // Fresh statistics, or the first lists after a million rows are planned as for an empty table.
        app.db.analyze_grown().await?;
    }
    app.live.tell(Message::Import(id));
    Ok(ended)
}

/// Runs an import as a job.
///
/// # Errors
/// As [`run`].
pub async fn run_job(ctx: &Ctx, id: Id<Import>, stop: &watch::Receiver<bool>, job: Id<QueuedJob>) -> Result<jobs::Outcome> {
    let ended = run(&ctx.app, Door::Job, id, stop, Some(job), |_| {}).await?;
    // Stopped by a person it stays, stopped with the program it goes on.
    Ok(if ended == Ended::Stopped && *stop.borrow() { jobs::Outcome::GoOn } else { jobs::Outcome::Done })
}

async fn already(app: &App, id: Id<Import>) -> Result<Ended> {
    let state: Option<(State,)> = app.db.maybe(sql("SELECT state FROM imports WHERE id = $1").bind(id)).await?;
    match state {
        Some((State::Ready | State::Running | State::Stopped,)) => Err(record::conflict("import-in-work")),
        Some((State::Failed,)) => Ok(Ended::Failed),
        Some(_) => Ok(Ended::Done),
        None => Err(Error::NotFound("import")),
    }
}

/// The right to work on an import: a locked file in the data folder, freed by the system when the process dies, and a
/// lease in the database against processes elsewhere.
pub(super) struct Claim {
    pub import: Stored,
    pub worker: String,
    _file: std::fs::File,
}

impl Claim {
    /// Takes an import that stands as one of `from`, unless another works on it.
    pub async fn take(app: &App, id: Id<Import>, from: &[&str], to: &str) -> Result<Option<Claim>> {
        let folder = app.data.join("imports");
        std::fs::create_dir_all(&folder).map_err(Error::fault)?;
        let file = std::fs::File::create(folder.join(format!("{id}.lock"))).map_err(Error::fault)?;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        let worker = folder_name(&folder)?;
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        let mut claim = sql("UPDATE imports SET state = ");
        claim.arg(to).push(", worker = ").arg(&worker).push(", lease_until = ").arg(now.plus(LEASE));
        claim
            .push(", started_at = COALESCE(started_at, ")
            .arg(now)
            .push(") WHERE id = ")
            .arg(id)
            .push(" AND state IN ")
            .list(from.iter().copied());
        // Whoever held it with this data folder is dead: the lock of the file was free.
        claim.push(" AND (worker IS NULL OR lease_until < ").arg(now).push(" OR worker = ").arg(&worker).push(")");
        let taken = tx.run(claim).await?;
        let mut query = Sql::select::<Stored>(FROM);
        query.push("i.id = ").arg(id);
        let import: Option<Stored> = tx.maybe(query).await?;
        tx.commit().await?;
        Ok(import.filter(|_| taken == 1).map(|import| Claim { import, worker, _file: file }))
    }
}

/// What tells this data folder from that of another machine.
fn folder_name(folder: &std::path::Path) -> Result<String> {
    let path = folder.join("worker");
    if let Ok(name) = std::fs::read_to_string(&path)
        && !name.is_empty()
    {
        return Ok(name);
    }
    let name = uuid::Uuid::now_v7().to_string();
    std::fs::write(&path, &name).map_err(Error::fault)?;
    Ok(name)
}

/// Removes a file that was uploaded; one that lies elsewhere belongs to somebody.
pub(super) fn discard_upload(app: &App, path: &str) {
    let path = std::path::Path::new(path);
    if path.starts_with(app.data.join("imports"))
        && let Err(error) = std::fs::remove_file(path)
    {
        tracing::warn!(%error, "an uploaded file was not removed");
    }
}

/// The kinds under which IDs of other systems are stored.
async fn systems(app: &App) -> Result<Vec<String>> {
    let kinds: Vec<(String,)> = app.db.all(external_kinds()).await?;
    Ok(kinds.into_iter().map(|(kind,)| kind).collect())
}

async fn release(app: &App, claim: &Claim, state: State) -> Result<()> {
    let mut tx = app.db.begin().await?;
    tx.run(
        sql("UPDATE imports SET worker = NULL, lease_until = 0, state = $1 WHERE id = $2 AND worker = $3 AND state = 'running'")
            .bind(state)
            .bind(claim.import.id)
            .bind(&claim.worker),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

async fn fail(app: &App, ctx: &Ctx, claim: &Claim, problem: Option<Problem>) -> Result<Ended> {
    let problem = problem.unwrap_or_else(|| Problem::new("file", "import-file-damaged").with("detail", "?"));
    let mut tx = app.db.begin().await?;
    tx.run(
        sql("UPDATE imports SET state = 'failed', problem = $1, finished_at = $2, worker = NULL, lease_until = 0 WHERE id = $3 AND worker = $4")
            .bind(serde_json::to_value(&problem).map_err(Error::fault)?)
            .bind(ctx.now())
            .bind(claim.import.id)
            .bind(&claim.worker),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of("import.failed", claim.import.id, json!({"key": problem.key}))).await?;
    tx.commit().await?;
    app.live.tell(Message::Import(claim.import.id));
    Ok(Ended::Failed)
}

async fn finish(ctx: &Ctx, claim: &Claim) -> Result<()> {
    let mut tx = ctx.app.db.begin().await?;
    tx.run(
        sql("UPDATE imports SET state = 'done', finished_at = $1, bytes_done = file_size, worker = NULL, lease_until = 0
             WHERE id = $2 AND worker = $3 AND state = 'running'")
        .bind(ctx.now())
        .bind(claim.import.id)
        .bind(&claim.worker),
    )
    .await?;
    let counts: (i64, i64, i64, i64, i64) = tx
        .one(
            sql("SELECT rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected FROM imports WHERE id = $1")
                .bind(claim.import.id),
        )
        .await?;
    let data = json!({"kind": claim.import.kind, "file": claim.import.file_name, "rows": counts.0, "created": counts.1, "updated": counts.2,
        "unchanged": counts.3, "rejected": counts.4});
    events::record(&mut tx, ctx, Event::of("import.finished", claim.import.id, data)).await?;
    if claim.import.kind == Kind::Purchases {
        crate::insight::refresh::enqueue(&mut tx, ctx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// In whose name rows are stored: the one who brought the file, with their rights of today; else the program.
async fn actor_of(app: &App, user: Option<Id<User>>) -> Result<(Actor, Option<Id<Unit>>)> {
    let Some(user) = user else { return Ok((Actor::System, None)) };
    let found: Option<(String, Id<Unit>, String, serde_json::Value)> = app
        .db
        .maybe(sql("SELECT u.name, u.unit_id, o.word, o.rights FROM users u JOIN posts o ON o.id = u.post_id WHERE u.id = $1").bind(user))
        .await?;
    let (name, unit, post, rights) = found.ok_or(Error::NotFound("user"))?;
    let units = sessions::units_below(app, unit).await?;
    let rights = sessions::rights_of(&post, rights)?;
    Ok((Actor::User(Arc::new(UserActor { id: user, name, units, rights, scopes: None })), Some(unit)))
}

/// What reading the rows needs to know.
///
/// # Errors
/// When the database is out of reach.
pub async fn plan(app: &App, ctx: &Ctx, kind: Kind, options: &Options) -> Result<Plan> {
    let organisation = app.organisation().await?;
    let users: Vec<(Id<User>, Id<Unit>, String, String)> =
        app.db.all(sql("SELECT id, unit_id, email, name FROM users WHERE is_active ORDER BY created_at DESC")).await?;
    let both =
        |(id, unit, email, name): (Id<User>, Id<Unit>, String, String)| [(search_key(&name), (id, unit)), (search_key(&email), (id, unit))];
    let users = users.into_iter().flat_map(both).collect();
    let (currency, unit) = options.currency.as_deref().and_then(currency_word).unwrap_or((organisation.currency, MoneyUnit::Currency));
    Ok(Plan {
        kind,
        columns: options.columns.clone(),
        country: organisation.country.clone(),
        calendar: options.calendar.unwrap_or(organisation.calendar),
        today: ctx.now().day(&organisation.zone()),
        zone: organisation.zone(),
        keys: app.keys(),
        currency,
        unit,
        users,
    })
}

/// Reads and checks rows, batch by batch. Blocks.
fn read(mut rows: Rows, plan: &Plan, size: usize, sender: &mpsc::Sender<Result<Batch, FileProblem>>) -> Result<(), FileProblem> {
    let mut bytes = 0;
    let mut batch = Vec::with_capacity(size);
    loop {
        let mut row = RawRow::default();
        let is_row = rows.next_into(&mut row)?;
        if is_row {
            bytes += row.cells().map(str::len).sum::<usize>();
            batch.push(Parsed { item: plan.read(&row), row });
        }
        if batch.len() >= size || bytes >= BATCH_BYTES || !is_row {
            let Some(last) = batch.last() else { return Ok(()) };
            let end = last.row.end;
            let rows_of_it = std::mem::replace(&mut batch, Vec::with_capacity(size));
            bytes = 0;
            let gone = sender.blocking_send(Ok(Batch { rows: rows_of_it, end, done: rows.progress() })).is_err();
            if gone || !is_row {
                return Ok(());
            }
        }
    }
}

/// Stores the batch in hand; false when the import is no longer ours, because somebody stopped it.
async fn store(ctx: &Ctx, work: Arc<Work>) -> Result<bool> {
    let Some(batch) = lock(&work.batch).clone() else { return Ok(true) };
    let (mark, before) = lock(&work.at).clone();
    let mut gained = Gained { details: before.details.clone(), ..Gained::default() };
    let mut tx = ctx.app.db.begin().await?;
    let fates = write(&mut tx, ctx, &work.run, &batch.rows, &mut gained).await?;
    let mut after = before.clone();
    let mut rejects = Vec::new();
    for (parsed, fate) in batch.rows.iter().zip(&fates) {
        after.rows += 1;
        match fate {
            Fate::Created => after.created += 1,
            Fate::Updated => after.updated += 1,
            Fate::Unchanged => after.unchanged += 1,
            Fate::Rejected(problems) => {
                after.rejected += 1;
                rejects.push(reject(work.run.id, &parsed.row, problems, false)?);
            }
        }
    }
    for (at, problems) in by_row(&gained.notes) {
        rejects.push(reject(work.run.id, &batch.rows[at].row, &problems, true)?);
    }
    let head = "INSERT INTO import_rejects (import_id, row_number, cells, problems, is_taken) VALUES ";
    for statement in Sql::inserts(head, rejects, "") {
        tx.run(statement).await?;
    }
    after.details = gained.details.clone();
    after.done = batch.done;
    // The place before this batch is part of the condition: whoever comes second changes nothing.
    let size: (i64,) = tx.one(sql("SELECT file_size FROM imports WHERE id = $1").bind(work.run.id)).await?;
    let moved = tx
        .run(
            sql("UPDATE imports SET mark_offset = $1, row_number = $2, bytes_done = $3, rows_read = $4, rows_created = $5, rows_updated = $6,
                   rows_unchanged = $7, rows_rejected = $8, details = $9, lease_until = $10
                 WHERE id = $11 AND worker = $12 AND state = 'running' AND mark_offset = $13 AND row_number = $14")
            .bind(i64::try_from(batch.end.offset).unwrap_or(i64::MAX))
            .bind(i64::try_from(batch.end.row).unwrap_or(i64::MAX))
            .bind((batch.done * size.0 as f64) as i64)
            .bind(after.rows)
            .bind(after.created)
            .bind(after.updated)
            .bind(after.unchanged)
            .bind(after.rejected)
            .bind(serde_json::to_value(&after.details).map_err(Error::fault)?)
            .bind(ctx.now().plus(LEASE))
            .bind(work.run.id)
            .bind(&work.worker)
            .bind(i64::try_from(mark.offset).unwrap_or(i64::MAX))
            .bind(i64::try_from(mark.row).unwrap_or(i64::MAX)),
        )
        .await?;
    if moved == 0 {
        return Ok(false);
    }
    tx.commit().await?;
    *lock(&work.at) = (batch.end, after);
    *lock(&work.batch) = None;
    lock(&work.run.customers).learn(gained.customers);
    lock(&work.run.spoken).extend(gained.spoken);
    let mut seen = lock(&work.run.seen);
    for key in gained.seen {
        *seen.entry(key).or_default() += 1;
    }
    Ok(true)
}

async fn write(tx: &mut Tx, ctx: &Ctx, run: &Run, rows: &[Parsed], gained: &mut Gained) -> Result<Vec<Fate>> {
    match run.plan.kind {
        Kind::Parties => parties::store(tx, ctx, run, rows, gained).await,
        Kind::Purchases => purchases::store(tx, ctx, run, rows, gained).await,
        Kind::Interactions => interactions::store(tx, ctx, run, rows, gained).await,
    }
}

/// What an import would come to, without storing anything.
#[derive(Clone, Debug, Default)]
pub struct Rehearsal {
    /// Rows read.
    pub rows: i64,
    /// Rows that would add something.
    pub created: i64,
    /// Rows that would change something.
    pub updated: i64,
    /// Rows that are there already.
    pub unchanged: i64,
    /// Rows that would be rejected.
    pub rejected: i64,
    /// Rows that would come in though something is wrong with them.
    pub noted: i64,
    /// Number and problems of the first rejected rows, and of those that would come in all the same.
    pub rejects: Vec<(u64, Vec<Problem>)>,
}

/// Rejected rows that a rehearsal tells of.
const REHEARSED_REJECTS: usize = 100;

/// Stores every batch and takes it back at once. Rows of one batch do not find what an earlier batch would have added, so
/// a customer named far apart in the file counts as added twice.
///
/// # Errors
/// When the file breaks off, or the database refuses.
pub async fn rehearse(ctx: &Ctx, prepared: Prepared) -> Result<Rehearsal> {
    let mut rehearsal = Rehearsal::default();
    try_out(ctx, prepared, None, |parsed, fate, notes| {
        rehearsal.rows += 1;
        rehearsal.noted += i64::from(!notes.is_empty());
        if !notes.is_empty() && rehearsal.rejects.len() < REHEARSED_REJECTS {
            rehearsal.rejects.push((parsed.row.number, notes.to_vec()));
        }
        match fate {
            Fate::Created => rehearsal.created += 1,
            Fate::Updated => rehearsal.updated += 1,
            Fate::Unchanged => rehearsal.unchanged += 1,
            Fate::Rejected(problems) => {
                rehearsal.rejected += 1;
                if rehearsal.rejects.len() < REHEARSED_REJECTS {
                    rehearsal.rejects.push((parsed.row.number, problems));
                }
            }
        }
    })
    .await?;
    Ok(rehearsal)
}

/// Stores batches, or only the first rows, takes each back at once and tells what became of every row.
pub(super) async fn try_out(
    ctx: &Ctx,
    prepared: Prepared,
    most: Option<usize>,
    mut each: impl FnMut(&Parsed, Fate, &[Problem]) + Send,
) -> Result<()> {
    let app = &ctx.app;
    ctx.write(crate::Perm(crate::Room::Imports, crate::Act::Create))?;
    let plan = Arc::new(plan(app, ctx, prepared.kind, &prepared.options).await?);
    let run = Run {
        id: ctx.id(),
        mode: prepared.options.mode,
        plan: plan.clone(),
        sight: ctx.actor.check(crate::Perm(crate::Room::Parties, crate::Act::Change))?,
        unit: ctx.actor.unit(),
        customers: Mutex::default(),
        seen: Mutex::default(),
        spoken: Mutex::default(),
        systems: systems(app).await?,
    };
    let (sender, mut batches) = mpsc::channel::<Result<Batch, FileProblem>>(AHEAD);
    let source = Arc::new(prepared.look.source);
    let reader = {
        let plan = plan.clone();
        let size = most.unwrap_or(BATCH_ROWS).min(BATCH_ROWS);
        tokio::task::spawn_blocking(move || {
            if let Err(problem) = source.rows().and_then(|rows| read(rows, &plan, size, &sender)) {
                let _ = sender.blocking_send(Err(problem));
            }
        })
    };
    while let Some(batch) = batches.recv().await {
        let batch = batch.map_err(|problem| told("file", problem.key(), &problem.arguments()))?;
        let mut tx = app.db.begin().await?;
        tx.run(
            sql("INSERT INTO imports (id, kind, file_name, file_path, file_size, file_hash, options, state, mark_offset, row_number, bytes_done,
                   rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected, details, lease_until, created_at)
                 VALUES ($1, $2, '', '', 0, '', $3, 'draft', 0, 0, 0, 0, 0, 0, 0, 0, $4, 0, $5)")
            .bind(run.id)
            .bind(prepared.kind)
            .bind(json!({}))
            .bind(json!({}))
            .bind(ctx.now()),
        )
        .await?;
        let mut gained = Gained::default();
        let fates = write(&mut tx, ctx, &run, &batch.rows, &mut gained).await?;
        drop(tx);
        let notes = by_row(&gained.notes);
        for (at, (parsed, fate)) in batch.rows.iter().zip(fates).enumerate() {
            each(parsed, fate, notes.get(&at).map_or(&[], Vec::as_slice));
        }
        lock(&run.spoken).extend(gained.spoken);
        let mut seen = lock(&run.seen);
        for key in gained.seen {
            *seen.entry(key).or_default() += 1;
        }
        if most.is_some() {
            break;
        }
    }
    drop(batches);
    // It ends when nobody takes its batches.
    let _ = reader.await;
    Ok(())
}

/// What is wrong with each of the rows that came in all the same, in the order of the file.
fn by_row(notes: &[(usize, Problem)]) -> BTreeMap<usize, Vec<Problem>> {
    let mut rows: BTreeMap<usize, Vec<Problem>> = BTreeMap::new();
    for (at, problem) in notes {
        rows.entry(*at).or_default().push(problem.clone());
    }
    rows
}

fn reject(import: Id<Import>, row: &RawRow, problems: &[Problem], is_taken: bool) -> Result<Vec<Value>> {
    // PostgreSQL takes no U+0000 in JSON.
    let cells: Vec<String> = row.cells().map(|cell| cell.replace('\0', "")).collect();
    Ok(vec![
        import.to_value(),
        i64::try_from(row.number).unwrap_or(i64::MAX).to_value(),
        serde_json::to_value(cells).map_err(Error::fault)?.to_value(),
        serde_json::to_value(problems).map_err(Error::fault)?.to_value(),
        is_taken.to_value(),
    ])
}

/// How often lines with each of these keys are stored, other than by this import.
pub(super) async fn stored_elsewhere(tx: &mut Tx, run: &Run, keys: &[i64]) -> Result<HashMap<i64, i64>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = match run.plan.kind {
        Kind::Interactions => sql("SELECT source_key, count(*) FROM interactions WHERE source_key IS NOT NULL AND source_key IN "),
        _ => sql("SELECT source_key, count(*) FROM purchase_lines WHERE source_key IS NOT NULL AND source_key IN "),
    };
    query.list_padded(keys).push(" AND (import_id IS NULL OR import_id <> ").arg(run.id).push(") GROUP BY source_key");
    Ok(tx.all::<(i64, i64)>(query).await?.into_iter().collect())
}

/// Which of the rows of a batch other imports have brought already. Of a row that stands twice in this file and once in
/// what is stored, the second is new.
pub(super) async fn known_before(tx: &mut Tx, run: &Run, keys: &[i64], gained: &mut Gained) -> Result<Vec<bool>> {
    let elsewhere = stored_elsewhere(tx, run, keys).await?;
    let before = lock(&run.seen);
    let mut here: HashMap<i64, i64> = HashMap::new();
    Ok(keys
        .iter()
        .map(|key| {
            let Some(stored) = elsewhere.get(key) else { return false };
            gained.seen.push(*key);
            let count = here.entry(*key).or_insert_with(|| before.get(key).copied().unwrap_or_default());
            *count += 1;
            *count <= *stored
        })
        .collect())
}

/// Counts again what came before the place to go on from.
async fn recall(app: &App, run: &Run, source: &Arc<Source>, until: Mark) -> Result<()> {
    let (sender, mut batches) = mpsc::channel::<Result<Batch, FileProblem>>(AHEAD);
    let reader = {
        let (source, plan) = (source.clone(), run.plan.clone());
        tokio::task::spawn_blocking(move || source.rows().and_then(|rows| read(rows, &plan, BATCH_ROWS, &sender)))
    };
    'file: while let Some(batch) = batches.recv().await {
        let Ok(batch) = batch else { break };
        let keys: Vec<i64> = batch.rows.iter().take_while(|parsed| parsed.row.start.row < until.row).filter_map(key_of).collect();
        let is_last = batch.end.row >= until.row;
        let mut tx = app.db.snapshot().await?;
        let elsewhere = stored_elsewhere(&mut tx, run, &keys).await?;
        drop(tx);
        let mut seen = lock(&run.seen);
        for key in keys.into_iter().filter(|key| elsewhere.contains_key(key)) {
            *seen.entry(key).or_default() += 1;
        }
        if is_last {
            break 'file;
        }
    }
    drop(batches);
    // It ends with the batch in hand; what it says of the rest is of no use here.
    let _ = reader.await;
    Ok(())
}

fn key_of(parsed: &Parsed) -> Option<i64> {
    match &parsed.item {
        Ok(Item::Purchase(line)) => Some(line.source_key),
        Ok(Item::Interaction(contact)) => Some(contact.source_key),
        _ => None,
    }
}

/// Rows of each second over the last while.
#[derive(Default)]
struct Pace(VecDeque<(Instant, i64, f64)>);

impl Pace {
    /// Rows of each second, and the seconds that the rest will take.
    fn rate(&mut self, now: Instant, rows: i64, done: f64) -> (i64, i64) {
        self.0.push_back((now, rows, done));
        while self.0.len() > 2 && self.0.front().is_some_and(|(at, ..)| now.0 - at.0 > RATE_WINDOW) {
            self.0.pop_front();
        }
        let Some((at, first, begun)) = self.0.front().copied() else { return (0, 0) };
        let took = (now.0 - at.0).max(1);
        let rate = (rows - first).saturating_mul(1000) / took;
        let share = (done - begun).max(f64::EPSILON);
        let left = if took > 1 { ((1.0 - done) / share * took as f64 / 1000.0).round() } else { 0.0 };
        (rate, if left.is_finite() { (left as i64).clamp(0, 1_000_000) } else { 0 })
    }
}

/// A problem of a whole row.
pub(super) fn rejected(field: &'static str, key: &'static str) -> Fate {
    Fate::Rejected(vec![Problem::new(field, key)])
}
