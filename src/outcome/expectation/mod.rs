//! What becomes of a patient on average: exact probabilities from the hazards, without simulation.
//!
//! # The closed form
//!
//! In hospital, event `e` has hazard `h_e(t)·[1 + Σ_j x_je]`, the sum over the complications `j` that
//! have started, `x_je = m_je − 1`. Complications start independently, with hazard `c_j(t)`. Because
//! their effects add, the probability of being alive in hospital is a product,
//!
//! ```text
//! P(t) = exp(−Σ_e H_e(t)) · Π_j (u_j + v_j),    e over deaths and discharge,
//! u_j  = exp(−C_j)                               complication j has not started
//! v_j' = c_j·u_j − k_j·v_j,  k_j = Σ_e x_je·h_e  it has, and its effect has not yet ended the stay
//! ```
//!
//! so a few numbers stand for the 2^J joint states. With `c` and `k` constant over a step `dt`,
//! `v ← v·exp(−k·dt) + u·c·[exp(−c·dt) − exp(−k·dt)]/(k − c)`. What is kept from step to step is
//! `w_j = v_j/(u_j + v_j)`, the probability that `j` has started in a patient still in hospital.
//!
//! An end point that is the first of some events, complications among them, is the same product with
//! `u_j` alone for the complications that end it.
//!
//! # Inside a step
//!
//! The time spent in hospital, `∫P`, and the part of it without complication `j`, `∫(1 − w_j)·P`, are
//! taken as if both fell exponentially between their two exact ends; then they are scaled so that what
//! leaves is what `P` lost.

mod abreast;

pub use abreast::{ABREAST, Abreast};

use super::events::{EventKind, Events, Setting};
use super::exponential::{exp, exp_each, ln_each};
use super::hazard::Regime;

/// An end point as the first of some events.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstOf {
    /// For each event of the population, whether it counts.
    pub events: Vec<bool>,
    pub at_switch: AtSwitch,
}

/// What the switch of a path, a bail-out, is to an end point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtSwitch {
    /// Nothing: what happens afterwards counts as before.
    #[default]
    GoesOn,
    /// It counts as the end point.
    Counts,
    /// It ends the watch: what happens afterwards does not count.
    Ends,
}

/// Which regimes a patient lives under: `before`, and from day `switch.0` on the one at `switch.1`.
///
/// The switch happens to patients then alive in hospital. Those discharged earlier keep `before`.
/// Both regimes run on the clock of day 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    pub before: usize,
    pub switch: Option<(f64, usize)>,
}

impl Path {
    /// One regime throughout.
    pub fn of(regime: usize) -> Self {
        Self { before: regime, switch: None }
    }
}

/// Days on which the quadrature steps at least; finer where hazards are high.
const STEPS: [f64; 24] = [
    0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0, 11.0, 14.0, 18.0, 24.0, 30.0, 37.0, 45.0, 60.0,
    90.0, 120.0, 180.0, 240.0, 300.0,
];

/// Below this probability of being in hospital, what still happens there is ignored.
const NOBODY: f64 = 1e-10;

/// Deaths and discharge in hospital that one population may have; they are kept on the stack.
const MOST_LEAVING: usize = 16;

/// Everything that does not depend on the patient, prepared once.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    events: usize,
    /// Deaths and discharge in hospital, and discharge itself.
    leaving: Vec<usize>,
    discharge: Vec<bool>,
    late: Vec<usize>,
    complications: Vec<Complication>,
    /// Ends of the steps; the first step begins on day 0.
    ends: Vec<f64>,
    /// The day recorded at the end of each step, if any.
    recorded: Vec<Option<usize>>,
    days: Vec<f64>,
    /// Hazards by regime, class, step and event.
    tables: Vec<f64>,
    classes: usize,
    first_of: Vec<FirstOf>,
    /// The events of an end point that is a death of some kind, whatever is received: those who have had it
    /// have died in the process of everybody, which need not be followed again.
    deaths_alone: Vec<Option<Vec<usize>>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Complication {
    event: usize,
    /// Position in `leaving` and `m − 1` of each event it changes.
    excess: Vec<(usize, f64)>,
}

/// What is expected of one patient, or of the average of some, on each of the chosen days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    pub days: Vec<f64>,
    pub alive: Vec<f64>,
    pub in_hospital: Vec<f64>,
    /// Discharged and alive.
    pub home: Vec<f64>,
    /// By event, then day: the probability that it has happened.
    pub happened: Vec<Vec<f64>>,
    /// By end point, then day: the probability that the first of its events has happened.
    pub first_of: Vec<Vec<f64>>,
    /// How many patients, or what weight, stand behind a sum; 1 for one patient.
    pub weight: f64,
}

