//! What a scenario states by its result: a knob of the recipe and what has to come out.

use crate::outcome::recipe::Knob;

/// Which patients of an arm a result is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adherence {
    /// Everybody gets the arm's treatment and nothing else.
    Full,
    /// Everybody gets what he gets from the start, and nobody bails out later.
    NoBailOut,
    /// With bail-outs and changes of arm.
    AsRun,
}

/// A result to be reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The risk of the first of `events` by a day, in one arm.
    Risk { arm: usize, events: Vec<usize>, by: f64, value: f64 },
    /// The ratio of two arms' risks of the first of `events`.
    RiskRatio { arm: usize, control: usize, events: Vec<usize>, by: f64, value: f64 },
    /// The value to which Cox's estimate of the first of `events` converges, censoring at `by`.
    HazardRatio { arm: usize, control: usize, events: Vec<usize>, by: f64, value: f64 },
    /// The share of an arm that bails out by a day through its `index`-th bail-out.
    BailOut { arm: usize, index: usize, by: f64, value: f64 },
}

/// One knob and the result it is turned for.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    pub knob: Knob,
    pub wanted: Wanted,
    pub adherence: Adherence,
    /// Whether each pool row belongs to the reference population.
    pub rows: Vec<bool>,
    /// The place in the scenario that states it.
    pub path: String,
    /// What it says, for reports.
    pub label: String,
}
