//! Rows to operating characteristics, each with its Monte Carlo error.
//!
//! A pure function of the rows, folded in replicate order. Morris, White & Crowther, Stat Med
//! 2019;38:2074, give the Monte Carlo errors.

pub mod claims;
mod family;
pub mod paired;

use crate::{
    analysis::comparison::Comparison,
    calibration::{self, prior::STRATA},
    outcome::kinds::Yields,
    simulation::{Block, Role, Run, RunBlock},
    statistics::wilson_interval,
    trial::{
        Trial,
        claim::Claim,
        record::{Decision, Row, Slice, TrialRow},
    },
};

use claims::{ClaimFold, Claimed};
use family::FamilyFold;
use paired::{Bits, Difference};
use std::collections::BTreeMap;

/// The value an estimand takes in a run, computed from the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// On the analysis scale: the logarithm of a ratio. NaN if the model gives none.
    pub value: f64,
    /// Error from the finite number of rows or draws; 0 for a closed form over the pool.
    pub mcse: f64,
}

/// Truths of one run: for each estimand, one for each of its slices (see [`slices`]).
pub type Truths = Vec<Vec<Truth>>;

/// Truths as the model gives them, as the fold wants them.
pub fn truths(of_runs: &[calibration::truth::Truth]) -> Vec<Truths> {
    let truth = |t: &calibration::truth::Truth| {
        let slices = |(values, errors): (&Vec<f64>, &Vec<f64>)| {
            values.iter().zip(errors).map(|(&value, &mcse)| Truth { value, mcse }).collect()
        };
        t.estimands.iter().zip(&t.errors).map(slices).collect()
    };
    of_runs.iter().map(truth).collect()
}

/// Truths that nobody has computed yet.
pub fn unknown_truths(runs: &[Run]) -> Vec<Truths> {
    let nothing = Truth { value: f64::NAN, mcse: f64::NAN };
    let of = |trial: &Trial, estimand: usize| vec![nothing; slices(trial, estimand).len()];
    runs.iter().map(|run| (0..run.trial.estimands.len()).map(|e| of(&run.trial, e)).collect()).collect()
}

/// One operating characteristic.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub run: u32,
    /// Name of the estimand, `event:NAME`, or empty for the trial as a whole.
    pub estimand: String,
    /// `all` or the subgroup.
    pub population: String,
    /// Level of the subgroup; empty for all and for an interaction.
    pub level: String,
    /// Look; `None` for the trial as a whole.
    pub look: Option<u8>,
    /// Arm; empty for a comparison.
    pub arm: String,
    pub measure: &'static str,
    pub value: f64,
    /// Monte Carlo standard error, on the log scale where `value` is a ratio.
    pub mcse: f64,
    /// 95 % Monte Carlo interval.
    pub lower: f64,
    pub upper: f64,
    /// Replicates in the denominator.
    pub replicates: u64,
    /// Replicates without an answer, counted as not significant.
    pub failed: u64,
    /// Test and summary behind a comparison.
    pub method: &'static str,
}

/// Multiplier of a standard error for a 95 % interval.
const Z95: f64 = 1.959_963_984_540_054;

/// The slices an estimand is reported in, in the order of the rows: all, then for each subgroup its
/// levels and its interaction.
pub fn slices(trial: &Trial, estimand: usize) -> Vec<Slice> {
    let mut list = vec![Slice::All];
    for &s in &trial.estimands[estimand].subgroups {
        list.extend((0..trial.subgroups[s].levels.len()).map(|level| Slice::Level(s as u8, level as u8)));
        list.push(Slice::Interaction(s as u8));
    }
    list
}

/// Number of replicates, and mean and spread of what they gave, added one by one in order.
#[derive(Clone, Debug, Default)]
struct Moments {
    n: u64,
    sum: f64,
    square: f64,
}

impl Moments {
    fn add(&mut self, x: f64) {
        self.n += 1;
        self.sum += x;
        self.square += x * x;
    }

