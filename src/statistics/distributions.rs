//! Distributions as the simulation draws from them, by their quantiles, with the moments and risks that
//! follow from their parameters.

use statrs::distribution::{ContinuousCDF, Gamma as GammaLaw};

use super::{
    glm::logistic,
    normal::{normal_cdf, normal_density, normal_quantile, normal_survival},
    solve::integrate,
};

/// Weibull's distribution: cumulative hazard `(t/scale)^shape`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    /// Below 1 the hazard falls with time, above 1 it rises.
    pub shape: f64,
    /// Time by which 63% have had the event.
    pub scale: f64,
}

impl Weibull {
    pub fn cumulative_hazard(&self, t: f64) -> f64 {
        libm::pow(t / self.scale, self.shape)
    }

    pub fn cdf(&self, t: f64) -> f64 {
        -libm::expm1(-self.cumulative_hazard(t))
    }

    pub fn hazard(&self, t: f64) -> f64 {
        self.shape / self.scale * libm::pow(t / self.scale, self.shape - 1.0)
    }

    pub fn density(&self, t: f64) -> f64 {
        self.hazard(t) * libm::exp(-self.cumulative_hazard(t))
    }

    pub fn quantile(&self, p: f64) -> f64 {
        self.scale * libm::pow(-libm::log1p(-p), 1.0 / self.shape)
    }

    pub fn mean(&self) -> f64 {
        self.scale * libm::tgamma(1.0 + 1.0 / self.shape)
    }

    pub fn variance(&self) -> f64 {
        let first = libm::tgamma(1.0 + 1.0 / self.shape);
        self.scale * self.scale * (libm::tgamma(1.0 + 2.0 / self.shape) - first * first)
    }

    /// Mean time up to `horizon`: the area under survival.
    pub fn restricted_mean(&self, horizon: f64) -> f64 {
        // In h = (t/scale)^shape the area is ∫ e^{−h}·dt, smooth after the change to √h.
        let top = self.cumulative_hazard(horizon).min(800.0).sqrt();
        let power = 1.0 / self.shape;
        let area = integrate(
            |r| {
                let h = r * r;
                // Integrated by parts: t·e^{−h} at the end plus ∫ t e^{−h} dh.
                self.scale * libm::pow(h, power) * libm::exp(-h) * 2.0 * r
            },
            0.0,
            top,
            40,
        );
        area + horizon * libm::exp(-self.cumulative_hazard(horizon))
    }

    /// The distribution when every hazard is multiplied: `scale·ratio^(−1/shape)`.
    pub fn with_hazard_ratio(&self, ratio: f64) -> Self {
        Weibull { shape: self.shape, scale: self.scale * libm::pow(ratio, -1.0 / self.shape) }
    }
}

/// A hazard constant between cut points.
#[derive(Clone, Copy, Debug)]
pub struct PiecewiseExponential<'a> {
    /// Where each piece begins; the first at 0, rising.
    pub cuts: &'a [f64],
    /// The hazard of each piece, the last without end.
    pub hazards: &'a [f64],
}

impl PiecewiseExponential<'_> {
    /// Pieces as start, end and hazard.
    fn pieces(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let ends = self.cuts.iter().skip(1).copied().chain([f64::INFINITY]);
        self.cuts.iter().copied().zip(ends).zip(self.hazards).map(|((start, end), &h)| (start, end, h))
    }

    pub fn cumulative_hazard(&self, t: f64) -> f64 {
        self.pieces().filter(|p| p.0 < t).map(|(start, end, h)| h * (t.min(end) - start)).sum()
    }

    pub fn cdf(&self, t: f64) -> f64 {
        -libm::expm1(-self.cumulative_hazard(t))
    }

    /// The time by which a share `p` has had the event; infinite if the last hazard is 0 and `p` is not
    /// reached.
    pub fn quantile(&self, p: f64) -> f64 {
        let mut left = -libm::log1p(-p);
        for (start, end, h) in self.pieces() {
            let most = h * (end - start);
            if left <= most || (end.is_infinite() && h > 0.0) {
                return start + if left > 0.0 { left / h } else { 0.0 };
            }
            left -= if most.is_nan() { 0.0 } else { most };
        }
        f64::INFINITY
    }

    /// Mean time up to `horizon`.
    pub fn restricted_mean(&self, horizon: f64) -> f64 {
        let mut before = 0.0;
        let mut area = 0.0;
        for (start, end, h) in self.pieces().filter(|p| p.0 < horizon) {
            let width = end.min(horizon) - start;
            let share = if h > 0.0 { -libm::expm1(-h * width) / h } else { width };
            area += libm::exp(-before) * share;
            before += h * width;
        }
        area
    }
}

