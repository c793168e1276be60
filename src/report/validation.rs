//! The validation: table on the terminal, rows for machines, figures and page.

use super::{
    figures::{Figure, ReplayRow, Replays},
    html::{Align, Column, KeyNumber, Report, Section, Table},
    numbers::{count, fixed, interval, percent, ratio, signed},
    results::in_sentence,
};
use crate::validation::{
    Forecast, Replay, Validation,
    forecast::PriorOf,
    replay::{ArmRow, Expected, PlanRow, Role},
};
use serde_json::{Value, json};

/// A number, or null where there is none.
fn or_null(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { Value::Null }
}

/// The first sentence of the page: whether entry criteria foretell mortality better than ignoring them.
pub fn verdict(validation: &Validation) -> String {
    let a = &validation.accuracy;
    let (entry, naive) = (percent(a.from_entry_criteria, 1), percent(a.naive, 1));
    let trials = a.cases.len();
    if a.entry_criteria_win() {
        format!(
            "Entry criteria foretell the deaths of usual care to within {entry} points on average over {trials} infarct trials since 2005; the registry's infarct mortality for every trial alike, to within {naive}."
        )
    } else {
        format!(
            "Entry criteria do not foretell the deaths of usual care better than ignoring them: the mean error over {trials} infarct trials since 2005 is {entry} points, against {naive} for the registry's infarct mortality in every trial alike."
        )
    }
}

/// Rows as `--json` prints them.
pub fn rows(validation: &Validation) -> Vec<Value> {
    let mut list = Vec::new();
    for replay in &validation.replays {
        for row in &replay.rows {
            let id = format!("{}/{}/{}", replay.name, row.endpoint, row.arm);
            let mut add = |kind: &str, expected: &Expected, role: Role, pass: Value| {
                list.push(json!({
                    "id": id, "kind": kind, "label": format!("{}: {}, {}", replay.title, row.label, row.arm_label),
                    "published": row.published, "predicted": or_null(expected.risk.value),
                    "lower": expected.interval[0], "upper": expected.interval[1], "tolerance": Value::Null,
                    "percentile": expected.percentile, "pool_error": or_null(expected.risk.error),
                    "patients": row.patients, "put_in": role.word(), "pass": pass, "source": row.standing.source,
                    "from_memory": row.standing.memory,
                }));
            };
            let judged = |e: &Expected| json!(row.judged(e));
            // What an event of the scenario's own does is its assumption, not the registry's prediction.
            let foretold = if row.predictable { judged(&row.predicted) } else { Value::Null };
            add("predicted", &row.predicted, Role::Check, foretold);
            match row.standing.role {
                // What was put in decides nothing; the effect is put in only with the base run's effect.
                Role::Anchor => add("anchored", &row.anchored, row.standing.role, Value::Null),
                Role::Effect => add("anchored", &row.anchored, row.standing.role, judged(&row.anchored)),
                Role::Registry => add("fitted", &row.replayed, row.standing.role, Value::Null),
                Role::Check => add("checked", &row.replayed, row.standing.role, judged(&row.replayed)),
            }
            if let Some(prior) = &row.under_prior {
                add("under_prior", prior, row.standing.role, judged(prior));
            }
        }
        if let Some(effect) = &replay.effect {
            let id = format!("{}/effect", replay.name);
            let mut add = |kind: &str, expected: f64, (interval, percentile): ([f64; 2], f64)| {
                let inside = interval[0] <= effect.observed && effect.observed <= interval[1];
                list.push(json!({
                    "id": id, "kind": kind, "label": format!("{}: risk difference", replay.title),
                    "published": effect.observed, "predicted": or_null(expected), "lower": interval[0],
                    "upper": interval[1], "tolerance": Value::Null, "percentile": percentile,
                    "pass": if effect.memory { Value::Null } else { json!(inside) },
                    "source": replay.citation, "from_memory": effect.memory,
                }));
            };
            add("anchored", 0.0, effect.zero);
            if let Some(prior) = effect.prior {
                add("under_prior", f64::NAN, prior);
            }
        }
        if let Some(m) = &replay.machinery {
            list.push(json!({
                "id": format!("{}/two_binomial", replay.name), "kind": "checked",
                "label": format!("{}: spread of the risk difference, simulated beside two binomials", replay.title),
                "published": m.exact, "predicted": m.simulated, "lower": m.simulated - 1.96 * m.error,
                "upper": m.simulated + 1.96 * m.error, "tolerance": 4.0 * m.error, "pass": m.agrees(),
                "source": "closed form",
            }));
        }
        if let Some(s) = &replay.screening {
            let inside = s.interval[0] <= s.published && s.published <= s.interval[1];
            list.push(json!({
                "id": format!("{}/screened_per_randomised", replay.name), "kind": if s.fitted { "fitted" } else { "checked" },
                "label": format!("{}: screened per patient randomised", replay.title), "published": s.published,
                "predicted": s.predicted, "lower": s.interval[0], "upper": s.interval[1],
                "tolerance": Value::Null, "percentile": s.percentile,
                "pass": if s.fitted { Value::Null } else { json!(inside) }, "source": replay.citation,
            }));
        }
    }
    let a = &validation.accuracy;
    list.push(json!({
        "id": "mean_absolute_error", "kind": "checked", "label": "Mean absolute error of the control risk, entry criteria beside the naive forecast",
        "published": a.naive, "predicted": a.from_entry_criteria, "lower": Value::Null, "upper": Value::Null,
        "tolerance": Value::Null, "pass": a.entry_criteria_win(), "source": format!("{} infarct trials since 2005", a.cases.len()),
    }));
    for f in &validation.forecasts {
        list.push(json!({
            "id": f.name, "kind": "forecast", "label": f.title, "published": Value::Null,
            "predicted": f.control.map_or(Value::Null, |c| or_null(c.value)), "lower": Value::Null, "upper": Value::Null,
            "tolerance": Value::Null, "pass": Value::Null, "source": f.citation, "patients": f.patients, "most_patients": f.most_patients,
            "measure": f.measure, "power": f.grid.iter().map(|p| json!({ "effect": p.effect, "power": or_null(p.power) })).collect::<Vec<_>>(),
            "detectable": or_null(f.detectable), "assurance": or_null(f.assurance), "months": or_null(f.months),
            "power_at_plan": f.plan.as_ref().map_or(Value::Null, |p| or_null(p.power)),
            "plan_origin": f.plan.as_ref().map_or(Value::Null, |p| json!(p.plan.origin)),
        }));
    }
    list
}

