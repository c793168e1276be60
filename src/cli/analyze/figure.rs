//! Figures of a data set: curves by arm with the numbers at risk, and the forest of subgroups.

use super::{Arguments, Block, Group, print::p_text};
use crate::{
    analysis::{
        answer::{Answer, Scale},
        catalogue::MethodName,
        dataset::{Dataset, Outcome},
        methods::analyse,
        settings::Settings,
    },
    error::{Error, Finding, Result},
    report::{
        figures::{EffectScale, Figure, Forest, ForestLevel, ForestRow, KaplanMeier, KaplanMeierArm, Shows},
        numbers::{interval, ratio},
    },
    statistics::{self, CumulativeIncidence},
};
use std::path::Path;

/// Pixels to one nominal pixel.
const PNG_SCALE: f32 = 2.0;

pub(super) fn draw(
    arguments: &Arguments,
    data: &Dataset,
    settings: &Settings,
    groups: &[Group],
    blocks: &[Block],
    path: &Path,
) -> Result<()> {
    let figure = if groups.is_empty() {
        curves(arguments, data, settings)?
    } else {
        forest(arguments, data, settings, groups, blocks)?
    };
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let bytes = match ending.as_str() {
        "svg" => figure.svg.into_bytes(),
        "png" => figure.png(PNG_SCALE).map_err(|why| Error::Machine(why.to_string()))?,
        _ => {
            return Err(Error::input(format!("cannot draw {}: a figure is .svg or .png", path.display())));
        }
    };
    std::fs::write(path, bytes).map_err(|why| Error::path("write", path, &why))
}

/// Cumulative probability of the event by arm, control first.
fn curves(arguments: &Arguments, data: &Dataset, settings: &Settings) -> Result<Figure> {
    let (time, method) = match &data.outcome {
        Outcome::Event { time: Some(time), .. } => (time, MethodName::LogRank),
        Outcome::Cause { time, .. } => (time, MethodName::Gray),
        _ => {
            let finding = Finding::new("curves need times");
            return Err(finding.help("add --time COL, or --by COL for a forest of subgroups").into());
        }
    };
    let both = data.of_two_arms();
    let arm_of = |arm: u32| (0..data.len()).filter(move |&i| data.arm[i] == arm);
    let last = settings.horizon.unwrap_or_else(|| {
        let end = |arm: u32| arm_of(arm).map(|i| time[i]).fold(0.0, f64::max);
        end(data.treatment).max(end(data.control))
    });
    let ticks = ticks(last);
    let arms = [data.control, data.treatment].map(|arm| {
        let times: Vec<f64> = arm_of(arm).map(|i| time[i]).collect();
        let at_risk = ticks.iter().map(|t| times.iter().filter(|x| *x >= t).count() as f64).collect();
        let (mut steps, mut risks) = (vec![0.0], vec![0.0]);
        let mut add = |time: f64, risk: f64| {
            if time <= last {
                steps.push(time);
                risks.push(risk);
            }
        };
        match &data.outcome {
            Outcome::Event { event, .. } => {
                let events: Vec<bool> = arm_of(arm).map(|i| event[i]).collect();
                let curve = statistics::KaplanMeier::new(&times, &events);
                curve.steps.iter().for_each(|s| add(s.time, 1.0 - s.survival));
            }
            Outcome::Cause { cause, .. } => {
                let causes: Vec<u8> = arm_of(arm).map(|i| cause[i]).collect();
                let curve = CumulativeIncidence::new(&times, &causes, settings.of);
                curve.steps.iter().for_each(|s| add(s.time, s.incidence));
                let end = times.iter().copied().fold(0.0, f64::max);
                add(end, *risks_last(&curve));
            }
            _ => {}
        }
        KaplanMeierArm {
            label: data.arms[arm as usize].clone(),
            times: steps,
            probability: risks,
            at_risk,
            ..KaplanMeierArm::default()
        }
    });
    let answer = analyse(method, &both, settings).remove(0);
    let mut notes = Vec::new();
    if let Some(text) = ratio_text(&answer, settings) {
        notes.push(format!("Hazard ratio, {text}"));
    }
    if method == MethodName::Gray
        && let Some(text) = ratio_text(&analyse(MethodName::FineGray, &both, settings)[0], settings)
    {
        notes.push(format!("Subdistribution hazard ratio, {text}"));
    }
    if answer.p_value.is_finite() {
        let p = p_text(answer.p_value);
        let p = if p.starts_with('<') { format!("P {p}") } else { format!("P = {p}") };
        let test = if method == MethodName::Gray { "Gray's test" } else { "log-rank test" };
        notes.push(format!("{p}, {test}"));
    }
    let unit = &arguments.unit;
    let unit =
        unit.chars().take(1).flat_map(char::to_uppercase).chain(unit.chars().skip(1)).collect::<String>();
    let figure = KaplanMeier {
        name: "curves".into(),
        caption: String::new(),
        outcome: outcome_label(arguments),
        time: format!("{unit} since randomisation"),
        ticks,
        shows: Shows::Events,
        arms: arms.to_vec(),
        notes,
        ..KaplanMeier::default()
    };
    Ok(figure.draw())
}

