//! Surveys: the list, making one, its questions while it is a draft, its links once it is open, asking a customer.

use super::public;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::http::HeaderMap;
use peyvand_core::operation::Page;
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::text::Lang;
use peyvand_core::service::invitations::{self, Invitation, Invite, ListInvitations};
use peyvand_core::service::questions::{self, AddQuestion, ChangeQuestion, MoveQuestion, Question, QuestionId, QuestionKind};
use peyvand_core::service::surveys::{self as core, ChangeSurvey, ListSurveys, NewSurvey, Survey, SurveyId, SurveySeen, SurveyState};
use peyvand_core::{Act, Error, Id, Perm, Room, Sight};
use serde::Deserialize;

/// Surveys of a page.
const PAGE: i64 = 50;
/// Invitations of a survey that its page shows.
const LATELY: i64 = 12;

/// Whether somebody writes surveys: not who sees only their own customers.
pub(super) fn writes(req: &Req, act: Act) -> bool {
    matches!(req.ctx.actor.check(Perm(Room::Service, act)), Ok(Sight::All | Sight::Units { .. }))
}

fn tone(state: SurveyState) -> &'static str {
    match state {
        SurveyState::Draft => "slate",
        SurveyState::Live => "peste",
        SurveyState::Closed => "grey",
    }
}

/// A survey as a row shows it.
struct Line {
    id: Id<Survey>,
    name: String,
    version: Option<String>,
    state: &'static str,
    tone: &'static str,
    sheets: String,
    when: String,
}

fn line(loc: &Loc, one: Survey) -> Line {
    let at = one.closed_at.or(one.live_at).unwrap_or(one.created_at);
    Line {
        id: one.id,
        name: one.name(loc.prefs.lang).to_owned(),
        version: (one.version > 1).then(|| loc.t1("surveys-version", "version", one.version)),
        state: one.state.as_str(),
        tone: tone(one.state),
        sheets: loc.number(one.sheets),
        when: loc.day_near(at.day(&loc.prefs.time_zone)),
    }
}

#[derive(Template)]
#[template(path = "service/surveys.html")]
struct SurveysPage {
    s: Shell,
    lines: Vec<Line>,
    next: Option<String>,
    may_make: bool,
}

/// From where on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    after: Option<String>,
}

/// The list.
pub(super) async fn index(req: Req, Form(asked): Form<Start>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let input = ListSurveys { after: asked.after, limit: Some(PAGE), ..ListSurveys::default() };
    let Page { items, next } = req.ctx.run(core::list, input).await?;
    let view = SurveysPage {
        lines: items.into_iter().map(|one| line(&req.loc, one)).collect(),
        next: next.map(|next| format!("/service/surveys?after={next}")),
        may_make: writes(&req, Act::Create),
        s: req.shell("service", req.t("surveys")).crumb(req.t("menu-service"), "/service"),
    };
    page::page(&req, &view)
}

#[derive(Template)]
#[template(path = "service/new.html", blocks = ["form"])]
struct NewPage {
    s: Shell,
    f: FormView,
    /// Word, label, its scale.
    kinds: Vec<(String, String, String)>,
    in_dialog: bool,
}

fn new_page(req: &Req, f: FormView, in_dialog: bool) -> NewPage {
    NewPage {
        s: req.shell("service", req.t("surveys-new")).crumb(req.t("menu-service"), "/service").crumb(req.t("surveys"), "/service/surveys"),
        f,
        kinds: kinds(&req.loc, &[]),
        in_dialog,
    }
}

/// The kinds that are not asked yet: word, label, its scale.
fn kinds(loc: &Loc, asked: &[Question]) -> Vec<(String, String, String)> {
    QuestionKind::ALL
        .iter()
        .filter(|kind| **kind == QuestionKind::Open || !asked.iter().any(|question| question.kind == **kind))
        .map(|kind| (kind.to_string(), loc.t(&format!("surveys-kind-{kind}")), loc.t(&format!("surveys-kind-about-{kind}"))))
        .collect()
}

