//! The patients of one simulated trial, as columns.

use crate::outcome::circumstances::Factors;

/// Patients in the order they were enrolled; every column has one entry per patient.
///
/// A worker owns one cohort and clears it between trials, so that no trial allocates.
#[derive(Clone, Debug, Default)]
pub struct Cohort {
    /// Place in the screening stream, which addresses the patient's luck.
    pub place: Vec<u64>,
    /// Row of the pool of eligible patients.
    pub row: Vec<u32>,
    /// Site, from 0.
    pub site: Vec<u16>,
    /// Calendar day of randomisation, from the first site's opening.
    pub enrolled: Vec<f64>,
    /// Arm assigned.
    pub assigned: Vec<u8>,
    /// Arm whose treatment is received from the start.
    pub received: Vec<u8>,
    /// Day since randomisation of a bail-out; infinite if there is none.
    pub bailed_out: Vec<f64>,
    /// Arm whose treatment is received from then on.
    pub bailed_out_to: Vec<u8>,
    /// What multiplies hazards of death by where and when the patient is treated; empty if nothing does.
    pub factors: Vec<Factors>,
    /// Day since randomisation of loss to follow-up; infinite if never lost.
    pub lost: Vec<f64>,
    /// Day since randomisation of each event of the population (outer) in each patient; infinite if it does not happen.
    pub events: Vec<Vec<f64>>,
}

impl Cohort {
    /// How many patients there are.
    pub fn len(&self) -> usize {
        self.place.len()
    }

    pub fn is_empty(&self) -> bool {
        self.place.is_empty()
    }

    /// Keeps the first `patients`.
    pub fn truncate(&mut self, patients: usize) {
        self.place.truncate(patients);
        self.row.truncate(patients);
        self.site.truncate(patients);
        self.enrolled.truncate(patients);
        self.assigned.truncate(patients);
        self.received.truncate(patients);
        self.bailed_out.truncate(patients);
        self.bailed_out_to.truncate(patients);
        self.factors.truncate(patients);
        self.lost.truncate(patients);
        self.events.iter_mut().for_each(|times| times.truncate(patients));
    }

    /// Takes all patients out and keeps the memory; there will be `events` columns of event times.
    pub fn clear(&mut self, events: usize) {
        self.place.clear();
        self.row.clear();
        self.site.clear();
        self.enrolled.clear();
        self.assigned.clear();
        self.received.clear();
        self.bailed_out.clear();
        self.bailed_out_to.clear();
        self.factors.clear();
        self.lost.clear();
        self.events.resize_with(events, Vec::new);
        self.events.iter_mut().for_each(Vec::clear);
    }
}
