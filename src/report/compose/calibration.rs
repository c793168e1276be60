//! What the model was to give for this trial, what it gives, and what entry criteria alone would have given.

use super::{marks, numbers, plots, table, words};
use crate::{
    calibration::trial::Solved,
    outcome::recipe::Knob,
    report::{
        figures::{Calibration, CalibrationDot, Figure},
        html::Section,
        numbers::{MISSING, fixed, percent, signed},
        results::Results,
    },
    scenario::text::ScenarioText,
};

/// What was solved for in the base case.
fn fitted<'a>(results: &Results<'a>) -> Vec<&'a Solved> {
    results.scenario.solved.iter().filter(|(run, _)| *run <= 1).map(|(_, s)| s).collect()
}

fn is_ratio(results: &Results, solved: &Solved) -> bool {
    let text: &ScenarioText = &results.scenario.texts[0];
    super::model::states_ratio(text, solved.knob)
}

/// Risks stated, reached and predicted, as dots.
pub(super) fn figure(results: &Results) -> Option<Figure> {
    let predicted = &results.scenario.predicted;
    let mut rows = Vec::new();
    for solved in fitted(results).into_iter().filter(|s| !is_ratio(results, s)) {
        let before = predicted.iter().find(|p| p.path == solved.path);
        rows.push(CalibrationDot {
            label: results.solved_label(1, solved),
            target: solved.wanted,
            achieved: solved.got,
            predicted: before.map_or([f64::NAN; 2], |p| [p.predicted, p.error]),
        });
    }
    if rows.len() < 2 {
        return None;
    }
    let figure = Calibration {
        name: plots::CALIBRATION.into(),
        title: String::new(),
        caption: "Risks the scenario states, what the model gives once solved for them, and what the registry predicts from the entry criteria alone, with a 95% interval for the finite pool of patients.".into(),
        measure: "Risk".into(),
        stands_for: ["Stated".into(), "Reached".into(), "Predicted".into()],
        rows,
    };
    Some(figure.draw())
}

/// Fitted and predicted rows apart.
pub(super) fn section(results: &Results, figures: Vec<String>) -> Option<Section> {
    let scenario = results.scenario;
    let fitted = fitted(results);
    if fitted.is_empty() && scenario.predicted.is_empty() {
        return None;
    }
    let mut rows = Vec::new();
    if !fitted.is_empty() {
        rows.push(vec!["Solved for: no evidence that the model is right".into()]);
    }
    for solved in &fitted {
        let ratio = is_ratio(results, solved);
        let shown = |x: f64| if ratio { fixed(x, 3) } else { format!("{}%", percent(x, 2)) };
        let difference = solved.got - solved.wanted;
        let kind = match solved.knob {
            Knob::Shift(_) => "A level of hazard",
            Knob::Effect(..) => "An effect",
            Knob::BailOut(..) => "A rate of bail-out",
        };
        rows.push(vec![
            results.solved_label(1, solved),
            kind.into(),
            shown(solved.wanted),
            shown(solved.got),
            if ratio { signed(difference, 3) } else { signed(100.0 * difference, 2) },
            "fitted".into(),
        ]);
    }
    if !scenario.predicted.is_empty() {
        rows.push(vec![
            "Predicted from entry criteria, before any anchor: what the registry says of such patients"
                .into(),
        ]);
    }
    for predicted in &scenario.predicted {
        rows.push(vec![
            results.predicted_label(predicted),
            MISSING.into(),
            format!("{}%", percent(predicted.stated, 2)),
            format!("{}% ({})", percent(predicted.predicted, 1), percent(predicted.error, 1)),
            signed(100.0 * (predicted.predicted - predicted.stated), 1),
            "predicted".into(),
        ]);
    }
    Some(Section {
        title: "Calibration".into(),
        paragraphs: vec!["What the scenario states as results is solved for once and frozen. How far the prediction from entry criteria lies from the stated risk says how unusual the trial's patients were for the registry, or how wrong the registry is.".into()],
        tables: vec![table(
            "Targets of the base case.",
            vec![
                words("Target"),
                words("Solved by"),
                numbers("Stated", ""),
                numbers("Comes out", ""),
                numbers("Difference", "points, or of the ratio"),
                marks("Mark"),
            ],
            rows,
            &["In parentheses, the standard error from the finite pool of patients. `shocktrial calibrate` holds the registry itself against its targets."],
        )],
        figures,
        ..Section::default()
    })
}
