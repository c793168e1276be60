//! The courses of many patients side by side: the same arithmetic as for one, a lane for each patient.
//!
//! Every lane has its own class, rates and day of a switch; all take the same steps. A step inside which
//! somebody switches is taken in two parts, of which the first or the second is empty for the others:
//! over no time nothing happens. It goes fastest when lanes that switch do so on days close together.

#![allow(clippy::needless_range_loop)] // several arrays are walked by one lane number

use super::{AtSwitch, Course, Expectation, NOBODY, Path};
use crate::{
    outcome::exponential::{exp, ln_positive},
    vector::vectorised,
};

/// Patients side by side.
pub const ABREAST: usize = 32;

type Lanes = [f64; ABREAST];
const ZEROS: Lanes = [0.0; ABREAST];

/// Room for [`ABREAST`] patients: what they are, scratch numbers, and their courses.
#[derive(Clone, Debug)]
pub struct Abreast {
    filled: usize,
    path: [Path; ABREAST],
    class: [usize; ABREAST],
    /// Rates before and after the switch, by event.
    rates: [Vec<Lanes>; 2],
    /// Where the hazards of those discharged before and after the switch begin in the table, and of those
    /// in hospital.
    table: [[usize; ABREAST]; 2],
    here: [usize; ABREAST],
    /// Whether a lane has switched, and its days of the step at hand.
    switched: [bool; ABREAST],
    days: Lanes,
    /// Hazards in hospital, by event, and after discharge before and after the switch.
    hazard: Vec<Lanes>,
    late: [Vec<Lanes>; 2],
    complications: Vec<Complication>,
    /// Expected numbers of deaths and discharges, before they are scaled.
    left: Vec<Lanes>,
    happened: Vec<Lanes>,
    tracks: Vec<Track>,
    /// By lane: the curves of [`Course`], one after another.
    curves: Vec<f64>,
}

/// What one complication does over a step; the letters are those of [`super`].
#[derive(Clone, Debug)]
struct Complication {
    /// Probability that it has started, given in hospital: at the start of the step.
    w: Lanes,
    /// The same at its end.
    w_after: Lanes,
    /// `c·dt` and `k·dt`.
    onset: Lanes,
    harm: Lanes,
    /// `exp(−c·dt)`.
    unstarted: Lanes,
    /// Factor of `P`, its logarithm, and `exp(−c·dt)` over it.
    factor: Lanes,
    log_factor: Lanes,
    kept: Lanes,
    /// Time in hospital before it starts.
    without: Lanes,
    /// By how much those without it fall off over the step, as an exponent, and the product of the
    /// exponents of the complications before it.
    exponent: Lanes,
    before: Lanes,
}

impl Complication {
    const NONE: Self = Self {
        w: ZEROS,
        w_after: ZEROS,
        onset: ZEROS,
        harm: ZEROS,
        unstarted: ZEROS,
        factor: ZEROS,
        log_factor: ZEROS,
        kept: ZEROS,
        without: ZEROS,
        exponent: ZEROS,
        before: ZEROS,
    };
}

#[derive(Clone, Debug)]
struct Track {
    in_hospital: Lanes,
    home: [Lanes; 2],
    happened: Lanes,
}

impl Abreast {
    /// Whether there is no room for another patient.
    pub fn is_full(&self) -> bool {
        self.filled == ABREAST
    }

    /// Adds the course walked by a patient to a sum, with a weight.
    pub fn add_to(&self, sum: &mut Course, lane: usize, weight: f64) {
        let length = self.curves.len() / ABREAST;
        let mut values = self.curves[lane * length..(lane + 1) * length].iter();
        for curve in sum.curves() {
            curve.iter_mut().zip(&mut values).for_each(|(sum, value)| *sum += weight * value);
        }
        sum.weight += weight;
    }
}

impl Expectation {
    /// Room for some patients.
    pub fn abreast(&self) -> Abreast {
        let zeros = || vec![ZEROS; self.events];
        let track = Track { in_hospital: ZEROS, home: [ZEROS; 2], happened: ZEROS };
        let curves = 3 + self.events + self.first_of.len();
        Abreast {
            filled: 0,
            path: [Path::of(0); ABREAST],
            class: [0; ABREAST],
            rates: [zeros(), zeros()],
            table: [[0; ABREAST]; 2],
            here: [0; ABREAST],
            switched: [false; ABREAST],
            days: ZEROS,
            hazard: zeros(),
            late: [zeros(), zeros()],
            complications: vec![Complication::NONE; self.complications.len()],
            left: vec![ZEROS; self.leaving.len()],
            happened: zeros(),
            tracks: vec![track; 1 + self.first_of.len()],
            curves: vec![0.0; ABREAST * curves * self.days.len()],
        }
    }

