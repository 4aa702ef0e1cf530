//! Writing parties and finding them by their keys, many at a time: one spelling for the form and for a file of a million
//! rows.

use super::check::{Channel, CheckedParty, Kind, Role, name_key, names_compatible};
use super::identity::{self, IdentityKind};
use super::party::Party;
use crate::platform::access::{Sight, Unit, User};
use crate::platform::text::search_key;
use crate::{Ctx, Error, Fields, Id, Instant, Problem, Result};
use peyvand_db::{Kind as ValueKind, Sql, ToValue, Tx, Value, row, sql};
use std::borrow::Cow;
use std::collections::HashMap;

/// Text columns of table `parties` that come straight from [`CheckedParty::texts`].
pub const TEXT_COLUMNS: [&str; 19] = [
    "name", "honorific", "first_name", "last_name", "father_name", "gender", "education", "job", "income_band", "province", "city",
    "country", "source", "source_words", "stance", "stance_reason", "preferred_channel", "preferred_hours", "note",
];

/// Takes `count` numbers from a counter (`party`, `purchase`) and gives the first of them.
///
/// # Errors
/// When the database refuses.
pub async fn next_numbers(tx: &mut Tx, counter: &str, count: i64) -> Result<i64> {
    let (last,): (i64,) =
        tx.one(sql("UPDATE counters SET value = value + $1 WHERE name = $2 RETURNING value").bind(count).bind(counter)).await?;
    Ok(last - count + 1)
}

/// A party as it was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its id.
    pub id: Id<Party>,
    /// Its number.
    pub no: i64,
}

/// Writes new parties with all that belongs to them, in a few statements. Owner and unit are taken as they are: absent
/// means nobody's. Names must be there ([`CheckedParty::named`]).
///
/// # Errors
/// [`Error::Conflict`] when a key belongs to another party; find those with [`find_by_keys`] before.
pub async fn insert_parties(tx: &mut Tx, ctx: &Ctx, parties: &[CheckedParty], import: Option<uuid::Uuid>) -> Result<Vec<Written>> {
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    let now = ctx.now();
    let first = next_numbers(tx, "party", parties.len() as i64).await?;
    let written: Vec<Written> = (first..).zip(parties).map(|(no, _)| Written { id: ctx.id(), no }).collect();
    let codes = own_codes(tx, parties, &written).await?;
    let by = ctx.actor.user();

    let rows = written.iter().zip(parties).map(|(at, party)| {
        let name = party.text("name").unwrap_or_default();
        let mut row = vec![
            at.id.to_value(),
            at.no.to_value(),
            party.kind.unwrap_or(Kind::Person).to_value(),
            party.role.unwrap_or(Role::Prospect).to_value(),
            name_key(name).to_value(),
            party.birth_on.flatten().to_value(),
            party.text("city").map(search_key).to_value(),
            party.main(&[Channel::Mobile, Channel::Phone]).to_value(),
            party.main(&[Channel::Email]).to_value(),
            party.owner_id.to_value(),
            party.unit_id.to_value(),
            import.to_value(),
            by.to_value(),
            now.to_value(),
            now.to_value(),
        ];
        row.extend(TEXT_COLUMNS.iter().map(|column| party.text(column).to_value()));
        // The facts that later writes keep.
        row.extend([
            Instant::NEVER.to_value(),
            "".to_value(),
            "".to_value(),
            0_i64.to_value(),
            0_i64.to_value(),
            Instant::NOT_PLANNED.to_value(),
            "".to_value(),
            false.to_value(),
            1_i64.to_value(),
        ]);
        row
    });
    insert(
        tx,
        "INSERT INTO parties (id, no, kind, role, name_key, birth_on, city_key, phone, email, owner_id, unit_id, import_id, created_by,
           created_at, updated_at, name, honorific, first_name, last_name, father_name, gender, education, job, income_band, province, city,
           country, source, source_words, stance, stance_reason, preferred_channel, preferred_hours, note, last_contact_at, first_purchase_on,
           last_purchase_on, purchases, spent_minor, next_follow_up_at, silent_from, rhythm_due, version) VALUES ",
        rows.collect(),
    )
    .await?;
    let search = written.iter().zip(parties).map(|(at, party)| vec![at.no.to_value(), found_by(party).to_value()]);
    insert(tx, "INSERT INTO party_search (rowid, key) VALUES ", search.collect()).await?;
    let roles = written.iter().zip(parties).map(|(at, party)| {
        let role = party.role.unwrap_or(Role::Prospect);
        vec![ctx.id::<()>().to_value(), at.id.to_value(), role.to_value(), party.role_since.unwrap_or_else(|| ctx.today()).to_value()]
    });
    insert(tx, "INSERT INTO party_roles (id, party_id, role, since_on) VALUES ", roles.collect()).await?;

    let mut keys = Vec::new();
    for ((at, party), code) in written.iter().zip(parties).zip(codes) {
        keys.extend(party.keys.iter().map(|key| key_row(key, at.id, now)));
        keys.extend(code.map(|code| {
            let shown = identity::check(IdentityKind::Code, &code, "IR").map_or_else(|_| code.clone(), |checked| checked.display);
            vec!["code".to_value(), code.to_value(), at.id.to_value(), Value::Null(ValueKind::Bytes), shown.to_value(), now.to_value()]
        }));
    }
    insert_keys(tx, keys).await?;
    let every = |party: &CheckedParty| (0..party.contacts.len()).collect::<Vec<_>>();
    let mut contacts = Vec::new();
    let mut addresses = Vec::new();
    let mut tags = Vec::new();
    for (at, party) in written.iter().zip(parties) {
        contacts.extend(contact_rows(ctx, at.id, party, &every(party), &[]));
        addresses.extend(address_rows(ctx, at.id, party));
        tags.extend(party.tags.iter().map(|tag| vec![at.id.to_value(), tag.to_value()]));
    }
    insert_contacts(tx, contacts).await?;
    insert_addresses(tx, addresses).await?;
    insert(tx, "INSERT INTO party_tags (party_id, tag) VALUES ", tags).await?;
    Ok(written)
}

