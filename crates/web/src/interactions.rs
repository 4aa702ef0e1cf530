//! Writing down what passed: the dialog from anywhere, the box on a customer's page.

use crate::State;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::http::HeaderValue;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use peyvand_core::interactions::{self as core, Channel, Direction, LogInteraction};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::terms::{self, ListTerms, Term};
use peyvand_core::platform::text::search_key;
use peyvand_core::{Act, Error, Id, Perm, Problem, Room};
use serde::Deserialize;

/// Values and labels of a choice.
pub type Options = Vec<(String, String)>;

/// Parts of a page that fetch themselves anew after an entry. The dialog closes last.
const AFTER_AN_ENTRY: &str = "live:timeline, live:parties, live:follow-ups, close-dialog";

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new().route("/interactions/new", get(fresh)).route("/interactions", axum::routing::post(create))
}

/// The box on a customer's page.
#[derive(Template)]
#[template(path = "interactions/compose.html")]
pub struct Compose {
    s: Shell,
    f: FormView,
    party: Id<Party>,
    channels: Options,
    results: Options,
    needs: Options,
}

/// The box with what is in it.
///
/// # Errors
/// When the word lists cannot be read.
pub async fn compose(req: &Req, party: Id<Party>, f: FormView) -> Result<Compose, PageError> {
    let terms = all_terms(req).await?;
    Ok(Compose {
        s: req.shell("parties", ""),
        f,
        party,
        channels: channels(req),
        results: list(req, &terms, "result"),
        needs: list(req, &terms, "need"),
    })
}

async fn all_terms(req: &Req) -> Result<Vec<Term>, PageError> {
    Ok(req.ctx.run(terms::list, ListTerms::default()).await?)
}

fn list(req: &Req, terms: &[Term], name: &str) -> Options {
    terms
        .iter()
        .filter(|term| term.list == name && term.is_active)
        .map(|term| (term.word.clone(), term.label.clone().unwrap_or_else(|| req.loc.term(name, &term.word))))
        .collect()
}

fn channels(req: &Req) -> Options {
    Channel::ALL.iter().map(|word| (word.to_string(), req.loc.term("channel", word.as_str()))).collect()
}

#[derive(Template)]
#[template(path = "interactions/form.html", blocks = ["form"])]
struct FormPage {
    s: Shell,
    f: FormView,
    /// With whom, when that is settled.
    party: Option<(Id<Party>, String)>,
    in_dialog: bool,
    channels: Options,
    reasons: Options,
    origins: Options,
    results: Options,
    needs: Options,
    may_plan: bool,
    may_sell: bool,
}

async fn form_page(req: &Req, f: FormView, party: Option<Id<Party>>, in_dialog: bool) -> Result<FormPage, PageError> {
    let terms = all_terms(req).await?;
    let party = match party {
        Some(id) => Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name)),
        None => None,
    };
    Ok(FormPage {
        s: req.shell("parties", req.t("shell-log")).crumb(req.t("menu-parties"), "/parties"),
        f,
        party,
        in_dialog,
        channels: channels(req),
        reasons: list(req, &terms, "reason"),
        origins: list(req, &terms, "origin"),
        results: list(req, &terms, "result"),
        needs: list(req, &terms, "need"),
        may_plan: req.can(Room::FollowUps, Act::Create),
        may_sell: req.can(Room::Sales, Act::Create),
    })
}

/// For whom a form opens.
#[derive(Clone, Debug, Default, Deserialize)]
struct For {
    party: Option<Id<Party>>,
}

async fn fresh(req: Req, Form(given): Form<For>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Interactions, Act::Create))?;
    let values = vec![("channel".to_owned(), "phone".to_owned()), ("direction".to_owned(), "inbound".to_owned())];
    let view = form_page(&req, FormView::new(values), given.party, req.dialog).await?;
    if view.in_dialog { page::page(&req, &view.as_form()) } else { page::page(&req, &view) }
}

fn word<T: std::str::FromStr>(sent: &Sent, name: &str) -> Option<T> {
    sent.get(name).and_then(|word| word.parse().ok())
}

async fn create(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let party: Option<Id<Party>> = word(&sent, "party");
    let mut need = text("need");
    if let Some(words) = &need {
        let key = search_key(words);
        let known = list(&req, &all_terms(&req).await?, "need").into_iter().find(|(_, label)| search_key(label) == key);
        need = known.map(|(word, _)| word).or(need);
    }
    let input = LogInteraction {
        party_id: party,
        customer: text("party_text"),
        at: sent.date("at").map(|day| sent.get("time").map_or_else(|| day.to_owned(), |time| format!("{day} {time}"))),
        channel: word(&sent, "channel"),
        direction: word::<Direction>(&sent, "direction"),
        reason: text("reason"),
        origin: text("origin"),
        result: text("result"),
        duration_s: word::<i64>(&sent, "minutes").and_then(|minutes| minutes.checked_mul(60)),
        text: text("text"),
        need,
        opportunity: text("opportunity"),
        idea: text("idea"),
        next: None,
        next_what: text("next_what"),
        next_due: sent.date("next_due").map(str::to_owned),
    };
    let in_box = sent.get("compose").is_some();
    let empty = in_box && input.text.is_none() && input.need.is_none() && input.result.is_none() && input.next_what.is_none();
    let outcome = if empty { Err(Problem::new("text", "input-needed").into()) } else { req.ctx.run(core::log, input).await };
    match outcome {
        Ok(logged) => {
            let id = logged.interaction.party_id;
            let flash = Flash { text: req.loc.t1("interactions-logged", "name", logged.interaction.party.as_str()), undo: None };
            if !req.htmx {
                return Ok(page::go(&req, &format!("/parties/{id}"), Some(flash)));
            }
            let mut answer = page::toast(&req, &flash)?;
            if in_box {
                answer.insert_str(0, &compose(&req, id, FormView::new(Vec::new())).await?.render()?);
            }
            let mut response = Html(answer).into_response();
            response.headers_mut().insert("hx-trigger", HeaderValue::from_static(AFTER_AN_ENTRY));
            Ok(response)
        }
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let settled = sent.get("settled").is_some();
            let view = FormView::again(sent, &problems.0, &req.loc);
            match party {
                Some(party) if in_box && req.htmx => unprocessable(&compose(&req, party, view).await?),
                _ => {
                    let view = form_page(&req, view, party.filter(|_| settled || in_box), in_dialog).await?;
                    if in_dialog || req.htmx { unprocessable(&view.as_form()) } else { unprocessable(&view) }
                }
            }
        }
        Err(error) => Err(error.into()),
    }
}
