//! The list of customers. What it shows is in its address: filters, order, columns, place.

use super::views::views;
use crate::error::{PageError, PageResult};
use crate::form::{Sent, input};
use crate::page::{Shell, html, page, percent};
use crate::request::Req;
use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery};
use axum::http::header;
use axum::response::IntoResponse;
use peyvand_core::marketing::segments::{self, DescribeRule, SegmentId};
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::colleagues::{self, Colleague};
use peyvand_core::parties::export::{self, Column, ExportParties};
use peyvand_core::parties::list::{self, ListParties, Next, PartyFilters, PartySummary, Sort};
use peyvand_core::parties::views::View;
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::platform::money::{Currency, Money, MoneyUnit};
use peyvand_core::platform::text::fold_digits;
use peyvand_core::sales::products::{self, ListProducts};
use peyvand_core::{Act, Day, Error, Fields, Id, Instant, Problem, Room};
use serde_json::{Map, Value};

/// Filters that are a word or a text, with their label in the catalogue.
pub(super) const TEXT_FILTERS: [(&str, &str); 25] = [
    ("q", "parties-filter-q"),
    ("kind", "parties-kind"),
    ("role", "parties-role"),
    ("owner_id", "parties-owner"),
    ("unit_id", "parties-unit"),
    ("city", "parties-city"),
    ("province", "parties-province"),
    ("source", "parties-source"),
    ("tag", "parties-tag"),
    ("gender", "parties-gender"),
    ("stance", "parties-stance"),
    ("next", "parties-next"),
    ("spent_from", "parties-spent-from"),
    ("spent_until", "parties-spent-until"),
    ("import_id", "parties-import"),
    ("segment_id", "parties-segment"),
    ("habit", "parties-habit"),
    ("need", "parties-need"),
    ("education", "parties-education"),
    ("job", "parties-job"),
    ("income", "parties-income-band"),
    ("worth_from", "parties-worth-from"),
    ("worth_until", "parties-worth-until"),
    ("rule", "parties-rule"),
    ("products", "parties-products"),
];
/// Filters that are a day, in the reader's calendar when typed.
pub(super) const DAY_FILTERS: [(&str, &str); 10] = [
    ("created_from", "parties-created-from"),
    ("created_until", "parties-created-until"),
    ("first_purchase_from", "parties-first-purchase-from"),
    ("first_purchase_until", "parties-first-purchase-until"),
    ("bought_from", "parties-bought-from"),
    ("bought_until", "parties-bought-until"),
    ("last_purchase_from", "parties-last-purchase-from"),
    ("last_purchase_until", "parties-last-purchase-until"),
    ("last_contact_from", "parties-last-contact-from"),
    ("last_contact_until", "parties-last-contact-until"),
];
/// Filters that are an amount.
pub(super) const MONEY_FILTERS: [&str; 4] = ["spent_from", "spent_until", "worth_from", "worth_until"];
/// Filters that are a number.
const NUMBER_FILTERS: [(&str, &str); 10] = [
    ("age_from", "parties-age-from"),
    ("age_until", "parties-age-until"),
    ("tier", "parties-tier"),
    ("recency", "parties-recency"),
    ("frequency", "parties-frequency"),
    ("value", "parties-value"),
    ("frequency_value", "parties-frequency-value"),
    ("frequency_value_from", "parties-frequency-value-from"),
    ("active_from", "parties-active-from"),
    ("active_until", "parties-active-until"),
];
/// Filters that are on or absent.
const FLAGS: [(&str, &str); 5] = [
    ("unowned", "parties-unowned"),
    ("silent", "parties-silent"),
    ("waiting", "parties-waiting"),
    ("archived", "parties-archived"),
    ("at_once", "parties-at-once"),
];
/// Columns that may be shown beside the name: word, label, the sort that its head offers.
const COLUMNS: [(&str, &str, Option<Sort>); 19] = [
    ("role", "parties-role", None),
    ("phone", "parties-mobile", None),
    ("city", "parties-city", None),
    ("source", "parties-source", None),
    ("age", "parties-age", None),
    ("education", "parties-education", None),
    ("job", "parties-job", None),
    ("income", "parties-income-band", None),
    ("last_contact", "parties-last-contact", Some(Sort::LastContact)),
    ("last_purchase", "parties-last-purchase", Some(Sort::LastPurchase)),
    ("spent", "parties-spent", Some(Sort::Spent)),
    ("next", "parties-next", Some(Sort::NextFollowUp)),
    ("tier", "parties-tier", Some(Sort::Profit)),
    ("rfm", "parties-rfm", Some(Sort::Rfm)),
    ("active", "parties-active", Some(Sort::Active)),
    ("worth", "parties-worth", Some(Sort::Worth)),
    ("rhythm", "parties-habit", Some(Sort::Rhythm)),
    ("created", "parties-created-at", Some(Sort::Created)),
    ("owner", "parties-owner", None),
];
/// Shown unless chosen otherwise.
const USUAL_COLUMNS: [&str; 6] = ["role", "phone", "last_purchase", "spent", "next", "owner"];

