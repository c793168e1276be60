use super::{
    cox::{CoxData, Prepared, Ties},
    interval::Interval,
    matrix::Matrix,
    reason::Reason,
    solve::root,
    tails::{chi_square_quantile, chi_square_survival},
};

/// A proportional-hazards fit by Firth's penalised likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct FirthCox {
    /// Log hazard ratios, finite even when all events lie in one arm.
    pub coefficients: Vec<f64>,
    /// From the information at the estimate.
    pub standard_errors: Vec<f64>,
    /// `log L + ½ log|I|` at the estimate.
    pub penalised_log_likelihood: f64,
    pub penalised_log_likelihood_null: f64,
}

impl FirthCox {
    /// Twice the rise of the penalised log likelihood: preferred to Wald's test here.
    pub fn likelihood_ratio_chi_square(&self) -> f64 {
        2.0 * (self.penalised_log_likelihood - self.penalised_log_likelihood_null)
    }

    pub fn likelihood_ratio_p(&self) -> f64 {
        chi_square_survival(self.likelihood_ratio_chi_square(), self.coefficients.len() as f64)
    }
}

/// Cox's model with Firth's penalty: maximises `log L(β) + ½ log|I(β)|`.
///
/// The penalty is worth about half an event in each arm, so the estimate exists when the ordinary one
/// runs to infinity. The score gains `½ tr(I⁻¹ ∂I/∂β)`, from the third central moments of each risk
/// set; Newton steps with the information, halved while the penalised likelihood falls.
///
/// Tests and intervals should come from the profile of the penalised likelihood.
///
/// Heinze & Schemper, Biometrics 2001;57:114.
pub fn cox_firth(data: CoxData<'_>, ties: Ties) -> Result<FirthCox, Reason> {
    if !data.event.iter().any(|&e| e) {
        return Err(Reason::NoEvents);
    }
    let prepared = Prepared::new(data);
    let start = vec![0.0; prepared.p];
    let (_, _, information) = prepared.likelihood(&start, ties);
    prepared.check_contest(&information, &prepared.spreads())?;
    let penalised_log_likelihood_null = evaluate(&prepared, ties, &start)?.0;
    let (coefficients, value, information) = maximise(&prepared, ties, start, None)?;
    Ok(FirthCox {
        coefficients,
        standard_errors: information.inverse()?.standard_errors(),
        penalised_log_likelihood: value,
        penalised_log_likelihood_null,
    })
}

/// Penalised log likelihood, its score, and the information.
fn evaluate(prepared: &Prepared<'_>, ties: Ties, beta: &[f64]) -> Result<(f64, Vec<f64>, Matrix), Reason> {
    let p = prepared.p;
    let (value, mut score, information) = prepared.likelihood(beta, ties);
    let inverse = information.inverse()?;
    prepared.scan(beta, ties, true, |set| {
        for a in 0..p {
            for b in 0..p {
                for (c, s) in score.iter_mut().enumerate() {
                    *s += 0.5 * set.weight * inverse.get(a, b) * set.third[(a * p + b) * p + c];
                }
            }
        }
    });
    Ok((value + 0.5 * information.log_determinant()?, score, information))
}

/// The highest penalised likelihood from `start`, one coefficient held there if asked.
fn maximise(
    prepared: &Prepared<'_>,
    ties: Ties,
    start: Vec<f64>,
    held: Option<usize>,
) -> Result<(Vec<f64>, f64, Matrix), Reason> {
    let free: Vec<usize> = (0..prepared.p).filter(|j| Some(*j) != held).collect();
    let mut beta = start;
    let mut now = evaluate(prepared, ties, &beta)?;
    if free.is_empty() {
        return Ok((beta, now.0, now.2));
    }
    for _ in 0..500 {
        let mut part = Matrix::zero(free.len());
        for (a, &i) in free.iter().enumerate() {
            for (b, &j) in free.iter().enumerate() {
                part.set(a, b, now.2.get(i, j));
            }
        }
        let right: Vec<f64> = free.iter().map(|&i| now.1[i]).collect();
        let mut step = part.solve(&right)?;
        let mut halvings = 0;
        let (next, found) = loop {
            let mut next = beta.clone();
            free.iter().zip(&step).for_each(|(&i, s)| next[i] += s);
            match evaluate(prepared, ties, &next) {
                Ok(found) if found.0 >= now.0 - 1e-12 * now.0.abs() => break (next, found),
                _ if halvings > 60 => return Err(Reason::NoConvergence),
                _ => {}
            }
            step.iter_mut().for_each(|s| *s *= 0.5);
            halvings += 1;
        };
        beta = next;
        now = found;
        let errors = now.2.inverse()?.standard_errors();
        if free.iter().zip(&step).all(|(&i, s)| s.abs() < 1e-9 * errors[i].max(1e-12)) {
            return Ok((beta, now.0, now.2));
        }
    }
    Err(Reason::NoConvergence)
}

impl FirthCox {
    /// Penalised likelihood-ratio chi-square that one coefficient has the given value.
    pub fn profile_chi_square(
        &self,
        data: CoxData<'_>,
        ties: Ties,
        coefficient: usize,
        value: f64,
    ) -> Result<f64, Reason> {
        let mut start = self.coefficients.clone();
        start[coefficient] = value;
        let (_, held, _) = maximise(&Prepared::new(data), ties, start, Some(coefficient))?;
        Ok(2.0 * (self.penalised_log_likelihood - held))
    }

    /// The log hazard ratios that [`FirthCox::profile_chi_square`] does not reject.
    pub fn profile_interval(
        &self,
        data: CoxData<'_>,
        ties: Ties,
        coefficient: usize,
        confidence: f64,
    ) -> Result<Interval, Reason> {
        let limit = chi_square_quantile(confidence, 1.0);
        let (b, se) = (self.coefficients[coefficient], self.standard_errors[coefficient]);
        let over = |x: f64| {
            self.profile_chi_square(data, ties, coefficient, x).map_or(f64::NAN, |found| found - limit)
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
