use super::{
    log_rank::levels, matrix::Matrix, reason::Reason, tails::chi_square_survival, two_by_two::Estimate,
};

/// The distribution of the outcome and the scale of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// 0 or 1, log odds.
    Logistic,
    /// 0 or 1, log risk: coefficients are log risk ratios. The fit may have no solution inside risks
    /// below 1.
    LogBinomial,
    /// Counts, log rate.
    Poisson,
}

/// Outcome and covariates of a regression, as columns; an intercept is always the first coefficient.
#[derive(Clone, Copy, Debug)]
pub struct Regression<'a> {
    pub outcome: &'a [f64],
    pub covariates: &'a [&'a [f64]],
    /// Added to the linear predictor: log exposure for rates.
    pub offset: Option<&'a [f64]>,
}

impl<'a> Regression<'a> {
    pub fn new(outcome: &'a [f64], covariates: &'a [&'a [f64]]) -> Self {
        Regression { outcome, covariates, offset: None }
    }

    /// Rows with the intercept in front.
    pub(super) fn rows(&self) -> Vec<Vec<f64>> {
        (0..self.outcome.len())
            .map(|i| std::iter::once(1.0).chain(self.covariates.iter().map(|c| c[i])).collect())
            .collect()
    }

    pub(super) fn shift(&self, i: usize) -> f64 {
        self.offset.map_or(0.0, |o| o[i])
    }
}

/// A fitted generalised linear model.
#[derive(Clone, Debug, PartialEq)]
pub struct GlmFit {
    /// Intercept first.
    pub coefficients: Vec<f64>,
    /// Inverse expected information.
    pub covariance: Matrix,
    /// Sandwich with each row's own residual (HC0).
    pub robust_covariance: Matrix,
    pub log_likelihood: f64,
    pub deviance: f64,
    /// Sum of squared Pearson residuals over residual degrees of freedom; above 1 in counts is
    /// overdispersion.
    pub pearson_dispersion: f64,
    /// Fitted means.
    pub fitted: Vec<f64>,
    scores: Vec<f64>,
}

impl GlmFit {
    /// Estimate and model-based standard error of one coefficient, the intercept being 0.
    pub fn coefficient(&self, index: usize) -> Estimate {
        Estimate {
            value: self.coefficients[index],
            standard_error: self.covariance.get(index, index).max(0.0).sqrt(),
        }
    }

    /// Sandwich covariance with residuals summed by cluster, without a small-sample factor; multiply by
    /// `G/(G − 1)` for `G` clusters where that is wanted.
    pub fn clustered_covariance(&self, cluster: &[u32]) -> Matrix {
        let p = self.coefficients.len();
        let mut middle = Matrix::zero(p);
        for level in levels(Some(cluster)) {
            let mut sum = vec![0.0; p];
            for (i, _) in cluster.iter().enumerate().filter(|(_, c)| **c == level) {
                sum.iter_mut().zip(&self.scores[i * p..]).for_each(|(s, x)| *s += x);
            }
            add_product(&mut middle, &sum);
        }
        self.covariance.product(&middle).product(&self.covariance)
    }

