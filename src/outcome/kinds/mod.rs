//! Kinds of end point beside the first of some events: what they make of a patient.

mod composite;
mod count;
mod days_free;
mod tiers;
mod value;

pub use composite::{Composite, Counts};
pub use count::CountKind;
pub use days_free::{DaysFree, UntilFree};
pub use tiers::Tier;
pub use value::{AtDeath, ValueKind};

/// What an end point is, beside its horizon.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Kind {
    /// The first of some events, the same in every arm.
    #[default]
    FirstOf,
    /// The first of some events, with horizons of their own, bail-outs, or other events by arm.
    Composite(Composite),
    /// A number on a day, its change, or its peak.
    Value(ValueKind),
    /// How often something happens, over an exposure.
    Count(CountKind),
    /// Days alive and free of something.
    DaysFree(DaysFree),
    /// A hierarchy of other end points, the worst first.
    Tiers(Vec<Tier>),
}

/// What a comparison has to be able to read of an end point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yields {
    /// Whether and when an event happened.
    Event,
    /// A number.
    Value,
    /// A count and its exposure.
    Count,
    /// Outcomes in order of importance.
    Tiers,
}

impl Kind {
    /// What comes of it.
    pub fn yields(&self) -> Yields {
        match self {
            Kind::FirstOf | Kind::Composite(_) => Yields::Event,
            Kind::Value(_) | Kind::DaysFree(_) => Yields::Value,
            Kind::Count(_) => Yields::Count,
            Kind::Tiers(_) => Yields::Tiers,
        }
    }

    /// Whether expectations have a closed form; what has none is simulated.
    pub fn has_closed_form(&self) -> bool {
        matches!(self, Kind::FirstOf)
    }

    /// Whether what counts depends on the arm, so that arms without any effect still differ.
    pub fn differs_by_arm(&self) -> bool {
        matches!(self, Kind::Composite(composite) if composite.differs_by_arm())
    }
}

/// An end point that is a number in each patient, as known at a cut.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    pub value: Vec<f64>,
    /// Value at baseline; empty if the end point has none.
    pub baseline: Vec<f64>,
    /// Days of exposure; empty if the end point has none.
    pub exposure: Vec<f64>,
    /// Whether the number is known and counts.
    pub known: Vec<bool>,
}

impl Measured {
    fn clear(&mut self) {
        self.value.clear();
        self.baseline.clear();
        self.exposure.clear();
        self.known.clear();
    }
}
