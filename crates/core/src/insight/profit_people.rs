//! Profit by who the customers are: by gender, age, education, job, income, residence, and by how they came. The job keeps how
//! many they are, their mean and how far they are spread; a view puts these together and says how sure the means are.

use super::guard::{FEW, LEVEL};
use super::profit_refresh::Run;
use crate::platform::access::{Unit, User};
use crate::platform::money::Currency;
use crate::{Act, Ctx, Day, Error, Operations, Perm, Result, Room, Sight};
use peyvand_db::{Id, Sql, ToValue, Tx, Value, row, sql};
use peyvand_stats::mean::{Moments, mean, observations_for_skewness, welch};
use peyvand_stats::multiple::holm;
use peyvand_stats::proportion::wilson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Words of a trait that are told apart; all others are one group.
const WORDS: usize = 40;
/// Ages at which bands begin.
const AGES: [i64; 6] = [0, 25, 35, 45, 55, 65];
/// The number of having no word.
const UNKNOWN: u32 = 0;
/// The number of all words that are not told apart.
const REST: u32 = u32::MAX;
/// The word of all that are not told apart.
const REST_WORD: &str = "";
/// The last of the better tiers.
const BETTER: i64 = 2;

peyvand_db::words! {
    /// By what customers are told apart.
    pub enum Trait {
        /// Men and women.
        Gender = "gender",
        /// Bands of age, named by the age at which they begin.
        Age = "age",
        /// Education.
        Education = "education",
        /// The job, in its own words.
        Job = "job",
        /// Bands of income.
        Income = "income",
        /// The province.
        Residence = "residence",
        /// How they heard of us first.
        Source = "source",
    }
}

/// What is known of a customer.
pub(super) struct Person<'a> {
    pub unit_id: Option<Id<Unit>>,
    pub owner_id: Option<Id<User>>,
    pub is_person: bool,
    pub gender: Option<&'a str>,
    pub birth_on: Option<Day>,
    pub education: Option<&'a str>,
    pub job: Option<&'a str>,
    pub income: Option<&'a str>,
    pub residence: Option<&'a str>,
    pub source: Option<&'a str>,
}

/// How much customers bring, without the customers: their number, mean, sums of the squared and cubed deviations from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Heap {
    customers: i64,
    better: i64,
    mean: f64,
    second: f64,
    third: f64,
}

impl Heap {
    fn of_one(profit: f64, is_better: bool) -> Heap {
        Heap { customers: 1, better: i64::from(is_better), mean: profit, second: 0.0, third: 0.0 }
    }

    /// Both together (Chan, Golub & LeVeque 1979; Pébay 2008 for the third).
    fn and(self, other: Heap) -> Heap {
        if self.customers == 0 || other.customers == 0 {
            return if self.customers == 0 { other } else { self };
        }
        let (a, b) = (self.customers as f64, other.customers as f64);
        let (all, apart) = (a + b, other.mean - self.mean);
        Heap {
            customers: self.customers + other.customers,
            better: self.better + other.better,
            mean: self.mean + apart * b / all,
            second: self.second + other.second + apart * apart * a * b / all,
            third: self.third
                + other.third
                + apart.powi(3) * a * b * (a - b) / (all * all)
                + 3.0 * apart * (a * other.second - b * self.second) / all,
        }
    }

    /// What is left without a part of them; the cubes are not kept.
    fn without(self, part: Heap) -> Heap {
        let (all, b) = (self.customers as f64, part.customers as f64);
        let a = all - b;
        if a <= 0.0 {
            return Heap::default();
        }
        let mean = (self.mean * all - part.mean * b) / a;
        let second = self.second - part.second - (part.mean - mean).powi(2) * a * b / all;
        Heap { customers: self.customers - part.customers, better: self.better - part.better, mean, second: second.max(0.0), third: 0.0 }
    }

    fn moments(self) -> Moments {
        let free = (self.customers - 1).max(1) as f64;
        Moments { count: self.customers.unsigned_abs(), mean: self.mean, variance: self.second / free }
    }

    /// Whether so few of so skew a kind make the range rough.
    fn is_rough(self) -> bool {
        let n = self.customers as f64;
        let skewness = (self.third / n) / (self.second / n).powf(1.5);
        skewness.is_finite() && self.customers.unsigned_abs() < observations_for_skewness(skewness)
    }
}

