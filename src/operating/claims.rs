//! In whom trials claim a benefit, replicate by replicate, and how they estimate it there.

use super::{Measure, Moments, Truth, Truths, paired::Bits, slices};
use crate::{
    simulation::Run,
    trial::{
        Trial,
        design::Selection,
        record::{Decision, Row, Slice},
    },
};
use std::collections::BTreeMap;

/// Populations claimed by one trial: bit `k` is the `k`th of [`Trial::populations`].
pub type Claimed = u16;

/// The fold over the rows of the last look of each trial.
#[derive(Clone, Debug)]
pub(super) struct ClaimFold {
    /// The place of each population among the rows of a look.
    places: Vec<usize>,
    /// Rows of a look.
    rows: usize,
    truths: Vec<Truth>,
    /// Whether the design selects its population before it claims.
    selects: bool,
    /// Kept only where there are several populations: else what the trial shows is the claim.
    claimed: Vec<Claimed>,
    /// Error of the estimate in the population selected, its square, and how often it is covered.
    error: Moments,
    covered: u64,
}

impl ClaimFold {
    pub(super) fn new(trial: &Trial, truths: &Truths) -> Self {
        let own = slices(trial, 0);
        let places = trial.populations().into_iter().filter_map(|p| own.iter().position(|s| *s == p));
        let places: Vec<usize> = places.take(Claimed::BITS as usize).collect();
        ClaimFold {
            truths: places.iter().map(|&place| truths[0][place]).collect(),
            places,
            rows: (0..trial.estimands.len()).map(|e| slices(trial, e).len()).sum(),
            selects: trial.design.selection() == Some(Selection::Population),
            claimed: Vec::new(),
            error: Moments::default(),
            covered: 0,
        }
    }

    pub(super) fn several(&self) -> bool {
        self.places.len() > 1
    }

    /// Adds the rows of one trial, all looks.
    pub(super) fn add(&mut self, rows: &[Row]) {
        if !self.several() || rows.len() < self.rows {
            return;
        }
        let last = &rows[rows.len() - self.rows..];
        let is = |k: usize, decision| last[self.places[k]].decision == decision;
        let all = 0..self.places.len();
        let claimed = all.clone().filter(|&k| is(k, Decision::Benefit)).fold(0, |mask, k| mask | 1 << k);
        self.claimed.push(claimed);
        let selected: Claimed = if self.selects {
            all.clone().find(|&k| !is(k, Decision::Futility)).map_or(0, |k| 1 << k)
        } else {
            claimed
        };
        for k in all.filter(|k| selected >> k & 1 == 1) {
            let (c, truth) = (&last[self.places[k]].comparison, self.truths[k].value);
            if c.estimate.is_finite() && truth.is_finite() {
                self.error.add(c.estimate - truth);
                self.covered += u64::from(c.lower <= truth && truth <= c.upper);
            }
        }
    }

    /// Estimates in the population that was selected, or claimed where nothing selects.
    pub(super) fn measures(&self, run: &Run, list: &mut Vec<Measure>) {
        let n = self.error.n;
        if n < 2 {
            return;
        }
        let like = Measure {
            estimand: run.trial.estimands[0].name.clone(),
            population: "selected".into(),
            ..Measure::blank(run.number, n)
        };
        let (value, mcse) = (self.error.mean(), self.error.mcse());
        list.push(Measure { measure: "bias", value, mcse, ..like.clone() }.with_wald_interval());
        list.push(Measure::proportion(&like, "coverage", self.covered, n));
    }

    /// What each replicate claims; `shown` is whether it shows the benefit of the primary comparison.
    fn each<'a>(&'a self, shown: &'a Bits) -> impl Iterator<Item = Claimed> + 'a {
        let of = |i: u64| if self.several() { self.claimed[i as usize] } else { shown.get(i).into() };
        let n = if self.several() { self.claimed.len() as u64 } else { shown.len() };
        (0..n).map(of)
    }

    /// Replicates by what they claim.
    pub(super) fn counts(&self, shown: &Bits) -> BTreeMap<Claimed, u64> {
        let mut counts = BTreeMap::new();
        self.each(shown).for_each(|claimed| *counts.entry(claimed).or_default() += 1);
        counts
    }

    /// Whether what each replicate claims meets a condition.
    pub(super) fn bits(&self, shown: &Bits, meets: impl Fn(Claimed) -> bool) -> Bits {
        let mut bits = Bits::default();
        self.each(shown).for_each(|claimed| bits.push(meets(claimed)));
        bits
    }
}

/// Whether a row is in a population of the trial.
pub fn holds(trial: &Trial, population: Slice, row: usize) -> bool {
    match population {
        Slice::All | Slice::Interaction(_) => true,
        Slice::Level(s, level) => trial.subgroups[usize::from(s)].code[row] == level,
    }
}
