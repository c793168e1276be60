//! Trials that are two-by-two tables: patients who are all alike, counted instead of followed.
//!
//! Where patients have one event, get what they are assigned, are never lost and are compared by a test of
//! two risks at the end, all that matters of a patient is the arm and whether the event comes by the
//! horizon. Both are read from the words the engine itself reads for that patient, so a replicate gives
//! the same tables, and the same decisions, as the engine's, without times, columns or estimates.

use crate::{
    analysis::comparison::{Method, Test, compare_risks},
    outcome::{course::Treatment, hazard::PiecewiseHazard, kinds::Kind},
    random::{Purpose, Stream},
    statistics::TwoByTwo,
    trial::{
        Trial, Workspace,
        allocation::{Allocation, Scheme},
        claim::Claim,
        design::{Design, beyond},
        pool::Pool,
        record::Decision,
    },
};

/// What is needed to count a trial's patients.
#[derive(Clone, Debug)]
pub struct Tables {
    allocation: Allocation,
    event: Purpose,
    /// By arm: the event comes by the horizon if the patient's word, of 52 bits, is at least this.
    from: Vec<u64>,
    treatment: u8,
    control: u8,
    method: Method,
    critical: f64,
}

impl Tables {
    /// What is needed to count the trial's patients, if they can be counted.
    pub fn of(trial: &Trial, pool: &Pool) -> Option<Tables> {
        let Design::Fixed(design) = &trial.design else { return None };
        let primary = &trial.estimands[0];
        let endpoint = &trial.endpoints[primary.endpoint];
        let alike = pool.len() == 1 && trial.enrolment.probability == [1.0];
        let plain = |treatment: &Treatment| treatment.bail_outs.is_empty() && treatment.instead.is_empty();
        let counted = matches!(primary.method.test, Test::ChiSquare | Test::Wald)
            && !primary.method.summary.needs_times()
            && primary.claim == Claim::Superiority
            && primary.with.iter().all(Vec::is_empty)
            && primary.minus.is_none();
        if !(alike
            && counted
            && trial.course.events.len() == 1
            && endpoint.kind == Kind::FirstOf
            && endpoint.any_of == [0]
            && trial.loss_rate == 0.0
            && !endpoint.higher_is_better
            && !trial.allocation.by_site
            && trial.allocation.scheme == Scheme::Patients
            && trial.leaving.none()
            && trial.course.circumstances.none()
            && trial.accrual.takes_everybody()
            && trial.arms.len() <= MOST_ARMS
            && trial.course.treatments.iter().all(plain))
        {
            return None;
        }
        let by = endpoint.by.min(trial.follow_up);
        let rate = pool.rates[0];
        let from = trial
            .course
            .treatments
            .iter()
            .map(|treatment| first_word(rate, treatment.regime.hazard(0, 0), trial.course.horizon, by))
            .collect();
        Some(Tables {
            allocation: trial.allocation.clone(),
            event: Purpose::event(&trial.course.events.list[0].name),
            from,
            treatment: primary.treatment,
            control: primary.control,
            method: primary.method,
            critical: design.critical,
        })
    }

    /// Adds 1 to the count of each of `sizes`, which rise, at which replicate `replicate` shows benefit.
    pub fn reject(
        &self,
        sizes: &[usize],
        seed: u64,
        replicate: u64,
        workspace: &mut Workspace,
        counts: &mut [u64],
    ) {
        let Some(&largest) = sizes.last() else { return };
        let luck = Allocation::luck(seed, replicate);
        let events = Stream::new(seed, replicate, self.event);
        if let (&[_, _], [size]) = (&self.allocation.ratio[..], &self.allocation.blocks[..]) {
            let mut block = TwoArmBlocks::new(&self.allocation.ratio, *size);
            self.count(sizes, &events, |place| block.next(luck.patients.uniform(place)), counts);
            return;
        }
        let cohort = &mut workspace.cohort;
        cohort.clear(0);
        cohort.place.extend(0..largest as u64);
        cohort.row.resize(largest, 0);
        self.allocation.start(&mut workspace.blocks);
        self.allocation.randomise(cohort, 0, &self.allocation.ratio, &mut workspace.blocks, &luck);
        let assigned = &workspace.cohort.assigned;
        self.count(sizes, &events, |place| usize::from(assigned[place as usize]), counts);
    }

    /// Counts patients and events by arm, and the benefit shown at each size.
    #[inline]
    fn count(&self, sizes: &[usize], luck: &Stream, mut arm: impl FnMut(u64) -> usize, counts: &mut [u64]) {
        // By arm: patients and events so far.
        let (mut n, mut events) = ([0u32; MOST_ARMS], [0u32; MOST_ARMS]);
        let mut from = 0;
        for (&size, count) in sizes.iter().zip(counts) {
            for place in from..size as u64 {
                let arm = arm(place);
                n[arm] += 1;
                events[arm] += u32::from(luck.word(place) >> UNUSED_BITS >= self.from[arm]);
            }
            from = size as u64;
            let (t, c) = (usize::from(self.treatment), usize::from(self.control));
            let table = TwoByTwo::new(events[t], n[t], events[c], n[c]);
            *count += u64::from(self.shows_benefit(table));
        }
    }

    fn shows_benefit(&self, table: TwoByTwo) -> bool {
        let z = match self.method.test {
            Test::ChiSquare if table.n_treatment > 0 && table.n_control > 0 => table.pooled_z().ok(),
            _ => None,
        };
        let z = z.unwrap_or_else(|| compare_risks(table, self.method).statistic);
        beyond(z, self.critical) == Decision::Benefit
    }
}

/// Blocks of one size for two arms: what [`Allocation::randomise`] does, without strata.
struct TwoArmBlocks {
    first: u32,
    second: u32,
    left: [u32; 2],
}

impl TwoArmBlocks {
    fn new(ratio: &[u32], size: u32) -> Self {
        let times = size / (ratio[0] + ratio[1]);
        TwoArmBlocks { first: ratio[0] * times, second: ratio[1] * times, left: [0; 2] }
    }

    #[inline]
    fn next(&mut self, uniform: f64) -> usize {
        if self.left == [0; 2] {
            self.left = [self.first, self.second];
        }
        let at = (uniform * f64::from(self.left[0] + self.left[1])) as u32;
        let arm = usize::from(at >= self.left[0]);
        self.left[arm] -= 1;
        arm
    }
}

/// Arms a trial may have to be counted.
const MOST_ARMS: usize = 16;
/// Low bits of a word that a uniform number does not read.
const UNUSED_BITS: u32 = 12;

/// The smallest word, of 52 bits, at which the event comes by a day: the engine's own arithmetic, turned
/// round by bisection, because the time falls as the uniform number rises.
fn first_word(rate: f64, hazard: &PiecewiseHazard, horizon: f64, by: f64) -> u64 {
    let all = 1u64 << 52;
    let happens = |word: u64| {
        let uniform = (word as f64 + 0.5) * (1.0 / all as f64);
        let left = -libm::log(uniform);
        left <= rate * hazard.cumulative(horizon) && hazard.inverse(left / rate) <= by
    };
    let (mut no, mut yes) = (0, all);
    if rate <= 0.0 {
        return all;
    }
    if happens(0) {
        return 0;
    }
    while yes - no > 1 {
        let middle = no + (yes - no) / 2;
        if happens(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    yes
}
