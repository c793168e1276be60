//! One test program, mirroring `src/`.

mod calibration;
mod evidence;
mod outcome;
mod population;
mod report;
mod statistics;
