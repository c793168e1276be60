//! Programs that some tests need and a machine may lack; what was skipped is printed in the end.

use std::io::Write;

/// Tests that need a program beside Rust and a C compiler, and the program.
const NEEDED: [(&str, &str); 4] = [
    ("a full disk", "unshare"),
    ("a read-only folder", "setpriv"),
    ("a clock that goes backwards", "cc"),
    ("an array of shards on Slurm", "sbatch"),
];

/// Whether a test's program is there; prints a line that is not captured if not.
pub fn has(test: &str) -> bool {
    let tool = NEEDED.iter().find(|(t, _)| *t == test).expect("the test is in the list").1;
    let found = there(tool);
    if !found {
        say(&format!("skipped: {test} needs {tool}, which is not on this machine"));
    }
    found
}

fn there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

/// Prints past the capture of the test program.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn what_is_skipped_for_a_missing_tool() {
    let missing: Vec<String> = NEEDED
        .iter()
        .filter(|(_, tool)| !there(tool))
        .map(|(test, tool)| format!("{test} ({tool})"))
        .collect();
    let list = if missing.is_empty() { String::new() } else { format!(": {}", missing.join(", ")) };
    say(&format!("{} of {} tests skipped for a missing tool{list}", missing.len(), NEEDED.len()));
}
