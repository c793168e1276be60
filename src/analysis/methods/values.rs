//! Numbers and ordered categories compared between arms.

use super::models::{covariates_note, wald};
use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        catalogue::MethodName,
        dataset::{Dataset, Outcome},
        settings::Settings,
        values::categories,
    },
    statistics::{
        Interval, MannWhitney, Reason, Regression, StudentEstimate, brunner_munzel, hodges_lehmann,
        hodges_lehmann_interval, kruskal_wallis, linear_regression, mann_whitney, mann_whitney_exact_p,
        pooled_t, probability_of_higher, proportional_odds, student_quantile, van_elteren, welch,
    },
};

/// Pairs of patients whose differences are kept in memory.
const MOST_PAIRS: usize = 20_000_000;
/// Patients for whom all divisions of the ranks are counted.
const MOST_DIVIDED: usize = 200;
/// Categories of a proportional-odds model.
const MOST_CATEGORIES: usize = 50;

pub(super) fn answer(method: MethodName, data: &Dataset, settings: &Settings) -> Answer {
    use MethodName as M;
    let Outcome::Value(value) = &data.outcome else {
        return Answer::on(method, Scale::None, data).because(Reason::Undefined);
    };
    if method == M::KruskalWallis {
        let blank = Answer::on_all_arms(method, data, None);
        return match kruskal_wallis(value, &data.arm) {
            Ok((chi_square, degrees, p)) => blank
                .tested_by(Statistic::ChiSquare(degrees), chi_square, p)
                .note(format!("arms {}", data.arms.join(", "))),
            Err(reason) => blank.because(reason),
        };
    }
    let scale = match method {
        M::Welch | M::Student | M::Ancova | M::AncovaRobust | M::HodgesLehmann => Scale::Difference,
        M::GeometricMeanRatio | M::ProportionalOdds => Scale::Ratio,
        M::VanElteren => Scale::None,
        _ => Scale::Probability,
    };
    let blank = Answer::on(method, scale, data);
    made(blank.clone(), value, data, settings).unwrap_or_else(|reason| blank.because(reason))
}

