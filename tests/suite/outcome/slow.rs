//! The slow twin: one patient at a time, from one event to the next.

use shocktrial::outcome::events::{EventKind, Events, Setting};
use shocktrial::outcome::hazard::Regime;
use shocktrial::random::{Purpose, Stream};

/// When each event happened to one simulated patient; infinite if it did not.
pub struct Life {
    pub time: Vec<f64>,
    /// When the patient switched, if alive in hospital then.
    pub switched: f64,
}

impl Life {
    /// When the first of some events happened.
    pub fn first(&self, of: &[bool], switch: bool) -> f64 {
        let events = self.time.iter().zip(of).filter(|(_, counts)| **counts).map(|(t, _)| *t);
        events.fold(if switch { self.switched } else { f64::INFINITY }, f64::min)
    }

    pub fn death(&self, events: &Events) -> f64 {
        let fatal: Vec<bool> = events.list.iter().map(|e| e.kind == EventKind::Death).collect();
        self.first(&fatal, false)
    }
}

/// Follows a patient to `horizon`: between two days on which a hazard changes, the time to the next event
/// is exponential and its kind is drawn in proportion to the hazards.
pub fn live(
    events: &Events,
    regimes: (&Regime, Option<(f64, &Regime)>),
    class: usize,
    rates: &[f64],
    horizon: f64,
    patient: u64,
) -> Life {
    let stream = Stream::new(5, patient, Purpose::named("slow twin"));
    let mut draws = 0;
    let mut uniform = || {
        draws += 1;
        stream.uniform(draws)
    };
    let n = events.len();
    let mut life = Life { time: vec![f64::INFINITY; n], switched: f64::INFINITY };
    let (mut t, mut home) = (0.0, false);
    let mut regime = regimes.0;
    while t < horizon {
        let mut next = horizon;
        for event in 0..n {
            next = regime.hazard(event, class).knots().filter(|k| *k > t).fold(next, f64::min);
        }
        let switch = regimes.1.filter(|(day, _)| *day >= t && !home && life.switched.is_infinite());
        if let Some((day, after)) = switch {
            if day == t {
                life.switched = t;
                regime = after;
                continue;
            }
            next = next.min(day);
        }
        let hazard: Vec<f64> = (0..n)
            .map(|e| {
                let event = &events.list[e];
                let here = (event.setting == Setting::AfterDischarge) == home;
                if !here || life.time[e].is_finite() {
                    return 0.0;
                }
                let excess: f64 = (0..n)
                    .filter(|j| life.time[*j].is_finite() && !home)
                    .flat_map(|j| events.list[j].excess.iter())
                    .filter(|(target, _)| *target == e)
                    .map(|(_, x)| x)
                    .sum();
                rates[e] * regime.hazard(e, class).at(t) * (1.0 + excess)
            })
            .collect();
        let total: f64 = hazard.iter().sum();
        let wait = -uniform().ln() / total;
        if total == 0.0 || t + wait >= next {
            t = next;
            continue;
        }
        t += wait;
        let mut left = uniform() * total;
        let mut e = 0;
        while left >= hazard[e] && e + 1 < n {
            left -= hazard[e];
            e += 1;
        }
        life.time[e] = t;
        match events.list[e].kind {
            EventKind::Death => break,
            EventKind::Discharge => home = true,
            EventKind::Complication => {}
        }
    }
    life
}
