//! One's own account: how things are shown, the password, where one is signed in.

use super::access::{Rights, Unit, User, UserActor};
use super::calendar::Calendar;
use super::events::{self, Event};
use super::locale::{Theme, time_zone};
use super::money::MoneyUnit;
use super::organisation::Organisation;
use super::sessions::{self, end_all};
use super::sign_in::{check_password, hash_password, is_password};
use super::text::{Digits, Lang, clean_line};
use crate::operation::{DONE, Done, Nothing};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The word of the post that always has every right.
pub const OWNER: &str = "owner";
/// Longest name of a person, in characters.
pub const NAME: usize = 120;

/// The caller, who must be a person who signed in: for what a program with a token must not do in their name.
///
/// # Errors
/// [`Error::SignedOut`] for nobody, [`Error::Forbidden`] for an API token.
pub fn in_person(ctx: &Ctx) -> Result<&Arc<UserActor>> {
    let user = ctx.actor.person()?;
    if user.scopes.is_some() {
        return Err(Error::Forbidden(Perm(Room::Organisation, Act::Change)));
    }
    Ok(user)
}

/// Whether the caller reaches a user with this right of the organisation's room.
///
/// # Errors
/// Without the right; [`Error::NotFound`] for somebody beyond its reach.
pub async fn in_sight(ctx: &Ctx, act: Act, user: Id<User>) -> Result<()> {
    let reader = ctx.read(Perm(Room::Organisation, act))?;
    let mut query = sql("SELECT 1 FROM users u WHERE u.id = ");
    query.arg(user);
    sight(&reader.sight, &mut query);
    let found: Option<(i64,)> = reader.db.maybe(query).await?;
    found.map(|_| ()).ok_or(Error::NotFound("user"))
}

/// Adds the condition on people, for a query in which table `users` has the alias `u`.
pub fn sight(sight: &Sight, query: &mut Sql) {
    match sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            query.push(" AND (u.unit_id IN ").list(units.iter().copied()).push(" OR u.id = ").arg(*user).push(")");
        }
        Sight::Own(user) => {
            query.push(" AND u.id = ").arg(*user);
        }
    }
}

row! {
    struct MeRow {
        id: Id<User> = "u.id",
        email: String = "u.email",
        name: String = "u.name",
        post: String = "o.word",
        post_name: Option<String> = "o.name",
        unit_id: Id<Unit> = "u.unit_id",
        unit: String = "n.name",
        lang: Option<Lang> = "u.lang",
        calendar: Option<Calendar> = "u.calendar",
        digits: Option<Digits> = "u.digits",
        time_zone: Option<String> = "u.time_zone",
        theme: Option<Theme> = "u.theme",
        money_unit: Option<MoneyUnit> = "u.money_unit",
        shortcuts: bool = "u.shortcuts",
        mail_reminders: bool = "u.mail_reminders",
        created_at: Instant = "u.created_at",
    }
}

/// The caller's account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Me {
    /// Their id.
    pub id: Id<User>,
    /// Address with which they sign in.
    pub email: String,
    /// Name.
    pub name: String,
    /// Word of the post.
    pub post: String,
    /// The organisation's own name of the post; a ready-made one has its names in the catalogues.
    pub post_name: Option<String>,
    /// Unit.
    pub unit_id: Id<Unit>,
    /// Its name.
    pub unit: String,
    /// Language; the organisation's when absent.
    pub lang: Option<Lang>,
    /// Calendar; the organisation's when absent.
    pub calendar: Option<Calendar>,
    /// Digits; the organisation's when absent.
    pub digits: Option<Digits>,
    /// IANA name of the time zone; the organisation's when absent.
    pub time_zone: Option<String>,
    /// Light or dark; as the device says when absent.
    pub theme: Option<Theme>,
    /// Toman or the currency itself; the organisation's when absent.
    pub money_unit: Option<MoneyUnit>,
    /// Whether letter keys are shortcuts.
    pub shortcuts: bool,
    /// Whether reminders and what is overdue also come by e-mail; nothing comes where no mail server is set up.
    pub mail_reminders: bool,
    /// Whether a mail server is set up.
    pub mail_is_set_up: bool,
    /// Since when the account exists.
    pub created_at: Instant,
    /// What the post allows, room by room.
    pub rights: Rights,
    /// For an API token, the rights it may use.
    pub scopes: Option<Vec<String>>,
    /// The organisation, with what counts where the caller has not chosen.
    pub organisation: Organisation,
}

