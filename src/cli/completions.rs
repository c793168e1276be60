//! `shocktrial completions`: what the shell offers after a tab.

use super::Cli;
use crate::error::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completions of a shell.
#[derive(Args)]
#[command(
    name = "completions",
    after_help = "Example:\n  shocktrial completions bash > ~/.local/share/bash-completion/completions/shocktrial"
)]
pub struct Arguments {
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "shocktrial", &mut text);
    super::print(String::from_utf8_lossy(&text).trim_end())
}
