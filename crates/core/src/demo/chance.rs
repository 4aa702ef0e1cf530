//! Chance that comes out the same every time: a generator of our own, because a shop must not change with the version
//! of a library.

use crate::Instant;
use crate::external::Clock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use uuid::Uuid;

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and good enough to tell a story with.
#[derive(Clone, Debug)]
pub struct Chance(u64);

/// The finalizer of SplitMix64.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Chance {
    /// Chance of a seed; `part` gives each part of the story its own, so that a change in one leaves the others.
    #[must_use]
    pub fn new(seed: u64, part: u64) -> Chance {
        Chance(mix(seed).wrapping_add(mix(part.wrapping_add(0x51_7C_C1_B7))))
    }

    /// Any number.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// From 0 up to, not including, 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number from `from` to `to`, both included.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + (self.bits() % (to - from + 1).max(1).unsigned_abs()) as i64
    }

    /// True this often.
    pub fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[(self.bits() % choices.len() as u64) as usize]
    }

    /// One of them, by weight.
    pub fn weighted<'a, T>(&mut self, choices: &'a [T], weight: impl Fn(&T) -> f64) -> &'a T {
        let total: f64 = choices.iter().map(&weight).sum();
        let mut left = self.share() * total;
        for choice in choices {
            left -= weight(choice);
            if left <= 0.0 {
                return choice;
            }
        }
        &choices[choices.len() - 1]
    }

    /// How often something happens that happens `mean` times on average (Knuth's method for Poisson; small means).
    pub fn times(&mut self, mean: f64) -> usize {
        let floor = (-mean).exp();
        let (mut product, mut count) = (self.share(), 0);
        while product > floor {
            product *= self.share();
            count += 1;
        }
        count
    }
}

/// A clock that is set by the story, with ids that come from its seed.
#[derive(Debug)]
pub struct StoryClock {
    now: AtomicI64,
    given: AtomicU64,
    seed: u64,
}

impl StoryClock {
    /// A clock at a moment.
    #[must_use]
    pub fn new(seed: u64, at: Instant) -> StoryClock {
        StoryClock { now: AtomicI64::new(at.0), given: AtomicU64::new(0), seed }
    }

    /// Goes to a moment.
    pub fn set(&self, at: Instant) {
        self.now.store(at.0, Ordering::Relaxed);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Instant {
        Instant(self.now.load(Ordering::Relaxed))
    }

    /// A UUIDv7: the moment, a count so that ids of one moment sort by their making, then bits from the seed.
    fn id(&self, at: Instant) -> Uuid {
        let count = self.given.fetch_add(1, Ordering::Relaxed);
        let moment = u128::from(at.0.unsigned_abs()) & ((1 << 48) - 1);
        // 12 bits beside the version and 30 beside the variant hold the count, the last 32 are chance.
        let high = u128::from(count >> 30) & 0xFFF;
        let low = u128::from(count) & ((1 << 30) - 1);
        let noise = u128::from(mix(self.seed ^ mix(count)) & 0xFFFF_FFFF);
        Uuid::from_u128(moment << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << 32 | noise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_tells_the_same_story_and_another_one_does_not() {
        let story = |seed| {
            let mut chance = Chance::new(seed, 1);
            (0..20).map(|_| chance.between(1, 1000)).collect::<Vec<_>>()
        };
        assert_eq!(story(1), story(1));
        assert_ne!(story(1), story(2));
    }

    #[test]
    fn ids_sort_by_moment_and_then_by_their_making() {
        let clock = StoryClock::new(7, Instant(1));
        let ids: Vec<Uuid> = [10, 10, 10, 11, 12].into_iter().map(|at| clock.id(Instant(at))).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(ids[0], StoryClock::new(7, Instant(1)).id(Instant(10)));
    }

    #[test]
    fn a_mean_is_kept() {
        let mut chance = Chance::new(3, 0);
        let sum: usize = (0..20_000).map(|_| chance.times(1.5)).sum();
        assert!((28_500..31_500).contains(&sum), "{sum}");
    }
}
