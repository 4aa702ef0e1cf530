//! Results as a table for people.

use crate::generate::Outcome;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- results -->";
const END: &str = "<!-- end of results -->";

/// A table of the results of one engine.
#[must_use]
pub fn table(document: &Value) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "\n### {}\n\n{} customers, {} purchases, {} interactions; {}; {} cores, {} GB, {}.\n\n| measure | result | budget | |\n|---|---:|---:|---|",
        document["engine"].as_str().unwrap_or_default(),
        document["size"]["parties"],
        document["size"]["purchases"],
        document["size"]["interactions"],
        document["date"].as_str().unwrap_or_default(),
        document["machine"]["cores"],
        document["machine"]["memory_gb"],
        document["machine"]["processor"].as_str().unwrap_or("processor not named"),
    );
    for result in document["results"].as_array().into_iter().flatten() {
        let unit = result["unit"].as_str().unwrap_or_default();
        let number = |value: &Value| value.as_f64().map_or_else(String::new, |value| format!("{} {unit}", short(value)));
        let met = match result["met"].as_bool() {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "",
        };
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        let _ =
            writeln!(out, "| {}: {} | {} | {} | {met} |", text("group"), text("name"), number(&result["value"]), number(&result["budget"]));
    }
    out
}

fn short(value: f64) -> String {
    match value {
        value if value >= 1_000.0 => {
            let digits = format!("{value:.0}");
            let cut = digits.len() - 3;
            format!("{},{}", &digits[..cut], &digits[cut..])
        }
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.3}"),
    }
}

/// Puts the tables of result files into a document, between its two marks.
///
/// # Errors
/// When a file cannot be read, or the document has no marks.
pub fn into(document: &Path, results: &[std::path::PathBuf]) -> Outcome<()> {
    let text = std::fs::read_to_string(document)?;
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else {
        return Err(format!("{} has no lines {BEGIN} and {END}", document.display()).into());
    };
    let mut tables = String::new();
    for path in results {
        tables.push_str(&table(&serde_json::from_str(&std::fs::read_to_string(path)?)?));
    }
    std::fs::write(document, format!("{}{BEGIN}\n{tables}\n{}", &text[..begin], &text[end..]))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_exact_as_they_are_worth() {
        assert_eq!([short(12_345.6), short(250.4), short(3.12), short(0.0421)], ["12,346", "250", "3.1", "0.042"]);
    }
}
