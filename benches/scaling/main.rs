//! How cost grows: with patients, with threads, with points of a power curve. `cargo bench --bench scaling`.

#[path = "../measure/clock.rs"]
mod clock;
mod curve;
#[path = "../measure/least.rs"]
mod least;
mod patients;
mod threads;
#[path = "../measure/workload.rs"]
mod workload;

use clock::Clock;
use least::Bench;
use shocktrial::scenario::Scenario;
use std::{process::ExitCode, sync::LazyLock};

/// A scenario that is read when it is first asked for.
type Lazy = LazyLock<Scenario>;

/// Patients who are all alike, and patients of the registry.
static SCENARIOS: [(&str, Lazy); 2] = [
    ("peers/w2_log_rank", Lazy::new(|| workload::load("peers/w2_log_rank"))),
    ("published/ecls_shock", Lazy::new(|| workload::load("published/ecls_shock"))),
];

fn main() -> ExitCode {
    let per_patient = Bench::per("patient");
    per_patient.measure(Clock::Thread, patients::bench);
    let per_patient = per_patient.conclude();
    let per_trial = Bench::per("trial");
    per_trial.measure(Clock::Thread, curve::bench);
    // Threads of a pool work for the one that waits.
    per_trial.measure(Clock::Process, threads::bench);
    if per_trial.conclude() == ExitCode::SUCCESS { per_patient } else { ExitCode::FAILURE }
}