    /// Takes a patient in, and returns his lane. Panics when there is no room.
    pub fn enter(&self, path: Path, class: usize, rates: [&[f64]; 2], space: &mut Abreast) -> usize {
        let lane = space.filled;
        space.filled += 1;
        space.path[lane] = path;
        space.class[lane] = class;
        for (lanes, rates) in space.rates.iter_mut().zip(rates) {
            lanes.iter_mut().zip(rates).for_each(|(lanes, rate)| lanes[lane] = *rate);
        }
        lane
    }

    /// Walks the courses of those who have entered, and makes room for others.
    pub fn walk(&self, space: &mut Abreast) {
        // Lanes nobody entered hold somebody of before; nobody asks for their courses.
        space.filled = 0;
        for lane in 0..ABREAST {
            let start = self.table_at(space.path[lane].before, space.class[lane]);
            space.table[0][lane] = start;
            space.table[1][lane] = start;
            space.here[lane] = start;
            space.switched[lane] = false;
        }
        space.complications.iter_mut().for_each(|c| c.w = ZEROS);
        space.happened.fill(ZEROS);
        for track in &mut space.tracks {
            *track = Track { in_hospital: [1.0; ABREAST], home: [ZEROS; 2], happened: ZEROS };
        }
        let mut sides = 1;
        let mut start = 0.0;
        for (step, &end) in self.ends.iter().enumerate() {
            let day = |path: &Path| path.switch.map(|(day, _)| day).filter(|&day| day >= start && day < end);
            let turns: [Option<f64>; ABREAST] = std::array::from_fn(|lane| day(&space.path[lane]));
            if turns.iter().any(Option::is_some) {
                // Up to the switch; those who do not switch now walk all of it.
                space.days = turns.map(|day| day.unwrap_or(end) - start);
                step_abreast(self, space, step, sides);
                for (lane, _) in turns.iter().enumerate().filter(|(_, day)| day.is_some()) {
                    self.switch(space, lane);
                }
                sides = 2;
                space.days = turns.map(|day| day.map_or(0.0, |day| end - day));
            } else {
                space.days = [end - start; ABREAST];
            }
            step_abreast(self, space, step, sides);
            start = end;
            if let Some(day) = self.recorded[step] {
                self.record(space, day);
            }
        }
    }

    fn table_at(&self, regime: usize, class: usize) -> usize {
        (regime * self.classes + class) * self.ends.len() * self.events
    }

    fn switch(&self, space: &mut Abreast, lane: usize) {
        let (_, after) = space.path[lane].switch.expect("a lane that switches");
        space.switched[lane] = true;
        space.table[1][lane] = self.table_at(after, space.class[lane]);
        space.here[lane] = space.table[1][lane];
        for (end_point, track) in self.first_of.iter().zip(&mut space.tracks[1..]) {
            if end_point.at_switch == AtSwitch::Counts {
                track.happened[lane] += track.in_hospital[lane];
            }
            if end_point.at_switch != AtSwitch::GoesOn {
                track.in_hospital[lane] = 0.0;
            }
        }
    }

    /// Writes down where everybody is on a day that is reported.
    fn record(&self, space: &mut Abreast, day: usize) {
        let days = self.days.len();
        let length = space.curves.len() / ABREAST;
        for (lane, out) in space.curves.chunks_exact_mut(length).enumerate() {
            let mut curves = out.chunks_exact_mut(days);
            let mut next = |value: f64| curves.next().expect("as many as were counted")[day] = value;
            let all = &space.tracks[0];
            let home = all.home[0][lane] + all.home[1][lane];
            next(all.in_hospital[lane] + home);
            next(all.in_hospital[lane]);
            next(home);
            space.happened.iter().for_each(|happened| next(happened[lane]));
            for (track, deaths) in space.tracks[1..].iter().zip(&self.deaths_alone) {
                next(match deaths {
                    Some(deaths) => deaths.iter().map(|&e| space.happened[e][lane]).sum(),
                    None => track.happened[lane],
                });
            }
        }
    }
}