/// The log of the value is normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    pub mean_log: f64,
    pub deviation_log: f64,
}

impl LogNormal {
    pub fn cdf(&self, x: f64) -> f64 {
        normal_cdf((libm::log(x) - self.mean_log) / self.deviation_log)
    }

    pub fn quantile(&self, p: f64) -> f64 {
        libm::exp(self.mean_log + self.deviation_log * normal_quantile(p))
    }

    pub fn mean(&self) -> f64 {
        libm::exp(self.mean_log + 0.5 * self.deviation_log * self.deviation_log)
    }

    pub fn variance(&self) -> f64 {
        let s = self.deviation_log * self.deviation_log;
        libm::expm1(s) * libm::exp(2.0 * self.mean_log + s)
    }
}

/// Distribution function of the gamma distribution with a shape and a rate.
pub fn gamma_cdf(x: f64, shape: f64, rate: f64) -> f64 {
    GammaLaw::new(shape, rate).map_or(0.0, |g| g.cdf(x))
}

/// Quantile of the gamma distribution.
///
/// The library's inverse is good to 2e-10; Newton steps on its distribution function finish it.
pub fn gamma_quantile(p: f64, shape: f64, rate: f64) -> f64 {
    let Ok(law) = GammaLaw::new(shape, rate) else { return 0.0 };
    // In the far left tail the distribution function is x^shape·rate^shape/Γ(shape + 1).
    let mut x = libm::exp((libm::log(p) + libm::lgamma(shape + 1.0)) / shape) / rate;
    if x * rate > 1e-7 {
        x = law.inverse_cdf(p);
    }
    for _ in 0..4 {
        let log_density =
            shape * libm::log(rate) + (shape - 1.0) * libm::log(x) - rate * x - libm::lgamma(shape);
        let next = x - (law.cdf(x) - p) / libm::exp(log_density);
        if !(next > 0.5 * x && next < 2.0 * x) {
            break;
        }
        x = next;
    }
    x
}

/// A multiplier of the hazard, gamma distributed with mean 1, shared within a centre or kept by a patient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaFrailty {
    pub variance: f64,
}

impl GammaFrailty {
    pub fn quantile(&self, p: f64) -> f64 {
        gamma_quantile(p, 1.0 / self.variance, 1.0 / self.variance)
    }

    /// Survival averaged over frailty: `(1 + θH)^(−1/θ)` for a cumulative hazard `H` at frailty 1.
    pub fn marginal_survival(&self, cumulative_hazard: f64) -> f64 {
        libm::exp(-libm::log1p(self.variance * cumulative_hazard) / self.variance)
    }

    /// Hazard ratio seen at control cumulative hazard `H` when within patients it is `ratio`: it fades as
    /// the frail leave. `ratio·(1 + θH)/(1 + θ·ratio·H)`.
    pub fn marginal_hazard_ratio(&self, ratio: f64, cumulative_hazard: f64) -> f64 {
        let h = self.variance * cumulative_hazard;
        ratio * (1.0 + h) / (1.0 + ratio * h)
    }

    /// Kendall's tau of two times that share the frailty: `θ/(θ + 2)`.
    pub fn kendall_tau(&self) -> f64 {
        self.variance / (self.variance + 2.0)
    }
}

/// A normal distribution cut off at both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedNormal {
    /// Mean before cutting.
    pub mean: f64,
    /// Standard deviation before cutting.
    pub deviation: f64,
    pub lower: f64,
    /// May be infinite.
    pub upper: f64,
}

impl TruncatedNormal {
    fn ends(&self) -> (f64, f64) {
        ((self.lower - self.mean) / self.deviation, (self.upper - self.mean) / self.deviation)
    }

    /// Quantile through whichever tail keeps its precision.
    pub fn quantile(&self, p: f64) -> f64 {
        let (a, b) = self.ends();
        let z = if a > 0.0 {
            let (top, bottom) = (normal_survival(a), normal_survival(b));
            -normal_quantile(top - p * (top - bottom))
        } else {
            let (bottom, top) = (normal_cdf(a), normal_cdf(b));
            normal_quantile(bottom + p * (top - bottom))
        };
        (self.mean + self.deviation * z).clamp(self.lower, self.upper)
    }

