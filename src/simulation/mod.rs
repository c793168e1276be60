//! Blocks of replicates over threads; the only door to rayon.
//!
//! A block is a fixed range of absolute replicate numbers. Blocks are simulated side by side and
//! handed on in order, so that what a sink sees does not depend on the number of threads.

use crate::{
    error::{Error, Result},
    trial::{
        Purposes, Trial, Workspace,
        alike::Alike,
        pool::Pool,
        record::{Record, Row, TrialRow},
    },
};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

/// Replicates in a block.
pub const BLOCK: u64 = 250;

/// One run: a variant at a sweep point, with how often it is simulated.
#[derive(Clone, Debug)]
pub struct Run {
    /// From 1.
    pub number: u32,
    /// Name of the variant; empty for the base.
    pub variant: String,
    /// `path=value` pairs of the sweep point, joined by `; `; empty if not swept.
    pub sweep: String,
    pub null: bool,
    pub replicates: u64,
    pub trial: Trial,
}

/// What one run concluded in the replicates of a block.
#[derive(Clone, Debug, Default)]
pub struct RunBlock {
    /// Rows of all replicates, in order.
    pub rows: Vec<Row>,
    /// Where the rows of each replicate end.
    pub ends: Vec<usize>,
    pub trials: Vec<TrialRow>,
    /// Counts of all replicates: replicate, arm, thing counted.
    pub counts: Vec<u32>,
    /// Patients assigned: replicate, arm.
    pub arm_patients: Vec<u32>,
}

/// A closed block of replicates, for all runs.
#[derive(Clone, Debug)]
pub struct Block {
    /// Absolute numbers of the replicates.
    pub replicates: Range<u64>,
    /// One entry for each run; shorter than the block where the run asks for fewer replicates.
    pub runs: Vec<RunBlock>,
}

/// Somewhere closed blocks go, in order: a table, files, a live view.
pub trait Sink: Send {
    /// Takes the next block.
    fn take(&mut self, block: &Block) -> Result<()>;
}

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    pub runs: &'a [Run],
    pub pool: &'a Pool,
    pub seed: u64,
}

impl Plan<'_> {
    /// Replicates of the longest run.
    pub fn replicates(&self) -> u64 {
        self.runs.iter().map(|run| run.replicates).max().unwrap_or(0)
    }

    /// Replicates of all runs together, within a range.
    pub fn work(&self, range: &Range<u64>) -> u64 {
        self.runs.iter().map(|run| run.replicates.min(range.end).saturating_sub(range.start)).sum()
    }

    /// Simulates the replicates of `range` and hands closed blocks to `sink` in order.
    ///
    /// `stop` is obeyed between blocks; what was handed over stays. Uses the ambient thread pool, see
    /// [`with_threads`].
    pub fn simulate(&self, range: Range<u64>, stop: &AtomicBool, sink: &mut dyn Sink) -> Result<()> {
        let mut blocks = blocks_of(range);
        // Two blocks per thread keep all threads busy while the sink works on the last ones.
        let batch = 2 * rayon::current_num_threads();
        loop {
            let next: Vec<Range<u64>> = blocks.by_ref().take(batch).collect();
            if next.is_empty() {
                return Ok(());
            }
            let done: Vec<Block> = next
                .into_par_iter()
                .map_init(|| self.worker(), |worker, replicates| worker.block(replicates))
                .collect();
            for block in &done {
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::Interrupted);
                }
                sink.take(block)?;
            }
        }
    }

    /// A worker with everything it owns, for the thread at hand; [`Plan::simulate`] gives each thread one.
    pub fn worker(&self) -> Worker<'_> {
        let ways = self.runs.iter().map(|run| Way::of(&run.trial, self.pool)).collect();
        Worker { plan: *self, ways, workspace: Workspace::default(), record: Record::default() }
    }
}

/// What simulates blocks one after another on one thread.
pub struct Worker<'a> {
    plan: Plan<'a>,
    ways: Vec<Way<'a>>,
    workspace: Workspace,
    record: Record,
}

/// How a run's trials are conducted; chosen once.
enum Way<'a> {
    Plain(Purposes),
    Alike(Box<Alike<'a>>),
}

impl<'a> Way<'a> {
    fn of(trial: &'a Trial, pool: &Pool) -> Self {
        let purposes = trial.purposes();
        match Alike::of(trial, pool, &purposes) {
            Some(alike) => Way::Alike(Box::new(alike)),
            None => Way::Plain(purposes),
        }
    }
}

impl Worker<'_> {
    /// Simulates the replicates of a block, for all runs.
    pub fn block(&mut self, replicates: Range<u64>) -> Block {
        let Worker { plan, ways, workspace, record } = self;
        let mut runs = Vec::with_capacity(plan.runs.len());
        for (run, way) in plan.runs.iter().zip(ways) {
            let mut out = RunBlock::default();
            for replicate in replicates.start..replicates.end.min(run.replicates) {
                match way {
                    Way::Alike(alike) => alike.conduct(plan.seed, replicate, record),
                    Way::Plain(purposes) => {
                        run.trial.conduct(plan.pool, plan.seed, replicate, purposes, workspace, record);
                    }
                }
                out.rows.extend_from_slice(&record.rows);
                out.ends.push(out.rows.len());
                out.trials.extend(record.trial);
                out.counts.extend_from_slice(&record.counts);
                out.arm_patients.extend_from_slice(&record.arm_patients);
            }
            runs.push(out);
        }
        Block { replicates, runs }
    }
}

/// What a thread that counts owns.
#[derive(Default)]
pub struct Workshop {
    pub workspace: Workspace,
    pub record: Record,
}

/// Counts over replicates, side by side: `count` adds what the replicates of a block show to `counts` of them.
///
/// Whole numbers may be added in any order, so nothing depends on the threads.
pub fn tally(
    range: Range<u64>,
    counts: usize,
    count: impl Fn(Range<u64>, &mut Workshop, &mut [u64]) + Sync,
) -> Vec<u64> {
    let blocks: Vec<Range<u64>> = blocks_of(range).collect();
    blocks
        .into_par_iter()
        .map_init(Workshop::default, |workshop, replicates| {
            let mut counted = vec![0; counts];
            count(replicates, workshop, &mut counted);
            counted
        })
        .reduce(
            || vec![0; counts],
            |mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            },
        )
}

/// The blocks that cover a range: cut at multiples of [`BLOCK`], so that a block is the same block in every shard.
fn blocks_of(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let mut next = range.start;
    std::iter::from_fn(move || {
        if next >= range.end {
            return None;
        }
        let start = next;
        next = ((start / BLOCK + 1) * BLOCK).min(range.end);
        Some(start..next)
    })
}

/// Runs `work` on `threads` threads, or as many as there are processors.
pub fn with_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|why| Error::Machine(format!("cannot start the threads: {why}")))?;
    Ok(pool.install(work))
}

/// How many threads the ambient pool has.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_at_absolute_numbers() {
        let cut: Vec<_> = blocks_of(100..800).collect();
        assert_eq!(cut, [100..250, 250..500, 500..750, 750..800]);
    }
}
