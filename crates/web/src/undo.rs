//! Taking an act back.

use crate::State;
use crate::error::PageResult;
use crate::follow_ups::acted;
use crate::page::{self, Flash};
use crate::request::Req;
use axum::extract::Path;
use axum::routing::post;
use peyvand_core::Id;
use peyvand_core::platform::undo::{self, RunUndo, Undo};

/// The address of the act.
pub fn routes() -> axum::Router<State> {
    axum::Router::new().route("/undo/{id}", post(run))
}

async fn run(req: Req, Path(id): Path<Id<Undo>>) -> PageResult {
    req.ctx.run(undo::run, RunUndo { id }).await?;
    let flash = Flash { text: req.t("follow-ups-undone"), undo: None };
    match &req.from {
        Some(from) if !req.htmx => Ok(page::go(&req, from, Some(flash))),
        _ => acted(&req, &flash),
    }
}
