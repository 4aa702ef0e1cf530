//! Bringing files in: reading tables row by row, telling what their columns mean, storing the rows in batches that
//! survive anything, and taking the whole back.
//!
//! A file is opened as a [`reader::Source`], its columns are guessed or named by [`columns`], [`plan`] turns cells into
//! what is stored, [`engine`] stores batch by batch, [`record`] is what is kept of it all, [`undo`] takes it back.

pub mod columns;
mod customers;
mod delimited;
pub mod engine;
mod fresh;
mod interactions;
mod parties;
pub mod plan;
pub mod preview;
mod problems;
mod purchases;
pub mod reader;
pub mod record;
mod row;
pub mod undo;
mod xlsx;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod messages {
    use super::columns::MapProblem;
    use super::reader::{FileProblem, HeaderNote, RowProblem};
    use crate::platform::locale::{Arg, Loc, Prefs};
    use crate::platform::text::Lang;
    use crate::platform::time::Instant;

    #[test]
    fn every_problem_is_told_in_three_languages() {
        let text = || "متن".to_string();
        let list = || vec!["نام".to_string(), "شهر".to_string()];
        let files = [
            FileProblem::Unreadable { detail: text() },
            FileProblem::Empty,
            FileProblem::NotATable,
            FileProblem::WebPage,
            FileProblem::OldExcel,
            FileProblem::Encrypted,
            FileProblem::OtherArchive,
            FileProblem::Damaged { detail: text() },
            FileProblem::Bomb,
            FileProblem::TooManyStrings,
            FileProblem::TooManyColumns { found: 501, most: 500 },
            FileProblem::NoSuchSheet { name: text(), sheets: list() },
            FileProblem::UnknownEncoding { name: text() },
            FileProblem::Changed,
        ];
        let rows = [
            RowProblem::TooLong { bytes: 1 },
            RowProblem::TooManyCells { found: 2, columns: 1 },
            RowProblem::CellTooLong { column: 0, characters: 9 },
            RowProblem::NotText,
            RowProblem::UnclosedQuote,
            RowProblem::FormulaError { column: 7, error: "#N/A".into() },
        ];
        let notes = [
            HeaderNote::Duplicate { name: text(), renamed: text() },
            HeaderNote::Unnamed { column: 1 },
            HeaderNote::TitleRows { rows: 2 },
            HeaderNote::NoHeader,
        ];
        let maps = [
            MapProblem::NoField { entry: text() },
            MapProblem::UnclosedQuote,
            MapProblem::UnknownColumn { name: text(), nearest: None, columns: list() },
            MapProblem::UnknownColumn { name: text(), nearest: Some(text()), columns: list() },
            MapProblem::UnknownField { name: text(), nearest: None, fields: vec!["name"] },
            MapProblem::UnknownField { name: text(), nearest: Some("name"), fields: vec!["name"] },
            MapProblem::ColumnTwice { name: text() },
            MapProblem::FieldTwice { field: "name" },
            MapProblem::NoKnownColumn { columns: list(), fields: vec!["name"] },
        ];
        let header = list();
        let messages: Vec<(&str, Vec<(&str, Arg)>)> = files
            .iter()
            .map(|problem| (problem.key(), problem.arguments()))
            .chain(rows.iter().map(|problem| (problem.key(), problem.arguments(&header))))
            .chain(notes.iter().map(|note| (note.key(), note.arguments())))
            .chain(maps.iter().map(|problem| (problem.key(), problem.arguments())))
            .collect();
        for lang in Lang::ALL {
            let loc = Loc::new(Prefs::of(lang), Instant::NEVER);
            for (key, arguments) in &messages {
                let told = loc.ta(key, arguments);
                assert!(told != *key && !told.contains('{'), "{lang:?} {key}: {told}");
            }
        }
    }
}
