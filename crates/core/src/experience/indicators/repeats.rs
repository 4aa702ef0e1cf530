//! How loyal customers come back: how often and when (CEM-1), for how much (CEM-2), for what (CEM-3). Functions on plain
//! values, which take one customer after the other and keep sums.

use super::effects::{Span, Usual};
use crate::Day;
use crate::experience::experiments::Range;
use crate::insight::guard::{FEW, LEVEL};
use crate::platform::calendar::{Calendar, ymd};
use peyvand_stats::decompose::lmdi;
use peyvand_stats::mean::{Moments, bootstrap_t, mean, observations_for_skewness, skewness};
use peyvand_stats::proportion::wilson;
use peyvand_stats::ratio::Totals;
use peyvand_stats::survival::{Curve, Spell};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Days of a year.
const YEAR: f64 = 365.25;
/// Draws of a bootstrap.
const DRAWS: usize = 4_000_000;
/// Repeat purchases that are told apart; the last place holds all after it, too.
pub const PLACES: usize = 5;
/// Categories that are shown by themselves.
const CATEGORIES: usize = 12;
/// Weight of the shares of all purchases in what comes after a category, in purchases.
const PRIOR: f64 = 5.0;

/// A day on which a customer bought again.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// The day.
    pub on: Day,
    /// What remained of it after refunds, in minor units.
    pub minor: i64,
    /// What was bought, by category.
    pub kinds: Vec<(Option<u32>, i64)>,
    /// Whether something of it had been bought by this customer before.
    pub is_same: bool,
}

/// Sums over customers.
#[derive(Debug, Default)]
pub struct Sums {
    repeated: u64,
    /// Repeats over years.
    per_year: Totals,
    /// Minor units over repeats.
    per_repeat: Totals,
    amounts: Vec<f64>,
    minor: i64,
    spells: Vec<Spell>,
    weekdays: [i64; 7],
    months: HashMap<Day, i64>,
    left: i64,
    kinds: Kinds,
}

/// Sums of what was bought.
#[derive(Debug, Default)]
struct Kinds {
    /// Purchases at each place.
    repeats: [i64; PLACES],
    /// Purchases with a category, and minor units of it, at each place.
    of: HashMap<Option<u32>, ([i64; PLACES], [i64; PLACES])>,
    /// From one purchase to the next.
    moves: HashMap<(Option<u32>, Option<u32>), i64>,
    same: u64,
    breadth: i64,
    buyers: i64,
}

impl Sums {
    /// Adds a customer: the days on which they were in the stage, and their repeat purchases in them, in the order of days.
    pub fn add(&mut self, span: Span, whole: Span, repeats: &[Repeat]) {
        let minor = repeats.iter().fold(0_i64, |sum, one| sum.saturating_add(one.minor));
        let count = repeats.len() as f64;
        self.repeated += u64::from(!repeats.is_empty());
        self.left += i64::from(span.until < whole.until);
        self.per_year.add(count, span.days() as f64 / YEAR);
        self.per_repeat.add(minor as f64, count);
        self.amounts.push(minor as f64);
        self.minor = self.minor.saturating_add(minor);
        if let Some(first) = repeats.first() {
            let next = repeats.get(1).map(|one| one.on);
            let time = next.unwrap_or(span.until).since(first.on) as f64;
            self.spells.push(Spell { time, happened: next.is_some() });
        }
        for one in repeats {
            self.weekdays[usize::from(one.on.0.weekday().to_monday_zero_offset().unsigned_abs()) % 7] += 1;
            *self.months.entry(one.on).or_default() += 1;
        }
        self.kinds.add(repeats);
    }

    /// Customers so far.
    #[must_use]
    pub fn customers(&self) -> i64 {
        i64::try_from(self.amounts.len()).unwrap_or(i64::MAX)
    }

