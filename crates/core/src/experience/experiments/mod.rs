//! Experiments: what a treatment really does, told by customers who get it and by others, alike but for chance, who do not.
//! What is asked is written down before it begins; what it says follows from that by one rule ([`verdict::judge`]).

mod crossover;
mod dealing;
mod decide;
mod enrol;
mod figures;
mod given;
mod households;
mod import;
mod looks;
mod make_good;
pub(crate) mod merge;
mod planning;
mod steps;
mod switchback;

pub mod verdict;
mod whom;
mod write;

pub use decide::{DecideExperiment, decide};
pub(crate) use enrol::run;
pub use figures::{ArmLook, Check, CheckKind, ContrastLook, Guard, Look, OrderLook, Range, SubgroupLook, Usual};
pub use given::{Deliver, Delivered, ExperimentUnit, ListUnits, deliver, units};
pub use import::{ImportExperiment, import};
pub use looks::analyse;
pub(in crate::experience) use make_good::OCCASION as MAKE_GOOD;
pub use make_good::{LeftOut, MadeGood, MakeGood, MakeGoodPlan, MakeGoodState};
use planning::TOO_LONG;
pub use steps::{pause, resume, start};
pub use switchback::{Design, PERIOD, WASHOUT};
pub use write::{NewExperiment, Other, PlanExperiment, Planned, Way, create, plan};

use self::verdict::Verdict;
use super::legality::TreatmentKind;
use super::treatments::Treatment;
use crate::marketing::segments;
use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::events::{cursor, cursor_at};
use crate::platform::money::Currency;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Db, Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Looks that one answer shows, the last ones.
const LOOKS: i64 = 120;

peyvand_db::words! {
    /// What is measured of each customer.
    pub enum Outcome {
        /// Whether they bought.
        Bought = "bought",
        /// On how many days they bought.
        Occasions = "occasions",
        /// What they spent.
        Spend = "spend",
        /// What that leaves us, less what the treatment cost.
        Benefit = "benefit",
        /// Whether they introduced somebody.
        Introduced = "introduced",
    }
}

impl Outcome {
    /// Whether it is an amount of money.
    #[must_use]
    pub const fn is_money(self) -> bool {
        matches!(self, Outcome::Spend | Outcome::Benefit)
    }

    /// Whether its mean is a share of customers.
    #[must_use]
    pub const fn is_share(self) -> bool {
        matches!(self, Outcome::Bought | Outcome::Introduced)
    }
}

peyvand_db::words! {
    /// Who is drawn.
    pub enum DrawUnit {
        /// Each customer.
        Customer = "customer",
        /// All who share a phone number or address on the net, are related, or introduced one another: what is done to one of
        /// them is not hidden from the others.
        Household = "household",
    }
}

/// Those of whom is asked apart what a treatment does for them, named before it begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subgroup {
    /// Its name.
    pub name: String,
    /// Who they are, a rule of segments; where they stand when they come into the experiment counts.
    #[schemars(with = "crate::marketing::segments::rule::Rule")]
    pub rule: serde_json::Value,
}

peyvand_db::words! {
    /// How far an experiment has come.
    pub enum ExperimentState {
        /// Written down.
        Draft = "draft",
        /// Under way.
        Running = "running",
        /// Stopped for now: nobody comes into it.
        Paused = "paused",
        /// Everybody has been seen to the end; somebody is to decide.
        Ended = "ended",
        /// Somebody has decided.
        Decided = "decided",
    }
}

peyvand_db::words! {
    /// What was decided.
    pub enum Decision {
        /// What an arm does is done from now on.
        Adopt = "adopt",
        /// All stays as it was.
        Keep = "keep",
        /// It was stopped.
        Stop = "stop",
        /// The question stays open.
        Open = "open",
    }
}

