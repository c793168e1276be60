//! What is read off runs and questions together: where the power went, and what each end point shows.

use super::{numbers, plots, table, words};
use crate::{
    outcome::kinds::Kind,
    report::{
        figures::{Figure, Shares, SharesPart, SharesRow, Variant, Variants, Waterfall, WaterfallStep},
        html::Section,
        numbers::{MISSING, percent, signed_with_error, with_error},
        results::{Effect, Place, Results, capitalised, in_sentence, share},
    },
    simulation::Role,
    sizing::tiers,
};

/// The runs from the base to the one with all parts taken away, in order; empty unless there are two parts.
fn row(results: &Results) -> Vec<usize> {
    let taken = |parts: usize| {
        let with = |run: &usize| results.run(*run).role == Role::TakenAway(parts);
        (0..results.scenario.runs.len()).find(with)
    };
    let list: Vec<usize> = std::iter::once(0).chain((1..).map_while(taken)).collect();
    if list.len() > 2 { list } else { Vec::new() }
}

/// What a run of the row is without, against the one before.
fn part(results: &Results, run: usize) -> String {
    let name = &results.run(run).variant;
    capitalised(name.rsplit(" + ").next().unwrap_or(name))
}

fn steps(results: &Results) -> Vec<WaterfallStep> {
    let runs = row(results);
    let power = |run: usize| {
        let m = results.power(run, Place::of(&results.primary(run).name));
        m.map_or([f64::NAN; 2], |m| [m.value, m.mcse])
    };
    let (Some(&base), Some(&ideal)) = (runs.first(), runs.last()) else { return Vec::new() };
    let mut steps = vec![WaterfallStep { label: "Base case".into(), total: power(base), change: None }];
    for pair in runs.windows(2) {
        let change = results.fold.difference(pair[1], pair[0]);
        let change = change.map_or([f64::NAN; 2], |d| [d.value, d.mcse]);
        steps.push(WaterfallStep {
            label: part(results, pair[1]),
            total: power(pair[1]),
            change: Some(change),
        });
    }
    steps.push(WaterfallStep { label: "With all of these".into(), total: power(ideal), change: None });
    steps
}

/// Where the power went.
pub(super) fn waterfall(results: &Results) -> Option<Figure> {
    let steps = steps(results);
    if steps.is_empty() {
        return None;
    }
    let figure = Waterfall {
        name: plots::WATERFALL.into(),
        title: String::new(),
        caption: "Where the power went: from the base case to a trial without any of the parts that take it away, one more taken away at each bar, on the same patients with the same luck. What a part costs depends on the order.".into(),
        probability: "Power".into(),
        steps,
    };
    Some(figure.draw())
}

/// The same as a table.
pub(super) fn waterfall_section(results: &Results, figures: Vec<String>) -> Option<Section> {
    let steps = steps(results);
    if steps.is_empty() {
        return None;
    }
    let row = |step: &WaterfallStep| {
        vec![
            step.label.clone(),
            step.change.map_or(String::new(), |[c, e]| signed_with_error(100.0 * c, 100.0 * e, 1)),
            with_error(100.0 * step.total[0], 100.0 * step.total[1], 1),
        ]
    };
    Some(Section {
        title: "Where the power went".into(),
        paragraphs: vec![
            "The same trial, then without one part of the model after another: where the power went.".into(),
        ],
        tables: vec![table(
            "Power with parts of the model taken away one after another.",
            vec![
                words("Put back: the trial is no longer"),
                numbers("Change", "points"),
                numbers("Power", "%"),
            ],
            steps.iter().map(row).collect(),
            &[
                "Changes are paired differences with their Monte Carlo standard error. The order is that of the scenario.",
            ],
        )],
        figures,
        ..Section::default()
    })
}

/// Estimands of the base that compare the primary one's arms in all patients, when they ask of several end points.
fn asked(results: &Results) -> Vec<usize> {
    let trial = &results.run(0).trial;
    let primary = &trial.estimands[0];
    let same = |e: &usize| {
        let other = &trial.estimands[*e];
        (other.treatment, other.control) == (primary.treatment, primary.control)
    };
    let list: Vec<usize> = (0..trial.estimands.len()).filter(same).collect();
    let mut endpoints: Vec<usize> = list.iter().map(|&e| trial.estimands[e].endpoint).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    if endpoints.len() > 2 { list } else { Vec::new() }
}

fn question(results: &Results, e: usize) -> String {
    let trial = &results.run(0).trial;
    let estimand = &trial.estimands[e];
    format!(
        "{}: {}",
        trial.endpoints[estimand.endpoint].label,
        estimand.method.summary.label().to_lowercase()
    )
}

/// Power of each end point on the same patients.
pub(super) fn endpoints_figure(results: &Results) -> Option<Figure> {
    let list = asked(results);
    if list.is_empty() {
        return None;
    }
    let trial = &results.run(0).trial;
    let rows = list.iter().map(|&e| {
        let place = Place::of(&trial.estimands[e].name);
        let power = results.power(0, place);
        let effect = Effect::of(&trial.estimands[e]);
        Variant {
            label: question(results, e),
            power: power.map_or(f64::NAN, |m| m.value),
            low: power.map_or(f64::NAN, |m| m.lower),
            high: power.map_or(f64::NAN, |m| m.upper),
            effect: results.find(0, place, "truth").map_or(MISSING.into(), |t| effect.text(t.value)),
            null: results.run(0).null,
            emphasised: e == 0,
            ..Variant::default()
        }
    });
    let figure = Variants {
        name: plots::ENDPOINTS.into(),
        caption: "Power of each end point and measure in the base case, on the same patients, with 95% Monte Carlo intervals (Wilson).".into(),
        effect: ["True effect".into(), String::new()],
        guides: vec![0.8, 0.9],
        rows: rows.collect(),
        ..Variants::default()
    };
    Some(figure.draw())
}

