//! Two customers who turn out to be one. The rows of the one go over to the other, who is kept; for thirty days they can go back.
//! What is done with each column that names a customer is said in [`parts`], what became of each fact in [`fields`].

mod fields;
mod parts;
mod reach;
mod rows;
mod take_back;
#[cfg(test)]
mod tests;

pub use self::fields::{FieldSeen, Side};
pub use self::take_back::{Unmerged, unmerge};
pub(crate) use self::take_back::{forget, take_back};

use self::fields::{Change, choose};
use super::check::Role;
use super::contacts::{self, StoredContact};
use super::party::{Address, Party, PartyId, PartyRow, any_seen_in, seen, whole_in};
use super::write::search_text;
use super::{facts, party};
use crate::advocacy::{self, referrals::Referral};
use crate::context::Writer;
use crate::experience::experiments::merge as experiments;
use crate::lifecycle::engine::walk;
use crate::lifecycle::history::{self, Whom};
use crate::lifecycle::{Stage, Standing, versions};
use crate::marketing::segments::follow;
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::locale::Loc;
use crate::platform::time::DAY;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Id, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The right: what archiving asks for.
const PERM: Perm = Perm(Room::Parties, Act::Delete);
/// For so long a merge can be taken back.
const UNDO_DAYS: i64 = 30;
/// Pairs that one act merges: what can be done while somebody waits.
const PAIRS_MAX: usize = 100;
/// Merges that one answer names.
const LIST_MAX: i64 = 50;

/// A merge.
#[derive(Debug)]
pub enum Merge {}

peyvand_db::words! {
    /// What of a customer goes over, as people count it.
    pub enum MergedKind {
        /// Purchases.
        Purchases = "purchases",
        /// What passed between them and us.
        Interactions = "interactions",
        /// What is to be done.
        FollowUps = "follow_ups",
        /// What may be sold.
        Opportunities = "opportunities",
        /// Numbers and addresses by which they are reached.
        ContactPoints = "contact_points",
        /// Postal addresses.
        Addresses = "addresses",
        /// Codes and numbers by which they are known.
        IdentityKeys = "identity_keys",
        /// Tags.
        Tags = "tags",
        /// What is known of how they are.
        Preferences = "preferences",
        /// Relations to others.
        Relations = "relations",
        /// Costs.
        Costs = "costs",
        /// Complaints, praise, questions.
        Cases = "cases",
        /// Breaches of respect.
        Incidents = "incidents",
        /// Sheets that they filled in.
        Answers = "answers",
        /// What policies gave them.
        Grants = "grants",
        /// Whom they introduced.
        Referrals = "referrals",
        /// What they have earned.
        Benefits = "benefits",
    }
}

/// How many rows of a kind go over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MovedRows {
    /// What.
    pub kind: MergedKind,
    /// How many.
    pub count: i64,
}

/// Two customers who are one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeParties {
    /// The one who is kept.
    pub id: Id<Party>,
    /// The one who turned out to be the same. What is theirs goes over; they are archived.
    pub other_id: Id<Party>,
    /// Whose facts are taken, by field: `{"name": "other"}`. Fields: name, honorific, father_name, birth_on, gender, education, job,
    /// income_band, city, role, owner, source, stance, preferred_channel, preferred_hours, note. Without a word the one who is kept
    /// keeps theirs, unless there is none.
    #[serde(default)]
    pub keep: BTreeMap<String, Side>,
    /// Only says what would come of it.
    #[serde(default)]
    pub dry_run: bool,
    /// The version of the one who is kept, as it was looked at; with it nothing is done that somebody did not see.
    pub version: Option<i64>,
    /// The same of the other.
    pub other_version: Option<i64>,
}

/// How far two customers have come, and how far the one who is kept has then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MergedStage {
    /// The stage of the one who is kept.
    pub this: Stage,
    /// That of the other.
    pub other: Stage,
    /// What follows from the history of both.
    pub after: Stage,
    /// How they stand then.
    pub standing: Standing,
}

/// What came of a merge, or would come of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Merged {
    /// The merge; absent where nothing was done.
    pub merge_id: Option<Id<Merge>>,
    /// The customer as they are afterwards.
    pub party: Party,
    /// The other.
    pub other_id: Id<Party>,
    /// Their name.
    pub other: String,
    /// Version of the one who is kept, before.
    pub version: i64,
    /// Version of the other, before.
    pub other_version: i64,
    /// The facts in which they differ, with whose is taken.
    pub fields: Vec<FieldSeen>,
    /// What goes over.
    pub moved: Vec<MovedRows>,
    /// How many entries stay behind because the one who is kept has the same already.
    pub left: i64,
    /// How many introductions end: nobody introduces themselves, and nobody is introduced twice.
    pub ended: i64,
    /// The stages; absent for who does not see them.
    pub stage: Option<MergedStage>,
    /// Until when it can be taken back.
    pub undo_until: Instant,
    /// Takes it back for a day as other acts: see `undo.run`. Later `parties.unmerge` does.
    pub undo: Option<Id<Undo>>,
}

