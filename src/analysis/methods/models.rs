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
        Estimate, Family, GlmFit, Reason, Regression, StandardisedVariance, chi_square_survival,
        firth_logistic, g_computation, glm,
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
    made(blank.clone(), data, settings).unwrap_or_else(|reason| {
        let blank = blank.because(reason);
        if reason == Reason::MonotoneLikelihood {
            blank.note("firth_logistic gives a finite estimate")
        } else {
            blank
        }
    })
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
            let standardised = g_computation(&outcome, &group, &covariates[1..], &[])?;
            let kind = StandardisedVariance::Influence;
            let estimate = match blank.method {
                M::StandardisedRiskDifference => standardised.risk_difference(kind),
                M::StandardisedRiskRatio => standardised.log_risk_ratio(kind),
                _ => standardised.log_odds_ratio(kind),
            };
            wald(blank, estimate, settings).note(format!(
                "{given}standardised risks {:.4} and {:.4}; influence-function error",
                standardised.risk_treatment, standardised.risk_control
            ))
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
            wald_of(blank, &fit.coefficients, &fit.covariance, &terms, settings)?
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
        let note = format!(
            "sandwich error over {} clusters, without a small-sample factor; Wald's test and interval",
            count_levels(cluster)
        );
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
    if estimate.standard_error > 0.0 {
        answer.tested(estimate.z())
    } else {
        answer.because(Reason::NoVariance)
    }
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
