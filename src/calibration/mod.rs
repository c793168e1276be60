//! Solves what is not known from what is: registry parameters, anchors, roots in general.

pub mod aim;
pub mod blocks;
pub mod cox_limit;
pub mod marginal;
pub mod solve;
pub mod target;
pub mod trial;
pub mod truth;
