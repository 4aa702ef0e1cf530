//! The job of experiments: who is meant comes into an arm, once; each day is looked at what came of it. It may be killed and
//! run again at any time.

use super::dealing::{FEW, WHOLE, arm_of, deal};
use super::households::{Household, households};
use super::switchback::turns;
use super::whom::{DID, Whom, purchases};
use super::{Arm, Design, DrawUnit, Experiment, ExperimentState, Stored, arms, looks, make_good, steps, take};
use crate::experience::assignment::{bucket, draw};
use crate::experience::legality::TreatmentKind;
use crate::experience::treatments;
use crate::lifecycle::Stage;
use crate::marketing::segments::compile::{Of, condition};
use crate::marketing::segments::rule::{Rule, World};
use crate::marketing::segments::world;
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::{Ctx, Day, Error, Instant, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use serde_json::json;
use std::collections::HashMap;
use tokio::sync::watch;

/// Customers of one transaction.
const BATCH: i64 = 500;
/// One run waits at a time.
const SINGLE: &str = "run_experiments";
/// Standard deviations by which more are asked than planned, for chance takes some less.
const SPARE: f64 = 3.0;

/// Whether customers are dealt out rather than drawn each alone: few, and those who are compared with themselves.
fn is_dealt(stored: &Stored) -> bool {
    stored.planned < FEW || stored.design == Design::Switchback
}

/// Among whom a customer is dealt. Who is compared with themselves is, of every two in an order drawn by lot, one who begins with
/// it: all of them are one group.
fn stratum(stored: &Stored, one: &Meant) -> i64 {
    if stored.design == Design::Switchback { 0 } else { one.stratum() }
}

/// Has it done soon.
pub(super) async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::RunExperiments, SINGLE).await
}

row! {
    /// Somebody who is meant.
    struct Meant {
        party: Id<Party> = "p.id",
        stage: Stage = "m.stage",
        tier: Option<i64> = "v.tier",
    }
}

impl Meant {
    /// Those of the same stage and tier are alike.
    fn stratum(&self) -> i64 {
        let stage = Stage::ALL.iter().position(|stage| *stage == self.stage).unwrap_or_default();
        i64::try_from(stage).unwrap_or_default() * 10 + self.tier.unwrap_or_default()
    }
}

/// Does what is to be done for all experiments that are under way.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn run(ctx: &Ctx, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let query = Sql::select::<Stored>("FROM experiments WHERE state IN ('running', 'paused') ORDER BY id");
    let under_way: Vec<Stored> = ctx.app.db.all(query).await?;
    for stored in under_way {
        let came = if stored.state == ExperimentState::Running { enrol(ctx, &stored, job, stop).await? } else { 0 };
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        if let Some(job) = job {
            jobs::renew(&ctx.app, job).await?;
        }
        look_and_end(ctx, stored.id, came).await?;
    }
    make_good::run(ctx, job, stop).await
}

