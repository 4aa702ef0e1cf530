//! A segment beside others, and beside itself on another day.

use super::{Segment, find, seen, world};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::Sight;
use crate::{Act, Ctx, Day, Instant, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Other segments that are compared with.
const OTHERS: i64 = 200;
/// Of them, those that are told unless asked otherwise.
const TOLD: i64 = 10;

/// Which segment, and how many others.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlapWith {
    /// The segment.
    pub id: Id<Segment>,
    /// How many others to tell of, 10 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Another segment that shares customers with one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Overlap {
    /// The other segment.
    pub id: Id<Segment>,
    /// Its name.
    pub name: String,
    /// Customers within sight who belong to both.
    pub shared: i64,
    /// All of the other's, where the caller sees everybody.
    pub size: Option<i64>,
}

/// The segments that share most customers with one, with the exact number.
///
/// # Errors
/// [`Error::NotFound`](crate::Error::NotFound) for a segment out of sight.
pub async fn overlap(ctx: &Ctx, input: OverlapWith) -> Result<Vec<Overlap>> {
    let segments = ctx.read(Perm(Room::Marketing, Act::See))?;
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = page_size(Some(input.limit.unwrap_or(TOLD)))?;
    find(ctx, &segments.sight, input.id).await?;
    let mut query = sql("SELECT s.id, s.name, s.size FROM segments s WHERE s.archived_at IS NULL");
    seen(&segments.sight, &mut query);
    query.push(" AND s.id <> ").arg(input.id).push(" ORDER BY s.size DESC, s.id LIMIT ").arg(OTHERS);
    let others: HashMap<Id<Segment>, (String, i64)> =
        reader.db.all::<(Id<Segment>, String, i64)>(query).await?.into_iter().map(|(id, name, size)| (id, (name, size))).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    // One look at each member for all segments at once.
    let mut query = sql("SELECT o.segment_id, count(*) FROM segment_members m CROSS JOIN segment_members o");
    if reader.sight != Sight::All {
        query.push(" JOIN parties p ON p.id = o.party_id");
    }
    query.push(" WHERE o.party_id = m.party_id AND m.segment_id = ").arg(input.id);
    query.push(" AND o.segment_id <> ").arg(input.id);
    if reader.sight != Sight::All {
        reader.sight.parties(&mut query);
    }
    query.push(" GROUP BY o.segment_id");
    let counts: Vec<(Id<Segment>, i64)> = reader.db.all(query).await?;
    let mut found: Vec<Overlap> = counts
        .into_iter()
        .filter_map(|(id, shared)| {
            let (name, size) = others.get(&id)?.clone();
            Some(Overlap { id, name, shared, size: (reader.sight == Sight::All).then_some(size) })
        })
        .collect();
    found.sort_by(|one, other| other.shared.cmp(&one.shared).then_with(|| one.id.cmp(&other.id)));
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}

peyvand_db::words! {
    /// Which way a customer went.
    pub enum Way {
        /// They belong to the segment at the end and did not before.
        Entered = "entered",
        /// They belonged to it before and do not at the end.
        Left = "left",
    }
}

/// Between which days.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMoves {
    /// The segment.
    pub id: Id<Segment>,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
    /// Who entered, or who left.
    pub way: Way,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

row! {
    /// A customer who entered a segment or left it.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Move {
        /// The customer.
        pub party_id: Id<Party> = "p.id",
        /// Their name.
        pub name: String = "p.name",
        /// City.
        pub city: Option<String> = "p.city",
        /// What they spent, in minor units of the organisation's currency.
        pub spent_minor: i64 = "p.spent_minor",
        /// When they entered or left.
        pub at: Instant = "x.at",
    }
}

/// Who entered a segment between two days, or left it, the newest customers first: those who came and went between them,
/// or went and came, do neither.
///
/// # Errors
/// [`Error::NotFound`](crate::Error::NotFound) for a segment out of sight; a problem at field `until` for days in the
/// wrong order.
pub async fn moves(ctx: &Ctx, input: ListMoves) -> Result<Page<Move>> {
    let segments = ctx.read(Perm(Room::Marketing, Act::See))?;
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = page_size(input.limit)?;
    find(ctx, &segments.sight, input.id).await?;
    if input.until < input.from {
        return Err(Problem::new("until", "segments-bounds-crossed").into());
    }
    let zone = world(ctx).await?.zone;
    let (start, end) = (Instant::start_of(input.from, &zone), Instant::start_of(input.until.plus(1), &zone));
    let mut query = Sql::select::<Move>("FROM (");
    match input.way {
        Way::Entered => {
            query.push("SELECT m.party_id, m.since AS at FROM segment_members m WHERE m.segment_id = ").arg(input.id);
            query.push(" AND m.since >= ").arg(start).push(" AND m.since < ").arg(end);
            query.push(" AND NOT EXISTS (");
            belonged("m.party_id", input.id, start, &mut query);
            query.push(") UNION ALL SELECT b.party_id, b.since FROM segment_past b WHERE b.segment_id = ").arg(input.id);
            query.push(" AND b.until >= ").arg(end).push(" AND b.since >= ").arg(start).push(" AND b.since < ").arg(end);
            query.push(" AND NOT EXISTS (");
            belonged("b.party_id", input.id, start, &mut query);
            query.push(")");
        }
        Way::Left => {
            query.push("SELECT b.party_id, b.until AS at FROM segment_past b WHERE b.segment_id = ").arg(input.id);
            query.push(" AND b.until >= ").arg(start).push(" AND b.until < ").arg(end).push(" AND b.since < ").arg(start);
            query.push(" AND NOT EXISTS (SELECT 1 FROM segment_members m WHERE m.party_id = b.party_id AND m.segment_id = ").arg(input.id);
            query.push(" AND m.since < ").arg(end).push(") AND NOT EXISTS (");
            belonged("b.party_id", input.id, end, &mut query);
            query.push(")");
        }
    }
    query.push(") x JOIN parties p ON p.id = x.party_id WHERE p.archived_at IS NULL");
    reader.sight.parties(&mut query);
    if let Some(after) = &input.after {
        let after: Id<Party> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND x.party_id < ").arg(after);
    }
    query.push(" ORDER BY x.party_id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Move> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.party_id.to_string()))
}

/// That a customer who left belonged to the segment at a moment.
fn belonged(party: &'static str, segment: Id<Segment>, at: Instant, query: &mut Sql) {
    query.push("SELECT 1 FROM segment_past a WHERE a.party_id = ").push(party).push(" AND a.segment_id = ").arg(segment);
    query.push(" AND a.since < ").arg(at).push(" AND a.until >= ").arg(at);
}
