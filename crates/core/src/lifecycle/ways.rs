//! Keeps the stored ways of customers those that follow from what is known of them: a few whenever something happens to
//! them, those whose time has come each night, and all of them when asked.

use super::engine::{Evidence, History, Kind, Outlook, Step, Way, walk};
use super::gates::{Gate, GateVersion, Timeline, maturity};
use super::history::{self, Whom};
use super::{Stage, Standing, times, versions};
use crate::marketing::segments::follow;
use crate::operation::{DONE, Done, Nothing};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::{Act, Ctx, Day, Error, Operations, Perm, Result, Room};
use data_encoding::HEXLOWER;
use peyvand_db::{Id, Sql, ToValue, Tx, Value, row, sql};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use tokio::sync::watch;

/// Customers whose histories are read together; memory grows with it.
const STRIPE: i64 = 20_000;
/// Customers of one transaction: whoever writes meanwhile waits for a batch.
const BATCH: usize = 1_000;
/// Batches after which the job says that it is still at work.
const RENEW_AFTER: usize = 20;
/// One look at everybody waits at a time.
const SINGLE: &str = "replay_lifecycle";

/// A step that was taken.
#[derive(Debug)]
pub enum Transition {}

row! {
    /// A step of the stored way.
    #[derive(Clone, Debug)]
    struct Stored {
        party_id: Id<Party>,
        place: i64,
        kind: Kind,
        stage: Stage,
        standing: Standing,
        entered_on: Day,
        transition_id: Id<Transition>,
    }
}

row! {
    #[derive(Clone, Debug, PartialEq)]
    struct StoredOutlook {
        party_id: Id<Party>,
        stage: Stage,
        gate: Option<Gate>,
        missing: i64,
        maturity: i64,
        distance: i64,
        lapses_on: String,
        due_on: String,
    }
}

impl Stored {
    fn is(&self, step: &Step) -> bool {
        (self.kind, self.stage, self.standing, self.entered_on) == (step.kind, step.stage, step.standing, step.on)
    }
}

/// Has the ways of all customers looked at soon.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::ReplayLifecycle, SINGLE).await
}

/// Has the ways of all customers worked out anew, as soon as a worker is free.
///
/// # Errors
/// Without the right.
pub async fn ask(ctx: &Ctx, _: Nothing) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Lifecycle, Act::Change))?;
    let mut tx = writer.begin().await?;
    enqueue(&mut tx, ctx).await?;
    events::record(&mut tx, ctx, Event { kind: "lifecycle.replay_asked", party: None, subject: None, data: json!({}) }).await?;
    tx.commit().await?;
    Ok(DONE)
}