fn words(title: &str) -> Column {
    Column { title: title.into(), ..Column::default() }
}

fn numbers(title: &str, unit: &str) -> Column {
    Column { title: title.into(), unit: unit.into(), align: Align::Right }
}

fn table(caption: &str, columns: Vec<Column>, rows: Vec<Vec<String>>, notes: &[&str]) -> Table {
    Table {
        caption: caption.into(),
        columns,
        rows,
        notes: notes.iter().map(|n| (*n).to_owned()).collect(),
        ..Table::default()
    }
}

fn range(of: [f64; 2]) -> String {
    interval(&percent(of[0], 1), &percent(of[1], 1))
}

fn points(of: [f64; 2]) -> String {
    interval(&signed(100.0 * of[0], 1), &signed(100.0 * of[1], 1))
}

/// A percentile as a percentage, with a bound where decimals would show nothing.
fn percentile(p: f64) -> String {
    match 100.0 * p {
        x if x < 0.1 => "<0.1".into(),
        x if x > 99.9 => ">99.9".into(),
        x => fixed(x, 1),
    }
}

fn starred(row: &ArmRow) -> String {
    percent(row.published, 1) + if row.standing.memory { "*" } else { "" }
}

fn usual_rows(replay: &Replay) -> impl Iterator<Item = &ArmRow> {
    replay.rows.iter().filter(|r| r.usual)
}

/// The first death end point of usual care, or the first that the registry can predict: the line of a
/// trial in the figure.
fn headline(replay: &Replay) -> Option<&ArmRow> {
    let first = usual_rows(replay).find(|r| r.death && r.by >= 28.0);
    first.or_else(|| usual_rows(replay).find(|r| r.predictable))
}

