//! API tokens: a key that a user gives to a program, never for more than the user may do.

use super::access::User;
use super::events::{self, Event};
use super::keys::random;
use super::sessions::{TokenHash, hash};
use super::text::clean_line;
use super::time::{DAY, MINUTE};
use super::users::in_person;
use crate::operation::{DONE, Done};
use crate::{Act, App, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use data_encoding::BASE32_NOPAD;
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How every token begins, so that one that leaked is recognised by whoever finds it.
pub const PREFIX: &str = "pv_";
/// The scope that stands for every right the user has, now and later.
pub const ALL: &str = "*";
/// Longest life that may be asked for, in days: ten years.
const DAYS_MAX: i64 = 3_650;
/// Longest name, in characters.
const NAME: usize = 80;

row! {
    /// An API token, without the token.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Token {
        /// Its id.
        pub id: Id<Token> = "t.id",
        /// Whose it is.
        pub user_id: Id<User> = "t.user_id",
        /// Their name.
        pub user: String = "u.name",
        /// What it is for.
        pub name: String = "t.name",
        /// The rights it may use: `parties.see`; `*` for all that the user has.
        pub scopes: serde_json::Value = "t.scopes",
        /// Since when.
        pub created_at: Instant = "t.created_at",
        /// Until when; absent for ever.
        pub expires_at: Option<Instant> = "t.expires_at",
        /// When it was last used, to a minute.
        pub used_at: Option<Instant> = "t.used_at",
        /// When it was revoked; absent while it is good.
        pub revoked_at: Option<Instant> = "t.revoked_at",
    }
}

/// The scopes of a stored token, with `*` spelled out.
#[must_use]
pub fn scopes_in_force(stored: Vec<String>) -> Vec<String> {
    if stored.iter().any(|scope| scope == ALL) { every_scope() } else { stored }
}

/// Every right there is, as a scope.
#[must_use]
pub fn every_scope() -> Vec<String> {
    Room::ALL.iter().flat_map(|room| Act::ALL.iter().map(|act| Perm(*room, *act).to_string())).collect()
}

/// A new token.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// The rights it may use: `parties.see`, `parties.create` …; all that the user has when absent.
    pub scopes: Option<Vec<String>>,
    /// Days until it ends; never when absent.
    pub days: Option<i64>,
}

/// A token, shown this once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CreatedToken {
    /// Its id.
    pub id: Id<Token>,
    /// For the header `Authorization: Bearer …`. It is stored as a hash and cannot be shown again.
    pub token: String,
    /// Until when; absent for ever.
    pub expires_at: Option<Instant>,
}

struct CheckedToken {
    name: String,
    scopes: Vec<String>,
    days: Option<i64>,
}

impl NewToken {
    fn checked(self) -> Result<CheckedToken> {
        let mut problems = Fields::default();
        let name = match clean_line(&self.name, NAME) {
            Ok(name) if !name.is_empty() => name,
            Ok(name) => {
                problems.add("name", "input-needed");
                name
            }
            Err(problem) => {
                problems.0.push(Problem::new("name", problem.key()).with("max", NAME));
                String::new()
            }
        };
        let known = every_scope();
        let mut scopes = self.scopes.unwrap_or_else(|| vec![ALL.to_owned()]);
        scopes.sort();
        scopes.dedup();
        if scopes.is_empty() {
            problems.add("scopes", "tokens-scope-needed");
        }
        if let Some(stranger) = scopes.iter().find(|scope| *scope != ALL && !known.contains(scope)) {
            problems.0.push(Problem::new("scopes", "tokens-scope-unknown").with("scope", stranger.chars().take(40).collect::<String>()));
        }
        if self.days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            problems.0.push(Problem::new("days", "input-range").with("min", 1).with("max", DAYS_MAX));
        }
        problems.check()?;
        Ok(CheckedToken { name, scopes, days: self.days })
    }
}

/// Makes a token of the caller. Only a person who is signed in may: a program cannot give itself more than it was given.
///
/// # Errors
/// When nobody is signed in, for an API token, without a name, for scopes that are none.
pub async fn create(ctx: &Ctx, input: NewToken) -> Result<CreatedToken> {
    let user = in_person(ctx)?.id;
    let checked = input.checked()?;
    let mut tx = ctx.app.db.begin().await?;
    let created = insert(&mut tx, ctx, user, checked).await?;
    tx.commit().await?;
    Ok(created)
}

