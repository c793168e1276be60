//! Posterior and predictive probabilities, by quadrature and exact sums: nothing is sampled here.

use super::{
    interval::Interval,
    normal::{interval_multiplier, normal_cdf, normal_density, normal_quantile, normal_survival},
    reason::Reason,
    solve::{gauss_legendre, root},
    tails::{beta_cdf, beta_quantile},
    two_by_two::TwoByTwo,
};

/// A beta distribution of a risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaRisk {
    pub a: f64,
    pub b: f64,
}

impl BetaRisk {
    /// The prior Beta(1, 1).
    pub const UNIFORM: BetaRisk = BetaRisk { a: 1.0, b: 1.0 };
    /// The prior Beta(½, ½).
    pub const JEFFREYS: BetaRisk = BetaRisk { a: 0.5, b: 0.5 };

    /// After `x` events among `n`, each counted with weight `discount` (1 for all, a power prior below).
    pub fn updated(self, x: f64, n: f64, discount: f64) -> Self {
        BetaRisk { a: self.a + discount * x, b: self.b + discount * (n - x) }
    }

    pub fn mean(self) -> f64 {
        self.a / (self.a + self.b)
    }

    pub fn deviation(self) -> f64 {
        let m = self.mean();
        (m * (1.0 - m) / (self.a + self.b + 1.0)).sqrt()
    }

    /// Equal-tailed credible interval.
    pub fn interval(self, credibility: f64) -> Interval {
        let tail = 0.5 * (1.0 - credibility);
        Interval {
            lower: beta_quantile(tail, self.a, self.b),
            upper: beta_quantile(1.0 - tail, self.a, self.b),
        }
    }

    /// Chance of the risk being below `x`.
    pub fn below(self, x: f64) -> f64 {
        beta_cdf(x, self.a, self.b)
    }

    /// Chance of `0..=n` further events: the beta-binomial distribution.
    pub fn predicted(self, n: u32) -> Vec<f64> {
        let log_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
        let size = f64::from(n);
        (0..=n)
            .map(|k| {
                let k = f64::from(k);
                let choose = libm::lgamma(size + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(size - k + 1.0);
                libm::exp(choose + log_beta(k + self.a, size - k + self.b) - log_beta(self.a, self.b))
            })
            .collect()
    }

    /// `∫ f(p) dBeta(p)`, with `f` smooth but for a kink at each of `cuts`.
    ///
    /// In the angle `θ` with `p = sin²θ` the density stays finite down to shapes of ½; panels are set
    /// around the mean where the mass is.
    fn expect(self, mut f: impl FnMut(f64) -> f64, cuts: &[f64]) -> f64 {
        let log_constant = libm::lgamma(self.a + self.b) - libm::lgamma(self.a) - libm::lgamma(self.b)
            + std::f64::consts::LN_2;
        let angle = |p: f64| libm::asin(p.clamp(0.0, 1.0).sqrt());
        let (mean, deviation) = (self.mean(), self.deviation());
        let mut ends: Vec<f64> = (-12..=12).map(|k| angle(mean + f64::from(k) * deviation)).collect();
        ends.extend([0.0, std::f64::consts::FRAC_PI_2]);
        ends.extend(cuts.iter().map(|&c| angle(c)));
        ends.sort_by(f64::total_cmp);
        let (nodes, weights) = gauss_legendre(20);
        let mut total = 0.0;
        for pair in ends.windows(2) {
            let half = 0.5 * (pair[1] - pair[0]);
            if half < 1e-15 {
                continue;
            }
            for (x, w) in nodes.iter().zip(&weights) {
                let theta = pair[0] + half * (1.0 + x);
                let (s, c) = (libm::sin(theta), libm::cos(theta));
                let log_density =
                    log_constant + (2.0 * self.a - 1.0) * libm::log(s) + (2.0 * self.b - 1.0) * libm::log(c);
                let mass = half * w * libm::exp(log_density);
                // Mass this small cannot show in the sum.
                if mass > 1e-22 {
                    total += mass * f(s * s);
                }
            }
        }
        total
    }
}

/// Independent beta posteriors of two risks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoRisks {
    pub treatment: BetaRisk,
    pub control: BetaRisk,
}

