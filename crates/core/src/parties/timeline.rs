//! Everything that happened with a party, newest first: one list over interactions, purchases, follow-ups and the
//! history of the record, each read through its own index, so that 5,000 entries cost what five do.

use super::Party;
use super::party::seen;
use crate::follow_ups::{FOLLOW_UP_FROM, FollowUp};
use crate::interactions::{self, Interaction};
use crate::operation::{Page, page_size};
use crate::platform::events::{cursor, cursor_at};
use crate::sales::purchases::{self, Purchase, PurchaseWithLines};
use crate::{Act, Ctx, Instant, Operations, Perm, Result, Room};
use peyvand_db::{Db, Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

peyvand_db::words! {
    /// What kind of thing happened.
    pub enum TimelineKind {
        /// Something passed between us.
        Interaction = "interaction",
        /// They bought or gave back.
        Purchase = "purchase",
        /// Something was planned or done for them.
        FollowUp = "follow_up",
        /// The record was made, changed, looked into.
        Record = "record",
    }
}

row! {
    /// Something that happened to the record.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct RecordEvent {
        /// Its id.
        pub id: Uuid = "e.id",
        /// What, in the past tense with its room: `party.created`.
        pub event: String = "e.kind",
        /// Who did it; absent for the program itself.
        pub actor: Option<String> = "u.name",
        /// Through which door.
        pub door: String = "e.door",
        /// Details.
        pub data: serde_json::Value = "e.data",
    }
}

/// What happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub enum Happened {
    /// Something passed between us.
    Interaction(Interaction),
    /// They bought or gave back; with its first lines.
    Purchase(PurchaseWithLines),
    /// Something was planned or done for them.
    FollowUp(FollowUp),
    /// The record was made, changed, looked into.
    Record(RecordEvent),
}

/// An entry of a timeline.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TimelineEntry {
    /// Its id: that of the thing itself.
    pub id: Uuid,
    /// When. A follow-up stands where it was done, or, while it is open, where it was planned.
    pub at: Instant,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// Whose timeline, and which part of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimelineOf {
    /// The party.
    pub id: Id<Party>,
    /// Only these kinds; all unless given.
    pub kinds: Option<Vec<TimelineKind>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

row! {
    /// The place of an entry.
    struct Place {
        kind: TimelineKind,
        at: Instant,
        id: Uuid,
    }
}

/// The timeline of a party. Kinds whose room the caller may not see are left out.
///
/// # Errors
/// [`crate::Error::NotFound`] for a party out of sight; a problem at `after` for a cursor that is none.
pub async fn timeline(ctx: &Ctx, input: TimelineOf) -> Result<Page<TimelineEntry>> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let party = seen(reader.db, &reader.sight, input.id).await?;
    let limit = page_size(input.limit)?;
    let after = input.after.as_deref().map(cursor::<()>).transpose()?;
    let allowed = |kind: TimelineKind| {
        let room = match kind {
            TimelineKind::Interaction => Room::Interactions,
            TimelineKind::Purchase => Room::Sales,
            TimelineKind::FollowUp => Room::FollowUps,
            TimelineKind::Record => Room::Parties,
        };
        ctx.actor.check(Perm(room, Act::See)).is_ok_and(|sight| sight.covers(party.owner_id, party.unit_id))
    };
    let wanted = |kind: &TimelineKind| input.kinds.as_ref().is_none_or(|kinds| kinds.is_empty() || kinds.contains(kind));
    let kinds: Vec<TimelineKind> = TimelineKind::ALL.iter().copied().filter(wanted).filter(|kind| allowed(*kind)).collect();
    if kinds.is_empty() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let query = places(&kinds, input.id, after, limit);
    let places: Vec<Place> = reader.db.all(query).await?;
    let Page { items, next } = Page::cut(places, limit, |last| cursor_at(last.at, Id::<()>::new(last.id)));
    Ok(Page { items: filled(reader.db, items).await?, next })
}

