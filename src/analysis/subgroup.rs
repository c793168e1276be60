//! Subgroups: patients split by what was recorded at baseline, and the test of interaction.

use super::comparison::{CONFIDENCE, Comparison};
use crate::statistics::{self, Estimate, Reason};

/// A split of the patients by a recorded covariate or an expression over several.
#[derive(Clone, Debug, PartialEq)]
pub struct Subgroup {
    pub name: String,
    pub label: String,
    pub levels: Vec<String>,
    /// Level of each pool row; [`MISSING_LEVEL`] where it was not recorded.
    pub code: Vec<u8>,
}

/// The level of a patient of whom it was not recorded: no level of the subgroup.
pub const MISSING_LEVEL: u8 = u8::MAX;

impl Subgroup {
    /// The same with those of whom it was not recorded as a level of their own, as strata need it.
    pub fn with_missing_as_level(mut self) -> Self {
        let missing = self.levels.len() as u8;
        let mut any = false;
        for code in self.code.iter_mut().filter(|c| **c == MISSING_LEVEL) {
            (*code, any) = (missing, true);
        }
        if any {
            self.levels.push("not recorded".into());
        }
        self
    }
}

/// Levels a subgroup may have.
pub const MOST_LEVELS: usize = 16;

/// The effect of one comparison less that of another, both on the analysis scale, with Wald's test: the
/// interaction of two treatments. The comparisons share no patients.
pub fn contrast(one: &Comparison, other: &Comparison) -> Comparison {
    let mut result = Comparison {
        n_treatment: one.n_treatment + other.n_treatment,
        n_control: one.n_control + other.n_control,
        events_treatment: one.events_treatment + other.events_treatment,
        events_control: one.events_control + other.events_control,
        ..Comparison::none(Reason::NoVariance)
    };
    if !(one.se > 0.0 && other.se > 0.0) {
        result.reason = one.reason.or(other.reason).or(result.reason);
        return result;
    }
    let difference = Estimate {
        value: one.estimate - other.estimate,
        standard_error: (one.se * one.se + other.se * other.se).sqrt(),
    };
    let interval = difference.interval(CONFIDENCE);
    (result.estimate, result.se) = (difference.value, difference.standard_error);
    (result.lower, result.upper) = (interval.lower, interval.upper);
    result.statistic = result.estimate / result.se;
    result.p_value = statistics::two_sided_p(result.statistic);
    result.reason = None;
    result
}

/// The test that an effect is the same in all levels of a subgroup.
///
/// For hazard ratios this is the test of the interaction in a Cox model stratified by the subgroup; for
/// ratios of risks or odds it is Woolf's. With two levels the estimate is the difference of the second
/// from the first, on the analysis scale. A level without an answer leaves the test without one.
pub fn interaction(levels: &[Comparison]) -> Comparison {
    let mut result = Comparison {
        n_treatment: levels.iter().map(|c| c.n_treatment).sum(),
        n_control: levels.iter().map(|c| c.n_control).sum(),
        events_treatment: levels.iter().map(|c| c.events_treatment).sum(),
        events_control: levels.iter().map(|c| c.events_control).sum(),
        ..Comparison::none(Reason::NoVariance)
    };
    if levels.iter().any(|c| c.se.is_nan() || c.se <= 0.0) {
        return result;
    }
    let mut estimates = [None; MOST_LEVELS];
    for (estimate, c) in estimates.iter_mut().zip(levels) {
        *estimate = Some((c.estimate, c.se));
    }
    match statistics::interaction(&estimates[..levels.len().min(MOST_LEVELS)]) {
        Err(reason) => result.reason = Some(reason),
        Ok(test) => {
            result.reason = None;
            result.statistic = test.chi_square;
            result.p_value = test.p();
        }
    }
    if let [first, second] = levels {
        let difference = Estimate {
            value: second.estimate - first.estimate,
            standard_error: (first.se * first.se + second.se * second.se).sqrt(),
        };
        let interval = difference.interval(CONFIDENCE);
        (result.estimate, result.se) = (difference.value, difference.standard_error);
        (result.lower, result.upper) = (interval.lower, interval.upper);
    }
    result
}
