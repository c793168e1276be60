//! The report of a run: its figures, and what each section says.
//!
//! Sections stand in the order of good practice for simulated designs; one that does not apply is left
//! out. Every number from replicates carries its Monte Carlo error; numbers from the model have none.

mod adaptive;
mod calibration;
mod cautions;
mod closed;
mod comparator;
mod conduct;
pub(super) mod families;
mod kinds;
pub(super) mod looks;
pub(super) mod model;
pub(super) mod outcomes;
mod plots;
mod protocol;
mod robustness;
mod single;
mod size;
pub(super) mod strategies;
mod together;

pub use super::results::Input;

use super::{
    figures::Figure,
    html::{Align, Column, Fact, KeyNumber, Report, Section, Table},
    numbers::{count, fixed, signed},
    results::{Effect, Place, Results, capitalised, in_percent, in_sentence, share},
    retold::retell,
};
use crate::operating::Measure;

/// The figures and the report of a finished run.
pub fn compose(input: &Input) -> (Vec<Figure>, Report) {
    let results = Results::new(input);
    let retold = retell(results.run(0), &results.scenario.pool, results.scenario.seed, results.timed(0));
    let figures = plots::all(&results, input.fold, &retold);
    let shown = |names: &[&str]| -> Vec<String> {
        let drawn = |name: &&&str| figures.iter().any(|f| f.name == **name);
        names.iter().filter(drawn).map(|name| (*name).to_owned()).collect()
    };
    let mut sections = vec![
        decision(&results, shown(&[plots::KAPLAN_MEIER])),
        protocol::estimands(&results),
        protocol::design(&results),
    ];
    sections.extend(comparator::section(&results));
    sections.push(model::data(&results));
    sections.extend(calibration::section(&results, shown(&[plots::CALIBRATION])));
    sections.push(outcomes::grid(&results));
    sections.push(protocol::analysis(&results));
    sections.push(outcomes::replicates(&results));
    sections.extend(outcomes::errors(&results));
    sections.push(outcomes::power(&results, shown(&[plots::POWER, plots::HEAT_MAP, plots::VARIANTS])));
    sections.extend(families::section(&results));
    sections.push(outcomes::estimation(&results, shown(&[plots::ESTIMATES])));
    let over_time = shown(&[plots::ENROLMENT, plots::MONTHS, plots::PATIENTS]);
    sections.push(outcomes::size_and_time(&results, single::enrolment_table(&retold), over_time));
    sections.extend(looks::stopping(&results, shown(&[plots::BOUNDARIES, plots::STOPPING])));
    sections.push(outcomes::patients(&results, shown(&[plots::INCIDENCE, plots::COMPLICATIONS])));
    sections.extend(outcomes::subgroups(&results, shown(&[plots::FOREST])));
    sections.extend(outcomes::decomposition(&results));
    sections.extend(together::waterfall_section(&results, shown(&[plots::WATERFALL])));
    sections.extend(together::endpoints(&results, shown(&[plots::ENDPOINTS, plots::PAIRS])));
    sections.extend(strategies::section(&results, shown(&[plots::TRADE_OFF])));
    sections.extend(robustness::section(&results));
    sections.extend(single::examples(&results, &retold));
    sections.extend(outcomes::validation(&results, input.verdicts));
    sections.push(reproduction(input));
    sections.push(limits(&results));
    let scenario = input.scenario;
    let replicates = results.run(0).replicates;
    let report = Report {
        title: scenario.title.clone(),
        subtitle: format!(
            "{}, {} replicates of the base case, {} {}",
            scenario.source.name,
            count(replicates as f64),
            scenario.runs.len(),
            if scenario.runs.len() == 1 { "run" } else { "runs" },
        ),
        question: scenario.question.clone(),
        answer: answer(&results),
        would_change: would_change(&results),
        summary: summary(&results),
        sections,
        footer: "Simulated by shocktrial. Numbers in parentheses after a value are its Monte Carlo standard error."
            .to_owned(),
    };
    (figures, report)
}

/// A column of numbers.
fn numbers(title: &str, unit: &str) -> Column {
    Column { title: title.into(), unit: unit.into(), align: Align::Right }
}

