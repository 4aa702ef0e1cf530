//! Writing down what passed: the dialog from anywhere, the box on a customer's page; correcting an entry and taking it
//! back from the timeline.

use crate::State;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::http::HeaderValue;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use jiff::civil::Time;
use peyvand_core::interactions::reach::{self, GetReach, Hours, Reached};
use peyvand_core::interactions::{self as core, Channel, Direction, Interaction, InteractionId, LogInteraction, UpdateInteraction};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::terms::{self, ListTerms, Term};
use peyvand_core::platform::text::{fold_digits, search_key};
use peyvand_core::{Act, Error, Id, Patch, Perm, Problem, Room};
use serde::Deserialize;

/// Values and labels of a choice.
pub type Options = Vec<(String, String)>;

/// Minutes of the longest talk that is believed.
const MINUTES_MAX: i64 = 24 * 60;

/// Parts of a page that fetch themselves anew after an entry. The dialog closes last.
const AFTER_AN_ENTRY: &str = "live:timeline, live:parties, live:follow-ups, close-dialog";

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new()
        .route("/interactions/new", get(fresh))
        .route("/interactions", post(create))
        .route("/interactions/reach/{party}", get(reach_box))
        .route("/interactions/{id}/edit", get(edit).post(correct))
        .route("/interactions/{id}/withdraw", post(withdraw))
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
    /// The entry that is corrected; absent for a new one.
    of: Option<Id<Interaction>>,
    /// Where the form goes.
    action: String,
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
        of: None,
        action: "/interactions".to_owned(),
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

/// Makes the form one that corrects an entry.
fn correcting(req: &Req, view: &mut FormPage, id: Id<Interaction>) {
    view.s.title = req.t("interactions-correct");
    view.action = format!("/interactions/{id}/edit");
    view.of = Some(id);
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
    page::form(&req, &view.f, view.in_dialog, &view, &view.as_form())
}

fn word<T: std::str::FromStr>(sent: &Sent, name: &str) -> Option<T> {
    sent.get(name).and_then(|word| word.parse().ok())
}

/// The answer to an act on the entries of a customer, below the part of the page that stands anew.
fn told(req: &Req, party: Id<Party>, flash: &Flash, anew: Option<String>) -> PageResult {
    if !req.htmx {
        return Ok(page::go(req, &format!("/parties/{party}"), Some(flash.clone())));
    }
    let mut response = Html(anew.unwrap_or_default() + &page::toast(req, flash)?).into_response();
    response.headers_mut().insert("hx-trigger", HeaderValue::from_static(AFTER_AN_ENTRY));
    Ok(response)
}

/// The length of a talk that a form tells in minutes, in seconds.
fn seconds(sent: &Sent) -> Result<Option<i64>, Error> {
    let Some(text) = sent.get("minutes") else { return Ok(None) };
    match fold_digits(text).parse::<i64>() {
        Ok(minutes @ 0..=MINUTES_MAX) => Ok(Some(minutes * 60)),
        Ok(_) => Err(Problem::new("minutes", "input-range").with("min", 0).with("max", MINUTES_MAX).into()),
        Err(_) => Err(Error::invalid("minutes", "interactions-minutes-unread")),
    }
}

/// The length of a talk as a form tells it.
fn minutes(one: &Interaction) -> Option<i64> {
    one.duration_s.map(|seconds| (seconds + 59) / 60)
}

