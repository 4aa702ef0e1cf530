//! Durable work: a job is enqueued in the transaction that made it necessary, taken by one worker under a lease, and
//! comes back when that worker dies.

use crate::context::new_id;
use crate::marketing::segments::follow;
use crate::{App, Ctx, Door, Error, Instant, Result};
use jiff::tz::TimeZone;
use peyvand_db::{Id, Tx, row, sql};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::watch;

/// How long a worker may be silent before its job is given to another; long steps renew it with [`renew`].
const LEASE: i64 = 60_000;
/// While something long goes on, its job says so often that it is still at work.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// A job that failed this often is left for a person to look at.
const ATTEMPTS: i64 = 8;
/// Jobs of other processes and schedules are looked for this often; our own wake us at once.
const POLL: Duration = Duration::from_secs(2);
/// Finished jobs are kept this long for the curious.
const KEEP: i64 = 14 * super::time::DAY;

/// What can be done later. The stored form is JSON; a name once released stays readable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Refreshes the planner's statistics and forgets what is out of date.
    Housekeeping,
    /// Tells people of follow-ups that are due.
    RemindFollowUps,
    /// Brings a file in.
    RunImport {
        /// The import.
        import: Id<super::import::record::Import>,
    },
    /// Takes an import back.
    UndoImport {
        /// The import.
        import: Id<super::import::record::Import>,
    },
    /// Hands mails that wait to the mail server.
    SendMails,
    /// Works out anew from when on customers are silent, where contacts or purchases have changed.
    RefreshRhythms,
    /// Works out anew all facts of parties and sets right what differs.
    RebuildFacts,
    /// Works out the numbers of all customers anew, where purchases have changed or a day has passed.
    RefreshScores,
    /// Builds the segments that are to be built, those in front that others name.
    BuildSegments,
    /// Finds out anew what concerns all customers together: cohorts and next products, where purchases have changed.
    FindOut,
    /// Works out anew what all customers brought and cost in the last year.
    RefreshProfits,
    /// Works out anew which customers of value may leave.
    RefreshRisks,
    /// Works out anew the ways of all customers through the gates.
    ReplayLifecycle,
    /// Looks at those for whom a day changes something on their way.
    SweepLifecycle,
    /// Finds out how long customers stay in each stage, and what keeping them there costs.
    FindStageTimes,
    /// Does what live policies say, and ends what is no longer valid.
    RunPolicies,
    /// Asks customers by rule about what happened lately.
    AskCustomers,
    /// Begins protocols after purchases, and warns where what was promised to advocates is not done.
    KeepRespect,
    /// Looks at all introductions that are open.
    LookAtReferrals,
    /// Looks at introductions of which a day changes something.
    SweepReferrals,
    /// Lets what nobody used in time go from the ledger, and looks again at what waits.
    KeepLedger,
    /// Brings customers into experiments that are under way, and looks at what came of them.
    RunExperiments,
    /// Looks, once a month, whether some customers get less than others.
    AuditFairness,
}

/// A row of the queue.
#[derive(Debug)]
pub enum QueuedJob {}

row! {
    struct Claimed {
        id: Id<QueuedJob>,
        job: serde_json::Value,
        attempts: i64,
    }
}

/// Enqueues a job, due at once.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(tx: &mut Tx, ctx: &Ctx, job: &Job) -> Result<()> {
    put(tx, ctx.now(), job, ctx.now(), None).await?;
    ctx.app.wake.send_replace(());
    Ok(())
}

/// Enqueues a job unless one of the same `single` name already waits.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue_single(tx: &mut Tx, ctx: &Ctx, job: &Job, single: &str) -> Result<()> {
    put(tx, ctx.now(), job, ctx.now(), Some(single)).await?;
    ctx.app.wake.send_replace(());
    Ok(())
}

/// Enqueues a job for later unless one of the same `single` name already waits.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue_later(tx: &mut Tx, ctx: &Ctx, job: &Job, single: &str, due: Instant) -> Result<()> {
    put(tx, ctx.now(), job, due, Some(single)).await
}

