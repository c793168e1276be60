//! What a trial of a size takes: events, people screened, months, sites.

use super::Share;
use crate::{
    simulation::tally,
    trial::{Trial, pool::Pool},
};

/// Means over simulated trials, each with its Monte Carlo standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resources {
    /// Primary events at the last look.
    pub events: Share,
    pub screened: Share,
    /// From the first site's opening to the last analysis.
    pub months: Share,
}

/// Simulated trials behind the means.
const REPLICATES: u64 = 2000;
/// Months are added up as whole millionths, so that their order does not matter.
const PARTS: f64 = 1e6;

/// What the trial takes as it stands.
pub fn resources(trial: &Trial, pool: &Pool, seed: u64) -> Resources {
    let trial = trial.primary_only();
    let purposes = trial.purposes();
    let sums = tally(0..REPLICATES, 6, |block, workshop, sums| {
        for replicate in block {
            trial.conduct(pool, seed, replicate, &purposes, &mut workshop.workspace, &mut workshop.record);
            let Some(row) = workshop.record.trial else { continue };
            let values = [row.information, row.screened as f64, row.months];
            for (sums, value) in sums.chunks_exact_mut(2).zip(values) {
                sums[0] += (PARTS * value).round() as u64;
                // Squares in thousandths: far below the spread, far from overflow.
                sums[1] += (1e3 * value * value).round() as u64;
            }
        }
    });
    let n = REPLICATES as f64;
    let mean = |k: usize| {
        let value = sums[2 * k] as f64 / PARTS / n;
        let variance = ((sums[2 * k + 1] as f64 / 1e3 - n * value * value) / (n - 1.0)).max(0.0);
        Share { value, mcse: (variance / n).sqrt() }
    };
    Resources { events: mean(0), screened: mean(1), months: mean(2) }
}

/// The fewest sites with which a trial is over within `months` on average; `None` if the follow-up alone
/// takes longer, or the trial states no accrual.
pub fn sites_for(trial: &Trial, pool: &Pool, seed: u64, months: f64) -> Option<(u16, Resources)> {
    if !trial.accrual.candidates_per_site_day.is_finite() {
        return None;
    }
    let at = |sites: u16| {
        let mut trial = trial.clone();
        trial.accrual.sites = sites;
        trial.allocation.sites = usize::from(sites);
        resources(&trial, pool, seed)
    };
    let (mut few, mut enough) = (0u16, MOST_SITES);
    let mut best = at(enough);
    if best.months.value > months {
        return None;
    }
    while enough - few > 1 {
        let middle = few + (enough - few) / 2;
        let taken = at(middle);
        if taken.months.value <= months {
            (enough, best) = (middle, taken);
        } else {
            few = middle;
        }
    }
    Some((enough, best))
}

/// The most sites looked at.
const MOST_SITES: u16 = 2000;
