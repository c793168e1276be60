//! Several arms, each judged by how likely it is to be the best.

use super::{DesignState, Evidence, Hypothesis, Recruitment, Stage, When, posterior::chance_of_best};
use crate::{
    statistics::{BetaRisk, normal_quantile},
    trial::{Trial, record::Decision},
};

/// At each look an arm that is almost certainly the best ends the trial, and one that is almost certainly
/// not is closed; its patients go to the others.
///
/// The rules hold posterior probabilities and no type I error: the report says what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct BayesianArms {
    pub prior: BetaRisk,
    /// Every comparison of the primary end point.
    pub hypotheses: Vec<Hypothesis>,
    /// Patients at each look as a share of all, rising to 1.
    pub looks: Vec<f64>,
    /// An arm is superior above this chance of being the best.
    pub superior_above: f64,
    /// An arm is closed below this chance of being the best.
    pub drop_below: f64,
    pub recruitment: Recruitment,
    pub lag: f64,
}

impl BayesianArms {
    /// The critical value rows beside the rule are marked with: an ordinary two-sided 5 %.
    pub fn critical(&self) -> f64 {
        normal_quantile(0.975)
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let look = state.made();
        if look == self.looks.len() || state.decision() != Decision::Continue {
            return None;
        }
        Some(Stage {
            look: look as u8 + 1,
            when: When::Followed(trial.follow_up),
            patients: (self.looks[look] * trial.patients as f64).round() as usize,
            recruitment: self.recruitment,
            lag: self.lag,
        })
    }

    /// Marks the comparisons with what is known of their arms, closes arms, and decides the trial.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        let last = state.made() + 1 == self.looks.len();
        let mut chances = std::mem::take(&mut state.chances);
        chance_of_best(evidence, state.ratio(), self.prior, &mut chances);
        let best = chances.iter().position(|&c| c > self.superior_above);
        let dropped = |arm: usize| state.ratio()[arm] == 0 || chances[arm] < self.drop_below;
        evidence.mark_all(self.critical());
        for row in evidence.rows.iter_mut().filter(|row| row.slice == super::Slice::All) {
            let estimand = &evidence.trial.estimands[usize::from(row.estimand)];
            let (treatment, control) = (usize::from(estimand.treatment), usize::from(estimand.control));
            row.decision = match best {
                Some(best) if best == treatment => Decision::Benefit,
                Some(best) if best == control => Decision::Harm,
                Some(_) => Decision::Futility,
                None if dropped(treatment) => Decision::Futility,
                None if last => Decision::None,
                None => Decision::Continue,
            };
        }
        if best.is_none() {
            let close: Vec<usize> =
                (0..chances.len()).filter(|&arm| state.ratio()[arm] > 0 && dropped(arm)).collect();
            if !close.is_empty() {
                state.allocate(|ratio| close.iter().for_each(|&arm| ratio[arm] = 0));
            }
        }
        state.chances = chances;
        match best {
            Some(_) => Decision::Benefit,
            None if last => Decision::None,
            None => Decision::Continue,
        }
    }
}
