//! Times the fits: all customers of CDNOW, its 1/10 sample, and a million simulated customers.
//!
//! `cargo run --release -p peyvand-stats --example fit_timing [customers]`. Each line is a measure, the best of several
//! runs in milliseconds, what it includes, and the result, so that a wrong fit cannot pass for a fast one. The budgets are
//! those of the reference (Python lifetimes 0.11.3, one thread, the same machine) divided by 20.

use std::{
    env, fs,
    path::Path,
    time::{Duration, Instant},
};

use peyvand_stats::{
    bg_nbd::{BgNbd, MbgNbd},
    buyers::{Buyer, Buyers, PurchaseModel},
    fit::{Fit, Model},
    gamma_gamma::{GammaGamma, Spender},
    lifetime_value::{Horizon, lifetime_value},
    pareto_nbd::ParetoNbd,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Last day of the calibration period, 1997-09-30.
const CALIBRATION: i64 = 272;

fn main() {
    let customers: usize = env::args().nth(1).map_or(1_000_000, |argument| argument.parse().expect("a number of customers"));
    let (all, spenders, sampled) = cdnow();
    let sample: Vec<Buyer> = all.iter().zip(&sampled).filter(|(_, sampled)| **sampled).map(|(buyer, _)| *buyer).collect();
    println!("measure\tms\tbudget_ms\tgroups\tresult");
    bg(&sample, "bg_nbd cdnow sample", 0.073 / 20.0, 40);
    bg(&all, "bg_nbd cdnow full", 0.233 / 20.0, 40);
    line("mbg_nbd cdnow full", 0.2948 / 20.0, 20, groups(&all), || MbgNbd::fit(&Buyers::group(&all).unwrap()).unwrap(), shown);
    line(
        "pareto_nbd cdnow sample",
        0.3624 / 20.0,
        20,
        groups(&sample),
        || ParetoNbd::fit(&Buyers::group(&sample).unwrap()).unwrap(),
        shown,
    );
    line("pareto_nbd cdnow full", 2.75 / 20.0, 10, groups(&all), || ParetoNbd::fit(&Buyers::group(&all).unwrap()).unwrap(), shown);
    line("gamma_gamma cdnow full", 0.0682 / 20.0, 20, spenders.len(), || GammaGamma::fit(&spenders).unwrap(), shown);

    let many = simulated(customers);
    let name = |what: &str| format!("{what} {customers} customers");
    bg(&many, &name("bg_nbd"), 3.0, 3);
    line(&name("mbg_nbd"), 3.0, 3, groups(&many), || MbgNbd::fit(&Buyers::group(&many).unwrap()).unwrap(), shown);
    line(&name("pareto_nbd"), f64::NAN, 1, groups(&many), || ParetoNbd::fit(&Buyers::group(&many).unwrap()).unwrap(), shown);
    let model = MbgNbd::fit(&Buyers::group(&many).unwrap()).unwrap().model;
    let amounts: Vec<Spender> = many.iter().enumerate().map(|(at, buyer)| Spender { occasions: buyer.repeats, mean: amount(at) }).collect();
    line(&name("gamma_gamma"), f64::NAN, 1, many.len(), || GammaGamma::fit(&amounts).unwrap(), shown);
    let year = Horizon { periods: 12, period: 30.4375, discount: 0.01, margin: 0.3 };
    line(
        &name("p_alive, 90 days, value of a year"),
        f64::NAN,
        1,
        many.len(),
        || {
            many.iter()
                .map(|buyer| {
                    model.probability_alive(buyer) + model.probability_of_purchase(buyer, 90.0) + lifetime_value(&model, buyer, 1.0, &year)
                })
                .sum::<f64>()
        },
        |sum| format!("{sum:.3}"),
    );
}

fn bg(buyers: &[Buyer], name: &str, budget: f64, runs: u32) {
    line(name, budget, runs, groups(buyers), || BgNbd::fit(&Buyers::group(buyers).unwrap()).unwrap(), shown);
}

fn groups(buyers: &[Buyer]) -> usize {
    Buyers::group(buyers).unwrap().groups()
}

fn line<T>(name: &str, budget: f64, runs: u32, groups: usize, mut run: impl FnMut() -> T, show: impl Fn(&T) -> String) {
    let mut best = Duration::MAX;
    let mut last = None;
    for _ in 0..runs {
        let began = Instant::now();
        last = Some(run());
        best = best.min(began.elapsed());
    }
    println!("{name}\t{:.3}\t{:.2}\t{groups}\t{}", best.as_secs_f64() * 1e3, budget * 1e3, last.as_ref().map_or(String::new(), show));
}

fn shown<M: Model>(fit: &Fit<M>) -> String {
    let parameters: Vec<String> = fit.parameters.iter().map(|parameter| format!("{}={:.5}", parameter.name, parameter.value)).collect();
    let convergence = &fit.convergence;
    format!(
        "{} LL={:.4} steps={} agreed={}/{}",
        parameters.join(" "),
        fit.log_likelihood,
        convergence.steps,
        convergence.agreed,
        convergence.starts
    )
}

/// Customers, what they spent, and whether they are in the sample.
fn cdnow() -> (Vec<Buyer>, Vec<Spender>, Vec<bool>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cdnow.txt");
    let (mut buyers, mut spenders, mut sampled) = (Vec::new(), Vec::new(), Vec::new());
    for line in fs::read_to_string(path).expect("testdata/cdnow.txt").lines() {
        let (mark, line) = line.split_once(':').unwrap_or(("", line));
        let numbers: Vec<i64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let mut day = 0;
        let days: Vec<(i64, i64)> = numbers
            .chunks(2)
            .map(|pair| {
                day += pair[0];
                (day, pair[1])
            })
            .collect();
        buyers.push(Buyer::from_days(&days.iter().map(|day| day.0).collect::<Vec<_>>(), CALIBRATION, 7.0).unwrap());
        let repeats: Vec<i64> = days.iter().skip(1).filter(|day| day.0 <= CALIBRATION).map(|day| day.1).collect();
        spenders.push(Spender {
            occasions: repeats.len() as u32,
            mean: repeats.iter().sum::<i64>() as f64 / 100.0 / repeats.len().max(1) as f64,
        });
        sampled.push(!mark.is_empty());
    }
    (buyers, spenders, sampled)
}

/// Customers of a shop over three years by the day, drawn from a BG/NBD of known parameters (a chance to leave after each
/// purchase, the first one excepted).
fn simulated(customers: usize) -> Vec<Buyer> {
    let mut rng = StdRng::seed_from_u64(1);
    (0..customers)
        .map(|_| {
            let age = rng.random_range(1..=1095_i64);
            // A rate of Gamma(2) as a sum of two exponentials with a mean of one purchase in 60 days; leaving with a chance
            // of Beta(1, 3), as the least of three uniform numbers.
            let rate = (-rng.random::<f64>().ln_1p_neg() - rng.random::<f64>().ln_1p_neg()) / 120.0;
            let leaving = rng.random::<f64>().min(rng.random()).min(rng.random());
            let mut days = vec![0];
            let mut at = 0.0;
            loop {
                at += -rng.random::<f64>().ln_1p_neg() / rate;
                if at > age as f64 {
                    break;
                }
                days.push(at.ceil().min(age as f64) as i64);
                if rng.random::<f64>() < leaving {
                    break;
                }
            }
            Buyer::from_days(&days, age, 1.0).unwrap()
        })
        .collect()
}

fn amount(at: usize) -> f64 {
    let spread = (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    1e6 + 3e7 * (spread as f64 / (1_u64 << 24) as f64).powi(2)
}

/// ln(1 − u), finite for u in [0, 1).
trait Exponential {
    fn ln_1p_neg(self) -> f64;
}

impl Exponential for f64 {
    fn ln_1p_neg(self) -> f64 {
        (-self).ln_1p()
    }
}
