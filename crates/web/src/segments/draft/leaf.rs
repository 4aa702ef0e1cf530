//! A condition of the builder with what stands in its fields, and what can be read of it.

use super::{Draft, Kind};
use peyvand_core::Day;
use peyvand_core::marketing::segments::rule::{Answer, Days};
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money, parse_decimal};
use peyvand_core::platform::text::{fold_digits, search_key};
use serde_json::{Value, json};

/// A condition with what stands in its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// What it asks for.
    pub kind: Kind,
    /// Its fields.
    pub values: Vec<(String, String)>,
}

/// What reading and writing amounts, days and words needs to know.
pub struct World<'a> {
    /// The reader's words, calendar and digits.
    pub loc: &'a Loc,
    /// The currency of the books.
    pub currency: Currency,
    /// Labels of words, by list and word.
    pub labels: &'a [(String, String, String)],
}

impl World<'_> {
    pub(super) fn label<'a>(&'a self, list: &str, word: &'a str) -> &'a str {
        self.labels.iter().find(|(of, found, _)| of == list && found == word).map_or(word, |(.., label)| label)
    }

    pub(super) fn word<'a>(&'a self, list: &str, text: &'a str) -> &'a str {
        let key = search_key(text);
        self.labels.iter().find(|(of, _, label)| of == list && search_key(label) == key).map_or(text, |(_, word, _)| word)
    }
}

impl Leaf {
    /// A condition as it is added.
    pub fn new(kind: Kind) -> Leaf {
        Leaf { kind, values: Vec::new() }
    }

    pub(super) fn with(kind: Kind, values: &[(&str, String)]) -> Draft {
        let values = values.iter().filter(|(_, value)| !value.is_empty());
        Draft::Leaf(Leaf { kind, values: values.map(|(name, value)| ((*name).to_owned(), value.clone())).collect() })
    }

