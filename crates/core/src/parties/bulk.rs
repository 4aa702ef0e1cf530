//! Acts on many parties at once: tag, assign, plan, archive. Each can be taken back.

use super::Party;
use super::check::TAG_MAX;
use super::list::PartyFilters;
use crate::follow_ups::{self, Importance, NewFollowUp};
use crate::interactions::Channel;
use crate::platform::access::{Sight, Unit, User};
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, ToValue, Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parties that may be named one by one.
const IDS_MAX: usize = 500;
/// Parties that one act on a filter may reach: what can be written in a few seconds, and taken back again.
const REACH_MAX: usize = 10_000;
/// Parties of one statement.
const CHUNK: usize = 500;

/// A party with its owner and unit.
pub type Owned = (Id<Party>, Option<Id<User>>, Option<Id<Unit>>);

/// What an act on many came to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct BulkDone {
    /// How many parties it changed; those out of sight and those that were so already are left out.
    pub changed: i64,
    /// Takes it back through `undo.run`, for one day.
    pub undo: Id<Undo>,
}

/// The parties of an act: those named, or all that a filter finds.
async fn reached(
    ctx: &Ctx,
    tx: &mut Tx,
    sight: &Sight,
    ids: Option<&[Id<Party>]>,
    filter: Option<&PartyFilters>,
) -> Result<Vec<Id<Party>>> {
    let mut found: Vec<(Id<Party>,)> = Vec::new();
    match (ids, filter) {
        (Some(ids), _) => {
            if ids.is_empty() || ids.len() > IDS_MAX {
                return Err(Problem::new("ids", "input-range").with("min", 1).with("max", IDS_MAX).into());
            }
            let mut query = sql("SELECT p.id FROM parties p WHERE p.archived_at IS NULL");
            sight.parties(&mut query);
            query.push(" AND p.id IN ").list_padded(ids).push(" ORDER BY p.id {for_update}");
            found.extend(tx.all::<(Id<Party>,)>(query).await?);
        }
        (None, Some(filter)) => {
            let reader = ctx.read(Perm(Room::Parties, Act::See))?;
            let mut query = sql("SELECT p.id FROM parties p WHERE 1 = 1");
            sight.parties(&mut query);
            filter.add_to(ctx, &reader, &mut query).await?;
            query.push(" ORDER BY p.id LIMIT ").arg(REACH_MAX as i64 + 1);
            found.extend(tx.all::<(Id<Party>,)>(query).await?);
            if found.len() > REACH_MAX {
                return Err(Problem::new("filter", "bulk-too-many").with("max", REACH_MAX).into());
            }
        }
        (None, None) => return Err(Error::invalid("ids", "input-needed")),
    }
    Ok(found.into_iter().map(|(id,)| id).collect())
}

async fn happened(tx: &mut Tx, ctx: &Ctx, kind: &'static str, parties: &[Id<Party>], data: &serde_json::Value) -> Result<()> {
    let all = parties.iter().map(|party| Event::of_party(kind, *party, data.clone())).collect();
    events::record_all(tx, ctx, all).await
}

async fn touched(tx: &mut Tx, ctx: &Ctx, parties: &[Id<Party>]) -> Result<()> {
    let mut update = sql("UPDATE parties SET version = version + 1, updated_at = $1 WHERE id IN ").bind(ctx.now());
    update.list_padded(parties);
    tx.run(update).await?;
    Ok(())
}

/// A tag to put on, or to take off, many.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkTag {
    /// These parties, at most 500.
    pub ids: Option<Vec<Id<Party>>>,
    /// Or all that this filter finds, at most 10,000.
    pub filter: Option<PartyFilters>,
    /// The tag.
    pub tag: String,
    /// Takes it off instead.
    #[serde(default)]
    pub remove: bool,
}

/// Puts a tag on many parties, or takes it off.
///
/// # Errors
/// Without the right, without a tag, for too many.
pub async fn tag(ctx: &Ctx, input: BulkTag) -> Result<BulkDone> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let tag = clean_line(&input.tag, TAG_MAX).map_err(|problem| Problem::new("tag", problem.key()).with("max", TAG_MAX))?;
    if tag.is_empty() {
        return Err(Error::invalid("tag", "input-needed"));
    }
    let mut tx = writer.begin().await?;
    let parties = reached(ctx, &mut tx, &writer.sight, input.ids.as_deref(), input.filter.as_ref()).await?;
    let changed = put_tag(&mut tx, ctx, &tag, &parties, !input.remove).await?;
    let count = changed.len() as i64;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Tag { tag, parties: changed, was_added: !input.remove }).await?;
    tx.commit().await?;
    Ok(BulkDone { changed: count, undo })
}

