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

use super::delimited::{self, Records, Text};
use super::xlsx::{SheetRows, Workbook};

pub use super::problems::{FileProblem, HeaderNote, RowProblem};
pub use super::row::{Mark, RawRow, plain};

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
pub(super) mod tests;
