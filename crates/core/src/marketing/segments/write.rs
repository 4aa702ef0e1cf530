//! Making, changing and archiving segments, and whom somebody puts into one by hand.

use super::rule::Rule;
use super::{Segment, SegmentId, read, seen};
use crate::parties::check::name_key;
use crate::platform::access::Sight;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job};
use crate::platform::money::Currency;
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Error, Fields, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, ToValue, Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{HashMap, VecDeque};

/// Characters of a name.
const NAME_MAX: usize = 80;
/// The name by which the job waits once.
const JOB: &str = "build_segments";

/// A segment to make.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSegment {
    /// Its name.
    pub name: String,
    /// Whom it means.
    #[schemars(with = "Rule")]
    pub rule: serde_json::Value,
    /// Whether everybody sees it who sees segments.
    #[serde(default)]
    pub is_shared: bool,
}

/// Makes a segment. Its members are worked out by a job that starts at once.
///
/// # Errors
/// Without a name, for a rule that cannot be read or names a segment out of sight.
pub async fn create(ctx: &Ctx, new: NewSegment) -> Result<Segment> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Create))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut fields = Fields::default();
    let name = checked_name(&new.name, &mut fields);
    let rule = checked_rule(&new.rule, currency, &mut fields);
    fields.check()?;
    let (Some(name), Some(rule)) = (name, rule) else { return Err(Error::invalid("rule", "input-needed")) };
    let mut tx = writer.begin().await?;
    lock_parts(&mut tx, ctx, &writer.sight, &rule).await?;
    let id: Id<Segment> = ctx.id();
    tx.run(
        sql("INSERT INTO segments (id, name, name_key, rule, owner_id, unit_id, is_shared, size, due, built_at, built_ms, version,
               created_by, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 1, 0, 0, 1, $8, $9, $10)")
        .bind(id)
        .bind(&name)
        .bind(name_key(&name))
        .bind(serde_json::to_value(&rule).map_err(Error::fault)?)
        .bind(ctx.actor.user())
        .bind(ctx.actor.unit())
        .bind(new.is_shared)
        .bind(ctx.actor.user())
        .bind(ctx.now())
        .bind(ctx.now()),
    )
    .await?;
    put_parts(&mut tx, id, &rule).await?;
    let data = json!({"name": name, "rule": rule, "is_shared": new.is_shared});
    events::record(&mut tx, ctx, Event::of("segment.created", id, data)).await?;
    jobs::enqueue_single(&mut tx, ctx, &Job::BuildSegments, JOB).await?;
    tx.commit().await?;
    read(ctx, &writer.sight, id).await
}

fn checked_name(name: &str, fields: &mut Fields) -> Option<String> {
    let read = clean_line(name, NAME_MAX).map_err(|problem| Problem::new("name", problem.key()).with("max", NAME_MAX));
    let needed = |name: String| if name.is_empty() { Err(Problem::new("name", "input-needed")) } else { Ok(name) };
    fields.take(read.and_then(needed))
}

fn checked_rule(rule: &serde_json::Value, currency: Currency, fields: &mut Fields) -> Option<Rule> {
    match Rule::read(rule, currency) {
        Ok(rule) => Some(rule),
        Err(problems) => {
            fields.0.extend(problems.0);
            None
        }
    }
}

/// Those of the segments that are there and within sight.
pub(super) fn known_parts(sight: &Sight, parts: &[Id<Segment>]) -> Sql {
    let mut query = sql("SELECT s.id FROM segments s WHERE s.archived_at IS NULL");
    seen(sight, &mut query);
    query.push(" AND s.id IN ").list_padded(parts);
    query
}

/// Refuses a rule that asks for what its writer may not see, or names a segment out of sight; the others cannot be archived until this is done.
async fn lock_parts(tx: &mut Tx, ctx: &Ctx, sight: &Sight, rule: &Rule) -> Result<()> {
    if rule.asks_figures() {
        ctx.actor.check(Perm(Room::Insight, Act::See))?;
    }
    let parts = rule.segments();
    if parts.is_empty() {
        return Ok(());
    }
    let mut query = known_parts(sight, &parts);
    query.push(" ORDER BY s.id {for_update}");
    let known: Vec<(Id<Segment>,)> = tx.all(query).await?;
    if known.len() < parts.len() {
        return Err(Problem::new("rule", "segments-part-unknown").into());
    }
    Ok(())
}

