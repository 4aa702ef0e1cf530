//! Segments: groups of customers that a rule describes. Who belongs to one is worked out ahead by a job, so that lists
//! and other segments ask a table.

pub mod build;
mod compare;
pub mod compile;
pub mod describe;
pub mod follow;
mod members;
mod names;
mod picks;
pub mod rule;
mod write;

pub use self::compare::{ListMoves, Move, Overlap, OverlapWith, Way, moves, overlap};
pub use self::members::{
    Asked, DescribeRule, Described, ListMembers, Meant, Member, Preview, PreviewSegment, SegmentSize, describe_rule, members, preview,
    sizes,
};
pub(crate) use self::picks::unpick;
pub use self::picks::{ListPicks, Pick, PickMembers, Picked, PickedMember, WasPicked, pick, picks};
pub use self::write::{NewSegment, SegmentChange, SegmentDeleted, create, delete, refresh, restore, update};
pub(super) use self::write::{ask, take};

use self::rule::{Rule, World};
use crate::operation::{Nothing, Page, page_size};
use crate::parties::check::name_key;
use crate::platform::access::{Sight, User};
use crate::platform::locale::Loc;
use crate::{Act, Ctx, Error, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Db, Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

row! {
    /// A segment.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Segment {
        /// Its id.
        pub id: Id<Segment> = "s.id",
        /// Its name.
        pub name: String = "s.name",
        /// Whom it means.
        #[schemars(with = "Rule")]
        pub rule: serde_json::Value = "s.rule",
        /// The same in one sentence, in the caller's language.
        pub sentence: String = "CAST('' AS TEXT)",
        /// Whose it is.
        pub owner_id: Option<Id<User>> = "s.owner_id",
        /// Their name.
        pub owner: Option<String> = "u.name",
        /// Whether everybody sees it who sees segments.
        pub is_shared: bool = "s.is_shared",
        /// How many of the customers whom the caller sees belonged to it when it was built; absent before that.
        pub size: Option<i64> = "CASE WHEN s.built_at > 0 THEN s.size END",
        /// Whether it waits to be built.
        pub is_due: bool = "(s.due > 0)",
        /// When it was last built.
        pub built_at: Option<Instant> = "NULLIF(s.built_at, 0)",
        /// How long that took, in milliseconds.
        pub built_ms: i64 = "s.built_ms",
        /// Counts up with each change; a change must name it.
        pub version: i64 = "s.version",
        /// When it was made.
        pub created_at: Instant = "s.created_at",
        /// When it was last changed.
        pub updated_at: Instant = "s.updated_at",
    }
}

/// Names that a field offers.
const NAMES: i64 = 200;

const FROM: &str = "FROM segments s LEFT JOIN users u ON u.id = s.owner_id WHERE s.archived_at IS NULL";

/// Adds which segments somebody sees: as far as they reach, and what is shared.
pub(crate) fn seen(sight: &Sight, query: &mut Sql) {
    match sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            query.push(" AND (s.is_shared OR s.unit_id IN ").list(units.iter().copied()).push(" OR s.owner_id = ").arg(*user).push(")");
        }
        Sight::Own(user) => {
            query.push(" AND (s.is_shared OR s.owner_id = ").arg(*user).push(")");
        }
    }
}

/// What rules need to know of the world now.
pub(crate) async fn world(ctx: &Ctx) -> Result<World> {
    let organisation = ctx.app.organisation().await?;
    let zone = organisation.zone();
    Ok(World { today: ctx.now().day(&zone), zone, currency: organisation.currency, calendar: organisation.calendar })
}

/// How far the caller sees among customers; nothing without the right.
fn sight_of_parties(ctx: &Ctx) -> Option<Sight> {
    ctx.actor.check(Perm(Room::Parties, Act::See)).ok()
}

