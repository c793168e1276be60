//! Whole trials, through the public engine with a scenario file, on one thread.
//!
//! `cargo bench --bench workloads [-- WORD]` times them;
//! `-- SCENARIO --replicates N` conducts about N trials of one and prints nothing but their number, for a
//! profiler, and for valgrind, which then counts the trials and not the start.

#[path = "../measure/clock.rs"]
mod clock;
#[path = "../measure/least.rs"]
mod least;
mod valgrind;
#[path = "../measure/workload.rs"]
mod workload;

use clock::Clock;
use criterion::Criterion;
use least::Bench;
use shocktrial::simulation::{BLOCK, Plan};
use std::{path::Path, process::ExitCode};
use workload::load;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, "--replicates", replicates] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        replay(name, replicates.parse().expect("--replicates needs a number"));
        return ExitCode::SUCCESS;
    }
    let bench = Bench::per("trial");
    bench.measure(Clock::Thread, whole_trials);
    bench.conclude()
}

/// Every scenario under `scenarios/peers`, and one of registry patients.
fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/peers");
    let files = folder.read_dir().expect("the peers' workloads are there").flatten();
    let mut names: Vec<String> = files
        .filter_map(|file| Some(format!("peers/{}", file.file_name().to_str()?.strip_suffix(".toml")?)))
        .collect();
    names.push("published/ecls_shock".into());
    names.sort();
    names
}

fn whole_trials(criterion: &mut Criterion<Clock>) {
    let mut group = least::group(criterion, "workload");
    for name in names() {
        group.throughput(least::units(BLOCK as usize));
        let mut loaded = None;
        group.bench_function(&name, |bencher| {
            let scenario = loaded.get_or_insert_with(|| load(&name));
            scenario.runs[0].replicates = u64::MAX;
            let plan = Plan { runs: &scenario.runs[..1], pool: &scenario.pool, seed: scenario.seed };
            let (mut worker, mut next) = (plan.worker(), 0);
            bencher.iter(|| {
                next += BLOCK;
                worker.block(next - BLOCK..next)
            });
        });
    }
    group.finish();
}

fn replay(name: &str, replicates: u64) {
    let mut scenario = load(name);
    scenario.runs[0].replicates = u64::MAX;
    let plan = Plan { runs: &scenario.runs[..1], pool: &scenario.pool, seed: scenario.seed };
    let mut worker = plan.worker();
    // The first trials find buffers empty and the processor unknown.
    worker.block(0..10);
    let blocks = replicates.div_ceil(BLOCK);
    valgrind::start();
    for block in 0..blocks {
        std::hint::black_box(worker.block(block * BLOCK..((block + 1) * BLOCK).min(replicates)));
    }
    valgrind::stop();
    println!("{replicates}");
}