/// Those of them that say scores.
const SCORE_COLUMNS: [&str; 5] = ["tier", "rfm", "active", "worth", "rhythm"];

/// Bytes of a file that are held in memory while it is sent.
const FILE_PIECE: usize = 64 * 1024;

/// The address of a list as pairs that can be exchanged one by one.
#[derive(Clone, Debug)]
pub struct Address(pub(super) Vec<(String, String)>);

impl Address {
    pub(super) fn read(query: Option<&str>) -> Address {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query.unwrap_or_default()).unwrap_or_default();
        Address(pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// The pairs, from the first page on.
    pub(super) fn kept(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "after" | "before")).cloned().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The address with one pair set, from the first page on.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut pairs = self.rest(&[name, "after", "before"]);
        pairs.push((name, value));
        link(&pairs)
    }

    /// The address without a pair.
    #[must_use]
    pub fn without(&self, name: &str) -> String {
        let text = format!("{name}_text");
        link(&self.rest(&[name, &text, "after", "before"]))
    }

    fn rest(&self, but: &[&str]) -> Vec<(&str, &str)> {
        self.0.iter().filter(|(name, _)| !but.contains(&name.as_str())).map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

pub(super) fn link(pairs: &[(&str, &str)]) -> String {
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
    if query.is_empty() { "/parties".to_owned() } else { format!("/parties?{}", query.join("&")) }
}

/// An address with amounts as they are kept: in a form people write them in the unit in which they read them.
pub(super) async fn read(req: &Req, query: Option<&str>) -> Result<Address, Error> {
    let mut address = Address::read(query);
    let mut problems = Fields::default();
    for name in MONEY_FILTERS {
        let typed = format!("{name}_text");
        let Some(text) = address.get(&typed).map(str::to_owned) else { continue };
        let currency = req.ctx.app.organisation().await?.currency;
        let money = Money::parse(&text, currency, req.loc.prefs.money_unit).map_err(|problem| Problem::new(name, problem.key()));
        address.0.retain(|(found, _)| *found != typed && found != name);
        if let Some(money) = problems.take(money) {
            address.0.push((name.to_owned(), money.decimal_string()));
        }
    }
    problems.check()?;
    Ok(address)
}

/// The filters and the order that an address asks for.
pub(super) fn asked(req: &Req, address: &Address) -> Result<ListParties, Error> {
    let mut object = Map::new();
    let mut problems = Fields::default();
    for (name, _) in TEXT_FILTERS {
        if let Some(value) = address.get(name) {
            object.insert(name.to_owned(), value.into());
        }
    }
    for name in ["sort", "after", "before"] {
        if let Some(value) = address.get(name) {
            object.insert(name.to_owned(), value.into());
        }
    }
    for (name, _) in NUMBER_FILTERS {
        if let Some(value) = address.get(name) {
            object.insert(name.to_owned(), serde_json::from_str(&fold_digits(value)).unwrap_or_else(|_| value.into()));
        }
    }
    for (name, _) in FLAGS.iter().chain(&[("desc", "")]) {
        if address.get(name).is_some() {
            object.insert((*name).to_owned(), true.into());
        }
    }
    for (name, _) in DAY_FILTERS {
        let typed = format!("{name}_text");
        if let Some(text) = address.get(name).or_else(|| address.get(&typed)) {
            let read = parse_date(text, req.loc.prefs.calendar, req.loc.today().0);
            if let Some(day) = problems.take(read.map_err(|problem| Problem::new(name, problem.key()))) {
                object.insert(name.to_owned(), Value::String(day.to_string()));
            }
        }
    }
    problems.check()?;
    input(object)
}

/// What the address of a list filters by.
///
/// # Errors
/// Problems at the filters' fields.
pub async fn filters_of(req: &Req, query: Option<&str>) -> Result<PartyFilters, Error> {
    Ok(asked(req, &read(req, query).await?)?.filters())
}

struct Head {
    word: &'static str,
    label: String,
    /// Where a click on the head leads, and how the column is sorted now.
    sort: Option<(String, &'static str)>,
    end: bool,
}

/// A list that is one click away.
pub(super) struct Tab {
    pub(super) icon: &'static str,
    pub(super) label: String,
    pub(super) href: String,
    pub(super) current: bool,
}

struct Chip {
    label: String,
    words: String,
    without: String,
}

#[derive(Template)]
#[template(path = "parties/index.html", blocks = ["list"])]
struct IndexPage {
    s: Shell,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    heads: Vec<Head>,
    rows: Vec<PartySummary>,
    q: String,
    kept: Vec<(String, String)>,
    filters_href: String,
    columns_href: String,
    count_href: String,
    /// Addresses of the export as CSV and as XLSX.
    export: Option<(String, String)>,
    import: bool,
    /// Whether doubles may be looked through.
    merge: bool,
    /// Where a segment is made of what is filtered by.
    segment_href: Option<String>,
    /// Where what is shown is kept as a view, unless it is one.
    view_href: Option<String>,
    /// One's own view that is shown.
    view: Option<Id<View>>,
    next: Option<String>,
    previous: Option<String>,
    sorted: String,
    currency: Currency,
    now: Instant,
    /// Nothing is filtered and nothing is there: the first visit.
    fresh: bool,
    change: bool,
    /// Colleagues to give customers to.
    owners: Vec<(String, String)>,
    /// Segments to put customers into.
    segments: Vec<(String, String)>,
}

impl IndexPage {
    fn overdue(&self, at: &Instant) -> bool {
        *at < self.now
    }

    /// The bands of a customer.
    fn rfm(&self, row: &PartySummary) -> Option<(i64, i64, i64)> {
        Some((row.recency?, row.frequency?, row.value?))
    }

    /// How old a customer is.
    fn age(&self, row: &PartySummary) -> Option<i64> {
        row.birth_on.map(|born| self.s.loc.today().years_since(born))
    }

    /// An amount in whole minor units.
    fn rounded(&self, minor: &f64) -> i64 {
        minor.round() as i64
    }
}

/// The list.
pub async fn index(req: Req, RawQuery(query): RawQuery) -> PageResult {
    let address = read(&req, query.as_deref()).await?;
    let asked = asked(&req, &address)?;
    let filters = asked.filters();
    let sort = asked.sort.unwrap_or(Sort::Name);
    let desc = asked.desc.unwrap_or(false);
    let kept = views(&req, &asked, address.get("cols")).await?;
    let listed = req.ctx.run(list::list, asked).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let shown: Vec<&str> = match address.get("cols") {
        Some(words) => words.split(',').collect(),
        None => USUAL_COLUMNS.to_vec(),
    };
    let mut heads = vec![head(&req, &address, "name", "parties-name", Some(Sort::Name), sort, desc)];
    heads.extend(
        columns_for(&req)
            .filter(|(word, ..)| shown.contains(word))
            .map(|(word, label, by)| head(&req, &address, word, label, *by, sort, desc)),
    );
    let change = req.can(Room::Parties, Act::Change);
    let view = IndexPage {
        s: req.shell("parties", req.t("menu-parties")),
        tabs: tabs(&req, &filters, kept.tabs),
        view_href: (!kept.is_known).then(|| link(&address.rest(&["after", "before"])).replacen("/parties", "/parties/views/new", 1)),
        view: kept.own,
        chips: chips(&req, &address, &filters, currency).await?,
        heads,
        q: address.get("q").unwrap_or_default().to_owned(),
        kept: address.rest(&["q", "after", "before"]).iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        filters_href: link(&address.rest(&["after", "before"])).replacen("/parties", "/parties/filters", 1),
        columns_href: link(&address.rest(&["after", "before"])).replacen("/parties", "/parties/columns", 1),
        count_href: link(&address.rest(&["after", "before", "sort", "desc", "cols"])).replacen("/parties", "/parties/count", 1),
        export: req.can(Room::Parties, Act::Export).then(|| {
            let list = link(&address.rest(&["after", "before"]));
            (list.replacen("/parties", "/parties/file/export.csv", 1), list.replacen("/parties", "/parties/file/export.xlsx", 1))
        }),
        import: req.can(Room::Imports, Act::Create),
        merge: req.can(Room::Parties, Act::Delete),
        segment_href: (filters != PartyFilters::default() && req.can(Room::Marketing, Act::Create))
            .then(|| link(&address.rest(&["after", "before", "sort", "desc", "cols"])).replacen("/parties", "/segments/new", 1)),
        next: listed.next.as_ref().map(|place| address.with("after", place)),
        previous: listed.previous.as_ref().map(|place| address.with("before", place)),
        sorted: req.t(sort_label(sort)),
        currency,
        now: req.ctx.now(),
        fresh: listed.items.is_empty() && filters == PartyFilters::default() && address.get("after").is_none(),
        change,
        segments: if change && req.can(Room::Marketing, Act::Change) {
            req.ctx.run(segments::names_of, Nothing {}).await?.into_iter().map(|one| (one.id.to_string(), one.name)).collect()
        } else {
            Vec::new()
        },
        owners: if change { everybody(&req).await?.into_iter().map(|one| (one.id.to_string(), one.name)).collect() } else { Vec::new() },
        rows: listed.items,
    };
    if req.htmx { page(&req, &view.as_list()) } else { page(&req, &view) }
}

/// The columns that the reader may see.
fn columns_for(req: &Req) -> impl Iterator<Item = &'static (&'static str, &'static str, Option<Sort>)> {
    let sees_scores = req.can(Room::Insight, Act::See);
    COLUMNS.iter().filter(move |(word, ..)| sees_scores || !SCORE_COLUMNS.contains(word))
}

fn sort_label(sort: Sort) -> &'static str {
    match sort {
        Sort::Name => "parties-name",
        Sort::Created => "parties-created-at",
        Sort::LastContact => "parties-last-contact",
        Sort::LastPurchase => "parties-last-purchase",
        Sort::Spent => "parties-spent",
        Sort::NextFollowUp => "parties-next",
        Sort::Active => "parties-active",
        Sort::Worth => "parties-worth",
        Sort::Rfm => "parties-rfm",
        Sort::Rhythm => "parties-habit",
        Sort::Profit => "parties-profit",
    }
}

