//! P values adjusted for several hypotheses, in the order given.

/// Bonferroni: each P value times their number.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    p.iter().map(|x| (x * p.len() as f64).min(1.0)).collect()
}

/// Šidák: `1 − (1 − p)ᵐ`, exact for independent tests.
pub fn sidak(p: &[f64]) -> Vec<f64> {
    p.iter().map(|x| -libm::expm1(p.len() as f64 * libm::log1p(-x))).collect()
}

/// Holm's step-down: Bonferroni within the hypotheses not yet rejected. Scand J Stat 1979;6:65.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let mut out = vec![0.0; m];
    let mut most = 0.0f64;
    for (k, &i) in rising(p).iter().enumerate() {
        most = most.max(((m - k) as f64 * p[i]).min(1.0));
        out[i] = most;
    }
    out
}

/// Hochberg's step-up: valid for independent or positively dependent tests. Biometrika 1988;75:800.
pub fn hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, |k, m| (m - k) as f64)
}

/// Benjamini and Hochberg's false discovery rate. J R Stat Soc B 1995;57:289.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, |k, m| m as f64 / (k + 1) as f64)
}

/// Hommel's procedure: the closed test by Simes' test of each intersection. Biometrika 1988;75:383.
pub fn hommel(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let order = rising(p);
    let sorted: Vec<f64> = order.iter().map(|&i| p[i]).collect();
    let mut out = vec![0.0; m];
    for (k, &i) in order.iter().enumerate() {
        // The worst intersection of a given size holds the hypothesis and the largest P values.
        let worst = (1..=m)
            .map(|size| {
                let mut members: Vec<f64> =
                    (0..m).rev().filter(|&j| j != k).take(size - 1).map(|j| sorted[j]).collect();
                members.push(sorted[k]);
                simes(&members)
            })
            .fold(0.0f64, f64::max);
        out[i] = worst.min(1.0);
    }
    out
}

/// Simes' P value of the hypothesis that all of them hold: `min m·p₍ₖ₎/k`. Biometrika 1986;73:751.
pub fn simes(p: &[f64]) -> f64 {
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let m = sorted.len() as f64;
    sorted.iter().enumerate().map(|(k, x)| m * x / (k + 1) as f64).fold(1.0, f64::min)
}

fn rising(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    order
}

fn step_up(p: &[f64], factor: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let m = p.len();
    let mut out = vec![0.0; m];
    let mut least = 1.0f64;
    for (k, &i) in rising(p).iter().enumerate().rev() {
        least = least.min(factor(k, m) * p[i]);
        out[i] = least;
    }
    out
}
