//! Checks that the compiler does not make, and files that are generated: `cargo run -p xtask -- COMMAND`.

mod audit;
mod catalogue;
mod generate;
mod layers;
mod measure;
mod source;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo run -p xtask -- COMMAND

  catalogue          the words of the interface: same keys in all languages, no missing key, Persian as it is written
  layers             who may name what: the engines in crates/db only, time and chance as inputs
  audit FILE         statements that ran on one engine only, from the file that PEYVAND_SQL_LOG named in both test runs
  gen [--check]      docs/openapi.json, peyvand.toml.example, schema/*.sql; with --check only tells whether they are up to date
                     (PEYVAND_BIN names the binary, PEYVAND_TEST_DB a PostgreSQL server)
  measure WHAT [FILE]
                     scan, contest or segment: the numbers of docs/adr/0007, with --release
";

/// What a check has to say.
#[derive(Debug, Default)]
struct Findings {
    /// What has to be mended.
    wrong: Vec<String>,
    /// What a person should know.
    notes: Vec<String>,
}

impl Findings {
    fn wrong(&mut self, text: impl Into<String>) {
        self.wrong.push(text.into());
    }
    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

type Outcome = Result<Findings, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["catalogue"] => catalogue::check(&root()),
        ["layers"] => layers::check(&root()),
        ["audit", file] => audit::check(&root(), Path::new(file)),
        ["measure", which] => measure::run(which, None).await,
        ["measure", which, file] => measure::run(which, Some(file)).await,
        ["gen"] => generate::run(&root(), false).await,
        ["gen", "--check"] => generate::run(&root(), true).await,
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(findings) => {
            findings.notes.iter().for_each(|text| println!("note: {text}"));
            findings.wrong.iter().for_each(|text| println!("wrong: {text}"));
            if findings.wrong.is_empty() {
                println!("{}: nothing wrong", words[0]);
                ExitCode::SUCCESS
            } else {
                println!("{}: {} to mend", words[0], findings.wrong.len());
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("{}: {error}", words[0]);
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Every file below a folder whose name ends so, with its text, in the order of the names.
fn files(folder: &Path, ending: &str) -> std::io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let text = std::fs::read_to_string(&path)?;
                found.push((path, text));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path as it is written from the root of the workspace.
fn short<'a>(root: &Path, path: &'a Path) -> std::borrow::Cow<'a, str> {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy()
}
