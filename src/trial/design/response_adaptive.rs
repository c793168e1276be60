//! Allocation that leans towards the arm that has done better so far.

use super::{ClosedTest, DesignState, Evidence, Recruitment, Stage, When, posterior::chance_of_best};
use crate::{
    statistics::BetaRisk,
    trial::{Trial, record::Decision},
};

/// Each arm is given patients in proportion to a power of the chance that it is the best, after a burn-in
/// at the trial's own ratio and within limits.
///
/// The arms are compared at the end as if allocation had been fixed. That holds its error when risks do
/// not change over the trial; with a trend, arms that grow late meet other patients than arms that do not.
///
/// Thompson, Biometrika 1933;25:285. Thall & Wathen, Eur J Cancer 2007;43:859.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseAdaptive {
    pub test: ClosedTest,
    pub prior: BetaRisk,
    /// Patients at the end.
    pub patients: usize,
    /// Patients before the ratio first changes.
    pub burn_in: usize,
    /// Patients between two changes.
    pub every: usize,
    /// Power of the chance of being the best.
    pub power: f64,
    /// Least and largest share of an arm.
    pub limits: [f64; 2],
    /// An arm that keeps its share: its index and the share.
    pub fixed: Option<(usize, f64)>,
    pub recruitment: Recruitment,
    pub lag: f64,
}

/// Weights of the arms add up to this: shares are kept to a hundredth of a per cent.
const WHOLE: f64 = 10_000.0;

impl ResponseAdaptive {
    /// Looks before the last, and the last.
    pub fn looks(&self) -> usize {
        let changes = self.patients.saturating_sub(self.burn_in).div_ceil(self.every);
        changes + 1
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let patients = self.burn_in + state.made() * self.every;
        match state.decision() {
            Decision::Continue if patients >= trial.patients => Some(Stage::last(trial, state)),
            Decision::Continue => Some(Stage {
                look: state.made() as u8 + 1,
                when: When::Followed(trial.follow_up),
                patients,
                recruitment: self.recruitment,
                lag: self.lag,
            }),
            _ => None,
        }
    }

    /// Changes the ratio, or concludes.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        if evidence.look.stage.patients >= evidence.trial.patients {
            return self.test.decide(evidence);
        }
        evidence.mark_all(self.test.single());
        for row in evidence.rows.iter_mut() {
            row.decision = Decision::Continue;
        }
        let own = &evidence.trial.allocation.ratio;
        let mut shares = std::mem::take(&mut state.chances);
        chance_of_best(evidence, own, self.prior, &mut shares);
        shares.iter_mut().for_each(|s| *s = libm::pow(*s, self.power));
        self.share_out(own, &mut shares);
        state.allocate(|ratio| {
            for (weight, share) in ratio.iter_mut().zip(&shares) {
                *weight = (share * WHOLE).round() as u32;
            }
        });
        state.chances = shares;
        Decision::Continue
    }

    /// Turns weights of the open arms into shares that add up to 1 and keep the limits.
    ///
    /// Arms beyond a limit are held there and the rest is shared out among the others, until none is.
    fn share_out(&self, own: &[u32], shares: &mut [f64]) {
        let [least, most] = self.limits;
        let open: Vec<usize> = (0..own.len()).filter(|&arm| own[arm] > 0).collect();
        let mut held: Vec<Option<f64>> = vec![None; own.len()];
        if let Some((arm, share)) = self.fixed {
            held[arm] = Some(share);
        }
        for _ in 0..=open.len() {
            let left = 1.0 - held.iter().flatten().sum::<f64>();
            let free: Vec<usize> = open.iter().copied().filter(|&arm| held[arm].is_none()).collect();
            let total: f64 = free.iter().map(|&arm| shares[arm]).sum();
            for &arm in &free {
                let even = left / free.len() as f64;
                shares[arm] = if total > 0.0 { left * shares[arm] / total } else { even };
            }
            // The arm furthest outside is held first: holding it moves the others.
            let outside = |arm: usize| (least - shares[arm]).max(shares[arm] - most);
            match free.into_iter().max_by(|&a, &b| outside(a).total_cmp(&outside(b))) {
                Some(arm) if outside(arm) > 1e-12 => held[arm] = Some(shares[arm].clamp(least, most)),
                _ => break,
            }
        }
        for &arm in &open {
            if let Some(share) = held[arm] {
                shares[arm] = share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::design::family::Intersection;

    fn design(limits: [f64; 2], fixed: Option<(usize, f64)>) -> ResponseAdaptive {
        ResponseAdaptive {
            test: ClosedTest::new(0.025, Vec::new(), Intersection::Bonferroni),
            prior: BetaRisk::UNIFORM,
            patients: 300,
            burn_in: 100,
            every: 50,
            power: 1.0,
            limits,
            fixed,
            recruitment: Recruitment::Waits,
            lag: 0.0,
        }
    }

    #[test]
    fn shares_keep_their_limits_and_add_up() {
        for (limits, fixed, chances, expected) in [
            ([0.0, 1.0], None, [0.2, 0.3, 0.5], [0.2, 0.3, 0.5]),
            ([0.1, 0.8], None, [0.0, 0.05, 0.95], [0.1, 0.1, 0.8]),
            ([0.2, 1.0], None, [0.01, 0.33, 0.66], [0.2, 0.8 / 3.0, 1.6 / 3.0]),
            ([0.1, 0.9], Some((0, 0.4)), [0.9, 0.05, 0.05], [0.4, 0.3, 0.3]),
            ([0.1, 0.9], Some((0, 0.4)), [1.0, 0.0, 0.0], [0.4, 0.3, 0.3]),
        ] {
            let mut shares = chances;
            design(limits, fixed).share_out(&[1, 1, 1], &mut shares);
            for (s, e) in shares.iter().zip(expected) {
                assert!((s - e).abs() < 1e-12, "{shares:?} {expected:?}");
            }
        }
    }

    #[test]
    fn looks_are_counted() {
        for (patients, looks) in [(300, 5), (301, 6), (100, 1)] {
            assert_eq!(ResponseAdaptive { patients, ..design([0.0, 1.0], None) }.looks(), looks);
        }
    }
}