/// Makes a token for a user: the command line, whose caller holds the machine.
///
/// # Errors
/// When no open account has the address, and as [`create`].
pub async fn create_token(app: &App, email: &str, input: NewToken) -> Result<CreatedToken> {
    let ctx = app.system(crate::Door::Cli);
    let checked = input.checked()?;
    let mut tx = app.db.begin().await?;
    let user: Option<(Id<User>,)> =
        tx.maybe(sql("SELECT id FROM users WHERE email = $1 AND is_active").bind(super::sign_in::email_key(email))).await?;
    let Some((user,)) = user else { return Err(Error::invalid("user", "users-no-such")) };
    let created = insert(&mut tx, &ctx, user, checked).await?;
    tx.commit().await?;
    Ok(created)
}

async fn insert(tx: &mut Tx, ctx: &Ctx, user: Id<User>, new: CheckedToken) -> Result<CreatedToken> {
    let token = format!("{PREFIX}{}", BASE32_NOPAD.encode(&random::<32>()).to_ascii_lowercase());
    let id = ctx.id();
    let expires_at = new.days.map(|days| ctx.now().plus(days * DAY));
    tx.run(
        sql("INSERT INTO tokens (id, user_id, name, token_hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(id)
            .bind(user)
            .bind(&new.name)
            .bind(&hash(&token)[..])
            .bind(serde_json::json!(new.scopes))
            .bind(ctx.now())
            .bind(expires_at),
    )
    .await?;
    let data = serde_json::json!({"user_id": user, "name": new.name, "scopes": new.scopes, "expires_at": expires_at});
    events::record(tx, ctx, Event::of("token.created", id, data)).await?;
    Ok(CreatedToken { id, token, expires_at })
}

/// Which tokens.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTokens {
    /// Those of another user, with the right to see the organisation; the caller's own when absent.
    pub user_id: Option<Id<User>>,
}

/// Tokens, newest first, revoked ones too.
///
/// # Errors
/// When nobody is signed in, and without the right for those of another user.
pub async fn list(ctx: &Ctx, input: ListTokens) -> Result<Vec<Token>> {
    let me = ctx.actor.person()?.id;
    let user = input.user_id.unwrap_or(me);
    if user != me {
        super::users::in_sight(ctx, Act::See, user).await?;
    }
    let query = Sql::select::<Token>(
        "FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.user_id = $1 ORDER BY t.created_at DESC, t.id LIMIT 200",
    );
    Ok(ctx.app.db.all(query.bind(user)).await?)
}

/// Which token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeToken {
    /// The token.
    pub id: Id<Token>,
}

/// Ends a token at once: one's own, or with the right to change the organisation that of another user.
///
/// # Errors
/// When nobody is signed in, for an API token, and for a token out of reach.
pub async fn revoke(ctx: &Ctx, input: RevokeToken) -> Result<Done> {
    let me = in_person(ctx)?.id;
    let owner: Option<(Id<User>,)> = ctx.app.db.maybe(sql("SELECT user_id FROM tokens WHERE id = $1").bind(input.id)).await?;
    let Some((owner,)) = owner else { return Err(Error::NotFound("token")) };
    if owner != me && super::users::in_sight(ctx, Act::Change, owner).await.is_err() {
        return Err(Error::NotFound("token"));
    }
    let mut tx = ctx.app.db.begin().await?;
    let revoked =
        tx.run(sql("UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL").bind(ctx.now()).bind(input.id)).await?;
    if revoked > 0 {
        events::record(&mut tx, ctx, Event::of("token.revoked", input.id, serde_json::json!({"user_id": owner}))).await?;
    }
    tx.commit().await?;
    ctx.app.forget_sessions();
    Ok(DONE)
}

/// Notes that a token was used.
pub(super) async fn touch(app: &App, hash: &TokenHash) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    tx.run(
        sql("UPDATE tokens SET used_at = $1 WHERE token_hash = $2 AND (used_at IS NULL OR used_at <= $3)")
            .bind(now)
            .bind(&hash[..])
            .bind(now.plus(-MINUTE)),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The operations of tokens.
pub fn operations(ops: &mut Operations) {
    ops.add("tokens.list", "GET /tokens", None, "API tokens: your own, or with the right to see the organisation another user's.", list);
    ops.add(
        "tokens.create",
        "POST /tokens",
        None,
        "Makes an API token; it is shown this once. Only for a person who is signed in.",
        create,
    )
    .example(|| serde_json::json!({"name": "accounting", "scopes": ["parties.see", "sales.create"], "days": 365}));
    ops.add("tokens.revoke", "DELETE /tokens/{id}", None, "Ends an API token at once.", revoke);
}
