//! The output folder: the same whatever the threads, complete or absent, resumed to the same end.

use super::{BINARY, Folder, names, say};
use shocktrial::report::tables::read_parquet;
use std::{path::Path, process::Stdio, time::Duration};

/// Decoded tables and the measures of two folders are the same.
fn same(a: &Path, b: &Path) {
    for table in ["replicates.parquet", "counts.parquet", "operating_characteristics.parquet"] {
        let (x, y) = (read_parquet(&a.join(table)).unwrap(), read_parquet(&b.join(table)).unwrap());
        assert!(x.height() > 0 && x.equals_missing(&y), "{table} differs");
    }
    let csv = |folder: &Path| std::fs::read(folder.join("operating_characteristics.csv")).unwrap();
    assert!(csv(a) == csv(b));
    let summary = |folder: &Path| std::fs::read(folder.join("summary.json")).unwrap();
    assert!(summary(a) == summary(b));
}

fn run(folder: &Folder, name: &str, more: &[&str]) {
    let out = folder.path(name);
    let mut arguments = vec!["run", BINARY, "--quiet", "--out", &out];
    arguments.extend(more);
    let said = say(&arguments);
    assert_eq!(said.code, 0, "{}", said.error);
    assert!(said.out.is_empty() && said.error.is_empty());
}

#[test]
fn threads_change_no_file_but_the_manifest() {
    let folder = Folder::new("threads");
    for threads in ["1", "2", "3"] {
        run(&folder, threads, &["--threads", threads, "--replicates", "1700"]);
    }
    same(&folder.0.join("1"), &folder.0.join("2"));
    same(&folder.0.join("1"), &folder.0.join("3"));
    assert_eq!(names(&folder.0), ["1", "2", "3"]);
}

/// Shards cut on and off the edges of blocks hold the whole run's rows.
#[test]
fn shards_hold_the_rows_of_the_whole() {
    let folder = Folder::new("shards");
    run(&folder, "whole", &["--replicates", "1700"]);
    let mut joined = None;
    for range in ["0..333", "333..1250", "1250..1700"] {
        run(&folder, range, &["--replicates", "1700", "--range", range]);
        let rows = read_parquet(&folder.0.join(range).join("replicates.parquet")).unwrap();
        joined = Some(match joined {
            None => rows,
            Some(before) => rows_after(before, &rows),
        });
    }
    let whole = read_parquet(&folder.0.join("whole/replicates.parquet")).unwrap();
    assert!(joined.unwrap().equals_missing(&whole));
}

fn rows_after(
    mut before: polars::frame::DataFrame,
    rows: &polars::frame::DataFrame,
) -> polars::frame::DataFrame {
    before.vstack_mut(rows).unwrap();
    before
}

/// Stopped by an interrupt, robbed of its last closed part, resumed: the same folder as a run that was left alone.
#[cfg(unix)]
#[test]
fn a_stopped_run_resumes_to_the_same_end() {
    const REPLICATES: [&str; 2] = ["--replicates", "60000"];
    let folder = Folder::new("resume");
    let (out, partial) = (folder.path("out"), folder.0.join("out.partial"));
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("shocktrial"))
        .args(["run", BINARY, "--quiet", "--out", &out])
        .args(REPLICATES)
        .current_dir(crate::simulation::at(""))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !partial.join("part-2000.parquet").is_file() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be stopped");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names(&folder.0), ["out.partial"], "a stopped run leaves no result");
    let mut closed = 0;
    while partial.join(format!("part-{}.parquet", closed + 1000)).is_file() {
        closed += 1000;
    }
    assert!(closed >= 2000);
    std::fs::remove_file(partial.join(format!("part-{closed}.parquet"))).unwrap();
    // Parts of one run are not another's.
    let other =
        say(&["run", BINARY, "--quiet", "--resume", "--seed", "9", "--out", &out, "--replicates", "60000"]);
    assert_eq!(other.code, 3, "{}", other.error);
    run(&folder, "out", &[&["--resume"][..], &REPLICATES].concat());
    run(&folder, "alone", &REPLICATES);
    same(&folder.0.join("out"), &folder.0.join("alone"));
    assert_eq!(names(&folder.0), ["alone", "out"]);
}

/// The folder holds what the contract says, and the tables have their columns in its order.
#[test]
fn the_folder_holds_its_files_and_columns() {
    let folder = Folder::new("files");
    run(&folder, "out", &["--replicates", "300"]);
    let files = names(&folder.0.join("out"));
    for file in [
        "counts.parquet",
        "manifest.json",
        "operating_characteristics.csv",
        "operating_characteristics.parquet",
        "replicates.parquet",
        "summary.json",
    ] {
        assert!(files.iter().any(|f| f == file), "{file} is not among {files:?}");
    }
    assert!(
        !files.iter().any(|f| f.starts_with("part-") || f.contains("unfinished") || f == "identity.json")
    );
    let columns = |file: &str| {
        let table = read_parquet(&folder.0.join("out").join(file)).unwrap();
        table.get_column_names().iter().map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
    };
    let replicates = "run, replicate, look, estimand, population, level, method, n_treatment, n_control, \
         events_treatment, events_control, estimate, se, statistic, p_value, lower, upper, decision, reason";
    assert!(columns("replicates.parquet").starts_with(replicates), "{}", columns("replicates.parquet"));
    let measures = "run, variant, sweep, estimand, population, level, look, arm, measure, value, mcse, lower, \
         upper, replicates, failed";
    assert!(columns("operating_characteristics.parquet").starts_with(measures));
    let csv = std::fs::read_to_string(folder.0.join("out/operating_characteristics.csv")).unwrap();
    assert!(csv.starts_with(&measures.replace(", ", ",")));
}
