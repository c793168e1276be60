//! What drives a hierarchy of end points: the share of pairs each tier decides.

use crate::{
    simulation::tally,
    trial::{Trial, pool::Pool},
};

/// Shares of all pairs that one tier decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    pub won: f64,
    pub lost: f64,
    /// Monte Carlo standard error of the share decided, won and lost together.
    pub mcse: f64,
}

/// Simulated trials behind the shares.
const REPLICATES: u64 = 400;
/// Squares of shares are added up as whole millionths, so that their order does not matter.
const PARTS: f64 = 1e6;

/// The shares of pairs won and lost at each tier of an estimand's end point, over simulated trials; `None` if
/// it is no hierarchy.
pub fn decided(trial: &Trial, estimand: usize, pool: &Pool, seed: u64) -> Option<Vec<Decided>> {
    let crate::outcome::kinds::Kind::Tiers(tiers) = &trial.endpoints[trial.estimands[estimand].endpoint].kind
    else {
        return None;
    };
    let purposes = trial.purposes();
    let sums = tally(0..REPLICATES, 3 * tiers.len(), |block, workshop, sums| {
        for replicate in block {
            let crate::simulation::Workshop { workspace, record } = workshop;
            trial.conduct(pool, seed, replicate, &purposes, workspace, record);
            let Some(by_tier) = trial.pairs_by_tier(estimand, workspace) else { continue };
            let assigned = |arm: u8| record.arm_patients[usize::from(arm)] as f64;
            let estimand = &trial.estimands[estimand];
            let pairs = assigned(estimand.treatment) * assigned(estimand.control);
            for (sums, (won, lost)) in sums.chunks_exact_mut(3).zip(by_tier) {
                let (won, lost) = (won as f64 / pairs, lost as f64 / pairs);
                for (sum, value) in sums.iter_mut().zip([won, lost, (won + lost) * (won + lost)]) {
                    *sum += (PARTS * value).round() as u64;
                }
            }
        }
    });
    let n = REPLICATES as f64;
    let of = |sums: &[u64]| {
        let mean = |k: usize| sums[k] as f64 / PARTS / n;
        let (won, lost) = (mean(0), mean(1));
        let variance = (mean(2) - (won + lost) * (won + lost)).max(0.0);
        Decided { won, lost, mcse: (variance / n).sqrt() }
    };
    Some(sums.chunks_exact(3).map(of).collect())
}
