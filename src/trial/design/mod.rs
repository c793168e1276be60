//! Designs: when the trial looks, and what it decides.

pub mod fixed;
pub mod stop_or_go;

use crate::trial::record::Decision;
pub use fixed::Fixed;
pub use stop_or_go::StopOrGo;

/// A design, one variant per kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Design {
    Fixed(Fixed),
    StopOrGo(StopOrGo),
}

/// What happens between two looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Number of the look that ends the stage, from 1.
    pub look: u8,
    /// Patients enrolled by then.
    pub patients: usize,
}

impl Design {
    /// The stage after `stage`, or the first; `None` when the trial is over.
    pub fn next_stage(&self, before: Option<(Stage, Decision)>, most: usize) -> Option<Stage> {
        match self {
            Design::Fixed(design) => design.next_stage(before, most),
            Design::StopOrGo(design) => design.next_stage(before, most),
        }
    }

    /// What the primary comparison decides at a look. `z` is below zero when the treatment does better,
    /// NaN if there is no answer.
    pub fn decide(&self, stage: Stage, z: f64) -> Decision {
        match self {
            Design::Fixed(design) => design.decide(z),
            Design::StopOrGo(design) => design.decide(stage, z),
        }
    }

    /// The `z` beyond which a comparison is significant in one direction, for all that is not the primary.
    pub fn critical(&self) -> f64 {
        match self {
            Design::Fixed(design) => design.critical,
            Design::StopOrGo(design) => design.last.critical,
        }
    }
}
