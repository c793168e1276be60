//! `shocktrial calibrate`: targets beside what the registry gives.

use super::population::DEFAULT_POPULATION;
use crate::error::{Error, Result};
use clap::Args;
use std::path::PathBuf;

/// Hold the registry against its targets.
#[derive(Args)]
#[command(name = "calibrate")]
pub struct Arguments {
    /// The population file.
    #[arg(default_value = DEFAULT_POPULATION)]
    file: PathBuf,
}

/// Prints the calibration table.
pub fn run(arguments: &Arguments) -> Result<()> {
    Err(Error::input(format!("{} has no targets", arguments.file.display())))
}