/// An end point in few words.
fn short(label: &str) -> String {
    label.replace("Death from any cause", "Death").replace(" at ", " by ")
}

/// What the anchors do to the hazard of death.
fn shifts(replay: &Replay) -> String {
    let one = |(from, log): &(f64, f64)| {
        let from = if *from > 0.0 { format!(" from day {from:.0}") } else { String::new() };
        format!("×{}{from}", ratio(libm::exp(*log)))
    };
    let list: Vec<String> = replay.shifts.iter().map(one).collect();
    if list.is_empty() { "–".into() } else { list.join(", ") }
}

fn prediction_table(validation: &Validation) -> Table {
    let rows = validation
        .replays
        .iter()
        .filter_map(|replay| headline(replay).map(|row| (replay, row)))
        .map(|(replay, row)| {
            vec![
                replay.title.clone(),
                replay.year.to_string(),
                format!("{}, {}", short(&row.label), in_sentence(&row.arm_label)),
                count(f64::from(row.patients)),
                starred(row),
                format!(
                    "{} ± {}",
                    percent(row.predicted.risk.value, 1),
                    percent(row.predicted.risk.error, 1)
                ),
                range(row.predicted.interval),
                percentile(row.predicted.percentile),
                shifts(replay),
            ]
        })
        .collect();
    let missed = missed_predictions(validation);
    let mut notes = vec![
        "Percentile: share of trials of that size that would have seen less than was published, half of equals counted.",
        "Shift: factor on the hazard of death by which the trial's anchor moves its patients.",
        "* From memory; decides nothing.",
    ];
    notes.extend(missed.iter().map(String::as_str));
    table(
        "Usual care as published and as entry criteria alone predict it.",
        vec![
            words("Trial"),
            numbers("Year", ""),
            words("End point and arm"),
            numbers("Patients", ""),
            numbers("Published", "%"),
            numbers("Predicted ± pool error", "%"),
            numbers("95% of trials", "%"),
            numbers("Percentile", "%"),
            words("Shift of hazard"),
        ],
        rows,
        &notes,
    )
}

/// Predictions that fail, each with its reason.
fn missed_predictions(validation: &Validation) -> Vec<String> {
    let rows = validation.replays.iter().filter_map(|replay| Some((replay, headline(replay)?)));
    let missed = rows.filter(|(_, row)| row.judged(&row.predicted) == Some(false));
    missed.map(|(replay, row)| format!("Missed, {}: {}.", replay.title, why(row))).collect()
}

/// Why the model misses a figure, as far as the scenario says.
fn why(row: &ArmRow) -> &str {
    if row.why.is_empty() { "not explained" } else { &row.why }
}

/// Finished trials whose arms have no figure on record that could be a surprise.
fn without_surprise(validation: &Validation) -> String {
    let titles: Vec<&str> =
        validation.replays.iter().filter(|r| r.effect.is_none()).map(|r| r.title.as_str()).collect();
    format!(
        "Without figures of both arms on record, or their trials counted one by one: {}.",
        titles.join(", ")
    )
}

fn surprise_table(validation: &Validation) -> Table {
    let rows = validation
        .replays
        .iter()
        .filter_map(|replay| replay.effect.as_ref().map(|e| (replay, e)))
        .map(|(replay, e)| {
            let star = if e.memory { "*" } else { "" };
            let label =
                replay.rows.iter().find(|r| r.endpoint == e.endpoint).map_or("", |r| r.label.as_str());
            vec![
                replay.title.clone(),
                replay.ratio.as_ref().map_or(short(label), |ratio| format!("{}; {ratio}", short(label))),
                signed(100.0 * e.observed, 1) + star,
                points(e.zero.0),
                percentile(e.zero.1),
                e.prior.map_or("–".into(), |p| points(p.0)),
                e.prior.map_or("–".into(), |p| percentile(p.1)),
            ]
        })
        .collect();
    table(
        "Surprise: where the observed difference lies if there were no effect, and under the prior of the other trials.",
        vec![
            words("Trial"),
            words("End point and published effect"),
            numbers("Observed difference", "points"),
            numbers("No effect, 95% of trials", "points"),
            numbers("Percentile", "%"),
            numbers("Prior, 95% of trials", "points"),
            numbers("Percentile", "%"),
        ],
        rows,
        &[
            "Differences are of the other arm less usual care. The prior of each trial is made without it.",
            "* From memory; decides nothing.",
            &without_surprise(validation),
        ],
    )
}

