//! How long customers stay in each stage, and what keeping them there costs. Who is still there counts as well: the median is
//! that of the curve of Kaplan and Meier. Found out in the night for everybody, as counts by days, and stored.

use super::Stage;
use crate::insight::findings;
use crate::insight::guard::FEW;
use crate::operation::Nothing;
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row};
use peyvand_stats::survival::{Curve, Spells};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::sync::watch;

/// Name of the finding.
const NAME: &str = "stage_times";
/// How sure the interval is.
const LEVEL: f64 = 0.95;

/// How long customers stay in a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageTime {
    /// The stage.
    pub stage: Stage,
    /// How many stays were seen, those under way included. Who leaves and comes back stays twice.
    pub stays: i64,
    /// How many of them are over: on to another stage, or out of the relation.
    pub over: i64,
    /// Days after which half have left; absent below 30 stays, and where more than half are still there.
    pub median_days: Option<i64>,
    /// Lower end of its 95 % interval.
    pub low_days: Option<i64>,
    /// Upper end; absent where the curve does not say.
    pub high_days: Option<i64>,
    /// Days of the longest stay that was seen.
    pub longest_days: i64,
    /// Whether there are enough stays to tell.
    pub is_enough: bool,
}

/// What keeping the customers of a stage cost in the last twelve months.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageCost {
    /// The stage.
    pub stage: Stage,
    /// How many of its customers bought in these months.
    pub active: i64,
    /// Discounts, our time, contacts and other costs for all of them, in minor units.
    pub kept_minor: i64,
    /// The same for each of those who bought.
    pub keep_each_minor: Option<i64>,
}

/// What was found out of everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Found {
    as_of: Day,
    times: Vec<StageTime>,
    costs: Vec<StageCost>,
}

/// How long customers stay in each stage, and what keeping them costs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StageTimes {
    /// The day until which it was seen; absent before the first night.
    pub as_of: Option<Day>,
    /// When it was worked out.
    pub made_at: Option<Instant>,
    /// The stages, in their order; none before the first night.
    pub times: Vec<StageTime>,
    /// Costs by stage, for who sees the figures of all customers; those of a stage of which nothing is known are left out.
    pub costs: Vec<StageCost>,
}

row! {
    struct Counted {
        stage: Stage = "r.stage",
        is_over: bool = "r.is_over",
        days: i64 = "r.days",
        stays: i64 = "COUNT(*)",
    }
}

