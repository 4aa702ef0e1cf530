//! Changing a party: its columns, its role, whether it is archived.

use super::create::{placed, refuse_taken};
use super::{FACTS, Fact, Party, PartyId, PartyRow, seen, seen_in, whole};
use crate::parties::check::{Channel, CheckedParty, NewAddress, PartyChange, Role, Stance, full_name, name_key, with_checks};
use crate::parties::write::{self, TEXT_COLUMNS};
use crate::platform::access::Sight;
use crate::platform::events::{self, Event};
use crate::platform::text::search_key;
use crate::{Act, Ctx, Day, Error, Fields, Id, Perm, Problem, Result, Room};
use peyvand_db::{ToValue, Tx, Value, sql};
use serde_json::json;

/// Changes a party.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] at `version` when somebody changed it meanwhile, at a key that
/// belongs to another party; [`Error::Invalid`] with each problem at its field.
pub async fn update(ctx: &Ctx, change: PartyChange) -> Result<Party> {
    let writer = ctx.write(Perm(Room::Parties, Act::Change))?;
    let (id, version) = (change.id, change.version);
    let facts = change.facts();
    let checked = with_checks(ctx, |checks| facts.checked(checks)).await?.map_err(Error::Invalid)?;
    let mut tx = writer.begin().await?;
    let row = seen_in(&mut tx, &writer.sight, id).await?;
    if row.version != version {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "parties-changed-meanwhile")])));
    }
    refuse_taken(&mut tx, &writer.sight, Some(id), &checked).await?;
    let checked = if checked.owner_id.is_some() || checked.unit_id.is_some() {
        let mut checked = checked;
        checked.owner_id = checked.owner_id.or(row.owner_id);
        placed(&mut tx, ctx, &writer.sight, checked).await?
    } else {
        checked
    };
    let changed = update_party(&mut tx, ctx, &row, &checked).await?;
    if !changed.is_empty() {
        events::record(&mut tx, ctx, Event::of_party("party.changed", id, json!({"fields": changed}))).await?;
        if let Some((stance, reason)) = checked.text("stance").zip(checked.text("stance_reason"))
            && row.stance.map(Stance::as_str) != Some(stance)
        {
            let data = json!({"from": row.stance, "to": stance, "reason": reason});
            events::record(&mut tx, ctx, Event::of_party("party.stance_changed", id, data)).await?;
        }
    }
    tx.commit().await?;
    let row = seen(&ctx.app.db, &Sight::All, id).await?;
    whole(ctx, row).await
}

