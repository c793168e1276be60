//! The fixed design beside one that looks: at the most patients it takes, and at those it takes on average.

use super::{numbers, size, table, words};
use crate::{
    error::Result,
    operating::{Fold, Truth},
    report::{
        html::Section,
        numbers::{MISSING, count, signed_with_error},
        results::{Effect, Place, Results, mean, share},
    },
    simulation::{Block, Plan, Role, Run, Sink},
    statistics::normal_survival,
    trial::{
        Trial,
        design::{Design, Fixed},
    },
};
use std::sync::atomic::AtomicBool;

/// Replicates of the comparison: enough for a paired difference to about half a point.
const MOST: u64 = 4000;

struct Folding(Fold);

impl Sink for Folding {
    fn take(&mut self, block: &Block) -> Result<()> {
        self.0.add(block);
        Ok(())
    }
}

/// The comparison, for a base that looks and asks one question.
pub(super) fn section(results: &Results) -> Option<Section> {
    let base = results.run(0);
    let trial = &base.trial;
    if trial.design.most_looks() < 2 || !trial.design.family().is_empty() {
        return None;
    }
    let level = size::level(&trial.design).unwrap_or(0.025);
    let expected = results.find(0, Place::trial(), "patients")?.value;
    let whole: u32 = trial.allocation.ratio.iter().sum();
    let even = |n: f64| ((n / f64::from(whole)).round() as usize).max(1) * whole as usize;
    let sizes = [trial.design.most_patients(trial.patients), even(expected)];
    let replicates = base.replicates.min(MOST);
    let runs: Vec<Run> = std::iter::once(trial.clone())
        .chain(sizes.iter().map(|&patients| fixed(trial, patients, level)))
        .enumerate()
        .map(|(k, trial)| Run { number: k as u32 + 1, replicates, trial, role: Role::Stated, ..base.clone() })
        .collect();
    let fold = simulated(results, &runs)?;
    let measures = fold.measures(&runs);
    let names = [
        "The design".to_owned(),
        format!("Fixed, {} patients, the most it takes", count(sizes[0] as f64)),
        format!("Fixed, {} patients, as many as it takes on average", count(sizes[1] as f64)),
    ];
    let estimand = results.primary(0);
    let effect = Effect::of(estimand);
    let timed = results.timed(0);
    let rows = names
        .into_iter()
        .enumerate()
        .map(|(k, name)| {
            let found = |of: &str, what: &[&str]| {
                measures.iter().find(|m| {
                    m.run == k as u32 + 1
                        && what.contains(&m.measure)
                        && m.estimand == of
                        && m.population == "all"
                        && m.look.is_none()
                        && m.arm.is_empty()
                })
            };
            let of = &estimand.name;
            let mut row = vec![name, mean(found("", &["patients"]), 1)];
            if timed {
                row.push(mean(found("", &["months"]), 1));
            }
            row.push(share(found(of, &["power", "type_i_error"])));
            row.push(match fold.difference(k, 0).filter(|_| k > 0) {
                Some(d) => signed_with_error(100.0 * d.value, 100.0 * d.mcse, 1),
                None if k > 0 => MISSING.into(),
                None => String::new(),
            });
            row.push(effect.spread(found(of, &["bias"]), true));
            row.push(share(found(of, &["coverage"])));
            row
        })
        .collect();
    let mut columns = vec![words("Design"), numbers("Patients", "mean")];
    if timed {
        columns.push(numbers("Months", "mean"));
    }
    columns.extend([
        numbers("Power", "%"),
        numbers("Against the design", "points"),
        numbers("Bias", effect.error_unit()),
        numbers("Coverage", "%"),
    ]);
    Some(Section {
        title: "Comparator".into(),
        paragraphs: vec![format!(
            "What the looks cost and save: the same trial with one analysis at the end, at a one-sided level of {}%, on the same patients with the same luck.",
            short(100.0 * level)
        )],
        tables: vec![table(
            "The design beside a fixed one.",
            columns,
            rows,
            &[&format!(
                "The first {} replicates, simulated for this table. In parentheses, Monte Carlo standard errors; differences are paired.",
                count(replicates as f64)
            )],
        )],
        ..Section::default()
    })
}

/// The trial with one analysis of its primary estimand.
fn fixed(trial: &Trial, patients: usize, level: f64) -> Trial {
    let mut one = Trial { patients, design: Design::Fixed(Fixed::new(level)), ..trial.clone() };
    one.estimands.truncate(1);
    one.estimands[0].subgroups.clear();
    debug_assert!((normal_survival(one.design.critical()) - level).abs() < 1e-9);
    one
}

/// The fold over the replicates of some runs that share the base's truth.
fn simulated(results: &Results, runs: &[Run]) -> Option<Fold> {
    let truth = results.scenario.truths.first()?;
    let truths = runs
        .iter()
        .map(|run| {
            let estimands = run.trial.estimands.len();
            let pairs = truth.estimands.iter().zip(&truth.errors).take(estimands);
            pairs
                .zip(0..)
                .map(|((values, errors), e)| {
                    let slices = crate::operating::slices(&run.trial, e).len();
                    let known = |k: usize| Truth {
                        value: values.get(k).copied().unwrap_or(f64::NAN),
                        mcse: errors.get(k).copied().unwrap_or(0.0),
                    };
                    (0..slices).map(known).collect()
                })
                .collect()
        })
        .collect();
    let mut sink = Folding(Fold::new(runs, truths));
    let plan = Plan { runs, pool: &results.scenario.pool, seed: results.scenario.seed };
    plan.simulate(0..plan.replicates(), &AtomicBool::new(false), &mut sink).ok()?;
    Some(sink.0)
}

/// A number with as few decimals as it needs.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