/// The form of a new survey.
pub(super) async fn fresh(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    if !writes(&req, Act::Create) {
        return Err(Error::Forbidden(Perm(Room::Service, Act::Create)).into());
    }
    let values = ["nps", "open"].map(|kind| ("kinds".to_owned(), kind.to_owned())).to_vec();
    let view = new_page(&req, FormView::new(values), req.dialog);
    if view.in_dialog { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
}

/// Makes the draft of the form.
pub(super) async fn create(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let kinds = sent.all("kinds").into_iter().filter_map(|kind| kind.parse().ok()).collect();
    let input =
        NewSurvey { name_fa: text("name_fa"), name_ar: text("name_ar"), name_en: text("name_en"), kinds: Some(kinds), is_guide: false };
    match req.ctx.run(core::create, input).await {
        Ok(made) => Ok(to(&req, made.survey.id, "surveys-made")),
        Err(Error::Invalid(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let view = new_page(&req, FormView::again(sent, &problems.0, &req.loc), in_dialog);
            if in_dialog { page::unprocessable(&view.as_form()) } else { page::unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}

fn to(req: &Req, id: Id<Survey>, text: &str) -> axum::response::Response {
    page::go(req, &format!("/service/surveys/{id}"), Some(Flash { text: req.t(text), undo: None }))
}

/// An invitation as the page shows it.
struct Asked {
    party: Id<Party>,
    name: String,
    link: String,
    state: String,
    is_waiting: bool,
}

#[derive(Template)]
#[template(path = "service/survey.html")]
struct SurveyPage {
    s: Shell,
    f: FormView,
    survey: Survey,
    state: &'static str,
    tone: &'static str,
    version: String,
    sheets: String,
    count: String,
    questions: Vec<Question>,
    /// The questions in the reader's language, each with the name of its kind.
    told: Vec<(String, String)>,
    addable: Vec<(String, String, String)>,
    /// The beginning of the addresses of links.
    base: String,
    invitations: Vec<Asked>,
    invite_about: String,
    may_change: bool,
    may_revise: bool,
    may_ask: bool,
}

impl SurveyPage {
    fn is_draft(&self) -> bool {
        self.survey.state == SurveyState::Draft
    }

    fn is_live(&self) -> bool {
        self.survey.state == SurveyState::Live
    }
}

/// Where this program is reached, as the browser says: for links that are sent on.
pub(crate) fn base(req: &Req, headers: &HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if req.state.options.secure_cookies { "https" } else { "http" };
    format!("{scheme}://{host}")
}

async fn survey_page(req: &Req, headers: &HeaderMap, id: Id<Survey>, f: FormView) -> Result<SurveyPage, PageError> {
    let SurveySeen { survey, questions } = req.ctx.run(core::get, SurveyId { id }).await?;
    let lately = ListInvitations { survey_id: Some(id), limit: Some(LATELY), ..ListInvitations::default() };
    let invitations = if survey.state == SurveyState::Draft { Vec::new() } else { req.ctx.run(invitations::list, lately).await?.items };
    let loc = &req.loc;
    let base = base(req, headers);
    let name = survey.name(loc.prefs.lang).to_owned();
    Ok(SurveyPage {
        state: survey.state.as_str(),
        tone: tone(survey.state),
        version: loc.t1("surveys-version", "version", survey.version),
        sheets: loc.number(survey.sheets),
        count: loc.number(questions.len() as i64),
        told: questions.iter().map(|one| (one.text(loc.prefs.lang).to_owned(), loc.t(&format!("surveys-kind-{}", one.kind)))).collect(),
        addable: kinds(loc, &questions),
        invitations: invitations.into_iter().map(|one| asked(req, &base, one)).collect(),
        invite_about: loc.t1("surveys-invite-about", "days", invitations::DAYS),
        may_change: writes(req, Act::Change),
        may_revise: writes(req, Act::Create),
        may_ask: req.can(Room::Service, Act::Create),
        s: req.shell("service", name).crumb(req.t("menu-service"), "/service").crumb(req.t("surveys"), "/service/surveys"),
        f,
        survey,
        questions,
        base,
    })
}

fn asked(req: &Req, base: &str, one: Invitation) -> Asked {
    let loc = &req.loc;
    let near = |at: peyvand_core::Instant| loc.day_near(at.day(&loc.prefs.time_zone));
    let is_waiting = one.answered_at.is_none() && one.expires_at > req.ctx.now();
    let state = match one.answered_at {
        Some(at) => loc.t1("surveys-invitation-answered", "when", near(at)),
        None if is_waiting => loc.t1("surveys-invitation-waiting", "day", near(one.expires_at)),
        None => loc.t("surveys-invitation-over"),
    };
    Asked { party: one.party_id, name: one.party, link: format!("{base}/s/{}", one.token), state, is_waiting }
}

/// A survey: its questions, its links.
pub(super) async fn show(req: Req, headers: HeaderMap, Path(id): Path<Id<Survey>>) -> PageResult {
    crate::layers::signed_in(&req)?;
    page::page(&req, &survey_page(&req, &headers, id, FormView::new(Vec::new())).await?)
}

/// The page again with what was wrong, or back to it.
async fn back(req: &Req, headers: &HeaderMap, id: Id<Survey>, outcome: Result<(), Error>, sent: Sent, text: &str) -> PageResult {
    match outcome {
        Ok(()) => Ok(to(req, id, text)),
        Err(Error::Invalid(problems)) => {
            let view = survey_page(req, headers, id, FormView::again(sent, &problems.0, &req.loc)).await?;
            page::unprocessable(&view)
        }
        Err(error) => Err(error.into()),
    }
}

/// Renames a draft.
pub(super) async fn change(req: Req, headers: HeaderMap, Path(id): Path<Id<Survey>>, sent: Sent) -> PageResult {
    let text = |name: &str| sent.has(name).then(|| sent.get(name).unwrap_or_default().to_owned());
    let input = ChangeSurvey { id, name_fa: text("name_fa"), name_ar: text("name_ar"), name_en: text("name_en") };
    let outcome = req.ctx.run(core::change, input).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "surveys-saved").await
}

/// Adds a question.
pub(super) async fn add(req: Req, headers: HeaderMap, Path(id): Path<Id<Survey>>, sent: Sent) -> PageResult {
    let outcome = match sent.get("kind").and_then(|kind| kind.parse().ok()) {
        Some(kind) => req.ctx.run(questions::add, AddQuestion { id, kind }).await.map(|_| ()),
        None => Err(Error::invalid("kind", "input-needed")),
    };
    back(&req, &headers, id, outcome, sent, "surveys-saved").await
}

/// The survey that a form of a question belongs to.
fn survey_of(sent: &Sent) -> Result<Id<Survey>, Error> {
    sent.get("survey").and_then(|id| id.parse().ok()).ok_or(Error::NotFound("survey"))
}

/// Changes the words of a question.
pub(super) async fn change_question(req: Req, headers: HeaderMap, Path(id): Path<Id<Question>>, sent: Sent) -> PageResult {
    let survey = survey_of(&sent)?;
    let text = |name: &str| sent.has(name).then(|| sent.get(name).unwrap_or_default().to_owned());
    let input = ChangeQuestion {
        id,
        text_fa: text("text_fa"),
        text_ar: text("text_ar"),
        text_en: text("text_en"),
        is_needed: Some(sent.get("is_needed").is_some()),
    };
    let outcome = req.ctx.run(questions::change, input).await.map(|_| ());
    back(&req, &headers, survey, outcome, sent, "surveys-saved").await
}

/// Moves a question.
pub(super) async fn move_question(req: Req, headers: HeaderMap, Path(id): Path<Id<Question>>, sent: Sent) -> PageResult {
    let survey = survey_of(&sent)?;
    let place = sent.get("place").and_then(|place| place.parse().ok()).unwrap_or(1);
    let outcome = req.ctx.run(questions::relocate, MoveQuestion { id, place }).await.map(|_| ());
    back(&req, &headers, survey, outcome, sent, "surveys-saved").await
}

/// Takes a question out.
pub(super) async fn remove_question(req: Req, headers: HeaderMap, Path(id): Path<Id<Question>>, sent: Sent) -> PageResult {
    let survey = survey_of(&sent)?;
    let outcome = req.ctx.run(questions::remove, QuestionId { id }).await.map(|_| ());
    back(&req, &headers, survey, outcome, sent, "surveys-saved").await
}

/// Opens a draft to answers.
pub(super) async fn publish(req: Req, headers: HeaderMap, Path(id): Path<Id<Survey>>, sent: Sent) -> PageResult {
    let outcome = req.ctx.run(core::publish, SurveyId { id }).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "surveys-opened").await
}

/// Closes a survey.
pub(super) async fn close(req: Req, headers: HeaderMap, Path(id): Path<Id<Survey>>, sent: Sent) -> PageResult {
    let outcome = req.ctx.run(core::close, SurveyId { id }).await.map(|_| ());
    back(&req, &headers, id, outcome, sent, "surveys-closed").await
}

/// Makes the next version.
pub(super) async fn revise(req: Req, headers: HeaderMap, Path(id): Path<Id<Survey>>, sent: Sent) -> PageResult {
    match req.ctx.run(core::revise, SurveyId { id }).await {
        Ok(made) => Ok(to(&req, made.survey.id, "surveys-revised")),
        Err(error) => back(&req, &headers, id, Err(error), sent, "surveys-revised").await,
    }
}

/// Makes a link for one customer.
pub(super) async fn invite(req: Req, headers: HeaderMap, Path(id): Path<Id<Survey>>, sent: Sent) -> PageResult {
    let input = Invite {
        survey_id: id,
        party_id: sent.get("party").and_then(|party| party.parse().ok()),
        customer: sent.get("party_text").map(str::to_owned),
        days: None,
    };
    match req.ctx.run(invitations::invite, input).await {
        Ok(made) => {
            let flash = Flash { text: req.loc.t1("surveys-invited", "name", made.party), undo: None };
            Ok(page::go(&req, &format!("/service/surveys/{id}#invitations"), Some(flash)))
        }
        Err(error) => back(&req, &headers, id, Err(error), sent, "surveys-saved").await,
    }
}

/// In which language a preview is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    lang: Option<Lang>,
}

/// The questions as customers see them.
pub(super) async fn preview(req: Req, Path(id): Path<Id<Survey>>, Form(asked): Form<Shown>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let req = public::in_lang(req, asked.lang);
    let seen = req.ctx.run(core::get, SurveyId { id }).await?;
    let name = seen.survey.name(req.loc.prefs.lang).to_owned();
    public::preview(&req, name, &seen.questions, format!("/service/surveys/{id}/preview"))
}
