//! Profit by who the customers are: the mean of each group with its range, and whether it differs from the others.

use super::csv_file;
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::guard::FEW;
use peyvand_core::insight::profit_people::{self, ByTrait, Ranged, Trait, TraitGroup, TraitProfits};
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::money::Money;
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Perm, Room};
use serde::Deserialize;

/// A difference is called one when it would come about by chance less often than this.
const CHANCE: f64 = 0.05;

/// The bar of a range: where it begins and how long it is, where the mean and where nothing is, each in per cent.
struct Bar {
    from: String,
    length: String,
    at: String,
    zero: String,
    class: &'static str,
}

/// A group as a row shows it.
struct Row {
    label: String,
    /// The customers in the list, where it can be filtered so.
    href: Option<String>,
    customers: String,
    profit: String,
    mean: Option<String>,
    range: String,
    bar: Option<Bar>,
    /// What is missing, or what differs.
    says: String,
    tone: &'static str,
    is_rough: bool,
    better: String,
}

#[derive(Template)]
#[template(path = "insight/people.html")]
struct PeoplePage {
    s: Shell,
    sub: String,
    /// Label, address, whether it is chosen.
    choices: Vec<(String, String, bool)>,
    rows: Vec<Row>,
    unit: String,
    notes: Vec<String>,
    how: Vec<String>,
    export: Option<String>,
}

/// By what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    by: Option<Trait>,
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let by = asked.by.unwrap_or(Trait::Gender);
    let found = req.ctx.run(profit_people::people, ByTrait { by }).await?;
    let loc = &req.loc;
    let ranges = || found.groups.iter().filter_map(|group| group.mean);
    let low = ranges().map(|range| range.low_minor).min().unwrap_or(0).min(0);
    let high = ranges().map(|range| range.high_minor).max().unwrap_or(0).max(0);
    let rows: Vec<Row> = found.groups.iter().map(|group| row(loc, &found, group, (low, high))).collect();
    let mut notes = Vec::new();
    if rows.iter().any(|row| row.is_rough) {
        notes.push(loc.t("people-note-rough"));
    }
    notes.push(loc.t("people-note-cause"));
    let view = PeoplePage {
        sub: match (found.from_on, found.as_of) {
            (Some(from), Some(until)) if found.customers > 0 => {
                let window = loc.ta("insight-window", &[("from", loc.day(from).into()), ("until", loc.day(until).into())]);
                let known = [("known", found.known.into()), ("customers", found.customers.into())];
                format!("{} · {}", loc.ta("people-known", &known), window)
            }
            _ => loc.t("people-about"),
        },
        choices: Trait::ALL
            .iter()
            .map(|one| (loc.t(&format!("people-by-{one}")), format!("/insight/value/people?by={one}"), *one == by))
            .collect(),
        rows,
        unit: loc.money_unit(found.currency).to_owned(),
        notes,
        how: [loc.t("people-how-mean"), loc.t("people-how-difference"), loc.t1("people-how-few", "count", FEW), loc.t("people-how-better")]
            .to_vec(),
        export: (req.can(Room::Insight, Act::Export) && found.customers > 0).then(|| format!("/insight/value/people.csv?by={by}")),
        s: req.shell("insight", req.t("people")).crumb(req.t("menu-insight"), "/insight").crumb(req.t("insight-value"), "/insight/value"),
    };
    page::page(&req, &view)
}

fn label(loc: &Loc, by: Trait, group: &TraitGroup) -> String {
    let Some(word) = &group.word else {
        return loc.t(if group.is_rest { "people-rest" } else { "people-unknown" });
    };
    match by {
        Trait::Gender => loc.term("gender", word),
        Trait::Education => loc.term("education", word),
        Trait::Income => loc.term("income_band", word),
        Trait::Source => loc.term("source", word),
        Trait::Job | Trait::Residence => word.clone(),
        Trait::Age => match word.as_str() {
            "0" => loc.t("people-age-under"),
            "65" => loc.t("people-age-over"),
            from => {
                let from: i64 = from.parse().unwrap_or_default();
                loc.ta("people-age", &[("from", from.into()), ("until", (from + 9).into())])
            }
        },
    }
}

/// The list of the customers of a group, where it can be filtered so.
fn list(by: Trait, group: &TraitGroup) -> Option<String> {
    let word = group.word.clone()?;
    let none = PartyFilters::default();
    let filters = match by {
        Trait::Gender => PartyFilters { gender: Some(word.parse().ok()?), ..none },
        Trait::Residence => PartyFilters { province: Some(word), ..none },
        Trait::Source => PartyFilters { source: Some(word), ..none },
        Trait::Age | Trait::Education | Trait::Job | Trait::Income => return None,
    };
    Some(list_of(&filters))
}

fn row(loc: &Loc, found: &TraitProfits, group: &TraitGroup, (low, high): (i64, i64)) -> Row {
    let brief = |minor: i64| loc.amount_round(minor, found.currency);
    let range =
        |range: Ranged| loc.ta("insight-between", &[("low", brief(range.low_minor).into()), ("high", brief(range.high_minor).into())]);
    let differs = group.difference.filter(|_| group.p.is_some_and(|p| p < CHANCE));
    let (says, tone) = match (group.mean, differs) {
        (None, _) => (loc.ta("people-missing", &[("have", group.customers.into()), ("need", FEW.into())]), "muted"),
        (_, Some(apart)) if apart.value_minor > 0 => (loc.t1("people-more", "amount", brief(apart.value_minor)), "good"),
        (_, Some(apart)) => (loc.t1("people-less", "amount", brief(-apart.value_minor)), "bad"),
        (_, None) => (loc.t("people-alike"), "muted"),
    };
    let place = |minor: i64| 100.0 * (minor - low) as f64 / (high - low).max(1) as f64;
    let cent = |place: f64| format!("{place:.1}%");
    Row {
        label: label(loc, found.by, group),
        href: list(found.by, group),
        customers: loc.number(group.customers),
        profit: brief(group.profit_minor),
        mean: group.mean.map(|mean| brief(mean.value_minor)),
        range: group.mean.map(range).unwrap_or_default(),
        bar: group.mean.map(|mean| Bar {
            from: cent(place(mean.low_minor)),
            length: cent(place(mean.high_minor) - place(mean.low_minor)),
            at: cent(place(mean.value_minor)),
            zero: cent(place(0)),
            class: match tone {
                "good" => "pos",
                "bad" => "neg",
                _ => "",
            },
        }),
        says,
        tone,
        is_rough: group.is_rough,
        better: loc.percent(group.better_share),
    }
}

/// The groups as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let by = asked.by.unwrap_or(Trait::Gender);
    let found = req.ctx.run(profit_people::people, ByTrait { by }).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["group", "customers", "profit", "mean", "low", "high", "p", "better"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("people-column-{column}"))).to_vec()];
    let amount = |minor: i64| Money { minor, currency: found.currency }.format(loc.prefs.money_unit, Digits::Latin).replace(',', "");
    for group in &found.groups {
        let mean = |part: fn(Ranged) -> i64| group.mean.map(|mean| amount(part(mean))).unwrap_or_default();
        lines.push(vec![
            label(&loc, by, group),
            group.customers.to_string(),
            amount(group.profit_minor),
            mean(|mean| mean.value_minor),
            mean(|mean| mean.low_minor),
            mean(|mean| mean.high_minor),
            group.p.map(|p| format!("{p:.4}")).unwrap_or_default(),
            format!("{:.4}", group.better_share),
        ]);
    }
    Ok(csv_file("profit-by-group.csv", &lines).into_response())
}
