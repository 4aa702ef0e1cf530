//! One experiment: what it asks, what was seen so far, what it says, and who is in it.

use super::experiments::{HERE, difference, measured, promised, state_tone, verdict_tone};
use super::key_of;
use crate::error::PageResult;
use crate::form::Sent;
use crate::page::{Flash, Shell, go, page, percent};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::experiments::verdict::Verdict;
use peyvand_core::experience::experiments::{
    self, Arm, Check, CheckKind, ContrastLook, DecideExperiment, Decision, Deliver, Design, Experiment, ExperimentId, ExperimentSeen,
    ExperimentState, ExperimentUnit, ListUnits, Look, MakeGoodState, OrderLook, Range, SubgroupLook, WASHOUT,
};
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Day, Error, Id, Room};
use serde::Deserialize;

/// Customers of a page.
const PAGE: i64 = 50;

/// An interval as a line: where nothing is, where it begins, how long it is, where its middle is, in per cent of the width.
pub struct Bar {
    pub class: &'static str,
    pub zero: String,
    pub from: String,
    pub length: String,
    pub at: String,
}

/// The line of an interval within limits; open where it cannot be told on which side of nothing it lies.
pub(crate) fn bar(of: Range, limits: (f64, f64)) -> Bar {
    let place = |value: f64| ((value - limits.0) / (limits.1 - limits.0) * 100.0).clamp(0.0, 100.0);
    let per_cent = |value: f64| format!("{value:.2}%");
    Bar {
        class: if of.low > 0.0 {
            "pos"
        } else if of.high < 0.0 {
            "neg"
        } else {
            "unk"
        },
        zero: per_cent(place(0.0)),
        from: per_cent(place(of.low)),
        length: per_cent(place(of.high) - place(of.low)),
        at: per_cent(place(of.value)),
    }
}

/// An arm as a row shows it.
struct ArmRow {
    place: i64,
    name: String,
    /// Share of all, in words.
    assigned: String,
    complete: String,
    delivered: Option<String>,
    mean: String,
    range: String,
    /// Beside the control.
    contrast: Option<ContrastRow>,
}

struct ContrastRow {
    difference: String,
    range: String,
    bar: Bar,
    /// What else is known of it.
    notes: Vec<String>,
}

/// A check in words.
struct CheckRow {
    is_ok: bool,
    words: String,
}

/// What an arm does for a subgroup.
struct SubgroupRow {
    name: String,
    /// The arm, where there are several.
    arm: Option<String>,
    customers: String,
    inside: (String, String),
    outside: (String, String),
    differs: bool,
}

/// What stands in the way of an answer.
struct Waiting {
    /// Label, how far, in per cent.
    meters: Vec<(String, String, i64)>,
    /// What could be done.
    notes: Vec<String>,
}

#[derive(Template)]
#[template(path = "experience/experiment.html")]
struct ExperimentPage {
    s: Shell,
    id: Id<Experiment>,
    state: String,
    tone: &'static str,
    about: Vec<String>,
    question: Option<String>,
    /// What it says: title, more, tone, icon.
    says: Option<(String, String, &'static str, &'static str)>,
    waiting: Option<Waiting>,
    arms: Vec<ArmRow>,
    subgroups: Vec<SubgroupRow>,
    /// Why nothing is said of the subgroups yet.
    subgroups_wait: bool,
    spilled: Option<String>,
    checks: Vec<CheckRow>,
    /// What was written down when it began, label and value.
    terms: Vec<(String, String)>,
    hash: Option<String>,
    decided: Option<(String, Vec<String>)>,
    decisions: Vec<(String, String)>,
    treated: Vec<(String, String)>,
    needs_other: bool,
    may_start: bool,
    may_pause: bool,
    may_resume: bool,
    may_look: bool,
    may_decide: bool,
    is_ours: bool,
    make_good: Option<MakeGoodView>,
    is_switchback: bool,
    /// Who began with it and who without: place, name, how many, what they did more with it.
    orders: Vec<(i64, String, String, String)>,
}

/// The name of an order of the two periods.
fn order_name(loc: &Loc, place: i64) -> String {
    loc.t(if place == 1 { "experiments-order-with" } else { "experiments-order-without" })
}

