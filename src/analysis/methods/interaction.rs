//! Whether an effect differs between the levels of a subgroup.

use crate::{
    analysis::{
        answer::{Answer, Scale, Statistic},
        dataset::Dataset,
        settings::Settings,
    },
    statistics::{Estimate, Matrix, Reason, chi_square_survival, interaction},
};

/// Wald's test from one method's answers at each level: of effects estimated in each level alone.
///
/// For Cox's model it is the test of interaction in a model stratified by the subgroup, for odds ratios
/// Woolf's. A level without an estimate leaves it without one. With `shared` clusters, that have patients of
/// several levels, the levels' estimates are not independent and there is no such test.
pub fn interaction_of(levels: &[Answer], confidence: f64, shared: bool) -> Option<Answer> {
    let first = levels.first()?;
    if first.scale == Scale::None || first.arm.is_some() || levels.len() < 2 {
        return None;
    }
    let scale = if levels.len() == 2 { first.scale } else { Scale::None };
    let mut answer = Answer {
        scale,
        n: levels.iter().map(|a| a.n).sum(),
        events: levels.iter().map(|a| a.events).sum(),
        notes: vec!["Wald's test from the levels' estimates".to_owned()],
        ..first.clone()
    };
    answer.by_arm = levels.iter().map(|a| a.by_arm).reduce(|a, b| {
        let ((sizes, events), (more_sizes, more_events)) = (a?, b?);
        let events = events.zip(more_events).map(|(a, b)| [a[0] + b[0], a[1] + b[1]]);
        Some(([sizes[0] + more_sizes[0], sizes[1] + more_sizes[1]], events))
    })?;
    answer.probability_of_benefit = f64::NAN;
    (answer.estimate, answer.se, answer.lower, answer.upper) = (f64::NAN, f64::NAN, f64::NAN, f64::NAN);
    (answer.statistic, answer.p_value, answer.reason) = (f64::NAN, f64::NAN, None);
    if levels.iter().any(|a| !a.estimate.is_finite() || a.se.is_nan() || a.se <= 0.0) {
        return Some(answer.because(Reason::Undefined).note("a level has no estimate"));
    }
    if shared {
        return Some(answer.because(Reason::Undefined).note(
            "clusters have patients of several levels, whose estimates are not independent; logistic_interaction and cox_interaction allow for that",
        ));
    }
    let estimates: Vec<_> = levels.iter().map(|a| Some((a.estimate, a.se))).collect();
    let made = match interaction(&estimates) {
        Err(reason) => answer.because(reason),
        Ok(test) => {
            let answer = answer.tested_by(Statistic::ChiSquare(test.degrees), test.chi_square, test.p());
            match levels {
                [one, two] => {
                    let difference = Estimate {
                        value: two.estimate - one.estimate,
                        standard_error: (one.se * one.se + two.se * two.se).sqrt(),
                    };
                    answer
                        .estimated(
                            difference.value,
                            difference.standard_error,
                            difference.interval(confidence),
                        )
                        .note("the estimate is that of the second level against the first")
                }
                _ => answer,
            }
        }
    };
    Some(made.checked())
}

/// The arm, the levels of the subgroup but the first, their products with the arm, the covariates.
pub(super) fn products(data: &Dataset) -> Result<Vec<Vec<f64>>, Reason> {
    let subgroup = data.subgroup.as_ref().ok_or(Reason::Undefined)?;
    let most = subgroup.iter().copied().max().ok_or(Reason::EmptyArm)?;
    if most == 0 {
        return Err(Reason::NoVariance);
    }
    let mut design = data.design();
    let arm = design.remove(0);
    let of = |level: u32| -> Vec<f64> { subgroup.iter().map(|&s| f64::from(u8::from(s == level))).collect() };
    let mains: Vec<Vec<f64>> = (1..=most).map(of).collect();
    let crossed: Vec<Vec<f64>> =
        mains.iter().map(|m| m.iter().zip(&arm).map(|(m, a)| m * a).collect()).collect();
    let mut columns = vec![arm];
    columns.extend(mains);
    columns.extend(crossed);
    columns.extend(design);
    Ok(columns)
}

/// Wald's test that all `terms` are 0; with one, also its estimate.
pub(super) fn wald_of(
    blank: Answer,
    coefficients: &[f64],
    covariance: &Matrix,
    terms: &[usize],
    settings: &Settings,
) -> Result<Answer, Reason> {
    let mut part = Matrix::zero(terms.len());
    for (a, &i) in terms.iter().enumerate() {
        for (b, &j) in terms.iter().enumerate() {
            part.set(a, b, covariance.get(i, j));
        }
    }
    let right: Vec<f64> = terms.iter().map(|&i| coefficients[i]).collect();
    let chi_square: f64 = part.solve(&right)?.iter().zip(&right).map(|(a, b)| a * b).sum();
    let degrees = terms.len();
    let answer = blank
        .tested_by(Statistic::ChiSquare(degrees), chi_square, chi_square_survival(chi_square, degrees as f64))
        .note("Wald's test of the products of arm and level");
    Ok(match terms {
        [only] => {
            let effect =
                Estimate { value: coefficients[*only], standard_error: covariance.standard_errors()[*only] };
            answer
                .estimated(effect.value, effect.standard_error, effect.interval(settings.confidence))
                .note("the estimate is that of the second level against the first")
        }
        _ => answer,
    })
}
