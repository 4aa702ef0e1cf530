//! Who a request comes from: sessions of the browser, and the short memory that makes asking cheap.
//!
//! A session's token is 256 random bits; only its SHA-256 is stored, so that a copy of the database opens nothing.

use super::access::{Actor, Rights, Unit, User, UserActor};
use super::calendar::Calendar;
use super::events::{self, Event};
use super::keys::random;
use super::locale::{OwnPrefs, Prefs, Theme};
use super::money::MoneyUnit;
use super::organisation::Organisation;
use super::text::{Digits, Lang, clean_line};
use super::time::{DAY, MINUTE};
use crate::operation::{DONE, Done, Nothing};
use crate::{App, Ctx, Door, Error, Instant, Result};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

/// A session that nobody uses ends after this long: a week covers a holiday weekend.
pub const IDLE: i64 = 7 * DAY;
/// A session ends after this long, used or not, so that a forgotten device is not signed in for ever.
pub const LONGEST: i64 = 30 * DAY;
/// The time of the last use is written at most this often: it costs a write transaction.
const TOUCH: i64 = 5 * MINUTE;
/// How long a process may answer from memory. A sign-out or a new right is seen at once by the process that did it and
/// after at most this long by the others.
const FRESH: i64 = 3_000;
/// Most sessions and tokens kept in memory, about a kilobyte each.
const REMEMBERED: usize = 4_096;
/// Longest name of a browser that is kept.
const AGENT: usize = 200;

/// SHA-256 of a token, under which it is stored.
pub type TokenHash = [u8; 32];

/// The hash under which a token is stored. The token is random, so one round of a fast hash is enough.
#[must_use]
pub fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// Somebody who has shown a session or an API token.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who asks, with their rights.
    pub actor: Arc<UserActor>,
    /// How they want things shown.
    pub prefs: Prefs,
    /// What every form of this session carries; empty for an API token.
    pub csrf: String,
    /// Their e-mail address.
    pub email: String,
    /// Word of their post.
    pub post: String,
    /// The organisation's own name of the post.
    pub post_name: Option<String>,
    /// Under which the session or token is stored.
    pub hash: TokenHash,
    seen_at: Instant,
    expires_at: Instant,
}

impl Session {
    /// The short name of a session in lists, which opens nothing.
    #[must_use]
    pub fn name(&self) -> String {
        short_name(&self.hash)
    }

    fn is_live(&self, now: Instant) -> bool {
        now < self.expires_at
    }
}

fn short_name(hash: &[u8]) -> String {
    HEXLOWER.encode(&hash[..hash.len().min(8)])
}

/// Sessions and tokens that were looked up a moment ago.
#[derive(Debug, Default)]
pub struct Memory {
    /// Counts how often everything was forgotten, so that what was read before is not remembered after.
    round: AtomicU64,
    known: RwLock<HashMap<TokenHash, (Instant, Arc<Session>)>>,
}

impl Memory {
    fn get(&self, hash: &TokenHash, now: Instant) -> Option<Arc<Session>> {
        let known = self.known.read().ok()?;
        let (at, session) = known.get(hash)?;
        (now.0 - at.0 < FRESH && session.is_live(now)).then(|| session.clone())
    }

    fn put(&self, round: u64, now: Instant, session: Arc<Session>) {
        let Ok(mut known) = self.known.write() else { return };
        if self.round.load(Ordering::Acquire) != round {
            return;
        }
        if known.len() >= REMEMBERED {
            known.retain(|_, (at, _)| now.0 - at.0 < FRESH);
            if known.len() >= REMEMBERED {
                known.clear();
            }
        }
        known.insert(session.hash, (now, session));
    }

    fn forget(&self) {
        if let Ok(mut known) = self.known.write() {
            self.round.fetch_add(1, Ordering::AcqRel);
            known.clear();
        }
    }
}

impl App {
    /// Looks everybody up anew from here on: after a change of users, posts, units, sessions or tokens.
    pub fn forget_sessions(&self) {
        self.sessions.forget();
    }
}

