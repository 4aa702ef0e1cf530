//! The nightly job that works out all scores anew, and asking for it.

use super::counts;
use super::facts;
use super::fits::{self, FitKind};
use super::models::{self, Made, Scored};
use super::profit_refresh;
use super::risk_refresh;
use crate::marketing::segments::follow;
use crate::operation::{DONE, Done, Nothing};
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::{Act, Ctx, Error, Operations, Perm, Result, Room};
use peyvand_db::{Id, Sql, ToValue, Tx, Value, sql};
use serde_json::json;
use tokio::sync::watch;

/// Scores written in one transaction: none holds others up for long.
const BATCH: usize = 2_000;
/// Batches after which the job says that it is still at work.
const RENEW_AFTER: usize = 20;
/// One refresh waits at a time.
const SINGLE: &str = "refresh_scores";

/// Has the numbers worked out anew soon, after many purchases came or went.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::RefreshScores, SINGLE).await?;
    super::findings::enqueue(tx, ctx).await?;
    profit_refresh::enqueue(tx, ctx).await?;
    risk_refresh::enqueue(tx, ctx).await
}

/// Works out the numbers of all customers, and what they may buy next, as soon as a worker is free, if purchases have
/// changed since.
///
/// # Errors
/// Without the right.
pub async fn ask(ctx: &Ctx, _: Nothing) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Insight, Act::Change))?;
    let mut tx = writer.begin().await?;
    enqueue(&mut tx, ctx).await?;
    events::record(&mut tx, ctx, Event { kind: "insight.refresh_asked", party: None, subject: None, data: json!({}) }).await?;
    tx.commit().await?;
    Ok(DONE)
}

