//! Respect: what we did beside what customers felt, the acts that are due, the protocols they come of; and what other pages
//! show of it.

use super::incidents::{Line as IncidentLine, line as incident_line};
use super::{key_of, problems, tone};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::acts::{self, ActDone, ActSeen, GetRespect, ListActs, Respect, SkipAct};
use peyvand_core::experience::fidelity::Measured;
use peyvand_core::experience::incidents::{self, ListIncidents};
use peyvand_core::experience::protocols::{
    self, ActKind, BeginProtocol, Begins, ListProtocols, NewProtocol, NewStep, Protocol, ProtocolId, ProtocolSeen, StepSeen,
};
use peyvand_core::lifecycle::Stage;
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::text::fold_digits;
use peyvand_core::platform::time::DAY;
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde::Deserialize;

/// Where it is.
const HERE: &str = "/experience/respect";
/// Rows for acts in the form of a protocol.
const ROWS: usize = 6;
/// Acts of a part of another page.
const FEW: i64 = 6;

/// One of the two numbers as it is shown.
pub struct Number {
    pub label: String,
    /// Nothing while there are not enough.
    pub value: Option<String>,
    pub about: String,
}

fn number(loc: &Loc, which: &str, measured: &Measured, show: impl Fn(f64) -> String) -> Number {
    let about = match (measured.low, measured.high) {
        (Some(low), Some(high)) => loc.ta(
            &format!("experience-{which}-range"),
            &[("low", show(low).into()), ("high", show(high).into()), ("count", measured.count.into())],
        ),
        _ => loc.ta("experience-not-enough", &[("count", measured.count.into()), ("needs", measured.needs.into())]),
    };
    Number { label: loc.t(&format!("experience-{which}")), value: measured.value.map(&show), about }
}

fn numbers(loc: &Loc, respect: &Respect) -> [Number; 2] {
    [
        number(loc, "fidelity", &respect.fidelity, |share| loc.percent(share)),
        number(loc, "perceived", &respect.perceived, |score| loc.rounded(score, 1)),
    ]
}

/// An act as a row of a checklist shows it.
pub struct Line {
    pub id: Id<ActSeen>,
    pub party: Id<Party>,
    pub customer: String,
    pub name: String,
    pub when: String,
    pub is_late: bool,
}

fn named(loc: &Loc, act: ActKind, words: Option<&str>) -> String {
    match (act, words) {
        (ActKind::Own, Some(words)) => words.to_owned(),
        (_, Some(words)) => format!("{}: {words}", loc.t(&key_of("experience-act-", act.as_str()))),
        (_, None) => loc.t(&key_of("experience-act-", act.as_str())),
    }
}

fn line(loc: &Loc, one: ActSeen) -> Line {
    Line {
        id: one.id,
        party: one.party_id,
        name: named(loc, one.act, one.words.as_deref()),
        is_late: one.due_at < loc.now,
        when: loc.t1("experience-incident-due", "when", loc.when(one.due_at)),
        customer: one.party,
    }
}

#[derive(Template)]
#[template(path = "experience/respect.html")]
struct RespectPage {
    s: Shell,
    tab: &'static str,
    numbers: [Number; 2],
    lines: Vec<Line>,
    next: Option<String>,
    is_first: bool,
    may_act: bool,
}

/// Which part of the list.
#[derive(Deserialize)]
pub struct Asked {
    after: Option<String>,
}

/// The two numbers and what is to be done.
pub async fn index(req: Req, Query(asked): Query<Asked>) -> PageResult {
    let is_first = asked.after.is_none();
    let respect = req.ctx.run(acts::respect, GetRespect::default()).await?;
    let listed = req.ctx.run(acts::list, ListActs { after: asked.after, ..ListActs::default() }).await?;
    let loc = &req.loc;
    let view = RespectPage {
        s: req.shell("experience", req.t("experience-respect")).crumb(req.t("menu-experience"), "/experience"),
        tab: "respect",
        numbers: numbers(loc, &respect),
        lines: listed.items.into_iter().map(|one| line(loc, one)).collect(),
        next: listed.next.map(|next| format!("{HERE}?after={}", percent(&next))),
        is_first,
        may_act: req.can(Room::Interactions, Act::Create),
    };
    page(&req, &view)
}