/// Notes which segments a rule names.
async fn put_parts(tx: &mut Tx, id: Id<Segment>, rule: &Rule) -> Result<()> {
    tx.run(sql("DELETE FROM segment_parts WHERE segment_id = $1").bind(id)).await?;
    let rows = rule.segments().into_iter().map(|part| vec![id.to_value(), part.to_value()]).collect();
    for statement in Sql::inserts("INSERT INTO segment_parts (segment_id, part_id) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

/// What changes of a segment; absent fields stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentChange {
    /// Which.
    pub id: Id<Segment>,
    /// The version that was seen.
    pub version: i64,
    /// Its name.
    pub name: Option<String>,
    /// Whom it means.
    #[schemars(with = "Option<Rule>")]
    pub rule: Option<serde_json::Value>,
    /// Whether everybody sees it who sees segments.
    pub is_shared: Option<bool>,
}

/// As it stands for whoever changes it; its row is theirs until the transaction ends.
pub(in crate::marketing) async fn take(tx: &mut Tx, sight: &Sight, id: Id<Segment>) -> Result<(i64, String)> {
    let mut query = sql("SELECT s.version, s.name FROM segments s WHERE s.archived_at IS NULL");
    // What is shared is seen by many, and changed by those who reach it.
    match sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            query.push(" AND (s.unit_id IN ").list(units.iter().copied()).push(" OR s.owner_id = ").arg(*user).push(")");
        }
        Sight::Own(user) => {
            query.push(" AND s.owner_id = ").arg(*user);
        }
    }
    query.push(" AND s.id = ").arg(id).push(" {for_update}");
    tx.maybe(query).await?.ok_or(Error::NotFound("segment"))
}

/// Changes a segment.
///
/// # Errors
/// [`Error::NotFound`] out of reach; [`Error::Conflict`] when somebody changed it meanwhile; a problem at field `rule` for
/// one that cannot be read, names a segment out of sight, or would contain itself.
pub async fn update(ctx: &Ctx, change: SegmentChange) -> Result<Segment> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut fields = Fields::default();
    let name = change.name.as_deref().and_then(|name| checked_name(name, &mut fields));
    let rule = change.rule.as_ref().and_then(|rule| checked_rule(rule, currency, &mut fields));
    fields.check()?;
    let mut tx = writer.begin().await?;
    if rule.as_ref().is_some_and(|rule| !rule.segments().is_empty()) {
        // Of two changes that together would make a circle, the second one waits and sees the first.
        let _: Vec<(Id<Segment>,)> = tx.all(sql("SELECT id FROM segments ORDER BY id {for_update}")).await?;
    }
    let (version, _) = take(&mut tx, &writer.sight, change.id).await?;
    if version != change.version {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "segments-changed-meanwhile")])));
    }
    if let Some(rule) = &rule {
        lock_parts(&mut tx, ctx, &writer.sight, rule).await?;
        refuse_circle(&mut tx, change.id, rule).await?;
        tx.run(
            sql("UPDATE segments SET rule = $1, due = due + 1 WHERE id = $2")
                .bind(serde_json::to_value(rule).map_err(Error::fault)?)
                .bind(change.id),
        )
        .await?;
        put_parts(&mut tx, change.id, rule).await?;
        jobs::enqueue_single(&mut tx, ctx, &Job::BuildSegments, JOB).await?;
    }
    if let Some(name) = &name {
        tx.run(sql("UPDATE segments SET name = $1, name_key = $2 WHERE id = $3").bind(name).bind(name_key(name)).bind(change.id)).await?;
    }
    tx.run(
        sql("UPDATE segments SET is_shared = COALESCE($1, is_shared), version = version + 1, updated_at = $2 WHERE id = $3")
            .bind(change.is_shared)
            .bind(ctx.now())
            .bind(change.id),
    )
    .await?;
    let mut data = serde_json::Map::new();
    if let Some(name) = name {
        data.insert("name".into(), name.into());
    }
    if let Some(rule) = rule {
        data.insert("rule".into(), serde_json::to_value(rule).map_err(Error::fault)?);
    }
    if let Some(is_shared) = change.is_shared {
        data.insert("is_shared".into(), is_shared.into());
    }
    events::record(&mut tx, ctx, Event::of("segment.changed", change.id, data.into())).await?;
    tx.commit().await?;
    read(ctx, &writer.sight, change.id).await
}

/// Refuses a rule by which a segment would contain itself.
async fn refuse_circle(tx: &mut Tx, id: Id<Segment>, rule: &Rule) -> Result<()> {
    let parts = rule.segments();
    if parts.is_empty() {
        return Ok(());
    }
    let mut edges: HashMap<Id<Segment>, Vec<Id<Segment>>> = HashMap::new();
    for (segment, part) in tx.all::<(Id<Segment>, Id<Segment>)>(sql("SELECT segment_id, part_id FROM segment_parts")).await? {
        edges.entry(segment).or_default().push(part);
    }
    edges.insert(id, parts);
    let Some(chain) = circle(&edges, id) else { return Ok(()) };
    let mut query = sql("SELECT id, name FROM segments WHERE id IN ");
    query.list_padded(&chain);
    let names: HashMap<Id<Segment>, String> = tx.all::<(Id<Segment>, String)>(query).await?.into_iter().collect();
    let names: Vec<String> = chain.iter().filter_map(|segment| names.get(segment).map(|name| format!("«{name}»"))).collect();
    Err(Problem::new("rule", "segments-circle").with("chain", names.join(" > ")).into())
}

