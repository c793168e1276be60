//! Sites, time and what multiplies hazards, against closed forms.

use crate::simulation::{agrees, load, measures, prepare, replicate, run};
use shocktrial::{
    scenario::Scenario,
    statistics::{chi_square_quantile, chi_square_survival, normal_quantile},
};

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
        // The distribution of the time: a gamma variable of shape n over the sum of the rates, itself gamma.
        let by = |month: f64| {
            let points = 800;
            let mean = |k: u32| {
                let u = (f64::from(k) + 0.5) / f64::from(points);
                let sum =
                    if shape.is_finite() { chi_square_quantile(u, 2.0 * shape) / (2.0 * shape) } else { 1.0 };
                1.0 - chi_square_survival(2.0 * month * sites * rate * sum, 2.0 * n)
            };
            (0..points).map(mean).sum::<f64>() / f64::from(points)
        };
        for (measure, level) in [("months_q05", 0.05), ("months_q50", 0.5), ("months_q95", 0.95)] {
            let found = measures.get(1, "", "", measure);
            let (mut low, mut high) = (1.0, 400.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if by(middle) < level { low = middle } else { high = middle }
            }
            // The chance below the quantile that was seen: four errors of a share of 4000 trials.
            let seen = by(found.value - FOLLOW_UP);
            let error = (level * (1.0 - level) / 4000.0).sqrt();
            assert!(
                (seen - level).abs() < 4.0 * error,
                "{measure} {} expected {}",
                found.value,
                low + FOLLOW_UP
            );
        }
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
    // Stopped at an exponential time of rate ln 2/10 a month: the kth patient is enrolled if recruitment lasts until
    // he comes, at a gamma time of shape k, three months later if that is after the pause began.
    let rate = 2f64.ln() / 10.0;
    let enrolled = |k: u32| {
        let shape = 2.0 * f64::from(k);
        let after = chi_square_survival(2.0 * 10.0 * (10.0 + rate), shape);
        (10.0 / (10.0 + rate)).powi(k as i32) * (1.0 - after + (-3.0 * rate).exp() * after)
    };
    let expected: f64 = (1..=300).map(enrolled).sum();
    agrees(measures.get(4, "", "", "patients"), expected, 0.0);
}

/// Half the sites take twice as long, sites that open evenly over a time half of that time longer, and a rate twice as
/// high half as long.
#[test]
fn months_respond_to_sites() {
    let more = r#"
[[variant]]
name = "half the sites"
set."trial.sites.count" = 10
[[variant]]
name = "opening"
set."trial.sites.opening" = "12 months"
[[variant]]
name = "twice the rate"
set."trial.sites.patients_per_site_month" = 1.0
"#;
    let scenario = with("count = 20, patients_per_site_month = 0.5", more);
    let measures = measures(&scenario, None);
    for (run, months) in [(1, 30.0), (2, 60.0), (3, 36.0), (4, 15.0)] {
        agrees(measures.get(run, "", "", "months"), months + FOLLOW_UP, 0.0);
    }
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
    let normal = |k: usize| normal_quantile((k as f64 + 0.5) / 400.0);
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
    let by_hand = trials_at_sites(hazard, 3_000);
    for (arm, (mean, error)) in ["control", "pump"].into_iter().zip(by_hand) {
        let found = measures.get(1, "primary", arm, "risk");
        let both = (found.mcse.powi(2) + error * error).sqrt();
        assert!((found.value - mean).abs() < 4.0 * both, "{arm}: {found:?}, by hand {mean} ± {error}");
        // Few sites weigh by what they enrolled, so a trial's mean is not quite the truth.
        assert!(
            (mean - truth.risks[usize::from(arm == "pump")][0]).abs() < 4.0 * error + 3e-3,
            "{arm} {mean}"
        );
    }
    // An anchor is met on average over sites and time.
    let text = ALIKE.replace("SITES", sites).replace("MORE", more).replace(
        "[arm.control]",
        "anchor = [{ risk = 0.40, of = \"death\", arm = \"control\" }]\n[arm.control]",
    );
    let anchored = prepare(&text);
    assert!((anchored.truths[0].risks[0][0] - 0.40).abs() < 5e-4, "{}", anchored.truths[0].risks[0][0]);
}

