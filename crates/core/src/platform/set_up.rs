//! The first run: from an empty database to an organisation with an owner, exactly once.
//!
//! The page of the set-up is shown while nobody has an account. Whoever adds the first account on the command line
//! has taken the organisation over: from then on strangers see the sign-in page, and the owner finishes the settings
//! of the organisation after signing in (`organisation.update` then notes the set-up as done).

use super::access::{Rights, Unit, User, UserActor, ready_made_posts};
use super::calendar::Calendar;
use super::events::{self, Event};
use super::locale::Loc;
use super::money::{Currency, MoneyUnit};
use super::organisation::{Kind, ORGANISATION, Organisation, OrganisationChange};
use super::readiness::{self, Score};
use super::terms;
use super::text::{Digits, Lang};
use super::users::OWNER;
use crate::context::new_id;
use crate::organisation::people::{NewUser, insert};
use crate::organisation::{lock, posts::Post};
use crate::{Actor, App, Ctx, Door, Error, Fields, Problem, Result, Sight};
use peyvand_db::{Id, ToValue, Tx, sql};

/// Words that a kind of organisation does not start with; they can be brought back in the settings.
const RETIRED: &[(Kind, &str, &[&str])] = &[
    (Kind::Clinic, "need", &["spare_parts", "repair", "new_product", "delivery"]),
    (Kind::Clinic, "taste", &["modern", "classic", "local_products", "imported_products", "gifts", "novelties"]),
    (Kind::Clinic, "expectation", &["fast_delivery", "warranty"]),
    (Kind::Clinic, "origin", &["exhibition"]),
    (Kind::Services, "need", &["spare_parts", "new_product", "delivery"]),
    (Kind::Services, "expectation", &["fast_delivery"]),
    (Kind::Distribution, "origin", &["walk_in"]),
    (Kind::Distribution, "source", &["walk_in"]),
    (Kind::Distribution, "relation", &["spouse", "parent_of", "sibling", "relative"]),
];

/// What the set-up asks for.
#[derive(Clone)]
pub struct NewOrganisation {
    /// Name of the organisation.
    pub name: String,
    /// What kind it is.
    pub kind: Kind,
    /// Language.
    pub lang: Lang,
    /// Calendar.
    pub calendar: Calendar,
    /// Digits.
    pub digits: Digits,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Toman or the currency itself.
    pub money_unit: MoneyUnit,
    /// ISO 3166 code.
    pub country: String,
    /// IANA name.
    pub time_zone: String,
    /// Name of the owner.
    pub owner_name: String,
    /// Address with which the owner signs in.
    pub email: String,
    /// The owner's password.
    pub password: String,
    /// Answers to the questions of readiness; none when they were skipped.
    pub readiness: Vec<Score>,
}

/// Whether the set-up is still to be done: nobody has an account.
///
/// # Errors
/// When the database is out of reach.
pub async fn needed(app: &App) -> Result<bool> {
    if app.organisation().await?.set_up_at.is_some() {
        return Ok(false);
    }
    let somebody: Option<(i64,)> = app.db.maybe(sql("SELECT 1 FROM users LIMIT 1")).await?;
    Ok(somebody.is_none())
}

