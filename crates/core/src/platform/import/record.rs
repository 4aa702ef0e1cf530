//! An import as it is kept: what file, how its columns were understood, how far it came, what became of its rows.

use super::columns::{self, Choice, Field, Guess, Kind};
use super::plan::{Column, Mode, told};
use super::reader::{FileProblem, HeaderNote, Hints, RawRow, ReadLimits, Source};
use crate::operation::{DONE, Done, Page, page_size};
use crate::platform::access::User;
use crate::platform::calendar::Calendar;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job};
use crate::platform::locale::Loc;
use crate::platform::text::{clean_line, csv_safe, search_key};
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use futures_util::{Stream, StreamExt};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Rows looked at to guess what the columns are.
const SAMPLE: usize = 200;
/// Bytes of each part of a file that its hash is made of.
const HASHED_PART: u64 = 1 << 16;
/// Parts of a file that its hash is made of; a file of up to 4 MB is hashed whole.
const HASHED_PARTS: u64 = 64;
/// Characters of the name of a saved map.
const MAP_NAME_MAX: usize = 80;

/// An import.
#[derive(Debug)]
pub enum Import {}

peyvand_db::words! {
    /// How an import stands.
    pub enum State {
        /// The file is here; its columns are yet to be confirmed.
        Draft = "draft",
        /// It waits for its turn.
        Ready = "ready",
        /// Rows are being stored.
        Running = "running",
        /// Somebody stopped it; it can go on.
        Stopped = "stopped",
        /// All rows are dealt with.
        Done = "done",
        /// The file could not be read to its end; what was stored stays.
        Failed = "failed",
        /// It is being taken back.
        Undoing = "undoing",
        /// It was taken back.
        Undone = "undone",
    }
}

/// How a file is understood.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
    /// What to do with customers that are there, and with those that are not.
    pub mode: Mode,
    /// Calendar of days whose column does not say theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// Currency of amounts whose column does not say theirs: ISO 4217, or `IRT` for Toman.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What was said about the form of the file.
    pub hints: Hints,
}

/// What an import did beyond the count of its rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Details {
    /// Customers that were added because a row named a key that nobody had.
    pub customers_created: i64,
    /// Lines of purchases without a customer.
    pub lines_without_customer: i64,
    /// Lines that give something back.
    pub refunds: i64,
    /// Rows of each second, lately.
    pub rows_per_second: i64,
    /// Seconds until it is done, as far as can be told.
    pub seconds_left: i64,
    /// Undo: records that were removed.
    pub removed: i64,
    /// Undo: records that were put back as they were.
    pub reverted: i64,
    /// Undo: records that stayed because somebody worked with them since.
    pub kept: i64,
}

row! {
    /// The stored form.
    #[derive(Clone, Debug)]
    pub(super) struct Stored {
        pub id: Id<Import> = "i.id",
        pub kind: Kind = "i.kind",
        pub file_name: String = "i.file_name",
        pub file_path: String = "i.file_path",
        pub file_size: i64 = "i.file_size",
        pub file_hash: String = "i.file_hash",
        pub options: Value = "i.options",
        pub state: State = "i.state",
        pub mark_offset: i64 = "i.mark_offset",
        pub row_number: i64 = "i.row_number",
        pub bytes_done: i64 = "i.bytes_done",
        pub rows_read: i64 = "i.rows_read",
        pub rows_created: i64 = "i.rows_created",
        pub rows_updated: i64 = "i.rows_updated",
        pub rows_unchanged: i64 = "i.rows_unchanged",
        pub rows_rejected: i64 = "i.rows_rejected",
        pub details: Value = "i.details",
        pub problem: Option<Value> = "i.problem",
        pub created_by: Option<Id<User>> = "i.created_by",
        pub creator: Option<String> = "u.name",
        pub created_at: Instant = "i.created_at",
        pub started_at: Option<Instant> = "i.started_at",
        pub finished_at: Option<Instant> = "i.finished_at",
        pub undone_at: Option<Instant> = "i.undone_at",
    }
}

pub(super) const FROM: &str = "FROM imports i LEFT JOIN users u ON u.id = i.created_by WHERE ";

impl Stored {
    pub(super) fn options(&self) -> Result<Options> {
        serde_json::from_value(self.options.clone()).map_err(Error::fault)
    }

    pub(super) fn details(&self) -> Details {
        serde_json::from_value(self.details.clone()).unwrap_or_default()
    }

