use super::{
    glm::{Family, Regression, add_product, dot, glm, logistic},
    log_rank::levels,
    matrix::Matrix,
    reason::Reason,
    separation::{Overlap, overlap},
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
    /// What stayed finite, where a covariate foretells some patients completely: their risks are 0 or 1.
    pub overlap: Option<Overlap>,
    covariances: [[f64; 3]; 3],
    /// Influence of each patient on the two risks, times the number of patients.
    influence: Vec<[f64; 2]>,
}

/// Marginal risks by g-computation from a logistic model.
///
/// The model holds the arm, the covariates, and the arm's products with the covariates named in
/// `interacting`. Everyone's risk is predicted under either arm and averaged; the difference and ratio of
/// the averages are the trial's own, unlike the model's odds ratio. `group` is 1 or 0. Patients whom covariates
/// foretell completely have that risk in either arm.
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
    let regression = Regression::new(outcome, &columns);
    let (fit, overlap) = match glm(regression, Family::Logistic) {
        Err(Reason::MonotoneLikelihood) => {
            let rest = overlap(regression, Family::Logistic).ok_or(Reason::MonotoneLikelihood)?;
            let of = |column: &[f64]| -> Vec<f64> { rest.rows.iter().map(|&i| column[i]).collect() };
            let kept: Vec<Vec<f64>> = rest.covariates.iter().map(|&j| of(columns[j])).collect();
            let kept: Vec<&[f64]> = kept.iter().map(Vec::as_slice).collect();
            (glm(Regression::new(&of(outcome), &kept), Family::Logistic)?, Some(rest))
        }
        made => (made?, None),
    };
    // Each row's place in the fit; none where it is foretold.
    let place: Vec<Option<usize>> = match &overlap {
        None => (0..n).map(Some).collect(),
        Some(rest) => {
            let mut place = vec![None; n];
            rest.rows.iter().enumerate().for_each(|(k, &i)| place[i] = Some(k));
            place
        }
    };
    let p = fit.coefficients.len();
    let row = |i: usize, a: f64| -> Vec<f64> {
        let mut x = vec![1.0, a];
        x.extend(covariates.iter().map(|c| c[i]));
        x.extend(interacting.iter().map(|&j| a * covariates[j][i]));
        match &overlap {
            None => x,
            Some(rest) => std::iter::once(1.0).chain(rest.covariates.iter().map(|&j| x[j + 1])).collect(),
        }
    };
    let size = n as f64;
    let mut means = [0.0; 2];
    let mut slopes = [vec![0.0; p], vec![0.0; p]];
    let mut predicted = vec![[0.0; 2]; n];
    for (i, q) in predicted.iter_mut().enumerate() {
        for (k, a) in [1.0, 0.0].into_iter().enumerate() {
            if place[i].is_none() {
                q[k] = outcome[i];
                means[k] += q[k] / size;
                continue;
            }
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
    let influence: Vec<[f64; 2]> = predicted
        .iter()
        .enumerate()
        .map(|(i, q)| {
            let mut own = [q[0] - means[0], q[1] - means[1]];
            if let Some(k) = place[i] {
                let x = row(i, arm[i]);
                let residual: Vec<f64> = x.iter().map(|x| size * x * (outcome[i] - fit.fitted[k])).collect();
                let moved = fit.covariance.times(&residual);
                own = [own[0] + dot(&moved, &slopes[0]), own[1] + dot(&moved, &slopes[1])];
            }
            own
        })
        .collect();
    let mut sum = Matrix::zero(2);
    influence.iter().for_each(|own| add_product(&mut sum, own));
    let scaled = |a: usize, b: usize| sum.get(a, b) / (size * size);
    Ok(GComputation {
        risk_treatment: means[0],
        risk_control: means[1],
        conditional_log_odds_ratio: fit.coefficients[1],
        covariances: [
            both(&fit.covariance),
            both(&fit.robust_covariance),
            [scaled(0, 0), scaled(1, 1), scaled(0, 1)],
        ],
        overlap,
        influence,
    })
}

impl GComputation {
    /// The same with [`StandardisedVariance::Influence`] summed over clusters, without a small-sample factor.
    pub fn clustered(mut self, cluster: &[u32]) -> Self {
        let mut sum = Matrix::zero(2);
        for level in levels(Some(cluster)) {
            let of = |k: usize| {
                let own = self.influence.iter().zip(cluster).filter(|(_, c)| **c == level);
                own.map(|(x, _)| x[k]).sum::<f64>()
            };
            add_product(&mut sum, &[of(0), of(1)]);
        }
        let squared = (self.influence.len() as f64) * (self.influence.len() as f64);
        self.covariances[StandardisedVariance::Influence as usize] =
            [(0, 0), (1, 1), (0, 1)].map(|(a, b)| sum.get(a, b) / squared);
        self
    }

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
