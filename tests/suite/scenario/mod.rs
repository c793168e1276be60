//! Scenarios are tests: those that work, and those that are wrong beside what is said about them.

mod broken;
mod limits;
mod repository;
mod schema;
mod trials;