    fn shown(self, ctx: &Ctx) -> Result<ImportRecord> {
        let options = self.options()?;
        let details = self.details();
        let problem: Option<Problem> = self.problem.and_then(|stored| serde_json::from_value(stored).ok());
        let loc = Loc::new(ctx.prefs.clone(), ctx.now());
        let percent = match self.state {
            State::Done | State::Undoing | State::Undone => 100,
            _ if self.file_size == 0 => 0,
            _ => (self.bytes_done.saturating_mul(100) / self.file_size).clamp(0, 100),
        };
        Ok(ImportRecord {
            id: self.id,
            kind: self.kind,
            file_name: self.file_name,
            file_size: self.file_size,
            state: self.state,
            options,
            percent,
            rows: self.rows_read,
            created: self.rows_created,
            updated: self.rows_updated,
            unchanged: self.rows_unchanged,
            rejected: self.rows_rejected,
            details,
            problem: problem.map(|problem| loc.problem(&problem)),
            created_by: self.created_by,
            creator: self.creator,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            undone_at: self.undone_at,
        })
    }
}

/// An import.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportRecord {
    /// Its id.
    pub id: Id<Import>,
    /// What its rows are.
    pub kind: Kind,
    /// Name of the file.
    pub file_name: String,
    /// Its size in bytes.
    pub file_size: i64,
    /// How it stands.
    pub state: State,
    /// How the file is understood.
    pub options: Options,
    /// How much of the file has been read, from 0 to 100.
    pub percent: i64,
    /// Rows dealt with: the sum of the next four.
    pub rows: i64,
    /// Rows that added something.
    pub created: i64,
    /// Rows that changed something.
    pub updated: i64,
    /// Rows that were there already.
    pub unchanged: i64,
    /// Rows that could not be taken; see `imports.rejects`.
    pub rejected: i64,
    /// What it did beyond that.
    pub details: Details,
    /// Why the file could not be read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Who brought it.
    pub created_by: Option<Id<User>>,
    /// Their name.
    pub creator: Option<String>,
    /// When.
    pub created_at: Instant,
    /// When the first row was stored.
    pub started_at: Option<Instant>,
    /// When the last row was stored.
    pub finished_at: Option<Instant>,
    /// When it was taken back.
    pub undone_at: Option<Instant>,
}

/// Which import.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportId {
    /// Its id.
    pub id: Id<Import>,
}

/// Which part of the list of imports.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListImports {
    /// Only those that stand like this.
    pub state: Option<State>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

fn sight(sight: &Sight, query: &mut Sql) {
    match sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            query.push(" AND (u.unit_id IN ").list(units.iter().copied()).push(" OR i.created_by = ").arg(*user).push(")");
        }
        Sight::Own(user) => {
            query.push(" AND i.created_by = ").arg(*user);
        }
    }
}

/// The imports, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListImports) -> Result<Page<ImportRecord>> {
    let reader = ctx.read(Perm(Room::Imports, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Stored>(FROM);
    query.push("1 = 1");
    sight(&reader.sight, &mut query);
    if let Some(state) = input.state {
        query.push(" AND i.state = ").arg(state);
    }
    if let Some(after) = &input.after {
        let (at, id) = events::cursor::<Import>(after)?;
        query.push(" AND (i.created_at, i.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY i.created_at DESC, i.id DESC LIMIT ").arg(limit + 1);
    let mut rows: Vec<Stored> = reader.db.all(query).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| format!("{}_{}", last.created_at.0, last.id));
    let items = rows.into_iter().map(|row| row.shown(ctx)).collect::<Result<_>>()?;
    Ok(Page { items, next })
}

/// One import.
///
/// # Errors
/// [`Error::NotFound`] for one that does not exist or is out of sight.
pub async fn get(ctx: &Ctx, input: ImportId) -> Result<ImportRecord> {
    stored(ctx, input.id, Act::See).await?.shown(ctx)
}

pub(super) async fn stored(ctx: &Ctx, id: Id<Import>, act: Act) -> Result<Stored> {
    let reader = ctx.read(Perm(Room::Imports, act))?;
    let mut query = Sql::select::<Stored>(FROM);
    query.push("i.id = ").arg(id);
    sight(&reader.sight, &mut query);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("import"))
}

/// Which rejected rows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRejects {
    /// The import.
    pub id: Id<Import>,
    /// Rows after this number.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// A row that could not be taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reject {
    /// Its number in the file, as a spreadsheet shows it.
    pub row: i64,
    /// Its cells as they are in the file.
    pub cells: Vec<String>,
    /// What is wrong with it.
    pub problems: Vec<RejectProblem>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RejectProblem {
    /// The field.
    pub field: String,
    /// Name of its column in the file.
    pub column: Option<String>,
    /// What is wrong and what to do, in the caller's language.
    pub message: String,
}

