//! The indicators of experience: what treatments do, how loyal customers come back, for how much, for what; and who is behind
//! each number.

use super::experiment::{Bar, bar};
use super::{key_of, money};
use crate::error::PageResult;
use crate::insight::csv_file;
use crate::page::{Shell, page, percent};
use crate::request::Req;
use askama::Template;
use axum::extract::Query;
use axum::response::IntoResponse;
use jiff::civil::Weekday;
use peyvand_core::experience::experiments::Range;
use peyvand_core::experience::indicators::effects::{After, Because, Claim};
use peyvand_core::experience::indicators::{Behind, Cell, Cem, Effect, IndicatorCustomer, IndicatorsOf, Pair, behind, cem};
use peyvand_core::experience::legality::TreatmentKind;
use peyvand_core::platform::calendar::{month_name, weekday_name};
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Day, Perm, Room};
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// Where the page is.
const HERE: &str = "/experience/indicators";
/// Days that the page offers.
const PERIODS: [i64; 4] = [90, 180, 365, 1_095];
/// Customers of a page.
const PAGE: i64 = 50;
/// Numbers are told for so many customers.
const HUNDRED: f64 = 100.0;

/// What of the indicators is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// What treatments have to do with it.
    Effects,
    /// How often they come back.
    Repeats,
    /// For how much.
    Amounts,
    /// For what.
    Kinds,
}

impl View {
    const ALL: [View; 4] = [View::Effects, View::Repeats, View::Amounts, View::Kinds];

    fn as_str(self) -> &'static str {
        match self {
            View::Effects => "effects",
            View::Repeats => "repeats",
            View::Amounts => "amounts",
            View::Kinds => "kinds",
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    view: Option<View>,
    days: Option<i64>,
    anew: Option<u8>,
}

impl Asked {
    /// The indicators of so many days until yesterday; of the usual ones where nothing else is said.
    pub(crate) fn of(days: Option<i64>, anew: bool, today: Day) -> IndicatorsOf {
        IndicatorsOf { from: days.map(|days| today.plus(-days)), until: None, anew }
    }
}

/// A number with what it is.
pub struct Figure {
    pub label: String,
    pub value: String,
    pub unit: String,
    pub about: String,
}

/// A bar of a picture that is a table, too.
pub struct BarRow {
    label: String,
    count: String,
    length: i64,
    share: String,
}

/// What is known of one treatment.
pub struct EffectRow {
    pub name: String,
    /// The words and address of those behind it.
    pub links: Vec<(String, String)>,
    /// What came after it, and how many times as many as usual.
    pub after: String,
    pub after_about: String,
    /// What came of it.
    pub added: String,
    pub range: String,
    pub bar: Option<Bar>,
    pub change: String,
    pub cost: String,
    pub count: String,
    pub claim: String,
    pub tone: &'static str,
    /// Why nothing may be claimed, and what it takes.
    pub why: String,
    /// How likely it is the best of its kind; empty where there is no other one.
    pub best: String,
}

/// Two treatments of a kind beside each other.
pub struct PairRow {
    pub one: String,
    pub other: String,
    /// What the first adds more, and its range.
    pub added: String,
    pub range: String,
    /// What it leaves us more, and its range.
    pub benefit: String,
    pub benefit_range: String,
}

/// The treatments of a kind.
pub struct EffectGroup {
    pub label: String,
    pub tone: &'static str,
    pub icon: &'static str,
    pub rows: Vec<EffectRow>,
}

/// Tone and icon of a kind.
fn look(kind: TreatmentKind) -> (&'static str, &'static str) {
    match kind {
        TreatmentKind::Respect => ("teal", "shield-heart"),
        TreatmentKind::Discount => ("lapis", "discount"),
        TreatmentKind::Gift => ("saffron", "gift"),
        TreatmentKind::Benefit => ("peste", "coins"),
    }
}

fn claim_tone(claim: Claim) -> &'static str {
    match claim {
        Claim::More => "peste",
        Claim::Less | Claim::Broken => "anar",
        Claim::Unknown | Claim::TooFew | Claim::NoControl => "grey",
    }
}

