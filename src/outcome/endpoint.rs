//! End points: the first of some events by a day, and what is known of it at a cut.

use super::kinds::Kind;
use crate::cohort::Cohort;

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

impl Endpoint {
    /// Writes what is known of the first `patients` of `cohort`, patient `i` having been followed for
    /// at most `followed[i]` days.
    pub fn observe(&self, cohort: &Cohort, followed: &[f64], seen: &mut Observed) {
        let n = followed.len();
        seen.time.clear();
        seen.time.resize(n, f64::INFINITY);
        seen.event.clear();
        seen.known.clear();
        for &e in &self.any_of {
            for (first, &t) in seen.time.iter_mut().zip(&cohort.events[e][..n]) {
                *first = if t < *first { t } else { *first };
            }
        }
        if self.at_bail_out == AtBailOut::Counts {
            for (first, &t) in seen.time.iter_mut().zip(&cohort.bailed_out[..n]) {
                *first = first.min(t);
            }
        }
        let watch = !matches!(self.at_bail_out, AtBailOut::GoesOn | AtBailOut::Counts);
        for (i, (first, &followed)) in seen.time.iter_mut().zip(followed).enumerate() {
            let mut end = if followed < self.by { followed } else { self.by };
            let mut known = followed >= self.by;
            for &e in &self.ended_by {
                let t = cohort.events[e][i];
                if t <= end {
                    (end, known) = (t, true);
                }
            }
            if watch && cohort.bailed_out[i] <= end && cohort.bailed_out[i] < *first {
                (end, known) = match self.at_bail_out {
                    AtBailOut::LeavesOut => (0.0, false),
                    AtBailOut::Censors => (cohort.bailed_out[i], false),
                    _ => (cohort.bailed_out[i], true),
                };
            }
            let event = *first <= end;
            seen.event.push(event);
            seen.known.push(known || event);
            if !event {
                *first = end;
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