row! {
    pub(super) struct StoredReject {
        pub row_number: i64,
        pub cells: Value,
        pub problems: Value,
    }
}

impl StoredReject {
    pub(super) fn shown(self, loc: &Loc, options: &Options) -> Reject {
        let problems: Vec<Problem> = serde_json::from_value(self.problems).unwrap_or_default();
        let problems = problems
            .into_iter()
            .map(|problem| {
                let of_field = |column: &&Column| column.field.is_some_and(|field| field.name() == problem.field);
                RejectProblem {
                    column: options.columns.iter().find(of_field).map(|column| column.name.clone()),
                    message: loc.problem(&problem),
                    field: problem.field.into_owned(),
                }
            })
            .collect();
        Reject { row: self.row_number, cells: serde_json::from_value(self.cells).unwrap_or_default(), problems }
    }
}

/// The rejected rows of an import, in the order of the file.
///
/// # Errors
/// [`Error::NotFound`] for an import out of sight.
pub async fn rejects(ctx: &Ctx, input: ListRejects) -> Result<Page<Reject>> {
    let import = stored(ctx, input.id, Act::See).await?;
    let limit = page_size(input.limit)?;
    let after: i64 = match &input.after {
        Some(after) => after.parse().map_err(|_| Problem::new("after", "input-cursor"))?,
        None => 0,
    };
    let options = import.options()?;
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let query = Sql::select::<StoredReject>("FROM import_rejects WHERE import_id = $1 AND row_number > $2 ORDER BY row_number LIMIT $3");
    let mut rows: Vec<StoredReject> = ctx.app.db.all(query.bind(input.id).bind(after).bind(limit + 1)).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| last.row_number.to_string());
    Ok(Page { items: rows.into_iter().map(|row| row.shown(&loc, &options)).collect(), next })
}

/// A map that was saved to be used again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SavedMap {
    /// Its name.
    pub name: String,
    /// For files of this kind.
    pub kind: Kind,
    /// How such files are understood.
    pub options: Options,
    /// When it was saved.
    pub created_at: Instant,
}

/// Which maps.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMaps {
    /// Only those for files of this kind.
    pub kind: Option<Kind>,
}

/// The saved maps.
///
/// # Errors
/// Without the right.
pub async fn maps(ctx: &Ctx, input: ListMaps) -> Result<Vec<SavedMap>> {
    let reader = ctx.read(Perm(Room::Imports, Act::See))?;
    let mut query = sql("SELECT name, kind, options, created_at FROM import_maps WHERE 1 = 1");
    if let Some(kind) = input.kind {
        query.push(" AND kind = ").arg(kind);
    }
    query.push(" ORDER BY name, kind");
    let rows: Vec<(String, Kind, Value, Instant)> = reader.db.all(query).await?;
    rows.into_iter()
        .map(|(name, kind, options, created_at)| {
            Ok(SavedMap { name, kind, options: serde_json::from_value(options).map_err(Error::fault)?, created_at })
        })
        .collect()
}

