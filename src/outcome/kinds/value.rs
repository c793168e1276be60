//! A number on a day: as it is, its change from baseline, or its peak over several days.

use super::Measured;
use crate::{
    cohort::Cohort,
    outcome::measurement::{Draws, Measurement, MeasurementLuck},
};

/// What becomes of patients who die before the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtDeath {
    /// They have no number and are left out: the end point is truncated by death.
    LeftOut,
    /// They rank behind everybody who lives.
    Worst,
}

/// A number on a day or the peak over several.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueKind {
    /// Index of the measurement.
    pub measurement: usize,
    /// Occasions of the measurement; with several, the highest counts.
    pub occasions: Vec<usize>,
    /// Day of the last of them.
    pub day: f64,
    /// Whether the change from baseline counts, not the number itself.
    pub change: bool,
    /// Whether the analysis adjusts for the baseline.
    pub adjusted: bool,
    pub at_death: AtDeath,
    /// The number of those who rank behind everybody.
    pub worst: f64,
    /// Events that are deaths.
    pub deaths: Vec<usize>,
}

impl ValueKind {
    /// Writes the number of each patient.
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
            let baseline = draws.baseline(cohort, i);
            let died = self.deaths.iter().map(|&d| cohort.events[d][i]).fold(f64::INFINITY, f64::min);
            let dead = died < self.day && died <= followed;
            let number = |&k: &usize| draws.number(cohort, i, k, baseline);
            let peak = self.occasions.iter().map(number).fold(f64::NEG_INFINITY, f64::max);
            let value = if self.change { peak - baseline } else { peak };
            let (value, known) = match (dead, self.at_death) {
                (true, AtDeath::Worst) => (self.worst, true),
                (true, AtDeath::LeftOut) => (value, false),
                (false, _) => (value, followed >= self.day),
            };
            out.value.push(value);
            out.known.push(known);
            if self.adjusted {
                out.baseline.push(baseline);
            }
        }
    }
}
