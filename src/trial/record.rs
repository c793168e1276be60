//! What a simulated trial leaves behind: one row per look and comparison, and one for the trial.

use crate::analysis::comparison::Comparison;

/// What a rule decides from a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Decision {
    /// Neither direction is shown.
    None = 0,
    /// The treatment is shown to do better.
    Benefit = 1,
    /// The treatment is shown to do worse.
    Harm = 2,
    /// The trial stops because benefit has become unlikely.
    Futility = 3,
    /// The trial goes on.
    Continue = 4,
}

impl Decision {
    /// The word tables use.
    pub fn name(self) -> &'static str {
        match self {
            Decision::None => "none",
            Decision::Benefit => "benefit",
            Decision::Harm => "harm",
            Decision::Futility => "futility",
            Decision::Continue => "continue",
        }
    }

    /// All decisions in the order of their codes.
    pub const ALL: [Decision; 5] =
        [Decision::None, Decision::Benefit, Decision::Harm, Decision::Futility, Decision::Continue];
}

/// Which patients a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slice {
    All,
    /// One level of a subgroup, by their indices.
    Level(u8, u8),
    /// The interaction of a subgroup with the treatment.
    Interaction(u8),
}

/// One comparison at one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Look, from 1.
    pub look: u8,
    /// Index of the estimand.
    pub estimand: u16,
    pub slice: Slice,
    pub comparison: Comparison,
    pub decision: Decision,
}

/// The trial as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialRow {
    /// The last look.
    pub look: u8,
    pub patients: u32,
    /// Candidates screened.
    pub screened: u64,
    /// From the first site's opening to the last analysis.
    pub months: f64,
    /// Primary events at the last look.
    pub information: f64,
    pub decision: Decision,
}

/// Everything one simulated trial concludes. A worker clears and refills one.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub rows: Vec<Row>,
    pub trial: Option<TrialRow>,
    /// Patients with each event by the end of follow-up: arm (outer) by event (inner), the events of the
    /// population, then death from any cause, then bail-out.
    pub counts: Vec<u32>,
    /// Patients assigned to each arm.
    pub arm_patients: Vec<u32>,
}

impl Record {
    /// Empties the record and keeps its memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.trial = None;
        self.counts.clear();
        self.arm_patients.clear();
    }
}
