//! The choices of a field that asks for a customer.

use crate::error::PageResult;
use crate::page::{Shell, page};
use crate::request::{Form, Req};
use askama::Template;
use peyvand_core::parties::search::{self, Hit, SearchParties};
use serde::Deserialize;

/// Choices that fit below a field.
const CHOICES: i64 = 8;

/// What was typed into the field, under the name of the field.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(alias = "party_text", alias = "other_text", alias = "referrer_text", alias = "referee_text", alias = "introduced_by_text")]
    q: Option<String>,
}

#[derive(Template)]
#[template(path = "parties/options.html")]
struct Choices {
    s: Shell,
    hits: Vec<Hit>,
}

/// Customers that what was typed may mean; nothing before something is typed.
pub async fn options(req: Req, Form(typed): Form<Typed>) -> PageResult {
    let hits = match typed.q {
        Some(q) => req.ctx.run(search::search, SearchParties { q, limit: Some(CHOICES) }).await?.items,
        None => Vec::new(),
    };
    page(&req, &Choices { s: req.shell("parties", ""), hits })
}
