//! The program as people run it.

mod analyze;
mod boundaries;
mod commands;
mod faults;
mod folders;
mod instructions;
mod patients;
mod shards;
mod slurm;
mod small;
mod validate;

use crate::simulation::at;
use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// The program, run from the project's folder.
fn shocktrial(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("shocktrial"));
    command.args(arguments).current_dir(at(""));
    command
}

/// What a command leaves behind.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub error: String,
}

pub fn say(arguments: &[&str]) -> Said {
    let output = shocktrial(arguments).output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What has to be the same in two folders of one result: everything but the manifest and the report, which
/// say how long the run took.
fn figures(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut list = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                open.push(path);
            } else if name != "manifest.json" && name != "report.html" {
                list.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    list.sort();
    list
}

/// Two folders hold the same figures, byte for byte.
fn identical(a: &Path, b: &Path) {
    let (a, b) = (figures(a), figures(b));
    let names = |list: &[(String, Vec<u8>)]| list.iter().map(|f| f.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for (x, y) in a.iter().zip(&b) {
        assert!(x.1 == y.1, "{} differs", x.0);
    }
}

/// An empty folder of a test's own, removed in the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("shocktrial-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut list: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    list.sort();
    list
}

const BINARY: &str = "scenarios/peers/w1_binary.toml";
