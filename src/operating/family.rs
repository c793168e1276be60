//! Several hypotheses of one design: how often any, all, or a false one is claimed, and what is selected.

use super::{Measure, Truths, slices};
use crate::{
    simulation::Run,
    trial::{
        Trial,
        design::Selection,
        record::{Decision, Row, Slice},
    },
};

/// The fold over the rows of the last look of each trial; empty for a design with one hypothesis.
#[derive(Clone, Debug, Default)]
pub(super) struct FamilyFold {
    /// The place of each hypothesis among the rows of a look.
    places: Vec<usize>,
    /// Rows of a look.
    rows: usize,
    /// Which hypotheses have no effect to find: a claim of one is an error.
    false_claims: Vec<bool>,
    selection: Option<Selection>,
    replicates: u64,
    any: u64,
    all: u64,
    wrong: u64,
    /// Trials that select each hypothesis; then those that select the control.
    selected: Vec<u64>,
}

impl FamilyFold {
    pub(super) fn new(trial: &Trial, truths: &Truths) -> Self {
        let family = trial.design.family();
        if family.len() < 2 {
            return FamilyFold::default();
        }
        let mut first = vec![0];
        for e in 0..trial.estimands.len() {
            first.push(first[e] + slices(trial, e).len());
        }
        let within = |e: usize, slice: Slice| slices(trial, e).iter().position(|s| *s == slice).unwrap_or(0);
        let no_effect = |e: usize, slice: Slice| {
            let higher = trial.endpoints[trial.estimands[e].endpoint].higher_is_better;
            let value = truths[e][within(e, slice)].value;
            // Far below any effect worth simulating, above what solving leaves.
            if higher { value <= 1e-9 } else { value >= -1e-9 }
        };
        FamilyFold {
            places: family.iter().map(|h| first[h.estimand] + within(h.estimand, h.slice)).collect(),
            rows: first[trial.estimands.len()],
            false_claims: family.iter().map(|h| no_effect(h.estimand, h.slice)).collect(),
            selection: trial.design.selection(),
            selected: vec![0; family.len() + 1],
            ..FamilyFold::default()
        }
    }

    /// Adds the rows of one trial, all looks.
    pub(super) fn add(&mut self, rows: &[Row]) {
        if self.places.is_empty() || rows.len() < self.rows {
            return;
        }
        let last = &rows[rows.len() - self.rows..];
        let decisions = || self.places.iter().map(|&place| last[place].decision);
        let claimed = |decision| decision == Decision::Benefit;
        self.replicates += 1;
        self.any += u64::from(decisions().any(claimed));
        self.all += u64::from(decisions().all(claimed));
        self.wrong += u64::from(decisions().zip(&self.false_claims).any(|(d, &wrong)| claimed(d) && wrong));
        let kept = |decision| decision != Decision::Futility;
        match self.selection {
            None => {}
            Some(Selection::ArmsKept) => {
                let decisions = self.places.iter().map(|&place| last[place].decision);
                let counts = self.selected.iter_mut().zip(decisions);
                counts.for_each(|(count, decision)| *count += u64::from(kept(decision)));
            }
            Some(Selection::SuperiorArm) => {
                let control = decisions().all(|d| d == Decision::Harm);
                let decisions = self.places.iter().map(|&place| last[place].decision);
                for (count, decision) in self.selected.iter_mut().zip(decisions) {
                    *count += u64::from(claimed(decision));
                }
                self.selected[self.places.len()] += u64::from(control);
            }
            Some(Selection::Population) => {
                // Everybody stands first; a part is selected where everybody is not.
                if let Some(chosen) = decisions().position(kept) {
                    self.selected[chosen] += 1;
                }
            }
        }
    }

    /// The measures of the family, of the trial as a whole.
    pub(super) fn measures(&self, run: &Run, list: &mut Vec<Measure>) {
        if self.replicates == 0 {
            return;
        }
        let n = self.replicates;
        let blank = Measure::blank(run.number, n);
        list.push(Measure::proportion(&blank, "power_any", self.any, n));
        list.push(Measure::proportion(&blank, "power_all", self.all, n));
        if self.false_claims.contains(&true) {
            list.push(Measure::proportion(&blank, "family_wise_error", self.wrong, n));
        }
        let trial = &run.trial;
        let family = trial.design.family();
        for (hypothesis, &count) in family.iter().zip(&self.selected) {
            let estimand = &trial.estimands[hypothesis.estimand];
            match self.selection {
                None => {}
                Some(Selection::ArmsKept | Selection::SuperiorArm) => {
                    let arm = trial.side_name(estimand, 0);
                    let measure = Measure::proportion(&blank, "select_arm", count, n);
                    list.push(Measure { arm, ..measure });
                }
                Some(Selection::Population) => {
                    let (population, level) = match hypothesis.slice {
                        Slice::Level(s, l) => {
                            let subgroup = &trial.subgroups[usize::from(s)];
                            (subgroup.name.clone(), subgroup.levels[usize::from(l)].clone())
                        }
                        Slice::All | Slice::Interaction(_) => ("all".into(), String::new()),
                    };
                    let measure = Measure::proportion(&blank, "select_population", count, n);
                    list.push(Measure { population, level, ..measure });
                }
            }
        }
        if self.selection == Some(Selection::SuperiorArm) {
            let arm = trial.side_name(&trial.estimands[family[0].estimand], 1);
            let measure = Measure::proportion(&blank, "select_arm", self.selected[family.len()], n);
            list.push(Measure { arm, ..measure });
        }
    }
}
