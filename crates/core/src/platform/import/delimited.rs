//! Text tables: encoding, delimiter, and records in bounded memory.
//!
//! The `csv` crate holds a whole record whatever its length and lets an unclosed quotation mark
//! swallow the rest of the file, so the records are split here.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1256};
use flate2::read::MultiGzDecoder;
use memchr::{memchr, memchr2, memchr3};

use super::reader::{BombGuard, Counted, Delimiter, FileProblem, Hints, Mark, RawRow, ReadLimits, RowProblem};

/// Bytes read at once: large enough that the system call does not show, small enough for caches.
const BLOCK: usize = 256 << 10;
/// Bytes looked at to tell encodings apart.
const EVIDENCE: usize = 64 << 10;
/// Bytes of plain ASCII after which nothing else is expected: a second of reading.
const ASCII_EVIDENCE: usize = 1 << 30;
/// Characters kept of a row that is too long, enough to recognise it by.
const KEPT_CHARS: usize = 1_000;
const QUOTE: u8 = b'"';

/// How a text table is written.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) delimiter: Delimiter,
    pub(super) encoding: &'static Encoding,
    pub(super) gzip: bool,
    /// Where the first row is: after the byte-order mark and a line `sep=;`.
    pub(super) start: Mark,
}

impl Text {
    /// The text in UTF-8 from `mark` on.
    pub(super) fn reader(
        &self,
        path: &Path,
        limits: &ReadLimits,
        mark: Mark,
        read: Arc<AtomicU64>,
    ) -> Result<Box<dyn Read + Send>, FileProblem> {
        if !self.gzip && self.encoding == UTF_8 {
            let mut file = File::open(path)?;
            if mark.offset > file.metadata()?.len() {
                return Err(FileProblem::Changed);
            }
            file.seek(SeekFrom::Start(mark.offset))?;
            read.store(mark.offset, Ordering::Relaxed);
            return Ok(Box::new(Counted { inner: file, count: read }));
        }
        let bytes = unpacked(path, limits, self.gzip, read)?;
        let mut text: Box<dyn Read + Send> = if self.encoding == UTF_8 { bytes } else { Box::new(Recoded::new(bytes, self.encoding)) };
        // Neither packed nor recoded text can be entered in the middle; passing over it runs at
        // hundreds of megabytes a second.
        let passed = io::copy(&mut text.by_ref().take(mark.offset), &mut io::sink())?;
        if passed < mark.offset { Err(FileProblem::Changed) } else { Ok(text) }
    }
}

fn unpacked(path: &Path, limits: &ReadLimits, gzip: bool, read: Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, FileProblem> {
    let file = Counted { inner: File::open(path)?, count: read.clone() };
    Ok(if gzip {
        Box::new(BombGuard {
            inner: MultiGzDecoder::new(io::BufReader::with_capacity(EVIDENCE, file)),
            packed: read,
            unpacked: 0,
            most: limits.gzip_bytes,
            limits: limits.clone(),
        })
    } else {
        Box::new(file)
    })
}

/// Finds out how the text table in a file is written.
pub(super) fn inspect(path: &Path, limits: &ReadLimits, hints: &Hints, sample_rows: usize) -> Result<Text, FileProblem> {
    let mut head = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut head)?;
    let gzip = head == [0x1F, 0x8B];
    let mut bytes = unpacked(path, limits, gzip, Arc::default())?;
    let (sniffed, mark_length) = sniff_encoding(&mut bytes, gzip)?;
    let encoding = match &hints.encoding {
        Some(name) => Encoding::for_label(name.as_bytes()).ok_or_else(|| FileProblem::UnknownEncoding { name: name.clone() })?,
        None => sniffed,
    };
    // Decoders remove the mark themselves; UTF-8 is read without one.
    let offset = if encoding == UTF_8 { mark_length } else { 0 };
    let mut text = Text { delimiter: Delimiter::Comma, encoding, gzip, start: Mark { offset, row: 0 } };

    let mut sample = Vec::new();
    text.reader(path, limits, text.start, Arc::default())?.take(BLOCK as u64).read_to_end(&mut sample)?;
    if sample.len() == BLOCK
        && let Some(cut) = sample.iter().rposition(|&byte| byte == b'\n')
    {
        sample.truncate(cut + 1);
    }
    let first_line = &sample[..memchr2(b'\n', b'\r', &sample).unwrap_or(sample.len())];
    let declared = declared_delimiter(first_line);
    if declared.is_some() {
        let ending = if sample[first_line.len()..].starts_with(b"\r\n") { 2 } else { 1 };
        let length = (first_line.len() + ending).min(sample.len());
        text.start = Mark { offset: offset + length as u64, row: 1 };
        sample.drain(..length);
    }
    text.delimiter = match hints.delimiter.or(declared) {
        Some(delimiter) => delimiter,
        None => sniff_delimiter(&sample, limits, sample_rows),
    };
    Ok(text)
}

