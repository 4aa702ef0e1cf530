//! What happens around every request: id, trace, who asks, cross-site protection, locale, errors, headers.

use crate::State;
use crate::error::{PageError, Pending, render};
use crate::page::{Flash, SESSION_COOKIE, cookie};
use crate::request::Req;
use axum::extract::{ConnectInfo, Request, State as FromState};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use peyvand_core::platform::calendar::Calendar;
use peyvand_core::platform::locale::{Loc, Prefs, time_zone};
use peyvand_core::platform::money::MoneyUnit;
use peyvand_core::platform::sessions::{self, Session};
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::{Actor, Door, Error};
use std::net::SocketAddr;
use std::time::Instant as Stopwatch;
use tracing::Instrument;

/// Cookie with the display choices of who has not signed in.
pub const PREFS_COOKIE: &str = "peyvand_view";

/// Makes the [`Req`], refuses cross-site writes, gives errors their form, counts and traces.
pub async fn enter(FromState(state): FromState<State>, request: Request, next: Next) -> Response {
    let started = Stopwatch::now();
    // A body cannot be shared between threads, so what looks at the request gets its head alone.
    let (mut head, body) = request.into_parts();
    let id = uuid::Uuid::now_v7().simple().to_string();
    let method = head.method.clone();
    let route = head.extensions.get::<axum::extract::MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request.id = %id, %method, %route);
    let response = async {
        let req = match request_of(&state, &head).await {
            Ok(req) => req,
            Err(error) => {
                tracing::error!(%error, "a request could not enter");
                return crate::error::status(&error).into_response();
            }
        };
        if let Err(error) = refuse_cross_site(&head, req.session.as_deref()) {
            return render(&error, &req, &id);
        }
        head.extensions.insert(req.clone());
        let response = next.run(Request::from_parts(head, body)).await;
        match response.extensions().get::<Pending>().cloned() {
            Some(Pending(error)) => render(&error, &req, &id),
            // An address that does not fit, such as one with an id that is none, is refused in plain words for programs.
            None if is_bare_refusal(&response) => render(&Error::NotFound("page"), &req, &id),
            None => response,
        }
    }
    .instrument(span.clone())
    .await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    metrics::histogram!("peyvand_request_seconds", "method" => method.to_string(), "route" => route, "status" => status.to_string())
        .record(took.as_secs_f64());
    let _in = span.enter();
    tracing::info!(status, took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "request done");
    let mut response = response;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

fn is_bare_refusal(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    response.status().is_client_error() && kind.is_some_and(|kind| kind.starts_with("text/plain"))
}

async fn request_of(state: &State, request: &Parts) -> Result<Req, Error> {
    let headers = &request.headers;
    let path = request.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let api = path.starts_with("/api/");
    let organisation = state.app.organisation().await?;
    let (actor, prefs, session) = if api {
        let actor = match bearer(headers) {
            Some(token) => sessions::token_actor(&state.app, token).await?.map_or(Actor::Nobody, |found| Actor::User(found.actor.clone())),
            None => Actor::Nobody,
        };
        (actor, api_prefs(headers, organisation.prefs()), None)
    } else {
        let found = match cookie(headers, SESSION_COOKIE) {
            Some(token) => sessions::session(&state.app, token).await?,
            None => None,
        };
        match found {
            Some(session) => (Actor::User(session.actor.clone()), session.prefs.clone(), Some(session)),
            None => (Actor::Nobody, visitor_prefs(headers, organisation.prefs()), None),
        }
    };
    let ctx = state.app.context(actor, if api { Door::Api } else { Door::Web }, prefs.clone());
    let loc = Loc::new(prefs, ctx.now());
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    Ok(Req {
        loc,
        ctx,
        state: state.clone(),
        session,
        htmx: is("hx-request", "true") && !is("hx-history-restore-request", "true"),
        dialog: headers.get("hx-target").and_then(|target| target.to_str().ok()).is_some_and(|target| target.contains("dialog")),
        path,
        from: came_from(headers),
        address: address(state, request),
        agent: headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().chars().take(200).collect(),
        flash: cookie(headers, crate::page::FLASH_COOKIE).and_then(Flash::read),
    })
}

