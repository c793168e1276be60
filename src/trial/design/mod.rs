//! Designs: when the trial looks, and what it decides.
//!
//! A trial is a loop over stages. A design is asked for the next [`Stage`]: when the look that ends it is
//! made, how many patients it may hold, who is eligible, whether recruitment goes on meanwhile. The loop
//! enrols until then, cuts the data on that day, makes every row of the look, and hands them all to
//! [`Design::decide`], which marks each row with what it shows and says how the trial goes on. What a
//! design needs to remember from look to look, and what it changes, lives in [`DesignState`]: earlier
//! looks, rows of each stage alone, weights of the arms (0 closes one), the enrolment that applies, the
//! planned size. It belongs to the worker's workspace, is refilled and never allocates once warm.
//!
//! A new kind of design is a struct in a file of its own with `next_stage` and `decide` (and `start` if it
//! begins otherwise than [`DesignState::start`]), a variant of [`Design`], a text in `scenario/text.rs` and
//! its reading with error messages in `scenario/build/design.rs`. Everything by estimand, arm or subgroup
//! is in the rows; a design that wants the data of one stage alone says so in [`Design::by_stage`].

pub mod bayesian;
pub mod bayesian_arms;
pub mod boundaries;
pub mod closed_test;
pub mod co_primary;
pub mod drop_the_loser;
pub mod enrichment;
pub mod factorial;
pub mod family;
pub mod fixed;
pub mod graphical;
pub mod group_sequential;
pub mod multi_stage;
pub mod platform;
mod posterior;
pub mod re_estimation;
pub mod response_adaptive;
pub mod rule;
pub mod stop_or_go;

use super::{
    INTERACTION_ALPHA, Trial,
    record::{Decision, Row, Slice},
};
use crate::statistics::normal_quantile;
pub use bayesian::Bayesian;
pub use bayesian_arms::BayesianArms;
pub use closed_test::ClosedTest;
pub use co_primary::CoPrimary;
pub use drop_the_loser::DropTheLoser;
pub use enrichment::Enrichment;
pub use factorial::Factorial;
pub use family::Hypothesis;
pub use fixed::Fixed;
pub use graphical::Graphical;
pub use group_sequential::GroupSequential;
pub use multi_stage::MultiStage;
pub use platform::Platform;
pub use re_estimation::ReEstimation;
pub use response_adaptive::ResponseAdaptive;
use std::ops::Range;
pub use stop_or_go::StopOrGo;

/// A design, one variant per kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Design {
    Fixed(Fixed),
    StopOrGo(StopOrGo),
    GroupSequential(Box<GroupSequential>),
    ReEstimation(Box<ReEstimation>),
    Bayesian(Box<Bayesian>),
    CoPrimary(CoPrimary),
    ClosedTest(ClosedTest),
    Graphical(Graphical),
    Factorial(Factorial),
    MultiStage(MultiStage),
    DropTheLoser(DropTheLoser),
    ResponseAdaptive(ResponseAdaptive),
    Platform(Platform),
    BayesianArms(BayesianArms),
    Enrichment(Box<Enrichment>),
}

/// What a design selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The arms that were not dropped.
    ArmsKept,
    /// The arm declared better than all others, the control among them.
    SuperiorArm,
    /// The population of the last stage.
    Population,
}

/// When a look is made: when its data are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// All patients of the stage have been followed for this many days; only they are analysed.
    Followed(f64),
    /// This many of the primary end point have happened.
    Events(u32),
    /// This calendar day, from the first site's opening.
    Day(f64),
    /// All patients of the stage have been enrolled; nothing is waited for.
    Enrolled,
}

/// Whether patients are enrolled while a look is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recruitment {
    /// It goes on: who comes before the decision is in the trial whatever is decided.
    GoesOn,
    /// It waits for the decision.
    Waits,
}

/// What happens between two looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Number of the look that ends the stage, from 1.
    pub look: u8,
    pub when: When,
    /// Patients enrolled at most by the look.
    pub patients: usize,
    pub recruitment: Recruitment,
    /// Days from the cut of the data to the decision.
    pub lag: f64,
}

/// A look that was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub stage: Stage,
    /// Calendar day on which the data were cut: nothing later is known.
    pub cut: f64,
    /// Calendar day of the decision.
    pub day: f64,
    /// The patients analysed are the first of the cohort, this many.
    pub patients: usize,
    /// How many of them were enrolled early enough to have reached the primary horizon.
    pub mature: usize,
    /// Primary events among them that were known.
    pub events: u32,
    /// Whether nothing is left to come: everybody planned is enrolled and followed up.
    pub complete: bool,
    pub decision: Decision,
}

