//! Rows that could not be taken, and those that were taken though something was wrong with them, as a list and as a file to be
//! corrected.

use super::{Import, Options, stored};
use crate::operation::{Page, page_size};
use crate::platform::import::plan::Column;
use crate::platform::locale::Loc;
use crate::platform::text::csv_safe;
use crate::{Act, Ctx, Error, Problem, Result};
use futures_util::{Stream, StreamExt};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which rejected rows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRejects {
    /// The import.
    pub id: Id<Import>,
    /// Only rows that were taken though something was wrong with them, or only those that were not.
    pub is_taken: Option<bool>,
    /// Rows after this number.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// A row that could not be taken, or that was taken though something was wrong with it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reject {
    /// Its number in the file, as a spreadsheet shows it.
    pub row: i64,
    /// Whether it was taken all the same.
    pub is_taken: bool,
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
        pub is_taken: bool,
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
        Reject { row: self.row_number, is_taken: self.is_taken, cells: serde_json::from_value(self.cells).unwrap_or_default(), problems }
    }
}

/// The rows of an import that could not be taken, and those that were taken though something was wrong, in the order of the file.
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
    let mut query = Sql::select::<StoredReject>("FROM import_rejects WHERE import_id = ");
    query.arg(input.id).push(" AND row_number > ").arg(after);
    if let Some(is_taken) = input.is_taken {
        query.push(" AND is_taken = ").arg(is_taken);
    }
    query.push(" ORDER BY row_number LIMIT ").arg(limit + 1);
    let rows: Vec<StoredReject> = ctx.app.db.all(query).await?;
    let Page { items, next } = Page::cut(rows, limit, |last| last.row_number.to_string());
    Ok(Page { items: items.into_iter().map(|row| row.shown(&loc, &options)).collect(), next })
}

/// The rejected rows as a CSV file, or those that were taken though something was wrong: the columns of the original and one that
/// says what is wrong. Corrected, it can be brought in as the original was; what was taken before is not taken twice.
///
/// # Errors
/// [`Error::NotFound`] for an import out of sight.
pub async fn rejects_csv(
    ctx: &Ctx,
    id: Id<Import>,
    is_taken: bool,
) -> Result<(String, impl Stream<Item = Result<Vec<u8>>> + Send + use<>)> {
    let import = stored(ctx, id, Act::See).await?;
    let options = import.options()?;
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let name = format!(
        "{}-{}.csv",
        import.file_name.rsplit_once('.').map_or(import.file_name.as_str(), |(stem, _)| stem),
        loc.t(if is_taken { "imports-noted-file" } else { "imports-reject-file" })
    );
    // A spreadsheet takes a file without this mark for the encoding of the machine.
    let mut head = "\u{FEFF}".as_bytes().to_vec();
    let names = options.columns.iter().map(|column| column.name.clone()).chain([loc.t("imports-reject-column")]);
    head.extend(csv_line(names)?);
    let query = Sql::select::<StoredReject>("FROM import_rejects WHERE import_id = $1 AND is_taken = $2 ORDER BY row_number");
    let query = query.bind(id).bind(is_taken);
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
