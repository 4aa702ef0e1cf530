//! The rule of a segment: a tree of conditions on what is known of a customer. Its form is JSON; [`compile`] makes a
//! condition of a query of it, [`describe`] a sentence, [`matches`] judges one customer on plain values.
//!
//! [`compile`]: super::compile
//! [`describe`]: super::describe

use super::Segment;
use crate::insight::models::BANDS;
use crate::interactions::{Channel, Direction};
use crate::parties::check::{Gender, Kind, LINE_MAX, Role, Stance, word_of};
use crate::parties::preferences::PreferenceKind;
use crate::platform::access::{Unit, User};
use crate::platform::money::{Currency, Money, parse_decimal};
use crate::platform::text::{clean_line, search_key};
use crate::sales::Product;
use crate::{Day, Fields, Problem};
use jiff::tz::TimeZone;
use peyvand_db::Id;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Groups within groups; nobody reads deeper ones.
pub const DEPTH_MAX: usize = 8;
/// Conditions of a rule; more are no longer one thought.
pub const CONDITIONS_MAX: usize = 64;
/// Values that one condition may offer.
const VALUES_MAX: usize = 100;
/// A century, in days and in years of age: nothing here looks further.
const DAYS_MAX: i64 = 36_525;
/// Tiers of profit.
const TIERS: i64 = 4;
/// Times that something may be asked to have happened.
const TIMES_MAX: i64 = 1_000_000;

/// A rule: which customers are meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Each of these holds. An empty rule of this kind means everybody.
    All(Vec<Rule>),
    /// One of these holds, or several. An empty rule of this kind means nobody.
    Any(Vec<Rule>),
    /// This does not hold.
    Not(Box<Rule>),
    /// What stands in the record.
    Field(FieldIs),
    /// They have this tag.
    Tag(String),
    /// This is known of how they are and what they like.
    Preference(Knows),
    /// They did this.
    Did(Did),
    /// They belong to this segment.
    In(Id<Segment>),
}

peyvand_db::words! {
    /// What people filter customers by.
    pub enum Field {
        /// Person or organisation.
        Kind = "kind",
        /// What they are to us.
        Role = "role",
        /// Gender.
        Gender = "gender",
        /// How they stand towards us.
        Stance = "stance",
        /// City.
        City = "city",
        /// Province.
        Province = "province",
        /// Where they came from.
        Source = "source",
        /// Who looks after them, by id.
        Owner = "owner",
        /// Their unit, by id.
        Unit = "unit",
        /// The day they were added.
        Created = "created",
        /// Day of birth.
        Birth = "birth",
        /// Age in years.
        Age = "age",
        /// Day of the first purchase.
        FirstPurchase = "first_purchase",
        /// Day of the last purchase.
        LastPurchase = "last_purchase",
        /// Number of purchases.
        Purchases = "purchases",
        /// Money spent in all, in the organisation's currency.
        Spent = "spent",
        /// Day of the last contact.
        LastContact = "last_contact",
        /// Day for which something is planned next.
        NextFollowUp = "next_follow_up",
        /// Whether they are silent for longer than is their habit.
        Silent = "silent",
        /// The day from which they are.
        SilentSince = "silent_since",
        /// Band of recency, 5 the most recent. This and what follows is what models worked out.
        Recency = "recency",
        /// Band of frequency, 5 the most frequent.
        Frequency = "frequency",
        /// Band of value, 5 the most valuable.
        Value = "value",
        /// Mean of the bands of frequency and value, rounded up.
        FrequencyValue = "frequency_value",
        /// Probability of still being active, in per cent.
        Active = "active",
        /// Days with a purchase that are expected in the next 90 days.
        ExpectedPurchases = "expected_purchases",
        /// Expected value of the next twelve months, in the organisation's currency.
        ExpectedValue = "expected_value",
        /// Tier of profit, 1 the best.
        Tier = "tier",
        /// Profit of the year, after all that the customer cost.
        Profit = "profit",
    }
}

/// What kind of answer a field has, and so how it may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A word, a name or an id.
    Word,
    /// A day.
    Day,
    /// A whole number.
    Number,
    /// A number with decimals.
    Decimal,
    /// An amount.
    Money,
    /// Yes or no.
    Flag,
}

