//! Means compared by t tests and linear regression. Differences are treatment less control, in the
//! outcome's own direction.

use super::{
    glm::{Regression, dot},
    interval::Interval,
    matrix::Matrix,
    reason::Reason,
    tails::{student_quantile, student_two_sided_p},
};

/// An estimate judged by Student's t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StudentEstimate {
    pub value: f64,
    pub standard_error: f64,
    pub degrees: f64,
}

impl StudentEstimate {
    pub fn t(&self) -> f64 {
        self.value / self.standard_error
    }

    pub fn p_two_sided(&self) -> f64 {
        student_two_sided_p(self.t(), self.degrees)
    }

    pub fn interval(&self, confidence: f64) -> Interval {
        let reach = student_quantile(0.5 + 0.5 * confidence, self.degrees) * self.standard_error;
        Interval { lower: self.value - reach, upper: self.value + reach }
    }
}

/// Mean and variance with `n − 1`; the variance of fewer than two values is 0.
pub fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, if n > 1.0 { squares / (n - 1.0) } else { 0.0 })
}

/// Why there is no variance: a group is empty, or has one member.
pub(super) fn too_small(n1: f64, n0: f64) -> Reason {
    if n1 == 0.0 || n0 == 0.0 { Reason::EmptyArm } else { Reason::TooFew }
}

/// Welch's t test: each arm its own variance, degrees of freedom by Satterthwaite.
///
/// Welch, Biometrika 1947;34:28.
pub fn welch(treatment: &[f64], control: &[f64]) -> Result<StudentEstimate, Reason> {
    let (n1, n0) = (treatment.len() as f64, control.len() as f64);
    if n1 < 2.0 || n0 < 2.0 {
        return Err(too_small(n1, n0));
    }
    let ((m1, v1), (m0, v0)) = (mean_and_variance(treatment), mean_and_variance(control));
    let (a, b) = (v1 / n1, v0 / n0);
    if a + b <= 0.0 {
        return Err(Reason::NoVariance);
    }
    let degrees = (a + b) * (a + b) / (a * a / (n1 - 1.0) + b * b / (n0 - 1.0));
    Ok(StudentEstimate { value: m1 - m0, standard_error: (a + b).sqrt(), degrees })
}

/// Student's t test: one variance for both arms.
pub fn pooled_t(treatment: &[f64], control: &[f64]) -> Result<StudentEstimate, Reason> {
    let (n1, n0) = (treatment.len() as f64, control.len() as f64);
    if n1 < 1.0 || n0 < 1.0 || n1 + n0 < 3.0 {
        return Err(too_small(n1, n0));
    }
    let ((m1, v1), (m0, v0)) = (mean_and_variance(treatment), mean_and_variance(control));
    let degrees = n1 + n0 - 2.0;
    let variance = ((n1 - 1.0) * v1 + (n0 - 1.0) * v0) / degrees;
    if variance <= 0.0 {
        return Err(Reason::NoVariance);
    }
    Ok(StudentEstimate { value: m1 - m0, standard_error: (variance * (1.0 / n1 + 1.0 / n0)).sqrt(), degrees })
}

/// Difference of means in units of the root mean of the two variances.
pub fn standardised_difference(treatment: &[f64], control: &[f64]) -> Result<f64, Reason> {
    let ((m1, v1), (m0, v0)) = (mean_and_variance(treatment), mean_and_variance(control));
    if v1 + v0 > 0.0 { Ok((m1 - m0) / (0.5 * (v1 + v0)).sqrt()) } else { Err(Reason::NoVariance) }
}

/// A least-squares fit.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearFit {
    /// Intercept first.
    pub coefficients: Vec<f64>,
    pub covariance: Matrix,
    /// Sandwich with squared residuals (White).
    pub hc0: Matrix,
    /// `hc0` times `n/(n − p)`.
    pub hc1: Matrix,
    /// Sandwich with each residual divided by one less its leverage: best in small samples.
    pub hc3: Matrix,
    /// Residual standard deviation.
    pub sigma: f64,
    pub degrees: f64,
    pub r_squared: f64,
}

impl LinearFit {
    /// One coefficient with its t test, the intercept being 0.
    pub fn coefficient(&self, index: usize) -> StudentEstimate {
        StudentEstimate {
            value: self.coefficients[index],
            standard_error: self.covariance.get(index, index).sqrt(),
            degrees: self.degrees,
        }
    }
}

/// Linear regression by least squares; with the arm and a baseline value, analysis of covariance.
///
/// With a logged outcome `exp` of a coefficient is a ratio of geometric means. Sandwich variances:
/// MacKinnon & White, J Econom 1985;29:305.
pub fn linear_regression(data: Regression<'_>) -> Result<LinearFit, Reason> {
    // Centred columns keep the normal equations well conditioned.
    let n = data.outcome.len() as f64;
    let p = data.covariates.len() + 1;
    if n <= p as f64 {
        return Err(Reason::Collinear);
    }
    let mut rows = data.rows();
    let centre: Vec<f64> = (0..p).map(|j| rows.iter().map(|x| x[j]).sum::<f64>() / n).collect();
    for x in &mut rows {
        x.iter_mut().zip(&centre).skip(1).for_each(|(x, c)| *x -= c);
    }
    let mut gram = Matrix::zero(p);
    let mut right = vec![0.0; p];
    let y: Vec<f64> = data.outcome.iter().enumerate().map(|(i, y)| y - data.shift(i)).collect();
    for (x, y) in rows.iter().zip(&y) {
        for a in 0..p {
            right[a] += x[a] * y;
            for b in 0..p {
                gram.add(a, b, x[a] * x[b]);
            }
        }
    }
    let inverse = gram.inverse()?;
    let beta = gram.solve(&right)?;
    let mean = y.iter().sum::<f64>() / n;
    let (mut squares, mut total) = (0.0, 0.0);
    let (mut hc0, mut hc3) = (Matrix::zero(p), Matrix::zero(p));
    for (x, y) in rows.iter().zip(&y) {
        let residual = y - dot(x, &beta);
        let leverage = inverse.quadratic(x);
        squares += residual * residual;
        total += (y - mean) * (y - mean);
        for a in 0..p {
            for b in 0..p {
                let w = residual * residual * x[a] * x[b];
                hc0.add(a, b, w);
                hc3.add(a, b, w / ((1.0 - leverage) * (1.0 - leverage)));
            }
        }
    }
    let degrees = n - p as f64;
    if squares <= 0.0 {
        return Err(Reason::NoVariance);
    }
    // Back to the intercept at covariates of 0: b₀ − Σ bⱼ·centreⱼ.
    let mut back = Matrix::zero(p);
    for (j, c) in centre.iter().enumerate() {
        back.set(j, j, 1.0);
        if j > 0 {
            back.set(0, j, -c);
        }
    }
    let transposed = back.transposed();
    let turned = |m: &Matrix| back.product(m).product(&transposed);
    let sandwich = |m: &Matrix| turned(&inverse.product(m).product(&inverse));
    let hc0 = sandwich(&hc0);
    Ok(LinearFit {
        coefficients: back.times(&beta),
        covariance: turned(&inverse).scaled(squares / degrees),
        hc1: hc0.scaled(n / degrees),
        hc0,
        hc3: sandwich(&hc3),
        sigma: (squares / degrees).sqrt(),
        degrees,
        r_squared: 1.0 - squares / total,
    })
}
