//! What a friend sees who follows a link: the code to show, and a place to leave a number so that they are known when they come.
//! Nothing is told of whose code it is, and looking changes nothing.

use crate::error::PageResult;
use crate::form::Sent;
use crate::page::{self, Shell, go};
use crate::request::{Form, Req};
use crate::service::public::{in_lang, private};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use peyvand_core::advocacy::codes::{self, LeaveNumber};
use peyvand_core::platform::text::Lang;
use peyvand_core::{Error, Problem};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "advocacy/public.html")]
struct OpenPage {
    s: Shell,
    here: String,
    code: String,
    friend: String,
    error: Option<String>,
    is_done: bool,
}

/// How a link is looked at. Messengers add words of their own to links, so others are let pass.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Look {
    lang: Option<Lang>,
    done: Option<bool>,
}

fn open(req: &Req, code: String, friend: &str, error: Option<String>, is_done: bool) -> OpenPage {
    OpenPage {
        s: req.shell("", req.t(if is_done { "referrals-open-thanks" } else { "referrals-open-page" })),
        here: format!("/r/{code}"),
        code,
        friend: friend.to_owned(),
        error,
        is_done,
    }
}

/// The page of a link.
pub(super) async fn show(req: Req, Path(code): Path<String>, Form(look): Form<Look>) -> PageResult {
    let req = in_lang(req, look.lang);
    let code = codes::follow(&req.ctx, code).await?;
    page::page(&req, &open(&req, code, "", None, look.done == Some(true))).map(private)
}

/// Remembers who followed it.
pub(super) async fn leave(req: Req, Path(code): Path<String>, sent: Sent) -> PageResult {
    let req = in_lang(req, crate::sign_in::choice(sent.get("lang")));
    let code = codes::follow(&req.ctx, code).await?;
    let friend = sent.get("friend").unwrap_or_default().to_owned();
    let left = LeaveNumber { code: code.clone(), friend: friend.clone(), address: req.address.clone() };
    let (status, problem) = match req.ctx.run(codes::leave, left).await {
        Ok(()) => return Ok(go(&req, &format!("/r/{code}?done=true&lang={}", req.loc.lang()), None)),
        Err(Error::Invalid(problems)) => (StatusCode::UNPROCESSABLE_ENTITY, problems.0.into_iter().next()),
        Err(Error::Limited(_)) => (StatusCode::TOO_MANY_REQUESTS, Some(Problem::new("friend", "referrals-open-many"))),
        Err(error) => return Err(error.into()),
    };
    let words = problem.map(|problem| req.loc.problem(&problem));
    Ok(private((status, Html(open(&req, code, &friend, words, false).render()?)).into_response()))
}
