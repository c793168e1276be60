//! The size of designs of two risks under several kinds of no effect, against all tables: everywhere, in a part
//! only, at low and at high risk, and while mortality changes.

use super::{TwoRisks, binomial, exact::CRITICAL, pooled_z, power, two_stages};
use crate::simulation::{has_chance, measures, prepare, run};
use shocktrial::statistics::{TwoByTwo, exact_power, normal_quantile};

/// Two arms of patients who are alike but for a flag; `more` are the variants.
fn trial(replicates: u64, more: &str) -> String {
    format!(
        r#"
title = "No effect"
replicates = {replicates}
seed = 61
[population.homogeneous]
flag.responder = 0.32
event.death = {{ risk = 0.42, by = "30 days" }}
[arm.control]
[arm.treatment]
[endpoint.death]
any_of = ["death"]
by = "30 days"
[estimand.primary]
endpoint = "death"
compare = {{ treatment = "treatment", control = "control" }}
summary = "risk_ratio"
test = "chi_square"
subgroups = ["responder"]
[estimand.exact]
endpoint = "death"
compare = {{ treatment = "treatment", control = "control" }}
summary = "risk_ratio"
test = "fisher_doubled"
[trial]
patients = 420
allocation = {{ ratio = {{ control = 1, treatment = 1 }}, blocks = [2] }}
follow_up = "30 days"
sites = {{ count = 30, patients_per_site_month = 1.0 }}
design = {{ fixed = {{ alpha = {{ two_sided = 0.05 }} }} }}
{more}
"#
    )
}

fn fisher(t: TwoByTwo) -> bool {
    t.fisher().less < 0.025
}

/// Runs, their risk and patients per arm.
const FIXED: [(&str, f64, usize); 5] =
    [("", 0.42, 210), ("low", 0.20, 210), ("planned", 0.49, 210), ("high", 0.70, 210), ("small", 0.50, 72)];

fn nulls(replicates: u64) -> String {
    let mut more = String::from("null = true\n");
    for (name, risk, n) in &FIXED[1..] {
        more += &format!(
            "[[variant]]\nname = \"{name}\"\nnull = true\nset.\"population.homogeneous.event.death\" = {{ risk = {risk}, by = \"30 days\" }}\nset.\"trial.patients\" = {}\n",
            2 * n
        );
    }
    for (name, risk) in [("looks", 0.42), ("looks, low", 0.20), ("looks, high", 0.70)] {
        more += &format!(
            "[[variant]]\nname = \"{name}\"\nnull = true\nset.\"population.homogeneous.event.death\" = {{ risk = {risk}, by = \"30 days\" }}\nset.\"trial.design\" = {{ group_sequential = {{ alpha = {{ two_sided = 0.05 }}, looks = [0.5, 1.0], boundary = \"obrien_fleming\" }} }}\n"
        );
    }
    more += "[[variant]]\nname = \"trend\"\nnull = true\nset.\"trial.trend\" = { death_hazard_ratio_per_year = 0.6 }\n";
    // Only those without the flag respond.
    more += "[[variant]]\nname = \"part\"\nnull = false\nset.\"arm.treatment.effect.death\" = { hazard_ratio = 0.6, within = \"not responder\" }\n";
    let text = trial(replicates, "");
    let (top, rest) = text.split_once("seed = 61\n").unwrap();
    let scenario = prepare(&format!("{top}seed = 61\nnull = true\n{rest}{}", &more["null = true\n".len()..]));
    let found = measures(&scenario, None);
    let mut said = String::new();
    let mut hold = |name: &str, estimand: &str, measure: &str, exact: f64| {
        let m = found.get(run(&scenario, name).number, estimand, "", measure);
        said += &format!("{name} {estimand} {measure} {:.5} ± {:.5}, exact {exact:.5}\n", m.value, m.mcse);
        has_chance(m, exact);
    };
    for (name, risk, n) in FIXED {
        let [benefit, harm] = power(TwoRisks { n, treatment: risk, control: risk });
        hold(name, "primary", "type_i_error", benefit);
        hold(name, "primary", "rejects_wrong_way", harm);
        let exact = exact_power((risk, n as u32), (risk, n as u32), fisher);
        assert!(exact < 0.025);
        hold(name, "exact", "type_i_error", exact);
    }
    // The two cases in which the uncorrected chi-square is above its level.
    for (risk, n, both) in [(0.42, 210, 0.0529), (0.50, 72, 0.0549)] {
        let size: f64 = power(TwoRisks { n, treatment: risk, control: risk }).iter().sum();
        assert!((size - both).abs() < 5e-5, "{size} {both}");
    }
    for (name, risk) in [("looks", 0.42), ("looks, low", 0.20), ("looks, high", 0.70)] {
        let risks = TwoRisks { n: 105, treatment: risk, control: risk };
        let [.., benefit] = two_stages(risks, 2f64.sqrt() * last_bound(), last_bound());
        hold(name, "primary", "type_i_error", benefit);
    }
    let (exact, risk) = in_a_trend();
    let truth = &scenario.truths[run(&scenario, "trend").number as usize - 1];
    assert!((truth.risks[0][0] - risk).abs() < 1e-3 && truth.risks[0] == truth.risks[1], "{risk} {truth:?}");
    hold("trend", "primary", "type_i_error", exact);
    // In the part: numbers of responders in both arms are binomial, and responders have one risk.
    let number = run(&scenario, "part").number;
    let claimed = found.0.iter().find(|m| {
        let claim = m.measure == "power" || m.measure == "type_i_error";
        m.run == number
            && m.population == "responder"
            && m.level == "yes"
            && m.estimand == "primary"
            && m.look.is_none()
            && claim
    });
    let exact = within_a_part();
    let claimed = claimed.expect("no effect in responders");
    said += &format!("part {:.5} ± {:.5}, exact {exact:.5}\n", claimed.value, claimed.mcse);
    has_chance(claimed, exact);
    said
}

