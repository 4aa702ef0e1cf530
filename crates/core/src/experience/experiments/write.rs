//! Planning an experiment and writing it down.

use super::dealing::WHOLE;
use super::planning::{self, Base, SHORTEST};
use super::switchback::{self, Design, PERIOD};
use super::whom::{DID, Did, Whom, introductions, purchases};
use super::{DrawUnit, Experiment, ExperimentSeen, MakeGoodPlan, Outcome, Subgroup, make_good, read};
use crate::experience::legality::{TreatmentKind, verdict};
use crate::experience::treatments::{self, Treatment};
use crate::insight::rates::Rates;
use crate::lifecycle::{Stage, Standing};
use crate::marketing::segments::{self, Asked, world};
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, MoneyUnit, parse_decimal};
use crate::platform::text::{clean_line, clean_text};
use crate::{Act, Ctx, Error, Fields, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, ToValue, sql};
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a name.
pub(super) const NAME_MAX: usize = 120;
/// Characters of a question, or of a reason.
pub(super) const TEXT_MAX: usize = 2_000;
/// Treatments that are compared with the control at once.
const ARMS_MAX: usize = 3;
/// Days that a customer may be watched.
const HORIZON: (i64, i64) = (7, 365);
/// The most customers of one experiment: what differs so little that more are needed is not worth knowing.
const PLANNED_MAX: u64 = 200_000;
/// Customers from whom is learned what is usual.
const SAMPLE: i64 = 20_000;
/// Subgroups of an experiment.
const SUBGROUPS_MAX: usize = 4;
/// Days in which is counted how many come to be meant.
const INFLOW: i64 = 90;

/// What is to be planned.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanExperiment {
    /// What is tried, one to three treatments of one kind; each is compared with how it is now.
    pub treatment_ids: Vec<Id<Treatment>>,
    /// Whom it means, a rule of segments; everybody unless given.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// What is measured of each customer.
    pub outcome: Outcome,
    /// Days that each customer is watched, 7 to 365.
    pub horizon_days: i64,
    /// The difference that is worth knowing, as decimal text: in per cent points for `bought` and `introduced`, in days for
    /// `occasions`, in major units of the organisation's currency for amounts.
    pub smallest: String,
    /// With whom a customer is compared: with others unless given, or with themselves, first with the treatment and then without
    /// it or the other way round. Then there is one treatment, and `horizon_days` are those of each period, 60 to 180.
    #[serde(default)]
    pub design: Design,
}

/// What a plan comes to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Planned {
    /// Customers who could be asked now.
    pub customers: i64,
    /// How many come to be meant each day, as in the last 90 days.
    pub per_day: f64,
    /// The mean of what is measured, in as many days before today: a share, days, or minor units.
    pub mean: f64,
    /// Its standard deviation; where customers are compared with themselves, that of what two periods of one of them differ.
    pub deviation: f64,
    /// The difference that is worth knowing, in the same unit.
    pub smallest: f64,
    /// The smallest difference that all of them would show.
    pub detectable: Option<f64>,
    /// Customers whom it takes to see the difference that is worth knowing.
    pub needed: Option<i64>,
    /// Days until the answer.
    pub days: Option<i64>,
    /// Whether the question can be answered within half a year.
    pub can: bool,
    /// What could be learned in another way.
    pub others: Vec<Other>,
    /// What it will come to, at most, to make good that some have the worse price meanwhile; absent unless prices are tried.
    pub make_good: Option<MakeGoodPlan>,
}

peyvand_db::words! {
    /// What could be done instead.
    pub enum Way {
        /// Ask for a larger difference.
        Larger = "larger",
        /// Watch customers for twice as long.
        Longer = "longer",
        /// Try one treatment alone.
        OneArm = "one_arm",
        /// Compare each customer with themselves.
        Switchback = "switchback",
        /// Mean more customers.
        Everybody = "everybody",
        /// Ask some of them what they think.
        Interviews = "interviews",
    }
}

/// Another way to learn something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Other {
    /// Which.
    pub way: Way,
    /// The smallest difference that it would show, where that can be told.
    pub detectable: Option<f64>,
}

