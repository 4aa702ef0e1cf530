//! What the numbers say: who is recent, frequent and valuable, who is likely still there, who is slipping away. Each figure
//! with its count or range and the way it was worked out; each count leads to the customers behind it.

mod cohorts;
mod competitors;
mod conversion;
mod costs;
mod keeping;
mod movement;
mod needs;
mod paging;
mod people;
mod product_sales;
mod products;
mod ranking;
mod relation;
mod rhythm;
mod risk;
mod rules;
mod saves;
mod sources;
mod trend;
mod value;

pub(crate) use products::{NextBox, next_box};
pub(crate) use relation::{RelationBox, relation_box};
pub(crate) use value::{ProfitBox, profit_box};

use crate::State;
use crate::error::PageResult;
use crate::follow_ups::acted;
use crate::page::{self, Flash, Shell};
use crate::parties::list_of;
use crate::request::Req;
use askama::Template;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use peyvand_core::insight::fits::{self, Concentration, FitKind, Missing, Model, RefusedFor};
use peyvand_core::insight::guard::Shortage;
use peyvand_core::insight::models::BANDS;
use peyvand_core::insight::{Estimate, Fit, refresh, scores};
use peyvand_core::operation::Nothing;
use peyvand_core::parties::list::{self, ListParties, PartyFilters, PartySummary, Sort};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::csv_safe;
use peyvand_core::platform::undo::Undo;
use peyvand_core::{Act, Id, Room};

/// Customers that are named; the rest is in the list.
const SLIPPING: i64 = 8;
/// Who came often and spent much has at least this mean of both bands …
const REGULAR: i64 = 4;
/// … and is slipping away when it is more likely than not that they have gone.
const GONE: f64 = 0.5;
/// Columns of the list that a figure of this page leads to.
const COLUMNS: &str = "cols=last_purchase,spent,rfm,active,worth,owner";

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new()
        .route("/insight", get(index))
        .route("/insight/refresh", post(ask))
        .route("/insight/cohorts", get(cohorts::index))
        .route("/insight/cohorts.csv", get(cohorts::csv))
        .route("/insight/rhythm", get(rhythm::index))
        .route("/insight/rhythm.csv", get(rhythm::csv))
        .route("/insight/risk", get(risk::index))
        .route("/insight/risk.csv", get(risk::csv))
        .route("/insight/risk/saves", get(saves::index).post(saves::create))
        .route("/insight/risk/saves/new", get(saves::fresh))
        .route("/insight/risk/saves/{id}/remove", post(saves::remove))
        .route("/insight/products", get(products::index))
        .route("/insight/products.csv", get(products::csv))
        .route("/insight/products/together", get(rules::index))
        .route("/insight/products/together.csv", get(rules::csv))
        .route("/insight/products/sales", get(product_sales::index))
        .route("/insight/products/sales.csv", get(product_sales::csv))
        .route("/insight/needs", get(needs::index))
        .route("/insight/needs.csv", get(needs::csv))
        .route("/insight/sources", get(sources::index))
        .route("/insight/sources.csv", get(sources::csv))
        .route("/insight/sources/keeping", get(keeping::index))
        .route("/insight/sources/keeping.csv", get(keeping::csv))
        .route("/insight/trend", get(trend::index))
        .route("/insight/trend.csv", get(trend::csv))
        .route("/insight/conversion", get(conversion::index))
        .route("/insight/conversion.csv", get(conversion::csv))
        .route("/insight/competitors", get(competitors::index))
        .route("/insight/competitors.csv", get(competitors::csv))
        .route("/insight/value", get(value::index))
        .route("/insight/value.csv", get(value::csv))
        .route("/insight/value/rates", post(value::set_rates))
        .route("/insight/value/refresh", post(value::refresh))
        .route("/insight/value/customers", get(value::customers))
        .route("/insight/value/relations", get(ranking::index))
        .route("/insight/value/relations.csv", get(ranking::csv))
        .route("/insight/value/relations/{id}/spending", get(ranking::stating).post(ranking::state))
        .route("/insight/value/movement", get(movement::index))
        .route("/insight/value/moved", get(movement::moved))
        .route("/insight/value/moved.csv", get(movement::csv))
        .route("/insight/value/people", get(people::index))
        .route("/insight/value/people.csv", get(people::csv))
        .route("/insight/value/costs", get(costs::index).post(costs::create))
        .route("/insight/value/costs/new", get(costs::fresh))
        .route("/insight/value/costs/{id}/remove", post(costs::remove))
        .route("/insight/value/{id}/decide", get(value::deciding).post(value::decide))
}

