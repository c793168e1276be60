//! What is expected of an arm: means over the pool of exact expectations, bail-outs and changes of arm included.

use super::{aim::Adherence, blocks::in_blocks};
use crate::{
    outcome::{
        course::{Course, Treatment, bail_out_rate},
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
    /// Only switches through this bail-out count, in proportion to its hazard on the day.
    only: Option<usize>,
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
        if adherence == Adherence::AsRun {
            let instead = &course.treatments[arm].instead;
            received[0].1 -= instead.iter().map(|(_, share)| share).sum::<f64>();
            received.extend(instead);
        }
        Arm { course, pool, expectation, received, adherence, only: None }
    }

    /// Follows only those who switch through one bail-out: the probability that a switch has happened is
    /// then that of this bail-out. What happens after the switch has no meaning.
    pub fn through(mut self, bail_out: usize) -> Self {
        self.only = Some(bail_out);
        self
    }

    /// Mean courses of groups of pool rows. `groups(row)` lists the groups a row belongs to, of `count`;
    /// `weight(row)` is its weight.
    pub fn means(
        &self,
        count: usize,
        weight: impl Fn(usize) -> f64 + Sync,
        groups: impl Fn(usize, &mut Vec<usize>) + Sync,
    ) -> Vec<expectation::Course> {
        let blocks = in_blocks(self.pool.len(), |range| {
            let mut sums = vec![self.expectation.nobody(); count];
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
        let mut totals = vec![self.expectation.nobody(); count];
        for block in &blocks {
            for (total, sum) in totals.iter_mut().zip(block) {
                total.add(sum, 1.0);
            }
        }
        totals.into_iter().map(expectation::Course::mean).collect()
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

    /// Adds one patient: along one path, or along two if a bail-out is possible.
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
        let Treatment { bail_outs, .. } = &self.course.treatments[treatment];
        let mut add = |path: Path, weight: f64| {
            if weight > 0.0 {
                let course = self.expectation.course(path, patient.class, patient.rates, space);
                for &group in member {
                    sums[group].add(course, weight);
                }
            }
        };
        if bail_outs.is_empty() || self.adherence == Adherence::Full {
            return add(Path::of(treatment), weight);
        }
        let rates: Vec<f64> = bail_outs.iter().map(|b| bail_out_rate(b, patient)).collect();
        let hazards: Vec<&PiecewiseHazard> = bail_outs.iter().map(|b| &b.hazard).collect();
        let (u, v) = spread(row);
        let switch = switching::draw(&rates, &hazards, self.course.horizon, u, v);
        let to = bail_outs[switch.which].to;
        if let Some(only) = self.only {
            let at = |k: usize| rates[k] * hazards[k].at(switch.day);
            let share = at(only) / (0..rates.len()).map(at).sum::<f64>();
            add(
                Path { before: treatment, switch: Some((switch.day, to)) },
                weight * (1.0 - switch.none) * share,
            );
            return add(Path::of(treatment), weight * (1.0 - (1.0 - switch.none) * share));
        }
        add(Path::of(treatment), weight * switch.none);
        add(Path { before: treatment, switch: Some((switch.day, to)) }, weight * (1.0 - switch.none));
    }
}

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
