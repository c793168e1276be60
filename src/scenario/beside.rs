//! Runs that no text states: strategies at equal screening, and the effect drawn from the prior.

use crate::{
    calibration::prior::{Prior, STRATA},
    outcome::recipe::Recipe,
    simulation::{Role, Run},
    trial::Trial,
};

/// Strategies at the size at which they screen as many candidates as the base: the run each is like, why it
/// is there, the run. One that takes the same share of candidates as the base has none.
pub(super) fn equal_screening(runs: &[Run], strategies: &[usize]) -> Vec<(usize, String, Run)> {
    let taken = |run: &Run| run.trial.enrolment.probability.iter().sum::<f64>();
    let Some(base) = strategies.first().map(|&base| &runs[base]) else { return Vec::new() };
    let mut list = Vec::new();
    for &like in &strategies[1..] {
        let run = &runs[like];
        let unit = run.trial.allocation.ratio.iter().sum::<u32>() as usize;
        let exact = base.trial.patients as f64 * taken(run) / taken(base);
        let patients = ((exact / unit as f64).round() as usize).max(1) * unit;
        if patients == run.trial.patients {
            continue;
        }
        list.push((
            like,
            format!("As many candidates screened as in the base case: {patients} patients."),
            Run {
                variant: format!("{}, equal screening", run.variant),
                trial: Trial { patients, ..run.trial.clone() },
                role: Role::EqualScreening(like),
                ..run.clone()
            },
        ));
    }
    list
}

/// The base with its effect drawn from the prior; none if there is no benefit to doubt.
pub(super) fn drawn(
    base: &Run,
    recipe: &Recipe,
    (prior, usual): (Prior, bool),
) -> Option<(usize, String, Run)> {
    let arm = usize::from(base.trial.estimands.first()?.treatment);
    if base.null || !recipe.has_benefit(arm) {
        return None;
    }
    let from = if usual {
        "what finished trials of shock saw of what they had assumed"
    } else {
        "the scenario's own"
    };
    let why = format!(
        "The share of the benefit that is true is drawn from the prior, {from}: mean {:.2}, standard deviation {:.2}. What shows a benefit is the assurance.",
        prior.mean, prior.sd
    );
    let run = Run {
        variant: "effect from the prior".into(),
        role: Role::Prior(prior.trials(recipe, &base.trial, STRATA)),
        ..base.clone()
    };
    Some((0, why, run))
}
