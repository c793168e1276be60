//! The fixed design: one analysis, when everybody is followed up.

use super::Stage;
use crate::{statistics::normal_quantile, trial::record::Decision};

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

    pub(super) fn next_stage(&self, before: Option<(Stage, Decision)>, most: usize) -> Option<Stage> {
        before.is_none().then_some(Stage { look: 1, patients: most })
    }

    /// The decision on `z`; without an answer nothing is shown.
    pub fn decide(&self, z: f64) -> Decision {
        if z < -self.critical {
            Decision::Benefit
        } else if z > self.critical {
            Decision::Harm
        } else {
            Decision::None
        }
    }
}