row! {
    /// An experiment.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Experiment {
        /// Its id.
        pub id: Id<Experiment> = "x.id",
        /// Its name.
        pub name: String = "x.name",
        /// What is to be found out, in own words.
        pub question: Option<String> = "x.question",
        /// What its treatments are.
        pub kind: TreatmentKind = "x.kind",
        /// What is measured of each customer.
        pub outcome: Outcome = "x.outcome",
        /// How far it has come.
        pub state: ExperimentState = "x.state",
        /// Whether it took place elsewhere, and only what came of it was brought in.
        pub is_imported: bool = "x.is_imported",
        /// With whom a customer is compared.
        pub design: Design = "x.design",
        /// Who is drawn.
        pub unit: DrawUnit = "x.unit",
        /// Days that each customer is watched; of two periods, the days of one.
        pub horizon_days: i64 = "x.horizon_days",
        /// Days that it runs at least.
        pub min_days: i64 = "x.min_days",
        /// The difference that is worth knowing: a share, a number of days with a purchase, or minor units.
        pub smallest: f64 = "x.smallest",
        /// Customers whom it takes.
        pub planned: i64 = "x.planned",
        /// Customers who are in it.
        pub assigned: i64 = "x.assigned",
        /// Customers who have been watched to the end.
        pub complete: i64 = "x.complete",
        /// What it says so far.
        pub verdict: Option<Verdict> = "x.verdict",
        /// The arm that it recommends.
        pub verdict_arm: Option<i64> = "x.verdict_arm",
        /// When it was last looked at.
        pub looked_at: Option<Instant> = "x.looked_at",
        /// What was written down when it began, as a hash.
        pub hash: Option<String> = "x.hash",
        /// What was decided.
        pub decision: Option<Decision> = "x.decision",
        /// Which arm was adopted.
        pub decision_arm: Option<i64> = "x.decision_arm",
        /// Why.
        pub decision_reason: Option<String> = "x.decision_reason",
        /// Name of who decided.
        pub decider: Option<String> = "d.name",
        /// When.
        pub decided_at: Option<Instant> = "x.decided_at",
        /// Who wrote it down.
        pub created_by: Option<Id<User>> = "x.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
        /// When.
        pub created_at: Instant = "x.created_at",
        /// When it began.
        pub started_at: Option<Instant> = "x.started_at",
        /// When the last customer had been watched to the end, or it was stopped.
        pub ended_at: Option<Instant> = "x.ended_at",
    }
}

pub(super) const FROM: &str =
    "FROM experiments x LEFT JOIN users u ON u.id = x.created_by LEFT JOIN users d ON d.id = x.decided_by WHERE 1 = 1";

row! {
    /// An experiment as it is stored.
    #[derive(Clone, Debug)]
    pub(crate) struct Stored {
        pub(crate) id: Id<Experiment>,
        pub(crate) name: String,
        pub(crate) question: Option<String>,
        pub(crate) kind: TreatmentKind,
        pub(crate) outcome: Outcome,
        pub(crate) state: ExperimentState,
        pub(crate) is_imported: bool,
        pub(crate) design: Design,
        pub(crate) unit: DrawUnit,
        pub(crate) subgroups: Option<serde_json::Value>,
        pub(crate) rule: Option<serde_json::Value>,
        pub(crate) stages: serde_json::Value,
        pub(crate) horizon_days: i64,
        pub(crate) min_days: i64,
        pub(crate) smallest: f64,
        pub(crate) planned: i64,
        pub(crate) goods: i64,
        pub(crate) currency: Currency,
        pub(crate) salt: String,
        pub(crate) take: Option<i64>,
        pub(crate) assigned: i64,
        pub(crate) verdict: Option<Verdict>,
        pub(crate) created_by: Option<Id<User>>,
        pub(crate) started_at: Option<Instant>,
    }
}

impl Stored {
    /// The subgroups that were named.
    fn named(&self) -> Result<Vec<Subgroup>> {
        subgroups(self.subgroups.clone())
    }
}

