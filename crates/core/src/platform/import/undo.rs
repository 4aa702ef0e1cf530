//! Taking an import back: what it added is removed unless somebody worked with it since, what it changed is put back
//! unless somebody changed it again. Batch by batch, so that it survives a kill and holds nobody up.

use super::engine::Claim;
use super::record::{Details, Import};
use crate::experience::redeem;
use crate::interactions::{Interaction, refresh_last_contacts};
use crate::marketing::segments::follow;
use crate::parties::Party;
use crate::parties::write::search_text;
use crate::platform::events::{self, Event};
use crate::platform::jobs::{Outcome, QueuedJob, renew};
use crate::platform::live::Message;
use crate::platform::text::search_key;
use crate::sales::PurchaseLine;
use crate::sales::write::remove_lines;
use crate::{App, Ctx, Door, Error, Instant, Result};
use data_encoding::BASE64;
use peyvand_db::{Id, Kind, Sql, ToValue, Tx, Value, row, sql};
use serde_json::json;
use tokio::sync::watch;

/// Records of a transaction.
const BATCH: i64 = 500;
/// Batches after which the lease of the job is renewed.
const RENEW_EVERY: usize = 10;

/// Takes an import back, or goes on with it.
///
/// # Errors
/// When the database refuses; it goes on later from where it was.
pub async fn run(app: &App, door: Door, id: Id<Import>, stop: &watch::Receiver<bool>, job: Option<Id<QueuedJob>>) -> Result<Outcome> {
    let Some(claim) = Claim::take(app, id, &["undoing"], "undoing").await? else { return Ok(Outcome::Done) };
    let mut batches = 0;
    let mut step = Step { import: id, part: Part::Lines, after: Id::FIRST };
    while let Some(next) = app.system(door).run(take_back, step).await? {
        step = next;
        batches += 1;
        if batches % RENEW_EVERY == 0 {
            app.live.tell(Message::Import(id));
            if let Some(job) = job {
                renew(app, job).await?;
            }
        }
        if *stop.borrow() {
            return Ok(Outcome::GoOn);
        }
    }
    let ctx = app.system(door);
    let mut tx = app.db.begin().await?;
    let (kept,): (i64,) = tx.one(sql("SELECT count(*) FROM parties WHERE import_id = $1").bind(id)).await?;
    note(&mut tx, id, |details| details.kept += kept).await?;
    tx.run(
        sql("UPDATE imports SET state = 'undone', undone_at = $1, worker = NULL, lease_until = 0 WHERE id = $2 AND worker = $3")
            .bind(ctx.now())
            .bind(id)
            .bind(&claim.worker),
    )
    .await?;
    crate::insight::refresh::enqueue(&mut tx, &ctx).await?;
    follow::all(&mut tx, &ctx).await?;
    tx.commit().await?;
    app.live.tell(Message::Import(id));
    Ok(Outcome::Done)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Lines,
    Interactions,
    Changes,
    Parties,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    import: Id<Import>,
    part: Part,
    /// The last party that was looked at.
    after: Id<Party>,
}