/// The job. Where the purchases are those of the last refresh, and the day too, nothing is fitted or written.
///
/// # Errors
/// When the database is out of reach.
pub async fn refresh(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let Some(facts) = facts::read(ctx, job, stop).await? else { return Ok(Outcome::GoOn) };
    let before = fits::latest(&ctx.app.db).await?;
    if before.first().is_some_and(|fit| fit.input_hash == facts.hash) {
        return Ok(Outcome::Done);
    }
    jobs::renew(&ctx.app, job).await?;
    // Fits and scores take seconds of all processors: away from the threads that answer requests.
    let worked_out = tokio::task::spawn_blocking(move || {
        let (made, scored) = models::work_out(&facts);
        (facts, made, scored)
    });
    let (facts, made, scored) = worked_out.await.map_err(Error::fault)?;
    jobs::renew(&ctx.app, job).await?;
    write_fits(ctx, &facts, &made).await?;
    for (batches, batch) in scored.chunks(BATCH).enumerate() {
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        write_scores(ctx, &facts, &made, batch).await?;
        if (batches + 1) % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    let mut has_changed = !scored.is_empty();
    loop {
        let gone = forget(ctx, id_of(&made, FitKind::Rfm)).await?;
        has_changed |= gone > 0;
        if gone < BATCH as u64 {
            break;
        }
        jobs::renew(&ctx.app, job).await?;
    }
    counts::put(ctx, &facts.hash, &counts::count(&scored)).await?;
    let mut tx = ctx.app.db.begin().await?;
    tx.run(sql("UPDATE fits SET is_current = FALSE WHERE is_current")).await?;
    tx.run(sql("UPDATE fits SET is_current = TRUE, finished_at = $1 WHERE input_hash = $2").bind(ctx.app.clock.now()).bind(&facts.hash))
        .await?;
    if has_changed {
        follow::all(&mut tx, ctx).await?;
    }
    risk_refresh::enqueue(&mut tx, ctx).await?;
    tx.commit().await?;
    ctx.app.db.analyze_grown().await?;
    Ok(Outcome::Done)
}

fn id_of(made: &[Made], kind: FitKind) -> Option<Id<super::Fit>> {
    made.iter().find(|made| made.kind == kind).map(|made| made.id)
}

async fn write_fits(ctx: &Ctx, facts: &facts::Facts, made: &[Made]) -> Result<()> {
    let json = |value: serde_json::Result<serde_json::Value>| value.map_err(Error::fault);
    let rows = made
        .iter()
        .map(|made| {
            let (model, quality, refusal) = match &made.outcome {
                Ok((model, quality)) => (Some(json(serde_json::to_value(model))?), Some(json(serde_json::to_value(quality))?), None),
                Err(refusal) => (None, None, Some(json(serde_json::to_value(refusal))?)),
            };
            Ok(vec![
                made.id.to_value(),
                made.kind.to_value(),
                facts.as_of.to_value(),
                facts.from().to_value(),
                facts.currency.to_value(),
                (facts.customers.len() as i64).to_value(),
                facts.hash.to_value(),
                model.to_value(),
                quality.to_value(),
                refusal.to_value(),
                ctx.now().to_value(),
                false.to_value(),
            ])
        })
        .collect::<Result<Vec<Vec<Value>>>>()?;
    let mut tx = ctx.app.db.begin().await?;
    for statement in Sql::inserts(
        "INSERT INTO fits (id, kind, as_of, from_on, currency, customers, input_hash, model, quality, refusal, made_at, is_current) VALUES ",
        rows,
        " ON CONFLICT (id) DO NOTHING",
    ) {
        tx.run(statement).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn write_scores(ctx: &Ctx, facts: &facts::Facts, made: &[Made], batch: &[Scored]) -> Result<()> {
    let until = facts.until();
    let fits = [FitKind::Rfm, FitKind::Activity, FitKind::Spending].map(|kind| id_of(made, kind).to_value());
    let rows = batch
        .iter()
        .map(|one| {
            let (score, rhythm) = (one.score.as_ref(), &one.facts.rhythm);
            let mut row = vec![
                one.facts.party.to_value(),
                (until - one.facts.last).to_value(),
                (until - one.facts.first).to_value(),
                one.facts.occasions.to_value(),
                one.facts.net_minor.to_value(),
                one.repeat_mean_minor.to_value(),
                score.map(|score| i64::from(score.recency)).to_value(),
                score.map(|score| i64::from(score.frequency)).to_value(),
                score.map(|score| i64::from(score.value)).to_value(),
                score.map(models::frequency_value).to_value(),
                one.p_active.to_value(),
                one.purchases_90d.to_value(),
                one.occasion_minor.to_value(),
                one.value_12m_minor.to_value(),
                rhythm.habit.to_value(),
                rhythm.gap_days.to_value(),
                rhythm.variation.to_value(),
                rhythm.gaps((until - one.facts.last).into()).unwrap_or_default().to_value(),
                rhythm.season.map(i64::from).to_value(),
            ];
            row.extend(fits.iter().cloned());
            row
        })
        .collect();
    let mut tx = ctx.app.db.begin().await?;
    for statement in Sql::inserts(
        "INSERT INTO party_scores (party_id, recency_days, age_days, occasions, net_minor, repeat_mean_minor, recency, frequency,
           value, frequency_value, p_active, purchases_90d, occasion_minor, value_12m_minor, habit, gap_days, gap_variation, silence, season, rfm_fit_id,
           activity_fit_id, spending_fit_id) VALUES ",
        rows,
        " ON CONFLICT (party_id) DO UPDATE SET recency_days = excluded.recency_days, age_days = excluded.age_days,
            occasions = excluded.occasions, net_minor = excluded.net_minor, repeat_mean_minor = excluded.repeat_mean_minor, recency = excluded.recency, frequency = excluded.frequency,
            value = excluded.value, frequency_value = excluded.frequency_value, p_active = excluded.p_active,
            purchases_90d = excluded.purchases_90d, occasion_minor = excluded.occasion_minor,
            value_12m_minor = excluded.value_12m_minor, habit = excluded.habit, gap_days = excluded.gap_days,
            gap_variation = excluded.gap_variation, silence = excluded.silence, season = excluded.season, rfm_fit_id = excluded.rfm_fit_id,
            activity_fit_id = excluded.activity_fit_id, spending_fit_id = excluded.spending_fit_id",
    ) {
        tx.run(statement).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Takes scores away that are of an older fit: of those who have no purchases any more, or are archived.
async fn forget(ctx: &Ctx, fit: Option<Id<super::Fit>>) -> Result<u64> {
    let mut tx = ctx.app.db.begin().await?;
    let gone = tx
        .run(
            sql("DELETE FROM party_scores WHERE party_id IN (SELECT party_id FROM party_scores WHERE rfm_fit_id <> $1 LIMIT $2)")
                .bind(fit)
                .bind(BATCH as i64),
        )
        .await?;
    tx.commit().await?;
    Ok(gone)
}

/// The operations of refreshing.
pub fn operations(ops: &mut Operations) {
    let change = Some(Perm(Room::Insight, Act::Change));
    ops.add(
        "insight.refresh",
        "POST /insight/refresh",
        change,
        "Works the numbers of customers out anew, where purchases have changed.",
        ask,
    )
    .example(|| json!({}));
}
