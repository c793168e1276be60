//! Several arms, populations and end points against exact laws and published designs.
//!
//! Sizes at 100,000 replicates are in tests left out by default; run them with
//! `cargo test --release --test suite -- --ignored families`.

use super::{TwoRisks, binomial, pooled_z, power};
use crate::simulation::{Measures, agrees, load, measures, measures_of, prepare, replicate, run};
use shocktrial::{
    operating::Measure,
    statistics::{dunnett_critical, dunnett_p, normal_quantile, normal_survival, select_best_critical},
};

/// Arms `a`, `b` against a control, all with the risk 0.4, in a design given as TOML.
fn arms(patients: usize, replicates: usize, design: &str) -> Measures {
    let text = format!(
        r#"
title = "Arms"
replicates = {replicates}
seed = 17
null = true
[population]
homogeneous.event.death = {{ risk = 0.4, by = "30 days" }}
[arm.control]
[arm.a]
[arm.b]
[endpoint.death]
any_of = ["death"]
by = "30 days"
[estimand.a]
endpoint = "death"
compare = {{ treatment = "a", control = "control" }}
summary = "risk_difference"
[estimand.b]
endpoint = "death"
compare = {{ treatment = "b", control = "control" }}
summary = "risk_difference"
[trial]
patients = {patients}
allocation = {{ ratio = {{ control = 1, a = 1, b = 1 }}, blocks = [3] }}
follow_up = "30 days"
[trial.design]
{design}
"#
    );
    measures(&prepare(&text), None)
}

/// A measure of the whole trial, in a population or an arm.
fn whole<'a>(measures: &'a Measures, run: u32, population: &str, arm: &str, name: &str) -> &'a Measure {
    let found = measures.0.iter().find(|m| {
        m.run == run
            && m.estimand.is_empty()
            && m.population == population
            && m.arm == arm
            && m.measure == name
            && m.look.is_none()
    });
    found.unwrap_or_else(|| panic!("no {name} of run {run} in {population} {arm}"))
}

/// The evidence `b = −z` of two counts of `n` patients each; NaN without variance.
fn evidence(treatment: usize, control: usize, n: usize) -> f64 {
    -pooled_z(treatment, control, n)
}

const RISK: f64 = 0.4;

/// Two arms of 50 against a control of 50: the exact chance that the largest evidence is beyond Dunnett's
/// critical value. Given the control, arms are independent.
fn dunnett(replicates: usize) {
    let n = 50;
    let critical = dunnett_critical(0.025, 2, 0.5).unwrap();
    let law = binomial(n, RISK);
    let exact: f64 = (0..=n)
        .map(|control| {
            let claimed: f64 = (0..=n).filter(|&x| evidence(x, control, n) > critical).map(|x| law[x]).sum();
            law[control] * (1.0 - (1.0 - claimed) * (1.0 - claimed))
        })
        .sum();
    let design = r#"closed_test = { alpha = { one_sided = 0.025 }, hypotheses = ["a", "b"], intersection = "dunnett" }"#;
    let found = arms(150, replicates, design);
    agrees(whole(&found, 1, "all", "", "family_wise_error"), exact, 0.0);
    // Discrete counts miss the level a little.
    assert!((exact - 0.025).abs() < 0.004, "{exact}");
    println!("Dunnett: exact {exact:.5}, simulated {:?}", whole(&found, 1, "all", "", "family_wise_error"));
}

