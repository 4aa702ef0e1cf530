//! Secret identity keys: showing one in clear, taking one away, sealing all of them anew under another key.

use super::identity::{self, IdentityKind};
use super::party::{Party, PartyId, get, seen_in};
use crate::platform::events::{self, Event};
use crate::platform::keys::Keys;
use crate::{Act, Ctx, Error, Id, Operations, Perm, Result, Room};
use peyvand_db::sql;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Values sealed anew in one transaction: short enough that nobody waits for the writer.
const RESEAL_BATCH: i64 = 500;

/// Which key of which party.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityOf {
    /// The party.
    pub id: Id<Party>,
    /// Kind of the key: `ir_national_id` …
    pub kind: String,
}

/// A key in clear.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Revealed {
    /// Its kind.
    pub kind: String,
    /// The normalised value.
    pub value: String,
    /// The spelling people read.
    pub display: String,
}

/// Shows a secret key in clear and notes who looked.
///
/// # Errors
/// [`Error::NotFound`] for a party out of sight or without such a key.
pub async fn reveal(ctx: &Ctx, input: IdentityOf) -> Result<Revealed> {
    let writer = ctx.write(Perm(Room::Identities, Act::See))?;
    let parties = ctx.read(Perm(Room::Parties, Act::See))?;
    let mut tx = writer.begin().await?;
    // Both rights bound what is seen; the narrower one counts.
    seen_in(&mut tx, &parties.sight, input.id).await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let stored: Option<(String, Option<Vec<u8>>, String)> = tx
        .maybe(
            sql("SELECT masked, sealed, kind FROM identity_keys WHERE party_id = $1 AND kind = $2
                 ORDER BY CASE WHEN former_by IS NULL THEN 0 ELSE 1 END, value")
            .bind(input.id)
            .bind(&input.kind),
        )
        .await?;
    let Some((as_written, sealed, kind)) = stored else { return Err(Error::NotFound("identity")) };
    let value = match sealed {
        Some(sealed) => ctx.app.keys().open(&kind, &sealed)?,
        None => as_written,
    };
    events::record(&mut tx, ctx, Event::of_party("identity.revealed", input.id, json!({"kind": kind}))).await?;
    tx.commit().await?;
    let country = &ctx.app.organisation().await?.country;
    let display = IdentityKind::from_name(&kind).and_then(|kind| identity::check(kind, &value, country).ok());
    Ok(Revealed { display: display.map_or_else(|| value.clone(), |checked| checked.display), kind, value })
}

/// Takes a key away from a party. Its own customer code stays.
///
/// # Errors
/// [`Error::NotFound`] for a party out of sight or without such a key.
pub async fn remove(ctx: &Ctx, input: IdentityOf) -> Result<Party> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    if input.kind == IdentityKind::Code.name() {
        return Err(Error::invalid("kind", "parties-code-stays"));
    }
    let removed = tx.run(sql("DELETE FROM identity_keys WHERE party_id = $1 AND kind = $2").bind(input.id).bind(&input.kind)).await?;
    if removed == 0 {
        return Err(Error::NotFound("identity"));
    }
    tx.run(sql("UPDATE parties SET version = version + 1, updated_at = $1 WHERE id = $2").bind(ctx.now()).bind(input.id)).await?;
    events::record(&mut tx, ctx, Event::of_party("identity.removed", input.id, json!({"kind": input.kind}))).await?;
    tx.commit().await?;
    get(ctx, PartyId { id: input.id }).await
}

