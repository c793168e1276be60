//! The patients behind a row, analysed on their own, give the row.

use super::{Folder, say};
use crate::simulation::{EVERYTHING, at, everything, load, replicate};
use shocktrial::{
    report::tables::{NamedValues, Values, read_data},
    scenario::Scenario,
    trial::record::Slice,
};
use std::{collections::HashMap, path::Path};

/// Holds row `k` of run `run` against `analyze` on the patients that `patients` writes.
fn agrees(
    folder: &Folder,
    path: &str,
    scenario: &Scenario,
    run: usize,
    k: u64,
    checks: &[(&str, &str, &str)],
) {
    let csv = folder.path(&format!("{run}-{k}.csv"));
    let said = say(&[
        "patients",
        path,
        "--run",
        &(run + 1).to_string(),
        "--replicate",
        &k.to_string(),
        "--out",
        &csv,
    ]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.error);
    let run = &scenario.runs[run];
    let (_, record) = replicate(scenario, run, k);
    let last = record.trial.unwrap().look;
    for (estimand, method, stratum) in checks {
        let index = run.trial.estimands.iter().position(|e| e.name == *estimand).unwrap();
        let chosen = &run.trial.estimands[index];
        let row = record
            .rows
            .iter()
            .find(|r| r.look == last && usize::from(r.estimand) == index && r.slice == Slice::All)
            .unwrap();
        let arm = |a: u8| run.trial.arms[usize::from(a)].name.as_str();
        let endpoint = &run.trial.endpoints[chosen.endpoint].name;
        let column = |what: &str| format!("{endpoint}_{what}");
        let (event, known, time) = (column("event"), column("known"), column("time"));
        let mut arguments = vec!["analyze", &csv, "--json", "--method", method, "--arm", "arm_assigned"];
        arguments.extend(["--treatment", arm(chosen.treatment), "--control", arm(chosen.control)]);
        arguments.extend(["--event", &event, "--known", &known, "--time", &time]);
        if !stratum.is_empty() {
            arguments.extend(["--stratum", stratum]);
        }
        let said = say(&arguments);
        assert_eq!(said.code, 0, "{}", said.error);
        let list: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let c = &row.comparison;
        let ratio = chosen.method.summary.is_ratio();
        let shown = |x: f64| if ratio { libm::exp(x) } else { x };
        for (name, wanted) in [
            ("estimate", shown(c.estimate)),
            ("se", c.se),
            ("statistic", c.statistic),
            ("p_value", c.p_value),
            ("lower", shown(c.lower)),
            ("upper", shown(c.upper)),
            ("n", f64::from(c.n_treatment + c.n_control)),
            ("events", f64::from(c.events_treatment + c.events_control)),
        ] {
            let found = list[0][name].as_f64().unwrap_or(f64::NAN);
            assert!(
                (found - wanted).abs() < 1e-12,
                "{estimand} {method}: {name} {found}, the row has {wanted}"
            );
        }
    }
}

#[test]
fn homogeneous_patients_give_their_row() {
    let folder = Folder::new("homogeneous");
    let binary = load("scenarios/peers/w1_binary.toml", &[]);
    for (run, k) in [(0, 0), (0, 7), (1, 7)] {
        let checks = [("primary", "risk_ratio", ""), ("primary", "chi_square", "")];
        agrees(&folder, "scenarios/peers/w1_binary.toml", &binary, run, k, &checks);
    }
    let curves = load("scenarios/peers/w2_log_rank.toml", &[]);
    for k in [1, 12_345] {
        let checks = [("primary", "log_rank", ""), ("wald", "cox", "")];
        agrees(&folder, "scenarios/peers/w2_log_rank.toml", &curves, 0, k, &checks);
    }
}

/// With sites, loss, bail-out, strata and a second stage.
#[test]
fn registry_patients_give_their_row() {
    let folder = Folder::new("registry");
    let registry = at("scenarios/populations/cardiogenic_shock.toml");
    let text = EVERYTHING.replace("../populations/cardiogenic_shock.toml", registry.to_str().unwrap());
    let path = folder.write("everything.toml", &text);
    let scenario = everything();
    let checks = [
        ("primary", "risk_ratio", ""),
        ("primary.risk_difference", "risk_difference", ""),
        ("time", "cox", ""),
        ("stratified", "stratified_log_rank", "stemi"),
        ("harm", "chi_square", ""),
    ];
    let last = scenario.runs.iter().position(|r| r.variant == "two stages").unwrap();
    for (run, k) in [(0, 3), (last, 3)] {
        agrees(&folder, &path, scenario, run, k, &checks);
    }
    let narrow = scenario.runs.iter().position(|r| r.variant == "not comatose").unwrap();
    agrees(&folder, &path, scenario, narrow, 3, &checks[..1]);
    same_hazards(&read(&folder.0.join("0-3.csv")), &read(&folder.0.join(format!("{narrow}-3.csv"))));
}

fn read(path: &Path) -> Vec<NamedValues> {
    read_data(path).unwrap()
}

fn numbers<'a>(table: &'a [NamedValues], name: &str) -> &'a [Option<f64>] {
    match &table.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no column {name}")).values {
        Values::Numbers(numbers) => numbers,
        Values::Words(_) => panic!("{name} is not numbers"),
    }
}

/// Enrichment keeps each patient's baseline hazards: rates equal row by row.
fn same_hazards(wide: &[NamedValues], narrow: &[NamedValues]) {
    let place: HashMap<u64, usize> =
        numbers(wide, "registry_row").iter().enumerate().map(|(i, row)| (row.unwrap() as u64, i)).collect();
    let shared: Vec<(usize, usize)> = numbers(narrow, "registry_row")
        .iter()
        .enumerate()
        .filter_map(|(j, row)| place.get(&(row.unwrap() as u64)).map(|&i| (i, j)))
        .collect();
    assert!(shared.len() > 100, "{} patients shared", shared.len());
    let rates: Vec<&str> = wide.iter().map(|c| c.name.as_str()).filter(|n| n.ends_with("_rate")).collect();
    assert!(rates.len() > 8);
    for name in rates {
        let (wide, narrow) = (numbers(wide, name), numbers(narrow, name));
        assert!(shared.iter().all(|&(i, j)| wide[i] == narrow[j]), "{name}");
    }
}
