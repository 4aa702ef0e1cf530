//! Notes on goals and on the portfolio: why budgets and targets were moved from here to there.

use super::Goal;
use crate::marketing::segments::{self, Segment, seen};
use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_text;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Instant, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a note.
const WORDS_MAX: usize = 2_000;

row! {
    /// A note.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct GoalNote {
        /// Its id.
        pub id: Id<GoalNote> = "k.id",
        /// The goal that it is about; absent for the whole portfolio.
        pub goal_id: Option<Id<Goal>> = "k.goal_id",
        /// The segment of that goal.
        pub segment_id: Option<Id<Segment>> = "g.segment_id",
        /// Its name.
        pub segment: Option<String> = "s.name",
        /// What was noted.
        pub words: String = "k.words",
        /// Who noted it.
        pub by_id: Option<Id<User>> = "k.created_by",
        /// Their name.
        pub by: Option<String> = "u.name",
        /// When.
        pub at: Instant = "k.created_at",
    }
}

const FROM: &str = "FROM goal_notes k LEFT JOIN users u ON u.id = k.created_by LEFT JOIN segment_goals g ON g.id = k.goal_id
     LEFT JOIN segments s ON s.id = g.segment_id
     WHERE k.archived_at IS NULL AND (k.goal_id IS NULL OR (g.archived_at IS NULL AND s.archived_at IS NULL";

/// Which notes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNotes {
    /// Only those about this goal.
    pub goal_id: Option<Id<Goal>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Notes on goals of segments within sight and on the portfolio, the newest first.
///
/// # Errors
/// Without the right, for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListNotes) -> Result<Page<GoalNote>> {
    let reader = ctx.read(Perm(Room::Marketing, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<GoalNote>(FROM);
    seen(&reader.sight, &mut query);
    query.push("))");
    if let Some(goal) = input.goal_id {
        query.push(" AND k.goal_id = ").arg(goal);
    }
    if let Some(after) = &input.after {
        let after: Id<GoalNote> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND k.id < ").arg(after);
    }
    query.push(" ORDER BY k.id DESC LIMIT ").arg(limit + 1);
    Ok(Page::cut(reader.db.all(query).await?, limit, |last: &GoalNote| last.id.to_string()))
}

/// A note to write down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// The goal that it is about; the whole portfolio unless given.
    pub goal_id: Option<Id<Goal>>,
    /// What is noted.
    pub words: String,
}

/// Writes a note down, with its author and the moment.
///
/// # Errors
/// [`Error::NotFound`] for a goal out of reach; a problem at the field of an empty note.
pub async fn add(ctx: &Ctx, new: NewNote) -> Result<GoalNote> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let words = clean_text(&new.words, WORDS_MAX).map_err(|problem| Problem::new("words", problem.key()).with("max", WORDS_MAX))?;
    if words.is_empty() {
        return Err(Error::invalid("words", "input-needed"));
    }
    let id: Id<GoalNote> = ctx.id();
    let mut tx = writer.begin().await?;
    if let Some(goal) = new.goal_id {
        let segment = super::segment_of(&mut tx, goal).await?;
        segments::take(&mut tx, &writer.sight, segment).await?;
    }
    tx.run(
        sql("INSERT INTO goal_notes (id, goal_id, words, created_by, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(new.goal_id)
            .bind(&words)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    let data = json!({"goal": new.goal_id, "words": words});
    events::record(&mut tx, ctx, Event::of("goal.noted", id, data)).await?;
    let mut query = Sql::select::<GoalNote>(FROM);
    query.push(")) AND k.id = ").arg(id);
    let note = tx.one(query).await?;
    tx.commit().await?;
    Ok(note)
}

/// Which note.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropNote {
    /// Its id.
    pub id: Id<GoalNote>,
}

/// What taking a note away came to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct NoteDropped {
    /// Takes it back through `undo.run`, for one day.
    pub undo: Id<Undo>,
}

/// Takes a note away.
///
/// # Errors
/// [`Error::NotFound`] out of reach.
pub async fn remove(ctx: &Ctx, input: DropNote) -> Result<NoteDropped> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let mut tx = writer.begin().await?;
    if let Some(goal) = set_archived(&mut tx, input.id, Some(ctx.now())).await? {
        let segment = super::segment_of(&mut tx, goal).await?;
        segments::take(&mut tx, &writer.sight, segment).await?;
    }
    events::record(&mut tx, ctx, Event::of("goal.note_removed", input.id, json!({}))).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::RemoveGoalNote { note: input.id }).await?;
    tx.commit().await?;
    Ok(NoteDropped { undo })
}

/// The goal of the note.
async fn set_archived(tx: &mut Tx, id: Id<GoalNote>, at: Option<Instant>) -> Result<Option<Id<Goal>>> {
    let query = sql("UPDATE goal_notes SET archived_at = $1 WHERE id = $2 RETURNING goal_id").bind(at).bind(id);
    let found: Option<(Option<Id<Goal>>,)> = tx.maybe(query).await?;
    found.map(|(goal,)| goal).ok_or(Error::NotFound("note"))
}

/// Takes [`remove`] back.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, id: Id<GoalNote>) -> Result<()> {
    ctx.write(Perm(Room::Marketing, Act::Change))?;
    set_archived(tx, id, None).await?;
    events::record(tx, ctx, Event::of("goal.note_restored", id, json!({}))).await
}
