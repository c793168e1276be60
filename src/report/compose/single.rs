//! What single trials of the base case show: enrolment, what happens to patients day by day, examples.

use super::{numbers, plots, table, words};
use crate::{
    outcome::events::{EventKind, Setting},
    report::{
        figures::{Distribution, Enrolment, Figure, Incidence, IncidencePanel},
        html::{Section, Table},
        numbers::{MISSING, count, fixed},
        results::{Effect, Place, Results, in_sentence},
        retold::{Example, Retold},
    },
    trial::record::Decision,
};

/// Patients enrolled over the calendar.
pub(super) fn enrolment(results: &Results, retold: &Retold) -> Option<Figure> {
    if retold.enrolled.len() < 3 {
        return None;
    }
    let figure = Enrolment {
        name: plots::ENROLMENT.into(),
        title: String::new(),
        caption: format!(
            "Patients enrolled over the calendar in the base case: the median and the middle 90% of {} trials. A trial that has stopped keeps its number.",
            retold.replicates
        ),
        months: (0..retold.enrolled.len()).map(|m| m as f64).collect(),
        enrolled: retold.enrolled.clone(),
        planned: results.run(0).trial.patients as f64,
    };
    Some(figure.draw())
}

/// The same in numbers, at months a reader expects.
pub(super) fn enrolment_table(retold: &Retold) -> Option<Table> {
    let months = retold.enrolled.len().checked_sub(1).filter(|m| *m > 1)?;
    let step = [3, 6, 12, 24].into_iter().find(|step| months / step <= 10).unwrap_or(60);
    let mut at: Vec<usize> = (1..).map(|k| k * step).take_while(|m| *m < months).collect();
    at.push(months);
    let rows = at
        .into_iter()
        .map(|m| {
            let [low, middle, high] = retold.enrolled[m];
            vec![m.to_string(), count(low), count(middle), count(high)]
        })
        .collect();
    let note = format!("Order statistics of {} trials.", retold.replicates);
    Some(table(
        "Patients enrolled by month, base case.",
        vec![
            numbers("Month", ""),
            numbers("5% of trials", "at most"),
            numbers("Median", ""),
            numbers("95% of trials", "at most"),
        ],
        rows,
        &[&note],
    ))
}

/// How the months and the patients of trials are spread, where they are.
pub(super) fn distributions(results: &Results) -> Vec<Figure> {
    let mut list = Vec::new();
    let spread = |values: &[f64]| {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        finite().fold(f64::NEG_INFINITY, f64::max) - finite().fold(f64::INFINITY, f64::min)
    };
    let mark = |name: &str, words: &str, digits: usize| -> Option<(f64, String)> {
        let m = results.find(0, Place::trial(), name)?;
        m.value.is_finite().then(|| (m.value, format!("{words}, {}", fixed(m.value, digits))))
    };
    let marks = |of: &str, digits: usize| -> Vec<(f64, String)> {
        [("_q05", "5%"), ("", "mean"), ("_q95", "95%")]
            .iter()
            .filter_map(|(q, words)| mark(&format!("{of}{q}"), words, digits))
            .collect()
    };
    let months = results.fold.months(0);
    if results.timed(0) && spread(months) > 0.5 {
        let figure = Distribution {
            name: plots::MONTHS.into(),
            title: String::new(),
            caption: format!(
                "Months from the opening of the first site to the last analysis over {} trials of the base case.",
                count(months.len() as f64)
            ),
            measure: "Months".into(),
            values: months.to_vec(),
            marks: marks("months", 1),
        };
        list.push(figure.draw());
    }
    let patients = results.fold.patients(0);
    if spread(patients) > 0.5 {
        let figure = Distribution {
            name: plots::PATIENTS.into(),
            title: String::new(),
            caption: format!(
                "Patients enrolled over {} trials of the base case; those who came while a look was prepared are counted.",
                count(patients.len() as f64)
            ),
            measure: "Patients".into(),
            values: patients.to_vec(),
            marks: marks("patients", 0),
        };
        list.push(figure.draw());
    }
    list
}