/// Sets the organisation up and gives its owner. Of two that ask at the same time, one succeeds.
///
/// # Errors
/// Problems with the input, fields named as in [`NewOrganisation`]; [`Error::Conflict`] when it was done already.
pub async fn run(app: &App, new: NewOrganisation) -> Result<Id<User>> {
    let ctx = app.system(Door::Web);
    let mut problems = Fields::default();
    let mut organisation = Organisation::unnamed();
    let change = OrganisationChange {
        name: Some(new.name),
        kind: Some(new.kind),
        country: Some(new.country),
        lang: Some(new.lang),
        calendar: Some(new.calendar),
        digits: Some(new.digits),
        time_zone: Some(new.time_zone),
        currency: Some(new.currency),
        money_unit: Some(new.money_unit),
        hijri_shift: None,
    };
    collect(&mut problems, change.apply(&mut organisation))?;
    organisation.set_up_at = Some(ctx.now());
    let owner = NewUser { email: new.email, name: new.owner_name, post: OWNER.to_owned(), unit_id: None, password: Some(new.password) };
    let owner = owner.checked().await.map_err(|error| match error {
        Error::Invalid(mut fields) => {
            for problem in fields.0.iter_mut().filter(|problem| problem.field == "name") {
                problem.field = "owner_name".into();
            }
            Error::Invalid(fields)
        }
        other => other,
    });
    let owner = collect(&mut problems, owner)?;
    collect(&mut problems, readiness::check(&new.readiness))?;
    problems.check()?;
    let Some(mut owner) = owner else { return Err(Error::fault("an owner without problems is whole")) };

    let mut tx = app.db.begin().await?;
    make_ready(&mut tx, &ctx, &organisation).await?;
    // Whoever waited for the lock sees that the other has finished.
    let taken = tx.run(sql("UPDATE organisation SET set_up_at = $1 WHERE id = 1 AND set_up_at IS NULL").bind(ctx.now())).await?;
    let somebody: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM users LIMIT 1")).await?;
    if taken == 0 || somebody.is_some() {
        return Err(Error::Conflict(Fields(vec![Problem::new("", "set-up-done")])));
    }
    organisation.save(&mut tx).await?;
    let unit = first_unit(&mut tx).await?;
    let name = Loc::new(organisation.prefs(), ctx.now()).t(&format!("set-up-unit-{}", organisation.kind));
    tx.run(sql("UPDATE units SET name = $1 WHERE id = $2").bind(name).bind(unit)).await?;
    for (_, list, words) in RETIRED.iter().filter(|(kind, ..)| *kind == organisation.kind) {
        let mut retire = sql("UPDATE terms SET is_active = FALSE WHERE list = ");
        retire.arg(*list).push(" AND word IN ").list(words.iter().copied());
        tx.run(retire).await?;
    }
    owner.unit_id = Some(unit);
    let (id, name) = (insert(&mut tx, &ctx, &Sight::All, &owner).await?, owner.name.clone());
    // From here on the owner acts.
    let actor = UserActor { id, name, units: vec![unit], rights: Rights::full(), scopes: None };
    let ctx = Ctx { actor: Actor::User(actor.into()), ..ctx };
    let data = serde_json::to_value(&organisation).map_err(Error::fault)?;
    events::record(&mut tx, &ctx, Event::of("organisation.set_up", ORGANISATION, data)).await?;
    if !new.readiness.is_empty() {
        readiness::keep(&mut tx, &ctx, id, &new.readiness).await?;
    }
    tx.commit().await?;
    app.forget_organisation();
    app.forget_sessions();
    Ok(id)
}

/// Keeps the problems of one part, so that all are shown at once.
fn collect<T>(problems: &mut Fields, outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::Invalid(fields)) => {
            problems.0.extend(fields.0);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// Puts in place what every organisation stands on: its own row, the ready-made posts, a first unit, the word lists.
/// What is there stays as it is; for the command line on a fresh data folder.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_ready(app: &App) -> Result<()> {
    let ctx = app.system(Door::Cli);
    let mut tx = app.db.begin().await?;
    make_ready(&mut tx, &ctx, &Organisation::unnamed()).await?;
    tx.commit().await?;
    app.forget_organisation();
    Ok(())
}

async fn make_ready(tx: &mut Tx, ctx: &Ctx, organisation: &Organisation) -> Result<()> {
    Organisation { set_up_at: None, ..organisation.clone() }.save_if_absent(tx).await?;
    lock(tx).await?;
    terms::seed(tx).await?;
    let mut insert = sql("INSERT INTO posts (id, word, rights, created_at) VALUES ");
    let mut rows = Vec::new();
    for (word, rights) in ready_made_posts() {
        let rights = serde_json::to_value(rights).map_err(Error::fault)?;
        rows.push(vec![ctx.id::<Post>().to_value(), word.to_value(), rights.to_value(), ctx.now().to_value()]);
    }
    insert.rows(rows).push(" ON CONFLICT (word) DO NOTHING");
    tx.run(insert).await?;
    let unit: Option<(Id<Unit>,)> = tx.maybe(sql("SELECT id FROM units LIMIT 1")).await?;
    if unit.is_none() {
        let name = Loc::new(organisation.prefs(), ctx.now()).t(&format!("set-up-unit-{}", organisation.kind));
        tx.run(
            sql("INSERT INTO units (id, name, created_at) VALUES ($1, $2, $3)").bind(new_id::<Unit>(ctx.now())).bind(name).bind(ctx.now()),
        )
        .await?;
    }
    Ok(())
}

