//! The patients behind a row, analysed on their own, give the row.

use super::{Folder, say};
use crate::simulation::{EVERYTHING, at, everything, load, replicate};
use shocktrial::{
    error::Source,
    report::tables::{NamedValues, Values, read_data},
    scenario::{self, Changes, Scenario},
    trial::record::Slice,
};
use std::{collections::HashMap, path::Path, sync::Arc};

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
        if method.starts_with("cluster") {
            arguments.extend(["--cluster", "site"]);
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

/// Whole sites randomised, shares that change, and the exact test: by site, by period, and by table.
#[test]
fn patients_of_sites_and_periods_give_their_row() {
    let folder = Folder::new("sites");
    let parallel = "scenarios/designs/parallel_clusters.toml";
    let checks = [("primary", "cluster_t", ""), ("regression", "cluster_logistic", "")];
    let scenario = load(parallel, &[]);
    for (run, k) in [(0, 2), (1, 5)] {
        agrees(&folder, parallel, &scenario, run, k, &checks);
    }
    let wedge = "scenarios/designs/stepped_wedge.toml";
    let checks = [("primary", "cluster_logistic", "period"), ("time_to_death", "cluster_cox", "period")];
    agrees(&folder, wedge, &load(wedge, &[]), 0, 4, &checks);
    let adaptive = "scenarios/designs/adaptive_allocation_in_a_trend.toml";
    let scenario = load(adaptive, &[]);
    agrees(&folder, adaptive, &scenario, 1, 4, &[("primary", "mantel_haenszel_risk_ratio", "period")]);
    let text = std::fs::read_to_string(at("scenarios/peers/w1_binary.toml")).unwrap();
    let text = text.replace("\"chi_square\"", "\"fisher_doubled\"");
    let path = folder.write("fisher.toml", &text);
    let source = Arc::new(Source { name: "fisher.toml".into(), text });
    let scenario = scenario::prepare(&source, &at("scenarios/peers"), &Changes::default()).unwrap();
    agrees(&folder, &path, &scenario, 0, 3, &[("primary", "fisher_doubled", "")]);
}

/// Columns on where a patient was treated and how he left.
#[test]
fn patients_have_their_sites_kind_and_how_they_left() {
    let folder = Folder::new("left");
    for (scenario, expected) in [
        ("scenarios/designs/sites_and_consent.toml", "site_kind"),
        ("scenarios/designs/deferred_consent.toml", "refused"),
    ] {
        let csv = folder.path("patients.csv");
        let said = say(&["patients", scenario, "--replicate", "1", "--out", &csv]);
        assert_eq!(said.code, 0, "{}", said.error);
        let table = read(Path::new(&csv));
        let column = table.iter().find(|c| c.name == expected).expect(expected);
        match &column.values {
            Values::Words(kinds) => {
                let large = kinds.iter().filter(|k| k.as_deref() == Some("large")).count();
                // A quarter of the sites at 2.5 times the rate: 45 % of the patients, give or take which sites open.
                assert!((60..340).contains(&large) && kinds.iter().all(Option::is_some), "{large}");
                let sites = numbers(&table, "site");
                let mut of_site: HashMap<u64, &str> = HashMap::new();
                for (site, kind) in sites.iter().zip(kinds) {
                    let kind = kind.as_deref().unwrap();
                    assert_eq!(*of_site.entry(site.unwrap() as u64).or_insert(kind), kind);
                }
            }
            Values::Numbers(refused) => {
                let lost = numbers(&table, "lost");
                let (deaths, mut seen) = (numbers(&table, "death_day"), 0);
                for ((refused, lost), death) in refused.iter().zip(lost).zip(deaths) {
                    // Data of who refuses are removed from day 0 on; the dead cannot refuse.
                    assert_eq!(*refused == Some(1.0), *lost == Some(0.0));
                    assert!(*refused == Some(0.0) || death.is_none_or(|day| day > 5.0));
                    seen += u32::from(*refused == Some(1.0));
                }
                assert!(seen > 5, "{seen}");
            }
        }
    }
}

/// Every kind of end point and every method that a scenario can ask for it.
#[test]
fn patients_of_every_kind_give_their_row() {
    const MORE: [(&str, &str, &str, &str); 9] = [
        ("tests_days_welch", "days_out", "mean_difference", "welch"),
        ("tests_marker_welch", "marker_3d", "mean_difference", "welch"),
        ("tests_units_poisson", "units", "rate_ratio", "poisson"),
        ("tests_fs", "hierarchy", "win_ratio", "finkelstein_schoenfeld"),
        ("tests_kidney", "renal_replacement", "subdistribution_hazard_ratio", "fine_gray"),
        ("tests_death_rd", "mixed", "risk_difference", "wald"),
        ("tests_death_rr", "mixed", "risk_ratio", "wald"),
        ("tests_death_or", "mixed", "odds_ratio", "wald"),
        ("tests_death_km", "mixed", "kaplan_meier_difference", "wald"),
    ];
    let more = MORE.map(|(name, endpoint, summary, test)| {
        format!(
            "[estimand.{name}]\nendpoint = \"{endpoint}\"\ncompare = {{ treatment = \"treated\", control = \"control\" }}\nsummary = \"{summary}\"\ntest = \"{test}\"\n\n"
        )
    });
    let text = crate::outcome::kinds::SCENARIO.replace("[trial]\n", &format!("{}[trial]\n", more.concat()));
    let source = Arc::new(Source { name: "kinds.toml".into(), text: text.clone() });
    // The truths are simulated at length and not asked here.
    let changes = Changes { without_truths: true, ..Changes::default() };
    let scenario = scenario::prepare(&source, &at("scenarios/published"), &changes).unwrap();
    let folder = Folder::new("kinds");
    let path = folder.write("kinds.toml", &text);
    let csv = folder.path("patients.csv");
    let said = say(&["patients", &path, "--replicate", "3", "--out", &csv]);
    assert_eq!(said.code, 0, "{}", said.error);
    let run = &scenario.runs[0];
    let (_, record) = replicate(&scenario, run, 3);
    let tiers = "time:death_180d_time:death_180d_event,lower:renal_replacement_event,higher:days_out_value";
    let mixed = "--time mixed_time --event mixed_event --known mixed_known --horizon 30";
    for (estimand, method, flags) in [
        ("hierarchy", "win_ratio", format!("--tiers {tiers}")),
        ("pairs", "finkelstein_schoenfeld", format!("--tiers {tiers}")),
        ("tests_fs", "finkelstein_schoenfeld", format!("--tiers {tiers}")),
        ("days", "mann_whitney", "--value days_out_value --better higher".to_owned()),
        ("tests_days_welch", "welch", "--value days_out_value --better higher".to_owned()),
        ("marker", "ancova", "--value marker_3d_value --adjust marker_3d_baseline --drop-missing".to_owned()),
        ("tests_marker_welch", "welch", "--value marker_3d_value --drop-missing".to_owned()),
        ("peak", "mann_whitney", "--value marker_peak_value --drop-missing".to_owned()),
        ("units", "negative_binomial", "--value units_value --offset units_exposure --drop-missing".to_owned()),
        ("tests_units_poisson", "poisson", "--value units_value --offset units_exposure --drop-missing".to_owned()),
        ("tests_kidney", "fine_gray", "--time renal_replacement_time --event renal_replacement_event --known renal_replacement_known --horizon 180".to_owned()),
        ("mixed", "risk_ratio", mixed.to_owned()),
        ("tests_death_rd", "risk_difference_wald", mixed.to_owned()),
        ("tests_death_rr", "risk_ratio_wald", mixed.to_owned()),
        ("tests_death_or", "odds_ratio_wald", mixed.to_owned()),
        ("tests_death_km", "kaplan_meier_difference", mixed.to_owned()),
    ] {
        let index = run.trial.estimands.iter().position(|e| e.name == estimand).unwrap();
        let row = record.rows.iter().find(|r| usize::from(r.estimand) == index && r.slice == Slice::All).unwrap();
        let mut arguments = vec!["analyze", &csv, "--json", "--method", method];
        arguments.extend(["--arm", "arm_assigned", "--treatment", "treated", "--control", "control"]);
        arguments.extend(flags.split(' '));
        let said = say(&arguments);
        assert_eq!(said.code, 0, "{estimand}: {}", said.error);
        let list: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let (c, found) = (&row.comparison, &list[0]);
        assert!(c.reason.is_none(), "{estimand}: {c:?}");
        let number = |field: &str| found[field].as_f64().unwrap_or(f64::NAN);
        let ratio = found["scale"] == "ratio";
        let raw = |field: &str| if ratio { number(field).ln() } else { number(field) };
        // The row keeps means beside a test of ranks, and win odds beside the permutation test.
        let same_measure = !matches!(estimand, "days" | "peak" | "pairs" | "tests_fs");
        if same_measure {
            for (field, wanted) in [("estimate", c.estimate), ("lower", c.lower), ("upper", c.upper)] {
                let apart = (raw(field) - wanted).abs();
                assert!(apart < 1e-9 * (1.0 + wanted.abs()), "{estimand}: {field} {} {wanted}", raw(field));
            }
            assert!((number("se") - c.se).abs() < 1e-9 * (1.0 + c.se), "{estimand}: se");
        }
        assert!((number("p_value") - c.p_value).abs() < 1e-9, "{estimand}: P {} {}", number("p_value"), c.p_value);
        assert_eq!(number("statistic") < 0.0, c.statistic < 0.0, "{estimand}: direction");
        assert_eq!(number("n"), f64::from(c.n_treatment + c.n_control), "{estimand}: patients");
    }
}

fn read(path: &Path) -> Vec<NamedValues> {
    read_data(path, &|_| true).unwrap().columns
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