/// Two arms, looks at 30 and 60 patients per arm, arms below 0 dropped: given the control's counts at both
/// looks, arms are independent.
fn multi_stage(replicates: usize) {
    let n = 30;
    let design = r#"multi_arm_multi_stage = { alpha = { one_sided = 0.025 }, arms = ["a", "b"], looks = [0.5, 1], boundary = "pocock", drop_below = [0], stop_at_first_claim = false }"#;
    let bounds = shocktrial::statistics::ArmBounds {
        arms: 2,
        correlation: 0.5,
        information: &[0.5, 1.0],
        drop_below: &[0.0],
    };
    let upper = bounds.solve(0.025, 0.5).unwrap();
    let law = binomial(n, RISK);
    let (mut exact, mut kept) = (0.0, 0.0);
    for (first, p) in law.iter().enumerate() {
        for (second, q) in law.iter().enumerate() {
            let mut claimed = 0.0;
            for (x, px) in law.iter().enumerate() {
                let b = evidence(x, first, n);
                if b > upper[0] {
                    claimed += px;
                } else if b.is_nan() || b >= 0.0 {
                    let later = (0..=n).filter(|y| evidence(x + y, first + second, 2 * n) > upper[1]);
                    claimed += px * later.map(|y| law[y]).sum::<f64>();
                }
            }
            exact += p * q * (1.0 - (1.0 - claimed) * (1.0 - claimed));
        }
        let dropped = (0..=n).filter(|&x| evidence(x, first, n) < 0.0);
        kept += p * (1.0 - dropped.map(|x| law[x]).sum::<f64>());
    }
    let found = arms(180, replicates, design);
    agrees(whole(&found, 1, "all", "", "family_wise_error"), exact, 0.0);
    agrees(whole(&found, 1, "all", "a", "select_arm"), kept, 0.0);
    assert!((exact - 0.025).abs() < 0.004, "{exact}");
    println!("MAMS: exact {exact:.5}, simulated {:?}", whole(&found, 1, "all", "", "family_wise_error"));
}

/// The better of two arms after 24 patients each goes on with the control for 24 more each: by one statistic
/// of all patients, and by the closed test of combinations.
fn drop_the_loser(replicates: usize) {
    let n = 24;
    let critical = select_best_critical(0.025, 2, 0.5, 0.5).unwrap();
    let single = -normal_quantile(0.025);
    let law = binomial(n, RISK);
    let beyond = |from: f64| -> f64 {
        // Chance that the evidence of a stage alone is above `from`.
        let pairs = (0..=n).flat_map(|y| (0..=n).map(move |c| (y, c)));
        pairs.filter(|&(y, c)| evidence(y, c, n) > from).map(|(y, c)| law[y] * law[c]).sum()
    };
    let mut of_all = vec![vec![0.0; n + 1]; n + 1];
    for (x, row) in of_all.iter_mut().enumerate() {
        for (c, cell) in row.iter_mut().enumerate() {
            let pairs = (0..=n).flat_map(|y| (0..=n).map(move |d| (y, d)));
            let beyond = pairs.filter(|&(y, d)| evidence(x + y, c + d, 2 * n) > critical);
            *cell = beyond.map(|(y, d)| law[y] * law[d]).sum();
        }
    }
    let (mut all, mut combined, mut first_chosen) = (0.0, 0.0, 0.0);
    let mut known = std::collections::HashMap::new();
    for c in 0..=n {
        for a in 0..=n {
            for b in 0..=n {
                let p = law[c] * law[a] * law[b];
                let b_of = |x: usize| {
                    let found = evidence(x, c, n);
                    if found.is_nan() { f64::NEG_INFINITY } else { found }
                };
                let (chosen, best) = if b_of(a) >= b_of(b) { (a, b_of(a)) } else { (b, b_of(b)) };
                first_chosen += if b_of(a) >= b_of(b) { p } else { 0.0 };
                all += p * of_all[chosen][c];
                let chance = known.entry(best.to_bits()).or_insert_with(|| {
                    // The second stage has to carry the chosen arm alone and the set of both.
                    let needed = |first: f64| {
                        let b = -normal_quantile(first.clamp(1e-300, 1.0 - 1e-16));
                        (single - 0.5f64.sqrt() * b) / 0.5f64.sqrt()
                    };
                    let set = if best == f64::NEG_INFINITY { 1.0 } else { dunnett_p(best, 2, 0.5) };
                    beyond(needed(normal_survival(best)).max(needed(set)))
                });
                combined += p * *chance;
            }
        }
    }
    let design = |test: &str| {
        format!(
            r#"drop_the_loser = {{ alpha = {{ one_sided = 0.025 }}, arms = ["a", "b"], first_stage = 0.6, test = "{test}" }}"#
        )
    };
    // 72 patients in three arms, then 48 in two.
    for (test, exact) in [("all_patients", all), ("combination", combined)] {
        let found = arms(120, replicates, &design(test));
        agrees(whole(&found, 1, "all", "", "family_wise_error"), exact, 0.0);
        agrees(whole(&found, 1, "all", "a", "select_arm"), first_chosen, 0.0);
        println!(
            "{test}: exact {exact:.5}, simulated {:?}",
            whole(&found, 1, "all", "", "family_wise_error")
        );
    }
}

