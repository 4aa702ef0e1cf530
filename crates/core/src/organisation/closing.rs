//! Closing an account: it ends, and what its person looked after goes to somebody else in the same transaction, because
//! a customer whose owner is gone is a customer whom nobody calls.

use super::lock;
use super::people::{self, GetUser};
use crate::follow_ups::{FollowUp, reminders};
use crate::parties::Party;
use crate::parties::bulk::Owned;
use crate::platform::access::{Unit, User};
use crate::platform::events::{self, Event};
use crate::platform::notifications::{self, Kind, News};
use crate::platform::sessions::end_all;
use crate::platform::undo::{self, Inverse, Undo};
use crate::platform::users::sight;
use crate::sales::opportunities::Opportunity;
use crate::{Act, Ctx, Error, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Rows of one statement.
const CHUNK: usize = 2_000;
/// More than these customers and follow-ups are handed over, but not taken back at a click: what undo keeps stays small.
const UNDO_MAX: usize = 10_000;
/// To the head of the unit.
const HEAD: &str = "head";
/// To nobody.
const NOBODY: &str = "nobody";

row! {
    /// What somebody looks after.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Holdings {
        /// Customers, archived ones too.
        pub customers: i64 = "(SELECT count(*) FROM parties p WHERE p.owner_id = u.id)",
        /// Follow-ups that are still open.
        pub follow_ups: i64 = "(SELECT count(*) FROM follow_ups f WHERE f.owner_id = u.id AND f.state = 'open')",
        /// Opportunities that are still open.
        pub opportunities: i64 = "(SELECT count(*) FROM opportunities t WHERE t.owner_id = u.id AND t.state = 'open')",
    }
}

impl Holdings {
    /// Whether there is nothing to hand over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.customers + self.follow_ups + self.opportunities == 0
    }
}

/// What somebody looks after, and who is over them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Held {
    /// What they look after.
    #[serde(flatten)]
    pub holdings: Holdings,
    /// The head of their unit or of the nearest one above, to whom it may go.
    pub head_id: Option<Id<User>>,
    /// That head's name.
    pub head: Option<String>,
}

/// What somebody looks after, to decide to whom it goes.
///
/// # Errors
/// Without the right, and for somebody out of sight.
pub async fn held(ctx: &Ctx, input: GetUser) -> Result<Held> {
    let reader = ctx.read(Perm(Room::Organisation, Act::See))?;
    let person = people::get(ctx, input).await?;
    let mut tx = reader.db.snapshot().await?;
    let holdings = holdings(&mut tx, person.id).await?;
    let head_id = reminders::head_over(&mut tx, person.id).await?;
    let head = match head_id {
        Some(head) => Some(tx.one::<(String,)>(sql("SELECT name FROM users WHERE id = $1").bind(head)).await?.0),
        None => None,
    };
    Ok(Held { holdings, head_id, head })
}

async fn holdings(tx: &mut Tx, user: Id<User>) -> Result<Holdings> {
    Ok(tx.one(Sql::select::<Holdings>("FROM users u WHERE u.id = $1").bind(user)).await?)
}

/// Refuses to leave what somebody looks after without a word on where it goes.
///
/// # Errors
/// [`Error::Conflict`] with what they hold.
pub(super) async fn check_holds_nothing(tx: &mut Tx, user: Id<User>) -> Result<()> {
    let holdings = holdings(tx, user).await?;
    if holdings.is_empty() {
        return Ok(());
    }
    let problem = Problem::new("hand_over_to", "users-hand-over-needed")
        .with("customers", holdings.customers)
        .with("follow_ups", holdings.follow_ups)
        .with("opportunities", holdings.opportunities);
    Err(Error::Conflict(crate::Fields(vec![problem])))
}

/// Whose account, and who takes over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeactivateUser {
    /// The user.
    pub id: Id<User>,
    /// Who takes over their customers, open follow-ups and opportunities: `head` for the head of their unit (or of the
    /// nearest one above that has another head), the id of a person, or `nobody`: customers then have no owner, and
    /// follow-ups stay under the closed account's name, where the unit sees them. Needed when they hold any.
    pub hand_over_to: Option<String>,
}

/// What closing an account came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Closed {
    /// Who took over.
    pub given_to: Option<Id<User>>,
    /// Customers that were handed over, or have no owner now.
    pub customers: i64,
    /// Follow-ups that were handed over.
    pub follow_ups: i64,
    /// Opportunities that were handed over.
    pub opportunities: i64,
    /// Takes it back through `undo.run`, for one day: opens the account again and gives back what has not gone on to
    /// somebody else. Absent when nothing was closed, and when more was handed over than undo keeps.
    pub undo: Option<Id<Undo>>,
}

