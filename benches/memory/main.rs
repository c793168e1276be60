//! The most memory that simulating takes, with rows written and without: `cargo bench --bench memory`.
//!
//! Each figure is of a process of its own: this program, begun again to simulate once. Without rows, blocks are
//! folded and forgotten, as `size` does; with rows they go to a folder a part at a time, as `run` does.

#[path = "../measure/workload.rs"]
mod workload;

use shocktrial::{
    operating::{Fold, Truth, slices},
    report::folder::{FolderSink, Identity, OutputFolder},
    simulation::Plan,
};
use std::{
    process::{Command, ExitCode},
    sync::atomic::AtomicBool,
};
use workload::load;

const SCENARIO: &str = "published/ecls_shock";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [way, replicates] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..]
        && let Some(rows) = ["--without-rows", "--with-rows"].iter().position(|w| *w == way)
    {
        simulate(replicates.parse().expect("a number of replicates"), rows == 1);
        print!("{:.1}", most_memory());
        return ExitCode::SUCCESS;
    }
    if !cfg!(target_os = "linux") {
        println!("memory: skipped, this machine is not asked in the way of Linux");
        return ExitCode::SUCCESS;
    }
    println!("\nMost memory in use, {SCENARIO}, base run, one thread for each processor.\n");
    println!("| trials | without rows, MB | rows written, MB |\n|---:|---:|---:|");
    for replicates in ["1000", "10000", "100000"] {
        let most = ["--without-rows", "--with-rows"].map(|way| {
            let mut program = Command::new(std::env::current_exe().expect("a program has a path"));
            let done = program.args([way, replicates]).output().expect("the program starts");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).expect("a number is text")
        });
        println!("| {replicates} | {} | {} |", most[0], most[1]);
    }
    ExitCode::SUCCESS
}

/// What `shocktrial run` does between reading the scenario and the report.
fn simulate(replicates: u64, rows: bool) {
    let mut scenario = load(SCENARIO);
    scenario.runs.truncate(1);
    scenario.runs[0].replicates = replicates;
    let trial = &scenario.runs[0].trial;
    let unknown = Truth { value: f64::NAN, mcse: f64::NAN };
    let truths = (0..trial.estimands.len()).map(|e| vec![unknown; slices(trial, e).len()]);
    let mut fold = Fold::new(&scenario.runs, vec![truths.collect()]);
    let plan = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed };
    let target = std::env::temp_dir().join(format!("shocktrial-memory-{}", std::process::id()));
    // Nobody will ask what these rows belong to.
    let identity = Identity {
        version: String::new(),
        scenario_hash: String::new(),
        seed: scenario.seed,
        ledger_version: String::new(),
        replicates: vec![replicates],
        replicate_range: [0, replicates],
    };
    let mut folder =
        rows.then(|| OutputFolder::open(&target, &identity, false).expect("a folder for the rows"));
    let mut done = |_| {};
    let mut sink = FolderSink::new(folder.as_mut(), &scenario.runs, &mut fold, replicates, &mut done);
    plan.simulate(0..replicates, &AtomicBool::new(false), &mut sink).expect("nothing stops it");
    if let Some(folder) = &mut folder {
        folder.join_parts().expect("parts can be joined");
    }
    assert!(!fold.measures(&scenario.runs).is_empty());
    drop(folder);
    let _ = std::fs::remove_dir_all(target.with_extension("partial"));
}

/// Megabytes (10⁶ bytes) this process had in memory at most.
fn most_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells of processes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it tells the most memory");
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kilobytes");
    kibibytes * 1024.0 / 1e6
}
