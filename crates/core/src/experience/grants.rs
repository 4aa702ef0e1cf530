//! Grants: what was offered to a customer, with the code that they show, until it is redeemed, over or taken back.

use super::assign::Exposure;
use super::codes;
use super::legality::TreatmentKind;
use super::policies::{PolicyRow, Version};
use super::treatments::{self, Treatment};
use crate::advocacy::books::Lot;
use crate::advocacy::ledger;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;

/// Grants that one step of expiry ends.
const BATCH: i64 = 500;
/// Codes that are tried for one grant; that two are the same happens once in many million.
const TRIES: u32 = 8;
/// Characters of a reason.
const REASON_MAX: usize = 300;

peyvand_db::words! {
    /// How a grant stands.
    pub enum GrantState {
        /// It is there for them.
        Offered = "offered",
        /// They were told and want it.
        Accepted = "accepted",
        /// They have used it.
        Redeemed = "redeemed",
        /// What they used it for can no more be given back.
        Settled = "settled",
        /// Its days are over.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
}

row! {
    /// What was offered to a customer.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Grant {
        /// Its id.
        pub id: Id<Grant> = "g.id",
        /// The exposure that it came of.
        pub exposure_id: Id<Exposure> = "g.exposure_id",
        /// To whom.
        pub party_id: Id<Party> = "g.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// By which policy.
        pub policy_id: Id<PolicyRow> = "v.policy_id",
        /// Its name.
        pub policy: String = "o.name",
        /// By which version of it.
        pub version_id: Id<Version> = "g.policy_version_id",
        /// What.
        pub treatment_id: Id<Treatment> = "g.treatment_id",
        /// What kind of thing.
        pub kind: TreatmentKind = "g.kind",
        /// Its name in Persian.
        pub name_fa: String = "t.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "t.name_ar",
        /// Its name in English.
        pub name_en: String = "t.name_en",
        /// How it stands.
        pub state: GrantState = "g.state",
        /// What it comes to, as a share in ten-thousandths.
        pub share: Option<i64> = "g.share",
        /// What it comes to, in minor units, when it is not a share.
        pub value_minor: Option<i64> = "g.value_minor",
        /// What the customer shows: twelve digits.
        pub code: Option<String> = "g.code",
        /// Its first day.
        pub valid_from_on: Day = "g.valid_from_on",
        /// Its last day.
        pub valid_to_on: Day = "g.valid_to_on",
        /// When it was redeemed.
        pub redeemed_at: Option<Instant> = "g.redeemed_at",
        /// What it came to then, in minor units.
        pub redeemed_minor: Option<i64> = "g.redeemed_minor",
        /// At which purchase.
        pub purchase_id: Option<Id<crate::sales::Purchase>> = "g.purchase_id",
        /// When it ended otherwise.
        pub ended_at: Option<Instant> = "g.ended_at",
        /// Why it was taken back.
        pub ended_reason: Option<String> = "g.ended_reason",
        /// When it was offered.
        pub created_at: Instant = "g.created_at",
    }
}

/// Where a grant is read from; conditions follow.
pub(super) const FROM: &str = "FROM grants g JOIN parties p ON p.id = g.party_id JOIN treatments t ON t.id = g.treatment_id
    JOIN policy_versions v ON v.id = g.policy_version_id JOIN policies o ON o.id = v.policy_id WHERE 1 = 1";

/// What is to be offered.
pub(super) struct Offer {
    pub(super) exposure: Id<Exposure>,
    pub(super) party: Id<Party>,
    pub(super) from: Day,
    pub(super) until: Day,
}

/// Offers a treatment to customers, with a code each.
pub(super) async fn offer(tx: &mut Tx, ctx: &Ctx, version: Id<Version>, treatment: &treatments::Stored, offers: Vec<Offer>) -> Result<()> {
    if offers.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id<Grant>> = offers.iter().map(|_| ctx.id()).collect();
    let codes = fresh_codes(tx, ctx, &ids).await?;
    let mut events = Vec::with_capacity(offers.len());
    let mut rows = Vec::with_capacity(offers.len());
    for ((offer, id), code) in offers.iter().zip(&ids).zip(&codes) {
        rows.push(vec![
            id.to_value(),
            offer.exposure.to_value(),
            offer.party.to_value(),
            version.to_value(),
            treatment.id.to_value(),
            treatment.kind.to_value(),
            GrantState::Offered.to_value(),
            treatment.share.to_value(),
            treatment.amount_minor.to_value(),
            code.to_value(),
            offer.from.to_value(),
            offer.until.to_value(),
            ctx.now().to_value(),
        ]);
        let data = json!({"name": treatment.name_fa, "kind": treatment.kind, "until": offer.until});
        events.push(Event::of_party("grant.offered", offer.party, data).about(*id));
    }
    for statement in Sql::inserts(
        "INSERT INTO grants (id, exposure_id, party_id, policy_version_id, treatment_id, kind, state, share, value_minor, code,
           valid_from_on, valid_to_on, created_at) VALUES ",
        rows,
        "",
    ) {
        tx.run(statement).await?;
    }
    events::record_all(tx, ctx, events).await
}