async fn first_unit(tx: &mut Tx) -> Result<Id<Unit>> {
    let (unit,): (Id<Unit>,) = tx.one(sql("SELECT id FROM units ORDER BY created_at, id LIMIT 1")).await?;
    Ok(unit)
}

/// Opens an account on the command line, in the unit of that name or the first one, on a database that may be empty.
///
/// # Errors
/// As `users.create`; a problem at `unit` for a name that no unit has.
pub async fn add_user(app: &App, email: &str, name: &str, post: &str, unit: Option<&str>, password: Option<&str>) -> Result<Id<User>> {
    ensure_ready(app).await?;
    let ctx = app.system(Door::Cli);
    let new = NewUser {
        email: email.to_owned(),
        name: name.to_owned(),
        post: post.to_owned(),
        unit_id: None,
        password: password.map(str::to_owned),
    };
    let mut new = new.checked().await?;
    let mut tx = app.db.begin().await?;
    new.unit_id = Some(match unit {
        None => first_unit(&mut tx).await?,
        Some(unit) => {
            let found: Option<(Id<Unit>,)> =
                tx.maybe(sql("SELECT id FROM units WHERE name = $1 ORDER BY created_at, id LIMIT 1").bind(unit.trim())).await?;
            found.ok_or_else(|| Error::invalid("unit", "users-unit-unknown"))?.0
        }
    });
    let id = insert(&mut tx, &ctx, &Sight::All, &new).await?;
    tx.commit().await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::sessions;
    use crate::platform::sign_in::sign_in;
    use crate::platform::tokens::{self, NewToken};
    use crate::{Act, Perm, Room, testing};

    fn shop() -> NewOrganisation {
        NewOrganisation {
            name: "فروشگاه ترنج".into(),
            kind: Kind::Retail,
            lang: Lang::Fa,
            calendar: Calendar::Jalali,
            digits: Digits::Persian,
            currency: Currency::IRR,
            money_unit: MoneyUnit::Toman,
            country: "IR".into(),
            time_zone: "Asia/Tehran".into(),
            owner_name: "مریم".into(),
            email: "maryam@example.ir".into(),
            password: "یک جمله‌ی کوتاه".into(),
            readiness: vec![Score { barrier: readiness::Barrier::Fear, score: 1 }],
        }
    }

    #[tokio::test]
    async fn the_first_visit_makes_an_organisation_whose_owner_can_sign_in() {
        let app = testing::empty_app().await;
        assert!(needed(&app).await.unwrap());
        let owner = run(&app, shop()).await.unwrap();
        assert!(!needed(&app).await.unwrap());
        let signed_in = sign_in(&app, "maryam@example.ir", "یک جمله‌ی کوتاه", "192.0.2.1", "").await.unwrap();
        let session = sessions::session(&app, &signed_in.token).await.unwrap().unwrap();
        assert_eq!(session.actor.id, owner);
        assert_eq!(session.actor.rights, Rights::full());
        assert_eq!(app.organisation().await.unwrap().name, "فروشگاه ترنج");
        let (unit, lists, answers): (String, i64, i64) = app
            .db
            .one(sql("SELECT (SELECT name FROM units), (SELECT count(DISTINCT list) FROM terms), (SELECT count(*) FROM readiness_answers)"))
            .await
            .unwrap();
        assert_eq!(unit, "فروشگاه");
        assert_eq!(lists, terms::READY_MADE.len() as i64);
        assert_eq!(answers, 1);
    }

    #[tokio::test]
    async fn of_two_set_ups_at_the_same_time_one_succeeds() {
        let app = testing::empty_app().await;
        let other = NewOrganisation { email: "other@example.ir".into(), name: "دیگری".into(), ..shop() };
        let (first, second) = tokio::join!(run(&app, shop()), run(&app, other));
        assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1, "{first:?} {second:?}");
        let lost = first.err().or(second.err()).unwrap();
        assert!(matches!(lost, Error::Conflict(_)), "{lost}");
        let (users, units, posts): (i64, i64, i64) = app
            .db
            .one(sql("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM units), (SELECT count(*) FROM posts)"))
            .await
            .unwrap();
        assert_eq!((users, units, posts), (1, 1, 3));
    }

    #[tokio::test]
    async fn all_problems_of_the_set_up_are_told_at_once() {
        let app = testing::empty_app().await;
        let wrong = NewOrganisation {
            name: " ".into(),
            time_zone: "Mars/Base".into(),
            owner_name: String::new(),
            email: "no-address".into(),
            password: "short".into(),
            ..shop()
        };
        let Err(Error::Invalid(fields)) = run(&app, wrong).await else { panic!("accepted") };
        let named: Vec<&str> = fields.0.iter().map(|problem| &*problem.field).collect();
        assert_eq!(named, ["name", "time_zone", "email", "owner_name", "password"]);
        assert!(needed(&app).await.unwrap());
    }

    #[tokio::test]
    async fn a_user_of_the_command_line_closes_the_set_up_to_strangers() {
        let app = testing::empty_app().await;
        add_user(&app, "reza@example.ir", "رضا", "owner", None, Some("یک جمله‌ی کوتاه")).await.unwrap();
        assert!(!needed(&app).await.unwrap());
        assert!(matches!(run(&app, shop()).await, Err(Error::Conflict(_))));
        assert!(matches!(add_user(&app, "reza@example.ir", "رضا", "agent", None, None).await, Err(Error::Conflict(_))));
        assert!(matches!(add_user(&app, "a@example.ir", "الف", "king", None, None).await, Err(Error::Invalid(_))));
        assert!(matches!(add_user(&app, "a@example.ir", "الف", "agent", Some("ماه"), None).await, Err(Error::Invalid(_))));
    }

    #[tokio::test]
    async fn a_token_carries_its_scopes_until_it_is_revoked() {
        let app = testing::empty_app().await;
        let user = add_user(&app, "reza@example.ir", "رضا", "owner", None, None).await.unwrap();
        let see = NewToken { name: "x".into(), scopes: Some(vec!["parties.see".into()]), days: Some(1) };
        let created = tokens::create_token(&app, "reza@example.ir", see).await.unwrap();
        let found = sessions::token_actor(&app, &created.token).await.unwrap().unwrap();
        assert_eq!(found.actor.id, user);
        let ctx = app.context(Actor::User(found.actor.clone()), Door::Api, found.prefs.clone());
        assert!(ctx.actor.can(Perm(Room::Parties, Act::See)));
        assert!(!ctx.actor.can(Perm(Room::Parties, Act::Create)));
        // A program does not make itself another token.
        assert!(matches!(ctx.run(tokens::create, NewToken { name: "y".into(), ..Default::default() }).await, Err(Error::Forbidden(_))));
        tokens::touch(&app, &found.hash).await.unwrap();
        let person = testing::with_rights(&app, user, "رضا", Rights::full(), vec![]);
        let listed = person.run(tokens::list, tokens::ListTokens::default()).await.unwrap();
        assert_eq!(listed[0].used_at, Some(app.clock.now()));
        person.run(tokens::revoke, tokens::RevokeToken { id: created.id }).await.unwrap();
        assert!(sessions::token_actor(&app, &created.token).await.unwrap().is_none());
        let (stored,): (i64,) = app.db.one(sql("SELECT count(*) FROM events WHERE CAST(data AS TEXT) LIKE '%pv_%'")).await.unwrap();
        assert_eq!(stored, 0);
    }

    #[tokio::test]
    async fn a_token_without_scopes_allows_what_its_owner_may_and_ends_in_time() {
        let app = testing::empty_app().await;
        add_user(&app, "reza@example.ir", "رضا", "agent", None, None).await.unwrap();
        let created =
            tokens::create_token(&app, "reza@example.ir", NewToken { name: "x".into(), scopes: None, days: Some(1) }).await.unwrap();
        let found = sessions::token_actor(&app, &created.token).await.unwrap().unwrap();
        let actor = Actor::User(found.actor.clone());
        assert!(actor.can(Perm(Room::Parties, Act::Create)));
        assert!(!actor.can(Perm(Room::Parties, Act::Delete)));
        let mut tx = app.db.begin().await.unwrap();
        tx.run(sql("UPDATE tokens SET expires_at = $1").bind(app.clock.now())).await.unwrap();
        tx.commit().await.unwrap();
        app.forget_sessions();
        assert!(sessions::token_actor(&app, &created.token).await.unwrap().is_none());
        assert!(matches!(
            tokens::create_token(&app, "nobody@example.ir", NewToken { name: "x".into(), ..Default::default() }).await,
            Err(Error::Invalid(_))
        ));
    }
}
