//! A population without a registry: one hazard per event, the same for everybody or for everybody with a
//! flag.
//!
//! It is what other packages simulate, so it is how the engine is held against closed forms.

use super::columns::{Columns, Covariate, CovariateKind, Dictionary};
use super::problem::{Problem, instead};
use crate::outcome::events::{Event, EventKind, Events, Setting};
use crate::outcome::hazard::{PiecewiseHazard, Regime};
use crate::units::Days;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Events by name, each with its hazard, and flags by name, each with its share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HomogeneousDocument {
    /// Share of patients with each flag; flags are independent of one another.
    #[serde(default)]
    pub flag: BTreeMap<String, f64>,
    pub event: BTreeMap<String, HomogeneousEvent>,
}

/// How an event's hazard is written: `risk` with `by`, `median`, `hazard_per_day`, or `hazards_per_day`
/// with `from_days`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HomogeneousEvent {
    pub label: Option<String>,
    /// Probability that the event has happened by a day, were it the only one.
    pub risk: Option<f64>,
    pub by: Option<Days>,
    pub median: Option<Days>,
    pub hazard_per_day: Option<f64>,
    pub hazards_per_day: Option<Vec<f64>>,
    pub from_days: Option<Vec<f64>>,
    /// Whether the event ends the course; `death` does unless it says otherwise.
    pub fatal: Option<bool>,
    /// The hazard in patients with one of the flags, if it is another; one flag at most.
    #[serde(default)]
    pub within: BTreeMap<String, HomogeneousEvent>,
}

/// Patients who are all alike, or alike within flags.
#[derive(Clone, Debug)]
pub struct Homogeneous {
    pub events: Events,
    /// One class for every combination of the flags on which a hazard depends.
    pub regime: Regime,
    /// The flags.
    pub dictionary: Dictionary,
    /// The flags on which a hazard depends, as columns.
    splits: Vec<usize>,
    /// The rows after which combinations of flags repeat: bit `k` of each is flag `k`.
    rows: Vec<u32>,
}

/// Flags at most: each doubles the combinations.
const MOST_FLAGS: usize = 6;

/// Rows with which the shares of all combinations are tried, until they come out exactly.
const ROWS: [u32; 6] = [1, 10, 100, 1_000, 10_000, 100_000];

