//! The builder: a form that works as it is, and counts along where scripts run.

use super::draft::{Draft, Joint, Kind, Leaf, World};
use crate::error::{PageError, PageResult};
use crate::form::Sent;
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, RawQuery};
use peyvand_core::insight::rhythm::Habit;
use peyvand_core::interactions::{Channel, Direction};
use peyvand_core::lifecycle::{Stage, Standing};
use peyvand_core::marketing::segments::rule::{Field, Rule, What, birthday};
use peyvand_core::marketing::segments::{self, NewSegment, Preview, PreviewSegment, Segment, SegmentChange, SegmentId};
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::check::{Gender, Kind as PartyKind, Role, Stance};
use peyvand_core::parties::list::{self, PartyFilters};
use peyvand_core::platform::calendar::month_name;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::terms::{self, ListTerms};
use peyvand_core::{Act, Error, Id, Perm, Problem, Room};
use serde_json::Value;
use std::time::Duration;

/// A try that takes longer is given up: the page must not wait for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Customers that the builder shows.
const SAMPLE: i64 = 5;

/// Longer addresses are cut on their way by some.
const ADDRESS_MAX: usize = 4_000;

type Options = Vec<(String, String, bool)>;

/// What the builder offers to choose from.
struct Choices {
    loc: Loc,
    currency: Currency,
    /// List, word and label.
    labels: Vec<(String, String, String)>,
    owners: Vec<(String, String)>,
    units: Vec<(String, String)>,
    segments: Vec<(String, String)>,
    cities: Vec<String>,
    tags: Vec<String>,
}

/// The words of the organisation's lists: list, word and label.
async fn labels(req: &Req) -> Result<Vec<(String, String, String)>, PageError> {
    let terms = req.ctx.run(terms::list, ListTerms::default()).await?;
    let words = terms.into_iter().filter(|term| term.is_active).map(|term| {
        let label = term.label.unwrap_or_else(|| req.loc.term(&term.list, &term.word));
        (term.list, term.word, label)
    });
    Ok(words.collect())
}

impl Choices {
    async fn load(req: &Req, own: Option<Id<Segment>>) -> Result<Choices, PageError> {
        let people = req.ctx.run(colleagues::list, Nothing {}).await?;
        let listed = req.ctx.run(segments::names_of, Nothing {}).await?;
        let words = req.ctx.run(list::choices, Nothing {}).await?;
        let mut units: Vec<(String, String)> = people.iter().map(|one| (one.unit_id.to_string(), one.unit.clone())).collect();
        units.sort_by(|one, other| one.1.cmp(&other.1));
        units.dedup();
        Ok(Choices {
            loc: req.loc.clone(),
            currency: req.ctx.app.organisation().await?.currency,
            labels: labels(req).await?,
            owners: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
            units,
            segments: listed.into_iter().filter(|one| Some(one.id) != own).map(|one| (one.id.to_string(), one.name)).collect(),
            cities: words.cities,
            tags: words.tags,
        })
    }