/// The two orders, once somebody has come.
fn orders(loc: &Loc, seen: &ExperimentSeen) -> Vec<(i64, String, String, String)> {
    let of = |value: f64| difference(loc, seen.experiment.outcome, seen.currency, value);
    let row = |one: &OrderLook| {
        let words = [("complete", one.complete.into()), ("planned", one.assigned.into())];
        let told = one.difference.map(|range| format!("{} · {}", of(range.value), between(loc, of(range.low), of(range.high))));
        (one.place, order_name(loc, one.place), loc.ta("experiments-watched", &words), told.unwrap_or_default())
    };
    seen.look.iter().flat_map(|look| &look.orders).map(row).collect()
}

/// How it is made good that some had the worse price.
struct MakeGoodView {
    /// What was promised, or done.
    says: String,
    /// Label and value.
    facts: Vec<(String, String)>,
}

fn make_good(loc: &Loc, seen: &ExperimentSeen) -> Option<MakeGoodView> {
    let of = seen.make_good.as_ref()?;
    let money = |minor| loc.amount_round(minor, seen.currency);
    if of.state == MakeGoodState::Promised && of.given == 0 {
        return Some(MakeGoodView { says: promised(loc, seen.currency, &of.plan), facts: Vec::new() });
    }
    let count = |key: &str, customers| (loc.t(key), loc.t1("experiments-assigned-count", "count", loc.number(customers)));
    let mut facts = vec![count("experiments-make-good-given", of.given)];
    facts.extend(of.left_out.iter().map(|left| count(&key_of("experiments-make-good-", left.why.as_str()), left.customers)));
    facts.push(count("experiments-make-good-used", of.used));
    facts.push((loc.t("experiments-make-good-cost"), money(of.cost_minor)));
    facts.push((loc.t("experiments-make-good-open"), money(of.open_minor)));
    Some(MakeGoodView { says: loc.t1("experiments-make-good-done", "what", of.plan.treatment.as_str()), facts })
}

fn arm_name(loc: &Loc, arm: &Arm) -> String {
    if arm.name.is_empty() { loc.t("experiments-control") } else { arm.name.clone() }
}

/// The name of an arm where it is compared; of two periods, the one without it is no group.
fn period_name(loc: &Loc, seen: &ExperimentSeen, arm: &Arm) -> String {
    if seen.experiment.design == Design::Switchback && arm.place == 0 { loc.t("experiments-without") } else { arm_name(loc, arm) }
}

fn between(loc: &Loc, low: String, high: String) -> String {
    loc.ta("insight-between", &[("low", low.into()), ("high", high.into())])
}

fn contrast(loc: &Loc, seen: &ExperimentSeen, one: &ContrastLook, limits: (f64, f64), is_over: bool) -> ContrastRow {
    let of = |value: f64| difference(loc, seen.experiment.outcome, seen.currency, value);
    let range = |range: Range| between(loc, of(range.low), of(range.high));
    let shown = if is_over { one.difference } else { one.always };
    let mut notes = Vec::new();
    if !is_over {
        notes.push(loc.t("experiments-looking-note"));
    }
    if let Some(adjusted) = one.adjusted {
        let less = one.reduction.unwrap_or_default().max(0.0);
        notes.push(loc.ta(
            "experiments-adjusted",
            &[("difference", of(adjusted.value).into()), ("range", range(adjusted).into()), ("less", loc.percent(less).into())],
        ));
    }
    if let Some(resampled) = one.resampled {
        notes.push(loc.t1("experiments-resampled", "range", range(resampled)));
    }
    ContrastRow { difference: of(one.difference.value), range: range(shown), bar: bar(shown, limits), notes }
}

/// From where to where the lines of all arms go, with nothing in between.
fn limits(look: &Look, is_over: bool) -> (f64, f64) {
    let shown = |one: &ContrastLook| if is_over { one.difference } else { one.always };
    let low = look.contrasts.iter().map(|one| shown(one).low).fold(0.0, f64::min);
    let high = look.contrasts.iter().map(|one| shown(one).high).fold(0.0, f64::max);
    let room = ((high - low) * 0.05).max(f64::MIN_POSITIVE);
    (low - room, high + room)
}

