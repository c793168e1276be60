//! The first of some events, with horizons of their own, bail-outs, or other events by arm.

use crate::{
    cohort::Cohort,
    outcome::endpoint::{Endpoint, Observed},
};

/// A composite that is not the same for all its events or arms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Composite {
    /// By arm: what counts.
    pub by_arm: Vec<Counts>,
}

/// What counts in an arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Events with the last day on which each counts.
    pub events: Vec<(usize, f64)>,
    /// The last day on which a bail-out counts, if it does.
    pub bail_out: Option<f64>,
}

impl Composite {
    /// Whether what counts depends on the arm.
    pub fn differs_by_arm(&self) -> bool {
        self.by_arm.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Day of the first thing that counts in patient `i`; infinite if none does.
    pub fn first(&self, cohort: &Cohort, i: usize) -> f64 {
        let counts = &self.by_arm[usize::from(cohort.assigned[i])];
        let events = counts.events.iter().map(|&(e, by)| (cohort.events[e][i], by));
        let bail_out = counts.bail_out.map(|by| (cohort.bailed_out[i], by));
        let counting = events.chain(bail_out).filter(|(time, by)| time <= by);
        counting.map(|(time, _)| time).fold(f64::INFINITY, f64::min)
    }

    /// Writes what is known of the first patients of `cohort`, each followed for `followed` days.
    pub fn observe(&self, endpoint: &Endpoint, cohort: &Cohort, followed: &[f64], seen: &mut Observed) {
        seen.time.clear();
        seen.event.clear();
        seen.known.clear();
        for (i, &followed) in followed.iter().enumerate() {
            let counts = &self.by_arm[usize::from(cohort.assigned[i])];
            let first = self.first(cohort, i);
            let mut end = followed.min(endpoint.by);
            let mut known = followed >= endpoint.by;
            // A death that does not count, or leaving hospital where only the stay counts, rules it out.
            for &e in &endpoint.ended_by {
                let t = cohort.events[e][i];
                let counted = counts.events.iter().any(|&(counted, by)| counted == e && t <= by);
                if t <= end && !counted {
                    (end, known) = (t, true);
                }
            }
            let event = first <= end;
            seen.time.push(if event { first } else { end });
            seen.event.push(event);
            seen.known.push(known || event);
        }
    }
}
