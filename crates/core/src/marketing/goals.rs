//! Goals: what is meant to become of segments, what may be spent on it, and how far it has come. Results are worked out
//! from facts by the job that builds segments.

use super::segments::{self, Segment, seen};
use crate::insight::guard::FEW;
use crate::operation::{Page, page_size};
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, parse_decimal};
use crate::platform::text::clean_text;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a note.
const NOTE_MAX: usize = 2_000;
/// Days that a goal may lie ahead: ten years.
const DAYS_MAX: i64 = 3_653;
/// The most of a figure that counts customers.
const CUSTOMERS_MAX: i64 = 100_000_000;

peyvand_db::words! {
    /// What a goal measures.
    pub enum Figure {
        /// How many belong to the segment.
        Members = "members",
        /// How many of its members have bought since the goal was set.
        Buyers = "buyers",
        /// What its members have brought since the goal was set.
        Sales = "sales",
        /// How likely its members are still active on average, in per cent.
        Active = "active",
    }
}

impl Figure {
    /// Whether it is counted from nothing on, instead of from where it stood.
    const fn begins_at_nothing(self) -> bool {
        matches!(self, Figure::Buyers | Figure::Sales)
    }
}

peyvand_db::words! {
    /// How far a goal has come.
    pub enum Standing {
        /// There are too few data to say.
        Unknown = "unknown",
        /// It is reached.
        Reached = "reached",
        /// As much of the way is gone as of the time, or more.
        OnCourse = "on_course",
        /// Less of the way is gone than of the time.
        Behind = "behind",
        /// The time is over, and it is not reached.
        Missed = "missed",
    }
}

row! {
    struct Stored {
        id: Id<Goal> = "g.id",
        segment_id: Id<Segment> = "g.segment_id",
        segment: String = "s.name",
        figure: Figure = "g.figure",
        target: i64 = "g.target",
        from_on: Day = "g.from_on",
        until_on: Day = "g.until_on",
        budget_minor: Option<i64> = "g.budget_minor",
        note: Option<String> = "g.note",
        base: Option<i64> = "g.base",
        result: Option<i64> = "g.result",
        counted_at: Option<Instant> = "g.counted_at",
        version: i64 = "g.version",
    }
}

/// A goal of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Goal {
    /// Its id.
    pub id: Id<Goal>,
    /// The segment.
    pub segment_id: Id<Segment>,
    /// Its name.
    pub segment: String,
    /// What is measured.
    pub figure: Figure,
    /// How much of it is meant: customers, per cent, or minor units of the organisation's currency.
    pub target: i64,
    /// The day from which it is measured.
    pub from_on: Day,
    /// The day by which it is meant.
    pub until_on: Day,
    /// What may be spent on it, in minor units.
    pub budget_minor: Option<i64>,
    /// What people noted.
    pub note: Option<String>,
    /// The figure when the goal was set, where there were enough data.
    pub base: Option<i64>,
    /// The figure as it was last worked out, where there are enough data.
    pub result: Option<i64>,
    /// When that was.
    pub counted_at: Option<Instant>,
    /// How much of the way from the base to the target is gone, of one.
    pub done: Option<f64>,
    /// How much of the time is gone, of one.
    pub elapsed: f64,
    /// How far it has come.
    pub standing: Standing,
    /// Counts up with each change; a change must name it.
    pub version: i64,
}

impl Stored {
    fn known_to(self, sees_all: bool) -> Stored {
        if sees_all { self } else { Stored { base: None, result: None, counted_at: None, ..self } }
    }

    fn goal(self, today: Day) -> Goal {
        let all = (self.until_on.since(self.from_on) + 1) as f64;
        let elapsed = ((today.since(self.from_on) + 1) as f64 / all).clamp(0.0, 1.0);
        let base = if self.figure.begins_at_nothing() { Some(0) } else { self.base };
        let way = base.zip(self.result).map(|(base, result)| (base, self.target - base, result - base));
        let is_reached = way.is_some_and(|(_, way, gone)| if way < 0 { gone <= way } else { gone >= way });
        let done = way.map(|(_, way, gone)| if way == 0 { f64::from(is_reached) } else { gone as f64 / way as f64 });
        let standing = match done {
            None => Standing::Unknown,
            Some(_) if is_reached => Standing::Reached,
            Some(_) if today > self.until_on => Standing::Missed,
            Some(done) if done >= elapsed => Standing::OnCourse,
            Some(_) => Standing::Behind,
        };
        let Stored { id, segment_id, segment, figure, target, from_on, until_on, budget_minor, note, base, result, counted_at, version } =
            self;
        Goal {
            id,
            segment_id,
            segment,
            figure,
            target,
            from_on,
            until_on,
            budget_minor,
            note,
            base,
            result,
            counted_at,
            done: done.map(|done| done.clamp(0.0, 1.0)),
            elapsed,
            standing,
            version,
        }
    }
}