/// Customers as they are gathered by the job.
#[derive(Default)]
pub(super) struct Gathering {
    words: BTreeMap<Trait, HashMap<String, u32>>,
    /// In order, so that the same customers give the same sums to the last digit.
    heaps: BTreeMap<(Option<Id<Unit>>, Option<Id<User>>, Trait, u32), Heap>,
}

impl Gathering {
    /// Takes a customer in.
    pub(super) fn add(&mut self, person: &Person<'_>, as_of: Day, profit: i64, tier: i64) {
        let band = person.birth_on.filter(|birth| *birth <= as_of).map(|birth| {
            let years = as_of.years_since(birth);
            AGES.iter().rev().find(|from| **from <= years).unwrap_or(&AGES[0]).to_string()
        });
        let one = Heap::of_one(profit as f64, tier <= BETTER);
        for by in Trait::ALL.iter().copied() {
            let word = match by {
                Trait::Gender => person.gender,
                Trait::Age => band.as_deref(),
                Trait::Education => person.education,
                Trait::Job => person.job,
                Trait::Income => person.income,
                Trait::Residence => person.residence,
                Trait::Source => person.source,
            };
            // An organisation has neither age nor gender; that is not the same as not being known.
            if !person.is_person && !matches!(by, Trait::Residence | Trait::Source) {
                continue;
            }
            let word = word.map(str::trim).filter(|word| !word.is_empty());
            let word = word.map_or(UNKNOWN, |word| {
                let words = self.words.entry(by).or_default();
                match words.get(word) {
                    Some(number) => *number,
                    None => {
                        let number = words.len() as u32 + 1;
                        words.insert(word.to_owned(), number);
                        number
                    }
                }
            });
            let heap = self.heaps.entry((person.unit_id, person.owner_id, by, word)).or_default();
            *heap = heap.and(one);
        }
    }

    /// Rows for the database: those of everybody together, and of each unit and owner.
    fn rows(self, ctx: &Ctx, run: Id<Run>) -> Vec<Vec<Value>> {
        let mut of_all: BTreeMap<(Trait, u32), Heap> = BTreeMap::new();
        for ((_, _, by, word), heap) in &self.heaps {
            let all = of_all.entry((*by, *word)).or_default();
            *all = all.and(*heap);
        }
        let mut kept: BTreeMap<(Trait, u32), &str> = BTreeMap::new();
        for (by, words) in &self.words {
            let mut often: Vec<(i64, &str, u32)> = words
                .iter()
                .map(|(word, number)| (of_all.get(&(*by, *number)).map_or(0, |heap| heap.customers), word.as_str(), *number))
                .collect();
            often.sort_unstable_by(|one, other| (-one.0, one.1).cmp(&(-other.0, other.1)));
            kept.extend(often.into_iter().take(WORDS).map(|(_, word, number)| ((*by, number), word)));
        }
        let mut heaps: BTreeMap<(bool, Option<Id<Unit>>, Option<Id<User>>, Trait, u32), Heap> = BTreeMap::new();
        for ((unit, owner, by, word), heap) in self.heaps {
            let word = if word == UNKNOWN || kept.contains_key(&(by, word)) { word } else { REST };
            for key in [(true, None, None, by, word), (false, unit, owner, by, word)] {
                let sum = heaps.entry(key).or_default();
                *sum = sum.and(heap);
            }
        }
        let row = |((is_all, unit, owner, by, word), heap): ((bool, Option<Id<Unit>>, Option<Id<User>>, Trait, u32), Heap)| {
            let word = match word {
                UNKNOWN => None,
                REST => Some(REST_WORD),
                word => kept.get(&(by, word)).copied(),
            };
            vec![
                ctx.id::<Heap>().to_value(),
                run.to_value(),
                is_all.to_value(),
                unit.to_value(),
                owner.to_value(),
                by.to_value(),
                word.map(str::to_owned).to_value(),
                heap.customers.to_value(),
                heap.better.to_value(),
                heap.mean.to_value(),
                heap.second.to_value(),
                heap.third.to_value(),
            ]
        };
        heaps.into_iter().map(row).collect()
    }

