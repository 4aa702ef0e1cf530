//! The job that does what live policies say: whoever is meant on an occasion that has come gets the treatment once, or is
//! written down as left without it. It may be killed and run again at any time.

use super::assignment::{Arm, GLOBAL, arm, bucket};
use super::grants::{self, Offer};
use super::legality::{TreatmentKind, verdict};
use super::occasions::{Almanac, Come, Occasion, OccasionPlan, Person, come};
use super::policies::{PolicyRow, Version};
use super::treatments::{self, Treatment};
use super::{Stage, Standing, never};
use crate::marketing::segments::compile::{Of, condition};
use crate::marketing::segments::rule::{Rule, World};
use crate::marketing::segments::world;
use crate::parties::Party;
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::platform::time::DAY;
use crate::{Ctx, Day, Error, Instant, Result};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use std::collections::{HashMap, HashSet};
use tokio::sync::watch;

/// Customers of one transaction.
const BATCH: i64 = 500;
/// Days that a global holdout lasts.
const GLOBAL_DAYS: i64 = 365;
/// One run waits at a time.
const SINGLE: &str = "run_policies";

/// Has it done soon.
///
/// # Errors
/// When the database refuses.
pub(super) async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::RunPolicies, SINGLE).await
}

/// An exposure.
#[derive(Debug)]
pub enum Exposure {}

row! {
    /// A treatment of a live version.
    struct Live {
        policy_id: Id<PolicyRow> = "v.policy_id",
        version_id: Id<Version> = "v.id",
        treatment_id: Id<Treatment> = "b.treatment_id",
        rule: Option<serde_json::Value> = "v.rule",
        occasions: serde_json::Value = "v.occasions",
        holdout: i64 = "v.holdout",
        salt: String = "v.salt",
    }
}

row! {
    /// What decides how a customer may be treated now.
    struct Customer {
        party: Id<Party> = "p.id",
        stage: Stage = "COALESCE(m.stage, 'potential')",
        standing: Standing = "COALESCE(m.standing, 'active')",
        birth_on: Option<Day> = "p.birth_on",
        first_purchase_on: Option<Day> = "NULLIF(p.first_purchase_on, '')",
        /// The worst incident that is open.
        severity: Option<i64> = "(SELECT MAX(i.severity) FROM respect_incidents i WHERE i.party_id = p.id AND i.closed_at IS NULL)",
    }
}

/// What one pass needs.
struct Pass {
    live: Live,
    treatment: treatments::Stored,
    stages: Vec<Stage>,
    plans: Vec<OccasionPlan>,
    rules: Vec<Rule>,
    global: Global,
}

/// The global holdout of the year.
#[derive(Clone, Debug)]
struct Global {
    salt: String,
    share: i64,
}

/// The days of a run.
struct Days {
    today: Day,
    almanac: Almanac,
    world: World,
}

