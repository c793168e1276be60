//! Crossover as arithmetic, minimisation, and whole sites randomised against the design effect.

use crate::{
    known_answers::{TwoRisks, power},
    simulation::{agrees, load, measures, prepare, replicate},
};
use shocktrial::statistics::{normal_cdf, normal_quantile, student_cdf, student_quantile};

/// Who changes arm at the start takes the other arm's risk.
#[test]
fn crossover_is_arithmetic_on_binomials() {
    let scenario = load("scenarios/designs/crossover.toml", &[]);
    let measures = measures(&scenario, None);
    let crossed = 0.49 - 0.125 * (0.49 - 0.35);
    let untreated = 0.35 + 0.08 * (0.49 - 0.35);
    for (run, treatment, control, known) in
        [(1, 0.35, 0.49, 0.8369), (2, 0.35, crossed, 0.7324), (3, untreated, crossed, 0.6487)]
    {
        let [exact, _] = power(TwoRisks { n: 210, treatment, control });
        assert!((exact - known).abs() < 5e-5, "{exact} {known}");
        agrees(measures.get(run, "primary", "", "power"), exact, 3e-4);
    }
}

/// Minimisation keeps every factor's arms together, closer than blocks keep what they do not know of, and the
/// error of the test at or below its level.
#[test]
fn minimisation_balances_and_keeps_its_error() {
    let scenario = load("scenarios/designs/minimisation.toml", &[]);
    let trial = &scenario.runs[0].trial;
    let text = std::fs::read_to_string(crate::simulation::at("scenarios/designs/minimisation.toml")).unwrap();
    let start = text.find("minimise = ").unwrap();
    let end = start + text[start..].find("probability = 0.8 }").unwrap() + "probability = 0.8 }".len();
    let simple = prepare(&format!("{}blocks = []{}", &text[..start], &text[end..]));
    let lactate = scenario.population.dictionary().index("lactate_mmol_per_l").unwrap();
    let imbalance = |scenario: &shocktrial::scenario::Scenario, k: u64| {
        let (workspace, _) = replicate(scenario, &scenario.runs[0], k);
        let cohort = workspace.cohort;
        let side = |member: &dyn Fn(usize) -> bool| {
            let signed = |i: usize| if cohort.assigned[i] == 0 { 1.0 } else { -1.0 };
            (0..cohort.len()).filter(|&i| member(i)).map(signed).sum::<f64>()
        };
        let high = |i: usize| scenario.pool.columns.data[lactate][cohort.row[i] as usize] >= 6.0;
        let sites: f64 = (0..30u16).map(|s| side(&|i| cohort.site[i] == s).powi(2)).sum();
        [side(&|_| true).powi(2), side(&high).powi(2), sites / 30.0]
    };
    let mean = |scenario: &shocktrial::scenario::Scenario| {
        let mut sums = [0.0; 3];
        for k in 0..200 {
            for (sum, x) in sums.iter_mut().zip(imbalance(scenario, k)) {
                *sum += x / 200.0;
            }
        }
        sums
    };
    let (minimised, alone) = (mean(&scenario), mean(&simple));
    // Simple randomisation: the squared difference of n patients has mean n.
    assert!((alone[0] / 300.0 - 1.0).abs() < 4.0 * (2.0f64 / 200.0).sqrt(), "{alone:?}");
    assert!(minimised[0] < 12.0 && minimised[1] < 12.0, "{minimised:?}");
    assert!(minimised[2] < 0.5 * alone[2], "{minimised:?} {alone:?}");
    assert_eq!(trial.allocation.ratio, [1, 1]);
    // Balance on what predicts death makes an unadjusted test conservative, never the other way.
    let measures = measures(&scenario, Some(3000));
    let error = measures.get(2, "primary", "", "type_i_error");
    assert!(error.value <= 0.025 + 4.0 * error.mcse && error.value > 0.012, "{}", error.value);
}

/// The best arm is chosen as often as stated: with one factor of one level, the next patient goes to the arm that
/// is behind with the stated probability.
#[test]
fn minimisation_chooses_as_often_as_stated() {
    let text = std::fs::read_to_string(crate::simulation::at("scenarios/designs/minimisation.toml")).unwrap();
    let text =
        text.replace("[\"site\", \"lactate_mmol_per_l >= 6\", \"cardiac_arrest\"]", "[\"age_years > 0\"]");
    let scenario = prepare(&text);
    let (mut behind, mut chosen) = (0.0, 0.0);
    for k in 0..60 {
        let (workspace, _) = replicate(&scenario, &scenario.runs[0], k);
        let mut lead = 0i32;
        for &arm in &workspace.cohort.assigned {
            let step = if arm == 0 { 1 } else { -1 };
            if lead != 0 {
                behind += 1.0;
                chosen += f64::from(u8::from(step == -lead.signum()));
            }
            lead += step;
        }
    }
    let share: f64 = chosen / behind;
    assert!((share - 0.8).abs() < 4.0 * (0.16f64 / behind).sqrt(), "{share}");
}