    fn mean(&self) -> f64 {
        self.sum / self.n as f64
    }

    /// Sample variance.
    fn variance(&self) -> f64 {
        let n = self.n as f64;
        if self.n < 2 { f64::NAN } else { ((self.square - self.sum * self.sum / n) / (n - 1.0)).max(0.0) }
    }

    fn mcse(&self) -> f64 {
        (self.variance() / self.n as f64).sqrt()
    }
}

/// Estimates among the replicates that meet a condition.
#[derive(Clone, Debug, Default)]
struct Conditional {
    estimate: Moments,
    covered: u64,
}

impl Conditional {
    fn add(&mut self, c: &Comparison, truth: Truth) {
        if !c.estimate.is_nan() {
            self.estimate.add(c.estimate);
            self.covered += u64::from(c.lower <= truth.value && truth.value <= c.upper);
        }
    }
}

/// What is kept of the rows of one comparison.
#[derive(Clone, Debug, Default)]
struct Cell {
    rows: u64,
    failed: u64,
    benefit: u64,
    harm: u64,
    estimates: Vec<f64>,
    /// Squared standard errors.
    squared_se: Moments,
    /// Squared differences of the estimate from the truth.
    squared_error: Moments,
    covered: u64,
    /// |estimate| among the significant.
    significant: Moments,
    /// The estimates of replicates that show benefit.
    showing_benefit: Conditional,
    wrong_sign: u64,
    risk: [Moments; 2],
}

impl Cell {
    fn add(&mut self, row: &Row, truth: Truth) {
        let c = &row.comparison;
        self.rows += 1;
        self.failed += u64::from(c.reason.is_some());
        self.benefit += u64::from(row.decision == Decision::Benefit);
        self.harm += u64::from(row.decision == Decision::Harm);
        for (moments, (events, n)) in
            self.risk.iter_mut().zip([(c.events_treatment, c.n_treatment), (c.events_control, c.n_control)])
        {
            if n > 0 {
                moments.add(f64::from(events) / f64::from(n));
            }
        }
        if c.estimate.is_nan() {
            return;
        }
        self.estimates.push(c.estimate);
        self.squared_se.add(c.se * c.se);
        if !truth.value.is_nan() {
            self.squared_error.add((c.estimate - truth.value).powi(2));
            self.covered += u64::from(c.lower <= truth.value && truth.value <= c.upper);
        }
        if row.decision == Decision::Benefit {
            self.showing_benefit.add(c, truth);
        }
        if matches!(row.decision, Decision::Benefit | Decision::Harm) {
            self.significant.add(c.estimate.abs());
            self.wrong_sign += u64::from(c.estimate * truth.value < 0.0);
        }
    }
}

