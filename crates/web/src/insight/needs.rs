//! What customers need, whether more of them do than before, and whose need was not met.

use super::COLUMNS;
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::parties::list_of;
use crate::request::{Form, Req};
use askama::Template;
use axum::response::IntoResponse;
use peyvand_core::insight::needs::{self, Need, NeedsOf};
use peyvand_core::marketing::segments::{self, ListSegments, Segment};
use peyvand_core::parties::list::PartyFilters;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::text::Digits;
use peyvand_core::{Act, Id, Perm, Room};
use serde::Deserialize;

/// Segments to choose from; of more the list of segments leads here.
const SEGMENTS: i64 = 12;

/// Whose needs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    segment: Option<Id<Segment>>,
}

/// A need as a row shows it.
struct Row {
    label: String,
    /// The customers in the list.
    href: String,
    customers: String,
    /// Learned now and before, and which way it goes.
    learned: String,
    before: String,
    icon: &'static str,
    way: String,
    unmet: String,
    told: String,
    range: String,
    worth: String,
}

#[derive(Template)]
#[template(path = "insight/needs.html")]
struct NeedsPage {
    s: Shell,
    sub: String,
    bare: bool,
    rows: Vec<Row>,
    /// Label, address, whether chosen.
    choices: Vec<(String, String, bool)>,
    unit: String,
    export: Option<String>,
}

fn label(loc: &Loc, need: &Need) -> String {
    match (&need.term, &need.words) {
        (Some(term), _) => loc.term("need", term),
        (None, words) => words.clone().unwrap_or_default(),
    }
}

/// The page.
pub async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let found = req.ctx.run(needs::needs, NeedsOf { segment_id: asked.segment }).await?;
    let loc = &req.loc;
    let address =
        |segment: Option<Id<Segment>>| segment.map_or_else(|| "/insight/needs".to_owned(), |id| format!("/insight/needs?segment={id}"));
    let mut choices = Vec::new();
    if req.can(Room::Marketing, Act::See) {
        let listed = req.ctx.run(segments::list, ListSegments { limit: Some(SEGMENTS), ..ListSegments::default() }).await?;
        choices.push((loc.t("insight-needs-everybody"), address(None), asked.segment.is_none()));
        choices.extend(listed.items.into_iter().map(|one| (one.name, address(Some(one.id)), asked.segment == Some(one.id))));
    }
    let row = |need: &Need| {
        let filters =
            PartyFilters { need: need.term.clone().or_else(|| need.words.clone()), segment_id: asked.segment, ..PartyFilters::default() };
        let (icon, way) = match need.learned.cmp(&need.learned_before) {
            std::cmp::Ordering::Greater => ("arrow-up", "insight-needs-more"),
            std::cmp::Ordering::Less => ("arrow-down", "insight-needs-less"),
            std::cmp::Ordering::Equal => ("", "insight-needs-same"),
        };
        Row {
            label: label(loc, need),
            href: format!("{}&sort=spent&desc=1&{COLUMNS}", list_of(&filters)),
            customers: loc.number(need.customers),
            learned: loc.number(need.learned),
            before: loc.number(need.learned_before),
            icon,
            way: loc.t(way),
            unmet: loc.percent(need.unmet_share),
            told: loc.ta("insight-products-told", &[("together", need.unmet.into()), ("of", need.customers.into())]),
            range: loc.ta("insight-between", &[("low", loc.percent(need.low).into()), ("high", loc.percent(need.high).into())]),
            worth: need.unmet_minor.map(|minor| loc.amount_brief(minor, found.currency)).unwrap_or_else(|| "—".to_owned()),
        }
    };
    let view = NeedsPage {
        sub: loc.ta("insight-needs-sub", &[("until", loc.day(found.until).into()), ("when", loc.when(found.made_at).into())]),
        bare: found.items.is_empty(),
        rows: found.items.iter().map(row).collect(),
        choices,
        unit: loc.money_unit(found.currency).to_owned(),
        export: (req.can(Room::Insight, Act::Export) && !found.items.is_empty())
            .then(|| address(asked.segment).replacen("/needs", "/needs.csv", 1)),
        s: req.shell("insight", req.t("insight-needs")).crumb(req.t("menu-insight"), "/insight"),
    };
    page::page(&req, &view)
}

/// The needs as a file.
pub async fn csv(req: Req, Form(asked): Form<Asked>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Insight, Act::Export))?;
    let found = req.ctx.run(needs::needs, NeedsOf { segment_id: asked.segment }).await?;
    let loc = Loc::new(Prefs { digits: Digits::Latin, ..req.loc.prefs.clone() }, req.loc.now);
    let columns = ["need", "customers", "learned", "before", "unmet", "low", "high", "worth"];
    let mut lines = vec![columns.map(|column| loc.t(&format!("insight-needs-column-{column}"))).to_vec()];
    for need in &found.items {
        lines.push(vec![
            label(&loc, need),
            need.customers.to_string(),
            need.learned.to_string(),
            need.learned_before.to_string(),
            need.unmet.to_string(),
            format!("{:.4}", need.low),
            format!("{:.4}", need.high),
            need.unmet_worth.clone().unwrap_or_default(),
        ]);
    }
    Ok(super::csv_file("needs.csv", &lines).into_response())
}
