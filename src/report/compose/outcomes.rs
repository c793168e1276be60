//! What came back: tables of operating characteristics.

use super::{numbers, size, table, words};
use crate::{
    operating::Measure,
    outcome::events::EventKind,
    report::{
        html::{Align, Column, Section, Table},
        numbers::{MISSING, count, decimals, fixed, interval, percent, signed_with_error, with_error},
        results::{
            Effect, Place, Results, capitalised, in_sentence, level_words, mean, share, shares_of_levels,
        },
        summary::Verdict,
    },
    scenario::expect,
    simulation::Role,
    statistics::wilson_interval,
    units::Days,
};

/// Headings for a table whose first column names the run.
fn by_run(columns: Vec<Column>) -> Vec<Column> {
    std::iter::once(words("Run")).chain(columns).collect()
}

/// The primary estimand of a run: its place and how its effects read.
fn primary<'a>(results: &Results<'a>, run: usize) -> (Place<'a>, Effect) {
    let estimand = results.primary(run);
    (Place::of(&estimand.name), Effect::of(estimand))
}

/// The first column of the row of a run: its number and name, or the values of its sweep point.
fn name(results: &Results, run: usize) -> String {
    format!("{}. {}", results.run(run).number, results.short_name(run))
}

/// A row for each run, with a heading over the points of a sweep.
fn rows_by_run(
    results: &Results,
    runs: impl Iterator<Item = usize>,
    row: impl Fn(usize) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for run in runs {
        rows.extend(results.heading(run).map(|heading| vec![heading]));
        rows.push(row(run));
    }
    rows
}

/// Every run in a row.
pub fn grid(results: &Results) -> Section {
    let (_, effect) = primary(results, 0);
    let truth = |run: usize, place: Place, effect: Effect| {
        results.find(run, place, "truth").map_or(MISSING.into(), |t| effect.text(t.value))
    };
    let rows = rows_by_run(results, 0..results.scenario.runs.len(), |run| {
        let (place, effect) = primary(results, run);
        let [control, treatment] = results.model_risks(run, results.primary(run));
        let null = if results.run(run).null { " *" } else { "" };
        vec![
            name(results, run),
            percent(control, 1),
            percent(treatment, 1),
            truth(run, place, effect),
            effect.with_error(results.find(run, place, "estimate_mean")),
            share(results.power(run, place)) + null,
            share(results.find(run, place, "rejects_wrong_way")),
        ]
    });
    let null = results.scenario.runs.iter().any(|run| run.null);
    let whys: Vec<String> = results
        .variants()
        .filter(|&run| !results.scenario.whys[run].is_empty())
        .map(|run| format!("{}: {}", capitalised(&results.name(run)), results.scenario.whys[run]))
        .collect();
    Section {
        title: "Scenario grid".into(),
        list: whys,
        tables: vec![table(
            "All runs, primary estimand. In parentheses, Monte Carlo standard errors.",
            by_run(vec![
                numbers("Control", "risk, %"),
                numbers("Treatment", "risk, %"),
                numbers("Truth", effect.unit()),
                numbers("Mean estimate", effect.unit()),
                numbers("Power", "%"),
                numbers("Wrong way", "%"),
            ]),
            rows,
            &[
                "Risks and truth are the model's. Wrong way: the trial shows harm where it should show benefit or nothing.",
                if null { "* No effect: the number is the type I error." } else { "" },
            ],
        )],
        ..Section::default()
    }
}

