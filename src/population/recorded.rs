//! What is written down of a covariate: misclassified, measured with error, or missing.
//!
//! A registry row has one recorded value for each way of recording a scenario states, drawn at the row's own
//! place from the purpose `recorded.NAME`, so that two ways of recording share their luck and a better test
//! corrects some of a worse one's mistakes.

use super::{
    columns::{Covariate, CovariateKind},
    expression::{Expression, Reading},
    maker::{Maker, Recipe},
    problem::Problem,
    registry::Registry,
};
use crate::random::{Purpose, Stream};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How a covariate is recorded, as written. One of the first five says how the value may be wrong; without
/// any of them it is right where it is recorded at all.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RecordedDocument {
    /// Probability of each recorded level for each true level, in the order of the levels.
    pub levels: Option<BTreeMap<String, Vec<f64>>>,
    /// Probability that the true level is recorded; the others share the rest evenly.
    pub agreement: Option<f64>,
    /// For a covariate with levels that a test tells one of: that level. What the test does not take for it is
    /// recorded as it is.
    pub level: Option<String>,
    /// For a covariate that is yes or no, or a test for one level: probability that yes is recorded as yes.
    pub sensitivity: Option<f64>,
    /// The same that no is recorded as no.
    pub specificity: Option<f64>,
    /// For a number: standard deviation of the error, in its unit.
    pub error_sd: Option<f64>,
    /// For a number: standard deviation of the error of its logarithm.
    pub error_sd_of_log: Option<f64>,
    /// Probability that nothing is recorded.
    #[serde(default)]
    pub missing: f64,
    /// The same for patients who meet a rule, on true values; the first that holds counts.
    #[serde(default)]
    pub missing_if: Vec<MissingDocument>,
}

/// Patients in whom a covariate is missing more or less often.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct MissingDocument {
    pub rule: String,
    pub share: f64,
}

/// How a recorded value comes from the true one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Recording {
    Exact,
    /// Cumulative probabilities of the recorded level, by true level.
    Levels(Vec<Vec<f64>>),
    /// Standard deviation of a normal error.
    Added(f64),
    /// Standard deviation of a normal error of the logarithm.
    Multiplied(f64),
}

/// Where nothing is recorded.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    pub stream: Stream,
    pub among: Vec<(Expression, f64)>,
    pub otherwise: f64,
}

impl Missing {
    /// The probability that nothing is recorded of the patient in position `row`.
    pub fn probability(&self, columns: &super::Columns, row: usize) -> f64 {
        let held = self.among.iter().find(|(rule, _)| rule.evaluate(columns, row));
        held.map_or(self.otherwise, |(_, share)| *share)
    }
}

