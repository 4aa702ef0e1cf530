//! What is bought together (Agrawal & Srikant 1994): rules "who bought A and B also bought C".
//!
//! A basket is a purchase, or all that a customer ever bought. Lift is high where items are rare, so rules are ranked by
//! what they are worth at least: the lower end of Wilson's interval of the confidence, times the margin of what is
//! suggested.

use std::{cmp::Ordering, collections::HashMap};

use crate::{Error, Interval, Result, error::enough, proportion::wilson};

/// What rules to look for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Least number of baskets that hold all items of a rule.
    pub together: u64,
    /// Least confidence, 0 to 1.
    pub confidence: f64,
    /// Most items of a rule, both sides together: 2 for pairs.
    pub items: usize,
    /// Most item sets to look at: with a low support there are too many to hold.
    pub limit: usize,
}

impl Search {
    /// Support as a share of `baskets`: as many as make at least that share.
    #[must_use]
    pub fn support(share: f64, baskets: usize) -> u64 {
        // A product like 0.001 · 9000 may come out just above the whole number that is meant.
        (share * baskets as f64 - 1e-9).ceil().max(1.0) as u64
    }
}

/// Who bought all of the antecedent also bought the consequent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Items that were bought, ascending.
    pub antecedent: Vec<u32>,
    /// The item that was bought with them.
    pub consequent: u32,
    /// Baskets with all of them.
    pub together: u64,
    /// Baskets with the antecedent.
    pub with_antecedent: u64,
    /// Baskets with the consequent.
    pub with_consequent: u64,
    /// All baskets.
    pub baskets: u64,
}

impl Rule {
    /// Share of baskets with all of them.
    #[must_use]
    pub fn support(&self) -> f64 {
        self.together as f64 / self.baskets as f64
    }

    /// Share of those with the antecedent that also have the consequent.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.together as f64 / self.with_antecedent as f64
    }

    /// Confidence over the consequent's share of all baskets: 1 when they have nothing to do with each other.
    #[must_use]
    pub fn lift(&self) -> f64 {
        self.confidence() * self.baskets as f64 / self.with_consequent as f64
    }

    /// Support less what it would be if they had nothing to do with each other.
    #[must_use]
    pub fn leverage(&self) -> f64 {
        self.support() - self.with_antecedent as f64 / self.baskets as f64 * (self.with_consequent as f64 / self.baskets as f64)
    }

    /// (1 − consequent's share)/(1 − confidence): how much more often the rule would be wrong by chance; infinite when it is
    /// never wrong.
    #[must_use]
    pub fn conviction(&self) -> f64 {
        (1.0 - self.with_consequent as f64 / self.baskets as f64) / (1.0 - self.confidence())
    }

    /// Confidence with Wilson's interval.
    ///
    /// # Errors
    /// `Invalid` for a level outside 0 to 1.
    pub fn interval(&self, level: f64) -> Result<Interval> {
        wilson(self.together, self.with_antecedent, level)
    }
}

/// Rules with one consequent among baskets of items numbered from 0; an item counts once per basket.
///
/// # Errors
/// `TooFewCustomers` without baskets, `Invalid` for a confidence outside 0 to 1, `TooMany` item sets.
pub fn rules(baskets: &[Vec<u32>], search: &Search) -> Result<Vec<Rule>> {
    if !(0.0..=1.0).contains(&search.confidence) {
        return Err(Error::invalid("a confidence that is not between 0 and 1"));
    }
    let sets = frequent_sets(baskets, search)?;
    let counts: HashMap<&[u32], u64> = sets.iter().map(|(items, count)| (items.as_slice(), *count)).collect();
    let mut out = Vec::new();
    for (items, together) in sets.iter().filter(|(items, _)| items.len() > 1) {
        for (at, consequent) in items.iter().enumerate() {
            let antecedent: Vec<u32> = items.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, item)| *item).collect();
            // Every part of a frequent set is frequent.
            let (with_antecedent, with_consequent) = (counts[antecedent.as_slice()], counts[[*consequent].as_slice()]);
            let rule = Rule {
                antecedent,
                consequent: *consequent,
                together: *together,
                with_antecedent,
                with_consequent,
                baskets: baskets.len() as u64,
            };
            if rule.confidence() >= search.confidence {
                out.push(rule);
            }
        }
    }
    Ok(out)
}

