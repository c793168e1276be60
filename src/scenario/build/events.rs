//! Events that a scenario adds to the registry's.

use super::spoken;
use crate::{
    error::{Error, Result},
    outcome::{
        course::MOST_EVENTS,
        events::{Event, EventKind, Setting},
        hazard::PiecewiseHazard,
    },
    population::Population,
    scenario::{
        document::{Document, suggestion},
        text::{EventText, ScenarioText},
    },
};

/// The population with the events a scenario adds.
pub fn with_events(
    mut population: Population,
    document: &Document,
    text: &ScenarioText,
) -> Result<Population> {
    let mut findings = Vec::new();
    for (name, event) in &text.population.event.0 {
        let path = format!("population.event.{name}");
        let Population::Registry(registry) = &mut population else {
            findings.push(document.finding(&path, "add the event to population.homogeneous.event"));
            continue;
        };
        if registry.outcome.events.index(name).is_some() || name == "death" || name == super::kinds::BAIL_OUT
        {
            findings.push(document.finding(&path, format!("“{name}” is known already; choose another name")));
            continue;
        }
        match added(name, event, &registry.outcome.events.list) {
            Ok((event, hazard, per_unit)) => registry.outcome.add(event, hazard, per_unit),
            Err((key, message)) => findings.push(document.finding(&format!("{path}{key}"), message)),
        }
    }
    if population.events().len() > MOST_EVENTS - 2 {
        let message =
            format!("these are too many events; {} are possible with the registry's", MOST_EVENTS - 2);
        findings.push(document.finding("population.event", message));
    }
    if findings.is_empty() { Ok(population) } else { Err(Error::Input(findings)) }
}

type Added = (Event, PiecewiseHazard, f64);

/// One event with its hazard, or the key that is wrong and why.
fn added(name: &str, text: &EventText, known: &[Event]) -> std::result::Result<Added, (String, String)> {
    if !(0.0..1.0).contains(&text.risk) {
        return Err((".risk".into(), format!("{} is not a risk below 1; write 0.09 for 9 %", text.risk)));
    }
    let from = text.from.map_or(0.0, |d| d.0);
    let end = text.until.map_or(text.by.0, |d| d.0.min(text.by.0));
    if from >= end {
        return Err((String::new(), "the event has to be possible on some day before “by”".into()));
    }
    let hazard = -libm::log1p(-text.risk) / (end - from);
    let mut knots = vec![0.0];
    let mut rates = vec![hazard];
    if from > 0.0 {
        rates[0] = 0.0;
        knots.push(from);
        rates.push(hazard);
    }
    if let Some(until) = text.until {
        knots.push(until.0);
        rates.push(0.0);
    }
    let mut excess = Vec::new();
    for (other, &m) in text.multiplies.0.iter().map(|(n, m)| (n, m)) {
        let key = format!(".multiplies.{other}");
        let Some(target) = known.iter().position(|e| e.name == *other) else {
            let names: Vec<&str> = known.iter().map(|e| e.name.as_str()).collect();
            let hint = suggestion(other, &names);
            return Err((key, format!("there is no event “{other}” in this population{hint}")));
        };
        let event = &known[target];
        if event.kind == EventKind::Complication || event.setting == Setting::AfterDischarge {
            return Err((key, "an event changes deaths in hospital and discharge, nothing else".into()));
        }
        if !(m >= 0.0 && m.is_finite()) {
            return Err((key, format!("{m} cannot multiply a hazard")));
        }
        excess.push((target, m - 1.0));
    }
    let event = Event {
        name: name.to_owned(),
        label: text.label.clone().unwrap_or_else(|| spoken(name)),
        kind: EventKind::Complication,
        setting: Setting::InHospital,
        excess,
        anchored: false,
    };
    Ok((event, PiecewiseHazard::new(&knots, &rates), text.per_unit_of_risk))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{scenario::text::Named, units::Days};

    #[test]
    fn the_hazard_gives_the_risk_by_its_day() {
        let text = EventText {
            label: None,
            risk: 0.2,
            by: Days(10.0),
            from: Some(Days(2.0)),
            until: None,
            per_unit_of_risk: 0.0,
            multiplies: Named::default(),
        };
        let (_, hazard, _) = added("arrest", &text, &[]).unwrap();
        assert_eq!(hazard.cumulative(2.0), 0.0);
        assert!((1.0 - libm::exp(-hazard.cumulative(10.0)) - 0.2).abs() < 1e-12);
        let never = EventText { from: Some(Days(12.0)), ..text };
        assert!(added("arrest", &never, &[]).is_err());
    }
}