/// A segment as its reader may know it: the sentence in their words, and the size among those whom they see.
async fn told(ctx: &Ctx, mut segments: Vec<Segment>) -> Result<Vec<Segment>> {
    let world = world(ctx).await?;
    let rules: Vec<Rule> = segments
        .iter()
        .map(|segment| serde_json::from_value(segment.rule.clone()))
        .collect::<std::result::Result<_, _>>()
        .map_err(Error::fault)?;
    let names = names::names(&ctx.app.db, &rules).await?;
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let sizes = match sight_of_parties(ctx) {
        Some(Sight::All) => None,
        Some(sight) => Some(seen_sizes(&ctx.app.db, &sight, &segments).await?),
        None => Some(HashMap::new()),
    };
    for (segment, rule) in segments.iter_mut().zip(&rules) {
        segment.sentence = describe::sentence(rule, &names, &world, &loc);
        if let Some(sizes) = &sizes {
            segment.size = segment.size.map(|_| sizes.get(&segment.id).copied().unwrap_or_default());
        }
    }
    Ok(segments)
}

/// Rules in a sentence each, in the caller's language.
pub(crate) async fn sentences(ctx: &Ctx, rules: &[serde_json::Value]) -> Result<Vec<String>> {
    let world = world(ctx).await?;
    let read = |rule: &serde_json::Value| serde_json::from_value(rule.clone());
    let rules: Vec<Rule> = rules.iter().map(read).collect::<std::result::Result<_, _>>().map_err(Error::fault)?;
    let names = names::names(&ctx.app.db, &rules).await?;
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    Ok(rules.iter().map(|rule| describe::sentence(rule, &names, &world, &loc)).collect())
}

/// How many members of each segment somebody sees who does not see all.
async fn seen_sizes(db: &Db, sight: &Sight, segments: &[Segment]) -> Result<HashMap<Id<Segment>, i64>> {
    let mut query =
        sql("SELECT m.segment_id, count(*) FROM parties p JOIN segment_members m ON m.party_id = p.id WHERE p.archived_at IS NULL");
    sight.parties(&mut query);
    let ids: Vec<Id<Segment>> = segments.iter().map(|segment| segment.id).collect();
    query.push(" AND m.segment_id IN ").list_padded(&ids).push(" GROUP BY m.segment_id");
    Ok(db.all::<(Id<Segment>, i64)>(query).await?.into_iter().collect())
}

/// The segment of that id within sight, as it stands.
async fn find(ctx: &Ctx, sight: &Sight, id: Id<Segment>) -> Result<Segment> {
    let mut query = Sql::select::<Segment>(FROM);
    seen(sight, &mut query);
    query.push(" AND s.id = ").arg(id);
    ctx.app.db.maybe(query).await?.ok_or(Error::NotFound("segment"))
}

/// As [`find`], told in the caller's words.
async fn read(ctx: &Ctx, sight: &Sight, id: Id<Segment>) -> Result<Segment> {
    let found = find(ctx, sight, id).await?;
    told(ctx, vec![found]).await?.pop().ok_or(Error::NotFound("segment"))
}

/// A problem at field `segment_id` unless the caller sees the segment.
pub(crate) async fn check_seen(ctx: &Ctx, id: Id<Segment>) -> Result<()> {
    let unknown = || Error::invalid("segment_id", "segments-part-unknown");
    let reader = ctx.read(Perm(Room::Marketing, Act::See)).map_err(|_| unknown())?;
    find(ctx, &reader.sight, id).await.map(|_| ()).map_err(|error| match error {
        Error::NotFound(_) => unknown(),
        other => other,
    })
}

/// Which segments.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSegments {
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Segments by name.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListSegments) -> Result<Page<Segment>> {
    let reader = ctx.read(Perm(Room::Marketing, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Segment>(FROM);
    seen(&reader.sight, &mut query);
    if let Some(after) = &input.after {
        let edge = after.split_once('_').and_then(|(id, key)| Some((key, id.parse::<Id<Segment>>().ok()?)));
        let (key, id) = edge.ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(" AND (s.name_key, s.id) > (").arg(key).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY s.name_key, s.id LIMIT ").arg(limit + 1);
    let page = Page::cut(reader.db.all(query).await?, limit, |last: &Segment| format!("{}_{}", last.id, name_key(&last.name)));
    Ok(Page { items: told(ctx, page.items).await?, next: page.next })
}

row! {
    /// A segment by its name.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct SegmentName {
        /// Its id.
        pub id: Id<Segment> = "s.id",
        /// Its name.
        pub name: String = "s.name",
    }
}

/// The names of segments, for a field that offers them: 200 at most.
///
/// # Errors
/// Without the right.
pub async fn names_of(ctx: &Ctx, _: Nothing) -> Result<Vec<SegmentName>> {
    let reader = ctx.read(Perm(Room::Marketing, Act::See))?;
    let mut query = Sql::select::<SegmentName>("FROM segments s WHERE s.archived_at IS NULL");
    seen(&reader.sight, &mut query);
    query.push(" ORDER BY s.name_key, s.id LIMIT ").arg(NAMES);
    Ok(reader.db.all(query).await?)
}

/// Which segment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentId {
    /// Its id.
    pub id: Id<Segment>,
}

/// One segment.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn get(ctx: &Ctx, input: SegmentId) -> Result<Segment> {
    let reader = ctx.read(Perm(Room::Marketing, Act::See))?;
    read(ctx, &reader.sight, input.id).await
}