    fn world(&self) -> World<'_> {
        World { loc: &self.loc, currency: self.currency, labels: &self.labels }
    }

    fn terms(&self, list: &str) -> Vec<(String, String)> {
        self.labels.iter().filter(|(of, ..)| of == list).map(|(_, word, label)| (word.clone(), label.clone())).collect()
    }

    /// The words of a field that has few; months of other calendars are among them where they were chosen.
    fn words(&self, field: Field, chosen: &[&str]) -> Vec<(String, String)> {
        let term = |list: &str, words: Vec<&'static str>| {
            words.into_iter().map(|word| (word.to_owned(), self.loc.term(list, word))).collect::<Vec<_>>()
        };
        match field {
            Field::Kind => PartyKind::ALL.iter().map(|kind| (kind.to_string(), self.loc.t(&format!("parties-kind-{kind}")))).collect(),
            Field::Role => term("role", Role::ALL.iter().map(|word| word.as_str()).collect()),
            Field::Gender => term("gender", Gender::ALL.iter().map(|word| word.as_str()).collect()),
            Field::Stance => term("stance", Stance::ALL.iter().map(|word| word.as_str()).collect()),
            Field::Source => self.terms("source"),
            Field::Education => self.terms("education"),
            Field::Income => self.terms("income_band"),
            Field::PreferredChannel => term("channel", Channel::ALL.iter().map(|word| word.as_str()).collect()),
            Field::Stage => Stage::ALL.iter().map(|stage| (stage.to_string(), self.loc.t(&format!("lifecycle-stage-{stage}")))).collect(),
            Field::Standing => Standing::ALL
                .iter()
                .map(|one| (one.to_string(), self.loc.t(&format!("lifecycle-standing-{}", one.as_str().replace('_', "-")))))
                .collect(),
            Field::Habit => Habit::ALL.iter().map(|habit| (habit.to_string(), self.loc.t(&format!("insight-habit-{habit}")))).collect(),
            Field::Season => (1..=4).map(|season| (season.to_string(), self.loc.t(&format!("segments-season-{season}")))).collect(),
            Field::BirthMonth => {
                let own = self.loc.prefs.calendar;
                let others = chosen.iter().filter_map(|word| birthday::month(word)).filter(|(calendar, _)| *calendar != own);
                let months = (1..=12).map(|month| (own, month)).chain(others);
                let named = |(calendar, month)| {
                    let name = month_name(calendar, month, self.loc.prefs.lang);
                    (birthday::month_word(calendar, month), name.to_owned())
                };
                months.map(named).collect()
            }
            Field::Owner => self.owners.clone(),
            Field::Unit => self.units.clone(),
            _ => Vec::new(),
        }
    }
}

/// An input of a condition.
enum Input {
    /// One of some.
    Select { name: String, label: String, options: Options },
    /// Several of few.
    Checks { name: String, options: Options },
    /// A text, with words that it may be.
    Text { name: String, label: String, value: String, list: &'static str },
    /// A number or an amount, with what it counts.
    Number { name: String, label: String, value: String, unit: String },
    /// A day.
    Date { name: String, label: String, value: String, text: String },
    /// Goes along unseen.
    Kept { name: String, value: String },
    /// Words between.
    Words(String),
}

/// A condition as it is shown.
struct LeafView {
    path: String,
    kind: &'static str,
    label: String,
    joint: String,
    ops: Options,
    inputs: Vec<Input>,
    error: Option<String>,
    is_new: bool,
}

/// A group as it is shown.
struct GroupView {
    path: String,
    joint: String,
    joints: Options,
    error: Option<String>,
    is_root: bool,
    is_empty: bool,
}

/// The tree, one thing after another: what is between an opening and its closing belongs to the group.
enum Item {
    Open(GroupView),
    Leaf(LeafView),
    Close { path: String, parts: usize },
}

struct Tree<'a> {
    choices: &'a Choices,
    errors: &'a [(String, String)],
    fresh: Option<&'a str>,
    items: Vec<Item>,
}

impl Tree<'_> {
    fn error(&self, path: &str) -> Option<String> {
        self.errors.iter().find(|(at, _)| at == path).map(|(_, words)| words.clone())
    }

    fn add(&mut self, draft: &Draft, path: &str, joint: String) {
        let choices = self.choices;
        let loc = &choices.loc;
        match draft {
            Draft::Group(of, parts) => {
                let joints =
                    Joint::ALL.iter().map(|one| (one.word().to_owned(), loc.t(&format!("segments-joint-{}", one.word())), one == of));
                let open = GroupView {
                    path: path.to_owned(),
                    joint,
                    joints: joints.collect(),
                    error: self.error(path),
                    is_root: path == "0",
                    is_empty: parts.is_empty(),
                };
                let between = loc.t(if *of == Joint::All { "segments-op-and" } else { "segments-op-or" });
                self.items.push(Item::Open(open));
                for (at, part) in parts.iter().enumerate() {
                    self.add(part, &format!("{path}-{at}"), if at == 0 { String::new() } else { between.clone() });
                }
                self.items.push(Item::Close { path: path.to_owned(), parts: parts.len() });
            }
            Draft::Leaf(leaf) => {
                let view = LeafView {
                    path: path.to_owned(),
                    kind: leaf.kind.word(),
                    label: loc.t(&leaf.kind.label()),
                    joint,
                    ops: leaf.kind.ops().iter().map(|op| ((*op).to_owned(), loc.t(&op_key(leaf.kind, op)), *op == leaf.op())).collect(),
                    inputs: inputs(leaf, path, choices),
                    error: self.error(path),
                    is_new: self.fresh == Some(path),
                };
                self.items.push(Item::Leaf(view));
            }
        }
    }
}

