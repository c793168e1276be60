//! The short way through a trial of patients who are all alike.
//!
//! Where nobody has covariates, everybody is there on day 0, death at a constant hazard is all that can
//! happen and arms come in pairs, a patient is an arm and one random number. This is the same trial, word
//! for word and row for row, without the columns that would tell patients apart; [`Trial::conduct`] is its
//! plain twin.

use super::{
    Purposes, Trial,
    allocation::Allocation,
    claim::Claim,
    design::{Design, DesignState, Evidence, Look},
    pool::Pool,
    record::{Decision, Record, Row, Slice, TrialRow},
};
use crate::{
    analysis::comparison::{Comparison, Hazards, Method, Summary, Test, compare_risks, compare_survival},
    outcome::{exponential::ln_positive, kinds::Kind},
    random::{Purpose, Stream, uniform},
    statistics::{RiskSets, Staying, TwoByTwo, TwoGroupTable},
    units::DAYS_PER_MONTH,
    vector::vectorised,
};

/// A trial that can go the short way, prepared.
#[derive(Debug)]
pub struct Alike<'a> {
    trial: &'a Trial,
    death: Purpose,
    /// The hazard of death in each arm, per day.
    hazard: [f64; 2],
    timed: bool,
    /// By end point, then for all of follow-up: the day, and the words from which on a patient of each arm
    /// has died by then.
    horizons: Vec<(f64, [u64; 2])>,
    /// Deaths by then in the trial at hand, by arm.
    deaths: Vec<[u32; 2]>,
    state: DesignState,
    room: Room,
}

/// Buffers, kept between trials.
#[derive(Debug, Default)]
struct Room {
    /// Words of allocation, one for a pair; of death in the first and in the second of each pair.
    order: Vec<u64>,
    first: Vec<u64>,
    second: Vec<u64>,
    /// Days of death in order, the arm in the last bit; see [`keys`].
    keys: Vec<u64>,
    table: TwoGroupTable,
    sets: RiskSets,
    /// The end point and the treatment the table is of, and what it gave.
    made: Option<(usize, u8, Hazards)>,
}

impl<'a> Alike<'a> {
    /// Prepares a trial, if it can go the short way.
    pub fn of(trial: &'a Trial, pool: &Pool, purposes: &Purposes) -> Option<Self> {
        // Every part is named, so that a new one cannot be forgotten here.
        let Trial {
            arms,
            course,
            accrual,
            enrolment,
            narrower,
            allocation,
            patients: _,
            follow_up,
            loss_rate,
            leaving,
            adjudication,
            endpoints,
            measurements,
            subgroups,
            estimands,
            design,
        } = trial;
        let one = |list: &[f64]| *list == [1.0];
        let there = one(&pool.rates)
            && one(&enrolment.probability)
            && narrower.is_empty()
            && accrual.is_immediate()
            && *loss_rate == 0.0
            && leaving.none()
            && *adjudication == 0.0
            && course.circumstances.none();
        let paired = arms.len() == 2 && allocation.is_in_pairs();
        let first = endpoints.iter().all(|e| {
            e.kind == Kind::FirstOf && e.any_of == [0] && e.ended_by.is_empty() && e.by <= *follow_up
        });
        let plain = estimands.iter().all(|e| {
            let summary = e.method.summary;
            let plain = matches!(summary, Summary::RiskRatio | Summary::RiskDifference | Summary::OddsRatio)
                || matches!(summary, Summary::HazardRatio | Summary::KaplanMeierDifference);
            plain && e.claim == Claim::Superiority && e.method.test != Test::MantelHaenszelByPeriod
        });
        let fixed = matches!(design, Design::Fixed(_));
        if !(there && paired && first && plain && fixed && measurements.is_empty() && subgroups.is_empty()) {
            return None;
        }
        let hazard: [f64; 2] = course.constant_deaths()?.try_into().ok()?;
        let days = endpoints.iter().map(|e| e.by).chain([*follow_up]);
        Some(Alike {
            trial,
            death: purposes.events[0],
            hazard,
            timed: estimands.iter().any(|e| e.method.summary.needs_times()),
            horizons: days.map(|day| (day, hazard.map(|rate| first_word(day, rate)))).collect(),
            deaths: Vec::new(),
            state: DesignState::default(),
            room: Room::default(),
        })
    }

