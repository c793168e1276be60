use std::fmt;

/// Why a comparison could not be made.
///
/// A trial without deaths or with an empty arm is an outcome of the trial, not a fault: statistics
/// return one of these in place of a number, and the report counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nobody had the event.
    NoEvents,
    /// A group holds nobody.
    EmptyArm,
    /// The quantity compared does not vary, or nobody at risk could have differed.
    NoVariance,
    /// The iteration did not settle.
    NoConvergence,
    /// The likelihood rises for ever in one direction: all events lie in one group, or a covariate
    /// orders them.
    MonotoneLikelihood,
    /// The likelihood is highest where a fitted risk is 1, at the edge of what the model allows.
    Boundary,
    /// A covariate is constant or a combination of the others.
    Collinear,
    /// The estimate is infinite or undefined, as a ratio with a zero below the line.
    Undefined,
    /// The curve does not come down far enough for this quantile, or follow-up is too short.
    NotReached,
    /// An argument lies outside its range.
    OutOfRange,
    /// The work of an exact method grows too fast for so many patients.
    TooMany,
    /// A group of one has no variance.
    TooFew,
    /// So few clusters that the sandwich error between them says nothing.
    FewClusters,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 13] = [
        Reason::NoEvents,
        Reason::EmptyArm,
        Reason::NoVariance,
        Reason::NoConvergence,
        Reason::MonotoneLikelihood,
        Reason::Boundary,
        Reason::Collinear,
        Reason::Undefined,
        Reason::NotReached,
        Reason::OutOfRange,
        Reason::TooMany,
        Reason::TooFew,
        Reason::FewClusters,
    ];

    /// The reason in words, as tables carry it.
    pub fn text(self) -> &'static str {
        match self {
            Reason::NoEvents => "nobody had the event",
            Reason::EmptyArm => "a group is empty",
            Reason::NoVariance => "nothing varies between the groups compared",
            Reason::NoConvergence => "the estimate did not settle",
            Reason::MonotoneLikelihood => {
                "the events separate the groups completely, so the estimate is infinite"
            }
            Reason::Boundary => "a fitted risk reaches 1, where the likelihood has its maximum at the edge",
            Reason::Collinear => "a covariate is constant or repeats another",
            Reason::Undefined => "the estimate is undefined",
            Reason::NotReached => "not reached during follow-up",
            Reason::OutOfRange => "an argument lies outside its range",
            Reason::TooMany => "there are too many patients for this exact method",
            Reason::TooFew => "a group is too small for a variance",
            Reason::FewClusters => "there are too few clusters for a sandwich error",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Reason {}
