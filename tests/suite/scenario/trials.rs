//! Every trial of the repository: with all its variants it loads, runs small and does not miss what it
//! expects; what it published is judged only where nothing was learnt from it; the README lists exactly the
//! files there are.

use crate::simulation::{at, measures};
use shocktrial::{
    operating::Measure,
    outcome::kinds::Yields,
    scenario::{Changes, Scenario, document::Provenance, expect::Verdict, interventions, load},
    simulation::Role,
    validation::replay::{self, Replay, standings},
};
use std::{collections::BTreeSet, fmt::Write};

const FOLDERS: [&str; 2] = ["published", "ongoing"];
const REPLICATES: u64 = 30;
/// Patients of a pool: what a trial and its variants do shows on an eighth of the usual ones.
const POOL_ROWS: usize = 1 << 12;

/// Paths of all trials, from the project's folder.
fn trials() -> Vec<String> {
    let mut list = Vec::new();
    for folder in FOLDERS {
        for entry in std::fs::read_dir(at(&format!("scenarios/{folder}"))).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            list.push(format!("{folder}/{name}"));
        }
    }
    list.sort();
    assert!(list.len() >= 38 && list.iter().all(|name| name.ends_with(".toml")), "{list:?}");
    list
}

/// A trial with its variants on a small pool.
fn small(path: &str) -> Scenario {
    let changes = Changes { without_truths: true, pool_rows: Some(POOL_ROWS), ..Changes::default() };
    load(&at(&format!("scenarios/{path}")), &changes).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_trial_runs_with_all_its_variants() {
    let (mut runs, mut verdicts) = (0, 0);
    for path in trials() {
        let mut scenario = small(&path);
        assert!(!scenario.question.is_empty() && !scenario.limits.is_empty(), "{path} says what it is for");
        let published =
            scenario.published.clone().unwrap_or_else(|| panic!("{path} says what is known of it"));
        for (of, arm) in published.risk.iter().map(|r| (&r.of, &r.arm)) {
            let trial = &scenario.runs[0].trial;
            assert!(trial.endpoints.iter().any(|e| e.name == *of), "{path}: no end point {of}");
            assert!(trial.arms.iter().any(|a| a.name == *arm), "{path}: no arm {arm}");
        }
        if let Some(plan) = &published.plan {
            assert!(!plan.origin.is_empty(), "{path} says where its plan is from");
        }
        verdicts += no_figure_is_used_twice(&path, &scenario);
        if published.status.has_results() {
            every_miss_has_its_reason(&path, &scenario);
        }
        // Truths are worked out where runs are tested one by one; here an empty one of the right shape will do.
        scenario.truths = scenario.runs.iter().map(empty).collect();
        let found = measures(&scenario, Some(REPLICATES));
        for run in &scenario.runs {
            let primary = &run.trial.estimands[0];
            let claim = match run.role {
                Role::Prior(_) => "assurance",
                _ if primary.claim.is_error(run.null, f64::NAN, false) => "type_i_error",
                _ => "power",
            };
            let power = found.get(run.number, &primary.name, "", claim);
            assert_eq!(power.replicates, REPLICATES, "{path} {}", run.variant);
            assert!(
                power.failed * 4 < REPLICATES,
                "{path} {}: {} of {REPLICATES} trials gave no answer",
                run.variant,
                power.failed
            );
            runs += 1;
        }
        for expectation in &scenario.expectations {
            let text = &expectation.text;
            let (name, expected) = text.measure().unwrap();
            if name != "risk" {
                continue;
            }
            let run = &scenario.runs[expectation.run];
            let trial = &run.trial;
            let of = |e: &&shocktrial::trial::estimand::Estimand| {
                let side = |arm: u8| trial.arms[usize::from(arm)].name == *text.arm.as_ref().unwrap();
                let endpoint = &trial.endpoints[e.endpoint];
                endpoint.name == text.of
                    && endpoint.kind.yields() == Yields::Event
                    && (side(e.treatment) || side(e.control))
            };
            let estimand = trial.estimands.iter().find(of).unwrap_or_else(|| panic!("{path}: {}", text.of));
            let risk: &Measure = found.get(run.number, &estimand.name, text.arm.as_ref().unwrap(), "risk");
            let verdict = text.verdict(expected, risk.value, risk.mcse);
            assert_ne!(verdict, Verdict::NotMet, "{path}:{}: {risk:?}", expectation.line);
        }
    }
    println!("{runs} runs, {verdicts} published figures judged");
    assert!(runs > 120 && verdicts > 15, "{runs} runs, {verdicts} figures");
}

/// What the model misses, the scenario explains; and simulated trials spread as two binomials do.
fn every_miss_has_its_reason(path: &str, scenario: &Scenario) {
    let replay = Replay::new(path, scenario).unwrap_or_else(|e| panic!("{path}: {e}"));
    for row in &replay.rows {
        let foretold = row.usual && row.death && row.judged(&row.predicted) == Some(false);
        let checked = row.standing.role == replay::Role::Check && row.judged(&row.replayed) == Some(false);
        assert!(
            !(foretold || checked) || !row.why.is_empty(),
            "{path}: {} in {} is missed, and nothing says why",
            row.endpoint,
            row.arm
        );
    }
    assert!(replay.machinery.is_none_or(|m| m.agrees()), "{path}: {:?}", replay.machinery);
}

/// A published figure that is judged was put in nowhere: the scenario's base cites it for nothing, and the
/// registry was not fitted to it. Gives the number of those judged as not put in.
fn no_figure_is_used_twice(path: &str, scenario: &Scenario) -> usize {
    let own = |path: &str| !["published.", "expect.", "variant."].iter().any(|part| path.starts_with(part));
    let put_in: BTreeSet<&str> = scenario
        .sourced
        .iter()
        .filter(|sourced| own(&sourced.path))
        .filter_map(|sourced| match &sourced.from {
            Provenance::Cited(id) => Some(id.as_str()),
            Provenance::Assumed(_) => None,
        })
        .collect();
    let mut judged = 0;
    for standing in standings(scenario).unwrap_or_else(|e| panic!("{path}: {e}")) {
        let memory = standing.source.starts_with("mem-") || standing.source.contains("memory");
        assert!(!memory || standing.judged(true).is_none(), "{path}: {} is from memory", standing.source);
        if standing.role == replay::Role::Check && standing.judged(true).is_some() {
            assert!(!put_in.contains(standing.source.as_str()), "{path}: {} is put in", standing.source);
            judged += 1;
        }
    }
    judged
}

/// A truth without values.
fn empty(run: &shocktrial::simulation::Run) -> shocktrial::calibration::truth::Truth {
    let slices = |e: usize| vec![f64::NAN; shocktrial::operating::slices(&run.trial, e).len()];
    let estimands: Vec<Vec<f64>> = (0..run.trial.estimands.len()).map(slices).collect();
    shocktrial::calibration::truth::Truth { errors: estimands.clone(), estimands, ..Default::default() }
}

/// Numbers from memory may not decide: no expectation cites one.
#[test]
fn no_expectation_rests_on_memory() {
    for path in trials() {
        let text = std::fs::read_to_string(at(&format!("scenarios/{path}"))).unwrap();
        for part in text.split("[[expect]]").skip(1) {
            let part = part.split("\n[").next().unwrap();
            assert!(!part.contains("mem-") && !part.contains("from memory"), "{path}: {part}");
        }
    }
}

#[test]
fn every_intervention_reads() {
    let folder = at("scenarios/interventions");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let source = shocktrial::scenario::document::read(&entry.unwrap().path()).unwrap();
        let text = interventions::read_text(&source).unwrap_or_else(|e| panic!("{e}"));
        assert!(!text.title.is_empty() && !text.about.is_empty(), "{}", source.name);
        count += 1;
    }
    assert!(count >= 16, "{count} interventions");
}

