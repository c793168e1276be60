//! Each room of the engine alone, on the patients of one trial, on one thread: `cargo bench --bench rooms`.

mod aggregation;
mod allocation;
#[path = "../measure/clock.rs"]
mod clock;
mod conducted;
mod cox;
mod event_times;
#[path = "../measure/least.rs"]
mod least;
mod log_rank;
mod looks;
mod parquet;
mod random_words;
mod registry;
mod subgroups;
mod two_by_two;
#[path = "../measure/workload.rs"]
mod workload;

use clock::Clock;
use conducted::Conducted;
use least::Bench;
use std::process::ExitCode;

fn main() -> ExitCode {
    let shock = Conducted::new("published/ecls_shock");
    let alike = Conducted::new("peers/w2_log_rank");
    let looking = Conducted::new("peers/w3_group_sequential");
    let patients = Bench::per("patient");
    patients.measure(Clock::Thread, |criterion| {
        random_words::bench(criterion);
        registry::bench(criterion, &shock);
        event_times::bench(criterion, &[("registry patients", &shock), ("alike", &alike)]);
        allocation::bench(criterion, &[("blocks by site", &shock), ("pairs", &alike)]);
        two_by_two::bench(criterion, &shock);
        log_rank::bench(criterion, &shock);
        cox::bench(criterion, &shock);
        subgroups::bench(criterion, &shock);
        looks::bench(criterion, &looking);
    });
    let patients = patients.conclude();
    let rows = Bench::per("trial");
    rows.measure(Clock::Thread, |criterion| aggregation::bench(criterion, &shock));
    // Tables are made and written on threads of their own.
    rows.measure(Clock::Process, |criterion| parquet::bench(criterion, &shock));
    if rows.conclude() == ExitCode::SUCCESS { patients } else { ExitCode::FAILURE }
}
