//! Workbooks of Office Open XML, read as a stream.
//!
//! calamine reserves memory for as many shared strings as the file claims to have, so a few bytes
//! can end the process; the parts that we need are therefore read here, with `zip` for the
//! directory and `quick-xml` for the text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::DeflateDecoder;
use jiff::civil::Time;
use memchr::memmem;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use zip::{CompressionMethod, ZipArchive};

use crate::platform::calendar::from_spreadsheet;

use super::reader::{BombGuard, Counted, FileProblem, Mark, RawRow, ReadLimits, RowProblem};

/// Bytes of one piece of XML between two tags. A cell holds 32,767 characters at most.
const EVENT_BYTES: usize = 4 << 20;
/// Columns of a sheet by its format.
const SHEET_COLUMNS: usize = 16_384;
/// Cell styles that a workbook may have by its format.
const MOST_STYLES: usize = 65_536;

/// A packed part of the archive.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: u64,
    packed: u64,
    is_deflated: bool,
}

/// How a number with a style is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Number,
    Date,
    Duration,
}

/// The strings that cells refer to by number, in one piece of memory.
#[derive(Debug, Default)]
struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// A workbook that has been checked, with what all its rows need.
#[derive(Debug)]
pub(super) struct Workbook {
    /// Name of the sheet that is read.
    pub(super) sheet: String,
    part: Part,
    strings: Strings,
    styles: Vec<Style>,
    is_1904: bool,
}

impl Workbook {
    pub(super) fn open(path: &Path, limits: &ReadLimits, sheet: Option<&str>) -> Result<Workbook, FileProblem> {
        let archive = Archive::open(path, limits)?;
        if archive.find("xl/workbook.bin").is_some() {
            return Err(FileProblem::OldExcel);
        }
        let root = archive.relations("_rels/.rels", "")?;
        let main = root
            .iter()
            .find(|relation| relation.kind.ends_with("/officeDocument"))
            .map(|relation| relation.target.clone())
            .ok_or(FileProblem::OtherArchive)?;
        let (folder, file) = main.rsplit_once('/').unwrap_or(("", &main));
        let relations = archive.relations(&format!("{folder}/_rels/{file}.rels"), folder)?;
        let (sheets, is_1904) = archive.sheets(&main)?;
        if sheets.is_empty() {
            return Err(FileProblem::OtherArchive);
        }
        let part_of = |kind: &str| {
            relations.iter().find(|relation| relation.kind.ends_with(kind)).and_then(|relation| archive.find(&relation.target))
        };
        let strings = part_of("/sharedStrings").map(|part| archive.strings(part)).transpose()?.unwrap_or_default();
        let styles = part_of("/styles").map(|part| archive.styles(part)).transpose()?.unwrap_or_default();
        let parts = sheets.iter().filter_map(|(name, relation)| {
            let relation = relations.iter().find(|r| &r.id == relation && r.kind.ends_with("/worksheet"))?;
            Some((name.clone(), archive.find(&relation.target)?))
        });
        let mut workbook =
            Workbook { sheet: String::new(), part: Part { start: 0, packed: 0, is_deflated: false }, strings, styles, is_1904 };
        if let Some(wanted) = sheet {
            let (name, part) = parts.clone().find(|(name, _)| name == wanted).ok_or_else(|| FileProblem::NoSuchSheet {
                name: wanted.to_string(),
                sheets: sheets.iter().map(|(name, _)| name.clone()).collect(),
            })?;
            (workbook.sheet, workbook.part) = (name, part);
            return Ok(workbook);
        }
        let mut shared = Arc::new(workbook);
        for (name, part) in parts {
            let candidate = Arc::get_mut(&mut shared).ok_or_else(|| FileProblem::damaged("sheet in use"))?;
            (candidate.sheet, candidate.part) = (name, part);
            let mut rows = SheetRows::open(shared.clone(), path, limits, Mark::default(), None, Arc::default())?;
            let found = rows.next_into(&mut RawRow::default())?;
            drop(rows);
            if found {
                return Arc::try_unwrap(shared).map_err(|_| FileProblem::damaged("sheet in use"));
            }
        }
        Err(FileProblem::Empty)
    }

