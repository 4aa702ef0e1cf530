//! Gates as the organisation sets them: versions that are never changed, each from its day on, and what a change would
//! move before anybody makes it.

use super::engine::walk;
use super::gates::{self, BOUNDS, Bound, Gate, GateVersion, Rules, Threshold, Thresholds, Timeline, bound_of};
use super::history::{self, Whom};
use super::{Stage, Standing, ways};
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Customers whose ways a preview goes; of more it goes a part, drawn by their ids.
const LOOKED_AT: i64 = 4_000;
/// Characters of a note.
const NOTE_MAX: usize = 500;

row! {
    /// A version of a gate as it is stored.
    #[derive(Clone, Debug)]
    struct StoredVersion {
        id: Id<GateVersion> = "v.id",
        gate: Gate = "v.gate",
        number: i64 = "v.number",
        thresholds: serde_json::Value = "v.thresholds",
        from_on: Day = "v.from_on",
        note: Option<String> = "v.note",
        created_by: Option<Id<User>> = "v.created_by",
        author: Option<String> = "u.name",
        created_at: Instant = "v.created_at",
    }
}

/// A version of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VersionSeen {
    /// Its id; absent for what holds before anybody changed anything.
    pub id: Option<Id<GateVersion>>,
    /// 1 is the first one.
    pub number: i64,
    /// From this day on; the first one also before.
    pub from_on: Option<Day>,
    /// All thresholds of the gate.
    pub thresholds: BTreeMap<Threshold, i64>,
    /// Why.
    pub note: Option<String>,
    /// By whom.
    pub author: Option<String>,
    /// When.
    pub created_at: Option<Instant>,
}

/// A gate with what may be set, and its versions, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GateSeen {
    /// The gate.
    pub gate: Gate,
    /// Its thresholds with their bounds.
    pub bounds: Vec<BoundSeen>,
    /// The newest version first.
    pub versions: Vec<VersionSeen>,
}

/// A threshold: what it is now, and between which bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BoundSeen {
    /// Which.
    pub threshold: Threshold,
    /// Now.
    pub value: i64,
    /// Unless somebody says otherwise.
    pub usual: i64,
    /// At least.
    pub min: i64,
    /// At most.
    pub max: i64,
}

async fn stored(ctx: &Ctx) -> Result<Vec<StoredVersion>> {
    let query = Sql::select::<StoredVersion>("FROM gate_versions v LEFT JOIN users u ON u.id = v.created_by ORDER BY v.gate, v.number");
    Ok(ctx.app.db.all(query).await?)
}

fn read(version: &StoredVersion) -> Result<Thresholds> {
    serde_json::from_value(version.thresholds.clone()).map_err(Error::fault)
}

/// The rules of all days.
///
/// # Errors
/// When the database is out of reach.
pub async fn timeline(ctx: &Ctx) -> Result<Timeline> {
    timeline_with(&stored(ctx).await?, None)
}

/// The rules of all days, with one version more from a day on.
fn timeline_with(versions: &[StoredVersion], more: Option<(Gate, &Thresholds, Day)>) -> Result<Timeline> {
    let mut rules = Rules::usual();
    let mut later = Vec::new();
    for version in versions {
        let thresholds = read(version)?;
        match version.number {
            1 => rules = rules.with(version.gate, Some(version.id), &thresholds),
            _ => later.push((version.from_on, version.gate, Some(version.id), thresholds)),
        }
    }
    let mut timeline = Timeline::always(rules.clone());
    later.sort_by_key(|(from, ..)| *from);
    later.extend(more.map(|(gate, thresholds, from)| (from, gate, None, thresholds.clone())));
    for (from, gate, version, thresholds) in later {
        rules = rules.with(gate, version, &thresholds);
        timeline.push(from, rules.clone());
    }
    Ok(timeline)
}

