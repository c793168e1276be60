//! Blocks of replicates over threads; the only door to rayon.
//!
//! A block is a fixed range of absolute replicate numbers. Blocks are simulated side by side and
//! handed on in order, so that what a sink sees does not depend on the number of threads.

mod cpu_time;
mod taken;

pub use cpu_time::cpu_time;
pub use taken::{Taken, taken};

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
    pub role: Role,
}

/// Why a run is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Role {
    /// The scenario states it.
    #[default]
    Stated,
    /// The first so many parts that the scenario takes away, together.
    TakenAway(usize),
    /// One such part alone, not the first.
    TakenAwayAlone,
    /// The design of another run, from 0, at the size at which it screens as many candidates as the base.
    EqualScreening(usize),
    /// The design of another run, from 0, at the size at which it takes as many months as the base, where that is
    /// another size.
    EqualMonths(usize),
    /// Another run, from 0, without any effect.
    NoEffect(usize),
    /// The effect is drawn from the prior: the trial of each stratum, replicate `r` being of stratum `r mod n`.
    Prior(Vec<Trial>),
}

impl Role {
    /// Whether a text states the run, alone and as it is.
    pub fn is_stated(&self) -> bool {
        matches!(self, Role::Stated | Role::TakenAway(1) | Role::TakenAwayAlone)
    }
}

impl Run {
    /// Whether this is another run without its effects.
    pub fn is_without_effects_of(&self, other: &Run) -> bool {
        let with_effects = |trial: &Trial| Trial { course: other.trial.course.clone(), ..trial.clone() };
        self.null && !other.null && self.sweep.is_empty() && with_effects(&self.trial) == other.trial
    }

    /// The trial of a replicate.
    pub fn trial_of(&self, replicate: u64) -> &Trial {
        match &self.role {
            Role::Prior(strata) => &strata[(replicate % strata.len() as u64) as usize],
            _ => &self.trial,
        }
    }
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
    /// `stop` is obeyed between replicates; what was handed over stays, and a block is handed over whole or not
    /// at all. Uses the ambient thread pool, see [`with_threads`].
    pub fn simulate(&self, range: Range<u64>, stop: &AtomicBool, sink: &mut dyn Sink) -> Result<()> {
        let mut blocks = blocks_of(range);
        // Two blocks per thread keep all threads busy while the sink works on the last ones.
        let batch = 2 * rayon::current_num_threads();
        loop {
            let next: Vec<Range<u64>> = blocks.by_ref().take(batch).collect();
            if next.is_empty() {
                return Ok(());
            }
            let done: Vec<Option<Block>> = next
                .into_par_iter()
                .map_init(|| self.worker(), |worker, replicates| worker.block_unless(replicates, stop))
                .collect();
            for block in &done {
                match block {
                    Some(block) if !stop.load(Ordering::Relaxed) => sink.take(block)?,
                    _ => return Err(Error::Interrupted),
                }
            }
        }
    }

    /// A worker with everything it owns, for the thread at hand; [`Plan::simulate`] gives each thread one.
    pub fn worker(&self) -> Worker<'_> {
        let ways: Vec<Way> = self.runs.iter().map(|run| Way::of(run, self.pool)).collect();
        let groups = self.groups(&ways);
        Worker { plan: *self, ways, groups, workspace: Workspace::default(), record: Record::default() }
    }

    /// Runs that differ in their size only share one cohort; the sizes of a group rise. Patients who are all
    /// alike are faster drawn anew for each size than followed once for all.
    fn groups(&self, ways: &[Way]) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (place, run) in self.runs.iter().enumerate() {
            let shares = |group: &&mut Vec<usize>| {
                let first = &self.runs[group[0]];
                let plain = matches!((&ways[group[0]], &ways[place]), (Way::Plain(_), Way::Plain(_)));
                let stated = |run: &Run| !matches!(run.role, Role::Prior(_));
                let sizes = group.iter().all(|&other| self.runs[other].trial.patients != run.trial.patients);
                plain
                    && stated(first)
                    && stated(run)
                    && sizes
                    && first.replicates == run.replicates
                    && first.trial.nests_with(&run.trial)
            };
            match groups.iter_mut().find(shares) {
                Some(group) => group.push(place),
                None => groups.push(vec![place]),
            }
        }
        groups.iter_mut().for_each(|group| group.sort_by_key(|&place| self.runs[place].trial.patients));
        groups
    }
}

/// What simulates blocks one after another on one thread.
pub struct Worker<'a> {
    plan: Plan<'a>,
    ways: Vec<Way<'a>>,
    groups: Vec<Vec<usize>>,
    workspace: Workspace,
    record: Record,
}

/// How a run's trials are conducted; chosen once.
enum Way<'a> {
    Plain(Purposes),
    Alike(Box<Alike<'a>>),
}

impl<'a> Way<'a> {
    fn of(run: &'a Run, pool: &Pool) -> Self {
        let purposes = run.trial.purposes();
        if matches!(run.role, Role::Prior(_)) {
            return Way::Plain(purposes);
        }
        match Alike::of(&run.trial, pool, &purposes) {
            Some(alike) => Way::Alike(Box::new(alike)),
            None => Way::Plain(purposes),
        }
    }
}

impl RunBlock {
    /// Adds what one replicate concluded.
    fn push(&mut self, record: &Record) {
        self.rows.extend_from_slice(&record.rows);
        self.ends.push(self.rows.len());
        self.trials.extend(record.trial);
        self.counts.extend_from_slice(&record.counts);
        self.arm_patients.extend_from_slice(&record.arm_patients);
    }
}

impl Worker<'_> {
    /// Simulates the replicates of a block, for all runs.
    pub fn block(&mut self, replicates: Range<u64>) -> Block {
        self.block_unless(replicates, &AtomicBool::new(false)).expect("nothing stops it")
    }

    /// The same, or nothing once `stop` is set.
    fn block_unless(&mut self, replicates: Range<u64>, stop: &AtomicBool) -> Option<Block> {
        let Worker { plan, ways, groups, workspace, record } = self;
        let mut runs = vec![RunBlock::default(); plan.runs.len()];
        for group in groups {
            let largest = *group.last().expect("a group has a run");
            let run = &plan.runs[largest];
            let sizes: Vec<usize> = group.iter().map(|&place| plan.runs[place].trial.patients).collect();
            for replicate in replicates.start..replicates.end.min(run.replicates) {
                if stop.load(Ordering::Relaxed) {
                    return None;
                }
                match &mut ways[largest] {
                    Way::Alike(alike) => {
                        alike.conduct(plan.seed, replicate, record);
                        runs[largest].push(record);
                    }
                    Way::Plain(purposes) if group.len() == 1 => {
                        let trial = run.trial_of(replicate);
                        trial.conduct(plan.pool, plan.seed, replicate, purposes, workspace, record);
                        runs[largest].push(record);
                    }
                    Way::Plain(purposes) => {
                        let keep = |place: usize, record: &Record| runs[group[place]].push(record);
                        run.trial.conduct_at(
                            &sizes, plan.pool, plan.seed, replicate, purposes, workspace, record, keep,
                        );
                    }
                }
            }
        }
        Some(Block { replicates, runs })
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

/// Does the same work on each item over threads; results stand in the order of the items.
pub fn each<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync + Send) -> Vec<U> {
    items.par_iter().map(work).collect()
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
