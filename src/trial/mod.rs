//! A trial: who is enrolled, what arm they get, when it looks, what it concludes.

pub mod accrual;
pub mod alike;
pub mod allocation;
pub mod calendar;
pub mod claim;
pub mod clusters;
pub mod design;
pub mod estimand;
mod kinds;
pub mod leaving;
pub mod minimisation;
pub mod pool;
mod prefixes;
pub mod record;
pub mod screening;
pub mod sites;

use crate::{
    analysis::{
        cluster::{Clustered, compare_clusters},
        comparison::{Comparison, Test},
        periods::compare_periods,
        slices::{Among, Sides, Slices},
        subgroup::{Subgroup, contrast, interaction},
    },
    cohort::Cohort,
    outcome::{
        course::{Batch, Course, Luck},
        endpoint::{Endpoint, Observed},
        events::EventKind,
        kinds::{Kind, Measured},
        measurement::{Measurement, MeasurementLuck},
    },
    random::Purpose,
    units::DAYS_PER_MONTH,
    vector::vectorised,
};
use accrual::{Accrual, Enrolment};
use allocation::{Allocation, Blocks, Scheme};
use calendar::{Intake, Recruited};
use design::{Design, DesignState, Evidence, Look};
use estimand::Estimand;
use leaving::Leaving;
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
    /// Enrolments a design may change to at a look.
    pub narrower: Vec<Enrolment>,
    pub allocation: Allocation,
    /// Patients at the end, if the trial is not stopped.
    pub patients: usize,
    /// Days each patient is followed.
    pub follow_up: f64,
    /// Hazard of loss to follow-up, per day.
    pub loss_rate: f64,
    /// Loss and withdrawal that have to do with how patients fare.
    pub leaving: Leaving,
    /// Days from an outcome to its place in the database.
    pub adjudication: f64,
    pub endpoints: Vec<Endpoint>,
    /// What is measured, for end points that are not events.
    pub measurements: Vec<Measurement>,
    pub subgroups: Vec<Subgroup>,
    /// The first is the primary one, on which the design decides.
    pub estimands: Vec<Estimand>,
    pub design: Design,
}

/// What a worker keeps between trials so that none allocates.
#[derive(Debug, Default)]
pub struct Workspace {
    pub cohort: Cohort,
    /// Blocks of an allocation made outside a trial.
    pub blocks: Blocks,
    /// The looks made in the last trial, and what its design changed.
    pub design: DesignState,
    recruited: Recruited,
    luck: Luck,
    batch: Batch,
    followed: Vec<f64>,
    /// Marks of those to whom something happened, while they are counted.
    happened: Vec<u8>,
    seen: Vec<Observed>,
    measured: Vec<Measured>,
    measurement_luck: MeasurementLuck,
    slices: Slices,
    levels: Vec<Comparison>,
}

impl Workspace {
    /// The numbers of the end points that are numbers, by end point, as known at the last look.
    pub fn measured(&self) -> &[Measured] {
        &self.measured
    }
}

/// The purposes of a trial's random numbers that depend on names; made once.
#[derive(Clone, Debug)]
pub struct Purposes {
    pub(crate) events: Vec<Purpose>,
    pub(crate) arms: Vec<Purpose>,
    measurements: Vec<Vec<Purpose>>,
}

impl Trial {
    /// The purposes this trial draws for.
    pub fn purposes(&self) -> Purposes {
        Purposes {
            events: self.course.event_purposes(),
            arms: self.arms.iter().map(|arm| Purpose::bail_out(&arm.name)).collect(),
            measurements: self.measurements.iter().map(Measurement::purposes).collect(),
        }
    }

    /// Days from randomisation until everything about a patient is in the database.
    pub fn known_after(&self) -> f64 {
        self.follow_up + self.adjudication
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
        workspace.luck.move_to(seed, replicate, &purposes.events, &purposes.arms);
        workspace.measurement_luck.move_to(seed, replicate, &purposes.measurements);
        let intake = Intake::new(self, pool, seed, replicate);
        self.start(workspace, record);
        while let Some(stage) = self.design.next_stage(self, &workspace.design) {
            let look = intake.reach(&stage, workspace);
            self.look(look, workspace, record);
        }
        self.finish(workspace, record);
    }