pub fn signed(loc: &Loc, value: f64, places: u32) -> String {
    let text = loc.rounded(value, places);
    if value > 0.0 { format!("+{text}") } else { text }
}

fn signed_percent(loc: &Loc, share: f64) -> String {
    let text = loc.percent(share);
    if share > 0.0 { format!("+{text}") } else { text }
}

pub fn between(loc: &Loc, range: Range, told: impl Fn(f64) -> String) -> String {
    loc.ta("insight-between", &[("low", told(range.low).into()), ("high", told(range.high).into())])
}

pub fn minor(loc: &Loc, currency: Currency, value: f64) -> String {
    loc.amount_whole(value.round() as i64, currency)
}

pub fn hundred(range: Range) -> Range {
    Range { value: range.value * HUNDRED, low: range.low * HUNDRED, high: range.high * HUNDRED }
}

/// Why nothing may be claimed, or what else is known.
fn why(loc: &Loc, because: &Because) -> String {
    let needed = because.needed.map(|count| loc.t1("indicators-needed", "count", count));
    let claim = loc.t(&key_of("indicators-why-", because.claim.as_str()));
    match because.claim {
        Claim::More | Claim::Less => String::new(),
        Claim::Unknown | Claim::Broken => claim,
        Claim::TooFew | Claim::NoControl => [Some(claim), needed].into_iter().flatten().collect::<Vec<_>>().join(" "),
    }
}

fn after_about(loc: &Loc, after: &After) -> String {
    let reached = loc.t1("indicators-reached-count", "count", after.reached);
    let times = after.times.map(|times| {
        let range = between(loc, times, |value| loc.rounded(value, 1));
        loc.ta("indicators-times", &[("times", loc.rounded(times.value, 1).into()), ("range", range.into())])
    });
    let cut = (after.cut > 0).then(|| loc.t1("indicators-cut", "count", after.cut));
    [Some(reached), times, cut].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A treatment as a row shows it; `links` are those behind its numbers.
pub fn effect_row(loc: &Loc, one: &Effect, currency: Currency, limits: (f64, f64), links: Vec<(String, String)>) -> EffectRow {
    let because = &one.because;
    let added = because.added.map(hundred);
    let dash = || "–".to_owned();
    EffectRow {
        name: one.name.clone(),
        links,
        after: loc.number(one.after.events),
        after_about: after_about(loc, &one.after),
        added: added.map_or_else(dash, |added| signed(loc, added.value, 1)),
        range: added.map(|added| between(loc, added, |value| signed(loc, value, 1))).unwrap_or_default(),
        bar: added.map(|added| bar(added, limits)),
        change: because.amount_change.map_or_else(dash, |change| signed_percent(loc, change.value)),
        cost: because.cost_each.map_or_else(dash, |cost| minor(loc, currency, cost.value)),
        count: loc.number(because.treated + because.control),
        claim: loc.t(&key_of("indicators-claim-", because.claim.as_str())),
        tone: claim_tone(because.claim),
        why: why(loc, because),
        best: because.best.map(|share| loc.t1("indicators-best-chance", "share", loc.percent(share))).unwrap_or_default(),
    }
}

/// Treatments of a kind beside each other.
pub fn pair_rows<'a>(loc: &Loc, pairs: &[Pair], effects: impl Iterator<Item = &'a Effect>, currency: Currency) -> Vec<PairRow> {
    let names: HashMap<Uuid, &str> = effects.map(|one| (one.id, one.name.as_str())).collect();
    let name = |id: &Uuid| names.get(id).copied().unwrap_or_default().to_owned();
    let row = |pair: &Pair| {
        let added = hundred(pair.added);
        PairRow {
            one: name(&pair.one),
            other: name(&pair.other),
            added: signed(loc, added.value, 1),
            range: between(loc, added, |value| signed(loc, value, 1)),
            benefit: pair.benefit.map_or_else(|| "–".to_owned(), |benefit| minor(loc, currency, benefit.value)),
            benefit_range: pair.benefit.map(|benefit| between(loc, benefit, |value| minor(loc, currency, value))).unwrap_or_default(),
        }
    };
    pairs.iter().map(row).collect()
}

