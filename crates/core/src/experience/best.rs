//! The best policy: what was tried and worked, for whom, what each customer costs whom it brings back, and where money would do
//! more. Nothing is moved by itself: what is suggested can be put before others ([`super::proposals`]).

use super::experiments::verdict::Verdict;
use super::experiments::{self, ArmLook, Design, DrawUnit, Experiment, Look, Outcome, Range, Subgroup, SubgroupLook};
use super::legality::TreatmentKind;
use super::policies::{PolicyRow, PolicyState};
use super::treatments::Treatment;
use crate::insight::guard::LEVEL;
use crate::lifecycle::Stage;
use crate::marketing::segments;
use crate::operation::Nothing;
use crate::platform::money::Currency;
use crate::platform::text::Lang;
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Result, Room};
use peyvand_db::{Db, Id, Sql, row};
use peyvand_stats::proportion::{Share, newcombe};
use peyvand_stats::ratio::{Quotient, fieller};
use peyvand_stats::z_of;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// Experiments that are read, the last ones: what is older was tried with other customers.
const EXPERIMENTS: i64 = 100;
/// Policies that are read.
const POLICIES: i64 = 200;
/// The share of what is left of a budget that is moved away from what nobody has tried, in ten-thousandths: it may do as much
/// good, only nobody knows.
pub const STEP: i64 = 1_000;
/// Of what does not work, everything that is left.
const WHOLE: i64 = 10_000;

peyvand_db::words! {
    /// What is known of a treatment.
    pub enum Evidence {
        /// It does what it is meant to.
        Works = "works",
        /// It does no more than what was done before.
        Same = "same",
        /// Nobody knows.
        Unknown = "unknown",
        /// It does not help.
        DoesNot = "does_not",
        /// It harms.
        Harms = "harms",
    }
}

/// What an experiment says of one of its arms.
#[must_use]
pub fn evidence(verdict: Option<Verdict>, recommended: Option<i64>, arm: i64) -> Evidence {
    match verdict {
        Some(Verdict::Recommend) if recommended == Some(arm) => Evidence::Works,
        Some(Verdict::StopHarm) => Evidence::Harms,
        Some(Verdict::KeepCurrent) => Evidence::DoesNot,
        Some(Verdict::Equivalent) => Evidence::Same,
        Some(Verdict::Recommend | Verdict::Invalid | Verdict::NotEnoughData) | None => Evidence::Unknown,
    }
}

/// A difference of shares: with its interval, and the square of its error.
type Added = (Range, f64);

/// The share who did something with a treatment less that of those without it (Newcombe's interval).
fn added(arm: Share, control: Share) -> Option<Added> {
    let spread = |share: Share| share.value() * (1.0 - share.value()) / share.all as f64;
    let range = newcombe(arm, control, LEVEL).ok()?;
    Some((range.into(), spread(arm) + spread(control)))
}

/// What each customer costs who would not have done it without the treatment: the cost of treating one, divided by the difference
/// of the shares, with its interval after Fieller. Nothing where that difference may be none, or is a loss: then the cost may be
/// anything.
fn per_added(cost: f64, (added, error_squared): Added) -> Option<Range> {
    match fieller((cost, 0.0), (added.value, error_squared), 0.0, LEVEL) {
        Ok(Quotient::Bounded(range)) if added.value > 0.0 => Some(range.into()),
        _ => None,
    }
}

/// One arm of an experiment that is over.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tried {
    /// The experiment.
    pub experiment_id: Id<Experiment>,
    /// Its name.
    pub experiment: String,
    /// When it was over.
    pub ended_at: Option<Instant>,
    /// The treatment; absent where it was tried elsewhere.
    pub treatment_id: Option<Id<Treatment>>,
    /// Its name.
    pub treatment: String,
    /// For whom, in one sentence in the caller's language; all of these stages when absent. It is what was written down before it
    /// began.
    pub sentence: Option<String>,
    /// At which stages.
    pub stages: Vec<Stage>,
    /// What it says.
    pub verdict: Option<Verdict>,
    /// What that means for this treatment.
    pub evidence: Evidence,
    /// Customers who were watched to the end, with it and without.
    pub customers: (i64, i64),
    /// The share who bought less that of those without it.
    pub added: Option<Range>,
    /// What it cost for each, in minor units.
    pub cost: Option<f64>,
    /// What each customer costs who would not have bought without it, in minor units; absent where that cannot be told.
    pub per_added: Option<Range>,
    /// The share who introduced somebody less that of those without it.
    pub added_introducers: Option<Range>,
    /// What each customer costs who would have introduced nobody without it, in minor units; absent where that cannot be told.
    pub per_added_introducer: Option<Range>,
    /// For whom it does something else than for the rest, of the groups that were named before it began.
    pub subgroups: Vec<SubgroupTried>,
    /// What each leaves us more, goods and treatment taken off, in minor units.
    pub net: Option<Range>,
}