    fn start(&self, workspace: &mut Workspace, record: &mut Record) {
        workspace.cohort.clear(self.course.events.len());
        workspace.seen.resize_with(self.endpoints.len(), Observed::default);
        workspace.measured.resize_with(self.endpoints.len(), Measured::default);
        workspace.design.start(self);
        workspace.recruited.start(&self.allocation);
        record.clear();
    }

    /// What is known on the day of a look: cut, compare, decide.
    fn look(&self, look: Look, workspace: &mut Workspace, record: &mut Record) {
        self.know(&look, workspace);
        self.conclude(look, workspace, record);
    }

    /// Cuts the data on the day of a look: what is known of its patients.
    fn know(&self, look: &Look, workspace: &mut Workspace) {
        self.cut(look, &workspace.cohort, &mut workspace.followed);
        for (endpoint, seen) in self.endpoints.iter().zip(&mut workspace.seen) {
            self.observe(endpoint, look, &workspace.cohort, &workspace.followed, seen);
        }
        self.observe_numbers(look, workspace);
    }

    /// Compares the patients of a look, who may be the first of those whose data were cut, and decides.
    fn conclude(&self, mut look: Look, workspace: &mut Workspace, record: &mut Record) {
        let primary = self.estimands[0].endpoint;
        look.mature = self.mature(&self.endpoints[primary], &look, &workspace.cohort, look.patients);
        let primary = &workspace.seen[primary];
        look.events = primary.event[..look.patients].iter().filter(|&&e| e).count() as u32;
        let first = record.rows.len();
        self.compare(&look, 0, workspace, &mut record.rows);
        if self.design.by_stage() {
            let from = workspace.design.looks.last().map_or(0, |before| before.patients);
            let mut stages = std::mem::take(&mut workspace.design.stages);
            self.compare(&look, from, workspace, &mut stages);
            workspace.design.stages = stages;
        }
        let (earlier, rows) = record.rows.split_at_mut(first);
        let mut evidence = Evidence { trial: self, look, rows, earlier };
        look.decision = self.design.decide(&mut evidence, &mut workspace.design);
        workspace.design.looks.push(look);
        if workspace.design.note_change(workspace.cohort.len()) {
            workspace.recruited.forget_blocks(&self.allocation);
        }
    }

    /// Writes how long each patient of a look had been followed when the data were cut.
    pub fn cut(&self, look: &Look, cohort: &Cohort, followed: &mut Vec<f64>) {
        followed.clear();
        let ends = cohort.lost.iter().zip(&cohort.enrolled).take(look.patients);
        followed.extend(ends.map(|(&lost, &enrolled)| {
            let known = (look.cut - self.adjudication - enrolled + SAME_DAY).max(0.0);
            let end = if lost < self.follow_up { lost } else { self.follow_up };
            if known < end { known } else { end }
        }));
    }

    /// Writes what is known of an end point at a look, its patients having been followed as `followed` says.
    ///
    /// Whoever was enrolled too late to have reached the horizon by the cut has no answer yet, even with
    /// an event: to count the events of those patients alone would count too many.
    pub fn observe(
        &self,
        endpoint: &Endpoint,
        look: &Look,
        cohort: &Cohort,
        followed: &[f64],
        seen: &mut Observed,
    ) {
        match &endpoint.kind {
            Kind::Composite(kind) => kind.observe(endpoint, cohort, followed, seen),
            _ => endpoint.observe(cohort, followed, seen),
        }
        let mature = self.mature(endpoint, look, cohort, followed.len());
        seen.known[mature..].fill(false);
    }

    /// How many of the first `patients` were enrolled early enough to have reached the horizon by the cut.
    fn mature(&self, endpoint: &Endpoint, look: &Look, cohort: &Cohort, patients: usize) -> usize {
        cohort.enrolled[..patients]
            .partition_point(|day| day + endpoint.by + self.adjudication <= look.cut + SAME_DAY)
    }

