//! `shocktrial check`: read and check scenarios, run nothing.

use super::{Output, ScenarioFlags};
use crate::{error::Result, scenario};
use clap::Args;
use std::path::PathBuf;

/// Read and check scenarios; run nothing.
#[derive(Args)]
#[command(name = "check", after_help = "Example:\n  shocktrial check trial.toml --set trial.patients=600")]
pub struct Arguments {
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    flags: ScenarioFlags,
    #[command(flatten)]
    output: Output,
}

/// Checks each scenario; the first that is wrong ends the command.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut list = Vec::new();
    for path in &arguments.scenarios {
        let scenario = scenario::load(path, &arguments.flags.changes_without_truths())?;
        for warning in &scenario.warnings {
            eprintln!("warning: {warning}");
        }
        if arguments.output.json {
            list.push(serde_json::json!({
                "scenario": path.display().to_string(), "title": scenario.title, "runs": scenario.runs.len(),
                "pool": scenario.pool.len(), "solved": scenario.solved.len(), "warnings": scenario.warnings,
            }));
            continue;
        }
        arguments.output.print(|| {
            format!(
                "{}: {}, {} run(s), {} patients in the pool, {} number(s) solved",
                path.display(),
                scenario.title,
                scenario.runs.len(),
                scenario.pool.len(),
                scenario.solved.len()
            )
        })?;
    }
    arguments.output.print_json(&list)
}
