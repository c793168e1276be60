//! Same seed and replicate, same row: whatever the threads, the range, the stop, the variant.

use super::{Kept, blocks, everything, replicate, run};
use shocktrial::{
    error::{Error, Result},
    operating::Fold,
    report::tables::{counts_frame, replicates_frame},
    scenario::Scenario,
    simulation::{BLOCK, Block, Plan, Sink},
    trial::record::Decision,
};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

/// Everything the blocks say, to the last bit: numbers print so that they can be read back exactly.
fn decoded(scenario: &Scenario, blocks: &[Block]) -> String {
    let rows: Vec<String> = blocks
        .iter()
        .flat_map(|block| {
            block.replicates.clone().enumerate().flat_map(|(i, replicate)| {
                block.runs.iter().filter(move |run| i < run.ends.len()).map(move |run| {
                    let start = if i == 0 { 0 } else { run.ends[i - 1] };
                    format!("{replicate} {:?} {:?}", &run.rows[start..run.ends[i]], run.trials[i])
                })
            })
        })
        .collect();
    assert!(!rows.is_empty() && scenario.runs.len() == blocks[0].runs.len());
    rows.join("\n")
}

fn measured(scenario: &Scenario, blocks: &[Block]) -> String {
    let mut fold = Fold::new(&scenario.runs, super::truths(scenario));
    blocks.iter().for_each(|block| fold.add(block));
    format!("{:?}", fold.measures(&scenario.runs))
}

#[test]
fn threads_change_nothing() {
    let scenario = everything();
    let one = blocks(scenario, 0..600, 1);
    for threads in [2, 3] {
        let more = blocks(scenario, 0..600, threads);
        assert!(decoded(scenario, &one) == decoded(scenario, &more), "{threads} threads give other rows");
        assert!(
            measured(scenario, &one) == measured(scenario, &more),
            "{threads} threads give other measures"
        );
    }
}

/// Cuts on and off the edges of blocks.
#[test]
fn shards_joined_are_the_whole() {
    let scenario = everything();
    let whole = blocks(scenario, 0..600, 2);
    for cuts in [vec![0, 250, 600], vec![0, 1, 249, 251, 500, 599, 600], vec![0, 333, 600]] {
        let shards: Vec<Block> = cuts.windows(2).flat_map(|w| blocks(scenario, w[0]..w[1], 2)).collect();
        assert!(decoded(scenario, &whole) == decoded(scenario, &shards), "cut at {cuts:?}: other rows");
        assert!(measured(scenario, &whole) == measured(scenario, &shards), "cut at {cuts:?}: other measures");
        let table = |blocks: &[Block]| replicates_frame(blocks, &scenario.runs).unwrap();
        assert!(table(&whole).equals_missing(&table(&shards)), "cut at {cuts:?}: another table");
        let table = |blocks: &[Block]| counts_frame(blocks, &scenario.runs).unwrap();
        assert!(table(&whole).equals_missing(&table(&shards)), "cut at {cuts:?}: other counts");
    }
}

/// Stops after some blocks.
struct Stopper<'a> {
    kept: Kept,
    after: usize,
    stop: &'a AtomicBool,
}

