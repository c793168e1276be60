//! `shocktrial run`: simulate scenarios and write their output folders.

use super::{ScenarioFlags, range};
use crate::{
    error::{Error, Result},
    evidence,
    operating::{Fold, Measure, Truth, Truths},
    report::{
        folder::{FolderSink, Identity, OutputFolder, hash},
        page::page,
        results::Input,
        summary::{self, Provenance, Verdict as Outcome},
        tables,
    },
    scenario::{self, Scenario, expect::Verdict},
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
#[command(name = "run")]
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
    let folders = folders(arguments)?;
    let mut worst: Option<Error> = None;
    for (path, folder) in arguments.scenarios.iter().zip(&folders) {
        if let Err(error) = one(arguments, path, folder) {
            if matches!(error, Error::Interrupted) {
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
    let scenario = scenario::load(path, &arguments.flags.changes())?;
    let plan = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed };
    let range = arguments.range.clone().unwrap_or(0..plan.replicates());
    if range.start >= plan.replicates() {
        return Err(Error::input(format!("the range begins beyond the {} replicates", plan.replicates())));
    }
    let range = range.start..range.end.min(plan.replicates());
    let identity = Identity {
        scenario: scenario_hash(&scenario, arguments),
        seed: scenario.seed,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ledger: evidence::version(),
        range: range.clone(),
    };
    let folder = OutputFolder::open(target, &identity, arguments.resume)?;
    let mut fold = Fold::new(&scenario.runs, truths(&scenario));
    let progress = progress(arguments, plan.work(&range));
    let mut next = range.start;
    if arguments.resume {
        for (rows, counts, part) in folder.closed_parts(&range) {
            let block = tables::read_block(&rows, &counts, part.clone(), &scenario.runs)?;
            fold.add(&block);
            progress.inc(plan.work(&part));
            next = part.end;
        }
    }
    let simulated = Instant::now();
    let mut done = |replicates: u64| progress.inc(replicates);
    let mut sink = FolderSink::new(Some(&folder), &scenario.runs, &mut fold, range.end, &mut done);
    let rest = next..range.end;
    let (used, outcome) =
        with_threads(arguments.threads, || (simulation::threads(), plan.simulate(rest, &STOP, &mut sink)))?;
    progress.finish_and_clear();
    outcome?;
    let seconds = simulated.elapsed().as_secs_f64();
    let measures = fold.measures(&scenario.runs);
    let verdicts = verdicts(&scenario, &measures);
    let provenance = Provenance {
        identity,
        threads: used,
        seconds: started.elapsed().as_secs_f64(),
        replicates_per_second: plan.work(&(next..range.end)) as f64 / seconds,
        command: std::env::args().skip(1).collect::<Vec<_>>().join(" "),
    };
    let reproduction = provenance.told(&scenario, &range);
    let input = Input {
        scenario: &scenario,
        measures: &measures,
        fold: &fold,
        verdicts: &verdicts,
        reproduction: &reproduction,
    };
    summary::write(&folder, &input, &provenance, &range)?;
    let written = folder.finish()?;
    if arguments.json {
        super::print(&summary::text(&written)?)?;
    } else if !arguments.quiet {
        super::print(&format!("{}\nEverything is in {}", page(&input), written.display()))?;
    }
    not_met(&verdicts)
}

/// What the parts of a run belong to: the text and everything the command line changed.
fn scenario_hash(scenario: &Scenario, arguments: &Arguments) -> String {
    let mut text = scenario.source.text.clone();
    if let Some(registry) = &scenario.registry {
        text += &registry.text;
    }
    for intervention in &scenario.interventions {
        text += &intervention.text;
    }
    text += &format!("{:?}", arguments.flags.changes());
    hash(text.as_bytes())
}

fn truths(scenario: &Scenario) -> Vec<Truths> {
    let truth = |t: &crate::calibration::truth::Truth| {
        let slices = |(values, errors): (&Vec<f64>, &Vec<f64>)| {
            values.iter().zip(errors).map(|(&value, &mcse)| Truth { value, mcse }).collect()
        };
        t.estimands.iter().zip(&t.errors).map(slices).collect()
    };
    scenario.truths.iter().map(truth).collect()
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

/// Each expectation with what came back.
fn verdicts(scenario: &Scenario, measures: &[Measure]) -> Vec<Outcome> {
    scenario
        .expectations
        .iter()
        .filter_map(|expectation| {
            let (name, expected) = expectation.text.measure()?;
            let run = scenario.runs[expectation.run].number;
            let arm = expectation.text.arm.clone().unwrap_or_default();
            let found = measures.iter().find(|m| {
                let of = &expectation.text.of;
                let estimand = m.estimand == *of
                    || m.estimand == format!("event:{of}")
                    || (name == "risk" && of_endpoint(scenario, expectation.run, &m.estimand, of));
                m.run == run
                    && (m.measure == name || (name == "power" && m.measure == "type_i_error"))
                    && estimand
                    && m.population == "all"
                    && m.look.is_none()
                    && m.arm == arm
            });
            Some(Outcome {
                expectation: expectation.clone(),
                measure: name,
                expected,
                value: found.map_or(f64::NAN, |m| m.value),
                mcse: found.map_or(f64::NAN, |m| m.mcse),
                verdict: found
                    .map_or(Verdict::NotMet, |m| expectation.text.verdict(expected, m.value, m.mcse)),
            })
        })
        .collect()
}

fn of_endpoint(scenario: &Scenario, run: usize, estimand: &str, endpoint: &str) -> bool {
    let trial = &scenario.runs[run].trial;
    trial.estimands.iter().any(|e| e.name == estimand && trial.endpoints[e.endpoint].name == endpoint)
}

fn not_met(verdicts: &[Outcome]) -> Result<()> {
    let missed: Vec<String> = verdicts
        .iter()
        .filter(|v| v.verdict == Verdict::NotMet)
        .map(|v| {
            let arm = v.expectation.text.arm.as_ref().map_or(String::new(), |a| format!(" in {a}"));
            format!(
                "line {}: {} of {}{arm} is {:.4} ± {:.4}, expected {} within {}",
                v.expectation.line,
                v.measure,
                v.expectation.text.of,
                v.value,
                v.mcse,
                v.expected,
                v.expectation.text.within
            )
        })
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    Err(Error::NotMet(format!("{} expectation(s) not met\n  {}", missed.len(), missed.join("\n  "))))
}