fn arms(loc: &Loc, seen: &ExperimentSeen, is_over: bool) -> Vec<ArmRow> {
    let look = seen.look.as_ref();
    let of = |value: f64| measured(loc, seen.experiment.outcome, seen.currency, value);
    seen.arms
        .iter()
        .map(|arm| {
            let found = look.and_then(|look| look.arms.iter().find(|one| one.place == arm.place));
            let beside = look.and_then(|look| Some((look, look.contrasts.iter().find(|one| one.arm == arm.place)?)));
            let mean = found.and_then(|one| one.mean);
            ArmRow {
                place: arm.place,
                name: period_name(loc, seen, arm),
                assigned: loc.number(found.map_or(0, |one| one.assigned)),
                complete: loc.number(found.map_or(0, |one| one.complete)),
                delivered: found.filter(|_| arm.place > 0 && !seen.experiment.is_imported).map(|one| loc.number(one.delivered)),
                mean: mean.map_or_else(|| "–".to_owned(), |mean| of(mean.value)),
                range: mean.map(|mean| between(loc, of(mean.low), of(mean.high))).unwrap_or_default(),
                contrast: beside.map(|(look, one)| contrast(loc, seen, one, limits(look, is_over), is_over)),
            }
        })
        .collect()
}

fn subgroups(loc: &Loc, seen: &ExperimentSeen, look: &Look) -> Vec<SubgroupRow> {
    let of = |value: f64| difference(loc, seen.experiment.outcome, seen.currency, value);
    let told = |range: Range| (of(range.value), between(loc, of(range.low), of(range.high)));
    let row = |one: &SubgroupLook| {
        let named = usize::try_from(one.subgroup).ok().and_then(|at| seen.subgroups.get(at))?;
        let arm = seen.arms.iter().find(|arm| arm.place == one.arm).filter(|_| seen.arms.len() > 2);
        Some(SubgroupRow {
            name: named.name.clone(),
            arm: arm.map(|arm| arm_name(loc, arm)),
            customers: loc.t1("experiments-subgroup-size", "count", one.customers),
            inside: told(one.inside),
            outside: told(one.outside),
            differs: one.differs,
        })
    };
    look.subgroups.iter().filter_map(row).collect()
}

fn check(loc: &Loc, check: &Check) -> CheckRow {
    let key = key_of("experiments-check-", check.kind.as_str());
    let value = match check.kind {
        CheckKind::SampleRatio => loc.rounded(check.value, 3),
        CheckKind::Balance => loc.rounded(check.value, 2),
        CheckKind::Delivered => loc.percent(check.value),
    };
    let key = if check.is_ok { key } else { format!("{key}-broken") };
    CheckRow { is_ok: check.is_ok, words: loc.t1(&key, "value", value) }
}

/// What it says, as title and more.
fn says(loc: &Loc, seen: &ExperimentSeen, look: &Look) -> (String, String, &'static str, &'static str) {
    let name = |place: Option<i64>| seen.arms.iter().find(|arm| Some(arm.place) == place).map(|arm| arm_name(loc, arm)).unwrap_or_default();
    let key = key_of("experiments-verdict-", look.verdict.as_str());
    let icon = match look.verdict {
        Verdict::Recommend => "circle-check",
        Verdict::StopHarm => "ban",
        Verdict::Invalid => "alert-triangle",
        Verdict::Equivalent | Verdict::KeepCurrent => "scale",
        Verdict::NotEnoughData => "hourglass",
    };
    let harm: Vec<String> = look.harm.iter().map(|guard| loc.t(&key_of("experiments-guard-", guard.as_str()))).collect();
    let more = match look.verdict {
        Verdict::Recommend => loc.t1("experiments-says-recommend", "arm", name(look.arm)),
        Verdict::StopHarm => loc.t1("experiments-says-stop-harm", "what", harm.join(" · ")),
        _ => loc.t(&key_of("experiments-says-", look.verdict.as_str())),
    };
    (loc.t(&key), more, verdict_tone(look.verdict), icon)
}

fn waiting(loc: &Loc, seen: &ExperimentSeen, look: &Look) -> Option<Waiting> {
    if look.verdict != Verdict::NotEnoughData {
        return None;
    }
    let experiment = &seen.experiment;
    let complete = look.complete();
    let of = |label: &str, have: i64, need: i64| {
        let words = loc.ta("experiments-of", &[("have", have.into()), ("need", need.into())]);
        (loc.t(label), words, (have * 100 / need.max(1)).min(100))
    };
    let mut meters = vec![of("experiments-meter-watched", complete, experiment.planned)];
    if !experiment.is_imported {
        meters.insert(0, of("experiments-meter-assigned", experiment.assigned, experiment.planned));
        meters.push(of("experiments-meter-days", look.days.min(experiment.min_days), experiment.min_days));
    }
    let mut notes = Vec::new();
    if complete == 0 {
        notes.push(loc.t("experiments-none-complete"));
    }
    if let Some(detectable) = look.detectable {
        let shows = difference(loc, experiment.outcome, seen.currency, detectable);
        let asks = difference(loc, experiment.outcome, seen.currency, experiment.smallest);
        notes.push(loc.ta("experiments-detectable", &[("shows", shows.into()), ("asks", asks.into())]));
    }
    if let Some(missing) = look.missing.filter(|missing| *missing > 0) {
        notes.push(loc.t1("experiments-missing", "count", missing));
    }
    if let Some(day) = look.enough_on {
        notes.push(loc.t1("experiments-enough-on", "day", loc.day(day)));
    }
    Some(Waiting { meters, notes })
}

