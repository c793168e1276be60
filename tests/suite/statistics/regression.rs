use shocktrial::statistics::{
    Family, GComputation, GlmFit, Reason, Regression, StandardisedVariance, firth_logistic, g_computation,
    glm, two_sided_p,
};

use super::{
    cox::term,
    reference::{Data, Expected, Within},
};

const COEFFICIENT: Within = Within(1e-8, 1e-8);
const FIRTH: Within = Within(1e-6, 0.0);

fn columns(data: &Data, names: &[&str]) -> Vec<Vec<f64>> {
    names.iter().map(|name| term(data, name)).collect()
}

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}

fn fit(data: &Data, outcome: &str, names: &[&str], family: Family) -> GlmFit {
    let columns = columns(data, names);
    glm(Regression::new(&data.column(outcome), &slices(&columns)), family).unwrap()
}

fn names<'a>(covariates: &[&'a str]) -> Vec<&'a str> {
    std::iter::once("(Intercept)").chain(covariates.iter().copied()).collect()
}

const FULL: [&str; 7] = ["arm", "age", "lactate", "s4", "s5", "ca", "lvef"];

fn ecls() -> Data {
    Data::read("ecls_like")
        .with("s4", |row| f64::from(u8::from(row("scai") == 4.0)))
        .with("s5", |row| f64::from(u8::from(row("scai") == 5.0)))
        .with("(Intercept)", |_| 1.0)
}

#[test]
fn logistic_agrees_with_r() {
    let expected = Expected::open("07_logistic");
    let data = ecls();
    // The last column: terms that can be dropped without breaking an interaction.
    let models: [(&str, &[&str], &[&str]); 3] = [
        ("arm", &["arm"], &["arm"]),
        ("full", &FULL, &FULL),
        ("interaction_ca", &["arm", "ca", "age", "lactate", "arm:ca"], &["age", "lactate", "arm:ca"]),
    ];
    for (case, terms, droppable) in models {
        let at = |name: &str| format!("ecls/{case}/{name}");
        let made = fit(&data, "dead30", terms, Family::Logistic);
        let robust = made.robust_covariance.standard_errors();
        for (j, name) in names(terms).iter().enumerate() {
            let b = made.coefficient(j);
            expected.check(&at(&format!("coef/{name}")), b.value, COEFFICIENT);
            expected.check(&at(&format!("se/{name}")), b.standard_error, COEFFICIENT);
            expected.check(&at(&format!("or/{name}")), b.value.exp(), COEFFICIENT);
            expected.check(&at(&format!("wald_p/{name}")), b.p_two_sided(), COEFFICIENT);
            expected.check(&at(&format!("se_HC0/{name}")), robust[j], COEFFICIENT);
            for k in 0..=terms.len() {
                let ours = made.covariance.get(j, k);
                expected.check(&at(&format!("vcov/{j}/{k}")), ours, COEFFICIENT);
            }
        }
        expected.check(&at("loglik"), made.log_likelihood, COEFFICIENT);
        expected.check(&at("deviance"), made.deviance, COEFFICIENT);
        let null = fit(&data, "dead30", &[], Family::Logistic);
        expected.check(&at("null_deviance"), null.deviance, COEFFICIENT);
        for (i, drop) in droppable.iter().enumerate() {
            let kept: Vec<&str> = terms.iter().filter(|t| *t != drop).copied().collect();
            let smaller = fit(&data, "dead30", &kept, Family::Logistic);
            let rise = 2.0 * (made.log_likelihood - smaller.log_likelihood);
            expected.check(&at(&format!("lrt_drop1/chisq/{i}")), rise, COEFFICIENT);
            let p = made.likelihood_ratio_p(&smaller, 1);
            expected.check(&at(&format!("lrt_drop1/p/{i}")), p, COEFFICIENT);
        }
    }
    let terms = ["arm", "age", "lactate"];
    let center = data.codes("center");
    let clustered = fit(&data, "dead30", &terms, Family::Logistic).clustered_covariance(&center);
    let clusters = f64::from(*center.iter().max().unwrap());
    for (j, name) in names(&terms).iter().enumerate() {
        let se = clustered.standard_errors()[j];
        expected.check(&format!("ecls/cluster_center_se_HC0_no_dof_adjustment/{name}"), se, COEFFICIENT);
        let factor = (clusters / (clusters - 1.0)).sqrt();
        let path = format!("ecls/cluster_center_se_HC0_with_G_over_Gminus1/{name}");
        expected.check(&path, se * factor, COEFFICIENT);
    }
    let path = "relative_risk_models/log_binomial";
    let made = fit(&data, "dead30", &["arm", "ca"], Family::LogBinomial);
    for (j, name) in names(&["arm", "ca"]).iter().enumerate() {
        let b = made.coefficient(j);
        expected.check(&format!("{path}/coef/{name}"), b.value, COEFFICIENT);
        expected.check(&format!("{path}/se/{name}"), b.standard_error, COEFFICIENT);
    }
    let path = "relative_risk_models/modified_poisson_HC0";
    let made = fit(&data, "dead30", &terms, Family::Poisson);
    let robust = made.robust_covariance.standard_errors();
    for (j, name) in names(&terms).iter().enumerate() {
        expected.check(&format!("{path}/coef/{name}"), made.coefficients[j], COEFFICIENT);
        expected.check(&format!("{path}/se_HC0/{name}"), robust[j], COEFFICIENT);
    }
    standardised(&expected, &data);
    firth(&expected, &data);
    // The coefficients that stay finite under separation are those of the rows it leaves.
    let separated = Data::read("sep_logit");
    let outcome = separated.column("y");
    let made = columns(&separated, &["arm", "x1", "x2"]);
    let error = glm(Regression::new(&outcome, &slices(&made)), Family::Logistic).unwrap_err();
    assert_eq!(error, Reason::MonotoneLikelihood);
    let rest = separated.filter(|row| row("x1") == 0.0);
    let made = fit(&rest, "y", &["arm", "x2"], Family::Logistic);
    for (j, name) in names(&["arm", "x2"]).iter().enumerate() {
        let path = format!("separation/finite_part_coef_fit_without_separated_rows/{name}");
        expected.check(&path, made.coefficients[j], COEFFICIENT);
    }
    expected.check("separation/deviance_limit", made.deviance, COEFFICIENT);
    expected.finish(&[
        ("random_center_intercept*", "random intercepts are not offered"),
        ("separation/coef/*", "where R stopped on the way to infinity"),
        ("separation/se/*", "where R stopped on the way to infinity"),
    ]);
}

