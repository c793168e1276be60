//! Minimisation: each patient goes, more likely than not, where the arms differ least in what matters.

use crate::{cohort::Cohort, random::Stream};

/// What a patient is classed by.
#[derive(Clone, Debug, PartialEq)]
pub enum Factor {
    Site,
    /// Level of each pool row.
    Covariate {
        levels: usize,
        code: Vec<u8>,
    },
}

/// Minimisation over some factors.
///
/// For each arm the imbalance is what it would be with the patient there: over the patient's own levels, the
/// sum of the ranges of the arms' numbers, each over its weight in the ratio. The arm with the least gets the
/// patient with the stated probability, several such in proportion to their weights; otherwise one of the
/// others does, in proportion to theirs.
///
/// Pocock & Simon, Biometrics 1975;31:103.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimisation {
    pub factors: Vec<Factor>,
    /// Probability that the best arm is chosen.
    pub probability: f64,
}

impl Minimisation {
    /// Assigns patients `from..` by a word of `luck` each.
    ///
    /// What has gone before is counted from the cohort, so nothing has to be remembered between calls.
    pub fn randomise(&self, cohort: &mut Cohort, from: usize, ratio: &[u32], luck: &Stream) {
        let arms = ratio.len();
        let sites = cohort.site.iter().map(|&s| usize::from(s) + 1).max().unwrap_or(1);
        let mut first = Vec::with_capacity(self.factors.len());
        let mut cells = 0;
        for factor in &self.factors {
            first.push(cells);
            cells += match factor {
                Factor::Site => sites,
                Factor::Covariate { levels, .. } => *levels,
            };
        }
        let mut counts = vec![0u32; cells * arms];
        let level = |cohort: &Cohort, f: usize, i: usize| match &self.factors[f] {
            Factor::Site => usize::from(cohort.site[i]),
            Factor::Covariate { code, .. } => usize::from(code[cohort.row[i] as usize]),
        };
        for i in 0..from {
            for (f, first) in first.iter().enumerate() {
                counts[(first + level(cohort, f, i)) * arms + usize::from(cohort.assigned[i])] += 1;
            }
        }
        let mut imbalance = vec![0.0; arms];
        for i in from..cohort.len() {
            imbalance.fill(0.0);
            for (f, first) in first.iter().enumerate() {
                let cell = (first + level(cohort, f, i)) * arms;
                let here = &counts[cell..cell + arms];
                for (arm, sum) in imbalance.iter_mut().enumerate().filter(|(arm, _)| ratio[*arm] > 0) {
                    let scaled = |a: usize| f64::from(here[a] + u32::from(a == arm)) / f64::from(ratio[a]);
                    let open = (0..arms).filter(|&a| ratio[a] > 0);
                    let (low, high) = open.fold((f64::INFINITY, 0.0_f64), |(low, high), a| {
                        (low.min(scaled(a)), high.max(scaled(a)))
                    });
                    *sum += high - low;
                }
            }
            let arm = self.choose(&imbalance, ratio, luck.uniform(cohort.place[i]));
            for (f, first) in first.iter().enumerate() {
                counts[(first + level(cohort, f, i)) * arms + arm] += 1;
            }
            cohort.assigned.push(arm as u8);
        }
    }

    /// The arm for one patient; one random number decides between best and others, and within them.
    fn choose(&self, imbalance: &[f64], ratio: &[u32], uniform: f64) -> usize {
        let open = |arm: &usize| ratio[*arm] > 0;
        let least = (0..ratio.len()).filter(open).map(|a| imbalance[a]).fold(f64::INFINITY, f64::min);
        let best = |arm: &usize| imbalance[*arm] <= least + 1e-9;
        let all_alike = (0..ratio.len()).filter(open).all(|a| best(&a));
        let (among_best, at) = if all_alike {
            (true, uniform)
        } else if uniform < self.probability {
            (true, uniform / self.probability)
        } else {
            (false, (uniform - self.probability) / (1.0 - self.probability))
        };
        let chosen = |arm: &usize| open(arm) && best(arm) == among_best;
        let whole: u32 = (0..ratio.len()).filter(chosen).map(|a| ratio[a]).sum();
        let mut left = at * f64::from(whole);
        let mut last = 0;
        for arm in (0..ratio.len()).filter(chosen) {
            last = arm;
            if left < f64::from(ratio[arm]) {
                break;
            }
            left -= f64::from(ratio[arm]);
        }
        last
    }
}
