//! From one run as written to a trial ready to be simulated, with every rule that spans several keys.
//!
//! This file reads names, rules and end points; `effects` what arms do, `conduct` how the trial is run,
//! `design` when it looks and what it decides, `estimands` what is asked, `subgroups` how patients are split.

mod adaptive;
mod cells;
mod conduct;
mod design;
mod effects;
mod estimands;
mod events;
mod families;
mod group_sequential;
mod kinds;
mod leaving;
mod sites;
mod subgroups;

pub use cells::{Cells, MOST_RULES};
pub use events::with_events;

use super::{
    document::{Document, suggestion},
    text::{Better, EndpointText, ScenarioText},
};
use crate::{
    error::{Error, Finding, Result},
    outcome::{
        endpoint::{AtBailOut, Endpoint},
        events::{EventKind, Events},
        kinds::Kind,
    },
    population::{Dictionary, Expression, Population, Reading},
    trial::pool::Pool,
};

/// A reader of one run: the text, where its parts stand, and what is wrong with it.
pub struct Builder<'a> {
    pub document: &'a Document<'a>,
    pub text: &'a ScenarioText,
    pub population: &'a Population,
    pub findings: Vec<Finding>,
}

impl<'a> Builder<'a> {
    pub fn new(document: &'a Document<'a>, text: &'a ScenarioText, population: &'a Population) -> Self {
        Builder { document, text, population, findings: Vec::new() }
    }

    /// Ends with what was found, all at once.
    pub fn finish<T>(self, value: T) -> Result<T> {
        if self.findings.is_empty() { Ok(value) } else { Err(Error::Input(self.findings)) }
    }

    fn wrong(&mut self, path: &str, message: impl Into<String>) {
        self.findings.push(self.document.finding(path, message));
    }

