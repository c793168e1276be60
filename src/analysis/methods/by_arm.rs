//! What is known of each arm on its own: risks, medians, means.

use super::times::curves;
use crate::{
    analysis::{
        answer::{Answer, Scale},
        catalogue::MethodName,
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    statistics::{CumulativeIncidence, Interval, IntervalScale, KaplanMeier, Reason},
};

/// Each arm's survival curve at one time, treatment first.
pub(super) fn curves_of(data: &Dataset) -> Option<[KaplanMeier; 2]> {
    match &data.outcome {
        Outcome::Event { event, time: Some(time), .. } => Some(curves(time, event, data)),
        _ => None,
    }
}

pub(super) fn curves_answers(method: MethodName, data: &Dataset, settings: &Settings) -> Vec<Answer> {
    let (sizes, events) = (data.sizes(), data.events().unwrap_or_default());
    let Some(curves) = curves_of(data) else { return Vec::new() };
    let scale = match method {
        MethodName::KaplanMeier => Scale::Probability,
        MethodName::NelsonAalen => Scale::Hazard,
        _ => Scale::Time,
    };
    let arms = [data.treatment, data.control];
    (0..2)
        .map(|k| {
            let name = &data.arms[arms[k] as usize];
            let blank = Answer::on_arm(method, scale, name, sizes[k], Some(events[k]));
            if sizes[k] == 0 {
                return blank.because(Reason::EmptyArm);
            }
            let answer =
                curve(blank.clone(), &curves[k], settings).unwrap_or_else(|reason| blank.because(reason));
            match settings.horizon.filter(|_| method == MethodName::RestrictedMean) {
                Some(horizon) => carried_on(answer, data, arms[k], &curves[k], horizon),
                None => answer,
            }
        })
        .collect()
}

fn curve(blank: Answer, curve: &KaplanMeier, settings: &Settings) -> Result<Answer, Reason> {
    let confidence = settings.confidence;
    if blank.method == MethodName::MedianSurvival {
        let median = curve.quantile(0.5, settings.interval, confidence);
        let limit = |x: Option<f64>| x.map_or("not reached".to_owned(), |x| x.to_string());
        let estimate = median.estimate.ok_or(Reason::NotReached)?;
        let open = f64::INFINITY;
        let interval = Interval { lower: median.lower.unwrap_or(open), upper: median.upper.unwrap_or(open) };
        let answer = blank.estimated(estimate, f64::NAN, interval);
        return Ok(if median.lower.is_none() || median.upper.is_none() {
            answer.note(format!("limits {} and {}", limit(median.lower), limit(median.upper)))
        } else {
            answer
        }
        .note(format!("Brookmeyer and Crowley's interval, {}", scale(settings.interval))));
    }
    let horizon = settings.horizon.ok_or(Reason::OutOfRange)?;
    let at_risk = curve.at_risk(horizon);
    let followed = format!("at {horizon}, {at_risk} at risk");
    Ok(match blank.method {
        MethodName::KaplanMeier => {
            let survival = curve.survival_at(horizon);
            let mut answer = blank;
            answer.estimate = 1.0 - survival;
            answer.se = curve.standard_error_at(horizon).unwrap_or(f64::NAN);
            match curve.interval_at(horizon, settings.interval, confidence) {
                Some(limits) => {
                    (answer.lower, answer.upper) = (1.0 - limits.upper, 1.0 - limits.lower);
                    answer
                        .note(format!("{followed}; Greenwood's error, {} interval", scale(settings.interval)))
                }
                None => answer.note(format!(
                    "{followed}; the {} interval does not exist at a risk of 0 or 1",
                    scale(settings.interval)
                )),
            }
        }
        MethodName::NelsonAalen => {
            let (hazard, variance) = curve
                .step_at(horizon)
                .map_or((0.0, 0.0), |s| (s.cumulative_hazard, s.cumulative_hazard_variance));
            let se = variance.sqrt();
            blank
                .estimated(hazard, se, Interval::wald(hazard, se, confidence))
                .note(format!("{followed}; Wald's interval"))
        }
        _ => {
            let mean = curve.restricted_mean(horizon);
            let se = mean.variance.sqrt();
            blank
                .estimated(mean.mean, se, Interval::wald(mean.mean, se, confidence))
                .note(format!("to {horizon}; Wald's interval"))
        }
    })
}

/// Says when an arm was not followed to the horizon and its curve had not come down.
fn carried_on(answer: Answer, data: &Dataset, arm: u32, curve: &KaplanMeier, horizon: f64) -> Answer {
    let Outcome::Event { time: Some(time), .. } = &data.outcome else { return answer };
    let last = time.iter().zip(&data.arm).filter(|(_, a)| **a == arm).map(|(t, _)| *t).fold(0.0, f64::max);
    if last < horizon && curve.survival_at(horizon) > 0.0 {
        answer.note(format!("follow-up ends at {last}; the curve is carried on"))
    } else {
        answer
    }
}

fn scale(scale: IntervalScale) -> &'static str {
    match scale {
        IntervalScale::Plain => "plain",
        IntervalScale::Log => "log",
        IntervalScale::LogLog => "log-log",
    }
}

/// Each arm's Aalen-Johansen risk at one time, treatment first.
pub(super) fn incidence(method: MethodName, data: &Dataset, settings: &Settings) -> Vec<Answer> {
    let Outcome::Cause { time, cause } = &data.outcome else { return Vec::new() };
    [data.treatment, data.control]
        .map(|arm| {
            let rows: Vec<usize> = (0..data.len()).filter(|&i| data.arm[i] == arm).collect();
            let times: Vec<f64> = rows.iter().map(|&i| time[i]).collect();
            let causes: Vec<u8> = rows.iter().map(|&i| cause[i]).collect();
            let events = causes.iter().filter(|&&c| c == settings.of).count() as f64;
            let name = &data.arms[arm as usize];
            let blank = Answer::on_arm(method, Scale::Probability, name, rows.len(), Some(events));
            let Some(horizon) = settings.horizon else { return blank.because(Reason::OutOfRange) };
            if rows.is_empty() {
                return blank.because(Reason::EmptyArm);
            }
            let curve = CumulativeIncidence::new(&times, &causes, settings.of);
            let se = curve.variance_at(horizon).sqrt();
            if curve.at(horizon) == 0.0 {
                let mut answer = blank.note(format!("at {horizon}; nobody had the event by then"));
                answer.estimate = 0.0;
                return answer;
            }
            blank
                .estimated(curve.at(horizon), se, curve.interval_at(horizon, settings.confidence))
                .note(format!("at {horizon}; Aalen-Johansen, delta-method error, log(−log) interval"))
        })
        .to_vec()
}
