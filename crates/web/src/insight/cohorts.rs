//! Customers by the month of their first purchase: who came back in the months after, and how long it takes.

use super::{COLUMNS, shortages};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::cohorts::{self, Cohort, Cohorts, CohortsOf, MONTHS, Repeat, Retained, Returned};
use peyvand_core::insight::guard::FEW;
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::calendar::{Calendar, month_name};
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Perm, Room};
use serde::Deserialize;

/// Months to choose from.
const CHOICES: [i64; 3] = [6, MONTHS, 24];
/// Weeks that the table beside the curve names.
const NAMED: [i64; 6] = [4, 8, 13, 26, 39, 52];
/// The sentence at the top speaks of a quarter of a year.
const QUARTER: i64 = 13;
/// Place of the curve's drawing in its frame: left, top, width, height.
const FRAME: (f64, f64, f64, f64) = (44.0, 10.0, 584.0, 190.0);

/// How the matrix is shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    months: Option<i64>,
    /// `count` for customers instead of shares.
    show: Option<String>,
}

/// A cell of the matrix.
struct Cell {
    active: i64,
    text: String,
    /// The count and the range behind it.
    label: String,
    /// Depth of its colour, 0 to 100.
    depth: i64,
    /// The customers behind it, in the list; nobody lists those of all cohorts.
    href: Option<String>,
}

/// A row of the matrix.
struct Row {
    label: String,
    customers: String,
    /// Notes below the table that this row refers to.
    marks: &'static str,
    /// `None` for a month that is not over.
    cells: Vec<Option<Cell>>,
}

/// The curve as it is drawn, and as a table.
struct Curve {
    line: String,
    band: String,
    /// Height and label of the lines across.
    across: Vec<(String, String)>,
    /// Place and label of the weeks.
    weeks: Vec<(String, String)>,
    rows: Vec<(String, String, String, String)>,
    about: String,
    median: String,
}