/// A code for each id that no other grant has.
async fn fresh_codes(tx: &mut Tx, ctx: &Ctx, ids: &[Id<Grant>]) -> Result<Vec<String>> {
    let keys = ctx.app.keys();
    let mut codes: Vec<String> = ids.iter().map(|id| codes::make(&keys, &id.to_string(), 0)).collect();
    for attempt in 1..=TRIES {
        let mut query = sql("SELECT code FROM grants WHERE code IN ");
        query.list_padded(&codes);
        let mut taken: HashSet<String> = tx.all::<(String,)>(query).await?.into_iter().map(|(code,)| code).collect();
        let mut clash = false;
        for (id, code) in ids.iter().zip(codes.iter_mut()) {
            if !taken.insert(code.clone()) {
                *code = codes::make(&keys, &id.to_string(), attempt);
                clash = true;
            }
        }
        if !clash {
            return Ok(codes);
        }
    }
    Err(Error::fault("no free code was found"))
}

/// Ends what is no longer valid; whoever runs it twice ends nothing twice.
pub(super) async fn expire(ctx: &Ctx, today: Day) -> Result<()> {
    loop {
        let mut tx = ctx.app.db.begin().await?;
        let ended: Vec<(Id<Grant>, Id<Party>)> = tx
            .all(
                sql("UPDATE grants SET state = 'expired', ended_at = $1 WHERE id IN
                       (SELECT id FROM grants WHERE state IN ('offered', 'accepted') AND valid_to_on < $2 ORDER BY id LIMIT $3 {skip_locked})
                     RETURNING id, party_id")
                .bind(ctx.now())
                .bind(today)
                .bind(BATCH),
            )
            .await?;
        let events = ended.iter().map(|(id, party)| Event::of_party("grant.expired", *party, json!({})).about(*id)).collect();
        events::record_all(&mut tx, ctx, events).await?;
        tx.commit().await?;
        if i64::try_from(ended.len()).unwrap_or(BATCH) < BATCH {
            return Ok(());
        }
    }
}

/// Which grants.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListGrants {
    /// Only of this customer.
    pub party_id: Option<Id<Party>>,
    /// Only by this policy.
    pub policy_id: Option<Id<PolicyRow>>,
    /// Only those that stand so.
    pub state: Option<GrantState>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What was offered to customers, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListGrants) -> Result<Page<Grant>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Grant>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND g.party_id = ").arg(party);
    }
    if let Some(policy) = input.policy_id {
        query.push(" AND g.policy_version_id IN (SELECT x.id FROM policy_versions x WHERE x.policy_id = ").arg(policy).push(")");
    }
    if let Some(state) = input.state {
        query.push(" AND g.state = ").arg(state);
    }
    if let Some(after) = &input.after {
        let after: Id<Grant> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND g.id < ").arg(after);
    }
    query.push(" ORDER BY g.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Grant> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| last.id.to_string()))
}

/// Which grant.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantId {
    /// Its id.
    pub id: Id<Grant>,
}

/// The grant of that id within sight, its row the caller's until the transaction ends.
pub(super) async fn take(tx: &mut Tx, sight: &crate::Sight, id: Id<Grant>) -> Result<Grant> {
    let locked: Option<(Id<Grant>,)> = tx.maybe(sql("SELECT id FROM grants WHERE id = $1 {for_update}").bind(id)).await?;
    if locked.is_none() {
        return Err(Error::NotFound("grant"));
    }
    let mut query = Sql::select::<Grant>(FROM);
    sight.parties(&mut query);
    query.push(" AND g.id = ").arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("grant"))
}

