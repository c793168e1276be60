//! Trials replayed: what was published beside what entry criteria and anchors predict, and what running
//! trials can be expected to show.
//!
//! A prediction uses the entry criteria alone; an anchored one the published risk of usual care too. What
//! was put in is never counted as a prediction, and a figure from memory decides nothing.

pub mod accuracy;
pub mod chance;
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

use crate::{error::Result, scenario::Scenario, simulation::each};

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
    let has_results = |s: &Named| s.1.published.as_ref().is_some_and(|p| p.status.has_results());
    let (finished, running): (Vec<&Named>, Vec<&Named>) = scenarios.iter().partition(|s| has_results(s));
    let replays = each(&finished, |(name, scenario)| Replay::new(name, scenario));
    let mut replays = replays.into_iter().collect::<Result<Vec<Replay>>>()?;
    replays.sort_by(|a, b| (a.year, &a.title).cmp(&(b.year, &b.title)));
    let observed: Vec<prior::Observed> = replays.iter().filter_map(Replay::observed).collect();
    for replay in &mut replays {
        let others = observed.iter().filter(|o| o.trial != replay.name).cloned().collect::<Vec<_>>();
        replay.weigh(&Prior::of(&others));
    }
    let prior = Prior::of(&observed);
    let forecasts = each(&running, |(name, scenario)| Forecast::new(name, scenario, &prior));
    let mut forecasts = forecasts.into_iter().collect::<Result<Vec<Forecast>>>()?;
    forecasts.sort_by(|a, b| a.title.cmp(&b.title));
    let accuracy = Accuracy::new(&replays, infarct);
    Ok(Validation { replays, forecasts, prior, accuracy })
}
