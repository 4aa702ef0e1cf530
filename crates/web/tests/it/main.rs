//! The product through its HTTP door, without a socket.

mod access;
mod advocacy;
mod cohorts;
mod customer;
mod deals;
mod experience;
mod fairness;
mod follow_ups;
mod frame;
mod imports;
mod insight;
mod interactions;
mod lifecycle;
mod merge;
mod parties;
mod purchases;
mod risk;
mod segments;
mod service;
mod value;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use peyvand_core::platform::sessions;
use peyvand_core::{App, Ctx, testing};
use std::collections::BTreeMap;
use tower::ServiceExt;

/// A program on a fresh database, and its router.
pub async fn program() -> (App, Router) {
    let app = peyvand_core::testing::app().await;
    let router = peyvand_web::router(app.clone(), peyvand_web::Options::default(), None);
    (app, router)
}

/// Somebody of a post, signed in with a browser.
pub async fn somebody(app: &App, router: &Router, post: &str, name: &str) -> (Ctx, Browser) {
    let ctx = testing::as_post(app, post, name).await;
    let signed_in = sessions::open(app, ctx.actor.user().unwrap(), "", "test").await.unwrap();
    (ctx, Browser::new(router).with("cookie", format!("peyvand_session={}", signed_in.token)))
}

/// The name by which the act of an answer is taken back.
pub fn undo_of(answer: &Answer) -> String {
    format!("/undo/{}", id_after(answer, "/undo/"))
}

/// The first id that follows this text in a page.
pub fn id_after(answer: &Answer, text: &str) -> String {
    let is_id = |id: &&str| id.chars().all(|sign| sign == '-' || sign.is_ascii_hexdigit());
    let found = answer.text.split(text).skip(1).find_map(|rest| rest.get(..36).filter(is_id));
    found.unwrap_or_else(|| panic!("no id after {text} in: {}", answer.text)).to_owned()
}

/// A caller with a cookie jar.
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    headers: Vec<(&'static str, String)>,
}

/// An answer, read to its end.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: header::HeaderMap,
    /// Its body.
    pub text: String,
}

impl Browser {
    /// A caller without cookies.
    pub fn new(router: &Router) -> Browser {
        Browser { router: router.clone(), cookies: BTreeMap::new(), headers: Vec::new() }
    }

    /// Sends this header with every request from now on.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Browser {
        self.headers.push((name, value.into()));
        self
    }

    /// A page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Body::empty()).await
    }

    /// A form, sent from a page of our own.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = serde_html_form::to_string(form).unwrap();
        self.send(Method::POST, path, Some("application/x-www-form-urlencoded"), body.into()).await
    }

    /// A JSON request of a program.
    pub async fn json(&mut self, method: Method, path: &str, body: &serde_json::Value) -> Answer {
        self.send(method, path, Some("application/json"), body.to_string().into()).await
    }

    /// A form with one file, as a browser sends it.
    pub async fn upload(&mut self, path: &str, name: &str, content: &[u8]) -> Answer {
        const BOUNDARY: &str = "----peyvand-test-boundary";
        let mut body = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.send(Method::POST, path, Some(&format!("multipart/form-data; boundary={BOUNDARY}")), body.into()).await
    }

    async fn send(&mut self, method: Method, path: &str, kind: Option<&str>, body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "peyvand.test");
        if !self.headers.iter().any(|(name, _)| *name == "sec-fetch-site") {
            request = request.header("sec-fetch-site", "same-origin");
        }
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            let jar: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, jar.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response: Response<Body> = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text of all elements that a CSS selector finds.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let page = scraper::Html::parse_document(&self.text);
        let selector = scraper::Selector::parse(selector).unwrap();
        page.select(&selector).map(|found| found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// The text of the first element that a CSS selector finds.
    pub fn one(&self, selector: &str) -> String {
        self.all(selector).into_iter().next().unwrap_or_else(|| panic!("no {selector} in: {}", self.text))
    }
}