    /// Bytes of the sheet in the file.
    pub(super) fn packed_size(&self) -> u64 {
        self.part.packed
    }
}

/// What a file in Microsoft's older container is: a workbook with a password or one of before 2007.
pub(super) fn ole_problem(path: &Path) -> Result<FileProblem, FileProblem> {
    /// The directory of the container lies within this much in files of any usual size.
    const LOOKED_AT: u64 = 8 << 20;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(LOOKED_AT).read_to_end(&mut bytes)?;
    if memmem::find(&bytes, &name).is_none() {
        let tail = file.metadata()?.len().saturating_sub(LOOKED_AT);
        file.seek(SeekFrom::Start(tail))?;
        bytes.clear();
        file.take(LOOKED_AT).read_to_end(&mut bytes)?;
    }
    Ok(if memmem::find(&bytes, &name).is_some() { FileProblem::Encrypted } else { FileProblem::OldExcel })
}

struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// A zip file whose every part has been unpacked once to see how large it really is.
struct Archive<'a> {
    path: &'a Path,
    limits: &'a ReadLimits,
    parts: Vec<(String, Part)>,
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path, limits: &'a ReadLimits) -> Result<Archive<'a>, FileProblem> {
        let mut zip = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(FileProblem::damaged)?;
        if zip.len() > limits.parts {
            return Err(FileProblem::Bomb);
        }
        let mut archive = Archive { path, limits, parts: Vec::new() };
        let (mut all_packed, mut all_unpacked) = (0, 0);
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index).map_err(FileProblem::damaged)?;
            if file.encrypted() {
                return Err(FileProblem::Encrypted);
            }
            let is_deflated = match file.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                other => return Err(FileProblem::damaged(other)),
            };
            let name = file.name().map_err(FileProblem::damaged)?;
            // Some writers put a backslash, some a leading slash; case differs as well.
            let name = name.replace('\\', "/").trim_start_matches('/').to_string();
            let start = file.data_start().ok_or_else(|| FileProblem::damaged(&name))?;
            let part = Part { start, packed: file.compressed_size(), is_deflated };
            // The sizes in the directory are claims. What counts is what comes out.
            let packed = Arc::new(AtomicU64::new(0));
            let mut bytes = archive.unpack(part, packed.clone())?;
            all_unpacked += io::copy(&mut bytes, &mut io::sink())?;
            all_packed += packed.load(Ordering::Relaxed);
            if limits.is_bomb(all_packed, all_unpacked, limits.workbook_bytes) {
                return Err(FileProblem::Bomb);
            }
            archive.parts.push((name, part));
        }
        Ok(archive)
    }

    fn unpack(&self, part: Part, packed: Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, FileProblem> {
        unpack(self.path, self.limits, part, packed)
    }

    fn find(&self, name: &str) -> Option<Part> {
        self.parts.iter().find(|(part, _)| part.eq_ignore_ascii_case(name)).map(|&(_, part)| part)
    }

    fn xml(&self, part: Part) -> Result<Xml, FileProblem> {
        Ok(Xml::new(self.unpack(part, Arc::default())?))
    }

    fn relations(&self, name: &str, folder: &str) -> Result<Vec<Relation>, FileProblem> {
        let part = self.find(name.trim_start_matches('/')).ok_or(FileProblem::OtherArchive)?;
        let mut relations = Vec::new();
        self.xml(part)?.each(|event| {
            if let Event::Start(tag) = event
                && tag.local_name().as_ref() == "Relationship"
            {
                let target = attribute(tag, "Target").unwrap_or_default();
                relations.push(Relation {
                    id: attribute(tag, "Id").unwrap_or_default(),
                    kind: attribute(tag, "Type").unwrap_or_default(),
                    target: match target.strip_prefix('/') {
                        Some(absolute) => absolute.to_string(),
                        None if folder.is_empty() => target,
                        None => format!("{folder}/{target}"),
                    },
                });
            }
            Ok(relations.len() <= self.limits.parts)
        })?;
        Ok(relations)
    }

    /// Names of the sheets with their relation, in order, and whether days count from 1904.
    fn sheets(&self, main: &str) -> Result<(Vec<(String, String)>, bool), FileProblem> {
        let part = self.find(main).ok_or(FileProblem::OtherArchive)?;
        let mut sheets = Vec::new();
        let mut is_1904 = false;
        self.xml(part)?.each(|event| {
            if let Event::Start(tag) = event {
                match tag.local_name().as_ref() {
                    "workbookPr" => is_1904 = matches!(attribute(tag, "date1904").as_deref(), Some("1" | "true")),
                    "sheet" => sheets.push((
                        attribute(tag, "name").unwrap_or_default(),
                        attribute(tag, "r:id").or_else(|| attribute_ending(tag, ":id")).unwrap_or_default(),
                    )),
                    _ => {}
                }
            }
            Ok(sheets.len() <= self.limits.parts)
        })?;
        Ok((sheets, is_1904))
    }

    fn strings(&self, part: Part) -> Result<Strings, FileProblem> {
        let mut strings = Strings::default();
        let mut takes_text = false;
        let mut is_phonetic = false;
        self.xml(part)?.each(|event| {
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "t" => takes_text = !is_phonetic,
                    "rPh" => is_phonetic = true,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "t" => takes_text = false,
                    "rPh" => is_phonetic = false,
                    "si" => {
                        let start = strings.ends.last().map_or(0, |&end| end as usize);
                        unescape(&mut strings.text, start);
                        strings.ends.push(strings.text.len() as u32);
                    }
                    _ => {}
                },
                event if takes_text => push_text(event, &mut strings.text),
                _ => {}
            }
            if strings.text.len() + strings.ends.len() * size_of::<u32>() > self.limits.strings_bytes {
                return Err(FileProblem::TooManyStrings);
            }
            Ok(true)
        })?;
        Ok(strings)
    }

    fn styles(&self, part: Part) -> Result<Vec<Style>, FileProblem> {
        let mut own: Vec<(u32, Style)> = Vec::new();
        let mut styles = Vec::new();
        let mut in_cells = false;
        self.xml(part)?.each(|event| {
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "numFmt" => {
                        let id = attribute(tag, "numFmtId").and_then(|id| id.parse().ok());
                        if let Some(id) = id {
                            own.push((id, style_of(&attribute(tag, "formatCode").unwrap_or_default())));
                        }
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => {
                        let id: u32 = attribute(tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        styles.push(match own.iter().find(|(own, _)| *own == id) {
                            Some(&(_, style)) => style,
                            None => built_in_style(id),
                        });
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => return Ok(false),
                _ => {}
            }
            if styles.len() > MOST_STYLES || own.len() > MOST_STYLES {
                return Err(FileProblem::damaged("styles"));
            }
            Ok(true)
        })?;
        Ok(styles)
    }
}

fn unpack(path: &Path, limits: &ReadLimits, part: Part, packed: Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, FileProblem> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(part.start))?;
    let bytes = Counted { inner: file.take(part.packed), count: packed.clone() };
    Ok(if part.is_deflated {
        Box::new(BombGuard {
            inner: DeflateDecoder::new(BufReader::with_capacity(64 << 10, bytes)),
            packed,
            unpacked: 0,
            most: limits.workbook_bytes,
            limits: limits.clone(),
        })
    } else {
        Box::new(bytes)
    })
}