impl Homogeneous {
    pub fn new(document: &HomogeneousDocument) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut list = Vec::new();
        let mut hazards = Vec::new();
        if document.event.is_empty() {
            problems.push(Problem::at(
                "event",
                "a population needs an event, such as death = { risk = 0.5, by = \"30 days\" }",
            ));
        }
        let names: Vec<&str> = document.flag.keys().map(String::as_str).collect();
        if names.len() > MOST_FLAGS {
            problems.push(Problem::at("flag", format!("{} flags; {MOST_FLAGS} are possible", names.len())));
        }
        for (name, &share) in &document.flag {
            if !(share > 0.0 && share < 1.0) {
                let message = format!("{share} is not a share between 0 and 1; write 0.32 for 32 %");
                problems.push(Problem::at(&format!("flag.{name}"), message));
            }
        }
        let mut splits: Vec<usize> = Vec::new();
        for (name, event) in &document.event {
            let path = format!("event.{name}");
            for (flag, other) in &event.within {
                let path = format!("{path}.within.{flag}");
                match names.iter().position(|n| n == flag) {
                    Some(flag) if !splits.contains(&flag) => splits.push(flag),
                    Some(_) => {}
                    None => {
                        let hint = instead(flag, names.iter().copied());
                        problems.push(Problem::at(&path, format!("there is no flag “{flag}”{hint}")));
                    }
                }
                if other.label.is_some() || other.fatal.is_some() || !other.within.is_empty() {
                    problems.push(Problem::at(&path, "only the hazard can differ within a flag"));
                }
            }
            if event.within.len() > 1 {
                problems.push(Problem::at(&path, "the hazard of an event can differ by one flag only"));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for (name, event) in &document.event {
            let path = format!("event.{name}");
            let mut read = |path: &str, event: &HomogeneousEvent| {
                event.hazard().unwrap_or_else(|message| {
                    problems.push(Problem::at(path, message));
                    PiecewiseHazard::constant(0.0)
                })
            };
            let usual = read(&path, event);
            let other = event.within.iter().next().map(|(flag, other)| {
                let bit = splits.iter().position(|&s| names[s] == flag).unwrap_or(0);
                (bit, read(&format!("{path}.within.{flag}"), other))
            });
            let of_class = |class: usize| match &other {
                Some((bit, hazard)) if class >> bit & 1 == 1 => hazard.clone(),
                _ => usual.clone(),
            };
            hazards.push((0..1 << splits.len()).map(of_class).collect());
            let fatal = event.fatal.unwrap_or(name == "death");
            list.push(Event {
                name: name.clone(),
                label: event.label.clone().unwrap_or_else(|| spoken(name)),
                kind: if fatal { EventKind::Death } else { EventKind::Complication },
                setting: Setting::InHospital,
                excess: Vec::new(),
                anchored: fatal,
            });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let flag = |name: &String| Covariate {
            name: name.clone(),
            label: spoken(name),
            unit: String::new(),
            kind: CovariateKind::Flag,
            recorded: None,
        };
        Ok(Self {
            events: Events { list },
            regime: Regime::new(hazards),
            dictionary: Dictionary { list: document.flag.keys().map(flag).collect() },
            splits,
            rows: rows(&document.flag.values().copied().collect::<Vec<_>>()),
        })
    }

    /// Whether rows and classes mean the same in both.
    pub fn same_patients(&self, other: &Homogeneous) -> bool {
        (&self.dictionary, &self.splits, &self.rows) == (&other.dictionary, &other.splits, &other.rows)
    }

    /// How many rows hold every combination of flags in its share.
    pub fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The flags of some rows.
    pub fn columns(&self, range: Range<u64>) -> Columns {
        let mut columns = Columns::new(&self.dictionary);
        for row in range.clone() {
            let flags = self.rows[(row % self.rows()) as usize];
            for (k, column) in columns.data.iter_mut().enumerate() {
                column.push(f64::from(flags >> k & 1));
            }
        }
        columns.rows = range.collect();
        columns
    }

    /// Names of the classes: which flags on which a hazard depends a patient has.
    pub fn classes(&self) -> Vec<String> {
        let name = |class: usize| {
            let with = self.splits.iter().enumerate().filter(|(bit, _)| class >> bit & 1 == 1);
            let names: Vec<&str> = with.map(|(_, &s)| self.dictionary.list[s].name.as_str()).collect();
            if names.is_empty() { "all".to_owned() } else { names.join(" and ") }
        };
        (0..1 << self.splits.len()).map(name).collect()
    }

    /// The class of one patient.
    pub fn class(&self, columns: &Columns, row: usize) -> usize {
        let flags = self.splits.iter().enumerate();
        flags.map(|(bit, &s)| usize::from(columns.data[s][row] != 0.0) << bit).sum()
    }
}

/// Combinations of independent flags, each in as many rows as its share asks for: exactly, if a number of
/// rows up to 100 000 allows it, else to within one row.
fn rows(shares: &[f64]) -> Vec<u32> {
    let combinations = 1u32 << shares.len();
    let share = |flags: u32| -> f64 {
        shares.iter().enumerate().map(|(k, s)| if flags >> k & 1 == 1 { *s } else { 1.0 - s }).product()
    };
    let exact = |n: &u32| {
        (0..combinations).all(|flags| {
            let rows = share(flags) * f64::from(*n);
            (rows - rows.round()).abs() < 1e-6
        })
    };
    let n = ROWS.into_iter().find(exact).unwrap_or(ROWS[ROWS.len() - 1]);
    let (mut list, mut wanted) = (Vec::with_capacity(n as usize), 0.0);
    for flags in 0..combinations {
        wanted += share(flags) * f64::from(n);
        list.resize(wanted.round() as usize, flags);
    }
    list
}

/// A name as people say it.
fn spoken(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}

impl HomogeneousEvent {
    fn hazard(&self) -> Result<PiecewiseHazard, String> {
        let constant = |rate: f64| {
            if rate >= 0.0 && rate.is_finite() {
                Ok(PiecewiseHazard::constant(rate))
            } else {
                Err(format!("{rate} is not a hazard"))
            }
        };
        let forms = [
            self.risk.is_some() || self.by.is_some(),
            self.median.is_some(),
            self.hazard_per_day.is_some(),
            self.hazards_per_day.is_some() || self.from_days.is_some(),
        ];
        if forms.iter().filter(|&&f| f).count() != 1 {
            return Err(
                "write one of: risk with by, median, hazard_per_day, hazards_per_day with from_days".into()
            );
        }
        if let (Some(risk), Some(by)) = (self.risk, self.by) {
            if !(0.0..1.0).contains(&risk) {
                return Err(format!("{risk} is not a risk below 1; write 0.49 for 49 %"));
            }
            if by.0 <= 0.0 {
                return Err("a risk needs a day after day 0".into());
            }
            return constant(-libm::log1p(-risk) / by.0);
        }
        if let Some(median) = self.median {
            return constant(std::f64::consts::LN_2 / median.0);
        }
        if let Some(rate) = self.hazard_per_day {
            return constant(rate);
        }
        if let (Some(rates), Some(days)) = (&self.hazards_per_day, &self.from_days) {
            let rising = days.first() == Some(&0.0) && days.windows(2).all(|w| w[0] < w[1]);
            if !rising || rates.len() != days.len() || rates.iter().any(|r| r.is_nan() || *r < 0.0) {
                return Err("needs as many hazards as days, none below 0, the days rising from 0".into());
            }
            return Ok(PiecewiseHazard::new(days, rates));
        }
        Err("a risk needs the day it is reached by, and the other way round".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_combinations_are_exact() {
        let one = rows(&[0.32]);
        assert_eq!((one.len(), one.iter().filter(|&&f| f == 1).count()), (100, 32));
        let five = rows(&[0.4, 0.5, 0.6, 0.7, 0.8]);
        assert_eq!(five.len(), 10_000);
        for (flag, share) in [4_000, 5_000, 6_000, 7_000, 8_000].into_iter().enumerate() {
            assert_eq!(five.iter().filter(|&&f| f >> flag & 1 == 1).count(), share);
        }
        assert_eq!(rows(&[]).len(), 1);
    }
}