/// From where to where the lines of all rows go, with nothing in between.
pub fn limits<'a>(rows: impl Iterator<Item = &'a Effect>) -> (f64, f64) {
    let (low, high) = rows
        .filter_map(|one| one.because.added)
        .fold((0.0_f64, 0.0_f64), |(low, high), added| (low.min(added.low * HUNDRED), high.max(added.high * HUNDRED)));
    let room = ((high - low) * 0.05).max(f64::MIN_POSITIVE);
    (low - room, high + room)
}

/// Treatments by kind, with a row for each.
pub fn groups<T>(loc: &Loc, list: &[T], effect: impl Fn(&T) -> &Effect, row: impl Fn(&T) -> EffectRow) -> Vec<EffectGroup> {
    TreatmentKind::ALL
        .iter()
        .filter_map(|kind| {
            let rows: Vec<EffectRow> = list.iter().filter(|one| effect(one).kind == *kind).map(&row).collect();
            let (tone, icon) = look(*kind);
            (!rows.is_empty()).then(|| EffectGroup { label: loc.t(&key_of("experience-kind-", kind.as_str())), tone, icon, rows })
        })
        .collect()
}

#[derive(Template)]
#[template(path = "experience/indicators.html")]
struct IndicatorsPage {
    s: Shell,
    tab: &'static str,
    sub: String,
    /// Address, words, whether it is the one that is shown.
    views: Vec<(String, String, bool)>,
    periods: Vec<(String, String, bool)>,
    is_empty: bool,
    figures: Vec<Figure>,
    groups: Vec<EffectGroup>,
    pairs: Vec<PairRow>,
    /// Pictures: label and bars.
    pictures: Vec<(String, Vec<BarRow>)>,
    /// What moved the amounts: label, amount, tone.
    parts: Vec<(String, String, &'static str)>,
    /// Why it cannot be told what moved them.
    no_parts: Option<String>,
    kinds: Option<KindsView>,
    how: Vec<String>,
    export: Option<String>,
    anew: String,
}

/// What they buy.
struct KindsView {
    places: Vec<(String, String)>,
    /// Category, its address, shares of purchases and of what they came to.
    rows: Vec<(String, String, Vec<(String, String)>)>,
    others: Option<String>,
    moves: Vec<(String, String, String, String)>,
}

fn address(view: View, days: Option<i64>) -> String {
    let view = view.as_str();
    days.map_or_else(|| format!("{HERE}?view={view}"), |days| format!("{HERE}?view={view}&days={days}"))
}

fn behind_at(cell: Cell, id: Option<Uuid>, days: Option<i64>, more: &str) -> String {
    let mut address = format!("{HERE}/customers?cell={cell}");
    if let Some(id) = id {
        address.push_str(&format!("&id={id}"));
    }
    if let Some(days) = days {
        address.push_str(&format!("&window={days}"));
    }
    address + more
}

fn bars(loc: &Loc, counts: impl Iterator<Item = (String, i64)>) -> Vec<BarRow> {
    let counts: Vec<(String, i64)> = counts.collect();
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    counts
        .into_iter()
        .map(|(label, count)| BarRow {
            label,
            count: loc.number(count),
            length: count * 100 / most,
            share: loc.percent(if all > 0 { count as f64 / all as f64 } else { 0.0 }),
        })
        .collect()
}

fn figure(loc: &Loc, key: &str, value: Option<(String, String)>, unit: String, few: &str) -> Figure {
    let (value, about) = value.unwrap_or_else(|| ("–".to_owned(), few.to_owned()));
    Figure { label: loc.t(key), value, unit, about }
}

fn repeats_figures(loc: &Loc, found: &Cem, few: &str) -> Vec<Figure> {
    let of = &found.repeats;
    let share = of.share.map(|share| (loc.percent(share.value), between(loc, share, |value| loc.percent(value))));
    let per_year = of.per_year.map(|rate| (loc.rounded(rate.value, 2), between(loc, rate, |value| loc.rounded(value, 2))));
    let next = of.next.map(|next| {
        let days = next.median_days.map_or_else(|| "–".to_owned(), |days| loc.number(days as i64));
        let range = match (next.median_low, next.median_high) {
            (Some(low), Some(high)) => between(loc, Range { value: low, low, high }, |value| loc.number(value as i64)),
            _ => loc.t("indicators-median-open"),
        };
        (days, range)
    });
    vec![
        figure(loc, "indicators-share", share, String::new(), few),
        figure(loc, "indicators-per-year", per_year, loc.t("indicators-purchases"), few),
        figure(loc, "indicators-next", next, loc.t("indicators-days"), few),
    ]
}

fn amounts_figures(loc: &Loc, found: &Cem, few: &str) -> Vec<Figure> {
    let of = &found.amounts;
    let range = |range: Option<Range>| {
        range.map(|range| (minor(loc, found.currency, range.value), between(loc, range, |value| minor(loc, found.currency, value))))
    };
    let resampled = if of.is_resampled { loc.t("indicators-resampled") } else { String::new() };
    let mut per_customer = figure(loc, "indicators-per-customer", range(of.per_customer), String::new(), few);
    if !resampled.is_empty() {
        per_customer.about = format!("{} · {resampled}", per_customer.about);
    }
    let before = of.before_minor.map(|before| loc.t1("indicators-before", "amount", money(loc, found.currency, before)));
    vec![
        Figure {
            label: loc.t("indicators-total"),
            value: money(loc, found.currency, of.minor),
            unit: String::new(),
            about: before.unwrap_or_default(),
        },
        per_customer,
        figure(loc, "indicators-per-repeat", range(of.per_repeat), String::new(), few),
    ]
}

fn kinds_figures(loc: &Loc, found: &Cem, few: &str) -> Vec<Figure> {
    let of = &found.kinds;
    let same = of.same.map(|same| (loc.percent(same.value), between(loc, same, |value| loc.percent(value))));
    vec![
        figure(loc, "indicators-same", same, String::new(), few),
        figure(loc, "indicators-breadth", of.breadth.map(|breadth| (loc.rounded(breadth, 1), String::new())), String::new(), few),
        figure(
            loc,
            "indicators-entropy",
            of.entropy.map(|entropy| (loc.rounded(entropy, 2), loc.t("indicators-entropy-about"))),
            String::new(),
            few,
        ),
    ]
}

fn kinds_view(loc: &Loc, found: &Cem, days: Option<i64>) -> KindsView {
    let none = || loc.t("indicators-no-category");
    let told = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| loc.percent(share));
    let place = |number: usize| loc.t(&format!("indicators-place-{}", number + 1));
    KindsView {
        places: found.kinds.repeats.iter().enumerate().map(|(at, count)| (place(at), loc.number(count))).collect(),
        rows: found
            .kinds
            .rows
            .iter()
            .map(|row| {
                let category = row.category.as_deref().map(|name| format!("&category={}", percent(name))).unwrap_or_default();
                let cells = row.shares.iter().zip(row.value).map(|(share, value)| (told(*share), told(value))).collect();
                (row.category.clone().unwrap_or_else(none), behind_at(Cell::Category, None, days, &category), cells)
            })
            .collect(),
        others: (found.kinds.others > 0).then(|| loc.t1("indicators-other-categories", "count", found.kinds.others)),
        moves: found
            .kinds
            .moves
            .iter()
            .map(|one| {
                (one.from.clone().unwrap_or_else(none), one.to.clone().unwrap_or_else(none), loc.percent(one.share), loc.number(one.count))
            })
            .collect(),
    }
}

