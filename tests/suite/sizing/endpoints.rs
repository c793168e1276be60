//! End points on the same patients against other programs and exact sums.

use crate::simulation::{load, measures};
use shocktrial::sizing::tiers;

/// Powers in 180 patients per arm, one-sided 0.025, each with its reference error: chi-square (exact), log-rank and
/// Cox (0.0016), win ratio with and without harm and without effect (0.0035). Held within four Monte Carlo and
/// reference errors.
fn powers(replicates: u64) {
    let scenario = load("scenarios/studies/endpoint_choice.toml", &[("replicates", &replicates.to_string())]);
    let found = measures(&scenario, Some(replicates));
    let run = |name: &str| scenario.runs.iter().position(|r| r.variant == name).unwrap() as u32 + 1;
    let close = |run: u32, estimand: &str, measure: &str, expected: f64, reference: f64| {
        let m = found.get(run, estimand, "", measure);
        println!("{run} {estimand}: {:.4} ± {:.4}, expected {expected}", m.value, m.mcse);
        assert!((m.value - expected).abs() < 4.0 * m.mcse.hypot(reference), "{m:?}, expected {expected}");
    };
    close(1, "death_30d", "power", 0.443, 0.0005);
    close(1, "death_180d", "power", 0.530, 0.0005);
    close(1, "log_rank", "power", 0.548, 0.0016);
    close(1, "cox", "power", 0.546, 0.0016);
    close(1, "win_ratio", "power", 0.489, 0.0035);
    close(run("the device harms"), "win_ratio", "power", 0.196, 0.0035);
    close(run("the device spares"), "win_ratio", "power", 0.761, 0.0035);
    close(run("no effect"), "win_ratio", "type_i_error", 0.025, 0.0);
    let ratio = found.get(1, "win_ratio", "", "estimate_mean");
    assert!((ratio.value / 1.27 - 1.0).abs() < 0.01, "{ratio:?}");
    // The restricted mean reads the times the log-rank test reads.
    let days = found.get(1, "restricted_mean", "", "estimate_mean");
    let truth = found.get(1, "restricted_mean", "", "truth");
    assert!((days.value - truth.value).abs() < 4.0 * days.mcse.hypot(truth.mcse), "{days:?} {truth:?}");
    let trial = &scenario.runs[0].trial;
    let hierarchy = trial.estimands.iter().position(|e| e.name == "win_ratio").unwrap();
    let decided = tiers::decided(trial, hierarchy, &scenario.pool, scenario.seed).unwrap();
    let all: f64 = decided.iter().map(|d| d.won + d.lost).sum();
    for (tier, expected) in decided.iter().zip([0.78, 0.06, 0.16]) {
        let share = (tier.won + tier.lost) / all;
        println!("tier {share:.4} ± {:.4}, expected {expected}", tier.mcse);
        assert!((share - expected).abs() < 0.005 + 4.0 * tier.mcse, "{tier:?}, expected {expected}");
    }
}

#[test]
fn each_end_point_has_its_reference_power() {
    powers(2000);
}

/// `cargo test --release --test suite -- --ignored --nocapture reference_power_closely`
#[test]
#[ignore = "half a minute"]
fn reference_power_closely() {
    powers(50_000);
}
