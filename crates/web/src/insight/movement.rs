//! Who moved between tiers of profit from one month to another, and the customers behind each count.

use super::value::{currency, tier_name};
use super::{Cell, Row, csv_file};
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::tier_history::{self, ListMoved, Moves, MovesOf, NO_TIER};
use peyvand_core::operation::PAGE_MAX;
use peyvand_core::parties::Party;
use peyvand_core::platform::calendar::{month_name, ymd};
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::Money;
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Day, Error, Id, Perm, Room};
use serde::Deserialize;

/// Customers of a page.
const PAGE: i64 = 50;

/// A month to choose: its first day, its name, whether it is chosen.
struct Choice {
    day: String,
    label: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "insight/movement.html")]
struct MovementPage {
    s: Shell,
    from: Vec<Choice>,
    until: Vec<Choice>,
    /// «آبان ۱۴۰۵» at the head of the columns and of the rows.
    months: (String, String),
    heads: Vec<String>,
    rows: Vec<Row>,
    /// What the table says: who rose, fell, came and left.
    says: Vec<String>,
    /// Whether the months are not those of the reader's calendar.
    shop_months: bool,
}

/// Between which months.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    from: Option<Day>,
    until: Option<Day>,
}

fn month(loc: &Loc, moves: &Moves, day: Day) -> String {
    let (year, month, _) = ymd(day.0, moves.calendar);
    loc.digits(&format!("{} {year}", month_name(moves.calendar, month, loc.prefs.lang)))
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let moves = req.ctx.run(tier_history::moves, MovesOf { from: asked.from, until: asked.until }).await?;
    let loc = &req.loc;
    let choices = |chosen: Option<Day>, skip: usize| {
        let months = moves.months.iter().skip(skip).take(moves.months.len().saturating_sub(1));
        months.map(|day| Choice { day: day.to_string(), label: month(loc, &moves, *day), is_chosen: chosen == Some(*day) }).collect()
    };
    let name = |day: Option<Day>| day.map(|day| month(loc, &moves, day)).unwrap_or_default();
    let view = MovementPage {
        from: choices(moves.from_on, 0),
        until: choices(moves.until_on, 1),
        months: (name(moves.from_on), name(moves.until_on)),
        heads: tiers(&moves).into_iter().map(|tier| tier_label(loc, tier)).collect(),
        rows: rows(loc, &moves),
        says: says(loc, &moves),
        shop_months: moves.calendar != loc.prefs.calendar,
        s: req.shell("insight", req.t("movement")).crumb(req.t("menu-insight"), "/insight").crumb(req.t("insight-value"), "/insight/value"),
    };
    page::page(&req, &view)
}

/// The tiers that are met with, best first, then none.
fn tiers(moves: &Moves) -> Vec<i64> {
    let most = moves.moves.iter().map(|one| one.was.max(one.became)).max().unwrap_or(0);
    if most == 0 { Vec::new() } else { (1..=most).chain([NO_TIER]).collect() }
}

fn tier_label(loc: &Loc, tier: i64) -> String {
    if tier == NO_TIER { loc.t("movement-no-tier") } else { tier_name(loc, tier) }
}

fn rows(loc: &Loc, moves: &Moves) -> Vec<Row> {
    let (Some(from), Some(until)) = (moves.from_on, moves.until_on) else { return Vec::new() };
    let tiers = tiers(moves);
    let moving = moves.moves.iter().filter(|one| one.was != one.became);
    let most = moving.map(|one| one.customers).max().unwrap_or(1).max(1);
    let cell = |was: i64, became: i64| {
        let found = moves.moves.iter().find(|one| (one.was, one.became) == (was, became));
        let customers = found.map_or(0, |one| one.customers);
        let args = [("count", customers.into()), ("was", tier_label(loc, was).into()), ("became", tier_label(loc, became).into())];
        Cell {
            count: if was == NO_TIER && became == NO_TIER { String::new() } else { loc.number(customers) },
            name: None,
            label: loc.ta("movement-cell", &args),
            href: if customers > 0 {
                format!("/insight/value/moved?from={from}&until={until}&was={was}&became={became}")
            } else {
                String::new()
            },
            // Who stayed where they were would leave those who moved without a colour.
            depth: if was == became { 0 } else { (100.0 * (customers as f64 / most as f64).sqrt()).round() as i64 },
        }
    };
    let row = |was: &i64| Row { label: tier_label(loc, *was), cells: tiers.iter().map(|became| cell(*was, *became)).collect() };
    tiers.iter().map(row).collect()
}