    /// Writes what was gathered for a run.
    pub(super) async fn write(self, tx: &mut Tx, ctx: &Ctx, run: Id<Run>) -> Result<()> {
        tx.run(sql("DELETE FROM profit_traits WHERE run_id = $1").bind(run)).await?;
        let head = "INSERT INTO profit_traits (id, run_id, is_all, unit_id, owner_id, trait, word, customers, better, mean_minor, second, third) VALUES ";
        for statement in Sql::inserts(head, self.rows(ctx, run), "") {
            tx.run(statement).await?;
        }
        Ok(())
    }
}

/// By what.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByTrait {
    /// By what customers are told apart.
    pub by: Trait,
}

/// A value with the range in which it lies with 95 per cent, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ranged {
    /// The value.
    pub value_minor: i64,
    /// Lower end.
    pub low_minor: i64,
    /// Upper end.
    pub high_minor: i64,
}

impl Ranged {
    fn of(interval: peyvand_stats::Interval) -> Ranged {
        let [value_minor, low_minor, high_minor] = [interval.value, interval.low, interval.high].map(|amount| amount.round() as i64);
        Ranged { value_minor, low_minor, high_minor }
    }
}

/// Customers who are alike in one thing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TraitGroup {
    /// What they have in common: a word of the list, a province, a job, the age at which the band begins; absent for those of
    /// whom it is not known.
    pub word: Option<String>,
    /// Whether these are all the words that are too seldom to be told apart.
    pub is_rest: bool,
    /// How many they are.
    pub customers: i64,
    /// What they bring together, in minor units.
    pub profit_minor: i64,
    /// How many more it takes for a mean that means something; 0 where they are enough.
    pub missing: i64,
    /// What each of them brings in the mean (Student's t); absent while they are too few.
    pub mean: Option<Ranged>,
    /// By how much that differs from the mean of all the others (Welch); absent where either are too few.
    pub difference: Option<Ranged>,
    /// How probable such a difference is without there being one, after Holm for all groups.
    pub p: Option<f64>,
    /// Whether few of them bring much of it, so that the range is rough.
    pub is_rough: bool,
    /// The share of them in the two better tiers.
    pub better_share: f64,
    /// Lower end of its range (Wilson).
    pub better_low: f64,
    /// Upper end.
    pub better_high: f64,
}

/// Profit by who the customers are.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TraitProfits {
    /// By what they are told apart.
    pub by: Trait,
    /// Currency of the amounts.
    pub currency: Currency,
    /// First day of the year that the profits are of; absent before the first refresh.
    pub from_on: Option<Day>,
    /// Its last day.
    pub as_of: Option<Day>,
    /// Customers within sight who can be told apart by it.
    pub customers: i64,
    /// Of how many of them it is known.
    pub known: i64,
    /// The groups, the largest first.
    pub groups: Vec<TraitGroup>,
}

row! {
    struct Kept {
        word: Option<String> = "g.word",
        customers: i64 = "g.customers",
        better: i64 = "g.better",
        mean: f64 = "g.mean_minor",
        second: f64 = "g.second",
        third: f64 = "g.third",
    }
}