/// The caller's account.
///
/// # Errors
/// When nobody is signed in.
pub async fn get(ctx: &Ctx, _: Nothing) -> Result<Me> {
    let person = ctx.actor.person()?;
    let query = Sql::select::<MeRow>("FROM users u JOIN posts o ON o.id = u.post_id JOIN units n ON n.id = u.unit_id WHERE u.id = $1");
    let row = ctx.app.db.maybe::<MeRow>(query.bind(person.id)).await?.ok_or(Error::SignedOut)?;
    Ok(Me {
        id: row.id,
        email: row.email,
        name: row.name,
        post: row.post,
        post_name: row.post_name,
        unit_id: row.unit_id,
        unit: row.unit,
        lang: row.lang,
        calendar: row.calendar,
        digits: row.digits,
        time_zone: row.time_zone,
        theme: row.theme,
        money_unit: row.money_unit,
        shortcuts: row.shortcuts,
        mail_reminders: row.mail_reminders,
        mail_is_set_up: ctx.app.mail.is_some(),
        created_at: row.created_at,
        rights: person.rights.clone(),
        scopes: person.scopes.clone(),
        organisation: (*ctx.app.organisation().await?).clone(),
    })
}

/// What may be changed of one's own account; absent fields stay.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    /// Name.
    pub name: Option<String>,
    /// Language.
    pub lang: Option<Lang>,
    /// Calendar.
    pub calendar: Option<Calendar>,
    /// Digits.
    pub digits: Option<Digits>,
    /// IANA name of a time zone.
    pub time_zone: Option<String>,
    /// Light or dark.
    pub theme: Option<Theme>,
    /// Toman or the currency itself.
    pub money_unit: Option<MoneyUnit>,
    /// Whether letter keys are shortcuts.
    pub shortcuts: Option<bool>,
    /// Whether reminders and what is overdue also come by e-mail.
    pub mail_reminders: Option<bool>,
    /// Choices to give up, so that the organisation's counts again: `lang`, `calendar`, `digits`, `time_zone`, `theme`,
    /// `money_unit`.
    #[serde(default)]
    pub reset: Vec<Choice>,
}

peyvand_db::words! {
    /// A display choice.
    pub enum Choice {
        /// Language.
        Lang = "lang",
        /// Calendar.
        Calendar = "calendar",
        /// Digits.
        Digits = "digits",
        /// Time zone.
        TimeZone = "time_zone",
        /// Light or dark.
        Theme = "theme",
        /// Money unit.
        MoneyUnit = "money_unit",
    }
}

/// A person's name as it is stored.
///
/// # Errors
/// The problem at `field`, when there is none or it is too long.
pub fn checked_name(field: &'static str, name: &str) -> Result<String, Problem> {
    match clean_line(name, NAME) {
        Ok(name) if name.is_empty() => Err(Problem::new(field, "input-needed")),
        Ok(name) => Ok(name),
        Err(problem) => Err(Problem::new(field, problem.key()).with("max", NAME)),
    }
}

