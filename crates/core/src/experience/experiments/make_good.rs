//! Making good after a test of prices: who had, by lot, less off than others gets the most valuable discount that was tried, once
//! and without asking. The job may be killed and run again at any time.

use super::{Arm, Experiment, ExperimentState, ExperimentUnit, arms};
use crate::experience::assign::Exposure;
use crate::experience::assignment::Arm as Exposed;
use crate::experience::grants::{self, GrantState, Offer};
use crate::experience::legality::{Form, TreatmentKind, Verdict, verdict};
use crate::experience::policies::{PolicyRow, PolicyState, Version};
use crate::experience::redeem::off;
use crate::experience::treatments::{self, Treatment};
use crate::experience::{Stage, Standing, never};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::locale::Loc;
use crate::{Ctx, Day, Instant, Result};
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use tokio::sync::watch;

/// Customers of one transaction.
const BATCH: i64 = 500;
/// The occasion of an exposure that makes good.
pub(in crate::experience) const OCCASION: &str = "make_good";

peyvand_db::words! {
    /// How far making good has come.
    pub enum MakeGoodState {
        /// It is done once the experiment is over.
        Promised = "promised",
        /// Everybody was looked at.
        Done = "done",
    }
}

peyvand_db::words! {
    /// What became of a customer who had the worse price.
    pub enum MadeGood {
        /// They got the better one.
        Given = "given",
        /// There is nothing more between them and us.
        Gone = "gone",
        /// They were treated without respect: first that is made good, and then they get it.
        Held = "held",
        /// At their stage it may not be given.
        NotLawful = "not_lawful",
        /// They have had it as often as one customer may.
        Had = "had",
        /// There is nothing left of it.
        UsedUp = "used_up",
    }
}

/// What making good will come to at most: known before the experiment begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MakeGoodPlan {
    /// What they will get: the most valuable discount that is tried.
    pub treatment_id: Id<Treatment>,
    /// Its name in the caller's language.
    pub treatment: String,
    /// Customers who will get it, at most.
    pub customers: i64,
    /// What it costs for one, at their usual purchase, in minor units.
    pub each_minor: i64,
    /// What it costs if all of them use it, in minor units.
    pub most_minor: i64,
}

/// How many customers something became of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Why they did not get it.
    pub why: MadeGood,
    /// How many.
    pub customers: i64,
}

/// Making good after a test of prices. What it costs is no part of what the experiment says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MakeGood {
    /// What it will come to at most.
    #[serde(flatten)]
    pub plan: MakeGoodPlan,
    /// How far it has come.
    pub state: MakeGoodState,
    /// When it was done.
    pub done_at: Option<Instant>,
    /// Customers who got it.
    pub given: i64,
    /// Customers who did not, and why.
    pub left_out: Vec<LeftOut>,
    /// Customers who have used it.
    pub used: i64,
    /// What that cost, in minor units.
    pub cost_minor: i64,
    /// What it may still cost if all use it who can, in minor units.
    pub open_minor: i64,
}

/// What a discount is worth to who pays so much for one purchase, in minor units; where nobody has bought yet, what giving it
/// costs.
fn worth(treatment: &treatments::Stored, basket: Option<i64>) -> i64 {
    off(treatment.share, treatment.amount_minor, basket).filter(|worth| *worth > 0).unwrap_or(treatment.unit_cost_minor)
}

/// Of treatments with what they are worth, which is worth most, and the arms in which there was less, the control among them.
fn lesser(worths: &[i64]) -> Option<(usize, Vec<i64>)> {
    let most = worths.iter().max()?;
    let best = worths.iter().position(|worth| worth == most)?;
    let arms = [0].into_iter().chain(worths.iter().copied()).zip(0_i64..);
    Some((best, arms.filter(|(worth, place)| *place == 0 || worth < most).map(|(_, place)| place).collect()))
}

/// What making good will come to at most with so many customers in each arm; nothing unless prices are tried.
pub(super) fn plan(ctx: &Ctx, treatments: &[treatments::Stored], basket: Option<i64>, per_arm: i64) -> Option<MakeGoodPlan> {
    if treatments.iter().any(|one| one.kind != TreatmentKind::Discount) {
        return None;
    }
    let worths: Vec<i64> = treatments.iter().map(|one| worth(one, basket)).collect();
    let (best, places) = lesser(&worths)?;
    Some(told(ctx, &treatments[best], worths[best], per_arm.saturating_mul(i64::try_from(places.len()).unwrap_or(i64::MAX))))
}

