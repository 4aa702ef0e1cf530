//! The way of a customer as people see it: where they stand, on what evidence, what is missing for the next stage; and
//! the lists of those who are ready, nearly ready, or about to leave.

use super::engine::{Evidence, Kind, ask, gate_of};
use super::gates::{Gate, Inputs, Threshold, maturity, passes};
use super::history::{self, Whom};
use super::versions::{self, Verdict};
use super::{Stage, Standing};
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

peyvand_db::words! {
    /// Which of the three ways of managing is at work for a customer.
    pub enum Tool {
        /// Creates the relation.
        Crm = "crm",
        /// Continues it.
        Cem = "cem",
        /// Develops it.
        Cam = "cam",
    }
}

impl Tool {
    /// The tool of a stage; none where the relation has ended.
    #[must_use]
    pub fn of(stage: Stage, standing: Standing) -> Option<Tool> {
        match (stage, standing) {
            (_, Standing::Terminated | Standing::Archived | Standing::Disqualified) => None,
            (_, Standing::Lost | Standing::Detractor) | (Stage::Potential | Stage::Actual, _) => Some(Tool::Crm),
            (Stage::Loyal, _) => Some(Tool::Cem),
            (Stage::Advocate, _) => Some(Tool::Cam),
        }
    }
}

row! {
    struct StoredStep {
        kind: Kind = "m.kind",
        stage: Stage = "m.stage",
        standing: Standing = "m.standing",
        entered_on: Day = "m.entered_on",
        left_on: Option<Day> = "m.left_on",
        gate: Option<Gate> = "v.gate",
        version: Option<i64> = "v.number",
        inputs: Option<serde_json::Value> = "t.inputs",
        inputs_hash: Option<String> = "t.inputs_hash",
        evidence: Option<serde_json::Value> = "t.evidence",
        decided_by: Option<String> = "u.name",
        decided_at: Instant = "t.decided_at",
    }
}

row! {
    /// A step that was put right.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct PutRight {
        /// What kind of step it was.
        pub kind: Kind = "w.kind",
        /// The stage that was believed.
        pub stage: Stage = "w.to_stage",
        /// The standing that was believed.
        pub standing: Standing = "w.to_standing",
        /// The day that was believed.
        pub on: Day = "w.happened_on",
        /// When it was put right.
        pub at: Instant = "t.decided_at",
    }
}

/// A step of the way.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StepSeen {
    /// What kind.
    pub kind: Kind,
    /// The stage after it.
    pub stage: Stage,
    /// How they stood after it.
    pub standing: Standing,
    /// Its day.
    pub on: Day,
    /// The day of the next step.
    pub left_on: Option<Day>,
    /// The gate that was passed.
    pub gate: Option<Gate>,
    /// The version of the gate; absent for the one before anybody changed anything.
    pub version: Option<i64>,
    /// What was known when it was passed.
    pub inputs: Option<Inputs>,
    /// SHA-256 of that, in hexadecimal.
    pub inputs_hash: Option<String>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Who confirmed or decided it.
    pub decided_by: Option<String>,
    /// When it was found.
    pub decided_at: Instant,
}

/// The way of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Lifecycle {
    /// The customer.
    pub party_id: Id<Party>,
    /// How far they have come.
    pub stage: Stage,
    /// How they stand.
    pub standing: Standing,
    /// Since when in this stage.
    pub since_on: Day,
    /// The tool at work; absent where the relation has ended.
    pub tool: Option<Tool>,
    /// Until when the first purchase may still be given back, so that they are actual for the time being.
    pub provisional_until: Option<Day>,
    /// The day on which silence counts as leaving, or as quiet for an advocate.
    pub lapses_on: Option<Day>,
    /// What the gate before them asks for.
    pub next: Verdict,
    /// The way, the first step first.
    pub steps: Vec<StepSeen>,
    /// Steps that were believed and put right, the last one first.
    pub put_right: Vec<PutRight>,
}

/// A customer.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleOf {
    /// The customer.
    pub party_id: Id<Party>,
}

