//! Hazard ratios given covariates: Cox's model with its tests and errors.

use super::{
    interaction::{products, wald_of},
    models::{clusters_note, count_levels, covariates_note, infinite_note, wald},
    times::strata_note,
};
use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        comparison::{Buffers, Method, Summary, Test},
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    outcome::endpoint::Observed,
    statistics::{
        CoxData, CoxEstimate, CoxFit, Estimate, Interval, Reason, Ties, TimeScale, chi_square_survival, cox,
        cox_firth, cox_overlap, cox_profile_interval, proportional_hazards_test,
    },
};

/// Cox's model of one event, or of one cause with the others censored.
pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    use MethodName as M;
    let scale = match method {
        M::ProportionalHazards => Scale::None,
        M::CoxInteraction if data.subgroup.as_ref().is_some_and(|s| count_levels(s) > 2) => Scale::None,
        _ => Scale::Ratio,
    };
    let mut blank = Answer::on(method, scale, data);
    let Some((time, event)) = times(data, settings) else { return blank.because(Reason::Undefined) };
    if blank.events.is_none() {
        let events = [data.treatment, data.control]
            .map(|arm| event.iter().zip(&data.arm).filter(|(e, a)| **e && **a == arm).count() as f64);
        blank.events = Some(events[0] + events[1]);
        blank.by_arm = blank.by_arm.map(|(sizes, _)| (sizes, Some(events)));
    }
    made(blank.clone(), &time, &event, data, settings).unwrap_or_else(|reason| {
        if reason != Reason::MonotoneLikelihood {
            return blank.because(reason);
        }
        let of_rest = finite_part(data, settings).and_then(|(rest, note)| {
            let (time, event) = times(&rest, settings)?;
            Some(made(blank.clone(), &time, &event, &rest, settings).ok()?.note(note))
        });
        of_rest.unwrap_or_else(|| monotone(blank.because(reason), &time, &event, data, settings))
    })
}

/// The patients and covariates with finite coefficients, where another covariate has none, and the note that
/// says so. The arm's estimate is theirs.
pub(super) fn finite_part(data: &Dataset, settings: &Settings) -> Option<(Dataset, String)> {
    let (time, event) = times(data, settings)?;
    let columns = data.design();
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let problem = CoxData { stratum: data.stratum.as_deref(), ..CoxData::new(&time, &event, &covariates) };
    let rest = cox_overlap(problem, settings.ties)?;
    Some((data.part(&rest), infinite_note(data, &rest)))
}

/// Times and events of the cause of interest.
pub(super) fn times(data: &Dataset, settings: &Settings) -> Option<(Vec<f64>, Vec<bool>)> {
    match &data.outcome {
        Outcome::Event { event, time: Some(time), .. } => Some((time.clone(), event.clone())),
        Outcome::Cause { time, cause } => {
            Some((time.clone(), cause.iter().map(|&c| c == settings.of).collect()))
        }
        _ => None,
    }
}

/// What still holds when the likelihood has no maximum: its tests, and Firth's estimate.
fn monotone(answer: Answer, time: &[f64], event: &[bool], data: &Dataset, settings: &Settings) -> Answer {
    let columns = data.design();
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let problem = CoxData { stratum: data.stratum.as_deref(), ..CoxData::new(time, event, &covariates) };
    let mut answer = answer;
    if covariates.len() == 1
        && let Ok(fit) = cox(problem, settings.ties)
    {
        answer = answer.note(format!(
            "score P {}, likelihood-ratio P {}",
            short(fit.score_p(1)),
            short(fit.likelihood_ratio_p(1))
        ));
    }
    if let Ok(firth) = cox_firth(problem, settings.ties)
        && let Ok(interval) = firth.profile_interval(problem, settings.ties, 0, settings.confidence)
    {
        let interval = interval.exp();
        answer = answer.note(format!(
            "Firth's hazard ratio {:.4} (profile interval {:.4} to {:.4})",
            libm::exp(firth.coefficients[0]),
            interval.lower,
            interval.upper
        ));
    }
    answer
}

/// A P value within a note.
fn short(p: f64) -> String {
    if p < 0.0001 { "<0.0001".to_owned() } else { format!("{p:.4}") }
}

