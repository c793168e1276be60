//! The examples of `docs/analyze.md`, run: what they print is what the page says.

use super::say;
use crate::simulation::at;

/// Replaces what follows each `$ shocktrial …` in a console block by what the command prints.
fn run(page: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let (mut inside, mut skipping) = (false, false);
    for line in page.lines() {
        if let Some(command) = line.strip_prefix("$ shocktrial ").filter(|_| inside) {
            out.push(line.to_owned());
            let words = words(command);
            let said = say(&words.iter().map(String::as_str).collect::<Vec<_>>());
            out.extend(format!("{}{}", said.out, said.error).lines().map(|l| l.trim_end().to_owned()));
            skipping = true;
            continue;
        }
        if line.starts_with("```") {
            inside = line == "```console";
            skipping = false;
        }
        if !skipping {
            out.push(line.to_owned());
        }
    }
    out.join("\n") + "\n"
}

/// A command's words, quotes obeyed.
fn words(command: &str) -> Vec<String> {
    let mut list = Vec::new();
    for (i, part) in command.split('"').enumerate() {
        if i % 2 == 1 {
            list.push(part.to_owned());
        } else {
            list.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    list
}

#[test]
fn the_page_prints_what_the_command_prints() {
    let path = at("docs/analyze.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let made = run(&page);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
        return;
    }
    assert!(page.matches("$ shocktrial analyze").count() > 15);
    for (i, (written, found)) in page.lines().zip(made.lines()).enumerate() {
        assert_eq!(written, found, "docs/analyze.md line {}; BLESS=1 rewrites the page", i + 1);
    }
    assert_eq!(page, made);
}