fn check_rows(validation: &Validation) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for replay in &validation.replays {
        let checks = replay.rows.iter().filter(|r| matches!(r.standing.role, Role::Check | Role::Registry));
        for row in checks {
            let e = &row.replayed;
            let holds = match (row.standing.role, row.standing.memory, e.holds(row.published)) {
                (Role::Registry, ..) => "fitted",
                (_, true, _) => "no verdict",
                (_, _, true) => "within",
                (_, _, false) => "missed",
            };
            rows.push(vec![
                replay.title.clone(),
                format!("{}, {}", short(&row.label), in_sentence(&row.arm_label)),
                starred(row),
                percent(e.risk.value, 1),
                range(e.interval),
                percentile(e.percentile),
                holds.into(),
            ]);
        }
        if let Some(s) = &replay.screening {
            let holds = s.interval[0] <= s.published && s.published <= s.interval[1];
            rows.push(vec![
                replay.title.clone(),
                format!("Screened per patient randomised, among {}", s.among),
                ratio(s.published),
                ratio(s.predicted),
                interval(&ratio(s.interval[0]), &ratio(s.interval[1])),
                percentile(s.percentile),
                match (s.fitted, holds) {
                    (true, _) => "fitted",
                    (_, true) => "within",
                    (_, false) => "missed",
                }
                .into(),
            ]);
        }
    }
    rows
}

/// Why figures that were not put in are missed, a sentence each.
fn explanations(validation: &Validation) -> Vec<String> {
    let rows = validation.replays.iter().flat_map(|replay| replay.rows.iter().map(move |row| (replay, row)));
    let checked = rows.filter(|(_, row)| row.standing.role == Role::Check);
    let missed = checked.filter(|(_, row)| row.judged(&row.replayed) == Some(false));
    missed
        .map(|(replay, row)| {
            let what = in_sentence(&short(&row.label));
            format!("{}, {what}, {}: {}", replay.title, in_sentence(&row.arm_label), why(row))
        })
        .collect()
}

fn check_table(validation: &Validation) -> Table {
    let explained = explanations(validation);
    let mut notes = vec![
        "From the trial's anchors and the effects of its base run. Fitted: the registry itself was fitted to the figure, so it counts for nothing. * From memory; decides nothing.",
    ];
    notes.extend(explained.iter().map(String::as_str));
    table(
        "What was not put in and comes out: later and earlier horizons, complications, composites.",
        vec![
            words("Trial"),
            words("Figure"),
            numbers("Published", "%"),
            numbers("Expected", "%"),
            numbers("95% of trials", "%"),
            numbers("Percentile", "%"),
            words("Verdict"),
        ],
        check_rows(validation),
        &notes,
    )
}

fn plan_line(title: &str, p: &PlanRow) -> Vec<String> {
    let stated = p.plan.power.map_or("–".into(), |x| percent(x, 0));
    vec![
        title.to_owned(),
        format!("{} v {}", percent(p.plan.control, 1), percent(p.plan.treatment, 1)),
        count(f64::from(p.plan.patients)),
        stated,
        percent(p.power, 1),
        p.power_as_seen.map_or("–".into(), |x| percent(x, 1)),
        signed(100.0 * p.assumed, 1),
        p.observed.map_or("–".into(), |x| signed(100.0 * x, 1)),
        p.plan.origin.clone(),
    ]
}

