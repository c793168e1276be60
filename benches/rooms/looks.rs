//! Looks: what is known of each patient on the day the data are cut, at all looks of a trial.

use crate::{clock::Clock, conducted::Conducted, least};
use criterion::Criterion;
use shocktrial::outcome::endpoint::Observed;

pub fn bench(criterion: &mut Criterion<Clock>, looking: &Conducted) {
    let (trial, cohort) = (looking.trial(), &looking.workspace.cohort);
    let looks = looking.looks();
    let endpoint = &trial.endpoints[trial.estimands[0].endpoint];
    let mut group = least::group(criterion, "looks");
    group.throughput(least::units(looks.iter().map(|look| look.patients).sum()));
    let (mut followed, mut seen) = (Vec::new(), Observed::default());
    group.bench_function("cut and observe", |bencher| {
        bencher.iter(|| {
            for look in looks {
                trial.cut(look, cohort, &mut followed);
                trial.observe(endpoint, look, cohort, &followed, &mut seen);
            }
            seen.time[0]
        });
    });
    group.finish();
}
