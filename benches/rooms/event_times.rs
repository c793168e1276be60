//! Event times: the course of each patient of a trial.

use crate::{clock::Clock, conducted::Conducted, least};
use criterion::Criterion;
use shocktrial::{
    outcome::course::{Batch, Luck},
    random::Purpose,
};

pub fn bench(criterion: &mut Criterion<Clock>, trials: &[(&str, &Conducted)]) {
    let mut group = least::group(criterion, "event times");
    for (name, conducted) in trials {
        let (trial, pool) = (conducted.trial(), &conducted.scenario.pool);
        let events = trial.course.event_purposes();
        let arms: Vec<Purpose> = trial.arms.iter().map(|arm| Purpose::bail_out(&arm.name)).collect();
        let mut cohort = conducted.workspace.cohort.clone();
        let (mut luck, mut batch, mut replicate) = (Luck::default(), Batch::default(), 0);
        group.throughput(least::units(cohort.len()));
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                replicate += 1;
                luck.move_to(conducted.scenario.seed, replicate, &events, &arms);
                cohort.received.clear();
                cohort.bailed_out.clear();
                cohort.bailed_out_to.clear();
                cohort.events.iter_mut().for_each(Vec::clear);
                trial.course.follow(&mut cohort, 0, &luck, &mut batch, |row| pool.patient(row));
                cohort.events[0][0]
            });
        });
    }
    group.finish();
}
