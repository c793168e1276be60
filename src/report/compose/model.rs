//! The data-generating model: every number with its source, what was solved, what the arms do.

use super::{fact, marks, numbers, table, words};
use crate::{
    analysis::comparison::Summary,
    calibration::trial::Solved,
    evidence,
    outcome::recipe::Knob,
    report::{
        html::{Section, Table},
        numbers::{MISSING, count, fixed, percent, ratio},
        results::{Effect, Results, capitalised, in_percent, in_sentence, split_path},
    },
    scenario::{
        Scenario,
        document::{Document, Provenance, Sourced},
        population_file::read_text,
        text::{EffectText, ScenarioText},
    },
    trial::Trial,
};

/// The part of the scenario a number belongs to, in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Population,
    Arm(usize),
    Conduct,
    Variants,
    Design,
    Sweep,
    Published,
}

/// The numbers of the scenario nobody cited that say something of patients, arms or recruitment. What a
/// variant tries out is one only if it gives a reason; without, it is a contrast.
pub fn assumptions<'a>(results: &Results<'a>) -> Vec<&'a Sourced> {
    let scenario = results.scenario;
    let assumed = |s: &&Sourced| match &s.from {
        Provenance::Assumed(reason) => group(scenario, s)
            .is_some_and(|g| g < Group::Variants || g == Group::Variants && !reason.is_empty()),
        Provenance::Cited(_) => false,
    };
    scenario.sourced.iter().filter(assumed).collect()
}

/// Where a number belongs; none for what a scenario expects to come back.
fn group(scenario: &Scenario, number: &Sourced) -> Option<Group> {
    let parts = split_path(&number.path);
    let second = parts.get(1).map_or("", String::as_str);
    match parts[0].as_str() {
        "expect" => None,
        "arm" => {
            let place = scenario.runs[0].trial.arms.iter().position(|a| a.name == second);
            Some(Group::Arm(place.unwrap_or(usize::MAX)))
        }
        "trial" if ["patients", "allocation", "design", "follow_up"].contains(&second) => Some(Group::Design),
        "trial" => Some(Group::Conduct),
        "variant" => Some(Group::Variants),
        "sweep" => Some(Group::Sweep),
        "published" => Some(Group::Published),
        _ => Some(Group::Population),
    }
}

fn heading(scenario: &Scenario, group: &Group) -> String {
    match group {
        Group::Population => "Patients".into(),
        Group::Arm(arm) => scenario.runs[0].trial.arms.get(*arm).map_or("Arms".into(), |a| a.label.clone()),
        Group::Conduct => "Recruitment and follow-up".into(),
        Group::Variants => "Variants".into(),
        Group::Design => "Chosen by the design".into(),
        Group::Sweep => "Swept".into(),
        Group::Published => "Published results: held beside, not put in".into(),
    }
}

/// A path in words: what it says of its group.
fn label(scenario: &Scenario, path: &str, group: &Group) -> String {
    let mut parts = split_path(path);
    parts.remove(0);
    let mut before = String::new();
    match group {
        Group::Arm(_) => {
            parts.remove(0);
        }
        Group::Variants => {
            let names: Vec<&str> = scenario
                .runs
                .iter()
                .filter(|r| !r.variant.is_empty() && r.sweep.is_empty())
                .map(|r| r.variant.as_str())
                .collect();
            let index: usize = parts.remove(0).parse().unwrap_or(usize::MAX);
            before = names.get(index).map_or(String::new(), |n| format!("“{n}”: "));
            parts.retain(|p| p != "set");
            // A quoted path holds several keys.
            parts = parts.iter().flat_map(|p| split_path(p)).collect();
        }
        Group::Population if path.starts_with("population.anchor.") => {
            let place = parts.get(1).and_then(|index| index.parse::<usize>().ok());
            if let Some(anchor) = place.and_then(|i| scenario.texts[0].population.anchor.get(i)) {
                let trial = &scenario.runs[0].trial;
                let of =
                    trial.endpoints.iter().find(|e| e.name == anchor.of).map_or(&anchor.of, |e| &e.label);
                let arm = trial.arms.iter().find(|a| a.name == anchor.arm).map_or(&anchor.arm, |a| &a.label);
                before = format!("Anchor, {}, {}: ", in_sentence(of), in_sentence(arm));
                parts.drain(..2);
            }
        }
        Group::Sweep => parts = parts.iter().flat_map(|p| split_path(p)).collect(),
        _ => {}
    }
    let many = |i: usize| parts.get(i).and_then(|p| p.parse::<usize>().ok()).map(|n| (n + 1).to_string());
    let words: Vec<String> =
        (0..parts.len()).map(|i| many(i).unwrap_or_else(|| parts[i].replace('_', " "))).collect();
    let text = words.join(" › ");
    if before.is_empty() { capitalised(&text) } else { before + &text }
}

