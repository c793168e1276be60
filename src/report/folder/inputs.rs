//! The inputs of a run, kept in its folder: a result can be made again, merged and verified from the
//! folder alone.

use super::{OutputFolder, hash};
use crate::{
    error::Result,
    scenario::{
        self, Changes, Scenario, Wanted,
        place::{Named, Place},
    },
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Where the inputs are in a folder.
const INPUTS: &str = "inputs";
/// The scenario as it was read.
const SCENARIO: &str = "scenario.toml";
/// Its population's solved parameters.
const FITTED: &str = "population.fitted.json";

/// What changed a scenario from the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// Where the scenario was.
    pub scenario: String,
    /// `--set`, in order.
    pub set: Vec<(String, String)>,
    /// `--replicates`.
    pub replicates: Option<u64>,
    /// `--seed`.
    pub seed: Option<u64>,
}

impl Stated {
    /// What the command line changed of a scenario.
    pub fn new(scenario: &Scenario, changes: &Changes) -> Self {
        Stated {
            scenario: scenario.source.name.clone(),
            set: changes.set.clone(),
            replicates: changes.replicates,
            seed: changes.seed,
        }
    }

    fn changes(&self) -> Changes {
        Changes {
            set: self.set.clone(),
            replicates: self.replicates,
            seed: self.seed,
            without_truths: false,
            runs: Wanted::All,
            pool_rows: None,
        }
    }
}

/// Hash of everything a row depends on but its seed and number: the scenario's text, the population's,
/// what was solved for it, the interventions', and what `--set` changed.
pub fn scenario_hash(scenario: &Scenario, set: &[(String, String)]) -> String {
    let population = scenario.registry.as_ref().map_or("", |r| r.text.as_str());
    let fitted = scenario.fitted.as_deref().unwrap_or("");
    let interventions = scenario.interventions.iter().map(|source| source.text.as_str());
    let mut text = String::new();
    for part in [scenario.source.text.as_str(), population, fitted].into_iter().chain(interventions) {
        text += &format!("{}\n{part}\n", part.len());
    }
    for (path, value) in set {
        text += &format!("{} {path}\n{} {value}\n", path.len(), value.len());
    }
    hash::of_bytes(text.as_bytes())
}

/// Writes the inputs into a folder.
pub fn write(folder: &OutputFolder, scenario: &Scenario) -> Result<()> {
    let write = |name: &str, text: &str| folder.write(&format!("{INPUTS}/{name}"), text.as_bytes());
    write(SCENARIO, &scenario.source.text)?;
    if let Some(registry) = &scenario.registry {
        write(&Named::Population.kept(), &registry.text)?;
    }
    if let Some(fitted) = &scenario.fitted {
        write(FITTED, fitted)?;
    }
    for (number, source) in scenario.interventions.iter().enumerate() {
        write(&Named::Intervention(number).kept(), &source.text)?;
    }
    Ok(())
}

/// Prepares the scenario of a finished folder again.
pub fn load(folder: &Path, stated: &Stated) -> Result<Scenario> {
    let inputs = folder.join(INPUTS);
    let source = scenario::document::read(&inputs.join(SCENARIO))?;
    scenario::prepare(&source, Place::Kept(&inputs), &stated.changes())
}
