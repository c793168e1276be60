use shocktrial::statistics::{
    BetaRisk, GammaFrailty, LogNormal, Matrix, PiecewiseExponential, TruncatedNormal, Weibull, beta_quantile,
    bivariate_normal_mean, bivariate_normal_upper, chi_square_quantile, chi_square_survival,
    constant_hazard_incidence, copula_both, copula_from_spearman, copula_kendall, copula_spearman, gamma_cdf,
    gamma_quantile, lognormal_correlation, mean_logistic_risk, negative_binomial_chances, normal_cdf,
    normal_density, normal_quantile, normal_survival, solve::integrate, student_cdf, student_quantile,
    student_two_sided_p,
};

use super::reference::{EXACT, Expected, Within};

const QUANTILE: Within = Within(1e-300, 1e-9);
const TAIL: Within = Within(1e-300, 1e-8);

struct Case<'a> {
    expected: &'a Expected,
    path: String,
}

impl Case<'_> {
    fn setting(&self, name: &str) -> f64 {
        self.expected.setting(&format!("{}/{name}", self.path)).unwrap()
    }

    /// Compares `name/i` with `f` of each value of the list `of`.
    fn map(&self, name: &str, of: &str, within: Within, f: impl Fn(f64) -> f64) {
        for (i, x) in self.expected.setting_list(&format!("{}/{of}", self.path)).into_iter().enumerate() {
            self.expected.check(&format!("{}/{name}/{i}", self.path), f(x), within);
        }
    }

    fn check(&self, name: &str, ours: f64) {
        self.expected.check(&format!("{}/{name}", self.path), ours, EXACT);
    }
}

fn cases<'a>(expected: &'a Expected, family: &'a str) -> impl Iterator<Item = Case<'a>> {
    expected.children(family).into_iter().map(move |i| Case { expected, path: format!("{family}/{i}") })
}

#[test]
fn agrees_with_r() {
    let expected = Expected::open("15_distributions");
    times(&expected);
    values(&expected);
    joint(&expected);
    tails(&expected);
    expected.finish(&[
        (
            "gaussian_copula/weibull_lognormal_pearson/*",
            "infinite: R's quantile overflows at the outermost node; checked below",
        ),
        ("special/lgamma/*", "libm's own"),
        ("special/digamma/*", "not used here"),
        ("*/log_cdf/*", "not offered"),
        ("*/note", "a remark"),
    ]);
}

fn times(expected: &Expected) {
    for case in cases(expected, "weibull") {
        let law = Weibull { shape: case.setting("shape"), scale: case.setting("scale") };
        case.map("cdf", "t", EXACT, |t| law.cdf(t));
        case.map("density", "t", EXACT, |t| law.density(t));
        case.map("hazard", "t", EXACT, |t| law.hazard(t));
        case.map("quantile", "p", QUANTILE, |p| law.quantile(p));
        case.check("mean", law.mean());
        case.check("variance", law.variance());
        case.check("rmst30", law.restricted_mean(30.0));
    }
    for case in cases(expected, "piecewise_exponential") {
        let cuts = expected.setting_list(&format!("{}/cut", case.path));
        let hazards = expected.setting_list(&format!("{}/hazard", case.path));
        let law = PiecewiseExponential { cuts: &cuts, hazards: &hazards };
        case.map("cumhaz", "t", EXACT, |t| law.cumulative_hazard(t));
        case.map("cdf", "t", EXACT, |t| law.cdf(t));
        case.map("quantile", "p", QUANTILE, |p| law.quantile(p));
        case.check("rmst30", law.restricted_mean(30.0));
    }
    for case in cases(expected, "gamma_frailty") {
        let law = GammaFrailty { variance: case.setting("theta_variance") };
        case.map("marginal_survival", "cumhaz_conditional", EXACT, |h| law.marginal_survival(h));
        case.map("quadrature", "cumhaz_conditional", EXACT, |h| law.marginal_survival(h));
        let faded = "marginal_hazard_ratio_when_conditional_hr_0.7_at_each_H0";
        case.map(faded, "cumhaz_conditional", EXACT, |h| law.marginal_hazard_ratio(0.7, h));
        case.map("frailty_quantiles", "frailty_quantiles_p", QUANTILE, |p| law.quantile(p));
        case.check("kendall_tau_shared_frailty", law.kendall_tau());
    }
    let misc = Case { expected, path: "misc".to_owned() };
    misc.check("scale1", Weibull { shape: 0.7, scale: 120.0 }.with_hazard_ratio(0.7).scale);
    let cif = Case { expected, path: "misc/cif".to_owned() };
    let (h1, h2) = (cif.setting("h1"), cif.setting("h2"));
    cif.map("cif1", "t", EXACT, |t| constant_hazard_incidence(h1, h1 + h2, t));
}

