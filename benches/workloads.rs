//! Whole trials by workload: thread CPU time per replicate on one thread, the least of 20 samples.
//!
//! `cargo bench --bench workloads [-- WORD]` times every workload whose name contains the word;
//! `-- WORD --replicates N` conducts N replicates once and prints nothing, for a profiler.

use shocktrial::{
    scenario::{self, Changes},
    simulation::{Plan, Run},
};
use std::{path::Path, time::Duration};

/// Scenario files under `scenarios/`, each timed at its base run.
const WORKLOADS: [&str; 3] = ["peers/w1_binary", "peers/w2_log_rank", "published/ecls_shock"];
const SAMPLES: usize = 20;
/// A sample lasts about this long, so that the clock's own cost does not matter.
const SAMPLE: Duration = Duration::from_millis(25);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let replicates = arguments.iter().position(|a| a == "--replicates").map(|i| {
        let number = arguments.get(i + 1).and_then(|n| n.parse().ok());
        number.expect("--replicates needs a number")
    });
    let word = arguments.iter().find(|a| !a.starts_with('-') && a.parse::<u64>().is_err());
    let wanted = WORKLOADS.iter().filter(|name| word.is_none_or(|w| name.contains(w.as_str())));
    for name in wanted {
        workload(name, replicates);
    }
}

fn workload(name: &str, once: Option<u64>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
    let changes = Changes { without_truths: true, ..Changes::default() };
    let scenario = scenario::load(&path, &changes).unwrap_or_else(|e| panic!("{name}: {e}"));
    // However many trials a sample needs.
    let run = [Run { replicates: u64::MAX, ..scenario.runs[0].clone() }];
    let plan = Plan { runs: &run, pool: &scenario.pool, seed: scenario.seed };
    let mut worker = plan.worker();
    if let Some(replicates) = once {
        worker.block(0..replicates);
        return;
    }
    let mut next = 0;
    let mut conduct = |replicates: u64| {
        let before = thread_time();
        worker.block(next..next + replicates);
        next += replicates;
        thread_time() - before
    };
    let one = conduct(100) / 100;
    let replicates = (SAMPLE.as_nanos() / one.as_nanos().max(1)).max(1) as u64;
    let samples = (0..SAMPLES).map(|_| conduct(replicates).as_nanos() as f64 / replicates as f64);
    let mut samples: Vec<f64> = samples.collect();
    samples.sort_by(f64::total_cmp);
    let patients = scenario.runs[0].trial.patients as f64;
    println!(
        "{name:<28} {:>10.0} trials/s  {:>8.2} µs  {:>6.2} ns/patient  (median {:.2} µs)",
        1e9 / samples[0],
        samples[0] / 1e3,
        samples[0] / patients,
        samples[SAMPLES / 2] / 1e3
    );
}

/// CPU time of this thread, which other work on the machine does not add to.
#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }
    const THREAD_CPUTIME: i32 = 3;
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the structure is that of 64-bit Linux and lives through the call.
    let outcome = unsafe { clock_gettime(THREAD_CPUTIME, &mut time) };
    assert_eq!(outcome, 0, "the kernel keeps the time of threads");
    Duration::new(time.seconds as u64, time.nanoseconds as u32)
}

/// Wall time, where there is no better clock.
#[cfg(not(target_os = "linux"))]
fn thread_time() -> Duration {
    use std::{sync::OnceLock, time::Instant};
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
