//! Following: whatever happens to customers leaves a mark on them in the transaction that made it true, and the marked
//! ones are looked at again in every segment, within seconds and without a look at the others.

use super::build::{Due, meant};
use super::rule::Rule;
use super::{Segment, world};
use crate::parties::Party;
use crate::platform::jobs::{self, Job};
use crate::platform::time::SECOND;
use crate::{App, Ctx, Door, Error, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::watch;

/// Customers of one step; whoever writes meanwhile waits for it.
const STEP: i64 = 128;
/// When one transaction touches more customers, segments are built anew instead.
const MANY: usize = 256;
/// How long such a building waits for more of the kind.
const GATHER: i64 = 5 * SECOND;
/// Marks are looked for this often.
const POLL: Duration = Duration::from_secs(1);

/// A mark on a customer.
#[derive(Debug)]
pub enum Mark {}

/// Marks customers to whom something happened.
///
/// # Errors
/// When the database refuses.
pub async fn mark(tx: &mut Tx, ctx: &Ctx, mut parties: Vec<Id<Party>>) -> Result<()> {
    parties.sort_unstable();
    parties.dedup();
    if parties.len() > MANY {
        return all(tx, ctx).await;
    }
    let rows = parties.iter().map(|party| vec![ctx.id::<Mark>().to_value(), party.to_value()]).collect();
    for statement in Sql::inserts("INSERT INTO segment_marks (id, party_id) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

/// Has all segments built anew soon.
///
/// # Errors
/// When the database refuses.
pub async fn all(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    tx.run(sql("UPDATE segments SET due = due + 1 WHERE archived_at IS NULL")).await?;
    jobs::enqueue_later(tx, ctx, &Job::BuildSegments, super::write::JOB, ctx.now().plus(GATHER)).await
}

/// Works marks off until `stop` turns true.
pub async fn work(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match step(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "marked customers could not be looked at"),
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
}

row! {
    struct Followed {
        id: Id<Segment> = "s.id",
        size: i64 = "s.size",
    }
}

/// Works some marks off; whether there were any.
///
/// # Errors
/// When the database is out of reach.
pub async fn step(app: &App) -> Result<bool> {
    let waiting: Option<(i64,)> = app.db.maybe(sql("SELECT 1 FROM segment_marks LIMIT 1")).await?;
    if waiting.is_none() {
        return Ok(false);
    }
    let ctx = app.system(Door::Job);
    let world = world(&ctx).await?;
    let mut tx = app.db.begin().await?;
    let marked: Vec<(Id<Party>,)> = tx
        .all(
            sql("DELETE FROM segment_marks WHERE id IN (SELECT id FROM segment_marks ORDER BY id LIMIT $1 {skip_locked}) RETURNING party_id")
                .bind(STEP),
        )
        .await?;
    let mut parties: Vec<Id<Party>> = marked.into_iter().map(|(party,)| party).collect();
    parties.sort_unstable();
    parties.dedup();
    let segments: Vec<Followed> = tx
        .all(Sql::select::<Followed>("FROM segments s WHERE s.archived_at IS NULL AND s.built_at > 0 ORDER BY s.id {for_update}"))
        .await?;
    let edges: Vec<(Id<Segment>, Id<Segment>)> = tx.all(sql("SELECT segment_id, part_id FROM segment_parts")).await?;
    for segment in parts_first(segments, &edges) {
        let mut query = Sql::select::<Due>("FROM segments s WHERE s.id = ");
        query.arg(segment.id);
        let due: Due = tx.one(query).await?;
        let rule: Rule = serde_json::from_value(due.rule.clone()).map_err(Error::fault)?;
        let mut leave = sql("DELETE FROM segment_members WHERE segment_id = ");
        leave.arg(segment.id).push(" AND party_id IN ").list_padded(&parties);
        leave.push(" AND NOT EXISTS (SELECT 1 FROM parties p WHERE p.id = segment_members.party_id AND ");
        meant(segment.id, &due, &rule, &world, &mut leave);
        leave.push(")");
        let departed = i64::try_from(tx.run(leave).await?).unwrap_or(i64::MAX);
        let mut enter = sql("INSERT INTO segment_members (segment_id, party_id, since) SELECT ");
        enter.arg(segment.id).push(", p.id, ").arg(ctx.now()).push(" FROM parties p WHERE p.id IN ").list_padded(&parties).push(" AND ");
        meant(segment.id, &due, &rule, &world, &mut enter);
        enter.push(" ON CONFLICT (segment_id, party_id) DO NOTHING");
        let entered = i64::try_from(tx.run(enter).await?).unwrap_or(i64::MAX);
        if entered + departed == 0 {
            continue;
        }
        let size = segment.size + entered - departed;
        tx.run(sql("UPDATE segments SET size = $1 WHERE id = $2").bind(size).bind(segment.id)).await?;
        tx.run(
            sql("INSERT INTO segment_sizes (segment_id, day, size, entered, departed) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (segment_id, day) DO UPDATE SET size = excluded.size, entered = segment_sizes.entered + excluded.entered,
                   departed = segment_sizes.departed + excluded.departed")
            .bind(segment.id)
            .bind(world.today)
            .bind(size)
            .bind(entered)
            .bind(departed),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// The segments in an order in which each stands behind those that its rule names.
fn parts_first(segments: Vec<Followed>, edges: &[(Id<Segment>, Id<Segment>)]) -> Vec<Followed> {
    let mut parts: HashMap<Id<Segment>, Vec<Id<Segment>>> = HashMap::new();
    for (segment, part) in edges {
        parts.entry(*segment).or_default().push(*part);
    }
    let mut waiting = segments;
    let mut ordered: Vec<Followed> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_free =
            |one: &Followed| parts.get(&one.id).is_none_or(|parts| parts.iter().all(|part| waiting.iter().all(|other| other.id != *part)));
        let free: Vec<bool> = waiting.iter().map(is_free).collect();
        let mut is_free = free.iter();
        let (ready, rest): (Vec<Followed>, Vec<Followed>) = waiting.into_iter().partition(|_| is_free.next() == Some(&true));
        // Circles are refused; should there be one, nobody waits for it.
        if ready.is_empty() {
            break;
        }
        ordered.extend(ready);
        waiting = rest;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marketing::segments::{self, ListMembers, NewSegment, SegmentId};
    use crate::parties::bulk::{self, BulkTag};
    use crate::testing;
    use serde_json::json;

    async fn members(ctx: &Ctx, id: Id<Segment>) -> Vec<Id<Party>> {
        let page = ctx.run(segments::members, ListMembers { id, after: None, limit: None }).await.unwrap();
        page.items.into_iter().map(|member| member.party_id).collect()
    }

    #[tokio::test]
    async fn what_happens_to_a_customer_reaches_the_segments_without_building_them() {
        let ctx = testing::ctx().await;
        let (one, two) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
        let new = |name: &str, rule| NewSegment { name: name.into(), rule, is_shared: true };
        // The outer one first, so that the order of ids is the wrong one.
        let outer = ctx.run(segments::create, new("بیرونی", json!({"all": []}))).await.unwrap().id;
        let gold = ctx.run(segments::create, new("طلایی‌ها", json!({"tag": "طلایی"}))).await.unwrap().id;
        let change =
            segments::SegmentChange { id: outer, version: 1, name: None, rule: Some(json!({"not": {"in": gold}})), is_shared: None };
        ctx.run(segments::update, change).await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        assert_eq!((members(&ctx, gold).await, members(&ctx, outer).await), (vec![], vec![two, one]));
        let tag = |remove| BulkTag { ids: Some(vec![one]), tag: "طلایی".into(), remove, ..Default::default() };
        ctx.run(bulk::tag, tag(false)).await.unwrap();
        assert!(step(&ctx.app).await.unwrap());
        assert!(!step(&ctx.app).await.unwrap(), "all marks are worked off");
        assert_eq!((members(&ctx, gold).await, members(&ctx, outer).await), (vec![one], vec![two]));
        ctx.run(bulk::tag, tag(true)).await.unwrap();
        step(&ctx.app).await.unwrap();
        assert_eq!((members(&ctx, gold).await, members(&ctx, outer).await), (vec![], vec![two, one]));
        let sizes = ctx.run(segments::sizes, SegmentId { id: gold }).await.unwrap();
        assert_eq!(sizes.iter().map(|day| (day.size, day.entered, day.departed)).collect::<Vec<_>>(), [(0, 1, 1)]);
        assert_eq!(ctx.run(segments::get, SegmentId { id: outer }).await.unwrap().size, Some(2));
    }

    #[tokio::test]
    async fn when_very_many_change_at_once_segments_are_built_anew() {
        let ctx = testing::ctx().await;
        let new = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
        let segment = ctx.run(segments::create, new).await.unwrap().id;
        jobs::drain(&ctx.app).await.unwrap();
        let mut tx = ctx.app.db.begin().await.unwrap();
        mark(&mut tx, &ctx, (0..=MANY).map(|_| ctx.id()).collect()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!step(&ctx.app).await.unwrap(), "nobody is marked one by one");
        assert!(ctx.run(segments::get, SegmentId { id: segment }).await.unwrap().is_due);
    }
}
