//! Building: who belongs to a segment is worked out set by set beside the running work, and only the difference is
//! written, in steps so short that nobody's writing waits.

use super::compile::{Of, condition};
use super::members::HISTORY;
use super::rule::{Rule, World};
use super::{Segment, world};
use crate::marketing::goals;
use crate::parties::Party;
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::time::HOUR;
use crate::{Ctx, Error, Instant, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use tokio::sync::watch;

/// Members that one transaction writes.
const STEP: usize = 1_024;
/// Steps after which the job says that it is still at work.
const RENEW_AFTER: usize = 50;
/// A segment that nothing asked for is built anew after this long.
const KEEP: i64 = HOUR;

row! {
    /// What a segment asks for, and how it stands.
    pub(super) struct Due {
        pub(super) rule: serde_json::Value = "s.rule",
        pub(super) size: i64 = "s.size",
        pub(super) built_at: Instant = "s.built_at",
        due: i64 = "s.due",
        has_in: bool = "EXISTS (SELECT 1 FROM segment_picks k WHERE k.segment_id = s.id AND k.is_in)",
        has_out: bool = "EXISTS (SELECT 1 FROM segment_picks k WHERE k.segment_id = s.id AND NOT k.is_in)",
    }
}

impl Due {
    /// What this segment asks for; nothing for an archived one.
    pub(super) fn of(segment: Id<Segment>) -> Sql {
        let mut query = Sql::select::<Due>("FROM segments s WHERE s.archived_at IS NULL AND s.id = ");
        query.arg(segment);
        query
    }
}

/// The job: builds what was asked for and what was last built too long ago or on another day, each segment after those
/// that its rule names. One that fails does not keep the others waiting.
///
/// # Errors
/// When the database is out of reach, or that of the first segment that could not be built.
pub async fn build_due(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let world = world(ctx).await?;
    // After midnight other days are meant.
    let old = Instant::start_of(world.today, &world.zone).max(ctx.now().plus(-KEEP));
    let mut failed: Vec<Id<Segment>> = Vec::new();
    let mut first_error = None;
    loop {
        let mut query = sql("SELECT s.id FROM segments s WHERE s.archived_at IS NULL AND (s.due > 0 OR s.built_at < $1)
               AND NOT EXISTS (SELECT 1 FROM segment_parts e JOIN segments c ON c.id = e.part_id
                 WHERE e.segment_id = s.id AND c.archived_at IS NULL AND (c.due > 0 OR c.built_at < $2))")
        .bind(old)
        .bind(old);
        if !failed.is_empty() {
            query.push(" AND s.id NOT IN ").list_padded(&failed);
        }
        query.push(" ORDER BY s.id LIMIT 1");
        let Some((segment,)) = ctx.app.db.maybe::<(Id<Segment>,)>(query).await? else { break };
        jobs::renew(&ctx.app, job).await?;
        let mut builder = Builder { ctx, world: &world, segment, job, stop, steps: 0 };
        match builder.build().await {
            Ok(Outcome::Done) => {}
            Ok(Outcome::GoOn) => return Ok(Outcome::GoOn),
            Err(error) => {
                tracing::error!(segment.id = %segment, %error, "a segment could not be built");
                failed.push(segment);
                first_error = first_error.or(Some(error));
            }
        }
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
    }
    first_error.map_or(Ok(Outcome::Done), Err)
}

struct Builder<'a> {
    ctx: &'a Ctx,
    world: &'a World,
    segment: Id<Segment>,
    job: Id<QueuedJob>,
    stop: &'a watch::Receiver<bool>,
    steps: usize,
}

impl Builder<'_> {
    async fn build(&mut self) -> Result<Outcome> {
        let (ctx, segment) = (self.ctx, self.segment);
        let started = ctx.app.clock.now();
        let Some(due) = ctx.app.db.maybe::<Due>(Due::of(segment)).await? else { return Ok(Outcome::Done) };
        let rule: Rule = serde_json::from_value(due.rule.clone()).map_err(Error::fault)?;

        let mut leave = sql("SELECT m.party_id FROM segment_members m WHERE m.segment_id = ");
        leave.arg(segment).push(" AND NOT EXISTS (SELECT 1 FROM parties p WHERE p.id = m.party_id AND ");
        meant(segment, &due, &rule, self.world, Of::All, &mut leave);
        leave.push(")");
        let leaving = ids(ctx.app.db.all(leave).await?);
        let mut enter = sql("SELECT p.id FROM parties p WHERE ");
        meant(segment, &due, &rule, self.world, Of::All, &mut enter);
        enter.push(" AND NOT EXISTS (SELECT 1 FROM segment_members m WHERE m.party_id = p.id AND m.segment_id = ").arg(segment).push(")");
        let entering = ids(ctx.app.db.all(enter).await?);

        let steps = leaving.chunks(STEP).map(|step| (&[][..], step)).chain(entering.chunks(STEP).map(|step| (step, &[][..])));
        for (enter, leave) in steps {
            let mut tx = ctx.app.db.begin().await?;
            lock(&mut tx, &[segment]).await?;
            write(&mut tx, ctx, self.world, (segment, &due, &rule), enter, leave).await?;
            tx.commit().await?;
            self.steps += 1;
            if self.steps.is_multiple_of(RENEW_AFTER) {
                jobs::renew(&ctx.app, self.job).await?;
            }
            // What is left is the difference that the next run finds.
            if *self.stop.borrow() {
                return Ok(Outcome::GoOn);
            }
        }
        self.finish(&due, started, !leaving.is_empty() || !entering.is_empty()).await?;
        goals::count(ctx, segment, self.world.today).await?;
        Ok(Outcome::Done)
    }

    /// Notes the size and when it was built; whoever asked for it meanwhile is still waited upon.
    async fn finish(&self, due: &Due, started: Instant, has_changed: bool) -> Result<()> {
        let ctx = self.ctx;
        let mut tx = ctx.app.db.begin().await?;
        lock(&mut tx, &[self.segment]).await?;
        let (size,): (i64,) = tx.one(sql("SELECT count(*) FROM segment_members WHERE segment_id = $1").bind(self.segment)).await?;
        resize(&mut tx, self.world, self.segment, size).await?;
        tx.run(
            sql("UPDATE segments SET due = CASE WHEN due = $1 THEN 0 ELSE due END, built_at = $2, built_ms = $3 WHERE id = $4")
                .bind(due.due)
                .bind(ctx.now())
                .bind(ctx.app.clock.now().0 - started.0)
                .bind(self.segment),
        )
        .await?;
        tx.run(
            sql("DELETE FROM segment_past WHERE segment_id = $1 AND until < $2")
                .bind(self.segment)
                .bind(Instant::start_of(self.world.today.plus(-HISTORY), &self.world.zone)),
        )
        .await?;
        if has_changed {
            // Those whose rules name it are to be built after it.
            tx.run(
                sql("UPDATE segments SET due = due + 1 WHERE archived_at IS NULL
                       AND id IN (SELECT e.segment_id FROM segment_parts e WHERE e.part_id = $1)")
                .bind(self.segment),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Keeps whoever else writes the members of these segments waiting until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, segments: &[Id<Segment>]) -> Result<()> {
    let mut query = sql("SELECT id FROM segments WHERE id IN ");
    query.list_padded(segments).push(" ORDER BY id {for_update}");
    let _: Vec<(Id<Segment>,)> = tx.all(query).await?;
    Ok(())
}

/// Writes some who enter and some who leave, as far as that is still so, and counts them for the day: how many entered,
/// how many left. The segment is [locked](lock).
pub(super) async fn write(
    tx: &mut Tx,
    ctx: &Ctx,
    world: &World,
    (segment, due, rule): (Id<Segment>, &Due, &Rule),
    entering: &[Id<Party>],
    leaving: &[Id<Party>],
) -> Result<(i64, i64)> {
    let (mut entered, mut departed) = (0, 0);
    if !leaving.is_empty() {
        let mut leave = sql("DELETE FROM segment_members WHERE segment_id = ");
        leave.arg(segment).push(" AND party_id IN ").list_padded(leaving);
        leave.push(" AND NOT EXISTS (SELECT 1 FROM parties p WHERE p.id = segment_members.party_id AND ");
        meant(segment, due, rule, world, Of::Some, &mut leave);
        leave.push(") RETURNING party_id, since");
        let left: Vec<(Id<Party>, Instant)> = tx.all(leave).await?;
        departed = left.len() as i64;
        let rows =
            left.iter().map(|(party, since)| vec![segment.to_value(), party.to_value(), since.to_value(), ctx.now().to_value()]).collect();
        let head = "INSERT INTO segment_past (segment_id, party_id, since, until) VALUES ";
        for statement in Sql::inserts(head, rows, " ON CONFLICT (segment_id, party_id, until) DO NOTHING") {
            tx.run(statement).await?;
        }
    }
    if !entering.is_empty() {
        let mut enter = sql("INSERT INTO segment_members (segment_id, party_id, since) SELECT ");
        enter.arg(segment).push(", p.id, ").arg(ctx.now()).push(" FROM parties p WHERE p.id IN ").list_padded(entering).push(" AND ");
        meant(segment, due, rule, world, Of::Some, &mut enter);
        enter.push(" ON CONFLICT (segment_id, party_id) DO NOTHING");
        entered = i64::try_from(tx.run(enter).await?).unwrap_or(i64::MAX);
    }
    if entered + departed == 0 {
        return Ok((0, 0));
    }
    tx.run(
        sql("INSERT INTO segment_sizes (segment_id, day, size, entered, departed) VALUES ($1, $2, 0, $3, $4)
             ON CONFLICT (segment_id, day) DO UPDATE SET entered = segment_sizes.entered + excluded.entered,
               departed = segment_sizes.departed + excluded.departed")
        .bind(segment)
        .bind(world.today)
        .bind(entered)
        .bind(departed),
    )
    .await?;
    Ok((entered, departed))
}

/// Notes the size of a segment, for now and for the day.
pub(super) async fn resize(tx: &mut Tx, world: &World, segment: Id<Segment>, size: i64) -> Result<()> {
    tx.run(sql("UPDATE segments SET size = $1 WHERE id = $2").bind(size).bind(segment)).await?;
    tx.run(
        sql("INSERT INTO segment_sizes (segment_id, day, size, entered, departed) VALUES ($1, $2, $3, 0, 0)
             ON CONFLICT (segment_id, day) DO UPDATE SET size = excluded.size")
        .bind(segment)
        .bind(world.today)
        .bind(size),
    )
    .await?;
    Ok(())
}

/// Adds who is meant by a rule or by hand, for a query in which table `parties` has the alias `p`.
pub(super) fn meant(segment: Id<Segment>, due: &Due, rule: &Rule, world: &World, of: Of, query: &mut Sql) {
    query.push("p.archived_at IS NULL AND (");
    condition(rule, world, of, query);
    if due.has_in {
        query.push(" OR p.id IN (SELECT k.party_id FROM segment_picks k WHERE k.is_in AND k.segment_id = ").arg(segment).push(")");
    }
    query.push(")");
    if due.has_out {
        query.push(" AND p.id NOT IN (SELECT k.party_id FROM segment_picks k WHERE NOT k.is_in AND k.segment_id = ");
        query.arg(segment).push(")");
    }
}

fn ids(rows: Vec<(Id<Party>,)>) -> Vec<Id<Party>> {
    rows.into_iter().map(|(id,)| id).collect()
}