/// The mean risk of each arm, and its error, in trials of 300 patients at 30 sites made from the definitions: kinds of
/// sites in turn, site effects normal, arrivals Poisson, the hazard falling by 30 % a year.
fn trials_at_sites(hazard: f64, trials: u32) -> [(f64, f64); 2] {
    use shocktrial::random::{Purpose, Stream};
    let mut sums = [[0.0; 2]; 2];
    for k in 0..trials {
        let stream = Stream::new(4, u64::from(k), Purpose::named("trials at sites"));
        let mut place = 0;
        let mut uniform = || {
            place += 1;
            stream.uniform(place)
        };
        let start = uniform();
        let sites: Vec<(f64, f64, f64)> = (0..30)
            .map(|s| {
                let good = (start + f64::from(s) * 0.618_033_988_749_894_9).fract() < 0.4;
                let (rate, ratio) = if good { (2.0, 0.6) } else { (1.0, 1.0) };
                let death = ratio * (0.5 * normal_quantile(uniform())).exp();
                (rate, death, 0.7 * (0.3 * normal_quantile(uniform())).exp())
            })
            .collect();
        let total: f64 = sites.iter().map(|s| s.0).sum();
        // Rates of kinds have the mean 1 over all sites of the plan: 0.5 a month times rate/1.4.
        let (mut months, mut risk) = (0.0, [0.0; 2]);
        for _ in 0..300 {
            months -= uniform().ln() / (0.5 * total / 1.4);
            let mut at = uniform() * total;
            let site = sites.iter().find(|s| {
                at -= s.0;
                at < 0.0
            });
            let &(_, death, effect) = site.unwrap_or(&sites[29]);
            let h = hazard * death * 0.7f64.powf(months / 12.0);
            for (risk, h) in risk.iter_mut().zip([h, h * effect]) {
                *risk += (1.0 - (-h).exp()) / 300.0;
            }
        }
        for (sum, risk) in sums.iter_mut().zip(risk) {
            sum[0] += risk;
            sum[1] += risk * risk;
        }
    }
    let n = f64::from(trials);
    sums.map(|[sum, square]| (sum / n, ((square / n - (sum / n).powi(2)) / n).sqrt()))
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
    assert!(error.value < 0.025 + 4.0 * error.mcse, "{}", error.value);
}

/// A truth that very large trials find averages over sites: where all of them multiply the hazard of death by three it
/// is the truth of a population with three times the hazard, and not that of the population itself.
#[test]
fn simulated_truths_average_over_sites() {
    let text = |hazard: f64, sites: &str| {
        ALIKE
            .replace(
                "homogeneous.event.death = { risk = 0.49, by = \"30 days\" }",
                &format!("homogeneous.event.death = {{ hazard_per_day = {hazard} }}\nhomogeneous.event.renal = {{ hazard_per_day = 0.03, fatal = false }}"),
            )
            .replace("hazard_ratio = 0.7", "hazard_ratio = 0.3")
            .replace("any_of = [\"death\"]", "any_of = [\"renal\"]")
            .replace("risk_difference", "subdistribution_hazard_ratio")
            .replace("SITES", &format!("count = 30, patients_per_site_month = 0.5{sites}"))
            .replace("MORE", "")
    };
    let truth = |hazard: f64, sites: &str| {
        let truth = &prepare(&text(hazard, sites)).truths[0];
        (truth.estimands[0][0], truth.errors[0][0])
    };
    let three = ", class = { all = { share = 1.0, death_hazard_ratio = 3.0 } }";
    let (at_sites, a) = truth(0.03, three);
    let (everywhere, b) = truth(0.09, "");
    let (alone, c) = truth(0.03, "");
    assert!((at_sites - everywhere).abs() < 4.0 * (a * a + b * b).sqrt(), "{at_sites} {everywhere} ± {b}");
    assert!((at_sites - alone).abs() > 8.0 * (a * a + c * c).sqrt(), "{at_sites} {alone} ± {c}");
}

/// What becomes of the candidates of simulated trials is what the screening log says is expected: who meets the entry
/// rules and is dead before randomisation or refuses, and who is enrolled.
#[test]
fn candidates_end_as_the_screening_log_says() {
    let text = std::fs::read_to_string(crate::simulation::at("scenarios/designs/minimisation.toml")).unwrap();
    let consent = "consent    = 0.9\nconsent_if = [{ rule = \"cardiac_arrest\", share = 0.5 }]\nfollow_up ";
    let scenario = prepare(&text.replacen("follow_up ", consent, 1));
    let log = &scenario.screening;
    let share = |reason: &str| log.iter().find(|line| line.reason == reason).map_or(0.0, |line| line.share);
    let (refused, enrolled) = (share("Refused"), share("Enrolled"));
    let dead = share("Dead or discharged before randomisation");
    assert!(refused > 0.02, "{log:?}");
    let expected = enrolled / (enrolled + refused + dead);
    let (trial, pool) = (&scenario.runs[0].trial, &scenario.pool);
    let (mut candidates, mut taken) = (0u64, 0u64);
    for k in 0..400 {
        let (workspace, record) = replicate(&scenario, &scenario.runs[0], k);
        let end = record.trial.unwrap();
        candidates += end.screened;
        taken += u64::from(end.patients);
        // Whoever is enrolled could be.
        assert!(workspace.cohort.row.iter().all(|&row| trial.enrolment.probability[row as usize] > 0.0));
    }
    // A trial ends with an enrolment: candidates up to the last of n have mean n/p and variance n(1 − p)/p².
    let n = taken as f64;
    let error = (n * (1.0 - expected)).sqrt() / expected;
    let rows = expected * (1.0 - expected) / pool.len() as f64;
    let both = (error * error + (n / expected / expected).powi(2) * rows).sqrt();
    assert!((candidates as f64 - n / expected).abs() < 4.0 * both, "{candidates} {} ± {both}", n / expected);
}
