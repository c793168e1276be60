//! The calendar of a trial: who is in it when a look is made, and on which day that is.

use super::{
    Trial, Workspace,
    accrual::{AccrualLuck, Progress, Until},
    allocation::{Allocation, AllocationLuck, Blocks},
    design::{Look, Recruitment, Stage, When},
    leaving::LeavingLuck,
    pool::Pool,
    record::Decision,
};

/// How far recruitment has come.
#[derive(Debug, Default)]
pub(super) struct Recruited {
    pub progress: Progress,
    blocks: Blocks,
    /// Recruitment before the last batch, to go back to.
    before: (Progress, Blocks),
    /// Calendar day of each patient's primary event, for looks at a number of events; then a copy in
    /// which the day of one of them is selected.
    event_days: Vec<f64>,
    selection: Vec<f64>,
}

impl Recruited {
    pub(super) fn start(&mut self, allocation: &Allocation) {
        self.progress = Progress::default();
        self.event_days.clear();
        allocation.start(&mut self.blocks);
    }

    /// Begins new blocks, because the ratio has changed.
    pub(super) fn forget_blocks(&mut self, allocation: &Allocation) {
        allocation.start(&mut self.blocks);
    }
}

/// The stream of patients of one replicate.
pub(super) struct Intake<'a> {
    trial: &'a Trial,
    pool: &'a Pool,
    accrual: AccrualLuck<'a>,
    allocation: AllocationLuck,
    leaving: LeavingLuck,
}

/// Patients enrolled at a time while waiting for events.
const BATCH: usize = 16;

impl<'a> Intake<'a> {
    pub(super) fn new(trial: &'a Trial, pool: &'a Pool, seed: u64, replicate: u64) -> Self {
        Intake {
            trial,
            pool,
            accrual: AccrualLuck::new(&trial.accrual, &trial.course.circumstances, seed, replicate),
            allocation: Allocation::luck(seed, replicate),
            leaving: LeavingLuck::new(seed, replicate),
        }
    }

    /// Enrols, randomises and follows patients.
    fn recruit(&self, until: Until, workspace: &mut Workspace) {
        let Workspace { cohort, design, recruited, luck, batch, .. } = workspace;
        let trial = self.trial;
        let from = cohort.len();
        let enrolment = match design.enrolment {
            0 => &trial.enrolment,
            narrower => &trial.narrower[narrower - 1],
        };
        trial.accrual.enrol(
            cohort,
            until,
            &mut recruited.progress,
            enrolment,
            trial.loss_rate,
            &self.accrual,
        );
        trial.allocation.randomise(cohort, from, design.ratio(), &mut recruited.blocks, &self.allocation);
        trial.course.follow(cohort, from, luck, batch, |row| self.pool.patient(row));
        if !trial.leaving.none() {
            trial.leaving.decide(cohort, from, &trial.course, self.pool, &self.leaving);
        }
    }

    /// Enrols until the look of `stage` can be made and the decision taken; what was decided is still open.
    pub(super) fn reach(&self, stage: &Stage, workspace: &mut Workspace) -> Look {
        let (reached, patients) = self.wait_for(stage, workspace);
        // A look cannot be made before the one before it has been decided.
        let cut = workspace.design.looks.last().map_or(reached, |before| reached.max(before.day));
        let planned = workspace.design.patients;
        let followed_up = |workspace: &Workspace| {
            workspace.cohort.enrolled.last().map_or(0.0, |day| day + self.trial.known_after())
        };
        // A stream of candidates that has run dry ends a trial as its planned size does.
        let dry = workspace.cohort.len() < stage.patients
            && (matches!(stage.when, When::Followed(_) | When::Enrolled) || cut >= self.accrual.ends());
        let complete = (workspace.cohort.len() >= planned || dry)
            && patients == workspace.cohort.len()
            && cut + super::SAME_DAY >= followed_up(workspace);
        let day = if complete { cut } else { cut + stage.lag };
        if !complete {
            match stage.recruitment {
                Recruitment::GoesOn => self.recruit(Until { patients: planned, day }, workspace),
                Recruitment::Waits => {
                    let closed = match stage.when {
                        When::Followed(_) | When::Enrolled => {
                            workspace.cohort.enrolled.last().copied().unwrap_or(0.0)
                        }
                        When::Events(_) | When::Day(_) => cut,
                    };
                    workspace.recruited.progress.waited += day - closed;
                }
            }
        }
        Look {
            stage: *stage,
            cut,
            day,
            patients,
            mature: 0,
            events: 0,
            complete,
            decision: Decision::Continue,
        }
    }

