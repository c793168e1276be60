//! Two stages: all arms, then the best of them.

use super::{
    DesignState, Evidence, Recruitment, Stage, When,
    family::{Hypothesis, Intersection, MOST_HYPOTHESES, closed_test},
};
use crate::{
    statistics::{normal_quantile, normal_survival},
    trial::{Trial, record::Decision},
};

/// How the arms left are tested at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LastTest {
    /// The closed test, each set of arms by the inverse normal combination of its two stages.
    Combination(Intersection),
    /// The statistic of all patients against the critical value of the best of so many arms.
    AllPatients(f64),
}

/// A first stage of all arms, after which the best go on with the control.
#[derive(Clone, Debug, PartialEq)]
pub struct DropTheLoser {
    pub level: f64,
    /// One for each arm beside the control.
    pub hypotheses: Vec<Hypothesis>,
    /// Share of the patients in the first stage.
    pub first_stage: f64,
    /// Arms that go on.
    pub keep: usize,
    /// The trial stops for futility if the best arm's evidence is not above this; −∞ for never.
    pub stop_below: f64,
    pub test: LastTest,
    /// Share of an arm's information that the first stage holds: the squared weight of its evidence.
    pub weight: f64,
    pub recruitment: Recruitment,
    pub lag: f64,
}

impl DropTheLoser {
    /// The critical value of one arm at the end.
    pub fn critical(&self) -> f64 {
        match self.test {
            LastTest::Combination(_) => -normal_quantile(self.level),
            LastTest::AllPatients(critical) => critical,
        }
    }

    /// Patients of the first stage: whole multiples of the ratio.
    pub fn first(patients: usize, share: f64, whole: u32) -> usize {
        ((share * patients as f64 / f64::from(whole)).round() as usize * whole as usize).max(whole as usize)
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let whole = trial.allocation.ratio.iter().sum();
        let patients = match (state.made(), state.decision()) {
            (0, _) => Self::first(trial.patients, self.first_stage, whole),
            (1, Decision::Continue) => trial.patients,
            _ => return None,
        };
        Some(Stage {
            look: state.made() as u8 + 1,
            when: When::Followed(trial.follow_up),
            patients,
            recruitment: self.recruitment,
            lag: self.lag,
        })
    }

    /// Marks every row, closes arms, and decides the trial.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        evidence.mark_all(self.critical());
        if state.made() == 0 { self.select(evidence, state) } else { self.conclude(evidence, state) }
    }

    fn select(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        let mut order: Vec<(f64, usize)> = self
            .hypotheses
            .iter()
            .enumerate()
            .map(|(k, &h)| (evidence.evidence(h), k))
            .map(|(b, k)| (if b.is_nan() { f64::NEG_INFINITY } else { b }, k))
            .collect();
        // Equal arms go on in the order of the scenario.
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let stops = order[0].0 <= self.stop_below;
        state.claims.resize(self.hypotheses.len(), Decision::Futility);
        for &(_, k) in order.iter().take(if stops { 0 } else { self.keep }) {
            state.claims[k] = Decision::Continue;
        }
        for (k, &h) in self.hypotheses.iter().enumerate() {
            evidence.claim(h, state.claims[k]);
            if state.claims[k] == Decision::Futility {
                let arm = usize::from(evidence.trial.estimands[h.estimand].treatment);
                state.allocate(|ratio| ratio[arm] = 0);
            }
        }
        if stops { Decision::Futility } else { Decision::Continue }
    }

    fn conclude(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        let kept = |k: usize| state.claims[k] == Decision::Continue;
        let n = self.hypotheses.len();
        let claims = match self.test {
            LastTest::AllPatients(critical) => {
                let mut claims = [false; MOST_HYPOTHESES];
                for k in (0..n).filter(|&k| kept(k)) {
                    claims[k] = evidence.evidence(self.hypotheses[k]) > critical;
                }
                claims
            }
            LastTest::Combination(intersection) => closed_test(n, |members| {
                let p = |stage: usize, of: &dyn Fn(usize) -> bool| {
                    let mut b = [f64::NAN; MOST_HYPOTHESES];
                    let mut count = 0;
                    for &k in members.iter().filter(|&&k| of(k)) {
                        b[count] = state.stage_evidence(stage, self.hypotheses[k]);
                        count += 1;
                    }
                    (count > 0).then(|| intersection.p(&b[..count], f64::NAN))
                };
                let (Some(first), Some(second)) = (p(0, &|_| true), p(1, &kept)) else { return false };
                combined_p(first, second, self.weight) < self.level
            }),
        };
        let mut any = Decision::None;
        for (k, &h) in self.hypotheses.iter().enumerate() {
            let decision = match (claims[k], kept(k)) {
                (true, _) => Decision::Benefit,
                (false, true) => evidence.wrong_way(h, self.critical()),
                (false, false) => Decision::Futility,
            };
            if claims[k] {
                any = Decision::Benefit;
            }
            evidence.claim(h, decision);
        }
        any
    }
}

/// The inverse normal combination of the P values of two stages, the first with squared weight `weight`.
///
/// Lehmacher & Wassmer, Biometrics 1999;55:1286.
pub(super) fn combined_p(first: f64, second: f64, weight: f64) -> f64 {
    let evidence = |p: f64| -normal_quantile(p.clamp(1e-300, 1.0 - 1e-16));
    normal_survival(weight.sqrt() * evidence(first) + (1.0 - weight).sqrt() * evidence(second))
}
