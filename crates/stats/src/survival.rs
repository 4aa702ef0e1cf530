//! Kaplan-Meier: what share has not come back (has stayed, has not complained …) by a time, though many are still under
//! way (Kaplan & Meier 1958), with Greenwood's error on the log-log scale (Kalbfleisch & Prentice 1980).

use crate::{Error, Result, error::enough, interval::z_of};

/// One customer under observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spell {
    /// Time from the start to the event, or to the end of observation.
    pub time: f64,
    /// Whether the event happened; otherwise the observation ended before.
    pub happened: bool,
}

/// Customers under observation for the same time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spells {
    /// Time from the start to the event, or to the end of observation.
    pub time: f64,
    /// Whether the event happened; otherwise the observation ended before.
    pub happened: bool,
    /// How many they are.
    pub customers: u64,
}

/// The curve after one time at which something happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The time.
    pub time: f64,
    /// How many were under observation just before.
    pub at_risk: u64,
    /// To how many it happened.
    pub events: u64,
    /// S(t): share to whom it has not happened by then.
    pub share: f64,
    /// Standard error of the share (Greenwood).
    pub standard_error: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// One step per time at which something happened, ascending. Before the first the share is 1.
    pub steps: Vec<Step>,
    /// Number of customers.
    pub customers: u64,
    /// The longest time observed; nothing is known beyond it.
    pub until: f64,
}

/// Time at which half remain, with the times between which it may lie; `None` for what was not reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    /// The first time with a share of one half or less.
    pub value: Option<f64>,
    /// The first time at which the lower end of the interval is one half or less.
    pub low: Option<f64>,
    /// The first time at which the upper end is.
    pub high: Option<f64>,
}

impl Curve {
    /// The curve with pointwise intervals of `level`: S^exp(±z·se(ln(−ln S))).
    ///
    /// # Errors
    /// `TooFewCustomers` without any, `Invalid` for a time that is negative or not finite, or a bad level.
    pub fn of(spells: &[Spell], level: f64) -> Result<Self> {
        let each = |spell: &Spell| Spells { time: spell.time, happened: spell.happened, customers: 1 };
        Self::counted(&spells.iter().map(each).collect::<Vec<_>>(), level)
    }

    /// The same of customers that were counted: the same curve, in the memory of the different times.
    ///
    /// # Errors
    /// As [`Curve::of`].
    pub fn counted(spells: &[Spells], level: f64) -> Result<Self> {
        let z = z_of(level)?;
        let customers: u64 = spells.iter().map(|one| one.customers).sum();
        enough("customers", usize::try_from(customers).unwrap_or(usize::MAX), 1)?;
        if let Some(row) = spells.iter().position(|spell| !(spell.time.is_finite() && spell.time >= 0.0)) {
            return Err(Error::invalid_at("a time that is negative or not finite", row));
        }
        let mut spells = spells.to_vec();
        spells.sort_unstable_by(|one, other| one.time.total_cmp(&other.time));
        let (mut share, mut variance) = (1.0, 0.0);
        let mut steps = Vec::new();
        let mut gone = 0_u64;
        for same in spells.chunk_by(|one, other| one.time == other.time) {
            // Who leaves observation at the moment of an event was still at risk of it.
            let at_risk = (customers - gone) as f64;
            let events: u64 = same.iter().filter(|spell| spell.happened).map(|spell| spell.customers).sum();
            gone += same.iter().map(|spell| spell.customers).sum::<u64>();
            if events == 0 {
                continue;
            }
            let d = events as f64;
            share *= 1.0 - d / at_risk;
            variance += d / (at_risk * (at_risk - d));
            let (low, high) = if share > 0.0 {
                let spread = z * variance.sqrt() / f64::ln(share).abs();
                (share.powf(spread.exp()), share.powf((-spread).exp()))
            } else {
                (0.0, 0.0)
            };
            let standard_error = if share > 0.0 { share * variance.sqrt() } else { 0.0 };
            steps.push(Step { time: same[0].time, at_risk: at_risk as u64, events, share, standard_error, low, high });
        }
        Ok(Self { steps, customers, until: spells.last().map_or(0.0, |spell| spell.time) })
    }

    /// The step in force at a time; `None` before the first event (the share is 1) and beyond what was observed.
    #[must_use]
    pub fn at(&self, time: f64) -> Option<&Step> {
        if time > self.until {
            return None;
        }
        self.steps[..self.steps.partition_point(|step| step.time <= time)].last()
    }

