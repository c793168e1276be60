//! Simulated trials against answers that are known from elsewhere.
//!
//! A simulated number may differ from the known one by four Monte Carlo errors; where the known number is
//! itself simulated or an approximation, the slack says by how much.

mod engine;
mod exact;
mod families;
mod nulls;
pub mod resized;

use crate::simulation::{agrees, load, measures};
pub use exact::{TwoRisks, binomial, pooled_z, power, stop_or_go, two_stages};

/// 49 v 35 %, 210 patients per arm; and the same with an eighth of the controls treated.
#[test]
fn two_risks_have_the_exact_power_of_the_chi_square_test() {
    let scenario = load("scenarios/peers/w1_binary.toml", &[("replicates", "50000")]);
    let measures = measures(&scenario, None);
    let [benefit, harm] = power(TwoRisks { n: 210, treatment: 0.35, control: 0.49 });
    assert!((benefit - 0.83691).abs() < 5e-6, "{benefit}");
    agrees(measures.get(1, "primary", "", "power"), benefit, 0.0);
    agrees(measures.get(1, "primary", "", "rejects_wrong_way"), harm, 1e-4);
    let [crossed, _] = power(TwoRisks { n: 210, treatment: 0.35, control: 0.875 * 0.49 + 0.125 * 0.35 });
    assert!((crossed - 0.7324).abs() < 5e-5, "{crossed}");
    agrees(measures.get(2, "primary", "", "power"), crossed, 0.0);
    for (arm, risk) in [("treatment", 0.35), ("control", 0.49)] {
        // The effect is solved to 3e-4 at most.
        agrees(measures.get(1, "primary", arm, "risk"), risk, 3e-4);
    }
}

/// No effect: the exact error of the chi-square test in each direction, and the two tests of times near 5 %.
#[test]
fn tests_keep_their_error() {
    let scenario = load("scenarios/peers/null_log_rank.toml", &[]);
    let measures = measures(&scenario, None);
    let [benefit, harm] = power(TwoRisks { n: 210, treatment: 0.49, control: 0.49 });
    assert!((benefit - harm).abs() < 1e-12 && (benefit + harm - 0.0462).abs() < 5e-5, "{benefit} {harm}");
    agrees(measures.get(1, "primary", "", "type_i_error"), benefit, 0.0);
    agrees(measures.get(1, "primary", "", "rejects_wrong_way"), harm, 0.0);
    for test in ["log_rank", "wald"] {
        let one = |measure| measures.get(1, test, "", measure).value;
        let both = one("type_i_error") + one("rejects_wrong_way");
        assert!((0.047..=0.053).contains(&both), "{test}: {both}");
        agrees(measures.get(1, test, "", "estimate_mean"), 1.0, 0.0005);
        agrees(measures.get(1, test, "", "truth"), 1.0, 1e-9);
    }
}

/// The reference powers are simulated; their own error is below 0.0005.
#[test]
fn two_exponential_curves_have_the_known_power() {
    let scenario = load("scenarios/peers/w2_log_rank.toml", &[]);
    let measures = measures(&scenario, None);
    agrees(measures.get(1, "primary", "", "power"), 0.6961, 0.0005);
    agrees(measures.get(1, "wald", "", "power"), 0.6937, 0.0005);
    agrees(measures.get(1, "wald", "", "coverage"), 0.9507, 0.0005);
    // Both hazards are constant, so the Cox estimate converges to their ratio.
    let log_hazard_ratio = libm::log(libm::log(1.0 - 0.458) / libm::log(1.0 - 0.585));
    let truth = libm::log(measures.get(1, "wald", "", "truth").value);
    assert!((truth - log_hazard_ratio).abs() < 1e-4, "{truth} {log_hazard_ratio}");
    let mean = libm::log(measures.get(1, "wald", "", "estimate_mean").value);
    assert!((mean - -0.3618).abs() < 0.004, "{mean}");
    agrees(measures.get(1, "wald", "", "bias"), -0.0012, 0.0005);
}
