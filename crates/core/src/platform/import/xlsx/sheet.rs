//! The rows of one sheet, as they are seen.

use super::Workbook;
use super::archive::unpack;
use super::style::{Style, date_text, duration_text, number_text};
use super::xml::{Xml, find_number, push_text, unescape};
use crate::platform::import::reader::{FileProblem, Mark, RawRow, ReadLimits, RowProblem};
use quick_xml::events::Event;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Columns of a sheet by its format.
const SHEET_COLUMNS: usize = 16_384;

/// The rows of one sheet.
pub(in crate::platform::import) struct SheetRows {
    workbook: Arc<Workbook>,
    xml: Xml,
    limits: ReadLimits,
    columns: Option<usize>,
    from: u64,
    row: u64,
    value: String,
}

/// What the value of a cell is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Text,
    Bool,
    Error,
    Date,
}

impl SheetRows {
    pub(in crate::platform::import) fn open(
        workbook: Arc<Workbook>,
        path: &Path,
        limits: &ReadLimits,
        mark: Mark,
        columns: Option<usize>,
        read: Arc<AtomicU64>,
    ) -> Result<SheetRows, FileProblem> {
        let xml = Xml::new(unpack(path, limits, workbook.part, read)?);
        Ok(SheetRows { workbook, xml, limits: limits.clone(), columns, from: mark.offset, row: 0, value: String::new() })
    }

    /// Reads the next row that is not blank; false at the end.
    pub(in crate::platform::import) fn next_into(&mut self, row: &mut RawRow) -> Result<bool, FileProblem> {
        loop {
            // Rows before the mark are only counted.
            match self.xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "row" => {
                    let number = find_number(&tag, "r").map(|number| number.saturating_sub(1));
                    self.row = number.unwrap_or(self.row).max(self.row);
                }
                Event::End(tag) if tag.local_name().as_ref() == "sheetData" => return Ok(false),
                Event::Eof => return Ok(false),
                _ => continue,
            }
            row.clear();
            self.read_row(row)?;
            let index = self.row;
            self.row += 1;
            row.start = Mark { offset: index, row: index };
            row.end = Mark { offset: index + 1, row: index + 1 };
            row.number = index + 1;
            if index < self.from || row.is_blank() {
                continue;
            }
            row.check(self.columns, &self.limits);
            return Ok(true);
        }
    }

    fn read_row(&mut self, row: &mut RawRow) -> Result<(), FileProblem> {
        let mut bytes = 0u64;
        let mut next_column = 0;
        loop {
            let (column, style, kind) = match self.xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "c" => {
                    let (mut column, mut style, mut kind) = (next_column, 0, Kind::Number);
                    for attribute in tag.attributes().with_checks(false).flatten() {
                        let value = attribute.value.as_ref();
                        match attribute.key.as_ref() {
                            "r" => column = column_of(value).unwrap_or(next_column),
                            "s" => style = value.parse().unwrap_or(0),
                            "t" => {
                                kind = match value {
                                    "s" => Kind::Shared,
                                    "str" | "inlineStr" => Kind::Text,
                                    "b" => Kind::Bool,
                                    "e" => Kind::Error,
                                    "d" => Kind::Date,
                                    _ => Kind::Number,
                                }
                            }
                            _ => {}
                        }
                    }
                    (column, style, kind)
                }
                Event::End(tag) if tag.local_name().as_ref() == "row" => break,
                Event::Eof => return Err(FileProblem::damaged("the sheet breaks off")),
                _ => continue,
            };
            if column < next_column || column >= SHEET_COLUMNS {
                return Err(FileProblem::damaged(format!("row {}: cells out of order", self.row + 1)));
            }
            next_column = column + 1;
            self.read_value()?;
            if self.value.is_empty() {
                continue;
            }
            bytes += self.value.len() as u64;
            let before = row.text.len();
            let is_taken = bytes <= self.limits.record_bytes as u64;
            if is_taken {
                row.ends.resize(column, before);
                self.push_value(row, column, style, kind)?;
                row.ends.push(row.text.len());
            }
            if row.text.len() > self.limits.record_bytes || !is_taken {
                row.problem = Some(RowProblem::TooLong { bytes: bytes.max(row.text.len() as u64) });
            }
        }
        Ok(())
    }

    /// The raw text of a cell up to its end; formulas are passed over, their last result is taken.
    fn read_value(&mut self) -> Result<(), FileProblem> {
        self.value.clear();
        let mut takes_text = false;
        let mut is_phonetic = false;
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "v" | "t" => takes_text = !is_phonetic,
                    "rPh" => is_phonetic = true,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "v" | "t" => takes_text = false,
                    "rPh" => is_phonetic = false,
                    "c" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(FileProblem::damaged("the sheet breaks off")),
                // One piece beyond the limit is kept so that the row is seen to be too long.
                event if takes_text && self.value.len() <= self.limits.record_bytes => push_text(event, &mut self.value),
                _ => {}
            }
        }
    }

    fn push_value(&self, row: &mut RawRow, column: usize, style: usize, kind: Kind) -> Result<(), FileProblem> {
        let value = self.value.as_str();
        let start = row.text.len();
        match kind {
            Kind::Shared => {
                let string = value.trim().parse().ok().and_then(|index| self.workbook.strings.get(index));
                row.text.push_str(string.ok_or_else(|| FileProblem::damaged(format!("string {value}")))?);
            }
            Kind::Text => {
                row.text.push_str(value);
                unescape(&mut row.text, start);
            }
            Kind::Bool => row.text.push_str(if value.trim() == "1" { "true" } else { "false" }),
            Kind::Error => {
                row.text.push_str(value);
                row.problem.get_or_insert(RowProblem::FormulaError { column, error: value.to_string() });
            }
            Kind::Date => {
                let value = value.trim().trim_end_matches('Z');
                row.text.push_str(&value.trim_end_matches("T00:00:00").replacen('T', " ", 1));
                row.mark_date(column);
            }
            Kind::Number => {
                let number: Option<f64> = value.trim().parse().ok().filter(|number: &f64| number.is_finite());
                let style = self.workbook.styles.get(style).copied().unwrap_or(Style::Number);
                match (number, style) {
                    (Some(days), Style::Date) => match date_text(days, self.workbook.is_1904) {
                        Some(text) => {
                            row.text.push_str(&text);
                            row.mark_date(column);
                        }
                        None => row.text.push_str(&number_text(value.trim(), days)),
                    },
                    (Some(days), Style::Duration) => row.text.push_str(&duration_text(days)),
                    (Some(number), Style::Number) => row.text.push_str(&number_text(value.trim(), number)),
                    (None, _) => row.text.push_str(value),
                }
            }
        }
        Ok(())
    }
}

/// Column of a reference such as `AB12`, from 0.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.take(4).fold(0, |column, letter| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    column.checked_sub(1)
}
