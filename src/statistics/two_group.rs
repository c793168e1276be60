//! Two groups at each event time: the table from which log-rank, Cox, Kaplan-Meier and restricted
//! means are all read, built in one scan and without allocation once its buffer has grown.

use crate::vector::vectorised;

use super::{interval::Interval, normal::two_sided_p, reason::Reason, solve::root};

/// Those at risk and those with the event at one event time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventTime {
    pub time: f64,
    /// At risk just before `time`, both groups.
    pub n: f64,
    /// At risk in group 1.
    pub n1: f64,
    /// Events at `time`, both groups.
    pub d: f64,
    /// Events in group 1.
    pub d1: f64,
}

/// Exits from follow-up in order of time.
///
/// `order` lists row numbers by rising time, ties side by side in any order; it is sorted once
/// ([`sort_by_time`]) and serves every subgroup and test. `group` is 1 for the experimental arm and 0
/// for the control; rows with any other number are left out, so a third arm needs no copy.
#[derive(Clone, Copy, Debug)]
pub struct SortedExits<'a> {
    pub order: &'a [u32],
    pub time: &'a [f64],
    pub event: &'a [bool],
    pub group: &'a [u8],
}

/// Row numbers by rising time, into a buffer that is kept between calls.
///
/// Equal times keep their row order, so the result does not depend on the sorting algorithm.
pub fn sort_by_time(time: &[f64], order: &mut Vec<u32>) {
    order.clear();
    order.extend(0..time.len() as u32);
    order.sort_unstable_by(|&a, &b| time[a as usize].total_cmp(&time[b as usize]).then_with(|| a.cmp(&b)));
}

/// [`sort_by_time`] for the inner loop: the upper half of a time and the row number are packed into one
/// whole number, which sorts without looking anything up.
#[derive(Clone, Debug, Default)]
pub struct TimeOrder {
    keys: Vec<u64>,
    order: Vec<u32>,
}

impl TimeOrder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Numbers of the rows for which `leaves` holds by rising time, ties in row order. Times must not be
    /// negative.
    pub fn sort(&mut self, time: &[f64], leaves: impl Fn(usize) -> bool) -> &[u32] {
        self.keys.clear();
        self.keys.resize(time.len(), 0);
        let mut count = 0;
        for (row, &t) in time.iter().enumerate() {
            // The bits of floats from 0 upwards rise with the float.
            self.keys[count] = (t + 0.0).to_bits() & 0xFFFF_FFFF_0000_0000 | row as u64;
            count += usize::from(leaves(row));
        }
        self.keys.truncate(count);
        self.keys.sort_unstable();
        self.order.clear();
        self.order.extend(self.keys.iter().map(|&key| key as u32));
        // Times whose upper halves are equal are few; they are put in order by all of their bits.
        for k in 1..count {
            if self.keys[k] >> 32 == self.keys[k - 1] >> 32 {
                let row = self.order[k];
                let mut hole = k;
                while hole > 0 && time[self.order[hole - 1] as usize] > time[row as usize] {
                    self.order[hole] = self.order[hole - 1];
                    hole -= 1;
                }
                self.order[hole] = row;
            }
        }
        &self.order
    }

    /// The order found last.
    pub fn order(&self) -> &[u32] {
        &self.order
    }
}

/// People followed beyond the last exit, who are at risk at every event time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staying {
    /// In both groups.
    pub n: u32,
    /// In group 1.
    pub n1: u32,
}

/// Event times of one stratum or, appended one after another, of several.
///
/// Each row says how many were at risk and how many had the event at one time in one stratum. The
/// log-rank and Cox statistics are sums over rows, so rows of several strata in one table make the
/// stratified statistic. Kaplan-Meier needs the rows of a single stratum, in order.
#[derive(Clone, Debug, Default)]
pub struct TwoGroupTable {
    rows: Vec<EventTime>,
    // At risk so far in the stratum being counted, and where its rows begin.
    n: f64,
    n1: f64,
    stratum_start: usize,
}

impl TwoGroupTable {
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the table and keeps its buffer.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// The rows: in each stratum by falling time.
    pub fn rows(&self) -> &[EventTime] {
        &self.rows
    }

