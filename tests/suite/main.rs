//! One test program, mirroring `src/`.

mod calibration;
mod outcome;
mod statistics;
