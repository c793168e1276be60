//! Trials that may stop at looks: boundaries, their crossing probabilities, and estimates after stopping.
//!
//! Here, and only here, evidence is counted upwards: `b = −z`, so that a large positive value is benefit
//! and boundaries read as in the textbooks. Information is a share of the maximum, the last look at 1.
//! The drift is the mean of `b` at full information: `√I·θ` for an effect `θ`.

use super::{
    normal::{normal_cdf, normal_density, normal_quantile, normal_survival},
    reason::Reason,
    solve::{gauss_legendre, root},
};

/// How the error is spent as information grows, out of a total `level`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spending {
    /// `2(1 − Φ(z_{1−α/2}/√t))`: little at first. Lan & DeMets, Biometrika 1983;70:659.
    OBrienFleming,
    /// `α·log(1 + (e − 1)t)`: about even.
    Pocock,
    /// `α(1 − e^{−γt})/(1 − e^{−γ})`; −4 is like O'Brien-Fleming, 1 like Pocock.
    /// Hwang, Shih & DeCani, Stat Med 1990;9:1439.
    HwangShihDeCani(f64),
    /// `α·t^ρ`. Kim & DeMets, Biometrika 1987;74:149.
    Power(f64),
}

impl Spending {
    /// Error spent by information `t`, of `level` in one direction.
    pub fn spent(self, t: f64, level: f64) -> f64 {
        if t >= 1.0 {
            return level;
        }
        match self {
            Spending::OBrienFleming => 2.0 * normal_survival(-normal_quantile(0.5 * level) / t.sqrt()),
            Spending::Pocock => level * libm::log(1.0 + (std::f64::consts::E - 1.0) * t),
            Spending::HwangShihDeCani(0.0) => level * t,
            Spending::HwangShihDeCani(gamma) => level * libm::expm1(-gamma * t) / libm::expm1(-gamma),
            Spending::Power(rho) => level * libm::pow(t, rho),
        }
    }
}

/// A rule for efficacy boundaries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary {
    /// `c·t^{Δ−½}`. Δ = 0 is O'Brien and Fleming's (Biometrics 1979;35:549), Δ = ½ Pocock's
    /// (Biometrika 1977;64:191). Wang & Tsiatis, Biometrics 1987;43:193.
    WangTsiatis(f64),
    /// A constant before the last look, which takes what is left. Haybittle, Br J Radiol 1971;44:793;
    /// Peto et al., Br J Cancer 1976;34:585.
    HaybittlePeto(f64),
    /// Whatever spends this much by each look.
    Spending(Spending),
}

/// Whether crossing the opposite boundary also stops the trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    One,
    Two,
}

/// Chances of crossing at each look.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// First above the upper boundary at this look.
    pub above: Vec<f64>,
    /// First below the lower boundary at this look.
    pub below: Vec<f64>,
}

impl Crossing {
    pub fn ever_above(&self) -> f64 {
        self.above.iter().sum()
    }

    /// Mean information when the trial stops, crossing or not.
    pub fn expected_information(&self, information: &[f64]) -> f64 {
        let Some((last, earlier)) = information.split_last() else { return 0.0 };
        let mut left = 1.0;
        let mut sum = 0.0;
        for ((t, above), below) in earlier.iter().zip(&self.above).zip(&self.below) {
            sum += (above + below) * t;
            left -= above + below;
        }
        sum + left * last
    }
}

/// The density of the evidence at the last look among trials still running.
///
/// Evidence grows by independent normal increments, so the density at a look is an integral over that at
/// the look before: Gauss-Legendre sums on 192 points within 10.5 standard deviations, which leaves an
/// error near 1e-10.
///
/// Armitage, McPherson & Rowe, J R Stat Soc A 1969;132:235. Jennison & Turnbull, Group Sequential Methods,
/// 2000, chapter 19.
pub(super) struct Recursion {
    drift: f64,
    information: f64,
    pub(super) points: Vec<f64>,
    /// Quadrature weight times density.
    pub(super) mass: Vec<f64>,
    nodes: (Vec<f64>, Vec<f64>),
}