fn made(
    blank: Answer,
    time: &[f64],
    event: &[bool],
    data: &Dataset,
    settings: &Settings,
) -> Result<Answer, Reason> {
    use MethodName as M;
    let [n1, n0] = data.sizes();
    if n1 == 0 || n0 == 0 {
        return Err(Reason::EmptyArm);
    }
    if !event.contains(&true) {
        return Err(Reason::NoEvents);
    }
    let columns = data.design();
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let problem = CoxData {
        stratum: data.stratum.as_deref(),
        cluster: data.cluster.as_deref().filter(|_| blank.method.takes_clusters()),
        ..CoxData::new(time, event, &covariates)
    };
    let ties = settings.ties;
    let how = how(data, ties);
    Ok(match blank.method {
        M::Cox | M::CauseSpecificCox => {
            if let Some(answer) = replicate(&blank, time, event, data, settings) {
                return Ok(answer.note(format!("{how}Wald's test and interval")));
            }
            let estimate = cox(problem, ties)?.estimate?;
            let se = match &data.cluster {
                Some(_) => estimate.robust_standard_errors()[0],
                None => estimate.standard_errors()[0],
            };
            let note = match &data.cluster {
                Some(cluster) => {
                    format!("{how}sandwich error over {}; Wald's test and interval", clusters_note(cluster))
                }
                None => format!("{how}Wald's test and interval"),
            };
            wald(blank, arm(&estimate, se), settings).note(note)
        }
        M::CoxRobust => {
            let estimate = cox(problem, ties)?.estimate?;
            let se = estimate.robust_standard_errors()[0];
            wald(blank, arm(&estimate, se), settings)
                .note(format!("{how}sandwich error; Wald's test and interval"))
        }
        M::CoxScore => {
            let (estimate, chi_square) = score_test(problem, ties)?;
            let value = estimate.coefficients[0];
            let se = estimate.standard_errors()[0];
            blank
                .estimated(value, se, Interval::wald(value, se, settings.confidence))
                .tested_by(
                    Statistic::Normal,
                    chi_square.max(0.0).sqrt().copysign(value),
                    chi_square_survival(chi_square, 1.0),
                )
                .note(format!("{how}signed root of the score chi-square, Wald's interval"))
        }
        M::CoxLikelihoodRatio => {
            let fit = cox(problem, ties)?;
            let estimate = fit.estimate.clone()?;
            let (value, se) = (estimate.coefficients[0], estimate.standard_errors()[0]);
            let chi_square = likelihood_ratio(&fit, problem, ties)?;
            let interval = cox_profile_interval(problem, ties, 0, settings.confidence)?;
            blank
                .estimated(value, se, interval)
                .tested_by(
                    Statistic::Normal,
                    chi_square.sqrt().copysign(value),
                    chi_square_survival(chi_square, 1.0),
                )
                .note(format!("{how}signed root of the likelihood-ratio chi-square, profile interval"))
        }
        M::FirthCox => {
            let fit = cox_firth(problem, ties)?;
            let (value, se) = (fit.coefficients[0], fit.standard_errors[0]);
            let interval = fit.profile_interval(problem, ties, 0, settings.confidence)?;
            let chi_square = fit.profile_chi_square(problem, ties, 0, 0.0)?.max(0.0);
            blank
                .estimated(value, se, interval)
                .tested_by(
                    Statistic::Normal,
                    chi_square.sqrt().copysign(value),
                    chi_square_survival(chi_square, 1.0),
                )
                .note(format!(
                    "{how}signed root of the penalised likelihood-ratio chi-square, profile interval"
                ))
        }
        M::ProportionalHazards => {
            let estimate = cox(problem, ties)?.estimate?;
            let test = proportional_hazards_test(problem, ties, &estimate, TimeScale::KaplanMeier)?;
            let answer = blank
                .tested_by(Statistic::ChiSquare(1), test.chi_square[0], test.p(0))
                .note(format!("{how}score test, time by one less pooled Kaplan-Meier"));
            if covariates.len() > 1 {
                answer.note(format!(
                    "all covariates together: chi-square {:.3} on {}, P {}",
                    test.global_chi_square,
                    covariates.len(),
                    short(test.global_p())
                ))
            } else {
                answer
            }
        }
        M::CoxInteraction => {
            let columns = products(data)?;
            let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let problem = CoxData { covariates: &covariates, ..problem };
            let estimate = cox(problem, ties)?.estimate?;
            let (covariance, error) = match &data.cluster {
                Some(cluster) => {
                    (&estimate.robust_covariance, format!("; sandwich error over {}", clusters_note(cluster)))
                }
                None => (&estimate.covariance, String::new()),
            };
            let levels = data.subgroup.as_ref().map_or(0, |s| s.iter().max().map_or(0, |m| *m as usize + 1));
            let terms: Vec<usize> = (levels..2 * levels - 1).collect();
            wald_of(blank, &estimate.coefficients, covariance, &terms, settings)?
                .note(format!("{}{error}", how.trim_end_matches("; ")))
        }
        _ => return Err(Reason::Undefined),
    })
}

