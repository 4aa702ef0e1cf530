//! Profit after all that customers cost: on how few of them the shop rests, where our time goes, who is ideal, who costs
//! more than they bring, and what is done about it.

use super::Figure;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::response::IntoResponse;
use peyvand_core::insight::profit_refresh;
use peyvand_core::insight::profits::{
    self, Decide, Decision, GetProfit, ListDecisions, ListProfits, Profit, ProfitRow, ProfitSummary, TierBorders,
};
use peyvand_core::insight::rates::{self, BORDERS, CostRate, RateItem, SetRate, SetRates, TIMES};
use peyvand_core::insight::whale::{Tier, Whale};
use peyvand_core::operation::{Nothing, PAGE_MAX};
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::calendar::parse_date;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Day, Error, Id, Perm, Problem, Room};
use serde::Deserialize;

/// Customers that are named on each side; the rest is in the list.
const NAMED: i64 = 10;
/// Customers of a page of the list.
const PAGE: i64 = 50;
/// Decisions that end within so many days are shown to be looked at again.
const SOON: i64 = 30;
/// A decision holds for so many days unless another day is chosen.
const USUAL: i64 = 90;

/// Size of the chart, and where its axes are.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 556.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 214.0;

/// A label of an axis, and where it stands.
struct Mark {
    at: String,
    label: String,
}

/// The whale curve.
struct Chart {
    /// What it says, for who cannot see it.
    label: String,
    line: String,
    /// Ends of the line that all would follow who bring the same.
    even: (String, String),
    zero: String,
    rows: Vec<Mark>,
    columns: Vec<Mark>,
    peak: (String, String),
    /// Where those begin who cost more than they bring, and the width to the end.
    loss: Option<(String, String)>,
    /// The table behind it: best customers, their profit, its share.
    table: Vec<(String, String, String)>,
}

/// A tier.
struct TierRow {
    label: String,
    href: String,
    from: String,
    customers: String,
    profit: String,
    time: String,
    /// «۱۲ ساعت، ۳۴ تماس».
    spent: String,
    target: String,
    /// It gets more time than it should.
    over: bool,
}

/// A customer in one of the lists.
struct Line {
    id: Id<Party>,
    name: String,
    /// What they brought and cost, in a sentence.
    parts: String,
    profit: String,
    loses: bool,
    minutes: String,
    decision: Option<String>,
}

/// A decision that ends soon.
struct Ending {
    id: Id<Party>,
    name: String,
    what: String,
    reason: String,
    approver: String,
    until: String,
}

/// A rate in the form.
struct RateField {
    name: &'static str,
    label: String,
    unit: String,
}

#[derive(Template)]
#[template(path = "insight/value.html")]
struct ValuePage {
    s: Shell,
    f: FormView,
    sub: String,
    /// Nobody has said what the goods cost.
    needs_goods: bool,
    waiting: bool,
    figures: Vec<Figure>,
    chart: Option<Chart>,
    tiers: Vec<TierRow>,
    /// Whose borders the tiers have, and since when.
    borders: String,
    time_says: Option<String>,
    ideal: Vec<Line>,
    losing: Vec<Line>,
    ending: Vec<Ending>,
    how: Vec<String>,
    rates: Vec<(String, Vec<RateField>)>,
    unit: String,
    may_change: bool,
    may_add: bool,
    export: Option<&'static str>,
}

/// The page.
pub async fn index(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let f = rates_form(&req).await?;
    let view = value_page(&req, f).await?;
    page::page(&req, &view)
}

pub(super) async fn currency(req: &Req) -> Result<Currency, PageError> {
    Ok(req.ctx.app.organisation().await?.currency)
}

async fn rates_form(req: &Req) -> Result<FormView, PageError> {
    let currency = currency(req).await?;
    let known = req.ctx.run(rates::list, Nothing {}).await?;
    let shown = |rate: &CostRate| (rate.item.to_string(), shown(&req.loc, rate.item, rate.value, currency));
    Ok(FormView::new(known.iter().map(shown).collect()))
}

/// A rate as its field shows it.
fn shown(loc: &Loc, item: RateItem, value: i64, currency: Currency) -> String {
    if item.is_share() { loc.rounded(value as f64 / 100.0, 2) } else { loc.amount(value, currency) }
}

