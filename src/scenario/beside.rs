//! Runs that no text states: strategies at equal screening and time and without effect, and the effect drawn
//! from the prior.

use crate::{
    calibration::prior::{Prior, STRATA},
    outcome::recipe::Recipe,
    simulation::{Role, Run, Taken, taken},
    trial::{Trial, pool::Pool},
};

/// What is made equal between a strategy and the base.
#[derive(Clone, Copy, PartialEq)]
enum Equal {
    Screening,
    Months,
}

impl Equal {
    fn of(self, taken: &Taken) -> f64 {
        match self {
            Equal::Screening => taken.screened[0],
            Equal::Months => taken.months[0],
        }
    }
}

/// Simulated trials behind a size at which designs with several looks take as much as the base.
const REPLICATES: u64 = 400;
/// Sizes tried to find it.
const TRIALS: usize = 6;

/// Strategies at the size at which they screen as many candidates as the base, and at which they take as many
/// months where that is another size: the run each is like, why it is there, the run. A strategy that is
/// so already has none.
///
/// Designs with one look screen in proportion to their size, and candidates come in one stream, so for them
/// equal screening is equal time. What others take on average is simulated.
pub(super) fn equal(runs: &[Run], strategies: &[usize], pool: &Pool, seed: u64) -> Vec<(usize, String, Run)> {
    let share = |run: &Run| run.trial.enrolment.probability.iter().sum::<f64>();
    let Some(base) = strategies.first().map(|&base| &runs[base]) else { return Vec::new() };
    let mut list = Vec::new();
    for &like in &strategies[1..] {
        let run = &runs[like];
        let unit = run.trial.allocation.ratio.iter().sum::<u32>() as usize;
        let whole = |patients: f64| ((patients / unit as f64).round() as usize).max(1) * unit;
        let at = |patients: usize, name: &str, role: Role, what: &str| {
            let why = format!("{what} in the base case: {patients} patients.");
            let trial = run.trial.at_size(patients);
            (like, why, Run { variant: format!("{}, {name}", run.variant), trial, role, ..run.clone() })
        };
        let in_proportion = base.trial.patients as f64 * share(run) / share(base);
        let one_look = |run: &Run| run.trial.design.most_looks() == 1;
        let found = |equal: Equal| {
            if one_look(base) && one_look(run) {
                return whole(in_proportion);
            }
            let goal = equal.of(&taken(&base.trial, pool, seed, REPLICATES));
            let takes = |patients: usize| {
                equal.of(&taken(&Trial { patients, ..run.trial.clone() }, pool, seed, REPLICATES))
            };
            size_that_takes(goal, takes, in_proportion, whole)
        };
        let screening = found(Equal::Screening);
        if screening != run.trial.patients {
            let role = Role::EqualScreening(like);
            list.push(at(screening, "equal screening", role, "As many candidates screened as"));
        }
        if run.trial.accrual.candidates_per_site_day.is_finite() && !(one_look(base) && one_look(run)) {
            let months = found(Equal::Months);
            if months != screening && months != run.trial.patients {
                list.push(at(months, "equal months", Role::EqualMonths(like), "As many months as"));
            }
        }
    }
    list
}

/// The size at which a trial takes what is wanted, by secants: what it takes is nearly a line in its size.
fn size_that_takes(
    goal: f64,
    takes: impl Fn(usize) -> f64,
    guess: f64,
    whole: impl Fn(f64) -> usize,
) -> usize {
    let (mut before, mut size) = (whole(0.8 * guess), whole(guess));
    let mut taken_before = takes(before);
    for _ in 0..TRIALS {
        let taken = takes(size);
        let rise = (taken - taken_before) / (size as f64 - before as f64);
        if rise.is_nan() || rise <= 0.0 {
            break;
        }
        let next = whole((size as f64 + (goal - taken) / rise).clamp(0.2 * guess, 5.0 * guess));
        if next == size {
            break;
        }
        (before, taken_before, size) = (size, taken, next);
    }
    size
}

/// Strategies without any effect, for their error; none for one the scenario states so.
pub(super) fn without_effects(
    runs: &[Run],
    recipes: &[Recipe],
    strategies: &[usize],
) -> Vec<(usize, String, Run)> {
    let stated = |like: usize| runs.iter().any(|run| run.is_without_effects_of(&runs[like]));
    let of = |&like: &usize| {
        let run = &runs[like];
        let name = if run.variant.is_empty() { "base case" } else { &run.variant };
        let course = recipes[like].clone().without_effects().course();
        let none = Run {
            variant: format!("{name}, no effect"),
            null: true,
            trial: Trial { course, ..run.trial.clone() },
            role: Role::NoEffect(like),
            ..run.clone()
        };
        (like, "What it claims is an error.".to_owned(), none)
    };
    let open = |like: &&usize| !runs[**like].null && !stated(**like);
    strategies.iter().filter(open).map(of).collect()
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