/// Closes an account: its sessions end and its tokens stop, what its person looked after is handed over. What they did
/// stays, under their name. The right to close accounts is enough for that; it need not be one on the customers.
///
/// # Errors
/// Without the right, for somebody out of reach or with more rights than the caller, for the last owner, and without
/// `hand_over_to` when they hold customers, open follow-ups or opportunities.
pub async fn deactivate(ctx: &Ctx, input: DeactivateUser) -> Result<Closed> {
    let writer = ctx.write(Perm(Room::Organisation, Act::Delete))?;
    let mut tx = writer.begin().await?;
    lock(&mut tx).await?;
    let person = people::read(&mut tx, &writer.sight, input.id).await?;
    people::check_not_above(&mut tx, ctx, &person).await?;
    let mut closed = Closed { given_to: None, customers: 0, follow_ups: 0, opportunities: 0, undo: None };
    if !person.is_active {
        return Ok(closed);
    }
    people::check_owner_stays(&mut tx, &person).await?;
    let taker = match input.hand_over_to.as_deref().map(str::trim).filter(|to| !to.is_empty()) {
        None => {
            check_holds_nothing(&mut tx, person.id).await?;
            None
        }
        Some(to) => taker(&mut tx, &writer.sight, person.id, to).await?,
    };
    tx.run(sql("UPDATE users SET is_active = FALSE WHERE id = $1").bind(person.id)).await?;
    tx.run(sql("UPDATE tokens SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL").bind(ctx.now()).bind(person.id)).await?;
    end_all(&mut tx, person.id).await?;

    let parties = hand_over_parties(&mut tx, ctx, person.id, taker.as_ref()).await?;
    let follow_ups = match &taker {
        Some(taker) => hand_over_follow_ups(&mut tx, ctx, person.id, taker.id).await?,
        None => Vec::new(),
    };
    let to = taker.as_ref().map(|taker| taker.id);
    let opportunities: Vec<Id<Opportunity>> = ids(tx
        .all(sql("UPDATE opportunities SET owner_id = $1 WHERE owner_id = $2 AND state = 'open' RETURNING id").bind(to).bind(person.id))
        .await?);

    closed.given_to = to;
    closed.customers = count_of(&parties);
    closed.follow_ups = count_of(&follow_ups);
    closed.opportunities = count_of(&opportunities);
    let data = json!({
        "name": person.name, "given_to": to, "to": taker.as_ref().map(|taker| &taker.name),
        "customers": closed.customers, "follow_ups": closed.follow_ups, "opportunities": closed.opportunities,
    });
    events::record(&mut tx, ctx, Event::of("user.deactivated", person.id, data)).await?;
    if let Some(taker) = taker.filter(|taker| Some(taker.id) != ctx.actor.user())
        && closed.customers + closed.follow_ups > 0
    {
        let data = json!({"from": person.name, "customers": closed.customers, "follow_ups": closed.follow_ups});
        let news = News { user: taker.id, kind: Kind::TakenOver, party: None, subject: None, data };
        notifications::notify(&mut tx, ctx, vec![news]).await?;
    }
    if parties.len().max(follow_ups.len()).max(opportunities.len()) <= UNDO_MAX {
        let was = WasClosed { user: person.id, given_to: to, parties, follow_ups, opportunities };
        closed.undo = Some(undo::remember(&mut tx, ctx, &Inverse::CloseAccount { was }).await?);
    }
    tx.commit().await?;
    ctx.app.forget_sessions();
    if let Some(to) = to {
        notifications::tell(ctx, to);
    }
    Ok(closed)
}

row! {
    /// Who takes over.
    struct Taker {
        id: Id<User> = "u.id",
        name: String = "u.name",
        unit_id: Id<Unit> = "u.unit_id",
    }
}

async fn taker(tx: &mut Tx, reach: &Sight, from: Id<User>, to: &str) -> Result<Option<Taker>> {
    let mut query = Sql::select::<Taker>("FROM users u WHERE u.is_active");
    match to {
        NOBODY => return Ok(None),
        HEAD => {
            // The head stands above; the caller's own reach need not.
            let head = reminders::head_over(tx, from).await?.ok_or_else(|| Problem::new("hand_over_to", "users-no-head"))?;
            query.push(" AND u.id = ").arg(head);
        }
        id => {
            let id: Id<User> = id.parse().map_err(|_| Problem::new("hand_over_to", "users-hand-over-unknown"))?;
            query.push(" AND u.id = ").arg(id).push(" AND u.id <> ").arg(from);
            sight(reach, &mut query);
        }
    }
    let taker = tx.maybe(query).await?.ok_or_else(|| Problem::new("hand_over_to", "users-hand-over-unknown"))?;
    Ok(Some(taker))
}