fn values(expected: &Expected) {
    for case in cases(expected, "lognormal") {
        let law = LogNormal { mean_log: case.setting("meanlog"), deviation_log: case.setting("sdlog") };
        case.map("quantile", "p", QUANTILE, |p| law.quantile(p));
        case.map("cdf", "x", EXACT, |x| law.cdf(x));
        case.check("mean", law.mean());
        case.check("variance", law.variance());
    }
    for case in cases(expected, "gamma") {
        let (shape, rate) = (case.setting("shape"), case.setting("rate"));
        case.map("quantile", "p", QUANTILE, |p| gamma_quantile(p, shape, rate));
        case.map("cdf", "x", EXACT, |x| gamma_cdf(x, shape, rate));
    }
    for case in cases(expected, "beta") {
        let (a, b) = (case.setting("a"), case.setting("b"));
        case.map("quantile", "p", QUANTILE, |p| beta_quantile(p, a, b));
    }
    for case in cases(expected, "truncated_normal") {
        let law = TruncatedNormal {
            mean: case.setting("mean_parent"),
            deviation: case.setting("sd_parent"),
            lower: case.setting("lower"),
            upper: case.setting("upper"),
        };
        case.map("quantile", "p", Within(1e-12, 1e-9), |p| law.quantile(p));
        let (mean, variance) = law.moments();
        case.check("mean", mean);
        case.check("variance", variance);
    }
    for case in cases(expected, "negbin") {
        let chances = negative_binomial_chances(case.setting("mu"), case.setting("theta"), 8);
        case.map("pmf", "k", EXACT, |k| chances[k as usize]);
        case.map("cdf", "k", EXACT, |k| chances[..=k as usize].iter().sum());
    }
    let case = Case { expected, path: "beta_binomial".to_owned() };
    let chances = BetaRisk { a: case.setting("a"), b: case.setting("b") }.predicted(case.setting("n") as u32);
    case.map("pmf", "k", EXACT, |k| chances[k as usize]);
}

fn joint(expected: &Expected) {
    for case in cases(expected, "gaussian_copula/spearman_from_rho") {
        let rho = case.setting("rho");
        case.check("spearman", copula_spearman(rho));
        case.check("kendall", copula_kendall(rho));
        case.check("rho", copula_from_spearman(copula_spearman(rho)));
    }
    for case in cases(expected, "gaussian_copula/lognormal_pearson") {
        let (s1, s2) = (case.setting("sdlog1"), case.setting("sdlog2"));
        case.check("pearson", lognormal_correlation(case.setting("rho_normal"), s1, s2));
    }
    for case in cases(expected, "gaussian_copula/binary_binary") {
        let (p, q) = (case.setting("p1"), case.setting("p2"));
        let both = copula_both(p, q, case.setting("rho"));
        case.check("p11", both);
        case.check("p11_quadrature", both);
        case.check("phi", (both - p * q) / (p * (1.0 - p) * q * (1.0 - q)).sqrt());
    }
    let mut matrix = Matrix::zero(3);
    let path = |name: &str, i: usize, j: usize| format!("gaussian_copula/cholesky_example/{name}/{i}/{j}");
    for i in 0..3 {
        for j in 0..3 {
            matrix.set(i, j, expected.setting(&path("corr", i, j)).unwrap());
        }
    }
    let factor = matrix.cholesky().unwrap();
    for i in 0..3 {
        for j in 0..3 {
            expected.check(&path("lower_cholesky", i, j), factor.get(i, j), EXACT);
        }
    }
    let list = |name: &str| expected.setting_list(&format!("special/bvn_upper/{name}"));
    for (i, ((h, k), rho)) in list("h").iter().zip(list("k")).zip(list("rho")).enumerate() {
        expected.check(&format!("special/bvn_upper/v/{i}"), bivariate_normal_upper(*h, k, rho), EXACT);
    }
    for case in cases(expected, "collapsibility/marginal_or_from_conditional") {
        let (intercept, effect) = (case.setting("intercept"), case.setting("cond_log_or"));
        let deviation = case.setting("sd_lp");
        let p0 = mean_logistic_risk(intercept, deviation);
        let p1 = mean_logistic_risk(intercept + effect, deviation);
        case.check("p0", p0);
        case.check("p1", p1);
        case.check("marginal_or", p1 / (1.0 - p1) / (p0 / (1.0 - p0)));
    }
}

/// The mean product of a Weibull and a log-normal variable joined by a copula, also with the inner mean in
/// closed form: given `x` the log-normal's log is normal about `m + sρx` with variance `s²(1 − ρ²)`.
#[test]
fn copula_mean_agrees_with_a_single_integral() {
    let weibull = Weibull { shape: 0.7, scale: 120.0 };
    // The log of the upper tail keeps the Weibull quantile precise.
    let time = |x: f64| weibull.scale * (-normal_survival(x).ln()).powf(1.0 / weibull.shape);
    let (m, s) = (5.5f64.ln(), 0.5);
    for rho in [0.3, 0.6] {
        let twice = bivariate_normal_mean(rho, |x, y| time(x) * (m + s * y).exp());
        let once = integrate(
            |x| {
                let inner = (m + s * rho * x + 0.5 * s * s * (1.0 - rho * rho)).exp();
                normal_density(x) * time(x) * inner
            },
            -8.5,
            8.5,
            20,
        );
        assert!((twice / once - 1.0).abs() < 1e-9);
    }
}

fn tails(expected: &Expected) {
    let case = Case { expected, path: "normal".to_owned() };
    let normal = Within(1e-300, 1e-12);
    case.map("cdf", "x", normal, normal_cdf);
    case.map("upper", "x", normal, normal_survival);
    case.map("quantile", "p", Within(1e-15, 1e-12), normal_quantile);
    for case in cases(expected, "student_t") {
        let degrees = case.setting("df");
        case.map("cdf", "t", TAIL, |t| student_cdf(t, degrees));
        case.map("two_sided_p", "t", TAIL, |t| student_two_sided_p(t, degrees));
        case.check("q975", student_quantile(0.975, degrees));
    }
    for case in cases(expected, "chisq") {
        let degrees = case.setting("df");
        case.map("upper", "x", TAIL, |x| chi_square_survival(x, degrees));
        case.check("q95", chi_square_quantile(0.95, degrees));
        case.check("q50", chi_square_quantile(0.5, degrees));
    }
}
