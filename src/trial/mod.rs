//! A trial: who is enrolled, what arm they get, when it looks, what it concludes.

pub mod accrual;
pub mod allocation;
pub mod design;
pub mod estimand;
pub mod pool;
pub mod record;

use crate::{
    analysis::{
        comparison::{Buffers, Comparison, Strata, sides},
        subgroup::{Subgroup, interaction},
    },
    cohort::Cohort,
    outcome::{
        course::{Course, Luck},
        endpoint::{Endpoint, Observed},
        events::EventKind,
    },
    random::Purpose,
    units::DAYS_PER_MONTH,
};
use accrual::{Accrual, AccrualLuck, Enrolment, Progress};
use allocation::{Allocation, Blocks};
use design::{Design, Stage};
use estimand::Estimand;
use pool::Pool;
use record::{Decision, Record, Row, Slice, TrialRow};

/// An arm, as people read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    pub name: String,
    pub label: String,
}

/// A trial ready to be simulated. Nothing downstream checks it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub arms: Vec<Arm>,
    pub course: Course,
    pub accrual: Accrual,
    pub enrolment: Enrolment,
    pub allocation: Allocation,
    /// Patients at the end, if the trial is not stopped.
    pub patients: usize,
    /// Days each patient is followed.
    pub follow_up: f64,
    /// Hazard of loss to follow-up, per day.
    pub loss_rate: f64,
    pub endpoints: Vec<Endpoint>,
    pub subgroups: Vec<Subgroup>,
    /// The first is the primary one, on which the design decides.
    pub estimands: Vec<Estimand>,
    pub design: Design,
}

/// How far a trial has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    progress: Progress,
    before: Option<(Stage, Decision)>,
    /// Day of the last look.
    day: f64,
}

/// What a worker keeps between trials so that none allocates.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    pub cohort: Cohort,
    luck: Luck,
    blocks: Blocks,
    followed: Vec<f64>,
    seen: Vec<Observed>,
    buffers: Buffers,
    levels: Vec<Comparison>,
}

/// The purposes of a trial's random numbers that depend on names; made once.
#[derive(Clone, Debug)]
pub struct Purposes {
    events: Vec<Purpose>,
    arms: Vec<Purpose>,
}

impl Trial {
    /// The purposes this trial draws for.
    pub fn purposes(&self) -> Purposes {
        Purposes {
            events: self.course.event_purposes(),
            arms: self.arms.iter().map(|arm| Purpose::bail_out(&arm.name)).collect(),
        }
    }

    /// Simulates replicate `replicate`: enrols, randomises, follows and looks, stage by stage.
    pub fn conduct(
        &self,
        pool: &Pool,
        seed: u64,
        replicate: u64,
        purposes: &Purposes,
        workspace: &mut Workspace,
        record: &mut Record,
    ) {
        let accrual_luck = AccrualLuck::new(seed, replicate);
        let allocation_luck = Allocation::luck(seed, replicate);
        workspace.luck.move_to(seed, replicate, &purposes.events, &purposes.arms);
        let mut state = self.start(workspace, record);
        while let Some(stage) = self.design.next_stage(state.before, self.patients) {
            let cohort = &mut workspace.cohort;
            let from = cohort.len();
            self.accrual.enrol(
                cohort,
                stage.patients,
                &mut state.progress,
                &self.enrolment,
                self.loss_rate,
                &accrual_luck,
            );
            self.allocation.randomise(cohort, from, &mut workspace.blocks, &allocation_luck);
            self.course.follow(cohort, from, &workspace.luck, |row| pool.patient(row));
            state = self.look(stage, state, workspace, record);
        }
        self.finish(&state, workspace, record);
    }

    fn start(&self, workspace: &mut Workspace, record: &mut Record) -> State {
        workspace.cohort.clear(self.course.events.len());
        workspace.seen.resize_with(self.endpoints.len(), Observed::default);
        self.allocation.start(&mut workspace.blocks);
        record.clear();
        State::default()
    }

    /// Looks when the last patient of the stage has been followed up: cut, compare, decide.
    fn look(&self, stage: Stage, state: State, workspace: &mut Workspace, record: &mut Record) -> State {
        let cohort = &workspace.cohort;
        let day = cohort.enrolled.last().copied().unwrap_or(0.0) + self.follow_up;
        workspace.followed.clear();
        workspace.followed.extend(cohort.lost.iter().map(|&lost| lost.min(self.follow_up)));
        for (endpoint, seen) in self.endpoints.iter().zip(&mut workspace.seen) {
            endpoint.observe(cohort, &workspace.followed, seen);
        }
        let first = record.rows.len();
        self.compare(stage, workspace, record);
        let primary = &mut record.rows[first];
        let decision = self.design.decide(stage, primary.comparison.statistic);
        primary.decision = decision;
        let mut progress = state.progress;
        // Recruitment waits for the look.
        progress.waited += day - workspace.cohort.enrolled.last().copied().unwrap_or(0.0);
        State { progress, before: Some((stage, decision)), day }
    }

