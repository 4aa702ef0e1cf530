//! Customers who are compared with themselves: each has one period with the treatment and one without, in an order drawn by
//! lot. Functions on plain values.
//!
//! Half of what somebody's first period differs from their second holds half of what the treatment does, with a plus for those
//! who began with it and a minus for the others, and half of what the two periods differ for everybody, a season say, with the
//! same sign for all. So the difference of the means of the two orders is what the treatment does, whatever the periods do: the
//! estimator of a crossover of two periods (Hills & Armitage, British Journal of Clinical Pharmacology 8, 1979, 7–20), which is
//! the mean of the mean paired differences of both orders. Its interval is Welch's, and all that follows is as for two arms.
//!
//! Whether what was given still worked in the second period is not tested: such a test sees little, and who decides by it is
//! wrong more often (Freeman, Statistics in Medicine 8, 1989, 1421–1432). The days between the periods are there for it.

use super::figures::{
    self, ArmLook, Check, CheckKind, ContrastLook, DELIVERED, Fixed, Look, Measured, OrderLook, Range, SAME_WITHIN, Usual, beside, checks,
    harm,
};
use super::planning::{Base, detectable, needed_per_arm};
use super::verdict::{Contrast, EVENTS, Judged, contrast, judge};
use crate::insight::guard::LEVEL;
use peyvand_stats::mean::{Moments, mean, welch};
use peyvand_stats::poisson::shrinkage;
use peyvand_stats::proportion::wilson;

/// What a customer did in their two periods. Of pairs, the one with the treatment comes first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossed {
    /// Whether they began with it.
    pub is_first: bool,
    /// What is measured.
    pub outcome: (f64, f64),
    /// The same before it began.
    pub before: f64,
    /// What they spent.
    pub spent: (f64, f64),
    /// What that leaves us, less what they got; where the share of the goods is set.
    pub net: Option<(f64, f64)>,
    /// On how many days they bought.
    pub occasions: (u32, u32),
    /// Whether they did what is measured, and whether they introduced somebody.
    pub did: (bool, bool),
    pub introduced: (bool, bool),
    pub is_delivered: bool,
    /// What they got cost.
    pub cost: f64,
}

impl Crossed {
    /// Half of what the first period differs from the second.
    fn half(&self, (with, without): (f64, f64)) -> f64 {
        if self.is_first { (with - without) / 2.0 } else { (without - with) / 2.0 }
    }
}

/// An order with what was measured of its customers, as halves of differences.
fn halved(is_first: bool, counted: &Measured, crossed: &[Crossed]) -> Measured {
    let of = || crossed.iter().filter(move |one| one.is_first == is_first);
    Measured {
        outcome: of().map(|one| one.half(one.outcome)).collect(),
        before: of().map(|one| one.before).collect(),
        spent: of().map(|one| one.half(one.spent)).collect(),
        net: of().filter_map(|one| one.net.map(|net| one.half(net))).collect(),
        delivered: of().filter(|one| one.is_delivered).count() as u64,
        subgroups: Vec::new(),
        ..counted.clone()
    }
}