fn told(ctx: &Ctx, treatment: &treatments::Stored, each_minor: i64, customers: i64) -> MakeGoodPlan {
    MakeGoodPlan {
        treatment_id: treatment.id,
        treatment: treatment.name(ctx.prefs.lang).to_owned(),
        customers,
        each_minor,
        most_minor: each_minor.saturating_mul(customers),
    }
}

/// Promises it with an experiment that is written down.
pub(super) async fn promise(tx: &mut Tx, id: Id<Experiment>, kind: TreatmentKind, basket: Option<i64>) -> Result<()> {
    if kind == TreatmentKind::Discount {
        let query = sql("UPDATE experiments SET make_good = $1, basket_minor = $2 WHERE id = $3");
        tx.run(query.bind(MakeGoodState::Promised).bind(basket).bind(id)).await?;
    }
    Ok(())
}

row! {
    /// What is stored of it.
    struct Promised {
        id: Id<Experiment> = "x.id",
        name: String = "x.name",
        state: ExperimentState = "x.state",
        make_good: MakeGoodState = "x.make_good",
        planned: i64 = "x.planned",
        basket_minor: Option<i64> = "x.basket_minor",
        version_id: Option<Id<Version>> = "x.make_good_version_id",
        done_at: Option<Instant> = "x.made_good_at",
        ended_at: Option<Instant> = "x.ended_at",
    }
}

/// The treatment that makes good, what it is worth, and the arms in which there was less.
struct Owed {
    treatment: treatments::Stored,
    each: i64,
    places: Vec<i64>,
}

impl Owed {
    /// Adds that units `u` had less. Who was to have both prices in turn had less only where it was over before their turn came.
    async fn push(&self, ctx: &Ctx, stored: &Promised, query: &mut Sql) -> Result<()> {
        let over = stored.ended_at.unwrap_or(ctx.now()).day(&ctx.app.organisation().await?.zone());
        query.push(" AND u.arm IN ").list_padded(&self.places);
        query.push(" AND (u.second_from_on IS NULL OR u.second_from_on > ").arg(over).push(")");
        Ok(())
    }
}

async fn owed(db: &Db, arms: &[Arm], basket: Option<i64>) -> Result<Option<Owed>> {
    let ids: Vec<Id<Treatment>> = arms.iter().filter_map(|arm| arm.treatment_id).collect();
    let mut query = Sql::select::<treatments::Stored>("FROM treatments t WHERE t.id IN ");
    query.list_padded(&ids);
    let mut found: HashMap<Id<Treatment>, treatments::Stored> =
        db.all::<treatments::Stored>(query).await?.into_iter().map(|one| (one.id, one)).collect();
    let mut tried: Vec<treatments::Stored> = ids.iter().filter_map(|id| found.remove(id)).collect();
    let worths: Vec<i64> = tried.iter().map(|one| worth(one, basket)).collect();
    Ok(lesser(&worths).map(|(best, places)| Owed { each: worths[best], treatment: tried.swap_remove(best), places }))
}

/// What became of it so far; nothing unless prices are tried.
pub(super) async fn seen(ctx: &Ctx, id: Id<Experiment>, arms: &[Arm]) -> Result<Option<MakeGood>> {
    let db = &ctx.app.db;
    let mut query = Sql::select::<Promised>("FROM experiments x WHERE x.make_good IS NOT NULL AND x.id = ");
    query.arg(id);
    let Some(stored): Option<Promised> = db.maybe(query).await? else { return Ok(None) };
    let Some(owed) = owed(db, arms, stored.basket_minor).await? else { return Ok(None) };
    let mut query = sql("SELECT u.made_good, COUNT(*) FROM experiment_units u WHERE u.experiment_id = ");
    query.arg(id);
    owed.push(ctx, &stored, &mut query).await?;
    query.push(" GROUP BY u.made_good ORDER BY u.made_good");
    let counted: Vec<(Option<MadeGood>, i64)> = db.all(query).await?;
    let of = |what: MadeGood| counted.iter().filter(|(became, _)| *became == Some(what)).map(|(_, count)| *count).sum::<i64>();
    let customers = if matches!(stored.state, ExperimentState::Ended | ExperimentState::Decided) {
        counted.iter().map(|(_, count)| count).sum()
    } else {
        let share: i64 = arms.iter().filter(|arm| owed.places.contains(&arm.place)).map(|arm| arm.share).sum();
        (stored.planned * share + treatments::WHOLE / 2) / treatments::WHOLE
    };
    let (mut used, mut open, mut cost_minor) = (0, 0, 0);
    if let Some(version) = stored.version_id {
        let query = sql("SELECT state, COUNT(*) FROM grants WHERE policy_version_id = $1 GROUP BY state").bind(version);
        for (state, count) in db.all::<(GrantState, i64)>(query).await? {
            match state {
                GrantState::Redeemed | GrantState::Settled => used += count,
                GrantState::Offered | GrantState::Accepted => open += count,
                GrantState::Expired | GrantState::Revoked => {}
            }
        }
        (cost_minor,) = db.one(sql("SELECT spent_minor FROM policy_versions WHERE id = $1").bind(version)).await?;
    }
    Ok(Some(MakeGood {
        plan: told(ctx, &owed.treatment, owed.each, customers),
        state: stored.make_good,
        done_at: stored.done_at,
        given: of(MadeGood::Given),
        left_out: counted
            .iter()
            .filter_map(|(became, count)| Some(LeftOut { why: (*became)?, customers: *count }))
            .filter(|left| left.why != MadeGood::Given)
            .collect(),
        used,
        cost_minor,
        open_minor: owed.each.saturating_mul(open),
    }))
}