fn standardised(expected: &Expected, data: &Data) {
    let models: [(&[&str], &[usize]); 4] = [
        (&[], &[]),
        (&["age", "lactate"], &[]),
        (&["age", "lactate", "s4", "s5", "ca", "lvef"], &[]),
        (&["ca", "age", "lactate"], &[0]),
    ];
    let (outcome, group) = (data.column("dead30"), data.groups("arm"));
    for (i, (covariates, interacting)) in models.into_iter().enumerate() {
        let at = |name: &str| format!("g_computation/{i}/{name}");
        let covariates = columns(data, covariates);
        let made: GComputation = g_computation(&outcome, &group, &slices(&covariates), interacting).unwrap();
        let (p1, p0) = (made.risk_treatment, made.risk_control);
        expected.check(&at("p1"), p1, COEFFICIENT);
        expected.check(&at("p0"), p0, COEFFICIENT);
        expected.check(&at("conditional_log_or"), made.conditional_log_odds_ratio, COEFFICIENT);
        for (name, kind) in [
            ("model_fixed_covariates", StandardisedVariance::Model),
            ("HC0_fixed_covariates", StandardisedVariance::Robust),
            ("influence_function_random_covariates", StandardisedVariance::Influence),
        ] {
            let at = |field: &str| at(&format!("se/{name}/{field}"));
            let [v1, v0, c] = made.covariance(kind);
            expected.check(&at("se_p1"), v1.sqrt(), COEFFICIENT);
            expected.check(&at("se_p0"), v0.sqrt(), COEFFICIENT);
            expected.check(&at("cov"), c, COEFFICIENT);
            let difference = made.risk_difference(kind);
            expected.check(&at("se_rd"), difference.standard_error, COEFFICIENT);
            expected.check(&at("se_log_rr"), made.log_risk_ratio(kind).standard_error, COEFFICIENT);
            expected.check(&at("se_log_marginal_or"), made.log_odds_ratio(kind).standard_error, COEFFICIENT);
        }
        let kind = StandardisedVariance::Influence;
        expected.check(&at("rd"), made.risk_difference(kind).value, COEFFICIENT);
        expected.check(&at("rr"), made.log_risk_ratio(kind).value.exp(), COEFFICIENT);
        expected.check(&at("marginal_or"), made.log_odds_ratio(kind).value.exp(), COEFFICIENT);
    }
}

fn firth(expected: &Expected, ecls: &Data) {
    let cases: [(&str, Data, &str, &[&str]); 3] = [
        ("sep_logit", Data::read("sep_logit"), "y", &["arm", "x1", "x2"]),
        ("ecls_full", ecls.clone(), "dead30", &FULL),
        ("small20", Data::read("small20"), "status", &["arm", "age"]),
    ];
    for (case, data, outcome, terms) in cases {
        let at = |name: &str| format!("firth/{case}/{name}");
        let outcome = data.column(outcome);
        let columns = columns(&data, terms);
        let slices = slices(&columns);
        let rows = Regression::new(&outcome, &slices);
        let made = firth_logistic(rows).unwrap();
        for (j, name) in names(terms).iter().enumerate() {
            expected.check(&at(&format!("coef/{name}")), made.coefficients[j], FIRTH);
            expected.check(&at(&format!("se/{name}")), made.standard_errors[j], FIRTH);
            let augmented = made.augmented_standard_errors[j];
            expected.check(&at(&format!("se_augmented_weights/{name}")), augmented, FIRTH);
            let chi_square = made.profile_chi_square(rows, j, 0.0).unwrap();
            expected.check(&at(&format!("penalised_lr_chisq_each_coef_zero/{name}")), chi_square, FIRTH);
            let p = two_sided_p(chi_square.sqrt());
            expected.check(&at(&format!("penalised_lr_p/{name}")), p, FIRTH);
        }
        expected.check(&at("penalised_loglik"), made.penalised_log_likelihood, FIRTH);
        let limits = made.profile_interval(rows, 1, 0.95).unwrap();
        expected.check_interval(&at("profile_ci95_arm"), limits, FIRTH);
    }
}
