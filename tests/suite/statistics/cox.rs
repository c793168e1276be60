use shocktrial::statistics::{
    CoxData, CoxFit, Reason, Ties, TimeScale, chi_square_survival, concordance, cox, cox_firth,
    cox_martingale_residuals, cox_predict, cox_profile_interval, proportional_hazards_test, two_sided_p,
};

use super::{
    kaplan_meier::delayed_entry,
    reference::{Data, EXACT, Expected, Within},
    shared::table_of,
};

const COEFFICIENT: Within = Within(1e-7, 1e-7);
const TEST: Within = Within(1e-9, 1e-7);
const PROPORTIONALITY: Within = Within(1e-9, 1e-6);

/// A model as R writes it: the case, its data, its terms, and its strata.
const MODELS: &[(&str, &str, &[&str], &str)] = &[
    ("small20/one", "small20", &["arm"], ""),
    ("small20/multi", "small20", &["arm", "age", "lactate"], ""),
    ("small20/strat", "small20", &["arm", "age"], "stratum"),
    ("ecls_like/one", "ecls_like", &["arm"], ""),
    ("ecls_like/multi", "ecls_like", ADJUSTED, ""),
    ("ecls_like/strat", "ecls_like", &["arm", "age", "lactate"], "stratum"),
    ("ecls_like/strat_only_arm", "ecls_like", &["arm"], "stratum"),
    ("ecls_like/interaction_ca", "ecls_like", &["arm", "ca", "arm:ca"], ""),
    ("ecls_like/interaction_adj", "ecls_like", &["arm", "ca", "age", "lactate", "arm:ca"], ""),
    ("danger_like/one", "danger_like", &["arm"], ""),
    ("danger_like/multi", "danger_like", ADJUSTED, ""),
    ("danger_like/strat", "danger_like", &["arm"], "stratum"),
    ("danger_like/interaction_age", "danger_like", &["arm", "age", "arm:age"], ""),
    ("network3/one_factor", "network3", &["factor(arm)1", "factor(arm)2"], ""),
    ("network3/multi", "network3", NETWORK, ""),
    ("network3/strat", "network3", &["factor(arm)1", "factor(arm)2", "age"], "stratum"),
    (
        "network3/interaction_scai",
        "network3",
        &[
            "factor(arm)1",
            "factor(arm)2",
            "I(scai == 5)TRUE",
            "factor(arm)1:I(scai == 5)TRUE",
            "factor(arm)2:I(scai == 5)TRUE",
        ],
        "",
    ),
    ("all_events/one", "all_events", &["arm"], ""),
    ("all_events/multi", "all_events", &["arm", "age", "lactate"], ""),
    ("lung/sex", "lung", &["sex"], ""),
    ("lung/sex_age_ecog", "lung", &["sex", "age", "ph.ecog"], ""),
    ("lung/strat_inst", "lung", &["sex", "age"], "inst"),
    (
        "veteran/full",
        "veteran",
        &[
            "trt",
            "factor(celltype)2",
            "factor(celltype)3",
            "factor(celltype)4",
            "karno",
            "diagtime",
            "age",
            "prior",
        ],
        "",
    ),
    ("veteran/strat_celltype", "veteran", &["trt", "karno"], "celltype"),
    ("ovarian/m", "ovarian", &["rx", "age"], ""),
    ("colon_death/m", "colon_death", &["factor(rx)1", "factor(rx)2", "node4", "sex", "age"], ""),
    ("edge/monotone_ordinary", "monotone", &["arm", "z"], ""),
    ("delayed_entry_danger", "danger_like", &["arm", "age"], ""),
    ("time_varying_effect_danger_cut30", "danger_like", &["arm", "arm_late"], ""),
];

const ADJUSTED: &[&str] = &["arm", "age", "lactate", "I(scai == 4)TRUE", "I(scai == 5)TRUE", "ca", "lvef"];
const NETWORK: &[&str] =
    &["factor(arm)1", "factor(arm)2", "age", "lactate", "I(scai == 4)TRUE", "I(scai == 5)TRUE", "ca", "lvef"];

