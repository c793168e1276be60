//! A platform: arms enter and leave while the control goes on.

use super::{DesignState, Evidence, Hypothesis, Recruitment, Stage, When};
use crate::{
    statistics::normal_quantile,
    trial::{Trial, record::Decision},
};
use std::ops::Range;

/// Which controls an arm is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controls {
    /// Those randomised while the arm was open.
    Concurrent,
    /// All: also those randomised before the arm entered or after it left.
    Pooled,
}

/// Arms that are open for some of the trial's patients only.
///
/// Each arm is tested at the full level when the trial ends; no correction is made for their number.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    pub level: f64,
    /// One for each arm beside the control.
    pub hypotheses: Vec<Hypothesis>,
    pub controls: Controls,
    /// Patients at the end.
    pub patients: usize,
    /// For each arm of the trial, the patients, counted over the whole trial, for whom it is open.
    pub open: Vec<Range<usize>>,
}

impl Platform {
    /// The critical value of each arm.
    pub fn critical(&self) -> f64 {
        -normal_quantile(self.level)
    }

    /// The numbers of patients at which an arm enters or leaves, rising; the last is the trial's end.
    pub fn changes(&self) -> Vec<usize> {
        let patients = self.patients;
        let ends = self.open.iter().flat_map(|range| [range.start, range.end]);
        let mut list: Vec<usize> = ends.filter(|&n| n > 0 && n < patients).chain([patients]).collect();
        list.sort_unstable();
        list.dedup();
        list
    }

    /// The patients among whom an arm is compared.
    pub fn compared(&self, arm: u8) -> Range<usize> {
        match self.controls {
            Controls::Concurrent => self.open[usize::from(arm)].clone(),
            Controls::Pooled => 0..usize::MAX,
        }
    }

    /// The weights of the arms for patient number `patient`, from 0.
    fn ratio_at(&self, trial: &Trial, patient: usize, ratio: &mut [u32]) {
        for (arm, weight) in ratio.iter_mut().enumerate() {
            *weight = if self.open[arm].contains(&patient) { trial.allocation.ratio[arm] } else { 0 };
        }
    }

    pub(super) fn start(&self, trial: &Trial, state: &mut DesignState) {
        state.allocate(|ratio| self.ratio_at(trial, 0, ratio));
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let changes = self.changes();
        let patients = *changes.get(state.made())?;
        if patients == trial.patients {
            return Some(Stage::last(trial, state));
        }
        // Nothing is analysed when an arm enters or leaves, so nobody waits.
        Some(Stage {
            look: state.made() as u8 + 1,
            when: When::Followed(0.0),
            patients,
            recruitment: Recruitment::Waits,
            lag: 0.0,
        })
    }

    /// Opens and closes arms, or concludes.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        let enrolled = evidence.look.stage.patients;
        if enrolled < evidence.trial.patients {
            evidence.rows.iter_mut().for_each(|row| row.decision = Decision::Continue);
            state.allocate(|ratio| self.ratio_at(evidence.trial, enrolled, ratio));
            return Decision::Continue;
        }
        evidence.mark_all(self.critical());
        let claims = |decision| evidence.rows.iter().any(|row| row.decision == decision);
        if claims(Decision::Benefit) { Decision::Benefit } else { evidence.rows[0].decision }
    }
}
