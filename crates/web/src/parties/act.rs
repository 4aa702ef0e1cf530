//! What is done with many customers at once, and taking the list out as a file.

use crate::error::PageResult;
use crate::form::{Sent, input};
use crate::page::{Flash, go};
use crate::request::Req;
use peyvand_core::marketing::segments::{self, PickMembers};
use peyvand_core::parties::bulk::{self, BulkAssign, BulkDone, BulkFollowUp, BulkTag};
use serde_json::Value;

/// Where the reader was: the list with its filters.
fn back(req: &Req) -> String {
    req.from.clone().filter(|from| from.starts_with("/parties")).unwrap_or_else(|| "/parties".to_owned())
}

fn ids(sent: &Sent) -> Value {
    sent.all("ids").into_iter().map(Value::from).collect()
}

fn done(req: &Req, key: &str, done: &BulkDone) -> PageResult {
    let flash = Flash { text: req.loc.t1(key, "count", done.changed), undo: (done.changed > 0).then(|| done.undo.to_string()) };
    Ok(go(req, &back(req), Some(flash)))
}

/// Puts a tag on the chosen ones.
pub async fn tag(req: Req, sent: Sent) -> PageResult {
    let mut object = sent.object(&["tag"], &[], true);
    object.insert("ids".to_owned(), ids(&sent));
    let outcome = req.ctx.run(bulk::tag, input::<BulkTag>(object)?).await?;
    done(&req, "bulk-tagged", &outcome)
}

/// Gives the chosen ones to a colleague.
pub async fn assign(req: Req, sent: Sent) -> PageResult {
    let mut object = sent.object(&["owner_id"], &[], false);
    object.insert("ids".to_owned(), ids(&sent));
    let outcome = req.ctx.run(bulk::assign, input::<BulkAssign>(object)?).await?;
    done(&req, "bulk-assigned", &outcome)
}

/// Puts the chosen ones into a segment, or keeps them out of it.
pub async fn segment(req: Req, sent: Sent) -> PageResult {
    let mut object = sent.object(&["pick"], &[], false);
    object.insert("id".to_owned(), sent.get("segment").unwrap_or_default().into());
    object.insert("party_ids".to_owned(), ids(&sent));
    let outcome = req.ctx.run(segments::pick, input::<PickMembers>(object)?).await?;
    let flash =
        Flash { text: req.loc.t1("bulk-picked", "count", outcome.picked), undo: (outcome.picked > 0).then(|| outcome.undo.to_string()) };
    Ok(go(&req, &back(&req), Some(flash)))
}

/// Plans the same follow-up for each of the chosen ones.
pub async fn follow_up(req: Req, sent: Sent) -> PageResult {
    let mut object = sent.object(&["what"], &[], true);
    object.insert("due".to_owned(), sent.date("due").unwrap_or_default().into());
    object.insert("ids".to_owned(), ids(&sent));
    let outcome = req.ctx.run(bulk::follow_up, input::<BulkFollowUp>(object)?).await?;
    done(&req, "bulk-planned", &outcome)
}
