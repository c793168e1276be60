//! The truth of estimands without a closed form: what the trial's own method gives in very large trials.
//!
//! Patients come from the same rows with luck of their own, so that the truth owes nothing to the
//! replicates it is held against; its error is the spread over the large trials.

use super::truth::Truth;
use crate::{
    analysis::comparison::Summary,
    outcome::kinds::Yields,
    random::{Purpose, Stream},
    statistics::mean_and_variance,
    stop::Signal,
    trial::{
        Trial, Workspace,
        accrual::Accrual,
        allocation::{Allocation, Scheme},
        design::{Design, Fixed},
        pool::Pool,
        record::Record,
    },
};

/// Patients of all large trials together.
const PATIENTS: usize = 1 << 15;

/// How many large trials these make: fewer and larger ones, but where the work grows with the square of
/// the patients.
fn trials(trial: &Trial, simulated: &[usize]) -> u64 {
    let summary = |&e: &usize| trial.estimands[e].method.summary;
    if simulated.iter().any(|e| summary(e) == Summary::SubdistributionHazardRatio) { 64 } else { 16 }
}

/// Fills in what the closed forms left out. In a run without effects the arms are alike whatever is
/// compared, unless what counts differs by arm.
pub fn complete(trial: &Trial, pool: &Pool, null: bool, mut truth: Truth) -> Truth {
    let events = |e: usize| trial.endpoints[trial.estimands[e].endpoint].kind.yields() == Yields::Event;
    let open: Vec<usize> = (0..trial.estimands.len()).filter(|&e| !has_closed_form(trial, e)).collect();
    for &e in open.iter().filter(|&&e| !events(e)) {
        let endpoint = trial.estimands[e].endpoint;
        truth.risks.iter_mut().filter_map(|arm| arm.get_mut(endpoint)).for_each(|risk| *risk = f64::NAN);
    }
    let alike = |e: usize| null && !trial.endpoints[trial.estimands[e].endpoint].kind.differs_by_arm();
    for &e in open.iter().filter(|&&e| alike(e)) {
        truth.estimands[e].fill(0.0);
    }
    // Of arms that are alike only the risks are still to be found.
    let simulated: Vec<usize> = open.into_iter().filter(|&e| events(e) || !alike(e)).collect();
    if simulated.is_empty() {
        return truth;
    }
    let trials = trials(trial, &simulated);
    let large = Trial {
        patients: PATIENTS / trials as usize,
        // Without sites or a calendar, each patient's own site and day are drawn from their law.
        accrual: Accrual::immediate(),
        // Whoever is randomised, the arms are compared on the same patients.
        allocation: Allocation { scheme: Scheme::Patients, by_site: false, ..trial.allocation.clone() },
        design: Design::Fixed(Fixed::new(0.025)),
        estimands: simulated.iter().map(|&e| trial.estimands[e].clone()).collect(),
        ..trial.clone()
    };
    // A seed of its own, far from any a scenario states.
    let seed = Stream::new(0, 0, Purpose::named("truth")).word(0);
    let purposes = large.purposes();
    let (mut workspace, mut record) = (Workspace::default(), Record::default());
    let mut estimates: Vec<Vec<Vec<f64>>> =
        simulated.iter().map(|&e| vec![Vec::new(); truth.estimands[e].len()]).collect();
    let mut risks = vec![vec![Vec::new(); simulated.len()]; trial.arms.len()];
    let signal = Signal::here();
    for replicate in 0..trials {
        signal.look_up();
        large.conduct(pool, seed, replicate, &purposes, &mut workspace, &mut record);
        let mut slice = vec![0; simulated.len()];
        for row in &record.rows {
            let e = usize::from(row.estimand);
            let c = &row.comparison;
            if slice[e] == 0 {
                let (treatment, control) = (large.estimands[e].treatment, large.estimands[e].control);
                risks[usize::from(treatment)][e]
                    .push(f64::from(c.events_treatment) / f64::from(c.n_treatment));
                risks[usize::from(control)][e].push(f64::from(c.events_control) / f64::from(c.n_control));
            }
            if c.estimate.is_finite() {
                estimates[e][slice[e]].push(c.estimate);
            }
            slice[e] += 1;
        }
    }
    for (place, &e) in simulated.iter().enumerate() {
        if !alike(e) {
            for (slice, seen) in estimates[place].iter().enumerate() {
                (truth.estimands[e][slice], truth.errors[e][slice]) = mean_and_error(seen);
            }
        }
        if events(e) {
            for (arm, seen) in risks.iter().enumerate().filter(|(_, seen)| !seen[place].is_empty()) {
                truth.risks[arm][trial.estimands[e].endpoint] = mean_and_error(&seen[place]).0;
            }
        }
    }
    truth
}

/// Patients behind the simulated risk of an arm.
pub fn patients_of_each_arm(trial: &Trial, arm: usize) -> f64 {
    let whole: u32 = trial.allocation.ratio.iter().sum();
    PATIENTS as f64 * f64::from(trial.allocation.ratio[arm]) / f64::from(whole)
}

/// Whether an estimand needs no simulation.
fn has_closed_form(trial: &Trial, estimand: usize) -> bool {
    let estimand = &trial.estimands[estimand];
    estimand.method.summary.has_closed_form() && trial.endpoints[estimand.endpoint].kind.has_closed_form()
}

fn mean_and_error(seen: &[f64]) -> (f64, f64) {
    if seen.len() < 2 {
        return (f64::NAN, f64::NAN);
    }
    let (mean, variance) = mean_and_variance(seen);
    (mean, (variance / seen.len() as f64).sqrt())
}