/// The fold of one run.
#[derive(Clone, Debug)]
struct RunFold {
    slices: Vec<Vec<Slice>>,
    truths: Truths,
    /// By estimand and slice: at the trial's last look, then at each look.
    last: Vec<Vec<Cell>>,
    /// Empty for a design with one look.
    looks: Vec<Vec<Vec<Cell>>>,
    /// By look, then estimand, all patients: the trials that end there. Empty for a design with one look.
    ending: Vec<Vec<Conditional>>,
    trial: TrialFold,
    family: FamilyFold,
    claims: ClaimFold,
    counts: Vec<Moments>,
    shares: Vec<Moments>,
    arm_patients: Vec<u64>,
    /// By estimand: whether the trial shows a benefit, replicate by replicate.
    shown: Vec<Bits>,
    /// Absolute number of the first replicate.
    first: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct TrialFold {
    patients: Vec<f64>,
    screened: Moments,
    months: Vec<f64>,
    information: Moments,
    /// Trials that end at each look by decision.
    ended: Vec<[u64; 5]>,
    /// Patients analysed and primary events at each look, for designs with several.
    looks: Vec<[Moments; 2]>,
}

/// Operating characteristics from the blocks seen so far; they can be asked for at any moment.
#[derive(Clone, Debug)]
pub struct Fold {
    runs: Vec<RunFold>,
}

impl Fold {
    /// An empty fold for some runs and their truths.
    pub fn new(runs: &[Run], truths: Vec<Truths>) -> Self {
        let runs = runs.iter().zip(truths).map(|(run, truths)| {
            let trial = &run.trial;
            let slices: Vec<Vec<Slice>> = (0..trial.estimands.len()).map(|e| slices(trial, e)).collect();
            let cells = || slices.iter().map(|s| vec![Cell::default(); s.len()]).collect::<Vec<_>>();
            let counted = trial.arms.len() * trial.counted();
            let most = trial.design.most_looks();
            RunFold {
                last: cells(),
                looks: (0..if most > 1 { most } else { 0 }).map(|_| cells()).collect(),
                ending: vec![
                    vec![Conditional::default(); trial.estimands.len()];
                    if most > 1 { most } else { 0 }
                ],
                trial: TrialFold::new(most),
                family: FamilyFold::new(trial, &truths),
                claims: ClaimFold::new(trial, &truths),
                counts: vec![Moments::default(); counted],
                shares: vec![Moments::default(); counted],
                arm_patients: vec![0; trial.arms.len()],
                shown: vec![Bits::default(); trial.estimands.len()],
                first: None,
                truths,
                slices,
            }
        });
        Fold { runs: runs.collect() }
    }

    /// Adds the next block.
    pub fn add(&mut self, block: &Block) {
        for (fold, run) in self.runs.iter_mut().zip(&block.runs) {
            fold.first.get_or_insert(block.replicates.start);
            fold.add(run);
        }
    }

    /// Adds the next block of one run alone, from 0: the first of the block.
    pub fn add_to(&mut self, run: usize, block: &Block) {
        let fold = &mut self.runs[run];
        fold.first.get_or_insert(block.replicates.start);
        fold.add(&block.runs[0]);
    }

    /// Power of the primary estimand of a run, from 0, without the work of all measures.
    pub fn power(&self, place: usize, run: &Run) -> Option<Measure> {
        let (fold, truth) = (&self.runs[place], self.runs[place].truths[0][0]);
        let cell = &fold.last[0][0];
        let writer = Writer::new(run, &run.trial, 0, Slice::All, None);
        let like = Measure { replicates: cell.rows, failed: cell.failed, ..writer.like.clone() };
        (cell.rows > 0).then(|| writer.power(&like, cell, truth))
    }

    /// Whether each replicate of a run, from 0, shows a benefit by an estimand.
    pub fn shown(&self, run: usize, estimand: usize) -> &Bits {
        &self.runs[run].shown[estimand]
    }

    /// By how much more often a run, from 0, shows the benefit than another, by their primary estimands.
    pub fn difference(&self, run: usize, other: usize) -> Option<Difference> {
        let first = |run: usize| self.runs[run].first;
        if first(run) != first(other) {
            return None;
        }
        self.shown(run, 0).less(self.shown(other, 0))
    }

    /// How many replicates of a run, from 0, claim which populations.
    pub fn claims(&self, run: usize) -> BTreeMap<Claimed, u64> {
        self.runs[run].claims.counts(self.shown(run, 0))
    }

    /// Whether what each replicate of a run, from 0, claims meets a condition.
    pub fn claiming(&self, run: usize, meets: impl Fn(Claimed) -> bool) -> Bits {
        self.runs[run].claims.bits(self.shown(run, 0), meets)
    }

    /// By how much more often a run, from 0, claims a benefit in any of its populations than another.
    pub fn difference_of_claims(&self, run: usize, other: usize) -> Option<Difference> {
        let first = |run: usize| self.runs[run].first;
        if first(run) != first(other) {
            return None;
        }
        let any = |run: usize| self.claiming(run, |claimed| claimed != 0);
        any(run).less(&any(other))
    }

    /// Patients of each replicate's trial of a run, from 0, in order.
    pub fn patients(&self, run: usize) -> &[f64] {
        &self.runs[run].trial.patients
    }

