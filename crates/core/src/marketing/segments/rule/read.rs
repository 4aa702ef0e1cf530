//! A rule as it is given: read part by part, and checked. Problems name their place in the tree.

use super::field::{DAYS_MAX, TIMES_MAX};
use super::{Answer, Days, Did, Field, FieldIs, Knows, Rule, Test, What, birthday};
use crate::insight::rhythm::Habit;
use crate::interactions::Channel;
use crate::lifecycle::{Stage, Standing};
use crate::parties::check::{Gender, Kind, LINE_MAX, Role, Stance, word_of};
use crate::platform::access::{Unit, User};
use crate::platform::money::{Currency, Money, parse_decimal};
use crate::platform::text::clean_line;
use crate::{Fields, Problem};
use peyvand_db::Id;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Groups within groups; nobody reads deeper ones.
pub const DEPTH_MAX: usize = 8;
/// Conditions of a rule; more are no longer one thought.
pub const CONDITIONS_MAX: usize = 64;
/// Values that one condition may offer.
const VALUES_MAX: usize = 100;

impl Rule {
    /// Reads a rule and checks it. Problems name their place in the tree: `rule.all[1].not`.
    ///
    /// # Errors
    /// A problem at the first place that cannot be read, or all problems of a tree that can.
    pub fn read(value: &Value, currency: Currency) -> Result<Rule, Fields> {
        let mut conditions = 0;
        let rule = node(value, "rule", 1, &mut conditions).map_err(|problem| Fields(vec![problem]))?;
        let mut fields = Fields::default();
        let rule = rule.checked("rule", true, currency, &mut fields);
        if fields.0.is_empty() { Ok(rule) } else { Err(fields) }
    }

    fn checked(self, place: &str, is_root: bool, currency: Currency, fields: &mut Fields) -> Rule {
        let group = |parts: Vec<Rule>, name: &str, fields: &mut Fields| {
            if parts.is_empty() && !is_root {
                fields.add(format!("{place}.{name}"), "segments-group-empty");
            }
            let parts = parts.into_iter().enumerate();
            parts.map(|(at, part)| part.checked(&format!("{place}.{name}[{at}]"), false, currency, fields)).collect()
        };
        match self {
            Rule::All(parts) => Rule::All(group(parts, "all", fields)),
            Rule::Any(parts) => Rule::Any(group(parts, "any", fields)),
            Rule::Not(part) => Rule::Not(Box::new(part.checked(&format!("{place}.not"), false, currency, fields))),
            Rule::Field(field) => Rule::Field(field.checked(place, currency, fields)),
            Rule::Tag(tag) => Rule::Tag(line(tag, &format!("{place}.tag"), fields)),
            Rule::Preference(Knows { kind, text }) => {
                let text = text.map(|text| line(text, &format!("{place}.preference.text"), fields));
                Rule::Preference(Knows { kind, text })
            }
            Rule::Did(did) => Rule::Did(did.checked(place, fields)),
            Rule::In(segment) => Rule::In(segment),
        }
    }
}

/// One part of the tree, read with its place; `depth` counts groups from 1.
fn node(value: &Value, place: &str, depth: usize, conditions: &mut usize) -> Result<Rule, Problem> {
    let unknown = || Problem::new(place.to_owned(), "segments-condition-unknown");
    let object = value.as_object().filter(|object| object.len() == 1).ok_or_else(unknown)?;
    let (name, inner) = object.iter().next().ok_or_else(unknown)?;
    if matches!(&**name, "all" | "any" | "not") && depth > DEPTH_MAX {
        return Err(Problem::new(place.to_owned(), "segments-too-deep").with("max", DEPTH_MAX));
    }
    let parts = |conditions: &mut usize| -> Result<Vec<Rule>, Problem> {
        let items = inner.as_array().ok_or_else(|| Problem::new(format!("{place}.{name}"), "segments-group-needed"))?;
        items.iter().enumerate().map(|(at, item)| node(item, &format!("{place}.{name}[{at}]"), depth + 1, conditions)).collect()
    };
    match &**name {
        "all" => return Ok(Rule::All(parts(conditions)?)),
        "any" => return Ok(Rule::Any(parts(conditions)?)),
        "not" => return Ok(Rule::Not(Box::new(node(inner, &format!("{place}.not"), depth + 1, conditions)?))),
        _ => {}
    }
    *conditions += 1;
    if *conditions > CONDITIONS_MAX {
        return Err(Problem::new(place.to_owned(), "segments-too-many").with("max", CONDITIONS_MAX));
    }
    match &**name {
        "field" => leaf(inner, place, name).map(Rule::Field),
        "tag" => leaf(inner, place, name).map(Rule::Tag),
        "preference" => leaf(inner, place, name).map(Rule::Preference),
        "did" => leaf(inner, place, name).map(Rule::Did),
        "in" => leaf(inner, place, name).map(Rule::In),
        _ => Err(unknown()),
    }
}

