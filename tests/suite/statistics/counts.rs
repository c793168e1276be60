use shocktrial::statistics::{Family, Regression, TwoRates, glm, negative_binomial};

use super::reference::{Data, EXACT, Expected, Within};

const COEFFICIENT: Within = Within(1e-7, 1e-9);
const ERROR: Within = Within(1e-9, 1e-6);

#[test]
fn agrees_with_r() {
    let expected = Expected::open("09_counts");
    let models: [(&str, &str, &[&str], bool); 4] = [
        ("ecls", "ecls_like", &["arm"], true),
        ("ecls_adj", "ecls_like", &["arm", "age", "ca"], true),
        ("ecls_no_offset", "ecls_like", &["arm"], false),
        ("danger", "danger_like", &["arm"], true),
    ];
    for (case, file, terms, exposed) in models {
        let data = Data::read(file).with("log_exposure", |row| row("exposure").ln());
        let (outcome, offset) = (data.column("bleeds"), data.column("log_exposure"));
        let columns: Vec<Vec<f64>> = terms.iter().map(|t| data.column(t)).collect();
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let rows =
            Regression { outcome: &outcome, covariates: &slices, offset: exposed.then_some(&offset[..]) };
        let names: Vec<&str> = std::iter::once("(Intercept)").chain(terms.iter().copied()).collect();

        let at = |name: &str| format!("poisson/{case}/{name}");
        let fit = glm(rows, Family::Poisson).unwrap();
        let robust = fit.robust_covariance.standard_errors();
        for (j, name) in names.iter().enumerate() {
            let b = fit.coefficient(j);
            expected.check(&at(&format!("coef/{name}")), b.value, COEFFICIENT);
            expected.check(&at(&format!("se/{name}")), b.standard_error, ERROR);
            expected.check(&at(&format!("se_HC0/{name}")), robust[j], ERROR);
            let quasi = b.standard_error * fit.pearson_dispersion.sqrt();
            expected.check(&at(&format!("se_quasi/{name}")), quasi, ERROR);
        }
        expected.check(&at("loglik"), fit.log_likelihood, COEFFICIENT);
        expected.check(&at("deviance"), fit.deviance, COEFFICIENT);
        expected.check(&at("pearson_dispersion"), fit.pearson_dispersion, COEFFICIENT);
        expected.check(&at("rate_ratio_arm"), fit.coefficients[1].exp(), COEFFICIENT);

        let at = |name: &str| format!("negbin/{case}/{name}");
        let fit = negative_binomial(rows).unwrap();
        let given = fit.covariance.standard_errors();
        let full = fit.full_covariance.standard_errors();
        for (j, name) in names.iter().enumerate() {
            expected.check(&at(&format!("coef/{name}")), fit.coefficients[j], COEFFICIENT);
            expected.check(&at(&format!("se_expected_information_glm_nb/{name}")), given[j], ERROR);
            expected.check(&at(&format!("se_observed_full_hessian/{name}")), full[j], ERROR);
        }
        expected.check(&at("theta"), fit.theta, ERROR);
        expected.check(&at("alpha"), 1.0 / fit.theta, ERROR);
        expected.check(&at("se_log_theta_full_hessian"), full[names.len()], ERROR);
        expected.check(&at("loglik"), fit.log_likelihood, COEFFICIENT);
        expected.check(&at("rate_ratio_arm"), fit.coefficients[1].exp(), COEFFICIENT);
        let smaller = negative_binomial(Regression { covariates: &slices[1..], ..rows }).unwrap();
        let rise = 2.0 * (fit.log_likelihood - smaller.log_likelihood);
        expected.check(&at("lr_chisq_arm"), rise, Within(1e-7, 1e-6));
    }
    for case in ["ecls", "danger"] {
        let at = |name: &str| format!("rate_tests/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let rates = TwoRates {
            events_treatment: setting("events1") as u32,
            exposure_treatment: setting("exposure1"),
            events_control: setting("events0") as u32,
            exposure_control: setting("exposure0"),
        };
        let ratio = rates.log_rate_ratio().unwrap();
        expected.check(&at("exact_conditional_rate_ratio"), ratio.value.exp(), EXACT);
        expected.check(&at("log_rr_se_poisson"), ratio.standard_error, EXACT);
        expected.check(&at("exact_p"), rates.exact_p().unwrap(), Within(1e-6, 0.0));
        expected.check_interval(&at("exact_ci95"), rates.exact_interval(0.95), Within(1e-6, 0.0));
    }
    expected.finish(&[(
        "negbin/*/glm_nb_SE_theta",
        "R takes it one step of 1e-4 before its last theta; ours agrees to as much",
    )]);
}
