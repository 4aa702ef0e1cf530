//! What is known of how somebody is and what they like: preferences, tastes, expectations, needs, traits; each with its
//! source, its day, and the talk it was learned in.

use super::party::seen;
use super::{Party, whom};
use crate::interactions::Interaction;
use crate::operation::{DONE, Done};
use crate::platform::access::User;
use crate::platform::calendar::parse_date;
use crate::platform::events::{self, Event};
use crate::platform::text::{clean_line, search_key};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of own words.
const WORDS_MAX: usize = 300;
/// Things known of one party that are listed; more are no longer read by anybody.
const LIST_MAX: i64 = 200;

peyvand_db::words! {
    /// What kind of thing is known.
    pub enum PreferenceKind {
        /// How they want things to be done.
        Preference = "preference",
        /// What they like.
        Taste = "taste",
        /// What they count on.
        Expectation = "expectation",
        /// What they need.
        Need = "need",
        /// How they are.
        Trait = "trait",
    }
}

peyvand_db::words! {
    /// How sure it is.
    pub enum Confidence {
        /// A guess.
        Low = "low",
        /// Observed.
        Medium = "medium",
        /// They said so.
        High = "high",
    }
}

row! {
    /// Something known of a party.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Preference {
        /// Its id.
        pub id: Id<Preference> = "r.id",
        /// Of whom.
        pub party_id: Id<Party> = "r.party_id",
        /// What kind of thing.
        pub kind: PreferenceKind = "r.kind",
        /// A word of the list of that kind.
        pub term: Option<String> = "r.term",
        /// Own words.
        pub words: Option<String> = "r.words",
        /// Where it is known from, in own words.
        pub source: Option<String> = "r.source",
        /// How sure it is.
        pub confidence: Confidence = "r.confidence",
        /// The day it was observed.
        pub observed_on: Day = "r.observed_on",
        /// The talk it was learned in.
        pub interaction_id: Option<Id<Interaction>> = "r.interaction_id",
        /// Who wrote it down.
        pub created_by: Option<Id<User>> = "r.created_by",
        /// When.
        pub created_at: Instant = "r.created_at",
    }
}

/// The list of words of a kind; own words alone where there is none.
fn list_of(kind: PreferenceKind) -> Option<&'static str> {
    match kind {
        PreferenceKind::Preference => None,
        PreferenceKind::Taste => Some("taste"),
        PreferenceKind::Expectation => Some("expectation"),
        PreferenceKind::Need => Some("need"),
        PreferenceKind::Trait => Some("trait"),
    }
}

/// What was learned.
struct Learned {
    kind: PreferenceKind,
    text: String,
    source: Option<String>,
    confidence: Confidence,
    observed_on: Day,
    interaction: Option<Id<Interaction>>,
}

/// Notes something learned in a talk, for a party that the caller has found within sight.
///
/// # Errors
/// For words that are too long.
pub(crate) async fn learn(
    tx: &mut Tx,
    ctx: &Ctx,
    party: Id<Party>,
    kind: PreferenceKind,
    text: &str,
    interaction: Option<Id<Interaction>>,
) -> Result<Id<Preference>> {
    let text = words(text, kind.as_str())?;
    let learned = Learned { kind, text, source: None, confidence: Confidence::High, observed_on: ctx.today(), interaction };
    put(tx, ctx, party, learned).await
}

fn words(text: &str, field: &'static str) -> Result<String, Problem> {
    match clean_line(text, WORDS_MAX) {
        Ok(text) if text.is_empty() => Err(Problem::new(field, "input-needed")),
        Ok(text) => Ok(text),
        Err(problem) => Err(Problem::new(field, problem.key()).with("max", WORDS_MAX)),
    }
}

