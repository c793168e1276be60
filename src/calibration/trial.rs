//! Turns the knobs of a recipe until every stated result comes out.

use super::{
    aim::{Aim, Wanted},
    cox_limit::{self, Censoring, cox_limit},
    marginal::{Arm, logit},
};
use crate::{
    outcome::{
        course::Course,
        expectation::{self, AtSwitch, Expectation, FirstOf},
        recipe::{Knob, Recipe, Turns},
    },
    trial::pool::Pool,
};

/// A result that was solved for: what the number is and what it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    pub knob: Knob,
    pub path: String,
    pub label: String,
    pub wanted: f64,
    pub got: f64,
    /// The knob's number: a shift or log hazard ratio, a factor, a log rate.
    pub value: f64,
}

/// A result that no value of the knob reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreachable {
    pub path: String,
    pub label: String,
    pub wanted: f64,
    /// What comes out at the ends of the knob's range.
    pub reachable: [f64; 2],
}

/// What entry criteria alone predict for a risk the trial is anchored to.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    pub path: String,
    pub label: String,
    /// The risk the anchor states.
    pub stated: f64,
    /// The risk under usual care, before any anchor, effect or change of treatment.
    pub predicted: f64,
    /// Standard error of the prediction from the finite pool, by its slices.
    pub error: f64,
}

/// Slices of the pool whose spread gives the error of a prediction.
const SLICES: usize = 16;

/// Predicts every anchored risk from the patients alone. `recipe` has its shifts at 0.
pub fn predict(recipe: &Recipe, aims: &[Aim], pool: &Pool, weight: &[f64]) -> Vec<Predicted> {
    let course = recipe.clone().without_effects().course();
    let anchors = aims.iter().filter(|aim| matches!(aim.knob, Knob::Shift(_)));
    let one = |aim: &Aim| {
        let Wanted::Risk { arm, by, value, .. } = aim.wanted else { return None };
        let ends = [aim.wanted.first_of(course.events.len())];
        let prepared = Arm::new(&course, pool, arm, aim.adherence, &[by], &ends);
        let weights = |row: usize| if aim.rows[row] { weight[row] } else { 0.0 };
        let means = prepared.means(1 + SLICES, weights, |row, groups| groups.extend([0, 1 + row % SLICES]));
        let risk = |group: usize| means[group].first_of[0][0];
        let n = SLICES as f64;
        let slices: Vec<f64> = (1..=SLICES).map(risk).collect();
        let mean = slices.iter().sum::<f64>() / n;
        let variance = slices.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        let (path, label) = (aim.path.clone(), aim.label.clone());
        Some(Predicted { path, label, stated: value, predicted: risk(0), error: (variance / n).sqrt() })
    };
    anchors.filter_map(one).collect()
}

/// Knobs turn within these bounds: hazard ratios from 1/3000 to 3000.
const BOUNDS: [f64; 2] = [-8.0, 8.0];
/// Rows of the first, coarse solution.
const COARSE_STEP: usize = 16;
const MOST_ROUNDS: usize = 60;
/// Differences of log odds or log ratios that count as met on the few rows.
const MET: f64 = 1e-4;

/// Solves all aims together. `weight` is the weight of each pool row besides membership in the aim's
/// reference population.
pub fn solve(
    recipe: &mut Recipe,
    aims: &[Aim],
    pool: &Pool,
    weight: &[f64],
) -> Result<Vec<Solved>, Vec<Unreachable>> {
    if aims.is_empty() {
        return Ok(Vec::new());
    }
    let mut slopes: Vec<f64> = aims.iter().map(|aim| first_slope(recipe, aim)).collect();
    let mut offset = vec![0.0; aims.len()];
    // What a few rows give differs from what all give by nearly the same amount whatever the knobs: solve
    // on few, see the difference on all once, and aim the few so that all come out right.
    let coarse = if pool.len() > 8 * COARSE_STEP * COARSE_STEP { COARSE_STEP } else { 1 };
    let mut got = turn(recipe, aims, &offset, pool, weight, coarse, &mut slopes)?;
    if coarse > 1 {
        let all = evaluate(recipe, aims, pool, weight, 1);
        for (k, aim) in aims.iter().enumerate() {
            offset[k] = aim.wanted.scaled(all[k]) - aim.wanted.scaled(got[k]);
        }
        got = turn(recipe, aims, &offset, pool, weight, coarse, &mut slopes)?;
        for (k, aim) in aims.iter().enumerate() {
            got[k] = aim.wanted.unscaled(aim.wanted.scaled(got[k]) + offset[k]);
        }
    }
    let solved = |(aim, got): (&Aim, f64)| Solved {
        knob: aim.knob,
        path: aim.path.clone(),
        label: aim.label.clone(),
        wanted: aim.wanted.value(),
        got,
        value: recipe.read(aim.knob),
    };
    Ok(aims.iter().zip(got).map(solved).collect())
}