    /// Adds a row for every estimand, subgroup level and interaction.
    fn compare(&self, stage: Stage, workspace: &mut Workspace, record: &mut Record) {
        let Workspace { cohort, seen, buffers, levels, .. } = workspace;
        let mut sorted = usize::MAX;
        for (index, estimand) in self.estimands.iter().enumerate() {
            let endpoint = &self.endpoints[estimand.endpoint];
            let seen = &seen[estimand.endpoint];
            sides(&cohort.assigned, estimand.treatment, estimand.control, &mut buffers.group);
            if estimand.method.summary.needs_times() && sorted != estimand.endpoint {
                buffers.sort(seen);
                sorted = estimand.endpoint;
            }
            let row = &cohort.row;
            let stratum = estimand.strata.map(|s| &self.subgroups[s]);
            let stratum_of = |i: usize| stratum.map_or(0, |s| s.code[row[i] as usize]);
            let strata: Strata = stratum.map(|s| (&stratum_of as &dyn Fn(usize) -> u8, s.levels.len() as u8));
            let add = |slice, mut comparison: Comparison, record: &mut Record| {
                if endpoint.higher_is_better && !matches!(slice, Slice::Interaction(_)) {
                    comparison.statistic = -comparison.statistic;
                }
                let decision = self.decide_beside(slice, &comparison);
                record.rows.push(Row {
                    look: stage.look,
                    estimand: index as u16,
                    slice,
                    comparison,
                    decision,
                });
            };
            let whole = buffers.compare(seen, estimand.method, endpoint.by, strata, |_| true);
            add(Slice::All, whole, record);
            for &s in &estimand.subgroups {
                let subgroup = &self.subgroups[s];
                levels.clear();
                for level in 0..subgroup.levels.len() as u8 {
                    let member = |i: usize| subgroup.code[row[i] as usize] == level;
                    let comparison = buffers.compare(seen, estimand.method, endpoint.by, strata, member);
                    levels.push(comparison);
                    add(Slice::Level(s as u8, level), comparison, record);
                }
                add(Slice::Interaction(s as u8), interaction(levels), record);
            }
        }
    }

    /// Significance of whatever is not the primary comparison, at the design's last critical value.
    fn decide_beside(&self, slice: Slice, comparison: &Comparison) -> Decision {
        let critical = self.design.critical();
        let z = comparison.statistic;
        match slice {
            Slice::Interaction(_) => {
                if comparison.p_value < INTERACTION_ALPHA {
                    Decision::Benefit
                } else {
                    Decision::None
                }
            }
            _ if z < -critical => Decision::Benefit,
            _ if z > critical => Decision::Harm,
            _ => Decision::None,
        }
    }

    fn finish(&self, state: &State, workspace: &Workspace, record: &mut Record) {
        let cohort = &workspace.cohort;
        let Some((stage, decision)) = state.before else { return };
        let primary = &workspace.seen[self.estimands[0].endpoint];
        record.trial = Some(TrialRow {
            look: stage.look,
            patients: cohort.len() as u32,
            screened: state.progress.screened,
            months: state.day / DAYS_PER_MONTH,
            information: primary.event.iter().filter(|&&e| e).count() as f64,
            decision,
        });
        self.tally(cohort, &workspace.followed, record);
    }

    /// Counts patients with each event while they were followed, by arm assigned.
    fn tally(&self, cohort: &Cohort, followed: &[f64], record: &mut Record) {
        let arms = self.arms.len();
        let columns = self.counted();
        record.arm_patients.resize(arms, 0);
        record.counts.resize(arms * columns, 0);
        for &arm in &cohort.assigned {
            record.arm_patients[usize::from(arm)] += 1;
        }
        let counts = &mut record.counts;
        for (e, times) in cohort.events.iter().enumerate() {
            let death = u32::from(self.course.events.list[e].kind == EventKind::Death);
            for ((&arm, &end), &time) in cohort.assigned.iter().zip(followed).zip(times) {
                let cell = usize::from(arm) * columns;
                let happened = u32::from(time <= end);
                counts[cell + e] += happened;
                // A patient dies once, so deaths of all kinds add up.
                counts[cell + columns - 2] += happened & death;
            }
        }
        for (i, (&arm, &end)) in cohort.assigned.iter().zip(followed).enumerate() {
            let changed = cohort.received[i] != arm || cohort.bailed_out[i] <= end;
            counts[usize::from(arm) * columns + columns - 1] += u32::from(changed);
        }
    }

    /// Patients enrolled when look `look` is made, if the trial gets there.
    pub fn patients_at(&self, look: u8) -> usize {
        let mut stage = self.design.next_stage(None, self.patients);
        while let Some(now) = stage {
            if now.look == look {
                return now.patients;
            }
            stage = self.design.next_stage(Some((now, Decision::Continue)), self.patients);
        }
        self.patients
    }

    /// How many things are counted by arm: the events, death from any cause, change of arm.
    pub fn counted(&self) -> usize {
        self.course.events.len() + 2
    }

    /// The name of each thing counted.
    pub fn counted_name(&self, index: usize) -> &str {
        match self.course.events.list.get(index) {
            Some(event) => &event.name,
            None if index == self.course.events.len() => "death_any_cause",
            None => "crossover",
        }
    }

    /// The label of each thing counted.
    pub fn counted_label(&self, index: usize) -> &str {
        match self.course.events.list.get(index) {
            Some(event) => &event.label,
            None if index == self.course.events.len() => "Death from any cause",
            None => "Another arm's treatment",
        }
    }
}

/// Two-sided error at which an interaction is called significant.
pub const INTERACTION_ALPHA: f64 = 0.05;
