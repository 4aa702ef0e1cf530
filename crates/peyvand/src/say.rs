//! What the command line says, in the language of who reads it, and the number it ends with.

use peyvand_core::external::{Clock, SystemClock};
use peyvand_core::platform::locale::{Arg, Loc, Prefs};
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::{Error, Problem};
use serde_json::{Value, json};

/// Messages in one language.
#[derive(Clone, Debug)]
pub struct Words(Loc);

impl Words {
    /// In the language asked for, else that of the terminal, else English.
    #[must_use]
    pub fn new(asked: Option<&str>, environment: impl Fn(&str) -> Option<String>) -> Words {
        let of_terminal = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(environment).find(|tag| !tag.is_empty());
        let lang = asked.and_then(Lang::from_tag).or_else(|| of_terminal.as_deref().and_then(Lang::from_tag)).unwrap_or(Lang::En);
        // Latin digits everywhere: what a terminal shows is copied into other commands.
        Words(Loc::new(Prefs { digits: Digits::Latin, ..Prefs::of(lang) }, SystemClock.now()))
    }

    /// A message.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        bare(&self.0.t(key))
    }

    /// A message with values.
    #[must_use]
    pub fn ta(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        bare(&self.0.ta(key, args))
    }

    /// A problem in words, with its field.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> String {
        let words = bare(&self.0.problem(problem));
        if problem.field.is_empty() { words } else { format!("{}: {words}", problem.field) }
    }

    /// An error in words. Whoever runs commands holds the machine, so a fault is told whole.
    #[must_use]
    pub fn error(&self, error: &Error) -> String {
        match error {
            Error::NotFound(what) => self.ta("cli-error-not-found", &[("what", (*what).into())]),
            Error::SignedOut => self.t("cli-error-signed-out"),
            Error::Forbidden(perm) => self.ta("cli-error-forbidden", &[("right", perm.to_string().into())]),
            Error::Invalid(fields) | Error::Conflict(fields) => {
                fields.0.iter().map(|problem| self.problem(problem)).collect::<Vec<_>>().join("\n")
            }
            Error::Limited(wait) => self.ta("cli-error-limited", &[("seconds", i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).into())]),
            Error::Unavailable => self.t("cli-error-unavailable"),
            Error::Fault(fault) => {
                self.ta("cli-error-fault", &[("detail", fault.source.to_string().into()), ("at", fault.at.to_string().into())])
            }
        }
    }

    /// An error for machines, with the words in `message`.
    #[must_use]
    pub fn error_json(&self, error: &Error) -> Value {
        let problems: Vec<Value> = match error {
            Error::Invalid(fields) | Error::Conflict(fields) => fields
                .0
                .iter()
                .map(|problem| json!({"field": problem.field, "key": problem.key, "message": bare(&self.0.problem(problem))}))
                .collect(),
            _ => Vec::new(),
        };
        json!({"code": error.code(), "message": self.error(error), "problems": problems})
    }
}

/// Without the invisible marks that hold values apart from the text around them: in a terminal they end up in what is
/// copied, such as an address.
fn bare(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

/// The number that the process ends with: one for each kind of error, so that scripts can tell them apart.
#[must_use]
pub fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Fault(_) => 1,
        Error::Invalid(_) => 2,
        Error::NotFound(_) => 3,
        Error::Forbidden(_) => 4,
        Error::Conflict(_) => 5,
        Error::SignedOut => 6,
        Error::Limited(_) => 7,
        Error::Unavailable => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_asked_for_then_the_terminals_then_english() {
        let fa = |name: &str| (name == "LANG").then(|| "fa_IR.UTF-8".to_owned());
        assert_eq!(Words::new(Some("ar"), fa).0.lang(), "ar");
        assert_eq!(Words::new(None, fa).0.lang(), "fa");
        assert_eq!(Words::new(None, |_| Some("C.UTF-8".to_owned())).0.lang(), "en");
    }
}
