//! One test program, mirroring `src/`.

mod analysis;
mod calibration;
mod cli;
mod conduct;
mod docs;
mod evidence;
mod fuzz;
mod known_answers;
mod outcome;
mod population;
mod report;
mod scenario;
#[cfg(feature = "serve")]
mod serve;
mod simulation;
mod sizing;
mod statistics;
mod tools;
mod trial;
mod validation;