    /// Adds a row for every estimand, subgroup level and interaction, among the patients of the look from
    /// number `from` on.
    fn compare(&self, look: &Look, from: usize, workspace: &mut Workspace, rows: &mut Vec<Row>) {
        let Workspace { cohort, followed, seen: all_seen, measured, slices, levels, design: state, .. } =
            workspace;
        let codes = self.subgroups.iter().map(|s| (s.code.as_slice(), s.levels.len()));
        slices.look(&cohort.row[..followed.len()], codes);
        for (index, estimand) in self.estimands.iter().enumerate() {
            let endpoint = &self.endpoints[estimand.endpoint];
            let seen = &all_seen[estimand.endpoint];
            let compared = self.design.compared(estimand.treatment, state);
            let patients = (from.max(compared.start).min(look.patients), compared.end.min(look.patients));
            let sides = |treatment: u8, control: u8, with: &[Vec<u8>; 2]| Sides {
                treatment,
                control,
                with: [arm_set(&with[0]), arm_set(&with[1])],
                endpoint: estimand.endpoint,
                patients,
            };
            let assigned = &cohort.assigned[..followed.len()];
            let subtracted = estimand.minus.map(|(treatment, control)| {
                slices.choose(sides(treatment, control, &NO_OTHERS), assigned, seen, endpoint.by);
                self.compare_kind(estimand, all_seen, measured, slices, Among::Everybody).unwrap_or_else(
                    || slices.compare(seen, estimand.method, endpoint.by, estimand.strata, Among::Everybody),
                )
            });
            let own = sides(estimand.treatment, estimand.control, &estimand.with);
            slices.choose(own, assigned, seen, endpoint.by);
            let mut compare = |among| {
                self.compare_clusters(estimand, cohort, state, seen, slices, among)
                    .or_else(|| self.compare_periods(estimand, cohort, state, seen, slices, among))
                    .or_else(|| self.compare_kind(estimand, all_seen, measured, slices, among))
                    .unwrap_or_else(|| {
                        slices.compare(seen, estimand.method, endpoint.by, estimand.strata, among)
                    })
            };
            let mut add = |slice, mut comparison: Comparison| {
                if endpoint.higher_is_better && !matches!(slice, Slice::Interaction(_)) {
                    comparison.statistic = -comparison.statistic;
                }
                if !matches!(slice, Slice::Interaction(_)) {
                    estimand.claim.restate(&mut comparison, estimand.method, endpoint.higher_is_better);
                }
                rows.push(Row {
                    look: look.stage.look,
                    estimand: index as u16,
                    slice,
                    comparison,
                    decision: Decision::None,
                });
            };
            let whole = compare(Among::Everybody);
            add(Slice::All, subtracted.map_or(whole, |other| contrast(&whole, &other)));
            for &s in &estimand.subgroups {
                let subgroup = &self.subgroups[s];
                levels.clear();
                for level in 0..subgroup.levels.len() as u8 {
                    let comparison = compare(Among::Level(s, level));
                    levels.push(comparison);
                    add(Slice::Level(s as u8, level), comparison);
                }
                add(Slice::Interaction(s as u8), interaction(levels));
            }
        }
    }

    /// A comparison that reads clusters; `None` where the method does not.
    fn compare_clusters(
        &self,
        estimand: &Estimand,
        cohort: &Cohort,
        state: &DesignState,
        seen: &Observed,
        slices: &Slices,
        among: Among,
    ) -> Option<Comparison> {
        if !estimand.method.test.by_cluster() {
            return None;
        }
        let period = |i: usize| self.period(i, cohort, state) as u32;
        let clustered = Clustered { cluster: &cohort.site, period: &period };
        let member = |i: usize| slices.holds(among, i);
        Some(compare_clusters(seen, slices.group(), clustered, estimand.method.summary, &member))
    }

    /// The stretch of the trial, from 0, in which a patient was randomised: shares of the arms are the same throughout.
    pub fn period(&self, patient: usize, cohort: &Cohort, state: &DesignState) -> usize {
        match &self.allocation.scheme {
            Scheme::Clusters(clusters) => clusters.period(cohort.enrolled[patient]) as usize,
            _ => state.period(patient),
        }
    }

    /// A comparison within periods; `None` where the method makes none.
    fn compare_periods(
        &self,
        estimand: &Estimand,
        cohort: &Cohort,
        state: &DesignState,
        seen: &Observed,
        slices: &Slices,
        among: Among,
    ) -> Option<Comparison> {
        (estimand.method.test == Test::MantelHaenszelByPeriod).then(|| {
            let period = |i: usize| self.period(i, cohort, state);
            let member = |i: usize| slices.holds(among, i);
            compare_periods(seen, slices.group(), &period, estimand.method.summary, &member)
        })
    }

