//! How a trial is run, against arithmetic and against itself.

mod estimands;
mod recorded;
