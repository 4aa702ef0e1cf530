//! Answers of surveys: recommendation (NPS), satisfaction (CSAT), effort (CES). Each with its interval.

use crate::{
    Error, Interval, Result,
    error::enough,
    interval::{two_sided, z_of},
    mean::{Moments, mean},
    proportion::{Test, wilson},
};

/// Answers to "would you recommend us", 0 to 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recommendations {
    /// 9 and 10.
    pub promoters: u64,
    /// 7 and 8.
    pub passives: u64,
    /// 0 to 6.
    pub detractors: u64,
}

impl Recommendations {
    /// Counts answers.
    ///
    /// # Errors
    /// `Invalid` for an answer above 10.
    pub fn of(answers: &[u8]) -> Result<Self> {
        let mut out = Self::default();
        for (row, answer) in answers.iter().enumerate() {
            match answer {
                0..=6 => out.detractors += 1,
                7 | 8 => out.passives += 1,
                9 | 10 => out.promoters += 1,
                _ => return Err(Error::invalid_at("an answer above 10", row)),
            }
        }
        Ok(out)
    }

    fn all(&self) -> f64 {
        (self.promoters + self.passives + self.detractors) as f64
    }

    /// Share of promoters less share of detractors, −1 to 1, with the adjusted Wald interval (Rocks 2016): three more
    /// answers, ¾ of them promoters and ¾ detractors, kept within −1 to 1. Right for few answers and for all alike.
    ///
    /// # Errors
    /// `TooFewCustomers` without answers, `Invalid` for a level outside 0 to 1.
    pub fn score(&self, level: f64) -> Result<Interval> {
        enough("answers", self.all() as usize, 1)?;
        let value = (self.promoters as f64 - self.detractors as f64) / self.all();
        let n = self.all() + 3.0;
        let (p, d) = ((self.promoters as f64 + 0.75) / n, (self.detractors as f64 + 0.75) / n);
        let interval = Interval::around(p - d, z_of(level)? * ((p + d - (p - d).powi(2)) / n).sqrt());
        Ok(Interval { value, low: interval.low.max(-1.0), high: interval.high.min(1.0) })
    }

    /// Variance of one answer of −1, 0 or 1: p + d − (p − d)².
    fn variance(&self) -> f64 {
        let (p, d) = (self.promoters as f64 / self.all(), self.detractors as f64 / self.all());
        (p + d - (p - d).powi(2)).max(0.0)
    }
}

/// Whether two scores of different people differ: z test with the plain variances. People who answered twice are pairs,
/// not two groups.
///
/// # Errors
/// `TooFewCustomers` below 2 answers on either side, `Invalid` when nobody differs within them.
pub fn compare_recommendations(one: &Recommendations, other: &Recommendations) -> Result<Test> {
    enough("answers", one.all().min(other.all()) as usize, 2)?;
    let error = (one.variance() / one.all() + other.variance() / other.all()).sqrt();
    if error == 0.0 {
        return Err(Error::invalid("answers without variance"));
    }
    let score = |answers: &Recommendations| (answers.promoters as f64 - answers.detractors as f64) / answers.all();
    let statistic = (score(one) - score(other)) / error;
    Ok(Test { statistic, p: two_sided(statistic) })
}

/// CSAT: share of 4 and 5 among answers of 1 to 5, with Wilson's interval.
///
/// # Errors
/// `Invalid` for another answer, `TooFewCustomers` without any.
pub fn satisfaction(answers: &[u8], level: f64) -> Result<Interval> {
    if let Some(row) = answers.iter().position(|answer| !(1..=5).contains(answer)) {
        return Err(Error::invalid_at("an answer that is not from 1 to 5", row));
    }
    wilson(answers.iter().filter(|answer| **answer >= 4).count() as u64, answers.len() as u64, level)
}

/// CES: mean of answers of 1 to 7, with the interval of Student's t, kept within 1 to 7.
///
/// # Errors
/// `Invalid` for another answer, `TooFewCustomers` below two.
pub fn effort(answers: &[u8], level: f64) -> Result<Interval> {
    if let Some(row) = answers.iter().position(|answer| !(1..=7).contains(answer)) {
        return Err(Error::invalid_at("an answer that is not from 1 to 7", row));
    }
    let values: Vec<f64> = answers.iter().map(|answer| f64::from(*answer)).collect();
    let interval = mean(&Moments::of(&values)?, level)?;
    Ok(Interval { low: interval.low.max(1.0), high: interval.high.min(7.0), ..interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(promoters: u64, passives: u64, detractors: u64) -> Recommendations {
        Recommendations { promoters, passives, detractors }
    }

    #[test]
    fn scores_are_the_known_ones() {
        for (answers, level, value, low, high) in [
            (counts(15, 8, 13), 0.9, 0.055556, -0.177392, 0.279956),
            (counts(162, 108, 54), 0.95, 0.333333, 0.249453, 0.411098),
            (counts(5, 0, 0), 0.95, 1.0, 0.174915, 1.0),
            (counts(500, 300, 200), 0.95, 0.3, 0.250770, 0.347435),
        ] {
            let got = answers.score(level).unwrap();
            assert!((got.value - value).abs() < 5e-7 && (got.low - low).abs() < 5e-7 && (got.high - high).abs() < 5e-7, "{got:?}");
        }
        assert!((counts(162, 108, 54).variance() - 5.0 / 9.0).abs() < 1e-12);
        assert!(counts(0, 0, 0).score(0.95).is_err());
    }

    #[test]
    fn answers_are_counted() {
        assert_eq!(Recommendations::of(&[0, 6, 7, 8, 9, 10, 10]).unwrap(), counts(3, 2, 2));
        assert_eq!(Recommendations::of(&[3, 11]), Err(Error::invalid_at("an answer above 10", 1)));
        let test = compare_recommendations(&counts(50, 30, 20), &counts(30, 40, 30)).unwrap();
        // (0.3 − 0.0)/√(0.61/100 + 0.6/100).
        assert!((test.statistic - 0.3 / 0.0121_f64.sqrt()).abs() < 1e-9 && test.p < 0.01);
        assert!(compare_recommendations(&counts(5, 0, 0), &counts(5, 0, 0)).is_err());
    }

    #[test]
    fn satisfaction_and_effort_have_intervals() {
        let got = satisfaction(&[5, 4, 4, 3, 1], 0.95).unwrap();
        assert!((got.value - 0.6).abs() < 1e-12 && got.low < 0.3 && got.high < 0.9);
        let got = effort(&[7, 7, 6, 7], 0.95).unwrap();
        assert!((got.value - 6.75).abs() < 1e-12 && got.high == 7.0 && got.low > 5.9);
        assert!(satisfaction(&[6], 0.95).is_err() && effort(&[0], 0.95).is_err() && effort(&[5], 0.95).is_err());
    }
}
