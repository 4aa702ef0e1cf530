//! A rule as it stands in the builder, half-written too: a tree of groups and conditions whose fields carry their place in
//! their names (`0-1.op`).

use crate::form::Sent;
use peyvand_core::marketing::segments::rule::{Amounts, Answer, Days, Did, Field, FieldIs, Knows, Range, Rule, Test, What};
use peyvand_core::parties::list::{Next, PartyFilters};
use peyvand_core::parties::preferences::PreferenceKind;
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money, MoneyUnit, format_number, parse_decimal};
use peyvand_core::platform::text::{fold_digits, search_key};
use peyvand_core::{Day, Problem};
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

/// What a condition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A field of the record.
    Field(Field),
    /// A tag.
    Tag,
    /// Something that is known of them.
    Knows(PreferenceKind),
    /// Something they did.
    Did(What),
    /// Another segment.
    In,
}

impl Kind {
    /// The kinds as they are offered, group by group.
    pub fn groups() -> [(&'static str, Vec<Kind>); 5] {
        use Field as F;
        let who =
            [F::Kind, F::Role, F::Gender, F::Age, F::Birth, F::City, F::Province, F::Source, F::Stance, F::Owner, F::Unit, F::Created];
        let bought = [F::LastPurchase, F::FirstPurchase, F::Purchases, F::Spent];
        let spoken = [F::LastContact, F::NextFollowUp, F::Silent, F::SilentSince];
        let figures =
            [F::Recency, F::Frequency, F::Value, F::FrequencyValue, F::Active, F::ExpectedPurchases, F::ExpectedValue, F::Tier, F::Profit];
        let fields = |fields: &[Field]| fields.iter().map(|field| Kind::Field(*field)).collect::<Vec<_>>();
        let mut known = vec![Kind::Tag];
        known.extend(PreferenceKind::ALL.iter().map(|kind| Kind::Knows(*kind)));
        known.push(Kind::In);
        [
            ("segments-group-who", fields(&who)),
            ("segments-group-bought", [fields(&bought), vec![Kind::Did(What::Purchase)]].concat()),
            ("segments-group-contact", [fields(&spoken), vec![Kind::Did(What::Interaction), Kind::Did(What::FollowUpDone)]].concat()),
            ("segments-group-figures", fields(&figures)),
            ("segments-group-known", known),
        ]
    }

    /// Whether it asks for what models worked out.
    pub const fn is_figure(self) -> bool {
        matches!(self, Kind::Field(field) if field.is_figure())
    }

    /// The word in the form.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Field(field) => field.as_str(),
            Kind::Tag => "tag",
            Kind::Knows(kind) => kind.as_str(),
            Kind::Did(what) => what.as_str(),
            Kind::In => "in",
        }
    }

    /// The kind of that word.
    pub fn read(word: &str) -> Option<Kind> {
        Kind::groups().into_iter().flat_map(|(_, kinds)| kinds).find(|kind| kind.word() == word)
    }

    /// Its label in the catalogue.
    pub fn label(self) -> String {
        format!("segments-if-{}", self.word().replace('_', "-"))
    }

    /// What may be asked of it; the first unless chosen otherwise.
    pub fn ops(self) -> &'static [&'static str] {
        match self {
            Kind::Field(Field::Kind | Field::Role) => &["is", "not"],
            Kind::Field(Field::Gender | Field::Stance | Field::City | Field::Province | Field::Source | Field::Owner | Field::Unit) => {
                &["is", "not", "known", "unknown"]
            }
            Kind::Field(Field::Age | Field::Purchases | Field::Spent) => &["at-least", "at-most", "between"],
            Kind::Field(
                Field::Recency
                | Field::Frequency
                | Field::Value
                | Field::FrequencyValue
                | Field::Active
                | Field::ExpectedPurchases
                | Field::ExpectedValue
                | Field::Tier
                | Field::Profit,
            ) => &["at-least", "at-most", "between", "known", "unknown"],
            Kind::Field(Field::SilentSince) => &["last", "next", "earlier", "days", "known", "unknown"],
            Kind::Field(Field::Created) => &["last", "earlier", "days"],
            Kind::Field(Field::NextFollowUp) => &["next", "days", "known", "unknown"],
            Kind::Field(Field::Birth | Field::FirstPurchase | Field::LastPurchase | Field::LastContact) => {
                &["last", "earlier", "days", "known", "unknown"]
            }
            Kind::Field(Field::Silent) => &["yes", "no"],
            Kind::Tag => &["has", "has-not"],
            Kind::Knows(_) => &["known", "unknown"],
            Kind::Did(_) => &["once", "at-least", "at-most", "between", "never"],
            Kind::In => &["in", "not-in"],
        }
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
    fn label<'a>(&'a self, list: &str, word: &'a str) -> &'a str {
        self.labels.iter().find(|(of, found, _)| of == list && found == word).map_or(word, |(.., label)| label)
    }

    fn word<'a>(&'a self, list: &str, text: &'a str) -> &'a str {
        let key = search_key(text);
        self.labels.iter().find(|(of, _, label)| of == list && search_key(label) == key).map_or(text, |(_, word, _)| word)
    }
}

