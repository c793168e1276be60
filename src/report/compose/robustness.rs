//! Departures from what the base case takes for granted, one at a time: which variants try them, and which none does.

use super::{numbers, table, words};
use crate::{
    report::{
        html::Section,
        numbers::{MISSING, signed_with_error},
        results::{Place, Results, capitalised, share},
    },
    scenario::text::ScenarioText,
};

/// A way the world may differ, and the part of a scenario that says so.
struct Departure {
    what: &'static str,
    /// The part, as text: a variant tries the departure if its own differs from the base's.
    part: fn(&ScenarioText) -> String,
    /// Where to write it.
    path: &'static str,
}

const DEPARTURES: [Departure; 10] = [
    Departure {
        what: "Another risk in the control arm",
        part: |t| format!("{:?} {:?}", t.population.anchor, t.population.homogeneous),
        path: "population.anchor",
    },
    Departure {
        what: "Other patients",
        part: |t| format!("{:?} {:?}", t.population.eligible, t.population.delay),
        path: "population.eligible",
    },
    Departure {
        what: "Crossover and non-adherence",
        part: |t| format!("{:?}", t.arm.0.iter().map(|(_, a)| (&a.bail_out, &a.instead)).collect::<Vec<_>>()),
        path: "arm.NAME.bail_out, arm.NAME.instead",
    },
    Departure {
        what: "An effect that changes over time or starts late",
        part: |t| {
            let periods = |a: &crate::scenario::text::ArmText| {
                let periods: Vec<_> = a.effect.0.iter().map(|(_, e)| format!("{:?}", e.by_period)).collect();
                (periods, a.starts_after)
            };
            format!("{:?}", t.arm.0.iter().map(|(_, a)| periods(a)).collect::<Vec<_>>())
        },
        path: "arm.NAME.effect.EVENT.by_period, arm.NAME.starts_after",
    },
    Departure {
        what: "Complications that kill more or less",
        part: |t| format!("{:?}", t.population.excess_after_complications),
        path: "population.excess_after_complications",
    },
    Departure { what: "Loss to follow-up", part: |t| format!("{:?}", t.trial.loss), path: "trial.loss" },
    Departure {
        what: "Misclassified or missing baseline data",
        part: |t| format!("{:?}", t.population.recorded),
        path: "population.recorded",
    },
    Departure {
        what: "A trend over calendar time",
        part: |t| format!("{:?}", t.trial.trend),
        path: "trial.trend",
    },
    Departure {
        what: "Sites that differ",
        part: |t| format!("{:?}", t.trial.sites.as_ref().map(|s| (&s.class, s.death_sd, s.effect_sd))),
        path: "trial.sites.death_sd, trial.sites.effect_sd",
    },
    Departure {
        what: "Slower recruitment",
        part: |t| {
            let pace = t
                .trial
                .sites
                .as_ref()
                .map(|s| (s.count, s.opening, s.patients_per_site_month, s.rate_variation));
            format!("{pace:?} {:?} {:?}", t.trial.consent, t.trial.recruitment_ends)
        },
        path: "trial.sites.patients_per_site_month",
    },
];

/// Departures with the variants that try them, on the same patients as the base.
pub(super) fn section(results: &Results) -> Option<Section> {
    if results.variants().count() < 2 {
        return None;
    }
    let texts = &results.scenario.texts;
    let tried = |departure: &Departure| -> Vec<usize> {
        let base = (departure.part)(&texts[0]);
        let differs =
            |run: &usize| *run > 0 && !results.run(*run).null && (departure.part)(&texts[*run]) != base;
        results.variants().filter(differs).collect()
    };
    let mut rows = Vec::new();
    let mut untried = Vec::new();
    let mut alone = vec![0_usize; results.scenario.runs.len()];
    let found: Vec<(&Departure, Vec<usize>)> = DEPARTURES.iter().map(|d| (d, tried(d))).collect();
    found.iter().flat_map(|(_, runs)| runs).for_each(|&run| alone[run] += 1);
    for (departure, runs) in &found {
        if runs.is_empty() {
            untried.push(vec![departure.what.to_owned(), format!("`{}`", departure.path)]);
        }
        for (k, &run) in runs.iter().enumerate() {
            let place = Place::of(&results.primary(run).name);
            let change = results.fold.difference(run, 0);
            rows.push(vec![
                if k == 0 { departure.what.to_owned() } else { String::new() },
                capitalised(&results.name(run)) + if alone[run] > 1 { " †" } else { "" },
                share(results.power(run, place)),
                change.map_or(MISSING.into(), |d| signed_with_error(100.0 * d.value, 100.0 * d.mcse, 1)),
                share(results.find(run, place, "coverage")),
            ]);
        }
    }
    let mut tables = Vec::new();
    if !rows.is_empty() {
        tables.push(table(
            "What variants change, and what it does to the primary comparison.",
            vec![
                words("Departure"),
                words("Variant"),
                numbers("Power", "%"),
                numbers("Change of power", "points"),
                numbers("Coverage", "%"),
            ],
            rows,
            &[
                "A change is a paired difference with its Monte Carlo standard error.",
                if alone.iter().any(|&n| n > 1) {
                    "† The variant changes several things at once and stands in several rows: its change is theirs together."
                } else {
                    ""
                },
            ],
        ));
    }
    if !untried.is_empty() {
        tables.push(table(
            "Departures that no variant tries.",
            vec![words("Departure"), words("Where a variant would state it")],
            untried,
            &["The base case may have some of them; then nothing shows what they change."],
        ));
    }
    Some(Section {
        title: "Robustness".into(),
        paragraphs: vec!["The base case rests on assumptions; a trial is robust as far as its answer stands when they fail one at a time and together.".into()],
        tables,
        ..Section::default()
    })
}