    /// Months that each replicate's trial of a run takes, in order.
    pub fn months(&self, run: usize) -> &[f64] {
        &self.runs[run].trial.months
    }

    /// Every operating characteristic, in the order of runs, estimands and populations.
    pub fn measures(&self, runs: &[Run]) -> Vec<Measure> {
        let mut list = Vec::new();
        for (fold, run) in self.runs.iter().zip(runs) {
            fold.measures(run, &mut list);
        }
        list
    }

    /// How many trials of a run end at each look, by what is decided there in the order of [`Decision`].
    pub fn ended(&self, run: usize) -> &[[u64; 5]] {
        &self.runs[run].trial.ended
    }

    /// Estimates of one comparison over the replicates, in order; for a figure.
    pub fn estimates(&self, run: usize, estimand: usize, slice: usize) -> &[f64] {
        &self.runs[run].last[estimand][slice].estimates
    }
}

impl RunFold {
    fn add(&mut self, run: &RunBlock) {
        let arms = self.arm_patients.len();
        let counted = self.counts.len() / arms;
        let mut start = 0;
        for (replicate, &end) in run.ends.iter().enumerate() {
            let trial = &run.trials[replicate];
            self.add_rows(&run.rows[start..end], trial);
            self.family.add(&run.rows[start..end]);
            self.claims.add(&run.rows[start..end]);
            start = end;
            self.trial.add(trial);
            let patients = &run.arm_patients[replicate * arms..(replicate + 1) * arms];
            let counts = &run.counts[replicate * arms * counted..(replicate + 1) * arms * counted];
            for (arm, &n) in patients.iter().enumerate() {
                self.arm_patients[arm] += u64::from(n);
                let cells = arm * counted..(arm + 1) * counted;
                let folds = self.counts[cells.clone()].iter_mut().zip(&mut self.shares[cells.clone()]);
                for ((count, share), &seen) in folds.zip(&counts[cells]) {
                    count.add(f64::from(seen));
                    if n > 0 {
                        share.add(f64::from(seen) / f64::from(n));
                    }
                }
            }
        }
    }

    /// Rows come in the order of [`slices`], so their place says which cell they belong to.
    fn add_rows(&mut self, rows: &[Row], trial: &TrialRow) {
        let mut rest = rows;
        while let Some(first) = rest.first() {
            let look = usize::from(first.look);
            if let Some([patients, events]) = self.trial.looks.get_mut(look - 1) {
                let c = &first.comparison;
                patients.add(f64::from(c.n_treatment + c.n_control));
                events.add(f64::from(c.events_treatment + c.events_control));
            }
            for (e, slices) in self.slices.iter().enumerate() {
                for k in 0..slices.len() {
                    let row = &rest[k];
                    debug_assert!(usize::from(row.estimand) == e && row.slice == slices[k]);
                    let truth = self.truths[e][k];
                    if let Some(cells) = self.looks.get_mut(look - 1) {
                        cells[e][k].add(row, truth);
                    }
                    if row.look == trial.look {
                        self.last[e][k].add(row, truth);
                        if k == 0 {
                            if let Some(ending) = self.ending.get_mut(look - 1) {
                                ending[e].add(&row.comparison, truth);
                            }
                            self.shown[e].push(row.decision == Decision::Benefit);
                        }
                    }
                }
                rest = &rest[slices.len()..];
            }
        }
    }

    fn measures(&self, run: &Run, list: &mut Vec<Measure>) {
        let trial = &run.trial;
        for (e, slices) in self.slices.iter().enumerate() {
            for (k, slice) in slices.iter().enumerate() {
                let writer = Writer::new(run, trial, e, *slice, None);
                writer.comparison(&self.last[e][k], self.truths[e][k], list);
            }
        }
        for (look, cells) in self.looks.iter().enumerate() {
            for (e, slices) in self.slices.iter().enumerate() {
                let writer = Writer::new(run, trial, e, slices[0], Some(look as u8 + 1));
                writer.comparison(&cells[e][0], self.truths[e][0], list);
                writer.conditional(&self.ending[look][e], self.truths[e][0], ENDING, list);
            }
        }
        self.likely_effects(run, list);
        self.whole_trial(run, list);
        self.family.measures(run, list);
        self.claims.measures(run, list);
        self.counts(run, list);
    }