/// The column of one term in R's notation.
pub fn term(data: &Data, name: &str) -> Vec<f64> {
    if let Some((a, b)) = name.rsplit_once(':') {
        return term(data, a).iter().zip(term(data, b)).map(|(x, y)| x * y).collect();
    }
    let indicator = |column: &str, value: &str| {
        let value: f64 = value.parse().unwrap();
        data.column(column).iter().map(|&x| f64::from(u8::from(x == value))).collect()
    };
    if let Some((column, value)) = name.strip_prefix("factor(").and_then(|s| s.split_once(')')) {
        return indicator(column, value);
    }
    if let Some((column, value)) =
        name.strip_prefix("I(").and_then(|s| s.strip_suffix(")TRUE")).and_then(|s| s.split_once(" == "))
    {
        return indicator(column, value);
    }
    data.column(name)
}

fn prepare(case: &str, file: &str) -> Data {
    let data = match case {
        "delayed_entry_danger" => delayed_entry(),
        _ => Data::read(file),
    };
    match file {
        "lung" => data.with("status", |row| row("status") - 1.0),
        "ovarian" => data.with("time", |row| row("futime")).with("status", |row| row("fustat")),
        _ => data,
    }
}

/// The columns of a model, rows with a missing cell dropped.
struct Model {
    data: Data,
    time: Vec<f64>,
    event: Vec<bool>,
    terms: Vec<Vec<f64>>,
}

impl Model {
    fn new(data: &Data, names: &[&str], strata: &str) -> Self {
        let mut missing = vec![false; data.n];
        let needed = names.iter().map(|name| term(data, name));
        for column in needed.chain((!strata.is_empty()).then(|| data.column(strata))) {
            missing.iter_mut().zip(column).for_each(|(m, x)| *m |= x.is_nan());
        }
        let flags: Vec<f64> = missing.iter().map(|&m| f64::from(u8::from(m))).collect();
        let data = data.clone().with_column("missing", flags).filter(|row| row("missing") == 0.0);
        Model {
            time: data.column("time"),
            event: data.flags("status"),
            terms: names.iter().map(|name| term(&data, name)).collect(),
            data,
        }
    }
}

fn check_fit(expected: &Expected, path: &str, names: &[&str], fit: &CoxFit, robust: bool) {
    let at = |name: &str| format!("{path}/{name}");
    let p = names.len();
    expected.check(&at("n"), fit.n as f64, EXACT);
    expected.check(&at("nevent"), fit.events as f64, EXACT);
    expected.check(&at("loglik_null"), fit.log_likelihood_null, COEFFICIENT);
    expected.check(&at("loglik"), fit.log_likelihood, COEFFICIENT);
    let estimate = fit.estimate.as_ref().unwrap();
    let naive = estimate.standard_errors();
    let covariance = if robust { &estimate.robust_covariance } else { &estimate.covariance };
    let errors = covariance.standard_errors();
    for (j, name) in names.iter().enumerate() {
        let at = |field: &str| format!("{path}/{field}/{name}");
        let (b, se) = (estimate.coefficients[j], errors[j]);
        expected.check(&at("coef"), b, COEFFICIENT);
        expected.check(&at("se"), se, COEFFICIENT);
        if robust {
            expected.check(&at("naive_se"), naive[j], COEFFICIENT);
        }
        let limits = shocktrial::statistics::Interval::wald(b, se, 0.95).exp();
        expected.check(&at("hr"), estimate.hazard_ratio(j), COEFFICIENT);
        expected.check(&at("hr_lower95"), limits.lower, COEFFICIENT);
        expected.check(&at("hr_upper95"), limits.upper, COEFFICIENT);
        expected.check(&at("wald_z"), b / se, TEST);
        expected.check(&at("wald_p"), two_sided_p(b / se), TEST);
        for k in 0..p {
            expected.check(&format!("{path}/vcov/{j}/{k}"), covariance.get(j, k), COEFFICIENT);
        }
    }
    let wald = if robust {
        let solved = covariance.solve(&estimate.coefficients).unwrap();
        solved.iter().zip(&estimate.coefficients).map(|(a, b)| a * b).sum()
    } else {
        estimate.wald_chi_square
    };
    for (name, value) in [
        ("lr_test", fit.likelihood_ratio_chi_square()),
        ("wald_test", wald),
        ("score_test", fit.score_chi_square),
    ] {
        expected.check(&at(&format!("{name}/chisq")), value, TEST);
        expected.check(&at(&format!("{name}/df")), p as f64, EXACT);
        expected.check(&at(&format!("{name}/p")), chi_square_survival(value, p as f64), TEST);
    }
    for name in ["robust_score_test", "robust_score_test/0/0"] {
        if expected.has(&at(name)) {
            expected.check(&at(name), *fit.robust_score_chi_square.as_ref().unwrap(), TEST);
        }
    }
}