/// Runs an INSERT for any number of rows.
async fn insert(tx: &mut Tx, head: &'static str, rows: Vec<Vec<Value>>) -> peyvand_db::Result<()> {
    for statement in Sql::inserts(head, rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

fn key_row(key: &super::check::CheckedKey, party: Id<Party>, now: Instant) -> Vec<Value> {
    vec![key.kind.to_value(), key.value.to_value(), party.to_value(), key.sealed.to_value(), key.masked.to_value(), now.to_value()]
}

/// Writes rows of identity keys; another writer may have taken one since it was looked up.
async fn insert_keys(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    match insert(tx, "INSERT INTO identity_keys (kind, value, party_id, sealed, masked, created_at) VALUES ", rows).await {
        Err(peyvand_db::Error::Conflict { .. }) => Err(Error::Conflict(Fields(vec![Problem::new("identities", "parties-key-taken")]))),
        outcome => Ok(outcome?),
    }
}

/// Adds identity keys to a party that is there.
pub(super) async fn add_keys(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, keys: &[super::check::CheckedKey]) -> Result<()> {
    insert_keys(tx, keys.iter().map(|key| key_row(key, party, ctx.now())).collect()).await
}

/// Rows of the contact points at `which` positions. The first of a channel is its main one, unless a channel among
/// `has_main` has one already.
pub(super) fn contact_rows(ctx: &Ctx, id: Id<Party>, party: &CheckedParty, which: &[usize], has_main: &[Channel]) -> Vec<Vec<Value>> {
    let mut seen = has_main.to_vec();
    which
        .iter()
        .filter_map(|position| party.contacts.get(*position))
        .map(|contact| {
            let is_main = !seen.contains(&contact.channel);
            seen.push(contact.channel);
            let asked = contact.consent != super::check::Consent::Unknown;
            vec![
                ctx.id::<()>().to_value(),
                id.to_value(),
                contact.channel.to_value(),
                contact.value.to_value(),
                contact.label.to_value(),
                is_main.to_value(),
                contact.consent.to_value(),
                asked.then(|| ctx.now()).to_value(),
                contact.consent_how.to_value(),
                ctx.now().to_value(),
            ]
        })
        .collect()
}

pub(super) async fn insert_contacts(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    let head =
        "INSERT INTO contact_points (id, party_id, channel, value, label, is_main, consent, consent_at, consent_how, created_at) VALUES ";
    Ok(insert(tx, head, rows).await?)
}

pub(super) fn address_rows(ctx: &Ctx, id: Id<Party>, party: &CheckedParty) -> Vec<Vec<Value>> {
    party
        .addresses
        .iter()
        .enumerate()
        .map(|(position, address)| {
            vec![
                ctx.id::<()>().to_value(),
                id.to_value(),
                address.label.to_value(),
                address.country.to_value(),
                address.province.to_value(),
                address.city.to_value(),
                address.line.to_value(),
                address.postal_code.to_value(),
                address.is_main.unwrap_or(position == 0).to_value(),
                ctx.now().to_value(),
            ]
        })
        .collect()
}

pub(super) async fn insert_addresses(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    let head = "INSERT INTO addresses (id, party_id, label, country, province, city, line, postal_code, is_main, created_at) VALUES ";
    Ok(insert(tx, head, rows).await?)
}

/// What a party is found by: its folded name, and its folded parts where they read otherwise.
#[must_use]
pub fn found_by(party: &CheckedParty) -> String {
    search_text(party.text("name").unwrap_or_default(), party.text("first_name"), party.text("last_name"))
}

/// See [`found_by`].
#[must_use]
pub fn search_text(name: &str, first: Option<&str>, last: Option<&str>) -> String {
    let mut key = search_key(name);
    for part in [first, last].into_iter().flatten().map(search_key) {
        if !key.contains(&part) {
            key.push(' ');
            key.push_str(&part);
        }
    }
    key
}

/// The own code of each party that was given none: made of its number, or of a further number where a shop's own code
/// happens to be the same.
async fn own_codes(tx: &mut Tx, parties: &[CheckedParty], written: &[Written]) -> Result<Vec<Option<String>>> {
    let mut codes: Vec<Option<String>> = written
        .iter()
        .zip(parties)
        .map(|(at, party)| party.keys.iter().all(|key| key.kind != "code").then(|| identity::code_with_check(at.no.unsigned_abs())))
        .collect();
    loop {
        let mut query = sql("SELECT value FROM identity_keys WHERE kind = 'code' AND value IN ");
        query.list_padded(&codes.iter().flatten().collect::<Vec<_>>());
        let given = parties.iter().flat_map(|party| &party.keys).filter(|key| key.kind == "code").map(|key| key.value.clone());
        let mut taken: Vec<String> = tx.all::<(String,)>(query).await?.into_iter().map(|(code,)| code).chain(given).collect();
        taken.retain(|code| codes.iter().flatten().any(|own| own == code));
        if taken.is_empty() {
            return Ok(codes);
        }
        let mut number = next_numbers(tx, "party", taken.len() as i64).await?;
        for code in codes.iter_mut().flatten().filter(|code| taken.contains(code)) {
            *code = identity::code_with_check(number.unsigned_abs());
            number += 1;
        }
    }
}

/// What a party may be found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// A key that belongs to one party only: stored kind and stored value.
    Key {
        /// `ir_national_id`, `code`, `external:shop` …
        kind: Cow<'static, str>,
        /// Normalised value or its keyed hash.
        value: String,
    },
    /// A phone in E.164 or an e-mail; several parties may share it.
    Contact {
        /// Normalised value.
        value: String,
    },
}

row! {
    /// A party that a look-up found.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Known {
        /// Its id.
        pub id: Id<Party> = "p.id",
        /// Its name.
        pub name: String = "p.name",
        /// Who looks after it.
        pub owner_id: Option<Id<User>> = "p.owner_id",
        /// Its unit.
        pub unit_id: Option<Id<Unit>> = "p.unit_id",
        /// Its version.
        pub version: i64 = "p.version",
        /// When it was archived.
        pub archived_at: Option<Instant> = "p.archived_at",
        kind: String = "k.kind",
        value: String = "k.value",
    }
}

