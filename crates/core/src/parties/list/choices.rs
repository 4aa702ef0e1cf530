//! Words that stand in the data, for the choices of a form.

use super::COUNT_MAX;
use crate::platform::access::Sight;
use crate::{Act, Ctx, Perm, Reader, Result, Room};
use peyvand_db::sql;
use schemars::JsonSchema;
use serde::Serialize;

/// Words that stand in the data.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Choices {
    /// Cities, as first written.
    pub cities: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// Most words of one kind; nobody looks through more.
const CHOICES: i64 = 200;

/// Cities, tags and sources that are in use, for the choices of a form.
///
/// # Errors
/// Without the right.
pub async fn choices(ctx: &Ctx, _: crate::operation::Nothing) -> Result<Choices> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    if reader.sight != Sight::All {
        let cities = own_words(&reader, "SELECT DISTINCT s.word FROM (SELECT p.city AS word FROM parties p WHERE p.city > ''").await?;
        let tags = own_words(
            &reader,
            "SELECT DISTINCT s.word FROM (SELECT t.tag AS word FROM parties p JOIN party_tags t ON t.party_id = p.id WHERE 1 = 1",
        );
        return Ok(Choices { cities, tags: tags.await? });
    }
    // Each value is one step through an index, however many parties have it.
    let cities: Vec<(String,)> = reader
        .db
        .all(
            sql("WITH RECURSIVE found (key) AS (
                   SELECT min(city_key) FROM parties WHERE city_key > ''
                   UNION ALL
                   SELECT (SELECT min(p.city_key) FROM parties p WHERE p.city_key > found.key) FROM found WHERE found.key IS NOT NULL)
                 SELECT (SELECT p.city FROM parties p WHERE p.city_key = found.key ORDER BY p.name_key LIMIT 1) FROM found WHERE found.key IS NOT NULL LIMIT $1")
            .bind(CHOICES),
        )
        .await?;
    let tags: Vec<(String,)> = reader
        .db
        .all(
            sql("WITH RECURSIVE found (tag) AS (
                   SELECT min(tag) FROM party_tags
                   UNION ALL
                   SELECT (SELECT min(t.tag) FROM party_tags t WHERE t.tag > found.tag) FROM found WHERE found.tag IS NOT NULL)
                 SELECT found.tag FROM found WHERE found.tag IS NOT NULL LIMIT $1")
            .bind(CHOICES),
        )
        .await?;
    let first = |rows: Vec<(String,)>| rows.into_iter().map(|(text,)| text).collect();
    Ok(Choices { cities: first(cities), tags: first(tags) })
}

/// Words in use among the rows that somebody sees who does not see all.
async fn own_words(reader: &Reader<'_>, head: &'static str) -> Result<Vec<String>> {
    let mut query = sql(head);
    reader.sight.parties(&mut query);
    query.push(" LIMIT ").arg(COUNT_MAX).push(") s ORDER BY s.word LIMIT ").arg(CHOICES);
    Ok(reader.db.all::<(String,)>(query).await?.into_iter().map(|(word,)| word).collect())
}
