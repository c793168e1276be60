//! Tests of two survival curves, and what is read off them.

use super::{hazards, models::count_levels, risks::from_comparison};
use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        comparison::{Method, Summary, Test},
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    statistics::{
        CoxData, Estimate, Interval, KaplanMeier, LogRank, Reason, RestrictedMeans, Ties, Weight, cox,
        log_rank, log_rank_of_groups, max_combo, milestone_difference, two_sided_p,
    },
};

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    use MethodName as M;
    let Outcome::Event { event, time: Some(time), .. } = &data.outcome else {
        return Answer::on(method, Scale::None, data).because(Reason::Undefined);
    };
    match method {
        M::Cox
        | M::CoxRobust
        | M::CoxScore
        | M::CoxLikelihoodRatio
        | M::FirthCox
        | M::ProportionalHazards
        | M::CoxInteraction => return hazards::answer(method, data, settings),
        M::LogRankGroups | M::LogRankTrend => return groups(method, time, event, data),
        _ => {}
    }
    let scale = match method {
        M::LogRank | M::StratifiedLogRank | M::PetoHazardRatio | M::BayesHazardRatio => Scale::Ratio,
        M::RestrictedMeanRatio | M::RestrictedLossRatio => Scale::Ratio,
        M::KaplanMeierDifference | M::KaplanMeierLogLog | M::RestrictedMeanDifference => Scale::Difference,
        _ => Scale::None,
    };
    let blank = Answer::on(method, scale, data);
    made(blank.clone(), time, event, data, settings).unwrap_or_else(|reason| blank.because(reason))
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
    let group = data.group();
    let stratum = data.stratum.as_deref();
    let weighted = |weight: Weight| log_rank(time, event, &group, stratum, weight);
    let over = strata_note(data);
    let test =
        |blank: Answer, test: LogRank, note: String| blank.tested(test.z).note(format!("{over}{note}"));
    Ok(match blank.method {
        M::LogRank => beside_cox(blank, time, event, data, None, settings)?,
        M::StratifiedLogRank => {
            let stratum = data.stratum.as_deref().ok_or(Reason::Undefined)?;
            beside_cox(blank, time, event, data, Some(stratum), settings)?
        }
        M::Gehan => test(blank, weighted(Weight::Gehan)?, "weights: number at risk".to_owned()),
        M::TaroneWare => {
            test(blank, weighted(Weight::TaroneWare)?, "weights: root of the number at risk".to_owned())
        }
        M::PetoPeto => test(
            blank,
            weighted(Weight::PetoPeto)?,
            "weights: pooled survival in the form of Peto and Peto".to_owned(),
        ),
        M::FlemingHarrington => {
            let (rho, gamma) = (settings.rho, settings.gamma);
            let note = format!("rho {rho}, gamma {gamma}; pooled Kaplan-Meier just before each time");
            test(blank, weighted(Weight::FlemingHarrington { rho, gamma })?, note)
        }
        M::ModestWeights => {
            let delay = settings.delay.ok_or(Reason::OutOfRange)?;
            test(blank, weighted(Weight::Modest { delay })?, format!("delay {delay}"))
        }
        M::MaxCombo => {
            let weights = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
                .map(|(rho, gamma)| Weight::FlemingHarrington { rho, gamma });
            let combo = max_combo(time, event, &group, stratum, &weights)?;
            let largest =
                combo.z.iter().copied().fold(0.0, |a: f64, z| if z.abs() > a.abs() { z } else { a });
            let each: Vec<String> = combo.z.iter().map(|z| format!("{z:.3}")).collect();
            blank
                .tested_by(Statistic::Normal, largest, combo.p_two_sided)
                .note(format!("{over}z of (0,0), (1,0), (0,1), (1,1): {}; P of the largest", each.join(", ")))
        }
        M::PetoHazardRatio => {
            let test = weighted(Weight::Constant)?;
            let (value, standard_error) = test.peto_log_hazard_ratio();
            let estimate = Estimate { value, standard_error };
            blank
                .estimated(value, standard_error, estimate.interval(settings.confidence))
                .tested(test.z)
                .note(format!("{over}Peto's interval, log-rank test"))
        }
        M::KaplanMeierDifference | M::KaplanMeierLogLog => {
            let horizon = settings.horizon.ok_or(Reason::OutOfRange)?;
            let [one, zero] = curves(time, event, data);
            let beyond = beyond(time, data, horizon);
            let difference = milestone_difference(&one, &zero, horizon)?;
            let answer = blank.estimated(
                difference.risk_difference,
                difference.standard_error,
                difference.interval(settings.confidence),
            );
            let note = format!(
                "risks {:.4} and {:.4} at {horizon}; Greenwood's errors, Wald's interval{beyond}",
                1.0 - one.survival_at(horizon),
                1.0 - zero.survival_at(horizon)
            );
            if answer.method == M::KaplanMeierDifference {
                answer.tested(difference.z()).note(format!("{note} and test"))
            } else {
                let z = difference.log_log_z.ok_or(Reason::Undefined)?;
                answer.tested(z).note(format!("{note}, test on the scale log(−log)"))
            }
        }
        M::RestrictedMeanDifference | M::RestrictedMeanRatio | M::RestrictedLossRatio => {
            let horizon = settings.horizon.ok_or(Reason::OutOfRange)?;
            let [one, zero] = curves(time, event, data);
            let means = RestrictedMeans::new(&one, &zero, horizon)?;
            let beyond = beyond(time, data, horizon);
            let note = format!(
                "means {:.4} and {:.4} to {horizon}; Wald's test and interval{beyond}",
                means.treatment.mean, means.control.mean
            );
            let confidence = settings.confidence;
            match blank.method {
                M::RestrictedMeanDifference => {
                    let gain = means.gain();
                    blank
                        .estimated(gain.value, gain.standard_error, means.gain_interval(confidence))
                        .tested(means.z())
                        .note(format!("above 0 is time gained; {note}"))
                }
                M::RestrictedMeanRatio => {
                    let ratio = means.log_ratio()?;
                    blank
                        .estimated(ratio.value, ratio.standard_error, ratio.interval(confidence))
                        .tested(-ratio.z())
                        .note(format!("above 1 is time gained; {note}"))
                }
                _ => {
                    let ratio = means.log_ratio_lost()?;
                    blank
                        .estimated(ratio.value, ratio.standard_error, ratio.interval(confidence))
                        .tested(ratio.z())
                        .note(note)
                }
            }
        }
        M::BayesHazardRatio => {
            let columns = data.design();
            let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let problem =
                CoxData { stratum: data.stratum.as_deref(), ..CoxData::new(time, event, &covariates) };
            let fit = cox(problem, settings.ties)?.estimate?;
            let prior = settings.prior_effect;
            let after = prior.updated(fit.coefficients[0], fit.standard_errors()[0]);
            let below = after.below(0.0);
            let better = if settings.higher_is_better { 1.0 - below } else { below };
            let mut answer =
                blank.estimated(after.mean, after.deviation, after.interval(settings.confidence));
            answer.probability_of_benefit = better;
            answer
                .note(format!(
                    "prior of the log hazard ratio normal, mean {:.4}, deviation {}; posterior median, equal-tailed interval",
                    prior.mean, prior.deviation
                ))
                .note(format!("posterior probability of doing better {better:.4}"))
        }
        _ => return Err(Reason::Undefined),
    })
}