impl TwoRisks {
    /// Posteriors from one prior for both arms.
    pub fn from_table(table: TwoByTwo, prior: BetaRisk) -> Self {
        let after = |x: u32, n: u32| prior.updated(f64::from(x), f64::from(n), 1.0);
        TwoRisks {
            treatment: after(table.events_treatment, table.n_treatment),
            control: after(table.events_control, table.n_control),
        }
    }

    /// Chance that the risk difference, treatment less control, is below `margin`; at 0 the chance of
    /// benefit.
    pub fn difference_below(self, margin: f64) -> f64 {
        let (one, zero) = (self.treatment, self.control);
        zero.expect(|p| one.below(p + margin), &[-margin, 1.0 - margin]).clamp(0.0, 1.0)
    }

    pub fn mean_difference(self) -> f64 {
        self.treatment.mean() - self.control.mean()
    }

    /// Quantile of the risk difference.
    pub fn difference_quantile(self, p: f64) -> Result<f64, Reason> {
        root(|d| self.difference_below(d) - p, -1.0, 1.0)
    }

    /// Equal-tailed credible interval of the risk difference.
    pub fn difference_interval(self, credibility: f64) -> Result<Interval, Reason> {
        let tail = 0.5 * (1.0 - credibility);
        Ok(Interval { lower: self.difference_quantile(tail)?, upper: self.difference_quantile(1.0 - tail)? })
    }
}

/// For each arm the chance that its risk is the lowest of all: Thompson's allocation.
///
/// `∫ fₖ·Π(1 − Fⱼ)` in the angle `θ` with `p = sin²θ`, where posteriors are all but normal with deviation
/// `1/(2√(a + b))`. Panels are two of the smallest deviations wide; within a panel the distribution
/// functions are integrals of the polynomials through the densities, so that all arms share their points.
pub fn chance_of_lowest(arms: &[BetaRisk]) -> Vec<f64> {
    let spread = |arm: &BetaRisk| 0.5 / (arm.a + arm.b).sqrt();
    let middle = |arm: &BetaRisk| libm::asin(arm.mean().sqrt());
    let (mut low, mut high, mut narrowest) = (std::f64::consts::FRAC_PI_2, 0.0f64, f64::INFINITY);
    for arm in arms {
        low = low.min(middle(arm) - ANGLE_REACH * spread(arm)).max(0.0);
        high = high.max(middle(arm) + ANGLE_REACH * spread(arm)).min(std::f64::consts::FRAC_PI_2);
        narrowest = narrowest.min(spread(arm));
    }
    let panels = ((high - low) / (2.0 * narrowest)).ceil().max(2.0);
    let half = 0.5 * (high - low) / panels;
    let constants: Vec<f64> = arms
        .iter()
        .map(|arm| {
            libm::lgamma(arm.a + arm.b) - libm::lgamma(arm.a) - libm::lgamma(arm.b) + std::f64::consts::LN_2
        })
        .collect();
    let Panel { nodes, weights, up_to } = Panel::shared();
    let mut density = vec![[0.0; PANEL_NODES]; arms.len()];
    let mut below = vec![[0.0; PANEL_NODES]; arms.len()];
    let mut passed = vec![0.0; arms.len()];
    let mut chances = vec![0.0; arms.len()];
    for panel in 0..panels as usize {
        let centre = low + half * (2 * panel + 1) as f64;
        for (n, x) in nodes.iter().enumerate() {
            let theta = centre + half * x;
            let (s, c) = (libm::log(libm::sin(theta)), libm::log(libm::cos(theta)));
            for ((arm, constant), density) in arms.iter().zip(&constants).zip(&mut density) {
                density[n] = libm::exp(constant + (2.0 * arm.a - 1.0) * s + (2.0 * arm.b - 1.0) * c);
            }
        }
        for ((density, below), passed) in density.iter().zip(&mut below).zip(&mut passed) {
            for (below, row) in below.iter_mut().zip(up_to) {
                *below = *passed + half * row.iter().zip(density).map(|(a, f)| a * f).sum::<f64>();
            }
            *passed += half * weights.iter().zip(density).map(|(w, f)| w * f).sum::<f64>();
        }
        for (k, chance) in chances.iter_mut().enumerate() {
            for (n, weight) in weights.iter().enumerate() {
                let others = (0..arms.len()).filter(|&j| j != k).map(|j| 1.0 - below[j][n]);
                *chance += half * weight * density[k][n] * others.product::<f64>();
            }
        }
    }
    chances
}

