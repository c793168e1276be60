//! The log-rank test: times sorted, risk sets counted, sums; beside it the plain twin.

use crate::{clock::Clock, conducted::Conducted, cox::groups, least};
use criterion::Criterion;
use shocktrial::statistics::{SortedExits, TimeOrder, TwoGroupTable, Weight, log_rank};

pub fn bench(criterion: &mut Criterion<Clock>, shock: &Conducted) {
    let seen = shock.observed(&shock.looks()[0], shock.estimand(true));
    let group_of = groups(shock);
    let mut group = least::group(criterion, "log-rank");
    group.throughput(least::units(shock.patients()));
    let mut order = TimeOrder::new();
    group.bench_function("sort", |bencher| {
        bencher.iter(|| order.sort(&seen.time, |i| seen.event[i]).len());
    });
    let sorted = order.sort(&seen.time, |_| true).to_vec();
    let exits = SortedExits { order: &sorted, time: &seen.time, event: &seen.event, group: &group_of };
    let mut table = TwoGroupTable::new();
    group.bench_function("count", |bencher| {
        bencher.iter(|| {
            table.tally(exits);
            table.rows().len()
        });
    });
    group.bench_function("test", |bencher| bencher.iter(|| table.log_rank_sums()));
    group.bench_function("plain twin", |bencher| {
        bencher.iter(|| log_rank(&seen.time, &seen.event, &group_of, None, Weight::Constant));
    });
    group.finish();
}