/// The size where the hazard of death falls by 40 % a year over 14 months, and the mean risk. Arms come in pairs, so each
/// has the same mixture of early and late patients: deaths are sums of unequal chances, a little less variable than
/// binomials of their mean.
fn in_a_trend() -> (f64, f64) {
    let mut law = vec![1.0];
    let mut mean = 0.0;
    for pair in 0..210 {
        let years = (2.0 * f64::from(pair) + 1.5) / 30.0 / 12.0;
        let risk = 1.0 - 0.58f64.powf(0.6f64.powf(years));
        mean += risk / 210.0;
        let mut next = vec![0.0; law.len() + 1];
        for (k, p) in law.iter().enumerate() {
            next[k] += p * (1.0 - risk);
            next[k + 1] += p * risk;
        }
        law = next;
    }
    let mut size = 0.0;
    for (x, p) in law.iter().enumerate() {
        for (y, q) in law.iter().enumerate() {
            size += if pooled_z(x, y, 210) < -CRITICAL { p * q } else { 0.0 };
        }
    }
    (size, mean)
}

/// The last bound of O'Brien and Fleming's two looks, two-sided 0.05, by the error it leaves.
fn last_bound() -> f64 {
    shocktrial::statistics::efficacy_boundary(
        shocktrial::statistics::Boundary::WangTsiatis(0.0),
        0.025,
        &[0.5, 1.0],
        shocktrial::statistics::Sides::Two,
        None,
    )
    .unwrap()[1]
}

/// The size of the chi-square in 32 % of 210 + 210 patients, their numbers by chance, at a risk of 42 %.
fn within_a_part() -> f64 {
    let sizes = binomial(210, 0.32);
    let mut sum = 0.0;
    for (n, p) in sizes.iter().enumerate().filter(|(_, p)| **p > 1e-6) {
        for (m, q) in sizes.iter().enumerate().filter(|(_, q)| **q > 1e-6) {
            let (a, b) = (binomial(n, 0.42), binomial(m, 0.42));
            // The fewest events in control that are enough rise with those in treatment.
            let (mut claimed, mut y, mut above) = (0.0, 0usize, 1.0);
            for (x, px) in a.iter().enumerate() {
                let enough = |y: usize| super::resized::z_of((x, n), (y, m)).is_some_and(|z| z < -CRITICAL);
                while y <= m && !enough(y) {
                    above -= b[y];
                    y += 1;
                }
                if y > m {
                    break;
                }
                claimed += px * above;
            }
            sum += p * q * claimed;
        }
    }
    sum
}

#[test]
fn nulls_have_the_exact_size() {
    assert!((normal_quantile(0.975) - CRITICAL).abs() < 1e-12 && pooled_z(3, 3, 9) == 0.0);
    nulls(2_500);
}

/// `cargo test --release --test suite -- --ignored --nocapture nulls_at_length`
#[test]
#[ignore = "minutes: 100 000 replicates of ten runs"]
fn nulls_at_length() {
    println!("{}", nulls(100_000));
}
