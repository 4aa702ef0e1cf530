//! Whom people put into a segment by hand, or keep out of it.

use super::build::{self, Due};
use super::rule::Rule;
use super::write::take;
use super::{Segment, find, follow, world};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Instant, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// Customers whom one act picks.
const PICKS_MAX: usize = 500;

peyvand_db::words! {
    /// What somebody says of a customer and a segment.
    pub enum Pick {
        /// They belong to it, whatever the rule says.
        In = "in",
        /// They do not, whatever the rule says.
        Out = "out",
        /// The rule decides.
        Rule = "rule",
    }
}

impl Pick {
    const fn stored(self) -> Option<bool> {
        match self {
            Pick::In => Some(true),
            Pick::Out => Some(false),
            Pick::Rule => None,
        }
    }
}

/// Customers to put into a segment by hand, or to keep out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PickMembers {
    /// The segment.
    pub id: Id<Segment>,
    /// The customers, at most 500.
    pub party_ids: Vec<Id<Party>>,
    /// What is said of them.
    pub pick: Pick,
}

/// What picking came to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Picked {
    /// Of how many customers something else was said before.
    pub picked: i64,
    /// Takes it back through `undo.run`, for one day.
    pub undo: Id<Undo>,
}

/// What was said of a customer before: in, out, or nothing.
pub type WasPicked = (Id<Party>, Option<bool>);

/// Puts customers into a segment by hand, keeps them out, or leaves them to the rule again. They belong to it, or do not,
/// at once.
///
/// # Errors
/// [`Error::NotFound`] out of reach; a problem at field `party_ids` when one of them is out of sight.
pub async fn pick(ctx: &Ctx, input: PickMembers) -> Result<Picked> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let sight = ctx.read(Perm(Room::Parties, Act::See))?.sight;
    let mut parties = input.party_ids;
    parties.sort_unstable();
    parties.dedup();
    if parties.is_empty() || parties.len() > PICKS_MAX {
        return Err(Problem::new("party_ids", "input-range").with("min", 1).with("max", PICKS_MAX).into());
    }
    let mut tx = writer.begin().await?;
    take(&mut tx, &writer.sight, input.id).await?;
    let mut query = sql("SELECT count(*) FROM parties p WHERE p.archived_at IS NULL");
    sight.parties(&mut query);
    query.push(" AND p.id IN ").list(parties.iter().copied());
    let (known,): (i64,) = tx.one(query).await?;
    if known < parties.len() as i64 {
        return Err(Error::invalid("party_ids", "segments-pick-unknown"));
    }
    let mut query = sql("SELECT party_id, is_in FROM segment_picks WHERE segment_id = $1 AND party_id IN ").bind(input.id);
    query.list_padded(&parties);
    let said: HashMap<Id<Party>, bool> = tx.all::<(Id<Party>, bool)>(query).await?.into_iter().collect();
    let before: Vec<WasPicked> =
        parties.iter().map(|party| (*party, said.get(party).copied())).filter(|(_, said)| *said != input.pick.stored()).collect();
    let picks: Vec<WasPicked> = before.iter().map(|(party, _)| (*party, input.pick.stored())).collect();
    put(&mut tx, ctx, input.id, &picks).await?;
    let data = json!({"pick": input.pick, "customers": picks.len()});
    events::record(&mut tx, ctx, Event::of("segment.picked", input.id, data)).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::PickMembers { segment: input.id, before }).await?;
    tx.commit().await?;
    Ok(Picked { picked: picks.len() as i64, undo })
}

/// Takes [`pick`] back.
pub(crate) async fn unpick(tx: &mut Tx, ctx: &Ctx, segment: Id<Segment>, before: &[WasPicked]) -> Result<()> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    take(tx, &writer.sight, segment).await?;
    put(tx, ctx, segment, before).await?;
    let data = json!({"pick": "before", "customers": before.len()});
    events::record(tx, ctx, Event::of("segment.picked", segment, data)).await
}

/// Says it, and lets them belong to the segment accordingly; its row is locked.
async fn put(tx: &mut Tx, ctx: &Ctx, segment: Id<Segment>, picks: &[WasPicked]) -> Result<()> {
    if picks.is_empty() {
        return Ok(());
    }
    let parties: Vec<Id<Party>> = picks.iter().map(|(party, _)| *party).collect();
    let mut delete = sql("DELETE FROM segment_picks WHERE segment_id = $1 AND party_id IN ").bind(segment);
    delete.list_padded(&parties);
    tx.run(delete).await?;
    let said = picks.iter().filter_map(|(party, said)| said.map(|said| (party, said)));
    let rows = said
        .map(|(party, said)| vec![segment.to_value(), party.to_value(), said.to_value(), ctx.actor.user().to_value(), ctx.now().to_value()])
        .collect();
    for statement in Sql::inserts("INSERT INTO segment_picks (segment_id, party_id, is_in, created_by, created_at) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    let due: Due = tx.one(Due::of(segment)).await?;
    let rule: Rule = serde_json::from_value(due.rule.clone()).map_err(Error::fault)?;
    let world = world(ctx).await?;
    let (entered, departed) = build::write(tx, ctx, &world, (segment, &due, &rule), &parties, &parties).await?;
    if due.built_at > Instant::NEVER && entered + departed > 0 {
        build::resize(tx, &world, segment, due.size + entered - departed).await?;
    }
    // Segments whose rules name this one.
    follow::mark(tx, ctx, parties).await
}

row! {
    /// A customer of whom somebody said that they belong to a segment or not, whatever its rule says.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct PickedMember {
        /// The customer.
        pub party_id: Id<Party> = "p.id",
        /// Their name.
        pub name: String = "p.name",
        /// City.
        pub city: Option<String> = "p.city",
        /// Whether they belong to it.
        pub is_in: bool = "k.is_in",
        /// Who said so.
        pub by: Option<String> = "u.name",
        /// When.
        pub at: Instant = "k.created_at",
    }
}

/// Which of the hand-picked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPicks {
    /// The segment.
    pub id: Id<Segment>,
    /// Only those who were put in, or only those who are kept out.
    pub is_in: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Whom people put into a segment by hand or keep out of it, the newest customers first.
///
/// # Errors
/// [`Error::NotFound`] for a segment out of sight.
pub async fn picks(ctx: &Ctx, input: ListPicks) -> Result<Page<PickedMember>> {
    let segments = ctx.read(Perm(Room::Marketing, Act::See))?;
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = page_size(input.limit)?;
    find(ctx, &segments.sight, input.id).await?;
    let mut query = Sql::select::<PickedMember>(
        "FROM segment_picks k JOIN parties p ON p.id = k.party_id LEFT JOIN users u ON u.id = k.created_by WHERE p.archived_at IS NULL",
    );
    reader.sight.parties(&mut query);
    query.push(" AND k.segment_id = ").arg(input.id);
    if let Some(is_in) = input.is_in {
        query.push(" AND k.is_in = ").arg(is_in);
    }
    if let Some(after) = &input.after {
        let after: Id<Party> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND k.party_id < ").arg(after);
    }
    query.push(" ORDER BY k.party_id DESC LIMIT ").arg(limit + 1);
    let items: Vec<PickedMember> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.party_id.to_string()))
}
