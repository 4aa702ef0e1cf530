//! Files of every kind, good and bad.

use super::*;
use proptest::prelude::*;
use std::io::Write;
use tempfile::NamedTempFile;

/// A file with this content.
pub(crate) fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("the disk has room");
    file
}

/// Opens a file with this content.
pub(crate) fn open(bytes: &[u8]) -> Result<Source, FileProblem> {
    Source::open(file(bytes).path(), &ReadLimits::default())
}

type Table = (Vec<String>, Vec<Vec<String>>);

/// All rows of a file with this content.
pub(crate) fn read(bytes: &[u8]) -> (Source, Vec<RawRow>) {
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
    let utf16 =
        |order: fn(u16) -> [u8; 2], mark: &[u16]| -> Vec<u8> { mark.iter().copied().chain(text.encode_utf16()).flat_map(order).collect() };
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