/// One figure for each kind: its clearest treatment.
fn effects_figures(loc: &Loc, found: &Cem) -> Vec<Figure> {
    [TreatmentKind::Respect, TreatmentKind::Discount, TreatmentKind::Gift]
        .into_iter()
        .map(|kind| {
            let best = found.treatments.iter().find(|one| one.kind == kind);
            let added = best.and_then(|one| Some((one, one.because.added?)));
            let label = loc.t(&key_of("experience-kind-", kind.as_str()));
            match (best, added) {
                (_, Some((one, added))) => Figure {
                    label,
                    value: signed(loc, added.value * HUNDRED, 1),
                    unit: loc.t("indicators-per-hundred"),
                    about: match one.because.cost_each {
                        Some(cost) => loc.ta(
                            "indicators-best-cost",
                            &[("name", one.name.as_str().into()), ("cost", minor(loc, found.currency, cost.value).into())],
                        ),
                        None => loc.ta(
                            "indicators-best",
                            &[
                                ("name", one.name.as_str().into()),
                                ("claim", loc.t(&key_of("indicators-claim-", one.because.claim.as_str())).into()),
                            ],
                        ),
                    },
                },
                (Some(one), None) => Figure {
                    label,
                    value: "–".to_owned(),
                    unit: String::new(),
                    about: loc.t(&key_of("indicators-why-", one.because.claim.as_str())),
                },
                (None, None) => Figure { label, value: "–".to_owned(), unit: String::new(), about: loc.t("indicators-none-of-kind") },
            }
        })
        .collect()
}

