//! Shares and their differences.

use statrs::function::beta::inv_beta_reg;

use crate::{
    Error, Interval, Result,
    interval::{below, two_sided, z_of},
};

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many have it.
    pub yes: u64,
    /// Of how many.
    pub all: u64,
}

impl Share {
    /// The share itself; 0 of 0 is no number.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.yes as f64 / self.all as f64
    }

    fn check(&self) -> Result<()> {
        if self.all == 0 {
            return Err(Error::TooFewCustomers { of: "observations", have: 0, need: 1 });
        }
        if self.yes > self.all { Err(Error::invalid("more successes than trials")) } else { Ok(()) }
    }
}

/// A test of no difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Test statistic: z, t or χ².
    pub statistic: f64,
    /// Probability of one as extreme if there is no difference.
    pub p: f64,
}

/// Interval of a share (Wilson 1927): solves |p̂ − p| = z·√(p(1−p)/n) for p. Right for small numbers and shares near 0 and 1,
/// where the usual interval leaves the range.
///
/// # Errors
/// `TooFewCustomers` of none, `Invalid` for more successes than trials or a level outside 0 to 1.
pub fn wilson(yes: u64, all: u64, level: f64) -> Result<Interval> {
    let share = Share { yes, all };
    share.check()?;
    let z2 = z_of(level)?.powi(2);
    let (p, n) = (share.value(), all as f64);
    let middle = p + z2 / (2.0 * n);
    let half = (z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))).sqrt();
    let scale = 1.0 + z2 / n;
    Ok(Interval {
        value: p,
        low: if yes == 0 { 0.0 } else { ((middle - half) / scale).max(0.0) },
        high: if yes == all { 1.0 } else { ((middle + half) / scale).min(1.0) },
    })
}

/// Interval of a share that never covers less than its level (Clopper & Pearson 1934); wider than [`wilson`].
///
/// # Errors
/// As [`wilson`].
pub fn clopper_pearson(yes: u64, all: u64, level: f64) -> Result<Interval> {
    let share = Share { yes, all };
    share.check()?;
    z_of(level)?;
    let tail = (1.0 - level) / 2.0;
    let (x, n) = (yes as f64, all as f64);
    Ok(Interval {
        value: share.value(),
        low: if yes == 0 { 0.0 } else { inv_beta_reg(x, n - x + 1.0, tail) },
        high: if yes == all { 1.0 } else { inv_beta_reg(x + 1.0, n - x, 1.0 - tail) },
    })
}

/// Interval of the difference of two independent shares, one − other (Newcombe 1998, method 10): the squares of the
/// distances to Wilson's limits are added.
///
/// # Errors
/// As [`wilson`].
pub fn newcombe(one: Share, other: Share, level: f64) -> Result<Interval> {
    let (a, b) = (wilson(one.yes, one.all, level)?, wilson(other.yes, other.all, level)?);
    let value = a.value - b.value;
    Ok(Interval { value, low: value - (a.value - a.low).hypot(b.high - b.value), high: value + (a.high - a.value).hypot(b.value - b.low) })
}

/// z test of two shares being equal, with the pooled variance.
///
/// # Errors
/// As [`wilson`]; `Invalid` when nobody or everybody has it in both, so that there is no variance.
pub fn z_test(one: Share, other: Share) -> Result<Test> {
    one.check()?;
    other.check()?;
    let (n, m) = (one.all as f64, other.all as f64);
    let pooled = (one.yes + other.yes) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    if error == 0.0 {
        return Err(Error::invalid("shares without variance"));
    }
    let statistic = (one.value() - other.value()) / error;
    Ok(Test { statistic, p: two_sided(statistic) })
}

