//! Scenarios nobody wrote: whatever is legal ends with figures that can be true.

use super::shared::{Measures, blocks, measures, prepare};
use shocktrial::{operating::Measure, scenario::Scenario};
use std::time::{Duration, Instant};

/// splitmix64: the same scenarios every time.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[(self.unit() * of.len() as f64) as usize]
    }
}

const REPLICATES: u64 = 300;

/// A small trial of everything at random: risks, effect, arms, allocation, sites, loss, end point, method, design.
fn scenario(dice: &mut Dice) -> (String, u32) {
    let risk = 0.03 + 0.9 * dice.unit();
    let ratio = (dice.unit() * 2.4 - 1.2).exp();
    let patients = 24 + 4 * (dice.unit() * 60.0) as u32;
    let (control, treatment) = (1 + (dice.unit() * 2.0) as u32, 1 + (dice.unit() * 3.0) as u32);
    let blocks = if dice.unit() < 0.3 { 0 } else { (control + treatment) * (1 + (dice.unit() * 2.0) as u32) };
    let blocks = if blocks == 0 { String::new() } else { blocks.to_string() };
    let (summary, test) = match dice.pick(&["rr", "rd", "or", "hr", "km"]) {
        "rr" => ("risk_ratio", dice.pick(&["chi_square", "wald"])),
        "rd" => ("risk_difference", "chi_square"),
        "or" => ("odds_ratio", dice.pick(&["chi_square", "wald"])),
        "hr" => ("hazard_ratio", dice.pick(&["log_rank", "wald"])),
        _ => ("kaplan_meier_difference", "wald"),
    };
    let sites = match dice.pick(&["none", "few", "many"]) {
        "none" => String::new(),
        "few" => "sites = { count = 3, patients_per_site_month = 2.0 }\n".into(),
        _ => "sites = { count = 40, opening = \"12 months\", patients_per_site_month = 0.2 }\n".to_owned(),
    };
    let loss = if dice.unit() < 0.3 { "loss = { share = 0.1, by = \"30 days\" }\n" } else { "" };
    let alpha = dice.pick(&["two_sided = 0.05", "one_sided = 0.025", "two_sided = 0.1"]);
    let design = match dice.pick(&["fixed", "stop", "group"]) {
        "fixed" => format!("fixed = {{ alpha = {{ {alpha} }} }}"),
        "stop" => format!(
            "stop_or_go = {{ alpha = {{ {alpha} }}, first_stage = 0.5, go_if_benefit_above = {:.2} }}",
            dice.unit() - 0.5
        ),
        _ => format!(
            "group_sequential = {{ alpha = {{ {alpha} }}, looks = [0.5, 1.0], spending = \"{}\" }}",
            dice.pick(&["pocock", "obrien_fleming"])
        ),
    };
    let cross = if dice.unit() < 0.3 { "instead = [{ arm = \"treatment\", share = 0.1 }]\n" } else { "" };
    let text = format!(
        "title = \"Random\"\nseed = {seed}\nreplicates = {REPLICATES}\n\
         [population]\nhomogeneous.event.death = {{ risk = {risk:.4}, by = \"30 days\" }}\n\
         homogeneous.event.stroke = {{ risk = {stroke:.4}, by = \"30 days\", fatal = false }}\n\
         [arm.control]\n{cross}[arm.treatment]\neffect.death = {{ hazard_ratio = {ratio:.4} }}\n\
         [endpoint.e]\nany_of = [{any}]\nby = \"30 days\"\n\
         [estimand.primary]\nendpoint = \"e\"\ncompare = {{ treatment = \"treatment\", control = \"control\" }}\n\
         summary = \"{summary}\"\ntest = \"{test}\"\n\
         [trial]\npatients = {patients}\n{sites}{loss}follow_up = \"30 days\"\n\
         allocation = {{ ratio = {{ control = {control}, treatment = {treatment} }}, blocks = [{blocks}] }}\n\
         design = {{ {design} }}\n\
         [[variant]]\nname = \"null\"\nnull = true\n\
         [[variant]]\nname = \"more\"\nset.\"trial.patients\" = {more}\n",
        seed = (dice.unit() * 1e6) as u64,
        stroke = 0.3 * dice.unit(),
        any = dice.pick(&["\"death\"", "\"death\", \"stroke\"", "\"stroke\""]),
        more = 3 * patients,
    );
    (text, patients)
}

