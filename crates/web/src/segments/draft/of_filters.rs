//! The draft of what a list of customers filters by.

use super::{Draft, Joint, Kind, Leaf, World};
use peyvand_core::marketing::segments::rule::{Days, Field, Rule, What};
use peyvand_core::parties::check::Role;
use peyvand_core::parties::list::{Next, PartyFilters};
use peyvand_core::parties::preferences::PreferenceKind;
use peyvand_core::platform::money::{Money, MoneyUnit};

impl Draft {
    /// The draft of what a list of customers filters by, and the names of those filters that no rule has.
    pub fn of_filters(filters: &PartyFilters, world: &World<'_>) -> (Draft, Vec<&'static str>) {
        let mut parts = Vec::new();
        let mut left = Vec::new();
        let mut word = |field: Field, value: Option<String>| {
            if let Some(value) = value {
                let name = if Kind::Field(field).is_typed() { "t" } else { "v" };
                parts.push(Leaf::with(Kind::Field(field), &[("op", "is".to_owned()), (name, value)]));
            }
        };
        word(Field::Kind, filters.kind.map(|kind| kind.to_string()));
        word(Field::Role, filters.role.map(|role| role.to_string()));
        word(Field::Owner, filters.owner_id.map(|id| id.to_string()));
        word(Field::Unit, filters.unit_id.map(|id| id.to_string()));
        word(Field::City, filters.city.clone());
        word(Field::Province, filters.province.clone());
        word(Field::Source, filters.source.clone());
        word(Field::Gender, filters.gender.map(|gender| gender.to_string()));
        word(Field::Stance, filters.stance.map(|stance| stance.to_string()));
        word(Field::Education, filters.education.clone());
        word(Field::Job, filters.job.clone());
        word(Field::Income, filters.income.clone());
        word(Field::Habit, filters.habit.map(|habit| habit.to_string()));
        if let Some(need) = &filters.need {
            let text = world.label("need", need).to_owned();
            parts.push(Leaf::with(Kind::Knows(PreferenceKind::Need), &[("op", "known".to_owned()), ("t", text)]));
        }
        if let Some(tag) = &filters.tag {
            parts.push(Leaf::with(Kind::Tag, &[("t", tag.clone())]));
        }
        if let Some(segment) = filters.segment_id {
            parts.push(Leaf::with(Kind::In, &[("v", segment.to_string())]));
        }
        for (field, from, until) in [
            (Field::Created, filters.created_from, filters.created_until),
            (Field::FirstPurchase, filters.first_purchase_from, filters.first_purchase_until),
            (Field::LastPurchase, filters.last_purchase_from, filters.last_purchase_until),
            (Field::LastContact, filters.last_contact_from, filters.last_contact_until),
        ] {
            if from.is_some() || until.is_some() {
                parts.push(Leaf::with(Kind::Field(field), &Leaf::window_of(Days::Between { from, until }, "op", "n", world)));
            }
        }
        if let (from, until) = (filters.bought_from, filters.bought_until)
            && from.or(until).is_some()
        {
            let mut bought = vec![("op", "once".to_owned())];
            bought.extend(Leaf::window_of(Days::Between { from, until }, "w", "d", world));
            parts.push(Leaf::with(Kind::Did(What::Purchase), &bought));
        }
        for id in filters.products.iter().flat_map(|products| products.split(',')) {
            parts.push(Leaf::with(Kind::Did(What::Purchase), &[("op", "once".to_owned()), ("p", id.trim().to_owned())]));
        }
        let amount = |text: &Option<String>| {
            let money = Money::parse(text.as_deref()?, world.currency, MoneyUnit::Currency).ok()?;
            Some(money.format(world.loc.prefs.money_unit, world.loc.prefs.digits))
        };
        for (field, least, most) in [
            (Field::Recency, filters.recency, filters.recency),
            (Field::Frequency, filters.frequency, filters.frequency),
            (Field::Value, filters.value, filters.value),
            (Field::FrequencyValue, filters.frequency_value, filters.frequency_value),
            (Field::FrequencyValue, filters.frequency_value_from, None),
            (Field::Age, filters.age_from, filters.age_until),
            (Field::Tier, filters.tier, filters.tier),
            (Field::Active, percent(filters.active_from), percent(filters.active_until)),
        ] {
            if least.is_some() || most.is_some() {
                let text = |number: Option<i64>| number.map_or_else(String::new, |number| world.loc.number(number));
                parts.push(Leaf::bounds(Kind::Field(field), text(least), text(most)));
            }
        }
        for (field, least, most) in
            [(Field::Spent, &filters.spent_from, &filters.spent_until), (Field::ExpectedValue, &filters.worth_from, &filters.worth_until)]
        {
            if least.is_some() || most.is_some() {
                parts.push(Leaf::bounds(Kind::Field(field), amount(least).unwrap_or_default(), amount(most).unwrap_or_default()));
            }
        }
        if let Some(text) = &filters.rule {
            match serde_json::from_str::<Rule>(text) {
                Ok(rule) => parts.push(Draft::of(&rule, world)),
                Err(_) => left.push("parties-rule"),
            }
        }
        let flag = |field: Field, op: &str| Leaf::with(Kind::Field(field), &[("op", op.to_owned())]);
        if filters.unowned == Some(true) {
            parts.push(flag(Field::Owner, "unknown"));
        }
        if filters.silent == Some(true) {
            parts.push(flag(Field::Silent, "yes"));
        }
        if filters.waiting == Some(true) {
            parts.push(flag(Field::NextFollowUp, "unknown"));
            parts.push(flag(Field::Silent, "no"));
            let roles = [Role::Customer, Role::Prospect].map(|role| ("v", role.to_string()));
            parts.push(Leaf::with(Kind::Field(Field::Role), &[&[("op", "is".to_owned())][..], &roles].concat()));
        }
        match filters.next {
            Some(Next::None) => parts.push(flag(Field::NextFollowUp, "unknown")),
            Some(_) => left.push("parties-next"),
            None => {}
        }
        for (is_given, label) in [
            (filters.q.is_some(), "parties-filter-q"),
            (filters.archived == Some(true), "parties-archived"),
            (filters.import_id.is_some(), "parties-import"),
            (filters.at_once == Some(true), "parties-at-once"),
        ] {
            if is_given {
                left.push(label);
            }
        }
        (Draft::Group(Joint::All, parts), left)
    }
}

/// A share of one in whole per cent.
#[expect(clippy::cast_possible_truncation, reason = "a share is small")]
fn percent(share: Option<f64>) -> Option<i64> {
    share.map(|share| (share * 100.0).round() as i64)
}