/// The answer to an act: back to where it came from, with what happened or why it did not.
fn acted<T>(req: &Req, key: &str, outcome: Result<T, Error>) -> PageResult {
    let text = match outcome {
        Ok(_) => req.t(key),
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    let back = req.from.clone().unwrap_or_else(|| HERE.to_owned());
    Ok(go(req, &back, Some(Flash { text, undo: None })))
}

/// An act was done.
pub async fn done(req: Req, Path(id): Path<Id<ActSeen>>, sent: Sent) -> PageResult {
    let proof = sent.get("proof").map(str::to_owned);
    let outcome = req.ctx.run(acts::done, ActDone { id, proof }).await;
    acted(&req, "experience-act-done", outcome)
}

/// An act is left out.
pub async fn skip(req: Req, Path(id): Path<Id<ActSeen>>, sent: Sent) -> PageResult {
    let reason = sent.get("reason").unwrap_or_default().to_owned();
    let outcome = req.ctx.run(acts::skip, SkipAct { id, reason }).await;
    acted(&req, "experience-act-skipped", outcome)
}

/// A protocol as a row shows it.
struct ProtocolLine {
    id: Id<Protocol>,
    name: String,
    /// Its tone and words: stages, or the customer alone.
    whom: Vec<(&'static str, String)>,
    begins: String,
    steps: Vec<String>,
}

fn step(loc: &Loc, one: &StepSeen) -> String {
    let act = named(loc, one.act, one.words.as_deref());
    loc.ta("experience-step", &[("act", act.into()), ("hours", one.due_hours.into())])
}

fn protocol(loc: &Loc, one: ProtocolSeen) -> ProtocolLine {
    let stages = one.stages.iter().map(|stage| (tone(*stage), loc.t(&key_of("lifecycle-stage-", stage.as_str()))));
    ProtocolLine {
        id: one.id,
        whom: stages.chain(one.party.map(|party| ("slate", party))).collect(),
        begins: loc.t(&key_of("experience-begins-", one.begins.as_str())),
        steps: one.steps.iter().map(|one| step(loc, one)).collect(),
        name: one.name,
    }
}

/// The names of the fields of an act in the form.
struct Row {
    number: String,
    act: String,
    hours: String,
    words: String,
}

impl Row {
    fn of(loc: &Loc, row: usize) -> Row {
        let number = loc.number(i64::try_from(row).unwrap_or_default());
        Row { number, act: format!("act{row}"), hours: format!("hours{row}"), words: format!("words{row}") }
    }
}

#[derive(Template)]
#[template(path = "experience/protocols.html")]
struct ProtocolsPage {
    s: Shell,
    tab: &'static str,
    f: FormView,
    lines: Vec<ProtocolLine>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
    may_archive: bool,
    begins: Vec<(String, String)>,
    stages: Vec<(String, String)>,
    acts: Vec<(String, String)>,
    rows: Vec<Row>,
}

async fn protocols_page(req: &Req, after: Option<String>, f: FormView) -> Result<ProtocolsPage, PageError> {
    let is_first = after.is_none();
    let listed = req.ctx.run(protocols::list, ListProtocols { after, limit: None }).await?;
    let loc = &req.loc;
    Ok(ProtocolsPage {
        s: req.shell("experience", req.t("experience-protocols")).crumb(req.t("menu-experience"), "/experience"),
        tab: "protocols",
        f,
        lines: listed.items.into_iter().map(|one| protocol(loc, one)).collect(),
        next: listed.next.map(|next| format!("/experience/protocols?after={}", percent(&next))),
        is_first,
        may_add: req.can(Room::Experience, Act::Create),
        may_archive: req.can(Room::Experience, Act::Delete),
        begins: Begins::ALL.iter().map(|one| (one.to_string(), loc.t(&key_of("experience-begins-", one.as_str())))).collect(),
        stages: Stage::ALL.iter().map(|one| (one.to_string(), loc.t(&key_of("lifecycle-stage-", one.as_str())))).collect(),
        acts: ActKind::ALL.iter().map(|one| (one.to_string(), loc.t(&key_of("experience-act-", one.as_str())))).collect(),
        rows: (1..=ROWS).map(|row| Row::of(loc, row)).collect(),
    })
}

/// The protocols.
pub async fn list(req: Req, Query(asked): Query<Asked>) -> PageResult {
    page(&req, &protocols_page(&req, asked.after, FormView::new(Vec::new())).await?)
}

/// Reads the rows of acts; those without an act are left out.
fn steps(sent: &Sent) -> Result<Vec<NewStep>, Error> {
    let mut steps = Vec::new();
    for row in 1..=ROWS {
        let text = |name: &str| sent.get(&format!("{name}{row}"));
        let Some(act) = text("act").and_then(|word| word.parse().ok()) else { continue };
        let hours = fold_digits(text("hours").unwrap_or_default());
        let due_hours = hours.parse().map_err(|_| Error::invalid("steps", "platform-number-not-read"))?;
        steps.push(NewStep { act, words: text("words").map(str::to_owned), due_hours });
    }
    Ok(steps)
}

async fn make(req: &Req, sent: &Sent) -> Result<ProtocolSeen, Error> {
    let new = NewProtocol {
        name: sent.get("name").unwrap_or_default().to_owned(),
        begins: sent.get("begins").and_then(|word| word.parse().ok()),
        stages: sent.all("stages").into_iter().filter_map(|stage| stage.parse().ok()).collect(),
        party_id: None,
        customer: sent.get("customer").map(str::to_owned),
        steps: steps(sent)?,
    };
    req.ctx.run(protocols::create, new).await
}

/// Makes what the form says.
pub async fn create(req: Req, sent: Sent) -> PageResult {
    req.ctx.actor.check(Perm(Room::Experience, Act::Create))?;
    match make(&req, &sent).await {
        Ok(made) => {
            let text = req.loc.t1("experience-protocol-made", "name", made.name);
            Ok(go(&req, "/experience/protocols", Some(Flash { text, undo: None })))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&protocols_page(&req, None, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}

/// Puts one away.
pub async fn archive(req: Req, Path(id): Path<Id<Protocol>>) -> PageResult {
    let outcome = req.ctx.run(protocols::archive, ProtocolId { id }).await;
    acted(&req, "experience-protocol-gone", outcome)
}

/// Begins one for a customer.
pub async fn begin(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let Some(protocol) = sent.get("protocol").and_then(|id| id.parse().ok()) else {
        return Err(Error::NotFound("protocol").into());
    };
    let outcome = req.ctx.run(protocols::begin, BeginProtocol { id: protocol, party_id: id }).await;
    acted(&req, "experience-protocol-begun", outcome)
}

#[derive(Template)]
#[template(path = "experience/respect-of.html")]
struct Beside {
    s: Shell,
    party: Id<Party>,
    numbers: [Number; 2],
    lines: Vec<Line>,
    incidents: Vec<IncidentLine>,
    /// Protocols that may be begun: id and name.
    protocols: Vec<(String, String)>,
    may_act: bool,
}

/// How a customer is treated and what went wrong, for their page.
pub async fn beside(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    let respect = req.ctx.run(acts::respect, GetRespect { party_id: Some(id) }).await?;
    let acts = req.ctx.run(acts::list, ListActs { party_id: Some(id), limit: Some(FEW), ..ListActs::default() }).await?;
    let incidents = ListIncidents { party_id: Some(id), open: Some(true), limit: Some(FEW), ..ListIncidents::default() };
    let incidents = req.ctx.run(incidents::list, incidents).await?;
    let protocols = protocols::of_party(&req.ctx, id).await?;
    let loc = &req.loc;
    let view = Beside {
        s: req.shell("parties", req.t("experience-respect")),
        party: id,
        numbers: numbers(loc, &respect),
        lines: acts.items.into_iter().map(|one| line(loc, one)).collect(),
        incidents: incidents.items.iter().map(|one| incident_line(loc, one)).collect(),
        protocols: protocols.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        may_act: req.can(Room::Interactions, Act::Create),
    };
    page(&req, &view)
}

/// The acts of respect that the reader owes until tomorrow, for their day.
pub(crate) async fn of_day(req: &Req) -> Result<Vec<Line>, Error> {
    if !req.can(Room::Interactions, Act::See) {
        return Ok(Vec::new());
    }
    let before = Some(req.ctx.now().plus(DAY));
    let listed = req.ctx.run(acts::list, ListActs { own: Some(true), before, limit: Some(FEW), ..ListActs::default() }).await?;
    Ok(listed.items.into_iter().map(|one| line(&req.loc, one)).collect())
}

/// What the strip of a customer's page says: what holds promotion back, and the acts that they are owed.
pub(crate) async fn strip(req: &Req, id: Id<Party>) -> Result<(Option<String>, Vec<String>), Error> {
    if !req.can(Room::Interactions, Act::See) {
        return Ok((None, Vec::new()));
    }
    let hold = peyvand_core::experience::holds::seen(&req.ctx, id).await?;
    let hold = hold.map(|hold| req.loc.t1("experience-held-since", "when", req.loc.when(hold.since)));
    let protocols = protocols::of_party(&req.ctx, id).await?;
    let acts = protocols.iter().flat_map(|one| &one.steps).map(|one| named(&req.loc, one.act, one.words.as_deref()));
    let mut said: Vec<String> = acts.collect();
    // What somebody began by hand is owed as well, also where it is of another stage.
    let begun = ListActs { party_id: Some(id), limit: Some(FEW), ..ListActs::default() };
    said.extend(req.ctx.run(acts::list, begun).await?.items.iter().map(|one| named(&req.loc, one.act, one.words.as_deref())));
    let mut known = std::collections::HashSet::new();
    said.retain(|one| known.insert(one.clone()));
    Ok((hold, said))
}