/// The job: works the ways of all customers out anew and writes what differs. An interrupted one begins again; what it
/// wrote then differs no more.
///
/// # Errors
/// When the database is out of reach.
pub async fn replay(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let rules = versions::timeline(ctx).await?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let (mut after, mut has_changed) = (Id::FIRST, false);
    loop {
        let looked = jobs::keep(&ctx.app, job, stop, async {
            let mut tx = ctx.app.db.snapshot().await?;
            let query = sql("SELECT s.id FROM (SELECT id FROM parties WHERE id > $1 ORDER BY id LIMIT $2) s ORDER BY s.id DESC LIMIT 1");
            let last: Option<(Id<Party>,)> = tx.maybe(query.bind(after).bind(STRIPE)).await?;
            let Some((last,)) = last else { return Ok::<_, Error>(None) };
            let histories = history::read(&mut tx, Whom::Between(after, last), &zone).await?;
            let stored = stored(&mut tx, Whom::Between(after, last)).await?;
            tx.commit().await?;
            Ok(Some((last, histories, stored)))
        });
        let Some(looked) = looked.await? else { return Ok(Outcome::GoOn) };
        let Some((last, histories, stored)) = looked? else { break };
        after = last;
        let rules_here = rules.clone();
        // Seconds of a processor: away from the threads that answer requests.
        let worked_out = tokio::task::spawn_blocking(move || {
            let differs = |(party, history): &(Id<Party>, History)| {
                let way = walk(history, &rules_here, today);
                let is_new = !stored.ways.contains_key(party);
                (!stored.holds(*party, &way)).then_some((*party, way, is_new))
            };
            histories.iter().filter_map(differs).collect::<Vec<_>>()
        });
        let differing = worked_out.await.map_err(Error::fault)?;
        has_changed |= !differing.is_empty();
        for (batches, batch) in differing.chunks(BATCH).enumerate() {
            if *stop.borrow() {
                return Ok(Outcome::GoOn);
            }
            let (new, old): (Vec<_>, Vec<_>) = batch.iter().partition(|(_, _, is_new)| *is_new);
            let mut tx = ctx.app.db.begin().await?;
            let mut ways: Vec<(Id<Party>, Way)> = new.into_iter().map(|(party, way, _)| (*party, way.clone())).collect();
            // Somebody may have written of those who were there since they were read.
            let old: Vec<Id<Party>> = old.into_iter().map(|(party, _, _)| *party).collect();
            ways.extend(fresh(&mut tx, &old, &rules, today, &zone).await?);
            write(&mut tx, ctx, &ways, &rules, today).await?;
            tx.commit().await?;
            if (batches + 1) % RENEW_AFTER == 0 {
                jobs::renew(&ctx.app, job).await?;
            }
        }
    }
    if has_changed {
        let mut tx = ctx.app.db.begin().await?;
        follow::all(&mut tx, ctx).await?;
        tx.commit().await?;
    }
    ctx.app.db.analyze_grown().await?;
    times::find_out(ctx).await?;
    Ok(Outcome::Done)
}

