//! What an estimand is to show: that the treatment is better, not much worse, or much the same.

use crate::{
    analysis::comparison::{Comparison, Method, Summary, Test},
    statistics::{Reason, ScoreVariance, TwoByTwo, two_sided_p},
};

/// What is claimed; margins are above 0, on the analysis scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Claim {
    /// The treatment is better.
    Superiority,
    /// The treatment is worse by less than the margin.
    NonInferiority(f64),
    /// The treatment is neither worse nor better by as much as the margin: two one-sided tests.
    ///
    /// Schuirmann, J Pharmacokinet Biopharm 1987;15:657.
    Equivalence(f64),
}

/// How near the truth is to a margin that it counts as on it, on the analysis scale.
const ON_MARGIN: f64 = 1e-3;

impl Claim {
    /// The test a margin takes: of the risks themselves where there is one, else of the estimate.
    fn scored(method: Method) -> bool {
        method.test == Test::ChiSquare
            && matches!(method.summary, Summary::RiskDifference | Summary::RiskRatio)
    }

    /// Whether a margin can be tested this way.
    pub fn fits(self, method: Method) -> bool {
        let of_the_estimate = !matches!(
            method.test,
            Test::ChiSquare
                | Test::FisherDoubled
                | Test::MantelHaenszelByPeriod
                | Test::LogRank
                | Test::StratifiedLogRank
                | Test::MannWhitney
                | Test::VanElteren
                | Test::FinkelsteinSchoenfeld
        );
        self == Claim::Superiority || of_the_estimate || Claim::scored(method)
    }

    /// The name of the method in tables.
    pub fn method_name(self, method: Method) -> &'static str {
        match (self, method.summary) {
            (Claim::Superiority, _) => method.name(),
            (_, Summary::RiskDifference) if Claim::scored(method) => "farrington_manning",
            (_, Summary::RiskRatio) if Claim::scored(method) => "risk_ratio_margin",
            _ => method.name(),
        }
    }

    /// Turns a comparison into the test of this claim: the statistic is below 0 in its favour.
    ///
    /// Farrington & Manning, Stat Med 1990;9:1447, for risk differences; the score test of a ratio for risk
    /// ratios; Wald's for all others.
    pub fn restate(self, comparison: &mut Comparison, method: Method, higher_is_better: bool) {
        let margin = match self {
            Claim::Superiority => return,
            Claim::NonInferiority(margin) | Claim::Equivalence(margin) => margin,
        };
        let sign = if higher_is_better { -1.0 } else { 1.0 };
        // `z` against an effect of `worse` on the side of harm.
        let against = |worse: f64| z(comparison, method, sign * worse).map(|z| sign * z);
        let statistic = match self {
            Claim::Equivalence(_) => against(margin).and_then(|up| Ok(up.max(-against(-margin)?))),
            _ => against(margin),
        };
        match statistic {
            Ok(z) => {
                (comparison.statistic, comparison.p_value, comparison.reason) = (z, two_sided_p(z), None);
            }
            Err(reason) => {
                (comparison.statistic, comparison.p_value) = (f64::NAN, f64::NAN);
                comparison.reason = Some(reason);
            }
        }
    }

    /// Whether a run's claims are errors: without effect, or with a true effect on the margin.
    pub fn is_error(self, null: bool, truth: f64, higher_is_better: bool) -> bool {
        let worse = if higher_is_better { -truth } else { truth };
        match self {
            Claim::Superiority => null,
            Claim::NonInferiority(margin) => (worse - margin).abs() < ON_MARGIN,
            Claim::Equivalence(margin) => (worse.abs() - margin).abs() < ON_MARGIN,
        }
    }
}

/// The statistic against a true effect of `effect` on the analysis scale.
fn z(comparison: &Comparison, method: Method, effect: f64) -> Result<f64, Reason> {
    let c = comparison;
    if Claim::scored(method) {
        if c.n_treatment == 0 || c.n_control == 0 {
            return Err(Reason::EmptyArm);
        }
        let table = TwoByTwo {
            events_treatment: c.events_treatment,
            n_treatment: c.n_treatment,
            events_control: c.events_control,
            n_control: c.n_control,
        };
        let test = match method.summary {
            Summary::RiskDifference => table.difference_test(effect, ScoreVariance::Plain)?,
            _ => table.ratio_test(libm::exp(effect), ScoreVariance::Plain)?,
        };
        return Ok(test.z);
    }
    if c.estimate.is_nan() || c.se.is_nan() || c.se <= 0.0 {
        return Err(c.reason.unwrap_or(Reason::NoVariance));
    }
    Ok((c.estimate - effect) / c.se)
}