fn terms(loc: &Loc, seen: &ExperimentSeen) -> Vec<(String, String)> {
    let experiment = &seen.experiment;
    let mut terms = vec![(loc.t("experiments-outcome"), loc.t(&key_of("experiments-outcome-", experiment.outcome.as_str())))];
    if experiment.is_imported {
        return terms;
    }
    terms.extend([
        (loc.t("experiments-unit"), loc.t(&key_of("experiments-unit-", experiment.unit.as_str()))),
        (loc.t("experience-whom"), seen.sentence.clone().unwrap_or_else(|| loc.t("experience-everybody"))),
        match experiment.design {
            Design::Parallel => (loc.t("experiments-horizon"), loc.t1("experiments-days", "days", experiment.horizon_days)),
            Design::Switchback => (
                loc.t("experiments-design"),
                loc.ta("experiments-two-periods", &[("days", experiment.horizon_days.into()), ("between", WASHOUT.into())]),
            ),
        },
        (loc.t("experiments-smallest"), difference(loc, experiment.outcome, seen.currency, experiment.smallest)),
        (loc.t("experiments-planned"), loc.number(experiment.planned)),
        (loc.t("experiments-min-days"), loc.t1("experiments-days", "days", experiment.min_days)),
    ]);
    if !seen.subgroups.is_empty() {
        let names: Vec<&str> = seen.subgroups.iter().map(|one| one.name.as_str()).collect();
        terms.push((loc.t("experiments-subgroups"), names.join(" · ")));
    }
    terms
}

/// The page.
pub async fn show(req: Req, Path(id): Path<Id<Experiment>>) -> PageResult {
    let seen = req.ctx.run(experiments::get, ExperimentId { id }).await?;
    let loc = &req.loc;
    let experiment = &seen.experiment;
    let state = experiment.state;
    let complete = experiment.complete * 100 >= experiment.planned * 95;
    let is_over = experiment.is_imported || state == ExperimentState::Ended || (state == ExperimentState::Decided && complete);
    let may_change = req.can(Room::Experience, Act::Change);
    let is_own = seen.needs_other && experiment.created_by == req.ctx.actor.user();
    let decided = experiment.decision.map(|decision| {
        let arm = seen.arms.iter().find(|arm| Some(arm.place) == experiment.decision_arm).map(|arm| arm_name(loc, arm));
        let title = [Some(loc.t(&key_of("experiments-decision-", decision.as_str()))), arm].into_iter().flatten().collect::<Vec<_>>();
        let who = [experiment.decision_reason.clone(), experiment.decider.clone(), experiment.decided_at.map(|at| loc.when(at))];
        (title.join(" · "), who.into_iter().flatten().collect())
    });
    let look = seen.look.as_ref().filter(|_| state != ExperimentState::Draft);
    let view = ExperimentPage {
        s: req
            .shell("experience", experiment.name.clone())
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experiments"), HERE),
        id,
        state: loc.t(&key_of("experiments-state-", state.as_str())),
        tone: state_tone(state),
        about: [
            Some(loc.t(&key_of("experience-kind-", experiment.kind.as_str()))),
            experiment.started_at.map(|at| loc.t1("experience-since", "day", loc.when(at))),
            experiment.looked_at.map(|at| loc.t1("experiments-looked", "when", loc.when(at))),
            experiment.creator.clone(),
        ]
        .into_iter()
        .flatten()
        .collect(),
        question: experiment.question.clone(),
        says: look.map(|look| says(loc, &seen, look)),
        waiting: look.and_then(|look| waiting(loc, &seen, look)),
        arms: arms(loc, &seen, is_over),
        subgroups: look.map(|look| subgroups(loc, &seen, look)).unwrap_or_default(),
        subgroups_wait: !seen.subgroups.is_empty() && look.is_some_and(|look| look.subgroups.is_empty()),
        spilled: look.filter(|look| look.spilled > 0).map(|look| loc.t1("experiments-spilled", "count", look.spilled)),
        checks: look.map(|look| look.checks.iter().map(|one| check(loc, one)).collect()).unwrap_or_default(),
        terms: terms(loc, &seen),
        hash: experiment.hash.clone(),
        decided,
        decisions: Decision::ALL
            .iter()
            .map(|decision| (decision.to_string(), loc.t(&key_of("experiments-decision-", decision.as_str()))))
            .collect(),
        treated: seen.arms.iter().filter(|arm| arm.place > 0).map(|arm| (arm.place.to_string(), arm_name(loc, arm))).collect(),
        needs_other: seen.needs_other && state == ExperimentState::Draft,
        may_start: may_change && state == ExperimentState::Draft && !is_own,
        may_pause: may_change && state == ExperimentState::Running,
        may_resume: may_change && state == ExperimentState::Paused,
        may_look: may_change && matches!(state, ExperimentState::Running | ExperimentState::Paused),
        may_decide: may_change && !matches!(state, ExperimentState::Draft | ExperimentState::Decided),
        is_ours: !experiment.is_imported && state != ExperimentState::Draft,
        make_good: make_good(loc, &seen),
        is_switchback: experiment.design == Design::Switchback,
        orders: orders(loc, &seen),
    };
    page(&req, &view)
}

