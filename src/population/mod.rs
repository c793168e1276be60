//! Who the patients are, and what happens to them under usual care.

pub mod columns;
mod copula;
pub mod describe;
pub mod document;
mod draft;
pub mod expression;
pub mod homogeneous;
mod maker;
pub mod outcome;
pub mod problem;
pub mod recorded;
pub mod registry;

pub use columns::{Columns, Covariate, CovariateKind, Dictionary};
pub use draft::Draft;
pub use expression::{Expression, Reading};
pub use homogeneous::Homogeneous;
pub use problem::Problem;
pub use registry::{Registry, Screening};

use crate::outcome::events::Events;
use crate::outcome::hazard::Regime;
use std::ops::Range;

/// A population that trials can enrol from.
#[derive(Clone, Debug)]
pub enum Population {
    /// Patients with covariates and risks of their own.
    Registry(Box<Registry>),
    /// Patients who are all alike, or alike within flags.
    Homogeneous(Homogeneous),
}

impl Population {
    /// What can happen; its order indexes rates and regimes.
    pub fn events(&self) -> &Events {
        match self {
            Self::Registry(r) => &r.outcome.events,
            Self::Homogeneous(h) => &h.events,
        }
    }

    /// The covariates, in the order of the columns.
    pub fn dictionary(&self) -> &Dictionary {
        match self {
            Self::Registry(r) => &r.dictionary,
            Self::Homogeneous(h) => &h.dictionary,
        }
    }

    /// All covariates of some rows.
    pub fn columns(&self, rows: Range<u64>) -> Columns {
        match self {
            Self::Registry(r) => r.columns(rows),
            Self::Homogeneous(h) => h.columns(rows),
        }
    }

    /// Screens rows from the first until `wanted` patients meet `rule` or `cap` rows were looked at.
    pub fn screen(&self, rule: &Expression, wanted: usize, cap: u64) -> Screening {
        match self {
            Self::Registry(r) => r.screen(rule, wanted, cap),
            Self::Homogeneous(h) => {
                let n = cap.min(wanted as u64).min(h.rows());
                Screening { columns: h.columns(0..n), screened: n }
            }
        }
    }

    /// Names of the classes of patients that the baseline regime tells apart.
    pub fn classes(&self) -> Vec<String> {
        match self {
            Self::Registry(r) => r.outcome.courses.clone(),
            Self::Homogeneous(h) => h.classes(),
        }
    }

    /// The class of one patient.
    pub fn class(&self, columns: &Columns, row: usize) -> usize {
        match self {
            Self::Registry(r) => r.outcome.class(columns, row),
            Self::Homogeneous(h) => h.class(columns, row),
        }
    }

    /// The rate of every event in one patient, to be multiplied by the regime's relative hazard.
    pub fn rates(&self, columns: &Columns, row: usize, out: &mut [f64]) {
        match self {
            Self::Registry(r) => r.outcome.rates(columns, row, out),
            Self::Homogeneous(_) => out.fill(1.0),
        }
    }

    /// How much sicker than usual one patient is, on the log hazard scale.
    pub fn risk(&self, columns: &Columns, row: usize) -> f64 {
        match self {
            Self::Registry(r) => r.outcome.risk(columns, row),
            Self::Homogeneous(_) => 0.0,
        }
    }

    /// Relative hazards under usual care.
    pub fn baseline_regime(&self) -> &Regime {
        match self {
            Self::Registry(r) => r.outcome.regime(),
            Self::Homogeneous(h) => &h.regime,
        }
    }
}