/// A group for whom a treatment does something else than for the rest.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SubgroupTried {
    /// Its name.
    pub name: String,
    /// What is measured.
    pub outcome: Outcome,
    /// The difference among them, in the unit of the outcome.
    pub inside: Range,
    /// The same among the rest.
    pub outside: Range,
}

/// A live policy with what is left of its budget.
#[derive(Clone, Debug)]
struct Budget {
    policy: Id<PolicyRow>,
    name: String,
    left_minor: i64,
    treatments: Vec<Id<Treatment>>,
}

/// Where money would do more.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Shift {
    /// From this policy.
    pub from_policy_id: Id<PolicyRow>,
    /// Its name.
    pub from_policy: String,
    /// What is known of what it gives: the worst.
    pub evidence: Evidence,
    /// To this treatment.
    pub to_treatment_id: Id<Treatment>,
    /// Its name.
    pub to_treatment: String,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// How many more customers that treats.
    pub customers: i64,
    /// What that leaves us more, in minor units, as the experiment measured it. What the other policy would have brought is not
    /// taken off, for it is not known.
    pub gain: Range,
}

/// What it surely leaves for what it costs; nothing where either is not known.
fn rate(one: &Tried) -> f64 {
    match (one.net, one.cost) {
        (Some(net), Some(cost)) if cost > 0.0 => net.low / cost,
        _ => 0.0,
    }
}

/// What is suggested: from what does not work all that is left, from what nobody has tried a step, to what surely leaves the most
/// for its cost. Nothing where nothing surely works.
fn suggest(budgets: &[Budget], tried: &[Tried]) -> Vec<Shift> {
    let sure = |one: &&Tried| one.evidence == Evidence::Works && one.treatment_id.is_some() && one.net.is_some_and(|net| net.low > 0.0);
    let best = tried.iter().filter(sure).filter(|one| rate(one) > 0.0).max_by(|one, other| rate(one).total_cmp(&rate(other)));
    let Some((best, to, net, cost)) = best.and_then(|best| Some((best, best.treatment_id?, best.net?, best.cost?))) else {
        return Vec::new();
    };
    // Of what was tried twice, the last one counts.
    let mut known: HashMap<Id<Treatment>, Evidence> = HashMap::new();
    for one in tried.iter().rev() {
        if let Some(treatment) = one.treatment_id {
            known.insert(treatment, one.evidence);
        }
    }
    let mut shifts: Vec<Shift> = budgets
        .iter()
        .filter(|budget| !budget.treatments.contains(&to))
        .filter_map(|budget| {
            let of = |treatment: &Id<Treatment>| known.get(treatment).copied().unwrap_or(Evidence::Unknown);
            let evidence = budget.treatments.iter().map(of).max()?;
            let share = match evidence {
                Evidence::Works | Evidence::Same => return None,
                Evidence::Unknown => STEP,
                Evidence::DoesNot | Evidence::Harms => WHOLE,
            };
            let amount = i64::try_from(i128::from(budget.left_minor) * i128::from(share) / i128::from(WHOLE)).ok()?;
            let customers = (amount as f64 / cost).floor();
            (customers >= 1.0).then(|| Shift {
                from_policy_id: budget.policy,
                from_policy: budget.name.clone(),
                evidence,
                to_treatment_id: to,
                to_treatment: best.treatment.clone(),
                amount_minor: amount,
                customers: customers as i64,
                gain: Range { value: net.value * customers, low: net.low * customers, high: net.high * customers },
            })
        })
        .collect();
    shifts.sort_by(|one, other| other.evidence.cmp(&one.evidence).then(other.amount_minor.cmp(&one.amount_minor)));
    shifts
}

/// What is known of the treatments of one kind.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BestOfKind {
    /// The kind.
    pub kind: TreatmentKind,
    /// What was tried: what works first, then the newest.
    pub tried: Vec<Tried>,
}

/// What is best, as far as it is known.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BestPolicy {
    /// The currency of all amounts.
    pub currency: Currency,
    /// What is known, kind by kind.
    pub kinds: Vec<BestOfKind>,
    /// Where money would do more.
    pub shifts: Vec<Shift>,
}

