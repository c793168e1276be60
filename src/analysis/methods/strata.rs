//! Two risks over strata: Mantel and Haenszel, Breslow and Day.

use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        dataset::Dataset,
        settings::Settings,
    },
    statistics::{Estimate, Reason, StratifiedTables, TwoByTwo, chi_square_survival},
};

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    use MethodName as M;
    let scale = match method {
        M::MantelHaenszelRiskDifference => Scale::Difference,
        M::BreslowDay | M::BreslowDayTarone => Scale::None,
        _ => Scale::Ratio,
    };
    let blank = Answer::on(method, scale, data);
    made(blank.clone(), data, settings).unwrap_or_else(|reason| blank.because(reason))
}

fn made(blank: Answer, data: &Dataset, settings: &Settings) -> Result<Answer, Reason> {
    use MethodName as M;
    let sizes = data.sizes();
    if sizes[0] == 0 || sizes[1] == 0 {
        return Err(Reason::EmptyArm);
    }
    let tables = tables(data);
    let strata = StratifiedTables(&tables);
    let confidence = settings.confidence;
    let with = |answer: Answer, estimate: Result<Estimate, Reason>| match estimate {
        Ok(e) => answer.estimated(e.value, e.standard_error, e.interval(confidence)),
        Err(reason) => answer.note(format!("no estimate: {reason}")),
    };
    let tested = |answer: Answer| match strata.mantel_haenszel_z() {
        Ok(z) => answer.tested(z),
        Err(reason) => answer.because(reason),
    };
    let several = format!("{} strata", tables.len());
    Ok(match blank.method {
        M::MantelHaenszelOddsRatio => tested(with(blank, strata.log_odds_ratio()))
            .note(format!("{several}; Robins-Breslow-Greenland interval, Cochran-Mantel-Haenszel test")),
        M::MantelHaenszelRiskRatio => tested(with(blank, strata.log_risk_ratio()))
            .note(format!("{several}; Greenland-Robins interval, Cochran-Mantel-Haenszel test")),
        M::MantelHaenszelRiskDifference => tested(with(blank, strata.risk_difference()))
            .note(format!("{several}; Sato's interval, Cochran-Mantel-Haenszel test")),
        M::MantelHaenszelCorrected => {
            let chi_square = strata.mantel_haenszel_chi_square_corrected()?;
            with(blank, strata.log_odds_ratio())
                .tested_by(Statistic::ChiSquare(1), chi_square, chi_square_survival(chi_square, 1.0))
                .note(format!(
                    "{several}; odds ratio with Robins-Breslow-Greenland interval, Cochran-Mantel-Haenszel test with continuity correction"
                ))
        }
        M::MantelHaenszelExact => {
            let law = strata.conditional_distribution();
            let mut answer = blank.exactly(law.test().two_sided);
            match law.odds_ratio() {
                Ok(ratio) => {
                    answer = answer.between(law.odds_ratio_interval(confidence)?);
                    if ratio > 0.0 && ratio.is_finite() {
                        answer.estimate = libm::log(ratio);
                    } else {
                        let end = if ratio > 0.0 { "infinite" } else { "0" };
                        answer = answer.note(format!("the odds ratio is {end}"));
                    }
                }
                Err(_) => answer = answer.note("the margins leave the odds ratio open"),
            }
            answer.note(format!("{several}; conditional odds ratio, exact interval and test"))
        }
        M::BreslowDay | M::BreslowDayTarone => {
            let test = strata.breslow_day()?;
            if test.degrees == 0 {
                return Err(Reason::NoVariance);
            }
            let (chi_square, p) = if blank.method == M::BreslowDay {
                (test.chi_square, test.p())
            } else {
                (test.tarone, test.tarone_p())
            };
            blank
                .tested_by(Statistic::ChiSquare(test.degrees), chi_square, p)
                .note(format!("{several}; around the Mantel-Haenszel odds ratio"))
        }
        _ => return Err(Reason::Undefined),
    })
}

fn tables(data: &Dataset) -> Vec<TwoByTwo> {
    let none = vec![0; data.len()];
    let stratum = data.stratum.as_ref().unwrap_or(&none);
    let mut levels = stratum.clone();
    levels.sort_unstable();
    levels.dedup();
    levels.iter().map(|level| data.table(|i| stratum[i] == *level)).collect()
}