/// The columns of a stored party that checked facts would change, with their new values.
#[must_use]
pub fn changes(row: &PartyRow, party: &CheckedParty) -> Vec<(&'static str, Value)> {
    let stored = |column: &str| -> Option<&str> {
        match column {
            "name" => Some(&row.name),
            "honorific" => row.honorific.as_deref(),
            "first_name" => row.first_name.as_deref(),
            "last_name" => row.last_name.as_deref(),
            "father_name" => row.father_name.as_deref(),
            "gender" => row.gender.as_deref(),
            "education" => row.education.as_deref(),
            "job" => row.job.as_deref(),
            "income_band" => row.income_band.as_deref(),
            "province" => row.province.as_deref(),
            "city" => row.city.as_deref(),
            "country" => row.country.as_deref(),
            "source" => row.source.as_deref(),
            "source_words" => row.source_words.as_deref(),
            "stance" => row.stance.map(Stance::as_str),
            "stance_reason" => row.stance_reason.as_deref(),
            "preferred_channel" => row.preferred_channel.map(Channel::as_str),
            "preferred_hours" => row.preferred_hours.as_deref(),
            "note" => row.note.as_deref(),
            _ => None,
        }
    };
    let mut out: Vec<(&'static str, Value)> = Vec::new();
    for column in TEXT_COLUMNS {
        if party.has(column) && column != "name" && party.text(column) != stored(column) {
            out.push((column, party.text(column).to_value()));
            if column == "city" {
                out.push(("city_key", party.text(column).map(search_key).to_value()));
            }
        }
    }
    // A name that was made of its parts follows them.
    let part = |column: &str, old: &Option<String>| if party.has(column) { party.text(column).map(str::to_owned) } else { old.clone() };
    let made = full_name(row.first_name.as_deref(), row.last_name.as_deref());
    let name = match party.text("name") {
        Some(name) => Some(name.to_owned()),
        None if made.as_deref() == Some(&row.name) => {
            full_name(part("first_name", &row.first_name).as_deref(), part("last_name", &row.last_name).as_deref())
        }
        None => None,
    };
    if let Some(name) = name.filter(|name| *name != row.name) {
        out.push(("name_key", name_key(&name).to_value()));
        out.push(("name", name.to_value()));
    }
    if let Some(born) = party.birth_on.filter(|born| *born != row.birth_on) {
        out.push(("birth_on", born.to_value()));
    }
    if let Some(kind) = party.kind.filter(|kind| *kind != row.kind) {
        out.push(("kind", kind.to_value()));
    }
    if let Some(role) = party.role.filter(|role| *role != row.role) {
        out.push(("role", role.to_value()));
    }
    if party.owner_id.is_some() && party.owner_id != row.owner_id {
        out.push(("owner_id", party.owner_id.to_value()));
    }
    if party.unit_id.is_some() && party.unit_id != row.unit_id {
        out.push(("unit_id", party.unit_id.to_value()));
    }
    out
}

/// Puts checked facts on a stored party: columns that differ, and keys, contact points, addresses and tags that are not
/// there yet. Gives the names of what changed; nothing is written when nothing differs.
///
/// # Errors
/// When the database refuses.
pub async fn update_party(tx: &mut Tx, ctx: &Ctx, row: &PartyRow, party: &CheckedParty) -> Result<Vec<String>> {
    let id = row.id;
    let mut columns = changes(row, party);
    let mut changed: Vec<String> = columns.iter().filter(|(name, _)| !name.ends_with("_key")).map(|(name, _)| (*name).to_owned()).collect();

    let here: Vec<Fact> = tx.all(sql(FACTS).bind(id)).await?;
    let has = |part: i64, a: &str, b: &str| {
        here.iter().any(|fact| fact.part == part && fact.a.as_deref() == Some(a) && fact.b.as_deref() == Some(b))
    };
    let keys: Vec<(String, String)> = tx.all(sql("SELECT kind, value FROM identity_keys WHERE party_id = $1").bind(id)).await?;
    let fresh: Vec<_> =
        party.keys.iter().filter(|key| !keys.iter().any(|(kind, value)| *kind == key.kind && *value == key.value)).cloned().collect();
    if !fresh.is_empty() {
        for key in &fresh {
            // A party has one number of each kind, so a new one takes the place of the old; of other systems any number.
            if !key.kind.starts_with("external") {
                tx.run(sql("DELETE FROM identity_keys WHERE party_id = $1 AND kind = $2 AND former_by IS NULL").bind(id).bind(&key.kind))
                    .await?;
            }
            changed.push(key.kind.to_string());
        }
        write::add_keys(tx, ctx, id, &fresh).await?;
    }
    let contacts: Vec<usize> =
        (0..party.contacts.len()).filter(|at| !has(1, party.contacts[*at].channel.as_str(), &party.contacts[*at].value)).collect();
    if !contacts.is_empty() {
        let mains: Vec<Channel> =
            here.iter().filter(|fact| fact.part == 1 && fact.flag).filter_map(|fact| fact.a.as_deref()?.parse().ok()).collect();
        write::insert_contacts(tx, write::contact_rows(ctx, id, party, &contacts, &mains)).await?;
        changed.extend(contacts.iter().map(|at| party.contacts[*at].channel.to_string()));
        for (column, old, value) in
            [("phone", &row.phone, party.main(&[Channel::Mobile, Channel::Phone])), ("email", &row.email, party.main(&[Channel::Email]))]
        {
            if let (None, Some(value)) = (old, value) {
                columns.push((column, value.to_value()));
            }
        }
    }
    let known = |address: &NewAddress| {
        here.iter().any(|fact| {
            fact.part == 2 && fact.e == address.line && fact.f == address.postal_code && (fact.d == address.city || address.city.is_none())
        })
    };
    let fresh: Vec<_> = party.addresses.iter().filter(|address| !known(address)).cloned().collect();
    if !fresh.is_empty() {
        let first = here.iter().all(|fact| fact.part != 2);
        let fresh = fresh.into_iter().enumerate().map(|(at, address)| NewAddress { is_main: Some(first && at == 0), ..address });
        let facts = CheckedParty { addresses: fresh.collect(), ..CheckedParty::default() };
        write::insert_addresses(tx, write::address_rows(ctx, id, &facts)).await?;
        changed.push("address".to_owned());
    }
    for tag in &party.tags {
        let added = tx.run(sql("INSERT INTO party_tags (party_id, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING").bind(id).bind(tag)).await?;
        if added > 0 {
            changed.push("tags".to_owned());
        }
    }
    if changed.is_empty() {
        return Ok(changed);
    }
    if let Some(role) = party.role.filter(|role| *role != row.role) {
        let since = party.role_since.unwrap_or_else(|| ctx.today());
        change_role(tx, ctx, id, role, since).await?;
    }
    let mut query = sql("UPDATE parties SET version = version + 1, updated_at = ");
    query.arg(ctx.now());
    for (column, value) in &columns {
        query.push(", ").push(column).push(" = ").value(value.clone());
    }
    query.push(" WHERE id = ").arg(id);
    tx.run(query).await?;
    if columns.iter().any(|(column, _)| matches!(*column, "name" | "first_name" | "last_name")) {
        let (name, first, last): (String, Option<String>, Option<String>) =
            tx.one(sql("SELECT name, first_name, last_name FROM parties WHERE id = $1").bind(id)).await?;
        let key = write::search_text(&name, first.as_deref(), last.as_deref());
        tx.run(sql("UPDATE party_search SET key = $1 WHERE rowid = $2").bind(key).bind(row.no)).await?;
    }
    changed.dedup();
    Ok(changed)
}

/// Ends the role that lasts and begins another one. The column `role` of the party is the caller's to write.
///
/// # Errors
/// When the database refuses.
pub async fn change_role(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, role: Role, since: Day) -> Result<()> {
    tx.run(sql("UPDATE party_roles SET until_on = $1 WHERE party_id = $2 AND until_on IS NULL").bind(since).bind(party)).await?;
    tx.run(
        sql("INSERT INTO party_roles (id, party_id, role, since_on) VALUES ($1, $2, $3, $4)")
            .bind(ctx.id::<()>())
            .bind(party)
            .bind(role)
            .bind(since),
    )
    .await?;
    Ok(())
}

/// Takes a party out of lists and search; its history stays.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn archive(ctx: &Ctx, input: PartyId) -> Result<Party> {
    set_archived(ctx, input.id, true).await
}

/// Puts an archived party back.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn restore(ctx: &Ctx, input: PartyId) -> Result<Party> {
    set_archived(ctx, input.id, false).await
}

async fn set_archived(ctx: &Ctx, id: Id<Party>, archived: bool) -> Result<Party> {
    let writer = ctx.write(Perm(Room::Parties, Act::Delete))?;
    let mut tx = writer.begin().await?;
    let row = seen_in(&mut tx, &writer.sight, id).await?;
    if row.archived_at.is_some() != archived {
        tx.run(
            sql("UPDATE parties SET archived_at = $1, updated_at = $2, version = version + 1 WHERE id = $3")
                .bind(archived.then(|| ctx.now()))
                .bind(ctx.now())
                .bind(id),
        )
        .await?;
        let kind = if archived { "party.archived" } else { "party.restored" };
        events::record(&mut tx, ctx, Event::of_party(kind, id, json!({}))).await?;
    }
    tx.commit().await?;
    let row = seen(&ctx.app.db, &Sight::All, id).await?;
    whole(ctx, row).await
}
