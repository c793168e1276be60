//! Effects in several groups that are alike but not the same: each borrows from the others.

use super::{
    bayes::{NormalEffect, NormalMixture},
    solve::gauss_legendre,
};

/// Posterior of each effect, given estimates with their standard errors.
///
/// Effects are normal around a common mean with a spread between groups; the mean has a normal prior, the
/// spread a half-normal one of this scale. Over the spread by 40 Gauss-Legendre points up to 5 scales, the
/// rest in closed form. Groups alike draw together, groups apart are left apart.
///
/// Jones, Ohlssen, Neuenschwander, Racine & Branson, Clin Trials 2011;8:129.
pub fn exchangeable_effects(estimates: &[(f64, f64)], mean: NormalEffect, scale: f64) -> Vec<NormalMixture> {
    let (nodes, weights) = gauss_legendre(40);
    let prior = 1.0 / (mean.deviation * mean.deviation);
    let mut logs = Vec::with_capacity(nodes.len());
    let mut parts: Vec<Vec<NormalEffect>> = vec![Vec::with_capacity(nodes.len()); estimates.len()];
    for (x, w) in nodes.iter().zip(&weights) {
        let spread = 2.5 * scale * (1.0 + x);
        let between = spread * spread;
        let (mut precision, mut sum, mut square, mut log) =
            (prior, prior * mean.mean, prior * mean.mean * mean.mean, 0.0);
        for &(estimate, error) in estimates {
            let v = error * error + between;
            precision += 1.0 / v;
            sum += estimate / v;
            square += estimate * estimate / v;
            log -= 0.5 * libm::log(v);
        }
        let common = sum / precision;
        log += -0.5 * libm::log(precision) - 0.5 * (square - precision * common * common);
        log += libm::log(*w) - 0.5 * between / (scale * scale);
        logs.push(log);
        for (part, &(estimate, error)) in parts.iter_mut().zip(estimates) {
            let own = between / (between + error * error);
            let variance = own * error * error + (1.0 - own) * (1.0 - own) / precision;
            part.push(NormalEffect {
                mean: own * estimate + (1.0 - own) * common,
                deviation: variance.sqrt(),
            });
        }
    }
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mass: Vec<f64> = logs.iter().map(|log| libm::exp(log - most)).collect();
    let total: f64 = mass.iter().sum();
    parts.into_iter().map(|part| NormalMixture(mass.iter().map(|m| m / total).zip(part).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against sums over a fine grid of mean and spread, nothing in closed form but the normal density.
    #[test]
    fn chances_are_those_of_the_plain_double_integral() {
        let estimates = [(-0.5, 0.2), (-0.1, 0.25), (0.1, 0.3)];
        let prior = NormalEffect { mean: 0.0, deviation: 0.5 };
        let scale = 0.3;
        let density = |x: f64, m: f64, v: f64| libm::exp(-0.5 * (x - m) * (x - m) / v) / v.sqrt();
        let (mut total, mut below) = (0.0, [0.0; 3]);
        for i in 0..800 {
            let tau = (f64::from(i) + 0.5) * 1.5 / 800.0;
            for j in 0..800 {
                let mu = -2.5 + (f64::from(j) + 0.5) * 5.0 / 800.0;
                let mut mass = density(mu, 0.0, 0.25) * libm::exp(-0.5 * tau * tau / (scale * scale));
                for (y, s) in estimates {
                    mass *= density(y, mu, s * s + tau * tau);
                }
                total += mass;
                for (b, (y, s)) in below.iter_mut().zip(estimates) {
                    let precision = 1.0 / (s * s) + 1.0 / (tau * tau);
                    let mean = (y / (s * s) + mu / (tau * tau)) / precision;
                    *b += mass * NormalEffect { mean, deviation: precision.sqrt().recip() }.below(0.0);
                }
            }
        }
        for (posterior, b) in exchangeable_effects(&estimates, prior, scale).iter().zip(below) {
            assert!(
                (posterior.below(0.0) - b / total).abs() < 1e-5,
                "{} {}",
                posterior.below(0.0),
                b / total
            );
        }
    }
}
