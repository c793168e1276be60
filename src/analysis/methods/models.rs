//! Risks given covariates: logistic regression and its kin, g-computation.

use super::interaction::{products, wald_of};
use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    statistics::{
        Estimate, Family, GlmFit, Overlap, Reason, Regression, StandardisedVariance, chi_square_survival,
        firth_logistic, g_computation, glm, overlap,
    },
};

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    use MethodName as M;
    let scale = match method {
        M::StandardisedRiskDifference => Scale::Difference,
        M::LogisticInteraction if levels(data) > 2 => Scale::None,
        _ => Scale::Ratio,
    };
    let blank = Answer::on(method, scale, data);
    made(blank.clone(), data, settings).unwrap_or_else(|reason| match reason {
        Reason::MonotoneLikelihood => {
            let family = match method {
                M::ModifiedPoisson => Family::Poisson,
                M::LogBinomial => Family::LogBinomial,
                _ => Family::Logistic,
            };
            let rest = finite_part(data, family);
            let answer =
                rest.and_then(|(rest, note)| Some(made(blank.clone(), &rest, settings).ok()?.note(note)));
            answer.unwrap_or_else(|| blank.because(reason).note("firth_logistic gives a finite estimate"))
        }
        Reason::Boundary => blank.because(reason).note("modified_poisson estimates the same risk ratio"),
        _ => blank.because(reason),
    })
}

/// The patients and covariates with finite coefficients, where a covariate foretells the others completely,
/// and the note that says so. The arm's estimate is theirs.
pub(super) fn finite_part(data: &Dataset, family: Family) -> Option<(Dataset, String)> {
    let (outcome, offset): (Vec<f64>, Option<Vec<f64>>) = match &data.outcome {
        Outcome::Event { event, .. } => (event.iter().map(|&e| f64::from(u8::from(e))).collect(), None),
        Outcome::Count { count, exposure } => {
            (count.clone(), exposure.as_ref().map(|x| x.iter().map(|x| libm::log(*x)).collect()))
        }
        _ => return None,
    };
    let columns = data.design();
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let regression = Regression { offset: offset.as_deref(), ..Regression::new(&outcome, &covariates) };
    let rest = overlap(regression, family)?;
    Some((data.part(&rest), infinite_note(data, &rest)))
}

/// Which coefficients are infinite, and whom they leave out.
pub(super) fn infinite_note(data: &Dataset, rest: &Overlap) -> String {
    // The arm is the first covariate.
    let names: Vec<&str> = rest.infinite.iter().map(|&j| data.covariates[j - 1].name.as_str()).collect();
    let (coefficients, they) = match names.as_slice() {
        [one] => (format!("the coefficient of {one} is infinite"), "it"),
        several => (format!("the coefficients of {} are infinite", several.join(", ")), "they"),
    };
    let count = data.len() - rest.rows.len();
    let patients = if count == 1 { "patient".to_owned() } else { format!("{count} patients") };
    format!(
        "{coefficients}: the {patients} whose outcome {they} settle{} say nothing of the arm",
        if they == "it" { "s" } else { "" }
    )
}

fn levels(data: &Dataset) -> usize {
    data.subgroup.as_ref().map_or(0, |s| s.iter().max().map_or(0, |m| *m as usize + 1))
}