row! {
    struct Asked {
        id: Id<Experiment> = "x.id",
        rule: Option<serde_json::Value> = "x.rule",
        stages: serde_json::Value = "x.stages",
        subgroups: Option<serde_json::Value> = "x.subgroups",
    }
}

row! {
    struct ArmOf {
        experiment_id: Id<Experiment> = "a.experiment_id",
        place: i64 = "a.place",
        name: String = "a.name",
        treatment_id: Option<Id<Treatment>> = "a.treatment_id",
        name_fa: Option<String> = "t.name_fa",
        name_ar: Option<String> = "t.name_ar",
        name_en: Option<String> = "t.name_en",
    }
}

/// What worked, for whom, at what cost, and where money would do more.
///
/// # Errors
/// Without the right.
pub async fn best(ctx: &Ctx, _: Nothing) -> Result<BestPolicy> {
    ctx.read(Perm(Room::Experience, Act::See))?;
    read(ctx).await
}

/// As [`best`], for who has the right already.
pub(super) async fn read(ctx: &Ctx) -> Result<BestPolicy> {
    let currency = ctx.app.organisation().await?.currency;
    let db = &ctx.app.db;
    let tried = tried(ctx, currency).await?;
    let shifts = suggest(&budgets(db).await?, &tried.iter().map(|(_, one)| one.clone()).collect::<Vec<_>>());
    let kinds = TreatmentKind::ALL
        .iter()
        .map(|kind| {
            let mut of: Vec<Tried> = tried.iter().filter(|(one, _)| one == kind).map(|(_, one)| one.clone()).collect();
            of.sort_by_key(|one| one.evidence);
            BestOfKind { kind: *kind, tried: of }
        })
        .collect();
    Ok(BestPolicy { currency, kinds, shifts })
}

/// The arms of experiments that are over, the newest experiment first.
async fn tried(ctx: &Ctx, currency: Currency) -> Result<Vec<(TreatmentKind, Tried)>> {
    let db = &ctx.app.db;
    let mut query = Sql::select::<Experiment>(experiments::FROM);
    query.push(" AND x.state IN ('ended', 'decided') AND x.currency = ").arg(currency);
    query.push(" ORDER BY x.created_at DESC, x.id DESC LIMIT ").arg(EXPERIMENTS);
    let over: Vec<Experiment> = db.all(query).await?;
    let ids: Vec<Id<Experiment>> = over.iter().map(|one| one.id).collect();
    let mut query = Sql::select::<Asked>("FROM experiments x WHERE x.id IN ");
    query.list_padded(&ids);
    let asked: HashMap<Id<Experiment>, Asked> = db.all::<Asked>(query).await?.into_iter().map(|one| (one.id, one)).collect();
    let mut query = Sql::select::<ArmOf>(
        "FROM experiment_arms a LEFT JOIN treatments t ON t.id = a.treatment_id WHERE a.place > 0 AND a.experiment_id IN ",
    );
    query.list_padded(&ids).push(" ORDER BY a.experiment_id, a.place");
    let arms: Vec<ArmOf> = db.all(query).await?;
    let mut query = peyvand_db::sql("SELECT l.experiment_id, l.found FROM experiment_looks l WHERE l.experiment_id IN ");
    query
        .list_padded(&ids)
        .push(" AND NOT EXISTS (SELECT 1 FROM experiment_looks n WHERE n.experiment_id = l.experiment_id AND n.id > l.id)");
    let mut looks: HashMap<Id<Experiment>, Look> = HashMap::new();
    for (id, found) in db.all::<(Id<Experiment>, serde_json::Value)>(query).await? {
        looks.insert(id, serde_json::from_value(found).map_err(Error::fault)?);
    }
    let rules: Vec<serde_json::Value> = over.iter().filter_map(|one| asked.get(&one.id)?.rule.clone()).collect();
    let mut sentences = segments::sentences(ctx, &rules).await?.into_iter();
    let mut tried = Vec::new();
    for experiment in over {
        let asked = asked.get(&experiment.id);
        let sentence = asked.and_then(|asked| asked.rule.as_ref()).and_then(|_| sentences.next());
        let stages: Vec<Stage> = match asked {
            Some(asked) => serde_json::from_value(asked.stages.clone()).map_err(Error::fault)?,
            None => Vec::new(),
        };
        let look = looks.get(&experiment.id);
        let named = experiments::subgroups(asked.and_then(|asked| asked.subgroups.clone()))?;
        for arm in arms.iter().filter(|arm| arm.experiment_id == experiment.id) {
            let mut one = of_arm(ctx, &experiment, arm, sentence.clone(), stages.clone(), look);
            one.subgroups = apart(&named, experiment.outcome, arm.place, look);
            tried.push((experiment.kind, one));
        }
    }
    Ok(tried)
}

