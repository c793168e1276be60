use shocktrial::statistics::{
    CensoringTies, CoxData, CumulativeIncidence, GrayTest, Ties, Weight, cox, fine_gray, gray_test, log_rank,
    two_sided_p,
};

use super::reference::{Data, EXACT, Expected, Within};

const FINE_GRAY: Within = Within(1e-8, 1e-8);

fn check_gray(expected: &Expected, path: &str, index: usize, test: &GrayTest) {
    expected.check(&format!("{path}/chisq/{index}"), test.chi_square, EXACT);
    expected.check(&format!("{path}/p/{index}"), test.p(), EXACT);
    if expected.has(&format!("{path}/df/{index}")) {
        expected.check(&format!("{path}/df/{index}"), test.degrees as f64, EXACT);
    }
}

#[test]
fn agrees_with_r() {
    let expected = Expected::open("05_competing_risks");
    let network = Data::read("network3");
    let two =
        network.filter(|row| row("arm") != 1.0).with("arm", |row| f64::from(u8::from(row("arm") == 2.0)));
    for (set, data) in [("competing", Data::read("competing")), ("network3_arm2_vs_0", two)] {
        let (time, cause) = (data.column("time"), data.groups("etype"));
        let (group, stratum) = (data.codes("arm"), data.codes("stratum"));
        for arm in [0u8, 1] {
            let part = data.filter(|row| row("arm") == f64::from(arm));
            for of in [1u8, 2] {
                let at = |name: &str| format!("{set}/arm{arm}_event{of}/{name}");
                let curve = CumulativeIncidence::new(&part.column("time"), &part.groups("etype"), of);
                for (i, t) in expected.setting_list(&at("time")).into_iter().enumerate() {
                    let at = |name: &str| format!("{}/{i}", at(name));
                    let error = curve.variance_at(t).sqrt();
                    expected.check(&at("cif"), curve.at(t), EXACT);
                    expected.check(&at("se_greenwood_delta"), error, EXACT);
                    expected.check(&at("se_survival_infinitesimal_jackknife"), error, EXACT);
                    let limits = curve.interval_at(t, 0.95);
                    expected.check(&at("loglog_ci95_lower_from_greenwood_delta"), limits.lower, EXACT);
                    expected.check(&at("loglog_ci95_upper_from_greenwood_delta"), limits.upper, EXACT);
                }
            }
        }
        for of in [1u8, 2] {
            let i = usize::from(of) - 1;
            let at = |name: &str| format!("{set}/{name}");
            expected.setting(&at(&format!("gray_test/event/{i}")));
            let test = |strata, rho| gray_test(&time, &cause, &group, strata, of, rho).unwrap();
            check_gray(&expected, &at("gray_test"), i, &test(None, 0.0));
            check_gray(&expected, &at("gray_test_stratified"), i, &test(Some(&stratum), 0.0));
            check_gray(&expected, &at("gray_test_rho1"), i, &test(None, 1.0));
            let event: Vec<bool> = cause.iter().map(|&c| c == of).collect();
            let groups = data.groups("arm");
            let test = log_rank(&time, &event, &groups, None, Weight::Constant).unwrap();
            expected.check(&at(&format!("cause_specific_logrank/event{of}")), test.chi_square(), EXACT);
        }
        check_fine_gray(&expected, set, &data);
        let covariates = ["arm", "age", "lactate", "ca"];
        for (case, of, terms, strata, ties) in [
            ("event1_arm_efron", 1, 1, false, Ties::Efron),
            ("event2_arm_efron", 2, 1, false, Ties::Efron),
            ("event1_adj_efron", 1, 4, false, Ties::Efron),
            ("event1_arm_breslow", 1, 1, false, Ties::Breslow),
            ("event1_strat_efron", 1, 1, true, Ties::Efron),
        ] {
            let at = |name: &str| format!("{set}/cause_specific_cox/{case}/{name}");
            let event: Vec<bool> = cause.iter().map(|&c| c == of).collect();
            let columns: Vec<Vec<f64>> = covariates[..terms].iter().map(|c| data.column(c)).collect();
            let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let rows =
                CoxData { stratum: strata.then_some(&stratum[..]), ..CoxData::new(&time, &event, &slices) };
            let fit = cox(rows, ties).unwrap();
            let estimate = fit.estimate.as_ref().unwrap();
            let errors = estimate.standard_errors();
            let within = Within(1e-7, 0.0);
            for (j, name) in covariates[..terms].iter().enumerate() {
                expected.check(&at(&format!("coef/{name}")), estimate.coefficients[j], within);
                expected.check(&at(&format!("se/{name}")), errors[j], within);
            }
            expected.check(&at("loglik/0"), fit.log_likelihood_null, within);
            expected.check(&at("loglik/1"), fit.log_likelihood, within);
        }
    }
    let (time, cause) = (network.column("time"), network.groups("etype"));
    let (group, stratum) = (network.codes("arm"), network.codes("stratum"));
    for of in [1u8, 2] {
        let i = usize::from(of) - 1;
        let test = gray_test(&time, &cause, &group, None, of, 0.0).unwrap();
        check_gray(&expected, "network3_3arm_gray", i, &test);
        let test = gray_test(&time, &cause, &group, Some(&stratum), of, 0.0).unwrap();
        expected.check(&format!("network3_3arm_gray/chisq_stratified/{i}"), test.chi_square, EXACT);
        expected.check(&format!("network3_3arm_gray/p_stratified/{i}"), test.p(), EXACT);
    }
    expected.finish(&[
        ("*/se_cmprsk_aalen1978/*", "cmprsk's older variance, up to 1% larger, is not offered"),
        ("*/finegray_coxph_breslow/se_robust/*", "leaves out the uncertainty of the weights"),
        ("*/finegray_coxph_efron/*", "Fine-Gray with Efron's ties is not offered"),
    ]);
}