/// The way of a customer, with its evidence and what is missing for the next stage.
///
/// # Errors
/// Without the right, for a customer out of sight.
pub async fn get(ctx: &Ctx, input: LifecycleOf) -> Result<Lifecycle> {
    let reader = ctx.read(Perm(Room::Lifecycle, Act::See))?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let rules = versions::timeline(ctx).await?;
    let mut tx = ctx.app.db.snapshot().await?;
    let party = whom::by_id(&mut tx, &reader.sight, input.party_id).await?.id;
    let histories = history::read(&mut tx, Whom::These(&[party]), &zone).await?;
    let Some((_, history)) = histories.first() else { return Err(Error::NotFound("party")) };
    let query = Sql::select::<StoredStep>(
        "FROM stage_memberships m JOIN stage_transitions t ON t.id = m.transition_id
         LEFT JOIN gate_versions v ON v.id = t.gate_version_id LEFT JOIN users u ON u.id = t.decided_by
         WHERE m.party_id = $1 ORDER BY m.place",
    );
    let stored: Vec<StoredStep> = tx.all(query.bind(party)).await?;
    let query = Sql::select::<PutRight>(
        "FROM stage_transitions t JOIN stage_transitions w ON w.id = t.voids_id
         WHERE t.party_id = $1 AND t.kind = 'void' ORDER BY t.id DESC LIMIT 50",
    );
    let put_right: Vec<PutRight> = tx.all(query.bind(party)).await?;
    tx.commit().await?;
    let way = super::engine::walk(history, &rules, today);
    let (stage, standing) = way.steps.last().map_or((Stage::Potential, Standing::Active), |step| (step.stage, step.standing));
    let entered = way.steps.iter().rev().take_while(|step| step.stage == stage).last().map_or(today, |step| step.on);
    let criteria = way.outlook.criteria;
    let gate = way.outlook.gate;
    let first = way.steps.iter().find(|step| step.gate == Some(Gate::First)).map(|step| step.on);
    let returned = first.map(|on| on.plus(rules.on(on).get(Gate::First, Threshold::ReturnDays)));
    let step = |step: StoredStep| -> Result<StepSeen> {
        // Who passed a gate that nobody has changed passed the usual one.
        let gate = step.gate.or_else(|| (step.kind == Kind::Promote).then(|| gate_into(step.stage)).flatten());
        Ok(StepSeen {
            kind: step.kind,
            stage: step.stage,
            standing: step.standing,
            on: step.entered_on,
            left_on: step.left_on,
            gate,
            version: step.version,
            inputs: step.inputs.map(serde_json::from_value).transpose().map_err(Error::fault)?,
            inputs_hash: step.inputs_hash,
            evidence: step.evidence.map(serde_json::from_value).transpose().map_err(Error::fault)?.unwrap_or_default(),
            decided_by: step.decided_by,
            decided_at: step.decided_at,
        })
    };
    Ok(Lifecycle {
        party_id: party,
        stage,
        standing,
        since_on: entered,
        tool: Tool::of(stage, standing),
        provisional_until: returned.filter(|day| stage == Stage::Actual && *day >= today),
        lapses_on: way.outlook.lapses_on,
        next: Verdict {
            gate,
            passes: gate.is_some() && passes(&criteria),
            needs_person: gate.is_some_and(|gate| rules.last().needs_person(gate)),
            maturity: maturity(&criteria),
            criteria,
        },
        steps: stored.into_iter().map(step).collect::<Result<_>>()?,
        put_right,
    })
}

/// The gate into a stage.
fn gate_into(stage: Stage) -> Option<Gate> {
    Stage::ALL.iter().find_map(|from| gate_of(*from).filter(|(_, to)| *to == stage).map(|(gate, _)| gate))
}

peyvand_db::words! {
    /// A list of customers by their way.
    pub enum PeopleList {
        /// Those of a stage and standing, who came last first.
        Stage = "stage",
        /// Those before a gate, who is nearest first: proposals that wait for a person come before all.
        Gate = "gate",
        /// Those of a stage who leave if they go on being silent, the soonest first.
        Leaving = "leaving",
    }
}

/// Which customers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPeople {
    /// Which list.
    pub list: PeopleList,
    /// The stage, for the lists of a stage and of those who leave; `loyal` unless given.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// The standing, for the list of a stage; `active` unless given.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// The gate, for the list of a gate; `g12` unless given.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Only those who wait for a person's word.
    #[serde(default)]
    pub ready: Option<bool>,
    /// Where the page starts: `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    #[serde(default)]
    pub limit: Option<i64>,
}

