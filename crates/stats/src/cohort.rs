//! Cohorts: of those who first came in a period, how many came again k periods later.
//!
//! Periods are numbered by the caller, who knows the calendar: months of any calendar, weeks, seasons. A cell whose period
//! was not observed to its end is no cell: half a month would look like a fall.

use std::collections::BTreeMap;

use crate::{Interval, Result, proportion::wilson};

/// One customer was active in a period; repetitions do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The customer, any number.
    pub customer: u64,
    /// Number of the period.
    pub period: i32,
    /// Net amount in the smallest unit of the currency, summed per cell.
    pub amount: i64,
}

/// A period of a cohort.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// How many of the cohort were active.
    pub active: u64,
    /// What they spent.
    pub amount: i64,
    /// Share of the cohort, with Wilson's interval.
    pub share: Interval,
}

/// Those who were first active in one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    /// That period.
    pub period: i32,
    /// How many they are.
    pub size: u64,
    /// k = 0, 1, …; `None` where the period was not observed to its end. All cohorts have equally many.
    pub cells: Vec<Option<Cell>>,
}

/// Counts cohorts customer by customer: nothing is kept of anybody but the counts.
#[derive(Clone, Debug)]
pub struct Counting {
    complete: i32,
    /// (cohort, k) → active customers, amount.
    cells: BTreeMap<(i32, i32), (u64, i64)>,
}

impl Counting {
    /// `complete` is the last period that was observed to its end. Activity after it, and cohorts that began after it, are
    /// left out.
    #[must_use]
    pub fn new(complete: i32) -> Self {
        Self { complete, cells: BTreeMap::new() }
    }

    /// Adds all activity of one customer, in the order of its periods: the period and the amount.
    pub fn add(&mut self, activity: &[(i32, i64)]) {
        let Some(&(first, _)) = activity.first() else { return };
        let periods = activity.chunk_by(|one, other| one.0 == other.0);
        for period in periods.take_while(|period| period[0].0 <= self.complete) {
            let cell = self.cells.entry((first, period[0].0 - first)).or_default();
            cell.0 += 1;
            cell.1 += period.iter().map(|activity| activity.1).sum::<i64>();
        }
    }

    /// All cohorts, ascending.
    ///
    /// # Errors
    /// `Invalid` for a level outside 0 to 1.
    pub fn finish(&self, level: f64) -> Result<Vec<Cohort>> {
        let Some(oldest) = self.cells.keys().next().map(|key| key.0) else {
            return Ok(Vec::new());
        };
        let width = self.complete - oldest + 1;
        let mut out = Vec::new();
        for (&(period, _), &(size, _)) in self.cells.iter().filter(|(key, _)| key.1 == 0) {
            let row = (0..width).map(|k| {
                if period + k > self.complete {
                    return Ok(None);
                }
                let (active, amount) = self.cells.get(&(period, k)).copied().unwrap_or_default();
                Ok(Some(Cell { active, amount, share: wilson(active, size, level)? }))
            });
            out.push(Cohort { period, size, cells: row.collect::<Result<_>>()? });
        }
        Ok(out)
    }
}

/// All cohorts, ascending; `complete` is the last period that was observed to its end. Activity after it, and cohorts
/// that began after it, are left out.
///
/// # Errors
/// `Invalid` for a level outside 0 to 1.
pub fn cohorts(activities: &[Activity], complete: i32, level: f64) -> Result<Vec<Cohort>> {
    let mut sorted = activities.to_vec();
    sorted.sort_unstable_by_key(|activity| (activity.customer, activity.period));
    let mut counting = Counting::new(complete);
    for customer in sorted.chunk_by(|one, other| one.customer == other.customer) {
        counting.add(&customer.iter().map(|activity| (activity.period, activity.amount)).collect::<Vec<_>>());
    }
    counting.finish(level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::text;

    fn online_retail() -> Vec<Activity> {
        text("online_retail_customers.csv")
            .lines()
            .skip(1)
            .flat_map(|line| {
                let numbers: Vec<u64> = line.split(',').map(|number| number.parse().unwrap()).collect();
                let (customer, months) = (numbers[0], numbers[4]);
                (0..13).filter(move |month| months >> month & 1 == 1).map(move |period| Activity { customer, period, amount: 1 })
            })
            .collect()
    }

    #[test]
    fn online_retail_has_the_known_cohorts() {
        let cohorts = cohorts(&online_retail(), 12, 0.95).unwrap();
        let active: Vec<Vec<Option<u64>>> =
            cohorts.iter().map(|cohort| cohort.cells.iter().map(|cell| cell.map(|cell| cell.active)).collect()).collect();
        let known: [&[u64]; 13] = [
            &[885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235],
            &[417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152, 49],
            &[380, 71, 71, 108, 103, 94, 96, 106, 94, 116, 26],
            &[452, 68, 114, 90, 101, 76, 121, 104, 126, 39],
            &[300, 64, 61, 63, 59, 68, 65, 78, 22],
            &[284, 54, 49, 49, 59, 66, 75, 27],
            &[242, 42, 38, 64, 56, 81, 23],
            &[188, 34, 39, 42, 51, 21],
            &[169, 35, 42, 41, 21],
            &[299, 70, 90, 34],
            &[358, 86, 41],
            &[323, 36],
            &[41],
        ];
        for (row, known) in active.iter().zip(known) {
            assert_eq!(row.iter().flatten().copied().collect::<Vec<_>>(), known);
            assert_eq!(row.len(), 13);
        }
        assert_eq!(cohorts.iter().map(|cohort| cohort.size).sum::<u64>(), 4338);
    }

    #[test]
    fn the_half_month_at_the_end_is_left_out() {
        // December 2011 ended on the 9th for this shop.
        let cohorts = cohorts(&online_retail(), 11, 0.95).unwrap();
        assert_eq!(cohorts.len(), 12);
        assert_eq!(cohorts[0].cells.len(), 12);
        assert_eq!(cohorts[0].cells[11].unwrap().active, 445);
        assert_eq!(cohorts[11].cells.iter().flatten().count(), 1);
        assert_eq!(cohorts[11].cells[1], None);
    }

    #[test]
    fn a_silent_month_is_a_zero_not_a_gap() {
        let activity = |customer, period, amount| Activity { customer, period, amount };
        let cohorts =
            cohorts(&[activity(7, 3, 10), activity(7, 5, 20), activity(7, 5, 5), activity(8, 5, 1), activity(9, 9, 1)], 6, 0.95).unwrap();
        let cells: Vec<Option<(u64, i64)>> = cohorts[0].cells.iter().map(|cell| cell.map(|cell| (cell.active, cell.amount))).collect();
        assert_eq!(cells, [Some((1, 10)), Some((0, 0)), Some((1, 25)), Some((0, 0))]);
        assert_eq!((cohorts[1].period, cohorts[1].size, cohorts.len()), (5, 1, 2));
        assert_eq!(super::cohorts(&[], 6, 0.95).unwrap(), []);
    }
}
