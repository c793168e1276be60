//! Events that may recur: negative binomial regression and the exact comparison of two rates.

use super::{
    glm::{Family, Regression, dot, glm},
    interval::Interval,
    matrix::Matrix,
    proportion::clopper_pearson_interval,
    reason::Reason,
    two_by_two::Estimate,
    unconditional::binomial,
};

/// A fitted negative binomial model.
#[derive(Clone, Debug, PartialEq)]
pub struct NegativeBinomialFit {
    /// Log rate ratios, intercept first.
    pub coefficients: Vec<f64>,
    /// Variance is `mean + mean²/theta`.
    pub theta: f64,
    /// From the expected information with `theta` taken as known (R's `glm.nb`).
    pub covariance: Matrix,
    /// From the observed information of coefficients and `log theta` together; `log theta` last.
    pub full_covariance: Matrix,
    /// Of `theta` with the coefficients taken as known.
    pub theta_standard_error: f64,
    pub log_likelihood: f64,
}

impl NegativeBinomialFit {
    /// One coefficient, its standard error allowing for `theta`.
    pub fn coefficient(&self, index: usize) -> Estimate {
        Estimate {
            value: self.coefficients[index],
            standard_error: self.full_covariance.get(index, index).sqrt(),
        }
    }
}

/// Negative binomial regression (NB2) with a log link; log exposure goes into the offset.
///
/// Each person's rate is gamma distributed about its mean with shape `theta`. Newton's method on the
/// coefficients and `log theta`. Counts no more variable than Poisson's have no finite `theta` and
/// answer [`Reason::NoConvergence`]: Poisson's model then says all there is.
///
/// Lawless, Can J Stat 1987;15:209.
pub fn negative_binomial(data: Regression<'_>) -> Result<NegativeBinomialFit, Reason> {
    let rows = data.rows();
    let start = glm(data, Family::Poisson)?;
    let k = data.covariates.len() + 1;
    let excess: f64 =
        data.outcome.iter().zip(&start.fitted).map(|(y, m)| ((y - m) * (y - m) - m) / (m * m)).sum::<f64>()
            / rows.len() as f64;
    let mut theta = start.coefficients.clone();
    theta.push(-libm::log(excess.clamp(0.01, 100.0)));
    let evaluate = |v: &[f64]| {
        let shape = libm::exp(v[k]);
        let mut value = 0.0;
        let mut score = vec![0.0; k + 1];
        let mut information = Matrix::zero(k + 1);
        let (mut shape_score, mut shape_curve) = (0.0, 0.0);
        for (i, x) in rows.iter().enumerate() {
            let y = data.outcome[i];
            let mean = libm::exp(dot(x, &v[..k]) + data.shift(i));
            let sum = shape + mean;
            // Differences of log gamma and its derivatives over whole steps are plain sums.
            let (mut log_rise, mut rise, mut bend) = (0.0, 0.0, 0.0);
            for j in 0..y as u32 {
                let at = shape + f64::from(j);
                log_rise += libm::log(at);
                rise += 1.0 / at;
                bend -= 1.0 / (at * at);
            }
            value += log_rise - libm::lgamma(y + 1.0)
                + shape * libm::log(shape / sum)
                + if y > 0.0 { y * libm::log(mean / sum) } else { 0.0 };
            let slope = (y - mean) * shape / sum;
            let curve = shape * mean * (shape + y) / (sum * sum);
            let cross = (y - mean) * mean * shape / (sum * sum);
            for a in 0..k {
                score[a] += slope * x[a];
                for b in 0..k {
                    information.add(a, b, curve * x[a] * x[b]);
                }
                information.add(a, k, -cross * x[a]);
                information.add(k, a, -cross * x[a]);
            }
            shape_score += rise + libm::log(shape / sum) + 1.0 - (y + shape) / sum;
            shape_curve += bend + 1.0 / shape - 2.0 / sum + (y + shape) / (sum * sum);
        }
        score[k] = shape * shape_score;
        information.set(k, k, -(shape * shape * shape_curve + shape * shape_score));
        (value, score, information, -shape_curve)
    };
    let mut now = evaluate(&theta);
    let mut settled = false;
    for _ in 0..200 {
        let mut step = match now.2.solve(&now.1) {
            Ok(step) => step,
            // Not concave here: move along the score, scaled by the diagonal.
            Err(_) => now.1.iter().enumerate().map(|(j, s)| s / now.2.get(j, j).abs().max(1.0)).collect(),
        };
        let length = step.iter().map(|s| s.abs()).fold(0.0, f64::max);
        let mut halvings = 0;
        let (next, found) = loop {
            let next: Vec<f64> = theta.iter().zip(&step).map(|(b, s)| b + s).collect();
            let found = evaluate(&next);
            if found.0.is_finite() && found.0 >= now.0 - 1e-11 * (1.0 + now.0.abs()) || halvings > 50 {
                break (next, found);
            }
            step.iter_mut().for_each(|s| *s *= 0.5);
            halvings += 1;
        };
        theta = next;
        now = found;
        if length < 1e-10 {
            settled = true;
            break;
        }
        if theta[k] > 18.0 {
            break;
        }
    }
    if !settled {
        return Err(Reason::NoConvergence);
    }
    let shape = libm::exp(theta[k]);
    let mut expected = Matrix::zero(k);
    for (i, x) in rows.iter().enumerate() {
        let mean = libm::exp(dot(x, &theta[..k]) + data.shift(i));
        for a in 0..k {
            for b in 0..k {
                expected.add(a, b, mean * shape / (shape + mean) * x[a] * x[b]);
            }
        }
    }
    Ok(NegativeBinomialFit {
        coefficients: theta[..k].to_vec(),
        theta: shape,
        covariance: expected.inverse()?,
        full_covariance: now.2.inverse()?,
        theta_standard_error: 1.0 / now.3.max(0.0).sqrt(),
        log_likelihood: now.0,
    })
}

