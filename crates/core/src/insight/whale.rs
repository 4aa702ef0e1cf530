//! On how few customers the shop rests: the whale curve of their profits, and the tiers with their borders.

use super::profit::Parts;
use super::profit_groups::Place;
use crate::Result;
use crate::parties::Party;
use peyvand_db::{Cell, FromCell, Id, Sql, Tx, row};
use peyvand_stats::concentration::WhaleCurve;
use peyvand_stats::tiers::Tiers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shares of the customers where the tiers end: the best twentieth, the best fifth, the best three fifths, the rest.
const TIER_PARTS: [f64; 3] = [0.05, 0.2, 0.6];
/// Tiers of profit.
pub const TIERS: i64 = TIER_PARTS.len() as i64 + 1;
/// What is told of: the share that so many of the best customers have in the profit.
const BEST: f64 = 0.2;
/// Points of the curve: one for each hundredth of the customers.
pub(super) const POINTS: usize = 100;

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
        let Sums { sales_minor, discount_minor, goods_minor, staff_minor, channels_minor, entered_minor, profit_minor, minutes, contacts } =
            sums;
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

fn no_tiers(borders: &[i64]) -> Vec<Tier> {
    let tier = |at: usize| Tier {
        tier: at as i64 + 1,
        from_minor: borders.get(at).copied(),
        customers: 0,
        profit_minor: 0,
        minutes: 0,
        contacts: 0,
    };
    (0..=borders.len()).map(tier).collect()
}

/// Where tiers begin that hold the usual parts of the customers.
fn usual_borders(ranked: &[Ranked], profits: &[f64]) -> Option<Vec<i64>> {
    let borders = Tiers::by_parts(profits, &TIER_PARTS).ok()?;
    let round = |border: &f64| {
        let above = ranked.iter().map(|one| one.profit_minor).filter(|profit| *profit as f64 >= *border).min()?;
        Some(roundest(ranked.iter().map(|one| one.profit_minor).filter(|profit| (*profit as f64) < *border).max(), above))
    };
    let mut borders: Vec<i64> = borders.borders().iter().filter_map(round).collect();
    borders.dedup();
    Some(borders)
}

impl Whale {
    /// Of customers in any order, with tiers that begin where somebody said, or at round amounts near the usual parts of them;
    /// `None` without any.
    pub(super) fn of(ranked: &[Ranked], sums: Parts, by_hand: Option<Vec<i64>>) -> Option<Whale> {
        let profits: Vec<f64> = ranked.iter().map(|one| one.profit_minor as f64).collect();
        let borders = match by_hand {
            Some(borders) => borders,
            None => usual_borders(ranked, &profits)?,
        };
        let curve = WhaleCurve::of(&profits).ok()?;
        let mut tiers = no_tiers(&borders);
        for one in ranked {
            let tier = &mut tiers[tier_of(one.profit_minor, &borders) as usize - 1];
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
            best_fifth: curve.share_of_best(BEST),
            losing: point(curve.losing),
            tiers,
        })
    }

    /// Of a part of the customers, by the places of all and the borders of all; `None` without any. Only the share of the best
    /// fifth may be off by what one place differs from end to end.
    pub(super) fn of_places(places: &[Place], borders: &[i64]) -> Option<Whale> {
        let customers: i64 = places.iter().map(|place| place.customers).sum();
        let mut tiers = no_tiers(borders);
        let mut sums = Parts::default();
        let none = CurvePoint { customers: 0, profit_minor: 0 };
        let (mut here, mut peak, mut losing) = (none, none, none);
        let mut curve = vec![none];
        let fifth = (customers as f64 * BEST + 1e-9).floor();
        let mut best = 0.0;
        for place in places {
            let profit = place.sums.profit_minor;
            let of_fifth = (fifth - here.customers as f64).clamp(0.0, place.customers as f64);
            best += profit as f64 * of_fifth / place.customers as f64;
            here = CurvePoint { customers: here.customers + place.customers, profit_minor: here.profit_minor + profit };
            curve.push(here);
            if here.profit_minor > peak.profit_minor {
                peak = here;
            }
            if profit < 0 {
                losing = CurvePoint { customers: losing.customers + place.customers, profit_minor: losing.profit_minor + profit };
            }
            sums += place.sums;
            let tier = tiers.get_mut(place.tier as usize - 1)?;
            tier.customers += place.customers;
            tier.profit_minor += profit;
            tier.minutes += place.sums.minutes;
            tier.contacts += place.sums.contacts;
        }
        let best_fifth = (here.profit_minor > 0).then(|| best / here.profit_minor as f64);
        (customers > 0).then_some(Whale { customers, sums, curve, peak, best_fifth, losing, tiers })
    }

    /// The least profits of the better tiers.
    pub(super) fn borders(&self) -> Vec<i64> {
        self.tiers.iter().filter_map(|tier| tier.from_minor).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::profit_groups;
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
    fn places_tell_of_all_what_the_customers_themselves_do() {
        let ranked: Vec<Ranked> = (0..1_000_i64)
            .map(|at| Ranked {
                party_id: Id::FIRST,
                profit_minor: (at * 7_919 % 1_000).pow(3) / 1_000 - 9_000,
                minutes: at % 7,
                contacts: 1,
                tier: None,
            })
            .collect();
        let parts =
            |one: &Ranked| Parts { profit_minor: one.profit_minor, minutes: one.minutes, contacts: one.contacts, ..Parts::default() };
        let mut sums = Parts::default();
        ranked.iter().for_each(|one| sums += parts(one));
        let whale = Whale::of(&ranked, sums, None).unwrap();
        let profits: Vec<i64> = ranked.iter().map(|one| one.profit_minor).collect();
        let borders = profit_groups::borders(&profits, &whale.borders());
        assert!((POINTS..POINTS + 6).contains(&borders.len()), "{}", borders.len());
        let mut places = vec![Place::default(); borders.len() + 1];
        for one in &ranked {
            let place = &mut places[profit_groups::place_of(one.profit_minor, &borders)];
            place.tier = tier_of(one.profit_minor, &whale.borders());
            place.customers += 1;
            place.sums += parts(one);
        }
        places.retain(|place| place.customers > 0);
        let told = Whale::of_places(&places, &whale.borders()).unwrap();
        assert_eq!(
            (told.customers, told.sums, told.peak, told.losing, &told.tiers),
            (1_000, whale.sums, whale.peak, whale.losing, &whale.tiers)
        );
        assert!((told.best_fifth.unwrap() - whale.best_fifth.unwrap()).abs() < 1e-3);
        assert_eq!((told.curve.first(), told.curve.last()), (whale.curve.first(), whale.curve.last()));
        assert_eq!(Whale::of_places(&[], &[]), None);
    }

    #[test]
    fn tiers_hold_their_share_of_the_customers_within_round_borders() {
        let ranked: Vec<Ranked> = (1..=100)
            .map(|at| Ranked { party_id: Id::FIRST, profit_minor: at * 1_001 - 20_020, minutes: 1, contacts: 2, tier: None })
            .collect();
        let whale = Whale::of(&ranked, Parts::default(), None).unwrap();
        assert_eq!(whale.borders(), [76_000, 61_000, 21_000]);
        let customers: Vec<i64> = whale.tiers.iter().map(|tier| tier.customers).collect();
        assert_eq!(customers, [5, 15, 40, 40]);
        assert_eq!((whale.tiers[1].minutes, whale.tiers[1].contacts), (15, 30));
        assert_eq!(whale.losing.customers, 19);
    }
}