async fn put(tx: &mut Tx, now: Instant, job: &Job, due: Instant, single: Option<&str>) -> Result<()> {
    let job = serde_json::to_value(job).map_err(Error::fault)?;
    let name = job.get("job").and_then(|name| name.as_str()).unwrap_or_default().to_owned();
    tx.run(
        sql("INSERT INTO jobs (id, job, name, state, due_at, attempts, lease_until, single, created_at)
             VALUES ($1, $2, $3, 'ready', $4, 0, 0, $5, $6) ON CONFLICT (single) DO NOTHING")
        .bind(new_id::<QueuedJob>(now))
        .bind(job)
        .bind(name)
        .bind(due)
        .bind(single)
        .bind(now),
    )
    .await?;
    Ok(())
}

/// Keeps a job ours while a long step goes on.
///
/// # Errors
/// When the database refuses.
pub async fn renew(app: &App, id: Id<QueuedJob>) -> Result<()> {
    let mut tx = app.db.begin().await?;
    tx.run(sql("UPDATE jobs SET lease_until = $1 WHERE id = $2 AND state = 'running'").bind(app.clock.now().plus(LEASE)).bind(id)).await?;
    tx.commit().await?;
    Ok(())
}

/// Waits for something long and keeps the job ours meanwhile; `None` when the program stops before it is done.
///
/// # Errors
/// When the database refuses.
pub async fn keep<T>(app: &App, id: Id<QueuedJob>, stop: &watch::Receiver<bool>, work: impl Future<Output = T>) -> Result<Option<T>> {
    let mut work = std::pin::pin!(work);
    let mut stop = stop.clone();
    loop {
        if *stop.borrow() {
            return Ok(None);
        }
        tokio::select! {
            done = &mut work => return Ok(Some(done)),
            () = tokio::time::sleep(RENEW_EVERY) => renew(app, id).await?,
            // Whoever could say so is gone: then nothing stops any more.
            changed = stop.changed() => if changed.is_err() { return Ok(Some(work.await)) },
        }
    }
}

/// Which jobs are taken.
#[derive(Clone, Copy, Debug)]
enum Lane {
    /// All.
    Any,
    /// Those that somebody waits for.
    Short,
    /// Those that look at all customers.
    Long,
}

/// Runs jobs until `stop` turns true; then finishes those in hand. Reminders, mails and imports do not wait behind what
/// looks at all customers; beside both, segments follow what happens to customers.
pub async fn work(app: App, worker: String, stop: watch::Receiver<bool>) {
    tokio::join!(
        follow::work(app.clone(), stop.clone()),
        take_jobs(&app, &worker, Lane::Short, stop.clone()),
        take_jobs(&app, &worker, Lane::Long, stop),
    );
}

async fn take_jobs(app: &App, worker: &str, lane: Lane, mut stop: watch::Receiver<bool>) {
    let mut wake = app.wake.subscribe();
    while !*stop.borrow() {
        let worked = match step(app, worker, lane, &stop).await {
            Ok(worked) => worked,
            Err(error) => {
                tracing::error!(%error, "the worker could not take a job");
                false
            }
        };
        if !worked {
            tokio::select! {
                _ = wake.changed() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = stop.changed() => {}
            }
        }
    }
}

/// Runs all jobs that are due, for the command line and for tests.
///
/// # Errors
/// When the queue cannot be read.
pub async fn drain(app: &App) -> Result<()> {
    let (_keep, stop) = watch::channel(false);
    while step(app, "drain", Lane::Any, &stop).await? || follow::step(app).await? {}
    Ok(())
}

async fn step(app: &App, worker: &str, lane: Lane, stop: &watch::Receiver<bool>) -> Result<bool> {
    due_schedules(app).await?;
    let Some(claimed) = claim(app, worker, lane).await? else { return Ok(false) };
    let job: Job = match serde_json::from_value(claimed.job) {
        Ok(job) => job,
        Err(error) => {
            finish(app, claimed.id, ATTEMPTS, Err(Error::fault(error))).await?;
            return Ok(true);
        }
    };
    tracing::debug!(job.id = %claimed.id, ?job, "job starts");
    let ctx = app.system(Door::Job);
    let outcome = run(&ctx, &job, claimed.id, stop).await;
    finish(app, claimed.id, claimed.attempts, outcome).await?;
    Ok(true)
}

/// What a job came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is finished.
    Done,
    /// It goes on later from where it noted, because the program stops or others are to go first.
    GoOn,
}

