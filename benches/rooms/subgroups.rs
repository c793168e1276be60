//! All subgroups at once: risks and hazards in everybody and in every level.

use crate::{clock::Clock, conducted::Conducted, least};
use criterion::Criterion;
use shocktrial::{
    analysis::slices::{Among, Sides, Slices},
    trial::estimand::Estimand,
};

pub fn bench(criterion: &mut Criterion<Clock>, shock: &Conducted) {
    let trial = shock.trial();
    let cohort = &shock.workspace.cohort;
    let mut group = least::group(criterion, "subgroups");
    group.throughput(least::units(shock.patients()));
    for (name, of_times) in [("risks", false), ("hazards", true)] {
        let index = shock.estimand(of_times);
        let estimand = &trial.estimands[index];
        let seen = shock.observed(&shock.looks()[0], index);
        let by = trial.endpoints[estimand.endpoint].by;
        let sides = sides(estimand, shock.patients());
        let mut slices = Slices::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let codes = trial.subgroups.iter().map(|s| (s.code.as_slice(), s.levels.len()));
                slices.look(&cohort.row, codes);
                slices.choose(sides, &cohort.assigned, &seen, by);
                let mut sum = slices.compare(&seen, estimand.method, by, None, Among::Everybody).estimate;
                for &s in &estimand.subgroups {
                    for level in 0..trial.subgroups[s].levels.len() as u8 {
                        let among = Among::Level(s, level);
                        sum += slices.compare(&seen, estimand.method, by, None, among).estimate;
                    }
                }
                sum
            });
        });
    }
    group.finish();
}

/// What an estimand compares, in all patients.
pub fn sides(estimand: &Estimand, patients: usize) -> Sides {
    Sides {
        treatment: estimand.treatment,
        control: estimand.control,
        with: [0; 2],
        endpoint: estimand.endpoint,
        patients: (0, patients),
    }
}