/// The operations of segments.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Marketing, act));
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    fn rule() -> serde_json::Value {
        json!({"all": [
            {"field": {"field": "city", "is": {"one_of": ["تهران"]}}},
            {"did": {"what": "purchase", "category": "چای", "at_least": 2, "days": {"last": 90}}}
        ]})
    }
    ops.add("segments.list", "GET /segments", perm(Act::See), "Segments of customers, by name.", list).example(|| json!({"limit": 20}));
    ops.add("segments.names", "GET /segments/names", perm(Act::See), "The names of segments, for a field that offers them.", names_of);
    ops.add("segments.get", "GET /segments/{id}", perm(Act::See), "One segment: its rule, its sentence, its size.", get)
        .example(|| json!({"id": SOME}));
    ops.add("segments.create", "POST /segments", perm(Act::Create), "Makes a segment of the customers whom a rule means.", create)
        .example(|| json!({"name": "چای‌دوستان تهران", "rule": rule(), "is_shared": true}));
    ops.add("segments.update", "PUT /segments/{id}", perm(Act::Change), "Changes the name or the rule of a segment.", update)
        .example(|| json!({"id": SOME, "version": 1, "name": "چای‌دوستان"}));
    ops.add("segments.delete", "DELETE /segments/{id}", perm(Act::Delete), "Archives a segment; it can be taken back.", delete)
        .example(|| json!({"id": SOME}));
    ops.add("segments.preview", "POST /segments/preview", perm(Act::See), "Whom a rule means: how many, and the newest of them.", preview)
        .example(|| json!({"rule": rule(), "limit": 5}));
    ops.add(
        "segments.describe",
        "POST /segments/describe",
        Some(Perm(Room::Parties, Act::See)),
        "A rule in one sentence, in the caller's language.",
        describe_rule,
    )
    .example(|| json!({"rule": rule()}));
    ops.add(
        "segments.members",
        "GET /segments/{id}/members",
        perm(Act::See),
        "Who belongs to a segment, the newest customers first.",
        members,
    )
    .example(|| json!({"id": SOME, "limit": 20}));
    ops.add("segments.sizes", "GET /segments/{id}/sizes", perm(Act::See), "How large a segment was day by day.", sizes)
        .example(|| json!({"id": SOME}));
    ops.add(
        "segments.pick",
        "POST /segments/{id}/picks",
        perm(Act::Change),
        "Puts customers into a segment by hand, or keeps them out.",
        pick,
    )
    .example(|| json!({"id": SOME, "party_ids": [SOME], "pick": "in"}));
    ops.add("segments.picks", "GET /segments/{id}/picks", perm(Act::See), "Who was put into a segment by hand, or is kept out.", picks)
        .example(|| json!({"id": SOME, "is_in": false}));
    ops.add("segments.overlap", "GET /segments/{id}/overlap", perm(Act::See), "The segments that share most customers with one.", overlap)
        .example(|| json!({"id": SOME, "limit": 5}));
    ops.add("segments.moves", "GET /segments/{id}/moves", perm(Act::See), "Who entered a segment between two days, or left it.", moves)
        .example(|| json!({"id": SOME, "from": "2026-11-01", "until": "2026-11-22", "way": "entered"}));
    ops.add("segments.refresh", "POST /segments/{id}/refresh", perm(Act::Change), "Has a segment built now.", refresh)
        .example(|| json!({"id": SOME}));
}

#[cfg(test)]
mod parity;
#[cfg(test)]
mod tests;