row! {
    /// A customer in such a list.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct PersonRow {
        /// The customer.
        pub party_id: Id<Party> = "p.id",
        /// Their number.
        pub no: i64 = "p.no",
        /// Their name.
        pub party: String = "p.name",
        /// Who looks after them.
        pub owner: Option<String> = "u.name",
        /// How far they have come.
        pub stage: Stage = "m.stage",
        /// How they stand.
        pub standing: Standing = "m.standing",
        /// Since when.
        pub entered_on: Day = "m.entered_on",
        /// The gate before them.
        pub gate: Option<Gate> = "o.gate",
        /// How many of its needs are not met.
        pub missing: i64 = "o.missing",
        /// How ripe they are, in percent.
        pub maturity: i64 = "o.maturity",
        /// The day on which silence counts as leaving; empty for never.
        pub lapses_on: String = "o.lapses_on",
        /// How far from the gate: the order of its list.
        #[serde(skip)]
        distance: i64 = "o.distance",
    }
}

/// A customer with what is missing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PersonSeen {
    /// The customer.
    #[serde(flatten)]
    pub row: PersonRow,
    /// What the gate asks for, and what there is of it; for the list of a gate.
    pub next: Option<Verdict>,
}

const JOINED: &str = " JOIN parties p ON p.id = o.party_id JOIN stage_memberships m ON m.party_id = o.party_id AND m.left_on IS NULL
     LEFT JOIN users u ON u.id = p.owner_id WHERE 1 = 1";

/// Customers by their way, within sight.
///
/// # Errors
/// Without the right, for a place that is not of such a list.
pub async fn people(ctx: &Ctx, input: ListPeople) -> Result<Page<PersonSeen>> {
    let reader = ctx.read(Perm(Room::Lifecycle, Act::See))?;
    let limit = page_size(input.limit)?;
    let today = ctx.today();
    let place = |text: &str| -> Option<(String, Id<Party>)> {
        let (key, id) = text.split_once('.')?;
        Some((key.to_owned(), id.parse().ok()?))
    };
    let after = match input.after.as_deref().filter(|after| !after.is_empty()) {
        Some(text) => Some(place(text).ok_or_else(|| Error::from(Problem::new("after", "input-cursor")))?),
        None => None,
    };
    let stage = input.stage.unwrap_or(Stage::Loyal);
    let mut query = match input.list {
        PeopleList::Stage => Sql::select::<PersonRow>(
            "FROM stage_memberships m JOIN stage_outlooks o ON o.party_id = m.party_id JOIN parties p ON p.id = m.party_id
             LEFT JOIN users u ON u.id = p.owner_id WHERE m.left_on IS NULL",
        ),
        PeopleList::Gate | PeopleList::Leaving => {
            let mut query = Sql::select::<PersonRow>("FROM stage_outlooks o");
            query.push(JOINED);
            query
        }
    };
    reader.sight.parties(&mut query);
    match input.list {
        PeopleList::Stage => {
            let standing = input.standing.unwrap_or(Standing::Active);
            query.push(" AND m.stage = ").arg(stage).push(" AND m.standing = ").arg(standing);
            if let Some((key, id)) = &after {
                query.push(" AND (m.entered_on, m.party_id) < (").arg(key).push(", ").arg(*id).push(")");
            }
            query.push(" ORDER BY m.entered_on DESC, m.party_id DESC LIMIT ");
        }
        PeopleList::Gate => {
            query.push(" AND o.gate = ").arg(input.gate.unwrap_or(Gate::Loyal));
            if input.ready == Some(true) {
                query.push(" AND o.distance = 0");
            }
            if let Some((key, id)) = &after {
                let key: i64 = key.parse().map_err(|_| Error::from(Problem::new("after", "input-cursor")))?;
                query.push(" AND (o.distance, o.party_id) > (").arg(key).push(", ").arg(*id).push(")");
            }
            query.push(" ORDER BY o.distance, o.party_id LIMIT ");
        }
        PeopleList::Leaving => {
            query.push(" AND o.stage = ").arg(stage).push(" AND o.lapses_on >= ").arg(today);
            if let Some((key, id)) = &after {
                query.push(" AND (o.lapses_on, o.party_id) > (").arg(key).push(", ").arg(*id).push(")");
            }
            query.push(" ORDER BY o.lapses_on, o.party_id LIMIT ");
        }
    }
    query.arg(limit + 1);
    let mut rows: Vec<PersonRow> = ctx.app.db.all(query).await?;
    let has_more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let key = |row: &PersonRow| match input.list {
        PeopleList::Stage => row.entered_on.to_string(),
        PeopleList::Gate => row.distance.to_string(),
        PeopleList::Leaving => row.lapses_on.clone(),
    };
    let next = rows.last().filter(|_| has_more).map(|last| format!("{}.{}", key(last), last.party_id));
    let mut verdicts = match input.list {
        PeopleList::Gate => verdicts(ctx, &rows).await?,
        _ => HashMap::new(),
    };
    let items = rows.into_iter().map(|row| PersonSeen { next: verdicts.remove(&row.party_id), row }).collect();
    Ok(Page { items, next })
}

