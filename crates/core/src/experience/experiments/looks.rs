//! Looking at an experiment: what was measured of each customer is read, and what that says is kept.

use super::figures::{self, Fixed, Look, Measured};
use super::whom::{Did, INTRODUCED};
use super::{
    Arm, Design, Experiment, ExperimentId, ExperimentSeen, ExperimentState, Outcome, Stored, arms, conflict, crossover, enrol, read,
    switchback,
};
use crate::insight::rates::Rates;
use crate::parties::Party;
use crate::platform::time::DAY;
use crate::{Act, Ctx, Day, Error, Perm, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use std::collections::HashMap;

/// Days after which a customer counts for what must not get worse: harm is to be seen before the end.
const GUARDED: i64 = 14;

row! {
    /// A customer who has been watched to the end.
    struct Watched {
        arm: i64 = "u.arm",
        is_known: bool = "(u.party_id IS NOT NULL)",
        before_occasions: i64 = "u.before_occasions",
        before_minor: i64 = "u.before_minor",
        is_delivered: bool = "(u.delivered_at IS NOT NULL)",
        household_id: Option<Id<Party>> = "u.household_id",
        subgroups: i64 = "u.subgroups",
        friends: i64 = "(SELECT COUNT(*) FROM referrals r WHERE r.referrer_id = u.party_id AND r.occurred_on > u.assigned_on
          AND r.occurred_on <= u.until_on AND r.state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded')
          AND NOT EXISTS (SELECT 1 FROM experiment_units o WHERE o.experiment_id = u.experiment_id AND o.party_id = r.referee_id
            AND o.twice_by IS NULL AND o.arm <> u.arm))",
        occasions: i64 = "COALESCE(MAX(u.bought), COUNT(DISTINCT CASE WHEN b.gross_minor > 0 THEN b.day END))",
        minor: i64 = "CAST(COALESCE(MAX(u.spent_minor), SUM(b.gross_minor - b.refund_minor), 0) AS BIGINT)",
    }
}

