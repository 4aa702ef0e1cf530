//! What customers see who follow a link: the questions, and a word of thanks. No script is needed and nobody signs in. Looking
//! at a page stores nothing, also where its address proposes an answer: only sending the form does.

use super::sheet::{self, Asked};
use crate::error::{PageError, PageResult};
use crate::form::Sent;
use crate::page::{self, Shell, cookie, set_cookie};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::text::Lang;
use peyvand_core::service::fill::Reply;
use peyvand_core::service::links::{self, AnswerByLink, Follow, Link, LinkState};
use peyvand_core::{Error, Problem};
use serde::Deserialize;

/// Cookie of who has just answered, for the address of their link alone.
const SITTING_COOKIE: &str = "peyvand_sitting";
/// It is kept as long as an answer may be corrected, in seconds.
const SITTING_AGE: u32 = 30 * 60;
/// A tablet goes back to the start so many seconds after somebody has answered …
const KIOSK_THANKS: &str = "8";
/// … and when nobody has gone on for so long: long enough for slow writers, short enough for the next in line.
const KIOSK_IDLE: &str = "240";

#[derive(Template)]
#[template(path = "service/form.html")]
struct FormPage {
    s: Shell,
    /// Where the form is sent; none for a preview.
    action: Option<String>,
    /// The address of this page, for the change of language.
    here: String,
    questions: Vec<Asked>,
    problems: Vec<String>,
    is_kiosk: bool,
    is_proposed: bool,
}

/// The questions as customers see them, for who writes them.
pub(super) fn preview(req: &Req, name: String, questions: &[peyvand_core::service::Question], here: String) -> PageResult {
    let view = FormPage {
        s: req.shell("", name),
        action: None,
        here,
        questions: sheet::asked(&req.loc, questions, &[], &[]),
        problems: Vec::new(),
        is_kiosk: false,
        is_proposed: false,
    };
    page::page(req, &view)
}

#[derive(Template)]
#[template(path = "service/done.html")]
struct DonePage {
    s: Shell,
    here: String,
    /// The beginning of the names of its words: `surveys-thanks`, `surveys-was-answered`, `surveys-has-ended`.
    words: &'static str,
    /// Where an answer may be corrected.
    correct: Option<String>,
    /// Where the next one answers.
    next: Option<String>,
    is_kiosk: bool,
}

/// How a link is looked at. Messengers add words of their own to links, so others are let pass.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Look {
    lang: Option<Lang>,
    done: Option<bool>,
    correct: Option<bool>,
}

/// The same request in another language, with its digits and calendar.
pub(crate) fn in_lang(mut req: Req, lang: Option<Lang>) -> Req {
    if let Some(lang) = lang.filter(|lang| *lang != req.loc.prefs.lang) {
        let prefs = Prefs { time_zone: req.loc.prefs.time_zone.clone(), theme: req.loc.prefs.theme, ..Prefs::of(lang) };
        req.loc = Loc::new(prefs, req.loc.now);
    }
    req
}

fn name(req: &Req, link: &Link) -> String {
    link.survey.name(req.loc.prefs.lang).to_owned()
}

/// Search engines have no business here, and the address is nobody else's.
pub(crate) fn private(mut response: Response) -> Response {
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    response
}

fn form(req: &Req, link: &Link, token: &str, is_kiosk: bool, replies: &[Reply], problems: &[Problem], is_proposed: bool) -> FormPage {
    let here = if is_kiosk { format!("/s/{token}/kiosk") } else { format!("/s/{token}") };
    FormPage {
        s: req.shell("", name(req, link)),
        action: Some(here.clone()),
        here,
        questions: sheet::asked(&req.loc, &link.questions, replies, problems),
        problems: sheet::general(&req.loc, problems),
        is_kiosk,
        is_proposed,
    }
}

async fn followed(req: &Req, headers: &HeaderMap, token: &str) -> Result<Link, PageError> {
    let sitting = cookie(headers, SITTING_COOKIE).map(str::to_owned);
    Ok(req.ctx.run(links::follow, Follow { token: token.to_owned(), sitting }).await?)
}

/// The page of a link, or the one that says why there is nothing to answer.
fn look(req: &Req, link: &Link, token: &str, asked: &Look) -> PageResult {
    let here = format!("/s/{token}");
    let done =
        |words, correct, next| DonePage { s: req.shell("", name(req, link)), here: here.clone(), words, correct, next, is_kiosk: false };
    let view = match link.state {
        LinkState::Open if asked.done == Some(true) && !link.is_own => done("surveys-thanks", None, None),
        LinkState::Correctable if asked.correct != Some(true) => done("surveys-thanks", Some(format!("{here}?correct=true")), None),
        LinkState::Open | LinkState::Correctable => {
            return page::page(req, &form(req, link, token, false, &link.replies, &[], false)).map(private);
        }
        LinkState::Answered => done("surveys-was-answered", None, None),
        LinkState::Over => done("surveys-has-ended", None, None),
    };
    page::page(req, &view).map(private)
}

