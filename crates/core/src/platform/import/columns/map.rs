//! Columns as a person maps them on the command line: `Column=field,…`.

use super::{Field, Kind};
use crate::platform::locale::Arg;
use crate::platform::text::search_key;
use serde::{Deserialize, Serialize};

/// One entry of a map: a column and what it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Index of the column, from 0.
    pub column: usize,
    /// What it holds; nothing leaves it out.
    pub field: Option<Field>,
    /// For `external_id`: the system that gave the IDs.
    pub system: Option<String>,
}

/// Why a map cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapProblem {
    /// An entry without `=`.
    NoField {
        /// The entry.
        entry: String,
    },
    /// A quotation mark in the map does not close.
    UnclosedQuote,
    /// The file has no such column.
    UnknownColumn {
        /// The name in the map.
        name: String,
        /// The column that resembles it most.
        nearest: Option<String>,
        /// All columns of the file.
        columns: Vec<String>,
    },
    /// Files of this kind have no such field.
    UnknownField {
        /// The name in the map.
        name: String,
        /// The field that resembles it most.
        nearest: Option<&'static str>,
        /// All fields of this kind.
        fields: Vec<&'static str>,
    },
    /// A column is named twice.
    ColumnTwice {
        /// Its name.
        name: String,
    },
    /// Two columns are to be one field that holds one value.
    FieldTwice {
        /// The field.
        field: &'static str,
    },
    /// Not one column of the file is known.
    NoKnownColumn {
        /// All columns of the file.
        columns: Vec<String>,
        /// All fields of this kind.
        fields: Vec<&'static str>,
    },
}

impl MapProblem {
    /// Key of the message.
    pub fn key(&self) -> &'static str {
        match self {
            MapProblem::NoField { .. } => "import-map-no-field",
            MapProblem::UnclosedQuote => "import-map-unclosed-quote",
            MapProblem::UnknownColumn { nearest: None, .. } => "import-map-unknown-column",
            MapProblem::UnknownColumn { .. } => "import-map-unknown-column-nearest",
            MapProblem::UnknownField { nearest: None, .. } => "import-map-unknown-field",
            MapProblem::UnknownField { .. } => "import-map-unknown-field-nearest",
            MapProblem::ColumnTwice { .. } => "import-map-column-twice",
            MapProblem::FieldTwice { .. } => "import-map-field-twice",
            MapProblem::NoKnownColumn { .. } => "import-map-no-known-column",
        }
    }

    /// What the message is filled with.
    pub fn arguments(&self) -> Vec<(&'static str, Arg<'_>)> {
        match self {
            MapProblem::NoField { entry } => vec![("entry", Arg::from(entry))],
            MapProblem::UnclosedQuote => vec![],
            MapProblem::UnknownColumn { name, nearest, columns } => vec![
                ("name", Arg::from(name)),
                ("nearest", Arg::from(nearest.as_deref().unwrap_or_default())),
                ("columns", Arg::from(columns.join(" | "))),
            ],
            MapProblem::UnknownField { name, nearest, fields } => vec![
                ("name", Arg::from(name)),
                ("nearest", Arg::from(nearest.unwrap_or_default())),
                ("fields", Arg::from(fields.join(", "))),
            ],
            MapProblem::ColumnTwice { name } => vec![("name", Arg::from(name))],
            MapProblem::FieldTwice { field } => vec![("field", Arg::from(*field))],
            MapProblem::NoKnownColumn { columns, fields } => {
                vec![("columns", Arg::from(columns.join(" | "))), ("fields", Arg::from(fields.join(", ")))]
            }
        }
    }
}

/// Reads `Column=field,…`. A column name with a comma stands in double quotes (a quotation mark in
/// it is doubled) or has a backslash before the comma; `Column=` and `Column=-` leave a column out;
/// `Column=external_id:SYSTEM` says whose IDs they are. Names of columns match without regard to
/// case, spacing and variants of letters where that is unambiguous.
///
/// # Errors
/// The first entry that cannot be used, or a map that uses no column.
pub fn parse_map(kind: Kind, map: &str, headers: &[String]) -> Result<Vec<Choice>, MapProblem> {
    let fields = || -> Vec<&'static str> { kind.fields().map(Field::name).collect() };
    let mut choices: Vec<Choice> = Vec::new();
    for entry in split_entries(map)? {
        let Some((name, target)) = entry else {
            continue;
        };
        let Some(target) = target else {
            return Err(MapProblem::NoField { entry: name });
        };
        let column = find_column(&name, headers).ok_or_else(|| MapProblem::UnknownColumn {
            nearest: nearest(&name, headers.iter().map(String::as_str)).map(str::to_string),
            name: name.clone(),
            columns: headers.to_vec(),
        })?;
        if choices.iter().any(|choice| choice.column == column) {
            return Err(MapProblem::ColumnTwice { name });
        }
        let (field, system) = match target.split_once(':') {
            Some((field, system)) => (field.trim(), Some(system.trim().to_string()).filter(|system| !system.is_empty())),
            None => (target.trim(), None),
        };
        if field.is_empty() || field == "-" {
            choices.push(Choice { column, field: None, system: None });
            continue;
        }
        let known = Field::named(kind, field).filter(|field| system.is_none() || *field == Field::ExternalId);
        let field = known.ok_or_else(|| MapProblem::UnknownField {
            name: target.trim().to_string(),
            nearest: nearest(field, fields().into_iter()),
            fields: fields(),
        })?;
        if !field.is_repeatable() && choices.iter().any(|choice| choice.field == Some(field)) {
            return Err(MapProblem::FieldTwice { field: field.name() });
        }
        choices.push(Choice { column, field: Some(field), system });
    }
    if choices.iter().all(|choice| choice.field.is_none()) {
        return Err(MapProblem::NoKnownColumn { columns: headers.to_vec(), fields: fields() });
    }
    Ok(choices)
}

