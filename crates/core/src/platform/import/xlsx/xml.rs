//! XML in bounded pieces.

use crate::platform::import::reader::FileProblem;
use memchr::memmem;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of one piece of XML between two tags. A cell holds 32,767 characters at most.
pub(super) const EVENT_BYTES: usize = 4 << 20;

/// A reader of XML that never holds more than one bounded piece of it.
pub(super) struct Xml {
    reader: Reader<Bounded>,
    buffer: Vec<u8>,
}

impl Xml {
    pub(super) fn new(bytes: Box<dyn Read + Send>) -> Xml {
        let mut reader = Reader::from_reader(Bounded { inner: BufReader::with_capacity(64 << 10, bytes), left: EVENT_BYTES });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        Xml { reader, buffer: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, FileProblem> {
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
    pub(super) fn each(&mut self, mut see: impl FnMut(&Event) -> Result<bool, FileProblem>) -> Result<(), FileProblem> {
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

pub(super) fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    find_attribute(tag, |key| key == name)
}

pub(super) fn attribute_ending(tag: &BytesStart, ending: &str) -> Option<String> {
    find_attribute(tag, |key| key.ends_with(ending))
}

fn find_attribute(tag: &BytesStart, is_it: impl Fn(&str) -> bool) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|attribute| is_it(attribute.key.as_ref()))?;
    Some(quick_xml::escape::unescape(&found.value).map_or_else(|_| found.value.to_string(), |value| value.into_owned()))
}

pub(super) fn find_number(tag: &BytesStart, name: &str) -> Option<u64> {
    tag.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name)?.value.parse().ok()
}

/// Adds what an event says to the text of a cell.
pub(super) fn push_text(event: &Event, text: &mut String) {
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
pub(super) fn unescape(text: &mut String, start: usize) {
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
