//! Comparisons within replicates against their plain twin.

use crate::simulation::{everything, load, replicate};
use shocktrial::{
    analysis::{
        comparison::{Buffers, Strata, sides},
        subgroup::MISSING_LEVEL,
    },
    outcome::endpoint::Observed,
    scenario::Scenario,
    trial::{Trial, design::Design, record::Slice},
};

/// Every comparison of a look, made at once, is the one made alone by the plain code, to the last bit.
#[test]
fn comparisons_made_together_are_comparisons_made_alone() {
    let rows = compare_alone(everything());
    assert!(rows > 500, "{rows} comparisons");
}

/// Patients whose level was not recorded are in no level of a subgroup, and in the comparison of everybody.
#[test]
fn patients_of_no_recorded_level_are_left_out_of_all_levels() {
    let set = [
        ("population.eligible", r#"["cause = ami", "not comatose"]"#),
        ("estimand.primary.subgroups", r#"["ventricular_phenotype"]"#),
    ];
    let scenario = load("scenarios/designs/misclassified_phenotype.toml", &set);
    let unrecorded = |trial: &Trial| trial.subgroups.iter().any(|s| s.code.contains(&MISSING_LEVEL));
    assert!(scenario.runs.iter().any(|run| unrecorded(&run.trial)), "somebody's phenotype is not recorded");
    assert!(compare_alone(&scenario) > 100);
}

/// Makes every comparison of some replicates alone and holds it against the row; how many there were.
fn compare_alone(scenario: &Scenario) -> usize {
    let mut rows = 0;
    for run in scenario.runs.iter().filter(|run| matches!(run.trial.design, Design::Fixed(_))) {
        let trial = &run.trial;
        for k in 0..10 {
            let (workspace, record) = replicate(scenario, run, k);
            let cohort = &workspace.cohort;
            let followed: Vec<f64> = cohort.lost.iter().map(|lost| lost.min(trial.follow_up)).collect();
            let mut buffers = Buffers::default();
            for row in &record.rows {
                let estimand = &trial.estimands[usize::from(row.estimand)];
                let endpoint = &trial.endpoints[estimand.endpoint];
                let mut seen = Observed::default();
                endpoint.observe(cohort, &followed, &mut seen);
                sides(&cohort.assigned, estimand.treatment, estimand.control, &mut buffers.group);
                buffers.sort(&seen);
                let code = |s: usize, i: usize| trial.subgroups[s].code[cohort.row[i] as usize];
                let stratum = |i: usize| estimand.strata.map_or(0, |s| code(s, i));
                let strata: Strata = estimand
                    .strata
                    .map(|s| (&stratum as &dyn Fn(usize) -> u8, trial.subgroups[s].levels.len() as u8));
                let mut alone = match row.slice {
                    Slice::All => buffers.compare(&seen, estimand.method, endpoint.by, strata, |_| true),
                    Slice::Level(s, level) => {
                        let member = |i: usize| code(usize::from(s), i) == level;
                        buffers.compare(&seen, estimand.method, endpoint.by, strata, member)
                    }
                    Slice::Interaction(_) => continue,
                };
                if endpoint.higher_is_better {
                    alone.statistic = -alone.statistic;
                }
                // In words, because what does not exist is not equal to itself.
                assert_eq!(
                    format!("{:?}", row.comparison),
                    format!("{alone:?}"),
                    "{} {:?}",
                    estimand.name,
                    row.slice
                );
                rows += 1;
            }
        }
    }
    rows
}
