//! The registry against its targets: solving the fitted ones, and the table of all.

use super::fitted::{Fitted, MODEL, fingerprint};
use super::sheet::{Questions, Sheet, membership, patients};
use super::solve::root;
use super::statistics::solve as solve_linear;
use super::target::{Measure, Solves, TargetDocument, TargetKind};
use crate::calibration::blocks::in_blocks;
use crate::evidence::{self, Origin};
use crate::outcome::expectation::Patients;
use crate::population::document::RegistryDocument;
use crate::population::problem::instead;
use crate::population::{Columns, Problem, Registry};

/// A registry ready for use, and where its solved parameters come from.
#[derive(Clone, Debug)]
pub struct Calibrated {
    pub registry: Registry,
    pub fitted: Fitted,
    /// Why the parameters were solved afresh; none if the committed ones belong to the file.
    pub refitted: Option<String>,
}

/// Prepares a registry with the committed parameters, or with new ones if those belong to another file.
///
/// `text` is the population file as written, `committed` the file of fitted values beside it.
pub fn calibrated(
    document: &RegistryDocument,
    text: &str,
    committed: Option<&str>,
) -> Result<Calibrated, Vec<Problem>> {
    let reason = match committed.map(Fitted::parse) {
        Some(Ok(fitted)) if fitted.fits(text) => {
            let mut document = document.clone();
            fitted.apply(&mut document);
            return Ok(Calibrated { registry: Registry::new(&document)?, fitted, refitted: None });
        }
        Some(Ok(_)) => "the fitted values belong to another version of the population".to_string(),
        Some(Err(error)) => format!("the fitted values cannot be read: {error}"),
        None => "there are no fitted values".to_string(),
    };
    let (registry, mut fitted) = fit(document)?;
    fitted.population = fingerprint(text);
    Ok(Calibrated { registry, fitted, refitted: Some(reason) })
}

/// Largest difference from a solved target that is left.
const CLOSE: f64 = 2e-6;
/// Rows on which the first rounds and the slopes are worked out.
const FEW_ROWS: u64 = 1 << 13;
/// Step of a log rate for a slope.
const NUDGE: f64 = 0.05;
/// Largest step of a log rate in one round.
const LEAP: f64 = 1.0;

/// Solves every parameter that a fitted target names, all at once, on the first rows of the registry.
///
/// Cuts come first, as stages do not depend on rates. Log rates follow by Newton's method: slopes from
/// the first 2^13 rows, corrected after every round on all rows (Broyden).
pub fn fit(document: &RegistryDocument) -> Result<(Registry, Fitted), Vec<Problem>> {
    let mut registry = Registry::new(document)?;
    let fitted_targets: Vec<(usize, &TargetDocument)> =
        document.target.iter().enumerate().filter(|(_, t)| t.kind == TargetKind::Fitted).collect();
    let mut fitted = Fitted { model: MODEL, ..Fitted::default() };
    solve_cuts(&mut registry, document, &fitted_targets, &mut fitted)?;
    let mut parameters = Vec::new();
    for (i, target) in &fitted_targets {
        let Some(Solves::LogRate { event, cause }) = &target.solves else { continue };
        let path = format!("target.{i}.solves");
        let Some(index) = registry.outcome.events.index(event) else {
            let hint = instead(event, registry.outcome.events.list.iter().map(|e| e.name.as_str()));
            return Err(vec![Problem::at(&path, format!("no event is called “{event}”{hint}"))]);
        };
        let cause = match cause {
            None => None,
            Some(name) => Some(registry.causes.iter().position(|c| c == name).ok_or_else(|| {
                let hint = instead(name, registry.causes.iter().map(String::as_str));
                vec![Problem::at(&path, format!("“{name}” is not a cause{hint}"))]
            })?),
        };
        parameters.push(Parameter { target: (*target).clone(), event: index, cause });
    }
    let questions = Questions::new(
        &registry,
        &document.eligible,
        parameters.iter().map(|p| (format!("target.{}", p.target.id), &p.target.measure)),
    )?;
    let mut log_rates = vec![0.0; parameters.len()];
    let few = Trial::new(&registry, &questions, &parameters, FEW_ROWS.min(document.calibration_rows));
    let mut slopes = few.slopes(&log_rates);
    for _ in 0..20 {
        let off = few.off(&log_rates);
        if largest(&off) < 1e-5 {
            break;
        }
        step(&mut log_rates, &slopes, &off);
        slopes = few.slopes(&log_rates);
    }
    let all = Trial::new(&registry, &questions, &parameters, document.calibration_rows);
    let mut off = all.off(&log_rates);
    for _ in 0..20 {
        if largest(&off) < CLOSE {
            break;
        }
        let before = log_rates.clone();
        step(&mut log_rates, &slopes, &off);
        let next = all.off(&log_rates);
        broyden(&mut slopes, &before, &log_rates, &off, &next);
        off = next;
    }
    for (parameter, shift) in parameters.iter().zip(&log_rates) {
        let mut rates = registry.outcome.log_rate(parameter.event).to_vec();
        let moved = |c: usize| parameter.cause.is_none_or(|cause| cause == c);
        (0..rates.len())
            .filter(|&c| moved(c))
            .for_each(|c| rates[c] = ((rates[c] + shift) * 1e9).round() / 1e9);
        registry.outcome.set_log_rate(parameter.event, &rates);
        if let Some(solves) = &parameter.target.solves {
            fitted.keep(solves, &registry.causes, |c| rates[c]);
        }
    }
    Ok((registry, fitted))
}

