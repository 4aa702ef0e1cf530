//! Goals: what is meant to become of segments, what may be spent on it, and how far it has come. Results are worked out
//! from facts by the job that builds segments.

mod count;
pub mod notes;

pub(crate) use self::count::count;

use super::segments::{self, Segment, seen};
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
        n: Option<i64> = "g.n",
        low: Option<f64> = "g.low",
        high: Option<f64> = "g.high",
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
    /// Of how many it is: members, for sales the buyers among them, for probabilities those who have one.
    pub n: Option<i64>,
    /// Lower end of the range in which the share of buyers, or of those still active, lies with 95 per cent.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
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
        if sees_all { self } else { Stored { base: None, result: None, n: None, low: None, high: None, counted_at: None, ..self } }
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
        let Stored { id, segment_id, segment, figure, target, from_on, until_on, budget_minor, note, base, result, .. } = self;
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
            n: self.n,
            low: self.low,
            high: self.high,
            counted_at: self.counted_at,
            done: done.map(|done| done.clamp(0.0, 1.0)),
            elapsed,
            standing,
            version: self.version,
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

fn read_budget(text: &str, currency: Currency, fields: &mut Fields) -> Option<i64> {
    if text.trim().is_empty() {
        return None;
    }
    let read = parse_decimal(text).and_then(|amount| Money::from_major(amount, currency));
    let budget = fields.take(read.map(|money| money.minor).map_err(|problem| Problem::new("budget", problem.key())));
    if budget.is_some_and(|budget| budget < 0) {
        fields.add("budget", "platform-number-not-read");
    }
    budget
}

fn check_until(from: Day, until: Day, fields: &mut Fields) {
    if until < from || until > from.plus(DAYS_MAX) {
        fields.add("until_on", "segments-bounds-crossed");
    }
}

fn read_note(note: &str, fields: &mut Fields) -> Option<String> {
    let read = clean_text(note, NOTE_MAX).map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX));
    fields.take(read).filter(|note| !note.is_empty())
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
    let budget = new.budget.as_deref().and_then(|text| read_budget(text, currency, &mut fields));
    check_until(from, new.until_on, &mut fields);
    let note = new.note.as_deref().and_then(|note| read_note(note, &mut fields));
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
        .bind(note.as_deref())
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    segments::ask(&mut tx, ctx, new.segment_id).await?;
    let terms = GoalTerms { target, until_on: new.until_on, budget_minor: budget, note };
    let data = json!({"goal": id, "figure": new.figure, "terms": terms});
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

/// One goal.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn get(ctx: &Ctx, input: GoalId) -> Result<Goal> {
    let reader = ctx.read(Perm(Room::Marketing, Act::See))?;
    let mut query = Sql::select::<Stored>(FROM);
    seen(&reader.sight, &mut query);
    query.push(" AND g.id = ").arg(input.id);
    let goal: Stored = reader.db.maybe(query).await?.ok_or(Error::NotFound("goal"))?;
    Ok(goal.known_to(sees_all(ctx)).goal(today(ctx).await?))
}

/// What of a goal may be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoalTerms {
    /// How much is meant.
    pub target: i64,
    /// The day by which it is meant.
    pub until_on: Day,
    /// What may be spent on it, in minor units.
    pub budget_minor: Option<i64>,
    /// What people noted.
    pub note: Option<String>,
}

/// A change of a goal; what is absent stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalChange {
    /// The goal.
    pub id: Id<Goal>,
    /// Its version, as it was read.
    pub version: i64,
    /// How much is meant, as a decimal text: customers, whole per cent, or an amount.
    pub target: Option<String>,
    /// The day by which it is meant.
    pub until_on: Option<Day>,
    /// What may be spent on it: an amount; empty for none.
    pub budget: Option<String>,
    /// A note; empty for none.
    pub note: Option<String>,
}

/// What changing a goal came to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GoalChanged {
    /// The goal as it is now.
    pub goal: Goal,
    /// Takes the change back through `undo.run`, for one day.
    pub undo: Id<Undo>,
}

/// Changes a goal. What it measures, of whom and from which day stays: that would be another goal.
///
/// # Errors
/// [`Error::NotFound`] out of reach, [`Error::Conflict`] when somebody has changed it meanwhile, problems at the fields.
pub async fn update(ctx: &Ctx, change: GoalChange) -> Result<GoalChanged> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut tx = writer.begin().await?;
    let segment = segment_of(&mut tx, change.id).await?;
    segments::take(&mut tx, &writer.sight, segment).await?;
    let mut query = Sql::select::<Stored>(FROM);
    query.push(" AND g.id = ").arg(change.id);
    let was: Stored = tx.maybe(query).await?.ok_or(Error::NotFound("goal"))?;
    if was.version != change.version {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "goals-changed-meanwhile")])));
    }
    let before = GoalTerms { target: was.target, until_on: was.until_on, budget_minor: was.budget_minor, note: was.note };
    let mut after = before.clone();
    let mut fields = Fields::default();
    if let Some(target) = change.target.as_deref().and_then(|text| fields.take(read_target(was.figure, text, currency))) {
        after.target = target;
    }
    if let Some(until) = change.until_on {
        check_until(was.from_on, until, &mut fields);
        after.until_on = until;
    }
    if let Some(text) = &change.budget {
        after.budget_minor = read_budget(text, currency, &mut fields);
    }
    if let Some(note) = &change.note {
        after.note = read_note(note, &mut fields);
    }
    fields.check()?;
    put_terms(&mut tx, ctx, (change.id, segment), change.version, &after).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::ChangeGoal { goal: change.id, before, version: change.version + 1 }).await?;
    segments::ask(&mut tx, ctx, segment).await?;
    tx.commit().await?;
    Ok(GoalChanged { goal: read(ctx, change.id).await?, undo })
}