/// A column of words.
fn words(title: &str) -> Column {
    Column { title: title.into(), ..Column::default() }
}

/// A column of marks such as cited or assumed.
fn marks(title: &str) -> Column {
    Column { title: title.into(), align: Align::Mark, ..Column::default() }
}

fn fact(label: &str, value: impl Into<String>) -> Fact {
    Fact { label: label.into(), value: value.into(), code: false }
}

fn table(caption: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<String>>, notes: &[&str]) -> Table {
    let notes = notes.iter().filter(|n| !n.is_empty()).map(|n| (*n).to_owned()).collect();
    Table { number: None, caption: caption.into(), columns, rows, notes }
}

/// Sorted from what raises power most to what lowers it most: the variants whose power differs from the
/// base case by more than chance, with the difference and its error.
///
/// The runs share their patients' luck, so the errors are those of paired differences.
pub(super) fn shifts_of_power(results: &Results) -> Vec<(usize, f64, f64)> {
    let power = |run: usize| results.find(run, Place::of(&results.primary(run).name), "power");
    let Some(base) = power(0) else { return Vec::new() };
    let mut shifts: Vec<(usize, f64, f64)> = results
        .variants()
        .skip(1)
        .filter_map(|run| {
            let m = power(run)?;
            let error = results.fold.difference(run, 0).map_or(m.mcse.hypot(base.mcse), |d| d.mcse);
            Some((run, m.value - base.value, error))
        })
        .filter(|(_, shift, error)| shift.abs() > 1.96 * error)
        .collect();
    shifts.sort_by(|a, b| b.1.total_cmp(&a.1));
    shifts
}

/// The answer in two sentences: what the base case gives, and what changes it most.
pub(super) fn answer(results: &Results) -> Vec<String> {
    let estimand = results.primary(0);
    let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
    let trial = &results.run(0).trial;
    let label = in_sentence(&trial.endpoints[estimand.endpoint].label);
    let [control, treatment] = results.model_risks(0, estimand);
    let null = results.run(0).null;
    let mut sentences = Vec::new();
    if let Some(power) = results.power(0, place) {
        let arm = &trial.arms[usize::from(estimand.treatment)].label;
        let risks =
            format!("{} with {} against {}", in_percent(treatment), in_sentence(arm), in_percent(control));
        let claim = format!(
            "A trial of {} patients shows a benefit in {} of replicates (Monte Carlo SE {} points)",
            count(trial.patients as f64),
            in_percent(power.value),
            fixed(100.0 * power.mcse, 1),
        );
        let truth = results.find(0, place, "truth").map_or(String::new(), |t| {
            format!(", a true {} of {}", in_sentence(estimand.method.summary.label()), effect.words(t.value))
        });
        let expected = expected_estimate(results, place, effect);
        let risks_known = control.is_finite() && treatment.is_finite();
        sentences.push(if !risks_known {
            format!("{claim}, by {label}{truth}{expected}.")
        } else if null {
            format!("{claim} although no arm has an effect; {label} is {} in both arms.", in_percent(control))
        } else {
            format!("{claim} if {label} is {risks}{truth}{expected}.")
        });
    }
    if !null && let Some(power) = results.power(0, place).filter(|m| m.measure == "power") {
        sentences.push(held_against_usual(power));
    }
    let shifts = shifts_of_power(results);
    let named = |&(run, shift, _): &(usize, f64, f64)| {
        let value =
            results.find(run, Place::of(&results.primary(run).name), "power").map_or(f64::NAN, |m| m.value);
        format!("“{}” ({}, {} points)", results.run(run).variant, in_percent(value), signed(100.0 * shift, 1))
    };
    if let Some(most) = shifts.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) {
        let other = if most.1 > 0.0 {
            shifts.last().filter(|s| s.1 < 0.0)
        } else {
            shifts.first().filter(|s| s.1 > 0.0)
        };
        let other = other.map_or(String::new(), |o| format!("; in the other direction {}", named(o)));
        sentences.push(format!("Of the variants power changes most under {}{other}.", named(most)));
    } else if results.variants().filter(|&r| !results.run(r).null).count() > 1 {
        sentences.push("No variant changes power by more than chance.".into());
    }
    sentences
}