/// A column head: a click sorts by it, a second one the other way round. What looks back starts with the newest.
fn head(req: &Req, address: &Address, word: &'static str, label: &str, by: Option<Sort>, sort: Sort, desc: bool) -> Head {
    let sort = by.map(|by| {
        let current = by == sort;
        let newest_first = !matches!(by, Sort::Name | Sort::NextFollowUp | Sort::Rhythm);
        let descending = if current { !desc } else { newest_first };
        let mut pairs = address.rest(&["sort", "desc", "after", "before"]);
        pairs.push(("sort", by.as_str()));
        if descending {
            pairs.push(("desc", "1"));
        }
        (
            link(&pairs),
            if !current {
                "none"
            } else if desc {
                "descending"
            } else {
                "ascending"
            },
        )
    });
    Head { word, label: req.t(label), sort, end: matches!(word, "spent" | "active" | "worth" | "age") }
}

/// The lists that everybody has, and those that were kept.
fn tabs(req: &Req, filters: &PartyFilters, kept: Vec<Tab>) -> Vec<Tab> {
    let mine = req.ctx.actor.user();
    let week_ago = req.loc.today().plus(-7);
    let views = [
        ("", "parties-view-all", PartyFilters::default()),
        ("user", "parties-view-mine", PartyFilters { owner_id: mine, ..PartyFilters::default() }),
        ("calendar-off", "parties-view-none", PartyFilters { next: Some(Next::None), ..PartyFilters::default() }),
        ("clock-exclamation", "parties-view-overdue", PartyFilters { next: Some(Next::Overdue), ..PartyFilters::default() }),
        ("trending-down", "parties-view-silent", PartyFilters { silent: Some(true), ..PartyFilters::default() }),
        ("sparkles", "parties-view-new", PartyFilters { created_from: Some(week_ago), ..PartyFilters::default() }),
    ];
    let is_kept = kept.iter().any(|tab| tab.current);
    let usual = views.into_iter().map(|(icon, label, view)| Tab {
        icon,
        label: req.t(label),
        href: list_of(&view),
        current: view == *filters && !is_kept,
    });
    usual.chain(kept).collect()
}

