//! What a formula says of the power of a run, beside what came back.

use super::{numbers, size::level, table as made, words};
use crate::{
    analysis::comparison::Test,
    report::{
        html::Table,
        numbers::{MISSING, fixed, percent, signed},
        results::{Place, Results, capitalised, patients_in, share},
    },
    statistics::{crossing_probabilities, exact_power, normal_survival},
    trial::{claim::Claim, design::Design},
};

/// The patients above which all tables of two risks are too many.
const MOST_FOR_TABLES: f64 = 1500.0;

/// The power of a run by computation, and how it was computed.
fn computed(results: &Results, run: usize) -> Option<(f64, &'static str)> {
    let trial = &results.run(run).trial;
    let estimand = results.primary(run);
    if estimand.claim != Claim::Superiority || trial.loss_rate > 0.0 || !trial.design.family().is_empty() {
        return None;
    }
    let higher = trial.endpoints[estimand.endpoint].higher_is_better;
    let truth = *results.scenario.truths.get(run)?.estimands.first()?.first()?;
    // Towards benefit, in standard errors of the last look.
    let drift = |look: Option<u8>| -> Option<f64> {
        let se = match look {
            None => results.find(run, Place::of(&estimand.name), "model_se")?.value,
            Some(look) => results.at_look(run, &estimand.name, look, "model_se")?.value,
        };
        let towards = if higher { truth } else { -truth };
        (towards / se).is_finite().then_some(towards / se)
    };
    match &trial.design {
        Design::Fixed(design)
            if estimand.method.test == Test::ChiSquare && trial.patients as f64 <= MOST_FOR_TABLES =>
        {
            let [control, treatment] = results.model_risks(run, estimand);
            let n = |arm: u8| patients_in(trial, arm).round() as u32;
            let sizes = (n(estimand.control), n(estimand.treatment));
            let limit = design.critical;
            let power = exact_power((control, sizes.0), (treatment, sizes.1), |table| {
                table.pooled_z().is_ok_and(|z| if higher { z > limit } else { z < -limit })
            });
            power.is_finite().then_some((power, "All tables of the two risks"))
        }
        Design::Fixed(design) if matches!(estimand.method.test, Test::LogRank | Test::Wald) => {
            Some((normal_survival(design.critical - drift(None)?), "Normal, by the truth over the model SE"))
        }
        Design::GroupSequential(design)
            if matches!(estimand.method.test, Test::ChiSquare | Test::LogRank | Test::Wald) =>
        {
            let drift = drift(Some(design.count() as u8))?;
            let lower = design.planned_lower();
            let crossing = crossing_probabilities(&lower, &design.upper, &design.information, drift);
            Some((crossing.ever_above(), "Recursion over looks, by the truth over the model SE"))
        }
        _ => None,
    }
}

/// Runs of the base case and its variants whose power has a formula.
pub(super) fn table(results: &Results) -> Option<Table> {
    let rows: Vec<Vec<String>> = results
        .variants()
        .filter_map(|run| {
            let power = results.power(run, Place::of(&results.primary(run).name))?;
            let (value, how) = computed(results, run)?;
            let apart = (power.value - value) / power.mcse;
            Some(vec![
                capitalised(&results.name(run)),
                how.into(),
                percent(value, 2),
                share(Some(power)),
                if apart.is_finite() { signed(apart, 1) } else { MISSING.into() },
            ])
        })
        .collect();
    let level = level(&results.run(0).trial.design).map_or(String::new(), |level| {
        format!(" The level of the base case is {}% in the direction of benefit.", fixed(100.0 * level, 2))
    });
    (!rows.is_empty()).then(|| {
        made(
            "Power by computation beside power by simulation.",
            vec![
                words("Run"),
                words("Computed by"),
                numbers("Computed", "%"),
                numbers("Simulated", "%"),
                numbers("Apart", "Monte Carlo SE"),
            ],
            rows,
            &[&format!(
                "Summing all tables is exact where every patient is an independent draw and arms are as large as planned; normal formulas are approximations, and more than 2 errors apart says how good they are here.{level}"
            )],
        )
    })
}