pub(super) async fn save_map(tx: &mut Tx, ctx: &Ctx, name: &str, kind: Kind, options: &Options) -> Result<()> {
    let name = clean_line(name, MAP_NAME_MAX).map_err(|problem| Problem::new("save_map", problem.key()).with("max", MAP_NAME_MAX))?;
    if name.is_empty() {
        return Err(Error::invalid("save_map", "input-needed"));
    }
    tx.run(
        sql("INSERT INTO import_maps (name, kind, options, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name, kind) DO UPDATE SET options = excluded.options, created_by = excluded.created_by")
        .bind(name)
        .bind(kind)
        .bind(serde_json::to_value(options).map_err(Error::fault)?)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    Ok(())
}

async fn saved_map(ctx: &Ctx, name: &str, kind: Kind) -> Result<Options> {
    let found: Option<(Value,)> =
        ctx.app.db.maybe(sql("SELECT options FROM import_maps WHERE name = $1 AND kind = $2").bind(name.trim()).bind(kind)).await?;
    match found {
        Some((options,)) => serde_json::from_value(options).map_err(Error::fault),
        None => Err(Problem::new("use_map", "import-map-unknown").with("name", name).into()),
    }
}

/// A file, opened and looked at.
#[derive(Debug)]
pub struct Look {
    /// The table.
    pub source: Source,
    /// Its first rows.
    pub sample: Vec<RawRow>,
}

impl Look {
    /// Opens a file and reads its first rows. Blocks.
    ///
    /// # Errors
    /// When it is no table that can be read.
    pub fn at(path: &Path, hints: &Hints) -> std::result::Result<Look, Problem> {
        let open = || -> std::result::Result<Look, FileProblem> {
            let source = Source::open_with(path, &ReadLimits::default(), hints)?;
            let sample = source.rows()?.take(SAMPLE).collect::<std::result::Result<Vec<_>, _>>()?;
            Ok(Look { source, sample })
        };
        open().map_err(|problem| told("file", problem.key(), &problem.arguments()))
    }

    /// What the person should know about the header.
    #[must_use]
    pub fn notes(&self) -> &[HeaderNote] {
        &self.source.notes
    }

    /// What the rows most likely are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let score = |kind: Kind| {
            let guesses = columns::guess(kind, &self.source.header, &self.sample);
            let has = |field: Field| guesses.iter().any(|guess| guess.field == Some(field));
            let sure: f32 = guesses.iter().filter(|guess| guess.field.is_some()).map(|guess| guess.confidence).sum();
            // What such a file cannot do without.
            let whole = match kind {
                Kind::Parties => has(Field::Name) || has(Field::LastName) || has(Field::FirstName) || has(Field::Organisation),
                Kind::Purchases => has(Field::Date) && (has(Field::Amount) || has(Field::UnitPrice)),
                Kind::Interactions => has(Field::Date) && has(Field::Customer),
            };
            if whole { sure } else { sure / 4.0 }
        };
        Kind::ALL.iter().copied().max_by(|one, other| score(*one).total_cmp(&score(*other))).unwrap_or(Kind::Parties)
    }

    /// The columns as they are guessed.
    #[must_use]
    pub fn guessed(&self, kind: Kind) -> Vec<Column> {
        columns::guess(kind, &self.source.header, &self.sample).into_iter().map(column).collect()
    }

    /// The columns as a map of the command line names them.
    ///
    /// # Errors
    /// For a map that does not fit the file.
    pub fn mapped(&self, kind: Kind, map: &str) -> std::result::Result<Vec<Column>, Problem> {
        let choices =
            columns::parse_map(kind, map, &self.source.header).map_err(|problem| told("map", problem.key(), &problem.arguments()))?;
        Ok(columns::mapped(&self.source.header, &self.sample, &choices).into_iter().map(column).collect())
    }

    /// Columns as a person mapped them, with what their values say of days where the person said nothing.
    fn completed(&self, kind: Kind, columns: Vec<Column>) -> Vec<Column> {
        let choices: Vec<Choice> = (columns.iter().enumerate())
            .map(|(at, column)| Choice {
                column: at,
                field: column.field.filter(|field| kind.fields().any(|of| of == *field)),
                system: None,
            })
            .collect();
        let seen = columns::mapped(&self.source.header, &self.sample, &choices);
        (columns.into_iter().zip(seen))
            .map(|(column, seen)| Column {
                calendar: column.calendar.or(seen.calendar),
                date_order: column.date_order.or(seen.date_order),
                ..column
            })
            .collect()
    }

    /// The columns as an earlier file of the same form was understood: by their names.
    #[must_use]
    pub fn alike(&self, saved: &[Column]) -> Vec<Column> {
        let find = |name: &String| saved.iter().find(|column| search_key(&column.name) == search_key(name));
        let choices: Vec<Choice> = (self.source.header.iter().enumerate())
            .map(|(at, name)| Choice {
                column: at,
                field: find(name).and_then(|column| column.field),
                system: find(name).and_then(|column| column.system.clone()),
            })
            .collect();
        let fresh = columns::mapped(&self.source.header, &self.sample, &choices).into_iter().map(column);
        fresh
            .map(|mut column| {
                if let Some(known) = find(&column.name) {
                    column.calendar = known.calendar.or(column.calendar);
                    column.date_order = known.date_order.or(column.date_order);
                    column.currency = known.currency.clone().or(column.currency);
                }
                column
            })
            .collect()
    }
}

fn column(guess: Guess) -> Column {
    Column {
        name: guess.name,
        field: guess.field,
        system: guess.system,
        calendar: guess.calendar,
        date_order: guess.date_order,
        currency: guess.currency,
    }
}