/// All gates as they are set.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, _: Nothing) -> Result<Vec<GateSeen>> {
    ctx.read(Perm(Room::Lifecycle, Act::See))?;
    let stored = stored(ctx).await?;
    let now = timeline_with(&stored, None)?;
    let of = |gate: Gate| {
        let bounds = BOUNDS.iter().filter(|bound| bound.gate == gate);
        let seen = |bound: &Bound| {
            let Bound { threshold, usual, min, max, .. } = *bound;
            BoundSeen { threshold, value: now.last().get(gate, threshold), usual, min, max }
        };
        let version = |version: &StoredVersion| -> Result<VersionSeen> {
            let rules = Rules::usual().with(gate, None, &read(version)?);
            Ok(VersionSeen {
                id: Some(version.id),
                number: version.number,
                from_on: (version.number > 1).then_some(version.from_on),
                thresholds: all_of(gate, &rules),
                note: version.note.clone(),
                author: version.author.clone(),
                created_at: Some(version.created_at),
            })
        };
        let mut versions = stored.iter().filter(|one| one.gate == gate).rev().map(version).collect::<Result<Vec<_>>>()?;
        if versions.last().is_none_or(|first| first.number > 1) {
            let (number, thresholds) = (1, all_of(gate, &Rules::usual()));
            versions.push(VersionSeen { id: None, number, from_on: None, thresholds, note: None, author: None, created_at: None });
        }
        Ok(GateSeen { gate, bounds: bounds.map(seen).collect(), versions })
    };
    Gate::ALL.iter().map(|gate| of(*gate)).collect()
}

fn all_of(gate: Gate, rules: &Rules) -> BTreeMap<Threshold, i64> {
    BOUNDS.iter().filter(|bound| bound.gate == gate).map(|bound| (bound.threshold, rules.get(gate, bound.threshold))).collect()
}

/// How a gate is to be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateChange {
    /// Which.
    pub gate: Gate,
    /// The thresholds that change; the others stay.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// Why.
    #[serde(default)]
    pub note: Option<String>,
}

/// The thresholds of a gate after a change, and what keeps it from being made.
fn changed(now: &Rules, change: &GateChange) -> Result<Thresholds> {
    let mut problems = Fields::default();
    let mut all = all_of(change.gate, now);
    for (threshold, value) in &change.thresholds.0 {
        match bound_of(change.gate, *threshold) {
            None => problems.add(threshold.as_str(), "gates-not-of-this-gate"),
            Some(bound) if (bound.min..=bound.max).contains(value) => {
                all.insert(*threshold, *value);
            }
            Some(bound) => {
                let problem = Problem::new(threshold.as_str(), "gates-out-of-bounds");
                problems.0.push(problem.with("min", bound.min).with("max", bound.max));
            }
        }
    }
    if let (Some(all_repeats), Some(plain)) = (all.get(&Threshold::Repeats), all.get(&Threshold::PlainRepeats))
        && plain > all_repeats
    {
        problems.add(Threshold::PlainRepeats.as_str(), "gates-more-plain-than-all");
    }
    problems.check()?;
    Ok(Thresholds(all))
}

