//! The truth of each strategy against algebra, an integral of potential outcomes, and the slow twin.

use crate::outcome::slow;
use crate::simulation::{agrees, load, measures, prepare};

/// Alike patients, 49 % dead by 30 days, hazard ratio 0.6, 30 % of controls change to the treatment by day 10.
const ALIKE: &str = r#"
title      = "Alike"
replicates = 4000
seed       = 5
[population]
homogeneous.event.death = { risk = 0.49, by = "30 days" }
[arm.control]
bail_out = [{ to = "pump", risk = 0.30, by = "10 days" }]
[arm.pump]
effect.death = { hazard_ratio = 0.6 }
[endpoint.death]
any_of = ["death"]
by     = "30 days"
[trial]
patients   = 600
allocation = { ratio = { pump = 1, control = 1 }, blocks = [2] }
follow_up  = "30 days"
design     = { fixed = { alpha = { two_sided = 0.05 } } }
"#;

fn asked(strategies: &[(&str, &str, &str)]) -> String {
    let one = |(strategy, summary, more): &(&str, &str, &str)| {
        format!(
            "[estimand.{strategy}]\nendpoint = \"death\"\ncompare = {{ treatment = \"pump\", control = \"control\" }}\nsummary = \"{summary}\"\nstrategy = \"{strategy}\"\n{more}\n"
        )
    };
    ALIKE.to_owned() + &strategies.iter().map(one).collect::<String>()
}

/// With constant hazards every strategy has a closed form; the principal stratum is an integral over the
/// patient's luck, the same under both arms.
#[test]
fn strategies_have_their_truths_in_alike_patients() {
    let scenario = prepare(&asked(&[
        ("treatment_policy", "risk_difference", ""),
        ("composite", "risk_difference", ""),
        ("while_on_treatment", "risk_difference", ""),
        ("hypothetical", "hazard_ratio", "also = [\"kaplan_meier_difference\"]"),
        ("principal_stratum", "risk_difference", "stratum = [\"control\"]"),
    ]));
    let truths = &scenario.truths[0];
    let truth = |name: &str| {
        let e = scenario.runs[0].trial.estimands.iter().position(|e| e.name == name).unwrap();
        (truths.estimands[e][0], truths.errors[e][0])
    };
    let (b, t) = (10.0, 30.0);
    let l0 = -(0.51f64.ln()) / t;
    let l1 = 0.6 * l0;
    // The hazard of bail-out that gives 30 %, less those who die before: γ/(γ + λ)·(1 − e^(−(γ + λ)b)) = 0.3.
    let share = |g: f64| g / (g + l0) * (1.0 - (-(g + l0) * b).exp());
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let g = 0.5 * (low + high);
        if share(g) < 0.30 { low = g } else { high = g }
    }
    let g = low;
    let p1 = 1.0 - (-l1 * t).exp();
    // As run: nobody bails out, or at day u and lives on under the treatment's hazard.
    let apart = g + l0 - l1;
    let alive = (-l0 * t - g * b).exp() + g * (-l1 * t).exp() * (1.0 - (-apart * b).exp()) / apart;
    let policy = truth("treatment_policy").0;
    assert!((policy - (p1 - (1.0 - alive))).abs() < 2e-4, "{policy} {}", p1 - (1.0 - alive));
    let composite = p1 - (1.0 - (-l0 * t - g * b).exp());
    // The share that bails out is solved to 1e-4 on the log odds.
    assert!((truth("composite").0 - composite).abs() < 2e-4, "{:?} {composite}", truth("composite"));
    let both = l0 + g;
    let before = l0 / both * (1.0 - (-both * b).exp()) + (-both * b).exp() * (1.0 - (-l0 * (t - b)).exp());
    let while_on = truth("while_on_treatment").0;
    assert!((while_on - (p1 - before)).abs() < 2e-4, "{while_on} {}", p1 - before);
    assert!((truth("hypothetical").0 - 0.6f64.ln()).abs() < 1e-6, "{:?}", truth("hypothetical"));
    let km = truth("hypothetical.kaplan_meier_difference").0;
    assert!((km - (p1 - 0.49)).abs() < 1e-6, "{km}");
    // E is the luck of death: dead under control at E/λ0, under treatment at E/λ1; no bail-out under control
    // with probability e^(−γ·min(E/λ0, b)).
    let (mut stratum, mut dead1, mut dead0) = (0.0, 0.0, 0.0);
    let steps = 2_000_000;
    for i in 0..steps {
        let e = (f64::from(i) + 0.5) / f64::from(steps) * 40.0;
        let weight = (-e - g * (e / l0).min(b)).exp();
        stratum += weight;
        dead1 += if e <= l1 * t { weight } else { 0.0 };
        dead0 += if e <= l0 * t { weight } else { 0.0 };
    }
    let (value, error) = truth("principal_stratum");
    let expected = (dead1 - dead0) / stratum;
    assert!(error > 0.0 && error < 0.002, "{error}");
    assert!((value - expected).abs() < 4.0 * error + 2e-4, "{value} ± {error}, {expected}");
    // Where the analysis fits the estimand it is unbiased, up to what the estimate itself is off by.
    let measures = measures(&scenario, None);
    for name in
        ["treatment_policy", "composite", "while_on_treatment", "hypothetical.kaplan_meier_difference"]
    {
        agrees(measures.get(1, name, "", "bias"), 0.0, 0.0);
    }
    agrees(measures.get(1, "hypothetical", "", "bias"), 0.0, 0.004);
    // Leaving out who was seen to bail out is not the stratum: those who die early cannot bail out.
    assert!(measures.get(1, "principal_stratum", "", "bias").value.abs() > 0.02);
}

