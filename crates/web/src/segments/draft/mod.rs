//! A rule as it stands in the builder, half-written too: a tree of groups and conditions whose fields carry their place in
//! their names (`0-1.op`).

mod kind;
mod leaf;
mod of_filters;
mod of_rule;

pub use self::kind::Kind;
pub use self::leaf::{Leaf, World};

use crate::form::Sent;
use peyvand_core::Problem;
use peyvand_core::platform::locale::Loc;
use serde_json::{Value, json};

/// Groups within groups that the builder follows; a rule goes no deeper.
const DEPTH_MAX: usize = 8;
/// Parts of a group that are looked for; a rule has no more.
const PARTS_MAX: usize = 64;

/// How the parts of a group belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// Each of them holds.
    All,
    /// One of them is enough.
    Any,
    /// None of them holds.
    None,
}

impl Joint {
    /// All of them.
    pub const ALL: [Joint; 3] = [Joint::All, Joint::Any, Joint::None];

    /// The word in the form.
    pub const fn word(self) -> &'static str {
        match self {
            Joint::All => "all",
            Joint::Any => "any",
            Joint::None => "none",
        }
    }

    fn read(word: &str) -> Option<Joint> {
        Joint::ALL.into_iter().find(|joint| joint.word() == word)
    }
}

/// A part of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Draft {
    /// A group.
    Group(Joint, Vec<Draft>),
    /// A condition.
    Leaf(Leaf),
}

/// A rule read from a draft: the rule, and what could not be read.
#[derive(Debug, Default)]
pub struct Written {
    /// Each part of the rule with the part of the draft that it came from.
    places: Vec<(String, String)>,
    /// What could not be read, at the part of the draft.
    pub problems: Vec<(String, Problem)>,
}