/// Deviations on both sides of an arm's middle that are integrated over: beyond there is no mass that shows.
const ANGLE_REACH: f64 = 9.0;

/// Points in a panel of [`chance_of_lowest`].
const PANEL_NODES: usize = 14;

/// Gauss-Legendre points on (−1, 1), with the integrals from −1 to each of them.
struct Panel {
    nodes: Vec<f64>,
    weights: Vec<f64>,
    /// Row `m`: the weights of the integral from −1 to point `m` of the polynomial through all points.
    up_to: Vec<[f64; PANEL_NODES]>,
}

impl Panel {
    fn shared() -> &'static Panel {
        static ONCE: std::sync::OnceLock<Panel> = std::sync::OnceLock::new();
        ONCE.get_or_init(Panel::new)
    }

    /// The polynomial through the points is `Σ(k + ½)Pₖ(t)·Σwₙ·Pₖ(xₙ)·f(xₙ)`, and the integral of `Pₖ` from
    /// −1 is `(Pₖ₊₁ − Pₖ₋₁)/(2k + 1)`.
    fn new() -> Self {
        let (nodes, weights) = gauss_legendre(PANEL_NODES);
        let legendre: Vec<Vec<f64>> = nodes
            .iter()
            .map(|&x| {
                let mut p = vec![1.0, x];
                for k in 1..PANEL_NODES {
                    let n = k as f64;
                    p.push(((2.0 * n + 1.0) * x * p[k] - n * p[k - 1]) / (n + 1.0));
                }
                p
            })
            .collect();
        let integral = |m: usize, n: usize| {
            let rest = (1..PANEL_NODES)
                .map(|k| legendre[n][k] * (legendre[m][k + 1] - legendre[m][k - 1]))
                .sum::<f64>();
            0.5 * weights[n] * (nodes[m] + 1.0 + rest)
        };
        let up_to = (0..PANEL_NODES).map(|m| std::array::from_fn(|n| integral(m, n))).collect();
        Panel { nodes, weights, up_to }
    }
}

/// What a completed trial must show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Success {
    /// The pooled `z` at or below minus the quantile of this level in one direction.
    PooledZ(f64),
    /// The posterior chance of benefit above this threshold.
    Posterior(f64),
}

/// Predictive probability that a trial of two risks will succeed, given the interim table and the final
/// sizes of the arms: the exact sum over what is still to come, each arm beta-binomial.
///
/// Spiegelhalter, Abrams & Myles, Bayesian Approaches to Clinical Trials, 2004, chapter 6.
pub fn predictive_probability(
    interim: TwoByTwo,
    final_treatment: u32,
    final_control: u32,
    prior: BetaRisk,
    success: Success,
) -> Result<f64, Reason> {
    if final_treatment < interim.n_treatment || final_control < interim.n_control {
        return Err(Reason::OutOfRange);
    }
    let now = TwoRisks::from_table(interim, prior);
    let one = now.treatment.predicted(final_treatment - interim.n_treatment);
    let zero = now.control.predicted(final_control - interim.n_control);
    let table = |more_1: usize, more_0: usize| {
        TwoByTwo::new(
            interim.events_treatment + more_1 as u32,
            final_treatment,
            interim.events_control + more_0 as u32,
            final_control,
        )
    };
    let succeeds = |t: TwoByTwo| match success {
        Success::PooledZ(level) => t.pooled_z().unwrap_or(0.0) <= normal_quantile(level),
        Success::Posterior(threshold) => TwoRisks::from_table(t, prior).difference_below(0.0) > threshold,
    };
    let mut total = 0.0;
    // More events in control can only help, and more in treatment only harm: the edge moves one way.
    let mut first = 0;
    for (i, a) in one.iter().enumerate() {
        while first < zero.len() && !succeeds(table(i, first)) {
            first += 1;
        }
        total += a * zero[first..].iter().sum::<f64>();
    }
    Ok(total)
}