/// The shortest way from a segment over what it names back to it.
fn circle(edges: &HashMap<Id<Segment>, Vec<Id<Segment>>>, start: Id<Segment>) -> Option<Vec<Id<Segment>>> {
    let mut came_from: HashMap<Id<Segment>, Id<Segment>> = HashMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(at) = waiting.pop_front() {
        for part in edges.get(&at).into_iter().flatten() {
            if *part == start {
                let mut way = vec![start, at];
                while let Some(before) = way.last().filter(|last| **last != start).and_then(|last| came_from.get(last)) {
                    way.push(*before);
                }
                // A segment that names itself stands there twice, as every start does.
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(part) {
                came_from.insert(*part, at);
                waiting.push_back(*part);
            }
        }
    }
    None
}

/// What archiving a segment came to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct SegmentDeleted {
    /// Takes it back through `undo.run`, for one day.
    pub undo: Id<Undo>,
}

/// Archives a segment: it stands in no list any more.
///
/// # Errors
/// [`Error::NotFound`] out of reach; [`Error::Conflict`] when another segment uses it.
pub async fn delete(ctx: &Ctx, input: SegmentId) -> Result<SegmentDeleted> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Delete))?;
    let mut tx = writer.begin().await?;
    let (_, name) = take(&mut tx, &writer.sight, input.id).await?;
    let user: Option<(String,)> = tx
        .maybe(
            sql("SELECT s.name FROM segment_parts e JOIN segments s ON s.id = e.segment_id
                 WHERE s.archived_at IS NULL AND e.part_id = $1 ORDER BY s.name_key LIMIT 1")
            .bind(input.id),
        )
        .await?;
    if let Some((user,)) = user {
        return Err(Error::Conflict(Fields(vec![Problem::new("id", "segments-used").with("name", user)])));
    }
    set_archived(&mut tx, ctx, input.id, true).await?;
    events::record(&mut tx, ctx, Event::of("segment.archived", input.id, json!({"name": name}))).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::ArchiveSegment { segment: input.id }).await?;
    tx.commit().await?;
    Ok(SegmentDeleted { undo })
}

async fn set_archived(tx: &mut Tx, ctx: &Ctx, id: Id<Segment>, archived: bool) -> Result<()> {
    tx.run(
        sql("UPDATE segments SET archived_at = $1, updated_at = $2, version = version + 1, due = due + 1 WHERE id = $3")
            .bind(archived.then(|| ctx.now()))
            .bind(ctx.now())
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Takes [`delete`] back.
pub async fn restore(tx: &mut Tx, ctx: &Ctx, id: Id<Segment>) -> Result<()> {
    ctx.write(Perm(Room::Marketing, Act::Delete))?;
    set_archived(tx, ctx, id, false).await?;
    events::record(tx, ctx, Event::of("segment.restored", id, json!({}))).await?;
    jobs::enqueue_single(tx, ctx, &Job::BuildSegments, JOB).await
}

/// Has a segment built now, whether anything asks for it or not.
///
/// # Errors
/// [`Error::NotFound`] out of reach.
pub async fn refresh(ctx: &Ctx, input: SegmentId) -> Result<Segment> {
    let writer = ctx.write(Perm(Room::Marketing, Act::Change))?;
    let mut tx = writer.begin().await?;
    take(&mut tx, &writer.sight, input.id).await?;
    ask(&mut tx, ctx, input.id).await?;
    tx.commit().await?;
    read(ctx, &writer.sight, input.id).await
}

/// Asks for a segment to be built.
pub(in crate::marketing) async fn ask(tx: &mut Tx, ctx: &Ctx, id: Id<Segment>) -> Result<()> {
    tx.run(sql("UPDATE segments SET due = due + 1 WHERE id = $1").bind(id)).await?;
    jobs::enqueue_single(tx, ctx, &Job::BuildSegments, JOB).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_circle_is_found_however_long_it_is() {
        let id = |number: u128| Id::<Segment>::new(Uuid::from_u128(number));
        let edges = |pairs: &[(u128, &[u128])]| -> HashMap<Id<Segment>, Vec<Id<Segment>>> {
            pairs.iter().map(|(from, to)| (id(*from), to.iter().map(|to| id(*to)).collect())).collect()
        };
        assert_eq!(circle(&edges(&[(1, &[2, 3]), (2, &[3])]), id(1)), None);
        assert_eq!(circle(&edges(&[(1, &[1])]), id(1)), Some(vec![id(1), id(1)]));
        assert_eq!(circle(&edges(&[(1, &[4, 2]), (2, &[3]), (3, &[1])]), id(1)), Some(vec![id(1), id(2), id(3), id(1)]));
        assert_eq!(circle(&edges(&[(1, &[2]), (2, &[3]), (3, &[2])]), id(1)), None, "a circle elsewhere is not this one's");
    }
}
