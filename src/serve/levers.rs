//! What the page offers to be moved: each lever with its name, unit, range, source and value in the file.

use crate::{
    calibration::prior::Prior,
    evidence,
    report::{
        numbers::count,
        results::{capitalised, in_sentence},
    },
    scenario::{
        Scenario,
        document::Provenance,
        levers::{Lever, Stands},
        text::ScenarioText,
    },
    trial::design::Design,
};
use serde_json::{Value, json};
use std::{collections::HashSet, path::Path};

/// What the page shows of the scenario, and the paths that may be set.
pub struct Offered {
    pub json: Value,
    pub paths: HashSet<String>,
    /// Replicates unless a page says otherwise.
    pub replicates: u64,
    pub seed: u64,
}

/// Keys of numbers that lie between 0 and 1.
const SHARES: [&str; 13] = [
    "risk",
    "share",
    "consent",
    "refuse",
    "probability",
    "two_sided",
    "one_sided",
    "conditional_power",
    "predictive_power",
    "power",
    "first_stage",
    "death_sd",
    "effect_sd",
];
/// Words of keys that are ratios.
const RATIO: &str = "ratio";

/// Lays out what can be moved.
pub fn offered(scenario: &Scenario, path: &Path, levers: Vec<Lever>) -> Offered {
    let text = &scenario.texts[0];
    let mut paths: HashSet<String> = levers.iter().map(|l| l.path.clone()).collect();
    let mut list: Vec<Value> = levers.iter().map(|lever| control(scenario, text, lever)).collect();
    if text.prior.is_none() {
        list.push(prior(scenario));
        paths.insert("prior".into());
    }
    if let Design::Fixed(_) = scenario.runs[0].trial.design {
        list.push(looks(text));
        paths.insert("trial.design".into());
    }
    let replicates = text.replicates.clamp(1, super::MOST_REPLICATES);
    let json = json!({
        "title": scenario.title,
        "question": scenario.question,
        "limits": scenario.limits,
        "file": path.display().to_string(),
        "name": path.file_stem().map_or("scenario".into(), |s| s.to_string_lossy()),
        "seed": scenario.seed,
        "replicates": replicates,
        "most_replicates": super::MOST_REPLICATES,
        "version": env!("CARGO_PKG_VERSION"),
        "levers": list,
    });
    Offered { json, paths, replicates, seed: scenario.seed }
}

/// Groups of levers, in the order of a protocol.
fn group(text: &ScenarioText, path: &str) -> String {
    let mut parts = path.split('.');
    match (parts.next(), parts.next()) {
        (Some("population"), _) => "Patients".into(),
        (Some("arm"), Some(arm)) => arm_label(text, arm),
        (Some("endpoint" | "estimand"), _) => "Questions".into(),
        (Some("trial"), Some("design" | "patients" | "allocation")) => "Design".into(),
        (Some("prior"), _) => "Prior".into(),
        _ => "Conduct".into(),
    }
}

fn arm_label(text: &ScenarioText, arm: &str) -> String {
    let label = text.arm.get(arm).and_then(|a| a.label.clone());
    label.unwrap_or_else(|| capitalised(&arm.replace('_', " ")))
}

fn endpoint_label(text: &ScenarioText, name: &str) -> String {
    let label = text.endpoint.get(name).and_then(|e| e.label.clone());
    in_sentence(&label.unwrap_or_else(|| name.replace('_', " ")))
}

