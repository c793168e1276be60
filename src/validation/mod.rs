//! Trials replayed: what was published beside what entry criteria and anchors predict, and what running
//! trials can be expected to show.
//!
//! A prediction uses the entry criteria alone; an anchored one the published risk of usual care too. What
//! was put in is never counted as a prediction, and a figure from memory decides nothing.

pub mod accuracy;
pub mod counts;
pub mod expected;
pub mod forecast;
pub mod machinery;
pub mod prior;
pub mod replay;

pub use accuracy::Accuracy;
pub use forecast::Forecast;
pub use prior::Prior;
pub use replay::Replay;

use crate::{error::Result, scenario::Scenario};

/// Every trial of some scenarios, replayed or forecast.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Trials with results, by year.
    pub replays: Vec<Replay>,
    /// Trials without.
    pub forecasts: Vec<Forecast>,
    /// What the finished trials say of the effect of a new treatment on death.
    pub prior: Prior,
    pub accuracy: Accuracy,
}

/// A scenario with the name of its file.
pub type Named = (String, Scenario);

/// Replays and forecasts. `infarct` is the scenario of all infarct shock of the registry.
pub fn validate(scenarios: &[Named], infarct: &Scenario) -> Result<Validation> {
    let with_results = |s: &&Named| s.1.published.as_ref().is_some_and(|p| p.status.has_results());
    let mut replays: Vec<Replay> = Vec::new();
    for (name, scenario) in scenarios.iter().filter(with_results) {
        replays.push(Replay::new(name, scenario)?);
    }
    replays.sort_by(|a, b| (a.year, &a.title).cmp(&(b.year, &b.title)));
    let observed: Vec<prior::Observed> = replays.iter().filter_map(Replay::observed).collect();
    for replay in &mut replays {
        let others = observed.iter().filter(|o| o.trial != replay.name).cloned().collect::<Vec<_>>();
        replay.weigh(&Prior::of(&others));
    }
    let prior = Prior::of(&observed);
    let mut forecasts = Vec::new();
    let without = |s: &&Named| s.1.published.as_ref().is_some_and(|p| !p.status.has_results());
    for (name, scenario) in scenarios.iter().filter(without) {
        forecasts.push(Forecast::new(name, scenario, &prior)?);
    }
    forecasts.sort_by(|a, b| a.title.cmp(&b.title));
    let accuracy = Accuracy::new(&replays, infarct);
    Ok(Validation { replays, forecasts, prior, accuracy })
}
