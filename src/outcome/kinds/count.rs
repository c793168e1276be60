//! How often something happens while a patient is exposed to it.

use super::Measured;
use crate::{
    cohort::Cohort,
    outcome::measurement::{Draws, Measurement, MeasurementLuck},
};

/// A count over an exposure that ends with some events or on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct CountKind {
    /// Index of the measurement.
    pub measurement: usize,
    /// The exposure ends with the first of these events.
    pub until: Vec<usize>,
    /// And at the latest on this day.
    pub by: f64,
}

impl CountKind {
    /// Writes count and exposure of each patient; who is lost before the exposure ends is left out.
    pub fn observe(
        &self,
        measurements: &[Measurement],
        luck: &MeasurementLuck,
        cohort: &Cohort,
        followed: &[f64],
        out: &mut Measured,
    ) {
        out.clear();
        let draws = Draws::new(measurements, luck, self.measurement);
        for (i, &followed) in followed.iter().enumerate() {
            let exposure = self.until.iter().map(|&e| cohort.events[e][i]).fold(self.by, f64::min);
            out.value.push(draws.count(cohort, i, exposure));
            out.exposure.push(exposure);
            out.known.push(followed >= exposure);
        }
    }
}