/// Writes down that the customer was told of it and wants it.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] when it is used or over.
pub async fn accept(ctx: &Ctx, input: GrantId) -> Result<Grant> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let mut tx = writer.begin().await?;
    let grant = take(&mut tx, &writer.sight, input.id).await?;
    match grant.state {
        GrantState::Offered => {}
        GrantState::Accepted => return Ok(grant),
        _ => return Err(Error::Conflict(Fields(vec![Problem::new("id", why(grant.state))]))),
    }
    tx.run(sql("UPDATE grants SET state = 'accepted' WHERE id = $1").bind(grant.id)).await?;
    tx.run(
        sql("UPDATE exposures SET delivered_at = COALESCE(delivered_at, $1), staff_id = COALESCE(staff_id, $2) WHERE id = $3")
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(grant.exposure_id),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of_party("grant.accepted", grant.party_id, json!({"name": grant.name_fa})).about(grant.id)).await?;
    let grant = take(&mut tx, &writer.sight, input.id).await?;
    tx.commit().await?;
    Ok(grant)
}

/// The message that says why a grant in that state can no more be used.
pub(super) fn why(state: GrantState) -> &'static str {
    match state {
        GrantState::Redeemed | GrantState::Settled => "experience-grant-used",
        GrantState::Expired => "experience-grant-expired",
        GrantState::Revoked => "experience-grant-revoked",
        GrantState::Offered | GrantState::Accepted => "experience-grant-changed",
    }
}

/// What is to be taken back.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeGrant {
    /// Which.
    pub id: Id<Grant>,
    /// Why.
    pub reason: String,
}

/// Takes an offer back that was not used yet, or a benefit that is on the customer's account: out of its very lot, and what they
/// have used of it they owe us.
///
/// # Errors
/// [`Error::NotFound`] out of sight; without a reason; [`Error::Conflict`] when it was used otherwise or is over.
pub async fn revoke(ctx: &Ctx, input: RevokeGrant) -> Result<Grant> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let reason = clean_line(&input.reason, REASON_MAX).map_err(|problem| Problem::new("reason", problem.key()).with("max", REASON_MAX))?;
    if reason.is_empty() {
        return Err(Error::invalid("reason", "input-needed"));
    }
    let mut tx = writer.begin().await?;
    let grant = take(&mut tx, &writer.sight, input.id).await?;
    let (lot,): (Option<Id<Lot>>,) = tx.one(sql("SELECT lot_id FROM grants WHERE id = $1").bind(grant.id)).await?;
    match (grant.state, lot) {
        (GrantState::Offered | GrantState::Accepted, _) => {}
        (GrantState::Redeemed, Some(lot)) => {
            super::redeem::give_one_back(&mut tx, &grant).await?;
            ledger::revoke_in_tx(&mut tx, ctx, grant.party_id, grant.version_id, lot, Some(&reason)).await?;
            tx.run(sql("UPDATE grants SET redeemed_minor = 0 WHERE id = $1").bind(grant.id)).await?;
        }
        _ => return Err(Error::Conflict(Fields(vec![Problem::new("id", why(grant.state))]))),
    }
    tx.run(
        sql("UPDATE grants SET state = 'revoked', ended_at = $1, ended_reason = $2 WHERE id = $3")
            .bind(ctx.now())
            .bind(&reason)
            .bind(grant.id),
    )
    .await?;
    let data = json!({"name": grant.name_fa, "reason": reason});
    events::record(&mut tx, ctx, Event::of_party("grant.revoked", grant.party_id, data).about(grant.id)).await?;
    let grant = take(&mut tx, &writer.sight, input.id).await?;
    tx.commit().await?;
    Ok(grant)
}

/// The operations of grants.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add("grants.list", "GET /grants", Some(Perm(Room::Experience, Act::See)), "What was offered to customers, newest first.", list)
        .example(|| json!({"state": "offered", "limit": 20}));
    ops.add(
        "grants.accept",
        "POST /grants/{id}/accept",
        Some(Perm(Room::Interactions, Act::Create)),
        "Writes down that the customer was told of an offer and wants it.",
        accept,
    );
    ops.add(
        "grants.revoke",
        "POST /grants/{id}/revoke",
        Some(Perm(Room::Experience, Act::Change)),
        "Takes an offer back that was not used, or a benefit out of the customer's account.",
        revoke,
    )
    .example(|| json!({"id": SOME, "reason": "اشتباه ثبت شده بود"}));
    super::redeem::operations(ops);
}
