//! On how few customers (or products) a shop rests: whale curve on profit (Kaplan & Narayanan 2001), ABC classes on
//! revenue, Gini.

use crate::{Error, Result, error::enough, quantile::finite};

/// Customers by falling profit, and what the first of them add up to.
#[derive(Clone, Debug, PartialEq)]
pub struct WhaleCurve {
    /// Cumulative profit after the first, the first two …; the last is the total.
    pub cumulative: Vec<f64>,
    /// Profit of all.
    pub total: f64,
    /// The highest point: how many customers it takes, and their profit.
    pub peak: (usize, f64),
    /// Customers with a loss, and their loss (negative).
    pub losing: (usize, f64),
}

impl WhaleCurve {
    /// Of profits per customer, in any order and currency.
    ///
    /// # Errors
    /// `TooFewCustomers` without any, `Invalid` for a profit that is not finite.
    pub fn of(profits: &[f64]) -> Result<Self> {
        enough("customers", profits.len(), 1)?;
        let sorted = falling(profits)?;
        let mut sum = 0.0;
        let mut peak = (0, 0.0);
        let mut cumulative = Vec::with_capacity(sorted.len());
        for (at, profit) in sorted.iter().enumerate() {
            sum += profit;
            cumulative.push(sum);
            if sum > peak.1 {
                peak = (at + 1, sum);
            }
        }
        let losses = sorted.iter().filter(|profit| **profit < 0.0);
        Ok(Self { cumulative, total: sum, peak, losing: (losses.clone().count(), losses.sum()) })
    }

    /// Profit of the best `part` of the customers (0 to 1, whole customers, rounded down) as a share of the total, above 1
    /// where others lose money. `None` when the total is not positive: then a share means nothing, show the amounts.
    #[must_use]
    pub fn share_of_best(&self, part: f64) -> Option<f64> {
        let customers = (self.cumulative.len() as f64 * part.clamp(0.0, 1.0) + 1e-9) as usize;
        (self.total > 0.0).then(|| if customers == 0 { 0.0 } else { self.cumulative[customers - 1] / self.total })
    }

    /// The peak as a share of the total; `None` as above.
    #[must_use]
    pub fn peak_share(&self) -> Option<f64> {
        (self.total > 0.0).then(|| self.peak.1 / self.total)
    }

    /// How many of the best it takes to reach a share of the total; `None` as above or when it is never reached.
    #[must_use]
    pub fn customers_to(&self, share: f64) -> Option<usize> {
        if self.total <= 0.0 {
            return None;
        }
        self.cumulative.iter().position(|sum| *sum >= share * self.total * (1.0 - 1e-12)).map(|at| at + 1)
    }
}

/// Class of a customer or product by revenue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Abc {
    /// The few that make most of the revenue.
    A,
    /// The middle.
    B,
    /// The many that make the rest.
    C,
}

/// Class of each, by revenue in falling order: A while the share of those before is below `first`, B while below `second`,
/// else C; 0.80 and 0.95 are usual. Equal revenues get the better class of the first of them.
///
/// # Errors
/// `Invalid` for a revenue that is negative or not finite, shares that do not ascend within 0 to 1, or no revenue at all.
pub fn abc(revenues: &[f64], first: f64, second: f64) -> Result<Vec<Abc>> {
    not_negative(revenues)?;
    if !(0.0 < first && first < second && second < 1.0) {
        return Err(Error::invalid("shares that do not ascend between 0 and 1"));
    }
    let mut order: Vec<usize> = (0..revenues.len()).collect();
    order.sort_by(|one, other| revenues[*other].total_cmp(&revenues[*one]));
    let total: f64 = order.iter().map(|at| revenues[*at]).sum();
    if total <= 0.0 {
        return Err(Error::invalid("no revenue"));
    }
    let mut classes = vec![Abc::C; revenues.len()];
    let mut sum = 0.0;
    let mut before: Option<(f64, Abc)> = None;
    for at in order {
        let share = sum / total;
        let class = match before {
            Some((revenue, class)) if revenue == revenues[at] => class,
            _ if share < first => Abc::A,
            _ if share < second => Abc::B,
            _ => Abc::C,
        };
        classes[at] = class;
        before = Some((revenues[at], class));
        sum += revenues[at];
    }
    Ok(classes)
}

/// Gini coefficient: 0 when all have the same, towards 1 when one has all. Σ (2i − n − 1) xᵢ / (n Σ xᵢ), ascending.
///
/// # Errors
/// `Invalid` for a value that is negative or not finite, or nothing at all: a Gini of losses means nothing.
pub fn gini(values: &[f64]) -> Result<f64> {
    not_negative(values)?;
    let sorted = falling(values)?;
    let n = sorted.len() as f64;
    let total: f64 = sorted.iter().sum();
    if total <= 0.0 {
        return Err(Error::invalid("nothing to be shared"));
    }
    let weighted: f64 = sorted.iter().rev().enumerate().map(|(at, value)| (2.0 * (at as f64 + 1.0) - n - 1.0) * value).sum();
    Ok(weighted / (n * total))
}

