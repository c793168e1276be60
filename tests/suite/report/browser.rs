//! A report in a browser: on a desk, on a phone, on paper.

use crate::tools;
use std::{path::Path, process::Command};

/// Runs a scenario small and opens its report.
fn opened(scenario: &str, replicates: &str) {
    if !tools::has("a page in a browser") {
        return;
    }
    let stem = Path::new(scenario).file_stem().unwrap().to_string_lossy().into_owned();
    let folder = std::env::temp_dir().join(format!("shocktrial-browser-{stem}-{}", std::process::id()));
    let out = folder.display().to_string();
    let done = Command::new(env!("CARGO_BIN_EXE_shocktrial"))
        .args(["run", scenario, "--replicates", replicates, "--quiet", "--out", &out])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    // An expectation may be missed by so few replicates.
    assert!(matches!(done.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&done.stderr));
    tools::in_browser("report.mjs", &[&out]);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_report_is_whole_on_a_desk_a_phone_and_paper() {
    opened("scenarios/designs/group_sequential.toml", "200");
}

/// `cargo test --release --test suite -- --ignored browser`
#[test]
#[ignore = "minutes of solving"]
fn reports_of_every_kind_are_whole() {
    for scenario in [
        "scenarios/published/ecls_shock.toml",
        "scenarios/published/culprit_shock.toml",
        "scenarios/published/danger_shock.toml",
        "scenarios/designs/adaptive_enrichment.toml",
        "scenarios/designs/bayesian.toml",
        "scenarios/studies/enrichment_flow_pump.toml",
        "scenarios/studies/endpoint_choice.toml",
    ] {
        opened(scenario, "300");
    }
}
