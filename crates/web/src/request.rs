//! What every page handler starts with: who asks, how they read, what kind of answer they want.

use crate::State;
use crate::error::PageError;
use crate::page::Shell;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::sessions::Session;
use peyvand_core::{Act, Ctx, Perm, Room};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// One request to a page. Made by the entering layer, taken by handlers as an argument.
#[derive(Clone)]
pub struct Req {
    /// Who asks, for operations.
    pub ctx: Ctx,
    /// Words, dates and numbers for the asker.
    pub loc: Loc,
    /// What all handlers share.
    pub state: State,
    /// The session, when signed in.
    pub session: Option<Arc<Session>>,
    /// Whether htmx asks and wants a part of the page.
    pub htmx: bool,
    /// Whether the answer goes into a dialog.
    pub dialog: bool,
    /// Path and query, for links back.
    pub path: String,
    /// Path and query of the page that this request came from, when it is one of ours.
    pub from: Option<String>,
    /// Address of the caller.
    pub address: String,
    /// The browser's own name.
    pub agent: String,
    /// A message left by the page before.
    pub flash: Option<crate::page::Flash>,
}

impl Req {
    /// The frame of a page in a room of the menu.
    #[must_use]
    pub fn shell(&self, room: &'static str, title: impl Into<String>) -> Shell {
        Shell::new(self, room, title.into())
    }

    /// Whether a button or a menu entry is shown.
    #[must_use]
    pub fn can(&self, room: Room, act: Act) -> bool {
        self.ctx.actor.can(Perm(room, act))
    }

    /// A message of the catalogue.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.loc.t(key)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Req {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Req>().cloned().ok_or_else(|| PageError(peyvand_core::Error::fault("a page outside of the entering layer")))
    }
}

/// The fields of a form or of a query string, as one type; empty fields count as absent.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<State> for Form<T> {
    type Rejection = PageError;
    async fn from_request(request: Request, state: &State) -> Result<Self, PageError> {
        let text = if request.method() == axum::http::Method::GET {
            request.uri().query().unwrap_or_default().to_owned()
        } else {
            let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|_| form_problem("too large"))?;
            String::from_utf8(bytes.to_vec()).map_err(|_| form_problem("not UTF-8"))?
        };
        let text = without_empty(&text);
        serde_html_form::from_str(&text).map(Form).map_err(|error| form_problem(&error.to_string()))
    }
}

fn form_problem(detail: &str) -> PageError {
    PageError(peyvand_core::Problem::new("", "input-form").with("detail", detail).into())
}

fn without_empty(form: &str) -> String {
    form.split('&').filter(|pair| pair.split_once('=').is_some_and(|(_, value)| !value.is_empty())).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    #[test]
    fn empty_fields_of_a_form_are_absent() {
        assert_eq!(super::without_empty("a=1&b=&c=x&d"), "a=1&c=x");
    }
}