fn made(blank: Answer, value: &[f64], data: &Dataset, settings: &Settings) -> Result<Answer, Reason> {
    use MethodName as M;
    let of = |arm: u32| -> Vec<f64> {
        value.iter().zip(&data.arm).filter(|(_, a)| **a == arm).map(|(v, _)| *v).collect()
    };
    let (one, zero) = (of(data.treatment), of(data.control));
    if one.is_empty() || zero.is_empty() {
        return Err(Reason::EmptyArm);
    }
    let given = covariates_note(data);
    let ranks = matches!(
        blank.method,
        M::MannWhitney | M::MannWhitneyCorrected | M::MannWhitneyExact | M::BrunnerMunzel | M::VanElteren
    ) || blank.method == M::ProportionalOdds;
    if !ranks && value.iter().any(|v| v.is_infinite()) {
        return Ok(blank.because(Reason::Undefined).note("infinite values have ranks and no mean"));
    }
    Ok(match blank.method {
        M::Welch => student(blank, welch(&one, &zero)?, value, settings)
            .note("treatment less control; Welch's test and interval"),
        M::Student => student(blank, pooled_t(&one, &zero)?, value, settings)
            .note("treatment less control; Student's test and interval"),
        M::Ancova | M::AncovaRobust => {
            let (estimate, robust) = linear(value, data)?;
            if blank.method == M::Ancova {
                student(blank, estimate, value, settings)
                    .note(format!("treatment less control, {given}t test and interval"))
            } else {
                student(blank, robust, value, settings)
                    .note(format!("treatment less control, {given}HC3 sandwich error, t test and interval"))
            }
        }
        M::GeometricMeanRatio => {
            if value.iter().any(|v| *v <= 0.0) {
                return Ok(blank.because(Reason::OutOfRange).note("a logarithm needs values above 0"));
            }
            let logs: Vec<f64> = value.iter().map(|v| libm::log(*v)).collect();
            student(blank, linear(&logs, data)?.0, &logs, settings)
                .note(format!("{given}t test and interval of the difference of logarithms"))
        }
        M::MannWhitney | M::MannWhitneyCorrected | M::MannWhitneyExact => {
            let exact = blank.method == M::MannWhitneyExact;
            if exact && value.len() > MOST_DIVIDED {
                return Err(Reason::TooMany);
            }
            let test = mann_whitney(&one, &zero)?;
            let answer = probability(blank, &one, &zero, settings)?;
            match answer.method {
                M::MannWhitney => {
                    rank_test(answer, test, test.p_two_sided()).note("Mann-Whitney test with ties")
                }
                M::MannWhitneyCorrected => {
                    let corrected = test.p_two_sided_corrected();
                    rank_test(answer, test, corrected)
                        .note("Mann-Whitney test with ties, P with the continuity correction")
                }
                _ => answer
                    .exactly(mann_whitney_exact_p(&one, &zero)?)
                    .note("exact P over all divisions of the ranks"),
            }
        }
        M::BrunnerMunzel => {
            let test = brunner_munzel(&one, &zero)?;
            let estimate = probability_of_higher(&one, &zero)?;
            let reach =
                student_quantile(0.5 + 0.5 * settings.confidence, test.degrees) * estimate.standard_error;
            let interval = Interval {
                lower: (estimate.value - reach).max(0.0),
                upper: (estimate.value + reach).min(1.0),
            };
            blank
                .estimated(estimate.value, estimate.standard_error, interval)
                .tested_by(Statistic::Student(test.degrees), test.statistic, test.p_two_sided())
                .note(
                    "probability that treatment is higher; t test and interval with Satterthwaite's degrees",
                )
        }
        M::HodgesLehmann => {
            if one.len().saturating_mul(zero.len()) > MOST_PAIRS {
                return Err(Reason::TooMany);
            }
            let shift = hodges_lehmann(&one, &zero)?;
            let interval = hodges_lehmann_interval(&one, &zero, settings.confidence)?;
            let test = mann_whitney(&one, &zero)?;
            blank
                .estimated(shift, f64::NAN, interval)
                .tested(test.z())
                .note("median of all differences, treatment less control; interval by inverting the Mann-Whitney test")
        }
        M::VanElteren => {
            let stratum = data.stratum.as_deref().ok_or(Reason::Undefined)?;
            let test = van_elteren(value, &data.group(), stratum)?;
            blank.tested(test.z()).note("ranks within strata, each weighted by 1/(N + 1)")
        }
        M::ProportionalOdds => {
            let (codes, levels) = categories(value);
            if levels > MOST_CATEGORIES {
                return Ok(blank
                    .because(Reason::OutOfRange)
                    .note(format!("{levels} categories; at most {MOST_CATEGORIES}")));
            }
            let columns = data.design();
            let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let fit = proportional_odds(&codes, &covariates)?;
            wald(blank, fit.coefficient(0), settings).note(format!(
                "{given}odds ratio of a higher category, {levels} categories; Wald's test and interval"
            ))
        }
        _ => return Err(Reason::Undefined),
    })
}

/// The arm's coefficient with the model's error, and with HC3's.
fn linear(value: &[f64], data: &Dataset) -> Result<(StudentEstimate, StudentEstimate), Reason> {
    let columns = data.design();
    let covariates: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let fit = linear_regression(Regression::new(value, &covariates))?;
    let estimate = fit.coefficient(1);
    let robust = StudentEstimate { standard_error: fit.hc3.standard_errors()[1], ..estimate };
    Ok((estimate, robust))
}

fn student(blank: Answer, estimate: StudentEstimate, values: &[f64], settings: &Settings) -> Answer {
    // What rounding leaves of no error at all.
    let largest = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    if estimate.standard_error <= 1e-13 * largest {
        return blank.because(Reason::NoVariance);
    }
    blank
        .estimated(estimate.value, estimate.standard_error, estimate.interval(settings.confidence))
        .tested_by(Statistic::Student(estimate.degrees), estimate.t(), estimate.p_two_sided())
}

/// The probability that treatment is higher, ties counting half, with Wald's interval cut at 0 and 1.
fn probability(blank: Answer, one: &[f64], zero: &[f64], settings: &Settings) -> Result<Answer, Reason> {
    let note = "probability that treatment is higher, ties half; interval from its placements";
    match probability_of_higher(one, zero) {
        Ok(estimate) => {
            let limits = estimate.interval(settings.confidence);
            let interval = Interval { lower: limits.lower.max(0.0), upper: limits.upper.min(1.0) };
            Ok(blank.estimated(estimate.value, estimate.standard_error, interval).note(note))
        }
        Err(_) => {
            let mut answer = blank.note("an arm of one leaves no interval");
            answer.estimate = mann_whitney(one, zero)?.probability();
            Ok(answer)
        }
    }
}

fn rank_test(answer: Answer, test: MannWhitney, p: f64) -> Answer {
    answer.tested_by(Statistic::Normal, test.z(), p)
}
