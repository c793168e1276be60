//! `shocktrial evidence`: the figures of the ledger with their sources.

use super::Output;
use crate::{error::Result, evidence};
use clap::Args;

/// List figures of the evidence ledger with their sources.
#[derive(Args)]
#[command(name = "evidence", after_help = "Example:\n  shocktrial evidence ecls")]
pub struct Arguments {
    /// A word of the id, population, quantity, arm or source; all figures without it.
    word: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// Prints the figures found.
pub fn run(arguments: &Arguments) -> Result<()> {
    let found = evidence::search(arguments.word.as_deref().unwrap_or(""));
    if arguments.output.json {
        let list: Vec<serde_json::Value> = found
            .iter()
            .map(|f| {
                serde_json::json!({
                    "id": f.id, "population": f.population, "quantity": f.quantity, "arm": f.arm,
                    "value": f.value, "unit": f.unit, "lower": f.ci_low, "upper": f.ci_high,
                    "horizon_days": f.horizon_days, "source": f.source, "origin": f.origin.word(),
                })
            })
            .collect();
        return arguments.output.print_json(&list);
    }
    let mut lines = Vec::new();
    for figure in &found {
        let value = figure.value.map_or(String::new(), |v| v.to_string());
        let interval = match (figure.ci_low, figure.ci_high) {
            (Some(low), Some(high)) => format!(" ({low} to {high})"),
            _ => String::new(),
        };
        let horizon = figure.horizon_days.map_or(String::new(), |d| format!(", day {d}"));
        let arm = if figure.arm.is_empty() { String::new() } else { format!(", {}", figure.arm) };
        lines.push(format!(
            "{:<28} {value} {}{interval}  {}, {}{arm}{horizon}\n{:<28} {} [{}]",
            figure.id,
            figure.unit,
            figure.population,
            figure.quantity,
            "",
            figure.source,
            figure.origin.word()
        ));
    }
    if found.is_empty() {
        lines.push("no figure has that word".to_owned());
    }
    arguments.output.print(|| lines.join("\n"))
}