async fn put_tag(tx: &mut Tx, ctx: &Ctx, tag: &str, parties: &[Id<Party>], add: bool) -> Result<Vec<Id<Party>>> {
    let mut all = Vec::new();
    for chunk in parties.chunks(CHUNK) {
        let changed: Vec<(Id<Party>,)> = if add {
            let mut insert = sql("INSERT INTO party_tags (party_id, tag) SELECT p.id, $1 FROM parties p WHERE p.id IN ").bind(tag);
            insert.list_padded(chunk).push(" ON CONFLICT (party_id, tag) DO NOTHING RETURNING party_id");
            tx.all(insert).await?
        } else {
            let mut delete = sql("DELETE FROM party_tags WHERE tag = $1 AND party_id IN ").bind(tag);
            delete.list_padded(chunk).push(" RETURNING party_id");
            tx.all(delete).await?
        };
        let changed: Vec<Id<Party>> = changed.into_iter().map(|(party,)| party).collect();
        touched(tx, ctx, &changed).await?;
        let kind = if add { "party.tagged" } else { "party.untagged" };
        happened(tx, ctx, kind, &changed, &serde_json::json!({"tag": tag})).await?;
        all.extend(changed);
    }
    Ok(all)
}

/// Takes [`tag`] back.
pub(crate) async fn undo_tag(tx: &mut Tx, ctx: &Ctx, tag: &str, parties: &[Id<Party>], was_added: bool) -> Result<()> {
    ctx.write(Perm(Room::Parties, Act::Change))?;
    put_tag(tx, ctx, tag, parties, !was_added).await.map(|_| ())
}

/// Parties for a colleague.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAssign {
    /// These parties, at most 500.
    pub ids: Option<Vec<Id<Party>>>,
    /// Or all that this filter finds, at most 10,000.
    pub filter: Option<PartyFilters>,
    /// Who looks after them from now on; they also come to this colleague's unit.
    pub owner_id: Id<User>,
}

/// Gives many parties to a colleague. Planned follow-ups stay with whoever promised them.
///
/// # Errors
/// Without the right, for a colleague who is none within sight, for too many.
pub async fn assign(ctx: &Ctx, input: BulkAssign) -> Result<BulkDone> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let mut tx = writer.begin().await?;
    let mut query = sql("SELECT u.unit_id, u.name FROM users u WHERE u.is_active AND u.id = $1").bind(input.owner_id);
    crate::platform::users::sight(&writer.sight, &mut query);
    let colleague: Option<(Id<Unit>, String)> = tx.maybe(query).await?;
    let Some((unit, name)) = colleague else { return Err(Error::invalid("owner_id", "bulk-owner-unknown")) };
    let parties = reached(ctx, &mut tx, &writer.sight, input.ids.as_deref(), input.filter.as_ref()).await?;
    let mut before: Vec<Owned> = Vec::new();
    for chunk in parties.chunks(CHUNK) {
        let mut query = sql("SELECT id, owner_id, unit_id FROM parties WHERE owner_id IS DISTINCT FROM $1 AND id IN ").bind(input.owner_id);
        query.list_padded(chunk);
        let changed: Vec<Owned> = tx.all(query).await?;
        let ids: Vec<Id<Party>> = changed.iter().map(|(party, ..)| *party).collect();
        let mut update = sql("UPDATE parties SET owner_id = $1, unit_id = $2, version = version + 1, updated_at = $3 WHERE id IN ")
            .bind(input.owner_id)
            .bind(unit)
            .bind(ctx.now());
        update.list_padded(&ids);
        tx.run(update).await?;
        happened(&mut tx, ctx, "party.assigned", &ids, &serde_json::json!({"owner_id": input.owner_id, "owner": name})).await?;
        before.extend(changed);
    }
    let count = before.len() as i64;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Assign { before, given_to: input.owner_id }).await?;
    tx.commit().await?;
    Ok(BulkDone { changed: count, undo })
}

/// Takes [`assign`] back; a party that has gone on to somebody else stays there.
pub(crate) async fn undo_assign(tx: &mut Tx, ctx: &Ctx, before: &[Owned], given_to: Id<User>) -> Result<()> {
    ctx.write(Perm(Room::Parties, Act::Change))?;
    for chunk in before.chunks(CHUNK) {
        let rows = chunk
            .iter()
            .map(|(party, owner, unit)| {
                vec![party.to_value(), owner.to_value(), unit.to_value(), given_to.to_value(), ctx.now().to_value()]
            })
            .collect();
        let mut back: Vec<Id<Party>> = Vec::new();
        for statement in Sql::inserts(
            "WITH v (id, owner_id, unit_id, given_to, at) AS (VALUES ",
            rows,
            ") UPDATE parties SET owner_id = v.owner_id, unit_id = v.unit_id, version = parties.version + 1, updated_at = v.at
               FROM v WHERE parties.id = v.id AND parties.owner_id = v.given_to RETURNING parties.id",
        ) {
            back.extend(tx.all::<(Id<Party>,)>(statement).await?.into_iter().map(|(party,)| party));
        }
        happened(tx, ctx, "party.assigned", &back, &serde_json::json!({"undone": true})).await?;
    }
    Ok(())
}

