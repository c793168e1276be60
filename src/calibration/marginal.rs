//! What is expected of an arm: means over the pool of exact expectations, bail-outs and changes of arm included.

use super::{aim::Adherence, blocks::in_blocks};
use crate::{
    outcome::{
        circumstances::{Circumstances, Factors},
        course::{BailOut, Course, Patient, Treatment, bail_out_rate},
        expectation::{self, ABREAST, Abreast, Expectation, FirstOf, Path},
        hazard::{PiecewiseHazard, Regime},
        switching,
    },
    trial::pool::Pool,
};
use std::collections::HashMap;

/// Expectations of one arm, prepared for some days and end points.
pub struct Arm<'a> {
    course: &'a Course,
    pool: &'a Pool,
    expectation: Expectation,
    /// Treatments received from the start, with their shares.
    received: Vec<(usize, f64)>,
    adherence: Adherence,
}

impl<'a> Arm<'a> {
    /// Prepares arm `arm` of `course` on `days` for the end points `first_of`.
    pub fn new(
        course: &'a Course,
        pool: &'a Pool,
        arm: usize,
        adherence: Adherence,
        days: &[f64],
        first_of: &[FirstOf],
    ) -> Self {
        let regimes: Vec<_> = course.treatments.iter().map(|t| &t.regime).collect();
        let expectation = Expectation::new(&course.events, &regimes, days, first_of);
        let mut received = vec![(arm, 1.0)];
        if adherence != Adherence::Full {
            let instead = &course.treatments[arm].instead;
            received[0].1 -= instead.iter().map(|(_, share)| share).sum::<f64>();
            received.extend(instead);
        }
        Arm { course, pool, expectation, received, adherence }
    }

    /// Mean courses of groups of pool rows. `groups(row)` lists the groups a row belongs to, of `count`;
    /// `weight(row)` is its weight.
    ///
    /// Behind the groups stands one course for each bail-out of the arm, in which only a switch through
    /// that bail-out counts as one; nothing else in it has a meaning.
    pub fn means(
        &self,
        count: usize,
        weight: impl Fn(usize) -> f64 + Sync,
        groups: impl Fn(usize, &mut Vec<usize>) + Sync,
    ) -> Vec<expectation::Course> {
        self.means_sharing(&mut Sums::default(), count, weight, groups)
    }

    /// The same with the sums known of other arms and trials for the same rows, weights and groups: what is
    /// alike in them is not worked out again.
    pub fn means_sharing(
        &self,
        known: &mut Sums,
        count: usize,
        weight: impl Fn(usize) -> f64 + Sync,
        groups: impl Fn(usize, &mut Vec<usize>) + Sync,
    ) -> Vec<expectation::Course> {
        let rows: Vec<usize> = (0..self.pool.len()).filter(|&row| weight(row) != 0.0).collect();
        let mut totals = vec![self.expectation.nobody(); count + self.bail_outs()];
        for &(treatment, share) in self.received.iter().filter(|(_, share)| *share > 0.0) {
            for part in self.parts(treatment) {
                let sums = known.get(self.like(&part), || self.sums(&part, &rows, count, &weight, &groups));
                // Behind the groups are the bail-outs of those who get what they were assigned; of others
                // only the number counts.
                for (place, total) in totals.iter_mut().enumerate() {
                    match sums.get(place) {
                        Some(sum) if place < count || treatment == self.received[0].0 => {
                            total.add(sum, share)
                        }
                        _ if part.switch_to.is_none() => {
                            total.weight += share * rows.iter().map(|&row| weight(row)).sum::<f64>();
                        }
                        _ => {}
                    }
                }
            }
        }
        totals.into_iter().map(expectation::Course::mean).collect()
    }

    /// Staying on a treatment received from the start, and switching to each other one.
    fn parts(&self, treatment: usize) -> Vec<Part> {
        let mut parts = vec![Part { treatment, switch_to: None }];
        for bail_out in self.bail_outs_from(treatment) {
            let part = Part { treatment, switch_to: Some(bail_out.to) };
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts
    }

    /// The bail-outs that can happen on a treatment.
    fn bail_outs_from(&self, treatment: usize) -> &'a [BailOut] {
        let possible = self.adherence == Adherence::AsRun;
        if possible { &self.course.treatments[treatment].bail_outs } else { &[] }
    }

    /// All that the sums of a part depend on, but for the rows, their weights and groups.
    fn like(&self, part: &Part) -> Like {
        let treatment = |arm: usize| {
            let Treatment { regime, affects, bail_outs: _, instead: _ } = &self.course.treatments[arm];
            (regime.clone(), affects.clone())
        };
        Like {
            expectation: self.expectation.but_for_regimes(),
            horizon: self.course.horizon,
            circumstances: self.course.circumstances.clone(),
            stays: treatment(part.treatment),
            switches: part.switch_to.map(|to| (to, treatment(to))),
            bail_outs: self.bail_outs_from(part.treatment).to_vec(),
        }
    }

