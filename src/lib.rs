//! shocktrial: trial design and outcome simulation for cardiogenic shock.
//!
//! The modules are the rooms of a corridor, in the order things happen; each uses only what comes
//! before it.

pub mod random;
pub mod units;

pub mod evidence;

pub mod statistics;

pub mod population;

pub mod outcome;

pub mod calibration;

pub mod report;
