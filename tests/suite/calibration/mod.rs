//! Roots, limits of estimators, and the registry against its targets.

mod cox_limit;
mod registry;
mod solve;