/// What a lever is called within its group.
fn label(text: &ScenarioText, path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let place = |at: usize| parts.get(at).and_then(|p| p.parse::<usize>().ok());
    match parts[..] {
        ["trial", "patients"] => "Patients randomised".into(),
        ["population", "eligible"] => "Entry criteria".into(),
        ["population", "homogeneous", "event", event, "risk"] => format!("Risk of {}", words(event)),
        ["population", "homogeneous", "event", event, key] => format!("{}: {}", spoken(&[event]), words(key)),
        ["population", "anchor", _, key] => {
            let Some(anchor) = place(2).and_then(|i| text.population.anchor.get(i)) else {
                return spoken(&parts);
            };
            let of = endpoint_label(text, &anchor.of);
            match key {
                "risk" => format!("Risk of {of}, {}", in_sentence(&arm_label(text, &anchor.arm))),
                _ => format!("{of}, {}", spoken(&[key]).to_lowercase()),
            }
        }
        ["arm", _, "effect", event, "such_that", key] => {
            let effect = text.arm.get(parts[1]).and_then(|a| a.effect.get(event));
            let of = effect.and_then(|e| e.such_that.as_ref()).map(|s| endpoint_label(text, &s.of));
            format!("Effect: {} of {}", words(key), of.unwrap_or_else(|| words(event)))
        }
        ["arm", _, "effect", event, ref rest @ ..] => {
            format!("Effect on {}: {}", words(event), spoken(rest).to_lowercase())
        }
        ["arm", _, "bail_out"] => "Change to another arm's treatment".into(),
        ["arm", _, "instead"] => "Another arm's treatment from the start".into(),
        ["arm", arm, "bail_out", _, key] => {
            let to = place(3).and_then(|i| text.arm.get(arm)?.bail_out.get(i));
            let to = to.map_or(String::new(), |b| in_sentence(&arm_label(text, &b.to)));
            match key {
                "risk" => format!("Share that changes to {to}"),
                "by" => format!("Day by which they change to {to}"),
                _ => format!("Change to {to}: {}", words(key)),
            }
        }
        ["arm", arm, "instead", _, "share"] => {
            let to = place(3).and_then(|i| text.arm.get(arm)?.instead.get(i));
            format!("Share that gets {}", to.map_or(String::new(), |i| in_sentence(&arm_label(text, &i.arm))))
        }
        ["arm", _, "share_of_benefit"] => "Share of the stated benefit that is true".into(),
        ["trial", "design", _, ref rest @ ..] if !rest.is_empty() => spoken(rest),
        [first, ref rest @ ..] if !rest.is_empty() => {
            let rest = if first == "arm" && rest.len() > 1 { &rest[1..] } else { rest };
            spoken(rest)
        }
        _ => spoken(&parts),
    }
}

fn words(key: &str) -> String {
    key.replace('_', " ")
}

/// Keys in words: places in lists are counted from 1.
fn spoken(parts: &[&str]) -> String {
    let word = |part: &&str| part.parse::<usize>().map_or_else(|_| words(part), |n| (n + 1).to_string());
    capitalised(&parts.iter().map(word).collect::<Vec<_>>().join(", "))
}

/// Where a number is from: its mark and the words.
fn source(lever: &Lever) -> Value {
    let design = ["trial.patients", "trial.allocation", "trial.follow_up"];
    let (mark, text) = match &lever.from {
        Some(Provenance::Assumed(why))
            if why.is_empty() && design.iter().any(|d| lever.path.starts_with(d)) =>
        {
            ("chosen", "chosen by the design".into())
        }
        Some(Provenance::Cited(id)) => {
            let figure = evidence::lookup(id);
            let text =
                figure.map_or(id.clone(), |f| format!("{}; {} [{id}]", f.source, in_sentence(&f.quantity)));
            ("cited", text)
        }
        Some(Provenance::Assumed(why)) => ("assumed", why.clone()),
        None if lever.line.is_none() => ("usual", "not in the file; this is what is used".into()),
        None => ("chosen", String::new()),
    };
    json!({ "mark": mark, "text": text })
}

/// The place of a lever among those people ask about first, if it is one.
fn first(scenario: &Scenario, path: &str) -> Option<usize> {
    let trial = &scenario.runs[0].trial;
    let primary = &trial.estimands[0];
    let [treatment, control] =
        [primary.treatment, primary.control].map(|arm| trial.arms[usize::from(arm)].name.as_str());
    let endpoint = &trial.endpoints[primary.endpoint].name;
    let anchor = scenario.texts[0].population.anchor.iter().position(|a| a.of == *endpoint);
    let order = [
        "trial.patients".to_owned(),
        anchor.map_or("population.homogeneous.event.death.risk".into(), |i| {
            format!("population.anchor.{i}.risk")
        }),
        format!("arm.{treatment}.effect.death"),
        format!("arm.{treatment}.share_of_benefit"),
        format!("arm.{control}.bail_out"),
        format!("arm.{treatment}.instead"),
        "trial.design.group_sequential.looks".into(),
        "trial.design.group_sequential.boundary".into(),
        "trial.design.group_sequential.spending".into(),
        "prior.share_of_benefit".into(),
        "population.eligible".into(),
    ];
    let detail = [".by", ".follows_risk", ".until"].iter().any(|key| path.ends_with(key));
    order.iter().position(|start| !detail && path.starts_with(start.as_str()))
}

