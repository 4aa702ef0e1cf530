//! The facts that lists sort and filter by: each write keeps them right; here they are worked out anew from what they
//! are taken from, and what differs is set right and said.

use super::check::Role;
use super::rhythm::Past;
use super::{Party, rhythm};
use crate::operation::{DONE, Done, Nothing};
use crate::platform::events::{self, Event};
use crate::platform::jobs::{self, Job, Outcome, QueuedJob};
use crate::{Act, Ctx, Instant, Operations, Perm, Result, Room};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use serde_json::json;
use std::collections::HashMap;
use tokio::sync::watch;

/// Parties that are looked at together; memory grows with it.
const STRIPE: i64 = 50_000;
/// Parties of one transaction: whoever writes meanwhile waits for a batch.
const BATCH: usize = 500;
/// Batches after which the job says that it is still at work.
const RENEW_AFTER: usize = 20;
/// One rebuild waits at a time.
const SINGLE: &str = "rebuild_facts";

row! {
    /// What is kept of a party.
    #[derive(PartialEq)]
    pub(super) struct Kept {
        id: Id<Party>,
        role: Role,
        pub(super) archived_at: Option<Instant>,
        first_purchase_on: String,
        last_purchase_on: String,
        pub(super) purchases: i64,
        spent_minor: i64,
        last_contact_at: Instant,
        next_follow_up_at: Instant,
        silent_from: String,
        rhythm_due: bool,
    }
}

row! {
    struct Bought {
        party_id: Id<Party>,
        first_on: Option<String> = "MIN(CASE WHEN sign > 0 THEN day END)",
        last_on: Option<String> = "MAX(CASE WHEN sign > 0 THEN day END)",
        purchases: i64 = "COUNT(DISTINCT CASE WHEN sign > 0 THEN purchase_id END)",
        spent_minor: i64 = "CAST(SUM(CASE WHEN currency = $1 THEN amount_minor ELSE 0 END) AS BIGINT)",
    }
}

/// Asks for all facts of all parties to be worked out anew, as soon as a worker is free.
///
/// # Errors
/// Without the right.
pub async fn ask(ctx: &Ctx, _: Nothing) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Organisation, Act::Change))?;
    let mut tx = writer.begin().await?;
    jobs::enqueue_single(&mut tx, ctx, &Job::RebuildFacts, SINGLE).await?;
    events::record(&mut tx, ctx, Event { kind: "facts.rebuild_asked", party: None, subject: None, data: json!({}) }).await?;
    tx.commit().await?;
    Ok(DONE)
}

