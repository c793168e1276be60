//! One cause of several compared between two arms.

use super::{
    hazards,
    models::{covariates_note, wald},
    times::strata_note,
};
use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        dataset::{Dataset, Outcome},
        settings::Settings,
    },
    statistics::{
        CensoringTies, CumulativeIncidence, Estimate, Reason, Weight, fine_gray, gray_test, log_rank,
    },
};

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    if method == MethodName::CauseSpecificCox {
        return hazards::answer(method, data, settings);
    }
    let scale = match method {
        MethodName::FineGray => Scale::Ratio,
        MethodName::CumulativeIncidenceDifference => Scale::Difference,
        _ => Scale::None,
    };
    let mut blank = Answer::on(method, scale, data);
    let Outcome::Cause { time, cause } = &data.outcome else { return blank.because(Reason::Undefined) };
    let events = [data.treatment, data.control].map(|arm| {
        cause.iter().zip(&data.arm).filter(|(c, a)| **c == settings.of && **a == arm).count() as f64
    });
    blank.events = Some(events[0] + events[1]);
    blank.by_arm = blank.by_arm.map(|(sizes, _)| (sizes, Some(events)));
    made(blank.clone(), time, cause, data, settings).unwrap_or_else(|reason| blank.because(reason))
}

fn made(
    blank: Answer,
    time: &[f64],
    cause: &[u8],
    data: &Dataset,
    settings: &Settings,
) -> Result<Answer, Reason> {
    use MethodName as M;
    let [n1, n0] = data.sizes();
    if n1 == 0 || n0 == 0 {
        return Err(Reason::EmptyArm);
    }
    let of = settings.of;
    if !cause.contains(&of) {
        return Err(Reason::NoEvents);
    }
    Ok(match blank.method {
        M::Gray | M::StratifiedGray => {
            let group: Vec<u32> = data.group().iter().map(|&g| u32::from(g)).collect();
            let stratum = match blank.method {
                M::StratifiedGray => Some(data.stratum.as_deref().ok_or(Reason::Undefined)?),
                _ => None,
            };
            let test = gray_test(time, cause, &group, stratum, of, 0.0)?;
            blank
                .tested_by(Statistic::Normal, test.z(), test.p())
                .note(format!("z is the signed root of Gray's chi-square {:.4}", test.chi_square))
        }
        M::FineGray => {
            let columns = data.design();
            let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let fit = fine_gray(time, cause, &covariates, of, CensoringTies::Together)?;
            let estimate = Estimate { value: fit.coefficients[0], standard_error: fit.standard_errors()[0] };
            wald(blank, estimate, settings).note(format!(
                "{}subdistribution hazard ratio, robust error, Wald's test and interval",
                covariates_note(data)
            ))
        }
        M::CauseSpecificLogRank => {
            let event: Vec<bool> = cause.iter().map(|&c| c == of).collect();
            let test = log_rank(time, &event, &data.group(), data.stratum.as_deref(), Weight::Constant)?;
            blank.tested(test.z).note(format!("{}other causes censored", strata_note(data)))
        }
        M::CumulativeIncidenceDifference => {
            let horizon = settings.horizon.ok_or(Reason::OutOfRange)?;
            let [(one, v1), (zero, v0)] = [data.treatment, data.control].map(|arm| {
                let rows: Vec<usize> = (0..data.len()).filter(|&i| data.arm[i] == arm).collect();
                let times: Vec<f64> = rows.iter().map(|&i| time[i]).collect();
                let causes: Vec<u8> = rows.iter().map(|&i| cause[i]).collect();
                let curve = CumulativeIncidence::new(&times, &causes, of);
                (curve.at(horizon), curve.variance_at(horizon))
            });
            let estimate = Estimate { value: one - zero, standard_error: (v1 + v0).sqrt() };
            wald(blank, estimate, settings).note(format!(
                "risks {one:.4} and {zero:.4} at {horizon}; Aalen-Johansen, delta-method error, Wald's test and interval"
            ))
        }
        _ => return Err(Reason::Undefined),
    })
}
