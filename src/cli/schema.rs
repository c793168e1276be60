//! `shocktrial schema`: the JSON Schema of a scenario.

use crate::{error::Result, scenario};
use clap::Args;

/// Print the JSON Schema of a scenario, for completion and checking in an editor.
#[derive(Args)]
#[command(
    name = "schema",
    after_help = "Example:\n  shocktrial schema > scenario.schema.json\nand as the first line of a scenario:\n  \
                  #:schema ./scenario.schema.json"
)]
pub struct Arguments {}

/// Prints the schema.
pub fn run(_: &Arguments) -> Result<()> {
    super::print(scenario::schema::text().trim_end())
}
