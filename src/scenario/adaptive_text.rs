//! Designs that change the trial's size or decide by a posterior, as written.

use super::text::{AlphaText, RecruitmentText};
use crate::units::Days;
use schemars::JsonSchema;
use serde::Deserialize;

/// One look at which the size of the trial is settled; one of `blinded` and `promising`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReEstimationText {
    pub alpha: AlphaText,
    /// Share of the planned patients at the look.
    pub look: f64,
    /// Patients at the most.
    pub most: u32,
    /// From the risk of both arms together.
    pub blinded: Option<BlindedText>,
    /// From the effect seen so far.
    pub promising: Option<PromisingText>,
    pub recruitment: Option<RecruitmentText>,
    /// Time from the cut of the data to the decision.
    pub lag: Option<Days>,
}

/// The size that gives the power at the planned effect and the pooled risk.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlindedText {
    pub power: f64,
    pub risk_ratio: Option<f64>,
    pub risk_difference: Option<f64>,
    pub odds_ratio: Option<f64>,
    /// For a primary estimand that reads times.
    pub hazard_ratio: Option<f64>,
    /// Patients at the least; the planned number unless said.
    pub least: Option<u32>,
}

/// Growth when the result is promising.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromisingText {
    /// Conditional power to be reached.
    pub target: f64,
    /// Conditional power, under the trend, from which a result is promising; by default where the plain
    /// test keeps its level.
    pub from: Option<f64>,
    pub test: LastTestText,
    /// Stop when conditional power is below this.
    pub stop_below: Option<f64>,
}

/// The last test.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LastTestText {
    /// All patients together.
    Plain,
    /// The stages weighted as planned.
    CuiHungWang,
    /// This squared weight of the first stage.
    InverseNormal(f64),
}

/// Looks at which a posterior decides.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BayesianText {
    /// Shares of the patients, the last 1.
    pub looks: Vec<f64>,
    pub model: ModelText,
    /// Benefit is a difference or a ratio better than this; any at all unless said.
    pub margin: Option<f64>,
    pub success: SuccessText,
    pub futility: Option<PosteriorFutilityText>,
    /// Stop when the chance of harm is above this.
    pub harm: Option<f64>,
    /// Let the effects in the levels of a subgroup borrow from each other.
    pub shrink: Option<ShrinkText>,
    pub recruitment: Option<RecruitmentText>,
    /// Time from the cut of the data to the decision.
    pub lag: Option<Days>,
}

/// What is believed before.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelText {
    /// Beta priors of the risks in both arms.
    Risks(RisksText),
    /// A prior of the logarithm of the ratio the primary estimand compares.
    LogRatio(PriorText),
}

/// Beta priors, as `[a, b]`: of both arms, or one of each.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RisksText {
    pub prior: Option<[f64; 2]>,
    pub treatment: Option<[f64; 2]>,
    pub control: Option<[f64; 2]>,
}

/// A prior of a ratio, normal on its logarithm.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PriorText {
    /// Around a ratio, with this standard deviation of the logarithm.
    Normal(NormalText),
    /// Around 1, with this chance of a ratio better than `ratio`.
    Sceptical(SureText),
    /// Around `ratio`, with this chance of one worse than 1.
    Enthusiastic(SureText),
    /// Several, by weight: a robust prior adds a vague part to an informative one.
    Mixture(Vec<WeightedText>),
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NormalText {
    pub ratio: f64,
    pub sd: f64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SureText {
    pub ratio: f64,
    pub chance: f64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedText {
    pub weight: f64,
    pub ratio: f64,
    pub sd: f64,
}

/// The posterior chance of benefit that shows it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SuccessText {
    /// Above these, by look; one number serves all.
    Above(Vec<f64>),
    /// Above one number for all looks, found so that the error without effect is this.
    Calibrated(CalibratedText),
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalibratedText {
    /// Chance of showing benefit without effect.
    pub error: f64,
    /// The risk in both arms, for a model of risks.
    pub risk: Option<f64>,
    /// Primary events with all data, for a hazard ratio in equal arms.
    pub full_events: Option<f64>,
    /// Standard error of the logarithm with all data.
    pub full_se: Option<f64>,
}

/// When to give up; one of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PosteriorFutilityText {
    /// The chance of benefit is below this.
    Posterior(f64),
    /// The predictive chance of success at the last look is below this.
    Predictive(f64),
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShrinkText {
    /// A subgroup of the primary estimand.
    pub subgroup: String,
    /// Scale of the half-normal prior of the spread between levels, on the log scale.
    pub scale: f64,
}
