use shocktrial::statistics::{
    BetaRisk, NormalEffect, NormalMixture, Success, TwoByTwo, TwoRisks, assurance, chance_of_lowest,
    predictive_probability,
};

use super::reference::{EXACT, Expected, Within};

const PROBABILITY: Within = Within(1e-9, 0.0);
const LIMIT: Within = Within(1e-8, 0.0);

#[test]
fn agrees_with_r() {
    let expected = Expected::open("14_bayes");
    for case in expected.children("beta_binomial") {
        let at = |name: &str| format!("beta_binomial/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let count = |name: &str| setting(name) as u32;
        let table = TwoByTwo::new(count("x1"), count("n1"), count("x0"), count("n0"));
        let prior = BetaRisk { a: setting("prior_a"), b: setting("prior_b") };
        let risks = TwoRisks::from_table(table, prior);
        let benefit = risks.difference_below(0.0);
        expected.check(&at("prob_p1_less_p0"), benefit, PROBABILITY);
        if expected.setting(&at("exact_sum")).is_some() {
            expected.check(&at("exact_sum"), benefit, PROBABILITY);
        }
        expected.check(&at("prob_rd_below_minus_0.05"), risks.difference_below(-0.05), PROBABILITY);
        expected.check(&at("prob_rd_below_plus_0.05"), risks.difference_below(0.05), PROBABILITY);
        expected.check(&at("posterior_mean_rd"), risks.mean_difference(), PROBABILITY);
        expected.check(&at("rd_median"), risks.difference_quantile(0.5).unwrap(), LIMIT);
        expected.check_interval(&at("rd_cri95"), risks.difference_interval(0.95).unwrap(), LIMIT);
        expected.check_interval(&at("cri95_p1"), risks.treatment.interval(0.95), LIMIT);
        expected.check_interval(&at("cri95_p0"), risks.control.interval(0.95), LIMIT);
    }
    for case in ["sceptical", "enthusiastic", "vague", "weak"] {
        let at = |name: &str| format!("normal_normal_log_hr/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let prior = NormalEffect { mean: setting("prior_mean"), deviation: setting("prior_sd") };
        let posterior = prior.updated(setting("likelihood_log_hr"), setting("likelihood_se"));
        expected.check(&at("posterior_mean"), posterior.mean, EXACT);
        expected.check(&at("posterior_sd"), posterior.deviation, EXACT);
        expected.check(&at("posterior_hr_median"), posterior.mean.exp(), EXACT);
        expected.check_interval(&at("cri95_hr"), posterior.interval(0.95).exp(), EXACT);
        for limit in ["1", "0.9", "0.8"] {
            let log = limit.parse::<f64>().unwrap().ln();
            expected.check(&at(&format!("p_hr_below_{limit}")), posterior.below(log), EXACT);
        }
    }
    let at = |name: &str| format!("normal_normal_log_hr/mixture_robust/{name}");
    let weights = expected.setting_list(&at("prior_weights"));
    let sceptical = "normal_normal_log_hr/sceptical";
    let estimate = expected.setting(&format!("{sceptical}/likelihood_log_hr")).unwrap();
    let error = expected.setting(&format!("{sceptical}/likelihood_se")).unwrap();
    let prior = NormalMixture(vec![
        (weights[0], NormalEffect { mean: 0.8f64.ln(), deviation: 0.2 }),
        (weights[1], NormalEffect { mean: 0.0, deviation: 1.0 }),
    ]);
    let posterior = prior.updated(estimate, error);
    let after: Vec<f64> = posterior.0.iter().map(|(w, _)| *w).collect();
    expected.check_list(&at("posterior_weights"), &after, EXACT);
    expected.check(&at("p_hr_below_1"), posterior.below(0.0), EXACT);

    let borrowed = BetaRisk::UNIFORM.updated(123.0, 298.0, 0.3).updated(50.0, 100.0, 1.0);
    expected.check("power_prior/post_a", borrowed.a, EXACT);
    expected.check("power_prior/post_b", borrowed.b, EXACT);
    expected.check("power_prior/mean", borrowed.mean(), EXACT);
    expected.check_interval("power_prior/cri95", borrowed.interval(0.95), LIMIT);

    for case in expected.children("predictive_probability") {
        let at = |name: &str| format!("predictive_probability/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let count = |name: &str| setting(name) as u32;
        let interim =
            TwoByTwo::new(count("interim_x1"), count("interim_n1"), count("interim_x0"), count("interim_n0"));
        let prior = BetaRisk { a: setting("prior/0"), b: setting("prior/1") };
        let success = |rule| {
            predictive_probability(interim, count("final_n1"), count("final_n0"), prior, rule).unwrap()
        };
        let z = success(Success::PooledZ(0.025));
        expected.check(&at("ppos_pooled_z_le_minus_1.96"), z, PROBABILITY);
        let posterior = success(Success::Posterior(setting("threshold")));
        expected.check(&at("ppos_posterior_prob_p1_lt_p0_gt_threshold"), posterior, PROBABILITY);
    }
    for case in expected.children("assurance/cases") {
        let at = |name: &str| format!("assurance/cases/{case}/{name}");
        let setting = |name: &str| expected.setting(&at(name)).unwrap();
        let belief = NormalEffect { mean: setting("m"), deviation: setting("s") };
        let chance = assurance(belief, setting("D"), 0.025);
        expected.check(&at("closed"), chance, EXACT);
        expected.check(&at("quad"), chance, PROBABILITY);
    }
    let (x, n) = (expected.setting_list("thompson/x"), expected.setting_list("thompson/n"));
    let arms: Vec<BetaRisk> = x.iter().zip(&n).map(|(&x, &n)| BetaRisk::UNIFORM.updated(x, n, 1.0)).collect();
    expected.check_list("thompson/prob_best", &chance_of_lowest(&arms), PROBABILITY);
    expected.finish(&[
        ("normal_normal_log_hr/events_based*", "2/√events, arithmetic"),
        ("*/note", "a remark"),
        ("*/components", "a remark"),
    ]);
}
