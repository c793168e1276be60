//! What leaves the page: the design as a command line, as a scenario file, and how it came about.

use super::desk::{Ask, Desk};
use crate::{
    error::Result,
    evidence,
    report::folder::inputs::scenario_hash,
    scenario::{Scenario, levers::with_changes},
};

/// The command that gives the same numbers.
pub fn command(desk: &Desk, ask: &Ask) -> String {
    let mut words = vec!["shocktrial run".to_owned(), quoted(&desk.path.display().to_string())];
    for (path, value) in &ask.set {
        words.push(format!("--set {}", quoted(&format!("{path}={value}"))));
    }
    words.push(format!("--replicates {}", ask.replicates.unwrap_or(desk.offered.replicates)));
    if let Some(seed) = ask.seed {
        words.push(format!("--seed {seed}"));
    }
    words.join(" ")
}

/// A word of a command line, quoted if a shell would read more into it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The scenario file that gives the same numbers.
pub fn scenario(desk: &Desk, ask: &Ask) -> Result<String> {
    let replicates = ask.replicates.unwrap_or(desk.offered.replicates);
    with_changes(&desk.source, &ask.set, replicates, ask.seed.unwrap_or(desk.offered.seed))
}

/// How a design's report came about.
pub fn reproduction(desk: &Desk, ask: &Ask, scenario: &Scenario, replicates: u64) -> Vec<(String, String)> {
    let line = |label: &str, value: String| (label.to_owned(), value);
    let pool = &scenario.pool;
    vec![
        line("Version", format!("shocktrial {}", env!("CARGO_PKG_VERSION"))),
        line("Command", command(desk, ask)),
        line("Scenario hash", scenario_hash(scenario, &ask.set)),
        line("Evidence ledger", evidence::version()),
        line("Seed", scenario.seed.to_string()),
        line("Replicates", format!("0 to {}", replicates - 1)),
        line("Patients in the pool", format!("{} of {} screened", pool.len(), pool.screened)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        assert_eq!(quoted("trial.patients=500"), "trial.patients=500");
        assert_eq!(
            quoted("population.eligible=[\"cause = ami\"]"),
            "'population.eligible=[\"cause = ami\"]'"
        );
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