    /// Enrols until the data of a look can be cut: the day of the cut, and how many patients were in the
    /// trial then.
    fn wait_for(&self, stage: &Stage, workspace: &mut Workspace) -> (f64, usize) {
        match stage.when {
            When::Followed(days) => {
                self.recruit(Until { patients: stage.patients, day: f64::INFINITY }, workspace);
                let patients = stage.patients.min(workspace.cohort.len());
                let last = workspace.cohort.enrolled[..patients].last();
                (last.copied().unwrap_or(0.0) + days + self.trial.adjudication, patients)
            }
            When::Day(day) => {
                self.recruit(Until { patients: stage.patients, day }, workspace);
                let ends = self.accrual.ends();
                let closed = match workspace.cohort.enrolled.last() {
                    // Nobody comes any more: the data are there when the last has been followed up.
                    Some(last) if ends <= day => ends.max(last + self.trial.known_after()),
                    _ => self.all_followed_up(stage, workspace),
                };
                let cut = day.min(closed);
                (cut, enrolled_by(cut, workspace))
            }
            When::Enrolled => {
                self.recruit(Until { patients: stage.patients, day: f64::INFINITY }, workspace);
                let last = workspace.cohort.enrolled.last().copied().unwrap_or(0.0);
                (last, workspace.cohort.len())
            }
            When::Events(events) => {
                let cut = self.day_of_event(events as usize, stage, workspace);
                (cut, enrolled_by(cut, workspace))
            }
        }
    }

    /// The day on which everybody of a full stage has been followed up; infinite while it is not full.
    fn all_followed_up(&self, stage: &Stage, workspace: &Workspace) -> f64 {
        match workspace.cohort.enrolled.last() {
            Some(last) if workspace.cohort.len() >= stage.patients => last + self.trial.known_after(),
            _ => f64::INFINITY,
        }
    }

    /// Enrols up to the day of primary event number `events`, or until everybody has been followed up.
    ///
    /// Patients are enrolled in batches. When the last batch reaches beyond the day of that event among
    /// those enrolled, nobody to come can have an earlier one; the batch is taken back and enrolled anew
    /// up to that day.
    fn day_of_event(&self, events: usize, stage: &Stage, workspace: &mut Workspace) -> f64 {
        loop {
            self.note_event_days(workspace);
            let day = day_of(events, &mut workspace.recruited);
            let enrolled = workspace.cohort.len();
            let last = workspace.cohort.enrolled.last().copied().unwrap_or(0.0);
            if enrolled >= stage.patients {
                return day.min(self.all_followed_up(stage, workspace));
            }
            let missing =
                events.saturating_sub(workspace.recruited.event_days.iter().filter(|&&d| d <= last).count());
            let batch = missing.max(BATCH);
            let recruited = &mut workspace.recruited;
            recruited.before.0 = recruited.progress;
            recruited.before.1.clone_from(&recruited.blocks);
            self.recruit(Until { patients: (enrolled + batch).min(stage.patients), day }, workspace);
            if workspace.cohort.len() == enrolled {
                // Nobody comes any more: what has not happened by the end of follow-up will not.
                return day.min(last + self.trial.known_after());
            }
            self.note_event_days(workspace);
            let day = day_of(events, &mut workspace.recruited);
            if workspace.cohort.enrolled.last().is_some_and(|&last| last >= day) {
                let recruited = &mut workspace.recruited;
                workspace.cohort.truncate(enrolled);
                recruited.event_days.truncate(enrolled);
                recruited.progress = recruited.before.0;
                recruited.blocks.clone_from(&recruited.before.1);
                self.recruit(Until { patients: stage.patients, day }, workspace);
                self.note_event_days(workspace);
                return day;
            }
        }
    }

    /// Notes the calendar day of the primary event of patients not yet seen.
    fn note_event_days(&self, workspace: &mut Workspace) {
        let Workspace { cohort, recruited, .. } = workspace;
        let endpoint = &self.trial.endpoints[self.trial.estimands[0].endpoint];
        for i in recruited.event_days.len()..cohort.len() {
            let followed = cohort.lost[i].min(self.trial.follow_up);
            let day = endpoint.day(cohort, i, followed) + self.trial.adjudication;
            recruited.event_days.push(cohort.enrolled[i] + day);
        }
    }
}

/// Patients enrolled by a day.
fn enrolled_by(day: f64, workspace: &Workspace) -> usize {
    workspace.cohort.enrolled.partition_point(|&enrolled| enrolled <= day)
}

/// The day of event number `events` among those noted; infinite if there are fewer.
fn day_of(events: usize, recruited: &mut Recruited) -> f64 {
    let Recruited { event_days, selection, .. } = recruited;
    if events == 0 || events > event_days.len() {
        return f64::INFINITY;
    }
    selection.clone_from(event_days);
    *selection.select_nth_unstable_by(events - 1, f64::total_cmp).1
}
