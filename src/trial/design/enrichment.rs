//! Two stages: everybody, then whoever the first stage recommends.

use super::{
    DesignState, Evidence, Recruitment, Stage,
    drop_the_loser::combined_p,
    family::{Hypothesis, Intersection, closed_test},
    rule::Rule,
};
use crate::{
    statistics::{normal_quantile, normal_survival},
    trial::{
        Trial,
        record::{Decision, Slice},
    },
};

/// A first stage in everybody, after which the trial stops, goes on, or enrols a part of the patients only.
///
/// The effect in everybody and in the part are tested by the closed test; each set of hypotheses by the
/// inverse normal combination of its P values in the two stages. When the second stage enrols the part
/// only, its evidence there stands for the set of both, and the effect in everybody is not claimed.
///
/// Brannath et al., Stat Med 2009;28:1445.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrichment {
    pub level: f64,
    /// Everybody, then the part.
    pub hypotheses: [Hypothesis; 2],
    /// Share of the patients in the first stage; also the squared weight of its evidence.
    pub first_stage: f64,
    /// The trial stops for futility if this holds; asked first.
    pub stop: Option<Rule>,
    /// The second stage enrols the part only if this holds.
    pub enrich: Rule,
    pub intersection: Intersection,
    pub recruitment: Recruitment,
    pub lag: f64,
}

/// Positions of the hypotheses.
const ALL: usize = 0;
const PART: usize = 1;

impl Enrichment {
    /// The critical value of one hypothesis.
    pub fn critical(&self) -> f64 {
        -normal_quantile(self.level)
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let last = Stage::last(trial, state);
        let patients = (trial.patients as f64 * self.first_stage).round() as usize;
        match (state.made(), state.decision()) {
            (0, _) => Some(Stage { patients, recruitment: self.recruitment, lag: self.lag, ..last }),
            (1, Decision::Continue) => Some(last),
            _ => None,
        }
    }

    /// Marks every row, selects the population, and decides the trial.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        evidence.mark_all(self.critical());
        if state.made() == 0 { self.select(evidence, state) } else { self.conclude(evidence, state) }
    }

    fn select(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        let b = self.hypotheses.map(|h| evidence.evidence(h));
        let (go, drop) = (Decision::Continue, Decision::Futility);
        let claims = if self.stop.as_ref().is_some_and(|rule| rule.holds(&b)) {
            [drop, drop]
        } else if self.enrich.holds(&b) {
            [drop, go]
        } else {
            [go, go]
        };
        state.claims.clear();
        state.claims.extend(claims);
        state.enrolment = usize::from(claims == [drop, go]);
        for (h, claim) in self.hypotheses.into_iter().zip(claims) {
            evidence.claim(h, claim);
        }
        claims[PART]
    }

    fn conclude(&self, evidence: &mut Evidence, state: &DesignState) -> Decision {
        let goes_on = |k: usize| state.claims[k] == Decision::Continue;
        let stage = |stage: usize, k: usize| state.stage_evidence(stage, self.hypotheses[k]);
        let claims = closed_test(2, |members| {
            let p = |s: usize, of: &[usize]| match of {
                [k] => normal_survival(stage(s, *k)),
                _ => self.intersection.p(&[stage(s, ALL), stage(s, PART)], self.share(state, s)),
            };
            let second = match members {
                [ALL] if !goes_on(ALL) => return false,
                [_, _] if !goes_on(ALL) => p(1, &[PART]),
                _ => p(1, members),
            };
            combined_p(p(0, members), second, self.first_stage) < self.level
        });
        let mut any = Decision::None;
        for (k, &h) in self.hypotheses.iter().enumerate() {
            let decision = match (claims[k], goes_on(k)) {
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

    /// The part's share of the patients of a stage.
    fn share(&self, state: &DesignState, stage: usize) -> f64 {
        let patients = |k: usize| {
            let row = state.stage_row(stage, self.hypotheses[k]);
            row.map_or(f64::NAN, |row| f64::from(row.comparison.n_treatment + row.comparison.n_control))
        };
        (patients(PART) / patients(ALL)).clamp(0.0, 1.0)
    }

    /// The subgroup and level of the part.
    pub fn part(&self) -> (usize, usize) {
        match self.hypotheses[PART].slice {
            Slice::Level(subgroup, level) => (usize::from(subgroup), usize::from(level)),
            Slice::All | Slice::Interaction(_) => (0, 0),
        }
    }
}
