//! The tutorials print what the program prints.

mod book;
mod speed;

use std::{path::Path, process::Command};

/// Runs each `$ shocktrial …` of a page and compares what follows it; `BLESS=1` rewrites the page.
fn page(path: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join(path);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        let Some(command) = line.strip_prefix("$ shocktrial ") else { continue };
        for old in lines.by_ref() {
            if old == "```" {
                break;
            }
        }
        out += &printed(root, command);
        out += "```\n";
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, out).unwrap();
    } else {
        assert!(out == text, "{path} prints something else; BLESS=1 rewrites it");
    }
}

fn printed(root: &Path, command: &str) -> String {
    let temporary = std::env::temp_dir().join(format!("shocktrial-tutorial-{}", std::process::id()));
    let arguments = command.split_whitespace().map(|word| match word.strip_prefix("output/") {
        Some(name) => temporary.join(name).display().to_string(),
        None => word.to_owned(),
    });
    let run =
        Command::new(env!("CARGO_BIN_EXE_shocktrial")).args(arguments).current_dir(root).output().unwrap();
    assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).unwrap();
    let said = said.replace(&temporary.display().to_string(), "output");
    let _ = std::fs::remove_dir_all(&temporary);
    said.trim_end().to_owned() + "\n"
}

/// The page of the README is the beginning of what its first command prints; `BLESS=1` rewrites it.
fn readme() {
    const OPENS: &str = "```text\n";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("README.md")).unwrap();
    let command = text.lines().find_map(|line| line.strip_prefix("cargo run --release -- ")).unwrap();
    let said = printed(root, &format!("{command} --out output/readme"));
    let page = said.split_inclusive("\n\n").take(3).collect::<String>().trim_end().to_owned() + "\n";
    let start = text.find(OPENS).unwrap() + OPENS.len();
    let end = start + text[start..].find("```\n").unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(root.join("README.md"), format!("{}{page}{}", &text[..start], &text[end..])).unwrap();
    } else {
        assert!(text[start..end] == page, "the README prints something else; BLESS=1 rewrites it");
    }
}

/// `BLESS=1 cargo test --release --test suite -- --ignored tutorials`
#[test]
#[ignore = "minutes of simulation"]
fn tutorials() {
    readme();
    page("docs/tutorial_trialist.md");
    page("docs/tutorial_statistician.md");
}

/// A page without a command is no tutorial, and every scenario it speaks of is there.
#[test]
fn tutorials_name_what_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in ["docs/tutorial_trialist.md", "docs/tutorial_statistician.md"] {
        let text = std::fs::read_to_string(root.join(path)).unwrap();
        let commands: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("$ shocktrial ")).collect();
        assert!(commands.len() > 1, "{path}");
        for word in commands.iter().flat_map(|c| c.split_whitespace()).filter(|w| w.ends_with(".toml")) {
            assert!(root.join(word).is_file(), "{path}: {word}");
        }
    }
}