    /// Appends one row from counts: at risk in group 1 and group 0, events in group 1 and group 0.
    pub fn push(&mut self, time: f64, at_risk: (u32, u32), events: (u32, u32)) {
        let n1 = f64::from(at_risk.0);
        let d1 = f64::from(events.0);
        let (n, d) = (n1 + f64::from(at_risk.1), d1 + f64::from(events.1));
        self.rows.push(EventTime { time, n, n1, d, d1 });
    }

    /// Replaces the table by that of all rows.
    pub fn tally(&mut self, exits: SortedExits<'_>) {
        self.clear();
        self.append(exits, |_| true);
    }

    /// Appends the event times among the rows for which `member` holds, as one stratum.
    ///
    /// One scan from the last exit to the first, adding to the numbers at risk: someone who leaves at
    /// an event's time, dead or censored, is at risk for it.
    pub fn append(&mut self, exits: SortedExits<'_>, member: impl Fn(usize) -> bool) {
        self.append_beside(exits, Staying::default(), member);
    }

    /// [`TwoGroupTable::append`] when the exits leave out those who were followed beyond all of them.
    pub fn append_beside(
        &mut self,
        exits: SortedExits<'_>,
        staying: Staying,
        member: impl Fn(usize) -> bool,
    ) {
        self.begin_stratum(staying);
        for &row in exits.order.iter().rev() {
            let row = row as usize;
            if exits.group[row] <= 1 && member(row) {
                self.leave(exits.time[row], exits.event[row], exits.group[row]);
            }
        }
    }

    /// Replaces several tables at once, each by that of the rows at its level, in a single scan.
    ///
    /// For subgroups: `level` numbers them from 0; rows with a number beyond the tables are left out.
    /// `staying` tells of each level who was followed beyond all exits and is not among them.
    pub fn tally_levels(
        tables: &mut [TwoGroupTable],
        exits: SortedExits<'_>,
        level: &[u8],
        staying: impl Fn(usize) -> Staying,
    ) {
        for (level, table) in tables.iter_mut().enumerate() {
            table.clear();
            table.begin_stratum(staying(level));
        }
        for &row in exits.order.iter().rev() {
            let row = row as usize;
            if exits.group[row] <= 1
                && let Some(table) = tables.get_mut(usize::from(level[row]))
            {
                table.leave(exits.time[row], exits.event[row], exits.group[row]);
            }
        }
    }

    /// Replaces the table by that of rows split into strata numbered from 0 to `strata − 1`.
    ///
    /// Rows with a higher number are left out.
    pub fn tally_stratified(&mut self, exits: SortedExits<'_>, stratum: &[u8], strata: u8) {
        self.clear();
        for s in 0..strata {
            self.append(exits, |row| stratum[row] == s);
        }
    }

    /// Starts counting afresh: the exits that follow belong to another stratum.
    pub fn begin_stratum(&mut self, staying: Staying) {
        self.stratum_start = self.rows.len();
        self.n = f64::from(staying.n);
        self.n1 = f64::from(staying.n1);
    }

    /// Counts one exit, times falling. All exits of one time add to the same row's numbers at risk.
    #[inline]
    pub fn leave(&mut self, time: f64, event: bool, group: u8) {
        let one = f64::from(group);
        self.n += 1.0;
        self.n1 += one;
        let (n, n1) = (self.n, self.n1);
        match self.rows[self.stratum_start..].last_mut() {
            Some(last) if last.time == time => {
                last.n = n;
                last.n1 = n1;
                if event {
                    last.d += 1.0;
                    last.d1 += one;
                }
            }
            _ if event => self.rows.push(EventTime { time, n, n1, d: 1.0, d1: one }),
            _ => {}
        }
    }

    /// Observed less expected events in group 1, and its variance.
    pub fn log_rank_sums(&self) -> (f64, f64) {
        let (mut difference, mut variance) = (0.0, 0.0);
        for r in &self.rows {
            let share = r.n1 / r.n;
            difference += r.d1 - r.d * share;
            if r.n > 1.0 {
                variance += r.d * share * (1.0 - share) * (r.n - r.d) / (r.n - 1.0);
            }
        }
        (difference, variance)
    }