/// A number as the file writes it.
fn as_written(scenario: &Scenario, number: &Sourced) -> String {
    let text = scenario.source.text.get(number.span.clone()).unwrap_or("").trim().replace('_', "");
    let text = if text.parse::<f64>().is_ok() { text } else { number.value.to_string() };
    match text.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// Where a number is from, in words, and its mark.
pub(super) fn source_of(from: &Provenance) -> (String, &'static str) {
    match from {
        Provenance::Cited(id) => {
            let text = evidence::lookup(id).map_or(id.clone(), |figure| {
                format!(
                    "{}; {} [{id}, {}]",
                    figure.source,
                    in_sentence(&figure.quantity),
                    figure.origin.word()
                )
            });
            (text, "cited")
        }
        Provenance::Assumed(reason) if reason.is_empty() => ("No source stated".into(), "assumed"),
        Provenance::Assumed(reason) => (capitalised(reason), "assumed"),
    }
}

/// The section on the model.
pub fn data(results: &Results) -> Section {
    let scenario = results.scenario;
    let assumed = assumptions(results).len();
    let mut paragraphs = vec![
        "Every patient has a hazard for each event; arms multiply hazards; complications that have started add to the hazard of others. Event times are drawn from these hazards and end points are read off them.".to_owned(),
        format!(
            "{} of the scenario {} assumed: no source is cited.",
            if assumed == 1 { "1 number".to_owned() } else { format!("{assumed} numbers") },
            if assumed == 1 { "is" } else { "are" },
        ),
    ];
    let mut tables = Vec::new();
    let registry = Registry::read(scenario);
    if let Some(registry) = &registry {
        paragraphs.push(format!(
            "The population file {} states {} numbers, of which {} cite the evidence ledger; what the rest rests on stands in the file, and `shocktrial calibrate` shows how well it reproduces its targets.",
            registry.name,
            count(registry.numbers as f64),
            count(registry.cited as f64),
        ));
        paragraphs.push(format!(
            "The trial enrols from {} registry rows that meet the entry criteria of at least one run, found among {} screened.",
            count(scenario.pool.len() as f64),
            count(scenario.pool.screened as f64),
        ));
    }
    tables.extend(multipliers(results, registry.as_ref()));
    tables.push(parameters(results));
    tables.extend(solved(results));
    tables.extend(effects(results));
    Section {
        title: "Data-generating model".into(),
        paragraphs,
        facts: vec![fact(
            "Not modelled",
            "Events other than those listed under Patients; more than one change of treatment in a patient; differences between sites beyond recruitment",
        )],
        tables,
        ..Section::default()
    }
}

/// What the population file says of its own numbers.
struct Registry {
    name: String,
    numbers: usize,
    cited: usize,
    /// By event: its name, and why its block is as it is.
    events: Vec<(String, String)>,
    citations: Vec<Sourced>,
}

impl Registry {
    fn read(scenario: &Scenario) -> Option<Registry> {
        let source = scenario.registry.as_ref()?;
        let numbers = Document::parse(source).ok()?.numbers().len();
        let (text, citations) = read_text(source).ok()?;
        let events = text.event.iter().map(|e| (e.name.clone(), e.assumed.clone())).collect();
        let name = std::path::Path::new(&source.name)
            .file_name()
            .map_or(String::new(), |n| n.to_string_lossy().into_owned());
        let cited = citations.iter().filter(|c| matches!(c.from, Provenance::Cited(_))).count();
        Some(Registry { name, numbers, cited, events, citations })
    }

    /// Where the multipliers of an event are from.
    fn source(&self, event: &str, on: &str) -> (String, &'static str) {
        let place = self.events.iter().position(|e| e.0 == event);
        let Some(place) = place else { return (format!("Population file {}", self.name), "assumed") };
        let path = format!("event.{place}.multiplies.{on}");
        match self.citations.iter().find(|c| c.path == path) {
            Some(c) => source_of(&c.from),
            None if self.events[place].1.is_empty() => (format!("Population file {}", self.name), "assumed"),
            None => (capitalised(&self.events[place].1), "assumed"),
        }
    }
}

/// What complications do to other hazards: the first of the assumptions, because results hang on them.
fn multipliers(results: &Results, registry: Option<&Registry>) -> Option<Table> {
    let events = &results.run(0).trial.course.events.list;
    let mut rows = Vec::new();
    for event in events {
        let changes: Vec<String> = event
            .excess
            .iter()
            .filter(|(_, excess)| *excess != 0.0)
            .map(|&(other, excess)| format!("{} ×{}", in_sentence(&events[other].label), ratio(1.0 + excess)))
            .collect();
        if changes.is_empty() {
            continue;
        }
        let first = &events[event.excess[0].0].name;
        let (source, mark) = registry.map_or((String::new(), "assumed"), |r| r.source(&event.name, first));
        rows.push(vec![event.label.clone(), changes.join("; "), source, mark.into()]);
    }
    (!rows.is_empty()).then(|| {
        table(
            "What a complication multiplies other hazards by once it has started.",
            vec![words("Complication"), words("Hazard of"), words("Reason"), marks("Mark")],
            rows,
            &["Several complications add up on the excess scale. The numbers stand in the population file; the scenario may scale the excess."],
        )
    })
}

fn parameters(results: &Results) -> Table {
    let scenario = results.scenario;
    let mut list: Vec<(Group, &Sourced)> =
        scenario.sourced.iter().filter_map(|s| group(scenario, s).map(|g| (g, s))).collect();
    list.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.span.start.cmp(&b.1.span.start)));
    let mut rows = Vec::new();
    let mut last = None;
    for (group, number) in &list {
        if last.as_ref() != Some(group) {
            rows.push(vec![heading(scenario, group)]);
            last = Some(group.clone());
        }
        let (source, mark) = source_of(&number.from);
        let bare = matches!(&number.from, Provenance::Assumed(reason) if reason.is_empty());
        let (source, mark) = match group {
            Group::Design if bare => (String::new(), "chosen"),
            Group::Variants | Group::Sweep if bare => (String::new(), "varied"),
            _ => (source, mark),
        };
        rows.push(vec![
            label(scenario, &number.path, group),
            as_written(scenario, number),
            source,
            mark.into(),
        ]);
    }
    table(
        "Every number of the scenario.",
        vec![words("Parameter"), numbers("Value", ""), words("Source or reason"), marks("Mark")],
        rows,
        &[
            "In brackets, the id in the evidence ledger and how the figure came to be known: stated in the review, cited from the primary publication, secondary, from memory, or derived from other figures.",
        ],
    )
}