/// The format codes that Excel knows by number alone: dates, times, and durations.
fn built_in_style(id: u32) -> Style {
    match id {
        46 => Style::Duration,
        14..=22 | 27..=36 | 45 | 47 | 50..=58 => Style::Date,
        _ => Style::Number,
    }
}

/// What a format code such as `[$-fa-IR]yyyy/mm/dd` shows.
fn style_of(code: &str) -> Style {
    let mut rest = code.chars();
    let mut is_date = false;
    while let Some(c) = rest.next() {
        match c {
            '"' => while rest.next().is_some_and(|c| c != '"') {},
            '\\' | '_' | '*' => {
                rest.next();
            }
            '[' => {
                let section: String = rest.by_ref().take_while(|&c| c != ']').collect();
                if !section.is_empty() && section.chars().all(|c| "hHmMsS".contains(c)) {
                    return Style::Duration;
                }
            }
            // The second section is for negative numbers and says nothing more.
            ';' => break,
            'y' | 'Y' | 'd' | 'D' | 'm' | 'M' | 'h' | 'H' | 's' | 'S' => is_date = true,
            'G' | 'g' if rest.as_str().to_ascii_lowercase().starts_with("eneral") => {
                return Style::Number;
            }
            _ => {}
        }
    }
    if is_date { Style::Date } else { Style::Number }
}