fn check_fine_gray(expected: &Expected, set: &str, data: &Data) {
    let (time, cause) = (data.column("time"), data.groups("etype"));
    for (case, terms) in [&["arm"][..], &["arm"], &["arm", "age", "lactate", "ca"]].iter().enumerate() {
        let at = |name: &str| format!("{set}/fine_gray/{case}/{name}");
        let of = expected.setting(&at("failcode")).unwrap() as u8;
        let columns: Vec<Vec<f64>> = terms.iter().map(|c| data.column(c)).collect();
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let fit = |ties| fine_gray(&time, &cause, &slices, of, ties).unwrap();
        let crr = fit(CensoringTies::Together);
        let naive = crr.covariance.standard_errors();
        let errors = crr.standard_errors();
        for (j, b) in crr.coefficients.iter().enumerate() {
            let at = |name: &str| format!("{}/{j}", at(name));
            let robust = Within(0.0, 1e-4);
            expected.check(&at("coef"), *b, FINE_GRAY);
            expected.check(&at("own_newton_crr_convention/coef"), *b, FINE_GRAY);
            expected.check(&at("shr"), b.exp(), FINE_GRAY);
            expected.check(&at("own_newton_crr_convention/se_naive"), naive[j], FINE_GRAY);
            expected.check(&at("se_crr_naive_inverse_information"), naive[j], FINE_GRAY);
            expected.check(&at("se_crr_robust"), errors[j], robust);
            expected.check(&at("shr_ci95_lower"), (b - 1.959963984540054 * errors[j]).exp(), robust);
            expected.check(&at("shr_ci95_upper"), (b + 1.959963984540054 * errors[j]).exp(), robust);
            expected.check(&at("wald_p"), two_sided_p(b / errors[j]), robust);
        }
        for i in 0..terms.len() {
            for j in 0..terms.len() {
                let ours = crr.robust_covariance.get(i, j);
                expected.check(&at(&format!("vcov_crr/{i}/{j}")), ours, Within(1e-10, 1e-4));
            }
        }
        expected.check(&at("loglik"), crr.log_likelihood, FINE_GRAY);
        expected.check(&at("loglik_null"), crr.log_likelihood_null, FINE_GRAY);
        let after = fit(CensoringTies::After);
        let naive = after.covariance.standard_errors();
        for name in ["own_newton_finegray_convention", "finegray_coxph_breslow"] {
            expected.check_list(&at(&format!("{name}/coef")), &after.coefficients, FINE_GRAY);
            expected.check_list(&at(&format!("{name}/se_naive")), &naive, FINE_GRAY);
        }
    }
}

/// Without competing events Fine and Gray's model is Cox's with Breslow's ties.
#[test]
fn fine_gray_without_competing_events_is_cox() {
    let data = Data::read("ecls_like");
    let (time, event) = (data.column("time"), data.flags("status"));
    let cause: Vec<u8> = event.iter().map(|&e| u8::from(e)).collect();
    let arm = data.column("arm");
    let covariates = [&arm[..]];
    let fine_gray = fine_gray(&time, &cause, &covariates, 1, CensoringTies::default()).unwrap();
    let cox = cox(CoxData::new(&time, &event, &covariates), Ties::Breslow).unwrap().estimate.unwrap();
    assert!((fine_gray.coefficients[0] - cox.coefficients[0]).abs() < 1e-10);
    assert!((fine_gray.standard_errors()[0] - cox.robust_standard_errors()[0]).abs() < 1e-10);
}
