//! Several hypotheses at once: which they are, and how a claim of one is protected against the others.

use super::{DesignState, Evidence, Row, beyond};
use crate::{
    statistics::{dunnett_p, evidence_p, part_and_whole_p, simes},
    trial::record::{Decision, Slice},
};

/// What a design may claim: that the treatment of an estimand is better, in everybody or in one level of a
/// subgroup.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hypothesis {
    pub estimand: usize,
    pub slice: Slice,
}

/// Hypotheses a closed test can take: it looks at every set of them.
pub const MOST_HYPOTHESES: usize = 8;

/// The test that none of a set of hypotheses has an effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Intersection {
    /// The smallest P value times their number.
    Bonferroni,
    /// Simes' test, for hypotheses that go up and down together.
    Simes,
    /// Arms of one size against a shared control, with the correlation of any two.
    Dunnett(f64),
    /// Everybody and a part of them.
    PartAndWhole,
}

impl Intersection {
    /// The P value of a set from the evidence `b = −z` of its members; NaN counts as none. `share` is the
    /// part's share of the patients.
    pub fn p(self, evidence: &[f64], share: f64) -> f64 {
        let largest = evidence.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if evidence.len() == 1 || largest == f64::NEG_INFINITY {
            return evidence_p(largest);
        }
        match self {
            Intersection::Bonferroni => (evidence_p(largest) * evidence.len() as f64).min(1.0),
            Intersection::Simes => {
                let mut p = [1.0; MOST_HYPOTHESES];
                for (p, &b) in p.iter_mut().zip(evidence) {
                    *p = if b.is_nan() { 1.0 } else { evidence_p(b) };
                }
                simes(&p[..evidence.len()])
            }
            Intersection::Dunnett(correlation) => dunnett_p(largest, evidence.len(), correlation),
            Intersection::PartAndWhole => part_and_whole_p(largest, share),
        }
    }
}

/// The closed test: a hypothesis is rejected when `rejected` rejects every set that holds it. Sets are
/// given as the positions of their members.
///
/// Marcus, Peritz & Gabriel, Biometrika 1976;63:655.
pub fn closed_test(hypotheses: usize, mut rejected: impl FnMut(&[usize]) -> bool) -> [bool; MOST_HYPOTHESES] {
    let mut claims = [true; MOST_HYPOTHESES];
    claims[hypotheses..].fill(false);
    for set in 1usize..1 << hypotheses {
        let mut members = [0; MOST_HYPOTHESES];
        let mut n = 0;
        for i in (0..hypotheses).filter(|i| set >> i & 1 == 1) {
            members[n] = i;
            n += 1;
        }
        // A set none of whose members can still be claimed decides nothing.
        if members[..n].iter().any(|&i| claims[i]) && !rejected(&members[..n]) {
            members[..n].iter().for_each(|&i| claims[i] = false);
        }
    }
    claims
}

impl Evidence<'_> {
    /// Marks every row, significant beyond `critical`, before a design marks its own hypotheses.
    pub(super) fn mark_all(&mut self, critical: f64) {
        let z = self.primary();
        self.rows[0].decision = beyond(z, critical);
        self.mark_others(critical);
    }

    /// Marks the row of a hypothesis.
    pub(super) fn claim(&mut self, hypothesis: Hypothesis, decision: Decision) {
        if let Some(row) = self.of(hypothesis.estimand, hypothesis.slice) {
            row.decision = decision;
        }
    }

    /// The evidence of a hypothesis, `b = −z`: above 0 when the treatment does better, NaN without an answer.
    pub(super) fn evidence(&self, hypothesis: Hypothesis) -> f64 {
        let row = self.rows.iter().find(|row| is_of(row, hypothesis));
        row.map_or(f64::NAN, |row| -row.comparison.statistic)
    }

    /// Whether the evidence of a hypothesis is beyond `critical`, and to which side, for what is not claimed.
    pub(super) fn wrong_way(&self, hypothesis: Hypothesis, critical: f64) -> Decision {
        if self.evidence(hypothesis) < -critical { Decision::Harm } else { Decision::None }
    }
}

/// Whether a row is the one of a hypothesis.
pub(super) fn is_of(row: &Row, hypothesis: Hypothesis) -> bool {
    usize::from(row.estimand) == hypothesis.estimand && row.slice == hypothesis.slice
}

impl DesignState {
    /// The row of a hypothesis among the patients of one stage alone, from 0.
    pub(super) fn stage_row(&self, stage: usize, hypothesis: Hypothesis) -> Option<&Row> {
        self.stages.iter().find(|row| usize::from(row.look) == stage + 1 && is_of(row, hypothesis))
    }

    /// The evidence of a hypothesis in one stage alone, `b = −z`; NaN without an answer.
    pub(super) fn stage_evidence(&self, stage: usize, hypothesis: Hypothesis) -> f64 {
        self.stage_row(stage, hypothesis).map_or(f64::NAN, |row| -row.comparison.statistic)
    }
}
