//! Adding a party: its place, its keys, and who has them already.

use super::{Party, seen, whole};
use crate::advocacy::record;
use crate::parties::check::{CheckedParty, NewParty, with_checks};
use crate::parties::write::{self, Match, find_by_keys, insert_parties, lookups_of, matching};
use crate::platform::access::{Sight, Unit};
use crate::platform::events::{self, Event};
use crate::{Act, Ctx, Error, Fields, Id, Perm, Problem, Result, Room};
use peyvand_db::{Tx, sql};
use serde_json::json;

/// Adds a party and starts its history.
///
/// # Errors
/// [`Error::Invalid`] with each problem at its field, [`Error::Conflict`] when a key belongs to another party.
pub async fn create(ctx: &Ctx, new: NewParty) -> Result<Party> {
    let writer = ctx.write(Perm(Room::Parties, Act::Create))?;
    let introduced_by = new.introduced_by.as_deref().map(str::trim).filter(|named| !named.is_empty()).map(str::to_owned);
    let checked = with_checks(ctx, |checks| new.checked(checks)).await?.and_then(CheckedParty::named).map_err(Error::Invalid)?;
    let mut tx = writer.begin().await?;
    let checked = placed(&mut tx, ctx, &writer.sight, checked).await?;
    refuse_taken(&mut tx, &writer.sight, None, &checked).await?;
    let written = insert_parties(&mut tx, ctx, std::slice::from_ref(&checked), None).await?;
    let id = written.first().map(|party| party.id).ok_or_else(|| Error::fault("nothing was written"))?;
    events::record(&mut tx, ctx, Event::of_party("party.created", id, json!({"name": checked.text("name")}))).await?;
    if let Some(named) = &introduced_by {
        record::declare(&mut tx, ctx, id, named).await?;
    }
    tx.commit().await?;
    let row = seen(&ctx.app.db, &Sight::All, id).await?;
    whole(ctx, row).await
}

/// Fills in owner and unit and refuses those out of the caller's reach: nobody adds what they then cannot see.
///
/// # Errors
/// Problems at fields `owner_id` and `unit_id`.
pub async fn placed(tx: &mut Tx, ctx: &Ctx, sight: &Sight, mut party: CheckedParty) -> Result<CheckedParty> {
    let owner = party.owner_id.or_else(|| ctx.actor.user());
    if let Some(owner) = owner {
        let unit: Option<(Id<Unit>,)> = tx.maybe(sql("SELECT unit_id FROM users WHERE id = $1 AND is_active").bind(owner)).await?;
        let Some((unit,)) = unit else { return Err(Error::invalid("owner_id", "parties-owner-unknown")) };
        party.owner_id = Some(owner);
        party.unit_id = party.unit_id.or(Some(unit));
    }
    match sight {
        Sight::All => {}
        Sight::Units { units, user } => {
            if owner != Some(*user) && !party.unit_id.is_some_and(|unit| units.contains(&unit)) {
                return Err(Error::invalid("owner_id", "parties-owner-out-of-reach"));
            }
        }
        Sight::Own(user) => {
            if owner != Some(*user) {
                return Err(Error::invalid("owner_id", "parties-owner-out-of-reach"));
            }
        }
    }
    if let Some(unit) = party.unit_id {
        let known: Option<(Id<Unit>,)> = tx.maybe(sql("SELECT id FROM units WHERE id = $1").bind(unit)).await?;
        if known.is_none() {
            return Err(Error::invalid("unit_id", "parties-unit-unknown"));
        }
    }
    Ok(party)
}

/// Refuses keys that belong to another party, each at its field. The other one is named only to who may see it.
pub(super) async fn refuse_taken(tx: &mut Tx, sight: &Sight, own: Option<Id<Party>>, party: &CheckedParty) -> Result<()> {
    let found = find_by_keys(tx, lookups_of(party).into_iter().filter(|lookup| matches!(lookup, write::Lookup::Key { .. }))).await?;
    let mut fields = Fields::default();
    for key in &party.keys {
        let lookup = write::Lookup::Key { kind: key.kind.clone(), value: key.value.clone() };
        for known in found.get(&lookup).into_iter().flatten().filter(|known| Some(known.id) != own) {
            fields.0.push(if known.is_seen(sight) {
                Problem::new(key.field, "parties-key-taken-by").with("name", &known.name).with("id", known.id)
            } else {
                Problem::new(key.field, "parties-key-taken")
            });
        }
    }
    if fields.0.is_empty() { Ok(()) } else { Err(Error::Conflict(fields)) }
}

/// The parties that one more row of a file or a form may be, for callers that already checked it.
///
/// # Errors
/// When the database refuses.
pub async fn who_is(tx: &mut Tx, party: &CheckedParty) -> Result<Match> {
    let found = find_by_keys(tx, lookups_of(party)).await?;
    Ok(matching(party, &found))
}
