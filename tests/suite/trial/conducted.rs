//! Group sequential designs under the realities of a trial: treatment that starts late, outcomes that reach the
//! database late, recruitment that ends before the trial is full.

use super::group_sequential::at_look;
use crate::{
    known_answers::{TwoRisks, two_stages},
    simulation::{has_chance, measures, prepare, replicate},
};
use shocktrial::{
    scenario::Scenario,
    trial::{design::Design, record::Decision},
};

const TRIAL: &str = r#"
title      = "Conducted"
replicates = 4000
seed       = 71
[population]
homogeneous.event.death = { risk = 0.49, by = "30 days" }
[arm.control]
[arm.pump]
STARTS
effect.death = { hazard_ratio = 0.6 }
[endpoint.death]
any_of = ["death"]
by     = "30 days"
[estimand.primary]
endpoint = "death"
compare  = { treatment = "pump", control = "control" }
summary  = "risk_difference"
[trial]
patients   = 420
allocation = { ratio = { pump = 1, control = 1 }, blocks = [2] }
follow_up  = "30 days"
sites      = { count = 20, patients_per_site_month = 0.5 }
CONDUCT
design     = { group_sequential = { alpha = { two_sided = 0.05 }, LOOKS } }
[[variant]]
name = "null"
null = true
"#;

const HALF: &str = "looks = [0.5, 1.0], boundary = \"obrien_fleming\"";

fn trial(starts: &str, conduct: &str, looks: &str) -> Scenario {
    prepare(&TRIAL.replace("STARTS", starts).replace("CONDUCT", conduct).replace("LOOKS", looks))
}

/// Days from the first site's opening on which the looks of a replicate were cut, and the patients analysed.
fn looks(scenario: &Scenario, run: usize, k: u64) -> Vec<(f64, usize, Decision)> {
    let (workspace, _) = replicate(scenario, &scenario.runs[run], k);
    workspace.design.looks.iter().map(|look| (look.cut, look.patients, look.decision)).collect()
}

/// The treatment works from day 2: stops and claims are those of all tables at the risk that leaves.
#[test]
fn a_late_start_has_the_stops_of_its_risk() {
    let scenario = trial("starts_after = \"2 days\"", "", HALF);
    let list = measures(&scenario, None);
    let hazard = -(0.51f64.ln()) / 30.0;
    let treatment = 1.0 - (-hazard * (2.0 + 0.6 * 28.0)).exp();
    let Design::GroupSequential(design) = &scenario.runs[0].trial.design else { panic!() };
    for (run, treatment, claim) in [(1, treatment, "power"), (2, 0.49, "type_i_error")] {
        let risks = TwoRisks { n: 105, treatment, control: 0.49 };
        let [early, harm, benefit] = two_stages(risks, design.upper[0], design.upper[1]);
        has_chance(at_look(&list.0, run, Some(1), "stop_efficacy"), early);
        has_chance(at_look(&list.0, run, Some(1), "stop_harm"), harm);
        has_chance(list.get(run, "primary", "", claim), benefit);
    }
}

/// Outcomes in the database 20 days late: looks at shares are 20 days later and see and decide the same; looks on a day
/// see only what was known 20 days before.
#[test]
fn adjudication_puts_looks_off_and_changes_no_decision() {
    let late = "adjudication = \"20 days\"";
    let [soon, later] =
        ["", late].map(|conduct| trial("", conduct, &format!("{HALF}, recruitment = \"waits\"")));
    for run in 0..2 {
        for k in 0..60 {
            let (a, b) = (looks(&soon, run, k), looks(&later, run, k));
            assert_eq!(a.len(), b.len());
            for (number, (a, b)) in a.iter().zip(&b).enumerate() {
                assert_eq!((a.1, a.2), (b.1, b.2));
                // Recruitment waits, so that every look puts off all that follows.
                assert!((b.0 - a.0 - 20.0 * (number as f64 + 1.0)).abs() < 1e-6, "{a:?} {b:?}");
            }
        }
    }
    let days = "looks = [0.5, 1.0], months = [24, 60], spending = \"obrien_fleming\"";
    let scenario = trial("", late, days);
    for k in 0..40 {
        let (workspace, record) = replicate(&scenario, &scenario.runs[0], k);
        for (look, row) in workspace.design.looks.iter().zip(&record.rows) {
            let known =
                workspace.cohort.enrolled.iter().filter(|&&day| day + 30.0 + 20.0 <= look.cut + 1e-6).count();
            assert_eq!(
                (row.comparison.n_treatment + row.comparison.n_control) as usize,
                known.min(look.patients)
            );
        }
    }
}