/// Where a power stands against the 80 % and 90 % trials are planned for, as far as its Monte Carlo interval tells.
fn held_against_usual(power: &Measure) -> String {
    let place = match (power.lower, power.upper) {
        (_, high) if high < 0.8 => "below the 80% that trials are usually planned for".to_owned(),
        (low, _) if low >= 0.9 => "above 90%".to_owned(),
        (low, high) if low >= 0.8 && high < 0.9 => {
            "between the 80% and 90% that trials are usually planned for".to_owned()
        }
        (low, _) => {
            let level = if low < 0.8 { 80 } else { 90 };
            format!("not told apart from {level}% by so many replicates")
        }
    };
    format!("That is {place}.")
}

fn expected_estimate(results: &Results, place: Place, effect: Effect) -> String {
    let found = ["estimate_mean", "estimate_q025", "estimate_q975"].map(|m| results.find(0, place, m));
    let [Some(mean), Some(low), Some(high)] = found else { return String::new() };
    let range = effect.range(low.value, high.value);
    format!("; the mean estimate is {}, and 95% of trials estimate {range}", effect.words(mean.value))
}

/// What would change the answer: variants, the range of the sweep, error under no effect.
fn would_change(results: &Results) -> Vec<String> {
    let mut list: Vec<String> = shifts_of_power(results)
        .into_iter()
        .map(|(run, shift, error)| {
            let why = &results.scenario.whys[run];
            let why = if why.is_empty() { String::new() } else { format!(" {}", ended(&capitalised(why))) };
            let power = results
                .find(run, Place::of(&results.primary(run).name), "power")
                .map_or(f64::NAN, |m| m.value);
            format!(
                "{}: power {}, {} points (SE {}).{why}",
                capitalised(&results.run(run).variant),
                in_percent(power),
                signed(100.0 * shift, 1),
                fixed(100.0 * error, 1),
            )
        })
        .collect();
    let swept: Vec<(usize, &Measure)> = (0..results.scenario.runs.len())
        .filter(|&run| !results.run(run).sweep.is_empty() && results.run(run).variant.is_empty())
        .filter_map(|run| results.power(run, Place::of(&results.primary(run).name)).map(|m| (run, m)))
        .collect();
    let least = swept.iter().min_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let most = swept.iter().max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    if let (Some(least), Some(most)) = (least, most)
        && least.0 != most.0
    {
        list.push(format!(
            "Over the sweep power runs from {} ({}) to {} ({}).",
            in_percent(least.1.value),
            in_sentence(&results.name(least.0)),
            in_percent(most.1.value),
            in_sentence(&results.name(most.0)),
        ));
    }
    let assumed = model::assumptions(results).len();
    if assumed > 0 {
        let numbers = if assumed == 1 { "number" } else { "numbers" };
        list.push(format!(
            "{assumed} {numbers} of the scenario without a source; the data-generating model lists them."
        ));
    }
    list
}

fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn summary(results: &Results) -> Vec<KeyNumber> {
    let estimand = results.primary(0);
    let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
    let number = |label: &str, value: String, note: String| KeyNumber { label: label.into(), value, note };
    let mut list = Vec::new();
    if let Some(m) = results.power(0, place) {
        let label = if m.measure == "power" { "Power" } else { "Type I error" };
        let error = format!("Monte Carlo SE {}", fixed(100.0 * m.mcse, if m.value < 0.1 { 2 } else { 1 }));
        list.push(number(label, in_percent(m.value), error));
    }
    let null = results.variants().skip(1).find(|&run| results.run(run).null);
    if let Some(m) =
        null.and_then(|run| results.find(run, Place::of(&results.primary(run).name), "type_i_error"))
    {
        let error = format!("one-sided, Monte Carlo SE {}", fixed(100.0 * m.mcse, 2));
        list.push(number("Type I error", format!("{}%", fixed(100.0 * m.value, 2)), error));
    }
    let found = ["estimate_mean", "estimate_q025", "estimate_q975"].map(|m| results.find(0, place, m));
    if let [Some(mean), Some(low), Some(high)] = found {
        let range = effect.range(low.value, high.value);
        list.push(number("Mean estimate", effect.text(mean.value), format!("95% of trials, {range}")));
    }
    if let Some(truth) = results.find(0, place, "truth") {
        let name = estimand.method.summary.label();
        list.push(number(
            &format!("True {}", in_sentence(name)),
            effect.text(truth.value),
            effect.unit().into(),
        ));
    }
    let most = results.run(0).trial.design.most_patients(results.run(0).trial.patients);
    let mean = results.find(0, Place::trial(), "patients").filter(|m| m.value < most as f64 - 0.5);
    let (label, note) = match mean {
        Some(m) => ("Patients at most", format!("{} on average", count(m.value))),
        None => ("Patients", String::new()),
    };
    list.push(number(label, count(most as f64), note));
    if results.timed(0)
        && let Some(months) = results.find(0, Place::trial(), "months")
    {
        let range = ["months_q05", "months_q95"]
            .map(|m| results.find(0, Place::trial(), m).map_or(f64::NAN, |m| m.value));
        let note = format!("90% of trials, {}–{}", fixed(range[0], 0), fixed(range[1], 0));
        list.push(number("Months", fixed(months.value, 0), note));
    }
    list
}

