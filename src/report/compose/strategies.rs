//! Strategies of enrolment set beside each other: at equal size, at equal screening, and if adopted.

use super::{numbers, plots, table, words};
use crate::{
    outcome::events::EventKind,
    report::{
        figures::{Figure, TradeOff, TradeOffPoint},
        html::Section,
        numbers::{MISSING, count, fixed, percent, signed_with_error},
        results::{Effect, Place, Results, mean, share},
    },
    simulation::Role,
};

/// What a strategy would do to all patients with shock if its treatment were adopted for those it enrols.
struct Adopted {
    /// Part of all shock that it covers; `NaN` without a registry.
    covered: f64,
    /// Part of those enrolled in whom the treatment does any good.
    helped: f64,
    /// Deaths averted by the end of follow-up in 1000 treated.
    averted: f64,
    /// Complications added in 1000 treated.
    complications: f64,
}

impl Adopted {
    fn of(results: &Results, run: usize) -> Adopted {
        let scenario = results.scenario;
        let (trial, pool, recipe) = (&results.run(run).trial, &scenario.pool, &scenario.recipes[run]);
        let enrolled = &trial.enrolment.probability;
        let eligible = enrolled.iter().filter(|p| **p > 0.0).count();
        let covered =
            if scenario.registry.is_some() { eligible as f64 / pool.screened as f64 } else { f64::NAN };
        let primary = results.primary(run);
        let arm = &recipe.arms[usize::from(primary.treatment)];
        let good = |class: u8| {
            arm.effects.iter().any(|effect| {
                recipe.events.list[effect.event].kind == EventKind::Death
                    && effect.classes[usize::from(class)]
                    && effect.log_hazard_ratios(&arm.effects).iter().any(|log| *log < 0.0)
            })
        };
        let all: f64 = enrolled.iter().sum();
        let helped: f64 =
            enrolled.iter().zip(&pool.class).filter(|(_, class)| good(**class)).map(|(p, _)| p).sum();
        let happens = |arm: u8, kind: EventKind, harmful: bool| -> f64 {
            let events = &scenario.truths[run].events[usize::from(arm)];
            let counts = trial.course.events.list.iter().zip(events);
            counts.filter(|(e, _)| e.kind == kind && (!harmful || !e.excess.is_empty())).map(|(_, p)| p).sum()
        };
        let (t, c) = (primary.treatment, primary.control);
        Adopted {
            covered,
            helped: helped / all,
            averted: 1000.0 * (happens(c, EventKind::Death, false) - happens(t, EventKind::Death, false)),
            complications: 1000.0
                * (happens(t, EventKind::Complication, true) - happens(c, EventKind::Complication, true)),
        }
    }

    /// Deaths averted in 1000 patients with shock who are screened.
    fn averted_in_screened(&self) -> f64 {
        if self.covered.is_finite() { self.averted * self.covered } else { self.averted }
    }
}

/// The runs at equal screening, by strategy; the strategy itself where it screens as many anyway.
fn equal_screening(results: &Results, run: usize) -> usize {
    let like = |other: &usize| results.run(*other).role == Role::EqualScreening(run);
    (0..results.scenario.runs.len()).find(like).unwrap_or(run)
}

fn power_against_base(results: &Results, run: usize) -> [String; 3] {
    let power = share(results.power(run, Place::of(&results.primary(run).name)));
    if run == 0 {
        return [power, String::new(), String::new()];
    }
    match results.fold.difference(run, 0) {
        Some(d) => [
            power,
            signed_with_error(100.0 * d.value, 100.0 * d.mcse, 1),
            match (d.ranks(), d.value > 0.0) {
                (false, _) => "not ranked",
                (true, true) => "more",
                (true, false) => "less",
            }
            .to_owned(),
        ],
        None => [power, MISSING.into(), MISSING.into()],
    }
}

fn line(results: &Results, strategy: usize, run: usize) -> Vec<String> {
    let trial = |name: &str| results.find(run, Place::trial(), name);
    let place = Place::of(&results.primary(run).name);
    let effect = Effect::of(results.primary(run));
    let [power, difference, ranking] = power_against_base(results, run);
    let months = if results.timed(run) { mean(trial("months"), 1) } else { MISSING.into() };
    vec![
        results.name(strategy),
        mean(trial("patients"), 0),
        mean(trial("screened"), 0),
        months,
        power,
        difference,
        ranking,
        effect.spread(results.find(run, place, "bias"), true),
        share(results.find(run, place, "coverage")),
    ]
}

/// The comparison of strategies, if the scenario asks for one.
pub(super) fn section(results: &Results, figures: Vec<String>) -> Option<Section> {
    let strategies = &results.scenario.strategies;
    if strategies.len() < 2 {
        return None;
    }
    let columns = || {
        vec![
            words("Strategy"),
            numbers("Patients", ""),
            numbers("Screened", ""),
            numbers("Months", ""),
            numbers("Power", "%"),
            numbers("Against the base", "points"),
            words("Ranking"),
            numbers("Bias", ""),
            numbers("Coverage", "%"),
        ]
    };
    let equal_size = strategies.iter().map(|&run| line(results, run, run)).collect();
    let equal = strategies.iter().map(|&run| line(results, run, equal_screening(results, run))).collect();
    let notes = [
        "In parentheses the Monte Carlo standard error. Differences are paired: the strategies meet one stream of candidates with one luck. Not ranked: the 95% Monte Carlo interval of the difference covers 0.",
    ];
    let mut tables = vec![
        table("Strategies at the number of patients each states.", columns(), equal_size, &notes),
        table(
            "The same at equal screening, which with one stream of candidates is equal time.",
            columns(),
            equal,
            &notes,
        ),
        adopted(results),
    ];
    tables.extend(costs(results));
    Some(Section {
        title: "Strategies compared".into(),
        paragraphs: vec![
            "A narrower trial looks better at an equal number of patients than it is: it has to screen more for them. What it would do if adopted depends on whom it covers.".into(),
        ],
        tables,
        figures,
        ..Section::default()
    })
}

