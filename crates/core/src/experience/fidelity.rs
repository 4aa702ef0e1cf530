//! What we did beside what they felt: functions on plain values.

use peyvand_stats::Interval;
use peyvand_stats::mean::{Moments, mean};
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::Serialize;

/// Days that are looked back, and with which the days before are compared.
pub const WINDOW: i64 = 90;
/// Acts of one customer that were due before a share is said of them.
pub const ACTS_NEEDED: i64 = 5;
/// Answers of one customer before a mean is said of them.
pub const ANSWERS_NEEDED: i64 = 3;
/// Below this share, in per cent, an advocate is in danger.
const LEAST: i64 = 80;
/// And when it fell by more points than these.
const FALL: i64 = 20;

/// Acts that were due, and those that were done in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Were due.
    pub due: i64,
    /// Were done in time.
    pub in_time: i64,
}

impl Kept {
    /// The share in per cent, where enough was due.
    #[must_use]
    pub fn percent(self) -> Option<i64> {
        (self.due >= ACTS_NEEDED).then(|| self.in_time * 100 / self.due)
    }
}

/// Whether what was done for an advocate in these days is so little, or so much less than in those before, that they are
/// offended before they complain.
#[must_use]
pub fn warns(now: Kept, before: Kept) -> bool {
    let Some(share) = now.percent() else { return false };
    share < LEAST || before.percent().is_some_and(|before| before - share > FALL)
}

/// One of the two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Measured {
    /// Of how many it is.
    pub count: i64,
    /// How many it takes before it is said.
    pub needs: i64,
    /// The number, where there are enough.
    pub value: Option<f64>,
    /// Lower end of the range in which it lies with 95 per cent.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Measured {
    fn of(count: i64, needs: i64, interval: impl FnOnce() -> Option<Interval>) -> Measured {
        let found = if count < needs { None } else { interval() };
        Measured { count, needs, value: found.map(|one| one.value), low: found.map(|one| one.low), high: found.map(|one| one.high) }
    }
}

/// The share of the acts that were due which was done in time.
#[must_use]
pub fn fidelity(kept: Kept, needs: i64, level: f64) -> Measured {
    Measured::of(kept.due, needs, || wilson(kept.in_time.unsigned_abs(), kept.due.unsigned_abs(), level).ok())
}

/// The mean of how respected they feel, 1 to 7.
#[must_use]
pub fn perceived(answers: &[f64], needs: i64, level: f64) -> Measured {
    let count = i64::try_from(answers.len()).unwrap_or(i64::MAX);
    Measured::of(count, needs, || {
        let found = mean(&Moments::of(answers).ok()?, level).ok()?;
        Some(Interval { low: found.low.max(1.0), high: found.high.min(7.0), ..found })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(due: i64, in_time: i64) -> Kept {
        Kept { due, in_time }
    }

    #[test]
    fn a_warning_comes_of_little_and_of_a_fall_but_not_of_few() {
        assert!(warns(kept(10, 7), kept(0, 0)), "70 per cent");
        assert!(!warns(kept(10, 8), kept(0, 0)), "80 per cent are enough");
        assert!(!warns(kept(4, 0), kept(0, 0)), "of four nothing is said");
        assert!(!warns(kept(20, 16), kept(20, 20)), "a fall of 20 points is none");
        assert!(warns(kept(100, 80), kept(100, 101)), "of 21 it is");
        assert!(!warns(kept(20, 17), kept(4, 4)), "nor is anything said of few before");
    }

    #[test]
    fn both_numbers_have_a_range_and_are_not_said_of_few() {
        let share = fidelity(kept(30, 27), 30, 0.95);
        assert!((share.value.unwrap() - 0.9).abs() < 1e-9 && share.low.unwrap() < 0.9 && share.high.unwrap() > 0.9, "{share:?}");
        assert_eq!(fidelity(kept(29, 29), 30, 0.95).value, None);
        let felt = perceived(&[7.0, 6.0, 7.0, 7.0], 3, 0.95);
        assert!((felt.value.unwrap() - 6.75).abs() < 1e-9 && felt.high.unwrap() <= 7.0, "the range ends with the scale");
        assert_eq!(perceived(&[7.0, 7.0], 3, 0.95).value, None);
    }
}