/// Patients as expectations need them: a class, and a rate for every event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patients {
    /// By patient, then event.
    pub rates: Vec<f64>,
    pub class: Vec<usize>,
}

impl Patients {
    /// How many patients there are.
    pub fn len(&self) -> usize {
        self.class.len()
    }

    pub fn is_empty(&self) -> bool {
        self.class.is_empty()
    }

    /// The rates of one patient.
    pub fn rates(&self, patient: usize) -> &[f64] {
        let events = self.rates.len() / self.class.len();
        &self.rates[patient * events..(patient + 1) * events]
    }
}

/// Scratch numbers of one thread.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Probability that a complication has started, given in hospital: at the start and end of a step.
    w0: Vec<f64>,
    w1: Vec<f64>,
    /// Factor of `P` over the step that a complication brings, its logarithm, and `exp(−c·dt)`.
    factor: Vec<f64>,
    log_factor: Vec<f64>,
    unstarted: Vec<f64>,
    /// `exp(−k·dt)`.
    unharmed: Vec<f64>,
    /// `c·dt` and `k·dt`.
    onset: Vec<f64>,
    harm: Vec<f64>,
    /// Time in hospital before a complication starts, over the step.
    without: Vec<f64>,
    hazard: Vec<f64>,
    happened: Vec<f64>,
    tracks: Vec<Track>,
    course: Course,
}

/// One process: everything, or what is left before the first of some events.
#[derive(Clone, Debug, Default)]
struct Track {
    in_hospital: f64,
    /// Discharged alive, living under the regime before and after the switch.
    home: [f64; 2],
    happened: f64,
}

impl Workspace {
    /// The course worked out last.
    pub fn last(&self) -> &Course {
        &self.course
    }
}

impl Expectation {
    /// Prepares expectations under `regimes` on `days` (rising, above 0) and for end points `first_of`.
    ///
    /// Panics if a complication changes anything but deaths and discharge in hospital: then the product
    /// above does not hold.
    pub fn new(events: &Events, regimes: &[&Regime], days: &[f64], first_of: &[FirstOf]) -> Self {
        Self::with_steps(events, regimes, days, first_of, &STEPS)
    }

    /// The same with other days to step on, to see how little they matter.
    pub fn with_steps(
        events: &Events,
        regimes: &[&Regime],
        days: &[f64],
        first_of: &[FirstOf],
        steps: &[f64],
    ) -> Self {
        assert!(
            days.windows(2).all(|d| d[0] < d[1]) && days.first().is_some_and(|d| *d > 0.0),
            "days rise from above 0"
        );
        let in_hospital = |i: &usize| events.list[*i].setting == Setting::InHospital;
        let leaving: Vec<usize> = (0..events.len())
            .filter(|i| in_hospital(i) && events.list[*i].kind != EventKind::Complication)
            .collect();
        assert!(
            leaving.len() <= MOST_LEAVING,
            "at most {MOST_LEAVING} kinds of death and discharge in hospital"
        );
        let late: Vec<usize> = (0..events.len()).filter(|i| !in_hospital(i)).collect();
        assert!(
            late.iter().all(|&i| events.list[i].kind == EventKind::Death),
            "only deaths happen after discharge"
        );
        let complications = events
            .of_kind(EventKind::Complication)
            .map(|event| {
                let place =
                    |e: usize| leaving.iter().position(|&l| l == e).expect("a complication changes leaving");
                let excess = events.list[event].excess.iter().map(|&(e, x)| (place(e), x)).collect();
                Complication { event, excess }
            })
            .collect();
        let last = days[days.len() - 1];
        let knots = regimes.iter().flat_map(|r| {
            (0..r.events()).flat_map(move |e| (0..r.classes()).flat_map(move |c| r.hazard(e, c).knots()))
        });
        let mut ends: Vec<f64> = knots.chain(steps.iter().copied()).chain(days.iter().copied()).collect();
        ends.retain(|t| *t > 0.0 && *t <= last);
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        let classes = regimes.iter().map(|r| r.classes()).max().unwrap_or(0);
        assert!(
            regimes.iter().all(|r| r.classes() == classes && r.events() == events.len()),
            "regimes of one population"
        );
        let table = |regime: &&Regime| {
            let mut hazards = Vec::with_capacity(classes * ends.len() * events.len());
            for class in 0..classes {
                let mut start = 0.0;
                for &end in &ends {
                    hazards.extend((0..events.len()).map(|e| regime.hazard(e, class).at(start)));
                    start = end;
                }
            }
            hazards
        };
        Self {
            events: events.len(),
            discharge: leaving.iter().map(|&e| events.list[e].kind == EventKind::Discharge).collect(),
            leaving,
            late,
            complications,
            recorded: ends.iter().map(|t| days.iter().position(|d| d == t)).collect(),
            tables: regimes.iter().flat_map(table).collect(),
            ends,
            days: days.to_vec(),
            classes,
            first_of: first_of.to_vec(),
            deaths_alone: first_of.iter().map(|end_point| deaths_alone(events, end_point)).collect(),
        }
    }

