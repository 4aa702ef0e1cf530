//! What is done with an import: taken note of, started, stopped, taken back, forgotten.

use super::look::check_columns;
use super::maps::save_map;
use super::prepare::{NewImport, Prepared};
use super::{Import, ImportId, ImportRecord, Options, State, conflict, get, stored};
use crate::operation::{DONE, Done};
use crate::platform::events::{self, Event};
use crate::platform::import::columns::Kind;
use crate::platform::import::engine;
use crate::platform::jobs::{self, Job};
use crate::{Act, Ctx, Error, Perm, Result, Room};
use peyvand_db::{Id, sql};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

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
    engine::discard_upload(&ctx.app, &import.file_path);
    Ok(DONE)
}