/// A reader of XML that never holds more than one bounded piece of it.
struct Xml {
    reader: Reader<Bounded>,
    buffer: Vec<u8>,
}

impl Xml {
    fn new(bytes: Box<dyn Read + Send>) -> Xml {
        let mut reader = Reader::from_reader(Bounded { inner: BufReader::with_capacity(64 << 10, bytes), left: EVENT_BYTES });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        Xml { reader, buffer: Vec::new() }
    }

    fn next(&mut self) -> Result<Event<'_>, FileProblem> {
        self.buffer.clear();
        self.reader.get_mut().left = EVENT_BYTES;
        self.reader.read_event_into(&mut self.buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => match error.kind() {
                io::ErrorKind::FileTooLarge => FileProblem::Bomb,
                _ => FileProblem::damaged(error),
            },
            error => FileProblem::damaged(error),
        })
    }

    /// Hands every event to `see` until it answers false.
    fn each(&mut self, mut see: impl FnMut(&Event) -> Result<bool, FileProblem>) -> Result<(), FileProblem> {
        loop {
            let event = self.next()?;
            if matches!(event, Event::Eof) || !see(&event)? {
                return Ok(());
            }
        }
    }
}

/// Ends the reading when one event takes more bytes than any honest one.
struct Bounded {
    inner: BufReader<Box<dyn Read + Send>>,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a piece of text in the workbook is too long"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}

fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    find_attribute(tag, |key| key == name)
}

fn attribute_ending(tag: &BytesStart, ending: &str) -> Option<String> {
    find_attribute(tag, |key| key.ends_with(ending))
}

fn find_attribute(tag: &BytesStart, is_it: impl Fn(&str) -> bool) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|attribute| is_it(attribute.key.as_ref()))?;
    Some(quick_xml::escape::unescape(&found.value).map_or_else(|_| found.value.to_string(), |value| value.into_owned()))
}

/// Adds what an event says to the text of a cell.
fn push_text(event: &Event, text: &mut String) {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(reference) => text.extend(character(reference)),
        _ => {}
    }
}

fn character(reference: &BytesRef) -> Option<char> {
    match reference.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}

/// Turns the `_x000D_` that Excel writes for control characters into the character, from `start` on.
fn unescape(text: &mut String, start: usize) {
    if memmem::find(&text.as_bytes()[start..], b"_x").is_none() {
        return;
    }
    let escaped = text.split_off(start);
    let mut rest = escaped.as_str();
    while let Some(at) = rest.find("_x") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..6).filter(|_| rest.as_bytes().get(6) == Some(&b'_'));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                text.push(c);
                rest = &rest[7..];
            }
            None => {
                text.push_str("_x");
                rest = &rest[2..];
            }
        }
    }
    text.push_str(rest);
}

