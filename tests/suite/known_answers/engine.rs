//! The engine's course of events against what is expected of it, in a trial with everything at once.

use crate::simulation::{Measures, agrees, everything, measures};
use std::sync::OnceLock;

/// The run without loss to follow-up, in which every patient's answer is known.
const KNOWN: u32 = 2;
const REPLICATES: u64 = 3_000;

fn simulated() -> &'static Measures {
    static ONCE: OnceLock<Measures> = OnceLock::new();
    ONCE.get_or_init(|| {
        let mut scenario = everything().clone();
        for run in &mut scenario.runs {
            run.replicates = if run.number <= KNOWN { REPLICATES } else { 0 };
        }
        measures(&scenario, None)
    })
}

/// Bail-outs, treatment not given, complications that raise the hazard of death and delay discharge: every
/// event of both arms happens as often as the expectation says. It places bail-outs by a rule instead of
/// integrating over their day, which is good to 2e-4.
#[test]
fn events_happen_as_often_as_expected() {
    let scenario = everything();
    let (trial, truth) = (&scenario.runs[1].trial, &scenario.truths[1]);
    assert_eq!(scenario.runs[1].variant, "nobody is lost");
    let mut held = 0;
    for (a, arm) in trial.arms.iter().enumerate().filter(|(a, _)| trial.allocation.ratio[*a] > 0) {
        for (e, event) in trial.course.events.list.iter().enumerate() {
            let name = format!("event:{}", event.name);
            agrees(simulated().get(KNOWN, &name, &arm.name, "risk"), truth.events[a][e], 2e-4);
            held += 1;
        }
        agrees(simulated().get(KNOWN, "primary", &arm.name, "risk"), truth.risks[a][0], 2e-4);
        agrees(simulated().get(KNOWN, "harm", &arm.name, "risk"), truth.risks[a][1], 2e-4);
    }
    assert!(held > 20);
    // The anchor and the bail-out are what was stated, and the device does what the scenario says at all.
    agrees(simulated().get(KNOWN, "primary", "control", "risk"), 0.49, 5e-4);
    let crossed = simulated().get(KNOWN, "event:crossover", "control", "risk");
    agrees(crossed, 0.125, 5e-4);
    agrees(simulated().get(KNOWN, "event:crossover", "pump", "risk"), 0.08, 0.0);
}

/// The risk difference is unbiased. The log risk ratio has the bias of a logarithm,
/// `−(1 − p₁)/(2n p₁) + (1 − p₀)/(2n p₀)`, to order 1/n². The Cox estimate's truth is its large-sample limit.
#[test]
fn estimates_are_unbiased_and_intervals_cover() {
    let truth = &everything().truths[1];
    let trial = &everything().runs[1].trial;
    let side = |name: &str| trial.arms.iter().position(|a| a.name == name).unwrap();
    let (p1, p0, n) = (truth.risks[side("pump")][0], truth.risks[side("control")][0], 210.0);
    assert!(p0 - p1 > 0.04, "an effect that makes the test mean something: {p1} v {p0}");
    let small_sample = -(1.0 - p1) / (2.0 * n * p1) + (1.0 - p0) / (2.0 * n * p0);
    agrees(simulated().get(KNOWN, "primary.risk_difference", "", "bias"), 0.0, 2e-4);
    agrees(simulated().get(KNOWN, "primary", "", "bias"), small_sample, 5e-4);
    agrees(simulated().get(KNOWN, "time", "", "bias"), 0.0, 2e-3);
    for estimand in ["primary", "primary.risk_difference", "time"] {
        // Intervals of 210 + 210 patients are within half a point of their level.
        agrees(simulated().get(KNOWN, estimand, "", "coverage"), 0.95, 0.005);
        let model = simulated().get(KNOWN, estimand, "", "model_se");
        let empirical = simulated().get(KNOWN, estimand, "", "empirical_se");
        agrees(empirical, model.value, 0.02 * model.value);
    }
}

/// Loss to follow-up that has nothing to do with the course leaves the Cox estimate where it was.
#[test]
fn loss_to_follow_up_leaves_the_hazard_ratio_alone() {
    agrees(simulated().get(1, "time", "", "bias"), 0.0, 2e-3);
    agrees(simulated().get(1, "time", "", "coverage"), 0.95, 0.005);
    let known = simulated().get(1, "primary", "control", "risk");
    assert!(known.replicates == REPLICATES && known.failed == 0);
}
