//! Rates of what may recur.

use super::models::{arm_of, covariates_note, finite_part, wald};
use crate::{
    analysis::{
        answer::{Answer, Scale},
        catalogue::MethodName,
        dataset::{Dataset, Outcome},
        rates::rate_ratio,
        settings::Settings,
    },
    statistics::{Estimate, Family, Reason, Regression, TwoRates, glm},
};

/// Events among which all splits are gone through.
const MOST_SPLIT: f64 = 1_000_000.0;

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    let blank = Answer::on(method, Scale::Ratio, data);
    made(blank.clone(), data, settings).unwrap_or_else(|reason| {
        let rest = finite_part(data, Family::Poisson).filter(|_| reason == Reason::MonotoneLikelihood);
        let answer =
            rest.and_then(|(rest, note)| Some(made(blank.clone(), &rest, settings).ok()?.note(note)));
        answer.unwrap_or_else(|| blank.because(reason))
    })
}

fn made(blank: Answer, data: &Dataset, settings: &Settings) -> Result<Answer, Reason> {
    use MethodName as M;
    let Outcome::Count { count, exposure } = &data.outcome else { return Err(Reason::Undefined) };
    let [n1, n0] = data.sizes();
    if n1 == 0 || n0 == 0 {
        return Err(Reason::EmptyArm);
    }
    let events = data.events().unwrap_or_default();
    if events[0] + events[1] == 0.0 {
        return Err(Reason::NoEvents);
    }
    let ones = vec![1.0; data.len()];
    let exposed = exposure.as_ref().unwrap_or(&ones);
    let offset: Vec<f64> = exposed.iter().map(|x| libm::log(*x)).collect();
    let over = |arm: u32| exposed.iter().zip(&data.arm).filter(|(_, a)| **a == arm).map(|(x, _)| *x).sum();
    let rates = TwoRates {
        events_treatment: events[0] as u32,
        exposure_treatment: over(data.treatment),
        events_control: events[1] as u32,
        exposure_control: over(data.control),
    };
    if blank.method == M::RateRatioExact {
        if events[0] + events[1] > MOST_SPLIT {
            return Err(Reason::TooMany);
        }
        let answer = blank.exactly(rates.exact_p()?).note("exact test and interval given the total");
        return Ok(match rates.log_rate_ratio() {
            Ok(ratio) => {
                let mut answer = answer.between(rates.exact_interval(settings.confidence));
                (answer.estimate, answer.se) = (ratio.value, ratio.standard_error);
                answer
            }
            Err(_) => {
                let limits = rates.exact_interval(settings.confidence);
                answer.between(limits).note("an arm without events leaves no estimate, but an interval")
            }
        });
    }
    if events[0] == 0.0 || events[1] == 0.0 {
        return Err(Reason::MonotoneLikelihood);
    }
    let columns = data.design();
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let regression = Regression { offset: Some(&offset), ..Regression::new(count, &covariates) };
    let given = covariates_note(data);
    Ok(match blank.method {
        M::Poisson => {
            let fit = glm(regression, Family::Poisson)?;
            wald(blank, fit.coefficient(1), settings).note(format!(
                "{given}Wald's test and interval; Pearson dispersion {:.3}, above 1 is more spread than Poisson's",
                fit.pearson_dispersion
            ))
        }
        M::PoissonRobust => {
            let fit = glm(regression, Family::Poisson)?;
            let (arm, note) = arm_of(&fit, data, true);
            wald(blank, arm, settings).note(format!("{given}{note}"))
        }
        M::QuasiPoisson => {
            let fit = glm(regression, Family::Poisson)?;
            let arm = fit.coefficient(1);
            let spread = fit.pearson_dispersion.sqrt();
            let estimate = Estimate { standard_error: arm.standard_error * spread, ..arm };
            wald(blank, estimate, settings).note(format!(
                "{given}error times the root of the Pearson dispersion {:.3}; Wald's test and interval, normal",
                fit.pearson_dispersion
            ))
        }
        M::NegativeBinomial => {
            let (ratio, theta) = rate_ratio(regression)?;
            let how = match theta {
                Some(theta) => format!("theta {theta:.4}, its error allowed for"),
                None => "the counts vary no more than Poisson's, whose model this is".to_owned(),
            };
            wald(blank, ratio, settings).note(format!("{given}{how}; Wald's test and interval"))
        }
        _ => return Err(Reason::Undefined),
    })
}