fn check_proportionality(expected: &Expected, path: &str, data: CoxData<'_>, ties: Ties) {
    let estimate = cox(data, ties).unwrap().estimate.unwrap();
    let p = data.covariates.len();
    for (name, scale) in TIME_SCALES {
        let test = proportional_hazards_test(data, ties, &estimate, scale).unwrap();
        let at = |field: &str, i: usize| format!("{path}/{name}/{field}/{i}");
        for j in 0..p {
            expected.check(&at("chisq", j), test.chi_square[j], PROPORTIONALITY);
            expected.check(&at("df", j), 1.0, EXACT);
            expected.check(&at("p", j), test.p(j), PROPORTIONALITY);
        }
        expected.check(&at("chisq", p), test.global_chi_square, PROPORTIONALITY);
        expected.check(&at("df", p), p as f64, EXACT);
        expected.check(&at("p", p), test.global_p(), PROPORTIONALITY);
    }
}

const TIME_SCALES: [(&str, TimeScale); 4] = [
    ("km", TimeScale::KaplanMeier),
    ("rank", TimeScale::Rank),
    ("identity", TimeScale::Identity),
    ("log", TimeScale::Log),
];
const TIES: [(&str, Ties); 2] = [("efron", Ties::Efron), ("breslow", Ties::Breslow)];

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}

/// R's `coxph`, its tests of proportional hazards, and what follows a fit.
#[test]
fn agrees_with_r() {
    let expected = Expected::open("03_cox");
    for &(case, file, names, strata) in MODELS {
        let mut data = prepare(case, file);
        if case.starts_with("time_varying") {
            data = split_at_30(&data);
        }
        let model = Model::new(&data, names, strata);
        let columns = slices(&model.terms);
        let stratum = (!strata.is_empty()).then(|| model.data.codes(strata));
        let entry = (case.starts_with("delayed") || case.starts_with("time_varying"))
            .then(|| model.data.column("entry"));
        let rows = CoxData {
            stratum: stratum.as_deref(),
            entry: entry.as_deref(),
            ..CoxData::new(&model.time, &model.event, &columns)
        };
        for (name, ties) in TIES {
            check_fit(&expected, &format!("{case}/{name}"), names, &cox(rows, ties).unwrap(), false);
        }
        let (set, kind) = case.split_once('/').unwrap_or((case, ""));
        match (set, kind) {
            ("lung", "sex_age_ecog") => check_proportionality(&expected, "lung/zph", rows, Ties::Efron),
            (_, "one" | "one_factor") => {
                for (name, ties) in TIES {
                    check_proportionality(&expected, &format!("{set}/zph_one_{name}"), rows, ties);
                }
            }
            (_, "multi") => {
                check_proportionality(&expected, &format!("{set}/zph_multi_efron"), rows, Ties::Efron);
            }
            _ => {}
        }
    }
    let veteran = Model::new(&Data::read("veteran"), &["trt", "karno", "age"], "");
    let columns = slices(&veteran.terms);
    let rows = CoxData::new(&veteran.time, &veteran.event, &columns);
    check_proportionality(&expected, "veteran/zph", rows, Ties::Efron);
    robust(&expected);
    after(&expected);
    edges(&expected);
    expected.finish(&[
        ("edge/*/iter", "how many steps R took"),
        ("edge/*/coef/*", "where R stopped on the way to infinity, or NA"),
        ("edge/*/tight_eps_coef*", "where R stopped on the way to infinity, or NA"),
        ("edge/*/se/*", "where R stopped on the way to infinity, or NA"),
        ("edge/*/wald_chisq", "meaningless at an infinite estimate"),
        ("edge/*/lr_chisq", "R's default stops early; the tight limit is compared"),
        ("edge/*/loglik/1", "R's default stops early; the tight limit is compared"),
        ("edge/constant_covariate/*", "R drops the constant; we answer Collinear"),
        ("edge/collinear/*", "R drops the repeated covariate; we answer Collinear"),
        ("edge/no_events/*", "R answers zeros; we answer NoEvents"),
        ("edge/monotone_x_arm_z/tight*", "not available from R"),
        ("robust/numerical_ij_check*", "a finite difference, good to 1e-5"),
    ]);
}

