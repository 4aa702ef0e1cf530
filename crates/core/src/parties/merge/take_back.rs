//! Taking a merge back: what went over goes back, as it is by now; what came since stays with the one who was kept.

use super::fields::text;
use super::{Changes, Merge, MovedRows, PERM, UNDO_DAYS, lock, refused, rows, search_by_name};
use crate::advocacy;
use crate::experience::experiments::merge as experiments;
use crate::marketing::segments::follow;
use crate::parties::contacts::{self, StoredContact};
use crate::parties::facts;
use crate::parties::party::{Party, PartyId, PartyRow, any_seen_in, whole_in};
use crate::platform::events::{self, Event};
use crate::platform::time::DAY;
use crate::{Ctx, Error, Id, Instant, Problem, Result};
use peyvand_db::{Tx, row, sql};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// What came of taking a merge back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Unmerged {
    /// The customer who is one of their own again.
    pub party: Party,
    /// The one they were taken for.
    pub kept_id: Id<Party>,
    /// What went back.
    pub moved: Vec<MovedRows>,
    /// How many entries could not go back because they are no more.
    pub gone: i64,
    /// Facts of the one who was kept that somebody changed since: they stay as they are.
    pub changed: Vec<String>,
    /// Introductions that ended with the merge and stay so, because the friend was introduced anew.
    pub ended: i64,
}

row! {
    struct Stored {
        id: Id<Merge>,
        kept_id: Id<Party>,
        changes: serde_json::Value,
        created_at: Instant,
    }
}

/// Takes the merge of a customer into another back.
///
/// # Errors
/// [`Error::NotFound`] for one out of sight; [`Error::Conflict`] for one who is not merged, after 30 days, or when the one who was kept
/// was merged in turn: that is taken back first.
pub async fn unmerge(ctx: &Ctx, input: PartyId) -> Result<Unmerged> {
    let writer = ctx.write(PERM)?;
    let mut tx = writer.begin().await?;
    let unmerged = take_back(&mut tx, ctx, input.id).await?;
    tx.commit().await?;
    Ok(unmerged)
}

