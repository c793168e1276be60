//! Covariates as recorded: shares, luck that is shared, and what is done about what is missing.

use crate::simulation::{load, prepare};
use shocktrial::{
    population::{Expression, Reading},
    scenario::Scenario,
};

fn misclassified() -> Scenario {
    load("scenarios/designs/misclassified_phenotype.toml", &[])
}

/// A probability within 4 standard errors of a share of `n`.
#[track_caller]
fn about(share: f64, expected: f64, n: f64) {
    let error = (expected * (1.0 - expected) / n).sqrt();
    assert!((share - expected).abs() < 4.0 * error + 1e-12, "{share}, expected {expected} ± {error}");
}

/// In each run the recorded phenotype is the true one as often as stated, and missing as often as stated by
/// the first rule that holds.
#[test]
fn a_covariate_is_recorded_as_often_as_stated() {
    let scenario = misclassified();
    let columns = &scenario.pool.columns;
    let dictionary = scenario.dictionary(1);
    let of = dictionary.index("ventricular_phenotype").unwrap();
    let arrest = dictionary.index("cardiac_arrest").unwrap();
    // The pool holds those whom some run enrols, so recorded values are judged on the whole registry.
    let shocktrial::population::Population::Registry(registry) = &scenario.population else { unreachable!() };
    let all = registry.columns(0..20_000);
    for (run, agreement) in [(1, 0.85), (2, 0.6), (3, 0.7), (4, 1.0)] {
        let recorded = scenario.dictionary(run).list[of].recorded.unwrap();
        let seen: Vec<usize> = (0..all.len()).filter(|&i| !all.data[recorded][i].is_nan()).collect();
        let right = seen.iter().filter(|&&i| all.data[recorded][i] == all.data[of][i]).count() as f64;
        about(right / seen.len() as f64, agreement, seen.len() as f64);
        for (group, missing) in [(1.0, 0.15), (0.0, 0.05)] {
            let group: Vec<usize> = (0..all.len()).filter(|&i| all.data[arrest][i] == group).collect();
            let share = group.iter().filter(|&&i| all.data[recorded][i].is_nan()).count() as f64;
            about(share / group.len() as f64, missing, group.len() as f64);
        }
    }
    // The luck is shared: whoever the poor test gets right by its worse odds, the better one gets right too.
    let [poor, good] = [2, 1].map(|run| scenario.dictionary(run).list[of].recorded.unwrap());
    let level = |column: usize, i: usize| all.data[column][i];
    let lv = (0..all.len()).filter(|&i| level(of, i) == 0.0 && level(poor, i) == 0.0);
    assert!(lv.clone().count() > 3000 && lv.clone().all(|i| level(good, i) == 0.0));
    assert_eq!(columns.names.len(), columns.data.len());
}

/// Entry reads what was recorded: the share of truly left-dominant among those eligible is Bayes' rule, and
/// nobody whose phenotype is not recorded is enrolled.
#[test]
fn entry_reads_what_was_recorded() {
    let scenario = misclassified();
    for (run, agreement) in [(1u32, 0.85), (4, 1.0)] {
        let trial = &scenario.runs[run as usize - 1].trial;
        let dictionary = scenario.dictionary(run);
        let of = dictionary.index("ventricular_phenotype").unwrap();
        let recorded = dictionary.list[of].recorded.unwrap();
        let columns = &scenario.pool.columns;
        let eligible: Vec<usize> =
            (0..scenario.pool.len()).filter(|&row| trial.enrolment.probability[row] > 0.0).collect();
        assert!(eligible.iter().all(|&row| columns.data[recorded][row] == 0.0));
        // True shares among candidates for any phenotype: 56 % left-dominant in infarct shock, less arrest's tie.
        let lv = eligible.iter().filter(|&&row| columns.data[of][row] == 0.0).count() as f64;
        let prior = 0.56;
        let expected = prior * agreement / (prior * agreement + (1.0 - prior) * (1.0 - agreement) / 2.0);
        assert!((lv / eligible.len() as f64 - expected).abs() < 0.02, "{run}: {lv} of {}", eligible.len());
    }
    // The truth follows what is so: no effect in those who are not left-dominant.
    let slices = &scenario.truths[0].estimands[0];
    assert!(slices[1].abs() < 1e-9 && slices[2] < -0.1, "{slices:?}");
    assert!(slices[0] > slices[2] && slices[0] < 0.0);
}

/// A rule that cannot be decided is not met; one part may settle it.
#[test]
fn a_rule_on_what_is_missing_is_not_met() {
    let scenario = misclassified();
    let dictionary = scenario.dictionary(1);
    let mut columns = scenario.pool.columns.take(&[0]);
    let recorded = dictionary.list[dictionary.index("ventricular_phenotype").unwrap()].recorded.unwrap();
    columns.data[recorded][0] = f64::NAN;
    let decide =
        |text: &str| Expression::parse(text, &dictionary, Reading::Recorded).unwrap().decide(&columns, 0);
    assert_eq!(decide("ventricular_phenotype = lv_dominant"), None);
    assert_eq!(decide("ventricular_phenotype != lv_dominant"), None);
    assert_eq!(decide("not ventricular_phenotype = lv_dominant"), None);
    assert_eq!(decide("ventricular_phenotype = lv_dominant or age_years > 0"), Some(true));
    assert_eq!(decide("ventricular_phenotype = lv_dominant and age_years < 0"), Some(false));
    assert_eq!(decide("k_of(1, ventricular_phenotype = lv_dominant, age_years > 0)"), Some(true));
    assert_eq!(decide("k_of(2, ventricular_phenotype = lv_dominant, age_years < 0)"), Some(false));
    assert_eq!(decide("k_of(1, ventricular_phenotype = lv_dominant, age_years < 0)"), None);
}

/// Numbers are recorded with their error, flags with their sensitivity and specificity.
#[test]
fn numbers_and_flags_are_recorded_with_error() {
    let text =
        std::fs::read_to_string(crate::simulation::at("scenarios/designs/misclassified_phenotype.toml"))
            .unwrap();
    let text = text.replace(
        "[population.recorded]",
        "[population.recorded]\nlactate_mmol_per_l = { error_sd_of_log = 0.2 }\nage_years = { error_sd = 3.0 }\nfrail = { sensitivity = 0.7, specificity = 0.9 }",
    );
    let scenario = prepare(&text);
    let dictionary = scenario.dictionary(1);
    let shocktrial::population::Population::Registry(registry) = &scenario.population else { unreachable!() };
    let all = registry.columns(0..20_000);
    let n = all.len() as f64;
    let pair = |name: &str| {
        let of = dictionary.index(name).unwrap();
        (&all.data[of], &all.data[dictionary.list[of].recorded.unwrap()])
    };
    let (so, seen) = pair("lactate_mmol_per_l");
    let errors: Vec<f64> = so.iter().zip(seen).map(|(a, b)| libm::log(b / a)).collect();
    // Limits of the covariate hold for its record too, and cut a few errors.
    let sd = (errors.iter().map(|e| e * e).sum::<f64>() / n).sqrt();
    assert!((sd - 0.2).abs() < 0.01, "{sd}");
    let (so, seen) = pair("frail");
    for (truth, right) in [(1.0, 0.7), (0.0, 0.9)] {
        let group: Vec<usize> = (0..all.len()).filter(|&i| so[i] == truth).collect();
        let share = group.iter().filter(|&&i| seen[i] == truth).count() as f64 / group.len() as f64;
        about(share, right, group.len() as f64);
    }
}