/// Excel's own line `sep=;`.
fn declared_delimiter(line: &[u8]) -> Option<Delimiter> {
    let rest = line.strip_prefix(b"sep=").or_else(|| line.strip_prefix(b"SEP="))?;
    Some(match rest {
        b"," => Delimiter::Comma,
        b";" => Delimiter::Semicolon,
        b"\t" => Delimiter::Tab,
        b"|" => Delimiter::Pipe,
        _ => return None,
    })
}

/// The encoding and the length of its byte-order mark. Reads until something speaks for one
/// encoding: a file may begin with megabytes of plain ASCII.
fn sniff_encoding(bytes: &mut dyn Read, gzip: bool) -> Result<(&'static Encoding, u64), FileProblem> {
    let mut block = Vec::new();
    bytes.take(EVIDENCE as u64).read_to_end(&mut block)?;
    if block.is_empty() {
        return Err(FileProblem::Empty);
    }
    if let Some((encoding, length)) = Encoding::for_bom(&block) {
        return Ok((encoding, length as u64));
    }
    if gzip && (block.starts_with(b"PK\x03\x04") || block.get(257..262) == Some(b"ustar")) {
        return Err(FileProblem::OtherArchive);
    }
    if block.starts_with(b"%PDF") || block.starts_with(b"Rar!") || block.starts_with(b"7z\xBC\xAF") {
        return Err(FileProblem::NotATable);
    }
    if let Some(encoding) = sniff_utf16(&block) {
        return Ok((encoding, 0));
    }
    if memchr(0, &block).is_some() {
        return Err(FileProblem::NotATable);
    }
    let opening = String::from_utf8_lossy(&block[..block.len().min(64)]).trim_start().to_ascii_lowercase();
    if ["<!doctype", "<html", "<table", "<?xml", "<meta", "<head", "{\\rtf"].iter().any(|tag| opening.starts_with(tag)) {
        return Err(FileProblem::WebPage);
    }
    let mut seen = block.len();
    while block.is_ascii() {
        if seen > ASCII_EVIDENCE {
            return Ok((UTF_8, 0));
        }
        seen += EVIDENCE;
        block.clear();
        bytes.take(EVIDENCE as u64).read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok((UTF_8, 0));
        }
    }
    // The block may begin or end inside a character or hold too little; a second one settles it.
    bytes.take(EVIDENCE as u64).read_to_end(&mut block)?;
    Ok((sniff_single_byte(&block), 0))
}

/// UTF-16 without a mark: in Latin, Arabic and Persian text one byte of each pair is nearly always
/// the block of the character, 0x00, 0x06 or 0x20 (and the presentation forms FB to FE).
fn sniff_utf16(block: &[u8]) -> Option<&'static Encoding> {
    let pairs = block.len() / 2;
    if pairs < 2 || memchr(0, block).is_none() {
        return None;
    }
    let is_high = |byte: u8| matches!(byte, 0x00 | 0x06 | 0x20 | 0xFB..=0xFE);
    let (mut first, mut second, mut zeros) = (0, 0, 0);
    for pair in block.chunks_exact(2) {
        first += usize::from(is_high(pair[0]));
        second += usize::from(is_high(pair[1]));
        zeros += usize::from((pair[0] == 0) != (pair[1] == 0));
    }
    // Delimiters, digits and line ends alone give a few zeros in a hundred.
    if zeros * 50 < pairs {
        return None;
    }
    let enough = pairs * 9 / 10;
    match (first > enough, second > enough) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

/// UTF-8, Windows-1256 or Windows-1252, from a block with bytes beyond ASCII.
fn sniff_single_byte(block: &[u8]) -> &'static Encoding {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in block.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += chunk.invalid().len();
    }
    // One broken character must not turn a Persian file into Latin letter soup.
    if good > bad * 10 {
        return UTF_8;
    }
    // Arabic letters stand beside each other; the accented letters of Western Europe are single
    // guests among plain ones.
    let (mut among_high, mut among_ascii) = (0usize, 0usize);
    for window in block.windows(2) {
        match (window[0] >= 0x80, window[1] >= 0x80) {
            (true, true) => among_high += 2,
            (true, false) => among_ascii += usize::from(window[1].is_ascii_alphabetic()),
            (false, true) => among_ascii += usize::from(window[0].is_ascii_alphabetic()),
            (false, false) => {}
        }
    }
    if among_ascii > among_high { WINDOWS_1252 } else { WINDOWS_1256 }
}

