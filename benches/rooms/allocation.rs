//! Allocation: an arm for each patient.

use crate::{clock::Clock, conducted::Conducted, least};
use criterion::Criterion;
use shocktrial::trial::allocation::{Allocation, Blocks};

pub fn bench(criterion: &mut Criterion<Clock>, trials: &[(&str, &Conducted)]) {
    let mut group = least::group(criterion, "allocation");
    for (name, conducted) in trials {
        let allocation = &conducted.trial().allocation;
        let mut cohort = conducted.workspace.cohort.clone();
        let (mut blocks, mut replicate) = (Blocks::default(), 0);
        group.throughput(least::units(cohort.len()));
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                replicate += 1;
                cohort.assigned.clear();
                allocation.start(&mut blocks);
                let luck = Allocation::luck(conducted.scenario.seed, replicate);
                allocation.randomise(&mut cohort, 0, &allocation.ratio, &mut blocks, &luck);
                cohort.assigned.len()
            });
        });
    }
    group.finish();
}
