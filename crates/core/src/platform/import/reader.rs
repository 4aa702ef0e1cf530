//! Reading a table from a file on disk, one row at a time.
//!
//! CSV in any common delimiter and encoding (also gzipped) and XLSX look the same from here. Memory
//! stays bounded whatever the file holds: a row, a cell, a table of shared strings that is too large
//! becomes a problem with a message, never an allocation.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::locale::Arg;
use crate::platform::text::csv_plain;

use super::delimited::{self, Records, Text};
use super::xlsx::{SheetRows, Workbook};

/// How much of a file is taken before it counts as an attack or a mistake.
#[derive(Clone, Debug)]
pub struct ReadLimits {
    /// Bytes of one row. A customer with every field filled and long notes needs a few kilobytes.
    pub record_bytes: usize,
    /// Characters of one cell.
    pub cell_chars: usize,
    /// Columns of a table.
    pub columns: usize,
    /// Bytes that all parts of a workbook may have together once unpacked. A full sheet of
    /// 1,048,576 rows with 20 columns stays under it.
    pub workbook_bytes: u64,
    /// Bytes that a gzipped CSV may have once unpacked. Rows pass through, so only time is at stake.
    pub gzip_bytes: u64,
    /// Unpacked bytes per packed byte above which a file is a bomb, once past `ratio_floor`.
    pub ratio: u64,
    /// Unpacked bytes below which the ratio does not matter: short repetitive files pack very well.
    pub ratio_floor: u64,
    /// Parts in a workbook.
    pub parts: usize,
    /// Bytes of the shared strings of a workbook, which are held in memory.
    pub strings_bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits {
            record_bytes: 1 << 20,
            cell_chars: 100_000,
            columns: 500,
            workbook_bytes: 2 << 30,
            gzip_bytes: 64 << 30,
            ratio: 200,
            ratio_floor: 50 << 20,
            parts: 10_000,
            strings_bytes: 256 << 20,
        }
    }
}

impl ReadLimits {
    /// Whether unpacking `packed` bytes into `unpacked` so far goes beyond what real files do.
    pub(super) fn is_bomb(&self, packed: u64, unpacked: u64, most: u64) -> bool {
        unpacked > most || (unpacked > self.ratio_floor && unpacked > packed.saturating_mul(self.ratio))
    }
}

/// What the person said about the file. What is absent is found out from its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hints {
    /// Name of the sheet of a workbook. Otherwise the first sheet that holds anything.
    pub sheet: Option<String>,
    /// Whether the first row names the columns.
    pub has_header: Option<bool>,
    /// What separates the cells of a CSV file.
    pub delimiter: Option<Delimiter>,
    /// Label of the encoding of a CSV file, as in HTML (`utf-8`, `windows-1256`, `utf-16le`).
    pub encoding: Option<String>,
}

/// What separates the cells of a text table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tabulator.
    Tab,
    /// `|`
    Pipe,
    /// `؛`, U+061B.
    ArabicSemicolon,
    /// Any number of spaces, as in tables aligned for print.
    Spaces,
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Format {
    /// A text table.
    Csv {
        /// What separates the cells.
        delimiter: Delimiter,
        /// Name of the encoding by the WHATWG standard, `windows-1256` for example.
        encoding: String,
        /// What encloses a cell that holds a delimiter or a line break.
        quote: char,
        /// Packed by gzip.
        gzip: bool,
    },
    /// A workbook of Office Open XML.
    Xlsx {
        /// Name of the sheet that is read.
        sheet: String,
    },
}

/// A place between two rows, to continue from after an interruption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// CSV: bytes into the text (unpacked and, unless it is UTF-8 already, recoded to UTF-8).
    /// XLSX: index of the row, from 0.
    pub offset: u64,
    /// Rows before this place, counting header and blank rows, as a spreadsheet numbers them.
    pub row: u64,
}

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
pub(super) fn number(count: impl TryInto<i64>) -> Arg<'static> {
    Arg::Number(count.try_into().unwrap_or(i64::MAX))
}

/// Words of the bitmap of date cells: one bit for each of 512 columns.
const DATE_WORDS: usize = 8;

