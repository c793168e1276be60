use shocktrial::statistics::{
    FisherRule, PromisingZone, bauer_koehne, bonferroni, closed_test, conditional_power, dunnett_critical,
    dunnett_p, evidence_p, fisher_combination, fisher_products, fisher_spent, holm, inverse_normal,
    normal_quantile, predictive_power, sidak, simes,
};

use super::reference::{EXACT, Expected, Within};

#[test]
fn agrees_with_r() {
    let expected = Expected::open("12_combination_adaptive");
    for case in expected.children("combination") {
        let at = |name: &str| format!("combination/{case}/{name}");
        let p = expected.setting_list(&at("stage_p"));
        let weights = expected.setting_list(&at("weights_squared"));
        let b: Vec<f64> = p.iter().map(|&p| -normal_quantile(p)).collect();
        expected.check_list(&at("stage_z"), &b, EXACT);
        let combined = inverse_normal(&b, &weights);
        expected.check_list(&at("combined_z"), &combined, EXACT);
        let values: Vec<f64> = combined.iter().map(|&b| evidence_p(b)).collect();
        expected.check_list(&at("combined_p"), &values, EXACT);
        for k in 0..p.len() {
            let product: f64 = p[..=k].iter().product();
            expected.check(&at(&format!("fisher_product_cum/{k}")), product, EXACT);
            let path = at(&format!("fisher_combined_p_unweighted/{k}"));
            expected.check(&path, fisher_combination(&p[..=k]), EXACT);
        }
    }
    for case in expected.children("fisher_designs/bauer_koehne") {
        let at = |name: &str| format!("fisher_designs/bauer_koehne/{case}/{name}");
        let level = expected.setting(&at("alpha")).unwrap();
        let design = bauer_koehne(level, expected.setting(&at("alpha0")).unwrap()).unwrap();
        expected.check(&at("alpha1"), design.first, EXACT);
        expected.check(&at("c_alpha"), design.product, EXACT);
    }
    for case in expected.children("fisher_designs/rpact") {
        let at = |name: &str| format!("fisher_designs/rpact/{case}/{name}");
        let rule = match case.split_once('_').unwrap().0 {
            "equalAlpha" => FisherRule::EqualLevels,
            "fullAlpha" => FisherRule::FullLast,
            _ => FisherRule::NoInteraction,
        };
        let stages = expected.setting(&at("K")).unwrap() as usize;
        let level = expected.setting(&at("alpha")).unwrap();
        let stop_above = vec![0.5; stages - 1];
        for k in 0..stages - 1 {
            expected.setting(&at(&format!("alpha0Vec/{k}")));
        }
        let products = fisher_products(rule, level, &stop_above).unwrap();
        let searched = Within(1e-6, 0.0);
        expected.check_list(&at("critical_product"), &products, searched);
        let mut spent = 0.0;
        for (k, p) in fisher_spent(&products, &stop_above).iter().enumerate() {
            spent += p;
            expected.check(&at(&format!("alpha_spent/{k}")), spent, searched);
        }
        for (k, product) in products.iter().enumerate() {
            // The chance that a product of so many P values is as low.
            let mut p = vec![1.0; k + 1];
            p[0] = *product;
            expected.check(&at(&format!("stage_levels/{k}")), fisher_combination(&p), searched);
        }
    }
    let at = |name: &str| format!("conditional_power/{name}");
    let critical = expected.setting(&at("final_critical")).unwrap();
    let drift = expected.setting(&at("design_drift")).unwrap();
    let (z, t) = (expected.setting_list(&at("z1")), expected.setting_list(&at("t")));
    for (i, (&b, &t)) in z.iter().zip(&t).enumerate() {
        let at = |name: &str| format!("conditional_power/{name}/{i}");
        let under = |drift: f64| conditional_power(b, t, critical, drift);
        expected.check(&at("cp_current_trend"), under(b / t.sqrt()), EXACT);
        expected.check(&at("cp_design"), under(drift), EXACT);
        expected.check(&at("cp_null_is_conditional_error"), under(0.0), EXACT);
        expected.check(&at("predictive_power_flat_prior"), predictive_power(b, t, critical), EXACT);
    }
    promising_zone(&expected);
    let at = |name: &str| format!("multi_arm_intersection/{name}");
    let z = expected.setting_list(&at("z"));
    let p: Vec<f64> = z.iter().map(|&z| evidence_p(z)).collect();
    let least = |p: Vec<f64>| p.into_iter().fold(1.0, f64::min);
    expected.check_list(&at("p"), &p, EXACT);
    expected.check(&at("bonferroni"), least(bonferroni(&p)), EXACT);
    expected.check(&at("sidak"), least(sidak(&p)), EXACT);
    expected.check(&at("simes"), simes(&p), EXACT);
    let dunnett = Within(1e-8, 0.0);
    let ours = dunnett_p(2.1, 2, 0.5);
    expected.check(&at("dunnett_rho_half"), ours, dunnett);
    expected.check(&at("dunnett_mvtnorm"), ours, dunnett);
    for k in [2, 3] {
        let ours = dunnett_critical(0.025, k, 0.5).unwrap();
        expected.check(&at(&format!("dunnett_critical_one_sided_0.025_k{k}")), ours, dunnett);
    }
    expected.finish(&[("*/note", "a remark")]);
}

fn promising_zone(expected: &Expected) {
    let at = |name: &str| format!("promising_zone/{name}");
    let setting = |name: &str| expected.setting(&at(name)).unwrap();
    let zone = PromisingZone {
        first: setting("n1"),
        planned: setting("n2"),
        most: setting("N_max"),
        critical: setting("critical"),
        target: setting("target_cp"),
    };
    for (i, b) in expected.setting_list(&at("z1")).into_iter().enumerate() {
        let at = |name: &str| format!("promising_zone/{name}/{i}");
        let size = zone.size(b);
        expected.check(&at("cp_at_planned_n2_current_trend"), zone.planned_power(b), EXACT);
        expected.check(&at("N2_for_cp90_uncapped"), zone.wanted(b), EXACT);
        expected.check(&at("N2_rule"), size, EXACT);
        expected.check(&at("b_star"), zone.adjusted_critical(b, size), EXACT);
        expected.check(&at("cp_at_N2_rule_with_chw_weights"), zone.power(b, size), EXACT);
    }
    expected.check(&at("z1_at_lower_edge_of_promising_zone"), zone.lower_edge().unwrap(), EXACT);
    expected.check(&at("cp_min"), zone.least_power().unwrap(), EXACT);
    expected.check(&at("z1_upper_edge_cp_0.9"), zone.upper_edge().unwrap(), EXACT);
    expected.check(&at("z1_where_N2_rule_reaches_cap"), zone.cap_edge().unwrap(), EXACT);
    expected.check(&at("type1_error_conventional_test_quadrature"), zone.type_one_error().unwrap(), EXACT);
}

/// The closed test by Bonferroni is Holm's procedure.
#[test]
fn closed_bonferroni_is_holm() {
    let p = [0.011, 0.004, 0.03, 0.2, 0.049];
    let closed =
        closed_test(&p, |p| (p.iter().copied().fold(1.0, f64::min) * p.len() as f64).min(1.0)).unwrap();
    assert!(closed.iter().zip(holm(&p)).all(|(a, b)| (a - b).abs() < 1e-15));
}
