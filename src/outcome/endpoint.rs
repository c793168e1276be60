//! End points: the first of some events by a day, and what is known of it at a cut.

use super::kinds::Kind;
use crate::{cohort::Cohort, vector::vectorised};

/// What a bail-out is to an end point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtBailOut {
    /// Nothing: what happens afterwards counts as before.
    #[default]
    GoesOn,
    /// It counts as the end point.
    Counts,
    /// The end point can no longer happen.
    Ends,
    /// What would have happened afterwards is not known.
    Censors,
    /// The patient is left out of the analysis.
    LeavesOut,
}

/// An end point: the first of some events, up to a horizon since randomisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    pub name: String,
    pub label: String,
    /// Indices of the events that count.
    pub any_of: Vec<usize>,
    /// Indices of the deaths that do not count and after which it can no longer happen.
    pub ended_by: Vec<usize>,
    /// Horizon, days since randomisation.
    pub by: f64,
    /// Whether the event, or a higher number, is a good thing.
    pub higher_is_better: bool,
    /// What it is, if more than the first of `any_of`.
    pub kind: Kind,
    pub at_bail_out: AtBailOut,
}

/// An end point in each patient, as known at a cut.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Days to the event, or to the end of what is known.
    pub time: Vec<f64>,
    pub event: Vec<bool>,
    /// Whether the answer by the horizon is known: the event happened, or can no longer happen by then.
    pub known: Vec<bool>,
}

/// Patients looked at side by side.
const BATCH: usize = 64;

/// The first of some events in each patient of a batch that begins with patient `start`.
fn first_of(events: &[usize], cohort: &Cohort, start: usize, first: &mut [f64]) {
    first.fill(f64::INFINITY);
    for &e in events {
        for (first, &t) in first.iter_mut().zip(&cohort.events[e][start..]) {
            *first = if t < *first { t } else { *first };
        }
    }
}

vectorised! {
    /// From the first of the events and of what rules them out to what is known of the end point.
    fn settle(
        by: f64,
        followed: &[f64],
        ended: &[f64],
        time: &mut [f64],
        event: &mut [bool],
        known: &mut [bool],
    ) {
        let patients = time.iter_mut().zip(event.iter_mut()).zip(known.iter_mut());
        for (((time, event), known), (&followed, &ended)) in patients.zip(followed.iter().zip(ended)) {
            let end = if followed < by { followed } else { by };
            let over = ended <= end;
            let end = if over { ended } else { end };
            *event = *time <= end;
            *known = (followed >= by) | over | *event;
            *time = if *event { *time } else { end };
        }
    }
}

impl Endpoint {
    /// Writes what is known of the first `patients` of `cohort`, patient `i` having been followed for
    /// at most `followed[i]` days.
    pub fn observe(&self, cohort: &Cohort, followed: &[f64], seen: &mut Observed) {
        let n = followed.len();
        seen.time.clear();
        seen.time.resize(n, f64::INFINITY);
        seen.event.clear();
        seen.event.resize(n, false);
        seen.known.clear();
        seen.known.resize(n, false);
        let watch = !matches!(self.at_bail_out, AtBailOut::GoesOn | AtBailOut::Counts);
        let seen =
            seen.time.chunks_mut(BATCH).zip(seen.event.chunks_mut(BATCH)).zip(seen.known.chunks_mut(BATCH));
        for (k, (((time, event), known), followed)) in seen.zip(followed.chunks(BATCH)).enumerate() {
            let mut ended = [f64::INFINITY; BATCH];
            first_of(&self.any_of, cohort, k * BATCH, time);
            first_of(&self.ended_by, cohort, k * BATCH, &mut ended[..time.len()]);
            let bailed_out = &cohort.bailed_out[k * BATCH..];
            if self.at_bail_out == AtBailOut::Counts {
                time.iter_mut().zip(bailed_out).for_each(|(first, &t)| *first = first.min(t));
            }
            if !watch {
                settle(self.by, followed, &ended, time, event, known);
                continue;
            }
            for i in 0..time.len() {
                let mut end = if followed[i] < self.by { followed[i] } else { self.by };
                let mut answer = followed[i] >= self.by;
                if ended[i] <= end {
                    (end, answer) = (ended[i], true);
                }
                if bailed_out[i] <= end && bailed_out[i] < time[i] {
                    (end, answer) = match self.at_bail_out {
                        AtBailOut::LeavesOut => (0.0, false),
                        AtBailOut::Censors => (bailed_out[i], false),
                        _ => (bailed_out[i], true),
                    };
                }
                event[i] = time[i] <= end;
                known[i] = answer || event[i];
                time[i] = if event[i] { time[i] } else { end };
            }
        }
    }

    /// Day since randomisation on which patient `i` of `cohort`, followed for `followed` days, has the end
    /// point; infinite if that does not happen.
    pub fn day(&self, cohort: &Cohort, i: usize, followed: f64) -> f64 {
        let first = |of: &[usize]| of.iter().map(|&e| cohort.events[e][i]).fold(f64::INFINITY, f64::min);
        let mut day = match &self.kind {
            Kind::Composite(kind) => kind.first(cohort, i),
            _ => first(&self.any_of),
        };
        let bailed_out = cohort.bailed_out[i];
        match self.at_bail_out {
            AtBailOut::GoesOn => {}
            AtBailOut::Counts => day = day.min(bailed_out),
            _ if bailed_out < day => return f64::INFINITY,
            _ => {}
        }
        if day <= followed.min(self.by) && first(&self.ended_by) >= day { day } else { f64::INFINITY }
    }
}