impl Leaf {
    /// A condition as it is added.
    pub fn new(kind: Kind) -> Leaf {
        Leaf { kind, values: Vec::new() }
    }

    fn with(kind: Kind, values: &[(&str, String)]) -> Draft {
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
    fn read(&self, world: &World<'_>) -> Result<(Value, bool), &'static str> {
        let op = self.op();
        let some = |texts: Vec<String>| if texts.is_empty() { Err("segments-incomplete") } else { Ok(texts) };
        Ok(match self.kind {
            Kind::Field(field) => {
                let test = match op {
                    "is" | "not" if matches!(field, Field::City | Field::Province) => {
                        let texts = self.get("t").split([',', '،', '؛', ';']).map(str::trim).filter(|text| !text.is_empty());
                        json!({"one_of": some(texts.map(str::to_owned).collect())?})
                    }
                    "is" | "not" => json!({"one_of": some(self.all("v").into_iter().map(str::to_owned).collect())?}),
                    "known" => json!({"known": true}),
                    "unknown" => json!({"known": false}),
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
                for (name, field) in [("product_id", "p"), ("category", "c"), ("channel", "ch"), ("direction", "dir"), ("reason", "r")] {
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
                    Test::OneOf(values) if matches!(field, Field::City | Field::Province) => {
                        Some(Leaf::with(kind, &[op("is", "not"), ("t", values.join("، "))]))
                    }
                    Test::OneOf(values) => {
                        let mut all = vec![op("is", "not")];
                        all.extend(values.iter().map(|value| ("v", value.clone())));
                        Some(Leaf::with(kind, &all))
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
        ]);
        Some(Leaf::with(Kind::Did(did.what), &all))
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
    pub fn act(&mut self, act: &str, sent: &Sent) -> Option<String> {
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
            "add" => Draft::Leaf(Leaf::new(Kind::read(sent.get(&format!("{path}.add"))?)?)),
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

    /// The draft of what a list of customers filters by, and the names of those filters that no rule has.
    pub fn of_filters(filters: &PartyFilters, world: &World<'_>) -> (Draft, Vec<&'static str>) {
        let mut parts = Vec::new();
        let mut left = Vec::new();
        let mut word = |field: Field, value: Option<String>| {
            if let Some(value) = value {
                let name = if matches!(field, Field::City | Field::Province) { "t" } else { "v" };
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
        let spent = |text: &Option<String>| {
            let money = Money::parse(text.as_deref()?, world.currency, MoneyUnit::Currency).ok()?;
            Some(money.format(world.loc.prefs.money_unit, world.loc.prefs.digits))
        };
        for (field, least, most) in [
            (Field::Recency, filters.recency, filters.recency),
            (Field::Frequency, filters.frequency, filters.frequency),
            (Field::Value, filters.value, filters.value),
            (Field::FrequencyValue, filters.frequency_value, filters.frequency_value),
            (Field::FrequencyValue, filters.frequency_value_from, None),
            (Field::Active, percent(filters.active_from), percent(filters.active_until)),
        ] {
            if least.is_some() || most.is_some() {
                let text = |number: Option<i64>| number.map_or_else(String::new, |number| world.loc.number(number));
                parts.push(Leaf::bounds(Kind::Field(field), text(least), text(most)));
            }
        }
        if filters.spent_from.is_some() || filters.spent_until.is_some() {
            let (least, most) = (spent(&filters.spent_from).unwrap_or_default(), spent(&filters.spent_until).unwrap_or_default());
            parts.push(Leaf::bounds(Kind::Field(Field::Spent), least, most));
        }
        let mut flag = |field: Field, op: &str| parts.push(Leaf::with(Kind::Field(field), &[("op", op.to_owned())]));
        if filters.unowned == Some(true) {
            flag(Field::Owner, "unknown");
        }
        if filters.silent == Some(true) {
            flag(Field::Silent, "yes");
        }
        match filters.next {
            Some(Next::None) => flag(Field::NextFollowUp, "unknown"),
            Some(_) => left.push("parties-next"),
            None => {}
        }
        for (is_given, label) in [
            (filters.q.is_some(), "parties-filter-q"),
            (filters.waiting == Some(true), "parties-waiting"),
            (filters.archived == Some(true), "parties-archived"),
            (filters.import_id.is_some(), "parties-import"),
            (filters.habit.is_some(), "menu-insight"),
            (filters.need.is_some(), "parties-need"),
            (filters.bought_from.or(filters.bought_until).is_some(), "parties-bought-from"),
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

impl Leaf {
    fn bounds(kind: Kind, least: String, most: String) -> Draft {
        match (least.is_empty(), most.is_empty()) {
            (false, false) => Leaf::with(kind, &[("op", "between".to_owned()), ("n", least), ("m", most)]),
            (false, true) => Leaf::with(kind, &[("op", "at-least".to_owned()), ("n", least)]),
            _ => Leaf::with(kind, &[("op", "at-most".to_owned()), ("n", most)]),
        }
    }

    fn window_of(days: Days, op: &'static str, number: &'static str, world: &World<'_>) -> Vec<(&'static str, String)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use peyvand_core::platform::locale::Prefs;
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
            json!({"not": {"tag": "نقره‌ای"}}),
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
        let filters = PartyFilters { recency: Some(4), frequency_value_from: Some(2), active_until: Some(0.29), ..Default::default() };
        let (draft, left) = Draft::of_filters(&filters, &world);
        assert!(left.is_empty(), "{left:?}");
        let field = |field: &str, number: Value| json!({"field": {"field": field, "is": {"number": number}}});
        let expected = json!({"all": [
            field("recency", json!({"at_least": 4, "at_most": 4})),
            field("frequency_value", json!({"at_least": 2})),
            field("active", json!({"at_most": 29})),
        ]});
        assert_eq!(draft.write(&world, false).0, expected);
    }

    #[test]
    fn buttons_add_and_remove_at_their_place() {
        let sent = Sent(vec![("0.g".into(), "all".into()), ("0.add".into(), "city".into()), ("0-0.add".into(), "tag".into())]);
        let mut draft = Draft::read(&sent);
        assert_eq!(draft.act("group:0", &sent).as_deref(), Some("0-0"));
        assert_eq!(draft.act("add:0-0", &sent).as_deref(), Some("0-0-0"));
        assert_eq!(draft.act("add:0", &sent).as_deref(), Some("0-1"));
        let leaf = |kind| Draft::Leaf(Leaf::new(kind));
        let group = Draft::Group(Joint::Any, vec![leaf(Kind::Tag)]);
        assert_eq!(draft, Draft::Group(Joint::All, vec![group, leaf(Kind::Field(Field::City))]));
        draft.act("remove:0-0", &sent);
        assert_eq!(draft, Draft::Group(Joint::All, vec![leaf(Kind::Field(Field::City))]));
        draft.act("remove:0-7", &sent);
        draft.act("remove:x", &sent);
        assert_eq!(draft.act("add:0-0", &sent), None, "a condition has no parts");
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
