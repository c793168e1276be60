//! The course of a patient: events resolved in order of time.
//!
//! Each event of each patient has one unit exponential, its luck. The event happens when its
//! cumulative hazard reaches that number. When one event changes the hazard of another, only that
//! other is resolved again, from the luck it has left.
//!
//! Patients are followed a batch at a time: first each event's day as if nothing else happened, a
//! column per event; then, patient by patient, the events that come, in order of time.

use super::{
    circumstances::{Circumstances, Factors},
    events::{EventKind, Events, Setting},
    exponential::{exp, ln_positive, luck_each},
    hazard::{self, Piece, PiecewiseHazard, Regime},
};
use crate::{
    cohort::Cohort,
    random::{Purpose, Stream},
};
use std::ops::Range;

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
    /// Whether the arm has an effect on each event (outer) in each class of patients (inner).
    pub affects: Vec<bool>,
}

/// The events of a population under the arms of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub events: Events,
    pub treatments: Vec<Treatment>,
    /// Nothing is followed beyond this day since randomisation.
    pub horizon: f64,
    /// What multiplies hazards of death by where and when patients are treated.
    pub circumstances: Circumstances,
    /// Events that can happen in hospital.
    in_hospital: Vec<usize>,
    /// Events that can happen after discharge.
    after_discharge: Vec<usize>,
    /// One bit for each event that cannot happen in hospital.
    elsewhere: u32,
    shapes: Shapes,
}

/// The relative hazards of all treatments, side by side in memory.
#[derive(Clone, Debug, PartialEq)]
struct Shapes {
    /// By event, treatment and class; all of an event have as many, the last ones out of reach.
    pieces: Vec<Piece>,
    /// By event: where its pieces begin, and how many each hazard has.
    events: Vec<(usize, usize)>,
    /// Integral up to the horizon, by event, treatment and class.
    most: Vec<f64>,
    treatments: usize,
    classes: usize,
}

impl Shapes {
    fn new(treatments: &[Treatment], events: usize, horizon: f64) -> Self {
        let classes = treatments.first().map_or(0, |t| t.regime.classes());
        let mut shapes = Shapes {
            pieces: Vec::new(),
            events: Vec::new(),
            most: Vec::new(),
            treatments: treatments.len(),
            classes,
        };
        // Never the piece of a day or an integral that is asked for.
        let beyond = Piece { knot: f64::INFINITY, rate: 0.0, cumulative: f64::INFINITY };
        for event in 0..events {
            let cells =
                || treatments.iter().flat_map(|t| (0..classes).map(move |c| t.regime.hazard(event, c)));
            let count = cells().map(|hazard| hazard.pieces().len()).max().unwrap_or(0);
            shapes.events.push((shapes.pieces.len(), count));
            for hazard in cells() {
                shapes.most.push(hazard.cumulative(horizon));
                let missing = count - hazard.pieces().len();
                let all = hazard.pieces().iter().copied().chain(std::iter::repeat_n(beyond, missing));
                shapes.pieces.extend(all);
            }
        }
        shapes
    }

    /// Integrals of the hazards of one event up to the horizon, by place.
    fn most(&self, event: usize) -> &[f64] {
        let size = self.treatments * self.classes;
        &self.most[event * size..(event + 1) * size]
    }

    /// The place of a treatment and class among the hazards of an event.
    fn place(&self, treatment: usize, class: usize) -> usize {
        treatment * self.classes + class
    }

    /// The pieces of the hazards of one event, place after place, and how many each has.
    #[inline]
    fn of(&self, event: usize) -> (&[Piece], usize) {
        let (first, count) = self.events[event];
        (&self.pieces[first..], count)
    }

    #[inline]
    fn pieces(&self, event: usize, place: usize) -> &[Piece] {
        let (pieces, count) = self.of(event);
        &pieces[place * count..][..count]
    }
}

