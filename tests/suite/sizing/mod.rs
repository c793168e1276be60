//! Sizes searched by simulation against enumeration, formulas and the engine itself.

mod designs;
mod endpoints;
mod lakatos;

use crate::simulation::{blocks, everything, load, measures, prepare};
use shocktrial::{
    scenario::{self, Scenario},
    simulation::{Role, with_threads},
    sizing::{
        Asked, Find, Found, Goal, Ladder, Outcome, Question, Share, Sizes, Study, search, study,
        tables::Tables,
    },
    statistics::exact_power_of_chi_square,
    trial::{
        Trial, Workspace,
        pool::Pool,
        record::{Decision, Record},
    },
};

const BINARY: &str = "scenarios/peers/w1_binary.toml";

/// Two risks as in the smallest peer workload.
fn two_risks(control: f64, treatment: f64, allocation: &str) -> Scenario {
    let text = std::fs::read_to_string(crate::simulation::at(BINARY)).unwrap();
    let text = text
        .replace("risk = 0.49", &format!("risk = {control}"))
        .replace("such_that = { risk = 0.35,", &format!("such_that = {{ risk = {treatment},"))
        .replace("allocation = { ratio = { control = 1, treatment = 1 }, blocks = [2] }", allocation);
    let base = text.split("[[variant]]").next().unwrap();
    prepare(base)
}

fn power(target: f64, replicates: Option<u64>) -> Question {
    Question { goal: Goal::Power(target), find: Find::Patients, within: 0.015, replicates, months: None }
}

fn found(ladder: &dyn Ladder, replicates: u64, guess: usize) -> Found {
    let asked = Asked { target: 0.8, within: 0.015, replicates: Some(replicates), most: u64::MAX };
    match search(ladder, &asked, guess) {
        Outcome::Found(found) => *found,
        Outcome::OutOfReach(point) => panic!("{point:?}"),
    }
}

fn conducted(trial: &Trial, pool: &Pool, seed: u64, replicate: u64) -> Record {
    let (mut workspace, mut record) = (Workspace::default(), Record::default());
    trial.conduct(pool, seed, replicate, &trial.purposes(), &mut workspace, &mut record);
    record
}

/// Records as text: NaN is equal to itself there.
fn told(record: &Record) -> String {
    format!("{record:?}")
}

/// A trial of any size is the first patients of a larger one, row by row and bit by bit.
#[test]
fn a_smaller_trial_is_a_prefix() {
    let log_rank = load("scenarios/peers/w2_log_rank.toml", &[]);
    for scenario in [everything(), &log_rank] {
        let trial = &scenario.runs[0].trial;
        let sizes = [31, 90, 148, 200];
        let (mut workspace, mut record) = (Workspace::default(), Record::default());
        for replicate in 0..12 {
            let mut seen = 0;
            let purposes = trial.purposes();
            trial.conduct_at(
                &sizes,
                &scenario.pool,
                scenario.seed,
                replicate,
                &purposes,
                &mut workspace,
                &mut record,
                |place, record| {
                    let small = Trial { patients: sizes[place], ..trial.clone() };
                    let own = conducted(&small, &scenario.pool, scenario.seed, replicate);
                    assert_eq!(told(record), told(&own), "{} patients", sizes[place]);
                    seen += 1;
                },
            );
            assert_eq!(seen, sizes.len());
        }
    }
}

/// Seconds this thread has worked.
fn worked() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1e-9
}

/// A curve of ten sizes costs at most two and a half times its largest point, in processor time: the patients are
/// followed once. The least of a few goes, because other work disturbs.
#[test]
#[cfg(target_os = "linux")]
fn a_curve_of_ten_sizes_costs_little_more_than_its_largest() {
    let log_rank = load("scenarios/peers/w2_log_rank.toml", &[]);
    for scenario in [everything(), &log_rank] {
        let trial = scenario.runs[0].trial.decisive_only();
        let purposes = trial.purposes();
        let (mut workspace, mut record) = (Workspace::default(), Record::default());
        let ten: Vec<usize> = (1..=10).map(|k| 80 * k).collect();
        // Seconds a replicate takes, from enough of them for the clock.
        let mut cost = |sizes: &[usize]| {
            let (before, mut done) = (worked(), 0);
            while worked() - before < 0.1 {
                for replicate in done..done + 20 {
                    let (pool, seed) = (&scenario.pool, scenario.seed);
                    let found = |_: usize, _: &Record| ();
                    trial.conduct_at(
                        sizes,
                        pool,
                        seed,
                        replicate,
                        &purposes,
                        &mut workspace,
                        &mut record,
                        found,
                    );
                }
                done += 20;
            }
            (worked() - before) / done as f64
        };
        let least = |list: [f64; 3]| list.into_iter().fold(f64::INFINITY, f64::min);
        let curve = least(std::array::from_fn(|_| cost(&ten)));
        let point = least(std::array::from_fn(|_| cost(&ten[9..])));
        println!("{}: ten sizes {:.2} times one", scenario.title, curve / point);
        assert!(curve < 2.5 * point, "{}: {curve} s for ten sizes, {point} s for one", scenario.title);
    }
}