vectorised! {
    /// One step of constant hazards for every lane and track, as [`Expectation`] takes it for one patient.
    /// `sides` is 2 once anybody has switched.
    fn step_abreast(model: &Expectation, space: &mut Abreast, step: usize, sides: usize) {
        let row = step * model.events;
        for side in 0..sides {
            for &event in &model.late {
                let out = &mut space.late[side][event];
                gather(&model.tables, &space.table[side], row + event, &space.rates[side][event], out);
            }
        }
        let somebody = space.tracks.iter().any(|t| t.in_hospital.iter().any(|&p| p > NOBODY));
        let (mut exits, mut log_exits) = (ZEROS, ZEROS);
        if somebody {
            hazards_here(model, space, row);
            for &event in &model.leaving {
                add_each(&space.hazard[event], &mut log_exits);
            }
            for lane in 0..ABREAST {
                log_exits[lane] *= space.days[lane];
                exits[lane] = exp(-log_exits[lane]);
            }
            for (known, c) in model.complications.iter().zip(&mut space.complications) {
                c.harm = ZEROS;
                for &(l, x) in &known.excess {
                    add_scaled(&space.hazard[model.leaving[l]], x, &mut c.harm);
                }
                complicate(&space.days, &space.hazard[known.event], c);
            }
        }
        let mut late = [Late::NONE; 2];
        for (late, hazards) in late[..sides].iter_mut().zip(&space.late) {
            model.late.iter().for_each(|&event| add_each(&hazards[event], &mut late.b));
            survive(&space.days, late);
        }
        for which in 0..space.tracks.len() {
            let end_point = which.checked_sub(1).map(|i| &model.first_of[i]);
            if which > 0 && model.deaths_alone[which - 1].is_some() {
                continue;
            }
            let ends_it = |event: usize| end_point.is_some_and(|p| p.events[event]);
            let (mut stays, mut a) = (exits, log_exits);
            let (mut inflow, mut phi0) = (ZEROS, [1.0; ABREAST]);
            let (mut arriving, mut died) = (ZEROS, ZEROS);
            if somebody {
                for (known, c) in model.complications.iter().zip(&space.complications) {
                    for lane in 0..ABREAST {
                        if ends_it(known.event) {
                            stays[lane] *= c.unstarted[lane];
                            a[lane] += c.onset[lane];
                        } else {
                            stays[lane] *= c.factor[lane];
                            a[lane] -= c.log_factor[lane];
                        }
                    }
                }
                let in_hospital = &mut space.tracks[which].in_hospital;
                let (mut inside, mut time) = (ZEROS, ZEROS);
                for lane in 0..ABREAST {
                    inside[lane] = if in_hospital[lane] > NOBODY { in_hospital[lane] } else { 0.0 };
                    phi0[lane] = phi(a[lane], stays[lane]);
                    time[lane] = inside[lane] * space.days[lane] * phi0[lane];
                }
                let mut total = ZEROS;
                for (left, &event) in space.left.iter_mut().zip(&model.leaving) {
                    for lane in 0..ABREAST {
                        left[lane] = time[lane] * space.hazard[event][lane];
                        total[lane] += left[lane];
                    }
                }
                let mut onsets = ZEROS;
                // Who has a complication is asked for what it brings, and for its own number.
                let asked = |known: &super::Complication| {
                    !ends_it(known.event) && (which == 0 || !known.excess.is_empty())
                };
                let mut product = [1.0; ABREAST];
                for (known, c) in model.complications.iter().zip(&mut space.complications) {
                    if ends_it(known.event) {
                        add_product(&space.hazard[known.event], &time, &mut onsets);
                    } else if asked(known) {
                        fall_off(&a, c, &mut product);
                    }
                }
                let mut inverse = ZEROS;
                for lane in 0..ABREAST {
                    inverse[lane] = 1.0 / product[lane];
                }
                for (known, c) in model.complications.iter().zip(&mut space.complications).rev() {
                    if asked(known) {
                        time_without(&inside, &space.days, &stays, &mut inverse, c);
                    }
                }
                for (known, c) in model.complications.iter().zip(&space.complications) {
                    for &(l, x) in known.excess.iter().filter(|_| asked(known)) {
                        let hazard = &space.hazard[model.leaving[l]];
                        bring(x, hazard, &time, &c.without, &mut space.left[l], &mut total);
                    }
                }
                let mut scale = ZEROS;
                for lane in 0..ABREAST {
                    let all = total[lane] + onsets[lane];
                    let lost = inside[lane] * (1.0 - stays[lane]);
                    scale[lane] = if all > 0.0 { lost / all } else { 0.0 };
                    in_hospital[lane] = if inside[lane] > 0.0 { inside[lane] * stays[lane] } else { in_hospital[lane] };
                }
                let happened = &mut space.tracks[which].happened;
                for ((left, &event), &discharge) in space.left.iter().zip(&model.leaving).zip(&model.discharge) {
                    if ends_it(event) {
                        add_product(left, &scale, happened);
                    } else if discharge {
                        add_product(left, &scale, &mut inflow);
                    }
                    if which == 0 {
                        add_product(left, &scale, &mut space.happened[event]);
                    }
                }
                add_product(&onsets, &scale, happened);
                if which == 0 {
                    for (known, c) in model.complications.iter().zip(&space.complications) {
                        let (hazard, happened) = (&space.hazard[known.event], &mut space.happened[known.event]);
                        for lane in 0..ABREAST {
                            happened[lane] += hazard[lane] * c.without[lane] * scale[lane];
                        }
                    }
                }
            }
            for side in 0..sides {
                let track = &mut space.tracks[which];
                for lane in 0..ABREAST {
                    arriving[lane] = if space.switched[lane] == (side == 1) { inflow[lane] } else { 0.0 };
                }
                go_home(&arriving, &stays, &a, &phi0, &late[side], &mut track.home[side], &mut died);
                for &event in &model.late {
                    let hazard = &space.late[side][event];
                    if ends_it(event) {
                        add_product(hazard, &died, &mut track.happened);
                    }
                    if which == 0 {
                        add_product(hazard, &died, &mut space.happened[event]);
                    }
                }
            }
        }
        if somebody {
            space.complications.iter_mut().for_each(|c| c.w = c.w_after);
        }
    }
}