fn count_of<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

fn ids<T>(rows: Vec<(Id<T>,)>) -> Vec<Id<T>> {
    rows.into_iter().map(|(id,)| id).collect()
}

/// As they were before.
async fn hand_over_parties(tx: &mut Tx, ctx: &Ctx, from: Id<User>, to: Option<&Taker>) -> Result<Vec<Owned>> {
    let before: Vec<Owned> =
        tx.all(sql("SELECT id, owner_id, unit_id FROM parties WHERE owner_id = $1 ORDER BY id {for_update}").bind(from)).await?;
    // Without a new owner they stay in the unit, whose people still see them.
    tx.run(
        sql(
            "UPDATE parties SET owner_id = $1, unit_id = COALESCE($2, unit_id), version = version + 1, updated_at = $3 WHERE owner_id = $4",
        )
        .bind(to.map(|to| to.id))
        .bind(to.map(|to| to.unit_id))
        .bind(ctx.now())
        .bind(from),
    )
    .await?;
    let data = json!({"owner_id": to.map(|to| to.id), "owner": to.map(|to| &to.name)});
    for chunk in before.chunks(CHUNK) {
        let happened = chunk.iter().map(|(party, ..)| Event::of_party("party.assigned", *party, data.clone())).collect();
        events::record_all(tx, ctx, happened).await?;
    }
    Ok(before)
}

async fn hand_over_follow_ups(tx: &mut Tx, ctx: &Ctx, from: Id<User>, to: Id<User>) -> Result<Vec<Id<FollowUp>>> {
    // Who was told that one is overdue stays as it is: its new owner hears of all of them at once, not of each again.
    let moved: Vec<(Id<FollowUp>, Id<Party>, String)> = tx
        .all(
            sql("UPDATE follow_ups SET owner_id = $1, version = version + 1 WHERE owner_id = $2 AND state = 'open'
                 RETURNING id, party_id, what")
            .bind(to)
            .bind(from),
        )
        .await?;
    for chunk in moved.chunks(CHUNK) {
        let happened = chunk
            .iter()
            .map(|(id, party, what)| {
                let data = json!({"what": what, "from": from, "owner_id": to});
                Event::of_party("follow_up.handed_over", *party, data).about(*id)
            })
            .collect();
        events::record_all(tx, ctx, happened).await?;
    }
    Ok(moved.into_iter().map(|(id, ..)| id).collect())
}

/// What [`deactivate`] did, to take it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WasClosed {
    /// Whose account.
    pub user: Id<User>,
    /// Who took over.
    pub given_to: Option<Id<User>>,
    /// Customers as they were before.
    pub parties: Vec<Owned>,
    /// Follow-ups that were handed over.
    pub follow_ups: Vec<Id<FollowUp>>,
    /// Opportunities that were handed over.
    pub opportunities: Vec<Id<Opportunity>>,
}

