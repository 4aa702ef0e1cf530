//! How customers came, and what became of them.

use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::Req;
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::guard::FEW;
use peyvand_core::insight::sources::{self, SourceFigures};
use peyvand_core::operation::Nothing;
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Perm, Room};

/// Last touches that are named.
const LAST: usize = 3;

/// A source as a row shows it.
struct Row {
    label: String,
    /// The customers in the list; nobody lists those who were not asked.
    href: Option<String>,
    customers: String,
    told: String,
    share: String,
    range: String,
    /// Too few for the share to mean much.
    few: bool,
    mean: String,
    /// What each brings after all costs, and its range; or the profit of all where they are too few.
    profit: String,
    profit_range: String,
    cost: String,
    per_won: String,
    last: Vec<String>,
    words: Vec<String>,
}

#[derive(Template)]
#[template(path = "insight/sources.html")]
struct SourcesPage {
    s: Shell,
    sub: String,
    bare: bool,
    rows: Vec<Row>,
    notes: Vec<String>,
    unit: String,
    export: Option<String>,
    may_add: bool,
}

/// The page.
pub async fn index(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let found = req.ctx.run(sources::sources, Nothing {}).await?;
    let loc = &req.loc;
    let row = |one: &SourceFigures| {
        let filters = PartyFilters { source: one.source.clone(), ..PartyFilters::default() };
        Row {
            label: label(loc, one),
            href: one.source.as_ref().map(|_| list_of(&filters)),
            customers: loc.number(one.customers),
            told: loc.ta("insight-products-told", &[("together", one.buyers.into()), ("of", one.customers.into())]),
            share: loc.percent(one.share),
            range: loc.ta("insight-between", &[("low", loc.percent(one.low).into()), ("high", loc.percent(one.high).into())]),
            few: one.customers < FEW,
            profit: one.profit_each.map(|each| loc.amount_round(each.value_minor, found.currency)).unwrap_or_default(),
            profit_range: profit_range(loc, one, found.currency),
            cost: one.cost_minor.map(|minor| loc.amount_brief(minor, found.currency)).unwrap_or_default(),
            per_won: one
                .cost_per_won_minor
                .map(|minor| {
                    let args = [("amount", loc.amount_round(minor, found.currency).into()), ("count", one.won.into())];
                    loc.ta("insight-sources-per-won", &args)
                })
                .unwrap_or_default(),
            last: one
                .last_touches
                .iter()
                .take(LAST)
                .map(|touch| {
                    let args = [("origin", loc.term("origin", &touch.origin).into()), ("count", touch.customers.into())];
                    loc.ta("insight-sources-last-of", &args)
                })
                .collect(),
            mean: loc.amount_round(one.mean_minor, found.currency),
            words: one
                .words
                .iter()
                .map(|own| loc.ta("insight-sources-said", &[("words", own.words.as_str().into()), ("count", own.customers.into())]))
                .collect(),
        }
    };
    let rows: Vec<Row> = found.items.iter().map(row).collect();
    let mut notes = Vec::new();
    if rows.iter().any(|row| row.few) {
        notes.push(loc.t1("insight-cohorts-note-few", "count", FEW));
    }
    notes.push(loc.t("insight-sources-note"));
    notes.push(loc.t("insight-sources-note-first"));
    if found.items.iter().any(|one| one.cost_minor.is_some()) {
        notes.push(loc.t("insight-sources-note-cost"));
    }
    let view = SourcesPage {
        sub: if found.customers > 0 {
            let args = [("asked", found.asked.into()), ("customers", found.customers.into()), ("when", loc.when(found.made_at).into())];
            loc.ta("insight-sources-sub", &args)
        } else {
            loc.t("insight-sources-about")
        },
        bare: found.customers == 0,
        rows,
        notes,
        unit: loc.money_unit(found.currency).to_owned(),
        export: (req.can(Room::Insight, Act::Export) && found.customers > 0).then(|| "/insight/sources.csv".to_owned()),
        may_add: req.can(Room::Parties, Act::Create),
        s: req.shell("insight", req.t("insight-sources")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

/// The range of what each brings, or what is missing to tell it.
fn profit_range(loc: &Loc, one: &SourceFigures, currency: Currency) -> String {
    let brief = |minor: i64| loc.amount_round(minor, currency);
    match (one.profit_each, one.profit_minor) {
        (Some(each), _) => loc.ta("insight-between", &[("low", brief(each.low_minor).into()), ("high", brief(each.high_minor).into())]),
        (None, Some(all)) => loc.t1("insight-sources-profit-of-few", "amount", brief(all)),
        (None, None) => String::new(),
    }
}

fn label(loc: &Loc, one: &SourceFigures) -> String {
    one.source.as_ref().map_or_else(|| loc.t("insight-sources-unknown"), |source| loc.term("source", source))
}

/// The sources as a file.
pub async fn csv(req: Req) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let found = req.ctx.run(sources::sources, Nothing {}).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["source", "customers", "buyers", "low", "high", "spent", "profit", "cost", "won", "last"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-sources-column-{column}"))).to_vec()];
    for one in &found.items {
        let amount = |minor: i64| Money { minor, currency: found.currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
        let last = one.last_touches.iter().map(|touch| format!("{} {}", loc.term("origin", &touch.origin), touch.customers));
        lines.push(vec![
            label(&loc, one),
            one.customers.to_string(),
            one.buyers.to_string(),
            format!("{:.4}", one.low),
            format!("{:.4}", one.high),
            amount(one.spent_minor),
            one.profit_minor.map(amount).unwrap_or_default(),
            one.cost_minor.map(amount).unwrap_or_default(),
            one.won.to_string(),
            last.collect::<Vec<_>>().join("; "),
        ]);
    }
    Ok(super::csv_file("sources.csv", &lines).into_response())
}
