//! What is thought of an effect before the trial.

use crate::{evidence::finished_trials, outcome::recipe::Recipe, statistics::normal_quantile, trial::Trial};

/// What is thought, before the trial, of the share of the stated benefit that is true: normal.
///
/// A share multiplies the log hazard ratios by which the treatment does good: 1 is the benefit as stated,
/// ½ half of it, 0 none, below 0 harm. What the treatment does for the worse is not in doubt.
/// O'Hagan, Stevens & Campbell, Pharm Stat 2005;4:187.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    pub mean: f64,
    pub sd: f64,
}

impl Prior {
    /// The prior that finished trials of shock suggest: what a new trial's share may be if it is one more of
    /// their kind. Random effects by DerSimonian and Laird (Control Clin Trials 1986;7:177), the spread
    /// that of a new trial.
    pub fn from_finished_trials() -> Self {
        let trials = finished_trials();
        let weight: Vec<f64> = trials.iter().map(|t| 1.0 / (t.error * t.error)).collect();
        let total: f64 = weight.iter().sum();
        let mean = trials.iter().zip(&weight).map(|(t, w)| t.share * w).sum::<f64>() / total;
        let q: f64 = trials.iter().zip(&weight).map(|(t, w)| w * (t.share - mean) * (t.share - mean)).sum();
        let square: f64 = weight.iter().map(|w| w * w).sum();
        let between = ((q - (trials.len() as f64 - 1.0)) / (total - square / total)).max(0.0);
        let weight: Vec<f64> = trials.iter().map(|t| 1.0 / (t.error * t.error + between)).collect();
        let total: f64 = weight.iter().sum();
        let mean = trials.iter().zip(&weight).map(|(t, w)| t.share * w).sum::<f64>() / total;
        Prior { mean, sd: (between + 1.0 / total).sqrt() }
    }

    /// The share that a part of the prior lies below.
    pub fn quantile(&self, part: f64) -> f64 {
        self.mean + self.sd * normal_quantile(part)
    }

    /// The middles of `n` strata of equal chance, rising.
    pub fn strata(&self, n: usize) -> Vec<f64> {
        (0..n).map(|k| self.quantile((k as f64 + 0.5) / n as f64)).collect()
    }

    /// The trial at each stratum of the prior: `recipe` is what its course was made from.
    pub fn trials(&self, recipe: &Recipe, trial: &Trial, n: usize) -> Vec<Trial> {
        self.strata(n).into_iter().map(|share| at_share(recipe, trial, share)).collect()
    }
}

/// A trial whose treatment does a share of the good it is said to do.
pub fn at_share(recipe: &Recipe, trial: &Trial, share: f64) -> Trial {
    let arm = usize::from(trial.estimands[0].treatment);
    Trial { course: recipe.clone().with_benefit(arm, share).course(), ..trial.clone() }
}

/// Strata of a prior: few enough to prepare, enough that the midpoint rule errs by less than 0.001.
pub const STRATA: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand on the six shares: 0.301, between-trial variance 0.0555.
    #[test]
    fn finished_trials_promise_a_third_of_what_was_hoped() {
        let prior = Prior::from_finished_trials();
        assert!((prior.mean - 0.3007).abs() < 5e-4 && (prior.sd - 0.2859).abs() < 5e-4, "{prior:?}");
    }
}