/// `danger_like` cut at day 30 into two rows for those followed beyond it.
fn split_at_30(data: &Data) -> Data {
    let (time, status, arm) = (data.column("time"), data.column("status"), data.column("arm"));
    let mut out: [Vec<f64>; 5] = Default::default();
    let mut add = |row: [f64; 5]| out.iter_mut().zip(row).for_each(|(c, x)| c.push(x));
    for i in 0..data.n {
        if time[i] > 30.0 {
            add([0.0, 30.0, 0.0, arm[i], 0.0]);
            add([30.0, time[i], status[i], arm[i], arm[i]]);
        } else {
            add([0.0, time[i], status[i], arm[i], 0.0]);
        }
    }
    let [entry, time, status, arm, late] = out;
    Data::from_columns([
        ("entry", entry),
        ("time", time),
        ("status", status),
        ("arm", arm),
        ("arm_late", late),
    ])
}

fn robust(expected: &Expected) {
    let cases: [(&str, &str, &[&str], bool, Ties); 5] = [
        ("ecls_cluster_center_efron", "ecls_like", &["arm", "age", "lactate"], true, Ties::Efron),
        ("ecls_cluster_center_breslow", "ecls_like", &["arm", "age", "lactate"], true, Ties::Breslow),
        ("ecls_robust_id_efron", "ecls_like", &["arm"], false, Ties::Efron),
        ("ecls_robust_id_breslow", "ecls_like", &["arm"], false, Ties::Breslow),
        (
            "network3_cluster_center_continuous",
            "network3",
            &["factor(arm)1", "factor(arm)2", "age"],
            true,
            Ties::Efron,
        ),
    ];
    for (case, file, names, clustered, ties) in cases {
        let model = Model::new(&Data::read(file), names, "");
        let columns = slices(&model.terms);
        let center = model.data.codes("center");
        let rows = CoxData {
            cluster: clustered.then_some(&center[..]),
            ..CoxData::new(&model.time, &model.event, &columns)
        };
        check_fit(expected, &format!("robust/{case}"), names, &cox(rows, ties).unwrap(), true);
    }
    let model = Model::new(&Data::read("ecls_like"), &["arm", "age"], "");
    let weight: Vec<f64> = model.data.column("id").iter().map(|id| 1.0 + (id % 3.0) / 2.0).collect();
    let columns = slices(&model.terms);
    let rows = CoxData { weight: Some(&weight), ..CoxData::new(&model.time, &model.event, &columns) };
    for (name, ties) in TIES {
        let fit = cox(rows, ties).unwrap();
        check_fit(expected, &format!("weighted/{name}"), &["arm", "age"], &fit, true);
    }
}

fn after(expected: &Expected) {
    let model = Model::new(&Data::read("ecls_like"), &["arm", "age", "lactate"], "");
    let columns = slices(&model.terms);
    let rows = CoxData::new(&model.time, &model.event, &columns);
    for (name, ties) in TIES {
        let estimate = cox(rows, ties).unwrap().estimate.unwrap();
        let at = |field: &str, i: usize| format!("baseline/{field}/{i}");
        let predicted =
            if ties == Ties::Efron { "predicted_at_arm1_age70_lactate8_efron" } else { "predicted_breslow" };
        for (i, t) in expected.setting_list("baseline/times").into_iter().enumerate() {
            let base = cox_predict(rows, ties, &estimate, &[0.0, 0.0, 0.0], t);
            expected.check(&at(&format!("cumhaz_x0_{name}"), i), base.cumulative_hazard, COEFFICIENT);
            let person = cox_predict(rows, ties, &estimate, &[1.0, 70.0, 8.0], t);
            expected.check(&at(&format!("{predicted}/surv"), i), person.survival, COEFFICIENT);
            expected.check(&at(&format!("{predicted}/se"), i), person.standard_error, Within(0.0, 1e-6));
        }
        let residuals = cox_martingale_residuals(rows, ties, &estimate);
        assert!(residuals.iter().sum::<f64>().abs() < 1e-9);
        expected.check_list(
            &format!("baseline/martingale_resid_first10_{name}"),
            &residuals[..10],
            COEFFICIENT,
        );
        if ties == Ties::Efron {
            let risk: Vec<f64> = (0..model.time.len())
                .map(|i| columns.iter().zip(&estimate.coefficients).map(|(x, b)| x[i] * b).sum())
                .collect();
            let (value, variance) = concordance(&model.time, &model.event, &risk).unwrap();
            expected.check("baseline/concordance_efron", value, EXACT);
            expected.check("baseline/concordance_var", variance, EXACT);
        }
    }
    let model = Model::new(&Data::read("ecls_like"), &["arm", "age"], "");
    let columns = slices(&model.terms);
    let rows = CoxData::new(&model.time, &model.event, &columns);
    for (name, ties) in TIES {
        let limits = cox_profile_interval(rows, ties, 0, 0.95).unwrap();
        expected.check_interval(&format!("profile_likelihood_ci_log_hr_arm/{name}"), limits, COEFFICIENT);
    }
    let model = Model::new(&Data::read("ecls_like"), &["arm"], "");
    let columns = slices(&model.terms);
    let rows = CoxData::new(&model.time, &model.event, &columns);
    for (name, ties) in TIES {
        let estimate = cox(rows, ties).unwrap().estimate.unwrap();
        for (transform, scale) in TIME_SCALES {
            let test = proportional_hazards_test(rows, ties, &estimate, scale).unwrap();
            for field in ["cox_zph", "expanded_data_score_test"] {
                let path = format!("zph_exact_score_check_ecls_one/{name}_{transform}/{field}");
                expected.check(&path, test.chi_square[0], PROPORTIONALITY);
            }
        }
    }
}

