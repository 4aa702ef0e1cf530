//! The rule of a segment: a tree of conditions on what is known of a customer. Its form is JSON; [`compile`] makes a
//! condition of a query of it, [`describe`] a sentence, [`matches`] judges one customer on plain values.
//!
//! [`compile`]: super::compile
//! [`describe`]: super::describe

pub mod birthday;
mod field;
mod judge;
mod read;

pub use self::field::{Answer, Field};
pub(super) use self::judge::figure_bounds;
pub use self::judge::{Facts, Figures, Happened, matches};
pub use self::read::{CONDITIONS_MAX, DEPTH_MAX};

use super::Segment;
use crate::Day;
use crate::interactions::{Channel, Direction};
use crate::parties::preferences::PreferenceKind;
use crate::platform::calendar::Calendar;
use crate::platform::money::{Currency, Money, parse_decimal};
use crate::sales::Product;
use jiff::tz::TimeZone;
use peyvand_db::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// A contact to which this led: a word of list `origin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// A contact of which this came: a word of list `result`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
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
            origin: None,
            result: None,
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
    /// The calendar in which birthdays are kept.
    pub calendar: Calendar,
}

/// The day on which somebody who has this age today was born at the latest.
#[must_use]
pub fn born_by(today: Day, age: i64) -> Day {
    use jiff::ToSpan;
    Day(today.0.checked_sub(age.years()).unwrap_or(jiff::civil::Date::MIN))
}

impl World {
    /// The day on which somebody of this age was born at the latest.
    #[must_use]
    pub fn born_by(&self, age: i64) -> Day {
        born_by(self.today, age)
    }

    /// An amount in minor units.
    #[must_use]
    pub fn minor(&self, text: &str) -> Option<i64> {
        parse_decimal(text).and_then(|amount| Money::from_major(amount, self.currency)).ok().map(|money| money.minor)
    }
}
impl Rule {
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
}
