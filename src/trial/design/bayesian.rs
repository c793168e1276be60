//! Bayesian rules: the trial stops when the posterior, or what it predicts, is clear enough.
//!
//! Nothing is sampled: posteriors are quadratures and exact sums, so a rule costs microseconds in a trial
//! and its error without effect can be computed.

use super::{DesignState, Evidence, Recruitment, Stage, When};
use crate::{
    analysis::comparison::Comparison,
    statistics::{
        AtTable, BenefitTable, BetaRisk, NormalEffect, NormalMixture, Reason, TwoRisks, exchangeable_effects,
        normal_cdf, normal_quantile, predictive_of_edges, solve::root,
    },
    trial::{
        Trial,
        record::{Decision, Row, Slice},
    },
};

/// What is believed before the trial, and what the data say of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// Beta priors of the two risks of a bad event.
    Risks { treatment: BetaRisk, control: BetaRisk },
    /// A prior of the logarithm of a ratio; the estimate counts as normal with its standard error.
    LogRatio(NormalMixture),
}

/// When to give up.
#[derive(Clone, Debug, PartialEq)]
pub enum Futility {
    /// The posterior chance of benefit is below this.
    Posterior(f64),
    /// The predictive chance of success at the last look is below this.
    Predictive { least: f64, last: LastLook },
}

/// What success at the last look needs, worked out beforehand.
#[derive(Clone, Debug, PartialEq)]
pub enum LastLook {
    /// Patients in treatment and control, and the edge of success among their tables.
    Tables { sizes: (u32, u32), edges: Vec<u32> },
    /// The posterior itself.
    Effect,
}

/// Effects in the levels of a subgroup that borrow from each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrinkage {
    pub subgroup: usize,
    /// Scale of the half-normal prior of the spread between levels.
    pub scale: f64,
}

/// Looks at which a posterior decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Bayesian {
    /// Shares of the patients, the last 1.
    pub looks: Vec<f64>,
    pub model: Model,
    /// Benefit is an effect below this, on the analysis scale: 0 for any.
    pub margin: f64,
    /// Benefit is shown when its posterior chance is above this, by look.
    pub success: Vec<f64>,
    pub futility: Option<Futility>,
    /// The trial stops for harm when the posterior chance of an effect above 0 is above this.
    pub harm: Option<f64>,
    pub shrinkage: Option<Shrinkage>,
    pub recruitment: Recruitment,
    /// Days from the cut of the data to the decision.
    pub lag: f64,
}

/// What is believed after a look.
enum Posterior {
    Risks(TwoRisks),
    LogRatio { now: NormalMixture, estimate: f64, error: f64 },
}

impl Posterior {
    /// Chance that the effect is below `margin`.
    fn below(&self, margin: f64) -> f64 {
        match self {
            Posterior::Risks(risks) => risks.difference_below(margin),
            Posterior::LogRatio { now, .. } => now.below(margin),
        }
    }
}

impl Bayesian {
    /// How many looks there are.
    pub fn count(&self) -> usize {
        self.looks.len()
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let made = state.made();
        if state.decision() != Decision::Continue || made >= self.count() {
            return None;
        }
        let last = Stage::last(trial, state);
        if made + 1 == self.count() {
            return Some(last);
        }
        Some(Stage {
            when: When::Followed(trial.endpoints[trial.estimands[0].endpoint].by),
            patients: (trial.patients as f64 * self.looks[made]).round() as usize,
            recruitment: self.recruitment,
            lag: self.lag,
            ..last
        })
    }

    /// What is believed after a row; `None` without an answer.
    fn posterior(&self, row: &Row, higher_is_better: bool) -> Option<Posterior> {
        let c = &row.comparison;
        match &self.model {
            Model::Risks { treatment, control } => {
                let bad = |events: u32, n: u32| f64::from(if higher_is_better { n - events } else { events });
                let (n1, n0) = (f64::from(c.n_treatment), f64::from(c.n_control));
                Some(Posterior::Risks(TwoRisks {
                    treatment: treatment.updated(bad(c.events_treatment, c.n_treatment), n1, 1.0),
                    control: control.updated(bad(c.events_control, c.n_control), n0, 1.0),
                }))
            }
            Model::LogRatio(prior) => {
                if c.estimate.is_nan() || c.se.is_nan() || c.se <= 0.0 {
                    return None;
                }
                let estimate = if higher_is_better { -c.estimate } else { c.estimate };
                Some(Posterior::LogRatio { now: prior.updated(estimate, c.se), estimate, error: c.se })
            }
        }
    }

