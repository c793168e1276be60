//! What `validate` computes instead of simulating, held against simulated trials.

use crate::simulation::{agrees, load, measures, run};
use shocktrial::{scenario::Scenario, validation::chance::Chance};

const REPLICATES: u64 = 4000;

/// The chance of showing benefit in a run of alike patients, computed from its two true risks.
fn computed(scenario: &Scenario, variant: &str) -> f64 {
    let run = run(scenario, variant);
    let truth = &scenario.truths[run.number as usize - 1];
    let estimand = &run.trial.estimands[0];
    let risk = |arm: u8| truth.risks[usize::from(arm)][estimand.endpoint];
    Chance::new(&run.trial).at(risk(estimand.control), risk(estimand.treatment))
}

/// A posterior with a predictive rule of futility goes through every table, so only the Monte Carlo error
/// stands between.
#[test]
fn a_posterior_decides_as_often_as_its_tables_say() {
    let scenario = load("scenarios/designs/bayesian.toml", &[]);
    let found = measures(&scenario, Some(REPLICATES));
    for (variant, measure) in [("", "power"), ("no effect", "type_i_error")] {
        let number = run(&scenario, variant).number;
        agrees(found.get(number, "primary", "", measure), computed(&scenario, variant), 0.0);
    }
    assert!(computed(&scenario, "no effect") < 0.025);
}

/// After a blinded look, power is a mean over the sizes it gives; the pooled formula at each is good to a
/// point where arms hold 150 patients and more.
#[test]
fn a_blinded_look_gives_the_power_of_its_sizes() {
    let scenario = load("scenarios/designs/sample_size_re_estimation.toml", &[]);
    let found = measures(&scenario, Some(REPLICATES));
    for variant in ["blinded", "as planned"] {
        let number = run(&scenario, variant).number;
        agrees(found.get(number, "primary", "", "power"), computed(&scenario, variant), 0.01);
    }
    assert!(computed(&scenario, "blinded") > computed(&scenario, "as planned") + 0.05);
}
