//! On how few customers the shop rests: the whale curve of their profits, and the tiers with their borders.

use super::profit::Parts;
use crate::Result;
use crate::parties::Party;
use peyvand_db::{Cell, FromCell, Id, Sql, Tx, row};
use peyvand_stats::concentration::WhaleCurve;
use peyvand_stats::tiers::Tiers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shares of the customers where the tiers end: the best twentieth, the best fifth, the best three fifths, the rest.
const TIER_PARTS: [f64; 3] = [0.05, 0.2, 0.6];
/// Points of the curve: one for each hundredth of the customers.
const POINTS: usize = 100;

row! {
    /// What the curve and the tiers are made of.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Ranked {
        pub(super) party_id: Id<Party> = "t.party_id",
        pub(super) profit_minor: i64 = "t.profit_minor",
        pub(super) minutes: i64 = "t.minutes",
        pub(super) contacts: i64 = "t.contacts",
        pub(super) tier: Option<i64> = "t.tier",
    }
}

row! {
    pub(super) struct Sums {
        sales_minor: i64 = "CAST(COALESCE(SUM(t.sales_minor), 0) AS BIGINT)",
        discount_minor: i64 = "CAST(COALESCE(SUM(t.discount_minor), 0) AS BIGINT)",
        goods_minor: i64 = "CAST(COALESCE(SUM(t.goods_minor), 0) AS BIGINT)",
        staff_minor: i64 = "CAST(COALESCE(SUM(t.staff_minor), 0) AS BIGINT)",
        channels_minor: i64 = "CAST(COALESCE(SUM(t.channels_minor), 0) AS BIGINT)",
        entered_minor: i64 = "CAST(COALESCE(SUM(t.entered_minor), 0) AS BIGINT)",
        profit_minor: i64 = "CAST(COALESCE(SUM(t.profit_minor), 0) AS BIGINT)",
        minutes: i64 = "CAST(COALESCE(SUM(t.minutes), 0) AS BIGINT)",
        contacts: i64 = "CAST(COALESCE(SUM(t.contacts), 0) AS BIGINT)",
    }
}

impl From<Sums> for Parts {
    fn from(sums: Sums) -> Parts {
        let Sums { sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts } = sums;
        Parts { sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts }
    }
}

/// The sums of all customers.
pub(super) async fn sums(tx: &mut Tx) -> Result<Parts> {
    let sums: Sums = tx.one(Sql::select::<Sums>("FROM party_profits t")).await?;
    Ok(sums.into())
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// So many of the best customers …
    pub customers: i64,
    /// … bring this together, in minor units.
    pub profit_minor: i64,
}

/// A tier of customers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tier {
    /// Its number, 1 the best.
    pub tier: i64,
    /// The least profit of it, in minor units; absent for the last tier.
    pub from_minor: Option<i64>,
    /// Customers in it.
    pub customers: i64,
    /// What they bring together.
    pub profit_minor: i64,
    /// Minutes of ours that they got.
    pub minutes: i64,
    /// Contacts with them.
    pub contacts: i64,
}

/// On how few customers the shop rests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Whale {
    /// Customers who bought or cost something.
    pub customers: i64,
    /// Sums of all of them.
    pub sums: Parts,
    /// The curve, best customers first: where they are many, a point for each hundredth of them.
    pub curve: Vec<CurvePoint>,
    /// The highest point.
    pub peak: CurvePoint,
    /// What the best fifth brings, as a share of the total, above 1 where others lose money; absent without a profit.
    pub best_fifth: Option<f64>,
    /// Those who cost more than they bring, and what they lose.
    pub losing: CurvePoint,
    /// The tiers.
    pub tiers: Vec<Tier>,
}

impl FromCell for Whale {
    fn from_cell(cell: Cell<'_>) -> peyvand_db::Result<Self> {
        serde_json::from_value(serde_json::Value::from_cell(cell)?).map_err(|error| cell.problem(error))
    }
}

/// The tier of a profit, by the least profits of the better tiers.
pub(super) fn tier_of(profit: i64, borders: &[i64]) -> i64 {
    borders.iter().take_while(|border| profit < **border).count() as i64 + 1
}