/// One batch; gives the next one until nothing is left.
async fn take_back(ctx: &Ctx, step: Step) -> Result<Option<Step>> {
    let mut tx = ctx.app.db.begin().await?;
    let import = step.import;
    let next = match step.part {
        Part::Lines => {
            let lines: Vec<(Id<PurchaseLine>,)> =
                tx.all(sql("SELECT id FROM purchase_lines WHERE import_id = $1 ORDER BY id LIMIT $2").bind(import).bind(BATCH)).await?;
            let lines: Vec<Id<PurchaseLine>> = lines.into_iter().map(|(id,)| id).collect();
            let no_more = remove_lines(&mut tx, ctx, &lines).await?;
            let freed = redeem::free(&mut tx, ctx, &no_more).await?;
            note(&mut tx, import, |details| {
                details.removed += lines.len() as i64;
                details.codes_freed += freed;
            })
            .await?;
            if lines.is_empty() { Some(Step { part: Part::Interactions, ..step }) } else { Some(step) }
        }
        Part::Interactions => {
            let gone: Vec<(Id<Interaction>, Id<Party>)> = tx
                .all(
                    sql("DELETE FROM interactions WHERE id IN (SELECT id FROM interactions WHERE import_id = $1 ORDER BY id LIMIT $2)
                         RETURNING id, party_id")
                    .bind(import)
                    .bind(BATCH),
                )
                .await?;
            let parties: Vec<Id<Party>> = gone.iter().map(|(_, party)| *party).collect();
            refresh_last_contacts(&mut tx, &parties).await?;
            note(&mut tx, import, |details| details.removed += gone.len() as i64).await?;
            if gone.is_empty() { Some(Step { part: Part::Changes, ..step }) } else { Some(step) }
        }
        Part::Changes => {
            let changes: Vec<Change> = tx
                .all(Sql::select::<Change>("FROM import_changes WHERE import_id = $1 ORDER BY id DESC LIMIT $2").bind(import).bind(BATCH))
                .await?;
            let mut details = Details::default();
            for change in &changes {
                if revert(&mut tx, ctx, import, change).await? { details.reverted += 1 } else { details.kept += 1 }
            }
            let mut done = sql("DELETE FROM import_changes WHERE id IN ");
            done.list_padded(&changes.iter().map(|change| change.id).collect::<Vec<_>>());
            tx.run(done).await?;
            note(&mut tx, import, |all| {
                all.reverted += details.reverted;
                all.kept += details.kept;
            })
            .await?;
            if changes.is_empty() { Some(Step { part: Part::Parties, ..step }) } else { Some(step) }
        }
        Part::Parties => {
            let parties: Vec<(Id<Party>, i64)> = tx
                .all(
                    sql("SELECT id, no FROM parties WHERE import_id = $1 AND id > $2 ORDER BY id LIMIT $3")
                        .bind(import)
                        .bind(step.after)
                        .bind(BATCH),
                )
                .await?;
            let removed = remove_untouched(&mut tx, &parties).await?;
            note(&mut tx, import, |details| details.removed += removed).await?;
            parties.last().map(|(last, _)| Step { after: *last, ..step })
        }
    };
    tx.commit().await?;
    Ok(next)
}

async fn note(tx: &mut Tx, import: Id<Import>, change: impl FnOnce(&mut Details)) -> Result<()> {
    let (stored,): (serde_json::Value,) = tx.one(sql("SELECT details FROM imports WHERE id = $1").bind(import)).await?;
    let mut details: Details = serde_json::from_value(stored).unwrap_or_default();
    change(&mut details);
    let details = serde_json::to_value(&details).map_err(Error::fault)?;
    tx.run(sql("UPDATE imports SET details = $1 WHERE id = $2").bind(details).bind(import)).await?;
    Ok(())
}

row! {
    struct Change {
        id: uuid::Uuid,
        party_id: Id<Party>,
        version_after: i64,
        before: serde_json::Value,
    }
}

#[derive(serde::Deserialize)]
struct Before {
    #[serde(default)]
    columns: serde_json::Map<String, serde_json::Value>,
    keys: Option<Vec<Key>>,
    contacts: Option<Vec<uuid::Uuid>>,
    addresses: Option<Vec<uuid::Uuid>>,
    tags: Option<Vec<String>>,
    consents: Option<Vec<(String, String, String)>>,
}

#[derive(serde::Deserialize)]
struct Key {
    kind: String,
    value: String,
    sealed: Option<String>,
    masked: String,
    created_at: i64,
}

/// Columns that an import may have changed, as literals for the statement.
const COLUMNS: [&str; 26] = [
    "kind", "role", "name", "honorific", "first_name", "last_name", "father_name", "birth_on", "gender", "education", "job", "income_band",
    "province", "city", "country", "phone", "email", "owner_id", "unit_id", "source", "source_words", "stance", "stance_reason",
    "preferred_channel", "preferred_hours", "note",
];

/// Puts a party back as it was, unless it was changed since.
async fn revert(tx: &mut Tx, ctx: &Ctx, import: Id<Import>, change: &Change) -> Result<bool> {
    let party = change.party_id;
    let found: Option<(i64, i64, Option<Id<Import>>)> =
        tx.maybe(sql("SELECT version, no, import_id FROM parties WHERE id = $1").bind(party)).await?;
    let Some((version, no, came_with)) = found else { return Ok(false) };
    if version != change.version_after {
        return Ok(false);
    }
    if came_with == Some(import) {
        // A party of this very file, named twice in it: it goes as a whole.
        tx.run(sql("UPDATE parties SET version = 1 WHERE id = $1").bind(party)).await?;
        tx.run(sql("UPDATE import_changes SET version_after = 1 WHERE import_id = $1 AND party_id = $2").bind(import).bind(party)).await?;
        return Ok(true);
    }
    let before: Before = serde_json::from_value(change.before.clone()).map_err(Error::fault)?;
    let mut update = sql("UPDATE parties SET version = version + 1, updated_at = ");
    update.arg(ctx.now());
    for column in COLUMNS {
        let Some(old) = before.columns.get(column) else { continue };
        let value = match (column, old.as_str()) {
            ("owner_id" | "unit_id", text) => text.and_then(|text| text.parse::<uuid::Uuid>().ok()).to_value(),
            (_, Some(text)) => text.to_value(),
            (_, None) => Value::Null(Kind::Text),
        };
        update.push(", ").push(column).push(" = ").value(value);
        match column {
            "name" => {
                update.push(", name_key = ").arg(crate::parties::check::name_key(old.as_str().unwrap_or_default()));
            }
            "city" => {
                update.push(", city_key = ").arg(old.as_str().map(search_key));
            }
            _ => {}
        }
    }
    update.push(" WHERE id = ").arg(party).push(" RETURNING name, first_name, last_name, version");
    let (name, first, last, version): (String, Option<String>, Option<String>, i64) = tx.one(update).await?;
    let key = search_text(&name, first.as_deref(), last.as_deref());
    tx.run(sql("UPDATE party_search SET key = $1 WHERE rowid = $2").bind(key).bind(no)).await?;
    if before.columns.contains_key("role") {
        tx.run(sql("DELETE FROM party_roles WHERE party_id = $1 AND until_on IS NULL").bind(party)).await?;
        tx.run(
            sql("UPDATE party_roles SET until_on = NULL WHERE id = (SELECT id FROM party_roles WHERE party_id = $1 ORDER BY since_on DESC, id DESC LIMIT 1)")
                .bind(party),
        )
        .await?;
    }
    if let Some(keys) = before.keys {
        tx.run(sql("DELETE FROM identity_keys WHERE party_id = $1").bind(party)).await?;
        let rows = keys
            .into_iter()
            .map(|key| {
                let sealed = key.sealed.and_then(|sealed| BASE64.decode(sealed.as_bytes()).ok());
                vec![
                    key.kind.to_value(),
                    key.value.to_value(),
                    party.to_value(),
                    sealed.to_value(),
                    key.masked.to_value(),
                    Instant(key.created_at).to_value(),
                ]
            })
            .collect();
        // Another party may have taken a key meanwhile; it keeps it.
        for statement in Sql::inserts(
            "INSERT INTO identity_keys (kind, value, party_id, sealed, masked, created_at) VALUES ",
            rows,
            " ON CONFLICT DO NOTHING",
        ) {
            tx.run(statement).await?;
        }
    }
    if let Some(contacts) = before.contacts {
        let mut delete = sql("DELETE FROM contact_points WHERE party_id = ");
        delete.arg(party);
        if !contacts.is_empty() {
            delete.push(" AND id NOT IN ").list(contacts);
        }
        tx.run(delete).await?;
    }
    if let Some(addresses) = before.addresses {
        let mut delete = sql("DELETE FROM addresses WHERE party_id = ");
        delete.arg(party);
        if !addresses.is_empty() {
            delete.push(" AND id NOT IN ").list(addresses);
        }
        tx.run(delete).await?;
    }
    if let Some(tags) = before.tags {
        let mut delete = sql("DELETE FROM party_tags WHERE party_id = ");
        delete.arg(party);
        if !tags.is_empty() {
            delete.push(" AND tag NOT IN ").list(tags);
        }
        tx.run(delete).await?;
    }
    for (channel, value, consent) in before.consents.unwrap_or_default() {
        tx.run(
            sql("UPDATE contact_points SET consent = $1, consent_at = $2 WHERE party_id = $3 AND channel = $4 AND value = $5")
                .bind(consent)
                .bind(ctx.now())
                .bind(party)
                .bind(channel)
                .bind(value),
        )
        .await?;
    }
    // Earlier changes of the same file to the same party follow.
    tx.run(
        sql("UPDATE import_changes SET version_after = $1 WHERE import_id = $2 AND party_id = $3 AND id < $4")
            .bind(version)
            .bind(import)
            .bind(party)
            .bind(change.id),
    )
    .await?;
    events::record(tx, ctx, Event::of_party("party.changed", party, json!({"import_undone": import})).about(import)).await?;
    Ok(true)
}

/// Removes those parties that nothing hangs on and nobody changed.
async fn remove_untouched(tx: &mut Tx, parties: &[(Id<Party>, i64)]) -> Result<i64> {
    if parties.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Id<Party>> = parties.iter().map(|(id, _)| *id).collect();
    let mut query = sql("SELECT p.id, p.no FROM parties p WHERE p.version = 1 AND p.archived_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM interactions x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM purchases x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM follow_ups x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM preferences x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM opportunities x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM relations x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM costs x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM profit_decisions x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM saves x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM stated_spendings x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM relations x WHERE x.other_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM segment_picks x WHERE x.party_id = p.id)
        AND p.id IN ");
    query.list_padded(&ids);
    let untouched: Vec<(Id<Party>, i64)> = tx.all(query).await?;
    if untouched.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Id<Party>> = untouched.iter().map(|(id, _)| *id).collect();
    let numbers: Vec<i64> = untouched.iter().map(|(_, no)| *no).collect();
    for head in [
        "DELETE FROM party_roles WHERE party_id IN ",
        "DELETE FROM identity_keys WHERE party_id IN ",
        "DELETE FROM contact_points WHERE party_id IN ",
        "DELETE FROM addresses WHERE party_id IN ",
        "DELETE FROM party_tags WHERE party_id IN ",
        "DELETE FROM segment_members WHERE party_id IN ",
        "DELETE FROM segment_past WHERE party_id IN ",
    ] {
        let mut delete = sql(head);
        delete.list_padded(&ids);
        tx.run(delete).await?;
    }
    let mut delete = sql("DELETE FROM party_search WHERE rowid IN ");
    delete.list_padded(&numbers);
    tx.run(delete).await?;
    let mut delete = sql("DELETE FROM parties WHERE id IN ");
    delete.list_padded(&ids);
    tx.run(delete).await?;
    Ok(ids.len() as i64)
}