/// Writes what is meant now, unless somebody has gone on from that version.
async fn put_terms(tx: &mut Tx, ctx: &Ctx, (id, segment): (Id<Goal>, Id<Segment>), version: i64, terms: &GoalTerms) -> Result<()> {
    let changed = tx
        .run(
            sql("UPDATE segment_goals SET target = $1, until_on = $2, budget_minor = $3, note = $4, version = version + 1
                 WHERE id = $5 AND version = $6 AND archived_at IS NULL")
            .bind(terms.target)
            .bind(terms.until_on)
            .bind(terms.budget_minor)
            .bind(terms.note.as_deref())
            .bind(id)
            .bind(version),
        )
        .await?;
    if changed == 0 {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "goals-changed-meanwhile")])));
    }
    events::record(tx, ctx, Event::of("goal.changed", segment, json!({"goal": id, "terms": terms}))).await
}

/// Takes [`update`] back.
pub(crate) async fn restore_terms(tx: &mut Tx, ctx: &Ctx, id: Id<Goal>, before: &GoalTerms, version: i64) -> Result<()> {
    ctx.write(Perm(Room::Marketing, Act::Change))?;
    let segment = segment_of(tx, id).await?;
    put_terms(tx, ctx, (id, segment), version, before).await
}

/// The segment of a goal, which nobody else changes until the transaction ends.
async fn segment_of(tx: &mut Tx, id: Id<Goal>) -> Result<Id<Segment>> {
    let query = sql("SELECT segment_id FROM segment_goals WHERE archived_at IS NULL AND id = $1 {for_update}").bind(id);
    let found: Option<(Id<Segment>,)> = tx.maybe(query).await?;
    found.map(|(segment,)| segment).ok_or(Error::NotFound("goal"))
}

row! {
    struct Happened {
        at: Instant = "e.at",
        kind: String = "e.kind",
        by: Option<String> = "u.name",
        data: serde_json::Value = "e.data",
    }
}

/// What happened to a goal.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GoalEvent {
    /// When.
    pub at: Instant,
    /// What: `goal.created`, `goal.changed`, `goal.archived`, `goal.restored`.
    pub kind: String,
    /// Who did it.
    pub by: Option<String>,
    /// What was meant from then on, where that changed.
    pub terms: Option<GoalTerms>,
}

/// Events of the goals of a segment that are looked through.
const HISTORY: i64 = 500;

/// What happened to a goal, the newest first.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn history(ctx: &Ctx, input: GoalId) -> Result<Vec<GoalEvent>> {
    let goal = get(ctx, input).await?;
    let mut query = Sql::select::<Happened>(
        "FROM events e LEFT JOIN users u ON u.id = e.actor_id
         WHERE e.kind IN ('goal.created', 'goal.changed', 'goal.archived', 'goal.restored') AND e.subject_id = ",
    );
    query.arg(goal.segment_id).push(" ORDER BY e.at DESC, e.id DESC LIMIT ").arg(HISTORY);
    let id = goal.id.to_string();
    let events: Vec<Happened> = ctx.app.db.all(query).await?;
    let of_goal = events.into_iter().filter(|event| event.data["goal"].as_str() == Some(&id));
    Ok(of_goal
        .map(|event| GoalEvent {
            at: event.at,
            kind: event.kind,
            by: event.by,
            terms: serde_json::from_value(event.data["terms"].clone()).ok(),
        })
        .collect())
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
    events::record(&mut tx, ctx, Event::of("goal.archived", segment, json!({"goal": input.id}))).await?;
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
    events::record(tx, ctx, Event::of("goal.restored", segment, json!({"goal": id}))).await
}

/// The operations of goals.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Marketing, act));
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add("goals.list", "GET /goals", perm(Act::See), "The goals of segments, and how far they have come.", list)
        .example(|| json!({"limit": 20}));
    ops.add("goals.create", "POST /goals", perm(Act::Change), "Sets a goal for a segment.", create)
        .example(|| json!({"segment_id": SOME, "figure": "buyers", "target": "120", "until_on": "2027-03-20", "budget": "50000000"}));
    ops.add("goals.get", "GET /goals/{id}", perm(Act::See), "One goal, and how far it has come.", get).example(|| json!({"id": SOME}));
    ops.add("goals.update", "PUT /goals/{id}", perm(Act::Change), "Changes what a goal asks for; it can be taken back.", update)
        .example(|| json!({"id": SOME, "version": 1, "target": "150", "until_on": "2027-06-20"}));
    ops.add("goals.history", "GET /goals/{id}/history", perm(Act::See), "What happened to a goal, the newest first.", history)
        .example(|| json!({"id": SOME}));
    ops.add("goals.notes", "GET /goal-notes", perm(Act::See), "Notes on goals and on the portfolio, the newest first.", notes::list)
        .example(|| json!({"limit": 20}));
    ops.add("goals.note", "POST /goal-notes", perm(Act::Change), "Notes why budgets and targets are moved.", notes::add)
        .example(|| json!({"goal_id": SOME, "words": "نیمی از بودجه‌ی تازه‌ها به وفادارها رفت"}));
    ops.add("goals.note_remove", "DELETE /goal-notes/{id}", perm(Act::Change), "Takes a note away; it can be taken back.", notes::remove)
        .example(|| json!({"id": SOME}));
    ops.add("goals.delete", "DELETE /goals/{id}", perm(Act::Change), "Gives a goal up; it can be taken back.", delete)
        .example(|| json!({"id": SOME}));
}

#[cfg(test)]
mod tests;
