//! How an experiment begins, stops for now, and goes on.

use super::{Arm, Experiment, ExperimentId, ExperimentSeen, ExperimentState, Stored, arms, conflict, enrol, read, take};
use crate::experience::legality::Form;
use crate::experience::policies::two_because;
use crate::experience::treatments;
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Perm, Result, Room};
use data_encoding::HEXLOWER;
use peyvand_db::{Db, Id, Sql, Tx, sql};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Whether somebody other than who wrote it down must begin it: a test of prices, as a policy needs the yes of two.
pub(super) async fn needs_other(db: &Db, arms: &[Arm]) -> Result<bool> {
    let ids: Vec<_> = arms.iter().filter_map(|arm| arm.treatment_id).collect();
    let mut query = Sql::select::<treatments::Stored>("FROM treatments t WHERE t.id IN ");
    query.list_padded(&ids);
    let stored: Vec<treatments::Stored> = db.all(query).await?;
    let is_price = stored.iter().any(|one| matches!(one.form(), Form::PublicDiscount | Form::SpecialDiscount));
    Ok(!two_because(stored.iter().map(|one| (one.form(), one.share)), is_price).is_empty())
}

/// What is written down when it begins: all that decides what it will say.
fn registration(stored: &Stored, arms: &[Arm]) -> Result<Value> {
    Ok(json!({
        "name": stored.name, "question": stored.question, "kind": stored.kind, "outcome": stored.outcome, "rule": stored.rule,
        "stages": stored.stages, "horizon_days": stored.horizon_days, "min_days": stored.min_days, "smallest": stored.smallest,
        "planned": stored.planned, "design": stored.design, "washout_days": super::switchback::WASHOUT, "unit": stored.unit, "subgroups": stored.named()?, "goods": stored.goods, "currency": stored.currency.code(), "arms": arms,
        "alpha_looking": super::verdict::LOOKING, "alpha_at_the_end": super::verdict::AT_THE_END, "alpha_harm": super::verdict::HARM,
        "same_within": super::figures::SAME_WITHIN, "events": super::verdict::EVENTS,
        "subgroups_false": super::figures::SUBGROUPS_FALSE, "subgroup_min": super::figures::SUBGROUP_MIN,
    }))
}

/// Begins an experiment: what it asks stays as it is from now on, and those whom it means come into its arms.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] unless it is a draft, when a treatment of it was put away, or when somebody other
/// than who wrote it down must begin it.
pub async fn start(ctx: &Ctx, input: ExperimentId) -> Result<ExperimentSeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let arms = arms(&ctx.app.db, input.id).await?;
    let needs_other = needs_other(&ctx.app.db, &arms).await?;
    let mut tx = writer.begin().await?;
    let stored = take(&mut tx, input.id).await?;
    if stored.state != ExperimentState::Draft {
        return Err(conflict("experiments-not-a-draft"));
    }
    if needs_other && stored.created_by == ctx.actor.user() {
        return Err(conflict("experiments-needs-other"));
    }
    let (gone,): (i64,) = tx
        .one(
            sql("SELECT COUNT(*) FROM experiment_arms a JOIN treatments t ON t.id = a.treatment_id
                 WHERE a.experiment_id = $1 AND t.archived_at IS NOT NULL")
            .bind(input.id),
        )
        .await?;
    if gone > 0 {
        return Err(conflict("experience-treatment-unknown"));
    }
    let registration = registration(&stored, &arms)?;
    let hash = HEXLOWER.encode(&Sha256::digest(registration.to_string().as_bytes()));
    tx.run(
        sql("UPDATE experiments SET state = 'running', started_at = $1, started_by = $2, registration = $3, hash = $4 WHERE id = $5")
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(registration)
            .bind(&hash)
            .bind(input.id),
    )
    .await?;
    enrol::enqueue(&mut tx, ctx).await?;
    events::record(&mut tx, ctx, Event::of("experiment.started", input.id, json!({"name": stored.name, "hash": hash}))).await?;
    tx.commit().await?;
    read(ctx, input.id).await
}

/// Moves it between running and paused.
async fn turn(ctx: &Ctx, id: Id<Experiment>, from: ExperimentState, to: ExperimentState, event: &'static str) -> Result<ExperimentSeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let mut tx = writer.begin().await?;
    let stored = take(&mut tx, id).await?;
    if stored.state != from {
        return Err(conflict(if to == ExperimentState::Paused { "experiments-not-running" } else { "experiments-not-paused" }));
    }
    put_state(&mut tx, id, to).await?;
    if to == ExperimentState::Running {
        enrol::enqueue(&mut tx, ctx).await?;
    }
    events::record(&mut tx, ctx, Event::of(event, id, json!({"name": stored.name}))).await?;
    tx.commit().await?;
    read(ctx, id).await
}

pub(super) async fn put_state(tx: &mut Tx, id: Id<Experiment>, state: ExperimentState) -> Result<()> {
    tx.run(sql("UPDATE experiments SET state = $1 WHERE id = $2").bind(state).bind(id)).await?;
    Ok(())
}

/// Stops it for now: nobody comes into it. Who is in it is watched on.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] unless it is under way.
pub async fn pause(ctx: &Ctx, input: ExperimentId) -> Result<ExperimentSeen> {
    turn(ctx, input.id, ExperimentState::Running, ExperimentState::Paused, "experiment.paused").await
}

/// Has it go on.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] unless it is paused.
pub async fn resume(ctx: &Ctx, input: ExperimentId) -> Result<ExperimentSeen> {
    turn(ctx, input.id, ExperimentState::Paused, ExperimentState::Running, "experiment.resumed").await
}
