//! What happens to a patient: events, the hazards that make them, and end points defined on them.

pub mod events;
pub mod expectation;
mod exponential;
pub mod hazard;
pub mod switching;
