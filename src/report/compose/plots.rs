//! The figures of a report.

use crate::{
    operating::{Fold, Measure},
    outcome::events::EventKind,
    report::{
        figures::{
            Boundaries, Complication, Complications, CurveKind, EffectScale, Estimates, Figure, Forest,
            ForestLevel, ForestRow, HeatMap, KaplanMeier, KaplanMeierArm, Power, PowerAxis, PowerPoint,
            PowerSeries, Risk, Variant, Variants,
        },
        numbers::{fixed, percent},
        results::{
            Coordinate, Effect, Place, Results, capitalised, in_percent, in_sentence, level_words,
            patients_in, shares_of_levels,
        },
        retold::Retold,
    },
    trial::{Trial, design::Design, estimand::Estimand},
};

pub const KAPLAN_MEIER: &str = "kaplan_meier";
pub const ESTIMATES: &str = "estimates";
pub const POWER: &str = "power_by_effect";
pub const FOREST: &str = "forest";
pub const BOUNDARIES: &str = "boundaries";
pub const COMPLICATIONS: &str = "complications";
pub const VARIANTS: &str = "variants";
pub const HEAT_MAP: &str = "heat_map";
pub const WATERFALL: &str = "waterfall";
pub const ENDPOINTS: &str = "endpoints";
pub const TRADE_OFF: &str = "trade_off";
pub const CALIBRATION: &str = "calibration";
pub const ENROLMENT: &str = "enrolment";
pub const MONTHS: &str = "months";
pub const PATIENTS: &str = "patients";
pub const INCIDENCE: &str = "cumulative_incidence";
pub const STOPPING: &str = "stopping";
pub const PAIRS: &str = "pairs_by_tier";

/// The figures that apply, of the base case unless their caption says otherwise.
pub fn all(results: &Results, fold: &Fold, retold: &Retold) -> Vec<Figure> {
    let primary = results.primary(0);
    let curves = results.run(0).trial.endpoints[primary.endpoint].kind.has_closed_form();
    let mut figures = if curves { vec![kaplan_meier(results)] } else { Vec::new() };
    figures.extend(estimates(results, fold));
    figures.extend(power_by_effect(results));
    figures.extend(forest(results));
    figures.extend(complications(results));
    figures.extend(variants(results));
    figures.extend(boundaries(results));
    figures.extend(heat_map(results));
    figures.extend(super::together::waterfall(results));
    figures.extend(super::together::endpoints_figure(results));
    figures.extend(super::together::pairs_figure(results));
    figures.extend(super::strategies::figure(results));
    figures.extend(super::calibration::figure(results));
    figures.extend(super::single::incidence(results, retold));
    figures.extend(super::single::enrolment(results, retold));
    figures.extend(super::single::distributions(results));
    figures.extend(super::looks::figure(results));
    figures
}

/// Bounds of the first group sequential run, as planned.
fn boundaries(results: &Results) -> Option<Figure> {
    let mut runs = results.scenario.runs.iter();
    let (run, design) = runs.find_map(|run| match &run.trial.design {
        Design::GroupSequential(design) => Some((run, design)),
        _ => None,
    })?;
    let of = if run.variant.is_empty() { String::new() } else { format!(" of “{}”", run.variant) };
    let drawn = Boundaries {
        name: BOUNDARIES.into(),
        title: String::new(),
        caption: format!(
            "Bounds as planned{of}, on the evidence for benefit (−z), by the share of the information."
        ),
        information: design.information.clone(),
        benefit: design.upper.clone(),
        futility: design.planned_futility(),
        harm: design.planned_harm().iter().map(|bound| -bound).collect(),
    };
    Some(drawn.draw())
}

/// Arms somebody is assigned to, the primary estimand's control first, then its treatment.
pub(super) fn arms_in_order(trial: &Trial, estimand: &Estimand) -> Vec<usize> {
    let (control, treatment) = (usize::from(estimand.control), usize::from(estimand.treatment));
    let mut arms = vec![control, treatment];
    arms.extend(
        (0..trial.arms.len()).filter(|a| *a != control && *a != treatment && trial.allocation.ratio[*a] > 0),
    );
    arms
}

fn scale(effect: Effect) -> EffectScale {
    if effect.is_ratio() { EffectScale::Ratio } else { EffectScale::Difference }
}

