//! Assurance: what is expected of a trial when its effect is not taken for granted.

use super::Share;

/// Shares of replicates that reject, by stratum of the prior.
#[derive(Clone, Debug, PartialEq)]
pub struct Strata {
    pub shares: Vec<Share>,
}

impl Strata {
    /// The chance, before the trial, that it shows a benefit.
    pub fn assurance(&self) -> Share {
        Share::mean(&self.shares)
    }

    /// The part of the assurance that comes from effects in the middle half of the prior, those it finds
    /// likely: `NaN` without any assurance. The rest comes nearly all from effects better than that.
    pub fn from_likely(&self) -> f64 {
        let quarter = self.shares.len() / 4;
        let sum = |shares: &[Share]| shares.iter().map(|s| s.value).sum::<f64>();
        let all = sum(&self.shares);
        if all > 0.0 { sum(&self.shares[quarter..self.shares.len() - quarter]) / all } else { f64::NAN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calibration::prior::{Prior, STRATA},
        statistics::{normal_cdf, normal_survival},
    };

    /// For a normal power curve Φ(a·share − z) and a normal prior the assurance is
    /// Φ((a·mean − z)/√(1 + a²·sd²)).
    #[test]
    fn strata_give_the_closed_form() {
        for (a, prior) in [(2.8, Prior { mean: 0.3, sd: 0.29 }), (3.24, Prior { mean: 1.0, sd: 0.5 })] {
            let strata = prior.strata(STRATA);
            let shares = strata.iter().map(|s| Share { value: normal_survival(1.96 - a * s), mcse: 0.0 });
            let got = Strata { shares: shares.collect() }.assurance().value;
            let exact = normal_cdf((a * prior.mean - 1.96) / (1.0 + a * a * prior.sd * prior.sd).sqrt());
            assert!((got - exact).abs() < 1e-3, "{got} {exact}");
        }
    }
}
