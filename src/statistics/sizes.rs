//! Sizes by formula, beside every simulated one. Numbers are not rounded: round up in each arm.
//!
//! `level` is the error in one direction, 0.025 for a two-sided 0.05. `ratio` is experimental to control
//! patients. Sizes are of the control arm unless named total.

use super::{
    normal::{normal_cdf, normal_quantile, normal_survival},
    reason::Reason,
    solve::{integrate, root},
    tails::student_quantile,
    two_by_two::restricted_risks,
    unconditional::binomial,
};

/// Level, power and allocation of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// In one direction.
    pub level: f64,
    pub power: f64,
    /// Experimental to control patients.
    pub ratio: f64,
}

impl Comparison {
    fn a(&self) -> f64 {
        -normal_quantile(self.level)
    }

    fn b(&self) -> f64 {
        normal_quantile(self.power)
    }

    /// `(z_α + z_β)²`.
    fn square(&self) -> f64 {
        let sum = self.a() + self.b();
        sum * sum
    }

    /// Control patients for two risks, the null variance from the pooled risk: for the uncorrected
    /// chi-square test.
    pub fn two_risks(&self, control: f64, experimental: f64) -> f64 {
        let r = self.ratio;
        let d = control - experimental;
        let pooled = (control + r * experimental) / (1.0 + r);
        let null = (pooled * (1.0 - pooled) * (1.0 + 1.0 / r)).sqrt();
        let effect = (control * (1.0 - control) + experimental * (1.0 - experimental) / r).sqrt();
        let sum = self.a() * null + self.b() * effect;
        sum * sum / (d * d)
    }

    /// Control patients for two risks with the separate variances throughout: for Wald's test.
    pub fn two_risks_unpooled(&self, control: f64, experimental: f64) -> f64 {
        let d = control - experimental;
        self.square() * (control * (1.0 - control) + experimental * (1.0 - experimental) / self.ratio)
            / (d * d)
    }

    /// [`Comparison::two_risks`] with Fleiss's continuity correction: for Fisher's or Yates' test.
    /// Fleiss, Tytun & Ury, Biometrics 1980;36:343.
    pub fn two_risks_corrected(&self, control: f64, experimental: f64) -> f64 {
        let n = self.two_risks(control, experimental);
        let d = (control - experimental).abs();
        let factor = 1.0 + (1.0 + 2.0 * (self.ratio + 1.0) / (n * self.ratio * d)).sqrt();
        n / 4.0 * factor * factor
    }

    /// Control patients for two risks on the arcsine scale.
    pub fn two_risks_arcsine(&self, control: f64, experimental: f64) -> f64 {
        let h = 2.0 * (libm::asin(experimental.sqrt()) - libm::asin(control.sqrt()));
        self.square() * (1.0 + 1.0 / self.ratio) / (h * h)
    }

    /// Patients in each of two equal arms for non-inferiority of a risk, Wald's test: shows the risk
    /// difference below `margin`.
    pub fn non_inferior_risks_wald(&self, control: f64, experimental: f64, margin: f64) -> f64 {
        let d = experimental - control - margin;
        self.square() * (control * (1.0 - control) + experimental * (1.0 - experimental)) / (d * d)
    }

    /// The same by Farrington and Manning, the null variance at the risks of highest likelihood on the
    /// margin.
    pub fn non_inferior_risks(&self, control: f64, experimental: f64, margin: f64) -> f64 {
        let (p1, p0) = restricted_risks(experimental, control, margin);
        let null = (p1 * (1.0 - p1) + p0 * (1.0 - p0)).sqrt();
        let effect = (control * (1.0 - control) + experimental * (1.0 - experimental)).sqrt();
        let sum = self.a() * null + self.b() * effect;
        let d = experimental - control - margin;
        sum * sum / (d * d)
    }

    /// Deaths for a hazard ratio. Schoenfeld, Biometrika 1981;68:316.
    pub fn events(&self, hazard_ratio: f64) -> f64 {
        let log = libm::log(hazard_ratio);
        self.square() * (1.0 + self.ratio) * (1.0 + self.ratio) / (self.ratio * log * log)
    }

    /// Deaths for a hazard ratio by Freedman's approximation. Stat Med 1982;1:121.
    pub fn events_freedman(&self, hazard_ratio: f64) -> f64 {
        let (r, h) = (self.ratio, hazard_ratio);
        self.square() * (1.0 + r * h) * (1.0 + r * h) / (r * (1.0 - h) * (1.0 - h))
    }

    /// Control patients for a difference of means with a known standard deviation.
    pub fn two_means(&self, difference: f64, deviation: f64) -> f64 {
        self.square() * deviation * deviation * (1.0 + 1.0 / self.ratio) / (difference * difference)
    }

    /// Control patients for Student's t test, the chance of the opposite tail left aside.
    pub fn two_means_t(&self, difference: f64, deviation: f64) -> Result<f64, Reason> {
        let effect = difference.abs() / deviation;
        let r = self.ratio;
        let start = self.two_means(difference, deviation);
        root(
            |n| {
                let degrees = n * (1.0 + r) - 2.0;
                let limit = student_quantile(1.0 - self.level, degrees);
                noncentral_t_survival(limit, degrees, effect * (n * r / (1.0 + r)).sqrt()) - self.power
            },
            (4.0 / (1.0 + r)).max(0.8 * start),
            start + 10.0,
        )
    }

    /// Patients in each of two equal arms for Mann and Whitney's test, `probability` that one is higher.
    /// Noether, J Am Stat Assoc 1987;82:645.
    pub fn ranks(&self, probability: f64) -> f64 {
        let apart = probability - 0.5;
        self.square() / (6.0 * apart * apart)
    }