#[derive(Template)]
#[template(path = "insight/cohorts.html")]
struct CohortsPage {
    s: Shell,
    sub: String,
    sentence: Option<String>,
    lacks: Vec<String>,
    bare: bool,
    heads: Vec<String>,
    rows: Vec<Row>,
    all: Vec<Option<Cell>>,
    all_customers: String,
    curve: Option<Curve>,
    /// Notes below the matrix.
    notes: Vec<String>,
    how: Vec<String>,
    /// Label, address, whether chosen.
    choices: Vec<(String, String, bool)>,
    shows: Vec<(String, String, bool)>,
    export: Option<String>,
    may_import: bool,
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let months = asked.months.unwrap_or(MONTHS);
    let found = req.ctx.run(cohorts::cohorts, CohortsOf { months: Some(months), ..CohortsOf::default() }).await?;
    let loc = &req.loc;
    let counts = asked.show.as_deref() == Some("count");
    let address = |months: i64, counts: bool| format!("/insight/cohorts?months={months}{}", if counts { "&show=count" } else { "" });
    let most = found.cohorts.iter().flat_map(|cohort| cohort.cells.iter().skip(1).flatten()).map(|cell| cell.share).fold(0.0, f64::max);
    let cells = |cells: &[Option<Retained>]| {
        let shown = cells.iter().enumerate().map(|(k, cell)| cell.map(|cell| shown(loc, &cell, k, most, counts)));
        shown.collect::<Vec<_>>()
    };
    let rows: Vec<Row> = found
        .cohorts
        .iter()
        .map(|cohort| Row {
            label: label(loc, found.calendar, cohort),
            customers: loc.number(cohort.customers),
            marks: match (cohort.may_be_older, cohort.customers < FEW) {
                (true, true) => "*†",
                (true, false) => "*",
                (false, true) => "†",
                (false, false) => "",
            },
            cells: cells(&cohort.cells).into_iter().enumerate().map(|(k, cell)| cell.map(|cell| behind(&found, cohort, k, cell))).collect(),
        })
        .collect();
    let view = CohortsPage {
        sub: sub(loc, &found),
        sentence: found.repeat.as_ref().and_then(|repeat| sentence(loc, repeat)),
        lacks: shortages(loc, &found.missing),
        bare: found.until.is_none(),
        heads: (0..found.all.len()).map(|k| loc.t1("insight-cohorts-month", "number", k)).collect(),
        notes: notes(loc, &found, &rows),
        rows,
        all: cells(&found.all),
        all_customers: loc.number(found.customers),
        curve: found.repeat.as_ref().and_then(|repeat| curve(loc, repeat)),
        how: ["insight-cohorts-how-months", "insight-cohorts-how-known", "insight-cohorts-how-ranges", "insight-cohorts-how-curve"]
            .map(|key| loc.t(key))
            .to_vec(),
        choices: CHOICES
            .map(|choice| (loc.t1("insight-cohorts-months", "count", choice), address(choice, counts), choice == months))
            .to_vec(),
        shows: vec![
            (loc.t("insight-cohorts-shares"), address(months, false), !counts),
            (loc.t("insight-cohorts-counts"), address(months, true), counts),
        ],
        export: (req.can(Room::Insight, Act::Export) && !found.cohorts.is_empty()).then(|| format!("/insight/cohorts.csv?months={months}")),
        may_import: req.can(Room::Imports, Act::Create),
        s: req.shell("insight", req.t("insight-cohorts")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

fn label(loc: &Loc, calendar: Calendar, cohort: &Cohort) -> String {
    loc.digits(&format!("{} {}", month_name(calendar, cohort.month, loc.prefs.lang), cohort.year))
}

fn shown(loc: &Loc, cell: &Retained, k: usize, most: f64, counts: bool) -> Cell {
    let args = [
        ("active", cell.active.into()),
        ("of", cell.of.into()),
        ("low", loc.percent(cell.low).into()),
        ("high", loc.percent(cell.high).into()),
    ];
    // The first month holds everybody; the others share the colours among themselves.
    let depth = if k == 0 { 100.0 } else { 85.0 * cell.share / most.max(f64::MIN_POSITIVE) };
    Cell {
        active: cell.active,
        text: if counts { loc.number(cell.active) } else { loc.percent(cell.share) },
        label: loc.ta("insight-cohorts-cell", &args),
        depth: (depth.round() as i64).clamp(0, 100),
        href: None,
    }
}

/// The cell with the way to those it counts.
fn behind(found: &Cohorts, cohort: &Cohort, k: usize, cell: Cell) -> Cell {
    let own = found.months.iter().position(|month| month.first_on == cohort.first_on);
    let href = own.and_then(|own| found.months.get(own + k)).filter(|_| cell.active > 0).map(|then| {
        let filters = PartyFilters {
            first_purchase_from: Some(cohort.first_on),
            first_purchase_until: Some(cohort.last_on),
            // All of a cohort bought in its own month.
            bought_from: (k > 0).then_some(then.first_on),
            bought_until: (k > 0).then_some(then.last_on),
            ..PartyFilters::default()
        };
        format!("{}&sort=last_purchase&desc=1&{COLUMNS}", list_of(&filters))
    });
    Cell { href, ..cell }
}

fn sub(loc: &Loc, found: &Cohorts) -> String {
    match (found.cohorts.first(), found.cohorts.last(), found.until) {
        (Some(first), Some(last), Some(until)) => loc.ta(
            "insight-cohorts-sub",
            &[
                ("count", found.customers.into()),
                ("from", label(loc, found.calendar, first).into()),
                ("to", label(loc, found.calendar, last).into()),
                ("until", loc.day(until).into()),
            ],
        ),
        _ => loc.t("insight-cohorts-about"),
    }
}

/// «از هر ۱۰۰ مشتری تازه …».
fn sentence(loc: &Loc, repeat: &Repeat) -> Option<String> {
    let point = repeat.weeks.iter().take(QUARTER as usize).next_back()?;
    Some(loc.ta(
        "insight-cohorts-sentence",
        &[
            ("hundredth", ((point.share * 100.0).round() as i64).into()),
            ("weeks", (point.days / 7).into()),
            ("low", loc.percent(point.low).into()),
            ("high", loc.percent(point.high).into()),
        ],
    ))
}

fn notes(loc: &Loc, found: &Cohorts, rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    if rows.iter().any(|row| row.cells.iter().any(Option::is_none)) {
        notes.push(loc.t("insight-cohorts-note-open"));
    }
    if rows.iter().any(|row| row.marks.contains('*')) {
        notes.push(loc.t("insight-cohorts-note-older"));
    }
    if rows.iter().any(|row| row.marks.contains('†')) {
        notes.push(loc.t1("insight-cohorts-note-few", "count", FEW));
    }
    if found.waiting > 0 {
        notes.push(loc.t1("insight-cohorts-note-waiting", "count", found.waiting));
    }
    notes
}

fn curve(loc: &Loc, repeat: &Repeat) -> Option<Curve> {
    let last = repeat.weeks.last()?;
    let (left, top, width, height) = FRAME;
    let highest = repeat.weeks.iter().map(|point| point.high).fold(0.0, f64::max);
    // Up to the next tenth, so that the lines across have round labels.
    let ceiling = ((highest * 10.0).ceil() / 10.0).clamp(0.1, 1.0);
    let x = |days: i64| left + width * days as f64 / last.days as f64;
    let y = |share: f64| top + height * (1.0 - share / ceiling);
    let points = |of: fn(&Returned) -> f64| repeat.weeks.iter().map(move |point| format!("{:.1} {:.1}", x(point.days), y(of(point))));
    let start = format!("{:.1} {:.1}", x(0), y(0.0));
    let line = std::iter::once(start.clone()).chain(points(|point| point.share)).collect::<Vec<_>>().join(" L");
    let mut around: Vec<String> = points(|point| point.low).collect();
    around.reverse();
    let band = std::iter::once(start).chain(points(|point| point.high)).chain(around).collect::<Vec<_>>().join(" L");
    let row = |point: &Returned| {
        let range = loc.ta("insight-between", &[("low", loc.percent(point.low).into()), ("high", loc.percent(point.high).into())]);
        (loc.t1("insight-cohorts-weeks", "count", point.days / 7), loc.percent(point.share), range, loc.number(point.at_risk))
    };
    let named = || repeat.weeks.iter().filter(|point| NAMED.contains(&(point.days / 7)));
    Some(Curve {
        line: format!("M{line}"),
        band: format!("M{band}Z"),
        across: [0.0, 0.5, 1.0].map(|part| (format!("{:.1}", y(part * ceiling)), loc.percent(part * ceiling))).to_vec(),
        weeks: named().map(|point| (format!("{:.1}", x(point.days)), loc.number(point.days / 7))).collect(),
        rows: named().map(row).collect(),
        about: loc.ta("insight-cohorts-repeat-about", &[("returned", repeat.returned.into()), ("customers", repeat.customers.into())]),
        median: median(loc, repeat),
    })
}

fn median(loc: &Loc, repeat: &Repeat) -> String {
    let days = |days: f64| loc.number(days.round() as i64);
    match (repeat.median_days, repeat.median_low, repeat.median_high) {
        (None, ..) => loc.t("insight-cohorts-median-none"),
        (Some(middle), Some(low), Some(high)) => {
            loc.ta("insight-cohorts-median", &[("days", days(middle).into()), ("low", days(low).into()), ("high", days(high).into())])
        }
        (Some(middle), ..) => loc.t1("insight-cohorts-median-open", "days", days(middle)),
    }
}

/// The matrix as a file: customers of each cohort, and how many of them bought in each month after.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let found = req.ctx.run(cohorts::cohorts, CohortsOf { months: asked.months, ..CohortsOf::default() }).await?;
    // Files are read by programs: digits that all of them know.
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let mut head = ["insight-cohorts-first", "insight-cohorts-from", "insight-cohorts-until", "insight-cohorts-customers"]
        .map(|key| loc.t(key))
        .to_vec();
    head.extend((0..found.all.len()).map(|k| loc.t1("insight-cohorts-month", "number", k)));
    let mut lines = vec![head];
    for cohort in &found.cohorts {
        let mut line = vec![
            label(&loc, found.calendar, cohort),
            cohort.first_on.to_string(),
            cohort.last_on.to_string(),
            cohort.customers.to_string(),
        ];
        line.extend(cohort.cells.iter().map(|cell| cell.map_or_else(String::new, |cell| cell.active.to_string())));
        lines.push(line);
    }
    Ok(super::csv_file("cohorts.csv", &lines).into_response())
}