    /// The sums of one part over the rows.
    fn sums(
        &self,
        part: &Part,
        rows: &[usize],
        count: usize,
        weight: &(impl Fn(usize) -> f64 + Sync),
        groups: &(impl Fn(usize, &mut Vec<usize>) + Sync),
    ) -> Vec<expectation::Course> {
        let through = self.bail_outs_from(part.treatment).len();
        let blocks = in_blocks(rows.len(), |range| {
            let mut walks = Walks::new(&self.expectation, through);
            let mut member = Vec::new();
            for &row in &rows[range] {
                member.clear();
                groups(row, &mut member);
                let cell = walks.cell(&member);
                self.add(row, part, weight(row), cell, &mut walks);
            }
            walks.sums(count)
        });
        let mut totals = vec![self.expectation.nobody(); count + through];
        for block in &blocks {
            for (total, sum) in totals.iter_mut().zip(block) {
                total.add(sum, 1.0);
            }
        }
        totals
    }

    fn bail_outs(&self) -> usize {
        self.course.treatments[self.received[0].0].bail_outs.len()
    }

    /// Probability that each row is alive in hospital on the first of the days, row by row.
    pub fn in_hospital_of_each_row(&self) -> Vec<f64> {
        let blocks = in_blocks(self.pool.len(), |range| {
            let mut space = self.expectation.workspace();
            let path = Path::of(self.received[0].0);
            range
                .map(|row| {
                    let patient = self.pool.patient(row as u32);
                    self.expectation.course(path, patient.class, patient.rates, &mut space).in_hospital[0]
                })
                .collect::<Vec<f64>>()
        });
        blocks.into_iter().flatten().collect()
    }

    /// Adds one patient's part, at every point of the law of circumstances if there is one.
    fn add(&self, row: usize, part: &Part, weight: f64, cell: usize, walks: &mut Walks) {
        let patient = self.pool.patient(row as u32);
        let circumstances = &self.course.circumstances;
        if circumstances.none() {
            // Each row has one day of a switch; few rows need several each.
            let rows = self.pool.len();
            let days = if rows < FEW { DAYS.div_ceil(rows) } else { 1 };
            return self.add_one((row, days), patient, part, weight, cell, walks);
        }
        let points: Vec<Factors> = circumstances.points(row, self.pool.len()).collect();
        let weight = weight / points.len() as f64;
        let mut by_arm = Vec::new();
        let each = points.len();
        for (k, factors) in points.into_iter().enumerate() {
            by_arm.clear();
            self.course.rates_by_arm(patient, factors, &mut by_arm);
            let patient = Patient { by_arm: &by_arm, ..patient };
            self.add_one((row * each + k, 1), patient, part, weight, cell, walks);
        }
    }

    /// Adds one patient's part under given rates; `place` addresses the days of a switch, of which `days`
    /// are tried.
    fn add_one(
        &self,
        (place, days): (usize, usize),
        patient: Patient,
        part: &Part,
        weight: f64,
        cell: usize,
        walks: &mut Walks,
    ) {
        let bail_outs = self.bail_outs_from(part.treatment);
        if part.switch_to.is_none() {
            // Those who do not switch count in the denominator of every bail-out.
            walks.through.iter_mut().for_each(|sum| sum.weight += weight);
        }
        if bail_outs.is_empty() {
            return walks.stay(part.treatment, patient, Walk { weight, cell, through: [].into() });
        }
        let rates: Vec<f64> = bail_outs.iter().map(|b| bail_out_rate(b, patient)).collect();
        let hazards: Vec<&PiecewiseHazard> = bail_outs.iter().map(|b| &b.hazard).collect();
        for k in 0..days {
            let (u, v) = spread(place * days + k);
            let switch = switching::draw(&rates, &hazards, self.course.horizon, u, v);
            let Some(to) = part.switch_to else {
                let weight = weight * switch.none;
                return walks.stay(part.treatment, patient, Walk { weight, cell, through: [].into() });
            };
            let switched = weight * (1.0 - switch.none) / days as f64;
            if switched <= 0.0 || bail_outs[switch.which].to != to {
                continue;
            }
            let at = |k: usize| rates[k] * hazards[k].at(switch.day);
            let total: f64 = (0..rates.len()).map(at).sum();
            let through = (0..rates.len()).map(|k| at(k) / total).collect();
            let path = Path { before: part.treatment, switch: Some((switch.day, to)) };
            walks.switch(path, patient, Walk { weight: switched, cell, through });
        }
    }
}

/// Patients who get a treatment from the start and stay on it, or switch to one other.
#[derive(PartialEq)]
struct Part {
    treatment: usize,
    switch_to: Option<usize>,
}

/// What makes two parts alike, of whatever arm and trial.
#[derive(PartialEq)]
struct Like {
    expectation: Expectation,
    horizon: f64,
    circumstances: Circumstances,
    stays: (Regime, Vec<bool>),
    switches: Option<(usize, (Regime, Vec<bool>))>,
    bail_outs: Vec<BailOut>,
}

/// Sums of parts over the same rows, weights and groups. Arms of the runs of a scenario differ little: most
/// have the same controls, many the same treatment.
#[derive(Default)]
pub struct Sums(Vec<(Like, Vec<expectation::Course>)>);

