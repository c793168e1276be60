//! Stop or go: two stages, with recruitment waiting for the look between them.

use super::{DesignState, Evidence, Fixed, Recruitment, Stage};
use crate::trial::{Trial, record::Decision};

/// A trial that goes on to its full size only if the first stage is good enough.
///
/// There is no claim of benefit at the first look, so the error of the last analysis is only lowered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopOrGo {
    /// Share of the patients in the first stage.
    pub first_stage: f64,
    /// The trial goes on if `−z` at the first look is above this.
    pub go_if_benefit_above: f64,
    /// The last analysis.
    pub last: Fixed,
}

impl StopOrGo {
    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let last = Stage::last(trial, state);
        match (state.made(), state.decision()) {
            (0, _) => Some(Stage {
                patients: (trial.patients as f64 * self.first_stage).round() as usize,
                recruitment: Recruitment::Waits,
                ..last
            }),
            (1, Decision::Continue) => Some(last),
            _ => None,
        }
    }

    pub(super) fn decide(&self, evidence: &mut Evidence) -> Decision {
        if evidence.look.stage.look > 1 {
            return self.last.decide(evidence);
        }
        let goes_on = -evidence.primary() > self.go_if_benefit_above;
        evidence.mark(if goes_on { Decision::Continue } else { Decision::Futility }, self.last.critical)
    }
}
