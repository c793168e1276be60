//! All comparisons of one look: what several of them need is counted once.
//!
//! An end point under two arms is compared in everybody and in each level of each subgroup, by one or
//! more measures. Who counts where is found in one pass, times are sorted once and without those who
//! stay to the end, and the levels of a subgroup are counted in one scan. The plain twin is
//! [`Buffers`](super::comparison::Buffers).

use super::comparison::{Comparison, Method, Test, compare_risks, compare_times};
use crate::{
    outcome::endpoint::Observed,
    statistics::{RiskSets, SortedExits, Staying, TimeOrder, TwoByTwo, TwoGroupTable},
};

/// What two arms are compared on: the arms, the end point, and who counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    pub treatment: u8,
    pub control: u8,
    /// Further arms on the side of the treatment and of the control, as bits.
    pub with: [u64; 2],
    /// Index of the end point.
    pub endpoint: usize,
    /// The first patient who counts, and the first after him who does not.
    pub patients: (usize, usize),
}

/// The patients of a comparison: everybody, or a level of a subgroup by their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    Everybody,
    Level(usize, u8),
}

/// Kinds of patients that are counted apart: sums of the numbers below.
const KINDS: usize = 32;
const KNOWN: u8 = 1;
const EVENT: u8 = 2;
/// Followed to the horizon without the event.
const STAYS: u8 = 4;
/// Times the group: 0 control, 1 treatment, 2 neither.
const GROUP: u8 = 8;

/// Comparisons of a look, with the buffers a worker keeps.
#[derive(Clone, Debug, Default)]
pub struct Slices {
    /// Level of each patient in each subgroup.
    level: Vec<Vec<u8>>,
    /// How many levels each subgroup has.
    levels: Vec<usize>,
    sides: Option<Sides>,
    group: Vec<u8>,
    kind: Vec<u8>,
    /// Everybody by kind; then, by subgroup, its levels by kind, once asked for.
    everybody: [u32; KINDS],
    counts: Vec<Counted>,
    order: TimeOrder,
    sorted: bool,
    /// Event times of everybody, once asked for.
    whole: TwoGroupTable,
    tallied: bool,
    stratified: TwoGroupTable,
    sets: RiskSets,
}

/// What has been made of a subgroup for the present sides.
#[derive(Clone, Debug, Default)]
struct Counted {
    counted: bool,
    by_kind: Vec<[u32; KINDS]>,
    tallied: bool,
    tables: Vec<TwoGroupTable>,
}