/// Recruitment of 10 a month ends after 30 months, with some 300 of 420 patients: the trial is concluded once they are
/// followed up, not before, and spends what is left; its error stays at the level.
#[test]
fn recruitment_that_ends_early_concludes_the_trial() {
    let month = 365.25 / 12.0;
    for design in [
        "looks = [0.5, 1.0], spending = \"obrien_fleming\"",
        "looks = [0.5, 1.0], months = [24, 60], spending = \"obrien_fleming\"",
    ] {
        let scenario = trial("", "recruitment_ends = \"30 months\"", design);
        let mut concluded = 0;
        for k in 0..80 {
            let (workspace, record) = replicate(&scenario, &scenario.runs[1], k);
            let (cohort, last) = (&workspace.cohort, *workspace.design.looks.last().unwrap());
            assert!(cohort.enrolled.iter().all(|&day| day < 30.0 * month));
            assert!(cohort.len() < 420 && last.decision != Decision::Continue, "{last:?}");
            if last.decision == Decision::None {
                concluded += 1;
                assert_eq!((last.patients, last.mature), (cohort.len(), cohort.len()));
                let end = (30.0 * month).max(cohort.enrolled.last().unwrap() + 30.0);
                assert!(last.day <= end + 1e-6, "{} {end}", last.day / month);
                assert!((record.trial.unwrap().months - last.day / month).abs() < 1e-9);
            }
        }
        assert!(concluded > 60, "{concluded}");
        let list = measures(&scenario, None);
        let error = list.get(2, "primary", "", "type_i_error");
        assert!(error.value < 0.025 + 4.0 * error.mcse, "{design}: {error:?}");
        // The number enrolled is Poisson with mean 10·30 in trials that do not stop early.
        let patients = list.get(2, "", "", "patients");
        let stops: f64 =
            ["stop_efficacy", "stop_harm"].iter().map(|m| at_look(&list.0, 2, Some(1), m).value).sum();
        assert!(patients.value <= 300.0 + 4.0 * patients.mcse && stops < 0.02, "{patients:?} {stops}");
        assert!(patients.value > 300.0 - 100.0 * stops - 4.0 * patients.mcse, "{patients:?} {stops}");
    }
}

/// A stop from outside has nothing to do with the data: it moves no look before it, and afterwards the trial concludes
/// with who is there. Without effect the error stays at its level.
#[test]
fn a_stop_from_outside_ends_a_trial_with_looks() {
    let conduct = "external_stop = { risk = 0.6, by = \"30 months\" }";
    let [free, stopped] =
        ["", conduct].map(|conduct| trial("", conduct, "looks = [0.5, 1.0], spending = \"obrien_fleming\""));
    let mut shorter = 0;
    for k in 0..150 {
        let (whole, part) = (looks(&free, 1, k), looks(&stopped, 1, k));
        let (workspace, _) = replicate(&stopped, &stopped.runs[1], k);
        let (longer, _) = replicate(&free, &free.runs[1], k);
        let n = workspace.cohort.len();
        assert_eq!(workspace.cohort.enrolled[..], longer.cohort.enrolled[..n]);
        if part.len() == whole.len() && part[0].1 == whole[0].1 {
            assert_eq!(part[0], whole[0]);
        }
        let last = workspace.design.looks.last().unwrap();
        assert!(last.decision != Decision::Continue);
        shorter += u32::from(n < longer.cohort.len());
    }
    assert!(shorter > 60, "{shorter}");
    let list = measures(&stopped, None);
    let error = list.get(2, "primary", "", "type_i_error");
    assert!(error.value < 0.025 + 4.0 * error.mcse, "{error:?}");
}
