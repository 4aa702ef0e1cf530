//! Who belongs to whom: typed and dated relations between parties, seen from both sides.

use super::party::seen;
use super::{Party, whom};
use crate::operation::{DONE, Done};
use crate::platform::calendar::parse_date;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, OrField, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of a note.
const NOTE_MAX: usize = 500;
/// Relations of one party that are listed.
const LIST_MAX: i64 = 200;
/// Relations that read the same from both sides.
const SYMMETRIC: &[&str] = &["spouse", "sibling", "relative", "friend", "partner"];

/// A relation between two parties; the row type is [`RelationSeen`].
#[derive(Debug)]
pub enum Relation {}

row! {
    /// A relation as one of the two sides sees it.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct RelationSeen {
        /// Its id.
        pub id: Id<Relation> = "r.id",
        /// The other side.
        pub other_id: Id<Party> = "p.id",
        /// Its name.
        pub other: String = "p.name",
        /// A word of list `relation`.
        pub kind: String = "r.kind",
        /// Whether the word is to be read from the other side: they are what the word says to this one.
        pub is_inverse: bool = "r.is_inverse",
        /// Since when.
        pub since_on: Option<Day> = "r.since_on",
        /// Until when; absent while it lasts.
        pub until_on: Option<Day> = "r.until_on",
        /// A note.
        pub note: Option<String> = "r.note",
        /// When it was written down.
        pub created_at: Instant = "r.created_at",
    }
}

/// A relation to be written down: the first is KIND of the other.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelation {
    /// The first.
    pub party_id: Option<Id<Party>>,
    /// The first, by any identity key, phone or code.
    pub customer: Option<String>,
    /// The other.
    pub other_id: Option<Id<Party>>,
    /// The other, by any identity key, phone or code.
    pub other: Option<String>,
    /// A word of list `relation`: the first is that to the other.
    pub kind: String,
    /// The word is meant from the other side.
    #[serde(default)]
    pub inverse: bool,
    /// Since when, in the caller's calendar.
    pub since: Option<String>,
    /// Until when, in the caller's calendar.
    pub until: Option<String>,
    /// A note.
    pub note: Option<String>,
}

/// Writes a relation down. Both sides must be within sight.
///
/// # Errors
/// For an unknown side, a kind that is in no list, a relation to oneself, one that is there already.
pub async fn create(ctx: &Ctx, new: NewRelation) -> Result<RelationSeen> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let mut problems = Fields::default();
    let mut day = |text: Option<&str>, field: &'static str| {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        let day = parse_date(text, ctx.prefs.calendar, ctx.today().0);
        problems.take(day.map(Day).map_err(|problem| Problem::new(field, problem.key())))
    };
    let since = day(new.since.as_deref(), "since");
    let until = day(new.until.as_deref(), "until");
    let note = new.note.as_deref().and_then(|note| {
        problems.take(clean_line(note, NOTE_MAX).map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX)))
    });
    if let (Some(since), Some(until)) = (since, until)
        && until < since
    {
        problems.add("until", "relations-until-before");
    }
    problems.check()?;
    let mut tx = writer.begin().await?;
    crate::interactions::check_terms(&mut tx, &[("kind", "relation", Some(&new.kind))]).await?;
    let one = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    let other = whom::need(&mut tx, ctx, &writer.sight, new.other_id, new.other.as_deref()).await.map_err(at_other)?;
    if one.id == other.id {
        return Err(Error::invalid("other", "relations-to-oneself"));
    }
    let (first, second) = if new.inverse { (&other, &one) } else { (&one, &other) };
    if SYMMETRIC.contains(&new.kind.as_str()) {
        let there: Option<(i64,)> = tx
            .maybe(
                sql("SELECT 1 FROM relations WHERE party_id = $1 AND other_id = $2 AND kind = $3")
                    .bind(second.id)
                    .bind(first.id)
                    .bind(&new.kind),
            )
            .await?;
        if there.is_some() {
            return Err(Error::Conflict(Fields(vec![Problem::new("other", "relations-there")])));
        }
    }
    let id: Id<Relation> = ctx.id();
    tx.run(
        sql("INSERT INTO relations (id, party_id, other_id, kind, since_on, until_on, note, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id)
        .bind(first.id)
        .bind(second.id)
        .bind(&new.kind)
        .bind(since)
        .bind(until)
        .bind(note.filter(|note| !note.is_empty()))
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await
    .or_field("relations_party_id_other_id_kind_key", "other", "relations-there")?;
    for (of, with, is_inverse) in [(first, second, false), (second, first, true)] {
        let data = serde_json::json!({"kind": new.kind, "is_inverse": is_inverse, "other_id": with.id, "other": with.name});
        events::record(&mut tx, ctx, Event::of_party("relation.added", of.id, data).about(id)).await?;
    }
    let mut query = of_party(one.id);
    query.push(" AND r.id = ").arg(id);
    let relation = tx.one(query).await?;
    tx.commit().await?;
    Ok(relation)
}

fn at_other(error: Error) -> Error {
    match error {
        Error::Invalid(mut fields) => {
            for problem in &mut fields.0 {
                problem.field = "other".into();
            }
            Error::Invalid(fields)
        }
        error => error,
    }
}

/// Both directions in one list, the party's own side first.
fn of_party(party: Id<Party>) -> Sql {
    let mut query = Sql::select::<RelationSeen>(
        "FROM (SELECT id, other_id AS with_id, kind, FALSE AS is_inverse, since_on, until_on, note, created_at FROM relations
                 WHERE party_id = ",
    );
    query.arg(party);
    query.push(" UNION ALL SELECT id, party_id, kind, TRUE, since_on, until_on, note, created_at FROM relations WHERE other_id = ");
    query.arg(party).push(") r JOIN parties p ON p.id = r.with_id WHERE 1 = 1");
    query
}

/// Whose relations.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRelations {
    /// The party.
    pub id: Id<Party>,
}