impl Recursion {
    pub(super) fn new(drift: f64) -> Self {
        Recursion { drift, information: 0.0, points: Vec::new(), mass: Vec::new(), nodes: gauss_legendre(64) }
    }

    /// Mean from each earlier point, and standard deviation, of the evidence at `t`.
    fn step(&self, t: f64) -> (f64, f64, f64) {
        let gain = t - self.information;
        ((self.information / t).sqrt(), self.drift * gain / t.sqrt(), (gain / t).sqrt())
    }

    /// Chance of being still in the trial and above `limit` at information `t`.
    fn above(&self, t: f64, limit: f64) -> f64 {
        if self.information == 0.0 {
            return normal_survival(limit - self.drift * t.sqrt());
        }
        let (scale, shift, spread) = self.step(t);
        self.points
            .iter()
            .zip(&self.mass)
            .map(|(x, m)| m * normal_survival((limit - x * scale - shift) / spread))
            .sum()
    }

    /// Chance of being still in the trial and below `limit` at information `t`.
    fn below(&self, t: f64, limit: f64) -> f64 {
        if self.information == 0.0 {
            return normal_cdf(limit - self.drift * t.sqrt());
        }
        let (scale, shift, spread) = self.step(t);
        self.points
            .iter()
            .zip(&self.mass)
            .map(|(x, m)| m * normal_cdf((limit - x * scale - shift) / spread))
            .sum()
    }

    /// Goes on to information `t` with those between `low` and `high`.
    pub(super) fn advance(&mut self, t: f64, low: f64, high: f64) {
        const PANELS: usize = 3;
        let middle = self.drift * t.sqrt();
        let (low, high) = (low.max(middle - 10.5), high.min(middle + 10.5));
        let (mut points, mut mass) = (Vec::new(), Vec::new());
        if low < high {
            let half = 0.5 * (high - low) / PANELS as f64;
            let (scale, shift, spread) = self.step(t);
            for panel in 0..PANELS {
                let centre = low + half * (2 * panel + 1) as f64;
                for (x, w) in self.nodes.0.iter().zip(&self.nodes.1) {
                    let z = centre + half * x;
                    let density = if self.information == 0.0 {
                        normal_density(z - middle)
                    } else {
                        let mut sum = 0.0;
                        for (from, m) in self.points.iter().zip(&self.mass) {
                            let apart = (z - from * scale - shift) / spread;
                            // Beyond 9 standard deviations the density is below 1e-18.
                            if apart.abs() < 9.0 {
                                sum += m * libm::exp(-0.5 * apart * apart);
                            }
                        }
                        sum * normal_density(0.0) / spread
                    };
                    points.push(z);
                    mass.push(half * w * density);
                }
            }
        }
        self.points = points;
        self.mass = mass;
        self.information = t;
    }
}

/// Chances of crossing a lower and an upper boundary at each look, for a given drift.
///
/// Use infinite values where there is no boundary.
pub fn crossing_probabilities(lower: &[f64], upper: &[f64], information: &[f64], drift: f64) -> Crossing {
    let looks = information.len();
    let mut out = Crossing { above: Vec::with_capacity(looks), below: Vec::with_capacity(looks) };
    let full = information.last().copied().unwrap_or(1.0);
    let mut recursion = Recursion::new(drift);
    for k in 0..looks {
        let t = information[k] / full;
        out.above.push(recursion.above(t, upper[k]));
        out.below.push(recursion.below(t, lower[k]));
        if k + 1 < looks {
            recursion.advance(t, lower[k], upper[k]);
        }
    }
    out
}

