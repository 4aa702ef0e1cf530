//! What a customer is likely to buy next: pairs "82 of 400 who bought A bought B", learned from what everybody bought, and
//! judged on the last purchases, which were held back, beside naming what most people buy.
//!
//! This file works on numbers; `learning` reads what was bought and keeps what was learned, `suggestions` tells it.

use super::guard::{LEVEL, ShortOf, Shortage};
use crate::{Error, Result};
use peyvand_stats::association::{Rule, Search, rules};
use peyvand_stats::next_product::{Evaluation, Popular, Recommender, evaluate, gain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Part of the customers that must have bought both products of a pair.
const SUPPORT: f64 = 0.001;
/// Of fewer customers no pair is made.
const TOGETHER: u64 = 10;
/// Sets of products looked at; beyond it rarer ones are left out.
const SETS: usize = 200_000;
/// Pairs kept of each product, in each of both orders.
const KEPT: usize = 20;
/// Customers of whom a last purchase could be held back, without which nothing is judged.
const RETURNERS: i64 = 100;
/// Products without which there is no choice.
const PRODUCTS: i64 = 10;
/// Customers that are judged at most, evenly among all.
const JUDGED: usize = 10_000;
/// Products named for each of them.
pub const NAMED: usize = 10;

peyvand_db::words! {
    /// How suggestions are put in order.
    pub enum Way {
        /// By the pair that is most certain.
        Likely = "likely",
        /// By how alike the product is to all that the customer bought.
        Similar = "similar",
    }
}

/// How often a way of naming ten products foresaw something of the purchase that was held back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// Customers judged: those whose last purchase held something that they had not bought before.
    pub customers: i64,
    /// Of how many of them something was foreseen.
    pub hits: i64,
    /// Their share.
    pub share: f64,
    /// Lower end of the range in which the share lies with 95 per cent.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// By how much the share is above that of naming what most people buy.
    pub gain: f64,
    /// Lower end of the range of the gain; above 0 it is better.
    pub gain_low: f64,
    /// Upper end.
    pub gain_high: f64,
}

/// How well each way did on the same customers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// Naming what most people buy.
    pub popular: Judged,
    /// Naming what is most certain.
    pub likely: Judged,
    /// Naming what is most alike.
    pub similar: Judged,
    /// The better of both, if it is better than naming what most people buy.
    pub way: Option<Way>,
}

/// A pair of products.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    pub antecedent: u32,
    pub consequent: u32,
    /// Customers who bought both.
    pub together: u64,
    pub with_antecedent: u64,
    pub with_consequent: u64,
    /// Range of the share of those with the antecedent who bought the consequent.
    pub low: f64,
    pub high: f64,
    /// Customers with both over the root of the product of those with each.
    pub likeness: f64,
}

/// What customers bought.
#[derive(Debug, Default)]
pub(super) struct Histories {
    /// All that each customer bought; numbers of products, ascending.
    pub whole: Vec<Vec<u32>>,
    /// Of those who bought on two days or more: what they bought before the last day, and on it.
    pub cases: Vec<(Vec<u32>, Vec<u32>)>,
    /// Number of products.
    pub products: usize,
}

/// What was learned of them.
#[derive(Debug)]
pub(super) struct Learned {
    pub pairs: Vec<Pair>,
    /// Customers that a pair takes at least.
    pub together: u64,
    pub judgement: Judgement,
}

/// Puts products in order, best first: for each the score and the place of the pair that speaks most for it. `pairs` are
/// product, lower end and likeness of all pairs of what the customer has; equal ones come in the order of products.
pub(super) fn ranked<K: Ord + Copy>(pairs: impl Iterator<Item = (K, f64, f64)>, way: Way, most: usize) -> Vec<(K, f64, usize)> {
    // Score, lower end of the best pair, its place.
    let mut found: BTreeMap<K, (f64, f64, usize)> = BTreeMap::new();
    for (place, (product, low, likeness)) in pairs.enumerate() {
        let entry = found.entry(product).or_insert((0.0, f64::MIN, place));
        entry.0 = match way {
            Way::Likely => entry.0.max(low),
            Way::Similar => entry.0 + likeness,
        };
        if low > entry.1 {
            (entry.1, entry.2) = (low, place);
        }
    }
    let mut ranked: Vec<(K, f64, usize)> = found.into_iter().map(|(product, (score, _, place))| (product, score, place)).collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
    ranked.truncate(most);
    ranked
}

/// Pairs by their antecedent.
struct Pairs(Vec<Vec<Pair>>);

impl Pairs {
    /// The best pairs of what customers bought, and how many customers a pair took.
    fn of(histories: &[Vec<u32>], products: usize) -> Result<(Pairs, u64), peyvand_stats::Error> {
        let mut together = TOGETHER.max(Search::support(SUPPORT, histories.len()));
        let found = loop {
            match rules(histories, &Search { together, confidence: 0.0, items: 2, limit: SETS }) {
                Err(peyvand_stats::Error::TooMany { .. }) => together *= 2,
                found => break found?,
            }
        };
        let mut pairs: Vec<Vec<Pair>> = vec![Vec::new(); products];
        for rule in &found {
            let pair = pair_of(rule)?;
            pairs[pair.antecedent as usize].push(pair);
        }
        for list in &mut pairs {
            keep_best(list);
        }
        Ok((Pairs(pairs), together))
    }
}

