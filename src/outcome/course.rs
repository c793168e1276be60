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
    /// Events that can happen in hospital.
    in_hospital: Vec<usize>,
    /// Events that can happen after discharge.
    after_discharge: Vec<usize>,
    /// Integral of each relative hazard up to the horizon, by treatment, event and class.
    most: Vec<Vec<f64>>,
}

/// A patient's own constants: the rate of each event, and the class that fixes the shapes in time.
#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    pub rates: &'a [f64],
    pub class: usize,
}

/// The streams of one replicate that decide the course.
#[derive(Clone, Debug, Default)]
pub struct Luck {
    events: Vec<Stream>,
    bail_outs: Vec<Stream>,
    adherence: Stream,
}

impl Luck {
    /// Moves to the luck of every event and arm in one replicate, without allocating.
    pub fn move_to(&mut self, seed: u64, replicate: u64, events: &[Purpose], arms: &[Purpose]) {
        let stream = |&purpose: &Purpose| Stream::new(seed, replicate, purpose);
        self.events.clear();
        self.events.extend(events.iter().map(stream));
        self.bail_outs.clear();
        self.bail_outs.extend(arms.iter().map(stream));
        self.adherence = stream(&Purpose::ADHERENCE);
    }
}

/// The events still to come, as they stand at some moment, column by column.
///
/// Only entries that are open mean anything; the rest is never read.
struct Pending {
    /// When each that is coming will happen as things stand.
    at: [f64; MOST_EVENTS],
    /// Uniform number behind the luck; the luck itself is `−ln u`, taken only when needed.
    uniform: [f64; MOST_EVENTS],
    /// Luck used up before `since`.
    used: [f64; MOST_EVENTS],
    /// The moment from which the present hazard holds.
    since: [f64; MOST_EVENTS],
    /// Factor on the patient's rate from complications that have started.
    factor: [f64; MOST_EVENTS],
    /// One bit for each event that can happen in the patient's present setting and has not yet.
    open: u32,
    /// One bit for each open event that will happen by the horizon as things stand.
    coming: u32,
}

impl Pending {
    fn new() -> Self {
        let zero = [0.0; MOST_EVENTS];
        Pending { at: zero, uniform: zero, used: zero, since: zero, factor: zero, open: 0, coming: 0 }
    }

    fn is_open(&self, e: usize) -> bool {
        self.open >> e & 1 == 1
    }

    fn close(&mut self, e: usize) {
        self.open &= !(1 << e);
        self.coming &= !(1 << e);
    }

    fn close_all(&mut self) {
        (self.open, self.coming) = (0, 0);
    }

    /// Makes event `e` possible from `now`; `most` is the integral of its relative hazard to the horizon.
    #[inline]
    fn begin(&mut self, e: usize, uniform: f64, now: f64, rate: f64, hazard: &PiecewiseHazard, most: f64) {
        self.open |= 1 << e;
        (self.uniform[e], self.used[e], self.since[e], self.factor[e]) = (uniform, 0.0, now, 1.0);
        self.resolve(e, rate, hazard, most);
    }

    /// Finds when event `e` happens if nothing changes any more.
    #[inline]
    fn resolve(&mut self, e: usize, rate: f64, hazard: &PiecewiseHazard, most: f64) {
        let rate = rate * self.factor[e];
        let start = if self.since[e] > 0.0 { hazard.cumulative(self.since[e]) } else { 0.0 };
        let ahead = rate * (most - start);
        // −ln u ≥ 1 − u, so most events that will not happen are seen without a logarithm.
        if 1.0 - self.uniform[e] > ahead + self.used[e] {
            self.coming &= !(1 << e);
            return;
        }
        let left = -libm::log(self.uniform[e]) - self.used[e];
        if left > ahead {
            self.coming &= !(1 << e);
        } else {
            self.coming |= 1 << e;
            self.at[e] = hazard.inverse(start + left / rate);
        }
    }

    /// Uses up the luck of event `e` spent between `since` and `now`.
    #[inline]
    fn advance(&mut self, e: usize, now: f64, rate: f64, hazard: &PiecewiseHazard) {
        self.used[e] += rate * self.factor[e] * (hazard.cumulative(now) - hazard.cumulative(self.since[e]));
        self.since[e] = now;
    }

    /// The next event and its time, the first of the list where two fall together; infinite if none comes.
    #[inline]
    fn next(&self) -> (usize, f64) {
        let (mut e, mut now) = (0, f64::INFINITY);
        let mut left = self.coming;
        while left != 0 {
            let candidate = left.trailing_zeros() as usize;
            left &= left - 1;
            if self.at[candidate] < now {
                (e, now) = (candidate, self.at[candidate]);
            }
        }
        (e, now)
    }
}

