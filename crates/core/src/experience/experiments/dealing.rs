//! Who comes into which arm: chance that can be repeated, functions on plain values.

/// A whole in ten-thousandths.
pub const WHOLE: i64 = 10_000;
/// Below so many customers chance alone may leave the arms unlike each other: they are dealt within groups of alike ones.
pub const FEW: i64 = 400;

/// The arm of a draw, by shares in ten-thousandths.
#[must_use]
pub fn arm_of(shares: &[i64], draw: u64) -> usize {
    let place = i64::try_from(draw % 10_000).unwrap_or_default();
    let mut end = 0;
    shares
        .iter()
        .position(|share| {
            end += share;
            place < end
        })
        .unwrap_or_default()
}

/// Deals customers, each with a group and a draw, out to arms: within each group as evenly as the shares allow, in an order
/// that is chance. `dealt` is how many of a group each arm has already.
#[must_use]
pub fn deal(shares: &[i64], customers: &[(i64, u64)], dealt: impl Fn(i64, usize) -> i64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..customers.len()).collect();
    order.sort_unstable_by_key(|at| customers[*at]);
    let mut arms = vec![0; customers.len()];
    let mut group = None;
    let mut has: Vec<i64> = Vec::new();
    for at in order {
        let (of, draw) = customers[at];
        if group != Some(of) {
            group = Some(of);
            has = (0..shares.len()).map(|arm| dealt(of, arm)).collect();
        }
        let next = has.iter().sum::<i64>() + 1;
        // The arm that lacks most; where several do, one by the draw, so that what is left over falls to none in particular.
        let lacks = |arm: usize| shares[arm] * next - has[arm] * WHOLE;
        let most = (0..shares.len()).map(lacks).max().unwrap_or_default();
        let alike: Vec<usize> = (0..shares.len()).filter(|arm| lacks(*arm) == most).collect();
        let arm = alike[usize::try_from(draw >> 32).unwrap_or_default() % alike.len()];
        has[arm] += 1;
        arms[at] = arm;
    }
    arms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experience::assignment::draw;

    #[test]
    fn arms_get_their_shares_and_another_salt_mixes_anew() {
        let count = |salt: &str| (0..20_000).filter(|who| arm_of(&[5_000, 2_500, 2_500], draw(salt, "arm", &who.to_string())) == 0).count();
        assert!((9_700..10_300).contains(&count("one")), "{}", count("one"));
        let both = |who: &i32| ["one", "two"].iter().all(|salt| arm_of(&[5_000, 5_000], draw(salt, "arm", &who.to_string())) == 0);
        let both = (0..20_000).filter(both).count();
        assert!((4_700..5_300).contains(&both), "{both}");
    }

    #[test]
    fn few_customers_are_dealt_evenly_within_each_group() {
        let customers: Vec<(i64, u64)> = (0..37).map(|who| (who % 3, draw("salt", "arm", &who.to_string()))).collect();
        let arms = deal(&[5_000, 5_000], &customers, |_, _| 0);
        for group in 0..3 {
            let of = |arm| arms.iter().zip(&customers).filter(|(is, (in_group, _))| **is == arm && *in_group == group).count();
            assert!(of(0).abs_diff(of(1)) <= 1, "{group}: {} and {}", of(0), of(1));
        }
        let uneven = deal(&[8_000, 2_000], &customers, |_, _| 0);
        assert_eq!(uneven.iter().filter(|arm| **arm == 1).count(), 7, "a fifth of each group of 13, 12 and 12");
        let later = deal(&[5_000, 5_000], &customers[..1], |_, arm| if arm == 0 { 3 } else { 0 });
        assert_eq!(later, [1], "who comes later evens out");
    }
}
