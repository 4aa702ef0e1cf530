//! Tiers: customers by profit, in classes whose borders are amounts.

use crate::{
    Error, Result,
    error::enough,
    quantile::{finite, quantile_sorted, sorted},
};

/// Borders between tiers, falling: at or above the first is the best tier, below the last the lowest.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiers {
    borders: Vec<f64>,
}

impl Tiers {
    /// Borders given as amounts, best first.
    ///
    /// # Errors
    /// `Invalid` unless they fall and are finite.
    pub fn new(borders: &[f64]) -> Result<Self> {
        finite(borders)?;
        if borders.is_empty() || borders.len() > 254 || borders.windows(2).any(|pair| pair[0] <= pair[1]) {
            return Err(Error::invalid("borders that do not fall"));
        }
        Ok(Self { borders: borders.to_vec() })
    }

    /// Borders so that the best tier holds about the first of `parts` of the customers, the best two the second …:
    /// [0.05, 0.2, 0.6] gives four tiers. Equal profits are in one tier; borders that ties make equal become one, so there
    /// may be fewer tiers.
    ///
    /// # Errors
    /// `TooFewCustomers` without any, `Invalid` for a profit that is not finite or parts that do not ascend within 0 to 1.
    pub fn by_parts(profits: &[f64], parts: &[f64]) -> Result<Self> {
        if parts.iter().any(|part| !(0.0..1.0).contains(part)) || parts.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Error::invalid("parts that do not ascend between 0 and 1"));
        }
        let sorted = sorted(profits)?;
        enough("customers", sorted.len(), 1)?;
        let mut borders: Vec<f64> = parts.iter().map(|part| quantile_sorted(&sorted, 1.0 - part)).collect();
        borders.dedup();
        Self::new(&borders)
    }

    /// The borders, best first; kept, they make tiers of different dates comparable.
    #[must_use]
    pub fn borders(&self) -> &[f64] {
        &self.borders
    }

    /// The tier of a profit, 0 the best.
    #[must_use]
    pub fn tier(&self, profit: f64) -> usize {
        self.borders.iter().take_while(|border| profit < **border).count()
    }

    /// Number of tiers.
    #[must_use]
    pub fn count(&self) -> usize {
        self.borders.len() + 1
    }
}

/// How many customers moved from tier to tier: `moves[from][to]`, of pairs (before, now) below `tiers`.
#[must_use]
pub fn movement(pairs: &[(usize, usize)], tiers: usize) -> Vec<Vec<u64>> {
    let mut moves = vec![vec![0; tiers]; tiers];
    for &(before, now) in pairs {
        if before < tiers && now < tiers {
            moves[before][now] += 1;
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_border_belongs_to_the_better_tier() {
        let tiers = Tiers::new(&[1000.0, 100.0, 0.0]).unwrap();
        assert_eq!([5000.0, 1000.0, 999.0, 0.0, -1.0].map(|profit| tiers.tier(profit)), [0, 0, 1, 2, 3]);
        assert_eq!(tiers.count(), 4);
        assert!(Tiers::new(&[1.0, 2.0]).is_err() && Tiers::new(&[]).is_err());
    }

    #[test]
    fn parts_become_borders() {
        let profits: Vec<f64> = (1..=101).map(f64::from).collect();
        let tiers = Tiers::by_parts(&profits, &[0.05, 0.2, 0.6]).unwrap();
        for (got, expected) in tiers.borders().iter().zip([96.0, 81.0, 41.0]) {
            assert!((got - expected).abs() < 1e-9);
        }
        // Most bought once for the same price: they are one tier, and one border goes.
        let equal: Vec<f64> = (0..100).map(|at| if at < 90 { 10.0 } else { f64::from(at) }).collect();
        let tiers = Tiers::by_parts(&equal, &[0.05, 0.2, 0.6]).unwrap();
        assert_eq!(tiers.count(), 3);
        assert!(equal[..90].iter().all(|profit| tiers.tier(*profit) == 1));
        assert!(Tiers::by_parts(&equal, &[0.5, 0.2]).is_err() && Tiers::by_parts(&[], &[0.5]).is_err());
    }

    #[test]
    fn movement_counts_pairs() {
        assert_eq!(movement(&[(0, 1), (0, 1), (1, 1), (5, 0)], 2), [[0, 2], [0, 1]]);
    }
}
