//! What makes rows the rows of one run, so that parts and shards of another are never mixed in.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a folder's rows belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version of the program.
    pub version: String,
    /// Hash of the scenario, its population, and what `--set` changed.
    pub scenario_hash: String,
    pub seed: u64,
    pub ledger_version: String,
    /// Replicates of each run of the whole simulation, in order.
    pub replicates: Vec<u64>,
    /// The replicates this folder holds: one number after the last.
    pub replicate_range: [u64; 2],
}

impl Identity {
    /// The replicates the folder holds.
    pub fn range(&self) -> Range<u64> {
        self.replicate_range[0]..self.replicate_range[1]
    }

    /// Replicates of the longest run: what all shards together hold.
    pub fn total(&self) -> u64 {
        self.replicates.iter().copied().max().unwrap_or(0)
    }

    /// Whether the folder holds everything the scenario asks for.
    pub fn is_whole(&self) -> bool {
        self.range() == (0..self.total())
    }

    /// The first thing in which rows of `other` are rows of another run, in words; none if they are of the same.
    pub fn differs(&self, other: &Identity) -> Option<String> {
        let pairs = [
            ("the version of shocktrial", &self.version, &other.version),
            ("the scenario", &self.scenario_hash, &other.scenario_hash),
            ("the seed", &self.seed.to_string(), &other.seed.to_string()),
            ("the evidence ledger", &self.ledger_version, &other.ledger_version),
        ];
        let short = |text: &str| text.chars().take(12).collect::<String>();
        let odd = pairs.into_iter().find(|(_, a, b)| a != b);
        let odd = odd.map(|(what, a, b)| format!("{what} is {}, not {}", short(b), short(a)));
        odd.or_else(|| {
            (self.replicates.len() != other.replicates.len())
                .then(|| format!("it has {} run(s), not {}", other.replicates.len(), self.replicates.len()))
        })
    }

    /// How far rows of `other` are this run's own: up to the first replicate in which one of the two has a
    /// run that the other has not. An error where they are of another run altogether.
    pub fn shared_with(&self, other: &Identity) -> Result<u64> {
        if let Some(why) = self.differs(other) {
            return Err(Error::Shards(why));
        }
        let end = self.replicate_range[1].min(other.replicate_range[1]);
        if self.replicate_range[0] != other.replicate_range[0] {
            return Ok(self.replicate_range[0]);
        }
        let ends = self.replicates.iter().zip(&other.replicates).filter(|(a, b)| a != b);
        Ok(ends.map(|(a, b)| *a.min(b)).chain([end]).min().unwrap_or(end).max(self.replicate_range[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(replicates: &[u64], range: Range<u64>) -> Identity {
        Identity {
            version: "1".into(),
            scenario_hash: "a".into(),
            seed: 7,
            ledger_version: "l".into(),
            replicates: replicates.to_vec(),
            replicate_range: [range.start, range.end],
        }
    }

    #[test]
    fn rows_are_shared_up_to_the_first_that_only_one_has() {
        let old = identity(&[100, 100], 0..100);
        assert_eq!(identity(&[250, 250], 0..250).shared_with(&old).unwrap(), 100);
        assert_eq!(identity(&[100, 250], 0..250).shared_with(&old).unwrap(), 100);
        assert_eq!(identity(&[50, 250], 0..250).shared_with(&old).unwrap(), 50);
        assert_eq!(identity(&[100, 100], 0..60).shared_with(&old).unwrap(), 60);
        assert_eq!(identity(&[100, 100], 10..100).shared_with(&old).unwrap(), 10);
        let other = Identity { seed: 8, ..old.clone() };
        assert_eq!(other.shared_with(&old).unwrap_err().to_string(), "error: the seed is 7, not 8");
        assert!(identity(&[100], 0..100).shared_with(&old).is_err());
    }
}