async fn run(ctx: &Ctx, job: &Job, id: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    match job {
        Job::Housekeeping => housekeeping(ctx).await,
        Job::RemindFollowUps => crate::follow_ups::reminders::remind(ctx).await.map(|()| Outcome::Done),
        Job::RunImport { import } => super::import::engine::run_job(ctx, *import, stop, id).await,
        Job::UndoImport { import } => super::import::undo::run(&ctx.app, Door::Job, *import, stop, Some(id)).await,
        Job::SendMails => super::mails::send(ctx, id, stop).await,
        Job::RefreshRhythms => crate::parties::rhythm::refresh(ctx, id, stop).await,
        Job::RebuildFacts => crate::parties::facts::rebuild(ctx, id, stop).await,
        Job::RefreshScores => crate::insight::refresh::refresh(ctx, id, stop).await,
        Job::BuildSegments => crate::marketing::segments::build::build_due(ctx, id, stop).await,
        Job::FindOut => crate::insight::findings::find_out(ctx, id, stop).await,
        Job::RefreshProfits => crate::insight::profit_refresh::refresh(ctx, id, stop).await,
        Job::RefreshRisks => crate::insight::risk_refresh::refresh(ctx, id, stop).await,
        Job::ReplayLifecycle => crate::lifecycle::ways::replay(ctx, id, stop).await,
        Job::SweepLifecycle => crate::lifecycle::ways::sweep(ctx, id, stop).await,
        Job::FindStageTimes => crate::lifecycle::times::run(ctx, id, stop).await,
        Job::AskCustomers => crate::service::asking::ask(ctx, id, stop).await,
        Job::KeepRespect => crate::experience::keep::run(ctx, Some(id), stop).await,
        Job::RunPolicies => crate::experience::assign::run(ctx, Some(id), stop).await,
        Job::LookAtReferrals => crate::advocacy::follow::look_at_all(ctx, id, stop).await,
        Job::KeepLedger => crate::advocacy::rewards::keep(ctx, id, stop).await,
        Job::SweepReferrals => crate::advocacy::follow::sweep(ctx, id, stop).await,
        Job::RunExperiments => crate::experience::experiments::run(ctx, Some(id), stop).await,
        Job::AuditFairness => crate::experience::fairness::run(ctx, Some(id), stop).await,
    }
}

