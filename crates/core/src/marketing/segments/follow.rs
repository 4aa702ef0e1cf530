//! Following: whatever happens to customers leaves a mark on them in the transaction that made it true, and the marked
//! ones are looked at again in every segment, within seconds and without a look at the others.

use super::build::{self, Due, meant};
use super::compile::Of;
use super::rule::{Rule, World};
use super::{Segment, world};
use crate::advocacy::follow as referrals;
use crate::lifecycle::ways;
use crate::parties::Party;
use crate::platform::jobs::{self, Job};
use crate::platform::time::SECOND;
use crate::{App, Ctx, Door, Error, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, sql};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::sync::watch;

/// Marks that are worked off together.
const STEP: i64 = 512;
/// When one transaction touches more customers, segments are built anew instead.
const MANY: usize = 10_000;
/// The same when more marks wait: by then a look at everybody is the shorter one.
const BEHIND: i64 = 25_000;
/// How long such a building waits for more of the kind.
const GATHER: i64 = 5 * SECOND;
/// The name by which it waits once; who asks for one segment does not wait behind it.
const GATHERED: &str = "build_segments_gathered";
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
        ways::enqueue(tx, ctx).await?;
        referrals::enqueue(tx, ctx).await?;
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
    tx.run(sql("UPDATE segments SET due = due + 1
         WHERE id IN (SELECT id FROM segments WHERE archived_at IS NULL ORDER BY id {for_update})"))
        .await?;
    jobs::enqueue_later(tx, ctx, &Job::BuildSegments, GATHERED, ctx.now().plus(GATHER)).await
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

/// Works some marks off; whether there were any. A mark goes once every segment has looked: whoever is interrupted begins
/// again and finds less to change.
///
/// # Errors
/// When the database is out of reach.
pub async fn step(app: &App) -> Result<bool> {
    let marked: Vec<(Id<Mark>, Id<Party>)> =
        app.db.all(sql("SELECT id, party_id FROM segment_marks ORDER BY id LIMIT $1").bind(STEP)).await?;
    if marked.is_empty() {
        return Ok(false);
    }
    let ctx = app.system(Door::Job);
    if marked.len() as i64 == STEP && is_behind(&ctx).await? {
        return Ok(true);
    }
    let (marks, mut parties): (Vec<Id<Mark>>, Vec<Id<Party>>) = marked.into_iter().unzip();
    parties.sort_unstable();
    parties.dedup();
    // First whom they were brought by, then how they stand: the one rests on the other, and segments ask for it.
    referrals::look(&ctx, &parties).await?;
    ways::look(&ctx, &parties).await?;
    let world = world(&ctx).await?;
    let segments: Vec<(Id<Segment>,)> = app.db.all(sql("SELECT id FROM segments WHERE archived_at IS NULL ORDER BY id")).await?;
    let edges: Vec<(Id<Segment>, Id<Segment>)> = app.db.all(sql("SELECT segment_id, part_id FROM segment_parts")).await?;
    for level in levels(segments.into_iter().map(|(id,)| id).collect(), &edges) {
        look(&ctx, &world, &level, &parties).await?;
    }
    let mut done = sql("DELETE FROM segment_marks WHERE id IN ");
    done.list_padded(&marks);
    let mut tx = app.db.begin().await?;
    tx.run(done).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether more marks wait than are worth a look each; then segments are built anew instead of them.
async fn is_behind(ctx: &Ctx) -> Result<bool> {
    let (waiting,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM (SELECT 1 FROM segment_marks LIMIT $1) w").bind(BEHIND + 1)).await?;
    if waiting <= BEHIND {
        return Ok(false);
    }
    let mut tx = ctx.app.db.begin().await?;
    // The building begins after this and sees whatever these stand for.
    tx.run(sql("DELETE FROM segment_marks")).await?;
    ways::enqueue(&mut tx, ctx).await?;
    referrals::enqueue(&mut tx, ctx).await?;
    all(&mut tx, ctx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Looks at some customers in segments none of which names another of them.
async fn look(ctx: &Ctx, world: &World, segments: &[Id<Segment>], parties: &[Id<Party>]) -> Result<()> {
    // Whoever builds one of them has written by now, or will see what the marks stand for.
    let mut tx = ctx.app.db.begin().await?;
    build::lock(&mut tx, segments).await?;
    tx.commit().await?;
    let db = &ctx.app.db;
    let mut query = sql("SELECT segment_id, party_id FROM segment_members WHERE party_id IN ");
    query.list_padded(parties).push(" AND segment_id IN ").list_padded(segments);
    let mut held: HashMap<Id<Segment>, HashSet<Id<Party>>> = HashMap::new();
    for (segment, party) in db.all::<(Id<Segment>, Id<Party>)>(query).await? {
        held.entry(segment).or_default().insert(party);
    }
    let mut changes = Vec::new();
    for segment in segments {
        let Some(due) = db.maybe::<Due>(Due::of(*segment)).await? else { continue };
        let rule: Rule = serde_json::from_value(due.rule.clone()).map_err(Error::fault)?;
        let mut query = sql("SELECT p.id FROM parties p WHERE p.id IN ");
        query.list_padded(parties).push(" AND ");
        meant(*segment, &due, &rule, world, Of::Some, &mut query);
        let belong: HashSet<Id<Party>> = db.all::<(Id<Party>,)>(query).await?.into_iter().map(|(id,)| id).collect();
        let held = held.remove(segment).unwrap_or_default();
        let enter: Vec<Id<Party>> = belong.difference(&held).copied().collect();
        let leave: Vec<Id<Party>> = held.difference(&belong).copied().collect();
        if !enter.is_empty() || !leave.is_empty() {
            changes.push((*segment, enter, leave));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    for (segment, enter, leave) in changes {
        build::lock(&mut tx, &[segment]).await?;
        let Some(due) = tx.maybe::<Due>(Due::of(segment)).await? else { continue };
        let rule: Rule = serde_json::from_value(due.rule.clone()).map_err(Error::fault)?;
        let (entered, departed) = build::write(&mut tx, ctx, world, (segment, &due, &rule), &enter, &leave).await?;
        // One that was never built has no size yet.
        if due.built_at > crate::Instant::NEVER && entered + departed > 0 {
            build::resize(&mut tx, world, segment, due.size + entered - departed).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// The segments in levels: what the rules of one level name stands in those before it.
fn levels(segments: Vec<Id<Segment>>, edges: &[(Id<Segment>, Id<Segment>)]) -> Vec<Vec<Id<Segment>>> {
    let mut parts: HashMap<Id<Segment>, Vec<Id<Segment>>> = HashMap::new();
    for (segment, part) in edges {
        parts.entry(*segment).or_default().push(*part);
    }
    let mut levels = Vec::new();
    let mut waiting = segments;
    while !waiting.is_empty() {
        let held: HashSet<Id<Segment>> = waiting.iter().copied().collect();
        let is_free = |one: &Id<Segment>| parts.get(one).is_none_or(|parts| parts.iter().all(|part| !held.contains(part)));
        let (ready, rest): (Vec<Id<Segment>>, Vec<Id<Segment>>) = waiting.into_iter().partition(is_free);
        // Circles are refused; should there be one, nobody waits for it.
        if ready.is_empty() {
            break;
        }
        levels.push(ready);
        waiting = rest;
    }
    levels
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
        let is_due = async || ctx.run(segments::get, SegmentId { id: segment }).await.unwrap().is_due;
        let many = async |count: usize| {
            let mut tx = ctx.app.db.begin().await.unwrap();
            mark(&mut tx, &ctx, (0..count).map(|_| ctx.id()).collect()).await.unwrap();
            tx.commit().await.unwrap();
        };
        jobs::drain(&ctx.app).await.unwrap();
        many(MANY + 1).await;
        assert!(!step(&ctx.app).await.unwrap(), "nobody is marked one by one");
        assert!(is_due().await);
        let stopped = watch::channel(false);
        build::build_due(&ctx, Id::FIRST, &stopped.1).await.unwrap();
        assert!(!is_due().await);
        for _ in 0..3 {
            many(MANY).await;
        }
        assert!(step(&ctx.app).await.unwrap());
        assert!(is_due().await, "nobody waits until so many were looked at one by one");
        assert!(!step(&ctx.app).await.unwrap());
    }

    #[tokio::test]
    async fn a_segment_that_is_still_built_for_the_first_time_is_followed_too() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "الف").await;
        let new = NewSegment { name: "طلایی‌ها".into(), rule: json!({"tag": "طلایی"}), is_shared: true };
        let segment = ctx.run(segments::create, new).await.unwrap().id;
        let tag = BulkTag { ids: Some(vec![party]), tag: "طلایی".into(), ..Default::default() };
        ctx.run(bulk::tag, tag).await.unwrap();
        while step(&ctx.app).await.unwrap() {}
        assert_eq!(members(&ctx, segment).await, [party]);
        assert_eq!(ctx.run(segments::get, SegmentId { id: segment }).await.unwrap().size, None, "the others are not known yet");
    }

    #[test]
    fn parts_stand_in_earlier_levels() {
        let id = |number: u128| Id::<Segment>::new(uuid::Uuid::from_u128(number));
        let edges = [(id(1), id(2)), (id(2), id(4)), (id(3), id(9))];
        assert_eq!(levels(vec![id(1), id(2), id(3), id(4)], &edges), [vec![id(3), id(4)], vec![id(2)], vec![id(1)]]);
    }
}