/// Seals every value anew that an older key sealed; gives how many. May be stopped and run again at any point: what is
/// done carries the number of the key in force.
///
/// # Errors
/// When a value does not open or the database refuses.
pub async fn rotate(ctx: &Ctx) -> Result<i64> {
    let writer = ctx.write(Perm(Room::Settings, Act::Change))?;
    let keys = ctx.app.keys();
    let mut after = (String::new(), String::new());
    let mut resealed = 0;
    loop {
        let mut tx = writer.begin().await?;
        let batch: Vec<(String, String, Vec<u8>)> = tx
            .all(
                sql("SELECT kind, value, sealed FROM identity_keys WHERE (kind, value) > ($1, $2) AND sealed IS NOT NULL
                     ORDER BY kind, value LIMIT $3")
                .bind(&after.0)
                .bind(&after.1)
                .bind(RESEAL_BATCH),
            )
            .await?;
        let Some((kind, value, _)) = batch.last() else { break };
        after = (kind.clone(), value.clone());
        for (kind, value, sealed) in &batch {
            if Keys::sealed_with(sealed) == Some(keys.current()) {
                continue;
            }
            let fresh = keys.seal(kind, &keys.open(kind, sealed)?)?;
            tx.run(sql("UPDATE identity_keys SET sealed = $1 WHERE kind = $2 AND value = $3").bind(fresh).bind(kind).bind(value)).await?;
            resealed += 1;
        }
        tx.commit().await?;
    }
    if resealed > 0 {
        let mut tx = writer.begin().await?;
        let data = json!({"values": resealed, "key": keys.current()});
        events::record(&mut tx, ctx, Event { kind: "keys.rotated", party: None, subject: None, data }).await?;
        tx.commit().await?;
    }
    Ok(resealed)
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "parties.identities.reveal",
        "POST /parties/{id}/identities/{kind}/reveal",
        Some(Perm(Room::Identities, Act::See)),
        "Shows an identity key in clear; the look is noted.",
        reveal,
    );
    ops.add(
        "parties.identities.remove",
        "DELETE /parties/{id}/identities/{kind}",
        Some(Perm(Room::Parties, Act::Change)),
        "Takes an identity key away.",
        remove,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::party::create;
    use crate::parties::search::{SearchParties, search};
    use crate::testing;
    use std::sync::Arc;

    async fn sara(ctx: &Ctx) -> Party {
        let new = NewParty { name: Some("سارا".into()), national_id: Some("0084575948".into()), ..NewParty::default() };
        ctx.run(create, new).await.unwrap()
    }

    #[tokio::test]
    async fn every_look_at_a_secret_is_noted() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let of = IdentityOf { id: party.id, kind: "ir_national_id".into() };
        assert_eq!(ctx.run(reveal, of.clone()).await.unwrap().value, "0084575948");
        let (looks,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM events WHERE kind = 'identity.revealed'")).await.unwrap();
        assert_eq!(looks, 1);
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(agent.run(reveal, of).await, Err(Error::Forbidden(_))));
    }

    #[tokio::test]
    async fn a_key_is_taken_away_but_not_the_code() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let of = |kind: &str| IdentityOf { id: party.id, kind: kind.into() };
        let after = ctx.run(remove, of("ir_national_id")).await.unwrap();
        assert!(after.identities.iter().all(|key| key.kind != "ir_national_id"));
        assert_eq!(after.version, party.version + 1, "who had the page open is told");
        assert!(matches!(ctx.run(remove, of("ir_national_id")).await, Err(Error::NotFound("identity"))));
        assert!(matches!(ctx.run(remove, of("code")).await, Err(Error::Invalid(_))));
        sara(&ctx).await;
    }

    #[tokio::test]
    async fn after_a_rotation_secrets_open_and_are_found_without_the_old_key() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let rotated = ctx.app.keys().rotated();
        *ctx.app.keys.write().unwrap() = Arc::new(rotated.clone());
        assert_eq!(rotate(&ctx).await.unwrap(), 1);
        assert_eq!(rotate(&ctx).await.unwrap(), 0, "what is done is not done again");
        *ctx.app.keys.write().unwrap() = Arc::new(rotated.only_current());
        let of = IdentityOf { id: party.id, kind: "ir_national_id".into() };
        assert_eq!(ctx.run(reveal, of).await.unwrap().value, "0084575948");
        let found = ctx.run(search, SearchParties { q: "0084575948".into(), limit: None }).await.unwrap();
        assert_eq!(found.items[0].id, party.id);
    }
}