    /// What is left without the hazards: two of these alike treat alike regimes alike.
    pub fn but_for_regimes(&self) -> Self {
        Self { tables: Vec::new(), ..self.clone() }
    }

    /// The days a course is reported on.
    pub fn days(&self) -> &[f64] {
        &self.days
    }

    /// How many classes of patients the regimes know.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Days on which to report a curve that is to be integrated: the steps of the quadrature.
    pub fn natural_days(horizon: f64) -> Vec<f64> {
        let mut days: Vec<f64> = STEPS.iter().copied().filter(|&t| t > 0.0 && t < horizon).collect();
        days.push(horizon);
        days
    }

    /// A course of zeros, to add patients to.
    pub fn nobody(&self) -> Course {
        let zeros = || vec![0.0; self.days.len()];
        Course {
            days: self.days.clone(),
            alive: zeros(),
            in_hospital: zeros(),
            home: zeros(),
            happened: (0..self.events).map(|_| zeros()).collect(),
            first_of: self.first_of.iter().map(|_| zeros()).collect(),
            weight: 0.0,
        }
    }

    /// Room for one thread.
    pub fn workspace(&self) -> Workspace {
        let zeros = || vec![0.0; self.complications.len()];
        Workspace {
            w0: zeros(),
            w1: zeros(),
            factor: zeros(),
            log_factor: zeros(),
            unstarted: zeros(),
            unharmed: zeros(),
            onset: zeros(),
            harm: zeros(),
            without: zeros(),
            hazard: vec![0.0; self.events],
            happened: vec![0.0; self.events],
            tracks: vec![Track::default(); 1 + self.first_of.len()],
            course: self.nobody(),
        }
    }