/// How many replicates, and what error that leaves.
pub fn replicates(results: &Results) -> Section {
    let rows = rows_by_run(results, 0..results.scenario.runs.len(), |run| {
        let (place, effect) = primary(results, run);
        let power = results.power(run, place);
        let of_power = power.map_or(MISSING.into(), |m| fixed(100.0 * m.mcse, 2));
        let estimate = results.find(run, place, "estimate_mean").map_or(MISSING.into(), |m| {
            let scale = effect.factor();
            fixed(scale * m.mcse, decimals(scale * m.mcse, 4))
        });
        let n = power.map_or(results.run(run).replicates, |m| m.replicates);
        vec![name(results, run), count(n as f64), of_power, estimate]
    });
    let (_, effect) = primary(results, 0);
    let unit = if effect.is_ratio() { "of the log ratio" } else { effect.unit() };
    Section {
        title: "Replicates".into(),
        paragraphs: vec![format!(
            "Seed {}. Random numbers have an address (seed, replicate, purpose, place in the screening stream), so runs share their patients' luck and their differences are surer than their levels. Rows do not depend on threads.",
            results.scenario.seed,
        )],
        tables: vec![table(
            "Replicates and the Monte Carlo standard errors they leave.",
            by_run(vec![
                numbers("Replicates", ""),
                numbers("Error of power", "points"),
                numbers("Error of the mean estimate", unit),
            ]),
            rows,
            &[
                "10,000 replicates hold the error of a power below half a point; 100,000 that of a type I error of 2.5% at 0.05 points.",
            ],
        )],
        ..Section::default()
    }
}

/// A proportion with its 95 % Monte Carlo interval.
fn with_interval(m: Option<&Measure>, digits: usize) -> [String; 2] {
    m.map_or([MISSING.into(), MISSING.into()], |m| {
        let text = percent(m.value, decimals(100.0 * m.mcse, digits));
        [text, interval(&percent(m.lower, digits), &percent(m.upper, digits))]
    })
}

/// Errors where there is no effect.
pub fn errors(results: &Results) -> Option<Section> {
    let errs = |run: usize, estimand: &str| results.find(run, Place::of(estimand), "type_i_error");
    let estimands = |run: usize| results.run(run).trial.estimands.iter().map(|e| e.name.as_str());
    let nulls: Vec<usize> = (0..results.scenario.runs.len())
        .filter(|&run| estimands(run).any(|estimand| errs(run, estimand).is_some()))
        .collect();
    let &first = nulls.first()?;
    let mut rows = Vec::new();
    for &run in &nulls {
        if nulls.len() > 1 {
            rows.push(vec![name(results, run)]);
        }
        for estimand in estimands(run).filter(|estimand| errs(run, estimand).is_some()) {
            let [benefit, range] = with_interval(errs(run, estimand), 2);
            let [harm, harm_range] =
                with_interval(results.find(run, Place::of(estimand), "rejects_wrong_way"), 2);
            rows.push(vec![estimand.to_owned(), benefit, range, harm, harm_range]);
        }
    }
    let why = if nulls.iter().all(|&run| results.run(run).null) {
        "With every effect, bail-out and change of arm removed"
    } else {
        "With every effect, bail-out and change of arm removed, or with an effect that lies on the margin"
    };
    let design = &results.run(first).trial.design;
    let mut paragraphs = vec![match size::level(design) {
        Some(level) => format!(
            "{why}, a claim of benefit is an error; the design allows {}% in that direction.",
            fixed(100.0 * level, 2).trim_end_matches('0').trim_end_matches('.'),
        ),
        None => format!(
            "{why}, a claim of benefit is an error. A threshold of a posterior promises no error by itself; the table says what it is."
        ),
    }];
    paragraphs.extend(nulls.iter().flat_map(|&run| size::size(results, run)));
    paragraphs.dedup();
    Some(Section {
        title: "Error rates".into(),
        paragraphs,
        tables: vec![table(
            "Errors where there is no effect, with 95% Monte Carlo intervals.",
            vec![
                words("Estimand"),
                numbers("Benefit claimed", "%"),
                numbers("95% interval", "%"),
                numbers("Harm claimed", "%"),
                numbers("95% interval", "%"),
            ],
            rows,
            &["Each estimand alone; no correction is made for asking several."],
        )],
        ..Section::default()
    })
}

