//! A population without covariates: one hazard per event, the same for everybody.
//!
//! It is what other packages simulate, so it is how the engine is held against closed forms.

use super::problem::Problem;
use crate::outcome::events::{Event, EventKind, Events, Setting};
use crate::outcome::hazard::{PiecewiseHazard, Regime};
use crate::units::Days;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Events by name, each with its hazard.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomogeneousDocument {
    pub event: BTreeMap<String, HomogeneousEvent>,
}

/// How an event's hazard is written: `risk` with `by`, `median`, `hazard_per_day`, or `hazards_per_day`
/// with `from_days`.
#[derive(Clone, Debug, Default, Deserialize)]
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
}

/// Patients who are all alike.
#[derive(Clone, Debug)]
pub struct Homogeneous {
    pub events: Events,
    pub regime: Regime,
}

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
        for (name, event) in &document.event {
            match event.hazard() {
                Ok(hazard) => hazards.push(vec![hazard]),
                Err(message) => problems.push(Problem::at(&format!("event.{name}"), message)),
            }
            let fatal = event.fatal.unwrap_or(name == "death");
            let mut label = name.replace('_', " ");
            if let Some(first) = label.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            list.push(Event {
                name: name.clone(),
                label: event.label.clone().unwrap_or(label),
                kind: if fatal { EventKind::Death } else { EventKind::Complication },
                setting: Setting::InHospital,
                excess: Vec::new(),
                anchored: fatal,
            });
        }
        if problems.is_empty() {
            Ok(Self { events: Events { list }, regime: Regime::new(hazards) })
        } else {
            Err(problems)
        }
    }
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
