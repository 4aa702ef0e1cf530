//! A context for tests: a fresh database, a clock that stands still, keys of its own.

use crate::context::new_id;
use crate::external::Clock;
use crate::lifecycle::{Stage, Standing};
use crate::platform::access::{Actor, Rights, Unit, User, UserActor};
use crate::platform::keys::Keys;
use crate::platform::live::Live;
use crate::platform::locale::Prefs;
use crate::platform::{schema, terms};
use crate::{App, AppParts, Ctx, Day, Door, Instant, Result};
use peyvand_db::{Id, sql};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

/// 2026-11-21 08:30 in Tehran, 30 Aban 1405.
pub const NOW: Instant = Instant(1_795_237_200_000);

/// A clock that moves only when it is told to.
#[derive(Debug)]
pub struct FixedClock(pub AtomicI64);

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::Relaxed))
    }
}

/// A program on a fresh database, with the clock at [`NOW`], word lists, the ready-made posts and one unit.
///
/// # Panics
/// When the test database is not to be had.
pub async fn app() -> App {
    app_at(NOW).await.expect("a test database")
}

/// A program on a database without a row in it, as on the first visit.
///
/// # Panics
/// When the test database is not to be had.
pub async fn empty_app() -> App {
    empty_at(NOW).await.expect("a test database")
}

async fn empty_at(now: Instant) -> Result<App> {
    let db = peyvand_db::testing::fresh(schema::MIGRATIONS).await?;
    Ok(App::new(AppParts {
        db,
        keys: RwLock::new(Arc::new(Keys::generate())),
        clock: Arc::new(FixedClock(AtomicI64::new(now.0))),
        mail: None,
        data: std::env::temp_dir(),
        live: Live::default(),
        wake: tokio::sync::watch::Sender::new(()),
        organisation: RwLock::default(),
        sessions: Default::default(),
    }))
}

async fn app_at(now: Instant) -> Result<App> {
    let app = empty_at(now).await?;
    let mut tx = app.db.begin().await?;
    terms::seed(&mut tx).await?;
    let mut insert = sql("INSERT INTO posts (id, word, rights, created_at) VALUES ");
    insert.rows(crate::platform::access::ready_made_posts().into_iter().map(|(word, rights)| {
        use peyvand_db::ToValue;
        let rights = serde_json::to_value(rights).unwrap_or_default();
        vec![new_id::<()>(now).to_value(), word.to_value(), rights.to_value(), now.to_value()]
    }));
    tx.run(insert).await?;
    tx.run(sql("INSERT INTO units (id, name, created_at) VALUES ($1, 'shop', $2)").bind(new_id::<Unit>(now)).bind(now)).await?;
    tx.commit().await?;
    Ok(app)
}

/// A context of the owner of a fresh database.
///
/// # Panics
/// When the test database is not to be had.
pub async fn ctx() -> Ctx {
    let app = app().await;
    as_post(&app, "owner", "owner").await
}