fn links(loc: &Loc, one: &Effect, days: Option<i64>) -> Vec<(String, String)> {
    let of = |cell: Cell, count: i64| {
        let more = format!("&days={}", one.because.days);
        (count > 0).then(|| (loc.t(&key_of("indicators-cell-", cell.as_str())), behind_at(cell, Some(one.id), days, &more)))
    };
    [
        of(Cell::Reached, one.after.reached),
        of(Cell::After, one.after.events),
        of(Cell::Treated, one.because.treated),
        of(Cell::Control, one.because.control),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn pictures(loc: &Loc, found: &Cem) -> Vec<(String, Vec<BarRow>)> {
    let of = &found.repeats;
    let (calendar, lang) = (loc.prefs.calendar, loc.prefs.lang);
    let weekday = |at: usize| {
        let weekday = i8::try_from(at).ok().and_then(|at| Weekday::from_monday_zero_offset(at).ok());
        weekday.map_or_else(String::new, |weekday| weekday_name(weekday, lang).to_owned())
    };
    let month = |at: usize| month_name(calendar, u8::try_from(at + 1).unwrap_or(1), lang).to_owned();
    let mut pictures = vec![
        (
            loc.t("indicators-habits"),
            bars(loc, found.habits.iter().map(|one| (loc.t(&format!("insight-habit-{}", one.habit)), one.customers))),
        ),
        (loc.t("indicators-weekdays"), bars(loc, of.weekdays.iter().enumerate().map(|(at, count)| (weekday(at), *count)))),
        (loc.t("indicators-months"), bars(loc, of.months.iter().enumerate().map(|(at, count)| (month(at), *count)))),
    ];
    if let Some(hours) = found.hours {
        let hour = |at: usize| loc.digits(&format!("{at:02}:00"));
        // From opening to closing.
        let open = hours.iter().position(|count| *count > 0).unwrap_or(0)..=hours.iter().rposition(|count| *count > 0).unwrap_or(23);
        pictures.push((loc.t("indicators-hours"), bars(loc, open.map(|at| (hour(at), hours[at])))));
    }
    pictures.retain(|(_, bars)| !bars.is_empty());
    pictures
}

fn parts(loc: &Loc, found: &Cem) -> Vec<(String, String, &'static str)> {
    let Some(changed) = found.amounts.changed else { return Vec::new() };
    [
        ("indicators-part-customers", changed.customers),
        ("indicators-part-share", changed.share),
        ("indicators-part-times", changed.times),
        ("indicators-part-amount", changed.amount),
    ]
    .into_iter()
    .map(|(key, value)| {
        let amount = minor(loc, found.currency, value);
        (loc.t(key), if value > 0.0 { format!("+{amount}") } else { amount }, if value < 0.0 { "bad" } else { "good" })
    })
    .collect()
}

/// The page.
pub async fn index(req: Req, Query(asked): Query<Asked>) -> PageResult {
    let view = asked.view.unwrap_or(View::Effects);
    let found = req.ctx.run(cem, Asked::of(asked.days, asked.anew == Some(1), req.loc.today())).await?;
    let loc = &req.loc;
    let few = loc.t1("indicators-few", "count", found.needs);
    let limits = limits(found.treatments.iter());
    let row = |one: &Effect| effect_row(loc, one, found.currency, limits, links(loc, one, asked.days));
    let sub = loc.ta(
        "indicators-sub",
        &[
            ("count", found.customers.into()),
            ("from", loc.day(found.from).into()),
            ("until", loc.day(found.until).into()),
            ("when", loc.when(found.made_at).into()),
        ],
    );
    let is = |wanted: View| view == wanted && found.customers > 0;
    let parts = if is(View::Amounts) { parts(loc, &found) } else { Vec::new() };
    let page_view = IndicatorsPage {
        s: req.shell("experience", req.t("indicators")).crumb(req.t("menu-experience"), "/experience"),
        tab: "indicators",
        sub,
        views: View::ALL
            .iter()
            .map(|one| (address(*one, asked.days), loc.t(&format!("indicators-view-{}", one.as_str())), *one == view))
            .collect(),
        periods: PERIODS
            .iter()
            .map(|days| (address(view, Some(*days)), loc.t1("indicators-period", "days", *days), asked.days.unwrap_or(365) == *days))
            .collect(),
        is_empty: found.customers == 0,
        figures: match view {
            View::Effects => effects_figures(loc, &found),
            View::Repeats => repeats_figures(loc, &found, &few),
            View::Amounts => amounts_figures(loc, &found, &few),
            View::Kinds => kinds_figures(loc, &found, &few),
        },
        groups: if is(View::Effects) { groups(loc, &found.treatments, |one| one, row) } else { Vec::new() },
        pairs: if is(View::Effects) { pair_rows(loc, &found.pairs, found.treatments.iter(), found.currency) } else { Vec::new() },
        pictures: if is(View::Repeats) { pictures(loc, &found) } else { Vec::new() },
        no_parts: (is(View::Amounts) && parts.is_empty()).then(|| loc.t("indicators-no-parts")),
        parts,
        kinds: is(View::Kinds).then(|| kinds_view(loc, &found, asked.days)),
        how: (1..=4)
            .map(|line| format!("indicators-how-{}-{line}", view.as_str()))
            .filter(|key| loc.has(key))
            .map(|key| loc.t(&key))
            .collect(),
        export: (req.can(Room::Experience, Act::Export) && found.customers > 0)
            .then(|| asked.days.map_or_else(|| format!("{HERE}.csv"), |days| format!("{HERE}.csv?days={days}"))),
        anew: format!("{}&anew=1", address(view, asked.days)),
    };
    page(&req, &page_view)
}

/// All numbers as a file.
pub async fn csv(req: Req, Query(asked): Query<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Experience, Act::Export))?;
    let found = req.ctx.run(cem, Asked::of(asked.days, false, req.loc.today())).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["indicator", "name", "value", "low", "high", "count"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("indicators-column-{column}"))).to_vec()];
    let mut line = |key: &str, name: &str, range: Option<Range>, value: Option<f64>, count: i64| {
        let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
        lines.push(vec![
            loc.t(key),
            name.to_owned(),
            number(range.map(|range| range.value).or(value)),
            number(range.map(|range| range.low)),
            number(range.map(|range| range.high)),
            count.to_string(),
        ]);
    };
    let n = found.customers;
    line("indicators-share", "", found.repeats.share, None, n);
    line("indicators-per-year", "", found.repeats.per_year, None, n);
    line(
        "indicators-next",
        "",
        None,
        found.repeats.next.and_then(|next| next.median_days),
        found.repeats.next.map_or(0, |next| next.customers),
    );
    line("indicators-total-minor", found.currency.code(), None, Some(found.amounts.minor as f64), n);
    line("indicators-per-customer", found.currency.code(), found.amounts.per_customer, None, n);
    line("indicators-per-repeat", found.currency.code(), found.amounts.per_repeat, None, found.repeats.repeats);
    for row in &found.kinds.rows {
        for (at, share) in row.shares.iter().enumerate() {
            line(&format!("indicators-place-{}", at + 1), row.category.as_deref().unwrap_or(""), None, *share, row.with[at]);
        }
    }
    for one in &found.treatments {
        line("indicators-after", &one.name, None, Some(one.after.events as f64), one.after.reached);
        line("indicators-after-times", &one.name, one.after.times, None, one.after.reached);
        line("indicators-added", &one.name, one.because.added, None, one.because.treated + one.because.control);
        line("indicators-added-amount", &one.name, one.because.amount, None, one.because.treated + one.because.control);
        line("indicators-benefit", &one.name, one.because.benefit, None, one.because.treated + one.because.control);
        line("indicators-best-share", &one.name, None, one.because.best, one.because.treated + one.because.control);
        line("indicators-cost-each", &one.name, one.because.cost_each, None, one.because.treated + one.because.control);
    }
    Ok(csv_file("indicators.csv", &lines).into_response())
}