/// What a design remembers of one trial, and what it has changed.
#[derive(Clone, Debug, Default)]
pub struct DesignState {
    /// Looks made so far.
    pub looks: Vec<Look>,
    /// The comparisons of each stage among the patients no earlier look analysed, for designs that ask for
    /// them; in the order of the rows of a look, one stage after another.
    pub stages: Vec<Row>,
    /// Patients at the end, as planned now.
    pub patients: usize,
    /// Weight of each arm in allocation; 0 if closed. Changed by [`DesignState::allocate`].
    ratio: Vec<u32>,
    /// Set when the ratio has changed, so that blocks begin anew.
    pub(super) reallocated: bool,
    /// The first patient of each stretch of the trial with weights of its own, but for the first stretch.
    periods: Vec<usize>,
    /// The enrolment that applies: 0 the trial's own, `k` the `k`th of [`Trial::narrower`].
    pub enrolment: usize,
    /// What has been decided of each hypothesis of the design's family.
    pub claims: Vec<Decision>,
    /// By arm, the chance of being the best or the share of patients it leads to.
    chances: Vec<f64>,
}

impl DesignState {
    /// The state before the first patient.
    pub fn start(&mut self, trial: &Trial) {
        self.looks.clear();
        self.stages.clear();
        self.patients = trial.patients;
        self.ratio.clone_from(&trial.allocation.ratio);
        if let Design::Platform(design) = &trial.design {
            design.start(trial, self);
        }
        self.reallocated = false;
        self.periods.clear();
        self.enrolment = 0;
        self.claims.clear();
    }

    /// Looks made so far.
    pub fn made(&self) -> usize {
        self.looks.len()
    }

    /// What the last look decided, or to go on before the first.
    pub fn decision(&self) -> Decision {
        self.looks.last().map_or(Decision::Continue, |look| look.decision)
    }

    /// Weight of each arm in allocation.
    pub fn ratio(&self) -> &[u32] {
        &self.ratio
    }

    /// Where the weights of the arms changed: the first patient of each later period.
    pub fn periods(&self) -> &[usize] {
        &self.periods
    }

    /// The period a patient was randomised in, from 0.
    pub fn period(&self, patient: usize) -> usize {
        self.periods.partition_point(|&first| first <= patient)
    }

    /// Notes a change of the weights after so many patients; whether there was one.
    pub(super) fn note_change(&mut self, patients: usize) -> bool {
        let changed = std::mem::take(&mut self.reallocated);
        if changed {
            self.periods.push(patients);
        }
        changed
    }

    /// Changes the weights of the arms from the next patient on.
    pub fn allocate(&mut self, change: impl FnOnce(&mut [u32])) {
        change(&mut self.ratio);
        self.reallocated = true;
    }
}

/// What a look shows: its rows, those of earlier looks, and the trial they belong to.
pub struct Evidence<'a> {
    pub trial: &'a Trial,
    /// The look; its decision is still open.
    pub look: Look,
    /// Rows of this look, in the order of [`crate::operating::slices`]; a design marks their decisions.
    pub rows: &'a mut [Row],
    /// Rows of earlier looks.
    pub earlier: &'a [Row],
}

impl Evidence<'_> {
    /// `z` of the primary comparison, below zero when the treatment does better; NaN without an answer.
    pub fn primary(&self) -> f64 {
        self.rows[0].comparison.statistic
    }

    /// The row of an estimand in a slice.
    pub fn of(&mut self, estimand: usize, slice: Slice) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| usize::from(row.estimand) == estimand && row.slice == slice)
    }

    /// Marks the primary row with what the trial decides, and every other by `critical`.
    pub fn mark(&mut self, primary: Decision, critical: f64) -> Decision {
        self.mark_others(critical);
        self.rows[0].decision = primary;
        primary
    }

    /// Marks every row but the primary one: significant beyond `critical`, interactions at their own level.
    pub fn mark_others(&mut self, critical: f64) {
        for row in &mut self.rows[1..] {
            row.decision = match row.slice {
                Slice::Interaction(_) if row.comparison.p_value < INTERACTION_ALPHA => Decision::Benefit,
                Slice::Interaction(_) => Decision::None,
                _ => beyond(row.comparison.statistic, critical),
            };
        }
    }
}

/// Benefit below `−critical`, harm above it; nothing is shown without an answer.
pub fn beyond(z: f64, critical: f64) -> Decision {
    if z < -critical {
        Decision::Benefit
    } else if z > critical {
        Decision::Harm
    } else {
        Decision::None
    }
}

impl Design {
    /// The stage after those made, or the first; `None` when the trial is over.
    pub fn next_stage(&self, trial: &Trial, state: &DesignState) -> Option<Stage> {
        match self {
            Design::Fixed(design) => design.next_stage(trial, state),
            Design::StopOrGo(design) => design.next_stage(trial, state),
            Design::GroupSequential(design) => design.next_stage(trial, state),
            Design::ReEstimation(design) => design.next_stage(trial, state),
            Design::Bayesian(design) => design.next_stage(trial, state),
            Design::CoPrimary(design) => design.next_stage(trial, state),
            Design::ClosedTest(_) | Design::Graphical(_) | Design::Factorial(_) => {
                (state.made() == 0).then(|| Stage::last(trial, state))
            }
            Design::MultiStage(design) => design.next_stage(trial, state),
            Design::DropTheLoser(design) => design.next_stage(trial, state),
            Design::ResponseAdaptive(design) => design.next_stage(trial, state),
            Design::Platform(design) => design.next_stage(trial, state),
            Design::BayesianArms(design) => design.next_stage(trial, state),
            Design::Enrichment(design) => design.next_stage(trial, state),
        }
    }