/// The nightly job: those for whom time alone changes something today.
///
/// # Errors
/// When the database is out of reach.
pub async fn sweep(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut after = (String::new(), Id::FIRST);
    for batches in 1.. {
        let query = sql("SELECT due_on, party_id FROM stage_outlooks WHERE due_on <> '' AND due_on <= $1 AND (due_on, party_id) > ($2, $3)
                         ORDER BY due_on, party_id LIMIT $4");
        let due: Vec<(String, Id<Party>)> = ctx.app.db.all(query.bind(today).bind(&after.0).bind(after.1).bind(BATCH as i64)).await?;
        let Some(last) = due.last().cloned() else { break };
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        after = last;
        look(ctx, &due.into_iter().map(|(_, party)| party).collect::<Vec<_>>()).await?;
        if batches % RENEW_AFTER == 0 {
            jobs::renew(&ctx.app, job).await?;
        }
    }
    times::find_out(ctx).await?;
    Ok(Outcome::Done)
}

/// Looks at some customers to whom something happened.
///
/// # Errors
/// When the database is out of reach.
pub async fn look(ctx: &Ctx, parties: &[Id<Party>]) -> Result<()> {
    let rules = versions::timeline(ctx).await?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let mut tx = ctx.app.db.snapshot().await?;
    let histories = history::read(&mut tx, Whom::These(parties), &zone).await?;
    let stored = stored(&mut tx, Whom::These(parties)).await?;
    tx.commit().await?;
    let differing: Vec<Id<Party>> =
        histories.iter().filter(|(party, history)| !stored.holds(*party, &walk(history, &rules, today))).map(|(party, _)| *party).collect();
    for batch in differing.chunks(BATCH) {
        let mut tx = ctx.app.db.begin().await?;
        let ways = fresh(&mut tx, batch, &rules, today, &zone).await?;
        let steps = write(&mut tx, ctx, &ways, &rules, today).await?;
        record(&mut tx, ctx, steps, today).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The ways of some customers, read where nobody else writes of them.
async fn fresh(
    tx: &mut Tx,
    parties: &[Id<Party>],
    rules: &Timeline,
    today: Day,
    zone: &jiff::tz::TimeZone,
) -> Result<Vec<(Id<Party>, Way)>> {
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    let mut lock = sql("SELECT id FROM parties WHERE id IN ");
    lock.list_padded(parties).push(" ORDER BY id {for_update}");
    tx.all::<(Id<Party>,)>(lock).await?;
    let histories = history::read(tx, Whom::These(parties), zone).await?;
    Ok(histories.into_iter().map(|(party, history)| (party, walk(&history, rules, today))).collect())
}

/// What is stored of some customers.
struct AllStored {
    ways: HashMap<Id<Party>, Vec<Stored>>,
    outlooks: HashMap<Id<Party>, StoredOutlook>,
}

impl AllStored {
    fn holds(&self, party: Id<Party>, way: &Way) -> bool {
        let stored = self.ways.get(&party).map_or(&[][..], Vec::as_slice);
        stored.len() == way.steps.len()
            && stored.iter().zip(&way.steps).all(|(stored, step)| stored.is(step))
            && self.outlooks.get(&party) == outlook(party, way).as_ref()
    }
}

async fn stored(tx: &mut Tx, whom: Whom<'_>) -> Result<AllStored> {
    let mut query = Sql::select::<Stored>("FROM stage_memberships WHERE ");
    whom.of(&mut query, "party_id");
    query.push(" ORDER BY party_id, place");
    let mut ways: HashMap<Id<Party>, Vec<Stored>> = HashMap::new();
    for stored in tx.all::<Stored>(query).await? {
        ways.entry(stored.party_id).or_default().push(stored);
    }
    let mut query = Sql::select::<StoredOutlook>("FROM stage_outlooks WHERE ");
    whom.of(&mut query, "party_id");
    let outlooks = tx.all::<StoredOutlook>(query).await?.into_iter().map(|outlook| (outlook.party_id, outlook)).collect();
    Ok(AllStored { ways, outlooks })
}

/// What lies ahead, as it is stored; nothing of whoever has no way.
fn outlook(party: Id<Party>, way: &Way) -> Option<StoredOutlook> {
    let last = way.steps.last()?;
    let Outlook { gate, criteria, is_ready, lapses_on, due_on } = &way.outlook;
    let missing = criteria.iter().filter(|one| !one.is_met).count() as i64;
    let text = |day: &Option<Day>| day.map_or_else(String::new, |day| day.to_string());
    Some(StoredOutlook {
        party_id: party,
        stage: last.stage,
        // Whoever was told "not yet" waits for something new.
        gate: gate.filter(|_| missing > 0 || *is_ready),
        missing,
        maturity: maturity(criteria),
        distance: missing * 100 + 100 - maturity(criteria),
        lapses_on: text(lapses_on),
        due_on: text(due_on),
    })
}

/// A step that was written, for the history.
struct Written {
    party: Id<Party>,
    transition: Id<Transition>,
    kind: Kind,
    stage: Stage,
    standing: Standing,
    on: Day,
}

/// Moves of customers between how they stood, by day.
type Flows = BTreeMap<(Day, Option<(Stage, Standing)>, (Stage, Standing)), i64>;

/// Writes what differs of some ways: steps that are no longer so are put right, and those that are new are added.
async fn write(tx: &mut Tx, ctx: &Ctx, ways: &[(Id<Party>, Way)], rules: &Timeline, today: Day) -> Result<Vec<Written>> {
    let parties: Vec<Id<Party>> = ways.iter().map(|(party, _)| *party).collect();
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    let stored = stored(tx, Whom::These(&parties)).await?;
    let (mut transitions, mut memberships, mut outlooks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cut, mut left) = (Vec::new(), Vec::new());
    let mut without = Vec::new();
    let mut flows = Flows::new();
    let mut written = Vec::new();
    for (party, way) in ways {
        let before = stored.ways.get(party).map_or(&[][..], Vec::as_slice);
        let kept = before.iter().zip(&way.steps).take_while(|(stored, step)| stored.is(step)).count();
        let from = |at: usize| at.checked_sub(1).map(|at| (before[at].stage, before[at].standing));
        for (at, gone) in before.iter().enumerate().skip(kept) {
            *flows.entry((gone.entered_on, from(at), (gone.stage, gone.standing))).or_default() -= 1;
            let id = ctx.id::<Transition>();
            let (to_stage, to_standing) = from(at).unwrap_or((Stage::Potential, Standing::Active));
            let now = Step {
                kind: Kind::Void,
                stage: to_stage,
                standing: to_standing,
                on: today,
                gate: None,
                inputs: None,
                evidence: Vec::new(),
                by: None,
            };
            transitions.push(transition(ctx, id, *party, Some((gone.stage, gone.standing)), &now, rules, Some(gone.transition_id))?);
            // Of who turned out to be somebody else nothing was put right: it is that one's way now.
            if !way.steps.is_empty() {
                let (stage, standing) = (to_stage, to_standing);
                written.push(Written { party: *party, transition: id, kind: Kind::Void, stage, standing, on: today });
            }
        }
        if kept < before.len() {
            cut.push(vec![party.to_value(), (kept as i64).to_value()]);
        }
        if kept > 0 && (kept < before.len() || kept < way.steps.len()) {
            left.push(vec![party.to_value(), (kept as i64 - 1).to_value(), way.steps.get(kept).map(|step| step.on).to_value()]);
        }
        for (at, step) in way.steps.iter().enumerate().skip(kept) {
            let from = at.checked_sub(1).map(|at| (way.steps[at].stage, way.steps[at].standing));
            *flows.entry((step.on, from, (step.stage, step.standing))).or_default() += 1;
            let id = ctx.id::<Transition>();
            transitions.push(transition(ctx, id, *party, from, step, rules, None)?);
            memberships.push(vec![
                party.to_value(),
                (at as i64).to_value(),
                step.kind.to_value(),
                step.stage.to_value(),
                step.standing.to_value(),
                step.on.to_value(),
                way.steps.get(at + 1).map(|next| next.on).to_value(),
                id.to_value(),
            ]);
            written.push(Written {
                party: *party,
                transition: id,
                kind: step.kind,
                stage: step.stage,
                standing: step.standing,
                on: step.on,
            });
        }
        let ahead = outlook(*party, way);
        if ahead.is_none() {
            without.push(*party);
        }
        if stored.outlooks.get(party) != ahead.as_ref()
            && let Some(StoredOutlook { party_id, stage, gate, missing, maturity, distance, lapses_on, due_on }) = ahead
        {
            outlooks.push(vec![
                party_id.to_value(),
                stage.to_value(),
                gate.to_value(),
                missing.to_value(),
                maturity.to_value(),
                distance.to_value(),
                lapses_on.to_value(),
                due_on.to_value(),
            ]);
        }
    }
    let removals = Sql::inserts(
        "WITH v (party_id, kept) AS (VALUES ",
        cut,
        ") DELETE FROM stage_memberships WHERE EXISTS
             (SELECT 1 FROM v WHERE v.party_id = stage_memberships.party_id AND stage_memberships.place >= v.kept)",
    );
    let closings = Sql::inserts(
        "WITH v (party_id, place, left_on) AS (VALUES ",
        left,
        ") UPDATE stage_memberships SET left_on = v.left_on FROM v
             WHERE stage_memberships.party_id = v.party_id AND stage_memberships.place = v.place",
    );
    let additions = Sql::inserts(
        "INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, left_on, transition_id) VALUES ",
        memberships,
        "",
    );
    let log = Sql::inserts(
        "INSERT INTO stage_transitions (id, party_id, kind, from_stage, from_standing, to_stage, to_standing, happened_on, gate_version_id,
           inputs, inputs_hash, evidence, voids_id, decided_by, decided_at) VALUES ",
        transitions,
        "",
    );
    let ahead = Sql::inserts(
        "INSERT INTO stage_outlooks (party_id, stage, gate, missing, maturity, distance, lapses_on, due_on) VALUES ",
        outlooks,
        " ON CONFLICT (party_id) DO UPDATE SET stage = excluded.stage, gate = excluded.gate, missing = excluded.missing,
            maturity = excluded.maturity, distance = excluded.distance, lapses_on = excluded.lapses_on, due_on = excluded.due_on",
    );
    if !without.is_empty() {
        let mut nothing = sql("DELETE FROM stage_outlooks WHERE party_id IN ");
        nothing.list_padded(&without);
        tx.run(nothing).await?;
    }
    for statement in removals.into_iter().chain(closings).chain(additions).chain(log).chain(ahead).chain(count(&flows)) {
        tx.run(statement).await?;
    }
    Ok(written)
}

/// Adds moves to the days on which they happened. In the order of the key, so that two who write wait instead of meeting
/// crosswise.
fn count(flows: &Flows) -> Vec<Sql> {
    let rows = flows
        .iter()
        .filter(|(_, customers)| **customers != 0)
        .map(|((on, from, to), customers)| {
            let from = |text: fn(&(Stage, Standing)) -> &'static str| from.as_ref().map_or("", text).to_value();
            vec![
                on.to_value(),
                from(|(stage, _)| stage.as_str()),
                from(|(_, standing)| standing.as_str()),
                to.0.to_value(),
                to.1.to_value(),
                customers.to_value(),
            ]
        })
        .collect();
    Sql::inserts(
        "INSERT INTO stage_flows (happened_on, from_stage, from_standing, to_stage, to_standing, customers) VALUES ",
        rows,
        " ON CONFLICT (happened_on, from_stage, from_standing, to_stage, to_standing)
            DO UPDATE SET customers = stage_flows.customers + excluded.customers",
    )
}

fn transition(
    ctx: &Ctx,
    id: Id<Transition>,
    party: Id<Party>,
    from: Option<(Stage, Standing)>,
    step: &Step,
    rules: &Timeline,
    voids: Option<Id<Transition>>,
) -> Result<Vec<Value>> {
    let version: Option<Id<GateVersion>> = step.gate.and_then(|gate| rules.on(step.on).version(gate));
    let inputs = step.inputs.as_ref().map(serde_json::to_value).transpose().map_err(Error::fault)?;
    let hash = inputs.as_ref().map(|inputs| HEXLOWER.encode(&Sha256::digest(inputs.to_string())));
    let evidence: Option<&[Evidence]> = Some(step.evidence.as_slice()).filter(|evidence| !evidence.is_empty());
    Ok(vec![
        id.to_value(),
        party.to_value(),
        step.kind.to_value(),
        from.map(|from| from.0).to_value(),
        from.map(|from| from.1).to_value(),
        step.stage.to_value(),
        step.standing.to_value(),
        step.on.to_value(),
        version.to_value(),
        inputs.to_value(),
        hash.to_value(),
        evidence.map(serde_json::to_value).transpose().map_err(Error::fault)?.to_value(),
        voids.to_value(),
        step.by.to_value(),
        ctx.now().to_value(),
    ])
}

/// Days within which a step is news.
const NEWS: i64 = 7;

/// Says in the history of each customer what is new: steps of these days and what was put right. What an old file told is
/// told by the way itself.
async fn record(tx: &mut Tx, ctx: &Ctx, written: Vec<Written>, today: Day) -> Result<()> {
    let news = written
        .into_iter()
        .filter(|step| step.kind != Kind::Enter && today.since(step.on) <= NEWS)
        .map(|step| {
            let kind = match step.kind {
                Kind::Promote => "stage.promoted",
                Kind::Void => "stage.put_right",
                _ => "stage.changed",
            };
            let data = json!({"kind": step.kind, "stage": step.stage, "standing": step.standing, "on": step.on});
            Event::of_party(kind, step.party, data).about(step.transition)
        })
        .collect::<Vec<_>>();
    match news.is_empty() {
        true => Ok(()),
        false => events::record_all(tx, ctx, news).await,
    }
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "lifecycle.replay",
        "POST /lifecycle/replay",
        Some(Perm(Room::Lifecycle, Act::Change)),
        "Works the ways of all customers through the gates out anew, each with its own dates, and puts right what differs.",
        ask,
    )
    .example(|| json!({}));
}
