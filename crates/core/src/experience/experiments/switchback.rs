//! Customers who are compared with themselves: when their two periods are, what they did in them, and what could be learned
//! in this way from those there are.

use super::crossover::Crossed;
use super::whom::{Did, Whom, introductions, purchases};
use super::{Arm, Outcome, Stored};
use crate::insight::rates::Rates;
use crate::platform::money::Currency;
use crate::{Ctx, Day, Result};
use peyvand_db::{Sql, row, sql};
use peyvand_stats::mean::Moments;

/// Days between the two periods, which count for neither: what was given wears off.
pub const WASHOUT: i64 = 30;
/// Days that a period may have.
pub const PERIOD: (i64, i64) = (60, 180);

peyvand_db::words! {
    /// With whom a customer is compared.
    #[derive(Default)]
    pub enum Design {
        /// With others, who get something else.
        #[default]
        Parallel = "parallel",
        /// With themselves: each has a period with the treatment and one without, in an order drawn by lot.
        Switchback = "switchback",
    }
}

impl Design {
    /// Days that each customer is watched when a period has so many.
    #[must_use]
    pub const fn days(self, period: i64) -> i64 {
        match self {
            Design::Parallel => period,
            Design::Switchback => 2 * period + WASHOUT,
        }
    }
}

/// The last day of the first period and the first of the second, of who comes in on a day; nothing where there is one period
/// only. The first begins on the day after.
#[must_use]
pub fn turns(design: Design, on: Day, period: i64) -> (Option<Day>, Option<Day>) {
    match design {
        Design::Parallel => (None, None),
        Design::Switchback => (Some(on.plus(period)), Some(on.plus(period + WASHOUT + 1))),
    }
}

row! {
    /// A customer whose two periods are over.
    struct Watched {
        arm: i64 = "u.arm",
        before_occasions: i64 = "u.before_occasions",
        before_minor: i64 = "u.before_minor",
        is_delivered: bool = "(u.delivered_at IS NOT NULL)",
        first_occasions: i64 = "COUNT(DISTINCT CASE WHEN b.gross_minor > 0 AND b.day <= u.first_until_on THEN b.day END)",
        first_minor: i64 = "CAST(COALESCE(SUM(CASE WHEN b.day <= u.first_until_on THEN b.gross_minor - b.refund_minor END), 0) AS BIGINT)",
        second_occasions: i64 = "COUNT(DISTINCT CASE WHEN b.gross_minor > 0 AND b.day >= u.second_from_on THEN b.day END)",
        second_minor: i64 = "CAST(COALESCE(SUM(CASE WHEN b.day >= u.second_from_on THEN b.gross_minor - b.refund_minor END), 0) AS BIGINT)",
        first_friends: i64 = "(SELECT COUNT(*) FROM referrals r WHERE r.referrer_id = u.party_id AND r.occurred_on > u.assigned_on
          AND r.occurred_on <= u.first_until_on AND r.state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded'))",
        second_friends: i64 = "(SELECT COUNT(*) FROM referrals r WHERE r.referrer_id = u.party_id AND r.occurred_on >= u.second_from_on
          AND r.occurred_on <= u.until_on AND r.state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded'))",
    }
}

/// What customers did in their two periods, of all who have had both until yesterday.
pub(super) async fn crossed(ctx: &Ctx, stored: &Stored, arms: &[Arm], today: Day) -> Result<Vec<Crossed>> {
    let mut tx = ctx.app.db.snapshot().await?;
    let goods = Rates::read(&mut tx).await?.goods().ok();
    let mut query = Sql::select::<Watched>(
        "FROM experiment_units u LEFT JOIN purchases b ON b.party_id = u.party_id AND b.day > u.assigned_on AND b.day <= u.until_on
           AND b.currency = ",
    );
    query.arg(stored.currency).push(" WHERE u.experiment_id = ").arg(stored.id).push(" AND u.until_on < ").arg(today);
    query.push(
        " GROUP BY u.id, u.arm, u.party_id, u.before_occasions, u.before_minor, u.delivered_at, u.assigned_on, u.first_until_on,
           u.second_from_on, u.until_on ORDER BY u.id",
    );
    let watched: Vec<Watched> = tx.all(query).await?;
    tx.commit().await?;
    let unit_cost = arms.iter().find(|arm| arm.place == 1).map_or(0, |arm| arm.unit_cost_minor);
    Ok(watched.iter().map(|one| one.crossed(stored, goods, unit_cost)).collect())
}