impl Known {
    /// Whether the actor with this sight may see it.
    #[must_use]
    pub fn is_seen(&self, sight: &Sight) -> bool {
        match sight {
            Sight::All => true,
            Sight::Units { units, user } => self.owner_id == Some(*user) || self.unit_id.is_some_and(|unit| units.contains(&unit)),
            Sight::Own(user) => self.owner_id == Some(*user),
        }
    }
}

/// Values of one look-up statement; a power of two, because lists are padded to one.
const LOOKUPS: usize = 4_096;

/// The parties behind each look-up, in one statement per kind of key. A key gives at most one, a phone or e-mail all
/// that share it. `CROSS JOIN` makes SQLite start from the keys: while its statistics know few parties, it would walk
/// through all of them.
///
/// # Errors
/// When the database refuses.
pub async fn find_by_keys(tx: &mut Tx, lookups: impl IntoIterator<Item = Lookup>) -> Result<HashMap<Lookup, Vec<Known>>> {
    let mut keys: HashMap<Cow<'static, str>, Vec<String>> = HashMap::new();
    let mut contacts: Vec<String> = Vec::new();
    for lookup in lookups {
        match lookup {
            Lookup::Key { kind, value } => keys.entry(kind).or_default().push(value),
            Lookup::Contact { value } => contacts.push(value),
        }
    }
    let mut found: HashMap<Lookup, Vec<Known>> = HashMap::new();
    for (kind, mut values) in keys {
        values.sort_unstable();
        values.dedup();
        for some in values.chunks(LOOKUPS) {
            let mut query = Sql::select::<Known>(
                "FROM identity_keys k CROSS JOIN parties p WHERE p.id = k.party_id AND p.merged_into IS NULL AND k.kind = ",
            );
            query.arg(&kind).push(" AND k.value IN ").list_padded(some);
            for known in tx.all::<Known>(query).await? {
                found.entry(Lookup::Key { kind: Cow::Owned(known.kind.clone()), value: known.value.clone() }).or_default().push(known);
            }
        }
    }
    contacts.sort_unstable();
    contacts.dedup();
    for some in contacts.chunks(LOOKUPS) {
        let mut query = Sql::select::<Known>("FROM (SELECT party_id, value, channel AS kind FROM contact_points WHERE value IN ");
        query.list_padded(some).push(") k CROSS JOIN parties p WHERE p.id = k.party_id AND p.merged_into IS NULL ORDER BY p.id");
        for known in tx.all::<Known>(query).await? {
            let of_value = found.entry(Lookup::Contact { value: known.value.clone() }).or_default();
            // The same number as mobile and as WhatsApp is one.
            if of_value.iter().all(|other| other.id != known.id) {
                of_value.push(known);
            }
        }
    }
    Ok(found)
}