    /// Simulates one replicate.
    pub fn conduct(&mut self, seed: u64, replicate: u64, record: &mut Record) {
        let trial = self.trial;
        record.clear();
        self.state.start(trial);
        let n = trial.patients;
        let room = &mut self.room;
        let death = Stream::new(seed, replicate, self.death);
        room.order.resize(n.div_ceil(2), 0);
        room.first.resize(n.div_ceil(2), 0);
        room.second.resize(n / 2, 0);
        Allocation::luck(seed, replicate).patients.every_other_word(0, &mut room.order);
        death.every_other_word(0, &mut room.first);
        death.every_other_word(1, &mut room.second);
        let single = if n.is_multiple_of(2) { 0 } else { (room.order[n / 2] >> 63) as usize };
        let ones = (n / 2 + single) as u32;
        let patients = [n as u32 - ones, ones];
        self.deaths.clear();
        if self.timed {
            room.sort(self.hazard, trial.follow_up);
            self.deaths.extend(self.horizons.iter().map(|&(day, _)| room.deaths_by(day)));
        } else {
            for (k, &(day, from)) in self.horizons.iter().enumerate() {
                let same = self.horizons[..k].iter().position(|&(before, _)| before == day);
                let deaths = same.map_or_else(|| room.deaths(from), |same| self.deaths[same]);
                self.deaths.push(deaths);
            }
        }
        room.made = None;
        for (index, estimand) in trial.estimands.iter().enumerate() {
            let endpoint = &trial.endpoints[estimand.endpoint];
            let deaths = self.deaths[estimand.endpoint];
            let (t, c) = (usize::from(estimand.treatment), usize::from(estimand.control));
            let counts = TwoByTwo::new(deaths[t], patients[t], deaths[c], patients[c]);
            let mut comparison = if estimand.method.summary.needs_times() {
                room.compare_times(
                    estimand.endpoint,
                    estimand.treatment,
                    counts,
                    estimand.method,
                    endpoint.by,
                )
            } else {
                compare_risks(counts, estimand.method)
            };
            if endpoint.higher_is_better {
                comparison.statistic = -comparison.statistic;
            }
            let (slice, decision) = (Slice::All, Decision::None);
            record.rows.push(Row { look: 1, estimand: index as u16, slice, comparison, decision });
        }
        self.conclude(patients, record);
    }

    /// Decides, and counts what happened by arm.
    fn conclude(&mut self, patients: [u32; 2], record: &mut Record) {
        let trial = self.trial;
        let Some(stage) = trial.design.next_stage(trial, &self.state) else { return };
        let events = self.deaths[trial.estimands[0].endpoint].iter().sum();
        let (cut, n) = (trial.follow_up, trial.patients);
        let decision = Decision::Continue;
        let look = Look { stage, cut, day: cut, patients: n, mature: n, events, complete: true, decision };
        let mut evidence = Evidence { trial, look, rows: &mut record.rows, earlier: &[] };
        let decision = trial.design.decide(&mut evidence, &mut self.state);
        record.trial = Some(TrialRow {
            look: 1,
            patients: n as u32,
            screened: n as u64,
            months: cut / DAYS_PER_MONTH,
            information: f64::from(events),
            decision,
        });
        record.arm_patients.extend(patients);
        // Deaths, deaths from any cause, changes of arm.
        let deaths = self.deaths[self.horizons.len() - 1];
        record.counts.extend(deaths.iter().flat_map(|&d| [d, d, 0]));
    }
}

impl Room {
    /// Deaths by arm, from the words from which on a patient of each arm has died.
    fn deaths(&self, from: [u64; 2]) -> [u32; 2] {
        let in_order = deaths_of(&self.order, &self.first, 0, from);
        let reversed = deaths_of(&self.order, &self.second, u64::MAX, from);
        [in_order[0] + reversed[0], in_order[1] + reversed[1]]
    }