fn adopted(results: &Results) -> super::Table {
    let rows = results.scenario.strategies.iter().map(|&run| {
        let adopted = Adopted::of(results, run);
        let power = results.power(run, Place::of(&results.primary(run).name)).map_or(f64::NAN, |m| m.value);
        let spared = adopted.averted / 1000.0;
        let needed = if spared > 0.0 { fixed(1.0 / spared, 0) } else { MISSING.into() };
        vec![
            results.name(run),
            percent(adopted.covered, 1),
            percent(adopted.helped, 0),
            fixed(adopted.averted, 0),
            needed,
            fixed(adopted.averted_in_screened(), 1),
            fixed(power * adopted.averted_in_screened(), 1),
            fixed(adopted.complications, 0),
            percent(power * (1.0 - adopted.helped), 1),
        ]
    });
    table(
        "If the treatment were adopted for the patients each strategy enrols, from the model.",
        vec![
            words("Strategy"),
            numbers("Of all shock", "%"),
            numbers("Can be helped", "% of them"),
            numbers("Deaths averted", "per 1000 treated"),
            numbers("NNT", ""),
            numbers("Deaths averted", "per 1000 screened"),
            numbers("Times power", "per 1000 screened"),
            numbers("Complications added", "per 1000 treated"),
            numbers("Approved where it cannot help", "%"),
        ],
        rows.collect(),
        &[
            "Screened: all patients with shock. Can be helped: the treatment lowers a hazard of death in them. The last column is the power times the part of those enrolled who cannot be helped: how often a patient of the trial's kind would be given a treatment that does nothing but harm.",
        ],
    )
}

fn costs(results: &Results) -> Option<super::Table> {
    let cost = results.scenario.cost.as_ref()?;
    let rows = results.scenario.strategies.iter().map(|&run| {
        let trial = |name: &str| results.find(run, Place::trial(), name).map_or(f64::NAN, |m| m.value);
        let (patients, screened) = (trial("patients"), trial("screened"));
        let whole = cost.screened * screened + cost.enrolled * patients;
        let adopted = Adopted::of(results, run);
        // To treat one: everybody screened to find him, then the treatment.
        let one = cost.treated
            + if adopted.covered.is_finite() { cost.screened / adopted.covered } else { cost.screened };
        let spared = adopted.averted / 1000.0;
        vec![
            results.name(run),
            count(whole),
            count(whole / patients),
            if spared > 0.0 { count(one / spared) } else { MISSING.into() },
        ]
    });
    Some(table(
        "Cost, in the scenario's currency.",
        vec![
            words("Strategy"),
            numbers("Trial", ""),
            numbers("Per patient of the trial", ""),
            numbers("Per death averted if adopted", ""),
        ],
        rows.collect(),
        &["Screening is of candidates in the trial and of all patients with shock if adopted."],
    ))
}

/// Power against deaths averted in all patients with shock.
pub(super) fn figure(results: &Results) -> Option<Figure> {
    let strategies = &results.scenario.strategies;
    if strategies.len() < 2 {
        return None;
    }
    let point = |across: f64, run: usize| {
        let power = results.power(run, Place::of(&results.primary(run).name));
        power.map_or([across, f64::NAN, f64::NAN, f64::NAN], |m| [across, m.value, m.lower, m.upper])
    };
    let points = strategies.iter().map(|&run| {
        let across = Adopted::of(results, run).averted_in_screened();
        let other = equal_screening(results, run);
        TradeOffPoint {
            label: results.name(run),
            at: point(across, run),
            other: (other != run).then(|| point(across, other)),
        }
    });
    let whom = if results.scenario.registry.is_some() { "patients with shock screened" } else { "treated" };
    let figure = TradeOff {
        name: plots::TRADE_OFF.into(),
        title: String::new(),
        caption: "What a strategy gives to the trial, its power, against what it would give to patients if its treatment were adopted for those it enrols. Discs, at the number of patients each states; rings, at equal screening and time. Bars are 95% Monte Carlo intervals; deaths averted are of the model.".into(),
        across: format!("Deaths averted per 1000 {whom}, if adopted"),
        up: "Power (%)".into(),
        points: points.collect(),
    };
    Some(figure.draw())
}

/// The comparison on the terminal page.
pub(crate) fn page_rows(results: &Results) -> Vec<Vec<String>> {
    let strategies = &results.scenario.strategies;
    if strategies.len() < 2 {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (heading, equal) in [("At the size each states", false), ("At equal screening and time", true)] {
        rows.push(vec![heading.to_owned()]);
        for &strategy in strategies {
            let run = if equal { equal_screening(results, strategy) } else { strategy };
            let cells = line(results, strategy, run);
            let averted = fixed(Adopted::of(results, run).averted_in_screened(), 1);
            let mut row = vec![format!("  {}", cells[0])];
            row.extend(cells[1..7].iter().cloned());
            row.push(averted);
            rows.push(row);
        }
    }
    rows
}