row! {
    struct Found {
        user_id: Id<User> = "u.id",
        email: String = "u.email",
        name: String = "u.name",
        post: String = "o.word",
        post_name: Option<String> = "o.name",
        rights: serde_json::Value = "o.rights",
        unit_id: Id<Unit> = "u.unit_id",
        lang: Option<Lang> = "u.lang",
        calendar: Option<Calendar> = "u.calendar",
        digits: Option<Digits> = "u.digits",
        time_zone: Option<String> = "u.time_zone",
        theme: Option<Theme> = "u.theme",
        money_unit: Option<MoneyUnit> = "u.money_unit",
        shortcuts: bool = "u.shortcuts",
        csrf: String = "k.csrf",
        scopes: Option<serde_json::Value> = "k.scopes",
        seen_at: Instant = "k.seen_at",
        expires_at: Instant = "k.expires_at",
    }
}

pub(super) const BY_SESSION: &str = "FROM (SELECT user_id, csrf, NULL AS scopes, seen_at, expires_at FROM sessions WHERE token_hash = $1) k
    JOIN users u ON u.id = k.user_id JOIN posts o ON o.id = u.post_id WHERE u.is_active";
const BY_TOKEN: &str = "FROM (SELECT user_id, '' AS csrf, scopes, COALESCE(used_at, 0) AS seen_at,
      COALESCE(expires_at, 253402300799000) AS expires_at FROM tokens WHERE token_hash = $1 AND revoked_at IS NULL) k
    JOIN users u ON u.id = k.user_id JOIN posts o ON o.id = u.post_id WHERE u.is_active";

/// The session of a cookie, if it is one and still open.
///
/// # Errors
/// When the database is out of reach.
pub async fn session(app: &App, token: &str) -> Result<Option<Arc<Session>>> {
    let hash = hash(token);
    let Some((session, fresh)) = look_up(app, hash, BY_SESSION).await? else { return Ok(None) };
    let now = app.clock.now();
    if fresh && now.0 - session.seen_at.0 >= TOUCH {
        let (app, session) = (app.clone(), session.clone());
        // Beside the request: the page does not wait for the writer.
        tokio::spawn(async move {
            if let Err(error) = touch(&app, &session).await {
                tracing::warn!(%error, "the time of a session's last use was not written");
            }
        });
    }
    Ok(Some(session))
}

/// Whether a session is still open. Asking is no use of it, so that a page left open does not keep it alive.
///
/// # Errors
/// When the database is out of reach.
pub async fn is_open(app: &App, session: &Session) -> Result<bool> {
    Ok(look_up(app, session.hash, BY_SESSION).await?.is_some())
}

/// The user of an API token, if it is one and still good.
///
/// # Errors
/// When the database is out of reach.
pub async fn token_actor(app: &App, bearer: &str) -> Result<Option<Arc<Session>>> {
    if !bearer.starts_with(super::tokens::PREFIX) {
        return Ok(None);
    }
    let hash = hash(bearer);
    let Some((session, fresh)) = look_up(app, hash, BY_TOKEN).await? else { return Ok(None) };
    if fresh && app.clock.now().0 - session.seen_at.0 >= MINUTE {
        let (app, session) = (app.clone(), session.clone());
        tokio::spawn(async move {
            if let Err(error) = super::tokens::touch(&app, &session.hash).await {
                tracing::warn!(%error, "the time of a token's last use was not written");
            }
        });
    }
    Ok(Some(session))
}