fn control(scenario: &Scenario, text: &ScenarioText, lever: &Lever) -> Value {
    let path = &lever.path;
    let mut value = json!({
        "path": path,
        "group": group(text, path),
        "label": label(text, path),
        "about": lever.about,
        "source": source(lever),
        "line": lever.line,
        "first": first(scenario, path),
    });
    let more = match &lever.stands {
        Stands::Number { value, whole } => number(scenario, path, *value, *whole),
        Stands::Numbers(list) => {
            let list: Vec<String> = list.iter().map(|x| x.to_string()).collect();
            json!({ "kind": "numbers", "value": list.join(", "), "unit": "numbers, with commas" })
        }
        Stands::Length(length) => json!({ "kind": "length", "value": length, "unit": "a length of time" }),
        Stands::Flag(flag) => json!({ "kind": "flag", "value": flag }),
        Stands::Choice { now, of } => json!({ "kind": "choice", "value": now, "of": of }),
        Stands::Rules(rules) => json!({ "kind": "rules", "value": rules }),
        Stands::Parts(parts) => json!({ "kind": "parts", "value": true, "parts": parts }),
    };
    if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
        value.extend(more.clone());
    }
    value
}

/// A number with the range its slider has; what is typed may lie outside.
fn number(scenario: &Scenario, path: &str, value: f64, whole: bool) -> Value {
    let key = path.rsplit('.').next().unwrap_or(path);
    let (least, most, step, unit) = if path == "trial.patients" {
        let ratio = &scenario.runs[0].trial.allocation.ratio;
        let unit = f64::from(ratio.iter().sum::<u32>().max(1));
        let step = unit * (value / 100.0 / unit).round().max(1.0);
        (step, (3.0 * value / step).round() * step, step, "patients".to_owned())
    } else if key == "share_of_benefit" {
        (-0.5, 1.5, 0.05, "1 is the benefit as stated, 0 none".into())
    } else if SHARES.contains(&key) || path.starts_with("trial.deferred_consent.refuse_in") {
        let fine = value > 0.0 && value < 0.1;
        let unit = if key.ends_with("sided") { "probability of error" } else { "probability, 0 to 1" };
        if fine { (0.0, 0.2, 0.002, unit.into()) } else { (0.0, 1.0, 0.005, unit.into()) }
    } else if key.contains(RATIO) {
        (0.1_f64.min(value), 2.0_f64.max(2.0 * value), 0.01, "ratio".into())
    } else if whole {
        let step = (value / 50.0).round().max(1.0);
        (0.0, (3.0 * value).max(4.0), step, whole_unit(path).into())
    } else {
        let size = if value == 0.0 { 1.0 } else { value.abs() };
        let step = step_of(size);
        let least = if value < 0.0 { -3.0 * size } else { 0.0 };
        (least, 3.0 * size, step, real_unit(key).into())
    };
    json!({
        "kind": "number", "value": value, "text": if whole { count(value).replace(',', "") } else { value.to_string() },
        "whole": whole, "least": least, "most": most, "step": step, "unit": unit,
    })
}

/// A step of a slider for numbers of some size: a hundredth of the power of ten at or below it.
fn step_of(size: f64) -> f64 {
    libm::pow(10.0, libm::floor(libm::log10(size)) - 2.0)
}

fn whole_unit(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or(path) {
        "count" if path.starts_with("trial.sites") => "sites",
        "patients" | "most_patients" => "patients",
        _ => "a whole number",
    }
}

fn real_unit(key: &str) -> &'static str {
    match key {
        "patients_per_site_month" => "patients per site and month",
        "excess_after_complications" => "factor; 0 none, 1 as the population says",
        "rate_per_day" => "per day",
        _ => "a number",
    }
}

/// The prior where the scenario states none of its own.
fn prior(scenario: &Scenario) -> Value {
    let Prior { mean, sd } = scenario.prior;
    json!({
        "path": "prior", "group": "Prior", "label": "Share of the stated benefit that is thought true",
        "about": "What is thought of the effect before the trial, for the assurance: 1 is the benefit as stated, 0 none.",
        "source": { "mark": "usual", "text": "not in the file; what finished trials of shock saw of what they had assumed" },
        "line": null, "first": 9, "kind": "prior", "unit": "mean and standard deviation of a normal distribution",
        "value": [rounded(mean), rounded(sd)],
    })
}

fn rounded(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}

/// Looks for a design that has none.
fn looks(text: &ScenarioText) -> Value {
    use crate::scenario::text::{AlphaText, DesignText};
    let alpha = match &text.trial.design {
        DesignText::Fixed(fixed) => match fixed.alpha {
            AlphaText::OneSided(alpha) => ("one_sided", alpha),
            AlphaText::TwoSided(alpha) => ("two_sided", alpha),
        },
        _ => ("two_sided", 0.05),
    };
    json!({
        "path": "trial.design", "group": "Design", "label": "Looks at the data",
        "about": "Analyses at equal shares of the patients, each when they have been followed up; the trial may stop at each for benefit.",
        "source": { "mark": "chosen", "text": "" },
        "line": null, "first": 6, "kind": "looks", "unit": "analyses", "value": 1, "alpha": [alpha.0, alpha.1],
        "boundaries": ["obrien_fleming", "pocock"],
    })
}