/// Of all borders that part the same customers the one with the most zeros: an amount that people can say and remember.
fn roundest(below: Option<i64>, above: i64) -> i64 {
    let Some(below) = below else { return above };
    let powers = (0..=18).rev().map(|power| 10_i64.pow(power));
    powers.filter_map(|power| above.div_euclid(power).checked_mul(power)).find(|border| *border > below).unwrap_or(above)
}

impl Whale {
    /// Of customers in any order; `None` without any.
    pub(super) fn of(ranked: &[Ranked], sums: Parts) -> Option<Whale> {
        let profits: Vec<f64> = ranked.iter().map(|one| one.profit_minor as f64).collect();
        let borders = Tiers::by_parts(&profits, &TIER_PARTS).ok()?;
        let round = |border: &f64| {
            let above = ranked.iter().map(|one| one.profit_minor).filter(|profit| *profit as f64 >= *border).min()?;
            Some(roundest(ranked.iter().map(|one| one.profit_minor).filter(|profit| (*profit as f64) < *border).max(), above))
        };
        let mut borders: Vec<i64> = borders.borders().iter().filter_map(round).collect();
        borders.dedup();
        Whale::with(ranked, sums, &borders)
    }

    /// With borders that are known already.
    pub(super) fn with(ranked: &[Ranked], sums: Parts, borders: &[i64]) -> Option<Whale> {
        let profits: Vec<f64> = ranked.iter().map(|one| one.profit_minor as f64).collect();
        let curve = WhaleCurve::of(&profits).ok()?;
        let mut tiers: Vec<Tier> = (0..=borders.len())
            .map(|at| Tier { tier: at as i64 + 1, from_minor: borders.get(at).copied(), customers: 0, profit_minor: 0, minutes: 0, contacts: 0 })
            .collect();
        for one in ranked {
            let tier = &mut tiers[tier_of(one.profit_minor, borders) as usize - 1];
            tier.customers += 1;
            tier.profit_minor += one.profit_minor;
            tier.minutes += one.minutes;
            tier.contacts += one.contacts;
        }
        let customers = ranked.len();
        let point = |(customers, profit): (usize, f64)| CurvePoint { customers: customers as i64, profit_minor: profit.round() as i64 };
        let steps = customers.min(POINTS);
        let mut points = vec![point((0, 0.0))];
        points.extend((1..=steps).map(|step| {
            let at = (step * customers).div_ceil(steps);
            point((at, curve.cumulative[at - 1]))
        }));
        Some(Whale {
            customers: customers as i64,
            sums,
            curve: points,
            peak: point(curve.peak),
            best_fifth: curve.share_of_best(0.2),
            losing: point(curve.losing),
            tiers,
        })
    }

    /// The least profits of the better tiers.
    pub(super) fn borders(&self) -> Vec<i64> {
        self.tiers.iter().filter_map(|tier| tier.from_minor).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_border_is_the_roundest_amount_between_two_customers() {
        assert_eq!(roundest(Some(833_559_000), 833_560_001), 833_560_000);
        assert_eq!(roundest(Some(4_000), 12_345_678), 10_000_000);
        assert_eq!(roundest(Some(-40), 77), 0, "nothing is the roundest of all");
        assert_eq!(roundest(Some(41), 42), 42, "nothing lies between");
        assert_eq!(roundest(Some(-4_321), -1_234), -2_000);
        assert_eq!([roundest(None, 833_560_001), roundest(Some(i64::MIN), i64::MIN + 1)], [833_560_001, i64::MIN + 1]);
    }

    #[test]
    fn tiers_hold_their_share_of_the_customers_within_round_borders() {
        let ranked: Vec<Ranked> = (1..=100)
            .map(|at| Ranked { party_id: Id::FIRST, profit_minor: at * 1_001 - 20_020, minutes: 1, contacts: 2, tier: None })
            .collect();
        let whale = Whale::of(&ranked, Parts::default()).unwrap();
        assert_eq!(whale.borders(), [76_000, 61_000, 21_000]);
        let customers: Vec<i64> = whale.tiers.iter().map(|tier| tier.customers).collect();
        assert_eq!(customers, [5, 15, 40, 40]);
        assert_eq!((whale.tiers[1].minutes, whale.tiers[1].contacts), (15, 30));
        assert_eq!(whale.losing.customers, 19);
    }
}
