//! Who brought whom, as far as a picture can show it: those who brought most in a time, and some of those whom each of them
//! brought. Never all of it.

use super::referrals::Referral;
use super::rules::ReferralState;
use crate::lifecycle::{Stage, Standing};
use crate::parties::Party;
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Error, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// Those who introduce that a picture shows unless said, and at most.
const HUBS: i64 = 8;
const HUBS_MAX: i64 = 24;
/// Of those whom one brought, it shows so many.
const FRIENDS: i64 = 8;
/// Days that count unless said.
const YEAR: i64 = 365;

/// Which part of the network.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkOf {
    /// Introductions of this day or later; a year before the last unless given.
    pub from: Option<Day>,
    /// Introductions of this day or earlier; today unless given.
    pub until: Option<Day>,
    /// How many of those who introduce are shown: 8 unless given, at most 24.
    pub hubs: Option<i64>,
}

row! {
    struct Hub {
        party_id: Id<Party> = "t.referrer_id",
        confirmed: i64 = "COUNT(*) FILTER (WHERE t.state IN ('confirmed', 'rewarded'))",
        brought: i64 = "COUNT(*)",
    }
}

row! {
    struct Line {
        id: Id<Referral> = "n.id",
        referrer_id: Id<Party> = "n.referrer_id",
        referee_id: Option<Id<Party>> = "n.referee_id",
        state: ReferralState = "n.state",
    }
}

row! {
    struct Known {
        id: Id<Party> = "p.id",
        name: String = "p.name",
        spent_minor: i64 = "p.spent_minor",
        stage: Option<Stage> = "m.stage",
        standing: Option<Standing> = "m.standing",
    }
}

/// Somebody in the picture.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NetworkNode {
    /// Who.
    pub party_id: Id<Party>,
    /// Their name.
    pub name: String,
    /// How far they have come.
    pub stage: Option<Stage>,
    /// How they stand.
    pub standing: Option<Standing>,
    /// Whether they are one of those around whom the picture is drawn.
    pub is_hub: bool,
    /// Friends whom they brought in that time and whose first purchase is final; of those around whom it is drawn.
    pub confirmed: i64,
    /// All whom they are said to have brought in that time.
    pub brought: i64,
    /// What the friends who are confirmed and shown have spent so far, in minor units.
    pub sales_minor: i64,
}

/// An introduction in the picture.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NetworkEdge {
    /// The introduction.
    pub referral_id: Id<Referral>,
    /// Who introduced.
    pub from: Id<Party>,
    /// Who was introduced; absent while they have not come.
    pub to: Option<Id<Party>>,
    /// Where it stands.
    pub state: ReferralState,
}

/// A part of who brought whom.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Network {
    /// The first day that counts.
    pub from: Day,
    /// The last one.
    pub until: Day,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Who is in it, those around whom it is drawn first.
    pub nodes: Vec<NetworkNode>,
    /// Their introductions, 8 at most of each.
    pub edges: Vec<NetworkEdge>,
    /// Whether there are others who introduced somebody in that time.
    pub has_more: bool,
}

