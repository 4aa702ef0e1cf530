//! Passwords and signing in: argon2id, the same time and the same words for every wrong answer, and a wait that grows
//! with failures, by account and by address.

use super::access::{Actor, Unit, User, UserActor};
use super::events::{self, Event};
use super::sessions::{SignedIn, open_in, rights_of, units_below};
use super::text::{fold_digits, search_key};
use super::time::{HOUR, MINUTE};
use crate::context::new_id;
use crate::{App, Door, Error, Instant, Problem, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use peyvand_db::{Id, Sql, Tx, row, sql};
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// Failures are remembered this long.
pub const WINDOW: i64 = HOUR;
/// Wrong passwords an account has before it must wait.
pub const FREE_FOR_ACCOUNT: i64 = 5;
/// Wrong passwords an address has before it must wait: a whole office may stand behind one.
pub const FREE_FOR_ADDRESS: i64 = 20;
/// The first wait; it doubles with each further failure.
const FIRST_WAIT: i64 = 30_000;
/// No wait is longer: who guesses gets four guesses an hour, who is locked out by a stranger waits a tea break.
const LONGEST_WAIT: i64 = 15 * MINUTE;

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 10;
/// Longest password, in characters: longer ones only cost time.
pub const PASSWORD_MAX: usize = 200;

/// Passwords that are hashed at one time. Each takes 19 MiB, and a flood must not take the machine's memory.
static HASHING: Semaphore = Semaphore::const_new(3);

/// What a password of an unknown account is compared with, so that it takes as long as a known one: a hash of the
/// parameters in force that no password has.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Argon2id with 19 MiB, two passes, one lane: the first choice of OWASP's password storage sheet.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| Error::fault(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The form in which a password is hashed: composed, so that two keyboards that spell a letter differently agree.
fn composed(password: &str) -> String {
    password.nfc().collect()
}

/// Hashes a password for storage.
///
/// # Errors
/// Never in practice.
pub async fn hash_password(password: &str) -> Result<String> {
    let password = composed(password);
    on_a_thread(move || {
        let hash = argon2()?.hash_password(password.as_bytes()).map_err(|error| Error::fault(error.to_string()))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is the one of the stored hash; takes as long when there is none.
///
/// # Errors
/// When the stored hash is none.
pub async fn is_password(password: &str, stored: Option<String>) -> Result<bool> {
    if password.chars().count() > PASSWORD_MAX {
        return Ok(false);
    }
    let password = composed(password);
    on_a_thread(move || {
        let stored = stored.as_deref().unwrap_or(NOBODYS_HASH);
        let hash = PasswordHash::new(stored).map_err(|error| Error::fault(format!("a stored password hash is broken: {error}")))?;
        Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = HASHING.acquire().await.map_err(Error::fault)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::fault)?
}

/// Checks a new password: long enough, not the person's own name or address, not one that everybody tries first.
///
/// # Errors
/// The problem, at `field`.
pub fn check_password(field: &'static str, password: &str, email: &str, name: &str) -> Result<(), Problem> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(Problem::new(field, "password-short").with("min", PASSWORD_MIN));
    }
    if length > PASSWORD_MAX {
        return Err(Problem::new(field, "platform-text-too-long").with("max", PASSWORD_MAX));
    }
    let plain = |text: &str| -> String { search_key(text).chars().filter(|c| c.is_alphanumeric()).collect() };
    let folded = plain(password);
    let own = [email, email.split('@').next().unwrap_or_default(), name];
    if own
        .iter()
        .map(|text| plain(text))
        .any(|own| !own.is_empty() && (folded == own || folded.trim_end_matches(|c: char| c.is_ascii_digit()) == own))
    {
        return Err(Problem::new(field, "password-own"));
    }
    if is_common(password) {
        return Err(Problem::new(field, "password-common"));
    }
    Ok(())
}

/// Words from which the most common passwords of ten characters and more are made, alone or with digits and signs
/// around them.
const COMMON: &[&str] = &[
    "password", "passw0rd", "p@ssword", "p@ssw0rd", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "iloveyou", "administrator", "admin",
    "letmein", "welcome", "changeme", "football", "baseball", "sunshine", "princess", "superman", "persepolis", "esteghlal", "tehran",
    "iran", "peyvand", "mohammad", "mohammed", "muhammad", "hossein", "fatemeh", "salam", "allah", "bismillah", "ramadan", "abc", "abcd",
    "abcdefghij", "a", "aa", "q", "qaz", "qazwsx", "qazwsxedc", "1q2w3e4r5t", "1q2w3e4r", "1qaz2wsx3edc", "q1w2e3r4t5", "1qaz2wsx",
    "گذرواژه", "رمزعبور", "كلمةالمرور", "شماره", "سلام",
];

fn is_common(password: &str) -> bool {
    let folded = fold_digits(password).to_lowercase();
    let letters: Vec<char> = folded.chars().collect();
    let mut different = letters.clone();
    different.sort_unstable();
    different.dedup();
    // One to three different characters, or keys in a row: 1111111111, 1212121212, 1234567890, 9876543210.
    let in_a_row = |step: i64| {
        letters.windows(2).filter(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])) == step).count() + 2 >= letters.len()
    };
    if different.len() <= 3 || in_a_row(1) || in_a_row(-1) {
        return true;
    }
    let core = folded.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    // Ten or eleven digits are most often a phone number or a national ID.
    (letters.len() < 12 && letters.iter().all(char::is_ascii_digit)) || COMMON.contains(&core) || COMMON.contains(&folded.as_str())
}

/// The form in which an e-mail address is stored and looked up.
#[must_use]
pub fn email_key(email: &str) -> String {
    fold_digits(email.trim()).to_lowercase()
}

/// How long to wait after so many failures, the last of them at `last`.
#[must_use]
pub fn wait(failures: i64, free: i64, last: Instant, now: Instant) -> Option<Duration> {
    if failures < free {
        return None;
    }
    let doublings = u32::try_from(failures - free).unwrap_or(u32::MAX).min(10);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let left = last.0 + wait - now.0;
    u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
}

row! {
    struct Account {
        id: Id<User> = "u.id",
        name: String = "u.name",
        password_hash: Option<String> = "u.password_hash",
        is_active: bool = "u.is_active",
        unit_id: Id<Unit> = "u.unit_id",
        post: String = "o.word",
        rights: serde_json::Value = "o.rights",
    }
}

/// Signs in with e-mail and password. Not an operation: who calls it is not yet known, and its result is a secret.
///
/// # Errors
/// [`Error::Limited`] after too many failures of this account or from this address; [`Error::Invalid`] at `password`,
/// in the same words for a wrong password, an unknown and a closed account.
pub async fn sign_in(app: &App, email: &str, password: &str, address: &str, agent: &str) -> Result<SignedIn> {
    let email = email_key(email);
    let now = app.clock.now();
    // What was typed may be a password in the wrong field, so it is kept as a keyed hash only.
    let account_subject = format!("account:{}", app.keys().lookup("sign_in", &email));
    let address_subject = format!("address:{}", network(address));

    // The attempt counts as failed until the password is proven: many at the same time do not get more guesses.
    let attempt = new_id::<Attempt>(now);
    let mut tx = app.db.begin().await?;
    let by_account = limit(&mut tx, &account_subject, FREE_FOR_ACCOUNT, now).await?;
    limit(&mut tx, &address_subject, FREE_FOR_ADDRESS, now).await?;
    for subject in [&account_subject, &address_subject] {
        note(&mut tx, subject, now, attempt).await?;
    }
    tx.commit().await?;

    let account: Option<Account> =
        app.db.maybe(Sql::select::<Account>("FROM users u JOIN posts o ON o.id = u.post_id WHERE u.email = $1").bind(&email)).await?;
    let known = account.as_ref().map(|account| account.id);
    let stored = account.as_ref().filter(|account| account.is_active).and_then(|account| account.password_hash.clone());
    let proven = is_password(password, stored).await?;

    let Some(account) = account.filter(|_| proven) else {
        let ctx = app.context(Actor::Nobody, Door::Web, app.default_prefs());
        let mut tx = app.db.begin().await?;
        let data = serde_json::json!({"address": address, "known": known.is_some()});
        let event = Event { kind: "user.sign_in_failed", party: None, subject: known.map(|id| id.0), data };
        events::record(&mut tx, &ctx, event).await?;
        tx.commit().await?;
        let left = FREE_FOR_ACCOUNT - by_account - 1;
        return Err(if left > 0 {
            Problem::new("password", "sign-in-wrong-left").with("left", left).into()
        } else {
            Problem::new("password", "sign-in-wrong").into()
        });
    };

    let actor = UserActor {
        id: account.id,
        name: account.name,
        units: units_below(app, account.unit_id).await?,
        rights: rights_of(&account.post, account.rights)?,
        scopes: None,
    };
    let ctx = app.context(Actor::User(actor.into()), Door::Web, app.default_prefs());
    let mut tx = app.db.begin().await?;
    tx.run(
        sql("DELETE FROM sign_in_failures WHERE subject = $1 OR (subject = $2 AND at = $3 AND id = $4)")
            .bind(&account_subject)
            .bind(&address_subject)
            .bind(now)
            .bind(attempt),
    )
    .await?;
    let signed_in = open_in(&mut tx, now, account.id, address, agent).await?;
    events::record(&mut tx, &ctx, Event::of("user.signed_in", account.id, serde_json::json!({"address": address}))).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// For ids of attempts.
enum Attempt {}

/// Checks the password of somebody who is signed in, with the same limit on guesses: an open browser that was left
/// alone must not be the place to find it.
///
/// # Errors
/// [`Error::Limited`] after too many failures, a problem at `old` for a wrong password.
pub(super) async fn prove(app: &App, user: Id<User>, password: &str, stored: Option<String>) -> Result<()> {
    let now = app.clock.now();
    let subject = format!("proof:{user}");
    let mut tx = app.db.begin().await?;
    limit(&mut tx, &subject, FREE_FOR_ACCOUNT, now).await?;
    note(&mut tx, &subject, now, new_id(now)).await?;
    tx.commit().await?;
    if !is_password(password, stored).await? {
        return Err(Error::invalid("old", "password-old-wrong"));
    }
    let mut tx = app.db.begin().await?;
    tx.run(sql("DELETE FROM sign_in_failures WHERE subject = $1").bind(&subject)).await?;
    tx.commit().await?;
    Ok(())
}

async fn note(tx: &mut Tx, subject: &str, now: Instant, attempt: Id<Attempt>) -> Result<()> {
    tx.run(sql("INSERT INTO sign_in_failures (subject, at, id) VALUES ($1, $2, $3)").bind(subject).bind(now).bind(attempt)).await?;
    Ok(())
}

/// Failures of a subject within the window, or the wait.
async fn limit(tx: &mut Tx, subject: &str, free: i64, now: Instant) -> Result<i64> {
    let (failures, last): (i64, Option<Instant>) = tx
        .one(sql("SELECT count(*), MAX(at) FROM sign_in_failures WHERE subject = $1 AND at > $2").bind(subject).bind(now.plus(-WINDOW)))
        .await?;
    match wait(failures, free, last.unwrap_or(Instant::NEVER), now) {
        Some(wait) => Err(Error::Limited(wait)),
        None => Ok(failures),
    }
}

/// What counts as one address: all of IPv4, the first 64 bits of IPv6, which one customer of a network has to himself.
pub(crate) fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(address) => address.to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::sessions::{self, session};
    use crate::platform::users;
    use crate::{Ctx, testing};

    const PASSWORD: &str = "بهار-در-۱۴۰۵-آمد";

    async fn with_password(app: &App, name: &str) -> Ctx {
        let ctx = testing::as_post(app, "agent", name).await;
        let hash = hash_password(PASSWORD).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let id = ctx.actor.user().unwrap();
        tx.run(sql("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(id)).await.unwrap();
        tx.commit().await.unwrap();
        ctx
    }

    async fn try_in(app: &App, name: &str, password: &str) -> Result<SignedIn> {
        sign_in(app, &format!("{name}@example.ir"), password, "192.0.2.1", "Firefox").await
    }

    #[tokio::test]
    async fn who_signs_in_is_known_by_the_session_until_they_sign_out() {
        let app = testing::app().await;
        let sara = with_password(&app, "sara").await;
        let signed_in = sign_in(&app, " SARA@example.ir ", PASSWORD, "192.0.2.1", "Firefox").await.unwrap();
        let found = session(&app, &signed_in.token).await.unwrap().unwrap();
        assert_eq!(Some(found.actor.id), sara.actor.user());
        assert_eq!(found.csrf, signed_in.csrf);
        assert_eq!(found.actor.units.len(), 1);
        assert!(found.actor.rights.of(crate::Room::Parties).create);
        assert!(session(&app, "another").await.unwrap().is_none());
        sessions::sign_out(&app, &found).await.unwrap();
        assert!(session(&app, &signed_in.token).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_wrong_password_and_an_unknown_account_get_the_same_answer() {
        let app = testing::app().await;
        with_password(&app, "sara").await;
        let known = try_in(&app, "sara", "not-her-password").await.unwrap_err();
        let unknown = try_in(&app, "nobody", "not-her-password").await.unwrap_err();
        assert_eq!(known.to_string(), unknown.to_string());
        assert!(matches!(known, Error::Invalid(_)));
    }

    #[tokio::test]
    async fn after_five_wrong_passwords_the_right_one_must_wait_too() {
        let app = testing::app().await;
        with_password(&app, "sara").await;
        for _ in 0..FREE_FOR_ACCOUNT {
            assert!(matches!(try_in(&app, "sara", "wrong-wrong-wrong").await, Err(Error::Invalid(_))));
        }
        assert!(matches!(try_in(&app, "sara", PASSWORD).await, Err(Error::Limited(wait)) if wait.as_secs() == 30));
        // The failures are in the database: a restart forgets nothing. When they leave the window, the way is free.
        let mut tx = app.db.begin().await.unwrap();
        tx.run(sql("UPDATE sign_in_failures SET at = at - $1").bind(FIRST_WAIT)).await.unwrap();
        tx.commit().await.unwrap();
        try_in(&app, "sara", PASSWORD).await.unwrap();
        // Success has cleared the account's failures: five more are free.
        assert!(matches!(try_in(&app, "sara", "wrong-wrong-wrong").await, Err(Error::Invalid(_))));
    }

    #[tokio::test]
    async fn an_address_that_tries_many_accounts_must_wait() {
        let app = testing::app().await;
        for n in 0..FREE_FOR_ADDRESS {
            assert!(matches!(try_in(&app, &format!("user{n}"), "some-password").await, Err(Error::Invalid(_))));
        }
        assert!(matches!(try_in(&app, "another", "some-password").await, Err(Error::Limited(_))));
        let elsewhere = sign_in(&app, "another@example.ir", "some-password", "198.51.100.7", "").await;
        assert!(matches!(elsewhere, Err(Error::Invalid(_))));
    }

    #[tokio::test]
    async fn a_closed_account_has_no_session_and_gets_none() {
        let app = testing::app().await;
        with_password(&app, "sara").await;
        let signed_in = try_in(&app, "sara", PASSWORD).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        tx.run(sql("UPDATE users SET is_active = FALSE")).await.unwrap();
        tx.commit().await.unwrap();
        app.forget_sessions();
        assert!(session(&app, &signed_in.token).await.unwrap().is_none());
        assert!(matches!(try_in(&app, "sara", PASSWORD).await, Err(Error::Invalid(_))));
    }

    #[tokio::test]
    async fn a_new_password_needs_the_old_one_and_ends_every_session() {
        let app = testing::app().await;
        let sara = with_password(&app, "sara").await;
        let signed_in = try_in(&app, "sara", PASSWORD).await.unwrap();
        let change = |old: &str, new: &str| users::NewPassword { old: old.into(), new: new.into() };
        let field = |error: Error| match error {
            Error::Invalid(fields) => fields.0[0].field.clone(),
            other => panic!("{other}"),
        };
        let wrong = sara.run(users::change_password, change("not-it-not-it", "a-fine-new-one")).await.unwrap_err();
        assert_eq!(field(wrong), "old");
        let weak = sara.run(users::change_password, change(PASSWORD, "1234567890")).await.unwrap_err();
        assert_eq!(field(weak), "new");
        assert!(session(&app, &signed_in.token).await.unwrap().is_some());
        sara.run(users::change_password, change(PASSWORD, "a-fine-new-one")).await.unwrap();
        assert!(session(&app, &signed_in.token).await.unwrap().is_none());
        assert!(try_in(&app, "sara", PASSWORD).await.is_err());
        try_in(&app, "sara", "a-fine-new-one").await.unwrap();
        let (stored,): (i64,) = app.db.one(sql("SELECT count(*) FROM events WHERE CAST(data AS TEXT) LIKE '%fine-new%'")).await.unwrap();
        assert_eq!(stored, 0);
    }

    #[tokio::test]
    async fn a_session_ends_when_it_is_not_used_and_at_the_latest_after_its_longest_time() {
        let app = testing::app().await;
        with_password(&app, "sara").await;
        let signed_in = try_in(&app, "sara", PASSWORD).await.unwrap();
        let age = |by: i64| {
            let app = app.clone();
            async move {
                let mut tx = app.db.begin().await.unwrap();
                tx.run(
                    sql("UPDATE sessions SET created_at = created_at - $1, seen_at = seen_at - $1, expires_at = expires_at - $1").bind(by),
                )
                .await
                .unwrap();
                tx.commit().await.unwrap();
                app.forget_sessions();
            }
        };
        // Not `session`, which writes the last use beside the test.
        let find = || async {
            sessions::look_up(&app, sessions::hash(&signed_in.token), sessions::BY_SESSION).await.unwrap().map(|found| found.0)
        };
        age(sessions::IDLE - 1).await;
        let found = find().await.unwrap();
        sessions::touch(&app, &found).await.unwrap();
        let (expires,): (Instant,) = app.db.one(sql("SELECT expires_at FROM sessions")).await.unwrap();
        assert_eq!(expires, app.clock.now().plus(sessions::IDLE));
        for _ in 0..3 {
            age(sessions::IDLE - 1).await;
            let found = find().await.unwrap();
            sessions::touch(&app, &found).await.unwrap();
        }
        let (created, expires): (Instant, Instant) = app.db.one(sql("SELECT created_at, expires_at FROM sessions")).await.unwrap();
        assert_eq!(expires, created.plus(sessions::LONGEST));
        age(sessions::IDLE).await;
        assert!(find().await.is_none());
    }

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let at = Instant(1_000_000);
        let seconds = |failures| wait(failures, 5, at, at).map(|wait| wait.as_secs());
        assert_eq!(seconds(4), None);
        assert_eq!(seconds(5), Some(30));
        assert_eq!(seconds(6), Some(60));
        assert_eq!(seconds(9), Some(480));
        assert_eq!(seconds(10), Some(900));
        assert_eq!(seconds(i64::MAX), Some(900));
        assert_eq!(wait(5, 5, at, at.plus(30_000)), None);
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        let key = |password: &str| check_password("p", password, "sara.ahmadi@example.ir", "سارا احمدی").err().map(|problem| problem.key);
        assert_eq!(key("short").as_deref(), Some("password-short"));
        for own in ["sara.ahmadi", "Sara.Ahmadi1", "sara.ahmadi@example.ir", "سارا احمدی", "سارا احمدي۱۲"] {
            assert_eq!(key(own).as_deref(), Some("password-own"), "{own}");
        }
        for common in [
            "1234567890", "۱۲۳۴۵۶۷۸۹۰", "password123", "Password123!", "1111111111", "09123456789", "qwertyuiop", "abcdefghijkl",
            "iran123456",
        ] {
            assert_eq!(key(common).as_deref(), Some("password-common"), "{common}");
        }
        for fine in ["بهار-در-۱۴۰۵-آمد", "correct horse battery", "xK9#mQ2vLp"] {
            assert_eq!(key(fine), None, "{fine}");
        }
    }

    #[test]
    fn an_address_of_ipv6_counts_with_its_network() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