/// An experiment to be written down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExperiment {
    /// Its name.
    pub name: String,
    /// What is to be found out, in own words.
    pub question: Option<String>,
    /// What is tried, one to three treatments of one kind; each is compared with how it is now.
    pub treatment_ids: Vec<Id<Treatment>>,
    /// Whom it means, a rule of segments; everybody unless given.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// What is measured of each customer.
    pub outcome: Outcome,
    /// Days that each customer is watched, 7 to 365.
    pub horizon_days: i64,
    /// The difference that is worth knowing, as decimal text: in per cent points for `bought` and `introduced`, in days for
    /// `occasions`, in major units of the organisation's currency for amounts.
    pub smallest: String,
    /// With whom a customer is compared: with others unless given, or with themselves, first with the treatment and then without
    /// it or the other way round. Then there is one treatment, and `horizon_days` are those of each period, 60 to 180.
    #[serde(default)]
    pub design: Design,
    /// Who is drawn: each customer unless given, households where it is about introductions.
    #[serde(default)]
    pub unit: Option<DrawUnit>,
    /// Those of whom is asked apart what it does for them, four at most.
    #[serde(default)]
    pub subgroups: Vec<Subgroup>,
}

/// What is asked, once read.
struct Checked {
    treatments: Vec<treatments::Stored>,
    kind: TreatmentKind,
    stages: Vec<Stage>,
    rule: Option<serde_json::Value>,
    goods: i64,
    smallest: f64,
    base: Base,
    /// The same where each is compared with themselves, where that may be.
    paired: Option<Base>,
    /// What those it means pay for one purchase, in minor units.
    basket: Option<i64>,
}

/// The difference that is worth knowing, in the unit of the outcome.
pub(super) fn smallest(text: &str, outcome: Outcome, currency: Currency) -> Result<f64, Problem> {
    let of = |key| Problem::new("smallest", key);
    let value = match outcome {
        Outcome::Bought | Outcome::Introduced => {
            parse_decimal(text).map_err(|problem| of(problem.key()))?.to_f64().map(|points| points / 100.0)
        }
        Outcome::Occasions => parse_decimal(text).map_err(|problem| of(problem.key()))?.to_f64(),
        Outcome::Spend | Outcome::Benefit => {
            let money = Money::parse(text, currency, MoneyUnit::Currency).map_err(|problem| of(problem.key()))?;
            Some(money.minor as f64)
        }
    };
    let most = if outcome.is_share() { 1.0 } else { f64::INFINITY };
    value.filter(|value| *value > 0.0 && *value < most).ok_or_else(|| of("experiments-smallest-range"))
}

impl PlanExperiment {
    async fn checked(&self, ctx: &Ctx, fields: &mut Fields) -> Result<Option<Checked>> {
        let currency = ctx.app.organisation().await?.currency;
        let mut ids = self.treatment_ids.clone();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() || ids.len() > ARMS_MAX {
            fields.0.push(Problem::new("treatment_ids", "experiments-arms-count").with("max", ARMS_MAX));
        }
        let (least, most) = if self.design == Design::Switchback { PERIOD } else { HORIZON };
        if !(least..=most).contains(&self.horizon_days) {
            fields.0.push(Problem::new("horizon_days", "input-range").with("min", least).with("max", most));
        }
        if self.design == Design::Switchback && ids.len() > 1 {
            fields.add("treatment_ids", "experiments-switch-one");
        }
        let smallest = fields.take(smallest(&self.smallest, self.outcome, currency));
        let rule = match &self.rule {
            Some(rule) => match Asked::read(ctx, rule).await {
                Ok(asked) => Some(asked.stored()?),
                Err(Error::Invalid(problems)) => {
                    fields.0.extend(problems.0);
                    None
                }
                Err(error) => return Err(error),
            },
            None => None,
        };
        let mut query = Sql::select::<treatments::Stored>("FROM treatments t WHERE t.archived_at IS NULL AND t.id IN ");
        query.list_padded(&ids).push(" ORDER BY t.id");
        let treatments: Vec<treatments::Stored> = ctx.app.db.all(query).await?;
        if treatments.len() < ids.len() {
            fields.add("treatment_ids", "experience-treatment-unknown");
        }
        let Some(first) = treatments.first() else { return Ok(None) };
        let kind = first.kind;
        if treatments.iter().any(|one| one.kind != kind) {
            fields.add("treatment_ids", "experiments-one-kind");
        }
        let stages = stages_for(&treatments, self.design)?;
        if stages.is_empty() {
            let key = if self.design == Design::Switchback { "experiments-never-switched" } else { "experiments-never-withheld" };
            fields.add("treatment_ids", key);
        }
        // What is promised is not taken away from anybody, not for a time either.
        if self.design == Design::Switchback && kind == TreatmentKind::Benefit && is_promised(ctx, &ids).await? {
            fields.add("treatment_ids", "experiments-promised");
        }
        let mut tx = ctx.app.db.begin().await?;
        let goods = if self.outcome == Outcome::Benefit { Rates::read(&mut tx).await?.goods() } else { Ok(0) };
        drop(tx);
        let goods = match goods {
            Ok(goods) => goods,
            Err(Error::Invalid(_)) => {
                fields.add("outcome", "profits-goods-unknown");
                0
            }
            Err(error) => return Err(error),
        };
        let Some(smallest) = smallest.filter(|_| fields.0.is_empty()) else { return Ok(None) };
        let rules = treatments.iter().filter_map(|one| one.rule.clone()).chain(rule.clone());
        let rules = rules.map(serde_json::from_value).collect::<std::result::Result<_, _>>().map_err(Error::fault)?;
        let whom = Whom { kind, stages: stages.clone(), rules, world: world(ctx).await? };
        let (mut base, basket) = base(ctx, &whom, self.outcome, self.horizon_days, goods, currency).await?;
        // What could be learned of the same customers, each compared with themselves.
        let period = self.horizon_days.max(PERIOD.0);
        let may_switch = treatments.len() == 1 && period <= PERIOD.1 && stages_for(&treatments, Design::Switchback)? == stages;
        let mut paired = None;
        if may_switch {
            let every = (i64::try_from(base.customers).unwrap_or(i64::MAX) / SAMPLE).max(1);
            paired = switchback::deviation(ctx, &whom, (self.outcome, goods), period, every, currency).await?;
        }
        // The means of two orders are compared, of half of what somebody's periods differ.
        let paired = paired.filter(|paired| *paired > 0.0).map(|paired| Base { deviation: paired / 2.0, is_share: false, ..base });
        if self.design == Design::Switchback {
            base = paired.unwrap_or(Base { deviation: 0.0, is_share: false, ..base });
        }
        Ok(Some(Checked { paired, treatments, kind, stages, rule, goods, smallest, base, basket }))
    }
}

