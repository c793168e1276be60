//! The value each estimand takes in a run: from the model, not from the replicates.

use super::{
    aim::Adherence,
    blocks::pool_error,
    cox_limit::{self, Censoring, cox_limit},
    marginal::{Arm, Sums, logit},
    stratum,
    trial::first_of,
};
use crate::{
    analysis::comparison::{Summary, Test},
    outcome::{
        endpoint::AtBailOut,
        expectation::{AtSwitch, Course, Expectation, FirstOf},
    },
    trial::{Trial, estimand::Strategy, pool::Pool},
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

impl Truth {
    /// Nothing known of the same estimands: where the effect itself is not known.
    pub fn unknown(&self) -> Truth {
        let nothing = |list: &Vec<Vec<f64>>| list.iter().map(|v| vec![f64::NAN; v.len()]).collect();
        Truth {
            estimands: nothing(&self.estimands),
            errors: nothing(&self.errors),
            risks: nothing(&self.risks),
            events: nothing(&self.events),
            curves: self.curves.clone(),
        }
    }
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
            let at_switch = match endpoint.at_bail_out {
                AtBailOut::Counts => AtSwitch::Counts,
                AtBailOut::Ends => AtSwitch::Ends,
                AtBailOut::GoesOn | AtBailOut::Censors | AtBailOut::LeavesOut => AtSwitch::GoesOn,
            };
            let itself = ends.place(FirstOf { at_switch, ..first_of(&endpoint.any_of, events) });
            let timed = trial.estimands.iter().any(|x| x.endpoint == e && x.method.summary.needs_times());
            let both: Vec<usize> = endpoint.any_of.iter().chain(&endpoint.ended_by).copied().collect();
            // Whoever has bailed out is no longer at risk of an end point that a bail-out ends.
            let at_switch = if at_switch == AtSwitch::GoesOn { at_switch } else { AtSwitch::Counts };
            let or_ended = FirstOf { at_switch, ..first_of(&both, events) };
            let or_ended = if timed { ends.place(or_ended) } else { itself };
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

/// Sums over the rows of a pool that are known from other trials, by what the trials ask of whom.
#[derive(Default)]
pub struct Known(Vec<(Asked, Sums)>);

/// The weight of each row, and the groups it belongs to.
#[derive(PartialEq)]
struct Asked {
    weight: Vec<f64>,
    levels: Vec<(usize, Vec<u8>)>,
}

impl Known {
    /// The sums for the patients and subgroups of a trial. The oldest are given up when there are many.
    fn of(&mut self, trial: &Trial) -> &mut Sums {
        let levels = trial.subgroups.iter().map(|s| (s.levels.len(), s.code.clone())).collect();
        let asked = Asked { weight: trial.enrolment.probability.clone(), levels };
        let place = self.0.iter().position(|(known, _)| *known == asked);
        let place = place.unwrap_or_else(|| {
            if self.0.len() == MOST_KNOWN {
                self.0.remove(0);
            }
            self.0.push((asked, Sums::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }
}

/// Kinds of trials that are remembered: each costs some bytes for every row of the pool.
const MOST_KNOWN: usize = 8;

/// Computes the truth of every estimand with a closed form over the rows the trial enrols, each with its
/// weight; the others are left without (see [`super::large_trials`]). `known` must be of the same pool.
pub fn truth(trial: &Trial, pool: &Pool, known: &mut Known) -> Truth {
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
    let groups = |row: usize, member: &mut Vec<usize>| {
        member.push(0);
        for (subgroup, f) in trial.subgroups.iter().zip(&first) {
            let level = usize::from(subgroup.code[row]);
            member.extend((level < subgroup.levels.len()).then_some(f + level));
        }
    };
    let sums = known.of(trial);
    let mut arms_under = |adherence: Adherence| -> Vec<Option<Curves>> {
        let one = |arm: usize| {
            (trial.allocation.ratio[arm] > 0).then(|| {
                let prepared = Arm::new(&trial.course, pool, arm, adherence, &days, &ends.list);
                let weight = |row: usize| trial.enrolment.probability[row];
                let groups = prepared.means_sharing(sums, count, weight, groups);
                Curves { days: days.clone(), groups, ends: ends.clone() }
            })
        };
        (0..trial.arms.len()).map(one).collect()
    };
    let arms = arms_under(Adherence::AsRun);
    let asks = |strategy: Strategy| trial.estimands.iter().any(|e| e.strategy == strategy);
    let without_bail_out =
        if asks(Strategy::Hypothetical) { arms_under(Adherence::NoBailOut) } else { Vec::new() };
    let (estimands, errors) = (0..trial.estimands.len())
        .map(|e| match trial.estimands[e].strategy {
            Strategy::PrincipalStratum => principal_stratum(trial, pool, e, count, &first, groups),
            Strategy::Hypothetical => exact(estimand(trial, e, &without_bail_out, &first)),
            _ => exact(estimand(trial, e, &arms, &first)),
        })
        .unzip();
    Truth {
        estimands,
        errors,
        risks: (0..trial.arms.len())
            .map(|arm| {
                let risk = |e: usize| {
                    let endpoint = &trial.endpoints[e];
                    let curves = match endpoint.at_bail_out {
                        AtBailOut::Censors => without_bail_out[arm].as_ref(),
                        AtBailOut::LeavesOut => None,
                        _ => arms[arm].as_ref(),
                    };
                    curves.map_or(f64::NAN, |c| c.risk(0, e, endpoint.by))
                };
                if arms[arm].is_none() { Vec::new() } else { (0..trial.endpoints.len()).map(risk).collect() }
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
    let none: [Vec<u8>; 2] = Default::default();
    let compared = |group: usize, treatment: u8, control: u8, with: &[Vec<u8>; 2]| -> f64 {
        let side = |first: u8, also: &[u8]| -> Option<Vec<(&Curves, f64)>> {
            let weight = |arm: u8| f64::from(trial.allocation.ratio[usize::from(arm)]);
            let arm = |arm: u8| arms[usize::from(arm)].as_ref().map(|curves| (curves, weight(arm)));
            std::iter::once(first).chain(also.iter().copied()).map(arm).collect()
        };
        let (Some(treatment), Some(control)) = (side(treatment, &with[0]), side(control, &with[1])) else {
            return f64::NAN;
        };
        if treatment[0].0.groups[group].weight == 0.0 {
            return f64::NAN;
        }
        let by = trial.endpoints[estimand.endpoint].by;
        let risk = |side: &[(&Curves, f64)]| mixed(side, |c| c.risk(group, estimand.endpoint, by));
        let (p1, p0) = (risk(&treatment), risk(&control));
        match estimand.method.summary {
            // The limit of a stratified estimate depends on every stratum's own curves; it is not offered.
            Summary::HazardRatio if estimand.method.test == Test::StratifiedLogRank => f64::NAN,
            Summary::HazardRatio => hazard_ratio(trial, index, group, &treatment, &control),
            summary => of_risks(summary, p1, p0),
        }
    };
    let value = |group: usize| -> f64 {
        let whole = compared(group, estimand.treatment, estimand.control, &estimand.with);
        estimand
            .minus
            .map_or(whole, |(treatment, control)| whole - compared(group, treatment, control, &none))
    };
    by_slice(trial, index, first, value)
}

/// A summary measure of two risks, on the analysis scale.
fn of_risks(summary: Summary, treatment: f64, control: f64) -> f64 {
    match summary {
        Summary::RiskRatio => libm::log(treatment / control),
        Summary::OddsRatio => logit(treatment) - logit(control),
        Summary::RiskDifference | Summary::KaplanMeierDifference => treatment - control,
        // What has no closed form is simulated.
        _ => f64::NAN,
    }
}

/// The value in all patients, then in each level of each subgroup and of its interaction.
fn by_slice(trial: &Trial, index: usize, first: &[usize], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut list = vec![value(0)];
    for &s in &trial.estimands[index].subgroups {
        let levels: Vec<f64> = (0..trial.subgroups[s].levels.len()).map(|l| value(first[s] + l)).collect();
        list.extend(&levels);
        list.push(if let [a, b] = levels[..] { b - a } else { f64::NAN });
    }
    list
}

fn exact(values: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    let errors = vec![0.0; values.len()];
    (values, errors)
}

/// The value in those who would not bail out, and its error.
fn principal_stratum(
    trial: &Trial,
    pool: &Pool,
    index: usize,
    count: usize,
    first: &[usize],
    groups: impl Fn(usize, &mut Vec<usize>) + Sync,
) -> (Vec<f64>, Vec<f64>) {
    let estimand = &trial.estimands[index];
    let risks = stratum::risks(trial, pool, estimand, count, groups);
    let summary = estimand.method.summary;
    let values = by_slice(trial, index, first, |g| of_risks(summary, risks[g].all[0], risks[g].all[1]));
    let error = |g: usize| {
        let slices: Vec<f64> = risks[g].slices.iter().map(|r| of_risks(summary, r[0], r[1])).collect();
        pool_error(&slices)
    };
    let mut errors = vec![error(0)];
    for &s in &estimand.subgroups {
        let levels: Vec<f64> = (0..trial.subgroups[s].levels.len()).map(|l| error(first[s] + l)).collect();
        errors.extend(&levels);
        errors.push(if let [a, b] = levels[..] { (a * a + b * b).sqrt() } else { f64::NAN });
    }
    (values, errors)
}

/// The mean over the arms of one side, each with its weight in allocation.
fn mixed(side: &[(&Curves, f64)], of: impl Fn(&Curves) -> f64) -> f64 {
    let total: f64 = side.iter().map(|(_, weight)| weight).sum();
    side.iter().map(|(curves, weight)| weight * of(curves)).sum::<f64>() / total
}

/// The logarithm of the value to which the trial's own Cox estimate converges.
fn hazard_ratio(
    trial: &Trial,
    index: usize,
    group: usize,
    treatment: &[(&Curves, f64)],
    control: &[(&Curves, f64)],
) -> f64 {
    let endpoint = trial.estimands[index].endpoint;
    let days = &treatment[0].0.days;
    let side = |side: &[(&Curves, f64)]| -> (Vec<f64>, Vec<f64>, f64) {
        let first_of = |end: usize, day: usize| mixed(side, |c| c.groups[group].first_of[end][day]);
        let ends = &side[0].0.ends;
        (
            (0..days.len()).map(|d| 1.0 - first_of(ends.or_ended[endpoint], d)).collect(),
            (0..days.len()).map(|d| first_of(ends.itself[endpoint], d)).collect(),
            side.iter().map(|(_, weight)| weight).sum(),
        )
    };
    let ((r1, h1, s1), (r0, h0, s0)) = (side(treatment), side(control));
    let censoring = Censoring { horizon: trial.endpoints[endpoint].by, loss_per_day: trial.loss_rate };
    let limit = cox_limit(
        days,
        cox_limit::Arm { at_risk: &r0, happened: &h0, share: s0 / (s0 + s1) },
        cox_limit::Arm { at_risk: &r1, happened: &h1, share: s1 / (s0 + s1) },
        censoring,
    );
    limit.map_or(f64::NAN, libm::log)
}