    /// Marks the rows of a look and decides how the trial goes on.
    pub fn decide(&self, evidence: &mut Evidence, state: &mut DesignState) -> Decision {
        match self {
            Design::Fixed(design) => design.decide(evidence),
            Design::StopOrGo(design) => design.decide(evidence),
            Design::GroupSequential(design) => design.decide(evidence, state),
            Design::ReEstimation(design) => design.decide(evidence, state),
            Design::Bayesian(design) => design.decide(evidence, state),
            Design::CoPrimary(design) => design.decide(evidence),
            Design::ClosedTest(design) => design.decide(evidence),
            Design::Graphical(design) => design.decide(evidence),
            Design::Factorial(design) => design.decide(evidence),
            Design::MultiStage(design) => design.decide(evidence, state),
            Design::DropTheLoser(design) => design.decide(evidence, state),
            Design::ResponseAdaptive(design) => design.decide(evidence, state),
            Design::Platform(design) => design.decide(evidence, state),
            Design::BayesianArms(design) => design.decide(evidence, state),
            Design::Enrichment(design) => design.decide(evidence, state),
        }
    }

    /// Whether the design needs the comparisons of each stage alone.
    pub fn by_stage(&self) -> bool {
        match self {
            Design::DropTheLoser(_) | Design::Enrichment(_) => true,
            Design::ReEstimation(design) => design.by_stage(),
            _ => false,
        }
    }

    /// The most looks a trial may make, the last included.
    pub fn most_looks(&self) -> usize {
        match self {
            Design::Fixed(_) | Design::CoPrimary(_) => 1,
            Design::ClosedTest(_) | Design::Graphical(_) | Design::Factorial(_) => 1,
            Design::StopOrGo(_) | Design::ReEstimation(_) => 2,
            Design::DropTheLoser(_) | Design::Enrichment(_) => 2,
            Design::Bayesian(design) => design.count(),
            Design::GroupSequential(design) => design.count(),
            Design::MultiStage(design) => design.looks.len(),
            Design::ResponseAdaptive(design) => design.looks(),
            Design::Platform(design) => design.changes().len() + 1,
            Design::BayesianArms(design) => design.looks.len(),
        }
    }

    /// The hypotheses that share what the design protects, if there are several.
    pub fn family(&self) -> &[Hypothesis] {
        match self {
            Design::Fixed(_) | Design::StopOrGo(_) | Design::GroupSequential(_) => &[],
            Design::ReEstimation(_) | Design::Bayesian(_) => &[],
            Design::CoPrimary(design) => &design.hypotheses,
            Design::ClosedTest(design) => &design.hypotheses,
            Design::Graphical(design) => &design.hypotheses,
            Design::Factorial(design) => &design.factors,
            Design::MultiStage(design) => &design.hypotheses,
            Design::DropTheLoser(design) => &design.hypotheses,
            Design::ResponseAdaptive(design) => &design.test.hypotheses,
            Design::Platform(design) => &design.hypotheses,
            Design::BayesianArms(design) => &design.hypotheses,
            Design::Enrichment(design) => &design.hypotheses,
        }
    }

    /// What the design selects among its hypotheses, if anything.
    pub fn selection(&self) -> Option<Selection> {
        match self {
            Design::MultiStage(_) | Design::DropTheLoser(_) => Some(Selection::ArmsKept),
            Design::BayesianArms(_) => Some(Selection::SuperiorArm),
            Design::Enrichment(_) => Some(Selection::Population),
            _ => None,
        }
    }

    /// The patients, by their number in the trial, among whom the arm of an estimand is compared.
    pub fn compared(&self, treatment: u8, state: &DesignState) -> Range<usize> {
        match self {
            Design::Platform(design) => design.compared(treatment, state),
            _ => 0..usize::MAX,
        }
    }

    /// The most patients a trial planned for `planned` may enrol.
    pub fn most_patients(&self, planned: usize) -> usize {
        match self {
            Design::ReEstimation(design) => design.most,
            _ => planned,
        }
    }

    /// The `z` beyond which a comparison is significant in one direction, for all that is not the primary.
    pub fn critical(&self) -> f64 {
        match self {
            Design::Fixed(design) => design.critical,
            Design::StopOrGo(design) => design.last.critical,
            Design::GroupSequential(design) => design.upper[design.count() - 1],
            Design::ReEstimation(design) => design.critical,
            Design::CoPrimary(design) => design.critical,
            Design::Bayesian(design) => normal_quantile(design.success[design.count() - 1]),
            Design::ClosedTest(design) => design.single(),
            Design::Graphical(design) => design.single(),
            Design::Factorial(design) => design.critical(),
            Design::MultiStage(design) => design.critical(),
            Design::DropTheLoser(design) => design.critical(),
            Design::ResponseAdaptive(design) => design.test.single(),
            Design::Platform(design) => design.critical(),
            Design::BayesianArms(design) => design.critical(),
            Design::Enrichment(design) => design.critical(),
        }
    }
}