impl Watched {
    fn crossed(&self, stored: &Stored, goods: Option<i64>, unit_cost: i64) -> Crossed {
        let is_first = self.arm == 1;
        let first = Did { occasions: self.first_occasions, minor: self.first_minor, friends: self.first_friends };
        let second = Did { occasions: self.second_occasions, minor: self.second_minor, friends: self.second_friends };
        let (with, without) = if is_first { (first, second) } else { (second, first) };
        let cost = if self.is_delivered { unit_cost } else { 0 };
        let before = Did { occasions: self.before_occasions, minor: self.before_minor, friends: 0 };
        // Whom they introduced before is not known: how they bought is.
        let known = if stored.outcome == Outcome::Introduced { Outcome::Occasions } else { stored.outcome };
        let introduced = (with.friends > 0, without.friends > 0);
        let of = |did: Did, cost| did.measured(stored.outcome, stored.goods, cost);
        let net = |goods| (with.measured(Outcome::Benefit, goods, cost), without.measured(Outcome::Benefit, goods, 0));
        let days = |did: Did| u32::try_from(did.occasions).unwrap_or_default();
        Crossed {
            is_first,
            outcome: (of(with, cost), of(without, 0)),
            before: before.measured(known, stored.goods, 0),
            spent: (with.minor as f64, without.minor as f64),
            net: goods.map(net),
            occasions: (days(with), days(without)),
            did: if stored.outcome == Outcome::Introduced { introduced } else { (with.occasions > 0, without.occasions > 0) },
            introduced,
            is_delivered: self.is_delivered,
            cost: cost as f64,
        }
    }
}

/// How what is measured of a customer varies between two periods of theirs, by those they have just had: the standard deviation
/// of the difference. Of very many a part is looked at, one of `every`.
pub(super) async fn deviation(
    ctx: &Ctx,
    whom: &Whom,
    (outcome, goods): (Outcome, i64),
    period: i64,
    every: i64,
    currency: Currency,
) -> Result<Option<f64>> {
    let today = whom.world.today;
    let (second, first) = (today.plus(-period), today.plus(-period - WASHOUT));
    let mut query = sql("SELECT COUNT(DISTINCT CASE WHEN b.gross_minor > 0 AND b.day < ");
    query.arg(first).push(" THEN b.day END), CAST(COALESCE(SUM(CASE WHEN b.day < ").arg(first);
    query.push(
        " THEN b.gross_minor - b.refund_minor END), 0) AS BIGINT),
          COUNT(DISTINCT CASE WHEN b.gross_minor > 0 AND b.day >= ",
    );
    query.arg(second).push(" THEN b.day END), CAST(COALESCE(SUM(CASE WHEN b.day >= ").arg(second);
    query.push(" THEN b.gross_minor - b.refund_minor END), 0) AS BIGINT), ");
    introductions(&mut query, "p.id", first.plus(-period), first);
    query.push(", ");
    introductions(&mut query, "p.id", second, today);
    query.push(" FROM (SELECT p.id");
    whom.push(&mut query);
    query.push(" AND p.no % ").arg(every).push(" = 0) p");
    purchases(&mut query, currency, first.plus(-period), today);
    query.push(" GROUP BY p.id");
    let did: Vec<(i64, i64, i64, i64, i64, i64)> = ctx.app.db.all(query).await?;
    let of = |occasions, minor, friends| Did { occasions, minor, friends }.measured(outcome, goods, 0);
    let differences = did.into_iter().map(|one| of(one.2, one.3, one.5) - of(one.0, one.1, one.4));
    Ok(Moments::of(&differences.collect::<Vec<_>>()).ok().map(|found| found.variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_periods_of_the_same_length_lie_thirty_days_apart() {
        let on: Day = "2026-01-01".parse().unwrap();
        let (first_until, second_from) = turns(Design::Switchback, on, 60);
        let (first_until, second_from) = (first_until.unwrap(), second_from.unwrap());
        let until = on.plus(Design::Switchback.days(60));
        assert_eq!(first_until.since(on), 60);
        assert_eq!(second_from.since(first_until), WASHOUT + 1);
        assert_eq!(until.since(second_from) + 1, 60);
        assert_eq!(turns(Design::Parallel, on, 60), (None, None));
        assert_eq!(Design::Parallel.days(60), 60);
    }
}
