//! What all pages of one server share: the scenario, what preparations keep, the shelf, the turns.

use super::{
    levers::{self, Offered},
    shelf::Shelf,
    turns::Turns,
};
use crate::{
    error::{Error, Finding, Result, Source},
    scenario::{
        Changes, Scenario, Wanted,
        document::read,
        kept::{Kept, Watch},
        prepare_again,
    },
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// Replicates of a design at most: a Monte Carlo standard error of 0.0016 at the worst.
pub const MOST_REPLICATES: u64 = 100_000;
/// Patients of a trial at most, so that a single replicate is over within the time a stop may take.
const MOST_PATIENTS: f64 = 50_000.0;
/// Changes of a design, and characters of one.
const MOST_CHANGES: usize = 200;
const MOST_CHARACTERS: usize = 4_000;

/// A design a page asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// `path, value`, as `--set` takes them.
    #[serde(default)]
    pub set: Vec<(String, String)>,
    pub replicates: Option<u64>,
    pub seed: Option<u64>,
    /// Designs it is compared with, by the numbers they were given.
    #[serde(default)]
    pub against: Vec<u64>,
}

impl Ask {
    /// What tells this design from others.
    pub fn key(&self) -> String {
        format!("{:?} {:?}", self.seed, self.set)
    }
}

/// What all pages share.
pub struct Desk {
    /// The scenario file as the user named it.
    pub path: PathBuf,
    pub source: Arc<Source>,
    pub kept: Kept,
    pub turns: Turns,
    pub shelf: Mutex<Shelf>,
    /// What the page shows of the scenario before anything is moved.
    pub offered: Offered,
}

impl Desk {
    /// Reads and prepares the scenario as its file has it; what is wrong with it is said here.
    pub fn open(path: &Path) -> Result<Self> {
        let (source, kept) = (read(path)?, Kept::default());
        let place = folder(path);
        let changes = Changes { runs: Wanted::Base, without_truths: true, ..Changes::default() };
        let scenario = prepare_again(&source, &place, &changes, &kept, Watch::default())?;
        let levers = crate::scenario::levers::levers(&source, &place, &kept)?;
        let offered = levers::offered(&scenario, path, levers);
        Ok(Desk {
            path: path.to_owned(),
            source,
            kept,
            turns: Turns::default(),
            shelf: Mutex::default(),
            offered,
        })
    }

    /// What a design changes of the scenario, or why it may not.
    pub fn changes(&self, ask: &Ask) -> Result<Changes> {
        let wrong = |message: String| Err(Error::input(message));
        if ask.set.len() > MOST_CHANGES {
            return wrong(format!(
                "{} changes are too many; at most {MOST_CHANGES} are possible",
                ask.set.len()
            ));
        }
        let mut findings = Vec::new();
        for (path, value) in &ask.set {
            if !self.offered.paths.contains(path) {
                let message = format!("“{path}” cannot be moved here; edit the file instead");
                findings.push(Finding::new(message).set_by(path));
            } else if value.len() > MOST_CHARACTERS {
                let message = format!("at most {MOST_CHARACTERS} characters are possible");
                findings.push(Finding::new(message).set_by(path));
            } else if path == "trial.patients" && value.parse().is_ok_and(|n: f64| n > MOST_PATIENTS) {
                let message =
                    format!("{value} patients are too many for a page; at most {MOST_PATIENTS} are");
                findings.push(Finding::new(message).set_by(path));
            }
        }
        let replicates = ask.replicates.unwrap_or(self.offered.replicates);
        if !(1..=MOST_REPLICATES).contains(&replicates) {
            let message = format!("{replicates} replicates are not between 1 and {MOST_REPLICATES}");
            findings.push(Finding::new(message).set_by("replicates"));
        }
        if !findings.is_empty() {
            return Err(Error::Input(findings));
        }
        Ok(Changes {
            set: ask.set.clone(),
            replicates: Some(replicates),
            seed: ask.seed,
            without_truths: true,
            runs: Wanted::Base,
            pool_rows: None,
        })
    }

    /// The design ready to be simulated.
    pub fn prepare(&self, changes: &Changes, watch: Watch) -> Result<Scenario> {
        prepare_again(&self.source, &folder(&self.path), changes, &self.kept, watch)
    }
}

/// The folder of a scenario file.
fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new(".")).to_owned()
}
