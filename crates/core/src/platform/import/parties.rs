//! Stores rows of a party file: who is there is found by any key and filled in, who is not is added.

use super::engine::{Fate, Gained, Parsed, Run, lock, rejected};
use super::plan::{Item, Mode};
use crate::parties::Party;
use crate::parties::check::{CheckedParty, Consent, NewAddress, full_name, name_key, names_compatible};
use crate::parties::party::{PARTY_FROM, PartyRow, changes, update_party};
use crate::parties::write::{Known, Lookup, Match, find_by_keys, insert_parties, lookups_of, matching};
use crate::platform::events::{self, Event};
use crate::{Ctx, Error, Instant, Problem, Result, Sight};
use data_encoding::BASE64;
use peyvand_db::{Id, Sql, Tx, sql};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Stores the rows of a batch and tells what became of each.
pub(super) async fn store(tx: &mut Tx, ctx: &Ctx, run: &Run, rows: &[Parsed], gained: &mut Gained) -> Result<Vec<Fate>> {
    let mut fates: Vec<Option<Fate>> = vec![None; rows.len()];
    let mut open: Vec<(usize, &CheckedParty)> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        match &row.item {
            Ok(Item::Party(party)) => open.push((at, party)),
            Ok(_) => {}
            Err(problems) => fates[at] = Some(Fate::Rejected(problems.clone())),
        }
    }
    while !open.is_empty() {
        open = wave(tx, ctx, run, open, &mut fates, gained).await?;
    }
    // Every row was in some wave.
    Ok(fates.into_iter().map(|fate| fate.unwrap_or(Fate::Unchanged)).collect())
}

/// Stores those rows that have nothing to do with each other, and gives back those that must find what these wrote.
async fn wave<'a>(
    tx: &mut Tx,
    ctx: &Ctx,
    run: &Run,
    rows: Vec<(usize, &'a CheckedParty)>,
    fates: &mut [Option<Fate>],
    gained: &mut Gained,
) -> Result<Vec<(usize, &'a CheckedParty)>> {
    let (mut now, mut later) = apart(rows);
    let found = find_by_keys(tx, now.iter().flat_map(|(_, _, lookups)| lookups.iter().cloned())).await?;
    let mut there: Vec<(usize, &CheckedParty, Known, bool)> = Vec::new();
    let mut new: Vec<(usize, &CheckedParty)> = Vec::new();
    let mut touched: HashSet<Id<Party>> = HashSet::new();
    for (at, party, _) in now.drain(..) {
        match matching(party, &found) {
            Match::Nobody => new.push((at, party)),
            Match::Several(fields) => {
                let mut fields = fields;
                fields.dedup();
                fates[at] = Some(Fate::Rejected(fields.into_iter().map(|field| Problem::new(field, "import-two-parties")).collect()));
            }
            Match::One(known) if !known.is_seen(&run.sight) => fates[at] = Some(rejected("", "import-party-out-of-sight")),
            Match::One(_) if run.mode == Mode::Create => fates[at] = Some(Fate::Unchanged),
            Match::One(known) if !touched.insert(known.id) => later.push((at, party)),
            Match::One(known) => {
                let by_key =
                    party.keys.iter().any(|key| found.contains_key(&Lookup::Key { kind: key.kind.clone(), value: key.value.clone() }));
                there.push((at, party, *known, by_key));
            }
        }
    }
    let mut stored = Stored::read(tx, there.iter().map(|(_, _, known, _)| known.id)).await?;
    for (at, party, known, by_key) in there {
        let Some(row) = stored.rows.remove(&known.id) else { continue };
        // Who shares a phone and a name but has another number of the state is somebody else.
        if !by_key && stored.contradicts(row.id, party) {
            new.push((at, party));
            continue;
        }
        let is_spoken = gained.spoken.contains(&row.id) || lock(&run.spoken).contains(&row.id);
        gained.spoken.push(row.id);
        let party = if is_spoken { Cow::Owned(stored.missing(&row, party)) } else { Cow::Borrowed(party) };
        fates[at] = Some(fill_in(tx, ctx, run, &row, &stored, &party).await?);
    }
    let twins = Twins::of(tx, &new).await?;
    let mut writing = Vec::with_capacity(new.len());
    let mut places = Vec::with_capacity(new.len());
    for (at, party) in new {
        if twins.have(party) {
            fates[at] = Some(Fate::Unchanged);
            continue;
        }
        if run.mode == Mode::Update {
            fates[at] = Some(rejected("", "import-party-not-there"));
            continue;
        }
        match placed(run, party.clone()).and_then(|party| party.named().map_err(|problems| problems.0)) {
            Ok(party) => {
                places.push(at);
                writing.push(party);
            }
            Err(problems) => fates[at] = Some(Fate::Rejected(problems)),
        }
    }
    let written = insert_parties(tx, ctx, &writing, Some(run.id.0)).await?;
    gained.spoken.extend(written.iter().map(|party| party.id));
    for at in places {
        fates[at] = Some(Fate::Created);
    }
    Ok(later)
}