/// The questions, or what there is to say instead.
pub(super) async fn show(req: Req, headers: HeaderMap, Path(token): Path<String>, Form(asked): Form<Look>) -> PageResult {
    let req = in_lang(req, asked.lang);
    let link = followed(&req, &headers, &token).await?;
    look(&req, &link, &token, &asked)
}

/// The questions with the answer marked that the address proposes, to be confirmed by sending.
pub(super) async fn proposed(
    req: Req,
    headers: HeaderMap,
    Path((token, score)): Path<(String, i64)>,
    Form(asked): Form<Look>,
) -> PageResult {
    let req = in_lang(req, asked.lang);
    let link = followed(&req, &headers, &token).await?;
    if !matches!(link.state, LinkState::Open | LinkState::Correctable) {
        return look(&req, &link, &token, &asked);
    }
    let replies = sheet::proposed(&link.questions, score);
    page::page(&req, &form(&req, &link, &token, false, &replies, &[], !replies.is_empty())).map(private)
}

/// The page of a tablet on the counter.
pub(super) async fn kiosk(req: Req, Path(token): Path<String>, Form(asked): Form<Look>) -> PageResult {
    let req = in_lang(req, asked.lang);
    let link = req.ctx.run(links::follow, Follow { token: token.clone(), sitting: None }).await?;
    if link.is_own {
        return Err(Error::NotFound("page").into());
    }
    let start = format!("/s/{token}/kiosk");
    let (mut response, seconds) = if link.state == LinkState::Open && asked.done != Some(true) {
        (page::page(&req, &form(&req, &link, &token, true, &[], &[], false))?, KIOSK_IDLE)
    } else {
        let is_open = link.state == LinkState::Open;
        let view = DonePage {
            s: req.shell("", name(&req, &link)),
            here: start.clone(),
            words: if is_open { "surveys-thanks" } else { "surveys-has-ended" },
            correct: None,
            next: is_open.then(|| start.clone()),
            is_kiosk: true,
        };
        (page::page(&req, &view)?, KIOSK_THANKS)
    };
    // The header does without scripts what a tablet needs; the next in line begins in the shop's own language.
    if let Ok(value) = HeaderValue::from_str(&format!("{seconds}; url={start}")) {
        response.headers_mut().insert(header::REFRESH, value);
    }
    Ok(private(response))
}

/// Stores what was sent.
pub(super) async fn answer(req: Req, headers: HeaderMap, Path(token): Path<String>, sent: Sent) -> PageResult {
    store(req, &headers, token, &sent, false).await
}

/// Stores what was sent at a tablet.
pub(super) async fn answer_at_kiosk(req: Req, headers: HeaderMap, Path(token): Path<String>, sent: Sent) -> PageResult {
    store(req, &headers, token, &sent, true).await
}

async fn store(req: Req, headers: &HeaderMap, token: String, sent: &Sent, is_kiosk: bool) -> PageResult {
    let req = in_lang(req, crate::sign_in::choice(sent.get("lang")));
    let link = followed(&req, headers, &token).await?;
    if is_kiosk && link.is_own {
        return Err(Error::NotFound("page").into());
    }
    if !matches!(link.state, LinkState::Open | LinkState::Correctable) {
        return look(&req, &link, &token, &Look::default());
    }
    let replies = sheet::replies(sent, &link.questions);
    let input = AnswerByLink {
        token: token.clone(),
        sitting: cookie(headers, SITTING_COOKIE).map(str::to_owned),
        is_kiosk,
        lang: req.loc.prefs.lang,
        replies: replies.clone(),
        address: req.address.clone(),
    };
    let (status, problems) = match req.ctx.run(links::answer, input).await {
        Ok(sitting) => return Ok(thanks(&req, &token, sitting.as_deref(), is_kiosk)),
        Err(Error::Invalid(problems)) => (StatusCode::UNPROCESSABLE_ENTITY, problems.0),
        Err(Error::Limited(_)) => (StatusCode::TOO_MANY_REQUESTS, vec![Problem::new("", "surveys-many")]),
        Err(error) => return Err(error.into()),
    };
    let view = form(&req, &link, &token, is_kiosk, &replies, &problems, false);
    Ok(private((status, Html(view.render()?)).into_response()))
}

/// To the word of thanks, in the language of the answer.
fn thanks(req: &Req, token: &str, sitting: Option<&str>, is_kiosk: bool) -> Response {
    let kiosk = if is_kiosk { "/kiosk" } else { "" };
    let mut response = page::go(req, &format!("/s/{token}{kiosk}?done=true&lang={}", req.loc.lang()), None);
    if let Some(sitting) = sitting {
        let secure = if req.state.options.secure_cookies { "; Secure" } else { "" };
        let cookie = format!("{SITTING_COOKIE}={sitting}; Path=/s/{token}; Max-Age={SITTING_AGE}; HttpOnly; SameSite=Lax{secure}");
        set_cookie(&mut response, &cookie);
    }
    response
}