/// Interval of the ratio one/other of two independent shares: exp(ln(p₁/p₂) ± z·√((1−p₁)/(n₁p₁) + (1−p₂)/(n₂p₂))).
///
/// # Errors
/// As [`wilson`]; `Invalid` when either share is 0.
pub fn share_ratio(one: Share, other: Share, level: f64) -> Result<Interval> {
    one.check()?;
    other.check()?;
    let z = z_of(level)?;
    if one.yes == 0 || other.yes == 0 {
        return Err(Error::invalid("a ratio with a share of 0"));
    }
    let part = |share: Share| (1.0 - share.value()) / share.yes as f64;
    let value = one.value() / other.value();
    let spread = (z * (part(one) + part(other)).sqrt()).exp();
    Ok(Interval { value, low: value / spread, high: value * spread })
}

/// The same with a half added to each count (Walter 1975): for where one of the shares is 0, of which [`share_ratio`] has no
/// interval.
///
/// # Errors
/// As [`wilson`].
pub fn share_ratio_with_halves(one: Share, other: Share, level: f64) -> Result<Interval> {
    one.check()?;
    other.check()?;
    let z = z_of(level)?;
    let half = |count: u64| count as f64 + 0.5;
    let part = |share: Share| 1.0 / half(share.yes) - 1.0 / half(share.all);
    let value = half(one.yes) / half(one.all) / (half(other.yes) / half(other.all));
    let spread = (z * (part(one) + part(other)).sqrt()).exp();
    Ok(Interval { value, low: value / spread, high: value * spread })
}

/// How likely a ratio this small or smaller is where the true one is `limit`: Φ(ln(ratio/limit)/σ), with the σ of its logarithm
/// that its interval of that level was made with. Below (1 − level)/2 just where the whole interval lies below the limit.
///
/// # Errors
/// `Invalid` for an interval that does not lie above 0, a limit that is not positive, or a level outside 0 to 1.
pub fn ratio_below(ratio: Interval, level: f64, limit: f64) -> Result<f64> {
    let z = z_of(level)?;
    if !(ratio.low > 0.0 && ratio.high >= ratio.low && ratio.high.is_finite() && limit > 0.0) {
        return Err(Error::invalid("a ratio whose interval is not above 0"));
    }
    let spread = (ratio.high / ratio.low).ln() / (2.0 * z);
    let off = (ratio.value / limit).ln();
    if spread == 0.0 {
        return Ok(if off < 0.0 { 0.0 } else { 1.0 });
    }
    Ok(below(off / spread))
}

/// Events over a time at risk, or over any exposure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Number of events.
    pub events: u64,
    /// Customer-years, visits ….
    pub exposure: f64,
}

/// Interval of the ratio one/other of two rates of independent events: exp(ln ratio ± z·√(1/d₁ + 1/d₂)).
///
/// # Errors
/// `Invalid` when a count is 0, an exposure is not positive, or the level is outside 0 to 1.
pub fn rate_ratio(one: Rate, other: Rate, level: f64) -> Result<Interval> {
    let z = z_of(level)?;
    let positive = |rate: Rate| rate.events > 0 && rate.exposure > 0.0 && rate.exposure.is_finite();
    if !(positive(one) && positive(other)) {
        return Err(Error::invalid("a ratio with a rate of 0"));
    }
    let value = (one.events as f64 / one.exposure) / (other.events as f64 / other.exposure);
    let spread = (z * (1.0 / one.events as f64 + 1.0 / other.events as f64).sqrt()).exp();
    Ok(Interval { value, low: value / spread, high: value * spread })
}