/// Power of every estimand in the base case, and of the primary one in every run.
pub fn power(results: &Results, figures: Vec<String>) -> Section {
    let trial = &results.run(0).trial;
    let mut tables = Vec::new();
    let row = |first: String, run: usize, place: Place, effect: Effect| {
        let [power, range] = with_interval(results.power(run, place), 1);
        let exaggeration = results
            .find(run, place, "exaggeration")
            .map_or(MISSING.into(), |m| with_error(m.value, m.mcse, 2));
        vec![
            first,
            results.find(run, place, "truth").map_or(MISSING.into(), |t| effect.text(t.value)),
            power,
            range,
            share(results.find(run, place, "rejects_wrong_way")),
            exaggeration,
        ]
    };
    let columns = |first: &str| {
        vec![
            words(first),
            numbers("Truth", ""),
            numbers("Power", "%"),
            numbers("95% Monte Carlo interval", "%"),
            numbers("Wrong way", "%"),
            numbers("Exaggeration", "× truth"),
        ]
    };
    let note = "Exaggeration: mean size of the estimate among significant replicates over the truth, on the analysis scale (the logarithm of a ratio).";
    if trial.estimands.len() > 1 {
        let rows = trial
            .estimands
            .iter()
            .map(|e| {
                let label = format!("{} ({})", e.name, in_sentence(e.method.summary.label()));
                row(label, 0, Place::of(&e.name), Effect::of(e))
            })
            .collect();
        tables.push(table("Power of every estimand, base case.", columns("Estimand"), rows, &[]));
    }
    let shown = (0..results.scenario.runs.len()).filter(|&run| !results.run(run).null);
    let rows = rows_by_run(results, shown, |run| {
        let (place, effect) = primary(results, run);
        row(name(results, run), run, place, effect)
    });
    tables.push(table("Power of the primary estimand by run.", columns("Run"), rows, &[note]));
    Section { title: "Power".into(), tables, figures, ..Section::default() }
}

/// Bias, spread and coverage.
pub fn estimation(results: &Results, figures: Vec<String>) -> Section {
    let row = |first: String, run: usize, place: Place, effect: Effect| {
        let find = |name: &str| results.find(run, place, name);
        vec![
            first,
            effect.exact(find("truth")),
            effect.with_error(find("estimate_mean")),
            effect.spread(find("bias"), true),
            effect.spread(find("empirical_se"), false),
            effect.spread(find("model_se"), false),
            effect.spread(find("rmse"), false),
            share(find("coverage")),
        ]
    };
    let columns = |first: &str, unit: &str| {
        vec![
            words(first),
            numbers("Truth", ""),
            numbers("Mean estimate", ""),
            numbers("Bias", unit),
            numbers("Empirical SE", unit),
            numbers("Model SE", unit),
            numbers("RMSE", unit),
            numbers("Coverage", "%"),
        ]
    };
    let mut tables = Vec::new();
    let estimands = &results.run(0).trial.estimands;
    if estimands.len() > 1 {
        let rows = estimands
            .iter()
            .map(|e| {
                row(
                    format!("{} ({})", e.name, in_sentence(e.method.summary.label())),
                    0,
                    Place::of(&e.name),
                    Effect::of(e),
                )
            })
            .collect();
        tables.push(table("Every estimand, base case.", columns("Estimand", ""), rows, &[]));
    }
    let rows = rows_by_run(results, 0..results.scenario.runs.len(), |run| {
        let (place, effect) = primary(results, run);
        row(name(results, run), run, place, effect)
    });
    let (_, effect) = primary(results, 0);
    let unit = effect.error_unit();
    tables.push(table(
        "Primary estimand by run. In parentheses, Monte Carlo standard errors.",
        columns("Run", unit),
        rows,
        &[
            "The mean estimate of a ratio is the geometric mean. Bias, standard errors and root mean squared error of a ratio are on the log scale; of a difference, in percentage points.",
            "Coverage: how often the 95% interval holds the truth. Model SE: the square root of the mean squared standard error a trial reports.",
        ],
    ));
    tables.extend(if_benefit(results));
    Section { title: "Estimation".into(), tables, figures, ..Section::default() }
}

