//! The value each estimand takes in a run: from the model, not from the replicates.

use super::{
    aim::Adherence,
    cox_limit::{self, Censoring, cox_limit},
    marginal::{Arm, logit},
    trial::first_of,
};
use crate::{
    analysis::comparison::{Summary, Test},
    outcome::expectation::{Course, Expectation, FirstOf},
    trial::{Trial, pool::Pool},
};

/// What the model says of a trial.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// By estimand, then slice (all, then each subgroup's levels and its interaction): the value on the
    /// analysis scale, NaN where there is none.
    pub estimands: Vec<Vec<f64>>,
    /// The error of each of these where it was simulated; 0 where it has a closed form.
    pub errors: Vec<Vec<f64>>,
    /// By arm, then end point: the risk as run; empty for arms nobody is assigned to.
    pub risks: Vec<Vec<f64>>,
    /// By arm, then event: the probability that it happens by the end of follow-up.
    pub events: Vec<Vec<f64>>,
    /// By arm: days and the probability of the primary end point, for a figure.
    pub curves: Vec<Vec<(f64, f64)>>,
}

/// Risks and curves of one arm in groups of patients.
struct Curves {
    days: Vec<f64>,
    groups: Vec<Course>,
    ends: Ends,
}

/// The sets of events that have to be followed, each once.
#[derive(Clone, Default)]
struct Ends {
    list: Vec<FirstOf>,
    /// By end point: the place of the end point itself.
    itself: Vec<usize>,
    /// By end point: the place of the end point or a death that rules it out, whichever comes first; only
    /// analyses of times need it, and other end points repeat `itself`.
    or_ended: Vec<usize>,
}

impl Ends {
    fn new(trial: &Trial, events: usize) -> Self {
        let mut ends = Ends::default();
        for (e, endpoint) in trial.endpoints.iter().enumerate() {
            let itself = ends.place(first_of(&endpoint.any_of, events));
            let timed = trial.estimands.iter().any(|x| x.endpoint == e && x.method.summary.needs_times());
            let both: Vec<usize> = endpoint.any_of.iter().chain(&endpoint.ended_by).copied().collect();
            let or_ended = if timed { ends.place(first_of(&both, events)) } else { itself };
            ends.itself.push(itself);
            ends.or_ended.push(or_ended);
        }
        ends
    }

    fn place(&mut self, end: FirstOf) -> usize {
        self.list.iter().position(|known| *known == end).unwrap_or_else(|| {
            self.list.push(end);
            self.list.len() - 1
        })
    }
}

/// Computes the truth of every estimand with a closed form over the rows the trial enrols, each with its
/// weight; the others are left without (see [`super::large_trials`]).
pub fn truth(trial: &Trial, pool: &Pool) -> Truth {
    let events = trial.course.events.len();
    let ends = Ends::new(trial, events);
    let mut days: Vec<f64> = Expectation::natural_days(trial.follow_up);
    days.extend(trial.endpoints.iter().map(|e| e.by));
    days.push(trial.follow_up);
    days.retain(|&d| d > 0.0 && d <= trial.follow_up);
    days.sort_by(f64::total_cmp);
    days.dedup();
    // Group 0 is everybody; then the levels of each subgroup.
    let mut first = Vec::new();
    let mut count = 1;
    for subgroup in &trial.subgroups {
        first.push(count);
        count += subgroup.levels.len();
    }
    let arms: Vec<Option<Curves>> = (0..trial.arms.len())
        .map(|arm| {
            (trial.allocation.ratio[arm] > 0).then(|| {
                let prepared = Arm::new(&trial.course, pool, arm, Adherence::AsRun, &days, &ends.list);
                let groups = prepared.means(
                    count,
                    |row| trial.enrolment.probability[row],
                    |row, member| {
                        member.push(0);
                        for (subgroup, f) in trial.subgroups.iter().zip(&first) {
                            let level = usize::from(subgroup.code[row]);
                            member.extend((level < subgroup.levels.len()).then_some(f + level));
                        }
                    },
                );
                Curves { days: days.clone(), groups, ends: ends.clone() }
            })
        })
        .collect();
    let estimands: Vec<Vec<f64>> =
        (0..trial.estimands.len()).map(|e| estimand(trial, e, &arms, &first)).collect();
    Truth {
        errors: estimands.iter().map(|slices| vec![0.0; slices.len()]).collect(),
        estimands,
        risks: arms
            .iter()
            .map(|arm| {
                let risk = |curves: &Curves| {
                    (0..trial.endpoints.len()).map(|e| curves.risk(0, e, trial.endpoints[e].by)).collect()
                };
                arm.as_ref().map_or(Vec::new(), risk)
            })
            .collect(),
        events: arms
            .iter()
            .map(|arm| {
                let last = |c: &Curves| c.groups[0].happened.iter().map(|h| h[h.len() - 1]).collect();
                arm.as_ref().map_or(Vec::new(), last)
            })
            .collect(),
        curves: arms
            .iter()
            .map(|arm| {
                arm.as_ref().map_or(Vec::new(), |c| {
                    let primary = c.ends.itself[trial.estimands[0].endpoint];
                    let points = c.days.iter().zip(&c.groups[0].first_of[primary]);
                    std::iter::once((0.0, 0.0)).chain(points.map(|(&d, &p)| (d, p))).collect()
                })
            })
            .collect(),
    }
}

