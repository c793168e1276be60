//! Changing the size of a trial at a look, blinded or not, without inflating its error.

use super::{DesignState, Evidence, Recruitment, Stage, When, beyond};
use crate::{
    statistics::{Comparison, PromisingZone},
    trial::{Trial, record::Decision},
};

/// A trial whose size is settled at one look.
#[derive(Clone, Debug, PartialEq)]
pub struct ReEstimation {
    /// Share of the planned patients at the look.
    pub first: f64,
    /// Patients at the most.
    pub most: usize,
    pub rule: Rule,
    /// The `z` of the last analysis.
    pub critical: f64,
    pub recruitment: Recruitment,
    /// Days from the cut of the data to the decision.
    pub lag: f64,
}

/// What the new size follows.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The risk of both arms together; the look tells nobody which arm does better.
    ///
    /// For a hazard ratio the events wanted are fixed, and the risk says how many patients give them.
    ///
    /// Gould, Stat Med 1992;11:55. Friede & Kieser, Biom J 2006;48:537. Schoenfeld, Biometrika 1981;68:316.
    Blinded { sizing: Comparison, effect: PlannedEffect, least: usize },
    /// The effect seen so far. Mehta & Pocock, Stat Med 2011;30:3267.
    Promising {
        /// Conditional power the trial grows to reach.
        target: f64,
        /// Evidence from which the result is promising.
        from: f64,
        test: LastTest,
        /// Conditional power of the planned trial, under the trend, below which it stops.
        stop_below: Option<f64>,
    },
}

/// The effect a blinded trial is sized for, while its risks are re-estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlannedEffect {
    RiskRatio(f64),
    RiskDifference(f64),
    OddsRatio(f64),
    HazardRatio(f64),
}

impl PlannedEffect {
    /// Patients that give the power of `sizing` at a pooled risk; none where no number does.
    pub fn patients(self, sizing: &Comparison, pooled: f64) -> Option<f64> {
        if let PlannedEffect::HazardRatio(effect) = self {
            return (pooled > 0.0).then(|| sizing.events(effect) / pooled);
        }
        let (control, treated) = self.risks(pooled, sizing.ratio);
        let possible = |risk: f64| risk > 0.0 && risk < 1.0;
        let both = possible(control) && possible(treated);
        both.then(|| sizing.two_risks(control, treated) * (1.0 + sizing.ratio))
    }

    /// The risks in control and treatment that give the pooled risk, `ratio` treated to one control.
    pub fn risks(self, pooled: f64, ratio: f64) -> (f64, f64) {
        match self {
            PlannedEffect::RiskRatio(effect) => {
                let control = pooled * (1.0 + ratio) / (1.0 + ratio * effect);
                (control, control * effect)
            }
            PlannedEffect::RiskDifference(effect) => {
                let control = pooled - ratio * effect / (1.0 + ratio);
                (control, control + effect)
            }
            PlannedEffect::OddsRatio(effect) => {
                between(pooled, ratio, |control| effect * control / (1.0 - control + effect * control))
            }
            PlannedEffect::HazardRatio(effect) => {
                between(pooled, ratio, |control| 1.0 - libm::pow(1.0 - control, effect))
            }
        }
    }
}

/// The control's risk, and with it the treated, at which both together have the pooled risk.
fn between(pooled: f64, ratio: f64, treated: impl Fn(f64) -> f64) -> (f64, f64) {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let control = 0.5 * (low + high);
        if control + ratio * treated(control) < pooled * (1.0 + ratio) {
            low = control;
        } else {
            high = control;
        }
    }
    (low, treated(low))
}

/// The test of the last analysis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LastTest {
    /// The plain one; sound where a trial grows only from the zone in which it keeps its level.
    ///
    /// Chen, DeMets & Lan, Stat Med 2004;23:1023.
    Plain,
    /// The statistics of the two stages, combined with this squared weight of the first, fixed beforehand.
    ///
    /// With the planned share this is Cui, Hung and Wang's, Biometrics 1999;55:853; in general the inverse
    /// normal method of Lehmacher & Wassmer, Biometrics 1999;55:1286.
    Weighted(f64),
}