/// Every design can be sized: what a search counts at a size is what trials of that size decide, and a smaller trial
/// of a design that nests is the first patients of the larger one.
#[test]
fn every_design_is_sized_by_what_it_decides() {
    let (mut nesting, mut benefits, mut wrong) = (0, 0, Vec::new());
    for entry in std::fs::read_dir(crate::simulation::at("scenarios/designs")).unwrap() {
        let path = entry.unwrap().path();
        let changes = scenario::Changes {
            without_truths: true,
            runs: scenario::Wanted::BaseAlone,
            ..scenario::Changes::default()
        };
        let scenario = scenario::load(&path, &changes).unwrap_or_else(|why| panic!("{why}"));
        let (pool, seed) = (&scenario.pool, scenario.seed);
        let trial = &scenario.runs[0].trial;
        let unit = trial.allocation.ratio.iter().sum::<u32>() as usize;
        let sizes = [5, 8].map(|k| trial.patients * k / 10 / unit * unit);
        let search = Sizes::new(std::slice::from_ref(trial), pool, seed);
        let counted = search.by_trial(&sizes.map(|size| size / unit), 6);
        for (&size, share) in sizes.iter().zip(&counted[0]) {
            let small = Trial { patients: size, ..trial.clone() };
            let benefit = |replicate: &u64| {
                conducted(&small, pool, seed, *replicate).trial.unwrap().decision == Decision::Benefit
            };
            let decided = (0..6).filter(benefit).count() as u64;
            if *share != Share::of(decided, 6) {
                wrong.push(format!(
                    "{size} patients of {}: {share:?}, decided {decided} of 6",
                    path.display()
                ));
            }
            benefits += decided;
        }
        if !trial.nests() {
            continue;
        }
        nesting += 1;
        let (mut workspace, mut record) = (Workspace::default(), Record::default());
        let same = |place: usize, record: &Record| {
            let small = Trial { patients: sizes[place], ..trial.clone() };
            let own = conducted(&small, pool, seed, 0);
            assert_eq!(told(record), told(&own), "{} patients of {}", sizes[place], path.display());
        };
        let purposes = trial.purposes();
        trial.conduct_at(&sizes, pool, seed, 0, &purposes, &mut workspace, &mut record, same);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(nesting > 5 && benefits > 50, "{nesting} {benefits}");
}

/// Counting gives the decisions of the engine that follows each patient, for any allocation.
#[test]
fn counted_tables_are_the_engines() {
    let sizes = [6, 60, 122, 420];
    for allocation in [
        "allocation = { ratio = { control = 1, treatment = 1 }, blocks = [2] }",
        "allocation = { ratio = { control = 1, treatment = 1 }, blocks = [2, 4, 8] }",
        "allocation = { ratio = { control = 1, treatment = 2 }, blocks = [6] }",
        "allocation = { ratio = { control = 1, treatment = 1 } }",
    ] {
        let scenario = two_risks(0.49, 0.35, allocation);
        let trial = scenario.runs[0].trial.decisive_only();
        let tables = Tables::of(&trial, &scenario.pool).expect("patients who are all alike");
        let mut workspace = Workspace::default();
        let mut benefits = 0;
        for replicate in 0..150 {
            let mut counts = [0; 4];
            tables.reject(&sizes, scenario.seed, replicate, &mut workspace, &mut counts);
            for (&size, &count) in sizes.iter().zip(&counts) {
                let own = Trial { patients: size, ..trial.clone() };
                let record = conducted(&own, &scenario.pool, scenario.seed, replicate);
                let benefit = record.trial.unwrap().decision == Decision::Benefit;
                assert_eq!(count, u64::from(benefit), "{size} patients, replicate {replicate}");
                benefits += count;
            }
        }
        assert!(benefits > 100, "{benefits}");
    }
}

/// What cannot be counted is followed: bail-outs, times, losses, several events, registry patients.
#[test]
fn only_what_is_two_by_two_is_counted() {
    let scenario = load(BINARY, &[]);
    let of = |s: &Scenario, run: usize| Tables::of(&s.runs[run].trial, &s.pool).is_some();
    assert!(of(&scenario, 0));
    assert!(!of(&scenario, 1), "an arm changed from the start");
    assert!(!of(&load(BINARY, &[("trial.loss", "{ share = 0.1, by = \"30 days\" }")]), 0));
    assert!(!of(&load("scenarios/peers/w2_log_rank.toml", &[]), 0));
    assert!(!of(everything(), 0));
}

/// The smallest size from which the power of all tables stays at 0.8: 394 for 49 v 35 %, inside the
/// interval for three seeds; the formula says 388 and the plateau before it begins at 378.
#[test]
fn the_exact_size_is_covered_for_three_seeds() {
    for seed in ["1", "2", "3"] {
        let scenario = load(BINARY, &[("seed", seed)]);
        let study = study(&scenario, 0, &power(0.8, Some(100_000))).unwrap();
        let [lower, n, upper] = study.patients;
        assert!(lower <= 394 && 394 <= upper, "seed {seed}: {lower} {n} {upper}");
        assert!(upper - lower <= 24, "seed {seed}: {lower} {n} {upper}");
        assert_eq!(study.enumerated, Some(394));
        assert_eq!(study.closed_form.as_ref().unwrap().patients, 388);
        let [low, high] = study.more.1;
        assert!(high - low <= upper - lower && study.more.0 == 400_000);
    }
}

/// The same at 750,000 replicates, where the interval is at most 8 patients wide.
/// `cargo test --release --test suite -- --ignored the_exact_size_at_750_000`
#[test]
#[ignore = "seven seconds on two cores"]
fn the_exact_size_at_750_000_replicates() {
    for seed in ["1", "2", "3"] {
        let scenario = load(BINARY, &[("seed", seed)]);
        let started = std::time::Instant::now();
        let study = study(&scenario, 0, &power(0.8, Some(750_000))).unwrap();
        let [lower, n, upper] = study.patients;
        println!("seed {seed}: {n} ({lower} to {upper}) in {:.1} s", started.elapsed().as_secs_f64());
        assert!(lower <= 394 && 394 <= upper && upper - lower <= 8, "{lower} {n} {upper}");
    }
}

/// Smallest even size from which the enumerated power stays at or above the target.
fn exact_size(control: f64, treatment: f64, target: f64, around: usize) -> usize {
    let power = |n: usize| {
        let arm = n as u32 / 2;
        exact_power_of_chi_square((control, arm), (treatment, arm), 0.025, false)
    };
    // Power saws by less than its rise over a tenth of the size.
    let sizes: Vec<usize> = (around * 9 / 10..=around * 11 / 10 + 20).filter(|n| n % 2 == 0).collect();
    let last = sizes.iter().rposition(|&n| power(n) < target).expect("a size below the target");
    assert!(last + 4 < sizes.len());
    sizes[last + 1]
}

/// Ten pairs of risks, drawn by an own generator: the interval holds the enumerated size in nine at least.
#[test]
fn ten_pairs_of_risks_are_covered() {
    let mut state = 20_240_613_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut covered = 0;
    for _ in 0..10 {
        let control = ((0.3 + 0.4 * uniform()) * 1e4).round() / 1e4;
        let treatment = ((control - 0.12 - 0.12 * uniform()) * 1e4).round() / 1e4;
        let scenario = two_risks(
            control,
            treatment,
            "allocation = { ratio = { control = 1, treatment = 1 }, blocks = [2] }",
        );
        let trial = &scenario.runs[0].trial;
        let sizes = Sizes::new(std::slice::from_ref(trial), &scenario.pool, scenario.seed);
        let found = found(&sizes, 20_000, 150);
        let exact = exact_size(control, treatment, 0.8, found.rung * sizes.unit) / sizes.unit;
        covered += u32::from(found.lower <= exact && exact <= found.upper);
    }
    assert!(covered >= 9, "{covered} of 10");
}

/// The log-rank trial's size for 90 % power agrees with Lakatos' calculation, which follows both arms day
/// by day, within 1 % or the Monte Carlo interval.
#[test]
fn the_log_rank_size_agrees_with_an_independent_calculation() {
    let scenario = load("scenarios/peers/w2_log_rank.toml", &[]);
    let question = Question { within: 0.04, ..power(0.9, Some(4000)) };
    let study = study(&scenario, 0, &question).unwrap();
    let independent = lakatos::patients(0.585, 0.458, 180.0, 0.025, 0.9);
    let [lower, _, upper] = study.patients.map(|n| n as f64);
    assert!(lower <= 1.01 * independent && 0.99 * independent <= upper, "{independent} {study:?}");
    // Schoenfeld's number of events over the mean risk: 321 / 0.5215.
    assert!((612..=620).contains(&study.closed_form.unwrap().patients));
}

/// The same at a width of a patient or so: `cargo test --release --test suite -- --ignored log_rank_size_closely`
#[test]
#[ignore = "a minute on two cores"]
fn the_log_rank_size_closely() {
    let scenario = load("scenarios/peers/w2_log_rank.toml", &[]);
    let study = study(&scenario, 0, &power(0.9, Some(200_000))).unwrap();
    let independent = lakatos::patients(0.585, 0.458, 180.0, 0.025, 0.9);
    println!("{:?} against {independent:.1}", study.patients);
    let [lower, _, upper] = study.patients.map(|n| n as f64);
    assert!(lower <= 1.01 * independent && 0.99 * independent <= upper);
}

fn sized(scenario: &Scenario, question: &Question) -> Study {
    study(scenario, 0, question).unwrap_or_else(|why| panic!("{why}"))
}

/// The effect that a trial of the size found detects is the one it was sized for.
#[test]
fn the_detectable_effect_turns_the_size_round() {
    let scenario = load(BINARY, &[("trial.patients", "394")]);
    let question = Question { find: Find::Effect, ..power(0.8, Some(20_000)) };
    let study = sized(&scenario, &question);
    let [weakest, answer, strongest] = study.effects.unwrap();
    assert!(weakest.share <= 1.0 && 1.0 <= strongest.share, "{weakest:?} {strongest:?}");
    assert!((answer.risks[1] - 0.35).abs() < 0.01);
    assert_eq!(study.patients, [394; 3]);
}

/// With no doubt of the effect the assurance is the power, and with doubt it needs more patients.
#[test]
fn assurance_is_power_averaged_over_the_prior() {
    let sure = load(BINARY, &[("prior", "{ share_of_benefit = { mean = 1.0, sd = 1e-9 } }")]);
    let study = sized(&sure, &power(0.8, Some(20_000)));
    let assured = study.assured.unwrap().assurance();
    let power_there = study.what_if[0].power;
    let apart = (assured.value - power_there.value).abs();
    assert!(apart < 4.0 * assured.mcse.hypot(power_there.mcse), "{assured:?} {power_there:?}");
    let doubtful = load(BINARY, &[("prior", "{ share_of_benefit = { mean = 1.0, sd = 0.25 } }")]);
    let goal = Goal::Assurance(0.8);
    let n = sized(&doubtful, &Question { goal, ..power(0.8, Some(20_000)) }).patients[1];
    // By the normal approximation, with a the slope of z in the share: Φ((a − 1.96)/√(1 + 0.0625·a²)) = 0.8 at
    // a = 3.01, which is 2.80 at 394 patients and grows with their root: 455.
    assert!((430..=480).contains(&n), "{n}");
}

/// A part of a benefit is a part of the log hazard ratio, harms kept.
#[test]
fn half_the_benefit_is_half_the_log_hazard_ratio() {
    let half = load(BINARY, &[("arm.treatment.share_of_benefit", "0.5")]);
    let survival = |risk: f64| (1.0 - risk).ln();
    // The geometric mean of the two cumulative hazards.
    let hazard: f64 = (survival(0.49) * survival(0.35)).sqrt();
    assert!((half.truths[0].risks[1][0] - (1.0 - (-hazard).exp())).abs() < 1e-5);
}

/// Threads and what ran before change nothing.
#[test]
fn a_study_does_not_depend_on_threads() {
    let scenario = load(BINARY, &[]);
    let run = |threads| with_threads(Some(threads), || sized(&scenario, &power(0.8, Some(3000)))).unwrap();
    assert_eq!(run(1), run(3));
}

/// Shares from several trials have the error of strata.
#[test]
fn the_error_of_a_mean_of_strata_is_theirs() {
    let mean = Share::mean(&[Share::of(0, 100), Share::of(100, 100)]);
    assert_eq!((mean.value, mean.mcse), (0.5, 0.0));
}

/// A sweep of sizes shares one cohort and changes no row of any run.
#[test]
fn a_sweep_of_sizes_gives_the_rows_of_each_size_alone() {
    let base = STRATEGIES.split("[comparison]").next().unwrap();
    let swept = prepare(&format!("{base}\n[sweep]\n\"trial.patients\" = [100, 200, 260]\n"));
    let together = blocks(&swept, 0..20, 2);
    for (place, size) in [(1, "100"), (2, "200"), (3, "260")] {
        let alone = prepare(&base.replace("patients   = 300", &format!("patients   = {size}")));
        let own = blocks(&alone, 0..20, 1);
        for (together, own) in together.iter().zip(&own) {
            assert_eq!(format!("{:?}", together.runs[place]), format!("{:?}", own.runs[0]), "{size}");
        }
    }
}

const STRATEGIES: &str = r#"
title      = "Strategies"
replicates = 600
seed       = 8

[population]
registry = "../populations/cardiogenic_shock.toml"
eligible = ["cause = ami", "lactate_mmol_per_l > 3"]

[arm.control]
label = "Usual care"

[arm.pump]
label = "Pump"
effect.death_from_shock = { hazard_ratio = 0.5, within = "ventricular_phenotype = lv_dominant" }

[endpoint.death_30d]
any_of = ["death"]
by     = "30 days"

[estimand.primary]
endpoint = "death_30d"
compare  = { treatment = "pump", control = "control" }
summary  = "risk_ratio"

[trial]
patients   = 300
allocation = { ratio = { pump = 1, control = 1 }, blocks = [4] }
follow_up  = "30 days"
design     = { fixed = { alpha = { two_sided = 0.05 } } }

[comparison]
strategies = ["left ventricle"]

[[variant]]
name = "left ventricle"
set."population.eligible" = ["cause = ami", "lactate_mmol_per_l > 3", "ventricular_phenotype = lv_dominant"]

[[variant]]
name = "not comatose"
takes_away = true
set."population.eligible" = ["cause = ami", "lactate_mmol_per_l > 3", "not comatose"]

[[variant]]
name = "complications do not kill"
takes_away = true
set."population.excess_after_complications" = 0.0
"#;

/// At equal screening a strategy enrols the share of the base that it accepts; parts are taken away together;
/// the effect is drawn from the prior.
#[test]
fn runs_nobody_wrote_stand_beside_those_that_were() {
    let scenario = prepare(STRATEGIES);
    let names: Vec<&str> = scenario.runs.iter().map(|r| r.variant.as_str()).collect();
    assert_eq!(
        names,
        [
            "",
            "left ventricle",
            "not comatose",
            "complications do not kill",
            "not comatose + complications do not kill",
            "left ventricle, equal screening",
            "base case, no effect",
            "left ventricle, no effect",
            "effect from the prior"
        ]
    );
    let role = |run: usize| &scenario.runs[run].role;
    assert_eq!(
        (role(2), role(3), role(4)),
        (&Role::TakenAway(1), &Role::TakenAwayAlone, &Role::TakenAway(2))
    );
    assert_eq!(
        (role(5), role(6), role(7)),
        (&Role::EqualScreening(1), &Role::NoEffect(0), &Role::NoEffect(1))
    );
    assert!(scenario.runs[7].is_without_effects_of(&scenario.runs[1]) && scenario.runs[7].null);
    assert_eq!((scenario.texts.len(), scenario.recipes.len(), scenario.truths.len()), (9, 9, 9));
    let taken = |run: usize| scenario.runs[run].trial.enrolment.probability.iter().sum::<f64>();
    let patients = scenario.runs[5].trial.patients as f64;
    assert!((patients - 300.0 * taken(1) / taken(0)).abs() <= 1.0);
    let found = measures(&scenario, None);
    let screened = |run: u32| found.get(run, "", "", "screened").value;
    assert!((screened(6) / screened(1) - 1.0).abs() < 0.02 && screened(2) > 1.2 * screened(1));
    let power = found.get(1, "primary", "", "power").value;
    let assurance = found.get(9, "primary", "", "assurance");
    assert!(assurance.value < power, "{power} {assurance:?}");
    let likely = found.get(9, "primary", "", "assurance_from_likely");
    assert!((0.0..=1.0).contains(&likely.value) && likely.replicates < 600);
}

/// A strategy that is not there, or stands twice, and costs below 0 are said.
#[test]
fn a_comparison_that_cannot_be_is_said() {
    let said = |from: &str, to: &str| {
        let text = STRATEGIES.replace(from, to);
        let source = std::sync::Arc::new(shocktrial::error::Source { name: "test.toml".into(), text });
        let folder = crate::simulation::at("scenarios/published");
        let changes = shocktrial::scenario::Changes::default();
        shocktrial::scenario::prepare(&source, &folder, &changes).unwrap_err().to_string()
    };
    let slip = said("strategies = [\"left ventricle\"]", "strategies = [\"left ventrical\"]");
    assert!(slip.contains("there is no variant “left ventrical”; did you mean “left ventricle”?"), "{slip}");
    let twice = said("strategies = [\"left", "strategies = [\"left ventricle\", \"left");
    assert!(twice.contains("“left ventricle” stands here twice"), "{twice}");
    let cost = said("[comparison]", "[comparison]\ncost = { screened = -4 }");
    assert!(cost.contains("-4 is not a cost; write 0 or more"), "{cost}");
    let sd = said("seed       = 8", "seed = 8\nprior = { share_of_benefit = { mean = 0.5, sd = 0.0 } }");
    assert!(sd.contains("0 is not a standard deviation; it has to be above 0"), "{sd}");
}

/// The base and one variant that takes everybody out of the right population: a rule that cannot be read is said
/// where it stands.
#[test]
fn whom_it_is_right_to_treat_is_a_rule() {
    let text =
        STRATEGIES.replace("[comparison]", "[comparison]\nright = \"ventricular_phenotyp = lv_dominant\"");
    let source = std::sync::Arc::new(shocktrial::error::Source { name: "test.toml".into(), text });
    let folder = crate::simulation::at("scenarios/published");
    let said = shocktrial::scenario::prepare(&source, &folder, &shocktrial::scenario::Changes::default());
    let said = said.unwrap_err().to_string();
    assert!(said.contains("ventricular_phenotyp") && said.contains("test.toml:"), "{said}");
    let scenario = prepare(
        &STRATEGIES.replace("[comparison]", "[comparison]\nright = \"ventricular_phenotype = lv_dominant\""),
    );
    let right = |run: usize| scenario.right[run].as_ref();
    let (base, narrow) = (right(0).unwrap(), right(1).unwrap());
    assert!(base == narrow && right(2).is_none());
    let enrolled = &scenario.runs[1].trial.enrolment.probability;
    assert!(enrolled.iter().zip(narrow).all(|(p, right)| *p == 0.0 || *right));
    assert!(base.iter().any(|right| !right));
}

/// With a trend in mortality the days on which patients come are those of the size: what a search or a strategy
/// makes of a trial is what the scenario would have made of it.
#[test]
fn a_trial_of_another_size_comes_on_other_days() {
    let changes = |set: &[(&str, &str)]| scenario::Changes {
        set: set.iter().map(|(path, value)| (path.to_string(), value.to_string())).collect(),
        without_truths: true,
        runs: scenario::Wanted::BaseAlone,
        ..scenario::Changes::default()
    };
    let path = crate::simulation::at("scenarios/designs/sites_and_consent.toml");
    let trial = |set| scenario::load(&path, &changes(set)).unwrap().runs[0].trial.clone();
    let (own, half) = (trial(&[]), trial(&[("trial.patients", "200")]));
    assert!(own.course.circumstances.trend != 0.0 && own.patients != 200);
    assert_ne!(own.course.circumstances.days, half.course.circumstances.days);
    assert_eq!(own.at_size(200), half);
}
