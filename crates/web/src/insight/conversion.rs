//! How many of the opportunities that ended were won, and why the others were lost.

use super::shortages;
use crate::error::PageResult;
use crate::opportunities::{Asked as Deals, label};
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::conversion::{self, Conversion, ConversionOf, ENDED_MIN, Ended, MONTHS, RATE_MIN, ShareOf};
use peyvand_core::insight::first_purchases::{self, FirstPurchases};
use peyvand_core::insight::guard::FEW;
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::calendar::month_name;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::Money;
use peyvand_core::platform::text::Digits;
use peyvand_core::sales::opportunities::OpportunityView;
use peyvand_core::{Act, Perm, Room};
use serde::Deserialize;

/// Months to choose from.
pub(super) const CHOICES: [i64; 3] = [6, MONTHS, 24];

/// Which months.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub(super) months: Option<i64>,
}

impl Asked {
    pub(super) fn input(self) -> ConversionOf {
        ConversionOf { calendar: None, months: self.months }
    }
}

/// A share and its range, as words and as a bar from nought to all.
pub(super) struct Rate {
    pub(super) share: String,
    pub(super) range: String,
    /// Where the range begins, how long it is, where the share is, in per cent.
    pub(super) bar: (String, String, String),
}

impl Rate {
    pub(super) fn new(loc: &Loc, share: ShareOf) -> Rate {
        let cent = |part: f64| format!("{:.1}%", 100.0 * part);
        Rate {
            share: loc.percent(share.value),
            range: loc.ta("insight-between", &[("low", loc.percent(share.low).into()), ("high", loc.percent(share.high).into())]),
            bar: (cent(share.low), cent(share.high - share.low), cent(share.value)),
        }
    }
}

/// A row of a table.
struct Row {
    label: String,
    /// The opportunities behind it; absent for who sees no opportunities.
    href: Option<String>,
    told: String,
    rate: Option<Rate>,
    is_few: bool,
    /// What was won, or lost where the table is about that.
    amount: String,
    is_open: bool,
}

/// A table: its heading, what its first column holds, its rows.
struct Table {
    id: &'static str,
    title: String,
    of: String,
    rate: String,
    amount: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "insight/conversion.html")]
struct ConversionPage {
    s: Shell,
    sub: String,
    bare: bool,
    lacks: Vec<String>,
    sentence: Option<String>,
    tables: Vec<Table>,
    notes: Vec<String>,
    how: Vec<String>,
    choices: Vec<(String, String, bool)>,
    export: Option<String>,
    may_add: bool,
}