fn back(id: Id<Experiment>) -> String {
    format!("{HERE}/{id}")
}

/// What came of a step: said on the page.
fn after(req: &Req, id: Id<Experiment>, done: Result<&'static str, Error>) -> PageResult {
    let text = match done {
        Ok(key) => req.t(key),
        Err(Error::Conflict(fields) | Error::Invalid(fields)) => {
            fields.0.first().map(|problem| req.loc.problem(problem)).unwrap_or_default()
        }
        Err(error) => return Err(error.into()),
    };
    Ok(go(req, &back(id), Some(Flash { text, undo: None })))
}

/// Begins it.
pub async fn start(req: Req, Path(id): Path<Id<Experiment>>) -> PageResult {
    let done = req.ctx.run(experiments::start, ExperimentId { id }).await.map(|_| "experiments-started");
    after(&req, id, done)
}

/// Stops it for now.
pub async fn pause(req: Req, Path(id): Path<Id<Experiment>>) -> PageResult {
    let done = req.ctx.run(experiments::pause, ExperimentId { id }).await.map(|_| "experiments-paused");
    after(&req, id, done)
}

/// Has it go on.
pub async fn resume(req: Req, Path(id): Path<Id<Experiment>>) -> PageResult {
    let done = req.ctx.run(experiments::resume, ExperimentId { id }).await.map(|_| "experiments-resumed");
    after(&req, id, done)
}

/// Looks at it now.
pub async fn look(req: Req, Path(id): Path<Id<Experiment>>) -> PageResult {
    let done = req.ctx.run(experiments::analyse, ExperimentId { id }).await.map(|_| "experiments-looked-now");
    after(&req, id, done)
}

/// Decides.
pub async fn decide(req: Req, Path(id): Path<Id<Experiment>>, sent: Sent) -> PageResult {
    let Some(decision) = sent.get("decision").and_then(|word| word.parse().ok()) else {
        return after(&req, id, Err(Error::invalid("decision", "input-choice")));
    };
    let arm = sent.get("arm").and_then(|arm| arm.parse().ok());
    let input = DecideExperiment { id, decision, arm, reason: sent.get("reason").map(str::to_owned) };
    let done = req.ctx.run(experiments::decide, input).await.map(|_| "experiments-decided");
    after(&req, id, done)
}

/// Whom of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    arm: Option<i64>,
    waiting: Option<u8>,
    after: Option<String>,
}

struct Person {
    party: Id<Party>,
    name: String,
    arm: String,
    about: Vec<String>,
    occasions: String,
    is_waiting: bool,
}

#[derive(Template)]
#[template(path = "experience/experiment-people.html")]
struct PeoplePage {
    s: Shell,
    id: Id<Experiment>,
    /// Address, words, whether it is the one that is shown.
    filters: Vec<(String, String, bool)>,
    people: Vec<Person>,
    next: Option<String>,
    may_deliver: bool,
}