    /// The part of the assurance that comes from effects in the middle half of the prior.
    fn likely_effects(&self, run: &Run, list: &mut Vec<Measure>) {
        let (Role::Prior(_), Some(first)) = (&run.role, self.first) else { return };
        let shown = &self.shown[0];
        let likely = |i: &u64| {
            let stratum = ((first + i) % STRATA as u64) as usize;
            (STRATA / 4..STRATA - STRATA / 4).contains(&stratum)
        };
        let showing = || (0..shown.len()).filter(|&i| shown.get(i));
        let (all, from) = (showing().count() as u64, showing().filter(likely).count() as u64);
        let like =
            Measure { estimand: run.trial.estimands[0].name.clone(), ..Measure::blank(run.number, all) };
        list.push(Measure::proportion(&like, "assurance_from_likely", from, all));
    }

    fn whole_trial(&self, run: &Run, list: &mut Vec<Measure>) {
        let fold = &self.trial;
        let n = fold.patients.len() as u64;
        if n == 0 {
            return;
        }
        let blank = Measure::blank(run.number, n);
        let mean = |measure, moments: &Moments| {
            let (value, mcse) = (moments.mean(), moments.mcse());
            Measure { measure, value, mcse, ..blank.clone() }.with_wald_interval()
        };
        let moments = |values: &[f64]| {
            let mut m = Moments::default();
            values.iter().for_each(|&x| m.add(x));
            m
        };
        list.push(mean("patients", &moments(&fold.patients)));
        list.push(mean("screened", &fold.screened));
        list.push(mean("events", &fold.information));
        list.push(mean("information", &fold.information));
        list.push(mean("months", &moments(&fold.months)));
        for (values, names) in [(&fold.patients, &PATIENT_QUANTILES), (&fold.months, &MONTH_QUANTILES)] {
            let sorted = sorted(values);
            for (measure, q) in names {
                let (value, lower, upper) = order_statistic(&sorted, *q);
                let mcse = (upper - lower) / (2.0 * Z95);
                list.push(Measure { measure, value, mcse, lower, upper, ..blank.clone() });
            }
        }
        // The last look stops nothing.
        let early = &fold.ended[..fold.ended.len() - 1];
        for (look, ended) in early.iter().enumerate() {
            for (measure, decision) in STOPS {
                let stopped = Measure::proportion(&blank, measure, ended[decision as usize], n);
                list.push(Measure { look: Some(look as u8 + 1), ..stopped });
            }
        }
        for (look, [patients, events]) in fold.looks.iter().enumerate() {
            let look = Some(look as u8 + 1);
            list.push(Measure { look, ..Measure::proportion(&blank, "reached", patients.n, n) });
            if patients.n > 0 {
                let at = |measure| Measure { look, replicates: patients.n, ..measure };
                list.push(at(mean("patients", patients)));
                list.push(at(mean("events", events)));
            }
        }
        if !early.is_empty() {
            for (measure, decision) in STOPS {
                let stopped = early.iter().map(|ended| ended[decision as usize]).sum();
                list.push(Measure::proportion(&blank, measure, stopped, n));
            }
        }
    }