/// What an operator is called: of things done it asks how often, of days how long ago.
fn op_key(kind: Kind, op: &str) -> String {
    match (kind, op) {
        (Kind::Did(_), "at-least" | "at-most" | "between" | "once" | "never") => format!("segments-times-op-{op}"),
        _ => format!("segments-op-{op}"),
    }
}

fn chosen(options: Vec<(String, String)>, values: &[&str]) -> Options {
    let mut all: Options = options.into_iter().map(|(value, words)| (value.clone(), words, values.contains(&value.as_str()))).collect();
    // What is no longer offered stays chosen until somebody takes it out.
    for value in values {
        if !all.iter().any(|(offered, ..)| offered == value) {
            all.push(((*value).to_owned(), (*value).to_owned(), true));
        }
    }
    all
}

fn inputs(leaf: &Leaf, path: &str, choices: &Choices) -> Vec<Input> {
    let loc = &choices.loc;
    let name = |field: &str| format!("{path}.{field}");
    let whose = loc.t(&leaf.kind.label());
    let label = |key: &str| format!("{whose}: {}", loc.t(key));
    let number = |field: &str, key: &str, unit: String| Input::Number {
        name: name(field),
        label: label(key),
        value: loc.digits(leaf.get(field)),
        unit,
    };
    let date = |field: &str, key: &str| {
        let day = leaf.day(field, &choices.world()).ok().flatten();
        Input::Date {
            name: name(field),
            label: label(key),
            value: day.map_or_else(String::new, |day| day.to_string()),
            text: day.map_or_else(|| leaf.get(&format!("{field}_text")).to_owned(), |day| loc.day(day)),
        }
    };
    let days = |op: &str, field: &str| match op {
        "last" | "next" | "earlier" => vec![number(field, "segments-how-many-days", loc.t("segments-unit-days"))],
        "days" => vec![date("from", "segments-from"), Input::Words(loc.t("segments-to")), date("until", "segments-until")],
        _ => Vec::new(),
    };
    let op = leaf.op();
    match leaf.kind {
        kind if kind.is_typed() && matches!(op, "is" | "not") => {
            let list = if leaf.kind == Kind::Field(Field::City) { "cities" } else { "" };
            vec![Input::Text { name: name("t"), label: label("segments-values-label"), value: leaf.get("t").to_owned(), list }]
        }
        Kind::Field(field) if matches!(op, "is" | "not") => {
            vec![Input::Checks { name: name("v"), options: chosen(choices.words(field, &leaf.all("v")), &leaf.all("v")) }]
        }
        Kind::Field(field) if matches!(op, "at-least" | "at-most" | "between") => {
            let unit = match field {
                Field::Spent | Field::ExpectedValue | Field::ExpectedAmount | Field::Profit => loc.money_unit(choices.currency).to_owned(),
                Field::Recency | Field::Frequency | Field::Value | Field::FrequencyValue => loc.t("segments-unit-of-five"),
                Field::Tier => loc.t("segments-unit-of-four"),
                Field::Active => loc.t("segments-unit-percent"),
                Field::ExpectedPurchases => loc.t("segments-unit-purchases"),
                Field::Age => loc.t("segments-unit-years"),
                Field::UsualGap => loc.t("segments-unit-days"),
                Field::Minutes => loc.t("segments-unit-minutes"),
                _ => loc.t("segments-unit-times"),
            };
            let mut all = vec![number("n", if op == "at-most" { "segments-most-label" } else { "segments-least-label" }, unit.clone())];
            if op == "between" {
                all.extend([Input::Words(loc.t("segments-to")), number("m", "segments-most-label", unit)]);
            }
            all
        }
        Kind::Field(_) => days(op, "n"),
        Kind::Tag => {
            vec![Input::Text { name: name("t"), label: label("segments-values-label"), value: leaf.get("t").to_owned(), list: "tags" }]
        }
        Kind::Knows(_) => {
            vec![Input::Text {
                name: name("t"),
                label: label("segments-what-label"),
                value: leaf.get("t").to_owned(),
                list: leaf.kind.word(),
            }]
        }
        Kind::In => {
            let mut options = vec![(String::new(), loc.t("segments-choose"))];
            options.extend(choices.segments.iter().cloned());
            vec![Input::Select { name: name("v"), label: label("segments-which"), options: chosen(options, &[leaf.get("v")]) }]
        }
        Kind::Did(what) => {
            let mut all = Vec::new();
            let times = || loc.t("segments-unit-times");
            match op {
                "at-least" | "at-most" => all.push(number("n", "segments-how-often", times())),
                "between" => {
                    all.extend([
                        number("n", "segments-least-label", times()),
                        Input::Words(loc.t("segments-to")),
                        number("m", "segments-most-label", times()),
                    ]);
                }
                _ => {}
            }
            let select = |field: &str, key: &str, any: &str, options: Vec<(String, String)>| {
                let mut all = vec![(String::new(), loc.t(any))];
                all.extend(options);
                Input::Select { name: name(field), label: label(key), options: chosen(all, &[leaf.get(field)]) }
            };
            match what {
                What::Purchase => {
                    if !leaf.get("p").is_empty() {
                        all.push(Input::Kept { name: name("p"), value: leaf.get("p").to_owned() });
                        all.push(Input::Words(loc.t("segments-of-one-product")));
                    }
                    all.push(Input::Words(loc.t("segments-of-category")));
                    let value = leaf.get("c").to_owned();
                    all.push(Input::Text { name: name("c"), label: label("segments-category"), value, list: "" });
                }
                What::Interaction => {
                    let channels = Channel::ALL.iter().map(|channel| (channel.to_string(), loc.term("channel", channel.as_str())));
                    all.push(select("ch", "segments-channel", "segments-any-channel", channels.collect()));
                    let ways = Direction::ALL.iter().map(|way| (way.to_string(), loc.t(&format!("segments-how-{way}"))));
                    all.push(select("dir", "segments-direction", "segments-any-direction", ways.collect()));
                    all.push(select("r", "segments-reason", "segments-any-reason", choices.terms("reason")));
                    all.push(select("o", "segments-origin", "segments-any-origin", choices.terms("origin")));
                    all.push(select("x", "segments-result", "segments-any-result", choices.terms("result")));
                }
                What::FollowUpDone => {}
            }
            let windows = ["last", "earlier", "days"].map(|word| (word.to_owned(), loc.t(&format!("segments-op-{word}"))));
            all.push(select("w", "segments-when", "segments-ever", windows.to_vec()));
            all.extend(days(leaf.get("w"), "d"));
            all
        }
    }
}