/// The newest places of each kind, put together. Each part is a range of an index that ends after `limit` rows.
fn places(kinds: &[TimelineKind], party: Id<Party>, after: Option<(Instant, Id<()>)>, limit: i64) -> Sql {
    let mut query = sql("");
    for (position, kind) in kinds.iter().enumerate() {
        if position > 0 {
            query.push(" UNION ALL ");
        }
        let (head, at, id) = match kind {
            TimelineKind::Interaction => (
                "SELECT * FROM (SELECT 'interaction' AS kind, i.at AS at, i.id AS id FROM interactions i WHERE i.party_id = ",
                "i.at",
                "i.id",
            ),
            TimelineKind::Purchase => {
                ("SELECT * FROM (SELECT 'purchase' AS kind, q.at AS at, q.id AS id FROM purchases q WHERE q.party_id = ", "q.at", "q.id")
            }
            TimelineKind::FollowUp => (
                "SELECT * FROM (SELECT 'follow_up' AS kind, COALESCE(f.done_at, f.created_at) AS at, f.id AS id FROM follow_ups f
                   WHERE f.party_id = ",
                "COALESCE(f.done_at, f.created_at)",
                "f.id",
            ),
            TimelineKind::Record => (
                "SELECT * FROM (SELECT 'record' AS kind, e.at AS at, e.id AS id FROM events e
                   WHERE substr(kind, 1, 9) NOT IN ('interacti', 'follow_up', 'purchase.') AND e.party_id = ",
                "e.at",
                "e.id",
            ),
        };
        query.push(head).arg(party);
        if let Some((moment, last)) = after {
            // The first condition alone tells SQLite where the range of the index begins.
            query.push(" AND ").push(at).push(" <= ").arg(moment);
            query.push(" AND (").push(at).push(", ").push(id).push(") < (").arg(moment).push(", ").arg(last).push(")");
        }
        query.push(" ORDER BY ").push(at).push(" DESC, ").push(id).push(" DESC LIMIT ").arg(limit + 1);
        query.push(match kind {
            TimelineKind::Interaction => ") a",
            TimelineKind::Purchase => ") b",
            TimelineKind::FollowUp => ") c",
            TimelineKind::Record => ") d",
        });
    }
    query.push(" ORDER BY at DESC, id DESC LIMIT ").arg(limit + 1);
    query
}