/// Ends what is no longer valid and does what live policies say.
///
/// # Errors
/// When the database refuses.
pub async fn run(ctx: &Ctx, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let almanac = Almanac { calendar: organisation.calendar, hijri_shift: organisation.hijri_shift };
    let days = Days { today, almanac, world: world(ctx).await? };
    grants::expire(ctx, today).await?;
    let live: Vec<Live> = ctx
        .app
        .db
        .all(Sql::select::<Live>(
            "FROM policy_versions v JOIN policy_treatments b ON b.version_id = v.id WHERE v.state = 'live' ORDER BY v.id, b.place",
        ))
        .await?;
    if live.is_empty() {
        return Ok(Outcome::Done);
    }
    let global = global(ctx, today).await?;
    for live in live {
        let Some(pass) = Pass::of(ctx, live, global.clone(), &days).await? else { continue };
        let mut after = None;
        while let Some(last) = pass.batch(ctx, &days, after).await? {
            if *stop.borrow() {
                return Ok(Outcome::GoOn);
            }
            after = Some(last);
            if let Some(job) = job {
                jobs::renew(&ctx.app, job).await?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// The global holdout in force; a new one is drawn when the year of the last is over.
async fn global(ctx: &Ctx, today: Day) -> Result<Global> {
    let mut tx = ctx.app.db.begin().await?;
    let found: Option<(String, i64)> =
        tx.maybe(sql("SELECT salt, share FROM holdouts WHERE until_on >= $1 ORDER BY until_on DESC, id DESC LIMIT 1").bind(today)).await?;
    let global = match found {
        Some((salt, share)) => Global { salt, share },
        None => {
            let salt = ctx.id::<Global>().to_string();
            tx.run(
                sql("INSERT INTO holdouts (id, from_on, until_on, share, salt, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
                    .bind(ctx.id::<Global>())
                    .bind(today)
                    .bind(today.plus(GLOBAL_DAYS - 1))
                    .bind(GLOBAL)
                    .bind(&salt)
                    .bind(ctx.now()),
            )
            .await?;
            Global { salt, share: GLOBAL }
        }
    };
    tx.commit().await?;
    Ok(global)
}

/// Somebody for whom an occasion has come.
struct Meant {
    party: Id<Party>,
    stage: Stage,
    come: Come,
    arm: Arm,
}

impl Pass {
    /// Nothing when no occasion has come for anybody, or there is nothing left to give.
    async fn of(ctx: &Ctx, live: Live, global: Global, days: &Days) -> Result<Option<Pass>> {
        let mut query = Sql::select::<treatments::Stored>("FROM treatments t WHERE t.id = ");
        query.arg(live.treatment_id);
        let treatment: treatments::Stored = ctx.app.db.one(query).await?;
        let plans: Vec<OccasionPlan> = serde_json::from_value(live.occasions.clone()).map_err(Error::fault)?;
        let nobody = Person::default();
        let may_come = |plan: &OccasionPlan| {
            matches!(plan.occasion, Occasion::Birthday | Occasion::Anniversary) || come(plan, nobody, days.almanac, days.today).is_some()
        };
        let plans: Vec<OccasionPlan> = plans.into_iter().filter(may_come).collect();
        let rules = [live.rule.clone(), treatment.rule.clone()].into_iter().flatten();
        let rules: Vec<Rule> = rules.map(serde_json::from_value).collect::<std::result::Result<_, _>>().map_err(Error::fault)?;
        let is_used_up = treatment.total_cap.is_some_and(|cap| treatment.used >= cap);
        let stages = treatment.stages()?;
        Ok((!plans.is_empty() && !is_used_up).then_some(Pass { live, treatment, stages, plans, rules, global }))
    }

    /// Deals with the next customers by id; the last of them, unless they were the last of all.
    async fn batch(&self, ctx: &Ctx, days: &Days, after: Option<Id<Party>>) -> Result<Option<Id<Party>>> {
        let mut query = Sql::select::<Customer>(
            "FROM parties p LEFT JOIN stage_memberships m ON m.party_id = p.id AND m.left_on IS NULL WHERE p.archived_at IS NULL",
        );
        if let Some(after) = after {
            query.push(" AND p.id > ").arg(after);
        }
        for rule in &self.rules {
            query.push(" AND (");
            condition(rule, &days.world, Of::Some, &mut query);
            query.push(")");
        }
        if self.plans.iter().all(|plan| plan.occasion == Occasion::Once) {
            query.push(
                " AND NOT EXISTS (SELECT 1 FROM exposures e WHERE e.party_id = p.id AND e.occasion = 'once' AND e.policy_version_id = ",
            );
            query.arg(self.live.version_id).push(" AND e.treatment_id = ").arg(self.live.treatment_id).push(")");
        }
        query.push(" ORDER BY p.id LIMIT ").arg(BATCH);
        let found: Vec<Customer> = ctx.app.db.all(query).await?;
        let is_last = i64::try_from(found.len()).unwrap_or(BATCH) < BATCH;
        let last = found.last().map(|one| one.party);
        let meant: Vec<Meant> = found.into_iter().flat_map(|one| self.meant(days, &one)).collect();
        if !meant.is_empty() {
            self.write(ctx, days, meant).await?;
        }
        Ok(last.filter(|_| !is_last))
    }

    /// The occasions that have come for somebody whom the rules let have it.
    fn meant(&self, days: &Days, one: &Customer) -> Vec<Meant> {
        let form = self.treatment.form();
        let may = self.stages.contains(&one.stage)
            && verdict(form, one.stage, one.standing).is_allowed()
            && never::hold(form, false, one.severity).is_none();
        if !may {
            return Vec::new();
        }
        let person = Person { birth_on: one.birth_on, first_purchase_on: one.first_purchase_on };
        let who = one.party.to_string();
        let in_global = bucket(&self.global.salt, "global", &who) < self.global.share;
        let in_holdout = bucket(&self.live.salt, &self.live.policy_id.to_string(), &who) < self.live.holdout;
        let arm = arm(form, one.stage, in_global, in_holdout);
        let come = self.plans.iter().filter_map(|plan| come(plan, person, days.almanac, days.today));
        come.map(|come| Meant { party: one.party, stage: one.stage, come, arm }).collect()
    }

    /// Writes down who was meant, and gives it to whom it is given, in one transaction: who is there already stays as they
    /// were, whatever other process was faster.
    async fn write(&self, ctx: &Ctx, days: &Days, meant: Vec<Meant>) -> Result<()> {
        let zone = ctx.app.organisation().await?.zone();
        let mut tx = ctx.app.db.begin().await?;
        let still: Option<(Option<i64>, i64)> = tx
            .maybe(
                sql("SELECT budget_minor, spent_minor FROM policy_versions WHERE id = $1 AND state = 'live' {for_update}")
                    .bind(self.live.version_id),
            )
            .await?;
        let Some((budget, spent)) = still else { return Ok(()) };
        if budget.is_some_and(|budget| spent.saturating_add(self.treatment.unit_cost_minor) > budget) {
            return Ok(());
        }
        let had = self.had(&mut tx, &meant).await?;
        let meant: Vec<Meant> = meant.into_iter().filter(|one| !had.contains(&one.party)).collect();
        let mut offers: HashMap<Id<Exposure>, Offer> = HashMap::new();
        let mut rows = Vec::with_capacity(meant.len());
        for one in meant {
            let id: Id<Exposure> = ctx.id();
            let due = Instant::start_of(one.come.on, &zone).plus(DAY / 2);
            rows.push(vec![
                id.to_value(),
                one.party.to_value(),
                self.live.version_id.to_value(),
                self.live.treatment_id.to_value(),
                self.treatment.kind.to_value(),
                one.come.key.to_value(),
                one.arm.to_value(),
                (one.arm != Arm::Treated).to_value(),
                one.stage.to_value(),
                ctx.now().to_value(),
                due.max(ctx.now()).to_value(),
            ]);
            if one.arm == Arm::Treated && self.treatment.kind != TreatmentKind::Respect {
                let until = one.come.on.max(days.today).plus(self.treatment.valid_days);
                offers.insert(id, Offer { exposure: id, party: one.party, from: days.today, until });
            }
        }
        let mut written: HashSet<Id<Exposure>> = HashSet::new();
        for statement in Sql::inserts(
            "INSERT INTO exposures (id, party_id, policy_version_id, treatment_id, kind, occasion, arm, is_ghost, stage, assigned_at, due_at) VALUES ",
            rows,
            " ON CONFLICT (policy_version_id, treatment_id, occasion, party_id) DO NOTHING RETURNING id",
        ) {
            written.extend(tx.all::<(Id<Exposure>,)>(statement).await?.into_iter().map(|(id,)| id));
        }
        let mut offers: Vec<Offer> = offers.into_iter().filter(|(id, _)| written.contains(id)).map(|(_, offer)| offer).collect();
        offers.sort_unstable_by_key(|offer| offer.exposure);
        grants::offer(&mut tx, ctx, self.live.version_id, &self.treatment, offers).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Those who have had it as often as one customer may.
    async fn had(&self, tx: &mut Tx, meant: &[Meant]) -> Result<HashSet<Id<Party>>> {
        let Some(cap) = self.treatment.party_cap else { return Ok(HashSet::new()) };
        let mut ids: Vec<Id<Party>> = meant.iter().map(|one| one.party).collect();
        ids.dedup();
        let mut query = sql("SELECT g.party_id, COUNT(*) FROM grants g WHERE g.state NOT IN ('expired', 'revoked') AND g.treatment_id = ");
        query.arg(self.live.treatment_id).push(" AND g.party_id IN ").list_padded(&ids).push(" GROUP BY g.party_id");
        let had: Vec<(Id<Party>, i64)> = tx.all(query).await?;
        Ok(had.into_iter().filter(|(_, times)| *times >= cap).map(|(party, _)| party).collect())
    }
}