/// Most parties read for the rows of a wave that carry no key: frequent names must not read the whole table.
const TWINS_MAX: i64 = 2000;

/// Parties of the names of rows that carry no key, phone or e-mail. Such a row cannot be told from one that says no more
/// than what is there already, so it is taken for the same: else the same file twice would double them.
struct Twins {
    by_name: HashMap<String, Vec<Id<Party>>>,
    stored: Stored,
}

impl Twins {
    async fn of(tx: &mut Tx, rows: &[(usize, &CheckedParty)]) -> Result<Twins> {
        let names: Vec<String> =
            rows.iter().filter(|(_, party)| lookups_of(party).is_empty()).map(|(_, party)| name_key(&name_of(party))).collect();
        let mut twins = Twins { by_name: HashMap::new(), stored: Stored::default() };
        if names.is_empty() {
            return Ok(twins);
        }
        let mut query = sql("SELECT name_key, id FROM parties WHERE name_key IN ");
        query.list_padded(&names).push(" LIMIT ").arg(TWINS_MAX);
        let found: Vec<(String, Id<Party>)> = tx.all(query).await?;
        twins.stored = Stored::read(tx, found.iter().map(|(_, id)| *id)).await?;
        for (name, id) in found {
            twins.by_name.entry(name).or_default().push(id);
        }
        Ok(twins)
    }

    fn have(&self, party: &CheckedParty) -> bool {
        if self.by_name.is_empty() || !lookups_of(party).is_empty() {
            return false;
        }
        let alike = self.by_name.get(&name_key(&name_of(party))).into_iter().flatten();
        alike.filter_map(|id| self.stored.rows.get(id)).any(|row| {
            changes(row, party).is_empty()
                && party.addresses.iter().all(|address| self.stored.has_address(row.id, address))
                && party.tags.iter().all(|tag| self.stored.has_tag(row.id, tag))
        })
    }
}

type Row<'a> = (usize, &'a CheckedParty, Vec<Lookup>);

/// Rows that can be stored side by side, and those that share a key, or a phone and a name, with one of them.
fn apart(rows: Vec<(usize, &CheckedParty)>) -> (Vec<Row<'_>>, Vec<(usize, &CheckedParty)>) {
    let mut taken: HashMap<Lookup, Vec<String>> = HashMap::new();
    let (mut now, mut later) = (Vec::with_capacity(rows.len()), Vec::new());
    for (at, party) in rows {
        let mut lookups = lookups_of(party);
        let name = name_of(party);
        if lookups.is_empty() {
            lookups.push(Lookup::Key { kind: "name".into(), value: name_key(&name) });
        }
        let meets = lookups.iter().any(|lookup| match (lookup, taken.get(lookup)) {
            (_, None) => false,
            (Lookup::Key { .. }, Some(_)) => true,
            (Lookup::Contact { .. }, Some(names)) => names.iter().any(|other| names_compatible(&name, other)),
        });
        if meets {
            later.push((at, party));
        } else {
            for lookup in &lookups {
                taken.entry(lookup.clone()).or_default().push(name.clone());
            }
            now.push((at, party, lookups));
        }
    }
    (now, later)
}

fn name_of(party: &CheckedParty) -> String {
    let made = || full_name(party.text("first_name"), party.text("last_name"));
    party.text("name").map(str::to_owned).or_else(made).unwrap_or_default()
}

/// Gives a new party its owner and unit within the reach of who brings the file.
fn placed(run: &Run, mut party: CheckedParty) -> Result<CheckedParty, Vec<Problem>> {
    party.unit_id = party.unit_id.or(run.unit);
    let within = match &run.sight {
        Sight::All => true,
        Sight::Units { units, user } => party.owner_id == Some(*user) || party.unit_id.is_some_and(|unit| units.contains(&unit)),
        Sight::Own(user) => *party.owner_id.get_or_insert(*user) == *user,
    };
    if within { Ok(party) } else { Err(vec![Problem::new("owner", "parties-owner-out-of-reach")]) }
}

/// What is stored of the parties of a wave.
#[derive(Default)]
struct Stored {
    rows: HashMap<Id<Party>, PartyRow>,
    keys: HashMap<Id<Party>, Vec<StoredKey>>,
    contacts: HashMap<Id<Party>, Vec<(uuid::Uuid, String, String, Consent)>>,
    addresses: HashMap<Id<Party>, Vec<(uuid::Uuid, Option<String>, Option<String>, Option<String>)>>,
    tags: HashMap<Id<Party>, Vec<String>>,
}

