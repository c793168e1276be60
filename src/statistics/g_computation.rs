use super::{
    glm::{Family, Regression, add_product, dot, glm, logistic},
    matrix::Matrix,
    reason::Reason,
    two_by_two::Estimate,
};

/// Which uncertainty a standardised risk carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StandardisedVariance {
    /// Of the coefficients as the model has it, the covariates taken as fixed.
    Model,
    /// Of the coefficients by the sandwich, the covariates taken as fixed.
    Robust,
    /// By the influence function, the covariates a sample too: right for each arm's risk and when the
    /// model is wrong.
    #[default]
    Influence,
}

/// Risks of both arms standardised to the whole sample.
#[derive(Clone, Debug, PartialEq)]
pub struct GComputation {
    pub risk_treatment: f64,
    pub risk_control: f64,
    /// Log odds ratio of the arm within covariates.
    pub conditional_log_odds_ratio: f64,
    covariances: [[f64; 3]; 3],
}

/// Marginal risks by g-computation from a logistic model.
///
/// The model holds the arm, the covariates, and the arm's products with the covariates named in
/// `interacting`. Everyone's risk is predicted under either arm and averaged; the difference and ratio of
/// the averages are the trial's own, unlike the model's odds ratio. `group` is 1 or 0.
///
/// FDA, Adjusting for Covariates in Randomized Clinical Trials, 2023. Ge et al., Drug Inf J
/// 2011;45:481. Ye et al., J Am Stat Assoc 2023;118:2370.
pub fn g_computation(
    outcome: &[f64],
    group: &[u8],
    covariates: &[&[f64]],
    interacting: &[usize],
) -> Result<GComputation, Reason> {
    if !group.contains(&1) || !group.contains(&0) {
        return Err(Reason::EmptyArm);
    }
    let n = outcome.len();
    let arm: Vec<f64> = group.iter().map(|&g| f64::from(g)).collect();
    let products: Vec<Vec<f64>> =
        interacting.iter().map(|&j| covariates[j].iter().zip(&arm).map(|(x, a)| x * a).collect()).collect();
    let mut columns: Vec<&[f64]> = vec![&arm];
    columns.extend_from_slice(covariates);
    columns.extend(products.iter().map(Vec::as_slice));
    let fit = glm(Regression::new(outcome, &columns), Family::Logistic)?;
    let p = columns.len() + 1;
    let row = |i: usize, a: f64| -> Vec<f64> {
        let mut x = vec![1.0, a];
        x.extend(covariates.iter().map(|c| c[i]));
        x.extend(interacting.iter().map(|&j| a * covariates[j][i]));
        x
    };
    let size = n as f64;
    let mut means = [0.0; 2];
    let mut slopes = [vec![0.0; p], vec![0.0; p]];
    let mut predicted = vec![[0.0; 2]; n];
    for (i, q) in predicted.iter_mut().enumerate() {
        for (k, a) in [1.0, 0.0].into_iter().enumerate() {
            let x = row(i, a);
            q[k] = logistic(dot(&x, &fit.coefficients));
            means[k] += q[k] / size;
            for (s, x) in slopes[k].iter_mut().zip(&x) {
                *s += q[k] * (1.0 - q[k]) * x / size;
            }
        }
    }
    let both = |covariance: &Matrix| {
        let cross = dot(&covariance.times(&slopes[0]), &slopes[1]);
        [covariance.quadratic(&slopes[0]), covariance.quadratic(&slopes[1]), cross]
    };
    let mut influence = Matrix::zero(2);
    for (i, q) in predicted.iter().enumerate() {
        let x = row(i, arm[i]);
        let residual: Vec<f64> = x.iter().map(|x| size * x * (outcome[i] - fit.fitted[i])).collect();
        let moved = fit.covariance.times(&residual);
        add_product(
            &mut influence,
            &[q[0] - means[0] + dot(&moved, &slopes[0]), q[1] - means[1] + dot(&moved, &slopes[1])],
        );
    }
    let scaled = |a: usize, b: usize| influence.get(a, b) / (size * size);
    Ok(GComputation {
        risk_treatment: means[0],
        risk_control: means[1],
        conditional_log_odds_ratio: fit.coefficients[1],
        covariances: [
            both(&fit.covariance),
            both(&fit.robust_covariance),
            [scaled(0, 0), scaled(1, 1), scaled(0, 1)],
        ],
    })
}

impl GComputation {
    /// Variances of the treatment and control risk, and their covariance.
    pub fn covariance(&self, kind: StandardisedVariance) -> [f64; 3] {
        self.covariances[kind as usize]
    }

    fn contrast(&self, kind: StandardisedVariance, value: f64, one: f64, zero: f64) -> Estimate {
        let [v1, v0, c] = self.covariance(kind);
        let variance = one * one * v1 + zero * zero * v0 + 2.0 * one * zero * c;
        Estimate { value, standard_error: variance.max(0.0).sqrt() }
    }

    /// Difference of the standardised risks; below 0 when treatment does better.
    pub fn risk_difference(&self, kind: StandardisedVariance) -> Estimate {
        self.contrast(kind, self.risk_treatment - self.risk_control, 1.0, -1.0)
    }

    /// Log ratio of the standardised risks.
    pub fn log_risk_ratio(&self, kind: StandardisedVariance) -> Estimate {
        let (p1, p0) = (self.risk_treatment, self.risk_control);
        self.contrast(kind, libm::log(p1 / p0), 1.0 / p1, -1.0 / p0)
    }

    /// Log of the marginal odds ratio, closer to 1 than the conditional one.
    pub fn log_odds_ratio(&self, kind: StandardisedVariance) -> Estimate {
        let (p1, p0) = (self.risk_treatment, self.risk_control);
        let value = libm::log(p1 * (1.0 - p0) / (p0 * (1.0 - p1)));
        self.contrast(kind, value, 1.0 / (p1 * (1.0 - p1)), -1.0 / (p0 * (1.0 - p0)))
    }
}
