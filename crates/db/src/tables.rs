//! What tables the migrations make, read from their text: the description that is the same on both engines.

use crate::{Kind, Migration};

/// A table as the migrations leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in the order in which they were added.
    pub columns: Vec<Column>,
    /// Columns of the primary key.
    pub key: Vec<&'static str>,
}

/// A column of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The table to whose rows it refers.
    pub refers_to: Option<&'static str>,
}

impl Table {
    /// Where a column stands.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }
}

/// The tables after these migrations, each after the tables that it refers to.
#[must_use]
pub fn tables(migrations: &[Migration]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for statement in migrations.iter().flat_map(|migration| statements(migration.text)) {
        let words: Vec<&'static str> = statement.split_whitespace().take(7).collect();
        match words[..] {
            ["CREATE", "TABLE", ..] => tables.extend(created(statement)),
            ["ALTER", "TABLE", name, "ADD", "COLUMN", column, kind, ..] => {
                if let (Some(table), Some(kind)) = (tables.iter_mut().find(|table| table.name == name), kind_of(kind.trim_end_matches(';')))
                {
                    table.columns.push(Column { name: column, kind, refers_to: refers_to(statement) });
                }
            }
            ["DROP", "TABLE", name, ..] => tables.retain(|table| table.name != name),
            _ => {}
        }
    }
    tables
}

/// Statements of a migration. Of blocks for one engine those of PostgreSQL count: what SQLite keeps in a virtual table
/// is a plain table there.
fn statements(text: &'static str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut start = None;
    let mut skip = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        match trimmed {
            "-- sqlite:" => skip = true,
            "-- end" => skip = false,
            _ if skip || trimmed.starts_with("--") || trimmed.is_empty() => {}
            _ => {
                let from = *start.get_or_insert(offset);
                if trimmed.ends_with(';') {
                    found.push(&text[from..offset + line.len()]);
                    start = None;
                }
            }
        }
        offset += line.len();
    }
    found
}

fn created(statement: &'static str) -> Option<Table> {
    let (head, body) = statement.split_once('(')?;
    let name = head.split_whitespace().last()?;
    let mut table = Table { name, columns: Vec::new(), key: Vec::new() };
    for part in parts(body.rsplit_once(')')?.0) {
        let mut words = part.split_whitespace();
        let (Some(first), Some(second)) = (words.next(), words.next()) else { continue };
        if first == "PRIMARY" {
            let columns = part.split_once('(')?.1.rsplit_once(')')?.0;
            table.key = columns.split(',').map(str::trim).collect();
        } else if let Some(kind) = kind_of(second) {
            if part.contains("PRIMARY KEY") {
                table.key = vec![first];
            }
            table.columns.push(Column { name: first, kind, refers_to: refers_to(part) });
        }
    }
    Some(table)
}

fn refers_to(part: &'static str) -> Option<&'static str> {
    part.split_once("REFERENCES ").and_then(|(_, target)| target.split([' ', '(']).next())
}

/// The parts between commas that stand in no brackets.
fn parts(body: &'static str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (position, sign) in body.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&body[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    found.push(&body[start..]);
    found
}

fn kind_of(word: &str) -> Option<Kind> {
    Some(match word {
        "ID" => Kind::Id,
        "BYTES" => Kind::Bytes,
        "INSTANT" | "MONEY" | "INT" | "bigint" => Kind::Int,
        "BOOL" => Kind::Bool,
        "DAY" | "SORTKEY" | "TEXT" | "text" => Kind::Text,
        "JSON" => Kind::Json,
        "REAL" => Kind::Real,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_columns_kinds_and_keys() {
        let text = "-- Units.\nCREATE TABLE units (\n  id ID NOT NULL PRIMARY KEY,\n  parent_id ID REFERENCES units (id),\n  share REAL CHECK (share IN (1, 2))\n) STRICT;\n\
                    CREATE INDEX a ON units (share);\n-- sqlite:\nCREATE VIRTUAL TABLE s USING fts5 (key);\n-- end\n-- postgres:\n\
                    CREATE TABLE s (rowid bigint NOT NULL PRIMARY KEY, key text NOT NULL);\n-- end\n\
                    CREATE TABLE tags (unit_id ID REFERENCES units (id), tag SORTKEY, PRIMARY KEY (unit_id, tag)) STRICT;\n\
                    ALTER TABLE tags ADD COLUMN is_on BOOL;\n";
        let tables = tables(&[Migration { version: 1, name: "a", text }]);
        let names: Vec<_> = tables.iter().map(|table| table.name).collect();
        assert_eq!(names, ["units", "s", "tags"]);
        assert_eq!(tables[0].key, ["id"]);
        let refers: Vec<_> = [&tables[0].columns[1], &tables[2].columns[0], &tables[2].columns[1]].map(|column| column.refers_to).into();
        assert_eq!(refers, [Some("units"), Some("units"), None]);
        assert_eq!(tables[2].key, ["unit_id", "tag"]);
        let kinds: Vec<_> = tables[2].columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [Kind::Id, Kind::Text, Kind::Bool]);
        assert_eq!(tables[1].columns.len(), 2);
    }
}
