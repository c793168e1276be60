//! What a method is told beside the data.

use crate::statistics::{BetaRisk, CensoredOnTheDay, IntervalScale, NormalEffect, Ties};

/// Settings of an analysis.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Of every interval, such as 0.95.
    pub confidence: f64,
    /// How Cox's model handles events at one time.
    pub ties: Ties,
    /// The one time that curves are compared at.
    pub horizon: Option<f64>,
    /// Non-inferiority margin: on the scale of the method, a difference or a ratio.
    pub margin: Option<f64>,
    /// Whether a higher value, or the event, is a good thing: turns the sign of `z`.
    pub higher_is_better: bool,
    /// Scale of a survival interval.
    pub interval: IntervalScale,
    /// Of the Fleming-Harrington weights.
    pub rho: f64,
    pub gamma: f64,
    /// Time from which an effect is expected, of the modest weights.
    pub delay: Option<f64>,
    /// Prior of each arm's risk.
    pub prior_risk: BetaRisk,
    /// Prior of a log hazard ratio.
    pub prior_effect: NormalEffect,
    /// The cause of interest.
    pub of: u8,
    /// Who wins a pair in which one is censored on the day of the other's event.
    pub on_the_day: CensoredOnTheDay,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            confidence: super::comparison::CONFIDENCE,
            ties: Ties::Efron,
            horizon: None,
            margin: None,
            higher_is_better: false,
            interval: IntervalScale::LogLog,
            rho: 0.0,
            gamma: 1.0,
            delay: None,
            prior_risk: BetaRisk::UNIFORM,
            prior_effect: NormalEffect { mean: 0.0, deviation: 10.0 },
            of: 1,
            on_the_day: CensoredOnTheDay::Wins,
        }
    }
}
