//! What an experiment says: functions on plain values.
//!
//! Who looks each day and stops at the first good day is wrong far more often than they think. Of the chance of 5 % to see
//! what is not there, one part in five is spent on looking all the time ([`LOOKING`], a confidence sequence), the rest on the
//! one look when everybody who was planned has been seen to the end ([`AT_THE_END`]); together they stay below 5 %.

use peyvand_stats::mean::{Moments, welch};
use peyvand_stats::sequential::ConfidenceSequence;
use peyvand_stats::{Interval, Result};

/// The chance, over all looks together, of seeing a difference where there is none before the end.
pub const LOOKING: f64 = 0.01;
/// The same of the look at the end.
pub const AT_THE_END: f64 = 0.04;
/// The chance of seeing harm where there is none, on its side alone.
pub const HARM: f64 = 0.05;
/// Customers of an arm who did something, below which nothing is recommended.
pub const EVENTS: u64 = 30;

peyvand_db::words! {
    /// What an experiment says.
    pub enum Verdict {
        /// Something went wrong with it: it says nothing.
        Invalid = "invalid",
        /// It harms: stop.
        StopHarm = "stop_harm",
        /// An arm is better than what was done so far.
        Recommend = "recommend",
        /// The arms do the same, as far as it matters: take the cheaper.
        Equivalent = "equivalent",
        /// What was done so far is not worse.
        KeepCurrent = "keep_current",
        /// It cannot be told.
        NotEnoughData = "not_enough_data",
    }
}

/// An arm beside the control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Which arm.
    pub arm: i64,
    /// The difference, with the interval of one look at the end.
    pub once: Interval,
    /// The same, with the interval that holds at all looks.
    pub always: Interval,
    /// Customers who did something: of the control, of the arm.
    pub events: (u64, u64),
}

/// What a verdict follows from.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// Whether all checks hold.
    pub is_valid: bool,
    /// Whether something that must not get worse got worse.
    pub is_harmful: bool,
    /// Whether it has run for as long as it must.
    pub is_old_enough: bool,
    /// Whether everybody who was planned has been seen to the end.
    pub is_complete: bool,
    /// Differences smaller than this do not matter.
    pub same_within: f64,
    /// The arms beside the control.
    pub contrasts: &'a [Contrast],
}

/// The verdict, the first that applies, with the arm that is recommended.
#[must_use]
pub fn judge(of: &Judged<'_>) -> (Verdict, Option<i64>) {
    if !of.is_valid {
        return (Verdict::Invalid, None);
    }
    if of.is_harmful {
        return (Verdict::StopHarm, None);
    }
    if !of.is_old_enough || of.contrasts.is_empty() {
        return (Verdict::NotEnoughData, None);
    }
    let interval = |one: &Contrast| if of.is_complete { one.once } else { one.always };
    let better = of.contrasts.iter().filter(|one| interval(one).low > 0.0 && one.events.0.min(one.events.1) >= EVENTS);
    if let Some(best) = better.max_by(|one, other| one.once.value.total_cmp(&other.once.value)) {
        return (Verdict::Recommend, Some(best.arm));
    }
    let all = |holds: &dyn Fn(Interval) -> bool| of.contrasts.iter().all(|one| holds(interval(one)));
    if all(&|one| one.low > -of.same_within && one.high < of.same_within) {
        (Verdict::Equivalent, None)
    } else if all(&|one| one.high <= 0.0) {
        (Verdict::KeepCurrent, None)
    } else {
        (Verdict::NotEnoughData, None)
    }
}

/// An arm beside the control, from what was measured of both. `arms` is how many are compared with the control: the chance of
/// being wrong is shared out among them.
///
/// # Errors
/// When there are too few customers to speak of a difference, or they do not differ at all.
pub fn contrast(arm: i64, treated: &Moments, control: &Moments, events: (u64, u64), planned: u64, arms: usize) -> Result<Contrast> {
    let share = arms.max(1) as f64;
    let found = welch(treated, control, 1.0 - AT_THE_END / share)?;
    let always = ConfidenceSequence::new(LOOKING / share, planned)?.interval(
        found.interval.value,
        found.standard_error,
        treated.count + control.count,
    )?;
    Ok(Contrast { arm, once: found.interval, always, events })
}

/// Whether a share got worse (larger) beside the control, at whatever look. Too few to tell is no harm.
#[must_use]
pub fn is_worse(arm: (u64, u64), control: (u64, u64), planned: u64) -> bool {
    let share = |(yes, all): (u64, u64)| yes as f64 / all as f64;
    if arm.1.min(control.1) < EVENTS || arm.0 + control.0 < 5 {
        return false;
    }
    let (one, other) = (share(arm), share(control));
    let error = (one * (1.0 - one) / arm.1 as f64 + other * (1.0 - other) / control.1 as f64).sqrt();
    let sequence = ConfidenceSequence::new(2.0 * HARM, planned);
    let seen = sequence.and_then(|sequence| sequence.interval(one - other, error, arm.1 + control.1));
    error > 0.0 && seen.is_ok_and(|seen| seen.low > 0.0)
}