fn solved(results: &Results) -> Option<Table> {
    let scenario = results.scenario;
    if scenario.solved.is_empty() {
        return None;
    }
    let rows = scenario
        .solved
        .iter()
        .map(|(run, s)| {
            let what = results.solved_label(*run, s);
            let text = &scenario.texts[(*run as usize).saturating_sub(1)];
            let ratio_wanted = states_ratio(text, s.knob);
            let shown = |x: f64| if ratio_wanted { fixed(x, 3) } else { format!("{}%", percent(x, 2)) };
            vec![what, shown(s.wanted), shown(s.got), solved_number(text, s)]
        })
        .collect();
    Some(table(
        "Numbers solved from results stated.",
        vec![words("Result"), numbers("Stated", ""), numbers("Comes out", ""), words("Number")],
        rows,
        &[
            "Solved on the scenario as written and frozen: variants, sweeps and changes from the command line keep these numbers unless they state a result of their own.",
        ],
    ))
}

/// The number found, in words.
pub fn solved_number(text: &ScenarioText, solved: &Solved) -> String {
    let value = solved.value;
    match solved.knob {
        Knob::Shift(_) => format!("hazard × {} (log hazard {})", fixed(libm::exp(value), 3), fixed(value, 3)),
        Knob::Effect(arm, effect) if text.arm.0[arm].1.effect.0[effect].1.by_period.is_some() => {
            format!("× {} on the log hazard ratios stated", fixed(value, 3))
        }
        Knob::Effect(..) => format!("conditional hazard ratio {}", fixed(libm::exp(value), 3)),
        Knob::BailOut(..) => format!("{} per day in a patient of rate 1", fixed(libm::exp(value), 4)),
    }
}

