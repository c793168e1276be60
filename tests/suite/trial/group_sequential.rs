//! Group sequential trials against the recursion and against all tables of two binomials.

use crate::{
    known_answers::{TwoRisks, two_stages},
    simulation::{agrees, blocks, has_chance, load, measures, prepare, replicate, run},
};
use shocktrial::{
    operating::Measure,
    scenario::Scenario,
    simulation::Run,
    statistics::crossing_probabilities,
    trial::{
        design::{Design, GroupSequential, group_sequential::Futility},
        record::Decision,
    },
};

/// Ways to look: name, error, and the rest of the design.
const DESIGNS: [(&str, &str, &str); 14] = [
    ("O'Brien-Fleming", "one_sided = 0.025", "looks = [0.5, 1.0], boundary = 'obrien_fleming'"),
    ("Pocock", "two_sided = 0.05", "looks = [0.33, 0.67, 1.0], boundary = 'pocock'"),
    (
        "Wang-Tsiatis",
        "one_sided = 0.025",
        "looks = [0.25, 0.5, 0.75, 1.0], boundary = { wang_tsiatis = 0.25 }",
    ),
    ("Haybittle-Peto", "two_sided = 0.05", "looks = [0.3, 0.6, 1.0], boundary = { haybittle_peto = 3.0 }"),
    ("Lan-DeMets", "two_sided = 0.05", "looks = [0.4, 0.7, 1.0], spending = 'obrien_fleming'"),
    ("Pocock type", "one_sided = 0.025", "looks = [0.4, 0.7, 1.0], spending = 'pocock'"),
    (
        "Hwang-Shih-DeCani",
        "one_sided = 0.05",
        "looks = [0.5, 0.75, 1.0], spending = { hwang_shih_decani = -2.0 }",
    ),
    ("Kim-DeMets", "one_sided = 0.025", "looks = [0.2, 0.6, 1.0], spending = { kim_demets = 2.0 }"),
    (
        "beta spending",
        "one_sided = 0.025",
        "looks = [0.5, 0.75, 1.0], spending = 'obrien_fleming', futility = { beta_spending = { hwang_shih_decani = -2.0 }, power = 0.9 }",
    ),
    (
        "binding beta spending",
        "one_sided = 0.025",
        "looks = [0.5, 0.75, 1.0], spending = 'obrien_fleming', futility = { beta_spending = 'pocock', power = 0.8, binding = true }",
    ),
    (
        "conditional power",
        "two_sided = 0.05",
        "looks = [0.4, 0.7, 1.0], spending = 'obrien_fleming', futility = { conditional_power = 0.2 }",
    ),
    (
        "conditional power, design",
        "one_sided = 0.025",
        "looks = [0.5, 1.0], boundary = 'obrien_fleming', futility = { conditional_power = 0.3, assuming = 'design', power = 0.9, binding = true }",
    ),
    (
        "predictive power",
        "one_sided = 0.025",
        "looks = [0.5, 1.0], boundary = 'pocock', futility = { predictive_power = 0.15, binding = true }",
    ),
    (
        "stated",
        "one_sided = 0.025",
        "looks = [0.3, 0.6, 1.0], boundary = { stated = [3.5, 2.6, 2.0] }, futility = { z = [-0.5, 0.3] }, harm = { spending = 'pocock', error = 0.1 }",
    ),
];

/// A trial of times with a moderate effect, analysed by the log-rank test; its last run has one look.
fn every_design(replicates: u64) -> Scenario {
    let mut text = format!(
        r#"
title = "Looks"
question = "?"
seed = 12
replicates = {replicates}
[population]
homogeneous.event.death = {{ risk = 0.6, by = "90 days" }}
[arm.control]
[arm.treatment]
effect.death = {{ hazard_ratio = 0.78 }}
[endpoint.death]
any_of = ["death"]
by = "90 days"
[estimand.primary]
endpoint = "death"
compare = {{ treatment = "treatment", control = "control" }}
summary = "hazard_ratio"
test = "log_rank"
[trial]
patients = 600
allocation = {{ ratio = {{ control = 1, treatment = 1 }}, blocks = [2] }}
follow_up = "90 days"
design = {{ fixed = {{ alpha = {{ one_sided = 0.025 }} }} }}
[[variant]]
name = "null of one look"
null = true
"#
    );
    for (name, alpha, design) in DESIGNS {
        for null in [false, true] {
            text += &format!(
                "[[variant]]\nname = \"{name}{}\"\nnull = {null}\nset.\"trial.design\" = {{ group_sequential = {{ alpha = {{ {alpha} }}, {design} }} }}\n",
                if null { ", no effect" } else { "" },
            );
        }
    }
    prepare(&text)
}