/// The decision: what the first run says, in one table.
fn decision(results: &Results, figures: Vec<String>) -> Section {
    let assured = results.assured();
    let mark = |run: usize| match (results.run(run).null, assured == Some(run)) {
        (true, _) => " *",
        (_, true) => " †",
        _ => "",
    };
    let rows = results
        .variants()
        .map(|run| {
            let estimand = results.primary(run);
            let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
            let [control, treatment] = results.model_risks(run, estimand);
            vec![
                capitalised(&results.name(run)),
                fixed(100.0 * control, 1),
                fixed(100.0 * treatment, 1),
                results.find(run, place, "truth").map_or("–".into(), |t| effect.text(t.value)),
                share(results.power(run, place)) + mark(run),
            ]
        })
        .collect();
    let estimand = results.primary(0);
    let trial = &results.run(0).trial;
    let endpoint = &trial.endpoints[estimand.endpoint].label;
    let [control, treatment] =
        [estimand.control, estimand.treatment].map(|arm| trial.arms[usize::from(arm)].label.as_str());
    let effect = Effect::of(estimand);
    let null = results.variants().any(|run| results.run(run).null);
    Section {
        title: "Decision".into(),
        tables: vec![table(
            format!("{endpoint}: what the model holds true, and how often the trial shows a benefit."),
            vec![
                words("Run"),
                numbers(control, "risk, %"),
                numbers(treatment, "risk, %"),
                numbers(&format!("True {}", in_sentence(estimand.method.summary.label())), effect.unit()),
                numbers("Power", "% (Monte Carlo SE)"),
            ],
            rows,
            &[
                "Risks and true effects are computed from the model, not from replicates.",
                if null { "* No effect: the number is the type I error." } else { "" },
                if assured.is_some() {
                    "† The effect is drawn from the prior: the number is the assurance."
                } else {
                    ""
                },
            ],
        )],
        paragraphs: results.assurance().into_iter().collect(),
        figures,
        parts: vec![cautions::section(results)],
        ..Section::default()
    }
}

fn reproduction(input: &Input) -> Section {
    let code = |label: &str| !matches!(label, "Replicates" | "Threads" | "Wall time" | "Machine");
    Section {
        title: "Reproduction".into(),
        paragraphs: vec![
            "The same scenario, seed and version give the same rows, bit for bit, on any number of threads and in any division into shards.".into(),
        ],
        facts: input
            .reproduction
            .iter()
            .map(|(label, value)| Fact { label: label.clone(), value: value.clone(), code: code(label) })
            .collect(),
        ..Section::default()
    }
}

fn limits(results: &Results) -> Section {
    let list: Vec<String> = results.scenario.limits.clone();
    let mut paragraphs = Vec::new();
    if list.is_empty() {
        paragraphs.push("The scenario states none of its own.".into());
    }
    paragraphs.push(
        "A simulation shows what follows from its assumptions; it adds no evidence that they hold.".into(),
    );
    Section { title: "Limits".into(), paragraphs, list, ..Section::default() }
}
