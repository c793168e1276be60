//! What a trial published or planned, beside the scenario that simulates it: read by `validate`, never
//! by the simulation.

use super::text::Named;
use schemars::JsonSchema;
use serde::Deserialize;

/// Results and plan of a trial.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedText {
    pub status: Status,
    /// Year of the main publication, or in which recruitment began.
    pub year: u32,
    /// Where it was published or registered.
    pub citation: String,
    /// Whether all patients had an infarct, so that the registry's infarct mortality is a forecast.
    #[serde(default)]
    pub infarct: bool,
    /// Patients analysed by arm.
    #[serde(default)]
    pub analysed: Named<u32>,
    /// Risks by arm.
    #[serde(default)]
    pub risk: Vec<PublishedRisk>,
    /// The effect on the primary end point.
    pub effect: Option<PublishedEffect>,
    /// Patients screened, and randomised of them.
    pub screened: Option<PublishedScreening>,
    pub plan: Option<Plan>,
    /// Months a running trial has for recruiting, or patients it recruits a month.
    pub patients_per_month: Option<f64>,
    /// What the reader has to know of these figures.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// How far a trial is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Done as planned.
    Finished,
    /// Ended before its size was reached, with results.
    StoppedEarly,
    /// Recruiting, or done and not published.
    Ongoing,
    /// Given up without results.
    Terminated,
}

impl Status {
    /// Whether there are results to hold predictions against.
    pub fn has_results(self) -> bool {
        matches!(self, Status::Finished | Status::StoppedEarly)
    }

    /// The words tables use.
    pub fn words(self) -> &'static str {
        match self {
            Status::Finished => "finished",
            Status::StoppedEarly => "stopped early",
            Status::Ongoing => "running or unpublished",
            Status::Terminated => "terminated",
        }
    }
}

/// The risk of an end point in an arm.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedRisk {
    pub of: String,
    pub arm: String,
    pub risk: Option<f64>,
    /// The share without it, where that is what was printed.
    pub survival: Option<f64>,
    /// Patients behind it, where they are not those analysed.
    pub patients: Option<u32>,
    /// Other ledger figures that say the same, so that a fit to one of them is a fit to this.
    #[serde(default)]
    pub related: Vec<String>,
    /// Why the model misses it, where it does.
    #[serde(default)]
    pub why: String,
}

impl PublishedRisk {
    /// The risk, however it was printed, and the key it stands under.
    pub fn value(&self) -> Option<(f64, &'static str)> {
        match (self.risk, self.survival) {
            (Some(risk), None) => Some((risk, "risk")),
            (None, Some(survival)) => Some((1.0 - survival, "survival")),
            _ => None,
        }
    }
}

/// A published effect with its interval.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedEffect {
    /// The estimand.
    pub of: String,
    pub risk_ratio: Option<f64>,
    pub hazard_ratio: Option<f64>,
    pub subdistribution_hazard_ratio: Option<f64>,
    pub odds_ratio: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

impl PublishedEffect {
    /// The ratio and what it is.
    pub fn ratio(&self) -> Option<(&'static str, f64)> {
        [
            ("risk ratio", self.risk_ratio),
            ("hazard ratio", self.hazard_ratio),
            ("subdistribution hazard ratio", self.subdistribution_hazard_ratio),
            ("odds ratio", self.odds_ratio),
        ]
        .into_iter()
        .find_map(|(name, value)| value.map(|v| (name, v)))
    }
}

/// Screening for a trial.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedScreening {
    pub screened: f64,
    pub randomised: f64,
    /// Whom the trial screened.
    pub among: Vec<String>,
    /// Ledger figures that say the same.
    #[serde(default)]
    pub related: Vec<String>,
}

/// What the planners assumed.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The end point the plan is about.
    pub of: String,
    pub control: f64,
    pub treatment: f64,
    /// Two-sided.
    pub alpha: f64,
    /// Power as stated.
    pub power: Option<f64>,
    /// Patients as planned.
    pub patients: u32,
    /// Where the assumptions were read: a source, or that they are from memory or inferred.
    pub origin: String,
}
