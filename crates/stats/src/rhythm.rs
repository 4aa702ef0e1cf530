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

/// Gaps needed before a rhythm is called regular or irregular.
pub const GAPS_FOR_REGULARITY: usize = 4;

/// A coefficient of variation below this is regular.
pub const REGULAR_BELOW: f64 = 0.5;

/// Share of the occasions in one season from which on somebody is a customer of that season.
pub const SEASONAL_SHARE: f64 = 0.6;

/// An occasion with its place in the caller's calendar: year and season (quarter of the Jalali year, say).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// Number of the day.
    pub day: i64,
    /// The year.
    pub year: i32,
    /// The season within it.
    pub season: u8,
}

/// How the last gap compares with the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Less than half of the median.
    Quickening,
    /// In between.
    Steady,
    /// More than twice the median.
    Slowing,
}

/// The pattern of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    /// Gaps, median, variation; `None` for fewer than [`GAPS_NEEDED`] gaps.
    pub rhythm: Option<Rhythm>,
    /// Whether the gaps are alike ([`REGULAR_BELOW`]); `None` for fewer than [`GAPS_FOR_REGULARITY`] gaps.
    pub regular: Option<bool>,
    /// The season in which at least [`SEASONAL_SHARE`] of the occasions lie, in two years or more.
    pub season: Option<u8>,
    /// Whether the last gap was short or long.
    pub pace: Option<Pace>,
    /// Days since the last occasion.
    pub elapsed: i64,
    /// Whether that is more than twice the median gap.
    pub lapsing: bool,
}

/// Reads the pattern of a customer as of a day; occasions in any order, several on one day count once, later ones are left
/// out. `None` without an occasion by then.
#[must_use]
pub fn pattern(occasions: &[Occasion], today: i64) -> Option<Pattern> {
    let mut occasions: Vec<Occasion> = occasions.iter().copied().filter(|occasion| occasion.day <= today).collect();
    occasions.sort_unstable_by_key(|occasion| occasion.day);
    occasions.dedup_by_key(|occasion| occasion.day);
    let days: Vec<i64> = occasions.iter().map(|occasion| occasion.day).collect();
    let elapsed = today - *days.last()?;
    let rhythm = rhythm(&days);
    let pace = rhythm.map(|rhythm| {
        let last = (days[days.len() - 1] - days[days.len() - 2]) as f64;
        if last < 0.5 * rhythm.median {
            Pace::Quickening
        } else if last > 2.0 * rhythm.median {
            Pace::Slowing
        } else {
            Pace::Steady
        }
    });
    Some(Pattern {
        rhythm,
        regular: rhythm.filter(|rhythm| rhythm.gaps >= GAPS_FOR_REGULARITY).map(|rhythm| rhythm.variation < REGULAR_BELOW),
        season: rhythm.and_then(|_| season(&occasions)),
        pace,
        elapsed,
        lapsing: rhythm.is_some_and(|rhythm| elapsed as f64 > 2.0 * rhythm.median),
    })
}

fn season(occasions: &[Occasion]) -> Option<u8> {
    let mut seasons: Vec<u8> = occasions.iter().map(|occasion| occasion.season).collect();
    seasons.sort_unstable();
    let most = seasons.chunk_by(|one, other| one == other).max_by_key(|same| same.len())?;
    let mut years: Vec<i32> = occasions.iter().filter(|occasion| occasion.season == most[0]).map(|occasion| occasion.year).collect();
    years.dedup();
    (most.len() as f64 >= SEASONAL_SHARE * occasions.len() as f64 && years.len() > 1).then_some(most[0])
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

    fn occasions(days: &[i64]) -> Vec<Occasion> {
        // A year of 360 days with four seasons.
        days.iter().map(|&day| Occasion { day, year: (day / 360) as i32, season: (day % 360 / 90) as u8 }).collect()
    }

    #[test]
    fn clockwork_is_regular_and_steady() {
        let found = pattern(&occasions(&[0, 30, 60, 90, 120, 400]), 150).unwrap();
        assert_eq!((found.regular, found.pace, found.lapsing, found.elapsed), (Some(true), Some(Pace::Steady), false, 30));
        assert!(pattern(&occasions(&[0, 30, 60, 90, 120]), 181).unwrap().lapsing);
        assert!(!pattern(&occasions(&[0, 30, 60, 90, 120]), 180).unwrap().lapsing);
    }

    #[test]
    fn a_last_gap_tells_the_pace() {
        let pace = |days: &[i64]| pattern(&occasions(days), 2000).unwrap().pace;
        assert_eq!(pace(&[0, 30, 60, 90, 151]), Some(Pace::Slowing));
        assert_eq!(pace(&[0, 30, 60, 90, 150]), Some(Pace::Steady));
        assert_eq!(pace(&[0, 30, 60, 90, 104]), Some(Pace::Quickening));
        assert_eq!(pace(&[0, 30, 60]), None);
        assert_eq!(pattern(&occasions(&[0, 5, 200, 203, 900]), 900).unwrap().regular, Some(false));
        assert_eq!(pattern(&occasions(&[0, 5, 200, 203]), 900).unwrap().regular, None);
    }

    #[test]
    fn a_season_needs_two_years() {
        let season = |days: &[i64]| pattern(&occasions(days), 2000).unwrap().season;
        assert_eq!(season(&[280, 300, 350, 640, 700]), Some(3));
        assert_eq!(season(&[280, 300, 320, 350]), None);
        assert_eq!(season(&[10, 100, 200, 300, 370, 460]), None);
        assert_eq!(pattern(&occasions(&[10]), 9), None);
        assert_eq!(pattern(&occasions(&[10]), 10).unwrap().rhythm, None);
    }
}
