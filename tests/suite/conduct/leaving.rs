//! Who leaves, when treatment starts, and what that does to results, as arithmetic.

use crate::simulation::{agrees, load, measures, prepare};

/// Survivors of day 5 refuse; of those who refuse nothing is kept: the risk seen is
/// `(1 − (1 − F(30))·…)` with survivors thinned.
#[test]
fn refusal_by_survivors_raises_the_risk_that_is_seen() {
    let scenario = load("scenarios/designs/deferred_consent.toml", &[]);
    let measures = measures(&scenario, Some(6000));
    let hazard = -(0.51f64.ln()) / 30.0;
    let dead_by = |ratio: f64, day: f64| 1.0 - (-hazard * ratio * day).exp();
    // Everybody dead by day 5 stays; of the others 1 − r stay.
    let removed = |ratio: f64, r: f64| {
        let (early, all) = (dead_by(ratio, 5.0), dead_by(ratio, 30.0));
        (early + (1.0 - r) * (all - early)) / (early + (1.0 - r) * (1.0 - early))
    };
    for (run, control, treatment) in [(1, 0.10, 0.10), (2, 0.10, 0.25)] {
        agrees(measures.get(run, "primary", "control", "risk"), removed(1.0, control), 0.0);
        agrees(measures.get(run, "primary", "treatment", "risk"), removed(0.75, treatment), 0.0);
    }
    let truth = measures.get(1, "primary", "", "truth").value;
    assert!((truth - (dead_by(0.75, 30.0) - dead_by(1.0, 30.0))).abs() < 1e-6);
    let bias = removed(0.75, 0.25) - removed(1.0, 0.10) - truth;
    agrees(measures.get(2, "primary", "", "bias"), bias, 0.0);
    // A treatment that does nothing looks harmful.
    let harm = measures.get(4, "primary", "", "rejects_wrong_way");
    assert!(harm.value > 0.025 + 4.0 * harm.mcse, "{}", harm.value);
}

const ALIKE: &str = r#"
title      = "Alike"
replicates = 3000
seed       = 21
[population]
homogeneous.event.death = { risk = 0.49, by = "30 days" }
[arm.control]
[arm.pump]
STARTS
effect.death = { hazard_ratio = 0.5 }
[endpoint.death]
any_of = ["death"]
by     = "30 days"
[estimand.primary]
endpoint = "death"
compare  = { treatment = "pump", control = "control" }
summary  = "risk_difference"
[trial]
patients   = 400
allocation = { ratio = { pump = 1, control = 1 } }
follow_up  = "30 days"
design     = { fixed = { alpha = { two_sided = 0.05 } } }
LOSS
"#;

/// A treatment that starts on day 2 works from then on: risk `1 − exp(−λ·2 − ½λ·28)`.
#[test]
fn a_treatment_works_from_the_day_it_starts() {
    let scenario = prepare(&ALIKE.replace("STARTS", "starts_after = \"2 days\"").replace("LOSS", ""));
    let hazard = -(0.51f64.ln()) / 30.0;
    let expected = 1.0 - (-hazard * (2.0 + 0.5 * 28.0)).exp();
    assert!((scenario.truths[0].risks[1][0] - expected).abs() < 1e-9, "{}", scenario.truths[0].risks[1][0]);
    let measures = measures(&scenario, None);
    agrees(measures.get(1, "primary", "pump", "risk"), expected, 0.0);
}

/// Loss that is faster in one arm: the share lost of each is as its hazard says.
#[test]
fn loss_by_arm_is_as_its_hazard_says() {
    let loss = "loss = { share = 0.10, by = \"30 days\", hazard_ratio = { pump = 3.0 } }";
    let scenario = prepare(&ALIKE.replace("STARTS", "").replace("LOSS", loss));
    let rate = -(0.90f64.ln()) / 30.0;
    let hazard = -(0.51f64.ln()) / 30.0;
    let (mut lost, mut all) = ([0.0; 2], [0.0; 2]);
    for k in 0..100 {
        let (workspace, _) = crate::simulation::replicate(&scenario, &scenario.runs[0], k);
        for (i, &arm) in workspace.cohort.assigned.iter().enumerate() {
            all[usize::from(arm)] += 1.0;
            let first = workspace.cohort.events[0][i].min(30.0);
            lost[usize::from(arm)] += f64::from(u8::from(workspace.cohort.lost[i] < first));
        }
    }
    for (arm, loss, death) in [(0, rate, hazard), (1, 3.0 * rate, 0.5 * hazard)] {
        let expected = loss / (loss + death) * (1.0 - (-(loss + death) * 30.0).exp());
        let error = (expected * (1.0 - expected) / all[arm]).sqrt();
        let share: f64 = lost[arm] / all[arm];
        assert!((share - expected).abs() < 4.0 * error, "{arm}: {share} {expected}");
    }
}
