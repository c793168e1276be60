//! When a patient changes to another treatment: the law of bail-out and crossover.

use super::hazard::PiecewiseHazard;

/// A drawn switch: how probable none is, and when and to which one it is if there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switch {
    /// Probability of no switch by the horizon, were the patient to stay alive in hospital.
    pub none: f64,
    /// The day of the switch, given that there is one by the horizon.
    pub day: f64,
    /// Which of the hazards brings it.
    pub which: usize,
}

/// Draws a switch by `horizon` for a patient with several competing hazards `rate·hazard`.
///
/// `u` places the day within its law and `v` the cause among the hazards of that day; both are uniform,
/// `u` best stratified over patients, so that a mean over patients is nearly free of chance.
/// The course of an arm is then `none · (no switch) + (1 − none) · (switch on that day)`.
pub fn draw(rates: &[f64], hazards: &[&PiecewiseHazard], horizon: f64, u: f64, v: f64) -> Switch {
    let cumulative = |t: f64| rates.iter().zip(hazards).map(|(r, h)| r * h.cumulative(t)).sum::<f64>();
    let none = libm::exp(-cumulative(horizon));
    let wanted = -libm::log1p(-u * (1.0 - none));
    let mut start = 0.0;
    let mut so_far = 0.0;
    let day = loop {
        let next = hazards.iter().flat_map(|h| h.knots()).filter(|&k| k > start).fold(horizon, f64::min);
        let rate: f64 = rates.iter().zip(hazards).map(|(r, h)| r * h.at(start)).sum();
        if (rate > 0.0 && so_far + rate * (next - start) >= wanted) || next >= horizon {
            break if rate > 0.0 { (start + (wanted - so_far) / rate).min(horizon) } else { horizon };
        }
        so_far += rate * (next - start);
        start = next;
    };
    let at: Vec<f64> = rates.iter().zip(hazards).map(|(r, h)| r * h.at(start)).collect();
    let mut left = v * at.iter().sum::<f64>();
    let mut which = 0;
    while which + 1 < at.len() && left >= at[which] {
        left -= at[which];
        which += 1;
    }
    Switch { none, day, which }
}