    /// Time at which half remain.
    #[must_use]
    pub fn median(&self) -> Median {
        let first = |of: fn(&Step) -> f64| self.steps.iter().find(|step| of(step) <= 0.5).map(|step| step.time);
        Median { value: first(|step| step.share), low: first(|step| step.low), high: first(|step| step.high) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Maintained group of the leukaemia trial of Embury et al. 1977, the example of many textbooks.
    fn maintained() -> Vec<Spell> {
        [
            (9, true),
            (13, true),
            (13, false),
            (18, true),
            (23, true),
            (28, false),
            (31, true),
            (34, true),
            (45, false),
            (48, true),
            (161, false),
        ]
        .map(|(time, happened)| Spell { time: f64::from(time), happened })
        .to_vec()
    }

    #[test]
    fn the_textbook_curve_comes_out() {
        let curve = Curve::of(&maintained(), 0.95).unwrap();
        let expected = [
            (9.0, 11, 0.909, 0.0867),
            (13.0, 10, 0.818, 0.1163),
            (18.0, 8, 0.716, 0.1397),
            (23.0, 7, 0.614, 0.1526),
            (31.0, 5, 0.491, 0.1642),
            (34.0, 4, 0.368, 0.1627),
            (48.0, 2, 0.184, 0.1535),
        ];
        assert_eq!(curve.steps.len(), expected.len());
        for (step, (time, at_risk, share, error)) in curve.steps.iter().zip(expected) {
            assert_eq!((step.time, step.at_risk, step.events), (time, at_risk, 1));
            assert!((step.share - share).abs() < 5.1e-4 && (step.standard_error - error).abs() < 5.1e-5, "{step:?}");
            assert!(0.0 < step.low && step.low < step.share && step.share < step.high && step.high < 1.0);
        }
        // Log-log limits of R's survfit(conf.type = "log-log") at the first and the last step.
        let ends = |at: usize| (curve.steps[at].low, curve.steps[at].high);
        for (got, expected) in [(ends(0), (0.508, 0.987)), (ends(6), (0.0115, 0.525))] {
            assert!((got.0 - expected.0).abs() < 6e-4 && (got.1 - expected.1).abs() < 6e-4, "{got:?}");
        }
        assert_eq!(curve.median(), Median { value: Some(31.0), low: Some(13.0), high: None });
        assert_eq!(curve.at(8.0), None);
        assert_eq!(curve.at(30.0).unwrap().time, 23.0);
        assert_eq!(curve.at(162.0), None);
    }

    #[test]
    fn counted_customers_give_the_same_curve() {
        let counted: Vec<Spells> =
            maintained().iter().map(|spell| Spells { time: spell.time, happened: spell.happened, customers: 3 }).collect();
        let three: Vec<Spell> = maintained().into_iter().flat_map(|spell| [spell; 3]).collect();
        assert_eq!(Curve::counted(&counted, 0.95).unwrap(), Curve::of(&three, 0.95).unwrap());
        assert!(Curve::counted(&[Spells { time: 1.0, happened: true, customers: 0 }], 0.95).is_err());
    }

    #[test]
    fn without_censoring_it_is_the_share_that_remains() {
        let spells: Vec<Spell> = (1..=4).map(|time| Spell { time: f64::from(time), happened: true }).collect();
        let curve = Curve::of(&spells, 0.9).unwrap();
        assert_eq!(curve.steps.iter().map(|step| (step.share * 4.0).round()).collect::<Vec<_>>(), [3.0, 2.0, 1.0, 0.0]);
        assert_eq!((curve.steps[3].low, curve.steps[3].high), (0.0, 0.0));
        assert!(Curve::of(&[], 0.95).is_err());
        assert!(Curve::of(&[Spell { time: -1.0, happened: true }], 0.95).is_err());
    }

    proptest! {
        #[test]
        fn a_curve_falls_within_its_interval(spells in prop::collection::vec((0u32..40, any::<bool>()), 1..200), rotate in 0usize..50) {
            let mut spells: Vec<Spell> = spells.into_iter().map(|(time, happened)| Spell { time: f64::from(time), happened }).collect();
            let curve = Curve::of(&spells, 0.95).unwrap();
            prop_assert!(curve.steps.windows(2).all(|pair| pair[0].time < pair[1].time && pair[0].share >= pair[1].share));
            prop_assert!(curve.steps.iter().all(|step| 0.0 <= step.low && step.low <= step.share && step.share <= step.high && step.high <= 1.0));
            let by = rotate % spells.len();
            spells.rotate_left(by);
            prop_assert_eq!(Curve::of(&spells, 0.95).unwrap(), curve);
        }
    }
}