/// What trials estimate that show benefit: the ones that will be published as successes.
fn if_benefit(results: &Results) -> Option<Table> {
    let shows = |run: usize| results.find(run, primary(results, run).0, "estimate_mean_if_benefit");
    let runs = (0..results.scenario.runs.len()).filter(|&run| shows(run).is_some_and(|m| m.replicates >= 20));
    let rows = rows_by_run(results, runs, |run| {
        let (place, effect) = primary(results, run);
        let find = |name: &str| results.find(run, place, name);
        vec![
            name(results, run),
            shows(run).map_or(MISSING.into(), |m| count(m.replicates as f64)),
            effect.exact(find("truth")),
            effect.with_error(shows(run)),
            effect.spread(find("bias_if_benefit"), true),
            share(find("coverage_if_benefit")),
        ]
    });
    let (_, effect) = primary(results, 0);
    (!rows.is_empty()).then(|| {
        table(
            "Primary estimand among the replicates that show benefit.",
            by_run(vec![
                numbers("Trials", ""),
                numbers("Truth", effect.unit()),
                numbers("Mean estimate", effect.unit()),
                numbers("Bias", effect.error_unit()),
                numbers("Coverage", "%"),
            ]),
            rows,
            &["Who reads only of trials that succeed reads these estimates. Runs with fewer than 20 such trials are left out."],
        )
    })
}

/// Patients, screening, events and time.
pub fn size_and_time(results: &Results, enrolled: Option<Table>, figures: Vec<String>) -> Section {
    let timed = (0..results.scenario.runs.len()).any(|run| results.timed(run));
    let mut columns = vec![numbers("Patients", ""), numbers("Primary events", "")];
    let registry = results.scenario.registry.is_some();
    if registry {
        columns.push(numbers("Screened", ""));
    }
    if timed {
        columns.push(numbers("Months", ""));
        columns.push(numbers("Months, 90% of trials", ""));
    }
    let rows = rows_by_run(results, 0..results.scenario.runs.len(), |run| {
        let find = |name: &str| results.find(run, Place::trial(), name);
        let mut row = vec![name(results, run), mean(find("patients"), 1), mean(find("events"), 1)];
        if registry {
            row.push(mean(find("screened"), 0));
        }
        if timed {
            let known = results.timed(run);
            let edge = |name: &str| find(name).map_or(MISSING.into(), |m| fixed(m.value, 1));
            row.push(if known { mean(find("months"), 1) } else { MISSING.into() });
            row.push(if known { interval(&edge("months_q05"), &edge("months_q95")) } else { MISSING.into() });
        }
        row
    });
    let mut notes = vec!["Means over replicates, with Monte Carlo standard errors."];
    if timed {
        notes.push("Months run from the opening of the first site to the last analysis.");
    }
    if registry {
        notes.push("Screened: candidates in the stream all runs share, those of other runs' entry criteria among them.");
    }
    let paragraphs = if timed {
        vec![short_of_target(results)]
    } else {
        vec!["The scenario states no recruitment, so calendar time is not reported.".to_owned()]
    };
    Section {
        title: "Size and time".into(),
        paragraphs,
        tables: std::iter::once(table("Size of the trial by run.", by_run(columns), rows, &notes))
            .chain(enrolled)
            .chain(super::conduct::screening(results))
            .collect(),
        figures,
        ..Section::default()
    }
}

/// How often a trial of the base case ends with fewer patients than planned, in a sentence.
fn short_of_target(results: &Results) -> String {
    let planned = results.run(0).trial.patients as f64;
    let patients = results.fold.patients(0);
    let n = patients.len() as u32;
    let short = patients.iter().filter(|p| **p < planned - 0.5).count() as u32;
    if short == 0 {
        let bound = wilson_interval(0, n.max(1), 0.95).upper;
        return format!(
            "All {} trials of the base case enrol the {} patients planned (95% Monte Carlo upper limit for those that do not, {}%).",
            count(f64::from(n)),
            count(planned),
            percent(bound, 2)
        );
    }
    let p = f64::from(short) / f64::from(n);
    let why = if results.run(0).trial.design.most_looks() > 1 {
        ", because a look stopped them or recruitment ended"
    } else {
        ""
    };
    format!(
        "{} of trials of the base case end with fewer than the {} patients planned{why}.",
        with_error(100.0 * p, 100.0 * (p * (1.0 - p) / f64::from(n)).sqrt(), 1).replacen(" (", "% (", 1),
        count(planned)
    )
}

