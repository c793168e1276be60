//! What is kept of designs: enough to compare them replicate by replicate, and the last few reports.

use crate::{operating::paired::Bits, report::figures::Figure};
use std::{collections::VecDeque, sync::Arc};

/// What a design showed in each replicate.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Whether it shows the benefit.
    pub benefit: Bits,
    /// The same with the effect drawn from the prior.
    pub assured: Bits,
    pub patients: Vec<f64>,
    pub months: Vec<f64>,
    /// Estimates of the primary estimand on the analysis scale; empty where a replicate gave none.
    pub estimates: Vec<f64>,
}

impl Shown {
    fn size(&self) -> usize {
        8 * (self.patients.len() + self.months.len() + self.estimates.len()) + self.benefit.len() as usize / 4
    }
}

/// A report with its figures, and the scenario that gives it.
#[derive(Clone, Debug)]
pub struct Finished {
    pub html: String,
    pub figures: Vec<Figure>,
}

/// Designs whose replicates are kept, and their bytes together.
const MOST_DESIGNS: usize = 256;
const MOST_BYTES: usize = 64 << 20;
/// Reports kept.
const MOST_REPORTS: usize = 12;

struct Design {
    number: u64,
    key: String,
    seed: u64,
    shown: Arc<Shown>,
    finished: Option<Arc<Finished>>,
}

/// Designs, the last looked at first.
#[derive(Default)]
pub struct Shelf {
    last: u64,
    designs: VecDeque<Design>,
}

impl Shelf {
    /// The number of a design, the same whenever it is asked for while it is kept.
    pub fn number(&mut self, key: &str, seed: u64) -> u64 {
        if let Some(place) = self.designs.iter().position(|d| d.key == key) {
            return self.look_at(place).number;
        }
        self.last += 1;
        self.designs.push_front(Design {
            number: self.last,
            key: key.to_owned(),
            seed,
            shown: Arc::default(),
            finished: None,
        });
        self.tidy();
        self.last
    }

    fn look_at(&mut self, place: usize) -> &mut Design {
        if let Some(design) = self.designs.remove(place) {
            self.designs.push_front(design);
        }
        &mut self.designs[0]
    }

    fn find(&mut self, number: u64) -> Option<&mut Design> {
        let place = self.designs.iter().position(|d| d.number == number)?;
        Some(self.look_at(place))
    }

    /// What a design showed, if it is kept and has the seed: only then replicates are pairs.
    pub fn shown(&mut self, number: u64, seed: u64) -> Option<Arc<Shown>> {
        self.find(number).filter(|design| design.seed == seed).map(|design| design.shown.clone())
    }

    /// The report of a design, if it is kept.
    pub fn finished(&mut self, number: u64) -> Option<Arc<Finished>> {
        self.find(number)?.finished.clone()
    }

    /// Keeps what a design showed, unless more replicates of it are kept.
    pub fn keep(&mut self, number: u64, shown: Shown) {
        if let Some(design) = self.find(number)
            && design.shown.benefit.len() <= shown.benefit.len()
        {
            design.shown = Arc::new(shown);
        }
        self.tidy();
    }

    /// Keeps the report of a design.
    pub fn finish(&mut self, number: u64, finished: Finished) {
        if let Some(design) = self.find(number) {
            design.finished = Some(Arc::new(finished));
        }
        self.tidy();
    }

    /// Forgets what was looked at longest ago. The first design, the file's own, stays.
    fn tidy(&mut self) {
        let (mut bytes, mut reports, mut place) = (0, 0, 0);
        self.designs.retain_mut(|design| {
            reports += usize::from(design.finished.is_some());
            if reports > MOST_REPORTS {
                design.finished = None;
            }
            bytes += design.shown.size();
            place += 1;
            design.number == 1 || place == 1 || (bytes <= MOST_BYTES && place <= MOST_DESIGNS)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_design_keeps_its_number_and_the_oldest_are_forgotten() {
        let mut shelf = Shelf::default();
        let large = || Shown { months: vec![1.0; MOST_BYTES / 8 / 3 + 1], ..Shown::default() };
        for (number, key) in ["file", "a", "b", "c"].iter().enumerate() {
            assert_eq!(shelf.number(key, 7), number as u64 + 1);
            shelf.keep(number as u64 + 1, large());
        }
        assert_eq!(shelf.number("c", 7), 4);
        assert!(shelf.shown(1, 7).is_some() && shelf.shown(2, 7).is_none() && shelf.shown(3, 7).is_some());
        assert!(shelf.shown(3, 8).is_none());
        assert_eq!(shelf.number("a", 7), 5);
    }
}