/// One row of a file. Made to be used again for the next row, see [`Rows::next_into`].
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    /// Number of the row as a spreadsheet shows it, from 1, header included.
    pub number: u64,
    /// Where this row begins.
    pub start: Mark,
    /// Where the next one begins: what to keep once this row is stored.
    pub end: Mark,
    /// Why the row cannot be taken, if so.
    pub problem: Option<RowProblem>,
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
    dates: [u64; DATE_WORDS],
}

impl RawRow {
    /// How many cells the row has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the row has no cells.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a column, from 0. A cell that the row lacks is empty.
    pub fn cell(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else {
            return "";
        };
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        self.text.get(start..end).unwrap_or("")
    }

    /// All cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.cell(column))
    }

    /// Whether the cell was a date in the workbook. Its text is then ISO 8601 of the Gregorian
    /// calendar, whatever calendar the rest of the column is written in.
    pub fn is_date(&self, column: usize) -> bool {
        self.dates.get(column / 64).is_some_and(|word| word >> (column % 64) & 1 == 1)
    }

    pub(super) fn mark_date(&mut self, column: usize) {
        if let Some(word) = self.dates.get_mut(column / 64) {
            *word |= 1 << (column % 64);
        }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.problem = None;
        self.dates = [0; DATE_WORDS];
    }

    pub(super) fn is_blank(&self) -> bool {
        self.problem.is_none() && self.text.bytes().all(|byte| byte.is_ascii_whitespace())
    }

    /// Drops empty cells beyond `columns` and reports filled ones and cells that are too long.
    pub(super) fn check(&mut self, columns: Option<usize>, limits: &ReadLimits) {
        if let Some(columns) = columns {
            while self.len() > columns && self.cell(self.len() - 1).trim().is_empty() {
                self.ends.pop();
                self.text.truncate(self.ends.last().copied().unwrap_or(0));
            }
            if self.problem.is_none() && self.len() > columns {
                self.problem = Some(RowProblem::TooManyCells { found: self.len(), columns });
            }
        }
        // Bytes are at least as many as characters, so most rows are done after one comparison.
        if self.problem.is_none() && self.text.len() > limits.cell_chars {
            for column in 0..self.len() {
                let cell = self.cell(column);
                if cell.len() > limits.cell_chars {
                    let characters = cell.chars().count();
                    if characters > limits.cell_chars {
                        self.problem = Some(RowProblem::CellTooLong { column, characters });
                        return;
                    }
                }
            }
        }
    }
}

/// What a cell says without the wrapping that spreadsheets and exports put around it: outer spaces,
/// byte-order and direction marks, the `="…"` or apostrophe that keeps leading zeros, and the
/// apostrophe that keeps a text from being taken for a formula.
pub fn plain(cell: &str) -> &str {
    let is_wrapping = |c: char| {
        c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let cell = cell.trim_matches(is_wrapping);
    if let Some(inner) = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return inner.trim_matches(is_wrapping);
    }
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(|c: char| c == '+' || c.is_ascii_digit()) => rest,
        _ => csv_plain(cell),
    }
}

/// A table in a file, opened and understood, not yet read.
#[derive(Debug)]
pub struct Source {
    /// What the file is.
    pub format: Format,
    /// Names of the columns: trimmed, distinct, none empty.
    pub header: Vec<String>,
    /// What the person should know about the header.
    pub notes: Vec<HeaderNote>,
    /// Size of the file on disk in bytes.
    pub size: u64,
    first: Mark,
    path: PathBuf,
    limits: ReadLimits,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Text(Text),
    Workbook(Arc<Workbook>),
}

/// Rows looked at to find the header and, in a text table, the delimiter.
const SAMPLE_ROWS: usize = 50;

impl Source {
    /// Opens a file and finds out its format, encoding, delimiter and header from its content; its
    /// name does not matter.
    ///
    /// # Errors
    /// Every way in which a file can be none of the tables we read, see [`FileProblem`].
    pub fn open(path: impl AsRef<Path>, limits: &ReadLimits) -> Result<Source, FileProblem> {
        Source::open_with(path, limits, &Hints::default())
    }

