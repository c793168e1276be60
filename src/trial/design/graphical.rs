//! One analysis of several hypotheses that pass their share of the level on.

use super::{Evidence, family::Hypothesis};
use crate::{
    statistics::{Graph, evidence_p, normal_quantile},
    trial::record::Decision,
};

/// Hypotheses over end points and populations that share one level by a graph: a fixed order, a split of
/// the level, gatekeeping.
#[derive(Clone, Debug, PartialEq)]
pub struct Graphical {
    pub level: f64,
    pub hypotheses: Vec<Hypothesis>,
    pub graph: Graph,
}

impl Graphical {
    /// The critical value of a hypothesis that holds the whole level.
    pub fn single(&self) -> f64 {
        -normal_quantile(self.level)
    }

    /// Marks every row and decides the trial.
    pub fn decide(&self, evidence: &mut Evidence) -> Decision {
        evidence.mark_all(self.single());
        let p: Vec<f64> = self.hypotheses.iter().map(|&h| evidence_p(evidence.evidence(h))).collect();
        let mut any = Decision::None;
        for (&h, claimed) in self.hypotheses.iter().zip(self.graph.rejected(&p, self.level)) {
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
