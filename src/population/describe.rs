//! A registry in a few rows: who the patients are, overall and by cause.

use super::columns::{Columns, CovariateKind};
use super::registry::Registry;

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
