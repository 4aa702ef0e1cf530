//! One customer judged by a rule on plain values, without a database.

use super::{Did, Field, FieldIs, Knows, Rule, Test, What, World, birthday};
use crate::Day;
use crate::insight::rhythm::Habit;
use crate::interactions::{Channel, Direction};
use crate::lifecycle::{Stage, Standing};
use crate::marketing::segments::Segment;
use crate::parties::check::{Gender, Kind, Role, Stance};
use crate::parties::preferences::PreferenceKind;
use crate::platform::access::{Unit, User};
use crate::platform::money::parse_decimal;
use crate::platform::text::search_key;
use crate::sales::Product;
use peyvand_db::Id;
use rust_decimal::prelude::ToPrimitive;

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
        /// What led to it.
        origin: Option<String>,
        /// What came of it.
        result: Option<String>,
    },
    /// Something planned was done.
    FollowUpDone {
        /// When.
        day: Day,
    },
}

/// What models worked out of a customer, and where they stand on their way.
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
    /// What a purchase is expected to amount to, in minor units.
    pub expected_amount_minor: Option<f64>,
    /// How far they have come.
    pub stage: Option<Stage>,
    /// How they stand.
    pub standing: Option<Standing>,
    /// How they buy.
    pub habit: Option<Habit>,
    /// Their usual gap in days.
    pub usual_gap: Option<f64>,
    /// The quarter of the solar year in which they buy.
    pub season: Option<i64>,
    /// Tier of profit.
    pub tier: Option<i64>,
    /// Profit of the year, in minor units.
    pub profit_minor: Option<i64>,
    /// Minutes of our people in the year.
    pub minutes: Option<i64>,
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
            Field::ExpectedAmount => self.expected_amount_minor,
            Field::UsualGap => self.usual_gap,
            Field::Minutes => band(self.minutes),
            Field::Tier => band(self.tier),
            Field::Profit => band(self.profit_minor),
            _ => None,
        }
    }
}

/// The least and the most of a figure that is asked for, as it is stored.
pub(in crate::marketing::segments) fn figure_bounds(field: Field, is: &Test, world: &World) -> (Option<f64>, Option<f64>) {
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
    /// Education.
    pub education: Option<String>,
    /// The job.
    pub job: Option<String>,
    /// Income.
    pub income: Option<String>,
    /// The way by which they want to hear from us.
    pub preferred_channel: Option<Channel>,
    /// A telephone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
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
        Field::Education => facts.education.clone(),
        Field::Job => facts.job.clone(),
        Field::Income => facts.income.clone(),
        Field::PreferredChannel => facts.preferred_channel.map(|channel| channel.to_string()),
        Field::Phone => facts.phone.clone(),
        Field::Email => facts.email.clone(),
        Field::Stage => facts.figures.stage.map(|stage| stage.to_string()),
        Field::Standing => facts.figures.standing.map(|standing| standing.to_string()),
        Field::Habit => facts.figures.habit.map(|habit| habit.to_string()),
        Field::Season => facts.figures.season.map(|season| season.to_string()),
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
        Test::OneOf(months) if field == Field::BirthMonth => facts.birth.is_some_and(|birth| birthday::of_months(months).holds(birth)),
        Test::Days(days) if field == Field::Birthday => {
            facts.birth.is_some_and(|birth| birthday::of_window(*days, world).is_some_and(|days| days.holds(birth)))
        }
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
        (What::Interaction, Happened::Interaction { day, channel, direction, reason, origin, result }) => {
            on(*day)
                && did.channel.map_or(*channel != Channel::Note, |asked| asked == *channel)
                && did.direction.is_none_or(|asked| asked == *direction)
                && [(&did.reason, reason), (&did.origin, origin), (&did.result, result)]
                    .iter()
                    .all(|(asked, given)| asked.is_none() || asked == given)
        }
        (What::FollowUpDone, Happened::FollowUpDone { day }) => on(*day),
        _ => false,
    }
}
