//! Scenarios simulated in memory, for every room's tests.

use shocktrial::{
    error::{Result, Source},
    operating::{Fold, Measure, Truth},
    scenario::{self, Changes, Scenario},
    simulation::{Block, Plan, Run, Sink, with_threads},
    trial::{Workspace, record::Record},
};
use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

/// A path from the project's folder.
pub fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A scenario of the repository.
pub fn load(path: &str, set: &[(&str, &str)]) -> Scenario {
    let set = set.iter().map(|(path, value)| (path.to_string(), value.to_string())).collect();
    scenario::load(&at(path), &Changes { set, ..Changes::default() })
        .unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A scenario given as text; population files are found from `scenarios/published`.
pub fn prepare(text: &str) -> Scenario {
    let source = Arc::new(Source { name: "test.toml".into(), text: text.into() });
    scenario::prepare(&source, &at("scenarios/published"), &Changes::default())
        .unwrap_or_else(|e| panic!("{e}"))
}

/// A trial with everything the engine does at once; small, so that it can be run often.
pub const EVERYTHING: &str = include_str!("everything.toml");

/// [`EVERYTHING`], prepared once for all tests.
pub fn everything() -> &'static Scenario {
    static ONCE: OnceLock<Scenario> = OnceLock::new();
    ONCE.get_or_init(|| prepare(EVERYTHING))
}

/// The run of a variant; the base is called "".
pub fn run<'a>(scenario: &'a Scenario, variant: &str) -> &'a Run {
    scenario
        .runs
        .iter()
        .find(|r| r.variant == variant && r.sweep.is_empty())
        .expect("a variant of the scenario")
}

/// The truths of all runs as the fold wants them.
pub fn truths(scenario: &Scenario) -> Vec<Vec<Vec<Truth>>> {
    let of = |(slices, errors): (&Vec<f64>, &Vec<f64>)| {
        slices.iter().zip(errors).map(|(&value, &mcse)| Truth { value, mcse }).collect()
    };
    scenario.truths.iter().map(|t| t.estimands.iter().zip(&t.errors).map(of).collect()).collect()
}

/// A sink that keeps what it is given.
#[derive(Default)]
pub struct Kept(pub Vec<Block>);

impl Sink for Kept {
    fn take(&mut self, block: &Block) -> Result<()> {
        self.0.push(block.clone());
        Ok(())
    }
}

struct Folded(Fold);

impl Sink for Folded {
    fn take(&mut self, block: &Block) -> Result<()> {
        self.0.add(block);
        Ok(())
    }
}

/// The blocks of a range of replicates.
pub fn blocks(scenario: &Scenario, range: Range<u64>, threads: usize) -> Vec<Block> {
    let plan = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed };
    let mut kept = Kept::default();
    let never = AtomicBool::new(false);
    with_threads(Some(threads), || plan.simulate(range, &never, &mut kept)).unwrap().unwrap();
    kept.0
}

/// Every operating characteristic of a scenario at its own number of replicates, or at most `most`.
pub fn measures(scenario: &Scenario, most: Option<u64>) -> Measures {
    let plan = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed };
    let mut sink = Folded(Fold::new(&scenario.runs, truths(scenario)));
    let range = 0..plan.replicates().min(most.unwrap_or(u64::MAX));
    let never = AtomicBool::new(false);
    with_threads(None, || plan.simulate(range, &never, &mut sink)).unwrap().unwrap();
    Measures(sink.0.measures(&scenario.runs))
}

/// As [`measures`], of `replicates` in every run, whatever the scenario says.
pub fn measures_of(scenario: &mut Scenario, replicates: u64) -> Measures {
    scenario.runs.iter_mut().for_each(|run| run.replicates = replicates);
    measures(scenario, None)
}

/// Operating characteristics, to be asked for by name.
pub struct Measures(pub Vec<Measure>);

impl Measures {
    /// A measure of a whole comparison at the trial's end, or by arm.
    pub fn get(&self, run: u32, estimand: &str, arm: &str, measure: &str) -> &Measure {
        self.0
            .iter()
            .find(|m| {
                m.run == run
                    && m.estimand == estimand
                    && m.arm == arm
                    && m.measure == measure
                    && m.population == "all"
                    && m.look.is_none()
            })
            .unwrap_or_else(|| panic!("no {measure} of {estimand} in {arm} of run {run}"))
    }
}

/// Holds a measure against a known value: four Monte Carlo errors and what the value itself leaves open.
#[track_caller]
pub fn agrees(measure: &Measure, expected: f64, slack: f64) {
    let away = (measure.value - expected).abs();
    let most = 4.0 * measure.mcse + slack;
    assert!(
        away <= most,
        "{} of {} {}: {} ± {}, expected {expected}, {away} away, {most} allowed",
        measure.measure,
        measure.estimand,
        measure.arm,
        measure.value,
        measure.mcse
    );
}

/// Holds a share of replicates against an exact chance: four errors of that chance, so that what never happened and
/// hardly ever should is right.
#[track_caller]
pub fn has_chance(measure: &Measure, chance: f64) {
    let error = (chance * (1.0 - chance) / measure.replicates as f64).sqrt();
    let away = (measure.value - chance).abs();
    assert!(
        away <= 4.0 * error + f64::EPSILON,
        "{} of {} {}: {}, expected {chance} ± {error}",
        measure.measure,
        measure.estimand,
        measure.arm,
        measure.value
    );
}

/// One replicate of a run, with its patients.
pub fn replicate(scenario: &Scenario, run: &Run, replicate: u64) -> (Workspace, Record) {
    let (mut workspace, mut record) = (Workspace::default(), Record::default());
    let purposes = run.trial.purposes();
    run.trial.conduct(&scenario.pool, scenario.seed, replicate, &purposes, &mut workspace, &mut record);
    (workspace, record)
}
