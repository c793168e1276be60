//! Trials of 100 to 100 000 patients: what a patient costs.

use crate::{SCENARIOS, clock::Clock, least};
use criterion::{BenchmarkId, Criterion};
use shocktrial::simulation::{Plan, Run};

pub fn bench(criterion: &mut Criterion<Clock>) {
    let mut group = least::group(criterion, "patients");
    for (name, scenario) in &SCENARIOS {
        for patients in [100, 1_000, 10_000, 100_000] {
            group.throughput(least::units(patients));
            group.bench_function(BenchmarkId::new(*name, patients), |bencher| {
                let mut run = [Run { replicates: u64::MAX, ..scenario.runs[0].clone() }];
                run[0].trial.patients = patients;
                let plan = Plan { runs: &run, pool: &scenario.pool, seed: scenario.seed };
                let (mut worker, mut next) = (plan.worker(), 0);
                bencher.iter(|| {
                    next += 1;
                    worker.block(next - 1..next)
                });
            });
        }
    }
    group.finish();
}
