//! A power curve of ten sizes, beside its last point alone.

use crate::{SCENARIOS, clock::Clock, least};
use criterion::Criterion;
use shocktrial::simulation::{BLOCK, Plan, Run};

/// The largest size; the others are tenths of it.
const PATIENTS: usize = 560;

pub fn bench(criterion: &mut Criterion<Clock>) {
    let mut group = least::group(criterion, "curve");
    for (name, scenario) in &SCENARIOS {
        for (points, label) in [(1, "one point"), (10, "ten points")] {
            group.throughput(least::units(BLOCK as usize));
            group.bench_function(format!("{name}/{label}"), |bencher| {
                let runs: Vec<Run> = (1..=points)
                    .map(|point| {
                        let mut run = scenario.runs[0].clone();
                        run.trial.patients = PATIENTS * point / points;
                        Run { number: point as u32, replicates: u64::MAX, ..run }
                    })
                    .collect();
                let plan = Plan { runs: &runs, pool: &scenario.pool, seed: scenario.seed };
                let (mut worker, mut next) = (plan.worker(), 0);
                bencher.iter(|| {
                    next += BLOCK;
                    worker.block(next - BLOCK..next)
                });
            });
        }
    }
    group.finish();
}