#[test]
fn families_of_arms_have_the_exact_size() {
    dunnett(8_000);
    multi_stage(8_000);
    drop_the_loser(4_000);
}

#[test]
#[ignore = "100,000 replicates of four designs; a minute"]
fn families_of_arms_have_the_exact_size_at_100_000_replicates() {
    dunnett(100_000);
    multi_stage(100_000);
    drop_the_loser(100_000);
}

/// Two-stage enrichment against values simulated elsewhere, whose own errors are 0.0008, and 0.0002 for the
/// size; fixed designs against the exact law.
fn enrichment(replicates: u64) {
    let mut scenario = load("scenarios/designs/adaptive_enrichment.toml", &[]);
    let found = measures_of(&mut scenario, replicates);
    let number = |variant: &str| run(&scenario, variant).number;
    let responder = |run: u32, name: &str| {
        let is = |m: &&Measure| m.population == "responder" && m.level == "yes" && m.look.is_none();
        found.0.iter().filter(is).find(|m| m.run == run && m.measure == name).unwrap()
    };
    agrees(whole(&found, 1, "all", "", "power_any"), 0.353, 0.0008 + 0.0005);
    agrees(responder(1, "power"), 0.337, 0.0008 + 0.0005);
    agrees(found.get(1, "primary", "", "power"), 0.062, 0.0008 + 0.0005);
    agrees(responder(1, "select_population"), 0.593, 0.0008 + 0.0005);
    let all = number("effect in everybody");
    agrees(whole(&found, all, "all", "", "power_any"), 0.620, 0.0008 + 0.0005);
    agrees(whole(&found, number("no effect"), "all", "", "family_wise_error"), 0.0218, 0.0002 + 0.00005);
    // Everybody's risk is the mixture of both kinds of patients.
    let (control, treated) = ([0.60, 0.55], [0.60, 1.0 - libm::pow(0.45, 0.7)]);
    let mixed = |risk: [f64; 2]| 0.68 * risk[0] + 0.32 * risk[1];
    let [everybody, _] = power(TwoRisks { n: 210, treatment: mixed(treated), control: mixed(control) });
    let [responders, _] = power(TwoRisks { n: 210, treatment: treated[1], control: control[1] });
    assert!((everybody - 0.1282).abs() < 5e-5 && (responders - 0.6948).abs() < 5e-5);
    agrees(found.get(number("everybody, one stage"), "primary", "", "power"), everybody, 0.0);
    agrees(found.get(number("responders, one stage"), "primary", "", "power"), responders, 0.0);
}

#[test]
fn enrichment_has_the_known_power_and_size() {
    enrichment(3_000);
}

#[test]
#[ignore = "100,000 replicates of six runs; some minutes"]
fn enrichment_has_the_known_power_and_size_at_100_000_replicates() {
    enrichment(100_000);
}

/// The first hypothesis of an order has the power of a test alone, and every later one less than the one
/// before it; a graph holds its level.
#[test]
fn an_order_of_hypotheses_holds_the_level() {
    let scenario = load("scenarios/designs/gatekeeping.toml", &[]);
    let found = measures(&scenario, Some(3_000));
    let order = run(&scenario, "strict order").number;
    let claim = |estimand: &str, population: &str| {
        let is = |m: &&Measure| m.run == order && m.estimand == estimand && m.measure == "power";
        let level = if population == "all" { "" } else { "yes" };
        let mut of = found.0.iter().filter(is);
        of.find(|m| m.population == population && m.level == level && m.look.is_none()).unwrap().value
    };
    let powers = [
        claim("death", "all"),
        claim("death", "responder"),
        claim("renal", "all"),
        claim("renal", "responder"),
    ];
    assert!(powers.windows(2).all(|w| w[0] >= w[1]), "{powers:?}");
    assert!((whole(&found, order, "all", "", "power_any").value - powers[0]).abs() < 1e-12);
    assert!((whole(&found, order, "all", "", "power_all").value - powers[3]).abs() < 1e-12);
    let error = whole(&found, run(&scenario, "no effect").number, "all", "", "family_wise_error");
    assert!(error.value <= 0.025 + 4.0 * error.mcse, "{error:?}");
}