/// Confirms that an import with these columns can bring anything.
///
/// # Errors
/// When no column is known, or one that such a file cannot do without is missing.
pub fn check_columns(kind: Kind, columns: &[Column]) -> std::result::Result<(), Problem> {
    let fields: Vec<Field> = columns.iter().filter_map(|column| column.field).collect();
    let names = |fields: &[Field]| fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ");
    if fields.is_empty() {
        let all: Vec<Field> = kind.fields().collect();
        let headers = columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(" | ");
        return Err(Problem::new("map", "import-map-no-known-column").with("columns", headers).with("fields", names(&all)));
    }
    for (at, field) in fields.iter().enumerate() {
        if !field.is_repeatable() && fields[..at].contains(field) {
            return Err(Problem::new("map", "import-map-field-twice").with("field", field.name()));
        }
        if kind.fields().all(|known| known != *field) {
            return Err(Problem::new("map", "import-map-unknown-field")
                .with("name", field.name())
                .with("fields", names(&kind.fields().collect::<Vec<_>>())));
        }
    }
    let needed: &[&[Field]] = match kind {
        Kind::Parties => &[],
        Kind::Purchases => &[&[Field::Date], &[Field::Amount, Field::UnitPrice]],
        Kind::Interactions => &[&[Field::Date], &[Field::Customer]],
    };
    match needed.iter().find(|any| any.iter().all(|field| !fields.contains(field))) {
        Some(missing) => Err(Problem::new("map", "import-map-field-missing").with("fields", names(missing))),
        None => Ok(()),
    }
}

/// A file to be brought in.
#[derive(Clone, Debug, Default)]
pub struct NewImport {
    /// Where it is. It must stay there until the import is done.
    pub path: PathBuf,
    /// The name that people know it by.
    pub file_name: String,
    /// What its rows are; guessed when absent.
    pub kind: Option<Kind>,
    /// The map, as on the command line; guessed when absent.
    pub map: Option<String>,
    /// Name of a saved map.
    pub use_map: Option<String>,
    /// Name to save the map under.
    pub save_map: Option<String>,
    /// What to do with customers that are there, and with those that are not.
    pub mode: Option<Mode>,
    /// Calendar of all days in the file.
    pub calendar: Option<Calendar>,
    /// Currency of amounts that do not say theirs.
    pub currency: Option<String>,
    /// The system that gave the external IDs.
    pub system: Option<String>,
    /// What is known about the form of the file.
    pub hints: Hints,
    /// Whether the columns are still to be confirmed by a person.
    pub is_draft: bool,
}

/// A file that was looked at, with all that an import of it needs.
#[derive(Debug)]
pub struct Prepared {
    /// The file.
    pub look: Look,
    /// What its rows are.
    pub kind: Kind,
    /// How it is understood.
    pub options: Options,
    /// What tells this file from others.
    pub hash: String,
}

/// Looks at a file and settles how it is understood.
///
/// # Errors
/// When it cannot be read, or the map does not fit it.
pub async fn prepare(ctx: &Ctx, new: &NewImport) -> Result<Prepared> {
    ctx.write(Perm(Room::Imports, Act::Create))?;
    let (path, hints) = (new.path.clone(), new.hints.clone());
    let (look, hash) = blocking(move || {
        let look = Look::at(&path, &hints)?;
        Ok((look, file_hash(&path).map_err(|error| unreadable(&error))?))
    })
    .await?;
    let kind = new.kind.unwrap_or_else(|| look.kind());
    let mut options = Options { hints: new.hints.clone(), ..Options::default() };
    options.columns = match (&new.map, &new.use_map) {
        (Some(map), _) => look.mapped(kind, map)?,
        (None, Some(name)) => {
            let saved = saved_map(ctx, name, kind).await?;
            options.mode = saved.mode;
            options.calendar = saved.calendar;
            options.currency = saved.currency;
            look.alike(&saved.columns)
        }
        (None, None) => look.guessed(kind),
    };
    if let Some(currency) = &new.currency {
        if super::plan::currency_word(currency).is_none() {
            return Err(Problem::new("currency", "import-currency-unknown").with("word", currency).into());
        }
        options.currency = Some(currency.clone());
    }
    options.mode = new.mode.unwrap_or(options.mode);
    if new.calendar.is_some() {
        options.calendar = new.calendar;
        for column in options.columns.iter_mut().filter(|column| column.field.is_some_and(Field::is_date)) {
            column.calendar = new.calendar;
        }
    }
    if let Some(system) = &new.system {
        for column in options.columns.iter_mut().filter(|column| column.field == Some(Field::ExternalId) && column.system.is_none()) {
            column.system = Some(system.clone());
        }
    }
    if !new.is_draft {
        check_columns(kind, &options.columns)?;
    }
    Ok(Prepared { look, kind, options, hash })
}

