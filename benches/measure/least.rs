//! The least of twenty samples: what the machine can do when nothing else disturbs it.
//!
//! Criterion takes the samples, keeps them under names and compares means. On a machine that also does
//! other things the least sample is the steadier figure; this prints it, as a table a page can take as it
//! is, and holds it against the least of a baseline.

use super::clock::Clock;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

/// Samples of each benchmark.
pub const SAMPLES: usize = 20;
/// A benchmark whose least sample is above the baseline's by more than this share is slower.
const SLOWER: f64 = 0.05;

/// What a program has measured; `unit` is what a benchmark's time is divided by.
pub struct Bench {
    unit: &'static str,
    /// What was measured before, and when.
    before: Vec<(PathBuf, SystemTime)>,
}

impl Bench {
    /// Begins; times are per `unit`.
    pub fn per(unit: &'static str) -> Self {
        Bench { unit, before: measured(&directory()) }
    }

    /// Measures by a clock. The arguments are criterion's: a word to choose benchmarks, `--save-baseline`,
    /// `--baseline` and the rest.
    pub fn measure(&self, clock: Clock, work: impl FnOnce(&mut Criterion<Clock>)) {
        let mut criterion = Criterion::<WallTime>::default()
            .with_measurement(clock)
            .sample_size(SAMPLES)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(600))
            .nresamples(2000)
            .without_plots()
            .output_directory(&directory())
            .configure_from_args();
        work(&mut criterion);
    }

    /// Prints the table; fails if `--baseline` was asked for and a benchmark is slower than it.
    pub fn conclude(self) -> ExitCode {
        let arguments: Vec<String> = std::env::args().collect();
        let baseline = arguments.iter().position(|a| a == "--baseline").and_then(|i| arguments.get(i + 1));
        let mut found = measured(&directory());
        found.retain(|one| !self.before.contains(one));
        found.sort();
        if found.is_empty() {
            return ExitCode::SUCCESS;
        }
        println!("\n{}", machine());
        println!("Least of {SAMPLES} samples of CPU time per {}.\n", self.unit);
        let against = baseline.map_or_else(String::new, |name| format!(" {name} | change |"));
        println!("| benchmark | ns per {unit} | {unit}s per second |{against}", unit = self.unit);
        println!("|---|---:|---:|{}", if baseline.is_some() { "---:|---:|" } else { "" });
        let mut slower = 0;
        for (folder, _) in &found {
            let (name, now) = read(folder, "new").expect("criterion has written the samples");
            let compared = baseline.and_then(|b| read(folder, b)).map_or_else(String::new, |(_, before)| {
                let change = now / before - 1.0;
                slower += usize::from(change > SLOWER);
                let word = if change > SLOWER { " slower" } else { "" };
                format!(" {before:.1} | {:+.1} %{word} |", 100.0 * change)
            });
            println!("| {name} | {now:.1} | {:.0} |{compared}", 1e9 / now);
        }
        if slower > 0 {
            println!("\n{slower} slower by more than {:.0} %", 100.0 * SLOWER);
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }
}

/// A group whose samples all have as many turns, so that the least of them is as good as any.
pub fn group<'a>(criterion: &'a mut Criterion<Clock>, name: &str) -> BenchmarkGroup<'a, Clock> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    group
}

/// How many units a turn of a benchmark has.
pub fn units(number: usize) -> Throughput {
    Throughput::Elements(number as u64)
}

/// Where criterion keeps its samples.
fn directory() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"));
    std::env::var_os("CRITERION_HOME").map_or_else(|| target.join("criterion"), PathBuf::from)
}

/// The folders of all benchmarks that were ever measured, and when they last were.
fn measured(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let written = folder.join("new/benchmark.json").metadata().and_then(|m| m.modified());
    let mut list: Vec<_> = written.into_iter().map(|when| (folder.to_owned(), when)).collect();
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            list.append(&mut measured(&entry.path()));
        }
    }
    list
}

/// The name of a benchmark, and its least time per unit in nanoseconds.
fn read(folder: &Path, baseline: &str) -> Option<(String, f64)> {
    let json = |file: &str| -> Option<Value> {
        serde_json::from_slice(&std::fs::read(folder.join(baseline).join(file)).ok()?).ok()
    };
    let (samples, benchmark) = (json("sample.json")?, json("benchmark.json")?);
    let numbers =
        |key: &str| -> Option<Vec<f64>> { samples[key].as_array()?.iter().map(Value::as_f64).collect() };
    let each = numbers("times")?.into_iter().zip(numbers("iters")?).map(|(time, turns)| time / turns);
    let least = each.min_by(f64::total_cmp)?;
    let units = benchmark["throughput"]["Elements"].as_f64().unwrap_or(1.0);
    Some((benchmark["full_id"].as_str()?.to_owned(), least / units))
}

/// The processor, and what of it is used.
fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|l| l.strip_prefix("model name")?.split_once(": "));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {processors} processors, {:?} instructions, shocktrial {}",
        model.map_or(std::env::consts::ARCH, |(_, name)| name),
        shocktrial::vector::instructions(),
        env!("CARGO_PKG_VERSION"),
    )
}
