//! Estimands: two arms, an end point, a summary measure.

use crate::analysis::comparison::Method;

/// How an estimate allows for the looks at which the trial could have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterStopping {
    /// Median-unbiased, with the interval of the stagewise order.
    Stagewise,
    /// Plain, with the interval that holds at every look.
    Repeated,
}

/// One comparison a trial reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimand {
    pub name: String,
    /// Index of the end point.
    pub endpoint: usize,
    /// Index of the arm hoped to do better.
    pub treatment: u8,
    /// Index of the arm it is compared with.
    pub control: u8,
    pub method: Method,
    /// Indices of the subgroups it is repeated in.
    pub subgroups: Vec<usize>,
    /// Index of the subgroup whose levels are the strata of a stratified test.
    pub strata: Option<usize>,
    /// Whether its estimate allows for stopping, in a group sequential design.
    pub after_stopping: Option<AfterStopping>,
}
