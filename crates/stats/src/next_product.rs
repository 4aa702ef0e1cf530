//! What a customer is likely to buy next, and whether saying so is better than naming what everybody buys.
//!
//! Three ways, all explainable: what is most popular, what is bought by those who bought the same (sum of similarities to
//! what the customer has), and rules "82 of 400 who bought A bought B". Each is judged on purchases that were held back.

use crate::{
    Error, Interval, Result,
    association::{Rule, Search, rules},
    error::enough,
    mean::{Moments, mean},
    proportion::wilson,
};

/// Something that names items for a customer.
pub trait Recommender {
    /// Up to `most` items, best first, for somebody who has `own`; with `fresh` none of those. Equal ones in the order of
    /// their numbers.
    fn recommend(&self, own: &[u32], most: usize, fresh: bool) -> Vec<u32>;
}

/// What most customers have.
#[derive(Clone, Debug)]
pub struct Popular {
    order: Vec<u32>,
}

impl Popular {
    /// From what each customer has; items are numbered below `items`.
    ///
    /// # Errors
    /// `Invalid` for an item number that is too high.
    pub fn of(histories: &[Vec<u32>], items: usize) -> Result<Self> {
        let counts = counts(histories, items)?;
        let mut order: Vec<u32> = (0..items as u32).filter(|item| counts[*item as usize] > 0).collect();
        order.sort_by(|one, other| counts[*other as usize].cmp(&counts[*one as usize]).then(one.cmp(other)));
        Ok(Self { order })
    }
}

impl Recommender for Popular {
    fn recommend(&self, own: &[u32], most: usize, fresh: bool) -> Vec<u32> {
        self.order.iter().filter(|item| !(fresh && own.contains(item))).take(most).copied().collect()
    }
}

/// How two items are likened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Customers with both over the root of the product of those with each.
    Cosine,
    /// Customers with both over those with the item that the customer has.
    Confidence,
}

/// Items by their likeness to what the customer has.
#[derive(Clone, Debug)]
pub struct Similar {
    /// For each item, like ones with their likeness, the likest first.
    neighbours: Vec<Vec<(u32, f64)>>,
    counts: Vec<u32>,
}

impl Similar {
    /// From what each customer has; items are numbered below `items`, of each the `most` likest are kept.
    ///
    /// # Errors
    /// `Invalid` for an item number that is too high.
    pub fn of(histories: &[Vec<u32>], items: usize, likeness: Likeness, most: usize) -> Result<Self> {
        let counts = counts(histories, items)?;
        let mut customers: Vec<Vec<u32>> = vec![Vec::new(); items];
        for (at, history) in histories.iter().enumerate() {
            for item in distinct(history) {
                customers[item as usize].push(at as u32);
            }
        }
        let mut together = vec![0_u32; items];
        let mut touched = Vec::new();
        let mut neighbours = Vec::with_capacity(items);
        for item in 0..items {
            for customer in &customers[item] {
                for other in distinct(&histories[*customer as usize]) {
                    if together[other as usize] == 0 {
                        touched.push(other);
                    }
                    together[other as usize] += 1;
                }
            }
            let mut list: Vec<(u32, f64)> = touched
                .drain(..)
                .map(|other| {
                    let both = f64::from(std::mem::take(&mut together[other as usize]));
                    let (own, its) = (f64::from(counts[item]), f64::from(counts[other as usize]));
                    (other, if likeness == Likeness::Cosine { both / (own * its).sqrt() } else { both / own })
                })
                .filter(|(other, _)| *other as usize != item)
                .collect();
            list.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
            list.truncate(most);
            neighbours.push(list);
        }
        Ok(Self { neighbours, counts })
    }

    /// Items like one, with their likeness, the likest first.
    #[must_use]
    pub fn like(&self, item: u32) -> &[(u32, f64)] {
        self.neighbours.get(item as usize).map_or(&[], Vec::as_slice)
    }

    /// Items with the sum of their likeness to what the customer has, best first.
    #[must_use]
    pub fn scored(&self, own: &[u32], most: usize, fresh: bool) -> Vec<(u32, f64)> {
        let mut scores = vec![0.0; self.counts.len()];
        for item in distinct(own) {
            for (other, likeness) in self.like(item) {
                scores[*other as usize] += likeness;
            }
        }
        let own = distinct(own);
        let mut list: Vec<(u32, f64)> = scores
            .into_iter()
            .enumerate()
            .map(|(item, score)| (item as u32, score))
            .filter(|(item, _)| self.counts[*item as usize] > 0 && !(fresh && own.binary_search(item).is_ok()))
            .collect();
        let order = |one: &(u32, f64), other: &(u32, f64)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
        if list.len() > most && most > 0 {
            list.select_nth_unstable_by(most - 1, order);
        }
        list.truncate(most);
        list.sort_unstable_by(order);
        list
    }
}