/// The groups for whom an arm does something else than for the rest.
fn apart(named: &[Subgroup], outcome: Outcome, arm: i64, look: Option<&Look>) -> Vec<SubgroupTried> {
    let told = look.map_or(&[][..], |look| &look.subgroups);
    let row = |one: &SubgroupLook| {
        let named = named.get(usize::try_from(one.subgroup).ok()?)?;
        Some(SubgroupTried { name: named.name.clone(), outcome, inside: one.inside, outside: one.outside })
    };
    told.iter().filter(|one| one.arm == arm && one.differs).filter_map(row).collect()
}

fn of_arm(ctx: &Ctx, experiment: &Experiment, arm: &ArmOf, sentence: Option<String>, stages: Vec<Stage>, look: Option<&Look>) -> Tried {
    let share = |place: i64, yes: fn(&ArmLook) -> i64| {
        let one = look?.arms.iter().find(|one| one.place == place)?;
        Some(Share { yes: yes(one).unsigned_abs(), all: one.complete.unsigned_abs() })
    };
    let contrast = look.and_then(|look| look.contrasts.iter().find(|one| one.arm == arm.place));
    let beside = |outcome: Outcome, yes: fn(&ArmLook) -> i64| match (experiment.unit, experiment.design) {
        (DrawUnit::Customer, Design::Parallel) => added(share(arm.place, yes)?, share(0, yes)?),
        // Those of one household are no strangers to each other, and still less is somebody to themselves: only what was measured
        // was reckoned with that.
        _ => {
            let range = contrast.filter(|_| experiment.outcome == outcome)?.difference;
            Some((range, ((range.high - range.low) / 2.0 / z_of(LEVEL).ok()?).powi(2)))
        }
    };
    let bought = beside(Outcome::Bought, |one| one.buyers);
    // Nobody of whom it was tried elsewhere is known to have introduced somebody.
    let introduced = if experiment.is_imported { None } else { beside(Outcome::Introduced, |one| one.introducers) };
    let cost = contrast.and_then(|contrast| contrast.cost);
    let each = |added: Option<Added>| {
        let (cost, added) = cost.filter(|cost| *cost > 0.0).zip(added)?;
        per_added(cost, added)
    };
    let watched = |place| look.and_then(|look| look.arms.iter().find(|one| one.place == place)).map_or(0, |one| one.complete);
    let name = match ctx.prefs.lang {
        Lang::Fa => &arm.name_fa,
        Lang::Ar => &arm.name_ar,
        Lang::En => &arm.name_en,
    };
    Tried {
        experiment_id: experiment.id,
        experiment: experiment.name.clone(),
        ended_at: experiment.ended_at,
        treatment_id: arm.treatment_id,
        treatment: name.clone().unwrap_or_else(|| arm.name.clone()),
        sentence,
        stages,
        verdict: experiment.verdict,
        evidence: evidence(experiment.verdict, experiment.verdict_arm, arm.place),
        customers: (watched(arm.place), watched(0)),
        added: bought.map(|(range, _)| range),
        cost,
        per_added: each(bought),
        added_introducers: introduced.map(|(range, _)| range),
        per_added_introducer: each(introduced),
        subgroups: Vec::new(),
        net: contrast.and_then(|contrast| contrast.net),
    }
}