/// «۱۲ از ۳۰».
fn told(loc: &Loc, ended: &Ended) -> String {
    loc.ta("insight-conversion-told", &[("won", ended.won.into()), ("of", (ended.won + ended.lost).into())])
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let (found, firsts) =
        tokio::try_join!(req.ctx.run(conversion::conversion, asked.input()), req.ctx.run(first_purchases::first_purchases, asked.input()))?;
    let loc = &req.loc;
    let months = asked.months.unwrap_or(MONTHS);
    let ended = found.all.won + found.all.lost;
    let mut tables = if ended > 0 { tables(&req, &found) } else { Vec::new() };
    tables.extend(written(&req, &firsts));
    let any = |mark: fn(&Row) -> bool| tables.iter().any(|table| table.rows.iter().any(mark));
    let mut notes = Vec::new();
    if any(|row| row.is_open) {
        notes.push(loc.t("insight-conversion-note-open"));
    }
    if any(|row| row.is_few && row.rate.is_some()) {
        notes.push(loc.t1("insight-conversion-note-few", "count", FEW));
    }
    if any(|row| row.rate.is_none()) {
        notes.push(loc.t1("insight-conversion-note-none", "count", RATE_MIN));
    }
    let view = ConversionPage {
        sub: if ended > 0 { sub(loc, &found) } else { loc.t("insight-conversion-about") },
        bare: tables.is_empty(),
        lacks: shortages(loc, &found.missing),
        sentence: found.all.rate.filter(|_| found.missing.is_empty()).map(|rate| {
            let args = [
                ("won", found.all.won.into()),
                ("ended", ended.into()),
                ("share", loc.percent(rate.value).into()),
                ("low", loc.percent(rate.low).into()),
                ("high", loc.percent(rate.high).into()),
            ];
            loc.ta("insight-conversion-sentence", &args)
        }),
        notes,
        how: vec![
            loc.t("insight-conversion-how-rate"),
            loc.t("insight-conversion-how-window"),
            loc.t("insight-conversion-how-who"),
            loc.t("insight-conversion-how-reason"),
            loc.t1("insight-conversion-how-first", "when", loc.when(firsts.made_at)),
            loc.ta("insight-conversion-how-few", &[("all", ENDED_MIN.into()), ("row", RATE_MIN.into())]),
        ],
        choices: CHOICES
            .map(|choice| {
                (loc.t1("insight-cohorts-months", "count", choice), format!("/insight/conversion?months={choice}"), choice == months)
            })
            .to_vec(),
        export: (req.can(Room::Insight, Act::Export) && !tables.is_empty()).then(|| format!("/insight/conversion.csv?months={months}")),
        may_add: req.can(Room::Sales, Act::Create),
        tables,
        s: req.shell("insight", req.t("insight-conversion")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

fn sub(loc: &Loc, found: &Conversion) -> String {
    let window = loc.ta("insight-window", &[("from", loc.day(found.from_on).into()), ("until", loc.day(found.until_on).into())]);
    loc.ta("insight-conversion-sub", &[("count", (found.all.won + found.all.lost).into()), ("window", window.into())])
}

fn month(loc: &Loc, found: &Conversion, year: i32, month: u8) -> String {
    loc.digits(&format!("{} {year}", month_name(found.calendar, month, loc.prefs.lang)))
}

fn tables(req: &Req, found: &Conversion) -> Vec<Table> {
    let loc = &req.loc;
    let enough = found.missing.is_empty();
    let sees = req.can(Room::Sales, Act::See);
    let all = Deals { view: Some(OpportunityView::Closed), from: Some(found.from_on), until: Some(found.until_on), ..Deals::default() };
    let row = |label: String, ended: &Ended, behind: Deals| Row {
        label,
        href: (sees && ended.won + ended.lost > 0).then(|| behind.address()),
        told: told(loc, ended),
        rate: ended.rate.filter(|_| enough).map(|rate| Rate::new(loc, rate)),
        is_few: ended.won + ended.lost < FEW,
        amount: loc.amount_brief(ended.won_minor, found.currency),
        is_open: false,
    };
    let unit = loc.money_unit(found.currency);
    let table = |id: &'static str, rows| Table {
        id,
        title: loc.t(&format!("insight-conversion-by-{id}")),
        of: loc.t(&format!("insight-conversion-{id}")),
        rate: loc.t("insight-conversion-rate"),
        amount: loc.t1("insight-conversion-won-amount", "unit", unit),
        rows,
    };
    let months = found.months.iter().rev().map(|one| Row {
        is_open: !one.is_over,
        ..row(
            month(loc, found, one.year, one.month),
            &one.ended,
            Deals { from: Some(one.first_on), until: Some(one.last_on.min(found.until_on)), ..all.clone() },
        )
    });
    let owners = found.owners.iter().map(|one| {
        let name = one.owner.clone().unwrap_or_else(|| loc.t("nobody"));
        row(name, &one.ended, Deals { owner: one.owner_id, unowned: one.owner_id.is_none().then_some(true), ..all.clone() })
    });
    let sources = found.sources.iter().map(|one| {
        let name = one.source.as_deref().map(|word| label(loc, "source", word, one.label.as_deref()));
        let name = name.unwrap_or_else(|| loc.t("insight-sources-unknown"));
        row(name, &one.ended, Deals { source: one.source.clone(), unsourced: one.source.is_none().then_some(true), ..all.clone() })
    });
    let reasons = found.reasons.iter().map(|one| Row {
        label: label(loc, "lost_reason", &one.reason, one.label.as_deref()),
        href: sees.then(|| Deals { view: Some(OpportunityView::Lost), reason: Some(one.reason.clone()), ..all.clone() }.address()),
        told: loc.ta("insight-conversion-told", &[("won", one.lost.into()), ("of", found.all.lost.into())]),
        rate: one.share.filter(|_| enough).map(|share| Rate::new(loc, share)),
        is_few: found.all.lost < FEW,
        amount: loc.amount_brief(one.lost_minor, found.currency),
        is_open: false,
    });
    let mut tables = vec![table("month", months.collect()), table("owner", owners.collect()), table("source", sources.collect())];
    if found.all.lost > 0 {
        tables.push(Table {
            rate: loc.t("insight-conversion-of-lost"),
            amount: loc.t1("insight-conversion-lost-amount", "unit", unit),
            ..table("reason", reasons.collect())
        });
    }
    tables
}

/// Of those who were written down before they had bought, who came to buy; nothing where nobody was.
fn written(req: &Req, found: &FirstPurchases) -> Option<Table> {
    let loc = &req.loc;
    if found.months.iter().all(|one| one.written == 0) {
        return None;
    }
    let rows = found.months.iter().rev().map(|one| {
        let filters = PartyFilters {
            created_from: Some(one.first_on),
            created_until: Some(one.last_on),
            first_purchase_from: Some(one.first_on),
            first_purchase_until: Some(one.until_on),
            ..PartyFilters::default()
        };
        Row {
            label: loc.digits(&format!("{} {}", month_name(found.calendar, one.month, loc.prefs.lang), one.year)),
            href: (req.can(Room::Parties, Act::See) && one.in_time > 0)
                .then(|| format!("{}&sort=last_purchase&desc=1&{}", list_of(&filters), super::COLUMNS)),
            told: loc.ta("insight-conversion-told", &[("won", one.in_time.into()), ("of", one.written.into())]),
            rate: one.rate.map(|rate| Rate::new(loc, rate)),
            is_few: one.written < FEW,
            amount: loc.number(one.bought),
            is_open: one.until_on >= loc.today(),
        }
    });
    Some(Table {
        id: "first",
        title: loc.t("insight-conversion-by-first"),
        of: loc.t("insight-conversion-first"),
        rate: loc.t("insight-conversion-first-in-time"),
        amount: loc.t("insight-conversion-first-since"),
        rows: rows.collect(),
    })
}

/// The tables as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let found = req.ctx.run(conversion::conversion, asked.input()).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["by", "what", "won", "lost", "share", "low", "high", "won-amount", "lost-amount"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-conversion-column-{column}"))).to_vec()];
    let amount = |minor: i64| Money { minor, currency: found.currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    let range = |share: Option<ShareOf>| {
        let part = |of: fn(ShareOf) -> f64| share.map(|share| format!("{:.4}", of(share))).unwrap_or_default();
        [part(|share| share.value), part(|share| share.low), part(|share| share.high)]
    };
    let mut line = |by: &str, what: String, ended: &Ended| {
        let mut cells = vec![loc.t(&format!("insight-conversion-{by}")), what, ended.won.to_string(), ended.lost.to_string()];
        cells.extend(range(ended.rate));
        cells.extend([amount(ended.won_minor), amount(ended.lost_minor)]);
        lines.push(cells);
    };
    for one in &found.months {
        line("month", month(&loc, &found, one.year, one.month), &one.ended);
    }
    for one in &found.owners {
        line("owner", one.owner.clone().unwrap_or_else(|| loc.t("nobody")), &one.ended);
    }
    for one in &found.sources {
        let name = one.source.as_deref().map(|word| label(&loc, "source", word, one.label.as_deref()));
        line("source", name.unwrap_or_else(|| loc.t("insight-sources-unknown")), &one.ended);
    }
    for one in &found.reasons {
        let mut cells =
            vec![loc.t("insight-conversion-reason"), label(&loc, "lost_reason", &one.reason, one.label.as_deref()), String::new()];
        cells.push(one.lost.to_string());
        cells.extend(range(one.share));
        cells.extend([String::new(), amount(one.lost_minor)]);
        lines.push(cells);
    }
    let firsts = req.ctx.run(first_purchases::first_purchases, asked.input()).await?;
    for one in firsts.months.iter().filter(|one| one.written > 0) {
        let mut cells = vec![loc.t("insight-conversion-first"), month(&loc, &found, one.year, one.month)];
        cells.extend([one.in_time.to_string(), (one.written - one.in_time).to_string()]);
        cells.extend(range(one.rate));
        cells.extend([String::new(), String::new()]);
        lines.push(cells);
    }
    Ok(super::csv_file("conversion.csv", &lines).into_response())
}