fn check(information: &[f64]) -> Result<(), Reason> {
    let rising = information.windows(2).all(|w| w[0] < w[1]);
    match (information.first(), information.last()) {
        (Some(&first), Some(&last)) if rising && first > 0.0 && (last - 1.0).abs() < 1e-9 => Ok(()),
        _ => Err(Reason::OutOfRange),
    }
}

/// The upper efficacy boundary at each look that uses up `level` in its direction (0.025 as a rule).
///
/// With [`Sides::Two`] its mirror image stops the trial too. A look that may spend nothing has an infinite
/// boundary. `futility`, if given, is taken as binding: crossing it below returns error to be spent.
pub fn efficacy_boundary(
    rule: Boundary,
    level: f64,
    information: &[f64],
    sides: Sides,
    futility: Option<&[f64]>,
) -> Result<Vec<f64>, Reason> {
    check(information)?;
    let looks = information.len();
    let lower = |k: usize, upper: f64| match (sides, futility) {
        (Sides::Two, _) => -upper,
        (Sides::One, Some(f)) if k < f.len() => f[k],
        _ => f64::NEG_INFINITY,
    };
    let spent = |upper: &[f64]| {
        let lower: Vec<f64> = upper.iter().enumerate().map(|(k, &u)| lower(k, u)).collect();
        crossing_probabilities(&lower, upper, information, 0.0).ever_above()
    };
    match rule {
        Boundary::WangTsiatis(delta) => {
            let shape: Vec<f64> = information.iter().map(|t| libm::pow(*t, delta - 0.5)).collect();
            let scaled = |c: f64| -> Vec<f64> { shape.iter().map(|s| c * s).collect() };
            let c = root(|c| spent(&scaled(c)) - level, 0.5, 8.0)?;
            Ok(scaled(c))
        }
        Boundary::HaybittlePeto(constant) => {
            let with = |last: f64| -> Vec<f64> {
                (0..looks).map(|k| if k + 1 < looks { constant } else { last }).collect()
            };
            Ok(with(root(|last| spent(&with(last)) - level, 0.5, 9.0)?))
        }
        Boundary::Spending(function) => {
            let spent: Vec<f64> = information.iter().map(|&t| function.spent(t, level)).collect();
            boundary_for_spent(&spent, information, sides, futility)
        }
    }
}

/// The upper boundary that has spent the given error by each look, whatever the information there.
///
/// For looks that fall where they fall: `spent` may follow calendar time or the planned schedule while
/// `information` is what was found, in any unit. Only as many looks as have been reached are needed.
pub fn boundary_for_spent(
    spent: &[f64],
    information: &[f64],
    sides: Sides,
    futility: Option<&[f64]>,
) -> Result<Vec<f64>, Reason> {
    let rising = information.windows(2).all(|w| w[0] < w[1]);
    if !rising || information.first().is_none_or(|&t| t <= 0.0) {
        return Err(Reason::OutOfRange);
    }
    let mut recursion = Recursion::new(0.0);
    let mut upper = Vec::with_capacity(information.len());
    let mut before = 0.0;
    for (k, (&t, &now)) in information.iter().zip(spent).enumerate() {
        let increment = now - before;
        before = now;
        let bound = if increment <= 1e-16 {
            f64::INFINITY
        } else if k == 0 {
            -normal_quantile(increment)
        } else {
            root(|b| recursion.above(t, b) - increment, -5.0, 10.0)?
        };
        upper.push(bound);
        if k + 1 < information.len() {
            let low = match (sides, futility) {
                (Sides::Two, _) => -bound,
                (Sides::One, Some(f)) if k < f.len() => f[k],
                _ => f64::NEG_INFINITY,
            };
            recursion.advance(t, low, bound);
        }
    }
    Ok(upper)
}

/// What a futility boundary does to the error allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Futility {
    /// The trial must stop, so the efficacy boundary may be lower.
    Binding,
    /// The trial may go on: the efficacy boundary is that of the design without futility.
    NonBinding,
}

