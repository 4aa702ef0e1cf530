//! Who else offers what we offer, how often we win against them, and what they offer.

use super::conversion::{Asked, CHOICES, Rate};
use super::shortages;
use crate::error::PageResult;
use crate::opportunities::{Asked as Deals, label};
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::competitors::{self, Competitor, Offered};
use peyvand_core::insight::conversion::{MONTHS, RATE_MIN};
use peyvand_core::insight::guard::FEW;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::Money;
use peyvand_core::platform::text::Digits;
use peyvand_core::sales::opportunities::{OpportunityState, OpportunityView};
use peyvand_core::{Act, Perm, Room};

/// A competitor as a row shows it.
struct Row {
    label: String,
    /// What ended of it; absent for who sees no opportunities.
    href: Option<String>,
    customers: String,
    told: String,
    /// Those that are open, in words.
    open: Option<(String, Option<String>)>,
    rate: Option<Rate>,
    is_few: bool,
    lost: String,
    lost_href: Option<String>,
    lost_told: String,
    /// What they offered: in words, to whom, the address of the customer.
    offers: Vec<(String, String, Option<String>)>,
}

#[derive(Template)]
#[template(path = "insight/competitors.html")]
struct CompetitorsPage {
    s: Shell,
    sub: String,
    bare: bool,
    lacks: Vec<String>,
    sentence: Option<String>,
    rows: Vec<Row>,
    unit: String,
    notes: Vec<String>,
    how: Vec<String>,
    choices: Vec<(String, String, bool)>,
    export: Option<String>,
    may_add: bool,
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let found = req.ctx.run(competitors::competitors, asked.input()).await?;
    let loc = &req.loc;
    let months = asked.months.unwrap_or(MONTHS);
    let enough = found.missing.is_empty();
    let sees = req.can(Room::Sales, Act::See);
    let sees_customers = req.can(Room::Parties, Act::See);
    let all = Deals { from: Some(found.from_on), until: Some(found.until_on), ..Deals::default() };
    let row = |one: &Competitor| {
        let of = Deals { competitor: Some(one.competitor.clone()), ..all.clone() };
        let behind = |view, of: &Deals, count: i64| (sees && count > 0).then(|| Deals { view: Some(view), ..of.clone() }.address());
        let ended = one.ended.won + one.ended.lost;
        let open = Deals { from: None, until: None, ..of.clone() };
        Row {
            label: label(loc, "competitor", &one.competitor, one.label.as_deref()),
            href: behind(OpportunityView::Closed, &of, ended),
            customers: loc.number(one.customers),
            told: loc.ta("insight-conversion-told", &[("won", one.ended.won.into()), ("of", ended.into())]),
            open: (one.open > 0)
                .then(|| (loc.t1("insight-competitors-open", "count", one.open), behind(OpportunityView::Open, &open, one.open))),
            rate: one.ended.rate.filter(|_| enough).map(|rate| Rate::new(loc, rate)),
            is_few: ended < FEW,
            lost: loc.amount_brief(one.ended.lost_minor, found.currency),
            lost_href: behind(OpportunityView::Lost, &of, one.ended.lost),
            lost_told: loc.ta("insight-competitors-priced", &[("priced", one.lost_priced.into()), ("lost", one.ended.lost.into())]),
            offers: one
                .offers
                .iter()
                .map(|offered| {
                    (offered.offer.clone(), said(loc, offered), sees_customers.then(|| format!("/parties/{}", offered.party_id)))
                })
                .collect(),
        }
    };
    let rows: Vec<Row> = found.items.iter().map(row).collect();
    let ended = found.named + found.unnamed.won + found.unnamed.lost;
    let window = loc.ta("insight-window", &[("from", loc.day(found.from_on).into()), ("until", loc.day(found.until_on).into())]);
    let mut notes = Vec::new();
    if rows.iter().any(|row| row.is_few && row.rate.is_some()) {
        notes.push(loc.t1("insight-conversion-note-few", "count", FEW));
    }
    if rows.iter().any(|row| row.rate.is_none()) {
        notes.push(loc.t1("insight-conversion-note-none", "count", RATE_MIN));
    }
    let view = CompetitorsPage {
        sub: if rows.is_empty() {
            loc.t("insight-competitors-about")
        } else {
            let args = [("named", found.named.into()), ("ended", ended.into()), ("window", window.into())];
            loc.ta("insight-competitors-sub", &args)
        },
        bare: rows.is_empty(),
        lacks: if rows.is_empty() { Vec::new() } else { shortages(loc, &found.missing) },
        sentence: found.unnamed.rate.filter(|_| enough).map(|rate| {
            let args = [
                ("share", loc.percent(rate.value).into()),
                ("low", loc.percent(rate.low).into()),
                ("high", loc.percent(rate.high).into()),
                ("of", (found.unnamed.won + found.unnamed.lost).into()),
            ];
            loc.ta("insight-competitors-unnamed", &args)
        }),
        rows,
        unit: loc.money_unit(found.currency).to_owned(),
        notes,
        how: ["rate", "lost", "offers", "named"].map(|what| loc.t(&format!("insight-competitors-how-{what}"))).to_vec(),
        choices: CHOICES
            .map(|choice| {
                (loc.t1("insight-cohorts-months", "count", choice), format!("/insight/competitors?months={choice}"), choice == months)
            })
            .to_vec(),
        export: (req.can(Room::Insight, Act::Export) && !found.items.is_empty())
            .then(|| format!("/insight/competitors.csv?months={months}")),
        may_add: req.can(Room::Sales, Act::Create),
        s: req.shell("insight", req.t("insight-competitors")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

/// To whom it was offered, when, and how it ended.
fn said(loc: &Loc, one: &Offered) -> String {
    let key = match one.state {
        OpportunityState::Open => "opportunities-state-open",
        OpportunityState::Won => "opportunities-state-won",
        OpportunityState::Lost => "opportunities-state-lost",
    };
    // A name keeps its own direction.
    [format!("\u{2068}{}\u{2069}", one.party), loc.day_near(one.at.day(&loc.prefs.time_zone)), loc.t(key)].join(" · ")
}

/// The competitors as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let found = req.ctx.run(competitors::competitors, asked.input()).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["name", "customers", "open", "won", "lost", "share", "low", "high", "won-amount", "lost-amount", "offers"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-competitors-column-{column}"))).to_vec()];
    let amount = |minor: i64| Money { minor, currency: found.currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    for one in &found.items {
        let part = |share: Option<f64>| share.map(|share| format!("{share:.4}")).unwrap_or_default();
        let offers: Vec<&str> = one.offers.iter().map(|offered| offered.offer.as_str()).collect();
        lines.push(vec![
            label(&loc, "competitor", &one.competitor, one.label.as_deref()),
            one.customers.to_string(),
            one.open.to_string(),
            one.ended.won.to_string(),
            one.ended.lost.to_string(),
            part(one.ended.rate.map(|rate| rate.value)),
            part(one.ended.rate.map(|rate| rate.low)),
            part(one.ended.rate.map(|rate| rate.high)),
            amount(one.ended.won_minor),
            amount(one.ended.lost_minor),
            offers.join("; "),
        ]);
    }
    Ok(super::csv_file("competitors.csv", &lines).into_response())
}