fn risks_last(curve: &CumulativeIncidence) -> &f64 {
    curve.steps.last().map_or(&0.0, |s| &s.incidence)
}

fn outcome_label(arguments: &Arguments) -> String {
    let column = [&arguments.event, &arguments.cause, &arguments.value].into_iter().flatten().next();
    arguments.label.clone().or(column.cloned()).unwrap_or_default()
}

/// "0.80 (95% CI, 0.66–0.97)".
fn ratio_text(answer: &Answer, settings: &Settings) -> Option<String> {
    let shown = |x: f64| ratio(answer.scale.shown(x));
    (answer.scale == Scale::Ratio && answer.estimate.is_finite()).then(|| {
        let limits = interval(&shown(answer.lower), &shown(answer.upper));
        let confidence = 100.0 * settings.confidence;
        format!("{} ({confidence:.0}% CI, {limits})", shown(answer.estimate))
    })
}

/// Times a clinician counts in: at most eight from 0 to `last`.
fn ticks(last: f64) -> Vec<f64> {
    const STEPS: [f64; 14] =
        [1.0, 2.0, 5.0, 7.0, 10.0, 15.0, 30.0, 60.0, 90.0, 180.0, 365.0, 730.0, 1825.0, 3650.0];
    let fine = (1..7).rev().map(|k| 10f64.powi(-k)).flat_map(|s| [s, 2.0 * s, 5.0 * s]);
    let coarse = (1..12).map(|k| 3650.0 * 10f64.powi(k));
    let mut steps = fine.chain(STEPS).chain(coarse);
    let step = steps.find(|s| last / s <= 8.0).unwrap_or(last.max(1.0));
    (0..=(last / step + 1e-9).floor() as usize).map(|k| k as f64 * step).collect()
}

/// The first method with an estimate, in all patients and at each level.
fn forest(
    arguments: &Arguments,
    data: &Dataset,
    settings: &Settings,
    groups: &[Group],
    blocks: &[Block],
) -> Result<Figure> {
    let fits = |a: &Answer| matches!(a.scale, Scale::Ratio | Scale::Difference) && a.arm.is_none();
    let chosen = blocks
        .iter()
        .filter(|b| b.subgroup.is_none())
        .filter_map(|b| b.answers.first())
        .find(|a| fits(a))
        .map(|a| (a.method, a.scale));
    let Some((method, scale)) = chosen else {
        return Err(Error::input("no method asked for has an estimate to draw a forest of"));
    };
    let of = |wanted: Option<(&str, Option<&str>)>| {
        blocks
            .iter()
            .find(|b| {
                let here = b.subgroup.as_ref().map(|(name, level)| (name.as_str(), level.as_deref()));
                here == wanted && b.answers.first().is_some_and(|a| a.method == method)
            })
            .and_then(|b| b.answers.first())
    };
    let level = |label: &str, answer: Option<&Answer>, overall: bool, note: String| {
        let number = |x: f64| scale.shown(x);
        let events = answer
            .and_then(|a| a.by_arm)
            .and_then(|(n, events)| events.map(|e| [(e[0], n[0] as f64), (e[1], n[1] as f64)]));
        ForestRow::Level(ForestLevel {
            label: label.to_owned(),
            overall,
            patients: answer.map_or(f64::NAN, |a| a.n as f64),
            events,
            estimate: answer.map_or(f64::NAN, |a| number(a.estimate)),
            low: answer.map_or(f64::NAN, |a| number(a.lower)),
            high: answer.map_or(f64::NAN, |a| number(a.upper)),
            truth: None,
            note,
        })
    };
    let mut rows = vec![level("All patients", of(None), true, String::new())];
    for group in groups {
        rows.push(ForestRow::Heading(group.name.clone()));
        let interaction = of(Some((&group.name, None))).filter(|a| a.p_value.is_finite());
        for (k, name) in group.levels.iter().enumerate() {
            let note = match interaction {
                Some(a) if k == 0 => p_text(a.p_value),
                _ => String::new(),
            };
            rows.push(level(name, of(Some((&group.name, Some(name)))), false, note));
        }
    }
    let (treatment, control) = (&data.arms[data.treatment as usize], &data.arms[data.control as usize]);
    let lower_is_better = !settings.higher_is_better && !matches!(data.outcome, Outcome::Tiers(_));
    let (left, right) = if lower_is_better { (treatment, control) } else { (control, treatment) };
    let measure = match method {
        MethodName::LogRank | MethodName::StratifiedLogRank | MethodName::Cox | MethodName::CoxRobust => {
            "Hazard ratio"
        }
        MethodName::ChiSquare => "Risk ratio",
        other => other.label(),
    };
    let figure = Forest {
        name: "forest".into(),
        arms: [treatment.clone(), control.clone()],
        events: "events/patients".into(),
        measure: measure.to_owned(),
        range: format!("{:.0}% CI", 100.0 * settings.confidence),
        scale: if scale == Scale::Ratio { EffectScale::Ratio } else { EffectScale::Difference },
        note: ["P for interaction".into(), String::new()],
        favours: [format!("{left} better"), format!("{right} better")],
        title: arguments.label.clone().unwrap_or_default(),
        rows,
        ..Forest::default()
    };
    Ok(figure.draw())
}