/// 40 sites of 20 patients in parallel; the log hazard of death differs between sites with a spread of 0.6.
const CLUSTERS: &str = r#"
title      = "Clusters"
replicates = 4000
seed       = 12
[population]
homogeneous.event.death = { risk = 0.45, by = "30 days" }
[arm.control]
[arm.team]
effect.death = { hazard_ratio = 0.65 }
[endpoint.death]
any_of = ["death"]
by     = "30 days"
[estimand.summaries]
endpoint = "death"
compare  = { treatment = "team", control = "control" }
summary  = "risk_difference"
test     = "cluster_t"
[estimand.naive]
endpoint = "death"
compare  = { treatment = "team", control = "control" }
summary  = "risk_difference"
test     = "chi_square"
[estimand.logistic]
endpoint = "death"
compare  = { treatment = "team", control = "control" }
summary  = "odds_ratio"
test     = "cluster_robust"
[estimand.cox]
endpoint = "death"
compare  = { treatment = "team", control = "control" }
summary  = "hazard_ratio"
test     = "cluster_robust"
[trial]
patients   = 800
allocation = { ratio = { team = 1, control = 1 }, clusters = { parallel = {} } }
sites      = { count = 40, patients_per_site_month = 1.0, most_patients = 20, death_sd = 0.6 }
follow_up  = "30 days"
design     = { fixed = { alpha = { two_sided = 0.05 } } }
[[variant]]
name = "null"
null = true
"#;

/// Mean and variance over sites of the risk under a hazard ratio.
fn risk_over_sites(ratio: f64) -> (f64, f64, f64) {
    let hazard = -(0.55f64.ln()) * ratio;
    let (mut mean, mut square, n) = (0.0, 0.0, 20_000);
    for k in 0..n {
        let z = normal_quantile((f64::from(k) + 0.5) / f64::from(n));
        let p = 1.0 - (-hazard * (0.6 * z).exp()).exp();
        mean += p / f64::from(n);
        square += p * p / f64::from(n);
    }
    let between = square - mean * mean;
    (mean, between, mean - square)
}

/// The variance of a site's observed risk is `σ_b² + E[p(1 − p)]/m`, that is `p(1 − p)/m` times the design effect
/// `1 + (m − 1)·ICC`; power of the t test of 40 such risks is that of the noncentral t, its error the level. A test
/// that takes patients for independent is wrong by the root of the design effect.
#[test]
fn whole_sites_have_the_power_of_the_design_effect() {
    let scenario = prepare(CLUSTERS);
    let measures = measures(&scenario, None);
    let (m, k) = (20.0, 20.0);
    let ((p0, b0, w0), (p1, b1, w1)) = (risk_over_sites(1.0), risk_over_sites(0.65));
    let icc = b0 / (p0 * (1.0 - p0));
    let effect = 1.0 + (m - 1.0) * icc;
    assert!(((b0 + w0 / m) / (p0 * (1.0 - p0) / m) - effect).abs() < 1e-9 && icc > 0.03, "{icc}");
    let se = ((b0 + w0 / m + b1 + w1 / m) / k).sqrt();
    // Noncentral t by its integral over the chi of the variance: P(Z + δ < −t·√(χ²/ν)).
    let (delta, df) = ((p1 - p0) / se, 2.0 * k - 2.0);
    let t = student_quantile(0.975, df);
    let steps = 4000;
    let exact = (0..steps)
        .map(|i| {
            let chi =
                shocktrial::statistics::chi_square_quantile((f64::from(i) + 0.5) / f64::from(steps), df);
            normal_cdf(-t * (chi / df).sqrt() - delta) / f64::from(steps)
        })
        .sum::<f64>();
    assert!((student_cdf(-t, df) - 0.025).abs() < 1e-9);
    // Site risks are not quite normal; their t test is known to be robust to that: half a point.
    agrees(measures.get(1, "summaries", "", "power"), exact, 0.005);
    agrees(measures.get(1, "summaries", "", "estimate_mean"), p1 - p0, 1e-3);
    agrees(measures.get(2, "summaries", "", "type_i_error"), 0.025, 0.001);
    agrees(measures.get(2, "summaries", "", "rejects_wrong_way"), 0.025, 0.001);
    // Logistic and Cox with the error by site: near the level with 40 sites.
    for test in ["logistic", "cox"] {
        agrees(measures.get(2, test, "", "type_i_error"), 0.025, 0.006);
        let power = measures.get(1, test, "", "power");
        assert!((power.value - exact).abs() < 0.05, "{test}: {} {exact}", power.value);
    }
    let naive = 1.0 - normal_cdf(1.959_964 / effect.sqrt());
    agrees(measures.get(2, "naive", "", "type_i_error"), naive, 0.006);
}

/// In a stepped wedge each site changes once, in equal groups on the stated days, and the analysis allows for the
/// period: without an effect the odds ratio has no bias although mortality falls while the teams come.
#[test]
fn a_stepped_wedge_is_analysed_within_periods() {
    let scenario = load("scenarios/designs/stepped_wedge.toml", &[]);
    let (workspace, _) = replicate(&scenario, &scenario.runs[0], 3);
    let cohort = &workspace.cohort;
    let month = 365.25 / 12.0;
    for site in 0..24u16 {
        let mine: Vec<usize> = (0..cohort.len()).filter(|&i| cohort.site[i] == site).collect();
        let changed = mine.iter().position(|&i| cohort.assigned[i] == 1).unwrap_or(mine.len());
        assert!(mine[changed..].iter().all(|&i| cohort.assigned[i] == 1));
        assert!(mine[..changed].iter().all(|&i| cohort.enrolled[i] < 16.0 * month));
    }
    let early = (0..cohort.len()).filter(|&i| cohort.enrolled[i] < 4.0 * month);
    assert!(early.clone().count() > 100 && early.into_iter().all(|i| cohort.assigned[i] == 0));
    let measures = measures(&scenario, Some(1000));
    let bias = measures.get(3, "primary", "", "bias");
    assert!(bias.value.abs() < 4.0 * bias.mcse, "{} ± {}", bias.value, bias.mcse);
    // The error by site is too small with 24 sites; the report says so.
    let error = measures.get(3, "primary", "", "type_i_error");
    assert!(error.value < 0.05, "{}", error.value);
}
