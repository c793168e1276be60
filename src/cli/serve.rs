//! `shocktrial serve`: explore a scenario live in a browser.

use crate::{error::Result, serve};
use clap::Args;
use std::path::PathBuf;

/// Explore a scenario live in a browser on this machine.
///
/// Opens no connection and listens on the loopback address only; everything the page needs is in the program.
/// What it shows for a design is what run gives with the same replicates and seed.
#[derive(Args)]
#[command(
    name = "serve",
    after_help = "Example:\n  shocktrial serve scenarios/published/ecls_shock.toml\nand open the address it prints."
)]
pub struct Arguments {
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// Port to listen on; a free one by default.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Print nothing but the address.
    #[arg(long)]
    quiet: bool,
}

/// Serves until it is interrupted.
pub fn run(arguments: &Arguments) -> Result<()> {
    serve::serve(&arguments.scenario, arguments.port, |address| {
        // Nothing is lost with a page: it is left at once.
        let _ = ctrlc::set_handler(|| std::process::exit(130));
        super::print(&format!("http://{address}/"))?;
        if !arguments.quiet {
            eprintln!("Open this address in a browser; Ctrl-C ends.");
        }
        Ok(())
    })
}
