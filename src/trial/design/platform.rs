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

/// What says when arms enter and leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// How many patients the trial has enrolled.
    Patients,
    /// Calendar days from the first site's opening.
    Days,
}

/// Arms that are open for a part of the trial only.
///
/// Each arm is tested at the full level when the trial ends; no correction is made for their number.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    pub level: f64,
    /// One for each arm beside the control.
    pub hypotheses: Vec<Hypothesis>,
    pub controls: Controls,
    pub clock: Clock,
    /// For each arm of the trial, when it is open by the clock; without end if it stays.
    pub open: Vec<Range<f64>>,
    /// When arms enter or leave by the clock, rising, between the trial's start and its end.
    changes: Vec<f64>,
}

impl Platform {
    /// A platform whose trial ends at `end` by the clock.
    pub fn new(
        level: f64,
        hypotheses: Vec<Hypothesis>,
        controls: Controls,
        clock: Clock,
        open: Vec<Range<f64>>,
        end: f64,
    ) -> Self {
        let ends = open.iter().flat_map(|range| [range.start, range.end]);
        let mut changes: Vec<f64> = ends.filter(|&at| at > 0.0 && at < end).collect();
        changes.sort_by(f64::total_cmp);
        changes.dedup();
        Platform { level, hypotheses, controls, clock, open, changes }
    }

    /// The critical value of each arm.
    pub fn critical(&self) -> f64 {
        -normal_quantile(self.level)
    }

    /// When arms enter or leave by the clock, rising.
    pub fn changes(&self) -> &[f64] {
        &self.changes
    }

    /// The patients among whom an arm is compared.
    pub fn compared(&self, arm: u8, state: &DesignState) -> Range<usize> {
        if self.controls == Controls::Pooled {
            return 0..usize::MAX;
        }
        let open = &self.open[usize::from(arm)];
        // Each change began a period; one that has not come has nobody after it.
        let patient = |at: f64| match self.changes.iter().position(|&change| change == at) {
            Some(change) => state.periods().get(change).copied().unwrap_or(usize::MAX),
            None if at == 0.0 => 0,
            None => usize::MAX,
        };
        patient(open.start)..patient(open.end)
    }

    /// The weights of the arms at a time by the clock.
    fn ratio_at(&self, trial: &Trial, at: f64, ratio: &mut [u32]) {
        for (arm, weight) in ratio.iter_mut().enumerate() {
            *weight = if self.open[arm].contains(&at) { trial.allocation.ratio[arm] } else { 0 };
        }
    }

    pub(super) fn start(&self, trial: &Trial, state: &mut DesignState) {
        state.allocate(|ratio| self.ratio_at(trial, 0.0, ratio));
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        if self.is_over(state) {
            return None;
        }
        // A trial that is full, or closed, before the next change ends as it is.
        let full = state.looks.last().is_some_and(|look| look.complete || look.patients >= trial.patients);
        let (when, patients) = match self.changes.get(state.made()) {
            None => return Some(Stage::last(trial, state)),
            Some(_) if full => return Some(Stage::last(trial, state)),
            Some(&at) => match self.clock {
                Clock::Patients => (When::Enrolled, at as usize),
                Clock::Days => (When::Day(at), trial.patients),
            },
        };
        // Nothing is analysed when an arm enters or leaves, so nobody waits.
        let look = state.made() as u8 + 1;
        Some(Stage { look, when, patients, recruitment: Recruitment::Waits, lag: 0.0 })
    }

    fn is_over(&self, state: &DesignState) -> bool {
        state.looks.last().is_some_and(|look| matches!(look.stage.when, When::Followed(_)))
    }

    /// Opens and closes arms, or concludes.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        if !matches!(evidence.look.stage.when, When::Followed(_)) {
            evidence.rows.iter_mut().for_each(|row| row.decision = Decision::Continue);
            let at = self.changes[state.made()];
            state.allocate(|ratio| self.ratio_at(evidence.trial, at, ratio));
            return Decision::Continue;
        }
        evidence.mark_all(self.critical());
        let claims = |decision| evidence.rows.iter().any(|row| row.decision == decision);
        if claims(Decision::Benefit) { Decision::Benefit } else { evidence.rows[0].decision }
    }
}