impl Registry {
    /// Adds a column that records `name` as `document` says, and gives its place; the column the dictionary
    /// names as recorded stays as it is. Findings are relative to the covariate.
    pub fn record(&mut self, name: &str, document: &RecordedDocument) -> Result<usize, Vec<Problem>> {
        let Some(of) = self.dictionary.index(name) else {
            let names = self.dictionary.list.iter().map(|c| c.name.as_str()).filter(|n| !n.contains('.'));
            let hint = super::problem::instead(name, names.collect::<Vec<_>>());
            return Err(vec![Problem::at("", format!("no covariate is called “{name}”{hint}"))]);
        };
        let covariate = self.dictionary.list[of].clone();
        let mut problems = Vec::new();
        let recording = recording(&covariate, document, &mut problems);
        let mut among = Vec::new();
        for (i, part) in document.missing_if.iter().enumerate() {
            match self.rule(&part.rule, Reading::True) {
                Ok(rule) => among.push((rule, part.share)),
                Err(error) => {
                    problems.push(Problem::at(&format!("missing_if.{i}.rule"), error.to_string()));
                }
            }
            check_share(&format!("missing_if.{i}.share"), part.share, &mut problems);
        }
        check_share("missing", document.missing, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let stream = |name: &str| Stream::new(self.seed, 0, Purpose::covariate(name));
        let missing = (document.missing > 0.0 || !among.is_empty()).then(|| Missing {
            stream: stream(&format!("missing {name}")),
            otherwise: document.missing,
            among,
        });
        let mut needs = vec![of];
        needs.extend(missing.iter().flat_map(|m| m.among.iter().flat_map(|(rule, _)| rule.columns())));
        needs.sort_unstable();
        needs.dedup();
        let recorded = format!("recorded.{name}");
        self.streams.push(stream(&recorded));
        let column = self.dictionary.len();
        // A second way of recording, for another run, gets a name of its own.
        let taken = self.dictionary.list.iter().filter(|c| c.name.starts_with(&recorded)).count();
        self.dictionary.list.push(Covariate {
            name: if taken == 0 { recorded } else { format!("{recorded}.{}", taken + 1) },
            label: format!("{}, as recorded", covariate.label),
            recorded: None,
            ..covariate
        });
        let limits = self.makers[of].limits;
        let recipe = Recipe::Recorded { of, recording, missing };
        self.makers.push(Maker { recipe, only_if: None, shift: Vec::new(), limits, needs });
        Ok(column)
    }
}

fn check_share(path: &str, share: f64, problems: &mut Vec<Problem>) {
    if !(0.0..=1.0).contains(&share) {
        problems.push(Problem::at(path, format!("{share} is not a probability; write 0.1 for 10%")));
    }
}

fn recording(covariate: &Covariate, d: &RecordedDocument, problems: &mut Vec<Problem>) -> Recording {
    let test = d.sensitivity.is_some() || d.specificity.is_some();
    let ways = [d.levels.is_some(), d.agreement.is_some(), test, d.error_sd.is_some()];
    let ways = ways.iter().chain([&d.error_sd_of_log.is_some()]).filter(|w| **w).count();
    if ways > 1 {
        problems.push(Problem::at(
            "",
            "say in one way how the value may be wrong: levels, agreement, sensitivity with specificity, error_sd or error_sd_of_log",
        ));
        return Recording::Exact;
    }
    let name = &covariate.name;
    for (key, share) in
        [("agreement", d.agreement), ("sensitivity", d.sensitivity), ("specificity", d.specificity)]
    {
        if let Some(share) = share {
            check_share(key, share, problems);
        }
    }
    match &covariate.kind {
        CovariateKind::Number => {
            if d.levels.is_some() || d.agreement.is_some() || test || d.level.is_some() {
                problems.push(Problem::at(
                    "",
                    format!("“{name}” is a number; write error_sd or error_sd_of_log"),
                ));
            }
            for (key, sd) in [("error_sd", d.error_sd), ("error_sd_of_log", d.error_sd_of_log)] {
                if sd.is_some_and(|sd| sd.is_nan() || sd < 0.0 || sd.is_infinite()) {
                    problems.push(Problem::at(key, "a standard deviation has to be 0 or more"));
                }
            }
            match (d.error_sd, d.error_sd_of_log) {
                (Some(sd), _) => Recording::Added(sd),
                (None, Some(sd)) => Recording::Multiplied(sd),
                _ => Recording::Exact,
            }
        }
        CovariateKind::Flag => {
            let number = d.error_sd.is_some() || d.error_sd_of_log.is_some();
            if d.levels.is_some() || d.level.is_some() || number {
                problems.push(Problem::at(
                    "",
                    format!("“{name}” is yes or no; write sensitivity and specificity"),
                ));
            }
            let sensitivity = d.sensitivity.or(d.agreement).unwrap_or(1.0);
            let specificity = d.specificity.or(d.agreement).unwrap_or(1.0);
            if sensitivity == 1.0 && specificity == 1.0 {
                return Recording::Exact;
            }
            Recording::Levels(vec![vec![specificity, 1.0], vec![1.0 - sensitivity, 1.0]])
        }
        CovariateKind::Levels { names, .. } => {
            if d.error_sd.is_some() || d.error_sd_of_log.is_some() || (test && d.level.is_none()) {
                problems.push(Problem::at(
                    "",
                    format!(
                        "“{name}” has levels; write levels, agreement, or level with sensitivity and specificity"
                    ),
                ));
            }
            if let Some(level) = &d.level {
                return Recording::Levels(test_for(level, names, d, problems));
            }
            if let Some(table) = &d.levels {
                return Recording::Levels(cumulative("levels", names, table, problems));
            }
            let Some(agreement) = d.agreement else { return Recording::Exact };
            let other = (1.0 - agreement) / (names.len() as f64 - 1.0).max(1.0);
            let row = |level: usize| {
                let mut sum = 0.0;
                (0..names.len())
                    .map(|l| {
                        sum += if l == level { agreement } else { other };
                        sum
                    })
                    .collect()
            };
            Recording::Levels((0..names.len()).map(row).collect())
        }
    }
}

/// Cumulative probabilities of the recorded level, by true level, of a test for one level: whom it misses
/// is recorded as any other level, evenly.
fn test_for(
    level: &str,
    names: &[String],
    d: &RecordedDocument,
    problems: &mut Vec<Problem>,
) -> Vec<Vec<f64>> {
    let Some(sought) = names.iter().position(|name| name == level) else {
        let hint = super::problem::instead(level, names.iter().map(String::as_str));
        problems.push(Problem::at("level", format!("“{level}” is not a level{hint}")));
        return Vec::new();
    };
    let (sensitivity, specificity) = (d.sensitivity.unwrap_or(1.0), d.specificity.unwrap_or(1.0));
    let missed = (1.0 - sensitivity) / (names.len() as f64 - 1.0).max(1.0);
    let row = |truth: usize| {
        let mut sum = 0.0;
        let probability = move |recorded: usize| match (truth == sought, recorded == sought) {
            (true, true) => sensitivity,
            (true, false) => missed,
            (false, true) => 1.0 - specificity,
            (false, false) => f64::from(u8::from(recorded == truth)) * specificity,
        };
        (0..names.len())
            .map(|recorded| {
                sum += probability(recorded);
                sum
            })
            .collect()
    };
    (0..names.len()).map(row).collect()
}

/// Cumulative probabilities of the recorded level, by true level, of a table that has to have a row for
/// every level.
pub(super) fn cumulative(
    path: &str,
    names: &[String],
    table: &BTreeMap<String, Vec<f64>>,
    problems: &mut Vec<Problem>,
) -> Vec<Vec<f64>> {
    if let Some(odd) = table.keys().find(|k| !names.contains(k)) {
        let hint = super::problem::instead(odd, names.iter().map(String::as_str));
        problems.push(Problem::at(&format!("{path}.{odd}"), format!("“{odd}” is not a level{hint}")));
    }
    let mut rows = Vec::new();
    for level in names {
        let row = table.get(level).cloned().unwrap_or_default();
        if row.len() != names.len()
            || (row.iter().sum::<f64>() - 1.0).abs() > 1e-9
            || row.iter().any(|p| !(0.0..=1.0).contains(p))
        {
            problems.push(Problem::at(
                &format!("{path}.{level}"),
                format!("the row of “{level}” needs {} probabilities that add up to 1", names.len()),
            ));
        }
        let mut sum = 0.0;
        rows.push(
            row.iter()
                .map(|p| {
                    sum += p;
                    sum
                })
                .collect(),
        );
    }
    rows
}
