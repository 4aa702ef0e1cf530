//! Whom an experiment may mean.

use super::{Outcome, Stored};
use crate::experience::legality::TreatmentKind;
use crate::lifecycle::{Stage, Standing};
use crate::marketing::segments::compile::{Of, condition};
use crate::marketing::segments::rule::{Rule, World};
use crate::platform::money::Currency;
use crate::{Day, Error, Result};
use peyvand_db::Sql;

/// How customers stand who may be asked: nobody with whom something has ended or gone wrong.
const STANDINGS: [Standing; 2] = [Standing::Active, Standing::Dormant];

/// Whom an experiment means.
pub(super) struct Whom {
    pub kind: TreatmentKind,
    pub stages: Vec<Stage>,
    pub rules: Vec<Rule>,
    pub world: World,
}

impl Whom {
    pub(super) fn of(stored: &Stored, rules: Vec<serde_json::Value>, world: World) -> Result<Whom> {
        let stages = serde_json::from_value(stored.stages.clone()).map_err(Error::fault)?;
        let rules = stored.rule.clone().into_iter().chain(rules).map(serde_json::from_value);
        let rules = rules.collect::<std::result::Result<_, _>>().map_err(Error::fault)?;
        Ok(Whom { kind: stored.kind, stages, rules, world })
    }

    /// Adds customers `p` at their stage `m` who are meant and in no other experiment of the kind. Who waits for an apology is
    /// no part of anything that means to sell.
    pub(super) fn push(&self, query: &mut Sql) {
        query.push(
            " FROM parties p JOIN stage_memberships m ON m.party_id = p.id AND m.left_on IS NULL
              LEFT JOIN party_profits v ON v.party_id = p.id
              WHERE p.archived_at IS NULL AND m.standing IN ",
        );
        query.list(STANDINGS).push(" AND m.stage IN ").list_padded(&self.stages);
        query.push(
            " AND NOT EXISTS (SELECT 1 FROM experiment_units n JOIN experiments x ON x.id = n.experiment_id
                WHERE n.party_id = p.id AND x.state IN ('running', 'paused') AND x.kind = ",
        );
        query.arg(self.kind).push(")");
        if self.kind != TreatmentKind::Respect {
            query.push(
                " AND NOT EXISTS (SELECT 1 FROM respect_incidents i WHERE i.party_id = p.id AND i.closed_at IS NULL AND i.severity >= 2)",
            );
        }
        for rule in &self.rules {
            query.push(" AND (");
            condition(rule, &self.world, Of::Some, query);
            query.push(")");
        }
    }
}

/// What somebody did in the days of a window: on how many days they bought, what they spent, and whom they introduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Did {
    pub occasions: i64,
    pub minor: i64,
    pub friends: i64,
}

impl Did {
    /// What is measured, in the unit of the outcome. `cost` is what a treatment cost that they got, `goods` what the goods are
    /// of a price, in ten-thousandths.
    pub(super) fn measured(self, outcome: Outcome, goods: i64, cost: i64) -> f64 {
        match outcome {
            Outcome::Bought => f64::from(u8::from(self.occasions > 0)),
            Outcome::Occasions => self.occasions as f64,
            Outcome::Spend => self.minor as f64,
            Outcome::Introduced => f64::from(u8::from(self.friends > 0)),
            Outcome::Benefit => self.minor as f64 * (10_000 - goods) as f64 / 10_000.0 - cost as f64,
        }
    }
}

/// Adds what they did as a join `b` on purchases in a currency, from a day on and before another.
pub(super) fn purchases(query: &mut Sql, currency: Currency, from: Day, before: Day) {
    query.push(" LEFT JOIN purchases b ON b.party_id = p.id AND b.currency = ").arg(currency);
    query.push(" AND b.day >= ").arg(from).push(" AND b.day < ").arg(before);
}

/// Adds how many friends a customer introduced in those days of whom it was not found untrue, as one expression.
pub(super) fn introductions(query: &mut Sql, who: &'static str, from: Day, before: Day) {
    query.push("(SELECT COUNT(*) FROM referrals r WHERE r.referrer_id = ").push(who);
    query.push(" AND r.occurred_on >= ").arg(from).push(" AND r.occurred_on < ").arg(before).push(INTRODUCED).push(")");
}

/// Of introductions `r`, those that count.
pub(super) const INTRODUCED: &str = " AND r.state IN ('captured', 'pending_review', 'qualified', 'converted', 'confirmed', 'rewarded')";

/// The columns of what they bought, from that join.
pub(super) const DID: &str = "COUNT(DISTINCT CASE WHEN b.gross_minor > 0 THEN b.day END),
    CAST(COALESCE(SUM(b.gross_minor - b.refund_minor), 0) AS BIGINT)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_what_the_outcome_says() {
        let did = Did { occasions: 2, minor: 1_000_000, friends: 3 };
        let of = |outcome| did.measured(outcome, 6_000, 50_000);
        assert_eq!((of(Outcome::Introduced), Did::default().measured(Outcome::Introduced, 0, 0)), (1.0, 0.0));
        assert_eq!([of(Outcome::Bought), of(Outcome::Occasions), of(Outcome::Spend), of(Outcome::Benefit)], [1.0, 2.0, 1e6, 350_000.0]);
        assert_eq!(Did::default().measured(Outcome::Benefit, 6_000, 50_000), -50_000.0, "who got it and did not buy costs");
    }
}