/// Writes it down; what is known already is observed again instead of standing there twice.
async fn put(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, learned: Learned) -> Result<Id<Preference>> {
    let mut term: Option<String> = None;
    if let Some(list) = list_of(learned.kind) {
        let found: Vec<(String, Option<String>)> = tx.all(sql("SELECT word, label FROM terms WHERE list = $1").bind(list)).await?;
        let key = search_key(&learned.text);
        let same = |(word, label): &(String, Option<String>)| {
            *word == learned.text || label.as_ref().is_some_and(|label| search_key(label) == key)
        };
        term = found.into_iter().find(same).map(|(word, _)| word);
    }
    let own_words = term.is_none().then(|| learned.text.clone());
    let known: Option<(Id<Preference>,)> = tx
        .maybe(
            sql("UPDATE preferences SET observed_on = $1, confidence = $2, interaction_id = COALESCE($3, interaction_id)
                 WHERE party_id = $4 AND kind = $5 AND ended_at IS NULL AND COALESCE(term, words) = $6 RETURNING id")
            .bind(learned.observed_on)
            .bind(learned.confidence)
            .bind(learned.interaction)
            .bind(party)
            .bind(learned.kind)
            .bind(term.as_ref().unwrap_or(&learned.text)),
        )
        .await?;
    let id =
        match known {
            Some((id,)) => id,
            None => {
                let id: Id<Preference> = ctx.id();
                tx.run(
                sql("INSERT INTO preferences (id, party_id, kind, term, words, source, confidence, observed_on, interaction_id, created_by,
                       created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
                .bind(id)
                .bind(party)
                .bind(learned.kind)
                .bind(&term)
                .bind(&own_words)
                .bind(&learned.source)
                .bind(learned.confidence)
                .bind(learned.observed_on)
                .bind(learned.interaction)
                .bind(ctx.actor.user())
                .bind(ctx.now()),
            )
            .await?;
                id
            }
        };
    let data = serde_json::json!({"kind": learned.kind, "term": term, "words": own_words});
    events::record(tx, ctx, Event::of_party("preference.learned", party, data).about(id)).await?;
    Ok(id)
}

/// Something to be noted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPreference {
    /// Of whom.
    pub party_id: Option<Id<Party>>,
    /// Of whom, by any identity key, phone or code.
    pub customer: Option<String>,
    /// What kind of thing.
    pub kind: PreferenceKind,
    /// A word of the list of that kind, or own words.
    pub text: String,
    /// Where it is known from, in own words.
    pub source: Option<String>,
    /// How sure it is; observed unless given.
    pub confidence: Option<Confidence>,
    /// The day it was observed, in the caller's calendar; today unless given.
    pub observed: Option<String>,
}

/// Notes something known of a party.
///
/// # Errors
/// For an unknown customer, words that are too long, a day that cannot be read.
pub async fn create(ctx: &Ctx, new: NewPreference) -> Result<Preference> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let mut problems = Fields::default();
    let text = problems.take(words(&new.text, "text"));
    let source = new.source.filter(|source| !source.trim().is_empty()).and_then(|source| problems.take(words(&source, "source")));
    let observed_on = match new.observed.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => {
            let day = parse_date(text, ctx.prefs.calendar, ctx.today().0);
            problems.take(day.map(Day).map_err(|problem| Problem::new("observed", problem.key())))
        }
        None => Some(ctx.today()),
    };
    let (Some(text), Some(observed_on)) = (text, observed_on) else { return Err(Error::Invalid(problems)) };
    problems.check()?;
    let confidence = new.confidence.unwrap_or(Confidence::Medium);
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let learned = Learned { kind: new.kind, text, source, confidence, observed_on, interaction: None };
    let id = put(&mut tx, ctx, party.id, learned).await?;
    let preference = tx.one(Sql::select::<Preference>("FROM preferences r WHERE r.id = $1").bind(id)).await?;
    tx.commit().await?;
    Ok(preference)
}

/// Of whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPreferences {
    /// The party.
    pub id: Id<Party>,
}

/// What is known of a party and holds, newest first.
///
/// # Errors
/// [`Error::NotFound`] for a party out of sight.
pub async fn list(ctx: &Ctx, input: ListPreferences) -> Result<Vec<Preference>> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    seen(reader.db, &reader.sight, input.id).await?;
    let mut query = Sql::select::<Preference>("FROM preferences r WHERE r.ended_at IS NULL AND r.party_id = ");
    query.arg(input.id).push(" ORDER BY r.observed_on DESC, r.id DESC LIMIT ").arg(LIST_MAX);
    Ok(reader.db.all(query).await?)
}

/// Which one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndPreference {
    /// Its id.
    pub id: Id<Preference>,
}

/// Says that something does not hold any more; that it once did stays in the history.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn end(ctx: &Ctx, input: EndPreference) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Preference>("FROM preferences r JOIN parties p ON p.id = r.party_id WHERE r.ended_at IS NULL");
    writer.sight.parties(&mut query);
    query.push(" AND r.id = ").arg(input.id);
    let old: Preference = tx.maybe(query).await?.ok_or(Error::NotFound("preference"))?;
    tx.run(sql("UPDATE preferences SET ended_at = $1 WHERE id = $2").bind(ctx.now()).bind(old.id)).await?;
    let data = serde_json::json!({"kind": old.kind, "term": old.term, "words": old.words});
    events::record(&mut tx, ctx, Event::of_party("preference.ended", old.party_id, data).about(old.id)).await?;
    tx.commit().await?;
    Ok(DONE)
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    let change = Some(Perm(Room::Parties, Act::Change));
    ops.add(
        "preferences.create",
        "POST /preferences",
        change,
        "Notes a preference, taste, expectation, need or trait of a customer.",
        create,
    )
    .example(|| serde_json::json!({"customer": "09121234567", "kind": "trait", "text": "price_first"}));
    ops.add("preferences.list", "GET /parties/{id}/preferences", Some(Perm(Room::Parties, Act::See)), "What is known of a customer.", list);
    ops.add("preferences.end", "DELETE /preferences/{id}", change, "Says that something does not hold any more.", end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn what_does_not_hold_any_more_leaves_the_list_and_stays_in_the_history() {
        let ctx = testing::ctx().await;
        let party = testing::party(&ctx, "سارا").await;
        let new = serde_json::json!({"party_id": party, "kind": "trait", "text": "price_first"});
        let id = ctx.run(create, serde_json::from_value(new).unwrap()).await.unwrap().id;
        assert_eq!(ctx.run(list, ListPreferences { id: party }).await.unwrap().len(), 1);
        ctx.run(end, EndPreference { id }).await.unwrap();
        assert!(ctx.run(list, ListPreferences { id: party }).await.unwrap().is_empty());
        assert!(matches!(ctx.run(end, EndPreference { id }).await, Err(Error::NotFound(_))), "it has ended already");
        let (noted,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM events WHERE kind = 'preference.ended'")).await.unwrap();
        assert_eq!(noted, 1);
    }
}