/// The stages at which all of the treatments are meant and allowed, and at which a customer may be left without them.
fn stages_for(treatments: &[treatments::Stored], design: Design) -> Result<Vec<Stage>> {
    let mut stages: Vec<Stage> = Stage::ALL.to_vec();
    for one in treatments {
        let (form, meant) = (one.form(), one.stages()?);
        let may_lack = |stage: Stage| match design {
            Design::Parallel => form.may_be_withheld(stage),
            Design::Switchback => form.may_be_switched(stage),
        };
        stages.retain(|stage| meant.contains(stage) && verdict(form, *stage, Standing::Active).is_allowed() && may_lack(*stage));
    }
    Ok(stages)
}

/// Whether a live policy gives one of them.
async fn is_promised(ctx: &Ctx, treatments: &[Id<Treatment>]) -> Result<bool> {
    let mut query = sql("SELECT COUNT(*) FROM policy_treatments b JOIN policy_versions v ON v.id = b.version_id WHERE v.state = 'live'
        AND b.treatment_id IN ");
    query.list_padded(treatments);
    let (live,): (i64,) = ctx.app.db.one(query).await?;
    Ok(live > 0)
}

/// What is known of those whom it means: how many they are, how many more each day, and what they did in as many days before
/// today as they will be watched; and what they paid for one purchase. Of very many a part is looked at, by their numbers.
async fn base(ctx: &Ctx, whom: &Whom, outcome: Outcome, horizon: i64, goods: i64, currency: Currency) -> Result<(Base, Option<i64>)> {
    let today = whom.world.today;
    let mut query = sql("SELECT COUNT(*), COUNT(CASE WHEN m.entered_on > ");
    query.arg(today.plus(-INFLOW)).push(" THEN 1 END)");
    whom.push(&mut query);
    let (customers, fresh): (i64, i64) = ctx.app.db.one(query).await?;
    let from = today.plus(-horizon);
    let mut query = sql("SELECT ");
    query.push(DID).push(", ");
    introductions(&mut query, "p.id", from, today);
    query.push(" FROM (SELECT p.id");
    whom.push(&mut query);
    query.push(" AND p.no % ").arg((customers / SAMPLE).max(1)).push(" = 0) p");
    purchases(&mut query, currency, from, today);
    query.push(" GROUP BY p.id");
    let did: Vec<(i64, i64, i64)> = ctx.app.db.all(query).await?;
    let (times, spent) = did.iter().fold((0, 0_i64), |(times, spent), (day, minor, _)| (times + day, spent.saturating_add(*minor)));
    let basket = (times > 0).then(|| spent / times);
    let values = did.into_iter().map(|(occasions, minor, friends)| Did { occasions, minor, friends }.measured(outcome, goods, 0));
    let found = peyvand_stats::mean::Moments::of(&values.collect::<Vec<_>>());
    let base = Base {
        customers: u64::try_from(customers).unwrap_or_default(),
        mean: found.as_ref().map_or(0.0, |found| found.mean),
        deviation: found.map_or(0.0, |found| found.variance.sqrt()),
        per_day: fresh as f64 / INFLOW as f64,
        is_share: outcome.is_share(),
    };
    Ok((base, basket))
}

fn planned(ctx: &Ctx, checked: &Checked, (design, horizon): (Design, i64)) -> Planned {
    let Checked { base, smallest, .. } = checked;
    let arms = checked.treatments.len();
    let found = planning::plan(base, *smallest, arms, design.days(horizon));
    let parts = arms as u64 + 1;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut others = Vec::new();
    if !found.can {
        if let Some(detectable) = found.detectable {
            others.push(Other { way: Way::Larger, detectable: Some(detectable) });
        }
        // In twice the time customers who buy at random buy twice as much, and vary by the root of that.
        let longer = (design == Design::Parallel && !base.is_share && horizon * 2 <= HORIZON.1)
            .then(|| Base { deviation: base.deviation * 2.0_f64.sqrt(), ..*base });
        if let Some(longer) = longer {
            let detectable = planning::detectable(&longer, base.customers / parts, arms).ok().map(|one| one / 2.0);
            others.push(Other { way: Way::Longer, detectable });
        }
        if arms > 1 {
            others.push(Other { way: Way::OneArm, detectable: planning::detectable(base, base.customers / 2, 1).ok() });
        }
        if let Some(paired) = checked.paired.filter(|_| design == Design::Parallel) {
            others.push(Other { way: Way::Switchback, detectable: planning::detectable(&paired, base.customers / 2, 1).ok() });
        }
        if checked.rule.is_some() {
            others.push(Other { way: Way::Everybody, detectable: None });
        }
        others.push(Other { way: Way::Interviews, detectable: None });
    }
    Planned {
        customers: count(base.customers),
        per_day: base.per_day,
        mean: base.mean,
        deviation: if design == Design::Switchback { base.deviation * 2.0 } else { base.deviation },
        smallest: *smallest,
        detectable: found.detectable,
        needed: found.per_arm.map(|each| count(each * parts)),
        days: found.days,
        can: found.can,
        others,
        make_good: found.per_arm.and_then(|each| make_good::plan(ctx, &checked.treatments, checked.basket, count(each))),
    }
}

/// The subgroups that are asked for, their rules as they are stored.
async fn named(ctx: &Ctx, asked: Vec<Subgroup>, fields: &mut Fields) -> Result<Vec<Subgroup>> {
    if asked.len() > SUBGROUPS_MAX {
        fields.0.push(Problem::new("subgroups", "experiments-subgroups-many").with("max", SUBGROUPS_MAX));
        return Ok(Vec::new());
    }
    let mut named: Vec<Subgroup> = Vec::with_capacity(asked.len());
    for one in asked {
        let name = clean_line(&one.name, NAME_MAX).map_err(|problem| Problem::new("subgroups", problem.key()).with("max", NAME_MAX));
        let name = fields.take(name).unwrap_or_default();
        if name.is_empty() || named.iter().any(|other| other.name == name) {
            fields.add("subgroups", "experiments-subgroup-name");
        }
        match Asked::read(ctx, &one.rule).await {
            Ok(read) => named.push(Subgroup { name, rule: read.stored()? }),
            Err(Error::Invalid(_)) => fields.add("subgroups", "experiments-subgroup-rule"),
            Err(error) => return Err(error),
        }
    }
    Ok(named)
}

/// What can be learned with the customers there are.
///
/// # Errors
/// For fields that cannot be read, treatments of different kinds, or such as nobody may be left without.
pub async fn plan(ctx: &Ctx, input: PlanExperiment) -> Result<Planned> {
    ctx.read(Perm(Room::Experience, Act::See))?;
    let mut fields = Fields::default();
    let checked = input.checked(ctx, &mut fields).await?;
    fields.check()?;
    Ok(planned(ctx, &checked.ok_or(Error::NotFound("treatment"))?, (input.design, input.horizon_days)))
}

/// Writes an experiment down, as a draft.
///
/// # Errors
/// As [`plan`]; for a difference that no number of customers shows.
pub async fn create(ctx: &Ctx, new: NewExperiment) -> Result<ExperimentSeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Create))?;
    let mut fields = Fields::default();
    let name = clean_line(&new.name, NAME_MAX).map_err(|problem| Problem::new("name", problem.key()).with("max", NAME_MAX));
    let name = fields.take(name).unwrap_or_default();
    if name.is_empty() && fields.0.is_empty() {
        fields.add("name", "input-needed");
    }
    let question = clean_text(new.question.as_deref().unwrap_or_default(), TEXT_MAX)
        .map_err(|problem| Problem::new("question", problem.key()).with("max", TEXT_MAX));
    let question = fields.take(question).filter(|question| !question.is_empty());
    let NewExperiment { name: _, question: _, treatment_ids, rule, outcome, horizon_days, smallest, design, unit, subgroups } = new;
    let subgroups = named(ctx, subgroups, &mut fields).await?;
    let usual = if outcome == Outcome::Introduced && design == Design::Parallel { DrawUnit::Household } else { DrawUnit::Customer };
    let unit = unit.unwrap_or(usual);
    if design == Design::Switchback && (unit == DrawUnit::Household || !subgroups.is_empty()) {
        fields.add("design", "experiments-switch-alone");
    }
    let asked = PlanExperiment { treatment_ids, rule, outcome, horizon_days, smallest, design };
    let checked = asked.checked(ctx, &mut fields).await?;
    fields.check()?;
    let checked = checked.ok_or(Error::NotFound("treatment"))?;
    let plan = planned(ctx, &checked, (design, horizon_days));
    let needed = plan.needed.filter(|needed| u64::try_from(*needed).is_ok_and(|needed| needed <= PLANNED_MAX));
    let Some(needed) = needed else { return Err(Error::invalid("smallest", "experiments-not-to-be-seen")) };
    let id: Id<Experiment> = ctx.id();
    // Nobody else knows it, so that nobody can tell beforehand who will be in which arm.
    let salt: Id<Experiment> = ctx.id();
    let currency = ctx.app.organisation().await?.currency;
    let mut tx = writer.begin().await?;
    tx.run(
        sql("INSERT INTO experiments (id, name, question, kind, outcome, state, is_imported, rule, stages, horizon_days, min_days,
               smallest, planned, goods, currency, salt, assigned, complete, created_by, created_at, unit, subgroups, design)
             VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, 0, $16, $17, $18, $19, $20)")
        .bind(id)
        .bind(&name)
        .bind(question)
        .bind(checked.kind)
        .bind(outcome)
        .bind(false)
        .bind(checked.rule)
        .bind(serde_json::to_value(&checked.stages).map_err(Error::fault)?)
        .bind(horizon_days)
        .bind(design.days(horizon_days).max(SHORTEST))
        .bind(checked.smallest)
        .bind(needed)
        .bind(checked.goods)
        .bind(currency)
        .bind(salt.to_string())
        .bind(ctx.actor.user())
        .bind(ctx.now())
        .bind(unit)
        .bind((!subgroups.is_empty()).then(|| serde_json::to_value(&subgroups)).transpose().map_err(Error::fault)?)
        .bind(design),
    )
    .await?;
    let parts = i64::try_from(checked.treatments.len()).unwrap_or_default() + 1;
    let each = WHOLE / parts;
    let mut rows = vec![vec![
        id.to_value(),
        0_i64.to_value(),
        String::new().to_value(),
        None::<Id<Treatment>>.to_value(),
        (WHOLE - each * (parts - 1)).to_value(),
        0_i64.to_value(),
    ]];
    rows.extend((1_i64..).zip(&checked.treatments).map(|(place, one)| {
        let name = one.name(ctx.prefs.lang).to_owned();
        vec![id.to_value(), place.to_value(), name.to_value(), Some(one.id).to_value(), each.to_value(), one.unit_cost_minor.to_value()]
    }));
    for statement in
        Sql::inserts("INSERT INTO experiment_arms (experiment_id, place, name, treatment_id, share, unit_cost_minor) VALUES ", rows, "")
    {
        tx.run(statement).await?;
    }
    make_good::promise(&mut tx, id, checked.kind, checked.basket).await?;
    events::record(&mut tx, ctx, Event::of("experiment.created", id, json!({"name": name, "planned": needed}))).await?;
    tx.commit().await?;
    read(ctx, id).await
}
