//! How much alike the patients of one site are: the intra-cluster correlation the model implies.

use super::{aim::Adherence, marginal::Arm, trial::first_of};
use crate::{
    outcome::{
        circumstances::{Circumstances, SiteClass},
        events::EventKind,
    },
    statistics::normal_density,
    trial::{Trial, pool::Pool},
};

/// Rows of the pool that stand for all.
const ROWS: usize = 256;
/// Points of the law of a site's mortality, and how far they reach, in standard deviations: the trapezium rule,
/// which converges fast for a smooth function that dies out.
const POINTS: i32 = 48;
const REACH: f64 = 6.0;

/// The correlation of an end point in two patients of one site, in an arm: the variance of the site's risk over the
/// law of sites, over `p(1 − p)`. Calendar time is held at its mean. `None` for an end point that is not a risk.
///
/// Donner & Klar, Design and Analysis of Cluster Randomization Trials, 2000.
pub fn intra_cluster_correlation(trial: &Trial, pool: &Pool, arm: usize, endpoint: usize) -> Option<f64> {
    let endpoint = &trial.endpoints[endpoint];
    if !endpoint.kind.has_closed_form() {
        return None;
    }
    let law = &trial.course.circumstances;
    let time = law.days.iter().sum::<f64>() / law.days.len().max(1) as f64;
    let usual = [SiteClass { share: 1.0, log_hazard_ratio: 0.0 }];
    let classes = if law.classes.is_empty() { &usual[..] } else { &law.classes };
    let enrolled: Vec<usize> = (0..pool.len()).filter(|&r| trial.enrolment.probability[r] > 0.0).collect();
    let rows: Vec<usize> = enrolled.iter().copied().step_by(enrolled.len().div_ceil(ROWS).max(1)).collect();
    let (mut weight, mut mean, mut square) = (0.0, 0.0, 0.0);
    for class in classes {
        for k in -POINTS..=POINTS {
            let x = REACH * f64::from(k) / f64::from(POINTS);
            let log = class.log_hazard_ratio + law.death_sd * x + law.trend * time;
            let risk = risk(trial, pool, &rows, arm, endpoint, libm::exp(log));
            let w = class.share * normal_density(x);
            weight += w;
            mean += w * risk;
            square += w * risk * risk;
            if law.death_sd == 0.0 {
                break;
            }
        }
    }
    let (mean, square) = (mean / weight, square / weight);
    let spread = mean * (1.0 - mean);
    (spread > 0.0).then(|| (square - mean * mean) / spread)
}

/// The risk at a site that multiplies the hazards of death.
fn risk(
    trial: &Trial,
    pool: &Pool,
    rows: &[usize],
    arm: usize,
    endpoint: &crate::outcome::endpoint::Endpoint,
    factor: f64,
) -> f64 {
    let events = &trial.course.events.list;
    let moved: Vec<bool> = events.iter().map(|e| e.kind == EventKind::Death && e.anchored).collect();
    let rates = |&row: &usize| {
        let own = pool.patient(row as u32).rates;
        own.iter().zip(&moved).map(|(r, m)| if *m { r * factor } else { *r }).collect::<Vec<f64>>()
    };
    let few = Pool {
        columns: pool.columns.take(rows),
        rates: rows.iter().flat_map(rates).collect(),
        events: pool.events,
        class: rows.iter().map(|&row| pool.class[row]).collect(),
        screened: pool.screened,
    };
    let mut course = trial.course.clone();
    course.circumstances = Circumstances::default();
    let first = first_of(&endpoint.any_of, events.len());
    let expected = Arm::new(&course, &few, arm, Adherence::AsRun, &[endpoint.by], &[first]);
    let probability = |row: usize| trial.enrolment.probability[rows[row]];
    expected.means(1, probability, |_, member| member.push(0))[0].first_of[0][0]
}
