//! Random words: one uniform number for each patient.

use crate::{clock::Clock, least};
use criterion::Criterion;
use shocktrial::random::{Purpose, Stream};

pub fn bench(criterion: &mut Criterion<Clock>) {
    const PATIENTS: usize = 420;
    let mut group = least::group(criterion, "random words");
    group.throughput(least::units(PATIENTS));
    let places: Vec<u64> = (0..PATIENTS as u64).collect();
    let (mut out, mut replicate) = (vec![0.0; PATIENTS], 0);
    group.bench_function("uniforms", |bencher| {
        bencher.iter(|| {
            replicate += 1;
            Stream::new(1, replicate, Purpose::LOSS).uniforms(&places, &mut out);
            out[PATIENTS - 1]
        });
    });
    let mut words = vec![0; PATIENTS];
    group.bench_function("words", |bencher| {
        bencher.iter(|| {
            replicate += 1;
            Stream::new(1, replicate, Purpose::LOSS).every_other_word(0, &mut words);
            words[PATIENTS - 1]
        });
    });
    group.finish();
}
