//! What can be learned with the customers there are: functions on plain values.

use super::verdict::AT_THE_END;
use peyvand_stats::Result;
use peyvand_stats::power::{Demand, detectable_mean, detectable_share, sample_size_mean, sample_size_share};

/// The chance of seeing a difference of the size that is asked for.
pub const POWER: f64 = 0.8;
/// Who would have to wait longer than this has their question answered too late.
pub const TOO_LONG: i64 = 180;
/// An experiment runs for at least so many days.
pub const SHORTEST: i64 = 28;

/// What is known of the customers of an experiment before it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Base {
    /// How many it means.
    pub customers: u64,
    /// The mean of what is measured, over as many days as it will be: a share, or amounts.
    pub mean: f64,
    /// Its standard deviation; of no use for a share.
    pub deviation: f64,
    /// How many come to be meant each day.
    pub per_day: f64,
    /// Whether it is a share.
    pub is_share: bool,
}

/// What a plan comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Customers of each arm that show a difference of the size that is asked for; absent where no number of them does.
    pub per_arm: Option<u64>,
    /// The smallest difference that all customers there are would show.
    pub detectable: Option<f64>,
    /// Days until everybody who is needed has been seen to the end; absent where that never comes.
    pub days: Option<i64>,
    /// Whether the question can be answered.
    pub can: bool,
}

fn demand(arms: usize) -> Demand {
    Demand { alpha: AT_THE_END / arms.max(1) as f64, power: POWER }
}

/// Customers of each arm that show a difference; `arms` are compared with the control.
///
/// # Errors
/// When nothing varies, or a share would leave 0 to 1.
pub fn needed_per_arm(base: &Base, difference: f64, arms: usize) -> Result<u64> {
    if base.is_share {
        sample_size_share(base.mean, base.mean + difference, demand(arms))
    } else {
        sample_size_mean(base.deviation, difference, demand(arms))
    }
}

/// The smallest difference that so many customers of each arm show.
///
/// # Errors
/// As [`needed_per_arm`].
pub fn detectable(base: &Base, per_arm: u64, arms: usize) -> Result<f64> {
    if base.is_share {
        detectable_share(base.mean, per_arm, per_arm, demand(arms))
    } else {
        detectable_mean(base.deviation, per_arm, per_arm, demand(arms))
    }
}

/// What comes of asking for a difference with so many arms beside the control, each seen for `horizon` days.
#[must_use]
pub fn plan(base: &Base, difference: f64, arms: usize, horizon: i64) -> Plan {
    let parts = arms as u64 + 1;
    let all = detectable(base, base.customers / parts, arms).ok().filter(|found| found.is_finite() && *found > 0.0);
    let per_arm = needed_per_arm(base, difference, arms).ok().filter(|needed| *needed > 0);
    let days = per_arm.and_then(|per_arm| {
        let missing = (per_arm * parts).saturating_sub(base.customers);
        let waiting = if missing == 0 {
            0
        } else if base.per_day > 0.0 {
            (missing as f64 / base.per_day).ceil().min(100_000.0) as i64
        } else {
            return None;
        };
        Some((waiting + horizon).max(SHORTEST))
    });
    let can = all.is_some() && days.is_some_and(|days| days <= TOO_LONG.max(horizon + SHORTEST));
    Plan { per_arm, detectable: all, days, can }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(customers: u64, per_day: f64) -> Base {
        Base { customers, mean: 0.3, deviation: 0.0, per_day, is_share: true }
    }

    #[test]
    fn the_smaller_the_shop_the_larger_what_it_can_see() {
        let mut last = f64::INFINITY;
        for customers in [100, 500, 2_000, 10_000] {
            let found = plan(&share(customers, 0.0), 0.05, 1, 90).detectable.unwrap();
            assert!(found < last);
            last = found;
        }
        // methods.md: 500 in each arm show 8.1 points at 5 %; at 4 % a little more.
        let found = detectable(&share(1_000, 0.0), 500, 1).unwrap();
        assert!((0.081..0.086).contains(&found), "{found}");
    }

    #[test]
    fn a_plan_says_how_long_it_takes_and_when_it_cannot_be_answered() {
        let enough = plan(&share(5_000, 0.0), 0.05, 1, 60);
        assert!(enough.can);
        assert_eq!(enough.days, Some(60));
        assert!((1_350..1_560).contains(&enough.per_arm.unwrap()), "{enough:?}");
        let short = plan(&share(5_000, 0.0), 0.05, 1, 14);
        assert_eq!(short.days, Some(SHORTEST), "never shorter than four weeks");
        let slow = plan(&share(1_000, 2.0), 0.05, 1, 60);
        assert!(!slow.can && slow.days.unwrap() > TOO_LONG);
        let soon = plan(&share(2_600, 10.0), 0.05, 1, 60);
        assert!(soon.can && soon.days.unwrap() > 60);
        let never = plan(&share(200, 0.0), 0.05, 1, 60);
        assert_eq!((never.can, never.days), (false, None));
        let impossible = plan(&share(5_000, 0.0), 0.9, 1, 60);
        assert_eq!((impossible.per_arm, impossible.can), (None, false));
        let still = Base { customers: 500, mean: 0.0, deviation: 0.0, per_day: 1.0, is_share: false };
        assert!(!plan(&still, 10.0, 1, 60).can, "nobody bought anything");
        let more_arms = plan(&share(5_000, 0.0), 0.05, 3, 60);
        assert!(more_arms.per_arm > enough.per_arm);
    }
}
