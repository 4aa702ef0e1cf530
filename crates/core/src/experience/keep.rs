//! The work of the night for respect: protocols begin after the purchases of the last days, and where too little of what was
//! promised is done for an advocate, an incident is opened before they complain.

use super::Stage;
use super::acts;
use super::fidelity::{Kept, WINDOW, warns};
use super::incidents::{self, IncidentSource, New};
use super::protocols::{Protocol, StepSeen};
use crate::parties::Party;
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::locale::Loc;
use crate::platform::notifications;
use crate::platform::time::DAY;
use crate::sales::Purchase;
use crate::{Ctx, Day, Error, Instant, Result};
use peyvand_db::{Id, Sql, row};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use tokio::sync::watch;

/// Days of purchases that are looked at: what a night that did not run has missed is made up for.
const DAYS: i64 = 3;
/// Purchases of one transaction.
const BATCH: i64 = 500;

row! {
    struct Begun {
        id: Id<Protocol> = "t.id",
        stages: Value = "t.stages",
        party_id: Option<Id<Party>> = "t.party_id",
    }
}

row! {
    struct Bought {
        id: Id<Purchase> = "b.id",
        at: Instant = "b.at",
        day: Day = "b.day",
        party_id: Id<Party> = "b.party_id",
        stage: Stage = "COALESCE(m.stage, 'potential')",
    }
}

row! {
    struct Shares {
        party_id: Id<Party> = "a.party_id",
        due: i64 = "SUM(CASE WHEN a.due_at > $1 THEN 1 ELSE 0 END)",
        in_time: i64 = "SUM(CASE WHEN a.due_at > $1 AND a.done_at > 0 AND a.done_at <= a.due_at THEN 1 ELSE 0 END)",
        due_before: i64 = "SUM(CASE WHEN a.due_at <= $1 THEN 1 ELSE 0 END)",
        in_time_before: i64 = "SUM(CASE WHEN a.due_at <= $1 AND a.done_at > 0 AND a.done_at <= a.due_at THEN 1 ELSE 0 END)",
    }
}

/// Begins what is to be begun and warns of what goes wrong. It may be killed and run again at any time.
///
/// # Errors
/// When the database refuses.
pub async fn run(ctx: &Ctx, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    if !begin(ctx, job, stop).await? {
        return Ok(Outcome::GoOn);
    }
    warn(ctx).await?;
    Ok(Outcome::Done)
}

/// Whether it came to the end.
async fn begin(ctx: &Ctx, job: Option<Id<QueuedJob>>, stop: &watch::Receiver<bool>) -> Result<bool> {
    let begun: Vec<Begun> = ctx
        .app
        .db
        .all(Sql::select::<Begun>("FROM protocols t WHERE t.archived_at IS NULL AND t.begins = 'purchase' ORDER BY t.created_at, t.id"))
        .await?;
    if begun.is_empty() {
        return Ok(true);
    }
    let mut steps: HashMap<Id<Protocol>, Vec<StepSeen>> = HashMap::new();
    let all: Vec<StepSeen> = ctx
        .app
        .db
        .all(Sql::select::<StepSeen>(
            "FROM protocol_steps s JOIN protocols t ON t.id = s.protocol_id
             WHERE t.archived_at IS NULL AND t.begins = 'purchase' ORDER BY s.protocol_id, s.place",
        ))
        .await?;
    for step in all {
        steps.entry(step.protocol_id).or_default().push(step);
    }
    let mut own: HashMap<Id<Party>, Vec<Id<Protocol>>> = HashMap::new();
    let mut of_stage: BTreeMap<Stage, Vec<Id<Protocol>>> = BTreeMap::new();
    for one in begun {
        match one.party_id {
            Some(party) => own.entry(party).or_default().push(one.id),
            None => {
                for stage in serde_json::from_value::<Vec<Stage>>(one.stages).map_err(Error::fault)? {
                    of_stage.entry(stage).or_default().push(one.id);
                }
            }
        }
    }
    let mut after = (ctx.now().plus(-DAYS * DAY), Id::<Purchase>::FIRST);
    loop {
        let mut query = Sql::select::<Bought>(
            "FROM purchases b JOIN parties p ON p.id = b.party_id
             LEFT JOIN stage_memberships m ON m.party_id = b.party_id AND m.left_on IS NULL
             WHERE p.archived_at IS NULL AND b.gross_minor > 0 AND (b.at, b.id) > (",
        );
        query.arg(after.0).push(", ").arg(after.1).push(") AND b.at <= ").arg(ctx.now());
        query.push(" ORDER BY b.at, b.id LIMIT ").arg(BATCH);
        let bought: Vec<Bought> = ctx.app.db.all(query).await?;
        let Some(last) = bought.last() else { return Ok(true) };
        after = (last.at, last.id);
        let mut whom: BTreeMap<Id<Protocol>, Vec<(Id<Party>, Instant, String)>> = BTreeMap::new();
        for one in &bought {
            let protocols = own.get(&one.party_id).or_else(|| of_stage.get(&one.stage));
            for protocol in protocols.into_iter().flatten() {
                // What is bought on one day is one occasion.
                whom.entry(*protocol).or_default().push((one.party_id, one.at, one.day.to_string()));
            }
        }
        if !whom.is_empty() {
            let mut tx = ctx.app.db.begin().await?;
            for (protocol, customers) in whom {
                let Some(steps) = steps.get(&protocol) else { continue };
                for (party, at, day) in customers {
                    acts::put(&mut tx, ctx, steps, &[(party, day)], at).await?;
                }
            }
            tx.commit().await?;
        }
        if *stop.borrow() {
            return Ok(false);
        }
        if let Some(job) = job {
            jobs::renew(&ctx.app, job).await?;
        }
    }
}

/// Opens an incident for each advocate for whom too little is done; for one there is none before the last is over and its
/// days have passed.
async fn warn(ctx: &Ctx) -> Result<()> {
    let (middle, start) = (ctx.now().plus(-WINDOW * DAY), ctx.now().plus(-2 * WINDOW * DAY));
    let query = Sql::select::<Shares>(
        "FROM stage_memberships m JOIN protocol_acts a ON a.party_id = m.party_id
         WHERE m.stage = 'advocate' AND m.left_on IS NULL AND a.due_at > $2 AND a.due_at <= $3
           AND NOT EXISTS (SELECT 1 FROM respect_incidents i WHERE i.party_id = m.party_id AND i.source = 'protocol_breach'
                             AND (i.closed_at IS NULL OR i.opened_at > $1))
         GROUP BY a.party_id ORDER BY a.party_id",
    );
    let shares: Vec<Shares> = ctx.app.db.all(query.bind(middle).bind(start).bind(ctx.now())).await?;
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let loc = Loc::new(organisation.prefs(), ctx.now());
    for one in shares {
        let now = Kept { due: one.due, in_time: one.in_time };
        if !warns(now, Kept { due: one.due_before, in_time: one.in_time_before }) {
            continue;
        }
        let words = loc.ta("experience-warning", &[("done", now.in_time.into()), ("due", now.due.into())]);
        let mut tx = ctx.app.db.begin().await?;
        let new = New {
            party: one.party_id,
            severity: 1,
            source: IncidentSource::ProtocolBreach,
            is_hostile: false,
            words,
            warning: Some(format!("{}:{today}", one.party_id)),
        };
        let put = incidents::put(&mut tx, ctx, new).await?;
        tx.commit().await?;
        put.into_iter().flat_map(|(_, told)| told).for_each(|user| notifications::tell(ctx, user));
    }
    Ok(())
}