fn plan_table(validation: &Validation) -> Table {
    let of = |title: &str, p: &Option<PlanRow>| p.as_ref().map(|p| plan_line(title, p));
    let rows = validation
        .replays
        .iter()
        .filter_map(|r| of(&r.title, &r.plan))
        .chain(validation.forecasts.iter().filter_map(|f| of(&f.title, &f.plan)))
        .collect();
    table(
        "Plans recomputed, by the pooled two-proportion formula.",
        vec![
            words("Trial"),
            words("Assumed, control v treatment, %"),
            numbers("Patients", ""),
            numbers("Power stated", "%"),
            numbers("Power at the plan", "%"),
            numbers("Power as it turned out", "%"),
            numbers("Assumed difference", "points"),
            numbers("Observed", "points"),
            words("Origin of the plan"),
        ],
        rows,
        &[
            "As it turned out: at the rates seen; for a running trial, at the control risk of the model and the planned ratio.",
        ],
    )
}

/// An effect of a forecast as people read it.
fn effect(forecast: &Forecast, effect: f64) -> String {
    if forecast.measure == "difference in means" { signed(effect, 2) } else { ratio(effect) }
}

fn forecast_table(validation: &Validation) -> Table {
    let rows = validation
        .forecasts
        .iter()
        .map(|f| {
            let patients = count(f.patients as f64);
            let most = count(f.most_patients as f64);
            vec![
                f.title.clone(),
                if f.most_patients > f.patients { format!("{patients} to {most}") } else { patients },
                f.endpoint.clone(),
                f.control.map_or("–".into(), |c| percent(c.value, 1) + if f.anchored { "" } else { "†" }),
                effect(f, f.detectable),
                percent(f.assurance, 0) + if f.prior == PriorOf::Share { "‡" } else { "" },
                fixed(f.months, 0),
            ]
        })
        .collect();
    let prior = &validation.prior;
    let note = format!(
        "Assurance: power over the prior that {} finished trials make, a log risk ratio of death of {} ± {} put on the trial's own end point.",
        prior.trials,
        signed(prior.mean, 3),
        fixed(prior.sd, 3)
    );
    let usual = crate::calibration::prior::Prior::from_finished_trials();
    let share = format!(
        "‡ Over how much of the scenario's own effect is true: {} ± {} of it, what finished trials saw of what they had assumed.",
        fixed(usual.mean, 2),
        fixed(usual.sd, 2)
    );
    table(
        "Trials without results: what they can be expected to show.",
        vec![
            words("Trial"),
            numbers("Patients", ""),
            words("Primary end point"),
            numbers("Control risk", "%"),
            numbers("Detectable at 80%", ""),
            numbers("Assurance", "%"),
            numbers("Months", ""),
        ],
        rows,
        &[
            "Detectable: the effect that 80% of trials show, measured as in the next table. Months: recruitment and follow-up at the accrual of the scenario, an assumption.",
            "† From entry criteria alone.",
            &note,
            &share,
        ],
    )
}

fn grid_table(validation: &Validation) -> Table {
    let cell = |f: &Forecast, k: usize| {
        f.grid.get(k).map_or("–".into(), |p| format!("{} ({})", percent(p.power, 0), effect(f, p.effect)))
    };
    let row = |f: &Forecast| {
        let mut row = vec![f.title.clone(), f.measure.clone()];
        row.extend((1..5).map(|k| cell(f, k)));
        row
    };
    let power = || numbers("Power (effect)", "%");
    table(
        "Trials without results: power over a grid of effects.",
        vec![words("Trial"), words("Effect measured as"), power(), power(), power(), power()],
        validation.forecasts.iter().map(row).collect(),
        &[
            "Power of events by the pooled two-proportion formula at the end point's horizon, over the sizes a blinded look gives where there is one, and exactly through all tables where a posterior decides; of numbers and counts by the standard error of simulated trials.",
        ],
    )
}