/// Looks at customers who are compared with themselves. `counted` is what is known of the two orders beside: who began without
/// it, who began with it.
pub(super) fn look(of: &Fixed<'_>, counted: &[Measured], crossed: &[Crossed]) -> Look {
    let is_share = of.is_share;
    let of = &Fixed { is_share: false, ..*of };
    let [without_first, with_first] = counted else { return figures::empty(of) };
    let orders = [halved(false, without_first, crossed), halved(true, with_first, crossed)];
    let complete = crossed.len() as u64;
    let did = |pick: fn(&Crossed) -> bool| crossed.iter().filter(|one| pick(one)).count() as u64;
    let found = compared(of, &orders, (did(|one| one.did.1), did(|one| one.did.0)));
    let cost: f64 = crossed.iter().map(|one| one.cost).sum();
    let told = |found: &Contrast| {
        let (one, base) = (Moments::of(&orders[1].outcome).ok()?, Moments::of(&orders[0].outcome).ok()?);
        let beside = beside(of, found, welch(&one, &base, LEVEL).ok()?, &unadjusted(&orders[1]), &unadjusted(&orders[0]));
        Some(ContrastLook { cost: Some(cost / complete.max(1) as f64), ..beside })
    };
    let mut checks = checks(of, &orders);
    checks.retain(|check| check.kind != CheckKind::Delivered);
    if complete >= EVENTS {
        let share = crossed.iter().filter(|one| one.is_delivered).count() as f64 / complete as f64;
        checks.push(Check { kind: CheckKind::Delivered, value: share, is_ok: share >= DELIVERED });
    }
    let harm = harm(of, &orders);
    let without = crossed.iter().map(|one| one.outcome.1).sum::<f64>() / complete.max(1) as f64;
    let (verdict, arm) = judge(&Judged {
        is_valid: checks.iter().all(|check| check.is_ok),
        is_harmful: !harm.is_empty(),
        is_old_enough: of.days >= of.min_days,
        is_complete: complete as f64 >= figures::COMPLETE * of.planned as f64 || of.is_over,
        same_within: SAME_WITHIN * without.abs(),
        contrasts: found.as_slice(),
    });
    let (detectable, missing) = enough(of, &orders);
    Look {
        arms: [false, true].map(|is_with| period(is_with, is_share, counted, crossed)).to_vec(),
        orders: (0_i64..).zip(&orders).map(|(place, one)| order(place, one, crossed)).collect(),
        usual: usual(crossed, false).zip(usual(crossed, true)).map(|(without, with)| [without, with]),
        contrasts: found.iter().filter_map(told).collect(),
        checks,
        harm,
        detectable,
        missing,
        verdict,
        arm,
        ..figures::empty(of)
    }
}

/// What customers did before is no part of the difference: each is compared with themselves.
fn unadjusted(order: &Measured) -> Measured {
    Measured { before: Vec::new(), ..order.clone() }
}

fn compared(of: &Fixed<'_>, orders: &[Measured; 2], did: (u64, u64)) -> Option<Contrast> {
    let (one, base) = (Moments::of(&orders[1].outcome).ok()?, Moments::of(&orders[0].outcome).ok()?);
    contrast(1, &one, &base, did, of.planned, 1).ok()
}

/// What was seen of all periods with the treatment, or of those without.
fn period(is_with: bool, is_share: bool, counted: &[Measured], crossed: &[Crossed]) -> ArmLook {
    let pick = |(with, without): (f64, f64)| if is_with { with } else { without };
    let values: Vec<f64> = crossed.iter().map(|one| pick(one.outcome)).collect();
    let count = |of: &dyn Fn(&Crossed) -> bool| crossed.iter().filter(|one| of(one)).count() as u64;
    let either = |(with, without): (bool, bool)| if is_with { with } else { without };
    let buyers = count(&|one| either((one.occasions.0 > 0, one.occasions.1 > 0)));
    let all = |of: fn(&Measured) -> u64| i64::try_from(counted.iter().map(of).sum::<u64>()).unwrap_or(i64::MAX);
    let found = if is_share {
        wilson(count(&|one| either(one.did)), values.len() as u64, LEVEL)
    } else {
        Moments::of(&values).and_then(|moments| mean(&moments, LEVEL))
    };
    ArmLook {
        place: i64::from(is_with),
        assigned: all(|one| one.assigned),
        complete: i64::try_from(crossed.len()).unwrap_or(i64::MAX),
        delivered: if is_with { all(|one| one.given) } else { 0 },
        buyers: i64::try_from(buyers).unwrap_or(i64::MAX),
        introducers: i64::try_from(count(&|one| either(one.introduced))).unwrap_or(i64::MAX),
        mean: found.ok().map(Range::from),
    }
}

fn order(place: i64, one: &Measured, crossed: &[Crossed]) -> OrderLook {
    let of = crossed.iter().filter(|crossed| crossed.is_first == (place == 1));
    let differences: Vec<f64> = of.map(|one| one.outcome.0 - one.outcome.1).collect();
    let found = Moments::of(&differences).and_then(|moments| mean(&moments, LEVEL));
    OrderLook {
        place,
        assigned: i64::try_from(one.assigned).unwrap_or(i64::MAX),
        complete: i64::try_from(differences.len()).unwrap_or(i64::MAX),
        difference: found.ok().map(Range::from),
    }
}