/// Live policies that have something left of a budget, with what they give.
async fn budgets(db: &Db) -> Result<Vec<Budget>> {
    let mut query = peyvand_db::sql(
        "SELECT o.id, o.name, v.budget_minor - v.spent_minor, b.treatment_id
         FROM policy_versions v JOIN policies o ON o.id = v.policy_id JOIN policy_treatments b ON b.version_id = v.id
         WHERE v.budget_minor > v.spent_minor AND v.state = ",
    );
    query.arg(PolicyState::Live).push(" ORDER BY o.id, b.place LIMIT ").arg(POLICIES);
    let mut budgets: Vec<Budget> = Vec::new();
    for (policy, name, left_minor, treatment) in db.all::<(Id<PolicyRow>, String, i64, Id<Treatment>)>(query).await? {
        match budgets.last_mut().filter(|last| last.policy == policy) {
            Some(last) => last.treatments.push(treatment),
            None => budgets.push(Budget { policy, name, left_minor, treatments: vec![treatment] }),
        }
    }
    Ok(budgets)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "policies.best",
        "GET /policies/best",
        Some(Perm(Room::Experience, Act::See)),
        "What was tried and worked, for whom, at what cost, and where money would do more.",
        best,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T>(number: u128) -> Id<T> {
        Id::new(uuid::Uuid::from_u128(number))
    }

    fn tried(treatment: u128, evidence: Evidence, cost: f64, net: (f64, f64)) -> Tried {
        Tried {
            experiment_id: id(treatment + 100),
            experiment: "آزمایش".into(),
            ended_at: None,
            treatment_id: Some(id(treatment)),
            treatment: format!("{treatment}"),
            sentence: None,
            stages: vec![Stage::Loyal],
            verdict: None,
            evidence,
            customers: (100, 100),
            added: None,
            cost: Some(cost),
            per_added: None,
            added_introducers: None,
            per_added_introducer: None,
            subgroups: Vec::new(),
            net: Some(Range { value: f64::midpoint(net.0, net.1), low: net.0, high: net.1 }),
        }
    }

    fn budget(policy: u128, left_minor: i64, treatments: &[u128]) -> Budget {
        Budget { policy: id(policy), name: format!("{policy}"), left_minor, treatments: treatments.iter().map(|one| id(*one)).collect() }
    }

    #[test]
    fn only_the_arm_that_is_recommended_works() {
        assert_eq!(evidence(Some(Verdict::Recommend), Some(2), 2), Evidence::Works);
        assert_eq!(evidence(Some(Verdict::Recommend), Some(2), 1), Evidence::Unknown);
        assert_eq!(evidence(Some(Verdict::StopHarm), None, 1), Evidence::Harms);
        assert_eq!(evidence(Some(Verdict::KeepCurrent), None, 1), Evidence::DoesNot);
        assert_eq!(evidence(Some(Verdict::NotEnoughData), None, 1), Evidence::Unknown);
    }

    #[test]
    fn an_added_customer_costs_what_all_cost_or_cannot_be_told() {
        // 200 of 1,000 beside 100 of 1,000: 0.1, variance 0.00016 + 0.00009; 50 for each: 500. Fieller's limits, worked by hand, are
        // 50·(0.1 ± 1.96·√0.00025) / (0.01 − 3.8415·0.00025).
        let share = |yes, all| Share { yes, all };
        let per_added = |cost, arm, control| per_added(cost, added(arm, control)?);
        let found = per_added(50.0, share(200, 1_000), share(100, 1_000)).unwrap();
        assert!(
            (found.value - 500.0).abs() < 1e-9 && (found.low - 381.709).abs() < 0.01 && (found.high - 724.530).abs() < 0.01,
            "{found:?}"
        );
        assert_eq!(per_added(50.0, share(110, 1_000), share(100, 1_000)), None, "there may be no difference");
        assert_eq!(per_added(50.0, share(100, 1_000), share(200, 1_000)), None, "it keeps customers away");
        assert_eq!(per_added(50.0, share(0, 0), share(1, 10)), None);
    }

    #[test]
    fn money_goes_from_what_does_not_work_to_what_surely_leaves_the_most_for_its_cost() {
        let known = [
            tried(1, Evidence::Works, 100.0, (50.0, 150.0)),
            tried(2, Evidence::Works, 1_000.0, (100.0, 900.0)),
            tried(3, Evidence::DoesNot, 10.0, (-5.0, 0.0)),
            tried(4, Evidence::Works, 1.0, (-5.0, 40.0)),
        ];
        let budgets =
            [budget(10, 1_000, &[9]), budget(11, 1_000, &[3, 2]), budget(12, 1_000, &[1]), budget(13, 1_000, &[2]), budget(14, 999, &[9])];
        let shifts = suggest(&budgets, &known);
        let told: Vec<_> = shifts.iter().map(|one| (one.from_policy.as_str(), one.evidence, one.amount_minor, one.customers)).collect();
        assert_eq!(told, [("11", Evidence::DoesNot, 1_000, 10), ("10", Evidence::Unknown, 100, 1)], "a step that treats nobody is none");
        assert_eq!((shifts[0].to_treatment.as_str(), shifts[0].gain), ("1", Range { value: 1_000.0, low: 500.0, high: 1_500.0 }));
        assert_eq!(suggest(&budgets, &known[2..]), [], "what may leave nothing is not suggested");
        // The newest of two experiments counts: they are listed first.
        let changed = [known[0].clone(), tried(3, Evidence::Works, 10.0, (-1.0, 9.0)), known[2].clone()];
        assert_eq!(suggest(&budgets[1..2], &changed).len(), 1, "the other treatment is still unknown");
        assert_eq!(suggest(&[budget(11, 1_000, &[3])], &changed), []);
    }
}