/// Each arm of the platform is compared with the controls of its own patients, or with all.
#[test]
fn a_platform_counts_the_controls_it_says() {
    let scenario = load("scenarios/designs/platform.toml", &[]);
    let controls = |variant: &str| {
        let (workspace, record) = replicate(&scenario, run(&scenario, variant), 3);
        let last = record.rows.last().unwrap().look;
        let rows: Vec<u32> =
            record.rows.iter().filter(|row| row.look == last).map(|row| row.comparison.n_control).collect();
        let assigned = &workspace.cohort.assigned;
        let of =
            |range: std::ops::Range<usize>| assigned[range].iter().filter(|&&arm| arm == 0).count() as u32;
        // The second device is closed before patient 200, the first after patient 600.
        assert!(!assigned[..200].contains(&2) && !assigned[600..].contains(&1));
        (rows, [of(0..600), of(200..1000), of(0..1000)])
    };
    let (rows, [first, second, _]) = controls("");
    assert_eq!(rows, [first, second]);
    let (rows, [.., all]) = controls("all controls");
    assert_eq!(rows, [all, all]);
}

/// A hazard ratio of both treatments that is the product of those alone is no interaction.
#[test]
fn a_factorial_trial_sees_its_interaction() {
    let scenario = load("scenarios/designs/factorial.toml", &[]);
    let found = measures(&scenario, Some(2_000));
    let truth = found.get(1, "interaction", "", "truth").value;
    assert!((truth - 1.0).abs() < 1e-3, "{truth}");
    agrees(found.get(1, "interaction", "", "coverage"), 0.95, 0.002);
    let together = run(&scenario, "no use together").number;
    let truth = found.get(together, "interaction", "", "truth").value;
    assert!((truth - 1.0 / 0.75).abs() < 1e-3, "{truth}");
    // The pump's effect averages over the drug: between 0.75 without and 1 with it.
    let pump = found.get(together, "pump", "", "truth").value;
    assert!(0.75 < pump && pump < 1.0, "{pump}");
    agrees(found.get(together, "pump", "", "bias"), 0.0, 0.002);
    let risk = found.get(together, "pump", "pump+both", "risk").value;
    assert!((0.30..0.49).contains(&risk), "{risk}");
}

/// Posterior chances of being the best, enumerated over all counts of a trial with one look.
#[test]
fn the_superior_arm_is_found_as_often_as_enumerated() {
    let design = "bayesian_arms = { looks = [1], superior_above = 0.9, drop_below = 0.01 }";
    let n = 8;
    let found = arms(3 * n, 8_000, design);
    let law = binomial(n, RISK);
    let prior = shocktrial::statistics::BetaRisk::UNIFORM;
    let mut exact = 0.0;
    for a in 0..=n {
        for b in 0..=n {
            for c in 0..=n {
                let risks = [a, b, c].map(|x| prior.updated(x as f64, n as f64, 1.0));
                if shocktrial::statistics::chance_of_lowest(&risks)[0] > 0.9 {
                    exact += law[a] * law[b] * law[c];
                }
            }
        }
    }
    // The control and both arms are alike.
    for arm in ["a", "b", "control"] {
        agrees(whole(&found, 1, "all", arm, "select_arm"), exact, 0.0);
    }
}

/// Without a trend response-adaptive allocation holds the error, moves patients to the better arm and costs
/// power.
#[test]
fn response_adaptive_allocation_moves_patients() {
    let scenario = load("scenarios/designs/response_adaptive.toml", &[]);
    let found = measures(&scenario, Some(1_000));
    let error = found.get(run(&scenario, "no effect").number, "primary", "", "type_i_error");
    assert!((error.value - 0.025).abs() < 4.0 * error.mcse, "{error:?}");
    let (workspace, _) = replicate(&scenario, run(&scenario, ""), 1);
    let treated = workspace.cohort.assigned.iter().filter(|&&arm| arm == 1).count();
    let share = treated as f64 / 400.0;
    assert!((0.2..=0.8).contains(&share), "{share}");
}
