//! "You said, we did": the page of what was said and done, writing a piece down, and the page of one with who is to be told.

use super::cases::{channels, people};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::units;
use peyvand_core::parties::Party;
use peyvand_core::platform::access::User;
use peyvand_core::platform::locale::Loc;
use peyvand_core::service::Feedback;
use peyvand_core::service::feedback::{
    self as core, ChangeFeedback, FeedbackId, FeedbackState, FeedbackView, FinishFeedback, ListFeedback, OpenFeedback,
};
use peyvand_core::service::voices::{self, AddVoice, FeedbackCustomer, ListFeedbackCustomers, TellCustomers, VoiceSource};
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde::Deserialize;

/// Pieces of a page.
const ROWS: i64 = 50;
/// Customers of a page.
const CUSTOMERS: i64 = 100;
/// Open pieces that a voice may be added to.
const PIECES: i64 = 30;
/// Where the list is.
const HERE: &str = "/service/feedback";

/// Which pieces.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    view: Option<FeedbackView>,
    owner: Option<Id<User>>,
    after: Option<String>,
}

impl Asked {
    fn address(&self) -> String {
        let parts = [
            self.view.map(|view| format!("view={view}")),
            self.owner.map(|owner| format!("owner={owner}")),
            self.after.as_ref().map(|after| format!("after={after}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { HERE.to_owned() } else { format!("{HERE}?{}", parts.join("&")) }
    }
}

pub(super) fn tone(state: FeedbackState) -> &'static str {
    match state {
        FeedbackState::Open => "slate",
        FeedbackState::InWork => "lapis",
        FeedbackState::Done => "peste",
        FeedbackState::Declined => "grey",
    }
}

pub(super) fn state(loc: &Loc, state: FeedbackState) -> String {
    loc.t(&format!("feedback-state-{}", state.as_str().replace('_', "-")))
}

/// A piece as a row shows it.
struct Line {
    id: Id<Feedback>,
    said: String,
    state: String,
    tone: &'static str,
    reply: Option<String>,
    about: Vec<String>,
    customers: String,
    to_tell: Option<String>,
    when: String,
}

fn line(loc: &Loc, one: Feedback) -> Line {
    let about = [one.row.unit.clone(), one.row.owner.clone()].into_iter().flatten().collect();
    Line {
        id: one.row.id,
        state: state(loc, one.row.state),
        tone: tone(one.row.state),
        customers: loc.t1("feedback-customers-count", "count", one.customers),
        to_tell: (one.to_tell() > 0).then(|| loc.t1("feedback-to-tell-count", "count", one.to_tell())),
        when: loc.day_near(one.row.state_at.day(&loc.prefs.time_zone)),
        about,
        said: one.row.said,
        reply: one.row.reply,
    }
}

#[derive(Template)]
#[template(path = "service/feedback.html")]
struct FeedbackPage {
    s: Shell,
    /// Label, address, whether it is shown.
    views: Vec<(String, String, bool)>,
    whose: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: Option<String>,
    /// Word, number, colour.
    sums: Vec<(String, String, &'static str)>,
    may_open: bool,
}

/// The page of what was said and done.
pub(super) async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let loc = &req.loc;
    let view = asked.view.unwrap_or(FeedbackView::All);
    let input =
        ListFeedback { view: asked.view, owner_id: asked.owner, after: asked.after.clone(), limit: Some(ROWS), ..ListFeedback::default() };
    let (found, summary) = tokio::try_join!(req.ctx.run(core::list, input), req.ctx.run(core::summary, Nothing {}))?;
    let first = Asked { after: None, ..asked.clone() };
    let label = |one: FeedbackView| loc.t(&format!("feedback-view-{}", one.as_str().replace('_', "-")));
    let me = req.ctx.actor.user();
    let sums = [
        (FeedbackState::Open, summary.sums.open),
        (FeedbackState::InWork, summary.sums.in_work),
        (FeedbackState::Done, summary.sums.done),
        (FeedbackState::Declined, summary.sums.declined),
    ];
    let mut sums: Vec<_> = sums.into_iter().map(|(one, count)| (state(loc, one), loc.number(count), tone(one))).collect();
    sums.push((loc.t("feedback-view-to-tell"), loc.number(summary.to_tell), if summary.to_tell > 0 { "saffron" } else { "grey" }));
    let page = FeedbackPage {
        views: FeedbackView::ALL
            .iter()
            .map(|one| (label(*one), Asked { view: Some(*one), ..first.clone() }.address(), *one == view))
            .collect(),
        whose: me.map_or_else(Vec::new, |me| {
            vec![
                (loc.t("today-own"), Asked { owner: Some(me), ..first.clone() }.address(), asked.owner == Some(me)),
                (loc.t("opportunities-everybody"), Asked { owner: None, ..first.clone() }.address(), asked.owner.is_none()),
            ]
        }),
        lines: found.items.into_iter().map(|one| line(loc, one)).collect(),
        next: found.next.map(|next| Asked { after: Some(next), ..asked.clone() }.address()),
        sums,
        may_open: req.can(Room::Service, Act::Create),
        s: req.shell("service", req.t("feedback")).crumb(req.t("menu-service"), "/service"),
    };
    page::page(&req, &page)
}

/// Units to choose from; none for who may not see them.
async fn all_units(req: &Req) -> Result<Vec<(String, String)>, PageError> {
    if !req.can(Room::Organisation, Act::See) {
        return Ok(Vec::new());
    }
    Ok(req.ctx.run(units::list, Nothing {}).await?.into_iter().map(|one| (one.id.to_string(), one.name)).collect())
}

#[derive(Template)]
#[template(path = "service/feedback-new.html", blocks = ["form"])]
struct NewPage {
    s: Shell,
    f: FormView,
    units: Vec<(String, String)>,
    people: Vec<(String, String)>,
    in_dialog: bool,
}

async fn new_page(req: &Req, f: FormView, in_dialog: bool) -> Result<NewPage, PageError> {
    req.ctx.actor.check(Perm(Room::Service, Act::Create))?;
    Ok(NewPage {
        f,
        units: all_units(req).await?,
        people: people(req).await?,
        in_dialog,
        s: req.shell("service", req.t("feedback-new")).crumb(req.t("menu-service"), "/service").crumb(req.t("feedback"), HERE),
    })
}

/// The form of a new piece.
pub(super) async fn fresh(req: Req) -> PageResult {
    crate::layers::signed_in(&req)?;
    let view = new_page(&req, FormView::new(Vec::new()), req.dialog).await?;
    if view.in_dialog { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
}

/// Writes the piece of the form down.
pub(super) async fn create(req: Req, sent: Sent) -> PageResult {
    let input = OpenFeedback {
        said: sent.get("said").unwrap_or_default().to_owned(),
        unit_id: sent.get("unit_id").and_then(|id| id.parse().ok()),
        owner_id: sent.get("owner_id").and_then(|id| id.parse().ok()),
    };
    match req.ctx.run(core::open, input).await {
        Ok(made) => Ok(to(&req, made.row.id, "feedback-opened")),
        Err(Error::Invalid(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let view = new_page(&req, FormView::again(sent, &problems.0, &req.loc), in_dialog).await?;
            if in_dialog { page::unprocessable(&view.as_form()) } else { page::unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}

fn to(req: &Req, id: Id<Feedback>, text: &str) -> axum::response::Response {
    page::go(req, &format!("{HERE}/{id}"), Some(Flash { text: req.t(text), undo: None }))
}

/// A customer who said it.
struct Voice {
    party: Id<Party>,
    name: String,
    words: Option<String>,
    source: String,
    /// Where it was said, where that has a page.
    href: Option<String>,
    told: Option<String>,
}

fn voice(loc: &Loc, one: FeedbackCustomer) -> Voice {
    let told = one.told_at.map(|at| {
        let mut parts = vec![loc.t1("feedback-told-when", "when", loc.day_near(at.day(&loc.prefs.time_zone)))];
        parts.extend(one.channel.map(|channel| loc.term("channel", channel.as_str())));
        parts.extend(one.told_by.clone());
        parts.join(" · ")
    });
    Voice {
        party: one.party_id,
        name: one.party,
        words: one.words,
        source: loc.t(&format!("feedback-source-{}", one.source)),
        href: match one.source {
            VoiceSource::Case => Some(format!("/service/cases/{}", one.source_id)),
            VoiceSource::Answer => Some(format!("/service/answers?party={}", one.party_id)),
            VoiceSource::Quote => Some(format!("/service/quotes?party={}", one.party_id)),
            VoiceSource::Idea | VoiceSource::Told => None,
        },
        told,
    }
}

#[derive(Template)]
#[template(path = "service/feedback-one.html")]
struct OnePage {
    s: Shell,
    f: FormView,
    one: Feedback,
    state: String,
    tone: &'static str,
    since: String,
    customers: String,
    to_tell: Option<String>,
    voices: Vec<Voice>,
    next: Option<String>,
    units: Vec<(String, String)>,
    people: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    may_change: bool,
    may_add: bool,
}

impl OnePage {
    fn is_over(&self) -> bool {
        self.one.row.state.is_over()
    }

    fn is_done(&self) -> bool {
        self.one.row.state == FeedbackState::Done
    }

    fn is_open(&self) -> bool {
        self.one.row.state == FeedbackState::Open
    }

    /// Whether somebody on this page may be chosen as told.
    fn may_tell(&self) -> bool {
        self.may_add && self.is_over() && self.voices.iter().any(|voice| voice.told.is_none())
    }
}

/// From which customer on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    after: Option<String>,
}

async fn one_page(req: &Req, id: Id<Feedback>, after: Option<String>, f: FormView) -> Result<OnePage, PageError> {
    let of = ListFeedbackCustomers { id, told: None, after, limit: Some(CUSTOMERS) };
    let (one, found) = tokio::try_join!(req.ctx.run(core::get, FeedbackId { id }), req.ctx.run(voices::customers, of))?;
    let loc = &req.loc;
    let may_change = core::changes(&req.ctx.actor, &one.row);
    let values = vec![
        ("said".to_owned(), one.row.said.clone()),
        ("unit_id".to_owned(), one.row.unit_id.map(|id| id.to_string()).unwrap_or_default()),
        ("owner_id".to_owned(), one.row.owner_id.map(|id| id.to_string()).unwrap_or_default()),
        ("action".to_owned(), one.row.action.clone().unwrap_or_default()),
        ("reply".to_owned(), one.row.reply.clone().unwrap_or_default()),
    ];
    Ok(OnePage {
        f: if f.errors().is_empty() { FormView::new(values) } else { f },
        state: state(loc, one.row.state),
        tone: tone(one.row.state),
        since: loc.t1("feedback-since", "day", loc.day_near(one.row.state_at.day(&loc.prefs.time_zone))),
        customers: loc.number(one.customers),
        to_tell: (one.to_tell() > 0).then(|| loc.t1("feedback-to-tell-count", "count", one.to_tell())),
        voices: found.items.into_iter().map(|one| voice(loc, one)).collect(),
        next: found.next.map(|next| format!("{HERE}/{id}?after={next}#voices")),
        units: if may_change { all_units(req).await? } else { Vec::new() },
        people: if may_change { people(req).await? } else { Vec::new() },
        channels: channels(loc),
        may_change,
        may_add: req.can(Room::Service, Act::Create),
        s: req.shell("service", one.row.said.clone()).crumb(req.t("menu-service"), "/service").crumb(req.t("feedback"), HERE),
        one,
    })
}

/// One piece.
pub(super) async fn show(req: Req, Path(id): Path<Id<Feedback>>, Form(start): Form<Start>) -> PageResult {
    crate::layers::signed_in(&req)?;
    page::page(&req, &one_page(&req, id, start.after, FormView::new(Vec::new())).await?)
}

async fn back(req: &Req, id: Id<Feedback>, outcome: Result<Feedback, Error>, sent: Sent, text: &str) -> PageResult {
    match outcome {
        Ok(_) => Ok(to(req, id, text)),
        Err(Error::Invalid(problems)) => page::unprocessable(&one_page(req, id, None, FormView::again(sent, &problems.0, &req.loc)).await?),
        Err(error) => Err(error.into()),
    }
}

/// The pieces that a voice may be added to; none for who may not add any.
pub(super) async fn pieces(req: &Req) -> Result<Vec<(String, String)>, Error> {
    let mut pieces = Vec::new();
    if req.can(Room::Service, Act::Create) {
        for view in [FeedbackView::InWork, FeedbackView::Open] {
            let of = ListFeedback { view: Some(view), limit: Some(PIECES), ..ListFeedback::default() };
            pieces.extend(req.ctx.run(core::list, of).await?.items.into_iter().map(|one| (one.row.id.to_string(), one.row.said)));
        }
    }
    Ok(pieces)
}

/// A voice from nowhere yet, for a piece.
pub(super) fn voice_of(id: Id<Feedback>) -> AddVoice {
    AddVoice { id, quote_id: None, sheet_id: None, case_id: None, idea_id: None, party_id: None, customer: None, words: None }
}

/// Adds a voice to the piece that a form names, or begins one with it.
pub(super) async fn join(req: &Req, sent: &Sent, voice: impl FnOnce(AddVoice) -> AddVoice) -> Result<Feedback, Error> {
    let piece = match sent.get("piece").and_then(|id| id.parse().ok()) {
        Some(piece) => piece,
        None => {
            let new = OpenFeedback { said: sent.get("said").unwrap_or_default().to_owned(), ..OpenFeedback::default() };
            req.ctx.run(core::open, new).await?.row.id
        }
    };
    req.ctx.run(voices::add, voice(voice_of(piece))).await
}

/// The piece that a voice was added to.
pub(super) fn joined(req: &Req, to_piece: &Feedback) -> axum::response::Response {
    to(req, to_piece.row.id, "feedback-voice-added")
}

/// Puts sentence, unit or owner right.
pub(super) async fn change(req: Req, Path(id): Path<Id<Feedback>>, sent: Sent) -> PageResult {
    let input = ChangeFeedback {
        id,
        said: sent.has("said").then(|| sent.get("said").unwrap_or_default().to_owned()),
        unit_id: sent.get("unit_id").and_then(|id| id.parse().ok()),
        owner_id: sent.get("owner_id").and_then(|id| id.parse().ok()),
    };
    let outcome = req.ctx.run(core::change, input).await;
    back(&req, id, outcome, sent, "surveys-saved").await
}

/// Takes it up.
pub(super) async fn take(req: Req, Path(id): Path<Id<Feedback>>, sent: Sent) -> PageResult {
    let outcome = req.ctx.run(core::take, FeedbackId { id }).await;
    back(&req, id, outcome, sent, "feedback-taken").await
}

/// Says what came of it.
pub(super) async fn finish(req: Req, Path(id): Path<Id<Feedback>>, sent: Sent) -> PageResult {
    let input = FinishFeedback {
        id,
        state: sent.get("state").and_then(|state| state.parse().ok()).unwrap_or(FeedbackState::Open),
        action: sent.get("action").map(str::to_owned),
        reply: sent.get("reply").unwrap_or_default().to_owned(),
    };
    let outcome = req.ctx.run(core::finish, input).await;
    back(&req, id, outcome, sent, "feedback-finished").await
}

/// Adds who said it to one of us.
pub(super) async fn add(req: Req, Path(id): Path<Id<Feedback>>, sent: Sent) -> PageResult {
    let input = AddVoice {
        party_id: sent.get("party").and_then(|id| id.parse().ok()),
        customer: sent.get("party_text").filter(|_| sent.get("party").is_none()).map(str::to_owned),
        words: sent.get("words").map(str::to_owned),
        ..voice_of(id)
    };
    let outcome = req.ctx.run(voices::add, input).await;
    back(&req, id, outcome, sent, "feedback-voice-added").await
}

/// Notes who was told.
pub(super) async fn tell(req: Req, Path(id): Path<Id<Feedback>>, sent: Sent) -> PageResult {
    let input = TellCustomers {
        id,
        party_ids: sent.all("party_ids").into_iter().filter_map(|id| id.parse().ok()).collect(),
        channel: sent.get("channel").and_then(|channel| channel.parse().ok()),
    };
    let outcome = req.ctx.run(voices::tell, input).await;
    back(&req, id, outcome, sent, "feedback-told").await
}