impl Curves {
    fn risk(&self, group: usize, endpoint: usize, by: f64) -> f64 {
        let course = &self.groups[group];
        course.first_of[self.ends.itself[endpoint]][course.day(by).expect("a day asked for")]
    }
}

fn estimand(trial: &Trial, index: usize, arms: &[Option<Curves>], first: &[usize]) -> Vec<f64> {
    let estimand = &trial.estimands[index];
    let value = |group: usize| -> f64 {
        let (Some(treatment), Some(control)) =
            (&arms[usize::from(estimand.treatment)], &arms[usize::from(estimand.control)])
        else {
            return f64::NAN;
        };
        if treatment.groups[group].weight == 0.0 {
            return f64::NAN;
        }
        let by = trial.endpoints[estimand.endpoint].by;
        let p1 = treatment.risk(group, estimand.endpoint, by);
        let p0 = control.risk(group, estimand.endpoint, by);
        match estimand.method.summary {
            Summary::RiskRatio => libm::log(p1 / p0),
            Summary::OddsRatio => logit(p1) - logit(p0),
            Summary::RiskDifference | Summary::KaplanMeierDifference => p1 - p0,
            // What has no closed form is simulated.
            summary if !summary.has_closed_form() => f64::NAN,
            // The limit of a stratified estimate depends on every stratum's own curves; it is not offered.
            Summary::HazardRatio if estimand.method.test == Test::StratifiedLogRank => f64::NAN,
            Summary::HazardRatio => hazard_ratio(trial, index, group, treatment, control),
            _ => f64::NAN,
        }
    };
    let mut list = vec![value(0)];
    for &s in &estimand.subgroups {
        let levels: Vec<f64> = (0..trial.subgroups[s].levels.len()).map(|l| value(first[s] + l)).collect();
        list.extend(&levels);
        list.push(if let [a, b] = levels[..] { b - a } else { f64::NAN });
    }
    list
}

/// The logarithm of the value to which the trial's own Cox estimate converges.
fn hazard_ratio(trial: &Trial, index: usize, group: usize, treatment: &Curves, control: &Curves) -> f64 {
    let estimand = &trial.estimands[index];
    let endpoint = estimand.endpoint;
    let at_risk = |c: &Curves| -> Vec<f64> {
        c.groups[group].first_of[c.ends.or_ended[endpoint]].iter().map(|x| 1.0 - x).collect()
    };
    let (risk1, risk0) = (at_risk(treatment), at_risk(control));
    let ratio = &trial.allocation.ratio;
    let side = |at_risk: &[f64], c: &Curves, arm: u8| {
        (
            at_risk.to_vec(),
            c.groups[group].first_of[c.ends.itself[endpoint]].clone(),
            f64::from(ratio[usize::from(arm)]),
        )
    };
    let (r1, h1, s1) = side(&risk1, treatment, estimand.treatment);
    let (r0, h0, s0) = side(&risk0, control, estimand.control);
    let censoring = Censoring { horizon: trial.endpoints[endpoint].by, loss_per_day: trial.loss_rate };
    let limit = cox_limit(
        &treatment.days,
        cox_limit::Arm { at_risk: &r0, happened: &h0, share: s0 / (s0 + s1) },
        cox_limit::Arm { at_risk: &r1, happened: &h1, share: s1 / (s0 + s1) },
        censoring,
    );
    limit.map_or(f64::NAN, libm::log)
}
