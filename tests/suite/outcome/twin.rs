//! The plain twin of the course: one patient at a time, every hazard asked for by name.
//!
//! It draws the same luck and does the same sums in the same order as the fast course, without batches,
//! tables or shortcuts, so both give the same days to the last bit.

use shocktrial::outcome::{
    course::{Course, Patient, bail_out_rate},
    events::{EventKind, Setting},
    hazard::PiecewiseHazard,
};
use shocktrial::random::{Purpose, Stream};

/// What became of one patient.
#[derive(Debug, PartialEq)]
pub struct Life {
    pub received: usize,
    /// Day of each event; infinite if it does not happen.
    pub time: Vec<f64>,
    pub bailed_out: f64,
    pub bailed_out_to: usize,
}

/// An event that may still happen.
struct Pending<'a> {
    hazard: &'a PiecewiseHazard,
    rate: f64,
    /// Factor on the rate from complications that have started.
    factor: f64,
    luck: f64,
    /// Luck used up before `since`.
    used: f64,
    /// The day from which the present hazard holds.
    since: f64,
}

impl Pending<'_> {
    /// The day it happens if nothing changes; infinite if that is after the horizon.
    fn day(&self, horizon: f64) -> f64 {
        let rate = self.rate * self.factor;
        let start = self.hazard.cumulative(self.since);
        let left = self.luck - self.used;
        if left > rate * (self.hazard.cumulative(horizon) - start) {
            return f64::INFINITY;
        }
        self.hazard.inverse(start + left / rate)
    }

    /// Uses up the luck spent since the last change.
    fn advance(&mut self, now: f64) {
        let spent = self.hazard.cumulative(now) - self.hazard.cumulative(self.since);
        self.used += self.rate * self.factor * spent;
        self.since = now;
    }
}

/// Follows the patient at `place` of the screening stream, assigned to an arm. `arms` are their names.
pub fn live(
    course: &Course,
    arms: &[String],
    address: (u64, u64),
    place: u64,
    assigned: usize,
    patient: Patient,
) -> Life {
    let (seed, replicate) = address;
    let uniform = |purpose| Stream::new(seed, replicate, purpose).uniform(place);
    let mut received = assigned;
    let (start, mut below) = (uniform(Purpose::ADHERENCE), 0.0);
    for &(arm, share) in &course.treatments[assigned].instead {
        if start >= below && start < below + share {
            received = arm;
        }
        below += share;
    }
    let events = &course.events.list;
    let mut life = Life {
        received,
        time: vec![f64::INFINITY; events.len()],
        bailed_out: f64::INFINITY,
        bailed_out_to: received,
    };
    let begin = |e: usize, arm: usize, now: f64| Pending {
        hazard: course.treatments[arm].regime.hazard(e, patient.class),
        rate: patient.rates[e],
        factor: 1.0,
        luck: -libm::log(uniform(Purpose::event(&events[e].name))),
        used: 0.0,
        since: now,
    };
    let possible = |setting, arm, now| -> Vec<Option<Pending>> {
        let here = |e: usize| events[e].setting == setting && patient.rates[e] > 0.0;
        (0..events.len()).map(|e| here(e).then(|| begin(e, arm, now))).collect()
    };
    let mut pending = possible(Setting::InHospital, received, 0.0);
    let mut bail_outs: Vec<Pending> = course.treatments[received]
        .bail_outs
        .iter()
        .map(|b| Pending {
            hazard: &b.hazard,
            rate: bail_out_rate(b, patient),
            factor: 1.0,
            luck: -libm::log(uniform(Purpose::bail_out(&arms[b.to]))),
            used: 0.0,
            since: 0.0,
        })
        .collect();
    let mut arm = received;
    loop {
        let mut next = (f64::INFINITY, usize::MAX);
        let all = pending.iter().map(Option::as_ref).chain(bail_outs.iter().map(Some));
        for (e, event) in all.enumerate() {
            let day = event.map_or(f64::INFINITY, |event| event.day(course.horizon));
            if day < next.0 {
                next = (day, e);
            }
        }
        let (now, e) = next;
        if now > course.horizon {
            return life;
        }
        if e >= events.len() {
            arm = course.treatments[received].bail_outs[e - events.len()].to;
            (life.bailed_out, life.bailed_out_to) = (now, arm);
            bail_outs.clear();
            for (f, event) in pending.iter_mut().enumerate() {
                if let Some(event) = event {
                    event.advance(now);
                    event.hazard = course.treatments[arm].regime.hazard(f, patient.class);
                }
            }
            continue;
        }
        life.time[e] = now;
        pending[e] = None;
        match events[e].kind {
            EventKind::Death => return life,
            EventKind::Discharge => {
                bail_outs.clear();
                pending = possible(Setting::AfterDischarge, arm, now);
            }
            EventKind::Complication => {
                for &(f, excess) in &events[e].excess {
                    if let Some(event) = &mut pending[f] {
                        event.advance(now);
                        event.factor += excess;
                    }
                }
            }
        }
    }
}