impl Field {
    /// What kind of answer it has.
    #[must_use]
    pub const fn answer(self) -> Answer {
        match self {
            Field::Kind
            | Field::Role
            | Field::Gender
            | Field::Stance
            | Field::City
            | Field::Province
            | Field::Source
            | Field::Owner
            | Field::Unit => Answer::Word,
            Field::Created
            | Field::Birth
            | Field::FirstPurchase
            | Field::LastPurchase
            | Field::LastContact
            | Field::NextFollowUp
            | Field::SilentSince => Answer::Day,
            Field::Age
            | Field::Purchases
            | Field::Recency
            | Field::Frequency
            | Field::Value
            | Field::FrequencyValue
            | Field::Active
            | Field::Tier => Answer::Number,
            Field::ExpectedPurchases => Answer::Decimal,
            Field::Spent | Field::ExpectedValue | Field::Profit => Answer::Money,
            Field::Silent => Answer::Flag,
        }
    }

    /// Whether there may be no answer.
    #[must_use]
    pub const fn may_be_unknown(self) -> bool {
        matches!(self.answer(), Answer::Word | Answer::Day) && !matches!(self, Field::Kind | Field::Role | Field::Created)
            || self.is_figure()
    }

    /// Whether a model worked it out: not everybody has it, and not everybody may see it.
    #[must_use]
    pub const fn is_figure(self) -> bool {
        matches!(self, Field::Active | Field::ExpectedPurchases | Field::ExpectedValue) || self.is_band() || self.is_profit()
    }

    /// Whether it is worked out from costs.
    pub(super) const fn is_profit(self) -> bool {
        matches!(self, Field::Tier | Field::Profit)
    }

    const fn is_band(self) -> bool {
        matches!(self, Field::Recency | Field::Frequency | Field::Value | Field::FrequencyValue)
    }

    /// The bounds of its numbers.
    const fn numbers(self) -> (i64, i64) {
        match self {
            Field::Age => (0, DAYS_MAX / 365),
            Field::Active => (0, 100),
            Field::Tier => (1, TIERS),
            _ if self.is_band() => (1, BANDS as i64),
            _ => (0, TIMES_MAX),
        }
    }
}

/// A field and what is asked of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldIs {
    /// The field.
    pub field: Field,
    /// What is asked of it.
    pub is: Test,
}

/// What is asked of a field. Where there is no answer it does not hold, save `known: false`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// It is one of these words, names or ids.
    OneOf(Vec<String>),
    /// There is an answer, or there is none.
    Known(bool),
    /// A number within bounds.
    Number(Range),
    /// A number with decimals within bounds.
    Decimal(Amounts),
    /// An amount within bounds.
    Money(Amounts),
    /// A day within bounds.
    Days(Days),
    /// Yes or no.
    Yes(bool),
}

/// Bounds of a number; both belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// So many or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// So many or fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
}

/// Bounds as decimal texts, those of an amount in the organisation's currency; both belong to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    /// So much or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
    /// So much or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<String>,
}

/// Which days, by the calendar days of the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Days {
    /// The last so many days; the last one is today.
    Last(i64),
    /// The next so many days; the first one is today.
    Next(i64),
    /// So many days ago or earlier.
    Earlier(i64),
    /// From one day to another; both belong to it, and one may be absent.
    Between {
        /// This day or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Day>,
        /// This day or earlier.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Day>,
    },
}

impl Days {
    /// The first and the last of them, where there is one.
    #[must_use]
    pub fn window(self, today: Day) -> (Option<Day>, Option<Day>) {
        match self {
            Days::Last(days) => (Some(today.plus(1 - days)), Some(today)),
            Days::Next(days) => (Some(today), Some(today.plus(days - 1))),
            Days::Earlier(days) => (None, Some(today.plus(-days))),
            Days::Between { from, until } => (from, until),
        }
    }
}

/// Something known of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Knows {
    /// What kind of thing.
    pub kind: PreferenceKind,
    /// A word of the list of that kind, or own words as they were written down; anything unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

peyvand_db::words! {
    /// What a customer did, or was done with them.
    pub enum What {
        /// Bought.
        Purchase = "purchase",
        /// Had contact with us.
        Interaction = "interaction",
        /// Something planned for them was done.
        FollowUpDone = "follow_up_done",
    }
}