/// The delimiter under which most rows of the sample have the same number of cells.
fn sniff_delimiter(sample: &[u8], limits: &ReadLimits, rows: usize) -> Delimiter {
    let counts = |delimiter| -> Vec<usize> {
        let mut records = Records::new(Box::new(io::Cursor::new(sample.to_vec())), delimiter, Mark::default(), None, limits.clone());
        let mut row = RawRow::default();
        let mut counts = Vec::new();
        while counts.len() < rows && matches!(records.next_into(&mut row), Ok(true)) {
            counts.push(row.len());
        }
        counts
    };
    let candidates = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe, Delimiter::ArabicSemicolon];
    let mut best = (0.0, Delimiter::Comma);
    for delimiter in candidates {
        let counts = counts(delimiter);
        let (width, share) = most_common(&counts);
        if width < 2 {
            continue;
        }
        let header = if counts[0] == width { 1.1 } else { 1.0 };
        let score = share * share * (1.0 + width as f64).ln() * header;
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    if best.0 > 0.0 {
        return best.1;
    }
    // Words of prose are separated by spaces too, so an aligned table must be even to the last row
    // and hold a column of numbers.
    let spaced = counts(Delimiter::Spaces);
    let has_digits = |line: &[u8]| line.split(|&byte| byte == b' ').any(|word| word.first().is_some_and(u8::is_ascii_digit));
    let numbers = sample.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.is_empty()).all(has_digits);
    let (width, share) = most_common(&spaced);
    if spaced.len() >= 3 && width >= 2 && share == 1.0 && numbers { Delimiter::Spaces } else { Delimiter::Comma }
}

fn most_common(counts: &[usize]) -> (usize, f64) {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a == b)
        .map(|group| (group[0], group.len()))
        .max_by_key(|&(width, times)| (times, width))
        .map_or((0, 0.0), |(width, times)| (width, times as f64 / counts.len() as f64))
}

/// Text of another encoding as UTF-8.
struct Recoded<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    input_at: (usize, usize),
    output: Vec<u8>,
    output_at: (usize, usize),
    ended: bool,
}

impl<R: Read> Recoded<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        Recoded {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; EVIDENCE],
            input_at: (0, 0),
            output: vec![0; 3 * EVIDENCE],
            output_at: (0, 0),
            ended: false,
        }
    }
}

impl<R: Read> Read for Recoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.output_at.0 == self.output_at.1 {
            if self.input_at.0 == self.input_at.1 {
                if self.ended {
                    return Ok(0);
                }
                let read = self.inner.read(&mut self.input)?;
                self.ended = read == 0;
                self.input_at = (0, read);
            }
            let input = &self.input[self.input_at.0..self.input_at.1];
            let (_, taken, written, _) = self.decoder.decode_to_utf8(input, &mut self.output, self.ended);
            self.input_at.0 += taken;
            self.output_at = (0, written);
        }
        let ready = &self.output[self.output_at.0..self.output_at.1];
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.output_at.0 += length;
        Ok(length)
    }
}

/// Splits UTF-8 text into rows.
pub(super) struct Records {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    mark: Mark,
    delimiter: Delimiter,
    columns: Option<usize>,
    limits: ReadLimits,
}

/// What the bytes at hand amount to.
enum Parsed {
    /// A whole record with its line ending, in bytes.
    Record(usize),
    /// The record goes on beyond the bytes at hand, perhaps inside quotation marks.
    More { quoted: bool },
    /// A quotation mark that never closes; the line it is in, in bytes.
    Unclosed(usize),
}

impl Records {
    pub(super) fn new(
        input: Box<dyn Read + Send>,
        delimiter: Delimiter,
        mark: Mark,
        columns: Option<usize>,
        limits: ReadLimits,
    ) -> Records {
        Records { input, buffer: vec![0; BLOCK], start: 0, end: 0, ended: false, mark, delimiter, columns, limits }
    }

