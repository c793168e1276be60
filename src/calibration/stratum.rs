//! The effect in patients nobody can point at: by potential outcomes.
//!
//! A patient's luck is the same under every arm, so the engine knows what would have become of him under
//! each, and whether he would have bailed out. Whether he does depends on the course that the same luck
//! gives him, so there is no closed form: all rows are followed under both arms with many draws of luck.

use super::blocks::{SLICES, in_blocks};
use crate::{
    cohort::Cohort,
    outcome::course::{Batch, Luck},
    trial::{Trial, estimand::Estimand, pool::Pool},
};

/// Draws of luck for each row at least, and for all rows together.
const DRAWS_PER_ROW: usize = 16;
const DRAWS: usize = 1 << 19;
/// Patients followed at a time.
const AT_ONCE: usize = 1 << 14;
/// Seed of this luck: no scenario's replicates share it.
const SEED: u64 = 0x5052_494E_4349_5041;

/// Weights of one group of the stratum, and of those of it who have the end point under each arm; for all
/// draws, then for each slice of them.
#[derive(Clone, Debug, Default)]
struct Sums {
    weight: [f64; SLICES],
    events: [[f64; 2]; SLICES],
}

/// Risks of the end point in the stratum under treatment and control, by group: all draws together, and each
/// slice of the draws alone.
#[derive(Clone, Debug)]
pub struct Risks {
    pub all: [f64; 2],
    pub slices: Vec<[f64; 2]>,
    /// Share of the patients who are in the stratum, weighted.
    pub weight: f64,
}

/// Follows every row under both arms of `estimand` with the same luck. `groups(row)` lists the groups of a
/// row, of `count`.
pub fn risks(
    trial: &Trial,
    pool: &Pool,
    estimand: &Estimand,
    count: usize,
    groups: impl Fn(usize, &mut Vec<usize>) + Sync,
) -> Vec<Risks> {
    let draws = DRAWS_PER_ROW.max(DRAWS.div_ceil(pool.len().max(1)));
    let purposes = trial.purposes();
    let mut luck = Luck::default();
    luck.move_to(SEED, 0, &purposes.events, &purposes.arms);
    let endpoint = &trial.endpoints[estimand.endpoint];
    let blocks = in_blocks(pool.len(), |range| {
        let mut sums = vec![Sums::default(); count];
        let mut cohorts = [Cohort::default(), Cohort::default()];
        let (mut member, mut batch) = (Vec::new(), Batch::default());
        let rows: Vec<usize> = range.filter(|&row| trial.enrolment.probability[row] > 0.0).collect();
        let mut place = 0;
        while place < rows.len() * draws {
            let end = (place + AT_ONCE).min(rows.len() * draws);
            for (cohort, arm) in cohorts.iter_mut().zip([estimand.treatment, estimand.control]) {
                cohort.clear(trial.course.events.len());
                for i in place..end {
                    let row = rows[i / draws];
                    cohort.place.push((row * draws + i % draws) as u64);
                    cohort.row.push(row as u32);
                    cohort.assigned.push(arm);
                    if !trial.course.circumstances.none() {
                        let draw = i % draws;
                        let points =
                            trial.course.circumstances.points(row * draws + draw, pool.len() * draws);
                        cohort.factors.extend(points.take(1));
                    }
                }
                trial.course.follow(cohort, 0, &luck, &mut batch, |row| pool.patient(row));
            }
            for i in 0..end - place {
                let stays = |arm: u8| {
                    let cohort = &cohorts[usize::from(arm != estimand.treatment)];
                    cohort.bailed_out[i] > endpoint.by
                };
                if !estimand.stratum.iter().all(|&arm| stays(arm)) {
                    continue;
                }
                let row = cohorts[0].row[i] as usize;
                let weight = trial.enrolment.probability[row];
                let slice = (place + i) % draws % SLICES;
                let event = [0, 1]
                    .map(|a| f64::from(u8::from(endpoint.day(&cohorts[a], i, f64::INFINITY).is_finite())));
                member.clear();
                groups(row, &mut member);
                for &group in &member {
                    sums[group].weight[slice] += weight;
                    for (sum, event) in sums[group].events[slice].iter_mut().zip(event) {
                        *sum += weight * event;
                    }
                }
            }
            place = end;
        }
        sums
    });
    let mut totals = vec![Sums::default(); count];
    for block in &blocks {
        for (total, sum) in totals.iter_mut().zip(block) {
            for slice in 0..SLICES {
                total.weight[slice] += sum.weight[slice];
                for a in 0..2 {
                    total.events[slice][a] += sum.events[slice][a];
                }
            }
        }
    }
    let all: f64 = trial.enrolment.probability.iter().sum::<f64>() * draws as f64;
    totals
        .iter()
        .map(|sums| {
            let weight: f64 = sums.weight.iter().sum();
            Risks {
                all: [0, 1].map(|a| sums.events.iter().map(|e| e[a]).sum::<f64>() / weight),
                slices: (0..SLICES).map(|s| [0, 1].map(|a| sums.events[s][a] / sums.weight[s])).collect(),
                weight: weight / all,
            }
        })
        .collect()
}