pub(super) fn unreadable(error: &std::io::Error) -> Problem {
    Problem::new("file", "import-file-unreadable").with("detail", error)
}

/// Runs work that blocks beside the others.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::result::Result<T, Problem> + Send + 'static) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(Error::fault)??)
}

/// What tells a file from others and from later versions of itself: its size and a hash of parts spread over it.
///
/// # Errors
/// When it cannot be read.
pub(super) fn file_hash(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    let mut hash = Sha256::new();
    hash.update(size.to_be_bytes());
    let mut part = Vec::new();
    let step = (size / HASHED_PARTS).max(HASHED_PART);
    let mut at = 0;
    while at < size {
        file.seek(SeekFrom::Start(at))?;
        part.clear();
        file.by_ref().take(HASHED_PART).read_to_end(&mut part)?;
        hash.update(&part);
        at += step;
    }
    Ok(data_encoding::HEXLOWER.encode(&hash.finalize()[..16]))
}

/// The import of the same file and map that did not come to its end, if there is one.
///
/// # Errors
/// When the database is out of reach.
pub async fn unfinished(ctx: &Ctx, prepared: &Prepared) -> Result<Option<Id<Import>>> {
    let reader = ctx.read(Perm(Room::Imports, Act::Create))?;
    let rows: Vec<(Id<Import>, Value)> = reader
        .db
        .all(
            sql("SELECT id, options FROM imports WHERE file_hash = $1 AND kind = $2 AND state IN ('ready', 'running', 'stopped')
                 ORDER BY created_at DESC LIMIT 20")
            .bind(&prepared.hash)
            .bind(prepared.kind),
        )
        .await?;
    let same = |options: Value| serde_json::from_value::<Options>(options).is_ok_and(|options| options == prepared.options);
    Ok(rows.into_iter().find(|(_, options)| same(options.clone())).map(|(id, _)| id))
}

/// Takes note of an import. It starts when it is [`start`]ed, or when the caller runs it.
///
/// # Errors
/// Without the right for what the file brings.
pub async fn create(ctx: &Ctx, new: &NewImport, prepared: &Prepared) -> Result<Id<Import>> {
    let writer = ctx.write(Perm(Room::Imports, Act::Create))?;
    if !new.is_draft {
        check_room(ctx, prepared.kind)?;
    }
    let id = ctx.id();
    let state = if new.is_draft { State::Draft } else { State::Ready };
    let mut tx = writer.begin().await?;
    tx.run(
        sql("INSERT INTO imports (id, kind, file_name, file_path, file_size, file_hash, options, state, mark_offset, row_number, bytes_done,
               rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected, details, lease_until, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, 0, 0, 0, 0, $9, 0, $10, $11)")
        .bind(id)
        .bind(prepared.kind)
        .bind(&new.file_name)
        .bind(new.path.to_string_lossy().into_owned())
        .bind(i64::try_from(prepared.look.source.size).unwrap_or(i64::MAX))
        .bind(&prepared.hash)
        .bind(serde_json::to_value(&prepared.options).map_err(Error::fault)?)
        .bind(state)
        .bind(json!({}))
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    if let Some(name) = &new.save_map {
        save_map(&mut tx, ctx, name, prepared.kind, &prepared.options).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Whoever brings a file in may do by hand what it does.
fn check_room(ctx: &Ctx, kind: Kind) -> Result<()> {
    ctx.write(Perm(Room::Parties, Act::Create))?;
    match kind {
        Kind::Parties => ctx.write(Perm(Room::Parties, Act::Change))?,
        Kind::Purchases => ctx.write(Perm(Room::Sales, Act::Create))?,
        Kind::Interactions => ctx.write(Perm(Room::Interactions, Act::Create))?,
    };
    Ok(())
}

/// How a file that was put here is to be brought in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartImport {
    /// The import.
    pub id: Id<Import>,
    /// What its rows are; as it stands when absent.
    pub kind: Option<Kind>,
    /// How the file is understood; as it stands when absent.
    pub options: Option<Options>,
    /// Name to save this under for further files of the same form.
    pub save_map: Option<String>,
}

/// Starts an import whose columns are confirmed, or goes on with a stopped one. It runs in the background.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Invalid`] for columns that bring nothing; [`Error::Conflict`] when it
/// has been started before.
pub async fn start(ctx: &Ctx, input: StartImport) -> Result<ImportRecord> {
    let writer = ctx.write(Perm(Room::Imports, Act::Create))?;
    let import = stored(ctx, input.id, Act::Create).await?;
    let kind = input.kind.unwrap_or(import.kind);
    check_room(ctx, kind)?;
    let mut options = import.options()?;
    if import.state == State::Draft {
        options = input.options.unwrap_or(options);
    }
    check_columns(kind, &options.columns)?;
    let mut tx = writer.begin().await?;
    let started = tx
        .run(
            sql("UPDATE imports SET state = 'ready', kind = $1, options = $2 WHERE id = $3 AND state IN ('draft', 'stopped')")
                .bind(if import.state == State::Draft { kind } else { import.kind })
                .bind(serde_json::to_value(&options).map_err(Error::fault)?)
                .bind(input.id),
        )
        .await?;
    if started == 0 {
        return Err(conflict("import-started-before"));
    }
    if let Some(name) = input.save_map.as_deref().filter(|name| !name.trim().is_empty()) {
        save_map(&mut tx, ctx, name, kind, &options).await?;
    }
    jobs::enqueue(&mut tx, ctx, &Job::RunImport { import: input.id }).await?;
    tx.commit().await?;
    get(ctx, ImportId { id: input.id }).await
}

pub(super) fn conflict(key: &'static str) -> Error {
    Error::Conflict(crate::Fields(vec![Problem::new("id", key)]))
}

/// Stops an import after the rows in hand. What was stored stays; it can go on or be taken back.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] when it is not running.
pub async fn stop(ctx: &Ctx, input: ImportId) -> Result<ImportRecord> {
    let writer = ctx.write(Perm(Room::Imports, Act::Change))?;
    stored(ctx, input.id, Act::Change).await?;
    let mut tx = writer.begin().await?;
    let stopped = tx
        .run(sql("UPDATE imports SET state = 'stopped', worker = NULL WHERE id = $1 AND state IN ('ready', 'running')").bind(input.id))
        .await?;
    tx.commit().await?;
    if stopped == 0 {
        return Err(conflict("import-not-running"));
    }
    get(ctx, ImportId { id: input.id }).await
}

/// Takes an import back as a whole, in the background: what it added is removed and what it changed is put back, except
/// what somebody worked with since.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] while it runs or when it was taken back before.
pub async fn undo(ctx: &Ctx, input: ImportId) -> Result<ImportRecord> {
    let writer = ctx.write(Perm(Room::Imports, Act::Delete))?;
    stored(ctx, input.id, Act::Delete).await?;
    let mut tx = writer.begin().await?;
    let begun = tx
        .run(
            sql("UPDATE imports SET state = 'undoing', worker = NULL, lease_until = 0 WHERE id = $1 AND state IN ('done', 'stopped', 'failed')")
                .bind(input.id),
        )
        .await?;
    if begun == 0 {
        return Err(conflict("import-not-to-undo"));
    }
    jobs::enqueue(&mut tx, ctx, &Job::UndoImport { import: input.id }).await?;
    events::record(&mut tx, ctx, Event::of("import.undone", input.id, json!({}))).await?;
    tx.commit().await?;
    get(ctx, ImportId { id: input.id }).await
}

/// Opens the file of a draft again, to be understood as said.
///
/// # Errors
/// [`Error::NotFound`] out of sight or for an import that is no draft; when the file cannot be read.
pub async fn reopen(ctx: &Ctx, id: Id<Import>, kind: Option<Kind>, options: Option<Options>) -> Result<Prepared> {
    let import = stored(ctx, id, Act::Create).await?;
    if import.state != State::Draft {
        return Err(Error::NotFound("import"));
    }
    let known = import.options()?;
    let (path, hints) = (PathBuf::from(&import.file_path), known.hints.clone());
    let look = blocking(move || Look::at(&path, &hints)).await?;
    let kind = kind.unwrap_or(import.kind);
    let options = match options {
        Some(options) => Options { columns: look.completed(kind, options.columns), ..options },
        None if kind == import.kind => known,
        None => Options { columns: look.guessed(kind), ..known },
    };
    Ok(Prepared { look, kind, options, hash: import.file_hash })
}

/// A draft understood as an earlier file of the same form was.
///
/// # Errors
/// As [`reopen`], and for a name that no map has.
pub async fn reopen_like(ctx: &Ctx, id: Id<Import>, kind: Kind, map: &str) -> Result<Prepared> {
    let mut prepared = reopen(ctx, id, Some(kind), None).await?;
    let saved = saved_map(ctx, map, kind).await?;
    prepared.options = Options { columns: prepared.look.alike(&saved.columns), hints: prepared.options.hints, ..saved };
    Ok(prepared)
}

/// Forgets a draft and its file.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] for an import that was started.
pub async fn discard(ctx: &Ctx, input: ImportId) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Imports, Act::Create))?;
    let import = stored(ctx, input.id, Act::Create).await?;
    let mut tx = writer.begin().await?;
    let gone = tx.run(sql("DELETE FROM imports WHERE id = $1 AND state = 'draft'").bind(input.id)).await?;
    tx.commit().await?;
    if gone == 0 {
        return Err(conflict("import-started-before"));
    }
    super::engine::discard_upload(&ctx.app, &import.file_path);
    Ok(DONE)
}

