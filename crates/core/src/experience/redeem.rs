//! Redeeming: a code becomes what it is worth, once. Everything is looked at again in the transaction that commits it, and
//! caps and budgets change only by an update that carries its own condition.

use super::assign::Exposure;
use super::codes;
use super::grants::{self, FROM, Grant, GrantState};
use super::legality::TreatmentKind;
use super::policies::Version;
use super::treatments::Treatment;
use crate::advocacy::books::Lot;
use crate::advocacy::ledger;
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, MoneyUnit};
use crate::platform::text::clean_line;
use crate::sales::Purchase;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Characters of a key.
const KEY_MAX: usize = 120;

/// A code to be redeemed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedeemGrant {
    /// The code, in any digits, with or without gaps.
    pub code: String,
    /// The caller's own name for this redemption; sent again with it, it is done once and answered the same.
    pub key: Option<String>,
    /// Who shows it, where that is known: it must be theirs.
    pub party_id: Option<Id<Party>>,
    /// The same by any identity key, phone or code.
    pub customer: Option<String>,
    /// At which purchase.
    pub purchase_id: Option<Id<Purchase>>,
    /// What is bought with it, as decimal text in major units of the organisation's currency; that of the purchase unless given.
    pub total: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Redeemed {
    /// The grant, as it is now.
    #[serde(flatten)]
    pub grant: Grant,
    /// What comes off the total, or of a benefit goes to the customer's credit, in minor units; absent for a share of a total that
    /// nobody named.
    pub off_minor: Option<i64>,
    /// Whether this key had redeemed it before.
    pub is_repeat: bool,
}

/// What a grant comes to at a total: an amount is never more than the total, a share is rounded down.
#[must_use]
pub fn off(share: Option<i64>, value_minor: Option<i64>, total_minor: Option<i64>) -> Option<i64> {
    match (share, value_minor, total_minor) {
        (Some(share), _, Some(total)) => i64::try_from(i128::from(total.max(0)) * i128::from(share) / 10_000).ok(),
        (None, Some(value), Some(total)) => Some(value.min(total.max(0))),
        (None, Some(value), None) => Some(value),
        _ => None,
    }
}

fn refused(field: &'static str, key: &'static str) -> Error {
    Error::Conflict(Fields(vec![Problem::new(field, key)]))
}

fn total(text: Option<&str>, currency: Currency) -> Result<Option<i64>> {
    let given = text.map(str::trim).filter(|text| !text.is_empty());
    let read = given.map(|text| Money::parse(text, currency, MoneyUnit::Currency)).transpose();
    let money = read.map_err(|problem| Problem::new("total", problem.key()))?;
    if money.is_some_and(|money| money.minor < 0) {
        return Err(Error::invalid("total", "costs-negative"));
    }
    Ok(money.map(|money| money.minor))
}