/// In the registry: the hypothetical risk of each arm against simulated lives, and five estimands that are one
/// without bail-out.
#[test]
fn strategies_have_their_truths_in_the_registry() {
    let scenario = load("scenarios/designs/estimands.toml", &[]);
    let (trial, truths) = (&scenario.runs[0].trial, &scenario.truths[0]);
    let endpoint = trial.endpoints.iter().position(|e| e.name == "death_30d.hypothetical").unwrap();
    let (pool, events) = (&scenario.pool, &trial.course.events);
    for arm in 0..2 {
        let regime = &trial.course.treatments[arm].regime;
        let (mut dead, mut lives) = (0.0, 0.0);
        for row in (0..pool.len()).step_by(4) {
            let patient = pool.patient(row as u32);
            for k in 0..2 {
                let luck = (2 * row + k) as u64;
                let life = slow::live(events, (regime, None), patient.class, patient.rates, 30.0, luck);
                dead += f64::from(u8::from(life.death(events) <= 30.0));
                lives += 1.0;
            }
        }
        let (p, exact) = (dead / lives, truths.risks[arm][endpoint]);
        // Every fourth row stands for all: that adds to the error of the lives.
        let error = (exact * (1.0 - exact) / lives).sqrt() * 1.7;
        assert!((p - exact).abs() < 4.0 * error, "{arm}: {p} {exact}");
    }
    // The truth of treatment policy is nearer to none than the hypothetical one: crossover hides an effect.
    let [policy, composite, while_on, hypothetical, stratum] =
        [0, 1, 2, 3, 4].map(|e| truths.estimands[e][0]);
    assert!(hypothetical < policy && policy < 0.0, "{hypothetical} {policy}");
    assert!(composite < hypothetical && while_on > policy && stratum < 0.0);
    let alone = &scenario.truths[1];
    for e in 0..4 {
        assert!((alone.estimands[e][0] - alone.estimands[0][0]).abs() < 1e-9);
    }
    let (value, error) = (alone.estimands[4][0], alone.errors[4][0]);
    assert!((value - alone.estimands[0][0]).abs() < 4.0 * error, "{value} ± {error}");
    // What a trial estimates: treatment policy without bias; censoring the sicker hides deaths.
    let measures = measures(&scenario, Some(500));
    for name in ["treatment_policy", "composite", "while_on_treatment"] {
        agrees(measures.get(1, name, "", "bias"), 0.0, 0.0);
    }
    let bias = measures.get(1, "hypothetical", "", "bias");
    assert!(bias.value > 4.0 * bias.mcse, "{} ± {}", bias.value, bias.mcse);
    for name in ["treatment_policy", "composite", "while_on_treatment", "hypothetical", "principal_stratum"] {
        let one = measures.get(2, name, "", "estimate_mean").value;
        assert!((one - measures.get(2, "treatment_policy", "", "estimate_mean").value).abs() < 1e-9);
    }
}