impl Sums {
    fn get(&mut self, like: Like, work: impl FnOnce() -> Vec<expectation::Course>) -> &[expectation::Course] {
        let place = self.0.iter().position(|(known, _)| *known == like).unwrap_or_else(|| {
            self.0.push((like, work()));
            self.0.len() - 1
        });
        &self.0[place].1
    }
}

/// One course that is walked for a patient, and what it is added to.
struct Walk {
    weight: f64,
    cell: usize,
    /// How likely each bail-out is the one, if the course is that of a bail-out.
    through: Box<[f64]>,
}

/// The courses of a block of patients, walked many abreast and summed.
struct Walks<'a> {
    expectation: &'a Expectation,
    space: Abreast,
    /// Those who stand in `space`.
    abreast: Vec<Walk>,
    /// Those who switch, kept back until they can be walked in the order of their days.
    switching: Vec<(Path, usize, Walk)>,
    /// Their rates before and after.
    rates: Vec<f64>,
    /// Sums by the groups somebody belongs to: few sets of groups are different, and adding to one sum is
    /// cheaper than adding to each group.
    cells: Vec<(Vec<usize>, expectation::Course)>,
    cell_of: HashMap<Vec<usize>, usize>,
    through: Vec<expectation::Course>,
}

impl<'a> Walks<'a> {
    fn new(expectation: &'a Expectation, bail_outs: usize) -> Self {
        Walks {
            expectation,
            space: expectation.abreast(),
            abreast: Vec::with_capacity(ABREAST),
            switching: Vec::new(),
            rates: Vec::new(),
            cells: Vec::new(),
            cell_of: HashMap::new(),
            through: vec![expectation.nobody(); bail_outs],
        }
    }

    /// The place of a set of groups.
    fn cell(&mut self, member: &[usize]) -> usize {
        if let Some(&cell) = self.cell_of.get(member) {
            return cell;
        }
        self.cell_of.insert(member.to_vec(), self.cells.len());
        self.cells.push((member.to_vec(), self.expectation.nobody()));
        self.cells.len() - 1
    }

    /// A course under one treatment throughout.
    fn stay(&mut self, treatment: usize, patient: Patient, walk: Walk) {
        self.enter(Path::of(treatment), patient.class, [patient.under(treatment); 2], walk);
    }

    /// A course with a switch.
    fn switch(&mut self, path: Path, patient: Patient, walk: Walk) {
        let (_, after) = path.switch.expect("a path with a switch");
        self.rates.extend(patient.under(path.before));
        self.rates.extend(patient.under(after));
        self.switching.push((path, patient.class, walk));
    }

    fn enter(&mut self, path: Path, class: usize, rates: [&[f64]; 2], walk: Walk) {
        self.expectation.enter(path, class, rates, &mut self.space);
        self.abreast.push(walk);
        if self.space.is_full() {
            self.walk();
        }
    }

    fn walk(&mut self) {
        if self.abreast.is_empty() {
            return;
        }
        self.expectation.walk(&mut self.space);
        for (lane, walk) in self.abreast.drain(..).enumerate() {
            self.space.add_to(&mut self.cells[walk.cell].1, lane, walk.weight);
            for (sum, share) in self.through.iter_mut().zip(walk.through) {
                self.space.add_to(sum, lane, walk.weight * share);
                sum.weight -= walk.weight * share;
            }
        }
    }

    /// Walks what is left; the sums of all groups and, behind them, those through each bail-out.
    fn sums(mut self, count: usize) -> Vec<expectation::Course> {
        let mut switching = std::mem::take(&mut self.switching);
        let rates = std::mem::take(&mut self.rates);
        let each = rates.len() / switching.len().max(1);
        let day = |path: &Path| path.switch.map_or(0.0, |(day, _)| day);
        let mut order: Vec<usize> = (0..switching.len()).collect();
        order.sort_by(|&i, &j| day(&switching[i].0).total_cmp(&day(&switching[j].0)));
        for i in order {
            let (path, class, walk) = &mut switching[i];
            let through = std::mem::take(&mut walk.through);
            let (before, after) = rates[i * each..(i + 1) * each].split_at(each / 2);
            self.enter(*path, *class, [before, after], Walk { through, ..*walk });
        }
        self.walk();
        let mut sums = vec![self.expectation.nobody(); count];
        for (member, sum) in &self.cells {
            member.iter().for_each(|&group| sums[group].add(sum, 1.0));
        }
        sums.extend(self.through);
        sums
    }
}

/// Rows from which on one day of a switch for each is enough; fewer have as many together as this.
const FEW: usize = 500;
const DAYS: usize = 1 << 12;

/// A point of the unit square for each row, evenly spread over rows: the plastic-number sequence.
///
/// Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018.
fn spread(row: usize) -> (f64, f64) {
    const A: f64 = 0.754_877_666_246_692_8;
    const B: f64 = 0.569_840_290_998_053_3;
    let at = |step: f64| (0.5 + (row as f64 + 1.0) * step).fract().clamp(1e-12, 1.0 - 1e-12);
    (at(A), at(B))
}

/// Logarithm of the odds.
pub fn logit(p: f64) -> f64 {
    libm::log(p / (1.0 - p))
}