async fn claim(app: &App, worker: &str, lane: Lane) -> Result<Option<Claimed>> {
    let now = app.clock.now();
    let (long, or_long) = match lane {
        Lane::Any => (true, false),
        Lane::Short => (false, false),
        Lane::Long => (true, true),
    };
    // Looked for outside a transaction first: an idle program takes no write lock.
    let waiting: Option<(i64,)> = app
        .db
        .maybe(
            sql("SELECT 1 FROM jobs WHERE (state = 'ready' AND due_at <= $1) OR (state = 'running' AND lease_until < $1) LIMIT 1")
                .bind(now),
        )
        .await?;
    if waiting.is_none() {
        return Ok(None);
    }
    let mut tx = app.db.begin().await?;
    tx.run(sql("UPDATE jobs SET state = 'ready' WHERE state = 'running' AND lease_until < $1").bind(now)).await?;
    // An equation, for a list may be looked up once for each job, which then takes more than one.
    // A job that runs gives up its single name, so that news during its run enqueue it again. Profits come last: they take
    // longest, and month by month.
    let claimed = tx
        .maybe(
            sql("UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_until = $1, worker = $2, single = NULL
                 WHERE id = (SELECT id FROM jobs WHERE state = 'ready' AND due_at <= $3
                             AND (name IN ('rebuild_facts', 'refresh_scores', 'find_out', 'refresh_profits', 'replay_lifecycle', 'find_stage_times', 'run_policies', 'audit_fairness')) IN ($4, $5)
                             ORDER BY name = 'refresh_profits', due_at LIMIT 1 {skip_locked})
                   AND state = 'ready' RETURNING id, job, attempts")
            .bind(now.plus(LEASE))
            .bind(worker)
            .bind(now)
            .bind(long)
            .bind(or_long),
        )
        .await?;
    tx.commit().await?;
    Ok(claimed)
}

async fn finish(app: &App, id: Id<QueuedJob>, attempts: i64, outcome: Result<Outcome>) -> Result<()> {
    let now = app.clock.now();
    let update = match outcome {
        Ok(Outcome::Done) => sql("UPDATE jobs SET state = 'done', finished_at = $1, last_error = NULL WHERE id = $2").bind(now).bind(id),
        Ok(Outcome::GoOn) => sql("UPDATE jobs SET state = 'ready', lease_until = 0, attempts = attempts - 1 WHERE id = $1").bind(id),
        Err(error) => {
            tracing::error!(job.id = %id, attempts, %error, "job failed");
            let state = if attempts >= ATTEMPTS { "failed" } else { "ready" };
            // 2, 4, 8 … 128 s.
            let wait = 1000_i64 << attempts.clamp(1, 7);
            sql("UPDATE jobs SET state = $1, due_at = $2, lease_until = 0, last_error = $3 WHERE id = $4")
                .bind(state)
                .bind(now.plus(wait))
                .bind(error.to_string())
                .bind(id)
        }
    };
    let mut tx = app.db.begin().await?;
    tx.run(update).await?;
    tx.commit().await?;
    Ok(())
}

/// When recurring work comes again.
#[derive(Clone, Copy, Debug)]
enum Again {
    /// After so many milliseconds.
    In(i64),
    /// In the next night, when the organisation sleeps and a day is over.
    AtNight,
}

impl Again {
    fn after(self, now: Instant, zone: &TimeZone) -> Instant {
        match self {
            Again::In(time) => now.plus(time),
            Again::AtNight => {
                let tonight = Instant::start_of(now.day(zone), zone).plus(NIGHT);
                if tonight > now { tonight } else { Instant::start_of(now.day(zone).plus(1), zone).plus(NIGHT) }
            }
        }
    }
}

/// From midnight to the work of the night.
const NIGHT: i64 = 2 * super::time::HOUR;

/// Recurring work: name, when it comes again, job.
const SCHEDULES: &[(&str, Again, Job)] = &[
    ("housekeeping", Again::In(super::time::DAY), Job::Housekeeping),
    ("remind_follow_ups", Again::In(super::time::MINUTE / 2), Job::RemindFollowUps),
    ("refresh_rhythms", Again::In(super::time::MINUTE), Job::RefreshRhythms),
    ("refresh_scores", Again::AtNight, Job::RefreshScores),
    ("build_segments", Again::In(10 * super::time::MINUTE), Job::BuildSegments),
    ("find_out", Again::AtNight, Job::FindOut),
    ("refresh_profits", Again::AtNight, Job::RefreshProfits),
    ("keep_respect", Again::AtNight, Job::KeepRespect),
    ("run_policies", Again::AtNight, Job::RunPolicies),
    ("sweep_lifecycle", Again::AtNight, Job::SweepLifecycle),
    ("ask_customers", Again::In(super::time::HOUR), Job::AskCustomers),
    ("sweep_referrals", Again::AtNight, Job::SweepReferrals),
    ("keep_ledger", Again::AtNight, Job::KeepLedger),
    ("run_experiments", Again::AtNight, Job::RunExperiments),
    ("audit_fairness", Again::AtNight, Job::AuditFairness),
];

async fn due_schedules(app: &App) -> Result<()> {
    let now = app.clock.now();
    let rows: Vec<(String, Instant)> = app.db.all(sql("SELECT name, next_at FROM schedules")).await?;
    for (name, again, job) in SCHEDULES {
        let next = rows.iter().find(|(row, _)| row == name).map(|(_, next)| *next);
        if next.is_some_and(|next| next > now) {
            continue;
        }
        let zone = app.organisation().await?.zone();
        let mut tx = app.db.begin().await?;
        // The update is the lock: of two processes, one sees its row change.
        let taken = tx
            .run(
                sql("INSERT INTO schedules (name, next_at) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE schedules.next_at <= $3")
                .bind(*name)
                .bind(again.after(now, &zone))
                .bind(now),
            )
            .await?;
        if taken == 1 {
            put(&mut tx, now, job, now, Some(name)).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn housekeeping(ctx: &Ctx) -> Result<Outcome> {
    let now = ctx.now();
    let mut tx = ctx.app.db.begin().await?;
    tx.run(sql("DELETE FROM jobs WHERE state = 'done' AND finished_at < $1").bind(now.plus(-KEEP))).await?;
    tx.run(sql("DELETE FROM sessions WHERE expires_at < $1").bind(now)).await?;
    tx.run(sql("DELETE FROM sign_in_failures WHERE at < $1").bind(now.plus(-super::sign_in::WINDOW))).await?;
    tx.run(sql("DELETE FROM mails WHERE state <> 'waiting' AND finished_at < $1").bind(now.plus(-KEEP))).await?;
    tx.run(sql("DELETE FROM undos WHERE at < $1").bind(now.plus(-super::time::DAY))).await?;
    crate::advocacy::follow::forget_networks(&mut tx, now).await?;
    crate::parties::merge::forget(&mut tx, now).await?;
    crate::service::links::forget_addresses(&mut tx, now.plus(-super::time::DAY)).await?;
    tx.commit().await?;
    ctx.app.db.analyze().await?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::time::MINUTE;
    use crate::testing;

    #[test]
    fn the_work_of_the_night_comes_at_two_by_the_clock_of_the_shop() {
        let zone = jiff::tz::TimeZone::get("Asia/Tehran").unwrap();
        let at = |text: &str| Instant(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let night = |text: &str| Again::AtNight.after(at(text), &zone);
        assert_eq!(night("2026-11-22T10:00:00Z"), at("2026-11-22T22:30:00Z"));
        assert_eq!(night("2026-11-22T22:29:59Z"), at("2026-11-22T22:30:00Z"));
        assert_eq!(night("2026-11-22T22:30:00Z"), at("2026-11-23T22:30:00Z"));
    }

    async fn state(app: &App, id: Id<QueuedJob>) -> (String, Instant, Instant, i64) {
        app.db.one(sql("SELECT state, due_at, lease_until, attempts FROM jobs WHERE id = $1").bind(id)).await.unwrap()
    }

    #[tokio::test]
    async fn a_job_is_held_by_one_worker_and_comes_back_after_a_failure_or_a_stop() {
        let ctx = testing::ctx().await;
        let app = &ctx.app;
        let mut tx = app.db.begin().await.unwrap();
        enqueue(&mut tx, &ctx, &Job::RefreshRhythms).await.unwrap();
        tx.commit().await.unwrap();
        let claimed = claim(app, "one", Lane::Any).await.unwrap().unwrap();
        assert!(claim(app, "other", Lane::Any).await.unwrap().is_none(), "it is in work");
        let mut tx = app.db.begin().await.unwrap();
        tx.run(sql("UPDATE jobs SET lease_until = 1 WHERE id = $1").bind(claimed.id)).await.unwrap();
        tx.commit().await.unwrap();
        renew(app, claimed.id).await.unwrap();
        assert_eq!(state(app, claimed.id).await, ("running".into(), ctx.now(), ctx.now().plus(LEASE), 1));

        finish(app, claimed.id, 1, Ok(Outcome::GoOn)).await.unwrap();
        assert_eq!(state(app, claimed.id).await, ("ready".into(), ctx.now(), Instant(0), 0), "stopping is no attempt");
        let again = claim(app, "other", Lane::Any).await.unwrap().unwrap();
        assert_eq!((again.id, again.attempts), (claimed.id, 1));

        let broken = || Err(Error::fault(std::io::Error::other("no disk")));
        finish(app, again.id, 1, broken()).await.unwrap();
        let (is, due, ..) = state(app, again.id).await;
        assert!(is == "ready" && due > ctx.now() && due < ctx.now().plus(MINUTE), "it waits a little: {is} {due}");
        assert!(claim(app, "one", Lane::Any).await.unwrap().is_none());
        finish(app, again.id, ATTEMPTS, broken()).await.unwrap();
        assert_eq!(state(app, again.id).await.0, "failed");
    }

    #[tokio::test]
    async fn what_somebody_waits_for_does_not_wait_behind_what_looks_at_all_customers() {
        let ctx = testing::ctx().await;
        let app = &ctx.app;
        let mut tx = app.db.begin().await.unwrap();
        for job in [Job::RebuildFacts, Job::RefreshScores, Job::FindOut, Job::RefreshProfits, Job::SendMails] {
            enqueue(&mut tx, &ctx, &job).await.unwrap();
        }
        tx.commit().await.unwrap();
        let taken = async |lane| claim(app, "one", lane).await.unwrap().map(|claimed| serde_json::from_value::<Job>(claimed.job).unwrap());
        assert_eq!(taken(Lane::Short).await, Some(Job::SendMails));
        assert_eq!(taken(Lane::Short).await, None);
        assert_eq!(taken(Lane::Long).await, Some(Job::RebuildFacts));
        assert_eq!(taken(Lane::Any).await, Some(Job::RefreshScores));
    }
}
