//! One row of a file, whatever its format.

use serde::{Deserialize, Serialize};

use super::problems::RowProblem;
use super::reader::ReadLimits;
use crate::platform::text::csv_plain;

/// A place between two rows, to continue from after an interruption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// CSV: bytes into the text (unpacked and, unless it is UTF-8 already, recoded to UTF-8).
    /// XLSX: index of the row, from 0.
    pub offset: u64,
    /// Rows before this place, counting header and blank rows, as a spreadsheet numbers them.
    pub row: u64,
}

/// Words of the bitmap of date cells: one bit for each of 512 columns.
const DATE_WORDS: usize = 8;

/// One row of a file. Made to be used again for the next row, see [`Rows::next_into`](super::reader::Rows::next_into).
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