/// Whether the result behind a knob is a ratio and not a risk.
pub fn states_ratio(text: &ScenarioText, knob: Knob) -> bool {
    let Knob::Effect(arm, effect) = knob else { return false };
    let effect = &text.arm.0[arm].1.effect.0[effect].1;
    effect.risk_ratio.is_some() || effect.such_that.as_ref().is_some_and(|s| s.risk.is_none())
}

/// The hazard ratios put in, beside the marginal ones that come out.
fn effects(results: &Results) -> Option<Table> {
    let scenario = results.scenario;
    let text = &scenario.texts[0];
    let trial = &results.run(0).trial;
    let events = &trial.course.events;
    let mut rows = Vec::new();
    for (arm, (_, arm_text)) in text.arm.0.iter().enumerate() {
        for (index, (event, effect)) in arm_text.effect.0.iter().enumerate() {
            let conditional = conditional(scenario, arm, index, effect, &arm_text.effect.0);
            let label = events.index(event).map_or(event.clone(), |e| events.list[e].label.clone());
            rows.push(vec![
                trial.arms[arm].label.clone(),
                label,
                stated(trial, effect),
                conditional,
                effect.within.clone().unwrap_or_else(|| "all".into()),
            ]);
        }
    }
    if rows.is_empty() {
        return None;
    }
    let mut marginal = Vec::new();
    for (e, estimand) in trial.estimands.iter().enumerate() {
        let value = scenario.truths[0].estimands[e][0];
        if estimand.method.summary == Summary::HazardRatio && value.is_finite() {
            let endpoint = in_sentence(&trial.endpoints[estimand.endpoint].label);
            let shown = Effect::of(estimand).text(libm::exp(value));
            marginal.push(format!("{shown} for {endpoint} ({})", estimand.name));
        }
    }
    let marginal = if marginal.is_empty() {
        String::new()
    } else {
        format!(
            "Marginal hazard ratio to which the trial's own Cox estimate converges: {}. It is not the conditional one where patients differ, change treatment or die of other causes.",
            marginal.join("; ")
        )
    };
    Some(table(
        "What each arm does to the hazard of each event, against usual care.",
        vec![
            words("Arm"),
            words("Event"),
            words("Stated as"),
            numbers("Conditional hazard ratio", ""),
            words("In"),
        ],
        rows,
        &[&marginal],
    ))
}

fn stated(trial: &Trial, effect: &EffectText) -> String {
    match effect {
        EffectText { such_that: Some(such), .. } => {
            let result = match (such.risk, such.risk_ratio, such.hazard_ratio) {
                (Some(risk), ..) => format!("a risk of {}", in_percent(risk)),
                (_, Some(value), _) => format!("a risk ratio of {}", ratio(value)),
                (.., Some(value)) => format!("a marginal hazard ratio of {}", ratio(value)),
                _ => "a result".into(),
            };
            let endpoint = trial.endpoints.iter().find(|e| e.name == such.of);
            format!("{result}, {}", endpoint.map_or(such.of.clone(), |e| in_sentence(&e.label)))
        }
        EffectText { risk_ratio: Some(rr), .. } => format!("a risk ratio of {}", ratio(*rr)),
        EffectText { same_as: Some(other), .. } => format!("the effect on {}", other.replace('_', " ")),
        _ => "hazard ratio".into(),
    }
}

fn conditional(
    scenario: &Scenario,
    arm: usize,
    index: usize,
    effect: &EffectText,
    all: &[(String, EffectText)],
) -> String {
    if let Some(other) = &effect.same_as {
        let place = all.iter().position(|(name, _)| name == other);
        return place
            .filter(|&p| p != index)
            .map_or(MISSING.into(), |p| conditional(scenario, arm, p, &all[p].1, all));
    }
    let solved = scenario
        .solved
        .iter()
        .find(|(run, s)| *run <= 1 && s.knob == Knob::Effect(arm, index))
        .map(|(_, s)| s.value);
    if let Some(periods) = &effect.by_period {
        let factor = solved.unwrap_or(1.0);
        let parts: Vec<String> = periods
            .iter()
            .map(|p| {
                let value = ratio(libm::exp(factor * libm::log(p.hazard_ratio)));
                p.until.map_or(format!("{value} after"), |until| format!("{value} to {until}"))
            })
            .collect();
        return parts.join(", ");
    }
    match (solved, effect.hazard_ratio) {
        (Some(value), _) => ratio(libm::exp(value)),
        (None, Some(value)) => ratio(value),
        _ => MISSING.into(),
    }
}
