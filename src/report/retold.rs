//! Single trials of the base case, conducted again: what rows cannot tell.
//!
//! A row says how a trial ended, not how it got there. The first replicates are conducted once more, which
//! gives the same patients and the same rows, and read for enrolment over the calendar, for what happens to
//! patients day by day, and for a few trials to tell look by look.

use crate::{
    analysis::comparison::Comparison,
    outcome::events::EventKind,
    simulation::Run,
    trial::{
        Trial, Workspace,
        pool::Pool,
        record::{Decision, Record, Slice},
    },
    units::DAYS_PER_MONTH,
};

/// Trials conducted again.
const MOST: u64 = 200;
/// Trials told look by look.
const EXAMPLES: usize = 5;
/// Days on which patients are counted, besides the first.
const DAYS: usize = 120;

/// What the trials conducted again show.
#[derive(Clone, Debug, Default)]
pub struct Retold {
    pub replicates: u64,
    /// By month from 0: patients enrolled by 5, 50 and 95 % of trials. Empty where everybody arrives at once.
    pub enrolled: Vec<[f64; 3]>,
    /// Days since randomisation on which patients are counted.
    pub days: Vec<f64>,
    /// By arm, then event that takes patients out of hospital or life, then day: the share it has happened
    /// to first, over the patients of all trials.
    pub incidence: Vec<Vec<Vec<f64>>>,
    /// The events of `incidence`, by their place in the course.
    pub outcomes: Vec<usize>,
    /// Patients of all trials by arm.
    pub patients: Vec<u64>,
    pub examples: Vec<Example>,
}

/// A trial told look by look.
#[derive(Clone, Debug)]
pub struct Example {
    pub replicate: u64,
    pub looks: Vec<ExampleLook>,
    pub patients: u32,
    pub months: f64,
}

/// What was known and decided at a look.
#[derive(Clone, Copy, Debug)]
pub struct ExampleLook {
    /// Months from the first site's opening to the cut of the data.
    pub month: f64,
    pub patients: usize,
    pub events: u32,
    /// The primary comparison.
    pub comparison: Comparison,
    pub decision: Decision,
}

/// Conducts the first replicates of a run again.
pub fn retell(run: &Run, pool: &Pool, seed: u64, timed: bool) -> Retold {
    let trial = &run.trial;
    let replicates = run.replicates.min(MOST);
    let (mut workspace, mut record) = (Workspace::default(), Record::default());
    let purposes = trial.purposes();
    let outcomes = outcomes(trial);
    let days: Vec<f64> = (0..=DAYS).map(|k| trial.follow_up * (k as f64 / DAYS as f64).powi(2)).collect();
    let mut counts = vec![vec![vec![0_u64; days.len()]; outcomes.len()]; trial.arms.len()];
    let mut patients = vec![0; trial.arms.len()];
    let mut by_month: Vec<Vec<f64>> = Vec::new();
    let mut kinds: Vec<(u8, Decision)> = Vec::new();
    let (mut told, mut others) = (Vec::new(), Vec::new());
    for replicate in 0..replicates {
        trial.conduct(pool, seed, replicate, &purposes, &mut workspace, &mut record);
        let cohort = &workspace.cohort;
        for i in 0..cohort.len() {
            let arm = usize::from(cohort.assigned[i]);
            patients[arm] += 1;
            let first = (0..outcomes.len())
                .map(|k| (cohort.events[outcomes[k]][i], k))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((day, k)) = first.filter(|(day, _)| *day <= trial.follow_up) else { continue };
            let from = days.partition_point(|d| *d < day);
            counts[arm][k][from..].iter_mut().for_each(|n| *n += 1);
        }
        if timed {
            by_month.push(enrolled_by_month(&cohort.enrolled));
        }
        let Some(whole) = record.trial else { continue };
        let kind = (whole.look, whole.decision);
        let list = if kinds.contains(&kind) { &mut others } else { &mut told };
        if list.len() < EXAMPLES {
            kinds.push(kind);
            list.push(example(replicate, &workspace, &record));
        }
    }
    // One of each kind first; then more, so that there are three where trials are alike.
    let wanted = told.len().max(3.min(told.len() + others.len()));
    told.extend(others.into_iter().take(wanted - told.len()));
    told.sort_by_key(|example| example.replicate);
    let share = |counts: Vec<Vec<u64>>, n: u64| -> Vec<Vec<f64>> {
        counts.into_iter().map(|c| c.into_iter().map(|k| k as f64 / n as f64).collect()).collect()
    };
    let incidence = counts.into_iter().zip(&patients).map(|(c, &n)| share(c, n)).collect();
    Retold { replicates, enrolled: quantiles(&by_month), days, incidence, outcomes, patients, examples: told }
}

/// Deaths, and leaving hospital alive where the course has it.
fn outcomes(trial: &Trial) -> Vec<usize> {
    let events = &trial.course.events.list;
    let of = |kind: EventKind| (0..events.len()).filter(move |&e| events[e].kind == kind);
    // A death after discharge comes after it and is not counted beside it.
    of(EventKind::Death).chain(of(EventKind::Discharge)).collect()
}

/// Patients enrolled by the end of each month, from month 0.
fn enrolled_by_month(enrolled: &[f64]) -> Vec<f64> {
    let last = enrolled.iter().copied().fold(0.0, f64::max);
    let months = (last / DAYS_PER_MONTH).ceil() as usize;
    (0..=months)
        .map(|m| {
            enrolled.iter().filter(|&&day| day <= m as f64 * DAYS_PER_MONTH && (m > 0 || day < 0.0)).count()
                as f64
        })
        .collect()
}

/// 5, 50 and 95 % of the trials at each month; a trial that is full stays full.
fn quantiles(trials: &[Vec<f64>]) -> Vec<[f64; 3]> {
    let months = trials.iter().map(Vec::len).max().unwrap_or(0);
    (0..months)
        .map(|m| {
            let mut here: Vec<f64> = trials.iter().filter_map(|t| t.get(m).or(t.last()).copied()).collect();
            here.sort_by(f64::total_cmp);
            [0.05, 0.5, 0.95]
                .map(|q| here[((q * here.len() as f64).ceil() as usize).clamp(1, here.len()) - 1])
        })
        .collect()
}

fn example(replicate: u64, workspace: &Workspace, record: &Record) -> Example {
    let primary = record.rows.iter().filter(|row| row.estimand == 0 && row.slice == Slice::All);
    let looks = workspace.design.looks.iter().zip(primary).map(|(look, row)| ExampleLook {
        month: look.cut / DAYS_PER_MONTH,
        patients: look.patients,
        events: look.events,
        comparison: row.comparison,
        decision: look.decision,
    });
    let (patients, months) = record.trial.map_or((0, f64::NAN), |t| (t.patients, t.months));
    Example { replicate, looks: looks.collect(), patients, months }
}
