//! Experiments: the list, planning one and writing it down, bringing in what came of one elsewhere.

use super::treatments::{After, segment_choices};
use super::{key_of, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::Query;
use peyvand_core::experience::experiments::verdict::Verdict;
use peyvand_core::experience::experiments::{
    self, Design, DrawUnit, Experiment, ExperimentState, ImportExperiment, ListExperiments, MakeGoodPlan, NewExperiment, Outcome,
    PlanExperiment, Planned, Subgroup,
};
use peyvand_core::experience::legality::TreatmentKind;
use peyvand_core::experience::treatments::{self, ListTreatments};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::Currency;
use peyvand_core::platform::text::fold_digits;
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde_json::json;

/// Where the list is.
pub const HERE: &str = "/experience/experiments";
/// Treatments that a form offers.
const CHOICES: i64 = 200;

/// The tone of a state.
pub fn state_tone(state: ExperimentState) -> &'static str {
    match state {
        ExperimentState::Draft => "slate",
        ExperimentState::Running => "lapis",
        ExperimentState::Paused => "saffron",
        ExperimentState::Ended => "teal",
        ExperimentState::Decided => "grey",
    }
}

/// The tone of a verdict.
pub fn verdict_tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Recommend => "peste",
        Verdict::StopHarm | Verdict::Invalid => "anar",
        Verdict::Equivalent | Verdict::KeepCurrent => "teal",
        Verdict::NotEnoughData => "grey",
    }
}

/// What is measured of a customer, in words: a share, days, an amount.
pub fn measured(loc: &Loc, outcome: Outcome, currency: Currency, value: f64) -> String {
    match outcome {
        Outcome::Bought | Outcome::Introduced => loc.percent(value),
        Outcome::Occasions => loc.rounded(value, 2),
        Outcome::Spend | Outcome::Benefit => loc.amount_round(value.round() as i64, currency),
    }
}

/// A difference of that, in words: points, days, an amount.
pub fn difference(loc: &Loc, outcome: Outcome, currency: Currency, value: f64) -> String {
    match outcome {
        Outcome::Bought | Outcome::Introduced => loc.t1("experiments-points", "points", loc.rounded(value * 100.0, 1)),
        Outcome::Occasions => loc.t1("experiments-days-bought", "days", loc.rounded(value, 2)),
        Outcome::Spend | Outcome::Benefit => loc.amount_round(value.round() as i64, currency),
    }
}

