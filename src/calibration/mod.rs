//! Solves what is not known from what is: registry parameters, and roots in general.

pub mod aim;
pub mod target;
