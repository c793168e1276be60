//! Mortality that changes over a trial: who does not compare patients of the same time claims too often, and
//! who does is right again.

use crate::{
    cli::{Folder, say},
    simulation::{Measures, load, measures_of, replicate, run},
};
use shocktrial::{operating::Measure, scenario::Scenario, trial::design::Design};

/// Errors of a null run: of its estimand and in each direction.
fn error<'a>(scenario: &Scenario, found: &'a Measures, variant: &str, estimand: &str) -> &'a Measure {
    found.get(run(scenario, variant).number, estimand, "", "type_i_error")
}

/// At its level within four Monte Carlo errors, in both directions.
#[track_caller]
fn holds(measure: &Measure) {
    assert!((measure.value - 0.025).abs() <= 4.0 * measure.mcse, "{measure:?}");
}

/// Arms enter by date; the late one counted with controls of before claims too often, in favour of itself because
/// mortality falls. Concurrent controls and periods put it right, and without a trend nothing is wrong.
fn non_concurrent_controls(replicates: u64) -> String {
    let mut scenario = load("scenarios/designs/non_concurrent_controls.toml", &[]);
    let found = measures_of(&mut scenario, replicates);
    let wrong = error(&scenario, &found, "", "second");
    assert!(wrong.value > 0.025 + 4.0 * wrong.mcse && wrong.value > 0.1, "{wrong:?}");
    let other = found.get(1, "second", "", "rejects_wrong_way");
    assert!(other.value < 0.025 - 4.0 * other.mcse, "{other:?}");
    let mut said = format!("all controls {:.5} ± {:.5}\n", wrong.value, wrong.mcse);
    for variant in ["concurrent controls", "compared within periods", "all controls, no trend"] {
        let right = error(&scenario, &found, variant, "second");
        said += &format!("{variant} {:.5} ± {:.5}\n", right.value, right.mcse);
        holds(right);
        holds(error(&scenario, &found, variant, "first"));
    }
    said
}

/// The arm that is ahead gets more of the later patients: both arms are claimed too often, and equally so.
fn adaptive_allocation(replicates: u64) -> String {
    let mut scenario = load("scenarios/designs/adaptive_allocation_in_a_trend.toml", &[]);
    let found = measures_of(&mut scenario, replicates);
    let wrong = error(&scenario, &found, "", "primary");
    assert!(wrong.value > 0.025 + 4.0 * wrong.mcse && wrong.value > 0.05, "{wrong:?}");
    let other = found.get(1, "primary", "", "rejects_wrong_way");
    let apart = (wrong.mcse.powi(2) + other.mcse.powi(2)).sqrt();
    assert!((wrong.value - other.value).abs() < 4.0 * apart, "{wrong:?} {other:?}");
    let mut said = format!("chi-square {:.5} ± {:.5}\n", wrong.value, wrong.mcse);
    for variant in ["compared within periods", "no trend", "one to one"] {
        let right = error(&scenario, &found, variant, "primary");
        said += &format!("{variant} {:.5} ± {:.5}\n", right.value, right.mcse);
        if variant != "no trend" {
            holds(right);
        }
    }
    said
}

#[test]
fn a_trend_breaks_what_ignores_it_and_periods_mend_it() {
    non_concurrent_controls(3_000);
    adaptive_allocation(2_000);
}

/// `cargo test --release --test suite -- --ignored --nocapture trend_at_length`
#[test]
#[ignore = "minutes: 100 000 replicates of eight runs"]
fn trend_at_length() {
    println!("{}{}", non_concurrent_controls(100_000), adaptive_allocation(100_000));
}

/// An arm that opens on a day gets nobody before it, whoever is compared with it came since then, and a trial that
/// is full before that day ends as it is.
#[test]
fn arms_of_a_platform_enter_by_date() {
    let scenario = load("scenarios/designs/non_concurrent_controls.toml", &[]);
    let day = 18.0 * 365.25 / 12.0;
    for k in 0..30 {
        let base = run(&scenario, "concurrent controls");
        let (workspace, record) = replicate(&scenario, base, k);
        let cohort = &workspace.cohort;
        let before = cohort.enrolled.partition_point(|&enrolled| enrolled < day);
        assert_eq!(workspace.design.periods(), [before]);
        assert!(
            cohort.assigned[..before].iter().all(|&arm| arm < 2) && cohort.assigned[before..].contains(&2)
        );
        let controls = |from: usize| cohort.assigned[from..].iter().filter(|&&arm| arm == 0).count() as u32;
        let last = record.trial.unwrap().look;
        let rows: Vec<_> = record.rows.iter().filter(|row| row.look == last).collect();
        assert_eq!(
            (rows[0].comparison.n_control, rows[1].comparison.n_control),
            (controls(before), controls(0))
        );
        let (_, pooled) = replicate(&scenario, run(&scenario, ""), k);
        assert_eq!(pooled.rows.last().unwrap().comparison.n_control, controls(0));
        // Nobody waits on the day of the change.
        let gap = cohort.enrolled[before] - cohort.enrolled[before - 1];
        assert!(gap < 15.0, "{gap}");
    }
    let mut late = run(&scenario, "").clone();
    late.trial.patients = 200;
    let (workspace, record) = replicate(&scenario, &late, 1);
    assert!(matches!(late.trial.design, Design::Platform(_)) && !workspace.cohort.assigned.contains(&2));
    assert_eq!((record.trial.unwrap().patients, workspace.design.looks.len()), (200, 2));
    let months = record.trial.unwrap().months;
    let expected = (workspace.cohort.enrolled[199] + 30.0) / (365.25 / 12.0);
    assert!((months - expected).abs() < 1e-9, "{months} {expected}");
}

/// The report says what the error is, why, and what to write instead.
#[test]
fn the_report_says_what_is_not_controlled() {
    let folder = Folder::new("not_controlled");
    for (scenario, why, instead) in [
        (
            "non_concurrent_controls",
            "controls from before an arm entered",
            "controls = &quot;concurrent&quot;",
        ),
        (
            "adaptive_allocation_in_a_trend",
            "the arm that is ahead gets more of the later patients",
            "test = &quot;mantel_haenszel_by_period&quot;",
        ),
    ] {
        let path = crate::simulation::at(&format!("scenarios/designs/{scenario}.toml"));
        let out = folder.path(scenario);
        let said = say(&["run", path.to_str().unwrap(), "--replicates", "1000", "--quiet", "--out", &out]);
        assert_eq!(said.code, 0, "{}", said.error);
        let page = std::fs::read_to_string(format!("{out}/report.html")).unwrap();
        let page = page.replace("&#34;", "&quot;").replace('"', "&quot;");
        let start = page.find("Not controlled: mortality changes over the trial").expect(scenario);
        let sentence = &page[start..start + 500];
        assert!(sentence.contains(why) && sentence.contains(instead), "{sentence}");
    }
}