/// The job: looks through everything, stripe by stripe, and sets right who has other facts than that gives. An interrupted
/// one begins again: what it set right then differs no more.
///
/// # Errors
/// When the database is out of reach.
pub async fn rebuild(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>) -> Result<Outcome> {
    let (mut after, mut differed) = (Id::FIRST, 0);
    loop {
        let looked = jobs::keep(&ctx.app, job, stop, doubtful(ctx, after)).await?;
        let Some(looked) = looked else { return Ok(Outcome::GoOn) };
        let Some((last, ids)) = looked? else { break };
        after = last;
        for (batches, ids) in ids.chunks(BATCH).enumerate() {
            if *stop.borrow() {
                return Ok(Outcome::GoOn);
            }
            differed += set_right(ctx, ids).await?;
            if (batches + 1) % RENEW_AFTER == 0 {
                jobs::renew(&ctx.app, job).await?;
            }
        }
    }
    let mut tx = ctx.app.db.begin().await?;
    let data = json!({"differed": differed});
    events::record(&mut tx, ctx, Event { kind: "facts.rebuilt", party: None, subject: None, data }).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// The last of the stripe of parties that follow `after`, and those of them whose facts are not what the tables give.
/// Writes go on meanwhile, so that some may only seem wrong. `None` when there are no parties left.
async fn doubtful(ctx: &Ctx, after: Id<Party>) -> Result<Option<(Id<Party>, Vec<Id<Party>>)>> {
    let organisation = ctx.app.organisation().await?;
    let db = &ctx.app.db;
    let query = Sql::select::<Kept>("FROM parties WHERE id > $1 ORDER BY id LIMIT $2");
    let kept: Vec<Kept> = db.all(query.bind(after).bind(STRIPE)).await?;
    let Some(last) = kept.last().map(|party| party.id) else { return Ok(None) };
    let query = Sql::select::<Bought>("FROM purchase_lines WHERE party_id > $2 AND party_id <= $3 GROUP BY party_id");
    let mut bought: HashMap<Id<Party>, Bought> = HashMap::new();
    let mut rows = std::pin::pin!(db.each::<Bought>(query.bind(organisation.currency).bind(after).bind(last)));
    while let Some(row) = rows.next().await {
        let row = row?;
        bought.insert(row.party_id, row);
    }
    let text = "SELECT party_id, MIN(due_at) FROM follow_ups WHERE party_id > $1 AND party_id <= $2 AND state = 'open' GROUP BY party_id";
    let planned: Vec<(Id<Party>, Instant)> = db.all(sql(text).bind(after).bind(last)).await?;
    let planned: HashMap<Id<Party>, Instant> = planned.into_iter().collect();
    let mut pasts = rhythm::pasts_between(db, after, last).await?;
    let zone = organisation.zone();
    let mut differ = |party: &Kept| {
        let past = pasts.remove(&party.id).unwrap_or_default();
        fresh(party, bought.remove(&party.id), &past, planned.get(&party.id).copied(), &zone) != *party
    };
    Ok(Some((last, kept.iter().filter(|party| differ(party)).map(|party| party.id).collect())))
}

/// The facts that belong to a party.
fn fresh(party: &Kept, bought: Option<Bought>, past: &Past, next: Option<Instant>, zone: &TimeZone) -> Kept {
    let (purchases, spent_minor) = bought.as_ref().map_or((0, 0), |bought| (bought.purchases, bought.spent_minor));
    let (first, last) = bought.map_or((None, None), |bought| (bought.first_on, bought.last_on));
    Kept {
        id: party.id,
        role: party.role,
        archived_at: party.archived_at,
        first_purchase_on: first.unwrap_or_default(),
        last_purchase_on: last.unwrap_or_default(),
        purchases,
        spent_minor,
        last_contact_at: past.last_contact().unwrap_or(Instant::NEVER),
        next_follow_up_at: next.unwrap_or(Instant::NOT_PLANNED),
        // A day that waits for its own job is not wrong.
        silent_from: match party.rhythm_due {
            true => party.silent_from.clone(),
            false => past.silent_on(party.role, party.archived_at.is_some(), zone),
        },
        rhythm_due: party.rhythm_due,
    }
}

/// Looks at some parties again, where nobody else writes, and sets their facts right; how many were wrong.
async fn set_right(ctx: &Ctx, ids: &[Id<Party>]) -> Result<usize> {
    let mut tx = ctx.app.db.begin().await?;
    let differed = set_right_in(&mut tx, ctx, ids).await?;
    tx.commit().await?;
    Ok(differed)
}

/// Sets the facts of some parties right, in the transaction that changed what they are taken from; how many were wrong.
///
/// # Errors
/// When the database refuses.
pub(super) async fn set_right_in(tx: &mut Tx, ctx: &Ctx, ids: &[Id<Party>]) -> Result<usize> {
    let organisation = ctx.app.organisation().await?;
    let mut query = Sql::select::<Kept>("FROM parties WHERE id IN ");
    query.list_padded(ids).push(" ORDER BY id {for_update}");
    let kept: Vec<Kept> = tx.all(query).await?;
    let mut query = Sql::select::<Bought>("FROM purchase_lines WHERE party_id IN ").bind(organisation.currency);
    query.list_padded(ids).push(" GROUP BY party_id");
    let bought: Vec<Bought> = tx.all(query).await?;
    let mut bought: HashMap<Id<Party>, Bought> = bought.into_iter().map(|bought| (bought.party_id, bought)).collect();
    let mut query = sql("SELECT party_id, MIN(due_at) FROM follow_ups WHERE state = 'open' AND party_id IN ");
    query.list_padded(ids).push(" GROUP BY party_id");
    let planned: Vec<(Id<Party>, Instant)> = tx.all(query).await?;
    let planned: HashMap<Id<Party>, Instant> = planned.into_iter().collect();
    let mut pasts = rhythm::pasts(tx, ids).await?;
    let zone = organisation.zone();

    let mut rows = Vec::new();
    for party in kept {
        let past = pasts.remove(&party.id).unwrap_or_default();
        let fresh = fresh(&party, bought.remove(&party.id), &past, planned.get(&party.id).copied(), &zone);
        if fresh != party {
            rows.push(vec![
                fresh.id.to_value(),
                fresh.first_purchase_on.to_value(),
                fresh.last_purchase_on.to_value(),
                fresh.purchases.to_value(),
                fresh.spent_minor.to_value(),
                fresh.last_contact_at.to_value(),
                fresh.next_follow_up_at.to_value(),
                fresh.silent_from.to_value(),
            ]);
        }
    }
    let differed = rows.len();
    for statement in Sql::inserts(
        "WITH v (id, first_on, last_on, purchases, spent, contact_at, next_at, silent_on) AS (VALUES ",
        rows,
        ") UPDATE parties SET first_purchase_on = v.first_on, last_purchase_on = v.last_on, purchases = v.purchases,
             spent_minor = v.spent, last_contact_at = v.contact_at, next_follow_up_at = v.next_at, silent_from = v.silent_on
           FROM v WHERE parties.id = v.id",
    ) {
        tx.run(statement).await?;
    }
    Ok(differed)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "facts.rebuild",
        "POST /facts/rebuild",
        Some(Perm(Room::Organisation, Act::Change)),
        "Works out anew what lists sort by (purchases, spent, last contact, next follow-up, silence) of all customers; the history says how many differed.",
        ask,
    );
}

