//! People: accounts, the post they hold and the unit they belong to.

use super::closing::check_holds_nothing;
use super::posts::check_given;
use super::{lock, one_line};
use crate::operation::{Page, page_size};
use crate::platform::access::{Actor, Unit, User};
use crate::platform::events::{self, Event};
use crate::platform::sessions::{end_all, rights_of};
use crate::platform::sign_in::{check_password, email_key, hash_password};
use crate::platform::users::{NAME, OWNER, sight};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, OrField, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::posts::Post;

/// Longest e-mail address (RFC 5321).
const EMAIL: usize = 254;

row! {
    /// Somebody with an account.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Person {
        /// Their id.
        pub id: Id<User> = "u.id",
        /// Address with which they sign in.
        pub email: String = "u.email",
        /// Name.
        pub name: String = "u.name",
        /// Their post.
        pub post_id: Id<Post> = "o.id",
        /// Its word.
        pub post: String = "o.word",
        /// The organisation's own name of the post.
        pub post_name: Option<String> = "o.name",
        /// Their unit.
        pub unit_id: Id<Unit> = "u.unit_id",
        /// Its name.
        pub unit: String = "n.name",
        /// Whether the account is open.
        pub is_active: bool = "u.is_active",
        /// Whether they can sign in with a password.
        pub has_password: bool = "(u.password_hash IS NOT NULL)",
        /// Since when the account exists.
        pub created_at: Instant = "u.created_at",
        /// When they were last seen, to five minutes.
        pub last_seen_at: Option<Instant> = "u.last_seen_at",
    }
}

const FROM: &str = "FROM users u JOIN posts o ON o.id = u.post_id JOIN units n ON n.id = u.unit_id WHERE 1 = 1";

/// Which people.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUsers {
    /// Only this unit.
    pub unit_id: Option<Id<Unit>>,
    /// Only who holds the post of this word.
    pub post: Option<String>,
    /// Only open accounts, or only closed ones.
    pub is_active: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// The people in sight, in the order in which their accounts were opened.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListUsers) -> Result<Page<Person>> {
    let reader = ctx.read(Perm(Room::Organisation, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Person>(FROM);
    sight(&reader.sight, &mut query);
    if let Some(unit) = input.unit_id {
        query.push(" AND u.unit_id = ").arg(unit);
    }
    if let Some(post) = &input.post {
        query.push(" AND o.word = ").arg(post);
    }
    if let Some(active) = input.is_active {
        query.push(" AND u.is_active = ").arg(active);
    }
    if let Some(after) = &input.after {
        let after: Id<User> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND u.id > ").arg(after);
    }
    // Ids sort by their time of making.
    query.push(" ORDER BY u.id LIMIT ").arg(limit + 1);
    let items: Vec<Person> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| last.id.to_string()))
}

/// Whose account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetUser {
    /// The user.
    pub id: Id<User>,
}

/// One account.
///
/// # Errors
/// Without the right, and for somebody out of sight.
pub async fn get(ctx: &Ctx, input: GetUser) -> Result<Person> {
    let reader = ctx.read(Perm(Room::Organisation, Act::See))?;
    let mut query = Sql::select::<Person>(FROM);
    query.push(" AND u.id = ").arg(input.id);
    sight(&reader.sight, &mut query);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("user"))
}

/// A new account.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Address with which they sign in.
    pub email: String,
    /// Name.
    pub name: String,
    /// Word of the post: `owner`, `manager`, `agent`, or one of your own.
    pub post: String,
    /// Their unit; the caller's own when absent.
    pub unit_id: Option<Id<Unit>>,
    /// First password; without one they cannot sign in until they are given one.
    pub password: Option<String>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("email", &self.email).field("post", &self.post).finish_non_exhaustive()
    }
}

/// A new account that has been looked through, its password hashed.
pub(crate) struct CheckedUser {
    email: String,
    pub(crate) name: String,
    post: String,
    pub(crate) unit_id: Option<Id<Unit>>,
    password_hash: Option<String>,
}

/// An e-mail address as it is stored.
///
/// # Errors
/// The problem at `email`.
fn checked_email(email: &str) -> Result<String, Problem> {
    let email = email_key(email);
    if email.is_empty() {
        return Err(Problem::new("email", "input-needed"));
    }
    let sound = email.len() <= EMAIL
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.') && !domain.contains('@')
        })
        && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    if sound { Ok(email) } else { Err(Problem::new("email", "users-email")) }
}

