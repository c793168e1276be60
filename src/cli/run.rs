//! `shocktrial run`: simulate scenarios and write their output folders.

use super::{
    ScenarioFlags,
    conclude::{Made, Printed, conclude},
    range,
};
use crate::{
    calibration::blocks::use_threads,
    error::{Error, Result},
    evidence,
    operating::{Fold, truths},
    report::{
        folder::{
            FolderSink, Identity, OutputFolder, Part,
            inputs::{Stated, scenario_hash},
        },
        tables,
    },
    scenario::{self, Changes, Scenario},
    simulation::{self, Plan, with_threads},
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

/// Simulate scenarios with all their variants and sweep points.
#[derive(Args)]
#[command(
    name = "run",
    after_help = "Example:\n  shocktrial run trial.toml --replicates 2000\n  \
                  shocktrial run trial.toml --set trial.patients=600 --out output/600\n  \
                  shocktrial run trial.toml --resume            goes on after a stop, or adds replicates"
)]
pub struct Arguments {
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    flags: ScenarioFlags,
    /// Threads; as many as there are processors by default.
    #[arg(long, value_name = "T")]
    threads: Option<usize>,
    /// Output folder; output/NAME by default.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only replicates A to B−1: one shard.
    #[arg(long, value_name = "A..B", value_parser = range)]
    range: Option<Range<u64>>,
    /// Go on from the closed parts of a run that was stopped.
    #[arg(long)]
    resume: bool,
    /// Print the summary as JSON on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// Set by the first interrupt; simulation stops at the next block.
static STOP: AtomicBool = AtomicBool::new(false);

/// Runs each scenario; the worst outcome decides the exit code.
pub fn run(arguments: &Arguments) -> Result<()> {
    // A second interrupt ends the program at once.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    use_threads(arguments.threads);
    let folders = folders(arguments)?;
    let mut worst: Option<Error> = None;
    for (path, folder) in arguments.scenarios.iter().zip(&folders) {
        if let Err(error) = one(arguments, path, folder) {
            if matches!(error, Error::Interrupted) {
                eprintln!("go on with: {}", resumed(std::env::args().skip(1)));
                return Err(error);
            }
            let code = error.exit_code();
            if arguments.scenarios.len() > 1 {
                eprintln!("{error}");
            }
            if worst.as_ref().is_none_or(|w| w.exit_code() < code) {
                worst = Some(error);
            }
        }
    }
    worst.map_or(Ok(()), Err)
}

/// The command line that goes on from where this one was stopped.
fn resumed(words: impl Iterator<Item = String>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c);
    let quoted = |word: String| {
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    let mut line: Vec<String> = words.map(quoted).collect();
    if !line.iter().any(|word| word == "--resume") {
        line.push("--resume".into());
    }
    format!("shocktrial {}", line.join(" "))
}

/// The output folder of each scenario.
fn folders(arguments: &Arguments) -> Result<Vec<PathBuf>> {
    let stems: Vec<String> = arguments
        .scenarios
        .iter()
        .map(|p| p.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned()))
        .collect();
    for (i, stem) in stems.iter().enumerate() {
        if stems[..i].contains(stem) {
            return Err(Error::input(format!(
                "two scenarios are called “{stem}”; their folders would be the same"
            )));
        }
    }
    Ok(match (&arguments.out, stems.len()) {
        (Some(out), 1) => vec![out.clone()],
        (Some(out), _) => stems.iter().map(|s| out.join(s)).collect(),
        (None, _) => stems.iter().map(|s| Path::new("output").join(s)).collect(),
    })
}

fn one(arguments: &Arguments, path: &Path, target: &Path) -> Result<()> {
    let started = Instant::now();
    let changes = arguments.flags.changes();
    let scenario = scenario::load(path, &changes)?;
    let plan = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed };
    let range = arguments.range.clone().unwrap_or(0..plan.replicates());
    if range.start >= plan.replicates() {
        return Err(Error::input(format!("the range begins beyond the {} replicates", plan.replicates())));
    }
    let range = range.start..range.end.min(plan.replicates());
    let identity = identity(&scenario, &changes, &range);
    let mut folder = OutputFolder::open(target, &identity, arguments.resume)?;
    let mut fold = Fold::new(&scenario.runs, truths(&scenario.truths));
    let progress = progress(arguments, plan.work(&range));
    let mut next = range.start;
    for Part { rows, counts, replicates } in folder.closed_parts() {
        let tables = (tables::read_parquet(rows)?, tables::read_parquet(counts)?);
        fold.add(&tables::read_block(&tables.0, &tables.1, replicates.clone(), &scenario.runs, rows)?);
        progress.inc(plan.work(replicates));
        next = replicates.end;
    }
    let (simulated, busy) = (Instant::now(), simulation::cpu_time());
    let mut done = |replicates: u64| progress.inc(replicates);
    let mut sink = FolderSink::new(Some(&mut folder), &scenario.runs, &mut fold, range.end, &mut done);
    let rest = next..range.end;
    let (threads, outcome) =
        with_threads(arguments.threads, || (simulation::threads(), plan.simulate(rest, &STOP, &mut sink)))?;
    progress.finish_and_clear();
    outcome?;
    let seconds = simulated.elapsed().as_secs_f64();
    let busy = simulation::cpu_time().zip(busy).map(|(now, then)| (now - then).as_secs_f64());
    folder.join_parts()?;
    let work = plan.work(&(next..range.end)) as f64;
    let made = Made {
        stated: Stated::new(&scenario, &changes),
        identity,
        threads,
        seconds: started.elapsed().as_secs_f64(),
        replicates_per_second: work / seconds,
        replicates_per_second_per_core: busy.map(|busy| work / busy),
    };
    let printed = Printed { json: arguments.json, quiet: arguments.quiet };
    conclude(&scenario, &fold, folder, made, printed)
}

/// What the rows of a run belong to.
pub fn identity(scenario: &Scenario, changes: &Changes, range: &Range<u64>) -> Identity {
    Identity {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario_hash: scenario_hash(scenario, &changes.set),
        seed: scenario.seed,
        ledger_version: evidence::version(),
        replicates: scenario.runs.iter().map(|run| run.replicates).collect(),
        replicate_range: [range.start, range.end],
    }
}

fn progress(arguments: &Arguments, work: u64) -> ProgressBar {
    if arguments.quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{bar:30} {percent:>3} %  {human_pos} of {human_len} trials  {per_sec}  {eta} left",
    )
    .expect("a valid template");
    ProgressBar::new(work).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_run_goes_on_by_the_same_words() {
        let words = ["run", "my trial.toml", "--set", "trial.patients=600", "--seed", "1"].map(str::to_owned);
        assert_eq!(
            resumed(words.into_iter()),
            "shocktrial run 'my trial.toml' --set trial.patients=600 --seed 1 --resume"
        );
        let again = ["run", "it's.toml", "--resume"].map(str::to_owned);
        assert_eq!(resumed(again.into_iter()), "shocktrial run 'it'\\''s.toml' --resume");
    }
}
