//! One thread, two, and as many as there are processors: the CPU time of all of them together.
//!
//! On a machine that is not idle, the wall cannot show how threads scale; CPU time per trial that does not
//! rise with threads says that they do not wait for each other.

use crate::{SCENARIOS, clock::Clock, least};
use criterion::{BenchmarkId, Criterion};
use shocktrial::{
    error::Result,
    simulation::{BLOCK, Block, Plan, Run, Sink, with_threads},
};
use std::sync::atomic::AtomicBool;

/// Takes blocks and keeps none.
struct Nowhere(u64);

impl Sink for Nowhere {
    fn take(&mut self, block: &Block) -> Result<()> {
        self.0 += block.runs[0].rows.len() as u64;
        Ok(())
    }
}

pub fn bench(criterion: &mut Criterion<Clock>) {
    const REPLICATES: u64 = 40 * BLOCK;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut numbers = vec![1, 2, processors];
    numbers.sort_unstable();
    numbers.dedup();
    let mut group = least::group(criterion, "threads");
    group.throughput(least::units(REPLICATES as usize));
    for (name, scenario) in &SCENARIOS {
        for &threads in &numbers {
            group.bench_function(BenchmarkId::new(*name, threads), |bencher| {
                let run = [Run { replicates: REPLICATES, ..scenario.runs[0].clone() }];
                let plan = Plan { runs: &run, pool: &scenario.pool, seed: scenario.seed };
                let simulate = || {
                    let mut rows = Nowhere(0);
                    plan.simulate(0..REPLICATES, &AtomicBool::new(false), &mut rows)
                        .expect("nothing stops it");
                    rows.0
                };
                // The pool is kept; to start threads is not what is asked.
                with_threads(Some(threads), || bencher.iter(simulate)).expect("threads start");
            });
        }
    }
    group.finish();
}