fn arm(estimate: &CoxEstimate, standard_error: f64) -> Estimate {
    Estimate { value: estimate.coefficients[0], standard_error }
}

/// The plain comparison of two arms, with or without strata, by the code of each replicate.
fn replicate(
    blank: &Answer,
    time: &[f64],
    event: &[bool],
    data: &Dataset,
    settings: &Settings,
) -> Option<Answer> {
    if !data.covariates.is_empty() || data.cluster.is_some() || settings.ties != Ties::Efron {
        return None;
    }
    let method = Method { summary: Summary::HazardRatio, test: Test::Wald };
    let made = compare_in_strata(time, event, data, method, data.stratum.as_deref())?;
    made.reason.is_none().then(|| {
        let answer = super::risks::from_comparison(blank.clone(), &made);
        let interval = Interval::wald(made.estimate, made.se, settings.confidence);
        answer.estimated(made.estimate, made.se, interval)
    })
}

/// A comparison of times by the code of each replicate. `None` with more strata than it counts.
pub(super) fn compare_in_strata(
    time: &[f64],
    event: &[bool],
    data: &Dataset,
    method: Method,
    stratum: Option<&[u32]>,
) -> Option<crate::analysis::comparison::Comparison> {
    let seen = Observed { time: time.to_vec(), event: event.to_vec(), known: vec![true; time.len()] };
    let mut buffers = Buffers { group: data.group(), ..Buffers::default() };
    buffers.sort(&seen);
    let Some(stratum) = stratum else {
        return Some(buffers.compare(&seen, method, f64::INFINITY, None, |_| true));
    };
    let codes: Vec<u8> = stratum.iter().map(|&s| u8::try_from(s).ok()).collect::<Option<_>>()?;
    let levels = codes.iter().max().map_or(0, |m| u16::from(*m) + 1);
    let levels = u8::try_from(levels).ok()?;
    // A stratified Cox model is the one beside the stratified log-rank test.
    let tested = Method { test: Test::StratifiedLogRank, ..method };
    let of = |i: usize| codes[i];
    let mut made = buffers.compare(&seen, tested, f64::INFINITY, Some((&of, levels)), |_| true);
    if method.test == Test::Wald {
        made.reason = None;
        if made.estimate.is_finite() {
            made.statistic = made.estimate / made.se;
            made.p_value = crate::statistics::two_sided_p(made.statistic);
        } else {
            made.reason = Some(Reason::Undefined);
        }
    }
    Some(made)
}

/// Likelihood-ratio chi-square of the arm given the covariates.
fn likelihood_ratio(fit: &CoxFit, problem: CoxData<'_>, ties: Ties) -> Result<f64, Reason> {
    let without = if problem.covariates.len() == 1 {
        fit.log_likelihood_null
    } else {
        let smaller = cox(CoxData { covariates: &problem.covariates[1..], ..problem }, ties)?;
        smaller.estimate?;
        smaller.log_likelihood
    };
    Ok((2.0 * (fit.log_likelihood - without)).max(0.0))
}

/// The fit with the arm, and the score chi-square for adding the arm to the fit of the covariates.
///
/// With the covariates' own fit as an offset the scores of the covariates are 0 at 0, so that the score
/// test of all is that of the arm.
fn score_test(problem: CoxData<'_>, ties: Ties) -> Result<(CoxEstimate, f64), Reason> {
    let full = cox(problem, ties)?;
    let estimate = full.estimate.clone()?;
    if problem.covariates.len() == 1 {
        return Ok((estimate, full.score_chi_square));
    }
    let others = &problem.covariates[1..];
    let smaller = cox(CoxData { covariates: others, ..problem }, ties)?.estimate?;
    let offset: Vec<f64> = (0..problem.time.len())
        .map(|i| others.iter().zip(&smaller.coefficients).map(|(c, b)| c[i] * b).sum())
        .collect();
    let at = cox(CoxData { offset: Some(&offset), ..problem }, ties)?;
    Ok((estimate, at.score_chi_square))
}

/// "given age; stratified; Efron ties; ".
fn how(data: &Dataset, ties: Ties) -> String {
    let strata = strata_note(data);
    let ties = match ties {
        Ties::Efron => "Efron",
        Ties::Breslow => "Breslow",
    };
    format!("{}{strata}{ties} ties; ", covariates_note(data))
}
