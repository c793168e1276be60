//! Group sequential designs: looks at which the trial may stop for benefit, futility or harm.
//!
//! Bounds are on `b = −z`, so that they read as in the textbooks: benefit is large. What the statistics
//! know of boundaries is in [`crate::statistics`]; here is when to look and which bound applies.

use super::{DesignState, Evidence, Look, Recruitment, Stage, When};
use crate::{
    statistics::{Boundary, Interval, Paths, Sides, Spending, boundary_for_spent, normal_quantile},
    trial::{
        Trial,
        estimand::AfterStopping,
        record::{Decision, Row},
    },
};

/// When the looks are made.
#[derive(Clone, Debug, PartialEq)]
pub enum Looks {
    /// When these shares of the patients have reached the primary horizon.
    FollowedUp,
    /// When these shares of the patients are enrolled, with what is known then.
    Enrolled,
    /// When so many of the primary end point have happened.
    Events(Vec<u32>),
    /// On these calendar days.
    Days(Vec<f64>),
}

/// What information is counted in where it is only known when a look is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Information {
    /// Patients whose answer can be known, out of those planned.
    Patients,
    /// Primary events, out of this many.
    Events(f64),
}

/// How the bounds for benefit come about.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// A family whose bounds are all known beforehand.
    Exact(Boundary),
    /// Bounds that were stated.
    Stated,
    /// Error spent as information grows.
    Spending(Spending),
    /// Error spent by each look, as stated.
    SpentBy(Vec<f64>),
}

/// When the trial gives up.
#[derive(Clone, Debug, PartialEq)]
pub enum Futility {
    Never,
    /// Below these, one for each look before the last; for beta spending too.
    Below(Vec<f64>),
    /// When the chance of benefit at the last look, under the drift `assuming` or else the trend so far,
    /// is below `least`. Lan & Wittes, Biometrics 1988;44:579.
    ConditionalPower {
        least: f64,
        assuming: Option<f64>,
    },
    /// When that chance, averaged over what the data leave open, is below this. Spiegelhalter, Freedman &
    /// Blackburn, Control Clin Trials 1986;7:8.
    PredictivePower(f64),
}

impl Futility {
    /// The evidence below which a trial at information `t` stops at look `look`, from 0; `last` is the
    /// bound of the last look. Minus infinity where it never does.
    pub fn bound(&self, look: usize, t: f64, last: f64) -> f64 {
        let left = 1.0 - t;
        match self {
            _ if left <= 0.0 => f64::NEG_INFINITY,
            Futility::Never => f64::NEG_INFINITY,
            Futility::Below(bounds) => bounds.get(look).copied().unwrap_or(f64::NEG_INFINITY),
            Futility::ConditionalPower { least, assuming: Some(drift) } => {
                (last - drift * left + left.sqrt() * normal_quantile(*least)) / t.sqrt()
            }
            Futility::ConditionalPower { least, assuming: None } => {
                t.sqrt() * (last + left.sqrt() * normal_quantile(*least))
            }
            Futility::PredictivePower(least) => {
                t.sqrt() * (last + (left / t).sqrt() * normal_quantile(*least))
            }
        }
    }
}

/// A group sequential design.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSequential {
    pub looks: Looks,
    /// Share of the information planned for each look, the last 1.
    pub information: Vec<f64>,
    /// What realised information is counted in.
    pub counted: Information,
    pub rule: Rule,
    /// Whether spending follows the share of the planned days that has passed instead of information.
    pub spend_by_time: bool,
    /// Error in the direction of benefit.
    pub level: f64,
    pub sides: Sides,
    /// Bounds for benefit at the planned information.
    pub upper: Vec<f64>,
    pub futility: Futility,
    pub binding: bool,
    /// Bounds for harm on z at each look before the last; infinite where there is none.
    pub harm: Vec<f64>,
    pub recruitment: Recruitment,
    /// Days from the cut of the data to the decision.
    pub lag: f64,
    /// The paths of trials of the design as planned, if estimates that allow for stopping are asked for.
    pub paths: Option<Paths>,
}

/// The bounds of one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub benefit: f64,
    /// Below this the trial stops for futility.
    pub futility: f64,
    /// Below minus this it stops for harm.
    pub harm: f64,
}

