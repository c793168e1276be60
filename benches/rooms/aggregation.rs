//! Rows to operating characteristics.

use crate::{clock::Clock, conducted::Conducted, least};
use criterion::Criterion;
use shocktrial::{
    operating::{Fold, Truth, Truths, slices},
    simulation::{BLOCK, Block, Plan},
    trial::Trial,
};

pub fn bench(criterion: &mut Criterion<Clock>, shock: &Conducted) {
    let runs = &shock.scenario.runs[..1];
    let block = block(shock);
    let empty = Fold::new(runs, vec![unknown(shock.trial())]);
    let mut group = least::group(criterion, "aggregation");
    group.throughput(least::units(BLOCK as usize));
    group.bench_function("add a block", |bencher| {
        bencher.iter(|| {
            let mut fold = empty.clone();
            fold.add(&block);
            fold
        });
    });
    let mut fold = empty.clone();
    for _ in 0..40 {
        fold.add(&block);
    }
    group.throughput(least::units(40 * BLOCK as usize));
    group.bench_function("measures of 10 000 trials", |bencher| bencher.iter(|| fold.measures(runs).len()));
    group.finish();
}

/// The rows of a block of trials.
pub fn block(shock: &Conducted) -> Block {
    let runs = &shock.scenario.runs[..1];
    let plan = Plan { runs, pool: &shock.scenario.pool, seed: shock.scenario.seed };
    plan.worker().block(0..BLOCK)
}

/// Truths that nobody has computed.
fn unknown(trial: &Trial) -> Truths {
    let none = Truth { value: f64::NAN, mcse: f64::NAN };
    (0..trial.estimands.len()).map(|e| vec![none; slices(trial, e).len()]).collect()
}
