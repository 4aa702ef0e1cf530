//! What was sold, how many bought and how often we were in touch, month by month, beside the same month of the year before.

use super::value::step;
use super::{along, csv_file};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::Req;
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::trend::{self, MonthFigures, Trend, TrendMonth, TrendOf};
use peyvand_core::platform::calendar::month_name;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::Money;
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Perm, Room};

/// Edges of the picture, and where its axes are.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 548.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 188.0;

/// A figure of a month with how it changed.
struct Change {
    value: String,
    /// «۱۲٪ بیشتر از سال پیش».
    says: String,
    tone: &'static str,
}

/// A month.
struct Row {
    label: String,
    sold: Change,
    customers: Change,
    contacts: Change,
}

/// What was sold, drawn.
struct Chart {
    label: String,
    now: String,
    before: String,
    /// Height and label.
    levels: Vec<(String, String)>,
    /// Place and label of every third month.
    months: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "insight/trend.html")]
struct TrendPage {
    s: Shell,
    /// Only who sees all customers sees it.
    hidden: bool,
    chart: Option<Chart>,
    rows: Vec<Row>,
    unit: String,
    counted: String,
    export: Option<&'static str>,
}

fn month(loc: &Loc, told: &Trend, one: &TrendMonth) -> String {
    loc.digits(&format!("{} {}", month_name(told.calendar, one.month, loc.prefs.lang), one.year))
}

/// The page.
pub async fn index(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let told = req.ctx.run(trend::trend, TrendOf::default()).await?;
    let loc = &req.loc;
    let view = TrendPage {
        hidden: !told.is_shown,
        chart: chart(loc, &told),
        rows: told.months.iter().rev().map(|one| row(loc, &told, one)).collect(),
        unit: loc.money_unit(told.currency).to_owned(),
        counted: told.made_at.map(|at| loc.t1("trend-counted", "when", loc.when(at))).unwrap_or_else(|| loc.t("trend-not-counted")),
        export: (req.can(Room::Insight, Act::Export) && !told.months.is_empty()).then_some("/insight/trend.csv"),
        s: req.shell("insight", req.t("trend")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

/// A figure beside that of the year before.
fn change(loc: &Loc, value: String, now: i64, before: Option<i64>) -> Change {
    let (says, tone) = match before {
        None => (loc.t("trend-no-before"), "muted"),
        Some(before) if before <= 0 => (loc.t("trend-nothing-before"), "muted"),
        Some(before) => {
            let share = now as f64 / before as f64 - 1.0;
            match (share * 100.0).round() {
                points if points > 0.0 => (loc.t1("trend-more", "share", loc.percent(share)), "good"),
                points if points < 0.0 => (loc.t1("trend-less", "share", loc.percent(-share)), "bad"),
                _ => (loc.t("trend-same"), "muted"),
            }
        }
    };
    Change { value, says, tone }
}

fn row(loc: &Loc, told: &Trend, one: &TrendMonth) -> Row {
    let before = |figure: fn(&MonthFigures) -> i64| one.before.as_ref().map(figure);
    let now = one.figures;
    Row {
        label: month(loc, told, one),
        sold: change(loc, loc.amount_brief(now.net_minor, told.currency), now.net_minor, before(|of| of.net_minor)),
        customers: change(loc, loc.number(now.customers), now.customers, before(|of| of.customers)),
        contacts: change(loc, loc.number(now.contacts), now.contacts, before(|of| of.contacts)),
    }
}

fn chart(loc: &Loc, told: &Trend) -> Option<Chart> {
    let most = told.months.iter().flat_map(|one| [one.figures.net_minor, one.before.map_or(0, |of| of.net_minor)]).max()?;
    if most <= 0 || told.months.len() < 2 {
        return None;
    }
    let every = step(most as f64);
    let lines = (most as f64 / every).ceil();
    let steps = (told.months.len() - 1) as f64;
    let x = |at: usize| LEFT + (RIGHT - LEFT) * at as f64 / steps;
    let y = |minor: i64| BOTTOM - (BOTTOM - TOP) * minor.max(0) as f64 / (lines * every);
    let point = |at: usize, minor: i64| format!("{:.1},{:.1}", x(at), y(minor));
    let now: Vec<String> = told.months.iter().enumerate().map(|(at, one)| point(at, one.figures.net_minor)).collect();
    let before: Vec<String> = told.months.iter().enumerate().filter_map(|(at, one)| Some(point(at, one.before?.net_minor))).collect();
    let level = |line: i64| {
        let minor = (line as f64 * every) as i64;
        (format!("{:.1}", y(minor)), along(loc, &loc.amount_brief(minor, told.currency)))
    };
    let place = |(at, one): (usize, &TrendMonth)| (format!("{:.1}", x(at)), along(loc, &month(loc, told, one)));
    Some(Chart {
        label: loc.t("trend-chart"),
        now: now.join(" "),
        before: before.join(" "),
        levels: (0..=lines as i64).map(level).collect(),
        months: told
            .months
            .iter()
            .enumerate()
            .filter(|(at, _)| at % 3 == 0 || at + 1 == told.months.len() && told.months.len() % 3 == 1)
            .map(place)
            .collect(),
    })
}

/// The months as a file.
pub async fn csv(req: Req) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let told = req.ctx.run(trend::trend, TrendOf { months: Some(24), ..TrendOf::default() }).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["month", "sold", "sold-before", "customers", "customers-before", "contacts", "contacts-before"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("trend-column-{column}"))).to_vec()];
    let plain = |minor: i64| Money { minor, currency: told.currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    for one in &told.months {
        lines.push(vec![
            month(&loc, &told, one),
            plain(one.figures.net_minor),
            one.before.map(|of| plain(of.net_minor)).unwrap_or_default(),
            one.figures.customers.to_string(),
            one.before.map(|of| of.customers.to_string()).unwrap_or_default(),
            one.figures.contacts.to_string(),
            one.before.map(|of| of.contacts.to_string()).unwrap_or_default(),
        ]);
    }
    Ok(csv_file("trend.csv", &lines).into_response())
}
