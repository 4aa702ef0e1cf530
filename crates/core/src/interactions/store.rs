//! Entries in the database: put in, written over, taken out, many at once. Each keeps the last contact of its party right.

use super::{Channel, Direction, Interaction, Stored};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::time::Instant;
use crate::{Ctx, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, sql};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An entry to be put in; made by [`log`](super::log) and by [`follow_ups::complete`](crate::follow_ups::complete).
pub(crate) struct Entry {
    pub party: Id<Party>,
    pub at: Instant,
    pub channel: Channel,
    pub direction: Direction,
    pub reason: Option<String>,
    pub origin: Option<String>,
    pub result: Option<String>,
    pub duration_s: Option<i64>,
    pub text: Option<String>,
}

/// Writes an entry, moves the party's last contact forward, records the event.
pub(crate) async fn put(tx: &mut Tx, ctx: &Ctx, entry: Entry) -> Result<Id<Interaction>> {
    let id: Id<Interaction> = ctx.id();
    tx.run(
        sql("INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, duration_s, text, staff_id, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
            .bind(id)
            .bind(entry.party)
            .bind(entry.at)
            .bind(entry.channel)
            .bind(entry.direction)
            .bind(&entry.reason)
            .bind(&entry.origin)
            .bind(&entry.result)
            .bind(entry.duration_s)
            .bind(&entry.text)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    if entry.channel != Channel::Note {
        tx.run(
            sql("UPDATE parties SET last_contact_at = CASE WHEN last_contact_at < $1 THEN $1 ELSE last_contact_at END, rhythm_due = TRUE
                 WHERE id = $2")
            .bind(entry.at)
            .bind(entry.party),
        )
        .await?;
    }
    let data = serde_json::json!({"channel": entry.channel, "direction": entry.direction, "reason": entry.reason, "result": entry.result});
    events::record(tx, ctx, Event::of_party("interaction.logged", entry.party, data).about(id)).await?;
    Ok(id)
}

/// Takes an entry out again: the way back from a follow-up that was completed by mistake.
pub(crate) async fn take_back(tx: &mut Tx, ctx: &Ctx, id: Id<Interaction>) -> Result<()> {
    let gone: Option<(Id<Party>,)> = tx.maybe(sql("DELETE FROM interactions WHERE id = $1 RETURNING party_id").bind(id)).await?;
    let Some((party,)) = gone else { return Ok(()) };
    refresh_last_contact(tx, party).await?;
    events::record(tx, ctx, Event::of_party("interaction.taken_back", party, serde_json::json!({})).about(id)).await
}

pub(super) async fn refresh_last_contact(tx: &mut Tx, party: Id<Party>) -> Result<()> {
    refresh_last_contacts(tx, &[party]).await
}

/// Finds the last contact of parties anew, after entries were taken out or changed.
pub(crate) async fn refresh_last_contacts(tx: &mut Tx, parties: &[Id<Party>]) -> Result<()> {
    if parties.is_empty() {
        return Ok(());
    }
    let mut update = sql("UPDATE parties SET rhythm_due = TRUE, last_contact_at = COALESCE((SELECT i.at FROM interactions i
           WHERE i.party_id = parties.id AND i.channel <> 'note' ORDER BY i.at DESC, i.id DESC LIMIT 1), 0)
         WHERE id IN ");
    update.list_padded(parties);
    tx.run(update).await?;
    Ok(())
}

/// An entry from a file.
pub(crate) struct NewInteraction {
    pub entry: Entry,
    pub staff: Option<Id<User>>,
    /// Makes the row known again: a number that its content gives.
    pub source_key: Option<i64>,
}

/// Writes many entries at once and moves the last contacts of their parties forward. The import they came with is their
/// event in the history.
pub(crate) async fn insert_interactions(tx: &mut Tx, ctx: &Ctx, entries: Vec<NewInteraction>, import: Option<Uuid>) -> Result<()> {
    let mut last: BTreeMap<Id<Party>, Instant> = BTreeMap::new();
    let rows = entries
        .into_iter()
        .map(|NewInteraction { entry, staff, source_key }| {
            if entry.channel != Channel::Note {
                let at = last.entry(entry.party).or_insert(entry.at);
                *at = entry.at.max(*at);
            }
            vec![
                ctx.id::<Interaction>().to_value(),
                entry.party.to_value(),
                entry.at.to_value(),
                entry.channel.to_value(),
                entry.direction.to_value(),
                entry.reason.to_value(),
                entry.origin.to_value(),
                entry.result.to_value(),
                entry.duration_s.to_value(),
                entry.text.to_value(),
                staff.to_value(),
                import.to_value(),
                source_key.to_value(),
                ctx.now().to_value(),
            ]
        })
        .collect();
    for statement in Sql::inserts(
        "INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, duration_s, text, staff_id, import_id,
           source_key, created_at) VALUES ",
        rows,
        "",
    ) {
        tx.run(statement).await?;
    }
    let rows = last.into_iter().map(|(party, at)| vec![party.to_value(), at.to_value()]).collect();
    for statement in Sql::inserts(
        "WITH v (id, at) AS (VALUES ",
        rows,
        ") UPDATE parties SET last_contact_at = CASE WHEN v.at > parties.last_contact_at THEN v.at ELSE parties.last_contact_at END,
             rhythm_due = TRUE
           FROM v WHERE parties.id = v.id",
    ) {
        tx.run(statement).await?;
    }
    Ok(())
}

/// Writes all of an entry, whether it is there or not.
pub(super) async fn store(tx: &mut Tx, one: &Stored) -> Result<()> {
    tx.run(
        sql(
            "INSERT INTO interactions (id, party_id, at, channel, direction, reason, origin, result, duration_s, text, staff_id, import_id,
               source_key, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (id) DO UPDATE SET at = excluded.at, channel = excluded.channel, direction = excluded.direction,
               reason = excluded.reason, origin = excluded.origin, result = excluded.result, duration_s = excluded.duration_s,
               text = excluded.text",
        )
        .bind(one.id)
        .bind(one.party_id)
        .bind(one.at)
        .bind(one.channel)
        .bind(one.direction)
        .bind(&one.reason)
        .bind(&one.origin)
        .bind(&one.result)
        .bind(one.duration_s)
        .bind(&one.text)
        .bind(one.staff_id)
        .bind(one.import_id)
        .bind(one.source_key)
        .bind(one.created_at),
    )
    .await?;
    Ok(())
}
