//! Errors as answers: a page with a way onward, a note for htmx, problem JSON for programs.

use crate::page::{Shell, html};
use crate::request::Req;
use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Error, Fields};
use serde_json::{Value, json};
use std::any::Any;
use std::sync::Arc;

/// An operation's error on its way out; the entering layer gives it its form.
#[derive(Debug)]
pub struct PageError(pub Error);

/// Result of a page handler.
pub type PageResult = Result<Response, PageError>;

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        PageError(error)
    }
}

impl From<askama::Error> for PageError {
    #[track_caller]
    fn from(error: askama::Error) -> Self {
        PageError(Error::fault(error))
    }
}

#[derive(Clone)]
pub(crate) struct Pending(pub Arc<Error>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(Pending(Arc::new(self.0)));
        response
    }
}

/// The HTTP status of an error.
#[must_use]
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::SignedOut => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Error::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What the user reads: what happened, then what to do.
#[must_use]
pub fn words(error: &Error, loc: &Loc) -> (String, String) {
    let name = error.code().replace('_', "-");
    let title = loc.t(&format!("error-{name}"));
    let advice = match error {
        Error::Invalid(fields) | Error::Conflict(fields) => {
            fields.0.iter().map(|problem| loc.problem(problem)).collect::<Vec<_>>().join(" ")
        }
        Error::Limited(wait) => {
            let minutes = i64::try_from(wait.as_secs().div_ceil(60)).unwrap_or(i64::MAX);
            loc.t1("error-limited-advice", "minutes", minutes)
        }
        _ => loc.t(&format!("error-{name}-advice")),
    };
    (title, advice)
}

/// An error for programs: RFC 9457 problem JSON with a stable `code`, and each problem at its field.
#[must_use]
pub fn problem_json(error: &Error, loc: &Loc, id: &str) -> Value {
    let (title, advice) = words(error, loc);
    let mut problem = json!({
        "type": "about:blank",
        "title": title,
        "status": status(error).as_u16(),
        "code": error.code(),
        "detail": advice,
    });
    if let Error::Invalid(Fields(problems)) | Error::Conflict(Fields(problems)) = error {
        problem["problems"] =
            problems.iter().map(|problem| json!({"field": problem.field, "code": problem.key, "message": loc.problem(problem)})).collect();
    }
    if let Error::Forbidden(perm) = error {
        problem["needs"] = perm.to_string().into();
    }
    if let Error::Fault(_) = error {
        problem["request_id"] = id.into();
    }
    problem
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    s: Shell,
    heading: String,
    advice: String,
    code: Option<String>,
    fault: bool,
}

#[derive(Template)]
#[template(path = "parts/alert.html")]
struct AlertNote<'a> {
    s: &'a Shell,
    heading: String,
    advice: String,
    code: Option<String>,
}

/// Gives an error its form for the one who asked.
pub(crate) fn render(error: &Error, request: &Req, id: &str) -> Response {
    let code = status(error);
    if let Error::Fault(fault) = error {
        tracing::error!(request.id = id, source = %fault.source, at = %fault.at, "request failed");
    }
    let api = request.path.starts_with("/api/");
    let mut response = if api {
        let mut response = (code, problem_json(error, &request.loc, id).to_string()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(error, Error::SignedOut) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    } else if matches!(error, Error::SignedOut) {
        return crate::page::to_sign_in(request);
    } else {
        let (heading, advice) = words(error, &request.loc);
        let id = matches!(error, Error::Fault(_)).then(|| id.to_owned());
        let shell = request.shell("", heading.clone());
        let rendered = if request.htmx {
            AlertNote { s: &shell, heading, advice, code: id }.render()
        } else {
            ErrorPage { s: shell, heading, advice, fault: id.is_some(), code: id }.render()
        };
        match rendered {
            Ok(text) => (code, html(text)).into_response(),
            Err(error) => {
                tracing::error!(%error, "the error page does not render");
                code.into_response()
            }
        }
    };
    if let Error::Limited(wait) = error
        && let Ok(value) = HeaderValue::from_str(&wait.as_secs().max(1).to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// The answer for an address that leads nowhere.
pub async fn no_such_page() -> PageError {
    PageError(Error::NotFound("page"))
}

/// The answer after a panic: the fault is logged, the connection lives.
pub fn panicked(reason: Box<dyn Any + Send>) -> Response<Body> {
    let text = reason.downcast_ref::<String>().map(String::as_str).or_else(|| reason.downcast_ref::<&str>().copied());
    tracing::error!(reason = text.unwrap_or("unknown"), "a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
