//! The registry: its rows made, candidates enrolled from it, and their rates gathered.

use crate::{
    clock::Clock,
    conducted::{Conducted, REPLICATE},
    least,
};
use criterion::Criterion;
use shocktrial::{
    cohort::Cohort,
    trial::accrual::{AccrualLuck, Progress, Until},
};

pub fn bench(criterion: &mut Criterion<Clock>, shock: &Conducted) {
    const ROWS: u64 = 1 << 12;
    let mut group = least::group(criterion, "registry");
    group.throughput(least::units(ROWS as usize));
    let mut start = 0;
    group.bench_function("make rows", |bencher| {
        bencher.iter(|| {
            start += ROWS;
            shock.scenario.population.columns(start - ROWS..start).len()
        });
    });

    let (trial, pool) = (shock.trial(), &shock.scenario.pool);
    group.throughput(least::units(shock.patients()));
    let mut cohort = Cohort::default();
    let mut replicate = REPLICATE;
    group.bench_function("enrol", |bencher| {
        bencher.iter(|| {
            replicate += 1;
            let luck =
                AccrualLuck::new(&trial.accrual, &trial.course.circumstances, shock.scenario.seed, replicate);
            cohort.clear(0);
            let until = Until { patients: trial.patients, day: f64::INFINITY };
            let progress = &mut Progress::default();
            trial.accrual.enrol(&mut cohort, until, progress, &trial.enrolment, trial.loss_rate, &luck);
            cohort.len()
        });
    });
    let rows = &shock.workspace.cohort.row;
    group.bench_function("gather", |bencher| {
        bencher.iter(|| rows.iter().map(|&row| pool.patient(row).rates.iter().sum::<f64>()).sum::<f64>());
    });
    group.finish();
}