/// Heading of an axis of effects.
fn measure(effect: Effect) -> String {
    let label = effect.summary.label();
    if effect.is_percent() { format!("{label} (percentage points)") } else { label.into() }
}

/// A value in the unit the axis of effects has.
fn on_axis(effect: Effect, value: f64) -> f64 {
    effect.factor() * value
}

/// Curves of the primary end point as the model has them, and how many are expected to be left.
fn kaplan_meier(results: &Results) -> Figure {
    let estimand = results.primary(0);
    let trial = &results.run(0).trial;
    let endpoint = &trial.endpoints[estimand.endpoint];
    let truth = &results.scenario.truths[0];
    let ticks = day_ticks(endpoint.by);
    let arms = arms_in_order(trial, estimand)
        .into_iter()
        .filter(|&arm| !truth.curves[arm].is_empty())
        .map(|arm| {
            let curve: Vec<(f64, f64)> =
                truth.curves[arm].iter().copied().filter(|(day, _)| *day <= endpoint.by).collect();
            let n = patients_in(trial, arm as u8);
            KaplanMeierArm {
                label: trial.arms[arm].label.clone(),
                kind: CurveKind::Smooth,
                times: curve.iter().map(|p| p.0).collect(),
                probability: curve.iter().map(|p| p.1).collect(),
                band: None,
                at_risk: ticks.iter().map(|t| n * (1.0 - at(&curve, *t))).collect(),
            }
        })
        .collect();
    let mut notes = Vec::new();
    for (index, other) in trial.estimands.iter().enumerate() {
        let same = other.endpoint == estimand.endpoint
            && (other.treatment, other.control) == (estimand.treatment, estimand.control);
        let value = truth.estimands[index][0];
        if same && value.is_finite() && notes.len() < 3 {
            let effect = Effect::of(other);
            let note = format!(
                "True {}, {}",
                in_sentence(effect.summary.label()),
                effect.words(effect.shown(value))
            );
            // Two tests of one measure have one truth.
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    let ruled_out = if endpoint.ended_by.is_empty() {
        ""
    } else {
        " A death that is not part of the end point rules it out; those who died without it are counted among those without the event."
    };
    KaplanMeier {
        name: KAPLAN_MEIER.into(),
        caption: format!(
            "{} by arm in the base case: the probability the model gives, not a single trial. Below, the patients expected to be without the event in a trial of {} with no loss to follow-up.{ruled_out}",
            endpoint.label, trial.patients,
        ),
        outcome: endpoint.label.clone(),
        time: "Days since randomisation".into(),
        ticks,
        arms,
        notes,
        at_risk: if endpoint.ended_by.is_empty() { "Expected at risk".into() } else { "Expected without event".into() },
        ..KaplanMeier::default()
    }
    .draw()
}

/// A curve between its points.
fn at(curve: &[(f64, f64)], day: f64) -> f64 {
    let after = curve.iter().position(|p| p.0 >= day);
    match after {
        None => curve.last().map_or(f64::NAN, |p| p.1),
        Some(0) => curve[0].1,
        Some(i) => {
            let ((x0, y0), (x1, y1)) = (curve[i - 1], curve[i]);
            y0 + (y1 - y0) * (day - x0) / (x1 - x0)
        }
    }
}

/// Days a reader expects under a curve, the horizon the last.
pub(super) fn day_ticks(horizon: f64) -> Vec<f64> {
    let steps = [0.25, 0.5, 1.0, 2.0, 5.0, 7.0, 10.0, 15.0, 30.0, 60.0, 90.0, 180.0, 365.0, 730.0];
    let even = |step: f64| (horizon / step).fract().min(1.0 - (horizon / step).fract()) < 1e-6;
    let fits = |step: &&f64| (3.0..=7.0).contains(&(horizon / **step));
    let step = steps.iter().filter(fits).find(|s| even(**s)).or_else(|| steps.iter().find(fits));
    let step = step.copied().unwrap_or(horizon / 5.0);
    let mut ticks: Vec<f64> =
        (0..).map(|i| f64::from(i) * step).take_while(|t| *t < horizon - 0.4 * step).collect();
    ticks.push(horizon);
    ticks
}

fn estimates(results: &Results, fold: &Fold) -> Option<Figure> {
    let estimand = results.primary(0);
    let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
    let found = fold.estimates(0, 0, 0);
    if found.len() < 2 {
        return None;
    }
    let mean = results.find(0, place, "estimate_mean");
    let mut notes = Vec::new();
    if let Some(mean) = mean {
        notes.push(format!("Mean, {}", effect.with_error(Some(mean))));
    }
    if let (Some(low), Some(high)) =
        (results.find(0, place, "estimate_q025"), results.find(0, place, "estimate_q975"))
    {
        notes.push(format!("95% of trials, {}", effect.range(low.value, high.value)));
    }
    if let Some(coverage) = results.find(0, place, "coverage") {
        notes.push(format!("Coverage of the 95% interval, {}", in_percent(coverage.value)));
    }
    let truth = results.find(0, place, "truth").map(|t| on_axis(effect, t.value));
    let figure = Estimates {
        name: ESTIMATES.into(),
        caption: format!(
            "Estimates of the {} for {} over the replicates of the base case. In parentheses, the Monte Carlo standard error.",
            in_sentence(effect.summary.label()),
            in_sentence(&results.run(0).trial.endpoints[estimand.endpoint].label),
        ),
        measure: measure(effect),
        scale: scale(effect),
        estimates: found.iter().map(|&x| on_axis(effect, effect.shown(x))).collect(),
        truth,
        notes,
        ..Estimates::default()
    };
    Some(figure.draw())
}

/// A point of the sweep with what it gave.
struct Swept<'a> {
    variant: &'a str,
    at: Vec<Coordinate>,
    power: &'a Measure,
}

fn power_by_effect(results: &Results) -> Option<Figure> {
    let points: Vec<Swept> = (0..results.scenario.runs.len())
        .filter(|&run| !results.run(run).sweep.is_empty())
        .filter_map(|run| {
            let power = results.power(run, Place::of(&results.primary(run).name))?;
            Some(Swept { variant: &results.run(run).variant, at: results.coordinates(run), power })
        })
        .collect();
    let first = points.first()?;
    // The axis is the path with the most values; every other makes series.
    let distinct = |i: usize| {
        let mut texts: Vec<&str> = points.iter().map(|p| p.at[i].text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len()
    };
    let axis = (0..first.at.len()).rev().max_by_key(|&i| distinct(i))?;
    let swept = &first.at[axis].label;
    let numeric = points.iter().all(|p| p.at[axis].number.is_some());
    let mut names: Vec<String> = Vec::new();
    let mut series: Vec<PowerSeries> = Vec::new();
    for point in &points {
        let x = if numeric {
            point.at[axis].number.unwrap_or(f64::NAN)
        } else {
            let text = &point.at[axis].text;
            let known = names.iter().position(|n| n == text).unwrap_or_else(|| {
                names.push(text.clone());
                names.len() - 1
            });
            known as f64
        };
        let label = series_label(point, axis);
        let place = series.iter().position(|s| s.label == label).unwrap_or_else(|| {
            series.push(PowerSeries { label: label.clone(), points: Vec::new() });
            series.len() - 1
        });
        let m = point.power;
        series[place].points.push(PowerPoint { x, power: m.value, low: m.lower, high: m.upper });
    }
    let kind = if !numeric {
        PowerAxis::Categories(names)
    } else if swept.ends_with("ratio") {
        PowerAxis::Ratio
    } else {
        PowerAxis::Number
    };
    let conditional = if swept.ends_with("hazard ratio") {
        " The hazard ratio is the conditional one put in; without an effect, at 1, the height is the type I error."
    } else {
        ""
    };
    let figure = Power {
        name: POWER.into(),
        caption: format!("Power over the sweep, with 95% Monte Carlo intervals (Wilson).{conditional}"),
        swept: swept.clone(),
        axis: kind,
        series,
        guides: vec![0.8, 0.9],
        ..Power::default()
    };
    Some(figure.draw())
}

/// Power over the two things swept at most values, of the base; the first values of any other.
fn heat_map(results: &Results) -> Option<Figure> {
    let runs: Vec<usize> = (0..results.scenario.runs.len())
        .filter(|&run| !results.run(run).sweep.is_empty() && results.run(run).variant.is_empty())
        .collect();
    let at: Vec<Vec<Coordinate>> = runs.iter().map(|&run| results.coordinates(run)).collect();
    let first = at.first()?;
    let values = |axis: usize| -> Vec<String> {
        let mut list: Vec<String> = Vec::new();
        for point in &at {
            if !list.contains(&point[axis].text) {
                list.push(point[axis].text.clone());
            }
        }
        list
    };
    let mut axes: Vec<usize> = (0..first.len()).filter(|&axis| values(axis).len() > 1).collect();
    axes.sort_by_key(|&axis| std::cmp::Reverse(values(axis).len()));
    let [across, down] = axes.get(..2)? else { return None };
    let (across, down) = (*across, *down);
    let others: Vec<usize> = (0..first.len()).filter(|axis| *axis != across && *axis != down).collect();
    let cell = |x: &str, y: &str| {
        let here = |point: &Vec<Coordinate>| {
            let rest = others.iter().all(|&axis| point[axis].text == first[axis].text);
            point[across].text == x && point[down].text == y && rest
        };
        let run = at.iter().position(here).map(|place| runs[place]);
        let power = run.and_then(|run| results.power(run, Place::of(&results.primary(run).name)));
        power.map_or([f64::NAN; 2], |m| [m.value, m.mcse])
    };
    let fixed: Vec<String> = others
        .iter()
        .map(|&axis| format!("{} {}", in_sentence(&first[axis].label), first[axis].text))
        .collect();
    let fixed = if fixed.is_empty() { String::new() } else { format!(" All with {}.", fixed.join(", ")) };
    let figure = HeatMap {
        name: HEAT_MAP.into(),
        title: String::new(),
        caption: format!(
            "Power (%) over the sweep of the base case, with its Monte Carlo standard error; the lines divide powers below and above 80% and 90%. Where there is no effect the number is the type I error.{fixed}"
        ),
        across: (first[across].label.clone(), values(across)),
        down: (first[down].label.clone(), values(down)),
        cells: values(down).iter().map(|y| values(across).iter().map(|x| cell(x, y)).collect()).collect(),
        contours: vec![0.8, 0.9],
    };
    Some(figure.draw())
}

/// What a line of the power figure stands for: the variant and the other coordinates.
fn series_label(point: &Swept, axis: usize) -> String {
    let others = point.at.iter().enumerate().filter(|(i, _)| *i != axis);
    let mut parts: Vec<String> = others.map(|(_, c)| format!("{} {}", c.label, c.text)).collect();
    if !point.variant.is_empty() {
        parts.insert(0, capitalised(point.variant));
    }
    if parts.is_empty() { "Base case".into() } else { parts.join(", ") }
}

fn forest(results: &Results) -> Option<Figure> {
    let estimand = results.primary(0);
    if estimand.subgroups.is_empty() {
        return None;
    }
    let trial = &results.run(0).trial;
    let effect = Effect::of(estimand);
    let arms = [estimand.treatment, estimand.control].map(|a| &trial.arms[usize::from(a)]);
    let all = Place::of(&estimand.name);
    let level = |label: String, place: Place, share: f64, note: String, overall: bool| {
        let value = |name: &str| results.find(0, place, name).map_or(f64::NAN, |m| on_axis(effect, m.value));
        let patients = [estimand.treatment, estimand.control].map(|arm| share * patients_in(trial, arm));
        let risk = |arm: &str| results.find(0, place.arm(arm), "risk").map_or(f64::NAN, |m| m.value);
        let events = [
            (risk(&arms[0].name) * patients[0], patients[0]),
            (risk(&arms[1].name) * patients[1], patients[1]),
        ];
        ForestRow::Level(ForestLevel {
            label,
            overall,
            patients: patients[0] + patients[1],
            events: Some(events),
            estimate: value("estimate_mean"),
            low: value("estimate_q025"),
            high: value("estimate_q975"),
            truth: results.find(0, place, "truth").map(|m| on_axis(effect, m.value)),
            note,
        })
    };
    let shown = |m: Option<&Measure>| m.map_or(String::new(), |m| percent(m.value, 1));
    let mut rows = vec![level("All patients".into(), all, 1.0, shown(results.power(0, all)), true)];
    for &s in &estimand.subgroups {
        let subgroup = &trial.subgroups[s];
        let interaction = shown(results.interaction(0, all.within(&subgroup.name, "")));
        let suffix =
            if interaction.is_empty() { String::new() } else { format!(" (interaction {interaction}%)") };
        rows.push(ForestRow::Heading(format!("{}{suffix}", results.rule(&subgroup.label))));
        for (name, share) in subgroup.levels.iter().zip(shares_of_levels(trial, s)) {
            let place = all.within(&subgroup.name, name);
            rows.push(level(level_words(name), place, share, shown(results.power(0, place)), false));
        }
    }
    let better = |arm: &str| format!("{arm} better");
    let higher = trial.endpoints[estimand.endpoint].higher_is_better;
    let [treatment, control] = [arms[0].label.clone(), arms[1].label.clone()];
    let favours =
        if higher { [better(&control), better(&treatment)] } else { [better(&treatment), better(&control)] };
    let figure = Forest {
        name: FOREST.into(),
        caption: format!(
            "{} in subgroups of the base case: mean estimate and the range of 95% of single trials, with the truth of the model. Events and patients are expected numbers. On the right, how often a single trial shows a benefit in the subgroup; after the name of a subgroup, how often its interaction test is significant.",
            effect.summary.label(),
        ),
        arms: [treatment, control],
        events: "events/patients".into(),
        measure: measure(effect),
        range: "95% of trials".into(),
        scale: scale(effect),
        note: ["Power".into(), "%".into()],
        favours,
        square: "Mean estimate".into(),
        rows,
        ..Forest::default()
    };
    Some(figure.draw())
}

fn complications(results: &Results) -> Option<Figure> {
    let estimand = results.primary(0);
    let trial = &results.run(0).trial;
    let arms = arms_in_order(trial, estimand);
    // Where complications change other hazards, an event that changes none (leaving intensive care) is not one.
    let all = || trial.course.events.list.iter().filter(|event| event.kind == EventKind::Complication);
    let some_harm = all().any(|event| !event.excess.is_empty());
    let events: Vec<Complication> = all()
        .filter(|event| !some_harm || !event.excess.is_empty())
        .map(|event| {
            let name = format!("event:{}", event.name);
            let risks: Vec<(Risk, f64)> = arms
                .iter()
                .map(|&arm| {
                    let m = results.find(0, Place::of(&name).arm(&trial.arms[arm].name), "risk");
                    let risk = |m: &Measure| (Risk { value: m.value, low: m.lower, high: m.upper }, m.mcse);
                    m.map_or((Risk { value: f64::NAN, low: f64::NAN, high: f64::NAN }, f64::NAN), risk)
                })
                .collect();
            let value = risks[1].0.value - risks[0].0.value;
            let half = 1.96 * risks[0].1.hypot(risks[1].1);
            Complication {
                label: event.label.clone(),
                difference: Some(Risk { value, low: value - half, high: value + half }),
                risks: risks.into_iter().map(|r| r.0).collect(),
            }
        })
        .collect();
    if events.is_empty() {
        return None;
    }
    let figure = Complications {
        name: COMPLICATIONS.into(),
        caption: format!(
            "Patients with each event in {} days by arm assigned, base case: mean over replicates with 95% Monte Carlo intervals, mostly narrower than the marks.",
            fixed(trial.follow_up, 0),
        ),
        arms: arms.iter().map(|&a| trial.arms[a].label.clone()).collect(),
        range: "95% MC interval".into(),
        events,
        ..Complications::default()
    };
    Some(figure.draw())
}

fn variants(results: &Results) -> Option<Figure> {
    let runs: Vec<usize> = results.variants().collect();
    if runs.len() < 2 {
        return None;
    }
    let rows = runs
        .iter()
        .filter_map(|&run| {
            let estimand = results.primary(run);
            let (place, effect) = (Place::of(&estimand.name), Effect::of(estimand));
            let power = results.power(run, place)?;
            Some(Variant {
                label: capitalised(&results.name(run)),
                group: String::new(),
                power: power.value,
                low: power.lower,
                high: power.upper,
                effect: results.find(run, place, "truth").map_or(String::new(), |t| effect.text(t.value)),
                null: results.run(run).null,
                emphasised: run == 0,
            })
        })
        .collect();
    let effect = Effect::of(results.primary(0));
    let figure = Variants {
        name: VARIANTS.into(),
        caption: "Power of the base case and its variants on the same replicates, with 95% Monte Carlo intervals (Wilson); hollow, the type I error where there is no effect.".into(),
        effect: [format!("True {}", in_sentence(effect.summary.label())), effect.unit().into()],
        guides: vec![0.8, 0.9],
        rows,
        ..Variants::default()
    };
    Some(figure.draw())
}