/// What happens to the patients of the trial, by arm.
pub fn patients(results: &Results, figures: Vec<String>) -> Section {
    let trial = &results.run(0).trial;
    let estimand = results.primary(0);
    let (control, treatment) = (usize::from(estimand.control), usize::from(estimand.treatment));
    let mut arms = vec![control, treatment];
    arms.extend(
        (0..trial.arms.len())
            .filter(|a| !arms.contains(a) && trial.allocation.ratio[*a] > 0)
            .collect::<Vec<_>>(),
    );
    let risk = |index: usize, arm: usize| {
        let event = format!("event:{}", trial.counted_name(index));
        results.find(0, Place::of(&event).arm(&trial.arms[arm].name), "risk")
    };
    let mut columns = vec![words("")];
    columns.extend(arms.iter().map(|&arm| numbers(&trial.arms[arm].label, "%")));
    columns.push(numbers("Difference", "points"));
    let row = |index: usize| {
        let mut row = vec![trial.counted_label(index).to_owned()];
        row.extend(arms.iter().map(|&arm| share(risk(index, arm))));
        row.push(match (risk(index, control), risk(index, treatment)) {
            (Some(c), Some(t)) => {
                signed_with_error(100.0 * (t.value - c.value), 100.0 * t.mcse.hypot(c.mcse), 1)
            }
            _ => MISSING.into(),
        });
        row
    };
    let events = &trial.course.events.list;
    let of_kind = |kind: EventKind| (0..events.len()).filter(move |&e| events[e].kind == kind);
    let mut rows = vec![row(events.len())];
    let deaths: Vec<usize> = of_kind(EventKind::Death).collect();
    if deaths.len() > 1 {
        rows.extend(deaths.into_iter().map(row));
    }
    let complications: Vec<usize> =
        of_kind(EventKind::Complication).chain(of_kind(EventKind::Discharge)).collect();
    if !complications.is_empty() {
        rows.push(vec!["Other events".into()]);
        rows.extend(complications.into_iter().map(row));
    }
    rows.push(vec!["Treatment".into()]);
    rows.push(row(events.len() + 1));
    let deaths = |arm: usize| results.find(0, Place::trial().arm(&trial.arms[arm].name), "deaths");
    let changed = |arm: usize| results.find(0, Place::trial().arm(&trial.arms[arm].name), "crossover");
    let counts = arms
        .iter()
        .map(|&arm| vec![trial.arms[arm].label.clone(), mean(deaths(arm), 1), mean(changed(arm), 1)])
        .collect();
    Section {
        title: "Patients".into(),
        tables: vec![
            table(
                format!(
                    "Share of patients with each event in {}, by arm assigned, base case.",
                    Days(trial.follow_up)
                ),
                columns,
                rows,
                &[
                    "Means over replicates, with Monte Carlo standard errors. The difference is the second column less the first.",
                ],
            ),
            table(
                "Deaths and changes of treatment in one trial, mean number.",
                vec![
                    words("Arm"),
                    numbers("Deaths", ""),
                    numbers("Received another arm's treatment", "patients"),
                ],
                counts,
                &[],
            ),
        ],
        figures,
        ..Section::default()
    }
}