/// Sets a gate from today on: a new version. Steps that were taken stay; whoever passes the new gate passes today.
///
/// # Errors
/// Without the right, for thresholds out of bounds, without a note, when nothing changes.
pub async fn change(ctx: &Ctx, input: GateChange) -> Result<GateSeen> {
    let writer = ctx.write(Perm(Room::Lifecycle, Act::Change))?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let stored = stored(ctx).await?;
    let now = timeline_with(&stored, None)?;
    let thresholds = changed(now.last(), &input)?;
    let note = clean_line(input.note.as_deref().unwrap_or_default(), NOTE_MAX)
        .map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX))?;
    if note.is_empty() {
        return Err(Error::invalid("note", "gates-note-needed"));
    }
    if thresholds.0 == all_of(input.gate, now.last()) {
        return Err(Error::invalid("thresholds", "gates-nothing-changes"));
    }
    let mut tx = writer.begin().await?;
    let mut insert = async |number: i64, thresholds: &Thresholds, note: Option<&str>| -> Result<Id<GateVersion>> {
        let id = ctx.id();
        tx.run(
            sql("INSERT INTO gate_versions (id, gate, number, thresholds, from_on, note, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(id)
            .bind(input.gate)
            .bind(number)
            .bind(serde_json::to_value(thresholds).map_err(Error::fault)?)
            .bind(today)
            .bind(note)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
        )
        .await?;
        Ok(id)
    };
    let last = stored.iter().filter(|one| one.gate == input.gate).map(|one| one.number).max();
    if last.is_none() {
        // What held until now is kept as the first version, so that it can be looked up.
        insert(1, &Thresholds(all_of(input.gate, now.last())), None).await?;
    }
    let id = insert(last.unwrap_or(1) + 1, &thresholds, Some(&note)).await?;
    let data = json!({"gate": input.gate, "before": all_of(input.gate, now.last()), "after": thresholds, "note": note});
    events::record(&mut tx, ctx, Event::of("gate.changed", id, data)).await?;
    ways::enqueue(&mut tx, ctx).await?;
    tx.commit().await?;
    list(ctx, Nothing {}).await?.into_iter().find(|seen| seen.gate == input.gate).ok_or(Error::NotFound("gate"))
}

/// What a change would move.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GatePreview {
    /// Customers whose ways were gone.
    pub looked_at: i64,
    /// Customers there are.
    pub customers: i64,
    /// Moves that the change brings today, most first: of those who were looked at.
    pub moves: Vec<PreviewedMove>,
    /// How many wait for a person's word now.
    pub ready_now: i64,
    /// And how many would.
    pub ready_then: i64,
}

/// How many would stand otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PreviewedMove {
    /// Stage now.
    pub from_stage: Stage,
    /// Standing now.
    pub from_standing: Standing,
    /// Stage then.
    pub to_stage: Stage,
    /// Standing then.
    pub to_standing: Standing,
    /// How many.
    pub customers: i64,
}

