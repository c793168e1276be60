//! Co-primary questions: the trial succeeds if every one of them does.

use super::{DesignState, Evidence, Hypothesis, Stage, beyond};
use crate::{
    statistics::normal_quantile,
    trial::{
        Trial,
        record::{Decision, Slice},
    },
};

/// One analysis of several estimands, each at the full error; all have to show benefit.
///
/// Testing all at the full level keeps the error, and costs power: each question can fail the trial.
#[derive(Clone, Debug, PartialEq)]
pub struct CoPrimary {
    pub hypotheses: Vec<Hypothesis>,
    /// Benefit is shown when `z < −critical`, for each.
    pub critical: f64,
}

impl CoPrimary {
    /// The design with error `alpha` in each direction, on some estimands by index.
    pub fn new(estimands: Vec<usize>, alpha: f64) -> Self {
        let hypothesis = |estimand| Hypothesis { estimand, slice: Slice::All };
        let hypotheses = estimands.into_iter().map(hypothesis).collect();
        CoPrimary { hypotheses, critical: -normal_quantile(alpha) }
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        (state.made() == 0).then(|| Stage::last(trial, state))
    }

    pub(super) fn decide(&self, evidence: &mut Evidence) -> Decision {
        let primary = beyond(evidence.primary(), self.critical);
        evidence.mark(primary, self.critical);
        let all = |wanted: Decision| {
            self.hypotheses.iter().all(|h| {
                evidence.rows.iter().any(|row| {
                    usize::from(row.estimand) == h.estimand && row.slice == h.slice && row.decision == wanted
                })
            })
        };
        if all(Decision::Benefit) {
            Decision::Benefit
        } else if all(Decision::Harm) {
            Decision::Harm
        } else {
            Decision::None
        }
    }
}