    /// The course of one patient of a class, with the rate of every event, along a path of regimes.
    pub fn course<'w>(
        &self,
        path: Path,
        class: usize,
        rates: &[f64],
        space: &'w mut Workspace,
    ) -> &'w Course {
        self.course_under(path, class, [rates; 2], space)
    }

    /// The same with rates of their own before and after the switch.
    pub fn course_under<'w>(
        &self,
        path: Path,
        class: usize,
        rates: [&[f64]; 2],
        space: &'w mut Workspace,
    ) -> &'w Course {
        space.w0.fill(0.0);
        space.happened.fill(0.0);
        space.tracks.fill(Track { in_hospital: 1.0, ..Track::default() });
        let mut regime = [path.before; 2];
        let mut switched = false;
        let mut start = 0.0;
        for (step, &end) in self.ends.iter().enumerate() {
            if let Some((day, after)) = path.switch
                && !switched
                && day < end
            {
                if day > start {
                    self.step(space, rates, class, step, day - start, regime, switched);
                    start = day;
                }
                regime[1] = after;
                switched = true;
                for (end_point, track) in self.first_of.iter().zip(&mut space.tracks[1..]) {
                    if end_point.at_switch == AtSwitch::Counts {
                        track.happened += track.in_hospital;
                    }
                    if end_point.at_switch != AtSwitch::GoesOn {
                        track.in_hospital = 0.0;
                    }
                }
            }
            self.step(space, rates, class, step, end - start, regime, switched);
            start = end;
            if let Some(day) = self.recorded[step] {
                let all = &space.tracks[0];
                let course = &mut space.course;
                course.in_hospital[day] = all.in_hospital;
                course.home[day] = all.home[0] + all.home[1];
                course.alive[day] = all.in_hospital + all.home[0] + all.home[1];
                for (out, x) in course.happened.iter_mut().zip(&space.happened) {
                    out[day] = *x;
                }
                for (out, track) in course.first_of.iter_mut().zip(&space.tracks[1..]) {
                    out[day] = track.happened;
                }
            }
        }
        space.course.weight = 1.0;
        &space.course
    }

    /// The summed courses of some patients on one path, each with a weight (1 without weights).
    pub fn sum(
        &self,
        path: Path,
        patients: &Patients,
        range: std::ops::Range<usize>,
        weights: Option<&[f64]>,
        space: &mut Abreast,
    ) -> Course {
        let mut sum = self.nobody();
        let weight = |patient: usize| weights.map_or(1.0, |w| w[patient]);
        let counted: Vec<usize> = range.filter(|&patient| weight(patient) != 0.0).collect();
        for some in counted.chunks(ABREAST) {
            for &patient in some {
                self.enter(path, patients.class[patient], [patients.rates(patient); 2], space);
            }
            self.walk(space);
            some.iter().enumerate().for_each(|(lane, &p)| space.add_to(&mut sum, lane, weight(p)));
        }
        sum
    }

    /// One step of constant hazards for every track. `regime` holds what those discharged before and
    /// after the switch live under; patients in hospital live under the second once `switched`.
    #[allow(clippy::too_many_arguments)]
    fn step(
        &self,
        space: &mut Workspace,
        rates: [&[f64]; 2],
        class: usize,
        step: usize,
        dt: f64,
        regime: [usize; 2],
        switched: bool,
    ) {
        let table = |regime: usize| {
            let row = ((regime * self.classes + class) * self.ends.len() + step) * self.events;
            &self.tables[row..row + self.events]
        };
        let late = |side: usize| {
            self.late.iter().map(|&e| rates[side][e] * table(regime[side])[e]).sum::<f64>() * dt
        };
        let late_before = late(0);
        let b = if switched { [late_before, late(1)] } else { [late_before; 2] };
        let survives = [exp(-b[0]), exp(-b[1])];
        let compartment = usize::from(switched);
        let here = table(regime[compartment]);
        for (h, (rate, shape)) in space.hazard.iter_mut().zip(rates[compartment].iter().zip(here)) {
            *h = rate * shape;
        }
        let h = &space.hazard;
        let somebody = space.tracks.iter().any(|t| t.in_hospital > NOBODY);
        let (mut exits, mut log_exits) = (1.0, 0.0);
        if somebody {
            log_exits = dt * self.leaving.iter().map(|&e| h[e]).sum::<f64>();
            exits = exp(-log_exits);
            for (j, complication) in self.complications.iter().enumerate() {
                let k = dt * complication.excess.iter().map(|&(l, x)| x * h[self.leaving[l]]).sum::<f64>();
                let c = dt * h[complication.event];
                space.onset[j] = c;
                space.harm[j] = k;
                space.unstarted[j] = -c;
                space.unharmed[j] = -k;
            }
            exp_each(&mut space.unstarted);
            exp_each(&mut space.unharmed);
            for j in 0..self.complications.len() {
                let (c, k, ec, ek) = (space.onset[j], space.harm[j], space.unstarted[j], space.unharmed[j]);
                let close = (k - c).abs() < 1e-6;
                let started = c * if close { ec * (1.0 - 0.5 * (k - c)) } else { (ec - ek) / (k - c) };
                let w = space.w0[j];
                let (u, v) = ((1.0 - w) * ec, w * ek + (1.0 - w) * started);
                space.factor[j] = u + v;
                space.w1[j] = v / (u + v);
            }
            ln_each(&space.factor, &mut space.log_factor);
        }
        for (which, track) in space.tracks.iter_mut().enumerate() {
            let end_point = which.checked_sub(1).map(|i| &self.first_of[i]);
            let ends_it = |event: usize| end_point.is_some_and(|p| p.events[event]);
            let mut inflow = 0.0;
            let mut a = 0.0;
            let mut stays = 1.0;
            let mut phi0 = 1.0;
            if track.in_hospital > NOBODY {
                (stays, a) = (exits, log_exits);
                for (j, complication) in self.complications.iter().enumerate() {
                    if ends_it(complication.event) {
                        stays *= space.unstarted[j];
                        a += space.onset[j];
                    } else {
                        stays *= space.factor[j];
                        a -= space.log_factor[j];
                    }
                }
                phi0 = phi(a, stays);
                let time = track.in_hospital * dt * phi0;
                // the part of that time in which complication j has not started: what falls is then
                // P·(1 − w), by exp(−c·dt) instead of j's factor
                for j in 0..self.complications.len() {
                    let start = track.in_hospital * (1.0 - space.w0[j]);
                    let ratio = stays * space.unstarted[j] / space.factor[j];
                    let a = a + space.onset[j] + space.log_factor[j];
                    space.without[j] = start * dt * phi(a, ratio);
                }
                // expected numbers, before scaling them to what the product lost
                let mut left = [0.0; MOST_LEAVING];
                for (l, &event) in self.leaving.iter().enumerate() {
                    left[l] = time * h[event];
                }
                let mut total: f64 = left.iter().sum();
                let mut onsets = 0.0;
                for (j, complication) in self.complications.iter().enumerate() {
                    if ends_it(complication.event) {
                        onsets += h[complication.event] * time;
                        continue;
                    }
                    if complication.excess.is_empty() {
                        continue;
                    }
                    let with = time - space.without[j];
                    for &(l, x) in &complication.excess {
                        let more = x * h[self.leaving[l]] * with;
                        left[l] += more;
                        total += more;
                    }
                }
                total += onsets;
                let lost = track.in_hospital * (1.0 - stays);
                let scale = if total > 0.0 { lost / total } else { 0.0 };
                for (l, &event) in self.leaving.iter().enumerate() {
                    let n = left[l] * scale;
                    if ends_it(event) {
                        track.happened += n;
                    } else if self.discharge[l] {
                        inflow += n;
                    }
                    if which == 0 {
                        space.happened[event] += n;
                    }
                }
                track.happened += onsets * scale;
                if which == 0 {
                    for (j, complication) in self.complications.iter().enumerate() {
                        space.happened[complication.event] +=
                            h[complication.event] * space.without[j] * scale;
                    }
                }
                track.in_hospital *= stays;
            }
            for side in 0..=compartment {
                let arriving = if side == compartment { inflow } else { 0.0 };
                let before = track.home[side] + arriving;
                let mut after = track.home[side] * survives[side];
                if arriving > 0.0 {
                    after += arriving * survives[side] * phi(a - b[side], stays / survives[side].max(1e-300))
                        / phi0;
                }
                track.home[side] = after;
                let died = before - after;
                if b[side] > 0.0 && died != 0.0 {
                    let there = table(regime[side]);
                    for &event in &self.late {
                        let share = died * rates[side][event] * there[event] * dt / b[side];
                        if ends_it(event) {
                            track.happened += share;
                        }
                        if which == 0 {
                            space.happened[event] += share;
                        }
                    }
                }
            }
        }
        if somebody {
            std::mem::swap(&mut space.w0, &mut space.w1);
        }
    }
}

