//! Cox's model: the fit to the counts of two groups, beside the general one.

use crate::{clock::Clock, conducted::Conducted, least};
use criterion::Criterion;
use shocktrial::{
    analysis::comparison,
    statistics::{CoxData, RiskSets, SortedExits, Ties, TwoGroupTable, cox, sort_by_time},
};

pub fn bench(criterion: &mut Criterion<Clock>, shock: &Conducted) {
    let seen = shock.observed(&shock.looks()[0], shock.estimand(true));
    let group_of = groups(shock);
    let compared: Vec<usize> = (0..group_of.len()).filter(|&i| group_of[i] <= 1).collect();
    let mut order = Vec::new();
    sort_by_time(&seen.time, &mut order);
    let mut table = TwoGroupTable::new();
    table.tally(SortedExits { order: &order, time: &seen.time, event: &seen.event, group: &group_of });
    let mut group = least::group(criterion, "cox");
    group.throughput(least::units(shock.patients()));
    let mut sets = RiskSets::default();
    group.bench_function("from counts", |bencher| bencher.iter(|| table.cox_with(&mut sets)));
    let time: Vec<f64> = compared.iter().map(|&i| seen.time[i]).collect();
    let event: Vec<bool> = compared.iter().map(|&i| seen.event[i]).collect();
    let arm: Vec<f64> = compared.iter().map(|&i| f64::from(group_of[i])).collect();
    group.bench_function("plain twin", |bencher| {
        bencher.iter(|| cox(CoxData::new(&time, &event, &[&arm]), Ties::Efron));
    });
    group.finish();
}

/// The arms compared as the statistics want them.
pub fn groups(conducted: &Conducted) -> Vec<u8> {
    let estimand = &conducted.trial().estimands[conducted.estimand(true)];
    let mut group = Vec::new();
    let assigned = &conducted.workspace.cohort.assigned;
    comparison::sides(assigned, estimand.treatment, estimand.control, &mut group);
    group
}