    /// Opens a file of which the person has said something.
    ///
    /// # Errors
    /// As [`Source::open`], and for hints that the file contradicts.
    pub fn open_with(path: impl AsRef<Path>, limits: &ReadLimits, hints: &Hints) -> Result<Source, FileProblem> {
        let path = path.as_ref().to_path_buf();
        let mut file = File::open(&path)?;
        let size = file.metadata()?.len();
        let mut head = Vec::with_capacity(8);
        file.by_ref().take(8).read_to_end(&mut head)?;
        let (format, body) = if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            let workbook = Workbook::open(&path, limits, hints.sheet.as_deref())?;
            (Format::Xlsx { sheet: workbook.sheet.clone() }, Body::Workbook(Arc::new(workbook)))
        } else if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(super::xlsx::ole_problem(&path)?);
        } else {
            let text = delimited::inspect(&path, limits, hints, SAMPLE_ROWS)?;
            let format =
                Format::Csv { delimiter: text.delimiter, encoding: text.encoding.name().to_ascii_lowercase(), quote: '"', gzip: text.gzip };
            (format, Body::Text(text))
        };
        let mut source = Source { format, header: vec![], notes: vec![], size, first: Mark::default(), path, limits: limits.clone(), body };
        source.find_header(hints.has_header)?;
        Ok(source)
    }

    /// The rows after the header.
    ///
    /// # Errors
    /// When the file cannot be opened again.
    pub fn rows(&self) -> Result<Rows, FileProblem> {
        self.rows_from(self.first)
    }

    /// The rows from a mark that an earlier row gave.
    ///
    /// # Errors
    /// When the file cannot be opened again or has become shorter than the mark.
    pub fn rows_from(&self, mark: Mark) -> Result<Rows, FileProblem> {
        self.rows_between(mark, Some(self.header.len()))
    }

    fn rows_between(&self, mark: Mark, columns: Option<usize>) -> Result<Rows, FileProblem> {
        let read = Arc::new(AtomicU64::new(0));
        let inner = match &self.body {
            Body::Text(text) => {
                let input = text.reader(&self.path, &self.limits, mark, read.clone())?;
                Inner::Text(Box::new(Records::new(input, text.delimiter, mark, columns, self.limits.clone())))
            }
            Body::Workbook(workbook) => {
                Inner::Sheet(Box::new(SheetRows::open(workbook.clone(), &self.path, &self.limits, mark, columns, read.clone())?))
            }
        };
        let size = match &self.body {
            Body::Text(_) => self.size,
            Body::Workbook(workbook) => workbook.packed_size(),
        };
        Ok(Rows { inner, read, size: size.max(1) })
    }

    fn find_header(&mut self, has_header: Option<bool>) -> Result<(), FileProblem> {
        let start = match &self.body {
            Body::Text(text) => text.start,
            Body::Workbook(_) => Mark::default(),
        };
        let sample: Vec<RawRow> = self.rows_between(start, None)?.take(SAMPLE_ROWS).collect::<Result<_, _>>()?;
        let filled = |row: &RawRow| row.cells().filter(|cell| !cell.trim().is_empty()).count();
        let widest = sample.iter().filter(|row| row.problem.is_none()).map(filled).max().ok_or(FileProblem::Empty)?;
        // A title above the table fills one or two cells of a row that has many.
        let at = match has_header {
            Some(_) => 0,
            None => sample.iter().position(|row| filled(row) * 2 >= widest).unwrap_or(0),
        };
        let row = &sample[at];
        if let Some(problem) = &row.problem {
            return Err(FileProblem::damaged(problem.key()));
        }
        let is_data = |cell: &str| {
            let cell = plain(cell);
            cell.is_empty() || cell.contains('@') || looks_numeric(cell)
        };
        let named = has_header.unwrap_or_else(|| !row.cells().all(is_data));
        let mut names: Vec<String> = row.cells().map(|cell| plain(cell).to_string()).collect();
        if matches!(self.body, Body::Workbook(_)) {
            while names.last().is_some_and(String::is_empty) {
                names.pop();
            }
        }
        if names.len() > self.limits.columns {
            return Err(FileProblem::TooManyColumns { found: names.len(), most: self.limits.columns });
        }
        if at > 0 {
            self.notes.push(HeaderNote::TitleRows { rows: row.number - 1 });
        }
        if !named {
            let width = sample[at..].iter().map(RawRow::len).max().unwrap_or(0).min(self.limits.columns);
            self.notes.push(HeaderNote::NoHeader);
            self.header = (1..=width).map(|number| format!("#{number}")).collect();
            self.first = row.start;
            return Ok(());
        }
        self.first = row.end;
        let mut taken = std::collections::HashSet::new();
        for (index, name) in names.into_iter().enumerate() {
            let mut distinct = name.clone();
            if name.is_empty() {
                distinct = format!("#{}", index + 1);
                self.notes.push(HeaderNote::Unnamed { column: index + 1 });
            }
            let mut copy = 1;
            while !taken.insert(distinct.clone()) {
                copy += 1;
                distinct = format!("{name} ({copy})");
            }
            if copy > 1 {
                self.notes.push(HeaderNote::Duplicate { name, renamed: distinct.clone() });
            }
            self.header.push(distinct);
        }
        Ok(())
    }
}

