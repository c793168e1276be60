//! `shocktrial check`: read and check scenarios, run nothing.

use super::ScenarioFlags;
use crate::{error::Result, scenario};
use clap::Args;
use std::path::PathBuf;

/// Read and check scenarios; run nothing.
#[derive(Args)]
#[command(name = "check")]
pub struct Arguments {
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    #[command(flatten)]
    flags: ScenarioFlags,
}

/// Checks each scenario; the first that is wrong ends the command.
pub fn run(arguments: &Arguments) -> Result<()> {
    for path in &arguments.scenarios {
        let scenario = scenario::load(path, &arguments.flags.changes_without_truths())?;
        for warning in &scenario.warnings {
            eprintln!("warning: {warning}");
        }
        super::print(&format!(
            "{}: {}, {} run(s), {} patients in the pool, {} number(s) solved",
            path.display(),
            scenario.title,
            scenario.runs.len(),
            scenario.pool.len(),
            scenario.solved.len()
        ))?;
    }
    Ok(())
}