/// The rows of one sheet.
pub(super) struct SheetRows {
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
    pub(super) fn open(
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
    pub(super) fn next_into(&mut self, row: &mut RawRow) -> Result<bool, FileProblem> {
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

fn find_number(tag: &BytesStart, name: &str) -> Option<u64> {
    tag.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name)?.value.parse().ok()
}

/// Column of a reference such as `AB12`, from 0.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.take(4).fold(0, |column, letter| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    column.checked_sub(1)
}

/// A number as it is shown: whole numbers digit for digit without exponent or `.0`, others without
/// the noise that binary fractions leave beyond the 15 digits a spreadsheet keeps.
fn number_text(written: &str, number: f64) -> String {
    let digits = written.strip_prefix('-').unwrap_or(written);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return written.to_string();
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{rounded}")
}

/// A day number as ISO 8601, a time alone below one day. Days count from 1900 or from 1904.
fn date_text(days: f64, is_1904: bool) -> Option<String> {
    /// From the first day of the calendar of 1900 to that of 1904.
    const DAYS_TO_1904: f64 = 1_462.0;
    if (0.0..1.0).contains(&days) && !is_1904 {
        let seconds = (days * 86_400.0).round() as i64;
        return Some(format!("{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60));
    }
    let moment = from_spreadsheet(if is_1904 { days + DAYS_TO_1904 } else { days }).ok()?;
    let (date, time) = (moment.date(), moment.time());
    Some(if time == Time::midnight() { date.to_string() } else { format!("{date} {}", time.strftime("%H:%M:%S")) })
}

fn duration_text(days: f64) -> String {
    let seconds = (days * 86_400.0).round() as i64;
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::import::reader::tests::{file, open, read as rows};
    use crate::platform::import::reader::{Format, Hints, Source};
    use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook as Writer};
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn written(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new();
        fill(&mut writer);
        writer.save_to_buffer().expect("writes")
    }

    /// A workbook by hand: the sheet, and what else belongs to it.
    fn handmade(sheet: &str, more: &[(&str, &str)]) -> Vec<u8> {
        let relation =
            |id: &str, kind: &str, target: &str| format!(r#"<Relationship Id="{id}" Type="http://x/{kind}" Target="{target}"/>"#);
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let parts = [
            ("_rels/.rels".to_string(), format!("<Relationships>{}</Relationships>", relation("a", "officeDocument", "xl/workbook.xml"))),
            (
                "xl/workbook.xml".into(),
                r#"<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="داده" r:id="s"/></sheets></workbook>"#.into(),
            ),
            (
                "xl/_rels/workbook.xml.rels".into(),
                format!(
                    "<Relationships>{}{}</Relationships>",
                    relation("s", "worksheet", "worksheets/sheet1.xml"),
                    relation("t", "sharedStrings", "/xl/sharedStrings.xml")
                ),
            ),
            ("xl/worksheets/sheet1.xml".into(), format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>")),
        ];
        let more = more.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        for (name, text) in parts.into_iter().chain(more) {
            zip.start_file(name, SimpleFileOptions::default()).expect("a part");
            zip.write_all(text.as_bytes()).expect("written");
        }
        zip.finish().expect("closed").into_inner()
    }

    #[test]
    fn numbers_dates_texts_and_formulas_come_as_they_are_seen() {
        let bytes = written(|book| {
            let day = CellFormat::new().set_num_format("[$-fa-IR]yyyy/mm/dd");
            let moment = CellFormat::new().set_num_format("yyyy-mm-dd hh:mm:ss");
            let sheet = book.add_worksheet();
            sheet.write_row(0, 0, ["کد ملی", "موبایل", "مبلغ", "تاریخ", "زمان", "جمع", "نشانی"]).expect("writes");
            sheet.write(1, 0, 4_329_125_072.0).expect("writes");
            sheet.write(1, 1, 989_121_112_233.0).expect("writes");
            sheet.write(1, 2, 2.55).expect("writes");
            let date = ExcelDateTime::from_ymd(2024, 3, 20).expect("a date");
            sheet.write_with_format(1, 3, &date, &day).expect("writes");
            let time = ExcelDateTime::from_ymd(2010, 12, 1).and_then(|date| date.and_hms(8, 26, 5)).expect("a time");
            sheet.write_with_format(1, 4, &time, &moment).expect("writes");
            sheet.write(1, 5, Formula::new("=1+2").set_result("3")).expect("writes");
            sheet.write(1, 6, "خیابان <ولیعصر> & \"گل\"").expect("writes");
        });
        let (source, rows) = rows(&bytes);
        assert_eq!(source.header.len(), 7);
        let cells: Vec<_> = rows[0].cells().collect();
        assert_eq!(cells, ["4329125072", "989121112233", "2.55", "2024-03-20", "2010-12-01 08:26:05", "3", "خیابان <ولیعصر> & \"گل\""]);
        assert_eq!((0..7).filter(|&column| rows[0].is_date(column)).collect::<Vec<_>>(), [3, 4]);
        assert_eq!((rows[0].number, rows[0].start), (2, Mark { offset: 1, row: 1 }));
    }

    #[test]
    fn the_first_sheet_with_rows_is_read_or_the_one_named() {
        let bytes = written(|book| {
            book.add_worksheet().set_name("خالی").expect("a name");
            for (name, cell) in [("مشتریان", "نام"), ("دیگر", "کد")] {
                let sheet = book.add_worksheet().set_name(name).expect("a name");
                sheet.write(0, 0, cell).expect("writes");
                sheet.write(3, 0, "x").expect("writes");
            }
        });
        let (source, found) = rows(&bytes);
        assert_eq!(source.format, Format::Xlsx { sheet: "مشتریان".into() });
        assert_eq!(found[0].number, 4);
        let file = file(&bytes);
        let named = |name: &str| {
            let hints = Hints { sheet: Some(name.into()), ..Hints::default() };
            Source::open_with(file.path(), &ReadLimits::default(), &hints)
        };
        assert_eq!(named("دیگر").expect("there").header, ["کد"]);
        assert!(matches!(named("نیست"), Err(FileProblem::NoSuchSheet { sheets, .. }) if sheets.len() == 3));
    }

    #[test]
    fn reading_goes_on_from_any_row_of_a_sheet() {
        let bytes = written(|book| {
            let sheet = book.add_worksheet();
            for row in [0, 1, 2, 7, 8] {
                sheet.write(row, 0, format!("r{row}")).expect("writes");
            }
        });
        let file = file(&bytes);
        let source = Source::open(file.path(), &ReadLimits::default()).expect("a workbook");
        let all: Vec<RawRow> = source.rows().expect("opens").map(|row| row.expect("whole")).collect();
        let rest: Vec<RawRow> = source.rows_from(all[1].end).expect("opens").map(|row| row.expect("whole")).collect();
        assert_eq!(rest.iter().map(|row| row.cell(0)).collect::<Vec<_>>(), ["r7", "r8"]);
        assert_eq!(rest[0].number, 8);
    }

    #[test]
    fn gaps_inline_texts_escapes_and_days_from_1904_are_understood() {
        let sheet = r#"<row><c t="inlineStr"><is><t>name</t></is></c><c t="s"><v>0</v></c><c t="str"><v>c</v></c></row>
            <row r="5"><c r="A5" t="inlineStr"><is><r><t>ab</t></r><r><t>&#1576;&amp;_x000D_</t></r><rPh><t>no</t></rPh></is></c><c r="C5"><v>1.2E10</v></c></row>
            <row r="6"><c r="A6" t="e"><v>#N/A</v></c><c r="B6" t="b"><v>1</v></c><c r="C6" t="d"><v>2024-01-05T00:00:00</v></c></row>"#;
        let bytes = handmade(sheet, &[("xl/sharedStrings.xml", r#"<sst uniqueCount="99999999999999"><si><t>shared</t></si></sst>"#)]);
        let (source, rows) = rows(&bytes);
        assert_eq!(source.header, ["name", "shared", "c"]);
        assert_eq!(rows[0].cells().collect::<Vec<_>>(), ["abب&\r", "", "12000000000"]);
        assert_eq!(rows[0].number, 5);
        assert_eq!(rows[1].problem, Some(RowProblem::FormulaError { column: 0, error: "#N/A".into() }));
        assert_eq!((rows[1].cell(1), rows[1].cell(2), rows[1].is_date(2)), ("true", "2024-01-05", true));
    }

    #[test]
    fn serial_numbers_become_days() {
        assert_eq!(date_text(45_371.0, false).as_deref(), Some("2024-03-20"));
        assert_eq!(date_text(43_909.0, true).as_deref(), Some("2024-03-20"));
        assert_eq!(date_text(0.5, false).as_deref(), Some("12:00:00"));
        assert_eq!(date_text(-1.0, false), None);
        assert_eq!(duration_text(1.5), "36:00:00");
        assert_eq!(number_text("0.30000000000000004", 0.30000000000000004), "0.3");
        assert_eq!(number_text("12345678901234567890", 12345678901234567890.0), "12345678901234567890");
    }

    #[test]
    fn format_codes_tell_dates_from_numbers() {
        for (code, style) in [
            ("General", Style::Number),
            ("#,##0.00", Style::Number),
            ("#,##0 \"days\"", Style::Number),
            ("[Red]0.00;[Blue]0.00", Style::Number),
            ("yyyy/mm/dd", Style::Date),
            ("[$-fa-IR,96]dd mmmm yyyy", Style::Date),
            ("hh:mm", Style::Date),
            ("[h]:mm:ss", Style::Duration),
            ("0\\d", Style::Number),
        ] {
            assert_eq!(style_of(code), style, "{code}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_read() {
        let workbook = io::Cursor::new(handmade("<row><c><v>1</v></c></row>", &[]));
        let mut zip = zip::ZipWriter::new_append(workbook).expect("a zip file");
        zip.start_file("xl/media/zeros.bin", SimpleFileOptions::default()).expect("a part");
        let zeros = vec![0; 1 << 20];
        for _ in 0..80 {
            zip.write_all(&zeros).expect("written");
        }
        let bytes = zip.finish().expect("closed").into_inner();
        assert!(bytes.len() < 1 << 20);
        assert_eq!(open(&bytes).err(), Some(FileProblem::Bomb));
    }

    #[test]
    fn too_many_strings_are_refused() {
        let strings = format!("<sst>{}</sst>", "<si><t>abcdefgh</t></si>".repeat(1_000));
        let bytes = handmade("<row><c><v>1</v></c></row>", &[("xl/sharedStrings.xml", &strings)]);
        let limits = ReadLimits { strings_bytes: 4_000, ..ReadLimits::default() };
        assert_eq!(Source::open(file(&bytes).path(), &limits).err(), Some(FileProblem::TooManyStrings));
    }

    #[test]
    fn one_endless_text_or_comment_is_refused() {
        let long = "x".repeat(EVENT_BYTES + 100_000);
        for text in [format!("<is><t>{long}</t></is>"), format!("<is><t><![CDATA[{long}]]></t></is>"), format!("<!--{long}-->")] {
            let bytes =
                handmade(&format!(r#"<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c t="inlineStr">{text}</c></row>"#), &[]);
            let limits = ReadLimits { ratio: 100_000, ..ReadLimits::default() };
            assert!(matches!(Source::open(file(&bytes).path(), &limits), Err(FileProblem::Damaged { .. })));
        }
    }

    #[test]
    fn a_row_beyond_the_limit_is_a_problem_of_that_row() {
        let cell = format!(r#"<c t="inlineStr"><is><t>{}</t></is></c>"#, "y".repeat(300_000));
        let bytes = handmade(
            &format!(r#"<row><c t="inlineStr"><is><t>a</t></is></c></row><row>{}</row><row><c><v>7</v></c></row>"#, cell.repeat(5)),
            &[],
        );
        let (_, rows) = rows(&bytes);
        assert!(matches!(rows[0].problem, Some(RowProblem::TooLong { bytes }) if bytes == 1_500_000));
        assert_eq!(rows[1].cell(0), "7");
    }

    #[test]
    fn archives_that_are_no_workbooks_are_named() {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file("notes.txt", SimpleFileOptions::default()).expect("a part");
        zip.write_all(b"hello").expect("written");
        let bytes = zip.finish().expect("closed").into_inner();
        assert_eq!(open(&bytes).err(), Some(FileProblem::OtherArchive));
        assert!(matches!(open(&bytes[..bytes.len() / 2]), Err(FileProblem::Damaged { .. })));
        let broken = handmade("<row><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>", &[]);
        assert!(matches!(open(&broken), Err(FileProblem::Damaged { .. })));
        assert_eq!(open(&handmade("", &[])).err(), Some(FileProblem::Empty));
    }
}
