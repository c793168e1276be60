//! The boundaries of a group sequential design at its planned information, and what follows from them.

use super::group_sequential::{Futility, Rule};
use crate::statistics::{
    self, Boundary, Crossing, Reason, Sides, Spending, boundary_for_spent, crossing_probabilities,
    drift_for_power, efficacy_boundary, fixed_drift, spend_alpha_and_beta,
};

/// When to give up, before its numbers are worked out.
#[derive(Clone, Debug, PartialEq)]
pub enum FutilityPlan {
    Never,
    Below(Vec<f64>),
    /// `power` is the design's at the effect assumed; without it the trend so far is assumed.
    ConditionalPower {
        least: f64,
        power: Option<f64>,
    },
    PredictivePower(f64),
    BetaSpending {
        spending: Spending,
        power: f64,
    },
}

/// A design as stated.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Shares of the information, the last 1.
    pub information: Vec<f64>,
    pub rule: Rule,
    /// Bounds, if the rule is that they are stated.
    pub stated: Vec<f64>,
    /// Error in the direction of benefit.
    pub level: f64,
    pub sides: Sides,
    pub futility: FutilityPlan,
    pub binding: bool,
}

impl Plan {
    fn benefit(&self, futility: Option<&[f64]>) -> Result<Vec<f64>, Reason> {
        match &self.rule {
            Rule::Exact(family) => {
                efficacy_boundary(*family, self.level, &self.information, self.sides, futility)
            }
            Rule::Spending(function) => {
                let rule = Boundary::Spending(*function);
                efficacy_boundary(rule, self.level, &self.information, self.sides, futility)
            }
            Rule::SpentBy(spent) => boundary_for_spent(spent, &self.information, self.sides, futility),
            Rule::Stated => Ok(self.stated.clone()),
        }
    }

    /// The bounds for benefit, and the rule for futility with its numbers.
    pub fn solve(&self) -> Result<(Vec<f64>, Futility), Reason> {
        let free = self.benefit(None)?;
        let looks = self.information.len();
        let bound = |futility: &Futility, last: f64| -> Vec<f64> {
            self.information.iter().enumerate().map(|(k, &t)| futility.bound(k, t, last)).collect()
        };
        let futility = match &self.futility {
            FutilityPlan::Never => return Ok((free, Futility::Never)),
            FutilityPlan::Below(bounds) => Futility::Below(bounds.clone()),
            FutilityPlan::PredictivePower(least) => Futility::PredictivePower(*least),
            FutilityPlan::ConditionalPower { least, power } => {
                let nothing = vec![f64::NEG_INFINITY; looks];
                let drift = |power: f64| drift_for_power(&nothing, &free, &self.information, power, false);
                Futility::ConditionalPower { least: *least, assuming: power.map(drift).transpose()? }
            }
            FutilityPlan::BetaSpending { spending, power } => {
                let Rule::Spending(function) = &self.rule else { return Err(Reason::OutOfRange) };
                let kind = if self.binding {
                    statistics::Futility::Binding
                } else {
                    statistics::Futility::NonBinding
                };
                let beta = (*spending, 1.0 - power);
                let design = spend_alpha_and_beta((*function, self.level), beta, &self.information, kind)?;
                return Ok((design.efficacy, Futility::Below(design.futility[..looks - 1].to_vec())));
            }
        };
        if !self.binding {
            return Ok((free, futility));
        }
        // Giving up returns error to the bounds for benefit, and those may move the rule for giving up.
        let mut upper = free;
        for _ in 0..60 {
            let next = self.benefit(Some(&bound(&futility, upper[looks - 1])))?;
            let moved = next.iter().zip(&upper).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            upper = next;
            if moved < 1e-10 || matches!(futility, Futility::Below(_)) {
                return Ok((upper, futility));
            }
        }
        Err(Reason::NoConvergence)
    }
}

/// What follows from boundaries: chances of crossing, information needed and used.
#[derive(Clone, Debug, PartialEq)]
pub struct Characteristics {
    /// Drift at which the design has its power.
    pub drift: f64,
    pub null: Crossing,
    pub alternative: Crossing,
    /// Information of the design as a multiple of that of a trial without looks.
    pub inflation: f64,
    /// Expected information, as a share of the design's, without effect and with.
    pub expected: [f64; 2],
}

impl Characteristics {
    /// For a power, with boundaries below and above at shares of information.
    ///
    /// A two-sided test counts crossing on either side as power, as its comparator without looks does.
    pub fn new(
        lower: &[f64],
        upper: &[f64],
        information: &[f64],
        level: f64,
        power: f64,
        sides: Sides,
    ) -> Result<Self, Reason> {
        let drift = drift_for_power(lower, upper, information, power, sides == Sides::Two)?;
        let inflation = drift / fixed_drift(level, power, sides)?;
        let crossing = |drift| crossing_probabilities(lower, upper, information, drift);
        let (null, alternative) = (crossing(0.0), crossing(drift));
        let expected = [&null, &alternative].map(|p| p.expected_information(information));
        Ok(Characteristics { drift, null, alternative, inflation: inflation * inflation, expected })
    }
}