/// What a merge changed besides whose rows are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Changes {
    columns: Vec<Change>,
    /// Since when the one who is kept was known before, and is known now.
    known: Option<(Instant, Instant)>,
    /// Contact points before and after.
    contacts: Vec<(StoredContact, StoredContact)>,
    /// Addresses that are no longer the first ones.
    addresses: Vec<Id<Address>>,
    /// The role that ended, and on which day.
    role: Option<(Id<()>, Day)>,
    places: experiments::Places,
    /// Introductions that ended.
    ended: Vec<Id<Referral>>,
}

fn refused(field: &'static str, problem: Problem) -> Error {
    debug_assert_eq!(problem.field, field);
    Error::Conflict(Fields(vec![problem]))
}

/// Makes one of two customers, or says what would come of it. What is theirs goes over to the one who is kept, the history of both is
/// theirs, and how far they have come follows from it.
///
/// # Errors
/// [`Error::NotFound`] for one out of sight; [`Error::Invalid`] for oneself or a person with an organisation; [`Error::Conflict`] for
/// two with different national IDs, for one who is archived or merged, or who changed since they were looked at.
pub async fn merge(ctx: &Ctx, input: MergeParties) -> Result<Merged> {
    let writer = ctx.write(PERM)?;
    merge_two(ctx, &writer, input).await
}

/// The same in a transaction of its own, for who may.
async fn merge_two(ctx: &Ctx, writer: &Writer<'_>, input: MergeParties) -> Result<Merged> {
    if input.id == input.other_id {
        return Err(Error::invalid("other_id", "merge-oneself"));
    }
    let mut tx = writer.begin().await?;
    lock(&mut tx, input.id, input.other_id).await?;
    let this = any_seen_in(&mut tx, &writer.sight, input.id).await?;
    let other = any_seen_in(&mut tx, &writer.sight, input.other_id).await?;
    for (field, row) in [("id", &this), ("other_id", &other)] {
        if row.merged_into.is_some() {
            return Err(refused(field, Problem::new(field, "merge-was-merged").with("name", &row.name)));
        }
        if row.archived_at.is_some() {
            return Err(refused(field, Problem::new(field, "merge-archived").with("name", &row.name)));
        }
    }
    if this.kind != other.kind {
        return Err(Error::invalid("other_id", "merge-kinds"));
    }
    for (field, looked_at, row) in [("version", input.version, &this), ("other_version", input.other_version, &other)] {
        if looked_at.is_some_and(|version| version != row.version) {
            return Err(refused(field, Problem::new(field, "parties-changed-meanwhile")));
        }
    }
    refuse_two_people(&mut tx, this.id, other.id).await?;
    let mut merged = make_one(&mut tx, ctx, &this, &other, &input.keep).await?;
    if input.dry_run {
        // Everything was done but for this: what was said is what would be.
        drop(tx);
        return Ok(Merged { merge_id: None, ..merged });
    }
    merged.undo = Some(undo::remember(&mut tx, ctx, &Inverse::Merge { other: other.id }).await?);
    tx.commit().await?;
    Ok(merged)
}

/// One who is kept, and one who turned out to be the same.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairToMerge {
    /// The one who is kept.
    pub id: Id<Party>,
    /// The other.
    pub other_id: Id<Party>,
}

/// Pairs to merge.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkMerge {
    /// The pairs, at most 100. Whose facts are taken is as where nobody says.
    pub pairs: Vec<PairToMerge>,
}

/// A pair that was not merged.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PairRefused {
    /// The one who was to be kept.
    pub id: Id<Party>,
    /// The other.
    pub other_id: Id<Party>,
    /// Why not, in the caller's language.
    pub reason: String,
}

/// What came of merging many.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BulkMerged {
    /// How many pairs are one now.
    pub merged: i64,
    /// Those that are not, with why.
    pub refused: Vec<PairRefused>,
}

