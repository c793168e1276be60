//! A registry in a few rows: who the patients are and what happens to them, overall and by cause.

use super::columns::{Columns, CovariateKind};
use super::document::RegistryDocument;
use super::registry::Registry;
use crate::outcome::events::{EventKind, Setting};
use crate::outcome::expectation::{Course, Expectation, Path};

/// Days by which deaths are described.
const DEATH_DAYS: [f64; 4] = [7.0, 30.0, 180.0, 365.0];

/// One row of a description: a label, and a value for everybody and for each cause.
#[derive(Clone, Debug, PartialEq)]
pub struct DescriptionRow {
    pub label: String,
    pub unit: String,
    /// Values as people read them: everybody first, then each cause.
    pub values: Vec<String>,
}

impl Registry {
    /// Shares, medians with quartiles, and prevalences of `columns`, overall and by cause.
    pub fn describe(&self, columns: &Columns) -> Vec<DescriptionRow> {
        let mut groups: Vec<Vec<usize>> = vec![(0..columns.len()).collect()];
        for cause in 0..self.causes.len() {
            groups.push((0..columns.len()).filter(|&i| columns.data[0][i] == cause as f64).collect());
        }
        let mut rows = vec![DescriptionRow {
            label: "Patients".into(),
            unit: String::new(),
            values: groups.iter().map(|g| percent(g.len() as f64 / columns.len().max(1) as f64)).collect(),
        }];
        for (i, covariate) in self.dictionary.list.iter().enumerate().skip(1) {
            let x = &columns.data[i];
            let share = |test: &dyn Fn(f64) -> bool| -> Vec<String> {
                let one = |g: &Vec<usize>| {
                    percent(g.iter().filter(|&&i| test(x[i])).count() as f64 / g.len().max(1) as f64)
                };
                groups.iter().map(one).collect()
            };
            match &covariate.kind {
                CovariateKind::Flag => rows.push(DescriptionRow {
                    label: covariate.label.clone(),
                    unit: "%".into(),
                    values: share(&|v| v != 0.0),
                }),
                CovariateKind::Levels { names, .. } => {
                    for (level, name) in names.iter().enumerate() {
                        rows.push(DescriptionRow {
                            label: format!("{}: {}", covariate.label, name.replace('_', " ")),
                            unit: "%".into(),
                            values: share(&|v| v == level as f64),
                        });
                    }
                }
                CovariateKind::Number => rows.push(DescriptionRow {
                    label: covariate.label.clone(),
                    unit: covariate.unit.clone(),
                    values: groups.iter().map(|g| quartiles(x, g)).collect(),
                }),
            }
        }
        rows
    }
}

impl Registry {
    /// Risks under usual care of `columns`, overall and by cause: death in hospital and by some days, and
    /// every event within a year.
    pub fn describe_outcomes(&self, columns: &Columns) -> Vec<DescriptionRow> {
        let events = &self.outcome.events;
        let expectation = Expectation::new(events, &[self.outcome.regime()], &DEATH_DAYS, &[]);
        let mut space = expectation.workspace();
        let mut groups = vec![expectation.nobody(); 1 + self.causes.len()];
        let mut rates = vec![0.0; events.len()];
        for row in 0..columns.len() {
            self.outcome.rates(columns, row, &mut rates);
            let course =
                expectation.course(Path::of(0), self.outcome.class(columns, row), &rates, &mut space);
            groups[0].add(course, 1.0);
            groups[1 + columns.data[0][row] as usize].add(course, 1.0);
        }
        let year = DEATH_DAYS.len() - 1;
        let row = |label: String, risk: &dyn Fn(&Course) -> f64| DescriptionRow {
            label,
            unit: "%".into(),
            values: groups.iter().map(|g| percent(risk(g) / g.weight)).collect(),
        };
        let fatal = |e: &usize| {
            events.list[*e].kind == EventKind::Death && events.list[*e].setting == Setting::InHospital
        };
        let deaths: Vec<usize> = (0..events.len()).filter(fatal).collect();
        let in_hospital = |g: &Course| deaths.iter().map(|&e| g.happened[e][year]).sum::<f64>();
        let mut rows = vec![row("Death in hospital".into(), &in_hospital)];
        for (d, day) in DEATH_DAYS.iter().enumerate() {
            rows.push(row(format!("Death by day {day}"), &|g| g.weight - g.alive[d]));
        }
        for (e, event) in events.list.iter().enumerate() {
            rows.push(row(event.label.clone(), &|g| g.happened[e][year]));
        }
        rows
    }
}

/// What a part of a population file assumes: the part, and the reason it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumption {
    pub about: String,
    pub reason: String,
}

impl RegistryDocument {
    /// The reasons given for numbers without a citation, in the order of the file.
    pub fn assumptions(&self) -> Vec<Assumption> {
        let covariates = self.covariate.iter().map(|c| (&c.label, &c.assumed));
        let correlations = std::iter::once(("Correlations".to_string(), self.correlation.assumed.clone()));
        let events = self.event.iter().map(|e| (&e.label, &e.assumed));
        let own = |(about, reason): (&String, &String)| (about.clone(), reason.clone());
        let all = covariates.map(own).chain(correlations).chain(events.map(own));
        all.filter(|(_, reason)| !reason.is_empty())
            .map(|(about, reason)| Assumption { about, reason })
            .collect()
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn quartiles(x: &[f64], rows: &[usize]) -> String {
    if rows.is_empty() {
        return "–".into();
    }
    let mut sorted: Vec<f64> = rows.iter().map(|&i| x[i]).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| sorted[((q * sorted.len() as f64) as usize).min(sorted.len() - 1)];
    let decimals = usize::from(at(0.5).abs() < 10.0) + usize::from(at(0.5).abs() < 3.0);
    format!("{:.decimals$} ({:.decimals$}–{:.decimals$})", at(0.5), at(0.25), at(0.75))
}
