//! The exact law of the uncorrected chi-square test: all tables of two binomials.

/// Two arms of `n` patients with their risks.
#[derive(Clone, Copy)]
pub struct TwoRisks {
    pub n: usize,
    pub treatment: f64,
    pub control: f64,
}

/// Upper 2.5 % point of the normal law.
pub const CRITICAL: f64 = 1.959_963_984_540_054;

/// Probabilities of 0 to n events, by the ratio of neighbours from the mode outwards in logarithms.
pub fn binomial(n: usize, p: f64) -> Vec<f64> {
    let log_choose = |k: usize| {
        libm::lgamma(n as f64 + 1.0) - libm::lgamma(k as f64 + 1.0) - libm::lgamma((n - k) as f64 + 1.0)
    };
    (0..=n)
        .map(|k| libm::exp(log_choose(k) + k as f64 * libm::log(p) + (n - k) as f64 * libm::log(1.0 - p)))
        .collect()
}

/// The pooled z of two risks with `n` patients each, below zero when the treatment has fewer events; NaN
/// without variance.
pub fn pooled_z(treatment: usize, control: usize, n: usize) -> f64 {
    let n = n as f64;
    let pooled = (treatment + control) as f64 / (2.0 * n);
    (treatment as f64 - control as f64) / n / (pooled * (1.0 - pooled) * 2.0 / n).sqrt()
}

/// Probability of rejecting in favour of the treatment and of the control.
pub fn power(risks: TwoRisks) -> [f64; 2] {
    let (treated, controls) = (binomial(risks.n, risks.treatment), binomial(risks.n, risks.control));
    let mut sums = [0.0, 0.0];
    for (x, px) in treated.iter().enumerate() {
        for (y, py) in controls.iter().enumerate() {
            let z = pooled_z(x, y, risks.n);
            if z < -CRITICAL {
                sums[0] += px * py;
            } else if z > CRITICAL {
                sums[1] += px * py;
            }
        }
    }
    sums
}

/// Stop or go: probability that a trial of two equal stages stops after the first, and that it then shows benefit.
///
/// It goes on if `−z > go` after the first `first` patients per arm; the second stage adds as many.
pub fn stop_or_go(first: usize, treatment: f64, control: f64, go: f64) -> [f64; 2] {
    let risks = TwoRisks { n: first, treatment, control };
    let goes_on = |z: f64| -z > go;
    let (at_first, benefit) = both_stages(risks, goes_on, |_| 1.0, CRITICAL);
    [at_first, benefit]
}

/// A trial of two equal stages of `risks.n` patients per arm that stops beyond `early` in either direction:
/// probability of benefit at the first look, of harm there, and of benefit at either.
pub fn two_stages(risks: TwoRisks, early: f64, last: f64) -> [f64; 3] {
    let goes_on = |z: f64| z.abs() <= early;
    let (benefit_early, late) = both_stages(risks, goes_on, |z| f64::from(u8::from(z < -early)), last);
    let (harm_early, _) = both_stages(risks, goes_on, |z| f64::from(u8::from(z > early)), last);
    [benefit_early, harm_early, benefit_early + late]
}

/// Probability of stopping after the first stage, weighted by `stopped`, and of benefit beyond `last` when
/// both stages are in.
fn both_stages(
    risks: TwoRisks,
    goes_on: impl Fn(f64) -> bool,
    stopped: impl Fn(f64) -> f64,
    last: f64,
) -> (f64, f64) {
    let first = risks.n;
    let (treated, controls) = (binomial(first, risks.treatment), binomial(first, risks.control));
    // Law of the events so far among trials that go on, then both stages together.
    let mut at_first = 0.0;
    let mut both = vec![vec![0.0; 2 * first + 1]; 2 * first + 1];
    for (x, px) in treated.iter().enumerate() {
        // Second-stage events of the treated, for this x; the controls follow row by row.
        let mut goes = vec![0.0; first + 1];
        for (y, py) in controls.iter().enumerate() {
            let z = pooled_z(x, y, first);
            if goes_on(z) { goes[y] = px * py } else { at_first += px * py * stopped(z) }
        }
        let mut with_second = vec![0.0; 2 * first + 1];
        for (y, p) in goes.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            for (y2, q) in controls.iter().enumerate() {
                with_second[y + y2] += p * q;
            }
        }
        for (x2, q) in treated.iter().enumerate() {
            for (total, p) in both[x + x2].iter_mut().zip(&with_second) {
                *total += q * p;
            }
        }
    }
    let mut benefit = 0.0;
    for (x, row) in both.iter().enumerate() {
        for (y, p) in row.iter().enumerate() {
            if pooled_z(x, y, 2 * first) < -last {
                benefit += p;
            }
        }
    }
    (at_first, benefit)
}
