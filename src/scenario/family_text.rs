//! Designs with several arms, populations or end points, as a scenario writes them.
//!
//! A hypothesis is written as the name of an estimand, or `ESTIMAND in SUBGROUP` for one level of a
//! subgroup: `primary in responder`, `primary in cause = ami`.

use super::text::{AlphaText, Named, RecruitmentText};
use crate::units::Days;
use schemars::JsonSchema;
use serde::Deserialize;

/// Several hypotheses tested together at the end by the closed test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedTestText {
    pub alpha: AlphaText,
    pub hypotheses: Vec<String>,
    pub intersection: IntersectionText,
}

/// The test of a set of hypotheses.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum IntersectionText {
    Bonferroni,
    Simes,
    /// Arms of one size against one control.
    Dunnett,
    /// Everybody and a part of them.
    SpiessensDebois,
}

/// Hypotheses that share one level by a graph.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphicalText {
    pub alpha: AlphaText,
    pub hypothesis: Named<GraphHypothesisText>,
}

/// One hypothesis of a graph.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphHypothesisText {
    /// Share of the level it starts with.
    #[serde(default)]
    pub weight: f64,
    /// To whom it passes what it holds when it is claimed, in which shares.
    #[serde(default)]
    pub passes: Named<f64>,
}

/// Hypotheses tested in order, each at the full level, up to the first that is not claimed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HierarchicalText {
    pub alpha: AlphaText,
    pub order: Vec<String>,
}

/// A level split between hypotheses.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlphaSplitText {
    pub alpha: AlphaText,
    /// Share of the level of each hypothesis.
    pub shares: Named<f64>,
    /// Whether a hypothesis that is claimed passes its share on to the others, evenly.
    #[serde(default)]
    pub pass_on: bool,
}

/// Two treatments at once, each against its absence.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorialText {
    pub alpha: AlphaText,
    /// The estimands of the factors.
    pub factors: Vec<String>,
    /// The estimand of their interaction.
    pub interaction: Option<String>,
}

/// Several arms and looks: arms are dropped or claimed by bounds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MultiStageText {
    pub alpha: AlphaText,
    /// The estimands that compare each arm with the control.
    pub arms: Vec<String>,
    /// Patients at each look as a share of all, the last 1.
    pub looks: Vec<f64>,
    pub boundary: ArmBoundaryText,
    /// Arms whose z, counted upwards for benefit, is below this are dropped: one for each look before the last.
    #[serde(default)]
    pub drop_below: Vec<f64>,
    /// Whether the first claim ends the trial.
    #[serde(default = "yes")]
    pub stop_at_first_claim: bool,
    pub recruitment: Option<RecruitmentText>,
    pub lag: Option<Days>,
}

fn yes() -> bool {
    true
}

/// Shape of the bounds for a claim.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum ArmBoundaryText {
    #[serde(rename = "obrien_fleming")]
    OBrienFleming,
    Pocock,
    WangTsiatis(f64),
}

/// Two stages: all arms, then the best.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropTheLoserText {
    pub alpha: AlphaText,
    /// The estimands that compare each arm with the control.
    pub arms: Vec<String>,
    /// Share of the patients in the first stage.
    pub first_stage: f64,
    /// Arms that go on with the control.
    #[serde(default = "one")]
    pub keep: u32,
    /// The trial stops for futility if the best z, counted upwards for benefit, is not above this.
    pub stop_below: Option<f64>,
    #[serde(default)]
    pub test: LastTestText,
    /// The test of a set of arms in a stage, for the combination.
    pub intersection: Option<IntersectionText>,
    pub recruitment: Option<RecruitmentText>,
    pub lag: Option<Days>,
}

fn one() -> u32 {
    1
}

/// How the arms that went on are tested.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LastTestText {
    /// Closed test of inverse normal combinations of the stages.
    #[default]
    Combination,
    /// One statistic of all patients, against the critical value of the best of so many arms.
    AllPatients,
}

/// Allocation that leans towards the better arm.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseAdaptiveText {
    pub alpha: AlphaText,
    /// What is tested at the end; the first estimand unless said.
    pub hypotheses: Option<Vec<String>>,
    /// The test of a set of hypotheses, if there are several.
    pub intersection: Option<IntersectionText>,
    /// Patients before the ratio first changes.
    pub burn_in: u32,
    /// Patients between two changes.
    pub every: u32,
    /// Power of the chance of being the best that an arm's share follows; 0 keeps the arms even.
    #[serde(default = "unit")]
    pub power: f64,
    /// Least and largest share of an arm.
    pub limits: [f64; 2],
    /// An arm that keeps its share from the burn-in on.
    #[serde(default)]
    pub fixed: Named<f64>,
    /// Beta prior of each arm's risk.
    #[serde(default = "uniform")]
    pub prior: [f64; 2],
    pub recruitment: Option<RecruitmentText>,
    pub lag: Option<Days>,
}

fn unit() -> f64 {
    1.0
}

fn uniform() -> [f64; 2] {
    [1.0, 1.0]
}

/// Arms that enter and leave.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlatformText {
    pub alpha: AlphaText,
    /// The estimands that compare each arm with the control.
    pub arms: Vec<String>,
    pub controls: ControlsText,
    /// First and last patient of the trial for whom an arm is open, the arm entering after the first number;
    /// arms not named are open throughout.
    #[serde(default)]
    pub open: Named<[u32; 2]>,
    /// The same by the calendar, from the first site's opening; one time if the arm stays to the end.
    #[serde(default)]
    pub open_between: Named<Vec<Days>>,
}

/// Which controls an arm is compared with.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ControlsText {
    Concurrent,
    Pooled,
}

/// Arms judged by how likely each is to be the best.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BayesianArmsText {
    /// Beta prior of each arm's risk.
    #[serde(default = "uniform")]
    pub prior: [f64; 2],
    /// Patients at each look as a share of all, the last 1.
    pub looks: Vec<f64>,
    /// An arm is superior above this chance of being the best.
    pub superior_above: f64,
    /// An arm is closed below this chance of being the best.
    pub drop_below: f64,
    pub recruitment: Option<RecruitmentText>,
    pub lag: Option<Days>,
}

/// Two stages: everybody, then whoever the first stage recommends.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrichmentText {
    pub alpha: AlphaText,
    /// The part of the patients: a subgroup of the first estimand, or `SUBGROUP = LEVEL`.
    pub population: String,
    /// Share of the patients in the first stage.
    pub first_stage: f64,
    /// The trial stops for futility if this holds, such as `z(all) < 0 and z(responder) < 0`; z is above 0
    /// when the treatment does better.
    pub stop: Option<String>,
    /// The second stage enrols the part only if this holds.
    pub enrich: String,
    #[serde(default = "simes")]
    pub intersection: IntersectionText,
    pub recruitment: Option<RecruitmentText>,
    pub lag: Option<Days>,
}

fn simes() -> IntersectionText {
    IntersectionText::Simes
}
