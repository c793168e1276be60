//! A trial replayed from the command line.

use super::say;

/// The quantile of a binomial, from its probabilities built up one by one.
fn quantile(n: u32, p: f64, q: f64) -> f64 {
    let mut chance = (1.0 - p).powi(n as i32);
    let (mut below, mut k) = (chance, 0);
    while below < q {
        chance *= f64::from(n - k) / f64::from(k + 1) * p / (1.0 - p);
        k += 1;
        below += chance;
    }
    f64::from(k) / f64::from(n)
}

#[test]
fn iabp_shock_ii_is_replayed() {
    let said = say(&["validate", "scenarios/published/iabp_shock_ii.toml", "--json"]);
    assert_eq!((said.code, said.error.as_str()), (0, ""));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&said.out).unwrap();
    let find = |id: &str, kind: &str| {
        let found = rows.iter().find(|r| r["id"] == id && r["kind"] == kind);
        found.unwrap_or_else(|| panic!("no row {id} {kind}"))
    };
    for key in ["id", "kind", "published", "predicted", "lower", "upper", "tolerance", "pass", "source"] {
        assert!(rows.iter().all(|r| r.get(key).is_some()), "{key}");
    }
    // The interval is that of one binomial at the predicted risk.
    let control = find("iabp_shock_ii/death_30d/control", "predicted");
    assert_eq!(control["published"], 0.413);
    let risk = control["predicted"].as_f64().unwrap();
    for (key, q) in [("lower", 0.025), ("upper", 0.975)] {
        assert!((control[key].as_f64().unwrap() - quantile(298, risk, q)).abs() < 1e-12, "{key}");
    }
    // The anchor is reached and decides nothing; six years and strokes of the balloon arm were not put in.
    let anchored = find("iabp_shock_ii/death_30d/control", "anchored");
    assert!(anchored["pass"].is_null());
    assert!(find("iabp_shock_ii/death_6y/control", "checked")["pass"].is_boolean());
    // The registry was fitted to sepsis of this trial, so it is no check.
    assert!(find("iabp_shock_ii/sepsis_30d/control", "fitted")["pass"].is_null());
    // Simulated trials spread as two binomials do.
    assert_eq!(find("iabp_shock_ii/two_binomial", "checked")["pass"], true);
}

#[test]
fn a_scenario_without_a_published_result_is_refused() {
    let said = say(&["validate", "scenarios/peers/w1_binary.toml"]);
    assert_eq!(said.code, 2);
    assert!(said.error.contains("[published]"), "{}", said.error);
}