/// A normal distribution of an effect, such as a log hazard ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalEffect {
    pub mean: f64,
    pub deviation: f64,
}

impl NormalEffect {
    /// The posterior after an estimate with its standard error: precisions add, means are weighted by
    /// them.
    pub fn updated(self, estimate: f64, standard_error: f64) -> Self {
        let prior = 1.0 / (self.deviation * self.deviation);
        let data = 1.0 / (standard_error * standard_error);
        let variance = 1.0 / (prior + data);
        NormalEffect { mean: variance * (prior * self.mean + data * estimate), deviation: variance.sqrt() }
    }

    /// Chance of the effect being below `x`.
    pub fn below(self, x: f64) -> f64 {
        normal_cdf((x - self.mean) / self.deviation)
    }

    pub fn interval(self, credibility: f64) -> Interval {
        let reach = interval_multiplier(credibility) * self.deviation;
        Interval { lower: self.mean - reach, upper: self.mean + reach }
    }

    /// Density of an estimate with this standard error before it is seen.
    fn marginal(self, estimate: f64, standard_error: f64) -> f64 {
        let spread = (self.deviation * self.deviation + standard_error * standard_error).sqrt();
        normal_density((estimate - self.mean) / spread) / spread
    }
}

/// A mixture of normal distributions, as robust priors are.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalMixture(pub Vec<(f64, NormalEffect)>);

impl NormalMixture {
    /// The posterior: each part updated, its weight multiplied by how well it foresaw the estimate.
    ///
    /// Schmidli et al., Biometrics 2014;70:1023.
    pub fn updated(&self, estimate: f64, standard_error: f64) -> Self {
        let raw: Vec<f64> =
            self.0.iter().map(|(w, part)| w * part.marginal(estimate, standard_error)).collect();
        let total: f64 = raw.iter().sum();
        let parts = self.0.iter().zip(&raw);
        NormalMixture(parts.map(|((_, p), r)| (r / total, p.updated(estimate, standard_error))).collect())
    }

    pub fn below(&self, x: f64) -> f64 {
        self.0.iter().map(|(w, part)| w * part.below(x)).sum()
    }
}

/// Assurance: the power of a survival trial with `events`, equal arms, averaged over what is believed of
/// the log hazard ratio. `level` is in one direction, benefit below 0.
///
/// `Φ((−m√D/2 − z_α)/√(1 + s²D/4))`. O'Hagan, Stevens & Campbell, Pharm Stat 2005;4:187.
pub fn assurance(belief: NormalEffect, events: f64, level: f64) -> f64 {
    let information = events / 4.0;
    let above = belief.mean * information.sqrt() - normal_quantile(level);
    normal_survival(above / (1.0 + belief.deviation * belief.deviation * information).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two arms are a difference of two risks, by another route; from no data at all to thousands of patients
    /// and arms of very different size.
    #[test]
    fn the_lowest_of_two_is_a_difference_below_zero() {
        for [a, b, c, d] in [
            [1.0, 1.0, 1.0, 1.0],
            [0.5, 0.5, 3.0, 4.0],
            [1.0, 9.0, 4.0, 6.0],
            [196.0, 206.0, 161.0, 241.0],
            [3.0, 9.0, 900.0, 1100.0],
            [1.0, 201.0, 12.0, 190.0],
        ] {
            let (one, other) = (BetaRisk { a, b }, BetaRisk { a: c, b: d });
            let chances = chance_of_lowest(&[one, other]);
            let expected = TwoRisks { treatment: one, control: other }.difference_below(0.0);
            assert!((chances[0] - expected).abs() < 1e-9, "{chances:?} {expected}");
            assert!((chances[0] + chances[1] - 1.0).abs() < 1e-9, "{chances:?}");
        }
    }
}