/// Digits of any of our scripts with the signs that numbers, dates and phones are written with.
fn looks_numeric(cell: &str) -> bool {
    cell.chars().any(char::is_numeric) && cell.chars().all(|c| c.is_numeric() || c.is_whitespace() || "+-/.:,()٫٬".contains(c))
}

/// The rows of a file, in order. After an error there are no more.
pub struct Rows {
    inner: Inner,
    read: Arc<AtomicU64>,
    size: u64,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

enum Inner {
    Text(Box<Records>),
    Sheet(Box<SheetRows>),
    Done,
}

impl Rows {
    /// Reads the next row into `row`, which keeps its memory; false at the end.
    ///
    /// # Errors
    /// When the file breaks off or turns out to be a bomb. A bad row is no error: it carries its
    /// problem.
    pub fn next_into(&mut self, row: &mut RawRow) -> Result<bool, FileProblem> {
        let result = match &mut self.inner {
            Inner::Text(records) => records.next_into(row).map_err(FileProblem::from),
            Inner::Sheet(rows) => rows.next_into(row),
            Inner::Done => return Ok(false),
        };
        if !matches!(result, Ok(true)) {
            self.inner = Inner::Done;
        }
        result
    }

    /// How much of the file has been read, from 0 to 1. Reading is ahead of the rows by one buffer.
    pub fn progress(&self) -> f64 {
        (self.read.load(Ordering::Relaxed) as f64 / self.size as f64).min(1.0)
    }
}

impl Iterator for Rows {
    type Item = Result<RawRow, FileProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = RawRow::default();
        match self.next_into(&mut row) {
            Ok(true) => Some(Ok(row)),
            Ok(false) => None,
            Err(problem) => Some(Err(problem)),
        }
    }
}

/// Counts the bytes that pass, for the progress bar.
pub(super) struct Counted<R> {
    pub(super) inner: R,
    pub(super) count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops when more comes out of an unpacker than its input can honestly hold.
pub(super) struct BombGuard<R> {
    pub(super) inner: R,
    pub(super) packed: Arc<AtomicU64>,
    pub(super) unpacked: u64,
    pub(super) most: u64,
    pub(super) limits: ReadLimits,
}

impl<R: Read> Read for BombGuard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        if self.limits.is_bomb(self.packed.load(Ordering::Relaxed), self.unpacked, self.most) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use tempfile::NamedTempFile;

    fn file(bytes: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("the disk has room");
        file
    }

    fn open(bytes: &[u8]) -> Result<Source, FileProblem> {
        Source::open(file(bytes).path(), &ReadLimits::default())
    }

    type Table = (Vec<String>, Vec<Vec<String>>);

    fn read(bytes: &[u8]) -> (Source, Vec<RawRow>) {
        let file = file(bytes);
        let source = Source::open(file.path(), &ReadLimits::default()).expect("a table");
        let rows = source.rows().expect("opens").collect::<Result<_, _>>().expect("reads to the end");
        (source, rows)
    }