/// What the gate before each of some customers asks for.
async fn verdicts(ctx: &Ctx, rows: &[PersonRow]) -> Result<HashMap<Id<Party>, Verdict>> {
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let rules = versions::timeline(ctx).await?;
    let ids: Vec<Id<Party>> = rows.iter().map(|row| row.party_id).collect();
    let mut tx = ctx.app.db.snapshot().await?;
    let histories = history::read(&mut tx, Whom::These(&ids), &zone).await?;
    tx.commit().await?;
    let told = histories.into_iter().filter_map(|(party, history)| {
        let (gate, criteria) = ask(&history, &rules, today, None)?;
        let (passes, maturity) = (passes(&criteria), maturity(&criteria));
        Some((party, Verdict { gate: Some(gate), passes, needs_person: rules.last().needs_person(gate), maturity, criteria }))
    });
    Ok(told.collect())
}

/// Of which days.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OverviewOf {
    /// The last so many days, 90 unless given, at most 1,830.
    pub days: Option<i64>,
}

/// How many stand so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Standings {
    /// Stage.
    pub stage: Stage,
    /// Standing.
    pub standing: Standing,
    /// How many now.
    pub customers: i64,
    /// How many came in these days.
    pub entered: i64,
    /// How many left in these days.
    pub left: i64,
}

row! {
    /// How many went from one stand to another.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Flow {
        /// Stage before; empty for whom we did not know.
        pub from_stage: String = "from_stage",
        /// Standing before.
        pub from_standing: String = "from_standing",
        /// Stage after.
        pub to_stage: Stage = "to_stage",
        /// Standing after.
        pub to_standing: Standing = "to_standing",
        /// How many in these days.
        pub customers: i64 = "customers",
        /// How many ever.
        pub ever: i64 = "ever",
    }
}

/// For how many customers a tool is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToolCount {
    /// The tool.
    pub tool: Tool,
    /// How many.
    pub customers: i64,
}

/// Adds up for how many customers each tool is at work.
fn at_work(standings: &[Standings]) -> Vec<ToolCount> {
    let of = |tool| standings.iter().filter(|one| Tool::of(one.stage, one.standing) == Some(tool)).map(|one| one.customers).sum::<i64>();
    Tool::ALL.iter().map(|tool| ToolCount { tool: *tool, customers: of(*tool) }).collect()
}

/// Where customers stand, and how they moved.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Overview {
    /// First of the days.
    pub from_on: Day,
    /// Today.
    pub until_on: Day,
    /// How many stand where.
    pub standings: Vec<Standings>,
    /// For how many each of the three tools is at work; who has left has none.
    pub tools: Vec<ToolCount>,
    /// Moves of these days, most first.
    pub flows: Vec<Flow>,
    /// How many wait for a person's word, by gate.
    pub ready: Vec<(Gate, i64)>,
    /// Whether the ways of everybody were worked out before.
    pub is_known: bool,
}

