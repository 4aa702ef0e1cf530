//! Opportunities: what may be sold to whom.

use crate::interactions::Interaction;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::parties::whom::{self, Whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of a title.
const TITLE_MAX: usize = 300;

peyvand_db::words! {
    /// Where an opportunity stands.
    pub enum OpportunityState {
        /// It may still come to something.
        Open = "open",
        /// They bought.
        Won = "won",
        /// They did not.
        Lost = "lost",
    }
}

row! {
    /// Something that may be sold.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Opportunity {
        /// Its id.
        pub id: Id<Opportunity> = "t.id",
        /// To whom.
        pub party_id: Id<Party> = "t.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// The talk it came from.
        pub interaction_id: Option<Id<Interaction>> = "t.interaction_id",
        /// What.
        pub title: String = "t.title",
        /// Where it stands.
        pub state: OpportunityState = "t.state",
        /// Who looks after it.
        pub owner_id: Option<Id<User>> = "t.owner_id",
        /// When it was written down.
        pub created_at: Instant = "t.created_at",
        /// When it was won or lost.
        pub closed_at: Option<Instant> = "t.closed_at",
    }
}

const FROM: &str = "FROM opportunities t JOIN parties p ON p.id = t.party_id WHERE 1 = 1";

/// Writes an opportunity down for a party that the caller has found within sight.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn open(
    tx: &mut Tx,
    ctx: &Ctx,
    party: &Whom,
    title: &str,
    interaction: Option<Id<Interaction>>,
) -> Result<Id<Opportunity>> {
    let id: Id<Opportunity> = ctx.id();
    tx.run(
        sql("INSERT INTO opportunities (id, party_id, interaction_id, title, state, owner_id, created_by, created_at)
             VALUES ($1, $2, $3, $4, 'open', $5, $6, $7)")
        .bind(id)
        .bind(party.id)
        .bind(interaction)
        .bind(title)
        .bind(ctx.actor.user().or(party.owner_id))
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    events::record(tx, ctx, Event::of_party("opportunity.created", party.id, serde_json::json!({"title": title})).about(id)).await?;
    Ok(id)
}

/// An opportunity to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOpportunity {
    /// To whom.
    pub party_id: Option<Id<Party>>,
    /// To whom, by any identity key, phone or code.
    pub customer: Option<String>,
    /// What.
    pub title: String,
}

/// Writes an opportunity down.
///
/// # Errors
/// Without a title, or for an unknown customer.
pub async fn create(ctx: &Ctx, new: NewOpportunity) -> Result<Opportunity> {
    let writer = ctx.write(Perm(Room::Sales, Act::Create))?;
    let title = clean_line(&new.title, TITLE_MAX).map_err(|problem| Problem::new("title", problem.key()).with("max", TITLE_MAX))?;
    if title.is_empty() {
        return Err(Error::invalid("title", "input-needed"));
    }
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let id = open(&mut tx, ctx, &party, &title, None).await?;
    let opportunity = read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(opportunity)
}

async fn read(tx: &mut Tx, id: Id<Opportunity>) -> Result<Opportunity> {
    let mut query = Sql::select::<Opportunity>(FROM);
    query.push(" AND t.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// Which opportunities.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOpportunities {
    /// Only of this party.
    pub party_id: Option<Id<Party>>,
    /// Only in this state; open unless given.
    pub state: Option<OpportunityState>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<Id<Opportunity>>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Opportunities, newest first.
///
/// # Errors
/// Without the right.
pub async fn list(ctx: &Ctx, input: ListOpportunities) -> Result<Page<Opportunity>> {
    let reader = ctx.read(Perm(Room::Sales, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Opportunity>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND t.state = ").arg(input.state.unwrap_or(OpportunityState::Open));
    if let Some(party) = input.party_id {
        query.push(" AND t.party_id = ").arg(party);
    }
    if let Some(after) = input.after {
        query.push(" AND t.id < ").arg(after);
    }
    query.push(" ORDER BY t.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Opportunity> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.id.to_string()))
}

/// How an opportunity ended.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseOpportunity {
    /// Which.
    pub id: Id<Opportunity>,
    /// Won or lost; open again when it was closed by mistake.
    pub state: OpportunityState,
}

/// Closes an opportunity, or opens it again.
///
/// # Errors
/// [`Error::NotFound`] outside of sight.
pub async fn close(ctx: &Ctx, input: CloseOpportunity) -> Result<Opportunity> {
    let writer = ctx.write(Perm(Room::Sales, Act::Change))?;
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Opportunity>(FROM);
    writer.sight.parties(&mut query);
    query.push(" AND t.id = ").arg(input.id);
    let old: Opportunity = tx.maybe(query).await?.ok_or(Error::NotFound("opportunity"))?;
    let closed = (input.state != OpportunityState::Open).then_some(ctx.now());
    tx.run(sql("UPDATE opportunities SET state = $1, closed_at = $2 WHERE id = $3").bind(input.state).bind(closed).bind(old.id)).await?;
    let data = serde_json::json!({"title": old.title, "state": input.state});
    events::record(&mut tx, ctx, Event::of_party("opportunity.closed", old.party_id, data).about(old.id)).await?;
    let opportunity = read(&mut tx, old.id).await?;
    tx.commit().await?;
    Ok(opportunity)
}

/// The operations of opportunities.
pub fn operations(ops: &mut Operations) {
    ops.add("opportunities.create", "POST /opportunities", Some(Perm(Room::Sales, Act::Create)), "Writes an opportunity down.", create)
        .example(|| serde_json::json!({"customer": "09121234567", "title": "سرویس سالانهٔ دستگاه"}));
    ops.add("opportunities.list", "GET /opportunities", Some(Perm(Room::Sales, Act::See)), "Opportunities, newest first.", list)
        .example(|| serde_json::json!({"state": "open"}));
    ops.add(
        "opportunities.close",
        "POST /opportunities/{id}/close",
        Some(Perm(Room::Sales, Act::Change)),
        "Closes an opportunity as won or lost.",
        close,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn an_opportunity_is_closed_on_a_day_and_opened_again_without_one() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = NewOpportunity { party_id: Some(party), customer: None, title: "سرویس سالانهٔ دستگاه".into() };
        let id = ctx.run(create, new).await.unwrap().id;
        let won = ctx.run(close, CloseOpportunity { id, state: OpportunityState::Won }).await.unwrap();
        assert_eq!((won.state, won.closed_at), (OpportunityState::Won, Some(ctx.now())));
        let open = ctx.run(close, CloseOpportunity { id, state: OpportunityState::Open }).await.unwrap();
        assert_eq!((open.state, open.closed_at), (OpportunityState::Open, None));
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let theirs = agent.run(close, CloseOpportunity { id, state: OpportunityState::Lost }).await;
        assert!(matches!(theirs, Err(Error::NotFound(_) | Error::Forbidden(_))), "somebody else's customer");
    }
}
