//! What may mislead a reader, found in the numbers, each with its remedy.

use super::{size, table, words};
use crate::report::{
    html::Section,
    numbers::{count, decimals, fixed},
    results::{Place, Results, capitalised, in_percent},
};

/// Monte Carlo error of a power that good practice asks for, and of a type I error.
const ERROR_OF_POWER: f64 = 0.005;
const ERROR_OF_TYPE_I: f64 = 0.0005;
/// Mean primary events per arm below which ratios are unsteady.
const FEW_EVENTS: f64 = 10.0;
/// Share of replicates without an answer that is worth a word.
const SOME_FAILED: f64 = 0.001;
/// Exaggeration among significant trials that is worth a word.
const EXAGGERATES: f64 = 1.25;

/// A caution: what was found, and what to do.
struct Caution {
    about: &'static str,
    found: String,
    remedy: String,
}

/// The part of the decision that says what to be careful of.
pub(super) fn section(results: &Results) -> Section {
    let list = cautions(results);
    let title = "Cautions".to_owned();
    if list.is_empty() {
        let checked = "Monte Carlo error, replicates without an answer, coverage, error where there is no effect, number of events and exaggeration were checked; none asks for a caution.";
        return Section { title, paragraphs: vec![checked.into()], ..Section::default() };
    }
    let rows = list.into_iter().map(|c| vec![c.about.to_owned(), c.found, c.remedy]).collect();
    Section {
        title,
        tables: vec![table(
            "What may mislead, and what to do about it.",
            vec![words("About"), words("Found"), words("Remedy")],
            rows,
            &[],
        )],
        ..Section::default()
    }
}

/// Replicates that leave a proportion this error, in round thousands.
fn wanted(p: f64, error: f64) -> String {
    let n = p * (1.0 - p) / (error * error);
    count((n / 1000.0).ceil() * 1000.0)
}