fn not_negative(values: &[f64]) -> Result<()> {
    finite(values)?;
    match values.iter().position(|value| *value < 0.0) {
        Some(row) => Err(Error::invalid_at("a negative value", row)),
        None => Ok(()),
    }
}

fn falling(values: &[f64]) -> Result<Vec<f64>> {
    finite(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(|one, other| other.total_cmp(one));
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judge::near;
    use crate::testdata::{cdnow, text};

    #[test]
    fn cdnow_rests_on_as_few_as_is_known() {
        let revenue: Vec<f64> = cdnow().iter().map(|customer| customer.days.iter().map(|day| day.1).sum::<i64>() as f64 / 100.0).collect();
        let curve = WhaleCurve::of(&revenue).unwrap();
        near(curve.total, 2_500_315.63, 0.005);
        near(curve.share_of_best(0.1).unwrap(), 0.509427, 1e-6);
        near(curve.share_of_best(0.2).unwrap(), 0.677774, 1e-6);
        assert_eq!(curve.customers_to(0.8), Some(7695));
        assert_eq!(revenue.iter().filter(|revenue| **revenue == 0.0).count(), 68);
        near(gini(&revenue).unwrap(), 0.634571, 1e-6);
    }

    #[test]
    fn online_retail_has_the_known_classes() {
        let numbers = |name: &str, skip: usize, column: usize| -> Vec<f64> {
            text(name).lines().skip(skip).map(|line| line.split(',').nth(column).unwrap().parse::<f64>().unwrap() / 100.0).collect()
        };
        for (values, counts, expected) in [
            (numbers("online_retail_products.txt", 0, 0), [777, 922, 1966], 0.753428),
            (numbers("online_retail_customers.csv", 1, 3), [1133, 1469, 1736], 0.71514),
        ] {
            let classes = abc(&values, 0.8, 0.95).unwrap();
            assert_eq!([Abc::A, Abc::B, Abc::C].map(|class| classes.iter().filter(|one| **one == class).count()), counts);
            near(gini(&values).unwrap(), expected, 1e-6);
        }
        let customers = WhaleCurve::of(&numbers("online_retail_customers.csv", 1, 3)).unwrap();
        near(customers.share_of_best(0.2).unwrap(), 0.74594, 1e-4);
    }

    #[test]
    fn losses_make_a_hump() {
        let curve = WhaleCurve::of(&[-40.0, 100.0, 40.0, 0.0]).unwrap();
        assert_eq!(curve.cumulative, [100.0, 140.0, 140.0, 100.0]);
        assert_eq!((curve.peak, curve.losing), ((2, 140.0), (1, -40.0)));
        assert_eq!((curve.peak_share(), curve.share_of_best(0.25)), (Some(1.4), Some(1.0)));
        let bad = WhaleCurve::of(&[-10.0, 5.0]).unwrap();
        assert_eq!((bad.total, bad.peak_share(), bad.share_of_best(0.5), bad.customers_to(0.8)), (-5.0, None, None, None));
        assert!(WhaleCurve::of(&[]).is_err() && WhaleCurve::of(&[f64::NAN]).is_err());
    }

    #[test]
    fn equal_revenues_share_a_class() {
        assert_eq!(abc(&[1.0; 10], 0.8, 0.95).unwrap(), [Abc::A; 10]);
        assert_eq!(abc(&[80.0, 15.0, 5.0], 0.8, 0.95).unwrap(), [Abc::A, Abc::B, Abc::C]);
        assert!(abc(&[0.0, 0.0], 0.8, 0.95).is_err() && abc(&[1.0, -1.0], 0.8, 0.95).is_err() && abc(&[1.0], 0.9, 0.8).is_err());
        near(gini(&[1.0, 1.0, 1.0]).unwrap(), 0.0, 1e-15);
        near(gini(&[0.0, 0.0, 0.0, 8.0]).unwrap(), 0.75, 1e-15);
    }

    proptest! {
        #[test]
        fn money_of_another_unit_or_order_changes_nothing(values in prop::collection::vec(0.01..1000.0f64, 2..100), factor in 1e-3..1e7f64) {
            let scaled: Vec<f64> = values.iter().rev().map(|value| value * factor).collect();
            prop_assert!((gini(&values).unwrap() - gini(&scaled).unwrap()).abs() < 1e-9);
            let (one, other) = (WhaleCurve::of(&values).unwrap(), WhaleCurve::of(&scaled).unwrap());
            prop_assert!((one.share_of_best(0.3).unwrap() - other.share_of_best(0.3).unwrap()).abs() < 1e-9);
        }
    }
}
