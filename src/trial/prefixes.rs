//! Smaller trials as the first patients of a larger one.
//!
//! A patient's luck does not depend on how many patients the trial enrols, and allocation goes patient by
//! patient, so a trial of 200 is the first 200 patients of a trial of 400. One cohort of the largest size,
//! enrolled, followed and sorted once, is analysed at every size: a power curve of ten sizes costs about
//! two trials of the largest instead of five and a half, and its points share their patients.

use super::{
    Purposes, Trial, Workspace,
    calendar::Intake,
    design::{Design, Look, Stage},
    pool::Pool,
    record::{Decision, Record, TrialRow},
};
use crate::units::DAYS_PER_MONTH;

impl Trial {
    /// Whether a smaller trial of this design is the first patients of a larger one: it looks once, when
    /// everybody has been followed up, and nothing on the way depends on the size.
    pub fn nests(&self) -> bool {
        matches!(self.design, Design::Fixed(_))
    }

    /// Whether two trials differ in their size only and nest, so that one cohort serves both.
    pub fn nests_with(&self, other: &Trial) -> bool {
        self.nests() && self.patients != other.patients && self.is_but_for_size(other)
    }

    /// The same trial at another size. With a trend its patients are expected on other days, so that its truth is
    /// another too.
    pub fn at_size(&self, patients: usize) -> Trial {
        let mut trial = Trial { patients, ..self.clone() };
        if patients != self.patients && trial.course.circumstances.trend != 0.0 {
            let probability = &self.enrolment.probability;
            let taken = probability.iter().sum::<f64>() / probability.len() as f64;
            trial.course.circumstances.days = self.accrual.expected_days(patients, taken);
        }
        trial
    }

    /// Whether two trials are the same but for their size.
    pub fn is_but_for_size(&self, other: &Trial) -> bool {
        // Most trials that differ do so here, and a copy is spared.
        self.course == other.course
            && self.enrolment == other.enrolment
            && (self == other || *self == Trial { patients: self.patients, ..other.clone() })
    }

    /// The trial with the comparisons its design decides on and no others: what a search for its size analyses.
    /// That is the primary one in all patients, or everything where the design has several hypotheses.
    pub fn decisive_only(&self) -> Trial {
        let mut trial = self.clone();
        if trial.design.family().is_empty() {
            trial.estimands.truncate(1);
            trial.estimands[0].subgroups.clear();
        }
        trial
    }

    /// Simulates replicate `replicate` at each of `sizes`, which rise, and hands over the record of each.
    ///
    /// The record at a size is the one [`Trial::conduct`] makes of a trial of that size, bit for bit.
    #[expect(clippy::too_many_arguments)]
    pub fn conduct_at(
        &self,
        sizes: &[usize],
        pool: &Pool,
        seed: u64,
        replicate: u64,
        purposes: &Purposes,
        workspace: &mut Workspace,
        record: &mut Record,
        mut found: impl FnMut(usize, &Record),
    ) {
        debug_assert!(self.nests() && sizes.windows(2).all(|w| w[0] < w[1]));
        let Some(&largest) = sizes.last() else { return };
        workspace.luck.move_to(seed, replicate, &purposes.events, &purposes.arms);
        workspace.measurement_luck.move_to(seed, replicate, &purposes.measurements);
        let intake = Intake::new(self, pool, seed, replicate);
        self.start(workspace, record);
        workspace.design.patients = largest;
        let stage = Stage::last(self, &workspace.design);
        let whole = intake.reach(&stage, workspace);
        self.know(&whole, workspace);
        for (place, &size) in sizes.iter().enumerate() {
            let patients = size.min(workspace.cohort.len());
            let cut = patients.checked_sub(1).map_or(0.0, |last| workspace.cohort.enrolled[last])
                + self.known_after();
            let look = Look {
                stage: Stage { patients: size, ..stage },
                cut,
                day: cut,
                patients,
                events: 0,
                mature: 0,
                complete: true,
                decision: Decision::Continue,
            };
            record.clear();
            workspace.design.looks.clear();
            self.conclude(look, workspace, record);
            let look = workspace.design.looks[0];
            record.trial = Some(TrialRow {
                look: 1,
                patients: patients as u32,
                screened: match (patients < size, patients.checked_sub(1)) {
                    (false, Some(last)) => workspace.cohort.place[last] + 1,
                    _ => workspace.recruited.progress.screened,
                },
                months: look.day / DAYS_PER_MONTH,
                information: f64::from(look.events),
                decision: look.decision,
            });
            let Workspace { cohort, followed, happened, .. } = &mut *workspace;
            self.tally(cohort, &followed[..patients], happened, record);
            found(place, record);
        }
    }
}