    fn counts(&self, run: &Run, list: &mut Vec<Measure>) {
        let trial = &run.trial;
        let counted = trial.counted();
        for (a, arm) in trial.arms.iter().enumerate() {
            if self.arm_patients[a] == 0 {
                continue;
            }
            for k in 0..counted {
                let (count, share) = (&self.counts[a * counted + k], &self.shares[a * counted + k]);
                let name = trial.counted_name(k);
                let blank = Measure { arm: arm.name.clone(), ..Measure::blank(run.number, count.n) };
                let event = Measure {
                    estimand: format!("event:{name}"),
                    measure: "risk",
                    value: share.mean(),
                    mcse: share.mcse(),
                    ..blank.clone()
                };
                list.push(event.with_wald_interval());
                let total = match name {
                    "death_any_cause" => "deaths",
                    "crossover" => "crossover",
                    _ => continue,
                };
                let total = Measure { measure: total, value: count.mean(), mcse: count.mcse(), ..blank };
                list.push(total.with_wald_interval());
            }
        }
    }
}

/// Measures among the replicates that show benefit.
const SHOWING_BENEFIT: [&str; 3] = ["estimate_mean_if_benefit", "bias_if_benefit", "coverage_if_benefit"];
/// Measures at a look among the trials that end there.
const ENDING: [&str; 3] = ["estimate_mean_if_ending", "bias_if_ending", "coverage_if_ending"];

const STOPS: [(&str, Decision); 3] = [
    ("stop_efficacy", Decision::Benefit),
    ("stop_futility", Decision::Futility),
    ("stop_harm", Decision::Harm),
];
const PATIENT_QUANTILES: [(&str, f64); 5] = [
    ("patients_q05", 0.05),
    ("patients_q25", 0.25),
    ("patients_q50", 0.50),
    ("patients_q75", 0.75),
    ("patients_q95", 0.95),
];
const MONTH_QUANTILES: [(&str, f64); 5] = [
    ("months_q05", 0.05),
    ("months_q25", 0.25),
    ("months_q50", 0.50),
    ("months_q75", 0.75),
    ("months_q95", 0.95),
];

impl TrialFold {
    fn new(looks: usize) -> Self {
        let several = if looks > 1 { looks } else { 0 };
        TrialFold {
            ended: vec![[0; 5]; looks],
            looks: vec![Default::default(); several],
            ..TrialFold::default()
        }
    }

    fn add(&mut self, trial: &TrialRow) {
        self.patients.push(f64::from(trial.patients));
        self.screened.add(trial.screened as f64);
        self.months.push(trial.months);
        self.information.add(trial.information);
        self.ended[usize::from(trial.look) - 1][trial.decision as usize] += 1;
    }
}

impl Measure {
    fn blank(run: u32, replicates: u64) -> Self {
        Measure {
            run,
            estimand: String::new(),
            population: "all".into(),
            level: String::new(),
            look: None,
            arm: String::new(),
            measure: "",
            value: f64::NAN,
            mcse: f64::NAN,
            lower: f64::NAN,
            upper: f64::NAN,
            replicates,
            failed: 0,
            method: "",
        }
    }

    fn with_wald_interval(mut self) -> Self {
        (self.lower, self.upper) = (self.value - Z95 * self.mcse, self.value + Z95 * self.mcse);
        self
    }