/// Rules in falling order of what they are worth at least, each with that: lower end of the confidence at `level` times the
/// margin of the consequent. Equal ones in the order of more baskets, then of items.
///
/// # Errors
/// `Invalid` for a level outside 0 to 1.
pub fn ranked(rules: Vec<Rule>, level: f64, margin: impl Fn(u32) -> f64) -> Result<Vec<(Rule, f64)>> {
    let mut out = rules
        .into_iter()
        .map(|rule| {
            let worth = rule.interval(level)?.low * margin(rule.consequent);
            Ok((rule, worth))
        })
        .collect::<Result<Vec<_>>>()?;
    out.sort_by(|(one, worth), (other, other_worth)| {
        other_worth
            .total_cmp(worth)
            .then(other.together.cmp(&one.together))
            .then(one.consequent.cmp(&other.consequent))
            .then_with(|| one.antecedent.cmp(&other.antecedent))
    });
    Ok(out)
}

/// All sets of items that are in enough baskets together, items ascending, with their counts.
///
/// # Errors
/// `TooFewCustomers` without baskets, `TooMany` item sets.
pub fn frequent_sets(baskets: &[Vec<u32>], search: &Search) -> Result<Vec<(Vec<u32>, u64)>> {
    enough("baskets", baskets.len(), 1)?;
    // Eclat (Zaki 2000): the baskets of each item, and of a longer set their intersection.
    let mut of_item: HashMap<u32, Vec<u32>> = HashMap::new();
    for (at, basket) in baskets.iter().enumerate() {
        for item in basket {
            let list = of_item.entry(*item).or_default();
            if list.last() != Some(&(at as u32)) {
                list.push(at as u32);
            }
        }
    }
    let mut first: Vec<(u32, Vec<u32>)> = of_item.into_iter().filter(|(_, list)| list.len() as u64 >= search.together.max(1)).collect();
    first.sort_unstable_by_key(|(item, _)| *item);
    let pairs = Pairs::count(baskets, &first);
    let mut walk = Walk { search, pairs, out: Vec::new() };
    walk.deeper(&mut Vec::new(), &first)?;
    walk.out.sort_unstable_by(|one, other| match one.0.len().cmp(&other.0.len()) {
        Ordering::Equal => one.0.cmp(&other.0),
        unequal => unequal,
    });
    Ok(walk.out)
}

/// How often frequent items are together in pairs, counted in one pass, so that most intersections need not be made.
struct Pairs {
    place: HashMap<u32, usize>,
    counts: Vec<u32>,
}

impl Pairs {
    /// Above this many items the table would outgrow its use.
    const MOST: usize = 6000;

    fn count(baskets: &[Vec<u32>], items: &[(u32, Vec<u32>)]) -> Option<Self> {
        if items.len() > Self::MOST {
            return None;
        }
        let place: HashMap<u32, usize> = items.iter().enumerate().map(|(at, (item, _))| (*item, at)).collect();
        let mut counts = vec![0; items.len() * items.len().saturating_sub(1) / 2];
        let mut present: Vec<usize> = Vec::new();
        for basket in baskets {
            present.clear();
            present.extend(basket.iter().filter_map(|item| place.get(item).copied()));
            present.sort_unstable();
            present.dedup();
            for (at, high) in present.iter().enumerate() {
                for low in &present[..at] {
                    counts[high * (high - 1) / 2 + low] += 1;
                }
            }
        }
        Some(Self { place, counts })
    }

    fn of(&self, low: u32, high: u32) -> u64 {
        let (low, high) = (self.place[&low], self.place[&high]);
        u64::from(self.counts[high * (high - 1) / 2 + low])
    }
}

struct Walk<'a> {
    search: &'a Search,
    pairs: Option<Pairs>,
    out: Vec<(Vec<u32>, u64)>,
}

impl Walk<'_> {
    /// `next`: items that may follow the prefix, with the baskets that hold both.
    fn deeper(&mut self, prefix: &mut Vec<u32>, next: &[(u32, Vec<u32>)]) -> Result<()> {
        for (at, (item, list)) in next.iter().enumerate() {
            prefix.push(*item);
            if self.out.len() >= self.search.limit {
                return Err(Error::TooMany { limit: self.search.limit });
            }
            self.out.push((prefix.clone(), list.len() as u64));
            if prefix.len() < self.search.items {
                let least = self.search.together.max(1);
                let together: Vec<(u32, Vec<u32>)> = next[at + 1..]
                    .iter()
                    .filter(|(other, _)| self.pairs.as_ref().is_none_or(|pairs| pairs.of(*item, *other) >= least))
                    .map(|(other, others)| (*other, intersection(list, others)))
                    .filter(|(_, list)| list.len() as u64 >= least)
                    .collect();
                self.deeper(prefix, &together)?;
            }
            prefix.pop();
        }
        Ok(())
    }
}