/// Events over exposure in two arms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoRates {
    pub events_treatment: u32,
    pub exposure_treatment: f64,
    pub events_control: u32,
    pub exposure_control: f64,
}

impl TwoRates {
    /// Log rate ratio with Poisson's standard error; no events in an arm is [`Reason::Undefined`].
    pub fn log_rate_ratio(&self) -> Result<Estimate, Reason> {
        if self.events_treatment == 0 || self.events_control == 0 {
            return Err(Reason::Undefined);
        }
        let (a, b) = (f64::from(self.events_treatment), f64::from(self.events_control));
        let value = libm::log(a / self.exposure_treatment / (b / self.exposure_control));
        Ok(Estimate { value, standard_error: (1.0 / a + 1.0 / b).sqrt() })
    }

    /// Exact P value given the total: all splits at most as probable as the one seen.
    pub fn exact_p(&self) -> Result<f64, Reason> {
        let total = self.events_treatment + self.events_control;
        if total == 0 {
            return Err(Reason::NoEvents);
        }
        let share = self.exposure_treatment / (self.exposure_treatment + self.exposure_control);
        let chances = binomial(total, share);
        let seen = chances[self.events_treatment as usize] * (1.0 + 1e-7);
        Ok(chances.iter().filter(|&&p| p <= seen).sum::<f64>().min(1.0))
    }

    /// Exact interval of the rate ratio, from Clopper and Pearson's of treatment's share of the events.
    ///
    /// Przyborowski & Wilenski, Biometrika 1940;31:313.
    pub fn exact_interval(&self, confidence: f64) -> Interval {
        let total = self.events_treatment + self.events_control;
        let share = clopper_pearson_interval(self.events_treatment, total, confidence);
        let scale = self.exposure_control / self.exposure_treatment;
        let ratio = |p: f64| if p >= 1.0 { f64::INFINITY } else { p / (1.0 - p) * scale };
        Interval { lower: ratio(share.lower), upper: ratio(share.upper) }
    }
}
