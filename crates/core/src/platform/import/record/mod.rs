//! An import as it is kept: what file, how its columns were understood, how far it came, what became of its rows.

mod act;
mod look;
mod maps;
mod prepare;
mod rejects;

pub use self::act::{StartImport, create, discard, start, stop, undo, unfinished};
pub use self::look::{Look, check_columns};
pub(super) use self::look::{blocking, file_hash, unreadable};
pub use self::maps::{ListMaps, SavedMap, maps};
pub use self::prepare::{NewImport, Prepared, prepare, reopen, reopen_like};
pub use self::rejects::{ListRejects, Reject, RejectProblem, rejects, rejects_csv};

use super::columns::Kind;
use super::plan::{Column, Mode};
use super::reader::Hints;
use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::calendar::Calendar;
use crate::platform::events;
use crate::platform::locale::Loc;
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// Codes that were redeemed at the purchases.
    pub codes_redeemed: i64,
    /// Codes that were not redeemed though their purchases came in; the rows are in `imports.rejects` with `is_taken`.
    pub codes_refused: i64,
    /// Undo: codes that may be used again.
    pub codes_freed: i64,
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
    let rows: Vec<Stored> = reader.db.all(query).await?;
    let Page { items, next } = Page::cut(rows, limit, |last| events::cursor_at(last.created_at, last.id));
    let items = items.into_iter().map(|row| row.shown(ctx)).collect::<Result<_>>()?;
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

pub(super) fn conflict(key: &'static str) -> Error {
    Error::Conflict(crate::Fields(vec![Problem::new("id", key)]))
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
        "The rows of an import that could not be taken, or that were taken though something was wrong, each with its reasons.",
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
