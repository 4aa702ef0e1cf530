//! Functions that the models share and no crate has in the form they need.

use std::sync::LazyLock;

/// ψ'(x) for x > 0: recurrence to x ≥ 12, then the asymptotic series (Abramowitz & Stegun 6.4.12).
pub(crate) fn trigamma(x: f64) -> f64 {
    let mut sum = 0.0;
    let mut z = x;
    while z < 12.0 {
        sum += 1.0 / (z * z);
        z += 1.0;
    }
    let r = 1.0 / (z * z);
    sum + 1.0 / z
        + r / 2.0
        + r / z * (1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * 691.0 / 2730.0)))))
}

/// ln(1 + eᵈ) and 1/(1 + e⁻ᵈ) from one exponential, for any d.
#[inline]
pub(crate) fn softplus(d: f64) -> (f64, f64) {
    let e = (-d.abs()).exp();
    let part = e / (1.0 + e);
    if d > 0.0 { (d + e.ln_1p(), 1.0 - part) } else { (e.ln_1p(), part) }
}

/// ln Σ eᵛ.
pub(crate) fn log_sum_exp(values: &[f64]) -> f64 {
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY { top } else { top + values.iter().map(|value| (value - top).exp()).sum::<f64>().ln() }
}

/// C/ε · [1 − (1 − z)^ε · ₂F₁(A, ε; C; z)], the bracket of the conditional expectations of BG/NBD and MBG/NBD after
/// Euler's transformation, for 0 ≤ z < 1 and C > −1.
///
/// Two removable singularities are removed: ε → 0 (a = 1) by taking the factor ε out of all terms of the series but the
/// first, and C → 0 (a + b = 1 without repeats) by multiplying C into it. The number of terms does not grow with the
/// number of purchases.
pub(crate) fn decay_bracket(a: f64, epsilon: f64, c: f64, z: f64) -> f64 {
    let log_rest = (-z).ln_1p();
    let first = if epsilon == 0.0 { -log_rest } else { -(epsilon * log_rest).exp_m1() / epsilon };
    // Σ_{k≥1} (A)_k (ε+1)_{k−1} / ((C+1)_{k−1} k!) z^k
    let mut term = a * z;
    let mut sum = term;
    let mut k = 1.0;
    while k < 2e6 {
        term *= (a + k) * (epsilon + k) / ((c + k) * (k + 1.0)) * z;
        sum += term;
        k += 1.0;
        // Terms that alternate in the beginning have settled once k exceeds |A|.
        if term.abs() <= 1e-17 * sum.abs() && k > a.abs() {
            break;
        }
        if term == 0.0 {
            break;
        }
    }
    c * first - (epsilon * log_rest).exp() * sum
}

/// Gauss-Legendre rule on (0, 1): nodes and weights.
pub(crate) struct Rule {
    pub nodes: Vec<f64>,
    pub weights: Vec<f64>,
}

/// Rules of 8, 12, 16, 24, 32 and 64 nodes.
static RULES: LazyLock<[Rule; 6]> = LazyLock::new(|| [8, 12, 16, 24, 32, 64].map(legendre));

/// The smallest rule that integrates exp(−decay·u)·h(u) over (0, 1) to about 1e-12, where h is smooth and has its
/// nearest singularity `width`⁻¹·π away from the real axis.
pub(crate) fn rule(decay: f64, width: f64) -> &'static Rule {
    let at = match (decay, width) {
        (d, w) if d <= 1.2 && w <= 0.6 => 0,
        (d, w) if d <= 4.5 && w <= 1.8 => 1,
        (d, w) if d <= 10.0 && w <= 3.2 => 2,
        (d, w) if d <= 24.0 && w <= 6.0 => 3,
        (_, w) if w <= 9.0 => 4,
        _ => 5,
    };
    &RULES[at]
}

/// The largest rule.
pub(crate) fn finest() -> &'static Rule {
    &RULES[5]
}

/// Nodes are the roots of the Legendre polynomial by Newton's method from the usual cosine guess.
fn legendre(n: usize) -> Rule {
    let mut rule = Rule { nodes: Vec::with_capacity(n), weights: Vec::with_capacity(n) };
    for i in 0..n {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut before, mut now) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (before, now) = (now, ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k);
            }
            slope = n as f64 * (x * now - before) / (x * x - 1.0);
            let step = now / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        rule.nodes.push((1.0 - x) / 2.0);
        rule.weights.push(1.0 / ((1.0 - x * x) * slope * slope));
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trigamma_is_that_of_the_tables() {
        let sixth = std::f64::consts::PI.powi(2) / 6.0;
        for (x, expected) in
            [(1.0, sixth), (2.0, sixth - 1.0), (0.5, 3.0 * sixth), (1e-3, 1_000_001.642_533_195), (100.0, 0.010_050_166_663_333_571)]
        {
            assert!((trigamma(x) / expected - 1.0).abs() < 1e-13, "{x}: {}", trigamma(x));
        }
    }

    #[test]
    fn rules_integrate_polynomials_and_exponentials() {
        for rule in RULES.iter() {
            assert!((rule.weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            let cube: f64 = rule.nodes.iter().zip(&rule.weights).map(|(u, w)| w * u.powi(9)).sum();
            assert!((cube - 0.1).abs() < 1e-14);
        }
        for decay in [0.5, 1.2, 4.5, 10.0, 24.0, 40.0] {
            let rule = rule(decay, 0.1);
            let got: f64 = rule.nodes.iter().zip(&rule.weights).map(|(u, w)| w * (-decay * u).exp()).sum();
            let expected = -(-decay).exp_m1() / decay;
            assert!((got / expected - 1.0).abs() < 2e-12, "{decay}: {:e}", got / expected - 1.0);
        }
    }

    #[test]
    fn the_bracket_has_no_singularities() {
        // Beside a = 1 and a + b = 1 it is smooth.
        let at = |epsilon: f64| decay_bracket(1.3, epsilon, 2.1, 0.6);
        assert!((at(0.0) - (at(1e-5) + at(-1e-5)) / 2.0).abs() < 1e-9);
        let at = |c: f64| decay_bracket(-0.4, -0.2, c, 0.6);
        assert!((at(0.0) - (at(1e-5) + at(-1e-5)) / 2.0).abs() < 1e-9);
        // ₂F₁(1, 1; 2; z) = −ln(1 − z)/z.
        let z: f64 = 0.7;
        let expected = 2.0 * (1.0 - (1.0 - z) * -(1.0 - z).ln() / z);
        assert!((decay_bracket(1.0, 1.0, 2.0, z) - expected).abs() < 1e-14);
    }

    #[test]
    fn softplus_holds_everywhere() {
        assert_eq!(softplus(-800.0), (0.0, 0.0));
        assert_eq!(softplus(800.0), (800.0, 1.0));
        assert!((softplus(0.0).0 - 2f64.ln()).abs() < 1e-16);
        assert!((log_sum_exp(&[-1000.0, -1000.0]) - (2f64.ln() - 1000.0)).abs() < 1e-12);
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
    }
}