struct StoredKey {
    kind: String,
    value: String,
    sealed: Option<Vec<u8>>,
    masked: String,
    created_at: Instant,
}

impl Stored {
    async fn read(tx: &mut Tx, ids: impl Iterator<Item = Id<Party>>) -> Result<Stored> {
        let ids: Vec<Id<Party>> = ids.collect();
        let mut stored = Stored::default();
        if ids.is_empty() {
            return Ok(stored);
        }
        let mut query = Sql::select::<PartyRow>(PARTY_FROM);
        query.push("p.id IN ").list_padded(&ids);
        stored.rows = tx.all::<PartyRow>(query).await?.into_iter().map(|row| (row.id, row)).collect();
        let mut query = sql("SELECT party_id, kind, value, sealed, masked, created_at FROM identity_keys WHERE party_id IN ");
        query.list_padded(&ids);
        for (party, kind, value, sealed, masked, created_at) in
            tx.all::<(Id<Party>, String, String, Option<Vec<u8>>, String, Instant)>(query).await?
        {
            stored.keys.entry(party).or_default().push(StoredKey { kind, value, sealed, masked, created_at });
        }
        let mut query = sql("SELECT party_id, id, channel, value, consent FROM contact_points WHERE party_id IN ");
        query.list_padded(&ids);
        for (party, id, channel, value, consent) in tx.all::<(Id<Party>, uuid::Uuid, String, String, Consent)>(query).await? {
            stored.contacts.entry(party).or_default().push((id, channel, value, consent));
        }
        let mut query = sql("SELECT party_id, id, city, line, postal_code FROM addresses WHERE party_id IN ");
        query.list_padded(&ids);
        for (party, id, city, line, code) in
            tx.all::<(Id<Party>, uuid::Uuid, Option<String>, Option<String>, Option<String>)>(query).await?
        {
            stored.addresses.entry(party).or_default().push((id, city, line, code));
        }
        let mut query = sql("SELECT party_id, tag FROM party_tags WHERE party_id IN ");
        query.list_padded(&ids);
        for (party, tag) in tx.all::<(Id<Party>, String)>(query).await? {
            stored.tags.entry(party).or_default().push(tag);
        }
        Ok(stored)
    }

    fn contradicts(&self, id: Id<Party>, party: &CheckedParty) -> bool {
        let keys = self.keys.get(&id).map(Vec::as_slice).unwrap_or_default();
        party
            .keys
            .iter()
            .filter(|key| !key.kind.starts_with("external"))
            .any(|key| keys.iter().any(|stored| stored.kind == key.kind && stored.value != key.value))
    }

    /// What a row says beyond what is stored: nothing that is there is replaced.
    fn missing(&self, row: &PartyRow, party: &CheckedParty) -> CheckedParty {
        let stored = serde_json::to_value(row).unwrap_or_default();
        let is_empty = |column: &str| stored.get(column).is_none_or(Value::is_null);
        let mut party = party.clone();
        let has_kind = |kind: &str| self.keys.get(&row.id).is_some_and(|keys| keys.iter().any(|key| key.kind == kind));
        party.texts.retain(|(column, _)| is_empty(column));
        // The name is made of these, so they stand or fall with it.
        party.texts.retain(|(column, _)| !matches!(*column, "first_name" | "last_name"));
        party.keys.retain(|key| key.kind.starts_with("external") || !has_kind(&key.kind));
        party.birth_on = party.birth_on.filter(|_| row.birth_on.is_none());
        (party.kind, party.role) = (None, None);
        party.owner_id = party.owner_id.filter(|_| row.owner_id.is_none());
        party.unit_id = party.unit_id.filter(|_| row.unit_id.is_none());
        for contact in &mut party.contacts {
            contact.consent = Consent::Unknown;
        }
        party
    }

    fn has_key(&self, id: Id<Party>, kind: &str, value: &str) -> bool {
        self.keys.get(&id).is_some_and(|keys| keys.iter().any(|key| key.kind == kind && key.value == value))
    }

    fn consent(&self, id: Id<Party>, channel: &str, value: &str) -> Option<Consent> {
        let contacts = self.contacts.get(&id)?;
        contacts.iter().find(|(_, of, known, _)| of == channel && known == value).map(|(.., consent)| *consent)
    }

    fn has_address(&self, id: Id<Party>, address: &NewAddress) -> bool {
        self.addresses.get(&id).is_some_and(|known| {
            known.iter().any(|(_, city, line, code)| {
                *line == address.line && *code == address.postal_code && (*city == address.city || address.city.is_none())
            })
        })
    }