    /// Reads the next row that is not blank; false at the end.
    pub(super) fn next_into(&mut self, row: &mut RawRow) -> io::Result<bool> {
        loop {
            row.clear();
            if self.start == self.end && !self.fill()? {
                return Ok(false);
            }
            let mut bytes = std::mem::take(&mut row.text).into_bytes();
            let parsed = self.parse(&mut bytes, &mut row.ends);
            row.start = self.mark;
            row.number = self.mark.row + 1;
            match parsed {
                Parsed::Record(length) if length <= self.limits.record_bytes => {
                    into_text(bytes, row);
                    self.pass(length);
                }
                Parsed::Record(length) => {
                    self.keep_beginning(row, length);
                    row.problem = Some(RowProblem::TooLong { bytes: length as u64 });
                    self.pass(length);
                }
                Parsed::Unclosed(length) => {
                    self.keep_beginning(row, length);
                    row.problem = Some(RowProblem::UnclosedQuote);
                    self.pass(length);
                }
                Parsed::More { quoted } if self.end - self.start >= self.limits.record_bytes => {
                    self.pass_overlong(row, quoted)?;
                }
                Parsed::More { .. } => {
                    row.text = String::from_utf8(bytes).unwrap_or_default();
                    self.fill()?;
                    continue;
                }
            }
            row.end = self.mark;
            if row.is_blank() {
                continue;
            }
            row.check(self.columns, &self.limits);
            return Ok(true);
        }
    }

    /// Bytes of memory taken by the reading.
    #[cfg(test)]
    pub(super) fn buffer_size(&self) -> usize {
        self.buffer.len()
    }