/// The runs with the largest and the number of runs that have it, in words.
fn named(results: &Results, runs: &[usize]) -> String {
    let first: Vec<String> = runs.iter().take(3).map(|&run| format!("“{}”", results.name(run))).collect();
    let more = runs.len().saturating_sub(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}

fn cautions(results: &Results) -> Vec<Caution> {
    let mut list = Vec::new();
    let all = 0..results.scenario.runs.len();
    let find = |run: usize, name: &str| results.find(run, Place::of(&results.primary(run).name), name);
    let power = |run: usize| results.power(run, Place::of(&results.primary(run).name));

    if let Some(m) = power(0).filter(|m| m.mcse > 1.05 * ERROR_OF_POWER && !results.run(0).null) {
        list.push(Caution {
            about: "Monte Carlo error",
            found: format!(
                "The power of the base case is known to ±{} points only ({} replicates, standard error).",
                fixed(100.0 * m.mcse, 1),
                count(m.replicates as f64)
            ),
            remedy: format!(
                "`--replicates {}` brings it to 0.5 points.",
                wanted(m.value, ERROR_OF_POWER).replace(',', "")
            ),
        });
    }
    let nulls: Vec<usize> = all.clone().filter(|&run| find(run, "type_i_error").is_some()).collect();
    if nulls.is_empty() {
        list.push(Caution {
            about: "Type I error",
            found: "No run is without an effect: how often the trial claims a benefit that is not there was not simulated.".into(),
            remedy: "Add a variant with `null = true`.".into(),
        });
    }
    if let Some((run, m)) = nulls.iter().filter_map(|&run| Some((run, find(run, "type_i_error")?))).next()
        && m.mcse > 2.0 * ERROR_OF_TYPE_I
    {
        list.push(Caution {
            about: "Monte Carlo error",
            found: format!(
                "The type I error of “{}” is known to ±{} points only ({} replicates, standard error).",
                results.name(run),
                fixed(100.0 * m.mcse, 2),
                count(m.replicates as f64)
            ),
            remedy: "Give that variant `replicates = 100_000`: 0.05 points.".into(),
        });
    }
    for &run in &nulls {
        let Some(m) = find(run, "type_i_error") else { continue };
        let Some(level) = size::level(&results.run(run).trial.design) else { continue };
        if m.value - level > 3.0 * m.mcse && m.value > 1.02 * level {
            list.push(Caution {
                about: "Type I error",
                found: format!(
                    "“{}” claims a benefit in {}, where the design allows {}.",
                    results.name(run),
                    percent_of(m.value, m.mcse),
                    in_percent(level)
                ),
                remedy: "Use an exact test, a smaller level, or a method whose error holds here.".into(),
            });
        }
    }
    let failed: Vec<usize> = all
        .clone()
        .filter(|&run| power(run).is_some_and(|m| m.failed as f64 > SOME_FAILED * m.replicates as f64))
        .collect();
    if let Some(m) = failed.first().and_then(|&run| power(run)) {
        list.push(Caution {
            about: "Replicates without an answer",
            found: format!(
                "The primary comparison gave none in {} of {} replicates of {}; they count as not significant.",
                count(m.failed as f64),
                count(m.replicates as f64),
                named(results, &failed)
            ),
            remedy: "Choose a method that stands few events, such as an exact or Firth's, or a longer follow-up.".into(),
        });
    }
    let off: Vec<usize> = all
        .clone()
        .filter(|&run| {
            find(run, "coverage").is_some_and(|m| (m.value - 0.95).abs() > (4.0 * m.mcse).max(0.01))
        })
        .collect();
    if let Some(m) = off.first().and_then(|&run| find(run, "coverage")) {
        let staged = results.run(off[0]).trial.design.most_looks() > 1;
        list.push(Caution {
            about: "Coverage",
            found: format!(
                "The 95% interval holds the truth in {} of replicates of {}.",
                percent_of(m.value, m.mcse),
                named(results, &off)
            ),
            remedy: if staged {
                "Report an interval that knows of the looks: `analyze` has the median-unbiased estimate of a trial that stopped.".into()
            } else {
                "Read the interval with care; compare another method under Estimation.".into()
            },
        });
    }
    let few: Vec<usize> = all
        .clone()
        .filter(|&run| {
            let arms = results.run(run).trial.allocation.ratio.iter().filter(|r| **r > 0).count() as f64;
            results
                .find(run, Place::trial(), "events")
                .is_some_and(|m| m.value > 0.0 && m.value < FEW_EVENTS * arms)
        })
        .collect();
    if let Some(m) = few.first().and_then(|&run| results.find(run, Place::trial(), "events")) {
        list.push(Caution {
            about: "Few events",
            found: format!(
                "A trial of {} sees {} primary events on average.",
                named(results, &few),
                fixed(m.value, 0)
            ),
            remedy:
                "Ratios from so few are unsteady: enrol more, follow longer, or choose a commoner end point."
                    .into(),
        });
    }
    let real = |run: &usize| !results.run(*run).null;
    if let Some(m) = Some(0).filter(real).and_then(|run| find(run, "exaggeration"))
        && m.value - 2.0 * m.mcse > EXAGGERATES
        && power(0).is_some_and(|p| p.measure == "power")
    {
        list.push(Caution {
            about: "Exaggeration",
            found: format!(
                "Trials of the base case that are significant estimate {} times the true effect on average.",
                fixed(m.value, decimals(m.mcse, 2).max(1))
            ),
            remedy:
                "Do not size a next trial, or a claim, by the estimate of a significant one of this size."
                    .into(),
        });
    }
    let compared: Vec<u64> =
        results.variants().filter(real).filter_map(|run| power(run).map(|m| m.replicates)).collect();
    let (least, most) = (compared.iter().min(), compared.iter().max());
    if let (Some(&least), Some(&most)) = (least, most)
        && most > 2 * least
    {
        list.push(Caution {
            about: "Unequal precision",
            found: format!(
                "Variants rest on {} to {} replicates: their errors differ.",
                count(least as f64),
                count(most as f64)
            ),
            remedy: "Rank two by their paired difference only, and not where its interval covers 0.".into(),
        });
    }
    for warning in &results.scenario.warnings {
        list.push(Caution {
            about: "The scenario",
            found: format!("{}.", capitalised(warning.trim_end_matches('.'))),
            remedy: "`shocktrial check` shows the line.".into(),
        });
    }
    list
}

/// A share in per cent with its error.
fn percent_of(value: f64, error: f64) -> String {
    format!("{}%", crate::report::numbers::with_error(100.0 * value, 100.0 * error, 2))
}