/// A log-rank test beside Cox's hazard ratio.
///
/// By the code of each replicate: Efron's ties. With Breslow's the estimate is the general model's.
fn beside_cox(
    blank: Answer,
    time: &[f64],
    event: &[bool],
    data: &Dataset,
    stratum: Option<&[u32]>,
    settings: &Settings,
) -> Result<Answer, Reason> {
    if !event.contains(&true) {
        return Err(Reason::NoEvents);
    }
    let test = if stratum.is_some() { Test::StratifiedLogRank } else { Test::LogRank };
    let method = Method { summary: Summary::HazardRatio, test };
    let made = hazards::compare_in_strata(time, event, data, method, stratum);
    let (estimate, mut answer) = match made {
        Some(made) => {
            let estimate = made
                .estimate
                .is_finite()
                .then_some(Estimate { value: made.estimate, standard_error: made.se });
            (estimate, from_comparison(blank, &made))
        }
        None => {
            let test = log_rank(time, event, &data.group(), stratum, Weight::Constant)?;
            (None, blank.tested(test.z))
        }
    };
    if answer.reason == Some(Reason::NoEvents) {
        // There are events, but none while both arms are at risk.
        answer.reason = Some(Reason::NoVariance);
    }
    let general = settings.ties == Ties::Breslow || estimate.is_none();
    let estimate = if general {
        let arm: Vec<f64> = data.group().iter().map(|&g| f64::from(g)).collect();
        let columns = [&arm[..]];
        let problem = CoxData { stratum, ..CoxData::new(time, event, &columns) };
        cox(problem, settings.ties)
            .and_then(|fit| fit.estimate)
            .map(|e| Estimate { value: e.coefficients[0], standard_error: e.standard_errors()[0] })
    } else {
        estimate.ok_or(Reason::Undefined)
    };
    let ties = if settings.ties == Ties::Breslow { "Breslow" } else { "Efron" };
    let kind = if stratum.is_some() { "stratified Cox" } else { "Cox's" };
    Ok(match estimate {
        Ok(e) => answer
            .estimated(
                e.value,
                e.standard_error,
                Interval::wald(e.value, e.standard_error, settings.confidence),
            )
            .note(format!("log-rank test; {kind} hazard ratio, {ties} ties, Wald's interval")),
        Err(reason) => answer.note(format!("log-rank test; no hazard ratio: {reason}")),
    })
}

