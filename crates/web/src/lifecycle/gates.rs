//! The gates: what each asks for, its versions, and changing one after a look at whom that moves.

use super::{Badge, stages_of};
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::Req;
use askama::Template;
use axum::extract::Path;
use peyvand_core::lifecycle::Standing;
use peyvand_core::lifecycle::gates::{Gate, Threshold, Thresholds};
use peyvand_core::lifecycle::versions::{self, GateChange, GatePreview, GateSeen};
use peyvand_core::operation::Nothing;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::text::fold_digits;
use peyvand_core::{Act, Error, Perm, Problem, Room};

/// A threshold as a line.
struct Line {
    label: String,
    value: String,
    unit: String,
}

/// A version as a line.
struct VersionLine {
    number: String,
    since: Option<String>,
    author: Option<String>,
    note: Option<String>,
    /// What it changed, before and after.
    changes: Vec<String>,
}

struct GateView {
    gate: Gate,
    title: String,
    about: String,
    stages: Option<(Badge, Badge)>,
    lines: Vec<Line>,
    versions: Vec<VersionLine>,
}

#[derive(Template)]
#[template(path = "lifecycle/gates.html")]
struct GatesPage {
    s: Shell,
    gates: Vec<GateView>,
    may_change: bool,
}

fn label(loc: &Loc, threshold: Threshold) -> String {
    loc.t(&format!("lifecycle-threshold-{}", super::dashed(threshold.as_str())))
}

/// A threshold's value with its unit: yes and no for a switch.
fn value_of(loc: &Loc, threshold: Threshold, value: i64) -> (String, String) {
    let unit = match threshold {
        Threshold::NeedsPerson => return (loc.t(if value == 1 { "yes" } else { "no" }), String::new()),
        Threshold::RefundedPercent => "percent",
        Threshold::CsatMin => "of-five",
        Threshold::NpsMin => "of-ten",
        Threshold::Gaps | Threshold::RecentGaps => "gaps",
        Threshold::Repeats | Threshold::PlainRepeats | Threshold::Referrals => "times",
        _ => "days",
    };
    (loc.number(value), loc.t(&format!("lifecycle-unit-{unit}")))
}

fn view_of(loc: &Loc, seen: GateSeen) -> GateView {
    let gate = seen.gate;
    let lines = seen.bounds.iter().map(|bound| {
        let (value, unit) = value_of(loc, bound.threshold, bound.value);
        Line { label: label(loc, bound.threshold), value, unit }
    });
    let version = |at: usize| {
        let one = &seen.versions[at];
        let before = seen.versions.get(at + 1);
        let changes = one.thresholds.iter().filter_map(|(threshold, value)| {
            let before = *before?.thresholds.get(threshold)?;
            let said = |value| value_of(loc, *threshold, value).0;
            let args = [("what", label(loc, *threshold).into()), ("before", said(before).into()), ("after", said(*value).into())];
            (before != *value).then(|| loc.ta("lifecycle-version-change", &args))
        });
        VersionLine {
            number: loc.t1("lifecycle-version", "number", one.number),
            since: one.from_on.map(|day| loc.day(day)),
            author: one.author.clone(),
            note: one.note.clone(),
            changes: changes.collect(),
        }
    };
    GateView {
        gate,
        title: loc.t(&format!("lifecycle-gate-{gate}")),
        about: loc.t(&format!("lifecycle-gate-{gate}-about")),
        stages: stages_of(gate).map(|(from, to)| (Badge::of(loc, from, Standing::Active), Badge::of(loc, to, Standing::Active))),
        lines: lines.collect(),
        versions: (0..seen.versions.len()).map(version).collect(),
    }
}

pub(super) async fn index(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let gates = req.ctx.run(versions::list, Nothing {}).await?;
    let view = GatesPage {
        gates: gates.into_iter().map(|seen| view_of(&req.loc, seen)).collect(),
        may_change: req.can(Room::Lifecycle, Act::Change),
        s: req.shell("lifecycle", req.t("lifecycle-gates")).crumb(req.t("lifecycle"), "/lifecycle"),
    };
    page::page(&req, &view)
}

/// A field of the form.
struct Field {
    name: &'static str,
    label: String,
    unit: String,
    hint: String,
    is_switch: bool,
    /// Whether the switch is on.
    is_on: bool,
    value: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "lifecycle/gate.html", blocks = ["form"])]
struct GatePage {
    s: Shell,
    gate: Gate,
    f: FormView,
    fields: Vec<Field>,
    preview: Option<PreviewView>,
}

/// What a change would move, in words.
struct PreviewView {
    about: String,
    moves: Vec<(Badge, Badge, String)>,
    ready: String,
}

