//! The size of a log-rank trial by following both arms in small steps. Lakatos, Biometrics 1988;44:229.

use statrs::distribution::{ContinuousCDF, Normal};

/// Patients in two equal arms with constant hazards that give the risks by `horizon` days, everybody followed
/// that long: the log-rank test shows benefit with `power` at one-sided `level`.
///
/// In each step the deaths `d` fall on the experimental arm with chance `φθ/(1 + φθ)`, `φ` the ratio of the
/// numbers at risk and `θ` that of the hazards; without an effect it would be `φ/(1 + φ)`.
pub fn patients(control: f64, treatment: f64, horizon: f64, level: f64, power: f64) -> f64 {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let hazards = [control, treatment].map(|risk: f64| -(1.0 - risk).ln() / horizon);
    let steps = 20_000;
    let width = horizon / f64::from(steps);
    let theta = hazards[1] / hazards[0];
    let (mut excess, mut null, mut own) = (0.0, 0.0, 0.0);
    for step in 0..steps {
        let time = (f64::from(step) + 0.5) * width;
        let at_risk = hazards.map(|h| 0.5 * (-h * time).exp());
        let deaths: f64 = at_risk.iter().zip(hazards).map(|(r, h)| r * h * width).sum();
        let phi = at_risk[1] / at_risk[0];
        let (with, without) = (phi * theta / (1.0 + phi * theta), phi / (1.0 + phi));
        excess += deaths * (with - without);
        null += deaths * without * (1.0 - without);
        own += deaths * with * (1.0 - with);
    }
    let (a, b) = (normal.inverse_cdf(1.0 - level), normal.inverse_cdf(power));
    let sum = a * null.sqrt() + b * own.sqrt();
    sum * sum / (excess * excess)
}
