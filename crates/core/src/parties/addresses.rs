//! Where a party lives and works. One of its addresses is the first; its city is the party's.

use super::check::{FACTS_MAX, NewAddress};
use super::contacts::{PartyActed, finish};
use super::party::{Address, Party, seen_in};
use crate::platform::events::{self, Event};
use crate::platform::text::search_key;
use crate::platform::undo::{self, Inverse};
use crate::{Act, Ctx, Error, Fields, Id, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

const PERM: Perm = Perm(Room::Parties, Act::Change);

row! {
    /// An address as it is stored.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct StoredAddress {
        /// Its id.
        pub id: Id<Address> = "a.id",
        /// What the party calls it.
        pub label: Option<String> = "a.label",
        /// Country.
        pub country: Option<String> = "a.country",
        /// Province.
        pub province: Option<String> = "a.province",
        /// City.
        pub city: Option<String> = "a.city",
        /// Street, alley, number.
        pub line: Option<String> = "a.line",
        /// Postal code.
        pub postal_code: Option<String> = "a.postal_code",
        /// Whether it is the first one.
        pub is_main: bool = "a.is_main",
        /// When it was added.
        pub created_at: Instant = "a.created_at",
    }
}

/// All that a party's addresses say: as it is before an act or after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// The party's city.
    city: Option<String>,
    /// The party's province.
    province: Option<String>,
    /// The addresses in the order of their making.
    addresses: Vec<StoredAddress>,
}

impl Places {
    /// Makes `first`, if given, the only first address, or else the oldest where none is; the party's city follows it.
    fn settle(&mut self, first: Option<Id<Address>>) {
        if let Some(first) = first {
            for address in &mut self.addresses {
                address.is_main = address.id == first;
            }
        } else if !self.addresses.iter().any(|address| address.is_main)
            && let Some(oldest) = self.addresses.first_mut()
        {
            oldest.is_main = true;
        }
        let Some(main) = self.addresses.iter().find(|address| address.is_main && address.city.is_some()) else { return };
        // A province that was noted for another city does not belong to this one.
        if main.province.is_some() || self.city != main.city {
            self.province.clone_from(&main.province);
        }
        self.city.clone_from(&main.city);
    }
}

/// What there is, the party locked so that two acts on it do not each miss the other's.
async fn places(tx: &mut Tx, party: Id<Party>) -> Result<Places> {
    let (city, province) = tx.one(sql("SELECT city, province FROM parties WHERE id = $1 {for_update}").bind(party)).await?;
    let mut query = Sql::select::<StoredAddress>("FROM addresses a WHERE a.party_id = ");
    query.arg(party).push(" ORDER BY a.id");
    Ok(Places { city, province, addresses: tx.all(query).await? })
}

/// Writes what differs.
async fn store(tx: &mut Tx, party: Id<Party>, before: &Places, after: &Places) -> Result<()> {
    let gone: Vec<Id<Address>> =
        before.addresses.iter().map(|address| address.id).filter(|id| !after.addresses.iter().any(|address| address.id == *id)).collect();
    if !gone.is_empty() {
        let mut delete = sql("DELETE FROM addresses WHERE id IN ");
        delete.list_padded(&gone);
        tx.run(delete).await?;
    }
    let rows = after
        .addresses
        .iter()
        .filter(|address| !before.addresses.contains(address))
        .map(|address| {
            vec![
                address.id.to_value(),
                party.to_value(),
                address.label.to_value(),
                address.country.to_value(),
                address.province.to_value(),
                address.city.to_value(),
                address.line.to_value(),
                address.postal_code.to_value(),
                address.is_main.to_value(),
                address.created_at.to_value(),
            ]
        })
        .collect();
    for statement in Sql::inserts(
        "INSERT INTO addresses (id, party_id, label, country, province, city, line, postal_code, is_main, created_at) VALUES ",
        rows,
        " ON CONFLICT (id) DO UPDATE SET label = excluded.label, country = excluded.country, province = excluded.province,
            city = excluded.city, line = excluded.line, postal_code = excluded.postal_code, is_main = excluded.is_main",
    ) {
        tx.run(statement).await?;
    }
    if (&before.city, &before.province) != (&after.city, &after.province) {
        tx.run(
            sql("UPDATE parties SET city = $1, city_key = $2, province = $3 WHERE id = $4")
                .bind(&after.city)
                .bind(after.city.as_deref().map(search_key))
                .bind(&after.province)
                .bind(party),
        )
        .await?;
    }
    Ok(())
}

