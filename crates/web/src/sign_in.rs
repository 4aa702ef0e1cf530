//! Signing in and out, and how things are shown to who has not signed in yet.

use crate::State;
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::layers::{PREFS_COOKIE, visitor_cookie};
use crate::page::{SESSION_COOKIE, Shell, go, set_cookie};
use crate::request::Req;
use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use peyvand_core::platform::calendar::Calendar;
use peyvand_core::platform::locale::{Prefs, Theme};
use peyvand_core::platform::sessions::{self, SignedIn};
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::platform::{set_up, sign_in};
use peyvand_core::{Error, Problem};
use serde::Deserialize;
use std::time::Duration;

/// The display choices of a browser are kept for a year.
const VIEW_AGE: u32 = 365 * 24 * 60 * 60;

/// Addresses of signing in.
pub fn routes() -> Router<State> {
    Router::new().route("/", get(start)).route("/sign-in", get(show).post(enter)).route("/sign-out", post(leave)).route("/view", post(view))
}

/// Where everybody begins: the set-up on an empty database, else today's work or the sign-in.
async fn start(req: Req) -> PageResult {
    let to = match &req.session {
        Some(_) => "/today",
        None if set_up::needed(&req.state.app).await? => "/set-up",
        None => "/sign-in",
    };
    Ok(go(&req, to, None))
}

/// Choices of a display setting: stored word and label.
pub(crate) type Choices = Vec<(&'static str, String)>;

/// The languages, each in its own words.
pub(crate) const LANGS: [(&str, &str); 3] = [("fa", "فارسی"), ("ar", "العربية"), ("en", "English")];

/// The calendars.
pub(crate) fn calendars(req: &Req) -> Choices {
    [("jalali", "calendar-jalali"), ("hijri", "calendar-hijri"), ("gregorian", "calendar-gregorian")]
        .map(|(word, key)| (word, req.t(key)))
        .into()
}

/// The digits, each shown as itself.
pub(crate) fn digits(req: &Req) -> Choices {
    [("persian", "digits-persian"), ("arabic", "digits-arabic"), ("latin", "digits-latin")].map(|(word, key)| (word, req.t(key))).into()
}

/// Light, dark, or as the device says.
pub(crate) fn themes(req: &Req) -> Choices {
    [("auto", "theme-auto"), ("light", "theme-light"), ("dark", "theme-dark")].map(|(word, key)| (word, req.t(key))).into()
}

/// The stored word of a choice.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The choice of a stored word.
pub(crate) fn choice<T: serde::de::DeserializeOwned>(word: Option<&str>) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word?.to_owned())).ok()
}

#[derive(Template)]
#[template(path = "access/sign_in.html")]
struct SignInPage {
    s: Shell,
    f: FormView,
    next: String,
    calendars: Choices,
    digits: Choices,
    themes: Choices,
    chosen: [String; 3],
}