fn pair_of(rule: &Rule) -> Result<Pair, peyvand_stats::Error> {
    let range = rule.interval(LEVEL)?;
    Ok(Pair {
        antecedent: rule.antecedent[0],
        consequent: rule.consequent,
        together: rule.together,
        with_antecedent: rule.with_antecedent,
        with_consequent: rule.with_consequent,
        low: range.low,
        high: range.high,
        likeness: rule.together as f64 / (rule.with_antecedent as f64 * rule.with_consequent as f64).sqrt(),
    })
}

/// Keeps the most certain and the most alike, in the order of the consequent.
fn keep_best(pairs: &mut Vec<Pair>) {
    if pairs.len() > KEPT {
        let mut kept = vec![false; pairs.len()];
        for by in [|pair: &Pair| pair.low, |pair: &Pair| pair.likeness] {
            let mut order: Vec<usize> = (0..pairs.len()).collect();
            order.sort_by(|one, other| {
                by(&pairs[*other]).total_cmp(&by(&pairs[*one])).then(pairs[*one].consequent.cmp(&pairs[*other].consequent))
            });
            order.iter().take(KEPT).for_each(|place| kept[*place] = true);
        }
        let mut kept = kept.into_iter();
        pairs.retain(|_| kept.next().unwrap_or_default());
    }
    pairs.sort_by_key(|pair| pair.consequent);
}

/// Pairs in one of their orders.
struct Ordered<'a>(&'a Pairs, Way);

impl Recommender for Ordered<'_> {
    fn recommend(&self, own: &[u32], most: usize, fresh: bool) -> Vec<u32> {
        let pairs = own.iter().flat_map(|item| &self.0.0[*item as usize]);
        let pairs = pairs.filter(|pair| !(fresh && own.binary_search(&pair.consequent).is_ok()));
        ranked(pairs.map(|pair| (pair.consequent, pair.low, pair.likeness)), self.1, most).into_iter().map(|found| found.0).collect()
    }
}

fn judged(found: &Evaluation, popular: &Evaluation) -> Result<Judged, peyvand_stats::Error> {
    let gain = gain(found, popular, LEVEL)?;
    Ok(Judged {
        customers: found.customers as i64,
        hits: found.hits.iter().filter(|hit| **hit).count() as i64,
        share: found.hit_rate.value,
        low: found.hit_rate.low,
        high: found.hit_rate.high,
        gain: gain.value,
        gain_low: gain.low,
        gain_high: gain.high,
    })
}

/// Judges both orders of pairs, learned without the last purchases.
fn judge(histories: &Histories) -> Result<Judgement, peyvand_stats::Error> {
    let before: Vec<Vec<u32>> = histories.cases.iter().map(|case| case.0.clone()).collect();
    let mut is_known = vec![false; histories.products];
    before.iter().flatten().for_each(|item| is_known[*item as usize] = true);
    let (pairs, _) = Pairs::of(&before, histories.products)?;
    let popular = Popular::of(&before, histories.products)?;
    drop(before);
    let step = histories.cases.len().div_ceil(JUDGED).max(1);
    let cases: Vec<(Vec<u32>, Vec<u32>)> = histories.cases.iter().step_by(step).cloned().collect();
    let known = |item: u32| is_known[item as usize];
    let popular = evaluate(&popular, &cases, known, NAMED, true, LEVEL)?;
    let likely = judged(&evaluate(&Ordered(&pairs, Way::Likely), &cases, known, NAMED, true, LEVEL)?, &popular)?;
    let similar = judged(&evaluate(&Ordered(&pairs, Way::Similar), &cases, known, NAMED, true, LEVEL)?, &popular)?;
    let (way, best) = if similar.share > likely.share { (Way::Similar, similar) } else { (Way::Likely, likely) };
    Ok(Judgement { popular: judged(&popular, &popular)?, likely, similar, way: (best.gain_low > 0.0).then_some(way) })
}