/// "2 strata; " or nothing.
pub(super) fn strata_note(data: &Dataset) -> String {
    data.stratum.as_ref().map_or(String::new(), |s| format!("{} strata; ", count_levels(s)))
}

/// The curves of treatment and control.
pub(super) fn curves(time: &[f64], event: &[bool], data: &Dataset) -> [KaplanMeier; 2] {
    [data.treatment, data.control].map(|arm| {
        let rows: Vec<usize> = (0..data.len()).filter(|&i| data.arm[i] == arm).collect();
        let times: Vec<f64> = rows.iter().map(|&i| time[i]).collect();
        let events: Vec<bool> = rows.iter().map(|&i| event[i]).collect();
        KaplanMeier::new(&times, &events)
    })
}

/// Says when nobody of an arm was followed to the horizon.
fn beyond(time: &[f64], data: &Dataset, horizon: f64) -> String {
    let last = |arm: u32| {
        time.iter().zip(&data.arm).filter(|(_, a)| **a == arm).map(|(t, _)| *t).fold(0.0, f64::max)
    };
    let shorter = last(data.treatment).min(last(data.control));
    if shorter < horizon {
        format!(" (follow-up of an arm ends at {shorter}; its curve is carried on)")
    } else {
        String::new()
    }
}

fn groups(method: MethodName, time: &[f64], event: &[bool], data: &Dataset) -> Answer {
    let events = event.iter().filter(|&&e| e).count() as f64;
    let blank = Answer::on_all_arms(method, data, Some(events));
    if events == 0.0 {
        return blank.because(Reason::NoEvents);
    }
    let test = match log_rank_of_groups(time, event, &data.arm, data.stratum.as_deref(), 0.0) {
        Ok(test) => test,
        Err(reason) => return blank.because(reason),
    };
    let arms: Vec<&str> = test.groups.iter().map(|&g| data.arms[g as usize].as_str()).collect();
    if method == MethodName::LogRankGroups {
        return blank.tested_by(Statistic::ChiSquare(test.degrees), test.chi_square, test.p()).note(format!(
            "{}arms {}",
            strata_note(data),
            arms.join(", ")
        ));
    }
    let scores: Vec<f64> = (0..test.groups.len()).map(|k| k as f64).collect();
    match test.trend(&scores) {
        Ok(z) => blank.tested_by(Statistic::Normal, z, two_sided_p(z)).note(format!(
            "{}arms in the order {}; z above 0 is more events in later arms",
            strata_note(data),
            arms.join(", ")
        )),
        Err(reason) => blank.because(reason),
    }
}
