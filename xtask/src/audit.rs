//! Statements that ran on one engine only, and statements of the source that no test runs.

use crate::source::without_tests;
use crate::{Findings, Outcome, files, short};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How statements begin that are meant for one engine; each with its reason, in the file.
const ALLOWED: &str = include_str!("../one-engine.txt");

/// Compares what both engines were asked. The file has lines `Engine<TAB>statement`.
pub fn check(root: &Path, log: &Path) -> Outcome {
    let mut engines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let plain = Plain::new()?;
    for line in std::fs::read_to_string(log)?.lines() {
        let Some((engine, statement)) = line.split_once('\t') else { continue };
        engines.entry(engine.to_owned()).or_default().insert(plain.statement(statement));
    }
    let mut findings = Findings::default();
    for engine in ["Sqlite", "Postgres"] {
        if !engines.contains_key(engine) {
            findings.wrong(format!("no statement of {engine} in {}: run the tests on both engines", log.display()));
        }
    }
    if !findings.wrong.is_empty() {
        return Ok(findings);
    }
    let allowed: Vec<&str> = ALLOWED.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let (sqlite, postgres) = (&engines["Sqlite"], &engines["Postgres"]);
    for (here, there, name) in [(sqlite, postgres, "SQLite"), (postgres, sqlite, "PostgreSQL")] {
        for statement in here.difference(there) {
            if !allowed.iter().any(|beginning| statement.starts_with(beginning)) {
                findings.wrong(format!("only {name} ran: {statement}"));
            }
        }
    }
    let ran: Vec<String> = sqlite.union(postgres).map(|statement| plain.literal(statement)).collect();
    let mut literals = 0;
    let mut silent = 0;
    let literal = Regex::new(r#"\bsql\(\s*"((?:[^"\\]|\\.)*)""#)?;
    for (path, text) in files(&root.join("crates"), ".rs")? {
        let name = short(root, &path);
        // What stands in tests is run by them or it is not a test.
        if name.starts_with("crates/db/") || name.contains("/tests/") {
            continue;
        }
        let code = without_tests(&text);
        for found in literal.captures_iter(&code) {
            literals += 1;
            let statement = plain.literal(&plain.statement(&found[1]));
            if !ran.iter().any(|ran| ran.contains(&statement)) {
                let line = code[..found.get(0).map_or(0, |at| at.start())].lines().count();
                silent += 1;
                findings.wrong(format!("{name}:{line}: no test runs: {statement}"));
            }
        }
    }
    findings.note(format!(
        "{} statements on both engines, {} of {literals} literals run by tests",
        sqlite.intersection(postgres).count(),
        literals - silent
    ));
    Ok(findings)
}

/// Statements without what differs by the number of values.
struct Plain {
    rows: Regex,
    list: Regex,
    number: Regex,
}

impl Plain {
    fn new() -> Result<Plain, regex::Error> {
        Ok(Plain {
            rows: Regex::new(r"(\((?:\$\d+(?:, ?)?)+\))(?:, ?\((?:\$\d+(?:, ?)?)+\))+")?,
            list: Regex::new(r"\$\d+(?:, ?\$\d+)+")?,
            number: Regex::new(r"\$\d+")?,
        })
    }

    fn statement(&self, text: &str) -> String {
        let text = text.replace("\\n", " ").replace("\\\"", "\"").replace('\\', " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.list.replace_all(&self.rows.replace_all(&text, "$1"), "$$…").into_owned()
    }

    /// Also without the numbers of the values, which depend on what was pushed before.
    fn literal(&self, text: &str) -> String {
        self.number.replace_all(text, "$$").replace("$…", "$")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_values_are_one_statement_whatever_their_length() {
        let plain = Plain::new().unwrap();
        assert_eq!(plain.statement("INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4),  ($5,$6)"), "INSERT INTO t (a, b) VALUES ($…)");
        assert_eq!(plain.statement("SELECT 1 WHERE a IN ($1, $2, $3) AND b = $4"), "SELECT 1 WHERE a IN ($…) AND b = $4");
    }

    #[test]
    fn a_literal_is_found_inside_a_longer_statement() {
        let plain = Plain::new().unwrap();
        assert!(plain.literal("SELECT a FROM t WHERE b = $3 ORDER BY a").contains(&plain.literal("FROM t WHERE b = $1")));
    }
}