    /// The predictive chance of success at the last look.
    fn predicted(&self, row: &Row, posterior: &Posterior, share: f64, last: &LastLook, higher: bool) -> f64 {
        match (posterior, last) {
            (Posterior::Risks(now), LastLook::Tables { sizes, edges }) => {
                let c = &row.comparison;
                let bad = |events: u32, n: u32| if higher { n - events } else { events };
                let events = (bad(c.events_treatment, c.n_treatment), bad(c.events_control, c.n_control));
                let to_come = (sizes.0.saturating_sub(c.n_treatment), sizes.1.saturating_sub(c.n_control));
                predictive_of_edges(*now, events, to_come, edges)
            }
            (Posterior::LogRatio { now, estimate, error }, _) => {
                let full = error * share.sqrt();
                let Ok(edge) = self.edge(full, self.success[self.count() - 1]) else { return f64::NAN };
                // The last estimate weighs what is known and what is to come by their information.
                let to_come = error * error * share / (1.0 - share);
                let chance = |part: &NormalEffect| {
                    let mean = share * estimate + (1.0 - share) * part.mean;
                    let spread = (1.0 - share) * (part.deviation * part.deviation + to_come).sqrt();
                    normal_cdf((edge - mean) / spread)
                };
                now.0.iter().map(|(weight, part)| weight * chance(part)).sum()
            }
            (Posterior::Risks(_), LastLook::Effect) => f64::NAN,
        }
    }

    /// The estimate with standard error `error` at which the posterior chance of benefit is `threshold`.
    fn edge(&self, error: f64, threshold: f64) -> Result<f64, Reason> {
        let Model::LogRatio(prior) = &self.model else { return Err(Reason::OutOfRange) };
        root(
            |estimate| prior.updated(estimate, error).below(self.margin) - threshold,
            -30.0 * error - 5.0,
            30.0 * error + 5.0,
        )
    }

    /// The evidence `b` at which each look shows benefit, for a normal estimate whose standard error with
    /// all data is `full`.
    pub fn bounds(&self, full: f64) -> Result<Vec<f64>, Reason> {
        self.looks
            .iter()
            .zip(&self.success)
            .map(|(share, &threshold)| {
                let error = full / share.sqrt();
                Ok(-self.edge(error, threshold)? / error)
            })
            .collect()
    }

    pub(super) fn decide(&self, evidence: &mut Evidence, state: &DesignState) -> Decision {
        let look = state.made();
        let threshold = self.success[look];
        let is_last = evidence.look.complete || look + 1 == self.count();
        let trial = evidence.trial;
        let higher = trial.endpoints[trial.estimands[0].endpoint].higher_is_better;
        let row = &evidence.rows[0];
        let decision = match self.posterior(row, higher) {
            None if is_last => Decision::None,
            None => Decision::Continue,
            Some(posterior) => {
                let chance = posterior.below(self.margin);
                let better = || if self.margin == 0.0 { chance } else { posterior.below(0.0) };
                let harmful = self.harm.is_some_and(|least| 1.0 - better() > least);
                if chance > threshold {
                    Decision::Benefit
                } else if harmful {
                    Decision::Harm
                } else if is_last {
                    Decision::None
                } else if self.gives_up(row, &posterior, chance, look, higher) {
                    Decision::Futility
                } else {
                    Decision::Continue
                }
            }
        };
        evidence.mark(decision, normal_quantile(threshold));
        if let Some(shrinkage) = self.shrinkage {
            self.mark_levels(shrinkage, evidence.rows, threshold, higher);
        }
        decision
    }

