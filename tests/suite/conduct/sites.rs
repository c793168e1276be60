//! Sites, time and what multiplies hazards, against closed forms.

use crate::simulation::{agrees, load, measures, prepare, replicate, run};
use shocktrial::scenario::Scenario;

const ALIKE: &str = r#"
title      = "Alike"
replicates = 4000
seed       = 9
[population]
homogeneous.event.death = { risk = 0.49, by = "30 days" }
[arm.control]
[arm.pump]
effect.death = { hazard_ratio = 0.7 }
[endpoint.death]
any_of = ["death"]
by     = "30 days"
[estimand.primary]
endpoint = "death"
compare  = { treatment = "pump", control = "control" }
summary  = "risk_difference"
[trial]
patients   = 300
allocation = { ratio = { pump = 1, control = 1 } }
follow_up  = "30 days"
consent    = 0.5
sites      = { SITES }
design     = { fixed = { alpha = { two_sided = 0.05 } } }
MORE
"#;

fn with(sites: &str, more: &str) -> Scenario {
    prepare(&ALIKE.replace("SITES", sites).replace("MORE", more))
}

/// The end of follow-up, in months.
const FOLLOW_UP: f64 = 30.0 / (365.25 / 12.0);

/// All sites open, gamma rates of mean μ and shape α: the time to the nth patient has mean
/// `n·αS/(αS − 1)/(S·μ)` and, given the sum of the rates, variance `n/Λ²`.
#[test]
fn months_follow_the_gamma_poisson_law() {
    let (n, sites, rate) = (300.0, 20.0, 0.5);
    for variation in [0.0_f64, 1.0] {
        let scenario =
            with(&format!("count = 20, patients_per_site_month = 0.5, rate_variation = {variation}"), "");
        let measures = measures(&scenario, None);
        let shape = if variation > 0.0 { sites / (variation * variation) } else { f64::INFINITY };
        let more = if shape.is_finite() { shape / (shape - 1.0) } else { 1.0 };
        agrees(measures.get(1, "", "", "months"), n / (sites * rate) * more + FOLLOW_UP, 0.0);
        // The distribution of the time: its 5 % and 95 % points lie apart by what the law says, within a tenth.
        let spread =
            measures.get(1, "", "", "months_q95").value - measures.get(1, "", "", "months_q05").value;
        let second = if shape.is_finite() { shape * shape / ((shape - 1.0) * (shape - 2.0)) } else { 1.0 };
        let mean_square = (n * n + n) / (sites * rate).powi(2) * second;
        let sd = (mean_square - (n / (sites * rate) * more).powi(2)).sqrt();
        assert!((spread / (2.0 * 1.645 * sd) - 1.0).abs() < 0.1, "{spread} {sd}");
    }
}

/// Refusal and a narrower entry make a trial longer in proportion; a pause by its length; an end that comes first
/// makes it smaller.
#[test]
fn months_respond_to_consent_pauses_and_ends() {
    let sites = "count = 20, patients_per_site_month = 0.5, pauses = [{ from = \"10 months\", lasting = \"3 months\" }]";
    let more = r#"
[[variant]]
name = "half of them"
set."trial.consent" = 0.25
[[variant]]
name = "ends"
set."trial.recruitment_ends" = "20 months"
[[variant]]
name = "stopped"
set."trial.external_stop" = { risk = 0.5, by = "10 months" }
"#;
    let scenario = with(sites, more);
    let measures = measures(&scenario, None);
    agrees(measures.get(1, "", "", "months"), 30.0 + 3.0 + FOLLOW_UP, 0.0);
    agrees(measures.get(2, "", "", "months"), 60.0 + 3.0 + FOLLOW_UP, 0.0);
    agrees(measures.get(1, "", "", "patients"), 300.0, 0.0);
    // 17 months of recruitment at 10 a month.
    agrees(measures.get(3, "", "", "patients"), 170.0, 0.0);
    // Stopped at an exponential time T of rate ln 2/10 a month: expected patients 10·E[min(T', 30)], T' the time
    // less the pause, 300 at most up to the Poisson spread of the last.
    let rate = 2f64.ln() / 10.0;
    let until = |t: f64| (1.0 - (-rate * t).exp()) / rate;
    let expected = 10.0 * (until(10.0) + (-rate * 13.0).exp() / rate * (1.0 - (-rate * 20.0).exp()));
    agrees(measures.get(4, "", "", "patients"), expected, 0.6);
}

