//! A factorial trial: two treatments at once, each against its absence.

use super::{Evidence, family::Hypothesis};
use crate::{statistics::normal_quantile, trial::record::Decision};

/// Two factors and their interaction, each tested at the full level when everybody has been followed up.
///
/// No correction is made for two questions: the chance of a false claim about either is up to twice the
/// level. A factor's effect is an average over the levels of the other, so an interaction changes what is
/// estimated.
#[derive(Clone, Debug, PartialEq)]
pub struct Factorial {
    pub level: f64,
    pub factors: Vec<Hypothesis>,
    /// The estimand of the interaction: a difference of effects.
    pub interaction: Option<usize>,
}

impl Factorial {
    /// The critical value of a factor.
    pub fn critical(&self) -> f64 {
        -normal_quantile(self.level)
    }

    /// Marks every row and decides the trial.
    pub fn decide(&self, evidence: &mut Evidence) -> Decision {
        evidence.mark_all(self.critical());
        let claimed = |decision| {
            let is = |row: &super::Row| self.factors.iter().any(|&h| super::family::is_of(row, h));
            evidence.rows.iter().any(|row| is(row) && row.decision == decision)
        };
        if claimed(Decision::Benefit) {
            Decision::Benefit
        } else if claimed(Decision::Harm) {
            Decision::Harm
        } else {
            Decision::None
        }
    }
}