impl Recommender for Similar {
    fn recommend(&self, own: &[u32], most: usize, fresh: bool) -> Vec<u32> {
        self.scored(own, most, fresh).into_iter().map(|(item, _)| item).collect()
    }
}

/// Pairs "who bought A bought B", ranked by what they are worth at least.
#[derive(Clone, Debug)]
pub struct PairRules {
    /// By antecedent, ascending; of each its rules with the lower end of their confidence.
    rules: Vec<(u32, Vec<(Rule, f64)>)>,
}

/// A suggestion that can be explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// What to offer.
    pub item: u32,
    /// The rule that speaks for it: `together` of `with_antecedent` who bought the antecedent bought it.
    pub because: Rule,
    /// Lower end of the confidence times the margin.
    pub worth: f64,
}

impl PairRules {
    /// From what each customer has: pairs that at least `together` customers have, with intervals of `level`.
    ///
    /// # Errors
    /// `TooFewCustomers` without customers, `Invalid` for a level outside 0 to 1, `TooMany` pairs (above ten million).
    pub fn of(histories: &[Vec<u32>], together: u64, level: f64) -> Result<Self> {
        let mut found = rules(histories, &Search { together, confidence: 0.0, items: 2, limit: 10_000_000 })?;
        found.sort_by_key(|rule| (rule.antecedent[0], rule.consequent));
        let mut out: Vec<(u32, Vec<(Rule, f64)>)> = Vec::new();
        for rule in found {
            let low = rule.interval(level)?.low;
            let antecedent = rule.antecedent[0];
            match out.last_mut() {
                Some((item, list)) if *item == antecedent => list.push((rule, low)),
                _ => out.push((antecedent, vec![(rule, low)])),
            }
        }
        Ok(Self { rules: out })
    }

    /// Items that the customer has not, each with the rule that is worth most, best first; `margin` of an item may be in any
    /// currency, and 0 takes the item out.
    #[must_use]
    pub fn suggest(&self, own: &[u32], most: usize, margin: impl Fn(u32) -> f64) -> Vec<Suggestion> {
        self.best(own, most, true, margin)
    }

    fn best(&self, own: &[u32], most: usize, fresh: bool, margin: impl Fn(u32) -> f64) -> Vec<Suggestion> {
        let own = distinct(own);
        let mut candidates: Vec<(u32, f64, &Rule)> = Vec::new();
        for item in &own {
            let Ok(at) = self.rules.binary_search_by_key(item, |(antecedent, _)| *antecedent) else { continue };
            for (rule, low) in &self.rules[at].1 {
                let worth = low * margin(rule.consequent);
                if worth > 0.0 && !(fresh && own.binary_search(&rule.consequent).is_ok()) {
                    candidates.push((rule.consequent, worth, rule));
                }
            }
        }
        // The best rule of each item, then the best items.
        candidates.sort_by(|one, other| one.0.cmp(&other.0).then(other.1.total_cmp(&one.1)));
        candidates.dedup_by_key(|candidate| candidate.0);
        candidates.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        candidates.into_iter().take(most).map(|(item, worth, rule)| Suggestion { item, because: rule.clone(), worth }).collect()
    }
}

impl Recommender for PairRules {
    fn recommend(&self, own: &[u32], most: usize, fresh: bool) -> Vec<u32> {
        self.best(own, most, fresh, |_| 1.0).into_iter().map(|suggestion| suggestion.item).collect()
    }
}

/// How well a recommender foresaw what was held back.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Customers judged: those with something to foresee.
    pub customers: u64,
    /// Share of customers with at least one item foreseen, with Wilson's interval.
    pub hit_rate: Interval,
    /// Mean share of the held-back items foreseen, of at most as many as could be named.
    pub recall: f64,
    /// Normalised discounted cumulative gain: 1 when all that is named first was bought.
    pub ndcg: f64,
    /// Mean of 1/place of the first hit, 0 without one.
    pub reciprocal_rank: f64,
    /// Whether each judged customer was hit, to compare recommenders customer by customer.
    pub hits: Vec<bool>,
}

