//! Pairs of customers who may be one: they share a phone, an e-mail or an account, or a name in one city. Found by walking indexes key
//! by key, so that nobody is compared with everybody; what more than a few share tells nothing and is passed over.

use super::check::names_compatible;
use super::duplicates::{ALIKE, Reason, likeness};
use super::party::{Party, any_seen_in};
use crate::operation::{DONE, Done, Page, page_size};
use crate::platform::events::{self, Event};
use crate::platform::text::search_key;
use crate::{Act, Ctx, Error, Id, Operations, Perm, Problem, Result, Room, Sight};
use data_encoding::BASE64URL_NOPAD;
use peyvand_db::{Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// A number that more customers share is a switchboard's, a name that more have is a common one.
const SHARED_MAX: i64 = 8;
/// What is shared that is looked at together.
const STEP: i64 = 200;
/// Rows of an index that are looked through together: where hardly anything is shared, an answer does not read them all. Tests have
/// few, and go through several.
const WINDOW: i64 = if cfg!(test) { 4 } else { 20_000 };
/// Steps of one answer: whoever sees few customers, or has few who are alike, may have to go on from an empty page.
const STEPS_MAX: usize = 25;

/// One of two who may be one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PairSide {
    /// Its id.
    pub id: Id<Party>,
    /// Its name.
    pub name: String,
    /// The phone to use first, E.164.
    pub phone: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// How many purchases.
    pub purchases: i64,
}

/// Two customers who may be one. The first is the one with more purchases, and so the one to keep.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Pair {
    /// The one.
    pub one: PairSide,
    /// The other.
    pub other: PairSide,
    /// Why they may be one.
    pub reasons: Vec<Reason>,
    /// What they share: a number, an address, a name.
    pub shared: String,
}

/// Which pairs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListPairs {
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Pairs of a page, 50 unless given, at most 200; a page may have a few more, and fewer where little is to be seen.
    pub limit: Option<i64>,
}

/// What two may share, in the order of the list; a page goes on behind one.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Shared {
    Contact(String),
    /// A city and a name.
    Name(String, String),
}

impl Shared {
    fn read(after: Option<&str>) -> Result<Shared, Problem> {
        let Some(after) = after else { return Ok(Shared::Contact(String::new())) };
        let read = || serde_json::from_slice(&BASE64URL_NOPAD.decode(after.as_bytes()).ok()?).ok();
        read().ok_or_else(|| Problem::new("after", "input-cursor"))
    }

    fn cursor(&self) -> Result<String> {
        Ok(BASE64URL_NOPAD.encode(&serde_json::to_vec(self).map_err(Error::fault)?))
    }

