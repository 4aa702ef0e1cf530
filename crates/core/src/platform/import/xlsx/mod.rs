//! Workbooks of Office Open XML, read as a stream.
//!
//! calamine reserves memory for as many shared strings as the file claims to have, so a few bytes
//! can end the process; the parts that we need are therefore read here, with `zip` for the
//! directory and `quick-xml` for the text.

mod archive;
mod sheet;
mod style;
mod xml;

pub(super) use self::sheet::SheetRows;

use self::archive::{Archive, Part};
use self::style::Style;
use super::reader::{FileProblem, Mark, RawRow, ReadLimits};
use memchr::memmem;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

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

#[cfg(test)]
mod tests {
    use super::xml::EVENT_BYTES;
    use super::*;
    use crate::platform::import::reader::tests::{file, open, read as rows};
    use crate::platform::import::reader::{Format, Hints, RowProblem, Source};
    use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook as Writer};
    use std::io::{self, Write};
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
