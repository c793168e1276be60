//! How large a trial has to be: sizes and effects searched by simulation, and what is expected of them.
//!
//! A trial is simulated at many sizes on the same patients. What is read off is the power estimated at each
//! size; a smooth curve only says where to look.

pub mod assured;
pub mod closed_form;
pub mod curve;
pub mod ladder;
pub mod resources;
pub mod search;
pub mod study;
pub mod tables;
pub mod tiers;

pub use assured::Strata;
pub use closed_form::{ClosedForm, closed_form};
pub use ladder::{Effects, Ladder, Sizes};
pub use resources::{Resources, resources, sites_for};
pub use search::{Asked, Found, Outcome, search};
pub use study::{Find, Goal, Question, Study, study};

/// A share of replicates, with its Monte Carlo standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub value: f64,
    pub mcse: f64,
}

impl Share {
    /// `count` of `replicates`.
    pub fn of(count: u64, replicates: u64) -> Self {
        let value = count as f64 / replicates as f64;
        Share { value, mcse: (value * (1.0 - value) / replicates as f64).sqrt() }
    }

    /// The mean of shares of equal weight, each from replicates of its own.
    pub fn mean(shares: &[Share]) -> Self {
        let n = shares.len() as f64;
        let value = shares.iter().map(|s| s.value).sum::<f64>() / n;
        let square: f64 = shares.iter().map(|s| s.mcse * s.mcse).sum();
        Share { value, mcse: square.sqrt() / n }
    }

    /// Whether it is shown to be below `target`: by 1.96 Monte Carlo standard errors.
    pub fn below(&self, target: f64) -> bool {
        self.value + Z95 * self.mcse < target
    }

    /// Whether it is shown to be at or above `target`.
    pub fn above(&self, target: f64) -> bool {
        self.value - Z95 * self.mcse >= target
    }
}

/// Multiplier of a standard error for a 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;
