//! Where customers were treated without respect: the list, a new one, how one was made good.

use super::{key_of, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::incidents::{self, Incident, IncidentId, IncidentSource, ListIncidents, OpenIncident, ResolveIncident};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde::Deserialize;

/// Where the list is.
const HERE: &str = "/experience/incidents";

/// An incident as a row shows it.
pub struct Line {
    pub id: Id<Incident>,
    pub customer: String,
    pub words: String,
    pub tone: &'static str,
    pub severity: String,
    pub state: String,
    pub state_tone: &'static str,
    pub about: Vec<String>,
}

pub fn line(loc: &Loc, one: &Incident) -> Line {
    let is_late = one.closed_at.is_none() && one.resolved_at.is_none() && one.due_at < loc.now;
    let (word, state_tone) = match (one.closed_at, one.resolved_at) {
        (Some(_), _) => ("closed", "peste"),
        (None, Some(_)) => ("resolved", "saffron"),
        (None, None) if is_late => ("late", "anar"),
        (None, None) => ("open", "saffron"),
    };
    let until = match one.closed_at {
        Some(at) => loc.t1("experience-incident-over", "when", loc.when(at)),
        None => loc.t1("experience-incident-due", "when", loc.when(one.due_at)),
    };
    Line {
        id: one.id,
        customer: one.party.clone(),
        words: one.words.clone(),
        tone: match one.severity {
            1 => "slate",
            2 => "saffron",
            _ => "anar",
        },
        severity: loc.t(&format!("experience-severity-{}", one.severity)),
        state: loc.t(&format!("experience-incident-is-{word}")),
        state_tone,
        about: vec![loc.t(&key_of("experience-source-", one.source.as_str())), until],
    }
}

#[derive(Template)]
#[template(path = "experience/incidents.html")]
struct IncidentsPage {
    s: Shell,
    tab: &'static str,
    lines: Vec<Line>,
    /// Lists to choose from: label, address, whether it is chosen.
    lists: Vec<(String, String, bool)>,
    next: Option<String>,
    is_first: bool,
    may_open: bool,
}

/// Which part of the list.
#[derive(Deserialize)]
pub struct Asked {
    after: Option<String>,
    all: Option<String>,
}

/// The list: those that are open, or all.
pub async fn index(req: Req, Query(asked): Query<Asked>) -> PageResult {
    let (is_first, is_all) = (asked.after.is_none(), asked.all.is_some());
    let input = ListIncidents { open: (!is_all).then_some(true), after: asked.after, ..ListIncidents::default() };
    let listed = req.ctx.run(incidents::list, input).await?;
    let loc = &req.loc;
    let of_all = if is_all { "all=1&" } else { "" };
    let view = IncidentsPage {
        s: req.shell("experience", req.t("experience-incidents")).crumb(req.t("menu-experience"), "/experience"),
        tab: "incidents",
        lines: listed.items.iter().map(|one| line(loc, one)).collect(),
        lists: vec![
            (loc.t("experience-incidents-open"), HERE.to_owned(), !is_all),
            (loc.t("experience-show-all"), format!("{HERE}?all=1"), is_all),
        ],
        next: listed.next.map(|next| format!("{HERE}?{of_all}after={}", percent(&next))),
        is_first,
        may_open: req.can(Room::Interactions, Act::Create),
    };
    page(&req, &view)
}

#[derive(Template)]
#[template(path = "experience/incident-new.html")]
struct NewPage {
    s: Shell,
    f: FormView,
    /// Whom it concerns, where that is known.
    whom: Option<(Id<Party>, String)>,
    severities: Vec<(String, String)>,
    sources: Vec<(String, String)>,
}

async fn new_page(req: &Req, party: Option<Id<Party>>, f: FormView) -> Result<NewPage, PageError> {
    req.ctx.actor.check(Perm(Room::Interactions, Act::Create))?;
    let whom = match party {
        Some(id) => Some((id, req.ctx.run(party::get, PartyId { id }).await?.name.clone())),
        None => None,
    };
    let loc = &req.loc;
    Ok(NewPage {
        s: req
            .shell("experience", req.t("experience-incident-new"))
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experience-incidents"), HERE),
        f,
        whom,
        severities: (1..=3).map(|one| (one.to_string(), loc.t(&format!("experience-severity-{one}")))).collect(),
        sources: IncidentSource::ALL.iter().map(|one| (one.to_string(), loc.t(&key_of("experience-source-", one.as_str())))).collect(),
    })
}

/// Whom a form is about.
#[derive(Deserialize)]
pub struct About {
    party: Option<Id<Party>>,
}

/// The form.
pub async fn fresh(req: Req, Query(About { party }): Query<About>) -> PageResult {
    let values = [("severity", "2"), ("source", "staff_report")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    page(&req, &new_page(&req, party, FormView::new(values)).await?)
}

/// Opens what the form says.
pub async fn open(req: Req, sent: Sent) -> PageResult {
    let party_id: Option<Id<Party>> = sent.get("party_id").and_then(|id| id.parse().ok());
    let input = OpenIncident {
        party_id,
        customer: sent.get("customer").map(str::to_owned),
        severity: sent.get("severity").and_then(|one| one.parse().ok()),
        source: sent.get("source").and_then(|one| one.parse().ok()),
        is_hostile: sent.has("is_hostile"),
        words: sent.get("words").unwrap_or_default().to_owned(),
    };
    match req.ctx.run(incidents::open, input).await {
        Ok(made) => {
            let text = req.loc.t1("experience-incident-opened", "when", req.loc.when(made.due_at));
            Ok(go(&req, &format!("{HERE}/{}", made.id), Some(Flash { text, undo: None })))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&new_page(&req, party_id, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "experience/incident.html")]
struct IncidentPage {
    s: Shell,
    f: FormView,
    one: Incident,
    line: Line,
    /// Label and what was written.
    facts: Vec<(String, String)>,
    scores: Vec<(String, String)>,
    is_held: bool,
    may_resolve: bool,
    may_confirm: bool,
    /// It waits for somebody else.
    waits: bool,
}

async fn incident_page(req: &Req, id: Id<Incident>, f: FormView) -> Result<IncidentPage, PageError> {
    let one = req.ctx.run(incidents::get, IncidentId { id }).await?;
    let loc = &req.loc;
    let fact = |key: &str, text: &Option<String>| text.clone().map(|text| (loc.t(key), text));
    let resolved =
        one.resolved_at.map(|at| [Some(loc.when(at)), one.resolver.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · "));
    let score = one.recovery_score.map(|score| loc.number(score));
    let facts = [
        fact("experience-root-cause", &one.root_cause),
        fact("experience-action", &one.action),
        fact("experience-recovery", &score),
        fact("experience-resolved-by", &resolved),
    ];
    let is_own = one.resolved_by.is_some() && one.resolved_by == req.ctx.actor.user();
    let waits = one.resolved_at.is_some() && one.closed_at.is_none();
    Ok(IncidentPage {
        s: req
            .shell("experience", one.party.clone())
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experience-incidents"), HERE),
        f,
        line: line(loc, &one),
        facts: facts.into_iter().flatten().collect(),
        scores: (1..=5).map(|one| (one.to_string(), loc.number(one))).collect(),
        is_held: one.closed_at.is_none() && one.severity >= 2,
        may_resolve: one.resolved_at.is_none() && req.can(Room::Interactions, Act::Create),
        may_confirm: waits && !is_own && req.can(Room::Interactions, Act::Change),
        waits,
        one,
    })
}

/// One incident.
pub async fn show(req: Req, Path(id): Path<Id<Incident>>) -> PageResult {
    page(&req, &incident_page(&req, id, FormView::new(Vec::new())).await?)
}

/// Writes down how it was made good.
pub async fn resolve(req: Req, Path(id): Path<Id<Incident>>, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let input = ResolveIncident {
        id,
        root_cause: text("root_cause"),
        action: text("action"),
        recovery_score: sent.get("recovery_score").and_then(|score| score.parse().ok()),
    };
    match req.ctx.run(incidents::resolve, input).await {
        Ok(one) => {
            let key = if one.closed_at.is_some() { "experience-incident-made-good" } else { "experience-incident-to-confirm" };
            Ok(go(&req, &format!("{HERE}/{id}"), Some(Flash { text: req.t(key), undo: None })))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&incident_page(&req, id, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}

/// Somebody else says that it is made good.
pub async fn confirm(req: Req, Path(id): Path<Id<Incident>>) -> PageResult {
    let text = match req.ctx.run(incidents::confirm, IncidentId { id }).await {
        Ok(_) => req.t("experience-incident-made-good"),
        Err(error) => told(&req, error)?,
    };
    Ok(go(&req, &format!("{HERE}/{id}"), Some(Flash { text, undo: None })))
}

fn told(req: &Req, error: Error) -> Result<String, Error> {
    Ok(problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "))
}