/// Stores an act with its event and its inverse.
async fn put(
    ctx: &Ctx,
    mut tx: Tx,
    party: Id<Party>,
    before: Places,
    after: Places,
    kind: &'static str,
    about: &StoredAddress,
) -> Result<PartyActed> {
    store(&mut tx, party, &before, &after).await?;
    let data = json!({"city": about.city, "line": about.line});
    events::record(&mut tx, ctx, Event::of_party(kind, party, data).about(about.id)).await?;
    let inverse = Inverse::Addresses { party, before: Box::new(before), after: Box::new(after) };
    let undo = undo::remember(&mut tx, ctx, &inverse).await?;
    Ok(PartyActed { party: finish(ctx, tx, party).await?, undo })
}

/// An address to add, or new facts for one that is there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutAddress {
    /// The party.
    pub id: Id<Party>,
    /// The address to replace; a new one when absent.
    pub address_id: Option<Id<Address>>,
    /// What the party calls it.
    pub label: Option<String>,
    /// Two letters of ISO 3166.
    pub country: Option<String>,
    /// Province.
    pub province: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Street, alley, number.
    pub line: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Whether it is the first one. A party's only address always is. Where this one is not to be it any more, the oldest
    /// of the others takes its place.
    pub is_main: Option<bool>,
}

/// Adds or replaces an address.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Invalid`] for one that is empty or too long, or one too many.
pub async fn put_address(ctx: &Ctx, input: PutAddress) -> Result<PartyActed> {
    let writer = ctx.write(PERM)?;
    let mut fields = Fields::default();
    let given = NewAddress {
        label: input.label,
        country: input.country,
        province: input.province,
        city: input.city,
        line: input.line,
        postal_code: input.postal_code,
        is_main: input.is_main,
    };
    let given = given.checked(&mut fields, "line");
    fields.check()?;
    let Some(given) = given else { return Err(Error::invalid("line", "parties-address-empty")) };
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let before = places(&mut tx, input.id).await?;
    let old = match input.address_id {
        Some(id) => Some(before.addresses.iter().find(|address| address.id == id).ok_or(Error::NotFound("address"))?),
        None if before.addresses.len() >= FACTS_MAX => {
            return Err(Problem::new("line", "parties-too-many").with("max", FACTS_MAX).into());
        }
        None => None,
    };
    let address = StoredAddress {
        id: old.map_or_else(|| ctx.id(), |old| old.id),
        label: given.label,
        country: given.country,
        province: given.province,
        city: given.city,
        line: given.line,
        postal_code: given.postal_code,
        is_main: given.is_main.unwrap_or(old.is_some_and(|old| old.is_main)),
        created_at: old.map_or(ctx.now(), |old| old.created_at),
    };
    let kind = if old.is_some() { "address.changed" } else { "address.added" };
    let mut after = before.clone();
    match after.addresses.iter_mut().find(|there| there.id == address.id) {
        Some(there) => there.clone_from(&address),
        None => after.addresses.push(address.clone()),
    }
    let chosen = if address.is_main {
        Some(address.id)
    } else if old.is_some_and(|old| old.is_main) {
        before.addresses.iter().map(|other| other.id).find(|other| *other != address.id)
    } else {
        None
    };
    after.settle(chosen);
    put(ctx, tx, input.id, before, after, kind, &address).await
}

/// Which address of which party.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressOf {
    /// The party.
    pub id: Id<Party>,
    /// The address.
    pub address_id: Id<Address>,
}

