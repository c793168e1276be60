//! The answers as a table to read and as JSON.

use super::Block;
use crate::{
    analysis::{
        answer::{Answer, Scale},
        dataset::Dataset,
        settings::Settings,
    },
    report::numbers::{MISSING, fixed},
};
use serde_json::{Value, json};

/// A number, or null where there is none.
fn or_null(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { Value::Null }
}

pub(super) fn as_json(data: &Dataset, blocks: &[Block]) -> String {
    let name = |arm: u32| data.arms[arm as usize].as_str();
    let one = |block: &Block, a: &Answer| {
        let shown = |x: f64| or_null(a.scale.shown(x));
        let reason = a.reason.map(|r| format!("no answer: {r}"));
        let notes: Vec<String> = reason.into_iter().chain(a.notes.iter().cloned()).collect();
        let (subgroup, level) = match &block.subgroup {
            None => (None, None),
            Some((name, level)) => (Some(name.clone()), Some(level.clone().unwrap_or("interaction".into()))),
        };
        json!({
            "method": a.method.word(),
            "estimate": shown(a.estimate),
            "scale": a.scale.word(),
            "se": or_null(a.se),
            "statistic": or_null(a.statistic),
            "df": a.kind.degrees().filter(|_| a.statistic.is_finite()).map_or(Value::Null, or_null),
            "p_value": or_null(a.p_value),
            "lower": shown(a.lower),
            "upper": shown(a.upper),
            "n": a.n,
            "events": a.events.map_or(Value::Null, or_null),
            "notes": notes.join("; "),
            "statistic_name": a.kind.word(),
            "probability_of_benefit": or_null(a.probability_of_benefit),
            "treatment": name(data.treatment),
            "control": name(data.control),
            "arm": a.arm,
            "subgroup": subgroup,
            "level": level,
        })
    };
    let list: Vec<Value> = blocks.iter().flat_map(|b| b.answers.iter().map(move |a| one(b, a))).collect();
    serde_json::to_string_pretty(&list).expect("plain values serialise")
}

/// With `of_all_arms` nothing is said of two of them.
pub(super) fn as_text(
    data: &Dataset,
    settings: &Settings,
    blocks: &[Block],
    source: &str,
    of_all_arms: bool,
) -> String {
    let (treatment, control) = (&data.arms[data.treatment as usize], &data.arms[data.control as usize]);
    let confidence = format!("Estimate ({} % CI)", trimmed(100.0 * settings.confidence));
    let [first, second] = if of_all_arms { ["Patients", ""] } else { [treatment.as_str(), control.as_str()] };
    let mut table = super::super::table(["Method", &confidence, "Statistic", "P", first, second]);
    // Each note once, with the methods it is about.
    let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
    for block in blocks {
        for a in &block.answers {
            let [one, zero] = by_arm(a, data);
            let p = if a.p_value.is_finite() { p_text(a.p_value) } else { MISSING.into() };
            table.add_row([name(block, a), estimate(a), statistic(a), p, one, zero]);
            let told = a.reason.filter(|_| a.has_estimate()).map(|reason| format!("no test: {reason}"));
            // Notes on levels repeat those on all, but for what is wrong with a level.
            if block.subgroup.is_some() && a.reason.is_none() && !a.method.needs_subgroup() {
                continue;
            }
            let text = told.into_iter().chain(a.notes.iter().cloned()).collect::<Vec<_>>().join("; ");
            if text.is_empty() {
                continue;
            }
            match notes.iter_mut().find(|(note, _)| *note == text) {
                Some((_, words)) if words.contains(&a.method.word()) => {}
                Some((_, words)) => words.push(a.method.word()),
                None => notes.push((text, vec![a.method.word()])),
            }
        }
    }
    let notes: Vec<String> =
        notes.iter().map(|(text, words)| format!("{}: {text}", words.join(", "))).collect();
    let better = if settings.higher_is_better { "higher" } else { "lower" };
    let direction = format!("{better} is better, and a statistic below 0 favours {treatment}");
    let direction = match &data.outcome {
        crate::analysis::dataset::Outcome::Tiers(_) => format!("a statistic below 0 favours {treatment}"),
        _ => direction,
    };
    let heading = if of_all_arms {
        let arms: Vec<&str> = data.arms.iter().map(String::as_str).collect();
        format!("arms {}, {} patients, {source}", arms.join(", "), data.len())
    } else {
        let patients = data.sizes().iter().sum::<usize>();
        format!("{treatment} against {control}, {patients} patients, {source}\n{direction}")
    };
    format!("{heading}\n\n{table}\n\n{}", notes.join("\n"))
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

fn name(block: &Block, a: &Answer) -> String {
    let arm = a.arm.as_ref().map_or(String::new(), |arm| format!(", {arm}"));
    match &block.subgroup {
        None => format!("{}{arm}", a.method.word()),
        Some((name, Some(level))) => format!("  {name} {level}{arm}"),
        Some((name, None)) => format!("  {name}, interaction"),
    }
}

fn by_arm(a: &Answer, data: &Dataset) -> [String; 2] {
    let count = |n: usize, events: Option<f64>| match events {
        Some(events) => format!("{}/{n}", fixed(events, 0)),
        None => n.to_string(),
    };
    if let Some(arm) = &a.arm {
        let text = count(a.n, a.events);
        let treated = *arm == data.arms[data.treatment as usize];
        return if treated { [text, String::new()] } else { [String::new(), text] };
    }
    match a.by_arm {
        Some((n, events)) => [0, 1].map(|k| count(n[k], events.map(|e| e[k]))),
        None => [format!("all {}", count(a.n, a.events)), String::new()],
    }
}

fn estimate(a: &Answer) -> String {
    if let Some(reason) = a.reason
        && !a.has_estimate()
    {
        return reason.to_string();
    }
    let number = |x: f64| match a.scale.shown(x) {
        f64::INFINITY => "∞".to_owned(),
        f64::NEG_INFINITY => "−∞".to_owned(),
        x => number(x, a.scale),
    };
    if a.lower.is_nan() || a.upper.is_nan() {
        return number(a.estimate);
    }
    format!("{} ({} to {})", number(a.estimate), number(a.lower), number(a.upper))
}

fn statistic(a: &Answer) -> String {
    let (Some(name), true) = (a.kind.word(), a.statistic.is_finite()) else { return MISSING.into() };
    let degrees = match a.kind {
        crate::analysis::answer::Statistic::Student(degrees) => format!(" on {}", trimmed(degrees)),
        crate::analysis::answer::Statistic::ChiSquare(degrees) => format!(" on {degrees}"),
        _ => String::new(),
    };
    format!("{} {}{degrees}", name.replace("chi_square", "χ²"), fixed(a.statistic, 3))
}

/// Three decimals, more for what is small, fewer for what is large.
fn number(x: f64, scale: Scale) -> String {
    let digits = match x.abs() {
        v if v >= 1000.0 => 0,
        v if v >= 100.0 => 1,
        v if v >= 10.0 => 2,
        v if v >= 0.01 || v == 0.0 => 3,
        _ if scale == Scale::Ratio => 4,
        _ => 5,
    };
    fixed(x, digits)
}

/// A P value to three decimals, never 0.
pub(super) fn p_text(p: f64) -> String {
    if p < 0.001 { "<0.001".into() } else { format!("{p:.3}") }
}

/// At most one decimal, none where it is 0.
fn trimmed(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
