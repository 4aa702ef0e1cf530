//! Ideas that came up in talks with customers.

use crate::interactions::Interaction;
use crate::operation::{Page, page_size};
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::text::clean_text;
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of an idea.
const TEXT_MAX: usize = 2_000;

peyvand_db::words! {
    /// What became of an idea.
    pub enum IdeaState {
        /// Not looked at yet, or being thought over.
        Open = "open",
        /// Made true.
        Done = "done",
        /// Put aside.
        Dropped = "dropped",
    }
}

row! {
    /// An idea.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Idea {
        /// Its id.
        pub id: Id<Idea> = "d.id",
        /// From whom.
        pub party_id: Option<Id<Party>> = "d.party_id",
        /// Their name.
        pub party: Option<String> = "p.name",
        /// The talk it came from.
        pub interaction_id: Option<Id<Interaction>> = "d.interaction_id",
        /// In words.
        pub text: String = "d.text",
        /// What became of it.
        pub state: IdeaState = "d.state",
        /// When it was written down.
        pub created_at: Instant = "d.created_at",
    }
}

const FROM: &str = "FROM ideas d LEFT JOIN parties p ON p.id = d.party_id WHERE 1 = 1";

/// Writes an idea down for a party that the caller has found within sight.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn put(
    tx: &mut Tx,
    ctx: &Ctx,
    text: &str,
    party: Option<Id<Party>>,
    interaction: Option<Id<Interaction>>,
) -> Result<Id<Idea>> {
    let id: Id<Idea> = ctx.id();
    tx.run(
        sql(
            "INSERT INTO ideas (id, party_id, interaction_id, text, state, created_by, created_at) VALUES ($1, $2, $3, $4, 'open', $5, $6)",
        )
        .bind(id)
        .bind(party)
        .bind(interaction)
        .bind(text)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    events::record(tx, ctx, Event { kind: "idea.created", party, subject: Some(id.0), data: serde_json::json!({"text": text}) }).await?;
    Ok(id)
}

/// An idea to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdea {
    /// In words.
    pub text: String,
    /// From whom.
    pub party_id: Option<Id<Party>>,
    /// From whom, by any identity key, phone or code.
    pub customer: Option<String>,
}

/// Writes an idea down.
///
/// # Errors
/// Without words, or for an unknown customer.
pub async fn create(ctx: &Ctx, new: NewIdea) -> Result<Idea> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let text = clean_text(&new.text, TEXT_MAX).map_err(|problem| Problem::new("text", problem.key()).with("max", TEXT_MAX))?;
    if text.is_empty() {
        return Err(Error::invalid("text", "input-needed"));
    }
    let mut tx = writer.begin().await?;
    let party = whom::find(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let id = put(&mut tx, ctx, &text, party.map(|party| party.id), None).await?;
    let idea = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(idea)
}

async fn read(tx: &mut Tx, id: Id<Idea>) -> Result<Idea> {
    let mut query = Sql::select::<Idea>(FROM);
    query.push(" AND d.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// Which ideas.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListIdeas {
    /// Only in this state.
    pub state: Option<IdeaState>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Ideas, newest first. Who sees only a part of the customers sees the ideas of these.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListIdeas) -> Result<Page<Idea>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Idea>(FROM);
    reader.sight.parties(&mut query);
    if let Some(state) = input.state {
        query.push(" AND d.state = ").arg(state);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Idea>(after)?;
        query.push(" AND (d.created_at, d.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY d.created_at DESC, d.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Idea> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| cursor_at(last.created_at, last.id)))
}

/// What became of an idea.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseIdea {
    /// Which.
    pub id: Id<Idea>,
    /// What became of it.
    pub state: IdeaState,
}

/// Says what became of an idea.
///
/// # Errors
/// [`Error::NotFound`] outside of sight.
pub async fn close(ctx: &Ctx, input: CloseIdea) -> Result<Idea> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Change))?;
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Idea>(FROM);
    writer.sight.parties(&mut query);
    query.push(" AND d.id = ").arg(input.id);
    let old: Idea = tx.maybe(query).await?.ok_or(Error::NotFound("idea"))?;
    tx.run(sql("UPDATE ideas SET state = $1 WHERE id = $2").bind(input.state).bind(old.id)).await?;
    let data = serde_json::json!({"state": input.state});
    events::record(&mut tx, ctx, Event { kind: "idea.closed", party: old.party_id, subject: Some(old.id.0), data }).await?;
    let idea = read(&mut tx, old.id).await?;
    tx.commit().await?;
    Ok(idea)
}

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    ops.add("ideas.create", "POST /ideas", Some(Perm(Room::Interactions, Act::Create)), "Writes an idea down.", create)
        .example(|| serde_json::json!({"text": "بسته‌بندی هدیه برای عید"}));
    ops.add("ideas.list", "GET /ideas", Some(Perm(Room::Interactions, Act::See)), "Ideas, newest first.", list)
        .example(|| serde_json::json!({"state": "open"}));
    ops.add("ideas.close", "POST /ideas/{id}/close", Some(Perm(Room::Interactions, Act::Change)), "Says what became of an idea.", close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn an_idea_is_open_until_somebody_says_what_became_of_it() {
        let ctx = testing::ctx().await;
        let idea = ctx.run(create, NewIdea { text: "بسته‌بندی هدیه برای عید".into(), ..NewIdea::default() }).await.unwrap();
        let open = ListIdeas { state: Some(IdeaState::Open), ..ListIdeas::default() };
        assert_eq!(ctx.run(list, open.clone()).await.unwrap().items.len(), 1);
        let closed = ctx.run(close, CloseIdea { id: idea.id, state: IdeaState::Done }).await.unwrap();
        assert_eq!(closed.state, IdeaState::Done);
        assert_eq!(ctx.run(list, open).await.unwrap().items.len(), 0);
        let elsewhere = CloseIdea { id: ctx.id(), state: IdeaState::Dropped };
        assert!(matches!(ctx.run(close, elsewhere).await, Err(Error::NotFound(_))));
    }
}