/// Redeems a code. A discount comes off the total; a benefit goes to the customer's account, where it is good for the days of its
/// treatment from then on.
///
/// # Errors
/// Problems at field `code` for a slip of the pen, an unknown code and one of somebody else; [`Error::Conflict`] when it was used,
/// is over, or there is nothing left of it, with what to tell the customer.
pub async fn redeem(ctx: &Ctx, input: RedeemGrant) -> Result<Redeemed> {
    let writer = ctx.write(Perm(Room::Sales, Act::Create))?;
    let organisation = ctx.app.organisation().await?;
    let code = codes::read(&input.code).map_err(|key| Problem::new("code", key))?;
    let total = total(input.total.as_deref(), organisation.currency)?;
    let key = clean_line(input.key.as_deref().unwrap_or_default(), KEY_MAX);
    let key = key.map_err(|problem| Problem::new("key", problem.key()).with("max", KEY_MAX))?;
    let mut tx = writer.begin().await?;
    let whose = whom::find(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?.map(|party| party.id);
    let key = Some(key).filter(|key| !key.is_empty());
    let at = At { moment: ctx.now(), key, whose, purchase: input.purchase_id, total };
    let redeemed = in_tx(&mut tx, ctx, &writer.sight, &code, at).await?;
    if !redeemed.is_repeat {
        tx.commit().await?;
    }
    Ok(redeemed)
}

/// The circumstances of a redemption.
pub(crate) struct At {
    /// When the code was shown; a purchase that is written down later was made before.
    pub(crate) moment: Instant,
    /// Names the redemption, so that it is done once.
    pub(crate) key: Option<String>,
    /// Who shows it, where that is known.
    pub(crate) whose: Option<Id<Party>>,
    /// At which purchase.
    pub(crate) purchase: Option<Id<Purchase>>,
    /// What is bought with it, in minor units; that of the purchase unless given.
    pub(crate) total: Option<i64>,
}

/// Names the redemption of a code at a purchase: once, however often the purchase is brought.
#[must_use]
pub(crate) fn key_at(purchase: Id<Purchase>, code: &str) -> String {
    format!("purchase:{purchase}:{code}")
}

/// Whose each of these codes is, of customers within sight. A code that nobody has is absent.
pub(crate) async fn owners(tx: &mut Tx, sight: &Sight, codes: &[&str]) -> Result<HashMap<String, Id<Party>>> {
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = sql("SELECT g.code, g.party_id FROM grants g JOIN parties p ON p.id = g.party_id WHERE g.code IN ");
    query.list_padded(codes);
    sight.parties(&mut query);
    Ok(tx.all::<(String, Id<Party>)>(query).await?.into_iter().collect())
}

/// Redeems a code in the transaction of what it is used for. A refusal leaves nothing behind, so that the caller may go on in the
/// same transaction.
pub(crate) async fn in_tx(tx: &mut Tx, ctx: &Ctx, sight: &Sight, code: &str, at: At) -> Result<Redeemed> {
    let found: Option<(Id<Grant>,)> = tx.maybe(sql("SELECT id FROM grants WHERE code = $1 {for_update}").bind(code)).await?;
    let Some((id,)) = found else { return Err(Error::invalid("code", "experience-code-unknown")) };
    let mut query = Sql::select::<Grant>(FROM);
    sight.parties(&mut query);
    query.push(" AND g.id = ").arg(id);
    let grant: Grant = tx.maybe(query).await?.ok_or_else(|| Error::invalid("code", "experience-code-unknown"))?;
    if at.whose.is_some_and(|whose| whose != grant.party_id) {
        return Err(Error::invalid("code", "experience-code-of-other"));
    }
    if let Some(key) = &at.key {
        let before: Option<(Id<Grant>,)> = tx.maybe(sql("SELECT id FROM grants WHERE redeem_key = $1").bind(key)).await?;
        match before {
            Some((before,)) if before == grant.id => return Ok(Redeemed { off_minor: grant.redeemed_minor, grant, is_repeat: true }),
            Some(_) => return Err(refused("key", "experience-key-used")),
            None => {}
        }
    }
    let on = at.moment.day(&ctx.app.organisation().await?.zone());
    // Over by now, but not on the day of a purchase that is written down later.
    let was_good = grant.state == GrantState::Expired && on <= grant.valid_to_on;
    if !was_good && !matches!(grant.state, GrantState::Offered | GrantState::Accepted) {
        return Err(refused("code", grants::why(grant.state)));
    }
    if on < grant.valid_from_on {
        return Err(refused("code", "experience-grant-not-yet"));
    }
    if on > grant.valid_to_on {
        return Err(refused("code", "experience-grant-expired"));
    }
    if grant.kind == TreatmentKind::Gift {
        return Err(refused("code", "experience-grant-gift"));
    }
    let total = match (at.total, at.purchase) {
        (None, Some(purchase)) => of_purchase(tx, ctx, purchase, grant.party_id).await?,
        (total, _) => total,
    };
    let off = match grant.kind {
        // It does not come off a price: an amount is theirs whatever they buy.
        TreatmentKind::Benefit => grant.value_minor.or_else(|| off(grant.share, None, total)),
        _ => off(grant.share, grant.value_minor, total),
    };
    if grant.kind == TreatmentKind::Benefit && off.is_none_or(|off| off <= 0) {
        return Err(refused("total", "experience-benefit-total"));
    }
    take_one(tx, &grant, off).await?;
    let done = tx
        .run(
            sql("UPDATE grants SET state = 'redeemed', redeemed_at = $1, redeemed_minor = $2, redeem_key = $3, purchase_id = $4,
                   ended_at = NULL
                 WHERE id = $5 AND state IN ('offered', 'accepted', 'expired')")
            .bind(at.moment)
            .bind(off)
            .bind(&at.key)
            .bind(at.purchase)
            .bind(grant.id),
        )
        .await?;
    if done == 0 {
        return Err(refused("code", "experience-grant-used"));
    }
    if let (TreatmentKind::Benefit, Some(minor)) = (grant.kind, off) {
        let (valid_days,): (i64,) = tx.one(sql("SELECT valid_days FROM treatments WHERE id = $1").bind(grant.treatment_id)).await?;
        let (party, version) = (grant.party_id, grant.version_id);
        let granting = ledger::Granting { party, version, minor, purchase: at.purchase, valid_days };
        let lot = ledger::grant_in_tx(tx, ctx, granting).await?;
        tx.run(sql("UPDATE grants SET lot_id = $1 WHERE id = $2").bind(lot).bind(grant.id)).await?;
    }
    tx.run(
        sql("UPDATE exposures SET delivered_at = COALESCE(delivered_at, $1), staff_id = COALESCE(staff_id, $2) WHERE id = $3")
            .bind(at.moment)
            .bind(ctx.actor.user())
            .bind(grant.exposure_id),
    )
    .await?;
    let data = json!({"name": grant.name_fa, "off_minor": off, "purchase": at.purchase});
    events::record(tx, ctx, Event::of_party("grant.redeemed", grant.party_id, data).about(grant.id)).await?;
    let grant = grants::take(tx, sight, grant.id).await?;
    Ok(Redeemed { off_minor: off, grant, is_repeat: false })
}

/// What the customer paid for at a purchase, after what they gave back.
async fn of_purchase(tx: &mut Tx, ctx: &Ctx, purchase: Id<Purchase>, party: Id<Party>) -> Result<Option<i64>> {
    let query = sql("SELECT gross_minor - refund_minor, currency FROM purchases WHERE id = $1 AND party_id = $2");
    let found: Option<(i64, Currency)> = tx.maybe(query.bind(purchase).bind(party)).await?;
    let (total, currency) = found.ok_or_else(|| Error::invalid("purchase_id", "experience-purchase-of-other"))?;
    if currency != ctx.app.organisation().await?.currency {
        return Err(refused("code", "experience-code-currency"));
    }
    if total <= 0 { Err(refused("code", "experience-code-nothing")) } else { Ok(Some(total)) }
}

/// Takes one of what may be given in all, and its cost from the budget; who comes too late changes nothing. Rows are taken in the
/// same order by everybody: the treatment, then the version.
pub(super) async fn take_one(tx: &mut Tx, grant: &Grant, off: Option<i64>) -> Result<()> {
    let unit: Option<(i64,)> = tx
        .maybe(
            sql(
                "UPDATE treatments SET used = used + 1 WHERE id = $1 AND (total_cap IS NULL OR used < total_cap) RETURNING unit_cost_minor",
            )
            .bind(grant.treatment_id),
        )
        .await?;
    let Some((unit_cost,)) = unit else { return Err(refused("code", "experience-cap-reached")) };
    let cost = off.filter(|off| *off > 0).unwrap_or(unit_cost);
    let paid = tx
        .run(
            sql("UPDATE policy_versions SET spent_minor = spent_minor + $1
                 WHERE id = $2 AND (budget_minor IS NULL OR spent_minor + $1 <= budget_minor)")
            .bind(cost)
            .bind(grant.version_id),
        )
        .await?;
    if paid == 0 {
        // The caller may go on with something else in this transaction.
        tx.run(sql("UPDATE treatments SET used = used - 1 WHERE id = $1").bind(grant.treatment_id)).await?;
        return Err(refused("code", "experience-budget-spent"));
    }
    Ok(())
}

/// The other way round of [`take_one`], for what was redeemed and is taken back.
pub(super) async fn give_one_back(tx: &mut Tx, grant: &Grant) -> Result<()> {
    tx.run(sql("UPDATE treatments SET used = used - 1 WHERE id = $1").bind(grant.treatment_id)).await?;
    let cost = grant.redeemed_minor.unwrap_or_default();
    tx.run(sql("UPDATE policy_versions SET spent_minor = spent_minor - $1 WHERE id = $2").bind(cost).bind(grant.version_id)).await?;
    Ok(())
}

row! {
    struct Freed {
        id: Id<Grant> = "g.id",
        party_id: Id<Party> = "g.party_id",
        exposure_id: Id<Exposure> = "g.exposure_id",
        treatment_id: Id<Treatment> = "g.treatment_id",
        version_id: Id<Version> = "g.policy_version_id",
        name_fa: String = "t.name_fa",
        cost_minor: i64 = "CASE WHEN g.redeemed_minor > 0 THEN g.redeemed_minor ELSE t.unit_cost_minor END",
        redeemed_at: Instant = "g.redeemed_at",
        lot_id: Option<Id<Lot>> = "g.lot_id",
    }
}

/// Lets codes be used again whose purchases are no more, because the file that brought them was taken back. How many there were.
pub(crate) async fn free(tx: &mut Tx, ctx: &Ctx, purchases: &[Id<Purchase>]) -> Result<i64> {
    if purchases.is_empty() {
        return Ok(0);
    }
    let mut query =
        Sql::select::<Freed>("FROM grants g JOIN treatments t ON t.id = g.treatment_id WHERE g.state = 'redeemed' AND g.purchase_id IN ");
    query.list_padded(purchases).push(" ORDER BY g.id");
    let freed: Vec<Freed> = tx.all(query).await?;
    if freed.is_empty() {
        return Ok(0);
    }
    let mut events = Vec::with_capacity(freed.len());
    let mut used: BTreeMap<Id<Treatment>, i64> = BTreeMap::new();
    let mut spent: BTreeMap<Id<Version>, i64> = BTreeMap::new();
    for one in &freed {
        *used.entry(one.treatment_id).or_default() += 1;
        *spent.entry(one.version_id).or_default() += one.cost_minor;
        events.push(Event::of_party("grant.freed", one.party_id, json!({"name": one.name_fa})).about(one.id));
    }
    let ids: Vec<Id<Grant>> = freed.iter().map(|one| one.id).collect();
    let mut update =
        sql("UPDATE grants SET state = 'offered', redeemed_at = NULL, redeemed_minor = NULL, redeem_key = NULL, purchase_id = NULL,
                          lot_id = NULL WHERE id IN ");
    update.list_padded(&ids);
    tx.run(update).await?;
    let rows = freed.iter().map(|one| vec![one.exposure_id.to_value(), one.redeemed_at.to_value()]).collect();
    for statement in Sql::inserts(
        "WITH v (id, at) AS (VALUES ",
        rows,
        ") UPDATE exposures SET delivered_at = NULL, staff_id = NULL FROM v WHERE exposures.id = v.id AND exposures.delivered_at = v.at",
    ) {
        tx.run(statement).await?;
    }
    // In the order in which everybody takes them: treatments, then versions.
    for (id, count) in used {
        tx.run(sql("UPDATE treatments SET used = used - $1 WHERE id = $2").bind(count).bind(id)).await?;
    }
    for (id, minor) in spent {
        tx.run(sql("UPDATE policy_versions SET spent_minor = spent_minor - $1 WHERE id = $2").bind(minor).bind(id)).await?;
    }
    for one in &freed {
        if let Some(lot) = one.lot_id {
            ledger::revoke_in_tx(tx, ctx, one.party_id, one.version_id, lot, None).await?;
        }
    }
    events::record_all(tx, ctx, events).await?;
    i64::try_from(freed.len()).map_err(Error::fault)
}

/// The operations of redeeming.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "grants.redeem",
        "POST /grants/redeem",
        Some(Perm(Room::Sales, Act::Create)),
        "Redeems a code at a purchase, once; with a key it may be sent again.",
        redeem,
    )
    .example(|| json!({"code": "4821-0937-5516", "key": "till-3-000184", "total": "2450000"}));
}

#[cfg(test)]
mod tests {
    use super::off;

    #[test]
    fn a_share_is_rounded_down_and_an_amount_is_never_more_than_the_total() {
        assert_eq!(off(Some(1_500), None, Some(999)), Some(149));
        assert_eq!(off(Some(1_500), None, None), None);
        assert_eq!(off(None, Some(500), Some(300)), Some(300));
        assert_eq!(off(None, Some(500), None), Some(500));
        assert_eq!(off(Some(10_000), None, Some(i64::MAX)), Some(i64::MAX));
        assert_eq!(off(None, None, Some(10)), None);
        assert_eq!(off(Some(1_000), None, Some(-10)), Some(0));
    }
}
