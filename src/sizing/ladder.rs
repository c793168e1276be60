//! What a search climbs: sizes of a trial, or shares of its benefit.

use super::{Share, tables::Tables};
use crate::{
    simulation::{Workshop, tally},
    trial::{
        Purposes, Trial,
        pool::Pool,
        record::{Decision, Record},
    },
};

/// Rungs in rising order, each with a share of replicates that reject.
pub trait Ladder {
    /// The highest rung.
    fn highest(&self) -> usize;
    /// How many rungs are estimated at a time without undue cost.
    fn at_once(&self) -> usize;
    /// The share at each of some rungs, which rise, from replicates 0 to `replicates − 1`.
    fn shares(&self, rungs: &[usize], replicates: u64) -> Vec<Share>;
}

/// The most patients a search goes to.
pub const MOST_PATIENTS: usize = 20_000;

/// Sizes of a trial: rung `k` is `k` times the patients that hold the allocation ratio once.
///
/// With more than one trial, replicate `r` is of trial `r mod n`: the shares are means over trials that
/// differ in their effect, each with equal weight.
pub struct Sizes<'a> {
    pub pool: &'a Pool,
    pub seed: u64,
    /// Patients between two rungs.
    pub unit: usize,
    trials: Vec<Prepared>,
    highest: usize,
}

struct Prepared {
    trial: Trial,
    purposes: Purposes,
    tables: Option<Tables>,
}

impl Prepared {
    fn new(trial: &Trial, pool: &Pool) -> Self {
        let trial = trial.decisive_only();
        Prepared { purposes: trial.purposes(), tables: Tables::of(&trial, pool), trial }
    }
}

impl<'a> Sizes<'a> {
    pub fn new(trials: &[Trial], pool: &'a Pool, seed: u64) -> Self {
        let unit = (trials[0].allocation.ratio.iter().sum::<u32>() as usize).max(1);
        let trials = trials.iter().map(|trial| Prepared::new(trial, pool)).collect();
        Sizes { pool, seed, unit, trials, highest: MOST_PATIENTS / unit }
    }

    /// The same up to `patients` only.
    pub fn up_to(mut self, patients: usize) -> Self {
        self.highest = (patients / self.unit).max(1);
        self
    }

    /// The rung of a number of patients, rounded up.
    pub fn rung(&self, patients: usize) -> usize {
        patients.div_ceil(self.unit).max(1)
    }

    /// Whether patients are counted in tables instead of followed one by one.
    pub fn counts(&self) -> bool {
        self.trials.iter().all(|t| t.tables.is_some())
    }

    /// Shares at each rung (inner) of each trial (outer).
    pub fn by_trial(&self, rungs: &[usize], replicates: u64) -> Vec<Vec<Share>> {
        let sizes: Vec<usize> = rungs.iter().map(|rung| rung * self.unit).collect();
        let (trials, points) = (self.trials.len(), sizes.len());
        let counts = tally(0..replicates, trials * points, |block, workshop, counts| {
            for replicate in block {
                let which = (replicate % trials as u64) as usize;
                let counts = &mut counts[which * points..(which + 1) * points];
                self.trials[which].reject(&sizes, self.pool, self.seed, replicate, workshop, counts);
            }
        });
        (0..trials)
            .map(|which| {
                let n = (replicates + trials as u64 - 1 - which as u64) / trials as u64;
                counts[which * points..(which + 1) * points]
                    .iter()
                    .map(|&count| Share::of(count, n))
                    .collect()
            })
            .collect()
    }
}

impl Prepared {
    /// Adds 1 to the count of each size at which replicate `replicate` shows benefit.
    fn reject(
        &self,
        sizes: &[usize],
        pool: &Pool,
        seed: u64,
        replicate: u64,
        workshop: &mut Workshop,
        counts: &mut [u64],
    ) {
        let Workshop { workspace, record } = workshop;
        let benefit =
            |record: &Record| u64::from(record.trial.is_some_and(|t| t.decision == Decision::Benefit));
        if let Some(tables) = &self.tables {
            tables.reject(sizes, seed, replicate, workspace, counts);
        } else if self.trial.nests() {
            let add = |place: usize, record: &Record| counts[place] += benefit(record);
            self.trial.conduct_at(sizes, pool, seed, replicate, &self.purposes, workspace, record, add);
        } else {
            for (&size, count) in sizes.iter().zip(counts) {
                let trial = Trial { patients: size, ..self.trial.clone() };
                trial.conduct(pool, seed, replicate, &self.purposes, workspace, record);
                *count += benefit(record);
            }
        }
    }
}

impl Ladder for Sizes<'_> {
    fn highest(&self) -> usize {
        self.highest
    }

    fn at_once(&self) -> usize {
        match (self.counts(), self.trials[0].trial.nests()) {
            (true, _) => 400,
            (false, true) => 25,
            (false, false) => 9,
        }
    }

    fn shares(&self, rungs: &[usize], replicates: u64) -> Vec<Share> {
        let by_trial = self.by_trial(rungs, replicates);
        (0..rungs.len())
            .map(|rung| Share::mean(&by_trial.iter().map(|shares| shares[rung]).collect::<Vec<_>>()))
            .collect()
    }
}

/// Shares of the benefit at one size: rung `k` is `k` thousandths of the benefit the scenario states.
pub struct Effects<'a, F: Fn(f64) -> Trial> {
    pub pool: &'a Pool,
    pub seed: u64,
    /// The trial at a share of its benefit.
    pub trial: F,
}

/// Rungs of [`Effects`] in the benefit as stated.
pub const WHOLE_BENEFIT: usize = 1000;

impl<F: Fn(f64) -> Trial> Ladder for Effects<'_, F> {
    /// Four times the benefit stated.
    fn highest(&self) -> usize {
        4 * WHOLE_BENEFIT
    }

    fn at_once(&self) -> usize {
        9
    }

    fn shares(&self, rungs: &[usize], replicates: u64) -> Vec<Share> {
        let at = |&rung: &usize| {
            let trial = (self.trial)(rung as f64 / WHOLE_BENEFIT as f64);
            let (size, prepared) = ([trial.patients], Prepared::new(&trial, self.pool));
            let (pool, seed) = (self.pool, self.seed);
            let count = tally(0..replicates, 1, |block, workshop, counts| {
                for replicate in block {
                    prepared.reject(&size, pool, seed, replicate, workshop, counts);
                }
            });
            Share::of(count[0], replicates)
        };
        rungs.iter().map(at).collect()
    }
}