/// Parties to archive.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkArchive {
    /// These parties, at most 500.
    pub ids: Option<Vec<Id<Party>>>,
    /// Or all that this filter finds, at most 10,000.
    pub filter: Option<PartyFilters>,
}

/// Takes many parties out of lists and search; their history stays.
///
/// # Errors
/// Without the right, for too many.
pub async fn archive(ctx: &Ctx, input: BulkArchive) -> Result<BulkDone> {
    let writer = ctx.write(Perm(Room::Parties, Act::Delete))?;
    let mut tx = writer.begin().await?;
    let parties = reached(ctx, &mut tx, &writer.sight, input.ids.as_deref(), input.filter.as_ref()).await?;
    let changed = set_archived(&mut tx, ctx, &parties, true).await?;
    let count = changed.len() as i64;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Archive { parties: changed }).await?;
    tx.commit().await?;
    Ok(BulkDone { changed: count, undo })
}

async fn set_archived(tx: &mut Tx, ctx: &Ctx, parties: &[Id<Party>], archived: bool) -> Result<Vec<Id<Party>>> {
    let mut all = Vec::new();
    for chunk in parties.chunks(CHUNK) {
        let mut update = sql("UPDATE parties SET archived_at = $1, updated_at = $2, version = version + 1, rhythm_due = TRUE WHERE ")
            .bind(archived.then(|| ctx.now()))
            .bind(ctx.now());
        update.push(if archived { "archived_at IS NULL" } else { "archived_at IS NOT NULL AND merged_into IS NULL" });
        update.push(" AND id IN ").list_padded(chunk);
        update.push(" RETURNING id");
        let changed: Vec<Id<Party>> = tx.all::<(Id<Party>,)>(update).await?.into_iter().map(|(party,)| party).collect();
        let kind = if archived { "party.archived" } else { "party.restored" };
        happened(tx, ctx, kind, &changed, &serde_json::json!({})).await?;
        all.extend(changed);
    }
    Ok(all)
}

/// Takes [`archive`] back.
pub(crate) async fn undo_archive(tx: &mut Tx, ctx: &Ctx, parties: &[Id<Party>]) -> Result<()> {
    ctx.write(Perm(Room::Parties, Act::Delete))?;
    set_archived(tx, ctx, parties, false).await.map(|_| ())
}

/// The same follow-up for many.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkFollowUp {
    /// These parties, at most 500.
    pub ids: Option<Vec<Id<Party>>>,
    /// Or all that this filter finds, at most 10,000.
    pub filter: Option<PartyFilters>,
    /// What is to be done, in a line.
    pub what: String,
    /// Until when, as in `follow_ups.create`.
    pub due: String,
    /// Who is to do it; the caller unless given.
    pub owner_id: Option<Id<User>>,
    /// How much depends on it.
    pub importance: Option<Importance>,
    /// How it is to be done.
    pub channel: Option<Channel>,
}

