use super::{
    glm::{dot, logistic},
    matrix::Matrix,
    reason::Reason,
    two_by_two::Estimate,
};

/// A fitted proportional-odds model.
#[derive(Clone, Debug, PartialEq)]
pub struct ProportionalOdds {
    /// Log odds ratios of a higher category.
    pub coefficients: Vec<f64>,
    /// Log odds of staying at or below each category but the last, at covariates of 0.
    pub thresholds: Vec<f64>,
    /// Of coefficients, then thresholds; from the observed information.
    pub covariance: Matrix,
    pub log_likelihood: f64,
    pub log_likelihood_null: f64,
}

impl ProportionalOdds {
    /// One coefficient with its standard error. Above 0 is a higher category.
    pub fn coefficient(&self, index: usize) -> Estimate {
        Estimate { value: self.coefficients[index], standard_error: self.covariance.get(index, index).sqrt() }
    }
}

/// Proportional-odds model for an ordered outcome.
///
/// `logit P(Y ≤ j) = ζⱼ − xβ`: with higher categories worse, `β < 0` is benefit, and `exp(β)` is the odds
/// ratio of a worse category wherever the scale is cut. Categories are the distinct values in rising
/// order. Newton's method; the likelihood is concave.
///
/// McCullagh, J R Stat Soc B 1980;42:109.
pub fn proportional_odds(outcome: &[u32], covariates: &[&[f64]]) -> Result<ProportionalOdds, Reason> {
    let categories = super::log_rank::levels(Some(outcome));
    let (n, k, cuts) = (outcome.len(), covariates.len(), categories.len().saturating_sub(1));
    if cuts == 0 || n == 0 {
        return Err(Reason::NoVariance);
    }
    let y: Vec<usize> = outcome.iter().map(|v| categories.partition_point(|c| c < v)).collect();
    let size = k + cuts;
    let centre: Vec<f64> = covariates.iter().map(|c| c.iter().sum::<f64>() / n as f64).collect();
    let rows: Vec<Vec<f64>> =
        (0..n).map(|i| covariates.iter().zip(&centre).map(|(c, m)| c[i] - m).collect()).collect();
    let mut counts = vec![0.0; cuts + 1];
    y.iter().for_each(|&j| counts[j] += 1.0);
    let null: f64 = counts.iter().map(|c| c * libm::log(c / n as f64)).sum();
    let mut theta = vec![0.0; size];
    let mut below = 0.0;
    for j in 0..cuts {
        below += counts[j];
        theta[k + j] = libm::log(below / (n as f64 - below));
    }
    let evaluate = |theta: &[f64]| {
        let mut value = 0.0;
        let mut score = vec![0.0; size];
        let mut information = Matrix::zero(size);
        for (x, &j) in rows.iter().zip(&y) {
            let eta = dot(x, &theta[..k]);
            let at = |cut: Option<usize>, end: f64| match cut {
                None => (end, 0.0, 0.0),
                Some(c) => {
                    let f = logistic(theta[k + c] - eta);
                    let density = f * (1.0 - f);
                    (f, density, density * (1.0 - 2.0 * f))
                }
            };
            let (up, low) = ((j < cuts).then_some(j), j.checked_sub(1));
            let (upper, du, ddu) = at(up, 1.0);
            let (lower, dl, ddl) = at(low, 0.0);
            let p = upper - lower;
            value += libm::log(p);
            // Derivatives in the two ends of the category.
            let (gu, gl) = (du / p, -dl / p);
            let (huu, hll, hul) = (ddu / p - gu * gu, -ddl / p - gl * gl, -gu * gl);
            let mut ends: Vec<(usize, f64, f64)> = Vec::with_capacity(size);
            for (a, x) in x.iter().enumerate() {
                ends.push((a, -x, -x));
            }
            if let Some(c) = up {
                ends.push((k + c, 1.0, 0.0));
            }
            if let Some(c) = low {
                ends.push((k + c, 0.0, 1.0));
            }
            for &(a, ua, la) in &ends {
                score[a] += gu * ua + gl * la;
                for &(b, ub, lb) in &ends {
                    let h = huu * ua * ub + hll * la * lb + hul * (ua * lb + la * ub);
                    information.add(a, b, -h);
                }
            }
        }
        (value, score, information)
    };
    let mut now = evaluate(&theta);
    let mut settled = false;
    for _ in 0..100 {
        let mut step = now.2.solve(&now.1)?;
        let length = step.iter().map(|s| s.abs()).fold(0.0, f64::max);
        let mut halvings = 0;
        let (next, found) = loop {
            let next: Vec<f64> = theta.iter().zip(&step).map(|(b, s)| b + s).collect();
            let found = evaluate(&next);
            if found.0 >= now.0 - 1e-10 * (1.0 + now.0.abs()) || halvings > 50 {
                break (next, found);
            }
            step.iter_mut().for_each(|s| *s *= 0.5);
            halvings += 1;
        };
        let gain = (found.0 - now.0).abs();
        theta = next;
        now = found;
        if length < 1e-10 {
            settled = true;
            break;
        }
        if gain < 1e-12 * (1.0 + now.0.abs()) && length > 1e-2 {
            return Err(Reason::MonotoneLikelihood);
        }
    }
    if !settled {
        return Err(Reason::NoConvergence);
    }
    // From centred covariates back: ζ = ζ' + β·centre.
    let lift = dot(&theta[..k], &centre);
    let inverse = now.2.inverse()?;
    let mut back = Matrix::zero(size);
    for a in 0..size {
        back.set(a, a, 1.0);
        if a >= k {
            (0..k).for_each(|j| back.set(a, j, centre[j]));
        }
    }
    let covariance = back.product(&inverse).product(&back.transposed());
    Ok(ProportionalOdds {
        coefficients: theta[..k].to_vec(),
        thresholds: theta[k..].iter().map(|z| z + lift).collect(),
        covariance,
        log_likelihood: now.0,
        log_likelihood_null: null,
    })
}