impl Sink for Stopper<'_> {
    fn take(&mut self, block: &Block) -> Result<()> {
        self.kept.take(block)?;
        if self.kept.0.len() == self.after {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[test]
fn a_stop_is_obeyed_between_blocks_and_what_was_handed_over_stays() {
    let scenario = everything();
    let whole = blocks(scenario, 0..600, 2);
    let plan = Plan { runs: &scenario.runs, pool: &scenario.pool, seed: scenario.seed };
    for after in [1, 2] {
        let stop = AtomicBool::new(false);
        let mut sink = Stopper { kept: Kept::default(), after, stop: &stop };
        let outcome = plan.simulate(0..600, &stop, &mut sink);
        assert!(matches!(outcome, Err(Error::Interrupted)));
        assert_eq!(sink.kept.0.len(), after);
        let mut all = sink.kept.0;
        all.extend(blocks(scenario, after as u64 * BLOCK..600, 2));
        assert!(decoded(scenario, &whole) == decoded(scenario, &all));
    }
}

/// The first 200 patients of 420 are the 200 of the shorter trial, with the same arms and the same course.
#[test]
fn a_shorter_trial_is_a_prefix() {
    let scenario = everything();
    for k in 0..20 {
        let (long, _) = replicate(scenario, run(scenario, ""), k);
        let (short, _) = replicate(scenario, run(scenario, "shorter"), k);
        let (long, short) = (&long.cohort, &short.cohort);
        assert_eq!((long.len(), short.len()), (420, 200));
        assert_eq!(long.place[..200], short.place);
        assert_eq!(long.row[..200], short.row);
        assert_eq!(long.site[..200], short.site);
        assert_eq!(long.enrolled[..200], short.enrolled);
        assert_eq!(long.assigned[..200], short.assigned);
        assert_eq!(long.received[..200], short.received);
        assert_eq!(long.bailed_out[..200], short.bailed_out);
        assert_eq!(long.lost[..200], short.lost);
        for (long, short) in long.events.iter().zip(&short.events) {
            assert_eq!(long[..200], *short);
        }
    }
}

/// The trial without comatose patients screens the same stream: whoever both enrol is the same patient,
/// and where both give him the same arm he has the same days; whoever only one enrols is comatose.
#[test]
fn variants_share_patients() {
    let scenario = everything();
    let comatose = scenario.population.dictionary().index("comatose").expect("a covariate");
    let mut shared = 0;
    for k in 0..20 {
        let (wide, _) = replicate(scenario, run(scenario, ""), k);
        let (narrow, _) = replicate(scenario, run(scenario, "not comatose"), k);
        let (wide, narrow) = (&wide.cohort, &narrow.cohort);
        let of: HashMap<u64, usize> = wide.place.iter().enumerate().map(|(i, &place)| (place, i)).collect();
        let end = *wide.place.last().unwrap();
        for (j, place) in narrow.place.iter().enumerate().filter(|(_, place)| **place <= end) {
            let i = *of.get(place).expect("whoever the narrow trial enrols the wide one has enrolled");
            assert_eq!((wide.row[i], wide.lost[i]), (narrow.row[j], narrow.lost[j]));
            if wide.assigned[i] == narrow.assigned[j] {
                shared += 1;
                assert_eq!(wide.received[i], narrow.received[j]);
                assert_eq!(wide.bailed_out[i], narrow.bailed_out[j]);
                let days = |events: &[Vec<f64>], i: usize| events.iter().map(|e| e[i]).collect::<Vec<_>>();
                assert_eq!(days(&wide.events, i), days(&narrow.events, j));
            }
        }
        let kept: Vec<u64> = narrow.place.clone();
        for (i, place) in wide.place.iter().enumerate() {
            let recorded = scenario.population.dictionary().list[comatose].recorded.unwrap_or(comatose);
            let is = scenario.pool.columns.data[recorded][wide.row[i] as usize] == 1.0;
            assert_eq!(!is, kept.contains(place), "place {place}");
        }
    }
    assert!(shared > 1000, "{shared} patients shared are too few to show anything");
}

/// Without effects the sides of a comparison are names: swapping them turns every sign and changes nothing else.
#[test]
fn swapping_the_sides_of_the_null_turns_the_sign() {
    let scenario = everything();
    let place = |name: &str| scenario.runs.iter().position(|r| r.variant == name).unwrap();
    let (a, b) = (place("null"), place("null, sides swapped"));
    let turned = |d: Decision| match d {
        Decision::Benefit => Decision::Harm,
        Decision::Harm => Decision::Benefit,
        other => other,
    };
    let close = |x: f64, y: f64| (x.is_nan() && y.is_nan()) || (x - y).abs() < 1e-9;
    let mut significant = 0;
    for block in blocks(scenario, 0..250, 2) {
        let names: Vec<&str> = scenario.runs[a].trial.estimands.iter().map(|e| e.name.as_str()).collect();
        for (x, y) in block.runs[a].rows.iter().zip(&block.runs[b].rows) {
            let whole = matches!(names[usize::from(x.estimand)], "primary" | "time");
            if !whole || matches!(x.slice, shocktrial::trial::record::Slice::Interaction(_)) {
                continue;
            }
            let (p, q) = (&x.comparison, &y.comparison);
            assert_eq!((p.n_treatment, p.events_treatment), (q.n_control, q.events_control));
            assert!(close(p.estimate, -q.estimate), "{p:?} {q:?}");
            assert!(close(p.statistic, -q.statistic), "{p:?} {q:?}");
            assert!(close(p.lower, -q.upper) && close(p.se, q.se));
            assert_eq!(x.decision, turned(y.decision));
            significant += u32::from(x.decision != Decision::None);
        }
    }
    assert!(significant > 10);
}