/// Stays by stage and number of days, of customers within sight. A stay goes on while somebody is dormant or at risk, and is
/// over when they pass on or the relation ends. The days between two dates are counted from their parts (days since 1 March of
/// the year 0), which both engines do alike.
fn counts(sight: &Sight, today: Day) -> Sql {
    let mut query = Sql::select::<Counted>("FROM (SELECT z.stage, z.is_over, ");
    query.push(
        "365 * z.b1 + z.b1 / 4 - z.b1 / 100 + z.b1 / 400 + (153 * z.b2 - 457) / 5 + z.b3
           - (365 * z.a1 + z.a1 / 4 - z.a1 / 100 + z.a1 / 400 + (153 * z.a2 - 457) / 5 + z.a3) AS days
         FROM (SELECT y.stage, y.is_over,
             CASE WHEN y.a2 < 3 THEN y.a1 - 1 ELSE y.a1 END AS a1, CASE WHEN y.a2 < 3 THEN y.a2 + 12 ELSE y.a2 END AS a2, y.a3 AS a3,
             CASE WHEN y.b2 < 3 THEN y.b1 - 1 ELSE y.b1 END AS b1, CASE WHEN y.b2 < 3 THEN y.b2 + 12 ELSE y.b2 END AS b2, y.b3 AS b3
           FROM (SELECT x.stage, x.is_over,
               CAST(substr(x.a, 1, 4) AS BIGINT) AS a1, CAST(substr(x.a, 6, 2) AS BIGINT) AS a2, CAST(substr(x.a, 9, 2) AS BIGINT) AS a3,
               CAST(substr(x.b, 1, 4) AS BIGINT) AS b1, CAST(substr(x.b, 6, 2) AS BIGINT) AS b2, CAST(substr(x.b, 9, 2) AS BIGINT) AS b3
             FROM (SELECT s.stage, s.left_on IS NOT NULL AS is_over, s.entered_on AS a, COALESCE(s.left_on, ",
    );
    query.arg(today).push(
        ") AS b FROM (SELECT w.stage, w.entered_on, LEAD(w.entered_on) OVER (PARTITION BY w.party_id ORDER BY w.place) AS left_on
                 FROM (SELECT v.party_id, v.place, v.entered_on, v.stage,
                         LAG(v.stage) OVER (PARTITION BY v.party_id ORDER BY v.place) AS prior
                       FROM (SELECT m.party_id, m.place, m.entered_on,
                               CASE WHEN m.standing IN ('active', 'dormant', 'at_risk') THEN m.stage ELSE '' END AS stage
                             FROM stage_memberships m LEFT JOIN parties p ON p.id = m.party_id WHERE 1 = 1",
    );
    sight.parties(&mut query);
    query.push(
        ") v) w WHERE w.prior IS NULL OR w.prior <> w.stage) s WHERE s.stage <> '') x) y) z) r
         GROUP BY r.stage, r.is_over, r.days ORDER BY r.stage, r.days",
    );
    query
}

/// The stays of a stage as counts by days, to its figures.
fn told(stage: Stage, stays: &[Spells]) -> Result<StageTime> {
    let count = |which: fn(&Spells) -> bool| stays.iter().filter(|one| which(one)).map(|one| one.customers).sum::<u64>() as i64;
    let (all, over) = (count(|_| true), count(|one| one.happened));
    let longest = stays.iter().map(|one| one.time).fold(0.0, f64::max);
    let mut time = StageTime {
        stage,
        stays: all,
        over,
        median_days: None,
        low_days: None,
        high_days: None,
        longest_days: longest as i64,
        is_enough: all >= FEW,
    };
    if time.is_enough {
        let median = Curve::counted(stays, LEVEL).map_err(Error::fault)?.median();
        let days = |value: Option<f64>| value.map(|days| days.round() as i64);
        (time.median_days, time.low_days, time.high_days) = (days(median.value), days(median.low), days(median.high));
    }
    Ok(time)
}

fn by_stage(counts: Vec<Counted>) -> Result<Vec<StageTime>> {
    let mut stages: BTreeMap<Stage, Vec<Spells>> = BTreeMap::new();
    for one in counts {
        // A day that was put right may lie before the one it began on.
        let spells = Spells { time: one.days.max(0) as f64, happened: one.is_over, customers: one.stays.unsigned_abs() };
        stages.entry(one.stage).or_default().push(spells);
    }
    Stage::ALL.iter().map(|stage| told(*stage, stages.get(stage).map_or(&[][..], Vec::as_slice))).collect()
}

row! {
    struct Kept {
        stage: Stage = "m.stage",
        active: i64 = "COUNT(*) FILTER (WHERE t.sales_minor > 0)",
        kept_minor: i64 = "CAST(SUM(t.discount_minor + t.staff_minor + t.channels_minor + t.entered_minor) AS BIGINT)",
    }
}

/// Has it found out soon how long customers stay: after a look at all ways, and in the night.
pub(super) async fn enqueue(tx: &mut Tx, ctx: &Ctx) -> Result<()> {
    jobs::enqueue_single(tx, ctx, &Job::FindStageTimes, NAME).await
}

/// The job: finds it out and keeps it.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn run(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    // A look at all ways has just written most of what is counted.
    ctx.app.db.analyze_grown().await?;
    let Some(found) = jobs::keep(&ctx.app, job, stop, look(ctx)).await? else { return Ok(Outcome::GoOn) };
    keep(ctx, &found?).await?;
    Ok(Outcome::Done)
}

/// How long customers stay and what keeping them costs, of everybody.
async fn look(ctx: &Ctx) -> Result<Found> {
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let db = &ctx.app.db;
    let times = by_stage(db.all(counts(&Sight::All, today)).await?)?;
    let query = Sql::select::<Kept>(
        "FROM party_profits t JOIN stage_memberships m ON m.party_id = t.party_id AND m.left_on IS NULL
         WHERE m.standing IN ('active', 'dormant', 'at_risk') GROUP BY m.stage",
    );
    let kept: Vec<Kept> = db.all(query).await?;
    let cost = |one: Kept| StageCost {
        stage: one.stage,
        active: one.active,
        kept_minor: one.kept_minor,
        keep_each_minor: (one.active > 0).then(|| crate::insight::profit::part_of(one.kept_minor, 1, one.active)),
    };
    let mut costs: Vec<StageCost> = kept.into_iter().map(cost).collect();
    costs.sort_by_key(|one| one.stage);
    Ok(Found { as_of: today, times, costs })
}

/// Finds it out at once.
pub(crate) async fn find_out(ctx: &Ctx) -> Result<()> {
    keep(ctx, &look(ctx).await?).await
}

async fn keep(ctx: &Ctx, found: &Found) -> Result<()> {
    findings::put(ctx, NAME, "", 0, found).await
}

/// How long customers stay in each stage. For who sees all customers as of the last night, with what keeping them costs where
/// they may see that; for others of their own customers as of now.
///
/// # Errors
/// Without the right.
pub async fn times(ctx: &Ctx, _: Nothing) -> Result<StageTimes> {
    let reader = ctx.read(Perm(Room::Lifecycle, Act::See))?;
    if reader.sight != Sight::All {
        let today = ctx.now().day(&ctx.app.organisation().await?.zone());
        let times = by_stage(reader.db.all(counts(&reader.sight, today)).await?)?;
        return Ok(StageTimes { as_of: Some(today), made_at: Some(ctx.now()), times, costs: Vec::new() });
    }
    let Some(last) = findings::last::<Found>(reader.db, NAME).await? else {
        return Ok(StageTimes { as_of: None, made_at: None, times: Vec::new(), costs: Vec::new() });
    };
    let sees_costs = matches!(ctx.actor.check(Perm(Room::Insight, Act::See)), Ok(Sight::All));
    let Found { as_of, times, costs } = last.found;
    Ok(StageTimes { as_of: Some(as_of), made_at: Some(last.made_at), times, costs: if sees_costs { costs } else { Vec::new() } })
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "lifecycle.times",
        "GET /lifecycle/times",
        Some(Perm(Room::Lifecycle, Act::See)),
        "How long customers stay in each stage, as the median with its interval, and what keeping them there costs.",
        times,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use peyvand_db::sql;

    fn spells(time: f64, happened: bool, customers: u64) -> Spells {
        Spells { time, happened, customers }
    }

    #[test]
    fn few_stays_say_nothing_and_who_is_still_there_counts() {
        let few = told(Stage::Loyal, &[spells(10.0, true, 20), spells(30.0, false, 9)]).unwrap();
        assert_eq!((few.stays, few.over, few.is_enough, few.median_days), (29, 20, false, None));
        let enough = told(Stage::Loyal, &[spells(10.0, true, 20), spells(30.0, true, 20), spells(40.0, false, 10)]).unwrap();
        assert_eq!((enough.stays, enough.over, enough.median_days, enough.longest_days), (50, 40, Some(30), 40));
        assert!(enough.low_days.is_some_and(|low| low <= 30));
        let most_are_there = told(Stage::Advocate, &[spells(10.0, true, 5), spells(400.0, false, 60)]).unwrap();
        assert_eq!((most_are_there.is_enough, most_are_there.median_days, most_are_there.longest_days), (true, None, 400));
    }

    #[tokio::test]
    async fn days_are_counted_over_months_and_leap_years_alike_on_both_engines() {
        let ctx = testing::ctx().await;
        let today = ctx.today();
        let spans = [(-1_000, Some(-400)), (-900, Some(-310)), (-366, None), (-59, Some(-1))];
        for (entered, left) in spans {
            let party = testing::party(&ctx, "زهرا").await;
            let rows = [Some((0_i64, "actual", entered, left)), left.map(|left| (1, "loyal", left, None))];
            let mut tx = ctx.app.db.begin().await.unwrap();
            for (at, stage, from, until) in rows.into_iter().flatten() {
                let insert =
                    sql("INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, left_on, transition_id)
                                  VALUES ($1, $2, 'promote', $3, 'active', $4, $5, $6)");
                let row = insert.bind(party).bind(at).bind(stage).bind(today.plus(from)).bind(until.map(|on| today.plus(on)));
                tx.run(row.bind(ctx.id::<()>())).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
        let counted: Vec<Counted> = ctx.app.db.all(counts(&Sight::All, today)).await.unwrap();
        let of = |stage| counted.iter().filter(|one| one.stage == stage).map(|one| (one.days, one.is_over)).collect::<Vec<_>>();
        assert_eq!(of(Stage::Actual), [(58, true), (366, false), (590, true), (600, true)]);
        assert_eq!(of(Stage::Loyal), [(1, false), (310, false), (400, false)]);
        assert!(ctx.run(times, Nothing {}).await.unwrap().times.is_empty(), "before the first night nothing is told");
        find_out(&ctx).await.unwrap();
        let told = ctx.run(times, Nothing {}).await.unwrap();
        assert_eq!(
            told.times.iter().map(|one| (one.stays, one.is_enough)).collect::<Vec<_>>(),
            [(0, false), (4, false), (3, false), (0, false)]
        );
        let agent = testing::as_post(&ctx.app, "agent", "sara").await;
        let own = agent.run(times, Nothing {}).await.unwrap();
        assert_eq!((own.times[1].stays, own.costs.len()), (0, 0), "others' customers are not counted");
    }
}
