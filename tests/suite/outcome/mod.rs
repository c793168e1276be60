//! Courses against a slow simulation, a plain twin, closed forms and identities.

mod course;
mod expectation;
mod kinds;
mod switching;
mod twin;
