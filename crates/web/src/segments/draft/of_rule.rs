//! The draft of a rule that is there.

use super::{Draft, Joint, Kind, Leaf, World};
use peyvand_core::marketing::segments::rule::{Amounts, Days, Did, Field, FieldIs, Knows, Range, Rule, Test};
use peyvand_core::platform::money::{Money, MoneyUnit, format_number, parse_decimal};

impl Draft {
    /// The draft of a rule. What is denied is denied where the form can say so.
    pub fn of(rule: &Rule, world: &World<'_>) -> Draft {
        match Draft::part_of(rule, false, world) {
            leaf @ Draft::Leaf(_) => Draft::Group(Joint::All, vec![leaf]),
            group => group,
        }
    }

    fn part_of(rule: &Rule, not: bool, world: &World<'_>) -> Draft {
        let parts = |parts: &[Rule], not: bool| parts.iter().map(|part| Draft::part_of(part, not, world)).collect();
        match (rule, not) {
            (Rule::All(all), false) => Draft::Group(Joint::All, parts(all, false)),
            (Rule::All(all), true) => Draft::Group(Joint::Any, parts(all, true)),
            (Rule::Any(any), false) => Draft::Group(Joint::Any, parts(any, false)),
            (Rule::Any(any), true) => Draft::Group(Joint::None, parts(any, false)),
            (Rule::Not(part), not) => Draft::part_of(part, !not, world),
            (leaf, not) => {
                Draft::leaf_of(leaf, not, world).unwrap_or_else(|| Draft::Group(Joint::None, vec![Draft::part_of(leaf, false, world)]))
            }
        }
    }

    /// A condition, denied or not; nothing when its fields cannot say that it is denied.
    fn leaf_of(rule: &Rule, not: bool, world: &World<'_>) -> Option<Draft> {
        let text = |number: Option<i64>| number.map_or_else(String::new, |number| world.loc.number(number));
        let op = |yes: &str, no: &str| ("op", if not { no } else { yes }.to_owned());
        let plain = |draft: Draft| (!not).then_some(draft);
        match rule {
            Rule::Field(FieldIs { field, is }) => {
                let kind = Kind::Field(*field);
                match is {
                    Test::OneOf(values) if kind.is_typed() => Some(Leaf::with(kind, &[op("is", "not"), ("t", values.join("، "))])),
                    Test::OneOf(values) => {
                        let mut all = vec![op("is", "not")];
                        all.extend(values.iter().map(|value| ("v", value.clone())));
                        Some(Leaf::with(kind, &all))
                    }
                    Test::Known(known) if matches!(field, Field::Phone | Field::Email) => {
                        Some(Leaf::with(kind, &[("op", if *known == not { "missing" } else { "there" }.to_owned())]))
                    }
                    Test::Known(known) => Some(Leaf::with(kind, &[("op", if *known == not { "unknown" } else { "known" }.to_owned())])),
                    Test::Yes(yes) => Some(Leaf::with(kind, &[("op", if *yes == not { "no" } else { "yes" }.to_owned())])),
                    Test::Number(Range { at_least, at_most }) => plain(Leaf::bounds(kind, text(*at_least), text(*at_most))),
                    Test::Decimal(Amounts { at_least, at_most }) => {
                        let shown = |text: &Option<String>| {
                            let number = parse_decimal(text.as_deref()?).ok()?;
                            Some(format_number(number, world.loc.prefs.digits))
                        };
                        plain(Leaf::bounds(kind, shown(at_least).unwrap_or_default(), shown(at_most).unwrap_or_default()))
                    }
                    Test::Money(Amounts { at_least, at_most }) => {
                        let shown = |amount: &Option<String>| {
                            let money = Money::parse(amount.as_deref()?, world.currency, MoneyUnit::Currency).ok()?;
                            Some(money.format(world.loc.prefs.money_unit, world.loc.prefs.digits))
                        };
                        plain(Leaf::bounds(kind, shown(at_least).unwrap_or_default(), shown(at_most).unwrap_or_default()))
                    }
                    Test::Days(days) => {
                        let mut all = Leaf::window_of(*days, "op", "n", world);
                        // The form has no word for days to come of what is past.
                        if !kind.ops().contains(&all[0].1.as_str()) {
                            let (from, until) = days.window(world.loc.today());
                            all = Leaf::window_of(Days::Between { from, until }, "op", "n", world);
                        }
                        plain(Leaf::with(kind, &all))
                    }
                }
            }
            Rule::Tag(tag) => Some(Leaf::with(Kind::Tag, &[op("has", "has-not"), ("t", tag.clone())])),
            Rule::Preference(Knows { kind, text }) => {
                let text = text.as_deref().map_or_else(String::new, |text| world.label(kind.as_str(), text).to_owned());
                Some(Leaf::with(Kind::Knows(*kind), &[op("known", "unknown"), ("t", text)]))
            }
            Rule::Did(did) => Draft::did_of(did, not, world),
            Rule::In(segment) => Some(Leaf::with(Kind::In, &[op("in", "not-in"), ("v", segment.to_string())])),
            Rule::All(_) | Rule::Any(_) | Rule::Not(_) => None,
        }
    }

    fn did_of(did: &Did, not: bool, world: &World<'_>) -> Option<Draft> {
        let op = match (did.times(), not) {
            ((1, None), false) | ((0, Some(0)), true) => "once",
            ((1, None), true) | ((0, Some(0)), false) => "never",
            (_, true) => return None,
            ((_, None), false) => "at-least",
            ((0, Some(_)), false) => "at-most",
            (_, false) => "between",
        };
        let (least, most) = did.times();
        let number = |number: i64| world.loc.number(number);
        let mut all = vec![("op", op.to_owned())];
        match op {
            "at-least" => all.push(("n", number(least))),
            "at-most" => all.push(("n", most.map_or_else(String::new, number))),
            "between" => all.extend([("n", number(least)), ("m", most.map_or_else(String::new, number))]),
            _ => {}
        }
        if let Some(days) = did.days {
            let days = if let Days::Next(_) = days {
                let (from, until) = days.window(world.loc.today());
                Days::Between { from, until }
            } else {
                days
            };
            all.extend(Leaf::window_of(days, "w", "d", world));
        }
        let word = |text: Option<String>| text.unwrap_or_default();
        all.extend([
            ("p", word(did.product_id.map(|id| id.to_string()))),
            ("c", word(did.category.clone())),
            ("ch", word(did.channel.map(|channel| channel.to_string()))),
            ("dir", word(did.direction.map(|direction| direction.to_string()))),
            ("r", word(did.reason.clone())),
            ("o", word(did.origin.clone())),
            ("x", word(did.result.clone())),
        ]);
        Some(Leaf::with(Kind::Did(did.what), &all))
    }
}