impl Course {
    /// A course under some treatments, followed up to `horizon` days.
    pub fn new(events: Events, treatments: Vec<Treatment>, horizon: f64) -> Self {
        let in_setting = |setting| {
            let inside = |e: &usize| events.list[*e].setting == setting;
            (0..events.len()).filter(inside).collect::<Vec<usize>>()
        };
        let (in_hospital, after_discharge) =
            (in_setting(Setting::InHospital), in_setting(Setting::AfterDischarge));
        let most = treatments
            .iter()
            .map(|t| {
                let classes = t.regime.classes();
                let cell = |i: usize| t.regime.hazard(i / classes, i % classes).cumulative(horizon);
                (0..events.len() * classes).map(cell).collect()
            })
            .collect();
        Course { events, treatments, horizon, in_hospital, after_discharge, most }
    }

    /// Integral of the relative hazard of `event` to the horizon.
    #[inline]
    fn most(&self, arm: usize, event: usize, class: usize) -> f64 {
        self.most[arm][event * self.treatments[arm].regime.classes() + class]
    }

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
        let mut pending = Pending::new();
        for i in from..cohort.len() {
            let place = cohort.place[i];
            let arm =
                self.received_from_start(usize::from(cohort.assigned[i]), luck.adherence.uniform(place));
            cohort.received.push(arm as u8);
            let (time, change) = self.follow_one(patient(cohort.row[i]), arm, place, luck, &mut pending);
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
    fn follow_one(
        &self,
        patient: Patient,
        arm: usize,
        place: u64,
        luck: &Luck,
        pending: &mut Pending,
    ) -> ([f64; MOST_EVENTS], (f64, u8)) {
        let events = &self.events.list;
        let n = events.len();
        let (class, rates) = (patient.class, patient.rates);
        let bail_outs = &self.treatments[arm].bail_outs;
        let all = n + bail_outs.len();
        let mut now_in = arm;
        let mut happened = [f64::INFINITY; MOST_EVENTS];
        pending.close_all();
        let mut change = (f64::INFINITY, arm as u8);
        let regime = &self.treatments[arm].regime;
        for &e in &self.in_hospital {
            if rates[e] > 0.0 {
                let uniform = luck.events[e].uniform(place);
                pending.begin(e, uniform, 0.0, rates[e], regime.hazard(e, class), self.most(arm, e, class));
            }
        }
        for (b, bail_out) in bail_outs.iter().enumerate() {
            let uniform = luck.bail_outs[bail_out.to].uniform(place);
            let most = bail_out.hazard.cumulative(self.horizon);
            // A rate below 1 is below 1 to any power, so most patients need none.
            if rates[bail_out.follows.0] < 1.0 && 1.0 - uniform > most {
                continue;
            }
            pending.begin(n + b, uniform, 0.0, bail_out_rate(bail_out, patient), &bail_out.hazard, most);
        }
        loop {
            let (e, now) = pending.next();
            if now > self.horizon {
                return (happened, change);
            }
            pending.close(e);
            let regime = &self.treatments[now_in].regime;
            if e >= n {
                let to = bail_outs[e - n].to;
                change = (now, to as u8);
                (n..all).for_each(|b| pending.close(b));
                let new = &self.treatments[to].regime;
                for &f in &self.in_hospital {
                    if pending.is_open(f) {
                        pending.advance(f, now, rates[f], regime.hazard(f, class));
                        pending.resolve(f, rates[f], new.hazard(f, class), self.most(to, f, class));
                    }
                }
                now_in = to;
                continue;
            }
            happened[e] = now;
            match events[e].kind {
                EventKind::Death => return (happened, change),
                EventKind::Discharge => {
                    pending.close_all();
                    for &f in &self.after_discharge {
                        if rates[f] > 0.0 {
                            let uniform = luck.events[f].uniform(place);
                            let most = self.most(now_in, f, class);
                            pending.begin(f, uniform, now, rates[f], regime.hazard(f, class), most);
                        }
                    }
                }
                EventKind::Complication => {
                    for &(f, excess) in &events[e].excess {
                        if pending.is_open(f) {
                            let hazard = regime.hazard(f, class);
                            pending.advance(f, now, rates[f], hazard);
                            pending.factor[f] += excess;
                            pending.resolve(f, rates[f], hazard, self.most(now_in, f, class));
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
