//! One level of a hierarchy of end points.

/// Another end point, by its index, and how two patients are compared on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The later event wins, and no event wins over any.
    Later(usize),
    /// Who has no event wins over who has one.
    FreeOf(usize),
    /// The better number wins.
    Value(usize),
}

impl Tier {
    /// The end point it reads.
    pub fn endpoint(self) -> usize {
        match self {
            Tier::Later(e) | Tier::FreeOf(e) | Tier::Value(e) => e,
        }
    }
}
