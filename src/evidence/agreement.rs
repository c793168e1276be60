//! Whether a number in a scenario is the figure it cites.

use super::figure::Figure;
use std::fmt;

/// What the citing place says its number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// A probability or share: 0.49 for 49 %.
    Share,
    RiskRatio,
    OddsRatio,
    HazardRatio,
    /// A number of days.
    Days,
    /// A number in a unit of the ledger.
    Unit(&'a str),
    /// The place does not say; a share and a plain number are both looked for.
    Unstated,
}

/// A number, what it is said to be, and by which day if that is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim<'a> {
    pub value: f64,
    pub what: What<'a>,
    pub horizon_days: Option<f64>,
}

/// How a number differs from the figure it cites.
#[derive(Clone, Debug, PartialEq)]
pub enum Disagreement {
    /// The figure is words, without a number.
    NoNumber { id: String },
    /// Another value; `figure` is what to write, on the scale of the claim.
    Value { id: String, claimed: f64, figure: f64 },
    /// Another kind of number, such as an odds ratio cited as a risk ratio.
    Kind { id: String, claimed: String, figure: String },
    /// Another horizon.
    Horizon { id: String, claimed: f64, figure: f64 },
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber { id } => write!(f, "`{id}` in the evidence ledger has no number"),
            Self::Value { id, claimed, figure } => {
                write!(f, "this says {claimed}, but `{id}` in the evidence ledger is {figure}")
            }
            Self::Kind { id, claimed, figure } => {
                write!(f, "this is {claimed}, but `{id}` in the evidence ledger is {figure}")
            }
            Self::Horizon { id, claimed, figure } => {
                write!(f, "this is by day {claimed}, but `{id}` in the evidence ledger is by day {figure}")
            }
        }
    }
}

impl std::error::Error for Disagreement {}

impl Figure {
    /// Whether a claim is this figure, within the rounding of what was printed.
    pub fn agrees(&self, claim: &Claim) -> Result<(), Disagreement> {
        let id = || self.id.clone();
        let Some(value) = self.value else { return Err(Disagreement::NoNumber { id: id() }) };
        let Some(scale) = self.scale(claim) else {
            return Err(Disagreement::Kind {
                id: id(),
                claimed: claim.what.describe(),
                figure: self.unit_words(),
            });
        };
        if let (Some(claimed), Some(figure)) = (claim.horizon_days, self.horizon_days)
            && (claimed - figure).abs() > 0.01 * figure
        {
            return Err(Disagreement::Horizon { id: id(), claimed, figure });
        }
        // a little more than the rounding, for numbers that sit on its edge in binary
        let within = |scale: f64| (claim.value / scale - value).abs() <= self.rounding() * (1.0 + 1e-9);
        let plain = claim.what == What::Unstated && scale != 1.0 && within(1.0);
        if within(scale) || plain {
            return Ok(());
        }
        let digits = 1e9;
        Err(Disagreement::Value {
            id: id(),
            claimed: claim.value,
            figure: (value * scale * digits).round() / digits,
        })
    }

    /// What the ledger's value has to be multiplied by to be on the scale of the claim; none if the two
    /// are different kinds of number.
    fn scale(&self, claim: &Claim) -> Option<f64> {
        let percent = self.unit.starts_with('%');
        let days = match self.unit.as_str() {
            "min" => Some(1.0 / 1440.0),
            "h" => Some(1.0 / 24.0),
            "days" => Some(1.0),
            "years" => Some(365.25),
            _ => None,
        };
        match claim.what {
            What::Share => percent.then_some(0.01),
            What::RiskRatio => (self.unit == "RR").then_some(1.0),
            What::OddsRatio => (self.unit == "OR").then_some(1.0),
            What::HazardRatio => (self.unit == "HR").then_some(1.0),
            What::Days => days,
            What::Unit(unit) => (self.unit.eq_ignore_ascii_case(unit)).then_some(1.0),
            What::Unstated => Some(if percent { 0.01 } else { 1.0 }),
        }
    }

    fn unit_words(&self) -> String {
        match self.unit.as_str() {
            "%" | "% of deaths" | "% points" => "a percentage".into(),
            "RR" => "a risk ratio".into(),
            "OR" => "an odds ratio".into(),
            "HR" => "a hazard ratio".into(),
            "sHR" => "a subdistribution hazard ratio".into(),
            unit => format!("in {unit}"),
        }
    }
}

impl What<'_> {
    fn describe(self) -> String {
        match self {
            Self::Share => "a probability".into(),
            Self::RiskRatio => "a risk ratio".into(),
            Self::OddsRatio => "an odds ratio".into(),
            Self::HazardRatio => "a hazard ratio".into(),
            Self::Days => "a number of days".into(),
            Self::Unit(unit) => format!("in {unit}"),
            Self::Unstated => "a number".into(),
        }
    }
}