/// Judges on (what the customer had, what they bought then) by the first `most` items named. With `fresh` only items count
/// that the customer had not; items nobody had before cannot be foreseen and do not count: `known` says which exist.
///
/// # Errors
/// `TooFewCustomers` when nobody has anything to foresee, `Invalid` for a level outside 0 to 1 or nothing to be named.
pub fn evaluate(
    recommender: &impl Recommender,
    cases: &[(Vec<u32>, Vec<u32>)],
    known: impl Fn(u32) -> bool,
    most: usize,
    fresh: bool,
    level: f64,
) -> Result<Evaluation> {
    if most == 0 {
        return Err(Error::invalid("nothing to be named"));
    }
    let (mut recall, mut ndcg, mut reciprocal) = (0.0, 0.0, 0.0);
    let mut hits = Vec::new();
    for (own, then) in cases {
        let target: Vec<u32> = distinct(then).into_iter().filter(|item| known(*item) && !(fresh && own.contains(item))).collect();
        if target.is_empty() {
            continue;
        }
        let named = recommender.recommend(own, most, fresh);
        let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
        let places: Vec<usize> =
            named.iter().enumerate().filter(|(_, item)| target.binary_search(item).is_ok()).map(|(place, _)| place).collect();
        let reachable = target.len().min(most);
        hits.push(!places.is_empty());
        recall += places.len() as f64 / reachable as f64;
        ndcg += places.iter().map(|place| gain(*place)).sum::<f64>() / (0..reachable).map(gain).sum::<f64>();
        reciprocal += places.first().map_or(0.0, |place| 1.0 / (*place as f64 + 1.0));
    }
    enough("customers with a held-back purchase", hits.len(), 1)?;
    let n = hits.len() as f64;
    let hit = hits.iter().filter(|hit| **hit).count() as u64;
    Ok(Evaluation {
        customers: hits.len() as u64,
        hit_rate: wilson(hit, hits.len() as u64, level)?,
        recall: recall / n,
        ndcg: ndcg / n,
        reciprocal_rank: reciprocal / n,
        hits,
    })
}

/// By how much one recommender's hit rate is above another's, judged on the same customers (paired, Student's t). Ship the
/// one only if the interval is above 0.
///
/// # Errors
/// `Invalid` when they were not judged on the same customers, `TooFewCustomers` below two.
pub fn gain(one: &Evaluation, other: &Evaluation, level: f64) -> Result<Interval> {
    if one.hits.len() != other.hits.len() {
        return Err(Error::invalid("evaluations of different customers"));
    }
    let differences: Vec<f64> = one.hits.iter().zip(&other.hits).map(|(one, other)| f64::from(i8::from(*one) - i8::from(*other))).collect();
    mean(&Moments::of(&differences)?, level)
}

fn distinct(items: &[u32]) -> Vec<u32> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items.dedup();
    items
}