/// A one-sided design with an efficacy and a futility boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct FutilityDesign {
    pub efficacy: Vec<f64>,
    /// At each look; at the last it meets the efficacy boundary.
    pub futility: Vec<f64>,
    /// The drift at which the design has its power.
    pub drift: f64,
}

/// Boundaries that spend `alpha` under no effect and `beta` under the effect to be detected.
///
/// The drift is found at which the two boundaries meet at the last look. Pampallona, Tsiatis & Kim,
/// Drug Inf J 2001;35:1113.
pub fn spend_alpha_and_beta(
    alpha: (Spending, f64),
    beta: (Spending, f64),
    information: &[f64],
    kind: Futility,
) -> Result<FutilityDesign, Reason> {
    check(information)?;
    let looks = information.len();
    let free = efficacy_boundary(Boundary::Spending(alpha.0), alpha.1, information, Sides::One, None)?;
    let build = |drift: f64| -> Result<(Vec<f64>, Vec<f64>), Reason> {
        let (mut null, mut effect) = (Recursion::new(0.0), Recursion::new(drift));
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        let (mut alpha_before, mut beta_before) = (0.0, 0.0);
        for (k, &t) in information.iter().enumerate() {
            let alpha_now = alpha.0.spent(t, alpha.1);
            let beta_now = beta.0.spent(t, beta.1);
            let b = match kind {
                Futility::NonBinding => free[k],
                Futility::Binding => root(|b| null.above(t, b) - (alpha_now - alpha_before), -6.0, 10.0)?,
            };
            let a = root(|a| effect.below(t, a) - (beta_now - beta_before), -12.0, 12.0)?;
            (alpha_before, beta_before) = (alpha_now, beta_now);
            upper.push(b);
            lower.push(a);
            if k + 1 < looks {
                null.advance(t, a, b);
                effect.advance(t, a, b);
            }
        }
        Ok((lower, upper))
    };
    // A drift so high that the boundaries cross early leaves nobody to go on.
    let gap = |drift: f64| build(drift).map_or(1.0, |(lower, upper)| lower[looks - 1] - upper[looks - 1]);
    let fixed = -normal_quantile(alpha.1) - normal_quantile(beta.1);
    let mut high = fixed * 1.02;
    while gap(high) < 0.0 {
        high *= 1.05;
        if high > 3.0 * fixed {
            return Err(Reason::NoConvergence);
        }
    }
    let drift = root(gap, 0.98 * fixed, high)?;
    let (futility, efficacy) = build(drift)?;
    Ok(FutilityDesign { efficacy, futility, drift })
}

/// The drift at which a design rejects with the given power: above the upper boundary, and with
/// `both_tails` also below the lower one.
pub fn drift_for_power(
    lower: &[f64],
    upper: &[f64],
    information: &[f64],
    power: f64,
    both_tails: bool,
) -> Result<f64, Reason> {
    root(
        |drift| {
            let p = crossing_probabilities(lower, upper, information, drift);
            let below: f64 = if both_tails { p.below.iter().sum() } else { 0.0 };
            p.ever_above() + below - power
        },
        0.0,
        12.0,
    )
}

/// The drift of a trial without looks with the same level in one direction and power.
pub fn fixed_drift(level: f64, power: f64, sides: Sides) -> Result<f64, Reason> {
    let limit = -normal_quantile(level);
    match sides {
        Sides::One => Ok(limit + normal_quantile(power)),
        Sides::Two => root(|d| normal_survival(limit - d) + normal_cdf(-limit - d) - power, 0.0, 12.0),
    }
}