/// The address of the list that these filters leave.
pub fn list_of(filters: &PartyFilters) -> String {
    let pairs = serde_json::to_value(filters).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let pairs: Vec<(&str, String)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect();
    link(&pairs.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
}

async fn chips(req: &Req, address: &Address, filters: &PartyFilters, currency: Currency) -> Result<Vec<Chip>, PageError> {
    let mut chips = Vec::new();
    let loc = &req.loc;
    let given = serde_json::to_value(filters).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    for (name, label) in TEXT_FILTERS.iter().chain(&DAY_FILTERS) {
        let Some(value) = given.get(*name).and_then(Value::as_str).filter(|_| *name != "q") else { continue };
        let words = match *name {
            "kind" => loc.t(&format!("parties-kind-{value}")),
            "role" | "gender" | "stance" | "source" | "need" | "education" => loc.term(name, value),
            "income" => loc.term("income_band", value),
            "rule" => rule_in_words(req, value).await,
            "next" => loc.t(&format!("parties-next-{value}")),
            "habit" => loc.t(&format!("insight-habit-{value}")),
            "owner_id" => everybody(req)
                .await?
                .into_iter()
                .find(|one| Some(one.id) == filters.owner_id)
                .map_or_else(|| loc.t("nobody"), |one| one.name),
            "unit_id" => everybody(req)
                .await?
                .into_iter()
                .find(|one| Some(one.unit_id) == filters.unit_id)
                .map_or_else(|| loc.t("nobody"), |one| one.unit),
            "import_id" => String::new(),
            "products" => product_names(req, value).await?,
            "segment_id" => match filters.segment_id {
                Some(id) => req.ctx.run(segments::get, SegmentId { id }).await?.name,
                None => String::new(),
            },
            "spent_from" | "spent_until" | "worth_from" | "worth_until" => Money::parse(value, currency, MoneyUnit::Currency)
                .map_or_else(|_| value.to_owned(), |money| money.format_with_unit(loc.prefs.money_unit, loc.prefs.digits, loc.prefs.lang)),
            _ if DAY_FILTERS.iter().any(|(day, _)| day == name) => {
                value.parse::<Day>().map_or_else(|_| value.to_owned(), |day| loc.day(day))
            }
            _ => value.to_owned(),
        };
        chips.push(Chip { label: loc.t(label), words, without: address.without(name) });
    }
    for (name, label) in NUMBER_FILTERS {
        let Some(value) = given.get(name) else { continue };
        let words = match value.as_i64() {
            Some(band) if !name.starts_with("active") => loc.number(band),
            _ => loc.percent(value.as_f64().unwrap_or_default()),
        };
        chips.push(Chip { label: loc.t(label), words, without: address.without(name) });
    }
    for (name, label) in FLAGS {
        if given.contains_key(name) {
            chips.push(Chip { label: loc.t(label), words: loc.t("yes"), without: address.without(name) });
        }
    }
    Ok(chips)
}

/// The names of products, for who may know them.
async fn product_names(req: &Req, ids: &str) -> Result<String, Error> {
    if !req.can(Room::Sales, Act::See) {
        return Ok(req.loc.number(ids.split(',').count() as i64));
    }
    let found = req.ctx.run(products::list, ListProducts { ids: Some(ids.to_owned()), ..ListProducts::default() }).await?;
    let names = found.items.iter().map(|product| format!("\u{2068}{}\u{2069}", product.name));
    Ok(names.collect::<Vec<_>>().join(&req.t("timeline-comma")))
}

/// A rule as a sentence; nothing for who may not know it.
async fn rule_in_words(req: &Req, text: &str) -> String {
    let Ok(rule) = serde_json::from_str(text) else { return String::new() };
    req.ctx.run(segments::describe_rule, DescribeRule { rule }).await.map_or_else(|_| String::new(), |told| told.sentence)
}

pub(super) async fn everybody(req: &Req) -> Result<Vec<Colleague>, Error> {
    req.ctx.run(colleagues::list, Nothing {}).await
}

pub(super) fn units_of(people: &[Colleague]) -> Vec<(String, String)> {
    let mut units: Vec<(String, String)> = people.iter().map(|one| (one.unit_id.to_string(), one.unit.clone())).collect();
    units.sort_by(|one, other| one.1.cmp(&other.1));
    units.dedup();
    units
}

/// How many the list has, in words; asked for after the list is there.
pub async fn count(req: Req, RawQuery(query): RawQuery) -> PageResult {
    let asked = asked(&req, &read(&req, query.as_deref()).await?)?;
    let counted = req.ctx.run(list::count, asked.filters()).await?;
    let key = if counted.more { "parties-more-than" } else { "parties-count" };
    Ok(html(req.loc.t1(key, "count", counted.count)).into_response())
}

#[derive(Template)]
#[template(path = "parties/columns.html", blocks = ["form"])]
struct ColumnsPage {
    s: Shell,
    kept: Vec<(String, String)>,
    columns: Vec<(&'static str, String, bool)>,
}

/// Which columns are shown.
pub async fn columns(req: Req, RawQuery(query): RawQuery) -> PageResult {
    let address = Address::read(query.as_deref());
    let shown: Vec<&str> = address.get("cols").map_or_else(|| USUAL_COLUMNS.to_vec(), |words| words.split(',').collect());
    let view = ColumnsPage {
        s: req.shell("parties", req.t("parties-columns")).crumb(req.t("menu-parties"), "/parties"),
        kept: address.0.iter().filter(|(name, _)| name != "cols").cloned().collect(),
        columns: columns_for(&req).map(|(word, label, _)| (*word, req.t(label), shown.contains(word))).collect(),
    };
    if req.dialog { page(&req, &view.as_form()) } else { page(&req, &view) }
}

/// Takes the chosen columns over into the address of the list.
pub async fn choose_columns(req: Req, sent: Sent) -> PageResult {
    let mut pairs: Vec<(&str, &str)> =
        sent.0.iter().filter(|(name, _)| name != "col").map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let chosen = sent.all("col").join(",");
    let chosen = if chosen.is_empty() { "-".to_owned() } else { chosen };
    pairs.push(("cols", &chosen));
    Ok(crate::page::go(&req, &link(&pairs), None))
}

/// The list as a file: what it filters and shows, in its order.
pub async fn export(req: Req, Path(file): Path<String>, RawQuery(query): RawQuery) -> PageResult {
    let address = read(&req, query.as_deref()).await?;
    let list = asked(&req, &address)?;
    let format = file.strip_prefix("export.").and_then(|format| format.parse().ok()).ok_or(Error::NotFound("page"))?;
    let mut columns = vec![Column::Name, Column::Code];
    let shown: Vec<&str> = address.get("cols").map_or_else(|| USUAL_COLUMNS.to_vec(), |words| words.split(',').collect());
    columns.extend(columns_for(&req).filter(|(word, ..)| shown.contains(word)).filter_map(|(word, ..)| match *word {
        "next" => Some(Column::NextFollowUp),
        word => word.parse().ok(),
    }));
    let exported = export::export(&req.ctx, ExportParties { list, columns, format }).await?;
    let headers = [
        (header::CONTENT_TYPE, exported.media.to_owned()),
        (header::CONTENT_LENGTH, exported.bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", exported.name)),
    ];
    let mut file = tokio::fs::File::from_std(exported.file);
    let body = async_stream::stream! {
        let mut buffer = vec![0; FILE_PIECE];
        loop {
            match tokio::io::AsyncReadExt::read(&mut file, &mut buffer).await {
                Ok(0) => break,
                Ok(read) => yield Ok(Bytes::copy_from_slice(&buffer[..read])),
                Err(error) => {
                    yield Err(error);
                    break;
                }
            }
        }
    };
    Ok((headers, Body::from_stream(body)).into_response())
}