/// An experiment as a row shows it.
struct Row {
    id: Id<Experiment>,
    name: String,
    state: String,
    tone: &'static str,
    verdict: Option<(String, &'static str)>,
    about: Vec<String>,
    /// How many have been watched to the end, in words and in per cent of those planned.
    done: Option<(String, i64)>,
}

fn row(loc: &Loc, one: Experiment) -> Row {
    let is_begun = one.state != ExperimentState::Draft;
    Row {
        state: loc.t(&key_of("experiments-state-", one.state.as_str())),
        tone: state_tone(one.state),
        verdict: one
            .verdict
            .filter(|_| is_begun)
            .map(|verdict| (loc.t(&key_of("experiments-verdict-", verdict.as_str())), verdict_tone(verdict))),
        about: [
            Some(loc.t(&key_of("experience-kind-", one.kind.as_str()))),
            Some(loc.t(&key_of("experiments-outcome-", one.outcome.as_str()))),
            one.started_at.map(|at| loc.t1("experience-since", "day", loc.when(at))),
            one.is_imported.then(|| loc.t("experiments-elsewhere")),
            (one.design == Design::Switchback).then(|| loc.t("experiments-design-switchback")),
        ]
        .into_iter()
        .flatten()
        .collect(),
        done: (is_begun && !one.is_imported).then(|| {
            let words = loc.ta("experiments-watched", &[("complete", one.complete.into()), ("planned", one.planned.into())]);
            (words, (one.complete * 100 / one.planned.max(1)).min(100))
        }),
        id: one.id,
        name: one.name,
    }
}

#[derive(Template)]
#[template(path = "experience/experiments.html")]
struct IndexPage {
    s: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
}

/// The experiments.
pub async fn index(req: Req, Query(After { after }): Query<After>) -> PageResult {
    let is_first = after.is_none();
    let listed = req.ctx.run(experiments::list, ListExperiments { after, ..ListExperiments::default() }).await?;
    let view = IndexPage {
        s: req.shell("experience", req.t("experiments")).crumb(req.t("menu-experience"), "/experience"),
        tab: "experiments",
        rows: listed.items.into_iter().map(|one| row(&req.loc, one)).collect(),
        next: listed.next.map(|next| format!("{HERE}?after={}", percent(&next))),
        is_first,
        may_add: req.can(Room::Experience, Act::Create),
    };
    page(&req, &view)
}

/// What a plan comes to, in words.
struct PlanView {
    can: bool,
    /// What can, or cannot, be answered.
    says: String,
    /// What is known and what is needed, label and value.
    facts: Vec<(String, String)>,
    /// What could be done instead.
    others: Vec<(String, String)>,
    /// What it costs to make good that some have the worse price.
    make_good: Option<String>,
}

fn plan_view(loc: &Loc, currency: Currency, outcome: Outcome, plan: &Planned) -> PlanView {
    let of = |value: f64| measured(loc, outcome, currency, value);
    let apart = |value: f64| difference(loc, outcome, currency, value);
    let says = match (plan.can, plan.days) {
        (true, Some(days)) => loc.t1("experiments-plan-can", "days", days),
        (false, Some(days)) => loc.t1("experiments-plan-too-long", "days", days),
        _ => loc.t("experiments-plan-cannot"),
    };
    let mut facts = vec![
        (loc.t("experiments-plan-customers"), loc.number(plan.customers)),
        (loc.t("experiments-plan-mean"), of(plan.mean)),
        (loc.t("experiments-plan-smallest"), apart(plan.smallest)),
    ];
    if let Some(needed) = plan.needed {
        facts.push((loc.t("experiments-plan-needed"), loc.number(needed)));
    }
    if let Some(detectable) = plan.detectable {
        facts.push((loc.t("experiments-plan-detectable"), apart(detectable)));
    }
    facts.push((loc.t("experiments-plan-per-day"), loc.rounded(plan.per_day, 1)));
    let other = |one: &experiments::Other| {
        let key = key_of("experiments-way-", one.way.as_str());
        (
            loc.t(&key),
            one.detectable
                .map_or_else(|| loc.t(&format!("{key}-about")), |value| loc.t1("experiments-way-shows", "difference", apart(value))),
        )
    };
    let make_good = plan.make_good.as_ref().map(|plan| promised(loc, currency, plan));
    PlanView { can: plan.can, says, facts, others: plan.others.iter().map(other).collect(), make_good }
}

/// What making good will come to, in a sentence.
pub fn promised(loc: &Loc, currency: Currency, plan: &MakeGoodPlan) -> String {
    loc.ta(
        "experiments-make-good-plan",
        &[
            ("what", plan.treatment.as_str().into()),
            ("customers", plan.customers.into()),
            ("each", loc.amount_round(plan.each_minor, currency).into()),
            ("most", loc.amount_round(plan.most_minor, currency).into()),
        ],
    )
}

#[derive(Template)]
#[template(path = "experience/experiment-form.html")]
struct FormPage {
    s: Shell,
    f: FormView,
    treatments: Vec<(String, String, String)>,
    segments: Vec<(String, String)>,
    outcomes: Vec<(String, String)>,
    designs: Vec<(String, String)>,
    units: Vec<(String, String)>,
    plan: Option<PlanView>,
    unit: String,
}

async fn form(req: &Req, f: FormView, plan: Option<PlanView>) -> Result<FormPage, PageError> {
    req.ctx.actor.check(Perm(Room::Experience, Act::Create))?;
    let currency = req.ctx.app.organisation().await?.currency;
    let listed = req.ctx.run(treatments::list, ListTreatments { limit: Some(CHOICES), ..ListTreatments::default() }).await?;
    let form_of = |one: &treatments::Treatment| req.t(&key_of("experience-form-", one.form.as_str()));
    // How everybody is treated is withheld from nobody.
    let may = |one: &&treatments::Treatment| one.kind != TreatmentKind::Respect || one.is_special;
    Ok(FormPage {
        s: req
            .shell("experience", req.t("experiments-new"))
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experiments"), HERE),
        f,
        treatments: listed.items.iter().filter(may).map(|one| (one.id.to_string(), one.name.clone(), form_of(one))).collect(),
        segments: segment_choices(req).await?,
        outcomes: outcomes(&req.loc, Outcome::ALL),
        designs: Design::ALL.iter().map(|design| (design.to_string(), req.t(&key_of("experiments-design-", design.as_str())))).collect(),
        units: DrawUnit::ALL.iter().map(|unit| (unit.to_string(), req.t(&key_of("experiments-unit-", unit.as_str())))).collect(),
        plan,
        unit: req.loc.money_unit(currency).to_owned(),
    })
}

fn outcomes(loc: &Loc, of: &[Outcome]) -> Vec<(String, String)> {
    of.iter().map(|outcome| (outcome.to_string(), loc.t(&key_of("experiments-outcome-", outcome.as_str())))).collect()
}

/// The form of a new experiment.
pub async fn fresh(req: Req) -> PageResult {
    let values = [("outcome", "bought"), ("horizon_days", "60"), ("smallest", "10")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    page(&req, &form(&req, FormView::new(values), None).await?)
}

/// What the form asks.
async fn asked(req: &Req, sent: &Sent) -> Result<PlanExperiment, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let outcome: Outcome =
        sent.get("outcome").and_then(|word| word.parse().ok()).ok_or_else(|| Error::invalid("outcome", "input-choice"))?;
    let smallest = if outcome.is_money() {
        sent.amount("smallest", currency, req.loc.prefs.money_unit)
    } else {
        sent.get("smallest").map(str::to_owned)
    };
    let horizon_days = fold_digits(sent.get("horizon_days").unwrap_or_default())
        .parse()
        .map_err(|_| Error::invalid("horizon_days", "platform-number-not-read"))?;
    Ok(PlanExperiment {
        treatment_ids: sent.all("treatment_ids").into_iter().filter_map(|id| id.parse().ok()).collect(),
        rule: sent.get("segment_id").filter(|id| !id.is_empty()).map(|segment| json!({"in": segment})),
        outcome,
        horizon_days,
        smallest: smallest.unwrap_or_default(),
        design: sent.get("design").and_then(|word| word.parse().ok()).unwrap_or_default(),
    })
}

/// The segments that are looked at apart, by name.
async fn subgroups(req: &Req, sent: &Sent) -> Result<Vec<Subgroup>, Error> {
    let asked = sent.all("subgroup_ids");
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let known = segment_choices(req).await.map_err(|error| error.0)?;
    let named =
        |id: &&str| known.iter().find(|(known, _)| known == id).map(|(id, name)| Subgroup { name: name.clone(), rule: json!({"in": id}) });
    Ok(asked.iter().filter_map(named).collect())
}

async fn make(req: &Req, sent: &Sent) -> Result<Result<Id<Experiment>, (Outcome, Planned)>, Error> {
    let asked = asked(req, sent).await?;
    let outcome = asked.outcome;
    if sent.get("plan").is_some() {
        return Ok(Err((outcome, req.ctx.run(experiments::plan, asked).await?)));
    }
    let PlanExperiment { treatment_ids, rule, outcome, horizon_days, smallest, design } = asked;
    let name = sent.get("name").unwrap_or_default().to_owned();
    let question = sent.get("question").map(str::to_owned);
    let unit = sent.get("unit").and_then(|word| word.parse().ok());
    let subgroups = subgroups(req, sent).await?;
    let new = NewExperiment { name, question, treatment_ids, rule, outcome, horizon_days, smallest, design, unit, subgroups };
    Ok(Ok(req.ctx.run(experiments::create, new).await?.experiment.id))
}

/// Says what can be learned, or writes the experiment down.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    match make(&req, &sent).await {
        Ok(Ok(id)) => Ok(go(&req, &format!("{HERE}/{id}"), Some(Flash { text: req.t("experiments-made"), undo: None }))),
        Ok(Err((outcome, plan))) => {
            let currency = req.ctx.app.organisation().await?.currency;
            let plan = plan_view(&req.loc, currency, outcome, &plan);
            page(&req, &form(&req, FormView::again(sent, &[], &req.loc), Some(plan)).await?)
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&form(&req, FormView::again(sent, &problems, &req.loc), None).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "experience/experiment-import.html")]
struct ImportPage {
    s: Shell,
    f: FormView,
    kinds: Vec<(String, String)>,
    outcomes: Vec<(String, String)>,
}