/// The same in a transaction.
///
/// # Errors
/// As [`unmerge`].
pub(crate) async fn take_back(tx: &mut Tx, ctx: &Ctx, other: Id<Party>) -> Result<Unmerged> {
    let writer = ctx.write(PERM)?;
    let row = any_seen_in(tx, &writer.sight, other).await?;
    let not_merged = || refused("id", Problem::new("id", "merge-not-merged").with("name", &row.name));
    let query = sql("SELECT kept_id FROM party_merges WHERE other_id = $1 AND undone_at IS NULL");
    let Some((kept,)) = tx.maybe::<(Id<Party>,)>(query.bind(other)).await? else { return Err(not_merged()) };
    lock(tx, kept, other).await?;
    let query = peyvand_db::Sql::select::<Stored>("FROM party_merges WHERE other_id = $1 AND undone_at IS NULL");
    let Some(stored) = tx.maybe::<Stored>(query.bind(other)).await? else { return Err(not_merged()) };
    let this = any_seen_in(tx, &writer.sight, kept).await?;
    if let Some(holder) = this.merged_into {
        let (name,): (String,) = tx.one(sql("SELECT name FROM parties WHERE id = $1").bind(holder)).await?;
        return Err(refused("id", Problem::new("id", "merge-undo-later-first").with("name", this.name).with("into", name)));
    }
    if ctx.now() > stored.created_at.plus(UNDO_DAYS * DAY) {
        return Err(refused("id", Problem::new("id", "merge-too-late").with("days", UNDO_DAYS)));
    }
    let changes: Changes = serde_json::from_value(stored.changes).map_err(Error::fault)?;
    let merge = stored.id;
    debug_assert_eq!(kept, stored.kept_id);

    // Before the rows: whoever is nobody else may have rows.
    tx.run(
        sql("UPDATE parties SET merged_into = NULL, archived_at = NULL, updated_at = $1, version = version + 1, rhythm_due = TRUE
             WHERE id = $2")
        .bind(ctx.now())
        .bind(other),
    )
    .await?;
    let changed = columns_back(tx, ctx, &this, &changes).await?;
    let returned = rows::go_back(tx, merge, kept, other).await?;
    tx.run(sql("UPDATE identity_keys SET former_by = NULL WHERE party_id = $1 AND former_by = $2").bind(other).bind(merge)).await?;
    if let Some((role, until)) = changes.role {
        tx.run(sql("UPDATE party_roles SET until_on = NULL WHERE id = $1 AND until_on = $2").bind(role).bind(until)).await?;
    }
    for address in &changes.addresses {
        tx.run(sql("UPDATE addresses SET is_main = TRUE WHERE id = $1 AND party_id = $2").bind(*address).bind(other)).await?;
    }
    for party in [kept, other] {
        contacts_back(tx, party, &changes.contacts).await?;
        contacts::follow(tx, ctx, party).await?;
    }
    experiments::take_back(tx, merge, &changes.places, kept, other).await?;
    advocacy::merge::carry_back(tx, ctx, merge, kept, other).await?;
    let ended = advocacy::merge::begin_introductions_again(tx, ctx, &changes.ended).await?;
    facts::set_right_in(tx, ctx, &[kept, other]).await?;
    tx.run(sql("UPDATE party_merges SET undone_at = $1, undone_by = $2 WHERE id = $3").bind(ctx.now()).bind(ctx.actor.user()).bind(merge))
        .await?;
    let told =
        |party, with: &PartyRow| Event::of_party("party.unmerged", party, json!({"other_id": with.id, "other": with.name})).about(merge);
    events::record_all(tx, ctx, vec![told(kept, &row), told(other, &this)]).await?;
    follow::mark(tx, ctx, vec![kept, other]).await?;
    Ok(Unmerged { party: whole_in(tx, ctx, other).await?, kept_id: kept, moved: returned.moved, gone: returned.gone, changed, ended })
}

/// Puts back the facts that the merge changed, where nobody changed them again. Gives those that stay.
async fn columns_back(tx: &mut Tx, ctx: &Ctx, this: &PartyRow, changes: &Changes) -> Result<Vec<String>> {
    let (back, stay): (Vec<_>, Vec<_>) = changes.columns.iter().partition(|change| text(this, &change.column) == change.after);
    let mut update = sql("UPDATE parties SET rhythm_due = TRUE, updated_at = ");
    update.arg(ctx.now());
    for (column, value) in back.iter().filter_map(|change| change.set(change.before.as_deref())) {
        update.push(", ").push(column).push(" = ").value(value);
    }
    if let Some((before, after)) = changes.known
        && this.created_at == after
    {
        update.push(", created_at = ").arg(before);
    }
    update.push(" WHERE id = ").arg(this.id);
    tx.run(update).await?;
    search_by_name(tx, this.id).await?;
    Ok(stay.into_iter().filter(|change| !change.column.ends_with("_key")).map(|change| change.column.clone()).collect())
}

/// Puts back what the merge changed on contact points, where nobody changed them again.
async fn contacts_back(tx: &mut Tx, party: Id<Party>, changes: &[(StoredContact, StoredContact)]) -> Result<()> {
    let now = contacts::points(tx, party).await?;
    let mut then = now.clone();
    for point in &mut then {
        if let Some((before, _)) = changes.iter().find(|(_, after)| after == point) {
            point.clone_from(before);
        }
    }
    contacts::settle(&mut then, None);
    contacts::store(tx, party, &now, &then).await
}

/// Forgets which rows went over in merges that cannot be taken back any more.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn forget(tx: &mut Tx, now: Instant) -> Result<()> {
    let query = sql("DELETE FROM party_merge_rows WHERE merge_id IN (SELECT id FROM party_merges WHERE created_at < $1)");
    tx.run(query.bind(now.plus(-(UNDO_DAYS + 1) * DAY))).await?;
    Ok(())
}