    /// Mean and variance after cutting.
    pub fn moments(&self) -> (f64, f64) {
        let (a, b) = self.ends();
        let mass =
            if a > 0.0 { normal_survival(a) - normal_survival(b) } else { normal_cdf(b) - normal_cdf(a) };
        let edge = |x: f64| if x.is_finite() { x * normal_density(x) } else { 0.0 };
        let shift = (normal_density(a) - normal_density(b)) / mass;
        let spread = 1.0 + (edge(a) - edge(b)) / mass - shift * shift;
        (self.mean + self.deviation * shift, self.deviation * self.deviation * spread)
    }
}

/// Spearman's correlation of two variables joined by a Gaussian copula: `6/π·asin(ρ/2)`.
pub fn copula_spearman(normal_correlation: f64) -> f64 {
    6.0 / std::f64::consts::PI * libm::asin(0.5 * normal_correlation)
}

/// The normal correlation that gives a Spearman correlation: `2·sin(πr/6)`.
pub fn copula_from_spearman(spearman: f64) -> f64 {
    2.0 * libm::sin(std::f64::consts::PI * spearman / 6.0)
}

/// Kendall's tau under a Gaussian copula: `2/π·asin ρ`.
pub fn copula_kendall(normal_correlation: f64) -> f64 {
    2.0 / std::f64::consts::PI * libm::asin(normal_correlation)
}

/// Pearson's correlation of two log-normal variables whose logs have correlation `ρ`.
pub fn lognormal_correlation(normal_correlation: f64, deviation_1: f64, deviation_2: f64) -> f64 {
    libm::expm1(normal_correlation * deviation_1 * deviation_2)
        / (libm::expm1(deviation_1 * deviation_1) * libm::expm1(deviation_2 * deviation_2)).sqrt()
}

/// Mean of `f(x, y)` for standard normal `x` and `y` with correlation `ρ`, by quadrature.
pub fn bivariate_normal_mean(normal_correlation: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
    let left = (1.0 - normal_correlation * normal_correlation).sqrt();
    integrate(
        |x| {
            let inner =
                integrate(|y| normal_density(y) * f(x, normal_correlation * x + left * y), -8.5, 8.5, 6);
            normal_density(x) * inner
        },
        -8.5,
        8.5,
        6,
    )
}

/// Chance that two standard normal variables with correlation `ρ` exceed `h` and `k`.
pub fn bivariate_normal_upper(h: f64, k: f64, normal_correlation: f64) -> f64 {
    let left = (1.0 - normal_correlation * normal_correlation).sqrt();
    let low = h.max(-9.0);
    if low >= 38.0 {
        return 0.0;
    }
    let high = low.max(0.0) + 9.0;
    integrate(|x| normal_density(x) * normal_survival((k - normal_correlation * x) / left), low, high, 48)
}

/// Chance of two yes-or-no traits together, with prevalences `p` and `q` and a Gaussian copula.
pub fn copula_both(p: f64, q: f64, normal_correlation: f64) -> f64 {
    bivariate_normal_upper(-normal_quantile(p), -normal_quantile(q), normal_correlation)
}

/// Chances of 0 to `most` events under a negative binomial distribution with variance
/// `mean + mean²/theta`.
pub fn negative_binomial_chances(mean: f64, theta: f64, most: u32) -> Vec<f64> {
    let stay = theta / (theta + mean);
    let mut p = libm::pow(stay, theta);
    let mut out = vec![p];
    for k in 0..most {
        let k = f64::from(k);
        p *= (theta + k) / (k + 1.0) * (1.0 - stay);
        out.push(p);
    }
    out
}

/// Risk of one cause by `t` when all causes have constant hazards: `h/H·(1 − e^{−Ht})` with `H` their
/// sum.
pub fn constant_hazard_incidence(hazard: f64, all_hazards: f64, t: f64) -> f64 {
    hazard / all_hazards * -libm::expm1(-all_hazards * t)
}

/// Mean risk when log odds are normal: what a conditional odds ratio becomes over a population.
///
/// Odds ratios of such means are nearer 1 than the conditional one. Gail, Wieand & Piantadosi, Biometrika
/// 1984;71:431.
pub fn mean_logistic_risk(mean_log_odds: f64, deviation: f64) -> f64 {
    integrate(|z| normal_density(z) * logistic(mean_log_odds + deviation * z), -9.5, 9.5, 20)
}