/// Takes an address away. Where it was the first one, the oldest of the others takes its place.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn remove_address(ctx: &Ctx, input: AddressOf) -> Result<PartyActed> {
    let writer = ctx.write(PERM)?;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let before = places(&mut tx, input.id).await?;
    let mut after = before.clone();
    let at = after.addresses.iter().position(|address| address.id == input.address_id).ok_or(Error::NotFound("address"))?;
    let gone = after.addresses.remove(at);
    after.settle(None);
    put(ctx, tx, input.id, before, after, "address.removed", &gone).await
}

/// Puts the addresses of a party back as they were before an act that left them as `after`.
///
/// # Errors
/// [`Error::Conflict`] at `version` when they have changed since; [`Error::NotFound`] out of sight; without the right.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, before: &Places, after: &Places) -> Result<()> {
    let writer = ctx.write(PERM)?;
    seen_in(tx, &writer.sight, party).await?;
    if places(tx, party).await? != *after {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "parties-changed-meanwhile")])));
    }
    store(tx, party, after, before).await?;
    tx.run(sql("UPDATE parties SET version = version + 1, updated_at = $1 WHERE id = $2").bind(ctx.now()).bind(party)).await?;
    events::record(tx, ctx, Event::of_party("address.restored", party, json!({}))).await
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "01920000-0000-7000-8000-000000000000";
    let perm = Some(PERM);
    ops.add("parties.addresses.put", "POST /parties/{id}/addresses", perm, "Adds an address, or replaces one.", put_address)
        .example(|| json!({"id": SOME, "city": "شیراز", "line": "خیابان زند ۱۴"}));
    ops.add("parties.addresses.remove", "DELETE /parties/{id}/addresses/{address_id}", perm, "Takes an address away.", remove_address)
        .example(|| json!({"id": SOME, "address_id": SOME}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::list::{ListParties, list};
    use crate::parties::party::{self, PartyId};
    use crate::platform::undo::RunUndo;
    use crate::testing;

    async fn sara(ctx: &Ctx) -> Id<Party> {
        let new = NewParty {
            name: Some("سارا".into()), city: Some("تهران".into()), province: Some("تهران".into()), ..NewParty::default()
        };
        ctx.run(party::create, new).await.unwrap().id
    }

    fn new(party: Id<Party>, city: &str) -> PutAddress {
        serde_json::from_value(json!({"id": party, "city": city})).unwrap()
    }

    /// City of each address and whether it is the first, then city and province of the party.
    async fn told(ctx: &Ctx, id: Id<Party>) -> (Vec<(String, bool)>, Option<String>, Option<String>) {
        let party = ctx.run(party::get, PartyId { id }).await.unwrap();
        let addresses = party.addresses.iter().map(|address| (address.city.clone().unwrap_or_default(), address.is_main)).collect();
        (addresses, party.city.clone(), party.province.clone())
    }

    fn is(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[tokio::test]
    async fn one_address_is_the_first_and_gives_the_party_its_city() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let first = ctx.run(put_address, PutAddress { is_main: Some(false), ..new(party, "تهران") }).await.unwrap().party.addresses[0].id;
        assert_eq!(told(&ctx, party).await, (vec![("تهران".into(), true)], is("تهران"), is("تهران")));
        ctx.run(put_address, PutAddress { is_main: Some(true), ..new(party, "شیراز") }).await.unwrap();
        assert_eq!(told(&ctx, party).await, (vec![("شیراز".into(), true), ("تهران".into(), false)], is("شیراز"), None));
        let found = ctx.run(list, ListParties { city: is("شيراز"), ..ListParties::default() }).await.unwrap();
        assert_eq!(found.items.len(), 1, "the list finds them by the new city");
        // A change that does not speak of it leaves the first one the first.
        let main = ctx.run(party::get, PartyId { id: party }).await.unwrap().addresses[0].id;
        let change = PutAddress { address_id: Some(main), province: is("فارس"), ..new(party, "مرودشت") };
        ctx.run(put_address, change).await.unwrap();
        assert_eq!(told(&ctx, party).await, (vec![("مرودشت".into(), true), ("تهران".into(), false)], is("مرودشت"), is("فارس")));
        // The oldest one hands it over too.
        let change = |id, is_main, city| PutAddress { address_id: Some(id), is_main: Some(is_main), ..new(party, city) };
        ctx.run(put_address, change(main, false, "مرودشت")).await.unwrap();
        assert_eq!(told(&ctx, party).await.0, [("تهران".into(), true), ("مرودشت".into(), false)]);
        ctx.run(put_address, change(first, false, "تهران")).await.unwrap();
        assert_eq!(told(&ctx, party).await.0, [("مرودشت".into(), true), ("تهران".into(), false)]);
        ctx.run(remove_address, AddressOf { id: party, address_id: main }).await.unwrap();
        assert_eq!(told(&ctx, party).await, (vec![("تهران".into(), true)], is("تهران"), None));
        ctx.run(remove_address, AddressOf { id: party, address_id: first }).await.unwrap();
        assert_eq!(told(&ctx, party).await, (vec![], is("تهران"), None), "that somebody lives in a city is known without a street");
    }

    #[tokio::test]
    async fn what_was_done_to_addresses_is_taken_back_while_nobody_went_on() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let added = ctx.run(put_address, new(party, "قم")).await.unwrap();
        let id = added.party.addresses[0].id;
        let before = told(&ctx, party).await;
        let changed = ctx.run(put_address, PutAddress { address_id: Some(id), line: is("زند ۱۴"), ..new(party, "شیراز") }).await.unwrap();
        assert_eq!(ctx.run(undo::run, RunUndo { id: added.undo }).await.unwrap_err().code(), "conflict");
        ctx.run(undo::run, RunUndo { id: changed.undo }).await.unwrap();
        assert_eq!(told(&ctx, party).await, before);
        let removed = ctx.run(remove_address, AddressOf { id: party, address_id: id }).await.unwrap();
        assert!(removed.party.addresses.is_empty());
        ctx.run(undo::run, RunUndo { id: removed.undo }).await.unwrap();
        let after = ctx.run(party::get, PartyId { id: party }).await.unwrap();
        assert_eq!((after.addresses[0].id, after.addresses[0].is_main), (id, true));
        ctx.run(undo::run, RunUndo { id: added.undo }).await.unwrap();
        assert_eq!(told(&ctx, party).await, (vec![], is("تهران"), is("تهران")));
        let kinds = "SELECT kind FROM events WHERE substr(kind, 1, 8) = 'address.' ORDER BY id";
        let kinds: Vec<(String,)> = ctx.app.db.all(sql(kinds)).await.unwrap();
        assert_eq!(kinds.len(), 6);
    }

    #[tokio::test]
    async fn an_empty_address_another_partys_and_one_too_many_are_refused() {
        let ctx = testing::ctx().await;
        let (party, other) = (sara(&ctx).await, testing::party(&ctx, "رضا").await);
        let field = |error: Error| match error {
            Error::Invalid(fields) => (fields.0[0].field.to_string(), fields.0[0].key.to_string()),
            error => panic!("{error}"),
        };
        let empty = PutAddress { label: is("خانه"), ..new(party, " ") };
        assert_eq!(field(ctx.run(put_address, empty).await.unwrap_err()), ("line".into(), "parties-address-empty".into()));
        let id = ctx.run(put_address, new(party, "قم")).await.unwrap().party.addresses[0].id;
        let stolen = PutAddress { address_id: Some(id), ..new(other, "یزد") };
        assert!(matches!(ctx.run(put_address, stolen).await, Err(Error::NotFound("address"))));
        assert!(matches!(ctx.run(remove_address, AddressOf { id: other, address_id: id }).await, Err(Error::NotFound("address"))));
        for _ in 1..FACTS_MAX {
            ctx.run(put_address, new(party, "قم")).await.unwrap();
        }
        assert_eq!(field(ctx.run(put_address, new(party, "قم")).await.unwrap_err()), ("line".into(), "parties-too-many".into()));
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(agent.run(put_address, new(party, "قم")).await, Err(Error::NotFound("party"))));
    }
}
