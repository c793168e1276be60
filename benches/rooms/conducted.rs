//! A trial that has been conducted once, for its rooms to be entered again.

use crate::workload;
use shocktrial::{
    outcome::endpoint::Observed,
    scenario::Scenario,
    trial::{Trial, Workspace, design::Look, record::Record},
};

pub struct Conducted {
    pub scenario: Scenario,
    pub workspace: Workspace,
}

/// The replicate conducted.
pub const REPLICATE: u64 = 1;

impl Conducted {
    pub fn new(name: &str) -> Self {
        let scenario = workload::load(name);
        let (mut workspace, mut record) = (Workspace::default(), Record::default());
        let trial = &scenario.runs[0].trial;
        let purposes = trial.purposes();
        trial.conduct(&scenario.pool, scenario.seed, REPLICATE, &purposes, &mut workspace, &mut record);
        Conducted { scenario, workspace }
    }

    pub fn trial(&self) -> &Trial {
        &self.scenario.runs[0].trial
    }

    pub fn patients(&self) -> usize {
        self.workspace.cohort.len()
    }

    /// The looks that were made.
    pub fn looks(&self) -> &[Look] {
        &self.workspace.design.looks
    }

    /// What was known at a look of an estimand's end point.
    pub fn observed(&self, look: &Look, estimand: usize) -> Observed {
        let (trial, cohort) = (self.trial(), &self.workspace.cohort);
        let (mut followed, mut seen) = (Vec::new(), Observed::default());
        trial.cut(look, cohort, &mut followed);
        let endpoint = &trial.endpoints[trial.estimands[estimand].endpoint];
        trial.observe(endpoint, look, cohort, &followed, &mut seen);
        seen
    }

    /// The first estimand that is, or is not, of hazards.
    pub fn estimand(&self, of_times: bool) -> usize {
        let matches = |e: &_| -> bool {
            let estimand: &shocktrial::trial::estimand::Estimand = e;
            estimand.method.summary.needs_times() == of_times
        };
        self.trial().estimands.iter().position(matches).expect("the scenario asks such a question")
    }
}