const FROM: &str = "FROM segment_goals g JOIN segments s ON s.id = g.segment_id WHERE g.archived_at IS NULL AND s.archived_at IS NULL";

/// Which goals.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListGoals {
    /// Only those of this segment.
    pub segment_id: Option<Id<Segment>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The goals of segments, the newest first. Results count everybody, so whoever sees only a part of the customers sees
/// none of them.
///
/// # Errors
/// Without the right, for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListGoals) -> Result<Page<Goal>> {
    let reader = ctx.read(Perm(Room::Marketing, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Stored>(FROM);
    seen(&reader.sight, &mut query);
    if let Some(segment) = input.segment_id {
        query.push(" AND g.segment_id = ").arg(segment);
    }
    if let Some(after) = &input.after {
        let after: Id<Goal> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND g.id < ").arg(after);
    }
    query.push(" ORDER BY g.id DESC LIMIT ").arg(limit + 1);
    let today = today(ctx).await?;
    let sees_all = sees_all(ctx);
    let goals: Vec<Goal> = reader.db.all::<Stored>(query).await?.into_iter().map(|goal| goal.known_to(sees_all).goal(today)).collect();
    Ok(Page::cut(goals, limit, |last| last.id.to_string()))
}

async fn today(ctx: &Ctx) -> Result<Day> {
    Ok(ctx.now().day(&ctx.app.organisation().await?.zone()))
}

fn sees_all(ctx: &Ctx) -> bool {
    ctx.actor.check(Perm(Room::Parties, Act::See)).is_ok_and(|sight| sight == Sight::All)
}

/// A goal to set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGoal {
    /// The segment.
    pub segment_id: Id<Segment>,
    /// What is measured.
    pub figure: Figure,
    /// How much of it is meant, as a decimal text: customers, whole per cent, or an amount.
    pub target: String,
    /// The day from which it is measured; today unless given.
    pub from_on: Option<Day>,
    /// The day by which it is meant.
    pub until_on: Day,
    /// What may be spent on it: an amount.
    pub budget: Option<String>,
    /// A note.
    pub note: Option<String>,
}

fn read_target(figure: Figure, text: &str, currency: Currency) -> std::result::Result<i64, Problem> {
    let wrong = |problem: crate::platform::money::NumberProblem| Problem::new("target", problem.key());
    let number = parse_decimal(text).map_err(wrong)?;
    let target = match figure {
        Figure::Sales => Money::from_major(number, currency).map_err(wrong)?.minor,
        _ => i64::try_from(number.round()).map_err(|_| Problem::new("target", "platform-number-not-read"))?,
    };
    let most = match figure {
        Figure::Active => 100,
        Figure::Sales => i64::MAX,
        Figure::Members | Figure::Buyers => CUSTOMERS_MAX,
    };
    if !(0..=most).contains(&target) || figure.begins_at_nothing() && target == 0 {
        return Err(Problem::new("target", "input-range").with("min", i64::from(figure.begins_at_nothing())).with("max", most));
    }
    Ok(target)
}

