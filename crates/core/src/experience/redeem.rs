//! Redeeming: a code becomes what it is worth, once. Everything is looked at again in the transaction that commits it, and
//! caps and budgets change only by an update that carries its own condition.

use super::codes;
use super::grants::{self, FROM, Grant, GrantState};
use super::legality::TreatmentKind;
use crate::parties::{Party, whom};
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, MoneyUnit};
use crate::platform::text::clean_line;
use crate::sales::Purchase;
use crate::{Act, Ctx, Day, Error, Fields, Operations, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

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
    /// What comes off the total or is paid out, in minor units; absent for a gift, or a share of a total that nobody named.
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

/// Redeems a code.
///
/// # Errors
/// Problems at field `code` for a slip of the pen, an unknown code and one of somebody else; [`Error::Conflict`] when it was used,
/// is over, or there is nothing left of it, with what to tell the customer.
pub async fn redeem(ctx: &Ctx, input: RedeemGrant) -> Result<Redeemed> {
    let writer = ctx.write(Perm(Room::Sales, Act::Create))?;
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let code = codes::read(&input.code).map_err(|key| Problem::new("code", key))?;
    let total = total(input.total.as_deref(), organisation.currency)?;
    let key = clean_line(input.key.as_deref().unwrap_or_default(), KEY_MAX);
    let key = key.map_err(|problem| Problem::new("key", problem.key()).with("max", KEY_MAX))?;
    let mut tx = writer.begin().await?;
    let whose = whom::find(&mut tx, ctx, &writer.sight, input.party_id, input.customer.as_deref()).await?.map(|party| party.id);
    let at = At { today, key: Some(key).filter(|key| !key.is_empty()), whose, purchase: input.purchase_id, total };
    let redeemed = in_tx(&mut tx, ctx, &writer.sight, &code, at).await?;
    if !redeemed.is_repeat {
        tx.commit().await?;
    }
    Ok(redeemed)
}

/// The circumstances of a redemption.
pub(crate) struct At {
    pub(crate) today: Day,
    pub(crate) key: Option<String>,
    pub(crate) whose: Option<Id<Party>>,
    pub(crate) purchase: Option<Id<Purchase>>,
    pub(crate) total: Option<i64>,
}

/// Redeems a code in the transaction of what it is used for.
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
    if !matches!(grant.state, GrantState::Offered | GrantState::Accepted) {
        return Err(refused("code", grants::why(grant.state)));
    }
    if at.today < grant.valid_from_on {
        return Err(refused("code", "experience-grant-not-yet"));
    }
    if at.today > grant.valid_to_on {
        return Err(refused("code", "experience-grant-expired"));
    }
    if grant.kind == TreatmentKind::Gift {
        return Err(refused("code", "experience-grant-gift"));
    }
    let total = match (at.total, at.purchase) {
        (None, Some(purchase)) => of_purchase(tx, purchase, grant.party_id).await?,
        (total, _) => total,
    };
    let off = off(grant.share, grant.value_minor, total);
    take_one(tx, &grant, off).await?;
    let done = tx
        .run(
            sql("UPDATE grants SET state = 'redeemed', redeemed_at = $1, redeemed_minor = $2, redeem_key = $3, purchase_id = $4
                 WHERE id = $5 AND state IN ('offered', 'accepted')")
            .bind(ctx.now())
            .bind(off)
            .bind(&at.key)
            .bind(at.purchase)
            .bind(grant.id),
        )
        .await?;
    if done == 0 {
        return Err(refused("code", "experience-grant-used"));
    }
    tx.run(
        sql("UPDATE exposures SET delivered_at = COALESCE(delivered_at, $1), staff_id = COALESCE(staff_id, $2) WHERE id = $3")
            .bind(ctx.now())
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
async fn of_purchase(tx: &mut Tx, purchase: Id<Purchase>, party: Id<Party>) -> Result<Option<i64>> {
    let found: Option<(i64,)> = tx
        .maybe(sql("SELECT gross_minor - refund_minor FROM purchases WHERE id = $1 AND party_id = $2").bind(purchase).bind(party))
        .await?;
    found.map(|(total,)| Some(total)).ok_or_else(|| Error::invalid("purchase_id", "experience-purchase-of-other"))
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
        return Err(refused("code", "experience-budget-spent"));
    }
    Ok(())
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