/// The rejected rows as a CSV file: the columns of the original and one that says what is wrong. Corrected, it can be
/// brought in as the original was.
///
/// # Errors
/// [`Error::NotFound`] for an import out of sight.
pub async fn rejects_csv(ctx: &Ctx, id: Id<Import>) -> Result<(String, impl Stream<Item = Result<Vec<u8>>> + Send + use<>)> {
    let import = stored(ctx, id, Act::See).await?;
    let options = import.options()?;
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let name = format!(
        "{}-{}.csv",
        import.file_name.rsplit_once('.').map_or(import.file_name.as_str(), |(stem, _)| stem),
        loc.t("imports-reject-file")
    );
    // A spreadsheet takes a file without this mark for the encoding of the machine.
    let mut head = "\u{FEFF}".as_bytes().to_vec();
    let names = options.columns.iter().map(|column| column.name.clone()).chain([loc.t("imports-reject-column")]);
    head.extend(csv_line(names)?);
    let query = Sql::select::<StoredReject>("FROM import_rejects WHERE import_id = $1 ORDER BY row_number").bind(id);
    let width = options.columns.len();
    let rows = ctx.app.db.each::<StoredReject>(query).map(move |row| {
        let reject = row?.shown(&loc, &options);
        let told = |problem: &RejectProblem| {
            problem.column.as_ref().map_or_else(|| problem.message.clone(), |column| format!("{column}: {}", problem.message))
        };
        let why = reject.problems.iter().map(told).collect::<Vec<_>>().join(" · ");
        let mut cells = reject.cells;
        cells.resize(width, String::new());
        csv_line(cells.into_iter().chain([why]))
    });
    Ok((name, futures_util::stream::iter([Ok(head)]).chain(rows)))
}