    /// Of them, those who left the stage before the last day.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.left
    }

    /// How often one of them comes back, whatever is done for them.
    #[must_use]
    pub fn usual(&self) -> Usual {
        let (n, sum, squares) = (self.per_year.count as f64, self.per_year.top, self.per_year.top_squared());
        if self.per_year.count < 2 {
            return Usual::default();
        }
        Usual { mean: sum / n, deviation: ((squares - sum * sum / n) / (n - 1.0)).max(0.0).sqrt() }
    }

    /// What is now known of how they come back.
    #[must_use]
    pub fn repeats(&self, calendar: Calendar, hijri_shift: i64) -> Repeats {
        let customers = self.amounts.len() as u64;
        let mut months = [0; 12];
        let shift = if calendar == Calendar::Hijri { hijri_shift } else { 0 };
        for (day, count) in &self.months {
            let (_, month, _) = ymd(day.plus(shift).0, calendar);
            months[usize::from(month.saturating_sub(1)) % 12] += count;
        }
        let is_enough = customers >= FEW.unsigned_abs();
        Repeats {
            repeated: i64::try_from(self.repeated).unwrap_or(i64::MAX),
            share: wilson(self.repeated, customers, LEVEL).ok().filter(|_| is_enough).map(Range::from),
            repeats: self.per_year.top as i64,
            years: self.per_year.bottom,
            per_year: self.per_year.ratio(LEVEL).ok().filter(|_| is_enough).map(above_nothing),
            next: next(&self.spells),
            weekdays: self.weekdays,
            months,
        }
    }

    /// What is now known of what they spend, beside the days before.
    #[must_use]
    pub fn amounts(&self, before: Option<&Sums>) -> Amounts {
        let is_enough = self.customers() >= FEW;
        let moments = Moments::of(&self.amounts).ok().filter(|_| is_enough);
        let is_skew = skewness(&self.amounts).is_some_and(|skew| (self.amounts.len() as u64) < observations_for_skewness(skew));
        let resamples = u32::try_from((DRAWS / self.amounts.len().max(1)).min(1_000)).unwrap_or(1_000);
        // A sample of nothing beside it leaves the mean as it is.
        let resampled = || {
            // Customers were added in no order, and draws go by their places.
            let mut amounts = self.amounts.clone();
            amounts.sort_unstable_by(f64::total_cmp);
            bootstrap_t(&amounts, &[0.0, 0.0], LEVEL, resamples, 1).ok()
        };
        let of_mean = moments.and_then(|moments| mean(&moments, LEVEL).ok());
        let is_resampled = is_skew && resamples >= 200;
        let per_customer = if is_resampled && is_enough { resampled().or(of_mean) } else { of_mean };
        let factors = |of: &Sums| {
            let (n, buyers) = (of.amounts.len() as f64, of.repeated as f64);
            let (count, minor) = (of.per_year.top, of.minor as f64);
            [n, buyers / n, count / buyers, minor / count]
        };
        let known = before.filter(|before| before.customers() >= FEW && is_enough);
        let changed = known.and_then(|before| {
            let (then, now) = (factors(before), factors(self));
            let parts = lmdi(&then, &now).ok().flatten()?;
            Some(Changed { minor: before.minor, customers: parts[0], share: parts[1], times: parts[2], amount: parts[3] })
        });
        Amounts {
            minor: self.minor,
            per_customer: per_customer.map(Range::from),
            is_resampled: is_resampled && per_customer.is_some(),
            per_repeat: self.per_repeat.ratio(LEVEL).ok().filter(|_| is_enough).map(Range::from),
            before_minor: before.map(|before| before.minor),
            changed,
        }
    }

    /// What is now known of what they buy. `name` tells what a category is called.
    #[must_use]
    pub fn kinds(&self, name: impl Fn(u32) -> String) -> KindsBought {
        let kinds = &self.kinds;
        let total: i64 = kinds.repeats.iter().sum();
        let value = |minor: &[i64; PLACES]| minor.iter().fold(0_i64, |sum, one| sum.saturating_add(*one));
        let told = |kind: Option<u32>| kind.map(&name);
        let mut order: Vec<_> = kinds.of.iter().collect();
        order.sort_by_cached_key(|(kind, (_, minor))| (std::cmp::Reverse(value(minor)), told(**kind)));
        let in_all: [i64; PLACES] =
            std::array::from_fn(|place| kinds.of.values().fold(0_i64, |sum, (_, minor)| sum.saturating_add(minor[place])));
        let spent = value(&in_all);
        let share = |part: i64, all: i64| if all > 0 { Some(part as f64 / all as f64) } else { None };
        let entropy = order.iter().filter_map(|(_, (_, minor))| share(value(minor), spent)).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
        let shown: Vec<Option<u32>> = order.iter().take(CATEGORIES).map(|(kind, _)| **kind).collect();
        let rows = order.iter().take(CATEGORIES).map(|(kind, (with, minor))| KindRow {
            category: told(**kind),
            with: *with,
            shares: std::array::from_fn(|place| share(with[place], kinds.repeats[place])),
            value: std::array::from_fn(|place| share(minor[place], in_all[place])),
        });
        let rows = rows.collect();
        KindsBought {
            repeats: kinds.repeats,
            rows,
            others: i64::try_from(order.len().saturating_sub(CATEGORIES)).unwrap_or_default(),
            same: wilson(kinds.same, total.unsigned_abs(), LEVEL).ok().filter(|_| total >= FEW).map(Range::from),
            breadth: (kinds.buyers >= FEW).then(|| kinds.breadth as f64 / kinds.buyers as f64),
            entropy: (spent > 0 && total >= FEW).then_some(entropy),
            moves: kinds.moves(&shown, told),
        }
    }
}

