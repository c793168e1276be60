//! The error a design allows, and the error it has by computation where that is another.

use crate::{
    analysis::comparison::Test,
    report::{
        numbers::fixed,
        results::{Place, Results, in_percent, patients_in},
    },
    statistics::{AtTable, TwoByTwo, crossing_probabilities, exact_looks, exact_power, normal_survival},
    trial::{
        Trial,
        claim::Claim,
        design::{
            Design, GroupSequential,
            group_sequential::{Futility, Looks},
            platform::Controls,
        },
        estimand::Estimand,
    },
};

/// The error a design allows in the direction of benefit; `None` where it promises none.
pub(super) fn level(design: &Design) -> Option<f64> {
    match design {
        Design::GroupSequential(design) => Some(design.level),
        Design::Bayesian(_) => None,
        _ => Some(normal_survival(design.critical())),
    }
}

/// The patients above which all tables of two risks are too many to go through for a sentence, and the looks.
const MOST_FOR_TABLES: usize = 1_500;
const MOST_LOOKS_FOR_TABLES: usize = 3;

/// What is known of the size of a run's tests beyond the replicates, and why it is not the level.
pub(super) fn size(results: &Results, run: usize) -> Vec<String> {
    let trial = &results.run(run).trial;
    let mut said = Vec::new();
    if let Design::GroupSequential(design) = &trial.design
        && design.futility != Futility::Never
        && !design.binding
    {
        let crossing =
            crossing_probabilities(&design.planned_lower(), &design.upper, &design.information, 0.0);
        said.push(format!(
            "The bounds for benefit do not count on futility, and the simulated trial follows it: by the recursion over looks the error is {}%.",
            fixed(100.0 * crossing.ever_above(), 2)
        ));
    }
    said.extend(by_all_tables(results, run));
    said.extend(not_controlled(results, run));
    said
}

/// The size of the uncorrected chi-square through all tables of two risks, where it makes the decisions.
fn by_all_tables(results: &Results, run: usize) -> Option<String> {
    let trial = &results.run(run).trial;
    let estimand = results.primary(run);
    let counted = results.run(run).null
        && estimand.method.test == Test::ChiSquare
        && estimand.claim == Claim::Superiority
        && estimand.with.iter().all(Vec::is_empty)
        && trial.loss_rate == 0.0
        && trial.leaving.none()
        && trial.course.circumstances.none()
        && trial.accrual.takes_everybody()
        && trial.patients <= MOST_FOR_TABLES;
    if !counted {
        return None;
    }
    let [risk, _] = results.model_risks(run, estimand);
    let (size, when) = match &trial.design {
        Design::Fixed(design) => {
            let [treatment, control] = arms(trial, estimand, 1.0);
            let exact = exact_power((risk, control), (risk, treatment), |table| {
                table.pooled_z().is_ok_and(|z| z < -design.critical)
            });
            (exact, String::new())
        }
        Design::GroupSequential(design) => {
            (looked_at(trial, estimand, design, risk)?, " at one of the looks".into())
        }
        _ => return None,
    };
    let [treatment, control] = arms(trial, estimand, 1.0);
    let beyond = size > level(&trial.design)?;
    Some(format!(
        "Counts are coarse: through all tables, the uncorrected chi-square of {treatment} and {control} patients at a risk of {} claims benefit{when} in {}%{}.",
        in_percent(risk),
        fixed(100.0 * size, 2),
        if beyond && when.is_empty() {
            ", more than its level; Fisher’s exact test never exceeds it and costs power: write test = \"fisher_doubled\" for a risk ratio"
        } else if beyond {
            ", more than its level"
        } else {
            ""
        }
    ))
}

/// Patients of the treatment and of the control when a share of all is in.
fn arms(trial: &Trial, estimand: &Estimand, share: f64) -> [u32; 2] {
    let patients = (share * trial.patients as f64).round() / trial.patients as f64;
    [estimand.treatment, estimand.control].map(|arm| (patients * patients_in(trial, arm)).round() as u32)
}

/// The chance of a claim at any look of a sequential design, all looks at shares of the patients followed up.
fn looked_at(trial: &Trial, estimand: &Estimand, design: &GroupSequential, risk: f64) -> Option<f64> {
    if design.looks != Looks::FollowedUp || design.count() > MOST_LOOKS_FOR_TABLES {
        return None;
    }
    let sizes: Vec<(u32, u32)> = design
        .information
        .iter()
        .map(|&share| arms(trial, estimand, share))
        .map(|[treatment, control]| (treatment, control))
        .collect();
    let (lower, last) = (design.planned_lower(), design.count() - 1);
    let ended = exact_looks(&sizes, (risk, risk), |k, x, y| {
        match TwoByTwo::new(x, sizes[k].0, y, sizes[k].1).pooled_z() {
            Ok(z) if -z > design.upper[k] => AtTable::Success,
            Ok(z) if k < last && -z < lower[k] => AtTable::Stop,
            _ => AtTable::GoOn,
        }
    });
    Some(ended.iter().map(|look| look[0]).sum())
}

/// What a design known not to control its error has made of it, while mortality changes.
fn not_controlled(results: &Results, run: usize) -> Option<String> {
    let trial = &results.run(run).trial;
    if trial.course.circumstances.trend == 0.0 {
        return None;
    }
    let (why, instead) = match &trial.design {
        Design::ResponseAdaptive(_) => {
            ("the arm that is ahead gets more of the later patients", "test = \"mantel_haenszel_by_period\"")
        }
        Design::Platform(design) if design.controls == Controls::Pooled => (
            "controls from before an arm entered, or after it left, are counted with it",
            "controls = \"concurrent\", or test = \"mantel_haenszel_by_period\"",
        ),
        _ => return None,
    };
    let allowed = level(&trial.design)?;
    let mut worst: Option<(&str, f64, f64)> = None;
    for estimand in trial.estimands.iter().filter(|e| e.method.test != Test::MantelHaenszelByPeriod) {
        let Some(found) = results.find(run, Place::of(&estimand.name), "type_i_error") else { continue };
        if found.lower > allowed && worst.is_none_or(|(_, value, _)| found.value > value) {
            worst = Some((&estimand.name, found.value, found.mcse));
        }
    }
    let (name, value, mcse) = worst?;
    Some(format!(
        "Not controlled: mortality changes over the trial while {why}. {} claims benefit in {} ± {}% of trials without effect, where {}% are allowed. Write {instead}: patients are then compared with those who came at the same time.",
        name.replace('_', " "),
        fixed(100.0 * value, 2),
        fixed(100.0 * mcse, 2),
        percent(allowed),
    ))
}

fn percent(level: f64) -> String {
    let text = fixed(100.0 * level, 2);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