    /// P value of the likelihood-ratio test against a fit with `dropped` fewer coefficients.
    pub fn likelihood_ratio_p(&self, smaller: &GlmFit, dropped: usize) -> f64 {
        chi_square_survival(2.0 * (self.log_likelihood - smaller.log_likelihood), dropped as f64)
    }
}

/// Adds `x·xᵀ`.
pub(super) fn add_product(matrix: &mut Matrix, x: &[f64]) {
    for (a, xa) in x.iter().enumerate() {
        for (b, xb) in x.iter().enumerate() {
            matrix.add(a, b, xa * xb);
        }
    }
}

pub(super) fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Mean, its derivative in the linear predictor, and its variance.
fn link(family: Family, predictor: f64) -> (f64, f64, f64) {
    match family {
        Family::Logistic => {
            let p = logistic(predictor);
            let v = p * (1.0 - p);
            (p, v, v)
        }
        Family::LogBinomial => {
            let p = libm::exp(predictor);
            (p, p, p * (1.0 - p))
        }
        Family::Poisson => {
            let m = libm::exp(predictor);
            (m, m, m)
        }
    }
}

fn log_density(family: Family, y: f64, mean: f64) -> f64 {
    match family {
        Family::Logistic | Family::LogBinomial => {
            let yes = if y > 0.0 { y * libm::log(mean) } else { 0.0 };
            yes + if y < 1.0 { (1.0 - y) * libm::log1p(-mean) } else { 0.0 }
        }
        Family::Poisson => y * libm::log(mean) - mean - libm::lgamma(y + 1.0),
    }
}

/// Log likelihood of a model that fits every row exactly.
fn saturated(family: Family, y: f64) -> f64 {
    match family {
        Family::Poisson if y > 0.0 => y * libm::log(y) - y - libm::lgamma(y + 1.0),
        _ => 0.0,
    }
}

/// Generalised linear model by Fisher scoring with step halving.
///
/// Logistic coefficients are log odds ratios, the others log risk or rate ratios; below zero is fewer
/// events. Complete or quasi-complete separation is [`Reason::MonotoneLikelihood`]; see
/// [`super::overlap`] for the coefficients that stay finite and [`super::firth_logistic`] for an estimate of
/// all. A redundant covariate is [`Reason::Collinear`], a log-binomial maximum at a risk of 1
/// [`Reason::Boundary`].
///
/// McCullagh & Nelder, Generalized Linear Models, 1989. Log-Poisson with the robust covariance for risks:
/// Zou, Am J Epidemiol 2004;159:702.
pub fn glm(data: Regression<'_>, family: Family) -> Result<GlmFit, Reason> {
    fit(data, family).map_err(|halted| halted.reason)
}

/// Where and why an iteration went no further.
pub(super) struct Halted {
    pub reason: Reason,
    /// Means of the rows there; empty where it never began.
    pub fitted: Vec<f64>,
}

impl From<Reason> for Halted {
    fn from(reason: Reason) -> Self {
        Halted { reason, fitted: Vec::new() }
    }
}

/// [`glm`], with the place where it stopped.
pub(super) fn fit(data: Regression<'_>, family: Family) -> Result<GlmFit, Halted> {
    let rows = data.rows();
    let (n, p) = (rows.len(), data.covariates.len() + 1);
    if n == 0 {
        return Err(Reason::EmptyArm.into());
    }
    let total: f64 = data.outcome.iter().sum();
    if total == 0.0 || (family != Family::Poisson && total == n as f64) {
        return Err(if total == 0.0 { Reason::NoEvents } else { Reason::NoVariance }.into());
    }
    let stopped = |reason: Reason, beta: &[f64]| {
        let mean = |(i, x): (usize, &Vec<f64>)| link(family, dot(x, beta) + data.shift(i)).0;
        let fitted: Vec<f64> = rows.iter().enumerate().map(mean).collect();
        let edge = family == Family::LogBinomial && fitted.iter().any(|&m| m > 0.999);
        let running = matches!(reason, Reason::MonotoneLikelihood | Reason::NoConvergence);
        Halted { reason: if edge && running { Reason::Boundary } else { reason }, fitted }
    };
    let mut beta = vec![0.0; p];
    let shift: f64 = (0..n).map(|i| libm::exp(data.shift(i))).sum();
    beta[0] = match family {
        Family::Logistic => libm::log(total / (n as f64 - total)),
        _ => libm::log(total / shift),
    };
    let evaluate = |beta: &[f64]| {
        let mut value = 0.0;
        let mut score = vec![0.0; p];
        let mut information = Matrix::zero(p);
        for (i, x) in rows.iter().enumerate() {
            let (mean, slope, variance) = link(family, dot(x, beta) + data.shift(i));
            let y = data.outcome[i];
            value += log_density(family, y, mean);
            for a in 0..p {
                score[a] += (y - mean) * slope / variance * x[a];
                for b in 0..=a {
                    information.add(a, b, slope * slope / variance * x[a] * x[b]);
                }
            }
        }
        for a in 0..p {
            for b in 0..a {
                information.set(b, a, information.get(a, b));
            }
        }
        (value, score, information)
    };
    let mut now = evaluate(&beta);
    let mut settled = false;
    for iteration in 0..200 {
        let solved = now.2.solve(&now.1);
        let failed = if iteration == 0 { Reason::Collinear } else { Reason::MonotoneLikelihood };
        let mut step = solved.map_err(|_| stopped(failed, &beta))?;
        // How far the linear predictor of the worst row moves.
        let length = rows.iter().map(|x| dot(x, &step).abs()).fold(0.0, f64::max);
        let mut halvings = 0;
        let (next, found) = loop {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + s).collect();
            let found = evaluate(&next);
            if found.0.is_finite() && found.0 >= now.0 - 1e-11 * (1.0 + now.0.abs()) || halvings > 50 {
                break (next, found);
            }
            step.iter_mut().for_each(|s| *s *= 0.5);
            halvings += 1;
        };
        let gain = (found.0 - now.0).abs();
        beta = next;
        now = found;
        if length < 1e-11 {
            settled = true;
            break;
        }
        if gain < 1e-12 * (1.0 + now.0.abs()) && length > 1e-3 {
            return Err(stopped(Reason::MonotoneLikelihood, &beta));
        }
        // Rounding leaves steps this small for ever.
        if gain == 0.0 && length < 1e-8 {
            settled = true;
            break;
        }
    }
    if !settled {
        return Err(stopped(Reason::NoConvergence, &beta));
    }
    let covariance = now.2.inverse()?;
    let mut middle = Matrix::zero(p);
    let (mut scores, mut fitted) = (Vec::with_capacity(n * p), Vec::with_capacity(n));
    let (mut pearson, mut full) = (0.0, 0.0);
    for (i, x) in rows.iter().enumerate() {
        let (mean, slope, variance) = link(family, dot(x, &beta) + data.shift(i));
        let apart = data.outcome[i] - mean;
        let row: Vec<f64> = x.iter().map(|x| apart * slope / variance * x).collect();
        add_product(&mut middle, &row);
        scores.extend(row);
        fitted.push(mean);
        pearson += apart * apart / variance;
        full += saturated(family, data.outcome[i]);
    }
    let robust_covariance = covariance.product(&middle).product(&covariance);
    Ok(GlmFit {
        coefficients: beta,
        covariance,
        robust_covariance,
        log_likelihood: now.0,
        deviance: 2.0 * (full - now.0),
        pearson_dispersion: pearson / (n as f64 - p as f64),
        fitted,
        scores,
    })
}