    /// Cox's log hazard ratio of group 1 to group 0, from the counts alone.
    ///
    /// The covariate is binary, so at each event only the weighted numbers at risk matter. With
    /// Efron's correction the `k`-th of `d` tied events (from 0) has `k/d` of the events removed
    /// from each group's risk set: `p = n₁ₖe^β / (n₀ₖ + n₁ₖe^β)`, score `Σ(d₁ − Σp)`, information
    /// `Σp(1 − p)`. Steps of Newton's method with the curvature of the score (Chebyshev's method) from 0;
    /// the log likelihood is concave.
    ///
    /// Without an event in the control while the experimental arm is at risk, or the reverse, the
    /// estimate is infinite: [`Reason::MonotoneLikelihood`]. The log-rank test still holds.
    ///
    /// Efron, J Am Stat Assoc 1977;72:557.
    pub fn cox(&self) -> Result<TwoGroupCox, Reason> {
        self.cox_with(&mut RiskSets::default())
    }

    /// [`TwoGroupTable::cox`] in a buffer that is kept between calls.
    pub fn cox_with(&self, sets: &mut RiskSets) -> Result<TwoGroupCox, Reason> {
        sets.fill(&self.rows);
        sets.cox()
    }

    /// [`TwoGroupTable::log_rank_sums`] and [`TwoGroupTable::cox`] together, in a buffer that is kept.
    pub fn log_rank_and_cox(&self, sets: &mut RiskSets) -> LogRankAndCox {
        sets.fill(&self.rows);
        // Without ties the log-rank test is the score test of Cox's model.
        let sums = if sets.tied {
            self.log_rank_sums()
        } else {
            let [expected, variance, _] = sets.sums(1.0);
            (sets.events_one - expected, variance)
        };
        (sums, sets.cox())
    }

    /// Score and information of Efron's partial likelihood at `beta`.
    fn cox_score(&self, beta: f64) -> (f64, f64) {
        let mut sets = RiskSets::default();
        sets.fill(&self.rows);
        let [expected, information, _] = sets.sums(libm::exp(beta));
        (sets.events_one - expected, information)
    }

    /// Efron's log partial likelihood at `beta`; twice its rise from 0 to the estimate is the
    /// likelihood-ratio chi-square on 1 degree of freedom.
    pub fn cox_log_likelihood(&self, beta: f64) -> f64 {
        let ratio = libm::exp(beta);
        let mut total = 0.0;
        for r in &self.rows {
            total += r.d1 * beta;
            let n0 = r.n - r.n1;
            let d0 = r.d - r.d1;
            for k in 0..r.d as u32 {
                let gone = f64::from(k) / r.d;
                total -= libm::log(n0 - gone * d0 + (r.n1 - gone * r.d1) * ratio);
            }
        }
        total
    }

    /// Events in group 1 and in group 0.
    pub fn events(&self) -> (f64, f64) {
        self.rows.iter().fold((0.0, 0.0), |(one, zero), r| (one + r.d1, zero + r.d - r.d1))
    }

    /// Likelihood-ratio chi-square on 1 degree of freedom; with an infinite estimate, of the limit that
    /// the likelihood rises to.
    pub fn cox_likelihood_ratio(&self) -> Result<f64, Reason> {
        let top = match self.cox() {
            Ok(fit) => self.cox_log_likelihood(fit.log_hazard_ratio),
            Err(Reason::MonotoneLikelihood) => {
                let upwards = self.rows.iter().any(|r| r.d1 > 0.0 && r.n > r.n1);
                self.rows.iter().map(|r| r.log_likelihood_limit(upwards)).sum()
            }
            Err(reason) => return Err(reason),
        };
        Ok(2.0 * (top - self.cox_log_likelihood(0.0)))
    }

    /// The log hazard ratio by Firth's penalised likelihood, finite even when all events lie in one
    /// group, with the standard error from the information there.
    ///
    /// The root of score plus half the third moment over the information; see [`super::cox_firth`].
    pub fn cox_firth(&self) -> Result<TwoGroupCox, Reason> {
        match self.cox() {
            Err(reason) if reason != Reason::MonotoneLikelihood => return Err(reason),
            _ => {}
        }
        let penalised = |beta: f64| {
            let ratio = libm::exp(beta);
            let (mut score, mut information, mut third) = (0.0, 0.0, 0.0);
            self.each_risk_set(|r, gone| {
                let a = (r.n1 - gone * r.d1) * ratio;
                let p = a / (r.n - r.n1 - gone * (r.d - r.d1) + a);
                score += r.d1 / r.d - p;
                information += p * (1.0 - p);
                third += p * (1.0 - p) * (1.0 - 2.0 * p);
            });
            score + 0.5 * third / information
        };
        let beta = root(penalised, -20.0, 20.0)?;
        let (_, information) = self.cox_score(beta);
        Ok(TwoGroupCox { log_hazard_ratio: beta, standard_error: 1.0 / information.sqrt(), iterations: 0 })
    }