    fn finish(&self, workspace: &mut Workspace, record: &mut Record) {
        let Workspace { cohort, design, recruited, followed, happened, .. } = workspace;
        let Some(look) = design.looks.last() else { return };
        record.trial = Some(TrialRow {
            look: look.stage.look,
            patients: cohort.len() as u32,
            screened: recruited.progress.screened,
            months: look.day / DAYS_PER_MONTH,
            information: f64::from(look.events),
            decision: look.decision,
        });
        if !look.complete {
            // Patients are followed up whatever the last look knew of them.
            followed.clear();
            followed.extend(cohort.lost.iter().map(|&lost| lost.min(self.follow_up)));
        }
        self.tally(cohort, followed, happened, record);
    }

    /// Counts patients with each event while they were followed, by arm assigned. Who is followed are the
    /// first of the cohort.
    fn tally(&self, cohort: &Cohort, followed: &[f64], happened: &mut Vec<u8>, record: &mut Record) {
        let arms = self.arms.len();
        let columns = self.counted();
        record.arm_patients.resize(arms, 0);
        record.counts.resize(arms * columns, 0);
        for &arm in &cohort.assigned[..followed.len()] {
            record.arm_patients[usize::from(arm)] += 1;
        }
        // A patient dies once, so deaths of all kinds add up.
        let deaths = columns - 2;
        for (e, times) in cohort.events.iter().enumerate() {
            happened.resize(followed.len(), 0);
            mark(times, followed, happened);
            let death = u32::from(self.course.events.list[e].kind == EventKind::Death);
            for (arm, counts) in record.counts.chunks_mut(columns).enumerate() {
                let counted = count_in(arm as u8, &cohort.assigned, happened);
                counts[e] = counted;
                counts[deaths] += counted * death;
            }
        }
        happened.clear();
        let changes = cohort.received.iter().zip(&cohort.assigned).zip(&cohort.bailed_out).zip(followed);
        happened
            .extend(changes.map(|(((received, arm), day), end)| u8::from((received != arm) | (day <= end))));
        for (arm, counts) in record.counts.chunks_mut(columns).enumerate() {
            counts[columns - 1] = count_in(arm as u8, &cohort.assigned, happened);
        }
    }

    /// The populations in which the design may claim a benefit by the primary comparison: everybody it
    /// enrols, or some levels of a subgroup beside or instead.
    pub fn populations(&self) -> Vec<Slice> {
        let borrowing = match &self.design {
            Design::Bayesian(design) => design.shrinkage.map(|s| s.subgroup),
            _ => None,
        };
        let list: Vec<Slice> = match borrowing {
            Some(s) => {
                (0..self.subgroups[s].levels.len()).map(|level| Slice::Level(s as u8, level as u8)).collect()
            }
            None => {
                let family = self.design.family().iter().filter(|h| h.estimand == 0).map(|h| h.slice);
                family.filter(|slice| !matches!(slice, Slice::Interaction(_))).collect()
            }
        };
        if list.is_empty() { vec![Slice::All] } else { list }
    }

    /// The names of the arms on the side of the treatment (0) or the control (1) of an estimand.
    pub fn side_name(&self, estimand: &Estimand, side: usize) -> String {
        let names: Vec<&str> = estimand.arms(side).map(|a| self.arms[usize::from(a)].name.as_str()).collect();
        names.join("+")
    }

    /// The same as people read it.
    pub fn side_label(&self, estimand: &Estimand, side: usize) -> String {
        let labels: Vec<&str> =
            estimand.arms(side).map(|a| self.arms[usize::from(a)].label.as_str()).collect();
        labels.join(" or ")
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

vectorised! {
    /// Marks who has had the event by the end of follow-up.
    fn mark(times: &[f64], ends: &[f64], marks: &mut [u8]) {
        for (mark, (time, end)) in marks.iter_mut().zip(times.iter().zip(ends)) {
            *mark = u8::from(time <= end);
        }
    }
}

vectorised! {
    /// How many patients of an arm have a mark.
    fn count_in(arm: u8, assigned: &[u8], marks: &[u8]) -> u32 {
        assigned.iter().zip(marks).map(|(&a, &mark)| u32::from(mark & u8::from(a == arm))).sum()
    }
}

/// No arm beside the two of a comparison.
const NO_OTHERS: [Vec<u8>; 2] = [Vec::new(), Vec::new()];

/// Arms as bits.
fn arm_set(arms: &[u8]) -> u64 {
    arms.iter().fold(0, |set, &arm| set | 1 << arm)
}

/// Days by which rounding may move a sum of days; far below anything the calendar resolves.
const SAME_DAY: f64 = 1e-9;

/// Two-sided error at which an interaction is called significant.
pub const INTERACTION_ALPHA: f64 = 0.05;
