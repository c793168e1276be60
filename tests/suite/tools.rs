//! Programs that some tests need and a machine may lack; what was skipped is printed in the end.

use std::{io::Write, path::Path, process::Command};

/// Tests that need programs beside Rust and a C compiler, and the programs. One with a `/` is a path of this
/// repository: something that is installed there.
const NEEDED: [(&str, &[&str]); 7] = [
    ("a full disk", &["unshare"]),
    ("a read-only folder", &["setpriv"]),
    ("a clock that goes backwards", &["cc"]),
    ("an array of shards on Slurm", &["sbatch"]),
    ("a script of R", &["Rscript"]),
    ("a script of Python", &["python3"]),
    ("a page in a browser", &["chromium", "node", "tests/browser/node_modules"]),
];

/// Whether a test's programs are there; prints a line that is not captured if not.
pub fn has(test: &str) -> bool {
    let missing = missing(NEEDED.iter().find(|(t, _)| *t == test).expect("the test is in the list").1);
    if let Some(tool) = missing {
        say(&format!("skipped: {test} needs {tool}, which is not on this machine"));
    }
    missing.is_none()
}

fn missing(tools: &[&'static str]) -> Option<&'static str> {
    tools.iter().copied().find(|tool| !there(tool))
}

fn there(tool: &str) -> bool {
    if tool.contains('/') {
        return Path::new(env!("CARGO_MANIFEST_DIR")).join(tool).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

/// Runs a program of `tests/browser`, if a browser is there, and demands that all its checks hold.
pub fn in_browser(program: &str, arguments: &[&str]) {
    if !has("a page in a browser") {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let done = Command::new("node").arg(folder.join(program)).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}:\n{said}");
    assert!(said.contains("ok  "), "{program} checked nothing:\n{said}");
}

/// Prints past the capture of the test program.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn the_browser_driver_sees_what_is_wrong_with_a_page() {
    in_browser("driver.mjs", &[]);
}

#[test]
fn what_is_skipped_for_a_missing_tool() {
    let missing: Vec<String> =
        NEEDED.iter().filter_map(|(test, tools)| Some(format!("{test} ({})", missing(tools)?))).collect();
    let list = if missing.is_empty() { String::new() } else { format!(": {}", missing.join(", ")) };
    say(&format!("{} of {} tests skipped for a missing tool{list}", missing.len(), NEEDED.len()));
}