pub(super) fn subgroups(stored: Option<serde_json::Value>) -> Result<Vec<Subgroup>> {
    stored.map_or_else(|| Ok(Vec::new()), |stored| serde_json::from_value(stored).map_err(Error::fault))
}

row! {
    /// What is compared.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub struct Arm {
        /// Which: 0 is the control, for whom all stays as it was.
        pub place: i64,
        /// Its name.
        pub name: String,
        /// What they get; nothing in the control.
        pub treatment_id: Option<Id<Treatment>>,
        /// How many of all, in ten-thousandths.
        pub share: i64,
        /// What giving it once costs us, in minor units.
        pub unit_cost_minor: i64,
    }
}

/// An experiment, with all that is known of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExperimentSeen {
    /// The experiment.
    #[serde(flatten)]
    pub experiment: Experiment,
    /// Whom it means, in one sentence in the caller's language; everybody when absent.
    pub sentence: Option<String>,
    /// Its currency.
    pub currency: Currency,
    /// What is compared, the control first.
    pub arms: Vec<Arm>,
    /// Those of whom is asked apart what it does for them.
    pub subgroups: Vec<Subgroup>,
    /// What was written down when it began.
    pub registration: Option<serde_json::Value>,
    /// What was seen last.
    pub look: Option<Look>,
    /// What was seen each time, the oldest first, 120 times at most.
    pub history: Vec<Look>,
    /// Whether somebody other than who wrote it down must begin it.
    pub needs_other: bool,
    /// How it is made good that some had the worse price; absent unless prices are tried.
    pub make_good: Option<MakeGood>,
}

/// Which experiment.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentId {
    /// Its id.
    pub id: Id<Experiment>,
}

fn conflict(key: &'static str) -> Error {
    Error::Conflict(Fields(vec![Problem::new("id", key)]))
}

/// Takes an experiment for a change: its row is the caller's until the transaction ends.
async fn take(tx: &mut Tx, id: Id<Experiment>) -> Result<Stored> {
    let mut query = Sql::select::<Stored>("FROM experiments WHERE id = ");
    query.arg(id).push(" {for_update}");
    tx.maybe(query).await?.ok_or(Error::NotFound("experiment"))
}

async fn arms(db: &Db, id: Id<Experiment>) -> Result<Vec<Arm>> {
    let mut query = Sql::select::<Arm>("FROM experiment_arms WHERE experiment_id = ");
    query.arg(id).push(" ORDER BY place");
    Ok(db.all(query).await?)
}

async fn read(ctx: &Ctx, id: Id<Experiment>) -> Result<ExperimentSeen> {
    let db = &ctx.app.db;
    let mut query = Sql::select::<Experiment>(FROM);
    query.push(" AND x.id = ").arg(id);
    let experiment: Experiment = db.maybe(query).await?.ok_or(Error::NotFound("experiment"))?;
    let mut query = peyvand_db::sql("SELECT rule, registration, subgroups, currency FROM experiments WHERE id = ");
    query.arg(id);
    type Json = Option<serde_json::Value>;
    let (rule, registration, named, currency): (Json, Json, Json, Currency) = db.one(query).await?;
    let rules: Vec<serde_json::Value> = rule.into_iter().collect();
    let sentence = segments::sentences(ctx, &rules).await?.into_iter().next();
    let arms = arms(db, id).await?;
    let mut query = peyvand_db::sql("SELECT found FROM experiment_looks WHERE experiment_id = ");
    query.arg(id).push(" ORDER BY id DESC LIMIT ").arg(LOOKS);
    let found: Vec<(serde_json::Value,)> = db.all(query).await?;
    let read = |(found,): (serde_json::Value,)| serde_json::from_value(found).map_err(Error::fault);
    let mut history: Vec<Look> = found.into_iter().map(read).collect::<Result<_>>()?;
    history.reverse();
    Ok(ExperimentSeen {
        needs_other: steps::needs_other(db, &arms).await?,
        make_good: make_good::seen(ctx, id, &arms).await?,
        look: history.last().cloned(),
        experiment,
        sentence,
        currency,
        arms,
        subgroups: subgroups(named)?,
        registration,
        history,
    })
}

