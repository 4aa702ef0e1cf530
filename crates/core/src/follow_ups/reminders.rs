//! Tells people of what is due: its owner at the time they asked for and when it is overdue, the head of their unit a
//! day later. Each is told exactly once: the row that says so changes in the transaction that writes the notification.

use super::FollowUp;
use crate::parties::Party;
use crate::platform::access::{Unit, User};
use crate::platform::notifications::{self, Kind, News};
use crate::platform::time::DAY;
use crate::{Ctx, Instant, Result};
use peyvand_db::{Id, Sql, Tx, row, sql};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// The head of the unit hears of it when its owner has had this long.
const HEAD_AFTER: i64 = DAY;
/// Follow-ups of one transaction: some milliseconds of the write lock.
const BATCH: i64 = 200;

row! {
    struct Late {
        id: Id<FollowUp>,
        party_id: Id<Party>,
        owner_id: Id<User>,
        what: String,
        due_at: Instant,
        owner: String,
    }
}

/// Tells all that is to be told at this moment. Works through it in batches, so it may be stopped at any point.
///
/// # Errors
/// When the database refuses.
pub async fn remind(ctx: &Ctx) -> Result<()> {
    let now = ctx.now();
    told(ctx, || {
        let mut update = sql("WITH due AS MATERIALIZED (SELECT id FROM follow_ups WHERE state = 'open' AND remind_at IS NOT NULL
             AND reminded_at IS NULL AND remind_at <= ");
        update.arg(now).push(" ORDER BY remind_at LIMIT ").arg(BATCH);
        update.push(" {skip_locked}) UPDATE follow_ups SET reminded_at = ").arg(now);
        update.push(" WHERE id IN (SELECT id FROM due) AND reminded_at IS NULL");
        (update, Kind::Reminder)
    })
    .await?;
    told(ctx, || (escalate(0, now), Kind::Overdue)).await?;
    told(ctx, || (escalate(1, now.plus(-HEAD_AFTER)), Kind::Escalated)).await
}

/// Moves what is due before a moment from one step of telling to the next.
fn escalate(from: i64, before: Instant) -> Sql {
    let mut update = sql("WITH late AS MATERIALIZED (SELECT id FROM follow_ups WHERE state = 'open' AND escalation = ");
    update.arg(from).push(" AND due_at < ").arg(before).push(" ORDER BY due_at, id LIMIT ").arg(BATCH);
    update.push(" {skip_locked}) UPDATE follow_ups SET escalation = escalation + 1 WHERE id IN (SELECT id FROM late) AND escalation = ");
    update.arg(from);
    update
}

async fn told(ctx: &Ctx, statement: impl Fn() -> (Sql, Kind)) -> Result<()> {
    loop {
        let mut tx = ctx.app.db.begin().await?;
        let (mut update, kind) = statement();
        update.push(" RETURNING id, party_id, owner_id, what, due_at, (SELECT u.name FROM users u WHERE u.id = follow_ups.owner_id)");
        let late: Vec<Late> = tx.all(update).await?;
        if late.is_empty() {
            return Ok(());
        }
        let heads = if kind == Kind::Escalated { heads(&mut tx, &late).await? } else { HashMap::new() };
        let news: Vec<News> = late
            .iter()
            .filter_map(|one| {
                let user = if kind == Kind::Escalated { *heads.get(&one.owner_id)? } else { one.owner_id };
                let data = json!({"what": one.what, "due_at": one.due_at, "owner": one.owner});
                Some(News { user, kind, party: Some(one.party_id), subject: Some(one.id.0), data })
            })
            .collect();
        let users: BTreeSet<Id<User>> = news.iter().map(|one| one.user).collect();
        notifications::notify(&mut tx, ctx, news).await?;
        tx.commit().await?;
        for user in users {
            notifications::tell(ctx, user);
        }
        if (late.len() as i64) < BATCH {
            return Ok(());
        }
    }
}

row! {
    /// A unit as far as the telling needs it.
    #[derive(Clone, Copy, Debug)]
    struct Place {
        id: Id<Unit> = "n.id",
        parent: Option<Id<Unit>> = "n.parent_id",
        head: Option<Id<User>> = "h.id",
    }
}

/// Who is told of the follow-ups of each owner; an owner without anybody above is left out.
async fn heads(tx: &mut Tx, late: &[Late]) -> Result<HashMap<Id<User>, Id<User>>> {
    let places: Vec<Place> = tx.all(places()).await?;
    let mut query = sql("SELECT id, unit_id FROM users WHERE id IN ");
    let owners: Vec<Id<User>> = late.iter().map(|one| one.owner_id).collect::<BTreeSet<_>>().into_iter().collect();
    query.list_padded(&owners);
    let owners: Vec<(Id<User>, Id<Unit>)> = tx.all(query).await?;
    Ok(owners.into_iter().filter_map(|(owner, unit)| Some((owner, head_above(&places, unit, owner)?))).collect())
}

/// Who is over somebody: the head of their unit, or of the nearest one above that has another.
///
/// # Errors
/// When the database refuses.
pub async fn head_over(tx: &mut Tx, user: Id<User>) -> Result<Option<Id<User>>> {
    let places: Vec<Place> = tx.all(places()).await?;
    let unit: Option<(Id<Unit>,)> = tx.maybe(sql("SELECT unit_id FROM users WHERE id = $1").bind(user)).await?;
    Ok(unit.and_then(|(unit,)| head_above(&places, unit, user)))
}

/// Statement for all units; those who head them are open accounts.
fn places() -> Sql {
    Sql::select::<Place>("FROM units n LEFT JOIN users h ON h.id = n.head_id AND h.is_active")
}

/// The head of a unit, or of the nearest one above it that has another head than the owner.
fn head_above(places: &[Place], unit: Id<Unit>, owner: Id<User>) -> Option<Id<User>> {
    let mut place = places.iter().find(|place| place.id == unit);
    // A tree of n units is left after n steps, even one that somebody has tied into a ring.
    for _ in places {
        let here = place?;
        if let Some(head) = here.head.filter(|head| *head != owner) {
            return Some(head);
        }
        place = here.parent.and_then(|parent| places.iter().find(|place| place.id == parent));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{complete_input, notes, party, step};
    use super::super::{NewFollowUp, SnoozeFollowUp, complete, create, snooze};
    use super::*;
    use crate::platform::jobs;
    use crate::platform::time::{HOUR, MINUTE};
    use crate::testing::{NOW, as_post, ctx};
    use crate::{App, Door};

    /// Another moment on the same database: the later of two requests.
    fn later(ctx: &Ctx, milliseconds: i64) -> Ctx {
        Ctx { now: ctx.now().plus(milliseconds), ..ctx.clone() }
    }

    /// The shop below the town below the country; the shop's head is `head`, the country's `top`.
    async fn tree(app: &App, head: Id<User>, top: Id<User>) {
        let mut tx = app.db.begin().await.unwrap();
        let (shop,): (Id<Unit>,) = tx.one(sql("SELECT id FROM units")).await.unwrap();
        let (town, country): (Id<Unit>, Id<Unit>) = (crate::context::new_id(NOW), crate::context::new_id(NOW));
        let add = "INSERT INTO units (id, name, parent_id, head_id, created_at) VALUES ($1, $2, $3, $4, $5)";
        tx.run(sql(add).bind(country).bind("country").bind(None::<Id<Unit>>).bind(top).bind(NOW)).await.unwrap();
        tx.run(sql(add).bind(town).bind("town").bind(country).bind(None::<Id<User>>).bind(NOW)).await.unwrap();
        tx.run(sql("UPDATE units SET parent_id = $1, head_id = $2 WHERE id = $3").bind(town).bind(head).bind(shop)).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn owner_and_head_are_told_exactly_once_by_two_workers() {
        let ctx = ctx().await;
        let head = as_post(&ctx.app, "manager", "head").await;
        let sara = as_post(&ctx.app, "agent", "sara").await;
        tree(&ctx.app, head.actor.user().unwrap(), ctx.actor.user().unwrap()).await;
        let customer = party(&sara, "مشتری").await;
        let soon = ctx.now().plus(2 * HOUR).to_string();
        sara.run(create, NewFollowUp { remind_minutes: Some(60), ..step(customer, "تماس", &soon) }).await.unwrap();
        let heads = party(&head, "مشتری سرپرست").await;
        head.run(create, step(heads, "کار سرپرست", &soon)).await.unwrap();

        let worker = ctx.app.system(Door::Job);
        let both = async |after: i64| {
            let at = later(&worker, after);
            let (one, other) = tokio::join!(remind(&at), remind(&at));
            one.unwrap();
            other.unwrap();
        };
        let kinds = async |ctx: &Ctx| notes(ctx).await.iter().map(|note| note.kind).collect::<Vec<_>>();
        both(0).await;
        assert_eq!(kinds(&sara).await, []);
        both(HOUR).await;
        both(HOUR + MINUTE).await;
        assert_eq!(kinds(&sara).await, [Kind::Reminder]);
        both(2 * HOUR + 1).await;
        both(3 * HOUR).await;
        assert_eq!(kinds(&sara).await, [Kind::Overdue, Kind::Reminder]);
        assert_eq!(kinds(&head).await, [Kind::Overdue]);
        both(2 * HOUR + DAY + 1).await;
        both(9 * DAY).await;
        assert_eq!(kinds(&sara).await, [Kind::Overdue, Kind::Reminder]);
        // Sara's goes to the head of her unit; the head's own goes over the town, which has none, to the country's.
        assert_eq!(kinds(&head).await, [Kind::Escalated, Kind::Overdue]);
        assert_eq!(kinds(&ctx).await, [Kind::Escalated]);
    }

    #[tokio::test]
    async fn what_was_put_off_is_told_of_anew_and_what_is_done_is_not() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        let soon = ctx.now().plus(HOUR).to_string();
        let one = ctx.run(create, step(sara, "یک", &soon)).await.unwrap().follow_up;
        let other = ctx.run(create, step(sara, "دو", &soon)).await.unwrap().follow_up;
        ctx.run(complete, complete_input(other.id)).await.unwrap();
        let worker = ctx.app.system(Door::Job);
        remind(&later(&worker, 2 * HOUR)).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 1);
        let due = ctx.now().plus(5 * HOUR).to_string();
        ctx.run(snooze, SnoozeFollowUp { id: one.id, version: None, due }).await.unwrap();
        remind(&later(&worker, 3 * HOUR)).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 1);
        remind(&later(&worker, 6 * HOUR)).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 2);
    }

    #[tokio::test]
    async fn the_worker_reminds_by_its_schedule() {
        let ctx = ctx().await;
        let sara = party(&ctx, "سارا").await;
        let soon = ctx.now().plus(HOUR).to_string();
        ctx.run(create, step(sara, "تماس", &soon)).await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        assert_eq!(notes(&ctx).await.len(), 0);
        // As when the program was switched off for a while.
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE follow_ups SET due_at = $1").bind(NOW.plus(-MINUTE))).await.unwrap();
        tx.run(sql("UPDATE schedules SET next_at = 0")).await.unwrap();
        tx.commit().await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        assert_eq!(notes(&ctx).await.iter().map(|note| note.kind).collect::<Vec<_>>(), [Kind::Overdue]);
    }
}
