//! The small commands: `new`, `schema`, `completions`, `man`, help.

use super::{Folder, say};
use shocktrial::scenario::schema;

#[test]
fn a_new_scenario_runs() {
    let folder = Folder::new("new");
    let file = folder.path("my trial.toml");
    let new = |more: &[&str]| {
        say(&[&["new", &file, "--defaults", "--title", "A \"pump\"", "--days", "90"], more].concat())
    };
    let said = new(&["--control-risk", "0.5", "--treatment-risk", "0.4", "--patients", "300"]);
    assert_eq!(said.code, 0, "{}", said.error);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("title      = \"A \\\"pump\\\"\"") && text.contains("by     = \"90 days\""),
        "{text}"
    );
    let run = say(&["run", &file, "--replicates", "40", "--json", "--out", &folder.path("out")]);
    assert_eq!(run.code, 0, "{}", run.error);
    let summary: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(summary["runs"][0]["patients"], 300);
    assert_eq!(say(&["verify", &folder.path("out")]).code, 0);
    // Nothing is overwritten, and nothing that does not load is written.
    let again = new(&[]);
    assert_eq!(again.code, 2);
    assert!(again.error.contains("is there already"), "{}", again.error);
    let bad = say(&["new", &folder.path("bad.toml"), "--defaults", "--eligible", "lactat > 3"]);
    assert_eq!(bad.code, 2);
    assert!(bad.error.contains("lactat") && !folder.0.join("bad.toml").exists(), "{}", bad.error);
    assert_eq!(say(&["new", "--control-risk", "45"]).code, 2);
    assert!(say(&["new", "--defaults"]).out.starts_with("# A first scenario"));
}

#[test]
fn the_schema_is_printed() {
    assert_eq!(say(&["schema"]).out, schema::text());
}

#[test]
fn completions_and_the_manual_know_every_command() {
    let help = say(&["help"]).out;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|l| !l.starts_with(' '))?.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"run") && commands.contains(&"merge"), "{help}");
    let manual = say(&["man"]).out;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = say(&["completions", shell]);
        assert_eq!(said.code, 0, "{}", said.error);
        for command in commands.iter().filter(|c| **c != "help") {
            assert!(said.out.contains(command), "{shell}: {command}");
            assert!(manual.contains(&format!(".SH \"{}\"", command.to_uppercase())), "{command}");
        }
    }
    assert_eq!(say(&["completions", "tcsh"]).code, 2);
}

/// Every command shows how it is used, and what prints says so as JSON too.
#[test]
fn every_command_has_an_example_and_json() {
    let help = say(&["help"]).out;
    for command in [
        "run",
        "size",
        "merge",
        "verify",
        "slurm",
        "new",
        "check",
        "patients",
        "analyze",
        "population",
        "calibrate",
        "evidence",
    ] {
        assert!(help.contains(&format!("  {command}")), "{help}");
        let said = say(&[command, "--help"]).out;
        assert!(said.contains("Example"), "{command}: {said}");
        assert!(said.contains("--json") && said.contains("--quiet"), "{command}: {said}");
    }
}
