//! Allocation: who gets which arm.

use super::{clusters::Clusters, minimisation::Minimisation};
use crate::{
    cohort::Cohort,
    random::{Purpose, Stream},
};

/// Random allocation in a fixed ratio: simple, or in permuted blocks within strata.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// Weight of each arm; 0 for arms nobody is assigned to.
    pub ratio: Vec<u32>,
    /// Block sizes, each a multiple of the sum of the ratio; empty for simple allocation.
    pub blocks: Vec<u32>,
    /// Whether blocks are kept within each site.
    pub by_site: bool,
    pub sites: usize,
    /// Covariate stratum of each pool row, from 0; empty if blocks do not depend on covariates.
    pub stratum: Vec<u16>,
    pub strata: usize,
    pub scheme: Scheme,
}

/// What is randomised, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Scheme {
    /// Patients, alone or in blocks.
    #[default]
    Patients,
    /// Patients, to where the arms then differ least.
    Minimisation(Minimisation),
    /// Whole sites.
    Clusters(Clusters),
}

/// The streams allocation reads in one replicate.
#[derive(Clone, Copy, Debug)]
pub struct AllocationLuck {
    /// One word for each patient.
    pub patients: Stream,
    /// One word for each site.
    pub clusters: Stream,
}

/// What is left of the present block of each stratum; kept by a worker and cleared between trials.
#[derive(Debug, Default)]
pub struct Blocks {
    left: Vec<u32>,
}

impl Clone for Blocks {
    fn clone(&self) -> Self {
        Blocks { left: self.left.clone() }
    }

    fn clone_from(&mut self, other: &Self) {
        self.left.clone_from(&other.left);
    }
}

impl Allocation {
    /// Whether patients come in pairs, one for each of two arms, in either order.
    pub fn is_in_pairs(&self) -> bool {
        self.ratio == [1, 1] && self.blocks == [2] && self.cells() == 1 && self.scheme == Scheme::Patients
    }

    fn cells(&self) -> usize {
        (if self.by_site { self.sites } else { 1 }) * self.strata.max(1)
    }

    /// Empties all blocks, for a new trial.
    pub fn start(&self, blocks: &mut Blocks) {
        blocks.left.clear();
        if !self.blocks.is_empty() {
            blocks.left.resize(self.cells() * self.ratio.len(), 0);
        }
    }

    /// Assigns patients `from..` of `cohort` in proportion to `ratio`, the present weight of each arm.
    /// A block holds the ratio as many times as it holds the trial's own.
    ///
    /// Each patient uses one random word at the patient's own place. Drawing an arm in proportion to
    /// what is left of the block makes every order of the block equally likely; the low bits, which
    /// the uniform number does not use, choose the size of a new block.
    pub fn randomise(
        &self,
        cohort: &mut Cohort,
        from: usize,
        ratio: &[u32],
        blocks: &mut Blocks,
        luck: &AllocationLuck,
    ) {
        match &self.scheme {
            Scheme::Patients => {}
            Scheme::Minimisation(minimisation) => {
                return minimisation.randomise(cohort, from, ratio, &luck.patients);
            }
            Scheme::Clusters(clusters) => {
                let ranks = Clusters::ranks(self.sites, &luck.clusters);
                for i in from..cohort.len() {
                    let rank = ranks[usize::from(cohort.site[i])];
                    cohort.assigned.push(clusters.arm(rank, self.sites, cohort.enrolled[i], ratio));
                }
                return;
            }
        }
        let luck = &luck.patients;
        let arms = ratio.len();
        let whole: u32 = self.ratio.iter().sum();
        let open: u32 = ratio.iter().sum();
        for i in from..cohort.len() {
            let place = cohort.place[i];
            let uniform = luck.uniform(place);
            if self.blocks.is_empty() {
                cohort.assigned.push(pick(ratio, open, uniform) as u8);
                continue;
            }
            let site = if self.by_site { usize::from(cohort.site[i]) } else { 0 };
            let stratum = self.stratum.get(cohort.row[i] as usize).map_or(0, |&s| usize::from(s));
            let cell = site * self.strata.max(1) + stratum;
            let left = &mut blocks.left[cell * arms..(cell + 1) * arms];
            let mut total: u32 = left.iter().sum();
            if total == 0 {
                let size = self.blocks[(luck.word(place) & 0xFFF) as usize % self.blocks.len()];
                for (l, r) in left.iter_mut().zip(ratio) {
                    *l = r * (size / whole);
                }
                total = open * (size / whole);
            }
            let arm = pick(left, total, uniform);
            left[arm] -= 1;
            cohort.assigned.push(arm as u8);
        }
    }

    /// The stream allocation reads in one replicate.
    pub fn luck(seed: u64, replicate: u64) -> AllocationLuck {
        AllocationLuck {
            patients: Stream::new(seed, replicate, Purpose::ALLOCATION),
            clusters: Stream::new(seed, replicate, Purpose::CLUSTERS),
        }
    }
}

/// The arm at `uniform` of the way through the weights.
#[inline]
fn pick(weights: &[u32], total: u32, uniform: f64) -> usize {
    let mut at = (uniform * f64::from(total)) as u32;
    for (arm, &weight) in weights.iter().enumerate() {
        if at < weight {
            return arm;
        }
        at -= weight;
    }
    weights.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(allocation: &Allocation, patients: usize, replicate: u64) -> Vec<u8> {
        let mut cohort = Cohort {
            place: (0..patients as u64).collect(),
            row: vec![0; patients],
            site: (0..patients as u16).map(|i| i % 3).collect(),
            ..Cohort::default()
        };
        let mut blocks = Blocks::default();
        allocation.start(&mut blocks);
        let luck = Allocation::luck(5, replicate);
        allocation.randomise(&mut cohort, 0, &allocation.ratio, &mut blocks, &luck);
        cohort.assigned
    }

    #[test]
    fn blocks_balance_within_each_site() {
        let allocation = Allocation {
            ratio: vec![1, 2],
            blocks: vec![3, 6],
            by_site: true,
            sites: 3,
            stratum: Vec::new(),
            strata: 1,
            scheme: Scheme::Patients,
        };
        for replicate in 0..50 {
            let arms = assigned(&allocation, 90, replicate);
            for site in 0..3 {
                let ones = arms.iter().skip(site).step_by(3).filter(|&&a| a == 0).count();
                // 30 patients of a site: whole blocks of 3 or 6 and at most one begun.
                assert!((8..=12).contains(&ones), "{ones}");
            }
        }
    }

    /// All six orders of a block of 4 are equally likely: chi-square with 5 degrees of freedom below its 0.9999 quantile.
    #[test]
    fn every_order_of_a_block_is_equally_likely() {
        let allocation = Allocation {
            ratio: vec![1, 1],
            blocks: vec![4],
            by_site: false,
            sites: 1,
            stratum: Vec::new(),
            strata: 1,
            scheme: Scheme::Patients,
        };
        let mut seen = std::collections::HashMap::new();
        for replicate in 0..6000 {
            *seen.entry(assigned(&allocation, 4, replicate)).or_insert(0u32) += 1;
        }
        assert_eq!(seen.len(), 6);
        let chi_square: f64 = seen.values().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi_square < 25.74, "{chi_square}");
    }
}