fn made(blank: Answer, data: &Dataset, settings: &Settings) -> Result<Answer, Reason> {
    use MethodName as M;
    let Outcome::Event { event, .. } = &data.outcome else { return Err(Reason::Undefined) };
    let [n1, n0] = data.sizes();
    if n1 == 0 || n0 == 0 {
        return Err(Reason::EmptyArm);
    }
    let outcome: Vec<f64> = event.iter().map(|&e| f64::from(u8::from(e))).collect();
    let columns = data.design();
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let regression = Regression::new(&outcome, &covariates);
    let given = covariates_note(data);
    Ok(match blank.method {
        M::Logistic => {
            let fit = glm(regression, Family::Logistic)?;
            let (arm, note) = arm_of(&fit, data, false);
            wald(blank, arm, settings).note(format!("{given}{note}"))
        }
        M::LogisticLikelihoodRatio => {
            let fit = glm(regression, Family::Logistic)?;
            let smaller = glm(Regression::new(&outcome, &covariates[1..]), Family::Logistic)?;
            let arm = fit.coefficient(1);
            let chi_square = (2.0 * (fit.log_likelihood - smaller.log_likelihood)).max(0.0);
            blank
                .estimated(arm.value, arm.standard_error, arm.interval(settings.confidence))
                .tested_by(
                    Statistic::Normal,
                    chi_square.sqrt().copysign(arm.value),
                    chi_square_survival(chi_square, 1.0),
                )
                .note(format!("{given}signed root of the likelihood-ratio chi-square, Wald's interval"))
        }
        M::FirthLogistic => {
            let fit = firth_logistic(regression)?;
            let interval = fit.profile_interval(regression, 1, settings.confidence)?;
            let chi_square = fit.profile_chi_square(regression, 1, 0.0)?.max(0.0);
            let (value, se) = (fit.coefficients[1], fit.standard_errors[1]);
            blank
                .estimated(value, se, interval)
                .tested_by(
                    Statistic::Normal,
                    chi_square.sqrt().copysign(value),
                    chi_square_survival(chi_square, 1.0),
                )
                .note(format!(
                    "{given}signed root of the penalised likelihood-ratio chi-square, profile interval"
                ))
        }
        M::StandardisedRiskDifference | M::StandardisedRiskRatio | M::StandardisedOddsRatio => {
            let group = data.group();
            let mut standardised = g_computation(&outcome, &group, &covariates[1..], &[])?;
            let mut error = "influence-function error".to_owned();
            if let Some(cluster) = &data.cluster {
                standardised = standardised.clustered(cluster);
                error = format!("{error} over {}", clusters_note(cluster));
            }
            let kind = StandardisedVariance::Influence;
            let estimate = match blank.method {
                M::StandardisedRiskDifference => standardised.risk_difference(kind),
                M::StandardisedRiskRatio => standardised.log_risk_ratio(kind),
                _ => standardised.log_odds_ratio(kind),
            };
            let answer = wald(blank, estimate, settings).note(format!(
                "{given}standardised risks {:.4} and {:.4}; {error}",
                standardised.risk_treatment, standardised.risk_control
            ));
            match &standardised.overlap {
                None => answer,
                Some(rest) => answer.note(infinite_note(data, rest)),
            }
        }
        M::ModifiedPoisson => {
            let fit = glm(regression, Family::Poisson)?;
            let (arm, note) = arm_of(&fit, data, true);
            wald(blank, arm, settings).note(format!("{given}{note}"))
        }
        M::LogBinomial => {
            let fit = glm(regression, Family::LogBinomial)?;
            wald(blank, fit.coefficient(1), settings).note(format!("{given}Wald's test and interval"))
        }
        M::LogisticInteraction => {
            let levels = levels(data);
            let columns = products(data)?;
            let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let fit = glm(Regression::new(&outcome, &covariates), Family::Logistic)?;
            // After the intercept, the arm and the levels.
            let terms: Vec<usize> = (levels + 1..2 * levels).collect();
            match &data.cluster {
                None => wald_of(blank, &fit.coefficients, &fit.covariance, &terms, settings)?,
                Some(cluster) => {
                    let covariance = fit.clustered_covariance(cluster);
                    wald_of(blank, &fit.coefficients, &covariance, &terms, settings)?
                        .note(format!("sandwich error over {}", clusters_note(cluster)))
                }
            }
        }
        _ => return Err(Reason::Undefined),
    })
}

/// The arm's coefficient with the error the data ask for, and how that was made.
pub(super) fn arm_of(fit: &GlmFit, data: &Dataset, robust: bool) -> (Estimate, String) {
    let arm = fit.coefficient(1);
    if let Some(cluster) = &data.cluster {
        let covariance = fit.clustered_covariance(cluster);
        let standard_error = covariance.standard_errors()[1];
        let note = format!("sandwich error over {}; Wald's test and interval", clusters_note(cluster));
        return (Estimate { standard_error, ..arm }, note);
    }
    if robust {
        let standard_error = fit.robust_covariance.standard_errors()[1];
        return (
            Estimate { standard_error, ..arm },
            "sandwich error (HC0); Wald's test and interval".to_owned(),
        );
    }
    (arm, "Wald's test and interval".to_owned())
}

pub(super) fn wald(blank: Answer, estimate: Estimate, settings: &Settings) -> Answer {
    let answer =
        blank.estimated(estimate.value, estimate.standard_error, estimate.interval(settings.confidence));
    if estimate.standard_error > NO_ERROR {
        answer.tested(estimate.z())
    } else {
        answer.without_error(Reason::NoVariance)
    }
}

/// An error below this, of a logarithm or a risk, is what rounding left of none.
const NO_ERROR: f64 = 1e-9;

/// "60 clusters, without a small-sample factor".
pub(super) fn clusters_note(cluster: &[u32]) -> String {
    format!("{} clusters, without a small-sample factor", count_levels(cluster))
}

/// "given age, sex; " or nothing.
pub(super) fn covariates_note(data: &Dataset) -> String {
    if data.covariates.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = data.covariates.iter().map(|c| c.name.as_str()).collect();
    format!("given {}; ", names.join(", "))
}

pub(super) fn count_levels(codes: &[u32]) -> usize {
    let mut levels = codes.to_vec();
    levels.sort_unstable();
    levels.dedup();
    levels.len()
}
