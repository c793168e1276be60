//! The fixed design: one analysis, when everybody is followed up.

use super::{DesignState, Evidence, Recruitment, Stage, When, beyond};
use crate::{
    statistics::normal_quantile,
    trial::{Trial, record::Decision},
};

/// One analysis at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    /// Benefit is shown when `z < −critical`, harm when `z > critical`.
    pub critical: f64,
}

impl Fixed {
    /// The design with error `alpha` in each direction.
    pub fn new(alpha: f64) -> Self {
        Fixed { critical: -normal_quantile(alpha) }
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        (state.made() == 0).then(|| Stage::last(trial, state))
    }

    /// The last analysis; without an answer nothing is shown.
    pub(super) fn decide(&self, evidence: &mut Evidence) -> Decision {
        evidence.mark(beyond(evidence.primary(), self.critical), self.critical)
    }
}

impl Stage {
    /// The last stage: everybody planned is enrolled and followed up to the end.
    pub fn last(trial: &Trial, state: &DesignState) -> Self {
        Stage {
            look: state.made() as u8 + 1,
            when: When::Followed(trial.follow_up),
            patients: state.patients,
            recruitment: Recruitment::GoesOn,
            lag: 0.0,
        }
    }
}