/// The events of an end point if they are all deaths, and a switch is nothing to it.
fn deaths_alone(events: &Events, end_point: &FirstOf) -> Option<Vec<usize>> {
    let counted: Vec<usize> = (0..events.len()).filter(|&e| end_point.events[e]).collect();
    let deaths = counted.iter().all(|&e| events.list[e].kind == EventKind::Death);
    (deaths && end_point.at_switch == AtSwitch::GoesOn).then_some(counted)
}

/// `∫₀¹ e^(−a·s) ds = (1 − r)/a`, given `r = e^(−a)`.
#[inline]
fn phi(a: f64, r: f64) -> f64 {
    if a.abs() < 1e-4 { 1.0 - a * (1.0 / 2.0 - a * (1.0 / 6.0)) } else { (1.0 - r) / a }
}

impl Course {
    /// Adds a patient, or a group, with a weight.
    pub fn add(&mut self, other: &Course, weight: f64) {
        let sum = |a: &mut Vec<f64>, b: &Vec<f64>| a.iter_mut().zip(b).for_each(|(a, b)| *a += weight * b);
        sum(&mut self.alive, &other.alive);
        sum(&mut self.in_hospital, &other.in_hospital);
        sum(&mut self.home, &other.home);
        self.happened.iter_mut().zip(&other.happened).for_each(|(a, b)| sum(a, b));
        self.first_of.iter_mut().zip(&other.first_of).for_each(|(a, b)| sum(a, b));
        self.weight += weight * other.weight;
    }

    /// All curves, in the order they are declared.
    fn curves(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
        let curves = [&mut self.alive, &mut self.in_hospital, &mut self.home].into_iter();
        curves.chain(&mut self.happened).chain(&mut self.first_of)
    }

    /// Turns a weighted sum into a mean.
    pub fn mean(mut self) -> Self {
        let scale = 1.0 / self.weight;
        self.curves().for_each(|curve| curve.iter_mut().for_each(|x| *x *= scale));
        self.weight = 1.0;
        self
    }

    /// Probability of death by the day at position `day`.
    pub fn death(&self, day: usize) -> f64 {
        1.0 - self.alive[day]
    }

    /// Position of a day.
    pub fn day(&self, day: f64) -> Option<usize> {
        self.days.iter().position(|d| *d == day)
    }
}