/// Systems whose IDs are looked through where nobody says which one is meant.
const SYSTEMS_MAX: i64 = 20;

/// Statement for the kinds under which IDs of other systems are stored, from kind to kind by the index and without
/// reading the keys of each. The kind without a system is always among them.
#[must_use]
pub fn external_kinds() -> Sql {
    let mut query = sql("WITH RECURSIVE systems (kind) AS (
           SELECT COALESCE(min(kind), 'external') FROM identity_keys WHERE kind = 'external'
           UNION ALL
           SELECT (SELECT min(k.kind) FROM identity_keys k WHERE k.kind > systems.kind AND k.kind < 'external;') FROM systems
           WHERE systems.kind IS NOT NULL)
         SELECT kind FROM systems WHERE kind IS NOT NULL LIMIT ");
    query.arg(SYSTEMS_MAX);
    query
}

/// Everything that a party may be found by, the surest first.
#[must_use]
pub fn lookups_of(party: &CheckedParty) -> Vec<Lookup> {
    let keys = party.keys.iter().map(|key| Lookup::Key { kind: key.kind.clone(), value: key.value.clone() });
    let contacts = party
        .contacts
        .iter()
        .filter(|contact| matches!(contact.channel, Channel::Mobile | Channel::Phone | Channel::Email))
        .map(|contact| Lookup::Contact { value: contact.value.clone() });
    keys.chain(contacts).collect()
}

/// Who a party turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Match {
    /// Nobody that is known.
    Nobody,
    /// This one.
    One(Box<Known>),
    /// Its keys belong to different parties; the fields of the keys.
    Several(Vec<&'static str>),
}

/// Who a party is, from what [`find_by_keys`] gave for its [`lookups_of`]. A key decides; without one, a phone or e-mail
/// does, when of those who share it exactly one has a name that may be the same.
#[must_use]
pub fn matching(party: &CheckedParty, found: &HashMap<Lookup, Vec<Known>>) -> Match {
    let mut by_key: Vec<(&'static str, &Known)> = Vec::new();
    for key in &party.keys {
        let lookup = Lookup::Key { kind: key.kind.clone(), value: key.value.clone() };
        by_key.extend(found.get(&lookup).into_iter().flatten().map(|known| (key.field, known)));
    }
    if let Some((_, first)) = by_key.first() {
        if by_key.iter().all(|(_, known)| known.id == first.id) {
            return Match::One(Box::new((*first).clone()));
        }
        return Match::Several(by_key.iter().map(|(field, _)| *field).collect());
    }
    let name = party
        .text("name")
        .map(Cow::Borrowed)
        .or_else(|| super::check::full_name(party.text("first_name"), party.text("last_name")).map(Cow::Owned));
    let name = name.unwrap_or_default();
    for contact in &party.contacts {
        let sharing = found.get(&Lookup::Contact { value: contact.value.clone() }).into_iter().flatten();
        let alike: Vec<&Known> = sharing.filter(|known| names_compatible(&name, &known.name)).collect();
        // Where several share the number and any of them may be meant, only the very same name decides.
        let same = || alike.iter().find(|known| search_key(&known.name) == search_key(&name));
        let known = if alike.len() == 1 { alike.first() } else { same() };
        if let Some(known) = known {
            return Match::One(Box::new((*known).clone()));
        }
    }
    Match::Nobody
}