/// A context of a new user of the given name who holds a post (`owner`, `manager`, `agent`), in the only unit.
///
/// # Panics
/// When the database refuses.
pub async fn as_post(app: &App, post: &str, name: &str) -> Ctx {
    let id = new_id(app.clock.now());
    let mut tx = app.db.begin().await.expect("a transaction");
    let (unit,): (Id<Unit>,) = tx.one(sql("SELECT id FROM units ORDER BY created_at, id LIMIT 1")).await.expect("a unit");
    tx.run(
        sql("INSERT INTO users (id, email, name, post_id, unit_id, is_active, shortcuts, created_at)
             SELECT $1, $2, $3, id, $4, TRUE, TRUE, $5 FROM posts WHERE word = $6")
        .bind(id)
        .bind(format!("{name}@example.ir"))
        .bind(name)
        .bind(unit)
        .bind(app.clock.now())
        .bind(post),
    )
    .await
    .expect("a user");
    tx.commit().await.expect("a user");
    let (_, rights) = crate::platform::access::ready_made_posts().into_iter().find(|(word, _)| *word == post).expect("a post");
    with_rights(app, id, name, rights, vec![unit])
}

/// A bare party of that name, owned by the user of the context and in their unit.
///
/// # Panics
/// When the database refuses.
pub async fn party(ctx: &Ctx, name: &str) -> Id<crate::parties::Party> {
    let id = ctx.id();
    let mut tx = ctx.app.db.begin().await.expect("a transaction");
    let no = crate::parties::write::next_numbers(&mut tx, "party", 1).await.expect("a number");
    tx.run(
        sql("INSERT INTO parties (id, no, kind, role, name, name_key, owner_id, unit_id, last_contact_at, first_purchase_on,
               last_purchase_on, purchases, spent_minor, next_follow_up_at, silent_from, rhythm_due, version, created_at, updated_at)
             VALUES ($1, $2, 'person', 'prospect', $3, $3, $4, $5, 0, '', '', 0, 0, $6, '', FALSE, 1, $7, $7)")
        .bind(id)
        .bind(no)
        .bind(name)
        .bind(ctx.actor.user())
        .bind(ctx.actor.unit())
        .bind(Instant::NOT_PLANNED)
        .bind(ctx.now()),
    )
    .await
    .expect("a party");
    tx.commit().await.expect("a party");
    id
}

/// Puts a customer without a way of their own where a stage and a standing say, since a day.
///
/// # Panics
/// When the database refuses.
pub async fn at_stage(ctx: &Ctx, party: Id<crate::parties::Party>, stage: Stage, standing: Standing, since: Day) {
    let mut tx = ctx.app.db.begin().await.expect("a transaction");
    tx.run(
        sql("INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, left_on, transition_id)
             VALUES ($1, 1, 'promote', $2, $3, $4, NULL, $5)")
        .bind(party)
        .bind(stage)
        .bind(standing)
        .bind(since)
        .bind(ctx.id::<()>()),
    )
    .await
    .expect("a stage");
    tx.commit().await.expect("a stage");
}

/// The same database seen by another process, with connections of its own.
///
/// # Panics
/// When the database is out of reach.
pub async fn other_process(ctx: &Ctx) -> Ctx {
    let app = App::new(AppParts {
        db: peyvand_db::testing::again(&ctx.app.db).await.expect("the same database"),
        keys: RwLock::new(ctx.app.keys()),
        clock: Arc::new(FixedClock(AtomicI64::new(ctx.now().0))),
        mail: None,
        data: std::env::temp_dir(),
        live: Live::default(),
        wake: tokio::sync::watch::Sender::new(()),
        organisation: RwLock::default(),
        sessions: Default::default(),
    });
    Ctx { app, ..ctx.clone() }
}

/// A context of a user with the given rights.
#[must_use]
pub fn with_rights(app: &App, id: Id<User>, name: &str, rights: Rights, units: Vec<Id<Unit>>) -> Ctx {
    let actor = Actor::User(Arc::new(UserActor { id, name: name.to_owned(), units, rights, scopes: None }));
    app.context(actor, Door::Api, Prefs::default())
}

/// The plan of a statement in the engine's words. PostgreSQL is told to avoid reading whole tables, which it rightly
/// prefers for the few rows of a test; what then still does has no index to use.
///
/// # Panics
/// When the database refuses.
pub async fn plan(db: &peyvand_db::Db, query: peyvand_db::Sql) -> String {
    let engine = db.engine();
    let mut tx = db.begin().await.expect("a transaction");
    if engine == peyvand_db::Engine::Postgres {
        tx.run(sql("SET LOCAL enable_seqscan = off")).await.expect("a setting");
    }
    let query = query.explain(engine);
    match engine {
        peyvand_db::Engine::Sqlite => {
            let rows: Vec<(i64, i64, i64, String)> = tx.all(query).await.expect("a plan");
            rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join("\n")
        }
        peyvand_db::Engine::Postgres => {
            let rows: Vec<(String,)> = tx.all(query).await.expect("a plan");
            rows.into_iter().map(|row| row.0).collect::<Vec<_>>().join("\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::events::Event;
    use crate::platform::{events, locale::Loc};

    #[tokio::test]
    async fn an_event_is_in_the_audit_log_of_who_may_read_it() {
        let owner = ctx().await;
        let mut tx = owner.app.db.begin().await.unwrap();
        events::record(&mut tx, &owner, Event { kind: "party.created", party: None, subject: None, data: serde_json::json!({"n": 1}) })
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let page = owner.run(events::list, events::ListEvents { kind: Some("party.".into()), ..Default::default() }).await.unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].data, serde_json::json!({"n": 1}));
        let agent = as_post(&owner.app, "agent", "agent").await;
        assert!(agent.run(events::list, events::ListEvents::default()).await.is_err());
    }

    #[test]
    fn a_number_in_a_message_is_in_the_readers_digits() {
        let loc = Loc::new(Prefs::default(), NOW);
        assert!(loc.ta("input-range", &[("min", 1_i64.into()), ("max", 12_345_i64.into())]).contains("۱۲٬۳۴۵"));
    }
}