fn design(run: &Run) -> &GroupSequential {
    match &run.trial.design {
        Design::GroupSequential(design) => design,
        other => panic!("{other:?}"),
    }
}

pub fn at_look<'a>(list: &'a [Measure], run: u32, look: Option<u8>, measure: &str) -> &'a Measure {
    let found = list.iter().find(|m| {
        m.run == run
            && m.measure == measure
            && m.look == look
            && m.population == "all"
            && m.arm.is_empty()
            && (m.estimand.is_empty() == (measure.starts_with("stop_") || look.is_some()))
    });
    found.unwrap_or_else(|| panic!("no {measure} at {look:?} of run {run}"))
}

/// Every design stops as often as the recursion says, for each reason at each look, with and without
/// effect. The drift is the mean of the log-rank statistic of the same trials with one look.
fn stops_as_the_recursion_says(replicates: u64) -> String {
    let scenario = every_design(replicates);
    let mut statistics = Vec::new();
    let mut only_base = scenario.clone();
    only_base.runs.truncate(1);
    for block in blocks(&only_base, 0..replicates, 2) {
        statistics.extend(block.runs[0].rows.iter().map(|row| -row.comparison.statistic));
    }
    let drift = statistics.iter().sum::<f64>() / replicates as f64;
    assert!((1.8..2.6).contains(&drift), "{drift}");
    let list = measures(&scenario, None).0;
    let n = replicates as f64;
    let mut said = format!("drift {drift:.4}, {replicates} replicates\n");
    let mut held = 0;
    for run in &scenario.runs[2..] {
        let design = design(run);
        let drift = if run.null { 0.0 } else { drift };
        let expected =
            crossing_probabilities(&design.planned_lower(), &design.upper, &design.information, drift);
        // The drift is itself uncertain, and power moves by at most 0.4 for one unit of it.
        let slack = if run.null { 0.0 } else { 4.0 * 0.4 / n.sqrt() };
        let mut compare = |measure: &Measure, expected: f64| {
            let mcse = (expected.max(1.0 / n) * (1.0 - expected) / n).sqrt();
            said += &format!(
                "{:<40} {:<14} look {:?} {:.5} expected {expected:.5} ({:+.1} MCSE)\n",
                run.variant,
                measure.measure,
                measure.look,
                measure.value,
                (measure.value - expected) / mcse
            );
            assert!((measure.value - expected).abs() <= 4.0 * mcse + slack, "{said}");
            held += 1;
        };
        for look in 1..design.count() as u8 {
            let k = usize::from(look) - 1;
            compare(at_look(&list, run.number, Some(look), "stop_efficacy"), expected.above[k]);
            let futility = at_look(&list, run.number, Some(look), "stop_futility");
            let harm = at_look(&list, run.number, Some(look), "stop_harm");
            let below = Measure { value: futility.value + harm.value, measure: "stop below", ..harm.clone() };
            compare(&below, expected.below[k]);
        }
        let claim = if run.null { "type_i_error" } else { "power" };
        compare(at_look(&list, run.number, None, claim), expected.ever_above());
        // Without effect the whole error is spent and no more; what futility saves is left unless bounds
        // count on it, and bounds that were stated spend what they spend.
        if run.null && !run.variant.starts_with("stated") {
            let spent = expected.ever_above();
            let all = design.binding || design.futility == Futility::Never;
            assert!(spent < design.level + 1e-6 && (!all || spent > design.level - 1e-6), "{spent}\n{said}");
        }
    }
    assert!(held > 100);
    said
}

#[test]
fn designs_stop_as_the_recursion_says() {
    stops_as_the_recursion_says(800);
}

/// `cargo test --release --test suite -- --ignored --nocapture recursion_at_length`
#[test]
#[ignore = "minutes: 100 000 replicates of 30 runs"]
fn designs_stop_as_the_recursion_at_length() {
    println!("{}", stops_as_the_recursion_says(100_000));
}

