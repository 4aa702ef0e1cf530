//! A form as it stands: what was entered, and what was wrong with it.

use crate::State;
use crate::error::PageError;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money, MoneyUnit};
use peyvand_core::{Error, Problem};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The fields of a sent form as they came: names may repeat, values may be empty.
#[derive(Clone, Debug, Default)]
pub struct Sent(pub Vec<(String, String)>);

impl FromRequest<State> for Sent {
    type Rejection = PageError;
    async fn from_request(request: Request, state: &State) -> Result<Self, PageError> {
        let not_read = |detail: &str| PageError(Problem::new("", "input-form").with("detail", detail).into());
        let bytes = Bytes::from_request(request, state).await.map_err(|_| not_read("too large"))?;
        let pairs = serde_html_form::from_bytes(&bytes).map_err(|error| not_read(&error.to_string()))?;
        Ok(Sent(pairs))
    }
}

impl Sent {
    /// The first value of a field, trimmed; `None` when it is absent or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether the form had the field at all, be it empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// All values of a field that are not empty.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(found, value)| found == name && !value.trim().is_empty()).map(|(_, value)| value.trim()).collect()
    }

    /// A date field: the picked day (`NAME`, ISO), or what was typed (`NAME_text`).
    #[must_use]
    pub fn date(&self, name: &str) -> Option<&str> {
        self.get(name).or_else(|| self.get(&format!("{name}_text")))
    }

    /// An amount as operations take it: people write it in the unit in which they read it. What cannot be read is refused
    /// there, at its field.
    #[must_use]
    pub fn amount(&self, name: &str, currency: Currency, unit: MoneyUnit) -> Option<String> {
        let text = self.get(name)?;
        Some(Money::parse(text, currency, unit).map_or_else(|_| text.to_owned(), |money| money.decimal_string()))
    }

    /// The fields as the JSON that an operation takes: `texts` as they are, even when empty where `keep_empty`;
    /// `lists` split at commas of any script.
    #[must_use]
    pub fn object(&self, texts: &[&str], lists: &[&str], keep_empty: bool) -> Map<String, Value> {
        let mut object = Map::new();
        for name in texts {
            match self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.trim()) {
                Some(value) if keep_empty || !value.is_empty() => {
                    object.insert((*name).to_owned(), value.into());
                }
                _ => {}
            }
        }
        for name in lists {
            let items: Vec<Value> = self
                .all(name)
                .iter()
                .flat_map(|value| value.split([',', '،', '؛', ';']))
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(Value::from)
                .collect();
            if !items.is_empty() {
                object.insert((*name).to_owned(), items.into());
            }
        }
        object
    }
}

/// Reads the input of an operation from an object.
///
/// # Errors
/// [`Error::Invalid`] for values that are not of the form.
pub fn input<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, Error> {
    serde_json::from_value(Value::Object(object)).map_err(|error| Problem::new("", "input-form").with("detail", error).into())
}

/// What a template prints of a form.
pub struct FormView {
    values: Vec<(String, String)>,
    problems: Vec<(String, String)>,
}

impl FormView {
    /// A form with these values and no problems.
    #[must_use]
    pub fn new(values: Vec<(String, String)>) -> FormView {
        FormView { values, problems: Vec::new() }
    }

    /// What a date field has when the day is today.
    #[must_use]
    pub fn today(name: &str, loc: &Loc) -> [(String, String); 2] {
        let today = loc.today();
        [(name.to_owned(), today.to_string()), (format!("{name}_text"), loc.day_short(today))]
    }

    /// A form as it was sent, with its problems in words.
    #[must_use]
    pub fn again(sent: Sent, problems: &[Problem], loc: &Loc) -> FormView {
        FormView { values: sent.0, problems: problems.iter().map(|problem| (problem.field.to_string(), loc.problem(problem))).collect() }
    }

    /// The value of a field; empty when there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Whether a field has this value.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.values.iter().any(|(found, has)| found == name && has == value)
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&str> {
        self.problems.iter().find(|(field, _)| field == name).map(|(_, words)| words.as_str())
    }

    /// All that is wrong: field and words.
    #[must_use]
    pub fn errors(&self) -> &[(String, String)] {
        &self.problems
    }

    /// Whether this is the first wrong field: where the cursor belongs.
    #[must_use]
    pub fn is_first_error(&self, name: &str) -> bool {
        self.problems.first().is_some_and(|(field, _)| field == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_split_at_commas_of_any_script_and_empty_texts_are_left_out() {
        let sent = Sent(vec![("name".into(), " سارا ".into()), ("job".into(), String::new()), ("tags".into(), "همکار، قدیمی,vip".into())]);
        let object = sent.object(&["name", "job"], &["tags"], false);
        assert_eq!(Value::Object(object), serde_json::json!({"name": "سارا", "tags": ["همکار", "قدیمی", "vip"]}));
        assert!(sent.object(&["job"], &[], true).contains_key("job"));
    }
}