row! {
    /// Somebody who had the worse price, as they stand now.
    struct Unit {
        id: Id<ExperimentUnit> = "u.id",
        party: Id<Party> = "p.id",
        is_archived: bool = "(p.archived_at IS NOT NULL)",
        stage: Stage = "COALESCE(m.stage, 'potential')",
        standing: Standing = "COALESCE(m.standing, 'active')",
        /// The worst incident that is open.
        severity: Option<i64> = "(SELECT MAX(i.severity) FROM respect_incidents i WHERE i.party_id = p.id AND i.closed_at IS NULL)",
    }
}

/// Whether somebody who stands so now may get it.
fn may(form: Form, stages: &[Stage], is_archived: bool, stage: Stage, standing: Standing, severity: Option<i64>) -> MadeGood {
    if is_archived {
        return MadeGood::Gone;
    }
    if never::hold(form, false, severity).is_some() {
        return MadeGood::Held;
    }
    match verdict(form, stage, standing) {
        Verdict::OnHold => MadeGood::Held,
        Verdict::Over => MadeGood::Gone,
        Verdict::Allowed if stages.contains(&stage) => MadeGood::Given,
        Verdict::Allowed | Verdict::NotYet | Verdict::Forbidden if standing == Standing::Lost => MadeGood::Gone,
        Verdict::Allowed | Verdict::NotYet | Verdict::Forbidden => MadeGood::NotLawful,
    }
}

/// Makes good after all tests of prices that are over; whoever was held back then gets it when nothing holds them back any more.
///
/// # Errors
/// When the database refuses.
pub(super) async fn run(ctx: &Ctx, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    run_by(ctx, job, stop, BATCH).await
}