fn counts(histories: &[Vec<u32>], items: usize) -> Result<Vec<u32>> {
    let mut counts = vec![0; items];
    for (row, history) in histories.iter().enumerate() {
        for item in distinct(history) {
            *counts.get_mut(item as usize).ok_or(Error::invalid_at("an item number that is too high", row))? += 1;
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::near;
    use crate::testdata::{groceries, online_retail};

    #[test]
    fn held_back_purchases_of_online_retail_are_foreseen_as_by_others() {
        let (items, cases) = online_retail();
        assert_eq!(cases.len(), 2790);
        let histories: Vec<Vec<u32>> = cases.iter().map(|case| case.0.clone()).collect();
        assert_eq!(histories.iter().map(Vec::len).sum::<usize>(), 191_649);
        let known = counts(&histories, items).unwrap();
        assert_eq!(known.iter().filter(|count| **count > 0).count(), 3607);
        let known = |item: u32| known[item as usize] > 0;
        let popular = Popular::of(&histories, items).unwrap();
        let similar = Similar::of(&histories, items, Likeness::Cosine, usize::MAX).unwrap();
        let baseline = evaluate(&popular, &cases, known, 10, true, 0.95).unwrap();
        let likest = evaluate(&similar, &cases, known, 10, true, 0.95).unwrap();
        assert_eq!((baseline.customers, likest.customers), (2486, 2486));
        for (got, hit, recall, ndcg) in [(&baseline, 0.22727, 0.03832, 0.03536), (&likest, 0.32985, 0.07669, 0.07146)] {
            near(got.hit_rate.value, hit, 2e-3);
            near(got.recall, recall, 2e-3);
            near(got.ndcg, ndcg, 2e-3);
        }
        let gain = gain(&likest, &baseline, 0.95).unwrap();
        near(gain.value, 0.1026, 2e-3);
        assert!(gain.low > 0.08, "{gain:?}");
        for (recommender, hit, recall, ndcg) in
            [(&popular as &dyn Recommender, 0.40029, 0.07079, 0.06958), (&similar as &dyn Recommender, 0.50251, 0.14274, 0.14099)]
        {
            let got = evaluate(&Borrowed(recommender), &cases, known, 10, false, 0.95).unwrap();
            assert_eq!(got.customers, 2788);
            near(got.hit_rate.value, hit, 2e-3);
            near(got.recall, recall, 2e-3);
            near(got.ndcg, ndcg, 2e-3);
        }
        // Fewer neighbours are enough to beat what is popular, and so are rules.
        let few = evaluate(&Similar::of(&histories, items, Likeness::Cosine, 200).unwrap(), &cases, known, 10, true, 0.95).unwrap();
        let rules = evaluate(&PairRules::of(&histories, 30, 0.95).unwrap(), &cases, known, 10, true, 0.95).unwrap();
        for better in [&few, &rules] {
            assert!(super::gain(better, &baseline, 0.95).unwrap().low > 0.0, "{}", better.hit_rate.value);
        }
    }

    struct Borrowed<'a>(&'a dyn Recommender);

    impl Recommender for Borrowed<'_> {
        fn recommend(&self, own: &[u32], most: usize, fresh: bool) -> Vec<u32> {
            self.0.recommend(own, most, fresh)
        }
    }

    #[test]
    fn the_missing_item_of_a_basket_is_found_as_by_others() {
        let (names, baskets) = groceries();
        let train: Vec<Vec<u32>> = baskets.iter().enumerate().filter(|(at, _)| at % 5 != 0).map(|(_, basket)| basket.clone()).collect();
        let cases: Vec<(Vec<u32>, Vec<u32>)> = baskets
            .iter()
            .enumerate()
            .filter(|(at, basket)| at % 5 == 0 && basket.len() > 1)
            .map(|(at, basket)| {
                let hidden = at * 7919 % basket.len();
                (basket.iter().enumerate().filter(|(place, _)| *place != hidden).map(|(_, item)| *item).collect(), vec![basket[hidden]])
            })
            .collect();
        let judge = |recommender: &dyn Recommender| evaluate(&Borrowed(recommender), &cases, |_| true, 10, true, 0.95).unwrap();
        let similar = |likeness| Similar::of(&train, names.len(), likeness, usize::MAX).unwrap();
        for (got, hit, rank) in [
            (judge(&Popular::of(&train, names.len()).unwrap()), 0.35052, 0.13195),
            (judge(&similar(Likeness::Cosine)), 0.35954, 0.13546),
            (judge(&similar(Likeness::Confidence)), 0.37113, 0.14011),
        ] {
            assert_eq!(got.customers, 1552);
            near(got.hit_rate.value, hit, 2e-3);
            near(got.reciprocal_rank, rank, 2e-3);
        }
    }

    #[test]
    fn a_suggestion_says_why() {
        // 8 of the 10 who have 0 have 1; 3 of 10 have 2.
        let histories: Vec<Vec<u32>> = (0..20)
            .map(|at| {
                if at < 10 {
                    [vec![0], if at < 8 { vec![1] } else { vec![] }, if at < 3 { vec![2] } else { vec![] }].concat()
                } else {
                    vec![3]
                }
            })
            .collect();
        let rules = PairRules::of(&histories, 3, 0.95).unwrap();
        let got = rules.suggest(&[0, 3], 5, |_| 1.0);
        assert_eq!(got.iter().map(|suggestion| suggestion.item).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((got[0].because.together, got[0].because.with_antecedent), (8, 10));
        near(got[0].worth, 0.490_16, 1e-5);
        // A high margin turns the order around; what is owned is not suggested.
        assert_eq!(rules.suggest(&[0], 1, |item| if item == 2 { 10.0 } else { 1.0 })[0].item, 2);
        assert_eq!(rules.suggest(&[0, 1, 2], 5, |_| 1.0), []);
        let similar = Similar::of(&histories, 4, Likeness::Cosine, 10).unwrap();
        assert_eq!(similar.like(0).iter().map(|like| like.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(similar.recommend(&[0], 1, true), [1]);
        assert_eq!(Popular::of(&histories, 4).unwrap().recommend(&[3], 2, true), [0, 1]);
        assert!(Popular::of(&[vec![9]], 4).is_err());
        assert!(evaluate(&similar, &[(vec![0], vec![0])], |_| true, 3, true, 0.95).is_err());
    }
}