impl SignInPage {
    fn new(req: &Req, f: FormView, next: String) -> SignInPage {
        let prefs = &req.loc.prefs;
        SignInPage {
            s: req.shell("", req.t("sign-in")),
            f,
            next,
            calendars: calendars(req),
            digits: digits(req),
            themes: themes(req),
            chosen: [word(&prefs.calendar), word(&prefs.digits), prefs.theme.to_string()],
        }
    }
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

async fn show(req: Req, Query(query): Query<Next>) -> PageResult {
    let next = local(query.next.as_deref());
    if req.session.is_some() {
        return Ok(go(&req, next, None));
    }
    if set_up::needed(&req.state.app).await? {
        return Ok(go(&req, "/set-up", None));
    }
    crate::page::page(&req, &SignInPage::new(&req, FormView::new(vec![("remember".into(), "on".into())]), next.to_owned()))
}

async fn enter(req: Req, sent: Sent) -> PageResult {
    let next = local(sent.get("next")).to_owned();
    let email = sent.get("email").unwrap_or_default();
    let password = sent.0.iter().find(|(name, _)| name == "password").map_or("", |(_, value)| value.as_str());
    if email.is_empty() || password.is_empty() {
        let problems: Vec<Problem> = [("email", email.is_empty()), ("password", password.is_empty())]
            .into_iter()
            .filter(|(_, missing)| *missing)
            .map(|(field, _)| Problem::new(field, "input-needed"))
            .collect();
        return again(&req, sent, &problems, next, StatusCode::UNPROCESSABLE_ENTITY);
    }
    match sign_in::sign_in(&req.state.app, email, password, &req.address, &req.agent).await {
        Ok(signed_in) => {
            let mut response = go(&req, &next, None);
            let remember = sent.get("remember").is_some();
            set_cookie(&mut response, &session_cookie(&req, &signed_in, remember));
            Ok(response)
        }
        Err(Error::Invalid(fields)) => again(&req, sent, &fields.0, next, StatusCode::UNPROCESSABLE_ENTITY),
        Err(Error::Limited(wait)) => {
            let mut response = again(&req, sent, &[waiting(wait)], next, StatusCode::TOO_MANY_REQUESTS)?;
            if let Ok(value) = wait.as_secs().max(1).to_string().parse() {
                response.headers_mut().insert(axum::http::header::RETRY_AFTER, value);
            }
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// The wait of somebody who guessed too often, as a problem of the form.
pub(crate) fn waiting(wait: Duration) -> Problem {
    let seconds = wait.as_secs().max(1);
    if seconds < 60 {
        Problem::new("password", "sign-in-wait-seconds").with("seconds", seconds)
    } else {
        Problem::new("password", "sign-in-wait-minutes").with("minutes", seconds.div_ceil(60))
    }
}

fn again(req: &Req, mut sent: Sent, problems: &[Problem], next: String, status: StatusCode) -> PageResult {
    sent.0.retain(|(name, _)| name != "password");
    let view = FormView::again(sent, problems, &req.loc);
    Ok((status, Html(SignInPage::new(req, view, next).render()?)).into_response())
}

/// The cookie of a session: for this visit, or as long as the session may last.
pub(crate) fn session_cookie(req: &Req, signed_in: &SignedIn, remember: bool) -> String {
    let secure = if req.state.options.secure_cookies { "; Secure" } else { "" };
    let age = if remember { format!("; Max-Age={}", sessions::LONGEST / 1000) } else { String::new() };
    format!("{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", signed_in.token)
}

/// Takes the session's cookie away.
pub(crate) fn forget_cookie(response: &mut Response) {
    set_cookie(response, &format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
}

/// A way onward within this program; anything else leads to the first page.
fn local(next: Option<&str>) -> &str {
    match next {
        Some(path) if path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r']) && path != "/" => path,
        _ => "/today",
    }
}

async fn leave(req: Req) -> PageResult {
    if let Some(session) = &req.session {
        sessions::sign_out(&req.state.app, session).await?;
    }
    let mut response = go(&req, "/sign-in", None);
    forget_cookie(&mut response);
    Ok(response)
}

/// Keeps display choices in a cookie. Another language brings its own calendar and digits along.
async fn view(req: Req, sent: Sent) -> PageResult {
    let now = &req.loc.prefs;
    let lang: Lang = choice(sent.get("lang")).unwrap_or(now.lang);
    let base = if lang == now.lang {
        now.clone()
    } else {
        Prefs { time_zone: now.time_zone.clone(), theme: now.theme, money_unit: now.money_unit, ..Prefs::of(lang) }
    };
    let prefs = Prefs {
        calendar: choice::<Calendar>(sent.get("calendar")).unwrap_or(base.calendar),
        digits: choice::<Digits>(sent.get("digits")).unwrap_or(base.digits),
        theme: sent.get("theme").and_then(|theme| theme.parse::<Theme>().ok()).unwrap_or(base.theme),
        ..base
    };
    let back = match sent.get("back") {
        Some("/set-up") => "/set-up".to_owned(),
        _ => match local(sent.get("next")) {
            "/today" => "/sign-in".to_owned(),
            next => format!("/sign-in?next={}", crate::page::percent(next)),
        },
    };
    let mut response = go(&req, &back, None);
    set_view(&mut response, &prefs);
    Ok(response)
}

/// Keeps display choices in a cookie.
pub(crate) fn set_view(response: &mut Response, prefs: &Prefs) {
    set_cookie(response, &format!("{PREFS_COOKIE}={}; Path=/; Max-Age={VIEW_AGE}; HttpOnly; SameSite=Lax", visitor_cookie(prefs)));
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_way_onward_stays_within_the_program() {
        for (next, to) in [
            (Some("/parties?q=a"), "/parties?q=a"),
            (Some("//evil.example"), "/today"),
            (Some("https://evil.example"), "/today"),
            (Some("/\\evil.example"), "/today"),
            (Some("/"), "/today"),
            (None, "/today"),
        ] {
            assert_eq!(super::local(next), to);
        }
    }
}