/// The smallest difference that as many customers show, and how many are still needed for the one that is worth knowing.
fn enough(of: &Fixed<'_>, orders: &[Measured; 2]) -> (Option<f64>, Option<i64>) {
    let (Ok(one), Ok(other)) = (Moments::of(&orders[0].outcome), Moments::of(&orders[1].outcome)) else { return (None, None) };
    let customers = one.count + other.count;
    let deviation = f64::midpoint(one.variance, other.variance).sqrt();
    let base = Base { customers, mean: 0.0, deviation, per_day: 0.0, is_share: false };
    let needed = needed_per_arm(&base, of.smallest, 1).ok().map(|each| each * 2);
    let missing = needed.map(|needed| i64::try_from(needed.saturating_sub(customers)).unwrap_or(i64::MAX));
    (detectable(&base, customers / 2, 1).ok().filter(|one| *one > 0.0), missing)
}

/// How often customers buy in a period, and how much of what one of them differs from that is more than chance.
fn usual(crossed: &[Crossed], is_with: bool) -> Option<Usual> {
    let counts = crossed.iter().map(|one| u64::from(if is_with { one.occasions.0 } else { one.occasions.1 }));
    let found = shrinkage(&counts.collect::<Vec<_>>()).ok()?;
    Some(Usual { mean: found.mean, weight: found.weight })
}