/// One O'Brien-Fleming look at half, with outcomes that are counts: every probability from all tables.
#[test]
fn one_look_at_half_stops_and_claims_as_all_tables_say() {
    let scenario = load("scenarios/designs/group_sequential.toml", &[("replicates", "20000")]);
    let mut few = scenario.clone();
    few.runs.truncate(3);
    few.runs.iter_mut().for_each(|run| run.replicates = 20_000);
    let list = measures(&few, None);
    for (number, treatment, claim) in [(1, 0.35, "power"), (2, 0.49, "type_i_error")] {
        let bounds = &design(&few.runs[number as usize - 1]).upper;
        assert_eq!(
            (format!("{:.4}", bounds[0]), format!("{:.4}", bounds[1])),
            ("2.7965".into(), "1.9774".into())
        );
        let risks = TwoRisks { n: 105, treatment, control: 0.49 };
        let [early, harm, benefit] = two_stages(risks, bounds[0], bounds[1]);
        has_chance(at_look(&list.0, number, Some(1), "stop_efficacy"), early);
        has_chance(at_look(&list.0, number, Some(1), "stop_harm"), harm);
        has_chance(list.get(number, "primary", "", claim), benefit);
    }
    // Whether recruitment waits changes the calendar and the size, not one decision.
    let (goes_on, waits) = (run(&few, ""), run(&few, "recruitment waits"));
    for r in 0..50 {
        let (_, a) = replicate(&few, goes_on, r);
        let (_, b) = replicate(&few, waits, r);
        let (a_end, b_end) = (a.trial.unwrap(), b.trial.unwrap());
        assert_eq!(a.rows, b.rows);
        assert_eq!(a_end.decision, b_end.decision);
        if a_end.look == 1 {
            assert!(a_end.patients > 210 && b_end.patients == 210 && a_end.months == b_end.months);
        } else {
            assert!(a_end.patients == 420 && b_end.patients == 420 && a_end.months < b_end.months);
        }
    }
}

/// Power of W3 against other programs; their error is 0.0008. The full size is run by its own scenario.
#[test]
fn three_looks_at_deaths_have_the_known_power() {
    let scenario = load("scenarios/peers/w3_group_sequential.toml", &[("replicates", "8000")]);
    let list = measures(&scenario, None);
    let bounds: Vec<String> = design(&scenario.runs[0]).upper.iter().map(|b| format!("{b:.3}")).collect();
    assert_eq!(bounds, ["3.471", "2.454", "2.004"]);
    agrees(list.get(1, "primary", "", "power"), 0.6167, 0.0008);
}

/// A look at a number of deaths is made on the day of that death, counts exactly those known by then, and
/// the trial goes on as if nobody had looked.
#[test]
fn looks_at_events_are_cut_on_the_day_of_the_event() {
    let scenario = load("scenarios/peers/w3_group_sequential.toml", &[]);
    let trial = &scenario.runs[0].trial;
    let mut stopped = 0;
    for r in 0..60 {
        let (workspace, record) = replicate(&scenario, &scenario.runs[0], r);
        let cohort = &workspace.cohort;
        for (look, planned) in workspace.design.looks.iter().zip([84u32, 168, 252]) {
            let day = |i: usize| cohort.enrolled[i] + cohort.events[0][i].min(1e9);
            let known = (0..look.patients)
                .filter(|&i| cohort.events[0][i] <= 180.0 && day(i) <= look.cut + 1e-6)
                .count();
            assert_eq!(known as u32, look.events);
            assert!(look.events == planned || look.complete, "{look:?}");
            assert!(cohort.enrolled[look.patients - 1] <= look.cut);
            assert!(cohort.enrolled.get(look.patients).is_none_or(|&next| next >= look.cut));
        }
        let last = workspace.design.looks.last().unwrap();
        stopped += u32::from(last.decision == Decision::Benefit && !last.complete);
        let end = record.trial.unwrap();
        assert_eq!(end.patients as usize, cohort.len());
        assert!(cohort.len() <= trial.patients && (cohort.len() == last.patients || last.stage.lag > 0.0));
    }
    assert!(stopped > 10);
    // The same patients in the same order as in a trial without looks.
    let mut fixed = scenario.runs[0].clone();
    fixed.trial.design = Design::Fixed(shocktrial::trial::design::Fixed::new(0.025));
    for r in 0..20 {
        let (staged, _) = replicate(&scenario, &scenario.runs[0], r);
        let (whole, _) = replicate(&scenario, &fixed, r);
        let n = staged.cohort.len();
        assert_eq!(staged.cohort.place[..], whole.cohort.place[..n]);
        assert_eq!(staged.cohort.assigned[..], whole.cohort.assigned[..n]);
        assert_eq!(staged.cohort.enrolled[..], whole.cohort.enrolled[..n]);
        assert_eq!(staged.cohort.events[0][..], whole.cohort.events[0][..n]);
    }
}