/// Plans the same follow-up for many parties.
///
/// # Errors
/// Without the right, for a time that cannot be read, for too many.
pub async fn follow_up(ctx: &Ctx, input: BulkFollowUp) -> Result<BulkDone> {
    let writer = ctx.write(Perm(Room::FollowUps, Act::Create))?;
    let sight = ctx.read(Perm(Room::Parties, Act::See))?.sight;
    let mut tx = writer.begin().await?;
    let parties = reached(ctx, &mut tx, &sight, input.ids.as_deref(), input.filter.as_ref()).await?;
    let new = NewFollowUp {
        what: input.what,
        due: input.due,
        owner_id: input.owner_id,
        importance: input.importance,
        channel: input.channel,
        ..NewFollowUp::default()
    };
    let made = follow_ups::plan_many(&mut tx, ctx, &parties, new).await?;
    let changed = made.len() as i64;
    let undo = undo::remember(&mut tx, ctx, &Inverse::DropFollowUps { ids: made }).await?;
    tx.commit().await?;
    Ok(BulkDone { changed, undo })
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    let change = Some(Perm(Room::Parties, Act::Change));
    ops.add("parties.bulk_tag", "POST /parties/bulk/tag", change, "Puts a tag on many customers, or takes it off.", tag)
        .example(|| serde_json::json!({"filter": {"city": "تهران"}, "tag": "نمایشگاه"}));
    ops.add("parties.bulk_assign", "POST /parties/bulk/assign", change, "Gives many customers to a colleague.", assign);
    ops.add(
        "parties.bulk_archive",
        "POST /parties/bulk/archive",
        Some(Perm(Room::Parties, Act::Delete)),
        "Archives many customers.",
        archive,
    );
    ops.add(
        "parties.bulk_follow_up",
        "POST /parties/bulk/follow-up",
        Some(Perm(Room::FollowUps, Act::Create)),
        "Plans the same follow-up for many customers.",
        follow_up,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::party::PartyId;
    use crate::platform::undo::RunUndo;
    use crate::testing;

    async fn tags(ctx: &Ctx, party: Id<Party>) -> Vec<String> {
        let party = ctx.run(super::super::party::get, PartyId { id: party }).await.unwrap();
        party.tags
    }

    #[tokio::test]
    async fn a_tag_put_on_many_comes_off_those_alone_that_did_not_have_it() {
        let ctx = testing::ctx().await;
        let (one, other) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
        let put = |ids: Vec<Id<Party>>| BulkTag { ids: Some(ids), tag: " نمایشگاه ".into(), ..Default::default() };
        assert_eq!(ctx.run(tag, put(vec![one])).await.unwrap().changed, 1);
        let done = ctx.run(tag, put(vec![one, other])).await.unwrap();
        assert_eq!(done.changed, 1);
        assert_eq!(tags(&ctx, other).await, ["نمایشگاه"]);
        ctx.run(undo::run, RunUndo { id: done.undo }).await.unwrap();
        assert_eq!((tags(&ctx, one).await.len(), tags(&ctx, other).await.len()), (1, 0));
    }

    #[tokio::test]
    async fn an_agent_reaches_only_what_is_theirs() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let (mine, theirs) = (testing::party(&agent, "mine").await, testing::party(&owner, "theirs").await);
        let done = agent.run(tag, BulkTag { ids: Some(vec![mine, theirs]), tag: "x".into(), ..Default::default() }).await.unwrap();
        assert_eq!(done.changed, 1);
        let all = BulkTag { filter: Some(PartyFilters::default()), tag: "y".into(), ..Default::default() };
        assert_eq!(agent.run(tag, all).await.unwrap().changed, 1);
        assert!(matches!(agent.run(archive, BulkArchive { ids: Some(vec![mine]), filter: None }).await, Err(Error::Forbidden(_))));
    }

    #[tokio::test]
    async fn who_was_assigned_goes_back_to_who_had_them() {
        let ctx = testing::ctx().await;
        let agent = testing::as_post(&ctx.app, "agent", "sara").await;
        let party = testing::party(&ctx, "الف").await;
        let to = agent.actor.user().unwrap();
        let done = ctx.run(assign, BulkAssign { ids: Some(vec![party]), filter: None, owner_id: to }).await.unwrap();
        assert_eq!(done.changed, 1);
        assert!(agent.run(super::super::party::get, PartyId { id: party }).await.is_ok());
        ctx.run(undo::run, RunUndo { id: done.undo }).await.unwrap();
        assert!(agent.run(super::super::party::get, PartyId { id: party }).await.is_err());
    }

    #[tokio::test]
    async fn archived_parties_come_back() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "الف").await;
        let done = ctx.run(archive, BulkArchive { ids: Some(vec![party]), filter: None }).await.unwrap();
        let archived = async || ctx.run(super::super::party::get, PartyId { id: party }).await.unwrap().archived_at.is_some();
        assert!(archived().await);
        ctx.run(undo::run, RunUndo { id: done.undo }).await.unwrap();
        assert!(!archived().await);
    }

    #[tokio::test]
    async fn one_follow_up_is_planned_for_each_and_taken_back_for_all() {
        let ctx = testing::ctx().await;
        let parties = vec![testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await];
        let new = BulkFollowUp { ids: Some(parties), what: "تماس".into(), due: "2026-12-01".into(), ..Default::default() };
        let done = ctx.run(follow_up, new).await.unwrap();
        assert_eq!(done.changed, 2);
        let planned = async || -> i64 {
            let (count,): (i64,) =
                ctx.app.db.one(sql("SELECT count(*) FROM parties WHERE next_follow_up_at < 253402300799000")).await.unwrap();
            count
        };
        assert_eq!(planned().await, 2);
        ctx.run(undo::run, RunUndo { id: done.undo }).await.unwrap();
        assert_eq!(planned().await, 0);
    }
}
