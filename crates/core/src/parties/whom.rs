//! Whom an input means: a party by its id or by anything that identifies it, within what the caller may see.

use super::Party;
use super::check::{identity_key, with_checks};
use super::identity::IdentityKind;
use super::write::{Lookup, external_kinds, find_by_keys};
use crate::platform::access::{Sight, Unit, User};
use crate::{Ctx, Error, Problem, Result};
use peyvand_db::{Id, Sql, Tx, row};

row! {
    /// What acts on a party need to know of it.
    #[derive(Clone, Debug)]
    pub struct Whom {
        /// The party.
        pub id: Id<Party> = "p.id",
        /// Its name.
        pub name: String = "p.name",
        /// Who looks after it.
        pub owner_id: Option<Id<User>> = "p.owner_id",
        /// The unit it belongs to.
        pub unit_id: Option<Id<Unit>> = "p.unit_id",
    }
}

/// The party of that id; who it turned out to be, where it was merged.
///
/// # Errors
/// [`Error::NotFound`] when there is none within sight.
pub async fn by_id(tx: &mut Tx, sight: &Sight, id: Id<Party>) -> Result<Whom> {
    let mut query = Sql::select::<Whom>("FROM parties p WHERE 1 = 1");
    sight.parties(&mut query);
    query.push(" AND p.id = (SELECT COALESCE(m.merged_into, m.id) FROM parties m WHERE m.id = ").arg(id).push(")");
    tx.maybe(query).await?.ok_or(Error::NotFound("party"))
}

/// The party that an id or a key names; `None` when neither is given.
///
/// # Errors
/// [`Error::NotFound`] for an id out of sight; a problem at field `customer` for a key of nobody within sight or of
/// several.
pub async fn find(tx: &mut Tx, ctx: &Ctx, sight: &Sight, id: Option<Id<Party>>, key: Option<&str>) -> Result<Option<Whom>> {
    if let Some(id) = id {
        return by_id(tx, sight, id).await.map(Some);
    }
    let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else { return Ok(None) };
    if let Ok(id) = key.parse() {
        return by_id(tx, sight, id).await.map(Some);
    }
    let found = by_key(tx, ctx, key).await?;
    match found.as_slice() {
        [] => Err(Problem::new("customer", "interactions-customer-unknown").into()),
        [one] => match by_id(tx, sight, *one).await {
            Err(Error::NotFound(_)) => Err(Problem::new("customer", "interactions-customer-unknown").into()),
            outcome => outcome.map(Some),
        },
        _ => Err(Problem::new("customer", "interactions-customer-several").into()),
    }
}

/// As [`find`], where a party is needed.
///
/// # Errors
/// Also a problem at field `customer` when neither id nor key is given.
pub async fn need(tx: &mut Tx, ctx: &Ctx, sight: &Sight, id: Option<Id<Party>>, key: Option<&str>) -> Result<Whom> {
    find(tx, ctx, sight, id, key).await?.ok_or_else(|| Problem::new("customer", "input-needed").into())
}

/// The parties of a key: of one that is nobody else's first, then those of a phone or an address, which may be shared.
async fn by_key(tx: &mut Tx, ctx: &Ctx, key: &str) -> Result<Vec<Id<Party>>> {
    // The input does not say which system an ID is of, so it may be of any; of two customers neither is guessed.
    let systems: Vec<(String,)> = tx.all(external_kinds()).await?;
    let (unique, shared) = with_checks(ctx, |checks| {
        let mut unique = Vec::new();
        let mut shared = Vec::new();
        for kind in IdentityKind::ALL {
            let Ok(key) = identity_key("customer", kind, key, None, checks) else { continue };
            if matches!(kind, IdentityKind::Phone | IdentityKind::Email) {
                shared.push(Lookup::Contact { value: key.value.clone() });
            }
            if kind == IdentityKind::External {
                unique.extend(systems.iter().map(|(system,)| Lookup::Key { kind: system.clone().into(), value: key.value.clone() }));
            } else {
                unique.push(Lookup::Key { kind: key.kind, value: key.value });
            }
        }
        (unique, shared)
    })
    .await?;
    let mut found = find_by_keys(tx, unique).await?;
    if found.is_empty() {
        found = find_by_keys(tx, shared).await?;
    }
    let mut parties: Vec<Id<Party>> = found.into_values().flatten().map(|known| known.id).collect();
    parties.sort_unstable();
    parties.dedup();
    Ok(parties)
}