/// Secant steps on all knobs at once, each along its own aim: other knobs move an aim a little, and the
/// rounds take that up.
fn turn(
    recipe: &mut Recipe,
    aims: &[Aim],
    offset: &[f64],
    pool: &Pool,
    weight: &[f64],
    step: usize,
    slopes: &mut [f64],
) -> Result<Vec<f64>, Vec<Unreachable>> {
    let mut before: Vec<Option<(f64, f64)>> = vec![None; aims.len()];
    let mut got = Vec::new();
    for _ in 0..MOST_ROUNDS {
        got = evaluate(recipe, aims, pool, weight, step);
        // What all rows would give, as far as the offset tells.
        let seen: Vec<f64> = (0..aims.len()).map(|k| aims[k].wanted.scaled(got[k]) + offset[k]).collect();
        if aims.iter().zip(&seen).all(|(aim, &y)| (y - aim.wanted.scaled(aim.wanted.value())).abs() < MET) {
            return Ok(got);
        }
        for (k, aim) in aims.iter().enumerate() {
            let x = recipe.read(aim.knob);
            let (y, wanted) = (seen[k], aim.wanted.scaled(aim.wanted.value()));
            if let Some((x0, y0)) = before[k]
                && (x - x0).abs() > 1e-4
                && ((y - y0) / (x - x0)).is_finite()
            {
                let slope = (y - y0) / (x - x0);
                // A step that seems to have gone the wrong way was moved by another knob; keep the slope.
                if slope * slopes[k] > 0.0 {
                    slopes[k] = slope.abs().clamp(0.05, 4.0) * slope.signum();
                }
            }
            before[k] = Some((x, y));
            let next = x + ((wanted - y) / slopes[k]).clamp(-1.0, 1.0);
            recipe.turn(aim.knob, next.clamp(bounds(aim)[0], bounds(aim)[1]));
        }
    }
    let missed: Vec<Unreachable> = (0..aims.len())
        .filter(|&k| aims[k].wanted.distance(got[k]) > 100.0 * MET)
        .map(|k| reach(recipe, aims, k, pool, weight))
        .collect();
    if missed.is_empty() { Ok(got) } else { Err(missed) }
}

fn bounds(aim: &Aim) -> [f64; 2] {
    match aim.knob {
        Knob::BailOut(..) => [-20.0, 6.0],
        _ => BOUNDS,
    }
}

/// What an aim gives at the ends of its knob's range, all other knobs as they stand.
fn reach(recipe: &Recipe, aims: &[Aim], k: usize, pool: &Pool, weight: &[f64]) -> Unreachable {
    let aim = &aims[k];
    let ends = bounds(aim).map(|end| {
        let mut turned = recipe.clone();
        turned.turn(aim.knob, end);
        evaluate(&turned, std::slice::from_ref(aim), pool, weight, COARSE_STEP)[0]
    });
    Unreachable {
        path: aim.path.clone(),
        label: aim.label.clone(),
        wanted: aim.wanted.value(),
        reachable: [ends[0].min(ends[1]), ends[0].max(ends[1])],
    }
}

/// A first guess of how fast a result moves, on its scale, with its knob.
fn first_slope(recipe: &Recipe, aim: &Aim) -> f64 {
    let slope = match aim.wanted {
        Wanted::Risk { .. } => 0.7,
        Wanted::RiskRatio { .. } | Wanted::HazardRatio { .. } => 0.8,
        Wanted::BailOut { .. } => 0.9,
    };
    match aim.knob {
        Knob::Effect(arm, index) if recipe.arms[arm].effects[index].turns == Turns::Factor => {
            let logs = &recipe.arms[arm].effects[index].log_hazard_ratio;
            0.5 * slope * logs.iter().sum::<f64>() / logs.len() as f64
        }
        _ => slope,
    }
}

impl Wanted {
    /// The stated result.
    pub fn value(&self) -> f64 {
        match self {
            Wanted::Risk { value, .. }
            | Wanted::RiskRatio { value, .. }
            | Wanted::HazardRatio { value, .. }
            | Wanted::BailOut { value, .. } => *value,
        }
    }

    /// How far a result is from the one stated: in risk, or in the log of a ratio.
    fn distance(&self, got: f64) -> f64 {
        match self {
            Wanted::Risk { value, .. } | Wanted::BailOut { value, .. } => (got - value).abs(),
            Wanted::RiskRatio { value, .. } | Wanted::HazardRatio { value, .. } => {
                libm::log(got / value).abs()
            }
        }
    }

    /// A scale on which the result is nearly linear in the knob.
    fn scaled(&self, x: f64) -> f64 {
        match self {
            Wanted::Risk { .. } | Wanted::BailOut { .. } => logit(x.clamp(1e-12, 1.0 - 1e-12)),
            _ => libm::log(x.max(1e-12)),
        }
    }

    /// Undoes [`Wanted::scaled`].
    fn unscaled(&self, y: f64) -> f64 {
        match self {
            Wanted::Risk { .. } | Wanted::BailOut { .. } => 1.0 / (1.0 + libm::exp(-y)),
            _ => libm::exp(y),
        }
    }

