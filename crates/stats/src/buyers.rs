//! Customers as purchase models see them: repeats, time of the last one, time since the first.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use rayon::prelude::*;

use crate::{Error, Result, error::enough};

/// Fewer customers than this give parameters that say nothing of others.
pub const CUSTOMERS_NEEDED: usize = 100;

/// Fewer customers with a repeat purchase than this say nothing of repeating.
pub const REPEATERS_NEEDED: usize = 20;

/// More groups than this are worth several processors, and starts on a part.
const MANY: usize = 4096;

/// One customer: x, t_x and T of the literature (Fader, Hardie & Lee 2005), all times in one unit, from the *first*
/// purchase on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buyer {
    /// x: purchase occasions after the first one; several on one day are one occasion.
    pub repeats: u32,
    /// t_x: time from the first occasion to the last; 0 without repeats.
    pub last: f64,
    /// T: time from the first occasion to the end of observation.
    pub age: f64,
}

impl Buyer {
    /// Reads a customer from the days of purchases, numbers in any order, as of the end of day `until`; later ones are
    /// left out. `unit` is the number of days in a unit of time: 7 for weeks.
    ///
    /// `None` without a purchase by then.
    #[must_use]
    pub fn from_days(days: &[i64], until: i64, unit: f64) -> Option<Self> {
        let mut days: Vec<i64> = days.iter().copied().filter(|day| *day <= until).collect();
        days.sort_unstable();
        days.dedup();
        let (first, last) = (*days.first()?, *days.last()?);
        Some(Self { repeats: (days.len() - 1) as u32, last: (last - first) as f64 / unit, age: (until - first) as f64 / unit })
    }

    fn check(&self, row: usize) -> Result<()> {
        let Self { repeats, last, age } = *self;
        if !(last.is_finite() && age.is_finite()) {
            return Err(Error::invalid_at("a time that is not finite", row));
        }
        if last < 0.0 || last > age {
            return Err(Error::invalid_at("a last purchase that is not between the first one and the end", row));
        }
        if (repeats == 0) != (last == 0.0) {
            return Err(Error::invalid_at("repeats without a time after the first purchase, or a time without repeats", row));
        }
        Ok(())
    }
}

/// What every purchase model tells of a customer. Horizons are in the unit of the customers' times.
pub trait PurchaseModel: Sync {
    /// P(alive): probability that the customer has not left for good by T.
    fn probability_alive(&self, buyer: &Buyer) -> f64;

    /// E[Y(t)]: expected number of purchase occasions within `horizon` after T.
    fn expected_purchases(&self, buyer: &Buyer, horizon: f64) -> f64;

    /// Probability of at least one purchase within `horizon` after T.
    fn probability_of_purchase(&self, buyer: &Buyer, horizon: f64) -> f64;

    /// E[X(t)]: expected repeats of somebody new within `age` after their first purchase.
    fn expected_repeats(&self, age: f64) -> f64;
}

/// Repeats that a model expects of all customers together by the end of observation, or `later` than that: the line to
/// be drawn beside what really happened.
#[must_use]
pub fn expected_total(model: &impl PurchaseModel, buyers: &Buyers, later: f64) -> f64 {
    let mut counts = vec![0.0; buyers.times.len()];
    for group in &buyers.groups {
        counts[group.age as usize] += group.count;
    }
    let total = |time: &f64, count: &f64| if *count > 0.0 { count * model.expected_repeats((time + later).max(0.0)) } else { 0.0 };
    buyers.times.iter().zip(&counts).map(|(time, count)| total(time, count)).sum()
}

/// Many customers, identical ones counted once: likelihoods are computed per group.
#[derive(Clone, Debug)]
pub struct Buyers {
    /// Ascending by repeats.
    pub(crate) groups: Vec<Group>,
    /// Distinct times, t_x and T together.
    pub(crate) times: Vec<f64>,
    /// How many customers have more than i repeats.
    pub(crate) tails: Vec<f64>,
    customers: u64,
    repeaters: u64,
    repeats: f64,
    exposure: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub repeats: u32,
    /// Index in `times`.
    pub last: u32,
    /// Index in `times`.
    pub age: u32,
    pub count: f64,
}