/// Who wins the pairs, tier by tier, of every hierarchy that is asked.
pub(super) fn pairs_figure(results: &Results) -> Option<Figure> {
    let trial = &results.run(0).trial;
    let scenario = results.scenario;
    let mut rows = Vec::new();
    let mut seen = Vec::new();
    for (e, estimand) in trial.estimands.iter().enumerate() {
        let Kind::Tiers(list) = &trial.endpoints[estimand.endpoint].kind else { continue };
        // Win ratio and win odds of one end point read the same pairs.
        let question = (estimand.endpoint, estimand.treatment, estimand.control);
        if seen.contains(&question) {
            continue;
        }
        seen.push(question);
        let Some(decided) = tiers::decided(trial, e, &scenario.pool, scenario.seed) else { continue };
        let bar = |label: String, emphasised: bool, won: f64, lost: f64, open: f64| {
            let part = |kind: usize, share: f64| SharesPart { kind, share, words: vec![percent(share, 1)] };
            let total = percent(won + lost, 1);
            SharesRow { label, emphasised, total, parts: vec![part(0, won), part(5, lost), part(3, open)] }
        };
        let (mut won, mut lost, mut open) = (0.0, 0.0, 1.0);
        for (tier, d) in list.iter().zip(&decided) {
            open -= d.won + d.lost;
            rows.push(bar(trial.endpoints[tier.endpoint()].label.clone(), false, d.won, d.lost, open));
            // What a tier leaves open is all the next one has to decide.
            if let Some(row) = rows.last_mut() {
                let before = won + lost;
                row.parts
                    .insert(0, SharesPart { kind: 4, share: before, words: vec!["decided above".into()] });
            }
            (won, lost) = (won + d.won, lost + d.lost);
        }
        let label = trial.endpoints[estimand.endpoint].label.clone();
        rows.push(bar(format!("All tiers of {}", in_sentence(&label)), true, won, lost, open));
    }
    if rows.is_empty() {
        return None;
    }
    let figure = Shares {
        name: plots::PAIRS.into(),
        title: String::new(),
        caption: "Pairs of one patient of each arm, won and lost by the treatment at each tier, base case: a tier decides what those above left open. Means over 400 trials.".into(),
        heading: "Tier".into(),
        total: ["Decided".into(), "%".into()],
        whole: "Pairs".into(),
        kinds: ["Won by the treatment", "", "", "Still open", "Decided above", "Lost"].map(str::to_owned).to_vec(),
        rows,
    };
    Some(figure.draw())
}

/// End points on the same patients: power, paired differences, and what drives a hierarchy.
pub(super) fn endpoints(results: &Results, figures: Vec<String>) -> Option<Section> {
    let list = asked(results);
    if list.is_empty() {
        return None;
    }
    let trial = &results.run(0).trial;
    let fold = results.fold;
    let rows = list.iter().map(|&e| {
        let estimand = &trial.estimands[e];
        let place = Place::of(&estimand.name);
        let effect = Effect::of(estimand);
        let difference = fold.shown(0, e).less(fold.shown(0, 0)).filter(|_| e > 0);
        vec![
            question(results, e),
            estimand.method.name().replace('_', " "),
            results.find(0, place, "truth").map_or(MISSING.into(), |t| effect.text(t.value)),
            share(results.power(0, place)),
            difference.map_or(String::new(), |d| signed_with_error(100.0 * d.value, 100.0 * d.mcse, 1)),
            difference.map_or("", |d| if d.ranks() { "differs" } else { "not ranked" }).to_owned(),
        ]
    });
    let mut tables = vec![table(
        "End points on the same patients, base case.",
        vec![
            words("End point and measure"),
            words("Test"),
            numbers("Truth", ""),
            numbers("Power", "%"),
            numbers("Against the primary", "points"),
            words("Ranking"),
        ],
        rows.collect(),
        &[
            "Differences are paired: every test reads the same patients. Not ranked: the 95% Monte Carlo interval of the difference covers 0.",
        ],
    )];
    for &e in &list {
        let Kind::Tiers(tiers) = &trial.endpoints[trial.estimands[e].endpoint].kind else { continue };
        let scenario = results.scenario;
        let Some(decided) = tiers::decided(trial, e, &scenario.pool, scenario.seed) else { continue };
        let rows = tiers.iter().zip(&decided).map(|(tier, d)| {
            vec![
                trial.endpoints[tier.endpoint()].label.clone(),
                with_error(100.0 * (d.won + d.lost), 100.0 * d.mcse, 1),
                percent(d.won, 1),
                percent(d.lost, 1),
            ]
        });
        tables.push(table(
            format!("What decides the pairs of “{}”.", trial.endpoints[trial.estimands[e].endpoint].label),
            vec![words("Tier"), numbers("Pairs decided", "%"), numbers("Won", "%"), numbers("Lost", "%")],
            rows.collect(),
            &["Shares of all pairs of one patient of each arm, means over 400 trials."],
        ));
    }
    Some(Section { title: "End points on the same patients".into(), tables, figures, ..Section::default() })
}
