//! Courses against a slow simulation, a plain twin, closed forms and identities.

mod course;
mod expectation;
pub mod kinds;
pub mod slow;
mod switching;
mod twin;