impl Written {
    /// The part of the draft that a problem of the rule belongs to.
    pub fn place_of(&self, field: &str) -> Option<&str> {
        let within = |place: &&(String, String)| {
            field.strip_prefix(place.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.places.iter().filter(within).max_by_key(|(place, _)| place.len()).map(|(_, path)| path.as_str())
    }
}

impl Draft {
    /// The draft of a new rule.
    pub fn empty() -> Draft {
        Draft::Group(Joint::All, Vec::new())
    }

    /// The draft that a sent form holds.
    pub fn read(sent: &Sent) -> Draft {
        Draft::read_at(sent, "0", 0).filter(|draft| matches!(draft, Draft::Group(..))).unwrap_or_else(Draft::empty)
    }

    fn read_at(sent: &Sent, path: &str, depth: usize) -> Option<Draft> {
        if let Some(kind) = sent.get(&format!("{path}.k")) {
            let kind = Kind::read(kind)?;
            let prefix = format!("{path}.");
            let own = sent.0.iter().filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?.to_owned(), value.clone())));
            return Some(Draft::Leaf(Leaf { kind, values: own.filter(|(name, _)| name != "k").collect() }));
        }
        let joint = Joint::read(sent.get(&format!("{path}.g"))?)?;
        let parts = if depth > DEPTH_MAX {
            Vec::new()
        } else {
            let parts = (0..PARTS_MAX).map_while(|at| {
                let path = format!("{path}-{at}");
                let is_there = sent.has(&format!("{path}.k")) || sent.has(&format!("{path}.g"));
                is_there.then(|| Draft::read_at(sent, &path, depth + 1))
            });
            parts.flatten().collect()
        };
        Some(Draft::Group(joint, parts))
    }

    /// The part of that path, `0` being the whole.
    fn at(&mut self, path: &str) -> Option<&mut Draft> {
        let mut found = self;
        for step in path.split('-').skip(1) {
            let Draft::Group(_, parts) = found else { return None };
            found = parts.get_mut(step.parse::<usize>().ok()?)?;
        }
        Some(found)
    }

    /// Does what a button says: `add:PATH`, `group:PATH`, `remove:PATH`. The path of what is new.
    pub fn act(&mut self, act: &str, sent: &Sent, loc: &Loc) -> Option<String> {
        let (act, path) = act.split_once(':')?;
        if act == "remove" {
            let (group, place) = path.rsplit_once('-')?;
            if let (Some(Draft::Group(_, parts)), Ok(place)) = (self.at(group), place.parse::<usize>())
                && place < parts.len()
            {
                parts.remove(place);
            }
            return None;
        }
        let new = match act {
            "add" => Draft::Leaf(Leaf::new(Kind::named(sent.get(&format!("{path}.add"))?, loc)?)),
            "group" => Draft::Group(Joint::Any, Vec::new()),
            _ => return None,
        };
        let Some(Draft::Group(_, parts)) = self.at(path) else { return None };
        parts.push(new);
        Some(format!("{path}-{}", parts.len() - 1))
    }

    /// The rule of the draft. What is not complete is left out where `lenient`, and a problem otherwise.
    pub fn write(&self, world: &World<'_>, lenient: bool) -> (Value, Written) {
        let mut written = Written::default();
        let rule = self.write_at("0", "rule", world, lenient, &mut written).unwrap_or_else(|| json!({"all": []}));
        (rule, written)
    }

    fn write_at(&self, path: &str, place: &str, world: &World<'_>, lenient: bool, written: &mut Written) -> Option<Value> {
        match self {
            Draft::Leaf(leaf) => match leaf.read(world) {
                Ok((value, not)) => {
                    written.places.push((place.to_owned(), path.to_owned()));
                    Some(if not { json!({"not": value}) } else { value })
                }
                Err(key) => {
                    written.problems.push((path.to_owned(), Problem::new("rule", key)));
                    None
                }
            },
            Draft::Group(joint, parts) => {
                let (name, before) = match joint {
                    Joint::All => ("all", place.to_owned()),
                    Joint::Any => ("any", place.to_owned()),
                    Joint::None => ("any", format!("{place}.not")),
                };
                let mut all = Vec::new();
                for (at, part) in parts.iter().enumerate() {
                    let place = format!("{before}.{name}[{}]", all.len());
                    all.extend(part.write_at(&format!("{path}-{at}"), &place, world, lenient, written));
                }
                // A group without a condition says nothing; as the whole rule it means everybody.
                if all.is_empty() && (path == "0" || lenient) {
                    return (path == "0").then(|| json!({"all": []}));
                }
                written.places.push((place.to_owned(), path.to_owned()));
                let group = json!({name: all});
                Some(if *joint == Joint::None { json!({"not": group}) } else { group })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyvand_core::insight::rhythm::Habit;
    use peyvand_core::marketing::segments::rule::{Field, Rule};
    use peyvand_core::parties::list::PartyFilters;
    use peyvand_core::platform::locale::Prefs;
    use peyvand_core::platform::money::Currency;
    use peyvand_core::platform::text::Lang;
    use peyvand_core::testing::NOW;

    fn again(given: &Value) -> Value {
        let loc = Loc::new(Prefs::of(Lang::Fa), NOW);
        let labels = vec![("taste".to_owned(), "modern".to_owned(), "نوگرا".to_owned())];
        let world = World { loc: &loc, currency: Currency::IRR, labels: &labels };
        let rule = Rule::read(given, Currency::IRR).unwrap();
        let draft = Draft::of(&rule, &world);
        // As a browser sends it back.
        let mut pairs = Vec::new();
        send(&draft, "0", &mut pairs);
        let (value, written) = Draft::read(&Sent(pairs)).write(&world, false);
        assert!(written.problems.is_empty(), "{:?}", written.problems);
        Rule::read(&value, Currency::IRR).unwrap();
        value
    }

    fn send(draft: &Draft, path: &str, pairs: &mut Vec<(String, String)>) {
        match draft {
            Draft::Group(joint, parts) => {
                pairs.push((format!("{path}.g"), joint.word().to_owned()));
                for (at, part) in parts.iter().enumerate() {
                    send(part, &format!("{path}-{at}"), pairs);
                }
            }
            Draft::Leaf(leaf) => {
                pairs.push((format!("{path}.k"), leaf.kind.word().to_owned()));
                pairs.extend(leaf.values.iter().map(|(name, value)| (format!("{path}.{name}"), value.clone())));
            }
        }
    }

    #[test]
    fn a_rule_comes_back_from_the_form_as_it_went_in() {
        let segment = "0193a1b2-0000-7000-8000-000000000000";
        for condition in [
            json!({"field": {"field": "city", "is": {"one_of": ["تهران", "شیراز"]}}}),
            json!({"not": {"field": {"field": "role", "is": {"one_of": ["customer", "prospect"]}}}}),
            json!({"field": {"field": "owner", "is": {"known": false}}}),
            json!({"field": {"field": "age", "is": {"number": {"at_least": 30, "at_most": 40}}}}),
            json!({"field": {"field": "purchases", "is": {"number": {"at_most": 1200}}}}),
            json!({"field": {"field": "spent", "is": {"money": {"at_least": "300000000.00"}}}}),
            json!({"field": {"field": "active", "is": {"number": {"at_least": 20, "at_most": 60}}}}),
            json!({"field": {"field": "recency", "is": {"known": false}}}),
            json!({"field": {"field": "expected_purchases", "is": {"decimal": {"at_most": "1.5"}}}}),
            json!({"field": {"field": "expected_value", "is": {"money": {"at_least": "300000000.00"}}}}),
            json!({"field": {"field": "silent_since", "is": {"days": {"next": 7}}}}),
            json!({"field": {"field": "created", "is": {"days": {"between": {"from": "2026-11-21"}}}}}),
            json!({"field": {"field": "last_purchase", "is": {"days": {"earlier": 90}}}}),
            json!({"field": {"field": "next_follow_up", "is": {"days": {"next": 7}}}}),
            json!({"field": {"field": "silent", "is": {"yes": false}}}),
            json!({"field": {"field": "job", "is": {"one_of": ["مهندس", "پزشک"]}}}),
            json!({"not": {"field": {"field": "education", "is": {"one_of": ["bachelor", "master"]}}}}),
            json!({"field": {"field": "birth_month", "is": {"one_of": ["jalali-8"]}}}),
            json!({"field": {"field": "birthday", "is": {"days": {"next": 7}}}}),
            json!({"field": {"field": "phone", "is": {"known": true}}}),
            json!({"not": {"field": {"field": "habit", "is": {"one_of": ["slowing", "lapsing"]}}}}),
            json!({"field": {"field": "usual_gap", "is": {"number": {"at_most": 45}}}}),
            json!({"field": {"field": "expected_amount", "is": {"money": {"at_least": "300000000.00"}}}}),
            json!({"not": {"tag": "نقره‌ای"}}),
            json!({"did": {"what": "interaction", "origin": "website", "result": "complaint_open"}}),
            json!({"preference": {"kind": "taste", "text": "modern"}}),
            json!({"not": {"preference": {"kind": "need"}}}),
            json!({"did": {"what": "purchase", "category": "چای", "at_least": 2, "days": {"last": 90}}}),
            json!({"not": {"did": {"what": "interaction", "channel": "phone", "direction": "inbound", "reason": "complaint"}}}),
            json!({"did": {"what": "follow_up_done", "at_least": 1, "at_most": 3, "days": {"between": {"until": "2026-11-21"}}}}),
            json!({"not": {"in": segment}}),
        ] {
            let rule = json!({"all": [condition, {"not": {"any": [condition, {"all": [condition]}]}}]});
            assert_eq!(again(&rule), rule);
        }
        // What the form says in other words means the same.
        let never = json!({"all": [{"did": {"what": "purchase", "at_most": 0}}]});
        assert_eq!(again(&never), json!({"all": [{"not": {"did": {"what": "purchase"}}}]}));
        let denied = json!({"not": {"all": [{"tag": "الف"}, {"not": {"tag": "ب"}}]}});
        assert_eq!(again(&denied), json!({"any": [{"not": {"tag": "الف"}}, {"tag": "ب"}]}));
        let few = json!({"not": {"field": {"field": "purchases", "is": {"number": {"at_least": 3}}}}});
        assert_eq!(again(&few), json!({"not": {"any": [{"field": {"field": "purchases", "is": {"number": {"at_least": 3}}}}]}}));
    }

    #[test]
    fn scores_that_a_list_filters_by_become_conditions() {
        let loc = Loc::new(Prefs::of(Lang::Fa), NOW);
        let world = World { loc: &loc, currency: Currency::IRR, labels: &[] };
        let filters = PartyFilters {
            recency: Some(4),
            frequency_value_from: Some(2),
            active_until: Some(0.29),
            habit: Some(Habit::Lapsing),
            need: Some("training".into()),
            bought_from: Some("2026-11-01".parse().unwrap()),
            ..Default::default()
        };
        let (draft, left) = Draft::of_filters(&filters, &world);
        assert!(left.is_empty(), "{left:?}");
        let field = |field: &str, number: Value| json!({"field": {"field": field, "is": {"number": number}}});
        let expected = json!({"all": [
            {"field": {"field": "habit", "is": {"one_of": ["lapsing"]}}},
            {"preference": {"kind": "need", "text": "training"}},
            {"did": {"what": "purchase", "days": {"between": {"from": "2026-11-01"}}}},
            field("recency", json!({"at_least": 4, "at_most": 4})),
            field("frequency_value", json!({"at_least": 2})),
            field("active", json!({"at_most": 29})),
        ]});
        assert_eq!(draft.write(&world, false).0, expected);
    }

    #[test]
    fn buttons_add_and_remove_at_their_place() {
        let loc = Loc::new(Prefs::of(Lang::Fa), NOW);
        let sent = Sent(vec![("0.g".into(), "all".into()), ("0.add".into(), "city".into()), ("0-0.add".into(), "tag".into())]);
        let mut draft = Draft::read(&sent);
        assert_eq!(draft.act("group:0", &sent, &loc).as_deref(), Some("0-0"));
        assert_eq!(draft.act("add:0-0", &sent, &loc).as_deref(), Some("0-0-0"));
        assert_eq!(draft.act("add:0", &sent, &loc).as_deref(), Some("0-1"));
        let leaf = |kind| Draft::Leaf(Leaf::new(kind));
        let group = Draft::Group(Joint::Any, vec![leaf(Kind::Tag)]);
        assert_eq!(draft, Draft::Group(Joint::All, vec![group, leaf(Kind::Field(Field::City))]));
        draft.act("remove:0-0", &sent, &loc);
        assert_eq!(draft, Draft::Group(Joint::All, vec![leaf(Kind::Field(Field::City))]));
        draft.act("remove:0-7", &sent, &loc);
        draft.act("remove:x", &sent, &loc);
        assert_eq!(draft.act("add:0-0", &sent, &loc), None, "a condition has no parts");
    }

    #[test]
    fn what_is_not_complete_is_a_problem_at_its_place_and_left_out_of_a_try() {
        let loc = Loc::new(Prefs::of(Lang::Fa), NOW);
        let world = World { loc: &loc, currency: Currency::IRR, labels: &[] };
        let leaf = |kind| Draft::Leaf(Leaf::new(kind));
        let tag = Leaf::with(Kind::Tag, &[("t", "الف".to_owned())]);
        let draft = Draft::Group(Joint::All, vec![leaf(Kind::In), Draft::Group(Joint::None, vec![leaf(Kind::Field(Field::Age)), tag])]);
        let (rule, written) = draft.write(&world, true);
        assert_eq!(rule, json!({"all": [{"not": {"any": [{"tag": "الف"}]}}]}));
        assert_eq!(written.problems.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["0-0", "0-1-0"]);
        assert_eq!(written.place_of("rule.all[0].not.any[0].tag"), Some("0-1-1"));
        assert_eq!(written.place_of("rule.all[0].not.any"), Some("0-1"));
    }
}