/// Causes of death and discharge as they rule each other out, by arm.
pub(super) fn incidence(results: &Results, retold: &Retold) -> Option<Figure> {
    let trial = &results.run(0).trial;
    let events = &trial.course.events.list;
    let discharged = retold.outcomes.iter().any(|&e| events[e].kind == EventKind::Discharge);
    let shown: Vec<usize> = (0..retold.outcomes.len())
        .filter(|&k| !discharged || events[retold.outcomes[k]].setting == Setting::InHospital)
        .collect();
    if shown.len() < 2 {
        return None;
    }
    let ticks = plots::day_ticks(trial.follow_up);
    let panels: Vec<IncidencePanel> = plots::arms_in_order(trial, results.primary(0))
        .into_iter()
        .filter(|&arm| retold.patients[arm] > 0)
        .take(4)
        .map(|arm| {
            let curves: Vec<Vec<f64>> = shown.iter().map(|&k| retold.incidence[arm][k].clone()).collect();
            let per_trial = retold.patients[arm] as f64 / retold.replicates as f64;
            let at = |day: f64| {
                let k = retold.days.partition_point(|d| *d <= day + 1e-9).saturating_sub(1);
                per_trial * (1.0 - curves.iter().map(|c| c[k]).sum::<f64>())
            };
            IncidencePanel {
                label: trial.arms[arm].label.clone(),
                times: retold.days.clone(),
                at_risk: ticks.iter().map(|&t| at(t)).collect(),
                incidence: curves,
            }
        })
        .collect();
    let figure = Incidence {
        name: plots::INCIDENCE.into(),
        title: String::new(),
        caption: format!(
            "Cumulative incidence of what ends a stay in hospital{}, base case, arms as assigned: the share of all patients to whom it has happened, over the patients of {} trials, were nobody lost. Below, those to whom none of it has happened yet in a trial.",
            if discharged { "" } else { " or a life" },
            retold.replicates
        ),
        time: "Days".into(),
        ticks,
        events: shown.iter().map(|&k| events[retold.outcomes[k]].label.clone()).collect(),
        panels,
        at_risk: if discharged { "Alive in hospital".into() } else { "Alive".into() },
    };
    Some(figure.draw())
}

fn decided(decision: Decision, last: bool) -> &'static str {
    match (decision, last) {
        (Decision::Benefit, true) => "shows benefit",
        (Decision::Benefit, false) => "stops: benefit",
        (Decision::Harm, true) => "shows harm",
        (Decision::Harm, false) => "stops: harm",
        (Decision::Futility, _) => "stops: futility",
        (Decision::None, _) => "shows neither",
        (Decision::Continue, _) => "goes on",
    }
}

/// A few trials told look by look.
pub(super) fn examples(results: &Results, retold: &Retold) -> Option<Section> {
    let told: Vec<&Example> = retold.examples.iter().filter(|e| !e.looks.is_empty()).collect();
    if told.is_empty() {
        return None;
    }
    let trial = &results.run(0).trial;
    let effect = Effect::of(results.primary(0));
    let timed = results.timed(0);
    let mut rows = Vec::new();
    for example in &told {
        let months = if timed { format!(", {} months", fixed(example.months, 1)) } else { String::new() };
        rows.push(vec![format!(
            "Replicate {}: {} patients{months}",
            example.replicate,
            count(f64::from(example.patients))
        )]);
        for (k, look) in example.looks.iter().enumerate() {
            let c = &look.comparison;
            let shown = |x: f64| effect.text(effect.shown(x));
            let estimate = if c.estimate.is_finite() {
                format!(
                    "{} ({})",
                    shown(c.estimate),
                    effect.range(effect.shown(c.lower), effect.shown(c.upper))
                )
            } else {
                MISSING.into()
            };
            let last = k + 1 == trial.design.most_looks();
            let mut row = vec![(k + 1).to_string()];
            if timed {
                row.push(fixed(look.month, 1));
            }
            row.extend([
                count(look.patients as f64),
                count(f64::from(look.events)),
                estimate,
                fixed(c.statistic, 2),
                decided(look.decision, last).to_owned(),
            ]);
            rows.push(row);
        }
    }
    let mut columns = vec![words("Look")];
    if timed {
        columns.push(numbers("Month", "of the cut"));
    }
    columns.extend([
        numbers("Patients", "analysed"),
        numbers("Primary events", ""),
        numbers(effect.summary.label(), "estimate (95% interval)"),
        numbers("z", "below 0 is benefit"),
        words("The trial"),
    ]);
    let first = told[0].replicate;
    Some(Section {
        title: "Example trials".into(),
        paragraphs: vec![format!(
            "Single trials of the base case, one of each course among the first {}: what its committee would have seen. They illustrate; their numbers are not typical. `shocktrial patients {} --replicate {first}` gives the patients of the first.",
            retold.replicates, results.scenario.source.name
        )],
        tables: vec![table(
            format!(
                "Trials told look by look, primary estimand: {}.",
                in_sentence(&trial.endpoints[results.primary(0).endpoint].label)
            ),
            columns,
            rows,
            &[],
        )],
        ..Section::default()
    })
}