    /// Reads more; false when there is none.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end * 2 > self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    self.ended |= read == 0;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn pass(&mut self, length: usize) {
        self.start += length;
        self.mark.offset += length as u64;
        self.mark.row += 1;
    }

    fn keep_beginning(&self, row: &mut RawRow, length: usize) {
        let most = length.min(KEPT_CHARS * 4);
        let text = String::from_utf8_lossy(&self.buffer[self.start..self.start + most]);
        row.text = text.trim_end_matches(['\r', '\n']).chars().take(KEPT_CHARS).collect();
        row.ends.clear();
        row.ends.push(row.text.len());
    }

    /// A record of which no end is in sight: a quotation mark that was never closed, or a line
    /// without end. The rest of a long line is read and forgotten.
    fn pass_overlong(&mut self, row: &mut RawRow, mut quoted: bool) -> io::Result<()> {
        let data = &self.buffer[self.start..self.end];
        if quoted
            && let Some(line) = memchr(b'\n', data)
            && self.looks_like_rows(&data[line + 1..])
        {
            self.keep_beginning(row, line + 1);
            row.problem = Some(RowProblem::UnclosedQuote);
            self.pass(line + 1);
            return Ok(());
        }
        self.keep_beginning(row, data.len());
        let toggles = quoted;
        let mut passed = data.len() as u64;
        (self.start, self.end) = (0, 0);
        'record: while self.fill()? {
            let mut at = 0;
            while at < self.end {
                let rest = &self.buffer[at..self.end];
                let found = if quoted {
                    memchr(QUOTE, rest)
                } else if toggles {
                    memchr3(QUOTE, b'\n', b'\r', rest)
                } else {
                    memchr2(b'\n', b'\r', rest)
                };
                let Some(found) = found else { break };
                at += found + 1;
                match self.buffer[at - 1] {
                    QUOTE => quoted = !quoted,
                    ending => {
                        self.start = at;
                        passed += at as u64;
                        if ending == b'\r' && (self.start < self.end || self.fill()?) && self.buffer[self.start] == b'\n' {
                            self.start += 1;
                            passed += 1;
                        }
                        break 'record;
                    }
                }
            }
            passed += self.end as u64;
            (self.start, self.end) = (0, 0);
        }
        row.problem = Some(RowProblem::TooLong { bytes: passed });
        self.mark.offset += passed;
        self.mark.row += 1;
        Ok(())
    }

    /// Whether text that stands inside quotation marks is really the following rows of the table.
    fn looks_like_rows(&self, data: &[u8]) -> bool {
        const LINES: usize = 20;
        let Some(columns) = self.columns.filter(|&columns| columns > 1) else {
            return false;
        };
        let delimiter = self.delimiter_bytes();
        let lines = data.split(|&byte| byte == b'\n').filter(|line| line.len() > 1).take(LINES);
        let (mut even, mut all) = (0, 0);
        for line in lines {
            all += 1;
            even += usize::from(memchr::memmem::find_iter(line, delimiter).count() + 1 == columns);
        }
        even * 5 >= all * 4
    }

    fn delimiter_bytes(&self) -> &'static [u8] {
        match self.delimiter {
            Delimiter::Comma => b",",
            Delimiter::Semicolon => b";",
            Delimiter::Tab => b"\t",
            Delimiter::Pipe => b"|",
            Delimiter::ArabicSemicolon => "؛".as_bytes(),
            Delimiter::Spaces => b" ",
        }
    }

    /// Splits the record at the beginning of the bytes at hand into `bytes` and `ends`.
    fn parse(&self, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) -> Parsed {
        bytes.clear();
        ends.clear();
        let data = &self.buffer[self.start..self.end];
        if self.delimiter == Delimiter::Spaces {
            return self.parse_aligned(data, bytes, ends);
        }
        let delimiter = self.delimiter_bytes();
        let ends_cell = |at: usize| data[at..].starts_with(delimiter) || matches!(data[at], b'\n' | b'\r');
        let mut at = 0;
        loop {
            let mut open = at;
            while data.get(open) == Some(&b' ') {
                open += 1;
            }
            if data.get(open) == Some(&QUOTE) {
                let mut from = open + 1;
                loop {
                    let Some(found) = memchr(QUOTE, &data[from..]) else {
                        if !self.ended {
                            return Parsed::More { quoted: true };
                        }
                        let line = memchr(b'\n', &data[open..]).map_or(data.len(), |found| open + found + 1);
                        return Parsed::Unclosed(line);
                    };
                    let close = from + found;
                    if close + 1 == data.len() && !self.ended {
                        return Parsed::More { quoted: true };
                    }
                    if data.get(close + 1) == Some(&QUOTE) {
                        bytes.extend_from_slice(&data[from..=close]);
                        from = close + 2;
                        continue;
                    }
                    // A mark that opens a cell of a later line, seen from inside quotation marks,
                    // tells that the mark we are in was never meant to open.
                    let closes = close + 1 == data.len() || data[close + 1] == b' ' || ends_cell(close + 1);
                    let opens = close > open + 1 && (data[..close].ends_with(delimiter) || data[close - 1] == b'\n');
                    if !closes
                        && opens
                        && let Some(line) = memchr(b'\n', &data[open..close])
                    {
                        return Parsed::Unclosed(open + line + 1);
                    }
                    bytes.extend_from_slice(&data[from..close]);
                    at = close + 1;
                    break;
                }
                // Spaces between the closing mark and the delimiter are nobody's text.
                let mut next = at;
                while data.get(next) == Some(&b' ') {
                    next += 1;
                }
                if next < data.len() && ends_cell(next) {
                    at = next;
                }
            }
            let mut from = at;
            let stop = loop {
                match memchr3(delimiter[0], b'\n', b'\r', &data[from..]).map(|found| from + found) {
                    Some(found) if ends_cell(found) => break found,
                    Some(found) if found + delimiter.len() > data.len() && !self.ended => {
                        return Parsed::More { quoted: false };
                    }
                    Some(found) => from = found + 1,
                    None if self.ended => break data.len(),
                    None => return Parsed::More { quoted: false },
                }
            };
            bytes.extend_from_slice(&data[at..stop]);
            ends.push(bytes.len());
            match data.get(stop) {
                None => return Parsed::Record(stop),
                Some(b'\n') => return Parsed::Record(stop + 1),
                Some(b'\r') => match data.get(stop + 1) {
                    Some(b'\n') => return Parsed::Record(stop + 2),
                    None if !self.ended => return Parsed::More { quoted: false },
                    _ => return Parsed::Record(stop + 1),
                },
                Some(_) => at = stop + delimiter.len(),
            }
        }
    }

    fn parse_aligned(&self, data: &[u8], bytes: &mut Vec<u8>, ends: &mut Vec<usize>) -> Parsed {
        let (line, length) = match memchr(b'\n', data) {
            Some(end) => (&data[..end], end + 1),
            None if self.ended => (data, data.len()),
            None => return Parsed::More { quoted: false },
        };
        for word in line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty()) {
            bytes.extend_from_slice(word);
            ends.push(bytes.len());
        }
        Parsed::Record(length)
    }
}

/// Makes the cells text; bytes that are none become U+FFFD and a problem.
fn into_text(bytes: Vec<u8>, row: &mut RawRow) {
    match String::from_utf8(bytes) {
        Ok(text) if row.ends.iter().all(|&end| text.is_char_boundary(end)) => row.text = text,
        result => {
            let bytes = result.map_or_else(|error| error.into_bytes(), String::into_bytes);
            let mut from = 0;
            for end in &mut row.ends {
                row.text.push_str(&String::from_utf8_lossy(&bytes[from..*end]));
                from = *end;
                *end = row.text.len();
            }
            row.problem = Some(RowProblem::NotText);
        }
    }
}