/// Learns from what customers bought, or says what is missing.
///
/// # Errors
/// When the statistics refuse what passed the checks here.
pub(super) fn learn(histories: &Histories) -> Result<std::result::Result<Learned, Vec<Shortage>>> {
    let mut missing = Vec::new();
    missing.extend(Shortage::unless(ShortOf::Products, histories.products as i64, PRODUCTS));
    missing.extend(Shortage::unless(ShortOf::Returners, histories.cases.len() as i64, RETURNERS));
    if !missing.is_empty() {
        return Ok(Err(missing));
    }
    let judgement = match judge(histories) {
        Ok(judgement) => judgement,
        // All that was bought last had been bought before, or nobody else had bought it.
        Err(peyvand_stats::Error::TooFewCustomers { have, .. }) => {
            return Ok(Err(Shortage::unless(ShortOf::Returners, have as i64, RETURNERS).into_iter().collect()));
        }
        Err(error) => return Err(Error::fault(error)),
    };
    let (pairs, together) = Pairs::of(&histories.whole, histories.products).map_err(Error::fault)?;
    let pairs: Vec<Pair> = pairs.0.into_iter().flatten().collect();
    match Shortage::unless(ShortOf::Pairs, pairs.len() as i64, 1) {
        Some(shortage) => Ok(Err(vec![shortage])),
        None => Ok(Ok(Learned { pairs, together, judgement })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats_data(name: &str) -> String {
        std::fs::read_to_string(format!("{}/../stats/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    /// What customers of Online Retail bought before their last day, and on it.
    fn online_retail() -> Histories {
        let add = |list: &str| -> Vec<u32> {
            let mut at = 0;
            list.split(' ')
                .map(|step| {
                    at += step.parse::<u32>().unwrap();
                    at
                })
                .collect()
        };
        let text = stats_data("online_retail_items.txt");
        let cases: Vec<(Vec<u32>, Vec<u32>)> = text
            .lines()
            .map(|line| {
                let (before, last) = line.split_once(';').unwrap();
                (add(before), add(last))
            })
            .collect();
        let both = |case: &(Vec<u32>, Vec<u32>)| {
            let mut all = [case.0.as_slice(), &case.1].concat();
            all.sort_unstable();
            all.dedup();
            all
        };
        Histories { whole: cases.iter().map(both).collect(), products: stats_data("online_retail_products.txt").lines().count(), cases }
    }

    #[test]
    fn held_back_purchases_of_online_retail_are_foreseen_better_than_by_popularity() {
        let learned = learn(&online_retail()).unwrap().unwrap();
        let judgement = &learned.judgement;
        // The reference: 0.227 by popularity; 0.330 by all likenesses, of which the pairs kept are a part.
        assert_eq!((judgement.popular.customers, judgement.popular.hits), (2486, 565));
        assert!((judgement.popular.share - 0.22727).abs() < 1e-4 && judgement.popular.gain == 0.0);
        let way = judgement.way.unwrap();
        let best = if way == Way::Similar { judgement.similar } else { judgement.likely };
        assert!(best.share > 0.28 && best.gain_low > 0.04, "{judgement:?}");
        assert_eq!(best.hits, (best.share * 2486.0).round() as i64);
        for pair in &learned.pairs {
            assert!(pair.together >= learned.together && pair.together <= pair.with_antecedent.min(pair.with_consequent));
            assert!(pair.low < pair.together as f64 / pair.with_antecedent as f64 && pair.high <= 1.0);
        }
        assert!(learned.pairs.windows(2).all(|two| (two[0].antecedent, two[0].consequent) < (two[1].antecedent, two[1].consequent)));
    }

    #[test]
    fn products_are_put_in_order_by_the_best_pair_or_by_all() {
        let pairs = [(7, 0.2, 0.1), (8, 0.15, 0.4), (7, 0.3, 0.1), (9, 0.15, 0.3), (9, 0.1, 0.2)];
        assert_eq!(ranked(pairs.into_iter(), Way::Likely, 5), [(7, 0.3, 2), (8, 0.15, 1), (9, 0.15, 3)]);
        let similar: Vec<(i32, usize)> = ranked(pairs.into_iter(), Way::Similar, 2).into_iter().map(|found| (found.0, found.2)).collect();
        assert_eq!(similar, [(9, 3), (8, 1)]);
    }

    #[test]
    fn of_many_pairs_the_certain_and_the_alike_are_kept() {
        let pair = |consequent: u32, low: f64, likeness: f64| Pair {
            antecedent: 0,
            consequent,
            together: 10,
            with_antecedent: 20,
            with_consequent: 20,
            low,
            high: 1.0,
            likeness,
        };
        let mut pairs: Vec<Pair> = (0..60).rev().map(|number| pair(number, f64::from(number), -f64::from(number))).collect();
        keep_best(&mut pairs);
        let kept: Vec<u32> = pairs.iter().map(|pair| pair.consequent).collect();
        assert_eq!(kept, (0..20).chain(40..60).collect::<Vec<_>>());
    }

    #[test]
    fn too_few_customers_and_customers_who_never_buy_anything_new_are_refused() {
        let same = |customers: usize| Histories {
            whole: vec![(0..12).collect(); customers],
            cases: vec![((0..12).collect(), vec![3]); customers],
            products: 12,
        };
        let missing = learn(&same(40)).unwrap().unwrap_err();
        assert_eq!(missing, [Shortage { of: ShortOf::Returners, have: 40, need: 100, enough_on: None }]);
        let missing = learn(&same(200)).unwrap().unwrap_err();
        assert_eq!((missing[0].of, missing[0].have), (ShortOf::Returners, 0));
    }
}
