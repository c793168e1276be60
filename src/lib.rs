//! shocktrial: trial design and outcome simulation for cardiogenic shock.
//!
//! The modules are the rooms of a corridor, in the order things happen; each uses only what comes
//! before it.

pub mod error;
pub mod stop;
pub mod units;
pub mod vector;

pub mod random;

pub mod evidence;

pub mod statistics;

pub mod cohort;
pub mod population;

pub mod outcome;

pub mod analysis;

pub mod trial;

pub mod calibration;

pub mod scenario;

pub mod simulation;

pub mod operating;

pub mod sizing;

pub mod validation;

pub mod report;

#[cfg(feature = "serve")]
pub mod serve;

pub mod cli;
