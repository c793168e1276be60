//! What is expected of an arm: means over the pool of exact expectations, bail-outs and changes of arm included.

use super::{aim::Adherence, blocks::in_blocks};
use crate::{
    outcome::{
        circumstances::Factors,
        course::{Course, Patient, Treatment, bail_out_rate},
        expectation::{self, Expectation, FirstOf, Path},
        hazard::PiecewiseHazard,
        switching,
    },
    trial::pool::Pool,
};

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
        let blocks = in_blocks(self.pool.len(), |range| {
            let mut sums = vec![self.expectation.nobody(); count + self.bail_outs()];
            let mut space = self.expectation.workspace();
            let mut member = Vec::new();
            for row in range {
                let weight = weight(row);
                if weight == 0.0 {
                    continue;
                }
                member.clear();
                groups(row, &mut member);
                for &(treatment, share) in self.received.iter().filter(|(_, share)| *share > 0.0) {
                    self.add(row, treatment, weight * share, &member, &mut sums, &mut space);
                }
            }
            sums
        });
        let mut totals = vec![self.expectation.nobody(); count + self.bail_outs()];
        for block in &blocks {
            for (total, sum) in totals.iter_mut().zip(block) {
                total.add(sum, 1.0);
            }
        }
        totals.into_iter().map(expectation::Course::mean).collect()
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

    /// Adds one patient, at every point of the law of circumstances if there is one: along one path, or
    /// along two if a bail-out is possible.
    fn add(
        &self,
        row: usize,
        treatment: usize,
        weight: f64,
        member: &[usize],
        sums: &mut [expectation::Course],
        space: &mut expectation::Workspace,
    ) {
        let patient = self.pool.patient(row as u32);
        let circumstances = &self.course.circumstances;
        if circumstances.none() {
            // Each row has one day of a switch; few rows need several each.
            let rows = self.pool.len();
            let days = if rows < FEW { DAYS.div_ceil(rows) } else { 1 };
            return self.add_one((row, days), patient, treatment, weight, member, sums, space);
        }
        let points: Vec<Factors> = circumstances.points(row, self.pool.len()).collect();
        let weight = weight / points.len() as f64;
        let mut by_arm = Vec::new();
        let each = points.len();
        for (k, factors) in points.into_iter().enumerate() {
            by_arm.clear();
            self.course.rates_by_arm(patient, factors, &mut by_arm);
            let patient = Patient { by_arm: &by_arm, ..patient };
            self.add_one((row * each + k, 1), patient, treatment, weight, member, sums, space);
        }
    }

    /// Adds one patient under given rates; `place` addresses the days of a switch, of which `days` are tried.
    #[allow(clippy::too_many_arguments)] // a patient, what he gets, and where it is added
    fn add_one(
        &self,
        (place, days): (usize, usize),
        patient: Patient,
        treatment: usize,
        weight: f64,
        member: &[usize],
        sums: &mut [expectation::Course],
        space: &mut expectation::Workspace,
    ) {
        let Treatment { bail_outs, .. } = &self.course.treatments[treatment];
        let (groups, through) = sums.split_at_mut(sums.len() - self.bail_outs());
        // Those who do not switch count in the denominator of every bail-out.
        through.iter_mut().for_each(|sum| sum.weight += weight);
        let add = |path: Path, weight: f64, groups: &mut [expectation::Course], space: &mut _| {
            let after = path.switch.map_or(path.before, |(_, to)| to);
            let rates = [patient.under(path.before), patient.under(after)];
            let course = self.expectation.course_under(path, patient.class, rates, space);
            member.iter().for_each(|&group| groups[group].add(course, weight));
        };
        if bail_outs.is_empty() || self.adherence != Adherence::AsRun {
            return add(Path::of(treatment), weight, groups, space);
        }
        let rates: Vec<f64> = bail_outs.iter().map(|b| bail_out_rate(b, patient)).collect();
        let hazards: Vec<&PiecewiseHazard> = bail_outs.iter().map(|b| &b.hazard).collect();
        for k in 0..days {
            let (u, v) = spread(place * days + k);
            let switch = switching::draw(&rates, &hazards, self.course.horizon, u, v);
            if k == 0 {
                add(Path::of(treatment), weight * switch.none, groups, space);
            }
            let switched = weight * (1.0 - switch.none) / days as f64;
            if switched <= 0.0 {
                return;
            }
            let to = bail_outs[switch.which].to;
            add(Path { before: treatment, switch: Some((switch.day, to)) }, switched, groups, space);
            if treatment != self.received[0].0 {
                continue;
            }
            let at = |k: usize| rates[k] * hazards[k].at(switch.day);
            let total: f64 = (0..rates.len()).map(at).sum();
            for (k, sum) in through.iter_mut().enumerate() {
                // The last path walked is that of the switch.
                sum.add(space.last(), switched * at(k) / total);
                sum.weight -= switched * at(k) / total;
            }
        }
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