/// Infinite estimates: the likelihood's limit and both tests that survive it, and Firth's estimate.
fn edges(expected: &Expected) {
    let fit = |file: &str, names: &[&str], ties: Ties| {
        let model = Model::new(&Data::read(file), names, "");
        let columns = slices(&model.terms);
        cox(CoxData::new(&model.time, &model.event, &columns), ties).unwrap()
    };
    let cases: [(&str, &str, &[&str], Ties); 5] = [
        ("zero_arm_one", "zero_arm", &["arm"], Ties::Efron),
        ("zero_arm_multi", "zero_arm", &["arm", "age"], Ties::Efron),
        ("zero_arm_multi_breslow", "zero_arm", &["arm", "age"], Ties::Breslow),
        ("monotone_x", "monotone", &["x"], Ties::Efron),
        ("monotone_x_arm_z", "monotone", &["x", "arm", "z"], Ties::Efron),
    ];
    for (case, file, names, ties) in cases {
        let fit = fit(file, names, ties);
        let at = |name: &str| format!("edge/{case}/{name}");
        assert_eq!(fit.estimate.as_ref().unwrap_err(), &Reason::MonotoneLikelihood, "{case}");
        expected.check(&at("score_chisq"), fit.score_chi_square, TEST);
        expected.check(&at("loglik/0"), fit.log_likelihood_null, COEFFICIENT);
        if case != "monotone_x_arm_z" {
            expected.check(&at("tight_eps_loglik_limit"), fit.log_likelihood, COEFFICIENT);
            expected.check(&at("tight_eps_lr_chisq"), fit.likelihood_ratio_chi_square(), COEFFICIENT);
        }
    }
    let cases: [(&str, &str, &[&str], Ties, f64); 5] = [
        ("zero_arm_firth_breslow", "zero_arm", &["arm"], Ties::Breslow, 1.0),
        ("zero_arm_firth_efron", "zero_arm", &["arm"], Ties::Efron, 1.0),
        ("zero_arm_firth_multi_breslow", "zero_arm", &["arm", "age"], Ties::Breslow, 1.0),
        ("monotone_firth_10x_breslow", "monotone", &["x"], Ties::Breslow, 10.0),
        ("small20_firth_breslow", "small20", &["arm", "age"], Ties::Breslow, 1.0),
    ];
    for (case, file, names, ties, scale) in cases {
        let mut model = Model::new(&Data::read(file), names, "");
        model.terms[0].iter_mut().for_each(|x| *x *= scale);
        let columns = slices(&model.terms);
        let fit = cox_firth(CoxData::new(&model.time, &model.event, &columns), ties).unwrap();
        let at = |name: &str| format!("edge/{case}/{name}");
        // The reference comes from an optimiser without derivatives.
        let firth = Within(1e-5, 0.0);
        expected.check_list(&at("coef"), &fit.coefficients, firth);
        expected.check_list(&at("se_information_at_estimate"), &fit.standard_errors, firth);
        expected.check(&at("penalised_loglik"), fit.penalised_log_likelihood, firth);
        expected.check(&at("penalised_loglik_null"), fit.penalised_log_likelihood_null, firth);
        expected.check(&at("penalised_lr_chisq"), fit.likelihood_ratio_chi_square(), firth);
    }
}