/// Whether a mean got worse (smaller) beside the control, at whatever look.
#[must_use]
pub fn is_less(arm: &Moments, control: &Moments, planned: u64) -> bool {
    let error = (arm.error_squared() + control.error_squared()).sqrt();
    let sequence = ConfidenceSequence::new(2.0 * HARM, planned);
    let seen = sequence.and_then(|sequence| sequence.interval(arm.mean - control.mean, error, arm.count + control.count));
    error > 0.0 && seen.is_ok_and(|seen| seen.high < 0.0)
}

#[cfg(test)]
mod tests {
    use super::super::planning::{Base, needed_per_arm};
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    fn interval(low: f64, high: f64) -> Interval {
        Interval { value: f64::midpoint(low, high), low, high }
    }

    fn seen(arm: i64, once: (f64, f64), always: (f64, f64)) -> Contrast {
        Contrast { arm, once: interval(once.0, once.1), always: interval(always.0, always.1), events: (50, 60) }
    }

    #[test]
    fn the_first_that_applies_is_the_verdict() {
        let of = |contrasts: &[Contrast], is_complete| {
            judge(&Judged { is_valid: true, is_harmful: false, is_old_enough: true, is_complete, same_within: 1.0, contrasts })
        };
        let good = [seen(1, (0.5, 3.0), (-1.0, 4.5)), seen(2, (2.0, 6.0), (0.5, 7.5))];
        assert_eq!(of(&good, true), (Verdict::Recommend, Some(2)));
        assert_eq!(of(&good[..1], false), (Verdict::NotEnoughData, None), "before the end only what holds at all looks counts");
        assert_eq!(of(&good, false), (Verdict::Recommend, Some(2)));
        let few = [Contrast { events: (29, 60), ..good[1] }];
        assert_eq!(of(&few, true), (Verdict::NotEnoughData, None), "of too few it is not recommended");
        assert_eq!(of(&[seen(1, (-0.5, 0.9), (-2.0, 3.0))], true), (Verdict::Equivalent, None));
        assert_eq!(of(&[seen(1, (-5.0, -1.5), (-9.0, 3.0))], true), (Verdict::KeepCurrent, None));
        assert_eq!(of(&[seen(1, (-5.0, 3.0), (-9.0, 7.0))], true), (Verdict::NotEnoughData, None));
        assert_eq!(of(&[], true), (Verdict::NotEnoughData, None));
        let with = |is_valid, is_harmful, is_old_enough| {
            judge(&Judged { is_valid, is_harmful, is_old_enough, is_complete: true, same_within: 1.0, contrasts: &good }).0
        };
        assert_eq!(with(false, true, true), Verdict::Invalid);
        assert_eq!(with(true, true, false), Verdict::StopHarm, "harm does not wait");
        assert_eq!(with(true, false, false), Verdict::NotEnoughData);
    }

    /// Two arms of customers who buy or not, looked at each day for 60 days: the share of runs in which a difference was seen.
    fn seen_in(runs: u32, per_day: u64, shares: (f64, f64), seed: u64) -> f64 {
        let days = 60;
        let planned = 2 * per_day * days;
        let mut random = StdRng::seed_from_u64(seed);
        let mut draw = |share: f64| random.random::<f64>() < share;
        let moments = |yes: u64, all: u64| {
            let mean = yes as f64 / all as f64;
            Moments { count: all, mean, variance: mean * (1.0 - mean) * all as f64 / (all - 1) as f64 }
        };
        let mut found = 0;
        for _ in 0..runs {
            let (mut treated, mut control) = (0, 0);
            for day in 1..=days {
                for _ in 0..per_day {
                    treated += u64::from(draw(shares.0));
                    control += u64::from(draw(shares.1));
                }
                let all = day * per_day;
                let one = contrast(1, &moments(treated, all), &moments(control, all), (control, treated), planned, 1);
                let Ok(one) = one else { continue };
                let interval = if day == days { one.once } else { one.always };
                if one.events.0 >= EVENTS && interval.excludes_zero() {
                    found += 1;
                    break;
                }
            }
        }
        f64::from(found) / f64::from(runs)
    }

    #[test]
    fn looking_each_day_for_sixty_days_is_wrong_in_at_most_one_of_twenty() {
        let wrong = seen_in(2_000, 10, (0.3, 0.3), 1);
        assert!(wrong <= 0.05, "{wrong}");
        assert!(wrong > 0.02, "it can be wrong at all: {wrong}");
    }

    #[test]
    fn an_experiment_of_the_planned_size_sees_what_it_was_planned_for() {
        let base = Base { customers: 100_000, mean: 0.3, deviation: 0.0, per_day: 0.0, is_share: true };
        let needed = needed_per_arm(&base, 0.085, 1).unwrap();
        let power = seen_in(2_000, needed.div_ceil(60), (0.385, 0.3), 2);
        assert!((0.77..=0.83).contains(&power), "{power} with {needed}");
    }

    #[test]
    fn what_must_not_get_worse_is_watched() {
        assert!(is_worse((60, 400), (20, 400), 2_000));
        assert!(!is_worse((24, 400), (20, 400), 2_000));
        assert!(!is_worse((20, 400), (60, 400), 2_000), "better is no harm");
        assert!(!is_worse((3, 40), (0, 40), 2_000), "too few");
    }
}