/// A cell of the grid.
struct Cell {
    count: String,
    /// What such customers are called; only those that people speak of.
    name: Option<String>,
    /// What a screen reader says of it.
    label: String,
    href: String,
    /// Depth of its colour, 0 to 100.
    depth: i64,
}

/// A row of the grid.
struct Row {
    label: String,
    cells: Vec<Cell>,
}

/// A band of the probability.
struct Bar {
    label: String,
    count: String,
    share: String,
    href: String,
    /// Length, 0 to 100.
    length: i64,
}

/// A figure of all customers.
struct Figure {
    label: String,
    value: String,
    unit: String,
    about: String,
}

/// On how few customers the sales rest.
struct Shared {
    /// The curve, as points of its picture.
    points: String,
    /// Where the best fifth stands.
    fifth: (f64, f64),
    /// What is said beside that place.
    mark: String,
    /// In words.
    sentence: String,
    classes: Vec<Class>,
    /// Part of the customers, part of the sales.
    steps: Vec<(String, String)>,
}

/// A class of customers by sales.
struct Class {
    name: String,
    customers: String,
    of_customers: String,
    of_sales: String,
    href: String,
}

/// The model of purchases, tried on the last quarter.
struct Tried {
    /// What was expected and what came, in words.
    sentences: Vec<String>,
    /// Group, customers, expected, came, range of chance, mark.
    rows: Vec<(String, String, String, String, String, &'static str)>,
    notes: Vec<String>,
}

/// Left and lower edge of the curve's picture, its width and height.
const PICTURE: (f64, f64, f64, f64) = (44.0, 206.0, 460.0, 190.0);
/// Why there is no figure, or how it came about.
struct Told {
    /// Whether it is for want of a fit, not of data.
    unfit: bool,
    /// What is missing; empty where there is a figure.
    lacks: Vec<String>,
    how: Vec<String>,
}

#[derive(Template)]
#[template(path = "insight/index.html", blocks = ["numbers"])]
struct InsightPage {
    s: Shell,
    /// Nothing was worked out yet.
    waiting: bool,
    /// Nobody has bought anything.
    bare: bool,
    customers: i64,
    /// From when to when.
    window: String,
    refreshed: String,
    figures: Vec<Figure>,
    heads: Vec<String>,
    rows: Vec<Row>,
    grid: Told,
    bars: Vec<Bar>,
    activity: Told,
    active: Option<String>,
    spending: Told,
    /// Whether the reader sees what is of the shop as a whole.
    whole_shop: bool,
    shared: Option<Shared>,
    concentration: Told,
    tried: Option<Tried>,
    trial: Told,
    slipping: Vec<(PartySummary, String)>,
    slipping_all: String,
    currency: Currency,
    /// Addresses of the export as XLSX and as CSV.
    export: Option<(String, String)>,
    may_refresh: bool,
    may_import: bool,
    may_plan: bool,
}

impl InsightPage {
    /// Heights of the curve's picture with their labels.
    fn levels(&self) -> Vec<(f64, String)> {
        let (_, bottom, _, height) = PICTURE;
        (0..=4).map(|quarter| f64::from(quarter) / 4.0).map(|share| (bottom - share * height, self.s.percent(share))).collect()
    }

