//! How a trial is run, against arithmetic and against itself.

mod recorded;
