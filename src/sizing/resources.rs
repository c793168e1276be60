//! What a trial of a size takes: events, people screened, months, sites.

use super::Share;
use crate::{
    simulation::taken,
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

/// What the trial takes as it stands.
pub fn resources(trial: &Trial, pool: &Pool, seed: u64) -> Resources {
    let taken = taken(&trial.decisive_only(), pool, seed, REPLICATES);
    let share = |[value, mcse]: [f64; 2]| Share { value, mcse };
    Resources { events: share(taken.events), screened: share(taken.screened), months: share(taken.months) }
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
