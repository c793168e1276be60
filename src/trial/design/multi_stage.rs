//! Several arms against one control with looks: arms are dropped or claimed by bounds.

use super::{DesignState, Evidence, Recruitment, Stage, When, family::Hypothesis};
use crate::trial::{Trial, record::Decision};

/// Arms that are dropped for lack of promise or claimed at looks, by bounds on their own evidence.
///
/// Bounds are those of Magirr, Jaki & Whitehead (Biometrika 2012;99:494): they hold the chance of any
/// false claim at the level. An arm that is dropped takes its patients with it, so that the arms left and
/// the control grow as planned.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStage {
    pub level: f64,
    /// One for each arm beside the control.
    pub hypotheses: Vec<Hypothesis>,
    /// Patients at each look as a share of all, rising to 1.
    pub looks: Vec<f64>,
    /// Evidence above which an arm is claimed, at each look.
    pub upper: Vec<f64>,
    /// Evidence below which an arm is dropped, at each look but the last.
    pub drop_below: Vec<f64>,
    pub recruitment: Recruitment,
    /// Days from the cut of the data to the decision.
    pub lag: f64,
    /// Whether the first claim ends the trial.
    pub stop_at_first_claim: bool,
}

impl MultiStage {
    /// The critical value of the last look.
    pub fn critical(&self) -> f64 {
        self.upper[self.upper.len() - 1]
    }

    /// Patients added by the look number `look`, from 0, if the arms open now are those of `state`.
    fn added(&self, trial: &Trial, state: &DesignState, look: usize) -> usize {
        let whole: u32 = trial.allocation.ratio.iter().sum();
        let open: u32 = state.ratio().iter().sum();
        let units = |share: f64| (share * trial.patients as f64 / f64::from(whole)).round() as usize;
        let before = if look == 0 { 0 } else { units(self.looks[look - 1]) };
        (units(self.looks[look]) - before) * open as usize
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let look = state.made();
        if look == self.looks.len() || state.decision() != Decision::Continue {
            return None;
        }
        let before = state.looks.last().map_or(0, |look| look.patients);
        Some(Stage {
            look: look as u8 + 1,
            when: When::Followed(trial.follow_up),
            patients: before + self.added(trial, state, look),
            recruitment: self.recruitment,
            lag: self.lag,
        })
    }

    /// Marks every row, closes arms, and decides the trial.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        let look = state.made();
        let last = look + 1 == self.looks.len();
        let upper = self.upper[look];
        evidence.mark_all(upper);
        state.claims.resize(self.hypotheses.len(), Decision::Continue);
        for (k, &h) in self.hypotheses.iter().enumerate() {
            if state.claims[k] == Decision::Continue {
                let b = evidence.evidence(h);
                state.claims[k] = if b > upper {
                    Decision::Benefit
                } else if last {
                    evidence.wrong_way(h, upper)
                } else if b < self.drop_below[look] {
                    Decision::Futility
                } else {
                    Decision::Continue
                };
                if matches!(state.claims[k], Decision::Benefit | Decision::Futility) {
                    let arm = usize::from(evidence.trial.estimands[h.estimand].treatment);
                    state.allocate(|ratio| ratio[arm] = 0);
                }
            }
            evidence.claim(h, state.claims[k]);
        }
        let is = |decision| state.claims.contains(&decision);
        let decision = match (is(Decision::Benefit), is(Decision::Continue)) {
            (true, open) if last || !open || self.stop_at_first_claim => Decision::Benefit,
            (_, true) if !last => Decision::Continue,
            _ if !last => Decision::Futility,
            _ => self.at_the_end(&state.claims),
        };
        if decision == Decision::Continue {
            // The arms left end with what was planned for them.
            let trial = evidence.trial;
            let later: usize = (look + 1..self.looks.len()).map(|k| self.added(trial, state, k)).sum();
            state.patients = evidence.look.patients + later;
        }
        decision
    }

    fn at_the_end(&self, claims: &[Decision]) -> Decision {
        if claims.contains(&Decision::Benefit) {
            Decision::Benefit
        } else if claims.iter().all(|&c| c == Decision::Harm) {
            Decision::Harm
        } else {
            Decision::None
        }
    }
}
