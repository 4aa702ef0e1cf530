//! Cases: the list by what is due first, writing one down, the page of one with what is to be done next.

use super::feedback;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::opportunities::label;
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::http::HeaderMap;
use peyvand_core::interactions::Channel;
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::access::User;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::terms::{self, ListTerms};
use peyvand_core::service::case_steps::{self as steps_of, AnswerCase, ChangeCase, CloseCase, ReopenCase};
use peyvand_core::service::cases::{self as core, Case, CaseId, CaseKind, CaseStage, CaseView, GetCaseReasons, ListCases, OpenCase};
use peyvand_core::service::invitations::{self, ListInvitations};
use peyvand_core::service::voices::AddVoice;
use peyvand_core::{Act, Error, Id, Instant, Perm, Room, Sight};
use serde::Deserialize;

/// Cases of a page.
const ROWS: i64 = 50;
/// Cases beside a customer.
const BESIDE: i64 = 4;
/// Reasons that the list names.
const REASONS: usize = 6;
/// Where the list is.
const HERE: &str = "/service/cases";

/// Which cases.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    view: Option<CaseView>,
    kind: Option<CaseKind>,
    reason: Option<String>,
    party: Option<Id<Party>>,
    owner: Option<Id<User>>,
    after: Option<String>,
}

impl Asked {
    fn input(&self) -> ListCases {
        ListCases {
            view: self.view,
            kind: self.kind,
            reason: self.reason.clone(),
            party_id: self.party,
            owner_id: self.owner,
            after: self.after.clone(),
            limit: Some(ROWS),
            ..ListCases::default()
        }
    }

