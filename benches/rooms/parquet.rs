//! Rows to a Parquet file: the table made, and written.

use crate::{aggregation::block, clock::Clock, conducted::Conducted, least};
use criterion::Criterion;
use shocktrial::{
    report::tables::{replicates_frame, write_part},
    simulation::BLOCK,
};

/// Blocks in a table.
const BLOCKS: usize = 8;

pub fn bench(criterion: &mut Criterion<Clock>, shock: &Conducted) {
    let runs = &shock.scenario.runs[..1];
    let blocks = vec![block(shock); BLOCKS];
    let mut group = least::group(criterion, "parquet");
    group.throughput(least::units(BLOCKS * BLOCK as usize));
    group.bench_function("make the table", |bencher| {
        bencher.iter(|| replicates_frame(&blocks, runs).expect("rows make a table").height());
    });
    let mut table = replicates_frame(&blocks, runs).expect("rows make a table");
    let path = std::env::temp_dir().join(format!("shocktrial-bench-{}.parquet", std::process::id()));
    group.bench_function("write", |bencher| {
        bencher.iter(|| write_part(&mut table, &path).expect("the temporary folder can be written"));
    });
    let _ = std::fs::remove_file(path);
    group.finish();
}
