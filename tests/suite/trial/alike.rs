//! The short way through trials of patients who are all alike against the plain way, row by row.

use crate::simulation::{blocks, load, prepare, replicate};
use shocktrial::{scenario::Scenario, trial::alike::Alike};

/// Every row of every run, to the last bit; returns how many runs went the short way.
fn same(scenario: &Scenario) -> usize {
    let made = blocks(scenario, 0..500, 1);
    for (r, run) in scenario.runs.iter().enumerate() {
        for (k, block) in made.iter().enumerate() {
            let fast = &block.runs[r];
            let mut start = 0;
            for (i, &end) in fast.ends.iter().enumerate() {
                let (_, plain) = replicate(scenario, run, 250 * k as u64 + i as u64);
                // In words, because what does not exist is not equal to itself.
                assert_eq!(format!("{:?}", &fast.rows[start..end]), format!("{:?}", plain.rows));
                assert_eq!(Some(fast.trials[i]), plain.trial);
                let arms = run.trial.arms.len();
                assert_eq!(fast.arm_patients[i * arms..(i + 1) * arms], plain.arm_patients);
                let counts = plain.counts.len();
                assert_eq!(fast.counts[i * counts..(i + 1) * counts], plain.counts);
                start = end;
            }
        }
    }
    let short = |run: &&shocktrial::simulation::Run| {
        Alike::of(&run.trial, &scenario.pool, &run.trial.purposes()).is_some()
    };
    scenario.runs.iter().filter(short).count()
}

#[test]
fn the_short_way_is_the_plain_way() {
    // The variant in which controls cross over cannot go the short way.
    assert_eq!(same(&load("scenarios/peers/w1_binary.toml", &[])), 1);
    assert_eq!(same(&load("scenarios/peers/w2_log_rank.toml", &[])), 1);
    assert_eq!(same(&load("scenarios/peers/null_log_rank.toml", &[("trial.patients", "15")])), 1);
}

/// Two horizons, the arms the other way round, an odd number of patients.
#[test]
fn the_short_way_knows_several_horizons() {
    let text = std::fs::read_to_string(crate::simulation::at("scenarios/peers/w2_log_rank.toml")).unwrap();
    let more = text.split("[[expect]]").next().unwrap().replace("patients   = 360", "patients   = 61")
        + r#"
[endpoint.death_30d]
any_of = ["death"]
by     = "30 days"

[estimand.early]
endpoint = "death_30d"
compare  = { treatment = "control", control = "treatment" }
summary  = "risk_ratio"
also     = ["odds_ratio", "risk_difference", "hazard_ratio", "kaplan_meier_difference"]
"#;
    assert_eq!(same(&prepare(&more)), 1);
}