/// Ratio of two shares compared within strata, so that different mixes of the strata do not look like a difference
/// (Mantel & Haenszel 1959): Σ(aₖmₖ/Nₖ) / Σ(bₖnₖ/Nₖ), the variance of its logarithm after Greenland & Robins 1985.
/// Strata of which one side is empty say nothing and are left out.
///
/// # Errors
/// As [`wilson`]; `TooFewCustomers` when no stratum has both sides, `Invalid` when either side has nobody with it.
pub fn mantel_haenszel(strata: &[(Share, Share)], level: f64) -> Result<Interval> {
    let z = z_of(level)?;
    let (mut top, mut bottom, mut spread, mut used) = (0.0, 0.0, 0.0, 0);
    for (one, other) in strata.iter().filter(|(one, other)| one.all > 0 && other.all > 0) {
        one.check()?;
        other.check()?;
        let (a, b, n, m) = (one.yes as f64, other.yes as f64, one.all as f64, other.all as f64);
        let all = n + m;
        top += a * m / all;
        bottom += b * n / all;
        spread += (n * m * (a + b) - a * b * all) / (all * all);
        used += 1;
    }
    if used == 0 {
        return Err(Error::TooFewCustomers { of: "strata with both groups", have: 0, need: 1 });
    }
    if top == 0.0 || bottom == 0.0 {
        return Err(Error::invalid("a ratio with a share of 0"));
    }
    let value = top / bottom;
    let factor = (z * (spread / (top * bottom)).sqrt()).exp();
    Ok(Interval { value, low: value / factor, high: value * factor })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::{json, number};

    fn near(got: Interval, low: f64, high: f64, within: f64) {
        assert!((got.low - low).abs() <= within && (got.high - high).abs() <= within, "{got:?} instead of {low} to {high}");
    }

    fn share(yes: u64, all: u64) -> Share {
        Share { yes, all }
    }

    #[test]
    fn intervals_are_those_of_newcombe() {
        for (yes, all, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)] {
            near(wilson(yes, all, 0.95).unwrap(), low, high, 5e-5);
        }
        for (one, other, low, high) in [
            (share(56, 70), share(48, 80), 0.0524, 0.3339),
            (share(9, 10), share(3, 10), 0.1705, 0.8090),
            (share(10, 10), share(0, 20), 0.6791, 1.0),
        ] {
            near(newcombe(one, other, 0.95).unwrap(), low, high, 5e-5);
        }
        // Newcombe 1998 I, table I, method 5.
        for (yes, all, low, high) in [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)] {
            near(clopper_pearson(yes, all, 0.95).unwrap(), low, high, 5e-5);
        }
    }

    #[test]
    fn the_arms_of_hillstrom_differ_as_known() {
        let golden = json("golden.json");
        let arm = |arm: &str, of: &str| {
            share(
                number(&golden, &format!("/hillstrom/arms/{arm}/{of}")) as u64,
                number(&golden, &format!("/hillstrom/arms/{arm}/n")) as u64,
            )
        };
        for name in ["mens", "womens"] {
            for of in ["visit", "conv"] {
                let at = |what: &str| number(&golden, &format!("/hillstrom/{name}/{of}/{what}"));
                let got = newcombe(arm(name, of), arm("none", of), 0.95).unwrap();
                assert!((got.value - at("diff")).abs() < 1e-9);
                near(got, at("newcombe/0"), at("newcombe/1"), 1e-9);
                let test = z_test(arm(name, of), arm("none", of)).unwrap();
                assert!((test.statistic - at("z_pooled")).abs() < 1e-6 && test.p < 2e-4);
            }
        }
    }

    #[test]
    fn ratios_have_intervals() {
        // Computed by hand: p 0.2 and 0.1 of 100 each, se of ln = √(0.04 + 0.09).
        let got = share_ratio(share(20, 100), share(10, 100), 0.95).unwrap();
        near(got, 2.0 * (-1.959_963_984_54 * 0.13f64.sqrt()).exp(), 2.0 * (1.959_963_984_54 * 0.13f64.sqrt()).exp(), 1e-9);
        // Breast cancer in the fluoroscopy cohort (Rothman): 41 in 28,010 and 15 in 19,017 person-years.
        let got = rate_ratio(Rate { events: 41, exposure: 28_010.0 }, Rate { events: 15, exposure: 19_017.0 }, 0.90).unwrap();
        assert!((got.value - 1.86).abs() < 0.005);
        near(got, 1.13, 3.04, 0.01);
        assert!(share_ratio(share(0, 10), share(1, 10), 0.95).is_err());
    }

    #[test]
    fn a_ratio_of_none_has_an_upper_end() {
        // Computed by hand: 0 and 50 of 100 each; (0.5/100.5)/(50.5/100.5), variance 1/0.5 − 1/100.5 + 1/50.5 − 1/100.5.
        let got = share_ratio_with_halves(share(0, 100), share(50, 100), 0.95).unwrap();
        assert!((got.value - 0.5 / 50.5).abs() < 1e-12, "{got:?}");
        near(got, 0.000_619_338, 0.158_281_349, 1e-8);
        assert!(share_ratio_with_halves(share(3, 2), share(1, 10), 0.95).is_err());
    }

    #[test]
    fn a_ratio_lies_below_a_limit_as_surely_as_its_interval_says() {
        // Computed by hand: 20 and 40 of 100 each, σ of the logarithm √0.055; Φ(ln(0.5/0.8)/0.23452).
        let got = share_ratio(share(20, 100), share(40, 100), 0.95).unwrap();
        near(got, 0.315_751_591, 0.791_761_648, 1e-8);
        let p = ratio_below(got, 0.95, 0.8).unwrap();
        assert!((p - 0.022_529_556).abs() < 1e-8 && p < 0.025, "{p}");
        assert!(ratio_below(got, 0.95, got.high).unwrap() - 0.025 < 1e-12, "at the end of the interval it is just half of 5 %");
        let same = Interval { value: 1.0, low: 1.0, high: 1.0 };
        assert_eq!((ratio_below(same, 0.95, 0.8), ratio_below(same, 0.95, 1.2)), (Ok(1.0), Ok(0.0)));
        assert!(ratio_below(Interval { value: 0.0, low: 0.0, high: 0.5 }, 0.95, 0.8).is_err());
    }

    #[test]
    fn strata_undo_a_mix() {
        // In both strata the shares are equal, though the totals differ: 91 of 110 against 28 of 110.
        let strata = [(share(90, 100), share(9, 10)), (share(1, 10), share(10, 100))];
        let got = mantel_haenszel(&strata, 0.95).unwrap();
        assert!((got.value - 1.0).abs() < 1e-12 && got.low < 1.0 && got.high > 1.0);
        // One stratum: the plain ratio with the plain variance.
        let one = mantel_haenszel(&[(share(20, 100), share(10, 100)), (share(0, 0), share(3, 9))], 0.95).unwrap();
        let plain = share_ratio(share(20, 100), share(10, 100), 0.95).unwrap();
        assert!((one.low - plain.low).abs() < 1e-12 && (one.high - plain.high).abs() < 1e-12);
        assert!(mantel_haenszel(&[], 0.95).is_err());
    }

    #[test]
    fn nothing_is_refused() {
        assert!(matches!(wilson(0, 0, 0.95), Err(Error::TooFewCustomers { .. })));
        assert!(wilson(2, 1, 0.95).is_err() && wilson(1, 2, 1.0).is_err());
        assert!(z_test(share(0, 5), share(0, 5)).is_err());
    }

    proptest! {
        #[test]
        fn intervals_hold_their_share(yes in 0u64..500, more in 0u64..500, level in 0.5..0.999f64) {
            let all = yes + more;
            prop_assume!(all > 0);
            let wilson = wilson(yes, all, level).unwrap();
            prop_assert!(0.0 <= wilson.low && wilson.low <= wilson.value && wilson.value <= wilson.high && wilson.high <= 1.0);
            let mirrored = super::wilson(more, all, level).unwrap();
            prop_assert!((wilson.low - (1.0 - mirrored.high)).abs() < 1e-12);
            let exact = clopper_pearson(yes, all, level).unwrap();
            prop_assert!(exact.low <= wilson.value && wilson.value <= exact.high);
        }
    }
}