#[cfg(test)]
mod tests {
    use super::super::verdict::Verdict;
    use super::*;
    use crate::Instant;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    fn fixed(planned: u64, is_over: bool) -> Fixed<'static> {
        Fixed {
            at: Instant::NEVER,
            days: 200,
            min_days: 150,
            planned,
            smallest: 1.0,
            is_share: false,
            subgroups: 0,
            spilled: 0,
            is_ours: true,
            is_over,
            shares: &[5_000, 5_000],
        }
    }

    fn did(is_first: bool, with: u32, without: u32) -> Crossed {
        Crossed {
            is_first,
            outcome: (f64::from(with), f64::from(without)),
            before: 0.0,
            spent: (f64::from(with), f64::from(without)),
            net: None,
            occasions: (with, without),
            did: (with > 0, without > 0),
            introduced: (false, false),
            is_delivered: true,
            cost: 2.0,
        }
    }

    fn counted(crossed: &[Crossed]) -> [Measured; 2] {
        [false, true].map(|is_first| {
            let assigned = crossed.iter().filter(|one| one.is_first == is_first).count() as u64;
            Measured { assigned, drawn: assigned, given: assigned, ..Measured::default() }
        })
    }

    #[test]
    fn what_a_season_does_to_everybody_is_no_effect() {
        // In the second period everybody buys five times more; the treatment adds one.
        let crossed: Vec<Crossed> =
            (0..80).map(|who| if who % 2 == 0 { did(true, who % 7 + 1, who % 7 + 5) } else { did(false, who % 7 + 6, who % 7) }).collect();
        let seen = look(&fixed(80, true), &counted(&crossed), &crossed);
        let told: Vec<f64> = seen.orders.iter().map(|one| one.difference.unwrap().value).collect();
        assert_eq!(told, [6.0, -4.0], "each order alone mixes season and treatment");
        assert!(seen.contrasts.is_empty(), "nobody differs: {:?}", seen.contrasts);
        let mut crossed = crossed;
        crossed[0].outcome.0 += 1.0;
        crossed[1].outcome.0 -= 1.0;
        let seen = look(&fixed(80, true), &counted(&crossed), &crossed);
        let one = &seen.contrasts[0];
        assert!((one.difference.value - 1.0).abs() < 1e-12, "{one:?}");
        assert_eq!((one.cost, seen.arms[0].complete, seen.complete()), (Some(2.0), 80, 80));
        assert_eq!((seen.verdict, seen.arm), (Verdict::Recommend, Some(1)));
    }

    #[test]
    fn the_estimate_and_its_error_are_those_of_a_crossover() {
        // Period differences (first less second) of 6, 8, 4, 10 where they began with it and of -2, 0, 2, 4 where not. By hand:
        // τ = (7 − 1)/2 = 3; squared error = (20/3 + 20/3)/4/4 = 0.8333.
        let crossed: Vec<Crossed> = [(true, 6), (true, 8), (true, 4), (true, 10)]
            .map(|(first, first_more)| did(first, 10 + first_more, 10))
            .into_iter()
            .chain([(2, 0), (0, 0), (0, 2), (0, 4)].map(|(with, without)| did(false, with, without)))
            .collect();
        let orders = [halved(false, &Measured::default(), &crossed), halved(true, &Measured::default(), &crossed)];
        let (one, base) = (Moments::of(&orders[1].outcome).unwrap(), Moments::of(&orders[0].outcome).unwrap());
        let found = welch(&one, &base, LEVEL).unwrap();
        assert!((found.interval.value - 3.0).abs() < 1e-12, "{found:?}");
        assert!((found.standard_error.powi(2) - 0.833_333_333).abs() < 1e-6, "{found:?}");
        assert!((found.freedom - 6.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn what_was_not_done_and_orders_of_the_wrong_size_say_nothing() {
        let mut crossed: Vec<Crossed> = (0..60).map(|who| did(who % 2 == 0, who % 5 + 3, who % 3)).collect();
        assert_eq!(look(&fixed(60, true), &counted(&crossed), &crossed).verdict, Verdict::Recommend);
        crossed[..20].iter_mut().for_each(|one| one.is_delivered = false);
        let seen = look(&fixed(60, true), &counted(&crossed), &crossed);
        assert_eq!(seen.verdict, Verdict::Invalid);
        assert!(seen.checks.iter().any(|check| check.kind == CheckKind::Delivered && !check.is_ok));
        let crossed: Vec<Crossed> = (0..60).map(|who| did(who % 10 != 0, who % 5 + 3, who % 3)).collect();
        let seen = look(&fixed(60, true), &counted(&crossed), &crossed);
        assert!(seen.checks.iter().any(|check| check.kind == CheckKind::SampleRatio && !check.is_ok), "{:?}", seen.checks);
    }

    /// How often somebody buys whose mean is that (Knuth).
    fn times(random: &mut StdRng, mean: f64) -> u32 {
        let (limit, mut product, mut count) = ((-mean).exp(), random.random::<f64>(), 0);
        while product > limit {
            product *= random.random::<f64>();
            count += 1;
        }
        count
    }

    /// Customers of very different habits, in a second period in which all buy more; the share of runs, looked at after every
    /// tenth customer, in which a difference was seen.
    fn seen_in(runs: u32, planned: u64, effect: f64, seed: u64) -> f64 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut found = 0;
        for _ in 0..runs {
            let mut crossed: Vec<Crossed> = Vec::new();
            for who in 0..planned {
                let usual = 0.5 + 3.5 * random.random::<f64>().powi(2);
                let is_first = who % 2 == 0;
                let season = |is_second: bool| if is_second { 1.4 } else { 1.0 };
                let with = times(&mut random, usual * season(!is_first) + effect);
                crossed.push(did(is_first, with, times(&mut random, usual * season(is_first))));
                let is_last = who + 1 == planned;
                if (who + 1) % 10 == 0 || is_last {
                    let counted = counted(&crossed);
                    let orders = [halved(false, &counted[0], &crossed), halved(true, &counted[1], &crossed)];
                    let Some(one) = compared(&fixed(planned, is_last), &orders, (EVENTS, EVENTS)) else { continue };
                    if (if is_last { one.once } else { one.always }).excludes_zero() {
                        found += 1;
                        break;
                    }
                }
            }
        }
        f64::from(found) / f64::from(runs)
    }

    #[test]
    fn looking_on_the_way_is_wrong_in_at_most_one_of_twenty() {
        let wrong = seen_in(600, 120, 0.0, 1);
        assert!(wrong <= 0.05, "{wrong}");
    }

    #[test]
    fn as_many_as_are_planned_see_what_they_were_planned_for() {
        // The variance of a paired difference: of the counts the sum of their means, 5/3 and 1.4 times that and the effect; and
        // what the season does to customers of different habits, 0.4² of their variance, 3.5²·4/45.
        let effect = 0.6;
        let deviation = (5.0_f64 / 3.0 * 2.4 + effect + 0.16 * 12.25 * 4.0 / 45.0).sqrt();
        let base = Base { customers: 1_000, mean: 0.0, deviation: deviation / 2.0, per_day: 0.0, is_share: false };
        let needed = 2 * needed_per_arm(&base, effect, 1).unwrap();
        let power = seen_in(400, needed, effect, 2);
        assert!((0.72..=0.88).contains(&power), "{power} with {needed}");
    }
}
