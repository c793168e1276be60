//! Solves what is not known from what is: registry parameters, anchors, roots in general.

pub mod aim;
pub mod blocks;
pub mod cox_limit;
pub mod solve;
pub mod target;