/// A patient's own constants: the rate of each event, and the class that fixes the shapes in time.
#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    /// The rate of each event under the treatment now received.
    pub rates: &'a [f64],
    pub class: usize,
    /// Where circumstances make rates differ: the patient's own, then those under each arm. Else empty.
    pub by_arm: &'a [f64],
}

impl<'a> Patient<'a> {
    /// The rates of who the patient is, wherever he is treated.
    #[inline]
    pub fn own(&self) -> &'a [f64] {
        if self.by_arm.is_empty() { self.rates } else { &self.by_arm[..self.rates.len()] }
    }

    /// The rate of each event under the treatment of `arm`.
    #[inline]
    pub fn under(&self, arm: usize) -> &'a [f64] {
        let n = self.rates.len();
        if self.by_arm.is_empty() { self.rates } else { &self.by_arm[(arm + 1) * n..(arm + 2) * n] }
    }
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

/// Patients followed side by side: few enough for their numbers to stay in the nearest cache.
const BATCH: usize = 32;

/// One number for each patient of a batch.
type Column = [f64; BATCH];

/// What is known of the events of a batch; kept by a worker. By patient, then event, bail-outs last.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The luck `−ln u`, where it has been needed.
    luck: Vec<[f64; MOST_EVENTS]>,
    /// When each event that is coming will happen as things stand.
    at: Vec<[f64; MOST_EVENTS]>,
    /// One bit for each event whose luck is there.
    known: [u32; BATCH],
    /// One bit for each event that will happen by the horizon as things stand.
    coming: [u32; BATCH],
}

impl Default for Batch {
    fn default() -> Self {
        let table = || vec![[0.0; MOST_EVENTS]; BATCH];
        let bits = [0; BATCH];
        Batch { luck: table(), at: table(), known: bits, coming: bits }
    }
}

/// How far the luck of one patient's events has been used up under hazards that have changed since.
///
/// Entries mean something only where `changed` has a bit; everywhere else they are 0, 0 and 1.
struct Spent {
    changed: u32,
    /// Luck used up before the last change.
    used: [f64; MOST_EVENTS],
    /// Integral of the relative hazard up to the last change.
    start: [f64; MOST_EVENTS],
    /// Factor on the patient's rate from complications that have started.
    factor: [f64; MOST_EVENTS],
}

impl Spent {
    fn new() -> Self {
        let zero = [0.0; MOST_EVENTS];
        Spent { changed: 0, used: zero, start: zero, factor: zero }
    }

    /// Uses up the luck of event `e` since the last change, at the rate that held, until its integral is `end`.
    #[inline]
    fn use_up(&mut self, e: usize, rate: f64, end: f64) {
        if self.changed >> e & 1 == 0 {
            self.changed |= 1 << e;
            (self.used[e], self.start[e], self.factor[e]) = (0.0, 0.0, 1.0);
        }
        self.used[e] += rate * self.factor[e] * (end - self.start[e]);
        self.start[e] = end;
    }
}