/// Goes the ways of customers with the gate changed from today on, and says who would stand otherwise. Nothing is written.
///
/// # Errors
/// Without the right, for thresholds out of bounds.
pub async fn preview(ctx: &Ctx, input: GateChange) -> Result<GatePreview> {
    ctx.read(Perm(Room::Lifecycle, Act::See))?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let stored = stored(ctx).await?;
    let now = timeline_with(&stored, None)?;
    let thresholds = changed(now.last(), &input)?;
    let then = timeline_with(&stored, Some((input.gate, &thresholds, today)))?;
    let mut tx = ctx.app.db.snapshot().await?;
    let (customers,): (i64,) = tx.one(sql("SELECT count(*) FROM parties WHERE archived_at IS NULL")).await?;
    // Every so-many-th in the order of ids: those of all years.
    let step = (customers / LOOKED_AT).max(1);
    let query = sql("SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM parties WHERE archived_at IS NULL) n
                     WHERE place % $1 = 0 ORDER BY id");
    let drawn: Vec<(Id<Party>,)> = tx.all(query.bind(step)).await?;
    let mut preview = GatePreview { looked_at: drawn.len() as i64, customers, moves: Vec::new(), ready_now: 0, ready_then: 0 };
    let mut moves: BTreeMap<_, i64> = BTreeMap::new();
    let ids: Vec<Id<Party>> = drawn.into_iter().map(|(id,)| id).collect();
    for ids in ids.chunks(1_000) {
        for (_, history) in history::read(&mut tx, Whom::These(ids), &zone).await? {
            let (before, after) = (walk(&history, &now, today), walk(&history, &then, today));
            let stands = |way: &super::engine::Way| way.steps.last().map(|step| (step.stage, step.standing));
            if let (Some(from), Some(to)) = (stands(&before), stands(&after))
                && from != to
            {
                *moves.entry((from, to)).or_default() += 1;
            }
            preview.ready_now += i64::from(before.outlook.is_ready);
            preview.ready_then += i64::from(after.outlook.is_ready);
        }
    }
    tx.commit().await?;
    let told = |((from, to), customers): ((_, _), i64)| {
        let ((from_stage, from_standing), (to_stage, to_standing)): ((Stage, Standing), (Stage, Standing)) = (from, to);
        PreviewedMove { from_stage, from_standing, to_stage, to_standing, customers }
    };
    preview.moves = moves.into_iter().map(told).collect();
    preview.moves.sort_by_key(|one| -one.customers);
    Ok(preview)
}

/// Whether a customer passes a gate.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateOf {
    /// The customer.
    pub party_id: Id<Party>,
    /// The gate; the one before them unless given.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// With these thresholds instead of those that hold.
    #[serde(default)]
    pub thresholds: Thresholds,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Verdict {
    /// Of this gate; absent when none is before the customer.
    pub gate: Option<Gate>,
    /// Whether all that it asks for is there.
    pub passes: bool,
    /// Whether a person confirms it.
    pub needs_person: bool,
    /// How ripe they are, in percent.
    pub maturity: i64,
    /// What it asks for and what there is of it.
    pub criteria: Vec<gates::Criterion>,
}

/// Evaluates a gate for a customer as of today.
///
/// # Errors
/// Without the right, for a customer out of sight, thresholds out of bounds.
pub async fn evaluate(ctx: &Ctx, input: GateOf) -> Result<Verdict> {
    let reader = ctx.read(Perm(Room::Lifecycle, Act::See))?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let mut rules = timeline(ctx).await?;
    if let Some(gate) = input.gate.filter(|_| !input.thresholds.0.is_empty()) {
        let change = GateChange { gate, thresholds: input.thresholds, note: None };
        let thresholds = changed(rules.last(), &change)?;
        let last = rules.last().clone();
        rules.push(today, last.with(gate, None, &thresholds));
    }
    let mut tx = ctx.app.db.snapshot().await?;
    let party = crate::parties::whom::by_id(&mut tx, &reader.sight, input.party_id).await?;
    let histories = history::read(&mut tx, Whom::These(&[party.id]), &zone).await?;
    tx.commit().await?;
    let Some((_, history)) = histories.first() else { return Err(Error::NotFound("party")) };
    let told = super::engine::ask(history, &rules, today, input.gate);
    let Some((gate, criteria)) = told else {
        return Ok(Verdict { gate: None, passes: false, needs_person: false, maturity: 0, criteria: Vec::new() });
    };
    Ok(Verdict {
        gate: Some(gate),
        passes: gates::passes(&criteria),
        needs_person: rules.last().needs_person(gate),
        maturity: gates::maturity(&criteria),
        criteria,
    })
}

/// The operations of gates.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Lifecycle, Act::See));
    let example = || json!({"gate": "g12", "thresholds": {"repeats": 3}, "note": "Three repeats say more in our trade"});
    ops.add("gates.list", "GET /gates", see, "Gates between the stages: thresholds, bounds and versions.", list);
    ops.add(
        "gates.change",
        "PUT /gates/{gate}",
        Some(Perm(Room::Lifecycle, Act::Change)),
        "Sets a gate from today on, as a new version; steps that were taken stay.",
        change,
    )
    .example(example);
    ops.add(
        "gates.preview",
        "POST /gates/{gate}/preview",
        see,
        "Who would stand otherwise if a gate were changed; of many customers a part is looked at. Nothing is written.",
        preview,
    )
    .example(example);
    ops.add(
        "gates.evaluate",
        "POST /parties/{party_id}/gate",
        see,
        "What a gate asks for and what there is of it for a customer today, also with other thresholds. Nothing is written.",
        evaluate,
    )
    .example(|| json!({"party_id": Id::<Party>::FIRST, "gate": "g12"}));
}