impl Buyers {
    /// Groups customers.
    ///
    /// # Errors
    /// `Invalid` for a customer whose times cannot be.
    pub fn group(buyers: &[Buyer]) -> Result<Self> {
        Self::collect(buyers.iter().map(|buyer| (*buyer, 1)))
    }

    /// Groups customers of whom identical ones were counted before, as a database does.
    ///
    /// # Errors
    /// As [`Buyers::group`].
    pub fn from_counts(counts: &[(Buyer, u64)]) -> Result<Self> {
        Self::collect(counts.iter().copied())
    }

    fn collect(buyers: impl ExactSizeIterator<Item = (Buyer, u64)>) -> Result<Self> {
        let mut times = Times::default();
        let mut keys: Vec<(u128, u64)> = Vec::with_capacity(buyers.len());
        for (row, (buyer, count)) in buyers.enumerate() {
            buyer.check(row)?;
            if count > 0 {
                let key = u128::from(buyer.repeats) << 64 | u128::from(times.index(buyer.last)) << 32 | u128::from(times.index(buyer.age));
                keys.push((key, count));
            }
        }
        keys.par_sort_unstable_by_key(|(key, _)| *key);
        let mut groups: Vec<Group> = Vec::new();
        let mut before = None;
        let (mut customers, mut repeaters) = (0, 0);
        for (key, count) in keys {
            let repeats = (key >> 64) as u32;
            customers += count;
            repeaters += if repeats > 0 { count } else { 0 };
            match groups.last_mut() {
                Some(group) if before == Some(key) => group.count += count as f64,
                _ => groups.push(Group { repeats, last: (key >> 32) as u32, age: key as u32, count: count as f64 }),
            }
            before = Some(key);
        }
        let times = times.list;
        let most = groups.last().map_or(0, |group| group.repeats) as usize;
        let mut tails = vec![0.0; most];
        let (mut repeats, mut exposure) = (0.0, 0.0);
        for group in &groups {
            if group.repeats > 0 {
                tails[group.repeats as usize - 1] += group.count;
            }
            repeats += group.count * f64::from(group.repeats);
            exposure += group.count * times[group.age as usize];
        }
        for at in (1..most).rev() {
            tails[at - 1] += tails[at];
        }
        Ok(Self { groups, times, tails, customers, repeaters, repeats, exposure })
    }

    /// Number of customers.
    #[must_use]
    pub fn customers(&self) -> u64 {
        self.customers
    }

    /// Number of customers with at least one repeat.
    #[must_use]
    pub fn repeaters(&self) -> u64 {
        self.repeaters
    }

    /// Number of groups of identical customers.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Refuses what no model can be fitted to.
    pub(crate) fn enough(&self) -> Result<()> {
        enough("customers", self.customers as usize, CUSTOMERS_NEEDED)?;
        enough("customers with a repeat purchase", self.repeaters as usize, REPEATERS_NEEDED)
    }

    /// Mean T, the unit in which fits work.
    pub(crate) fn unit(&self) -> f64 {
        self.exposure / self.customers as f64
    }

    /// Repeats per mean T.
    pub(crate) fn rate(&self) -> f64 {
        self.repeats / self.customers as f64
    }

    /// The same customers with times divided by `unit`.
    pub(crate) fn scaled(&self, unit: f64) -> Self {
        let mut scaled = self.clone();
        scaled.times.iter_mut().for_each(|time| *time /= unit);
        scaled
    }

    /// Every so many-th group, as a place to begin; `None` when there are few anyway.
    pub(crate) fn thinned(&self) -> Option<Self> {
        const KEPT: usize = 1500;
        if self.groups.len() < 2 * KEPT {
            return None;
        }
        let every = self.groups.len() / KEPT;
        let mut thin = Self { groups: self.groups.iter().copied().step_by(every).collect(), ..self.clone() };
        thin.tails.fill(0.0);
        for group in &thin.groups {
            if group.repeats > 0 {
                thin.tails[group.repeats as usize - 1] += group.count;
            }
        }
        for at in (1..thin.tails.len()).rev() {
            thin.tails[at - 1] += thin.tails[at];
        }
        thin.customers = thin.groups.iter().map(|group| group.count as u64).sum();
        Some(thin)
    }

