//! Every method on a data set, one file per family.
//!
//! What a scenario asks of a replicate is compared in [`super::comparison`], [`super::values`],
//! [`super::rates`] and [`super::hierarchical`], one pair of arms and one estimate in a row of fixed width.
//! Here the same estimators answer for a data set, with its covariates, clusters, strata and level of
//! confidence, and many more beside them; where more than one call makes an estimator it stands there and
//! is used here.

mod by_arm;
mod clusters;
mod competing;
mod counts;
mod hazards;
mod hierarchy;
mod interaction;
mod models;
mod risks;
mod strata;
mod times;
mod values;

pub use interaction::interaction_of;

use super::{
    answer::Answer,
    catalogue::{MethodName, Reads},
    dataset::{Dataset, Outcome},
    settings::Settings,
};
use crate::statistics::Reason;

/// The answers of one method: one comparison, or one answer for each arm.
///
/// A method that cannot read this outcome has no answer; the caller checks [`can_read`] first.
pub fn analyse(method: MethodName, data: &Dataset, settings: &Settings) -> Vec<Answer> {
    let pair = if method.of_all_arms() { None } else { Some(data.of_two_arms()) };
    let data = pair.as_ref().unwrap_or(data);
    let answers = match method.reads() {
        Reads::Risk | Reads::Time if method.needs_clusters() => {
            vec![clusters::answer(method, data, settings)]
        }
        Reads::Risk => vec![risks::answer(method, data, settings)],
        Reads::Time if method.by_arm() => by_arm::curves_answers(method, data, settings),
        Reads::Time => vec![times::answer(method, data, settings)],
        Reads::Cause if method.by_arm() => by_arm::incidence(method, data, settings),
        Reads::Cause => vec![competing::answer(method, data, settings)],
        Reads::Value => vec![values::answer(method, data, settings)],
        Reads::Count => vec![counts::answer(method, data, settings)],
        Reads::Tiers => vec![hierarchy::answer(method, data, settings)],
    };
    let turned = settings.higher_is_better && !method.has_own_direction();
    let finished = |answer: Answer| {
        let answer = if turned { answer.turned() } else { answer };
        unused(answer, data).checked()
    };
    let few = method.takes_clusters() && data.cluster.as_deref().is_some_and(|c| few_clusters(c, data));
    let answers = answers.into_iter().map(finished);
    answers
        .map(|a| if few && a.reason.is_none() { a.without_error(Reason::FewClusters) } else { a })
        .collect()
}

/// Whether clusters are so few that the error between them says nothing: fewer than three, or one that holds
/// a whole arm, whose scores add to 0.
fn few_clusters(cluster: &[u32], data: &Dataset) -> bool {
    let of = |arm: u32| -> Vec<u32> {
        cluster.iter().zip(&data.arm).filter(|(_, a)| **a == arm).map(|(c, _)| *c).collect()
    };
    models::count_levels(cluster) < 3
        || [data.treatment, data.control].into_iter().any(|arm| models::count_levels(&of(arm)) == 1)
}

/// Whether the outcome holds what the method reads.
pub fn can_read(method: MethodName, outcome: &Outcome) -> bool {
    match (method.reads(), outcome) {
        (Reads::Risk, Outcome::Event { .. }) => true,
        (Reads::Time, Outcome::Event { time, .. }) => time.is_some(),
        (Reads::Cause, Outcome::Cause { .. }) => true,
        (Reads::Value, Outcome::Value(_)) => true,
        (Reads::Count, Outcome::Count { .. }) => true,
        (Reads::Tiers, Outcome::Tiers(_)) => true,
        _ => false,
    }
}

/// Says what was named and not used, so that nobody takes a plain analysis for an adjusted one.
fn unused(answer: Answer, data: &Dataset) -> Answer {
    let method = answer.method;
    let left = [
        (data.stratum.is_some() && !method.takes_strata(), "strata"),
        (!data.covariates.is_empty() && !method.takes_covariates(), "covariates"),
        (data.cluster.is_some() && !method.takes_clusters(), "clusters"),
    ];
    let words: Vec<&str> = left.iter().filter(|(unused, _)| *unused).map(|(_, word)| *word).collect();
    if words.is_empty() { answer } else { answer.note(format!("{} not used", words.join(" and "))) }
}
