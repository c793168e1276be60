use super::{
    cox::{CoxData, Prepared, Ties},
    matrix::Matrix,
    reason::Reason,
    tails::chi_square_survival,
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
/// Heinze & Schemper, Biometrics 2001;57:114.
pub fn cox_firth(data: CoxData<'_>, ties: Ties) -> Result<FirthCox, Reason> {
    if !data.event.iter().any(|&e| e) {
        return Err(Reason::NoEvents);
    }
    let prepared = Prepared::new(data);
    let p = prepared.p;
    let (_, _, information) = prepared.likelihood(&vec![0.0; p], ties);
    prepared.check_contest(&information, &prepared.spreads())?;
    let evaluate = |beta: &[f64]| -> Result<(f64, Vec<f64>, Matrix), Reason> {
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
    };
    let mut beta = vec![0.0; p];
    let mut now = evaluate(&beta)?;
    let null = now.0;
    for _ in 0..500 {
        let mut step = now.2.solve(&now.1)?;
        let mut halvings = 0;
        let (next, found) = loop {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + s).collect();
            match evaluate(&next) {
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
        if step.iter().zip(&errors).all(|(s, e)| s.abs() < 1e-9 * e.max(1e-12)) {
            return Ok(FirthCox {
                coefficients: beta,
                standard_errors: errors,
                penalised_log_likelihood: now.0,
                penalised_log_likelihood_null: null,
            });
        }
    }
    Err(Reason::NoConvergence)
}