/// Exponents below this have `∫₀¹ e^(−a·s) ds` from its series.
const SMALL: f64 = 1e-4;

#[inline(always)]
fn series(a: f64) -> f64 {
    1.0 - a * (1.0 / 2.0 - a * (1.0 / 6.0))
}

/// `∫₀¹ e^(−a·s) ds`, given `r = e^(−a)`, without a branch.
#[inline(always)]
fn phi(a: f64, r: f64) -> f64 {
    let quotient = (1.0 - r) / a;
    if a.abs() < SMALL { series(a) } else { quotient }
}

/// Hazards of one event: rates times what the table has for each lane.
#[inline(always)]
fn gather(tables: &[f64], start: &[usize; ABREAST], offset: usize, rates: &Lanes, out: &mut Lanes) {
    for lane in 0..ABREAST {
        out[lane] = rates[lane] * tables[start[lane] + offset];
    }
}

#[inline(always)]
fn hazards_here(model: &Expectation, space: &mut Abreast, row: usize) {
    let of_leaving = model.leaving.iter().copied();
    for event in of_leaving.chain(model.complications.iter().map(|c| c.event)) {
        for (lane, out) in space.hazard[event].iter_mut().enumerate() {
            let rate = space.rates[usize::from(space.switched[lane])][event][lane];
            *out = rate * model.tables[space.here[lane] + row + event];
        }
    }
}

#[inline(always)]
fn add_each(x: &Lanes, sum: &mut Lanes) {
    for lane in 0..ABREAST {
        sum[lane] += x[lane];
    }
}

#[inline(always)]
fn add_scaled(x: &Lanes, scale: f64, sum: &mut Lanes) {
    for lane in 0..ABREAST {
        sum[lane] += scale * x[lane];
    }
}

#[inline(always)]
fn add_product(x: &Lanes, y: &Lanes, sum: &mut Lanes) {
    for lane in 0..ABREAST {
        sum[lane] += x[lane] * y[lane];
    }
}

/// Those discharged, before or after a switch.
struct Late {
    /// Their hazard over the step.
    b: Lanes,
    /// `exp(−b)`, and its inverse.
    survives: Lanes,
    revives: Lanes,
    /// Days over `b`; 0 where nothing happens.
    days_of: Lanes,
}

impl Late {
    const NONE: Self = Self { b: ZEROS, survives: ZEROS, revives: ZEROS, days_of: ZEROS };
}

