//! Two risks: patients counted, and the table compared.

use crate::{clock::Clock, conducted::Conducted, least, subgroups::sides};
use criterion::Criterion;
use shocktrial::analysis::{
    comparison::{compare_risks, count},
    slices::{Among, Slices},
};

pub fn bench(criterion: &mut Criterion<Clock>, shock: &Conducted) {
    let trial = shock.trial();
    let cohort = &shock.workspace.cohort;
    let index = shock.estimand(false);
    let estimand = &trial.estimands[index];
    let seen = shock.observed(&shock.looks()[0], index);
    let by = trial.endpoints[estimand.endpoint].by;
    let sides = sides(estimand, shock.patients());
    let mut group = least::group(criterion, "two by two");
    group.throughput(least::units(shock.patients()));
    let mut slices = Slices::default();
    group.bench_function("count and compare", |bencher| {
        bencher.iter(|| {
            slices.look(&cohort.row, std::iter::empty());
            slices.choose(sides, &cohort.assigned, &seen, by);
            slices.compare(&seen, estimand.method, by, None, Among::Everybody)
        });
    });
    let table = count(&seen, slices.group(), |i| seen.known[i]);
    group.bench_function("compare", |bencher| {
        bencher.iter(|| compare_risks(std::hint::black_box(table), estimand.method));
    });
    group.finish();
}