    /// Sorts the days of death up to the end of follow-up.
    fn sort(&mut self, hazard: [f64; 2], follow_up: f64) {
        keys(&self.order, &mut self.first, 0, hazard);
        keys(&self.order, &mut self.second, u64::MAX, hazard);
        let last = key(follow_up, 1);
        self.keys.resize(self.first.len() + self.second.len(), 0);
        let mut count = 0;
        for &key in self.first.iter().chain(&self.second) {
            self.keys[count] = key;
            count += usize::from(key <= last);
        }
        self.keys.truncate(count);
        self.keys.sort_unstable();
    }

    fn deaths_by(&self, day: f64) -> [u32; 2] {
        let deaths = self.keys.partition_point(|&k| k <= key(day, 1));
        let ones: u64 = self.keys[..deaths].iter().map(|key| key & 1).sum();
        [deaths as u32 - ones as u32, ones as u32]
    }

    fn compare_times(
        &mut self,
        endpoint: usize,
        treatment: u8,
        counts: TwoByTwo,
        method: Method,
        horizon: f64,
    ) -> Comparison {
        let Room { keys, table, sets, made, .. } = self;
        let hazards = match made {
            Some((e, t, hazards)) if (*e, *t) == (endpoint, treatment) => *hazards,
            _ => {
                let survivors = |n, dead| n - dead;
                let n1 = survivors(counts.n_treatment, counts.events_treatment);
                let n = n1 + survivors(counts.n_control, counts.events_control);
                table.clear();
                table.begin_stratum(Staying { n, n1 });
                let deaths = keys.partition_point(|&k| k <= key(horizon, 1));
                for &key in keys[..deaths].iter().rev() {
                    let group = u8::from((key & 1) as u8 == treatment);
                    table.leave(f64::from_bits(key >> 1), true, group);
                }
                let hazards = Some(table.log_rank_and_cox(sets));
                *made = Some((endpoint, treatment, hazards));
                hazards
            }
        };
        compare_survival(table, hazards, counts, method, horizon)
    }
}

/// A day with an arm in the last bit: days are not negative, so their bits rise with them and leave the
/// sign's place free.
#[inline(always)]
fn key(day: f64, arm: u64) -> u64 {
    day.to_bits() << 1 | arm
}

/// The first word with which a patient at this hazard has died by a day. More luck is a smaller number.
fn first_word(day: f64, rate: f64) -> u64 {
    let dead = |cell: u64| -ln_positive(uniform(cell << 12)) / rate <= day;
    let (mut alive, mut first) = (0, 1u64 << 52);
    while alive + 1 < first {
        let middle = alive.midpoint(first);
        if dead(middle) {
            first = middle;
        } else {
            alive = middle;
        }
    }
    first << 12
}

vectorised! {
    /// Deaths by arm among the patients whose words these are; the arm is the first bit of the pair's
    /// order, turned round where `flip` has it set.
    fn deaths_of(order: &[u64], words: &[u64], flip: u64, from: [u64; 2]) -> [u32; 2] {
        let (mut all, mut ones) = (0u64, 0u64);
        for (&order, &word) in order.iter().zip(words) {
            let arm = (order ^ flip) >> 63;
            let from = if arm == 1 { from[1] } else { from[0] };
            let dead = u64::from(word >= from);
            all += dead;
            ones += dead & arm;
        }
        [(all - ones) as u32, ones as u32]
    }
}

vectorised! {
    /// Turns words into days of death, each with the arm in its last bit.
    fn keys(order: &[u64], words: &mut [u64], flip: u64, hazard: [f64; 2]) {
        for (&order, word) in order.iter().zip(words.iter_mut()) {
            let arm = (order ^ flip) >> 63;
            let rate = if arm == 1 { hazard[1] } else { hazard[0] };
            *word = key(-ln_positive(uniform(*word)) / rate, arm);
        }
    }
}
