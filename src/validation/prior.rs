//! What finished trials say of the next: a random-effects distribution of log risk ratios of death.

use crate::statistics::normal_quantile;

/// One trial's log risk ratio of death, new treatment against usual care, with its variance.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// File of the trial.
    pub trial: String,
    pub log_ratio: f64,
    pub variance: f64,
}

/// The true effect of a new trial: normal on the log scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    pub mean: f64,
    /// Spread between trials and error of the mean together.
    pub sd: f64,
    /// Spread between trials.
    pub between: f64,
    pub trials: usize,
}

/// Points of the quadrature over a prior.
const POINTS: usize = 41;

impl Prior {
    /// The predictive distribution of a new trial's effect.
    ///
    /// DerSimonian & Laird, Control Clin Trials 1986;7:177; Higgins et al., J R Stat Soc A 2009;172:137.
    pub fn of(trials: &[Observed]) -> Self {
        let k = trials.len() as f64;
        let weighted = |between: f64| {
            let weight = |t: &Observed| 1.0 / (t.variance + between);
            let total: f64 = trials.iter().map(weight).sum();
            let mean = trials.iter().map(|t| weight(t) * t.log_ratio).sum::<f64>() / total;
            (mean, total)
        };
        if trials.len() < 2 {
            return Prior { mean: 0.0, sd: 0.5, between: 0.5, trials: trials.len() };
        }
        let (fixed, total) = weighted(0.0);
        let squares: f64 = trials.iter().map(|t| 1.0 / (t.variance * t.variance)).sum();
        let q: f64 = trials.iter().map(|t| (t.log_ratio - fixed).powi(2) / t.variance).sum();
        let between = ((q - (k - 1.0)) / (total - squares / total)).max(0.0);
        let (mean, total) = weighted(between);
        Prior { mean, sd: (between + 1.0 / total).sqrt(), between: between.sqrt(), trials: trials.len() }
    }

    /// Equally likely log ratios: the middles of equal slices.
    pub fn points(&self) -> Vec<f64> {
        let at = |i: usize| normal_quantile((i as f64 + 0.5) / POINTS as f64);
        (0..POINTS).map(|i| self.mean + self.sd * at(i)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(log_ratio: f64, variance: f64) -> Observed {
        Observed { trial: String::new(), log_ratio, variance }
    }

    /// Three alike: no spread between trials, the mean of all, a variance of a third.
    #[test]
    fn trials_alike_have_no_spread() {
        let prior = Prior::of(&[observed(-0.1, 0.03), observed(-0.1, 0.03), observed(-0.1, 0.03)]);
        assert!((prior.mean + 0.1).abs() < 1e-12 && prior.between == 0.0);
        assert!((prior.sd - 0.1).abs() < 1e-12);
    }

    /// Two trials at −1 and 1 with variance 0.5: Q = 4, so the spread's variance is (4 − 1)/(4 − 2) = 1.5.
    #[test]
    fn trials_apart_have_a_spread() {
        let prior = Prior::of(&[observed(-1.0, 0.5), observed(1.0, 0.5)]);
        assert!(prior.mean.abs() < 1e-12 && (prior.between * prior.between - 1.5).abs() < 1e-12);
        assert!((prior.sd * prior.sd - 2.5).abs() < 1e-12);
        let mean = prior.points().iter().sum::<f64>() / POINTS as f64;
        assert!(mean.abs() < 1e-9);
    }
}
