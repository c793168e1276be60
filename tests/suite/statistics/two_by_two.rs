use shocktrial::statistics::{
    Estimate, Extremes, Interval, Reason, ScoreVariance, StratifiedTables, TwoByTwo, agresti_coull_interval,
    benjamini_hochberg, bonferroni, clopper_pearson_interval, hochberg, holm, hommel, jeffreys_interval,
    normal_cdf, two_sided_p, wald_interval, wilson_interval, wilson_interval_corrected,
};

use super::reference::{EXACT, Expected, Within};

const SCORE: Within = Within(1e-8, 1e-8);
const CONDITIONAL: Within = Within(1e-10, 1e-7);
const SEARCHED: Within = Within(1e-5, 0.0);
const PLAIN: ScoreVariance = ScoreVariance::Plain;
const FACTOR: ScoreVariance = ScoreVariance::MiettinenNurminen;

fn table(expected: &Expected, path: &str) -> TwoByTwo {
    let count = |name: &str| expected.setting(&format!("{path}/{name}")).unwrap() as u32;
    TwoByTwo::new(count("x1"), count("n1"), count("x0"), count("n0"))
}

/// A ratio's estimate, log standard error and interval, when it can be made.
fn check_ratio(expected: &Expected, path: &str, interval: &str, estimate: Result<Estimate, Reason>) {
    let Ok(estimate) = estimate else { return };
    expected.check(&format!("{path}/est"), estimate.value.exp(), EXACT);
    expected.check(&format!("{path}/se_log"), estimate.standard_error, EXACT);
    if expected.has(&format!("{path}/{interval}/0")) {
        expected.check_interval(&format!("{path}/{interval}"), estimate.interval(0.95).exp(), EXACT);
    }
}