/// The same, so many customers at once.
pub(super) async fn run_by(ctx: &Ctx, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>, batch: i64) -> Result<Outcome> {
    let query =
        Sql::select::<Promised>("FROM experiments x WHERE x.make_good = 'promised' AND x.state IN ('ended', 'decided') ORDER BY x.id");
    let mut due: Vec<Promised> = ctx.app.db.all(query).await?;
    let query = Sql::select::<Promised>(
        "FROM experiments x WHERE x.make_good = 'done'
           AND EXISTS (SELECT 1 FROM experiment_units u WHERE u.experiment_id = x.id AND u.made_good = 'held') ORDER BY x.id",
    );
    due.extend(ctx.app.db.all::<Promised>(query).await?);
    for one in due {
        let arms = arms(&ctx.app.db, one.id).await?;
        let Some(owed) = owed(&ctx.app.db, &arms, one.basket_minor).await? else { continue };
        let mut after = Id::FIRST;
        while let Some(last) = go_on(ctx, &one, &owed, after, batch).await? {
            after = last;
            if *stop.borrow() {
                return Ok(Outcome::GoOn);
            }
            if let Some(job) = job {
                jobs::renew(&ctx.app, job).await?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// Looks at the next customers in one transaction, in which nobody else can: the experiment is taken. The last of them; nothing when
/// none was left.
async fn go_on(ctx: &Ctx, one: &Promised, owed: &Owed, after: Id<ExperimentUnit>, batch: i64) -> Result<Option<Id<ExperimentUnit>>> {
    let mut tx = ctx.app.db.begin().await?;
    let mut query = Sql::select::<Promised>("FROM experiments x WHERE x.make_good IS NOT NULL AND x.id = ");
    query.arg(one.id).push(" {for_update}");
    let Some(stored): Option<Promised> = tx.maybe(query).await? else { return Ok(None) };
    let is_done = stored.make_good == MakeGoodState::Done;
    let mut query = Sql::select::<Unit>(
        "FROM experiment_units u JOIN parties p ON p.id = u.party_id LEFT JOIN stage_memberships m ON m.party_id = p.id AND m.left_on IS NULL
         WHERE u.experiment_id = ",
    );
    query.arg(one.id).push(if is_done { " AND u.made_good = 'held'" } else { " AND u.made_good IS NULL" });
    query.push(" AND u.id > ").arg(after);
    owed.push(ctx, &stored, &mut query).await?;
    query.push(" ORDER BY u.id LIMIT ").arg(batch);
    let units: Vec<Unit> = tx.all(query).await?;
    let Some(last) = units.last().map(|unit| unit.id) else {
        if !is_done {
            finish(&mut tx, ctx, &stored).await?;
            tx.commit().await?;
        }
        return Ok(None);
    };
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut became = decide(&mut tx, owed, &units).await?;
    became.retain(|(_, is)| !(is_done && *is == MadeGood::Held));
    give(&mut tx, ctx, &stored, owed, &became, today).await?;
    for what in MadeGood::ALL {
        let ids: Vec<Id<ExperimentUnit>> = became.iter().filter(|(_, is)| is == what).map(|(unit, _)| unit.id).collect();
        if !ids.is_empty() {
            let mut query = sql("UPDATE experiment_units SET made_good = ");
            query.arg(*what).push(" WHERE id IN ").list_padded(&ids);
            tx.run(query).await?;
        }
    }
    tx.commit().await?;
    Ok(Some(last))
}

/// What becomes of each.
async fn decide<'a>(tx: &mut Tx, owed: &Owed, units: &'a [Unit]) -> Result<Vec<(&'a Unit, MadeGood)>> {
    let Owed { treatment, .. } = owed;
    let (form, stages) = (treatment.form(), treatment.stages()?);
    let parties: Vec<Id<Party>> = units.iter().map(|unit| unit.party).collect();
    let mut query = sql("SELECT g.party_id, COUNT(*) FROM grants g WHERE g.state NOT IN ('expired', 'revoked') AND g.treatment_id = ");
    query.arg(treatment.id).push(" AND g.party_id IN ").list_padded(&parties).push(" GROUP BY g.party_id");
    let had: HashMap<Id<Party>, i64> = tx.all::<(Id<Party>, i64)>(query).await?.into_iter().collect();
    let query = sql("SELECT t.total_cap - t.used - (SELECT COUNT(*) FROM grants g WHERE g.treatment_id = t.id
          AND g.state IN ('offered', 'accepted')) FROM treatments t WHERE t.id = $1");
    let (room,): (Option<i64>,) = tx.one(query.bind(treatment.id)).await?;
    let mut room = room.unwrap_or(i64::MAX);
    let decided = units.iter().map(|unit| {
        let is_full = |cap: i64| had.get(&unit.party).is_some_and(|times| *times >= cap);
        let became = match may(form, &stages, unit.is_archived, unit.stage, unit.standing, unit.severity) {
            MadeGood::Given if treatment.party_cap.is_some_and(is_full) => MadeGood::Had,
            MadeGood::Given if room <= 0 => MadeGood::UsedUp,
            became => became,
        };
        room -= i64::from(became == MadeGood::Given);
        (unit, became)
    });
    Ok(decided.collect())
}

/// Gives it to those to whom it is given, by a policy of its own that is over as soon as it is written down.
async fn give(tx: &mut Tx, ctx: &Ctx, stored: &Promised, owed: &Owed, became: &[(&Unit, MadeGood)], today: Day) -> Result<()> {
    let given: Vec<&Unit> = became.iter().filter(|(_, is)| *is == MadeGood::Given).map(|(unit, _)| *unit).collect();
    if given.is_empty() {
        return Ok(());
    }
    let version = match stored.version_id {
        Some(version) => version,
        None => put_version(tx, ctx, stored, owed.treatment.id).await?,
    };
    let mut rows = Vec::with_capacity(given.len());
    let mut offers = Vec::with_capacity(given.len());
    for unit in given {
        let exposure: Id<Exposure> = ctx.id();
        rows.push(vec![
            exposure.to_value(),
            unit.party.to_value(),
            version.to_value(),
            owed.treatment.id.to_value(),
            owed.treatment.kind.to_value(),
            OCCASION.to_value(),
            Exposed::Treated.to_value(),
            false.to_value(),
            unit.stage.to_value(),
            ctx.now().to_value(),
            ctx.now().to_value(),
        ]);
        offers.push(Offer { exposure, party: unit.party, from: today, until: today.plus(owed.treatment.valid_days) });
    }
    for statement in Sql::inserts(
        "INSERT INTO exposures (id, party_id, policy_version_id, treatment_id, kind, occasion, arm, is_ghost, stage, assigned_at, due_at) VALUES ",
        rows,
        "",
    ) {
        tx.run(statement).await?;
    }
    grants::offer(tx, ctx, version, &owed.treatment, offers).await
}

/// The policy that the grants of one experiment come by: without it nobody could tell what they cost.
async fn put_version(tx: &mut Tx, ctx: &Ctx, stored: &Promised, treatment: Id<Treatment>) -> Result<Id<Version>> {
    let (policy, version): (Id<PolicyRow>, Id<Version>) = (ctx.id(), ctx.id());
    let prefs = ctx.app.organisation().await?.prefs();
    let name = Loc::new(prefs, ctx.now()).t1("experiments-make-good-of", "name", stored.name.as_str());
    let query = sql("INSERT INTO policies (id, name, created_at) VALUES ($1, $2, $3)");
    tx.run(query.bind(policy).bind(name).bind(ctx.now())).await?;
    tx.run(
        sql("INSERT INTO policy_versions (id, policy_id, number, state, occasions, spent_minor, holdout, salt, is_price_test, created_at,
               started_at, retired_at) VALUES ($1, $2, 1, $3, $4, 0, 0, '', $5, $6, $6, $6)")
        .bind(version)
        .bind(policy)
        .bind(PolicyState::Retired)
        .bind(json!([]))
        .bind(false)
        .bind(ctx.now()),
    )
    .await?;
    let query = sql("INSERT INTO policy_treatments (version_id, treatment_id, place) VALUES ($1, $2, 1)");
    tx.run(query.bind(version).bind(treatment)).await?;
    tx.run(sql("UPDATE experiments SET make_good_version_id = $1 WHERE id = $2").bind(version).bind(stored.id)).await?;
    Ok(version)
}

/// Writes down that everybody was looked at.
async fn finish(tx: &mut Tx, ctx: &Ctx, stored: &Promised) -> Result<()> {
    let query = sql("UPDATE experiments SET make_good = $1, made_good_at = $2 WHERE id = $3");
    tx.run(query.bind(MakeGoodState::Done).bind(ctx.now()).bind(stored.id)).await?;
    let query = sql("SELECT made_good, COUNT(*) FROM experiment_units WHERE experiment_id = $1 AND made_good IS NOT NULL
        GROUP BY made_good ORDER BY made_good");
    let counted: Vec<(MadeGood, i64)> = tx.all(query.bind(stored.id)).await?;
    let counts: serde_json::Map<_, _> = counted.into_iter().map(|(what, count)| (what.to_string(), count.into())).collect();
    events::record(tx, ctx, Event::of("experiment.made_good", stored.id, json!({"name": stored.name, "customers": counts}))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_had_less_than_the_best_is_owed_it() {
        assert_eq!(lesser(&[]), None);
        assert_eq!(lesser(&[100]), Some((0, vec![0])));
        assert_eq!(lesser(&[100, 250, 90]), Some((1, vec![0, 1, 3])));
        assert_eq!(lesser(&[250, 100, 250]), Some((0, vec![0, 2])), "who had as much is owed nothing");
    }

    #[test]
    fn who_stands_how_gets_it_or_is_told_why_not() {
        let loyal = [Stage::Loyal];
        let of = |stage, standing, severity| may(Form::SpecialDiscount, &loyal, false, stage, standing, severity);
        assert_eq!(of(Stage::Loyal, Standing::Active, None), MadeGood::Given);
        assert_eq!(of(Stage::Loyal, Standing::Dormant, Some(1)), MadeGood::Given);
        assert_eq!(of(Stage::Loyal, Standing::Active, Some(2)), MadeGood::Held);
        assert_eq!(of(Stage::Advocate, Standing::AtRisk, None), MadeGood::Held);
        assert_eq!(of(Stage::Actual, Standing::Active, None), MadeGood::NotLawful, "not for that stage any more");
        assert_eq!(of(Stage::Advocate, Standing::Active, None), MadeGood::NotLawful, "it was not meant for them");
        for standing in [Standing::Lost, Standing::Detractor, Standing::Disqualified, Standing::Terminated, Standing::Archived] {
            assert_eq!(of(Stage::Loyal, standing, None), MadeGood::Gone, "{standing}");
        }
        assert_eq!(may(Form::PublicDiscount, Stage::ALL, true, Stage::Loyal, Standing::Active, None), MadeGood::Gone);
        assert_eq!(
            may(Form::PublicDiscount, Stage::ALL, false, Stage::Loyal, Standing::Lost, None),
            MadeGood::Given,
            "everybody may have it"
        );
    }
}