/// Who brought whom in a time: around those who brought most, with some of those whom they brought. What was found to be no
/// introduction is not in it.
///
/// # Errors
/// Without the right; for days in the wrong order, or more than 24 to be drawn around.
pub async fn network(ctx: &Ctx, input: NetworkOf) -> Result<Network> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let until = input.until.unwrap_or(today);
    let from = input.from.unwrap_or(until.plus(1 - YEAR));
    if from > until {
        return Err(Error::invalid("from", "advocacy-days-order"));
    }
    let hubs = input.hubs.unwrap_or(HUBS);
    if !(1..=HUBS_MAX).contains(&hubs) {
        return Err(Problem::new("hubs", "input-range").with("min", 1).with("max", HUBS_MAX).into());
    }
    let mut tx = reader.db.snapshot().await?;
    let mut query = Sql::select::<Hub>(
        "FROM referrals t JOIN parties p ON p.id = t.referrer_id
         WHERE t.state NOT IN ('rejected', 'expired') AND t.occurred_on >= $1 AND t.occurred_on <= $2",
    )
    .bind(from)
    .bind(until);
    reader.sight.parties(&mut query);
    query
        .push(" GROUP BY t.referrer_id ORDER BY COUNT(*) FILTER (WHERE t.state IN ('confirmed', 'rewarded')) DESC, COUNT(*) DESC, t.referrer_id LIMIT ")
        .arg(hubs + 1);
    let mut found: Vec<Hub> = tx.all(query).await?;
    let has_more = found.len() > usize::try_from(hubs).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(hubs).unwrap_or(usize::MAX));
    let ids: Vec<Id<Party>> = found.iter().map(|hub| hub.party_id).collect();
    // What is confirmed first, then what is nearest to it.
    let mut query = Sql::select::<Line>(
        "FROM (SELECT t.id, t.referrer_id, t.referee_id, t.state, ROW_NUMBER() OVER (PARTITION BY t.referrer_id ORDER BY
             CASE WHEN t.state IN ('confirmed', 'rewarded') THEN 0 WHEN t.state = 'converted' THEN 1 WHEN t.state = 'reversed' THEN 3 ELSE 2 END,
             t.occurred_on DESC, t.id) AS place
           FROM referrals t WHERE t.state NOT IN ('rejected', 'expired') AND t.occurred_on >= $1 AND t.occurred_on <= $2 AND t.referrer_id IN ",
    )
    .bind(from)
    .bind(until);
    query.list_padded(&ids).push(") n WHERE n.place <= ").arg(FRIENDS).push(" ORDER BY n.referrer_id, n.place");
    let lines: Vec<Line> = tx.all(query).await?;
    let mut whom: Vec<Id<Party>> = ids.iter().copied().chain(lines.iter().filter_map(|line| line.referee_id)).collect();
    whom.sort_unstable();
    whom.dedup();
    let query = "FROM parties p LEFT JOIN stage_memberships m ON m.party_id = p.id AND m.left_on IS NULL WHERE p.id IN ";
    let mut query = Sql::select::<Known>(query);
    query.list_padded(&whom);
    let known: HashMap<Id<Party>, Known> = tx.all::<Known>(query).await?.into_iter().map(|one| (one.id, one)).collect();
    tx.commit().await?;
    let is_final = |line: &&Line| matches!(line.state, ReferralState::Confirmed | ReferralState::Rewarded);
    let sales = |party: Id<Party>| {
        let friends = lines.iter().filter(|line| line.referrer_id == party).filter(is_final).filter_map(|line| line.referee_id);
        friends.filter_map(|friend| known.get(&friend)).map(|friend| friend.spent_minor).sum::<i64>()
    };
    let node = |id: Id<Party>| {
        let hub = found.iter().find(|hub| hub.party_id == id);
        let one = known.get(&id)?;
        Some(NetworkNode {
            party_id: id,
            name: one.name.clone(),
            stage: one.stage,
            standing: one.standing,
            is_hub: hub.is_some(),
            confirmed: hub.map_or(0, |hub| hub.confirmed),
            brought: hub.map_or(0, |hub| hub.brought),
            sales_minor: sales(id),
        })
    };
    let others = whom.iter().copied().filter(|id| !ids.contains(id));
    Ok(Network {
        from,
        until,
        currency: organisation.currency,
        nodes: ids.iter().copied().chain(others).filter_map(node).collect(),
        edges: lines
            .iter()
            .map(|line| NetworkEdge { referral_id: line.id, from: line.referrer_id, to: line.referee_id, state: line.state })
            .collect(),
        has_more,
    })
}

/// The operation of the picture.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "advocacy.network",
        "GET /advocacy/network",
        Some(Perm(Room::Advocacy, Act::See)),
        "Who brought whom in a time, around those who brought most.",
        network,
    )
    .example(|| json!({"from": "2026-03-21", "hubs": 12}));
}
