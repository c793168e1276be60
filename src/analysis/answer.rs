//! What one method says of one data set.

use super::{catalogue::MethodName, dataset::Dataset};
use crate::statistics::{Interval, Reason, normal_cdf, two_sided_p};

/// What an estimate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Kept as a logarithm, printed as a ratio.
    Ratio,
    Difference,
    Probability,
    /// A time, in the unit of the data.
    Time,
    /// A cumulative hazard.
    Hazard,
    /// A test without an estimate.
    None,
}

impl Scale {
    /// The word of the `scale` column.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Scale::Ratio => Some("ratio"),
            Scale::Difference => Some("difference"),
            Scale::Probability => Some("probability"),
            Scale::Time => Some("time"),
            Scale::Hazard => Some("hazard"),
            Scale::None => None,
        }
    }

    /// From the analysis scale to what is printed.
    pub fn shown(self, x: f64) -> f64 {
        if self == Scale::Ratio { libm::exp(x) } else { x }
    }
}

/// Which distribution a statistic is referred to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Standard normal; its square is a chi-square on 1 degree of freedom.
    Normal,
    /// Student's t with these degrees of freedom.
    Student(f64),
    /// Chi-square with these degrees of freedom.
    ChiSquare(usize),
    /// None: the P value is exact.
    Exact,
}

impl Statistic {
    /// Its name in tables.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Statistic::Normal => Some("z"),
            Statistic::Student(_) => Some("t"),
            Statistic::ChiSquare(_) => Some("chi_square"),
            Statistic::Exact => None,
        }
    }

    /// Its degrees of freedom.
    pub fn degrees(self) -> Option<f64> {
        match self {
            Statistic::Normal => Some(1.0),
            Statistic::Student(degrees) => Some(degrees),
            Statistic::ChiSquare(degrees) => Some(degrees as f64),
            Statistic::Exact => None,
        }
    }
}

/// An estimate with its interval and a test; a number that does not exist is NaN and never printed.
#[derive(Clone, Debug)]
pub struct Answer {
    pub method: MethodName,
    /// The arm spoken of, for a method that answers by arm; `None` for a comparison.
    pub arm: Option<String>,
    pub scale: Scale,
    /// On the analysis scale: the logarithm of a ratio.
    pub estimate: f64,
    pub se: f64,
    pub lower: f64,
    pub upper: f64,
    pub kind: Statistic,
    /// Below zero when the treatment does better, if it has a direction.
    pub statistic: f64,
    pub p_value: f64,
    /// Posterior probability that the treatment does better, of a Bayesian method.
    pub probability_of_benefit: f64,
    pub n: usize,
    pub events: Option<f64>,
    /// Patients in treatment and control, and events.
    pub by_arm: Option<([usize; 2], Option<[f64; 2]>)>,
    /// How it was made, and what a reader should know.
    pub notes: Vec<String>,
    /// Why there is no test, if there is none.
    pub reason: Option<Reason>,
}

impl Answer {
    /// An answer still to be given on the two arms of `data`.
    pub fn on(method: MethodName, scale: Scale, data: &Dataset) -> Self {
        let (sizes, events) = (data.sizes(), data.events());
        Answer {
            n: sizes[0] + sizes[1],
            events: events.map(|e| e[0] + e[1]),
            by_arm: Some((sizes, events)),
            ..Answer::empty(method, scale)
        }
    }

    /// An answer still to be given on all arms of `data`.
    pub fn on_all_arms(method: MethodName, data: &Dataset, events: Option<f64>) -> Self {
        Answer { n: data.len(), events, ..Answer::empty(method, Scale::None) }
    }

    /// An answer still to be given on one arm.
    pub fn on_arm(method: MethodName, scale: Scale, arm: &str, n: usize, events: Option<f64>) -> Self {
        Answer { arm: Some(arm.to_owned()), n, events, ..Answer::empty(method, scale) }
    }

    fn empty(method: MethodName, scale: Scale) -> Self {
        Answer {
            method,
            arm: None,
            scale,
            estimate: f64::NAN,
            se: f64::NAN,
            lower: f64::NAN,
            upper: f64::NAN,
            kind: Statistic::Exact,
            statistic: f64::NAN,
            p_value: f64::NAN,
            probability_of_benefit: f64::NAN,
            n: 0,
            events: None,
            by_arm: None,
            notes: Vec::new(),
            reason: None,
        }
    }

    /// With an estimate, its standard error and its interval, all on the analysis scale.
    pub fn estimated(mut self, estimate: f64, se: f64, interval: Interval) -> Self {
        (self.estimate, self.se, self.lower, self.upper) = (estimate, se, interval.lower, interval.upper);
        self
    }

    /// With an interval of a ratio that is given as a ratio.
    pub fn between(mut self, ratio: Interval) -> Self {
        (self.lower, self.upper) = (libm::log(ratio.lower), libm::log(ratio.upper));
        self
    }

    /// With a two-sided test by a standard normal statistic.
    pub fn tested(mut self, z: f64) -> Self {
        (self.kind, self.statistic, self.p_value) = (Statistic::Normal, z, two_sided_p(z));
        self
    }

    /// With a one-sided test of non-inferiority, small where `z` is far below zero.
    pub fn tested_one_sided(mut self, z: f64) -> Self {
        (self.kind, self.statistic, self.p_value) = (Statistic::Normal, z, normal_cdf(z));
        self
    }

    /// With the statistic and P value of another distribution.
    pub fn tested_by(mut self, kind: Statistic, statistic: f64, p_value: f64) -> Self {
        (self.kind, self.statistic, self.p_value) = (kind, statistic, p_value);
        self
    }

    /// With an exact P value.
    pub fn exactly(self, p_value: f64) -> Self {
        self.tested_by(Statistic::Exact, f64::NAN, p_value)
    }

    /// With a note.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Without an answer, and why.
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The estimate alone: what its error says of it is not to be had.
    pub fn without_error(mut self, reason: Reason) -> Self {
        (self.se, self.lower, self.upper) = (f64::NAN, f64::NAN, f64::NAN);
        (self.statistic, self.p_value) = (f64::NAN, f64::NAN);
        self.because(reason)
    }

    /// Whether it has anything to say.
    pub fn has_estimate(&self) -> bool {
        self.estimate.is_finite()
    }

    /// The statistic and its sign, where a higher value or the event is a good thing.
    pub(super) fn turned(mut self) -> Self {
        if matches!(self.kind, Statistic::Normal | Statistic::Student(_)) {
            self.statistic = -self.statistic;
        }
        self
    }

    /// The same, with what is not a number left out and said: values so far apart that their squares
    /// overflow leave neither an estimate nor a test, and an error of 0 leaves no interval.
    pub(super) fn checked(mut self) -> Self {
        if self.se == 0.0 && self.lower == self.upper {
            (self.se, self.lower, self.upper) = (f64::NAN, f64::NAN, f64::NAN);
            self = self.note("no interval: nothing varies");
        }
        let overflows = self.estimate.is_infinite() || self.se.is_infinite() || self.statistic.is_infinite();
        if overflows || self.p_value.is_nan() {
            (self.statistic, self.p_value) = (f64::NAN, f64::NAN);
        }
        if overflows {
            self.estimate = f64::NAN;
            (self.se, self.lower, self.upper) = (f64::NAN, f64::NAN, f64::NAN);
        }
        if self.estimate.is_nan() && self.p_value.is_nan() && self.reason.is_none() {
            self.reason = Some(Reason::Undefined);
        }
        self
    }
}
