//! Whole replicates, one trial after another on one thread: `cargo bench`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shocktrial::{
    scenario::{self, Changes},
    trial::{Workspace, record::Record},
};
use std::path::Path;

/// The base run of a scenario: enrol, randomise, follow and look, without writing rows.
fn replicates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replicate");
    for name in ["peers/w1_binary", "peers/w2_log_rank", "published/ecls_shock"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
        let changes = Changes { without_truths: true, ..Changes::default() };
        let scenario = scenario::load(&path, &changes).expect("a scenario of the repository loads");
        let trial = &scenario.runs[0].trial;
        let purposes = trial.purposes();
        let (mut workspace, mut record, mut replicate) = (Workspace::default(), Record::default(), 0);
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                replicate += 1;
                trial.conduct(
                    &scenario.pool,
                    scenario.seed,
                    replicate,
                    &purposes,
                    &mut workspace,
                    &mut record,
                );
                record.rows.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, replicates);
criterion_main!(benches);