/// Subgroups of every estimand that has them, base case.
pub fn subgroups(results: &Results, figures: Vec<String>) -> Option<Section> {
    let trial = &results.run(0).trial;
    let mut tables = Vec::new();
    for estimand in trial.estimands.iter().filter(|e| !e.subgroups.is_empty()) {
        let (all, effect) = (Place::of(&estimand.name), Effect::of(estimand));
        let line = |label: String, place: Place, share_of: String, power: Option<&Measure>| {
            let find = |name: &str| results.find(0, place, name);
            let range = match (find("estimate_q025"), find("estimate_q975")) {
                (Some(low), Some(high)) => effect.range(low.value, high.value),
                _ => MISSING.into(),
            };
            vec![
                label,
                share_of,
                find("truth").map_or(MISSING.into(), |t| effect.text(t.value)),
                effect.with_error(find("estimate_mean")),
                range,
                share(power),
                share(find("sign_error")),
            ]
        };
        let mut rows = vec![line("All patients".into(), all, "100".into(), results.power(0, all))];
        for &s in &estimand.subgroups {
            let subgroup = &trial.subgroups[s];
            rows.push(vec![results.rule(&subgroup.label)]);
            for (level, part) in subgroup.levels.iter().zip(shares_of_levels(trial, s)) {
                let place = all.within(&subgroup.name, level);
                rows.push(line(level_words(level), place, percent(part, 1), results.power(0, place)));
            }
            let place = all.within(&subgroup.name, "");
            rows.push(line("Interaction".into(), place, String::new(), results.interaction(0, place)));
        }
        tables.push(table(
            format!("Subgroups, {}.", estimand.name),
            vec![
                words("Level"),
                numbers("Patients", "%"),
                numbers("Truth", effect.unit()),
                numbers("Mean estimate", effect.unit()),
                numbers("95% of trials", effect.unit()),
                numbers("Power", "%"),
                numbers("Wrong sign", "% of significant"),
            ],
            rows,
            &[
                "Power of a level: its own comparison shows a benefit. Interaction: ratio (or difference) of the second level against the first, and how often its test is significant at 5%.",
                "Wrong sign: among significant replicates, those whose estimate lies on the other side of no effect than the truth.",
            ],
        ));
    }
    (!tables.is_empty()).then(|| Section { title: "Subgroups".into(), tables, figures, ..Section::default() })
}

/// What the result is made of, from variants that take one part away.
pub fn decomposition(results: &Results) -> Option<Section> {
    let alone = |run: &usize| matches!(results.run(*run).role, Role::TakenAway(1) | Role::TakenAwayAlone);
    let parts: Vec<usize> = results.variants().filter(alone).collect();
    if parts.is_empty() {
        return None;
    }
    let (_, effect) = primary(results, 0);
    let base = results.power(0, primary(results, 0).0);
    let rows = std::iter::once(0)
        .chain(parts)
        .map(|run| {
            let (place, effect) = primary(results, run);
            let [control, treatment] = results.model_risks(run, results.primary(run));
            let power = results.power(run, place);
            let change = match (base, power) {
                (Some(base), Some(power)) if run > 0 => {
                    let paired = results.fold.difference(run, 0);
                    let error = paired.map_or(power.mcse.hypot(base.mcse), |d| d.mcse);
                    signed_with_error(100.0 * (power.value - base.value), 100.0 * error, 1)
                }
                _ => String::new(),
            };
            vec![
                capitalised(&results.name(run)),
                percent(control, 1),
                percent(treatment, 1),
                results.find(run, place, "truth").map_or(MISSING.into(), |t| effect.text(t.value)),
                share(power),
                change,
            ]
        })
        .collect();
    Some(Section {
        title: "Decomposition".into(),
        paragraphs: vec!["What the result is made of: each variant takes one part of the model away and leaves the rest, on the same patients.".into()],
        tables: vec![table(
            "The primary estimand with parts of the model taken away.",
            by_run(vec![
                numbers("Control", "risk, %"),
                numbers("Treatment", "risk, %"),
                numbers("Truth", effect.unit()),
                numbers("Power", "%"),
                numbers("Change of power", "points"),
            ]),
            rows,
            &["A change is a paired difference: the runs share their patients and their luck."],
        )],
        ..Section::default()
    })
}