    fn gives_up(&self, row: &Row, posterior: &Posterior, chance: f64, look: usize, higher: bool) -> bool {
        match &self.futility {
            None => false,
            Some(Futility::Posterior(least)) => chance < *least,
            Some(Futility::Predictive { least, last }) => {
                self.predicted(row, posterior, self.looks[look], last, higher) < *least
            }
        }
    }

    /// What each look makes of each table of bad events in a model of risks with these patients in treatment
    /// and control: by look, then events of the treated, then of the controls. None in other models.
    pub fn verdicts(&self, sizes: &[(u32, u32)]) -> Option<Vec<Vec<Vec<AtTable>>>> {
        let Model::Risks { treatment, control } = self.model else { return None };
        if self.margin != 0.0 {
            return None;
        }
        let look = |(k, table): (usize, &BenefitTable)| {
            let (n1, n0) = sizes[k];
            let verdict = |x: u32, y: u32| {
                let chance = table.chance(x, y);
                if chance > self.success[k] {
                    return AtTable::Success;
                }
                let harmful = self.harm.is_some_and(|least| 1.0 - chance > least);
                let counts = Comparison {
                    n_treatment: n1,
                    n_control: n0,
                    events_treatment: x,
                    events_control: y,
                    ..Comparison::none(Reason::Undefined)
                };
                let row = Row {
                    look: 0,
                    estimand: 0,
                    slice: Slice::All,
                    comparison: counts,
                    decision: Decision::None,
                };
                let is_last = k + 1 == self.count();
                let over = !is_last
                    && self
                        .posterior(&row, false)
                        .is_some_and(|posterior| self.gives_up(&row, &posterior, chance, k, false));
                if harmful || over { AtTable::Stop } else { AtTable::GoOn }
            };
            (0..=n1).map(|x| (0..=n0).map(|y| verdict(x, y)).collect()).collect()
        };
        Some(tables(treatment, control, sizes).iter().enumerate().map(look).collect())
    }

    /// Marks the levels of the subgroup whose effects borrow from each other.
    fn mark_levels(&self, shrinkage: Shrinkage, rows: &mut [Row], threshold: f64, higher: bool) {
        let Model::LogRatio(prior) = &self.model else { return };
        let levels = |row: &Row| {
            row.estimand == 0
                && matches!(row.slice, Slice::Level(s, _) if usize::from(s) == shrinkage.subgroup)
        };
        let known = |row: &Row| row.comparison.se > 0.0 && !row.comparison.estimate.is_nan();
        let estimates: Vec<(f64, f64)> = rows
            .iter()
            .filter(|row| levels(row) && known(row))
            .map(|row| {
                (if higher { -row.comparison.estimate } else { row.comparison.estimate }, row.comparison.se)
            })
            .collect();
        // The common mean takes the prior's own mean and spread.
        let mean: f64 = prior.0.iter().map(|(w, part)| w * part.mean).sum();
        let square: f64 = prior
            .0
            .iter()
            .map(|(w, part)| w * (part.deviation * part.deviation + part.mean * part.mean))
            .sum();
        let common = NormalEffect { mean, deviation: (square - mean * mean).sqrt() };
        let posteriors = exchangeable_effects(&estimates, common, shrinkage.scale);
        let mut posteriors = posteriors.iter();
        for row in rows.iter_mut().filter(|row| levels(row)) {
            row.decision = Decision::None;
            if known(row)
                && let Some(posterior) = posteriors.next()
            {
                if posterior.below(self.margin) > threshold {
                    row.decision = Decision::Benefit;
                } else if 1.0 - posterior.below(0.0) > threshold {
                    row.decision = Decision::Harm;
                }
            }
        }
    }
}

/// Tables of the two arms at each look, for a trial that allocates exactly in proportion.
pub fn tables(treatment: BetaRisk, control: BetaRisk, sizes: &[(u32, u32)]) -> Vec<BenefitTable> {
    sizes.iter().map(|&(n1, n0)| BenefitTable::new((treatment, n1), (control, n0))).collect()
}