    /// The value of a field; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.trim())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.values.iter().filter(|(found, value)| found == name && !value.trim().is_empty()).map(|(_, value)| value.trim()).collect()
    }

    /// What is asked.
    pub fn op(&self) -> &'static str {
        let ops = self.kind.ops();
        ops.iter().find(|op| **op == self.get("op")).copied().unwrap_or(ops[0])
    }

    fn number(&self, name: &str) -> Result<i64, &'static str> {
        let text = fold_digits(self.get(name)).replace(['٬', ',', '،'], "");
        if text.is_empty() { Err("segments-incomplete") } else { text.parse().map_err(|_| "platform-number-not-read") }
    }

    fn decimal(&self, name: &str) -> Result<String, &'static str> {
        let text = self.get(name);
        if text.is_empty() {
            return Err("segments-incomplete");
        }
        parse_decimal(text).map(|number| number.normalize().to_string()).map_err(|problem| problem.key())
    }

    fn money(&self, name: &str, world: &World<'_>) -> Result<String, &'static str> {
        let text = self.get(name);
        if text.is_empty() {
            return Err("segments-incomplete");
        }
        Money::parse(text, world.currency, world.loc.prefs.money_unit).map(Money::decimal_string).map_err(|problem| problem.key())
    }

    /// A date: picked, or typed in the reader's calendar.
    pub fn day(&self, name: &str, world: &World<'_>) -> Result<Option<Day>, &'static str> {
        let typed = self.get(&format!("{name}_text"));
        let text = if self.get(name).is_empty() { typed } else { self.get(name) };
        if text.is_empty() {
            return Ok(None);
        }
        parse_date(text, world.loc.prefs.calendar, world.loc.today().0).map(|day| Some(Day(day))).map_err(|problem| problem.key())
    }

    fn window(&self, op: &str, days: &str, world: &World<'_>) -> Result<Value, &'static str> {
        if op == "days" {
            let (from, until) = (self.day("from", world)?, self.day("until", world)?);
            if from.is_none() && until.is_none() {
                return Err("segments-incomplete");
            }
            return serde_json::to_value(Days::Between { from, until }).map_err(|_| "segments-incomplete");
        }
        Ok(json!({op: self.number(days)?}))
    }

    /// The condition, and whether it is denied.
    pub(super) fn read(&self, world: &World<'_>) -> Result<(Value, bool), &'static str> {
        let op = self.op();
        let some = |texts: Vec<String>| if texts.is_empty() { Err("segments-incomplete") } else { Ok(texts) };
        Ok(match self.kind {
            Kind::Field(field) => {
                let test = match op {
                    "is" | "not" if self.kind.is_typed() => {
                        let texts = self.get("t").split([',', '،', '؛', ';']).map(str::trim).filter(|text| !text.is_empty());
                        json!({"one_of": some(texts.map(str::to_owned).collect())?})
                    }
                    "is" | "not" => json!({"one_of": some(self.all("v").into_iter().map(str::to_owned).collect())?}),
                    "known" | "there" => json!({"known": true}),
                    "unknown" | "missing" => json!({"known": false}),
                    "yes" => json!({"yes": true}),
                    "no" => json!({"yes": false}),
                    "at-least" | "at-most" | "between" => {
                        let mut bounds = json!({});
                        for (name, bound, from) in [("at_least", "n", "at-most"), ("at_most", "m", "at-least")] {
                            // A single bound is always written in the first field.
                            let place = if op == "between" { bound } else { "n" };
                            if op == from {
                                continue;
                            }
                            bounds[name] = match field.answer() {
                                Answer::Money => json!(self.money(place, world)?),
                                Answer::Decimal => json!(self.decimal(place)?),
                                _ => json!(self.number(place)?),
                            };
                        }
                        match field.answer() {
                            Answer::Money => json!({"money": bounds}),
                            Answer::Decimal => json!({"decimal": bounds}),
                            _ => json!({"number": bounds}),
                        }
                    }
                    window => json!({"days": self.window(window, "n", world)?}),
                };
                (json!({"field": {"field": field, "is": test}}), op == "not")
            }
            Kind::Tag => (
                json!({"tag": some(vec![self.get("t").to_owned()].into_iter().filter(|text| !text.is_empty()).collect())?[0]}),
                op == "has-not",
            ),
            Kind::Knows(kind) => {
                let text = self.get("t");
                let known =
                    if text.is_empty() { json!({"kind": kind}) } else { json!({"kind": kind, "text": world.word(kind.as_str(), text)}) };
                (json!({"preference": known}), op == "unknown")
            }
            Kind::Did(what) => {
                let mut did = json!({"what": what});
                for (name, field) in [
                    ("product_id", "p"),
                    ("category", "c"),
                    ("channel", "ch"),
                    ("direction", "dir"),
                    ("reason", "r"),
                    ("origin", "o"),
                    ("result", "x"),
                ] {
                    if !self.get(field).is_empty() {
                        did[name] = json!(self.get(field));
                    }
                }
                match op {
                    "at-least" => did["at_least"] = json!(self.number("n")?),
                    "at-most" => did["at_most"] = json!(self.number("n")?),
                    "between" => {
                        did["at_least"] = json!(self.number("n")?);
                        did["at_most"] = json!(self.number("m")?);
                    }
                    _ => {}
                }
                if let window @ ("last" | "earlier" | "days") = self.get("w") {
                    did["days"] = self.window(window, "d", world)?;
                }
                (json!({"did": did}), op == "never")
            }
            Kind::In => (json!({"in": some(self.all("v").into_iter().map(str::to_owned).collect())?[0]}), op == "not-in"),
        })
    }
}

impl Leaf {
    pub(super) fn bounds(kind: Kind, least: String, most: String) -> Draft {
        match (least.is_empty(), most.is_empty()) {
            (false, false) => Leaf::with(kind, &[("op", "between".to_owned()), ("n", least), ("m", most)]),
            (false, true) => Leaf::with(kind, &[("op", "at-least".to_owned()), ("n", least)]),
            _ => Leaf::with(kind, &[("op", "at-most".to_owned()), ("n", most)]),
        }
    }

    pub(super) fn window_of(days: Days, op: &'static str, number: &'static str, world: &World<'_>) -> Vec<(&'static str, String)> {
        let counted = |word: &str, days: i64| vec![(op, word.to_owned()), (number, world.loc.number(days))];
        let day = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
        match days {
            Days::Last(days) => counted("last", days),
            Days::Next(days) => counted("next", days),
            Days::Earlier(days) => counted("earlier", days),
            Days::Between { from, until } => vec![(op, "days".to_owned()), ("from", day(from)), ("until", day(until))],
        }
    }
}