/// What a rule means, as the page tells it beside the rule.
#[derive(Default)]
struct Tried {
    preview: Option<Preview>,
    /// Why it could not be counted.
    problem: Option<String>,
    /// The list of all whom it means.
    list_href: Option<String>,
}

#[derive(Template)]
#[template(path = "segments/preview.html")]
struct PreviewPart {
    s: Shell,
    tried: Tried,
}

#[derive(Template)]
#[template(path = "segments/build.html", blocks = ["form"])]
struct BuildPage {
    s: Shell,
    id: Option<Id<Segment>>,
    version: i64,
    name: String,
    name_error: Option<String>,
    is_shared: bool,
    /// What is wrong with the whole.
    problem: Option<String>,
    /// Filters of a list that no rule has, in words.
    left: String,
    items: Vec<Item>,
    /// Conditions to add, in groups.
    kinds: Vec<(String, Vec<(&'static str, String)>)>,
    cities: Vec<String>,
    tags: Vec<String>,
    /// What may be known of customers: kind and words.
    known: Vec<(&'static str, Vec<String>)>,
    tried: Tried,
}

/// What stands in the form.
struct Form {
    id: Option<Id<Segment>>,
    version: i64,
    name: String,
    is_shared: bool,
    draft: Draft,
    left: String,
}

impl Form {
    fn read(sent: &Sent) -> Result<Form, Error> {
        let id = sent.get("id").map(str::parse).transpose().map_err(|_| Error::NotFound("segment"))?;
        Ok(Form {
            id,
            version: sent.get("version").and_then(|version| version.parse().ok()).unwrap_or_default(),
            name: sent.get("name").unwrap_or_default().to_owned(),
            is_shared: sent.get("is_shared").is_some(),
            draft: Draft::read(sent),
            left: String::new(),
        })
    }

    fn view(self, req: &Req, choices: &Choices, tried: Tried, errors: &[(String, String)], fresh: Option<&str>) -> BuildPage {
        let mut tree = Tree { choices, errors, fresh, items: Vec::new() };
        tree.add(&self.draft, "0", String::new());
        let label = |kind: Kind| (kind.word(), req.t(&kind.label()));
        let sees_figures = req.can(Room::Insight, Act::See);
        let kinds = Kind::groups().into_iter().map(|(group, kinds)| {
            let offered = kinds.into_iter().filter(|kind| sees_figures || !kind.is_figure());
            (req.t(group), offered.map(label).collect::<Vec<_>>())
        });
        let title = req.t(if self.id.is_some() { "segments-edit" } else { "segments-new" });
        let mut s = req.shell("segments", title).crumb(req.t("menu-segments"), "/segments");
        if let Some(id) = self.id {
            s = s.crumb(self.name.clone(), format!("/segments/{id}"));
        }
        BuildPage {
            s,
            id: self.id,
            version: self.version,
            name_error: errors.iter().find(|(at, _)| at == "name").map(|(_, words)| words.clone()),
            problem: errors.iter().find(|(at, _)| at.is_empty()).map(|(_, words)| words.clone()),
            name: self.name,
            is_shared: self.is_shared,
            left: self.left,
            items: tree.items,
            kinds: kinds.filter(|(_, kinds)| !kinds.is_empty()).collect(),
            cities: choices.cities.clone(),
            tags: choices.tags.clone(),
            known: ["taste", "expectation", "need", "trait"]
                .map(|list| (list, choices.terms(list).into_iter().map(|(_, label)| label).collect()))
                .to_vec(),
            tried,
        }
    }
}

/// Tries what can be read of a draft, and no longer than a page may take.
async fn attempt(req: &Req, draft: &Draft, world: &World<'_>) -> Result<Tried, PageError> {
    let (rule, _) = draft.write(world, true);
    let list_href = Some(format!("/parties?rule={}", percent(&rule.to_string()))).filter(|href| href.len() <= ADDRESS_MAX);
    let asked = PreviewSegment { rule, limit: Some(SAMPLE) };
    let failed = |problem| Tried { preview: None, problem, list_href: None };
    match tokio::time::timeout(PATIENCE, req.ctx.run(segments::preview, asked)).await {
        Ok(Ok(preview)) => Ok(Tried { preview: Some(preview), problem: None, list_href }),
        Ok(Err(Error::Invalid(fields))) => Ok(failed(fields.0.first().map(|problem| req.loc.problem(problem)))),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Ok(failed(Some(req.t("segments-counts-later")))),
    }
}

/// The builder for a new segment; the filters of a list, if it comes from one, are its first conditions.
pub async fn fresh(req: Req, RawQuery(query): RawQuery) -> PageResult {
    req.ctx.actor.check(Perm(Room::Marketing, Act::Create))?;
    let choices = Choices::load(&req, None).await?;
    let (draft, left) = match crate::parties::filters_of(&req, query.as_deref()).await? {
        filters if filters == PartyFilters::default() => (Draft::empty(), Vec::new()),
        filters => Draft::of_filters(&filters, &choices.world()),
    };
    let tried = attempt(&req, &draft, &choices.world()).await?;
    let left: Vec<String> = left.into_iter().map(|label| req.t(label)).collect();
    let left = left.join(&req.t("segments-list-comma"));
    let form = Form { id: None, version: 0, name: String::new(), is_shared: false, draft, left };
    page(&req, &form.view(&req, &choices, tried, &[], None))
}

/// The builder for a segment that is there.
pub async fn edit(req: Req, Path(id): Path<Id<Segment>>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Marketing, Act::Change))?;
    let segment = req.ctx.run(segments::get, SegmentId { id }).await?;
    let choices = Choices::load(&req, Some(id)).await?;
    let rule: Rule = serde_json::from_value(segment.rule).map_err(Error::fault)?;
    let draft = Draft::of(&rule, &choices.world());
    let tried = attempt(&req, &draft, &choices.world()).await?;
    let form =
        Form { id: Some(id), version: segment.version, name: segment.name, is_shared: segment.is_shared, draft, left: String::new() };
    page(&req, &form.view(&req, &choices, tried, &[], None))
}

/// Whom the rule of the form means, while it is being written.
pub async fn preview(req: Req, sent: Sent) -> PageResult {
    let labels = labels(&req).await?;
    let world = World { loc: &req.loc, currency: req.ctx.app.organisation().await?.currency, labels: &labels };
    let tried = attempt(&req, &Draft::read(&sent), &world).await?;
    page(&req, &PreviewPart { s: req.shell("segments", ""), tried })
}

/// The form after one of its buttons: a part added or taken out, or all of it saved.
pub async fn build(req: Req, sent: Sent) -> PageResult {
    let mut form = Form::read(&sent)?;
    let choices = Choices::load(&req, form.id).await?;
    // Enter in the field of a new condition adds it.
    let typed = sent.0.iter().find_map(|(name, value)| name.strip_suffix(".add").filter(|_| !value.trim().is_empty()));
    let added = typed.map(|path| format!("add:{path}"));
    let act = match (sent.get("do").unwrap_or_default(), &added) {
        ("save", Some(add)) => add.as_str(),
        (act, _) => act,
    };
    if act != "save" {
        let fresh = form.draft.act(act, &sent, &req.loc);
        // Nothing of that name can be added.
        let unknown = act.strip_prefix("add:").filter(|_| fresh.is_none());
        let errors: Vec<(String, String)> =
            unknown.map(|path| (path.to_owned(), req.t("segments-no-such-condition"))).into_iter().collect();
        let tried = attempt(&req, &form.draft, &choices.world()).await?;
        let view = form.view(&req, &choices, tried, &errors, fresh.as_deref());
        return if req.htmx { page(&req, &view.as_form()) } else { page(&req, &view) };
    }
    let (rule, written) = form.draft.write(&choices.world(), false);
    let mut errors: Vec<(String, String)> =
        written.problems.iter().map(|(path, problem)| (path.clone(), req.loc.problem(problem))).collect();
    if form.name.is_empty() {
        errors.push(("name".to_owned(), req.loc.problem(&Problem::new("name", "input-needed"))));
    }
    if errors.is_empty() {
        match save(&req, &form, rule).await {
            Ok(saved) => {
                let flash = Flash { text: req.t("segments-saved"), undo: None };
                return Ok(go(&req, &format!("/segments/{}", saved.id), Some(flash)));
            }
            Err(Error::Invalid(fields) | Error::Conflict(fields)) => {
                errors = fields
                    .0
                    .iter()
                    .map(|problem| {
                        let place = if problem.field == "name" { Some("name") } else { written.place_of(&problem.field) };
                        (place.unwrap_or_default().to_owned(), req.loc.problem(problem))
                    })
                    .collect();
            }
            Err(error) => return Err(error.into()),
        }
    }
    let tried = attempt(&req, &form.draft, &choices.world()).await?;
    let view = form.view(&req, &choices, tried, &errors, None);
    if req.htmx { unprocessable(&view.as_form()) } else { unprocessable(&view) }
}

async fn save(req: &Req, form: &Form, rule: Value) -> Result<Segment, Error> {
    match form.id {
        None => req.ctx.run(segments::create, NewSegment { name: form.name.clone(), rule, is_shared: form.is_shared }).await,
        Some(id) => {
            let name = Some(form.name.clone());
            let change = SegmentChange { id, version: form.version, name, rule: Some(rule), is_shared: Some(form.is_shared) };
            req.ctx.run(segments::update, change).await
        }
    }
}