fn accuracy_table(validation: &Validation) -> Table {
    let a = &validation.accuracy;
    let error = |x: f64| signed(100.0 * x, 1);
    let mut rows: Vec<Vec<String>> = a
        .cases
        .iter()
        .map(|c| {
            vec![
                c.title.clone(),
                c.label.clone(),
                count(f64::from(c.patients)),
                percent(c.published, 1),
                percent(c.from_entry_criteria, 1),
                error(c.from_entry_criteria - c.published),
                percent(c.naive, 1),
                error(c.naive - c.published),
            ]
        })
        .collect();
    let mean = |name: &str, of: [f64; 2]| {
        let blank = String::new;
        vec![
            name.to_owned(),
            blank(),
            blank(),
            blank(),
            blank(),
            percent(of[0], 1),
            blank(),
            percent(of[1], 1),
        ]
    };
    rows.push(mean("Mean absolute error", [a.from_entry_criteria, a.naive]));
    rows.push(mean("Weighted by patients", a.weighted));
    table(
        "Infarct trials since 2005: deaths in usual care from entry criteria alone, and as if every trial had the registry's infarct mortality.",
        vec![
            words("Trial"),
            words("End point"),
            numbers("Patients", ""),
            numbers("Published", "%"),
            numbers("Entry criteria", "%"),
            numbers("Error", "points"),
            numbers("Naive", "%"),
            numbers("Error", "points"),
        ],
        rows,
        &[
            "Trials with a published risk of death in usual care that is not from memory. No parameter of the registry was moved for any of them.",
        ],
    )
}

fn machinery_table(validation: &Validation) -> Table {
    let rows = validation
        .replays
        .iter()
        .filter_map(|r| r.machinery.map(|m| (r, m)))
        .map(|(r, m)| {
            vec![
                r.title.clone(),
                format!("{} ± {}", fixed(100.0 * m.simulated, 2), fixed(100.0 * m.error, 2)),
                fixed(100.0 * m.exact, 2),
                if m.agrees() { "agrees" } else { "differs" }.into(),
            ]
        })
        .collect();
    table(
        "Machinery: spread of the difference of the primary end point's risks, simulated and by two binomials.",
        vec![
            words("Trial"),
            numbers("Simulated ± Monte Carlo error", "points"),
            numbers("Two binomials", "points"),
            words("Within four errors"),
        ],
        rows,
        &[],
    )
}

/// The two figures: deaths in usual care from entry criteria, and the difference between arms without effect.
pub fn figures(validation: &Validation) -> Vec<Figure> {
    let predicted = validation.replays.iter().filter_map(|replay| {
        let row = headline(replay)?;
        Some(ReplayRow {
            label: replay.title.clone(),
            what: short(&row.label),
            patients: f64::from(row.patients),
            expected: row.predicted.risk.value,
            low: row.predicted.interval[0],
            high: row.predicted.interval[1],
            published: row.published,
            memory: row.standing.memory,
            note: percentile(row.predicted.percentile),
        })
    });
    let effects = validation.replays.iter().filter_map(|replay| {
        let e = replay.effect.as_ref()?;
        let rows = replay.rows.iter().filter(|r| r.endpoint == e.endpoint);
        let label = rows.clone().next().map_or(String::new(), |r| r.label.clone());
        Some(ReplayRow {
            label: replay.title.clone(),
            what: short(&label),
            patients: rows.map(|r| f64::from(r.patients)).sum(),
            expected: 0.0,
            low: e.zero.0[0],
            high: e.zero.0[1],
            published: e.observed,
            memory: e.memory,
            note: percentile(e.zero.1),
        })
    });
    vec![
        Replays {
            name: "usual_care".into(),
            title: "Usual care: published beside predicted from entry criteria alone".into(),
            caption: "A line for each finished trial. Bars: where 95% of trials of that size would fall if the registry were right; dots: what was published.".into(),
            measure: "Patients with the end point in usual care, %".into(),
            key: ["Predicted, 95% of trials".into(), "Published (hollow: from memory)".into()],
            note: ["Percentile".into(), "%".into()],
            null: None,
            rows: predicted.collect(),
        }
        .draw(),
        Replays {
            name: "surprise".into(),
            title: "Difference between the arms, beside trials without any effect".into(),
            caption: "A line for each finished trial with both arms published. Bars: where 95% of trials of that size would fall without any effect, usual care anchored to what was published; dots: what was published.".into(),
            measure: "Difference of risks, other arm less usual care, points".into(),
            key: ["No effect, 95% of trials".into(), "Published (hollow: from memory)".into()],
            note: ["Percentile".into(), "%".into()],
            null: Some(0.0),
            rows: effects.collect(),
        }
        .draw(),
    ]
}

