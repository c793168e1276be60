//! Every scenario of the repository loads, runs small, and does not miss what it expects.

use crate::simulation::{at, load, measures};
use shocktrial::{scenario::expect::Verdict, simulation::Role};

const REPLICATES: u64 = 40;

/// The scenarios of a folder, by path.
fn scenarios(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(at(folder)) else { return Vec::new() };
    let mut list: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    list.sort();
    list
}

#[test]
fn every_scenario_loads_and_runs() {
    // One trial with all its truths stands for the others, whose runs `trials` looks at.
    let mut all = vec!["scenarios/published/ecls_shock.toml".to_owned()];
    all.extend(["designs", "peers", "studies"].iter().flat_map(|f| scenarios(&format!("scenarios/{f}"))));
    assert!(all.iter().any(|p| p.ends_with("ecls_shock.toml")) && all.len() >= 5, "{all:?}");
    for path in all {
        let scenario = load(&path, &[]);
        assert!(!scenario.title.is_empty() && !scenario.question.is_empty(), "{path} says what it is for");
        let measures = measures(&scenario, Some(REPLICATES));
        for run in &scenario.runs {
            let drawn = matches!(run.role, Role::Prior(_));
            let estimand = &run.trial.estimands[0];
            let primary = &estimand.name;
            let higher = run.trial.endpoints[estimand.endpoint].higher_is_better;
            let true_effect = scenario.truths[run.number as usize - 1].estimands[0][0];
            let error = estimand.claim.is_error(run.null, true_effect, higher);
            let claim = match (error, drawn) {
                (true, _) => "type_i_error",
                (_, true) => "assurance",
                _ => "power",
            };
            let power = measures.get(run.number, primary, "", claim);
            assert_eq!(power.replicates, run.replicates.min(REPLICATES), "{path} {}", run.variant);
            let patients = measures.get(run.number, "", "", "patients");
            assert!(
                patients.value > 1.0
                    && patients.value <= run.trial.design.most_patients(run.trial.patients) as f64,
                "{path} {}",
                run.variant
            );
            if drawn {
                // What is drawn has no one true value.
                continue;
            }
            let truth = measures.get(run.number, primary, "", "truth").value;
            let null = if run.trial.estimands[0].method.summary.is_ratio() { 1.0 } else { 0.0 };
            assert!(
                truth.is_finite() && (!run.null || (truth - null).abs() < 1e-9),
                "{path} {}: {truth}",
                run.variant
            );
        }
        // Few trials decide little, but a risk or a truth far from its figure shows.
        for expectation in &scenario.expectations {
            let (name, expected) = expectation.text.measure().expect("checked when it was read");
            let run = &scenario.runs[expectation.run];
            let arm = expectation.text.arm.clone().unwrap_or_default();
            let of = &expectation.text.of;
            let endpoint = |e: usize| run.trial.endpoints[run.trial.estimands[e].endpoint].name.as_str();
            let estimand = (0..run.trial.estimands.len())
                .find(|&e| run.trial.estimands[e].name == *of || (name == "risk" && endpoint(e) == of))
                .map(|e| run.trial.estimands[e].name.clone())
                .unwrap_or_else(|| {
                    panic!("{path}:{}: “{of}” is neither estimand nor end point", expectation.line)
                });
            let name = if name == "power" && run.null { "type_i_error" } else { name };
            let measure = measures.get(run.number, &estimand, &arm, name);
            // A share of 40 has no usable error at 0 or 1.
            let mcse = if ["power", "type_i_error"].contains(&name) {
                (expected * (1.0 - expected) / REPLICATES as f64).sqrt()
            } else {
                measure.mcse
            };
            let verdict = expectation.text.verdict(expected, measure.value, mcse);
            assert_ne!(verdict, Verdict::NotMet, "{path}:{}: {measure:?}", expectation.line);
        }
    }
}

/// Each expectation at the replicate count its scenario states; of each scenario only the runs that something
/// is expected of. Minutes: `cargo test --release --test suite -- --ignored full_count --nocapture`, with
/// `SCENARIOS=published,ongoing` for some of the folders.
#[test]
#[ignore = "minutes: every expectation at full replicate counts"]
fn every_expectation_holds_at_full_count() {
    let folders = std::env::var("SCENARIOS").unwrap_or("published,ongoing,designs,peers,studies".into());
    let (mut count, mut undecided, mut failed) = (0, Vec::new(), Vec::new());
    for path in folders.split(',').flat_map(|folder| scenarios(&format!("scenarios/{folder}"))) {
        let text = std::fs::read_to_string(at(&path)).unwrap();
        if !text.contains("[[expect]]") {
            continue;
        }
        let mut scenario = load(&path, &[]);
        let wanted = |run: usize| scenario.expectations.iter().any(|e| e.run == run);
        let kept: Vec<usize> = (0..scenario.runs.len()).filter(|&run| wanted(run)).collect();
        scenario.runs = kept.iter().map(|&run| scenario.runs[run].clone()).collect();
        scenario.truths = kept.iter().map(|&run| scenario.truths[run].clone()).collect();
        let found = measures(&scenario, None);
        for expectation in &scenario.expectations {
            let text = &expectation.text;
            let (name, expected) = text.measure().expect("checked when it was read");
            let run = &scenario.runs[kept.iter().position(|&run| run == expectation.run).unwrap()];
            let arm = text.arm.clone().unwrap_or_default();
            let endpoint = |e: usize| run.trial.endpoints[run.trial.estimands[e].endpoint].name.as_str();
            let estimand = (0..run.trial.estimands.len())
                .find(|&e| {
                    run.trial.estimands[e].name == text.of || (name == "risk" && endpoint(e) == text.of)
                })
                .map(|e| run.trial.estimands[e].name.clone())
                .unwrap();
            let name = if name == "power" && run.null { "type_i_error" } else { name };
            let measure = found.get(run.number, &estimand, &arm, name);
            let verdict = text.verdict(expected, measure.value, measure.mcse);
            let line = format!(
                "{path}:{} {name} of {estimand} {arm}: {expected} ± {}, came back {:.5} ± {:.5}, {}",
                expectation.line,
                text.within,
                measure.value,
                measure.mcse,
                verdict.name()
            );
            println!("{line}");
            count += 1;
            match verdict {
                Verdict::Met => {}
                Verdict::Undecided => undecided.push(line),
                Verdict::NotMet => failed.push(line),
            }
        }
    }
    println!("{count} expectations, {} undecided, {} not met", undecided.len(), failed.len());
    assert!(undecided.is_empty() && failed.is_empty(), "{undecided:#?}\n{failed:#?}");
}