/// Merges many pairs, one after the other; one that cannot be merged does not hold the others up. Each is taken back by itself.
///
/// # Errors
/// Without the right, for none or too many.
pub async fn bulk_merge(ctx: &Ctx, input: BulkMerge) -> Result<BulkMerged> {
    let writer = ctx.write(PERM)?;
    if input.pairs.is_empty() || input.pairs.len() > PAIRS_MAX {
        return Err(Problem::new("pairs", "input-range").with("min", 1).with("max", PAIRS_MAX).into());
    }
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let mut done = BulkMerged { merged: 0, refused: Vec::new() };
    for PairToMerge { id, other_id } in input.pairs {
        // Whoever is interrupted begins again, and finds some of them done.
        let query = sql("SELECT merged_into FROM parties WHERE id = $1");
        let is_done = ctx.app.db.maybe::<(Option<Id<Party>>,)>(query.bind(other_id)).await?.is_some_and(|(into,)| into == Some(id));
        let two = MergeParties { id, other_id, keep: BTreeMap::new(), dry_run: false, version: None, other_version: None };
        let outcome = if is_done { Ok(()) } else { merge_two(ctx, &writer, two).await.map(|_| ()) };
        let reason = match outcome {
            Ok(()) => {
                done.merged += 1;
                continue;
            }
            Err(Error::Invalid(problems) | Error::Conflict(problems)) => {
                problems.0.iter().map(|problem| loc.problem(problem)).collect::<Vec<_>>().join(" ")
            }
            Err(Error::NotFound(_)) => loc.t("interactions-customer-unknown"),
            Err(error) => return Err(error),
        };
        done.refused.push(PairRefused { id, other_id, reason });
    }
    Ok(done)
}

/// Takes both rows, always in the same order: of two who merge the same customer one waits, and then sees what the other did.
async fn lock(tx: &mut Tx, one: Id<Party>, other: Id<Party>) -> Result<()> {
    let query = sql("SELECT id FROM parties WHERE id IN ($1, $2) ORDER BY id {for_update}");
    tx.all::<(Id<Party>,)>(query.bind(one).bind(other)).await?;
    Ok(())
}