    /// Visits Efron's risk sets: each event time as often as it has events, with the share of them gone.
    fn each_risk_set(&self, mut visit: impl FnMut(&EventTime, f64)) {
        for r in &self.rows {
            for k in 0..r.d as u32 {
                visit(r, f64::from(k) / r.d);
            }
        }
    }

    /// Kaplan-Meier survival of one group at `time`, with Greenwood's variance.
    ///
    /// For a table of one stratum. See [`super::KaplanMeier`] for the definitions; this is the same
    /// product over the same rows. Everyone dead gives survival 0 with variance 0.
    pub fn survival_at(&self, group: u8, time: f64) -> (f64, f64) {
        let (mut survival, mut sum) = (1.0, 0.0);
        for r in self.rows.iter().rev().take_while(|r| r.time <= time) {
            let (n, d) = r.of(group);
            if d == 0.0 {
                continue;
            }
            survival *= 1.0 - d / n;
            if d < n {
                sum += d / (n * (n - d));
            }
        }
        (survival, survival * survival * sum)
    }

    /// Restricted mean survival time of one group to `horizon`, with its variance.
    ///
    /// For a table of one stratum. The area under Kaplan-Meier from 0 to `horizon`; the variance is
    /// `Σ A²·d/(n(n − d))` with `A` the area still to come at each event time.
    pub fn restricted_mean(&self, group: u8, horizon: f64) -> (f64, f64) {
        let until = self.rows.partition_point(|r| r.time > horizon);
        let rows = &self.rows[until..];
        let mut survival = 1.0;
        let (mut area, mut before) = (0.0, 0.0);
        for r in rows.iter().rev() {
            area += survival * (r.time - before);
            before = r.time;
            let (n, d) = r.of(group);
            if d > 0.0 {
                survival *= 1.0 - d / n;
            }
        }
        area += survival * (horizon - before);
        let (mut survival, mut passed, mut before) = (1.0, 0.0, 0.0);
        let mut variance = 0.0;
        for r in rows.iter().rev() {
            passed += survival * (r.time - before);
            before = r.time;
            let (n, d) = r.of(group);
            if d > 0.0 {
                survival *= 1.0 - d / n;
                if d < n {
                    variance += (area - passed) * (area - passed) * d / (n * (n - d));
                }
            }
        }
        (area, variance)
    }
}

/// Observed less expected events and their variance, and Cox's estimate.
pub type LogRankAndCox = ((f64, f64), Result<TwoGroupCox, Reason>);

/// Efron's risk sets of a table, one for each event, in columns over which sums run side by side.
#[derive(Clone, Debug, Default)]
pub struct RiskSets {
    /// At risk in group 0 and in group 1; filled up to whole lanes with sets that add nothing.
    zero: Vec<f64>,
    one: Vec<f64>,
    /// Events in group 1.
    events_one: f64,
    tied: bool,
    /// Why there is no estimate, if the counts say so.
    reason: Option<Reason>,
}

/// Sums kept side by side; they are added up in one fixed order, so that every machine gets the same.
const LANES: usize = 8;

impl RiskSets {
    fn fill(&mut self, rows: &[EventTime]) {
        self.zero.clear();
        self.one.clear();
        let (mut rises, mut falls, mut contested) = (false, false, false);
        (self.events_one, self.tied) = (0.0, false);
        for r in rows {
            let n0 = r.n - r.n1;
            contested |= r.n1 > 0.0 && n0 > 0.0;
            rises |= r.d1 > 0.0 && n0 > 0.0;
            falls |= r.d > r.d1 && r.n1 > 0.0;
            self.events_one += r.d1;
            self.zero.push(n0);
            self.one.push(r.n1);
            if r.d > 1.0 {
                self.tied = true;
                let d0 = r.d - r.d1;
                for k in 1..r.d as u32 {
                    let gone = f64::from(k) / r.d;
                    self.zero.push(n0 - gone * d0);
                    self.one.push(r.n1 - gone * r.d1);
                }
            }
        }
        self.reason = if rows.is_empty() {
            Some(Reason::NoEvents)
        } else if !contested {
            Some(Reason::NoVariance)
        } else if !(rises && falls) {
            Some(Reason::MonotoneLikelihood)
        } else {
            None
        };
        let whole = self.one.len().next_multiple_of(LANES);
        self.zero.resize(whole, 1.0);
        self.one.resize(whole, 0.0);
    }

