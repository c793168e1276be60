//! shocktrial: trial design and outcome simulation for cardiogenic shock.

pub mod statistics;
pub mod report;
