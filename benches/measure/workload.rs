//! Scenarios that are timed as a whole.

use shocktrial::scenario::{self, Changes, Scenario};
use std::path::Path;

/// A scenario under `scenarios/`, its base run only.
pub fn load(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
    let changes =
        Changes { without_truths: true, runs: shocktrial::scenario::Wanted::BaseAlone, ..Changes::default() };
    scenario::load(&path, &changes).unwrap_or_else(|why| panic!("{name}: {why}"))
}
