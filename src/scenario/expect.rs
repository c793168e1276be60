//! What a scenario expects to come back.

use super::text::ExpectText;

/// An expectation, tied to a run.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Index of the run.
    pub run: usize,
    pub text: ExpectText,
    /// Where it stands, for the printout: `line 73`.
    pub line: usize,
}

/// The verdict on an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Met,
    NotMet,
    /// Outside the tolerance by less than four Monte Carlo errors.
    Undecided,
}

impl Verdict {
    /// The words tables use.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::NotMet => "not met",
            Verdict::Undecided => "undecided",
        }
    }
}

impl ExpectText {
    /// The measure an expectation is about and the value expected.
    pub fn measure(&self) -> Option<(&'static str, f64)> {
        let stated = [
            ("risk", self.risk),
            ("power", self.power),
            ("truth", self.truth),
            ("estimate_mean", self.estimate_mean),
        ];
        let mut stated = stated.into_iter().filter_map(|(name, value)| value.map(|v| (name, v)));
        match (stated.next(), stated.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    }

    /// Whether a value with a Monte Carlo error meets the expectation.
    pub fn verdict(&self, expected: f64, value: f64, mcse: f64) -> Verdict {
        let outside = (value - expected).abs() - self.within;
        if outside <= 0.0 {
            Verdict::Met
        } else if outside > 4.0 * mcse {
            Verdict::NotMet
        } else {
            Verdict::Undecided
        }
    }
}