/// A log rate to solve: the shift of an event's, for one cause or all.
struct Parameter {
    target: TargetDocument,
    event: usize,
    cause: Option<usize>,
}

/// Rows on which shifts of log rates are tried.
struct Trial<'a> {
    registry: &'a Registry,
    questions: &'a Questions,
    parameters: &'a [Parameter],
    columns: Columns,
    patients: Patients,
    member: Vec<u128>,
}

impl<'a> Trial<'a> {
    fn new(registry: &'a Registry, questions: &'a Questions, parameters: &'a [Parameter], rows: u64) -> Self {
        let columns = columns(registry, rows);
        let patients = patients(registry, &columns);
        let member = membership(&columns, questions);
        Self { registry, questions, parameters, columns, patients, member }
    }

    /// How far each target is missed with these shifts.
    fn off(&self, shifts: &[f64]) -> Vec<f64> {
        let mut patients = self.patients.clone();
        let events = self.registry.outcome.events.len();
        let causes = self.registry.causes.len();
        let mut factor = vec![1.0; events * causes];
        for (parameter, shift) in self.parameters.iter().zip(shifts) {
            for cause in (0..causes).filter(|&c| parameter.cause.is_none_or(|cause| cause == c)) {
                factor[cause * events + parameter.event] *= libm::exp(*shift);
            }
        }
        for (row, rates) in patients.rates.chunks_mut(events).enumerate() {
            let cause = self.columns.data[0][row] as usize;
            rates.iter_mut().zip(&factor[cause * events..]).for_each(|(rate, f)| *rate *= f);
        }
        let sheet = Sheet::new(self.registry, &self.columns, &patients, self.questions, &self.member);
        self.parameters.iter().map(|p| sheet.whole(&p.target.measure) - p.target.target).collect()
    }

    /// How each target moves with each shift: by target, then parameter.
    fn slopes(&self, shifts: &[f64]) -> Vec<Vec<f64>> {
        let n = shifts.len();
        let mut slopes = vec![vec![0.0; n]; n];
        for parameter in 0..n {
            let moved = |by: f64| {
                let mut shifts = shifts.to_vec();
                shifts[parameter] += by;
                self.off(&shifts)
            };
            let (up, down) = (moved(NUDGE), moved(-NUDGE));
            for target in 0..n {
                slopes[target][parameter] = (up[target] - down[target]) / (2.0 * NUDGE);
            }
        }
        slopes
    }
}

fn largest(off: &[f64]) -> f64 {
    off.iter().fold(0.0, |worst, x| if x.is_nan() { f64::INFINITY } else { worst.max(x.abs()) })
}

fn step(shifts: &mut [f64], slopes: &[Vec<f64>], off: &[f64]) {
    if let Some(change) = solve_linear(slopes.to_vec(), off.to_vec()) {
        shifts.iter_mut().zip(change).for_each(|(s, c)| *s -= c.clamp(-LEAP, LEAP));
    }
}

/// Corrects the slopes so that they explain the last step. Broyden, Math Comp 1965;19:577.
fn broyden(slopes: &mut [Vec<f64>], before: &[f64], after: &[f64], off: &[f64], next: &[f64]) {
    let moved: Vec<f64> = after.iter().zip(before).map(|(a, b)| a - b).collect();
    let length: f64 = moved.iter().map(|m| m * m).sum();
    if length == 0.0 {
        return;
    }
    for (row, (next, off)) in slopes.iter_mut().zip(next.iter().zip(off)) {
        let expected: f64 = row.iter().zip(&moved).map(|(s, m)| s * m).sum();
        let missing = (next - off - expected) / length;
        row.iter_mut().zip(&moved).for_each(|(s, m)| *s += missing * m);
    }
}

