//! What the protocol says of designs that change their size or decide by a posterior.

use super::fact;
use crate::{
    report::{
        html::Fact,
        numbers::{count, fixed, ratio, signed},
        results::in_percent,
    },
    statistics::NormalMixture,
    trial::{
        Trial,
        design::{
            Bayesian, ReEstimation, Recruitment,
            bayesian::{Futility, Model},
            re_estimation::{LastTest, PlannedEffect, Rule},
        },
    },
    units::Days,
};

fn while_waiting(recruitment: Recruitment, lag: f64) -> Fact {
    let going_on = match recruitment {
        Recruitment::GoesOn => "goes on; whoever is enrolled before the decision is in the trial",
        Recruitment::Waits => "waits for the decision",
    };
    let lag = if lag > 0.0 { format!("; {} from cut to decision", Days(lag)) } else { String::new() };
    fact("Recruitment while a look is prepared", format!("{going_on}{lag}"))
}

/// A trial whose size is settled at a look.
pub(super) fn resizing(trial: &Trial, design: &ReEstimation) -> Vec<Fact> {
    let first = design.first_stage(trial.patients);
    let horizon = Days(trial.endpoints[trial.estimands[0].endpoint].by);
    let mut list = vec![fact(
        "Looks",
        format!(
            "Two, the first when {} patients have been followed for {horizon}; there the size is settled, {} at the most",
            count(first as f64),
            count(design.most as f64)
        ),
    )];
    list.push(while_waiting(design.recruitment, design.lag));
    match &design.rule {
        Rule::Blinded { sizing, effect, least } => {
            let effect = match effect {
                PlannedEffect::RiskRatio(value) => format!("a risk ratio of {}", ratio(*value)),
                PlannedEffect::RiskDifference(value) => {
                    format!("a risk difference of {} points", signed(100.0 * value, 1))
                }
                PlannedEffect::OddsRatio(value) => format!("an odds ratio of {}", ratio(*value)),
                PlannedEffect::HazardRatio(value) => format!("a hazard ratio of {}", ratio(*value)),
            };
            list.push(fact(
                "New size",
                format!(
                    "What gives a power of {} for {effect} at the risk of both arms together, {} at the least; the look is blinded",
                    in_percent(sizing.power),
                    count(*least as f64)
                ),
            ));
        }
        Rule::Promising { target, from, test, stop_below } => {
            let zone = design.zone(first, trial.patients, *target);
            list.push(fact(
                "New size",
                format!(
                    "If the conditional power of the planned trial under the trend is from {} to {}: what raises it to {}; else as planned",
                    in_percent(zone.planned_power(*from)),
                    in_percent(*target),
                    in_percent(*target)
                ),
            ));
            if let Some(least) = stop_below {
                list.push(fact("Futility", format!("conditional power below {}", in_percent(*least))));
            }
            list.push(fact(
                "Last test",
                match test {
                    LastTest::Plain => "plain; growth begins only where it keeps its level".to_owned(),
                    LastTest::Weighted(weight) => format!(
                        "the two stages combined by the inverse normal method, squared weights {} and {}, fixed beforehand",
                        fixed(*weight, 3),
                        fixed(1.0 - weight, 3)
                    ),
                },
            ));
        }
    }
    list
}

fn prior(mixture: &NormalMixture) -> String {
    let part = |weight: f64, mean: f64, deviation: f64| {
        let share = if mixture.0.len() > 1 { format!("{} ", in_percent(weight)) } else { String::new() };
        format!(
            "{share}normal around a ratio of {}, SD {} of its logarithm",
            ratio(libm::exp(mean)),
            fixed(deviation, 3)
        )
    };
    let parts: Vec<String> = mixture.0.iter().map(|(w, p)| part(*w, p.mean, p.deviation)).collect();
    parts.join("; ")
}

/// A trial a posterior decides.
pub(super) fn posterior(trial: &Trial, design: &Bayesian) -> Vec<Fact> {
    let horizon = Days(trial.endpoints[trial.estimands[0].endpoint].by);
    let patients: Vec<String> =
        design.looks.iter().map(|share| count((share * trial.patients as f64).round())).collect();
    let mut list = vec![fact(
        "Looks",
        format!("when {} patients have been followed for {horizon}", patients.join(", ")),
    )];
    if design.count() > 1 {
        list.push(while_waiting(design.recruitment, design.lag));
    }
    list.push(fact(
        "Prior",
        match &design.model {
            Model::Risks { treatment, control } if treatment == control => {
                format!("Beta({}, {}) for the risk of a bad event in each arm", treatment.a, treatment.b)
            }
            Model::Risks { treatment, control } => format!(
                "Beta({}, {}) for the risk of a bad event with treatment, Beta({}, {}) with control",
                treatment.a, treatment.b, control.a, control.b
            ),
            Model::LogRatio(mixture) => prior(mixture),
        },
    ));
    if let Some(futility) = &design.futility {
        list.push(fact(
            "Futility",
            match futility {
                Futility::Posterior(least) => format!("chance of benefit below {}", fixed(*least, 3)),
                Futility::Predictive { least, .. } => {
                    format!("predictive chance of success at the last look below {}", fixed(*least, 3))
                }
            },
        ));
    }
    if let Some(least) = design.harm {
        list.push(fact("Harm", format!("chance of harm above {}", fixed(least, 3))));
    }
    if let Some(shrinkage) = design.shrinkage {
        list.push(fact(
            "Subgroups",
            format!(
                "effects by {} borrow from each other: normal around a common mean, spread half-normal with scale {}",
                trial.subgroups[shrinkage.subgroup].label.to_lowercase(),
                fixed(shrinkage.scale, 2)
            ),
        ));
    }
    list
}

/// What shows benefit.
pub(super) fn success(design: &Bayesian) -> String {
    let thresholds: Vec<String> = design.success.iter().map(|t| fixed(*t, 4)).collect();
    let same = design.success.windows(2).all(|w| w[0] == w[1]);
    let at = if same { thresholds[0].clone() } else { format!("{}, by look", thresholds.join(", ")) };
    let margin = if design.margin == 0.0 {
        String::new()
    } else {
        match design.model {
            Model::LogRatio(_) => format!(" beyond a ratio of {}", ratio(libm::exp(design.margin))),
            Model::Risks { .. } => format!(" beyond {} points", signed(100.0 * design.margin, 1)),
        }
    };
    format!("if the posterior chance of benefit{margin} is above {at}")
}