/// Probabilities lie in [0, 1], intervals hold their values, a number from simulation has its error.
fn check(measure: &Measure) {
    let Measure { value, mcse, lower, upper, replicates, failed, .. } = *measure;
    let share = ["power", "type_i_error", "coverage", "rejects_wrong_way", "risk", "sign_error", "reached"]
        .contains(&measure.measure)
        || measure.measure.starts_with("stop_");
    assert!(!share || (0.0..=1.0).contains(&value), "{measure:?}");
    assert!(value.is_finite(), "{measure:?}");
    assert!(replicates == 0 || mcse.is_finite() && mcse >= 0.0, "{measure:?}");
    assert!(lower <= value + 1e-9 && value <= upper + 1e-9, "{measure:?}");
    assert!(replicates + failed <= REPLICATES || failed <= replicates, "{measure:?}");
}

fn power(found: &Measures, run: u32) -> &Measure {
    let name = if run == 2 { "type_i_error" } else { "power" };
    found.get(run, "primary", "", name)
}

fn holds(scenario: &Scenario, patients: u32) {
    let found = measures(scenario, None);
    found.0.iter().filter(|m| m.replicates > 1).for_each(check);
    let alpha = if scenario.source.text.contains("two_sided = 0.1 ") { 0.05 } else { 0.025 };
    // Tests of 24 patients are not exact; twice their level is too much all the same.
    let (null, base, more) = (power(&found, 2), power(&found, 1), power(&found, 3));
    let slack = 5.0 * (alpha / REPLICATES as f64).sqrt();
    assert!(null.value <= 2.0 * alpha + slack, "{null:?}");
    // The treatment helps, or it does not: more patients never show less of what is there.
    let helps = scenario.source.text.contains("hazard_ratio = 0.");
    let slack = 5.0 * (base.mcse.hypot(more.mcse)).max(0.02);
    assert!(!helps || more.value >= base.value - slack, "{base:?}\n{more:?}");
    for block in blocks(scenario, 0..20, 1) {
        for (rows, run) in block.runs.iter().zip(&scenario.runs) {
            let arms = run.trial.arms.len();
            for (i, trial) in rows.trials.iter().enumerate() {
                let assigned: u32 = rows.arm_patients[i * arms..(i + 1) * arms].iter().sum();
                assert_eq!(assigned, trial.patients);
                assert!(run.number == 3 || trial.patients <= patients);
                assert!(trial.screened >= u64::from(trial.patients));
            }
            for row in &rows.rows {
                let c = &row.comparison;
                assert!(c.events_treatment <= c.n_treatment && c.events_control <= c.n_control, "{row:?}");
                assert!(
                    c.reason.is_some() || c.p_value.is_nan() || (0.0..=1.0).contains(&c.p_value),
                    "{row:?}"
                );
                assert!(c.estimate.is_nan() || c.lower <= c.estimate && c.estimate <= c.upper, "{row:?}");
            }
        }
    }
}

fn try_one(dice: &mut Dice) {
    let (text, patients) = scenario(dice);
    let held = std::panic::catch_unwind(|| holds(&prepare(&text), patients));
    assert!(held.is_ok(), "in this scenario:\n{text}");
}

#[test]
fn random_scenarios_end_with_figures_that_can_be_true() {
    let mut dice = Dice(5);
    (0..12).for_each(|_| try_one(&mut dice));
}

/// As many as SOAK_SECONDS allow, an hour by default:
/// `SOAK_SECONDS=600 cargo test --release --test suite soak -- --ignored --nocapture`
#[test]
#[ignore = "runs for an hour; see the comment"]
fn soak() {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(3600);
    let (mut dice, start, mut count) = (Dice(std::process::id().into()), Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        try_one(&mut dice);
        count += 1;
    }
    println!("{count} random scenarios in {seconds} s: all held");
}