async fn filled(db: &Db, places: Vec<Place>) -> Result<Vec<TimelineEntry>> {
    let ids = |kind: TimelineKind| places.iter().filter(move |place| place.kind == kind).map(|place| place.id);
    let mut found: HashMap<Uuid, Happened> = HashMap::with_capacity(places.len());
    let interactions: Vec<Id<Interaction>> = ids(TimelineKind::Interaction).map(Id::new).collect();
    for one in interactions::by_ids(db, &interactions).await? {
        found.insert(one.id.0, Happened::Interaction(one));
    }
    let purchases: Vec<Id<Purchase>> = ids(TimelineKind::Purchase).map(Id::new).collect();
    for one in purchases::by_ids(db, &purchases).await? {
        found.insert(one.purchase.id.0, Happened::Purchase(one));
    }
    let follow_ups: Vec<Id<FollowUp>> = ids(TimelineKind::FollowUp).map(Id::new).collect();
    if !follow_ups.is_empty() {
        let mut query = Sql::select::<FollowUp>(FOLLOW_UP_FROM);
        query.push(" AND f.id IN ").list_padded(&follow_ups);
        for one in db.all::<FollowUp>(query).await? {
            found.insert(one.id.0, Happened::FollowUp(one));
        }
    }
    let events: Vec<Uuid> = ids(TimelineKind::Record).collect();
    if !events.is_empty() {
        let mut query = Sql::select::<RecordEvent>("FROM events e LEFT JOIN users u ON u.id = e.actor_id WHERE e.id IN ");
        query.list_padded(&events);
        for one in db.all::<RecordEvent>(query).await? {
            found.insert(one.id, Happened::Record(one));
        }
    }
    // What was removed between the two reads is left out.
    Ok(places.into_iter().filter_map(|place| Some(TimelineEntry { id: place.id, at: place.at, what: found.remove(&place.id)? })).collect())
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "parties.timeline",
        "GET /parties/{id}/timeline",
        Some(Perm(Room::Parties, Act::See)),
        "Everything that happened with a customer, newest first.",
        timeline,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_ups::{self, CompleteFollowUp, NewFollowUp};
    use crate::interactions::LogInteraction;
    use crate::sales::purchases::NewPurchase;
    use crate::{Error, testing};

    fn of(id: Id<Party>) -> TimelineOf {
        TimelineOf { id, kinds: None, after: None, limit: None }
    }

    async fn with_history(ctx: &Ctx) -> Id<Party> {
        let party = testing::party(ctx, "سارا").await;
        let log = LogInteraction {
            party_id: Some(party),
            text: Some("قیمت را پرسید".into()),
            need: Some("training".into()),
            ..Default::default()
        };
        ctx.run(interactions::log, log).await.unwrap();
        let buy =
            NewPurchase { party_id: Some(party), product_name: Some("چای".into()), amount: Some("1000".into()), ..Default::default() };
        ctx.run(purchases::create, buy).await.unwrap();
        let plan = NewFollowUp { party_id: Some(party), what: "تماس".into(), due: "2026-12-01".into(), ..Default::default() };
        let planned = ctx.run(follow_ups::create, plan).await.unwrap();
        let done = CompleteFollowUp { id: planned.follow_up.id, version: None, result: None, text: None, contact: None, next: None };
        ctx.run(follow_ups::complete, done).await.unwrap();
        party
    }

    fn kinds(page: &Page<TimelineEntry>) -> Vec<TimelineKind> {
        let mut kinds: Vec<TimelineKind> = page
            .items
            .iter()
            .map(|entry| match entry.what {
                Happened::Interaction(_) => TimelineKind::Interaction,
                Happened::Purchase(_) => TimelineKind::Purchase,
                Happened::FollowUp(_) => TimelineKind::FollowUp,
                Happened::Record(_) => TimelineKind::Record,
            })
            .collect();
        kinds.sort_unstable();
        kinds
    }

    #[tokio::test]
    async fn each_thing_stands_once_in_the_timeline() {
        use TimelineKind::{FollowUp, Interaction, Purchase, Record};
        let ctx = testing::ctx().await;
        let party = with_history(&ctx).await;
        let page = ctx.run(timeline, of(party)).await.unwrap();
        // The record: the need that was learned; the helper that makes the party writes no event.
        assert_eq!(kinds(&page), [Interaction, Purchase, FollowUp, Record]);
        let json = serde_json::to_value(&page.items).unwrap();
        let purchase = json.as_array().unwrap().iter().find(|entry| entry["kind"] == "purchase").unwrap();
        assert_eq!(purchase["detail"]["items"][0]["product_name"], "چای");
    }

    #[tokio::test]
    async fn a_filter_leaves_the_other_kinds_out() {
        let ctx = testing::ctx().await;
        let party = with_history(&ctx).await;
        let page = ctx.run(timeline, TimelineOf { kinds: Some(vec![TimelineKind::Purchase]), ..of(party) }).await.unwrap();
        assert_eq!(kinds(&page), [TimelineKind::Purchase]);
    }

    #[tokio::test]
    async fn pages_lose_and_repeat_nothing_though_all_happened_at_the_same_moment() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        for _ in 0..7 {
            ctx.run(interactions::log, LogInteraction { party_id: Some(party), ..Default::default() }).await.unwrap();
            let buy = NewPurchase { party_id: Some(party), amount: Some("10".into()), ..Default::default() };
            ctx.run(purchases::create, buy).await.unwrap();
        }
        let whole: Vec<Uuid> = ctx.run(timeline, of(party)).await.unwrap().items.iter().map(|entry| entry.id).collect();
        assert_eq!(whole.len(), 14);
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = ctx.run(timeline, TimelineOf { after: after.clone(), limit: Some(3), ..of(party) }).await.unwrap();
            paged.extend(page.items.iter().map(|entry| entry.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole);
    }

    #[tokio::test]
    async fn nobody_reads_the_timeline_of_somebody_elses_customer() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let party = with_history(&owner).await;
        assert!(matches!(agent.run(timeline, of(party)).await, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn every_part_is_read_in_order_by_its_own_index() {
        let ctx = testing::ctx().await;
        let engine = ctx.app.db.engine();
        if engine == peyvand_db::Engine::Postgres {
            // An empty table is read whole there, whatever indexes it has.
            return;
        }
        let query = places(TimelineKind::ALL, Id::FIRST, Some((Instant(1), Id::FIRST)), 50);
        let plan: Vec<(i64, i64, i64, String)> = ctx.app.db.all(query.explain(engine)).await.unwrap();
        let plan: Vec<String> = plan.into_iter().map(|(.., step)| step).collect();
        for index in ["interactions_party_id_at_id", "purchases_party_id_at_id", "follow_ups_timeline", "events_timeline"] {
            assert!(plan.iter().any(|step| step.starts_with("SEARCH") && step.contains(index)), "{index}: {plan:#?}");
        }
        // What is sorted is the few rows that each range gave, never the range itself.
        let sorted_range = plan.windows(2).any(|steps| steps[0].starts_with("SEARCH") && steps[1].contains("TEMP B-TREE"));
        assert!(!sorted_range, "{plan:#?}");
    }
}