/// The stated rate is that of the base; eligibility half as wide takes twice as long.
#[test]
fn months_respond_to_eligibility() {
    let text = std::fs::read_to_string(crate::simulation::at("scenarios/designs/minimisation.toml")).unwrap();
    let narrow = "\n[[variant]]\nname = \"narrow\"\nset.\"population.eligible\" = [\"cause = ami\", \"lactate_mmol_per_l > 6\"]\n";
    let scenario = prepare(&(text + narrow));
    let share = |variant: &str| {
        let weights = &run(&scenario, variant).trial.enrolment.probability;
        weights.iter().sum::<f64>() / weights.len() as f64
    };
    let measures = measures(&scenario, Some(500));
    agrees(measures.get(1, "", "", "months"), 300.0 / 15.0 + FOLLOW_UP, 0.0);
    // The screening log: every reason once, and the part enrolled is what the pool says of the registry.
    let log = &scenario.screening;
    assert!((log.iter().map(|line| line.share).sum::<f64>() - 1.0).abs() < 1e-12);
    let reasons: Vec<&str> = log.iter().map(|line| line.reason.as_str()).collect();
    assert_eq!(reasons, ["cause = ami", "lactate_mmol_per_l > 2", "Enrolled"]);
    let enrolled = log[2].share;
    let pool = scenario.pool.len() as f64 / scenario.pool.screened as f64 * share("");
    assert!((enrolled - pool).abs() < 4.0 * (enrolled / 32_768.0 * 2.0).sqrt(), "{enrolled} {pool}");
    let expected = 300.0 / 15.0 * share("") / share("narrow") + FOLLOW_UP;
    agrees(measures.get(3, "", "", "months"), expected, 0.0);
}

/// Effects of sites, kinds and time: the truth averages over them, and trials agree with it.
#[test]
fn the_truth_averages_over_sites_and_time() {
    let sites = "count = 30, patients_per_site_month = 0.5, death_sd = 0.5, effect_sd = 0.3, class = { good = { share = 0.4, rate = 2.0, death_hazard_ratio = 0.6 }, other = { share = 0.6 } }";
    let more = "[trial.trend]\ndeath_hazard_ratio_per_year = 0.7\n";
    let scenario = with(sites, more);
    let hazard = -(0.51f64.ln());
    // Kinds in proportion to their rates, 8 : 6; time even over 20 months; normal site effects by summation.
    let normal = |k: usize| shocktrial::statistics::normal_quantile((k as f64 + 0.5) / 400.0);
    let mut risk = [0.0; 2];
    for (share, ratio) in [(8.0 / 14.0, 0.6), (6.0 / 14.0, 1.0)] {
        for month in 0..20 {
            let drift = 0.7f64.powf((f64::from(month) + 0.5) / 12.0);
            for k in 0..400 {
                let h = hazard * ratio * drift * (0.5 * normal(k)).exp();
                risk[0] += share / 8000.0 * (1.0 - (-h).exp());
                for j in 0..40 {
                    let effect = 0.7 * (0.3 * normal(10 * j + 5)).exp();
                    risk[1] += share / 320_000.0 * (1.0 - (-h * effect).exp());
                }
            }
        }
    }
    let truth = &scenario.truths[0];
    assert!((truth.risks[0][0] - risk[0]).abs() < 1e-3, "{} {}", truth.risks[0][0], risk[0]);
    assert!((truth.risks[1][0] - risk[1]).abs() < 1e-3, "{} {}", truth.risks[1][0], risk[1]);
    let measures = measures(&scenario, None);
    for (arm, risk) in [("control", risk[0]), ("pump", risk[1])] {
        // The pace of a trial varies, and few sites weigh by what they enrolled.
        agrees(measures.get(1, "primary", arm, "risk"), risk, 2e-3);
    }
    // An anchor is met on average over sites and time.
    let text = ALIKE.replace("SITES", sites).replace("MORE", more).replace(
        "[arm.control]",
        "anchor = [{ risk = 0.40, of = \"death\", arm = \"control\" }]\n[arm.control]",
    );
    let anchored = prepare(&text);
    assert!((anchored.truths[0].risks[0][0] - 0.40).abs() < 5e-4, "{}", anchored.truths[0].risks[0][0]);
}

/// A site that has its patients takes no more, and adjudication puts the analysis off.
#[test]
fn caps_hold_and_adjudication_takes_time() {
    let base =
        with("count = 15, patients_per_site_month = 0.5, most_patients = 20, rate_variation = 1.0", "");
    let late = with(
        "count = 15, patients_per_site_month = 0.5, most_patients = 20, rate_variation = 1.0",
        "adjudication = \"60 days\"\n",
    );
    for k in 0..40 {
        let (workspace, record) = replicate(&base, &base.runs[0], k);
        let (_, later) = replicate(&late, &late.runs[0], k);
        let count = |site: u16| workspace.cohort.site.iter().filter(|&&s| s == site).count();
        assert!((0..15).all(|site| count(site) == 20), "300 patients in 15 sites of 20");
        let (now, then) = (record.trial.unwrap(), later.trial.unwrap());
        assert!((then.months - now.months - 60.0 / (365.25 / 12.0)).abs() < 1e-9);
        assert_eq!(now.information, then.information);
    }
}

/// The scenario of the repository runs, and more spread between sites makes the end less sure.
#[test]
fn spread_between_sites_makes_the_end_less_sure() {
    let scenario = load("scenarios/designs/sites_and_consent.toml", &[]);
    let measures = measures(&scenario, Some(600));
    let spread = |run: u32| {
        measures.get(run, "", "", "months_q95").value - measures.get(run, "", "", "months_q05").value
    };
    assert!(spread(1) > 1.3 * spread(2), "{} {}", spread(1), spread(2));
    assert!(measures.get(3, "", "", "months").value > measures.get(1, "", "", "months").value + 12.0);
    let error = measures.get(4, "primary", "", "type_i_error");
    assert!(error.value < 0.025 + 4.0 * error.mcse.max(0.006), "{}", error.value);
}