    fn has_tag(&self, id: Id<Party>, tag: &String) -> bool {
        self.tags.get(&id).is_some_and(|tags| tags.contains(tag))
    }
}

/// Puts what a row says on a party that is there, and keeps what was before.
async fn fill_in(tx: &mut Tx, ctx: &Ctx, run: &Run, row: &PartyRow, stored: &Stored, party: &CheckedParty) -> Result<Fate> {
    let id = row.id;
    if let Some(owner) = party.owner_id.filter(|owner| Some(*owner) != row.owner_id)
        && let Err(problems) = placed(run, CheckedParty { owner_id: Some(owner), unit_id: party.unit_id, ..CheckedParty::default() })
    {
        return Ok(Fate::Rejected(problems));
    }
    let columns = changes(row, party);
    let has_keys = party.keys.iter().all(|key| stored.has_key(id, &key.kind, &key.value));
    let has_contacts = party.contacts.iter().all(|contact| stored.consent(id, contact.channel.as_str(), &contact.value).is_some());
    let has_addresses = party.addresses.iter().all(|address| stored.has_address(id, address));
    let has_tags = party.tags.iter().all(|tag| stored.has_tag(id, tag));
    let consents: Vec<_> = (party.contacts.iter())
        .filter(|contact| contact.consent != Consent::Unknown)
        .filter_map(|contact| Some((contact, stored.consent(id, contact.channel.as_str(), &contact.value)?)))
        .filter(|(contact, before)| contact.consent != *before)
        .collect();
    if columns.is_empty() && has_keys && has_contacts && has_addresses && has_tags && consents.is_empty() {
        return Ok(Fate::Unchanged);
    }

    let before_row = serde_json::to_value(row).map_err(Error::fault)?;
    let mut before = Map::new();
    let mut old = Map::new();
    for (column, _) in &columns {
        old.insert((*column).to_owned(), before_row.get(*column).cloned().unwrap_or(Value::Null));
    }
    if !has_contacts {
        old.insert("phone".to_owned(), json!(row.phone));
        old.insert("email".to_owned(), json!(row.email));
        let ids: Vec<_> = stored.contacts.get(&id).into_iter().flatten().map(|(contact, ..)| contact).collect();
        before.insert("contacts".to_owned(), json!(ids));
    }
    before.insert("columns".to_owned(), Value::Object(old));
    if !has_keys {
        let keys: Vec<Value> = (stored.keys.get(&id).into_iter().flatten())
            .map(|key| json!({"kind": key.kind, "value": key.value, "sealed": key.sealed.as_ref().map(|sealed| BASE64.encode(sealed)), "masked": key.masked, "created_at": key.created_at.0}))
            .collect();
        before.insert("keys".to_owned(), json!(keys));
    }
    if !has_addresses {
        let ids: Vec<_> = stored.addresses.get(&id).into_iter().flatten().map(|(address, ..)| address).collect();
        before.insert("addresses".to_owned(), json!(ids));
    }
    if !has_tags {
        before.insert("tags".to_owned(), json!(stored.tags.get(&id).cloned().unwrap_or_default()));
    }
    if !consents.is_empty() {
        let list: Vec<Value> = consents.iter().map(|(contact, before)| json!([contact.channel, contact.value, before])).collect();
        before.insert("consents".to_owned(), json!(list));
    }

    let mut changed = update_party(tx, ctx, row, party).await?;
    for (contact, _) in &consents {
        tx.run(
            sql("UPDATE contact_points SET consent = $1, consent_at = $2 WHERE party_id = $3 AND channel = $4 AND value = $5")
                .bind(contact.consent)
                .bind(ctx.now())
                .bind(id)
                .bind(contact.channel)
                .bind(&contact.value),
        )
        .await?;
        changed.push("consent".to_owned());
    }
    if changed.len() == consents.len() && !consents.is_empty() {
        // Nothing else changed, so nothing counted the version up.
        tx.run(sql("UPDATE parties SET version = version + 1, updated_at = $1 WHERE id = $2").bind(ctx.now()).bind(id)).await?;
    }
    changed.dedup();
    tx.run(
        sql("INSERT INTO import_changes (id, import_id, party_id, version_after, before) VALUES ($1, $2, $3, $4, $5)")
            .bind(ctx.id::<()>())
            .bind(run.id)
            .bind(id)
            .bind(row.version + 1)
            .bind(Value::Object(before)),
    )
    .await?;
    events::record(tx, ctx, Event::of_party("party.changed", id, json!({"fields": changed, "import": run.id})).about(run.id)).await?;
    Ok(Fate::Updated)
}
