//! Who may name what.

use crate::source::without_tests;
use crate::{Findings, Outcome, files, short};
use regex::Regex;
use std::path::Path;

/// What may not be named, below which folder, save in which files, and why.
const RULES: &[(&str, &str, &[&str], &str)] = &[
    (r"\b(sqlx|rusqlite)\b", "crates", &["crates/db/"], "only crates/db knows the engines"),
    (r"Engine::(Sqlite|Postgres)", "crates", &["crates/db/", "crates/core/src/testing.rs"], "a branch for one engine belongs to crates/db"),
    (
        r"\b(SystemTime|Timestamp|Zoned|Utc|Local)::now\(",
        "crates/core",
        &["crates/core/src/external.rs"],
        "time is an input: ctx.now(), or the clock of crates/core/src/external.rs",
    ),
    (r"\b(axum|askama|tower|tower_http)::", "crates/core", &[], "pages and HTTP belong to crates/web"),
    (r"\breqwest\b|\blettre::", "crates/core", &[], "clients of outside systems belong to crates/channels"),
    (r"\bunsafe\s*(\{|fn|impl)", "crates", &[], "unsafe code is forbidden"),
    (r"\bOFFSET\s+\$", "crates", &[], "lists are paged by key"),
];

/// Reads the sources and the manifests.
pub fn check(root: &Path) -> Outcome {
    let mut findings = Findings::default();
    for (pattern, folder, allowed, why) in RULES {
        let pattern = Regex::new(pattern)?;
        for ending in [".rs", "Cargo.toml"] {
            for (path, text) in files(&root.join(folder), ending)? {
                let name = short(root, &path);
                if allowed.iter().any(|allowed| name.starts_with(allowed)) {
                    continue;
                }
                // Tests may look at plans and at the clock.
                let text = without_tests(&text);
                for (number, line) in text.lines().enumerate() {
                    let code = line.split("//").next().unwrap_or_default();
                    if let Some(found) = pattern.find(code) {
                        findings.wrong(format!("{name}:{}: {}: {why}", number + 1, found.as_str()));
                    }
                }
            }
        }
    }
    Ok(findings)
}