/// The relations of a party with others within sight, those that last first.
///
/// # Errors
/// [`Error::NotFound`] for a party out of sight.
pub async fn list(ctx: &Ctx, input: ListRelations) -> Result<Vec<RelationSeen>> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    seen(reader.db, &reader.sight, input.id).await?;
    let mut query = of_party(input.id);
    reader.sight.parties(&mut query);
    query.push(" ORDER BY CASE WHEN r.until_on IS NULL THEN 0 ELSE 1 END, r.created_at DESC, r.id LIMIT ").arg(LIST_MAX);
    Ok(reader.db.all(query).await?)
}

/// Which relation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndRelation {
    /// Its id.
    pub id: Id<Relation>,
    /// Until when it lasted, in the caller's calendar; today unless given.
    pub until: Option<String>,
}

row! {
    struct Sides {
        party_id: Id<Party> = "r.party_id",
        other_id: Id<Party> = "r.other_id",
        kind: String = "r.kind",
    }
}

/// Says that a relation has ended; it stays in the history of both.
///
/// # Errors
/// [`Error::NotFound`] when neither side is within sight.
pub async fn end(ctx: &Ctx, input: EndRelation) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let until = match input.until.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Day(parse_date(text, ctx.prefs.calendar, ctx.today().0).map_err(|problem| Problem::new("until", problem.key()))?),
        None => ctx.today(),
    };
    let mut tx = writer.begin().await?;
    let mut query = Sql::select::<Sides>("FROM relations r JOIN parties p ON p.id IN (r.party_id, r.other_id) WHERE 1 = 1");
    writer.sight.parties(&mut query);
    query.push(" AND r.id = ").arg(input.id).push(" LIMIT 1");
    let sides: Sides = tx.maybe(query).await?.ok_or(Error::NotFound("relation"))?;
    tx.run(sql("UPDATE relations SET until_on = $1 WHERE id = $2").bind(until).bind(input.id)).await?;
    for (of, is_inverse) in [(sides.party_id, false), (sides.other_id, true)] {
        let data = serde_json::json!({"kind": sides.kind, "is_inverse": is_inverse, "until": until});
        events::record(&mut tx, ctx, Event::of_party("relation.ended", of, data).about(input.id)).await?;
    }
    tx.commit().await?;
    Ok(DONE)
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    let change = Some(Perm(Room::Parties, Act::Change));
    ops.add("relations.create", "POST /relations", change, "Writes a relation between two customers down.", create)
        .example(|| serde_json::json!({"customer": "09121234567", "other": "09127654321", "kind": "spouse"}));
    ops.add(
        "relations.list",
        "GET /parties/{id}/relations",
        Some(Perm(Room::Parties, Act::See)),
        "The relations of a customer, from its side.",
        list,
    );
    ops.add("relations.end", "POST /relations/{id}/end", change, "Says that a relation has ended.", end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_relation_is_seen_from_both_sides() {
        let ctx = testing::ctx().await;
        let (sara, company) = (testing::party(&ctx, "سارا").await, testing::party(&ctx, "ترنج").await);
        let new = NewRelation {
            party_id: Some(sara),
            other_id: Some(company),
            kind: "employee_of".into(),
            since: Some("1404/1/5".into()),
            ..Default::default()
        };
        let made = ctx.run(create, new.clone()).await.unwrap();
        assert_eq!(
            (made.other.as_str(), made.is_inverse, made.since_on.map(|day| day.to_string())),
            ("ترنج", false, Some("2025-03-25".into()))
        );
        let from_there = ctx.run(list, ListRelations { id: company }).await.unwrap();
        assert_eq!((from_there[0].other.as_str(), from_there[0].is_inverse), ("سارا", true));
        assert!(matches!(ctx.run(create, new).await, Err(Error::Conflict(_))));
        ctx.run(end, EndRelation { id: made.id, until: None }).await.unwrap();
        assert_eq!(ctx.run(list, ListRelations { id: sara }).await.unwrap()[0].until_on, Some(ctx.today()));
    }

    #[tokio::test]
    async fn a_marriage_is_not_written_down_twice() {
        let ctx = testing::ctx().await;
        let (one, other) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
        let new = |party, other| NewRelation { party_id: Some(party), other_id: Some(other), kind: "spouse".into(), ..Default::default() };
        ctx.run(create, new(one, other)).await.unwrap();
        assert!(matches!(ctx.run(create, new(other, one)).await, Err(Error::Conflict(_))));
        assert!(matches!(ctx.run(create, new(one, one)).await, Err(Error::Invalid(_))));
    }

    #[tokio::test]
    async fn the_other_side_is_hidden_from_who_may_not_see_it() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let (mine, theirs) = (testing::party(&agent, "mine").await, testing::party(&owner, "theirs").await);
        let new = NewRelation { party_id: Some(mine), other_id: Some(theirs), kind: "friend".into(), ..Default::default() };
        assert!(agent.run(create, new.clone()).await.is_err());
        owner.run(create, new).await.unwrap();
        assert_eq!(agent.run(list, ListRelations { id: mine }).await.unwrap().len(), 0);
        assert!(matches!(agent.run(list, ListRelations { id: theirs }).await, Err(Error::NotFound(_))));
    }
}
