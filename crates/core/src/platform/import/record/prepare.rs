//! Settling how a file is understood before anything is stored: from its columns, a map or an earlier file.

use super::look::{Look, blocking, check_columns, file_hash, unreadable};
use super::maps::saved_map;
use super::{Import, Options, State, stored};
use crate::platform::calendar::Calendar;
use crate::platform::import::columns::{Field, Kind};
use crate::platform::import::plan::{Mode, currency_word};
use crate::platform::import::reader::Hints;
use crate::{Act, Ctx, Error, Perm, Problem, Result, Room};
use peyvand_db::Id;
use std::path::PathBuf;

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
        if currency_word(currency).is_none() {
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
