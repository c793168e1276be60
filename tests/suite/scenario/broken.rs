//! Broken scenarios, each beside the exact message it earns.
//!
//! `tests/broken/NAME.toml` is checked by the program and has to end with exit code 2, nothing on standard
//! output, and `tests/broken/NAME.txt` on standard error. With `BLESS=1` the messages are written instead;
//! read them before they are committed.

use crate::simulation::at;
use std::process::Command;

#[test]
fn every_broken_scenario_earns_its_message() {
    let mut names: Vec<String> = std::fs::read_dir(at("tests/broken"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 20, "{names:?}");
    let mut differ = Vec::new();
    for name in &names {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("shocktrial"))
            .args(["check", &format!("tests/broken/{name}.toml")])
            .current_dir(at(""))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        if !output.stdout.is_empty() || output.status.code() != Some(2) {
            differ.push(format!("{name} ends with {:?}\n{said}", output.status.code()));
            continue;
        }
        let file = at(&format!("tests/broken/{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&file, &said).unwrap();
            continue;
        }
        let wanted = std::fs::read_to_string(&file).unwrap_or_default();
        if said != wanted {
            differ.push(format!("{name}\n--- expected\n{wanted}--- said\n{said}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}