impl GroupSequential {
    /// How many looks there are.
    pub fn count(&self) -> usize {
        self.information.len()
    }

    pub(super) fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        let made = state.made();
        let over =
            state.decision() != Decision::Continue || state.looks.last().is_some_and(|look| look.complete);
        if over || made >= self.count() {
            return None;
        }
        let last = Stage::last(trial, state);
        let stage = if made + 1 == self.count() {
            last
        } else {
            Stage { recruitment: self.recruitment, lag: self.lag, ..last }
        };
        let share =
            || ((trial.patients as f64 * self.information[made]).round() as usize).min(trial.patients);
        let horizon = trial.endpoints[trial.estimands[0].endpoint].by;
        Some(match &self.looks {
            Looks::Events(events) => Stage { when: When::Events(events[made]), ..stage },
            Looks::Days(days) => Stage { when: When::Day(days[made]), ..stage },
            _ if made + 1 == self.count() => last,
            Looks::FollowedUp => Stage { when: When::Followed(horizon), patients: share(), ..stage },
            Looks::Enrolled => Stage { when: When::Followed(0.0), patients: share(), ..stage },
        })
    }

    /// The futility bounds at the planned information, minus infinity at the last look.
    pub fn planned_futility(&self) -> Vec<f64> {
        let last = self.upper[self.count() - 1];
        self.information.iter().enumerate().map(|(k, &t)| self.futility.bound(k, t, last)).collect()
    }

    /// The bounds for harm on z at the planned information.
    pub fn planned_harm(&self) -> Vec<f64> {
        self.upper.iter().enumerate().map(|(k, &benefit)| self.harm_bound(k, benefit)).collect()
    }

    /// The evidence below which a trial stops at each look as planned, for futility or harm; minus
    /// infinity at the last look of a one-sided test.
    pub fn planned_lower(&self) -> Vec<f64> {
        self.planned_futility().iter().zip(self.planned_harm()).map(|(&low, harm)| low.max(-harm)).collect()
    }

    /// The bound for harm at look `look`; a two-sided test mirrors its bound for benefit.
    fn harm_bound(&self, look: usize, benefit: f64) -> f64 {
        match self.sides {
            Sides::Two => benefit,
            Sides::One => self.harm.get(look).copied().unwrap_or(f64::INFINITY),
        }
    }

    /// Whether the bounds follow the information found at each look.
    fn is_updated(&self) -> bool {
        matches!(self.looks, Looks::Enrolled | Looks::Days(_))
    }

    /// Information found at a look as a share of the planned.
    fn share(&self, trial: &Trial, look: &Look) -> f64 {
        match (&self.looks, self.counted) {
            (Looks::Events(events), _) => f64::from(look.events) / f64::from(events[events.len() - 1]),
            (_, Information::Patients) => look.mature as f64 / trial.patients as f64,
            (_, Information::Events(full)) => f64::from(look.events) / full,
        }
    }

    /// The bounds at a look, given those before it.
    ///
    /// Looks whose information is only known when they are made spend what their information allows; a
    /// last look spends what is left, whether there is more or less information than planned.
    pub fn bounds(&self, trial: &Trial, look: &Look, before: &[Look]) -> Bounds {
        let k = before.len();
        let is_last = look.complete || k + 1 == self.count();
        let short = is_last && !self.reached(trial, look);
        let planned = || Bounds {
            benefit: self.upper[if is_last { self.count() - 1 } else { k }],
            futility: self.futility.bound(k, self.information[k], self.upper[self.count() - 1]),
            harm: 0.0,
        };
        let spends = matches!(self.rule, Rule::Spending(_) | Rule::SpentBy(_));
        let mut bounds = if spends && (self.is_updated() || short) {
            self.updated(trial, look, before, is_last)
        } else {
            planned()
        };
        bounds.harm = self.harm_bound(k, bounds.benefit);
        if is_last {
            bounds.futility = f64::NEG_INFINITY;
            bounds.harm = bounds.benefit;
        }
        bounds
    }

    /// Whether a look has the information planned for the last.
    fn reached(&self, trial: &Trial, look: &Look) -> bool {
        match &self.looks {
            Looks::Events(events) => events.last().is_some_and(|&all| look.events >= all),
            _ => look.patients >= trial.patients,
        }
    }

    fn updated(&self, trial: &Trial, look: &Look, before: &[Look], is_last: bool) -> Bounds {
        let k = before.len();
        let looks = before.iter().chain(std::iter::once(look));
        let information: Vec<f64> = looks.map(|look| self.share(trial, look)).collect();
        let mut spent: Vec<f64> = (0..=k)
            .map(|j| match (&self.rule, &self.looks) {
                (Rule::SpentBy(list), _) => list[j],
                (Rule::Spending(function), Looks::Days(days)) if self.spend_by_time => {
                    let cut = if j < k { before[j].cut } else { look.cut };
                    function.spent(cut / days[days.len() - 1], self.level)
                }
                (Rule::Spending(function), _) => function.spent(information[j], self.level),
                _ => self.level,
            })
            .collect();
        if is_last {
            spent[k] = self.level;
        }
        let last = self.upper[self.count() - 1];
        let futility: Vec<f64> =
            information.iter().enumerate().map(|(j, &t)| self.futility.bound(j, t, last)).collect();
        // A look with no more information than the one before shows nothing new and spends nothing.
        let mut kept: Vec<usize> = Vec::with_capacity(k + 1);
        for j in 0..=k {
            if information[j] > kept.last().map_or(0.0, |&i| information[i]) {
                kept.push(j);
            }
        }
        let benefit = if kept.last() == Some(&k) {
            let pick = |list: &[f64]| kept.iter().map(|&j| list[j]).collect::<Vec<f64>>();
            let binding = self.binding.then(|| pick(&futility));
            boundary_for_spent(&pick(&spent), &pick(&information), self.sides, binding.as_deref())
                .map_or(f64::INFINITY, |upper| upper[upper.len() - 1])
        } else {
            f64::INFINITY
        };
        Bounds { benefit, futility: futility[k], harm: 0.0 }
    }

    pub(super) fn decide(&self, evidence: &mut Evidence, state: &DesignState) -> Decision {
        let bounds = self.bounds(evidence.trial, &evidence.look, &state.looks);
        let is_last = evidence.look.complete || state.made() + 1 == self.count();
        let b = -evidence.primary();
        let decision = if b > bounds.benefit {
            Decision::Benefit
        } else if -b > bounds.harm {
            Decision::Harm
        } else if is_last {
            Decision::None
        } else if b < bounds.futility {
            Decision::Futility
        } else {
            Decision::Continue
        };
        evidence.mark(decision, bounds.benefit);
        self.allow_for_stopping(evidence, state.made(), bounds.benefit);
        decision
    }

    /// Rewrites the rows of estimands that allow for stopping: what the plain row says on its own scale,
    /// with the estimate and interval of the stagewise order, or the interval that holds at every look.
    fn allow_for_stopping(&self, evidence: &mut Evidence, look: usize, bound: f64) {
        let Some(paths) = &self.paths else { return };
        let trial = evidence.trial;
        for row in evidence.rows.iter_mut() {
            let Some(kind) = trial.estimands[usize::from(row.estimand)].after_stopping else { continue };
            let c = row.comparison;
            if c.estimate.is_nan() || c.se.is_nan() {
                continue;
            }
            // Evidence of the estimate itself, counted upwards for benefit, and its unit.
            let lower_is_better =
                !trial.endpoints[trial.estimands[usize::from(row.estimand)].endpoint].higher_is_better;
            let unit = if lower_is_better { -c.se } else { c.se };
            let b = c.estimate / unit;
            let found = match kind {
                AfterStopping::Stagewise => {
                    paths.median_unbiased(look, b).and_then(|mean| Ok((mean, paths.interval(look, b, 0.95)?)))
                }
                AfterStopping::Repeated => Ok((b, Interval { lower: b - bound, upper: b + bound })),
            };
            if let Ok((mean, interval)) = found {
                write(row, mean, interval, unit);
            }
        }
    }
}

/// Writes an estimate and interval given in standard errors towards benefit.
fn write(row: &mut Row, mean: f64, interval: Interval, unit: f64) {
    let ends = [interval.lower * unit, interval.upper * unit];
    row.comparison.estimate = mean * unit;
    row.comparison.lower = ends[0].min(ends[1]);
    row.comparison.upper = ends[0].max(ends[1]);
}