/// Moves of the customers of one colleague or unit, counted from their ways.
fn flows_within(sight: &Sight, from: Day) -> Sql {
    let mut query = sql("SELECT COALESCE(b.stage, ''), COALESCE(b.standing, ''), m.stage, m.standing,
           COUNT(*) FILTER (WHERE m.entered_on >= ");
    query.arg(from).push(
        "), COUNT(*) FROM parties p JOIN stage_memberships m ON m.party_id = p.id
         LEFT JOIN stage_memberships b ON b.party_id = m.party_id AND b.place = m.place - 1 WHERE 1 = 1",
    );
    sight.parties(&mut query);
    query.push(" GROUP BY COALESCE(b.stage, ''), COALESCE(b.standing, ''), m.stage, m.standing");
    query
}

/// Where customers within sight stand, and how they moved in the last days.
///
/// # Errors
/// Without the right, for more days than there are.
pub async fn overview(ctx: &Ctx, input: OverviewOf) -> Result<Overview> {
    let reader = ctx.read(Perm(Room::Lifecycle, Act::See))?;
    let days = input.days.unwrap_or(90);
    if !(1..=1_830).contains(&days) {
        return Err(Problem::new("days", "input-range").with("min", 1).with("max", 1_830).into());
    }
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let from = today.plus(1 - days);
    let query = match &reader.sight {
        Sight::All => sql("SELECT from_stage, from_standing, to_stage, to_standing,
                CAST(SUM(CASE WHEN happened_on >= $1 THEN customers ELSE 0 END) AS BIGINT), CAST(SUM(customers) AS BIGINT)
             FROM stage_flows GROUP BY from_stage, from_standing, to_stage, to_standing")
        .bind(from),
        sight => flows_within(sight, from),
    };
    let rows: Vec<(String, String, Stage, Standing, i64, i64)> = ctx.app.db.all(query).await?;
    let mut flows: Vec<Flow> = rows
        .into_iter()
        .map(|(from_stage, from_standing, to_stage, to_standing, customers, ever)| Flow {
            from_stage,
            from_standing,
            to_stage,
            to_standing,
            customers,
            ever,
        })
        .collect();
    let mut standings = Vec::new();
    for stage in Stage::ALL {
        for standing in Standing::ALL {
            let to = |flow: &&Flow| (flow.to_stage, flow.to_standing) == (*stage, *standing);
            let from = |flow: &&Flow| (flow.from_stage.as_str(), flow.from_standing.as_str()) == (stage.as_str(), standing.as_str());
            let sum = |one: &dyn Fn(&Flow) -> i64, list: &[&Flow]| list.iter().map(|flow| one(flow)).sum::<i64>();
            let (into, out): (Vec<&Flow>, Vec<&Flow>) = (flows.iter().filter(to).collect(), flows.iter().filter(from).collect());
            let customers = sum(&|flow| flow.ever, &into) - sum(&|flow| flow.ever, &out);
            let (entered, left) = (sum(&|flow| flow.customers, &into), sum(&|flow| flow.customers, &out));
            if customers != 0 || entered != 0 || left != 0 {
                standings.push(Standings { stage: *stage, standing: *standing, customers, entered, left });
            }
        }
    }
    let is_known = !flows.is_empty();
    flows.retain(|flow| flow.customers != 0);
    flows.sort_by_key(|flow| -flow.customers);
    let mut query = sql("SELECT o.gate, count(*) FROM stage_outlooks o JOIN parties p ON p.id = o.party_id
                         WHERE o.gate IS NOT NULL AND o.distance = 0");
    reader.sight.parties(&mut query);
    query.push(" GROUP BY o.gate");
    let ready: Vec<(Gate, i64)> = ctx.app.db.all(query).await?;
    Ok(Overview { from_on: from, until_on: today, tools: at_work(&standings), standings, flows, ready, is_known })
}

/// The operations of what people see.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Lifecycle, Act::See));
    ops.add(
        "lifecycle.get",
        "GET /parties/{party_id}/lifecycle",
        see,
        "The way of a customer from stranger to advocate: each step with its evidence, and what is missing for the next stage.",
        get,
    )
    .example(|| json!({"party_id": Id::<Party>::FIRST}));
    ops.add("lifecycle.overview", "GET /lifecycle", see, "How many customers stand where, and how they moved in the last days.", overview)
        .example(|| json!({"days": 90}));
    ops.add(
        "lifecycle.people",
        "GET /lifecycle/people",
        see,
        "Customers of a stage, before a gate with what is missing, or about to leave.",
        people,
    )
    .example(|| json!({"list": "gate", "gate": "g23", "ready": true}));
}