/// The profit of customers within sight by who they are, as of the last refresh.
///
/// # Errors
/// Without the right.
pub async fn people(ctx: &Ctx, input: ByTrait) -> Result<TraitProfits> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut tx = reader.db.snapshot().await?;
    let last = "SELECT id, from_on, as_of FROM profit_runs WHERE finished_at IS NOT NULL ORDER BY made_at DESC, id DESC LIMIT 1";
    let run: Option<(Id<Run>, Day, Day)> = tx.maybe(sql(last)).await?;
    let mut heaps: BTreeMap<Option<String>, Heap> = BTreeMap::new();
    if let Some((run, _, _)) = run {
        let mut query = Sql::select::<Kept>("FROM profit_traits g WHERE g.run_id = $1 AND g.trait = $2").bind(run).bind(input.by);
        match &reader.sight {
            Sight::All => drop(query.push(" AND g.is_all")),
            Sight::Units { units, user } => {
                query
                    .push(" AND NOT g.is_all AND (g.unit_id IN ")
                    .list(units.iter().copied())
                    .push(" OR g.owner_id = ")
                    .arg(*user)
                    .push(")");
            }
            Sight::Own(user) => {
                query.push(" AND NOT g.is_all AND g.owner_id = ").arg(*user);
            }
        }
        let rows: Vec<Kept> = tx.all(query).await?;
        for Kept { word, customers, better, mean, second, third } in rows {
            let sum = heaps.entry(word).or_default();
            *sum = sum.and(Heap { customers, better, mean, second, third });
        }
    }
    tx.commit().await?;
    let all = heaps.values().fold(Heap::default(), |all, one| all.and(*one));
    let mut groups = heaps.iter().map(|(word, heap)| group(word.as_deref(), *heap, all)).collect::<Result<Vec<_>>>()?;
    let tests: Vec<f64> = groups.iter().filter_map(|group| group.p).collect();
    let mut adjusted = if tests.is_empty() { Vec::new() } else { holm(&tests).map_err(Error::fault)? }.into_iter();
    groups.iter_mut().filter(|group| group.p.is_some()).for_each(|group| group.p = adjusted.next());
    // Ages in their order, all else by how many they are.
    let age = |group: &TraitGroup| group.word.as_deref().filter(|_| input.by == Trait::Age).and_then(|word| word.parse::<i64>().ok());
    groups.sort_by_key(|group| (group.word.is_none(), group.is_rest, age(group), -group.customers));
    Ok(TraitProfits {
        by: input.by,
        currency,
        from_on: run.map(|(_, from, _)| from),
        as_of: run.map(|(_, _, as_of)| as_of),
        customers: all.customers,
        known: all.customers - heaps.get(&None).map_or(0, |heap| heap.customers),
        groups,
    })
}

fn group(word: Option<&str>, heap: Heap, all: Heap) -> Result<TraitGroup> {
    let better = wilson(heap.better.unsigned_abs(), heap.customers.unsigned_abs(), LEVEL).map_err(Error::fault)?;
    let rest = all.without(heap);
    let is_enough = heap.customers >= FEW;
    let of_group = if is_enough { Some(mean(&heap.moments(), LEVEL).map_err(Error::fault)?) } else { None };
    // Where nobody differs from anybody there is nothing to test.
    let apart = if is_enough && rest.customers >= FEW { welch(&heap.moments(), &rest.moments(), LEVEL).ok() } else { None };
    Ok(TraitGroup {
        is_rest: word == Some(REST_WORD),
        word: word.filter(|word| *word != REST_WORD).map(str::to_owned),
        customers: heap.customers,
        profit_minor: (heap.mean * heap.customers as f64).round() as i64,
        missing: (FEW - heap.customers).max(0),
        mean: of_group.map(Ranged::of),
        difference: apart.map(|apart| Ranged::of(apart.interval)),
        p: apart.map(|apart| apart.test.p),
        is_rough: is_enough && heap.is_rough(),
        better_share: better.value,
        better_low: better.low,
        better_high: better.high,
    })
}

/// The operations of profit by who customers are.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add("profits.people", "GET /profits/people", see, "Profit by gender, age, education, job, income, residence or source.", people)
        .example(|| json!({"by": "age"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyvand_stats::mean::skewness;

    #[test]
    fn heaps_are_put_together_and_taken_apart_without_their_customers() {
        let profits: Vec<f64> = (0..97).map(|at| f64::from((at * 37) % 101).powi(3) * 1e4 - 2e8).collect();
        let heap = |profits: &[f64]| profits.iter().fold(Heap::default(), |heap, profit| heap.and(Heap::of_one(*profit, *profit > 0.0)));
        let (one, other) = (heap(&profits[..30]), heap(&profits[30..]));
        let all = one.and(other);
        let expected = Moments::of(&profits).unwrap();
        let near = |got: f64, expected: f64| assert!((got / expected - 1.0).abs() < 1e-9, "{got} {expected}");
        near(all.moments().mean, expected.mean);
        near(all.moments().variance, expected.variance);
        let n = all.customers as f64;
        near((all.third / n) / (all.second / n).powf(1.5), skewness(&profits).unwrap());
        let left = all.without(one);
        assert_eq!((left.customers, left.better), (other.customers, other.better));
        near(left.mean, other.mean);
        near(left.second, other.second);
        assert_eq!(all.without(all), Heap::default());
        assert!(all.is_rough(), "97 of so skew a kind");
        assert!(!heap(&[1.0, 2.0, 3.0]).is_rough() && !heap(&[5.0, 5.0]).is_rough());
    }
}
