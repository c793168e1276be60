//! The hazard ratio to which a trial's own Cox estimator converges.

use super::solve::{NoRoot, root};

/// The marginal fate of one arm on rising days: who is still at risk, and who has had the end point.
///
/// For death from any cause the two add up to 1; with competing events they do not.
#[derive(Clone, Copy, Debug)]
pub struct Arm<'a> {
    pub at_risk: &'a [f64],
    pub happened: &'a [f64],
    /// Share of the patients allocated to the arm.
    pub share: f64,
}

/// How follow-up ends other than by the end point.
#[derive(Clone, Copy, Debug)]
pub struct Censoring {
    /// Everybody is censored on this day.
    pub horizon: f64,
    /// Hazard of loss to follow-up, per day.
    pub loss_per_day: f64,
}

/// Parts a step between two given days is cut into.
const PARTS: usize = 32;

/// Limit of the Cox partial-likelihood estimate of the hazard ratio, treatment to control.
///
/// With `Y` the probability of being at risk, `F` the incidence, `a` the shares and
/// `p(t) = a₁·e^b·Y₁ / (a₀·Y₀ + a₁·e^b·Y₁)`, it is the root `b` of
/// `∫ [a₁·(1 − p)·dF₁ − a₀·p·dF₀]·G`, `G` being the probability of not yet being lost.
/// Between two given days at-risk probabilities are taken as exponential.
///
/// Struthers & Kalbfleisch, Biometrika 1986;73:363.
pub fn cox_limit(days: &[f64], control: Arm, treatment: Arm, censoring: Censoring) -> Result<f64, NoRoot> {
    let mut parts: Vec<[f64; 4]> = Vec::new();
    let mut from = (0.0_f64, [1.0_f64; 2], [0.0_f64; 2]);
    for (d, &day) in days.iter().enumerate().filter(|(_, day)| **day <= censoring.horizon) {
        let at_risk = [control.at_risk[d], treatment.at_risk[d]];
        let happened = [control.happened[d], treatment.happened[d]];
        for part in 0..PARTS {
            let (start, middle, end) = (
                part as f64 / PARTS as f64,
                (part as f64 + 0.5) / PARTS as f64,
                (part as f64 + 1.0) / PARTS as f64,
            );
            let g = libm::exp(-censoring.loss_per_day * (from.0 + middle * (day - from.0)));
            let arm = |i: usize| {
                let ratio = (at_risk[i].max(1e-300)) / (from.1[i].max(1e-300));
                let y = |s: f64| from.1[i] * libm::pow(ratio, s);
                let lost = from.1[i] - at_risk[i];
                // what happens falls off like those at risk
                let share = if lost.abs() > 1e-12 { (y(start) - y(end)) / lost } else { end - start };
                (y(middle), share * (happened[i] - from.2[i]))
            };
            let ((y0, f0), (y1, f1)) = (arm(0), arm(1));
            parts.push([
                control.share * y0,
                control.share * f0 * g,
                treatment.share * y1,
                treatment.share * f1 * g,
            ]);
        }
        from = (day, at_risk, happened);
    }
    let score = |b: f64| {
        let ratio = libm::exp(b);
        let term = |[y0, f0, y1, f1]: &[f64; 4]| {
            let total = y0 + ratio * y1;
            if total > 0.0 { (f1 * y0 - f0 * ratio * y1) / total } else { 0.0 }
        };
        parts.iter().map(term).sum::<f64>()
    };
    let ratio = |curve: Arm| curve.happened.last().copied().unwrap_or(0.0).max(1e-9);
    let start = libm::log(ratio(treatment) / ratio(control));
    root(score, 0.0, start, [-20.0, 20.0], 1e-13).map(libm::exp)
}