/// From memory, or from the database (then `true`).
pub(super) async fn look_up(app: &App, hash: TokenHash, query: &'static str) -> Result<Option<(Arc<Session>, bool)>> {
    let now = app.clock.now();
    if let Some(session) = app.sessions.get(&hash, now) {
        return Ok(Some((session, false)));
    }
    let round = app.sessions.round.load(Ordering::Acquire);
    let Some(found) = app.db.maybe::<Found>(Sql::select::<Found>(query).bind(&hash[..])).await? else { return Ok(None) };
    let units = units_below(app, found.unit_id).await?;
    let session = found.into_session(hash, units, &*app.organisation().await?)?;
    if !session.is_live(now) {
        return Ok(None);
    }
    let session = Arc::new(session);
    app.sessions.put(round, now, session.clone());
    Ok(Some((session, true)))
}

/// A unit, then the units below it, nearest first.
///
/// # Errors
/// When the database is out of reach.
pub async fn units_below(app: &App, unit: Id<Unit>) -> Result<Vec<Id<Unit>>> {
    let units: Vec<(Id<Unit>, i64)> = app
        .db
        .all(
            // The bound on the depth ends a circle, which `units.update` refuses but a restored file may hold.
            sql("WITH RECURSIVE below (id, depth) AS (
                   SELECT id, 0 FROM units WHERE id = $1
                   UNION ALL SELECT c.id, b.depth + 1 FROM units c JOIN below b ON c.parent_id = b.id WHERE b.depth < 20)
                 SELECT id, MIN(depth) FROM below GROUP BY id ORDER BY MIN(depth), id")
            .bind(unit),
        )
        .await?;
    Ok(units.into_iter().map(|(id, _)| id).collect())
}

/// The rights of a post as they count: the owner's are full whatever is stored, so that a new room is never closed to
/// everybody.
///
/// # Errors
/// When the stored rights are none.
pub fn rights_of(post: &str, stored: serde_json::Value) -> Result<Rights> {
    if post == super::users::OWNER {
        return Ok(Rights::full());
    }
    serde_json::from_value(stored).map_err(Error::fault)
}

impl Found {
    fn into_session(self, hash: TokenHash, units: Vec<Id<Unit>>, organisation: &Organisation) -> Result<Session> {
        let rights = rights_of(&self.post, self.rights)?;
        let scopes = match self.scopes {
            Some(stored) => Some(super::tokens::scopes_in_force(serde_json::from_value(stored).map_err(Error::fault)?)),
            None => None,
        };
        let prefs = organisation.prefs().chosen(OwnPrefs {
            lang: self.lang,
            calendar: self.calendar,
            digits: self.digits,
            time_zone: self.time_zone,
            theme: self.theme,
            money_unit: self.money_unit,
            shortcuts: Some(self.shortcuts),
        });
        Ok(Session {
            actor: Arc::new(UserActor { id: self.user_id, name: self.name, units, rights, scopes }),
            prefs,
            csrf: self.csrf,
            email: self.email,
            post: self.post,
            post_name: self.post_name,
            hash,
            seen_at: self.seen_at,
            expires_at: self.expires_at,
        })
    }
}