impl ReEstimation {
    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let last = Stage::last(trial, state);
        match (state.made(), state.decision()) {
            (0, _) => Some(Stage {
                when: When::Followed(trial.endpoints[trial.estimands[0].endpoint].by),
                patients: self.first_stage(trial.patients),
                recruitment: self.recruitment,
                lag: self.lag,
                ..last
            }),
            (1, Decision::Continue) => Some(last),
            _ => None,
        }
    }

    /// Patients at the look.
    pub fn first_stage(&self, planned: usize) -> usize {
        (planned as f64 * self.first).round() as usize
    }

    /// The zone of a trial planned for `planned` patients that looked at `first`.
    pub fn zone(&self, first: usize, planned: usize, target: f64) -> PromisingZone {
        PromisingZone {
            first: first as f64,
            planned: planned as f64,
            most: self.most as f64,
            critical: self.critical,
            target,
        }
    }

    /// Whether the stages are tested apart.
    pub(super) fn by_stage(&self) -> bool {
        matches!(self.rule, Rule::Promising { test: LastTest::Weighted(_), .. })
    }

    pub(super) fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        let decision =
            if state.made() == 0 { self.resize(evidence, state) } else { self.conclude(evidence, state) };
        evidence.mark(decision, self.critical)
    }

    fn resize(&self, evidence: &Evidence, state: &mut DesignState) -> Decision {
        let c = &evidence.rows[0].comparison;
        match &self.rule {
            Rule::Blinded { sizing, effect, least } => {
                let known = c.n_treatment + c.n_control;
                if known == 0 {
                    return Decision::Continue;
                }
                let pooled = f64::from(c.events_treatment + c.events_control) / f64::from(known);
                let least = (*least).max(evidence.look.patients);
                state.patients = self.resized(*effect, sizing, pooled, least);
                Decision::Continue
            }
            Rule::Promising { target, from, stop_below, .. } => {
                let b = -evidence.primary();
                if b.is_nan() {
                    return Decision::Continue;
                }
                let planned = state.patients;
                let zone = self.zone(evidence.look.patients, planned, *target);
                let power = zone.planned_power(b);
                if stop_below.is_some_and(|least| power < least) {
                    return Decision::Futility;
                }
                if b >= *from && power < *target {
                    state.patients = (zone.size(b).ceil() as usize).clamp(planned, self.most);
                }
                Decision::Continue
            }
        }
    }

    /// The size a blinded look gives at a pooled risk among the first-stage patients; none where the look
    /// is not blinded.
    pub fn blinded_size(&self, planned: usize, pooled: f64) -> Option<usize> {
        let Rule::Blinded { sizing, effect, least } = &self.rule else { return None };
        Some(self.resized(*effect, sizing, pooled, (*least).max(self.first_stage(planned))))
    }

    fn resized(&self, effect: PlannedEffect, sizing: &Comparison, pooled: f64, least: usize) -> usize {
        let wanted = effect.patients(sizing, pooled).map_or(self.most, |n| n.ceil() as usize);
        wanted.clamp(least, self.most)
    }

    fn conclude(&self, evidence: &Evidence, state: &DesignState) -> Decision {
        match self.rule {
            Rule::Promising { test: LastTest::Weighted(weight), .. } => {
                let first = evidence.earlier[0].comparison.statistic;
                // Rows of stages stand one stage after another.
                let second = state.stages[evidence.rows.len()].comparison.statistic;
                let z = weight.sqrt() * first + (1.0 - weight).sqrt() * second;
                beyond(z, self.critical)
            }
            _ => beyond(evidence.primary(), self.critical),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planned_effects_give_the_pooled_risk() {
        for ratio in [1.0, 2.0] {
            for effect in [
                PlannedEffect::RiskRatio(0.75),
                PlannedEffect::RiskDifference(-0.12),
                PlannedEffect::OddsRatio(0.6),
                PlannedEffect::HazardRatio(0.6),
            ] {
                let (control, treated) = effect.risks(0.42, ratio);
                assert!(((control + ratio * treated) / (1.0 + ratio) - 0.42).abs() < 1e-9);
                let back = match effect {
                    PlannedEffect::RiskRatio(e) => treated / control - e,
                    PlannedEffect::RiskDifference(e) => treated - control - e,
                    PlannedEffect::OddsRatio(e) => {
                        treated / (1.0 - treated) / (control / (1.0 - control)) - e
                    }
                    PlannedEffect::HazardRatio(e) => libm::log1p(-treated) / libm::log1p(-control) - e,
                };
                assert!(back.abs() < 1e-9, "{effect:?}");
            }
        }
    }

    /// 80 % power at 5 % two-sided for a hazard ratio of 0.6 takes 120.3 events (Schoenfeld); at a pooled
    /// risk of 40 % these are 301 patients.
    #[test]
    fn a_hazard_ratio_is_sized_by_its_events() {
        let sizing = Comparison { level: 0.025, power: 0.8, ratio: 1.0 };
        let events = 4.0 * (1.959_964_f64 + 0.841_621).powi(2) / 0.6_f64.ln().powi(2);
        let patients = PlannedEffect::HazardRatio(0.6).patients(&sizing, 0.4).unwrap();
        assert!((patients - events / 0.4).abs() < 1e-3 && (patients - 300.8).abs() < 0.1);
        assert_eq!(PlannedEffect::HazardRatio(0.6).patients(&sizing, 0.0), None);
    }
}
