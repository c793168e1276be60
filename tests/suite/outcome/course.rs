//! The fast course against its plain twin, patient by patient, to the last bit.

use super::twin::{Life, live};
use crate::simulation::{everything, replicate};
use shocktrial::scenario::{self, Changes, Scenario};

/// Holds every patient of some replicates of every run against the twin; returns how many there were, how
/// many were discharged and how many changed arm.
fn holds(scenario: &Scenario, replicates: u64) -> [usize; 3] {
    let mut seen = [0; 3];
    for run in &scenario.runs {
        let trial = &run.trial;
        let arms: Vec<String> = trial.arms.iter().map(|arm| arm.name.clone()).collect();
        let discharge = trial.course.events.index("discharge");
        for k in 0..replicates {
            let (workspace, _) = replicate(scenario, run, k);
            let cohort = &workspace.cohort;
            for i in 0..cohort.len() {
                let fast = Life {
                    received: usize::from(cohort.received[i]),
                    time: cohort.events.iter().map(|column| column[i]).collect(),
                    bailed_out: cohort.bailed_out[i],
                    bailed_out_to: usize::from(cohort.bailed_out_to[i]),
                };
                let patient = scenario.pool.patient(cohort.row[i]);
                let (place, assigned) = (cohort.place[i], usize::from(cohort.assigned[i]));
                let plain = live(&trial.course, &arms, (scenario.seed, k), place, assigned, patient);
                assert_eq!(fast, plain, "{}: replicate {k}, patient {i}", run.variant);
                seen[0] += 1;
                seen[1] += usize::from(discharge.is_some_and(|e| plain.time[e].is_finite()));
                seen[2] += usize::from(plain.bailed_out.is_finite());
            }
        }
    }
    seen
}

#[test]
fn the_fast_course_is_the_plain_one() {
    let seen = holds(everything(), 3);
    assert!(seen[0] > 6000 && seen[1] > 1000 && seen[2] > 100, "{seen:?} show too little");
}

/// Over 180 days most survivors are discharged and may die at home; effects change with time.
#[test]
fn the_fast_course_is_the_plain_one_in_a_long_trial() {
    let path = crate::simulation::at("scenarios/published/danger_shock.toml");
    let changes = Changes { without_truths: true, ..Changes::default() };
    let scenario = scenario::load(&path, &changes).unwrap_or_else(|e| panic!("{e}"));
    holds(&scenario, 2);
}