    fn table(bytes: &[u8]) -> Table {
        let (source, rows) = read(bytes);
        assert_eq!(rows.iter().find_map(|row| row.problem.clone()), None);
        (source.header, rows.iter().map(|row| row.cells().map(str::to_string).collect()).collect())
    }

    fn strings(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| cell.to_string()).collect()
    }

    #[test]
    fn delimiters_are_told_apart() {
        for delimiter in [",", ";", "\t", "|", "؛"] {
            let text = ["نام", "شهر, استان; منطقه", "تلفن"].map(|cell| format!("\"{cell}\"")).join(delimiter)
                + "\n"
                + &["رضا", "یزد", "0912"].join(delimiter)
                + "\n";
            let (header, rows) = table(text.as_bytes());
            assert_eq!(header, strings(&["نام", "شهر, استان; منطقه", "تلفن"]), "{delimiter}");
            assert_eq!(rows, [strings(&["رضا", "یزد", "0912"])]);
        }
    }

    #[test]
    fn a_table_aligned_by_spaces_is_one() {
        let path = format!("{}/testdata/import/cdnow-master.txt", env!("CARGO_MANIFEST_DIR"));
        let source = Source::open(path, &ReadLimits::default()).expect("a table");
        assert_eq!(source.header, strings(&["customer_id", "date", "number_of_cds", "dollar_value"]));
        let first = source.rows().expect("opens").next().expect("a row").expect("whole");
        assert_eq!(first.cells().collect::<Vec<_>>(), ["00001", "19970101", "1", "11.77"]);
    }

    #[test]
    fn a_file_without_names_numbers_its_columns_and_keeps_the_first_row() {
        let path = format!("{}/testdata/import/cdnow-sample.txt", env!("CARGO_MANIFEST_DIR"));
        let source = Source::open(path, &ReadLimits::default()).expect("a table");
        assert_eq!(source.header, strings(&["#1", "#2", "#3", "#4", "#5"]));
        assert_eq!(source.notes, [HeaderNote::NoHeader]);
        assert_eq!(source.rows().expect("opens").count(), 40);
    }

    #[test]
    fn encodings_are_told_apart() {
        let text = "نام,شهر\nپریسا گلچین,شیراز\nكوچه ژاله,تهران\n";
        let (_, expected) = table(text.as_bytes());
        assert_eq!(expected[0], strings(&["پریسا گلچین", "شیراز"]));
        let utf16 = |order: fn(u16) -> [u8; 2], mark: &[u16]| -> Vec<u8> {
            mark.iter().copied().chain(text.encode_utf16()).flat_map(order).collect()
        };
        let with_mark = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        for bytes in [
            with_mark,
            utf16(u16::to_le_bytes, &[0xFEFF]),
            utf16(u16::to_be_bytes, &[0xFEFF]),
            utf16(u16::to_le_bytes, &[]),
            utf16(u16::to_be_bytes, &[]),
        ] {
            assert_eq!(table(&bytes), (strings(&["نام", "شهر"]), expected.clone()));
        }
        // Windows-1256 has no Persian ye: Persian programs write the Arabic one.
        let arabic = text.replace('ی', "ي");
        let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode(&arabic);
        let (source, rows) = read(&bytes);
        assert!(matches!(&source.format, Format::Csv { encoding, .. } if encoding == "windows-1256"));
        assert_eq!(rows[0].cell(0), "پريسا گلچين");
        let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode("name,city\nRenée Müller,Köln\nJosé,Málaga\n");
        assert_eq!(table(&bytes).1[0], strings(&["Renée Müller", "Köln"]));
    }

    #[test]
    fn an_encoding_shows_itself_after_megabytes_of_ascii() {
        let mut text = "name,city\n".to_string() + &"Ali,Yazd\n".repeat(100_000);
        text.push_str("سارا,یزد\n");
        let (_, rows) = read(text.as_bytes());
        assert_eq!(rows.last().expect("rows").cell(0), "سارا");
        let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode("name,city\nAli,Yazd\n");
        let mut bytes = bytes.repeat(20_000);
        bytes.extend_from_slice(&encoding_rs::WINDOWS_1256.encode("سارا,تبریز\n".replace('ی', "ي").as_str()).0);
        let (_, rows) = read(&bytes);
        assert_eq!(rows.last().expect("rows").cell(0), "سارا");
    }

    #[test]
    fn quoted_cells_keep_delimiters_line_breaks_and_marks() {
        let (_, rows) = table(b"a,b,c\r\n\"x, y\",\"1\r\n2\",\"say \"\"hi\"\"\"\r\n 1, \"two, 2\" ,3\r\n");
        assert_eq!(rows, [strings(&["x, y", "1\r\n2", "say \"hi\""]), strings(&[" 1", "two, 2", "3"])]);
        assert_eq!(table(b"a,b\rone,1\rtwo,2").1, [strings(&["one", "1"]), strings(&["two", "2"])]);
    }

    #[test]
    fn rows_of_uneven_length_are_reported_not_lost() {
        let (_, rows) = read(b"a,b,c\n1,2\n\n,,\n1,2,3,,,\n1,2,3,4\n");
        let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [2, 5, 6], "blank rows are passed over but counted");
        assert_eq!((rows[0].cell(2), &rows[0].problem), ("", &None));
        assert_eq!((rows[1].len(), &rows[1].problem), (3, &None));
        assert_eq!(rows[2].problem, Some(RowProblem::TooManyCells { found: 4, columns: 3 }));
        assert_eq!(rows[2].cell(3), "4");
    }

    #[test]
    fn header_names_become_distinct_and_none_is_empty() {
        let (source, _) = read("تلفن,,تلفن,نام\n1,2,3,x\n".as_bytes());
        assert_eq!(source.header, strings(&["تلفن", "#2", "تلفن (2)", "نام"]));
        assert_eq!(
            source.notes,
            [HeaderNote::Unnamed { column: 2 }, HeaderNote::Duplicate { name: "تلفن".into(), renamed: "تلفن (2)".into() }]
        );
    }

    #[test]
    fn a_title_above_the_table_is_left_out() {
        let (source, rows) = read("فهرست مشتریان,,,\n,,,\nنام,شهر,تلفن,کد\nرضا,یزد,09121112233,A1\n".as_bytes());
        assert_eq!(source.header[0], "نام");
        assert_eq!(source.notes, [HeaderNote::TitleRows { rows: 2 }]);
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn an_unclosed_quote_costs_one_row() {
        let (_, rows) = read(b"a,b\n\"one,1\n\"two\",2\nthree,3\n\"four,4\nfive,5\n");
        let found: Vec<_> = rows.iter().map(|row| (row.number, row.problem.is_some())).collect();
        assert_eq!(found, [(2, true), (3, false), (4, false), (5, true), (6, false)]);
        assert_eq!(rows[0].problem, Some(RowProblem::UnclosedQuote));
        assert_eq!(rows[0].cell(0), "\"one,1");
    }

    #[test]
    fn an_unclosed_quote_before_megabytes_of_rows_costs_one_row() {
        let text = "a,b\n\"one,1\n".to_string() + &"row,2\n".repeat(400_000);
        let (_, rows) = read(text.as_bytes());
        assert_eq!(rows.len(), 400_001);
        assert_eq!(rows[0].problem, Some(RowProblem::UnclosedQuote));
        assert!(rows[1..].iter().all(|row| row.problem.is_none()));
    }

    #[test]
    fn bytes_that_are_no_text_spoil_only_their_row() {
        let text = "نام,شهر\n".to_string() + &"رضا,یزد\n".repeat(20);
        let bytes = [text.as_bytes(), b"x\xFFy,z\n", text.as_bytes()].concat();
        let (_, rows) = read(&bytes);
        let bad: Vec<_> = rows.iter().filter(|row| row.problem.is_some()).collect();
        assert_eq!((rows.len(), bad.len()), (42, 1));
        assert_eq!((bad[0].cell(0), bad[0].cell(1)), ("x\u{FFFD}y", "z"));
        assert_eq!(bad[0].problem, Some(RowProblem::NotText));
    }

    #[test]
    fn a_cell_of_a_hundred_thousand_letters_is_the_most() {
        let text = format!("a,b\n{},1\n{},2\n", "ن".repeat(100_000), "ن".repeat(100_001));
        let (_, rows) = read(text.as_bytes());
        assert_eq!(rows[0].problem, None);
        assert_eq!(rows[1].problem, Some(RowProblem::CellTooLong { column: 0, characters: 100_001 }));
    }

    #[test]
    fn more_than_five_hundred_columns_are_refused() {
        let header: Vec<_> = (0..501).map(|n| format!("c{n}")).collect();
        assert_eq!(open(header.join(",").as_bytes()).err(), Some(FileProblem::TooManyColumns { found: 501, most: 500 }));
    }

    #[test]
    fn what_is_no_table_is_named() {
        assert_eq!(open(b"").err(), Some(FileProblem::Empty));
        assert_eq!(open(b"\n \n\n").err(), Some(FileProblem::Empty));
        assert_eq!(open(b"%PDF-1.7 \x00\x01").err(), Some(FileProblem::NotATable));
        assert_eq!(open(&[0x89, b'P', b'N', b'G', 0, 0, 0, 13, 1, 2, 3]).err(), Some(FileProblem::NotATable));
        assert_eq!(open(b"<html><table><tr><td>1</td></tr></table>").err(), Some(FileProblem::WebPage));
        let ole = [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 600]].concat();
        assert_eq!(open(&ole).err(), Some(FileProblem::OldExcel));
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(open(&[ole, name].concat()).err(), Some(FileProblem::Encrypted));
        assert!(matches!(Source::open("/nowhere/at/all.csv", &ReadLimits::default()), Err(FileProblem::Unreadable { .. })));
        let hints = Hints { encoding: Some("klingon".into()), ..Hints::default() };
        assert!(matches!(
            Source::open_with(file(b"a,b\n1,2\n").path(), &ReadLimits::default(), &hints),
            Err(FileProblem::UnknownEncoding { .. })
        ));
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).expect("packs");
        packer.finish().expect("packs")
    }

    #[test]
    fn a_gzipped_file_is_read_and_a_bomb_stopped() {
        let (source, rows) = read(&gzip(b"name,city\nAli,Yazd\nSara,Qom\n"));
        assert!(matches!(source.format, Format::Csv { gzip: true, .. }));
        assert_eq!(rows.len(), 2);
        let limits = ReadLimits { ratio_floor: 1 << 20, ..ReadLimits::default() };
        let bomb = file(&gzip(&[b"a,b\n".repeat(200), vec![b'x'; 40 << 20]].concat()));
        assert_eq!(Source::open(bomb.path(), &limits).err(), Some(FileProblem::Bomb));
        let marked = file(&gzip(&["نام,b\n".repeat(200).as_bytes(), &vec![b'x'; 40 << 20]].concat()));
        let source = Source::open(marked.path(), &limits).expect("the beginning is a table");
        let end = source.rows().expect("opens").find_map(Result::err);
        assert_eq!(end, Some(FileProblem::Bomb));
        let cut = gzip(&b"name,city\nAli,Yazd\n".repeat(50_000));
        let cut = file(&cut[..cut.len() / 2]);
        let rows = Source::open(cut.path(), &ReadLimits::default()).and_then(|source| source.rows());
        assert!(matches!(
            rows.map(|mut rows| rows.find_map(Result::err)),
            Ok(Some(FileProblem::Damaged { .. })) | Err(FileProblem::Damaged { .. })
        ));
    }

    /// Two gigabytes of one letter with a table around them, without a disk.
    struct Endless {
        before: &'static [u8],
        letters: u64,
        after: &'static [u8],
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if !self.before.is_empty() {
                return self.before.read(buffer);
            }
            if self.letters > 0 {
                let length = buffer.len().min(self.letters as usize);
                buffer[..length].fill(b'x');
                self.letters -= length as u64;
                return Ok(length);
            }
            self.after.read(buffer)
        }
    }

    #[test]
    fn a_line_of_two_gigabytes_costs_one_row_and_no_memory() {
        for (before, after) in [(&b"1,2\n"[..], &b"\r\n3,4\n"[..]), (&b"1,2\n\""[..], &b"\n\n\",7\r\n3,4\n"[..])] {
            let input = Endless { before, letters: 2 << 30, after };
            let mut records = Records::new(Box::new(input), Delimiter::Comma, Mark::default(), Some(2), ReadLimits::default());
            let mut row = RawRow::default();
            let mut rows = Vec::new();
            while records.next_into(&mut row).expect("reads on") {
                rows.push(row.clone());
            }
            assert_eq!(rows.len(), 3);
            assert!(matches!(rows[1].problem, Some(RowProblem::TooLong { bytes }) if bytes >= 2 << 30));
            assert_eq!(rows[1].cell(0).chars().count(), 1_000);
            assert_eq!(rows[2].cells().collect::<Vec<_>>(), ["3", "4"]);
            assert_eq!(rows[2].number, 3);
            assert_eq!(rows[2].start, rows[1].end);
            assert!(records.buffer_size() <= 4 << 20);
        }
    }

    #[test]
    fn reading_goes_on_from_any_row() {
        let text = "نام,شهر\n\"a\nb\",1\n\nرضا,2\nsara,3\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        for bytes in [text.as_bytes().to_vec(), marked, utf16, gzip(text.as_bytes())] {
            let file = file(&bytes);
            let source = Source::open(file.path(), &ReadLimits::default()).expect("a table");
            let all: Vec<RawRow> = source.rows().expect("opens").map(|row| row.expect("whole")).collect();
            assert_eq!(all.len(), 3);
            for (index, row) in all.iter().enumerate() {
                let rest: Vec<RawRow> = source.rows_from(row.end).expect("opens").map(|row| row.expect("whole")).collect();
                let text = |rows: &[RawRow]| rows.iter().map(|row| (row.number, row.cell(0).to_string(), row.end)).collect::<Vec<_>>();
                assert_eq!(text(&rest), text(&all[index + 1..]));
            }
            let beyond = Mark { offset: 10_000, row: 9 };
            assert_eq!(source.rows_from(beyond).err(), Some(FileProblem::Changed));
        }
    }

    #[test]
    fn excel_names_its_delimiter_in_a_line_of_its_own() {
        let (source, rows) = read(b"sep=;\r\na,x;b\r\n1;2\r\n");
        assert_eq!(source.header, strings(&["a,x", "b"]));
        assert_eq!(rows[0].number, 3);
    }

    #[test]
    fn wrapping_comes_off() {
        for (cell, expected) in
            [("=\"0012\"", "0012"), ("'0912", "0912"), ("\u{200E}0912 ", "0912"), ("'=1+1", "=1+1"), ("'tis", "'tis"), ("=1", "=1")]
        {
            assert_eq!(plain(cell), expected);
        }
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_comes_back(rows in proptest::collection::vec(proptest::collection::vec("[a-zکگچ۰-۹ ,;\"\n\r\t.]{0,8}", 3), 1..8)) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(["alpha", "beta", "gamma"]).expect("writes");
            for row in &rows {
                writer.write_record(row).expect("writes");
            }
            let bytes = writer.into_inner().expect("writes");
            let expected: Vec<&Vec<String>> = rows.iter().filter(|row| row.iter().any(|cell| cell.contains(|c: char| !c.is_ascii_whitespace()))).collect();
            let file = file(&bytes);
            let hints = Hints { delimiter: Some(Delimiter::Comma), has_header: Some(true), encoding: Some("utf-8".into()), ..Hints::default() };
            let source = Source::open_with(file.path(), &ReadLimits::default(), &hints).expect("a table");
            let found: Vec<Vec<String>> = source.rows().expect("opens").map(|row| row.expect("whole").cells().map(str::to_string).collect()).collect();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let file = file(&bytes);
            if let Ok(source) = Source::open(file.path(), &ReadLimits::default()) {
                let mut last = 0;
                for row in source.rows().expect("opens").take(1_000).flatten() {
                    prop_assert!(row.number > last);
                    last = row.number;
                }
            }
        }
    }
}
