//! What trials take on average: events, people screened, months.

use super::tally;
use crate::trial::{Trial, pool::Pool};

/// Means over simulated trials, each with its Monte Carlo standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// Primary events at the last look.
    pub events: [f64; 2],
    pub screened: [f64; 2],
    /// From the first site's opening to the last analysis.
    pub months: [f64; 2],
}

/// Months are added up as whole millionths, so that their order does not matter.
const PARTS: f64 = 1e6;

/// What the trial takes as it stands, over so many replicates. Uses the ambient threads.
pub fn taken(trial: &Trial, pool: &Pool, seed: u64, replicates: u64) -> Taken {
    let purposes = trial.purposes();
    let sums = tally(0..replicates, 6, |block, workshop, sums| {
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
    let n = replicates as f64;
    let mean = |k: usize| {
        let value = sums[2 * k] as f64 / PARTS / n;
        let variance = ((sums[2 * k + 1] as f64 / 1e3 - n * value * value) / (n - 1.0)).max(0.0);
        [value, (variance / n).sqrt()]
    };
    Taken { events: mean(0), screened: mean(1), months: mean(2) }
}