    /// Places along its lower edge.
    fn parts(&self) -> Vec<(f64, String)> {
        let (left, _, width, _) = PICTURE;
        (0..=4).map(|quarter| f64::from(quarter) / 4.0).map(|part| (left + part * width, self.s.percent(part))).collect()
    }
}

async fn index(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let (rfm, activity, fits) = tokio::try_join!(
        req.ctx.run(scores::rfm, Nothing {}),
        req.ctx.run(scores::activity, Nothing {}),
        req.ctx.run(fits::current, Nothing {})
    )?;
    let of_kind = |kind| fits.iter().find(|fit| fit.kind == kind);
    let (concentration, trial) = (of_kind(FitKind::Concentration), of_kind(FitKind::Trial));
    let loc = &req.loc;
    let slipping_filters = PartyFilters { frequency_value_from: Some(REGULAR), active_until: Some(GONE), ..PartyFilters::default() };
    let has_both = is_fitted(rfm.fit.as_ref()) && is_fitted(activity.fit.as_ref());
    let slipping = if has_both && req.can(Room::Parties, Act::See) {
        let input = ListParties { sort: Some(Sort::Spent), desc: Some(true), limit: Some(SLIPPING), ..slipping_filters.clone().into() };
        req.ctx.run(list::list, input).await?.items
    } else {
        Vec::new()
    };
    let fit = rfm.fit.as_ref();
    let currency = match fit {
        Some(fit) => fit.currency,
        None => req.ctx.app.organisation().await?.currency,
    };
    let window = |fit: &Fit| {
        let from = fit.from_on.unwrap_or(fit.as_of);
        loc.ta("insight-window", &[("from", loc.day(from).into()), ("until", loc.day(fit.as_of).into())])
    };
    let view = InsightPage {
        waiting: fit.is_none(),
        bare: fit.is_some_and(|fit| fit.customers == 0),
        customers: fit.map_or(0, |fit| fit.customers),
        window: fit.map(window).unwrap_or_default(),
        refreshed: fit.and_then(|fit| fit.finished_at).map(|at| loc.t1("insight-refreshed", "when", loc.when(at))).unwrap_or_default(),
        figures: figures(loc, &rfm, &activity, currency),
        heads: (1..=BANDS as i64).rev().map(|band| loc.t1("insight-recency", "band", band)).collect(),
        rows: grid(loc, &rfm),
        grid: told(loc, fit),
        bars: bars(loc, &activity),
        active: activity.active.map(|active| {
            loc.ta("insight-active-of", &[("active", about(loc, active.value).into()), ("customers", activity.customers.into())])
        }),
        activity: told(loc, activity.fit.as_ref()),
        spending: told(loc, activity.spending.as_ref()),
        whole_shop: concentration.is_some(),
        shared: concentration.and_then(|fit| shared(loc, fit)),
        concentration: told(loc, concentration),
        tried: trial.and_then(|fit| tried(loc, fit)),
        trial: told(loc, trial),
        slipping: slipping
            .into_iter()
            .map(|one| {
                let when = one.last_purchase_on.map(|day| loc.t1("today-last-purchase", "when", loc.day_near(day))).unwrap_or_default();
                (one, when)
            })
            .collect(),
        slipping_all: format!("{}&sort=spent&desc=1&{COLUMNS}", list_of(&slipping_filters)),
        currency,
        export: (req.can(Room::Parties, Act::Export) && has_both).then(|| {
            let file = |ending: &str| format!("/parties/file/export.{ending}?active_from=0&sort=worth&desc=1&{COLUMNS}");
            (file("xlsx"), file("csv"))
        }),
        may_refresh: req.can(Room::Insight, Act::Change),
        may_import: req.can(Room::Imports, Act::Create),
        may_plan: req.can(Room::FollowUps, Act::Create),
        s: req.shell("insight", req.t("menu-insight")),
    };
    if req.htmx { page::page(&req, &view.as_numbers()) } else { page::page(&req, &view) }
}

fn is_fitted(fit: Option<&Fit>) -> bool {
    fit.is_some_and(|fit| fit.model.is_some())
}

/// A number of customers or purchases that is only expected.
fn about(loc: &Loc, value: f64) -> String {
    loc.rounded(value, u32::from(value < 10.0))
}

/// «۸۰۰ تا ۹۰۰».
fn range(loc: &Loc, estimate: &Estimate) -> Option<String> {
    let (low, high) = estimate.low.zip(estimate.high)?;
    Some(loc.ta("insight-range", &[("low", about(loc, low).into()), ("high", about(loc, high).into())]))
}

fn figures(loc: &Loc, rfm: &scores::RfmGrid, activity: &scores::Activity, currency: Currency) -> Vec<Figure> {
    let mut figures = Vec::new();
    if let Some(active) = &activity.active {
        figures.push(Figure {
            label: loc.t("insight-active"),
            value: about(loc, active.value),
            unit: loc.t1("insight-of-customers", "count", activity.customers),
            about: range(loc, active).unwrap_or_else(|| loc.t("insight-expected")),
        });
    }
    if let Some(soon) = &activity.purchases_90d {
        figures.push(Figure {
            label: loc.t("insight-soon"),
            value: about(loc, soon.value),
            unit: loc.t("insight-visits"),
            about: range(loc, soon).unwrap_or_else(|| loc.t("insight-expected")),
        });
    }
    if let Some(value) = activity.value_12m_minor {
        figures.push(Figure {
            label: loc.t("insight-worth"),
            value: loc.amount_brief(value.round() as i64, currency),
            unit: loc.money_unit(currency).to_owned(),
            about: loc.t("insight-worth-about"),
        });
    }
    if rfm.customers > 0 {
        let best: i64 =
            rfm.cells.iter().filter(|cell| cell.recency >= REGULAR && cell.frequency_value >= REGULAR).map(|cell| cell.customers).sum();
        figures.push(Figure {
            label: loc.t("insight-best"),
            value: loc.number(best),
            unit: loc.t1("insight-of-customers", "count", rfm.customers),
            about: loc.t("insight-best-about"),
        });
    }
    figures
}

fn grid(loc: &Loc, rfm: &scores::RfmGrid) -> Vec<Row> {
    let most = rfm.cells.iter().map(|cell| cell.customers).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let bands = || (1..=rfm.bands).rev();
    let cell = |recency: i64, frequency_value: i64| {
        let found = rfm.cells.iter().find(|cell| (cell.recency, cell.frequency_value) == (recency, frequency_value));
        let customers = found.map_or(0, |cell| cell.customers);
        let filters = PartyFilters { recency: Some(recency), frequency_value: Some(frequency_value), ..PartyFilters::default() };
        let args = [("count", customers.into()), ("recency", recency.into()), ("value", frequency_value.into())];
        let key = format!("insight-cell-{recency}-{frequency_value}");
        Cell {
            count: loc.number(customers),
            name: loc.has(&key).then(|| loc.t(&key)),
            label: loc.ta("insight-cell", &args),
            href: format!("{}&sort=spent&desc=1&{COLUMNS}", list_of(&filters)),
            // By the root, or one crowded cell would leave the others white.
            depth: (100.0 * (customers as f64 / most as f64).sqrt()).round() as i64,
        }
    };
    bands()
        .map(|row| Row {
            label: loc.t1("insight-frequency-value", "band", row),
            cells: bands().map(|recency| cell(recency, row)).collect(),
        })
        .collect()
}

fn bars(loc: &Loc, activity: &scores::Activity) -> Vec<Bar> {
    let most = activity.bands.iter().map(|band| band.customers).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let bar = |band: &scores::ActivityBand| {
        let filters = PartyFilters { active_from: Some(band.from), active_until: Some(band.until), ..PartyFilters::default() };
        Bar {
            label: loc.ta("insight-band", &[("from", loc.percent(band.from).into()), ("until", loc.percent(band.until).into())]),
            count: loc.number(band.customers),
            share: loc.percent(band.customers as f64 / activity.customers as f64),
            href: format!("{}&sort=active&desc=1&{COLUMNS}", list_of(&filters)),
            length: band.customers * 100 / most,
        }
    };
    activity.bands.iter().rev().map(bar).collect()
}

/// A sentence in its own direction: pictures are drawn from left to right.
fn along(loc: &Loc, text: &str) -> String {
    let mark = if loc.dir() == "rtl" { '\u{2067}' } else { '\u{2066}' };
    format!("{mark}{text}\u{2069}")
}

fn shared(loc: &Loc, fit: &Fit) -> Option<Shared> {
    let Some(Model::Concentration(Concentration { curve, gini, classes, .. })) = &fit.model else { return None };
    let (left, bottom, width, height) = PICTURE;
    let place = |part: f64, share: f64| (left + part * width, bottom - share * height);
    let points: Vec<String> = curve
        .iter()
        .enumerate()
        .map(|(percent, share)| place(percent as f64 / 100.0, *share))
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let fifth = *curve.get(20)?;
    let best = classes.first()?;
    let of_customers = |customers: i64| loc.percent(customers as f64 / fit.customers.max(1) as f64);
    let total: i64 = classes.iter().map(|class| class.net_minor).sum();
    let class = |(at, class): (usize, &fits::SalesClass)| {
        let decimal = |minor: i64| Money { minor, currency: fit.currency }.decimal_string();
        let better = at.checked_sub(1).and_then(|better| classes.get(better)).map(|better| decimal(better.least_minor - 1));
        let filters = PartyFilters {
            // Who bought, also where nothing or less remained of it.
            last_purchase_from: fit.from_on,
            spent_from: (class.least_minor > 0).then(|| decimal(class.least_minor)),
            spent_until: better,
            ..PartyFilters::default()
        };
        Class {
            name: class.name.clone(),
            customers: loc.number(class.customers),
            of_customers: of_customers(class.customers),
            of_sales: loc.percent(class.net_minor as f64 / total.max(1) as f64),
            href: format!("{}&sort=spent&desc=1&{COLUMNS}", list_of(&filters)),
        }
    };
    let part = |percent: usize| loc.percent(percent as f64 / 100.0);
    Some(Shared {
        points: points.join(" "),
        fifth: place(0.2, fifth),
        mark: along(loc, &loc.ta("insight-shared-mark", &[("part", part(20).into()), ("share", loc.percent(fifth).into())])),
        sentence: loc.ta(
            "insight-shared-sentence",
            &[("count", best.customers.into()), ("part", of_customers(best.customers).into()), ("gini", loc.rounded(*gini, 2).into())],
        ),
        classes: classes.iter().enumerate().filter(|(_, class)| class.customers > 0).map(class).collect(),
        steps: (10..=100).step_by(10).filter_map(|percent| Some((part(percent), loc.percent(curve.get(percent)?)))).collect(),
    })
}

/// A miss below this is none.
const HARDLY: f64 = 0.005;

fn tried(loc: &Loc, fit: &Fit) -> Option<Tried> {
    let Some(Model::Trial(tried)) = &fit.model else { return None };
    let (expected, came) = (tried.expected.value, tried.came.value);
    let customers: i64 = tried.groups.iter().map(|group| group.customers).sum();
    let between = |estimate: &Estimate| {
        let (low, high) = estimate.low.zip(estimate.high)?;
        Some(loc.ta("insight-between", &[("low", about(loc, low).into()), ("high", about(loc, high).into())]))
    };
    let with_range = |estimate: &Estimate| match between(estimate) {
        Some(range) => loc.ta("insight-trial-with-range", &[("value", about(loc, estimate.value).into()), ("range", range.into())]),
        None => about(loc, estimate.value),
    };
    let mut sentences = vec![loc.ta(
        "insight-trial-sentence",
        &[
            ("known", loc.day(tried.known_until).into()),
            ("until", loc.day(tried.until).into()),
            ("customers", customers.into()),
            ("expected", with_range(&tried.expected).into()),
            ("came", with_range(&tried.came).into()),
        ],
    )];
    if came > 0.0 {
        let miss = expected / came - 1.0;
        let key = match miss {
            miss if miss.abs() < HARDLY => "insight-trial-even",
            miss if miss < 0.0 => "insight-trial-less",
            _ => "insight-trial-more",
        };
        sentences.push(loc.t1(key, "share", loc.percent(miss.abs())));
    }
    sentences.push(loc.t1("insight-trial-pace", "pace", about(loc, tried.at_pace)));
    let met = tried.groups.iter().filter(|group| group.is_met()).count();
    sentences.push(loc.ta("insight-trial-met", &[("met", met.into()), ("groups", tried.groups.len().into())]));
    let row = |(at, group): (usize, &fits::Foreseen)| {
        (
            loc.number(at as i64 + 1),
            loc.number(group.customers),
            about(loc, group.expected),
            about(loc, group.came.value),
            between(&group.came).unwrap_or_default(),
            if group.is_met() { "" } else { "†" },
        )
    };
    let mut notes = vec![loc.t("insight-trial-note")];
    if met < tried.groups.len() {
        notes.push(loc.t("insight-trial-outside"));
    }
    Some(Tried { sentences, rows: tried.groups.iter().enumerate().map(row).collect(), notes })
}

/// One thing that is missing, in words, and when it will be enough.
fn lack(loc: &Loc, missing: &Missing) -> String {
    let words = loc.ta(&format!("insight-lack-{}", missing.of), &[("have", missing.have.into()), ("need", missing.need.into())]);
    match missing.enough_on {
        Some(day) => format!("{words} {}", loc.t1("insight-enough", "day", loc.day(day))),
        None => words,
    }
}

fn told(loc: &Loc, fit: Option<&Fit>) -> Told {
    let Some(fit) = fit else { return Told { unfit: false, lacks: Vec::new(), how: Vec::new() } };
    let lacks = match &fit.refusal {
        None => Vec::new(),
        Some(refusal) if refusal.reason == RefusedFor::TooLittle => refusal.missing.iter().map(|missing| lack(loc, missing)).collect(),
        Some(_) => vec![loc.t("insight-no-optimum")],
    };
    let unfit = fit.refusal.as_ref().is_some_and(|refusal| refusal.reason != RefusedFor::TooLittle);
    Told { unfit, lacks, how: how(loc, fit) }
}

/// Numbers one after another in the direction of the reader: by themselves they have none.
fn listed(loc: &Loc, items: Vec<String>) -> String {
    let mark = if loc.dir() == "rtl" { "\u{200f}" } else { "" };
    format!("{mark}{}", items.join(&loc.t("timeline-comma")))
}

/// How a fit came about: what it learned from, what was fitted, how good it is.
fn how(loc: &Loc, fit: &Fit) -> Vec<String> {
    let mut lines = vec![loc.t(&format!("insight-how-{}", fit.kind))];
    let named = |parameters: &[fits::Parameter]| {
        let one = |one: &fits::Parameter| format!("\u{2066}{} = {}\u{2069}", one.name, loc.rounded(one.value, 4));
        loc.t1("insight-parameters", "parameters", listed(loc, parameters.iter().map(one).collect()))
    };
    match &fit.model {
        Some(Model::Cuts { recency, frequency, value }) => {
            let list = |points: &[f64]| listed(loc, points.iter().map(|point| loc.rounded(*point, 1)).collect());
            let values = listed(loc, value.iter().map(|point| loc.amount(point.round() as i64, fit.currency)).collect());
            lines.push(loc.t1("insight-cuts-recency", "cuts", list(recency)));
            lines.push(loc.t1("insight-cuts-frequency", "cuts", list(frequency)));
            lines.push(loc.ta("insight-cuts-value", &[("cuts", values.into()), ("unit", loc.money_unit(fit.currency).into())]));
        }
        Some(Model::Parameters { parameters, .. }) => lines.push(named(parameters)),
        Some(Model::Trial(tried)) => lines.push(named(&tried.fitted)),
        Some(Model::Concentration(shared)) => lines.push(loc.t1("insight-without", "count", shared.without)),
        None => {}
    }
    let Some(quality) = &fit.quality else { return lines };
    lines.push(loc.t1("insight-learned", "count", quality.customers));
    if let (Some(repeats), Some(expected)) = (quality.repeats, quality.repeats_expected) {
        lines.push(loc.ta("insight-past", &[("expected", about(loc, expected).into()), ("repeats", repeats.into())]));
    }
    if quality.starts > 0 {
        lines.push(loc.ta("insight-starts", &[("starts", quality.starts.into()), ("agreed", quality.agreed.into())]));
    }
    if let (Some(correlation), Some(is_independent)) = (quality.correlation, quality.is_independent) {
        let key = if is_independent { "insight-independent" } else { "insight-dependent" };
        lines.push(loc.t1(key, "correlation", loc.rounded(correlation, 2)));
    }
    if fit.kind == FitKind::Activity {
        lines.push(loc.t("insight-how-range"));
    }
    lines
}

/// The scores of a customer, as their page shows them.
pub(crate) struct ScoreBox {
    /// Bands of recency, frequency and value.
    pub(crate) rfm: Option<(i64, i64, i64)>,
    /// A figure, its value, its range.
    pub(crate) lines: Vec<(String, String, Option<String>)>,
    /// Where they come from.
    pub(crate) from: String,
    pub(crate) how: Vec<String>,
    /// What is missing, where there is no figure.
    pub(crate) lacks: Vec<String>,
}

/// The scores of a customer; nothing for who has not bought by the last refresh.
pub(crate) fn score_box(loc: &Loc, told_of: &scores::PartyScores) -> Option<ScoreBox> {
    let scores = told_of.scores.as_ref()?;
    let mut lines = Vec::new();
    let words = |estimate: &Estimate, show: &dyn Fn(f64) -> String| {
        let range = estimate.low.zip(estimate.high);
        range.map(|(low, high)| loc.ta("insight-between", &[("low", show(low).into()), ("high", show(high).into())]))
    };
    let share = |value: f64| loc.percent(value);
    if let Some(active) = &scores.p_active {
        lines.push((loc.t("parties-active"), share(active.value), words(active, &share)));
    }
    let visits = |value: f64| loc.rounded(value, 1);
    if let Some(soon) = &scores.purchases_90d {
        let value = format!("{} {}", visits(soon.value), loc.t("insight-visits"));
        lines.push((loc.t("insight-soon"), value, words(soon, &visits)));
    }
    let brief = |value: f64| loc.amount_brief(value.round() as i64, scores.currency);
    if let Some(worth) = &scores.value_12m_minor {
        lines.push((loc.t("insight-worth"), loc.amount_short(worth.value.round() as i64, scores.currency), words(worth, &brief)));
    }
    let habit = loc.t(&format!("insight-habit-{}", scores.habit));
    let gap = scores.gap_days.map(|gap| rhythm::told(loc, gap, scores.recency_days));
    lines.push((loc.t("parties-habit"), habit, gap));
    let fits = &told_of.fits;
    let from =
        fits.first().map(|fit| loc.ta("insight-scores-from", &[("day", loc.day(fit.as_of).into()), ("count", fit.customers.into())]));
    let mut lacks: Vec<String> = Vec::new();
    for line in fits.iter().flat_map(|fit| told(loc, Some(fit)).lacks) {
        if !lacks.contains(&line) {
            lacks.push(line);
        }
    }
    Some(ScoreBox {
        rfm: scores.recency.zip(scores.frequency).zip(scores.value).map(|((recency, frequency), value)| (recency, frequency, value)),
        lines,
        from: from.unwrap_or_default(),
        how: fits.iter().filter(|fit| fit.model.is_some()).flat_map(|fit| how(loc, fit)).collect(),
        lacks,
    })
}

async fn ask(req: Req) -> PageResult {
    req.ctx.run(refresh::ask, Nothing {}).await?;
    Ok(page::go(&req, "/insight", Some(Flash { text: req.t("insight-asked"), undo: None })))
}

/// What is missing, in words, and when it will be enough.
fn shortages(loc: &Loc, missing: &[Shortage]) -> Vec<String> {
    let words = |one: &Shortage| {
        let words = loc.ta(&format!("insight-short-{}", one.of), &[("have", one.have.into()), ("need", one.need.into())]);
        match one.enough_on {
            Some(day) => format!("{words} {}", loc.t1("insight-short-until", "day", loc.day(day))),
            None => words,
        }
    };
    missing.iter().map(words).collect()
}

/// The answer to what was written down or taken out: word to the parts of the page; without htmx the way back.
fn written(req: &Req, text: String, undo: Id<Undo>, back: &str) -> PageResult {
    let flash = Flash { text, undo: Some(undo.to_string()) };
    if req.htmx { acted(req, &flash) } else { Ok(page::go(req, back, Some(flash))) }
}

/// A file of rows, as spreadsheets read it: with the mark by which they know Persian.
pub(crate) fn csv_file(name: &str, lines: &[Vec<String>]) -> impl IntoResponse + use<> {
    let mut text = "\u{feff}".to_owned();
    for line in lines {
        let cells: Vec<String> = line.iter().map(|cell| format!("\"{}\"", csv_safe(cell).replace('"', "\"\""))).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)], text)
}
