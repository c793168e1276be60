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
pub struct Arguments {
    /// Print the same as a page to read, in Markdown.
    #[arg(long)]
    page: bool,
}

/// Prints the schema.
pub fn run(arguments: &Arguments) -> Result<()> {
    let text = if arguments.page { scenario::reference::page() } else { scenario::schema::text() };
    super::print(text.trim_end())
}
