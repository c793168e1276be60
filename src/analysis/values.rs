//! Comparisons of a number between two arms: means, ranks, ordered categories.

use super::comparison::{CONFIDENCE, Comparison, Method, Strata, Summary, Test};
use crate::{
    outcome::kinds::Measured,
    statistics::{
        Interval, Reason, Regression, StudentEstimate, linear_regression, mann_whitney, normal_quantile,
        proportional_odds, van_elteren, welch,
    },
};

/// The patients of a comparison as the statistics want them.
#[derive(Clone, Debug, Default)]
struct Sides {
    value: Vec<f64>,
    baseline: Vec<f64>,
    /// 1 treatment, 0 control.
    group: Vec<u8>,
    arm: Vec<f64>,
    stratum: Vec<u32>,
}

impl Sides {
    fn of(seen: &Measured, group: &[u8], strata: Strata<'_>, member: impl Fn(usize) -> bool) -> Self {
        let mut sides = Sides::default();
        for (i, &g) in group.iter().enumerate() {
            if g > 1 || !seen.known[i] || !member(i) {
                continue;
            }
            sides.value.push(seen.value[i]);
            sides.group.push(g);
            sides.arm.push(f64::from(g));
            if let Some(&baseline) = seen.baseline.get(i) {
                sides.baseline.push(baseline);
            }
            if let Some((stratum, _)) = strata {
                sides.stratum.push(u32::from(stratum(i)));
            }
        }
        sides
    }

    fn arm(&self, arm: u8) -> Vec<f64> {
        self.value.iter().zip(&self.group).filter(|(_, g)| **g == arm).map(|(v, _)| *v).collect()
    }
}

/// Numbers as ordered categories, from 0, and how many there are.
pub fn categories(value: &[f64]) -> (Vec<u32>, usize) {
    let mut levels = value.to_vec();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let codes = value.iter().map(|v| levels.partition_point(|level| level < v) as u32).collect();
    (codes, levels.len())
}

/// Compares numbers among the patients whose number is known and for whom `member` holds.
pub fn compare_values(
    seen: &Measured,
    group: &[u8],
    method: Method,
    strata: Strata<'_>,
    member: impl Fn(usize) -> bool,
) -> Comparison {
    let sides = Sides::of(seen, group, strata, member);
    let (treatment, control) = (sides.arm(1), sides.arm(0));
    let mut result = Comparison::none(Reason::EmptyArm);
    (result.n_treatment, result.n_control) = (treatment.len() as u32, control.len() as u32);
    if treatment.is_empty() || control.is_empty() {
        return result;
    }
    if method.summary == Summary::CommonOddsRatio {
        compare_categories(&sides, &mut result);
        return result;
    }
    // Ranks allow numbers beyond all others; means do not.
    let finite = sides.value.iter().all(|x| x.is_finite());
    let means = match method.test {
        _ if !finite => Err(Reason::Undefined),
        Test::Ancova => {
            let covariates: [&[f64]; 2] = [&sides.arm, &sides.baseline];
            linear_regression(Regression::new(&sides.value, &covariates)).map(|fit| fit.coefficient(1))
        }
        _ => welch(&treatment, &control),
    };
    if let Ok(mean) = means {
        result.measured(mean.value, mean.standard_error, mean.interval(CONFIDENCE));
    }
    match method.test {
        Test::MannWhitney => result.tested(mann_whitney(&treatment, &control).map(|test| test.z())),
        Test::VanElteren => {
            result.tested(van_elteren(&sides.value, &sides.group, &sides.stratum).map(|test| test.z()))
        }
        _ => result.tested(means.map(|mean| as_normal(&mean))),
    }
    result
}

/// The normal deviate with the P value of Student's t, so that one critical value serves all tests.
fn as_normal(estimate: &StudentEstimate) -> f64 {
    let one_sided = (0.5 * estimate.p_two_sided()).max(f64::MIN_POSITIVE);
    -normal_quantile(one_sided) * estimate.value.signum()
}

fn compare_categories(sides: &Sides, result: &mut Comparison) {
    let (outcome, _) = categories(&sides.value);
    match proportional_odds(&outcome, &[&sides.arm]) {
        Ok(fit) => {
            let odds = fit.coefficient(0);
            let (b, se) = (odds.value, odds.standard_error);
            result.measured(b, se, Interval::wald(b, se, CONFIDENCE));
            result.tested(Ok(b / se));
        }
        Err(reason) => result.tested(Err(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Measured {
        Measured {
            value: vec![1.0, 2.0, 3.0, 5.0, 7.0, 9.0],
            baseline: vec![1.0, 1.5, 3.5, 2.0, 4.0, 4.5],
            known: vec![true; 6],
            ..Measured::default()
        }
    }

    /// Means 2 and 7, standard error √(1/3 + 4/3), 2.94 degrees of freedom: P 0.032 (R's t.test).
    #[test]
    fn welch_is_reported_with_its_own_p_value() {
        let method = Method { summary: Summary::MeanDifference, test: Test::Welch };
        let c = compare_values(&seen(), &[1, 1, 1, 0, 0, 0], method, None, |_| true);
        assert_eq!((c.n_treatment, c.n_control, c.estimate), (3, 3, -5.0));
        assert!((c.se - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12 && c.statistic < 0.0);
        let student = welch(&[1.0, 2.0, 3.0], &[5.0, 7.0, 9.0]).unwrap();
        assert!((c.p_value - student.p_two_sided()).abs() < 1e-9);
    }

    #[test]
    fn who_has_no_number_is_left_out() {
        let mut some = seen();
        some.known[5] = false;
        let method = Method { summary: Summary::MeanDifference, test: Test::Ancova };
        let c = compare_values(&some, &[1, 1, 1, 0, 0, 0], method, None, |_| true);
        assert_eq!((c.n_treatment, c.n_control), (3, 2));
        let nobody = compare_values(&some, &[1; 6], method, None, |_| true);
        assert_eq!(nobody.reason, Some(Reason::EmptyArm));
    }
}