    fn by(&self) -> f64 {
        match self {
            Wanted::Risk { by, .. }
            | Wanted::RiskRatio { by, .. }
            | Wanted::HazardRatio { by, .. }
            | Wanted::BailOut { by, .. } => *by,
        }
    }

    fn first_of(&self, events: usize) -> FirstOf {
        match self {
            Wanted::BailOut { .. } => FirstOf { events: vec![false; events], at_switch: AtSwitch::Counts },
            Wanted::Risk { events: list, .. }
            | Wanted::RiskRatio { events: list, .. }
            | Wanted::HazardRatio { events: list, .. } => first_of(list, events),
        }
    }

    fn bail_out(&self) -> Option<usize> {
        match self {
            Wanted::BailOut { index, .. } => Some(*index),
            _ => None,
        }
    }

    fn arms(&self) -> Vec<usize> {
        match self {
            Wanted::Risk { arm, .. } | Wanted::BailOut { arm, .. } => vec![*arm],
            Wanted::RiskRatio { arm, control, .. } | Wanted::HazardRatio { arm, control, .. } => {
                vec![*arm, *control]
            }
        }
    }
}

/// The end point of a set of events.
pub fn first_of(list: &[usize], events: usize) -> FirstOf {
    FirstOf { events: (0..events).map(|e| list.contains(&e)).collect(), at_switch: AtSwitch::GoesOn }
}

/// The mean course of an arm, good for some of the aims, and behind it one for each bail-out.
struct Known {
    arm: usize,
    members: Vec<usize>,
    courses: Vec<expectation::Course>,
}

/// What every aim gives with the knobs as they stand, on every `step`-th row.
fn evaluate(recipe: &Recipe, aims: &[Aim], pool: &Pool, weight: &[f64], step: usize) -> Vec<f64> {
    let course = recipe.course();
    let mut known: Vec<Known> = Vec::new();
    let mut got = Vec::with_capacity(aims.len());
    for aim in aims {
        let curves: Vec<(usize, usize)> = aim
            .wanted
            .arms()
            .into_iter()
            .map(|arm| {
                let index = aims.iter().position(|a| std::ptr::eq(a, aim)).expect("one of the aims");
                let at = known.iter().position(|k| k.arm == arm && k.members.contains(&index));
                let at = at.unwrap_or_else(|| {
                    let (courses, members) = arm_course(&course, aims, aim, arm, pool, weight, step);
                    known.push(Known { arm, members, courses });
                    known.len() - 1
                });
                let place = known[at].members.iter().position(|&k| k == index).expect("asked for");
                (at, place)
            })
            .collect();
        let by = aim.wanted.by();
        let risk = |(at, place): (usize, usize)| {
            let course = &known[at].courses[aim.wanted.bail_out().map_or(0, |b| b + 1)];
            course.first_of[place][course.day(by).expect("a day asked for")]
        };
        got.push(match &aim.wanted {
            Wanted::Risk { .. } => risk(curves[0]),
            Wanted::RiskRatio { .. } => risk(curves[0]) / risk(curves[1]),
            Wanted::BailOut { .. } => risk(curves[0]),
            Wanted::HazardRatio { .. } => {
                let arms = [curves[0], curves[1]].map(|(at, place)| {
                    let course = &known[at].courses[0];
                    let happened = course.first_of[place].clone();
                    let at_risk: Vec<f64> = happened.iter().map(|h| 1.0 - h).collect();
                    (course.days.clone(), at_risk, happened)
                });
                let side =
                    |k: usize| cox_limit::Arm { at_risk: &arms[k].1, happened: &arms[k].2, share: 0.5 };
                let censoring = Censoring { horizon: by, loss_per_day: 0.0 };
                cox_limit(&arms[0].0, side(1), side(0), censoring).unwrap_or(1.0)
            }
        });
    }
    got
}

/// The mean course of one arm for all aims that share the arm, the adherence and the rows of `like`.
fn arm_course(
    course: &Course,
    aims: &[Aim],
    like: &Aim,
    arm: usize,
    pool: &Pool,
    weight: &[f64],
    step: usize,
) -> (Vec<expectation::Course>, Vec<usize>) {
    let members: Vec<usize> = (0..aims.len())
        .filter(|&k| {
            let aim = &aims[k];
            aim.adherence == like.adherence && aim.rows == like.rows && aim.wanted.arms().contains(&arm)
        })
        .collect();
    let mut days: Vec<f64> = members.iter().map(|&k| aims[k].wanted.by()).collect();
    let last = days.iter().copied().fold(0.0, f64::max);
    if members.iter().any(|&k| matches!(aims[k].wanted, Wanted::HazardRatio { .. })) {
        days.extend(Expectation::natural_days(last));
    }
    days.sort_by(f64::total_cmp);
    days.dedup();
    let ends: Vec<FirstOf> = members.iter().map(|&k| aims[k].wanted.first_of(course.events.len())).collect();
    let prepared = Arm::new(course, pool, arm, like.adherence, &days, &ends);
    let weights = |row: usize| if like.rows[row] && row.is_multiple_of(step) { weight[row] } else { 0.0 };
    (prepared.means(1, weights, |_, groups| groups.push(0)), members)
}
