//! Comparisons of counts over an exposure.

use super::comparison::{CONFIDENCE, Comparison, Method, Test};
use crate::{
    outcome::kinds::Measured,
    statistics::{Estimate, Family, Interval, Reason, Regression, glm, negative_binomial},
};

/// The log rate ratio of a negative binomial model whose first column is the arm, and its theta. Counts that
/// vary no more than Poisson's have that model, which says all there is, and no theta.
pub fn rate_ratio(data: Regression) -> Result<(Estimate, Option<f64>), Reason> {
    match negative_binomial(data) {
        Ok(fit) => Ok((fit.coefficient(1), Some(fit.theta))),
        Err(Reason::NoConvergence) => glm(data, Family::Poisson).map(|fit| (fit.coefficient(1), None)),
        Err(reason) => Err(reason),
    }
}

/// Compares rates among the patients whose count is known and for whom `member` holds.
pub fn compare_rates(
    seen: &Measured,
    group: &[u8],
    method: Method,
    member: impl Fn(usize) -> bool,
) -> Comparison {
    let mut result = Comparison::none(Reason::EmptyArm);
    let (mut count, mut arm, mut offset) = (Vec::new(), Vec::new(), Vec::new());
    for (i, &g) in group.iter().enumerate() {
        // Nobody without exposure has a rate.
        if g > 1 || !seen.known[i] || seen.exposure[i] <= 0.0 || !member(i) {
            continue;
        }
        let events = seen.value[i] as u32;
        if g == 1 {
            result.n_treatment += 1;
            result.events_treatment += events;
        } else {
            result.n_control += 1;
            result.events_control += events;
        }
        count.push(seen.value[i]);
        arm.push(f64::from(g));
        offset.push(libm::log(seen.exposure[i]));
    }
    if result.n_treatment == 0 || result.n_control == 0 {
        return result;
    }
    if result.events_treatment == 0 || result.events_control == 0 {
        result.reason = Some(Reason::Undefined);
        return result;
    }
    let covariates: [&[f64]; 1] = [&arm];
    let data = Regression { offset: Some(&offset), ..Regression::new(&count, &covariates) };
    let ratio: Result<Estimate, Reason> = match method.test {
        Test::Poisson => glm(data, Family::Poisson).map(|fit| fit.coefficient(1)),
        _ => rate_ratio(data).map(|(ratio, _)| ratio),
    };
    if let Ok(ratio) = ratio {
        let (b, se) = (ratio.value, ratio.standard_error);
        result.measured(b, se, Interval::wald(b, se, CONFIDENCE));
    }
    result.tested(ratio.map(|ratio| ratio.z()));
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::comparison::Summary;

    /// 6 in 10 days against 3 in 20 days: a rate ratio of 4, its log with variance 1/6 + 1/3.
    #[test]
    fn the_rate_ratio_is_that_of_the_totals() {
        let seen = Measured {
            value: vec![4.0, 2.0, 1.0, 2.0],
            exposure: vec![5.0, 5.0, 8.0, 12.0],
            known: vec![true; 4],
            ..Measured::default()
        };
        let method = Method { summary: Summary::RateRatio, test: Test::Poisson };
        let c = compare_rates(&seen, &[1, 1, 0, 0], method, |_| true);
        assert!((c.estimate - libm::log(4.0)).abs() < 1e-9 && (c.se - 0.5_f64.sqrt()).abs() < 1e-9);
        assert_eq!((c.events_treatment, c.events_control), (6, 3));
    }
}
