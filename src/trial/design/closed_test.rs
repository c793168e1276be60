//! One analysis of several hypotheses by the closed test.

use super::{
    Evidence,
    family::{Hypothesis, Intersection, closed_test},
};
use crate::{
    statistics::{dunnett_critical, normal_quantile},
    trial::record::Decision,
};

/// Several hypotheses tested together when everybody has been followed up; the chance of any false claim
/// is at most the level.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedTest {
    pub level: f64,
    pub hypotheses: Vec<Hypothesis>,
    pub intersection: Intersection,
    /// By number of hypotheses in a set, the evidence at which Dunnett's test rejects it; empty for others.
    critical: Vec<f64>,
}

impl ClosedTest {
    /// The test at `level` in the direction of benefit.
    pub fn new(level: f64, hypotheses: Vec<Hypothesis>, intersection: Intersection) -> Self {
        let critical = match intersection {
            Intersection::Dunnett(correlation) => (1..=hypotheses.len())
                .map(|n| match n {
                    1 => -normal_quantile(level),
                    _ => dunnett_critical(level, n, correlation).unwrap_or(f64::INFINITY),
                })
                .collect(),
            _ => Vec::new(),
        };
        ClosedTest { level, hypotheses, intersection, critical }
    }

    /// The critical value of one hypothesis alone.
    pub fn single(&self) -> f64 {
        -normal_quantile(self.level)
    }

    /// Marks every row and decides the trial.
    pub fn decide(&self, evidence: &mut Evidence) -> Decision {
        evidence.mark_all(self.single());
        let b: Vec<f64> = self.hypotheses.iter().map(|&h| evidence.evidence(h)).collect();
        let claims = closed_test(b.len(), |members| {
            let mut of = [f64::NAN; super::family::MOST_HYPOTHESES];
            members.iter().enumerate().for_each(|(k, &i)| of[k] = b[i]);
            let of = &of[..members.len()];
            match self.critical.get(members.len() - 1) {
                Some(&critical) => of.iter().any(|&b| b > critical),
                None => self.intersection.p(of, f64::NAN) < self.level,
            }
        });
        let mut any = Decision::None;
        for (&h, claimed) in self.hypotheses.iter().zip(claims) {
            if claimed {
                any = Decision::Benefit;
                evidence.claim(h, Decision::Benefit);
            } else {
                let other = evidence.wrong_way(h, self.single());
                evidence.claim(h, other);
            }
        }
        any
    }
}