/// Something done, how often, when. Once or more unless it says how often; `at_most: 0` means that it was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Did {
    /// What.
    pub what: What,
    /// A purchase of this product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Id<Product>>,
    /// A purchase of something of this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// A contact by this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// A contact that went this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// A contact for this reason: a word of list `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// So often or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// So often or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// On these days; ever unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Days>,
}

impl Did {
    /// Something done once or more, ever.
    #[must_use]
    pub const fn once(what: What) -> Did {
        Did {
            what,
            product_id: None,
            category: None,
            channel: None,
            direction: None,
            reason: None,
            at_least: None,
            at_most: None,
            days: None,
        }
    }

    /// How often: the least and the most.
    #[must_use]
    pub fn times(&self) -> (i64, Option<i64>) {
        (self.at_least.unwrap_or(i64::from(self.at_most.is_none())), self.at_most)
    }
}

/// What a rule needs to know of the world.
#[derive(Clone, Debug)]
pub struct World {
    /// Today, at the organisation.
    pub today: Day,
    /// Where its days begin.
    pub zone: TimeZone,
    /// The currency of its books.
    pub currency: Currency,
}

impl World {
    /// The day on which somebody of this age was born at the latest.
    #[must_use]
    pub fn born_by(&self, age: i64) -> Day {
        use jiff::ToSpan;
        Day(self.today.0.checked_sub(age.years()).unwrap_or(jiff::civil::Date::MIN))
    }

    /// An amount in minor units.
    #[must_use]
    pub fn minor(&self, text: &str) -> Option<i64> {
        parse_decimal(text).and_then(|amount| Money::from_major(amount, self.currency)).ok().map(|money| money.minor)
    }
}

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

    /// Whether it asks for what models worked out.
    #[must_use]
    pub fn asks_figures(&self) -> bool {
        let mut asks = false;
        self.each(&mut |rule| asks |= matches!(rule, Rule::Field(FieldIs { field, .. }) if field.is_figure()));
        asks
    }

    /// The segments that it names, each once.
    #[must_use]
    pub fn segments(&self) -> Vec<Id<Segment>> {
        let mut found = Vec::new();
        self.each(&mut |rule| {
            if let Rule::In(segment) = rule
                && !found.contains(segment)
            {
                found.push(*segment);
            }
        });
        found
    }

    /// Calls `see` with each part of it.
    pub(super) fn each<'a>(&'a self, see: &mut impl FnMut(&'a Rule)) {
        see(self);
        match self {
            Rule::All(parts) | Rule::Any(parts) => parts.iter().for_each(|part| part.each(see)),
            Rule::Not(part) => part.each(see),
            _ => {}
        }
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
                        Field::Owner => text.parse::<Id<User>>().is_ok(),
                        Field::Unit => text.parse::<Id<Unit>>().is_ok(),
                        _ => true,
                    };
                    if !is_known {
                        fields.add(place, "input-choice");
                    }
                    *value = match field {
                        Field::Source => word_of("source", &text).map_or(text, str::to_owned),
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
        let of_contact = self.channel.is_some() || self.direction.is_some() || self.reason.is_some();
        if of_purchase && self.what != What::Purchase || of_contact && self.what != What::Interaction {
            fields.add(place.clone(), "segments-detail-wrong");
        }
        self.category = self.category.map(|text| line(text, &format!("{place}.category"), fields));
        self.reason = self.reason.map(|text| {
            let text = line(text, &format!("{place}.reason"), fields);
            word_of("reason", &text).map_or(text, str::to_owned)
        });
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

/// Something that happened to a customer.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// An invoice on which something was bought.
    Purchase {
        /// When.
        day: Day,
        /// What was bought, with its category.
        goods: Vec<(Id<Product>, Option<String>)>,
    },
    /// A contact, or a note of ours.
    Interaction {
        /// When.
        day: Day,
        /// By which way.
        channel: Channel,
        /// Which way it went.
        direction: Direction,
        /// Why.
        reason: Option<String>,
    },
    /// Something planned was done.
    FollowUpDone {
        /// When.
        day: Day,
    },
}

/// What models worked out of a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Band of recency.
    pub recency: Option<i64>,
    /// Band of frequency.
    pub frequency: Option<i64>,
    /// Band of value.
    pub value: Option<i64>,
    /// Mean of the bands of frequency and value.
    pub frequency_value: Option<i64>,
    /// Probability of still being active.
    pub active: Option<f64>,
    /// Expected days with a purchase in the next 90 days.
    pub expected_purchases: Option<f64>,
    /// Expected value of the next twelve months, in minor units.
    pub expected_value_minor: Option<f64>,
    /// Tier of profit.
    pub tier: Option<i64>,
    /// Profit of the year, in minor units.
    pub profit_minor: Option<i64>,
}

