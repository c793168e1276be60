//! Courses against a slow simulation, closed forms and identities.

mod expectation;
mod switching;