fn csv_line(cells: impl Iterator<Item = String>) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.map(|cell| csv_safe(&cell).into_owned())).map_err(Error::fault)?;
    writer.into_inner().map_err(|error| Error::fault(error.to_string()))
}

/// The operations of the imports.
pub fn operations(ops: &mut Operations) {
    let (see, change) = (Some(Perm(Room::Imports, Act::See)), Some(Perm(Room::Imports, Act::Change)));
    ops.add("imports.list", "GET /imports", see, "The imports, newest first.", list).example(|| json!({"limit": 10}));
    ops.add("imports.get", "GET /imports/{id}", see, "One import: how it stands, counts, rate, time left.", get);
    ops.add(
        "imports.rejects",
        "GET /imports/{id}/rejects",
        see,
        "The rows of an import that could not be taken, each with its reasons.",
        rejects,
    );
    ops.add(
        "imports.start",
        "POST /imports/{id}/start",
        Some(Perm(Room::Imports, Act::Create)),
        "Starts an import whose columns are confirmed, or goes on with a stopped one.",
        start,
    );
    ops.add("imports.stop", "POST /imports/{id}/stop", change, "Stops an import after the rows in hand.", stop);
    ops.add(
        "imports.discard",
        "DELETE /imports/{id}",
        Some(Perm(Room::Imports, Act::Create)),
        "Forgets a file that was put here and not started.",
        discard,
    );
    ops.add(
        "imports.undo",
        "POST /imports/{id}/undo",
        Some(Perm(Room::Imports, Act::Delete)),
        "Takes an import back as a whole, in the background.",
        undo,
    );
    ops.add("imports.maps", "GET /import-maps", see, "The saved maps of columns.", maps).example(|| json!({"kind": "parties"}));
}
