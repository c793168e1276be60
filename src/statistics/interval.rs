use super::normal::interval_multiplier;

/// A confidence or credible interval. An end may be infinite; it is never not-a-number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub lower: f64,
    pub upper: f64,
}

impl Interval {
    /// `estimate ± z·standard_error`, Wald's interval at the given confidence.
    pub fn wald(estimate: f64, standard_error: f64, confidence: f64) -> Self {
        let reach = interval_multiplier(confidence) * standard_error;
        Interval { lower: estimate - reach, upper: estimate + reach }
    }

    /// The interval of `exp(x)` from that of `x`.
    pub fn exp(self) -> Self {
        Interval { lower: libm::exp(self.lower), upper: libm::exp(self.upper) }
    }

    /// Whether `value` lies between the ends, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// The interval of `−x` from that of `x`.
    pub fn reflected(self) -> Self {
        Interval { lower: -self.upper, upper: -self.lower }
    }
}