    fn proportion(like: &Measure, measure: &'static str, count: u64, n: u64) -> Self {
        if n == 0 {
            return Measure { measure, replicates: 0, ..like.clone() };
        }
        let p = count as f64 / n as f64;
        let interval = wilson_interval(count as u32, n as u32, 0.95);
        Measure {
            measure,
            value: p,
            mcse: (p * (1.0 - p) / n as f64).sqrt(),
            lower: interval.lower,
            upper: interval.upper,
            replicates: n,
            ..like.clone()
        }
    }
}

/// Writes the measures of one comparison.
struct Writer {
    like: Measure,
    ratio: bool,
    interaction: bool,
    null: bool,
    /// Whether the effect is drawn from the prior.
    prior: bool,
    claim: Claim,
    higher_is_better: bool,
    /// Whether the counts of a row are patients with an event.
    risks: bool,
    arms: [String; 2],
}

impl Writer {
    fn new(run: &Run, trial: &Trial, e: usize, slice: Slice, look: Option<u8>) -> Self {
        let estimand = &trial.estimands[e];
        let (population, level) = match slice {
            Slice::All => ("all".to_owned(), String::new()),
            Slice::Level(s, l) => {
                let subgroup = &trial.subgroups[usize::from(s)];
                (subgroup.name.clone(), subgroup.levels[usize::from(l)].clone())
            }
            Slice::Interaction(s) => (trial.subgroups[usize::from(s)].name.clone(), String::new()),
        };
        let interaction = matches!(slice, Slice::Interaction(_));
        let like = Measure {
            estimand: estimand.name.clone(),
            population,
            level,
            look,
            method: if interaction { "interaction" } else { estimand.method_name() },
            ..Measure::blank(run.number, 0)
        };
        let arms = [0, 1].map(|side| trial.side_name(estimand, side));
        let risks = estimand.method.summary.reads() == Yields::Event;
        Writer {
            like,
            ratio: estimand.method.summary.is_ratio(),
            interaction,
            null: run.null,
            prior: matches!(run.role, Role::Prior(_)),
            claim: estimand.claim,
            higher_is_better: trial.endpoints[estimand.endpoint].higher_is_better,
            risks,
            arms,
        }
    }

    /// How often a benefit is shown, by its name.
    fn power(&self, like: &Measure, cell: &Cell, truth: Truth) -> Measure {
        let error = self.claim.is_error(self.null, truth.value, self.higher_is_better);
        let name = match (error, self.prior) {
            (true, _) => "type_i_error",
            (_, true) => "assurance",
            _ => "power",
        };
        Measure::proportion(like, name, cell.benefit, cell.rows)
    }

    fn comparison(&self, cell: &Cell, truth: Truth, list: &mut Vec<Measure>) {
        let n = cell.rows;
        if n == 0 {
            return;
        }
        let like = Measure { replicates: n, failed: cell.failed, ..self.like.clone() };
        if self.interaction {
            let name = if self.null { "interaction_false_claim" } else { "interaction_power" };
            list.push(Measure::proportion(&like, name, cell.benefit, n));
            self.estimation(cell, truth, like, list);
            return;
        }
        list.push(self.power(&like, cell, truth));
        list.push(Measure::proportion(&like, "rejects_wrong_way", cell.harm, n));
        self.estimation(cell, truth, like.clone(), list);
        for (arm, risk) in self.arms.iter().zip(&cell.risk) {
            if risk.n > 0 && self.risks {
                let (value, mcse) = (risk.mean(), risk.mcse());
                let risk = Measure {
                    arm: arm.clone(),
                    measure: "risk",
                    value,
                    mcse,
                    replicates: risk.n,
                    ..like.clone()
                };
                list.push(risk.with_wald_interval());
            }
        }
    }