    fn dictionary(&self) -> &'a Dictionary {
        self.population.dictionary()
    }

    fn events(&self) -> &'a Events {
        self.population.events()
    }

    /// Reads a rule at `path`.
    fn rule(&mut self, path: &str, text: &str, reading: Reading) -> Expression {
        match Expression::parse(text, self.dictionary(), reading) {
            Ok(rule) => rule,
            Err(why) => {
                let mut span = self.document.span_of(path);
                // The text starts after its opening quote; point at the word that is wrong.
                if !span.is_empty() && span.len() >= why.offset + why.length + 2 {
                    span = span.start + 1 + why.offset..span.start + 1 + why.offset + why.length.max(1);
                    self.findings.push(Finding::new(why.to_string()).at(&self.document.source, span));
                } else {
                    self.wrong(path, why.to_string());
                }
                Expression::everybody()
            }
        }
    }

    /// A list of rules that all have to hold.
    pub fn rules(&mut self, path: &str, texts: &[String]) -> Expression {
        let rules: Vec<Expression> = texts
            .iter()
            .enumerate()
            .map(|(i, text)| self.rule(&format!("{path}.{i}"), text, Reading::Recorded))
            .collect();
        Expression::all(rules)
    }

    /// Entry criteria of the run.
    pub fn eligible(&mut self) -> Expression {
        self.rules("population.eligible", &self.text.population.eligible)
    }

    /// The rows of the pool that it would be right to treat, if the comparison says which.
    pub fn right(&mut self, pool: &Pool) -> Option<Vec<bool>> {
        let text = self.text.comparison.as_ref()?.right.clone()?;
        let rule = self.rule("comparison.right", &text, Reading::Recorded);
        Some((0..pool.len()).map(|row| rule.evaluate(&pool.columns, row)).collect())
    }

    /// The rules within which effects hold, as written.
    pub fn within(&mut self) -> Vec<(String, Expression)> {
        let mut list = Vec::new();
        for (arm, what) in &self.text.arm.0 {
            for (event, effect) in &what.effect.0 {
                if let Some(within) = &effect.within {
                    let path = format!("arm.{arm}.effect.{event}.within");
                    list.push((within.clone(), self.rule(&path, within, Reading::True)));
                }
            }
        }
        list
    }

    fn arm(&mut self, path: &str, name: &str) -> usize {
        let names = self.text.arm.names();
        match names.iter().position(|n| *n == name) {
            Some(index) => index,
            None => {
                self.wrong(path, format!("there is no arm “{name}”{}", suggestion(name, &names)));
                0
            }
        }
    }

    fn event(&mut self, path: &str, name: &str) -> usize {
        let names: Vec<&str> = self.events().list.iter().map(|e| e.name.as_str()).collect();
        match self.events().index(name) {
            Some(index) => index,
            None => {
                self.wrong(
                    path,
                    format!("there is no event “{name}” in this population{}", suggestion(name, &names)),
                );
                0
            }
        }
    }

    /// The events a name stands for: itself, or for `death` every death.
    fn events_of(&mut self, path: &str, name: &str) -> Vec<usize> {
        if name == "death" {
            return self.events().of_kind(EventKind::Death).collect();
        }
        let mut names: Vec<&str> = self.events().list.iter().map(|e| e.name.as_str()).collect();
        names.push("death");
        match self.events().index(name) {
            Some(index) => vec![index],
            None => {
                self.wrong(
                    path,
                    format!("there is no event “{name}” in this population{}", suggestion(name, &names)),
                );
                Vec::new()
            }
        }
    }

    fn probability(&mut self, path: &str, value: f64) -> f64 {
        if (0.0..=1.0).contains(&value) {
            return value;
        }
        let hint = if value > 1.0 && value <= 100.0 {
            format!("; write {} for {value}%", (value * 1e6).round() / 1e8)
        } else {
            "; write a number between 0 and 1".into()
        };
        self.wrong(path, format!("{value} is not a probability{hint}"));
        0.5
    }

    fn positive(&mut self, path: &str, value: f64, what: &str) -> f64 {
        if value > 0.0 && value.is_finite() {
            return value;
        }
        self.wrong(path, format!("{value} is not a {what}; it has to be above 0"));
        1.0
    }

    /// All end points.
    pub fn endpoints(&mut self) -> Vec<Endpoint> {
        let deaths: Vec<usize> = self.events().of_kind(EventKind::Death).collect();
        let mut list = Vec::new();
        for (name, text) in &self.text.endpoint.0 {
            list.push(self.endpoint(name, text, &deaths));
        }
        list
    }

    fn endpoint(&mut self, name: &str, text: &EndpointText, deaths: &[usize]) -> Endpoint {
        let path = format!("endpoint.{name}");
        let mut any_of = Vec::new();
        let other = [text.value.is_some(), text.peak.is_some(), text.count.is_some()];
        if text.any_of.is_empty()
            && text.tiers.is_empty()
            && text.days_free.is_none()
            && !other.contains(&true)
        {
            self.wrong(&path, "an end point needs at least one event; write any_of = [\"death\"]");
        }
        for (i, event) in text.any_of.iter().enumerate().filter(|(_, e)| *e != kinds::BAIL_OUT) {
            any_of.extend(self.events_of(&format!("{path}.any_of.{i}"), event));
        }
        any_of.retain(|&e| self.counts_until(text, e));
        any_of.sort_unstable();
        any_of.dedup();
        if text.by > self.text.trial.follow_up {
            let message = format!(
                "the horizon of {} is beyond the follow-up of {}; lengthen trial.follow_up or shorten the horizon",
                text.by, self.text.trial.follow_up
            );
            self.wrong(&format!("{path}.by"), message);
        }
        if text.by.0 <= 0.0 {
            self.wrong(&format!("{path}.by"), "the horizon has to be after randomisation");
        }
        let mut ended_by: Vec<usize> = deaths.iter().copied().filter(|d| !any_of.contains(d)).collect();
        if text.until.is_some() {
            let leaving: Vec<usize> = self.events().of_kind(EventKind::Discharge).collect();
            if leaving.is_empty() {
                self.wrong(&format!("{path}.until"), "nobody is discharged in this population");
            }
            ended_by.retain(|&e| self.counts_until(text, e));
            ended_by.extend(leaving);
        }
        for (i, event) in text.unless.iter().enumerate() {
            let place = format!("{path}.unless.{i}");
            for e in self.events_of(&place, event) {
                if any_of.contains(&e) {
                    self.wrong(&place, "this event is the end point itself");
                }
                ended_by.push(e);
            }
        }
        let mut endpoint = Endpoint {
            name: name.to_owned(),
            label: text.label.clone().unwrap_or_else(|| spoken(name)),
            ended_by,
            any_of,
            by: text.by.0,
            higher_is_better: text.better == Better::Higher,
            kind: Kind::FirstOf,
            at_bail_out: AtBailOut::GoesOn,
        };
        endpoint.kind = self.kind(name, text, &endpoint);
        endpoint
    }

    fn endpoint_index(&mut self, path: &str, name: &str) -> usize {
        let names = self.text.endpoint.names();
        match names.iter().position(|n| *n == name) {
            Some(index) => index,
            None => {
                self.wrong(path, format!("there is no end point “{name}”{}", suggestion(name, &names)));
                0
            }
        }
    }
}

/// A name as people say it: `death_30d` → `Death 30d`.
fn spoken(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}