/// The day and the hour of a form.
fn at(sent: &Sent) -> Option<String> {
    sent.date("at").map(|day| sent.get("time").map_or_else(|| day.to_owned(), |time| format!("{day} {time}")))
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
    let seconds = seconds(&sent);
    let input = LogInteraction {
        party_id: party,
        customer: text("party_text"),
        at: at(&sent),
        channel: word(&sent, "channel"),
        direction: word::<Direction>(&sent, "direction"),
        reason: text("reason"),
        origin: text("origin"),
        result: text("result"),
        duration_s: seconds.as_ref().ok().copied().flatten(),
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
    let outcome = match seconds {
        Err(unread) => Err(unread),
        Ok(_) if empty => Err(Problem::new("text", "input-needed").into()),
        Ok(_) => req.ctx.run(core::log, input).await,
    };
    match outcome {
        Ok(logged) => {
            let id = logged.interaction.party_id;
            let flash = Flash { text: req.loc.t1("interactions-logged", "name", logged.interaction.party.as_str()), undo: None };
            let anew = if in_box && req.htmx { Some(compose(&req, id, FormView::new(Vec::new())).await?.render()?) } else { None };
            told(&req, id, &flash, anew)
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

/// An entry that the reader may still correct.
async fn own(req: &Req, id: Id<Interaction>) -> Result<Interaction, Error> {
    let one = req.ctx.run(core::get, InteractionId { id }).await?;
    if core::is_correctable(&req.ctx, &one) { Ok(one) } else { Err(Error::NotFound("interaction")) }
}

async fn edit(req: Req, Path(id): Path<Id<Interaction>>) -> PageResult {
    req.ctx.actor.check(Perm(Room::Interactions, Act::Change))?;
    let one = own(&req, id).await?;
    let day = one.at.day(&req.ctx.prefs.time_zone);
    let mut values = vec![
        ("channel".to_owned(), one.channel.to_string()),
        ("direction".to_owned(), one.direction.to_string()),
        ("at".to_owned(), day.to_string()),
        ("at_text".to_owned(), req.loc.day(day)),
        ("time".to_owned(), req.loc.time(one.at)),
    ];
    for (name, value) in [("reason", &one.reason), ("origin", &one.origin), ("result", &one.result), ("text", &one.text)] {
        values.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    values.extend(minutes(&one).map(|minutes| ("minutes".to_owned(), req.loc.number(minutes))));
    let mut view = form_page(&req, FormView::new(values), Some(one.party_id), req.dialog).await?;
    correcting(&req, &mut view, id);
    page::form(&req, &view.f, view.in_dialog, &view, &view.as_form())
}

/// A field of a correction; an empty one takes away what was there.
fn patch(sent: &Sent, name: &str) -> Patch<String> {
    match (sent.has(name), sent.get(name)) {
        (false, _) => Patch::Keep,
        (true, None) => Patch::Clear,
        (true, Some(text)) => Patch::Set(text.to_owned()),
    }
}

async fn correct(req: Req, Path(id): Path<Id<Interaction>>, sent: Sent) -> PageResult {
    let one = own(&req, id).await?;
    // The form tells minutes. What still says the same leaves the seconds of the entry alone.
    let same = |text: &str| core::moment(&req.ctx, "at", text, Time::midnight()).is_ok_and(|at| at.0 / 60_000 == one.at.0 / 60_000);
    let seconds = seconds(&sent);
    let duration_s = match (sent.has("minutes"), seconds.as_ref().ok().copied().flatten()) {
        (false, _) => Patch::Keep,
        (true, None) => Patch::Clear,
        (true, Some(told)) if minutes(&one).is_some_and(|minutes| minutes * 60 == told) => Patch::Keep,
        (true, Some(told)) => Patch::Set(told),
    };
    let change = UpdateInteraction {
        at: at(&sent).filter(|text| !same(text)),
        channel: word(&sent, "channel"),
        direction: word(&sent, "direction"),
        reason: patch(&sent, "reason"),
        origin: patch(&sent, "origin"),
        result: patch(&sent, "result"),
        duration_s,
        text: patch(&sent, "text"),
        ..UpdateInteraction::of(id)
    };
    let outcome = match seconds {
        Err(unread) => Err(unread),
        Ok(_) => req.ctx.run(core::update, change).await,
    };
    match outcome {
        Ok(done) => {
            let text = req.loc.t1("interactions-corrected", "name", done.interaction.party.as_str());
            told(&req, one.party_id, &Flash { text, undo: Some(done.undo.to_string()) }, None)
        }
        Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
            let in_dialog = sent.get("in_dialog").is_some();
            let mut view = form_page(&req, FormView::again(sent, &problems.0, &req.loc), Some(one.party_id), in_dialog).await?;
            correcting(&req, &mut view, id);
            if in_dialog || req.htmx { unprocessable(&view.as_form()) } else { unprocessable(&view) }
        }
        Err(error) => Err(error.into()),
    }
}

async fn withdraw(req: Req, Path(id): Path<Id<Interaction>>) -> PageResult {
    let gone = req.ctx.run(core::withdraw, InteractionId { id }).await?;
    let flash = Flash { text: req.t("interactions-withdrawn"), undo: Some(gone.undo.to_string()) };
    told(&req, gone.party_id, &flash, None)
}

/// A way or a time, as a row of the box shows it.
struct ReachedRow {
    name: String,
    counted: String,
    share: String,
    range: String,
    is_best: bool,
}

#[derive(Template)]
#[template(path = "interactions/reach.html")]
struct ReachBox {
    s: Shell,
    /// What they said they prefer.
    said: Option<String>,
    /// What was measured, in a sentence; else that there is not enough.
    says: String,
    channels: Vec<ReachedRow>,
    hours: Vec<ReachedRow>,
}

fn reached_row<T: Copy + PartialEq>(req: &Req, one: &Reached<T>, name: String, best: Option<T>) -> ReachedRow {
    let loc = &req.loc;
    ReachedRow {
        name,
        counted: loc.ta("reach-counted", &[("reached", one.reached.into()), ("tries", one.tries.into())]),
        share: one.share.map_or_else(|| loc.t("reach-few"), |share| loc.percent(share.value)),
        range: one
            .share
            .map(|share| loc.ta("insight-between", &[("low", loc.percent(share.low).into()), ("high", loc.percent(share.high).into())]))
            .unwrap_or_default(),
        is_best: best == Some(one.by),
    }
}

/// The ways of keeping in touch, beside a customer.
async fn reach_box(req: Req, Path(party_id): Path<Id<Party>>) -> PageResult {
    let found = req.ctx.run(reach::get, GetReach { party_id }).await?;
    let loc = &req.loc;
    let channel = |channel: Channel| loc.term("channel", channel.as_str());
    let hours = |hours: Hours| loc.t(&format!("reach-hours-{hours}"));
    let said = [found.preferred_channel.map(|address| loc.term("channel", address.as_str())), found.preferred_hours.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    let says = match (found.best_channel, found.best_hours) {
        (Some(best), Some(when)) => loc.ta("reach-best-both", &[("channel", channel(best).into()), ("hours", hours(when).into())]),
        (Some(best), None) => loc.t1("reach-best-channel", "channel", channel(best)),
        (None, Some(when)) => loc.t1("reach-best-hours", "hours", hours(when)),
        (None, None) => loc.t1("reach-not-enough", "needed", reach::NEEDED),
    };
    let view = ReachBox {
        s: req.shell("parties", ""),
        said: (!said.is_empty()).then(|| said.join(" · ")),
        says,
        channels: found.channels.iter().map(|one| reached_row(&req, one, channel(one.by), found.best_channel)).collect(),
        hours: found.hours.iter().map(|one| reached_row(&req, one, hours(one.by), found.best_hours)).collect(),
    };
    page::page(&req, &view)
}