/// Sets a goal. How far it has come is worked out by the job that builds segments, which starts at once.
///
/// # Errors
/// [`Error::NotFound`] for a segment out of reach; problems at the fields of what is no number, no amount, or days in the
/// wrong order.
pub async fn create(ctx: &Ctx, new: NewGoal) -> Result<Goal> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let currency = ctx.app.organisation().await?.currency;
    let now = today(ctx).await?;
    let from = new.from_on.unwrap_or(now);
    let mut fields = Fields::default();
    let target = fields.take(read_target(new.figure, &new.target, currency));
    let budget = new.budget.as_deref().filter(|text| !text.trim().is_empty()).and_then(|text| {
        let read = parse_decimal(text).and_then(|amount| Money::from_major(amount, currency));
        fields.take(read.map(|money| money.minor).map_err(|problem| Problem::new("budget", problem.key())))
    });
    if budget.is_some_and(|budget| budget < 0) {
        fields.add("budget", "platform-number-not-read");
    }
    if new.until_on < from || new.until_on > from.plus(DAYS_MAX) {
        fields.add("until_on", "segments-bounds-crossed");
    }
    let note = new.note.as_deref().and_then(|note| {
        fields.take(clean_text(note, NOTE_MAX).map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX)))
    });
    fields.check()?;
    let Some(target) = target else { return Err(Error::invalid("target", "input-needed")) };
    let id: Id<Goal> = ctx.id();
    let mut tx = writer.begin().await?;
    segments::take(&mut tx, &writer.sight, new.segment_id).await?;
    tx.run(
        sql("INSERT INTO segment_goals (id, segment_id, figure, target, from_on, until_on, budget_minor, note, version, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)")
        .bind(id)
        .bind(new.segment_id)
        .bind(new.figure)
        .bind(target)
        .bind(from)
        .bind(new.until_on)
        .bind(budget)
        .bind(note.filter(|note| !note.is_empty()))
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    segments::ask(&mut tx, ctx, new.segment_id).await?;
    let data = json!({"figure": new.figure, "target": target, "until_on": new.until_on, "budget_minor": budget});
    events::record(&mut tx, ctx, Event::of("goal.created", new.segment_id, data)).await?;
    tx.commit().await?;
    read(ctx, id).await
}

async fn read(ctx: &Ctx, id: Id<Goal>) -> Result<Goal> {
    let mut query = Sql::select::<Stored>(FROM);
    query.push(" AND g.id = ").arg(id);
    let goal: Stored = ctx.app.db.maybe(query).await?.ok_or(Error::NotFound("goal"))?;
    Ok(goal.known_to(sees_all(ctx)).goal(today(ctx).await?))
}

/// Which goal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalId {
    /// Its id.
    pub id: Id<Goal>,
}

/// What giving a goal up came to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct GoalDeleted {
    /// Takes it back through `undo.run`, for one day.
    pub undo: Id<Undo>,
}

/// Gives a goal up.
///
/// # Errors
/// [`Error::NotFound`] out of reach.
pub async fn delete(ctx: &Ctx, input: GoalId) -> Result<GoalDeleted> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let mut tx = writer.begin().await?;
    let segment = set_archived(&mut tx, input.id, Some(ctx.now())).await?;
    segments::take(&mut tx, &writer.sight, segment).await?;
    events::record(&mut tx, ctx, Event::of("goal.archived", segment, json!({}))).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::ArchiveGoal { goal: input.id }).await?;
    tx.commit().await?;
    Ok(GoalDeleted { undo })
}

/// The segment of the goal.
async fn set_archived(tx: &mut Tx, id: Id<Goal>, at: Option<Instant>) -> Result<Id<Segment>> {
    let query =
        sql("UPDATE segment_goals SET archived_at = $1, version = version + 1 WHERE id = $2 RETURNING segment_id").bind(at).bind(id);
    let found: Option<(Id<Segment>,)> = tx.maybe(query).await?;
    found.map(|(segment,)| segment).ok_or(Error::NotFound("goal"))
}

/// Takes [`delete`] back.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, id: Id<Goal>) -> Result<()> {
    ctx.write(Perm(Room::Marketing, Act::Change))?;
    let segment = set_archived(tx, id, None).await?;
    events::record(tx, ctx, Event::of("goal.restored", segment, json!({}))).await
}