fn says(loc: &Loc, moves: &Moves) -> Vec<String> {
    let sum = |is: fn(i64, i64) -> bool| moves.moves.iter().filter(|one| is(one.was, one.became)).map(|one| one.customers).sum::<i64>();
    [
        ("movement-risen", sum(|was, became| was != NO_TIER && became != NO_TIER && became < was)),
        ("movement-fallen", sum(|was, became| was != NO_TIER && became > was)),
        ("movement-left", sum(|was, became| was != NO_TIER && became == NO_TIER)),
        ("movement-came", sum(|was, became| was == NO_TIER && became != NO_TIER)),
    ]
    .into_iter()
    .filter(|(_, customers)| *customers > 0)
    .map(|(key, customers)| loc.t1(key, "count", customers))
    .collect()
}

/// A customer behind a cell.
struct Line {
    id: Id<Party>,
    name: String,
    owner: String,
    profit: String,
    loses: bool,
}

#[derive(Template)]
#[template(path = "insight/moved.html")]
struct MovedPage {
    s: Shell,
    sub: String,
    lines: Vec<Line>,
    next: Option<String>,
    unit: String,
    export: Option<String>,
}

/// Which of those who moved.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    from: Day,
    until: Day,
    was: i64,
    became: i64,
    after: Option<String>,
}

impl Which {
    fn query(&self) -> String {
        format!("from={}&until={}&was={}&became={}", self.from, self.until, self.was, self.became)
    }

    fn input(&self, limit: i64) -> ListMoved {
        ListMoved { from: self.from, until: self.until, was: self.was, became: self.became, after: self.after.clone(), limit: Some(limit) }
    }
}

/// The customers behind a cell.
pub async fn moved(req: Req, Form(which): Form<Which>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let found = req.ctx.run(tier_history::moved, which.input(PAGE)).await?;
    let moves = req.ctx.run(tier_history::moves, MovesOf { from: Some(which.from), until: Some(which.until) }).await?;
    let (loc, currency) = (&req.loc, currency(&req).await?);
    let name = |tier: i64| if (0..=4).contains(&tier) { Ok(tier_label(loc, tier)) } else { Err(Error::NotFound("tier")) };
    let args = [("was", name(which.was)?.into()), ("became", name(which.became)?.into())];
    let lines = found.items.into_iter().map(|row| Line {
        id: row.party_id,
        name: row.party,
        owner: row.owner.unwrap_or_default(),
        profit: row.profit_minor.map(|minor| loc.amount(minor, currency)).unwrap_or_default(),
        loses: row.profit_minor.is_some_and(|minor| minor < 0),
    });
    let view = MovedPage {
        sub: loc
            .ta("movement-between", &[("from", month(loc, &moves, which.from).into()), ("until", month(loc, &moves, which.until).into())]),
        lines: lines.collect(),
        next: found.next.map(|next| format!("/insight/value/moved?{}&after={next}", which.query())),
        unit: loc.money_unit(currency).to_owned(),
        export: req.can(Room::Insight, Act::Export).then(|| format!("/insight/value/moved.csv?{}", which.query())),
        s: req
            .shell("insight", loc.ta("movement-from-to", &args))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("insight-value"), "/insight/value")
            .crumb(req.t("movement"), "/insight/value/movement"),
    };
    page::page(&req, &view)
}

/// The customers behind a cell as a file.
pub async fn csv(req: Req, Form(which): Form<Which>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let currency = currency(&req).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let mut lines = vec![vec![loc.t("profits-column-name"), loc.t("customer-owner"), loc.t("profits-column-profit")]];
    let mut input = which.input(PAGE_MAX);
    loop {
        let found = req.ctx.run(tier_history::moved, input.clone()).await?;
        for row in found.items {
            let profit =
                row.profit_minor.map(|minor| Money { minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', ""));
            lines.push(vec![row.party, row.owner.unwrap_or_default(), profit.unwrap_or_default()]);
        }
        let Some(next) = found.next else { break };
        input.after = Some(next);
    }
    Ok(csv_file("moved.csv", &lines).into_response())
}
