//! How a trial is run, against arithmetic and against itself.

mod allocation;
mod estimands;
mod leaving;
mod recorded;
mod sites;
mod trend;
