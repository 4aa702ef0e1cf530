//! `peyvand op`: any operation, from the command line. It acts as the program itself: who may run it holds the
//! machine and its files anyway.

use peyvand_core::{App, Door, Error, Problem, Result};
use serde_json::{Map, Value};
use std::io::Read;

/// Largest JSON object read from standard input: more than any operation takes.
const INPUT_MAX: u64 = 16 * 1024 * 1024;

/// Runs an operation and gives its JSON.
///
/// # Errors
/// For a name or an input that is none, and those of the operation.
pub async fn run(app: &App, name: &str, arguments: &[String]) -> Result<Vec<u8>> {
    let operations = peyvand_core::operations();
    let Some(entry) = operations.get(name) else {
        return Err(Problem::new("", "cli-op-unknown").with("name", name).into());
    };
    let input = input(arguments, std::io::stdin().lock(), &*entry.read_texts)?;
    entry.run(&app.system(Door::Cli), input).await
}

/// All operations: name, whether it writes, what it does.
#[must_use]
pub fn list() -> String {
    let operations = peyvand_core::operations();
    let width = operations.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    operations.iter().map(|entry| format!("{:width$}  {}\n", entry.name, entry.about)).collect()
}

/// The input from `key=value` words, and from the JSON object that `-` stands for; words win.
fn input(arguments: &[String], stdin: impl Read, read_texts: &dyn Fn(&mut Map<String, Value>)) -> Result<Map<String, Value>> {
    let mut input = Map::new();
    if arguments.iter().any(|argument| argument == "-") {
        let mut text = String::new();
        let read =
            stdin.take(INPUT_MAX + 1).read_to_string(&mut text).map_err(|error| Problem::new("", "cli-op-stdin").with("detail", error))?;
        if read as u64 > INPUT_MAX {
            return Err(Problem::new("", "cli-op-stdin").with("detail", format!("> {INPUT_MAX} B")).into());
        }
        input = serde_json::from_str(&text).map_err(|error| Error::from(Problem::new("", "cli-op-stdin").with("detail", error)))?;
    }
    let mut words = Map::new();
    for argument in arguments.iter().filter(|argument| *argument != "-") {
        let Some((key, value)) = argument.split_once('=') else {
            return Err(Problem::new("", "cli-op-argument").with("argument", argument).into());
        };
        words.insert(key.to_owned(), Value::String(value.to_owned()));
    }
    read_texts(&mut words);
    input.extend(words);
    Ok(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_value_keeps_its_equals_signs() {
        let input = input(&words(&["q=a=b", "empty="]), std::io::empty(), &|_| ()).unwrap();
        assert_eq!(Value::Object(input), json!({"q": "a=b", "empty": ""}));
    }

    #[test]
    fn words_win_over_the_object_on_standard_input() {
        let input = input(&words(&["-", "a=2"]), r#"{"a": 1, "b": [true]}"#.as_bytes(), &|_| ()).unwrap();
        assert_eq!(Value::Object(input), json!({"a": "2", "b": [true]}));
    }

    #[test]
    fn a_word_without_equals_sign_is_refused() {
        assert!(input(&words(&["ali"]), std::io::empty(), &|_| ()).is_err());
        assert!(input(&words(&["-"]), "[1]".as_bytes(), &|_| ()).is_err());
    }
}
