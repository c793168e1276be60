//! Classes of patients, split where an effect holds in some only.

use crate::{
    outcome::hazard::Regime,
    population::{Columns, Expression},
};

/// Classes of patients split by the rules within which effects hold.
///
/// With `k` rules the classes of the population become `2^k` times as many: class `c` of a patient who
/// meets the rules of bit set `b` is `c + classes · b`.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    rules: Vec<(String, Expression)>,
    classes: usize,
}

/// Rules that split classes, at most; each doubles the tables of hazards.
pub const MOST_RULES: usize = 5;

impl Cells {
    pub fn new(rules: Vec<(String, Expression)>, classes: usize) -> Self {
        let mut cells = Cells { rules: Vec::new(), classes };
        for (text, rule) in rules {
            if !cells.rules.iter().any(|(t, _)| *t == text) {
                cells.rules.push((text, rule));
            }
        }
        cells
    }

    /// How many different rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The class of a patient whose class in the population is `class`.
    pub fn class(&self, class: usize, columns: &Columns, row: usize) -> usize {
        let bits = self
            .rules
            .iter()
            .enumerate()
            .map(|(i, (_, r))| usize::from(r.evaluate(columns, row)) << i)
            .sum::<usize>();
        class + self.classes * bits
    }

    /// A regime of the population, repeated for every combination of the rules.
    pub fn spread(&self, regime: &Regime) -> Regime {
        let copies = 1 << self.rules.len();
        let hazards = (0..regime.events())
            .map(|e| {
                (0..copies)
                    .flat_map(|_| {
                        (0..regime.classes()).map(|c| regime.hazard(e, c).clone()).collect::<Vec<_>>()
                    })
                    .collect()
            })
            .collect();
        Regime::new(hazards)
    }

    /// Whether an effect holds in each class, given the rule it is written with.
    pub(super) fn holds(&self, within: Option<&str>, classes: usize) -> Vec<bool> {
        let Some(bit) = within.and_then(|w| self.rules.iter().position(|(t, _)| t == w)) else {
            return vec![true; classes];
        };
        (0..classes).map(|class| (class / self.classes) >> bit & 1 == 1).collect()
    }
}