/// An expectation in words: `Risk of death 30d, control`.
pub fn expectation_label(results: &Results, verdict: &Verdict) -> String {
    let expectation = &verdict.expectation;
    let text = &expectation.text;
    let trial = &results.run(expectation.run).trial;
    let of = trial
        .endpoints
        .iter()
        .find(|e| e.name == text.of)
        .map(|e| e.label.clone())
        .or_else(|| trial.course.events.index(&text.of).map(|e| trial.course.events.list[e].label.clone()))
        .unwrap_or_else(|| text.of.replace('_', " "));
    let arm = text.arm.as_ref().map_or(String::new(), |name| {
        let label = trial.arms.iter().find(|a| a.name == *name).map_or(name.as_str(), |a| a.label.as_str());
        format!(", {}", in_sentence(label))
    });
    let what = match verdict.measure {
        "risk" => "Risk",
        "truth" => "Truth",
        "estimate_mean" => "Mean estimate",
        _ if results.run(expectation.run).null => "Type I error",
        _ => "Power",
    };
    format!("{what} of {}{arm}", in_sentence(&of))
}

/// Expected, tolerance and what came back with its error, as people read them.
pub fn expectation_numbers(results: &Results, verdict: &Verdict) -> [String; 3] {
    let text = &verdict.expectation.text;
    let estimand = results.run(verdict.expectation.run).trial.estimands.iter().find(|e| e.name == text.of);
    let ratio = matches!(verdict.measure, "truth" | "estimate_mean")
        && estimand.is_some_and(|e| !Effect::of(e).is_percent());
    let unit = if ratio { 1.0 } else { 100.0 };
    let sign = if ratio { "" } else { "%" };
    let error = if ratio { verdict.value * verdict.mcse } else { unit * verdict.mcse };
    let most = if ratio { 3 } else { 2 };
    let plain = |x: f64| {
        let text = fixed(unit * x, 4);
        format!("{}{sign}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    let got = with_error(unit * verdict.value, error, most);
    // The sign belongs to the value, not to its error.
    let got = if got.contains(" (") { got.replacen(" (", &format!("{sign} ("), 1) } else { got + sign };
    [plain(verdict.expected), format!("± {}", plain(text.within)), got]
}

/// Expectations of the scenario held against what came back.
pub fn validation(results: &Results, verdicts: &[Verdict]) -> Option<Section> {
    let closed = super::closed::table(results);
    if verdicts.is_empty() {
        return closed.map(|table| Section {
            title: "Validation".into(),
            tables: vec![table],
            ..Section::default()
        });
    }
    let count_of = |kind: expect::Verdict| verdicts.iter().filter(|v| v.verdict == kind).count();
    let rows = verdicts
        .iter()
        .enumerate()
        .map(|(index, verdict)| {
            let [expected, within, got] = expectation_numbers(results, verdict);
            let prefix = format!("expect.{index}.");
            let source = results
                .scenario
                .sourced
                .iter()
                .find(|s| s.path.starts_with(&prefix) && !s.path.ends_with("within"))
                .map_or(String::new(), |s| super::model::source_of(&s.from).0);
            vec![
                capitalised(&results.name(verdict.expectation.run)),
                expectation_label(results, verdict),
                expected,
                within,
                got,
                source,
                verdict.verdict.name().to_owned(),
            ]
        })
        .collect();
    let columns = vec![
        words("Run"),
        words("Quantity"),
        numbers("Expected", ""),
        numbers("Within", ""),
        numbers("Came back", "(Monte Carlo SE)"),
        words("Source"),
        Column { title: "Verdict".into(), align: Align::Mark, ..Column::default() },
    ];
    let (met, not, open) = (
        count_of(expect::Verdict::Met),
        count_of(expect::Verdict::NotMet),
        count_of(expect::Verdict::Undecided),
    );
    Some(Section {
        title: "Validation".into(),
        paragraphs: vec![format!(
            "Of {} expectations the scenario states, {met} are met, {not} not met, {open} undecided.",
            verdicts.len()
        )],
        tables: vec![table(
            "Expectations.",
            columns,
            rows,
            &[
                "Met: within the tolerance. Not met: outside it by more than four Monte Carlo standard errors. Undecided: between the two; more replicates decide.",
            ],
        )]
        .into_iter()
        .chain(closed)
        .collect(),
        ..Section::default()
    })
}
