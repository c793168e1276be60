//! Days alive and free of something, up to the horizon.

use super::Measured;
use crate::{
    cohort::Cohort,
    outcome::measurement::{Draws, Measurement, MeasurementLuck},
};

/// What has to be over before days count.
#[derive(Clone, Debug, PartialEq)]
pub enum UntilFree {
    /// Nothing: days alive count from randomisation.
    Nothing,
    /// A measured duration, by its index.
    Duration(usize),
    /// The first of some events, such as discharge.
    Events(Vec<usize>),
}

/// Days from when a patient becomes free until the horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct DaysFree {
    pub after: UntilFree,
    pub by: f64,
    /// Whether days lived before a death count; otherwise who dies by the horizon has none.
    pub until_death: bool,
    /// Events that are deaths.
    pub deaths: Vec<usize>,
}

impl DaysFree {
    /// Writes the days of each patient; who is lost alive before the horizon is left out.
    pub fn observe(
        &self,
        measurements: &[Measurement],
        luck: &MeasurementLuck,
        cohort: &Cohort,
        followed: &[f64],
        out: &mut Measured,
    ) {
        out.clear();
        for (i, &followed) in followed.iter().enumerate() {
            let first =
                |list: &[usize]| list.iter().map(|&e| cohort.events[e][i]).fold(f64::INFINITY, f64::min);
            let free = match &self.after {
                UntilFree::Nothing => 0.0,
                UntilFree::Duration(index) => Draws::new(measurements, luck, *index).duration(cohort, i),
                UntilFree::Events(list) => first(list),
            };
            let died = first(&self.deaths);
            let days = if died > self.by {
                (self.by - free).max(0.0)
            } else if self.until_death {
                (died - free).max(0.0)
            } else {
                0.0
            };
            out.value.push(days);
            out.known.push(followed >= self.by || died <= followed);
        }
    }
}
