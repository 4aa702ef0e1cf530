//! What a file, its header and its rows can be told about in words.

use std::io;

use serde::{Deserialize, Serialize};

use crate::platform::locale::Arg;

/// Something about the header row that the person should see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HeaderNote {
    /// Two columns have this name; the later one is now called `renamed`.
    Duplicate {
        /// The name in the file.
        name: String,
        /// The name that the column goes by.
        renamed: String,
    },
    /// A column (from 1) has no name; it goes by its number.
    Unnamed {
        /// Number of the column, from 1.
        column: usize,
    },
    /// This many rows above the header held a title and were left out.
    TitleRows {
        /// How many.
        rows: u64,
    },
    /// No row names the columns; they go by their numbers, and the first row counts as data.
    NoHeader,
}

impl HeaderNote {
    /// Key of the message.
    pub fn key(&self) -> &'static str {
        match self {
            HeaderNote::Duplicate { .. } => "import-header-duplicate",
            HeaderNote::Unnamed { .. } => "import-header-unnamed",
            HeaderNote::TitleRows { .. } => "import-header-title-rows",
            HeaderNote::NoHeader => "import-header-none",
        }
    }

    /// What the message is filled with.
    pub fn arguments(&self) -> Vec<(&'static str, Arg<'_>)> {
        match self {
            HeaderNote::Duplicate { name, renamed } => {
                vec![("name", Arg::from(name)), ("renamed", Arg::from(renamed))]
            }
            HeaderNote::Unnamed { column } => vec![("column", number(*column))],
            HeaderNote::TitleRows { rows } => vec![("rows", number(*rows))],
            HeaderNote::NoHeader => vec![],
        }
    }
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// The system refuses to give the file.
    Unreadable {
        /// What the system says.
        detail: String,
    },
    /// There is not one row.
    Empty,
    /// Neither text nor a workbook.
    NotATable,
    /// A web page or XML under the name of a spreadsheet, as some programs export.
    WebPage,
    /// The binary format of Excel before 2007.
    OldExcel,
    /// A workbook with a password.
    Encrypted,
    /// A zip or gzip archive with something other than one table in it.
    OtherArchive,
    /// A workbook or archive that breaks off or contradicts itself.
    Damaged {
        /// What was found.
        detail: String,
    },
    /// Unpacks to far more than a table of its size can hold.
    Bomb,
    /// The shared strings of the workbook do not fit in memory.
    TooManyStrings,
    /// More columns than are taken.
    TooManyColumns {
        /// Columns in the file.
        found: usize,
        /// Columns taken at most.
        most: usize,
    },
    /// No sheet of this name.
    NoSuchSheet {
        /// The name asked for.
        name: String,
        /// The names there are.
        sheets: Vec<String>,
    },
    /// An encoding name that no standard knows.
    UnknownEncoding {
        /// The name asked for.
        name: String,
    },
    /// The file is shorter than the place to continue from.
    Changed,
}

impl FileProblem {
    /// Key of the message.
    pub fn key(&self) -> &'static str {
        match self {
            FileProblem::Unreadable { .. } => "import-file-unreadable",
            FileProblem::Empty => "import-file-empty",
            FileProblem::NotATable => "import-file-not-a-table",
            FileProblem::WebPage => "import-file-web-page",
            FileProblem::OldExcel => "import-file-old-excel",
            FileProblem::Encrypted => "import-file-encrypted",
            FileProblem::OtherArchive => "import-file-other-archive",
            FileProblem::Damaged { .. } => "import-file-damaged",
            FileProblem::Bomb => "import-file-bomb",
            FileProblem::TooManyStrings => "import-file-too-many-strings",
            FileProblem::TooManyColumns { .. } => "import-file-too-many-columns",
            FileProblem::NoSuchSheet { .. } => "import-file-no-such-sheet",
            FileProblem::UnknownEncoding { .. } => "import-file-unknown-encoding",
            FileProblem::Changed => "import-file-changed",
        }
    }

    /// What the message is filled with.
    pub fn arguments(&self) -> Vec<(&'static str, Arg<'_>)> {
        match self {
            FileProblem::Unreadable { detail } | FileProblem::Damaged { detail } => {
                vec![("detail", Arg::from(detail))]
            }
            FileProblem::TooManyColumns { found, most } => {
                vec![("found", number(*found)), ("most", number(*most))]
            }
            FileProblem::NoSuchSheet { name, sheets } => {
                vec![("name", Arg::from(name)), ("sheets", Arg::from(sheets.join(" | ")))]
            }
            FileProblem::UnknownEncoding { name } => vec![("name", Arg::from(name))],
            _ => vec![],
        }
    }

    pub(super) fn damaged(detail: impl ToString) -> FileProblem {
        FileProblem::Damaged { detail: detail.to_string() }
    }
}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::FileTooLarge => FileProblem::Bomb,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => FileProblem::damaged(error),
            _ => FileProblem::Unreadable { detail: error.to_string() },
        }
    }
}

/// Why a row cannot be taken as it stands. Its cells are still there, as far as they could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RowProblem {
    /// Longer than a row may be; only its beginning is kept.
    TooLong {
        /// Bytes in the file.
        bytes: u64,
    },
    /// More filled cells than the header has names.
    TooManyCells {
        /// Cells in the row.
        found: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// A cell with more characters than are taken.
    CellTooLong {
        /// Column, from 0.
        column: usize,
        /// Characters in the cell.
        characters: usize,
    },
    /// Bytes that are no text in the encoding of the file.
    NotText,
    /// A quotation mark opens and never closes.
    UnclosedQuote,
    /// The formula in a cell has failed (`#N/A`, `#REF!` …).
    FormulaError {
        /// Column, from 0.
        column: usize,
        /// What the spreadsheet shows.
        error: String,
    },
}

impl RowProblem {
    /// Key of the message.
    pub fn key(&self) -> &'static str {
        match self {
            RowProblem::TooLong { .. } => "import-row-too-long",
            RowProblem::TooManyCells { .. } => "import-row-too-many-cells",
            RowProblem::CellTooLong { .. } => "import-row-cell-too-long",
            RowProblem::NotText => "import-row-not-text",
            RowProblem::UnclosedQuote => "import-row-unclosed-quote",
            RowProblem::FormulaError { .. } => "import-row-formula-error",
        }
    }

    /// What the message is filled with. Columns are given by their names.
    pub fn arguments(&self, header: &[String]) -> Vec<(&'static str, Arg<'_>)> {
        let name = |column: &usize| header.get(*column).cloned().unwrap_or_else(|| (column + 1).to_string());
        match self {
            RowProblem::TooLong { bytes } => vec![("bytes", number(*bytes))],
            RowProblem::TooManyCells { found, columns } => {
                vec![("found", number(*found)), ("columns", number(*columns))]
            }
            RowProblem::CellTooLong { column, characters } => {
                vec![("column", Arg::from(name(column))), ("characters", number(*characters))]
            }
            RowProblem::FormulaError { column, error } => {
                vec![("column", Arg::from(name(column))), ("error", Arg::from(error))]
            }
            RowProblem::NotText | RowProblem::UnclosedQuote => vec![],
        }
    }
}

/// A count as a value of a message.
fn number(count: impl TryInto<i64>) -> Arg<'static> {
    Arg::Number(count.try_into().unwrap_or(i64::MAX))
}
