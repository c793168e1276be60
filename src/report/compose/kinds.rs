//! End points in words.

use super::protocol::length;
use crate::{
    outcome::{
        endpoint::Endpoint,
        events::EventKind,
        kinds::{AtDeath, Kind, Tier, UntilFree},
    },
    report::numbers::fixed,
    trial::Trial,
    units::Days,
};

/// What is observed in each patient; `events` lists those of the end point.
pub fn variable(trial: &Trial, endpoint: &Endpoint, events: &str) -> String {
    let measured = |index: usize| {
        let measurement = &trial.measurements[index];
        let unit =
            if measurement.unit.is_empty() { String::new() } else { format!(" ({})", measurement.unit) };
        format!("{}{unit}", measurement.label.to_lowercase())
    };
    let horizon = length(Days(endpoint.by));
    match &endpoint.kind {
        Kind::FirstOf => format!("the first of {events} within {horizon}"),
        Kind::Composite(composite) if composite.differs_by_arm() => {
            format!("the first of the arm's own list of events within {horizon}; in general {events}")
        }
        Kind::Composite(composite) => {
            let list = &trial.course.events.list;
            let shorter = composite.by_arm.iter().flat_map(|c| &c.events).filter(|(_, by)| *by < endpoint.by);
            let mut shorter: Vec<String> = shorter
                .map(|&(e, by)| format!("{} within {}", list[e].label.to_lowercase(), Days(by)))
                .collect();
            shorter.sort();
            shorter.dedup();
            let own =
                if shorter.is_empty() { String::new() } else { format!(", but {}", shorter.join(", ")) };
            let deaths = trial.course.events.of_kind(EventKind::Death).collect::<Vec<_>>();
            let ruled_out: Vec<String> = endpoint
                .ended_by
                .iter()
                .filter(|e| !deaths.contains(e))
                .map(|&e| list[e].label.to_lowercase())
                .collect();
            let own = if ruled_out.is_empty() {
                own
            } else {
                format!("{own}, unless {} came first", ruled_out.join(" or "))
            };
            let bail_out = composite.by_arm.iter().any(|c| c.bail_out.is_some());
            let bail_out = if bail_out { " or a change of treatment" } else { "" };
            format!("the first of {events}{bail_out} within {horizon}{own}")
        }
        Kind::Value(value) => {
            let what = if value.occasions.len() > 1 { "highest " } else { "" };
            let change = if value.change { ", change from baseline" } else { "" };
            let death = match value.at_death {
                AtDeath::LeftOut => "those who die before have none and are left out",
                AtDeath::Worst => "those who die before rank behind everybody",
            };
            format!("{what}{} by {horizon}{change}; {death}", measured(value.measurement))
        }
        Kind::Count(count) => {
            format!("{}, over the exposure of at most {}", measured(count.measurement), Days(count.by))
        }
        Kind::DaysFree(days) => {
            let after = match &days.after {
                UntilFree::Nothing => "randomisation".into(),
                UntilFree::Duration(index) => measured(*index),
                UntilFree::Events(list) => {
                    let labels: Vec<String> =
                        list.iter().map(|&e| trial.course.events.list[e].label.to_lowercase()).collect();
                    labels.join(" or ")
                }
            };
            let death = if days.until_death { "until death" } else { "none for those who die" };
            format!("days alive after {after}, of {} ({death})", fixed(days.by, 0))
        }
        Kind::Tiers(tiers) => {
            let name = |tier: &Tier| {
                let label = trial.endpoints[tier.endpoint()].label.to_lowercase();
                match tier {
                    Tier::Later(_) => format!("{label} (the later wins)"),
                    Tier::FreeOf(_) => format!("{label} (none wins)"),
                    Tier::Value(_) => format!("{label} (the better wins)"),
                }
            };
            tiers.iter().map(name).collect::<Vec<_>>().join(", then ")
        }
    }
}

/// Which direction is benefit.
pub fn benefit(endpoint: &Endpoint) -> &'static str {
    match (&endpoint.kind, endpoint.higher_is_better) {
        (Kind::Tiers(_), _) => "more pairs are won than lost",
        (Kind::FirstOf | Kind::Composite(_), true) => "the event happens more often",
        (Kind::FirstOf | Kind::Composite(_), false) => "the event happens less often",
        (_, true) => "the number is higher",
        (_, false) => "the number is lower",
    }
}