/// Chance of crossing the efficacy boundary at a later look, given the evidence `b` at look `at` (counted
/// from 0), for a drift at full information. With drift 0 it is the conditional rejection probability.
///
/// The increments still to come are a trial of their own with boundaries moved by what is known.
pub fn conditional_crossing(
    lower: &[f64],
    upper: &[f64],
    information: &[f64],
    at: usize,
    b: f64,
    drift: f64,
) -> f64 {
    let looks = information.len();
    if at + 1 >= looks {
        return f64::from(u8::from(b >= upper[looks - 1]));
    }
    let known = information[at];
    let full = information[looks - 1];
    let rest: Vec<f64> = information[at + 1..].iter().map(|t| (t - known) / (full - known)).collect();
    let moved = |bounds: &[f64]| -> Vec<f64> {
        (at + 1..looks)
            .map(|k| {
                let t = information[k];
                (bounds[k] * t.sqrt() - b * known.sqrt()) / (t - known).sqrt()
            })
            .collect()
    };
    let left = drift * ((full - known) / full).sqrt();
    crossing_probabilities(&moved(lower), &moved(upper), &rest, left).ever_above()
}

/// Where a trial stopped.
#[derive(Clone, Copy, Debug)]
pub struct Stopped<'a> {
    pub lower: &'a [f64],
    pub upper: &'a [f64],
    pub information: &'a [f64],
    /// Statistical information at the last planned look: 1/variance of the effect's estimate.
    pub full_information: f64,
    /// Look at which it stopped, counted from 0.
    pub look: usize,
    /// Evidence then, above 0 for benefit.
    pub evidence: f64,
}

impl Stopped<'_> {
    /// Standard error of the estimate at the look, stopping left aside.
    pub fn standard_error(&self) -> f64 {
        let share = self.information[self.look] / self.information[self.information.len() - 1];
        1.0 / (self.full_information * share).sqrt()
    }

    /// Effect as estimated without regard to stopping: too large on average after an early stop.
    pub fn naive_estimate(&self) -> f64 {
        self.evidence * self.standard_error()
    }

    /// Chance of a result at least as good in the stagewise order, for an effect `theta`: stopping for
    /// efficacy earlier, or here with as much evidence.
    pub fn stagewise_p(&self, theta: f64) -> f64 {
        let k = self.look;
        let mut upper = self.upper[..=k].to_vec();
        upper[k] = self.evidence;
        let drift = theta / self.standard_error();
        crossing_probabilities(&self.lower[..=k], &upper, &self.information[..=k], drift).ever_above()
    }

    /// The effect with stagewise chance `p`: the median-unbiased estimate at ½, limits at the tails.
    /// Fairbanks & Madsen, Biometrika 1982;69:69.
    pub fn effect_at(&self, p: f64) -> Result<f64, Reason> {
        let reach = 12.0 * self.standard_error();
        root(|theta| self.stagewise_p(theta) - p, -reach, reach)
    }

    /// The estimate as likely to be too high as too low.
    pub fn median_unbiased(&self) -> Result<f64, Reason> {
        self.effect_at(0.5)
    }

    /// Interval in the stagewise order.
    pub fn interval(&self, confidence: f64) -> Result<super::Interval, Reason> {
        let tail = 0.5 * (1.0 - confidence);
        Ok(super::Interval { lower: self.effect_at(tail)?, upper: self.effect_at(1.0 - tail)? })
    }

    /// Interval that holds whenever one looks: `(evidence ± boundary)·standard error`.
    /// Jennison & Turnbull, J R Stat Soc B 1989;51:305.
    pub fn repeated_interval(&self) -> super::Interval {
        let (se, reach) = (self.standard_error(), self.upper[self.look]);
        super::Interval { lower: (self.evidence - reach) * se, upper: (self.evidence + reach) * se }
    }
}

/// The smallest level at which the design would have rejected at this look: a P value valid however
/// often one looks.
pub fn repeated_p(rule: Boundary, information: &[f64], look: usize, evidence: f64) -> Result<f64, Reason> {
    let gap = |log_level: f64| {
        efficacy_boundary(rule, libm::exp(log_level), information, Sides::One, None)
            .map_or(f64::NAN, |b| b[look].min(1e6) - evidence)
    };
    Ok(libm::exp(root(gap, libm::log(1e-9), libm::log(0.4999))?))
}
