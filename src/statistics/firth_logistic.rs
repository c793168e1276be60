use super::{
    glm::{Regression, dot, logistic},
    interval::Interval,
    matrix::Matrix,
    reason::Reason,
    solve::root,
    tails::chi_square_quantile,
};

/// A logistic fit by Firth's penalised likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct FirthLogistic {
    /// Intercept first; finite even under separation.
    pub coefficients: Vec<f64>,
    /// From the information at the estimate.
    pub standard_errors: Vec<f64>,
    /// From the information with each weight multiplied by one plus its leverage.
    pub augmented_standard_errors: Vec<f64>,
    /// `log L + ½ log|I|`.
    pub penalised_log_likelihood: f64,
}

struct State {
    value: f64,
    score: Vec<f64>,
    information: Matrix,
    augmented: Matrix,
}

fn evaluate(rows: &[Vec<f64>], data: &Regression<'_>, beta: &[f64]) -> Result<State, Reason> {
    let p = beta.len();
    let mut information = Matrix::zero(p);
    let mut value = 0.0;
    let add = |matrix: &mut Matrix, x: &[f64], w: f64| {
        for a in 0..p {
            for b in 0..p {
                matrix.add(a, b, w * x[a] * x[b]);
            }
        }
    };
    let risks: Vec<f64> =
        rows.iter().enumerate().map(|(i, x)| logistic(dot(x, beta) + data.shift(i))).collect();
    for ((x, q), y) in rows.iter().zip(&risks).zip(data.outcome) {
        add(&mut information, x, q * (1.0 - q));
        value += y * libm::log(*q) + (1.0 - y) * libm::log1p(-q);
    }
    let inverse = information.inverse()?;
    let mut score = vec![0.0; p];
    let mut augmented = Matrix::zero(p);
    for ((x, q), y) in rows.iter().zip(&risks).zip(data.outcome) {
        let w = q * (1.0 - q);
        let leverage = w * inverse.quadratic(x);
        score.iter_mut().zip(x).for_each(|(s, x)| *s += x * (y - q + leverage * (0.5 - q)));
        add(&mut augmented, x, w * (1.0 + leverage));
    }
    Ok(State { value: value + 0.5 * information.log_determinant()?, score, information, augmented })
}

/// Maximises the penalised likelihood, one coefficient held if asked.
fn maximise(
    rows: &[Vec<f64>],
    data: &Regression<'_>,
    start: &[f64],
    held: Option<usize>,
) -> Result<(Vec<f64>, State), Reason> {
    let mut beta = start.to_vec();
    let free: Vec<usize> = (0..beta.len()).filter(|j| Some(*j) != held).collect();
    let mut now = evaluate(rows, data, &beta)?;
    for _ in 0..500 {
        let mut part = Matrix::zero(free.len());
        for (a, &i) in free.iter().enumerate() {
            for (b, &j) in free.iter().enumerate() {
                part.set(a, b, now.information.get(i, j));
            }
        }
        let right: Vec<f64> = free.iter().map(|&i| now.score[i]).collect();
        let mut step = part.solve(&right)?;
        let largest = step.iter().map(|s| s.abs()).fold(0.0, f64::max);
        // Long steps overshoot where the penalty is steep.
        if largest > 2.0 {
            step.iter_mut().for_each(|s| *s *= 2.0 / largest);
        }
        free.iter().zip(&step).for_each(|(&i, s)| beta[i] += s);
        now = evaluate(rows, data, &beta)?;
        if largest < 1e-11 {
            return Ok((beta, now));
        }
    }
    Err(Reason::NoConvergence)
}

/// Logistic regression with Firth's penalty, maximising `log L + ½ log|I|`.
///
/// The score of each row becomes `y − p + h(½ − p)` with `h` its leverage. The estimate is finite under
/// separation and less biased in small samples. Tests and intervals should come from the profile of the
/// penalised likelihood.
///
/// Firth, Biometrika 1993;80:27. Heinze & Schemper, Stat Med 2002;21:2409.
pub fn firth_logistic(data: Regression<'_>) -> Result<FirthLogistic, Reason> {
    let rows = data.rows();
    let (coefficients, state) = maximise(&rows, &data, &vec![0.0; data.covariates.len() + 1], None)?;
    Ok(FirthLogistic {
        coefficients,
        standard_errors: state.information.inverse()?.standard_errors(),
        augmented_standard_errors: state.augmented.inverse()?.standard_errors(),
        penalised_log_likelihood: state.value,
    })
}

impl FirthLogistic {
    /// Penalised likelihood-ratio chi-square that one coefficient has the given value.
    pub fn profile_chi_square(
        &self,
        data: Regression<'_>,
        coefficient: usize,
        value: f64,
    ) -> Result<f64, Reason> {
        let rows = data.rows();
        let mut start = self.coefficients.clone();
        start[coefficient] = value;
        let (_, state) = maximise(&rows, &data, &start, Some(coefficient))?;
        Ok(2.0 * (self.penalised_log_likelihood - state.value))
    }

    /// The values of one coefficient that [`FirthLogistic::profile_chi_square`] does not reject.
    pub fn profile_interval(
        &self,
        data: Regression<'_>,
        coefficient: usize,
        confidence: f64,
    ) -> Result<Interval, Reason> {
        let limit = chi_square_quantile(confidence, 1.0);
        let (b, se) = (self.coefficients[coefficient], self.standard_errors[coefficient]);
        let over = |x: f64| {
            self.profile_chi_square(data, coefficient, x).map_or(f64::NAN, |chi_square| chi_square - limit)
        };
        let end = |sign: f64| {
            let mut reach = 2.0 * se;
            for _ in 0..6 {
                if over(b + sign * reach) > 0.0 {
                    return root(over, b, b + sign * reach);
                }
                reach *= 1.7;
            }
            Ok(sign * f64::INFINITY)
        };
        Ok(Interval { lower: end(-1.0)?, upper: end(1.0)? })
    }
}