/// Works out how far the goals of a segment have come that are not over yet.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn count(ctx: &Ctx, segment: Id<Segment>, today: Day) -> Result<()> {
    let db = &ctx.app.db;
    let goals: Vec<(Id<Goal>, Figure, Day, Day)> = db
        .all(
            sql("SELECT id, figure, from_on, until_on FROM segment_goals WHERE segment_id = $1 AND archived_at IS NULL AND until_on >= $2")
                .bind(segment)
                .bind(today.plus(-1)),
        )
        .await?;
    if goals.is_empty() {
        return Ok(());
    }
    let organisation = ctx.app.organisation().await?;
    let (zone, currency) = (organisation.zone(), organisation.currency);
    for (id, figure, from, until) in goals {
        let result: Option<i64> = match figure {
            Figure::Members => {
                let (count,): (i64,) = db.one(sql("SELECT count(*) FROM segment_members WHERE segment_id = $1").bind(segment)).await?;
                Some(count)
            }
            Figure::Buyers | Figure::Sales => {
                let bought = sql("SELECT count(DISTINCT x.party_id), CAST(COALESCE(SUM(x.gross_minor - x.refund_minor), 0) AS BIGINT)
                     FROM segment_members m JOIN purchases x ON x.party_id = m.party_id
                     WHERE m.segment_id = $1 AND x.at >= $2 AND x.at < $3 AND x.currency = $4")
                .bind(segment)
                .bind(Instant::start_of(from, &zone))
                .bind(Instant::start_of(until.plus(1), &zone))
                .bind(currency);
                let (buyers, sales): (i64, i64) = db.one(bought).await?;
                // Before it begins there is nothing to say.
                (today >= from).then_some(if figure == Figure::Buyers { buyers } else { sales })
            }
            Figure::Active => {
                let active = sql("SELECT count(*), CAST(COALESCE(AVG(c.p_active), 0) AS DOUBLE PRECISION)
                     FROM segment_members m JOIN party_scores c ON c.party_id = m.party_id WHERE m.segment_id = $1 AND c.p_active IS NOT NULL")
                .bind(segment);
                let (customers, mean): (i64, f64) = db.one(active).await?;
                #[expect(clippy::cast_possible_truncation, reason = "a share is small")]
                let percent = (mean * 100.0).round() as i64;
                (customers >= FEW).then_some(percent)
            }
        };
        let mut tx = db.begin().await?;
        tx.run(
            sql("UPDATE segment_goals SET result = $1, base = COALESCE(base, $2), counted_at = $3 WHERE id = $4")
                .bind(result)
                .bind(result)
                .bind(ctx.now())
                .bind(id),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The operations of goals.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Marketing, act));
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add("goals.list", "GET /goals", perm(Act::See), "The goals of segments, and how far they have come.", list)
        .example(|| json!({"limit": 20}));
    ops.add("goals.create", "POST /goals", perm(Act::Change), "Sets a goal for a segment.", create)
        .example(|| json!({"segment_id": SOME, "figure": "buyers", "target": "120", "until_on": "2027-03-20", "budget": "50000000"}));
    ops.add("goals.delete", "DELETE /goals/{id}", perm(Act::Change), "Gives a goal up; it can be taken back.", delete)
        .example(|| json!({"id": SOME}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Door;
    use crate::marketing::segments::NewSegment;
    use crate::marketing::segments::build::build_due;
    use crate::platform::undo::RunUndo;
    use crate::sales::purchases::{self, NewPurchase};
    use crate::testing;
    use tokio::sync::watch;

    async fn build(ctx: &Ctx, days: i64) {
        let (_keep, stop) = watch::channel(false);
        let mut job = ctx.app.system(Door::Job);
        job.now = ctx.now().plus(days * crate::platform::time::DAY);
        build_due(&job, Id::FIRST, &stop).await.unwrap();
    }

    fn goal(segment_id: Id<Segment>, figure: Figure, target: &str, until_on: Day) -> NewGoal {
        NewGoal { segment_id, figure, target: target.into(), from_on: None, until_on, budget: None, note: None }
    }

    async fn told(ctx: &Ctx) -> Vec<(Figure, Option<i64>, Standing)> {
        let page = ctx.run(list, ListGoals::default()).await.unwrap();
        page.items.into_iter().map(|goal| (goal.figure, goal.result, goal.standing)).collect()
    }

    #[tokio::test]
    async fn what_a_goal_has_come_to_is_worked_out_from_facts() {
        let ctx = testing::ctx().await;
        let (one, _two) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
        let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
        let segment = ctx.run(segments::create, all).await.unwrap().id;
        let until = ctx.today().plus(9);
        for (figure, target) in [(Figure::Members, "2"), (Figure::Buyers, "10"), (Figure::Sales, "100"), (Figure::Active, "80")] {
            let set = ctx.run(create, goal(segment, figure, target, until)).await.unwrap();
            assert_eq!((set.result, set.standing), (None, Standing::Unknown), "nothing is worked out yet");
        }
        let new = NewPurchase { party_id: Some(one), amount: Some("60".into()), product_name: Some("چای".into()), ..Default::default() };
        ctx.run(purchases::create, new).await.unwrap();
        build(&ctx, 0).await;
        let minor = ctx.app.db.one::<(i64,)>(sql("SELECT gross_minor FROM purchases")).await.unwrap().0;
        assert_eq!(
            told(&ctx).await,
            [
                (Figure::Active, None, Standing::Unknown),
                (Figure::Sales, Some(minor), Standing::OnCourse),
                (Figure::Buyers, Some(1), Standing::OnCourse),
                (Figure::Members, Some(2), Standing::Reached),
            ]
        );
        let later = |days: i64| {
            let mut later = ctx.clone();
            later.now = ctx.now().plus(days * crate::platform::time::DAY);
            later
        };
        assert_eq!(told(&later(4)).await[2], (Figure::Buyers, Some(1), Standing::Behind));
        assert_eq!(told(&later(10)).await[2], (Figure::Buyers, Some(1), Standing::Missed));
        let whole = ctx.run(list, ListGoals { segment_id: Some(segment), limit: Some(1), after: None }).await.unwrap();
        assert_eq!((whole.items[0].elapsed, whole.next.is_some()), (0.1, true));
        let next = ctx.run(list, ListGoals { after: whole.next, ..ListGoals::default() }).await.unwrap();
        assert_eq!(next.items.len(), 3);

        // Whoever sees a part of the customers does not see what is counted of all.
        let agent = testing::as_post(&ctx.app, "agent", "sara").await;
        assert!(told(&agent).await.iter().all(|(_, result, _)| result.is_none()));
        assert!(matches!(agent.run(create, goal(segment, Figure::Members, "1", until)).await, Err(Error::Forbidden(_))));
    }

    #[tokio::test]
    async fn a_goal_that_was_given_up_comes_back_by_its_undo() {
        let ctx = testing::ctx().await;
        let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
        let segment = ctx.run(segments::create, all).await.unwrap().id;
        let set = ctx.run(create, goal(segment, Figure::Members, "5", ctx.today())).await.unwrap();
        let gone = ctx.run(delete, GoalId { id: set.id }).await.unwrap();
        assert!(told(&ctx).await.is_empty());
        ctx.run(undo::run, RunUndo { id: gone.undo }).await.unwrap();
        assert_eq!(told(&ctx).await.len(), 1);
        assert!(matches!(ctx.run(delete, GoalId { id: ctx.id() }).await, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn a_goal_without_sense_is_refused() {
        let ctx = testing::ctx().await;
        let all = NewSegment { name: "همه".into(), rule: json!({"all": []}), is_shared: true };
        let segment = ctx.run(segments::create, all).await.unwrap().id;
        let field = async |new: NewGoal| match ctx.run(create, new).await {
            Err(Error::Invalid(Fields(problems))) => problems[0].field.to_string(),
            other => panic!("{other:?}"),
        };
        let today = ctx.today();
        assert_eq!(field(goal(segment, Figure::Active, "101", today)).await, "target");
        assert_eq!(field(goal(segment, Figure::Buyers, "0", today)).await, "target");
        assert_eq!(field(goal(segment, Figure::Members, "x", today)).await, "target");
        assert_eq!(field(goal(segment, Figure::Members, "1", today.plus(-1))).await, "until_on");
        assert_eq!(field(NewGoal { budget: Some("-1".into()), ..goal(segment, Figure::Members, "1", today) }).await, "budget");
        assert!(matches!(ctx.run(create, goal(ctx.id(), Figure::Members, "1", today)).await, Err(Error::NotFound(_))));
    }

    #[test]
    fn a_segment_may_be_meant_to_shrink() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let stored = |base: i64, result: i64| Stored {
            id: Id::FIRST,
            segment_id: Id::FIRST,
            segment: String::new(),
            figure: Figure::Members,
            target: 100,
            from_on: day("2026-11-01"),
            until_on: day("2026-11-10"),
            budget_minor: None,
            note: None,
            base: Some(base),
            result: Some(result),
            counted_at: None,
            version: 1,
        };
        let middle = stored(200, 150).goal(day("2026-11-05"));
        assert_eq!((middle.done, middle.elapsed, middle.standing), (Some(0.5), 0.5, Standing::OnCourse));
        assert_eq!(stored(200, 90).goal(day("2026-11-05")).standing, Standing::Reached);
        assert_eq!(stored(200, 230).goal(day("2026-11-05")).done, Some(0.0), "it went the other way");
        assert_eq!(stored(100, 100).goal(day("2026-11-05")).standing, Standing::Reached);
        assert_eq!(stored(100, 99).goal(day("2026-11-05")).standing, Standing::Behind);
    }
}
