//! The course of a patient: events resolved in order of time.
//!
//! Each event of each patient has one unit exponential, its luck. The event happens when its
//! cumulative hazard reaches that number. When one event changes the hazard of another, only that
//! other is resolved again, from the luck it has left.

use super::{
    events::{EventKind, Events, Setting},
    hazard::{PiecewiseHazard, Regime},
};
use crate::{
    cohort::Cohort,
    random::{Purpose, Stream},
};

/// The most events a population may have, bail-outs included.
pub const MOST_EVENTS: usize = 24;

/// A change to the treatment of another arm, at a hazard of its own, while in hospital.
#[derive(Clone, Debug, PartialEq)]
pub struct BailOut {
    /// Index of the arm whose effects hold from then on.
    pub to: usize,
    /// Hazard per day in a patient of rate 1.
    pub hazard: PiecewiseHazard,
    /// The event whose rate in the patient the hazard follows, and the power of it.
    pub follows: (usize, f64),
}

/// What an arm does to a patient who receives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Treatment {
    pub regime: Regime,
    pub bail_outs: Vec<BailOut>,
    /// Arms received instead from the start, each by a share of the patients assigned here.
    pub instead: Vec<(usize, f64)>,
}

/// The events of a population under the arms of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub events: Events,
    pub treatments: Vec<Treatment>,
    /// Nothing is followed beyond this day since randomisation.
    pub horizon: f64,
}

/// A patient's own constants: the rate of each event, and the class that fixes the shapes in time.
#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    pub rates: &'a [f64],
    pub class: usize,
}

/// The streams of one replicate that decide the course.
#[derive(Clone, Debug)]
pub struct Luck {
    events: Vec<Stream>,
    bail_outs: Vec<Stream>,
    adherence: Stream,
}

impl Luck {
    /// The luck of every event and arm, for one replicate.
    pub fn new(seed: u64, replicate: u64, events: &[Purpose], arms: &[Purpose]) -> Self {
        let stream = |&purpose: &Purpose| Stream::new(seed, replicate, purpose);
        Luck {
            events: events.iter().map(stream).collect(),
            bail_outs: arms.iter().map(stream).collect(),
            adherence: stream(&Purpose::ADHERENCE),
        }
    }

    /// Moves to another replicate, without allocating.
    pub fn move_to(&mut self, seed: u64, replicate: u64, events: &[Purpose], arms: &[Purpose]) {
        let stream = |&purpose: &Purpose| Stream::new(seed, replicate, purpose);
        self.events.clear();
        self.events.extend(events.iter().map(stream));
        self.bail_outs.clear();
        self.bail_outs.extend(arms.iter().map(stream));
        self.adherence = stream(&Purpose::ADHERENCE);
    }
}

/// One event still to come, as it stands at some moment.
#[derive(Clone, Copy)]
struct Pending {
    /// Uniform number behind the luck; the luck itself is `−ln u`, taken only when needed.
    uniform: f64,
    /// Luck used up before `since`.
    used: f64,
    /// The moment from which the present hazard holds.
    since: f64,
    /// Factor on the patient's rate from complications that have started.
    factor: f64,
    /// When it will happen as things stand; infinite if not by the horizon or not possible now.
    at: f64,
    /// Whether it can happen in the patient's present setting and has not yet.
    open: bool,
}

impl Pending {
    const NEVER: Pending =
        Pending { uniform: 1.0, used: 0.0, since: 0.0, factor: 1.0, at: f64::INFINITY, open: false };

    fn open(uniform: f64, since: f64) -> Self {
        Pending { uniform, used: 0.0, since, factor: 1.0, at: f64::INFINITY, open: true }
    }

    /// Finds when the event happens if nothing changes any more.
    #[inline]
    fn resolve(&mut self, rate: f64, hazard: &PiecewiseHazard, horizon: f64) {
        let rate = rate * self.factor;
        let start = hazard.cumulative(self.since);
        let most = rate * (hazard.cumulative(horizon) - start) + self.used;
        // −ln u ≥ 1 − u, so most events that will not happen are seen without a logarithm.
        if 1.0 - self.uniform > most {
            self.at = f64::INFINITY;
            return;
        }
        let left = -libm::log(self.uniform) - self.used;
        self.at = if left > most - self.used { f64::INFINITY } else { hazard.inverse(start + left / rate) };
    }

    /// Uses up the luck spent between `since` and `now`.
    #[inline]
    fn advance(&mut self, now: f64, rate: f64, hazard: &PiecewiseHazard) {
        self.used += rate * self.factor * (hazard.cumulative(now) - hazard.cumulative(self.since));
        self.since = now;
    }
}

