//! `slurm`: the scripts, and a real array on a cluster of one node.
#![cfg(unix)]

use super::{BINARY, Folder, names, say};
use crate::{simulation::at, tools};
use std::process::Command;

#[test]
fn the_scripts_are_written_once_and_can_be_edited() {
    let folder = Folder::new("slurm-scripts");
    let out = folder.path("out");
    let array = |more: &[&str]| {
        say(&[&["slurm", BINARY, "--shards", "3", "--replicates", "1000", "--out", &out], more].concat())
    };
    let said = array(&["--set", "trial.patients=300"]);
    assert_eq!(said.code, 0, "{}", said.error);
    assert!(said.out.contains("0 of 3 shards are done") && said.out.contains("missing: 0-2"), "{}", said.out);
    let shards = folder.0.join("out.shards");
    assert_eq!(names(&shards), ["array.sbatch", "logs", "merge.sbatch", "plan.json"]);
    let script = shards.join("array.sbatch");
    let text = std::fs::read_to_string(&script).unwrap();
    for words in ["#SBATCH --array=0-2", "#SBATCH --requeue", "--replicates 1000 --set 'trial.patients=300'"]
    {
        assert!(text.contains(words), "{text}");
    }
    std::fs::write(&script, text.replace("#SBATCH --mem=2G", "#SBATCH --mem=3G")).unwrap();
    assert_eq!(array(&["--set", "trial.patients=300", "--quiet"]).out, "");
    assert!(std::fs::read_to_string(&script).unwrap().contains("--mem=3G"));
    assert_eq!(array(&["--set", "trial.patients=300", "--quiet", "--rewrite"]).code, 0);
    assert!(std::fs::read_to_string(&script).unwrap().contains("--mem=2G"));
    let other = array(&["--set", "trial.patients=301"]);
    assert_eq!(other.code, 3, "{}", other.error);
    assert!(other.error.contains("holds shards of another scenario, version or cut"), "{}", other.error);
    let many = say(&["slurm", BINARY, "--shards", "3", "--replicates", "2", "--out", &folder.path("few")]);
    assert_eq!(many.code, 2, "{}", many.error);
}

/// The script's own cut of the shards and the program's are the same.
#[test]
fn the_shards_of_the_script_make_the_whole() {
    let folder = Folder::new("slurm-cut");
    let out = folder.path("out");
    let array = |more: &[&str]| {
        say(&[&["slurm", BINARY, "--shards", "3", "--replicates", "1000", "--out", &out], more].concat())
    };
    assert_eq!(array(&[]).code, 0);
    for task in ["0", "1", "2"] {
        let status = Command::new("bash")
            .arg(folder.path("out.shards/array.sbatch"))
            .env("SLURM_ARRAY_TASK_ID", task)
            .status()
            .unwrap();
        assert!(status.success());
    }
    let said = array(&["--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["done"], serde_json::json!([0, 1, 2]), "{json}");
    let merged = Command::new("bash").arg(folder.path("out.shards/merge.sbatch")).output().unwrap();
    assert!(merged.status.success(), "{}", String::from_utf8_lossy(&merged.stderr));
    assert!(array(&[]).out.contains("all is done"));
    assert_eq!(say(&["verify", "--quiet", &out]).code, 0);
}

#[test]
fn an_array_with_a_killed_and_an_altered_shard() {
    if !tools::has("an array of shards on Slurm") {
        return;
    }
    let output = Command::new("bash")
        .arg(at("tests/slurm/array.sh"))
        .arg(assert_cmd::cargo::cargo_bin!("shocktrial"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.code() {
        Some(0) => {}
        // Installed in part.
        Some(77) => tools::say(said.trim()),
        code => panic!("{code:?}: {said}{}", String::from_utf8_lossy(&output.stderr)),
    }
}