/// Two numbers that name a person or a company before the law are of two.
async fn refuse_two_people(tx: &mut Tx, this: Id<Party>, other: Id<Party>) -> Result<()> {
    let query = sql("SELECT k.masked, o.masked FROM identity_keys k JOIN identity_keys o ON o.kind = k.kind AND o.value <> k.value
         WHERE k.party_id = $1 AND o.party_id = $2
           AND k.kind IN ('ir_national_id', 'ir_legal_id', 'sa_national_id', 'ae_emirates_id', 'iq_national_id', 'eg_national_id')
         ORDER BY k.kind LIMIT 1");
    let Some((one, two)) = tx.maybe::<(String, String)>(query.bind(this).bind(other)).await? else { return Ok(()) };
    Err(refused("other_id", Problem::new("other_id", "merge-two-people").with("this", one).with("other", two)))
}

/// How far customers have come, from what is known of them in this transaction.
async fn stages(tx: &mut Tx, ctx: &Ctx, parties: &[Id<Party>]) -> Result<BTreeMap<Id<Party>, (Stage, Standing)>> {
    if ctx.read(Perm(Room::Lifecycle, Act::See)).is_err() {
        return Ok(BTreeMap::new());
    }
    let rules = versions::timeline(ctx).await?;
    let zone = ctx.app.organisation().await?.zone();
    let today = ctx.now().day(&zone);
    let histories = history::read(tx, Whom::These(parties), &zone).await?;
    let last = |history| walk(history, &rules, today).steps.last().map(|step| (step.stage, step.standing));
    Ok(histories.iter().filter_map(|(party, history)| Some((*party, last(history)?))).collect())
}

async fn make_one(tx: &mut Tx, ctx: &Ctx, this: &PartyRow, other: &PartyRow, keep: &BTreeMap<String, Side>) -> Result<Merged> {
    let (to, from) = (this.id, other.id);
    let before = stages(tx, ctx, &[to, from]).await?;
    let (fields, columns) = choose(this, other, keep)?;
    let merge: Id<Merge> = ctx.id();
    tx.run(
        sql("INSERT INTO party_merges (id, kept_id, other_id, changes, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(merge)
            .bind(to)
            .bind(from)
            .bind(json!({}))
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    let mut changes = Changes { columns, ..Changes::default() };
    changes.ended = advocacy::merge::end_introductions(tx, ctx, to, from).await?;
    let points = (contacts::points(tx, to).await?, contacts::points(tx, from).await?);
    let role = changes.columns.iter().find(|change| change.column == "role").and_then(|change| change.after.as_deref()?.parse().ok());
    if let Some(role) = role {
        changes.role = take_role(tx, merge, to, from, role).await?;
    }
    let gone = rows::go_over(tx, merge, from, to).await?;
    own_keys_first(tx, merge, to).await?;
    changes.contacts = reach::put(tx, to, points.0, points.1).await?;
    changes.addresses = reach::own_address_first(tx, merge, to).await?;
    changes.places = experiments::give(tx, merge, from, to).await?;
    advocacy::merge::carry_over(tx, ctx, merge, from, to).await?;
    if other.created_at < this.created_at {
        changes.known = Some((this.created_at, other.created_at));
    }
    write_columns(tx, ctx, this, &changes).await?;
    tx.run(
        sql("UPDATE parties SET merged_into = $1, archived_at = $2, updated_at = $2, version = version + 1, rhythm_due = TRUE WHERE id = $3")
            .bind(to)
            .bind(ctx.now())
            .bind(from),
    )
    .await?;
    contacts::follow(tx, ctx, to).await?;
    facts::set_right_in(tx, ctx, &[to, from]).await?;
    let mut moved = gone.moved;
    moved.extend(rows::benefits(tx, merge).await?);
    let data = json!({"other_id": from, "other": other.name, "moved": moved});
    events::record(tx, ctx, Event::of_party("party.merged", to, data).about(merge)).await?;
    follow::mark(tx, ctx, vec![from]).await?;
    let stored = serde_json::to_value(&changes).map_err(Error::fault)?;
    tx.run(sql("UPDATE party_merges SET changes = $1 WHERE id = $2").bind(stored).bind(merge)).await?;
    let after = stages(tx, ctx, &[to]).await?;
    let stage = match (before.get(&to), before.get(&from), after.get(&to)) {
        (Some((this, _)), Some((other, _)), Some((after, standing))) => {
            Some(MergedStage { this: *this, other: *other, after: *after, standing: *standing })
        }
        _ => None,
    };
    Ok(Merged {
        merge_id: Some(merge),
        party: whole_in(tx, ctx, to).await?,
        other_id: from,
        other: other.name.clone(),
        version: this.version,
        other_version: other.version,
        fields,
        moved,
        left: gone.left,
        ended: changes.ended.len() as i64,
        stage,
        undo_until: ctx.now().plus(UNDO_DAYS * DAY),
        undo: None,
    })
}

/// The role of the other becomes that of the one who is kept, since when it was; the one they had ends there. Gives the role that ended.
async fn take_role(tx: &mut Tx, merge: Id<Merge>, to: Id<Party>, from: Id<Party>, role: Role) -> Result<Option<(Id<()>, Day)>> {
    let query = sql("SELECT since_on FROM party_roles WHERE party_id = $1 AND until_on IS NULL AND role = $2 ORDER BY id LIMIT 1");
    let Some((since,)) = tx.maybe::<(Day,)>(query.bind(from).bind(role)).await? else { return Ok(None) };
    tx.run(
        sql("INSERT INTO party_merge_rows (merge_id, part, row_id, row_word)
             SELECT $1, 'party_roles.party_id', id, '' FROM party_roles WHERE party_id = $2 AND until_on IS NULL AND role = $3")
        .bind(merge)
        .bind(from)
        .bind(role),
    )
    .await?;
    let query = sql("SELECT id, since_on FROM party_roles WHERE party_id = $1 AND until_on IS NULL ORDER BY id LIMIT 1");
    let Some((id, own_since)) = tx.maybe::<(Id<()>, Day)>(query.bind(to)).await? else { return Ok(None) };
    let until = own_since.max(since);
    tx.run(sql("UPDATE party_roles SET until_on = $1 WHERE id = $2").bind(until).bind(id)).await?;
    Ok(Some((id, until)))
}

/// A code that came to a customer who has one is not shown as theirs; they are found by both.
async fn own_keys_first(tx: &mut Tx, merge: Id<Merge>, to: Id<Party>) -> Result<()> {
    let query = sql("UPDATE identity_keys SET former_by = $1 WHERE party_id = $2 AND former_by IS NULL AND kind NOT LIKE 'external%'
           AND kind || ' ' || value IN (SELECT row_word FROM party_merge_rows WHERE merge_id = $1 AND part = 'identity_keys.party_id')
           AND EXISTS (SELECT 1 FROM identity_keys k WHERE k.party_id = $2 AND k.kind = identity_keys.kind AND k.former_by IS NULL
             AND k.kind || ' ' || k.value NOT IN
               (SELECT row_word FROM party_merge_rows WHERE merge_id = $1 AND part = 'identity_keys.party_id'))");
    tx.run(query.bind(merge).bind(to)).await?;
    Ok(())
}

/// Writes the facts that are taken from the other.
async fn write_columns(tx: &mut Tx, ctx: &Ctx, this: &PartyRow, changes: &Changes) -> Result<()> {
    let mut update = sql("UPDATE parties SET rhythm_due = TRUE, updated_at = ");
    update.arg(ctx.now());
    for (column, value) in changes.columns.iter().filter_map(|change| change.set(change.after.as_deref())) {
        update.push(", ").push(column).push(" = ").value(value);
    }
    if let Some((_, since)) = changes.known {
        update.push(", created_at = ").arg(since);
    }
    update.push(" WHERE id = ").arg(this.id);
    tx.run(update).await?;
    search_by_name(tx, this.id).await
}

/// Has a party found by the name it has now.
async fn search_by_name(tx: &mut Tx, party: Id<Party>) -> Result<()> {
    let query = sql("SELECT no, name, first_name, last_name FROM parties WHERE id = $1");
    let (no, name, first, last): (i64, String, Option<String>, Option<String>) = tx.one(query.bind(party)).await?;
    let key = search_text(&name, first.as_deref(), last.as_deref());
    tx.run(sql("UPDATE party_search SET key = $1 WHERE rowid = $2 AND key <> $1").bind(key).bind(no)).await?;
    Ok(())
}

row! {
    /// A merge that holds.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct MergeSeen {
        /// Its id.
        pub id: Id<Merge> = "m.id",
        /// The one who is kept.
        pub kept_id: Id<Party> = "m.kept_id",
        /// The one who turned out to be the same.
        pub other_id: Id<Party> = "m.other_id",
        /// The name of that one.
        pub other: String = "p.name",
        /// Who merged them.
        pub created_by: Option<Id<User>> = "m.created_by",
        /// The name of that one.
        pub creator: Option<String> = "u.name",
        /// When.
        pub created_at: Instant = "m.created_at",
        /// Until when it can be taken back.
        // Later by UNDO_DAYS in milliseconds.
        pub undo_until: Instant = "(m.created_at + 2592000000)",
    }
}

/// Who turned out to be a customer, the last one first; at most 50.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn merges(ctx: &Ctx, input: PartyId) -> Result<Vec<MergeSeen>> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let kept = seen(reader.db, &reader.sight, input.id).await?.id;
    let mut query = Sql::select::<MergeSeen>(
        "FROM party_merges m JOIN parties p ON p.id = m.other_id LEFT JOIN users u ON u.id = m.created_by
         WHERE m.undone_at IS NULL AND m.kept_id = ",
    );
    query.arg(kept).push(" ORDER BY m.id DESC LIMIT ").arg(LIST_MAX);
    Ok(reader.db.all(query).await?)
}

/// Who a customer turned out to be; the customer where they are nobody else. For who sees that one.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn kept(ctx: &Ctx, input: PartyId) -> Result<Id<Party>> {
    let found = ctx.app.db.maybe::<(Option<Id<Party>>,)>(sql("SELECT merged_into FROM parties WHERE id = $1").bind(input.id)).await?;
    let kept = found.ok_or(Error::NotFound("party"))?.0.unwrap_or(input.id);
    party::within_sight(ctx, [kept]).await?.into_iter().next().ok_or(Error::NotFound("party"))
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "01920000-0000-7000-8000-000000000000";
    ops.add(
        "parties.merge",
        "POST /parties/{id}/merge",
        Some(PERM),
        "Makes one of two customers: what is the other's goes over, with the history of both. With dry_run only says what would come of it. Can be taken back for 30 days.",
        merge,
    )
    .example(|| json!({"id": SOME, "other_id": "01920000-0000-7000-8000-000000000001", "keep": {"name": "other"}, "dry_run": true}));
    ops.add(
        "parties.bulk_merge",
        "POST /parties/bulk/merge",
        Some(PERM),
        "Merges many pairs of customers who are one, and says which could not be merged and why.",
        bulk_merge,
    )
    .example(|| json!({"pairs": [{"id": SOME, "other_id": "01920000-0000-7000-8000-000000000001"}]}));
    ops.add(
        "parties.unmerge",
        "POST /parties/{id}/unmerge",
        Some(PERM),
        "Takes the merge of this customer into another back: what was theirs is theirs again; what happened since stays with the other.",
        unmerge,
    )
    .example(|| json!({"id": SOME}));
    ops.add(
        "parties.merges",
        "GET /parties/{id}/merges",
        Some(Perm(Room::Parties, Act::See)),
        "Who turned out to be this customer, the last one first.",
        merges,
    )
    .example(|| json!({"id": SOME}));
}