impl Course {
    /// The random purpose of each event, in order.
    pub fn event_purposes(&self) -> Vec<Purpose> {
        self.events.list.iter().map(|e| Purpose::event(&e.name)).collect()
    }

    /// Follows patients `from..` of `cohort` and appends their event times.
    pub fn follow<'a>(
        &self,
        cohort: &mut Cohort,
        from: usize,
        luck: &Luck,
        patient: impl Fn(u32) -> Patient<'a>,
    ) {
        for i in from..cohort.len() {
            let place = cohort.place[i];
            let arm = self.received_from_start(usize::from(cohort.assigned[i]), luck.adherence.uniform(place));
            cohort.received.push(arm as u8);
            let (time, change) = self.follow_one(patient(cohort.row[i]), arm, place, luck);
            for (column, t) in cohort.events.iter_mut().zip(time) {
                column.push(t);
            }
            cohort.bailed_out.push(change.0);
            cohort.bailed_out_to.push(change.1);
        }
    }

    /// The arm whose treatment a patient of `assigned` gets from the start.
    fn received_from_start(&self, assigned: usize, uniform: f64) -> usize {
        let mut below = 0.0;
        for &(arm, share) in &self.treatments[assigned].instead {
            below += share;
            if uniform < below {
                return arm;
            }
        }
        assigned
    }

    /// Event times of one patient, and the day and arm of a bail-out.
    fn follow_one(&self, patient: Patient, arm: usize, place: u64, luck: &Luck) -> ([f64; MOST_EVENTS], (f64, u8)) {
        let events = &self.events.list;
        let n = events.len();
        let bail_outs = &self.treatments[arm].bail_outs;
        let mut regime = &self.treatments[arm].regime;
        let mut happened = [f64::INFINITY; MOST_EVENTS];
        let mut pending = [Pending::NEVER; MOST_EVENTS];
        let mut change = (f64::INFINITY, arm as u8);
        for e in 0..n {
            if events[e].setting == Setting::InHospital && patient.rates[e] > 0.0 {
                pending[e] = Pending::open(luck.events[e].uniform(place), 0.0);
                pending[e].resolve(patient.rates[e], regime.hazard(e, patient.class), self.horizon);
            }
        }
        for (b, bail_out) in bail_outs.iter().enumerate() {
            pending[n + b] = Pending::open(luck.bail_outs[bail_out.to].uniform(place), 0.0);
            pending[n + b].resolve(bail_out_rate(bail_out, patient), &bail_out.hazard, self.horizon);
        }
        let all = n + bail_outs.len();
        loop {
            let (mut e, mut now) = (0, f64::INFINITY);
            for (candidate, p) in pending[..all].iter().enumerate() {
                if p.at < now {
                    (e, now) = (candidate, p.at);
                }
            }
            if now > self.horizon {
                return (happened, change);
            }
            pending[e] = Pending::NEVER;
            if e >= n {
                let to = bail_outs[e - n].to;
                change = (now, to as u8);
                pending[n..all].fill(Pending::NEVER);
                let new = &self.treatments[to].regime;
                for f in 0..n {
                    if pending[f].open {
                        pending[f].advance(now, patient.rates[f], regime.hazard(f, patient.class));
                        pending[f].resolve(patient.rates[f], new.hazard(f, patient.class), self.horizon);
                    }
                }
                regime = new;
                continue;
            }
            happened[e] = now;
            match events[e].kind {
                EventKind::Death => return (happened, change),
                EventKind::Discharge => {
                    pending[..all].fill(Pending::NEVER);
                    for f in 0..n {
                        if events[f].setting == Setting::AfterDischarge && patient.rates[f] > 0.0 {
                            pending[f] = Pending::open(luck.events[f].uniform(place), now);
                            pending[f].resolve(patient.rates[f], regime.hazard(f, patient.class), self.horizon);
                        }
                    }
                }
                EventKind::Complication => {
                    for &(f, excess) in &events[e].excess {
                        if pending[f].open {
                            let hazard = regime.hazard(f, patient.class);
                            pending[f].advance(now, patient.rates[f], hazard);
                            pending[f].factor += excess;
                            pending[f].resolve(patient.rates[f], hazard, self.horizon);
                        }
                    }
                }
            }
        }
    }
}

/// A patient's rate of bail-out: the rate of the event it follows, to a power.
pub fn bail_out_rate(bail_out: &BailOut, patient: Patient) -> f64 {
    let (event, power) = bail_out.follows;
    if power == 0.0 { 1.0 } else { libm::pow(patient.rates[event], power) }
}