impl Slices {
    /// Begins a look at the patients whose pool rows these are; `codes` are the levels of the pool rows in
    /// each subgroup, with how many levels there are.
    pub fn look<'a>(&mut self, rows: &[u32], codes: impl Iterator<Item = (&'a [u8], usize)>) {
        self.sides = None;
        self.levels.clear();
        for (subgroup, (code, levels)) in codes.enumerate() {
            if self.level.len() <= subgroup {
                self.level.push(Vec::new());
                self.counts.push(Counted::default());
            }
            let level = &mut self.level[subgroup];
            level.clear();
            level.extend(rows.iter().map(|&row| code[row as usize]));
            self.levels.push(levels);
        }
    }

    /// Chooses what is compared next; what was made for other sides is forgotten.
    pub fn choose(&mut self, sides: Sides, assigned: &[u8], seen: &Observed, horizon: f64) {
        if self.sides == Some(sides) {
            return;
        }
        self.sides = Some(sides);
        (self.sorted, self.tallied) = (false, false);
        self.counts.iter_mut().for_each(|c| (c.counted, c.tallied) = (false, false));
        super::comparison::sides(assigned, sides.treatment, sides.control, &mut self.group);
        for (arms, side) in sides.with.into_iter().zip([1, 0]).filter(|(arms, _)| *arms != 0) {
            for (group, arm) in self.group.iter_mut().zip(assigned) {
                if arms >> arm & 1 == 1 {
                    *group = side;
                }
            }
        }
        let (from, to) = sides.patients;
        self.group[..from].fill(2);
        self.group[to.max(from)..].fill(2);
        self.kind.clear();
        let patients = self.group.iter().zip(&seen.event).zip(&seen.known).zip(&seen.time);
        self.kind.extend(patients.map(|(((&group, &event), &known), &time)| {
            let stays = !event & (time >= horizon);
            group * GROUP + u8::from(stays) * STAYS + u8::from(event) * EVENT + u8::from(known) * KNOWN
        }));
        self.everybody = [0; KINDS];
        for &kind in &self.kind {
            self.everybody[usize::from(kind) % KINDS] += 1;
        }
    }

    /// The sides chosen as the statistics want them: 1 treatment, 0 control, 2 neither.
    pub fn group(&self) -> &[u8] {
        &self.group
    }

    /// The level of each patient in a subgroup.
    pub fn level(&self, subgroup: usize) -> &[u8] {
        &self.level[subgroup]
    }

    /// Whether patient `i` is among those compared.
    #[inline]
    pub fn holds(&self, among: Among, i: usize) -> bool {
        match among {
            Among::Everybody => true,
            Among::Level(subgroup, of) => self.level[subgroup][i] == of,
        }
    }

    /// One comparison of the sides chosen. `strata` is the subgroup whose levels are the strata of a
    /// stratified test.
    pub fn compare(
        &mut self,
        seen: &Observed,
        method: Method,
        horizon: f64,
        strata: Option<usize>,
        among: Among,
    ) -> Comparison {
        let by_kind = *self.by_kind(among);
        if !method.summary.needs_times() {
            // Only patients whose answer by the horizon is known have a risk.
            return compare_risks(table(&by_kind, |kind| kind & KNOWN != 0), method);
        }
        let counts = table(&by_kind, |_| true);
        self.sort(seen);
        let Slices {
            level,
            levels,
            group,
            kind,
            order,
            counts: counted,
            whole,
            tallied,
            stratified,
            sets,
            ..
        } = self;
        let exits = SortedExits { order: order.order(), time: &seen.time, event: &seen.event, group };
        let times = match among {
            Among::Everybody => {
                if !*tallied {
                    *tallied = true;
                    whole.clear();
                    whole.append_beside(exits, staying(&by_kind), |_| true);
                }
                &*whole
            }
            Among::Level(subgroup, of) => {
                let counted = &mut counted[subgroup];
                if !counted.tallied {
                    counted.tallied = true;
                    counted.tables.resize_with(levels[subgroup], TwoGroupTable::new);
                    let staying = |level: usize| staying(&counted.by_kind[level]);
                    TwoGroupTable::tally_levels(&mut counted.tables, exits, &level[subgroup], staying);
                }
                &counted.tables[usize::from(of)]
            }
        };
        match strata {
            Some(stratum) if method.test == Test::StratifiedLogRank => {
                stratified.clear();
                let member = |i: usize| match among {
                    Among::Everybody => true,
                    Among::Level(subgroup, of) => level[subgroup][i] == of,
                };
                for s in 0..levels[stratum] {
                    let inside = |i: usize| usize::from(level[stratum][i]) == s && member(i);
                    let mut staying = Staying::default();
                    for (i, &kind) in kind.iter().enumerate() {
                        let stays = u32::from(kind & STAYS != 0 && kind < 2 * GROUP && inside(i));
                        staying.n += stays;
                        staying.n1 += stays * u32::from(kind / GROUP);
                    }
                    stratified.append_beside(exits, staying, inside);
                }
                compare_times(times, stratified, sets, counts, method, horizon)
            }
            _ => compare_times(times, times, sets, counts, method, horizon),
        }
    }

    /// How many patients of each kind there are.
    fn by_kind(&mut self, among: Among) -> &[u32; KINDS] {
        let Among::Level(subgroup, of) = among else { return &self.everybody };
        let counted = &mut self.counts[subgroup];
        if !counted.counted {
            counted.counted = true;
            counted.by_kind.clear();
            counted.by_kind.resize(self.levels[subgroup], [0; KINDS]);
            for (&level, &kind) in self.level[subgroup].iter().zip(&self.kind) {
                // Patients of whom it was not recorded are at no level.
                if let Some(of_level) = counted.by_kind.get_mut(usize::from(level)) {
                    of_level[usize::from(kind) % KINDS] += 1;
                }
            }
        }
        &counted.by_kind[usize::from(of)]
    }

    /// Sorts the exits of both groups, without those who stay to the horizon.
    fn sort(&mut self, seen: &Observed) {
        if !self.sorted {
            self.sorted = true;
            let kind = &self.kind;
            self.order.sort(&seen.time, |i| kind[i] & STAYS == 0 && kind[i] < 2 * GROUP);
        }
    }
}

/// Patients and events by group, of the kinds that count.
fn table(by_kind: &[u32; KINDS], counts: impl Fn(u8) -> bool) -> TwoByTwo {
    let (mut n, mut events) = ([0; 2], [0; 2]);
    for (kind, &people) in (0..2 * GROUP).zip(by_kind).filter(|(kind, _)| counts(*kind)) {
        let group = usize::from(kind / GROUP);
        n[group] += people;
        events[group] += people * u32::from(kind & EVENT != 0);
    }
    TwoByTwo::new(events[1], n[1], events[0], n[0])
}

fn staying(by_kind: &[u32; KINDS]) -> Staying {
    let of = |group: u8| -> u32 {
        let kinds = group * GROUP..(group + 1) * GROUP;
        kinds.filter(|kind| kind & STAYS != 0).map(|kind| by_kind[usize::from(kind)]).sum()
    };
    Staying { n: of(0) + of(1), n1: of(1) }
}