/// Takes [`deactivate`] back. What has gone on to somebody else meanwhile stays there; sessions and tokens stay ended.
pub(crate) async fn reopen(tx: &mut Tx, ctx: &Ctx, was: &WasClosed) -> Result<()> {
    let writer = ctx.write(Perm(Room::Organisation, Act::Delete))?;
    lock(tx).await?;
    let person = people::read(tx, &writer.sight, was.user).await?;
    people::check_not_above(tx, ctx, &person).await?;
    tx.run(sql("UPDATE users SET is_active = TRUE WHERE id = $1").bind(was.user)).await?;
    for chunk in was.parties.chunks(CHUNK) {
        let rows = chunk
            .iter()
            .map(|(party, owner, unit)| {
                vec![party.to_value(), owner.to_value(), unit.to_value(), was.given_to.to_value(), ctx.now().to_value()]
            })
            .collect();
        let mut back: Vec<Id<Party>> = Vec::new();
        for statement in Sql::inserts(
            "WITH v (id, owner_id, unit_id, given_to, at) AS (VALUES ",
            rows,
            ") UPDATE parties SET owner_id = v.owner_id, unit_id = v.unit_id, version = parties.version + 1, updated_at = v.at
               FROM v WHERE parties.id = v.id AND parties.owner_id IS NOT DISTINCT FROM v.given_to RETURNING parties.id",
        ) {
            back.extend(ids(tx.all(statement).await?));
        }
        let happened = back.into_iter().map(|party| Event::of_party("party.assigned", party, json!({"undone": true}))).collect();
        events::record_all(tx, ctx, happened).await?;
    }
    for chunk in was.follow_ups.chunks(CHUNK) {
        let mut update =
            sql("UPDATE follow_ups SET owner_id = $1, version = version + 1 WHERE state = 'open' AND owner_id = $2 AND id IN ")
                .bind(was.user)
                .bind(was.given_to);
        update.list_padded(chunk).push(" RETURNING id, party_id, what");
        let back: Vec<(Id<FollowUp>, Id<Party>, String)> = tx.all(update).await?;
        let happened = back
            .into_iter()
            .map(|(id, party, what)| Event::of_party("follow_up.restored", party, json!({"what": what})).about(id))
            .collect();
        events::record_all(tx, ctx, happened).await?;
    }
    for chunk in was.opportunities.chunks(CHUNK) {
        let mut update = sql("UPDATE opportunities SET owner_id = $1 WHERE state = 'open' AND owner_id IS NOT DISTINCT FROM $2 AND id IN ")
            .bind(was.user)
            .bind(was.given_to);
        update.list_padded(chunk);
        tx.run(update).await?;
    }
    let data = json!({"before": {"is_active": person.is_active}, "after": {"is_active": true}, "undone": true});
    events::record(tx, ctx, Event::of("user.changed", was.user, data)).await
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "users.held",
        "GET /users/{id}/held",
        Some(Perm(Room::Organisation, Act::See)),
        "What somebody looks after: customers, open follow-ups and opportunities, to decide to whom it goes.",
        held,
    );
    ops.add(
        "users.deactivate",
        "DELETE /users/{id}",
        Some(Perm(Room::Organisation, Act::Delete)),
        "Closes an account: sessions and tokens end, customers and open follow-ups are handed over, what was done stays. Never the last owner.",
        deactivate,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_ups::{self, NewFollowUp};
    use crate::platform::undo::RunUndo;
    use crate::testing;

    async fn step(ctx: &Ctx, party: Id<Party>) -> Id<FollowUp> {
        let new = NewFollowUp { party_id: Some(party), what: "تماس".into(), due: "tomorrow".into(), ..Default::default() };
        ctx.run(follow_ups::create, new).await.unwrap().follow_up.id
    }

    fn close(who: &Ctx, to: Option<&str>) -> DeactivateUser {
        DeactivateUser { id: who.actor.user().unwrap(), hand_over_to: to.map(str::to_owned) }
    }

    async fn of(ctx: &Ctx, who: &Ctx) -> [i64; 3] {
        let held = ctx.run(held, GetUser { id: who.actor.user().unwrap() }).await.unwrap();
        [held.holdings.customers, held.holdings.follow_ups, held.holdings.opportunities]
    }

    /// An owner, and an agent with three customers, two open follow-ups and an opportunity.
    async fn shop() -> (Ctx, Ctx) {
        let owner = testing::ctx().await;
        let sara = testing::as_post(&owner.app, "agent", "sara").await;
        for name in ["الف", "ب", "پ"] {
            testing::party(&sara, name).await;
        }
        let parties: Vec<(Id<Party>,)> = owner.app.db.all(sql("SELECT id FROM parties ORDER BY name LIMIT 2")).await.unwrap();
        for (party,) in &parties {
            step(&sara, *party).await;
        }
        let mut tx = owner.app.db.begin().await.unwrap();
        let opportunity = "INSERT INTO opportunities (id, party_id, title, state, owner_id, created_at, closed_on) VALUES ($1, $2, 'x', 'open', $3, 1, '9999-12-31')";
        tx.run(sql(opportunity).bind(owner.id::<Opportunity>()).bind(parties[0].0).bind(sara.actor.user())).await.unwrap();
        tx.commit().await.unwrap();
        (owner, sara)
    }

    #[tokio::test]
    async fn what_a_closed_account_held_goes_to_a_person_and_comes_back() {
        let (owner, sara) = shop().await;
        let reza = testing::as_post(&owner.app, "agent", "reza").await;
        let Error::Conflict(fields) = owner.run(deactivate, close(&sara, None)).await.unwrap_err() else { panic!("to whom?") };
        assert_eq!((fields.0[0].key.as_ref(), &*fields.0[0].field), ("users-hand-over-needed", "hand_over_to"));
        assert!(fields.0[0].args.contains(&("customers".into(), "3".into())), "{fields:?}");
        for wrong in ["somebody", &sara.actor.user().unwrap().to_string()] {
            assert!(matches!(owner.run(deactivate, close(&sara, Some(wrong))).await, Err(Error::Invalid(_))), "{wrong}");
        }
        let to = reza.actor.user().unwrap();
        let closed = owner.run(deactivate, close(&sara, Some(&to.to_string()))).await.unwrap();
        assert_eq!((closed.given_to, closed.customers, closed.follow_ups), (Some(to), 3, 2));
        assert_eq!((of(&owner, &sara).await, of(&owner, &reza).await), ([0, 0, 0], [3, 2, 1]));
        let news = reza.run(notifications::list, Default::default()).await.unwrap().items;
        assert_eq!((news.len(), news[0].kind), (1, Kind::TakenOver));
        let (told,): (i64,) =
            owner.app.db.one(sql("SELECT count(*) FROM events WHERE kind IN ('party.assigned', 'follow_up.handed_over')")).await.unwrap();
        assert_eq!(told, 5);

        // One customer has gone on to the owner since.
        let mut tx = owner.app.db.begin().await.unwrap();
        let moved = "UPDATE parties SET owner_id = $1 WHERE name = 'پ'";
        tx.run(sql(moved).bind(owner.actor.user())).await.unwrap();
        tx.commit().await.unwrap();
        owner.run(undo::run, RunUndo { id: closed.undo.unwrap() }).await.unwrap();
        assert_eq!((of(&owner, &sara).await, of(&owner, &reza).await), ([2, 2, 1], [0, 0, 0]));
        assert!(owner.run(people::get, GetUser { id: sara.actor.user().unwrap() }).await.unwrap().is_active);
    }

    #[tokio::test]
    async fn the_head_of_the_unit_takes_over_when_there_is_one() {
        let (owner, sara) = shop().await;
        let Error::Invalid(fields) = owner.run(deactivate, close(&sara, Some(HEAD))).await.unwrap_err() else { panic!("no head") };
        assert_eq!(fields.0[0].key, "users-no-head");
        let boss = testing::as_post(&owner.app, "manager", "boss").await;
        let mut tx = owner.app.db.begin().await.unwrap();
        tx.run(sql("UPDATE units SET head_id = $1").bind(boss.actor.user())).await.unwrap();
        tx.commit().await.unwrap();
        let held = owner.run(held, GetUser { id: sara.actor.user().unwrap() }).await.unwrap();
        assert_eq!((held.head_id, held.head.as_deref()), (boss.actor.user(), Some("boss")));
        owner.run(deactivate, close(&sara, Some(HEAD))).await.unwrap();
        assert_eq!(of(&owner, &boss).await, [3, 2, 1]);
    }

    #[tokio::test]
    async fn nobody_leaves_customers_without_an_owner_in_their_unit() {
        let (owner, sara) = shop().await;
        let closed = owner.run(deactivate, close(&sara, Some(NOBODY))).await.unwrap();
        assert_eq!((closed.given_to, closed.customers, closed.follow_ups), (None, 3, 0));
        let count = async || -> (i64, i64) {
            let query = "SELECT count(*) FILTER (WHERE owner_id IS NULL AND unit_id IS NOT NULL), count(*) FROM parties";
            owner.app.db.one(sql(query)).await.unwrap()
        };
        assert_eq!(count().await, (3, 3));
        assert_eq!(of(&owner, &sara).await, [0, 2, 0]);
        owner.run(undo::run, RunUndo { id: closed.undo.unwrap() }).await.unwrap();
        assert_eq!((count().await, of(&owner, &sara).await), ((0, 3), [3, 2, 1]));
    }

    #[tokio::test]
    async fn an_account_that_holds_nothing_is_closed_at_once_and_no_other_door_closes_one_that_does() {
        let (owner, sara) = shop().await;
        let reza = testing::as_post(&owner.app, "agent", "reza").await;
        let closed = owner.run(deactivate, close(&reza, None)).await.unwrap();
        assert!(closed.undo.is_some());
        assert!(owner.run(deactivate, close(&reza, None)).await.unwrap().undo.is_none(), "it is closed already");
        let change: people::UserChange = serde_json::from_value(json!({"id": sara.actor.user(), "is_active": false})).unwrap();
        assert!(matches!(owner.run(people::update, change).await, Err(Error::Conflict(_))));
    }
}
