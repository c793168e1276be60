//! Expected risks of a trial's patients under a course, with the error that the finite pool leaves.

use crate::{
    calibration::{
        aim::Adherence,
        large_trials,
        marginal::Arm,
        trial::first_of,
        truth::{Known, truth},
    },
    outcome::course::Course,
    trial::{Trial, pool::Pool},
};

/// A risk and its error from the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    pub value: f64,
    pub error: f64,
}

/// Slices of the pool whose spread gives the error.
const SLICES: usize = 16;

/// The risk of every end point in one arm of `trial`, as run, were `course` its course.
pub fn risks(trial: &Trial, course: &Course, pool: &Pool, arm: usize) -> Vec<Risk> {
    let mut days: Vec<f64> = trial.endpoints.iter().map(|e| e.by).collect();
    days.sort_by(f64::total_cmp);
    days.dedup();
    let ends: Vec<_> = trial.endpoints.iter().map(|e| first_of(&e.any_of, course.events.len())).collect();
    let prepared = Arm::new(course, pool, arm, Adherence::AsRun, &days, &ends);
    let weight = |row: usize| trial.enrolment.probability[row];
    let means = prepared.means(1 + SLICES, weight, |row, groups| groups.extend([0, 1 + row % SLICES]));
    let closed = (0..trial.endpoints.len()).map(|e| {
        let risk = |group: usize| {
            let course = &means[group];
            course.day(trial.endpoints[e].by).map_or(f64::NAN, |day| course.first_of[e][day])
        };
        let slices: Vec<f64> = (1..=SLICES).map(risk).collect();
        let mean = slices.iter().sum::<f64>() / SLICES as f64;
        let variance = slices.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (SLICES as f64 - 1.0);
        Risk { value: risk(0), error: (variance / SLICES as f64).sqrt() }
    });
    let mut list: Vec<Risk> = closed.collect();
    if trial.endpoints.iter().any(|e| !e.kind.has_closed_form()) {
        let other = Trial { course: course.clone(), ..trial.clone() };
        let simulated =
            large_trials::complete(&other, pool, false, truth(&other, pool, &mut Known::default()));
        for (e, endpoint) in trial.endpoints.iter().enumerate().filter(|(_, e)| !e.kind.has_closed_form()) {
            let compared = trial.estimands.iter().any(|x| x.endpoint == e);
            let value = simulated.risks[arm].get(e).copied().filter(|_| compared).unwrap_or(f64::NAN);
            let patients = large_trials::patients_of_each_arm(trial, arm);
            let error = (value * (1.0 - value) / patients).sqrt();
            list[e] = Risk { value, error };
            debug_assert!(!endpoint.name.is_empty());
        }
    }
    list
}