/// What is kept of all parties.
#[cfg(test)]
pub(super) async fn kept(ctx: &Ctx) -> Vec<Kept> {
    ctx.app.db.all(Sql::select::<Kept>("FROM parties ORDER BY id")).await.unwrap()
}

/// How many parties have facts that a rebuild sets right.
#[cfg(test)]
pub(crate) async fn differing(ctx: &Ctx) -> i64 {
    ctx.run(ask, Nothing {}).await.unwrap();
    jobs::drain(&ctx.app).await.unwrap();
    let query = sql("SELECT data FROM events WHERE kind = 'facts.rebuilt' ORDER BY id DESC LIMIT 1");
    let (data,): (serde_json::Value,) = ctx.app.db.one(query).await.unwrap();
    data["differed"].as_i64().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_ups::{self, NewFollowUp};
    use crate::interactions::{self, LogInteraction};
    use crate::parties::party::{self, PartyId};
    use crate::platform::jobs::drain;
    use crate::sales::purchases::{self, NewPurchase};
    use crate::testing;

    /// Customers with all kinds of pasts, and one with none.
    async fn shop() -> Ctx {
        let ctx = testing::ctx().await;
        for number in 0..12 {
            let party = testing::party(&ctx, &format!("نام {number}")).await;
            for purchase in 0..number % 4 {
                let new = NewPurchase {
                    party_id: Some(party),
                    date: Some(ctx.today().plus(-40 * purchase - number).to_string()),
                    amount: Some(if purchase == 2 { "-30".into() } else { format!("{}", 100 + number) }),
                    ..Default::default()
                };
                ctx.run(purchases::create, new).await.unwrap();
            }
            if number % 3 == 1 {
                ctx.run(interactions::log, LogInteraction { party_id: Some(party), ..Default::default() }).await.unwrap();
            }
            if number % 5 == 2 {
                let due = ctx.today().plus(number).to_string();
                let new = NewFollowUp { party_id: Some(party), what: "تماس".into(), due, ..Default::default() };
                ctx.run(follow_ups::create, new).await.unwrap();
            }
            if number == 7 {
                ctx.run(party::archive, PartyId { id: party }).await.unwrap();
            }
        }
        drain(&ctx.app).await.unwrap();
        ctx
    }

    #[tokio::test]
    async fn facts_kept_by_the_writes_are_those_of_a_rebuild() {
        let ctx = shop().await;
        let before = kept(&ctx).await;
        assert!(
            before.iter().any(|party| party.purchases > 1) && before.iter().any(|party| party.next_follow_up_at != Instant::NOT_PLANNED)
        );
        assert_eq!(differing(&ctx).await, 0);
        assert!(kept(&ctx).await == before);
    }

    #[tokio::test]
    async fn facts_that_went_wrong_are_set_right_and_counted() {
        let ctx = shop().await;
        let before = kept(&ctx).await;
        let mut tx = ctx.app.db.begin().await.unwrap();
        let wrong = "UPDATE parties SET spent_minor = spent_minor + 1, purchases = 9, last_purchase_on = '', last_contact_at = 5,
            next_follow_up_at = 7, silent_from = '2020-01-01' WHERE name IN ('نام 3', 'نام 7', 'نام 0')";
        tx.run(sql(wrong)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(differing(&ctx).await, 3);
        assert!(kept(&ctx).await == before);
    }
}