async fn value_page(req: &Req, f: FormView) -> Result<ValuePage, PageError> {
    let loc = &req.loc;
    let currency = currency(req).await?;
    let summary = match req.ctx.run(profits::summary, Nothing {}).await {
        Ok(summary) => Some(summary),
        Err(Error::Invalid(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let run = summary.as_ref().and_then(|summary| summary.run.as_ref());
    let whale = summary.as_ref().and_then(|summary| summary.whale.as_ref());
    let (mut ideal, mut losing, mut ending) = (Vec::new(), Vec::new(), Vec::new());
    if whale.is_some() {
        let named =
            |losing: bool| ListProfits { losing: Some(losing), worst_first: Some(losing), limit: Some(NAMED), ..ListProfits::default() };
        let soon = ListDecisions { until: Some(loc.today().plus(SOON)), limit: Some(NAMED), ..ListDecisions::default() };
        let (best, worst, soon) = tokio::try_join!(
            req.ctx.run(profits::list, named(false)),
            req.ctx.run(profits::list, named(true)),
            req.ctx.run(profits::decisions, soon)
        )?;
        ideal = best.items.iter().map(|row| line(loc, row, currency)).collect();
        losing = worst.items.iter().map(|row| line(loc, row, currency)).collect();
        ending = soon
            .items
            .into_iter()
            .map(|one| Ending {
                id: one.party_id,
                what: loc.t(&format!("profits-decision-{}", one.decision.as_str().replace('_', "-"))),
                until: loc.day(one.expires_on),
                name: one.party,
                reason: one.reason,
                approver: one.approver,
            })
            .collect();
    }
    let sub = match (run, whale) {
        (Some(run), Some(whale)) => {
            let window = loc.ta("insight-window", &[("from", loc.day(run.from_on).into()), ("until", loc.day(run.as_of).into())]);
            let refreshed = run.finished_at.map(|at| loc.t1("insight-refreshed", "when", loc.when(at))).unwrap_or_default();
            format!("{} · {window} · {refreshed}", loc.t1("profits-customers", "count", whale.customers))
        }
        _ => loc.t("profits-about"),
    };
    Ok(ValuePage {
        sub,
        needs_goods: summary.is_none(),
        waiting: summary.is_some() && run.is_none(),
        figures: whale.map(|whale| figures(loc, whale, currency)).unwrap_or_default(),
        chart: whale.map(|whale| chart(loc, whale, currency)),
        tiers: summary.as_ref().map(|summary| tiers(loc, summary, currency)).unwrap_or_default(),
        borders: summary.as_ref().map(|summary| borders_say(loc, &summary.borders)).unwrap_or_default(),
        time_says: summary.as_ref().and_then(|summary| time_says(loc, summary)),
        ideal,
        losing,
        ending,
        how: summary.as_ref().map(|summary| how(loc, summary, currency)).unwrap_or_default(),
        rates: rate_fields(loc, currency),
        unit: loc.money_unit(currency).to_owned(),
        may_change: req.can(Room::Insight, Act::Change),
        may_add: req.can(Room::Insight, Act::Create),
        export: (req.can(Room::Insight, Act::Export) && whale.is_some()).then_some("/insight/value.csv"),
        f,
        s: req.shell("insight", req.t("insight-value")).crumb(req.t("menu-insight"), "/insight"),
    })
}

fn figures(loc: &Loc, whale: &Whale, currency: Currency) -> Vec<Figure> {
    let brief = |minor: i64| loc.amount_brief(minor, currency);
    let unit = loc.money_unit(currency).to_owned();
    let mut figures = vec![Figure {
        label: loc.t("profits-profit"),
        value: brief(whale.sums.profit_minor),
        unit: unit.clone(),
        about: loc.ta("profits-of-sales", &[("sales", brief(whale.sums.sales_minor).into()), ("unit", unit.clone().into())]),
    }];
    if let Some(share) = whale.best_fifth {
        figures.push(Figure {
            label: loc.t("profits-best-fifth"),
            value: loc.percent(share),
            unit: loc.t("profits-of-profit"),
            about: loc.t("profits-best-fifth-about"),
        });
    }
    figures.push(Figure {
        label: loc.t("profits-losing"),
        value: loc.number(whale.losing.customers),
        unit: loc.t1("insight-of-customers", "count", whale.customers),
        about: loc.ta("profits-losing-sum", &[("loss", brief(-whale.losing.profit_minor).into()), ("unit", unit.clone().into())]),
    });
    let served = whale.sums.staff_minor + whale.sums.channels_minor + whale.sums.entered_minor;
    figures.push(Figure {
        label: loc.t("profits-service"),
        value: brief(served),
        unit,
        about: loc.t1("profits-hours", "count", (whale.sums.minutes + 30) / 60),
    });
    figures
}

/// Of these the first that leaves at most five lines between the two.
pub(super) fn step(span: f64) -> f64 {
    let power = 10_f64.powf((span / 5.0).log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| span / step <= 5.0).unwrap_or(span)
}

fn chart(loc: &Loc, whale: &Whale, currency: Currency) -> Chart {
    let total = whale.sums.profit_minor as f64;
    let lowest = whale.curve.iter().map(|point| point.profit_minor).min().unwrap_or(0).min(0) as f64;
    let highest = (whale.peak.profit_minor as f64).max(1.0);
    // Without a profit a share of it means nothing.
    let shares = total > 0.0;
    let whole = if shares { total } else { 1.0 };
    let every = step((highest - lowest) / whole);
    let (from, until) = ((lowest / whole / every).floor() as i64, (highest / whole / every).ceil() as i64);
    let (low, high) = (from as f64 * every * whole, until as f64 * every * whole);
    let x = |customers: f64| LEFT + (RIGHT - LEFT) * customers / whale.customers as f64;
    let y = |profit: f64| BOTTOM - (BOTTOM - TOP) * (profit - low) / (high - low);
    let place = |at: f64| format!("{at:.1}");
    let points: Vec<String> =
        whale.curve.iter().map(|point| format!("{:.1},{:.1}", x(point.customers as f64), y(point.profit_minor as f64))).collect();
    let row = |at: i64| {
        let value = at as f64 * every;
        let label = if shares { loc.percent(value) } else { loc.amount_brief(value.round() as i64, currency) };
        Mark { at: place(y(value * whole)), label }
    };
    let column = |quarter: i64| {
        let part = quarter as f64 / 4.0;
        Mark { at: place(x(whale.customers as f64 * part)), label: loc.percent(part) }
    };
    let share = |profit: i64| if shares { loc.percent(profit as f64 / total) } else { String::new() };
    let every_tenth = whale.curve.len().div_ceil(11).max(1);
    let table = whale
        .curve
        .iter()
        .enumerate()
        .filter(|(at, _)| at % every_tenth == 0 || at + 1 == whale.curve.len())
        .map(|(_, point)| (loc.number(point.customers), loc.amount(point.profit_minor, currency), share(point.profit_minor)));
    let losing = whale.losing.customers as f64;
    let from_loss = x(whale.customers as f64 - losing);
    Chart {
        label: says(loc, whale, currency),
        line: points.join(" "),
        even: (place(y(0.0)), place(y(total))),
        zero: place(y(0.0)),
        rows: (from..=until).map(row).collect(),
        columns: (0..=4).map(column).collect(),
        peak: (place(x(whale.peak.customers as f64)), place(y(whale.peak.profit_minor as f64))),
        loss: (losing > 0.0).then(|| (place(from_loss), place(RIGHT - from_loss))),
        table: table.collect(),
    }
}

/// What the curve says.
fn says(loc: &Loc, whale: &Whale, currency: Currency) -> String {
    let unit = loc.money_unit(currency);
    let mut words = match whale.best_fifth {
        Some(share) => loc.t1("profits-says", "share", loc.percent(share)),
        None => loc.t("profits-says-none"),
    };
    if whale.losing.customers > 0 {
        let loss = loc.amount_brief(-whale.losing.profit_minor, currency);
        words.push(' ');
        words.push_str(
            &loc.ta("profits-says-losing", &[("count", whale.losing.customers.into()), ("loss", loss.into()), ("unit", unit.into())]),
        );
    }
    words
}

pub(super) fn tier_name(loc: &Loc, tier: i64) -> String {
    loc.t(&format!("profits-tier-{tier}"))
}

fn share(loc: &Loc, ten_thousandths: i64) -> String {
    loc.percent(ten_thousandths as f64 / 10_000.0)
}

fn tiers(loc: &Loc, summary: &ProfitSummary, currency: Currency) -> Vec<TierRow> {
    let row = |one: &profits::TierTime| TierRow {
        label: tier_name(loc, one.tier.tier),
        href: format!("/insight/value/customers?tier={}", one.tier.tier),
        from: one
            .tier
            .from_minor
            .map_or_else(|| loc.t("profits-tier-rest"), |from| loc.t1("profits-tier-from", "amount", loc.amount_round(from, currency))),
        customers: loc.number(one.tier.customers),
        profit: loc.amount_brief(one.tier.profit_minor, currency),
        time: one.time_share.map(|value| share(loc, value)).unwrap_or_default(),
        spent: spent(loc, &one.tier),
        target: one.target_share.map_or_else(|| "–".to_owned(), |value| share(loc, value)),
        over: one.time_share.zip(one.target_share).is_some_and(|(time, target)| time > target),
    };
    summary.tiers.iter().map(row).collect()
}

/// What a tier got of us.
fn spent(loc: &Loc, tier: &Tier) -> String {
    let contacts = loc.t1("profits-contacts", "count", tier.contacts);
    if tier.minutes == 0 {
        return contacts;
    }
    [loc.t1("profits-tier-hours", "count", (tier.minutes + 30) / 60), contacts].join(&loc.t("timeline-comma"))
}

/// The tier that takes most above its target: «۴۱٪ از وقت …».
fn time_says(loc: &Loc, summary: &ProfitSummary) -> Option<String> {
    let over = summary.tiers.iter().filter_map(|one| Some((one, one.time_share?, one.target_share?)));
    let (one, time, target) = over.filter(|(_, time, target)| time > target).max_by_key(|(_, time, target)| time - target)?;
    let args = [("time", share(loc, time).into()), ("tier", tier_name(loc, one.tier.tier).into()), ("target", share(loc, target).into())];
    Some(loc.ta("profits-time-over", &args))
}

fn line(loc: &Loc, row: &ProfitRow, currency: Currency) -> Line {
    let brief = |minor: i64| loc.amount_brief(minor, currency);
    let parts = [
        ("sales", brief(row.sales_minor).into()),
        ("goods", brief(row.goods_minor).into()),
        ("service", brief(row.staff_minor + row.channels_minor + row.entered_minor).into()),
    ];
    let decided = row.decision.zip(row.expires_on).filter(|(_, until)| *until >= loc.today());
    Line {
        id: row.party_id,
        name: row.party.clone(),
        parts: loc.ta("profits-line", &parts),
        profit: loc.amount(row.profit_minor, currency),
        loses: row.profit_minor < 0,
        minutes: loc.number(row.minutes),
        decision: decided.map(|(decision, until)| {
            let what = loc.t(&format!("profits-decision-{}", decision.as_str().replace('_', "-")));
            loc.ta("profits-decided-until", &[("what", what.into()), ("day", loc.day(until).into())])
        }),
    }
}

/// Whose borders the tiers have, and since when.
fn borders_say(loc: &Loc, borders: &TierBorders) -> String {
    let Some(since) = borders.since else { return String::new() };
    let words = loc.t1(if borders.by_hand { "profits-borders-by-hand" } else { "profits-borders-found" }, "day", loc.when(since));
    if borders.are_changing { format!("{words} {}", loc.t("profits-borders-changing")) } else { words }
}

/// How the numbers came about.
fn how(loc: &Loc, summary: &ProfitSummary, currency: Currency) -> Vec<String> {
    let mut lines = vec![loc.t("profits-how"), loc.t("profits-how-who")];
    lines.extend((!summary.borders.by_hand).then(|| loc.t("profits-how-tiers")));
    if let Some(goods) = summary.rates.iter().find(|rate| rate.item == RateItem::Goods) {
        lines.push(loc.t1("profits-how-goods", "share", share(loc, goods.value)));
    }
    if let Some(nobody) = summary.of_nobody_minor.filter(|sum| *sum > 0) {
        let args = [("amount", loc.amount_brief(nobody, currency).into()), ("unit", loc.money_unit(currency).into())];
        lines.push(loc.ta("profits-how-nobody", &args));
    }
    let unpriced = summary.run.as_ref().map(|run| run.unpriced.0.as_slice()).unwrap_or_default();
    if !unpriced.is_empty() {
        lines.push(unpriced_words(loc, unpriced));
    }
    lines
}

fn unpriced_words(loc: &Loc, items: &[RateItem]) -> String {
    let names: Vec<String> = items.iter().map(|item| rate_name(loc, *item)).collect();
    loc.t1("profits-unpriced", "items", names.join(&loc.t("timeline-comma")))
}

fn rate_name(loc: &Loc, item: RateItem) -> String {
    if let Some(at) = TIMES.iter().position(|time| *time == item) {
        return tier_name(loc, at as i64 + 1);
    }
    if let Some(at) = BORDERS.iter().position(|border| *border == item) {
        return tier_name(loc, at as i64 + 1);
    }
    match item {
        RateItem::Goods | RateItem::StaffHour => loc.t(&format!("profits-rate-{}", item.as_str().replace('_', "-"))),
        channel => loc.term("channel", channel.as_str()),
    }
}

fn rate_fields(loc: &Loc, currency: Currency) -> Vec<(String, Vec<RateField>)> {
    let field = |item: &RateItem| RateField {
        name: item.as_str(),
        label: rate_name(loc, *item),
        unit: if item.is_share() { loc.t("percent-sign") } else { loc.money_unit(currency).to_owned() },
    };
    let basic = [RateItem::Goods, RateItem::StaffHour];
    let channels = RateItem::ALL.iter().filter(|item| !basic.contains(item) && !TIMES.contains(item) && !BORDERS.contains(item));
    vec![
        (loc.t("profits-rates-basic"), basic.iter().map(field).collect()),
        (loc.t("profits-rates-channels"), channels.map(field).collect()),
        (loc.t("profits-rates-time"), TIMES.iter().map(field).collect()),
        (loc.t("profits-rates-tiers"), BORDERS.iter().map(field).collect()),
    ]
}

/// Sets the rates of the form.
pub async fn set_rates(req: Req, sent: Sent) -> PageResult {
    let currency = currency(&req).await?;
    let amount = |item: &RateItem| {
        if item.is_share() {
            return sent.get(item.as_str()).map(str::to_owned);
        }
        sent.amount(item.as_str(), currency, req.loc.prefs.money_unit)
    };
    let asked = RateItem::ALL.iter().filter(|item| sent.has(item.as_str()));
    let rates = asked.map(|item| SetRate { item: *item, amount: amount(item) }).collect();
    match req.ctx.run(rates::set, SetRates { rates }).await {
        Ok(_) => Ok(page::go(&req, "/insight/value", Some(Flash { text: req.t("profits-rates-set"), undo: None }))),
        Err(Error::Invalid(problems)) => {
            let f = FormView::again(sent, &problems.0, &req.loc);
            page::unprocessable(&value_page(&req, f).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Has the profits worked out anew.
pub async fn refresh(req: Req) -> PageResult {
    req.ctx.run(profit_refresh::ask, Nothing {}).await?;
    Ok(page::go(&req, "/insight/value", Some(Flash { text: req.t("insight-asked"), undo: None })))
}

/// Which customers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    tier: Option<i64>,
    losing: Option<bool>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "insight/value-customers.html")]
struct CustomersPage {
    s: Shell,
    lines: Vec<Line>,
    next: Option<String>,
    unit: String,
    may_change: bool,
}

/// The customers of a tier, or those who cost more than they bring.
pub async fn customers(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let input = ListProfits { tier: asked.tier, losing: asked.losing, worst_first: asked.losing, after: asked.after, limit: Some(PAGE) };
    let found = req.ctx.run(profits::list, input).await?;
    let currency = currency(&req).await?;
    let mut query = String::new();
    for (name, value) in [("tier", asked.tier.map(|tier| tier.to_string())), ("losing", asked.losing.map(|losing| losing.to_string()))] {
        if let Some(value) = value {
            query.push_str(&format!("{name}={value}&"));
        }
    }
    let title = match (asked.tier, asked.losing) {
        (Some(tier @ 1..=4), _) => tier_name(&req.loc, tier),
        (_, Some(true)) => req.t("profits-losing"),
        _ => req.t("profits-ranked"),
    };
    let view = CustomersPage {
        lines: found.items.iter().map(|row| line(&req.loc, row, currency)).collect(),
        next: found.next.map(|next| format!("/insight/value/customers?{query}after={next}")),
        unit: req.loc.money_unit(currency).to_owned(),
        may_change: req.can(Room::Insight, Act::Change),
        s: req.shell("insight", title).crumb(req.t("menu-insight"), "/insight").crumb(req.t("insight-value"), "/insight/value"),
    };
    page::page(&req, &view)
}

/// All customers with their parts as a file, from the ideal to the loss-making.
pub async fn csv(req: Req) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let currency = currency(&req).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["name", "tier", "sales", "goods", "staff", "channels", "entered", "profit", "discount", "minutes"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("profits-column-{column}"))).to_vec()];
    let mut input = ListProfits { limit: Some(PAGE_MAX), ..ListProfits::default() };
    loop {
        let found = req.ctx.run(profits::list, input.clone()).await?;
        for row in &found.items {
            let amounts = [
                row.sales_minor, row.goods_minor, row.staff_minor, row.channels_minor, row.entered_minor, row.profit_minor,
                row.discount_minor,
            ];
            let mut cells = vec![row.party.clone(), row.tier.map(|tier| tier.to_string()).unwrap_or_default()];
            cells.extend(amounts.map(|minor| Money { minor, currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "")));
            cells.push(row.minutes.to_string());
            lines.push(cells);
        }
        let Some(next) = found.next else { break };
        input.after = Some(next);
    }
    Ok(super::csv_file("profits.csv", &lines).into_response())
}

#[derive(Template)]
#[template(path = "insight/decide.html", blocks = ["form"])]
struct DecidePage {
    s: Shell,
    f: FormView,
    id: Id<Party>,
    name: String,
    parts: Option<ProfitBox>,
    decisions: Vec<(String, String)>,
    approvers: Vec<(String, String)>,
    in_dialog: bool,
}

async fn decide_page(req: &Req, id: Id<Party>, f: FormView, in_dialog: bool) -> Result<DecidePage, PageError> {
    req.ctx.actor.check(Perm(Room::Insight, Act::Change))?;
    let (party, profit, people) = tokio::try_join!(
        req.ctx.run(party::get, PartyId { id }),
        req.ctx.run(profits::get, GetProfit { id, from: None, until: None }),
        req.ctx.run(colleagues::list, Nothing {})
    )?;
    let words = |decision: &Decision| (decision.to_string(), req.t(&format!("profits-decision-{}", decision.as_str().replace('_', "-"))));
    Ok(DecidePage {
        s: req
            .shell("insight", req.t("profits-decide"))
            .crumb(req.t("menu-insight"), "/insight")
            .crumb(req.t("insight-value"), "/insight/value"),
        f,
        id,
        name: party.name.clone(),
        parts: profit_box(&req.loc, &profit),
        decisions: Decision::ALL.iter().map(words).collect(),
        approvers: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        in_dialog,
    })
}

fn show_decide(req: &Req, view: &DecidePage) -> PageResult {
    match (view.f.errors().is_empty(), view.in_dialog) {
        (true, true) => page::page(req, &view.as_form()),
        (true, false) => page::page(req, view),
        (false, true) => page::unprocessable(&view.as_form()),
        (false, false) => page::unprocessable(view),
    }
}

/// The form that decides about a customer.
pub async fn deciding(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let known = req.ctx.run(profits::get, GetProfit { id, from: None, until: None }).await?.decision;
    let until = req.loc.today().plus(USUAL);
    let until = known.as_ref().map_or(until, |known| known.expires_on.max(req.loc.today()));
    let mut values = vec![
        ("expires_on".to_owned(), until.to_string()),
        ("expires_on_text".to_owned(), req.loc.day_short(until)),
        ("approver_id".to_owned(), req.ctx.actor.user().map(|user| user.to_string()).unwrap_or_default()),
    ];
    if let Some(known) = known {
        values[2].1 = known.approver_id.to_string();
        values.push(("decision".to_owned(), known.decision.to_string()));
        values.push(("reason".to_owned(), known.reason));
    }
    let in_dialog = req.dialog;
    show_decide(&req, &decide_page(&req, id, FormView::new(values), in_dialog).await?)
}

/// Writes the decision down.
pub async fn decide(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let input = read(&req, id, &sent);
    let outcome = match input {
        Ok(input) => req.ctx.run(profits::decide, input).await,
        Err(problem) => Err(problem.into()),
    };
    match outcome {
        Ok(decided) => {
            let text = req.loc.t1("profits-decided", "name", decided.party);
            Ok(page::go(&req, "/insight/value", Some(Flash { text, undo: None })))
        }
        Err(Error::Invalid(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let f = FormView::again(sent, &problems.0, &req.loc);
            show_decide(&req, &decide_page(&req, id, f, in_dialog).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn read(req: &Req, id: Id<Party>, sent: &Sent) -> Result<Decide, Problem> {
    let needed = |field: &'static str| Problem::new(field, "input-needed");
    let decision = sent.get("decision").ok_or_else(|| needed("decision"))?;
    let decision = decision.parse::<Decision>().map_err(|()| Problem::new("decision", "input-choice"))?;
    let written = sent.date("expires_on").ok_or_else(|| needed("expires_on"))?;
    let expires_on = match written.parse::<Day>() {
        Ok(day) => day,
        Err(_) => parse_date(written, req.loc.prefs.calendar, req.loc.today().0)
            .map(Day)
            .map_err(|problem| Problem::new("expires_on", problem.key()))?,
    };
    let approver_id = sent.get("approver_id").map(|id| id.parse().map_err(|_| Problem::new("approver_id", "input-choice"))).transpose()?;
    Ok(Decide { id, decision, reason: sent.get("reason").unwrap_or_default().to_owned(), approver_id, expires_on })
}

/// The profit of a customer in the last year, as their page shows it.
pub(crate) struct ProfitBox {
    /// «۱۲ میلیون تومان».
    pub(crate) profit: String,
    pub(crate) loses: bool,
    /// A part and its amount.
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) notes: Vec<String>,
}

/// The box; nothing for who has neither bought nor cost anything.
pub(crate) fn profit_box(loc: &Loc, told: &Profit) -> Option<ProfitBox> {
    if told.is_empty {
        return None;
    }
    let parts = told.parts;
    let amount = |minor: i64| loc.amount_brief(minor, told.currency);
    let mut lines = vec![(loc.t("profits-column-sales"), amount(parts.sales_minor))];
    for (key, minor) in [
        ("profits-column-goods", parts.goods_minor),
        ("profits-column-staff", parts.staff_minor),
        ("profits-column-channels", parts.channels_minor),
        ("profits-column-entered", parts.entered_minor),
    ] {
        if minor != 0 {
            lines.push((loc.t(key), amount(-minor)));
        }
    }
    let mut notes = Vec::new();
    if let Some(tier @ 1..=4) = told.tier {
        notes.push(tier_name(loc, tier));
    }
    if parts.discount_minor > 0 {
        let args = [("amount", amount(parts.discount_minor).into()), ("unit", loc.money_unit(told.currency).into())];
        notes.push(loc.ta("profits-discounts", &args));
    }
    if parts.minutes > 0 {
        notes.push(loc.t1("profits-minutes", "count", parts.minutes));
    }
    if !told.unpriced.is_empty() {
        notes.push(unpriced_words(loc, &told.unpriced));
    }
    if let Some(decided) = &told.decision {
        let what = loc.t(&format!("profits-decision-{}", decided.decision.as_str().replace('_', "-")));
        notes.push(loc.ta("profits-decided-until", &[("what", what.into()), ("day", loc.day(decided.expires_on).into())]));
    }
    Some(ProfitBox { profit: loc.amount_short(parts.profit_minor, told.currency), loses: parts.profit_minor < 0, lines, notes })
}
