//! The parts of a workbook: found, measured and unpacked.

use super::Strings;
use super::style::{Style, built_in_style, style_of};
use super::xml::{Xml, attribute, attribute_ending, push_text, unescape};
use crate::platform::import::reader::{BombGuard, Counted, FileProblem, ReadLimits};
use flate2::read::DeflateDecoder;
use quick_xml::events::Event;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use zip::{CompressionMethod, ZipArchive};

/// Cell styles that a workbook may have by its format.
const MOST_STYLES: usize = 65_536;

/// A packed part of the archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) start: u64,
    pub(super) packed: u64,
    pub(super) is_deflated: bool,
}

pub(super) struct Relation {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) target: String,
}

/// A zip file whose every part has been unpacked once to see how large it really is.
pub(super) struct Archive<'a> {
    path: &'a Path,
    limits: &'a ReadLimits,
    parts: Vec<(String, Part)>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(path: &'a Path, limits: &'a ReadLimits) -> Result<Archive<'a>, FileProblem> {
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

    pub(super) fn find(&self, name: &str) -> Option<Part> {
        self.parts.iter().find(|(part, _)| part.eq_ignore_ascii_case(name)).map(|&(_, part)| part)
    }

    fn xml(&self, part: Part) -> Result<Xml, FileProblem> {
        Ok(Xml::new(self.unpack(part, Arc::default())?))
    }

    pub(super) fn relations(&self, name: &str, folder: &str) -> Result<Vec<Relation>, FileProblem> {
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
    pub(super) fn sheets(&self, main: &str) -> Result<(Vec<(String, String)>, bool), FileProblem> {
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

    pub(super) fn strings(&self, part: Part) -> Result<Strings, FileProblem> {
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

    pub(super) fn styles(&self, part: Part) -> Result<Vec<Style>, FileProblem> {
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

pub(super) fn unpack(path: &Path, limits: &ReadLimits, part: Part, packed: Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, FileProblem> {
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