/// Solves cuts one after another, twice: each moves the share of one level and hardly the others.
fn solve_cuts(
    registry: &mut Registry,
    document: &RegistryDocument,
    targets: &[(usize, &TargetDocument)],
    fitted: &mut Fitted,
) -> Result<(), Vec<Problem>> {
    for _ in 0..3 {
        for (i, target) in targets {
            let Some(Solves::Cut { covariate }) = &target.solves else { continue };
            let path = format!("target.{i}.solves");
            let Some((column, start)) = registry.cut(covariate) else {
                return Err(vec![Problem::at(&path, format!("“{covariate}” has no cut to solve"))]);
            };
            let Measure::Share { of, among: None } = &target.measure else {
                return Err(vec![Problem::at(&path, "a cut is solved for a share of all patients")]);
            };
            let rule = registry.rule(of, crate::population::Reading::Recorded);
            let rule = rule.map_err(|error| vec![Problem::at(&path, error.to_string())])?;
            let rows = document.calibration_rows;
            let share = |cut: f64| {
                let mut registry = registry.clone();
                registry.set_cut(column, cut);
                let found = in_blocks(rows as usize, |range| {
                    let mut draft = registry.draft(range.start as u64..range.end as u64);
                    draft.keep(&rule);
                    draft.finish_with(&[0]).len()
                });
                found.iter().sum::<usize>() as f64 / rows as f64
            };
            let cut = root(share, target.target, start, [-6.0, 6.0], 1.5 / rows as f64)
                .map_err(|error| vec![Problem::at(&path, error.to_string())])?;
            let cut = (cut * 1e9).round() / 1e9;
            registry.set_cut(column, cut);
            fitted.keep(&Solves::Cut { covariate: covariate.clone() }, &[], |_| cut);
        }
    }
    Ok(())
}

/// All covariates of the first rows.
pub fn columns(registry: &Registry, rows: u64) -> Columns {
    let mut columns = Columns::default();
    for block in in_blocks(rows as usize, |range| registry.columns(range.start as u64..range.end as u64)) {
        columns.append(block);
    }
    columns
}

/// One row of the calibration table.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationRow {
    pub id: String,
    pub kind: TargetKind,
    pub label: String,
    pub target: f64,
    pub achieved: f64,
    /// Error that the draw of the registry leaves in `achieved`, from 16 slices of its rows.
    pub error: f64,
    /// The lowest and highest value that pass.
    pub lower: f64,
    pub upper: f64,
    /// Half the width of that range.
    pub tolerance: f64,
    /// None where only memory stands behind the target.
    pub pass: Option<bool>,
    /// Ledger ids, and how the weakest of them came to be known.
    pub source: String,
    pub origin: Option<Origin>,
    pub because: String,
}

/// What the registry gives for every target of its document.
pub fn table(document: &RegistryDocument, registry: &Registry) -> Result<Vec<CalibrationRow>, Vec<Problem>> {
    let measures = document.target.iter().enumerate().map(|(i, t)| (format!("target.{i}"), &t.measure));
    let questions = Questions::new(registry, &document.eligible, measures)?;
    let columns = columns(registry, document.calibration_rows);
    let member = membership(&columns, &questions);
    let patients = patients(registry, &columns);
    let sheet = Sheet::new(registry, &columns, &patients, &questions, &member);
    let mut problems = Vec::new();
    let mut rows = Vec::new();
    for (i, target) in document.target.iter().enumerate() {
        let mut origin = None;
        for id in &target.source {
            match evidence::lookup(id) {
                Some(figure) => origin = weaker(origin, figure.origin),
                None => {
                    let hint =
                        evidence::suggest(id).map(|s| format!("; did you mean `{s}`?")).unwrap_or_default();
                    let message = format!("`{id}` is not in the evidence ledger{hint}");
                    problems.push(Problem::at(&format!("target.{i}.source"), message));
                }
            }
        }
        let [lower, upper] = target.range();
        let (achieved, error) = sheet.measure(&target.measure);
        let pass = (lower..=upper).contains(&achieved);
        rows.push(CalibrationRow {
            id: target.id.clone(),
            kind: target.kind,
            label: target.label.clone(),
            target: target.target,
            achieved,
            error,
            lower,
            upper,
            tolerance: 0.5 * (upper - lower),
            pass: (origin != Some(Origin::Memory)).then_some(pass),
            source: if target.source.is_empty() { "assumed".into() } else { target.source.join(", ") },
            origin,
            because: target.because.clone(),
        });
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn weaker(known: Option<Origin>, next: Origin) -> Option<Origin> {
    let rank = |o: Origin| match o {
        Origin::Review | Origin::Cited | Origin::Derived => 0,
        Origin::Secondary => 1,
        Origin::Memory => 2,
    };
    match known {
        Some(known) if rank(known) >= rank(next) => Some(known),
        _ => Some(next),
    }
}

/// Whether the table has a row that should stop a build: fitted rows, and with `strict` checked rows too.
pub fn is_out(rows: &[CalibrationRow], strict: bool) -> bool {
    rows.iter().any(|row| {
        row.pass == Some(false)
            && match row.kind {
                TargetKind::Fitted => true,
                TargetKind::Checked => strict,
                TargetKind::Implied => false,
            }
    })
}