fn import_page(req: &Req, f: FormView) -> Result<ImportPage, PageError> {
    req.ctx.actor.check(Perm(Room::Experience, Act::Create))?;
    let kind = |kind: &TreatmentKind| (kind.to_string(), req.t(&key_of("experience-kind-", kind.as_str())));
    Ok(ImportPage {
        s: req
            .shell("experience", req.t("experiments-import"))
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experiments"), HERE),
        f,
        kinds: TreatmentKind::ALL.iter().map(kind).collect(),
        outcomes: outcomes(&req.loc, &[Outcome::Bought, Outcome::Occasions, Outcome::Spend]),
    })
}

/// The form that brings in what came of an experiment elsewhere.
pub async fn bring(req: Req) -> PageResult {
    let values = [("kind", "discount"), ("outcome", "bought")].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    page(&req, &import_page(&req, FormView::new(values))?)
}

/// Brings it in.
pub async fn brought(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let read = async || -> Result<Id<Experiment>, Error> {
        let input = ImportExperiment {
            name: text("name"),
            question: None,
            kind: text("kind").parse().map_err(|_| Error::invalid("kind", "input-choice"))?,
            outcome: text("outcome").parse().map_err(|_| Error::invalid("outcome", "input-choice"))?,
            currency: None,
            smallest: None,
            control: text("control"),
            rows: text("rows"),
        };
        Ok(req.ctx.run(experiments::import, input).await?.experiment.id)
    };
    match read().await {
        Ok(id) => Ok(go(&req, &format!("{HERE}/{id}"), Some(Flash { text: req.t("experiments-imported"), undo: None }))),
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&import_page(&req, FormView::again(sent, &problems, &req.loc))?)
        }
    }
}
