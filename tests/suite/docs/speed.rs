//! The page on speed names what exists.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn page() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("docs/speed.md")).unwrap()
}

/// The words of a page that are code, in the text and in blocks.
fn code(page: &str) -> String {
    let mut out = String::new();
    for (i, block) in page.split("```").enumerate() {
        if i % 2 == 1 {
            out += block;
        } else {
            block.split('`').skip(1).step_by(2).for_each(|span| {
                out += span;
                out.push('\n');
            });
        }
    }
    out
}

#[test]
fn its_programs_are_in_the_manifest_and_all_of_them_are_on_the_page() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let benches: Vec<&str> =
        manifest.split("[[bench]]").skip(1).filter_map(|b| b.split('"').nth(1)).collect();
    let code = code(&page());
    let mut named: Vec<&str> =
        code.split("--bench ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
    named.sort_unstable();
    named.dedup();
    let mut all = benches.clone();
    all.sort_unstable();
    assert_eq!(named, all);
}

#[test]
fn its_scripts_and_scenarios_are_there_and_take_what_it_gives_them() {
    let code = code(&page());
    let root = Path::new(ROOT);
    let mut scripts = 0;
    for line in code.lines() {
        for word in line.split_whitespace() {
            if word.starts_with("benches/") && word.ends_with(".sh") {
                scripts += 1;
                let script = root.join(word);
                assert!(script.metadata().unwrap().permissions().mode() & 0o111 != 0, "{word} cannot be run");
                let text = std::fs::read_to_string(script).unwrap();
                for option in line.split_whitespace().filter(|w| w.starts_with("--")) {
                    assert!(text.contains(option), "{word} does not know {option}");
                }
            } else if word.starts_with("benches/") || word.starts_with("scenarios/") {
                assert!(root.join(word).exists(), "{word}");
            } else if word.starts_with("peers/") || word.starts_with("published/") {
                assert!(root.join(format!("scenarios/{word}.toml")).is_file(), "{word}");
            }
        }
    }
    assert!(scripts >= 5, "{scripts}");
}

/// The option a profile is taken with is one the program reads.
#[test]
fn the_workloads_can_be_replayed() {
    let program = std::fs::read_to_string(Path::new(ROOT).join("benches/workloads/main.rs")).unwrap();
    assert!(code(&page()).contains("peers/w2_log_rank --replicates "));
    assert!(program.contains("\"--replicates\""));
}

/// A machine without valgrind says that it counts nothing, and that is no failure.
#[test]
fn without_valgrind_the_count_is_skipped() {
    let folder = std::env::temp_dir().join(format!("shocktrial-no-valgrind-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let dirname = std::env::split_paths(&path).map(|p| p.join("dirname")).find(|p| p.is_file()).unwrap();
    std::os::unix::fs::symlink(dirname, folder.join("dirname")).unwrap();
    let run = Command::new("/bin/bash")
        .arg(Path::new(ROOT).join("benches/instructions.sh"))
        .env("PATH", &folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(run.status.success(), "{run:?}");
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        "instructions: skipped, valgrind is not on this machine\n"
    );
}