    fn address(&self) -> String {
        let parts = [
            self.view.map(|view| format!("view={view}")),
            self.kind.map(|kind| format!("kind={kind}")),
            self.reason.as_deref().map(|reason| format!("reason={}", page::percent(reason))),
            self.party.map(|party| format!("party={party}")),
            self.owner.map(|owner| format!("owner={owner}")),
            self.after.as_ref().map(|after| format!("after={after}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { HERE.to_owned() } else { format!("{HERE}?{}", parts.join("&")) }
    }
}

/// A case as a row shows it.
pub(crate) struct Line {
    pub(crate) id: Id<Case>,
    pub(crate) party: Id<Party>,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) tone: &'static str,
    pub(crate) reason: String,
    pub(crate) severity: Option<String>,
    pub(crate) text: String,
    pub(crate) stage: String,
    pub(crate) owner: Option<String>,
    pub(crate) when: String,
    pub(crate) is_late: bool,
}

pub(crate) fn line(loc: &Loc, now: Instant, one: Case) -> Line {
    let near = |at: Instant| loc.when(at);
    let is_late = one.is_late(now);
    let when = match (one.stage, one.due_at, one.closed_at) {
        (CaseStage::Closed, _, Some(at)) => loc.t1("cases-closed-when", "when", near(at)),
        (_, Some(at), _) if is_late => loc.t1("cases-was-due", "when", near(at)),
        (_, Some(at), _) => loc.t1("cases-due", "when", near(at)),
        _ => near(one.opened_at),
    };
    Line {
        kind: loc.t(&format!("cases-kind-{}", one.kind)),
        tone: tone(one.kind),
        reason: label(loc, "case_reason", &one.reason, one.reason_label.as_deref()),
        severity: (one.severity == 3 && one.kind == CaseKind::Complaint).then(|| loc.t("cases-severity-3")),
        text: one.text,
        stage: stage(loc, one.stage),
        owner: one.owner,
        when,
        is_late,
        id: one.id,
        party: one.party_id,
        name: one.party,
    }
}

fn tone(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Complaint => "anar",
        CaseKind::Praise => "peste",
        CaseKind::Question => "lapis",
    }
}

fn stage(loc: &Loc, stage: CaseStage) -> String {
    loc.t(&format!("cases-stage-{}", stage.as_str().replace('_', "-")))
}

/// The cases beside a customer, what is open first.
pub(crate) async fn of_party(req: &Req, party: Id<Party>) -> Result<Vec<Line>, Error> {
    let of = ListCases { view: Some(CaseView::All), party_id: Some(party), limit: Some(BESIDE), ..ListCases::default() };
    let page = req.ctx.run(core::list, of).await?;
    Ok(page.items.into_iter().map(|one| line(&req.loc, req.ctx.now(), one)).collect())
}

#[derive(Template)]
#[template(path = "service/cases.html")]
struct CasesPage {
    s: Shell,
    /// Label, address, whether it is open.
    views: Vec<(String, String, bool)>,
    whose: Vec<(String, String, bool)>,
    kinds: Vec<(String, String, bool)>,
    chips: Vec<(String, String)>,
    /// What the form carries on.
    kept: Vec<(&'static str, String)>,
    lines: Vec<Line>,
    next: Option<String>,
    /// What they are about: words, address, how many, of how many customers.
    reasons: Vec<(String, String, String, String)>,
    may_open: bool,
    may_choose: bool,
}

/// The list.
pub(super) async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let loc = &req.loc;
    let (found, reasons) = tokio::try_join!(req.ctx.run(core::list, asked.input()), req.ctx.run(core::reasons, GetCaseReasons::default()))?;
    let view = asked.view.unwrap_or(CaseView::Open);
    let first = Asked { after: None, ..asked.clone() };
    let me = req.ctx.actor.user();
    let sees_others = !matches!(req.ctx.actor.check(Perm(Room::Service, Act::See)), Ok(Sight::Own(_)) | Err(_));
    let mut chips = Vec::new();
    if let Some(id) = asked.party {
        chips.push((req.ctx.run(party::get, PartyId { id }).await?.row.name, Asked { party: None, ..first.clone() }.address()));
    }
    if let Some(reason) = &asked.reason {
        let own = reasons.items.iter().find(|one| one.reason == *reason).and_then(|one| one.reason_label.clone());
        chips.push((label(loc, "case_reason", reason, own.as_deref()), Asked { reason: None, ..first.clone() }.address()));
    }
    let page = CasesPage {
        views: [CaseView::Open, CaseView::Late, CaseView::Closed, CaseView::All]
            .into_iter()
            .map(|one| (loc.t(&format!("cases-view-{one}")), Asked { view: Some(one), ..first.clone() }.address(), one == view))
            .collect(),
        whose: match me {
            Some(me) if sees_others => vec![
                (loc.t("today-own"), Asked { owner: Some(me), ..first.clone() }.address(), asked.owner == Some(me)),
                (loc.t("opportunities-everybody"), Asked { owner: None, ..first.clone() }.address(), asked.owner.is_none()),
            ],
            _ => Vec::new(),
        },
        kinds: CaseKind::ALL
            .iter()
            .map(|kind| (kind.to_string(), loc.t(&format!("cases-kind-{kind}")), asked.kind == Some(*kind)))
            .collect(),
        kept: [
            ("view", asked.view.map(|one| one.to_string())),
            ("party", asked.party.map(|one| one.to_string())),
            ("reason", asked.reason.clone()),
            ("owner", asked.owner.map(|one| one.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect(),
        chips,
        lines: found.items.into_iter().map(|one| line(loc, req.ctx.now(), one)).collect(),
        next: found.next.map(|next| Asked { after: Some(next), ..asked.clone() }.address()),
        reasons: reasons
            .items
            .into_iter()
            .filter(|one| one.kind == CaseKind::Complaint)
            .take(REASONS)
            .map(|one| {
                let words = label(loc, "case_reason", &one.reason, one.reason_label.as_deref());
                let all = Asked { view: Some(CaseView::All), kind: Some(one.kind), reason: Some(one.reason), ..Asked::default() };
                (words, all.address(), loc.number(one.cases), loc.number(one.customers))
            })
            .collect(),
        may_open: req.can(Room::Service, Act::Create),
        may_choose: super::case_settings::may(&req),
        s: req.shell("service", req.t("cases")).crumb(req.t("menu-service"), "/service"),
    };
    page::page(&req, &page)
}

/// The words of a list: stored word and label.
pub(super) async fn words(req: &Req, list: &str) -> Result<Vec<(String, String)>, PageError> {
    let terms = req.ctx.run(terms::list, ListTerms { list: Some(list.to_owned()) }).await?;
    let active = terms.into_iter().filter(|term| term.is_active);
    Ok(active.map(|term| (term.word.clone(), label(&req.loc, list, &term.word, term.label.as_deref()))).collect())
}

/// The ways by which a contact goes.
pub(super) fn channels(loc: &Loc) -> Vec<(String, String)> {
    Channel::ALL.iter().map(|one| (one.to_string(), loc.term("channel", one.as_str()))).collect()
}

fn severities(loc: &Loc) -> Vec<(String, String)> {
    (1..=3).map(|one| (one.to_string(), loc.t(&format!("cases-severity-{one}")))).collect()
}

pub(super) async fn people(req: &Req) -> Result<Vec<(String, String)>, PageError> {
    let people = req.ctx.run(colleagues::list, Nothing {}).await?;
    Ok(people.into_iter().map(|one| (one.id.to_string(), one.name)).collect())
}

#[derive(Template)]
#[template(path = "service/case-new.html", blocks = ["form"])]
struct NewPage {
    s: Shell,
    f: FormView,
    party: Option<(Id<Party>, String)>,
    kinds: Vec<(String, String)>,
    reasons: Vec<(String, String)>,
    severities: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    people: Vec<(String, String)>,
    in_dialog: bool,
}

async fn new_page(req: &Req, f: FormView, party: Option<Id<Party>>, in_dialog: bool) -> Result<NewPage, PageError> {
    req.ctx.actor.check(Perm(Room::Service, Act::Create))?;
    let party = match party {
        Some(id) => Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name)),
        None => None,
    };
    let loc = &req.loc;
    Ok(NewPage {
        f,
        party,
        kinds: CaseKind::ALL.iter().map(|kind| (kind.to_string(), loc.t(&format!("cases-kind-{kind}")))).collect(),
        reasons: words(req, "case_reason").await?,
        severities: severities(loc),
        channels: channels(loc),
        people: people(req).await?,
        in_dialog,
        s: req.shell("service", req.t("cases-new")).crumb(req.t("menu-service"), "/service").crumb(req.t("cases"), HERE),
    })
}

/// For whom a form opens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct For {
    party: Option<Id<Party>>,
}

/// The form of a new case.
pub(super) async fn fresh(req: Req, Form(given): Form<For>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let values = vec![
        ("kind".to_owned(), CaseKind::Complaint.to_string()),
        ("severity".to_owned(), "2".to_owned()),
        ("channel".to_owned(), Channel::Phone.to_string()),
    ];
    let view = new_page(&req, FormView::new(values), given.party, req.dialog).await?;
    if view.in_dialog { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
}

/// Opens the case of the form.
pub(super) async fn create(req: Req, sent: Sent) -> PageResult {
    let party: Option<Id<Party>> = sent.get("party").and_then(|id| id.parse().ok());
    let input = OpenCase {
        party_id: party,
        customer: sent.get("party_text").map(str::to_owned),
        kind: sent.get("kind").and_then(|kind| kind.parse().ok()).unwrap_or(CaseKind::Complaint),
        reason: sent.get("reason").unwrap_or_default().to_owned(),
        severity: sent.get("severity").and_then(|severity| severity.parse().ok()),
        channel: sent.get("channel").and_then(|channel| channel.parse().ok()),
        text: sent.get("text").unwrap_or_default().to_owned(),
        owner_id: sent.get("owner_id").and_then(|id| id.parse().ok()),
    };
    match req.ctx.run(core::open, input).await {
        Ok(made) => Ok(to(&req, made.id, "cases-opened")),
        Err(Error::Invalid(problems)) => {
            let settled = party.filter(|_| sent.get("settled").is_some());
            let in_dialog = sent.get("in_dialog").is_some();
            let view = new_page(&req, FormView::again(sent, &problems.0, &req.loc), settled, in_dialog).await?;
            if in_dialog { page::unprocessable(&view.as_form()) } else { page::unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}

fn to(req: &Req, id: Id<Case>, text: &str) -> axum::response::Response {
    page::go(req, &format!("{HERE}/{id}"), Some(Flash { text: req.t(text), undo: None }))
}

#[derive(Template)]
#[template(path = "service/case.html")]
struct CasePage {
    s: Shell,
    f: FormView,
    one: Case,
    line: Line,
    /// The stages: words, when each ended, whether it is over, whether it is now.
    steps: Vec<(String, String, bool, bool)>,
    reasons: Vec<(String, String)>,
    severities: Vec<(String, String)>,
    causes: Vec<(String, String)>,
    people: Vec<(String, String)>,
    cause: Option<String>,
    recovery: Option<String>,
    /// The link by which the customer says how satisfied they are with what was done.
    link: Option<String>,
    /// Pieces of feedback that it may be a voice of.
    pieces: Vec<(String, String)>,
    may_change: bool,
    may_join: bool,
}

impl CasePage {
    fn at(&self, stage: &str) -> bool {
        self.one.stage.as_str() == stage
    }

    fn is_complaint(&self) -> bool {
        self.one.kind == CaseKind::Complaint
    }
}

fn steps(loc: &Loc, one: &Case) -> Vec<(String, String, bool, bool)> {
    let ended = [
        (CaseStage::Received, Some(one.opened_at)),
        (CaseStage::InWork, one.taken_at),
        (CaseStage::Answered, one.answered_at),
        (CaseStage::Closed, one.closed_at),
    ];
    ended
        .into_iter()
        .map(|(step, at)| {
            let when = at.map(|at| loc.when(at)).unwrap_or_default();
            (stage(loc, step), when, at.is_some() && step < one.stage, step == one.stage)
        })
        .collect()
}

async fn case_page(req: &Req, headers: &HeaderMap, id: Id<Case>, f: FormView) -> Result<CasePage, PageError> {
    let one = req.ctx.run(core::get, CaseId { id }).await?;
    let loc = &req.loc;
    let of_case = ListInvitations { case_id: Some(id), waiting: Some(true), limit: Some(1), ..ListInvitations::default() };
    let asked = if one.stage == CaseStage::Closed { req.ctx.run(invitations::list, of_case).await?.items.into_iter().next() } else { None };
    let values = vec![
        ("reason".to_owned(), one.reason.clone()),
        ("severity".to_owned(), one.severity.to_string()),
        ("owner_id".to_owned(), one.owner_id.map(|id| id.to_string()).unwrap_or_default()),
        ("answer".to_owned(), one.answer.clone().unwrap_or_default()),
        ("root_cause".to_owned(), one.root_cause.clone().unwrap_or_default()),
        ("action".to_owned(), one.action.clone().unwrap_or_default()),
    ];
    Ok(CasePage {
        f: if f.errors().is_empty() { FormView::new(values) } else { f },
        steps: steps(loc, &one),
        reasons: words(req, "case_reason").await?,
        severities: severities(loc),
        causes: words(req, "root_cause").await?,
        people: people(req).await?,
        cause: one.root_cause.as_deref().map(|word| label(loc, "root_cause", word, one.root_cause_label.as_deref())),
        recovery: one
            .recovery_score
            .map(|score| loc.ta("surveys-of-scale", &[("value", loc.number(score).into()), ("last", loc.number(5).into())])),
        link: asked.map(|asked| format!("{}/s/{}", super::surveys::base(req, headers), asked.token)),
        pieces: feedback::pieces(req).await?,
        may_join: req.can(Room::Service, Act::Create),
        may_change: req.can(Room::Service, Act::Change),
        line: line(loc, req.ctx.now(), one.clone()),
        s: req.shell("service", one.party.clone()).crumb(req.t("menu-service"), "/service").crumb(req.t("cases"), HERE),
        one,
    })
}

/// One case.
pub(super) async fn show(req: Req, headers: HeaderMap, Path(id): Path<Id<Case>>) -> PageResult {
    crate::layers::signed_in(&req)?;
    page::page(&req, &case_page(&req, &headers, id, FormView::new(Vec::new())).await?)
}

async fn back(req: &Req, headers: &HeaderMap, id: Id<Case>, outcome: Result<(), Error>, sent: Sent, text: &str) -> PageResult {
    match outcome {
        Ok(()) => Ok(to(req, id, text)),
        Err(Error::Invalid(problems)) => {
            page::unprocessable(&case_page(req, headers, id, FormView::again(sent, &problems.0, &req.loc)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes reason, severity or owner.
pub(super) async fn change(req: Req, headers: HeaderMap, Path(id): Path<Id<Case>>, sent: Sent) -> PageResult {
    let input = ChangeCase {
        id,
        reason: sent.get("reason").map(str::to_owned),
        severity: sent.get("severity").and_then(|severity| severity.parse().ok()),
        owner_id: sent.get("owner_id").and_then(|id| id.parse().ok()),
    };
    let outcome = req.ctx.run(steps_of::change, input).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "surveys-saved").await
}

/// Takes it up.
pub(super) async fn take(req: Req, headers: HeaderMap, Path(id): Path<Id<Case>>, sent: Sent) -> PageResult {
    let outcome = req.ctx.run(steps_of::take, CaseId { id }).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "cases-taken").await
}

/// Notes the answer to the customer.
pub(super) async fn answer(req: Req, headers: HeaderMap, Path(id): Path<Id<Case>>, sent: Sent) -> PageResult {
    let input = AnswerCase { id, answer: sent.get("answer").unwrap_or_default().to_owned() };
    let outcome = req.ctx.run(steps_of::answer, input).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "cases-answered").await
}

/// Closes it.
pub(super) async fn close(req: Req, headers: HeaderMap, Path(id): Path<Id<Case>>, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let input = CloseCase { id, root_cause: text("root_cause"), action: text("action") };
    let outcome = req.ctx.run(steps_of::close, input).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "cases-closed-done").await
}

/// Makes it a voice of a piece of feedback, one that is there or a new one.
pub(super) async fn join(req: Req, headers: HeaderMap, Path(id): Path<Id<Case>>, sent: Sent) -> PageResult {
    match feedback::join(&req, &sent, |voice| AddVoice { case_id: Some(id), ..voice }).await {
        Ok(piece) => Ok(feedback::joined(&req, &piece)),
        Err(error) => back(&req, &headers, id, Err(error), sent, "").await,
    }
}

/// Opens it again.
pub(super) async fn reopen(req: Req, headers: HeaderMap, Path(id): Path<Id<Case>>, sent: Sent) -> PageResult {
    let input = ReopenCase { id, why: sent.get("why").unwrap_or_default().to_owned() };
    let outcome = req.ctx.run(steps_of::reopen, input).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "cases-reopened").await
}