impl Figures {
    fn of(&self, field: Field) -> Option<f64> {
        let band = |band: Option<i64>| band.map(|band| band as f64);
        match field {
            Field::Recency => band(self.recency),
            Field::Frequency => band(self.frequency),
            Field::Value => band(self.value),
            Field::FrequencyValue => band(self.frequency_value),
            Field::Active => self.active,
            Field::ExpectedPurchases => self.expected_purchases,
            Field::ExpectedValue => self.expected_value_minor,
            Field::Tier => band(self.tier),
            Field::Profit => band(self.profit_minor),
            _ => None,
        }
    }
}

/// The least and the most of a figure that is asked for, as it is stored.
pub(super) fn figure_bounds(field: Field, is: &Test, world: &World) -> (Option<f64>, Option<f64>) {
    let decimal = |text: &Option<String>| parse_decimal(text.as_deref()?).ok()?.to_f64();
    let minor = |text: &Option<String>| world.minor(text.as_deref()?).map(|minor| minor as f64);
    let number = |number: Option<i64>| number.map(|number| number as f64 / if field == Field::Active { 100.0 } else { 1.0 });
    match is {
        Test::Number(range) => (number(range.at_least), number(range.at_most)),
        Test::Decimal(amounts) => (decimal(&amounts.at_least), decimal(&amounts.at_most)),
        Test::Money(amounts) => (minor(&amounts.at_least), minor(&amounts.at_most)),
        _ => (None, None),
    }
}

/// What is known of a customer, as far as a rule may ask for it. Days are those of the organisation's time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Person or organisation.
    pub kind: Kind,
    /// What they are to us.
    pub role: Role,
    /// Gender.
    pub gender: Option<Gender>,
    /// How they stand towards us.
    pub stance: Option<Stance>,
    /// City.
    pub city: Option<String>,
    /// Province.
    pub province: Option<String>,
    /// Where they came from.
    pub source: Option<String>,
    /// Who looks after them.
    pub owner: Option<Id<User>>,
    /// Their unit.
    pub unit: Option<Id<Unit>>,
    /// The day they were added.
    pub created: Day,
    /// Day of birth.
    pub birth: Option<Day>,
    /// Day of the first purchase.
    pub first_purchase: Option<Day>,
    /// Day of the last purchase.
    pub last_purchase: Option<Day>,
    /// Number of purchases.
    pub purchases: i64,
    /// Money spent, in minor units of the organisation's currency.
    pub spent_minor: i64,
    /// Day of the last contact.
    pub last_contact: Option<Day>,
    /// Day for which something is planned next.
    pub next_follow_up: Option<Day>,
    /// The day from which they count as silent.
    pub silent_from: Option<Day>,
    /// What models worked out.
    pub figures: Figures,
    /// Tags.
    pub tags: Vec<String>,
    /// What is known of them, as a word of a list or in own words.
    pub preferences: Vec<(PreferenceKind, String)>,
    /// What happened.
    pub happened: Vec<Happened>,
    /// Segments that they belong to.
    pub segments: Vec<Id<Segment>>,
}

/// Whether a rule that was [checked](Rule::read) means this customer.
#[must_use]
pub fn matches(rule: &Rule, facts: &Facts, world: &World) -> bool {
    match rule {
        Rule::All(parts) => parts.iter().all(|part| matches(part, facts, world)),
        Rule::Any(parts) => parts.iter().any(|part| matches(part, facts, world)),
        Rule::Not(part) => !matches(part, facts, world),
        Rule::Field(FieldIs { field, is }) => is_so(*field, is, facts, world),
        Rule::Tag(tag) => facts.tags.contains(tag),
        Rule::Preference(Knows { kind, text }) => {
            facts.preferences.iter().any(|(known, words)| known == kind && text.as_ref().is_none_or(|text| text == words))
        }
        Rule::Did(did) => {
            let (least, most) = did.times();
            let times = facts.happened.iter().filter(|happened| is_meant(did, happened, world)).count() as i64;
            times >= least && most.is_none_or(|most| times <= most)
        }
        Rule::In(segment) => facts.segments.contains(segment),
    }
}

