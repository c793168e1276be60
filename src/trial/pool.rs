//! The pool: the registry rows a scenario's trials enrol from.

use crate::{outcome::course::Patient, population::Columns};

/// Rows wanted in a pool.
pub const POOL_ROWS: usize = 1 << 15;
/// Rows screened at most to find them.
pub const MOST_SCREENED: u64 = 1 << 22;
/// Below this many eligible rows a prediction is coarse, and a warning says so.
pub const FEW_ROWS: usize = 1 << 12;
/// Below this many eligible rows nothing is simulated.
pub const TOO_FEW_ROWS: usize = 500;

/// Patients who are eligible for at least one of a scenario's designs, in the order they were screened.
///
/// All designs of a scenario share one pool, so that they meet the same patients with the same luck
/// and each takes those it accepts.
#[derive(Clone, Debug)]
pub struct Pool {
    pub columns: Columns,
    /// Rates of the events, one row after another.
    pub rates: Vec<f64>,
    pub events: usize,
    /// What fixes the shapes of the hazards in time.
    pub class: Vec<u8>,
    /// Registry rows screened to fill the pool.
    pub screened: u64,
}

impl Pool {
    /// The constants of one patient.
    #[inline]
    pub fn patient(&self, row: u32) -> Patient<'_> {
        let row = row as usize;
        Patient {
            rates: &self.rates[row * self.events..(row + 1) * self.events],
            class: usize::from(self.class[row]),
            by_arm: &[],
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.class.len()
    }

    pub fn is_empty(&self) -> bool {
        self.class.is_empty()
    }
}