#[test]
fn agrees_with_r() {
    let expected = Expected::open("06_two_by_two");
    for name in expected.children("tables") {
        let at = |field: &str| format!("tables/{name}/{field}");
        let t = table(&expected, &format!("tables/{name}"));
        let (p1, p0) = t.risks().unwrap();
        expected.check(&at("p1"), p1, EXACT);
        expected.check(&at("p0"), p0, EXACT);
        expected.check_option(&at("chisq_uncorrected"), t.chi_square().ok(), EXACT);
        expected.check_option(&at("p_chisq_uncorrected"), t.chi_square_p().ok(), EXACT);
        expected.check_option(&at("chisq_yates"), t.yates_chi_square().ok(), EXACT);
        expected.check_option(&at("p_chisq_yates"), t.yates_p().ok(), EXACT);
        expected.check_option(&at("z_pooled"), t.pooled_z().ok(), EXACT);
        let difference = t.risk_difference().unwrap();
        let wald_possible = difference.standard_error > 0.0;
        expected.check_option(&at("z_unpooled"), wald_possible.then(|| difference.z()), EXACT);
        expected.check(&at("arcsine_z"), t.arcsine_z().unwrap(), EXACT);

        let fisher = t.fisher();
        expected.check(&at("fisher/p_two_sided"), fisher.two_sided, EXACT);
        expected.check(&at("fisher/p_less"), fisher.less, EXACT);
        expected.check(&at("fisher/p_greater"), fisher.greater, EXACT);
        expected.check(&at("fisher/mid_p_less"), fisher.mid_less(), EXACT);
        expected.check(&at("fisher/mid_p_greater"), fisher.mid_greater(), EXACT);
        expected.check(&at("fisher/mid_p_two_sided_doubling"), fisher.mid_two_sided(), EXACT);
        let half = fisher.two_sided - 0.5 * fisher.point;
        expected.check(&at("fisher/p_two_sided_minus_half_point"), half, EXACT);
        let conditional = t.conditional_distribution();
        expected.check_option(&at("fisher/conditional_or"), conditional.odds_ratio().ok(), CONDITIONAL);
        let limits = conditional.odds_ratio_interval(0.95).unwrap();
        expected.check_interval(&at("fisher/conditional_or_ci95"), limits, CONDITIONAL);

        let at_difference = |field: &str| at(&format!("risk_difference/{field}"));
        expected.check(&at_difference("est"), difference.value, EXACT);
        expected.check(&at_difference("se_wald_unpooled"), difference.standard_error, EXACT);
        expected.check_interval(&at_difference("wald_ci95"), difference.interval(0.95), EXACT);
        expected.check_interval(&at_difference("newcombe_ci95"), t.newcombe_interval(0.95).unwrap(), EXACT);
        expected.check_interval(
            &at_difference("agresti_caffo_ci95"),
            t.agresti_caffo_interval(0.95).unwrap(),
            EXACT,
        );
        for (field, variance) in
            [("miettinen_nurminen_ci95", FACTOR), ("mee_farrington_manning_ci95_no_N_correction", PLAIN)]
        {
            let limits = t.difference_score_interval(variance, 0.95).unwrap();
            expected.check_interval(&at_difference(field), limits, SCORE);
        }
        for (field, variance) in
            [("koopman_score_ci95_no_N_correction", PLAIN), ("miettinen_nurminen_ci95", FACTOR)]
        {
            let limits = t.ratio_score_interval(variance, 0.95).unwrap();
            expected.check_interval(&at(&format!("risk_ratio/{field}")), limits, SCORE);
        }
        for (field, variance) in
            [("score_ci95_no_N_correction", PLAIN), ("score_mn_ci95_with_N_correction", FACTOR)]
        {
            let limits = t.odds_ratio_score_interval(variance, 0.95).unwrap();
            expected.check_interval(&at(&format!("odds_ratio/{field}")), limits, SCORE);
        }
        check_ratio(&expected, &at("risk_ratio"), "katz_ci95", t.log_risk_ratio());
        let halves = t.log_risk_ratio_halves();
        check_ratio(&expected, &at("risk_ratio/half_added_to_all_cells"), "ci95", halves);
        let walter = t.log_risk_ratio_walter();
        check_ratio(&expected, &at("risk_ratio/walter_half_added_to_x_and_n"), "", walter);
        check_ratio(&expected, &at("odds_ratio"), "woolf_ci95", t.log_odds_ratio());
        let halves = t.log_odds_ratio_halves();
        check_ratio(&expected, &at("odds_ratio/haldane_anscombe"), "ci95", halves);

        for i in 0..2 {
            let at = |field: &str| at(&format!("non_inferiority_farrington_manning/{i}/{field}"));
            let margin = expected.setting(&at("margin_risk_difference")).unwrap();
            let test = t.difference_test(margin, PLAIN).unwrap();
            expected.check(&at("z"), test.z, EXACT);
            expected.check(&at("p_one_sided"), test.p_non_inferiority(), EXACT);
            expected.check(&at("p1_restricted"), test.risk_treatment, EXACT);
            expected.check(&at("p0_restricted"), test.risk_control, EXACT);
            let test = t.difference_test(margin, FACTOR).unwrap();
            expected.check(&at("z_mn_with_N_correction"), test.z, EXACT);
            let wald = (difference.value - margin) / difference.standard_error;
            expected.check(&at("z_wald_unpooled"), wald, EXACT);
            expected.check(&at("p_wald"), normal_cdf(wald), EXACT);
            let at = |field: &str| format!("tables/{name}/non_inferiority_ratio/{i}/{field}");
            let margin = expected.setting(&at("margin_risk_ratio")).unwrap();
            let test = t.ratio_test(margin, PLAIN).unwrap();
            expected.check(&at("z"), test.z, EXACT);
            expected.check(&at("p_one_sided"), test.p_non_inferiority(), EXACT);
        }
        for (arm, x, n) in
            [("arm1", t.events_treatment, t.n_treatment), ("arm0", t.events_control, t.n_control)]
        {
            type Method = fn(u32, u32, f64) -> Interval;
            let methods: [(&str, Method); 6] = [
                ("wald", wald_interval),
                ("wilson", wilson_interval),
                ("wilson_cc", wilson_interval_corrected),
                ("clopper_pearson", clopper_pearson_interval),
                ("agresti_coull", agresti_coull_interval),
                ("jeffreys", jeffreys_interval),
            ];
            for (field, method) in methods {
                expected.check_interval(
                    &at(&format!("single_arm_ci95/{arm}/{field}")),
                    method(x, n, 0.95),
                    EXACT,
                );
            }
        }
        let at = |field: &str| at(&format!("exact_unconditional/{field}"));
        if expected.has(&at("barnard_pooled_less")) {
            let p = |extremes| t.unconditional_p(extremes).unwrap();
            expected.check(&at("barnard_pooled_two_sided"), p(Extremes::Barnard), SEARCHED);
            expected.check(&at("barnard_pooled_less"), p(Extremes::BarnardLess), SEARCHED);
            expected.check(&at("barnard_pooled_greater"), p(Extremes::BarnardGreater), SEARCHED);
            expected.check(&at("boschloo_less"), p(Extremes::BoschlooLess), SEARCHED);
            expected.check(&at("boschloo_greater"), p(Extremes::BoschlooGreater), SEARCHED);
            let doubled = t.boschloo_doubled().unwrap();
            expected.check(&at("boschloo_two_sided_scipy_convention"), doubled, SEARCHED);
            let both = p(Extremes::BoschlooTwoSided);
            expected.check(&at("boschloo_two_sided_fisher2_ordering"), both, SEARCHED);
        }
    }
    for name in expected.children("stratified") {
        let at = |field: &str| format!("stratified/{name}/{field}");
        let list = |field: &str| expected.setting_list(&at(field));
        let (x1, n1, x0, n0) = (list("x1"), list("n1"), list("x0"), list("n0"));
        let tables: Vec<TwoByTwo> = (0..x1.len())
            .map(|i| TwoByTwo::new(x1[i] as u32, n1[i] as u32, x0[i] as u32, n0[i] as u32))
            .collect();
        let strata = StratifiedTables(&tables);
        let z = strata.mantel_haenszel_z().unwrap();
        expected.check(&at("cmh_chisq_uncorrected"), z * z, EXACT);
        expected.check(&at("cmh_p_uncorrected"), two_sided_p(z), EXACT);
        let corrected = strata.mantel_haenszel_chi_square_corrected().unwrap();
        expected.check(&at("cmh_chisq_corrected"), corrected, EXACT);
        expected.check(&at("cmh_p_corrected"), two_sided_p(corrected.sqrt()), EXACT);
        let exact = strata.conditional_distribution();
        expected.check(&at("exact_p"), exact.test().two_sided, EXACT);
        // R's root finder stops at 1e-4.
        let rough = Within(0.0, 1e-3);
        expected.check(&at("exact_conditional_or"), exact.odds_ratio().unwrap(), rough);
        expected.check_interval(&at("exact_or_ci95"), exact.odds_ratio_interval(0.95).unwrap(), rough);
        for (ratio, error, interval, estimate) in [
            ("or_mh", "log_or_se_robins_breslow_greenland", "or_ci95", strata.log_odds_ratio().unwrap()),
            ("rr_mh", "log_rr_se_greenland_robins", "rr_ci95", strata.log_risk_ratio().unwrap()),
        ] {
            expected.check(&at(ratio), estimate.value.exp(), EXACT);
            expected.check(&at(error), estimate.standard_error, EXACT);
            expected.check_interval(&at(interval), estimate.interval(0.95).exp(), EXACT);
        }
        let sato = strata.risk_difference().unwrap();
        expected.check(&at("rd_mh"), sato.value, EXACT);
        expected.check(&at("rd_se_sato"), sato.standard_error, EXACT);
        expected.check_interval(&at("rd_ci95_sato"), sato.interval(0.95), EXACT);
        let large = strata.risk_difference_large_strata().unwrap();
        expected.check(&at("rd_se_greenland_robins"), large.standard_error, EXACT);
        let same = strata.breslow_day().unwrap();
        expected.check(&at("breslow_day_chisq"), same.chi_square, EXACT);
        expected.check(&at("breslow_day_p"), same.p(), EXACT);
        expected.check(&at("breslow_day_tarone_chisq"), same.tarone, EXACT);
        expected.check(&at("breslow_day_tarone_p"), same.tarone_p(), EXACT);
        expected.check(&at("df"), same.degrees as f64, EXACT);
    }
    let p = expected.setting_list("multiplicity_p_adjust/p");
    for (name, adjusted) in [
        ("bonferroni", bonferroni(&p)),
        ("holm", holm(&p)),
        ("hochberg", hochberg(&p)),
        ("hommel", hommel(&p)),
        ("bh", benjamini_hochberg(&p)),
    ] {
        expected.check_list(&format!("multiplicity_p_adjust/{name}"), &adjusted, EXACT);
    }
    expected.finish(&[
        ("tables/*/note", "a remark"),
        ("tables/*/fisher/r_fisher_test_or*", "R's root finder stops at 1e-4; the tight roots are compared"),
        ("tables/*/risk_ratio/est", "a zero in a table: we answer Undefined"),
        ("tables/*/risk_ratio/se_log", "a zero in a table: we answer Undefined"),
        ("tables/*/risk_ratio/katz*", "a zero in a table: we answer Undefined"),
        ("tables/*/odds_ratio/est", "a zero in a table: we answer Undefined"),
        ("tables/*/odds_ratio/se_log", "a zero in a table: we answer Undefined"),
        ("tables/*/odds_ratio/woolf*", "a zero in a table: we answer Undefined"),
        ("stratified/*/note", "a remark"),
    ]);
}

