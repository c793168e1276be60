//! The command line: one file per command.

mod analyze;
mod boundaries;
mod calibrate;
mod check;
mod completions;
mod conclude;
mod evidence;
mod man;
mod merge;
mod new;
mod patients;
mod population;
mod run;
mod schema;
#[cfg(feature = "serve")]
mod serve;
mod size;
mod slurm;
mod validate;
mod verify;

use crate::{
    error::{Error, Result},
    scenario::{Changes, Wanted, limits::MOST_REPLICATES},
};
use clap::{Args, Parser, Subcommand};
use std::{io::Write, process::ExitCode};

/// Trial design and outcome simulation for cardiogenic shock.
///
/// Reads a trial from a scenario file, simulates it many times on patients of a calibrated registry,
/// and reports power, effects and subgroups, each number with its Monte Carlo error.
#[derive(Parser)]
#[command(name = "shocktrial", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::Arguments),
    Run(run::Arguments),
    Size(size::Arguments),
    Merge(merge::Arguments),
    Verify(verify::Arguments),
    Slurm(slurm::Arguments),
    #[cfg(feature = "serve")]
    Serve(serve::Arguments),
    Check(check::Arguments),
    Patients(patients::Arguments),
    Analyze(Box<analyze::Arguments>),
    Boundaries(Box<boundaries::Arguments>),
    Population(population::Arguments),
    Calibrate(calibrate::Arguments),
    Validate(validate::Arguments),
    Evidence(evidence::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// What changes a scenario from the command line.
#[derive(Args, Clone, Debug, Default)]
pub struct ScenarioFlags {
    /// Simulate every run this many times.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MOST_REPLICATES))]
    replicates: Option<u64>,
    /// Use this seed instead of the scenario's.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Set a value of the scenario, by its dotted path; repeatable.
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
}

impl ScenarioFlags {
    fn changes(&self) -> Changes {
        Changes {
            set: self.set.clone(),
            replicates: self.replicates,
            seed: self.seed,
            without_truths: false,
            runs: Wanted::All,
            pool_rows: None,
        }
    }

    /// The flags as they were written, for a command line of another command.
    fn words(&self) -> Vec<String> {
        let numbers = [("--replicates", self.replicates), ("--seed", self.seed)];
        let numbers = numbers.into_iter().filter_map(|(flag, n)| Some([flag.to_owned(), n?.to_string()]));
        let set = self.set.iter().map(|(path, value)| ["--set".to_owned(), format!("{path}={value}")]);
        numbers.chain(set).flatten().collect()
    }

    /// The same for commands that look at the scenario or its patients only.
    fn changes_without_truths(&self) -> Changes {
        Changes { without_truths: true, ..self.changes() }
    }
}

/// How much a command prints.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Output {
    /// Print JSON on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

impl Output {
    /// Prints text unless JSON or nothing is wanted.
    fn print(self, text: impl FnOnce() -> String) -> Result<()> {
        if self.json || self.quiet { Ok(()) } else { print(&text()) }
    }

    /// Prints a list as JSON if that is wanted.
    fn print_json(self, list: &[serde_json::Value]) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        print(&serde_json::to_string_pretty(list).expect("plain values serialise"))
    }
}

fn assignment(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => {
            Ok((path.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write PATH=VALUE, like trial.patients=300".into()),
    }
}

fn range(text: &str) -> std::result::Result<std::ops::Range<u64>, String> {
    let wanted = || format!("“{text}” is not a range; write A..B for replicates A to B−1");
    let (from, to) = text.split_once("..").ok_or_else(wanted)?;
    let (from, to) = (from.trim().parse().map_err(|_| wanted())?, to.trim().parse().map_err(|_| wanted())?);
    if from < to { Ok(from..to) } else { Err(wanted()) }
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Size(arguments) => size::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Patients(arguments) => patients::run(&arguments),
        Command::Analyze(arguments) => analyze::run(&arguments),
        Command::Boundaries(arguments) => boundaries::run(&arguments),
        Command::Population(arguments) => population::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Evidence(arguments) => evidence::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Slurm(arguments) => slurm::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// An empty table in the style of the page: a rule under the heading and nothing else.
fn table<T: ToString>(head: impl IntoIterator<Item = T>) -> comfy_table::Table {
    use comfy_table::{TableComponent, presets};
    let mut table = comfy_table::Table::new();
    table.load_preset(presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_header(head.into_iter().map(|cell| cell.to_string()).collect::<Vec<String>>());
    table
}

/// Prints to standard output; a closed pipe ends quietly.
fn print(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(why) if why.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Machine(format!("cannot write to standard output: {why}")))
        }
        _ => Ok(()),
    }
}
