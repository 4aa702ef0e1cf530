//! The rhythm of somebody who comes back: how long it takes them, how regular it is, from when on they are silent.

/// Fewer gaps than this say nothing about a rhythm.
pub const GAPS_NEEDED: usize = 3;

/// Days after the last one from which somebody counts as silent at the earliest.
pub const SILENT_AT_LEAST: i64 = 7;

/// A rhythm of days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    /// Number of gaps it was read from.
    pub gaps: usize,
    /// Median of the gaps, in days.
    pub median: f64,
    /// Coefficient of variation: standard deviation of the sample over the mean.
    pub variation: f64,
}

/// Reads the rhythm of days, given as numbers in any order; several on one day count once.
///
/// `None` for fewer than [`GAPS_NEEDED`] gaps.
#[must_use]
pub fn rhythm(days: &[i64]) -> Option<Rhythm> {
    let mut days = days.to_vec();
    days.sort_unstable();
    days.dedup();
    let mut gaps: Vec<f64> = days.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    if gaps.len() < GAPS_NEEDED {
        return None;
    }
    gaps.sort_unstable_by(f64::total_cmp);
    let count = gaps.len() as f64;
    let middle = gaps.len() / 2;
    let median = if gaps.len() % 2 == 1 { gaps[middle] } else { f64::midpoint(gaps[middle - 1], gaps[middle]) };
    let mean = gaps.iter().sum::<f64>() / count;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Some(Rhythm { gaps: gaps.len(), median, variation: variance.sqrt() / mean })
}

impl Rhythm {
    /// Days after the last one from which somebody is silent: twice the median gap, the line at which a customer counts
    /// as lapsing (`lapsing`: elapsed > 2 × median), in whole days and at least one week, so that somebody who comes
    /// daily is not called silent after a holiday.
    #[must_use]
    pub fn silent_after(&self) -> i64 {
        // Gaps are whole days, so that twice the median is a whole number and fits.
        ((self.median * 2.0) as i64 + 1).max(SILENT_AT_LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_gaps_are_no_rhythm() {
        assert_eq!(rhythm(&[1, 10, 20, 20]), None);
        assert_eq!(rhythm(&[]), None);
    }

    #[test]
    fn the_median_gap_stands_for_the_rhythm() {
        let found = rhythm(&[40, 0, 10, 20, 20]).unwrap();
        assert_eq!((found.gaps, found.median), (3, 10.0));
        // Gaps 10, 10, 20: mean 13.33, sample deviation 5.77.
        assert!((found.variation - 0.433).abs() < 0.001);
        assert_eq!(rhythm(&[0, 1, 3, 7, 15]).unwrap().median, 3.0);
    }

    #[test]
    fn somebody_is_silent_when_more_than_two_gaps_have_passed() {
        assert_eq!(rhythm(&[0, 30, 60, 90]).unwrap().silent_after(), 61);
        assert_eq!(rhythm(&[0, 1, 2, 3]).unwrap().silent_after(), SILENT_AT_LEAST);
    }
}
