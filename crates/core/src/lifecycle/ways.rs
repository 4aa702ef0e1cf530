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
use jiff::tz::TimeZone;
use peyvand_db::{Id, Ready, Sql, ToValue, Tx, Value, row, sql};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::watch;

/// Customers whose histories are read together; memory grows with it.
const STRIPE: i64 = 20_000;
/// Customers of one transaction: whoever writes meanwhile waits for a batch.
const BATCH: usize = 2_000;
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

/// What decides about ways besides what is known of the customers.
#[derive(Clone)]
struct View {
    rules: Arc<Timeline>,
    today: Day,
    zone: TimeZone,
}

impl View {
    async fn of(ctx: &Ctx) -> Result<View> {
        let zone = ctx.app.organisation().await?.zone();
        Ok(View { rules: Arc::new(versions::timeline(ctx).await?), today: ctx.now().day(&zone), zone })
    }
}

/// The job: works the ways of all customers out anew and writes what differs. An interrupted one begins again; what it
/// wrote then differs no more.
///
/// # Errors
/// When the database is out of reach.
pub async fn replay(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let view = View::of(ctx).await?;
    let mut has_changed = false;
    // While some are written, those after them are read and walked.
    let mut batches = batches(ctx, &view, differing(ctx, &view));
    loop {
        let next = batches.recv().await.ok_or_else(|| Error::fault("the look at all customers broke off"))??;
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
        match next {
            Next::Batch(batch) => {
                has_changed = true;
                put(ctx, batch, &view).await?;
            }
            Next::Stripe => jobs::renew(&ctx.app, job).await?,
            Next::End => break,
        }
    }
    let mut tx = ctx.app.db.begin().await?;
    if has_changed {
        follow::all(&mut tx, ctx).await?;
    }
    times::enqueue(&mut tx, ctx).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Of customers that were read together, those whose way is another than the stored one: who has none there yet, with theirs, and
/// others.
struct Differing {
    new: Vec<(Id<Party>, Way)>,
    old: Vec<Id<Party>>,
}

/// Looks at everybody, stripe by stripe, for as long as somebody takes what was found; nothing once all were looked at.
fn differing(ctx: &Ctx, view: &View) -> Receiver<Result<Option<Differing>>> {
    let (sender, receiver) = channel(1);
    let (ctx, view) = (ctx.clone(), view.clone());
    tokio::spawn(async move {
        let mut next = Some(Id::FIRST);
        while let Some(after) = next {
            let looked = look_after(&ctx, &view, after).await;
            next = looked.as_ref().ok().and_then(Option::as_ref).map(|(last, _)| *last);
            if sender.send(looked.map(|looked| looked.map(|(_, differing)| differing))).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// Looks at the customers after one; with the last of them. Nothing when there are none.
async fn look_after(ctx: &Ctx, view: &View, after: Id<Party>) -> Result<Option<(Id<Party>, Differing)>> {
    let mut tx = ctx.app.db.snapshot().await?;
    let query = sql("SELECT s.id FROM (SELECT id FROM parties WHERE id > $1 ORDER BY id LIMIT $2) s ORDER BY s.id DESC LIMIT 1");
    let last: Option<(Id<Party>,)> = tx.maybe(query.bind(after).bind(STRIPE)).await?;
    let Some((last,)) = last else { return Ok(None) };
    let histories = history::read(&mut tx, Whom::Between(after, last), &view.zone).await?;
    let stored = stored(&mut tx, Whom::Between(after, last)).await?;
    tx.commit().await?;
    let view = view.clone();
    // Seconds of a processor: away from the threads that answer requests.
    let walked = tokio::task::spawn_blocking(move || {
        let mut differing = Differing { new: Vec::new(), old: Vec::new() };
        for (party, history) in &histories {
            let way = walk(history, &view.rules, view.today);
            match stored.holds(*party, &way) {
                true => {}
                false if stored.ways.contains_key(party) => differing.old.push(*party),
                false => differing.new.push((*party, way)),
            }
        }
        differing
    });
    Ok(Some((last, walked.await.map_err(Error::fault)?)))
}

/// What is written in one transaction: the ways of who had none when they were looked at, and others to be looked at again.
struct Batch {
    new: Vec<Id<Party>>,
    statements: Vec<Ready>,
    old: Vec<Id<Party>>,
}

/// What comes next in a look at everybody.
enum Next {
    Batch(Batch),
    /// All of a stripe were given.
    Stripe,
    /// Everybody was looked at.
    End,
}

/// Makes batches of what was found.
fn batches(ctx: &Ctx, view: &View, mut found: Receiver<Result<Option<Differing>>>) -> Receiver<Result<Next>> {
    let (sender, receiver) = channel(1);
    let (ctx, view) = (ctx.clone(), view.clone());
    tokio::spawn(async move {
        while let Some(differing) = found.recv().await {
            let Differing { mut new, mut old } = match differing {
                Ok(Some(differing)) => differing,
                Ok(None) => return drop(sender.send(Ok(Next::End)).await),
                Err(error) => return drop(sender.send(Err(error)).await),
            };
            while !new.is_empty() || !old.is_empty() {
                let ways = new.split_off(new.len().saturating_sub(BATCH));
                let others = old.split_off(old.len().saturating_sub(BATCH - ways.len()));
                let (ctx, view) = (ctx.clone(), view.clone());
                let drafted = tokio::task::spawn_blocking(move || {
                    let draft = draft(&ctx, &ways, &AllStored::default(), &view)?;
                    let statements = draft.statements.into_iter().map(|statement| ctx.app.db.ready(statement)).collect();
                    Ok(Next::Batch(Batch { new: ways.into_iter().map(|(party, _)| party).collect(), statements, old: others }))
                });
                let batch = drafted.await.unwrap_or_else(|error| Err(Error::fault(error)));
                let is_over = batch.is_err();
                if sender.send(batch).await.is_err() || is_over {
                    return;
                }
            }
            if sender.send(Ok(Next::Stripe)).await.is_err() {
                return;
            }
        }
    });
    receiver
}

async fn put(ctx: &Ctx, batch: Batch, view: &View) -> Result<()> {
    let Batch { new, statements, mut old } = batch;
    let mut tx = ctx.app.db.begin().await?;
    // Somebody may have written of them since they were looked at.
    let mut query = sql("SELECT party_id FROM stage_memberships WHERE party_id IN ");
    query.list_padded(&new).push(" LIMIT 1");
    if !new.is_empty() && tx.maybe::<(Id<Party>,)>(query).await?.is_some() {
        old.extend(new);
    } else {
        for statement in statements {
            tx.run_ready(statement).await?;
        }
    }
    let ways = fresh(&mut tx, &old, view).await?;
    write(&mut tx, ctx, &ways, view).await?;
    Ok(tx.commit().await?)
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
    let mut tx = ctx.app.db.begin().await?;
    times::enqueue(&mut tx, ctx).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Looks at some customers to whom something happened.
///
/// # Errors
/// When the database is out of reach.
pub async fn look(ctx: &Ctx, parties: &[Id<Party>]) -> Result<()> {
    let view = View::of(ctx).await?;
    let mut tx = ctx.app.db.snapshot().await?;
    let histories = history::read(&mut tx, Whom::These(parties), &view.zone).await?;
    let stored = stored(&mut tx, Whom::These(parties)).await?;
    tx.commit().await?;
    let differs = |party, history: &History| !stored.holds(party, &walk(history, &view.rules, view.today));
    let differing: Vec<Id<Party>> = histories.iter().filter(|(party, history)| differs(*party, history)).map(|(party, _)| *party).collect();
    for batch in differing.chunks(BATCH) {
        let mut tx = ctx.app.db.begin().await?;
        let ways = fresh(&mut tx, batch, &view).await?;
        let steps = write(&mut tx, ctx, &ways, &view).await?;
        record(&mut tx, ctx, steps, view.today).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The ways of some customers, read where nobody else writes of them.
async fn fresh(tx: &mut Tx, parties: &[Id<Party>], view: &View) -> Result<Vec<(Id<Party>, Way)>> {
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    let mut lock = sql("SELECT id FROM parties WHERE id IN ");
    lock.list_padded(parties).push(" ORDER BY id {for_update}");
    tx.all::<(Id<Party>,)>(lock).await?;
    let histories = history::read(tx, Whom::These(parties), &view.zone).await?;
    Ok(histories.into_iter().map(|(party, history)| (party, walk(&history, &view.rules, view.today))).collect())
}

/// What is stored of some customers.
#[derive(Default)]
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

/// Writes what differs of some ways.
async fn write(tx: &mut Tx, ctx: &Ctx, ways: &[(Id<Party>, Way)], view: &View) -> Result<Vec<Written>> {
    let parties: Vec<Id<Party>> = ways.iter().map(|(party, _)| *party).collect();
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    let stored = stored(tx, Whom::These(&parties)).await?;
    let draft = draft(ctx, ways, &stored, view)?;
    for statement in draft.statements {
        tx.run(statement).await?;
    }
    Ok(draft.written)
}

/// The statements that write what differs, and the steps that they write.
struct Draft {
    statements: Vec<Sql>,
    written: Vec<Written>,
}

/// Finds what differs from what is stored: steps that are no longer so are put right, and those that are new are added.
fn draft(ctx: &Ctx, ways: &[(Id<Party>, Way)], stored: &AllStored, view: &View) -> Result<Draft> {
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
                on: view.today,
                gate: None,
                inputs: None,
                evidence: Vec::new(),
                by: None,
            };
            transitions.push(transition(ctx, id, *party, Some((gone.stage, gone.standing)), &now, &view.rules, Some(gone.transition_id))?);
            // Of who turned out to be somebody else nothing was put right: it is that one's way now.
            if !way.steps.is_empty() {
                let (stage, standing) = (to_stage, to_standing);
                written.push(Written { party: *party, transition: id, kind: Kind::Void, stage, standing, on: view.today });
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
            transitions.push(transition(ctx, id, *party, from, step, &view.rules, None)?);
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
    let nothing = (!without.is_empty()).then(|| {
        let mut nothing = sql("DELETE FROM stage_outlooks WHERE party_id IN ");
        nothing.list_padded(&without);
        nothing
    });
    let all = nothing.into_iter().chain(removals).chain(closings).chain(additions).chain(log).chain(ahead).chain(count(&flows));
    Ok(Draft { statements: all.collect(), written })
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