    /// Patients in each of two equal arms for proportional odds, from the control's category chances in
    /// rising order. Whitehead, Stat Med 1993;12:2257.
    pub fn ordered(&self, control: &[f64], log_odds_ratio: f64) -> f64 {
        let experimental = shift_odds(control, log_odds_ratio);
        let cubes: f64 = control
            .iter()
            .zip(&experimental)
            .map(|(p, q)| {
                let mean = 0.5 * (p + q);
                mean * mean * mean
            })
            .sum();
        6.0 * self.square() / (log_odds_ratio * log_odds_ratio * (1.0 - cubes))
    }

    /// Total patients in two equal arms for a win ratio, with a share of tied pairs.
    /// Yu & Ganju, Stat Med 2022;41:950.
    pub fn win_ratio_total(&self, win_ratio: f64, ties: f64) -> f64 {
        let log = libm::log(win_ratio);
        self.square() * 16.0 * (1.0 + ties) / (3.0 * (1.0 - ties)) / (log * log)
    }

    /// Patients in each of two equal arms for a ratio of over-dispersed rates, each followed for
    /// `exposure`. Zhu & Lakkis, Stat Med 2014;33:376.
    pub fn rates(&self, control: f64, rate_ratio: f64, theta: f64, exposure: f64) -> f64 {
        let log = libm::log(rate_ratio);
        let variance = (1.0 / control + 1.0 / (control * rate_ratio)) / exposure + 2.0 / theta;
        self.square() * variance / (log * log)
    }
}

/// Chances of ordered categories when the odds of each higher one are multiplied by `exp(log_odds_ratio)`.
pub fn shift_odds(control: &[f64], log_odds_ratio: f64) -> Vec<f64> {
    let mut below = 0.0;
    let mut before = 0.0;
    let mut out = Vec::with_capacity(control.len());
    for (k, p) in control.iter().enumerate() {
        below += p;
        let now = if k + 1 == control.len() {
            1.0
        } else {
            super::glm::logistic(libm::log(below / (1.0 - below)) - log_odds_ratio)
        };
        out.push(now - before);
        before = now;
    }
    out
}

/// Power of the two-sided uncorrected chi-square by the normal approximation; with `both_tails` the
/// chance of the wrong direction is counted too. Equal arms of `n`.
pub fn power_of_two_risks(control: f64, experimental: f64, n: f64, level: f64, both_tails: bool) -> f64 {
    let pooled = 0.5 * (control + experimental);
    let null = (2.0 * pooled * (1.0 - pooled)).sqrt();
    let effect = (control * (1.0 - control) + experimental * (1.0 - experimental)).sqrt();
    let limit = -normal_quantile(level) * null;
    let apart = n.sqrt() * (control - experimental).abs();
    let right = normal_cdf((apart - limit) / effect);
    if both_tails { right + normal_survival((apart + limit) / effect) } else { right }
}

/// Power of Wald's test of two risks by the normal approximation. Equal arms of `n`.
pub fn power_of_two_risks_unpooled(control: f64, experimental: f64, n: f64, level: f64) -> f64 {
    let variance = (control * (1.0 - control) + experimental * (1.0 - experimental)) / n;
    normal_cdf((control - experimental).abs() / variance.sqrt() + normal_quantile(level))
}

/// Exact chance that the uncorrected chi-square rejects, over all tables.
///
/// With equal risks, its true size: 0.0462 at 49% with 210 in each arm. With `both_tails` either direction
/// counts, else only that of the difference. The comparison to set simulated power against.
pub fn exact_power_of_chi_square(
    control: (f64, u32),
    experimental: (f64, u32),
    level: f64,
    both_tails: bool,
) -> f64 {
    let ((p0, n0), (p1, n1)) = (control, experimental);
    let (zero, one) = (binomial(n0, p0), binomial(n1, p1));
    let limit = -normal_quantile(level);
    let direction = if p1 < p0 { -1.0 } else { 1.0 };
    let mut total = 0.0;
    for (x1, a) in one.iter().enumerate() {
        let mut sum = 0.0;
        for (x0, b) in zero.iter().enumerate() {
            let table = super::TwoByTwo::new(x1 as u32, n1, x0 as u32, n0);
            let z = table.pooled_z().unwrap_or(0.0);
            if (if both_tails { z.abs() } else { direction * z }) >= limit {
                sum += b;
            }
        }
        total += a * sum;
    }
    total
}

/// Chance of the event during a trial with constant hazards, uniform accrual over `accrual` and
/// `follow_up` after the last entry; dropout competes.
pub fn event_probability(hazard: f64, accrual: f64, follow_up: f64, dropout_hazard: f64) -> f64 {
    let rate = hazard + dropout_hazard;
    let lost = libm::exp(-rate * follow_up) * -libm::expm1(-rate * accrual) / (rate * accrual);
    hazard / rate * (1.0 - lost)
}

/// By how much clusters of `size` inflate a trial: `1 + (size − 1)·icc`.
pub fn design_effect(size: f64, icc: f64) -> f64 {
    1.0 + (size - 1.0) * icc
}

/// Chance that a noncentral t exceeds `limit`.
///
/// The mean over the chi-distributed spread of a normal tail, by quadrature.
pub fn noncentral_t_survival(limit: f64, degrees: f64, shift: f64) -> f64 {
    let half = 0.5 * degrees;
    let constant = std::f64::consts::LN_2 + half * libm::log(half) - libm::lgamma(half);
    let reach = 12.0 / (2.0 * degrees).sqrt();
    integrate(
        |s| {
            if s <= 0.0 {
                return 0.0;
            }
            let log_density = constant + (degrees - 1.0) * libm::log(s) - half * s * s;
            libm::exp(log_density) * normal_survival(limit * s - shift)
        },
        (1.0 - reach).max(0.0),
        1.0 + reach,
        20,
    )
}