/// `late.b` comes in without `dt`.
#[inline(always)]
fn survive(days: &Lanes, late: &mut Late) {
    let Late { b, survives, revives, days_of } = late;
    for lane in 0..ABREAST {
        let hazard = b[lane];
        b[lane] = hazard * days[lane];
        survives[lane] = exp(-b[lane]);
        revives[lane] = 1.0 / survives[lane];
        days_of[lane] = if b[lane] > 0.0 { 1.0 / hazard } else { 0.0 };
    }
}

/// Those at home over a step, those who arrive in it among them; `died` comes in units of their hazard.
#[inline(always)]
fn go_home(
    arriving: &Lanes,
    stays: &Lanes,
    a: &Lanes,
    phi0: &Lanes,
    late: &Late,
    home: &mut Lanes,
    died: &mut Lanes,
) {
    for lane in 0..ABREAST {
        let d = a[lane] - late.b[lane];
        let small = d.abs() < SMALL;
        // One division for two: by `d` and by `phi0`.
        let inverse = 1.0 / (phi0[lane] * if small { 1.0 } else { d });
        let quotient = (1.0 - stays[lane] * late.revives[lane]) * inverse;
        let settled = if small { series(d) * inverse } else { quotient };
        let before = home[lane] + arriving[lane];
        home[lane] = late.survives[lane] * (home[lane] + arriving[lane] * settled);
        died[lane] = (before - home[lane]) * late.days_of[lane];
    }
}

/// Starts and effects of one complication over the step; `harm` comes in without `dt`.
#[inline(always)]
fn complicate(days: &Lanes, hazard: &Lanes, complication: &mut Complication) {
    let Complication { w, w_after, onset, harm, unstarted, factor, log_factor, kept, .. } = complication;
    for lane in 0..ABREAST {
        let (c, k) = (days[lane] * hazard[lane], days[lane] * harm[lane]);
        let (ec, ek) = (exp(-c), exp(-k));
        let close = (k - c).abs() < 1e-6;
        let (near, apart) = (ec * (1.0 - 0.5 * (k - c)), (ec - ek) / if close { 1.0 } else { k - c });
        let started = c * if close { near } else { apart };
        let (u, v) = ((1.0 - w[lane]) * ec, w[lane] * ek + (1.0 - w[lane]) * started);
        let inverse = 1.0 / (u + v);
        onset[lane] = c;
        unstarted[lane] = ec;
        factor[lane] = u + v;
        w_after[lane] = v * inverse;
        kept[lane] = ec * inverse;
        log_factor[lane] = ln_positive(u + v);
    }
}

/// The exponent by which those without a complication fall off, multiplied into the product of those of the
/// complications before it: all are then inverted by one division, which costs as much as ten products.
#[inline(always)]
fn fall_off(a: &Lanes, complication: &mut Complication, product: &mut Lanes) {
    let Complication { onset, log_factor, exponent, before, .. } = complication;
    for lane in 0..ABREAST {
        let all = a[lane] + onset[lane] + log_factor[lane];
        exponent[lane] = all;
        before[lane] = product[lane];
        product[lane] *= if all.abs() < SMALL { 1.0 } else { all };
    }
}

/// The part of the time in hospital in which a complication has not started. `inverse` is that of the product
/// up to this complication, and becomes that of the product before it.
#[inline(always)]
fn time_without(
    inside: &Lanes,
    days: &Lanes,
    stays: &Lanes,
    inverse: &mut Lanes,
    complication: &mut Complication,
) {
    let Complication { w, kept, exponent, before, without, .. } = complication;
    for lane in 0..ABREAST {
        let a = exponent[lane];
        let small = a.abs() < SMALL;
        let quotient = (1.0 - stays[lane] * kept[lane]) * (inverse[lane] * before[lane]);
        inverse[lane] *= if small { 1.0 } else { a };
        let fallen = if small { series(a) } else { quotient };
        without[lane] = inside[lane] * (1.0 - w[lane]) * days[lane] * fallen;
    }
}

/// Deaths or discharges that a complication brings or puts off.
#[inline(always)]
fn bring(x: f64, hazard: &Lanes, time: &Lanes, without: &Lanes, left: &mut Lanes, total: &mut Lanes) {
    for lane in 0..ABREAST {
        let more = x * hazard[lane] * (time[lane] - without[lane]);
        left[lane] += more;
        total[lane] += more;
    }
}
