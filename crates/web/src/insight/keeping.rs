//! What it cost to win customers beside what it costs to keep them, by the month of their first purchase.

use super::{Figure, csv_file};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::Req;
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::keeping::{self, Keeping, KeptCohort};
use peyvand_core::operation::Nothing;
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::calendar::month_name;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Perm, Room};

/// A month.
struct Row {
    label: String,
    href: String,
    won: String,
    spent: String,
    win: Option<String>,
    active: String,
    /// Discounts, time, contacts, presents.
    parts: String,
    keep: Option<String>,
}

#[derive(Template)]
#[template(path = "insight/keeping.html")]
struct KeepingPage {
    s: Shell,
    sub: String,
    /// Only who sees all customers sees it.
    hidden: bool,
    /// Nobody has said what the goods cost.
    needs_goods: bool,
    waiting: bool,
    figures: Vec<Figure>,
    rows: Vec<Row>,
    unit: String,
    export: Option<&'static str>,
}

fn month(loc: &Loc, told: &Keeping, one: &KeptCohort) -> String {
    loc.digits(&format!("{} {}", month_name(told.calendar, one.month, loc.prefs.lang), one.year))
}

/// The page.
pub async fn index(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let told = req.ctx.run(keeping::keeping, Nothing {}).await?;
    let loc = &req.loc;
    let currency = match told.currency {
        Some(currency) => currency,
        None => super::value::currency(&req).await?,
    };
    let view = KeepingPage {
        sub: match told.from_on.zip(told.as_of) {
            Some((from, until)) => loc.ta("keeping-sub", &[("from", loc.day(from).into()), ("until", loc.day(until).into())]),
            None => loc.t("keeping-about"),
        },
        hidden: !told.is_shown,
        needs_goods: told.needs_goods,
        waiting: told.is_shown && told.as_of.is_none(),
        figures: figures(loc, &told, currency),
        rows: told.cohorts.iter().map(|one| row(loc, &told, one, currency)).collect(),
        unit: loc.money_unit(currency).to_owned(),
        export: (req.can(Room::Insight, Act::Export) && told.as_of.is_some()).then_some("/insight/sources/keeping.csv"),
        s: req
            .shell("insight", req.t("keeping"))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("insight-sources"), "/insight/sources"),
    };
    page::page(&req, &view)
}

fn figures(loc: &Loc, told: &Keeping, currency: Currency) -> Vec<Figure> {
    if told.as_of.is_none() {
        return Vec::new();
    }
    let unit = loc.money_unit(currency);
    let figure = |key: &str, each: Option<i64>, about: &str| Figure {
        label: loc.t(key),
        value: each.map_or_else(|| "–".to_owned(), |minor| loc.amount_round(minor, currency)),
        unit: unit.to_owned(),
        about: loc.t(about),
    };
    vec![
        figure("keeping-win-each", told.win_each_minor, "keeping-win-about"),
        figure("keeping-keep-each", told.keep_each_minor, "keeping-keep-about"),
    ]
}

fn row(loc: &Loc, told: &Keeping, one: &KeptCohort, currency: Currency) -> Row {
    let brief = |minor: i64| loc.amount_brief(minor, currency);
    let filters =
        PartyFilters { first_purchase_from: Some(one.first_on), first_purchase_until: Some(one.last_on), ..PartyFilters::default() };
    let args = [
        ("discounts", brief(one.discount_minor).into()),
        ("staff", brief(one.staff_minor).into()),
        ("channels", brief(one.channels_minor).into()),
        ("entered", brief(one.entered_minor).into()),
    ];
    Row {
        label: month(loc, told, one),
        href: crate::parties::list_of(&filters),
        won: loc.number(one.won),
        spent: brief(one.spent_minor),
        win: one.win_each_minor.map(|minor| loc.amount_round(minor, currency)),
        active: loc.number(one.active),
        parts: loc.ta("keeping-parts", &args),
        keep: one.keep_each_minor.map(|minor| loc.amount_round(minor, currency)),
    }
}

/// The table as a file.
pub async fn csv(req: Req) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let told = req.ctx.run(keeping::keeping, Nothing {}).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let currency = super::value::currency(&req).await?;
    let columns = ["month", "won", "spent", "win", "active", "sales", "discounts", "staff", "channels", "entered", "keep"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("keeping-column-{column}"))).to_vec()];
    let plain = |minor: i64| Money { minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    for one in &told.cohorts {
        lines.push(vec![
            month(&loc, &told, one),
            one.won.to_string(),
            plain(one.spent_minor),
            one.win_each_minor.map(plain).unwrap_or_default(),
            one.active.to_string(),
            plain(one.sales_minor),
            plain(one.discount_minor),
            plain(one.staff_minor),
            plain(one.channels_minor),
            plain(one.entered_minor),
            one.keep_each_minor.map(plain).unwrap_or_default(),
        ]);
    }
    Ok(csv_file("keeping.csv", &lines).into_response())
}