/// A rate is not below nothing, whatever its interval says.
fn above_nothing(of: peyvand_stats::Interval) -> Range {
    Range { value: of.value, low: of.low.max(0.0), high: of.high }
}

impl Kinds {
    fn add(&mut self, repeats: &[Repeat]) {
        let mut seen: Vec<Option<u32>> = Vec::new();
        for (place, one) in repeats.iter().enumerate() {
            let place = place.min(PLACES - 1);
            self.repeats[place] += 1;
            self.same += u64::from(one.is_same);
            for (kind, minor) in &one.kinds {
                let (with, spent) = self.of.entry(*kind).or_default();
                with[place] += 1;
                spent[place] = spent[place].saturating_add(*minor);
                if !seen.contains(kind) {
                    seen.push(*kind);
                }
            }
        }
        for pair in repeats.windows(2) {
            for (from, _) in &pair[0].kinds {
                for (to, _) in &pair[1].kinds {
                    *self.moves.entry((*from, *to)).or_default() += 1;
                }
            }
        }
        self.breadth += i64::try_from(seen.len()).unwrap_or_default();
        self.buyers += i64::from(!seen.is_empty());
    }

    /// What comes after each of these categories, most likely first, the three first of each: pulled towards what all buy,
    /// the more the fewer purchases it rests on.
    fn moves(&self, shown: &[Option<u32>], told: impl Fn(Option<u32>) -> Option<String>) -> Vec<Move> {
        let mut into: HashMap<Option<u32>, i64> = HashMap::new();
        let mut out: HashMap<Option<u32>, i64> = HashMap::new();
        for ((from, to), count) in &self.moves {
            *out.entry(*from).or_default() += count;
            *into.entry(*to).or_default() += count;
        }
        let all: i64 = into.values().sum();
        let mut moves = Vec::new();
        for from in shown {
            let of = out.get(from).copied().unwrap_or_default();
            if of < FEW {
                continue;
            }
            let mut next: Vec<_> = self
                .moves
                .iter()
                .filter(|((one, _), _)| one == from)
                .map(|((_, to), count)| {
                    let usual = into.get(to).copied().unwrap_or_default() as f64 / all as f64;
                    let share = (*count as f64 + PRIOR * usual) / (of as f64 + PRIOR);
                    Move { from: told(*from), to: told(*to), count: *count, share }
                })
                .collect();
            next.sort_unstable_by(|one, other| other.share.total_cmp(&one.share).then_with(|| one.to.cmp(&other.to)));
            moves.extend(next.into_iter().take(3));
        }
        moves
    }
}

/// How long it took from the first repeat purchase of the time to the next one (Kaplan–Meier).
fn next(spells: &[Spell]) -> Option<Next> {
    if (spells.len() as i64) < FEW {
        return None;
    }
    let curve = Curve::of(spells, LEVEL).ok()?;
    let median = curve.median();
    Some(Next {
        customers: i64::try_from(spells.len()).unwrap_or(i64::MAX),
        came: i64::try_from(curve.steps.iter().map(|step| step.events).sum::<u64>()).unwrap_or(i64::MAX),
        median_days: median.value,
        median_low: median.low,
        median_high: median.high,
    })
}

/// How long it takes until the next purchase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Next {
    /// Customers with a repeat purchase in this time.
    pub customers: i64,
    /// How many of them bought once more.
    pub came: i64,
    /// Days after which half had bought once more; absent where that is not reached.
    pub median_days: Option<f64>,
    /// Lower end of its range.
    pub median_low: Option<f64>,
    /// Upper end; absent where it is open.
    pub median_high: Option<f64>,
}