fn leaf<T: DeserializeOwned>(value: &Value, place: &str, name: &str) -> Result<T, Problem> {
    T::deserialize(value).map_err(|error| Problem::new(format!("{place}.{name}"), "segments-not-read").with("detail", error))
}

fn line(text: String, place: &str, fields: &mut Fields) -> String {
    match clean_line(&text, LINE_MAX) {
        Ok(clean) if clean.is_empty() => fields.add(place.to_owned(), "input-needed"),
        Ok(clean) => return clean,
        Err(problem) => fields.0.push(Problem::new(place.to_owned(), problem.key()).with("max", LINE_MAX)),
    }
    text
}

fn within(value: Option<i64>, min: i64, max: i64, place: &str, fields: &mut Fields) {
    if value.is_some_and(|value| !(min..=max).contains(&value)) {
        fields.0.push(Problem::new(place.to_owned(), "input-range").with("min", min).with("max", max));
    }
}

/// Bounds that leave nothing between them, or are none.
fn bounds<T: PartialOrd>(least: Option<&T>, most: Option<&T>, place: &str, fields: &mut Fields) {
    match (least, most) {
        (None, None) => fields.add(place.to_owned(), "segments-bound-needed"),
        (Some(least), Some(most)) if least > most => fields.add(place.to_owned(), "segments-bounds-crossed"),
        _ => {}
    }
}

fn check_days(days: Days, place: &str, fields: &mut Fields) {
    match days {
        Days::Last(days) | Days::Next(days) => within(Some(days), 1, DAYS_MAX, place, fields),
        Days::Earlier(days) => within(Some(days), 0, DAYS_MAX, place, fields),
        Days::Between { from, until } => bounds(from.as_ref(), until.as_ref(), place, fields),
    }
}

impl FieldIs {
    fn checked(mut self, place: &str, currency: Currency, fields: &mut Fields) -> FieldIs {
        let place = format!("{place}.field.is");
        let field = self.field;
        match (&mut self.is, field.answer()) {
            (Test::OneOf(values), Answer::Word) => {
                if values.is_empty() || values.len() > VALUES_MAX {
                    fields.0.push(Problem::new(place, "segments-values").with("max", VALUES_MAX));
                    return self;
                }
                for (at, value) in values.iter_mut().enumerate() {
                    let place = format!("{place}.one_of[{at}]");
                    let text = line(std::mem::take(value), &place, fields);
                    let is_known = match field {
                        Field::Kind => text.parse::<Kind>().is_ok(),
                        Field::Role => text.parse::<Role>().is_ok(),
                        Field::Gender => text.parse::<Gender>().is_ok(),
                        Field::Stance => text.parse::<Stance>().is_ok(),
                        Field::PreferredChannel => text.parse::<Channel>().is_ok(),
                        Field::Stage => text.parse::<Stage>().is_ok(),
                        Field::Standing => text.parse::<Standing>().is_ok(),
                        Field::Habit => text.parse::<Habit>().is_ok(),
                        Field::Season => text.parse::<i64>().is_ok_and(|season| (1..=4).contains(&season)),
                        Field::BirthMonth => birthday::month(&text).is_some(),
                        Field::Owner => text.parse::<Id<User>>().is_ok(),
                        Field::Unit => text.parse::<Id<Unit>>().is_ok(),
                        _ => true,
                    };
                    if !is_known {
                        fields.add(place, "input-choice");
                    }
                    *value = match field {
                        Field::Source => word_of("source", &text).map_or(text, str::to_owned),
                        Field::Education => word_of("education", &text).map_or(text, str::to_owned),
                        Field::Income => word_of("income_band", &text).map_or(text, str::to_owned),
                        _ => text,
                    };
                }
            }
            (Test::Known(_), _) if field.may_be_unknown() => {}
            (Test::Number(range), Answer::Number) => {
                let (min, max) = field.numbers();
                within(range.at_least, min, max, &format!("{place}.number.at_least"), fields);
                within(range.at_most, min, max, &format!("{place}.number.at_most"), fields);
                bounds(range.at_least.as_ref(), range.at_most.as_ref(), &format!("{place}.number"), fields);
            }
            (Test::Decimal(amounts), Answer::Decimal) => {
                let mut read = |text: &Option<String>, name: &str| {
                    let text = text.as_ref()?;
                    let place = format!("{place}.decimal.{name}");
                    let number = fields.take(parse_decimal(text).map_err(|problem| Problem::new(place.clone(), problem.key())))?;
                    if number < Decimal::ZERO || number > Decimal::from(TIMES_MAX) {
                        fields.0.push(Problem::new(place, "input-range").with("min", 0).with("max", TIMES_MAX));
                    }
                    Some(number)
                };
                let (least, most) = (read(&amounts.at_least, "at_least"), read(&amounts.at_most, "at_most"));
                if amounts.at_least.is_some() == least.is_some() && amounts.at_most.is_some() == most.is_some() {
                    bounds(least.as_ref(), most.as_ref(), &format!("{place}.decimal"), fields);
                }
            }
            (Test::Money(amounts), Answer::Money) => {
                let mut read = |text: &Option<String>, name: &str| {
                    let text = text.as_ref()?;
                    let read = parse_decimal(text).and_then(|amount| Money::from_major(amount, currency));
                    fields.take(read.map_err(|problem| Problem::new(format!("{place}.money.{name}"), problem.key())))
                };
                let least = read(&amounts.at_least, "at_least").map(|money| money.minor);
                let most = read(&amounts.at_most, "at_most").map(|money| money.minor);
                // A bound that cannot be read has its own problem.
                if amounts.at_least.is_some() == least.is_some() && amounts.at_most.is_some() == most.is_some() {
                    bounds(least.as_ref(), most.as_ref(), &format!("{place}.money"), fields);
                }
            }
            // Without both ends each day of the year would lie between them.
            (Test::Days(Days::Earlier(_) | Days::Between { from: None, .. } | Days::Between { until: None, .. }), _)
                if field == Field::Birthday =>
            {
                fields.add(place, "segments-test-wrong");
            }
            (Test::Days(days), Answer::Day) => check_days(*days, &format!("{place}.days"), fields),
            (Test::Yes(_), Answer::Flag) => {}
            _ => fields.add(place, "segments-test-wrong"),
        }
        self
    }
}