    /// Over all risk sets at a hazard ratio, with `p` the chance that the event is in group 1: the sums of
    /// `p`, of `p(1 − p)` and of `p(1 − p)(1 − 2p)`.
    fn sums(&self, ratio: f64) -> [f64; 3] {
        sums(&self.zero, &self.one, ratio)
    }

    fn cox(&self) -> Result<TwoGroupCox, Reason> {
        if let Some(reason) = self.reason {
            return Err(reason);
        }
        let mut beta = 0.0f64;
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for iteration in 0..100 {
            let [expected, information, curvature] =
                self.sums(if iteration == 0 { 1.0 } else { libm::exp(beta) });
            let score = self.events_one - expected;
            if score > 0.0 {
                low = beta;
            } else {
                high = beta;
            }
            let newton = score / information;
            let bend = 0.5 * curvature * newton / information;
            let mut step = if bend.abs() < 0.5 { newton * (1.0 - bend) } else { newton };
            let next = beta + step;
            if !next.is_finite() || next < low || next > high {
                let within = match (low.is_finite(), high.is_finite()) {
                    (true, true) => 0.5 * (low + high),
                    (true, false) => low + 1.0,
                    _ => high - 1.0,
                };
                step = within - beta;
            }
            beta += step;
            // What such a step leaves over is of the order of its cube.
            if step.abs() < 1e-5 * (1.0 + beta.abs()) || high - low < 1e-14 * (1.0 + beta.abs()) {
                let standard_error = 1.0 / (information + curvature * step).sqrt();
                return Ok(TwoGroupCox { log_hazard_ratio: beta, standard_error, iterations: iteration + 1 });
            }
        }
        Err(Reason::NoConvergence)
    }
}

vectorised! {
    fn sums(zero: &[f64], one: &[f64], ratio: f64) -> [f64; 3] {
        let mut lanes = [[0.0; LANES]; 3];
        let (zero, _) = zero.as_chunks::<LANES>();
        let (one, _) = one.as_chunks::<LANES>();
        for (zero, one) in zero.iter().zip(one) {
            for l in 0..LANES {
                let a = one[l] * ratio;
                let p = a / (zero[l] + a);
                let q = p * (1.0 - p);
                lanes[0][l] += p;
                lanes[1][l] += q;
                lanes[2][l] += q * (1.0 - (p + p));
            }
        }
        lanes.map(|x| ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7])))
    }
}

impl EventTime {
    /// At risk and events in one group.
    pub fn of(&self, group: u8) -> (f64, f64) {
        if group == 1 { (self.n1, self.d1) } else { (self.n - self.n1, self.d - self.d1) }
    }

    /// This time's part of the log likelihood as the hazard ratio becomes infinite, or zero: only the
    /// group whose hazard prevails counts while it is at risk.
    fn log_likelihood_limit(&self, upwards: bool) -> f64 {
        let (n, d) = self.of(u8::from(upwards));
        let (n, d) = if n > 0.0 { (n, d) } else { self.of(u8::from(!upwards)) };
        (0..self.d as u32).map(|k| -libm::log(n - f64::from(k) / self.d * d)).sum()
    }
}

/// The estimate of [`TwoGroupTable::cox`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoGroupCox {
    /// Below zero when group 1 does better.
    pub log_hazard_ratio: f64,
    /// From the information at the estimate.
    pub standard_error: f64,
    pub iterations: u32,
}

impl TwoGroupCox {
    pub fn hazard_ratio(&self) -> f64 {
        libm::exp(self.log_hazard_ratio)
    }

    /// Wald's `z = log hazard ratio / standard error`.
    pub fn z(&self) -> f64 {
        self.log_hazard_ratio / self.standard_error
    }

    pub fn p_two_sided(&self) -> f64 {
        two_sided_p(self.z())
    }

    /// Wald's interval of the hazard ratio.
    pub fn interval(&self, confidence: f64) -> Interval {
        Interval::wald(self.log_hazard_ratio, self.standard_error, confidence).exp()
    }
}