/// A constant or repeated covariate, and a trial without events, are named as such.
#[test]
fn names_what_cannot_be_fitted() {
    let data = Data::read("monotone").with("one", |_| 1.0).with("x2", |row| 2.0 * row("z") + 1.0);
    for names in [["one", "z"], ["z", "x2"]] {
        let model = Model::new(&data, &names, "");
        let columns = slices(&model.terms);
        let rows = CoxData::new(&model.time, &model.event, &columns);
        assert_eq!(cox(rows, Ties::Efron).unwrap_err(), Reason::Collinear);
    }
    let (time, event, arm) = ([1.0, 2.0], [false, false], [0.0, 1.0]);
    assert_eq!(cox(CoxData::new(&time, &event, &[&arm]), Ties::Efron).unwrap_err(), Reason::NoEvents);
    // Each stratum holds one arm at its event, so that rounding alone would speak, in any order of rows.
    let time = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0];
    let event = [false, false, false, false, false, true, true, true, false];
    let arm = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0];
    let stratum = [0, 1, 1, 1, 1, 1, 0, 0, 1];
    for shift in 0..9 {
        let turn = |i: usize| (i + shift) % 9;
        let (time, event): (Vec<f64>, Vec<bool>) = (0..9).map(|i| (time[turn(i)], event[turn(i)])).unzip();
        let (arm, stratum): (Vec<f64>, Vec<u32>) = (0..9).map(|i| (arm[turn(i)], stratum[turn(i)])).unzip();
        let columns = [&arm[..]];
        let rows = CoxData { stratum: Some(&stratum), ..CoxData::new(&time, &event, &columns) };
        assert_eq!(cox(rows, Ties::Efron).unwrap_err(), Reason::NoVariance);
        assert_eq!(cox_firth(rows, Ties::Efron).unwrap_err(), Reason::NoVariance);
    }
}

/// The fast form from counts is the general one with a binary covariate.
#[test]
fn counts_give_the_same_estimate() {
    for file in ["small20", "ecls_like", "danger_like", "all_events"] {
        let data = Data::read(file);
        let fast = table_of(&data).cox().unwrap();
        let model = Model::new(&data, &["arm"], "");
        let columns = slices(&model.terms);
        let fit = cox(CoxData::new(&model.time, &model.event, &columns), Ties::Efron).unwrap();
        let slow = fit.estimate.as_ref().unwrap();
        assert!((fast.log_hazard_ratio - slow.coefficients[0]).abs() < 1e-10, "{file}");
        assert!((fast.standard_error - slow.standard_errors()[0]).abs() < 1e-10, "{file}");
        let table = table_of(&data);
        let rise = table.cox_log_likelihood(fast.log_hazard_ratio) - table.cox_log_likelihood(0.0);
        assert!((2.0 * rise - fit.likelihood_ratio_chi_square()).abs() < 1e-9, "{file}");
    }
    assert_eq!(table_of(&Data::read("zero_arm")).cox().unwrap_err(), Reason::MonotoneLikelihood);
}

/// So are the likelihood-ratio chi-square, its limit when all events lie in one arm, and Firth's estimate.
#[test]
fn counts_give_the_same_tests_and_firth_estimate() {
    for file in ["small20", "ecls_like", "danger_like", "zero_arm"] {
        let data = Data::read(file);
        let table = table_of(&data);
        let model = Model::new(&data, &["arm"], "");
        let columns = slices(&model.terms);
        let rows = CoxData::new(&model.time, &model.event, &columns);
        let fit = cox(rows, Ties::Efron).unwrap();
        let chi_square = table.cox_likelihood_ratio().unwrap();
        assert!((chi_square - fit.likelihood_ratio_chi_square()).abs() < 1e-7, "{file}");
        let slow = cox_firth(rows, Ties::Efron).unwrap();
        let fast = table.cox_firth().unwrap();
        assert!((fast.log_hazard_ratio - slow.coefficients[0]).abs() < 1e-7, "{file}");
        assert!((fast.standard_error - slow.standard_errors[0]).abs() < 1e-7, "{file}");
    }
}