impl Did {
    fn checked(mut self, place: &str, fields: &mut Fields) -> Did {
        let place = format!("{place}.did");
        let of_purchase = self.product_id.is_some() || self.category.is_some();
        let of_words = self.reason.is_some() || self.origin.is_some() || self.result.is_some();
        let of_contact = self.channel.is_some() || self.direction.is_some() || of_words;
        if of_purchase && self.what != What::Purchase || of_contact && self.what != What::Interaction {
            fields.add(place.clone(), "segments-detail-wrong");
        }
        self.category = self.category.map(|text| line(text, &format!("{place}.category"), fields));
        for (list, word) in [("reason", &mut self.reason), ("origin", &mut self.origin), ("result", &mut self.result)] {
            *word = word.take().map(|text| {
                let text = line(text, &format!("{place}.{list}"), fields);
                word_of(list, &text).map_or(text, str::to_owned)
            });
        }
        within(self.at_least, 0, TIMES_MAX, &format!("{place}.at_least"), fields);
        within(self.at_most, 0, TIMES_MAX, &format!("{place}.at_most"), fields);
        if self.at_least.is_some() || self.at_most.is_some() {
            bounds(self.at_least.as_ref(), self.at_most.as_ref(), &place, fields);
        }
        if let Some(days) = self.days {
            check_days(days, &format!("{place}.days"), fields);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::World;
    use super::*;
    use crate::Day;
    use crate::platform::calendar::Calendar;
    use jiff::tz::TimeZone;
    use serde_json::json;

    fn read(value: Value) -> Result<Rule, Fields> {
        Rule::read(&value, Currency::IRR)
    }

    fn place(value: Value) -> (String, String) {
        let problem = read(value).unwrap_err().0.remove(0);
        (problem.field.into_owned(), problem.key.into_owned())
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        let given = json!({"all": [
            {"field": {"field": "city", "is": {"one_of": ["تهران"]}}},
            {"any": [{"tag": "نقره‌ای"}, {"not": {"did": {"what": "purchase", "at_least": 2, "days": {"last": 90}}}}]},
            {"field": {"field": "spent", "is": {"money": {"at_least": "30000000"}}}},
            {"field": {"field": "created", "is": {"days": {"between": {"from": "2026-01-01"}}}}},
            {"in": "0193a1b2-0000-7000-8000-000000000000"},
        ]});
        assert_eq!(serde_json::to_value(read(given.clone()).unwrap()).unwrap(), given);
    }

    #[test]
    fn a_problem_names_its_place_in_the_tree() {
        let city = json!({"field": {"field": "city", "is": {"one_of": ["تهران"]}}});
        let role = |word: &str| json!({"field": {"field": "role", "is": {"one_of": [word]}}});
        assert_eq!(place(json!({"all": [city, role("king")]})), ("rule.all[1].field.is.one_of[0]".into(), "input-choice".into()));
        assert_eq!(place(json!({"all": [city, {"not": {"smell": 1}}]})), ("rule.all[1].not".into(), "segments-condition-unknown".into()));
        assert_eq!(place(json!({"any": [{"did": {"what": "sang"}}]})), ("rule.any[0].did".into(), "segments-not-read".into()));
        assert_eq!(place(json!({"did": {"what": "purchase", "colour": 1}})), ("rule.did".into(), "segments-not-read".into()));
        assert_eq!(place(json!({"all": [{"any": []}]})), ("rule.all[0].any".into(), "segments-group-empty".into()));
        let age = json!({"field": {"field": "age", "is": {"number": {"at_least": 40, "at_most": 30}}}});
        assert_eq!(place(age), ("rule.field.is.number".into(), "segments-bounds-crossed".into()));
        let age = json!({"field": {"field": "age", "is": {"one_of": ["40"]}}});
        assert_eq!(place(age), ("rule.field.is".into(), "segments-test-wrong".into()));
        let band = json!({"field": {"field": "recency", "is": {"number": {"at_least": 6}}}});
        assert_eq!(place(band), ("rule.field.is.number.at_least".into(), "input-range".into()));
        let soon = |least: &str, most: &str| json!({"field": {"field": "expected_purchases", "is": {"decimal": {"at_least": least, "at_most": most}}}});
        assert_eq!(place(soon("2.5", "2")), ("rule.field.is.decimal".into(), "segments-bounds-crossed".into()));
        assert_eq!(place(soon("-1", "2")), ("rule.field.is.decimal.at_least".into(), "input-range".into()));
        assert_eq!(place(soon("x", "2")).0, "rule.field.is.decimal.at_least");
        let month = |word: &str| json!({"field": {"field": "birth_month", "is": {"one_of": ["jalali-8", word]}}});
        assert!(read(month("hijri-12")).is_ok());
        for wrong in ["jalali-13", "lunar-1", "8"] {
            assert_eq!(place(month(wrong)), ("rule.field.is.one_of[1]".into(), "input-choice".into()), "{wrong}");
        }
        let birthday = json!({"field": {"field": "birthday", "is": {"days": {"earlier": 3}}}});
        assert_eq!(place(birthday), ("rule.field.is".into(), "segments-test-wrong".into()));
        let phone = json!({"field": {"field": "phone", "is": {"one_of": ["+98"]}}});
        assert_eq!(place(phone), ("rule.field.is".into(), "segments-test-wrong".into()));
        let contact = json!({"did": {"what": "interaction", "category": "چای"}});
        assert_eq!(place(contact), ("rule.did".into(), "segments-detail-wrong".into()));
    }

    #[test]
    fn trees_have_bounds() {
        let mut deep = json!({"tag": "الف"});
        for _ in 0..DEPTH_MAX {
            deep = json!({"not": deep});
        }
        assert!(read(deep.clone()).is_ok());
        assert_eq!(place(json!({"not": deep})).1, "segments-too-deep");
        let tags = |count: usize| json!({"any": vec![json!({"tag": "الف"}); count]});
        assert!(read(tags(CONDITIONS_MAX)).is_ok());
        assert_eq!(place(tags(CONDITIONS_MAX + 1)), (format!("rule.any[{CONDITIONS_MAX}]"), "segments-too-many".into()));
    }

    #[test]
    fn days_count_from_today() {
        let today: Day = "2026-11-21".parse().unwrap();
        let day = |text: &str| Some(text.parse::<Day>().unwrap());
        assert_eq!(Days::Last(1).window(today), (Some(today), Some(today)));
        assert_eq!(Days::Last(7).window(today), (day("2026-11-15"), Some(today)));
        assert_eq!(Days::Next(7).window(today), (Some(today), day("2026-11-27")));
        assert_eq!(Days::Earlier(7).window(today), (None, day("2026-11-14")), "where the last seven days end, earlier begins");
    }

    #[test]
    fn an_age_is_reached_on_the_birthday() {
        let world =
            World { today: "2027-02-28".parse().unwrap(), zone: TimeZone::UTC, currency: Currency::IRR, calendar: Calendar::Jalali };
        assert_eq!(world.born_by(30).to_string(), "1997-02-28");
        assert_eq!(world.born_by(0), world.today);
    }
}