/// Changes the caller's own account.
///
/// # Errors
/// When nobody is signed in, for an API token, for a name or time zone that is none.
pub async fn update(ctx: &Ctx, change: MeChange) -> Result<Me> {
    let id = ctx.actor.person()?.id;
    let mut problems = Fields::default();
    let name = change.name.as_deref().and_then(|name| problems.take(checked_name("name", name)));
    if change.time_zone.as_deref().is_some_and(|zone| time_zone(zone).is_none()) {
        problems.add("time_zone", "organisation-zone-unknown");
    }
    problems.check()?;
    let mut tx = ctx.app.db.begin().await?;
    tx.run(
        sql("UPDATE users SET name = COALESCE($1, name), lang = COALESCE($2, lang), calendar = COALESCE($3, calendar),
               digits = COALESCE($4, digits), time_zone = COALESCE($5, time_zone), theme = COALESCE($6, theme),
               money_unit = COALESCE($7, money_unit), shortcuts = COALESCE($8, shortcuts),
               mail_reminders = COALESCE($9, mail_reminders)
             WHERE id = $10")
        .bind(&name)
        .bind(change.lang)
        .bind(change.calendar)
        .bind(change.digits)
        .bind(&change.time_zone)
        .bind(change.theme)
        .bind(change.money_unit)
        .bind(change.shortcuts)
        .bind(change.mail_reminders)
        .bind(id),
    )
    .await?;
    for choice in &change.reset {
        tx.run(
            sql(match choice {
                Choice::Lang => "UPDATE users SET lang = NULL WHERE id = $1",
                Choice::Calendar => "UPDATE users SET calendar = NULL WHERE id = $1",
                Choice::Digits => "UPDATE users SET digits = NULL WHERE id = $1",
                Choice::TimeZone => "UPDATE users SET time_zone = NULL WHERE id = $1",
                Choice::Theme => "UPDATE users SET theme = NULL WHERE id = $1",
                Choice::MoneyUnit => "UPDATE users SET money_unit = NULL WHERE id = $1",
            })
            .bind(id),
        )
        .await?;
    }
    if let Some(name) = &name {
        events::record(&mut tx, ctx, Event::of("user.changed", id, serde_json::json!({"name": name}))).await?;
    }
    tx.commit().await?;
    ctx.app.forget_sessions();
    get(ctx, Nothing {}).await
}

/// A new password.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The one in force.
    pub old: String,
    /// The new one: ten characters or more.
    pub new: String,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword")
    }
}

/// Changes the caller's password and ends all their sessions; the page that asked opens a new one.
///
/// # Errors
/// When nobody is signed in, for an API token, for a wrong old password or a weak new one.
pub async fn change_password(ctx: &Ctx, input: NewPassword) -> Result<Done> {
    let id = in_person(ctx)?.id;
    let (email, name, stored): (String, String, Option<String>) =
        ctx.app.db.one(sql("SELECT email, name, password_hash FROM users WHERE id = $1").bind(id)).await?;
    super::sign_in::prove(&ctx.app, id, &input.old, stored.clone()).await?;
    check_password("new", &input.new, &email, &name)?;
    if is_password(&input.new, stored).await? {
        return Err(Error::invalid("new", "password-same"));
    }
    let hash = hash_password(&input.new).await?;
    let mut tx = ctx.app.db.begin().await?;
    tx.run(sql("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(id)).await?;
    let ended = end_all(&mut tx, id).await?;
    events::record(&mut tx, ctx, Event::of("user.password_changed", id, serde_json::json!({"sessions": ended}))).await?;
    tx.commit().await?;
    ctx.app.forget_sessions();
    Ok(DONE)
}

/// The operations of one's own account.
pub fn operations(ops: &mut Operations) {
    ops.add("me.get", "GET /me", None, "Your account, your rights and how things are shown to you.", get);
    ops.add("me.update", "PUT /me", None, "Changes your name and how things are shown to you; absent fields stay.", update)
        .example(|| serde_json::json!({"lang": "fa", "calendar": "jalali", "theme": "auto"}));
    ops.add("me.password", "PUT /me/password", None, "Changes your password and ends all your sessions.", change_password);
    ops.add("me.sessions", "GET /me/sessions", None, "Where you are signed in.", sessions::list);
    ops.add("me.sign_out_everywhere", "POST /me/sign_out_everywhere", None, "Ends all your sessions.", sessions::sign_out_everywhere);
}