/// The next of the events coming and its time, the first of the list where two fall together; infinite
/// if none comes.
#[inline]
fn next(mut coming: u32, at: &[f64; MOST_EVENTS]) -> (usize, f64) {
    let (mut e, mut now) = (0, f64::INFINITY);
    while coming != 0 {
        let candidate = coming.trailing_zeros() as usize & 31;
        coming &= coming - 1;
        if let Some(&t) = at.get(candidate)
            && t < now
        {
            (e, now) = (candidate, t);
        }
    }
    (e, now)
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
        let shapes = Shapes::new(&treatments, events.len(), horizon);
        let elsewhere = in_hospital.iter().fold(u32::MAX, |bits, e| bits & !(1 << e));
        let circumstances = Circumstances::default();
        Course { events, treatments, horizon, circumstances, in_hospital, after_discharge, elsewhere, shapes }
    }

    /// The hazard of death in each arm, where that is constant and all that can happen.
    pub fn constant_deaths(&self) -> Option<Vec<f64>> {
        // Every part is named, so that a new one cannot be forgotten here.
        let Course {
            events,
            treatments,
            horizon: _,
            circumstances,
            in_hospital,
            after_discharge: _,
            elsewhere: _,
            shapes: _,
        } = self;
        let death = circumstances.none()
            && in_hospital == &[0]
            && events.len() == 1
            && events.list[0].kind == EventKind::Death;
        let hazard = |t: &Treatment| {
            let Treatment { regime, bail_outs, instead, affects: _ } = t;
            let simple = death && bail_outs.is_empty() && instead.is_empty() && regime.classes() == 1;
            match regime.hazard(0, 0).pieces() {
                [piece] if simple && piece.rate > 0.0 => Some(piece.rate),
                _ => None,
            }
        };
        treatments.iter().map(hazard).collect()
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
        batch: &mut Batch,
        patient: impl Fn(u32) -> Patient<'a>,
    ) {
        let all = cohort.len();
        for i in from..all {
            let assigned = usize::from(cohort.assigned[i]);
            let arm = if self.treatments[assigned].instead.is_empty() {
                assigned
            } else {
                self.received_from_start(assigned, luck.adherence.uniform(cohort.place[i]))
            };
            cohort.received.push(arm as u8);
        }
        cohort.events.iter_mut().for_each(|column| column.resize(all, f64::INFINITY));
        cohort.bailed_out.resize(all, f64::INFINITY);
        cohort.bailed_out_to.extend_from_slice(&cohort.received[from..]);
        let mut by_arm = Vec::new();
        let mut start = from;
        while start < all {
            let end = all.min(start + BATCH);
            for &row in &cohort.row[end..all.min(end + BATCH)] {
                fetch(patient(row).rates);
            }
            let mut patients = [Patient { rates: &[], class: 0, by_arm: &[] }; BATCH];
            for (patients, &row) in patients.iter_mut().zip(&cohort.row[start..end]) {
                *patients = patient(row);
            }
            if let Some(factors) = cohort.factors.get(start..end) {
                by_arm.clear();
                for (patient, &factors) in patients.iter().zip(factors) {
                    self.rates_by_arm(*patient, factors, &mut by_arm);
                }
                let each = by_arm.len() / factors.len();
                for ((patient, own), &arm) in
                    patients.iter_mut().zip(by_arm.chunks(each)).zip(&cohort.received[start..end])
                {
                    patient.by_arm = own;
                    patient.rates = patient.under(usize::from(arm));
                }
            }
            self.follow_batch(cohort, start..end, &patients, luck, batch);
            start = end;
        }
    }

    /// Appends a patient's own rates, and those under each arm with what multiplies them where and when he is
    /// treated: what [`Patient::by_arm`] wants.
    pub fn rates_by_arm(&self, patient: Patient, factors: Factors, out: &mut Vec<f64>) {
        out.extend(patient.rates);
        for treatment in &self.treatments {
            let classes = treatment.regime.classes();
            out.extend(self.events.list.iter().zip(patient.rates).enumerate().map(|(e, (event, rate))| {
                match event.kind == EventKind::Death && event.anchored {
                    false => *rate,
                    true if treatment.affects[e * classes + patient.class] => {
                        rate * factors.death * factors.effect
                    }
                    true => rate * factors.death,
                }
            }));
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

    fn follow_batch(
        &self,
        cohort: &mut Cohort,
        range: Range<usize>,
        patients: &[Patient; BATCH],
        luck: &Luck,
        batch: &mut Batch,
    ) {
        let place = &cohort.place[range.clone()];
        let received = &cohort.received[range.clone()];
        let n = place.len();
        let mut cell = [0; BATCH];
        for i in 0..n {
            cell[i] = self.shapes.place(usize::from(received[i]), patients[i].class);
        }
        (batch.known, batch.coming) = ([0; BATCH], [0; BATCH]);
        for &e in &self.in_hospital {
            self.begin(e, place, patients, &cell, &luck.events[e], batch);
        }
        for (i, (&arm, patient)) in received.iter().zip(patients).enumerate() {
            self.begin_bail_outs(usize::from(arm), place[i], *patient, luck, batch, i);
        }
        for (i, patient) in patients[..n].iter().enumerate() {
            self.live(cohort, range.start + i, *patient, luck, batch, i);
        }
    }

    /// Makes event `e` possible from day 0 in all patients of a batch, and finds its day.
    fn begin(
        &self,
        e: usize,
        place: &[u64],
        patients: &[Patient; BATCH],
        cell: &[usize; BATCH],
        stream: &Stream,
        batch: &mut Batch,
    ) {
        let n = place.len();
        let most = self.shapes.most(e);
        let (pieces, count) = self.shapes.of(e);
        let (mut uniform, mut rate, mut ahead): (Column, Column, Column) = Default::default();
        stream.uniforms(place, &mut uniform[..n]);
        for ((patient, &cell), (rate, ahead)) in
            patients[..n].iter().zip(cell).zip(rate.iter_mut().zip(&mut ahead))
        {
            *rate = patient.rates[e];
            *ahead = *rate * most[cell];
        }
        // −ln u ≥ 1 − u, so most events that will not happen are seen without a logarithm.
        let (mut who, mut left) = ([0u8; BATCH], [0.5; BATCH]);
        let mut few = 0;
        for (i, (&uniform, &ahead)) in uniform[..n].iter().zip(&ahead).enumerate() {
            (who[few % BATCH], left[few % BATCH]) = (i as u8, uniform);
            few += usize::from(1.0 - uniform <= ahead);
        }
        luck_each(&mut left[..few]);
        for (&i, &left) in who[..few].iter().zip(&left) {
            let i = usize::from(i) % BATCH;
            batch.known[i] |= 1 << e;
            batch.luck[i][e] = left;
            if left <= ahead[i] {
                batch.coming[i] |= 1 << e;
                let pieces = &pieces[cell[i] * count..][..count];
                batch.at[i][e] = hazard::inverse(pieces, left / rate[i]);
            }
        }
    }

    /// Makes the bail-outs of a patient's arm possible from day 0, and finds their days.
    fn begin_bail_outs(
        &self,
        arm: usize,
        place: u64,
        patient: Patient,
        luck: &Luck,
        batch: &mut Batch,
        i: usize,
    ) {
        for (b, bail_out) in self.treatments[arm].bail_outs.iter().enumerate() {
            let e = self.events.len() + b;
            let uniform = luck.bail_outs[bail_out.to].uniform(place);
            let most = bail_out.hazard.cumulative(self.horizon);
            if 1.0 - uniform > most * bail_out.rate_at_most(patient) {
                continue;
            }
            let rate = bail_out_rate(bail_out, patient);
            let left = -ln_positive(uniform);
            if left <= rate * most {
                batch.coming[i] |= 1 << e;
                batch.at[i][e] = bail_out.hazard.inverse(left / rate);
            }
        }
    }

    /// Lets the events of patient `row` of the cohort, the `i`-th of the batch, happen in order of time.
    fn live(
        &self,
        cohort: &mut Cohort,
        row: usize,
        patient: Patient,
        luck: &Luck,
        batch: &mut Batch,
        i: usize,
    ) {
        let (events, n) = (&self.events.list, self.events.len());
        let (class, mut rates) = (patient.class, patient.rates);
        let arm = usize::from(cohort.received[row]);
        let mut cell = self.shapes.place(arm, class);
        let mut spent = Spent::new();
        let (mut coming, mut known) = (batch.coming[i], batch.known[i]);
        // Events that have happened or can no longer happen.
        let mut closed = self.elsewhere;
        let (at, luck_of) = (&mut batch.at[i], &mut batch.luck[i]);
        let place = cohort.place[row];
        // Finds when event `f` happens if nothing changes any more.
        let mut resolve =
            |f: usize, rates: &[f64], spent: &Spent, cell: usize, at: &mut [f64; MOST_EVENTS]| {
                let rate = rates[f] * spent.factor[f];
                let ahead = rate * (self.shapes.most(f)[cell] - spent.start[f]);
                if known >> f & 1 == 0 {
                    let uniform = luck.events[f].uniform(place);
                    if 1.0 - uniform > ahead + spent.used[f] {
                        return false;
                    }
                    known |= 1 << f;
                    luck_of[f] = -ln_positive(uniform);
                }
                let left = luck_of[f] - spent.used[f];
                if left > ahead {
                    return false;
                }
                at[f] = hazard::inverse(self.shapes.pieces(f, cell), spent.start[f] + left / rate);
                true
            };
        loop {
            let (e, now) = next(coming, at);
            if now > self.horizon {
                return;
            }
            closed |= 1 << e;
            coming &= !(1 << e);
            if e >= n {
                let to = self.treatments[arm].bail_outs[e - n].to;
                (cohort.bailed_out[row], cohort.bailed_out_to[row]) = (now, to as u8);
                coming &= (1 << n) - 1;
                let (new, new_rates) = (self.shapes.place(to, class), patient.under(to));
                for &f in self.in_hospital.iter().filter(|&&f| closed >> f & 1 == 0 && rates[f] > 0.0) {
                    spent.use_up(f, rates[f], hazard::cumulative(self.shapes.pieces(f, cell), now));
                    spent.start[f] = hazard::cumulative(self.shapes.pieces(f, new), now);
                    let comes = resolve(f, new_rates, &spent, new, at);
                    coming = coming & !(1 << f) | u32::from(comes) << f;
                }
                (cell, rates) = (new, new_rates);
                continue;
            }
            cohort.events[e][row] = now;
            match events[e].kind {
                EventKind::Death => return,
                EventKind::Discharge => {
                    coming = 0;
                    closed = u32::MAX;
                    for &f in self.after_discharge.iter().filter(|&&f| rates[f] > 0.0) {
                        spent.use_up(f, 0.0, hazard::cumulative(self.shapes.pieces(f, cell), now));
                        closed &= !(1 << f);
                        coming |= u32::from(resolve(f, rates, &spent, cell, at)) << f;
                    }
                }
                EventKind::Complication => {
                    let open = |f: usize| closed >> f & 1 == 0 && rates[f] > 0.0;
                    for &(f, excess) in events[e].excess.iter().filter(|(f, _)| open(*f)) {
                        spent.use_up(f, rates[f], hazard::cumulative(self.shapes.pieces(f, cell), now));
                        spent.factor[f] += excess;
                        let comes = resolve(f, rates, &spent, cell, at);
                        coming = coming & !(1 << f) | u32::from(comes) << f;
                    }
                }
            }
        }
    }
}

/// Tells the processor that these numbers will be read soon, so that they come from far memory meanwhile.
#[inline]
fn fetch(numbers: &[f64]) {
    #[cfg(target_arch = "x86_64")]
    for line in numbers.chunks(8) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing; the pointer is to a live slice anyway.
        unsafe { _mm_prefetch(line.as_ptr().cast::<i8>(), _MM_HINT_T0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}

impl BailOut {
    /// A bound of the patient's rate that needs no power: Bernoulli's `x^p ≤ 1 + p·(x − 1)`, and 1 below 1.
    fn rate_at_most(&self, patient: Patient) -> f64 {
        let (event, power) = self.follows;
        let x = patient.own()[event];
        if x <= 1.0 && power >= 0.0 {
            1.0
        } else if (0.0..=1.0).contains(&power) {
            1.0 + power * (x - 1.0) * (1.0 + 1e-12)
        } else {
            f64::INFINITY
        }
    }
}

/// A patient's rate of bail-out: the rate of the event it follows, to a power.
pub fn bail_out_rate(bail_out: &BailOut, patient: Patient) -> f64 {
    let (event, power) = bail_out.follows;
    match patient.own()[event] {
        _ if power == 0.0 => 1.0,
        0.0 => 0.0,
        rate => exp(power * ln_positive(rate)),
    }
}
