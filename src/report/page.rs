//! The page a run prints on the terminal.

use super::{
    compose::{
        families, looks, model,
        outcomes::{expectation_label, expectation_numbers},
        strategies as compared,
    },
    numbers::{MISSING, count, decimals, fixed, interval, percent, signed, signed_with_error},
    results::{
        Effect, Input, Place, Results, capitalised, in_percent, in_sentence, level_words, patients_in, share,
        shares_of_levels,
    },
};
use crate::{operating::Measure, outcome::events::EventKind, scenario::document::Provenance, units::Days};
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Table, TableComponent, Width, presets,
};

/// Columns of a terminal the page fits.
const WIDTH: u16 = 100;
/// A space at which no cell is broken.
const UNBROKEN: &str = "\u{a0}";
/// Width of the first column at most.
const FIRST: u16 = 38;

/// The page: what was asked, what each run gives, and the base case in detail.
pub fn page(input: &Input) -> String {
    let results = Results::new(input);
    let mut parts =
        vec![heading(&results), runs(&results), several(&results), cautions(&results), base(&results)];
    parts.extend(strategies(&results));
    parts.extend(subgroups(&results));
    parts.extend(patients(&results));
    parts.extend(predicted(&results));
    parts.extend(solved(&results));
    parts.extend(expectations(&results, input));
    parts.push(footing(&results));
    parts.retain(|part| !part.is_empty());
    let text = parts.join("\n\n");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn heading(results: &Results) -> String {
    let mut lines = vec![results.scenario.title.clone()];
    lines.extend(wrapped(&results.scenario.question));
    lines.join("\n")
}

/// One line per run.
fn runs(results: &Results) -> String {
    let estimand = results.primary(0);
    let trial = &results.run(0).trial;
    let effect = Effect::of(estimand);
    let mut table = new_table(&[
        String::new(),
        shortened(&trial.side_label(estimand, 1)),
        shortened(&trial.side_label(estimand, 0)),
        format!("True {}", in_sentence(effect.summary.label())),
        "Shows benefit".into(),
        "Shows harm".into(),
    ]);
    let mut null = false;
    // Runs nobody stated have tables and sentences of their own.
    let stated = |run: &usize| results.run(*run).role.is_stated();
    for run in (0..results.scenario.runs.len()).filter(stated) {
        let estimand = results.primary(run);
        let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
        let [control, treatment] = results.model_risks(run, estimand);
        if let Some(heading) = results.heading(run) {
            table.add_row(vec![heading]);
        }
        let indent = if results.run(run).sweep.is_empty() { "" } else { "  " };
        let error = results.power(run, place).is_some_and(|m| m.measure == "type_i_error");
        null |= error;
        let star = if error { "*" } else { " " };
        table.add_row(vec![
            format!("{indent}{}", results.short_name(run)),
            in_percent(control),
            in_percent(treatment),
            results.find(run, place, "truth").map_or(MISSING.into(), |t| effect.words(t.value)),
            plus_minus(results.power(run, place)) + star,
            plus_minus(results.find(run, place, "rejects_wrong_way")),
        ]);
    }
    let label = &trial.endpoints[estimand.endpoint].label;
    let mut text =
        format!("{label}: risk by arm and true effect from the model, how often a trial shows it\n{table}");
    text += "\n± Monte Carlo standard error";
    if null {
        text += "; * no effect, or one on the margin: benefit shown is the type I error";
    }
    text
}

/// Several hypotheses: claims over all, of each, and what is selected, one line per quantity and run.
fn several(results: &Results) -> String {
    let runs: Vec<usize> = (0..results.scenario.runs.len())
        .filter(|&run| results.run(run).role.is_stated() && families::is_family(results, run))
        .collect();
    if runs.is_empty() {
        return String::new();
    }
    let mut parts = Vec::new();
    let mut rest = runs;
    // Runs whose designs claim the same things stand side by side, four at a time.
    while let Some(&run) = rest.first() {
        let (head, _) = families::rows(results, run);
        let same = |&run: &usize| families::rows(results, run).0 == head;
        let (together, others): (Vec<usize>, Vec<usize>) = rest.iter().partition(|run| same(run));
        for some in together.chunks(4) {
            let names = some.iter().map(|&run| shortened(&results.short_name(run)));
            let mut table = new_table(&std::iter::once(String::new()).chain(names).collect::<Vec<_>>());
            for (i, title) in head.iter().enumerate() {
                let cells = some.iter().map(|&run| {
                    let cell = families::rows(results, run).1.swap_remove(i);
                    if cell == MISSING { cell } else { in_plus_minus(&cell) + "%" }
                });
                table.add_row(std::iter::once(title.clone()).chain(cells));
            }
            parts.push(table.to_string());
        }
        rest = others;
    }
    format!("Several hypotheses: how often a trial claims and selects\n{}", parts.join("\n"))
}

/// What designs do not protect against.
fn cautions(results: &Results) -> String {
    let lines = families::all_cautions(results).iter().flat_map(|c| wrapped(c)).collect::<Vec<_>>();
    lines.join("\n")
}

/// The base case: what its trials estimate and cost.
fn base(results: &Results) -> String {
    let estimand = results.primary(0);
    let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
    let find = |name: &str| results.find(0, place, name);
    let mut lines = Vec::new();
    if let (Some(mean), Some(low), Some(high)) =
        (find("estimate_mean"), find("estimate_q025"), find("estimate_q975"))
    {
        let mut line = format!(
            "{}: mean estimate {} (95% of trials {})",
            effect.summary.label(),
            effect.words(mean.value),
            effect.range(low.value, high.value),
        );
        if let (Some(bias), Some(coverage)) = (find("bias"), find("coverage")) {
            let scale = effect.factor();
            let digits = decimals(scale * bias.mcse, 4);
            line += &format!(
                ", bias {} ± {}{}, coverage {}",
                signed(scale * bias.value, digits),
                fixed(scale * bias.mcse, digits),
                match effect.error_unit() {
                    "log" => " (log)",
                    "points" => " points",
                    _ => "",
                },
                in_percent(coverage.value),
            );
        }
        lines.push(line);
    }
    if let Some(m) = find("exaggeration") {
        let scale = if effect.is_ratio() { " (log scale)" } else { "" };
        lines.push(format!(
            "Among significant trials the estimate is {} times the truth on average{scale}",
            fixed(m.value, 2)
        ));
    }
    let trial = |name: &str| results.find(0, Place::trial(), name);
    if let (Some(patients), Some(events)) = (trial("patients"), trial("events")) {
        let mut line = format!("{} patients, {} primary events", count(patients.value), count(events.value));
        if let Some(screened) = trial("screened").filter(|s| s.value > 1.005 * patients.value) {
            line += &format!(", {} candidates screened", count(screened.value));
        }
        if results.timed(0)
            && let (Some(months), Some(low), Some(high)) =
                (trial("months"), trial("months_q05"), trial("months_q95"))
        {
            let range = interval(&fixed(low.value, 0), &fixed(high.value, 0));
            line += &format!(", {} months (90% of trials {range})", fixed(months.value, 0));
        }
        lines.push(line);
    }
    lines.extend(looks::lines(results, 0));
    let failed = results.power(0, place).map_or(0, |m| m.failed);
    if failed > 0 {
        lines
            .push(format!("{} replicates gave no answer and count as not significant", count(failed as f64)));
    }
    lines.extend(results.assurance());
    let wrapped: Vec<String> = lines.iter().flat_map(|line| wrapped(line)).collect();
    format!("Base case\n{}", wrapped.join("\n"))
}

/// Strategies beside each other, if the scenario compares some.
fn strategies(results: &Results) -> Option<String> {
    let head = ["Patients", "Screened", "Months", "Power, %", "Against base", "Right, %", "Averted"];
    let tables: Vec<String> = compared::page_rows(results)
        .into_iter()
        .map(|(caption, rows)| {
            let head = std::iter::once("").chain(head).map(|cell| cell.replace(' ', UNBROKEN));
            let mut table = new_table(&head.collect::<Vec<_>>());
            for row in rows {
                let numbers = row[1..].iter().map(|cell| in_plus_minus(cell).replace(' ', UNBROKEN));
                table.add_row(std::iter::once(row[0].clone()).chain(numbers));
            }
            format!("{caption}\n{}", table.to_string().replace(UNBROKEN, " "))
        })
        .collect();
    if tables.is_empty() {
        return None;
    }
    let whom = if results.scenario.registry.is_some() { "patients with shock" } else { "candidates" };
    let note = format!(
        "Against base in points, paired; ~ its interval covers 0, not ranked. Right: claims exactly those it is right to treat. Averted: deaths per 1000 {whom} screened, if adopted."
    );
    Some(format!("{}\n{}", tables.join("\n\n"), wrapped(&note).join("\n")))
}

fn subgroups(results: &Results) -> Option<String> {
    let trial = &results.run(0).trial;
    let estimand = results.primary(0);
    if estimand.subgroups.is_empty() {
        return None;
    }
    let (all, effect) = (Place::of(&estimand.name), Effect::of(estimand));
    let n = patients_in(trial, estimand.control) + patients_in(trial, estimand.treatment);
    let mut table = new_table(&[
        "Subgroup".into(),
        "Patients".into(),
        "Truth".into(),
        "Estimate (95% of trials)".into(),
        "Benefit".into(),
        "Interaction".into(),
    ]);
    for &s in &estimand.subgroups {
        let subgroup = &trial.subgroups[s];
        let interaction = results.interaction(0, all.within(&subgroup.name, ""));
        for (i, (level, part)) in subgroup.levels.iter().zip(shares_of_levels(trial, s)).enumerate() {
            let place = all.within(&subgroup.name, level);
            let value = |name: &str| results.find(0, place, name).map_or(f64::NAN, |m| m.value);
            table.add_row(vec![
                format!("{}: {}", results.rule(&subgroup.label), in_sentence(&level_words(level))),
                count(part * n),
                effect.text(value("truth")),
                format!(
                    "{} ({})",
                    effect.text(value("estimate_mean")),
                    effect.range(value("estimate_q025"), value("estimate_q975")),
                ),
                plus_minus(results.power(0, place)),
                if i == 0 { plus_minus(interaction) } else { String::new() },
            ]);
        }
    }
    Some(format!("{} in subgroups, base case\n{table}", effect.summary.label()))
}

fn patients(results: &Results) -> Option<String> {
    let trial = &results.run(0).trial;
    let estimand = results.primary(0);
    let arms = [estimand.control, estimand.treatment].map(|arm| &trial.arms[usize::from(arm)]);
    let events = &trial.course.events.list;
    let shown = |index: usize| index >= events.len() || events[index].kind == EventKind::Complication;
    let mut table = new_table(&[
        format!("By {}", Days(trial.follow_up)),
        shortened(&arms[0].label),
        shortened(&arms[1].label),
        "Difference".into(),
    ]);
    let order = std::iter::once(events.len()).chain(0..events.len()).chain(std::iter::once(events.len() + 1));
    for index in order.filter(|&i| shown(i)) {
        let name = format!("event:{}", trial.counted_name(index));
        let risk = arms.map(|arm| results.find(0, Place::of(&name).arm(&arm.name), "risk"));
        if risk.iter().flatten().all(|m| m.value == 0.0) {
            continue;
        }
        let difference = match risk {
            [Some(c), Some(t)] => {
                signed_with_error(100.0 * (t.value - c.value), 100.0 * t.mcse.hypot(c.mcse), 1)
            }
            _ => MISSING.into(),
        };
        table.add_row(vec![
            trial.counted_label(index).to_owned(),
            plus_minus(risk[0]),
            plus_minus(risk[1]),
            in_plus_minus(&difference) + " points",
        ]);
    }
    (table.row_count() > 0).then(|| format!("Patients, by arm assigned, base case\n{table}"))
}

fn solved(results: &Results) -> Option<String> {
    let scenario = results.scenario;
    if scenario.solved.is_empty() {
        return None;
    }
    let mut table = new_table(&["Solved".into(), "Stated".into(), "Comes out".into(), "Number".into()]);
    for (run, s) in &scenario.solved {
        let text = &scenario.texts[(*run as usize).saturating_sub(1)];
        let shown = |x: f64| {
            if model::states_ratio(text, s.knob) { fixed(x, 3) } else { format!("{}%", percent(x, 2)) }
        };
        table.add_row(vec![
            results.solved_label(*run, s),
            shown(s.wanted),
            shown(s.got),
            model::solved_number(text, s),
        ]);
    }
    Some(table.to_string())
}

/// Anchored risks beside what entry criteria alone predict.
fn predicted(results: &Results) -> Option<String> {
    let predicted = &results.scenario.predicted;
    if predicted.is_empty() || results.scenario.registry.is_none() {
        return None;
    }
    let head = ["Entry criteria alone predict", "Stated", "Predicted", "Pool error"];
    let mut table = new_table(&head.map(str::to_owned));
    for p in predicted {
        let points = format!("± {} points", percent(p.error, 1));
        table.add_row(vec![
            results.predicted_label(p),
            format!("{}%", percent(p.stated, 1)),
            format!("{}%", percent(p.predicted, 1)),
            points,
        ]);
    }
    Some(table.to_string())
}

fn expectations(results: &Results, input: &Input) -> Option<String> {
    if input.verdicts.is_empty() {
        return None;
    }
    let mut table = new_table(&[
        "Expectation".into(),
        "Expected".into(),
        "Within".into(),
        "Came back".into(),
        "Verdict".into(),
    ]);
    for verdict in input.verdicts {
        let [expected, within, got] = expectation_numbers(results, verdict);
        let run = verdict.expectation.run;
        let prefix = if run == 0 { String::new() } else { format!("{}: ", capitalised(&results.name(run))) };
        let label = prefix + &expectation_label(results, verdict);
        table.add_row(vec![label, expected, within, in_plus_minus(&got), verdict.verdict.name().into()]);
    }
    Some(table.to_string())
}

fn footing(results: &Results) -> String {
    let scenario = results.scenario;
    let assumed = model::assumptions(results).len();
    let cited = scenario.sourced.iter().filter(|s| matches!(s.from, Provenance::Cited(_))).count();
    let mut lines = vec![format!(
        "{assumed} {} of the scenario assumed, {cited} cited; the report lists each with its source",
        if assumed == 1 { "number" } else { "numbers" }
    )];
    for warning in &scenario.warnings {
        lines.extend(wrapped(&format!("Warning: {warning}")));
    }
    lines.join("\n")
}

/// A proportion with its error: `52.1 ± 0.5%`.
fn plus_minus(measure: Option<&Measure>) -> String {
    if measure.is_none() { MISSING.into() } else { in_plus_minus(&share(measure)) + "%" }
}

/// `52.1 (0.5)` as `52.1 ± 0.5`; an error below the last figure shown is rounded up to it.
fn in_plus_minus(text: &str) -> String {
    text.replace(" (<", " ± ").replace(" (", " ± ").replace(')', "")
}

/// A name short enough for the head of a column.
fn shortened(label: &str) -> String {
    if label.chars().count() <= 22 {
        return label.to_owned();
    }
    let mut short: String = label.chars().take(21).collect();
    short.truncate(short.trim_end().len());
    short + "…"
}

/// Lines no wider than the page.
pub(super) fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= usize::from(WIDTH) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A table with a rule under its head, words on the left and numbers on the right.
pub(super) fn new_table(head: &[String]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(head.to_vec());
    for (i, column) in table.column_iter_mut().enumerate() {
        if i == 0 {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(FIRST)));
            column.set_padding((0, 1));
        } else {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
