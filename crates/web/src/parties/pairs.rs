//! Pairs of customers who may be one, to be looked at one after the other.

use super::merge::key;
use crate::error::PageResult;
use crate::form::Sent;
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::parties::Party;
use peyvand_core::parties::merge::{BulkMerge, PairToMerge, bulk_merge};
use peyvand_core::parties::pairs::{self as core, KeepApart, ListPairs, Pair, PairSide};
use peyvand_core::{Act, Id, Room};

/// Pairs of a page.
const PAIRS: i64 = 20;

/// Two who may be one.
struct Row {
    /// Who is kept unless somebody says otherwise.
    one_id: Id<Party>,
    other_id: Id<Party>,
    /// The name of that one.
    name: String,
    /// That one, and the other.
    sides: Vec<PairSide>,
    /// Why, in words.
    why: Vec<String>,
}

#[derive(Template)]
#[template(path = "parties/pairs.html")]
struct PairsPage {
    s: Shell,
    rows: Vec<Row>,
    /// Whether nothing came before.
    is_first: bool,
    next: Option<String>,
    may_merge: bool,
}

/// The list.
pub async fn index(req: Req, Form(asked): Form<ListPairs>) -> PageResult {
    let is_first = asked.after.is_none();
    let found = req.ctx.run(core::pairs, ListPairs { limit: Some(PAIRS), ..asked }).await?;
    let row = |pair: Pair| Row {
        one_id: pair.one.id,
        other_id: pair.other.id,
        why: pair.reasons.iter().map(|reason| req.t(&key("parties-duplicate-", reason.as_str()))).collect(),
        name: pair.one.name.clone(),
        sides: vec![pair.one, pair.other],
    };
    let view = PairsPage {
        s: req.shell("parties", req.t("pairs")).crumb(req.t("menu-parties"), "/parties"),
        rows: found.items.into_iter().map(row).collect(),
        is_first,
        next: found.next.map(|next| format!("/parties/pairs?after={next}")),
        may_merge: req.can(Room::Parties, Act::Delete),
    };
    page::page(&req, &view)
}

/// Merges the pairs that were chosen, into the first of each.
pub async fn merge(req: Req, sent: Sent) -> PageResult {
    let id = |text: &str| text.parse::<Id<Party>>().ok();
    let pair = |text: &str| text.split_once('_').and_then(|(one, other)| Some(PairToMerge { id: id(one)?, other_id: id(other)? }));
    let pairs: Vec<PairToMerge> = sent.all("pair").into_iter().filter_map(pair).collect();
    if pairs.is_empty() {
        return Ok(page::go(&req, "/parties/pairs", Some(Flash { text: req.t("pairs-none-chosen"), undo: None })));
    }
    let done = req.ctx.run(bulk_merge, BulkMerge { pairs }).await?;
    let mut text = req.loc.t1("pairs-merged", "count", done.merged);
    if let Some(first) = done.refused.first() {
        let args = [("count", (done.refused.len() as i64).into()), ("reason", first.reason.as_str().into())];
        text = format!("{text} {}", req.loc.ta("pairs-refused", &args));
    }
    Ok(page::go(&req, "/parties/pairs", Some(Flash { text, undo: None })))
}

/// Says that the two are two.
pub async fn keep_apart(req: Req, Path((id, other_id)): Path<(Id<Party>, Id<Party>)>) -> PageResult {
    req.ctx.run(core::keep_apart, KeepApart { id, other_id }).await?;
    Ok(page::go(&req, "/parties/pairs", Some(Flash { text: req.t("pairs-kept-apart"), undo: None })))
}