#[test]
fn agrees_with_scipy() {
    let r = Expected::open("06_two_by_two");
    let expected = Expected::open_file("06_two_by_two", "expected_python.tsv");
    for name in expected.children("tables") {
        let t = table(&r, &format!("tables/{name}"));
        let at = |field: &str| format!("tables/{name}/{field}");
        let conditional = t.conditional_distribution();
        // scipy has none where ours is infinite.
        let ratio = conditional.odds_ratio().ok().filter(|x| x.is_finite());
        expected.check_option(&at("conditional_or_scipy"), ratio, CONDITIONAL);
        let limits = conditional.odds_ratio_interval(0.95).unwrap();
        expected.check_interval(&at("conditional_or_ci95_scipy"), limits, CONDITIONAL);
        for (field, extremes) in [
            ("barnard_pooled_two_sided", Extremes::Barnard),
            ("barnard_pooled_less", Extremes::BarnardLess),
            ("barnard_pooled_greater", Extremes::BarnardGreater),
            ("boschloo_less", Extremes::BoschlooLess),
            ("boschloo_greater", Extremes::BoschlooGreater),
        ] {
            if expected.has(&at(field)) {
                expected.check(&at(field), t.unconditional_p(extremes).unwrap(), SEARCHED);
            }
        }
        if expected.has(&at("boschloo_less")) {
            let doubled = t.boschloo_doubled().unwrap();
            expected.check(&at("boschloo_two_sided_scipy_convention"), doubled, SEARCHED);
        }
    }
    expected.finish(&[("tables/*/barnard_unpooled*", "ordering by the unpooled z is not offered")]);
}

/// The published tables: ECLS-SHOCK RR 0.98 (0.80-1.19), P = 0.81; CULPRIT-SHOCK RR 0.83 (0.71-0.96), P = 0.01.
#[test]
fn recovers_published_results() {
    for (t, ratio, lower, upper, p) in [
        (TwoByTwo::new(100, 209, 102, 208), "0.98", "0.80", "1.19", "0.81"),
        (TwoByTwo::new(158, 344, 189, 341), "0.83", "0.71", "0.96", "0.01"),
    ] {
        let estimate = t.log_risk_ratio().unwrap();
        let limits = estimate.interval(0.95).exp();
        assert_eq!(format!("{:.2}", estimate.value.exp()), ratio);
        assert_eq!(format!("{:.2}", limits.lower), lower);
        assert_eq!(format!("{:.2}", limits.upper), upper);
        assert_eq!(format!("{:.2}", t.chi_square_p().unwrap()), p);
    }
}