    /// Sums something over all groups, on all processors when there are many. The parts are cut and added in one order,
    /// so that the sum is the same to the last bit on every machine.
    pub(crate) fn sum<T: Send>(&self, part: impl Fn(&[Group]) -> T + Sync, add: impl Fn(&mut T, T)) -> Option<T> {
        let parts: Vec<T> = if self.groups.len() <= MANY {
            self.groups.chunks(MANY / 4).map(&part).collect()
        } else {
            self.groups.par_chunks(MANY / 4).map(&part).collect()
        };
        parts.into_iter().reduce(|mut sum, part| {
            add(&mut sum, part);
            sum
        })
    }
}

/// ln Γ(p + x) − ln Γ(p) summed over customers through their tails, with slope and curvature by p.
pub(crate) fn rising(p: f64, tails: &[f64]) -> (f64, f64, f64) {
    let (mut value, mut slope, mut bend) = (0.0, 0.0, 0.0);
    for (i, count) in tails.iter().enumerate() {
        let at = p + i as f64;
        let inverse = 1.0 / at;
        value += count * at.ln();
        slope += count * inverse;
        bend -= count * inverse * inverse;
    }
    (value, slope, bend)
}

/// Distinct times in the order of their first appearance.
#[derive(Default)]
struct Times {
    list: Vec<f64>,
    places: HashMap<u64, u32, BuildHasherDefault<Mix>>,
}

impl Times {
    fn index(&mut self, time: f64) -> u32 {
        // Adding 0 makes −0 the same time as 0.
        *self.places.entry((time + 0.0).to_bits()).or_insert_with(|| {
            self.list.push(time + 0.0);
            (self.list.len() - 1) as u32
        })
    }
}

/// A multiplicative hash: the keys are times of an own database, not of an adversary, and there are millions.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        // Whole numbers as floats end in zeros: folding the long product brings their other bits down.
        let long = u128::from(self.0 ^ key) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (long >> 64) as u64 ^ long as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_repeats_and_times() {
        let buyer = Buyer::from_days(&[17, 0, 213, 17, 400], 272, 7.0).unwrap();
        assert_eq!(buyer, Buyer { repeats: 2, last: 213.0 / 7.0, age: 272.0 / 7.0 });
        assert_eq!(Buyer::from_days(&[5], 4, 7.0), None);
        assert_eq!(Buyer::from_days(&[5], 5, 1.0), Some(Buyer { repeats: 0, last: 0.0, age: 0.0 }));
    }

    #[test]
    fn identical_customers_are_one_group() {
        let (one, two) = (Buyer { repeats: 2, last: 3.0, age: 9.0 }, Buyer { repeats: 0, last: 0.0, age: 9.0 });
        let buyers = Buyers::group(&[one, two, one, one]).unwrap();
        assert_eq!((buyers.customers(), buyers.repeaters(), buyers.groups()), (4, 3, 2));
        assert_eq!(buyers.tails, [3.0, 3.0]);
        let counted = Buyers::from_counts(&[(two, 1), (one, 3), (one, 0)]).unwrap();
        assert_eq!((counted.customers(), counted.groups()), (4, 2));
    }

    #[test]
    fn impossible_customers_are_refused() {
        for buyer in [
            Buyer { repeats: 1, last: 0.0, age: 3.0 },
            Buyer { repeats: 0, last: 1.0, age: 3.0 },
            Buyer { repeats: 1, last: 4.0, age: 3.0 },
            Buyer { repeats: 1, last: -1.0, age: 3.0 },
            Buyer { repeats: 1, last: f64::NAN, age: 3.0 },
            Buyer { repeats: 0, last: 0.0, age: f64::INFINITY },
        ] {
            assert!(
                matches!(Buyers::group(&[Buyer { repeats: 0, last: 0.0, age: 1.0 }, buyer]), Err(Error::Invalid { row: Some(1), .. })),
                "{buyer:?}"
            );
        }
    }
}