fn intersection(one: &[u32], other: &[u32]) -> Vec<u32> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < one.len() && j < other.len() {
        match one[i].cmp(&other[j]) {
            Ordering::Less => i += 1,
            Ordering::Greater => j += 1,
            Ordering::Equal => {
                out.push(one[i]);
                i += 1;
                j += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::testdata::groceries;

    fn search(together: u64, confidence: f64) -> Search {
        Search { together, confidence, items: 10, limit: 100_000 }
    }

    #[test]
    fn groceries_have_the_rules_that_everybody_finds() {
        let (names, baskets) = groceries();
        assert_eq!((baskets.len(), names.len()), (9835, 169));
        assert_eq!(baskets.iter().map(Vec::len).sum::<usize>(), 43_367);
        for (support, confidence, expected) in [(0.001, 0.8, 410), (0.006, 0.25, 463), (0.01, 0.2, 231), (0.001, 0.5, 5668)] {
            let found = rules(&baskets, &search(Search::support(support, baskets.len()), confidence)).unwrap();
            assert_eq!(found.len(), expected, "{support} {confidence}");
        }
        let found = rules(&baskets, &search(10, 0.8)).unwrap();
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        found.iter().for_each(|rule| *lengths.entry(rule.antecedent.len() + 1).or_default() += 1);
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [(3, 29), (4, 229), (5, 140), (6, 12)]);
        let best = found.iter().max_by(|one, other| one.lift().total_cmp(&other.lift())).unwrap();
        assert_eq!(best.antecedent.iter().map(|item| names[*item as usize].as_str()).collect::<Vec<_>>(), ["liquor", "red/blush wine"]);
        assert_eq!((names[best.consequent as usize].as_str(), best.together), ("bottled beer", 19));
        assert!((best.lift() - 11.235269).abs() < 5e-7 && (best.confidence() - 0.904762).abs() < 5e-7);
        assert_eq!(frequent_sets(&baskets, &search(10, 0.0)).unwrap().len(), 13_492);
        assert_eq!(frequent_sets(&baskets, &search(60, 0.0)).unwrap().len(), 747);
        assert_eq!(rules(&baskets, &Search { limit: 1000, ..search(10, 0.8) }), Err(Error::TooMany { limit: 1000 }));
    }

    #[test]
    fn a_rule_has_the_known_figures() {
        let (names, baskets) = groceries();
        let item = |name: &str| names.iter().position(|one| one == name).unwrap() as u32;
        for (name, count) in [("whole milk", 2513), ("other vegetables", 1903), ("rolls/buns", 1809), ("soda", 1715), ("yogurt", 1372)] {
            assert_eq!(baskets.iter().filter(|basket| basket.contains(&item(name))).count(), count);
        }
        let found = rules(&baskets, &Search { items: 2, ..search(60, 0.25) }).unwrap();
        let rule =
            found.iter().find(|rule| rule.antecedent == [item("other vegetables")] && rule.consequent == item("whole milk")).unwrap();
        assert_eq!(rule.together, 736);
        for (got, expected) in [(rule.support(), 0.074835), (rule.confidence(), 0.386758), (rule.lift(), 1.513634)] {
            assert!((got - expected).abs() < 5e-7, "{got}");
        }
        let rule = found.iter().find(|rule| rule.antecedent == [item("herbs")] && rule.consequent == item("root vegetables")).unwrap();
        for (got, expected) in [
            (rule.support(), 0.007015760040671073),
            (rule.confidence(), 0.43125),
            (rule.lift(), 3.956477378731343),
            (rule.leverage(), 0.00524252608301334),
            (rule.conviction(), 1.5665960882025953),
        ] {
            assert!((got - expected).abs() < 1e-9, "{got}");
        }
    }

    #[test]
    fn rare_wonders_rank_below_what_is_certain() {
        let (_, baskets) = groceries();
        let found = rules(&baskets, &search(10, 0.5)).unwrap();
        let first = ranked(found.clone(), 0.95, |_| 1.0).unwrap();
        assert!(first.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        let best_lift = found.iter().max_by(|one, other| one.lift().total_cmp(&other.lift())).unwrap();
        assert_ne!(&first[0].0, best_lift);
        // A margin of nothing takes an item out of the lead.
        let lead = first[0].0.consequent;
        let other = ranked(found, 0.95, |item| f64::from(u8::from(item != lead))).unwrap();
        assert_ne!(other[0].0.consequent, lead);
    }

    proptest! {
        #[test]
        fn sets_are_counted_as_by_hand(baskets in prop::collection::vec(prop::collection::vec(0u32..7, 0..6), 1..40)) {
            let sets = frequent_sets(&baskets, &search(2, 0.0)).unwrap();
            for bits in 1u32..128 {
                let items: Vec<u32> = (0..7).filter(|item| bits >> item & 1 == 1).collect();
                let count = baskets.iter().filter(|basket| items.iter().all(|item| basket.contains(item))).count() as u64;
                let found = sets.iter().find(|set| set.0 == items).map(|set| set.1);
                prop_assert_eq!(found, (count >= 2).then_some(count));
            }
        }
    }
}