impl NewUser {
    /// Looks through the account and hashes its password.
    ///
    /// # Errors
    /// For an address or name that is none and a weak password.
    pub(crate) async fn checked(self) -> Result<CheckedUser> {
        let mut problems = Fields::default();
        let email = problems.take(checked_email(&self.email)).unwrap_or_default();
        let name = problems.take(crate::platform::users::checked_name("name", &self.name)).unwrap_or_default();
        if let Some(password) = &self.password {
            problems.take(check_password("password", password, &email, &name));
        }
        problems.check()?;
        let password_hash = match &self.password {
            Some(password) => Some(hash_password(password).await?),
            None => None,
        };
        Ok(CheckedUser { email, name, post: self.post, unit_id: self.unit_id, password_hash })
    }
}

/// Adds an account.
///
/// # Errors
/// Without the right, for a unit out of reach, a post beyond the caller's own rights, an address in use.
pub async fn create(ctx: &Ctx, new: NewUser) -> Result<Person> {
    let writer = ctx.write(Perm(Room::Organisation, Act::Create))?;
    let checked = new.checked().await?;
    let mut tx = writer.begin().await?;
    let id = insert(&mut tx, ctx, &writer.sight, &checked).await?;
    let person = read(&mut tx, &Sight::All, id).await?;
    tx.commit().await?;
    Ok(person)
}

pub(crate) async fn insert(tx: &mut Tx, ctx: &Ctx, sight: &Sight, new: &CheckedUser) -> Result<Id<User>> {
    let id = ctx.id();
    let post = post_to_give(tx, ctx, &new.post).await?;
    let unit = match new.unit_id.or(ctx.actor.unit()) {
        Some(unit) => unit_in_reach(tx, sight, unit).await?,
        None => return Err(Error::invalid("unit_id", "input-needed")),
    };
    tx.run(
        sql("INSERT INTO users (id, email, name, password_hash, post_id, unit_id, is_active, shortcuts, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, TRUE, TRUE, $7)")
        .bind(id)
        .bind(&new.email)
        .bind(&new.name)
        .bind(&new.password_hash)
        .bind(post)
        .bind(unit)
        .bind(ctx.now()),
    )
    .await
    .or_field("users_email_key", "email", "users-email-taken")?;
    let data = serde_json::json!({"email": new.email, "name": new.name, "post": new.post, "unit_id": unit});
    events::record(tx, ctx, Event::of("user.created", id, data)).await?;
    Ok(id)
}

async fn post_to_give(tx: &mut Tx, ctx: &Ctx, word: &str) -> Result<Id<Post>> {
    let post: Option<(Id<Post>, serde_json::Value)> = tx.maybe(sql("SELECT id, rights FROM posts WHERE word = $1").bind(word)).await?;
    let Some((id, rights)) = post else { return Err(Error::invalid("post", "posts-unknown")) };
    check_given(ctx, &rights_of(word, rights)?).map_err(|_| Error::invalid("post", "posts-beyond-yours"))?;
    Ok(id)
}

async fn unit_in_reach(tx: &mut Tx, sight: &Sight, unit: Id<Unit>) -> Result<Id<Unit>> {
    let reached = match sight {
        Sight::All => true,
        Sight::Units { units, .. } => units.contains(&unit),
        Sight::Own(_) => false,
    };
    let known: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM units WHERE id = $1").bind(unit)).await?;
    if reached && known.is_some() { Ok(unit) } else { Err(Error::invalid("unit_id", "users-unit-unknown")) }
}

pub(super) async fn read(tx: &mut Tx, reach: &Sight, id: Id<User>) -> Result<Person> {
    let mut query = Sql::select::<Person>(FROM);
    query.push(" AND u.id = ").arg(id);
    sight(reach, &mut query);
    tx.maybe(query).await?.ok_or(Error::NotFound("user"))
}

/// What may be changed of an account; absent fields stay.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Which.
    pub id: Id<User>,
    /// Address with which they sign in.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Word of the post.
    pub post: Option<String>,
    /// Unit.
    pub unit_id: Option<Id<Unit>>,
    /// A new password, for somebody who lost theirs; it ends their sessions.
    pub password: Option<String>,
    /// True opens a closed account again. False closes it when its person looks after nothing; else close it with
    /// `users.deactivate`, which hands over.
    pub is_active: Option<bool>,
}

impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserChange").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Changes an account.
///
/// # Errors
/// Without the right, for somebody out of reach or with more rights than the caller, for what [`create`] refuses, and
/// when it would leave the organisation without an owner.
pub async fn update(ctx: &Ctx, change: UserChange) -> Result<Person> {
    let writer = ctx.write(Perm(Room::Organisation, Act::Change))?;
    let mut problems = Fields::default();
    let email = change.email.as_deref().and_then(|email| problems.take(checked_email(email)));
    let name = match &change.name {
        Some(name) => problems.take(one_line("name", name, NAME)),
        None => None,
    };
    problems.check()?;
    let password_hash = match &change.password {
        Some(password) => {
            let known: Option<(String, String)> =
                writer.db.maybe(sql("SELECT email, name FROM users WHERE id = $1").bind(change.id)).await?;
            let (old_email, old_name) = known.ok_or(Error::NotFound("user"))?;
            let (email, name) = (email.as_ref().unwrap_or(&old_email), name.as_ref().unwrap_or(&old_name));
            check_password("password", password, email, name)?;
            Some(hash_password(password).await?)
        }
        None => None,
    };

    let mut tx = writer.begin().await?;
    lock(&mut tx).await?;
    let before = read(&mut tx, &writer.sight, change.id).await?;
    check_not_above(&mut tx, ctx, &before).await?;
    let post = match change.post.as_deref() {
        Some(word) if word != before.post => Some(post_to_give(&mut tx, ctx, word).await?),
        _ => None,
    };
    let unit = match change.unit_id {
        Some(unit) if unit != before.unit_id => Some(unit_in_reach(&mut tx, &writer.sight, unit).await?),
        _ => None,
    };
    if before.is_active && (post.is_some() || change.is_active == Some(false)) {
        check_owner_stays(&mut tx, &before).await?;
    }
    if before.is_active && change.is_active == Some(false) {
        check_holds_nothing(&mut tx, before.id).await?;
    }
    tx.run(
        sql("UPDATE users SET email = COALESCE($1, email), name = COALESCE($2, name), post_id = COALESCE($3, post_id),
               unit_id = COALESCE($4, unit_id), password_hash = COALESCE($5, password_hash), is_active = COALESCE($6, is_active)
             WHERE id = $7")
        .bind(&email)
        .bind(&name)
        .bind(post)
        .bind(unit)
        .bind(&password_hash)
        .bind(change.is_active)
        .bind(change.id),
    )
    .await
    .or_field("users_email_key", "email", "users-email-taken")?;
    if password_hash.is_some() || change.is_active == Some(false) {
        end_all(&mut tx, change.id).await?;
    }
    let after = read(&mut tx, &Sight::All, change.id).await?;
    let shown = |person: &Person| {
        serde_json::json!({
            "email": person.email, "name": person.name, "post": person.post, "unit_id": person.unit_id, "is_active": person.is_active,
        })
    };
    let data = serde_json::json!({"before": shown(&before), "after": shown(&after), "password": password_hash.is_some()});
    events::record(&mut tx, ctx, Event::of("user.changed", change.id, data)).await?;
    tx.commit().await?;
    ctx.app.forget_sessions();
    Ok(after)
}

/// Nobody changes the account of somebody who may do more: a new password for it would be a way to more rights.
pub(super) async fn check_not_above(tx: &mut Tx, ctx: &Ctx, person: &Person) -> Result<()> {
    if matches!(ctx.actor, Actor::System) {
        return Ok(());
    }
    let (rights,): (serde_json::Value,) = tx.one(sql("SELECT rights FROM posts WHERE id = $1").bind(person.post_id)).await?;
    check_given(ctx, &rights_of(&person.post, rights)?).map_err(|_| Error::Conflict(Fields(vec![Problem::new("", "users-above-you")])))
}

pub(super) async fn check_owner_stays(tx: &mut Tx, person: &Person) -> Result<()> {
    if person.post != OWNER {
        return Ok(());
    }
    let (others,): (i64,) = tx
        .one(
            sql("SELECT count(*) FROM users u JOIN posts o ON o.id = u.post_id WHERE o.word = $1 AND u.is_active AND u.id <> $2")
                .bind(OWNER)
                .bind(person.id),
        )
        .await?;
    if others == 0 {
        return Err(Error::Conflict(Fields(vec![Problem::new("", "users-last-owner")])));
    }
    Ok(())
}

/// The operations of people.
pub fn operations(ops: &mut Operations) {
    ops.add("users.list", "GET /users", Some(Perm(Room::Organisation, Act::See)), "The people with an account.", list);
    ops.add("users.get", "GET /users/{id}", Some(Perm(Room::Organisation, Act::See)), "One account.", get);
    ops.add("users.create", "POST /users", Some(Perm(Room::Organisation, Act::Create)), "Opens an account.", create)
        .example(|| serde_json::json!({"email": "sara@example.ir", "name": "سارا احمدی", "post": "agent"}));
    ops.add(
        "users.update",
        "PUT /users/{id}",
        Some(Perm(Room::Organisation, Act::Change)),
        "Changes an account; absent fields stay.",
        update,
    );
}