/// Which customers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    cell: Cell,
    id: Option<Uuid>,
    category: Option<String>,
    /// Days until yesterday that the indicators are of.
    window: Option<i64>,
    days: Option<i64>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "experience/indicator-people.html")]
struct PeoplePage {
    s: Shell,
    about: String,
    /// Customer, repeat purchases, what they came to.
    people: Vec<(IndicatorCustomer, String, String)>,
    next: Option<String>,
}

/// Who is behind a number.
pub async fn customers(req: Req, Query(who): Query<Who>) -> PageResult {
    let of = Asked::of(who.window, false, req.loc.today());
    let input = Behind {
        cell: who.cell,
        id: who.id,
        category: who.category.clone(),
        from: of.from,
        until: of.until,
        days: who.days,
        after: who.after.clone(),
        limit: Some(PAGE),
    };
    let listed = req.ctx.run(behind, input).await?;
    let currency = req.ctx.app.organisation().await?.currency;
    let loc = &req.loc;
    let category = who.category.as_deref().map(|name| format!("&category={}", percent(name))).unwrap_or_default();
    let days = who.days.map(|days| format!("&days={days}")).unwrap_or_default();
    let here = behind_at(who.cell, who.id, who.window, &format!("{category}{days}"));
    let title = loc.t(&key_of("indicators-cell-", who.cell.as_str()));
    let view = PeoplePage {
        s: req.shell("experience", title).crumb(req.t("menu-experience"), "/experience").crumb(req.t("indicators"), HERE),
        about: who.category.unwrap_or_default(),
        people: listed
            .items
            .into_iter()
            .map(|one| {
                let repeats = one.repeats.map_or_else(String::new, |count| loc.number(count));
                let amount = one.minor.map_or_else(String::new, |minor| money(loc, currency, minor));
                (one, repeats, amount)
            })
            .collect(),
        next: listed.next.map(|next| format!("{here}&after={}", percent(&next))),
    };
    page(&req, &view)
}