/// The README's table of trials is that of the folders; `BLESS=1` writes it.
#[test]
fn the_readme_lists_the_trials() {
    let mut table = String::from(
        "| trial | file | year | patients | primary end point | status |\n|---|---|---|---|---|---|\n",
    );
    let mut rows: Vec<(String, i64, String)> = Vec::new();
    for path in trials() {
        let text = std::fs::read_to_string(at(&format!("scenarios/{path}"))).unwrap();
        let file: toml::Table = text.parse().unwrap();
        let estimands = file["estimand"].as_table().unwrap();
        let endpoint = estimands["primary"]["endpoint"].as_str().unwrap();
        let label = file["endpoint"][endpoint]["label"].as_str().unwrap();
        let published = file["published"].as_table().unwrap();
        let status = match published["status"].as_str().unwrap() {
            "stopped_early" => "stopped early",
            "ongoing" => "running or unpublished",
            other => other,
        };
        let (year, patients) =
            (published["year"].as_integer().unwrap(), file["trial"]["patients"].as_integer().unwrap());
        let title = file["title"].as_str().unwrap();
        rows.push((
            path.split('/').next().unwrap().to_owned(),
            year,
            format!("| {title} | `{path}` | {year} | {patients} | {label} | {status} |\n"),
        ));
    }
    rows.sort_by(|a, b| (std::cmp::Reverse(&a.0), a.1, &a.2).cmp(&(std::cmp::Reverse(&b.0), b.1, &b.2)));
    rows.iter().for_each(|(.., row)| write!(table, "{row}").unwrap());
    let readme = std::fs::read_to_string(at("README.md")).unwrap();
    let (before, rest) = readme.split_once("<!-- trials -->\n").expect("the README marks where trials stand");
    let (found, after) = rest.split_once("<!-- end of trials -->").expect("and where they end");
    if std::env::var_os("BLESS").is_some() {
        let text = format!("{before}<!-- trials -->\n{table}<!-- end of trials -->{after}");
        return std::fs::write(at("README.md"), text).unwrap();
    }
    assert!(
        found == table,
        "the README's trials are not those of the folders; BLESS=1 writes them:\n{table}"
    );
}
