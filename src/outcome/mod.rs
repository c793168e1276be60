//! What happens to a patient: events, the hazards that make them, and end points defined on them.

pub mod circumstances;
pub mod course;
pub mod endpoint;
pub mod events;
pub mod expectation;
pub mod exponential;
pub mod hazard;
pub mod kinds;
pub mod measurement;
pub mod recipe;
pub mod switching;
