//! What the registry has to reproduce, as the population file writes it.

use serde::Deserialize;

/// How a target may be used; a figure is used to fit or to check, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Parameters were solved or chosen to meet it.
    Fitted,
    /// Arithmetic of fitted rows; printed without credit.
    Implied,
    /// Not used; ought to come out.
    Checked,
}

impl TargetKind {
    /// The word tables print.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fitted => "fitted",
            Self::Implied => "implied",
            Self::Checked => "checked",
        }
    }
}

/// A target: a number from the literature and what in the registry should equal it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetDocument {
    pub id: String,
    pub label: String,
    pub kind: TargetKind,
    pub measure: Measure,
    pub target: f64,
    /// Ids of the ledger figures behind the target; none for an assumption.
    #[serde(default)]
    pub source: Vec<String>,
    /// Largest difference that passes; or the range that passes.
    pub tolerance: Option<f64>,
    pub between: Option<[f64; 2]>,
    /// Why the tolerance is what it is: interval, rounding or definition of the figure.
    pub because: String,
    /// The parameter that is solved to meet it.
    pub solves: Option<Solves>,
}

impl TargetDocument {
    /// The lowest and highest value that pass.
    pub fn range(&self) -> [f64; 2] {
        match (self.between, self.tolerance) {
            (Some(range), _) => range,
            (None, Some(t)) => [self.target - t, self.target + t],
            (None, None) => [f64::NEG_INFINITY, f64::INFINITY],
        }
    }
}

/// A parameter of the population that calibration solves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Solves {
    /// The log rate of an event, for one cause or (without `cause`) shifted alike for all.
    LogRate { event: String, cause: Option<String> },
    /// The cut of a covariate made by `above`.
    Cut { covariate: String },
}

/// Something that can be read off the registry. `among` is a rule, or the name of one in `[eligible]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Measure {
    /// Share of patients who meet a rule.
    Share { of: String, among: Option<String> },
    /// Quantile of a covariate.
    Quantile { of: String, at: f64, among: Option<String> },
    /// Death before discharge, in patients who meet a rule.
    InHospitalDeath { of: Option<String>, among: Option<String> },
    /// Death by a day, wherever the patient is.
    Death { by_day: f64, of: Option<String>, among: Option<String> },
    /// An event by a day.
    Event { event: String, by_day: f64, among: Option<String> },
    /// Share of the deaths in hospital that are of one kind.
    ModeOfDeath { event: String, among: Option<String> },
    /// Share of the deaths in hospital that happen to patients who meet a rule.
    DeathsIn { of: String, among: Option<String> },
    /// Quantile, in days, of the time of death of those who die in hospital.
    TimeToDeath { quantile: f64, among: Option<String> },
    /// Share of the deaths by one day that have happened by an earlier day.
    ShareOfDeaths { by_day: f64, of_day: f64, among: Option<String> },
    /// Death between two days among those alive on the first.
    LateDeath { from_day: f64, by_day: f64, among: Option<String> },
    /// Death after discharge, by a day from admission, among those discharged by then.
    DeathAfterDischarge { by_day: f64, among: Option<String> },
    /// How well a covariate (or, without one, the patient's own risk) tells who dies by a day.
    CStatistic { of: Option<String>, by_day: Option<f64>, among: Option<String> },
    /// Odds ratio of death in hospital for patients who meet a rule, adjusted for predictors.
    OddsRatio { of: String, adjusted_for: Vec<String>, among: Option<String> },
    /// Odds ratio of death in hospital of one group against another.
    OddsRatioBetween { of: String, to: String },
    /// Odds ratio of death by a day, highest quarter of a covariate against lowest.
    OddsRatioOfQuarters { of: String, by_day: f64, among: Option<String> },
    /// Ratio of cumulative hazards of death by a day, one group against another.
    HazardRatio { of: String, to: String, by_day: f64 },
    /// Mean days alive out of hospital by a day.
    DaysAtHome { by_day: f64, among: Option<String> },
}
