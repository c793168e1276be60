//! Solves what is not known from what is: registry parameters, anchors, roots in general.

pub mod aim;
pub mod blocks;
pub mod clustering;
pub mod cox_limit;
pub mod fitted;
pub mod large_trials;
pub mod marginal;
pub mod prior;
pub mod registry;
pub mod sheet;
pub mod solve;
mod statistics;
pub mod stratum;
pub mod target;
pub mod trial;
pub mod truth;

pub use registry::{Calibrated, CalibrationRow, calibrated, fit, is_out, table};