    /// What is shared in the window behind this, at most [`STEP`], and where that ends; nothing when there is no more behind this.
    async fn behind(&self, tx: &mut Tx) -> Result<Option<(Vec<Shared>, Shared)>> {
        let (shared, end) = match self {
            Shared::Contact(after) => {
                let query = sql("SELECT value FROM (SELECT value FROM contact_points WHERE value > $1 ORDER BY value LIMIT $2) w
                     ORDER BY value DESC LIMIT 1");
                let Some((end,)) = tx.maybe::<(String,)>(query.bind(after).bind(WINDOW)).await? else { return Ok(None) };
                let query = sql("SELECT value FROM contact_points WHERE value > $1 AND value <= $2 GROUP BY value
                     HAVING COUNT(DISTINCT party_id) BETWEEN 2 AND $3 ORDER BY value LIMIT $4");
                let found: Vec<(String,)> = tx.all(query.bind(after).bind(&end).bind(SHARED_MAX).bind(STEP)).await?;
                (found.into_iter().map(|(value,)| Shared::Contact(value)).collect::<Vec<_>>(), Shared::Contact(end))
            }
            Shared::Name(city, name) => {
                let query = sql("SELECT city_key, name_key FROM (SELECT city_key, name_key FROM parties
                       WHERE city_key IS NOT NULL AND (city_key, name_key) > ($1, $2) ORDER BY city_key, name_key LIMIT $3) w
                     ORDER BY city_key DESC, name_key DESC LIMIT 1");
                let end: Option<(String, String)> = tx.maybe(query.bind(city).bind(name).bind(WINDOW)).await?;
                let Some((end_city, end_name)) = end else { return Ok(None) };
                let query = sql("SELECT city_key, name_key FROM parties
                     WHERE city_key IS NOT NULL AND (city_key, name_key) > ($1, $2) AND (city_key, name_key) <= ($3, $4)
                     GROUP BY city_key, name_key HAVING COUNT(*) BETWEEN 2 AND $5 ORDER BY city_key, name_key LIMIT $6");
                let query = query.bind(city).bind(name).bind(&end_city).bind(&end_name).bind(SHARED_MAX).bind(STEP);
                let found: Vec<(String, String)> = tx.all(query).await?;
                let found = found.into_iter().map(|(city, name)| Shared::Name(city, name));
                (found.collect::<Vec<_>>(), Shared::Name(end_city, end_name))
            }
        };
        let is_cut = shared.len() as i64 == STEP;
        let end = shared.last().filter(|_| is_cut).cloned().unwrap_or(end);
        Ok(Some((shared, end)))
    }

    /// Where the list goes on when there is no more behind this.
    fn after_all(&self) -> Option<Shared> {
        matches!(self, Shared::Contact(_)).then(|| Shared::Name(String::new(), String::new()))
    }

    /// As [`Member::key`] has it.
    fn key(&self) -> String {
        match self {
            Shared::Contact(value) => value.clone(),
            Shared::Name(city, name) => format!("{city} {name}"),
        }
    }
}

row! {
    struct Member {
        key: String,
        id: Id<Party> = "p.id",
        name: String = "p.name",
        phone: Option<String> = "p.phone",
        city: Option<String> = "p.city",
        owner: Option<String> = "(SELECT u.name FROM users u WHERE u.id = p.owner_id)",
        purchases: i64 = "p.purchases",
        is_email: bool,
    }
}

fn side(member: &Member) -> PairSide {
    PairSide {
        id: member.id,
        name: member.name.clone(),
        phone: member.phone.clone(),
        city: member.city.clone(),
        owner: member.owner.clone(),
        purchases: member.purchases,
    }
}

/// Those within sight who share any of these, by what they share.
async fn members(tx: &mut Tx, sight: &Sight, shared: &[Shared]) -> Result<BTreeMap<String, Vec<Member>>> {
    let (mut contacts, mut cities, mut names) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for one in shared {
        match one {
            Shared::Contact(value) => _ = contacts.insert(value.clone()),
            Shared::Name(city, name) => {
                cities.insert(city.clone());
                names.insert(name.clone());
            }
        }
    }
    let mut query = Sql::select::<Member>("FROM (");
    if contacts.is_empty() {
        query
            .push("SELECT n.id AS party_id, n.city_key || ' ' || n.name_key AS key, FALSE AS is_email FROM parties n WHERE n.city_key IN ");
        query.list_padded(&Vec::from_iter(cities)).push(" AND n.name_key IN ").list_padded(&Vec::from_iter(names));
    } else {
        query.push("SELECT DISTINCT c.value AS key, c.party_id, c.channel = 'email' AS is_email FROM contact_points c WHERE c.value IN ");
        query.list_padded(&Vec::from_iter(contacts));
    }
    query.push(") s CROSS JOIN parties p WHERE p.id = s.party_id AND p.archived_at IS NULL");
    sight.parties(&mut query);
    query.push(" ORDER BY s.key, p.id");
    let mut groups: BTreeMap<String, Vec<Member>> = BTreeMap::new();
    for member in tx.all::<Member>(query).await? {
        groups.entry(member.key.clone()).or_default().push(member);
    }
    Ok(groups)
}

/// Pairs of customers within sight who may be one, in the order of what they share.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn pairs(ctx: &Ctx, input: ListPairs) -> Result<Page<Pair>> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = usize::try_from(page_size(input.limit)?).unwrap_or_default();
    let mut place = Shared::read(input.after.as_deref())?;
    let mut items: Vec<Pair> = Vec::new();
    let mut tx = reader.db.snapshot().await?;
    for _ in 0..STEPS_MAX {
        let Some((shared, end)) = place.behind(&mut tx).await? else {
            match place.after_all() {
                Some(next) => place = next,
                None => return Ok(Page { items, next: None }),
            }
            continue;
        };
        let mut groups = if shared.is_empty() { BTreeMap::new() } else { members(&mut tx, &reader.sight, &shared).await? };
        let mut found: Vec<Pair> = Vec::new();
        place = end;
        // In the order in which they were found, so that the list goes on where it was cut.
        for one in shared {
            let group = groups.remove(&one.key()).unwrap_or_default();
            for (at, member) in group.iter().enumerate() {
                let others = group[at + 1..].iter().filter(|other| other.id != member.id);
                found.extend(others.filter_map(|other| pair(member, other, &one)));
            }
            if items.len() + found.len() >= limit {
                place = one;
                break;
            }
        }
        let is_full = items.len() + found.len() >= limit;
        without_known(&mut tx, &mut found, matches!(place, Shared::Contact(_))).await?;
        items.extend(found);
        if is_full {
            break;
        }
    }
    Ok(Page { items, next: Some(place.cursor()?) })
}

/// Two who share something, if they may be one: a number is often that of a household, an address on the net or a whole name is not.
fn pair(one: &Member, other: &Member, shared: &Shared) -> Option<Pair> {
    let is_by_contact = matches!(shared, Shared::Contact(_));
    let reason = match (is_by_contact, one.is_email) {
        (true, true) => Reason::Email,
        (true, false) => Reason::Phone,
        (false, _) => Reason::SameName,
    };
    let (first, second) = (search_key(&one.name), search_key(&other.name));
    let is_same_name = first == second;
    let is_alike = is_same_name || names_compatible(&one.name, &other.name) || likeness(&first, &second) >= ALIKE;
    if reason == Reason::Phone && !is_alike {
        return None;
    }
    let mut reasons = vec![reason];
    if is_by_contact && is_alike {
        reasons.push(if is_same_name { Reason::SameName } else { Reason::LikeName });
    }
    let shared = if is_by_contact { one.key.clone() } else { one.name.clone() };
    let (one, other) = if other.purchases > one.purchases { (other, one) } else { (one, other) };
    Some(Pair { one: side(one), other: side(other), reasons, shared })
}

/// Takes out pairs that were named at an earlier key, and those of whom somebody said that they are two.
async fn without_known(tx: &mut Tx, found: &mut Vec<Pair>, is_by_contact: bool) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let sorted = |pair: &Pair| (pair.one.id.min(pair.other.id), pair.one.id.max(pair.other.id));
    let ids: Vec<Id<Party>> = found.iter().flat_map(|pair| [pair.one.id, pair.other.id]).collect::<BTreeSet<_>>().into_iter().collect();
    let mut query = sql("SELECT one_id, other_id FROM party_pairs_apart WHERE one_id IN ");
    query.list_padded(&ids);
    let mut known: BTreeSet<(Id<Party>, Id<Party>)> = tx.all(query).await?.into_iter().collect();
    let mut query = sql("SELECT a.party_id, b.party_id, MIN(a.value) FROM contact_points a JOIN contact_points b ON b.value = a.value
         WHERE a.party_id < b.party_id AND a.party_id IN ");
    query.list_padded(&ids).push(" AND b.party_id IN ").list_padded(&ids);
    query.push(" AND (SELECT COUNT(DISTINCT c.party_id) FROM contact_points c WHERE c.value = a.value) <= ").arg(SHARED_MAX);
    query.push(" GROUP BY a.party_id, b.party_id");
    let first: BTreeMap<(Id<Party>, Id<Party>), String> =
        tx.all::<(Id<Party>, Id<Party>, String)>(query).await?.into_iter().map(|(one, other, value)| ((one, other), value)).collect();
    found.retain(|pair| {
        let ids = sorted(pair);
        // Whose names differ is named for an address alone, whatever number they share.
        let is_alike = pair.reasons.len() > 1 || !is_by_contact;
        let is_first = match first.get(&ids).filter(|_| is_alike) {
            Some(value) => is_by_contact && *value == pair.shared,
            None => true,
        };
        is_first && known.insert(ids)
    });
    Ok(())
}

/// Two of whom somebody knows that they are two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepApart {
    /// The one.
    pub id: Id<Party>,
    /// The other.
    pub other_id: Id<Party>,
}

/// Says that two are not one: they are not named as a pair any more.
///
/// # Errors
/// [`Error::NotFound`] for one out of sight; [`Error::Invalid`] for oneself.
pub async fn keep_apart(ctx: &Ctx, input: KeepApart) -> Result<Done> {
    let writer = ctx.write(Perm(Room::Parties, Act::Delete))?;
    if input.id == input.other_id {
        return Err(Error::invalid("other_id", "merge-oneself"));
    }
    let mut tx = writer.begin().await?;
    let this = any_seen_in(&mut tx, &writer.sight, input.id).await?;
    let other = any_seen_in(&mut tx, &writer.sight, input.other_id).await?;
    let written = tx
        .run(
            sql("INSERT INTO party_pairs_apart (one_id, other_id, created_by, created_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (one_id, other_id) DO NOTHING")
            .bind(this.id.min(other.id))
            .bind(this.id.max(other.id))
            .bind(ctx.actor.user())
            .bind(ctx.now()),
        )
        .await?;
    if written > 0 {
        let data = json!({"other_id": other.id, "other": other.name});
        events::record(&mut tx, ctx, Event::of_party("party.kept_apart", this.id, data)).await?;
    }
    tx.commit().await?;
    Ok(DONE)
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "parties.pairs",
        "GET /parties/pairs",
        Some(Perm(Room::Parties, Act::See)),
        "Pairs of customers who may be one: they share a phone, an e-mail or another account, or the name in one city.",
        pairs,
    )
    .example(|| json!({"limit": 20}));
    ops.add(
        "parties.keep_apart",
        "POST /parties/{id}/keep-apart",
        Some(Perm(Room::Parties, Act::Delete)),
        "Says that two customers are not one; they are not named as a pair any more.",
        keep_apart,
    )
    .example(|| json!({"id": "01920000-0000-7000-8000-000000000000", "other_id": "01920000-0000-7000-8000-000000000001"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::merge::{self, MergeParties};
    use crate::parties::party::create;
    use crate::testing;

    async fn with(ctx: &Ctx, name: &str, mobile: &str, email: &str, city: &str) -> Id<Party> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let new = NewParty { name: some(name), mobile: some(mobile), email: some(email), city: some(city), ..NewParty::default() };
        ctx.run(create, new).await.unwrap().id
    }

    fn names(page: &Page<Pair>) -> Vec<(String, String, Vec<Reason>)> {
        let told = |pair: &Pair| {
            let (one, other) = (pair.one.name.clone(), pair.other.name.clone());
            (one.clone().min(other.clone()), one.max(other), pair.reasons.clone())
        };
        page.items.iter().map(told).collect()
    }

    #[tokio::test]
    async fn who_shares_a_number_or_a_name_in_a_city_is_named_once_until_somebody_says_that_they_are_two() {
        let ctx = testing::ctx().await;
        let one = with(&ctx, "سارا محمدی", "09125550142", "s@example.ir", "تهران").await;
        let two = with(&ctx, "سارا محمدي", "09125550142", "s@example.ir", "تهران").await;
        // A sister by her own name, a namesake in another city, and one in the same.
        with(&ctx, "مینا محمدی", "09125550142", "", "تهران").await;
        with(&ctx, "رضا کریمی", "", "", "شیراز").await;
        with(&ctx, "رضا کریمی", "", "", "یزد").await;
        let three = with(&ctx, "رضا كريمی", "", "", "یزد").await;
        let all = ctx.run(pairs, ListPairs::default()).await.unwrap();
        assert_eq!(
            names(&all).into_iter().map(|(.., reasons)| reasons).collect::<Vec<_>>(),
            [vec![Reason::Phone, Reason::SameName], vec![Reason::SameName]],
            "{all:?}"
        );
        // Page by page the same.
        let (mut after, mut count) = (None, 0);
        loop {
            let page = ctx.run(pairs, ListPairs { after, limit: Some(1) }).await.unwrap();
            count += page.items.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(count, 2);
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(agent.run(pairs, ListPairs::default()).await.unwrap().items.is_empty(), "what is out of sight is not hinted at");
        let merged = MergeParties { id: one, other_id: two, keep: BTreeMap::new(), dry_run: false, version: None, other_version: None };
        ctx.run(merge::merge, merged).await.unwrap();
        let left = ctx.run(pairs, ListPairs::default()).await.unwrap();
        assert_eq!(left.items.len(), 1);
        let other = if left.items[0].one.id == three { left.items[0].other.id } else { left.items[0].one.id };
        for (id, other_id) in [(three, other), (other, three)] {
            ctx.run(keep_apart, KeepApart { id, other_id }).await.unwrap();
        }
        assert!(ctx.run(pairs, ListPairs::default()).await.unwrap().items.is_empty());
        assert!(ctx.run(keep_apart, KeepApart { id: three, other_id: three }).await.is_err());
        assert!(ctx.run(pairs, ListPairs { after: Some("x".into()), limit: None }).await.is_err());
    }

    #[tokio::test]
    async fn what_many_share_makes_no_pairs() {
        let ctx = testing::ctx().await;
        for _ in 0..=SHARED_MAX {
            with(&ctx, "سارا محمدی", "02188776655", "", "تهران").await;
        }
        assert!(ctx.run(pairs, ListPairs::default()).await.unwrap().items.is_empty());
    }
}
