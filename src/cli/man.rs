//! `shocktrial man`: the manual page.

use super::Cli;
use crate::error::{Error, Result};
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

/// Print the manual page, all commands in it.
#[derive(Args)]
#[command(name = "man", after_help = "Example:\n  shocktrial man > ~/.local/share/man/man1/shocktrial.1")]
pub struct Arguments {}

/// Prints the page: the program, then a section for each command.
pub fn run(_: &Arguments) -> Result<()> {
    let failed = |why: std::io::Error| Error::Machine(format!("cannot write the page: {why}"));
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page).map_err(failed)?;
    man.render_name_section(&mut page).map_err(failed)?;
    man.render_synopsis_section(&mut page).map_err(failed)?;
    man.render_description_section(&mut page).map_err(failed)?;
    for part in command.get_subcommands().filter(|c| c.get_name() != "help") {
        section(part, &mut page).map_err(failed)?;
    }
    page.extend_from_slice(EXIT.as_bytes());
    super::print(String::from_utf8_lossy(&page).trim_end())
}

const EXIT: &str = ".SH \"EXIT STATUS\"\n0 done; 1 a target or an expectation was not met; 2 the input is wrong; \
3 shards missing, double or not of one run, or a folder that does not verify; 4 the machine failed; 130 interrupted.\n";

/// One command as a section, its parts as subsections.
fn section(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    man.render_extra_section(&mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".SH ", ".SS ");
    page.extend_from_slice(format!(".SH \"{}\"\n", command.get_name().to_uppercase()).as_bytes());
    page.extend_from_slice(text.as_bytes());
    Ok(())
}
