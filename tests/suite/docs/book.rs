//! The book: its links lead somewhere, its pages are listed, its generated page is what the program prints.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::tools;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the repository that people read.
fn pages() -> Vec<PathBuf> {
    let mut list = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    list.push(root().join("scenarios/populations/README.md"));
    let folder = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    list.extend(folder.filter(|path| path.extension().is_some_and(|e| e == "md")));
    list.sort();
    list
}

/// Targets of the links of a page, code left out.
fn links(text: &str) -> Vec<String> {
    let mut list = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code || line.starts_with("    ") {
            continue;
        }
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let parts = plain.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        list.extend(parts.map(|(target, _)| target.to_owned()));
    }
    list
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    headings
        .map(|heading| {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    let mut found = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            found += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            if file.starts_with("http") {
                continue;
            }
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let there = target.exists();
            let known = anchor.is_empty()
                || fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor));
            if !there || !known {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(found > 100, "{found} links");
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn every_page_is_in_the_contents_of_the_book() {
    let contents = fs::read_to_string(root().join("docs/README.md")).unwrap();
    let named: BTreeSet<String> = links(&contents).into_iter().collect();
    for page in pages().iter().filter(|page| page.parent().is_some_and(|p| p.ends_with("docs"))) {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name == "README.md" || named.contains(&name), "docs/README.md does not name {name}");
    }
}

/// `BLESS=1` rewrites the page.
#[test]
fn the_scenario_reference_is_what_the_types_say() {
    let path = root().join("docs/scenario_reference.md");
    let said = Command::new(env!("CARGO_BIN_EXE_shocktrial")).args(["schema", "--page"]).output().unwrap();
    let page = String::from_utf8(said.stdout).unwrap();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == page,
        "docs/scenario_reference.md is out of date; BLESS=1 rewrites it"
    );
}

#[test]
fn the_citation_names_the_version() {
    let text = fs::read_to_string(root().join("CITATION.cff")).unwrap();
    assert!(text.contains(&format!("\nversion: {}\n", env!("CARGO_PKG_VERSION"))));
    assert!(text.contains("\nlicense: MIT\n"));
}

/// Runs a small trial, its patients, and a script of the docs on both.
fn script(program: &str, name: &str, picture: &str) -> (String, Vec<u8>) {
    let folder = std::env::temp_dir().join(format!("shocktrial-{program}-{}", std::process::id()));
    let scenario = root().join("scenarios/designs/group_sequential.toml");
    let shocktrial = |arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_shocktrial")).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let at = |name: &str| folder.join(name).display().to_string();
    fs::create_dir_all(&folder).unwrap();
    let scenario = scenario.display().to_string();
    shocktrial(&["run", &scenario, "--replicates", "100", "--quiet", "--out", &at("out")]);
    shocktrial(&[
        "patients",
        &scenario,
        "--replicate",
        "0",
        "--run",
        "5",
        "--analysis-data",
        "--out",
        &at("patients.csv"),
    ]);
    let path = root().join("docs/scripts").join(name);
    let done =
        Command::new(program).arg(path).args([at("out"), at(picture), at("patients.csv")]).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let drawn = fs::read(folder.join(picture)).unwrap_or_default();
    check(&folder, &said);
    let _ = fs::remove_dir_all(&folder);
    (said, drawn)
}

/// What a script printed is what the files say.
fn check(folder: &Path, said: &str) {
    let table = fs::read_to_string(folder.join("out/operating_characteristics.csv")).unwrap();
    let power: f64 =
        table.lines().find(|l| l.contains(",power,")).unwrap().split(',').nth(9).unwrap().parse().unwrap();
    assert!(said.contains(&format!("base case: {power:.4} (")), "{said}");
    assert!(said.contains("without a look: "), "{said}");
    // The row of the fifth run, replicate 0: its patients are those of the data set.
    let patients = fs::read_to_string(folder.join("patients.csv")).unwrap();
    let mut lines = patients.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| head.iter().position(|h| *h == name).unwrap();
    let (arm, censored, known) = (column("TRTP"), column("CNSR"), column("KNOWNFL"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 420);
    for label in ["Control", "Treatment"] {
        let mine: Vec<&Vec<&str>> = rows.iter().filter(|r| r[arm] == label && r[known] == "Y").collect();
        let events = mine.iter().filter(|r| r[censored].parse::<f64>() == Ok(0.0)).count();
        assert!(said.contains(&format!(", {label}: {events} of {}", mine.len())), "{label} {events}: {said}");
    }
    let dictionary = fs::read_to_string(folder.join("patients.dictionary.csv")).unwrap();
    for name in &head {
        assert!(
            dictionary.lines().any(|line| line.starts_with(&format!("{name},"))),
            "{name} is not explained"
        );
    }
}

#[test]
fn the_script_for_r_reads_and_draws() {
    if tools::has("a script of R") {
        let (said, drawn) = script("Rscript", "read_results.R", "power.pdf");
        assert!(drawn.starts_with(b"%PDF"), "{said}");
    }
}

#[test]
fn the_script_for_python_reads_and_draws() {
    if tools::has("a script of Python") {
        let (said, drawn) = script("python3", "read_results.py", "power.png");
        assert!(drawn.starts_with(b"\x89PNG") || said.contains("not drawn: matplotlib"), "{said}");
    }
}