/// How often they come back, and when (CEM-1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Repeats {
    /// How many came back.
    pub repeated: i64,
    /// Their share of all (Wilson).
    pub share: Option<Range>,
    /// Days with a repeat purchase.
    pub repeats: i64,
    /// Years for which they were in the stage, all together.
    pub years: f64,
    /// Repeat purchases of one customer in a year (ratio of the totals, delta method).
    pub per_year: Option<Range>,
    /// How long it takes until the next one.
    pub next: Option<Next>,
    /// Repeat purchases on each day of the week, Monday first.
    pub weekdays: [i64; 7],
    /// In each month of the caller's calendar.
    pub months: [i64; 12],
}

/// What moved what they spent, against as many days before: the parts add up to the change (LMDI).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// What they spent before, in minor units.
    pub minor: i64,
    /// The part of there being more or fewer of them.
    pub customers: f64,
    /// The part of more or fewer of them coming back.
    pub share: f64,
    /// The part of how often they do.
    pub times: f64,
    /// The part of what they spend each time.
    pub amount: f64,
}

/// What they spend when they come back (CEM-2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Amounts {
    /// All together, in minor units.
    pub minor: i64,
    /// For each customer, also those who did not come.
    pub per_customer: Option<Range>,
    /// Whether its range comes of resampling, for amounts are too skew for so few customers.
    pub is_resampled: bool,
    /// For each repeat purchase.
    pub per_repeat: Option<Range>,
    /// All together in as many days before, in minor units.
    pub before_minor: Option<i64>,
    /// What moved it; absent where one of its factors is nothing, so that it cannot be told.
    pub changed: Option<Changed>,
}

/// One category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KindRow {
    /// Which; absent for products without one.
    pub category: Option<String>,
    /// First, second … repeat purchases with it, the fifth and all after it last.
    pub with: [i64; PLACES],
    /// Their share of all first, second … repeat purchases.
    pub shares: [Option<f64>; PLACES],
    /// Its share of what these came to.
    pub value: [Option<f64>; PLACES],
}

/// What they buy after something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Move {
    /// After which category.
    pub from: Option<String>,
    /// Which one.
    pub to: Option<String>,
    /// How often.
    pub count: i64,
    /// How likely, pulled towards what all buy.
    pub share: f64,
}