fn find_column(name: &str, headers: &[String]) -> Option<usize> {
    if let Some(column) = headers.iter().position(|header| header == name) {
        return Some(column);
    }
    let key = search_key(name);
    let mut alike = headers.iter().enumerate().filter(|(_, header)| !key.is_empty() && search_key(header) == key);
    match (alike.next(), alike.next()) {
        (Some((column, _)), None) => Some(column),
        _ => None,
    }
}

type Entry = Option<(String, Option<String>)>;

/// Entries of a map as name and target; a blank entry is nothing.
fn split_entries(map: &str) -> Result<Vec<Entry>, MapProblem> {
    let mut entries = Vec::new();
    let mut text = String::new();
    // Where the last `=` of the entry stands that is neither quoted nor escaped.
    let mut equals = None;
    let mut chars = map.chars().peekable();
    let mut finish = |text: &mut String, equals: &mut Option<usize>| {
        let entry = std::mem::take(text);
        entries.push(match equals.take() {
            _ if entry.trim().is_empty() => None,
            Some(at) => Some((entry[..at].trim().to_string(), Some(entry[at + 1..].trim().to_string()))),
            None => Some((entry.trim().to_string(), None)),
        });
    };
    while let Some(c) = chars.next() {
        match c {
            '"' if text.trim().is_empty() => loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => {
                        chars.next();
                        text.push('"');
                    }
                    Some('"') => break,
                    Some(c) => text.push(c),
                    None => return Err(MapProblem::UnclosedQuote),
                }
            },
            '\\' if chars.peek().is_some_and(|next| [',', '=', '\\', '"'].contains(next)) => text.extend(chars.next()),
            ',' => finish(&mut text, &mut equals),
            '=' => {
                equals = Some(text.len());
                text.push('=');
            }
            c => text.push(c),
        }
    }
    finish(&mut text, &mut equals);
    Ok(entries)
}

/// The name that takes the fewest changes to reach, if that is less than half of its letters.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let key: Vec<char> = search_key(name).chars().collect();
    names
        .map(|other| (distance(&key, &search_key(other).chars().collect::<Vec<_>>()), other))
        .min()
        .filter(|(distance, other)| *distance * 2 < other.chars().count().max(key.len()))
        .map(|(_, other)| other)
}

/// Levenshtein's distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::import::columns::guess;
    use proptest::prelude::*;

    type Chosen = (usize, Option<Field>, Option<String>);

    fn choices(map: &str, headers: &[&str]) -> Result<Vec<Chosen>, MapProblem> {
        let headers: Vec<String> = headers.iter().map(|header| header.to_string()).collect();
        Ok(parse_map(Kind::Parties, map, &headers)?.into_iter().map(|c| (c.column, c.field, c.system)).collect())
    }

    #[test]
    fn a_map_takes_spaces_commas_and_systems() {
        assert_eq!(
            choices(
                r#"Full Name=name, "Phone, home"=phone,Phone\, work=phone,Ref=external_id:shopify,Junk=,Other=-"#,
                &["Full Name", "Phone, home", "Phone, work", "Ref", "Junk", "Other"]
            ),
            Ok(vec![
                (0, Some(Field::Name), None),
                (1, Some(Field::Phone), None),
                (2, Some(Field::Phone), None),
                (3, Some(Field::ExternalId), Some("shopify".into())),
                (4, None, None),
                (5, None, None),
            ])
        );
        assert_eq!(choices("كد ملي=national_id", &["کد ملی"]), Ok(vec![(0, Some(Field::NationalId), None)]));
    }

    #[test]
    fn a_wrong_map_says_what_there_is() {
        let wrong = |map: &str| choices(map, &["Name", "Mobile", "Tel"]).expect_err("the map is wrong");
        assert!(
            matches!(wrong("Nam=name"), MapProblem::UnknownColumn { nearest: Some(n), columns, .. } if n == "Name" && columns.len() == 3)
        );
        assert!(matches!(wrong("Name=nme"), MapProblem::UnknownField { nearest: Some("name"), .. }));
        assert!(matches!(wrong("Name=quantity"), MapProblem::UnknownField { .. }));
        assert!(matches!(wrong("Name"), MapProblem::NoField { .. }));
        assert!(matches!(wrong("\"Name=name"), MapProblem::UnclosedQuote));
        assert!(matches!(wrong("Name=name,Name=code"), MapProblem::ColumnTwice { .. }));
        assert!(matches!(wrong("Name=name,Tel=name"), MapProblem::FieldTwice { field: "name" }));
        assert!(matches!(wrong("Name="), MapProblem::NoKnownColumn { .. }));
        assert!(matches!(wrong("Name=name:shop"), MapProblem::UnknownField { .. }));
    }

    proptest! {
        #[test]
        fn any_header_and_any_map_are_answered(headers in proptest::collection::vec(".{0,12}", 0..6), map in ".{0,40}") {
            let guesses = guess(Kind::Parties, &headers, &[]);
            prop_assert_eq!(guesses.len(), headers.len());
            let _ = parse_map(Kind::Purchases, &map, &headers);
        }
    }
}