/// The page.
pub fn page(validation: &Validation, reproduction: &[(String, String)]) -> Report {
    let a = &validation.accuracy;
    let rows = validation.replays.iter().flat_map(|r| &r.rows).filter(|row| row.standing.role == Role::Check);
    let checks: Vec<bool> = rows.filter_map(|row| row.judged(&row.replayed)).collect();
    let judged = checks.len();
    let held = checks.iter().filter(|held| **held).count();
    let predicted: Vec<bool> = validation
        .replays
        .iter()
        .filter_map(|r| headline(r).and_then(|row| row.judged(&row.predicted)))
        .collect();
    let within = predicted.iter().filter(|p| **p).count();
    let number =
        |label: &str, value: String, note: &str| KeyNumber { label: label.into(), value, note: note.into() };
    let notes: Vec<String> = validation
        .replays
        .iter()
        .flat_map(|r| r.notes.iter().map(move |n| format!("{}: {n}", r.title)))
        .collect();
    let section = |title: &str, paragraphs: &[&str], tables: Vec<Table>, figures: &[&str]| Section {
        title: title.into(),
        paragraphs: paragraphs.iter().map(|p| (*p).to_owned()).collect(),
        tables,
        figures: figures.iter().map(|f| (*f).to_owned()).collect(),
        ..Section::default()
    };
    Report {
        title: "Trials replayed".into(),
        subtitle: "What was published beside what the registry and the entry criteria predict".into(),
        question: "Would the simulator have foretold the trials of cardiogenic shock that are known?".into(),
        answer: vec![
            verdict(validation),
            format!(
                "{within} of {} published risks of usual care lie within what 95% of trials of that size would see from entry criteria alone, and {held} of {judged} figures that were not put in come out within theirs.",
                predicted.len()
            ),
        ],
        summary: vec![
            number(
                "Error, entry criteria",
                format!("{} points", percent(a.from_entry_criteria, 1)),
                "mean absolute, infarct trials since 2005",
            ),
            number(
                "Error, naive",
                format!("{} points", percent(a.naive, 1)),
                "the registry's infarct mortality for all",
            ),
            number(
                "Prediction within 95%",
                format!("{within} of {}", predicted.len()),
                "usual care, entry criteria alone",
            ),
            number("Not put in, within 95%", format!("{held} of {judged}"), "other horizons, complications"),
        ],
        sections: vec![
            section(
                "Prediction",
                &[
                    "Entry criteria choose patients from the registry; usual care is what happens to them. Nothing of the trial's results is used.",
                ],
                vec![prediction_table(validation)],
                &["usual_care"],
            ),
            section("Entry criteria or none", &[], vec![accuracy_table(validation)], &[]),
            section(
                "Surprise",
                &[
                    "Usual care is anchored to what was published; the question is how unusual the other arm was.",
                ],
                vec![surprise_table(validation)],
                &["surprise"],
            ),
            section(
                "What was not put in",
                &["A trial anchored at one horizon says what its patients look like at others."],
                vec![check_table(validation)],
                &[],
            ),
            section("Plans", &[], vec![plan_table(validation)], &[]),
            section(
                "Trials without results",
                &[],
                vec![forecast_table(validation), grid_table(validation)],
                &[],
            ),
            section(
                "Machinery",
                &[
                    "Predictive intervals are exact binomial quantiles at the model's risk; simulated trials have to spread alike.",
                ],
                vec![machinery_table(validation)],
                &[],
            ),
            Section { title: "Remarks on single trials".into(), list: notes, ..Section::default() },
            Section {
                title: "Reproduction".into(),
                facts: reproduction
                    .iter()
                    .map(|(label, value)| super::html::Fact {
                        label: label.clone(),
                        value: value.clone(),
                        code: false,
                    })
                    .collect(),
                ..Section::default()
            },
        ],
        ..Report::default()
    }
}

/// The tables of the terminal page.
pub fn tables(validation: &Validation) -> Vec<Table> {
    vec![
        prediction_table(validation),
        accuracy_table(validation),
        surprise_table(validation),
        check_table(validation),
        plan_table(validation),
        forecast_table(validation),
        grid_table(validation),
    ]
}