/// What they buy when they come back (CEM-3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KindsBought {
    /// First, second … repeat purchases, the fifth and all after it last.
    pub repeats: [i64; PLACES],
    /// Categories, that with the most money first.
    pub rows: Vec<KindRow>,
    /// How many more there are.
    pub others: i64,
    /// The share of repeat purchases in which something was that the customer had bought before.
    pub same: Option<Range>,
    /// Categories of one customer, on average.
    pub breadth: Option<f64>,
    /// How spread the money is over categories: H = −Σ p ln p; 0 when all goes to one.
    pub entropy: Option<f64>,
    /// What they buy next.
    pub moves: Vec<Move>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn year() -> Span {
        Span { from: day("2025-01-01"), until: day("2026-01-01") }
    }

    fn bought(on: &str, minor: i64, kinds: &[(u32, i64)]) -> Repeat {
        Repeat { on: day(on), minor, kinds: kinds.iter().map(|(kind, minor)| (Some(*kind), *minor)).collect(), is_same: false }
    }

    /// Forty customers: ten do not come, twenty come once, ten twice; the last ten leave in the middle of the year.
    fn forty() -> Sums {
        let mut sums = Sums::default();
        for who in 0..40 {
            let repeats = match who {
                0..10 => vec![],
                10..30 => vec![bought("2025-03-03", 100, &[(1, 100)])],
                _ => vec![bought("2025-03-03", 100, &[(1, 60), (2, 40)]), bought("2025-04-02", 300, &[(2, 300)])],
            };
            let until = if who < 30 { year().until } else { day("2025-07-02") };
            sums.add(Span { until, ..year() }, year(), &repeats);
        }
        sums
    }

    #[test]
    fn how_they_come_back_is_counted_over_the_days_they_were_watched() {
        let sums = forty();
        let found = sums.repeats(Calendar::Gregorian, 0);
        assert_eq!((sums.customers(), found.repeated, found.repeats, sums.left), (40, 30, 40, 10));
        let share = wilson(30, 40, 0.95).unwrap();
        assert_eq!(found.share, Some(share.into()));
        let years = (30.0 * 365.0 + 10.0 * 182.0) / 365.25;
        assert!((found.years - years).abs() < 1e-9);
        let per_year = found.per_year.unwrap();
        assert!((per_year.value - 40.0 / years).abs() < 1e-9 && per_year.low > 0.0 && per_year.low < per_year.value);
        assert_eq!((found.weekdays[0], found.weekdays[2]), (30, 10), "Monday and Wednesday");
        assert_eq!((found.months[2], found.months[3]), (30, 10));
        let next = found.next.unwrap();
        assert_eq!((next.customers, next.came, next.median_days), (30, 10, None), "only a third bought once more");
        assert_eq!(sums.repeats(Calendar::Jalali, 0).months[11], 30, "Esfand");
    }

    #[test]
    fn of_few_only_the_counts_are_told() {
        let mut sums = Sums::default();
        (0..29).for_each(|_| sums.add(year(), year(), &[bought("2025-03-03", 100, &[(1, 100)])]));
        let (found, amounts) = (sums.repeats(Calendar::Jalali, 0), sums.amounts(None));
        assert_eq!((found.repeats, found.share, found.per_year, found.next), (29, None, None, None));
        assert_eq!((amounts.minor, amounts.per_customer, amounts.per_repeat), (2_900, None, None));
    }

    #[test]
    fn what_moved_the_sum_adds_up() {
        let now = forty();
        let mut before = Sums::default();
        for who in 0..50 {
            let repeats = if who < 25 { vec![bought("2024-05-01", 80, &[])] } else { vec![] };
            before.add(year(), year(), &repeats);
        }
        let found = now.amounts(Some(&before));
        assert_eq!((found.minor, found.before_minor), (6_000, Some(2_000)));
        assert!((found.per_customer.unwrap().value - 150.0).abs() < 1e-9 && (found.per_repeat.unwrap().value - 150.0).abs() < 1e-9);
        let changed = found.changed.unwrap();
        assert!((changed.customers + changed.share + changed.times + changed.amount - 4_000.0).abs() < 1e-6, "{changed:?}");
        assert!(changed.customers < 0.0 && changed.share > 0.0 && changed.times > 0.0 && changed.amount > 0.0);
        let mut none = Sums::default();
        (0..40).for_each(|_| none.add(year(), year(), &[]));
        assert_eq!(now.amounts(Some(&none)).changed, None, "of nothing it cannot be told");
    }

    #[test]
    fn what_they_buy_is_told_by_the_place_of_the_purchase() {
        let found = forty().kinds(|kind| format!("k{kind}"));
        assert_eq!(found.repeats, [30, 10, 0, 0, 0]);
        let row = |name: &str| found.rows.iter().find(|row| row.category.as_deref() == Some(name)).unwrap();
        assert_eq!(row("k1").shares[0], Some(1.0));
        assert_eq!((row("k2").shares[0], row("k2").shares[1], row("k2").shares[2]), (Some(10.0 / 30.0), Some(1.0), None));
        assert_eq!(
            (row("k1").value[0], row("k2").value[0], row("k2").value[1]),
            (Some(2_600.0 / 3_000.0), Some(400.0 / 3_000.0), Some(1.0))
        );
        assert_eq!(found.rows[0].category.as_deref(), Some("k2"), "3,400 of 6,000");
        assert!((found.breadth.unwrap() - 40.0 / 30.0).abs() < 1e-12);
        let (p, q) = (3_400.0_f64 / 6_000.0, 2_600.0_f64 / 6_000.0);
        assert!((found.entropy.unwrap() + p * p.ln() + q * q.ln()).abs() < 1e-12);
        assert_eq!(found.same.unwrap().value, 0.0);
        assert!(found.moves.is_empty(), "ten purchases are too few to tell what comes after");
        let mut many = Sums::default();
        (0..40).for_each(|_| many.add(year(), year(), &[bought("2025-03-03", 10, &[(1, 10)]), bought("2025-04-03", 10, &[(2, 10)])]));
        let moves = many.kinds(|kind| kind.to_string()).moves;
        assert_eq!((moves.len(), moves[0].count, moves[0].share), (1, 40, 1.0));
    }
}