fn in_window(day: Day, (from, until): (Option<Day>, Option<Day>)) -> bool {
    from.is_none_or(|from| day >= from) && until.is_none_or(|until| day <= until)
}

fn is_so(field: Field, is: &Test, facts: &Facts, world: &World) -> bool {
    let word: Option<String> = match field {
        Field::Kind => Some(facts.kind.to_string()),
        Field::Role => Some(facts.role.to_string()),
        Field::Gender => facts.gender.map(|gender| gender.to_string()),
        Field::Stance => facts.stance.map(|stance| stance.to_string()),
        Field::City => facts.city.clone(),
        Field::Province => facts.province.clone(),
        Field::Source => facts.source.clone(),
        Field::Owner => facts.owner.map(|owner| owner.to_string()),
        Field::Unit => facts.unit.map(|unit| unit.to_string()),
        _ => None,
    };
    let day = match field {
        Field::Created => Some(facts.created),
        Field::Birth => facts.birth,
        Field::FirstPurchase => facts.first_purchase,
        Field::LastPurchase => facts.last_purchase,
        Field::LastContact => facts.last_contact,
        Field::NextFollowUp => facts.next_follow_up,
        Field::SilentSince => facts.silent_from,
        _ => None,
    };
    let figure = facts.figures.of(field);
    match is {
        Test::OneOf(values) => word.is_some_and(|word| match field {
            Field::City => values.iter().any(|value| search_key(value) == search_key(&word)),
            Field::Owner | Field::Unit => values.iter().any(|value| value.eq_ignore_ascii_case(&word)),
            _ => values.contains(&word),
        }),
        Test::Known(known) => (word.is_some() || day.is_some() || figure.is_some()) == *known,
        Test::Number(_) | Test::Decimal(_) | Test::Money(_) if field.is_figure() => figure.is_some_and(|figure| {
            let (least, most) = figure_bounds(field, is, world);
            least.is_none_or(|least| figure >= least) && most.is_none_or(|most| figure <= most)
        }),
        Test::Number(range) => match field {
            Field::Age => facts.birth.is_some_and(|birth| {
                range.at_least.is_none_or(|age| birth <= world.born_by(age))
                    && range.at_most.is_none_or(|age| birth > world.born_by(age + 1))
            }),
            _ => range.at_least.is_none_or(|least| facts.purchases >= least) && range.at_most.is_none_or(|most| facts.purchases <= most),
        },
        Test::Money(amounts) => {
            let minor = |text: &Option<String>| text.as_deref().and_then(|text| world.minor(text));
            minor(&amounts.at_least).is_none_or(|least| facts.spent_minor >= least)
                && minor(&amounts.at_most).is_none_or(|most| facts.spent_minor <= most)
        }
        Test::Decimal(_) => false,
        Test::Days(days) => day.is_some_and(|day| in_window(day, days.window(world.today))),
        Test::Yes(yes) => facts.silent_from.is_some_and(|from| from <= world.today) == *yes,
    }
}

fn is_meant(did: &Did, happened: &Happened, world: &World) -> bool {
    let on = |day: Day| did.days.is_none_or(|days| in_window(day, days.window(world.today)));
    match (did.what, happened) {
        (What::Purchase, Happened::Purchase { day, goods }) => {
            let is_asked = |(product, category): &(Id<Product>, Option<String>)| {
                did.product_id.is_none_or(|asked| asked == *product)
                    && did.category.as_ref().is_none_or(|asked| category.as_ref() == Some(asked))
            };
            on(*day) && goods.iter().any(is_asked)
        }
        (What::Interaction, Happened::Interaction { day, channel, direction, reason }) => {
            on(*day)
                && did.channel.map_or(*channel != Channel::Note, |asked| asked == *channel)
                && did.direction.is_none_or(|asked| asked == *direction)
                && did.reason.as_ref().is_none_or(|asked| reason.as_ref() == Some(asked))
        }
        (What::FollowUpDone, Happened::FollowUpDone { day }) => on(*day),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let world = World { today: "2027-02-28".parse().unwrap(), zone: TimeZone::UTC, currency: Currency::IRR };
        assert_eq!(world.born_by(30).to_string(), "1997-02-28");
        assert_eq!(world.born_by(0), world.today);
    }
}