/// Looks at it, stops it when it harms, and ends it when nothing more is to come.
async fn look_and_end(ctx: &Ctx, id: Id<Experiment>, came: i64) -> Result<()> {
    let looked = looks::take_look(ctx, id).await?;
    let mut tx = ctx.app.db.begin().await?;
    let stored = take(&mut tx, id).await?;
    let complete = looked.complete();
    let is_full =
        stored.assigned >= stored.planned || (came == 0 && looked.days >= stored.design.days(stored.horizon_days) + super::TOO_LONG);
    if !looked.harm.is_empty() && stored.state == ExperimentState::Running {
        steps::put_state(&mut tx, id, ExperimentState::Paused).await?;
        events::record(&mut tx, ctx, Event::of("experiment.paused", id, json!({"name": stored.name, "harm": looked.harm}))).await?;
    } else if stored.assigned > 0 && complete == stored.assigned && is_full && looked.days >= stored.min_days {
        tx.run(sql("UPDATE experiments SET state = 'ended', ended_at = $1 WHERE id = $2").bind(ctx.now()).bind(id)).await?;
        events::record(&mut tx, ctx, Event::of("experiment.ended", id, json!({"name": stored.name, "verdict": looked.verdict}))).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Brings those who are meant into the arms, as many as are planned; how many came.
async fn enrol(ctx: &Ctx, stored: &Stored, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>) -> Result<i64> {
    if stored.assigned >= stored.planned {
        return Ok(0);
    }
    let arms = arms(&ctx.app.db, stored.id).await?;
    let whom = whom(ctx, stored, &arms).await?;
    let named = stored.named()?.into_iter().map(|one| serde_json::from_value(one.rule));
    let named: Vec<Rule> = named.collect::<std::result::Result<_, _>>().map_err(Error::fault)?;
    let share = match stored.take {
        Some(share) => share,
        None => share_to_take(ctx, stored, &whom).await?,
    };
    let global = global(ctx, stored.kind, whom.world.today).await?;
    let is_asked = |party: Id<Party>| {
        let who = party.to_string();
        let held_out = global.as_ref().is_some_and(|(salt, share)| bucket(salt, "global", &who) < *share);
        !held_out && bucket(&stored.salt, "in", &who) < share
    };
    let mut came = 0;
    let mut after: Option<Id<Party>> = None;
    let mut few: Vec<Meant> = Vec::new();
    loop {
        let mut query = Sql::select::<Meant>("");
        whom.push(&mut query);
        if let Some(after) = after {
            query.push(" AND p.id > ").arg(after);
        }
        query.push(" ORDER BY p.id LIMIT ").arg(BATCH);
        let mut found: Vec<Meant> = ctx.app.db.all(query).await?;
        let is_last = i64::try_from(found.len()).unwrap_or(BATCH) < BATCH;
        after = found.last().map(|one| one.party);
        found.retain(|one| is_asked(one.party));
        if is_dealt(stored) {
            few.append(&mut found);
        } else {
            came += assign(ctx, stored, &arms, &named, found, &whom.world).await?;
        }
        if is_last || *stop.borrow() {
            break;
        }
        if let Some(job) = job {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    few.sort_unstable_by_key(|one| draw(&stored.salt, "order", &one.party.to_string()));
    came += assign(ctx, stored, &arms, &named, few, &whom.world).await?;
    Ok(came)
}

async fn whom(ctx: &Ctx, stored: &Stored, arms: &[Arm]) -> Result<Whom> {
    let ids: Vec<_> = arms.iter().filter_map(|arm| arm.treatment_id).collect();
    let mut query = Sql::select::<treatments::Stored>("FROM treatments t WHERE t.id IN ");
    query.list_padded(&ids);
    let found: Vec<treatments::Stored> = ctx.app.db.all(query).await?;
    Whom::of(stored, found.into_iter().filter_map(|one| one.rule).collect(), world(ctx).await?)
}

/// How many of those who are meant are asked, so that about as many come as are planned: settled once.
async fn share_to_take(ctx: &Ctx, stored: &Stored, whom: &Whom) -> Result<i64> {
    let mut query = sql("SELECT COUNT(*)");
    whom.push(&mut query);
    let (meant,): (i64,) = ctx.app.db.one(query).await?;
    let planned = stored.planned as f64;
    let asked = planned + SPARE * planned.sqrt();
    let share = (asked / meant.max(1) as f64 * WHOLE as f64).ceil().min(WHOLE as f64) as i64;
    let mut tx = ctx.app.db.begin().await?;
    tx.run(sql("UPDATE experiments SET take = $1 WHERE id = $2").bind(share).bind(stored.id)).await?;
    tx.commit().await?;
    Ok(share)
}

/// The holdout of all new promotional policies, for which an experiment that means to sell is one: its salt and share.
async fn global(ctx: &Ctx, kind: TreatmentKind, today: Day) -> Result<Option<(String, i64)>> {
    if kind == TreatmentKind::Respect {
        return Ok(None);
    }
    let query = sql("SELECT salt, share FROM holdouts WHERE until_on >= $1 ORDER BY until_on DESC, id DESC LIMIT 1").bind(today);
    Ok(ctx.app.db.maybe(query).await?)
}

/// Puts customers into arms, in one transaction: who is in it stays where they are, and nobody comes who is one too many,
/// whatever other process was faster.
async fn assign(ctx: &Ctx, stored: &Stored, arms: &[Arm], named: &[Rule], meant: Vec<Meant>, world: &World) -> Result<i64> {
    if meant.is_empty() {
        return Ok(0);
    }
    let today = world.today;
    let mut tx = ctx.app.db.begin().await?;
    let now = take(&mut tx, stored.id).await?;
    let room = usize::try_from(now.planned - now.assigned).unwrap_or_default();
    let mut meant = meant;
    meant.truncate(room);
    if now.state != ExperimentState::Running || meant.is_empty() {
        return Ok(0);
    }
    let shares: Vec<i64> = arms.iter().map(|arm| arm.share).collect();
    let ids: Vec<Id<Party>> = meant.iter().map(|one| one.party).collect();
    let households = match stored.unit {
        DrawUnit::Customer => Vec::new(),
        DrawUnit::Household => households(&mut tx, stored, &ids).await?,
    };
    // Who is drawn: each, or of each household that is not in it yet who came first.
    let is_drawn = |at: usize| households.get(at).is_none_or(|one| one.arm.is_none() && one.head == ids[at]);
    let drawn: Vec<usize> = (0..meant.len()).filter(|at| is_drawn(*at)).collect();
    let draws = |at: &usize| draw(&stored.salt, "arm", &ids[*at].to_string());
    let dealt = if is_dealt(stored) {
        let rows: Vec<(i64, i64, i64)> = tx
            .all(
                sql("SELECT stratum, arm, COUNT(*) FROM experiment_units WHERE experiment_id = $1
                       AND (household_id IS NULL OR household_id = party_id) GROUP BY stratum, arm")
                .bind(stored.id),
            )
            .await?;
        let dealt: HashMap<(i64, i64), i64> = rows.into_iter().map(|(stratum, arm, count)| ((stratum, arm), count)).collect();
        let customers: Vec<(i64, u64)> = drawn.iter().map(|at| (stratum(stored, &meant[*at]), draws(at))).collect();
        let of = |stratum: i64, arm: usize| dealt.get(&(stratum, i64::try_from(arm).unwrap_or_default())).copied().unwrap_or_default();
        deal(&shares, &customers, of)
    } else {
        drawn.iter().map(|at| arm_of(&shares, draws(at))).collect()
    };
    let of_head: HashMap<Id<Party>, i64> =
        drawn.iter().zip(dealt).map(|(at, arm)| (ids[*at], i64::try_from(arm).unwrap_or_default())).collect();
    let place = |at: usize| match households.get(at) {
        Some(Household { arm: Some(arm), .. }) => *arm,
        Some(Household { head, .. }) => of_head.get(head).copied().unwrap_or_default(),
        None => of_head.get(&ids[at]).copied().unwrap_or_default(),
    };
    let subgroups = subgroups(&mut tx, named, world, &ids).await?;
    let before = before(&mut tx, stored, &meant, today).await?;
    let until = today.plus(stored.design.days(stored.horizon_days));
    let (first_until, second_from) = turns(stored.design, today, stored.horizon_days);
    let rows: Vec<_> = meant
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let (occasions, minor) = before.get(&one.party).copied().unwrap_or_default();
            let id: Id<super::ExperimentUnit> = ctx.id();
            vec![
                id.to_value(),
                stored.id.to_value(),
                one.party.to_value(),
                place(at).to_value(),
                stratum(stored, one).to_value(),
                ctx.now().to_value(),
                today.to_value(),
                until.to_value(),
                occasions.to_value(),
                minor.to_value(),
                households.get(at).map(|one| one.head).to_value(),
                subgroups.get(&one.party).copied().unwrap_or_default().to_value(),
                first_until.to_value(),
                second_from.to_value(),
            ]
        })
        .collect();
    let mut came = 0;
    for statement in Sql::inserts(
        "INSERT INTO experiment_units (id, experiment_id, party_id, arm, stratum, assigned_at, assigned_on, until_on, before_occasions,
           before_minor, household_id, subgroups, first_until_on, second_from_on) VALUES ",
        rows,
        " ON CONFLICT (experiment_id, party_id) DO NOTHING",
    ) {
        came += tx.run(statement).await?;
    }
    let came = i64::try_from(came).unwrap_or_default();
    tx.run(sql("UPDATE experiments SET assigned = assigned + $1 WHERE id = $2").bind(came).bind(stored.id)).await?;
    tx.commit().await?;
    Ok(came)
}

/// To which subgroups each of some customers belongs today, as bits; who belongs to none is absent.
async fn subgroups(tx: &mut Tx, named: &[Rule], world: &World, who: &[Id<Party>]) -> Result<HashMap<Id<Party>, i64>> {
    let mut found: HashMap<Id<Party>, i64> = HashMap::new();
    for (bit, rule) in named.iter().enumerate() {
        let mut query = sql("SELECT p.id FROM parties p WHERE p.id IN ");
        query.list_padded(who).push(" AND (");
        condition(rule, world, Of::Some, &mut query);
        query.push(")");
        for (party,) in tx.all::<(Id<Party>,)>(query).await? {
            *found.entry(party).or_default() |= 1 << bit;
        }
    }
    Ok(found)
}

/// What they did in as many days before.
async fn before(tx: &mut Tx, stored: &Stored, meant: &[Meant], today: Day) -> Result<HashMap<Id<Party>, (i64, i64)>> {
    let ids: Vec<Id<Party>> = meant.iter().map(|one| one.party).collect();
    let mut query = sql("SELECT p.id, ");
    query.push(DID).push(" FROM parties p");
    purchases(&mut query, stored.currency, today.plus(-stored.horizon_days), today);
    query.push(" WHERE p.id IN ").list_padded(&ids).push(" GROUP BY p.id");
    let rows: Vec<(Id<Party>, i64, i64)> = tx.all(query).await?;
    Ok(rows.into_iter().map(|(party, occasions, minor)| (party, (occasions, minor))).collect())
}

/// The day on which an instant falls for the organisation.
pub(super) async fn day(ctx: &Ctx, at: Instant) -> Result<Day> {
    Ok(at.day(&ctx.app.organisation().await?.zone()))
}