    /// Estimates among the replicates of a condition: their mean, its distance from the truth, and how often
    /// the interval holds the truth.
    fn conditional(
        &self,
        among: &Conditional,
        truth: Truth,
        names: [&'static str; 3],
        list: &mut Vec<Measure>,
    ) {
        let n = among.estimate.n;
        if n < 2 {
            return;
        }
        let shown = |x: f64| if self.ratio { libm::exp(x) } else { x };
        let like = Measure { replicates: n, failed: 0, ..self.like.clone() };
        let (mean, mcse) = (among.estimate.mean(), among.estimate.mcse());
        list.push(Measure {
            measure: names[0],
            value: shown(mean),
            mcse,
            lower: shown(mean - Z95 * mcse),
            upper: shown(mean + Z95 * mcse),
            ..like.clone()
        });
        if truth.value.is_nan() {
            return;
        }
        let (value, mcse) = (mean - truth.value, mcse.hypot(truth.mcse));
        list.push(Measure { measure: names[1], value, mcse, ..like.clone() }.with_wald_interval());
        list.push(Measure::proportion(&like, names[2], among.covered, n));
    }

    /// Measures of the estimate; `failed` counts the replicates that gave none.
    fn estimation(&self, cell: &Cell, truth: Truth, like: Measure, list: &mut Vec<Measure>) {
        let n = cell.estimates.len();
        let like = Measure { replicates: n as u64, failed: cell.rows - n as u64, ..like };
        let shown = |x: f64| if self.ratio { libm::exp(x) } else { x };
        if !truth.value.is_nan() {
            let (lower, upper) = (truth.value - Z95 * truth.mcse, truth.value + Z95 * truth.mcse);
            list.push(Measure {
                measure: "truth",
                value: shown(truth.value),
                mcse: truth.mcse,
                lower: shown(lower),
                upper: shown(upper),
                replicates: 0,
                failed: 0,
                ..like.clone()
            });
        }
        if n < 2 {
            return;
        }
        let mut moments = Moments::default();
        cell.estimates.iter().for_each(|&x| moments.add(x));
        let (mean, mcse, se) = (moments.mean(), moments.mcse(), moments.variance().sqrt());
        let count = n as f64;
        list.push(Measure {
            measure: "estimate_mean",
            value: shown(mean),
            mcse,
            lower: shown(mean - Z95 * mcse),
            upper: shown(mean + Z95 * mcse),
            ..like.clone()
        });
        let sorted = sorted(&cell.estimates);
        for (measure, q) in [("estimate_median", 0.5), ("estimate_q025", 0.025), ("estimate_q975", 0.975)] {
            let (value, lower, upper) = order_statistic(&sorted, q);
            let mcse = (upper - lower) / (2.0 * Z95);
            let (value, lower, upper) = (shown(value), shown(lower), shown(upper));
            list.push(Measure { measure, value, mcse, lower, upper, ..like.clone() });
        }
        let spread = |measure, value: f64, mcse: f64| {
            Measure { measure, value, mcse, ..like.clone() }.with_wald_interval()
        };
        list.push(spread("empirical_se", se, se / (2.0 * (count - 1.0)).sqrt()));
        let model = cell.squared_se.mean().sqrt();
        let model_mcse = (cell.squared_se.variance() / (4.0 * count * model * model)).sqrt();
        list.push(spread("model_se", model, model_mcse));
        if truth.value.is_nan() {
            return;
        }
        // The truth's own error, if it was simulated, is not the replicates' and adds to theirs.
        list.push(spread("bias", mean - truth.value, (mcse * mcse + truth.mcse * truth.mcse).sqrt()));
        let rmse = cell.squared_error.mean().sqrt();
        list.push(spread("rmse", rmse, cell.squared_error.mcse() / (2.0 * rmse)));
        if !self.interaction || cell.covered > 0 {
            list.push(Measure::proportion(&like, "coverage", cell.covered, n as u64));
        }
        if self.like.look.is_none() {
            self.conditional(&cell.showing_benefit, truth, SHOWING_BENEFIT, list);
        }
        let significant = &cell.significant;
        if significant.n > 1 && truth.value.abs() > 1e-9 {
            let scale = truth.value.abs();
            let (value, mcse) = (significant.mean() / scale, significant.mcse() / scale);
            let measure = Measure {
                measure: "exaggeration",
                value,
                mcse,
                replicates: significant.n,
                failed: 0,
                ..like.clone()
            };
            list.push(measure.with_wald_interval());
            let wrong = Measure::proportion(&like, "sign_error", cell.wrong_sign, significant.n);
            list.push(Measure { failed: 0, ..wrong });
        }
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The `q` quantile of sorted values and its distribution-free 95 % interval: order statistics, the ranks
/// of the interval from the normal approximation of the binomial.
fn order_statistic(sorted: &[f64], q: f64) -> (f64, f64, f64) {
    let n = sorted.len() as f64;
    let at = |rank: f64| sorted[(rank.max(1.0).min(n) as usize) - 1];
    let half = Z95 * (n * q * (1.0 - q)).sqrt();
    (at((n * q).ceil()), at((n * q - half).floor()), at((n * q + half).ceil() + 1.0))
}
