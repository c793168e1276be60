//! Designs against arithmetic and against each other.

mod adaptive;
mod alike;
mod conducted;
mod group_sequential;

use crate::{
    known_answers::{TwoRisks, power, stop_or_go},
    simulation::{agrees, blocks, has_chance, load, measures, prepare},
};
use shocktrial::trial::record::Decision;

/// Two stages of 105 + 105 patients, going on if the treatment is ahead by half a standard error.
#[test]
fn stop_or_go_stops_and_claims_as_often_as_all_tables_say() {
    let scenario = load("scenarios/designs/stop_or_go.toml", &[("replicates", "50000")]);
    let measures = measures(&scenario, None);
    let look = |run: u32, measure: &str| {
        let found = measures
            .0
            .iter()
            .find(|m| m.run == run && m.measure == measure && m.look == Some(1) && m.estimand.is_empty());
        found.expect("a measure of the first look")
    };
    for (run, treatment, claim) in [(1, 0.35, "power"), (2, 0.49, "type_i_error")] {
        let [stopped, benefit] = stop_or_go(105, treatment, 0.49, 0.5);
        has_chance(look(run, "stop_futility"), stopped);
        has_chance(measures.get(run, "primary", "", claim), benefit);
        agrees(measures.get(run, "", "", "patients"), 420.0 - 210.0 * stopped, 0.0);
    }
    let [one_stage, _] = power(TwoRisks { n: 210, treatment: 0.35, control: 0.49 });
    has_chance(measures.get(3, "primary", "", "power"), one_stage);
    assert!(measures.get(1, "primary", "", "power").value < measures.get(3, "primary", "", "power").value);
}

/// A first look that never stops is no look: the last one is the fixed design's, row by row.
#[test]
fn a_look_that_never_stops_is_the_fixed_design() {
    let text = std::fs::read_to_string(crate::simulation::at("scenarios/designs/stop_or_go.toml")).unwrap();
    let scenario = prepare(&text.replace("go_if_benefit_above = 0.5", "go_if_benefit_above = -100.0"));
    let mut rows = 0;
    for block in blocks(&scenario, 0..1000, 2) {
        let (staged, fixed) = (&block.runs[0], &block.runs[2]);
        assert!(staged.trials.iter().all(|t| t.look == 2));
        let last = staged.rows.iter().filter(|row| row.look == 2);
        for (row, fixed) in last.zip(&fixed.rows) {
            assert_eq!((row.comparison, row.decision), (fixed.comparison, fixed.decision));
            rows += 1;
        }
        for (staged, fixed) in staged.trials.iter().zip(&fixed.trials) {
            assert_eq!(
                (staged.patients, staged.information, staged.decision),
                (fixed.patients, fixed.information, fixed.decision)
            );
        }
    }
    assert_eq!(rows, 1000);
}

/// A threshold nobody reaches stops every trial at the first look, without a claim.
#[test]
fn a_look_that_always_stops_ends_the_trial() {
    let text = std::fs::read_to_string(crate::simulation::at("scenarios/designs/stop_or_go.toml")).unwrap();
    let scenario = prepare(&text.replace("go_if_benefit_above = 0.5", "go_if_benefit_above = 100.0"));
    for block in blocks(&scenario, 0..250, 2) {
        for trial in &block.runs[0].trials {
            assert_eq!((trial.look, trial.patients, trial.decision), (1, 210, Decision::Futility));
        }
    }
}