/// The periods of somebody, or the days on which they are watched.
fn days_of(loc: &Loc, seen: &ExperimentSeen, one: &ExperimentUnit) -> Vec<String> {
    let span =
        |key: &str, (from, until): (Day, Day)| loc.ta(key, &[("from", loc.day_near(from).into()), ("until", loc.day_near(until).into())]);
    let Some([with, without]) = one.periods() else { return vec![span("experiments-watched-from", (one.assigned_on, one.until_on))] };
    let mut days = vec![span("experiments-period-with", with), span("experiments-period-without", without)];
    if one.arm != 1 {
        days.reverse();
    }
    let usual = seen.look.as_ref().and_then(|look| look.usual);
    if let (Some(with), Some(without)) = (one.occasions_with, one.occasions_without) {
        days.push(loc.ta("experiments-bought-with", &[("with", with.into()), ("without", without.into())]));
        if let Some([usual_without, usual_with]) = usual {
            let of = |value: f64| loc.rounded(value, 1);
            let args = [("with", of(usual_with.expected(with)).into()), ("without", of(usual_without.expected(without)).into())];
            days.push(loc.ta("experiments-evened-out", &args));
        }
    }
    days
}

fn person(loc: &Loc, seen: &ExperimentSeen, one: ExperimentUnit, is_open: bool, today: Day) -> Person {
    let arm = seen.arms.iter().find(|arm| arm.place == one.arm);
    let is_switchback = seen.experiment.design == Design::Switchback;
    let mut about = days_of(loc, seen, &one);
    about.extend(one.delivered_at.map(|at| loc.t1("experiments-delivered-at", "when", loc.when(at))));
    Person {
        arm: if is_switchback { order_name(loc, one.arm) } else { arm.map(|arm| arm_name(loc, arm)).unwrap_or_default() },
        about,
        occasions: loc.number(one.occasions),
        is_waiting: is_open && one.is_due(today),
        party: one.party_id,
        name: one.name,
    }
}

/// Who is in it.
pub async fn people(req: Req, Path(id): Path<Id<Experiment>>, Query(asked): Query<Asked>) -> PageResult {
    let seen = req.ctx.run(experiments::get, ExperimentId { id }).await?;
    let waiting = asked.waiting == Some(1);
    let input = ListUnits { id, arm: asked.arm, waiting, after: asked.after, limit: Some(PAGE) };
    let listed = req.ctx.run(experiments::units, input).await?;
    let here = format!("{}/people", back(id));
    let address = |arm: Option<i64>, waiting: bool| match (arm, waiting) {
        (_, true) => format!("{here}?waiting=1"),
        (Some(arm), false) => format!("{here}?arm={arm}"),
        (None, false) => here.clone(),
    };
    let loc = &req.loc;
    let is_switchback = seen.experiment.design == Design::Switchback;
    let name = |arm: &Arm| if is_switchback { order_name(loc, arm.place) } else { arm_name(loc, arm) };
    let mut filters = vec![(address(None, false), loc.t("experiments-all"), asked.arm.is_none() && !waiting)];
    filters.extend(seen.arms.iter().map(|arm| (address(Some(arm.place), false), name(arm), asked.arm == Some(arm.place) && !waiting)));
    filters.push((address(None, true), loc.t("experiments-waiting"), waiting));
    let is_open = matches!(seen.experiment.state, ExperimentState::Running | ExperimentState::Paused);
    let today = req.ctx.now().day(&req.ctx.app.organisation().await?.zone());
    let joined = |next: String| {
        let address = address(asked.arm, waiting);
        format!("{address}{}after={}", if address.contains('?') { '&' } else { '?' }, percent(&next))
    };
    let view = PeoplePage {
        s: req
            .shell("experience", req.t("experiments-people"))
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experiments"), HERE)
            .crumb(seen.experiment.name.clone(), back(id)),
        id,
        filters,
        people: listed.items.into_iter().map(|one| person(loc, &seen, one, is_open, today)).collect(),
        next: listed.next.map(joined),
        may_deliver: is_open && req.can(Room::Experience, Act::Change),
    };
    page(&req, &view)
}

/// Notes who got what their arm gets.
pub async fn deliver(req: Req, Path(id): Path<Id<Experiment>>, sent: Sent) -> PageResult {
    let party_ids: Vec<Id<Party>> = sent.all("party_ids").into_iter().filter_map(|id| id.parse().ok()).collect();
    let text = match req.ctx.run(experiments::deliver, Deliver { id, party_ids }).await {
        Ok(done) => req.loc.t1("experiments-delivered", "count", done.delivered),
        Err(Error::Conflict(fields) | Error::Invalid(fields)) => {
            fields.0.first().map(|problem| req.loc.problem(problem)).unwrap_or_default()
        }
        Err(error) => return Err(error.into()),
    };
    Ok(go(&req, &format!("{}/people?waiting=1", back(id)), Some(Flash { text, undo: None })))
}
