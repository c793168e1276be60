//! The size by formula, beside the one found by simulation.

use crate::{
    analysis::comparison::{Summary, Test},
    calibration::truth::Truth,
    statistics::{Comparison, exact_power_of_chi_square, normal_survival},
    trial::{Trial, claim::Claim, design::Design},
};

/// What a formula says of a trial's size.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedForm {
    /// Patients in all arms, rounded up in each.
    pub patients: usize,
    /// The formula by its name, with its reference.
    pub formula: &'static str,
    /// Why the simulation may say otherwise.
    pub differs: &'static str,
}

/// The size by formula of a trial with one analysis at the end, if its test has a formula.
pub fn closed_form(trial: &Trial, truth: &Truth, power: f64) -> Option<ClosedForm> {
    let Design::Fixed(design) = &trial.design else { return None };
    let primary = &trial.estimands[0];
    // The formulas are of two arms and no margin.
    if primary.claim != Claim::Superiority
        || primary.minus.is_some()
        || !primary.with.iter().all(Vec::is_empty)
    {
        return None;
    }
    let (control, treatment) = (usize::from(primary.control), usize::from(primary.treatment));
    let weight = |arm: usize| f64::from(trial.allocation.ratio[arm]);
    let plan = Comparison {
        level: normal_survival(design.critical),
        power,
        ratio: weight(treatment) / weight(control),
    };
    let endpoint = &trial.endpoints[primary.endpoint];
    let risk = |arm: usize| truth.risks.get(arm).and_then(|r| r.get(primary.endpoint)).copied();
    let (p0, p1) = (risk(control)?, risk(treatment)?);
    // Towards harm the test shows no benefit at any size.
    let benefit = if endpoint.higher_is_better { p1 > p0 } else { p1 < p0 };
    if !benefit {
        return None;
    }
    let (controls, formula, differs) = match (primary.method.test, primary.method.summary) {
        (Test::ChiSquare, _) => (
            plan.two_risks(p0, p1),
            "chi-square, normal approximation with the pooled risk under no effect",
            "the formula treats counts as normal; those of the test are whole numbers, so its power moves in steps and stays on plateaus, and sites, losses and changes of arm are not in the formula",
        ),
        (Test::Wald, Summary::RiskDifference | Summary::KaplanMeierDifference) => (
            plan.two_risks_unpooled(p0, p1),
            "Wald's test of two risks, separate variances",
            "the formula treats counts as normal and knows no losses",
        ),
        (Test::LogRank | Test::Wald, Summary::HazardRatio) => {
            let log = *truth.estimands.first()?.first()?;
            if !log.is_finite() || log >= 0.0 {
                return None;
            }
            let share = |arm: usize| seen(&truth.curves[arm], trial.loss_rate, endpoint.by);
            let mean = (share(control) + plan.ratio * share(treatment)) / (1.0 + plan.ratio);
            let events = plan.events(libm::exp(log));
            (
                events / mean / (1.0 + plan.ratio),
                "Schoenfeld's number of events (Biometrika 1981;68:316), over the share of patients with one",
                "the formula holds for small effects and proportional hazards; it takes the variance of the test to be that without an effect, as if the arms at risk kept the ratio they began with",
            )
        }
        _ => return None,
    };
    if !controls.is_finite() {
        return None;
    }
    let whole: u32 = trial.allocation.ratio.iter().sum();
    let both = controls.ceil() + (plan.ratio * controls).ceil();
    let patients = both * f64::from(whole) / (weight(control) + weight(treatment));
    Some(ClosedForm { patients: patients.ceil() as usize, formula, differs })
}

/// Share of patients whose event is seen by `by` when others are lost at a rate.
fn seen(curve: &[(f64, f64)], loss: f64, by: f64) -> f64 {
    let steps = curve.windows(2).filter(|w| w[1].0 <= by + 1e-9);
    steps.map(|w| (w[1].1 - w[0].1) * libm::exp(-loss * 0.5 * (w[0].0 + w[1].0))).sum()
}

/// Power of the chi-square test at a size, by adding up all tables: `None` if arms are not exactly in the
/// ratio or the tables are too many.
pub fn enumerated(trial: &Trial, truth: &Truth, patients: usize) -> Option<f64> {
    let Design::Fixed(design) = &trial.design else { return None };
    let primary = &trial.estimands[0];
    let whole: u32 = trial.allocation.ratio.iter().sum();
    let exact = primary.method.test == Test::ChiSquare
        && trial.enrolment.probability == [1.0]
        && primary.claim == Claim::Superiority
        && primary.minus.is_none()
        && primary.with.iter().all(Vec::is_empty)
        && trial.course.circumstances.none()
        && trial.loss_rate == 0.0
        && trial.allocation.strata <= 1
        && !trial.allocation.by_site
        && trial.allocation.blocks == [whole]
        && patients <= MOST_ENUMERATED
        && patients.is_multiple_of(whole as usize);
    if !exact {
        return None;
    }
    let arm = |arm: u8| {
        let n = patients as u32 / whole * trial.allocation.ratio[usize::from(arm)];
        Some((*truth.risks.get(usize::from(arm))?.get(primary.endpoint)?, n))
    };
    let level = normal_survival(design.critical);
    Some(exact_power_of_chi_square(arm(primary.control)?, arm(primary.treatment)?, level, false))
}

/// The most patients whose tables are added up: about a second's work for a window of sizes.
const MOST_ENUMERATED: usize = 1600;

/// The smallest of `sizes`, which rise, from which on the enumerated power stays at or above the target;
/// `None` if it cannot be had, or is not inside.
pub fn enumerated_size(trial: &Trial, truth: &Truth, sizes: &[usize], target: f64) -> Option<usize> {
    let powers: Vec<f64> = sizes.iter().map(|&n| enumerated(trial, truth, n)).collect::<Option<_>>()?;
    let last = powers.iter().rposition(|&p| p < target)?;
    sizes.get(last + 1).copied()
}