fn preview_view(loc: &Loc, told: &GatePreview) -> PreviewView {
    let is_part = told.looked_at < told.customers;
    let args = [("looked", told.looked_at.into()), ("customers", told.customers.into())];
    // Of a part, scaled up: about so many of all.
    let scaled = |count: i64| if is_part && told.looked_at > 0 { count * told.customers / told.looked_at } else { count };
    let said = |count: i64| {
        let args = [("count", scaled(count).into())];
        if is_part { loc.ta("lifecycle-preview-about-count", &args) } else { loc.ta("lifecycle-preview-count", &args) }
    };
    PreviewView {
        about: if is_part { loc.ta("lifecycle-preview-part", &args) } else { loc.ta("lifecycle-preview-all", &args) },
        moves: told
            .moves
            .iter()
            .map(|one| {
                (Badge::of(loc, one.from_stage, one.from_standing), Badge::of(loc, one.to_stage, one.to_standing), said(one.customers))
            })
            .collect(),
        ready: loc.ta("lifecycle-preview-ready", &[("now", scaled(told.ready_now).into()), ("then", scaled(told.ready_then).into())]),
    }
}

async fn gate_page(req: &Req, gate: Gate, f: FormView, preview: Option<PreviewView>) -> Result<GatePage, crate::error::PageError> {
    let loc = &req.loc;
    let seen = req.ctx.run(versions::list, Nothing {}).await?.into_iter().find(|seen| seen.gate == gate).ok_or(Error::NotFound("gate"))?;
    // A switch that is off sends nothing.
    let is_sent = seen.bounds.iter().any(|bound| !f.value(bound.threshold.as_str()).is_empty());
    let fields = seen.bounds.iter().map(|bound| {
        let name = bound.threshold.as_str();
        let (_, unit) = value_of(loc, bound.threshold, bound.value);
        let typed = f.value(name);
        let bounds = [("min", bound.min.into()), ("max", bound.max.into()), ("usual", bound.usual.into())];
        Field {
            name,
            label: label(loc, bound.threshold),
            unit,
            hint: loc.ta("lifecycle-threshold-bounds", &bounds),
            is_switch: bound.threshold == Threshold::NeedsPerson,
            is_on: if is_sent { typed == "on" } else { bound.value == 1 },
            value: if typed.is_empty() { loc.number(bound.value) } else { typed.to_owned() },
            error: f.error(name).map(ToString::to_string),
        }
    });
    let fields = fields.collect();
    let title = loc.t1("lifecycle-gate-change", "gate", loc.t(&format!("lifecycle-gate-{gate}")));
    let s = req.shell("lifecycle", title).crumb(req.t("lifecycle"), "/lifecycle").crumb(req.t("lifecycle-gates"), "/lifecycle/gates");
    Ok(GatePage { s, gate, f, fields, preview })
}

pub(super) async fn edit(req: Req, Path(gate): Path<Gate>) -> PageResult {
    crate::layers::signed_in(&req)?;
    req.ctx.actor.check(Perm(Room::Lifecycle, Act::Change))?;
    let view = gate_page(&req, gate, FormView::new(Vec::new()), None).await?;
    page::page(&req, &view)
}

/// Shows whom the change moves, or makes it.
pub(super) async fn change(req: Req, Path(gate): Path<Gate>, sent: Sent) -> PageResult {
    req.ctx.actor.check(Perm(Room::Lifecycle, Act::Change))?;
    let now = req.ctx.run(versions::list, Nothing {}).await?.into_iter().find(|seen| seen.gate == gate).ok_or(Error::NotFound("gate"))?;
    let mut thresholds = Thresholds::default();
    let mut problems = Vec::new();
    for bound in &now.bounds {
        let name = bound.threshold.as_str();
        if bound.threshold == Threshold::NeedsPerson {
            thresholds.0.insert(bound.threshold, i64::from(sent.get(name).is_some()));
            continue;
        }
        match sent.get(name).map(|text| fold_digits(text.trim()).parse::<i64>()) {
            Some(Ok(value)) => drop(thresholds.0.insert(bound.threshold, value)),
            _ => problems.push(Problem::new(name, "gates-out-of-bounds").with("min", bound.min).with("max", bound.max)),
        }
    }
    let input = GateChange { gate, thresholds, note: sent.get("note").map(str::to_owned) };
    let is_preview = sent.get("preview").is_some();
    let outcome = if !problems.is_empty() {
        Err(problems)
    } else if is_preview {
        match req.ctx.run(versions::preview, input).await {
            Ok(told) => Ok(Some(preview_view(&req.loc, &told))),
            Err(Error::Invalid(fields)) => Err(fields.0),
            Err(error) => return Err(error.into()),
        }
    } else {
        match req.ctx.run(versions::change, input).await {
            Ok(_) => Ok(None),
            Err(Error::Invalid(fields)) => Err(fields.0),
            Err(error) => return Err(error.into()),
        }
    };
    match outcome {
        Ok(None) => Ok(page::go(&req, "/lifecycle/gates", Some(Flash { text: req.t("lifecycle-gate-changed"), undo: None }))),
        Ok(told) => {
            let view = gate_page(&req, gate, FormView::again(sent, &[], &req.loc), told).await?;
            if req.htmx { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
        }
        Err(problems) => {
            let view = gate_page(&req, gate, FormView::again(sent, &problems, &req.loc), None).await?;
            if req.htmx { page::unprocessable(&view.as_form()) } else { page::unprocessable(&view) }
        }
    }
}