/// What was measured in each arm, until yesterday.
async fn measured(ctx: &Ctx, stored: &Stored, arms: &[Arm], today: Day) -> Result<Vec<Measured>> {
    let mut measured = vec![Measured::default(); arms.len()];
    let mut tx = ctx.app.db.snapshot().await?;
    let goods = Rates::read(&mut tx).await?.goods().ok();
    tx.commit().await?;
    let at = |arm: i64| usize::try_from(arm).ok().filter(|arm| *arm < arms.len());
    let query = sql("SELECT arm, COUNT(*), COUNT(delivered_at), COUNT(DISTINCT COALESCE(household_id, id)) FROM experiment_units
        WHERE experiment_id = $1 AND twice_by IS NULL GROUP BY arm");
    for (arm, assigned, given, drawn) in ctx.app.db.all::<(i64, i64, i64, i64)>(query.bind(stored.id)).await? {
        let Some(arm) = at(arm) else { continue };
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        (measured[arm].assigned, measured[arm].given, measured[arm].drawn) = (count(assigned), count(given), count(drawn));
    }
    let mut query = Sql::select::<Watched>(
        "FROM experiment_units u LEFT JOIN purchases b ON b.party_id = u.party_id AND b.day > u.assigned_on AND b.day <= u.until_on
           AND b.currency = ",
    );
    query
        .arg(stored.currency)
        .push(" WHERE u.twice_by IS NULL AND u.experiment_id = ")
        .arg(stored.id)
        .push(" AND u.until_on < ")
        .arg(today);
    query.push(" GROUP BY u.id ORDER BY u.id");
    let mut households: HashMap<Id<Party>, u64> = HashMap::new();
    for one in ctx.app.db.all::<Watched>(query).await? {
        let Some(arm) = at(one.arm) else { continue };
        let into = &mut measured[arm];
        let cost = if one.is_delivered && one.is_known { arms[arm].unit_cost_minor } else { 0 };
        // Who introduces friends has no friends to introduce before: what tells most of it is how they bought.
        let of = |did: Did, outcome, cost| did.measured(outcome, stored.goods, cost);
        let known = if stored.outcome == Outcome::Introduced { Outcome::Occasions } else { stored.outcome };
        let did = Did { occasions: one.occasions, minor: one.minor, friends: one.friends };
        into.outcome.push(of(did, stored.outcome, cost));
        into.subgroups.push(one.subgroups);
        if let Some(household) = one.household_id {
            let next = households.len() as u64;
            into.households.push(*households.entry(household).or_insert(next));
        }
        into.spent.push(one.minor as f64);
        if let Some(goods) = goods.filter(|_| one.is_known) {
            into.net.push(did.measured(Outcome::Benefit, goods, cost));
        }
        into.cost += cost as f64;
        if one.is_known {
            into.before.push(of(Did { occasions: one.before_occasions, minor: one.before_minor, friends: 0 }, known, 0));
        }
        into.buyers += u64::from(one.occasions > 0);
        into.introducers += u64::from(one.friends > 0);
        into.doers += u64::from(if stored.outcome == Outcome::Introduced { one.friends > 0 } else { one.occasions > 0 });
        into.delivered += u64::from(one.is_delivered);
    }
    if stored.is_imported {
        return Ok(measured);
    }
    let query = sql("SELECT u.arm, COUNT(*),
          COUNT(CASE WHEN EXISTS (SELECT 1 FROM interactions i WHERE i.party_id = u.party_id AND i.reason = 'complaint'
            AND i.at > u.assigned_at AND i.at < u.assigned_at + $1) THEN 1 END),
          COUNT(CASE WHEN EXISTS (SELECT 1 FROM contact_points c WHERE c.party_id = u.party_id AND c.consent = 'withdrawn'
            AND c.consent_at > u.assigned_at AND c.consent_at < u.assigned_at + $1) THEN 1 END)
        FROM experiment_units u WHERE u.experiment_id = $2 AND u.twice_by IS NULL AND u.assigned_at < $3 GROUP BY u.arm")
    .bind(GUARDED * DAY)
    .bind(stored.id)
    .bind(ctx.now().plus(-GUARDED * DAY));
    for (arm, guarded, complained, withdrew) in ctx.app.db.all::<(i64, i64, i64, i64)>(query).await? {
        let Some(arm) = at(arm) else { continue };
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        (measured[arm].guarded, measured[arm].complained, measured[arm].withdrew) = (count(guarded), count(complained), count(withdrew));
    }
    Ok(measured)
}

/// Introductions of friends who are in another arm: what they were given may have come to them from there.
async fn spilled(ctx: &Ctx, id: Id<Experiment>) -> Result<i64> {
    let mut query = sql("SELECT COUNT(*) FROM experiment_units u JOIN referrals r ON r.referrer_id = u.party_id
          AND r.occurred_on > u.assigned_on AND r.occurred_on <= u.until_on
        JOIN experiment_units o ON o.experiment_id = u.experiment_id AND o.party_id = r.referee_id AND o.arm <> u.arm
        WHERE u.twice_by IS NULL AND o.twice_by IS NULL AND u.experiment_id = ");
    query.arg(id).push(INTRODUCED);
    let (count,): (i64,) = ctx.app.db.one(query).await?;
    Ok(count)
}

/// Looks, and keeps what was seen.
pub(super) async fn take_look(ctx: &Ctx, id: Id<Experiment>) -> Result<Look> {
    let mut query = Sql::select::<Stored>("FROM experiments WHERE id = ");
    query.arg(id);
    let stored: Stored = ctx.app.db.maybe(query).await?.ok_or(Error::NotFound("experiment"))?;
    let arms = arms(&ctx.app.db, id).await?;
    let today = enrol::day(ctx, ctx.now()).await?;
    let measured = measured(ctx, &stored, &arms, today).await?;
    let shares: Vec<i64> = arms.iter().map(|arm| arm.share).collect();
    let started = match stored.started_at {
        Some(at) => enrol::day(ctx, at).await?,
        None => today,
    };
    let fixed = Fixed {
        at: ctx.now(),
        days: if stored.is_imported { stored.min_days } else { today.since(started) },
        min_days: stored.min_days,
        planned: u64::try_from(stored.planned).unwrap_or_default(),
        smallest: stored.smallest,
        is_share: stored.outcome.is_share(),
        subgroups: stored.named()?.len(),
        spilled: spilled(ctx, id).await?,
        is_ours: !stored.is_imported,
        is_over: stored.state == ExperimentState::Ended || stored.is_imported,
        shares: &shares,
    };
    let mut look = match stored.design {
        Design::Parallel => figures::look(&fixed, &measured),
        Design::Switchback => crossover::look(&fixed, &measured, &switchback::crossed(ctx, &stored, &arms, today).await?),
    };
    // Those who are in it will have been watched to the end on a known day; who has still to come, nobody knows.
    if stored.assigned >= stored.planned && look.missing.is_some_and(|missing| missing > 0) {
        let (last,): (Option<Day>,) =
            ctx.app.db.one(sql("SELECT MAX(until_on) FROM experiment_units WHERE experiment_id = $1").bind(id)).await?;
        look.enough_on = last.map(|last| last.plus(1)).filter(|day| *day > today);
    }
    let complete = look.complete();
    let mut tx = ctx.app.db.begin().await?;
    tx.run(
        sql("INSERT INTO experiment_looks (id, experiment_id, at, found) VALUES ($1, $2, $3, $4)")
            .bind(ctx.id::<Look>())
            .bind(id)
            .bind(ctx.now())
            .bind(serde_json::to_value(&look).map_err(Error::fault)?),
    )
    .await?;
    tx.run(
        sql("UPDATE experiments SET verdict = $1, verdict_arm = $2, complete = $3, looked_at = $4 WHERE id = $5")
            .bind(look.verdict)
            .bind(look.arm)
            .bind(complete)
            .bind(ctx.now())
            .bind(id),
    )
    .await?;
    tx.commit().await?;
    Ok(look)
}

/// Looks at an experiment now. One may look as often as one likes: the interval that is shown while it runs allows for that.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] unless it has begun and nobody has decided.
pub async fn analyse(ctx: &Ctx, input: ExperimentId) -> Result<ExperimentSeen> {
    ctx.write(Perm(Room::Experience, Act::Change))?;
    let seen = read(ctx, input.id).await?;
    if matches!(seen.experiment.state, ExperimentState::Draft | ExperimentState::Decided) {
        return Err(conflict("experiments-nothing-to-see"));
    }
    take_look(ctx, input.id).await?;
    read(ctx, input.id).await
}
