use shocktrial::statistics::{
    Comparison, design_effect, event_probability, exact_power_of_chi_square, power_of_two_risks,
    power_of_two_risks_unpooled, shift_odds,
};

use super::reference::{EXACT, Expected, Within};

const T_TEST: Within = Within(1e-6, 1e-6);

#[test]
fn agrees_with_r() {
    let expected = Expected::open("13_sample_size");
    for case in expected.children("proportions") {
        let at = |name: &str| format!("proportions/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let (control, experimental) = (setting("p_control"), setting("p_experimental"));
        let (sides, ratio) = (setting("sided"), setting("allocation_ratio_exp_to_ctl"));
        let plan = Comparison { level: setting("alpha") / sides, power: setting("power"), ratio };
        let pooled = plan.two_risks(control, experimental);
        expected.check(&at("n_control_pooled_null"), pooled, EXACT);
        expected.check(&at("rpact_n_control"), pooled, EXACT);
        expected.check(&at("rpact_total"), pooled * (1.0 + ratio), EXACT);
        expected.check_option(&at("power_prop_test_n"), (ratio == 1.0).then_some(pooled), EXACT);
        expected.check(&at("n_control_unpooled"), plan.two_risks_unpooled(control, experimental), EXACT);
        let corrected = plan.two_risks_corrected(control, experimental);
        expected.check(&at("n_control_pooled_fleiss_continuity"), corrected, EXACT);
        expected.check(&at("n_control_arcsine"), plan.two_risks_arcsine(control, experimental), EXACT);
        let (n0, n1) = (pooled.ceil(), (ratio * pooled).ceil());
        expected.check(&at("total_rounded_pooled"), n0 + n1, EXACT);
        let path = at("exact_power_of_uncorrected_chisq_at_rounded_n");
        if expected.has(&path) && n0 < 1500.0 {
            let power = exact_power_of_chi_square(
                (control, n0 as u32),
                (experimental, n1 as u32),
                plan.level,
                sides == 2.0,
            );
            expected.check(&path, power, EXACT);
        }
    }
    for case in expected.children("power_at_n") {
        let at = |name: &str| format!("power_at_n/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let (p0, p1, n) = (setting("p0"), setting("p1"), setting("n_per_arm"));
        expected.check(&at("power_prop_test"), power_of_two_risks(p0, p1, n, 0.025, false), EXACT);
        expected.check(&at("power_prop_test_strict"), power_of_two_risks(p0, p1, n, 0.025, true), EXACT);
        expected.check(&at("unpooled_z"), power_of_two_risks_unpooled(p0, p1, n, 0.025), EXACT);
    }
    for case in expected.children("survival_events") {
        let at = |name: &str| format!("survival_events/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let plan = Comparison {
            level: setting("alpha") / setting("sided"),
            power: setting("power"),
            ratio: setting("allocation_ratio"),
        };
        let hazard_ratio = setting("hazard_ratio");
        let (schoenfeld, freedman) = (plan.events(hazard_ratio), plan.events_freedman(hazard_ratio));
        for name in ["events_schoenfeld", "rpact_schoenfeld"] {
            expected.check(&at(name), schoenfeld, EXACT);
        }
        for name in ["events_freedman", "rpact_freedman"] {
            expected.check(&at(name), freedman, EXACT);
        }
    }
    for case in expected.children("event_probabilities") {
        let at = |name: &str| format!("event_probabilities/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let chance = event_probability(
            setting("hazard"),
            setting("accrual"),
            setting("followup"),
            setting("dropout_hazard"),
        );
        expected.check(&at("event_prob_closed_form"), chance, EXACT);
        expected.check(&at("event_prob_quadrature"), chance, EXACT);
    }
    let plan = Comparison { level: 0.025, power: 0.8, ratio: 1.0 };
    let chance = |hazard: f64| event_probability(hazard, 24.0, 12.0, 0.01);
    let total = plan.events(0.74) / ((chance(0.1) + chance(0.074)) / 2.0);
    expected.check("survival_total_n/total_n_own", total, EXACT);
    for case in expected.children("means") {
        let at = |name: &str| format!("means/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let ratio = setting("ratio");
        let plan = Comparison { level: setting("alpha") / setting("sided"), power: setting("power"), ratio };
        let (difference, deviation) = (setting("delta"), setting("sd"));
        let normal = plan.two_means(difference, deviation);
        expected.check(&at("n_control_normal"), normal, EXACT);
        expected.check(&at("rpact_normal_total"), normal * (1.0 + ratio), EXACT);
        let t = plan.two_means_t(difference, deviation).unwrap();
        expected.check_option(&at("power_t_test_n_per_arm"), (ratio == 1.0).then_some(t), T_TEST);
        expected.check(&at("rpact_t_total"), t * (1.0 + ratio), T_TEST);
    }
    for case in expected.children("non_inferiority") {
        let at = |name: &str| format!("non_inferiority/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let plan = Comparison { level: setting("alpha_one_sided"), power: setting("power"), ratio: 1.0 };
        let (p0, p1, margin) = (setting("p_control"), setting("p_experimental"), setting("margin"));
        let wald = plan.non_inferior_risks_wald(p0, p1, margin);
        expected.check(&at("n_per_arm_wald_unpooled"), wald, EXACT);
        let restricted = plan.non_inferior_risks(p0, p1, margin);
        expected.check(&at("n_per_arm_fm_own"), restricted, EXACT);
        expected.check(&at("rpact_fm_total"), 2.0 * restricted, EXACT);
    }
    let at = |name: &str| format!("other/{name}");
    let setting = |name: &str| expected.setting(&at(name)).unwrap();
    let ranks = plan.ranks(setting("noether/theta"));
    expected.check(&at("noether/n_per_arm"), ranks, EXACT);
    let control = expected.setting_list(&at("whitehead/control_probs"));
    let log_odds_ratio = setting("whitehead/log_or_worse");
    let shifted = shift_odds(&control, log_odds_ratio);
    expected.check_list(&at("whitehead/experimental_probs"), &shifted, EXACT);
    let n = plan.ordered(&control, log_odds_ratio);
    expected.check(&at("whitehead/n_per_arm_whitehead"), n, EXACT);
    let total =
        plan.win_ratio_total(setting("win_ratio_yu_ganju/win_ratio"), setting("win_ratio_yu_ganju/tie_prob"));
    expected.check(&at("win_ratio_yu_ganju/n_total"), total, EXACT);
    let path = |name: &str| format!("negbin_zhu_lakkis_method3_like/{name}");
    let n = plan.rates(
        setting(&path("rate0")),
        setting(&path("rate_ratio")),
        setting(&path("theta")),
        setting(&path("exposure")),
    );
    expected.check(&at(&path("n_per_arm")), n, EXACT);
    let effect = design_effect(setting("design_effect/m"), setting("design_effect/icc"));
    expected.check(&at("design_effect/deff"), effect, EXACT);
    expected.finish(&[
        ("proportions/*/pwr_2p_n", "pwr counts the opposite tail, 0.0005 patients here"),
        ("proportions/*/exact_power*", "not computed for large trials"),
        ("means/*/pwr_t_n", "pwr counts the opposite tail, 0.0002 patients here"),
        ("power_at_n/*/rpact", "rpact's own two-sided form, 1e-7 from the strict one"),
        ("survival_events/*/rpact_hsieh_freedman", "Hsieh and Freedman's form is not offered"),
        ("survival_total_n/rpact_study_duration", "a setting"),
        ("*/note", "a remark"),
    ]);
}

/// Exact power and size of the uncorrected chi-square in the trials that were run.
#[test]
fn exact_power_of_published_plans() {
    let power = |p0: f64, p1: f64, n: u32, level: f64| {
        format!("{:.4}", exact_power_of_chi_square((p0, n), (p1, n), level, true))
    };
    // ECLS-SHOCK as planned, and as enrolled; IABP-SHOCK II.
    assert_eq!(power(0.49, 0.35, 195, 0.025), "0.7990");
    assert_eq!(power(0.49, 0.35, 210, 0.025), "0.8369");
    assert_eq!(power(0.56, 0.44, 282, 0.022), "0.8099");
    // True sizes of a nominal 0.05.
    assert_eq!(power(0.49, 0.49, 210, 0.025), "0.0462");
    assert_eq!(power(0.42, 0.42, 210, 0.025), "0.0529");
    assert_eq!(power(0.50, 0.50, 72, 0.025), "0.0549");
}