/// Which experiments.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListExperiments {
    /// Only those that have come so far.
    pub state: Option<ExperimentState>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Experiments, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListExperiments) -> Result<Page<Experiment>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Experiment>(FROM);
    if let Some(state) = input.state {
        query.push(" AND x.state = ").arg(state);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Experiment>(after)?;
        query.push(" AND (x.created_at, x.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY x.created_at DESC, x.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Experiment> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.created_at, last.id)))
}

/// One experiment with all that is known of it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(ctx: &Ctx, input: ExperimentId) -> Result<ExperimentSeen> {
    ctx.read(Perm(Room::Experience, Act::See))?;
    read(ctx, input.id).await
}

/// The operations of experiments.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Experience, act));
    let plan_of =
        || json!({"treatment_ids": [SOME], "outcome": "occasions", "horizon_days": 60, "smallest": "0.5", "design": "switchback"});
    ops.add("experiments.plan", "POST /experiments/plan", perm(Act::See), "What can be learned with the customers there are.", plan)
        .example(plan_of);
    ops.add("experiments.create", "POST /experiments", perm(Act::Create), "Writes an experiment down, as a draft.", create).example(|| {
        json!({
            "name": "تماس پس از خرید", "question": "آیا تماس، خرید دوباره می‌آورد؟", "treatment_ids": [SOME], "outcome": "bought",
            "horizon_days": 60, "smallest": "5", "rule": {"field": {"field": "city", "is": {"one_of": ["تهران"]}}},
            "unit": "household", "subgroups": [{"name": "شهرستان‌ها", "rule": {"field": {"field": "city", "is": {"one_of": ["قم"]}}}}]
        })
    });
    ops.add("experiments.list", "GET /experiments", perm(Act::See), "Experiments, newest first.", list)
        .example(|| json!({"state": "running"}));
    ops.add("experiments.get", "GET /experiments/{id}", perm(Act::See), "One experiment with all that was seen of it.", get);
    ops.add("experiments.start", "POST /experiments/{id}/start", perm(Act::Change), "Begins it: what it asks stays as it is.", start);
    ops.add("experiments.pause", "POST /experiments/{id}/pause", perm(Act::Change), "Stops it for now.", pause);
    ops.add("experiments.resume", "POST /experiments/{id}/resume", perm(Act::Change), "Has it go on.", resume);
    ops.add("experiments.units", "GET /experiments/{id}/units", perm(Act::See), "Who is in it, arm by arm.", units)
        .example(|| json!({"id": SOME, "arm": 1}));
    ops.add("experiments.deliver", "POST /experiments/{id}/deliver", perm(Act::Change), "Notes who got what their arm gets.", deliver)
        .example(|| json!({"id": SOME, "party_ids": [SOME]}));
    ops.add("experiments.analyse", "POST /experiments/{id}/analyse", perm(Act::Change), "Looks at it now.", analyse);
    ops.add("experiments.decide", "POST /experiments/{id}/decide", perm(Act::Change), "Decides, with a reason.", decide)
        .example(|| json!({"id": SOME, "decision": "adopt", "arm": 1, "reason": "در هر دو شعبه بهتر بود"}));
    ops.add("experiments.import", "POST /experiments/import", perm(Act::Create), "Brings in what came of an experiment elsewhere.", import)
        .example(|| {
            json!({
                "name": "ایمیل بهاره", "outcome": "bought", "kind": "discount", "currency": "USD",
                "rows": "arm,bought,spent,times\nnone,0,0,19044\nnone,1,0,2262\nmail,0,0,17413\nmail,1,0,3894", "control": "none"
            })
        });
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_make_good;
#[cfg(test)]
mod tests_switchback;