/// Moves the end of a session that is used.
pub(super) async fn touch(app: &App, session: &Session) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let touched = tx
        .run(
            sql("UPDATE sessions SET seen_at = $1, expires_at = CASE WHEN created_at + $2 < $3 THEN created_at + $2 ELSE $3 END
                 WHERE token_hash = $4 AND seen_at <= $5")
            .bind(now)
            .bind(LONGEST)
            .bind(now.plus(IDLE))
            .bind(&session.hash[..])
            .bind(now.plus(-TOUCH)),
        )
        .await?;
    if touched > 0 {
        tx.run(sql("UPDATE users SET last_seen_at = $1 WHERE id = $2").bind(now).bind(session.actor.id)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What a browser gets when it has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// For the cookie; shown here and nowhere else.
    pub token: String,
    /// What every form of the session carries.
    pub csrf: String,
    /// When it ends at the latest.
    pub ends_at: Instant,
}

/// Opens a session of a user whose identity is proven: after the password was checked, and after it was changed.
///
/// # Errors
/// When the database refuses.
pub async fn open(app: &App, user: Id<User>, address: &str, agent: &str) -> Result<SignedIn> {
    let mut tx = app.db.begin().await?;
    let signed_in = open_in(&mut tx, app.clock.now(), user, address, agent).await?;
    tx.commit().await?;
    Ok(signed_in)
}

pub(super) async fn open_in(tx: &mut Tx, now: Instant, user: Id<User>, address: &str, agent: &str) -> Result<SignedIn> {
    let token = BASE64URL_NOPAD.encode(&random::<32>());
    let csrf = BASE64URL_NOPAD.encode(&random::<32>());
    let agent: String = agent.chars().take(AGENT).collect();
    tx.run(
        sql("INSERT INTO sessions (token_hash, user_id, csrf, created_at, seen_at, expires_at, address, agent)
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7)")
        .bind(&hash(&token)[..])
        .bind(user)
        .bind(&csrf)
        .bind(now)
        .bind(now.plus(IDLE))
        .bind(address)
        .bind(clean_line(&agent, AGENT).unwrap_or_default()),
    )
    .await?;
    tx.run(sql("UPDATE users SET last_seen_at = $1 WHERE id = $2").bind(now).bind(user)).await?;
    Ok(SignedIn { token, csrf, ends_at: now.plus(LONGEST) })
}

/// Ends the session of a cookie.
///
/// # Errors
/// When the database refuses.
pub async fn sign_out(app: &App, session: &Session) -> Result<()> {
    let ctx = app.context(Actor::User(session.actor.clone()), Door::Web, session.prefs.clone());
    let mut tx = app.db.begin().await?;
    tx.run(sql("DELETE FROM sessions WHERE token_hash = $1").bind(&session.hash[..])).await?;
    events::record(&mut tx, &ctx, Event::of("user.signed_out", session.actor.id, serde_json::json!({}))).await?;
    tx.commit().await?;
    app.forget_sessions();
    Ok(())
}

/// Ends every session of a user; the caller commits and then calls [`App::forget_sessions`].
pub(crate) async fn end_all(tx: &mut Tx, user: Id<User>) -> Result<u64> {
    Ok(tx.run(sql("DELETE FROM sessions WHERE user_id = $1").bind(user)).await?)
}

row! {
    struct OpenSessionRow {
        token_hash: Vec<u8>,
        created_at: Instant,
        seen_at: Instant,
        address: String,
        agent: String,
    }
}

/// A session of a user, as they see it in their settings.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpenSession {
    /// A short name that opens nothing.
    pub name: String,
    /// When they signed in.
    pub created_at: Instant,
    /// When it was last used, to five minutes.
    pub seen_at: Instant,
    /// From which address they signed in.
    pub address: String,
    /// With which browser.
    pub agent: String,
}

/// The open sessions of the caller, the one used last first.
///
/// # Errors
/// When nobody is signed in.
pub async fn list(ctx: &Ctx, _: Nothing) -> Result<Vec<OpenSession>> {
    let person = ctx.actor.person()?;
    let rows: Vec<OpenSessionRow> = ctx
        .app
        .db
        .all(
            Sql::select::<OpenSessionRow>(
                "FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY seen_at DESC, token_hash LIMIT 200",
            )
            .bind(person.id)
            .bind(ctx.now()),
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| OpenSession {
            name: short_name(&row.token_hash),
            created_at: row.created_at,
            seen_at: row.seen_at,
            address: row.address,
            agent: row.agent,
        })
        .collect())
}

/// Signs the caller out of every browser, this one too.
///
/// # Errors
/// When nobody is signed in, and for an API token.
pub async fn sign_out_everywhere(ctx: &Ctx, _: Nothing) -> Result<Done> {
    let person = super::users::in_person(ctx)?;
    let mut tx = ctx.app.db.begin().await?;
    let ended = end_all(&mut tx, person.id).await?;
    events::record(&mut tx, ctx, Event::of("user.signed_out_everywhere", person.id, serde_json::json!({"sessions": ended}))).await?;
    tx.commit().await?;
    ctx.app.forget_sessions();
    Ok(DONE)
}