/// A write must come from our own pages. Browsers say where a request comes from; one that does not say must carry
/// the session's word. Programs with a token send no cookie, so nothing can be forged in their name.
fn refuse_cross_site(request: &Parts, session: Option<&Session>) -> Result<(), Error> {
    if matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS) || request.uri.path().starts_with("/api/") {
        return Ok(());
    }
    let headers = &request.headers;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin.split_once("://").map(|(_, host)| host) == text("host"),
        (None, None) => match session {
            Some(session) => text("x-csrf-token") == Some(&session.csrf),
            None => true,
        },
    };
    if ours { Ok(()) } else { Err(Error::invalid("", "error-cross-site")) }
}

/// The path behind our own host in `Referer` (or `HX-Current-URL`, which says the same after a push).
fn came_from(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (_, rest) = text("hx-current-url").or_else(|| text("referer"))?.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    (Some(host) == text("host")).then(|| path.split('#').next().unwrap_or_default().to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

fn api_prefs(headers: &HeaderMap, prefs: Prefs) -> Prefs {
    match accepted_lang(headers) {
        Some(lang) if lang != prefs.lang => {
            let zone = prefs.time_zone.clone();
            Prefs { time_zone: zone, ..Prefs::of(lang) }
        }
        _ => prefs,
    }
}

fn accepted_lang(headers: &HeaderMap) -> Option<Lang> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    accepted.split(',').find_map(|item| Lang::from_tag(item.split(';').next()?.trim()))
}

/// `lang.calendar.digits.theme.money.zone`, as the sign-in page writes it.
fn visitor_prefs(headers: &HeaderMap, default: Prefs) -> Prefs {
    let mut prefs = match accepted_lang(headers) {
        Some(lang) if lang != default.lang && cookie(headers, PREFS_COOKIE).is_none() => {
            Prefs { time_zone: default.time_zone, ..Prefs::of(lang) }
        }
        _ => default,
    };
    let Some(stored) = cookie(headers, PREFS_COOKIE) else { return prefs };
    let mut parts = stored.splitn(6, '.');
    let mut word = || parts.next().unwrap_or_default().to_owned();
    fn read<T: serde::de::DeserializeOwned>(word: String) -> Option<T> {
        serde_json::from_value(serde_json::Value::String(word)).ok()
    }
    prefs.lang = read::<Lang>(word()).unwrap_or(prefs.lang);
    prefs.calendar = read::<Calendar>(word()).unwrap_or(prefs.calendar);
    prefs.digits = read::<Digits>(word()).unwrap_or(prefs.digits);
    prefs.theme = word().parse().unwrap_or(prefs.theme);
    prefs.money_unit = read::<MoneyUnit>(word()).unwrap_or(prefs.money_unit);
    prefs.time_zone = time_zone(&word()).unwrap_or(prefs.time_zone);
    prefs
}

/// The value of [`PREFS_COOKIE`] for the given choices.
#[must_use]
pub fn visitor_cookie(prefs: &Prefs) -> String {
    fn word<T: serde::Serialize>(value: &T) -> String {
        serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
    let zone = prefs.time_zone.iana_name().unwrap_or("UTC");
    format!("{}.{}.{}.{}.{}.{zone}", word(&prefs.lang), word(&prefs.calendar), word(&prefs.digits), prefs.theme, word(&prefs.money_unit))
}

fn address(state: &State, request: &Parts) -> String {
    if state.options.behind_proxy
        && let Some(forwarded) = request.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok())
        && let Some(nearest) = forwarded.rsplit(',').next()
    {
        return nearest.trim().chars().take(64).collect();
    }
    request.extensions.get::<ConnectInfo<SocketAddr>>().map_or_else(String::new, |info| info.0.ip().to_string())
}

/// Security headers on every answer. Styles may stand in `style` attributes, for sizes that are data; scripts only
/// in our own files.
pub async fn headers(request: Request, next: Next) -> Response {
    let cacheable = request.uri().path().starts_with("/static/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=()");
    if !cacheable {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("HX-Request"));
    }
    response
}

/// For pages that need a signed-in user: everybody else goes to the sign-in page.
///
/// # Errors
/// [`Error::SignedOut`].
pub fn signed_in(req: &Req) -> Result<(), PageError> {
    req.ctx.actor.person().map(|_| ()).map_err(PageError)
}
