//! What end points are beside the first of some events, and what is measured for them.

use super::{Builder, spoken};
use crate::{
    outcome::{
        endpoint::Endpoint,
        events::{EventKind, Setting},
        kinds::{AtDeath, Composite, CountKind, Counts, DaysFree, Kind, Tier, UntilFree, ValueKind, Yields},
        measurement::{Count, Duration, Measurement, Model, Number},
    },
    scenario::text::{
        DaysAtDeathText, DeathText, EndpointText, MeasurementText, NumberText, TierText, UntilText, ValueText,
    },
    trial::pool::Pool,
};

/// The word an end point uses for a change of treatment.
pub const BAIL_OUT: &str = "bail_out";

impl Builder<'_> {
    /// Everything measured, with what each arm does to it; `null` leaves effects out.
    pub fn measurements(&mut self, pool: &Pool, null: bool) -> Vec<Measurement> {
        let mut list = Vec::new();
        for (name, text) in &self.text.population.measurement.0 {
            let path = format!("population.measurement.{name}");
            let model = self.model(&path, text, pool);
            let mut measurement = Measurement {
                name: name.clone(),
                label: text.label.clone().unwrap_or_else(|| spoken(name)),
                unit: text.unit.clone(),
                model,
                effect: vec![0.0; self.text.arm.0.len()],
            };
            let logged = measurement.is_logged();
            for (arm, (arm_name, what)) in self.text.arm.0.iter().enumerate() {
                let Some(effect) = what.measured.get(name) else { continue };
                let path = format!("arm.{arm_name}.measured.{name}");
                let value = match (effect.difference, effect.ratio) {
                    (Some(difference), None) if !logged => difference,
                    (None, Some(ratio)) if logged => {
                        libm::log(self.positive(&format!("{path}.ratio"), ratio, "ratio"))
                    }
                    _ => {
                        let key = if logged { "ratio" } else { "difference" };
                        self.wrong(&path, format!("write the effect on this measurement as {key} = …"));
                        0.0
                    }
                };
                measurement.effect[arm] = if null { 0.0 } else { value };
            }
            list.push(measurement);
        }
        for (arm, what) in &self.text.arm.0 {
            for (name, _) in &what.measured.0 {
                self.measurement(&format!("arm.{arm}.measured.{name}"), name);
            }
        }
        list
    }

    /// The place of a measurement.
    fn measurement(&mut self, path: &str, name: &str) -> usize {
        let names = self.text.population.measurement.names();
        match names.iter().position(|n| *n == name) {
            Some(index) => index,
            None => {
                let hint = super::suggestion(name, &names);
                self.wrong(path, format!("nothing called “{name}” is measured{hint}"));
                0
            }
        }
    }

    fn model(&mut self, path: &str, text: &MeasurementText, pool: &Pool) -> Model {
        let risk = |per_unit: f64| -> Vec<f64> {
            let risk = |row| {
                if per_unit == 0.0 { 0.0 } else { per_unit * self.population.risk(&pool.columns, row) }
            };
            (0..pool.len()).map(risk).collect()
        };
        match (&text.number, &text.duration, &text.count) {
            (Some(number), None, None) => {
                let risk = risk(number.per_unit_of_risk);
                Model::Number(self.number(&format!("{path}.number"), number, pool, risk))
            }
            (None, Some(duration), None) => {
                let mut expected = risk(duration.per_unit_of_risk);
                let median = self.positive(&format!("{path}.duration.median"), duration.median.0, "duration");
                expected.iter_mut().for_each(|x| *x += libm::log(median));
                let sd_of_log = self.spread(&format!("{path}.duration.sd_of_log"), duration.sd_of_log);
                Model::Duration(Duration { expected, sd_of_log })
            }
            (None, None, Some(count)) => {
                let mut log_rate = risk(count.per_unit_of_risk);
                let rate = self.positive(&format!("{path}.count.rate_per_day"), count.rate_per_day, "rate");
                log_rate.iter_mut().for_each(|x| *x += libm::log(rate));
                if count.shape > 8 {
                    self.wrong(
                        &format!("{path}.count.shape"),
                        "patients this much alike need no spread of their own; write 0, or 1 to 8",
                    );
                }
                Model::Count(Count { log_rate, shape: count.shape.min(8) })
            }
            _ => {
                self.wrong(path, "say what is measured by one of number, duration, count");
                Model::Count(Count { log_rate: vec![0.0; pool.len()], shape: 0 })
            }
        }
    }

    fn spread(&mut self, path: &str, sd: f64) -> f64 {
        if sd >= 0.0 && sd.is_finite() {
            return sd;
        }
        self.wrong(path, format!("{sd} is not a standard deviation"));
        1.0
    }

    fn number(&mut self, path: &str, text: &NumberText, pool: &Pool, risk: Vec<f64>) -> Number {
        let mut expected = risk;
        let centre = match (text.mean, text.median, &text.covariate) {
            (Some(mean), None, None) => mean,
            (None, Some(median), None) => {
                libm::log(self.positive(&format!("{path}.median"), median, "median"))
            }
            (None, None, Some(name)) => {
                let column = self.dictionary().index(name);
                match column.map(|c| &pool.columns.data[c]) {
                    Some(column) => {
                        expected.iter_mut().zip(column).for_each(|(x, v)| *x += v);
                        expected.iter().sum::<f64>() / expected.len() as f64
                    }
                    None => {
                        self.wrong(&format!("{path}.covariate"), format!("there is no covariate “{name}”"));
                        0.0
                    }
                }
            }
            _ => {
                self.wrong(path, "state the baseline in one way: mean, median or covariate");
                0.0
            }
        };
        if text.covariate.is_none() {
            expected.iter_mut().for_each(|x| *x += centre);
        }
        let rising = text.on.windows(2).all(|pair| pair[0] < pair[1]);
        if text.on.is_empty() || !rising || text.on.len() != text.change.len() {
            self.wrong(path, "needs rising days in “on” and a mean change for each in “change”");
        }
        let mut change = text.change.clone();
        change.resize(text.on.len(), 0.0);
        Number {
            expected,
            baseline_sd: self.spread(&format!("{path}.sd"), text.sd),
            centre,
            days: text.on.iter().map(|d| d.0).collect(),
            change,
            slope: text.follows_baseline,
            residual_sd: self.spread(&format!("{path}.residual_sd"), text.residual_sd),
            shared: self.probability(&format!("{path}.shared"), text.shared),
            logged: text.median.is_some(),
        }
    }

    /// What an end point is. `any_of` and `ended_by` are those of the arms in general.
    pub(super) fn kind(&mut self, name: &str, text: &EndpointText, endpoint: &Endpoint) -> Kind {
        let path = format!("endpoint.{name}");
        let ways = [
            !text.any_of.is_empty(),
            text.value.is_some(),
            text.peak.is_some(),
            text.count.is_some(),
            text.days_free.is_some(),
            !text.tiers.is_empty(),
        ];
        if ways.iter().filter(|&&w| w).count() > 1 {
            self.wrong(&path, "an end point is one of any_of, value, peak, count, days_free, tiers");
        }
        let deaths: Vec<usize> = self.events().of_kind(EventKind::Death).collect();
        if let Some(value) = text.value.as_ref().or(text.peak.as_ref()) {
            let key = if text.peak.is_some() { "peak" } else { "value" };
            return self.value_kind(&format!("{path}.{key}"), text, value, endpoint, deaths);
        }
        if let Some(count) = &text.count {
            let mut until = deaths;
            for (i, event) in count.until.iter().enumerate() {
                until.extend(self.events_of(&format!("{path}.count.until.{i}"), event));
            }
            let measurement = self.measurement(&format!("{path}.count.of"), &count.of);
            if self.text.population.measurement.0.get(measurement).is_some_and(|m| m.1.count.is_none()) {
                self.wrong(&format!("{path}.count.of"), "this measurement is not a count");
            }
            return Kind::Count(CountKind { measurement, until, by: endpoint.by });
        }
        if let Some(days) = &text.days_free {
            let path = format!("{path}.days_free");
            let after = match (&days.of, &days.after) {
                (Some(of), None) => {
                    let index = self.measurement(&format!("{path}.of"), of);
                    if self.text.population.measurement.0.get(index).is_some_and(|m| m.1.duration.is_none()) {
                        self.wrong(&format!("{path}.of"), "this measurement is not a duration");
                    }
                    UntilFree::Duration(index)
                }
                (None, Some(event)) => UntilFree::Events(self.events_of(&format!("{path}.after"), event)),
                (None, None) => UntilFree::Nothing,
                (Some(_), Some(_)) => {
                    self.wrong(
                        &path,
                        "days are free of a duration (of) or count after an event (after), not both",
                    );
                    UntilFree::Nothing
                }
            };
            let until_death = days.death == DaysAtDeathText::UntilDeath;
            return Kind::DaysFree(DaysFree { after, by: endpoint.by, until_death, deaths });
        }
        if !text.tiers.is_empty() {
            return Kind::Tiers(self.tiers(&path, text));
        }
        let bail_out = text.any_of.iter().any(|e| e == BAIL_OUT);
        if text.within.0.is_empty() && text.in_arm.0.is_empty() && text.unless.is_empty() && !bail_out {
            return Kind::FirstOf;
        }
        self.composite(&path, text, endpoint)
    }

    fn value_kind(
        &mut self,
        path: &str,
        text: &EndpointText,
        value: &ValueText,
        endpoint: &Endpoint,
        deaths: Vec<usize>,
    ) -> Kind {
        let measurement = self.measurement(&format!("{path}.of"), &value.of);
        let number = self.text.population.measurement.0.get(measurement).and_then(|m| m.1.number.as_ref());
        let days: Vec<f64> = number.map_or(Vec::new(), |n| n.on.iter().map(|d| d.0).collect());
        let occasions: Vec<usize> = (0..days.len())
            .filter(|&k| if text.peak.is_some() { days[k] <= text.by.0 } else { days[k] == text.by.0 })
            .collect();
        if number.is_none() {
            self.wrong(&format!("{path}.of"), "this measurement is not a number");
        } else if occasions.is_empty() {
            self.wrong(path, format!("“{}” is not measured on the day of this end point", value.of));
        }
        let day = occasions.last().map_or(text.by.0, |&k| days[k]);
        let (worst, at_death) = match value.death {
            DeathText::LeftOut => (f64::NAN, AtDeath::LeftOut),
            DeathText::Worst if endpoint.higher_is_better => (f64::NEG_INFINITY, AtDeath::Worst),
            DeathText::Worst => (f64::INFINITY, AtDeath::Worst),
        };
        Kind::Value(ValueKind {
            measurement,
            occasions,
            day,
            change: value.change,
            adjusted: true,
            at_death,
            worst,
            deaths,
        })
    }

    fn tiers(&mut self, path: &str, text: &EndpointText) -> Vec<Tier> {
        let mut list = Vec::new();
        for (i, tier) in text.tiers.iter().enumerate() {
            let path = format!("{path}.tiers.{i}");
            let (TierText::Later(name) | TierText::FreeOf(name) | TierText::Value(name)) = tier;
            let index = self.endpoint_index(&path, name);
            let Some((_, other)) = self.text.endpoint.0.get(index) else { continue };
            let wanted = match tier {
                TierText::Value(_) => Yields::Value,
                _ => Yields::Event,
            };
            let found = match (other.any_of.is_empty(), other.tiers.is_empty(), &other.count) {
                (false, ..) => Yields::Event,
                (_, false, _) => Yields::Tiers,
                (_, _, Some(_)) => Yields::Count,
                _ => Yields::Value,
            };
            if found != wanted {
                let what = if wanted == Yields::Value { "a number" } else { "an event" };
                self.wrong(&path, format!("the end point “{name}” is not {what}"));
            }
            list.push(match tier {
                TierText::Later(_) => Tier::Later(index),
                TierText::FreeOf(_) => Tier::FreeOf(index),
                TierText::Value(_) => Tier::Value(index),
            });
        }
        list
    }

    fn composite(&mut self, path: &str, text: &EndpointText, endpoint: &Endpoint) -> Kind {
        let mut by_arm = Vec::new();
        for (name, _) in &text.in_arm.0 {
            self.arm(&format!("{path}.in_arm.{name}"), name);
        }
        for (event, day) in &text.within.0 {
            let named = text.any_of.iter().chain(text.in_arm.0.iter().flat_map(|(_, list)| list));
            if !named.into_iter().any(|e| e == event) {
                self.wrong(&format!("{path}.within.{event}"), "this event is not part of the end point");
            }
            if day.0 > endpoint.by {
                self.wrong(&format!("{path}.within.{event}"), "this is beyond the end point's own horizon");
            }
        }
        for (arm, _) in &self.text.arm.0 {
            let own = text.in_arm.get(arm);
            let place = if own.is_some() { format!("{path}.in_arm.{arm}") } else { format!("{path}.any_of") };
            let mut counts = Counts::default();
            for (i, event) in own.unwrap_or(&text.any_of).iter().enumerate() {
                let by = text.within.get(event).map_or(endpoint.by, |d| d.0);
                if event == BAIL_OUT {
                    counts.bail_out = Some(by);
                    continue;
                }
                for e in self.events_of(&format!("{place}.{i}"), event) {
                    if self.counts_until(text, e) {
                        counts.events.push((e, by));
                    }
                }
            }
            by_arm.push(counts);
        }
        Kind::Composite(Composite { by_arm })
    }

    /// Whether an event can count, if only the stay in hospital does.
    pub(super) fn counts_until(&self, text: &EndpointText, event: usize) -> bool {
        text.until != Some(UntilText::Discharge) || self.events().list[event].setting == Setting::InHospital
    }
}
