//! A file that is looked at: its first rows, what its columns may be, and what tells it from others.

use crate::platform::import::columns::{self, Choice, Field, Guess, Kind};
use crate::platform::import::plan::{Column, told};
use crate::platform::import::reader::{FileProblem, HeaderNote, Hints, RawRow, ReadLimits, Source};
use crate::platform::text::search_key;
use crate::{Error, Problem, Result};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Rows looked at to guess what the columns are.
const SAMPLE: usize = 200;
/// Bytes of each part of a file that its hash is made of.
const HASHED_PART: u64 = 1 << 16;
/// Parts of a file that its hash is made of; a file of up to 4 MB is hashed whole.
const HASHED_PARTS: u64 = 64;

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
    pub(super) fn completed(&self, kind: Kind, columns: Vec<Column>) -> Vec<Column> {
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

pub(in crate::platform::import) fn unreadable(error: &std::io::Error) -> Problem {
    Problem::new("file", "import-file-unreadable").with("detail", error)
}

/// Runs work that blocks beside the others.
pub(in crate::platform::import) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, Problem> + Send + 'static,
) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(Error::fault)??)
}

/// What tells a file from others and from later versions of itself: its size and a hash of parts spread over it.
///
/// # Errors
/// When it cannot be read.
pub(in crate::platform::import) fn file_hash(path: &Path) -> std::io::Result<String> {
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
